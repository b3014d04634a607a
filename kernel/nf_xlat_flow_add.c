// SPDX-License-Identifier: GPL-2.0-only
/*
 * How flows are made: for a session, when one of its packets meets a rule ("xlat flow add") or
 * the forward hook of a device; for packets without a session, in the last hook of POST_ROUTING.
 */

#include <linux/if_arp.h>
#include <linux/netdevice.h>
#include <linux/random.h>
#include <linux/slab.h>
#include <net/dsfield.h>
#include <net/ip.h>
#include <net/ip6_route.h>
#include <net/ipv6.h>
#include <net/l3mdev.h>
#include <net/neighbour.h>
#include <net/route.h>
#include <net/netfilter/nf_conntrack_acct.h>
#include "nf_xlat_flow_internal.h"

static void nf_xlat_flow_key(struct nf_xlat_flow_key *key,
			     const struct nf_conntrack_tuple *t)
{
	key->src = t->src.u3;
	key->dst = t->dst.u3;
	key->sport = t->src.u.all;
	key->dport = t->dst.u.all;
	key->pf = t->src.l3num;
	key->proto = t->dst.protonum;
}

/* Does the fast path take packets of this kind? */
static bool nf_xlat_flow_skb_eligible(const struct net *net, const struct sk_buff *skb,
				      unsigned int thoff, u8 proto)
{
	const struct tcphdr *th;
	struct tcphdr _th;

	/*
	 * The route that the translation has looked up does not say whether an IPsec policy
	 * applies to the packet.
	 */
	if (skb_sec_path(skb) || nf_xlat_has_policies(net))
		return false;
	if (proto != IPPROTO_TCP)
		return proto == IPPROTO_UDP;
	th = skb_header_pointer(skb, thoff, sizeof(_th), &_th);
	return th && !th->syn && !th->fin && !th->rst;
}

/*
 * May this session take the fast path? It must have been answered, and a TCP connection must be
 * established. The fast path does not track states, so conntrack has to see all packets before.
 */
static bool nf_xlat_flow_ct_ok(const struct nf_conn *ct)
{
	if (!nf_ct_is_confirmed(ct) || nf_ct_is_dying(ct) ||
	    !test_bit(IPS_SEEN_REPLY_BIT, &ct->status))
		return false;
	/* Its original tuple belongs to another entry, see nft_flow_offload_eval(). */
	if (ct->status & IPS_NAT_CLASH)
		return false;
	return nf_ct_protonum(ct) != IPPROTO_TCP ||
	       (READ_ONCE(ct->proto.tcp.state) == TCP_CONNTRACK_ESTABLISHED &&
		test_bit(IPS_ASSURED_BIT, &ct->status));
}

/* Does the fast path take this route? */
static bool nf_xlat_flow_dst_ok(const struct dst_entry *dst)
{
	const struct net_device *dev = dst_dev_rcu(dst);

	/*
	 * This host may be a member of the multicast group. Then it has to get a copy of the
	 * packet, which the fast path does not make.
	 */
	if (dst->ops->family == AF_INET &&
	    container_of(dst, struct rtable, dst)->rt_flags &
	    (RTCF_MULTICAST | RTCF_BROADCAST))
		return false;
	/* The fast path can neither encrypt nor encapsulate (lwtunnel) a packet. */
	return !dst_xfrm(dst) && !dst->lwtstate && !dst->error &&
	       !netif_is_l3_slave(dev) && !(dev->flags & IFF_LOOPBACK);
}

/*
 * Find out how packets like @skb come in, which @dev has routed; see nf_xlat_flow_lower_dev(). The
 * source MAC address identifies the bridge port.
 */
static int nf_xlat_flow_way_in(struct nf_xlat_flow_devs *ft,
			       const struct sk_buff *skb,
			       const struct net_device *dev,
			       struct nf_xlat_flow_in *in)
{
	const u8 *ha = NULL;

