// SPDX-License-Identifier: GPL-2.0-only
/*
 * nf_xlat_send(): a packet is judged, translated, and given to the same hook of the other
 * family, from that hook's first priority on. Translations that happen inside of another
 * one are bounded here.
 *
 * The translator is the one router on the way: TTL and MTU are judged before
 * the packet is changed, with the route that the translated packet will take,
 * so that errors go out in the sender's family.
 */

#include <linux/icmp.h>
#include <linux/icmpv6.h>
#include <linux/inetdevice.h>
#include <linux/module.h>
#include <linux/netfilter.h>
#include <linux/percpu.h>
#include <net/dst.h>
#include <net/dst_metadata.h>
#include <net/ip.h>
#include <net/ip6_route.h>
#include <net/ipv6.h>
#include <net/xfrm.h>
#include <net/net_namespace.h>
#include <net/route.h>
#include <net/snmp.h>
#include <net/netfilter/nf_xlat.h>
#include "compat.h"
#include "nf_xlat_internal.h"

/* A hairpin translates 6to4 and then 4to6. A hairpin between two CLATs does so twice. */
#define NF_XLAT_MAX_DEPTH	4

/*
 * A packet of 64 KiB makes 54 fragments of 1280 bytes, and a hairpin translates each of
 * them again.
 */
#define NF_XLAT_MAX_LATER	128

DEFINE_PER_CPU(struct hlist_head, nf_xlat_walks);

static void nf_xlat_walk_begin(struct nf_xlat_walk *walk)
{
	walk->task = current;
	walk->depth = 0;
	walk->in_device = false;
	walk->no_route_skb = NULL;
	__skb_queue_head_init(&walk->later);
	walk->n_later = 0;
	walk->after = NULL;
	walk->cur.skb = NULL;
	preempt_disable_nested();
	hlist_add_head(&walk->node, this_cpu_ptr(&nf_xlat_walks));
	preempt_enable_nested();
}

static void nf_xlat_walk_end(struct nf_xlat_walk *walk)
{
	preempt_disable_nested();
	__hlist_del(&walk->node);
	preempt_enable_nested();
}

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
	 * In IPv6, a device forwards if all devices do or if its own force_forwarding says
	 * so. Its own "forwarding" is about router advertisements.
	 */
	return READ_ONCE(net->ipv6.devconf_all->forwarding) ||
	       nf_xlat_force_forwarding(__in6_dev_get(dev));
}
EXPORT_SYMBOL_GPL(nf_xlat_forwarding);

/**
 * nf_xlat_may_forward - what ip_forward() and the input route look-up check
 * @skb: the packet, in the family that it came in
 * @net: network namespace
 * @pf: that family
 *
 * RCU read side.
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
	      xfrm6_policy_check(NULL, XFRM_POLICY_FWD, skb)))
		return NF_XLAT_POLICY;
	return NF_XLAT_OK;
}

/* Without state, a packet may go to an IPv4 group that routers forward. */
static bool nf_xlat_daddr_legal(u8 pf, const struct nf_xlat_pkt *pkt,
				const struct nf_xlat_parm *parm)
{
	const union nf_inet_addr *addr = &parm->outer.daddr;

	/* RFC 1122 section 3.2.2: no ICMP error is sent about a packet to a group. */
	if (pf == NFPROTO_IPV4 && ipv4_is_multicast(addr->ip))
		return !parm->keep_ct && !pkt->icmp_error &&
		       !ipv4_is_local_multicast(addr->ip);
	return nf_xlat_addr_legal(pf, addr);
}

/* The MTU that ip_finish_output() and ip6_finish_output() will compare with. */
static u32 nf_xlat_dst_mtu(const struct nf_xlat_way *way, u8 pf,
			   const struct dst_entry *dst)
{
	if (pf == NFPROTO_IPV4)
		return way->at == NF_INET_LOCAL_OUT ? dst_mtu(dst) :
		       ip_dst_mtu_maybe_forward(dst, true);
	return max_t(u32, dst_mtu(dst), IPV6_MIN_MTU);
}

/*
 * Is the translated packet longer than the MTU of its route, and may it not be fragmented
 * there?
 */
