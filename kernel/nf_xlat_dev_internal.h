/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Declarations for the files of nf_xlat_dev.
 */
#ifndef _NF_XLAT_DEV_INTERNAL_H
#define _NF_XLAT_DEV_INTERNAL_H

#include <linux/interrupt.h>
#include <linux/netdevice.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_nat.h>
#include <net/netfilter/nf_xlat.h>
#include <net/netfilter/nf_xlat_ct.h>
#include <net/netfilter/nf_xlat_flow.h>

/* 192.0.0.8, the dummy address of RFC 7600: source of the ICMP errors of IPv6 routers */
#define NF_XLAT_DEV_ERROR4	0xc0000008

#define NF_XLAT_DEV_NAT_FLAGS	(NF_NAT_RANGE_PROTO_RANDOM |		\
				 NF_NAT_RANGE_PROTO_RANDOM_FULLY |	\
				 NF_NAT_RANGE_PERSISTENT)

/**
 * struct nf_xlat_dev_group - pairs whose prefixes of one family have the same length
 *
 * @first: index of the first pair
 * @n: number of pairs
 * @len: length of their prefixes
 */
struct nf_xlat_dev_group {
	u16	first;
	u16	n;
	u8	len;
};

/**
 * struct nf_xlat_dev_pairs - pairs in the order of one family's prefixes
 *
 * @eams: the pairs: longest prefix first, then by address
 * @groups: one group for each length that occurs
 * @n_groups: number of groups
 *
 * A look-up is a binary search in each group. Most tables have one or two lengths.
 */
struct nf_xlat_dev_pairs {
	struct nf_xlat_eam		*eams;
	struct nf_xlat_dev_group	*groups;
	unsigned int			n_groups;
};

/**
 * struct nf_xlat_dev_conf - the configuration of a device
 *
 * A change replaces the structure as a whole. Packets read it under RCU, so a packet sees
 * either the old or the new configuration.
 *
 * @rcu: for kvfree_rcu()
 * @dom: without state: how addresses are mapped, by pairs and prefix
 * @hairpin_dom: without state: how addresses of a hairpin are mapped on the way back to IPv6, see
 *	nf_xlat_dev_xmit()
 * @range: with state: parameters of nf_xlat_ct(); the prefix is a copy of the one in @dom
 * @block: with state: blocks of ports for subscribers
 * @n_pairs: number of pairs in @pairs6, and in @pairs4
 * @pairs6: pairs in the order of their IPv6 prefixes
 * @pairs4: the same pairs in the order of their IPv4 prefixes
 * @error4: IPv4 source of the ICMP errors of IPv6 routers without a mapping
 * @mtu: lowest MTU of the IPv6 side, 0 for the default
 * @mode: enum if_xlat_modes
 * @host: translate packets for the IPv6 address of a pair before the route look-up, and only what
 *	has the IPv4 address of a pair as its source
 * @stateless_router: neither with state nor with "host"
 */
struct nf_xlat_dev_conf {
	struct rcu_head			rcu;
	struct nf_xlat_domain		dom;
	struct nf_xlat_domain		hairpin_dom;
	struct nf_xlat_ct_range		range;
	struct nf_xlat_ct_block		block;
	unsigned int			n_pairs;
	struct nf_xlat_dev_pairs	pairs6;
	struct nf_xlat_dev_pairs	pairs4;
	__be32				error4;
	u32				mtu;
	u8				mode;
	bool				host;
	bool				stateless_router;
};

/**
 * struct nf_xlat_dev_fast - devices between which sessions take the fast path
 *
 * @flow: functions of nf_xlat_flow, with a reference to that module
 * @ft: the set of devices, NULL for none
 */
struct nf_xlat_dev_fast {
	const struct nf_xlat_flow_ops	*flow;
	struct nf_xlat_flow_devs	*ft;
};

/**
 * struct nf_xlat_dev - private data of a device
 *
 * @conf: configuration, written with RTNL held
 * @fast: devices that have the fast path, protected by RTNL
 * @owner: the device and its counters
 * @ops: hooks of the device: two with state, one with "host", otherwise none
 * @n_ops: number of hooks
 * @inited: nf_xlat_dev_init() has succeeded, so nf_xlat_dev_destructor() frees @conf
 * @queue: packets that a queueing discipline has sent, see nf_xlat_dev_start_xmit()
 * @tasklet: translates the packets of @queue
 */
struct nf_xlat_dev {
	struct nf_xlat_dev_conf __rcu	*conf;
	struct nf_xlat_dev_fast		fast;
	struct nf_xlat_owner		owner;
	struct nf_hook_ops		ops[2];
	unsigned int			n_ops;
	bool				inited;
	struct sk_buff_head		queue;
	struct tasklet_struct		tasklet;
};

/* Put @msg and the attribute into @extack. The value is @err. */
#define NF_XLAT_DEV_BAD(extack, attr, err, msg) ({			\
	NL_SET_ERR_MSG_ATTR(extack, attr, msg);				\
	err;								\
})

/* nf_xlat_dev_block.c */
int nf_xlat_dev_parse_block(struct nf_xlat_dev_conf *conf, struct nlattr *data[],
			    struct netlink_ext_ack *extack);
int nf_xlat_dev_fill_block(struct sk_buff *skb, const struct nf_xlat_ct_block *block);

/* nf_xlat_dev_dump.c */
size_t nf_xlat_dev_get_size(const struct net_device *dev);
int nf_xlat_dev_fill_info(struct sk_buff *skb, const struct net_device *dev);

/* nf_xlat_dev_core.c */
void nf_xlat_dev_setup(struct net_device *dev);

/* nf_xlat_dev_conf.c */
extern struct rtnl_link_ops nf_xlat_dev_link_ops;

const struct nf_xlat_eam *
nf_xlat_dev_find6(const struct nf_xlat_dev_pairs *pairs,
		  const struct in6_addr *addr);
void nf_xlat_dev_fast_put(const struct nf_xlat_dev_fast *fast);

#endif /* _NF_XLAT_DEV_INTERNAL_H */