	if (dev->type == ARPHRD_ETHER && skb_mac_header_was_set(skb) &&
	    skb_mac_header_len(skb) >= ETH_HLEN)
		ha = eth_hdr(skb)->h_source;
	return nf_xlat_flow_lower_dev(ft, dev, ha, in);
}

/* Find out how answers come in. Expect them from the neighbour that the packet goes to. */
static int nf_xlat_flow_way_back(struct nf_xlat_flow_devs *ft,
				 const struct dst_entry *dst,
				 const union nf_inet_addr *daddr,
				 struct nf_xlat_flow_in *in)
{
	u8 ha[MAX_ADDR_LEN] = {};
	struct neighbour *neigh;

	neigh = dst_neigh_lookup(dst, daddr);
	if (neigh) {
		neigh_ha_snapshot(ha, neigh, neigh->dev);
		neigh_release(neigh);
	}
	return nf_xlat_flow_lower_dev(ft, dst_dev_rcu(dst), neigh ? ha : NULL, in);
}

static u32 nf_xlat_flow_cookie(u8 pf, const struct dst_entry *dst)
{
	return pf == NFPROTO_IPV6 ?
	       rt6_get_cookie(container_of(dst, struct rt6_info, dst)) : 0;
}

/*
 * Look up the route of the answers to packets of direction @dir. A translated answer is of the
 * family that the packets had when they came in. @oif: the device that the answers have to leave
 * by, as the session masquerades with its address, or 0. Returns NULL without a usable route.
 */
static struct dst_entry *nf_xlat_flow_back(struct net *net,
					   const struct sk_buff *skb,
					   const struct nf_conn *ct,
					   enum ip_conntrack_dir dir, int oif)
{
	const struct nf_conntrack_tuple *t = nf_xlat_ct_tuple(ct, dir);
	struct nf_xlat_flowi fl = {
		.in	= dst_dev_rcu(skb_dst(skb)),
		.saddr	= &t->dst.u3,
		.daddr	= &t->src.u3,
		.proto	= t->dst.protonum,
		.tos	= skb->protocol == htons(ETH_P_IP) ?
			  ip_hdr(skb)->tos : ipv6_get_dsfield(ipv6_hdr(skb)),
		.masq	= oif,
		.sport	= nf_xlat_ct_tuple(ct, !dir)->src.u.all,
		.uli.ports.sport = t->dst.u.all,
		.uli.ports.dport = t->src.u.all,
	};
	struct dst_entry *dst;

	dst = nf_xlat_route(net, NULL, skb, t->src.l3num, &fl, NULL);
	if (IS_ERR(dst))
		return NULL;
	/*
	 * The route leads to another device than the one whose address the session has. The
	 * next packet in the normal path will end the session.
	 */
	if (oif && dst_dev_rcu(dst)->ifindex != oif) {
		dst_release(dst);
		return NULL;
	}
	return dst;
}

/* The checksum of two addresses. The bytes after an IPv4 address are zero. */
static __wsum nf_xlat_flow_sum(const union nf_inet_addr *src,
			       const union nf_inet_addr *dst)
{
	return csum_partial(src, sizeof(*src), csum_partial(dst, sizeof(*dst), 0));
}

/*
 * Compute what the translation adds to the checksum of a packet. Addresses and ports change;
 * length and protocol add the same to the pseudo-headers of both families (RFC 8200 section 8.1).
 */
static void nf_xlat_flow_diff(struct nf_xlat_flow_dir *d)
{
	__wsum sum;

	sum = csum_sub(nf_xlat_flow_sum(&d->src, &d->dst_addr),
		       nf_xlat_flow_sum(&d->key.src, &d->key.dst));
	d->pseudo = ~csum_fold(sum);
	sum = csum_add(sum, csum_sub((__force __wsum)d->sport,
				     (__force __wsum)d->key.sport));
	sum = csum_add(sum, csum_sub((__force __wsum)d->dport,
				     (__force __wsum)d->key.dport));
	d->diff = ~csum_fold(sum);
}

