// SPDX-License-Identifier: GPL-2.0-only
/*
 * State of IPv4/IPv6 translation: one conntrack entry across both families.
 *
 * The original tuple is what the first packet had, the reply tuple what its
 * answer will have, and their families differ. So there is one lookup per
 * packet, ports are unique against NAT44 and this host's own flows, and all of
 * conntrack applies. Core code meets such an entry in places that assume one
 * family; nf_xlat_ct_guard() keeps those away from it.
 */

#include <linux/icmp.h>
#include <linux/icmpv6.h>
#include <linux/jhash.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/netfilter_ipv4.h>
#include <linux/netfilter_ipv6.h>
#include <linux/random.h>
#include <net/net_namespace.h>
#include <net/netns/generic.h>
#include <net/netfilter/nf_conntrack.h>
#include <net/netfilter/nf_conntrack_core.h>
#include <net/netfilter/nf_conntrack_ecache.h>
#include <net/netfilter/nf_conntrack_helper.h>
#include <net/netfilter/nf_conntrack_l4proto.h>
#include <net/netfilter/nf_conntrack_timeout.h>
#include <net/netfilter/nf_conntrack_zones.h>
#include <net/netfilter/nf_nat.h>
#include <net/netfilter/nf_xlat_ct.h>

/* As nf_nat: we are in softirq, a full pool must not be searched in whole. */
#define NF_XLAT_MAX_ATTEMPTS	128

/* Just before NAT, so that both act on what the rules of priority -100 saw. */
#define NF_XLAT_PRI_CT		(NF_IP_PRI_NAT_DST - 1)
/* Just before conntrack, which cannot look up such an echo reply by itself. */
#define NF_XLAT_PRI_ECHO	(NF_IP_PRI_CONNTRACK - 1)

/*
 * Our part of the helper extension. The family of the tuples tells whose the
 * entry is, so a cleared one does no harm.
 */
struct nf_xlat_ct_data {
	u16	mtu;		/* lowest of the IPv6 side, 0: the default */
	u8	prefix_len;	/* RFC 6052, in the IPv6 tuple's remote end */
	bool	non_global;	/* of that prefix */
};

struct nf_xlat_ct_net {
	unsigned int	users;
	bool		hooked;	/* false again after pre_exit */
};

static unsigned int nf_xlat_ct_net_id __read_mostly;
static DEFINE_MUTEX(nf_xlat_ct_mutex);
static u32 nf_xlat_ct_hash_rnd __read_mostly;

static const struct nf_conntrack_tuple *
nf_xlat_ct_tuple(const struct nf_conn *ct, enum ip_conntrack_dir dir)
{
	return &ct->tuplehash[dir].tuple;
}

static u8 nf_xlat_ct_pf(const struct nf_conn *ct, enum ip_conntrack_dir dir)
{
	return nf_xlat_ct_tuple(ct, dir)->src.l3num;
}

/* Only our entries have a tuple of each family. */
static bool nf_xlat_ct_ours(const struct nf_conn *ct)
{
	return nf_xlat_ct_pf(ct, IP_CT_DIR_ORIGINAL) !=
	       nf_xlat_ct_pf(ct, IP_CT_DIR_REPLY);
}

/* The prefix is the head of the address that the IPv6 side talks to. */
static bool nf_xlat_ct_prefix(const struct nf_conn *ct,
			      struct nf_xlat_prefix *prefix)
{
	const struct nf_conn_help *help = nfct_help(ct);
	const struct nf_conntrack_tuple *t;
	const struct nf_xlat_ct_data *data;

	if (!help)
		return false;
	data = (const struct nf_xlat_ct_data *)help->data;

	t = nf_xlat_ct_tuple(ct, IP_CT_DIR_ORIGINAL);
	if (t->src.l3num == NFPROTO_IPV6)
		ipv6_addr_prefix(&prefix->addr, &t->dst.u3.in6,
				 data->prefix_len);
	else
		ipv6_addr_prefix(&prefix->addr,
				 &nf_xlat_ct_tuple(ct, IP_CT_DIR_REPLY)->dst.u3.in6,
				 data->prefix_len);
	prefix->len = data->prefix_len;
	prefix->non_global = data->non_global;

	return !nf_xlat_prefix_check(prefix);
}

