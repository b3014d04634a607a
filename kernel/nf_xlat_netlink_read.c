// SPDX-License-Identifier: GPL-2.0-only
/*
 * Read a session that userspace makes or changes from a message, with the checks that the packet
 * path makes. A session stores settings of its rule: prefix, MTU, and those of its mapping. The
 * message has them in the form of a dump. Those of a mapping may be left out, see
 * nf_xlat_nl_read_rule().
 */

#include <linux/icmp.h>
#include <linux/icmpv6.h>
#include <net/genetlink.h>
#include <net/ipv6.h>
#include <net/netlink.h>
#include <net/netfilter/nf_conntrack_zones.h>
#include "compat.h"
#include "nf_xlat_netlink_internal.h"

/* A dump can be sent back, so the policies accept attributes that are dumped but cannot be set. */
static const struct nla_policy
nf_xlat_nl_tuple_policy[NF_XLAT_A_TUPLE_MAX + 1] = {
	[NF_XLAT_A_TUPLE_SRC4]		= { .type = NLA_BE32 },
	[NF_XLAT_A_TUPLE_DST4]		= { .type = NLA_BE32 },
	[NF_XLAT_A_TUPLE_SRC6]		= NLA_POLICY_EXACT_LEN(sizeof(struct in6_addr)),
	[NF_XLAT_A_TUPLE_DST6]		= NLA_POLICY_EXACT_LEN(sizeof(struct in6_addr)),
	[NF_XLAT_A_TUPLE_PROTOCOL]	= { .type = NLA_U8 },
	[NF_XLAT_A_TUPLE_SPORT]		= { .type = NLA_BE16 },
	[NF_XLAT_A_TUPLE_DPORT]		= { .type = NLA_BE16 },
	[NF_XLAT_A_TUPLE_ZONE]		= { .type = NLA_U16 },
	[NF_XLAT_A_TUPLE_PACKETS]	= { .type = NLA_BINARY, .len = sizeof(u64) },
	[NF_XLAT_A_TUPLE_BYTES]		= { .type = NLA_BINARY, .len = sizeof(u64) },
};

const struct nla_policy nf_xlat_nl_session_policy[NF_XLAT_A_SESSION_MAX + 1] = {
	[NF_XLAT_A_SESSION_ID]		= { .type = NLA_BE32 },
	[NF_XLAT_A_SESSION_ORIG]	= NLA_POLICY_NESTED(nf_xlat_nl_tuple_policy),
	[NF_XLAT_A_SESSION_REPLY]	= NLA_POLICY_NESTED(nf_xlat_nl_tuple_policy),
	[NF_XLAT_A_SESSION_STATUS]	= { .type = NLA_U32 },
	[NF_XLAT_A_SESSION_FLAGS]	= NLA_POLICY_MASK(NLA_U32,
							  NF_XLAT_SESSION_FLAG_HAIRPIN |
							  NF_XLAT_SESSION_FLAG_FAST_PATH |
							  NF_XLAT_SESSION_FLAG_MASQUERADE |
							  NF_XLAT_SESSION_FLAG_NON_GLOBAL |
							  NF_XLAT_SESSION_FLAG_MAPPED),
	[NF_XLAT_A_SESSION_TIMEOUT]	= NLA_POLICY_MIN(NLA_U32, 1),
	[NF_XLAT_A_SESSION_TCP_STATE]	= NLA_POLICY_RANGE(NLA_U8, TCP_CONNTRACK_SYN_SENT,
							   TCP_CONNTRACK_SYN_SENT2),
	[NF_XLAT_A_SESSION_MARK]	= { .type = NLA_U32 },
	[NF_XLAT_A_SESSION_POOL_ADDR]	= { .type = NLA_BE32 },
	[NF_XLAT_A_SESSION_START]	= { .type = NLA_BINARY, .len = sizeof(u64) },
	[NF_XLAT_A_SESSION_DEVICE]	= NLA_POLICY_MIN(NLA_U32, 1),
	[NF_XLAT_A_SESSION_PREFIX_LEN]	= NLA_POLICY_RANGE(NLA_U8, 32, 96),
	[NF_XLAT_A_SESSION_MTU]		= NLA_POLICY_MIN(NLA_U32, IPV6_MIN_MTU),
	[NF_XLAT_A_SESSION_IFINDEX]	= NLA_POLICY_MIN(NLA_U32, 1),
};

