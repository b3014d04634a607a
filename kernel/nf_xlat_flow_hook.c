// SPDX-License-Identifier: GPL-2.0-only
/*
 * The ingress hook of the fast path. A packet goes from the ingress of one device to the egress
 * of another, and skips all other hooks, the route look-up and conntrack.
 *
 * Only plain packets take the fast path. Those with options or extension headers, fragments,
 * SYN, FIN and RST, packets with TTL 1 and packets that are longer than the MTU take the normal
 * path.
 */

#include <linux/if_pppox.h>
#include <linux/if_vlan.h>
#include <linux/netdevice.h>
#include <linux/ppp_defs.h>
#include <net/ip6_route.h>
#include <net/neighbour.h>
#include <net/sock.h>
#include "nf_xlat_flow_packet.h"

/* Pull the headers and read them. Returns false for a packet that takes the normal path. */
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

/*
 * Does conntrack have to see the packet, because its TCP segment begins or ends a connection, or
 * because its TCP header is incomplete? This also pulls the TCP header.
 */
static bool nf_xlat_flow_skb_control(struct sk_buff *skb, const struct nf_xlat_l3 *l3)
{
	skb_set_transport_header(skb, l3->hlen);
	if (l3->proto == IPPROTO_UDP)
		return false;
	return !pskb_may_pull(skb, l3->hlen + sizeof(struct tcphdr)) ||
	       nf_xlat_flow_tcp_control(tcp_hdr(skb));
}

/*
 * __udp_gso_segment() takes the checksum field of UDP for the sum of the pseudo-header, whatever
 * ip_summed says. nf_xlat_flow_skb_csum() does so with CHECKSUM_PARTIAL only. So a packet without
 * CHECKSUM_PARTIAL takes the normal path, where nf_xlat_parse() sets it or refuses the packet.
 */
static bool nf_xlat_flow_gso_sum_ok(const struct sk_buff *skb,
				    const struct nf_xlat_l3 *l3)
{
	return !(skb_shinfo(skb)->gso_type & SKB_GSO_UDP_L4) ||
	       (skb->ip_summed == CHECKSUM_PARTIAL &&
		skb_checksum_start_offset(skb) == l3->hlen &&
		skb->csum_offset == offsetof(struct udphdr, check));
}

/* Is the transport header valid, and can the packet leave without being fragmented? */
static bool nf_xlat_flow_fits(const struct sk_buff *skb,
			      const struct nf_xlat_l3 *l3,
			      const struct nf_xlat_flow_dir *d,
			      const struct dst_entry *dst)
{
	if (!nf_xlat_flow_l4_ok(skb_transport_header(skb), l3, skb_is_gso(skb)) ||
	    !nf_xlat_csum_start_ok(skb, l3->hlen, nf_xlat_flow_l4len(l3)))
		return false;
	if (!skb_is_gso(skb))
		return nf_xlat_flow_len_ok(l3, d, dst);
	/*
	 * These packets take the normal path: a packet of LRO, which has no gso_type (see
	 * skb_warn_if_lro()); a GSO packet of a tunnel; and a packet that would be longer in IPv4
	 * than its length field can say.
	 */
	if (!skb_shinfo(skb)->gso_type || !nf_xlat_flow_gso_sum_ok(skb, l3))
		return false;
	return l3->len - l3->hlen + sizeof(struct iphdr) <= IP_MAX_MTU &&
	       !(skb_shinfo(skb)->gso_type & ~(SKB_GSO_TCPV4 | SKB_GSO_TCPV6 |
					       SKB_GSO_TCP_ECN |
					       SKB_GSO_TCP_FIXEDID |
					       SKB_GSO_UDP_L4 |
					       SKB_GSO_DODGY)) &&
	       skb_gso_validate_network_len(skb, nf_xlat_flow_max_len(l3, d, dst));
}

