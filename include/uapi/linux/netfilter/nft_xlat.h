/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
#ifndef _UAPI_NFT_XLAT_H
#define _UAPI_NFT_XLAT_H

/*
 * The revision of the attributes below, which both expressions carry. It is raised when an
 * attribute gets another number, type or meaning, and never for new attributes. The kernel
 * refuses a rule of another revision, and userspace does not list one. Rules of before there
 * were revisions have none.
 */
#define NFT_XLAT_REV		1

/**
 * enum nft_xlat_dirs - direction of an IPv4/IPv6 translation
 *
 * @NFT_XLAT_6TO4: the rule sees IPv6, the packet goes on as IPv4
 * @NFT_XLAT_4TO6: the rule sees IPv4, the packet goes on as IPv6
 */
enum nft_xlat_dirs {
	NFT_XLAT_6TO4,
	NFT_XLAT_4TO6,
	__NFT_XLAT_DIR_MAX
};

#define NFT_XLAT_DIR_MAX	(__NFT_XLAT_DIR_MAX - 1)

/**
 * enum nft_xlat_modes - what keeps the state of a translation
 *
 * @NFT_XLAT_STATELESS: nothing, both addresses map by algorithm (SIIT)
 * @NFT_XLAT_MASQ: conntrack, source becomes an address of the outgoing device
 * @NFT_XLAT_SNAT: conntrack, source becomes an address of the given range
 * @NFT_XLAT_DNAT: conntrack, destination becomes the given address, source maps by
 *	algorithm
 */
enum nft_xlat_modes {
	NFT_XLAT_STATELESS,
	NFT_XLAT_MASQ,
	NFT_XLAT_SNAT,
	NFT_XLAT_DNAT,
	__NFT_XLAT_MODE_MAX
};

#define NFT_XLAT_MODE_MAX	(__NFT_XLAT_MODE_MAX - 1)

/**
 * enum nft_xlat_mappings - what a port of the pool stands for, RFC 4787 section 4
 *
 * @NFT_XLAT_MAPPING_ENDPOINT_INDEPENDENT: an IPv6 address and port, whoever it
 *	talks to, as RFC 6146 asks
 * @NFT_XLAT_MAPPING_ADDRESS_PORT_DEPENDENT: one session, so that a port serves
 *	many that differ in their destination, as in NAT44
 */
enum nft_xlat_mappings {
	NFT_XLAT_MAPPING_ENDPOINT_INDEPENDENT,
	NFT_XLAT_MAPPING_ADDRESS_PORT_DEPENDENT,
	__NFT_XLAT_MAPPING_MAX
};

#define NFT_XLAT_MAPPING_MAX	(__NFT_XLAT_MAPPING_MAX - 1)

/**
 * enum nft_xlat_filterings - who may send to a mapped port, RFC 4787 section 5
 *
 * @NFT_XLAT_FILTERING_ENDPOINT_INDEPENDENT: anybody
 * @NFT_XLAT_FILTERING_ADDRESS_DEPENDENT: addresses that it has a session with
 */
enum nft_xlat_filterings {
	NFT_XLAT_FILTERING_ENDPOINT_INDEPENDENT,
	NFT_XLAT_FILTERING_ADDRESS_DEPENDENT,
	__NFT_XLAT_FILTERING_MAX
};

#define NFT_XLAT_FILTERING_MAX	(__NFT_XLAT_FILTERING_MAX - 1)

/**
 * enum nft_xlat_map_flags - what an RFC 6052 prefix may hold
 *
 * @NFT_XLAT_MAP_NON_GLOBAL: IPv4 addresses that are not globally reachable,
 *	which RFC 6052 section 3.1 forbids with the well-known prefix
 */
enum nft_xlat_map_flags {
	NFT_XLAT_MAP_NON_GLOBAL	= (1 << 0),
};

#define NFT_XLAT_MAP_FLAGS	NFT_XLAT_MAP_NON_GLOBAL

