// SPDX-License-Identifier: GPL-2.0
/*
 * limit: the least that translation can cost, for tests/bench.
 *
 * Not a translator.  An ingress hook on "lan" and "wan" of the namespace that it
 * is loaded in: one look-up, the header written anew in place, the neighbour's
 * output.  No rules, no state, no route, no errors, no fragments.  What a
 * session needs is made from its first IPv6 packet.
 */
#include <linux/icmpv6.h>
#include <linux/inetdevice.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/module.h>
#include <linux/netfilter_netdev.h>
#include <linux/nsproxy.h>
#include <linux/rhashtable.h>
#include <linux/tcp.h>
#include <linux/udp.h>
#include <net/dsfield.h>
#include <net/ip.h>
#include <net/ndisc.h>
#include <net/route.h>

/* A cache line each */
struct flow6 {
	struct rhash_head node;
	struct key6 {
		struct in6_addr saddr, daddr;
		__be32 ports;
	} key;
	__be32 saddr, daddr;
	u16 sum;		/* what the checksum of layer 4 has to gain */
	struct neighbour *neigh;
};

struct flow4 {
	struct rhash_head node;
	struct key4 {
		__be32 saddr, daddr, ports;
	} key;
	u16 sum;
	struct in6_addr saddr, daddr;
	struct neighbour *neigh;
};

static const struct rhashtable_params params6 = {
	.key_len = sizeof(struct key6),
	.key_offset = offsetof(struct flow6, key),
	.head_offset = offsetof(struct flow6, node),
};

static const struct rhashtable_params params4 = {
	.key_len = sizeof(struct key4),
	.key_offset = offsetof(struct flow4, key),
	.head_offset = offsetof(struct flow4, node),
};

static struct rhashtable table6, table4;
static struct net *net;

static u16 sum_of(const void *p, int len)
{
	return (__force u16)~csum_fold(csum_partial(p, len, 0));
}

/* Both directions from one packet, ports stay. */
static void add(const struct key6 *key, struct net_device *lan)
{
	struct flowi4 fl4 = { .daddr = key->daddr.s6_addr32[3] };
	struct flow6 *there = kzalloc(sizeof(*there), GFP_ATOMIC);
	struct flow4 *back = kzalloc(sizeof(*back), GFP_ATOMIC);
	struct rtable *rt;

	BUILD_BUG_ON(sizeof(*there) > 64 || sizeof(*back) > 64);
	rt = ip_route_output_key(net, &fl4);
	if (!there || !back || IS_ERR(rt))
		goto err;

	there->key = *key;
	there->saddr = inet_select_addr(rt->dst.dev, 0, RT_SCOPE_UNIVERSE);
	there->daddr = fl4.daddr;
	there->sum = csum16_add((__force __sum16)sum_of(&there->saddr, 8),
				(__force __be16)~sum_of(key, 32));
	there->neigh = dst_neigh_lookup(&rt->dst, &there->daddr);

	back->key.saddr = there->daddr;
	back->key.daddr = there->saddr;
	back->key.ports = htonl(rol32(ntohl(key->ports), 16));
	back->saddr = key->daddr;
	back->daddr = key->saddr;
	back->sum = ~there->sum;
	back->neigh = __ipv6_neigh_lookup(lan, &key->saddr);

	ip_rt_put(rt);
	if (there->neigh && back->neigh &&
	    !rhashtable_insert_fast(&table6, &there->node, params6) &&
	    !rhashtable_insert_fast(&table4, &back->node, params4))
		return;
	pr_warn_once("limit: no entry\n"); /* what there is of it stays */
	return;
err:
	kfree(there);
	kfree(back);
}

/* What both have in common: the checksum, then out. */
static unsigned int out(struct sk_buff *skb, int proto, u16 sum, struct neighbour *neigh)
{
	__sum16 *check = (void *)skb->data + skb_network_header_len(skb) +
		(proto == IPPROTO_TCP ? offsetof(struct tcphdr, check) :
					offsetof(struct udphdr, check));

	if (skb->ip_summed == CHECKSUM_PARTIAL) {
		*check = csum16_add(*check, (__force __be16)sum);
	} else {
		*check = ~csum16_add(~*check, (__force __be16)sum);
		skb->ip_summed = CHECKSUM_NONE;
	}
	skb->dev = neigh->dev;
	neigh_output(neigh, skb, false);
	return NF_STOLEN;
}

