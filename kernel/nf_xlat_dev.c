// SPDX-License-Identifier: GPL-2.0-only
/*
 * A device that translates what is routed to it, for "ip link add NAME type xlat".
 *
 * A packet goes on from ndo_start_xmit() as nf_xlat_send() has it: in the other family's
 * prerouting, with this device as the one that it came in by. The stack has forwarded it
 * to the device, which counts the hop; so there is one decrement, and errors are the
 * router's.
 *
 * State cannot be made there, as conntrack has confirmed the entry by then. With state the
 * device is a name: a hook before routing takes what is for its prefix, as a rule would.
 */

#include <linux/ethtool.h>
#include <linux/if_arp.h>
#include <linux/if_xlat.h>
#include <linux/inetdevice.h>
#include <linux/module.h>
#include <linux/netdevice.h>
#include <linux/netfilter/nf_nat.h>
#include <linux/netfilter/nft_xlat.h>
#include <linux/netfilter_ipv6.h>
#include <linux/sort.h>
#include <net/icmp.h>
#include <net/ip.h>
#include <net/ip_tunnels.h>
#include <net/ipv6.h>
#include <net/l3mdev.h>
#include <net/rtnetlink.h>
#include <net/netfilter/ipv6/nf_defrag_ipv6.h>
#include <net/netfilter/nf_xlat.h>
#include <net/netfilter/nf_xlat_ct.h>
#include <net/netfilter/nf_xlat_flow.h>
#include "compat.h"

/* User of nf_defrag's queues: "xlat", which nobody else has */
#define NF_XLAT_DEV_DEFRAG	0x786c6174

/* RFC 7600: of IPv6 routers, towards IPv4 */
#define NF_XLAT_DEV_ERROR4	0xc0000008

#define NF_XLAT_DEV_NAT_FLAGS	(NF_NAT_RANGE_PROTO_RANDOM |		\
				 NF_NAT_RANGE_PROTO_RANDOM_FULLY |	\
				 NF_NAT_RANGE_PERSISTENT)

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

static const struct nf_xlat_eam *
nf_xlat_dev_find6(const struct nf_xlat_dev_pairs *pairs,
		  const struct in6_addr *addr)
{
	const struct nf_xlat_eam *eam;
	unsigned int i, lo, hi, mid;
	struct in6_addr key;
	int cmp;

	for (i = 0; i < pairs->n_groups; i++) {
		ipv6_addr_prefix(&key, addr, pairs->groups[i].len);
		lo = pairs->groups[i].first;
		hi = lo + pairs->groups[i].n;
		while (lo < hi) {
			mid = (lo + hi) / 2;
			eam = &pairs->eams[mid];
			cmp = ipv6_addr_cmp(&key, &eam->addr6);
			if (!cmp)
				return eam;
			if (cmp < 0)
				hi = mid;
			else
				lo = mid + 1;
		}
	}
	return NULL;
}

static const struct nf_xlat_eam *
nf_xlat_dev_find4(const struct nf_xlat_dev_pairs *pairs, __be32 addr)
{
	const struct nf_xlat_eam *eam;
	unsigned int i, lo, hi, mid;
	u32 key;

	for (i = 0; i < pairs->n_groups; i++) {
		key = ntohl(addr & inet_make_mask(pairs->groups[i].len));
		lo = pairs->groups[i].first;
		hi = lo + pairs->groups[i].n;
		while (lo < hi) {
			mid = (lo + hi) / 2;
			eam = &pairs->eams[mid];
			if (key == ntohl(eam->addr4))
				return eam;
			if (key < ntohl(eam->addr4))
				hi = mid;
			else
				lo = mid + 1;
		}
	}
	return NULL;
}

/* The pair with the longest prefix, RFC 7757 section 3.3 */
static bool nf_xlat_dev_lookup(const struct net *net, const void *data, u8 pf,
			       const union nf_inet_addr *addr,
			       union nf_inet_addr *res)
{
	const struct nf_xlat_dev_conf *conf = data;
	const struct nf_xlat_eam *eam;

	if (pf == NFPROTO_IPV6) {
		eam = nf_xlat_dev_find6(&conf->pairs6, &addr->in6);
		return eam && nf_xlat_eam_6to4(eam, &addr->in6, &res->ip);
	}
	eam = nf_xlat_dev_find4(&conf->pairs4, addr->ip);
	return eam && nf_xlat_eam_4to6(eam, addr->ip, &res->in6);
}

/*
 * An ICMP message is translated as a whole, for its checksum. Fragments of one wait for
 * the others here, since there is no conntrack, or what it has put together has been cut
 * again on its way.
 * False: @skb is one that waits, or is gone.
 */
static bool nf_xlat_dev_defrag(const struct nf_xlat_way *way,
			       struct sk_buff *skb, u8 pf)
{
	int err;

	if (pf == NFPROTO_IPV4)
		return !ip_defrag(way->net, skb, NF_XLAT_DEV_DEFRAG);
	err = nf_ct_frag6_gather(way->net, skb, NF_XLAT_DEV_DEFRAG);
	/* This one leaves what it does not like to its caller. */
	if (err && err != -EINPROGRESS) {
		nf_xlat_owner_drop(way->owner, way->net, skb,
				   NF_XLAT_FRAG_ICMP);
		kfree_skb(skb);
	}
	return !err;
}

/* Neither a pair nor the prefix maps an address: there is no such host on the other side. */
static void nf_xlat_dev_unmapped(const struct nf_xlat_way *way,
				 struct sk_buff *skb, u8 pf)
{
	if (pf == NFPROTO_IPV6)
		icmpv6_ndo_send(skb, ICMPV6_DEST_UNREACH, ICMPV6_ADDR_UNREACH, 0);
	else
		icmp_ndo_send(skb, ICMP_DEST_UNREACH, ICMP_HOST_UNREACH, 0);
	nf_xlat_owner_drop(way->owner, way->net, skb, NF_XLAT_ADDRESS);
}

/* Returns NF_STOLEN, or NF_DROP: the packet is still there. */
static unsigned int nf_xlat_dev_translate(const struct nf_xlat_dev_conf *conf,
					  const struct nf_xlat_domain *dom,
					  struct sk_buff *skb, u8 pf,
					  const struct nf_xlat_way *way)
{
	const union nf_inet_addr error4 = { .ip = conf->error4 };
	struct nf_xlat_parm parm __uninitialized;
	struct nf_xlat_pkt pkt __uninitialized;
	enum nf_xlat_reason reason;
	bool reasm = false;

	parm.lowest_mtu6 = conf->mtu;
	parm.rules = 0;
again:
	if (!nf_xlat_map(dom, way->net, skb, pf, reasm,
			 pf == NFPROTO_IPV6 ? &error4 : NULL, &pkt, &parm,
			 &reason)) {
		nf_xlat_dev_unmapped(way, skb, pf);
		return NF_DROP;
	}
	if (unlikely(reason == NF_XLAT_FRAG_ICMP && !reasm)) {
		if (!nf_xlat_dev_defrag(way, skb, pf))
			return NF_STOLEN;
		reasm = true;
		goto again;
	}
	return reason ? nf_xlat_reject(skb, way, &pkt, reason) :
			nf_xlat_send(skb, way, &pkt, &parm);
}