const struct nla_policy nf_xlat_nl_new_policy[NF_XLAT_A_PEER_MAPPING + 1] = {
	[NF_XLAT_A_SESSION]		= NLA_POLICY_NESTED(nf_xlat_nl_session_policy),
	[NF_XLAT_A_MAPPING]		= NLA_POLICY_NESTED(nf_xlat_nl_mapping_attrs),
	[NF_XLAT_A_PEER_MAPPING]	= NLA_POLICY_NESTED(nf_xlat_nl_mapping_attrs),
};

/* Read the addresses of a tuple, both of which have to be of one family. */
static int nf_xlat_nl_read_addrs(struct nf_xlat_nl_new *n, enum ip_conntrack_dir dir,
				 const struct nlattr *attr)
{
	struct nf_conntrack_tuple *t = &n->params.tuple[dir];
	struct nlattr **tb = n->ttb[dir];

	if (tb[NF_XLAT_A_TUPLE_SRC6] && tb[NF_XLAT_A_TUPLE_DST6] &&
	    !tb[NF_XLAT_A_TUPLE_SRC4] && !tb[NF_XLAT_A_TUPLE_DST4]) {
		t->src.l3num = NFPROTO_IPV6;
		t->src.u3.in6 = nla_get_in6_addr(tb[NF_XLAT_A_TUPLE_SRC6]);
		t->dst.u3.in6 = nla_get_in6_addr(tb[NF_XLAT_A_TUPLE_DST6]);
	} else if (tb[NF_XLAT_A_TUPLE_SRC4] && tb[NF_XLAT_A_TUPLE_DST4] &&
		   !tb[NF_XLAT_A_TUPLE_SRC6] && !tb[NF_XLAT_A_TUPLE_DST6]) {
		t->src.l3num = NFPROTO_IPV4;
		t->src.u3.ip = nla_get_in_addr(tb[NF_XLAT_A_TUPLE_SRC4]);
		t->dst.u3.ip = nla_get_in_addr(tb[NF_XLAT_A_TUPLE_DST4]);
	} else {
		return NF_XLAT_NL_BAD(n->extack, attr, -EINVAL,
				      "a tuple has two addresses, of one family");
	}
	if (!nf_xlat_addr_legal(t->src.l3num, &t->src.u3))
		return NF_XLAT_NL_BAD(n->extack, tb[NF_XLAT_A_TUPLE_SRC4] ? :
				      tb[NF_XLAT_A_TUPLE_SRC6], -EADDRNOTAVAIL,
				      "no packet may have this address");
	if (!nf_xlat_addr_legal(t->src.l3num, &t->dst.u3))
		return NF_XLAT_NL_BAD(n->extack, tb[NF_XLAT_A_TUPLE_DST4] ? :
				      tb[NF_XLAT_A_TUPLE_DST6], -EADDRNOTAVAIL,
				      "no packet may have this address");
	return 0;
}

/**
 * nf_xlat_nl_read_tuple - read a tuple
 * @n: session, whose tuple, attributes and zone of this direction are set
 * @dir: direction of the tuple
 * @attr: the tuple, or NULL if the message has none, which is an error
 *
 * Its protocol has to be one for which sessions can be made. Process context.
 *
 * Return: 0, or a negative error with a message in @n->extack.
 */
