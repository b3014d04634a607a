// SPDX-License-Identifier: GPL-2.0-only
/*
 * The route of a packet in the family that it goes on in.
 */

#include <linux/inetdevice.h>
#include <linux/jhash.h>
#include <linux/net.h>
#include <linux/slab.h>
#include <net/dst.h>
#include <net/flow.h>
#include <net/inet_ecn.h>
#include <net/ip.h>
#include <net/ip6_fib.h>
#include <net/ip6_route.h>
#include <net/ip_fib.h>
#include <net/ipv6.h>
#include <net/l3mdev.h>
#include <net/lwtunnel.h>
#include <net/nexthop.h>
#include <net/route.h>
#include <net/sock.h>
#include <net/xfrm.h>
#include "compat.h"
#include "nf_xlat_internal.h"

static u32 nf_xlat_hop_rnd __read_mostly;

/* Routes of nf_xlat_hop_route() in a bucket, those included that only packets have */
#define NF_XLAT_HOPS_MAX	16

/**
 * struct nf_xlat_hop - a route that nf_xlat_hop_route() has made
 *
 * @node: in a bucket of the namespace
 * @rt: the route; this is one reference
 * @rcu: to free it
 */
struct nf_xlat_hop {
	struct hlist_node	node;
	struct rtable		*rt;
	struct rcu_head		rcu;
};

/* Does this route lead to that next hop, with the metrics of @fi? */
static bool nf_xlat_same_hop(struct rtable *rt, const struct fib_info *fi,
			     const struct fib_nh_common *nhc)
{
	const struct dst_metrics *metrics = fi->fib_metrics;

	if (memcmp(dst_metrics_ptr(&rt->dst), metrics->metrics,
		   sizeof(metrics->metrics)))
		return false;
	if (nhc->nhc_dev != dst_dev_rcu(&rt->dst) ||
	    nhc->nhc_lwtstate != rt->dst.lwtstate)
		return false;
	if (!nhc->nhc_gw_family || nhc->nhc_scope != RT_SCOPE_LINK)
		return !rt->rt_uses_gateway;
	return rt->rt_uses_gateway && rt->rt_gw_family == nhc->nhc_gw_family &&
	       (rt->rt_gw_family == AF_INET ?
		rt->rt_gw4 == nhc->nhc_gw.ipv4 :
		ipv6_addr_equal(&rt->rt_gw6, &nhc->nhc_gw.ipv6));
}

/*
 * As fib_select_multipath(): the same one for all packets between two hosts, or with a
 * fib_multipath_hash_policy of 1, of a flow
 */
static const struct fib_nh_common *
nf_xlat_choose_hop(struct net *net, const struct flowi4 *fl4,
		   struct fib_result *res)
{
	const struct fib_nh_common *nhc;
	unsigned int i;
	u32 ports = 0;
	int hash;

	if (fib_info_num_path(res->fi) == 1)
		return res->nhc;
	net_get_random_once(&nf_xlat_hop_rnd, sizeof(nf_xlat_hop_rnd));
#ifdef CONFIG_IP_ROUTE_MULTIPATH
	if (READ_ONCE(net->ipv4.sysctl_fib_multipath_hash_policy) == 1)
		ports = fl4->flowi4_proto ^ (__force u32)fl4->fl4_sport << 16 ^
			(__force u32)fl4->fl4_dport;
#endif
	hash = jhash_3words((__force u32)fl4->saddr, (__force u32)fl4->daddr,
			    ports, nf_xlat_hop_rnd) >> 1;
	if (res->fi->nh) {
		nexthop_path_fib_result(res, hash);
		return res->nhc;
	}
	for (i = 0; i < fib_info_num_path(res->fi); i++) {
		nhc = fib_info_nhc(res->fi, i);
		if (!(nhc->nhc_flags & RTNH_F_DEAD) &&
		    hash <= atomic_read(&nhc->nhc_upper_bound))
			return nhc;
	}
	return res->nhc;
}

