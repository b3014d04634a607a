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
 * @prefix: where IPv4 destinations are embedded in IPv6
 * @min_addr: first address of the pool; unused with @masq
 * @max_addr: last address of the pool
 * @min_proto: first port of the pool, with NF_NAT_RANGE_PROTO_SPECIFIED
 * @max_proto: last port of the pool
 * @mtu: lowest MTU of the IPv6 side, 0 for 1280, see nf_xlat_parm.lowest_mtu6
 * @flags: NF_NAT_RANGE_PROTO_SPECIFIED, NF_NAT_RANGE_PROTO_RANDOM,
 *	NF_NAT_RANGE_PROTO_RANDOM_FULLY, NF_NAT_RANGE_PERSISTENT
 * @masq: the address is the one that the route prefers
 */
struct nf_xlat_ct_range {
	struct nf_xlat_prefix	prefix;
	union nf_inet_addr	min_addr;
	union nf_inet_addr	max_addr;
	__be16			min_proto;
	__be16			max_proto;
	u32			mtu;
	u32			flags;
	bool			masq;
};

unsigned int nf_xlat_ct(struct sk_buff *skb, const struct nf_hook_state *state,
			const struct nf_xlat_ct_range *range);
int nf_xlat_ct_netns_get(struct net *net);
void nf_xlat_ct_netns_put(struct net *net);

#endif /* _NF_XLAT_CT_H */
