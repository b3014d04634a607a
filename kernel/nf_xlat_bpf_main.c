// SPDX-License-Identifier: GPL-2.0-only
/*
 * The engine for BPF programs of tc and of routes (encap bpf xmit): a kfunc translates the packet
 * of the program, and the program decides where it goes. nf_xlat_bpf_xdp.c has those for XDP.
 *
 * After a helper that may move the packet's data, the verifier forbids a program to use the packet
 * pointers that it had before. The verifier does not know that a kfunc may move the data as well,
 * so it loads a program that goes on to use them. They point into skb->head as it was before the
 * call, so that memory must stay until the program ends. Programs of tc and of routes run in one
 * RCU read side, and packet pointers do not outlive a run. So where the packet may get another
 * head, a clone keeps the old one for a grace period, see nf_xlat_bpf_pin_head(). Where the packet
 * keeps its head, old pointers point into the packet, or to the room before or behind it. A frame
 * of XDP keeps its memory.
 */

#include <linux/bpf.h>
#include <linux/bpf_xlat.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/ipv6.h>
#include <linux/module.h>
#include <linux/rcupdate.h>
#include <net/addrconf.h>
#include <net/dst_metadata.h>
#include <net/inet_sock.h>
#include <net/ip.h>
#include <net/ip_fib.h>
#include <net/ipv6.h>
#include <net/l3mdev.h>
#include <net/sch_generic.h>
#include <net/xfrm.h>
#include <net/netfilter/nf_xlat.h>
#include "compat.h"
#include "nf_xlat_bpf.h"

/* Of a TCP or UDP packet, at most this many bytes are read, from the network header on. */
#define NF_XLAT_BPF_HEAD	(60 + sizeof(struct tcphdr))

/*
 * bpf_lwt_xmit_reroute() sends a packet by another route from within the code that transmits it. If
 * that route translates as well, the calls are nested, and each takes kernel stack. Two hosts with
 * translated addresses need two of them, and a tunnel between the hosts needs two more.
 */
#define NF_XLAT_BPF_NESTED	4

/* The place where the program runs */
enum nf_xlat_bpf_at {
	NF_XLAT_BPF_INGRESS,
	NF_XLAT_BPF_EGRESS,
	NF_XLAT_BPF_ROUTE,
};

/**
 * nf_xlat_bpf_conf - check and copy the options of a program
 * @conf: the copy
 * @from: memory of the program, to which other programs may write at the same time
 *
 * Context: any.
 * Return: 0, or -EINVAL.
 */
int nf_xlat_bpf_conf(struct nf_xlat_bpf_conf *conf,
		     const struct bpf_xlat_opts *from)
{
	struct bpf_xlat_opts opts = *from;
	struct nf_xlat_prefix *prefix = &conf->dom.prefix.prefix;
	struct nf_xlat_eam *eam = &conf->dom.saddr.eam;

	/* The compiler must not read @from again: another program may change it meanwhile. */
	barrier();
	memset(conf, 0, sizeof(*conf));
	if (opts.flags & ~(BPF_XLAT_F_NON_GLOBAL | BPF_XLAT_F_HOP))
		return -EINVAL;
	if (opts.prefix_len) {
		prefix->addr = opts.prefix;
		prefix->len = opts.prefix_len;
		prefix->non_global = opts.flags & BPF_XLAT_F_NON_GLOBAL;
		if (nf_xlat_prefix_check(prefix))
			return -EINVAL;
		conf->dom.prefix.kind = NF_XLAT_MAP_PREFIX;
	}
	if (opts.local6_len || opts.local4_len) {
		eam->addr6 = opts.local6;
		eam->addr4 = opts.local4;
		eam->len6 = opts.local6_len;
		eam->len4 = opts.local4_len;
		if (nf_xlat_eam_check(eam))
			return -EINVAL;
		conf->dom.saddr.kind = NF_XLAT_MAP_EAM;
		conf->dom.daddr = conf->dom.saddr;
	} else if (!opts.prefix_len) {
		return -EINVAL;
	}
	conf->error4.ip = opts.error4;
	if (opts.error4 && !nf_xlat_addr_legal(NFPROTO_IPV4, &conf->error4))
		return -EINVAL;
	conf->mtu = opts.mtu;
	conf->hop = opts.flags & BPF_XLAT_F_HOP;
	return 0;
}

