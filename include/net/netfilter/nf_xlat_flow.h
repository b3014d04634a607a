/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Fast path of IPv4/IPv6 translation: what a harness calls.
 */
#ifndef _NF_XLAT_FLOW_H
#define _NF_XLAT_FLOW_H

#include <linux/netfilter.h>

struct nf_xlat_ft;
struct nft_flowtable;

void nf_xlat_flow_add(struct sk_buff *skb, const struct nf_hook_state *state,
		      struct nf_xlat_ft *ft, unsigned int thoff);
struct nf_xlat_ft *nf_xlat_ft_get(struct net *net,
				  struct nft_flowtable *flowtable);
void nf_xlat_ft_put(struct nf_xlat_ft *ft);

#endif /* _NF_XLAT_FLOW_H */
