// SPDX-License-Identifier: GPL-2.0-only
/*
 * nf_xlat_send() judges a packet, translates it, and passes it to the same hook of the other
 * family, from that hook's first priority on. It limits how often a packet is translated on
 * its way through those hooks.
 *
 * The translator is one router, although it is part of two families. It checks TTL and MTU
 * before it changes the packet, against the route of the translated packet, so that the
 * sender gets ICMP errors of its own family.
 */

#include <linux/icmp.h>
#include <linux/icmpv6.h>
#include <linux/module.h>
#include <linux/netfilter.h>
#include <linux/percpu.h>
#include <net/dst.h>
#include <net/dst_metadata.h>
#include <net/ip.h>
#include <net/ip6_route.h>
#include <net/ipv6.h>
#include <net/net_namespace.h>
#include <net/route.h>
#include <net/snmp.h>
#include <net/netfilter/nf_xlat.h>
#include "compat.h"
#include "nf_xlat_internal.h"

/* A hairpin translates 6to4 and then 4to6. A hairpin between two CLATs does so twice. */
#define NF_XLAT_MAX_DEPTH	4

/*
 * How many packets nested translations may make of one packet, for all of its segments together.
 * 64 KiB make 54 fragments of 1280 bytes, and a hairpin translates each of them again.
 */
#define NF_XLAT_MAX_LATER	128

DEFINE_PER_CPU(struct hlist_head, nf_xlat_walks);

static void nf_xlat_walk_begin(struct nf_xlat_walk *walk)
{
	walk->task = current;
	walk->depth = 0;
	walk->in_device = false;
	walk->asked = 0;
	walk->no_route_skb = NULL;
	__skb_queue_head_init(&walk->later);
	walk->may_queue = NF_XLAT_MAX_LATER;
	walk->after = NULL;
	walk->cur.skb = NULL;
	preempt_disable_nested();
	hlist_add_head(&walk->node, this_cpu_ptr(&nf_xlat_walks));
	preempt_enable_nested();
}

static void nf_xlat_walk_end(struct nf_xlat_walk *walk)
{
	DEBUG_NET_WARN_ON_ONCE(!skb_queue_empty(&walk->later));
	preempt_disable_nested();
	__hlist_del(&walk->node);
	preempt_enable_nested();
}

/*
 * May the translated packet be sent to its destination? An IPv4 multicast group is allowed only
 * without state, and only if the scope of the group is larger than the link.
 */
static bool nf_xlat_daddr_legal(u8 pf, const struct nf_xlat_pkt *pkt,
				const struct nf_xlat_parm *parm)
{
	const union nf_inet_addr *addr = &parm->outer.daddr;

	/* RFC 1122 section 3.2.2: an ICMP error goes to a single host, never to a group. */
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

/* Has the packet, or each of its segments, at most this length before its translation? */
static bool nf_xlat_len_ok(const struct sk_buff *skb,
			   const struct nf_xlat_pkt *pkt, u32 len)
{
	return skb_is_gso(skb) ? skb_gso_validate_network_len(skb, len) :
				 pkt->l3.len <= len;
}

/* Is the translated packet longer than the MTU of its route, and may it not be fragmented there? */
static bool nf_xlat_too_big(const struct sk_buff *skb,
			    const struct nf_xlat_pkt *pkt, u32 mtu)
{
	unsigned int len = nf_xlat_new_len(pkt);

	if (len <= mtu || pkt->icmp_error || pkt->reasm)
		return false;

	/*
	 * Translation changes the length of each segment by as much as that of the whole
	 * packet.
	 */
	if (nf_xlat_len_ok(skb, pkt, mtu + pkt->l3.len - len))
		return false;

	if (pkt->pf == NFPROTO_IPV4)
		return pkt->l3.df;
	/*
	 * RFC 7915 section 5.1: if it is not longer than this, the IPv4 packet will have DF=0,
	 * so that routers may fragment it.
	 */
	return !pkt->l3.fraghdr && !nf_xlat_len_ok(skb, pkt, IPV6_MIN_MTU);
}

/*
 * Check TTL and MTU. On NF_DROP, the drop is counted, an ICMP error is sent, and the caller
 * frees the packet. Fill in mtu4 and mtu6 of @parm: nf_xlat_build_icmp() limits the MTU that a
 * translated ICMP error reports to these.
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
		/* A fragment gets a Fragment header in IPv6, which takes 8 bytes of the MTU. */
		nf_xlat_icmp_send(net, skb, NFPROTO_IPV4, way->flags,
				  ICMP_DEST_UNREACH, ICMP_FRAG_NEEDED, mtu - growth -
				  (pkt->l3.fraghdr ? sizeof(struct frag_hdr) : 0));
	return nf_xlat_way_drop(way, skb, NF_XLAT_TOOBIG);
}

