// SPDX-License-Identifier: GPL-2.0-only
/*
 * A packet after its translation: it passes the hook of its new family, and then is routed,
 * forwarded or delivered as by ip_rcv_finish() and ip_forward(). nf_xlat_route_check() has checked
 * TTL and MTU before.
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
 * How many packets of one CPU may wait in nf_xlat_deliver(): those that nf_xlat_send_segs() makes
 * of 64 GSO packets (NAPI_POLL_WEIGHT) with 64 segments each
 */
#define NF_XLAT_MAX_LOCAL	4096
/* As many are delivered at once as NAPI takes (NAPI_POLL_WEIGHT). */
#define NF_XLAT_LOCAL_BUDGET	64

/*
 * The socket of each hook that this module calls with an okfn of its own. nfqueue holds a
 * reference to the socket of the hook for each packet that it has. So nf_xlat_drop_queued() sees
 * by the reference count whether nfqueue still has a packet that would return to this module.
 * nft's reject statement sends its resets with this socket as well, so nf_xlat_drop_queued()
 * waits for these too.
 *
 * This is not a whole socket. It is like a request socket that has no listener: sk_fullsock() is
 * false, and sk_to_full_sk() is NULL. When a chain of type route changes such a reset,
 * ip6_route_me_harder() gets this socket, and reads members of what sk_to_full_sk() returns unless
 * that is NULL. TCP_TIME_WAIT would not do, as sk_to_full_sk() of 6.12 returns such a socket as it
 * is.
 */
static struct inet_sock nf_xlat_hook_sk = {
	.sk.sk_refcnt	= REFCOUNT_INIT(1),
	.sk.sk_family	= AF_INET,
	.sk.sk_state	= TCP_NEW_SYN_RECV,
};

/**
 * nf_xlat_is_reinjected - is the packet in a hook that nf_xlat_reinject() has called?
 * @sk: socket of the hook, in PRE_ROUTING or FORWARD
 *
 * Return: true if the packet has been translated, and entered the hook after that
 */
