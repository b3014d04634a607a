// SPDX-License-Identifier: GPL-2.0-only
/*
 * Fast path: from the ingress of a flowtable's device to the egress
 * of another, past all hooks, routes and conntrack.
 *
 * Entries of our own, since those of the stock flowtable are of one family. That of
 * a session lives no longer than the session's conntrack entry, whose timeout is moved on
 * once in a while. Stateless translation has no such thing: there an entry is what
 * the rules have made of a packet, and lasts for as long as the rules are the same,
 * but not forever. What is not plain takes the normal path: fragments, options,
 * SYN, FIN and RST, TTL 1, packets over the MTU.
 */

#include <linux/if_arp.h>
#include <linux/if_pppox.h>
#include <linux/if_vlan.h>
#include <linux/jhash.h>
#include <linux/module.h>
#include <linux/netdevice.h>
#include <linux/ppp_defs.h>
#include <linux/rhashtable.h>
#include <linux/random.h>
#include <linux/slab.h>
#include <linux/workqueue.h>
#include <net/dst.h>
#include <net/dsfield.h>
#include <net/ip.h>
#include <net/ip6_route.h>
#include <net/ipv6.h>
#include <net/l3mdev.h>
#include <net/neighbour.h>
#include <net/route.h>
#include <net/sock.h>
#include <net/netfilter/nf_conntrack_acct.h>
#include <net/netfilter/nf_conntrack_ecache.h>
#include <net/netfilter/nf_conntrack_l4proto.h>
#include <net/netfilter/nf_conntrack_timeout.h>
#include <net/netfilter/nf_tables.h>
#include "compat.h"
#include "nf_xlat_ct_internal.h"

/* How often timeouts are moved on and devices are looked for */
#define NF_XLAT_FLOW_GC		(2UL * HZ)
/* An entry that is not used for so long goes; the session stays. */
#define NF_XLAT_FLOW_IDLE	(30 * HZ)
/* After what has taken a jiffy, so many are for others. */
#define NF_XLAT_FLOW_PAUSE	16
/* How often a round may begin anew */
#define NF_XLAT_FLOW_AGAIN	8
/* A stateless one goes at that age: sets that packets fill may have changed. */
#define NF_XLAT_FLOW_AGE	(30 * HZ)

/* Of nf_xlat_flow_net.events */
#define NF_XLAT_FLOW_DOWN	BIT(1)

/* All of it is in the table; it has to leave. */
#define NF_XLAT_FLOW_READY	BIT(0)
#define NF_XLAT_FLOW_DEAD	BIT(1)

/* Compared as words: no holes, and padding is zero. */
struct nf_xlat_flow_key {
	union nf_inet_addr	src;
	union nf_inet_addr	dst;
	__be16			sport;
	__be16			dport;
	struct nf_xlat_flow_in	in;	/* zones may have the same addresses */
	u8			pf;
	u8			proto;
	u8			pad[2];
} __aligned(8);

/**
 * struct nf_xlat_flow_dir - one direction of a session
 *
 * All that a packet needs, in two cache lines, of which a lookup needs the first.
 *
 * @node: in the table
 * @key: what its packets are like
 * @mtu6: lowest MTU of the IPv6 side
 * @dir: index in its flow
 * @acct: conntrack counts packets
 * @stateless: no session; then it is the flow's only direction
 * @below: comes in by another device than the routed one
 * @src: source of what its packets become
 * @dst_addr: destination of it
 * @sport: source port of it
 * @dport: destination port of it
 * @pseudo: what that adds to the sum of the pseudo-header, folded
 * @diff: what it adds to that and to the sum of the ports
 * @id: last identification in IPv4
 * @cookie: of @dst
 * @dst: where they go
 * @used: jiffies of the last one
 * @rules: which rules have made it, when stateless
 */
struct nf_xlat_flow_dir {
	struct rhash_head	node;
	struct nf_xlat_flow_key	key;
	u16			mtu6;
	u8			dir:1;
	u8			acct:1;
	u8			stateless:1;
	u8			below:1;
	union nf_inet_addr	src;
	union nf_inet_addr	dst_addr;
	__be16			sport;
	__be16			dport;
	__sum16			pseudo;
	__sum16			diff;
	u32			cookie;
	struct dst_entry	*dst;
	union {
		u32		used;
		u32		rules;
	};
	u16			id;
} ____cacheline_aligned;

/**
 * struct nf_xlat_flow - a session in the fast path, or what is stateless
 *
 * @dir: the directions, as in conntrack
 * @state: NF_XLAT_FLOW_READY, NF_XLAT_FLOW_DEAD
 * @iif: the routed devices that packets come in by
 * @since: jiffies of the first one
 * @fn: namespace, until it is out of the table
 * @ct: the session's entry, with a reference; NULL when stateless
 * @rcu: to free it
 */
struct nf_xlat_flow {
	struct nf_xlat_flow_dir	dir[IP_CT_DIR_MAX];
	atomic_t		state;
	int			iif[IP_CT_DIR_MAX];
	u32			since;
	struct nf_xlat_flow_net	*fn;
	struct nf_conn		*ct;
	struct rcu_head		rcu;
};