/**
 * nf_xlat_note_no_route - note that a translated packet has found no route
 * @skb: the translated packet, which __nf_xlat_send() passed on without a route
 * @reason: of nf_xlat_route_reason()
 *
 * __nf_xlat_send() sends the ICMP error as soon as the hooks of the other family return.
 *
 * Return: the packet for the tracepoint of the drop, which is the copy of the packet as it came
 * in, or @skb if there is none. The copy of a packet in nfqueue has gone with its walk.
 */
const struct sk_buff *nf_xlat_note_no_route(const struct sk_buff *skb,
					    enum nf_xlat_reason reason)
{
	struct nf_xlat_walk *walk;

	local_bh_disable();
	walk = nf_xlat_walk_find();
	if (walk && walk->no_route_skb) {
		walk->no_route = reason;
		skb = walk->no_route_skb;
	}
	local_bh_enable();

	return skb;
}

/* Fill in struct nf_xlat_skb_cb. Its header is set up as by ip_rcv_core() or ip6_rcv_core(). */
static void nf_xlat_init_cb(struct sk_buff *skb, const struct nf_xlat_pkt *pkt,
			    const struct nf_xlat_parm *parm)
{
	bool l3_slave, of_ipsec = nf_xlat_of_ipsec(skb, pkt->pf);
	int iif = skb->dev ? skb->dev->ifindex : 0;
	u32 cut_len;

	/*
	 * When nfqueue segments a GSO packet, skb_gso_segment() overwrites the control block
	 * from SKB_GSO_CB_OFFSET on. @id and the members behind it are lost then: @id belongs
	 * to cut_len, which is 0 for a GSO packet, and nf_xlat_hand_on_later() has read the others.
	 */
	BUILD_BUG_ON(offsetof(struct nf_xlat_skb_cb, id) > SKB_GSO_CB_OFFSET);
	BUILD_BUG_ON(sizeof(struct nf_xlat_skb_cb) > sizeof(skb->cb));

	NF_XLAT_CB(skb)->mark = skb->mark;
	NF_XLAT_CB(skb)->hop_due = parm->hop_due && !parm->ttl_dec;
	NF_XLAT_CB(skb)->asked = parm->asked;
	NF_XLAT_CB(skb)->cut_len = 0;

	/*
	 * In a hook of a VRF, skb->dev is the VRF. Keep the device by which the packet came in,
	 * since inet_sdif() and inet6_sdif() need it for sockets that are bound to this device.
	 */
	if (pkt->pf == NFPROTO_IPV6) {
		l3_slave = ipv6_l3mdev_skb(IP6CB(skb)->flags);
		if (unlikely(l3_slave))
			iif = IP6CB(skb)->iif;
		memset(IPCB(skb), 0, sizeof(struct inet_skb_parm));
		IPCB(skb)->iif = iif;
		IPCB(skb)->flags = (l3_slave ? IPSKB_L3SLAVE : 0) |
				   (of_ipsec ? IPSKB_XFRM_TRANSFORMED : 0);
		/* The sender of the packet allows fragments, see nf_xlat_parse(). */
		skb->ignore_df = pkt->reasm;
		return;
	}

	l3_slave = ipv4_l3mdev_skb(IPCB(skb)->flags);
	if (unlikely(l3_slave))
		iif = IPCB(skb)->iif;
	memset(IP6CB(skb), 0, sizeof(struct inet6_skb_parm));
	IP6CB(skb)->iif = iif;
	IP6CB(skb)->flags = (l3_slave ? IP6SKB_L3SLAVE : 0) |
			    (of_ipsec ? IP6SKB_XFRM_TRANSFORMED : 0);
	IP6CB(skb)->nhoff = offsetof(struct ipv6hdr, nexthdr);
	/* ip6_input_finish() starts at the first extension header. */
	skb_set_transport_header(skb, sizeof(struct ipv6hdr));
	skb->ignore_df = false;

	/*
	 * RFC 7915 section 4.1: a packet with DF=0 is cut to the lowest MTU of the IPv6 side.
	 * nf_xlat_forward_finish() or nf_xlat_reinject() does this behind the rules. They do
	 * not cut the pieces of nf_xlat_split() again. Where they cannot cut, ip6_fragment()
	 * does it, and needs ignore_df.
	 */
	if (likely(skb->len <= IPV6_MIN_MTU) || !nf_xlat_may_cut(pkt))
		return;
	/* A packet that has a Fragment header would get a second one. */
	if (pkt->l3.fraghdr)
		return;
	cut_len = nf_xlat_cut_len(pkt, parm);
	skb->ignore_df = skb->len > cut_len;
	/*
	 * A GSO packet needs no cut_len: its segments are short enough, see
	 * nf_xlat_needs_segs(), and ip6_finish_output_gso() compares them with the MTU.
	 */
	if (skb_is_gso(skb))
		return;
	/* Set cut_len for a shorter packet too: it may get a route with a lower MTU. */
	NF_XLAT_CB(skb)->cut_len = min_t(u32, cut_len, U16_MAX);
	NF_XLAT_CB(skb)->id = pkt->l3.id;
}