static unsigned int hook6(struct sk_buff *skb)
{
	struct ipv6hdr *ip6;
	struct flow6 *flow;
	struct iphdr *ip;
	struct key6 key;
	int proto, len, hops, class;

	if (!pskb_may_pull(skb, sizeof(*ip6) + sizeof(struct tcphdr)) &&
	    !pskb_may_pull(skb, sizeof(*ip6) + sizeof(struct udphdr)))
		return NF_ACCEPT;
	ip6 = (void *)skb->data;
	proto = ip6->nexthdr;
	if ((proto != IPPROTO_UDP && proto != IPPROTO_TCP) || ip6->hop_limit < 2)
		return NF_ACCEPT;
	memcpy(&key, &ip6->saddr, sizeof(key)); /* with the ports behind */
	flow = rhashtable_lookup_fast(&table6, &key, params6);
	if (!flow) {
		add(&key, skb->dev);
		flow = rhashtable_lookup_fast(&table6, &key, params6);
		if (!flow)
			return NF_ACCEPT;
	}
	if (skb_cow_head(skb, 0))
		return NF_DROP;
	ip6 = (void *)skb->data;
	len = ntohs(ip6->payload_len) + sizeof(*ip);
	hops = ip6->hop_limit;
	class = ipv6_get_dsfield(ip6);

	ip = skb_pull(skb, sizeof(*ip6) - sizeof(*ip));
	skb_reset_network_header(skb);
	skb_set_transport_header(skb, sizeof(*ip));
	*ip = (struct iphdr) {
		.version = 4, .ihl = 5, .tos = class, .tot_len = htons(len),
		.frag_off = htons(IP_DF), .ttl = hops - 1, .protocol = proto,
		.saddr = flow->saddr, .daddr = flow->daddr,
	};
	ip->check = ip_fast_csum(ip, 5);
	skb->protocol = htons(ETH_P_IP);
	if (skb_is_gso(skb) && proto == IPPROTO_TCP)
		skb_shinfo(skb)->gso_type ^= SKB_GSO_TCPV4 | SKB_GSO_TCPV6;
	return out(skb, proto, flow->sum, flow->neigh);
}

static unsigned int hook4(struct sk_buff *skb)
{
	struct ipv6hdr *ip6;
	struct flow4 *flow;
	struct iphdr *ip;
	struct key4 key;
	int proto, len, hops, class;

	if (!pskb_may_pull(skb, sizeof(*ip) + sizeof(struct tcphdr)) &&
	    !pskb_may_pull(skb, sizeof(*ip) + sizeof(struct udphdr)))
		return NF_ACCEPT;
	ip = (void *)skb->data;
	proto = ip->protocol;
	if (ip->ihl != 5 || ip_is_fragment(ip) || ip->ttl < 2 ||
	    (proto != IPPROTO_UDP && proto != IPPROTO_TCP))
		return NF_ACCEPT;
	memcpy(&key, &ip->saddr, sizeof(key));
	flow = rhashtable_lookup_fast(&table4, &key, params4);
	if (!flow)
		return NF_ACCEPT;
	if (skb_cow_head(skb, sizeof(*ip6) - sizeof(*ip) + ETH_HLEN))
		return NF_DROP;
	ip = (void *)skb->data;
	len = ntohs(ip->tot_len) - sizeof(*ip);
	hops = ip->ttl;
	class = ip->tos;

	ip6 = skb_push(skb, sizeof(*ip6) - sizeof(*ip));
	skb_reset_network_header(skb);
	skb_set_transport_header(skb, sizeof(*ip6));
	ip6_flow_hdr(ip6, class, 0);
	ip6->payload_len = htons(len);
	ip6->nexthdr = proto;
	ip6->hop_limit = hops - 1;
	ip6->saddr = flow->saddr;
	ip6->daddr = flow->daddr;
	skb->protocol = htons(ETH_P_IPV6);
	if (skb_is_gso(skb) && proto == IPPROTO_TCP)
		skb_shinfo(skb)->gso_type ^= SKB_GSO_TCPV4 | SKB_GSO_TCPV6;
	return out(skb, proto, flow->sum, flow->neigh);
}

static unsigned int hook(void *priv, struct sk_buff *skb, const struct nf_hook_state *state)
{
	switch (skb->protocol) {
	case htons(ETH_P_IPV6): return hook6(skb);
	case htons(ETH_P_IP): return hook4(skb);
	}
	return NF_ACCEPT;
}

static struct nf_hook_ops ops[] = {
	{ .hook = hook, .pf = NFPROTO_NETDEV, .hooknum = NF_NETDEV_INGRESS },
	{ .hook = hook, .pf = NFPROTO_NETDEV, .hooknum = NF_NETDEV_INGRESS },
};

static int __init limit_init(void)
{
	int err;

	net = current->nsproxy->net_ns;
	ops[0].dev = dev_get_by_name(net, "lan");
	ops[1].dev = dev_get_by_name(net, "wan");
	err = ops[0].dev && ops[1].dev ? rhashtable_init(&table6, &params6) : -ENODEV;
	if (!err)
		err = rhashtable_init(&table4, &params4);
	/* What there is when this fails stays; a guest does not. */
	return err ?: nf_register_net_hooks(net, ops, ARRAY_SIZE(ops));
}

static void drop_entry(void *entry, void *arg)
{
	struct flow6 *flow = entry;

	static_assert(offsetof(struct flow6, neigh) == offsetof(struct flow4, neigh));
	neigh_release(flow->neigh);
	kfree(flow);
}

static void __exit limit_exit(void)
{
	nf_unregister_net_hooks(net, ops, ARRAY_SIZE(ops));
	synchronize_net();
	rhashtable_free_and_destroy(&table6, drop_entry, NULL);
	rhashtable_free_and_destroy(&table4, drop_entry, NULL);
	dev_put(ops[0].dev);
	dev_put(ops[1].dev);
}

module_init(limit_init);
module_exit(limit_exit);
MODULE_DESCRIPTION("The least that translation can cost");
MODULE_LICENSE("GPL");
