// SPDX-License-Identifier: GPL-2.0-only
/*
 * Where a translated packet goes: the same hook of the other family, from its
 * first priority on, and then on like any packet there. This file has TTL and MTU
 * errors and the bound on nesting.
 *
 * The translator is the one router on the way: TTL and MTU are judged before
 * the packet is changed, with the route that the translated packet will take,
 * so that errors go out in the sender's family.
 */

#include <linux/icmp.h>
#include <linux/icmpv6.h>
#include <linux/inetdevice.h>
#include <linux/interrupt.h>
#include <linux/module.h>
#include <linux/netfilter.h>
#include <linux/percpu.h>
#include <linux/proc_fs.h>
#include <linux/seq_file.h>
#include <net/dsfield.h>
#include <net/dst.h>
#include <net/dst_metadata.h>
#include <net/flow.h>
#include <net/icmp.h>
#include <net/inet_ecn.h>
#include <net/inet_sock.h>
#include <net/ip.h>
#include <net/ip6_route.h>
#include <net/ipv6.h>
#include <net/l3mdev.h>
#include <net/net_namespace.h>
#include <net/netns/generic.h>
#include <net/route.h>
#include <net/snmp.h>
#include <net/sock.h>
#include <net/tcp_states.h>
#include <net/xfrm.h>
#include <net/netfilter/nf_log.h>
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

/*
 * Packets of one CPU that wait in nf_xlat_deliver(): what nf_xlat_send_segs() makes of the 64 GSO
 * packets that a device may receive at once
 */
#define NF_XLAT_MAX_LOCAL	4096

/*
 * @mark: the route was looked up with this mark. A chain of the other family
 *	that changes it wants another route.
 * @hop_due: the route led to this host, so that no hop was counted. NAT in the
 *	other family, or another translation, may send the packet on all the same.
 * @cut_len: to what nf_xlat_forward_finish() is to cut the packet, which is no GSO packet
 *	then, or 0. What defragmentation leaves here instead has a frag_max_size.
 * @id: the identification that the fragments get
 * @hook: while it waits in nf_xlat_walk.later: where it is to be handed on
 * @depth: how often it has been translated by then
 * @own_sk: the hook's socket was the packet's own, which holds it
 * @net: namespace. The device of a route may be replaced meanwhile by one of init_net,
 *	see dst_dev_put().
 */
struct nf_xlat_skb_cb {
	union {
		struct inet_skb_parm	h4;
		struct inet6_skb_parm	h6;
	} header;
	u32		mark;
	bool		hop_due;
	u16		cut_len;
	u16		id;
	u8		hook;
	u8		depth;
	bool		own_sk;
	struct net	*net;
};

#define NF_XLAT_CB(skb)	((struct nf_xlat_skb_cb *)(skb)->cb)

/*
 * What a task knows about the packet that it is translating. The outermost
 * nf_xlat_send() has it on its stack; nested ones, and hooks that the translated
 * packet meets, find it by the task. With PREEMPT_RT, tasks that have bottom halves
 * disabled preempt each other, so that one CPU may have several.
 *
 * A packet that a nested one has translated is handed on by the outermost, when all that
 * was called for the packet before has returned. So the stack does not grow with the
 * number of translations, nor with tunnels between them. What core has against recursion,
 * as the guard of nf_dup_ipv4(), ends with those calls. So the packets that wait are counted.
 *
 * @node: in nf_xlat_walks of the CPU
 * @task: whose it is
 * @depth: how often the packet has been translated that is on its way
 * @in_device: a device sends one of these packets, see nf_xlat_deliver()
 * @no_route: a packet that was handed on without a route found none later
 * @no_route_skb: that packet as it came in, or NULL
 * @later: packets that nested ones have translated
 * @n_later: how many these were since the outermost handed one on
 * @after: what is to be done when these have been handed on
 * @cur: for nf_xlat_translated()
 */
struct nf_xlat_walk {
	struct hlist_node		node;
	const struct task_struct	*task;
	unsigned int			depth;
	bool				in_device;
	bool				no_route;
	const struct sk_buff		*no_route_skb;
	struct sk_buff_head		later;
	unsigned int			n_later;
	struct nf_xlat_after		*after;
	struct nf_xlat_current		cur;
};