/* memcmp() is not inlined. */
static int nf_xlat_flow_cmp(struct rhashtable_compare_arg *arg, const void *obj)
{
	const u64 *b = (const u64 *)&((const struct nf_xlat_flow_dir *)obj)->key;
	const u64 *a = arg->key;

	return ((a[0] ^ b[0]) | (a[1] ^ b[1]) | (a[2] ^ b[2]) | (a[3] ^ b[3]) |
		(a[4] ^ b[4]) | (a[5] ^ b[5])) != 0;
}

/* Of IPv4, most of the key is zero. */
static u32 nf_xlat_flow_hash(const void *data, u32 len, u32 seed)
{
	const struct nf_xlat_flow_key *key = data;
	const u32 *ports = (const u32 *)&key->sport;

	if (key->pf == NFPROTO_IPV4)
		return jhash_3words((__force u32)key->src.ip,
				    (__force u32)key->dst.ip, *ports,
				    seed ^ key->proto);
	return jhash2((const u32 *)key,
		      offsetof(struct nf_xlat_flow_key, in) / sizeof(u32),
		      seed ^ key->proto);
}

static const struct rhashtable_params nf_xlat_flow_params = {
	.head_offset	= offsetof(struct nf_xlat_flow_dir, node),
	.key_offset	= offsetof(struct nf_xlat_flow_dir, key),
	.key_len	= sizeof(struct nf_xlat_flow_key),
	.hashfn		= nf_xlat_flow_hash,
	.obj_cmpfn	= nf_xlat_flow_cmp,
	.automatic_shrinking = true,
};

static struct kmem_cache *nf_xlat_flow_cache __read_mostly;

/* Stateless flows in namespaces that users have made for themselves */
static atomic_t nf_xlat_flow_users;

static struct nf_xlat_flow *nf_xlat_flow_of(const struct nf_xlat_flow_dir *d)
{
	return container_of(d, struct nf_xlat_flow, dir[d->dir]);
}

static void nf_xlat_flow_free_rcu(struct rcu_head *rcu)
{
	struct nf_xlat_flow *flow = container_of(rcu, struct nf_xlat_flow, rcu);

	dst_release(flow->dir[IP_CT_DIR_ORIGINAL].dst);
	dst_release(flow->dir[IP_CT_DIR_REPLY].dst);
	nf_ct_put(flow->ct);
	kmem_cache_free(nf_xlat_flow_cache, flow);
}

static unsigned int nf_xlat_flow_dirs(const struct nf_xlat_flow *flow)
{
	return flow->ct ? IP_CT_DIR_MAX : 1;
}

static bool nf_xlat_flow_link(struct nf_xlat_flow *flow)
{
	unsigned int i;

	for (i = 0; i < nf_xlat_flow_dirs(flow); i++)
		if (rhashtable_lookup_insert_fast(&flow->fn->table,
						  &flow->dir[i].node,
						  nf_xlat_flow_params))
			return false;
	return true;
}

static void nf_xlat_flow_unlink(struct nf_xlat_flow *flow)
{
	unsigned int i;

	for (i = 0; i < nf_xlat_flow_dirs(flow); i++)
		rhashtable_remove_fast(&flow->fn->table, &flow->dir[i].node,
				       nf_xlat_flow_params);
}

/* Conntrack has not seen all packets, and must not judge by those it has. */
static void nf_xlat_flow_forget(struct nf_conn *ct)
{
	struct ip_ct_tcp *tcp = &ct->proto.tcp;
	unsigned int i;

	if (nf_ct_protonum(ct) != IPPROTO_TCP || nf_ct_is_dying(ct))
		return;
	spin_lock_bh(&ct->lock);
	for (i = 0; i < IP_CT_DIR_MAX; i++) {
		tcp->seen[i].td_maxwin = 0;
		tcp->seen[i].flags |= IP_CT_TCP_FLAG_BE_LIBERAL;
		tcp->seen[i].flags &= ~IP_CT_TCP_FLAG_MAXACK_SET;
	}
	spin_unlock_bh(&ct->lock);
}

/*
 * A flow of a session has a conntrack entry, which conntrack counts. One of what is
 * stateless has none, and strangers may want any number of them: a namespace has as
 * many as it may have entries, and so have all users' namespaces together. Those of the
 * host's own administrator do not take part in that, so that no user can use them up.
 */
static bool nf_xlat_flow_of_user(const struct nf_xlat_flow_net *fn)
{
	return fn->net->user_ns != &init_user_ns;
}

static void nf_xlat_flow_uncharge(struct nf_xlat_flow_net *fn)
{
	atomic_dec(&fn->stateless);
	if (nf_xlat_flow_of_user(fn))
		atomic_dec(&nf_xlat_flow_users);
}

static bool nf_xlat_flow_charge(struct nf_xlat_flow_net *fn)
{
	unsigned int max = READ_ONCE(nf_conntrack_max);
	unsigned int n = atomic_inc_return(&fn->stateless);

	if (nf_xlat_flow_of_user(fn))
		n = max_t(unsigned int, n,
			  atomic_inc_return(&nf_xlat_flow_users));
	if (likely(n <= max || !max))
		return true;
	nf_xlat_flow_uncharge(fn);
	return false;
}

static void nf_xlat_flow_destroy(struct nf_xlat_flow *flow)
{
	nf_xlat_flow_unlink(flow);
	if (flow->ct) {
		nf_xlat_flow_forget(flow->ct);
		cmpxchg(&nf_xlat_ct_data(flow->ct)->flow, flow, NULL);
	} else {
		nf_xlat_flow_uncharge(flow->fn);
	}
	call_rcu(&flow->rcu, nf_xlat_flow_free_rcu);
}

