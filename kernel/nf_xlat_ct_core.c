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
#include <linux/inetdevice.h>
#include <linux/jhash.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/netfilter_ipv4.h>
#include <linux/netfilter_ipv6.h>
#include <linux/random.h>
#include <linux/workqueue.h>
#include <net/inet_sock.h>
#include <net/ip6_route.h>
#include <net/net_namespace.h>
#include <net/netns/generic.h>
#include <net/route.h>
#include <net/netfilter/nf_conntrack.h>
#include <net/netfilter/nf_conntrack_core.h>
#include <net/netfilter/nf_conntrack_ecache.h>
#include <net/netfilter/nf_conntrack_helper.h>
#include <net/netfilter/nf_conntrack_l4proto.h>
#include <net/netfilter/nf_conntrack_timeout.h>
#include <net/netfilter/nf_conntrack_zones.h>
#include <net/netfilter/nf_nat.h>
#include <net/netfilter/nf_socket.h>
#include <net/netfilter/nf_xlat_ct.h>
#include "compat.h"
#include "nf_xlat_bib.h"
#include "nf_xlat_timeout.h"

/* As nf_nat: we are in softirq, a full pool must not be searched in whole. */
#define NF_XLAT_MAX_ATTEMPTS	128
/* When an address has no port, so many are tried, the others with less effort. */
#define NF_XLAT_MAX_ADDRS	4

/* Just before NAT, so that both act on what the rules of priority -100 saw. */
#define NF_XLAT_PRI_CT		(NF_IP_PRI_NAT_DST - 1)
/* Just before conntrack, which cannot look up such an echo reply by itself. */
#define NF_XLAT_PRI_ECHO	(NF_IP_PRI_CONNTRACK - 1)
/* Just after NAT: where it has plans with a packet, mappings do not count. */
#define NF_XLAT_PRI_IN		(NF_IP_PRI_NAT_DST + 1)

/* References that an entry holds, RFC 6146's "sessions of a BIB entry" */
enum nf_xlat_ct_refs {
	NF_XLAT_REF_BIB,	/* the mapping */
	NF_XLAT_REF_PEER,	/* with filtering, its permission for the peer */
	NF_XLAT_REF_HAIRPIN,	/* the mapping of the other end */
	__NF_XLAT_REF_MAX
};

/*
 * Our part of the helper extension. The family of the tuples tells whose the
 * entry is, so a cleared one does no harm.
 */
struct nf_xlat_ct_data {
	u16	mtu;		/* lowest of the IPv6 side, 0: the default */
	u8	prefix_len;	/* RFC 6052, in the IPv6 tuple's remote end */
	u8	non_global:1;	/* of that prefix */
	u8	masq:1;		/* ends with the address */
	u8	hairpin:1;	/* both tuples are IPv6 */
	struct nf_xlat_bib *refs[__NF_XLAT_REF_MAX];
};

struct nf_xlat_ct_net {
	unsigned int	users;
	bool		hooked;	/* false again after pre_exit */
};

static unsigned int nf_xlat_ct_net_id __read_mostly;
static DEFINE_MUTEX(nf_xlat_ct_mutex);
static u32 nf_xlat_ct_hash_rnd __read_mostly;
static struct workqueue_struct *nf_xlat_ct_wq __read_mostly;

static struct nf_conntrack_helper nf_xlat_ct_helper;

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

static struct nf_xlat_ct_data *nf_xlat_ct_data(const struct nf_conn *ct)
{
	struct nf_conn_help *help = nfct_help(ct);

	BUILD_BUG_ON(sizeof(struct nf_xlat_ct_data) > sizeof(help->data));

	return help ? (struct nf_xlat_ct_data *)help->data : NULL;
}

/*
 * From one IPv6 client to another, by addresses of IPv4: to conntrack, and to
 * nf_nat, this is NAT66.
 */
static bool nf_xlat_ct_hairpin(const struct nf_conn *ct)
{
	const struct nf_conntrack_helper *helper;
	const struct nf_conn_help *help;

	if ((ct->status & IPS_NAT_MASK) != IPS_NAT_MASK)
		return false;
	help = nfct_help(ct);
	if (!help)
		return false;
	helper = rcu_access_pointer(help->helper);
	return (!helper || helper == &nf_xlat_ct_helper) &&
	       nf_xlat_ct_data(ct)->hairpin;
}

static bool nf_xlat_ct_any(const struct nf_conn *ct)
{
	return nf_xlat_ct_ours(ct) || nf_xlat_ct_hairpin(ct);
}

/* The prefix is the head of the address that the IPv6 side talks to. */
static bool nf_xlat_ct_prefix(const struct nf_conn *ct,
			      struct nf_xlat_prefix *prefix)
{
	const struct nf_xlat_ct_data *data = nf_xlat_ct_data(ct);
	const struct nf_conntrack_tuple *t;