/* Neighbour discovery, router solicitations and reports of groups: for this link only */
static bool nf_xlat_dev_link_scope(const struct sk_buff *skb, u8 pf)
{
	return pf == NFPROTO_IPV6 &&
	       (ipv6_addr_is_multicast(&ipv6_hdr(skb)->daddr) ||
		ipv6_addr_type(&ipv6_hdr(skb)->saddr) & IPV6_ADDR_LINKLOCAL);
}

/*
 * Is the packet of this host? Then it came in by no device. But ip6_copy_metadata() does not
 * copy @skb_iif to the fragments of a packet that is forwarded; those of this host have a
 * socket.
 */
static bool nf_xlat_dev_from_host(const struct sk_buff *skb, u8 pf)
{
	unsigned int off = 0;

	if (skb->skb_iif)
		return false;
	return skb->sk || pf == NFPROTO_IPV4 ||
	       ipv6_find_hdr(skb, &off, NEXTHDR_FRAGMENT, NULL, NULL) < 0;
}

static netdev_tx_t nf_xlat_dev_xmit(struct sk_buff *skb, struct net_device *dev)
{
	struct nf_xlat_dev *xd = netdev_priv(dev);
	const struct nf_xlat_dev_conf *conf;
	const struct nf_xlat_domain *dom;
	struct nf_xlat_way way = {
		.net	= dev_net(dev),
		.owner	= &xd->owner,
		.at	= NF_INET_PRE_ROUTING,
		.flags	= NF_XLAT_HOP_TAKEN | NF_XLAT_FORWARD_ASKED |
			  NF_XLAT_ROUTE_MAY_WAIT | NF_XLAT_IN_DEVICE,
	};
	unsigned int verdict;
	u8 pf;

	/* What nft's "fwd" redirects has its MAC header at skb->data. */
	if (skb_network_offset(skb) || !pskb_inet_may_pull(skb))
		goto drop;
	if (skb->protocol == htons(ETH_P_IPV6))
		pf = NFPROTO_IPV6;
	else if (skb->protocol == htons(ETH_P_IP))
		pf = NFPROTO_IPV4;
	else
		goto drop;
	if (unlikely(nf_xlat_dev_link_scope(skb, pf))) {
		consume_skb(skb);
		return NETDEV_TX_OK;
	}

	/* Queueing disciplines and classifiers have written there. */
	memset(skb->cb, 0, sizeof(skb->cb));
	skb->pkt_type = PACKET_HOST;
	/* A packet of this host goes on in the output of the other family. */
	if (nf_xlat_dev_from_host(skb, pf)) {
		way.at = NF_INET_LOCAL_OUT;
		way.flags &= ~NF_XLAT_ROUTE_MAY_WAIT;
	}

	rcu_read_lock();
	conf = rcu_dereference(xd->conf);
	dom = &conf->dom;
	/*
	 * RFC 7757 section 4.2: it came out of this device, so that both ends are hosts of
	 * ours. They see each other by the prefix, and what they answer comes here.
	 */
	if (unlikely(skb->skb_iif == dev->ifindex && pf == NFPROTO_IPV4 &&
		     dom->prefix.kind != NF_XLAT_MAP_NONE))
		dom = &conf->back;
	/* As what a tunnel gives to the stack */
	if (way.at == NF_INET_PRE_ROUTING)
		skb->skb_iif = dev->ifindex;
	if (likely(conf->mode == IF_XLAT_STATELESS))
		verdict = nf_xlat_dev_translate(conf, dom, skb, pf, &way);
	else
		/* The hook has it, if there is an entry to make a session of. */
		verdict = nf_xlat_owner_drop(way.owner, way.net, skb,
					     NF_XLAT_STATE);
	rcu_read_unlock();
	if (verdict != NF_STOLEN)
		kfree_skb(skb);
	return NETDEV_TX_OK;

drop:
	DEV_STATS_INC(dev, tx_dropped);
	kfree_skb(skb);
	return NETDEV_TX_OK;
}

/* Is the packet of the same VRF, or of none as the device? */
static bool nf_xlat_dev_same_vrf(const struct net_device *dev,
				 const struct sk_buff *skb,
				 const struct nf_hook_state *state)
{
	const struct net_device *other = state->in;

	if (state->hook == NF_INET_LOCAL_OUT)
		other = skb_dst(skb) ? dst_dev_rcu(skb_dst(skb)) : NULL;
	return !other || l3mdev_master_ifindex_rcu((struct net_device *)other) ==
			 l3mdev_master_ifindex_rcu((struct net_device *)dev);
}

/* With state: what is for the prefix, as a rule would have it */
static unsigned int nf_xlat_dev_state_hook(void *priv, struct sk_buff *skb,
					   const struct nf_hook_state *state)
{
	struct net_device *dev = priv;
	const struct nf_xlat_dev *xd = netdev_priv(dev);
	const struct nf_xlat_dev_conf *conf;

	if (!netif_running(dev) || nf_xlat_bridged(skb))
		return NF_ACCEPT;
	conf = rcu_dereference(xd->conf);
	if (!ipv6_prefix_equal(&conf->range.prefix.addr, &ipv6_hdr(skb)->daddr,
			       conf->range.prefix.len) ||
	    !nf_xlat_dev_same_vrf(dev, skb, state))
		return NF_ACCEPT;

	return nf_xlat_ct(skb, state, &conf->range);
}

/*
 * Packets for a host that need not be a router for itself: before they are routed, and
 * behind conntrack, which knows them from what the host has sent. Behind NAT as well, so
 * that the CLAT's address may be one that is masqueraded, where the host has no second one.
 * What is none of the translation's is for the IPv6 address itself, neighbour discovery to
 * begin with.
 */
static unsigned int nf_xlat_dev_host_hook(void *priv, struct sk_buff *skb,
					  const struct nf_hook_state *state)
{
	struct nf_xlat_way way = nf_xlat_way_of(state);
	struct net_device *dev = priv, *in = skb->dev;
	const struct nf_xlat_dev *xd = netdev_priv(dev);
	struct nf_xlat_parm parm __uninitialized;
	struct nf_xlat_pkt pkt __uninitialized;
	const struct nf_xlat_dev_conf *conf;
	u16 thoff = skb->transport_header;
	enum nf_xlat_reason reason;
	union nf_inet_addr error4;
	unsigned int verdict;
	bool reasm;

	if (!netif_running(dev) || nf_xlat_bridged(skb))
		return NF_ACCEPT;
	conf = rcu_dereference(xd->conf);
	if (!nf_xlat_dev_find6(&conf->pairs6, &ipv6_hdr(skb)->daddr))
		return NF_ACCEPT;

	parm.lowest_mtu6 = conf->mtu;
	parm.rules = 0;
	error4.ip = conf->error4;
	way.owner = &xd->owner;
	reasm = nf_xlat_reassembled(skb, NFPROTO_IPV6);
again:
	if (!nf_xlat_map(&conf->dom, state->net, skb, NFPROTO_IPV6, reasm,
			 &error4, &pkt, &parm, &reason))
		return NF_ACCEPT;
	/* The host need not have conntrack in IPv6. */
	if (unlikely(reason == NF_XLAT_FRAG_ICMP && !reasm)) {
		if (!nf_xlat_dev_defrag(&way, skb, NFPROTO_IPV6))
			return NF_STOLEN;
		thoff = skb->transport_header;
		reasm = true;
		goto again;
	}
	if (reason == NF_XLAT_ICMP || reason == NF_XLAT_PROTO ||
	    reason == NF_XLAT_QUOTED) {
		/* ip6_input_finish() looks for extension headers from there on. */
		skb->transport_header = thoff;
		return NF_ACCEPT;
	}
	if (reason)
		return nf_xlat_reject(skb, &way, &pkt, reason);

	skb->dev = dev;
	verdict = nf_xlat_send(skb, &way, &pkt, &parm);
	if (verdict != NF_STOLEN)
		skb->dev = in;
	return verdict;
}