bool nf_xlat_is_reinjected(const struct sock *sk)
{
	return sk == &nf_xlat_hook_sk.sk;
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
 *
 * Return: true if forwarding is on
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
 * The packet does not pass ip_forward(), ip6_forward() and the input route look-up of that
 * family, so this function makes their checks. RCU read side.
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
 * nf_xlat_may_forward_translated - may this host forward a packet that it has translated?
 * @skb: the packet
 * @net: network namespace
 * @pf: its family now
 *
 * This is for a packet that gets another route than nf_xlat_route_check() has seen, and for a
 * packet that is translated again. Before the translation, nf_xlat_route_check() has called
 * nf_xlat_may_forward() for the family that the packet came in with. NF_XLAT_CB() has the result.
 * If nf_defrag has overwritten it, take the result for the last fragment from the walk. A packet
 * that nfqueue reinjects has no walk; then forwarding must be on in both families. RCU read side.
 *
 * Return: NF_XLAT_OK, or why it may not be forwarded
 */
enum nf_xlat_reason nf_xlat_may_forward_translated(struct sk_buff *skb,
						   const struct net *net, u8 pf)
{
	const struct nf_xlat_walk *walk;
	u8 fwd_check = NF_XLAT_CB(skb)->fwd_check;

	if (unlikely(nf_xlat_cb_lost(skb, pf))) {
		local_bh_disable();
		walk = nf_xlat_walk_find();
		fwd_check = walk ? walk->fwd_check : NF_XLAT_FWD_UNCHECKED;
		local_bh_enable();
		if (!walk && !nf_xlat_forwarding(net, skb->dev,
						 nf_xlat_other_pf(pf)))
			return NF_XLAT_FORWARDING;
	}

	switch (fwd_check) {
	case NF_XLAT_FWD_RESULT(NF_XLAT_OK):
		return NF_XLAT_OK;
	case NF_XLAT_FWD_RESULT(NF_XLAT_FORWARDING):
		return NF_XLAT_FORWARDING;
	case NF_XLAT_FWD_RESULT(NF_XLAT_POLICY):
		return NF_XLAT_POLICY;
	}
	/*
	 * There is no result: nfqueue has had the packet, or the packet was for this host, where
	 * a CLAT translated it or IPsec decrypted it. So make the checks of its new family.
	 */
	return nf_xlat_may_forward(skb, net, pf);
}

/**
 * nf_xlat_discard - count and free a packet for which a hook function returns NF_STOLEN
 * @net: network namespace
 * @skb: the packet
 * @reason: why it is dropped
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

/*
 * Copy the metadata that ip6_frag_next() does not copy, since fragments that leave the host do not
 * need it. The fragments of nf_xlat_refrag() pass PRE_ROUTING and FORWARD, where rules may match
 * the member of a VRF (in the control block) and the link layer header. A @skb_iif of 0 would mean
 * that this host has made the packet. The fragments of nf_xlat_frag_finish() keep the time at which
 * the socket wants the packet sent (SO_TXTIME).
 */
static void nf_xlat_frag_metadata(struct sk_buff *frag, const struct sk_buff *skb,
				  unsigned int mac_len)
{
	frag->skb_iif = skb->skb_iif;
	memcpy(frag->cb, skb->cb, sizeof(frag->cb));
	skb_set_delivery_time(frag, skb->tstamp, nf_xlat_tstamp_type(skb));
	if (!mac_len)
		return;
	skb_set_mac_header(frag, -(int)mac_len);
	memcpy(skb_mac_header(frag), skb_mac_header(skb), mac_len);
}

/**
 * nf_xlat_fragment - fragment an IPv6 packet that has no Fragment header
 * @net: network namespace
 * @skb: the packet, with its route; it is consumed
 * @len: the longest fragment, in bytes, header included
 * @id: the identification that the fragments get
 * @send: takes each fragment, and owns it; the fragment has the control block of @skb
 * @data: for @send
 *
 * ip6_fragment() would choose an identification. RFC 7915 section 4.1 wants the identification
 * of the IPv4 packet: an IPv4 router may have fragmented the packet before, and the receiver
 * needs the same identification in all fragments. RCU read side.
 */
void nf_xlat_fragment(struct net *net, struct sk_buff *skb, unsigned int len, u16 id,
		      void (*send)(struct net *net, struct sk_buff *frag,
				   void *data), void *data)
{
	const struct net_device *dev = dst_dev_rcu(skb_dst(skb));
	unsigned int mac_len = nf_xlat_mac_len(skb);
	struct ip6_frag_state fstate;
	struct sk_buff *frag;
	u8 *nexthdr;

	/*
	 * As in ip6_fragment(): a fragment needs room for 8 bytes of the packet. IPsec may leave
	 * less, and then ip6_frag_next() would make empty fragments for ever.
	 */
	if (len < sizeof(struct ipv6hdr) + sizeof(struct frag_hdr) + 8) {
		nf_xlat_discard(net, skb, NF_XLAT_TOOBIG);
		return;
	}

	/* ip6_frag_next() cannot copy a payload that is in a device's memory. */
	if (!skb_frags_readable(skb)) {
		nf_xlat_discard(net, skb, NF_XLAT_TOOBIG);
		return;
	}

	/* No device can checksum fragments: write the checksum or, for SCTP, the CRC now. */
	if (skb->ip_summed == CHECKSUM_PARTIAL &&
	    skb_csum_hwoffload_help(skb, 0)) {
		nf_xlat_discard(net, skb, NF_XLAT_NOMEM);
		return;
	}

	/* skb_csum_hwoffload_help() may have moved the headers to other memory. */
	nexthdr = &ipv6_hdr(skb)->nexthdr;
	ip6_frag_init(skb, sizeof(struct ipv6hdr),
		      len - sizeof(struct ipv6hdr) - sizeof(struct frag_hdr),
		      dev->needed_tailroom, LL_RESERVED_SPACE(dev) + mac_len,
		      nexthdr, *nexthdr, htonl(id), &fstate);
	while (fstate.left > 0) {
		frag = ip6_frag_next(skb, &fstate);
		if (IS_ERR(frag)) {
			nf_xlat_discard(net, skb, NF_XLAT_NOMEM);
			return;
		}
		nf_xlat_frag_metadata(frag, skb, mac_len);
		send(net, frag, data);
	}
	consume_skb(skb);
}

/*
 * Send a fragment. POSTROUTING and the cgroup of the socket have seen the whole packet. So
 * IP6SKB_REROUTED keeps the fragment from POSTROUTING, and without a socket no cgroup sees it.
 * Only xfrm_output() needs the socket.
 */
static void nf_xlat_frag_send(struct net *net, struct sk_buff *frag, void *data)
{
	IP6CB(frag)->flags |= IP6SKB_REROUTED;
	dst_output(net, dst_xfrm(skb_dst(frag)) ? frag->sk : NULL, frag);
}

/*
 * The length to which a packet is cut. The route of the packet may have changed since
 * nf_xlat_init_cb(), and the MTU that an IPsec policy leaves is known only now.
 */
static u32 nf_xlat_frag_mtu(const struct sk_buff *skb)
{
	u32 mtu = dst_mtu(skb_dst(skb));

	/* IPsec may leave less than the 1280 bytes that every IPv6 link has. */
	if (!dst_xfrm(skb_dst(skb)))
		mtu = max_t(u32, mtu, IPV6_MIN_MTU);
	return min_t(u32, mtu, NF_XLAT_CB(skb)->frag_len);
}

/*
 * Does dst_output() encapsulate the packet before the stack fragments it? This is so with a route
 * with encapsulation, and with IPsec in any mode but tunnel mode. The stack fragments the result
 * if it is too long.
 */
static bool nf_xlat_encap_before_frag(const struct sk_buff *skb)
{
	const struct xfrm_state *x = dst_xfrm(skb_dst(skb));

	if (x)
		return x->props.mode != XFRM_MODE_TUNNEL;
	return skb_dst(skb)->lwtstate;
}

/* Let ip6_fragment() cut the packet if it is too long, with an identification of its own choice. */
static int nf_xlat_frag_later(struct net *net, struct sk_buff *skb)
{
	IP6CB(skb)->frag_max_size = nf_xlat_frag_mtu(skb);
	skb->ignore_df = true;
	return dst_output(net, skb->sk, skb);
}

/* Is there no socket, or one that has an IPv6 part? */
static bool nf_xlat_sk_is_inet6(const struct sock *sk)
{
	return !sk || (sk_fullsock(sk) && sk->sk_family == AF_INET6);
}

/* As ip6_finish_output() does, run the BPF programs of the cgroup that a socket belongs to. */
static bool nf_xlat_cgroup_allows(struct sock *sk, struct sk_buff *skb)
{
	int ret = BPF_CGROUP_RUN_PROG_INET_EGRESS(sk, skb);

	return ret == NET_XMIT_SUCCESS || ret == NET_XMIT_CN;
}

/*
 * okfn of POSTROUTING: cut the packet if it is still too long. In POSTROUTING, nfqueue may have
 * made the packet shorter. NAT may have changed its addresses, and then nf_xfrm_me_harder() may
 * have found an IPsec policy for it.
 */
static int nf_xlat_frag_finish(struct net *net, struct sock *sk,
			       struct sk_buff *skb)
{
	if (nf_xlat_encap_before_frag(skb) || skb->len <= nf_xlat_frag_mtu(skb)) {
		IP6CB(skb)->flags |= IP6SKB_REROUTED;
		return nf_xlat_frag_later(net, skb);
	}
	if ((!dst_xfrm(skb_dst(skb)) || !nf_xlat_sk_is_inet6(skb->sk)) &&
	    !nf_xlat_cgroup_allows(skb->sk, skb)) {
		kfree_skb(skb);
		return 0;
	}
	/* See nf_xlat_local_out_again(): POSTROUTING may have found a route with IPsec. */
	if (dst_xfrm(skb_dst(skb)) && !nf_xlat_sk_is_inet6(skb->sk))
		skb_orphan(skb);
	nf_xlat_fragment(net, skb, nf_xlat_frag_mtu(skb), NF_XLAT_CB(skb)->id,
			 nf_xlat_frag_send, NULL);
	return 0;
}

/*
 * Must this module cut the packet? If nf_defrag has put it together, ip6_fragment() cuts it to
 * its frag_max_size, and nf_defrag has overwritten frag_len.
 */
static bool nf_xlat_frag_needed(const struct sk_buff *skb)
{
	return skb->protocol == htons(ETH_P_IPV6) && NF_XLAT_CB(skb)->frag_len &&
	       !IP6CB(skb)->frag_max_size && skb->len > nf_xlat_frag_mtu(skb);
}

/* Like ip6_output(): show the packet to POSTROUTING, then cut it. It is consumed. */
static noinline int nf_xlat_frag_output(struct net *net, struct sk_buff *skb)
{
	struct net_device *indev = skb->dev, *dev = dst_dev_rcu(skb_dst(skb));

	if (nf_xlat_encap_before_frag(skb))
		return nf_xlat_frag_later(net, skb);

	skb->dev = dev;
	return NF_HOOK(NFPROTO_IPV6, NF_INET_POST_ROUTING, net,
		       &nf_xlat_hook_sk.sk, skb, indev, dev, nf_xlat_frag_finish);
}

/*
 * Take the packet off a socket that has no IPv6 part, if the packet will pass LOCAL_OUT of IPv6
 * once more. The hook must not get such a socket, see nf_xlat_local_out_no_sk(), but these give it
 * the socket of the packet: xfrm_output_resume() after asynchronous encryption, and vrf_xmit() for
 * a packet that has waited in the queueing discipline of a VRF. Without a socket, the BPF programs
 * of its cgroup do not run later, so run them here. Return false if they drop the packet; then it
 * is freed.
 */
static bool nf_xlat_local_out_again(struct sk_buff *skb)
{
	if (nf_xlat_sk_is_inet6(skb->sk) ||
	    (!dst_xfrm(skb_dst(skb)) &&
	     !netif_is_l3_slave(dst_dev_rcu(skb_dst(skb)))))
		return true;
	if (!nf_xlat_cgroup_allows(skb->sk, skb)) {
		kfree_skb(skb);
		return false;
	}
	skb_orphan(skb);
	return true;
}

/*
 * okfn of LOCAL_OUT, which only nf_reinject() calls. @sk is nf_xlat_hook_sk, but dst_output() has
 * to get the socket of the packet.
 */
static int nf_xlat_local_out_finish(struct net *net, struct sock *sk,
				    struct sk_buff *skb)
{
	if (!nf_xlat_local_out_again(skb))
		return 0;
	return dst_output(net, skb->sk, skb);
}

/*
 * Like __ip6_local_out(), for the packet of a socket that has no IPv6 part. Such a socket must not
 * get into the hook: when a chain of type route changes the packet, ip6_route_output() reads
 * inet6_sk() of the hook's socket, which would be NULL. So the hook gets nf_xlat_hook_sk, and the
 * new route depends on neither the device nor the user of the packet's socket.
 */
static noinline int nf_xlat_local_out_no_sk(struct net *net,
					    struct sk_buff *skb)
{
	int ret;

	if (!nf_xlat_local_out_again(skb))
		return 0;
	skb = l3mdev_ip6_out(NULL, skb);
	if (!skb)
		return 0;
	ret = nf_hook(NFPROTO_IPV6, NF_INET_LOCAL_OUT, net,
		      &nf_xlat_hook_sk.sk, skb, NULL,
		      dst_dev_rcu(skb_dst(skb)), nf_xlat_local_out_finish);
	/* The hook may have found a route with IPsec. */
	return ret == 1 && !nf_xlat_local_out_again(skb) ? 0 : ret;
}

/*
 * Like ip6_local_out(), but cut the packet if it is too long. If nfqueue takes it in LOCAL_OUT, it
 * comes back to dst_output(), and ip6_fragment() cuts it to frag_max_size. The packet is consumed.
 */
static void nf_xlat_local_out6(struct net *net, struct sock *sk,
			       struct sk_buff *skb)
{
	bool frag_needed = nf_xlat_frag_needed(skb);
	int ret;

	if (unlikely(frag_needed))
		IP6CB(skb)->frag_max_size = nf_xlat_frag_mtu(skb);
	if (nf_xlat_sk_is_inet6(sk))
		ret = __ip6_local_out(net, sk, skb);
	else
		ret = nf_xlat_local_out_no_sk(net, skb);
	if (ret != 1)
		return;
	/*
	 * __xfrm6_output() calls xfrm_local_error() only if it gets a socket. That function reads
	 * the socket of the packet, so do not pass one if the packet has none.
	 */
	if (unlikely(frag_needed))
		nf_xlat_frag_output(net, skb);
	else
		dst_output(net, sk == skb->sk ? sk : NULL, skb);
}

static int nf_xlat_forward_finish(struct net *net, struct sock *sk,
				  struct sk_buff *skb)
{
	skb_clear_tstamp(skb);
	if (unlikely(nf_xlat_frag_needed(skb)))
		return nf_xlat_frag_output(net, skb);
	return dst_output(net, NULL, skb);
}

/*
 * The second half of ip_forward(); nf_xlat_route_check() has done the first. It consumes the
 * packet.
 */
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
	/* ip_forward() does this, ip6_forward() does not. The packet is IPv4 on one side. */
	if (READ_ONCE(net->ipv4.sysctl_ip_fwd_update_priority))
		skb->priority = rt_tos2priority(pf == NFPROTO_IPV4 ? ip_hdr(skb)->tos :
						ipv6_get_dsfield(ipv6_hdr(skb)));

	return NF_HOOK(pf, NF_INET_FORWARD, net, &nf_xlat_hook_sk.sk, skb,
		       skb->dev, dev, nf_xlat_forward_finish);
}