	if (!data)
		return false;

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

/* Whose ports and ids may be changed, and are what a mapping is of */
static bool nf_xlat_ct_has_ports(u8 proto)
{
	return proto == IPPROTO_TCP || proto == IPPROTO_UDP ||
	       proto == IPPROTO_ICMP || proto == IPPROTO_ICMPV6;
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
	const struct nf_xlat_ct_data *data = nf_xlat_ct_data(ct);
	enum nf_xlat_reason reason;
	struct nf_xlat_parm parm = {
		.ports		= nf_xlat_ct_has_ports(t->dst.protonum),
		.keep_ct	= true,
	};

	/* Conntrack looks behind an AH, which the engine takes for payload. */
	if (!pkt->icmp_error &&
	    nf_xlat_new_proto(pkt->pf, pkt->l3.proto) != t->dst.protonum)
		return nf_xlat_drop(state->net, skb, NF_XLAT_PROTO);

	if (data)
		parm.lowest_mtu6 = data->mtu;
	nf_xlat_hdr_inverse(&parm.outer, t);
	if (pkt->icmp_error) {
		nf_xlat_hdr_same(&parm.inner, t);
		reason = nf_xlat_ct_error_saddr(ct, dir, pkt, &parm.outer);
		if (reason)
			return nf_xlat_drop(state->net, skb, reason);
	}

	return nf_xlat_hook(skb, state, pkt, &parm);
}

/* The port or id in @reply that is ours to choose */
static __be16 *nf_xlat_ct_key(struct nf_conntrack_tuple *reply)
{
	return nf_xlat_tuple_is_icmp(reply) ? &reply->src.u.icmp.id :
					      &reply->dst.u.all;
}

/*
 * Choose an address of a range, as nf_nat does: by hash, not by load. An IPv6
 * range differs in its last 32 bits only. With mappings or "persistent", a
 * source keeps its address (RFC 6888 REQ-2).
 */
static u32 nf_xlat_ct_hash(const struct nf_xlat_ct_range *range,
			   const struct nf_conntrack_tuple *t)
{
	u32 seed;

	get_random_once(&nf_xlat_ct_hash_rnd, sizeof(nf_xlat_ct_hash_rnd));
	seed = nf_xlat_ct_hash_rnd;
	if (range->per_session && !(range->flags & NF_NAT_RANGE_PERSISTENT))
		seed ^= (__force u32)t->dst.u3.all[t->src.l3num ==
						   NFPROTO_IPV6 ? 3 : 0];
	return jhash2((const u32 *)t->src.u3.all, 4, seed);
}

/* Ports that one like @port may become: @min, @min + @step, ... of which @n */
struct nf_xlat_ports {
	u16	min;
	u16	step;
	u32	n;
};

static void nf_xlat_ct_ports(const struct nf_xlat_ct_range *range, u8 proto,
			     u16 port, bool parity, struct nf_xlat_ports *p)
{
	u32 max;

	p->step = 1;
	if (range->flags & NF_NAT_RANGE_PROTO_SPECIFIED) {
		/* Zero, which a map may hold, is no port. */
		p->min = ntohs(range->min_proto) ? : 1;
		max = ntohs(range->max_proto);
	} else if (proto == IPPROTO_ICMP || proto == IPPROTO_ICMPV6) {
		p->min = 0;
		max = 65535;
	} else if (port < 512) {
		/* RFC 4787 REQ-3: privileged ports stay privileged. */
		p->min = 1;
		max = 511;
	} else if (port < 1024) {
		p->min = 512;
		max = 1023;
	} else {
		p->min = 1024;
		max = 65535;
	}

	/* RFC 4787 REQ-4: RTP has even ports, RTCP odd ones. */
	if (parity && max > p->min) {
		p->step = 2;
		p->min += (p->min ^ port) & 1;
	}
	p->n = max >= p->min ? (max - p->min) / p->step + 1 : 0;
}

/* Is @reply free, and the IPv4 endpoint too if there is to be a mapping? */
static bool nf_xlat_ct_free(const struct nf_conn *ct,
			    struct nf_conntrack_tuple *reply,
			    struct nf_xlat_bib *bib)
{
	if (nf_conntrack_tuple_taken(reply, ct))
		return false;
	if (!bib)
		return true;
	bib->key4.addr = reply->dst.u3.ip;
	bib->key4.port = *nf_xlat_ct_key(reply);
	return nf_xlat_bib_claim(bib);
}

/*
 * Look for a port that makes @reply free. With every round the window gets
 * smaller, so that the search is bounded whatever the pool's fill.
 */
static bool nf_xlat_ct_search(const struct nf_xlat_ports *p,
			      const struct nf_conn *ct,
			      struct nf_conntrack_tuple *reply,
			      struct nf_xlat_bib *bib, u32 attempts)
{
	__be16 *key = nf_xlat_ct_key(reply);
	u32 i, off;

	attempts = min(p->n, attempts);
	for (;;) {
		off = reciprocal_scale(get_random_u32(), p->n);
		for (i = 0; i < attempts; i++, off++) {
			*key = htons(p->min + off % p->n * p->step);
			if (nf_xlat_ct_free(ct, reply, bib))
				return true;
		}
		if (attempts >= p->n || attempts < 16)
			return false;
		attempts /= 2;
	}
}

/* Find a port that makes @reply free; it stays as it is when there is none. */
static bool nf_xlat_ct_port(const struct nf_xlat_ct_range *range,
			    const struct nf_conn *ct,
			    struct nf_conntrack_tuple *reply,
			    struct nf_xlat_bib *bib, u32 attempts)
{
	__be16 *key = nf_xlat_ct_key(reply), port = *key;
	u8 proto = reply->dst.protonum;
	struct nf_xlat_ports p;

	/* Its checksum does not cover them, or there are none. */
	if (!nf_xlat_ct_has_ports(proto))
		return nf_xlat_ct_free(ct, reply, NULL);

	nf_xlat_ct_ports(range, proto, ntohs(port), false, &p);
	if (!p.n)
		return false;
	if (!(range->flags & (NF_NAT_RANGE_PROTO_RANDOM |
			      NF_NAT_RANGE_PROTO_RANDOM_FULLY)) &&
	    ntohs(port) >= p.min && ntohs(port) - p.min < p.n &&
	    nf_xlat_ct_free(ct, reply, bib))
		return true;