static void nf_xlat_dev_hook(struct net_device *dev, nf_hookfn *fn,
			     unsigned int hook, int priority)
{
	struct nf_xlat_dev *xd = netdev_priv(dev);

	xd->ops[xd->n_ops++] = (struct nf_hook_ops) {
		.hook		= fn,
		.priv		= dev,
		.pf		= NFPROTO_IPV6,
		.hooknum	= hook,
		.priority	= priority,
	};
}

static void nf_xlat_dev_fast_put(const struct nf_xlat_dev_fast *fast)
{
	if (!fast->ft)
		return;
	fast->flow->put(fast->ft);
	module_put(fast->flow->owner);
}

static int nf_xlat_dev_init(struct net_device *dev)
{
	struct nf_xlat_dev *xd = netdev_priv(dev);
	struct nf_xlat_dev_conf *conf;
	int err = -ENOMEM;

	netdev_lockdep_set_classes(dev);
	dev->tstats = netdev_alloc_pcpu_stats(struct pcpu_sw_netstats);
	if (!dev->tstats)
		return err;
	xd->owner.dev = dev;
	xd->owner.mib = alloc_percpu_gfp(struct nf_xlat_mib, GFP_KERNEL_ACCOUNT);
	if (!xd->owner.mib)
		goto err;

	conf = rtnl_dereference(xd->conf);
	if (conf->mode != IF_XLAT_STATELESS) {
		nf_xlat_dev_hook(dev, nf_xlat_dev_state_hook,
				 NF_INET_PRE_ROUTING, NF_IP6_PRI_NAT_DST);
		nf_xlat_dev_hook(dev, nf_xlat_dev_state_hook,
				 NF_INET_LOCAL_OUT, NF_IP6_PRI_NAT_DST);
	} else if (conf->host) {
		nf_xlat_dev_hook(dev, nf_xlat_dev_host_hook,
				 NF_INET_PRE_ROUTING, NF_IP6_PRI_NAT_DST + 1);
	}
	/* They stay in the namespace that they are registered in. */
	if (xd->n_ops)
		nf_xlat_netns_immutable(dev);
	if (conf->mode != IF_XLAT_STATELESS)
		conf->range.owner = nf_xlat_ct_owner_add(dev_net(dev),
							 &xd->owner);
	err = nf_register_net_hooks(dev_net(dev), xd->ops, xd->n_ops);
	xd->inited = !err;
	if (!err)
		return 0;
	nf_xlat_ct_owner_del(dev_net(dev), conf->range.owner);
	/* The first hook may have been there; the caller frees the device. */
	synchronize_net();

err:
	free_percpu(xd->owner.mib);
	free_percpu(dev->tstats);
	return err;
}

/*
 * The hooks have seen that the device is down. But if register_netdevice() failed behind
 * nf_xlat_dev_init(), they may still run, and the caller frees the device at once.
 */
static void nf_xlat_dev_uninit(struct net_device *dev)
{
	struct nf_xlat_dev *xd = netdev_priv(dev);
	struct nf_xlat_dev_conf *conf = rtnl_dereference(xd->conf);

	nf_xlat_dev_fast_put(&xd->fast);
	nf_unregister_net_hooks(dev_net(dev), xd->ops, xd->n_ops);
	if (xd->n_ops && dev->reg_state != NETREG_UNREGISTERING)
		synchronize_net();
	if (conf->mode != IF_XLAT_STATELESS) {
		nf_xlat_ct_owner_del(dev_net(dev), conf->range.owner);
		nf_xlat_ct_netns_put(dev_net(dev));
	}
}

/*
 * __dev_direct_xmit() asks whether the device is up before it disables softirqs, so that a
 * packet socket with PACKET_QDISC_BYPASS may send until it lets the device go.
 */
static void nf_xlat_dev_destructor(struct net_device *dev)
{
	struct nf_xlat_dev *xd = netdev_priv(dev);

	free_percpu(xd->owner.mib);
	free_percpu(dev->tstats);
	kvfree(rcu_dereference_protected(xd->conf, true));
}

/* Of a device there are all counters but that of mappings, which are a namespace's. */
static const char *nf_xlat_dev_counter(unsigned int i)
{
	return i == NF_XLAT_MIB_BIB ? NULL : nf_xlat_mib_name(i);
}

static void nf_xlat_dev_get_stats64(struct net_device *dev,
				    struct rtnl_link_stats64 *stats)
{
	const struct nf_xlat_dev *xd = netdev_priv(dev);
	unsigned int i;

	dev_get_tstats64(dev, stats);
	for (i = 0; i < __NF_XLAT_REASON_MAX; i++)
		stats->tx_dropped += nf_xlat_mib_sum(xd->owner.mib, i);
}

static int nf_xlat_dev_get_sset_count(struct net_device *dev, int sset)
{
	unsigned int i, n = 0;

	if (sset != ETH_SS_STATS)
		return -EOPNOTSUPP;
	for (i = 0; i < __NF_XLAT_MIB_MAX; i++)
		n += !!nf_xlat_dev_counter(i);
	return n;
}

static void nf_xlat_dev_get_strings(struct net_device *dev, u32 sset, u8 *data)
{
	unsigned int i;

	for (i = 0; i < __NF_XLAT_MIB_MAX; i++) {
		if (!nf_xlat_dev_counter(i))
			continue;
		strscpy(data, nf_xlat_dev_counter(i), ETH_GSTRING_LEN);
		data += ETH_GSTRING_LEN;
	}
}

static void nf_xlat_dev_get_ethtool_stats(struct net_device *dev,
					  struct ethtool_stats *stats, u64 *data)
{
	const struct nf_xlat_dev *xd = netdev_priv(dev);
	unsigned int i;

	for (i = 0; i < __NF_XLAT_MIB_MAX; i++)
		if (nf_xlat_dev_counter(i))
			*data++ = nf_xlat_mib_sum(xd->owner.mib, i);
}

static const struct ethtool_ops nf_xlat_dev_ethtool_ops = {
	.get_link		= ethtool_op_get_link,
	.get_sset_count		= nf_xlat_dev_get_sset_count,
	.get_strings		= nf_xlat_dev_get_strings,
	.get_ethtool_stats	= nf_xlat_dev_get_ethtool_stats,
};