/*
 * Pass on the packets that nested translations have put into @walk->later. Each of them has a
 * route, see nf_xlat_judge(). Then call the functions that nf_xlat_do_after() has noted. Packets
 * and functions may add packets to @walk->later; @walk->may_queue limits how many.
 */
static void nf_xlat_hand_on_later(struct nf_xlat_walk *walk)
{
	struct nf_xlat_after *after;
	struct sk_buff *skb;

	do {
		while ((skb = __skb_dequeue(&walk->later))) {
			walk->depth = NF_XLAT_CB(skb)->depth;
			walk->asked = NF_XLAT_CB(skb)->asked;
			nf_xlat_reinject(NF_XLAT_CB(skb)->net,
					 NF_XLAT_CB(skb)->own_sk ? skb->sk : NULL,
					 skb, NF_XLAT_CB(skb)->hook);
		}
		walk->depth = 1;
		while ((after = walk->after)) {
			walk->after = after->next;
			after->fn(after);
		}
	} while (!skb_queue_empty(&walk->later));
}

/*
 * Pass a translated packet on. A nested translation puts the packet on @walk->later, from which
 * the outermost translation passes it on. The packet is consumed.
 */
static void nf_xlat_hand_on(struct nf_xlat_walk *walk, struct sk_buff *skb,
			    const struct nf_xlat_way *way)
{
	if (walk->depth == 1) {
		/*
		 * What copies of a GSO packet's first segments use up must not keep its other
		 * segments from being translated as often as any packet may be.
		 */
		walk->may_queue = max_t(unsigned int, walk->may_queue,
					NF_XLAT_MAX_DEPTH - 1);
		walk->asked = NF_XLAT_CB(skb)->asked;
		nf_xlat_reinject(way->net, way->sk, skb, way->at);
		walk->cur.skb = NULL;
		walk->no_route_skb = NULL;
		nf_xlat_hand_on_later(walk);
		return;
	}
	if (!walk->may_queue) {
		nf_xlat_discard(way->net, skb, NF_XLAT_LOOP);
		return;
	}
	walk->may_queue--;
	NF_XLAT_CB(skb)->net = way->net;
	NF_XLAT_CB(skb)->hook = way->at;
	NF_XLAT_CB(skb)->depth = walk->depth;
	/*
	 * The sender of the packet holds @way->sk only until this call returns, and the
	 * outermost translation passes the packet on after that. So keep the socket only if the
	 * packet itself has a reference to it.
	 */
	NF_XLAT_CB(skb)->own_sk = way->sk && way->sk == skb->sk;
	__skb_queue_tail(&walk->later, skb);
}

/**
 * nf_xlat_nested - does the caller run inside of a call of nf_xlat_send()?
 *
 * If so, nf_xlat_send() would only translate and queue a packet. The outermost nf_xlat_send() of
 * this task passes the packet on later, and after that calls the functions of
 * nf_xlat_do_after(). RCU read side.
 *
 * Return: true if this task is translating a packet
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
 * nf_xlat_do_after - call a function when the queued packets have been passed on
 * @after: the function, which may free @after
 *
 * May only be called where nf_xlat_nested() is true. The outermost nf_xlat_send() of this task
 * calls the function, in the same RCU read side.
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

/*
 * Pass on a piece of an IPv4 fragment. nf_xlat_cut() has counted its offset from the start of
 * the fragment. Make it the offset in the whole packet.
 */
