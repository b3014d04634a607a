// SPDX-License-Identifier: GPL-2.0-only
/*
 * The engine for BPF programs of tc, of XDP and of routes (encap bpf xmit): a function
 * translates the packet that a program has, and the program says where it goes.
 *
 * The verifier takes packet pointers from a program after those helpers that may move the
 * packet's data. It does not know that a function of a module does so as well: a program
 * that goes on to read and write by pointers from before the call is loaded. These lead
 * into the linear part (skb->head) that the packet had then. So whatever takes this head
 * from the packet must not free it before the program ends. Programs of tc and of routes run
 * in one RCU read side, and packet pointers do not outlive a run; hence a clone keeps the old
 * head for a grace period wherever the packet may get another one (nf_xlat_bpf_keep()). Where
 * the head stays, old pointers lead into the packet, or to the room before or behind it. A
 * frame of XDP keeps its memory.
 */

#include <linux/bpf.h>
#include <linux/bpf_xlat.h>
#include <linux/etherdevice.h>
#include <linux/filter.h>
#include <linux/icmp.h>
#include <linux/icmpv6.h>
#include <linux/if_vlan.h>
#include <linux/inetdevice.h>
#include <linux/module.h>
#include <linux/rcupdate.h>
#include <linux/rtnetlink.h>
#include <net/addrconf.h>
#include <net/dst_metadata.h>
#include <net/inet_sock.h>
#include <net/ip.h>
#include <net/ip_fib.h>
#include <net/ipv6.h>
#include <net/sch_generic.h>
#include <net/xfrm.h>
#include <net/netfilter/nf_xlat.h>
#include "compat.h"
#include "nf_xlat_xdp.h"

/* From the start of the network header, all that is read of a TCP or UDP packet */
#define NF_XLAT_BPF_HEAD	(60 + sizeof(struct tcphdr))

/*
 * bpf_lwt_xmit_reroute() takes a packet to another route within the code that transmits it. Where
 * that one translates as well, this is nested, and takes kernel stack each time. Two are enough
 * for two hosts with translated addresses, two more for a tunnel between them.
 */
#define NF_XLAT_BPF_NESTED	4

/* Where a program of an skb runs */
enum nf_xlat_bpf_at {
	NF_XLAT_BPF_INGRESS,
	NF_XLAT_BPF_EGRESS,
	NF_XLAT_BPF_ROUTE,
};

/**
 * struct nf_xlat_bpf_conf - what a program has asked for
 *
 * @dom: how addresses map
 * @error4: source of ICMP errors that have none, or 0
 * @mtu: longest packet that may come out, or 0
 * @hop: take one from TTL or hop limit
 *
 * A copy: other programs may write to what it was read from.
 */
struct nf_xlat_bpf_conf {
	struct nf_xlat_domain	dom;
	union nf_inet_addr	error4;
	u32			mtu;
	bool			hop;
};

struct nf_xlat_bpf_cb {
	struct rcu_head	rcu;
};

#define NF_XLAT_BPF_CB(skb)	((struct nf_xlat_bpf_cb *)(skb)->cb)