static bool nf_xlat_too_big(const struct sk_buff *skb,
			    const struct nf_xlat_pkt *pkt, u32 mtu)
{
	unsigned int len = nf_xlat_new_len(pkt);

	if (len <= mtu || pkt->icmp_error || pkt->reasm)
		return false;

	if (pkt->pf == NFPROTO_IPV4) {
		if (!pkt->l3.df)
			return false;
	} else if (pkt->l3.fraghdr || pkt->l3.len <= IPV6_MIN_MTU) {
		/*
		 * RFC 7915 section 5.1: it goes out with DF=0, so that routers may fragment
		 * it.
		 */
		return false;
	}

	/*
	 * Translation changes the length of each segment by as much as that of the whole
	 * packet.
	 */
	return !skb_is_gso(skb) ||
	       !skb_gso_validate_network_len(skb, mtu + pkt->l3.len - len);
}

/*
 * Check TTL and MTU before the packet is changed, so that ICMP errors are of the sender's
 * family.
 */
static unsigned int nf_xlat_check(struct sk_buff *skb,
				  const struct nf_xlat_way *way,
				  const struct nf_xlat_pkt *pkt,
				  struct nf_xlat_parm *parm,
				  const struct dst_entry *dst)
{
	const int growth = sizeof(struct ipv6hdr) - sizeof(struct iphdr);
	u32 mtu = nf_xlat_dst_mtu(way, nf_xlat_other_pf(pkt->pf), dst);
	struct net *net = way->net;

	if (parm->ttl_dec && pkt->l3.ttl <= 1)
		return nf_xlat_reject(skb, way, pkt, NF_XLAT_HOPLIMIT);

	if (pkt->pf == NFPROTO_IPV6) {
		parm->mtu4 = mtu;
		parm->mtu6 = skb->dev ? READ_ONCE(skb->dev->mtu) : 0;
	} else {
		parm->mtu6 = mtu;
		parm->mtu4 = skb->dev ? READ_ONCE(skb->dev->mtu) : 0;
	}

	if (likely(!nf_xlat_too_big(skb, pkt, mtu)))
		return NF_ACCEPT;

	if (pkt->pf == NFPROTO_IPV6)
		nf_xlat_icmp_send(net, skb, NFPROTO_IPV6, way->flags,
				  ICMPV6_PKT_TOOBIG, 0,
				  max_t(u32, mtu + growth, IPV6_MIN_MTU));
	else
		/*
		 * A fragment gets a Fragment header in IPv6, which takes 8 bytes of the
		 * MTU.
		 */
		nf_xlat_icmp_send(net, skb, NFPROTO_IPV4, way->flags,
				  ICMP_DEST_UNREACH, ICMP_FRAG_NEEDED, mtu - growth -
				  (pkt->l3.fraghdr ? sizeof(struct frag_hdr) : 0));
	return nf_xlat_way_drop(way, skb, NF_XLAT_TOOBIG);
}

/**
 * nf_xlat_note_no_route - a packet that was handed on without a route finds none
 * @skb: the translated packet
 *
 * __nf_xlat_send() tells its sender when the packet has returned.
 *
 * Return: the packet as it came in, or @skb itself if that is not known: a packet that comes
 * back from a user's queue is in no walk any more
 */
const struct sk_buff *nf_xlat_note_no_route(const struct sk_buff *skb)
{
	struct nf_xlat_walk *walk;

	local_bh_disable();
	walk = nf_xlat_walk_find();
	if (walk) {
		walk->no_route = true;
		if (walk->no_route_skb)
			skb = walk->no_route_skb;
	}
	local_bh_enable();

	return skb;
}