static bool nf_xlat_tuple_is_icmp(const struct nf_conntrack_tuple *t)
{
	return t->dst.protonum == IPPROTO_ICMP ||
	       t->dst.protonum == IPPROTO_ICMPV6;
}

/* Addresses and ports of @t, as the packet that it describes has them. */
static void nf_xlat_hdr_same(struct nf_xlat_hdr *hdr,
			     const struct nf_conntrack_tuple *t)
{
	hdr->saddr = t->src.u3;
	hdr->daddr = t->dst.u3;
	hdr->sport = t->src.u.all;
	hdr->dport = nf_xlat_tuple_is_icmp(t) ? t->src.u.all : t->dst.u.all;
}

/* The same for a packet that runs against @t. */
static void nf_xlat_hdr_inverse(struct nf_xlat_hdr *hdr,
				const struct nf_conntrack_tuple *t)
{
	hdr->saddr = t->dst.u3;
	hdr->daddr = t->src.u3;
	hdr->sport = nf_xlat_tuple_is_icmp(t) ? t->src.u.all : t->dst.u.all;
	hdr->dport = t->src.u.all;
}

/*
 * An ICMP error may come from any router on the path: RFC 6146 section 3.5.3,
 * RFC 7915 sections 4.3 and 5.3. A router of the IPv6 side has no IPv4 address
 * and borrows that of the session.
 */
static enum nf_xlat_reason
nf_xlat_ct_error_saddr(const struct nf_conn *ct, enum ip_conntrack_dir dir,
		       const struct nf_xlat_pkt *pkt, struct nf_xlat_hdr *hdr)
{
	const struct nf_conntrack_tuple *t = nf_xlat_ct_tuple(ct, dir);
	struct nf_xlat_prefix prefix;

	if (pkt->pf == NFPROTO_IPV6 ||
	    pkt->l3.saddr.ip == t->src.u3.ip)
		return NF_XLAT_OK;

	if (!nf_xlat_ct_prefix(ct, &prefix))
		return NF_XLAT_ADDRESS;
	/* Path MTU discovery needs it, though it may seem to be the peer's. */
	if (!nf_xlat_prefix_allows(&prefix, pkt->l3.saddr.ip))
		return NF_XLAT_OK;
	nf_xlat_addr_4to6(&prefix, pkt->l3.saddr.ip, &hdr->saddr.in6);
	return NF_XLAT_OK;
}

/* Translate a packet of a session, of either direction. */
static unsigned int nf_xlat_ct_packet(struct sk_buff *skb,
				      const struct nf_hook_state *state,
				      const struct nf_conn *ct,
				      enum ip_conntrack_dir dir,
				      const struct nf_xlat_pkt *pkt)
{
	const struct nf_conntrack_tuple *t = nf_xlat_ct_tuple(ct, !dir);
	const struct nf_conn_help *help = nfct_help(ct);
	enum nf_xlat_reason reason;
	struct nf_xlat_parm parm = {
		.ports		= true,
		.keep_ct	= true,
	};

	/* Conntrack looks behind an AH, which the engine takes for payload. */
	if (!pkt->icmp_error &&
	    nf_xlat_new_proto(pkt->pf, pkt->l3.proto) != t->dst.protonum)
		return nf_xlat_drop(state->net, skb, NF_XLAT_PROTO);

	if (help)
		parm.lowest_mtu6 = ((const struct nf_xlat_ct_data *)
				    help->data)->mtu;
	nf_xlat_hdr_inverse(&parm.outer, t);
	if (pkt->icmp_error) {
		nf_xlat_hdr_same(&parm.inner, t);
		reason = nf_xlat_ct_error_saddr(ct, dir, pkt, &parm.outer);
		if (reason)
			return nf_xlat_drop(state->net, skb, reason);
	}

	return nf_xlat_hook(skb, state, pkt, &parm);
}

/* Choose an address of the pool, as nf_nat does: by hash, not by load. */
static void nf_xlat_ct_addr(const struct nf_xlat_ct_range *range,
			    const struct nf_conntrack_tuple *orig,
			    union nf_inet_addr *res)
{
	u32 min = ntohl(range->min_addr.ip);
	u32 max = ntohl(range->max_addr.ip);
	u32 hash, seed;