/**
 * nf_xlat_bpf_mtu - how long may the translated packet be?
 * @pkt: the packet before its translation
 * @mtu: of struct nf_xlat_bpf_conf
 *
 * RFC 7915 section 4: an IPv4 packet without DF becomes no more than 1280 bytes of IPv6.
 *
 * Context: any.
 * Return: bytes, with the network header.
 */
u32 nf_xlat_bpf_mtu(const struct nf_xlat_pkt *pkt, u32 mtu)
{
	if (mtu)
		return mtu;
	return pkt->pf == NFPROTO_IPV4 && !pkt->l3.df ? IPV6_MIN_MTU : U32_MAX;
}

/**
 * nf_xlat_bpf_check - may a packet be translated to these addresses?
 * @pkt: the packet before its translation
 * @hdr: the addresses after its translation
 * @hop: does the program decrement TTL or hop limit?
 *
 * Context: any.
 * Return: NF_XLAT_OK, or why not.
 */
enum nf_xlat_reason nf_xlat_bpf_check(const struct nf_xlat_pkt *pkt,
				      const struct nf_xlat_hdr *hdr, bool hop)
{
	u8 pf = nf_xlat_other_pf(pkt->pf);

	if (!nf_xlat_addr_legal(pf, &hdr->saddr))
		return NF_XLAT_ADDRESS;
	if (!nf_xlat_addr_legal(pf, &hdr->daddr))
		return NF_XLAT_DADDR;
	if (hop && pkt->l3.ttl <= 1)
		return NF_XLAT_HOPLIMIT;
	return NF_XLAT_OK;
}

/**
 * nf_xlat_bpf_errno - what a function returns to the program for a reason
 * @reason: other than NF_XLAT_OK
 *
 * Context: any.
 * Return: a negative error.
 */
int nf_xlat_bpf_errno(enum nf_xlat_reason reason)
{
	if (reason == NF_XLAT_NOMEM)
		return -ENOMEM;
	return reason == NF_XLAT_TOOBIG ? -EMSGSIZE : -EBADMSG;
}

struct nf_xlat_bpf_cb {
	struct rcu_head	rcu;
};

#define NF_XLAT_BPF_CB(skb)	((struct nf_xlat_bpf_cb *)(skb)->cb)

static void nf_xlat_bpf_free(struct rcu_head *rcu)
{
	consume_skb(container_of((void *)rcu, struct sk_buff, cb));
}

/* Keep the packet's head for a grace period, as the program may have pointers to it. */
static bool nf_xlat_bpf_pin_head(struct sk_buff *skb)
{
	struct sk_buff *clone = skb_clone(skb, GFP_ATOMIC);

	if (!clone)
		return false;
	/*
	 * The clone is needed for its head only, and must not hold the conntrack entry or the route
	 * for so long. skb_clone() has not given it the socket.
	 */
	nf_reset_ct(clone);
	skb_dst_drop(clone);
	skb_ext_reset(clone);
	/* A lazy callback may be called seconds later, and the clone holds a whole packet. */
	call_rcu_hurry(&NF_XLAT_BPF_CB(clone)->rcu, nf_xlat_bpf_free);
	return true;
}

/* Remove padding of the link layer. nf_xlat_parse() refuses a packet whose length is too small. */
static bool nf_xlat_bpf_trim(struct sk_buff *skb, u8 pf)
{
	unsigned int len, hlen;

	if (pf == NFPROTO_IPV4) {
		len = ntohs(ip_hdr(skb)->tot_len);
		hlen = sizeof(struct iphdr);
	} else {
		len = sizeof(struct ipv6hdr) + ntohs(ipv6_hdr(skb)->payload_len);
		hlen = sizeof(struct ipv6hdr) + 1;
	}
	return len < hlen || len >= skb->len || skb_is_gso(skb) ||
	       !pskb_trim_rcsum(skb, len);
}

