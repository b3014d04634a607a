// SPDX-License-Identifier: GPL-2.0-only
/*
 * The packets of the fast path: from the ingress of a flowtable's device to the egress of
 * another device, past all hooks, the route look-up and conntrack.
 *
 * What is not a plain packet takes the normal path: fragments, options, SYN, FIN and RST,
 * TTL 1, and packets that are longer than the MTU.
 */

#include <linux/if_pppox.h>
#include <linux/if_vlan.h>
#include <linux/netdevice.h>
#include <linux/ppp_defs.h>
#include <net/dsfield.h>
#include <net/ip.h>
#include <net/ip6_route.h>
#include <net/ipv6.h>
#include <net/neighbour.h>
#include <net/route.h>
#include <net/sock.h>
#include <net/netfilter/nf_conntrack_acct.h>
#include "nf_xlat_flow_internal.h"

/* Reads the header of a plain IPv4 packet into @l3 and @key; false for any other packet. */
static bool nf_xlat_flow_parse4(struct sk_buff *skb, struct nf_xlat_l3 *l3,
				struct nf_xlat_flow_key *key)
{
	const struct iphdr *iph;

	if (!pskb_may_pull(skb, sizeof(*iph) + sizeof(struct udphdr)))
		return false;
	iph = ip_hdr(skb);
	if (*(const u8 *)iph != 0x45 || iph->ttl <= 1 ||
	    iph->frag_off & htons(IP_MF | IP_OFFSET) ||
	    (iph->protocol != IPPROTO_TCP && iph->protocol != IPPROTO_UDP) ||
	    ip_fast_csum(iph, 5))
		return false;

	l3->hlen = sizeof(*iph);
	l3->len = ntohs(iph->tot_len);
	l3->proto = iph->protocol;
	l3->tos = iph->tos;
	l3->ttl = iph->ttl;
	l3->df = iph->frag_off & htons(IP_DF);
	/* All 16 bytes: an initialiser of the 4-byte member may leave the rest as it is. */
	ipv6_addr_set(&key->src.in6, iph->saddr, 0, 0, 0);
	ipv6_addr_set(&key->dst.in6, iph->daddr, 0, 0, 0);
	return true;
}

/* The same of IPv6 */
static bool nf_xlat_flow_parse6(struct sk_buff *skb, struct nf_xlat_l3 *l3,
				struct nf_xlat_flow_key *key)
{
	const struct ipv6hdr *ip6h;

	if (!pskb_may_pull(skb, sizeof(*ip6h) + sizeof(struct udphdr)))
		return false;
	ip6h = ipv6_hdr(skb);
	if (ip6h->version != 6 || ip6h->hop_limit <= 1 ||
	    (ip6h->nexthdr != IPPROTO_TCP && ip6h->nexthdr != IPPROTO_UDP))
		return false;

	l3->hlen = sizeof(*ip6h);
	l3->len = ntohs(ip6h->payload_len) + sizeof(*ip6h);
	l3->proto = ip6h->nexthdr;
	l3->tos = ipv6_get_dsfield(ip6h);
	l3->ttl = ip6h->hop_limit;
	key->src.in6 = ip6h->saddr;
	key->dst.in6 = ip6h->daddr;
	return true;
}

/*
 * Reads the network header and the ports of a plain packet of TCP or UDP. Of @l3 it sets
 * what this file uses; of @key all but @in and @pad.
 */
static bool nf_xlat_flow_parse(struct sk_buff *skb, __be16 protocol,
			       struct nf_xlat_l3 *l3,
			       struct nf_xlat_flow_key *key)
{
	const __be16 *ports;

	switch (protocol) {
	case htons(ETH_P_IP):
		key->pf = NFPROTO_IPV4;
		if (!nf_xlat_flow_parse4(skb, l3, key))
			return false;
		break;
	case htons(ETH_P_IPV6):
		key->pf = NFPROTO_IPV6;
		if (!nf_xlat_flow_parse6(skb, l3, key))
			return false;
		break;
	default:
		return false;
	}

