/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Interface of the fast path of IPv4/IPv6 translation, for nft_xlat_flow, nf_xlat_ct and
 * nf_xlat_dev.
 */
#ifndef _NF_XLAT_FLOW_H
#define _NF_XLAT_FLOW_H

#include <linux/module.h>
#include <linux/netfilter.h>

struct nf_xlat_flow;
struct nf_xlat_flow_devs;
struct nft_flowtable;

/**
 * struct nf_xlat_flow_ops - functions of nf_xlat_flow, for modules that do not depend on it
 *
 * @owner: the module nf_xlat_flow
 * @del: end the flow of a session that has ended; RCU read side, any context
 * @flush: end all flows of a namespace a little later, because its last stateful rule has gone;
 *	process context, RTNL may be held
 * @get_devs: nf_xlat_flow_devs_make()
 * @put: nf_xlat_flow_devs_put()
 * @devs: nf_xlat_flow_devs_ifindex()
 */
struct nf_xlat_flow_ops {
	struct module			*owner;
	void				(*del)(struct nf_xlat_flow *flow);
	void				(*flush)(struct net *net);
	struct nf_xlat_flow_devs	*(*get_devs)(struct net *net, u8 owner,
						     const u32 *ifindex, unsigned int n);
	void				(*put)(struct nf_xlat_flow_devs *ft);
	unsigned int			(*devs)(struct nf_xlat_flow_devs *ft, u32 *ifindex,
						unsigned int max);
};

/* Exported by nf_xlat_ct; the rest is exported by nf_xlat_flow */
void nf_xlat_flow_ops_register(const struct nf_xlat_flow_ops *ops);
void nf_xlat_flow_ops_unregister(void);
const struct nf_xlat_flow_ops *nf_xlat_flow_ops_get(void);

void nf_xlat_flow_add(struct sk_buff *skb, const struct nf_hook_state *state,
		      struct nf_xlat_flow_devs *ft, unsigned int thoff);
struct nf_xlat_flow_devs *nf_xlat_flow_devs_get(struct net *net,
						struct nft_flowtable *flowtable);
void nf_xlat_flow_devs_put(struct nf_xlat_flow_devs *ft);

#endif /* _NF_XLAT_FLOW_H */