/* May nf_xlat_bpf_trim() or nf_xlat_parse() give another head to the packet? */
static bool nf_xlat_bpf_read_may_realloc(const struct sk_buff *skb, u8 pf)
{
	u8 proto;

	if (!skb_is_nonlinear(skb))
		return false;
	if (skb_cloned(skb) || skb_headlen(skb) < NF_XLAT_BPF_HEAD)
		return true;
	/*
	 * Of other packets, as ICMP errors and those with extension headers, more bytes are read.
	 */
	proto = pf == NFPROTO_IPV4 ? ip_hdr(skb)->protocol :
				     ipv6_hdr(skb)->nexthdr;
	return !nf_xlat_has_ports(proto);
}

/* Would the translated packet have to be fragmented, or a GSO packet be segmented before? */
static bool nf_xlat_bpf_too_big(const struct sk_buff *skb,
				const struct nf_xlat_pkt *pkt, u32 mtu)
{
	unsigned int len = nf_xlat_new_len(pkt);

	if (skb_is_gso(skb) &&
	    (skb->encapsulation || len > IP_MAX_MTU ||
	     skb_shinfo(skb)->gso_type & SKB_GSO_UDP))
		return true;
	mtu = nf_xlat_bpf_mtu(pkt, mtu);
	if (len <= mtu || pkt->icmp_error)
		return false;
	return !skb_is_gso(skb) ||
	       !skb_gso_validate_network_len(skb, mtu + pkt->l3.len - len);
}

/*
 * Does an IPv4 packet have a wrong header checksum? After translation nobody could detect that. At
 * tc ingress, and at the egress of a bridge port, ip_rcv() has not checked the packet.
 */
static bool nf_xlat_bpf_bad_sum(const struct sk_buff *skb,
				const struct nf_xlat_pkt *pkt)
{
	const struct iphdr *iph;
	__be32 buf[15];

	if (pkt->pf != NFPROTO_IPV4)
		return false;
	iph = skb_header_pointer(skb, 0, pkt->l3.hlen, buf);
	return !iph || ip_fast_csum(iph, pkt->l3.hlen / 4);
}

/*
 * Does an IPv6 packet have extension headers other than a Fragment header? A program of a route
 * must not translate it: bpf_prog_run_save_cb() restores a part of skb->cb afterwards. IPv6 sets
 * inet6_skb_parm.lastopt for such headers, and IPv4 would take that for inet_skb_parm.opt.optlen.
 */
static bool nf_xlat_bpf_ext_hdr(const struct nf_xlat_pkt *pkt)
{
	return pkt->pf == NFPROTO_IPV6 &&
	       pkt->l3.hlen > sizeof(struct ipv6hdr) +
			      (pkt->l3.fraghdr ? sizeof(struct frag_hdr) : 0);
}

/*
 * Does a packet of a route leave this host when it has the addresses @hdr? Otherwise it would come
 * in by "lo", where rules trust packets and no reverse path filter checks the source. Only packets
 * that this host has made may do so. Nor may others become broadcasts, see ip_forward().
 */
static bool nf_xlat_bpf_daddr_allowed(const struct sk_buff *skb,
				      const struct nf_xlat_pkt *pkt,
				      const struct nf_xlat_hdr *hdr)
{
	const struct nf_xlat_flowi fl = { .saddr = &hdr->saddr, .daddr = &hdr->daddr };
	struct net *net = dev_net(skb->dev);
	struct dst_entry *dst;
	unsigned int type;
	bool own, local;

	/* As nf_xlat_dev_from_host(): an IPv6 fragment may have lost skb_iif. */
	own = !skb->skb_iif &&
	      (skb->sk || pkt->pf == NFPROTO_IPV4 || !pkt->l3.fraghdr);
	if (pkt->pf == NFPROTO_IPV6) {
		type = inet_addr_type_dev_table(net, skb->dev, hdr->daddr.ip);
		return type == RTN_LOCAL ? own : type != RTN_BROADCAST;
	}
	if (own)
		return true;
	dst = nf_xlat_route(net, NULL, skb, NFPROTO_IPV6, &fl, NULL);
	/* bpf_lwt_xmit_reroute() will find no route either, and drop the packet. */
	if (IS_ERR(dst))
		return true;
	local = container_of(dst, struct rt6_info, dst)->rt6i_flags &
		(RTF_LOCAL | RTF_ANYCAST);
	dst_release(dst);
	return !local;
}