/* Set up the control block as the input function of the other family does. */
static void nf_xlat_init_cb(struct sk_buff *skb, const struct nf_xlat_pkt *pkt,
			    const struct nf_xlat_parm *parm, unsigned int hook)
{
	int iif = skb->dev ? skb->dev->ifindex : 0;

	/*
	 * If the packet goes to a user's queue, GSO writes to the control block from there
	 * on.
	 */
	BUILD_BUG_ON(offsetof(struct nf_xlat_skb_cb, id) > SKB_GSO_CB_OFFSET);
	BUILD_BUG_ON(sizeof(struct nf_xlat_skb_cb) > sizeof(skb->cb));

	NF_XLAT_CB(skb)->mark = skb->mark;
	NF_XLAT_CB(skb)->hop_due = parm->hop_due && !parm->ttl_dec;
	NF_XLAT_CB(skb)->cut_len = 0;

	if (pkt->pf == NFPROTO_IPV6) {
		memset(IPCB(skb), 0, sizeof(struct inet_skb_parm));
		IPCB(skb)->iif = iif;
		skb->ignore_df = pkt->reasm;
		return;
	}

	memset(IP6CB(skb), 0, sizeof(struct inet6_skb_parm));
	IP6CB(skb)->iif = iif;
	IP6CB(skb)->nhoff = offsetof(struct ipv6hdr, nexthdr);
	/* ip6_input_finish() starts at the first extension header. */
	skb_set_transport_header(skb, sizeof(struct ipv6hdr));
	skb->ignore_df = false;

	/*
	 * The packet is longer than IPv6 may carry. nf_xlat_forward_finish() will fragment
	 * it, unless nf_xlat_split() has done so.
	 */
	if (nf_xlat_may_cut(pkt) && skb->len > nf_xlat_cut_len(parm)) {
		skb->ignore_df = true;
		/*
		 * The segments of a GSO packet are compared with the MTU of the link one by
		 * one.
		 */
		if (skb_is_gso(skb))
			return;
		/*
		 * No router has fragmented a packet of this host yet, so that IPv6 may
		 * choose the identification and fragment it itself.
		 */
		if (hook == NF_INET_LOCAL_OUT) {
			IP6CB(skb)->frag_max_size = nf_xlat_cut_len(parm);
			return;
		}
		NF_XLAT_CB(skb)->cut_len = min_t(u32, nf_xlat_cut_len(parm),
						 U16_MAX);
		NF_XLAT_CB(skb)->id = pkt->l3.id;
	}
}

/*
 * Pass on the packets that nested translations have put into @walk->later. Each of them has
 * a route.
 */
static void nf_xlat_hand_on_later(struct nf_xlat_walk *walk)
{
	struct nf_xlat_after *after;
	struct sk_buff *skb;

	while ((skb = __skb_dequeue(&walk->later))) {
		walk->depth = NF_XLAT_CB(skb)->depth;
		nf_xlat_reinject(NF_XLAT_CB(skb)->net,
				 NF_XLAT_CB(skb)->own_sk ? skb->sk : NULL, skb,
				 NF_XLAT_CB(skb)->hook);
	}
	walk->depth = 1;
	while ((after = walk->after)) {
		walk->after = after->next;
		after->fn(after);
	}
}

/*
 * Pass a translated packet on. In a nested translation, put it on the list from which the
 * outermost one passes it on.
 */
static void nf_xlat_hand_on(struct nf_xlat_walk *walk, struct sk_buff *skb,
			    const struct nf_xlat_way *way)
{
	if (walk->depth == 1) {
		walk->n_later = 0;
		nf_xlat_reinject(way->net, way->sk, skb, way->at);
		walk->cur.skb = NULL;
		nf_xlat_hand_on_later(walk);
		return;
	}
	if (walk->n_later == NF_XLAT_MAX_LATER) {
		nf_xlat_discard(way->net, skb, NF_XLAT_LOOP);
		return;
	}
	walk->n_later++;
	NF_XLAT_CB(skb)->net = way->net;
	NF_XLAT_CB(skb)->hook = way->at;
	NF_XLAT_CB(skb)->depth = walk->depth;
	/*
	 * Who sent the packet holds the socket only until it returns, which is before the
	 * outermost translation passes the packet on. If the packet owns the socket, it is
	 * held long enough.
	 */
	NF_XLAT_CB(skb)->own_sk = way->sk && way->sk == skb->sk;
	__skb_queue_tail(&walk->later, skb);
}

/**
 * nf_xlat_nested - is the caller called for a packet that is being translated?
 *
 * Then nf_xlat_send() will have translated a packet when it returns, but not yet handed it
 * on, see nf_xlat_do_after(). RCU read side.
 */
