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
#include <net/ip6_route.h>
#include <net/neighbour.h>
#include <net/sock.h>
#include "nf_xlat_flow_packet.h"

/* Pulls the headers, and reads them. */
static bool nf_xlat_flow_skb_parse(struct sk_buff *skb, __be16 protocol,
				   struct nf_xlat_l3 *l3,
				   struct nf_xlat_flow_key *key)
{
	switch (protocol) {
	case htons(ETH_P_IP):
		if (!pskb_may_pull(skb, sizeof(struct iphdr) + sizeof(struct udphdr)) ||
		    !nf_xlat_flow_parse4(ip_hdr(skb), l3, key))
			return false;
		break;
	case htons(ETH_P_IPV6):
		if (!pskb_may_pull(skb, sizeof(struct ipv6hdr) + sizeof(struct udphdr)) ||
		    !nf_xlat_flow_parse6(ipv6_hdr(skb), l3, key))
			return false;
		break;
	default:
		return false;
	}
	nf_xlat_flow_parse_l4(skb_network_header(skb) + l3->hlen, l3, key);
	return true;
}

static bool nf_xlat_flow_skb_control(struct sk_buff *skb, const struct nf_xlat_l3 *l3)
{
	skb_set_transport_header(skb, l3->hlen);
	if (l3->proto == IPPROTO_UDP)
		return false;
	return !pskb_may_pull(skb, l3->hlen + sizeof(struct tcphdr)) ||
	       nf_xlat_flow_tcp_control(tcp_hdr(skb));
}

static bool nf_xlat_flow_fits(const struct sk_buff *skb,
			      const struct nf_xlat_l3 *l3,
			      const struct nf_xlat_flow_dir *d,
			      const struct dst_entry *dst)
{
	if (!nf_xlat_flow_l4_ok(skb_transport_header(skb), l3, skb_is_gso(skb)))
		return false;
	if (!skb_is_gso(skb))
		return nf_xlat_flow_len_ok(l3, d, dst);
	/*
	 * A packet of LRO has no gso_type. Neither it nor a GSO packet of a tunnel takes
	 * the fast path.
	 */
	return skb_shinfo(skb)->gso_type &&
	       !(skb_shinfo(skb)->gso_type & ~(SKB_GSO_TCPV4 | SKB_GSO_TCPV6 |
					       SKB_GSO_TCP_ECN |
					       SKB_GSO_TCP_FIXEDID |
					       SKB_GSO_UDP_L4 |
					       SKB_GSO_DODGY)) &&
	       skb_gso_validate_network_len(skb, nf_xlat_flow_max_len(l3, d, dst));
}

static void nf_xlat_flow_skb_csum(struct sk_buff *skb,
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
	nf_xlat_flow_csum(d, check);
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
	void *l4;

	if (d->key.pf == NFPROTO_IPV4)
		room += sizeof(struct ipv6hdr) - sizeof(struct iphdr);
	/* The parser has pulled the headers into the linear part. */
	if (skb_cow_head(skb, room) ||
	    (unlikely(skb_cloned(skb)) &&
	     skb_ensure_writable(skb, l3->hlen + nf_xlat_flow_l4len(l3))))
		return false;

	l4 = skb->data + l3->hlen;
	nf_xlat_flow_skb_csum(skb, d, l3->hlen, nf_xlat_flow_ports(d, l4));
	/* CHECKSUM_COMPLETE covers the old header, and is no longer right. */
	if (skb->ip_summed == CHECKSUM_COMPLETE)
		skb->ip_summed = CHECKSUM_NONE;

	if (d->key.pf == NFPROTO_IPV6) {
		skb_pull(skb, sizeof(struct ipv6hdr) - sizeof(struct iphdr));
		skb_reset_network_header(skb);
		nf_xlat_flow_build4(ip_hdr(skb), d, l3, skb->len,
				    skb_is_gso(skb));
		skb->protocol = htons(ETH_P_IP);
		memset(IPCB(skb), 0, sizeof(struct inet_skb_parm));
	} else {
		skb_push(skb, sizeof(struct ipv6hdr) - sizeof(struct iphdr));
		skb_reset_network_header(skb);
		nf_xlat_flow_build6(ipv6_hdr(skb), d, l3);
		skb->protocol = htons(ETH_P_IPV6);
		memset(IP6CB(skb), 0, sizeof(struct inet6_skb_parm));
	}
	if (skb_is_gso(skb))
		nf_xlat_gso(skb, d->key.pf);
	skb_set_transport_header(skb, (u8 *)l4 - skb->data);
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

	if (!nf_xlat_flow_skb_parse(skb, protocol, &l3, key))
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
	if (nf_xlat_flow_skb_control(skb, &l3) ||
	    nf_xlat_flow_over(state->net, fn, flow, d)) {
		nf_xlat_flow_del(flow);
		return NF_ACCEPT;
	}
	if (!nf_xlat_flow_fits(skb, &l3, d, dst))
		return NF_ACCEPT;

	/* Bytes behind the length in the header are padding. */
	if (pskb_trim_rcsum(skb, l3.len) ||
	    !nf_xlat_flow_skb(skb, d, &l3, dst_dev_rcu(dst)))
		return nf_xlat_drop(state->net, skb, NF_XLAT_NOMEM);

	nf_xlat_flow_count(fn, flow, d, l3.len);

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