/* As __mkroute_output() and rt_set_nexthop() make it */
static struct rtable *nf_xlat_hop_alloc(const struct fib_result *res,
					const struct fib_nh_common *nhc)
{
	struct net_device *dev = nhc->nhc_dev;
	struct in_device *in_dev = __in_dev_get_rcu(dev);
	struct rtable *rt;

	/* One that is going has none, and its routes are dead. */
	if (!in_dev || !(dev->flags & IFF_UP))
		return NULL;
	rt = rt_dst_alloc(dev, dev->flags & IFF_LOOPBACK ? RTCF_LOCAL : 0,
			  RTN_UNICAST, IN_DEV_ORCONF(in_dev, NOXFRM));
	if (!rt)
		return NULL;
	if (nhc->nhc_gw_family && nhc->nhc_scope == RT_SCOPE_LINK) {
		rt->rt_uses_gateway = 1;
		rt->rt_gw_family = nhc->nhc_gw_family;
		if (nhc->nhc_gw_family == AF_INET)
			rt->rt_gw4 = nhc->nhc_gw.ipv4;
		else
			rt->rt_gw6 = nhc->nhc_gw.ipv6;
	}
	ip_dst_init_metrics(&rt->dst, res->fi->fib_metrics);
	rt->dst.lwtstate = lwtstate_get(nhc->nhc_lwtstate);
	lwtunnel_set_redirect(&rt->dst);
	return rt;
}

/* Does the output lookup find the route @fi, too? It chooses among its next hops, then. */
static noinline bool nf_xlat_same_route(struct net *net,
					const struct flowi4 *fl4,
					const struct fib_info *fi)
{
	struct fib_result res = {};
	struct flowi4 own = *fl4;

	own.flowi4_iif = LOOPBACK_IFINDEX;
	return !fib_lookup(net, &own, &res, 0) && res.fi == fi;
}

/*
 * Who still has the route gets a blackhole for its device, as with core's own routes when
 * their device goes.
 */
static void nf_xlat_hop_free(struct rcu_head *rcu)
{
	struct nf_xlat_hop *hop = container_of(rcu, struct nf_xlat_hop, rcu);

	dst_dev_put(&hop->rt->dst);
	dst_release(&hop->rt->dst);
	kfree(hop);
}

/* Who has found the route a moment ago may use its device until the grace period ends. */
static void nf_xlat_hop_del(struct nf_xlat_hop *hop)
{
	hlist_del_rcu(&hop->node);
	call_rcu_hurry(&hop->rcu, nf_xlat_hop_free);
}

/* Core's own routes end, too, when an address, a route or a rule of the namespace changes. */
static bool nf_xlat_hop_old(const struct net *net, const struct nf_xlat_hop *hop)
{
	return hop->rt->rt_genid != rt_genid_ipv4(net);
}

/*
 * Is there room in a bucket? Old routes that nobody has are removed. If that is not
 * enough, all old routes are, which ends the flows that have them, and all that nobody has.
 */
static bool nf_xlat_hops_room(const struct net *net, struct hlist_head *head)
{
	unsigned int count, full = 0;
	struct nf_xlat_hop *hop;
	struct hlist_node *n;

	do {
		count = 0;
		hlist_for_each_entry_safe(hop, n, head, node) {
			bool old = nf_xlat_hop_old(net, hop);
			bool idle = nf_xlat_dst_refs(&hop->rt->dst) == 1;

			if (full ? old || idle : old && idle)
				nf_xlat_hop_del(hop);
			else
				count++;
		}
	} while (count >= NF_XLAT_HOPS_MAX && !full++);
	return count < NF_XLAT_HOPS_MAX;
}

/* RCU read side, or the lock */
static struct rtable *nf_xlat_hop_find(struct net *net, struct hlist_head *head,
				       const struct fib_result *res,
				       const struct fib_nh_common *nhc)
{
	struct nf_xlat_hop *hop;

	hlist_for_each_entry_rcu(hop, head, node) {
		if (!nf_xlat_hop_old(net, hop) &&
		    nf_xlat_same_hop(hop->rt, res->fi, nhc) &&
		    dst_hold_safe(&hop->rt->dst))
			return hop->rt;
	}
	return NULL;
}

/**
 * nf_xlat_hops_forget - let go the routes to a device
 * @xn: the engine's data of the device's namespace
 * @dev: the device, which goes, or NULL for all
 *
 * Process context or softirq.
 */
void nf_xlat_hops_forget(struct nf_xlat_net *xn, const struct net_device *dev)
{
	struct nf_xlat_hop *hop;
	struct hlist_node *n;
	unsigned int i;

	spin_lock_bh(&xn->hop_lock);
	for (i = 0; i < NF_XLAT_HOP_BUCKETS; i++) {
		hlist_for_each_entry_safe(hop, n, &xn->hops[i], node) {
			if (!dev || hop->rt->dst.dev == dev)
				nf_xlat_hop_del(hop);
		}
	}
	spin_unlock_bh(&xn->hop_lock);
}