/*
 * Does the memory of the packet's socket stay for a grace period after the last reference? The
 * verifier lets a program read skb->sk before the call and use that pointer after the call.
 */
static bool nf_xlat_bpf_sk_stays(const struct sk_buff *skb)
{
	const struct sock *sk = skb->sk;

	return !sk || !sk_fullsock(sk) || sock_flag(sk, SOCK_RCU_FREE) ||
	       READ_ONCE(sk->sk_prot)->slab_flags & SLAB_TYPESAFE_BY_RCU;
}

/*
 * Make a dst that is no route. It holds @dev, and takes over the caller's reference to @orig, which
 * may be NULL. Returns NULL without memory; then the reference has been put.
 */
static struct dst_entry *nf_xlat_bpf_md(struct net_device *dev,
					struct dst_entry *orig)
{
	struct metadata_dst *md;

	/* This is the only type of metadata that holds another dst. */
	md = metadata_dst_alloc(0, METADATA_XFRM, GFP_ATOMIC);
	if (!md) {
		dst_release(orig);
		return NULL;
	}
	md->u.xfrm_info.dst_orig = orig;
	md->dst.dev = dev;
	netdev_hold(dev, &md->dst.dev_tracker, GFP_ATOMIC);
	return &md->dst;
}

/*
 * Make a dst that replaces the route of a packet, for a program of a route. The route is of the old
 * family. If the program redirects the packet to a tunnel, the tunnel would take the route for one
 * of the new family.
 *
 * bpf_lwt_xmit_reroute() takes VRF and namespace from the device of the dst. The packet may wait
 * somewhere for long, and must not keep the route's device from being deleted. So the dst holds the
 * VRF, or "lo".
 *
 * If the program puts a header of the old family around the packet and returns BPF_OK, core goes on
 * with a pointer to the route. Unless RCU protects that pointer, the packet has to hold the route.
 * So the dst holds a second such dst, and that one holds the route. With one alone, xfrmi_xmit2()
 * would take the route from it (dst_orig), and send the packet by it.
 */
static struct dst_entry *nf_xlat_bpf_no_route(const struct sk_buff *skb)
{
	struct dst_entry *dst = skb_dst(skb), *hold = NULL;
	struct net_device *dev, *l3mdev;

	dev = dst_dev_rcu(dst);
	l3mdev = l3mdev_master_dev_rcu(dev);
	dev = l3mdev ? : dev_net(dev)->loopback_dev;
	if (!skb_dst_is_noref(skb) && dst_hold_safe(dst)) {
		hold = nf_xlat_bpf_md(dev, dst);
		if (!hold)
			return NULL;
	}
	return nf_xlat_bpf_md(dev, hold);
}

/*
 * Remove from a translated packet the data of its old family: hash, conntrack entry, route, socket
 * and bridge. Also remove the metadata of XDP, as the new header may have overwritten it.
 * @no_route: what nf_xlat_bpf_no_route() has made, or NULL
 */
static void nf_xlat_bpf_scrub(struct sk_buff *skb, enum nf_xlat_bpf_at at,
			      struct dst_entry *no_route)
{
	skb_clear_hash(skb);
	skb_metadata_clear(skb);
#if IS_ENABLED(CONFIG_BRIDGE_NETFILTER)
	/* With this, br_netfilter would skip the PRE_ROUTING hooks of the new family. */
	skb_ext_del(skb, SKB_EXT_BRIDGE_NF);
#endif
	nf_reset_ct(skb);
	if (at == NF_XLAT_BPF_ROUTE)
		memset(skb->cb, 0, max(sizeof(struct inet_skb_parm),
				       sizeof(struct inet6_skb_parm)));
	if (no_route || skb_valid_dst(skb))
		skb_dst_drop(skb);
	if (no_route)
		skb_dst_set(skb, no_route);
	/*
	 * No socket of the old family may stay, whether it was looked up for the packet or has sent
	 * it. But at ingress, leave the socket of a tap to the stack: its memory may be freed at
	 * once, see nf_xlat_bpf_sk_stays().
	 */
	if (at == NF_XLAT_BPF_ROUTE || skb_sk_is_prefetched(skb))
		skb_orphan(skb);
}