	if (proto == IPPROTO_UDP) {
		nf_xlat_ct_ports(range, proto, ntohs(port), true, &p);
		if (nf_xlat_ct_search(&p, ct, reply, bib, attempts))
			return true;
		/* Better the wrong parity than none, for a little more. */
		nf_xlat_ct_ports(range, proto, ntohs(port), false, &p);
		attempts /= 4;
	}
	if (nf_xlat_ct_search(&p, ct, reply, bib, attempts))
		return true;
	*key = port;
	return false;
}

/* Choose address and port of the pool for @reply. */
static enum nf_xlat_reason
nf_xlat_ct_choose(const struct nf_xlat_ct_range *range,
		  const struct nf_conn *ct, const struct nf_xlat_pool *pool,
		  struct nf_conntrack_tuple *reply, struct nf_xlat_bib *bib)
{
	const struct nf_conntrack_tuple *orig;
	u32 min = ntohl(pool->min_addr);
	u32 last = ntohl(pool->max_addr) - min;
	u32 at, i, tries;

	orig = nf_xlat_ct_tuple(ct, IP_CT_DIR_ORIGINAL);
	/* The whole of IPv4 has one more; nobody will miss it. */
	at = reciprocal_scale(nf_xlat_ct_hash(range, orig),
			      last == U32_MAX ? last : last + 1);
	tries = range->flags & NF_NAT_RANGE_PERSISTENT ? 1 :
		min_t(u32, last, NF_XLAT_MAX_ADDRS - 1) + 1;
	for (i = 0; i < tries; i++, at = at == last ? 0 : at + 1) {
		reply->dst.u3.ip = htonl(min + at);
		if (!nf_xlat_addr_legal(NFPROTO_IPV4, &reply->dst.u3))
			return NF_XLAT_ADDRESS;
		if (nf_xlat_ct_port(range, ct, reply, bib, i ?
				    NF_XLAT_MAX_ATTEMPTS / 8 :
				    NF_XLAT_MAX_ATTEMPTS))
			return NF_XLAT_OK;
	}
	return NF_XLAT_NOPORT;
}

/* The mapping of a new session's IPv6 endpoint, made if there is none */
static enum nf_xlat_reason
nf_xlat_ct_map(struct net *net, const struct nf_xlat_ct_range *range,
	       const struct nf_conn *ct, const struct nf_xlat_pool *pool,
	       struct nf_conntrack_tuple *reply, struct nf_xlat_bib **refs)
{
	const struct nf_conntrack_tuple *orig;
	struct nf_xlat_bib *bib, *new = NULL;
	__be16 *key = nf_xlat_ct_key(reply);
	struct nf_xlat_bib_key6 key6 = {
		.pool	= *pool,
		.net	= net->ns.inum,
		.zone	= nf_ct_zone_id(nf_ct_zone(ct), IP_CT_DIR_ORIGINAL),
	};
	enum nf_xlat_reason reason;

	orig = nf_xlat_ct_tuple(ct, IP_CT_DIR_ORIGINAL);
	key6.addr = orig->src.u3.in6;
	key6.port = orig->src.u.all;
	key6.proto = orig->dst.protonum;

	bib = nf_xlat_bib_find6(&key6);
	if (!bib) {
		new = nf_xlat_bib_alloc();
		if (!new)
			return NF_XLAT_NOMEM;
		new->key6 = key6;
		new->key4.net = key6.net;
		new->key4.zone = nf_ct_zone_id(nf_ct_zone(ct),
					       IP_CT_DIR_REPLY);
		new->key4.proto = reply->dst.protonum;
		new->prefix = range->prefix;
		new->mtu = range->mtu;
		new->filter = range->filter;
		new->masq = range->masq;
		reason = nf_xlat_ct_choose(range, ct, pool, reply, new);
		if (reason) {
			nf_xlat_bib_free(new);
			return reason;
		}
		bib = nf_xlat_bib_add(net, new);
		if (!bib)
			return NF_XLAT_NOMEM;
	}

	if (bib != new) {
		__be16 port = *key;

		reply->dst.u3.ip = bib->key4.addr;
		*key = bib->key4.port;
		/*
		 * NAT44 or this host itself has it in use with this peer. Only
		 * a port of the session's own will do then.
		 */
		if (nf_conntrack_tuple_taken(reply, ct)) {
			nf_xlat_bib_put(net, bib);
			*key = port;
			return nf_xlat_ct_choose(range, ct, pool, reply, NULL);
		}
	}

	refs[NF_XLAT_REF_BIB] = bib;
	if (!bib->filter)
		return NF_XLAT_OK;
	refs[NF_XLAT_REF_PEER] = nf_xlat_bib_permit(bib, reply->src.u3.ip);
	return refs[NF_XLAT_REF_PEER] ? NF_XLAT_OK : NF_XLAT_NOMEM;
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
 *   by the original's family; bounded, and unused as there is no helper, or one
 *   that does nothing.
 */
static bool nf_xlat_ct_guard(struct nf_conn *ct,
			     const struct nf_xlat_ct_range *range)
{
	struct nf_xlat_ct_data *data;

	if (!nf_ct_helper_ext_add(ct, GFP_ATOMIC))
		return false;
	data = nf_xlat_ct_data(ct);
	data->mtu = range->mtu;
	data->prefix_len = range->prefix.len;
	data->non_global = range->prefix.non_global;
	data->masq = range->masq;

	ct->nat_bysource.next = NULL;
	hlist_add_fake(&ct->nat_bysource);
	ct->status |= IPS_NAT_DONE_MASK;
	return true;
}

/* Tell a tuple's protocol and ports in family @pf, as its answer has them. */
static enum nf_xlat_reason
nf_xlat_ct_reply(const struct nf_conntrack_tuple *orig, u8 pf,
		 struct nf_conntrack_tuple *reply)
{
	memset(reply, 0, sizeof(*reply));
	reply->src.l3num = pf;
	reply->dst.dir = IP_CT_DIR_REPLY;
	reply->dst.protonum = orig->dst.protonum;

