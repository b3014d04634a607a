// SPDX-License-Identifier: GPL-2.0-only
/*
 * The way of a packet behind its translation: through the hook of its new family, then on as
 * by ip_rcv_finish() and ip_forward(). nf_xlat_judge() has checked TTL and MTU before.
 */

#include <linux/bpf-cgroup.h>
#include <linux/icmp.h>
#include <linux/icmpv6.h>
#include <linux/inetdevice.h>
#include <linux/interrupt.h>
#include <linux/netfilter.h>
#include <linux/percpu.h>
#include <net/dsfield.h>
#include <net/dst.h>
#include <net/dst_metadata.h>
#include <net/inet_sock.h>
#include <net/ip.h>
#include <net/ip6_route.h>
#include <net/ipv6.h>
#include <net/l3mdev.h>
#include <net/route.h>
#include <net/sock.h>
#include <net/tcp_states.h>
#include <net/xfrm.h>
#include <net/netfilter/nf_xlat.h>
#include "compat.h"
#include "nf_xlat_internal.h"

/*
 * How many packets of one CPU may wait in nf_xlat_deliver(): as many as nf_xlat_send_segs()
 * makes of 64 GSO packets, which a device may receive at once (NAPI_POLL_WEIGHT)
 */
#define NF_XLAT_MAX_LOCAL	4096

/*
 * nfqueue holds a reference to the socket of the hook for each packet that it has. This
 * module calls hooks with this socket when one of its functions is to be called behind them,
 * so nf_xlat_drop_queued() sees by the reference count whether nfqueue still has such a
 * packet. It is not a whole socket: in TCP_TIME_WAIT, sk_fullsock() is false. nft's reject
 * statement sends its resets with it as well, and these are waited for, too.
 */
static struct inet_sock nf_xlat_queued = {
	.sk.sk_refcnt	= REFCOUNT_INIT(1),
	.sk.sk_family	= AF_INET,
	.sk.sk_state	= TCP_TIME_WAIT,
};

/**
 * nf_xlat_is_queued - is the packet in a hook that nf_xlat_reinject() has called?
 * @sk: socket of the hook, in PRE_ROUTING or FORWARD
 *
 * Return: true if it has been translated on its way to that hook
 */
bool nf_xlat_is_queued(const struct sock *sk)
{
	return sk == &nf_xlat_queued.sk;
}

/**
 * struct nf_xlat_local - packets for this host that a device has sent
 *
 * @queue: the packets; each holds a reference to its device
 * @tasklet: delivers them
 */
struct nf_xlat_local {
	struct sk_buff_head	queue;
	struct tasklet_struct	tasklet;
};

static DEFINE_PER_CPU(struct nf_xlat_local, nf_xlat_local);

/**
 * nf_xlat_forwarding - may a packet that came in by a device be forwarded?
 * @net: network namespace
 * @dev: the device
 * @pf: family that it came in with
 *
 * RCU read side.
 */
bool nf_xlat_forwarding(const struct net *net, const struct net_device *dev,
			u8 pf)
{
	struct in_device *in_dev;

	if (pf == NFPROTO_IPV4) {
		in_dev = __in_dev_get_rcu(dev);
		return in_dev && IN_DEV_FORWARD(in_dev);
	}

	/*
	 * As ip6_forward(): a device forwards if "all" devices do, or if its own
	 * force_forwarding is set. Its own "forwarding" is about router advertisements.
	 */
	return READ_ONCE(net->ipv6.devconf_all->forwarding) ||
	       nf_xlat_force_forwarding(__in6_dev_get(dev));
}
EXPORT_SYMBOL_GPL(nf_xlat_forwarding);

/* The sysctl disable_policy, which __mkroute_input() and ip6_forward() heed */
static bool nf_xlat_policy_disabled(const struct net *net,
				    const struct net_device *dev, u8 pf)
{
	struct in_device *in_dev = __in_dev_get_rcu(dev);
	const struct inet6_dev *idev = __in6_dev_get(dev);

	if (pf == NFPROTO_IPV4)
		return in_dev && IN_DEV_ORCONF(in_dev, NOPOLICY);
	return READ_ONCE(net->ipv6.devconf_all->disable_policy) ||
	       (idev && READ_ONCE(idev->cnf.disable_policy));
}