	if (min == max) {
		res->ip = range->min_addr.ip;
		return;
	}

	get_random_once(&nf_xlat_ct_hash_rnd, sizeof(nf_xlat_ct_hash_rnd));
	seed = nf_xlat_ct_hash_rnd;
	if (!(range->flags & NF_NAT_RANGE_PERSISTENT))
		seed ^= (__force u32)orig->dst.u3.all[3];
	hash = jhash2((const u32 *)orig->src.u3.all, 4, seed);
	res->ip = htonl(min + reciprocal_scale(hash, max - min + 1));
}

/* First port and size of the range that a port like @port may move in. */
static u32 nf_xlat_ct_port_range(const struct nf_xlat_ct_range *range,
				 bool icmp, u16 port, u16 *min)
{
	if (range->flags & NF_NAT_RANGE_PROTO_SPECIFIED) {
		/* Zero, which a map may hold, is no port. */
		*min = ntohs(range->min_proto) ? : 1;
		return ntohs(range->max_proto) - *min + 1;
	}
	if (icmp) {
		*min = 0;
		return 65536;
	}
	/* RFC 4787 REQ-3, and what nf_nat calls the loose convention */
	if (port < 512) {
		*min = 1;
		return 511;
	}
	if (port < 1024) {
		*min = 600;
		return 1023 - 600 + 1;
	}
	*min = 1024;
	return 65536 - 1024;
}

/*
 * Find a port that makes @reply unique. With every round the window gets
 * smaller, so that the search is bounded whatever the pool's fill.
 */
static bool nf_xlat_ct_port(const struct nf_xlat_ct_range *range,
			    const struct nf_conn *ct,
			    struct nf_conntrack_tuple *reply)
{
	bool icmp = nf_xlat_tuple_is_icmp(reply);
	__be16 *key = icmp ? &reply->src.u.icmp.id : &reply->dst.u.all;
	u16 port = ntohs(*key), min;
	u32 size, attempts, i, off;

	size = nf_xlat_ct_port_range(range, icmp, port, &min);

	if (!(range->flags & (NF_NAT_RANGE_PROTO_RANDOM |
			      NF_NAT_RANGE_PROTO_RANDOM_FULLY)) &&
	    port >= min && port - min < size &&
	    !nf_conntrack_tuple_taken(reply, ct))
		return true;

	attempts = min_t(u32, size, NF_XLAT_MAX_ATTEMPTS);
	for (;;) {
		off = reciprocal_scale(get_random_u32(), size);
		for (i = 0; i < attempts; i++, off++) {
			*key = htons(min + off % size);
			if (!nf_conntrack_tuple_taken(reply, ct))
				return true;
		}
		if (attempts >= size || attempts < 16)
			return false;
		attempts /= 2;
	}
}

/*
 * Core code that assumes one family per entry must keep off this one:
 *
 * - nf_nat, by claiming that both bindings are done. It will unlink
 *   nat_bysource when the entry dies, so that has to be a valid node; a null
 *   binding would hash the entry by source instead, and its IPv4 tuple would
 *   turn up in unrelated IPv6 flows.
 * - flowtable, act_ct and "ct helper set", by the helper extension, which we
 *   need for our data anyway. It makes nf_confirm() look for a transport header
 *   by the original's family; bounded, and unused as there is no helper.
 */
static bool nf_xlat_ct_guard(struct nf_conn *ct,
			     const struct nf_xlat_ct_range *range)
{
	struct nf_xlat_ct_data *data;
	struct nf_conn_help *help;

	help = nf_ct_helper_ext_add(ct, GFP_ATOMIC);
	if (!help)
		return false;
	BUILD_BUG_ON(sizeof(*data) > sizeof(help->data));
	data = (struct nf_xlat_ct_data *)help->data;
	data->mtu = range->mtu;
	data->prefix_len = range->prefix.len;
	data->non_global = range->prefix.non_global;

	ct->nat_bysource.next = NULL;
	hlist_add_fake(&ct->nat_bysource);
	ct->status |= IPS_NAT_DONE_MASK;
	return true;
}