int nf_xlat_nl_read_tuple(struct nf_xlat_nl_new *n, enum ip_conntrack_dir dir,
			  const struct nlattr *attr)
{
	struct nf_conntrack_tuple *t = &n->params.tuple[dir];
	struct nlattr **tb = n->ttb[dir];
	__be16 sport, dport;
	int err;

	if (!attr)
		return NF_XLAT_NL_BAD(n->extack, n->attr, -EINVAL,
				      "a session has a tuple for each direction");
	err = nla_parse_nested(tb, NF_XLAT_A_TUPLE_MAX, attr, nf_xlat_nl_tuple_policy,
			       n->extack);
	if (!err)
		err = nf_xlat_nl_read_addrs(n, dir, attr);
	if (err)
		return err;
	if (!tb[NF_XLAT_A_TUPLE_PROTOCOL])
		return NF_XLAT_NL_BAD(n->extack, attr, -EINVAL, "a tuple has a protocol");
	t->dst.dir = dir;
	t->dst.protonum = nla_get_u8(tb[NF_XLAT_A_TUPLE_PROTOCOL]);
	n->zone[dir] = tb[NF_XLAT_A_TUPLE_ZONE] ? nla_get_u16(tb[NF_XLAT_A_TUPLE_ZONE]) : 0;
	sport = tb[NF_XLAT_A_TUPLE_SPORT] ? nla_get_be16(tb[NF_XLAT_A_TUPLE_SPORT]) : 0;
	dport = tb[NF_XLAT_A_TUPLE_DPORT] ? nla_get_be16(tb[NF_XLAT_A_TUPLE_DPORT]) : sport;
	t->src.u.all = sport;

	switch (t->dst.protonum) {
	case IPPROTO_TCP:
	case IPPROTO_UDP:
	case IPPROTO_UDPLITE:
		t->dst.u.all = dport;
		if (sport && dport)
			return 0;
		break;
	case IPPROTO_ESP:
		if (!sport && !dport)
			return 0;
		break;
	case IPPROTO_ICMP:
	case IPPROTO_ICMPV6:
		if (t->dst.protonum == IPPROTO_ICMPV6 ? t->src.l3num == NFPROTO_IPV4 :
							t->src.l3num == NFPROTO_IPV6)
			return NF_XLAT_NL_BAD(n->extack, tb[NF_XLAT_A_TUPLE_PROTOCOL], -EINVAL,
					      "ICMP of the other family");
		if (t->src.l3num == NFPROTO_IPV6)
			t->dst.u.icmp.type = dir == IP_CT_DIR_REPLY ? ICMPV6_ECHO_REPLY :
								      ICMPV6_ECHO_REQUEST;
		else
			t->dst.u.icmp.type = dir == IP_CT_DIR_REPLY ? ICMP_ECHOREPLY : ICMP_ECHO;
		if (sport == dport)
			return 0;
		break;
	default:
		/* GRE and SCTP need keys and tags as well, which a dump does not have. */
		return NF_XLAT_NL_BAD(n->extack, tb[NF_XLAT_A_TUPLE_PROTOCOL], -EPROTONOSUPPORT,
				      "sessions of this protocol cannot be made");
	}
	return NF_XLAT_NL_BAD(n->extack, attr, -EINVAL,
			      "these are no ports of this protocol");
}

/**
 * nf_xlat_nl_read_zone - find the zone of a session by those of its tuples
 * @n: session, whose tuples have been read
 *
 * A zone applies to one direction of an entry, or to both. Process context.
 *
 * Return: 0, or a negative error with a message in @n->extack.
 */
int nf_xlat_nl_read_zone(struct nf_xlat_nl_new *n)
{
	u16 orig = n->zone[IP_CT_DIR_ORIGINAL], reply = n->zone[IP_CT_DIR_REPLY];

	if (orig && reply && orig != reply)
		return NF_XLAT_NL_BAD(n->extack, n->ttb[IP_CT_DIR_REPLY][NF_XLAT_A_TUPLE_ZONE],
				      -EINVAL, "a session has one zone");
	nf_ct_zone_init(&n->params.zone, orig ? : reply,
			orig && !reply ? NF_CT_ZONE_DIR_ORIG :
			reply && !orig ? NF_CT_ZONE_DIR_REPL : NF_CT_DEFAULT_ZONE_DIR, 0);
	return 0;
}