/*
 * Translate the packet. skb->data is at the network header, which is in the linear part. @pinned: a
 * clone keeps the head already. Returns 0 or an error, with the reason in @reason.
 */
static int nf_xlat_bpf_translate(struct sk_buff *skb, u8 pf,
				 enum nf_xlat_bpf_at at,
				 const struct nf_xlat_bpf_conf *conf, bool pinned,
				 enum nf_xlat_reason *reason)
{
	u32 dev_mtu = READ_ONCE(skb->dev->mtu), from, to;
	struct nf_xlat_parm parm __uninitialized;
	struct nf_xlat_pkt pkt __uninitialized;
	struct dst_entry *no_route = NULL;
	const void *head;

	if (!nf_xlat_bpf_trim(skb, pf))
		return -ENOMEM;

	/* At ingress, the packet comes from skb->dev. At egress, it goes there. */
	from = at == NF_XLAT_BPF_INGRESS ? dev_mtu : 0;
	to = at == NF_XLAT_BPF_EGRESS ? dev_mtu : 0;
	to = conf->mtu ? : to;
	parm.mtu4 = pf == NFPROTO_IPV6 ? to : from;
	parm.mtu6 = pf == NFPROTO_IPV6 ? from : to;
	parm.ttl_dec = conf->hop;
	if (!nf_xlat_map(&conf->dom, dev_net(skb->dev), skb, pf, false,
			 pf == NFPROTO_IPV6 && conf->error4.ip ?
			 &conf->error4 : NULL, &pkt, &parm, reason)) {
		*reason = NF_XLAT_ADDRESS;
		return -ENOENT;
	}
	if (!*reason && nf_xlat_bpf_bad_sum(skb, &pkt))
		*reason = NF_XLAT_MALFORMED;
	if (!*reason && at == NF_XLAT_BPF_ROUTE && nf_xlat_bpf_ext_hdr(&pkt))
		*reason = NF_XLAT_OPTIONS;
	if (!*reason)
		*reason = nf_xlat_bpf_check(&pkt, &parm.outer, conf->hop);
	if (!*reason && at == NF_XLAT_BPF_ROUTE &&
	    !nf_xlat_bpf_daddr_allowed(skb, &pkt, &parm.outer))
		*reason = NF_XLAT_DADDR;
	if (!*reason && nf_xlat_bpf_too_big(skb, &pkt, conf->mtu))
		*reason = NF_XLAT_TOOBIG;
	if (*reason)
		goto out;

	head = skb->head;
	if (!pinned && nf_xlat_may_realloc_head(skb, &pkt)) {
		pinned = nf_xlat_bpf_pin_head(skb);
		*reason = pinned ? NF_XLAT_OK : NF_XLAT_NOMEM;
	}
	if (!*reason && at == NF_XLAT_BPF_ROUTE) {
		no_route = nf_xlat_bpf_no_route(skb);
		*reason = no_route ? NF_XLAT_OK : NF_XLAT_NOMEM;
	}
	if (!*reason)
		*reason = nf_xlat_skb(dev_net(skb->dev), skb, &pkt, &parm);
	DEBUG_NET_WARN_ON_ONCE(!pinned && skb->head != head);
	if (*reason) {
		dst_release(no_route);
		goto out;
	}
	nf_xlat_bpf_scrub(skb, at, no_route);
	nf_xlat_count(dev_net(skb->dev), pf == NFPROTO_IPV6 ?
		      NF_XLAT_MIB_6TO4 : NF_XLAT_MIB_4TO6, 1);
	return 0;
out:
	return nf_xlat_bpf_errno(*reason);
}

static int nf_xlat_bpf_skb(struct sk_buff *skb, struct bpf_xlat_opts *opts,
			   enum nf_xlat_bpf_at at)
{
	enum nf_xlat_reason reason = NF_XLAT_OK;
	bool pinned = false, ignore_df = skb->ignore_df;
	int off = skb_network_offset(skb);
	struct nf_xlat_bpf_conf conf;
	unsigned int hlen;
	int err;
	u8 pf;