static void nf_xlat_split_send(struct net *net, struct sk_buff *frag,
			       void *data)
{
	struct frag_hdr *fh = (struct frag_hdr *)skb_transport_header(frag) - 1;
	const struct nf_xlat_split *split = data;

	fh->frag_off = htons(ntohs(fh->frag_off) + split->pkt->l3.frag);
	if (split->pkt->l3.mf)
		fh->frag_off |= htons(IP6_MF);

	nf_xlat_init_cb(frag, split->pkt, split->parm);
	/* The piece has a Fragment header already, though __nf_xlat_send() has cleared fraghdr. */
	NF_XLAT_CB(frag)->cut_len = 0;
	frag->ignore_df = false;
	nf_xlat_hand_on(split->walk, frag, split->way);
}

/*
 * Cut a translated IPv4 fragment that is too long for IPv6, and pass the pieces on. The fragment
 * is consumed. nf_xlat_skb() has given it no Fragment header, see __nf_xlat_send(). Each piece
 * gets one from nf_xlat_cut(), with the identification of the fragment.
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

	nf_xlat_cut(way->net, skb, nf_xlat_cut_len(pkt, parm), pkt->l3.id,
		    nf_xlat_split_send, &split);
}

/*
 * Fill in the fields of @fl that come from the transport header. Routing rules match the source
 * port before the translation, as with NAT44. IPsec policies match the ports behind it.
 */
