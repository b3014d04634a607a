// SPDX-License-Identifier: GPL-2.0-only
/*
 * The route of a translated packet, in its new family.
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

static u32 nf_xlat_multipath_rnd __read_mostly;

/* How many routes of nf_xlat_rt_get() a bucket may hold */
#define NF_XLAT_RT_BUCKET_MAX	16

/**
 * struct nf_xlat_rt - a route that nf_xlat_rt_get() or nf_xlat_local_route() has made
 *
 * @node: in a list of the namespace
 * @rt: the route, of which this holds one reference
 * @rcu: for nf_xlat_rt_free()
 */
struct nf_xlat_rt {
	struct hlist_node	node;
	struct rtable		*rt;
	struct rcu_head		rcu;
};

/* Does the route @rt lead to the next hop @nhc, with the metrics of @fi? */
static bool nf_xlat_same_nexthop(struct rtable *rt, const struct fib_info *fi,
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
 * Choose a next hop as fib_select_multipath() does: the same one for all packets between two
 * hosts, or for all packets of a flow if fib_multipath_hash_policy is 1.
 */
static const struct fib_nh_common *
nf_xlat_select_nexthop(struct net *net, const struct flowi4 *fl4,
		       struct fib_result *res)
{
	const struct fib_nh_common *nhc;
	unsigned int i;
	u32 ports = 0;
	int hash;

	if (fib_info_num_path(res->fi) == 1)
		return res->nhc;
	net_get_random_once(&nf_xlat_multipath_rnd, sizeof(nf_xlat_multipath_rnd));
#ifdef CONFIG_IP_ROUTE_MULTIPATH
	if (READ_ONCE(net->ipv4.sysctl_fib_multipath_hash_policy) == 1)
		ports = fl4->flowi4_proto ^ (__force u32)fl4->fl4_sport << 16 ^
			(__force u32)fl4->fl4_dport;
#endif
	hash = jhash_3words((__force u32)fl4->saddr, (__force u32)fl4->daddr,
			    ports, nf_xlat_multipath_rnd) >> 1;
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

/* Make a route to a next hop, as __mkroute_output() and rt_set_nexthop() do. */
static struct rtable *nf_xlat_rt_alloc(const struct fib_result *res,
				       const struct fib_nh_common *nhc)
{
	struct net_device *dev = nhc->nhc_dev;
	struct in_device *in_dev = __in_dev_get_rcu(dev);
	struct rtable *rt;

	/* A device that is being unregistered is down, or has lost its in_device already. */
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

/*
 * Does the look-up for a packet of this host find the route @fi, too? If so, the caller lets
 * __ip_route_output_key() choose among the next hops of @fi.
 */
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
 * Packets and flows may still hold the route. So dst_dev_put() replaces its device by
 * blackhole_netdev, as core does with its own routes when their device goes.
 */
static void nf_xlat_rt_free(struct rcu_head *rcu)
{
	struct nf_xlat_rt *xrt = container_of(rcu, struct nf_xlat_rt, rcu);

	dst_dev_put(&xrt->rt->dst);
	dst_release(&xrt->rt->dst);
	kfree(xrt);
}

/*
 * Remove a route. Another CPU may have found it a moment ago, and may use its device until the
 * grace period ends. The caller holds rt_lock.
 */
static void nf_xlat_rt_del(struct nf_xlat_rt *xrt)
{
	hlist_del_rcu(&xrt->node);
	call_rcu_hurry(&xrt->rcu, nf_xlat_rt_free);
}

/*
 * Has an address, a route or a rule changed since the route was made? Core checks its own routes
 * the same way.
 */
static bool nf_xlat_rt_is_stale(const struct net *net, const struct nf_xlat_rt *xrt)
{
	return xrt->rt->rt_genid != rt_genid_ipv4(net);
}

/*
 * Make room in a bucket. The first round removes routes that are old and that nobody else
 * holds. If there is still no room, the second round removes routes that are old or that nobody
 * else holds. A flow that holds an old route ends then, since nf_xlat_rt_free() takes the
 * device from the route. The caller holds rt_lock. Return whether there is room.
 */
static bool nf_xlat_rt_gc(const struct net *net, struct hlist_head *head)
{
	unsigned int count, full = 0;
	struct nf_xlat_rt *xrt;
	struct hlist_node *n;

	do {
		count = 0;
		hlist_for_each_entry_safe(xrt, n, head, node) {
			bool old = nf_xlat_rt_is_stale(net, xrt);
			bool idle = nf_xlat_dst_refs(&xrt->rt->dst) == 1;

			if (full ? old || idle : old && idle)
				nf_xlat_rt_del(xrt);
			else
				count++;
		}
	} while (count >= NF_XLAT_RT_BUCKET_MAX && !full++);
	return count < NF_XLAT_RT_BUCKET_MAX;
}

/* Return a reference to a route of the bucket, or NULL. RCU read side, or with rt_lock. */
static struct rtable *nf_xlat_rt_find(struct net *net, struct hlist_head *head,
				      const struct fib_result *res,
				      const struct fib_nh_common *nhc)
{
	struct nf_xlat_rt *xrt;

	hlist_for_each_entry_rcu(xrt, head, node) {
		if (!nf_xlat_rt_is_stale(net, xrt) &&
		    nf_xlat_same_nexthop(xrt->rt, res->fi, nhc) &&
		    dst_hold_safe(&xrt->rt->dst))
			return xrt->rt;
	}
	return NULL;
}

/**
 * nf_xlat_rt_flush_dev - remove the routes by a device that is being unregistered
 * @xn: the engine's data of the device's namespace
 * @dev: the device, or NULL for the routes by all devices
 *
 * Process context or softirq.
 */
void nf_xlat_rt_flush_dev(struct nf_xlat_net *xn, const struct net_device *dev)
{
	struct nf_xlat_rt *xrt;
	struct hlist_node *n;
	unsigned int i;

	spin_lock_bh(&xn->rt_lock);
	for (i = 0; i < ARRAY_SIZE(xn->rts); i++) {
		hlist_for_each_entry_safe(xrt, n, &xn->rts[i], node) {
			if (!dev || xrt->rt->dst.dev == dev)
				nf_xlat_rt_del(xrt);
		}
	}
	spin_unlock_bh(&xn->rt_lock);
}

/*
 * Find the route of nf_xlat_local_route(), without a reference. It depends on no address, route
 * or rule, so it is never old. But a socket drops its cached route when rt_genid differs, so
 * update rt_genid. RCU read side, or with rt_lock.
 */
static struct rtable *nf_xlat_local_find(const struct net *net,
					 const struct nf_xlat_net *xn,
					 const struct net_device *dev)
{
	struct nf_xlat_rt *xrt;

	hlist_for_each_entry_rcu(xrt, &xn->rts[NF_XLAT_RT_LOCAL], node) {
		if (dst_dev_rcu(&xrt->rt->dst) != dev)
			continue;
		if (nf_xlat_rt_is_stale(net, xrt))
			WRITE_ONCE(xrt->rt->rt_genid, rt_genid_ipv4(net));
		return xrt->rt;
	}
	return NULL;
}

/* Make the route of nf_xlat_local_route(), and let @xrt hold it. The caller holds rt_lock. */
static struct rtable *nf_xlat_local_alloc(struct nf_xlat_net *xn,
					  struct nf_xlat_rt *xrt,
					  struct net_device *dev)
{
	/* nf_xlat_rt_flush_dev() may have looked for routes by @dev already. */
	if (dev->reg_state != NETREG_REGISTERED)
		return NULL;
	xrt->rt = rt_dst_alloc(dev, RTCF_LOCAL, RTN_LOCAL, false);
	if (!xrt->rt)
		return NULL;
	xrt->rt->rt_is_input = 1;
	hlist_add_head_rcu(&xrt->node, &xn->rts[NF_XLAT_RT_LOCAL]);
	return xrt->rt;
}

/**
 * nf_xlat_local_route - the IPv4 route of a packet from another host to this host
 * @net: network namespace
 * @dev: the loopback device of @net, or the VRF that the packet is in
 *
 * inet_iif() prefers rt_iif of the route to skb->skb_iif. In a route of __ip_route_output_key()
 * to this host, rt_iif is the device that has the address. In this route rt_iif is 0, as in
 * routes of ip_route_input_slow(), so that inet_iif() tells by which device the packet came in.
 * A socket may cache the route for long, so nf_xlat_rt_flush_dev() has to find it, too. RCU read
 * side.
 *
 * Return: the route, without a reference, valid in the same RCU read side; NULL if there is no
 * memory, or if @dev is being unregistered
 */
struct rtable *nf_xlat_local_route(struct net *net, struct net_device *dev)
{
	struct nf_xlat_net *xn = nf_xlat_pernet(net);
	struct nf_xlat_rt *xrt;
	struct rtable *rt;

	rt = nf_xlat_local_find(net, xn, dev);
	if (likely(rt))
		return rt;

	xrt = kmalloc(sizeof(*xrt), GFP_ATOMIC | __GFP_ACCOUNT);
	if (!xrt)
		return NULL;
	spin_lock_bh(&xn->rt_lock);
	/* Another CPU may have added it meanwhile. */
	rt = nf_xlat_local_find(net, xn, dev);
	if (!rt) {
		rt = nf_xlat_local_alloc(xn, xrt, dev);
		if (rt)
			xrt = NULL;
	}
	spin_unlock_bh(&xn->rt_lock);
	kfree(xrt);
	return rt;
}

/*
 * Find or make the route to a next hop, and return a reference to it. Flows hold the route, and so
 * do packets that wait in nfqueue or in a queueing discipline. They must not keep the device of the
 * route from being unregistered. Core has rt_add_uncached_list() for this, but does not export it.
 * So keep the route in a table, where nf_xlat_rt_flush_dev() finds it.
 */
static struct rtable *nf_xlat_rt_get(struct net *net,
				     const struct fib_result *res,
				     const struct fib_nh_common *nhc)
{
	struct nf_xlat_net *xn = nf_xlat_pernet(net);
	struct hlist_head *head;
	struct nf_xlat_rt *xrt;
	struct rtable *rt;
	u32 hash;

	if (!nhc->nhc_dev)
		return ERR_PTR(-ENETUNREACH);
	hash = jhash(&nhc->nhc_gw, sizeof(nhc->nhc_gw), nhc->nhc_dev->ifindex);
	head = &xn->rts[hash % NF_XLAT_RT_BUCKETS];
	rt = nf_xlat_rt_find(net, head, res, nhc);
	if (rt)
		return rt;

	xrt = kmalloc(sizeof(*xrt), GFP_ATOMIC | __GFP_ACCOUNT);
	if (!xrt)
		return ERR_PTR(-ENOBUFS);
	spin_lock_bh(&xn->rt_lock);
	/* Another CPU may have added it meanwhile. */
	rt = nf_xlat_rt_find(net, head, res, nhc);
	if (!rt && nf_xlat_rt_gc(net, head)) {
		rt = nf_xlat_rt_alloc(res, nhc);
		if (rt) {
			xrt->rt = rt;
			dst_hold(&rt->dst);
			hlist_add_head_rcu(&xrt->node, head);
			xrt = NULL;
		}
	}
	spin_unlock_bh(&xn->rt_lock);
	kfree(xrt);
	return rt ? : ERR_PTR(-ENOBUFS);
}

/*
 * Look up the route of a forwarded packet in a namespace that has routing rules. For
 * __ip_route_output_key() this host has made the packet, so rules with an input device do not
 * match. ip_route_input() would drop a packet whose source is a pool address of this host. So call
 * fib_lookup() for a packet that has come in by @in. If its next hop is not the one that
 * __ip_route_output_key() finds, make a route to it.
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

	nhc = nf_xlat_select_nexthop(net, &rule, &res);
	rt = __ip_route_output_key(net, fl4);
	/* The look-up has stored the preferred source of @rt. Store that of res.fi instead. */
	fl4->saddr = rule.saddr ? : res.fi->fib_prefsrc;
	if (!IS_ERR(rt)) {
		if (nf_xlat_same_nexthop(rt, res.fi, nhc))
			return rt;
		ip_rt_put(rt);
	}
	return nf_xlat_rt_get(net, &res, nhc);
}

/*
 * The user whom routing rules (uidrange) take for the sender of a packet. Nothing else reads it, so
 * do not make a kuid for each packet where there are no such rules.
 */
static kuid_t nf_xlat_route_uid(const struct net *net, const struct sock *sk,
				bool rules)
{
	return sk || rules ? sock_net_uid(net, sk) : GLOBAL_ROOT_UID;
}

/* Two functions, and noinline: then the stack holds the flow of one family only. */
static noinline struct dst_entry *
nf_xlat_route4(struct net *net, const struct sock *sk, u32 mark, int oif,
	       const struct nf_xlat_flowi *fl, union nf_inet_addr *src)
{
	__be32 saddr = fl->saddr ? fl->saddr->ip : 0;
	bool rules = fib4_has_custom_rules(net);
	__be32 daddr = fl->daddr->ip;
	struct flowi4 fl4 __uninitialized;
	struct rtable *rt;

	/*
	 * The source is an address of a client or of a pool. ip_route_input() would drop a pool
	 * address that this host has. FLOWI_FLAG_ANYSRC allows a source that this host does not
	 * have. But if the destination is a multicast group, ip_route_output_key_hash_rcu()
	 * looks for the device that has the source all the same, so leave the source out.
	 */
	flowi4_init_output(&fl4, oif, mark, nf_xlat_fib_tos(fl->tos & ~INET_ECN_MASK),
			   RT_SCOPE_UNIVERSE, fl->proto, FLOWI_FLAG_ANYSRC,
			   daddr, fl->masq || ipv4_is_multicast(daddr) ? 0 : saddr,
			   fl->uli.ports.dport, fl->sport,
			   nf_xlat_route_uid(net, sk, rules));
	if (unlikely(fl->in && rules))
		rt = nf_xlat_route4_rules(net, &fl4, fl->in);
	else
		rt = __ip_route_output_key(net, &fl4);
	if (IS_ERR(rt))
		return ERR_CAST(rt);
	if (src)
		/* A route that leads from one VRF to another has no preferred source. */
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
		.flowlabel	= ip6_make_flowinfo(fl->tos & ~INET_ECN_MASK, 0),
		.daddr		= fl->daddr->in6,
		.uli		= fl->uli,
	};
	struct dst_entry *dst;
	int err;

	if (fl->saddr)
		fl6.saddr = fl->saddr->in6;

	if (!fl->in)
		fl6.flowi6_uid = nf_xlat_route_uid(net, sk, fib6_has_custom_rules(net));
	if (fl->policy)
		return ip6_dst_lookup_flow(net, sk, &fl6, NULL);
	if (fl->in) {
		/*
		 * IPv6's input look-up accepts any source, also one of this host. As in
		 * ip6_route_input(), the user is 0: the host's root, not that of the namespace.
		 */
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
 * nf_xlat_route - look up the route of a packet in the family of its translation
 * @net: network namespace
 * @way: where the packet is, or NULL; in LOCAL_OUT the options of its socket apply
 * @skb: packet, for its mark and the VRF of its device
 * @pf: family to route in
 * @fl: the other keys of the look-up
 * @src: for NFPROTO_IPV4 only, or NULL: stores the source address that the route prefers
 *
 * The look-up is for a packet that this host forwards, or for one that this host sends if @fl->in
 * is NULL. There is no reverse path check. RCU read side.
 *
 * Return: a reference to the route, or an ERR_PTR; -EPERM if an IPsec policy blocks the packet
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
	if (!oif && dev && unlikely(netif_is_l3_master(dev) ||
				    netif_is_l3_slave(dev)))
		oif = l3mdev_master_ifindex_rcu(dev);

	if (pf == NFPROTO_IPV4)
		return nf_xlat_route4(net, sk, skb->mark, oif, fl, src);
	return nf_xlat_route6(net, sk, skb->mark, oif, fl);
}
EXPORT_SYMBOL_GPL(nf_xlat_route);

/**
 * nf_xlat_route_reason - why is there no route?
 * @err: the ERR_PTR of nf_xlat_route()
 *
 * As ip_error() does, distinguish the types of routes and routing rules. The sender gets an ICMP
 * error if a route prohibits its packets, but none if the route is a blackhole. Any context.
 *
 * Return: the reason for which the packet is dropped
 */
enum nf_xlat_reason nf_xlat_route_reason(const struct dst_entry *err)
{
	switch (PTR_ERR(err)) {
	case -EPERM:
		return NF_XLAT_POLICY;
	case -EINVAL:
		return NF_XLAT_BLACKHOLE;
	case -EACCES:
		return NF_XLAT_DADDR;
	case -ENOBUFS:
	case -ENOMEM:
		return NF_XLAT_NOMEM;
	default:
		return NF_XLAT_NOROUTE;
	}
}
EXPORT_SYMBOL_GPL(nf_xlat_route_reason);

/*
 * Two functions, and noinline: then the stack holds the flow of one family only. The flow has the
 * fields that xfrm_decode_session() will find when the packet is forwarded.
 */
static noinline struct dst_entry *
nf_xlat_policy_route4(struct net *net, const struct sk_buff *skb,
		      const struct nf_xlat_flowi *fl, struct dst_entry *dst)
{
	struct flowi4 fl4;

	flowi4_init_output(&fl4, dst_dev_rcu(dst)->ifindex, skb->mark,
			   nf_xlat_fib_tos(fl->tos & ~INET_ECN_MASK),
			   RT_SCOPE_UNIVERSE, fl->proto, 0, fl->daddr->ip,
			   fl->saddr->ip, 0, 0, sock_net_uid(net, NULL));
	fl4.uli = fl->uli;
	return xfrm_lookup(net, dst, flowi4_to_flowi(&fl4), NULL,
			   XFRM_LOOKUP_KEEP_DST_REF);
}

static noinline struct dst_entry *
nf_xlat_policy_route6(struct net *net, const struct sk_buff *skb,
		      const struct nf_xlat_flowi *fl, struct dst_entry *dst)
{
	struct flowi6 fl6 = {
		.flowi6_oif	= dst_dev_rcu(dst)->ifindex,
		.flowi6_mark	= skb->mark,
		.flowi6_proto	= fl->proto,
		.saddr		= fl->saddr->in6,
		.daddr		= fl->daddr->in6,
		.uli		= fl->uli,
	};

	return xfrm_lookup(net, dst, flowi6_to_flowi(&fl6), NULL,
			   XFRM_LOOKUP_KEEP_DST_REF);
}

/**
 * nf_xlat_policy_route - the route of a forwarded packet with the transformations of IPsec
 * @net: network namespace
 * @skb: packet, for its mark
 * @pf: family of the route
 * @fl: the keys that the route was looked up by
 * @dst: the route without transformations; the caller keeps its reference
 *
 * nf_xlat_route_check() needs only the MTU of the result, and attaches @dst to the packet. When the
 * packet has passed PRE_ROUTING of family @pf, nf_xlat_forward() looks up the policies again, and
 * drops the packet if one of them blocks it. So an error does not matter here. RCU read side.
 *
 * Return: a reference to the route with transformations; to @dst if there are none, and on error
 */
struct dst_entry *nf_xlat_policy_route(struct net *net,
				       const struct sk_buff *skb, u8 pf,
				       const struct nf_xlat_flowi *fl,
				       struct dst_entry *dst)
{
	struct dst_entry *res;

	dst_hold(dst);
	res = pf == NFPROTO_IPV4 ? nf_xlat_policy_route4(net, skb, fl, dst) :
				   nf_xlat_policy_route6(net, skb, fl, dst);
	return IS_ERR(res) ? dst : res;
}
