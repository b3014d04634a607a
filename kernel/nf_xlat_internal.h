/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the files of nf_xlat share.
 */
#ifndef _NF_XLAT_INTERNAL_H
#define _NF_XLAT_INTERNAL_H

#include <linux/icmp.h>
#include <linux/icmpv6.h>
#include <linux/ipv6.h>
#include <linux/netfilter.h>
#include <linux/percpu.h>
#include <linux/skbuff.h>
#include <linux/spinlock.h>
#include <linux/tcp.h>
#include <linux/types.h>
#include <linux/udp.h>
#include <net/dst_metadata.h>
#include <net/ip.h>
#include <net/ip6_fib.h>
#include <net/net_namespace.h>
#include <net/netns/generic.h>
#include <net/route.h>
#include <net/netfilter/nf_xlat.h>
#include "compat.h"

struct seq_file;

#define NF_XLAT_RT_BUCKETS	64
/* The last bucket, which is for nf_xlat_local_route() */
#define NF_XLAT_RT_LOCAL	NF_XLAT_RT_BUCKETS

/**
 * struct nf_xlat_net - the engine's data of a namespace
 *
 * @mib: counters
 * @rts: routes that nf_xlat_rt_get() has made, by device and gateway, and in
 *	NF_XLAT_RT_LOCAL those of nf_xlat_local_route()
 * @rt_lock: for writers of @rts
 */
struct nf_xlat_net {
	struct nf_xlat_mib __percpu	*mib;
	struct hlist_head		rts[NF_XLAT_RT_BUCKETS + 1];
	spinlock_t			rt_lock;	/* protects writes to @rts */
};

extern unsigned int nf_xlat_net_id;

static inline struct nf_xlat_net *nf_xlat_pernet(const struct net *net)
{
	return net_generic(net, nf_xlat_net_id);
}

/*
 * What is known about a translated packet. The other family's functions use @header, as
 * IPCB() or IP6CB(). nf_defrag overwrites what follows it, and sets frag_max_size in it.
 *
 * @mark: the mark that the route was looked up with. If a chain of the other family changes the
 *	packet's mark, the route is looked up again.
 * @ttl_pending: TTL or hop limit has not been decremented, as the route led to this host. NAT in
 *	the other family, or another translation, may send the packet on all the same.
 * @fwd_check: as in struct nf_xlat_parm. If IPsec decrypts the packet, it overwrites this.
 * @frag_len: the length to which nf_xlat_forward_finish() or nf_xlat_reinject() has to cut the
 *	packet, or 0; 0 for a GSO packet. Not to be read if nf_defrag has put the packet together.
 * @id: the identification that the fragments get then
 * @hook: while the packet waits in nf_xlat_walk.later: the hook that it is to enter
 * @depth: the same: how often the packet has been translated
 * @own_sk: pass it on with skb->sk, to which the packet has a reference
 * @net: network namespace to pass it on in. It cannot be read from the route: dst_dev_put()
 *	may give the route a device of init_net meanwhile.
 */
struct nf_xlat_skb_cb {
	union {
		struct inet_skb_parm	h4;
		struct inet6_skb_parm	h6;
	} header;
	u32		mark;
	bool		ttl_pending;
	u8		fwd_check;
	u16		frag_len;
	u16		id;
	u8		hook;
	u8		depth;
	bool		own_sk;
	struct net	*net;
};

#define NF_XLAT_CB(skb)	((struct nf_xlat_skb_cb *)(skb)->cb)

/*
 * What a task knows about the packet that it is translating. The outermost nf_xlat_send() has
 * the walk on its stack. The hooks that the translated packet meets, and nested calls of
 * nf_xlat_send() from there, find it by the task. With PREEMPT_RT, tasks that have disabled
 * bottom halves preempt each other, so that a CPU may have several walks.
 *
 * A nested call only translates a packet and queues it in @later. The outermost call passes
 * it on when the hooks of the packet before have returned. So the stack does not grow with the
 * number of translations, nor with tunnels between them. But the guards of core against
 * recursion, such as that of nf_dup_ipv4(), end when those hooks return, so @may_queue limits
 * how many packets are queued.
 *
 * @node: in nf_xlat_walks of the CPU
 * @task: the task that is translating
 * @depth: how often the packet that is on its way has been translated. While a packet of @later
 *	is passed on, it is that of this packet; while @after is called, it is 1.
 * @fwd_check: of the packet that is on its way, see nf_xlat_may_forward_translated()
 * @in_device: a device translates one of these packets, see nf_xlat_deliver()
 * @no_route: the reason that nf_xlat_note_no_route() was called with, NF_XLAT_OK if it was not
 * @no_route_skb: a copy of that packet as it came in, or NULL
 * @later: packets that nested calls have translated
 * @may_queue: how many more packets may be put there. All segments of a GSO packet share it, but
 *	nf_xlat_hand_on() gives each segment at least 3.
 * @after: functions to call when the packets in @later have been passed on
 * @cur: for nf_xlat_translated()
 */