	switch (orig->dst.protonum) {
	case IPPROTO_TCP:
	case IPPROTO_UDP:
	case IPPROTO_UDPLITE:
	case IPPROTO_SCTP:
	case IPPROTO_DCCP:
	case IPPROTO_GRE:
	case IPPROTO_ESP:
		reply->src.u.all = orig->dst.u.all;
		reply->dst.u.all = orig->src.u.all;
		return NF_XLAT_OK;
	case IPPROTO_ICMPV6:
		if (orig->dst.u.icmp.type != ICMPV6_ECHO_REQUEST)
			return NF_XLAT_ICMP;
		break;
	case IPPROTO_ICMP:
		if (orig->dst.u.icmp.type != ICMP_ECHO)
			return NF_XLAT_ICMP;
		break;
	default:
		return NF_XLAT_PROTO;
	}

	if (pf == NFPROTO_IPV4) {
		reply->dst.protonum = IPPROTO_ICMP;
		reply->dst.u.icmp.type = ICMP_ECHOREPLY;
	} else {
		reply->dst.protonum = IPPROTO_ICMPV6;
		reply->dst.u.icmp.type = ICMPV6_ECHO_REPLY;
	}
	reply->src.u.icmp.id = orig->src.u.icmp.id;
	return NF_XLAT_OK;
}

/* Give a new entry from IPv6 its reply tuple. */
static enum nf_xlat_reason
nf_xlat_ct_setup_out(struct sk_buff *skb, const struct nf_hook_state *state,
		     const struct nf_xlat_pkt *pkt, struct nf_conn *ct,
		     const struct nf_xlat_ct_range *range,
		     struct nf_xlat_bib **refs)
{
	const struct nf_conntrack_tuple *orig;
	struct nf_conntrack_tuple reply;
	struct nf_xlat_pool pool = {
		.min_addr	= range->min_addr.ip,
		.max_addr	= range->max_addr.ip,
		.min_proto	= range->min_proto,
		.max_proto	= range->max_proto,
	};
	enum nf_xlat_reason reason;
	union nf_inet_addr addr;
	struct dst_entry *dst;

	orig = nf_xlat_ct_tuple(ct, IP_CT_DIR_ORIGINAL);
	reason = nf_xlat_ct_reply(orig, NFPROTO_IPV4, &reply);
	if (reason)
		return reason;

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
				    reply.dst.protonum, &addr);
		if (IS_ERR(dst))
			return NF_XLAT_NOROUTE;
		dst_release(dst);
		pool.min_addr = addr.ip;
		pool.max_addr = addr.ip;
	}

	if (range->per_session || !nf_xlat_ct_has_ports(reply.dst.protonum))
		reason = nf_xlat_ct_choose(range, ct, &pool, &reply, NULL);
	else
		reason = nf_xlat_ct_map(state->net, range, ct, &pool, &reply,
					refs);
	if (reason)
		return reason;
	if (!nf_xlat_ct_guard(ct, range))
		return NF_XLAT_NOMEM;
	nf_conntrack_alter_reply(ct, &reply);
	nf_xlat_timeout_set(ct);
	return NF_XLAT_OK;
}

/*
 * Choose an IPv6 destination for @reply, and a port if the rule has one, which
 * must not be zero.
 */
static bool nf_xlat_ct_dest(const struct nf_xlat_ct_range *range,
			    const struct nf_conntrack_tuple *seen,
			    struct nf_conntrack_tuple *reply)
{
	u32 min = ntohl(range->min_addr.ip6[3]);
	u32 n = ntohl(range->max_addr.ip6[3]) - min + 1;
	struct nf_xlat_ports p;

	reply->src.u3 = range->min_addr;
	if (n > 1 && !memcmp(&range->min_addr, &range->max_addr, 12))
		reply->src.u3.ip6[3] =
			htonl(min + reciprocal_scale(nf_xlat_ct_hash(range,
								     seen), n));

	if (!(range->flags & NF_NAT_RANGE_PROTO_SPECIFIED) ||
	    !nf_xlat_ct_has_ports(reply->dst.protonum))
		return true;
	/* An id may be zero, and a port of a map is checked by nobody else. */
	if (range->min_proto == range->max_proto &&
	    (range->min_proto || nf_xlat_tuple_is_icmp(reply))) {
		reply->src.u.all = range->min_proto;
		return true;
	}
	nf_xlat_ct_ports(range, IPPROTO_TCP, 0, false, &p);
	reply->src.u.all = htons(p.min +
				 reciprocal_scale(get_random_u32(), p.n));
	return p.n;
}

/*
 * Give a new entry from IPv4 its reply tuple. In a hairpin that is one from
 * IPv6, whose first packet has been translated before.
 */