/* Read those attributes of a session that can be changed later. */
static int nf_xlat_nl_read_state(struct nf_xlat_nl_new *n)
{
	struct nf_xlat_ct_params *params = &n->params;
	struct nlattr **tb = n->tb;

	if (tb[NF_XLAT_A_SESSION_STATUS])
		params->status = nla_get_u32(tb[NF_XLAT_A_SESSION_STATUS]) &
				 (IPS_SEEN_REPLY | IPS_ASSURED);
	if (params->status == IPS_ASSURED)
		return NF_XLAT_NL_BAD(n->extack, tb[NF_XLAT_A_SESSION_STATUS], -EINVAL,
				      "assured without an answer");
	if (tb[NF_XLAT_A_SESSION_TIMEOUT]) {
		params->has_timeout = true;
		params->timeout = (u64)nla_get_u32(tb[NF_XLAT_A_SESSION_TIMEOUT]) * HZ;
	}
	if (tb[NF_XLAT_A_SESSION_MARK]) {
		params->has_mark = true;
		params->mark = nla_get_u32(tb[NF_XLAT_A_SESSION_MARK]);
	}
	if (tb[NF_XLAT_A_SESSION_TCP_STATE]) {
		if (params->tuple[IP_CT_DIR_ORIGINAL].dst.protonum != IPPROTO_TCP)
			return NF_XLAT_NL_BAD(n->extack, tb[NF_XLAT_A_SESSION_TCP_STATE],
					      -EINVAL, "a state of TCP, and another protocol");
		params->tcp_state = nla_get_u8(tb[NF_XLAT_A_SESSION_TCP_STATE]);
	}
	return 0;
}

/* Find the number of the device of kind "xlat" that counts a session. RCU read side */
static int nf_xlat_nl_read_owner(struct nf_xlat_nl_new *n)
{
	struct nf_xlat_ct_net *xn = nf_xlat_ct_pernet(n->net);
	const struct nlattr *attr = n->tb[NF_XLAT_A_SESSION_DEVICE];
	const struct nf_xlat_owner *owner;
	unsigned int i;

	if (!attr)
		return 0;
	for (i = 1; i < NF_XLAT_MAX_OWNERS; i++) {
		owner = rcu_dereference(xn->owners[i]);
		if (owner && READ_ONCE(owner->dev->ifindex) == nla_get_u32(attr)) {
			n->params.range.owner = i;
			n->map[0].owner = i;
			return 0;
		}
	}
	return NF_XLAT_NL_BAD(n->extack, attr, -ENODEV,
			      "no device of kind xlat with state has this index");
}

/*
 * Set the endpoints of a mapping of the session: the client and its port, the address of the
 * pool and the port there. If the message has them as well, they have to be the same.
 */
static int nf_xlat_nl_set_ends(struct nf_xlat_nl_new *n, struct nf_xlat_nl_mapping *m,
			       const struct nf_conntrack_man *client, u16 zone6,
			       __be32 addr, __be16 port, u16 zone4)
{
	u8 proto = n->params.tuple[IP_CT_DIR_ORIGINAL].dst.protonum;
	struct nlattr **tb = m->tb;

	if (!nf_xlat_ct_has_mappings(proto))
		return NF_XLAT_NL_BAD(n->extack, m->attr, -EPROTONOSUPPORT,
				      "mappings are for TCP, UDP and ICMP");
	m->key6.addr = client->u3.in6;
	m->key6.port = client->u.all;
	m->key6.proto = proto == IPPROTO_ICMP ? IPPROTO_ICMPV6 : proto;
	m->key6.zone = tb[NF_XLAT_A_MAPPING_CLIENT_ZONE] ?
		       nla_get_u16(tb[NF_XLAT_A_MAPPING_CLIENT_ZONE]) : zone6;
	m->key4.addr = addr;
	m->key4.port = port;
	m->key4.proto = proto == IPPROTO_ICMPV6 ? IPPROTO_ICMP : proto;
	m->key4.zone = zone4;

	if ((tb[NF_XLAT_A_MAPPING_CLIENT] &&
	     memcmp(nla_data(tb[NF_XLAT_A_MAPPING_CLIENT]), &m->key6.addr,
		    sizeof(m->key6.addr))) ||
	    (tb[NF_XLAT_A_MAPPING_CLIENT_PORT] &&
	     nla_get_be16(tb[NF_XLAT_A_MAPPING_CLIENT_PORT]) != m->key6.port) ||
	    (tb[NF_XLAT_A_MAPPING_ADDR] &&
	     nla_get_in_addr(tb[NF_XLAT_A_MAPPING_ADDR]) != addr) ||
	    (tb[NF_XLAT_A_MAPPING_PORT] &&
	     nla_get_be16(tb[NF_XLAT_A_MAPPING_PORT]) != port))
		return NF_XLAT_NL_BAD(n->extack, m->attr, -EINVAL,
				      "the mapping has other ends than the session");
	return nf_xlat_nl_read_rule(n->net, m, n->extack);
}