bool nf_xlat_nested(void)
{
	bool nested;

	local_bh_disable();
	nested = nf_xlat_walk_find();
	local_bh_enable();

	return nested;
}
EXPORT_SYMBOL_GPL(nf_xlat_nested);

/**
 * nf_xlat_do_after - have something done when a packet has been handed on
 * @after: what; in nf_xlat_nested() only
 *
 * It is done in the same RCU read side.
 */
void nf_xlat_do_after(struct nf_xlat_after *after)
{
	struct nf_xlat_walk *walk;

	local_bh_disable();
	walk = nf_xlat_walk_find();
	after->next = walk->after;
	walk->after = after;
	local_bh_enable();
}
EXPORT_SYMBOL_GPL(nf_xlat_do_after);

struct nf_xlat_split {
	const struct nf_xlat_way	*way;
	const struct nf_xlat_pkt	*pkt;
	const struct nf_xlat_parm	*parm;
	struct nf_xlat_walk		*walk;
};

static void nf_xlat_split_send(struct net *net, struct sk_buff *frag,
			       void *data)
{
	struct frag_hdr *fh = (struct frag_hdr *)skb_transport_header(frag) - 1;
	const struct nf_xlat_split *split = data;

	fh->frag_off = htons(ntohs(fh->frag_off) + split->pkt->l3.frag);
	if (split->pkt->l3.mf)
		fh->frag_off |= htons(IP6_MF);

	nf_xlat_init_cb(frag, split->pkt, split->parm, split->way->at);
	nf_xlat_hand_on(split->walk, frag, split->way);
}

/*
 * The packet came as a fragment, and has been translated without a Fragment header.
 * Fragment it, and pass the fragments on, since without that header the receiver could not
 * put the fragments together.
 */
static noinline void nf_xlat_split(struct sk_buff *skb,
				   const struct nf_xlat_way *way,
				   const struct nf_xlat_pkt *pkt,
				   const struct nf_xlat_parm *parm,
				   struct nf_xlat_walk *walk)
{
	struct nf_xlat_split split = {
		.way	= way,
		.pkt	= pkt,
		.parm	= parm,
		.walk	= walk,
	};

	nf_xlat_cut(way->net, skb, nf_xlat_cut_len(parm), pkt->l3.id,
		    nf_xlat_split_send, &split);
}

/* The packet had no route, and no NAT rule has changed its destination: tell its sender. */
static void nf_xlat_tell_no_route(const struct nf_xlat_way *way,
				  struct sk_buff *skb, u8 pf)
{
	nf_xlat_icmp_send(way->net, skb, pf, way->flags, pf == NFPROTO_IPV6 ?
			  ICMPV6_DEST_UNREACH : ICMP_DEST_UNREACH,
			  pf == NFPROTO_IPV6 ? ICMPV6_NOROUTE :
					       ICMP_NET_UNREACH, 0);
}

/* The fields of the transport header that routing rules and IPsec policies match */
static void nf_xlat_flowi_l4(const struct sk_buff *skb,
			     const struct nf_xlat_pkt *pkt,
			     const struct nf_xlat_parm *parm,
			     struct nf_xlat_flowi *fl)
{
	struct nf_xlat_icmp icmp;
	__be16 _ports[2];
	const __be16 *ports;

	memset(&fl->uli, 0, sizeof(fl->uli));
	fl->sport = 0;
	if (likely(nf_xlat_has_ports(fl->proto))) {
		ports = skb_header_pointer(skb, skb_network_offset(skb) +
					   pkt->l3.hlen, sizeof(_ports), _ports);
		if (!ports || pkt->l3.frag)
			return;
		fl->sport = ports[0];
		fl->uli.ports.sport = parm->ports ? parm->outer.sport : ports[0];
		fl->uli.ports.dport = parm->ports ? parm->outer.dport : ports[1];
	} else if (fl->policy &&
		   nf_xlat_is_icmp(pkt->pf, pkt->l3.proto)) {
		icmp = pkt->icmp;
		if (pkt->pf == NFPROTO_IPV6)
			nf_xlat_icmp_6to4(&icmp);
		else
			nf_xlat_icmp_4to6(&icmp);
		fl->uli.icmpt.type = icmp.type;
		fl->uli.icmpt.code = icmp.code;
	}
}

