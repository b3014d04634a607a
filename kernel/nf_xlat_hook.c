// SPDX-License-Identifier: GPL-2.0-only
/*
 * nf_xlat_send() calls nf_xlat_route_check() to check a packet, translates the packet, and passes
 * it to the same hook of the other family, from that hook's first priority on. It limits how often
 * a packet is translated on its way through those hooks.
 */

#include <linux/if_vlan.h>
#include <linux/module.h>
#include <linux/netfilter.h>
#include <linux/percpu.h>
#include <net/dst.h>
#include <net/ip.h>
#include <net/ipv6.h>
#include <net/net_namespace.h>
#include <net/snmp.h>
#include <net/netfilter/nf_xlat.h>
#include "compat.h"
#include "nf_xlat_internal.h"

/*
 * How often one packet may be translated. A hairpin (RFC 7757 section 4.2) translates a packet
 * twice: to IPv4, and back to IPv6. A hairpin between two CLATs of this host does so four times.
 */
#define NF_XLAT_MAX_DEPTH	4

/*
 * How many packets nested translations may make of one packet. 64 KiB make 54 fragments of 1280
 * bytes, and a hairpin translates each of them again. All segments of a GSO packet share this, but
 * see nf_xlat_hand_on().
 */
#define NF_XLAT_MAX_LATER	128

DEFINE_PER_CPU(struct hlist_head, nf_xlat_walks);