static enum nf_xlat_reason
nf_xlat_ct_setup_in(struct nf_conn *ct, const struct nf_xlat_ct_range *range)
{
	static const struct nf_xlat_ct_range any;
	bool hairpin = nf_xlat_ct_ours(ct);
	struct nf_conntrack_tuple seen, reply;
	enum nf_xlat_reason reason;

	if (hairpin)
		nf_ct_invert_tuple(&seen, nf_xlat_ct_tuple(ct, IP_CT_DIR_REPLY));
	else
		seen = *nf_xlat_ct_tuple(ct, IP_CT_DIR_ORIGINAL);

	reason = nf_xlat_ct_reply(&seen, NFPROTO_IPV6, &reply);
	if (reason)
		return reason;
	if (!nf_xlat_prefix_allows(&range->prefix, seen.src.u3.ip))
		return NF_XLAT_NON_GLOBAL;
	nf_xlat_addr_4to6(&range->prefix, seen.src.u3.ip, &reply.dst.u3.in6);
	if (!nf_xlat_ct_dest(range, &seen, &reply))
		return NF_XLAT_NOPORT;

	/* The id of an echo is that of the mapping. */
	if (nf_conntrack_tuple_taken(&reply, ct) &&
	    (nf_xlat_tuple_is_icmp(&reply) ||
	     !nf_xlat_ct_port(&any, ct, &reply, NULL, NF_XLAT_MAX_ATTEMPTS)))
		return NF_XLAT_NOPORT;

	if (hairpin) {
		nf_xlat_ct_data(ct)->hairpin = true;
		ct->status |= IPS_NAT_MASK;
	} else if (!nf_xlat_ct_guard(ct, range)) {
		return NF_XLAT_NOMEM;
	}
	nf_conntrack_alter_reply(ct, &reply);
	nf_xlat_timeout_set(ct);
	return NF_XLAT_OK;
}

static void nf_xlat_ct_detach(struct nf_conn *ct)
{
	struct nf_xlat_ct_data *data = nf_xlat_ct_data(ct);
	struct nf_xlat_bib *bib;
	unsigned int i;

	RCU_INIT_POINTER(nfct_help(ct)->helper, NULL);
	for (i = 0; i < __NF_XLAT_REF_MAX; i++) {
		bib = xchg(&data->refs[i], NULL);
		if (bib)
			nf_xlat_bib_put(nf_ct_net(ct), bib);
	}
}

static int nf_xlat_ct_help(struct sk_buff *skb, unsigned int protoff,
			   struct nf_conn *ct, enum ip_conntrack_info ctinfo)
{
	return NF_ACCEPT;
}

/*
 * Not registered, so that no rule can ask for it: it is there to be told when an
 * entry leaves conntrack's table.
 */
static struct nf_conntrack_helper nf_xlat_ct_helper = {
	.name		= "xlat",
	.me		= THIS_MODULE,
	.help		= nf_xlat_ct_help,
	.destroy	= nf_xlat_ct_detach,
	NF_XLAT_HELPER_COMPAT
};

/*
 * Hand references to an entry. It gives them back when it leaves conntrack's
 * table, which it never does if it has never been there.
 */
static void nf_xlat_ct_attach(struct nf_conn *ct, struct nf_xlat_bib **refs)
{
	struct nf_xlat_ct_data *data = nf_xlat_ct_data(ct);
	unsigned int i;

	for (i = 0; i < __NF_XLAT_REF_MAX; i++) {
		if (!refs[i])
			continue;
		rcu_assign_pointer(nfct_help(ct)->helper, &nf_xlat_ct_helper);
		refs[i] = xchg(&data->refs[i], refs[i]);
	}
	/* It may have left before it had a helper; xchg() is a barrier. */
	if (nf_ct_is_dying(ct))
		nf_xlat_ct_detach(ct);
}

/*
 * Translate the first packet of a session, and keep what it refers to. Nobody
 * else may hold an entry that is not confirmed, so look again afterwards, in the
 * way of conntrack's own lookups: it may be gone, and its memory be another's.
 * Of a packet that waits in a user's queue the mapping goes; the session has its
 * port without.
 */
static unsigned int nf_xlat_ct_first(struct sk_buff *skb,
				     const struct nf_hook_state *state,
				     struct nf_conn *ct,
				     const struct nf_xlat_pkt *pkt,
				     struct nf_xlat_bib **refs)
{
	struct nf_conntrack_zone zone = *nf_ct_zone(ct);
	struct nf_conntrack_tuple orig;
	unsigned int verdict, i;

	orig = *nf_xlat_ct_tuple(ct, IP_CT_DIR_ORIGINAL);
	verdict = nf_xlat_ct_packet(skb, state, ct, IP_CT_DIR_ORIGINAL, pkt);

	if (refs[NF_XLAT_REF_BIB] || refs[NF_XLAT_REF_HAIRPIN])
		if (refcount_inc_not_zero(&ct->ct_general.use)) {
			smp_acquire__after_ctrl_dep();
			if (nf_ct_is_confirmed(ct) && nf_xlat_ct_any(ct) &&
			    net_eq(nf_ct_net(ct), state->net) &&
			    nf_ct_zone_equal(ct, &zone, IP_CT_DIR_ORIGINAL) &&
			    nf_ct_tuple_equal(nf_xlat_ct_tuple(ct, IP_CT_DIR_ORIGINAL),
					      &orig))
				nf_xlat_ct_attach(ct, refs);
			nf_ct_put(ct);
		}