/**
 * nf_xlat_ttl_pending - must TTL or hop limit of a translated packet still be decremented?
 * @skb: the packet
 * @pf: its family now
 *
 * nf_xlat_route_check() does not decrement TTL if the packet has no route, or a route to this host.
 * nf_nat drops the route when it changes the destination, but NF_XLAT_CB() has ttl_pending. If
 * nf_defrag has overwritten NF_XLAT_CB(), the answer is yes: one decrement too many is better
 * than a loop. RCU read side.
 *
 * Return: true if this host still has to decrement it before it forwards the packet
 */
bool nf_xlat_ttl_pending(const struct sk_buff *skb, u8 pf)
{
	if (skb_valid_dst(skb))
		return nf_xlat_dst_local(pf, skb_dst(skb));
	return nf_xlat_cb_lost(skb, pf) || NF_XLAT_CB(skb)->ttl_pending;
}

/*
 * Decrement TTL or hop limit of a packet that has been translated already. If it ends here, send
 * the ICMP error. The caller drops the packet for any result but NF_XLAT_OK.
 */
static enum nf_xlat_reason nf_xlat_dec_ttl_late(struct net *net,
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
	struct net_device *dev;
	struct sk_buff *skb;
	int n;

	for (n = 0; n < NF_XLAT_LOCAL_BUDGET; n++) {
		skb = skb_dequeue(&local->queue);
		if (!skb)
			return;
		dev = skb->dev;
		rcu_read_lock();
		dst_input(skb);
		rcu_read_unlock();
		dev_put(dev);
	}
	/* Let other softirqs have their turn. */
	tasklet_schedule(tasklet);
}