/* Check that the client's tuple has the peer's address, embedded in the prefix, as destination. */
static int nf_xlat_nl_check_peer(struct nf_xlat_nl_new *n, const struct nf_xlat_prefix *prefix,
				 enum ip_conntrack_dir dir, __be32 peer)
{
	const struct nlattr *attr = n->ttb[dir][NF_XLAT_A_TUPLE_DST6];
	__be32 addr;

	if (!nf_xlat_addr_6to4(prefix, &n->params.tuple[dir].dst.u3.in6, &addr) || addr != peer)
		return NF_XLAT_NL_BAD(n->extack, attr, -EINVAL,
				      "not the peer's address in the prefix");
	if (!nf_xlat_prefix_allows(prefix, peer))
		return NF_XLAT_NL_BAD(n->extack, attr, -EINVAL,
				      "the well-known prefix, and an address that is not global");
	return 0;
}

/*
 * Find the prefix of a session. It is the prefix of its mapping @m. Without a mapping, it has as
 * many bits of the IPv6 destination in direction @dir as the message says.
 */
static int nf_xlat_nl_read_session_prefix(struct nf_xlat_nl_new *n,
					  const struct nf_xlat_nl_mapping *m,
					  enum ip_conntrack_dir dir)
{
	const struct nlattr *attr = n->tb[NF_XLAT_A_SESSION_PREFIX_LEN];
	struct nf_xlat_prefix *prefix = &n->params.range.prefix;
	u32 flags = n->tb[NF_XLAT_A_SESSION_FLAGS] ?
		    nla_get_u32(n->tb[NF_XLAT_A_SESSION_FLAGS]) : 0;

	if (m && m->attr) {
		*prefix = m->key6.prefix;
		if (attr && nla_get_u8(attr) != prefix->len)
			return NF_XLAT_NL_BAD(n->extack, attr, -EINVAL,
					      "the mapping has another prefix");
		return 0;
	}
	if (!attr)
		return 0;
	prefix->len = nla_get_u8(attr);
	prefix->non_global = flags & NF_XLAT_SESSION_FLAG_NON_GLOBAL;
	ipv6_addr_prefix(&prefix->addr, &n->params.tuple[dir].dst.u3.in6, prefix->len);
	return nf_xlat_prefix_check(prefix) ?
	       NF_XLAT_NL_BAD(n->extack, attr, -EINVAL, "no prefix of RFC 6052") : 0;
}

/* Check a session from IPv6 to IPv4. */
static int nf_xlat_nl_check_out(struct nf_xlat_nl_new *n)
{
	const struct nf_conntrack_tuple *orig = &n->params.tuple[IP_CT_DIR_ORIGINAL];
	const struct nf_conntrack_tuple *reply = &n->params.tuple[IP_CT_DIR_REPLY];
	struct nf_xlat_prefix *prefix = &n->params.range.prefix;
	bool icmp = nf_xlat_tuple_is_icmp(orig);
	int err = 0;

	if (n->map[0].attr)
		err = nf_xlat_nl_set_ends(n, &n->map[0], &orig->src,
					  n->zone[IP_CT_DIR_ORIGINAL], reply->dst.u3.ip,
					  icmp ? reply->src.u.all : reply->dst.u.all,
					  n->zone[IP_CT_DIR_REPLY]);
	if (!err)
		err = nf_xlat_nl_read_session_prefix(n, &n->map[0], IP_CT_DIR_ORIGINAL);
	/* A session without a prefix is a port forward to an IPv4 host that a rule names. */
	if (err || !prefix->len)
		return err;
	err = nf_xlat_nl_check_peer(n, prefix, IP_CT_DIR_ORIGINAL, reply->src.u3.ip);
	if (err)
		return err;
	if (nf_xlat_nl_in_prefix(prefix, &orig->src.u3.in6))
		return NF_XLAT_NL_BAD(n->extack,
				      n->ttb[IP_CT_DIR_ORIGINAL][NF_XLAT_A_TUPLE_SRC6],
				      -EINVAL, "the client is in the prefix");
	if (!icmp && orig->dst.u.all != reply->src.u.all)
		return NF_XLAT_NL_BAD(n->extack,
				      n->ttb[IP_CT_DIR_REPLY][NF_XLAT_A_TUPLE_SPORT],
				      -EINVAL, "the peer's port is another one");
	return 0;
}

