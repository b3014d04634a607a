/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the files of nf_xlat share.
 */
#ifndef _NF_XLAT_INTERNAL_H
#define _NF_XLAT_INTERNAL_H

#include <linux/xarray.h>
#include <net/net_namespace.h>
#include <net/netns/generic.h>
#include <net/netfilter/nf_xlat.h>

struct seq_file;

/**
 * struct nf_xlat_net - what the engine has of a namespace
 *
 * @mib: counters
 * @hop_devs: devices, by index, that nf_xlat_hop_route() has made a route to
 * @hop_any: there was no memory for one of them
 */
struct nf_xlat_net {
	struct nf_xlat_mib __percpu	*mib;
	struct xarray			hop_devs;
	bool				hop_any;
};

extern unsigned int nf_xlat_net_id;

static inline struct nf_xlat_net *nf_xlat_pernet(const struct net *net)
{
	return net_generic(net, nf_xlat_net_id);
}

/* nf_xlat_count.c */
int nf_xlat_seq_show(struct seq_file *seq, void *v);

#endif /* _NF_XLAT_INTERNAL_H */
