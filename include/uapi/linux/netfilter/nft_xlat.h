/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
#ifndef _UAPI_NFT_XLAT_H
#define _UAPI_NFT_XLAT_H

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
 * @NFT_XLAT_DNAT: conntrack, destination becomes the given address
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
 * enum nft_xlat_map_attributes - how one address maps to the other family
 *
 * @NFTA_XLAT_MAP_PREFIX: RFC 6052 prefix (NLA_BINARY: struct in6_addr)
 * @NFTA_XLAT_MAP_PREFIX_LEN: its length, one of 32, 40, 48, 56, 64, 96
 *	(NLA_U32)
 */
enum nft_xlat_map_attributes {
	NFTA_XLAT_MAP_UNSPEC,
	NFTA_XLAT_MAP_PREFIX,
	NFTA_XLAT_MAP_PREFIX_LEN,
	__NFTA_XLAT_MAP_MAX
};

#define NFTA_XLAT_MAP_MAX	(__NFTA_XLAT_MAP_MAX - 1)

/**
 * enum nft_xlat_attributes - nf_tables xlat expression netlink attributes
 *
 * @NFTA_XLAT_DIR: direction (NLA_U32: nft_xlat_dirs)
 * @NFTA_XLAT_MODE: mode, stateless when absent (NLA_U32: nft_xlat_modes)
 * @NFTA_XLAT_PREFIX: mapping of both addresses
 *	(NLA_NESTED: nft_xlat_map_attributes)
 * @NFTA_XLAT_SADDR: mapping of the source address, with @NFTA_XLAT_DADDR
 *	instead of @NFTA_XLAT_PREFIX (NLA_NESTED: nft_xlat_map_attributes)
 * @NFTA_XLAT_DADDR: mapping of the destination address
 *	(NLA_NESTED: nft_xlat_map_attributes)
 * @NFTA_XLAT_FLAGS: flags of the port and address choice: random,
 *	fully-random, persistent (NLA_U32: NF_NAT_RANGE_PROTO_RANDOM,
 *	NF_NAT_RANGE_PROTO_RANDOM_FULLY, NF_NAT_RANGE_PERSISTENT)
 * @NFTA_XLAT_REG_ADDR_MIN: source register of the first address of the range,
 *	of the family that the packet goes on in (NLA_U32: nft_registers)
 * @NFTA_XLAT_REG_ADDR_MAX: source register of the last address of the range
 *	(NLA_U32: nft_registers)
 * @NFTA_XLAT_REG_PROTO_MIN: source register of the first port of the range
 *	(NLA_U32: nft_registers)
 * @NFTA_XLAT_REG_PROTO_MAX: source register of the last port of the range
 *	(NLA_U32: nft_registers)
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
	NFTA_XLAT_FLAGS,
	NFTA_XLAT_REG_ADDR_MIN,
	NFTA_XLAT_REG_ADDR_MAX,
	NFTA_XLAT_REG_PROTO_MIN,
	NFTA_XLAT_REG_PROTO_MAX,
	__NFTA_XLAT_MAX
};

#define NFTA_XLAT_MAX		(__NFTA_XLAT_MAX - 1)

#endif /* _UAPI_NFT_XLAT_H */