/**
 * nf_xlat_may_forward - may this host forward a packet that another host sent?
 * @skb: the packet
 * @net: network namespace
 * @pf: family that it came in with
 *
 * This asks what ip_forward(), ip6_forward() and the input route look-up of that family would
 * ask, which the packet does not pass. RCU read side.
 *
 * Return: NF_XLAT_OK, or why it may not be forwarded
 */
enum nf_xlat_reason nf_xlat_may_forward(struct sk_buff *skb,
					const struct net *net, u8 pf)
{
	if (!nf_xlat_forwarding(net, skb->dev, pf))
		return NF_XLAT_FORWARDING;
	if (!(pf == NFPROTO_IPV4 ?
	      xfrm4_policy_check(NULL, XFRM_POLICY_FWD, skb) :
	      xfrm6_policy_check(NULL, XFRM_POLICY_FWD, skb)) &&
	    !nf_xlat_policy_disabled(net, skb->dev, pf))
		return NF_XLAT_POLICY;
	return NF_XLAT_OK;
}

/**
 * nf_xlat_may_go_on - may this host forward a packet that it has translated?
 * @skb: the packet
 * @net: network namespace
 * @pf: its family now
 *
 * For a packet that gets another route than the one that nf_xlat_judge() knew, and for one that
 * is translated again. Only the family that the packet came in with can be asked, and only before
 * the translation; nf_xlat_judge() has done so. Where nf_defrag has overwritten the answer, the
 * answer for the last fragment holds. A packet that comes back from a user's queue then has none:
 * the device must forward in both families.
 *
 * RCU read side.
 *
 * Return: NF_XLAT_OK, or why it may not be forwarded
 */
enum nf_xlat_reason nf_xlat_may_go_on(struct sk_buff *skb,
				      const struct net *net, u8 pf)
{
	const struct nf_xlat_walk *walk;
	u8 asked = NF_XLAT_CB(skb)->asked;

	if (unlikely(nf_xlat_cb_lost(skb, pf))) {
		local_bh_disable();
		walk = nf_xlat_walk_find();
		asked = walk ? walk->asked : 0;
		local_bh_enable();
		if (!walk && !nf_xlat_forwarding(net, skb->dev,
						 nf_xlat_other_pf(pf)))
			return NF_XLAT_FORWARDING;
	}

	switch (asked) {
	case 1 + NF_XLAT_OK:
	case 1 + NF_XLAT_FORWARDING:
	case 1 + NF_XLAT_POLICY:
		return asked - 1;
	}
	/*
	 * A packet for this host: a CLAT has translated it, or IPsec has decrypted it since. It has
	 * come in by this family as well.
	 */
	return nf_xlat_may_forward(skb, net, pf);
}

/**
 * nf_xlat_discard - count and free a packet that a hook has been told is stolen
 * @net: network namespace
 * @skb: the packet
 * @reason: why
 *
 * Return: 0, as okfn functions do
 */
int nf_xlat_discard(struct net *net, struct sk_buff *skb,
		    enum nf_xlat_reason reason)
{
	nf_xlat_drop(net, skb, reason);
	kfree_skb(skb);
	return 0;
}

/**
 * nf_xlat_cut - fragment an IPv6 packet that has no Fragment header
 * @net: network namespace
 * @skb: the packet, with its route; it is consumed
 * @len: the longest fragment, in bytes, header included
 * @id: the identification that the fragments get
 * @send: is given each fragment
 * @data: for @send
 *
 * ip6_fragment() would choose an identification. RFC 7915 section 4.1 wants that of IPv4:
 * if an IPv4 router has fragmented the packet before, the receiver puts all fragments
 * together by it. RCU read side.
 */