	for (i = 0; i < __NF_XLAT_REF_MAX; i++)
		if (refs[i])
			nf_xlat_bib_put(state->net, refs[i]);
	return verdict;
}

/*
 * May this entry become a session across families, by a packet of family @pf? It
 * may be one already that has only just begun, and is turned back: a hairpin.
 */
static bool nf_xlat_ct_begins(const struct nf_conn *ct,
			      enum ip_conntrack_info ctinfo, u8 pf)
{
	u8 orig = nf_xlat_ct_pf(ct, IP_CT_DIR_ORIGINAL);

	if (ctinfo != IP_CT_NEW || nf_ct_is_confirmed(ct))
		return false;
	if (nf_xlat_ct_ours(ct))
		return pf == NFPROTO_IPV4 && orig == NFPROTO_IPV6;
	/* Rules that ran before may have chosen NAT or a helper. */
	return orig == pf && !nfct_help(ct) && !(ct->status & IPS_NAT_MASK);
}

/*
 * Packets went through while no rule was there to translate them, and were never
 * answered. The entry would live on as long as the sender tries; let the next
 * packet make a better one.
 */
static void nf_xlat_ct_stale(struct nf_conn *ct, u8 pf)
{
	if (nf_xlat_ct_pf(ct, IP_CT_DIR_ORIGINAL) == pf &&
	    nf_ct_is_confirmed(ct) &&
	    !test_bit(IPS_SEEN_REPLY_BIT, &ct->status))
		nf_ct_kill(ct);
}

/* A packet that begins a session, as the rule says */
static unsigned int nf_xlat_ct_new(struct sk_buff *skb,
				   const struct nf_hook_state *state,
				   struct nf_conn *ct,
				   const struct nf_xlat_pkt *pkt,
				   const struct nf_xlat_ct_range *range)
{
	struct nf_xlat_bib *refs[__NF_XLAT_REF_MAX] = {};
	enum nf_xlat_reason reason;
	unsigned int i;

	reason = state->pf == NFPROTO_IPV6 ?
		 nf_xlat_ct_setup_out(skb, state, pkt, ct, range, refs) :
		 nf_xlat_ct_setup_in(ct, range);
	if (!reason)
		return nf_xlat_ct_first(skb, state, ct, pkt, refs);

	for (i = 0; i < __NF_XLAT_REF_MAX; i++)
		if (refs[i])
			nf_xlat_bib_put(state->net, refs[i]);
	return nf_xlat_reject(skb, state, pkt, reason);
}

/**
 * nf_xlat_ct - translate a packet, with state in conntrack
 * @skb: packet that a stateful rule matched
 * @state: hook that it is in: PRE_ROUTING or LOCAL_OUT, after conntrack
 * @range: the rule's addresses, ports and prefix
 *
 * The first packet of a flow makes the session, RFC 6146 section 3.5; packets
 * that follow come here only when the rule stands before the hook that
 * nf_xlat_ct_netns_get() registered. RCU read side.
 *
 * Return: NF_STOLEN, NF_DROP with the reason counted, or NF_ACCEPT for what is
 * not this rule's to translate.
 */
unsigned int nf_xlat_ct(struct sk_buff *skb, const struct nf_hook_state *state,
			const struct nf_xlat_ct_range *range)
{
	enum ip_conntrack_info ctinfo;
	enum nf_xlat_reason reason;
	struct nf_xlat_pkt pkt;
	struct nf_conn *ct;
	bool begins, same;

	ct = nf_ct_get(skb, &ctinfo);
	/* nf_xlat_ct_hook() does it, or has done. */
	if (ct && unlikely(nf_xlat_ct_hairpin(ct)))
		return NF_ACCEPT;
	begins = ct && nf_xlat_ct_begins(ct, ctinfo, state->pf);
	same = ct && nf_xlat_ct_ours(ct) &&
	       nf_xlat_ct_pf(ct, CTINFO2DIR(ctinfo)) == state->pf;
	/* In IPv4, a rule is about new sessions only, as with NAT. */
	if (state->pf == NFPROTO_IPV4 && !begins && !same)
		return NF_ACCEPT;

	reason = nf_xlat_parse(skb, state->pf, &pkt);
	if (reason)
		return nf_xlat_reject(skb, state, &pkt, reason);
	if (begins && !pkt.icmp_error)
		return nf_xlat_ct_new(skb, state, ct, &pkt, range);
	if (same)
		return nf_xlat_ct_packet(skb, state, ct, CTINFO2DIR(ctinfo),
					 &pkt);

	if (ct && nf_xlat_ct_ours(ct))
		return nf_xlat_drop(state->net, skb, NF_XLAT_LOOP);
	if (ct && !pkt.icmp_error)
		nf_xlat_ct_stale(ct, state->pf);
	return nf_xlat_drop(state->net, skb, NF_XLAT_STATE);
}
EXPORT_SYMBOL_GPL(nf_xlat_ct);

/* Is the packet for this host, which has a use for it? */
static bool nf_xlat_ct_for_us(const struct sk_buff *skb,
			      const struct nf_hook_state *state)
{
	struct sock *sk;

	if (inet_addr_type(state->net, ip_hdr(skb)->daddr) != RTN_LOCAL)
		return false;
	if (ip_hdr(skb)->protocol == IPPROTO_ICMP)
		return true;

	sk = nf_sk_lookup_slow_v4(state->net, skb, state->in);
	if (!sk)
		return false;
	sock_gen_put(sk);
	return true;
}

