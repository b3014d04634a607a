// SPDX-License-Identifier: GPL-2.0-only
/*
 * Filters of generic netlink: which sessions, mappings or blocks a request is about.
 */

#include <linux/inetdevice.h>
#include <linux/netlink.h>
#include <linux/string.h>
#include <net/ipv6.h>
#include <net/netlink.h>
#include <net/netfilter/nf_conntrack_zones.h>
#include <linux/netfilter/nf_xlat_netlink.h>
#include "nf_xlat_netlink_internal.h"

static const struct nla_policy
nf_xlat_nl_endpoint_policy[NF_XLAT_A_ENDPOINT_MAX + 1] = {
	[NF_XLAT_A_ENDPOINT_ADDR4]	= { .type = NLA_BE32 },
	[NF_XLAT_A_ENDPOINT_ADDR6]	= NLA_POLICY_EXACT_LEN(sizeof(struct in6_addr)),
	[NF_XLAT_A_ENDPOINT_PREFIX_LEN]	= NLA_POLICY_MAX(NLA_U8, 128),
	[NF_XLAT_A_ENDPOINT_PORT]	= { .type = NLA_BE16 },
	[NF_XLAT_A_ENDPOINT_ZONE]	= { .type = NLA_U16 },
};

static const struct nla_policy
nf_xlat_nl_filter_policy[NF_XLAT_A_FILTER_MAX + 1] = {
	[NF_XLAT_A_FILTER_PROTOCOL]	= { .type = NLA_U8 },
	[NF_XLAT_A_FILTER_CLIENT]	= NLA_POLICY_NESTED(nf_xlat_nl_endpoint_policy),
	[NF_XLAT_A_FILTER_POOL]		= NLA_POLICY_NESTED(nf_xlat_nl_endpoint_policy),
	[NF_XLAT_A_FILTER_PEER]		= NLA_POLICY_NESTED(nf_xlat_nl_endpoint_policy),
	[NF_XLAT_A_FILTER_ANY]		= NLA_POLICY_NESTED(nf_xlat_nl_endpoint_policy),
	[NF_XLAT_A_FILTER_FAST_PATH]	= { .type = NLA_FLAG },
};

const struct nla_policy nf_xlat_nl_policy[NF_XLAT_A_SESSION + 1] = {
	[NF_XLAT_A_FILTER]		= NLA_POLICY_NESTED(nf_xlat_nl_filter_policy),
	[NF_XLAT_A_SESSION]		= NLA_POLICY_NESTED(nf_xlat_nl_session_policy),
};

/* Parse attribute @kind of a filter: the end that a session or mapping has to have. */
static int nf_xlat_nl_parse_end(struct nf_xlat_nl_filter *f, unsigned int kind,
				const struct nlattr *attr,
				struct netlink_ext_ack *extack)
{
	struct nlattr *tb[NF_XLAT_A_ENDPOINT_MAX + 1];
	struct nf_xlat_nl_end *end = &f->end[kind];
	const struct nlattr *a;
	unsigned int max;
	int err;

	if (!attr)
		return 0;
	err = nla_parse_nested(tb, NF_XLAT_A_ENDPOINT_MAX, attr,
			       nf_xlat_nl_endpoint_policy, extack);
	if (err)
		return err;

	a = tb[NF_XLAT_A_ENDPOINT_ADDR4];
	if (a) {
		end->pf = NFPROTO_IPV4;
		end->addr.ip = nla_get_in_addr(a);
	}
	if (a && kind == NF_XLAT_A_FILTER_CLIENT) {
		NL_SET_ERR_MSG_ATTR(extack, a, "a client has an IPv6 address");
		return -EINVAL;
	}
	a = tb[NF_XLAT_A_ENDPOINT_ADDR6];
	if (a && end->pf) {
		NL_SET_ERR_MSG_ATTR(extack, a, "an end has one address");
		return -EINVAL;
	}
	if (a && kind == NF_XLAT_A_FILTER_POOL) {
		NL_SET_ERR_MSG_ATTR(extack, a, "a pool has IPv4 addresses");
		return -EINVAL;
	}
	if (a) {
		end->pf = NFPROTO_IPV6;
		end->addr.in6 = nla_get_in6_addr(a);
	}

	max = end->pf == NFPROTO_IPV6 ? 128 : end->pf ? 32 : 0;
	end->len = max;
	a = tb[NF_XLAT_A_ENDPOINT_PREFIX_LEN];
	if (a && nla_get_u8(a) > max) {
		NL_SET_ERR_MSG_ATTR(extack, a, "longer than the address");
		return -ERANGE;
	}
	if (a)
		end->len = nla_get_u8(a);