	opts->reason = NF_XLAT_OK;
	err = nf_xlat_bpf_conf(&conf, opts);
	if (err)
		return err;

	if (skb->protocol == htons(ETH_P_IPV6)) {
		pf = NFPROTO_IPV6;
		hlen = sizeof(struct ipv6hdr);
	} else if (skb->protocol == htons(ETH_P_IP)) {
		pf = NFPROTO_IPV4;
		hlen = sizeof(struct iphdr);
	} else {
		return -ENOENT;
	}
	if (off < 0 || off > skb_headlen(skb) || skb->len - off < hlen) {
		opts->reason = NF_XLAT_MALFORMED;
		return -EBADMSG;
	}

	if (unlikely(nf_xlat_to_encrypt(skb))) {
		opts->reason = NF_XLAT_GSO;
		return -EBADMSG;
	}

	/*
	 * ignore_df comes from a local socket, and IP has acted on it already. The flag does not
	 * say that the packet has DF=0.
	 */
	skb->ignore_df = 0;
	__skb_pull(skb, off);
	if (unlikely(nf_xlat_bpf_read_may_realloc(skb, pf))) {
		pinned = nf_xlat_bpf_pin_head(skb);
		if (!pinned || !pskb_may_pull(skb, hlen))
			err = -ENOMEM;
	}
	if (!err)
		err = nf_xlat_bpf_translate(skb, pf, at, &conf, pinned, &reason);
	__skb_push(skb, off);
	bpf_compute_data_pointers(skb);
	if (err)
		skb->ignore_df = ignore_df;

	opts->reason = err == -ENOMEM ? NF_XLAT_NOMEM : reason;
	return err;
}

static bool nf_xlat_bpf_opts_ok(const struct sk_buff *skb,
				const struct bpf_xlat_opts *opts, u32 size)
{
	/*
	 * The verifier of 6.12 accepts the result of a map look-up that may be NULL. And the
	 * options must not be in the data of the packet, which other skbs may share.
	 */
	return opts && size == sizeof(*opts) &&
	       ((void *)opts < (void *)skb->head ||
		(void *)opts >= (void *)skb_end_pointer(skb));
}

/* Documented in linux/bpf_xlat.h */
__bpf_kfunc int bpf_skb_xlat(struct __sk_buff *skb_ctx, struct bpf_xlat_opts *opts,
			     u32 opts__sz)
{
	struct sk_buff *skb = (struct sk_buff *)skb_ctx;

	if (!nf_xlat_bpf_opts_ok(skb, opts, opts__sz))
		return -EINVAL;
	/*
	 * The new header may overwrite the metadata of XDP. It is not enough to clear the length of
	 * the metadata: bpf_dynptr_write() does not look at it, and would write behind the packet.
	 */
	if (skb_metadata_len(skb)) {
		opts->reason = NF_XLAT_OK;
		return -EOPNOTSUPP;
	}
	return nf_xlat_bpf_skb(skb, opts, skb_at_tc_ingress(skb) ?
			       NF_XLAT_BPF_INGRESS : NF_XLAT_BPF_EGRESS);
}

/*
 * May the packet of a program of a route be translated? nf_xlat_bpf_scrub() has to be able to take
 * its socket away. And the packet must have a route of its own family, so that a program cannot
 * translate the packet twice: after BPF_OK, bpf_xmit() drops a packet only if its protocol has
 * changed, and the code that transmits has pointers into the packet's old head.
 */
static bool nf_xlat_bpf_of_route(const struct sk_buff *skb)
{
	const struct sock *sk = sk_to_full_sk(skb->sk);

	if (!skb_valid_dst(skb) || !nf_xlat_bpf_sk_stays(skb))
		return false;
	/* Without the socket, bpf_lwt_xmit_reroute() would not use this device. */
	if (sk && READ_ONCE(sk->sk_bound_dev_if))
		return false;
	switch (skb_dst(skb)->ops->family) {
	case AF_INET:
		return skb->protocol == htons(ETH_P_IP);
	case AF_INET6:
		return skb->protocol == htons(ETH_P_IPV6);
	}
	return false;
}