/*
 * A new session from IPv4 to an endpoint that has a mapping, RFC 6146 section
 * 3.5.1 and 3.5.2, or from another IPv6 endpoint, section 3.8.
 */
static unsigned int nf_xlat_ct_in(void *priv, struct sk_buff *skb,
				  const struct nf_hook_state *state)
{
	struct nf_xlat_bib *refs[__NF_XLAT_REF_MAX] = {};
	enum ip_conntrack_info ctinfo;
	struct nf_xlat_ct_range range;
	struct nf_conntrack_tuple t;
	enum nf_xlat_reason reason;
	struct nf_xlat_bib_key4 key = {};
	struct nf_xlat_bib *bib;
	struct nf_xlat_pkt pkt;
	unsigned int verdict;
	struct nf_conn *ct;
	bool hairpin;

	ct = nf_ct_get(skb, &ctinfo);
	if (likely(!ct || !nf_xlat_ct_begins(ct, ctinfo, NFPROTO_IPV4)))
		return NF_ACCEPT;
	hairpin = nf_xlat_ct_ours(ct);
	if (hairpin)
		nf_ct_invert_tuple(&t, nf_xlat_ct_tuple(ct, IP_CT_DIR_REPLY));
	else
		t = *nf_xlat_ct_tuple(ct, IP_CT_DIR_ORIGINAL);
	/* What is not to begin a session may be for us. */
	if (t.dst.protonum == IPPROTO_TCP &&
	    READ_ONCE(ct->proto.tcp.state) != TCP_CONNTRACK_SYN_SENT)
		return NF_ACCEPT;

	key.net = state->net->ns.inum;
	key.zone = nf_ct_zone_id(nf_ct_zone(ct), hairpin ? IP_CT_DIR_REPLY :
							   IP_CT_DIR_ORIGINAL);
	key.addr = t.dst.u3.ip;
	key.port = nf_xlat_tuple_is_icmp(&t) ? t.src.u.icmp.id : t.dst.u.all;
	key.proto = t.dst.protonum;
	bib = nf_xlat_bib_find4(&key);
	if (!bib)
		return NF_ACCEPT;
	refs[hairpin ? NF_XLAT_REF_HAIRPIN : NF_XLAT_REF_BIB] = bib;

	verdict = NF_ACCEPT;
	if (nf_xlat_ct_for_us(skb, state))
		goto put;

	reason = nf_xlat_parse(skb, state->pf, &pkt);
	if (!reason && bib->filter) {
		key.peer = t.src.u3.ip;
		refs[NF_XLAT_REF_PEER] = nf_xlat_bib_find4(&key);
		if (!refs[NF_XLAT_REF_PEER])
			reason = NF_XLAT_FILTERED;
	}
	if (!reason) {
		range = (struct nf_xlat_ct_range){
			.prefix		= bib->prefix,
			.min_addr.in6	= bib->key6.addr,
			.max_addr.in6	= bib->key6.addr,
			.min_proto	= bib->key6.port,
			.max_proto	= bib->key6.port,
			.mtu		= bib->mtu,
			.flags		= NF_NAT_RANGE_PROTO_SPECIFIED,
			.masq		= bib->masq,
		};
		reason = nf_xlat_ct_setup_in(ct, &range);
	}
	if (!reason)
		return nf_xlat_ct_first(skb, state, ct, &pkt, refs);

	verdict = nf_xlat_reject(skb, state, &pkt, reason);
put:
	nf_xlat_bib_put(state->net, bib);
	if (refs[NF_XLAT_REF_PEER])
		nf_xlat_bib_put(state->net, refs[NF_XLAT_REF_PEER]);
	return verdict;
}

/* Later packets of a hairpin, and errors about it: both ends at once */
static unsigned int nf_xlat_ct_nat66(struct sk_buff *skb,
				     const struct nf_hook_state *state,
				     struct nf_conn *ct,
				     enum ip_conntrack_info ctinfo)
{
	static const u8 hooks[] = { NF_INET_PRE_ROUTING, NF_INET_POST_ROUTING };
	unsigned int i, verdict;
	__be16 frag_off;
	u8 proto;
	int off;

	proto = ipv6_hdr(skb)->nexthdr;
	off = ipv6_skip_exthdr(skb, sizeof(struct ipv6hdr), &proto, &frag_off);
	for (i = 0; i < ARRAY_SIZE(hooks); i++) {
		if (proto == IPPROTO_ICMPV6 && off > 0 &&
		    (ctinfo == IP_CT_RELATED || ctinfo == IP_CT_RELATED_REPLY)) {
			if (!nf_nat_icmpv6_reply_translation(skb, ct, ctinfo,
							     hooks[i], off))
				return nf_xlat_drop(state->net, skb,
						    NF_XLAT_QUOTED);
			continue;
		}
		verdict = nf_nat_packet(ct, ctinfo, hooks[i], skb);
		if (verdict != NF_ACCEPT)
			return verdict;
	}

	if (state->hook == NF_INET_LOCAL_OUT &&
	    ip6_route_me_harder(state->net, state->sk, skb))
		return nf_xlat_drop(state->net, skb, NF_XLAT_NOROUTE);
	return NF_ACCEPT;
}

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
	if (!ct)
		return NF_ACCEPT;
	if (!nf_xlat_ct_ours(ct))
		return unlikely(nf_xlat_ct_hairpin(ct)) ?
		       nf_xlat_ct_nat66(skb, state, ct, ctinfo) : NF_ACCEPT;

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
	NF_XLAT_CT_OPS(NFPROTO_IPV4, NF_INET_PRE_ROUTING, nf_xlat_ct_in,
		       NF_XLAT_PRI_IN),
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