/* Check a session from IPv4 to IPv6. */
static int nf_xlat_nl_check_in(struct nf_xlat_nl_new *n)
{
	const struct nf_conntrack_tuple *orig = &n->params.tuple[IP_CT_DIR_ORIGINAL];
	const struct nf_conntrack_tuple *reply = &n->params.tuple[IP_CT_DIR_REPLY];
	struct nf_xlat_prefix *prefix = &n->params.range.prefix;
	int err = 0;

	if (n->map[0].attr)
		err = nf_xlat_nl_set_ends(n, &n->map[0], &reply->src, n->zone[IP_CT_DIR_REPLY],
					  orig->dst.u3.ip, nf_xlat_tuple_is_icmp(orig) ?
					  orig->src.u.all : orig->dst.u.all,
					  n->zone[IP_CT_DIR_ORIGINAL]);
	if (!err)
		err = nf_xlat_nl_read_session_prefix(n, &n->map[0], IP_CT_DIR_REPLY);
	if (err)
		return err;
	if (!prefix->len)
		return NF_XLAT_NL_BAD(n->extack, n->attr, -EINVAL,
				      "a session from IPv4 has a prefix");
	if (nf_xlat_nl_in_prefix(prefix, &reply->src.u3.in6))
		return NF_XLAT_NL_BAD(n->extack, n->ttb[IP_CT_DIR_REPLY][NF_XLAT_A_TUPLE_SRC6],
				      -EINVAL, "the client is in the prefix");
	return nf_xlat_nl_check_peer(n, prefix, IP_CT_DIR_REPLY, orig->src.u3.ip);
}

/*
 * Check a hairpin. The destination of the reply tuple contains the pool address of the client
 * that began the session. The destination of the original tuple contains that of the other client.
 */
static int nf_xlat_nl_check_hairpin(struct nf_xlat_nl_new *n)
{
	const struct nf_conntrack_tuple *orig = &n->params.tuple[IP_CT_DIR_ORIGINAL];
	const struct nf_conntrack_tuple *reply = &n->params.tuple[IP_CT_DIR_REPLY];
	struct nf_xlat_nl_mapping *from = &n->map[0], *to = &n->map[1];
	bool icmp = nf_xlat_tuple_is_icmp(orig);
	__be32 addr;
	int err;

	/* A hairpin stores only the prefix of its second translation. */
	err = nf_xlat_nl_read_session_prefix(n, NULL, IP_CT_DIR_REPLY);
	if (err)
		return err;
	if (!n->params.range.prefix.len ||
	    !nf_xlat_addr_6to4(&n->params.range.prefix, &reply->dst.u3.in6, &addr) ||
	    !nf_xlat_nl_legal4(addr))
		return NF_XLAT_NL_BAD(n->extack, n->ttb[IP_CT_DIR_REPLY][NF_XLAT_A_TUPLE_DST6],
				      -EINVAL, "no address of a pool in the prefix");
	/* Between the two translations, an echo has an identifier that no tuple has. */
	if (icmp && ((from->attr && !from->tb[NF_XLAT_A_MAPPING_PORT]) ||
		     (to->attr && !to->tb[NF_XLAT_A_MAPPING_PORT])))
		return NF_XLAT_NL_BAD(n->extack, from->attr ? : to->attr, -EINVAL,
				      "of a hairpin's echoes a mapping needs its port");
	if (from->attr) {
		err = nf_xlat_nl_set_ends(n, from, &orig->src, n->zone[IP_CT_DIR_ORIGINAL],
					  addr, icmp ?
					  nla_get_be16(from->tb[NF_XLAT_A_MAPPING_PORT]) :
					  reply->dst.u.all, n->zone[IP_CT_DIR_REPLY]);
		if (err)
			return err;
	}
	if (!from->attr && !to->attr)
		return 0;
	if (!nf_xlat_addr_6to4(from->attr ? &from->key6.prefix : &n->params.range.prefix,
			       &orig->dst.u3.in6, &addr) ||
	    !nf_xlat_nl_legal4(addr))
		return NF_XLAT_NL_BAD(n->extack, n->ttb[IP_CT_DIR_ORIGINAL][NF_XLAT_A_TUPLE_DST6],
				      -EINVAL, "no address of a pool in the prefix");
	return !to->attr ? 0 :
	       nf_xlat_nl_set_ends(n, to, &reply->src, n->zone[IP_CT_DIR_REPLY], addr,
				   icmp ? nla_get_be16(to->tb[NF_XLAT_A_MAPPING_PORT]) :
					  orig->dst.u.all, n->zone[IP_CT_DIR_REPLY]);
}

