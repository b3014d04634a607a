/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Steps of the fast path that are the same for an skb and for an XDP frame. They are inlined in
 * nf_xlat_flow_hook.c and nf_xlat_flow_bpf.c, because a call would take longer than most of them.
 */
#ifndef _NF_XLAT_FLOW_PACKET_H
#define _NF_XLAT_FLOW_PACKET_H

#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/tcp.h>
#include <linux/udp.h>
#include <net/dsfield.h>
#include <net/ip.h>
#include <net/ipv6.h>
#include <net/route.h>
#include <net/netfilter/nf_conntrack_acct.h>
#include "nf_xlat_flow_internal.h"

/* Read the header of a plain IPv4 packet into @l3 and @key. Returns false for other packets. */
static inline bool nf_xlat_flow_parse4(const struct iphdr *iph, struct nf_xlat_l3 *l3,
				       struct nf_xlat_flow_key *key)
{
	if (*(const u8 *)iph != 0x45 || iph->ttl <= 1 ||
	    iph->frag_off & htons(IP_MF | IP_OFFSET) ||
	    (iph->protocol != IPPROTO_TCP && iph->protocol != IPPROTO_UDP) ||
	    ip_fast_csum(iph, 5))
		return false;

	key->pf = NFPROTO_IPV4;
	l3->hlen = sizeof(*iph);
	l3->len = ntohs(iph->tot_len);
	l3->proto = iph->protocol;
	l3->tos = iph->tos;
	l3->ttl = iph->ttl;
	l3->df = iph->frag_off & htons(IP_DF);
	/* Set all 16 bytes, as the whole key is compared. An initialiser of @ip may set only 4. */
	ipv6_addr_set(&key->src.in6, iph->saddr, 0, 0, 0);
	ipv6_addr_set(&key->dst.in6, iph->daddr, 0, 0, 0);
	return true;
}

/* Read the header of a plain IPv6 packet into @l3 and @key. Returns false for other packets. */
static inline bool nf_xlat_flow_parse6(const struct ipv6hdr *ip6h,
				       struct nf_xlat_l3 *l3,
				struct nf_xlat_flow_key *key)
{
	if (ip6h->version != 6 || ip6h->hop_limit <= 1 ||
	    (ip6h->nexthdr != IPPROTO_TCP && ip6h->nexthdr != IPPROTO_UDP))
		return false;

	key->pf = NFPROTO_IPV6;
	l3->hlen = sizeof(*ip6h);
	l3->len = ntohs(ip6h->payload_len) + sizeof(*ip6h);
	l3->proto = ip6h->nexthdr;
	l3->tos = ipv6_get_dsfield(ip6h);
	l3->ttl = ip6h->hop_limit;
	key->src.in6 = ip6h->saddr;
	key->dst.in6 = ip6h->daddr;
	return true;
}

/* Read the ports at @l4 into @key. */
static inline void nf_xlat_flow_parse_l4(const void *l4,
					 const struct nf_xlat_l3 *l3,
					 struct nf_xlat_flow_key *key)
{
	const __be16 *ports = l4;

	key->proto = l3->proto;
	key->sport = ports[0];
	key->dport = ports[1];
}

static inline unsigned int nf_xlat_flow_l4len(const struct nf_xlat_l3 *l3)
{
	return l3->proto == IPPROTO_TCP ? sizeof(struct tcphdr) :
					  sizeof(struct udphdr);
}

/* Does the TCP segment begin or end a connection? Conntrack has to see it then. */
static inline bool nf_xlat_flow_tcp_control(const struct tcphdr *th)
{
	return th->syn || th->fin || th->rst;
}

/*
 * Has the session expired, or, without a session, have the rules changed? Conntrack's own gc
 * removes an expired entry only after a while, so test the entry. If there was a packet within the
 * last second, the entry cannot have expired; then spare the cache miss.
 */
static inline bool nf_xlat_flow_expired(const struct net *net,
					const struct nf_xlat_flow_dir *d)
{
	if (d->stateless)
		return !nf_xlat_rules_same(net, d->rules);
	return (u32)jiffies - READ_ONCE(d->used) > HZ &&
	       nf_ct_is_expired(nf_xlat_flow_of(d)->ct);
}

/*
 * Does the flow have to end, because its route, its session, its rules or its devices are not
 * what they were when the flow was made?
 */
static inline bool nf_xlat_flow_is_stale(const struct net *net,
					 struct nf_xlat_flow_net *fn,
					 const struct nf_xlat_flow *flow,
					 const struct nf_xlat_flow_dir *d)
{
	return !dst_check(d->dst, d->cookie) || nf_xlat_flow_expired(net, d) ||
	       nf_xlat_flow_dev_event(fn, flow);
}

/* Would conntrack and nf_xlat_parse() accept this transport header? */
static inline bool nf_xlat_flow_l4_ok(const void *l4, const struct nf_xlat_l3 *l3,
				      bool gso)
{
	unsigned int len = l3->len - l3->hlen;
	const struct tcphdr *th = l4;
	const struct udphdr *udph = l4;

	if (l3->proto == IPPROTO_TCP)
		return th->doff >= sizeof(*th) / 4 && th->doff * 4 <= len;
	/* Without a checksum, RFC 7915 section 4.5 wants one computed over the whole packet. */
	return udph->check &&
	       (gso || (ntohs(udph->len) >= sizeof(*udph) &&
			ntohs(udph->len) <= len));
}