unsigned int nf_xlat_net_id __read_mostly;
static DEFINE_PER_CPU(struct hlist_head, nf_xlat_walks);

/*
 * A packet in a user's queue holds a reference to the socket of its hook. Those that
 * come back to a function of ours have this one, which is no socket: its references
 * tell how many there are. Code that looks at it sees a socket that has timed out.
 * A reset of nft's reject statement has it as well: such a packet is waited for, too.
 */
static struct inet_sock nf_xlat_queued = {
	.sk.sk_refcnt	= REFCOUNT_INIT(1),
	.sk.sk_family	= AF_INET,
	.sk.sk_state	= TCP_TIME_WAIT,
};

/* The walk of this task, or NULL. Bottom halves are disabled. */
static struct nf_xlat_walk *nf_xlat_walk_find(void)
{
	struct nf_xlat_walk *walk;

	preempt_disable_nested();
	hlist_for_each_entry(walk, this_cpu_ptr(&nf_xlat_walks), node)
		if (walk->task == current)
			break;
	preempt_enable_nested();

	return walk;
}

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

static unsigned int nf_xlat_way_drop(const struct nf_xlat_way *way,
				     const struct sk_buff *skb,
				     enum nf_xlat_reason reason)
{
	return nf_xlat_owner_drop(way->owner, way->net, skb, reason);
}

/* The route leads to a socket of this host. */
static bool nf_xlat_dst_local(u8 pf, const struct dst_entry *dst)
{
	/*
	 * A multicast packet is forwarded. If this host is a member of the group, it gets a
	 * copy.
	 */
	if (pf == NFPROTO_IPV4)
		return (container_of(dst, struct rtable, dst)->rt_flags &
			(RTCF_LOCAL | RTCF_MULTICAST)) == RTCF_LOCAL;
	return container_of(dst, struct rt6_info, dst)->rt6i_flags &
	       (RTF_LOCAL | RTF_ANYCAST);
}