/*
 * Note in a packet for this host by which device it came in, as ip_route_input() and
 * l3mdev_ip_rcv() do. The look-up of its socket needs this. False: no memory for the route.
 */
static bool nf_xlat_received(struct net *net, struct sk_buff *skb, u8 pf)
{
	struct net_device *vrf = l3mdev_master_dev_rcu(skb->dev);
	struct rtable *rt;

	/*
	 * If a device of kind "xlat" has translated the packet in a hook, skb->dev is that device,
	 * and skb_iif is still the device that received the packet.
	 */
	skb->skb_iif = skb->dev->ifindex;
	if (unlikely(vrf)) {
		/* iif of the control block stays the member of the VRF, for inet_sdif(). */
		skb->dev = vrf;
		skb->skb_iif = vrf->ifindex;
		if (pf == NFPROTO_IPV4)
			IPCB(skb)->flags |= IPSKB_L3SLAVE;
		else
			IP6CB(skb)->flags |= IP6SKB_L3SLAVE;
	}

	/* Keep a route with encapsulation, since it has an input function of its own. */
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
 * Deliver a packet to this host; it is consumed. If a device translates in ndo_start_xmit(), the
 * sender may hold the lock of its socket, and the receiver's answer may come back to the same
 * socket. So a tasklet delivers the packets of a device after the sender has returned.
 * tcf_mirred_forward() uses netif_rx() for the same reason.
 */
static int nf_xlat_deliver(struct net *net, struct sk_buff *skb, u8 pf)
{
	struct nf_xlat_local *local;
	struct nf_xlat_walk *walk;

	/*
	 * If IPsec has decrypted the packet, it has done so in the other family. Policies of this
	 * family know nothing of that SA, and __xfrm_policy_check() would drop the packet.
	 */
	secpath_reset(skb);
	/* As deliver_skb(): the owner of a zerocopy fragment must not change what is received. */
	if (!nf_xlat_received(net, skb, pf) ||
	    skb_orphan_frags_rx(skb, GFP_ATOMIC))
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

/* As ip_forward(), check what is not in the headers of a packet. Return why not to forward it. */
static enum nf_xlat_reason nf_xlat_fit_to_forward(const struct sk_buff *skb)
{
	/* A link layer broadcast is not forwarded. */
	if (skb->pkt_type != PACKET_HOST)
		return NF_XLAT_ADDRESS;
	/*
	 * tproxy has found a socket, but the route does not lead to this host. Output functions
	 * would take the socket for that of the sender, and would read and write members that a
	 * socket in TIME_WAIT does not have.
	 */
	if (unlikely(skb->sk))
		return NF_XLAT_NOROUTE;
	return skb_warn_if_lro(skb) ? NF_XLAT_GSO : NF_XLAT_OK;
}

/*
 * Look for a route: the packet was passed on without one, nf_nat has dropped it, its device has
 * gone, or a chain has changed the mark. False: there is none, and the packet is consumed.
 */
static noinline bool nf_xlat_reroute(struct net *net, struct sk_buff *skb, u8 pf)
{
	union nf_inet_addr saddr = {}, daddr = {};
	struct nf_xlat_flowi fl = {
		.in	= skb->dev,
		.saddr	= &saddr,
		.daddr	= &daddr,
	};
	enum nf_xlat_reason reason;
	struct dst_entry *dst;
	const __be16 *ports;
	__be16 _ports[2];

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
	 * All fragments of a packet have to take one route, so do not look at ports. In IPv6
	 * fl.proto of a fragment is NEXTHDR_FRAGMENT, which nf_xlat_has_ports() does not know.
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
		reason = nf_xlat_route_reason(dst);
		nf_xlat_drop(net, nf_xlat_note_no_route(skb, reason), reason);
		kfree_skb(skb);
		return false;
	}
	skb_dst_drop(skb);
	skb_dst_set(skb, dst);
	return true;
}

/* okfn of PRE_ROUTING: route, and forward or deliver, as ip_rcv_finish() and ip_forward() do. */
static int nf_xlat_rcv_finish(struct net *net, struct sock *sk,
			      struct sk_buff *skb)
{
	u8 pf = skb->protocol == htons(ETH_P_IP) ? NFPROTO_IPV4 : NFPROTO_IPV6;
	enum nf_xlat_reason fit, reason = NF_XLAT_OK;
	bool reroute, due;

	reroute = !nf_xlat_has_route(skb) || NF_XLAT_CB(skb)->mark != skb->mark;
	due = reroute && nf_xlat_ttl_pending(skb, pf);
	if (unlikely(reroute)) {
		reason = nf_xlat_may_forward_translated(skb, net, pf);
		if (!nf_xlat_reroute(net, skb, pf))
			return 0;
	}

	if (nf_xlat_dst_local(pf, skb_dst(skb)))
		return nf_xlat_deliver(net, skb, pf);

	fit = nf_xlat_fit_to_forward(skb);
	if (fit)
		return nf_xlat_discard(net, skb, fit);

	/* nf_xlat_route_check() has not seen this route. */
	if (reroute) {
		if (nf_xlat_dst_broadcast(pf, skb_dst(skb)))
			reason = NF_XLAT_DADDR;
		if (!reason && due)
			reason = nf_xlat_dec_ttl_late(net, skb, pf);
		if (reason)
			return nf_xlat_discard(net, skb, reason);
	}
	return nf_xlat_forward(net, skb, pf);
}

/**
 * nf_xlat_reinject - pass a translated packet to the same hook of its new family
 * @net: network namespace
 * @sk: the socket that sent it, in LOCAL_OUT
 * @skb: the packet, which has a route in FORWARD and LOCAL_OUT; it is consumed
 * @hook: the hook
 *
 * RCU read side.
 */
void nf_xlat_reinject(struct net *net, struct sock *sk, struct sk_buff *skb,
		      u8 hook)
{
	u8 pf = skb->protocol == htons(ETH_P_IP) ? NFPROTO_IPV4 : NFPROTO_IPV6;
	struct dst_entry *dst = skb_dst(skb);

	switch (hook) {
	case NF_INET_PRE_ROUTING:
		NF_HOOK(pf, NF_INET_PRE_ROUTING, net, &nf_xlat_hook_sk.sk, skb,
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
		/*
		 * ip_output() gives skb->dev to POSTROUTING as the input device. A packet of this
		 * host has no input device.
		 */
		skb->dev = NULL;
		if (pf == NFPROTO_IPV4)
			ip_local_out(net, sk, skb);
		else
			nf_xlat_local_out6(net, sk, skb);
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
 * this module. It takes a loop, since a rule may queue a reinjected packet again.
 */
static void nf_xlat_drop_queued(void)
{
	struct net *net;

	/* Wait for packets that are in a hook now. They pass the hook, or nfqueue gets them. */
	synchronize_rcu();
	while (refcount_read(&nf_xlat_hook_sk.sk.sk_refcnt) > 1) {
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
 * For module exit, when no hook is left that could translate a packet. Process context.
 */
void nf_xlat_forward_fini(void)
{
	struct nf_xlat_local *local;
	struct sk_buff *skb;
	int cpu;

	nf_xlat_drop_queued();
	for_each_possible_cpu(cpu) {
		local = per_cpu_ptr(&nf_xlat_local, cpu);
		tasklet_kill(&local->tasklet);
		/* While tasklet_kill() waits for it, the tasklet cannot schedule itself again. */
		while ((skb = skb_dequeue(&local->queue))) {
			dev_put(skb->dev);
			kfree_skb(skb);
		}
	}
}