static const struct net_device_ops nf_xlat_dev_ops = {
	.ndo_init		= nf_xlat_dev_init,
	.ndo_uninit		= nf_xlat_dev_uninit,
	.ndo_start_xmit		= nf_xlat_dev_xmit,
	.ndo_get_stats64	= nf_xlat_dev_get_stats64,
};

#define NF_XLAT_DEV_FEATURES	(NETIF_F_SG | NETIF_F_FRAGLIST | NETIF_F_HIGHDMA | \
				 NETIF_F_HW_CSUM | NETIF_F_RXCSUM |		   \
				 NETIF_F_GSO_SOFTWARE | NETIF_F_GSO_UDP_L4)

static void nf_xlat_dev_setup(struct net_device *dev)
{
	dev->netdev_ops = &nf_xlat_dev_ops;
	dev->ethtool_ops = &nf_xlat_dev_ethtool_ops;
	dev->needs_free_netdev = true;
	dev->priv_destructor = nf_xlat_dev_destructor;
	dev->type = ARPHRD_NONE;
	dev->flags = IFF_NOARP;
	/* From IPv4 to a fragment of IPv6 */
	dev->needed_headroom = sizeof(struct ipv6hdr) + sizeof(struct frag_hdr) -
			       sizeof(struct iphdr);
	dev->mtu = ETH_DATA_LEN;
	dev->min_mtu = IPV6_MIN_MTU;
	dev->max_mtu = IP_MAX_MTU;
	dev->features |= NF_XLAT_DEV_FEATURES;
	dev->hw_features |= NF_XLAT_DEV_FEATURES;
	nf_xlat_lltx(dev);
	dev->priv_flags |= IFF_NO_QUEUE;
	dev->priv_flags &= ~IFF_TX_SKB_SHARING;
	/* Errors ask the route. */
	netif_keep_dst(dev);
}

static const struct nla_policy nf_xlat_dev_policy[IFLA_XLAT_MAX + 1] = {
	[IFLA_XLAT_UNSPEC]	= { .strict_start_type = IFLA_XLAT_PREFIX },
	[IFLA_XLAT_PREFIX]	= NLA_POLICY_EXACT_LEN(sizeof(struct in6_addr)),
	[IFLA_XLAT_PREFIX_LEN]	= { .type = NLA_U8 },
	[IFLA_XLAT_NON_GLOBAL]	= { .type = NLA_FLAG },
	[IFLA_XLAT_PAIRS]	= { .type = NLA_NESTED },
	[IFLA_XLAT_PAIRS_ADD]	= { .type = NLA_NESTED },
	[IFLA_XLAT_PAIRS_DEL]	= { .type = NLA_NESTED },
	[IFLA_XLAT_PAIR]	= { .type = NLA_REJECT },
	[IFLA_XLAT_ERROR4]	= { .type = NLA_U32 },
	[IFLA_XLAT_MTU]		= { .type = NLA_U32 },
	[IFLA_XLAT_HOST]	= { .type = NLA_FLAG },
	[IFLA_XLAT_MODE]	= NLA_POLICY_MAX(NLA_U8, IF_XLAT_MODE_MAX),
	[IFLA_XLAT_ADDR_MIN]	= { .type = NLA_U32 },
	[IFLA_XLAT_ADDR_MAX]	= { .type = NLA_U32 },
	[IFLA_XLAT_PORT_MIN]	= { .type = NLA_U16 },
	[IFLA_XLAT_PORT_MAX]	= { .type = NLA_U16 },
	[IFLA_XLAT_NAT_FLAGS]	= NLA_POLICY_MASK(NLA_U32, NF_XLAT_DEV_NAT_FLAGS),
	[IFLA_XLAT_MAPPING]	= NLA_POLICY_MAX(NLA_U8, NFT_XLAT_MAPPING_MAX),
	[IFLA_XLAT_FILTERING]	= NLA_POLICY_MAX(NLA_U8, NFT_XLAT_FILTERING_MAX),
	[IFLA_XLAT_FAST]	= { .type = NLA_BINARY,
				    .len = IF_XLAT_MAX_FAST * sizeof(u32) },
};

/* Longest prefix first, then by address; without the host bits there are none equal. */
static int nf_xlat_dev_cmp6(const void *a, const void *b)
{
	const struct nf_xlat_eam *x = a, *y = b;

	return x->len6 != y->len6 ? y->len6 - x->len6 :
				    ipv6_addr_cmp(&x->addr6, &y->addr6);
}

static int nf_xlat_dev_cmp4(const void *a, const void *b)
{
	const struct nf_xlat_eam *x = a, *y = b;

	if (x->len4 != y->len4)
		return y->len4 - x->len4;
	return ntohl(x->addr4) < ntohl(y->addr4) ? -1 :
	       ntohl(x->addr4) > ntohl(y->addr4);
}

/* Put pairs in order, and find the groups. False: two have the same prefix. */
static bool nf_xlat_dev_order(struct nf_xlat_dev_pairs *pairs, unsigned int n,
			      int (*cmp)(const void *a, const void *b), bool v6)
{
	struct nf_xlat_dev_group *group = pairs->groups - 1;
	unsigned int i;
	u8 len;

	sort(pairs->eams, n, sizeof(*pairs->eams), cmp, NULL);
	for (i = 0; i < n; i++) {
		if (i && !cmp(&pairs->eams[i - 1], &pairs->eams[i]))
			return false;
		len = v6 ? pairs->eams[i].len6 : pairs->eams[i].len4;
		if (!i || group->len != len) {
			*++group = (struct nf_xlat_dev_group) {
				.first	= i,
				.len	= len,
			};
			pairs->n_groups++;
		}
		group->n++;
	}
	return true;
}

/* A copy of @old, NULL for none, with room for @n pairs */
static struct nf_xlat_dev_conf *
nf_xlat_dev_conf_alloc(const struct nf_xlat_dev_conf *old, unsigned int n)
{
	const unsigned int groups6 = 129, groups4 = 33;
	struct nf_xlat_dev_conf *conf;
	struct nf_xlat_eam *eams;

	conf = kvzalloc(sizeof(*conf) + 2 * n * sizeof(*eams) +
			(groups6 + groups4) * sizeof(struct nf_xlat_dev_group),
			GFP_KERNEL_ACCOUNT);
	if (!conf)
		return NULL;
	if (old)
		*conf = *old;
	else
		conf->error4 = htonl(NF_XLAT_DEV_ERROR4);
	eams = (struct nf_xlat_eam *)(conf + 1);
	conf->pairs6.eams = eams;
	conf->pairs4.eams = eams + n;
	conf->pairs6.groups = (struct nf_xlat_dev_group *)(eams + 2 * n);
	conf->pairs4.groups = conf->pairs6.groups + groups6;
	conf->pairs6.n_groups = 0;
	conf->pairs4.n_groups = 0;
	conf->n_pairs = 0;

	conf->dom.saddr.kind = NF_XLAT_MAP_TABLE;
	conf->dom.saddr.table.lookup = nf_xlat_dev_lookup;
	conf->dom.saddr.table.data = conf;
	conf->dom.daddr = conf->dom.saddr;
	conf->back.daddr = conf->dom.daddr;
	return conf;
}