/* Give a new entry its reply tuple in the other family. */
static enum nf_xlat_reason
nf_xlat_ct_setup(struct sk_buff *skb, const struct nf_hook_state *state,
		 const struct nf_xlat_pkt *pkt, struct nf_conn *ct,
		 const struct nf_xlat_ct_range *range)
{
	const struct nf_conntrack_tuple *orig;
	struct nf_conntrack_tuple reply = {};
	struct dst_entry *dst;

	orig = nf_xlat_ct_tuple(ct, IP_CT_DIR_ORIGINAL);

	reply.src.l3num = NFPROTO_IPV4;
	reply.dst.dir = IP_CT_DIR_REPLY;
	switch (orig->dst.protonum) {
	case IPPROTO_TCP:
	case IPPROTO_UDP:
		reply.dst.protonum = orig->dst.protonum;
		reply.src.u.all = orig->dst.u.all;
		reply.dst.u.all = orig->src.u.all;
		break;
	case IPPROTO_ICMPV6:
		if (orig->dst.u.icmp.type != ICMPV6_ECHO_REQUEST)
			return NF_XLAT_ICMP;
		reply.dst.protonum = IPPROTO_ICMP;
		reply.src.u.icmp.id = orig->src.u.icmp.id;
		reply.dst.u.icmp.type = ICMP_ECHOREPLY;
		break;
	default:
		return NF_XLAT_PROTO;
	}

	if (!nf_xlat_addr_6to4(&range->prefix, &orig->dst.u3.in6,
			       &reply.src.u3.ip) ||
	    !nf_xlat_addr_legal(NFPROTO_IPV4, &reply.src.u3))
		return NF_XLAT_DADDR;
	if (!nf_xlat_prefix_allows(&range->prefix, reply.src.u3.ip))
		return NF_XLAT_NON_GLOBAL;
	/* RFC 6146 section 3.5: no packet of ours may come back to us. */
	if (ipv6_prefix_equal(&range->prefix.addr, &orig->src.u3.in6,
			      range->prefix.len))
		return NF_XLAT_ADDRESS;

	if (range->masq) {
		dst = nf_xlat_route(state->net, skb, NFPROTO_IPV4, NULL,
				    &reply.src.u3, pkt->l3.tos,
				    reply.dst.protonum, &reply.dst.u3);
		if (IS_ERR(dst))
			return NF_XLAT_NOROUTE;
		dst_release(dst);
	} else {
		nf_xlat_ct_addr(range, orig, &reply.dst.u3);
	}
	if (!nf_xlat_addr_legal(NFPROTO_IPV4, &reply.dst.u3))
		return NF_XLAT_ADDRESS;

	if (!nf_xlat_ct_port(range, ct, &reply))
		return NF_XLAT_NOPORT;
	if (!nf_xlat_ct_guard(ct, range))
		return NF_XLAT_NOMEM;
	nf_conntrack_alter_reply(ct, &reply);
	return NF_XLAT_OK;
}

/* May this entry become a session across families? */
static bool nf_xlat_ct_usable(struct nf_conn *ct, enum ip_conntrack_info ctinfo,
			      u8 pf)
{
	if (nf_xlat_ct_pf(ct, IP_CT_DIR_ORIGINAL) != pf)
		return false;
	if (!nf_ct_is_confirmed(ct))
		/* Rules that ran before may have chosen NAT or a helper. */
		return ctinfo == IP_CT_NEW && !nfct_help(ct) &&
		       !(ct->status & IPS_NAT_MASK);

	/*
	 * Packets went through while no rule was there to translate them, and
	 * were never answered. The entry would live on as long as the sender
	 * tries; let the next packet make a better one.
	 */
	if (!test_bit(IPS_SEEN_REPLY_BIT, &ct->status))
		nf_ct_kill(ct);
	return false;
}

/**
 * nf_xlat_ct - translate a packet, with state in conntrack
 * @skb: IPv6 packet that a stateful rule matched
 * @state: hook that it is in: PRE_ROUTING or LOCAL_OUT, after conntrack
 * @range: the rule's pool and prefix
 *
 * The first packet of a flow makes the session, RFC 6146 section 3.5; packets
 * that follow come here only when the rule stands before the hook that
 * nf_xlat_ct_netns_get() registered. RCU read side.
 *
 * Return: NF_STOLEN, or NF_DROP with the reason counted.
 */