/*
 * Does the packet still have the addresses and ports that the translation gave to it? If not,
 * a rule such as dnat has changed them, and the flow would leave that out.
 */
static bool nf_xlat_flow_unchanged(const struct sk_buff *skb,
				   const struct nf_xlat_current *cur)
{
	const struct nf_xlat_hdr *hdr = &cur->parm->outer;
	unsigned int off = skb_network_offset(skb);
	__be16 _ports[2];
	const void *ports;

	if (cur->pkt->pf == NFPROTO_IPV6) {
		if (ip_hdr(skb)->saddr != hdr->saddr.ip ||
		    ip_hdr(skb)->daddr != hdr->daddr.ip)
			return false;
		off += sizeof(struct iphdr);
	} else {
		if (!ipv6_addr_equal(&ipv6_hdr(skb)->saddr, &hdr->saddr.in6) ||
		    !ipv6_addr_equal(&ipv6_hdr(skb)->daddr, &hdr->daddr.in6))
			return false;
		off += sizeof(struct ipv6hdr);
	}
	ports = skb_header_pointer(skb, off, sizeof(_ports), _ports);
	return ports && !memcmp(ports, cur->ports, sizeof(cur->ports));
}

/* Set the key to that of @cur's packet before its translation. */
static void nf_xlat_flow_key_stateless(struct nf_xlat_flow_key *key,
				       const struct nf_xlat_current *cur)
{
	const struct nf_xlat_l3 *l3 = &cur->pkt->l3;

	key->pf = cur->pkt->pf;
	key->proto = l3->proto;
	/* Only 4 bytes of an IPv4 address are set in @l3, and @key is zero. */
	if (key->pf == NFPROTO_IPV4) {
		key->src.ip = l3->saddr.ip;
		key->dst.ip = l3->daddr.ip;
	} else {
		key->src.in6 = l3->saddr.in6;
		key->dst.in6 = l3->daddr.in6;
	}
	key->sport = cur->ports[0];
	key->dport = cur->ports[1];
}

/* Record in @d what the translation did to @cur's packet, so that the fast path does the same. */
static void nf_xlat_flow_stateless(struct nf_xlat_flow_dir *d,
				   const struct nf_xlat_current *cur)
{
	const struct nf_xlat_hdr *hdr = &cur->parm->outer;

	d->stateless = true;
	d->rules = cur->parm->rules;
	d->mtu6 = cur->parm->lowest_mtu6 ? : IPV6_MIN_MTU;
	if (d->key.pf == NFPROTO_IPV4) {
		d->src.in6 = hdr->saddr.in6;
		d->dst_addr.in6 = hdr->daddr.in6;
	} else {
		d->src.ip = hdr->saddr.ip;
		d->dst_addr.ip = hdr->daddr.ip;
	}
	d->sport = d->key.sport;
	d->dport = d->key.dport;
	d->id = get_random_u32();
	nf_xlat_flow_diff(d);
}

/*
 * Make a flow for a translated packet without a conntrack entry. It has one direction, because
 * another rule translates the other direction.
 */