/*
 * May the packet go on in the other family? Answered in its own, and before it is
 * changed. @depth: how many translations are under way, this one included; @pdst is
 * the packet's route, NULL when it is to be looked for later.
 */
static unsigned int nf_xlat_judge(struct sk_buff *skb,
				  const struct nf_xlat_way *way,
				  const struct nf_xlat_pkt *pkt,
				  struct nf_xlat_parm *parm,
				  unsigned int depth, struct dst_entry **pdst)
{
	u8 pf = nf_xlat_other_pf(pkt->pf);
	bool out = way->at == NF_INET_LOCAL_OUT;
	struct net *net = way->net;
	enum nf_xlat_reason reason;
	struct nf_xlat_flowi fl;
	struct dst_entry *dst;
	unsigned int verdict;
	bool local;

	*pdst = NULL;
	parm->mtu4 = 0;
	parm->mtu6 = 0;
	parm->ttl_dec = false;
	parm->hop_due = false;
	if (!nf_xlat_addr_legal(pf, &parm->outer.saddr))
		return nf_xlat_way_drop(way, skb, NF_XLAT_ADDRESS);
	if (!nf_xlat_daddr_legal(pf, pkt, parm))
		return nf_xlat_reject(skb, way, pkt, NF_XLAT_DADDR);

	fl.in = out ? NULL : skb->dev;
	fl.saddr = &parm->outer.saddr;
	fl.daddr = &parm->outer.daddr;
	fl.proto = nf_xlat_new_proto(pkt->pf, pkt->l3.proto);
	fl.tos = pkt->l3.tos;
	fl.masq = parm->oif;
	fl.policy = out;
	nf_xlat_flowi_l4(skb, pkt, parm, &fl);
	dst = nf_xlat_route(net, way, skb, pf, &fl, NULL);
	if (IS_ERR(dst)) {
		if (PTR_ERR(dst) == -EPERM)
			return nf_xlat_way_drop(way, skb, NF_XLAT_POLICY);
		dst = NULL;
		/*
		 * The destination may be an address of a pool, to which no route leads. NAT
		 * or a hairpin may change it later.
		 */
		if (!(way->flags & NF_XLAT_ROUTE_MAY_WAIT) || depth > 1)
			return nf_xlat_reject(skb, way, pkt, NF_XLAT_NOROUTE);
	}

	reason = NF_XLAT_DADDR;
	if (dst && nf_xlat_dst_broadcast(pf, dst))
		goto drop;
	/*
	 * The route of what the device has translated leads back to the device, which would
	 * translate it again and again.
	 */
	reason = NF_XLAT_NOROUTE;
	if (unlikely(way->flags & NF_XLAT_IN_DEVICE && pf == NFPROTO_IPV6 &&
		     dst && dst_dev_rcu(dst) == skb->dev))
		goto drop;
	if (unlikely(parm->oif && dst && dst_dev_rcu(dst)->ifindex != parm->oif)) {
		parm->moved(skb);
		reason = NF_XLAT_STATE;
		goto drop;
	}

	/*
	 * One router, one decrement, though the packet may go to and fro: the
	 * stack has done it in FORWARD, and the first translation in a hairpin
	 * (RFC 7757 section 4.2).
	 */
	local = !dst || nf_xlat_dst_local(pf, dst);
	parm->hop_due = !(way->flags & NF_XLAT_HOP_TAKEN) &&
			(depth == 1 || nf_xlat_hop_due(skb, pkt->pf));
	parm->ttl_dec = parm->hop_due && !local;
	if (!(way->flags & NF_XLAT_FORWARD_ASKED) && !local) {
		reason = nf_xlat_may_forward(skb, net, pkt->pf);
		if (reason)
			goto drop;
	}

	if (dst) {
		verdict = nf_xlat_check(skb, way, pkt, parm, dst);
		if (verdict != NF_ACCEPT)
			goto release;
	}
	*pdst = dst;
	return NF_ACCEPT;

drop:
	verdict = nf_xlat_reject(skb, way, pkt, reason);
release:
	dst_release(dst);
	return verdict;
}

