/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Stateful IPv4/IPv6 translation (RFC 6146) on conntrack: one entry whose
 * original tuple is of one family and whose reply tuple is of the other.
 */
#ifndef _NF_XLAT_CT_H
#define _NF_XLAT_CT_H

#include <linux/netfilter.h>
#include <linux/netfilter/nf_nat.h>
#include <net/netfilter/nf_xlat.h>

/**
 * struct nf_xlat_ct_range - what a stateful rule asks for
 *
 * @prefix: where IPv4 addresses are embedded in IPv6; unused with @dest
 * @min_addr: first address to choose from, of the family that the packet goes
 *	on in: of the pool for packets from IPv6, of the destination for those
 *	from IPv4; unused with @masq
 * @max_addr: last address
 * @min_proto: first port, with NF_NAT_RANGE_PROTO_SPECIFIED
 * @max_proto: last port
 * @mtu: lowest MTU of the IPv6 side, 0 for 1280, see nf_xlat_parm.lowest_mtu6
 * @flags: NF_NAT_RANGE_PROTO_SPECIFIED, NF_NAT_RANGE_PROTO_RANDOM,
 *	NF_NAT_RANGE_PROTO_RANDOM_FULLY, NF_NAT_RANGE_PERSISTENT
 * @masq: the address is the one that the route prefers
 * @masq_index: of a mapping: the device that the route led to; 0 in a rule
 * @mapped: of a mapping: @min_proto is its port or id; false in a rule
 * @per_session: a port is chosen for each session, not for each IPv6 endpoint
 * @filter: only peers that an endpoint has a session with may begin one with it
 * @owner: of nf_xlat_ct_owner_add(), 0 for none: the device that sessions are counted for
 * @unmapped: why the source cannot become @min_addr, or NF_XLAT_OK
 * @dest: of packets from IPv6: addresses and ports of an IPv4 host that they are
 *	forwarded to, NULL: the address that @prefix has before it
 */
struct nf_xlat_ct_range {
	struct nf_xlat_prefix	prefix;
	union nf_inet_addr	min_addr;
	union nf_inet_addr	max_addr;
	__be16			min_proto;
	__be16			max_proto;
	u32			mtu;
	u32			flags;
	int			masq_index;
	bool			masq;
	bool			mapped;
	bool			per_session;
	bool			filter;
	u8			owner;
	enum nf_xlat_reason	unmapped;
	const struct nf_xlat_ct_range *dest;
};

unsigned int nf_xlat_ct(struct sk_buff *skb, const struct nf_hook_state *state,
			const struct nf_xlat_ct_range *range);
int nf_xlat_ct_netns_get(struct net *net, bool keep);
void nf_xlat_ct_netns_put(struct net *net);
u8 nf_xlat_ct_owner_add(struct net *net, const struct nf_xlat_owner *owner);
void nf_xlat_ct_owner_del(struct net *net, u8 index);

#endif /* _NF_XLAT_CT_H */