void nf_xlat_cut(struct net *net, struct sk_buff *skb, unsigned int len, u16 id,
		 void (*send)(struct net *net, struct sk_buff *frag,
			      void *data), void *data)
{
	const struct net_device *dev = dst_dev_rcu(skb_dst(skb));
	struct ip6_frag_state fstate;
	struct sk_buff *frag;
	u8 *nexthdr;

	/* Without a feature of a device: with the sum or, for SCTP, the CRC in the packet */
	if (skb->ip_summed == CHECKSUM_PARTIAL &&
	    skb_csum_hwoffload_help(skb, 0)) {
		nf_xlat_discard(net, skb, NF_XLAT_NOMEM);
		return;
	}

	/* skb_csum_hwoffload_help() may have moved the headers to other memory. */
	nexthdr = &ipv6_hdr(skb)->nexthdr;
	ip6_frag_init(skb, sizeof(struct ipv6hdr),
		      len - sizeof(struct ipv6hdr) - sizeof(struct frag_hdr),
		      dev->needed_tailroom, LL_RESERVED_SPACE(dev), nexthdr,
		      *nexthdr, htonl(id), &fstate);
	while (fstate.left > 0) {
		frag = ip6_frag_next(skb, &fstate);
		if (IS_ERR(frag)) {
			nf_xlat_discard(net, skb, NF_XLAT_NOMEM);
			return;
		}
		send(net, frag, data);
	}
	consume_skb(skb);
}

/*
 * POSTROUTING and, for a packet of this host, its cgroup have seen the whole packet. So
 * ip6_output() does not show them this fragment. The encapsulation of IPsec gets the socket.
 */
static void nf_xlat_cut_send(struct net *net, struct sk_buff *frag, void *data)
{
	IP6CB(frag)->flags |= IP6SKB_REROUTED;
	dst_output(net, dst_xfrm(skb_dst(frag)) ? frag->sk : NULL, frag);
}

/*
 * The length to which a packet is cut. Its route may have changed since nf_xlat_init_cb(), and
 * the MTU of an IPsec policy is known only now.
 */
static u32 nf_xlat_cut_mtu(const struct sk_buff *skb)
{
	u32 mtu = dst_mtu(skb_dst(skb));

	/* What IPsec leaves of an MTU may be less. */
	if (!dst_xfrm(skb_dst(skb)))
		mtu = max_t(u32, mtu, IPV6_MIN_MTU);
	return min_t(u32, mtu, NF_XLAT_CB(skb)->cut_len);
}

/*
 * Does dst_output() encapsulate the packet as a whole, for IPsec in transport mode or for a
 * route with encapsulation? Then it is the packet around it that may have to be cut.
 */
static bool nf_xlat_cut_around(const struct sk_buff *skb)
{
	const struct xfrm_state *x = dst_xfrm(skb_dst(skb));

	if (x)
		return x->props.mode != XFRM_MODE_TUNNEL;
	return skb_dst(skb)->lwtstate;
}

/* Leave to ip6_fragment() what is too long, with an identification of its choice. */
static int nf_xlat_cut_later(struct net *net, struct sk_buff *skb)
{
	IP6CB(skb)->frag_max_size = nf_xlat_cut_mtu(skb);
	skb->ignore_df = true;
	return dst_output(net, skb->sk, skb);
}

/* As ip6_finish_output() does, ask the BPF programs of the cgroup that a socket belongs to. */
static bool nf_xlat_cut_allowed(struct sock *sk, struct sk_buff *skb)
{
	int ret = BPF_CGROUP_RUN_PROG_INET_EGRESS(sk, skb);

	return ret == NET_XMIT_SUCCESS || ret == NET_XMIT_CN;
}

/*
 * Behind POSTROUTING, where NAT may have changed the packet, so that nf_xfrm_me_harder() has
 * found a policy for it, and where a user's queue may have made it shorter
 */