static void nf_xlat_set_current(struct nf_xlat_walk *walk,
				const struct sk_buff *skb,
				const struct nf_xlat_pkt *pkt,
				const struct nf_xlat_parm *parm)
{
	struct nf_xlat_current *cur = &walk->cur;

	/* If this is a second translation, @cur does not describe the whole way. */
	cur->skb = NULL;
	if (parm->keep_ct || walk->depth > 1 || !skb->dev ||
	    skb_headlen(skb) < skb_transport_offset(skb) + sizeof(cur->ports))
		return;
	cur->skb = skb;
	cur->pkt = pkt;
	cur->parm = parm;
	memcpy(cur->ports, skb_transport_header(skb), sizeof(cur->ports));
	cur->iif = skb->dev->ifindex;
	cur->flowtable = NULL;
}

/*
 * Show a packet to the taps of the device that does the translation. What comes out of it
 * does not come in by netif_rx(), where taps would see it; so a VRF shows what it is given.
 */
static noinline void nf_xlat_tap(struct sk_buff *skb,
				 const struct nf_xlat_owner *owner)
{
	struct net_device *dev = skb->dev;

	if (likely(!dev_nit_active(owner->dev)))
		return;
	skb->dev = owner->dev;
	dev_queue_xmit_nit(skb, owner->dev);
	skb->dev = dev;
}

/*
 * Count a packet of @len bytes that the device has received, and @skb, to which it was
 * translated.
 */
static noinline void nf_xlat_owner_count(struct sk_buff *skb,
					 const struct nf_xlat_owner *owner,
					 unsigned int len)
{
	this_cpu_inc(owner->mib->mibs[skb->protocol == htons(ETH_P_IP) ?
				      NF_XLAT_MIB_6TO4 : NF_XLAT_MIB_4TO6]);
	dev_sw_netstats_tx_add(owner->dev, 1, len);
	dev_sw_netstats_rx_add(owner->dev, skb->len);
	nf_xlat_tap(skb, owner);
}

static unsigned int __nf_xlat_send(struct sk_buff *skb,
				   const struct nf_xlat_way *way,
				   struct nf_xlat_pkt *pkt,
				   struct nf_xlat_parm *parm,
				   struct nf_xlat_walk *walk)
{
	struct sk_buff *no_route_skb = NULL;
	struct net *net = way->net;
	enum nf_xlat_reason reason;
	struct dst_entry *dst;
	unsigned int verdict;
	bool split;

	verdict = nf_xlat_judge(skb, way, pkt, parm, walk->depth, &dst);
	if (verdict != NF_ACCEPT)
		return verdict;
	if (!dst) {
		no_route_skb = skb_clone(skb, GFP_ATOMIC);
		/*
		 * An unconfirmed conntrack entry belongs to one skb only, so that the copy
		 * must not refer to it.
		 */
		if (no_route_skb)
			nf_reset_ct(no_route_skb);
	}

	/*
	 * A packet that is not a fragment passes the rules as a whole.
	 * nf_xlat_forward_finish() fragments it behind them.
	 */
	split = pkt->l3.fraghdr && dst && nf_xlat_may_cut(pkt) &&
		!nf_xlat_dst_local(nf_xlat_other_pf(pkt->pf), dst) &&
		way->at != NF_INET_LOCAL_OUT &&
		nf_xlat_new_len(pkt) > nf_xlat_cut_len(parm);
	if (split)
		pkt->l3.fraghdr = false;

	reason = nf_xlat_skb(net, skb, pkt, parm);
	if (reason) {
		dst_release(dst);
		kfree_skb(no_route_skb);
		return nf_xlat_way_drop(way, skb, reason);
	}

	skb_dst_drop(skb);
	if (dst)
		skb_dst_set(skb, dst);
	if (!parm->keep_ct)
		nf_reset_ct(skb);
	/*
	 * A socket that early demux has found in one family does not belong to the packet
	 * in the other.
	 */
	if (way->at != NF_INET_LOCAL_OUT)
		skb_orphan(skb);
#if IS_ENABLED(CONFIG_BRIDGE_NETFILTER)
	/* From here on the packet is routed, whether or not a bridge has received it. */
	skb_ext_del(skb, SKB_EXT_BRIDGE_NF);
#endif
	SNMP_INC_STATS(nf_xlat_pernet(net)->mib, pkt->pf == NFPROTO_IPV6 ?
		       NF_XLAT_MIB_6TO4 : NF_XLAT_MIB_4TO6);
	if (unlikely(way->owner))
		nf_xlat_owner_count(skb, way->owner, pkt->l3.len);
	if (split) {
		nf_xlat_split(skb, way, pkt, parm, walk);
		return NF_STOLEN;
	}