static int nf_xlat_ct_iter(struct nf_conn *ct, void *data)
{
	return nf_xlat_ct_any(ct);
}

/* They count in the engine, which goes before conntrack does. */
static void __net_exit nf_xlat_ct_net_exit(struct net *net)
{
	struct nf_ct_iter_data iter_data = { .net = net };

	nf_ct_iterate_cleanup_net(nf_xlat_ct_iter, &iter_data);
}

static struct pernet_operations nf_xlat_ct_net_ops = {
	.pre_exit	= nf_xlat_ct_net_pre_exit,
	.exit		= nf_xlat_ct_net_exit,
	.id		= &nf_xlat_ct_net_id,
	.size		= sizeof(struct nf_xlat_ct_net),
};

/* The IPv4 address that a session has borrowed */
static __be32 nf_xlat_ct_pool_addr(const struct nf_conn *ct)
{
	struct nf_xlat_prefix prefix;
	__be32 addr;

	if (nf_xlat_ct_pf(ct, IP_CT_DIR_ORIGINAL) == NFPROTO_IPV4)
		return nf_xlat_ct_tuple(ct, IP_CT_DIR_ORIGINAL)->dst.u3.ip;
	if (nf_xlat_ct_pf(ct, IP_CT_DIR_REPLY) == NFPROTO_IPV4)
		return nf_xlat_ct_tuple(ct, IP_CT_DIR_REPLY)->dst.u3.ip;
	if (!nf_xlat_ct_prefix(ct, &prefix) ||
	    !nf_xlat_addr_6to4(&prefix, &nf_xlat_ct_tuple(ct, IP_CT_DIR_REPLY)->dst.u3.in6,
			       &addr))
		return 0;
	return addr;
}

struct nf_xlat_ct_gone {
	struct work_struct	work;
	struct net		*net;
	__be32			addr;
};

static int nf_xlat_ct_gone_iter(struct nf_conn *ct, void *data)
{
	return nf_xlat_ct_any(ct) && nf_xlat_ct_data(ct) &&
	       nf_xlat_ct_data(ct)->masq &&
	       nf_xlat_ct_pool_addr(ct) == *(const __be32 *)data;
}

static void nf_xlat_ct_gone_work(struct work_struct *work)
{
	struct nf_xlat_ct_gone *gone =
		container_of(work, struct nf_xlat_ct_gone, work);
	struct nf_ct_iter_data iter_data = {
		.net	= gone->net,
		.data	= &gone->addr,
	};

	nf_ct_iterate_cleanup_net(nf_xlat_ct_gone_iter, &iter_data);
	put_net(gone->net);
	kfree(gone);
}

/*
 * An address of this host is gone: so are the sessions that it masqueraded, as
 * in nf_nat_masquerade. That takes too long for here.
 */
static int nf_xlat_ct_inet_event(struct notifier_block *nb, unsigned long event,
				 void *ptr)
{
	const struct in_ifaddr *ifa = ptr;
	struct nf_xlat_ct_gone *gone;

	if (event != NETDEV_DOWN)
		return NOTIFY_DONE;
	gone = kzalloc(sizeof(*gone), GFP_KERNEL);
	if (!gone)
		return NOTIFY_DONE;
	gone->net = maybe_get_net(dev_net(ifa->ifa_dev->dev));
	if (!gone->net) {
		kfree(gone);
		return NOTIFY_DONE;
	}
	gone->addr = ifa->ifa_local;
	INIT_WORK(&gone->work, nf_xlat_ct_gone_work);
	queue_work(nf_xlat_ct_wq, &gone->work);
	return NOTIFY_DONE;
}

static struct notifier_block nf_xlat_ct_inet_notifier = {
	.notifier_call = nf_xlat_ct_inet_event,
};

static int __init nf_xlat_ct_init(void)
{
	int err;

	nf_xlat_ct_wq = alloc_workqueue("nf_xlat_ct", WQ_UNBOUND, 0);
	if (!nf_xlat_ct_wq)
		return -ENOMEM;
	err = nf_xlat_timeout_init();
	if (err)
		goto err_wq;
	err = nf_xlat_bib_init();
	if (err)
		goto err_timeout;
	err = register_pernet_subsys(&nf_xlat_ct_net_ops);
	if (err)
		goto err_bib;
	err = register_inetaddr_notifier(&nf_xlat_ct_inet_notifier);
	if (err)
		goto err_pernet;
	return 0;

err_pernet:
	unregister_pernet_subsys(&nf_xlat_ct_net_ops);
err_bib:
	nf_xlat_bib_exit();
err_timeout:
	nf_xlat_timeout_exit();
err_wq:
	destroy_workqueue(nf_xlat_ct_wq);
	return err;
}

static void __exit nf_xlat_ct_fini(void)
{
	unregister_inetaddr_notifier(&nf_xlat_ct_inet_notifier);
	unregister_pernet_subsys(&nf_xlat_ct_net_ops);
	destroy_workqueue(nf_xlat_ct_wq);
	/* Nobody is left who could translate their packets. */
	nf_ct_iterate_destroy(nf_xlat_ct_iter, NULL);
	nf_xlat_bib_exit();
	nf_xlat_timeout_exit();
}

module_init(nf_xlat_ct_init);
module_exit(nf_xlat_ct_fini);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Stateful IPv4/IPv6 translation on conntrack");