/*
 * How long may a packet be before its translation, so that it can leave without being
 * fragmented? This has to agree with nf_xlat_ttl_mtu_check() of the normal path.
 */
static __always_inline u32
nf_xlat_flow_max_len(const struct nf_xlat_l3 *l3,
		     const struct nf_xlat_flow_dir *d,
				const struct dst_entry *dst)
{
	const int growth = sizeof(struct ipv6hdr) - sizeof(struct iphdr);
	u32 mtu;

	if (d->key.pf == NFPROTO_IPV6)
		return ip_dst_mtu_maybe_forward(dst, true) + growth;
	mtu = max_t(u32, dst_mtu(dst), IPV6_MIN_MTU);
	/* RFC 7915 section 4.1: without DF, the normal path fragments it to @mtu6. */
	if (!l3->df)
		mtu = min_t(u32, mtu, d->mtu6);
	return mtu - growth;
}

/* Can a packet that is no GSO packet leave without being fragmented? */
static inline bool nf_xlat_flow_len_ok(const struct nf_xlat_l3 *l3,
				       const struct nf_xlat_flow_dir *d,
				const struct dst_entry *dst)
{
	/* RFC 8200 section 5: each link of IPv6 has an MTU of 1280 bytes at least. */
	if (d->key.pf == NFPROTO_IPV4 &&
	    l3->len + sizeof(struct ipv6hdr) - sizeof(struct iphdr) <= IPV6_MIN_MTU)
		return true;
	return l3->len <= nf_xlat_flow_max_len(l3, d, dst);
}

/* Set the ports. Returns where the checksum of the transport header is. */
static inline __sum16 *nf_xlat_flow_ports(const struct nf_xlat_flow_dir *d, void *l4)
{
	/* TCP has its ports in the same place as UDP. */
	struct udphdr *ports = l4;

	ports->source = d->sport;
	ports->dest = d->dport;
	return d->key.proto == IPPROTO_TCP ? &((struct tcphdr *)l4)->check :
					     &ports->check;
}

/* Update a complete checksum. RFC 768: a UDP checksum of 0 is sent as all ones. */
static inline void nf_xlat_flow_csum(const struct nf_xlat_flow_dir *d, __sum16 *check)
{
	*check = csum_fold(csum_add(~csum_unfold(*check), csum_unfold(d->diff)));
	if (!*check && d->key.proto == IPPROTO_UDP)
		*check = CSUM_MANGLED_0;
}

/*
 * Write the IPv4 header. @df: RFC 7915 section 5.1 wants DF=1. @segs: how many packets will be on
 * the wire
 */
static inline void
nf_xlat_flow_build4(struct iphdr *iph, struct nf_xlat_flow_dir *d,
		    const struct nf_xlat_l3 *l3, u16 len, bool df, u16 segs)
{
	u16 id;

	*(__be16 *)iph = htons(0x4500 | l3->tos);
	iph->tot_len = htons(len);
	/*
	 * A packet with DF=0 has an identification, and each direction has a counter for it. If
	 * two CPUs translate packets of one direction at the same time, both may get the same
	 * identification. This matters only if routers fragment both, and then the checksum of
	 * the transport protocol shows that fragments have been mixed up. Packets of a flow
	 * usually come to one CPU. So this is not worth an atomic operation for each packet.
	 */
	if (df) {
		iph->id = 0;
		iph->frag_off = htons(IP_DF);
	} else {
		id = READ_ONCE(d->id);
		iph->id = htons(id + 1);
		iph->frag_off = 0;
		WRITE_ONCE(d->id, id + segs);
	}
	iph->ttl = l3->ttl - 1;
	iph->protocol = l3->proto;
	iph->check = 0;
	iph->saddr = d->src.ip;
	iph->daddr = d->dst_addr.ip;
	iph->check = ip_fast_csum(iph, 5);
}

static inline void nf_xlat_flow_build6(struct ipv6hdr *ip6h,
				       const struct nf_xlat_flow_dir *d,
				const struct nf_xlat_l3 *l3)
{
	ip6_flow_hdr(ip6h, l3->tos, 0);
	ip6h->payload_len = htons(l3->len - l3->hlen);
	ip6h->nexthdr = l3->proto;
	ip6h->hop_limit = l3->ttl - 1;
	ip6h->saddr = d->src.in6;
	ip6h->daddr = d->dst_addr.in6;
}

static inline void nf_xlat_flow_count(struct nf_xlat_flow_net *fn,
				      const struct nf_xlat_flow *flow,
				      struct nf_xlat_flow_dir *d,
				      unsigned int len)
{
	if (!d->stateless && READ_ONCE(d->used) != (u32)jiffies)
		WRITE_ONCE(d->used, (u32)jiffies);
	if (d->acct)
		nf_ct_acct_update(flow->ct, d->dir, len);
	this_cpu_inc(fn->mib->mibs[d->key.pf == NFPROTO_IPV6 ?
				   NF_XLAT_MIB_6TO4 : NF_XLAT_MIB_4TO6]);
}

#endif /* _NF_XLAT_FLOW_PACKET_H */