static void nf_xlat_flow_add_stateless(struct sk_buff *skb,
				       const struct nf_hook_state *state,
				       const struct nf_xlat_current *cur)
{
	struct nf_xlat_flow_net *fn = nf_xlat_flow_devs_net(cur->flowtable);
	struct dst_entry *dst = skb_dst(skb);
	struct nf_xlat_flow_key key = {};
	struct nf_xlat_flow_dir *d;
	struct nf_xlat_flow *flow;
	struct net_device *dev;
	int below;

	dev = dev_get_by_index_rcu(state->net, cur->iif);
	if (!dev || !dst || cur->pkt->l3.fraghdr || !nf_xlat_flow_dst_ok(dst) ||
	    !nf_xlat_flow_skb_eligible(state->net, skb, skb_transport_offset(skb),
				       cur->pkt->l3.proto))
		return;
	below = nf_xlat_flow_way_in(cur->flowtable, skb, dev, &key.in);
	if (below < 0)
		return;
	nf_xlat_flow_key_stateless(&key, cur);
	if (rhashtable_lookup(&fn->table, &key, nf_xlat_flow_params))
		return;
	if (!nf_xlat_flow_stateless_inc(fn))
		return;

	flow = kmem_cache_zalloc(nf_xlat_flow_cache, GFP_ATOMIC);
	if (!flow) {
		nf_xlat_flow_stateless_dec(fn);
		return;
	}
	d = &flow->dir[0];
	d->key = key;
	nf_xlat_flow_stateless(d, cur);
	d->below = below;
	d->cookie = nf_xlat_flow_cookie(state->pf, dst);
	/* A packet that has not been queued may have its route without a reference. */
	if (!dst_hold_safe(dst)) {
		kmem_cache_free(nf_xlat_flow_cache, flow);
		nf_xlat_flow_stateless_dec(fn);
		return;
	}
	d->dst = dst;
	flow->iif[0] = cur->iif;
	flow->since = (u32)jiffies;
	flow->fn = fn;
	nf_xlat_flow_insert(flow);
}

/**
 * nf_xlat_flow_postrouting - make the flow of a packet without a session
 * @priv: unused
 * @skb: packet
 * @state: the hook, the last one of POST_ROUTING
 *
 * nf_xlat_flow_add() has noted the flowtable. The flow is made only here, because only here it is
 * known that no rule has dropped or changed the packet. RCU read side.
 *
 * Return: NF_ACCEPT
 */
unsigned int nf_xlat_flow_postrouting(void *priv, struct sk_buff *skb,
				      const struct nf_hook_state *state)
{
	const struct nf_xlat_current *cur = nf_xlat_translated(skb);

	if (unlikely(cur && cur->flowtable) && cur->pkt->pf != state->pf &&
	    !skb_nfct(skb) && nf_xlat_flow_unchanged(skb, cur))
		nf_xlat_flow_add_stateless(skb, state, cur);
	return NF_ACCEPT;
}

/* How the packets of one direction come in */
struct nf_xlat_flow_way {
	struct nf_xlat_flow_in	in;
	int			iif;	/* index of the device that routes them */
	bool			below;	/* @in.iif is another device, below that one */
};

/*
 * Find out how the packets of both directions come in.
 *
 * @old is the flow of the session, or NULL. No packet of direction @dir has used it for a
 * second. If this packet comes in the way that @old expects, the fast path has left it to the
 * normal path for another reason, and @old stays. If not, the way has changed: end @old.
 *
 * Return: false if the caller is not to make a flow.
 */
static bool nf_xlat_flow_ways(struct nf_xlat_flow_way *ways, const struct sk_buff *skb,
			      const struct nf_hook_state *state,
			      struct nf_xlat_flow_devs *ft, const struct nf_conn *ct,
			      enum ip_conntrack_dir dir, struct nf_xlat_flow *old)
{
	struct nf_xlat_flow_way *way = &ways[dir], *back = &ways[!dir];
	const struct dst_entry *dst = skb_dst(skb);
	int below;

	below = nf_xlat_flow_way_in(ft, skb, state->in, &way->in);
	if (old) {
		if (below >= 0 &&
		    !memcmp(&way->in, &old->dir[dir].key.in, sizeof(way->in)))
			return false;
		nf_xlat_flow_del(old);
	}
	if (below < 0)
		return false;
	way->below = below;
	way->iif = state->in->ifindex;