/**
 * nf_xlat_flow_del - take a flow out of the fast path
 * @flow: the flow
 *
 * While it is being added, who adds it does so. RCU read side, any context.
 */
void nf_xlat_flow_del(struct nf_xlat_flow *flow)
{
	int old = atomic_fetch_or(NF_XLAT_FLOW_DEAD, &flow->state);

	if (old & NF_XLAT_FLOW_READY && !(old & NF_XLAT_FLOW_DEAD))
		nf_xlat_flow_destroy(flow);
}

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

/* Is the packet a plain one of IPv4? Then tell its key and header. */
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
	/* Of a union, compilers clear what they like. */
	ipv6_addr_set(&key->src.in6, iph->saddr, 0, 0, 0);
	ipv6_addr_set(&key->dst.in6, iph->daddr, 0, 0, 0);
	return true;
}

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

/* Headers as the fast path has them; of @l3, what it needs */
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

/* TCP that begins or ends is for conntrack to see. */
static bool nf_xlat_flow_ends(struct sk_buff *skb, const struct nf_xlat_l3 *l3)
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
 * Conntrack takes its time to find that a session has expired. One that is in use
 * has not, so its entry need not be looked at.
 */
static bool nf_xlat_flow_expired(const struct net *net,
				 const struct nf_xlat_flow_dir *d)
{
	if (d->stateless)
		return !nf_xlat_rules_same(net, d->rules);
	return (u32)jiffies - READ_ONCE(d->used) > HZ &&
	       nf_ct_is_expired(nf_xlat_flow_of(d)->ct);
}

/* Is the transport header one that conntrack and nf_xlat_parse() let pass? */
static bool nf_xlat_flow_l4_ok(const struct sk_buff *skb,
			       const struct nf_xlat_l3 *l3)
{
	unsigned int len = l3->len - l3->hlen;

	if (l3->proto == IPPROTO_TCP)
		return tcp_hdr(skb)->doff >= sizeof(struct tcphdr) / 4 &&
		       tcp_hdrlen(skb) <= len;
	/* IPv6 wants a checksum, over all of the packet; IPv4 keeps none. */
	return udp_hdr(skb)->check &&
	       (skb_is_gso(skb) ||
		(ntohs(udp_hdr(skb)->len) >= sizeof(struct udphdr) &&
		 ntohs(udp_hdr(skb)->len) <= len));
}

/* Does the packet fit, as nf_xlat_check() would see it, and need no more work? */
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
		/* All links of IPv6 take that (RFC 8200 section 5). */
		if (l3->len + growth <= IPV6_MIN_MTU && !skb_is_gso(skb))
			return true;
		mtu = max_t(u32, dst_mtu(dst), IPV6_MIN_MTU);
		/* What may be cut is cut at a lower one, but not here. */
		if (!l3->df)
			mtu = min_t(u32, mtu, d->mtu6);
	}
	if (!skb_is_gso(skb))
		return l3->len + growth <= mtu;
	/* LRO has no type; tunnels and the like are for others to judge. */
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
	 * With offload the field holds the pseudo-header's sum and no more. But
	 * it may as well be a sum inside of a tunnel that is offloaded.
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
	/* RFC 7915 section 5.1; a flow has its own count, as a socket has. */
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
 * What nf_xlat_skb() does, with all that packets of a session have in common
 * worked out before. The transport header stays where it is.
 */