static void nf_xlat_walk_begin(struct nf_xlat_walk *walk)
{
	walk->task = current;
	walk->depth = 0;
	walk->in_device = false;
	walk->fwd_check = NF_XLAT_FWD_UNCHECKED;
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

/**
 * nf_xlat_note_no_route - note that a translated packet has found no route
 * @skb: the translated packet, which __nf_xlat_send() passed on without a route
 * @reason: of nf_xlat_route_reason()
 *
 * __nf_xlat_send() sends the ICMP error as soon as the hooks of the other family return.
 *
 * Return: the packet for the tracepoint of the drop. This is the copy of the packet as it came in,
 * or @skb if there is no copy. A packet that nfqueue reinjects has lost its copy, which was freed
 * when the walk ended.
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

/* Fill in struct nf_xlat_skb_cb, with its @header as ip_rcv_core() or ip6_rcv_core() set it. */
static void nf_xlat_init_cb(struct sk_buff *skb, const struct nf_xlat_pkt *pkt,
			    const struct nf_xlat_parm *parm)
{
	bool l3_slave, of_ipsec = nf_xlat_of_ipsec(skb, pkt->pf);
	int iif = skb->dev ? skb->dev->ifindex : 0;
	u32 frag_len;

	/*
	 * When nfqueue segments a GSO packet, skb_gso_segment() overwrites the control block
	 * from SKB_GSO_CB_OFFSET on: @id and the members behind it. @id is not needed then, as
	 * frag_len is 0 for a GSO packet. __nf_xlat_hand_on_later() has read the others before.
	 */
	BUILD_BUG_ON(offsetof(struct nf_xlat_skb_cb, id) > SKB_GSO_CB_OFFSET);
	BUILD_BUG_ON(sizeof(struct nf_xlat_skb_cb) > sizeof(skb->cb));

	NF_XLAT_CB(skb)->mark = skb->mark;
	NF_XLAT_CB(skb)->ttl_pending = parm->ttl_pending && !parm->ttl_dec;
	NF_XLAT_CB(skb)->fwd_check = parm->fwd_check;
	NF_XLAT_CB(skb)->frag_len = 0;

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
	 * nf_xlat_forward_finish() or nf_xlat_local_out6() cuts it, after the rules have seen the
	 * whole packet. Both leave the pieces of nf_xlat_refrag() as they are. Where they cannot
	 * cut the packet, ip6_fragment() does, which needs ignore_df.
	 */
	if (likely(skb->len <= IPV6_MIN_MTU) || !nf_xlat_may_frag(pkt))
		return;
	/* A packet that has a Fragment header would get a second one. */
	if (pkt->l3.fraghdr)
		return;
	frag_len = nf_xlat_frag_len(pkt, parm);
	skb->ignore_df = skb->len > frag_len;
	/*
	 * A GSO packet needs no frag_len: its segments are short enough, see
	 * nf_xlat_needs_segs(), and ip6_finish_output_gso() compares them with the MTU.
	 */
	if (skb_is_gso(skb))
		return;
	/* Set frag_len for a shorter packet too, as it may get another route with a lower MTU. */
	NF_XLAT_CB(skb)->frag_len = min_t(u32, frag_len, U16_MAX);
	NF_XLAT_CB(skb)->id = pkt->l3.id;
}

/*
 * Pass on the packets that nested translations have put into @walk->later. Each of them has a
 * route, see nf_xlat_route_check(). Then call the functions that nf_xlat_do_after() has noted.
 * Packets and functions may add packets to @walk->later; @walk->may_queue limits how many.
 */
static noinline void __nf_xlat_hand_on_later(struct nf_xlat_walk *walk)
{
	struct nf_xlat_after *after;
	struct sk_buff *skb;

	do {
		while ((skb = __skb_dequeue(&walk->later))) {
			walk->depth = NF_XLAT_CB(skb)->depth;
			walk->fwd_check = NF_XLAT_CB(skb)->fwd_check;
			nf_xlat_reinject(NF_XLAT_CB(skb)->net,
					 NF_XLAT_CB(skb)->own_sk ? skb->sk : NULL,
					 skb, NF_XLAT_CB(skb)->hook);
		}
		/* With a depth of 1, packets that they send count as nested, and are queued. */
		walk->depth = 1;
		while ((after = walk->after)) {
			walk->after = after->next;
			after->fn(after);
		}
	} while (!skb_queue_empty(&walk->later));
}

/* As __nf_xlat_hand_on_later(). Most walks have one packet and no function to call. */
static void nf_xlat_hand_on_later(struct nf_xlat_walk *walk)
{
	if (unlikely(!skb_queue_empty(&walk->later) || walk->after))
		__nf_xlat_hand_on_later(walk);
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
		 * Each segment of a GSO packet may be translated as often as any other packet,
		 * even if translations of the segments before it have used up @may_queue.
		 */
		walk->may_queue = max_t(unsigned int, walk->may_queue,
					NF_XLAT_MAX_DEPTH - 1);
		walk->fwd_check = NF_XLAT_CB(skb)->fwd_check;
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

struct nf_xlat_refrag {
	const struct nf_xlat_way	*way;
	const struct nf_xlat_pkt	*pkt;
	const struct nf_xlat_parm	*parm;
	struct nf_xlat_walk		*walk;
};

/*
 * Pass on a piece of an IPv4 fragment. nf_xlat_fragment() has counted the offset of the piece from
 * the start of the fragment. Make this the offset in the whole packet.
 */
static void nf_xlat_refrag_send(struct net *net, struct sk_buff *frag,
				void *data)
{
	struct frag_hdr *fh = (struct frag_hdr *)skb_transport_header(frag) - 1;
	const struct nf_xlat_refrag *refrag = data;

	fh->frag_off = htons(ntohs(fh->frag_off) + refrag->pkt->l3.frag);
	if (refrag->pkt->l3.mf)
		fh->frag_off |= htons(IP6_MF);

	nf_xlat_init_cb(frag, refrag->pkt, refrag->parm);
	/* The piece has a Fragment header already, though __nf_xlat_send() has cleared fraghdr. */
	NF_XLAT_CB(frag)->frag_len = 0;
	frag->ignore_df = false;
	nf_xlat_hand_on(refrag->walk, frag, refrag->way);
}

/*
 * Cut a translated IPv4 fragment that is too long for IPv6, and pass the pieces on. The fragment
 * is consumed. nf_xlat_skb() has given it no Fragment header, see __nf_xlat_send(). Each piece
 * gets one from nf_xlat_fragment(), with the identification of the fragment.
 */
static noinline void nf_xlat_refrag(struct sk_buff *skb,
				    const struct nf_xlat_way *way,
				    const struct nf_xlat_pkt *pkt,
				    const struct nf_xlat_parm *parm,
				    struct nf_xlat_walk *walk)
{
	struct nf_xlat_refrag refrag = {
		.way	= way,
		.pkt	= pkt,
		.parm	= parm,
		.walk	= walk,
	};

	nf_xlat_fragment(way->net, skb, nf_xlat_frag_len(pkt, parm), pkt->l3.id,
			 nf_xlat_refrag_send, &refrag);
}

/* Note for nf_xlat_translated() how a packet was translated, if this was without state. */
static void nf_xlat_set_current(struct nf_xlat_walk *walk,
				const struct sk_buff *skb,
				const struct nf_xlat_pkt *pkt,
				const struct nf_xlat_parm *parm)
{
	struct nf_xlat_current *cur = &walk->cur;

	/* For a packet that is translated twice, the second translation is not the whole one. */
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
 * Remove the extensions that core has attached to a packet for its old family. Return false for a
 * packet that IPsec has still to encrypt, which cannot be translated.
 */
static noinline bool nf_xlat_check_ext(struct sk_buff *skb)
{
	if (nf_xlat_to_encrypt(skb))
		return false;
#if IS_ENABLED(CONFIG_BRIDGE_NETFILTER)
	/*
	 * If a bridge has received the packet, it is routed from here on, and not bridged.
	 * br_netfilter may have left a VLAN tag in the skb, with which the outgoing device must not
	 * send the packet.
	 */
	if (skb_ext_exist(skb, SKB_EXT_BRIDGE_NF)) {
		__vlan_hwaccel_clear_tag(skb);
		skb_ext_del(skb, SKB_EXT_BRIDGE_NF);
	}
#endif
	return true;
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
	bool refrag;

	verdict = nf_xlat_route_check(skb, way, pkt, parm, walk->depth, &dst);
	if (verdict != NF_ACCEPT)
		return verdict;
	if (unlikely(skb_has_extensions(skb)) && !nf_xlat_check_ext(skb)) {
		dst_release(dst);
		return nf_xlat_way_drop(way, skb, NF_XLAT_GSO);
	}
	if (!dst) {
		/* An ICMP error has to quote the packet as it is now. */
		no_route_skb = skb_clone(skb, GFP_ATOMIC);
		/* Only one skb may refer to an unconfirmed entry, see nf_ct_drop_unconfirmed(). */
		if (no_route_skb)
			nf_reset_ct(no_route_skb);
	}

	/*
	 * A fragment that is too long for IPv6 is cut before the rules see it. nf_xlat_fragment()
	 * writes the Fragment headers of the pieces, so nf_xlat_skb() writes none. A packet that
	 * is not a fragment is cut behind the rules, see nf_xlat_init_cb().
	 */
	refrag = pkt->l3.fraghdr && dst && nf_xlat_may_frag(pkt) &&
		 !nf_xlat_dst_local(nf_xlat_other_pf(pkt->pf), dst) &&
		 nf_xlat_new_len(pkt) > nf_xlat_frag_len(pkt, parm);
	if (refrag)
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
	 * Early demux has found a socket for the addresses before the translation, so drop it. In
	 * LOCAL_OUT, keep the socket that sends the packet: it may be freed with its last packet,
	 * and @way->sk is still used. Drop a socket that is none of IP, which @way->sk is not, see
	 * nf_xlat_way_of().
	 */
	if (way->at != NF_INET_LOCAL_OUT || !nf_xlat_sk_is_inet(skb->sk))
		skb_orphan(skb);
	SNMP_INC_STATS(nf_xlat_pernet(net)->mib, pkt->pf == NFPROTO_IPV6 ?
		       NF_XLAT_MIB_6TO4 : NF_XLAT_MIB_4TO6);
	if (unlikely(way->owner))
		nf_xlat_owner_count(skb, way->owner, pkt->l3.len);
	if (refrag) {
		nf_xlat_refrag(skb, way, pkt, parm, walk);
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
			nf_xlat_send_error(no_route_skb, way, pkt, walk->no_route);
		consume_skb(no_route_skb);
	}
	return NF_STOLEN;
}

/**
 * nf_xlat_translated - look up how a packet was translated
 * @skb: the translated packet
 *
 * From this, the fast path makes a flow for the packets that follow. @skb may be another packet
 * that was allocated at the same address, so the caller has to compare addresses and ports. RCU
 * read side; the result is valid until the caller's hook function returns.
 *
 * Return: the translation, or NULL if it is unknown, has state, or was the second one
 */
struct nf_xlat_current *nf_xlat_translated(const struct sk_buff *skb)
{
	struct nf_xlat_walk *walk;

	/*
	 * nf_reinject() calls the remaining functions of a hook with bottom halves enabled, with
	 * which nf_xlat_walk_find() must not be called. The walk of such a packet has ended anyway.
	 */
	if (!in_softirq())
		return NULL;
	walk = nf_xlat_walk_find();
	return walk && walk->cur.skb == skb ? &walk->cur : NULL;
}
EXPORT_SYMBOL_GPL(nf_xlat_translated);

/* Must this GSO packet be segmented before it is translated? */
static noinline bool nf_xlat_needs_segs(const struct sk_buff *skb,
					const struct nf_xlat_pkt *pkt,
					const struct nf_xlat_parm *parm)
{
	const int growth = sizeof(struct ipv6hdr) - sizeof(struct iphdr);

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
	 * RFC 7915 section 4.1: segments with DF=0 that are too long are cut one by one. Those of
	 * this host with DF=1 are cut if they are longer than the MTU of the route, which is not
	 * known yet.
	 */
	return nf_xlat_may_frag(pkt) &&
	       !skb_gso_validate_network_len(skb, (parm->lowest_mtu6 ? :
						   IPV6_MIN_MTU) - growth);
}

/* Of 64 KiB, TCP makes 1366 segments with the smallest MSS that it accepts (TCP_MIN_SND_MSS). */
#define NF_XLAT_MAX_SEGS	2048

/*
 * How many jiffies the segments of one GSO packet may take. Bottom halves are disabled for that
 * time, and any user can load rules that take long.
 */
#define NF_XLAT_MAX_SEGS_TIME	(HZ / 2)

/*
 * Segment a GSO packet and translate each segment. NF_STOLEN: the packet is consumed, with all
 * segments. NF_DROP: it could not be segmented, and the caller has to free it.
 */
static noinline unsigned int
nf_xlat_send_segs(struct sk_buff *skb, const struct nf_xlat_way *way,
		  u8 pf, struct nf_xlat_parm *parm, struct nf_xlat_walk *walk)
{
	unsigned long end = jiffies + NF_XLAT_MAX_SEGS_TIME;
	struct sk_buff *segs, *seg, *next;
	enum nf_xlat_reason reason;
	struct nf_xlat_pkt pkt;

	/* All segments pass the hooks before this CPU handles other packets, so limit them. */
	if (skb_shinfo(skb)->gso_size != GSO_BY_FRAGS &&
	    skb->len / NF_XLAT_MAX_SEGS > skb_shinfo(skb)->gso_size)
		return nf_xlat_way_drop(way, skb, NF_XLAT_GSO);
	/* Core cannot read a payload in a device's memory. The segments would be zeroes. */
	if (!skb_frags_readable(skb))
		return nf_xlat_way_drop(way, skb, NF_XLAT_GSO);
	segs = skb_gso_segment(skb, 0);
	if (IS_ERR_OR_NULL(segs))
		return nf_xlat_way_drop(way, skb, NF_XLAT_GSO);

	skb_list_walk_safe(segs, seg, next) {
		skb_mark_not_on_list(seg);
		/* nf_defrag makes no GSO packet. A segment of this host's packet has ignore_df. */
		reason = nf_xlat_parse(seg, pf, false, &pkt);
		if (unlikely(!reason && time_after(jiffies, end)))
			reason = NF_XLAT_GSO;
		if (reason)
			nf_xlat_way_drop(way, seg, reason);
		if (reason ||
		    __nf_xlat_send(seg, way, &pkt, parm, walk) != NF_STOLEN)
			kfree_skb(seg);
	}
	/* Not before: @skb may hold the last reference to @way->sk, see skb_orphan_partial(). */
	consume_skb(skb);
	return NF_STOLEN;
}

/* Translate a packet in @walk, be it the first packet of the walk or a nested one. */
static __always_inline unsigned int
nf_xlat_send_in_walk(struct sk_buff *skb, const struct nf_xlat_way *way,
		     struct nf_xlat_pkt *pkt, struct nf_xlat_parm *parm,
		     struct nf_xlat_walk *walk)
{
	unsigned int verdict;

	/* The hop limit need not end a loop, since not every translation decrements it. */
	if (walk->depth == NF_XLAT_MAX_DEPTH || !walk->may_queue)
		return nf_xlat_way_drop(way, skb, NF_XLAT_LOOP);

	walk->depth++;
	if (way->flags & NF_XLAT_IN_DEVICE)
		walk->in_device = true;
	if (skb_is_gso(skb) && unlikely(nf_xlat_needs_segs(skb, pkt, parm)))
		verdict = nf_xlat_send_segs(skb, way, pkt->pf, parm, walk);
	else
		verdict = __nf_xlat_send(skb, way, pkt, parm, walk);
	walk->depth--;

	return verdict;
}

/* Begin a walk. noinline: a nested translation has no struct nf_xlat_walk in its stack frame. */
static noinline unsigned int
nf_xlat_send_outermost(struct sk_buff *skb, const struct nf_xlat_way *way,
		       struct nf_xlat_pkt *pkt, struct nf_xlat_parm *parm)
{
	struct nf_xlat_walk walk __uninitialized;
	struct nf_xlat_way again __uninitialized;
	unsigned int verdict;

	/*
	 * The packet was translated in FORWARD before, and nfqueue has reinjected it there. So it
	 * has lost its walk, whose depth would end a loop of translations. Let the TTL end it.
	 */
	if (unlikely(way->at == NF_INET_FORWARD && nf_xlat_is_reinjected(way->sk))) {
		again = *way;
		again.flags &= ~NF_XLAT_TTL_DONE;
		way = &again;
	}

	nf_xlat_walk_begin(&walk);
	verdict = nf_xlat_send_in_walk(skb, way, pkt, parm, &walk);
	/* An ICMP error of nf_xlat_reject() may have been translated in LOCAL_OUT, and queued. */
	nf_xlat_hand_on_later(&walk);
	nf_xlat_walk_end(&walk);

	return verdict;
}

/**
 * nf_xlat_send - translate a packet and send it on in the other family
 * @skb: packet that nf_xlat_parse() accepted
 * @way: where it is, and where it goes on
 * @pkt: what nf_xlat_parse() found; changed, so that the caller cannot use it afterwards
 * @parm: addresses, ports and flags, @inner for ICMP errors only; MTUs, ttl_dec, ttl_pending
 *	and fwd_check are filled in here
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