	if (old) {
		/*
		 * Keep what @old knew about the other direction. Where routes are asymmetric,
		 * the route of this packet does not tell how the answers come in, and the two
		 * directions would replace the flow of each other for ever.
		 */
		back->in = old->dir[!dir].key.in;
		back->iif = old->iif[!dir];
		back->below = old->dir[!dir].below;
		return true;
	}
	below = nf_xlat_flow_way_back(ft, dst, &nf_xlat_ct_tuple(ct, !dir)->src.u3,
				      &back->in);
	if (below < 0)
		return false;
	back->below = below;
	back->iif = dst_dev_rcu(dst)->ifindex;
	return true;
}

/* Fill in direction @dir of a flow. The caller has set the entry and the routes. */
static void nf_xlat_flow_fill(struct nf_xlat_flow *flow, enum ip_conntrack_dir dir,
			      const struct nf_xlat_flow_way *way)
{
	const struct nf_conntrack_tuple *to = nf_xlat_ct_tuple(flow->ct, !dir);
	struct nf_xlat_flow_dir *d = &flow->dir[dir];

	flow->iif[dir] = way->iif;
	d->dir = dir;
	d->used = (u32)jiffies;
	d->mtu6 = nf_xlat_ct_data(flow->ct)->mtu ? : IPV6_MIN_MTU;
	d->acct = !!nf_conn_acct_find(flow->ct);
	nf_xlat_flow_key(&d->key, nf_xlat_ct_tuple(flow->ct, dir));
	d->key.in = way->in;
	d->below = way->below;
	d->cookie = nf_xlat_flow_cookie(to->src.l3num, d->dst);
	d->src = to->dst.u3;
	d->dst_addr = to->src.u3;
	d->sport = to->dst.u.all;
	d->dport = to->src.u.all;
	d->id = get_random_u32();
	nf_xlat_flow_diff(d);
}

/* Make a flow for the session of a translated packet, which is of direction @dir. */
static void nf_xlat_flow_add_session(const struct sk_buff *skb, struct nf_conn *ct,
				     enum ip_conntrack_dir dir,
				     struct nf_xlat_flow_net *fn,
				     const struct nf_xlat_flow_way *ways)
{
	struct nf_xlat_ct_held *held;
	struct nf_xlat_flow *flow;
	struct dst_entry *back;

	back = nf_xlat_flow_back(fn->net, skb, ct, dir,
				 dir == IP_CT_DIR_REPLY ? nf_xlat_ct_oif(ct) : 0);
	if (!back)
		return;
	flow = nf_xlat_flow_dst_ok(back) ?
	       kmem_cache_zalloc(nf_xlat_flow_cache, GFP_ATOMIC) : NULL;
	if (!flow || !dst_hold_safe(skb_dst(skb))) {
		if (flow)
			kmem_cache_free(nf_xlat_flow_cache, flow);
		dst_release(back);
		return;
	}
	nf_conntrack_get(&ct->ct_general);
	flow->ct = ct;
	flow->fn = fn;
	flow->dir[dir].dst = skb_dst(skb);
	flow->dir[!dir].dst = back;
	flow->since = (u32)jiffies;
	nf_xlat_flow_fill(flow, IP_CT_DIR_ORIGINAL, &ways[IP_CT_DIR_ORIGINAL]);
	nf_xlat_flow_fill(flow, IP_CT_DIR_REPLY, &ways[IP_CT_DIR_REPLY]);

	held = nf_xlat_ct_watch(ct) ? nf_xlat_ct_held_add(ct) : NULL;
	if (!held || cmpxchg(&held->flow, NULL, flow)) {
		/*
		 * There is no memory, or another CPU has added a flow meanwhile. No packet has
		 * seen this flow, so free it at once.
		 */
		nf_xlat_flow_free(flow);
		/* If the entry has left the table, nobody else undoes nf_xlat_ct_watch(). */
		if (nf_ct_is_dying(ct))
			nf_xlat_ct_detach(ct);
		return;
	}
	nf_xlat_flow_insert(flow);
	/*
	 * If the entry left conntrack's table before nf_xlat_ct_watch(), nobody else ends this
	 * flow. cmpxchg() is the barrier, see nf_xlat_ct_attach().
	 */
	if (nf_ct_is_dying(ct)) {
		nf_xlat_ct_detach(ct);
		nf_xlat_flow_del(flow);
	}
}