	key->proto = l3->proto;
	ports = (const __be16 *)(skb_network_header(skb) + l3->hlen);
	key->sport = ports[0];
	key->dport = ports[1];
	return true;
}

static unsigned int nf_xlat_flow_l4len(const struct nf_xlat_l3 *l3)
{
	return l3->proto == IPPROTO_TCP ? sizeof(struct tcphdr) :
					  sizeof(struct udphdr);
}

/* Conntrack has to see a TCP segment that begins or ends a connection. */
static bool nf_xlat_flow_tcp_control(struct sk_buff *skb, const struct nf_xlat_l3 *l3)
{
	const struct tcphdr *th;

	skb_set_transport_header(skb, l3->hlen);
	if (l3->proto == IPPROTO_UDP)
		return false;
	if (!pskb_may_pull(skb, l3->hlen + sizeof(*th)))
		return true;
	th = tcp_hdr(skb);
	return th->syn || th->fin || th->rst;
}

/*
 * Is the session over, or have the rules changed? Conntrack finds an expired entry late.
 * But the entry of a session that had a packet within the last second has not expired, so
 * its cache line need not be touched.
 */
static bool nf_xlat_flow_expired(const struct net *net,
				 const struct nf_xlat_flow_dir *d)
{
	if (d->stateless)
		return !nf_xlat_rules_same(net, d->rules);
	return (u32)jiffies - READ_ONCE(d->used) > HZ &&
	       nf_ct_is_expired(nf_xlat_flow_of(d)->ct);
}

/* Do conntrack and nf_xlat_parse() let this transport header pass? */
static bool nf_xlat_flow_l4_ok(const struct sk_buff *skb,
			       const struct nf_xlat_l3 *l3)
{
	unsigned int len = l3->len - l3->hlen;

	if (l3->proto == IPPROTO_TCP)
		return tcp_hdr(skb)->doff >= sizeof(struct tcphdr) / 4 &&
		       tcp_hdrlen(skb) <= len;
	/* RFC 7915 section 4.5: without a checksum one has to be made, over all of the packet. */
	return udp_hdr(skb)->check &&
	       (skb_is_gso(skb) ||
		(ntohs(udp_hdr(skb)->len) >= sizeof(struct udphdr) &&
		 ntohs(udp_hdr(skb)->len) <= len));
}

/* Can the packet leave in one piece? nf_xlat_check() judges so in the normal path. */
static bool nf_xlat_flow_fits(const struct sk_buff *skb,
			      const struct nf_xlat_l3 *l3,
			      const struct nf_xlat_flow_dir *d,
			      const struct dst_entry *dst)
{
	int growth = sizeof(struct ipv6hdr) - sizeof(struct iphdr);
	u32 mtu;

	if (!nf_xlat_flow_l4_ok(skb, l3))
		return false;
	if (d->key.pf == NFPROTO_IPV6) {
		growth = -growth;
		mtu = ip_dst_mtu_maybe_forward(dst, true);
	} else {
		/* RFC 8200 section 5: each link of IPv6 takes that. */
		if (l3->len + growth <= IPV6_MIN_MTU && !skb_is_gso(skb))
			return true;
		mtu = max_t(u32, dst_mtu(dst), IPV6_MIN_MTU);
		/* RFC 7915 section 4.1: without DF it is cut at @mtu6, by the normal path. */
		if (!l3->df)
			mtu = min_t(u32, mtu, d->mtu6);
	}
	if (!skb_is_gso(skb))
		return l3->len + growth <= mtu;
	/* LRO has no type. A packet of a tunnel takes the normal path. */
	return skb_shinfo(skb)->gso_type &&
	       !(skb_shinfo(skb)->gso_type & ~(SKB_GSO_TCPV4 | SKB_GSO_TCPV6 |
					       SKB_GSO_TCP_ECN |
					       SKB_GSO_TCP_FIXEDID |
					       SKB_GSO_UDP_L4 |
					       SKB_GSO_DODGY)) &&
	       skb_gso_validate_network_len(skb, mtu - growth);
}