/* Update the checksum of the transport header, at @check. @off: offset of that header */
static void nf_xlat_flow_skb_csum(struct sk_buff *skb,
				  const struct nf_xlat_flow_dir *d,
				  unsigned int off, __sum16 *check)
{
	/*
	 * With CHECKSUM_PARTIAL, the field holds the sum of the pseudo-header only. But if
	 * csum_start points to a header inside a UDP tunnel, the checksum of this outer UDP
	 * header is complete.
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
 * Write the IPv4 header of a GSO packet. For RFC 7915 section 5.1, the length of its segments
 * counts: DF=1 if they are longer than 1280 bytes in IPv6. inet_gso_segment() gives the
 * identification in the header to the first segment, and increments it for each further one.
 */
static noinline void nf_xlat_flow_gso4(struct sk_buff *skb,
				       struct nf_xlat_flow_dir *d,
				       const struct nf_xlat_l3 *l3)
{
	bool df = !skb_gso_validate_network_len(skb, IPV6_MIN_MTU -
						sizeof(struct ipv6hdr) +
						sizeof(struct iphdr));

	nf_xlat_flow_build4(ip_hdr(skb), d, l3, skb->len, df,
			    skb_shinfo(skb)->gso_segs ? : 1);
}

/*
 * Translate the packet as nf_xlat_skb() does, with the values in @d. The new network header ends
 * where the old one did, so the transport header does not move. @dev: device by which the packet
 * leaves. Returns false without memory; then the packet is unchanged.
 */
static bool nf_xlat_flow_skb(struct sk_buff *skb, struct nf_xlat_flow_dir *d,
			     const struct nf_xlat_l3 *l3,
			     const struct net_device *dev)
{
	unsigned int room = LL_RESERVED_SPACE(dev);
	void *l4;

	if (d->key.pf == NFPROTO_IPV4)
		room += sizeof(struct ipv6hdr) - sizeof(struct iphdr);
	/* nf_xlat_flow_skb_parse() and nf_xlat_flow_skb_control() have pulled the headers. */
	if (skb_cow_head(skb, room) ||
	    (unlikely(skb_cloned(skb)) &&
	     skb_ensure_writable(skb, l3->hlen + nf_xlat_flow_l4len(l3))))
		return false;

	/* The metadata of XDP is in front of the old header. */
	skb_metadata_clear(skb);
	l4 = skb->data + l3->hlen;
	nf_xlat_flow_skb_csum(skb, d, l3->hlen, nf_xlat_flow_ports(d, l4));
	/* The sum of CHECKSUM_COMPLETE includes the old network header. */
	if (skb->ip_summed == CHECKSUM_COMPLETE)
		skb->ip_summed = CHECKSUM_NONE;

	if (d->key.pf == NFPROTO_IPV6) {
		skb_pull(skb, sizeof(struct ipv6hdr) - sizeof(struct iphdr));
		skb_reset_network_header(skb);
		if (!skb_is_gso(skb))
			nf_xlat_flow_build4(ip_hdr(skb), d, l3, skb->len,
					    l3->len > IPV6_MIN_MTU, 1);
		else
			nf_xlat_flow_gso4(skb, d, l3);
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

/*
 * Send the translated packet, which is of family @pf, to the neighbour. This function owns @skb.
 * The packet takes no reference to @dst, which stays under RCU. skb_dst_force() takes one if the
 * packet has to wait.
 */
static int nf_xlat_flow_xmit(struct sk_buff *skb, u8 pf, struct dst_entry *dst)
{
	struct net_device *dev = dst_dev_rcu(dst);
	struct neighbour *neigh;
	bool skip_cache = false;

	skb_orphan(skb);
	/* tc's "ct" action may have given it a conntrack entry, which is of the old family. */
	nf_reset_ct(skb);
	skb->dev = dev;
	/*
	 * A frame for the address of a bridge has come in as PACKET_OTHERHOST. For a packet with
	 * that type, icmp_send() sends no error if the neighbour cannot be resolved.
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
 * Look for the flow of a packet. If there is one, translate and send the packet. skb->data is at
 * the network header. @len: how many bytes the packet may have at most. The caller has set @in and
 * @pad of @key. Returns a verdict as nf_xlat_flow_ingress() does.
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
	/* The length in the header of a BIG TCP packet is 0, so that it fails here. */
	if (l3.len > len || l3.len < l3.hlen + nf_xlat_flow_l4len(&l3))
		return NF_ACCEPT;
	if (nf_xlat_flow_skb_control(skb, &l3) ||
	    nf_xlat_flow_is_stale(state->net, fn, flow, d)) {
		nf_xlat_flow_del(flow);
		return NF_ACCEPT;
	}
	if (!nf_xlat_flow_fits(skb, &l3, d, dst))
		return NF_ACCEPT;

	/* Cut off padding: the bytes behind the length in the header. */
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
 * Read the header of a PPPoE frame: set the session in @key, and @len to the length of the packet
 * in the frame. Returns the protocol of that packet, or 0 if it is neither IPv4 nor IPv6.
 */
static __be16 nf_xlat_flow_pppoe(struct sk_buff *skb,
				 struct nf_xlat_flow_key *key,
				 unsigned int *len)
{
	const u8 *hdr;

	if (!pskb_may_pull(skb, PPPOE_SES_HLEN))
		return 0;
	/* Do not use struct pppoe_hdr: sparse warns of the flexible array at its end. */
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

/*
 * Is the frame for a MAC address of this host? A bridge may have another address than its ports.
 * Then eth_type_trans() of a port makes a frame for the bridge PACKET_OTHERHOST.
 */
static bool nf_xlat_flow_for_us(const struct sk_buff *skb,
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
 * nf_xlat_flow_ingress - let packets take the fast path
 * @priv: struct nf_xlat_flow_net of the namespace
 * @skb: packet
 * @state: the hook, at the ingress of a device
 *
 * RCU read side, softirq.
 *
 * Return: NF_STOLEN if the packet has been sent or freed; NF_ACCEPT if it is not translated and
 * takes the normal path; NF_DROP with the reason counted.
 */
unsigned int nf_xlat_flow_ingress(void *priv, struct sk_buff *skb,
				  const struct nf_hook_state *state)
{
	struct nf_xlat_flow_key key __uninitialized;
	__be16 protocol = skb->protocol;
	unsigned int verdict, len;
	bool pppoe = false;

	if (!nf_xlat_flow_for_us(skb, state->in) || skb_shared(skb) ||
	    skb_sec_path(skb) || skb_sk_is_prefetched(skb))
		return NF_ACCEPT;
	/* nf_xlat_flow_skb_parse() sets the other members, so do not clear them first. */
	key.in = (struct nf_xlat_flow_in){ .iif = state->in->ifindex };
	memset(key.pad, 0, sizeof(key.pad));
	/* With VLAN ID 0, the tag has a priority only (IEEE 802.1Q). */
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