static bool nf_xlat_flow_skb(struct sk_buff *skb, struct nf_xlat_flow_dir *d,
			     const struct nf_xlat_l3 *l3,
			     const struct net_device *dev)
{
	unsigned int room = LL_RESERVED_SPACE(dev);
	struct udphdr *ports;

	if (d->key.pf == NFPROTO_IPV4)
		room += sizeof(struct ipv6hdr) - sizeof(struct iphdr);
	/* Headers are in the linear part since they were parsed. */
	if (skb_cow_head(skb, room) ||
	    (unlikely(skb_cloned(skb)) &&
	     skb_ensure_writable(skb, l3->hlen + nf_xlat_flow_l4len(l3))))
		return false;

	/* They are in the same place in TCP. */
	ports = (struct udphdr *)(skb->data + l3->hlen);
	ports->source = d->sport;
	ports->dest = d->dport;
	nf_xlat_flow_csum(skb, d, l3->hlen, l3->proto == IPPROTO_TCP ?
			  &((struct tcphdr *)ports)->check : &ports->check);
	/* It would be of the old header. */
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

static int nf_xlat_flow_xmit(struct sk_buff *skb, u8 pf, struct dst_entry *dst)
{
	struct net_device *dev = dst_dev_rcu(dst);
	struct neighbour *neigh;
	bool skip_cache = false;

	skb_orphan(skb);
	skb->dev = dev;
	/* To a bridge it was; errors about it are told by that only. */
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

static bool nf_xlat_flow_event(struct nf_xlat_flow_net *fn, int ifindex)
{
	return xa_load(&fn->events, ifindex);
}

/* Has a device that packets of it come or go by had an event? */
static bool nf_xlat_flow_moved(struct nf_xlat_flow_net *fn,
			       const struct nf_xlat_flow *flow)
{
	const struct nf_xlat_flow_dir *d;
	unsigned int i;

	if (likely(xa_empty(&fn->events)))
		return false;
	for (i = 0; i < nf_xlat_flow_dirs(flow); i++) {
		d = &flow->dir[i];
		if (nf_xlat_flow_event(fn, dst_dev_rcu(d->dst)->ifindex) ||
		    nf_xlat_flow_event(fn, d->key.in.iif) ||
		    nf_xlat_flow_event(fn, flow->iif[i]))
			return true;
	}
	return false;
}

/* A packet, from its network header on, of which there are @len bytes at most */
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
	/* BIG TCP has no length. */
	if (l3.len > len || l3.len < l3.hlen + nf_xlat_flow_l4len(&l3))
		return NF_ACCEPT;
	if (nf_xlat_flow_ends(skb, &l3) || !dst_check(dst, d->cookie) ||
	    nf_xlat_flow_expired(state->net, d) ||
	    nf_xlat_flow_moved(fn, flow)) {
		nf_xlat_flow_del(flow);
		return NF_ACCEPT;
	}
	if (!nf_xlat_flow_fits(skb, &l3, d, dst))
		return NF_ACCEPT;

	/* A packet longer than its header says is padded. */
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

/* What PPPoE has around, and how much; 0 if it is not for us */
static __be16 nf_xlat_flow_pppoe(struct sk_buff *skb,
				 struct nf_xlat_flow_key *key,
				 unsigned int *len)
{
	const u8 *hdr;

	if (!pskb_may_pull(skb, PPPOE_SES_HLEN))
		return 0;
	/* By octets: to look at struct pppoe_hdr makes sparse unhappy with it. */
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

/* Is the frame for this host? A bridge has an address that its ports may not have. */
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
 * nf_xlat_flow_hook - packets at the ingress of a flowtable's device
 * @priv: struct nf_xlat_flow_net of the namespace
 * @skb: packet
 * @state: the hook
 *
 * RCU read side, softirq.
 *
 * Return: NF_STOLEN for what took the fast path, NF_ACCEPT for what takes the normal
 * one, as it came; NF_DROP with the reason counted.
 */
unsigned int nf_xlat_flow_hook(void *priv, struct sk_buff *skb,
			       const struct nf_hook_state *state)
{
	struct nf_xlat_flow_key key __uninitialized;
	__be16 protocol = skb->protocol;
	unsigned int verdict, len;
	bool pppoe = false;

	if (!nf_xlat_flow_host(skb, state->in) || skb_shared(skb) ||
	    skb_sec_path(skb) || skb_sk_is_prefetched(skb))
		return NF_ACCEPT;
	/* One by one: what nf_xlat_flow_parse() sets takes time to clear. */
	key.in = (struct nf_xlat_flow_in){ .iif = state->in->ifindex };
	memset(key.pad, 0, sizeof(key.pad));
	/* One that has only a priority is none. */
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

/* Is the packet of a kind that the fast path takes? */
static bool nf_xlat_flow_plain(const struct net *net, const struct sk_buff *skb,
			       unsigned int thoff, u8 proto)
{
	const struct tcphdr *th;
	struct tcphdr _th;

	/* Of policies, only those of the route that is at hand are known. */
	if (skb_sec_path(skb) || nf_xlat_has_policies(net))
		return false;
	if (proto != IPPROTO_TCP)
		return proto == IPPROTO_UDP;
	th = skb_header_pointer(skb, thoff, sizeof(_th), &_th);
	return th && !th->syn && !th->fin && !th->rst;
}

/* Is the session one that the fast path takes? */
static bool nf_xlat_flow_may(const struct nf_conn *ct)
{
	if (!nf_ct_is_confirmed(ct) || nf_ct_is_dying(ct) ||
	    !test_bit(IPS_SEEN_REPLY_BIT, &ct->status))
		return false;
	return nf_ct_protonum(ct) != IPPROTO_TCP ||
	       (READ_ONCE(ct->proto.tcp.state) == TCP_CONNTRACK_ESTABLISHED &&
		test_bit(IPS_ASSURED_BIT, &ct->status));
}

static bool nf_xlat_flow_dst_ok(const struct dst_entry *dst)
{
	const struct net_device *dev = dst_dev_rcu(dst);

	/* Of what goes to a group, this host may want a copy. */
	if (dst->ops->family == AF_INET &&
	    container_of(dst, struct rtable, dst)->rt_flags &
	    (RTCF_MULTICAST | RTCF_BROADCAST))
		return false;
	/* An IPsec policy or a tunnel of a route has work of its own to do. */
	return !dst_xfrm(dst) && !dst->lwtstate && !dst->error &&
	       !netif_is_l3_slave(dev) && !(dev->flags & IFF_LOOPBACK);
}

/* Where packets of the way that @skb goes come in */
static int nf_xlat_flow_way_in(struct nf_xlat_ft *ft,
			       const struct sk_buff *skb,
			       const struct net_device *dev,
			       struct nf_xlat_flow_in *in)
{
	const u8 *ha = NULL;

	if (dev->type == ARPHRD_ETHER && skb_mac_header_was_set(skb) &&
	    skb_mac_header_len(skb) >= ETH_HLEN)
		ha = eth_hdr(skb)->h_source;
	return nf_xlat_ft_below(ft, dev, ha, in);
}

/* Where the answers come in: from who the packet will go to */
static int nf_xlat_flow_way_back(struct nf_xlat_ft *ft,
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
	return nf_xlat_ft_below(ft, dst_dev_rcu(dst), neigh ? ha : NULL, in);
}

static u32 nf_xlat_flow_cookie(u8 pf, const struct dst_entry *dst)
{
	return pf == NFPROTO_IPV6 ?
	       rt6_get_cookie(container_of(dst, struct rt6_info, dst)) : 0;
}

/*
 * A route for answers to packets of this direction, in the family that those come in.
 * @oif: device that they masquerade by, or 0.
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
	/* The next packet by the normal path ends the session. */
	if (oif && dst_dev_rcu(dst)->ifindex != oif) {
		dst_release(dst);
		return NULL;
	}
	return dst;
}

/* Addresses count as what they add up to, whatever their length. */
static __wsum nf_xlat_flow_sum(const union nf_inet_addr *src,
			       const union nf_inet_addr *dst)
{
	return csum_partial(src, sizeof(*src), csum_partial(dst, sizeof(*dst), 0));
}

/* The length and the protocol of a pseudo-header add up to the same in both. */
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

/* Is it still what the translation has made of it? */
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

/* What packets are like that are translated as that one was */
static void nf_xlat_flow_key_stateless(struct nf_xlat_flow_key *key,
				       const struct nf_xlat_current *cur)
{
	const struct nf_xlat_l3 *l3 = &cur->pkt->l3;

	key->pf = cur->pkt->pf;
	key->proto = l3->proto;
	/* Of addresses of IPv4, the rest is not set. */
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

/* How to do again what was done to a packet */
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
 * What has no entry in conntrack, and was translated before it came here. A flow of
 * it has one direction, as each is translated by a rule of its own.
 */
static void nf_xlat_flow_add_stateless(struct sk_buff *skb,
				       const struct nf_hook_state *state,
				       const struct nf_xlat_current *cur)
{
	struct nf_xlat_flow_net *fn = nf_xlat_ft_net(cur->wish);
	struct dst_entry *dst = skb_dst(skb);
	struct nf_xlat_flow_key key = {};
	struct nf_xlat_flow_dir *d;
	struct nf_xlat_flow *flow;
	struct net_device *dev;
	int below;

	dev = dev_get_by_index_rcu(state->net, cur->iif);
	if (!dev || !dst || cur->pkt->l3.fraghdr || !nf_xlat_flow_dst_ok(dst) ||
	    !nf_xlat_flow_plain(state->net, skb, skb_transport_offset(skb),
				cur->pkt->l3.proto))
		return;
	below = nf_xlat_flow_way_in(cur->wish, skb, dev, &key.in);
	if (below < 0)
		return;
	nf_xlat_flow_key_stateless(&key, cur);
	if (rhashtable_lookup(&fn->table, &key, nf_xlat_flow_params))
		return;
	if (!nf_xlat_flow_charge(fn))
		return;

	flow = kmem_cache_zalloc(nf_xlat_flow_cache, GFP_ATOMIC);
	if (!flow)
		goto err_charge;
	d = &flow->dir[0];
	d->key = key;
	nf_xlat_flow_stateless(d, cur);
	d->below = below;
	d->cookie = nf_xlat_flow_cookie(state->pf, dst);
	dst_hold(dst);
	d->dst = dst;
	flow->iif[0] = cur->iif;
	flow->since = (u32)jiffies;
	flow->fn = fn;
	atomic_set(&flow->state, NF_XLAT_FLOW_READY);
	if (nf_xlat_flow_link(flow))
		return;
	dst_release(dst);
	kmem_cache_free(nf_xlat_flow_cache, flow);
err_charge:
	nf_xlat_flow_uncharge(fn);
}

/**
 * nf_xlat_flow_leaves - the last hook of packets that leave
 * @priv: unused
 * @skb: packet
 * @state: the hook
 *
 * What is stateless, and nf_xlat_flow_add() has seen, takes the fast path from now
 * on: no rule has dropped it, and none has changed it. RCU read side.
 *
 * Return: NF_ACCEPT
 */
unsigned int nf_xlat_flow_leaves(void *priv, struct sk_buff *skb,
				 const struct nf_hook_state *state)
{
	const struct nf_xlat_current *cur = nf_xlat_translated(skb);

	if (unlikely(cur && cur->wish) && cur->pkt->pf != state->pf &&
	    !skb_nfct(skb) && nf_xlat_flow_unchanged(skb, cur))
		nf_xlat_flow_add_stateless(skb, state, cur);
	return NF_ACCEPT;
}

/**
 * nf_xlat_flow_add - let a session, or what is stateless, take the fast path
 * @skb: a packet of it, translated, in FORWARD
 * @state: the hook
 * @ft: what nf_xlat_ft_get() returned
 * @thoff: offset of its transport header
 *
 * What is neither, or not established, is left alone. What is stateless is not known
 * to pass all rules yet, see nf_xlat_flow_leaves(). RCU read side.
 */
void nf_xlat_flow_add(struct sk_buff *skb, const struct nf_hook_state *state,
		      struct nf_xlat_ft *ft, unsigned int thoff)
{
	struct nf_xlat_flow_in in[IP_CT_DIR_MAX];
	const struct nf_conntrack_tuple *t;
	enum ip_conntrack_info ctinfo;
	struct nf_xlat_current *cur;
	struct dst_entry *dst, *back;
	struct nf_xlat_ct_data *data;
	int below[IP_CT_DIR_MAX];
	enum ip_conntrack_dir dir;
	int iif[IP_CT_DIR_MAX];
	struct nf_xlat_flow *flow;
	struct nf_conn *ct;
	bool linked;
	unsigned int i;
	int old;

	ct = nf_ct_get(skb, &ctinfo);
	if (!ct) {
		cur = nf_xlat_translated(skb);
		if (cur)
			cur->wish = ft;
		return;
	}
	if (!nf_xlat_ct_ours(ct) || nf_ct_is_template(ct))
		return;
	data = nf_xlat_ct_data(ct);
	dst = skb_dst(skb);
	if (!data || !dst ||
	    (ctinfo != IP_CT_ESTABLISHED && ctinfo != IP_CT_ESTABLISHED_REPLY) ||
	    !nf_xlat_flow_may(ct) || !nf_xlat_flow_dst_ok(dst) ||
	    !nf_xlat_flow_plain(state->net, skb, thoff, nf_ct_protonum(ct)))
		return;
	dir = CTINFO2DIR(ctinfo);
	t = nf_xlat_ct_tuple(ct, dir);
	/* Has it been translated? The route is of the other family then. */
	if (t->src.l3num == state->pf)
		return;
	flow = READ_ONCE(data->flow);
	if (flow && (u32)jiffies - READ_ONCE(flow->dir[dir].used) <= HZ)
		return;
	below[dir] = nf_xlat_flow_way_in(ft, skb, state->in, &in[dir]);
	if (flow) {
		if (below[dir] >= 0 &&
		    !memcmp(&in[dir], &flow->dir[dir].key.in, sizeof(in[dir])))
			return;
		/* Packets come in by another device than the flow expects. */
		nf_xlat_flow_del(flow);
	}
	if (below[dir] < 0)
		return;
	iif[dir] = state->in->ifindex;
	if (flow) {
		/*
		 * Routes may be asymmetric, so a flow that is made anew by the route
		 * alone could be wrong in the other direction each time.
		 */
		iif[!dir] = flow->iif[!dir];
		in[!dir] = flow->dir[!dir].key.in;
		below[!dir] = flow->dir[!dir].below;
	} else {
		iif[!dir] = dst_dev_rcu(dst)->ifindex;
		below[!dir] = nf_xlat_flow_way_back(ft, dst,
						    &nf_xlat_ct_tuple(ct, !dir)->src.u3,
						    &in[!dir]);
		if (below[!dir] < 0)
			return;
	}

	back = nf_xlat_flow_back(state->net, skb, ct, dir,
				 dir == IP_CT_DIR_REPLY ? nf_xlat_ct_oif(ct) : 0);
	if (!back)
		return;
	if (!nf_xlat_flow_dst_ok(back))
		goto err_back;

	flow = kmem_cache_zalloc(nf_xlat_flow_cache, GFP_ATOMIC);
	if (!flow)
		goto err_back;
	nf_conntrack_get(&ct->ct_general);
	flow->ct = ct;
	flow->fn = nf_xlat_ft_net(ft);
	dst_hold(dst);
	flow->dir[dir].dst = dst;
	flow->dir[!dir].dst = back;
	flow->since = (u32)jiffies;
	for (i = 0; i < IP_CT_DIR_MAX; i++) {
		struct nf_xlat_flow_dir *d = &flow->dir[i];
		const struct nf_conntrack_tuple *to = nf_xlat_ct_tuple(ct, !i);

		flow->iif[i] = iif[i];
		d->dir = i;
		d->used = (u32)jiffies;
		d->mtu6 = data->mtu ? : IPV6_MIN_MTU;
		d->acct = !!nf_conn_acct_find(ct);
		nf_xlat_flow_key(&d->key, nf_xlat_ct_tuple(ct, i));
		d->key.in = in[i];
		d->below = below[i];
		d->cookie = nf_xlat_flow_cookie(to->src.l3num, d->dst);
		d->src = to->dst.u3;
		d->dst_addr = to->src.u3;
		d->sport = to->dst.u.all;
		d->dport = to->src.u.all;
		d->id = get_random_u32();
		nf_xlat_flow_diff(d);
	}

	nf_xlat_ct_watch(ct);
	if (cmpxchg(&data->flow, NULL, flow)) {
		/* Another CPU was quicker. */
		nf_xlat_flow_free_rcu(&flow->rcu);
		return;
	}
	nf_xlat_flow_forget(ct);
	linked = nf_xlat_flow_link(flow);
	old = atomic_fetch_or(NF_XLAT_FLOW_READY, &flow->state);
	if (old & NF_XLAT_FLOW_DEAD)
		nf_xlat_flow_destroy(flow);
	else if (!linked)
		nf_xlat_flow_del(flow);
	/* It may have left before it had a helper; cmpxchg() is a barrier. */
	if (nf_ct_is_dying(ct))
		nf_xlat_ct_detach(ct);
	return;

err_back:
	dst_release(back);
}
EXPORT_SYMBOL_GPL(nf_xlat_flow_add);

/* How long conntrack would let the session live */
static u32 nf_xlat_flow_timeout(const struct nf_conn *ct)
{
	const unsigned int *timeouts = nf_ct_timeout_lookup(ct);
	struct net *net = nf_ct_net(ct);

	if (nf_ct_protonum(ct) == IPPROTO_TCP) {
		if (!timeouts)
			timeouts = nf_tcp_pernet(net)->timeouts;
		return READ_ONCE(timeouts[READ_ONCE(ct->proto.tcp.state)]);
	}
	if (!timeouts)
		timeouts = nf_udp_pernet(net)->timeouts;
	return READ_ONCE(timeouts[UDP_CT_REPLIED]);
}

/* The route of a device that is gone does not know it any longer. */
static bool nf_xlat_flow_dst_gone(const struct nf_xlat_flow *flow)
{
	unsigned int i;

	for (i = 0; i < nf_xlat_flow_dirs(flow); i++)
		if (READ_ONCE(flow->dir[i].dst->obsolete) > 0)
			return true;
	return false;
}

static void nf_xlat_flow_age(struct nf_xlat_flow *flow)
{
	u32 used = READ_ONCE(flow->dir[IP_CT_DIR_ORIGINAL].used);
	u32 back = READ_ONCE(flow->dir[IP_CT_DIR_REPLY].used);
	struct nf_conn *ct = flow->ct;
	u32 expires;

	if (nf_xlat_flow_moved(flow->fn, flow) ||
	    nf_xlat_flow_dst_gone(flow) ||
	    (!ct && (u32)jiffies - flow->since > NF_XLAT_FLOW_AGE)) {
		nf_xlat_flow_del(flow);
		return;
	}
	if (!ct)
		return;

	if ((s32)(back - used) > 0)
		used = back;

	/* As conntrack does, which drops others first when it is full. */
	if (nf_ct_protonum(ct) == IPPROTO_UDP &&
	    (s32)(used - (u32)ct->proto.udp.stream_ts) > 0 &&
	    !test_and_set_bit(IPS_ASSURED_BIT, &ct->status))
		nf_conntrack_event_cache(IPCT_ASSURED, ct);

	expires = test_bit(IPS_FIXED_TIMEOUT_BIT, &ct->status) ?
		  READ_ONCE(ct->timeout) : used + nf_xlat_flow_timeout(ct);
	if ((u32)jiffies - used > NF_XLAT_FLOW_IDLE ||
	    (s32)(expires - (u32)jiffies) <= 0) {
		nf_xlat_flow_del(flow);
		return;
	}
	if ((s32)(expires - READ_ONCE(ct->timeout)) > 0)
		WRITE_ONCE(ct->timeout, expires);
}

/*
 * Call @call for all flows of a namespace, which may take them out. Process context.
 *
 * After a pause the walk goes on behind the entry that it was at. Where that has gone
 * meanwhile, it goes by how many there were before it in the chain, of which some may
 * have gone as well: then it would pass over others. So it begins anew, @again times at
 * most, since who makes flows go all the time could keep it from its end.
 *
 * Return: was it all of them?
 */
static bool nf_xlat_flow_walk(struct nf_xlat_flow_net *fn,
			      void (*call)(struct nf_xlat_flow *flow),
			      unsigned int again)
{
	struct nf_xlat_flow_dir *d, *at;
	struct rhashtable_iter iter;
	unsigned int n = 0;

	if (!atomic_read(&fn->table.nelems))
		return true;
again:
	rhashtable_walk_enter(&fn->table, &iter);
	rhashtable_walk_start(&iter);
	while ((d = rhashtable_walk_next(&iter))) {
		if (IS_ERR(d)) {
			if (PTR_ERR(d) != -EAGAIN)
				break;
			continue;
		}
		if (++n % 256 == 0) {
			at = d;
			rhashtable_walk_stop(&iter);
			cond_resched();
			rhashtable_walk_start(&iter);
			d = rhashtable_walk_peek(&iter);
			if (d != at) {
				rhashtable_walk_stop(&iter);
				rhashtable_walk_exit(&iter);
				if (!again--)
					return false;
				goto again;
			}
		}
		if (d->dir == IP_CT_DIR_ORIGINAL)
			call(nf_xlat_flow_of(d));
	}
	rhashtable_walk_stop(&iter);
	rhashtable_walk_exit(&iter);
	return true;
}

/* A walk begins; events from now on are for the next one. Has a device gone down? */
static bool nf_xlat_flow_walk_begins(struct nf_xlat_flow_net *fn)
{
	unsigned long ifindex;
	bool down = false;
	void *entry;

	mutex_lock(&fn->mutex);
	fn->walk ^= 1;
	mutex_unlock(&fn->mutex);

	xa_for_each(&fn->events, ifindex, entry)
		down |= xa_to_value(entry) & NF_XLAT_FLOW_DOWN;
	return down;
}

/* All flows and sessions have been told of the events from before the walk. */
static void nf_xlat_flow_walk_ends(struct nf_xlat_flow_net *fn)
{
	unsigned long ifindex;
	void *entry;

	xa_for_each(&fn->events, ifindex, entry)
		if ((xa_to_value(entry) & ~NF_XLAT_FLOW_DOWN) != fn->walk)
			xa_cmpxchg(&fn->events, ifindex, entry, NULL, 0);
}

static void nf_xlat_flow_work(struct work_struct *work)
{
	struct nf_xlat_flow_net *fn =
		container_of(to_delayed_work(work), struct nf_xlat_flow_net, gc);
	unsigned long start = jiffies;
	bool busy, down;

	down = nf_xlat_flow_walk_begins(fn);
	/* A flow that is being added, by what was before the event, is in the table then. */
	if (!xa_empty(&fn->events))
		synchronize_rcu();
	if (down)
		nf_xlat_ct_devs_down(fn);
	if (nf_xlat_flow_walk(fn, nf_xlat_flow_age, NF_XLAT_FLOW_AGAIN))
		nf_xlat_flow_walk_ends(fn);
	busy = nf_xlat_ft_sync_all(fn);

	/* However much there is to do, it is done in a small part of the time. */
	WRITE_ONCE(fn->pause, NF_XLAT_FLOW_PAUSE * (jiffies - start));
	WRITE_ONCE(fn->ended, jiffies);
	/* Entries are left for a while after the last rule. */
	if (busy || atomic_read(&fn->table.nelems))
		queue_delayed_work(system_power_efficient_wq, &fn->gc,
				   max(NF_XLAT_FLOW_GC, fn->pause));
}

/**
 * nf_xlat_flow_kick - there is something to look at now
 * @fn: namespace
 *
 * Any context.
 */
void nf_xlat_flow_kick(struct nf_xlat_flow_net *fn)
{
	unsigned long pause = READ_ONCE(fn->pause);
	unsigned long since = jiffies - READ_ONCE(fn->ended);

	mod_delayed_work(system_power_efficient_wq, &fn->gc,
			 since < pause ? pause - since : 0);
}

/**
 * nf_xlat_flow_dev_event - flows by this device leave the fast path
 * @fn: namespace
 * @dev: its device, which has gone down, or is below another one now
 * @down: it has gone down; then sessions that masquerade by it end as well
 *
 * The work does it, as RTNL is held here and there may be any number of both; until then
 * packets of flows see to it. With the mutex of @fn.
 */
void nf_xlat_flow_dev_event(struct nf_xlat_flow_net *fn,
			    const struct net_device *dev, bool down)
{
	struct nf_xlat_ct_net *xn = container_of(fn, struct nf_xlat_ct_net, flow);
	unsigned long value = fn->walk;

	/* Sessions may have outlived the rules. */
	down &= READ_ONCE(xn->used);
	if (!down && list_empty(&fn->fts) && !atomic_read(&fn->table.nelems))
		return;
	if (down || nf_xlat_flow_dev_down(fn, dev->ifindex))
		value |= NF_XLAT_FLOW_DOWN;
	/* Without memory, sessions stay until their next packet. */
	if (xa_is_err(xa_store(&fn->events, dev->ifindex, xa_mk_value(value),
			       GFP_KERNEL_ACCOUNT)))
		nf_xlat_flow_flush(fn);
	else
		nf_xlat_flow_kick(fn);
}

/**
 * nf_xlat_flow_dev_down - has this device gone down since the last walk?
 * @fn: namespace
 * @ifindex: its index
 *
 * Any context.
 */
bool nf_xlat_flow_dev_down(struct nf_xlat_flow_net *fn, int ifindex)
{
	const void *entry = xa_load(&fn->events, ifindex);

	return entry && xa_to_value(entry) & NF_XLAT_FLOW_DOWN;
}

/**
 * nf_xlat_flow_flush - take all flows of a namespace out of the fast path
 * @fn: namespace
 *
 * Process context.
 */
void nf_xlat_flow_flush(struct nf_xlat_flow_net *fn)
{
	/* Each turn takes out what it meets, so this ends. */
	nf_xlat_flow_walk(fn, nf_xlat_flow_del, UINT_MAX);
}

/**
 * nf_xlat_flow_net_init - the fast path of a new namespace
 * @net: the namespace
 *
 * Return: 0 or a negative error.
 */
int nf_xlat_flow_net_init(struct net *net)
{
	struct nf_xlat_flow_net *fn = &nf_xlat_ct_pernet(net)->flow;

	fn->net = net;
	fn->mib = nf_xlat_mib(net);
	INIT_DELAYED_WORK(&fn->gc, nf_xlat_flow_work);
	mutex_init(&fn->mutex);
	INIT_LIST_HEAD(&fn->fts);
	xa_init(&fn->events);
	return rhashtable_init(&fn->table, &nf_xlat_flow_params);
}

/**
 * nf_xlat_flow_net_exit - the end of it
 * @fn: namespace, after nf_xlat_ft_net_pre_exit()
 *
 * Sessions have taken their flows with them. Process context.
 */
void nf_xlat_flow_net_exit(struct nf_xlat_flow_net *fn)
{
	cancel_delayed_work_sync(&fn->gc);
	nf_xlat_flow_flush(fn);
	rhashtable_destroy(&fn->table);
	xa_destroy(&fn->events);
}

/**
 * nf_xlat_flow_init - for all namespaces
 *
 * Return: 0 or a negative error.
 */
int nf_xlat_flow_init(void)
{
	BUILD_BUG_ON(sizeof(struct nf_xlat_flow_key) != 6 * sizeof(u64));
	BUILD_BUG_ON(offsetofend(struct nf_xlat_flow_dir, id) > 2 * 64);

	nf_xlat_flow_cache = KMEM_CACHE(nf_xlat_flow,
					SLAB_HWCACHE_ALIGN | SLAB_ACCOUNT);
	return nf_xlat_flow_cache ? 0 : -ENOMEM;
}

/**
 * nf_xlat_flow_exit - when all namespaces have had their end
 *
 * Process context.
 */
void nf_xlat_flow_exit(void)
{
	rcu_barrier();
	kmem_cache_destroy(nf_xlat_flow_cache);
}