/**
 * enum nft_xlat_map_attributes - how one address maps to the other family
 *
 * @NFTA_XLAT_MAP_PREFIX: IPv6 prefix (NLA_BINARY: struct in6_addr)
 * @NFTA_XLAT_MAP_PREFIX_LEN: its length; without @NFTA_XLAT_MAP_V4 one of 32,
 *	40, 48, 56, 64, 96, as RFC 6052 has it (NLA_U32)
 * @NFTA_XLAT_MAP_FLAGS: of an RFC 6052 prefix (NLA_U32: nft_xlat_map_flags)
 * @NFTA_XLAT_MAP_V4: the IPv4 prefix that corresponds to @NFTA_XLAT_MAP_PREFIX,
 *	an explicit address mapping of RFC 7757 (NLA_U32)
 * @NFTA_XLAT_MAP_V4_LEN: its length, with no more bits behind it than there are
 *	behind @NFTA_XLAT_MAP_PREFIX_LEN (NLA_U32)
 * @NFTA_XLAT_MAP_SET: name of a map in the same table from addresses of the
 *	packet's family to addresses, or intervals of these, of the other
 *	family; instead of all others but @NFTA_XLAT_MAP_SET_ID (NLA_STRING)
 * @NFTA_XLAT_MAP_SET_ID: id of that map within the transaction, as
 *	NFTA_LOOKUP_SET_ID; not dumped (NLA_U32)
 */
enum nft_xlat_map_attributes {
	NFTA_XLAT_MAP_UNSPEC,
	NFTA_XLAT_MAP_PREFIX,
	NFTA_XLAT_MAP_PREFIX_LEN,
	NFTA_XLAT_MAP_FLAGS,
	NFTA_XLAT_MAP_V4,
	NFTA_XLAT_MAP_V4_LEN,
	NFTA_XLAT_MAP_SET,
	NFTA_XLAT_MAP_SET_ID,
	__NFTA_XLAT_MAP_MAX
};

#define NFTA_XLAT_MAP_MAX	(__NFTA_XLAT_MAP_MAX - 1)

/**
 * enum nft_xlat_range_attributes - a range of addresses and of ports, in registers
 *
 * @NFTA_XLAT_RANGE_REG_ADDR_MIN: source register of the first address, which is of
 *	the family that the packet goes on in (NLA_U32: nft_registers)
 * @NFTA_XLAT_RANGE_REG_ADDR_MAX: source register of the last address, the first when
 *	absent (NLA_U32: nft_registers)
 * @NFTA_XLAT_RANGE_REG_PROTO_MIN: source register of the first port or identifier of
 *	ICMP (NLA_U32: nft_registers)
 * @NFTA_XLAT_RANGE_REG_PROTO_MAX: source register of the last one, the first when
 *	absent (NLA_U32: nft_registers)
 */
enum nft_xlat_range_attributes {
	NFTA_XLAT_RANGE_UNSPEC,
	NFTA_XLAT_RANGE_REG_ADDR_MIN,
	NFTA_XLAT_RANGE_REG_ADDR_MAX,
	NFTA_XLAT_RANGE_REG_PROTO_MIN,
	NFTA_XLAT_RANGE_REG_PROTO_MAX,
	__NFTA_XLAT_RANGE_MAX
};

#define NFTA_XLAT_RANGE_MAX	(__NFTA_XLAT_RANGE_MAX - 1)

