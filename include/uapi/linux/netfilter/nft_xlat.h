/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
#ifndef _UAPI_NFT_XLAT_H
#define _UAPI_NFT_XLAT_H

/*
 * The revision of the attributes below. Each rule has it, for both expressions. It is incremented
 * when an attribute gets another number, type or meaning, but not for new attributes. The kernel
 * refuses a rule with another revision, and userspace does not list such a rule. The first rules
 * had no revision.
 */
#define NFT_XLAT_REV		1

/**
 * enum nft_xlat_dirs - direction of an IPv4/IPv6 translation
 *
 * @NFT_XLAT_6TO4: the rule translates IPv6 packets to IPv4
 * @NFT_XLAT_4TO6: the rule translates IPv4 packets to IPv6
 */
enum nft_xlat_dirs {
	NFT_XLAT_6TO4,
	NFT_XLAT_4TO6,
	__NFT_XLAT_DIR_MAX
};

#define NFT_XLAT_DIR_MAX	(__NFT_XLAT_DIR_MAX - 1)

/**
 * enum nft_xlat_modes - how a rule translates the addresses
 *
 * @NFT_XLAT_STATELESS: without state: both addresses are mapped by algorithm (RFC 7915)
 * @NFT_XLAT_MASQ: with sessions in conntrack (RFC 6146): the source becomes an address of
 *	the outgoing device
 * @NFT_XLAT_SNAT: with sessions in conntrack: the source becomes an address of
 *	@NFTA_XLAT_POOL
 * @NFT_XLAT_DNAT: with sessions in conntrack: the destination becomes @NFTA_XLAT_HOST, and
 *	the source is mapped by algorithm
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
 * enum nft_xlat_mappings - what has a port of the pool, RFC 4787 section 4
 *
 * @NFT_XLAT_MAPPING_ENDPOINT_INDEPENDENT: an IPv6 address and port, for the sessions with
 *	all its peers, as RFC 6146 requires
 * @NFT_XLAT_MAPPING_ADDRESS_PORT_DEPENDENT: one session; sessions with other destinations
 *	may have the same port, as in NAT44
 */
enum nft_xlat_mappings {
	NFT_XLAT_MAPPING_ENDPOINT_INDEPENDENT,
	NFT_XLAT_MAPPING_ADDRESS_PORT_DEPENDENT,
	__NFT_XLAT_MAPPING_MAX
};

#define NFT_XLAT_MAPPING_MAX	(__NFT_XLAT_MAPPING_MAX - 1)

/**
 * enum nft_xlat_filterings - which peers may send to a mapping, RFC 4787 section 5
 *
 * @NFT_XLAT_FILTERING_ENDPOINT_INDEPENDENT: all peers
 * @NFT_XLAT_FILTERING_ADDRESS_DEPENDENT: peers with whose address it has a session
 */
enum nft_xlat_filterings {
	NFT_XLAT_FILTERING_ENDPOINT_INDEPENDENT,
	NFT_XLAT_FILTERING_ADDRESS_DEPENDENT,
	__NFT_XLAT_FILTERING_MAX
};

#define NFT_XLAT_FILTERING_MAX	(__NFT_XLAT_FILTERING_MAX - 1)

/**
 * enum nft_xlat_map_flags - what an RFC 6052 prefix may represent
 *
 * @NFT_XLAT_MAP_NON_GLOBAL: also IPv4 addresses that are not globally reachable, which
 *	RFC 6052 section 3.1 forbids for the well-known prefix
 */
enum nft_xlat_map_flags {
	NFT_XLAT_MAP_NON_GLOBAL	= (1 << 0),
};

#define NFT_XLAT_MAP_FLAGS	NFT_XLAT_MAP_NON_GLOBAL