static void nf_xlat_flow_csum(struct sk_buff *skb,
			      const struct nf_xlat_flow_dir *d,
			      unsigned int off, __sum16 *check)
{
	/*
	 * With offload, the field holds the sum of the pseudo-header only. The offload may
	 * be that of a packet inside of a tunnel, though; then this field is complete.
	 */
	if (skb->ip_summed == CHECKSUM_PARTIAL &&
	    skb_checksum_start_offset(skb) == off) {
		*check = ~csum_fold(csum_add(csum_unfold(d->pseudo),
					     csum_unfold(*check)));
		return;
	}
	*check = csum_fold(csum_add(~csum_unfold(*check), csum_unfold(d->diff)));
	if (!*check && d->key.proto == IPPROTO_UDP)
		*check = CSUM_MANGLED_0;
}

static void nf_xlat_flow_build4(struct sk_buff *skb, struct nf_xlat_flow_dir *d,
				const struct nf_xlat_l3 *l3)
{
	struct iphdr *iph;
	u16 len;

	skb_pull(skb, sizeof(struct ipv6hdr) - sizeof(*iph));
	skb_reset_network_header(skb);
	len = skb->len;
	iph = ip_hdr(skb);
	*(__be16 *)iph = htons(0x4500 | l3->tos);
	iph->tot_len = htons(len);
	/* RFC 7915 section 5.1. A flow counts its own identifications, as a socket does. */
	if (skb_is_gso(skb) || l3->len > IPV6_MIN_MTU) {
		iph->id = 0;
		iph->frag_off = htons(IP_DF);
	} else {
		iph->id = htons(++d->id);
		iph->frag_off = 0;
	}
	iph->ttl = l3->ttl - 1;
	iph->protocol = l3->proto;
	iph->check = 0;
	iph->saddr = d->src.ip;
	iph->daddr = d->dst_addr.ip;
	iph->check = ip_fast_csum(iph, 5);
	skb->protocol = htons(ETH_P_IP);
	memset(IPCB(skb), 0, sizeof(struct inet_skb_parm));
}

static void nf_xlat_flow_build6(struct sk_buff *skb, struct nf_xlat_flow_dir *d,
				const struct nf_xlat_l3 *l3)
{
	struct ipv6hdr *ip6h;

	skb_push(skb, sizeof(*ip6h) - sizeof(struct iphdr));
	skb_reset_network_header(skb);
	ip6h = ipv6_hdr(skb);
	ip6_flow_hdr(ip6h, l3->tos, 0);
	ip6h->payload_len = htons(l3->len - l3->hlen);
	ip6h->nexthdr = l3->proto;
	ip6h->hop_limit = l3->ttl - 1;
	ip6h->saddr = d->src.in6;
	ip6h->daddr = d->dst_addr.in6;
	skb->protocol = htons(ETH_P_IPV6);
	memset(IP6CB(skb), 0, sizeof(struct inet6_skb_parm));
}

/*
 * Translates the packet as nf_xlat_skb() does, by what the flow has computed before. The
 * transport header is not moved. Returns false without memory.
 */
static bool nf_xlat_flow_skb(struct sk_buff *skb, struct nf_xlat_flow_dir *d,
			     const struct nf_xlat_l3 *l3,
			     const struct net_device *dev)
{
	unsigned int room = LL_RESERVED_SPACE(dev);
	struct udphdr *ports;

	if (d->key.pf == NFPROTO_IPV4)
		room += sizeof(struct ipv6hdr) - sizeof(struct iphdr);
	/* The parser has pulled the headers into the linear part. */
	if (skb_cow_head(skb, room) ||
	    (unlikely(skb_cloned(skb)) &&
	     skb_ensure_writable(skb, l3->hlen + nf_xlat_flow_l4len(l3))))
		return false;

	/* TCP has its ports in the same place as UDP. */
	ports = (struct udphdr *)(skb->data + l3->hlen);
	ports->source = d->sport;
	ports->dest = d->dport;
	nf_xlat_flow_csum(skb, d, l3->hlen, l3->proto == IPPROTO_TCP ?
			  &((struct tcphdr *)ports)->check : &ports->check);
	/* The sum of the device covers the old header. */
	if (skb->ip_summed == CHECKSUM_COMPLETE)
		skb->ip_summed = CHECKSUM_NONE;

	if (d->key.pf == NFPROTO_IPV6)
		nf_xlat_flow_build4(skb, d, l3);
	else
		nf_xlat_flow_build6(skb, d, l3);
	if (skb_is_gso(skb))
		nf_xlat_gso(skb, d->key.pf);
	skb_set_transport_header(skb, (u8 *)ports - skb->data);
	return true;
}

