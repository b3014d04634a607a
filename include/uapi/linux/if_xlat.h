/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
#ifndef _UAPI_IF_XLAT_H
#define _UAPI_IF_XLAT_H

#include <linux/types.h>
#include <linux/in6.h>

/**
 * enum if_xlat_modes - what keeps the state of a device's translation
 *
 * @IF_XLAT_STATELESS: nothing, both addresses map by pairs and the prefix (SIIT)
 * @IF_XLAT_MASQ: conntrack, source becomes an address of the outgoing device
 * @IF_XLAT_SNAT: conntrack, source becomes an address of the given range
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
 * @len4: length of the IPv4 prefix, 0 to 32, with no more bits behind it than there
 *	are behind @len6
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
 * @IFLA_XLAT_NON_GLOBAL: it may be the well-known prefix and hold IPv4 addresses that
 *	are not global; belongs to @IFLA_XLAT_PREFIX (NLA_FLAG)
 * @IFLA_XLAT_PAIRS: all pairs, those that were there go (NLA_NESTED: @IFLA_XLAT_PAIR)
 * @IFLA_XLAT_PAIRS_ADD: more pairs (NLA_NESTED: @IFLA_XLAT_PAIR)
 * @IFLA_XLAT_PAIRS_DEL: pairs that go (NLA_NESTED: @IFLA_XLAT_PAIR)
 * @IFLA_XLAT_PAIR: in these three (NLA_BINARY: struct if_xlat_pair)
 * @IFLA_XLAT_ERROR4: IPv4 source of the ICMP errors of IPv6 routers that have no
 *	mapping, 192.0.0.8 when 0.0.0.0 or absent (NLA_U32, network byte order)
 * @IFLA_XLAT_MTU: the lowest MTU of the IPv6 side, to which IPv4 packets with a clear
 *	DF bit are cut; 1280 when 0 or absent (NLA_U32)
 * @IFLA_XLAT_HOST: what comes in for an IPv6 address of a pair is translated before it
 *	is routed; not to be changed later (NLA_FLAG)
 * @IFLA_XLAT_MODE: stateless when absent; a device does not change from stateless to the
 *	others, nor back (NLA_U8: if_xlat_modes)
 * @IFLA_XLAT_ADDR_MIN: of @IF_XLAT_SNAT, the first address (NLA_U32, network byte order)
 * @IFLA_XLAT_ADDR_MAX: the last one, the first when absent (NLA_U32, network byte order)
 * @IFLA_XLAT_PORT_MIN: of @IF_XLAT_MASQ and @IF_XLAT_SNAT, the first port (NLA_U16,
 *	network byte order)
 * @IFLA_XLAT_PORT_MAX: the last one, the first when absent (NLA_U16, network byte order)
 * @IFLA_XLAT_NAT_FLAGS: of the same, NF_NAT_RANGE_PROTO_RANDOM,
 *	NF_NAT_RANGE_PROTO_RANDOM_FULLY, NF_NAT_RANGE_PERSISTENT (NLA_U32)
 * @IFLA_XLAT_MAPPING: of the same (NLA_U8: nft_xlat_mappings)
 * @IFLA_XLAT_FILTERING: of the same (NLA_U8: nft_xlat_filterings)
 * @IFLA_XLAT_FAST: indexes of devices between which the sessions that the device makes take
 *	the fast path, at most @IF_XLAT_MAX_FAST; empty for none. Not without state; the
 *	module nf_xlat_flow has to be loaded (NLA_BINARY: array of __u32)
 * @IFLA_XLAT_BLOCK: of @IF_XLAT_MASQ and @IF_XLAT_SNAT and endpoint-independent mappings: a
 *	subscriber, who is an IPv6 network of 64 bits, gets ports in blocks of this many
 *	(NLA_U32: a multiple of 64, up to 32768)
 * @IFLA_XLAT_BLOCK_OF: of @IFLA_XLAT_BLOCK and @IF_XLAT_SNAT: the prefix of all subscribers, from
 *	whose addresses their blocks follow (NLA_BINARY: struct in6_addr)
 * @IFLA_XLAT_BLOCK_OF_LEN: its length, 1 to 64, 64 when absent (NLA_U8)
 * @IFLA_XLAT_PAIRS_LEFT_OUT: only in a dump of all devices that was asked for without
 *	IFLA_EXT_MASK: there are pairs, and they do not fit in the message (NLA_FLAG)
 *
 * Numbers are in host byte order where nothing else is said, as everywhere in rtnetlink.
 * What is absent when a device is changed stays as it is, but for attributes that belong
 * to @IFLA_XLAT_PREFIX or @IFLA_XLAT_MODE, which go with it.
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
