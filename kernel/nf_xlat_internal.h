/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the files of nf_xlat share.
 */
#ifndef _NF_XLAT_INTERNAL_H
#define _NF_XLAT_INTERNAL_H

#include <linux/spinlock.h>
#include <linux/types.h>
#include <net/net_namespace.h>
#include <net/netns/generic.h>
#include <net/netfilter/nf_xlat.h>

struct seq_file;

#define NF_XLAT_HOP_BUCKETS	64

/**
 * struct nf_xlat_net - what the engine has of a namespace
 *
 * @mib: counters
 * @hops: routes that nf_xlat_hop_route() has made, by device and gateway
 * @hop_lock: for writers of @hops
 */
struct nf_xlat_net {
	struct nf_xlat_mib __percpu	*mib;
	struct hlist_head		hops[NF_XLAT_HOP_BUCKETS];
	spinlock_t			hop_lock;	/* protects writes to @hops */
};

extern unsigned int nf_xlat_net_id;

static inline struct nf_xlat_net *nf_xlat_pernet(const struct net *net)
{
	return net_generic(net, nf_xlat_net_id);
}

/* nf_xlat_route.c */
void nf_xlat_hops_forget(struct nf_xlat_net *xn, const struct net_device *dev);

/* nf_xlat_count.c */
int nf_xlat_seq_show(struct seq_file *seq, void *v);

#endif /* _NF_XLAT_INTERNAL_H */