struct nf_xlat_walk {
	struct hlist_node		node;
	const struct task_struct	*task;
	unsigned int			depth;
	u8				fwd_check;
	bool				in_device;
	enum nf_xlat_reason		no_route;
	const struct sk_buff		*no_route_skb;
	struct sk_buff_head		later;
	unsigned int			may_queue;
	struct nf_xlat_after		*after;
	struct nf_xlat_current		cur;
};

static inline unsigned int nf_xlat_way_drop(const struct nf_xlat_way *way,
					    const struct sk_buff *skb,
					    enum nf_xlat_reason reason)
{
	return nf_xlat_owner_drop(way->owner, way->net, skb, reason);
}

/* Does the route lead to this host? */
static inline bool nf_xlat_dst_local(u8 pf, const struct dst_entry *dst)
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
static inline bool nf_xlat_dst_broadcast(u8 pf, const struct dst_entry *dst)
{
	return pf == NFPROTO_IPV4 &&
	       container_of(dst, struct rtable, dst)->rt_flags & RTCF_BROADCAST;
}

/*
 * The length beyond which an IPv4 packet that may be cut is cut for IPv6:
 * RFC 7915 section 4.1, and never more than the path takes.
 */
static inline u32 nf_xlat_frag_len(const struct nf_xlat_pkt *pkt,
				   const struct nf_xlat_parm *parm)
{
	u32 lowest = parm->lowest_mtu6 ? : IPV6_MIN_MTU;

	/* This host has made the packet and may cut it, see nf_xlat_parse(): routers may not. */
	if (pkt->l3.df && parm->mtu6)
		return parm->mtu6;
	/*
	 * Without a route, mtu6 is 0, as the MTU of the path is not known: use the configured
	 * MTU. For a packet that needs no MTU, see nf_xlat_parm, mtu6 is 0 as well; such a packet
	 * is not longer than IPV6_MIN_MTU.
	 */
	return parm->mtu6 ? min(lowest, parm->mtu6) : lowest;
}

static inline bool nf_xlat_may_frag(const struct nf_xlat_pkt *pkt)
{
	return pkt->pf == NFPROTO_IPV4 && (!pkt->l3.df || pkt->reasm) &&
	       !pkt->icmp_error;
}

/* Sum of length and protocol in the pseudo-header of ICMPv6. ICMPv4 has no pseudo-header. */
#define NF_XLAT_ICMP_PSEUDO(len) \
	csum_add((__force __wsum)htonl(len), (__force __wsum)htonl(IPPROTO_ICMPV6))

/*
 * Where a transport protocol has its checksum, -1 when it has none that covers
 * a pseudo-header; and in @hlen how much of its header nf_xlat_l4() may write.
 */
static inline int nf_xlat_l4_check(u8 proto, unsigned int *hlen)
{
	switch (proto) {
	case IPPROTO_TCP:
		*hlen = sizeof(struct tcphdr);
		return offsetof(struct tcphdr, check);
	case IPPROTO_UDP:
	case IPPROTO_UDPLITE:
		*hlen = sizeof(struct udphdr);
		return offsetof(struct udphdr, check);
	case IPPROTO_DCCP:
		/* RFC 4340 section 5.1; ports and checksum lie as in UDP */
		*hlen = 12;
		return 6;
	case IPPROTO_ICMP:
	case IPPROTO_ICMPV6:
		*hlen = sizeof(struct icmphdr);
		return offsetof(struct icmphdr, checksum);
	default:
		*hlen = 0;
		return -1;
	}
}

static inline unsigned int nf_xlat_l4_hlen(u8 proto)
{
	unsigned int hlen;

	nf_xlat_l4_check(proto, &hlen);
	return hlen;
}

DECLARE_PER_CPU(struct hlist_head, nf_xlat_walks);

/**
 * nf_xlat_walk_find - find the walk of this task
 *
 * The caller has disabled bottom halves.
 *
 * Return: the walk, or NULL if the task is not translating a packet
 */