unsigned int nf_xlat_ct(struct sk_buff *skb, const struct nf_hook_state *state,
			const struct nf_xlat_ct_range *range)
{
	enum ip_conntrack_info ctinfo;
	enum nf_xlat_reason reason;
	struct nf_xlat_pkt pkt;
	struct nf_conn *ct;

	reason = nf_xlat_parse(skb, state->pf, &pkt);
	if (reason)
		return nf_xlat_reject(skb, state, &pkt, reason);

	ct = nf_ct_get(skb, &ctinfo);
	if (!ct)
		return nf_xlat_drop(state->net, skb, NF_XLAT_STATE);

	if (!nf_xlat_ct_ours(ct)) {
		if (pkt.icmp_error || !nf_xlat_ct_usable(ct, ctinfo, state->pf))
			return nf_xlat_drop(state->net, skb, NF_XLAT_STATE);
		reason = nf_xlat_ct_setup(skb, state, &pkt, ct, range);
		if (reason)
			return nf_xlat_reject(skb, state, &pkt, reason);
	} else if (nf_xlat_ct_pf(ct, CTINFO2DIR(ctinfo)) != state->pf) {
		return nf_xlat_drop(state->net, skb, NF_XLAT_LOOP);
	}

	return nf_xlat_ct_packet(skb, state, ct, CTINFO2DIR(ctinfo), &pkt);
}
EXPORT_SYMBOL_GPL(nf_xlat_ct);

/* Packets of sessions, and what this host itself says about them. */
static unsigned int nf_xlat_ct_hook(void *priv, struct sk_buff *skb,
				    const struct nf_hook_state *state)
{
	enum ip_conntrack_info ctinfo;
	enum nf_xlat_reason reason;
	enum ip_conntrack_dir dir;
	struct nf_xlat_pkt pkt;
	struct nf_conn *ct;

	ct = nf_ct_get(skb, &ctinfo);
	if (!ct || !nf_xlat_ct_ours(ct))
		return NF_ACCEPT;

	/* Of the other family: the packet has been translated already. */
	dir = CTINFO2DIR(ctinfo);
	if (nf_xlat_ct_pf(ct, dir) != state->pf)
		return NF_ACCEPT;

	reason = nf_xlat_parse(skb, state->pf, &pkt);
	/* A redirect is for who sent the packet: that was this host. */
	if (reason == NF_XLAT_ICMP && pkt.icmp.type == ICMP_REDIRECT &&
	    state->pf == NFPROTO_IPV4)
		return NF_ACCEPT;
	if (reason)
		return nf_xlat_reject(skb, state, &pkt, reason);

	return nf_xlat_ct_packet(skb, state, ct, dir, &pkt);
}

/*
 * Conntrack finds an entry by the packet's tuple, but hands the packet to the
 * tracker of the original's protocol, and that of ICMPv6 calls an ICMP packet
 * invalid (and the reverse). So echo replies that cross families are looked up
 * and accounted here; conntrack leaves alone what has an entry.
 */