static int nf_xlat_cut_finish(struct net *net, struct sock *sk,
			      struct sk_buff *skb)
{
	if (nf_xlat_cut_around(skb) || skb->len <= nf_xlat_cut_mtu(skb)) {
		IP6CB(skb)->flags |= IP6SKB_REROUTED;
		return nf_xlat_cut_later(net, skb);
	}
	if (!dst_xfrm(skb_dst(skb)) && !nf_xlat_cut_allowed(skb->sk, skb)) {
		kfree_skb(skb);
		return 0;
	}
	nf_xlat_cut(net, skb, nf_xlat_cut_mtu(skb), NF_XLAT_CB(skb)->id,
		    nf_xlat_cut_send, NULL);
	return 0;
}

/*
 * A packet that nf_defrag has put together has a frag_max_size, by which ip6_fragment() cuts
 * it. Where cut_len was, nf_defrag has left something else.
 */
static bool nf_xlat_cut_due(const struct sk_buff *skb)
{
	return skb->protocol == htons(ETH_P_IPV6) && NF_XLAT_CB(skb)->cut_len &&
	       !IP6CB(skb)->frag_max_size && skb->len > nf_xlat_cut_mtu(skb);
}

/* In place of ip6_output() and ip6_fragment(): show the packet to POSTROUTING, then cut it. */
static noinline int nf_xlat_cut_output(struct net *net, struct sk_buff *skb)
{
	struct net_device *indev = skb->dev, *dev = dst_dev_rcu(skb_dst(skb));

	if (nf_xlat_cut_around(skb))
		return nf_xlat_cut_later(net, skb);

	skb->dev = dev;
	return NF_HOOK(NFPROTO_IPV6, NF_INET_POST_ROUTING, net,
		       &nf_xlat_queued.sk, skb, indev, dev, nf_xlat_cut_finish);
}

/*
 * As ip6_local_out(). A packet that waits in a user's queue behind LOCAL_OUT comes back to
 * dst_output(), and is left to ip6_fragment().
 */
static noinline void nf_xlat_cut_local_out(struct net *net, struct sock *sk,
					   struct sk_buff *skb)
{
	IP6CB(skb)->frag_max_size = nf_xlat_cut_mtu(skb);
	if (__ip6_local_out(net, sk, skb) == 1)
		nf_xlat_cut_output(net, skb);
}

static int nf_xlat_forward_finish(struct net *net, struct sock *sk,
				  struct sk_buff *skb)
{
	skb_clear_tstamp(skb);
	if (unlikely(nf_xlat_cut_due(skb)))
		return nf_xlat_cut_output(net, skb);
	return dst_output(net, NULL, skb);
}

/* The rest of ip_forward(): nf_xlat_judge() has done what comes before it there. */
static int nf_xlat_forward(struct net *net, struct sk_buff *skb, u8 pf)
{
	struct net_device *dev;

	if (!(pf == NFPROTO_IPV4 ? xfrm4_route_forward(skb) :
				   xfrm6_route_forward(skb)))
		return nf_xlat_discard(net, skb, NF_XLAT_POLICY);

	dev = dst_dev_rcu(skb_dst(skb));
	skb_forward_csum(skb);
	if (skb_cow(skb, LL_RESERVED_SPACE(dev)))
		return nf_xlat_discard(net, skb, NF_XLAT_NOMEM);

	if (pf == NFPROTO_IPV4)
		IPCB(skb)->flags |= IPSKB_FORWARDED;
	else
		IP6CB(skb)->flags |= IP6SKB_FORWARDED;

	return NF_HOOK(pf, NF_INET_FORWARD, net, &nf_xlat_queued.sk, skb,
		       skb->dev, dev, nf_xlat_forward_finish);
}

/**
 * nf_xlat_hop_due - must TTL or hop limit of a translated packet still be decremented?
 * @skb: the packet
 * @pf: its family now
 *
 * nf_xlat_judge() does not decrement it if the packet has no route, or one to this host.
 * nf_nat drops the route when it changes the destination; then the control block says what
 * the route was. nf_defrag overwrites the control block; then the answer is yes, since one
 * decrement too many is better than a loop.
 */