/**
 * enum nft_xlat_attributes - nf_tables xlat expression netlink attributes
 *
 * @NFTA_XLAT_DIR: direction; when absent, that of the table's family, which must not be
 *	inet then (NLA_U32: nft_xlat_dirs)
 * @NFTA_XLAT_MODE: mode, stateless when absent (NLA_U32: nft_xlat_modes)
 * @NFTA_XLAT_PREFIX: RFC 6052 prefix of the addresses that @NFTA_XLAT_SADDR
 *	and @NFTA_XLAT_DADDR do not map; needed unless both are given. Of
 *	@NFT_XLAT_6TO4 and @NFT_XLAT_DNAT of the source only, and not needed with
 *	@NFTA_XLAT_SADDR. Not of @NFT_XLAT_MASQ and @NFT_XLAT_SNAT with
 *	@NFTA_XLAT_HOST (NLA_NESTED: nft_xlat_map_attributes)
 * @NFTA_XLAT_SADDR: mapping of the source address, stateless, or of @NFT_XLAT_6TO4
 *	and @NFT_XLAT_DNAT (NLA_NESTED: nft_xlat_map_attributes)
 * @NFTA_XLAT_DADDR: mapping of the destination address, stateless only
 *	(NLA_NESTED: nft_xlat_map_attributes)
 * @NFTA_XLAT_POOL: what the source becomes: addresses, and ports if given, of
 *	@NFT_XLAT_SNAT; ports alone of @NFT_XLAT_MASQ, which does not need them
 *	(NLA_NESTED: nft_xlat_range_attributes)
 * @NFTA_XLAT_HOST: what the destination becomes, addresses, and ports if given; of
 *	@NFT_XLAT_DNAT, and of @NFT_XLAT_6TO4 with @NFT_XLAT_MASQ or @NFT_XLAT_SNAT,
 *	where it excludes @NFTA_XLAT_MAPPING and @NFTA_XLAT_FILTERING
 *	(NLA_NESTED: nft_xlat_range_attributes)
 * @NFTA_XLAT_FLAGS: of @NFT_XLAT_MASQ and @NFT_XLAT_SNAT: random, fully-random,
 *	persistent (NLA_U32: NF_NAT_RANGE_PROTO_RANDOM,
 *	NF_NAT_RANGE_PROTO_RANDOM_FULLY, NF_NAT_RANGE_PERSISTENT)
 * @NFTA_XLAT_MAPPING: of @NFT_XLAT_MASQ and @NFT_XLAT_SNAT, endpoint-independent
 *	when absent (NLA_U32: nft_xlat_mappings)
 * @NFTA_XLAT_FILTERING: of an endpoint-independent mapping, endpoint-independent
 *	when absent (NLA_U32: nft_xlat_filterings)
 * @NFTA_XLAT_REG_ERROR_SADDR: source register of the source address of ICMP errors
 *	whose own has no mapping, as RFC 6791 asks for; stateless only
 *	(NLA_U32: nft_registers)
 * @NFTA_XLAT_MTU: the lowest MTU of the IPv6 side, to which IPv4 packets with
 *	a clear DF bit are cut, 1280 when absent; not for stateless @NFT_XLAT_6TO4
 *	(NLA_U32: 1280 to 65535)
 * @NFTA_XLAT_BLOCK: of an endpoint-independent mapping: a subscriber, who is an IPv6
 *	network of 64 bits, gets ports in blocks of this many (NLA_U32: a multiple of
 *	64, up to 32768)
 * @NFTA_XLAT_BLOCK_OF: of @NFTA_XLAT_BLOCK and @NFT_XLAT_SNAT: the prefix of all
 *	subscribers, from whose addresses their blocks follow; only
 *	@NFTA_XLAT_MAP_PREFIX and @NFTA_XLAT_MAP_PREFIX_LEN, 1 to 64
 *	(NLA_NESTED: nft_xlat_map_attributes)
 * @NFTA_XLAT_REV: needed (NLA_U32: NFT_XLAT_REV). Its number is the last one that an
 *	expression has, and no revision uses it for anything else; 15 is free
 *
 * All numbers are in network byte order, as everywhere in nf_tables.
 */
enum nft_xlat_attributes {
	NFTA_XLAT_UNSPEC,
	NFTA_XLAT_DIR,
	NFTA_XLAT_MODE,
	NFTA_XLAT_PREFIX,
	NFTA_XLAT_SADDR,
	NFTA_XLAT_DADDR,
	NFTA_XLAT_POOL,
	NFTA_XLAT_HOST,
	NFTA_XLAT_FLAGS,
	NFTA_XLAT_MAPPING,
	NFTA_XLAT_FILTERING,
	NFTA_XLAT_REG_ERROR_SADDR,
	NFTA_XLAT_MTU,
	NFTA_XLAT_BLOCK,
	NFTA_XLAT_BLOCK_OF,
	NFTA_XLAT_REV = 16,
	__NFTA_XLAT_MAX
};

#define NFTA_XLAT_MAX		(__NFTA_XLAT_MAX - 1)

/**
 * enum nft_xlat_flow_attributes - nf_tables xlat_flow expression netlink attributes
 *
 * @NFTA_XLAT_FLOW_TABLE_NAME: name of a flowtable of the same table; established
 *	sessions of two families, and flows of stateless rules, take the fast path
 *	between its devices (NLA_STRING)
 * @NFTA_XLAT_FLOW_REV: needed (NLA_U32: NFT_XLAT_REV)
 */
enum nft_xlat_flow_attributes {
	NFTA_XLAT_FLOW_UNSPEC,
	NFTA_XLAT_FLOW_TABLE_NAME,
	NFTA_XLAT_FLOW_REV,
	__NFTA_XLAT_FLOW_MAX
};

#define NFTA_XLAT_FLOW_MAX	(__NFTA_XLAT_FLOW_MAX - 1)

#endif /* _UAPI_NFT_XLAT_H */