	a = tb[NF_XLAT_A_ENDPOINT_PORT];
	if (a) {
		end->has_port = true;
		end->port = nla_get_be16(a);
	}
	a = tb[NF_XLAT_A_ENDPOINT_ZONE];
	if (a) {
		end->has_zone = true;
		end->zone = nla_get_u16(a);
	}
	if (!end->pf && !end->has_port && !end->has_zone) {
		NL_SET_ERR_MSG_ATTR(extack, attr, "an end has an address, a port or a zone");
		return -EINVAL;
	}
	f->asked[kind] = true;
	return 0;
}

/**
 * nf_xlat_nl_parse - read a filter
 * @f: gets the filter; zeroed
 * @attr: NF_XLAT_A_FILTER of the message, or NULL
 * @extack: for the message of an error
 *
 * Return: 0 or a negative error.
 */
int nf_xlat_nl_parse(struct nf_xlat_nl_filter *f, const struct nlattr *attr,
		     struct netlink_ext_ack *extack)
{
	struct nlattr *tb[NF_XLAT_A_FILTER_MAX + 1];
	unsigned int i;
	int err;

	if (!attr)
		return 0;
	err = nla_parse_nested(tb, NF_XLAT_A_FILTER_MAX, attr,
			       nf_xlat_nl_filter_policy, extack);
	for (i = NF_XLAT_A_FILTER_CLIENT; !err && i <= NF_XLAT_A_FILTER_ANY; i++)
		err = nf_xlat_nl_parse_end(f, i, tb[i], extack);
	if (err)
		return err;
	if (tb[NF_XLAT_A_FILTER_PROTOCOL]) {
		f->has_proto = true;
		f->proto = nla_get_u8(tb[NF_XLAT_A_FILTER_PROTOCOL]);
	}
	f->fast = tb[NF_XLAT_A_FILTER_FAST_PATH];
	return 0;
}

/*
 * Does an end match attribute @kind of the filter? @is: the attribute that asks for ends of this
 * kind. NF_XLAT_A_FILTER_ANY asks for ends of all kinds.
 */
static bool nf_xlat_nl_end_is(const struct nf_xlat_nl_filter *f, unsigned int kind,
			      unsigned int is, u8 pf,
			      const union nf_inet_addr *addr, __be16 port, u16 zone)
{
	const struct nf_xlat_nl_end *end = &f->end[kind];

	if (kind != NF_XLAT_A_FILTER_ANY && kind != is)
		return false;
	if (end->has_port && end->port != port)
		return false;
	if (end->has_zone && end->zone != zone)
		return false;
	if (!end->pf)
		return true;
	if (end->pf != pf)
		return false;
	return pf == NFPROTO_IPV6 ?
	       ipv6_prefix_equal(&end->addr.in6, &addr->in6, end->len) :
	       !((end->addr.ip ^ addr->ip) & inet_make_mask(end->len));
}

/*
 * Does a session have an end that matches attribute @kind of the filter? The source of the IPv6
 * tuple is the client, in whichever direction. The destination of the IPv4 tuple is the address of
 * the pool. A hairpin has two IPv6 tuples.
 */
static bool nf_xlat_nl_session_has(const struct nf_xlat_nl_filter *f,
				   const struct nf_conn *ct, unsigned int kind)
{
	bool hairpin = nf_xlat_ct_hairpin(ct);
	const struct nf_conntrack_tuple *t;
	union nf_inet_addr pool;
	unsigned int dir;
	u16 zone = 0;

	for (dir = 0; dir < IP_CT_DIR_MAX; dir++) {
		bool is6;

		t = nf_xlat_ct_tuple(ct, dir);
		is6 = t->src.l3num == NFPROTO_IPV6;
		zone = nf_ct_zone_id(nf_ct_zone(ct), dir);
		if (nf_xlat_nl_end_is(f, kind, is6 ? NF_XLAT_A_FILTER_CLIENT :
						     NF_XLAT_A_FILTER_PEER,
				      t->src.l3num, &t->src.u3, t->src.u.all, zone))
			return true;
		/* Both pools of a hairpin are in the zone of the reply. */
		if (hairpin)
			zone = nf_ct_zone_id(nf_ct_zone(ct), IP_CT_DIR_REPLY);
		if (nf_xlat_nl_end_is(f, kind, is6 ? NF_XLAT_A_FILTER_PEER :
						     NF_XLAT_A_FILTER_POOL,
				      t->src.l3num, &t->dst.u3,
				      nf_xlat_nl_dport(t), zone))
			return true;
	}
	if (!hairpin)
		return false;
	pool.ip = nf_xlat_ct_pool_addr(ct);
	return nf_xlat_nl_end_is(f, kind, NF_XLAT_A_FILTER_POOL, NFPROTO_IPV4,
				 &pool, nf_xlat_nl_dport(t), zone);
}

/**
 * nf_xlat_nl_is_fast - has a session a flow in the fast path?
 * @ct: its entry
 *
 * Any context.
 *
 * Return: true if it has.
 */