	nf_xlat_init_cb(skb, pkt, parm, way->at);
	if (no_route_skb) {
		walk->no_route = false;
		walk->no_route_skb = no_route_skb;
	}
	nf_xlat_set_current(walk, skb, pkt, parm);
	nf_xlat_hand_on(walk, skb, way);
	if (no_route_skb) {
		walk->no_route_skb = NULL;
		if (walk->no_route)
			nf_xlat_tell_no_route(way, no_route_skb, pkt->pf);
		consume_skb(no_route_skb);
	}
	return NF_STOLEN;
}

/**
 * nf_xlat_translated - how a packet came to be of the family that it is of
 * @skb: the packet, behind the translation
 *
 * For code that does the same again with the packets that follow. The packet is known
 * by its address, which another one may have by now: compare addresses and ports.
 * RCU read side; what this returns lasts as long as the hook does.
 *
 * Return: what was made of the packet, NULL when that is not known, or is more than
 * one stateless translation.
 */
struct nf_xlat_current *nf_xlat_translated(const struct sk_buff *skb)
{
	struct nf_xlat_walk *walk;

	/* Packets from a user's queue come here with bottom halves enabled. */
	if (!in_softirq())
		return NULL;
	walk = nf_xlat_walk_find();
	return walk && walk->cur.skb == skb ? &walk->cur : NULL;
}
EXPORT_SYMBOL_GPL(nf_xlat_translated);

/* Does this GSO packet have to be taken apart before it is translated? */
static bool nf_xlat_needs_segs(const struct sk_buff *skb,
			       const struct nf_xlat_pkt *pkt,
			       const struct nf_xlat_parm *parm)
{
	const int growth = sizeof(struct ipv6hdr) - sizeof(struct iphdr);

	if (!skb_is_gso(skb))
		return false;
	/*
	 * Segmentation reads the inner headers too, and the translation rewrites the outer
	 * ones only.
	 */
	if (skb->encapsulation)
		return true;
	/*
	 * BIG TCP, of over 64 KiB, is told by a hop-by-hop option in IPv6 and
	 * by a length of zero in IPv4, depending on the kernel.
	 */
	if (nf_xlat_new_len(pkt) > IP_MAX_MTU)
		return true;
	/* Segments that IPv4 routers may fragment have to be fragmented one by one. */
	return nf_xlat_may_cut(pkt) &&
	       !skb_gso_validate_network_len(skb, (parm->lowest_mtu6 ? :
						   IPV6_MIN_MTU) - growth);
}

static noinline unsigned int
nf_xlat_send_segs(struct sk_buff *skb, const struct nf_xlat_way *way,
		  u8 pf, bool reasm, struct nf_xlat_parm *parm,
		  struct nf_xlat_walk *walk)
{
	struct sk_buff *segs, *seg, *next;
	enum nf_xlat_reason reason;
	struct nf_xlat_pkt pkt;

	segs = skb_gso_segment(skb, 0);
	if (IS_ERR_OR_NULL(segs))
		return nf_xlat_way_drop(way, skb, NF_XLAT_GSO);

	consume_skb(skb);
	skb_list_walk_safe(segs, seg, next) {
		skb_mark_not_on_list(seg);
		reason = nf_xlat_parse(seg, pf, reasm, &pkt);
		if (reason)
			nf_xlat_way_drop(way, seg, reason);
		if (reason ||
		    __nf_xlat_send(seg, way, &pkt, parm, walk) != NF_STOLEN)
			kfree_skb(seg);
	}
	return NF_STOLEN;
}

static unsigned int nf_xlat_send_nested(struct sk_buff *skb,
					const struct nf_xlat_way *way,
					struct nf_xlat_pkt *pkt,
					struct nf_xlat_parm *parm,
					struct nf_xlat_walk *walk)
{
	unsigned int verdict;