/* An error at an attribute, with a text that names it */
#define NF_XLAT_DEV_BAD(extack, attr, err, msg) ({			\
	NL_SET_ERR_MSG_ATTR(extack, attr, msg);				\
	err;								\
})

static int nf_xlat_dev_parse_pair(const struct nlattr *attr,
				  struct nf_xlat_eam *eam,
				  struct netlink_ext_ack *extack)
{
	const struct if_xlat_pair *pair = nla_data(attr);
	union nf_inet_addr addr;

	if (nla_type(attr) != IFLA_XLAT_PAIR || nla_len(attr) != sizeof(*pair) ||
	    pair->pad)
		return NF_XLAT_DEV_BAD(extack, attr, -EINVAL,
				       "pair: not a struct if_xlat_pair");
	eam->addr6 = pair->addr6;
	eam->addr4 = pair->addr4;
	eam->len6 = pair->len6;
	eam->len4 = pair->len4;
	switch (nf_xlat_eam_check(eam)) {
	case 0:
		break;
	case -EINVAL:
		return NF_XLAT_DEV_BAD(extack, attr, -EINVAL,
				       "pair: bits are set behind a prefix");
	default:
		return NF_XLAT_DEV_BAD(extack, attr, -ERANGE,
				       "pair: length over 32 or 128, or more IPv4 addresses than IPv6 addresses");
	}
	addr.in6 = eam->addr6;
	if (eam->len6 == 128 && !nf_xlat_addr_legal(NFPROTO_IPV6, &addr))
		return NF_XLAT_DEV_BAD(extack, attr, -EADDRNOTAVAIL,
				       "pair: no packet may have this IPv6 address");
	addr.ip = eam->addr4;
	if (eam->len4 == 32 && !nf_xlat_addr_legal(NFPROTO_IPV4, &addr))
		return NF_XLAT_DEV_BAD(extack, attr, -EADDRNOTAVAIL,
				       "pair: no packet may have this IPv4 address");
	return 0;
}

static bool nf_xlat_dev_same_pair(const struct nf_xlat_eam *a,
				  const struct nf_xlat_eam *b)
{
	return a->len6 == b->len6 && a->len4 == b->len4 && a->addr4 == b->addr4 &&
	       ipv6_addr_equal(&a->addr6, &b->addr6);
}

static int nf_xlat_dev_del_pairs(struct nf_xlat_dev_conf *conf,
				 const struct nlattr *nest,
				 struct netlink_ext_ack *extack)
{
	struct nf_xlat_eam *eams = conf->pairs6.eams, eam;
	const struct nlattr *attr;
	unsigned int i;
	int rem, err;

	nla_for_each_nested(attr, nest, rem) {
		err = nf_xlat_dev_parse_pair(attr, &eam, extack);
		if (err)
			return err;
		for (i = 0; i < conf->n_pairs; i++)
			if (nf_xlat_dev_same_pair(&eams[i], &eam))
				break;
		if (i == conf->n_pairs)
			return NF_XLAT_DEV_BAD(extack, attr, -ENOENT,
					       "pair: it is not there");
		eams[i] = eams[--conf->n_pairs];
	}
	return 0;
}

static int nf_xlat_dev_add_pairs(struct nf_xlat_dev_conf *conf,
				 const struct nlattr *nest,
				 struct netlink_ext_ack *extack)
{
	const struct nlattr *attr;
	int rem, err;

	nla_for_each_nested(attr, nest, rem) {
		if (conf->n_pairs == IF_XLAT_MAX_PAIRS)
			return NF_XLAT_DEV_BAD(extack, attr, -E2BIG,
					       "pairs: more than 1024");
		err = nf_xlat_dev_parse_pair(attr,
					     &conf->pairs6.eams[conf->n_pairs],
					     extack);
		if (err)
			return err;
		conf->n_pairs++;
	}
	return 0;
}

static int nf_xlat_dev_parse_pairs(struct nf_xlat_dev_conf *conf,
				   const struct nf_xlat_dev_conf *old,
				   struct nlattr *data[],
				   struct netlink_ext_ack *extack)
{
	int err = 0;

	if (data[IFLA_XLAT_PAIRS]) {
		err = nf_xlat_dev_add_pairs(conf, data[IFLA_XLAT_PAIRS], extack);
	} else if (old) {
		conf->n_pairs = old->n_pairs;
		memcpy(conf->pairs6.eams, old->pairs6.eams,
		       old->n_pairs * sizeof(*old->pairs6.eams));
	}
	if (!err && data[IFLA_XLAT_PAIRS_DEL])
		err = nf_xlat_dev_del_pairs(conf, data[IFLA_XLAT_PAIRS_DEL],
					    extack);
	if (!err && data[IFLA_XLAT_PAIRS_ADD])
		err = nf_xlat_dev_add_pairs(conf, data[IFLA_XLAT_PAIRS_ADD],
					    extack);
	if (err)
		return err;

	memcpy(conf->pairs4.eams, conf->pairs6.eams,
	       conf->n_pairs * sizeof(*conf->pairs4.eams));
	if (!nf_xlat_dev_order(&conf->pairs6, conf->n_pairs, nf_xlat_dev_cmp6,
			       true))
		return NF_XLAT_DEV_BAD(extack, data[IFLA_XLAT_PAIRS_ADD] ? :
				       data[IFLA_XLAT_PAIRS], -EEXIST,
				       "pairs: two have the same IPv6 prefix");
	if (!nf_xlat_dev_order(&conf->pairs4, conf->n_pairs, nf_xlat_dev_cmp4,
			       false))
		return NF_XLAT_DEV_BAD(extack, data[IFLA_XLAT_PAIRS_ADD] ? :
				       data[IFLA_XLAT_PAIRS], -EEXIST,
				       "pairs: two have the same IPv4 prefix");
	return 0;
}

static int nf_xlat_dev_parse_prefix(struct nf_xlat_dev_conf *conf,
				    struct nlattr *data[],
				    struct netlink_ext_ack *extack)
{
	struct nf_xlat_prefix *prefix = &conf->dom.prefix.prefix;
	const struct nlattr *attr = data[IFLA_XLAT_PREFIX];

	if (!attr) {
		attr = data[IFLA_XLAT_PREFIX_LEN] ? : data[IFLA_XLAT_NON_GLOBAL];
		return attr ? NF_XLAT_DEV_BAD(extack, attr, -EINVAL,
					      "prefix: its length or non-global without it") :
			      0;
	}
	prefix->addr = nla_get_in6_addr(attr);
	prefix->len = data[IFLA_XLAT_PREFIX_LEN] ?
		      nla_get_u8(data[IFLA_XLAT_PREFIX_LEN]) : 96;
	prefix->non_global = nla_get_flag(data[IFLA_XLAT_NON_GLOBAL]);
	conf->dom.prefix.kind = NF_XLAT_MAP_PREFIX;
	conf->back.prefix = conf->dom.prefix;
	switch (nf_xlat_prefix_check(prefix)) {
	case 0:
		return 0;
	case -ERANGE:
		return NF_XLAT_DEV_BAD(extack, data[IFLA_XLAT_PREFIX_LEN], -ERANGE,
				       "prefix: its length is not 32, 40, 48, 56, 64 or 96");
	case -EINVAL:
		return NF_XLAT_DEV_BAD(extack, attr, -EINVAL,
				       "prefix: bits are set behind it, or in bits 64 to 71");
	default:
		return NF_XLAT_DEV_BAD(extack, attr, -EADDRNOTAVAIL,
				       "prefix: no packet may have such addresses");
	}
}