/* Hands the translated packet, of family @pf, to the neighbour. */
static int nf_xlat_flow_xmit(struct sk_buff *skb, u8 pf, struct dst_entry *dst)
{
	struct net_device *dev = dst_dev_rcu(dst);
	struct neighbour *neigh;
	bool skip_cache = false;

	skb_orphan(skb);
	skb->dev = dev;
	/*
	 * A frame for the address of a bridge came in as PACKET_OTHERHOST, for which
	 * icmp_send() is silent.
	 */
	skb->pkt_type = PACKET_HOST;
	skb_dst_drop(skb);
	skb_dst_set_noref(skb, dst);
	if (pf == NFPROTO_IPV4)
		neigh = ip_neigh_for_gw(container_of(dst, struct rtable, dst),
					skb, &skip_cache);
	else
		neigh = ip_neigh_gw6(dev, rt6_nexthop(container_of(dst, struct rt6_info, dst),
						      &ipv6_hdr(skb)->daddr));
	if (IS_ERR(neigh)) {
		kfree_skb(skb);
		return PTR_ERR(neigh);
	}
	return neigh_output(neigh, skb, skip_cache);
}

/*
 * A packet from its network header on. @len: bytes that may belong to it; @key: its member
 * @in is set, and @pad is zero.
 */
static __always_inline unsigned int
nf_xlat_flow_packet(struct sk_buff *skb, __be16 protocol, unsigned int len,
		    const struct nf_hook_state *state,
		    struct nf_xlat_flow_net *fn, struct nf_xlat_flow_key *key)
{
	const struct net_device *in = state->in;
	struct nf_xlat_flow_dir *d;
	struct nf_xlat_flow *flow;
	struct nf_xlat_l3 l3 __uninitialized;
	struct dst_entry *dst;

	if (!nf_xlat_flow_parse(skb, protocol, &l3, key))
		return NF_ACCEPT;

	d = rhashtable_lookup(&fn->table, key, nf_xlat_flow_params);
	if (!d)
		return NF_ACCEPT;
	flow = nf_xlat_flow_of(d);
	if (unlikely(d->below))
		in = dev_get_by_index_rcu(state->net, flow->iif[d->dir]);
	if (!in || !nf_xlat_forwarding(state->net, in, key->pf))
		return NF_ACCEPT;
	dst = d->dst;
	/* A BIG TCP packet has length 0. */
	if (l3.len > len || l3.len < l3.hlen + nf_xlat_flow_l4len(&l3))
		return NF_ACCEPT;
	if (nf_xlat_flow_tcp_control(skb, &l3) || !dst_check(dst, d->cookie) ||
	    nf_xlat_flow_expired(state->net, d) ||
	    nf_xlat_flow_moved(fn, flow)) {
		nf_xlat_flow_del(flow);
		return NF_ACCEPT;
	}
	if (!nf_xlat_flow_fits(skb, &l3, d, dst))
		return NF_ACCEPT;

	/* Bytes behind the length in the header are padding. */
	if (pskb_trim_rcsum(skb, l3.len) ||
	    !nf_xlat_flow_skb(skb, d, &l3, dst_dev_rcu(dst)))
		return nf_xlat_drop(state->net, skb, NF_XLAT_NOMEM);

	if (!d->stateless && READ_ONCE(d->used) != (u32)jiffies)
		WRITE_ONCE(d->used, (u32)jiffies);
	if (d->acct)
		nf_ct_acct_update(flow->ct, d->dir, l3.len);
	this_cpu_inc(fn->mib->mibs[key->pf == NFPROTO_IPV6 ?
				   NF_XLAT_MIB_6TO4 : NF_XLAT_MIB_4TO6]);