static unsigned int nf_xlat_ct_echo(void *priv, struct sk_buff *skb,
				    const struct nf_hook_state *state)
{
	const struct nf_conntrack_tuple_hash *h;
	const struct nf_conntrack_zone *zone;
	struct nf_conntrack_tuple tuple;
	struct nf_conntrack_zone tmp;
	enum ip_conntrack_info ctinfo;
	struct nf_conn *ct, *tmpl;
	unsigned int *timeouts;
	u8 proto;

	if (state->pf == NFPROTO_IPV4)
		proto = ip_hdr(skb)->protocol;
	else
		proto = ipv6_hdr(skb)->nexthdr;
	if (likely(proto != (state->pf == NFPROTO_IPV4 ? IPPROTO_ICMP :
							 IPPROTO_ICMPV6)))
		return NF_ACCEPT;

	tmpl = nf_ct_get(skb, &ctinfo);
	if (ctinfo == IP_CT_UNTRACKED || (tmpl && !nf_ct_is_template(tmpl)))
		return NF_ACCEPT;

	/* Conntrack will call it invalid. */
	if (state->hook == NF_INET_PRE_ROUTING &&
	    READ_ONCE(state->net->ct.sysctl_checksum) &&
	    nf_checksum(skb, state->hook, skb_network_offset(skb) +
			(state->pf == NFPROTO_IPV4 ? ip_hdrlen(skb) :
						     sizeof(struct ipv6hdr)),
			proto, state->pf))
		return NF_ACCEPT;

	if (!nf_ct_get_tuplepr(skb, skb_network_offset(skb), state->pf,
			       state->net, &tuple))
		return NF_ACCEPT;
	if (tuple.dst.u.icmp.type != (state->pf == NFPROTO_IPV4 ?
				      ICMP_ECHOREPLY : ICMPV6_ECHO_REPLY))
		return NF_ACCEPT;

	zone = nf_ct_zone_tmpl(tmpl, skb, &tmp);
	h = nf_conntrack_find_get(state->net, zone, &tuple);
	if (!h)
		return NF_ACCEPT;

	ct = nf_ct_tuplehash_to_ctrack(h);
	if (!nf_xlat_ct_ours(ct) || NF_CT_DIRECTION(h) != IP_CT_DIR_REPLY) {
		nf_ct_put(ct);
		return NF_ACCEPT;
	}

	if (tmpl)
		nf_ct_put(tmpl);
	nf_ct_set(skb, ct, IP_CT_ESTABLISHED_REPLY);

	timeouts = nf_ct_timeout_lookup(ct);
	nf_ct_refresh_acct(ct, IP_CT_ESTABLISHED_REPLY, skb,
			   timeouts ? *timeouts :
			   nf_xlat_ct_pf(ct, IP_CT_DIR_ORIGINAL) == NFPROTO_IPV6 ?
			   nf_icmpv6_pernet(state->net)->timeout :
			   nf_icmp_pernet(state->net)->timeout);
	if (!test_and_set_bit(IPS_SEEN_REPLY_BIT, &ct->status))
		nf_conntrack_event_cache(IPCT_REPLY, ct);

	return NF_ACCEPT;
}

#define NF_XLAT_CT_OPS(_pf, _hook, _fn, _prio) {	\
	.hook		= _fn,				\
	.pf		= _pf,				\
	.hooknum	= _hook,			\
	.priority	= _prio,			\
}

static const struct nf_hook_ops nf_xlat_ct_ops[] = {
	NF_XLAT_CT_OPS(NFPROTO_IPV4, NF_INET_PRE_ROUTING, nf_xlat_ct_echo,
		       NF_XLAT_PRI_ECHO),
	NF_XLAT_CT_OPS(NFPROTO_IPV6, NF_INET_PRE_ROUTING, nf_xlat_ct_echo,
		       NF_XLAT_PRI_ECHO),
	NF_XLAT_CT_OPS(NFPROTO_IPV4, NF_INET_LOCAL_OUT, nf_xlat_ct_echo,
		       NF_XLAT_PRI_ECHO),
	NF_XLAT_CT_OPS(NFPROTO_IPV6, NF_INET_LOCAL_OUT, nf_xlat_ct_echo,
		       NF_XLAT_PRI_ECHO),
	NF_XLAT_CT_OPS(NFPROTO_IPV4, NF_INET_PRE_ROUTING, nf_xlat_ct_hook,
		       NF_XLAT_PRI_CT),
	NF_XLAT_CT_OPS(NFPROTO_IPV6, NF_INET_PRE_ROUTING, nf_xlat_ct_hook,
		       NF_XLAT_PRI_CT),
	NF_XLAT_CT_OPS(NFPROTO_IPV4, NF_INET_LOCAL_OUT, nf_xlat_ct_hook,
		       NF_XLAT_PRI_CT),
	NF_XLAT_CT_OPS(NFPROTO_IPV6, NF_INET_LOCAL_OUT, nf_xlat_ct_hook,
		       NF_XLAT_PRI_CT),
};

static unsigned int nf_xlat_ct_nat_nop(void *priv, struct sk_buff *skb,
				       const struct nf_hook_state *state)
{
	return NF_ACCEPT;
}

/*
 * With a pool address that is this host's own, a local socket may pick a port
 * that a session has. nf_nat moves such a flow to a free port, as it does with
 * NAT44, but only where its hooks are; so have them.
 */