static int nf_xlat_dev_parse_addrs(struct nf_xlat_ct_range *range,
				   struct nlattr *data[],
				   struct netlink_ext_ack *extack)
{
	const struct nlattr *min = data[IFLA_XLAT_ADDR_MIN];
	const struct nlattr *max = data[IFLA_XLAT_ADDR_MAX] ? : min;

	if (range->masq)
		return min || max ?
		       NF_XLAT_DEV_BAD(extack, min ? : max, -EINVAL,
				       "masquerade: it takes the address of the outgoing device") :
		       0;
	if (!min)
		return NF_XLAT_DEV_BAD(extack, data[IFLA_XLAT_MODE], -EINVAL,
				       "snat: it needs an address");
	range->min_addr.ip = nla_get_in_addr(min);
	range->max_addr.ip = nla_get_in_addr(max);
	if (!nf_xlat_addr_legal(NFPROTO_IPV4, &range->min_addr))
		return NF_XLAT_DEV_BAD(extack, min, -EADDRNOTAVAIL,
				       "snat: no packet may have this address");
	if (!nf_xlat_addr_legal(NFPROTO_IPV4, &range->max_addr))
		return NF_XLAT_DEV_BAD(extack, max, -EADDRNOTAVAIL,
				       "snat: no packet may have this address");
	if (ntohl(range->min_addr.ip) > ntohl(range->max_addr.ip))
		return NF_XLAT_DEV_BAD(extack, max, -ERANGE,
				       "snat: the last address is before the first");
	return 0;
}

static int nf_xlat_dev_parse_ports(struct nf_xlat_ct_range *range,
				   struct nlattr *data[],
				   struct netlink_ext_ack *extack)
{
	const struct nlattr *min = data[IFLA_XLAT_PORT_MIN];
	const struct nlattr *max = data[IFLA_XLAT_PORT_MAX] ? : min;

	if (!max)
		return 0;
	if (!min)
		return NF_XLAT_DEV_BAD(extack, max, -EINVAL,
				       "ports: there is no first one");
	range->min_proto = nla_get_be16(min);
	range->max_proto = nla_get_be16(max);
	range->flags |= NF_NAT_RANGE_PROTO_SPECIFIED;
	if (!range->min_proto)
		return NF_XLAT_DEV_BAD(extack, min, -ERANGE,
				       "ports: 0 is none");
	if (ntohs(range->min_proto) > ntohs(range->max_proto))
		return NF_XLAT_DEV_BAD(extack, max, -ERANGE,
				       "ports: the last one is before the first");
	return 0;
}

/* The attributes of a mode: those that are absent get their default. */
static int nf_xlat_dev_parse_mode(struct nf_xlat_dev_conf *conf,
				  const struct nf_xlat_dev_conf *old,
				  struct nlattr *data[],
				  struct netlink_ext_ack *extack)
{
	struct nf_xlat_ct_range *range = &conf->range;
	const struct nlattr *attr = data[IFLA_XLAT_MODE];
	unsigned int i;
	int err;

	if (attr)
		conf->mode = nla_get_u8(attr);
	if (old && !old->mode != !conf->mode)
		return NF_XLAT_DEV_BAD(extack, attr, -EOPNOTSUPP,
				       "a device does not change between with and without state: make another one");
	for (i = IFLA_XLAT_ADDR_MIN; i <= IFLA_XLAT_FILTERING; i++)
		if (data[i] && (!attr || conf->mode == IF_XLAT_STATELESS))
			return NF_XLAT_DEV_BAD(extack, data[i], -EINVAL,
					       "addresses, ports, flags, mapping and filtering belong to masquerade or snat");
	if (!attr || conf->mode == IF_XLAT_STATELESS)
		return 0;

	memset(range, 0, sizeof(*range));
	range->owner = old ? old->range.owner : 0;
	range->masq = conf->mode == IF_XLAT_MASQ;
	if (data[IFLA_XLAT_NAT_FLAGS])
		range->flags = nla_get_u32(data[IFLA_XLAT_NAT_FLAGS]);
	if (data[IFLA_XLAT_MAPPING])
		range->per_session = nla_get_u8(data[IFLA_XLAT_MAPPING]) ==
				     NFT_XLAT_MAPPING_ADDRESS_PORT_DEPENDENT;
	if (data[IFLA_XLAT_FILTERING])
		range->filter = nla_get_u8(data[IFLA_XLAT_FILTERING]) ==
				NFT_XLAT_FILTERING_ADDRESS_DEPENDENT;
	if (range->per_session && range->filter)
		return NF_XLAT_DEV_BAD(extack, data[IFLA_XLAT_FILTERING], -EINVAL,
				       "filtering: with ports of each session there is nothing to filter");
	err = nf_xlat_dev_parse_addrs(range, data, extack);
	return err ? : nf_xlat_dev_parse_ports(range, data, extack);
}

static int nf_xlat_dev_parse(struct nf_xlat_dev_conf *conf,
			     const struct nf_xlat_dev_conf *old,
			     struct nlattr *data[],
			     struct netlink_ext_ack *extack)
{
	union nf_inet_addr addr;
	int err;

	err = nf_xlat_dev_parse_prefix(conf, data, extack);
	if (!err)
		err = nf_xlat_dev_parse_pairs(conf, old, data, extack);
	if (!err)
		err = nf_xlat_dev_parse_mode(conf, old, data, extack);
	if (err)
		return err;

	if (data[IFLA_XLAT_ERROR4]) {
		addr.ip = nla_get_in_addr(data[IFLA_XLAT_ERROR4]) ? :
			  htonl(NF_XLAT_DEV_ERROR4);
		if (!nf_xlat_addr_legal(NFPROTO_IPV4, &addr))
			return NF_XLAT_DEV_BAD(extack, data[IFLA_XLAT_ERROR4],
					       -EADDRNOTAVAIL,
					       "error: no packet may have this address");
		conf->error4 = addr.ip;
	}
	if (data[IFLA_XLAT_MTU]) {
		conf->mtu = nla_get_u32(data[IFLA_XLAT_MTU]);
		if (conf->mtu && (conf->mtu < IPV6_MIN_MTU || conf->mtu > IP_MAX_MTU))
			return NF_XLAT_DEV_BAD(extack, data[IFLA_XLAT_MTU], -ERANGE,
					       "mtu: it is not 1280 to 65535");
	}
	if (data[IFLA_XLAT_HOST]) {
		if (old && !old->host)
			return NF_XLAT_DEV_BAD(extack, data[IFLA_XLAT_HOST],
					       -EOPNOTSUPP,
					       "host: it cannot be set later: make another device");
		conf->host = true;
	}