/**
 * nf_xlat_flow_add - let a session, or packets of a stateless rule, take the fast path
 * @skb: packet in FORWARD
 * @state: the hook
 * @ft: what nf_xlat_flow_devs_get() or nf_xlat_flow_devs_make() returned
 * @thoff: offset of the packet's transport header
 *
 * Do nothing if the packet has not been translated, or if its session is not established. For
 * a packet without a conntrack entry, only note @ft: nf_xlat_flow_postrouting() makes the
 * flow. RCU read side.
 */
void nf_xlat_flow_add(struct sk_buff *skb, const struct nf_hook_state *state,
		      struct nf_xlat_flow_devs *ft, unsigned int thoff)
{
	struct nf_xlat_flow_way ways[IP_CT_DIR_MAX];
	enum ip_conntrack_info ctinfo;
	struct nf_xlat_ct_held *held;
	struct nf_xlat_current *cur;
	enum ip_conntrack_dir dir;
	struct nf_xlat_flow *old;
	struct nf_conn *ct;

	ct = nf_ct_get(skb, &ctinfo);
	if (!ct) {
		cur = nf_xlat_translated(skb);
		if (cur)
			cur->flowtable = ft;
		return;
	}
	if (!nf_xlat_ct_is_cross_family(ct) || nf_ct_is_template(ct))
		return;
	if (!nf_xlat_ct_data(ct) || !skb_dst(skb) ||
	    (ctinfo != IP_CT_ESTABLISHED && ctinfo != IP_CT_ESTABLISHED_REPLY) ||
	    !nf_xlat_flow_ct_ok(ct) || !nf_xlat_flow_dst_ok(skb_dst(skb)) ||
	    !nf_xlat_flow_skb_eligible(state->net, skb, thoff, nf_ct_protonum(ct)))
		return;
	dir = CTINFO2DIR(ctinfo);
	/* After its translation, a packet is of the other family than its tuple. */
	if (nf_xlat_ct_pf(ct, dir) == state->pf)
		return;
	held = nf_xlat_ct_held(ct);
	old = held ? READ_ONCE(held->flow) : NULL;
	/* A single packet may take the normal path, because of an IP option for example. */
	if (old && (u32)jiffies - READ_ONCE(old->dir[dir].used) <= HZ)
		return;
	if (nf_xlat_flow_ways(ways, skb, state, ft, ct, dir, old))
		nf_xlat_flow_add_session(skb, ct, dir, nf_xlat_flow_devs_net(ft), ways);
}
EXPORT_SYMBOL_GPL(nf_xlat_flow_add);

/**
 * nf_xlat_flow_forward - let the sessions of a device of kind "xlat" take the fast path
 * @priv: struct nf_xlat_flow_devs of the device
 * @skb: packet
 * @state: the hook, the last one of FORWARD
 *
 * This does what a rule "xlat flow add" does, for the sessions that the device began. RCU read
 * side.
 *
 * Return: NF_ACCEPT
 */
unsigned int nf_xlat_flow_forward(void *priv, struct sk_buff *skb,
				  const struct nf_hook_state *state)
{
	const struct nf_xlat_ct_data *data;
	enum ip_conntrack_info ctinfo;
	struct nf_conn *ct;

	ct = nf_ct_get(skb, &ctinfo);
	if (!ct || !nf_xlat_ct_is_cross_family(ct))
		return NF_ACCEPT;
	data = nf_xlat_ct_data(ct);
	if (data && data->owner == nf_xlat_flow_devs_owner(priv))
		nf_xlat_flow_add(skb, state, priv, skb_transport_offset(skb));
	return NF_ACCEPT;
}
