/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
#ifndef _UAPI_IF_XLAT_H
#define _UAPI_IF_XLAT_H

#include <linux/types.h>
#include <linux/in6.h>

/**
 * enum if_xlat_modes - how a device translates
 *
 * @IF_XLAT_STATELESS: without state: pairs and the prefix map both addresses (RFC 7915)
 * @IF_XLAT_MASQ: with sessions in conntrack (RFC 6146): the source becomes an address of the
 *	outgoing device
 * @IF_XLAT_SNAT: with sessions in conntrack: the source becomes an address of the given range
 */
enum if_xlat_modes {
	IF_XLAT_STATELESS,
	IF_XLAT_MASQ,
	IF_XLAT_SNAT,
	__IF_XLAT_MODE_MAX
};

#define IF_XLAT_MODE_MAX	(__IF_XLAT_MODE_MAX - 1)

/**
 * struct if_xlat_pair - an IPv4 prefix and the IPv6 prefix that it maps to, RFC 7757
 *
 * @addr6: IPv6 prefix, bits after @len6 are zero
 * @addr4: IPv4 prefix, network byte order, bits after @len4 are zero
 * @len6: length of the IPv6 prefix, 0 to 128
 * @len4: length of the IPv4 prefix, 0 to 32; 32 - @len4 must not be more than 128 - @len6
 * @pad: zero
 */
struct if_xlat_pair {
	struct in6_addr	addr6;
	__be32		addr4;
	__u8		len6;
	__u8		len4;
	__u16		pad;
};

#define IF_XLAT_MAX_PAIRS	1024
#define IF_XLAT_MAX_FAST	64