/*
 * The route to a next hop. Core does not know of it, so that it is kept here: packets and
 * flows take it for as long as they like, in a user's queue or a queueing discipline, and
 * when the device goes nf_xlat_hops_forget() takes the device from the route.
 */
static struct rtable *nf_xlat_hop_route(struct net *net,
					const struct fib_result *res,
					const struct fib_nh_common *nhc)
{
	struct nf_xlat_net *xn = nf_xlat_pernet(net);
	struct hlist_head *head;
	struct nf_xlat_hop *hop;
	struct rtable *rt;
	u32 hash;

	if (!nhc->nhc_dev)
		return ERR_PTR(-ENETUNREACH);
	hash = jhash(&nhc->nhc_gw, sizeof(nhc->nhc_gw), nhc->nhc_dev->ifindex);
	head = &xn->hops[hash % NF_XLAT_HOP_BUCKETS];
	rt = nf_xlat_hop_find(net, head, res, nhc);
	if (rt)
		return rt;

	hop = kmalloc(sizeof(*hop), GFP_ATOMIC | __GFP_ACCOUNT);
	if (!hop)
		return ERR_PTR(-ENOBUFS);
	spin_lock_bh(&xn->hop_lock);
	/* Another CPU may have added it meanwhile. */
	rt = nf_xlat_hop_find(net, head, res, nhc);
	if (!rt && nf_xlat_hops_room(net, head)) {
		rt = nf_xlat_hop_alloc(res, nhc);
		if (rt) {
			hop->rt = rt;
			dst_hold(&rt->dst);
			hlist_add_head_rcu(&hop->node, head);
			hop = NULL;
		}
	}
	spin_unlock_bh(&xn->hop_lock);
	kfree(hop);
	return rt ? : ERR_PTR(-ENOBUFS);
}

/*
 * An output lookup tells rules that the packet is of this host, and an input lookup
 * takes a pool address of this host for a martian. So where there are rules, ask them, and
 * where they lead elsewhere than the output lookup, go to the next hop that they name.
 */
static noinline struct rtable *
nf_xlat_route4_rules(struct net *net, struct flowi4 *fl4,
		     const struct net_device *in)
{
	const struct fib_nh_common *nhc;
	struct fib_result res = {};
	struct flowi4 rule = *fl4;
	struct rtable *rt;
	int err;

	rule.flowi4_iif = in->ifindex;
	rule.flowi4_oif = 0;
	err = fib_lookup(net, &rule, &res, 0);
	if (err)
		return ERR_PTR(err);
	if (res.type != RTN_UNICAST ||
	    (fib_info_num_path(res.fi) > 1 &&
	     nf_xlat_same_route(net, fl4, res.fi)))
		return __ip_route_output_key(net, fl4);

	nhc = nf_xlat_choose_hop(net, &rule, &res);
	rt = __ip_route_output_key(net, fl4);
	/* It has the source of its own route. */
	fl4->saddr = rule.saddr ? : res.fi->fib_prefsrc;
	if (!IS_ERR(rt)) {
		if (nf_xlat_same_hop(rt, res.fi, nhc))
			return rt;
		ip_rt_put(rt);
	}
	return nf_xlat_hop_route(net, &res, nhc);
}