static const struct nf_hook_ops nf_xlat_ct_nat_ops =
	NF_XLAT_CT_OPS(NFPROTO_IPV4, NF_INET_POST_ROUTING, nf_xlat_ct_nat_nop,
		       NF_IP_PRI_NAT_SRC);

static int nf_xlat_ct_register(struct net *net)
{
	int err;

	err = nf_ct_netns_get(net, NFPROTO_INET);
	if (err)
		return err;

	err = nf_nat_ipv4_register_fn(net, &nf_xlat_ct_nat_ops);
	if (err)
		goto err_ct;

	err = nf_register_net_hooks(net, nf_xlat_ct_ops,
				    ARRAY_SIZE(nf_xlat_ct_ops));
	if (err)
		goto err_nat;
	return 0;

err_nat:
	nf_nat_ipv4_unregister_fn(net, &nf_xlat_ct_nat_ops);
err_ct:
	nf_ct_netns_put(net, NFPROTO_INET);
	return err;
}

static void nf_xlat_ct_unregister(struct net *net)
{
	nf_unregister_net_hooks(net, nf_xlat_ct_ops,
				ARRAY_SIZE(nf_xlat_ct_ops));
	nf_nat_ipv4_unregister_fn(net, &nf_xlat_ct_nat_ops);
	nf_ct_netns_put(net, NFPROTO_INET);
}

/**
 * nf_xlat_ct_netns_get - a stateful rule is added
 * @net: network namespace
 *
 * The first one brings conntrack and the hooks for established sessions.
 * Process context.
 *
 * Return: 0 or a negative error.
 */
int nf_xlat_ct_netns_get(struct net *net)
{
	struct nf_xlat_ct_net *xn = net_generic(net, nf_xlat_ct_net_id);
	int err = 0;

	mutex_lock(&nf_xlat_ct_mutex);
	if (!xn->users) {
		err = nf_xlat_ct_register(net);
		xn->hooked = !err;
	}
	if (!err)
		xn->users++;
	mutex_unlock(&nf_xlat_ct_mutex);
	return err;
}
EXPORT_SYMBOL_GPL(nf_xlat_ct_netns_get);

/**
 * nf_xlat_ct_netns_put - a stateful rule is gone
 * @net: network namespace
 *
 * The last one takes the hooks with it. Sessions stay until they time out, and
 * work again when a rule comes back before that. Process context.
 */
void nf_xlat_ct_netns_put(struct net *net)
{
	struct nf_xlat_ct_net *xn = net_generic(net, nf_xlat_ct_net_id);

	mutex_lock(&nf_xlat_ct_mutex);
	if (!--xn->users && xn->hooked) {
		nf_xlat_ct_unregister(net);
		xn->hooked = false;
	}
	mutex_unlock(&nf_xlat_ct_mutex);
}
EXPORT_SYMBOL_GPL(nf_xlat_ct_netns_put);

/*
 * Rules go in nf_tables' exit, by when data of conntrack and of the engine may
 * be gone: no packet may come to our hooks then.
 */
static void __net_exit nf_xlat_ct_net_pre_exit(struct net *net)
{
	struct nf_xlat_ct_net *xn = net_generic(net, nf_xlat_ct_net_id);

	mutex_lock(&nf_xlat_ct_mutex);
	if (xn->hooked)
		nf_xlat_ct_unregister(net);
	xn->hooked = false;
	mutex_unlock(&nf_xlat_ct_mutex);
}

static struct pernet_operations nf_xlat_ct_net_ops = {
	.pre_exit	= nf_xlat_ct_net_pre_exit,
	.id		= &nf_xlat_ct_net_id,
	.size		= sizeof(struct nf_xlat_ct_net),
};

static int nf_xlat_ct_iter(struct nf_conn *ct, void *data)
{
	return nf_xlat_ct_ours(ct);
}

static int __init nf_xlat_ct_init(void)
{
	return register_pernet_subsys(&nf_xlat_ct_net_ops);
}

static void __exit nf_xlat_ct_fini(void)
{
	unregister_pernet_subsys(&nf_xlat_ct_net_ops);
	/* Nobody is left who could translate their packets. */
	nf_ct_iterate_destroy(nf_xlat_ct_iter, NULL);
}

module_init(nf_xlat_ct_init);
module_exit(nf_xlat_ct_fini);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Stateful IPv4/IPv6 translation on conntrack");
