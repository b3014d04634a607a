/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the files of nf_xlat_dev share.
 */
#ifndef _NF_XLAT_DEV_INTERNAL_H
#define _NF_XLAT_DEV_INTERNAL_H

#include <linux/netdevice.h>
#include <linux/netfilter.h>
#include <net/netfilter/nf_xlat.h>
#include <net/netfilter/nf_xlat_ct.h>
#include <net/netfilter/nf_xlat_flow.h>

/**
 * struct nf_xlat_dev_group - pairs whose prefixes of one family are of one length
 *
 * @first: index of the first one
 * @n: how many there are
 * @len: the length
 */
struct nf_xlat_dev_group {
	u16	first;
	u16	n;
	u8	len;
};

/**
 * struct nf_xlat_dev_pairs - pairs in the order of one family's prefixes
 *
 * @eams: longest prefix first, then by address
 * @groups: of these
 * @n_groups: how many there are
 *
 * Most tables have one length or two, so that a lookup is a search by halves or two.
 */
struct nf_xlat_dev_pairs {
	struct nf_xlat_eam		*eams;
	struct nf_xlat_dev_group	*groups;
	unsigned int			n_groups;
};

/**
 * struct nf_xlat_dev_conf - what the user has set; a packet meets one of them as a whole
 *
 * @rcu: packets may still be at it when it is replaced
 * @dom: stateless: pairs and prefix
 * @back: the same of what comes back to the device: the source is of the prefix
 * @range: with state, of @mode; what it has of the prefix is @dom's
 * @n_pairs: pairs of @pairs6 and @pairs4
 * @pairs6: in the order of IPv6
 * @pairs4: the same pairs in the order of IPv4
 * @error4: IPv4 source of the ICMP errors of routers that have no mapping
 * @mtu: lowest of the IPv6 side, 0: the default
 * @mode: enum if_xlat_modes
 * @host: packets for a pair's IPv6 address are translated before they are routed
 */
struct nf_xlat_dev_conf {
	struct rcu_head			rcu;
	struct nf_xlat_domain		dom;
	struct nf_xlat_domain		back;
	struct nf_xlat_ct_range		range;
	unsigned int			n_pairs;
	struct nf_xlat_dev_pairs	pairs6;
	struct nf_xlat_dev_pairs	pairs4;
	__be32				error4;
	u32				mtu;
	u8				mode;
	bool				host;
};

/**
 * struct nf_xlat_dev_fast - devices between which sessions take the fast path
 *
 * @flow: the module that has it, with a reference
 * @ft: what these devices have of it; NULL for none
 */
struct nf_xlat_dev_fast {
	const struct nf_xlat_flow_ops	*flow;
	struct nf_xlat_ft		*ft;
};

/**
 * struct nf_xlat_dev - a device
 *
 * @conf: written with RTNL
 * @fast: of RTNL
 * @owner: what it counts
 * @ops: its hooks, if it has some
 * @n_ops: how many these are
 * @inited: nf_xlat_dev_init() has succeeded, so that the device frees @conf
 */
struct nf_xlat_dev {
	struct nf_xlat_dev_conf __rcu	*conf;
	struct nf_xlat_dev_fast		fast;
	struct nf_xlat_owner		owner;
	struct nf_hook_ops		ops[2];
	unsigned int			n_ops;
	bool				inited;
};

/* nf_xlat_dev_core.c */
void nf_xlat_dev_setup(struct net_device *dev);

/* nf_xlat_dev_conf.c */
extern struct rtnl_link_ops nf_xlat_dev_link_ops;

const struct nf_xlat_eam *
nf_xlat_dev_find6(const struct nf_xlat_dev_pairs *pairs,
		  const struct in6_addr *addr);
void nf_xlat_dev_fast_put(const struct nf_xlat_dev_fast *fast);

#endif /* _NF_XLAT_DEV_INTERNAL_H */