bool nf_xlat_nl_is_fast(const struct nf_conn *ct)
{
	const struct nf_xlat_ct_held *held;
	bool fast;

	rcu_read_lock();
	held = nf_xlat_ct_held(ct);
	fast = held && READ_ONCE(held->flow);
	rcu_read_unlock();
	return fast;
}

/**
 * nf_xlat_nl_match - does a filter ask for a session?
 * @f: the filter
 * @ct: the session's entry
 *
 * Any context.
 *
 * Return: true if it does.
 */
bool nf_xlat_nl_match(const struct nf_xlat_nl_filter *f, const struct nf_conn *ct)
{
	unsigned int i;

	if (f->has_proto &&
	    f->proto != nf_xlat_ct_tuple(ct, IP_CT_DIR_ORIGINAL)->dst.protonum &&
	    f->proto != nf_xlat_ct_tuple(ct, IP_CT_DIR_REPLY)->dst.protonum)
		return false;
	if (f->fast && !nf_xlat_nl_is_fast(ct))
		return false;
	for (i = NF_XLAT_A_FILTER_CLIENT; i <= NF_XLAT_A_FILTER_ANY; i++)
		if (f->asked[i] && !nf_xlat_nl_session_has(f, ct, i))
			return false;
	return true;
}

/**
 * nf_xlat_nl_match_mapping - does a filter ask for a mapping?
 * @f: the filter
 * @bib: the mapping
 *
 * RCU read side.
 *
 * Return: true if it does, and the mapping has not ended.
 */
bool nf_xlat_nl_match_mapping(const struct nf_xlat_nl_filter *f,
			      const struct nf_xlat_bib *bib)
{
	union nf_inet_addr client = { .in6 = bib->key6.addr };
	union nf_inet_addr pool = { .ip = bib->key4.addr };
	unsigned int i;

	if (!refcount_read(&bib->ref))
		return false;
	if (f->has_proto && f->proto != bib->key6.proto &&
	    f->proto != bib->key4.proto)
		return false;
	for (i = NF_XLAT_A_FILTER_CLIENT; i <= NF_XLAT_A_FILTER_ANY; i++)
		if (f->asked[i] &&
		    !nf_xlat_nl_end_is(f, i, NF_XLAT_A_FILTER_CLIENT, NFPROTO_IPV6,
				       &client, bib->key6.port, bib->key6.zone) &&
		    !nf_xlat_nl_end_is(f, i, NF_XLAT_A_FILTER_POOL, NFPROTO_IPV4,
				       &pool, bib->key4.port, bib->key4.zone))
			return false;
	return true;
}

/* Does attribute @kind of the filter match this block, or one of its ports? */
static bool nf_xlat_nl_block_is(const struct nf_xlat_nl_filter *f, unsigned int kind,
				const struct nf_xlat_bib *block)
{
	const struct nf_xlat_nl_end *end = &f->end[kind];
	u32 first = ntohs(block->key4.port), port = ntohs(end->port);

	/* The client of a block has no port. */
	if (kind != NF_XLAT_A_FILTER_POOL && end->pf != NFPROTO_IPV4 && !end->has_port &&
	    (!end->has_zone || end->zone == block->key6.zone) &&
	    ipv6_prefix_equal(&end->addr.in6, &block->key6.addr,
			      min_t(u8, end->len, NF_XLAT_SUBSCRIBER_LEN)))
		return true;
	if (kind == NF_XLAT_A_FILTER_CLIENT || end->pf == NFPROTO_IPV6 ||
	    (end->has_zone && end->zone != block->key4.zone) ||
	    (end->has_port && (port < first || port >= first + block->n_ports)))
		return false;
	return !end->pf ||
	       !((end->addr.ip ^ block->key4.addr) & inet_make_mask(end->len));
}

/**
 * nf_xlat_nl_match_block - does a filter ask for a block?
 * @f: the filter
 * @block: the block
 *
 * RCU read side.
 *
 * Return: true if it does, and the block has not ended.
 */
bool nf_xlat_nl_match_block(const struct nf_xlat_nl_filter *f,
			    const struct nf_xlat_bib *block)
{
	unsigned int i;

	if (!refcount_read(&block->ref))
		return false;
	for (i = NF_XLAT_A_FILTER_CLIENT; i <= NF_XLAT_A_FILTER_ANY; i++)
		if (f->asked[i] && !nf_xlat_nl_block_is(f, i, block))
			return false;
	return true;
}

/**
 * nf_xlat_nl_filter_is_set - does a filter ask for anything?
 * @f: the filter
 *
 * Return: false if it asks for all sessions.
 */
bool nf_xlat_nl_filter_is_set(const struct nf_xlat_nl_filter *f)
{
	return f->has_proto || f->fast ||
	       memchr_inv(f->asked, 0, sizeof(f->asked));
}