bool nf_xlat_hop_due(const struct sk_buff *skb, u8 pf)
{
	if (skb_valid_dst(skb))
		return nf_xlat_dst_local(pf, skb_dst(skb));
	return nf_xlat_cb_lost(skb, pf) || NF_XLAT_CB(skb)->hop_due;
}

/* Decrement TTL or hop limit of a packet that has been translated already. */
static enum nf_xlat_reason nf_xlat_late_hop(struct net *net,
					    struct sk_buff *skb, u8 pf)
{
	u8 *ttl;

	if (skb_ensure_writable(skb, pf == NFPROTO_IPV4 ?
				     sizeof(struct iphdr) :
				     sizeof(struct ipv6hdr)))
		return NF_XLAT_NOMEM;

	ttl = pf == NFPROTO_IPV4 ? &ip_hdr(skb)->ttl :
				   &ipv6_hdr(skb)->hop_limit;
	if (*ttl <= 1) {
		nf_xlat_icmp_send(net, skb, pf, 0, pf == NFPROTO_IPV4 ?
				  ICMP_TIME_EXCEEDED : ICMPV6_TIME_EXCEED,
				  0, 0);
		return NF_XLAT_HOPLIMIT;
	}
	if (pf == NFPROTO_IPV4)
		ip_decrease_ttl(ip_hdr(skb));
	else
		(*ttl)--;
	return NF_XLAT_OK;
}

static void nf_xlat_deliver_queued(struct tasklet_struct *tasklet)
{
	struct nf_xlat_local *local =
		container_of(tasklet, struct nf_xlat_local, tasklet);
	struct sk_buff_head now;
	struct net_device *dev;
	struct sk_buff *skb;

	/*
	 * Packets that come while these are delivered wait for the next run of the tasklet,
	 * so that other softirqs have their turn.
	 */
	__skb_queue_head_init(&now);
	spin_lock(&local->queue.lock);
	skb_queue_splice_init(&local->queue, &now);
	spin_unlock(&local->queue.lock);

	while ((skb = __skb_dequeue(&now))) {
		dev = skb->dev;
		rcu_read_lock();
		dst_input(skb);
		rcu_read_unlock();
		dev_put(dev);
	}
}

/*
 * Let a packet for this host say by which device it came in, as ip_route_input() and
 * l3mdev_ip_rcv() do. Sockets are looked up by that.
 */
static bool nf_xlat_received(struct net *net, struct sk_buff *skb, u8 pf)
{
	struct net_device *vrf = l3mdev_master_dev_rcu(skb->dev);
	struct rtable *rt;

	/* A device of kind "xlat" has made itself the one that the packet came in by. */
	skb->skb_iif = skb->dev->ifindex;
	if (unlikely(vrf)) {
		/* Its own device stays in the control block, where inet_sdif() looks for it. */
		skb->dev = vrf;
		skb->skb_iif = vrf->ifindex;
		if (pf == NFPROTO_IPV4)
			IPCB(skb)->flags |= IPSKB_L3SLAVE;
		else
			IP6CB(skb)->flags |= IP6SKB_L3SLAVE;
	}

	/* A route with encapsulation has an input function of its own. */
	if (pf != NFPROTO_IPV4 || skb_dst(skb)->lwtstate ||
	    skb_rtable(skb)->rt_type != RTN_LOCAL)
		return true;
	rt = nf_xlat_local_route(net, vrf ? : net->loopback_dev);
	if (!rt)
		return false;
	skb_dst_drop(skb);
	skb_dst_set_noref(skb, &rt->dst);
	return true;
}

/*
 * Deliver a packet to this host. Where a device translates in ndo_start_xmit(), the sender may
 * hold the lock of its socket, and the receiver's answer may come back to that very socket. So
 * a tasklet delivers the packets of a device when the sender has returned, as
 * tcf_mirred_forward() leaves them to netif_rx().
 */