	if (conf->mode == IF_XLAT_STATELESS)
		return !data[IFLA_XLAT_FAST] ? 0 :
		       NF_XLAT_DEV_BAD(extack, data[IFLA_XLAT_FAST], -EINVAL,
				       "fast: it is of sessions, which masquerade and snat make");
	if (conf->dom.prefix.kind == NF_XLAT_MAP_NONE)
		return NF_XLAT_DEV_BAD(extack, data[IFLA_XLAT_MODE], -EINVAL,
				       "prefix: masquerade and snat need one");
	if (conf->n_pairs)
		return NF_XLAT_DEV_BAD(extack, data[IFLA_XLAT_PAIRS_ADD] ? :
				       data[IFLA_XLAT_PAIRS], -EINVAL,
				       "pairs are without state: not with masquerade or snat");
	if (conf->host)
		return NF_XLAT_DEV_BAD(extack, data[IFLA_XLAT_HOST], -EINVAL,
				       "host is without state: not with masquerade or snat");
	conf->range.prefix = conf->dom.prefix.prefix;
	conf->range.mtu = conf->mtu;
	return 0;
}

/* How many pairs there may be in the end */
static unsigned int nf_xlat_dev_max_pairs(const struct nf_xlat_dev_conf *old,
					  struct nlattr *data[])
{
	unsigned int n = old ? old->n_pairs : 0;
	const unsigned int size = nla_total_size(sizeof(struct if_xlat_pair));

	if (data[IFLA_XLAT_PAIRS])
		n = nla_len(data[IFLA_XLAT_PAIRS]) / size;
	if (data[IFLA_XLAT_PAIRS_ADD])
		n += nla_len(data[IFLA_XLAT_PAIRS_ADD]) / size;
	return n;
}

static struct nf_xlat_dev_conf *
nf_xlat_dev_conf_make(const struct nf_xlat_dev_conf *old, struct nlattr *data[],
		      struct netlink_ext_ack *extack)
{
	struct nlattr *none[IFLA_XLAT_MAX + 1] = {};
	struct nf_xlat_dev_conf *conf;
	int err;

	if (!data)
		data = none;
	conf = nf_xlat_dev_conf_alloc(old, nf_xlat_dev_max_pairs(old, data));
	if (!conf)
		return ERR_PTR(-ENOMEM);
	err = nf_xlat_dev_parse(conf, old, data, extack);
	if (err) {
		kvfree(conf);
		return ERR_PTR(err);
	}
	return conf;
}

/* What the attribute names has the fast path when this returns 0. */
static int nf_xlat_dev_fast_get(struct nf_xlat_dev_fast *fast,
				struct net *net, u8 owner,
				const struct nlattr *attr,
				struct netlink_ext_ack *extack)
{
	unsigned int n = nla_len(attr) / sizeof(u32);
	const struct nf_xlat_flow_ops *flow;
	struct nf_xlat_ft *ft;

	*fast = (struct nf_xlat_dev_fast){};
	if (nla_len(attr) % sizeof(u32))
		return NF_XLAT_DEV_BAD(extack, attr, -EINVAL,
				       "fast: not an array of indexes of devices");
	if (!n)
		return 0;
	if (!owner)
		return NF_XLAT_DEV_BAD(extack, attr, -ENOSPC,
				       "fast: there are 63 other devices with state, which is as many as can have it");
	/* Its initialisation takes RTNL, so it cannot be loaded here. */
	flow = nf_xlat_flow_ops_get();
	if (!flow)
		return NF_XLAT_DEV_BAD(extack, attr, -ENOENT,
				       "fast: the module nf_xlat_flow is not loaded");
	ft = flow->get_devs(net, owner, nla_data(attr), n);
	if (!IS_ERR(ft)) {
		fast->flow = flow;
		fast->ft = ft;
		return 0;
	}

	module_put(flow->owner);
	if (PTR_ERR(ft) == -ENODEV)
		NL_SET_ERR_MSG_ATTR(extack, attr, "fast: there is no device of this index");
	else if (PTR_ERR(ft) == -EEXIST)
		NL_SET_ERR_MSG_ATTR(extack, attr, "fast: a device is named twice");
	return PTR_ERR(ft);
}

static int nf_xlat_dev_newlink(NF_XLAT_NEWLINK_ARGS)
{
	struct nlattr **attrs = NF_XLAT_NEWLINK_DATA;
	const struct nlattr *fast = attrs ? attrs[IFLA_XLAT_FAST] : NULL;
	struct nf_xlat_dev *xd = netdev_priv(dev);
	struct nf_xlat_dev_conf *conf;
	bool stateful;
	int err = 0;

	if (fast && !net_eq(NF_XLAT_NEWLINK_NET, dev_net(dev)))
		return NF_XLAT_DEV_BAD(extack, fast, -EINVAL,
				       "fast: of a device in another namespace: set it there");
	conf = nf_xlat_dev_conf_make(NULL, attrs, extack);
	if (IS_ERR(conf))
		return PTR_ERR(conf);
	stateful = conf->mode != IF_XLAT_STATELESS;
	if (stateful)
		err = nf_xlat_ct_netns_get(dev_net(dev), true);
	if (err == -EOPNOTSUPP)
		NL_SET_ERR_MSG_MOD(extack, "no state on this kernel, its log says why");
	if (err) {
		kvfree(conf);
		return err;
	}

	rcu_assign_pointer(xd->conf, conf);
	err = register_netdevice(dev);
	if (err && !xd->inited) {
		if (stateful)
			nf_xlat_ct_netns_put(dev_net(dev));
		kvfree(conf);
	}
	if (err || !stateful)
		return err;

	if (fast) {
		err = nf_xlat_dev_fast_get(&xd->fast, dev_net(dev),
					   conf->range.owner, fast, extack);
		if (err)
			unregister_netdevice(dev);
	} else if (!conf->range.owner) {
		NL_SET_ERR_MSG_MOD(extack,
				   "63 devices with state have counters already: this one counts nothing");
	}
	return err;
}

static int nf_xlat_dev_changelink(struct net_device *dev, struct nlattr *tb[],
				  struct nlattr *data[],
				  struct netlink_ext_ack *extack)
{
	struct nf_xlat_dev *xd = netdev_priv(dev);
	struct nf_xlat_dev_conf *old = rtnl_dereference(xd->conf), *conf;
	struct nf_xlat_dev_fast fast;
	int err;

	if (!data)
		return 0;
	conf = nf_xlat_dev_conf_make(old, data, extack);
	if (IS_ERR(conf))
		return PTR_ERR(conf);
	if (data[IFLA_XLAT_FAST]) {
		err = nf_xlat_dev_fast_get(&fast, dev_net(dev), conf->range.owner,
					   data[IFLA_XLAT_FAST], extack);
		if (err) {
			kvfree(conf);
			return err;
		}
		nf_xlat_dev_fast_put(&xd->fast);
		xd->fast = fast;
	}
	rcu_assign_pointer(xd->conf, conf);
	kvfree_rcu(old, rcu);
	return 0;
}