/* Functions of their own, so that one family's flow is not on the other one's stack. */
static noinline struct dst_entry *
nf_xlat_route4(struct net *net, const struct sock *sk, u32 mark, int oif,
	       const struct nf_xlat_flowi *fl, union nf_inet_addr *src)
{
	__be32 saddr = fl->saddr ? fl->saddr->ip : 0;
	__be32 daddr = fl->daddr->ip;
	struct flowi4 fl4;
	struct rtable *rt;

	/*
	 * ANYSRC: the source is a client's or a pool's, seldom our own. An
	 * input lookup would call a pool address of ours a martian. To a group, a source
	 * would be taken for an address of this host.
	 */
	flowi4_init_output(&fl4, oif, mark, nf_xlat_fib_tos(fl->tos & ~INET_ECN_MASK),
			   RT_SCOPE_UNIVERSE, fl->proto, FLOWI_FLAG_ANYSRC,
			   daddr, fl->masq || ipv4_is_multicast(daddr) ? 0 : saddr,
			   fl->uli.ports.dport, fl->sport, sock_net_uid(net, sk));
	if (unlikely(fl->in && fib4_has_custom_rules(net)))
		rt = nf_xlat_route4_rules(net, &fl4, fl->in);
	else
		rt = __ip_route_output_key(net, &fl4);
	if (IS_ERR(rt))
		return ERR_CAST(rt);
	if (src)
		/* A route that leaks from one VRF to another prefers none. */
		src->ip = fl4.saddr ? :
			inet_select_addr(dst_dev_rcu(&rt->dst),
					 rt_nexthop(rt, daddr),
					 RT_SCOPE_UNIVERSE);
	if (!fl->policy)
		return &rt->dst;

	/* As ip_route_output_flow() */
	if (saddr)
		fl4.saddr = saddr;
	fl4.uli = fl->uli;
	fl4.flowi4_oif = dst_dev_rcu(&rt->dst)->ifindex;
	return xfrm_lookup_route(net, &rt->dst, flowi4_to_flowi(&fl4), sk, 0);
}

static noinline struct dst_entry *
nf_xlat_route6(struct net *net, const struct sock *sk, u32 mark, int oif,
	       const struct nf_xlat_flowi *fl)
{
	struct flowi6 fl6 = {
		.flowi6_oif	= oif,
		.flowi6_mark	= mark,
		.flowi6_proto	= fl->proto,
		.flowi6_flags	= FLOWI_FLAG_ANYSRC,
		.flowi6_uid	= sock_net_uid(net, sk),
		.flowlabel	= ip6_make_flowinfo(fl->tos & ~INET_ECN_MASK, 0),
		.daddr		= fl->daddr->in6,
		.uli		= fl->uli,
	};
	struct dst_entry *dst;
	int err;

	if (fl->saddr)
		fl6.saddr = fl->saddr->in6;

	if (fl->policy)
		return ip6_dst_lookup_flow(net, sk, &fl6, NULL);
	if (fl->in) {
		/* It has no reverse path check, nor does it mind addresses of this host. */
		fl6.flowi6_oif = 0;
		fl6.flowi6_iif = fl->in->ifindex;
		fl6.fl6_sport = fl->sport;
		dst = ip6_route_input_lookup(net, (struct net_device *)fl->in,
					     &fl6, NULL, RT6_LOOKUP_F_HAS_SADDR);
	} else {
		dst = ip6_route_output(net, sk, &fl6);
	}
	err = dst->error;
	if (err) {
		dst_release(dst);
		return ERR_PTR(err);
	}
	return dst;
}

/**
 * nf_xlat_route - route of a packet in the family that it goes on in
 * @net: network namespace
 * @way: where it is, or NULL: in LOCAL_OUT the socket has a say
 * @skb: packet, for its mark and its device's L3 domain
 * @pf: family to route in
 * @fl: what else the route is looked up by
 * @src: with @pf NFPROTO_IPV4, where to put the address that the route
 *	prefers as source; may be NULL
 *
 * As for any packet that this host forwards, or sends if there is no @fl->in, but without
 * a reverse path check. RCU read side.
 *
 * Return: a reference to the route, or an ERR_PTR, which is -EPERM for a policy that
 * blocks.
 */
struct dst_entry *nf_xlat_route(struct net *net,
				const struct nf_xlat_way *way,
				const struct sk_buff *skb, u8 pf,
				const struct nf_xlat_flowi *fl,
				union nf_inet_addr *src)
{
	const struct net_device *dev = skb->dev;
	const struct sock *sk = NULL;
	int oif = 0;

	if (way && way->at == NF_INET_LOCAL_OUT) {
		sk = sk_to_full_sk(way->sk);
		if (sk && sk_fullsock(sk))
			oif = READ_ONCE(sk->sk_bound_dev_if);
		else
			sk = NULL;
		if (skb_dst(skb))
			dev = dst_dev_rcu(skb_dst(skb));
	}
	if (!oif && dev)
		oif = l3mdev_master_ifindex_rcu(dev);

	if (pf == NFPROTO_IPV4)
		return nf_xlat_route4(net, sk, skb->mark, oif, fl, src);
	return nf_xlat_route6(net, sk, skb->mark, oif, fl);
}
EXPORT_SYMBOL_GPL(nf_xlat_route);