/* Read what a session stores of its rule. A mapping has the same settings. RCU read side */
static int nf_xlat_nl_read_session_rule(struct nf_xlat_nl_new *n)
{
	const struct nf_xlat_bib_key6 *key6 = &n->map[0].key6;
	struct nf_xlat_ct_range *range = &n->params.range;
	struct nlattr **tb = n->tb;
	u32 flags;
	int err;

	flags = tb[NF_XLAT_A_SESSION_FLAGS] ? nla_get_u32(tb[NF_XLAT_A_SESSION_FLAGS]) : 0;
	if (flags & NF_XLAT_SESSION_FLAG_MAPPED && !n->map[0].attr && !n->map[1].attr)
		return NF_XLAT_NL_BAD(n->extack, tb[NF_XLAT_A_SESSION_FLAGS], -EINVAL,
				      "a session with a mapping, and no mapping");
	range->masq = flags & NF_XLAT_SESSION_FLAG_MASQUERADE;
	if (tb[NF_XLAT_A_SESSION_MTU]) {
		range->mtu = nla_get_u32(tb[NF_XLAT_A_SESSION_MTU]);
		if (range->mtu > U16_MAX)
			return NF_XLAT_NL_BAD(n->extack, tb[NF_XLAT_A_SESSION_MTU], -ERANGE,
					      "an MTU is 65535 at most");
	}
	if (n->map[0].attr) {
		if (tb[NF_XLAT_A_SESSION_MTU] && range->mtu != key6->mtu)
			return NF_XLAT_NL_BAD(n->extack, tb[NF_XLAT_A_SESSION_MTU], -EINVAL,
					      "the mapping has another MTU");
		range->mtu = key6->mtu;
		range->masq = key6->masq;
		range->filter = key6->filter;
		if (!range->owner)
			range->owner = n->map[0].owner;
	}
	err = nf_xlat_nl_read_ifindex(n->net, tb[NF_XLAT_A_SESSION_IFINDEX], &n->params.oif,
				      n->extack);
	/* A hairpin does not leave by a device. */
	if (n->params.hairpin)
		n->params.oif = 0;
	return err;
}

/**
 * nf_xlat_nl_pool_addr - the IPv4 address of the pool that a session has, by its tuples
 * @n: session, whose tuples and prefix have been read
 *
 * Any context.
 *
 * Return: the address.
 */
__be32 nf_xlat_nl_pool_addr(const struct nf_xlat_nl_new *n)
{
	const struct nf_conntrack_tuple *orig = &n->params.tuple[IP_CT_DIR_ORIGINAL];
	const struct nf_conntrack_tuple *reply = &n->params.tuple[IP_CT_DIR_REPLY];
	__be32 addr = 0;

	if (orig->src.l3num == NFPROTO_IPV4)
		return orig->dst.u3.ip;
	if (reply->src.l3num == NFPROTO_IPV4)
		return reply->dst.u3.ip;
	nf_xlat_addr_6to4(&n->params.range.prefix, &reply->dst.u3.in6, &addr);
	return addr;
}

/**
 * nf_xlat_nl_check_session - check all of a session except whether its ports are free
 * @n: session; gets the settings of its rule and of its mappings
 *
 * RCU read side.
 *
 * Return: 0, or a negative error with a message in @n->extack.
 */