static int nf_xlat_deliver(struct net *net, struct sk_buff *skb, u8 pf)
{
	struct nf_xlat_local *local;
	struct nf_xlat_walk *walk;

	/* Policies of this family are not about what has been decrypted in the other one. */
	secpath_reset(skb);
	if (!nf_xlat_received(net, skb, pf))
		return nf_xlat_discard(net, skb, NF_XLAT_NOMEM);

	local_bh_disable();
	walk = nf_xlat_walk_find();
	if (likely(!walk || !walk->in_device)) {
		local_bh_enable();
		return dst_input(skb);
	}
	local = this_cpu_ptr(&nf_xlat_local);
	if (skb_queue_len_lockless(&local->queue) >= NF_XLAT_MAX_LOCAL ||
	    !skb_dst_force(skb)) {
		local_bh_enable();
		return nf_xlat_discard(net, skb, NF_XLAT_NOMEM);
	}
	dev_hold(skb->dev);
	skb_queue_tail(&local->queue, skb);
	tasklet_schedule(&local->tasklet);
	local_bh_enable();
	return 0;
}

/*
 * Route a translated packet, and forward or deliver it, as ip_rcv_finish() and ip_forward()
 * do
 */
static int nf_xlat_rcv_finish(struct net *net, struct sock *sk,
			      struct sk_buff *skb)
{
	u8 pf = skb->protocol == htons(ETH_P_IP) ? NFPROTO_IPV4 : NFPROTO_IPV6;
	enum nf_xlat_reason reason = NF_XLAT_OK;
	struct dst_entry *dst;
	bool reroute, due;

	reroute = !nf_xlat_has_route(skb) || NF_XLAT_CB(skb)->mark != skb->mark;
	due = reroute && nf_xlat_hop_due(skb, pf);
	if (unlikely(reroute)) {
		union nf_inet_addr saddr = {}, daddr = {};
		struct nf_xlat_flowi fl = {
			.in	= skb->dev,
			.saddr	= &saddr,
			.daddr	= &daddr,
		};
		const __be16 *ports;
		__be16 _ports[2];

		reason = nf_xlat_may_go_on(skb, net, pf);
		/*
		 * Look for a route: the packet was passed on without one, nf_nat has dropped
		 * it, its device has gone, or a chain has changed the mark.
		 */
		if (pf == NFPROTO_IPV4) {
			saddr.ip = ip_hdr(skb)->saddr;
			daddr.ip = ip_hdr(skb)->daddr;
			fl.tos = ip_hdr(skb)->tos;
			fl.proto = ip_hdr(skb)->protocol;
		} else {
			saddr.in6 = ipv6_hdr(skb)->saddr;
			daddr.in6 = ipv6_hdr(skb)->daddr;
			fl.tos = ipv6_get_dsfield(ipv6_hdr(skb));
			fl.proto = ipv6_hdr(skb)->nexthdr;
		}
		/*
		 * Fragments of a packet take one route, so that ports have no say in it. In
		 * IPv6 the nexthdr of a fragment is that of the Fragment header, which
		 * nf_xlat_has_ports() does not know.
		 */
		ports = pf == NFPROTO_IPV4 && ip_is_fragment(ip_hdr(skb)) ? NULL :
			skb_header_pointer(skb, skb_transport_offset(skb),
					   sizeof(_ports), _ports);
		if (ports && nf_xlat_has_ports(fl.proto)) {
			fl.sport = ports[0];
			fl.uli.ports.sport = ports[0];
			fl.uli.ports.dport = ports[1];
		}
		dst = nf_xlat_route(net, NULL, skb, pf, &fl, NULL);
		if (IS_ERR(dst)) {
			nf_xlat_drop(net, nf_xlat_note_no_route(skb),
				     NF_XLAT_NOROUTE);
			kfree_skb(skb);
			return 0;
		}
		skb_dst_drop(skb);
		skb_dst_set(skb, dst);
	}