	/* Not every translation counts a hop, so that the hop limit does not end a loop. */
	if (walk->depth == NF_XLAT_MAX_DEPTH ||
	    walk->n_later == NF_XLAT_MAX_LATER)
		return nf_xlat_way_drop(way, skb, NF_XLAT_LOOP);

	walk->depth++;
	if (way->flags & NF_XLAT_IN_DEVICE)
		walk->in_device = true;
	if (unlikely(nf_xlat_needs_segs(skb, pkt, parm)))
		verdict = nf_xlat_send_segs(skb, way, pkt->pf, pkt->reasm, parm,
					    walk);
	else
		verdict = __nf_xlat_send(skb, way, pkt, parm, walk);
	walk->depth--;

	return verdict;
}

/* A function of its own, so that the stack frames of nested translations contain no walk. */
static noinline unsigned int
nf_xlat_send_outermost(struct sk_buff *skb, const struct nf_xlat_way *way,
		       struct nf_xlat_pkt *pkt, struct nf_xlat_parm *parm)
{
	struct nf_xlat_walk walk;
	unsigned int verdict;

	nf_xlat_walk_begin(&walk);
	verdict = nf_xlat_send_nested(skb, way, pkt, parm, &walk);
	/* Translate the ICMP error about a packet that was refused or that found no route. */
	nf_xlat_hand_on_later(&walk);
	nf_xlat_walk_end(&walk);

	return verdict;
}

/**
 * nf_xlat_send - translate a packet and send it on in the other family
 * @skb: packet that nf_xlat_parse() accepted
 * @way: where it is, and where it goes on
 * @pkt: what nf_xlat_parse() found, of no use afterwards
 * @parm: addresses, ports and flags, @inner for ICMP errors only; MTUs, ttl_dec and
 *	hop_due are filled in here
 *
 * The packet enters the hook @way->at of the other family with its route attached,
 * and goes on from there. RCU read side, softirq or process
 * context.
 *
 * Return: NF_STOLEN, or NF_DROP with the reason counted and, where the RFCs
 * ask for one, an ICMP error sent.
 */
unsigned int nf_xlat_send(struct sk_buff *skb,
			  const struct nf_xlat_way *way,
			  struct nf_xlat_pkt *pkt, struct nf_xlat_parm *parm)
{
	struct nf_xlat_walk *walk;
	unsigned int verdict;

	local_bh_disable();
	/* A packet that was sent by the device has been shown to its taps by the stack. */
	if (unlikely(way->owner && !(way->flags & NF_XLAT_IN_DEVICE)))
		nf_xlat_tap(skb, way->owner);
	walk = nf_xlat_walk_find();
	if (walk)
		verdict = nf_xlat_send_nested(skb, way, pkt, parm, walk);
	else
		verdict = nf_xlat_send_outermost(skb, way, pkt, parm);
	local_bh_enable();

	return verdict;
}
EXPORT_SYMBOL_GPL(nf_xlat_send);

/**
 * nf_xlat_probe - would nf_xlat_send() translate a packet?
 * @skb: packet that nf_xlat_parse() accepted
 * @way: where it is
 * @pkt: what nf_xlat_parse() found
 * @parm: addresses
 *
 * As far as addresses, routes, TTL and MTU go. For who has state to change between
 * the question and the deed, by which errors about the packet find their way. RCU
 * read side.
 *
 * Return: NF_ACCEPT, or NF_DROP with the reason counted and its sender told.
 */
unsigned int nf_xlat_probe(struct sk_buff *skb,
			   const struct nf_xlat_way *way,
			   const struct nf_xlat_pkt *pkt,
			   struct nf_xlat_parm *parm)
{
	struct nf_xlat_walk *walk;
	struct dst_entry *dst;
	unsigned int verdict;

	local_bh_disable();
	walk = nf_xlat_walk_find();
	verdict = nf_xlat_judge(skb, way, pkt, parm, walk ? walk->depth + 1 : 1,
				&dst);
	local_bh_enable();
	dst_release(dst);

	return verdict;
}
EXPORT_SYMBOL_GPL(nf_xlat_probe);