/**
 * enum nft_xlat_map_attributes - how one address maps to the other family
 *
 * @NFTA_XLAT_MAP_PREFIX: IPv6 prefix (NLA_BINARY: struct in6_addr)
 * @NFTA_XLAT_MAP_PREFIX_LEN: length of this prefix; without @NFTA_XLAT_MAP_V4, the prefix is
 *	one of RFC 6052, with a length of 32, 40, 48, 56, 64 or 96 (NLA_U32)
 * @NFTA_XLAT_MAP_FLAGS: for an RFC 6052 prefix (NLA_U32: nft_xlat_map_flags)
 * @NFTA_XLAT_MAP_V4: for an explicit address mapping of RFC 7757: the IPv4 prefix that
 *	@NFTA_XLAT_MAP_PREFIX is mapped to (NLA_U32)
 * @NFTA_XLAT_MAP_V4_LEN: length of this IPv4 prefix; behind it there must not be more bits
 *	than behind the IPv6 prefix (NLA_U32)
 * @NFTA_XLAT_MAP_SET: name of a map in the same table. Its keys are addresses of the packet's
 *	family, its values addresses or intervals of addresses of the other family. Excludes
 *	all other attributes except @NFTA_XLAT_MAP_SET_ID (NLA_STRING)
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
 * @NFTA_XLAT_RANGE_REG_ADDR_MIN: source register of the first address, which is of the
 *	family of the translated packet (NLA_U32: nft_registers)
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
 * @NFTA_XLAT_DIR: direction; may be absent in a table of family ip (4to6) or ip6 (6to4)
 *	(NLA_U32: nft_xlat_dirs)
 * @NFTA_XLAT_MODE: mode, stateless when absent (NLA_U32: nft_xlat_modes)
 * @NFTA_XLAT_PREFIX: RFC 6052 prefix that maps the addresses that @NFTA_XLAT_SADDR and
 *	@NFTA_XLAT_DADDR do not map; needed unless both are present. There are two exceptions.
 *	With @NFT_XLAT_6TO4 and @NFT_XLAT_DNAT, it maps the source only, and is not needed
 *	with @NFTA_XLAT_SADDR. With @NFTA_XLAT_HOST and @NFT_XLAT_MASQ or @NFT_XLAT_SNAT, it is
 *	not allowed (NLA_NESTED: nft_xlat_map_attributes)
 * @NFTA_XLAT_SADDR: mapping of the source address; for @NFT_XLAT_STATELESS, and for
 *	@NFT_XLAT_6TO4 with @NFT_XLAT_DNAT (NLA_NESTED: nft_xlat_map_attributes)
 * @NFTA_XLAT_DADDR: mapping of the destination address; for @NFT_XLAT_STATELESS
 *	(NLA_NESTED: nft_xlat_map_attributes)
 * @NFTA_XLAT_POOL: the new source; for @NFT_XLAT_SNAT: addresses, and optionally ports; for
 *	@NFT_XLAT_MASQ, optionally: ports (NLA_NESTED: nft_xlat_range_attributes)
 * @NFTA_XLAT_HOST: the new destination: addresses, and optionally ports; for
 *	@NFT_XLAT_DNAT, and for @NFT_XLAT_6TO4 with @NFT_XLAT_MASQ or @NFT_XLAT_SNAT; excludes
 *	@NFTA_XLAT_MAPPING and @NFTA_XLAT_FILTERING (NLA_NESTED: nft_xlat_range_attributes)
 * @NFTA_XLAT_FLAGS: for @NFT_XLAT_MASQ and @NFT_XLAT_SNAT: random, fully-random,
 *	persistent (NLA_U32: NF_NAT_RANGE_PROTO_RANDOM,
 *	NF_NAT_RANGE_PROTO_RANDOM_FULLY, NF_NAT_RANGE_PERSISTENT)
 * @NFTA_XLAT_MAPPING: for @NFT_XLAT_MASQ and @NFT_XLAT_SNAT; endpoint-independent when
 *	absent (NLA_U32: nft_xlat_mappings)
 * @NFTA_XLAT_FILTERING: for an endpoint-independent mapping; endpoint-independent when
 *	absent (NLA_U32: nft_xlat_filterings)
 * @NFTA_XLAT_REG_ERROR_SADDR: source register of an address that becomes the source of ICMP
 *	errors whose own source cannot be mapped (RFC 6791); for @NFT_XLAT_STATELESS
 *	(NLA_U32: nft_registers)
 * @NFTA_XLAT_MTU: the lowest MTU of the IPv6 side, to which IPv4 packets with a clear DF bit
 *	are cut; 1280 when absent; not for @NFT_XLAT_6TO4 with @NFT_XLAT_STATELESS
 *	(NLA_U32: 1280 to 65535)
 * @NFTA_XLAT_BLOCK: for an endpoint-independent mapping: each subscriber, which is an IPv6
 *	network of 64 bits, gets ports in blocks of this size (NLA_U32: a multiple of 64, up
 *	to 32768)
 * @NFTA_XLAT_BLOCK_OF: for @NFTA_XLAT_BLOCK with @NFT_XLAT_SNAT: the block of a subscriber
 *	follows from its address; this is the prefix of all subscribers, with
 *	@NFTA_XLAT_MAP_PREFIX and @NFTA_XLAT_MAP_PREFIX_LEN (1 to 64) only
 *	(NLA_NESTED: nft_xlat_map_attributes)
 * @NFTA_XLAT_REV: needed (NLA_U32: NFT_XLAT_REV). This is the highest number that an attribute
 *	of an expression can have, and it has the same meaning in all revisions; 15 is free
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
 * @NFTA_XLAT_FLOW_TABLE_NAME: name of a flowtable of the same table; translated sessions
 *	that are established, and packets of stateless rules, take the fast path between the
 *	devices of this flowtable (NLA_STRING)
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