	__vlan_hwaccel_clear_tag(skb);
	skb_clear_tstamp(skb);
	nf_xlat_flow_xmit(skb, nf_xlat_other_pf(key->pf), dst);
	return NF_STOLEN;
}

/*
 * The protocol of the packet in a PPPoE frame, and in @len its length; 0 for a frame of
 * another kind.
 */
static __be16 nf_xlat_flow_pppoe(struct sk_buff *skb,
				 struct nf_xlat_flow_key *key,
				 unsigned int *len)
{
	const u8 *hdr;

	if (!pskb_may_pull(skb, PPPOE_SES_HLEN))
		return 0;
	/* Octet by octet, as sparse complains about the flexible array of struct pppoe_hdr. */
	hdr = skb_network_header(skb);
	*len = get_unaligned_be16(hdr + 4);
	if (hdr[0] != 0x11 || hdr[1] || *len < sizeof(__be16) ||
	    *len + PPPOE_SES_HLEN - sizeof(__be16) > skb->len)
		return 0;
	*len -= sizeof(__be16);
	key->in.session = get_unaligned_be16(hdr + 2);
	switch (get_unaligned_be16(hdr + 6)) {
	case PPP_IP:
		return htons(ETH_P_IP);
	case PPP_IPV6:
		return htons(ETH_P_IPV6);
	}
	return 0;
}

/* Is the frame for this host? The address of a bridge may be another than its ports'. */
static bool nf_xlat_flow_host(const struct sk_buff *skb,
			      const struct net_device *dev)
{
	const struct net_device *br;

	if (likely(skb->pkt_type == PACKET_HOST))
		return true;
	if (skb->pkt_type != PACKET_OTHERHOST || !netif_is_bridge_port(dev))
		return false;
	br = netdev_master_upper_dev_get_rcu((struct net_device *)dev);
	return br && ether_addr_equal(eth_hdr(skb)->h_dest, br->dev_addr);
}

/**
 * nf_xlat_flow_ingress - packets at the ingress of a flowtable's device
 * @priv: struct nf_xlat_flow_net of the namespace
 * @skb: packet
 * @state: the hook
 *
 * RCU read side, softirq.
 *
 * Return: NF_STOLEN for a packet that took the fast path; NF_ACCEPT for one that takes
 * the normal path, unchanged; NF_DROP with the reason counted.
 */
unsigned int nf_xlat_flow_ingress(void *priv, struct sk_buff *skb,
				  const struct nf_hook_state *state)
{
	struct nf_xlat_flow_key key __uninitialized;
	__be16 protocol = skb->protocol;
	unsigned int verdict, len;
	bool pppoe = false;

	if (!nf_xlat_flow_host(skb, state->in) || skb_shared(skb) ||
	    skb_sec_path(skb) || skb_sk_is_prefetched(skb))
		return NF_ACCEPT;
	/* nf_xlat_flow_parse() sets the rest; to clear it first takes time. */
	key.in = (struct nf_xlat_flow_in){ .iif = state->in->ifindex };
	memset(key.pad, 0, sizeof(key.pad));
	/* VLAN 0 is a priority without a VLAN. */
	if (skb_vlan_tag_present(skb) && skb_vlan_tag_get_id(skb))
		key.in.vlan = nf_xlat_flow_vlan(skb->vlan_proto,
						skb_vlan_tag_get_id(skb));
	len = skb->len;
	if (unlikely(protocol == htons(ETH_P_PPP_SES))) {
		protocol = nf_xlat_flow_pppoe(skb, &key, &len);
		if (!protocol)
			return NF_ACCEPT;
		pppoe = true;
		skb_pull_rcsum(skb, PPPOE_SES_HLEN);
		skb_reset_network_header(skb);
	}
	verdict = nf_xlat_flow_packet(skb, protocol, len, state, priv, &key);
	if (unlikely(pppoe) && verdict == NF_ACCEPT) {
		skb_push_rcsum(skb, PPPOE_SES_HLEN);
		skb_reset_network_header(skb);
	}
	return verdict;
}