static void nf_xlat_flowi_l4(const struct sk_buff *skb,
			     const struct nf_xlat_pkt *pkt,
			     const struct nf_xlat_parm *parm, bool policies,
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
		/* Only the first fragment has ports, and all of a packet take one route. */
		if (!ports || pkt->l3.mf || pkt->l3.frag)
			return;
		fl->sport = ports[0];
		fl->uli.ports.sport = parm->ports ? parm->outer.sport : ports[0];
		fl->uli.ports.dport = parm->ports ? parm->outer.dport : ports[1];
	} else if (policies && nf_xlat_is_icmp(pkt->pf, pkt->l3.proto)) {
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
 * Decide, before the packet is changed, whether it may go on in the other family, and look up
 * its route there. Fill in the MTUs, ttl_dec, hop_due and asked of @parm. @depth is the number of
 * translations of the packet, this one included.
 *
 * On NF_ACCEPT, the caller owns the reference to the route in @pdst. @pdst is NULL if
 * nf_xlat_rcv_finish() has to look for the route. On NF_DROP it is NULL too, the drop is counted,
 * an ICMP error is sent where one is due, and the caller frees the packet.
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
	bool policies = nf_xlat_has_policies(net);
	struct dst_entry *dst, *tunnel = NULL;
	enum nf_xlat_reason reason;
	struct nf_xlat_flowi fl;
	unsigned int verdict;
	bool local;

	*pdst = NULL;
	parm->mtu4 = 0;
	parm->mtu6 = 0;
	parm->ttl_dec = false;
	parm->hop_due = false;
	parm->asked = 1 + NF_XLAT_OK;
	/* RFC 7915 section 4.1, RFC 1812 section 5.3.7: no ICMP error to an illegal source */
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
	/* As ip_route_me_harder(): policies do not apply to what IPsec has made. */
	fl.policy = out && !nf_xlat_of_ipsec(skb, pkt->pf);
	nf_xlat_flowi_l4(skb, pkt, parm, policies || out, &fl);
	dst = nf_xlat_route(net, way, skb, pf, &fl, NULL);
	if (IS_ERR(dst)) {
		reason = nf_xlat_route_reason(dst);
		dst = NULL;
		/*
		 * A pool needs no route if NAT or a hairpin changes its addresses in
		 * PREROUTING, so nf_xlat_rcv_finish() looks again. But a nested translation only
		 * queues the packet, and could not send the ICMP error afterwards.
		 */
		if (!(way->flags & NF_XLAT_ROUTE_MAY_WAIT) || depth > 1 ||
		    reason == NF_XLAT_POLICY)
			return nf_xlat_reject(skb, way, pkt, reason);
	}

	reason = NF_XLAT_DADDR;
	if (dst && nf_xlat_dst_broadcast(pf, dst))
		goto drop;
	/*
	 * The device has made IPv6 of the packet, and the route leads back to the device,
	 * which would make the same IPv4 packet of it again: a loop. An IPv4 route may lead
	 * back, since that is a hairpin (RFC 7757 section 4.2).
	 */
	reason = NF_XLAT_NOROUTE;
	if (unlikely(way->flags & NF_XLAT_IN_DEVICE && pf == NFPROTO_IPV6 &&
		     dst && dst_dev_rcu(dst) == skb->dev))
		goto drop;
	/* The address of the session is that of a device which its route does not use any more. */
	if (unlikely(parm->oif && dst && dst_dev_rcu(dst)->ifindex != parm->oif)) {
		parm->moved(skb);
		reason = NF_XLAT_STATE;
		goto drop;
	}

	/*
	 * Both families are one router, which decrements TTL once. In FORWARD the stack has
	 * done it. In a hairpin the first translation has done it (RFC 7757 section 4.2), unless
	 * the first route led to this host. If this route is missing or leads to this host,
	 * nf_xlat_rcv_finish() may have to do it later.
	 */
	local = !dst || nf_xlat_dst_local(pf, dst);
	parm->hop_due = !(way->flags & NF_XLAT_HOP_TAKEN) &&
			(depth == 1 || nf_xlat_hop_due(skb, pkt->pf));
	parm->ttl_dec = parm->hop_due && !local;
	/*
	 * Ask the family that the packet came in with whether it may be forwarded. This has to
	 * be done before the translation. The answer matters to a packet for this host only if
	 * NAT sends it on afterwards, so keep the answer in @asked.
	 */
	if (local && way->flags & NF_XLAT_FOR_HOST) {
		parm->asked = 0;
	} else if (!(way->flags & NF_XLAT_FORWARD_ASKED)) {
		reason = depth == 1 ? nf_xlat_may_forward(skb, net, pkt->pf) :
				      nf_xlat_may_go_on(skb, net, pkt->pf);
		if (reason && !local)
			goto drop;
		parm->asked = 1 + reason;
	}

	if (dst) {
		/*
		 * An IPsec policy lowers the MTU. xfrm4_route_forward() and
		 * xfrm6_route_forward() apply it after the translation, when an ICMP error would
		 * quote the translated packet and go to an address of the other family.
		 */
		if (unlikely(policies && !local && !out) &&
		    nf_xlat_new_len(pkt) > IPV6_MIN_MTU)
			tunnel = nf_xlat_policy_route(net, skb, pf, &fl, dst);
		verdict = nf_xlat_check(skb, way, pkt, parm, tunnel ? : dst);
		if (unlikely(tunnel))
			dst_release(tunnel);
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

/* Note for nf_xlat_translated() how a packet was translated, if this was without state. */
static void nf_xlat_set_current(struct nf_xlat_walk *walk,
				const struct sk_buff *skb,
				const struct nf_xlat_pkt *pkt,
				const struct nf_xlat_parm *parm)
{
	struct nf_xlat_current *cur = &walk->cur;

	/* A packet that is translated twice is not described by the second translation alone. */
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
 * Judge one packet, translate it and pass it on. The caller has segmented a GSO packet that
 * cannot stay whole. NF_STOLEN: the packet is consumed. NF_DROP: the caller has to free it.
 */
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
		/* An ICMP error has to quote the packet as it is now. */
		no_route_skb = skb_clone(skb, GFP_ATOMIC);
		/* Only one skb may refer to an unconfirmed conntrack entry. */
		if (no_route_skb)
			nf_reset_ct(no_route_skb);
	}

	/*
	 * A fragment that is too long for IPv6 is cut before the rules see it. nf_xlat_cut()
	 * writes the Fragment headers of the pieces, so nf_xlat_skb() writes none. A packet that
	 * is not a fragment is cut behind the rules, see nf_xlat_init_cb().
	 */
	split = pkt->l3.fraghdr && dst && nf_xlat_may_cut(pkt) &&
		!nf_xlat_dst_local(nf_xlat_other_pf(pkt->pf), dst) &&
		nf_xlat_new_len(pkt) > nf_xlat_cut_len(pkt, parm);
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
	/* Early demux has found the socket for the addresses before the translation. */
	if (way->at != NF_INET_LOCAL_OUT)
		skb_orphan(skb);
#if IS_ENABLED(CONFIG_BRIDGE_NETFILTER)
	/* If a bridge has received the packet: from here on it is routed, not bridged. */
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

	nf_xlat_init_cb(skb, pkt, parm);
	if (no_route_skb) {
		walk->no_route = NF_XLAT_OK;
		walk->no_route_skb = no_route_skb;
	}
	nf_xlat_set_current(walk, skb, pkt, parm);
	nf_xlat_hand_on(walk, skb, way);
	if (no_route_skb) {
		walk->no_route_skb = NULL;
		if (walk->no_route)
			nf_xlat_tell(no_route_skb, way, pkt, walk->no_route);
		consume_skb(no_route_skb);
	}
	return NF_STOLEN;
}

/**
 * nf_xlat_translated - look up how a packet was translated
 * @skb: the translated packet
 *
 * The fast path learns here how to translate the packets that follow. @skb may be another packet
 * that was allocated at the same address, so the caller has to compare addresses and ports. RCU
 * read side; the result is valid until the caller's hook function returns.
 *
 * Return: the translation, or NULL if it is unknown, has state, or was the second one
 */
struct nf_xlat_current *nf_xlat_translated(const struct sk_buff *skb)
{
	struct nf_xlat_walk *walk;

	/*
	 * nf_reinject() calls the remaining functions of a hook with bottom halves enabled. Do not
	 * call nf_xlat_walk_find() then. The walk of such a packet has ended.
	 */
	if (!in_softirq())
		return NULL;
	walk = nf_xlat_walk_find();
	return walk && walk->cur.skb == skb ? &walk->cur : NULL;
}
EXPORT_SYMBOL_GPL(nf_xlat_translated);

/* Must this packet be segmented before it is translated? */
static bool nf_xlat_needs_segs(const struct sk_buff *skb,
			       const struct nf_xlat_pkt *pkt,
			       const struct nf_xlat_parm *parm)
{
	const int growth = sizeof(struct ipv6hdr) - sizeof(struct iphdr);

	if (!skb_is_gso(skb))
		return false;
	/* Segmentation of a tunnel's packet reads the inner headers, which are not translated. */
	if (skb->encapsulation)
		return true;
	/* Segments of SKB_GSO_UDP are fragments, and each has to be translated as a fragment. */
	if (skb_shinfo(skb)->gso_type & SKB_GSO_UDP)
		return true;
	/*
	 * BIG TCP: the packet is longer than 64 KiB. Depending on family and kernel, its
	 * header says so by a hop-by-hop option or by a length of zero.
	 */
	if (nf_xlat_new_len(pkt) > IP_MAX_MTU)
		return true;
	/*
	 * RFC 7915 section 4.1: segments with DF=0 that are too long are cut one by one. So are
	 * this host's own with DF=1, if the path, which is not known yet, does not take them.
	 */
	return nf_xlat_may_cut(pkt) &&
	       !skb_gso_validate_network_len(skb, (parm->lowest_mtu6 ? :
						   IPV6_MIN_MTU) - growth);
}

/* TCP makes 1366 of 64 KiB with the smallest MSS that it takes, TCP_MIN_SND_MSS. */
#define NF_XLAT_MAX_SEGS	2048

/*
 * Segment a GSO packet and translate each segment. NF_STOLEN: the packet is consumed, with all
 * segments. NF_DROP: it could not be segmented, and the caller has to free it.
 */
static noinline unsigned int
nf_xlat_send_segs(struct sk_buff *skb, const struct nf_xlat_way *way,
		  u8 pf, struct nf_xlat_parm *parm, struct nf_xlat_walk *walk)
{
	struct sk_buff *segs, *seg, *next;
	enum nf_xlat_reason reason;
	struct nf_xlat_pkt pkt;

	/* All of them pass the hooks before another packet does, so there is a limit to them. */
	if (skb_shinfo(skb)->gso_size != GSO_BY_FRAGS &&
	    skb->len / NF_XLAT_MAX_SEGS > skb_shinfo(skb)->gso_size)
		return nf_xlat_way_drop(way, skb, NF_XLAT_GSO);
	segs = skb_gso_segment(skb, 0);
	if (IS_ERR_OR_NULL(segs))
		return nf_xlat_way_drop(way, skb, NF_XLAT_GSO);

	consume_skb(skb);
	skb_list_walk_safe(segs, seg, next) {
		skb_mark_not_on_list(seg);
		/* nf_defrag makes no GSO packet. Segments of this host's own have ignore_df. */
		reason = nf_xlat_parse(seg, pf, false, &pkt);
		if (reason)
			nf_xlat_way_drop(way, seg, reason);
		if (reason ||
		    __nf_xlat_send(seg, way, &pkt, parm, walk) != NF_STOLEN)
			kfree_skb(seg);
	}
	return NF_STOLEN;
}

/* Translate a packet in @walk, be it the first packet of the walk or a nested one. */
static unsigned int nf_xlat_send_in_walk(struct sk_buff *skb,
					 const struct nf_xlat_way *way,
					 struct nf_xlat_pkt *pkt,
					 struct nf_xlat_parm *parm,
					 struct nf_xlat_walk *walk)
{
	unsigned int verdict;

	/* The hop limit need not end a loop, since not every translation decrements it. */
	if (walk->depth == NF_XLAT_MAX_DEPTH || !walk->may_queue)
		return nf_xlat_way_drop(way, skb, NF_XLAT_LOOP);

	walk->depth++;
	if (way->flags & NF_XLAT_IN_DEVICE)
		walk->in_device = true;
	if (unlikely(nf_xlat_needs_segs(skb, pkt, parm)))
		verdict = nf_xlat_send_segs(skb, way, pkt->pf, parm, walk);
	else
		verdict = __nf_xlat_send(skb, way, pkt, parm, walk);
	walk->depth--;

	return verdict;
}

/* Begin a walk. noinline: the stack frames of nested translations contain no walk. */
static noinline unsigned int
nf_xlat_send_outermost(struct sk_buff *skb, const struct nf_xlat_way *way,
		       struct nf_xlat_pkt *pkt, struct nf_xlat_parm *parm)
{
	struct nf_xlat_way again;
	struct nf_xlat_walk walk;
	unsigned int verdict;

	/*
	 * The packet was translated from FORWARD to FORWARD before. nfqueue has had it since, so
	 * it has lost its walk, whose depth would end a loop. Let its TTL end the loop.
	 */
	if (unlikely(way->at == NF_INET_FORWARD && nf_xlat_is_reinjected(way->sk))) {
		again = *way;
		again.flags &= ~NF_XLAT_HOP_TAKEN;
		way = &again;
	}

	nf_xlat_walk_begin(&walk);
	verdict = nf_xlat_send_in_walk(skb, way, pkt, parm, &walk);
	/* nf_xlat_reject() may have sent an ICMP error, and LOCAL_OUT may have translated it. */
	nf_xlat_hand_on_later(&walk);
	nf_xlat_walk_end(&walk);

	return verdict;
}

/**
 * nf_xlat_send - translate a packet and send it on in the other family
 * @skb: packet that nf_xlat_parse() accepted
 * @way: where it is, and where it goes on
 * @pkt: what nf_xlat_parse() found, of no use afterwards
 * @parm: addresses, ports and flags, @inner for ICMP errors only; MTUs, ttl_dec, hop_due
 *	and asked are filled in here
 *
 * The packet enters the hook @way->at of the other family, with its route attached if one is
 * known, and goes on from there. RCU read side, softirq or process context.
 *
 * Return: NF_STOLEN if the packet is consumed. On NF_DROP the caller has to free the packet; the
 * reason is counted, and an ICMP error is sent where the RFCs want one, see nf_xlat_reject().
 */
unsigned int nf_xlat_send(struct sk_buff *skb,
			  const struct nf_xlat_way *way,
			  struct nf_xlat_pkt *pkt, struct nf_xlat_parm *parm)
{
	struct nf_xlat_walk *walk;
	unsigned int verdict;

	local_bh_disable();
	/* The stack has already shown packet sockets a packet that it transmits by the device. */
	if (unlikely(way->owner && !(way->flags & NF_XLAT_IN_DEVICE)))
		nf_xlat_tap(skb, way->owner);
	walk = nf_xlat_walk_find();
	if (walk)
		verdict = nf_xlat_send_in_walk(skb, way, pkt, parm, walk);
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
 * @parm: as for nf_xlat_send(), except @inner. MTUs, ttl_dec, hop_due and asked are overwritten.
 *
 * This checks addresses, route, TTL and MTU, as nf_xlat_send() does. A caller that is going to
 * change the packet's conntrack entry asks first, since an ICMP error about the packet has
 * to be translated by the entry as it was. The packet stays the caller's. RCU read side.
 *
 * Return: NF_ACCEPT. On NF_DROP the reason is counted and an ICMP error is sent, as by
 * nf_xlat_send().
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