static inline struct nf_xlat_walk *nf_xlat_walk_find(void)
{
	struct nf_xlat_walk *walk;

	preempt_disable_nested();
	hlist_for_each_entry(walk, this_cpu_ptr(&nf_xlat_walks), node)
		if (walk->task == current)
			break;
	preempt_enable_nested();

	return walk;
}

/**
 * nf_xlat_has_route - does a packet have a route that it can take?
 * @skb: the packet, which nfqueue may have had meanwhile
 *
 * A route whose device has gone is dropped: dst_dev_put() has given it a device of init_net,
 * and icmp_send() would send an ICMP error from there. RCU read side.
 */
static inline bool nf_xlat_has_route(struct sk_buff *skb)
{
	const struct net_device *dev;

	if (!skb_valid_dst(skb))
		return false;
	dev = dst_dev_rcu(skb_dst(skb));
	if (likely(dev != blackhole_netdev && dev->flags & IFF_UP))
		return true;
	skb_dst_drop(skb);
	return false;
}

/* Has nf_defrag put the packet together since its translation, and overwritten NF_XLAT_CB()? */
static inline bool nf_xlat_cb_lost(const struct sk_buff *skb, u8 pf)
{
	return pf == NFPROTO_IPV4 ? IPCB(skb)->frag_max_size :
				    IP6CB(skb)->frag_max_size;
}

/* The length of the link layer header that stands before the packet, 0 if there is none */
static inline unsigned int nf_xlat_mac_len(const struct sk_buff *skb)
{
	if (!skb_mac_header_was_set(skb) || skb_mac_header(skb) > skb->data)
		return 0;
	return skb->data - skb_mac_header(skb);
}

/*
 * Has IPsec of this host made the packet? xfrm_output() clears the control block and sets the flag
 * before such a packet enters LOCAL_OUT.
 */
static inline bool nf_xlat_of_ipsec(const struct sk_buff *skb, u8 pf)
{
	return pf == NFPROTO_IPV4 ?
	       IPCB(skb)->flags & IPSKB_XFRM_TRANSFORMED :
	       IP6CB(skb)->flags & IP6SKB_XFRM_TRANSFORMED;
}

/* nf_xlat_hook.c */
const struct sk_buff *nf_xlat_note_no_route(const struct sk_buff *skb,
					    enum nf_xlat_reason reason);

/* nf_xlat_check.c */
unsigned int nf_xlat_route_check(struct sk_buff *skb, const struct nf_xlat_way *way,
				 const struct nf_xlat_pkt *pkt,
				 struct nf_xlat_parm *parm, unsigned int depth,
				 struct dst_entry **pdst);

/* nf_xlat_error.c */
void nf_xlat_send_error(struct sk_buff *skb, const struct nf_xlat_way *way,
			const struct nf_xlat_pkt *pkt, enum nf_xlat_reason reason);

/* nf_xlat_forward.c */
enum nf_xlat_reason nf_xlat_may_forward(struct sk_buff *skb,
					const struct net *net, u8 pf);
enum nf_xlat_reason nf_xlat_may_forward_translated(struct sk_buff *skb,
						   const struct net *net, u8 pf);
int nf_xlat_discard(struct net *net, struct sk_buff *skb,
		    enum nf_xlat_reason reason);
void nf_xlat_fragment(struct net *net, struct sk_buff *skb, unsigned int len, u16 id,
		      void (*send)(struct net *net, struct sk_buff *frag,
				   void *data), void *data);
bool nf_xlat_is_reinjected(const struct sock *sk);
bool nf_xlat_ttl_pending(const struct sk_buff *skb, u8 pf);
void nf_xlat_reinject(struct net *net, struct sock *sk, struct sk_buff *skb,
		      u8 hook);
void nf_xlat_forward_init(void);
void nf_xlat_forward_fini(void);

/* nf_xlat_route.c */
void nf_xlat_rt_flush_dev(struct nf_xlat_net *xn, const struct net_device *dev);
struct rtable *nf_xlat_local_route(struct net *net, struct net_device *dev);
struct dst_entry *nf_xlat_policy_route(struct net *net,
				       const struct sk_buff *skb, u8 pf,
				       const struct nf_xlat_flowi *fl,
				       struct dst_entry *dst);

/* nf_xlat_count.c */
void nf_xlat_tap(struct sk_buff *skb, const struct nf_xlat_owner *owner);
void nf_xlat_owner_count(struct sk_buff *skb, const struct nf_xlat_owner *owner,
			 unsigned int len);
int nf_xlat_seq_show(struct seq_file *seq, void *v);

#endif /* _NF_XLAT_INTERNAL_H */