int nf_xlat_nl_check_session(struct nf_xlat_nl_new *n)
{
	const struct nf_conntrack_tuple *orig = &n->params.tuple[IP_CT_DIR_ORIGINAL];
	const struct nf_conntrack_tuple *reply = &n->params.tuple[IP_CT_DIR_REPLY];
	const struct nlattr *attr = n->tb[NF_XLAT_A_SESSION_POOL_ADDR];
	bool from6 = orig->src.l3num == NFPROTO_IPV6;
	bool same = orig->src.l3num == reply->src.l3num;
	int err;

	n->params.hairpin = same && from6;
	if ((same && !from6) ||
	    reply->dst.protonum != (same ? orig->dst.protonum :
				    nf_xlat_new_proto(orig->src.l3num, orig->dst.protonum)))
		return NF_XLAT_NL_BAD(n->extack, n->tb[NF_XLAT_A_SESSION_REPLY], -EINVAL,
				      "the tuples are not those of a translation");
	if (n->map[1].attr && !n->params.hairpin)
		return NF_XLAT_NL_BAD(n->extack, n->map[1].attr, -EINVAL,
				      "no hairpin, but two mappings");
	err = nf_xlat_nl_read_owner(n);
	if (!err)
		err = same ? nf_xlat_nl_check_hairpin(n) :
		      from6 ? nf_xlat_nl_check_out(n) : nf_xlat_nl_check_in(n);
	if (!err)
		err = nf_xlat_nl_read_session_rule(n);
	if (err)
		return err;
	if (attr && nla_get_in_addr(attr) != nf_xlat_nl_pool_addr(n))
		return NF_XLAT_NL_BAD(n->extack, attr, -EINVAL,
				      "the session has another address of the pool");
	if (n->params.range.masq && !nf_xlat_nl_is_local(n->net, nf_xlat_nl_pool_addr(n)))
		return NF_XLAT_NL_BAD(n->extack, attr ? : n->attr, -EADDRNOTAVAIL,
				      "masquerading, and the address is none of this host");
	return 0;
}

/**
 * nf_xlat_nl_read_orig - parse the session of a request, and read its original tuple
 * @n: session
 * @info: attributes of the request, which has a session
 *
 * Process context.
 *
 * Return: 0, or a negative error with a message in @info->extack.
 */
int nf_xlat_nl_read_orig(struct nf_xlat_nl_new *n, struct genl_info *info)
{
	int err;

	n->net = genl_info_net(info);
	n->extack = info->extack;
	n->attr = info->attrs[NF_XLAT_A_SESSION];
	err = nla_parse_nested(n->tb, NF_XLAT_A_SESSION_MAX, n->attr,
			       nf_xlat_nl_session_policy, n->extack);
	return err ? : nf_xlat_nl_read_tuple(n, IP_CT_DIR_ORIGINAL,
					     n->tb[NF_XLAT_A_SESSION_ORIG]);
}

/**
 * nf_xlat_nl_read_session - read what SESSION_NEW and SESSION_SET have in common
 * @n: session
 * @info: attributes of the request, which has a session
 *
 * Process context.
 *
 * Return: 0, or a negative error with a message in @info->extack.
 */
int nf_xlat_nl_read_session(struct nf_xlat_nl_new *n, struct genl_info *info)
{
	int err;

	n->params.refs = n->refs;
	n->params.portid = info->snd_portid;
	err = nf_xlat_nl_read_orig(n, info);
	if (!err)
		err = nf_xlat_nl_read_tuple(n, IP_CT_DIR_REPLY,
					    n->tb[NF_XLAT_A_SESSION_REPLY]);
	if (!err && n->params.tuple[0].dst.protonum == IPPROTO_UDPLITE &&
	    (n->params.tuple[0].src.u.all != n->params.tuple[1].dst.u.all ||
	     n->params.tuple[0].dst.u.all != n->params.tuple[1].src.u.all))
		err = NF_XLAT_NL_BAD(n->extack, n->tb[NF_XLAT_A_SESSION_REPLY], -EINVAL,
				     "the ports of this protocol are not translated");
	if (!err)
		err = nf_xlat_nl_read_zone(n);
	if (!err)
		err = nf_xlat_nl_read_state(n);
	return err;
}