static size_t nf_xlat_dev_get_size(const struct net_device *dev)
{
	const struct nf_xlat_dev *xd = netdev_priv(dev);
	const struct nf_xlat_dev_conf *conf;
	size_t pairs = 0;

	rcu_read_lock();
	conf = rcu_dereference(xd->conf);
	if (conf)
		pairs = conf->n_pairs;
	rcu_read_unlock();
	return nla_total_size(sizeof(struct in6_addr)) +	/* PREFIX */
	       nla_total_size(sizeof(u8)) +			/* PREFIX_LEN */
	       nla_total_size(0) +				/* NON_GLOBAL */
	       nla_total_size(0) +				/* PAIRS */
	       pairs * nla_total_size(sizeof(struct if_xlat_pair)) +
	       nla_total_size(sizeof(__be32)) +			/* ERROR4 */
	       nla_total_size(sizeof(u32)) +			/* MTU */
	       nla_total_size(0) +				/* HOST */
	       nla_total_size(sizeof(u8)) +			/* MODE */
	       2 * nla_total_size(sizeof(__be32)) +		/* ADDR_ */
	       2 * nla_total_size(sizeof(__be16)) +		/* PORT_ */
	       nla_total_size(sizeof(u32)) +			/* NAT_FLAGS */
	       2 * nla_total_size(sizeof(u8)) +			/* MAPPING, FILTERING */
	       nla_total_size(IF_XLAT_MAX_FAST * sizeof(u32));	/* FAST */
}

static int nf_xlat_dev_fill_pairs(struct sk_buff *skb,
				  const struct nf_xlat_dev_conf *conf)
{
	struct nlattr *nest;
	unsigned int i;

	if (!conf->n_pairs)
		return 0;
	nest = nla_nest_start(skb, IFLA_XLAT_PAIRS);
	if (!nest)
		return -EMSGSIZE;
	for (i = 0; i < conf->n_pairs; i++) {
		const struct nf_xlat_eam *eam = &conf->pairs4.eams[i];
		const struct if_xlat_pair pair = {
			.addr6	= eam->addr6,
			.addr4	= eam->addr4,
			.len6	= eam->len6,
			.len4	= eam->len4,
		};

		if (nla_put(skb, IFLA_XLAT_PAIR, sizeof(pair), &pair))
			return -EMSGSIZE;
	}
	nla_nest_end(skb, nest);
	return 0;
}

static int nf_xlat_dev_fill_range(struct sk_buff *skb,
				  const struct nf_xlat_ct_range *range)
{
	u32 flags = range->flags & NF_XLAT_DEV_NAT_FLAGS;

	if (!range->masq &&
	    (nla_put_in_addr(skb, IFLA_XLAT_ADDR_MIN, range->min_addr.ip) ||
	     nla_put_in_addr(skb, IFLA_XLAT_ADDR_MAX, range->max_addr.ip)))
		return -EMSGSIZE;
	if (range->flags & NF_NAT_RANGE_PROTO_SPECIFIED &&
	    (nla_put_be16(skb, IFLA_XLAT_PORT_MIN, range->min_proto) ||
	     nla_put_be16(skb, IFLA_XLAT_PORT_MAX, range->max_proto)))
		return -EMSGSIZE;
	if ((flags && nla_put_u32(skb, IFLA_XLAT_NAT_FLAGS, flags)) ||
	    (range->per_session &&
	     nla_put_u8(skb, IFLA_XLAT_MAPPING,
			NFT_XLAT_MAPPING_ADDRESS_PORT_DEPENDENT)) ||
	    (range->filter &&
	     nla_put_u8(skb, IFLA_XLAT_FILTERING,
			NFT_XLAT_FILTERING_ADDRESS_DEPENDENT)))
		return -EMSGSIZE;
	return 0;
}

static int nf_xlat_dev_fill_conf(struct sk_buff *skb,
				 const struct nf_xlat_dev_conf *conf)
{
	const struct nf_xlat_prefix *prefix = &conf->dom.prefix.prefix;

	if (conf->dom.prefix.kind == NF_XLAT_MAP_PREFIX &&
	    (nla_put_in6_addr(skb, IFLA_XLAT_PREFIX, &prefix->addr) ||
	     nla_put_u8(skb, IFLA_XLAT_PREFIX_LEN, prefix->len) ||
	     (prefix->non_global && nla_put_flag(skb, IFLA_XLAT_NON_GLOBAL))))
		return -EMSGSIZE;
	if ((conf->host && nla_put_flag(skb, IFLA_XLAT_HOST)) ||
	    (conf->error4 != htonl(NF_XLAT_DEV_ERROR4) &&
	     nla_put_in_addr(skb, IFLA_XLAT_ERROR4, conf->error4)) ||
	    (conf->mtu && nla_put_u32(skb, IFLA_XLAT_MTU, conf->mtu)))
		return -EMSGSIZE;
	if (conf->mode == IF_XLAT_STATELESS)
		return nf_xlat_dev_fill_pairs(skb, conf);
	if (nla_put_u8(skb, IFLA_XLAT_MODE, conf->mode))
		return -EMSGSIZE;
	return nf_xlat_dev_fill_range(skb, &conf->range);
}

/* Those that are there; a device that has gone has lost its part. */
static int nf_xlat_dev_fill_fast(struct sk_buff *skb,
				 const struct nf_xlat_dev_fast *fast)
{
	u32 ifindex[IF_XLAT_MAX_FAST];
	unsigned int n;

	if (!fast->ft)
		return 0;
	n = fast->flow->devs(fast->ft, ifindex, ARRAY_SIZE(ifindex));
	return n ? nla_put(skb, IFLA_XLAT_FAST, n * sizeof(*ifindex), ifindex) : 0;
}

static int nf_xlat_dev_fill_info(struct sk_buff *skb,
				 const struct net_device *dev)
{
	const struct nf_xlat_dev *xd = netdev_priv(dev);
	const struct nf_xlat_dev_conf *conf;
	int err = 0;

	rcu_read_lock();
	conf = rcu_dereference(xd->conf);
	if (conf)
		err = nf_xlat_dev_fill_conf(skb, conf);
	rcu_read_unlock();
	return err ? : nf_xlat_dev_fill_fast(skb, &xd->fast);
}

static struct rtnl_link_ops nf_xlat_dev_link_ops __read_mostly = {
	.kind		= "xlat",
	.maxtype	= IFLA_XLAT_MAX,
	.policy		= nf_xlat_dev_policy,
	.priv_size	= sizeof(struct nf_xlat_dev),
	.setup		= nf_xlat_dev_setup,
	.newlink	= nf_xlat_dev_newlink,
	.changelink	= nf_xlat_dev_changelink,
	.get_size	= nf_xlat_dev_get_size,
	.fill_info	= nf_xlat_dev_fill_info,
};

static int __init nf_xlat_dev_module_init(void)
{
	return rtnl_link_register(&nf_xlat_dev_link_ops);
}

static void __exit nf_xlat_dev_module_exit(void)
{
	rtnl_link_unregister(&nf_xlat_dev_link_ops);
}

module_init(nf_xlat_dev_module_init);
module_exit(nf_xlat_dev_module_exit);

MODULE_LICENSE("GPL");
MODULE_VERSION(NF_XLAT_VERSION);
MODULE_ALIAS_RTNL_LINK("xlat");
MODULE_DESCRIPTION("Device that translates between IPv4 and IPv6");