/* True if lwtunnel_xmit() of this kernel does not count nested calls. */
static bool nf_xlat_bpf_uncounted __read_mostly;

/* Documented in linux/bpf_xlat.h */
__bpf_kfunc int bpf_lwt_xlat(struct __sk_buff *skb_ctx, struct bpf_xlat_opts *opts,
			     u32 opts__sz)
{
	struct sk_buff *skb = (struct sk_buff *)skb_ctx;

	if (!nf_xlat_bpf_opts_ok(skb, opts, opts__sz))
		return -EINVAL;
	/* bpf_lwt_xmit_reroute() looks up IPsec policies without the ports of the packet. */
	if (!nf_xlat_bpf_of_route(skb) || nf_xlat_has_policies(dev_net(skb->dev)))
		return -EOPNOTSUPP;
	/*
	 * lwtunnel_xmit() of newer kernels increments the recursion level before it runs the
	 * program. In older kernels only tunnels do. If the level is 0 once, this kernel is one of
	 * these, and there is no limit to nested calls. So refuse all calls from then on.
	 */
	if (unlikely(!dev_recursion_level()))
		WRITE_ONCE(nf_xlat_bpf_uncounted, true);
	if (unlikely(READ_ONCE(nf_xlat_bpf_uncounted)))
		return -EOPNOTSUPP;
	if (dev_recursion_level() > NF_XLAT_BPF_NESTED)
		return -ELOOP;
	return nf_xlat_bpf_skb(skb, opts, NF_XLAT_BPF_ROUTE);
}

BTF_KFUNCS_START(nf_xlat_bpf_tc)
BTF_ID_FLAGS(func, bpf_skb_xlat)
BTF_KFUNCS_END(nf_xlat_bpf_tc)

static const struct btf_kfunc_id_set nf_xlat_bpf_tc_set = {
	.owner	= THIS_MODULE,
	.set	= &nf_xlat_bpf_tc,
};

BTF_KFUNCS_START(nf_xlat_bpf_lwt_ids)
BTF_ID_FLAGS(func, bpf_lwt_xlat)
BTF_KFUNCS_END(nf_xlat_bpf_lwt_ids)

/*
 * Programs of routes for input, output and xmit share a set (bpf_prog_type_to_kfunc_hook()). Refuse
 * the first two: after them, the kernel may handle the packet as one of the old family. If this
 * is built into the kernel, __btf_kfunc_is_allowed() asks about core's functions too. In a module,
 * btf_relocate_id() changes the id of the function, but not the one in this set.
 */
static int nf_xlat_bpf_lwt_filter(const struct bpf_prog *prog, u32 kfunc_id)
{
#ifndef MODULE
	if (!btf_id_set8_contains(&nf_xlat_bpf_lwt_ids, kfunc_id))
		return 0;
#endif
	return prog->type == BPF_PROG_TYPE_LWT_XMIT ? 0 : -EACCES;
}

static const struct nf_xlat_kfunc_set nf_xlat_bpf_lwt_set = {
	.owner	= THIS_MODULE,
	.set	= &nf_xlat_bpf_lwt_ids,
	.filter	= nf_xlat_bpf_lwt_filter,
};

static int __init nf_xlat_bpf_init(void)
{
	/* Built into the kernel, this is called even where nf_xlat_init() has failed. */
	if (!ipv6_mod_enabled())
		return -EAFNOSUPPORT;
	return register_btf_kfunc_id_set(BPF_PROG_TYPE_SCHED_CLS,
					 &nf_xlat_bpf_tc_set) ? :
	       nf_xlat_bpf_xdp_register() ? :
	       nf_xlat_register_lwt(&nf_xlat_bpf_lwt_set);
}

static void __exit nf_xlat_bpf_exit(void)
{
	/* No program is loaded any more, but clones may wait for nf_xlat_bpf_free(). */
	rcu_barrier();
}

module_init(nf_xlat_bpf_init);
module_exit(nf_xlat_bpf_exit);

MODULE_LICENSE("GPL");
MODULE_VERSION(NF_XLAT_VERSION);
MODULE_DESCRIPTION("IPv4/IPv6 translation for BPF programs");