static int nf_xlat_bpf_conf(struct nf_xlat_bpf_conf *conf,
			    const struct bpf_xlat_opts *from)
{
	struct bpf_xlat_opts opts = *from;
	struct nf_xlat_prefix *prefix = &conf->dom.prefix.prefix;
	struct nf_xlat_eam *eam = &conf->dom.saddr.eam;

	/*
	 * The compiler must not read the option a second time, since the program may have
	 * changed it.
	 */
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

static void nf_xlat_bpf_free(struct rcu_head *rcu)
{
	consume_skb(container_of((void *)rcu, struct sk_buff, cb));
}

/* Keep the head that a packet has for as long as a program may point to it. */
static bool nf_xlat_bpf_keep(struct sk_buff *skb)
{
	struct sk_buff *clone = skb_clone(skb, GFP_ATOMIC);

	if (!clone)
		return false;
	/*
	 * The clone is kept for its memory only, and must not keep conntrack entry, route
	 * or socket.
	 */
	nf_reset_ct(clone);
	skb_dst_drop(clone);
	skb_ext_reset(clone);
	/* A lazy grace period may take seconds, and the clone holds a whole packet. */
	call_rcu_hurry(&NF_XLAT_BPF_CB(clone)->rcu, nf_xlat_bpf_free);
	return true;
}

/* Removes padding of the link. nf_xlat_parse() refuses a header with too small a length. */
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

/* May the packet get another head when it is read, or padding is taken off its end? */
static bool nf_xlat_bpf_read_moves(const struct sk_buff *skb, u8 pf)
{
	u8 proto;

	if (!skb_is_nonlinear(skb))
		return false;
	if (skb_cloned(skb) || skb_headlen(skb) < NF_XLAT_BPF_HEAD)
		return true;
	/* In an ICMP error, and behind extension headers, more bytes are read. */
	proto = pf == NFPROTO_IPV4 ? ip_hdr(skb)->protocol :
				     ipv6_hdr(skb)->nexthdr;
	return !nf_xlat_has_ports(proto);
}

/* How long may the packet come out? @mtu: what the program says, or 0 */
static u32 nf_xlat_bpf_mtu(const struct nf_xlat_pkt *pkt, u32 mtu)
{
	if (mtu)
		return mtu;
	return pkt->pf == NFPROTO_IPV4 && !pkt->l3.df ? IPV6_MIN_MTU : U32_MAX;
}

/* Would the packet have to be fragmented, or to be segmented first? */
static bool nf_xlat_bpf_too_big(const struct sk_buff *skb,
				const struct nf_xlat_pkt *pkt, u32 mtu)
{
	unsigned int len = nf_xlat_new_len(pkt);

	if (skb_is_gso(skb) && (skb->encapsulation || len > IP_MAX_MTU))
		return true;
	mtu = nf_xlat_bpf_mtu(pkt, mtu);
	if (len <= mtu || pkt->icmp_error)
		return false;
	return !skb_is_gso(skb) ||
	       !skb_gso_validate_network_len(skb, mtu + pkt->l3.len - len);
}

/*
 * Has an IPv4 packet a wrong checksum of its header? Translation would hide that. At tc ingress,
 * and at the egress of a bridge's port, ip_rcv() has not looked at it.
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
 * Has an IPv6 packet another extension header than a Fragment header? Behind a program of a route
 * that uses skb->cb, the kernel writes back there what was in it before. Where IPv6 has noted
 * that it has processed such headers (lastopt), IPv4 reads the length of its options.
 */
static bool nf_xlat_bpf_ext_hdr(const struct nf_xlat_pkt *pkt)
{
	return pkt->pf == NFPROTO_IPV6 &&
	       pkt->l3.hlen > sizeof(struct ipv6hdr) +
			      (pkt->l3.fraghdr ? sizeof(struct frag_hdr) : 0);
}

static enum nf_xlat_reason nf_xlat_bpf_judge(const struct nf_xlat_pkt *pkt,
					     const struct nf_xlat_hdr *hdr,
					     bool hop)
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

/*
 * Does a packet of a route leave this host by its new address? Another host's packet to an address
 * of this one would come in by "lo", whose packets rules trust and whose source nobody verifies. A
 * router sends no broadcasts of others, see ip_forward().
 */
static bool nf_xlat_bpf_leaves(const struct sk_buff *skb,
			       const struct nf_xlat_pkt *pkt,
			       const struct nf_xlat_hdr *hdr)
{
	const struct nf_xlat_flowi fl = { .saddr = &hdr->saddr, .daddr = &hdr->daddr };
	struct net *net = dev_net(skb->dev);
	struct dst_entry *dst;
	unsigned int type;
	bool own, local;

	/* ip6_copy_metadata() does not copy skb_iif; a fragment of this host has a socket. */
	own = !skb->skb_iif &&
	      (skb->sk || pkt->pf == NFPROTO_IPV4 || !pkt->l3.fraghdr);
	if (pkt->pf == NFPROTO_IPV6) {
		type = inet_addr_type_dev_table(net, skb->dev, hdr->daddr.ip);
		return type == RTN_LOCAL ? own : type != RTN_BROADCAST;
	}
	if (own)
		return true;
	dst = nf_xlat_route(net, NULL, skb, NFPROTO_IPV6, &fl, NULL);
	/* BPF_LWT_REROUTE finds none, either. */
	if (IS_ERR(dst))
		return true;
	local = container_of(dst, struct rt6_info, dst)->rt6i_flags &
		(RTF_LOCAL | RTF_ANYCAST);
	dst_release(dst);
	return !local;
}

static int nf_xlat_bpf_errno(enum nf_xlat_reason reason)
{
	if (reason == NF_XLAT_NOMEM)
		return -ENOMEM;
	return reason == NF_XLAT_TOOBIG ? -EMSGSIZE : -EBADMSG;
}

/*
 * Does the memory of the packet's socket stay for a grace period? A program may have read skb->sk,
 * and to the verifier that is a pointer to a socket still when the packet has left it.
 */
static bool nf_xlat_bpf_sk_stays(const struct sk_buff *skb)
{
	const struct sock *sk = skb->sk;

	return !sk || !sk_fullsock(sk) || sock_flag(sk, SOCK_RCU_FREE) ||
	       READ_ONCE(sk->sk_prot)->slab_flags & SLAB_TYPESAFE_BY_RCU;
}

/*
 * Removes what belongs to the old family: hash, conntrack entry, route, socket, bridge; and, of a
 * packet of a route, the metadata of XDP, as the new header may be in its place.
 */
static void nf_xlat_bpf_scrub(struct sk_buff *skb, enum nf_xlat_bpf_at at)
{
	skb_clear_hash(skb);
	skb_metadata_clear(skb);
#if IS_ENABLED(CONFIG_BRIDGE_NETFILTER)
	/* With it, br_netfilter would let the packet pass by IPv4's prerouting. */
	skb_ext_del(skb, SKB_EXT_BRIDGE_NF);
#endif
	nf_reset_ct(skb);
	if (at == NF_XLAT_BPF_ROUTE)
		/* bpf_lwt_xmit_reroute() reads from the old route where the packet is. */
		memset(skb->cb, 0, max(sizeof(struct inet_skb_parm),
				       sizeof(struct inet6_skb_parm)));
	else if (skb_valid_dst(skb))
		skb_dst_drop(skb);
	/*
	 * A socket found in one family is none in the other, nor is one that has sent the packet.
	 * At ingress a tap's is left to the stack: its memory may be freed at once, see
	 * nf_xlat_bpf_sk_stays().
	 */
	if (at == NF_XLAT_BPF_ROUTE || skb_sk_is_prefetched(skb))
		skb_orphan(skb);
}

/* @skb->data is at the network header, all of which is there. */
static int nf_xlat_bpf_translate(struct sk_buff *skb, u8 pf,
				 enum nf_xlat_bpf_at at,
				 const struct nf_xlat_bpf_conf *conf, bool kept,
				 enum nf_xlat_reason *reason)
{
	u32 dev_mtu = READ_ONCE(skb->dev->mtu), from, to;
	struct nf_xlat_parm parm __uninitialized;
	struct nf_xlat_pkt pkt __uninitialized;
	const void *head;

	if (!nf_xlat_bpf_trim(skb, pf))
		return -ENOMEM;

	/* The device is where the packet comes from, or where it goes to. */
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
		*reason = nf_xlat_bpf_judge(&pkt, &parm.outer, conf->hop);
	if (!*reason && at == NF_XLAT_BPF_ROUTE &&
	    !nf_xlat_bpf_leaves(skb, &pkt, &parm.outer))
		*reason = NF_XLAT_DADDR;
	if (!*reason && nf_xlat_bpf_too_big(skb, &pkt, conf->mtu))
		*reason = NF_XLAT_TOOBIG;
	if (*reason)
		goto out;

	head = skb->head;
	if (!kept && nf_xlat_moves(skb, &pkt)) {
		kept = nf_xlat_bpf_keep(skb);
		*reason = kept ? NF_XLAT_OK : NF_XLAT_NOMEM;
	}
	if (!*reason)
		*reason = nf_xlat_skb(dev_net(skb->dev), skb, &pkt, &parm);
	DEBUG_NET_WARN_ON_ONCE(!kept && skb->head != head);
	if (*reason)
		goto out;
	nf_xlat_bpf_scrub(skb, at);
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
	bool kept = false, ignore_df = skb->ignore_df;
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

	/* The ESP header is there already, its length and trailer are not: xfrm_output() */
	if (xfrm_offload(skb) && at != NF_XLAT_BPF_INGRESS) {
		opts->reason = NF_XLAT_PROTO;
		return -EBADMSG;
	}

	/*
	 * ignore_df comes from a local socket, and IP has acted on it already. It does not
	 * mean that the packet has DF=0.
	 */
	skb->ignore_df = 0;
	__skb_pull(skb, off);
	if (unlikely(nf_xlat_bpf_read_moves(skb, pf))) {
		kept = nf_xlat_bpf_keep(skb);
		if (!kept || !pskb_may_pull(skb, hlen))
			err = -ENOMEM;
	}
	if (!err)
		err = nf_xlat_bpf_translate(skb, pf, at, &conf, kept, &reason);
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
	 * 6.12's verifier takes the result of a map look-up that the program has not tested.
	 * And the options may lie in the data of the packet, which other skbs may share.
	 */
	return opts && size == sizeof(*opts) &&
	       ((void *)opts < (void *)skb->head ||
		(void *)opts >= (void *)skb_end_pointer(skb));
}

/* Documented in linux/bpf_xlat.h */
__bpf_kfunc int bpf_skb_xlat(struct __sk_buff *skb, struct bpf_xlat_opts *opts,
			     u32 opts__sz)
{
	struct sk_buff *sk = (struct sk_buff *)skb;

	if (!nf_xlat_bpf_opts_ok(sk, opts, opts__sz))
		return -EINVAL;
	/*
	 * The new header may be in the place of metadata of XDP. To clear them is not enough:
	 * bpf_dynptr_write() does not know that, and would write behind the packet.
	 */
	if (skb_metadata_len(sk)) {
		opts->reason = NF_XLAT_OK;
		return -EOPNOTSUPP;
	}
	return nf_xlat_bpf_skb(sk, opts, skb_at_tc_ingress(sk) ?
			       NF_XLAT_BPF_INGRESS : NF_XLAT_BPF_EGRESS);
}

/*
 * May the packet of a program of a route be translated? It has to lose its socket, and it must be
 * of the family of its route: then, after BPF_OK, bpf_xmit() sees that the protocol has changed and
 * drops the packet. After two translations it would not, but the code that transmits has pointers
 * into the packet's old head.
 */
static bool nf_xlat_bpf_of_route(const struct sk_buff *skb)
{
	const struct sock *sk = sk_to_full_sk(skb->sk);

	if (!skb_valid_dst(skb) || !nf_xlat_bpf_sk_stays(skb))
		return false;
	/* bpf_lwt_xmit_reroute() would not know the device. */
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

/* The kernel does not count nested routes. */
static bool nf_xlat_bpf_uncounted __read_mostly;

/* Documented in linux/bpf_xlat.h */
__bpf_kfunc int bpf_lwt_xlat(struct __sk_buff *skb, struct bpf_xlat_opts *opts,
			     u32 opts__sz)
{
	struct sk_buff *sk = (struct sk_buff *)skb;

	if (!nf_xlat_bpf_opts_ok(sk, opts, opts__sz))
		return -EINVAL;
	/* bpf_lwt_xmit_reroute() asks IPsec policies without the ports of the packet. */
	if (!nf_xlat_bpf_of_route(sk) || nf_xlat_has_policies(dev_net(sk->dev)))
		return -EOPNOTSUPP;
	/*
	 * Older kernels do not count the routes that lead from one to the other, which
	 * lwtunnel_xmit() does before it runs the program. But tunnels are counted, so note it.
	 */
	if (unlikely(!dev_recursion_level()))
		WRITE_ONCE(nf_xlat_bpf_uncounted, true);
	if (unlikely(READ_ONCE(nf_xlat_bpf_uncounted)))
		return -EOPNOTSUPP;
	if (dev_recursion_level() > NF_XLAT_BPF_NESTED)
		return -ELOOP;
	return nf_xlat_bpf_skb(sk, opts, NF_XLAT_BPF_ROUTE);
}

/**
 * struct nf_xlat_bpf_frame - a frame of XDP that is to be translated
 *
 * @data: the packet's network header
 * @pkt: what it is
 * @hdr: the addresses that it is to have
 * @ttl: the TTL or hop limit that it is to have
 */
struct nf_xlat_bpf_frame {
	void			*data;
	struct nf_xlat_pkt	pkt;
	struct nf_xlat_hdr	hdr;
	u8			ttl;
};

/* The network header, behind at most two tags of VLANs; NULL without one */
static void *nf_xlat_bpf_network(const struct xdp_buff *xdp, u8 *pf)
{
	const struct ethhdr *eth = xdp->data;
	void *data = (void *)(eth + 1);
	const struct vlan_hdr *tag;
	unsigned int i;
	__be16 proto;

	if (data > xdp->data_end ||
	    !ether_addr_equal(eth->h_dest, xdp->rxq->dev->dev_addr))
		return NULL;
	proto = eth->h_proto;
	for (i = 0; i < 2 && eth_type_vlan(proto); i++) {
		tag = data;
		data += VLAN_HLEN;
		if (data > xdp->data_end)
			return NULL;
		proto = tag->h_vlan_encapsulated_proto;
	}
	switch (proto) {
	case htons(ETH_P_IP):
		*pf = NFPROTO_IPV4;
		return data;
	case htons(ETH_P_IPV6):
		*pf = NFPROTO_IPV6;
		return data;
	}
	return NULL;
}

/* Reads the header of an IPv4 packet without options that is no fragment. */
static int nf_xlat_bpf_read4(const struct iphdr *iph, struct nf_xlat_l3 *l3)
{
	if (iph->version != 4 || iph->ihl * 4 < sizeof(*iph))
		return -EBADMSG;
	if (iph->ihl * 4 > sizeof(*iph) ||
	    iph->frag_off & htons(IP_MF | IP_OFFSET))
		return -EOPNOTSUPP;
	if (ip_fast_csum(iph, iph->ihl))
		return -EBADMSG;
	*l3 = (struct nf_xlat_l3){
		.saddr.ip	= iph->saddr,
		.daddr.ip	= iph->daddr,
		.hlen		= sizeof(*iph),
		.len		= ntohs(iph->tot_len),
		.proto		= iph->protocol,
		.tos		= iph->tos,
		.ttl		= iph->ttl,
		.df		= iph->frag_off & htons(IP_DF),
	};
	return 0;
}

/* The same of IPv6; who looks at the protocol finds out about extension headers. */
static int nf_xlat_bpf_read6(const struct ipv6hdr *ip6h, struct nf_xlat_l3 *l3)
{
	if (ip6h->version != 6)
		return -EBADMSG;
	*l3 = (struct nf_xlat_l3){
		.saddr.in6	= ip6h->saddr,
		.daddr.in6	= ip6h->daddr,
		.hlen		= sizeof(*ip6h),
		.len		= ntohs(ip6h->payload_len) + sizeof(*ip6h),
		.proto		= ip6h->nexthdr,
		.tos		= ipv6_get_dsfield(ip6h),
		.ttl		= ip6h->hop_limit,
	};
	return 0;
}

/* Judges the transport header at @l4, as nf_xlat_parse() does. @len is what the packet has. */
static int nf_xlat_bpf_read_l4(struct nf_xlat_pkt *pkt, const void *l4,
			       unsigned int len)
{
	const struct icmphdr *icmph = l4;
	const struct udphdr *udph = l4;

	switch (pkt->l3.proto) {
	case IPPROTO_TCP:
		return len < sizeof(struct tcphdr) ? -EBADMSG : 0;
	case IPPROTO_UDP:
		if (len < sizeof(*udph) || ntohs(udph->len) < sizeof(*udph) ||
		    ntohs(udph->len) > len)
			return -EBADMSG;
		/* RFC 7915 section 4.5: one has to be made, over all of the packet. */
		return pkt->pf == NFPROTO_IPV4 && !udph->check ? -EOPNOTSUPP : 0;
	case IPPROTO_ICMP:
	case IPPROTO_ICMPV6:
		if (!nf_xlat_is_icmp(pkt->pf, pkt->l3.proto))
			return -EOPNOTSUPP;
		if (len < sizeof(*icmph))
			return -EBADMSG;
		pkt->icmp_query = pkt->pf == NFPROTO_IPV4 ?
			icmph->type == ICMP_ECHO || icmph->type == ICMP_ECHOREPLY :
			icmph->type == ICMPV6_ECHO_REQUEST ||
			icmph->type == ICMPV6_ECHO_REPLY;
		return pkt->icmp_query ? 0 : -EOPNOTSUPP;
	}
	return -EOPNOTSUPP;
}

/* How many bytes the start of the packet moves towards its end; negative to IPv6 */
static int nf_xlat_bpf_shift(const struct nf_xlat_pkt *pkt)
{
	return (int)pkt->l3.len - (int)nf_xlat_new_len(pkt);
}

/* Read the frame into @f. Return 0 or an error; *@reason then says why, or is NF_XLAT_OK. */
static int nf_xlat_bpf_xdp_read(struct xdp_buff *xdp,
				const struct nf_xlat_bpf_conf *conf,
				struct nf_xlat_bpf_frame *f,
				enum nf_xlat_reason *reason)
{
	const struct net_device *dev = xdp->rxq->dev;
	struct nf_xlat_pkt *pkt = &f->pkt;
	const void *saddr, *daddr;
	unsigned int hlen, avail;
	int err;
	u8 pf;

	/* Generic XDP has an skb, whose offloads are not seen here. */
	if (nf_xlat_xdp_generic(xdp) || xdp_buff_has_frags(xdp))
		return -EOPNOTSUPP;
	f->data = nf_xlat_bpf_network(xdp, &pf);
	if (!f->data)
		return -ENOENT;

	*reason = NF_XLAT_MALFORMED;
	avail = xdp->data_end - f->data;
	hlen = pf == NFPROTO_IPV4 ? sizeof(struct iphdr) :
				    sizeof(struct ipv6hdr);
	if (avail < hlen)
		return -EBADMSG;
	if (pf == NFPROTO_IPV4) {
		saddr = &((struct iphdr *)f->data)->saddr;
		daddr = &((struct iphdr *)f->data)->daddr;
	} else {
		saddr = &((struct ipv6hdr *)f->data)->saddr;
		daddr = &((struct ipv6hdr *)f->data)->daddr;
	}
	*reason = nf_xlat_map_addrs(&conf->dom, dev_net(dev), pf, saddr, daddr,
				    &f->hdr);
	if (*reason)
		return *reason == NF_XLAT_ADDRESS ? -ENOENT : -EBADMSG;

	pkt->pf = pf;
	pkt->icmp_query = false;
	pkt->icmp_error = false;
	err = pf == NFPROTO_IPV4 ? nf_xlat_bpf_read4(f->data, &pkt->l3) :
				   nf_xlat_bpf_read6(f->data, &pkt->l3);
	if (!err && (pkt->l3.len < hlen || pkt->l3.len > avail))
		err = -EBADMSG;
	if (!err)
		err = nf_xlat_bpf_read_l4(pkt, f->data + hlen,
					  pkt->l3.len - hlen);
	if (err) {
		*reason = err == -EBADMSG ? NF_XLAT_MALFORMED : NF_XLAT_OK;
		return err;
	}

	if (!nf_xlat_addr_legal(pf, &pkt->l3.saddr) ||
	    !nf_xlat_addr_legal(pf, &pkt->l3.daddr))
		*reason = NF_XLAT_ADDRESS;
	else
		*reason = nf_xlat_bpf_judge(pkt, &f->hdr, conf->hop);
	if (!*reason && nf_xlat_new_len(pkt) > nf_xlat_bpf_mtu(pkt, conf->mtu))
		*reason = NF_XLAT_TOOBIG;
	if (*reason)
		return nf_xlat_bpf_errno(*reason);

	f->ttl = pkt->l3.ttl - (conf->hop ? 1 : 0);
	return nf_xlat_xdp_room(xdp, xdp->data + nf_xlat_bpf_shift(pkt)) ?
		0 : -EOPNOTSUPP;
}

/* Is the packet, in the family that it came in with, for this host? */
static bool nf_xlat_bpf_local(struct net *net, const struct net_device *dev,
			      const struct nf_xlat_pkt *pkt)
{
	if (pkt->pf == NFPROTO_IPV6)
		return ipv6_chk_addr(net, &pkt->l3.daddr.in6, dev, 0);
	return inet_addr_type_dev_table(net, dev, pkt->l3.daddr.ip) !=
	       RTN_UNICAST;
}

/*
 * What bpf_fib_lookup() is to be asked about the translated packet. It takes the packet for
 * one of the device itself, so this has to be true. It knows no IPsec, and asks whether the
 * device forwards in the new family only.
 */
static int nf_xlat_bpf_fib(const struct xdp_buff *xdp,
			   const struct nf_xlat_bpf_frame *f,
			   struct bpf_fib_lookup *fib)
{
	const struct nf_xlat_pkt *pkt = &f->pkt;
	const __be16 *ports = f->data + pkt->l3.hlen;
	struct net_device *dev = xdp->rxq->dev;
	struct net *net = dev_net(dev);

	if (f->data - xdp->data != ETH_HLEN || nf_xlat_xdp_untags(dev) ||
	    nf_xlat_has_policies(net) ||
	    !nf_xlat_forwarding(net, dev, pkt->pf) ||
	    nf_xlat_bpf_local(net, dev, pkt))
		return -EOPNOTSUPP;

	*fib = (struct bpf_fib_lookup){
		.l4_protocol	= nf_xlat_new_proto(pkt->pf, pkt->l3.proto),
		.tot_len	= nf_xlat_new_len(pkt),
		.ifindex	= dev->ifindex,
	};
	if (!pkt->icmp_query) {
		fib->sport = ports[0];
		fib->dport = ports[1];
	}
	if (pkt->pf == NFPROTO_IPV6) {
		fib->family = AF_INET;
		fib->tos = pkt->l3.tos;
		fib->ipv4_src = f->hdr.saddr.ip;
		fib->ipv4_dst = f->hdr.daddr.ip;
	} else {
		fib->family = AF_INET6;
		fib->flowinfo = htonl(pkt->l3.tos << 20);
		memcpy(fib->ipv6_src, &f->hdr.saddr.in6, sizeof(fib->ipv6_src));
		memcpy(fib->ipv6_dst, &f->hdr.daddr.in6, sizeof(fib->ipv6_dst));
	}
	return 0;
}

/* Translate the frame. Its link layer header moves along, and says the other family. */
static void nf_xlat_bpf_write(struct xdp_buff *xdp,
			      const struct nf_xlat_bpf_frame *f)
{
	unsigned int mac_len = f->data - xdp->data;
	const struct nf_xlat_pkt *pkt = &f->pkt;
	struct net *net = dev_net(xdp->rxq->dev);
	bool v6 = pkt->pf == NFPROTO_IPV6;
	void *end = f->data + pkt->l3.len;
	void *data;

	data = xdp->data + nf_xlat_bpf_shift(pkt);
	/* First, as a longer network header lies where it was. */
	memmove(data, xdp->data, mac_len);
	((__be16 *)(data + mac_len))[-1] = v6 ? htons(ETH_P_IP) :
						htons(ETH_P_IPV6);
	nf_xlat_linear(net, f->data, pkt, &f->hdr, f->ttl);
	/* Bytes behind the length in the header are padding. */
	nf_xlat_xdp_set(xdp, data, end);
	nf_xlat_count(net, v6 ? NF_XLAT_MIB_6TO4 : NF_XLAT_MIB_4TO6, 1);
}

/* With @fib, tells what to ask bpf_fib_lookup(); without, translates the frame. */
static int nf_xlat_bpf_xdp(struct xdp_buff *xdp, struct bpf_xlat_opts *opts,
			   struct bpf_fib_lookup *fib)
{
	enum nf_xlat_reason reason = NF_XLAT_OK;
	struct nf_xlat_bpf_frame f __uninitialized;
	struct nf_xlat_bpf_conf conf;
	int err;

	opts->reason = NF_XLAT_OK;
	err = nf_xlat_bpf_conf(&conf, opts);
	if (err)
		return err;
	/* Some drivers run XDP with softirqs disabled, but without rcu_read_lock(). */
	rcu_read_lock();
	err = nf_xlat_bpf_xdp_read(xdp, &conf, &f, &reason);
	opts->reason = reason;
	if (!err && fib)
		err = nf_xlat_bpf_fib(xdp, &f, fib);
	else if (!err)
		nf_xlat_bpf_write(xdp, &f);
	rcu_read_unlock();
	return err;
}

/*
 * May a function for frames use this memory of the program? It must not be that of the frame,
 * to which the function writes. Packet pointers of before, too, lead into this memory. 6.12's
 * verifier takes the result of a map look-up that the program has not tested.
 */
static bool nf_xlat_bpf_mem_ok(const struct xdp_buff *xdp, const void *mem,
			       u32 size)
{
	return mem && (mem + size <= xdp->data_hard_start ||
		       mem >= xdp->data_hard_start + xdp->frame_sz);
}

/* Documented in linux/bpf_xlat.h */
__bpf_kfunc int bpf_xdp_xlat_fib(struct xdp_md *xdp, struct bpf_xlat_opts *opts,
				 u32 opts__sz, struct bpf_fib_lookup *fib,
				 u32 fib__sz)
{
	struct xdp_buff *buff = (struct xdp_buff *)xdp;

	/* struct bpf_fib_lookup may be longer in the headers that the program was built with. */
	if (opts__sz != sizeof(*opts) || fib__sz < sizeof(*fib) ||
	    !nf_xlat_bpf_mem_ok(buff, opts, opts__sz) ||
	    !nf_xlat_bpf_mem_ok(buff, fib, fib__sz))
		return -EINVAL;
	return nf_xlat_bpf_xdp(buff, opts, fib);
}

/* Documented in linux/bpf_xlat.h */
__bpf_kfunc int bpf_xdp_xlat(struct xdp_md *xdp, struct bpf_xlat_opts *opts,
			     u32 opts__sz)
{
	struct xdp_buff *buff = (struct xdp_buff *)xdp;

	if (opts__sz != sizeof(*opts) ||
	    !nf_xlat_bpf_mem_ok(buff, opts, opts__sz))
		return -EINVAL;
	return nf_xlat_bpf_xdp(buff, opts, NULL);
}

BTF_KFUNCS_START(nf_xlat_bpf_tc)
BTF_ID_FLAGS(func, bpf_skb_xlat)
BTF_KFUNCS_END(nf_xlat_bpf_tc)

static const struct btf_kfunc_id_set nf_xlat_bpf_tc_set = {
	.owner	= THIS_MODULE,
	.set	= &nf_xlat_bpf_tc,
};

BTF_KFUNCS_START(nf_xlat_bpf_xdp_ids)
BTF_ID_FLAGS(func, bpf_xdp_xlat_fib)
BTF_ID_FLAGS(func, bpf_xdp_xlat)
BTF_KFUNCS_END(nf_xlat_bpf_xdp_ids)

static const struct btf_kfunc_id_set nf_xlat_bpf_xdp_set = {
	.owner	= THIS_MODULE,
	.set	= &nf_xlat_bpf_xdp_ids,
};

BTF_KFUNCS_START(nf_xlat_bpf_lwt_ids)
BTF_ID_FLAGS(func, bpf_lwt_xlat)
BTF_KFUNCS_END(nf_xlat_bpf_lwt_ids)

/*
 * All programs of routes share a set (bpf_prog_type_to_kfunc_hook()), but behind those for input
 * and output the kernel may go on in the old family.
 */
static int nf_xlat_bpf_lwt_filter(const struct bpf_prog *prog, u32 kfunc_id)
{
	return prog->type == BPF_PROG_TYPE_LWT_XMIT ? 0 : -EACCES;
}

static const struct nf_xlat_kfunc_set nf_xlat_bpf_lwt_set = {
	.owner	= THIS_MODULE,
	.set	= &nf_xlat_bpf_lwt_ids,
	.filter	= nf_xlat_bpf_lwt_filter,
};

static int __init nf_xlat_bpf_init(void)
{
	return register_btf_kfunc_id_set(BPF_PROG_TYPE_SCHED_CLS,
					 &nf_xlat_bpf_tc_set) ? :
	       register_btf_kfunc_id_set(BPF_PROG_TYPE_XDP,
					 &nf_xlat_bpf_xdp_set) ? :
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