/* RFC 2644: a router does not forward directed broadcasts. */
static bool nf_xlat_dst_broadcast(u8 pf, const struct dst_entry *dst)
{
	return pf == NFPROTO_IPV4 &&
	       container_of(dst, struct rtable, dst)->rt_flags & RTCF_BROADCAST;
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
 * Is it a packet of the kernel's own ICMP socket? That is locked while it sends, and
 * icmp_send() and icmpv6_send() want the same lock. Nobody listens to it either.
 */
static bool nf_xlat_of_icmp(const struct sock *sk)
{
	return sk && sk_fullsock(sk) && !sk->sk_net_refcnt &&
	       (sk->sk_protocol == IPPROTO_ICMP ||
		sk->sk_protocol == IPPROTO_ICMPV6);
}

/* The same, for packets behind POSTROUTING, where NAT may have changed the source address */
static noinline void nf_xlat_icmp_ndo_send(struct sk_buff *skb, u8 pf, u8 type,
					   u8 code, u32 info)
{
	if (pf == NFPROTO_IPV6)
		icmpv6_ndo_send(skb, type, code, info);
	else
		icmp_ndo_send(skb, type, code, htonl(info));
}

/*
 * Drop the route of a packet if its device has gone while the packet was in a user's queue.
 * The route has a device of another namespace then, see dst_dev_put(): an ICMP error that is
 * sent by it would come from there.
 */
static void nf_xlat_drop_dead_dst(struct sk_buff *skb)
{
	const struct net_device *dev;

	if (!skb_valid_dst(skb))
		return;
	rcu_read_lock();
	dev = dst_dev_rcu(skb_dst(skb));
	if (unlikely(dev == blackhole_netdev || !(dev->flags & IFF_UP)))
		skb_dst_drop(skb);
	rcu_read_unlock();
}

/* Send an ICMP error about the untranslated packet to its sender. */
static void nf_xlat_icmp_send(struct net *net, struct sk_buff *skb, u8 pf,
			      u8 flags, u8 type, u8 code, u32 info)
{
	struct nf_xlat_flowi fl = {};
	union nf_inet_addr to;
	struct dst_entry *dst;

	if (nf_xlat_of_icmp(skb->sk))
		return;
	if (flags & NF_XLAT_IN_DEVICE) {
		nf_xlat_icmp_ndo_send(skb, pf, type, code, info);
		return;
	}
	if (pf == NFPROTO_IPV6) {
		/* In LOCAL_OUT there is no device yet; as nf_reject does. */
		if (!skb->dev)
			skb->dev = net->loopback_dev;
		icmpv6_send(skb, type, code, info);
		return;
	}

	/* icmp_send() takes namespace and flags from a route. */
	nf_xlat_drop_dead_dst(skb);
	if (!skb_valid_dst(skb)) {
		to.ip = ip_hdr(skb)->saddr;
		fl.daddr = &to;
		dst = nf_xlat_route(net, NULL, skb, NFPROTO_IPV4, &fl, NULL);
		if (IS_ERR(dst))
			return;
		skb_dst_drop(skb);
		skb_dst_set(skb, dst);
	}
	icmp_send(skb, type, code, htonl(info));
}

/**
 * nf_xlat_reject - drop a packet, count it, tell its sender
 * @skb: the packet, not translated
 * @way: where it is
 * @pkt: what nf_xlat_parse() found
 * @reason: why
 *
 * The errors of RFC 7915 sections 4.1, 5.1 and RFC 6146 sections 3.4, 3.5;
 * reasons that the RFCs want silent are silent. The kernel's own limits on
 * ICMP errors apply, and it never answers an ICMP error with another.
 *
 * Return: NF_DROP
 */
unsigned int nf_xlat_reject(struct sk_buff *skb,
			    const struct nf_xlat_way *way,
			    const struct nf_xlat_pkt *pkt,
			    enum nf_xlat_reason reason)
{
	bool v6 = pkt->pf == NFPROTO_IPV6;
	int type = -1, code = 0;
	u32 info = 0;

	switch (reason) {
	case NF_XLAT_ADDRESS:
		/* As ip6_forward(): the sender has no address that reaches so far. */
		if (!v6 || way->at == NF_INET_LOCAL_OUT ||
		    !(ipv6_addr_type(&pkt->l3.saddr.in6) & IPV6_ADDR_LINKLOCAL))
			break;
		type = ICMPV6_DEST_UNREACH;
		code = ICMPV6_NOT_NEIGHBOUR;
		break;
	case NF_XLAT_FRAGMENT:
	case NF_XLAT_FRAG_CSUM:
	case NF_XLAT_TOOBIG:
		/* Only the first fragment of a packet is answered. */
		if (pkt->l3.frag)
			break;
		type = v6 ? ICMPV6_DEST_UNREACH : ICMP_DEST_UNREACH;
		code = v6 ? ICMPV6_ADM_PROHIBITED : ICMP_PKT_FILTERED;
		break;
	case NF_XLAT_OPTIONS:
		type = v6 ? ICMPV6_PARAMPROB : ICMP_DEST_UNREACH;
		code = v6 ? ICMPV6_HDR_FIELD : ICMP_SR_FAILED;
		info = pkt->ptr;
		break;
	case NF_XLAT_PROTO:
		type = v6 ? ICMPV6_DEST_UNREACH : ICMP_DEST_UNREACH;
		code = v6 ? ICMPV6_PORT_UNREACH : ICMP_PROT_UNREACH;
		break;
	case NF_XLAT_HOPLIMIT:
		type = v6 ? ICMPV6_TIME_EXCEED : ICMP_TIME_EXCEEDED;
		code = v6 ? ICMPV6_EXC_HOPLIMIT : ICMP_EXC_TTL;
		break;
	case NF_XLAT_NOROUTE:
		type = v6 ? ICMPV6_DEST_UNREACH : ICMP_DEST_UNREACH;
		code = v6 ? ICMPV6_NOROUTE : ICMP_NET_UNREACH;
		break;
	case NF_XLAT_NOPORT:
		type = v6 ? ICMPV6_DEST_UNREACH : ICMP_DEST_UNREACH;
		code = v6 ? ICMPV6_ADDR_UNREACH : ICMP_HOST_UNREACH;
		break;
	case NF_XLAT_FILTERED:
		/* RFC 5382 REQ-4: an answer to this SYN would end a simultaneous open. */
		if (pkt->l3.proto == IPPROTO_TCP)
			break;
		fallthrough;
	case NF_XLAT_NON_GLOBAL:
	case NF_XLAT_DADDR:
		type = v6 ? ICMPV6_DEST_UNREACH : ICMP_DEST_UNREACH;
		code = v6 ? ICMPV6_ADM_PROHIBITED : ICMP_PKT_FILTERED;
		break;
	default:
		break;
	}

	if (type >= 0)
		nf_xlat_icmp_send(way->net, skb, pkt->pf, way->flags, type,
				  code, info);
	return nf_xlat_way_drop(way, skb, reason);
}
EXPORT_SYMBOL_GPL(nf_xlat_reject);

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

static int nf_xlat_discard(struct net *net, struct sk_buff *skb,
			   enum nf_xlat_reason reason)
{
	nf_xlat_drop(net, skb, reason);
	kfree_skb(skb);
	return 0;
}

/*
 * Cut an IPv6 packet without a Fragment header, and give each fragment to @send.
 * IPv6 does so by itself, but with an identification of its own choice; RFC 7915
 * section 4.1 wants that of IPv4, which receivers need when another router on the
 * IPv4 side has cut the packet before.
 */
static void nf_xlat_cut(struct net *net, struct sk_buff *skb, unsigned int len,
			u16 id,
			void (*send)(struct net *net, struct sk_buff *frag,
				     void *data), void *data)
{
	const struct net_device *dev = dst_dev_rcu(skb_dst(skb));
	u8 *nexthdr = &ipv6_hdr(skb)->nexthdr;
	struct ip6_frag_state fstate;
	struct sk_buff *frag;

	if (skb->ip_summed == CHECKSUM_PARTIAL && skb_checksum_help(skb)) {
		nf_xlat_discard(net, skb, NF_XLAT_NOMEM);
		return;
	}

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

static void nf_xlat_cut_send(struct net *net, struct sk_buff *frag, void *data)
{
	/*
	 * POSTROUTING has seen the packet before it was fragmented, and does not see the
	 * fragments.
	 */
	IP6CB(frag)->flags |= IP6SKB_REROUTED;
	dst_output(net, NULL, frag);
}

static int nf_xlat_cut_finish(struct net *net, struct sock *sk,
			      struct sk_buff *skb)
{
	u32 len = min_t(u32, NF_XLAT_CB(skb)->cut_len,
			max_t(u32, dst_mtu(skb_dst(skb)), IPV6_MIN_MTU));

	nf_xlat_cut(net, skb, len, NF_XLAT_CB(skb)->id, nf_xlat_cut_send, NULL);
	return 0;
}

static bool nf_xlat_cut_due(const struct sk_buff *skb)
{
	return skb->protocol == htons(ETH_P_IPV6) && NF_XLAT_CB(skb)->cut_len &&
	       !IP6CB(skb)->frag_max_size;
}

/* Does what ip6_output() and ip6_fragment() do */
static noinline int nf_xlat_cut_output(struct net *net, struct sk_buff *skb)
{
	struct net_device *indev = skb->dev, *dev = dst_dev_rcu(skb_dst(skb));

	/*
	 * dst_output() will encapsulate the packet, for IPsec or for a tunnel, whose device
	 * fragments it.
	 */
	if (dst_xfrm(skb_dst(skb)) || skb_dst(skb)->lwtstate) {
		IP6CB(skb)->frag_max_size = NF_XLAT_CB(skb)->cut_len;
		return dst_output(net, NULL, skb);
	}

	skb->dev = dev;
	return NF_HOOK(NFPROTO_IPV6, NF_INET_POST_ROUTING, net,
		       &nf_xlat_queued.sk, skb, indev, dev, nf_xlat_cut_finish);
}

static int nf_xlat_forward_finish(struct net *net, struct sock *sk,
				  struct sk_buff *skb)
{
	skb_clear_tstamp(skb);
	if (unlikely(nf_xlat_cut_due(skb)))
		return nf_xlat_cut_output(net, skb);
	return dst_output(net, NULL, skb);
}

/* The rest of ip_forward(): TTL and MTU were judged before the translation. */
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

/*
 * What ip_forward() and the input route look-up check before they forward, here for the
 * family that the packet came in
 */
static enum nf_xlat_reason nf_xlat_may_forward(struct sk_buff *skb,
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

/*
 * Is a hop still to be counted? It is if the route that was found at translation led to
 * this host. If NAT has dropped that route, the control block says so, unless
 * defragmentation has used it: then count a hop, since one too many is better than none.
 */
static bool nf_xlat_hop_due(const struct sk_buff *skb, u8 pf)
{
	if (skb_valid_dst(skb))
		return nf_xlat_dst_local(pf, skb_dst(skb));
	return (pf == NFPROTO_IPV4 ? IPCB(skb)->frag_max_size :
				     IP6CB(skb)->frag_max_size) ||
	       NF_XLAT_CB(skb)->hop_due;
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

/*
 * The packet has no route: have __nf_xlat_send() tell its sender. Returns the packet as it
 * came in, or @skb itself if that is not known: a packet that comes back from a user's queue
 * is in no walk any more.
 */
static const struct sk_buff *nf_xlat_note_no_route(const struct sk_buff *skb)
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
 * A packet for this host. Whoever sends by a device may hold the lock of a socket, and what
 * the receiver answers may come back to that very socket. So a device's packets are delivered
 * when the sender has returned, as tcf_mirred_forward() does.
 */
static int nf_xlat_deliver(struct net *net, struct sk_buff *skb)
{
	struct nf_xlat_local *local;
	struct nf_xlat_walk *walk;

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
	enum nf_xlat_reason reason;
	struct dst_entry *dst;
	bool again, due;

	nf_xlat_drop_dead_dst(skb);
	again = !skb_valid_dst(skb) || NF_XLAT_CB(skb)->mark != skb->mark;
	due = again && nf_xlat_hop_due(skb, pf);
	if (unlikely(again)) {
		union nf_inet_addr saddr = {}, daddr = {};
		struct nf_xlat_flowi fl = {
			.in	= skb->dev,
			.saddr	= &saddr,
			.daddr	= &daddr,
		};
		const __be16 *ports;
		__be16 _ports[2];

		/*
		 * DNAT has dropped the route, or a chain has changed the mark: look for a
		 * route again.
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
		 * A later fragment of IPv4 has no ports. In IPv6 its nexthdr is that of the
		 * Fragment header, so that ports are not looked for.
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
		return nf_xlat_deliver(net, skb);

	/* As ip_forward(): a link layer broadcast is not for forwarding. */
	if (skb->pkt_type != PACKET_HOST)
		return nf_xlat_discard(net, skb, NF_XLAT_ADDRESS);
	if (skb_warn_if_lro(skb))
		return nf_xlat_discard(net, skb, NF_XLAT_GSO);

	/*
	 * NAT may have changed the destination. As long as the packet was for this host,
	 * nobody asked whether it may be forwarded.
	 */
	if (again) {
		reason = nf_xlat_dst_broadcast(pf, skb_dst(skb)) ?
			 NF_XLAT_DADDR : nf_xlat_may_forward(skb, net, pf);
		if (!reason && due)
			reason = nf_xlat_late_hop(net, skb, pf);
		if (reason)
			return nf_xlat_discard(net, skb, reason);
	}
	return nf_xlat_forward(net, skb, pf);
}

/*
 * The length beyond which an IPv4 packet that may be cut is cut for IPv6:
 * RFC 7915 section 4.1, and never more than the path takes.
 */
static u32 nf_xlat_cut_len(const struct nf_xlat_parm *parm)
{
	u32 lowest = parm->lowest_mtu6 ? : IPV6_MIN_MTU;

	/*
	 * Without a route the MTU of the path is not known; the configured MTU is what is
	 * left.
	 */
	return parm->mtu6 ? min(lowest, parm->mtu6) : lowest;
}

static bool nf_xlat_may_cut(const struct nf_xlat_pkt *pkt)
{
	return pkt->pf == NFPROTO_IPV4 && !pkt->l3.df && !pkt->icmp_error;
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

/* Pass the translated packet to the same hook of its new family. */
static void nf_xlat_reinject(struct net *net, struct sock *sk,
			     struct sk_buff *skb, u8 hook)
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
			nf_xlat_deliver(net, skb);
			break;
		}
		nf_xlat_forward(net, skb, pf);
		break;
	case NF_INET_LOCAL_OUT:
		skb->dev = dst_dev_rcu(dst);
		if (pf == NFPROTO_IPV4)
			ip_local_out(net, sk, skb);
		else
			ip6_local_out(net, sk, skb);
		break;
	default:
		DEBUG_NET_WARN_ON_ONCE(1);
		kfree_skb(skb);
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

static int __net_init nf_xlat_net_init(struct net *net)
{
	struct nf_xlat_net *xn = nf_xlat_pernet(net);

	spin_lock_init(&xn->hop_lock);
	xn->mib = alloc_percpu_gfp(struct nf_xlat_mib, GFP_KERNEL_ACCOUNT);
	if (!xn->mib)
		return -ENOMEM;
	if (!proc_create_net_single("nf_xlat", 0444, net->proc_net,
				    nf_xlat_seq_show, NULL)) {
		free_percpu(xn->mib);
		return -ENOMEM;
	}
	return 0;
}

/* Packets in a user's queue would come back to functions that are gone. */
static void __net_exit nf_xlat_net_pre_exit(struct net *net)
{
	nf_queue_nf_hook_drop(net);
}

/* All harnesses have unregistered their hooks in pre_exit. */
static void __net_exit nf_xlat_net_exit(struct net *net)
{
	remove_proc_entry("nf_xlat", net->proc_net);
	free_percpu(nf_xlat_pernet(net)->mib);
	nf_xlat_hops_forget(nf_xlat_pernet(net), NULL);
}

static struct pernet_operations nf_xlat_net_ops = {
	.init		= nf_xlat_net_init,
	.pre_exit	= nf_xlat_net_pre_exit,
	.exit		= nf_xlat_net_exit,
	.id		= &nf_xlat_net_id,
	.size		= sizeof(struct nf_xlat_net),
};

static int nf_xlat_netdev_event(struct notifier_block *nb, unsigned long event,
				void *ptr)
{
	const struct net_device *dev = netdev_notifier_info_to_dev(ptr);

	if (event == NETDEV_UNREGISTER)
		nf_xlat_hops_forget(nf_xlat_pernet(dev_net(dev)), dev);
	return NOTIFY_DONE;
}

static struct notifier_block nf_xlat_netdev_notifier = {
	.notifier_call = nf_xlat_netdev_event,
};

static int __init nf_xlat_init(void)
{
	struct nf_xlat_local *local;
	int cpu, err;

	for_each_possible_cpu(cpu) {
		local = per_cpu_ptr(&nf_xlat_local, cpu);
		skb_queue_head_init(&local->queue);
		tasklet_setup(&local->tasklet, nf_xlat_deliver_queued);
	}
	err = register_pernet_subsys(&nf_xlat_net_ops);
	if (err)
		return err;
	err = register_netdevice_notifier(&nf_xlat_netdev_notifier);
	if (err)
		unregister_pernet_subsys(&nf_xlat_net_ops);
	return err;
}

/*
 * No hook is left that could translate a packet. Drop the packets in users' queues until
 * none is left that would return to a function of this module; a user may queue a packet
 * again at any time.
 */
static void nf_xlat_drop_queued(void)
{
	struct net *net;

	/* Wait for packets that are in a hook now. They pass it, or get into a queue. */
	synchronize_rcu();
	while (refcount_read(&nf_xlat_queued.sk.sk_refcnt) > 1) {
		down_read(&net_rwsem);
		for_each_net(net)
			nf_queue_nf_hook_drop(net);
		up_read(&net_rwsem);
		schedule_timeout_uninterruptible(1);
	}
}

static void __exit nf_xlat_fini(void)
{
	int cpu;

	nf_xlat_drop_queued();
	for_each_possible_cpu(cpu)
		tasklet_kill(&per_cpu_ptr(&nf_xlat_local, cpu)->tasklet);
	unregister_netdevice_notifier(&nf_xlat_netdev_notifier);
	unregister_pernet_subsys(&nf_xlat_net_ops);
	rcu_barrier(); /* nf_xlat_hop_free() */
}

module_init(nf_xlat_init);
module_exit(nf_xlat_fini);

MODULE_LICENSE("GPL");
MODULE_VERSION(NF_XLAT_VERSION);
MODULE_DESCRIPTION("IPv4/IPv6 translation engine");