	if (nf_xlat_dst_local(pf, skb_dst(skb)))
		return nf_xlat_deliver(net, skb, pf);

	/* As ip_forward(): a link layer broadcast is not for forwarding. */
	if (skb->pkt_type != PACKET_HOST)
		return nf_xlat_discard(net, skb, NF_XLAT_ADDRESS);
	if (skb_warn_if_lro(skb))
		return nf_xlat_discard(net, skb, NF_XLAT_GSO);

	/* This route is a new one, on which nf_xlat_judge() has not judged the packet. */
	if (reroute) {
		if (nf_xlat_dst_broadcast(pf, skb_dst(skb)))
			reason = NF_XLAT_DADDR;
		if (!reason && due)
			reason = nf_xlat_late_hop(net, skb, pf);
		if (reason)
			return nf_xlat_discard(net, skb, reason);
	}
	return nf_xlat_forward(net, skb, pf);
}

/**
 * nf_xlat_reinject - pass a translated packet to the same hook of its new family
 * @net: network namespace
 * @sk: the socket that sent it, in LOCAL_OUT
 * @skb: the packet; with a route in FORWARD and LOCAL_OUT
 * @hook: the hook
 */
void nf_xlat_reinject(struct net *net, struct sock *sk, struct sk_buff *skb,
		      u8 hook)
{
	u8 pf = skb->protocol == htons(ETH_P_IP) ? NFPROTO_IPV4 : NFPROTO_IPV6;
	struct dst_entry *dst = skb_dst(skb);

	switch (hook) {
	case NF_INET_PRE_ROUTING:
		NF_HOOK(pf, NF_INET_PRE_ROUTING, net, &nf_xlat_queued.sk, skb,
			skb->dev, NULL, nf_xlat_rcv_finish);
		break;
	case NF_INET_FORWARD:
		if (nf_xlat_dst_local(pf, dst)) {
			nf_xlat_deliver(net, skb, pf);
			break;
		}
		nf_xlat_forward(net, skb, pf);
		break;
	case NF_INET_LOCAL_OUT:
		skb->dev = dst_dev_rcu(dst);
		if (pf == NFPROTO_IPV4)
			ip_local_out(net, sk, skb);
		else if (unlikely(nf_xlat_cut_due(skb)))
			nf_xlat_cut_local_out(net, sk, skb);
		else
			ip6_local_out(net, sk, skb);
		break;
	default:
		DEBUG_NET_WARN_ON_ONCE(1);
		kfree_skb(skb);
	}
}

/**
 * nf_xlat_forward_init - set up the queues of nf_xlat_deliver()
 */
void __init nf_xlat_forward_init(void)
{
	struct nf_xlat_local *local;
	int cpu;

	for_each_possible_cpu(cpu) {
		local = per_cpu_ptr(&nf_xlat_local, cpu);
		skb_queue_head_init(&local->queue);
		tasklet_setup(&local->tasklet, nf_xlat_deliver_queued);
	}
}

/*
 * Drop the packets that nfqueue has, until none is left that would return to a function of
 * this module. A rule may queue a reinjected packet again at any time, hence the loop.
 */
static void nf_xlat_drop_queued(void)
{
	struct net *net;

	/* Wait for packets that are in a hook now. They pass it, or nfqueue gets them. */
	synchronize_rcu();
	while (refcount_read(&nf_xlat_queued.sk.sk_refcnt) > 1) {
		down_read(&net_rwsem);
		for_each_net(net)
			nf_queue_nf_hook_drop(net);
		up_read(&net_rwsem);
		schedule_timeout_uninterruptible(1);
	}
}

/**
 * nf_xlat_forward_fini - wait until no packet would come back to a function of this module
 *
 * No hook is left that could translate a packet.
 */
void nf_xlat_forward_fini(void)
{
	int cpu;

	nf_xlat_drop_queued();
	for_each_possible_cpu(cpu)
		tasklet_kill(&per_cpu_ptr(&nf_xlat_local, cpu)->tasklet);
}