/**
 * enum if_xlat_attributes - IFLA_INFO_DATA of a device of kind "xlat"
 *
 * @IFLA_XLAT_PREFIX: RFC 6052 prefix of the addresses that no pair maps (NLA_BINARY:
 *	struct in6_addr)
 * @IFLA_XLAT_PREFIX_LEN: its length: 32, 40, 48, 56, 64, or 96 when absent (NLA_U8)
 * @IFLA_XLAT_NON_GLOBAL: even the well-known prefix may represent IPv4 addresses that are not
 *	global; belongs to @IFLA_XLAT_PREFIX (NLA_FLAG)
 * @IFLA_XLAT_PAIRS: all pairs; they replace the pairs that the device has (NLA_NESTED:
 *	@IFLA_XLAT_PAIR)
 * @IFLA_XLAT_PAIRS_ADD: pairs to add (NLA_NESTED: @IFLA_XLAT_PAIR)
 * @IFLA_XLAT_PAIRS_DEL: pairs to remove (NLA_NESTED: @IFLA_XLAT_PAIR)
 * @IFLA_XLAT_PAIR: a pair, only inside of these three (NLA_BINARY: struct if_xlat_pair)
 * @IFLA_XLAT_ERROR4: IPv4 source of the ICMP errors of IPv6 routers that have no
 *	mapping, 192.0.0.8 when 0.0.0.0 or absent (NLA_U32, network byte order)
 * @IFLA_XLAT_MTU: the lowest MTU of the IPv6 side, to which IPv4 packets with a clear
 *	DF bit are cut; 1280 when 0 or absent (NLA_U32)
 * @IFLA_XLAT_HOST: translate packets that come in for an IPv6 address of a pair before they are
 *	routed; can be set for a new device only (NLA_FLAG)
 * @IFLA_XLAT_MODE: stateless when absent; a device cannot change from stateless to another mode,
 *	nor back (NLA_U8: if_xlat_modes)
 * @IFLA_XLAT_ADDR_MIN: for @IF_XLAT_SNAT: the first address (NLA_U32, network byte order)
 * @IFLA_XLAT_ADDR_MAX: the last address, the first when absent (NLA_U32, network byte order)
 * @IFLA_XLAT_PORT_MIN: for @IF_XLAT_MASQ and @IF_XLAT_SNAT: the first port (NLA_U16,
 *	network byte order)
 * @IFLA_XLAT_PORT_MAX: the last port, the first when absent (NLA_U16, network byte order)
 * @IFLA_XLAT_NAT_FLAGS: for @IF_XLAT_MASQ and @IF_XLAT_SNAT: NF_NAT_RANGE_PROTO_RANDOM,
 *	NF_NAT_RANGE_PROTO_RANDOM_FULLY, NF_NAT_RANGE_PERSISTENT (NLA_U32)
 * @IFLA_XLAT_MAPPING: for @IF_XLAT_MASQ and @IF_XLAT_SNAT (NLA_U8: nft_xlat_mappings)
 * @IFLA_XLAT_FILTERING: for @IF_XLAT_MASQ and @IF_XLAT_SNAT (NLA_U8: nft_xlat_filterings)
 * @IFLA_XLAT_FAST: for @IF_XLAT_MASQ and @IF_XLAT_SNAT: indexes of devices between which the
 *	sessions of this device take the fast path, at most @IF_XLAT_MAX_FAST; empty for none.
 *	The module nf_xlat_flow has to be loaded (NLA_BINARY: array of __u32)
 * @IFLA_XLAT_BLOCK: for @IF_XLAT_MASQ and @IF_XLAT_SNAT with endpoint-independent mappings: each
 *	subscriber, which is an IPv6 network of 64 bits, gets ports in blocks of this size
 *	(NLA_U32: a multiple of 64, up to 32768)
 * @IFLA_XLAT_BLOCK_OF: for @IFLA_XLAT_BLOCK with @IF_XLAT_SNAT: the block of a subscriber follows
 *	from its address; this is the prefix of all subscribers (NLA_BINARY: struct in6_addr)
 * @IFLA_XLAT_BLOCK_OF_LEN: length of this prefix, 1 to 64, 64 when absent (NLA_U8)
 * @IFLA_XLAT_PAIRS_LEFT_OUT: only in a dump of all devices that was requested without
 *	IFLA_EXT_MASK: the device has pairs, which do not fit in the message (NLA_FLAG)
 *
 * As everywhere in rtnetlink, numbers are in host byte order unless stated otherwise. When a device
 * is changed, absent attributes leave its settings as they are. There are two exceptions: if
 * @IFLA_XLAT_PREFIX is present, absent attributes that belong to it get their default values. The
 * same holds for @IFLA_XLAT_MODE and the attributes from @IFLA_XLAT_ADDR_MIN on, except
 * @IFLA_XLAT_FAST.
 */
enum if_xlat_attributes {
	IFLA_XLAT_UNSPEC,
	IFLA_XLAT_PREFIX,
	IFLA_XLAT_PREFIX_LEN,
	IFLA_XLAT_NON_GLOBAL,
	IFLA_XLAT_PAIRS,
	IFLA_XLAT_PAIRS_ADD,
	IFLA_XLAT_PAIRS_DEL,
	IFLA_XLAT_PAIR,
	IFLA_XLAT_ERROR4,
	IFLA_XLAT_MTU,
	IFLA_XLAT_HOST,
	IFLA_XLAT_MODE,
	IFLA_XLAT_ADDR_MIN,
	IFLA_XLAT_ADDR_MAX,
	IFLA_XLAT_PORT_MIN,
	IFLA_XLAT_PORT_MAX,
	IFLA_XLAT_NAT_FLAGS,
	IFLA_XLAT_MAPPING,
	IFLA_XLAT_FILTERING,
	IFLA_XLAT_FAST,
	IFLA_XLAT_BLOCK,
	IFLA_XLAT_BLOCK_OF,
	IFLA_XLAT_BLOCK_OF_LEN,
	IFLA_XLAT_PAIRS_LEFT_OUT,
	__IFLA_XLAT_MAX
};

#define IFLA_XLAT_MAX		(__IFLA_XLAT_MAX - 1)

#endif /* _UAPI_IF_XLAT_H */
