// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sessions, mappings and counters for userspace, by generic netlink: nf-xlat.yaml. Groups
 * are notified of each session and mapping that begins or ends.
 *
 * An entry that is there from the first message of a dump to the last one is in it once.
 * Where a table has been resized in the meantime it may be in it twice, or not at all:
 * then the kernel says so (NLM_F_DUMP_INTR).
 */

#include <linux/inetdevice.h>
#include <linux/netlink.h>
#include <linux/rhashtable.h>
#include <linux/sched.h>
#include <linux/timekeeping.h>
#include <net/genetlink.h>
#include <net/ipv6.h>
#include <net/netlink.h>
#include <net/netfilter/nf_conntrack.h>
#include <net/netfilter/nf_conntrack_acct.h>
#include <net/netfilter/nf_conntrack_core.h>
#include <net/netfilter/nf_conntrack_timestamp.h>
#include <net/netfilter/nf_conntrack_zones.h>
#include <linux/netfilter/nf_xlat_netlink.h>
#include "compat.h"
#include "nf_xlat_ct_internal.h"

/* More than the attributes of a session or a mapping take, with all that they may have */
#define NF_XLAT_NL_EVENT_SIZE	320

/* After this many entries that the filter rejects, a dump yields the CPU. */
#define NF_XLAT_NL_BATCH	1024

/**
 * struct nf_xlat_nl_end - what an end is to be
 *
 * @addr: address
 * @pf: its family, 0 for any address
 * @len: bits of it that count
 * @has_port: @port counts as well
 * @port: port, or id of an echo
 */
struct nf_xlat_nl_end {
	union nf_inet_addr	addr;
	u8			pf;
	u8			len;
	bool			has_port;
	__be16			port;
};

/**
 * struct nf_xlat_nl_filter - what is asked for
 *
 * @end: by attribute, what ends are to be
 * @asked: which of these count
 * @proto: transport protocol of either side, if @has_proto
 * @has_proto: it counts
 * @fast: sessions of the fast path only
 */
struct nf_xlat_nl_filter {
	struct nf_xlat_nl_end	end[NF_XLAT_A_FILTER_MAX + 1];
	bool			asked[NF_XLAT_A_FILTER_MAX + 1];
	u8			proto;
	bool			has_proto;
	bool			fast;
};

/**
 * struct nf_xlat_nl_dump - a dump that is under way
 *
 * @filter: of what
 * @resized: the table has been resized since the dump began
 * @hash: table of conntrack that @bucket is of
 * @size: how many buckets it has
 * @bucket: of this table, where to go on
 * @id: entry in that bucket to go on with, 0 for the first
 * @iter: in the table of mappings
 * @walks: @iter is in use
 * @bib: mapping to go on with, with a reference, so that @iter finds its place
 */
struct nf_xlat_nl_dump {
	struct nf_xlat_nl_filter	filter;
	bool				resized;
	const struct hlist_nulls_head	*hash;
	unsigned int			size;
	unsigned int			bucket;
	u32				id;
	struct rhashtable_iter		iter;
	bool				walks;
	struct nf_xlat_bib		*bib;
};

static struct genl_family nf_xlat_nl_family;

/* Sends the events of all namespaces */
static struct workqueue_struct *nf_xlat_nl_wq;

enum {
	NF_XLAT_NL_MAPPINGS,
	NF_XLAT_NL_SESSIONS,
};

static const struct genl_multicast_group nf_xlat_nl_groups[] = {
	[NF_XLAT_NL_MAPPINGS] = {
		.name	= NF_XLAT_MCGRP_MAPPINGS,
		.flags	= GENL_MCAST_CAP_NET_ADMIN,
	},
	[NF_XLAT_NL_SESSIONS] = {
		.name	= NF_XLAT_MCGRP_SESSIONS,
		.flags	= GENL_MCAST_CAP_NET_ADMIN,
	},
};

static const struct nla_policy nf_xlat_nl_listen_policy[NF_XLAT_A_GROUPS + 1] = {
	[NF_XLAT_A_GROUPS]		= NLA_POLICY_MASK(NLA_U32,
							  NF_XLAT_LISTEN_GROUP_MAPPINGS |
							  NF_XLAT_LISTEN_GROUP_SESSIONS),
};

static const struct nla_policy
nf_xlat_nl_endpoint_policy[NF_XLAT_A_ENDPOINT_MAX + 1] = {
	[NF_XLAT_A_ENDPOINT_ADDR4]	= { .type = NLA_BE32 },
	[NF_XLAT_A_ENDPOINT_ADDR6]	= NLA_POLICY_EXACT_LEN(sizeof(struct in6_addr)),
	[NF_XLAT_A_ENDPOINT_PREFIX_LEN]	= NLA_POLICY_MAX(NLA_U8, 128),
	[NF_XLAT_A_ENDPOINT_PORT]	= { .type = NLA_BE16 },
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

static const struct nla_policy nf_xlat_nl_policy[NF_XLAT_A_FILTER + 1] = {
	[NF_XLAT_A_FILTER]		= NLA_POLICY_NESTED(nf_xlat_nl_filter_policy),
};

/* Read attribute @kind of a filter, the ends of that name. */
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
	if (!end->pf && !end->has_port) {
		NL_SET_ERR_MSG_ATTR(extack, attr, "an end is an address, a port or both");
		return -EINVAL;
	}
	f->asked[kind] = true;
	return 0;
}

static int nf_xlat_nl_parse(struct nf_xlat_nl_filter *f,
			    const struct nlattr *attr,
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

/* A dump stands at @bib, which stays in its place: false if it cannot, or has ended. */
static bool nf_xlat_nl_stay(struct net *net, struct nf_xlat_bib *bib)
{
	spinlock_t *lock = &nf_xlat_ct_pernet(net)->bib.dumps_lock;
	bool stays;

	spin_lock(lock);
	stays = bib->dumps < U16_MAX && refcount_inc_not_zero(&bib->ref);
	bib->dumps += stays;
	spin_unlock(lock);
	return stays;
}

static void nf_xlat_nl_leave(struct net *net, struct nf_xlat_bib *bib)
{
	spinlock_t *lock = &nf_xlat_ct_pernet(net)->bib.dumps_lock;
	bool last;

	spin_lock(lock);
	bib->dumps--;
	last = !refcount_dec_not_one(&bib->ref);
	spin_unlock(lock);
	/* The end of a mapping is told to all who listen: not with the lock held. */
	if (last)
		nf_xlat_bib_put(net, bib);
}

/* The references to @bib that are not those of dumps. RCU read side */
static unsigned int nf_xlat_nl_bib_sessions(struct net *net,
					    const struct nf_xlat_bib *bib)
{
	spinlock_t *lock = &nf_xlat_ct_pernet(net)->bib.dumps_lock;
	unsigned int n;

	spin_lock(lock);
	n = refcount_read(&bib->ref) - bib->dumps;
	spin_unlock(lock);
	return n;
}

static int nf_xlat_nl_start(struct netlink_callback *cb)
{
	struct nf_xlat_nl_dump *d;
	int err;

	d = kzalloc(sizeof(*d), GFP_KERNEL_ACCOUNT);
	if (!d)
		return -ENOMEM;
	err = nf_xlat_nl_parse(&d->filter, nf_xlat_dump_attrs(cb)[NF_XLAT_A_FILTER],
			       cb->extack);
	if (err) {
		kfree(d);
		return err;
	}
	/* What has begun before the dump is told before the dump. */
	flush_work(&nf_xlat_ct_pernet(sock_net(cb->skb->sk))->listeners.send);
	cb->args[0] = (long)d;
	return 0;
}

static int nf_xlat_nl_done(struct netlink_callback *cb)
{
	struct nf_xlat_nl_dump *d = (void *)cb->args[0];

	if (d->walks)
		rhashtable_walk_exit(&d->iter);
	if (d->bib)
		nf_xlat_nl_leave(sock_net(cb->skb->sk), d->bib);
	kfree(d);
	return 0;
}

/* Is an end where the filter wants one of @kind? @is: what it is */
static bool nf_xlat_nl_end_is(const struct nf_xlat_nl_filter *f, unsigned int kind,
			      unsigned int is, u8 pf,
			      const union nf_inet_addr *addr, __be16 port)
{
	const struct nf_xlat_nl_end *end = &f->end[kind];

	if (kind != NF_XLAT_A_FILTER_ANY && kind != is)
		return false;
	if (end->has_port && end->port != port)
		return false;
	if (!end->pf)
		return true;
	if (end->pf != pf)
		return false;
	return pf == NFPROTO_IPV6 ?
	       ipv6_prefix_equal(&end->addr.in6, &addr->in6, end->len) :
	       !((end->addr.ip ^ addr->ip) & inet_make_mask(end->len));
}

/* Port or id of the side that a tuple's packets go to */
static __be16 nf_xlat_nl_dport(const struct nf_conntrack_tuple *t)
{
	return nf_xlat_tuple_is_icmp(t) ? t->src.u.icmp.id : t->dst.u.all;
}

/*
 * The IPv6 tuple has the client as its source, whichever direction it is of, and the
 * IPv4 tuple the pool's address as its destination. A hairpin has two of IPv6.
 */
static bool nf_xlat_nl_session_has(const struct nf_xlat_nl_filter *f,
				   const struct nf_conn *ct, unsigned int kind)
{
	const struct nf_conntrack_tuple *t;
	union nf_inet_addr pool;
	unsigned int dir;

	for (dir = 0; dir < IP_CT_DIR_MAX; dir++) {
		bool is6;

		t = nf_xlat_ct_tuple(ct, dir);
		is6 = t->src.l3num == NFPROTO_IPV6;
		if (nf_xlat_nl_end_is(f, kind, is6 ? NF_XLAT_A_FILTER_CLIENT :
						     NF_XLAT_A_FILTER_PEER,
				      t->src.l3num, &t->src.u3, t->src.u.all))
			return true;
		if (nf_xlat_nl_end_is(f, kind, is6 ? NF_XLAT_A_FILTER_PEER :
						     NF_XLAT_A_FILTER_POOL,
				      t->src.l3num, &t->dst.u3,
				      nf_xlat_nl_dport(t)))
			return true;
	}
	if (!nf_xlat_ct_hairpin(ct))
		return false;
	pool.ip = nf_xlat_ct_pool_addr(ct);
	return nf_xlat_nl_end_is(f, kind, NF_XLAT_A_FILTER_POOL, NFPROTO_IPV4,
				 &pool, nf_xlat_nl_dport(t));
}

static bool nf_xlat_nl_is_fast(const struct nf_conn *ct)
{
	const struct nf_xlat_ct_held *held;
	bool fast;

	rcu_read_lock();
	held = nf_xlat_ct_data(ct) ? nf_xlat_ct_held(ct) : NULL;
	fast = held && READ_ONCE(held->flow);
	rcu_read_unlock();
	return fast;
}

static bool nf_xlat_nl_wants(const struct nf_xlat_nl_filter *f,
			     const struct nf_conn *ct)
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

static int nf_xlat_nl_put_tuple(struct sk_buff *skb, int attr,
				const struct nf_conn *ct,
				enum ip_conntrack_dir dir)
{
	const struct nf_conntrack_tuple *t = nf_xlat_ct_tuple(ct, dir);
	u16 zone = nf_ct_zone_id(nf_ct_zone(ct), dir);
	const struct nf_conn_acct *acct;
	struct nlattr *nest;

	nest = nla_nest_start(skb, attr);
	if (!nest)
		return -EMSGSIZE;
	if (t->src.l3num == NFPROTO_IPV6) {
		if (nla_put_in6_addr(skb, NF_XLAT_A_TUPLE_SRC6, &t->src.u3.in6) ||
		    nla_put_in6_addr(skb, NF_XLAT_A_TUPLE_DST6, &t->dst.u3.in6))
			return -EMSGSIZE;
	} else if (nla_put_in_addr(skb, NF_XLAT_A_TUPLE_SRC4, t->src.u3.ip) ||
		   nla_put_in_addr(skb, NF_XLAT_A_TUPLE_DST4, t->dst.u3.ip)) {
		return -EMSGSIZE;
	}
	if (nla_put_u8(skb, NF_XLAT_A_TUPLE_PROTOCOL, t->dst.protonum))
		return -EMSGSIZE;
	if ((nf_xlat_has_ports(t->dst.protonum) || nf_xlat_tuple_is_icmp(t)) &&
	    (nla_put_be16(skb, NF_XLAT_A_TUPLE_SPORT, t->src.u.all) ||
	     nla_put_be16(skb, NF_XLAT_A_TUPLE_DPORT, nf_xlat_nl_dport(t))))
		return -EMSGSIZE;
	if (zone && nla_put_u16(skb, NF_XLAT_A_TUPLE_ZONE, zone))
		return -EMSGSIZE;
	acct = nf_conn_acct_find(ct);
	if (acct &&
	    (nla_put_uint(skb, NF_XLAT_A_TUPLE_PACKETS,
			  atomic64_read(&acct->counter[dir].packets)) ||
	     nla_put_uint(skb, NF_XLAT_A_TUPLE_BYTES,
			  atomic64_read(&acct->counter[dir].bytes))))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

/* Index of the device that a session is of, 0 for none */
static int nf_xlat_nl_device(const struct nf_conn *ct)
{
	const struct nf_xlat_ct_data *data = nf_xlat_ct_data(ct);
	const struct nf_xlat_owner *owner;
	int ifindex = 0;

	if (!data || !data->owner)
		return 0;
	rcu_read_lock();
	owner = rcu_dereference(nf_xlat_ct_pernet(nf_ct_net(ct))->owners[data->owner]);
	if (owner)
		ifindex = READ_ONCE(owner->dev->ifindex);
	rcu_read_unlock();
	return ifindex;
}

static int nf_xlat_nl_put_session(struct sk_buff *skb, const struct nf_conn *ct)
{
	const struct nf_xlat_ct_data *data = nf_xlat_ct_data(ct);
	const struct nf_conn_tstamp *tstamp;
	u32 flags = 0, mark = 0;
	struct nlattr *nest;
	int device;

	if (nf_xlat_ct_hairpin(ct))
		flags |= NF_XLAT_SESSION_FLAG_HAIRPIN;
	if (nf_xlat_nl_is_fast(ct))
		flags |= NF_XLAT_SESSION_FLAG_FAST_PATH;
	if (data && data->masq)
		flags |= NF_XLAT_SESSION_FLAG_MASQUERADE;
#ifdef CONFIG_NF_CONNTRACK_MARK
	mark = READ_ONCE(ct->mark);
#endif

	nest = nla_nest_start(skb, NF_XLAT_A_SESSION);
	if (!nest ||
	    nla_put_be32(skb, NF_XLAT_A_SESSION_ID,
			 (__force __be32)nf_ct_get_id(ct)) ||
	    nf_xlat_nl_put_tuple(skb, NF_XLAT_A_SESSION_ORIG, ct,
				 IP_CT_DIR_ORIGINAL) ||
	    nf_xlat_nl_put_tuple(skb, NF_XLAT_A_SESSION_REPLY, ct,
				 IP_CT_DIR_REPLY) ||
	    nla_put_u32(skb, NF_XLAT_A_SESSION_STATUS, READ_ONCE(ct->status)) ||
	    nla_put_u32(skb, NF_XLAT_A_SESSION_FLAGS, flags) ||
	    nla_put_u32(skb, NF_XLAT_A_SESSION_TIMEOUT, nf_ct_expires(ct) / HZ) ||
	    nla_put_in_addr(skb, NF_XLAT_A_SESSION_POOL_ADDR,
			    nf_xlat_ct_pool_addr(ct)))
		return -EMSGSIZE;
	if (nf_ct_protonum(ct) == IPPROTO_TCP &&
	    nla_put_u8(skb, NF_XLAT_A_SESSION_TCP_STATE,
		       READ_ONCE(ct->proto.tcp.state)))
		return -EMSGSIZE;
	if (mark && nla_put_u32(skb, NF_XLAT_A_SESSION_MARK, mark))
		return -EMSGSIZE;
	device = nf_xlat_nl_device(ct);
	if (device && nla_put_u32(skb, NF_XLAT_A_SESSION_DEVICE, device))
		return -EMSGSIZE;
	tstamp = nf_conn_tstamp_find(ct);
	if (tstamp && nla_put_uint(skb, NF_XLAT_A_SESSION_START, tstamp->start))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

/*
 * Once the table has been resized, each further message has NLM_F_DUMP_INTR. It is set for
 * each message, as one that did not fit is built again.
 */
static void nf_xlat_nl_consistent(struct netlink_callback *cb,
				  const struct nf_xlat_nl_dump *d)
{
	cb->prev_seq = 1;
	cb->seq = 1 + d->resized;
}

/* The header of one more message of a dump */
static void *nf_xlat_nl_begin(struct sk_buff *skb, struct netlink_callback *cb,
			      const struct nf_xlat_nl_dump *d, u8 cmd)
{
	void *hdr;

	hdr = genlmsg_put(skb, NETLINK_CB(cb->skb).portid, cb->nlh->nlmsg_seq,
			  &nf_xlat_nl_family, NLM_F_MULTI, cmd);
	nf_xlat_nl_consistent(cb, d);
	if (hdr)
		genl_dump_check_consistent(cb, hdr);
	return hdr;
}

static int nf_xlat_nl_session(struct sk_buff *skb, struct netlink_callback *cb,
			      const struct nf_xlat_nl_dump *d,
			      const struct nf_conn *ct)
{
	void *hdr;

	hdr = nf_xlat_nl_begin(skb, cb, d, NF_XLAT_CMD_SESSION_GET);
	if (!hdr)
		return -EMSGSIZE;
	if (nf_xlat_nl_put_session(skb, ct)) {
		genlmsg_cancel(skb, hdr);
		return -EMSGSIZE;
	}
	genlmsg_end(skb, hdr);
	return 0;
}

/*
 * The sessions of a bucket, under its lock. What does not fit in the message as a whole is
 * left for the next one, since the bucket may have changed by then. A bucket that is
 * more than a message holds goes on with an entry that it knows; if that one is gone by
 * then, the bucket begins anew.
 *
 * Return: 0 when the bucket is done, 1 when there are no more, -EMSGSIZE when the message
 * is full.
 */
static int nf_xlat_nl_bucket(struct sk_buff *skb, struct netlink_callback *cb,
			     struct nf_xlat_nl_dump *d)
{
	const struct net *net = sock_net(cb->skb->sk);
	const unsigned int begin = skb->len;
	struct nf_conntrack_tuple_hash *h;
	struct hlist_nulls_node *n;
	struct nf_conn *ct;
	spinlock_t *lock; /* of the bucket */
	int err = 0;

	lock = &nf_conntrack_locks[d->bucket % CONNTRACK_LOCKS];
	nf_conntrack_lock(lock);
	nf_xlat_acquired(lock); /* Its prototype does not say so. */
	/* A table that is made anew may lie where an earlier one did. */
	if (d->hash != nf_conntrack_hash || d->size != nf_conntrack_htable_size) {
		if (d->hash)
			d->resized = true;
		d->hash = nf_conntrack_hash;
		d->size = nf_conntrack_htable_size;
	}
	if (d->bucket >= nf_conntrack_htable_size) {
		err = 1;
		goto unlock;
	}
again:
	hlist_nulls_for_each_entry(h, n, &nf_conntrack_hash[d->bucket], hnnode) {
		ct = nf_ct_tuplehash_to_ctrack(h);
		/* With IPS_NAT_CLASH only the reply tuple is in the table. */
		if (NF_CT_DIRECTION(h) != IP_CT_DIR_REPLY ||
		    !net_eq(nf_ct_net(ct), net) || !nf_xlat_ct_is_session(ct))
			continue;
		if (d->id) {
			if ((__force u32)nf_ct_get_id(ct) != d->id)
				continue;
			d->id = 0;
		}
		if (nf_ct_is_expired(ct) || !nf_xlat_nl_wants(&d->filter, ct))
			continue;
		err = nf_xlat_nl_session(skb, cb, d, ct);
		if (!err)
			continue;
		if (begin)
			skb_trim(skb, begin);
		else
			d->id = (__force u32)nf_ct_get_id(ct);
		goto unlock;
	}
	if (d->id) {
		d->id = 0;
		d->resized = true;
		goto again;
	}
unlock:
	spin_unlock(lock);
	return err;
}

static int nf_xlat_nl_session_dump(struct sk_buff *skb,
				   struct netlink_callback *cb)
{
	struct nf_xlat_nl_dump *d = (void *)cb->args[0];
	int err;

	/* Without sessions of ours there is no need to look at all the others. */
	if (!READ_ONCE(nf_xlat_ct_pernet(sock_net(cb->skb->sk))->used))
		return 0;
	for (;;) {
		local_bh_disable();
		err = nf_xlat_nl_bucket(skb, cb, d);
		local_bh_enable();
		if (err)
			break;
		d->bucket++;
		cond_resched();
	}
	nf_xlat_nl_consistent(cb, d);
	return skb->len;
}

static bool nf_xlat_nl_wants_mapping(const struct nf_xlat_nl_filter *f,
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
				       &client, bib->key6.port) &&
		    !nf_xlat_nl_end_is(f, i, NF_XLAT_A_FILTER_POOL, NFPROTO_IPV4,
				       &pool, bib->key4.port))
			return false;
	return true;
}

/* @net: count its sessions; NULL while it begins or ends, when that is not known */
static int nf_xlat_nl_put_mapping(struct sk_buff *skb, struct net *net,
				  const struct nf_xlat_bib *bib)
{
	const struct nf_xlat_bib_key6 *key6 = &bib->key6;
	const struct nf_xlat_bib_key4 *key4 = &bib->key4;
	u32 now = (u32)ktime_get_seconds();
	struct nlattr *nest;

	nest = nla_nest_start(skb, NF_XLAT_A_MAPPING);
	if (!nest ||
	    nla_put_in6_addr(skb, NF_XLAT_A_MAPPING_CLIENT, &key6->addr) ||
	    nla_put_be16(skb, NF_XLAT_A_MAPPING_CLIENT_PORT, key6->port) ||
	    nla_put_in_addr(skb, NF_XLAT_A_MAPPING_ADDR, key4->addr) ||
	    nla_put_be16(skb, NF_XLAT_A_MAPPING_PORT, key4->port) ||
	    nla_put_u8(skb, NF_XLAT_A_MAPPING_PROTOCOL, key4->proto) ||
	    nla_put_u8(skb, NF_XLAT_A_MAPPING_FILTERING, key6->filter) ||
	    nla_put_in6_addr(skb, NF_XLAT_A_MAPPING_PREFIX, &key6->prefix.addr) ||
	    nla_put_u8(skb, NF_XLAT_A_MAPPING_PREFIX_LEN, key6->prefix.len) ||
	    nla_put_in_addr(skb, NF_XLAT_A_MAPPING_POOL_MIN, key6->pool.min_addr) ||
	    nla_put_in_addr(skb, NF_XLAT_A_MAPPING_POOL_MAX, key6->pool.max_addr) ||
	    nla_put_u32(skb, NF_XLAT_A_MAPPING_AGE,
			now - (READ_ONCE(bib->since) ? : now)))
		return -EMSGSIZE;
	if (key4->zone &&
	    nla_put_u16(skb, NF_XLAT_A_MAPPING_ZONE, key4->zone))
		return -EMSGSIZE;
	if (key6->mtu && nla_put_u32(skb, NF_XLAT_A_MAPPING_MTU, key6->mtu))
		return -EMSGSIZE;
	if (key6->pool.max_proto &&
	    (nla_put_be16(skb, NF_XLAT_A_MAPPING_POOL_MIN_PORT,
			  key6->pool.min_proto) ||
	     nla_put_be16(skb, NF_XLAT_A_MAPPING_POOL_MAX_PORT,
			  key6->pool.max_proto)))
		return -EMSGSIZE;
	if (key6->masq && nla_put_flag(skb, NF_XLAT_A_MAPPING_MASQUERADE))
		return -EMSGSIZE;
	if (bib->masq_index &&
	    nla_put_u32(skb, NF_XLAT_A_MAPPING_IFINDEX, bib->masq_index))
		return -EMSGSIZE;
	if (net &&
	    nla_put_u32(skb, NF_XLAT_A_MAPPING_SESSIONS,
			nf_xlat_nl_bib_sessions(net, bib)))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

static int nf_xlat_nl_mapping(struct sk_buff *skb, struct netlink_callback *cb,
			      const struct nf_xlat_nl_dump *d,
			      const struct nf_xlat_bib *bib)
{
	void *hdr;

	hdr = nf_xlat_nl_begin(skb, cb, d, NF_XLAT_CMD_MAPPING_GET);
	if (!hdr)
		return -EMSGSIZE;
	if (nf_xlat_nl_put_mapping(skb, sock_net(cb->skb->sk), bib)) {
		genlmsg_cancel(skb, hdr);
		return -EMSGSIZE;
	}
	genlmsg_end(skb, hdr);
	return 0;
}

static int nf_xlat_nl_mapping_start(struct netlink_callback *cb)
{
	struct net *net = sock_net(cb->skb->sk);
	struct nf_xlat_nl_dump *d;
	int err;

	err = nf_xlat_nl_start(cb);
	if (err)
		return err;
	d = (void *)cb->args[0];
	if (d->filter.asked[NF_XLAT_A_FILTER_PEER] || d->filter.fast) {
		NL_SET_ERR_MSG_ATTR(cb->extack,
				    nf_xlat_dump_attrs(cb)[NF_XLAT_A_FILTER],
				    "mappings have neither a peer nor a fast path");
		kfree(d);
		return -EINVAL;
	}
	rhashtable_walk_enter(&nf_xlat_ct_pernet(net)->bib.table6, &d->iter);
	d->walks = true;
	return 0;
}

/*
 * The next mapping that is wanted. RCU read side, but the walk yields the CPU after many
 * that are not: a reference keeps the mapping at which it does so in the table, so that
 * the iterator finds its place again.
 */
static struct nf_xlat_bib *nf_xlat_nl_next_mapping(struct net *net,
						   struct nf_xlat_nl_dump *d)
{
	struct nf_xlat_bib *bib;
	unsigned int n = 0;

	while ((bib = rhashtable_walk_next(&d->iter))) {
		if (IS_ERR(bib)) {
			d->resized = true;
			continue;
		}
		if (nf_xlat_nl_wants_mapping(&d->filter, bib))
			return bib;
		if (++n < NF_XLAT_NL_BATCH || !nf_xlat_nl_stay(net, bib))
			continue;

		rhashtable_walk_stop(&d->iter);
		cond_resched();
		if (rhashtable_walk_start_check(&d->iter))
			d->resized = true;
		nf_xlat_nl_leave(net, bib);
		n = 0;
	}
	return NULL;
}

static int nf_xlat_nl_mapping_dump(struct sk_buff *skb,
				   struct netlink_callback *cb)
{
	struct nf_xlat_nl_dump *d = (void *)cb->args[0];
	struct nf_xlat_bib *bib, *stood = d->bib;
	struct net *net = sock_net(cb->skb->sk);

	d->bib = NULL;
	bib = stood;
	if (rhashtable_walk_start_check(&d->iter)) {
		d->resized = true;
		/* The walk begins anew, and will return this mapping again. */
		bib = NULL;
	}
	if (!bib)
		bib = nf_xlat_nl_next_mapping(net, d);
	while (bib && !nf_xlat_nl_mapping(skb, cb, d, bib))
		bib = nf_xlat_nl_next_mapping(net, d);
	/* If it has ended meanwhile, the next one is where to go on. */
	while (bib && !nf_xlat_nl_stay(net, bib))
		bib = nf_xlat_nl_next_mapping(net, d);
	d->bib = bib;
	rhashtable_walk_stop(&d->iter);
	if (stood)
		nf_xlat_nl_leave(net, stood);
	nf_xlat_nl_consistent(cb, d);
	return skb->len;
}

/* Does a socket of this namespace listen to @group, and has it joined the group? */
static bool nf_xlat_nl_has_listeners(const struct net *net, unsigned int group)
{
	return unlikely(READ_ONCE(nf_xlat_ct_pernet(net)->listeners.groups) & BIT(group)) &&
	       genl_has_listeners(&nf_xlat_nl_family, (struct net *)net, group);
}

/*
 * Begin a message for a group. If it cannot be made, the members get the error ENOBUFS.
 *
 * Return: the message, or NULL.
 */
static struct sk_buff *nf_xlat_nl_event(struct net *net, unsigned int group,
					u8 cmd, void **hdr)
{
	struct sk_buff *msg;

	msg = genlmsg_new(NF_XLAT_NL_EVENT_SIZE, GFP_ATOMIC);
	if (msg) {
		*hdr = genlmsg_put(msg, 0, 0, &nf_xlat_nl_family, 0, cmd);
		if (*hdr && !nla_put_uint(msg, NF_XLAT_A_TIME, ktime_get_real_ns()))
			return msg;
	}
	nlmsg_free(msg);
	genl_set_err(&nf_xlat_nl_family, net, 0, group, -ENOBUFS);
	return NULL;
}

/*
 * Let a work send @msg to @group, unless it could not be filled: @err.
 *
 * To send a message is more than to put it into the queues of sockets: where there is a device
 * of kind "nlmon", netlink_deliver_tap() transmits a copy there and then, and the rules of tc may
 * make of it a packet of the very session whose lock the caller holds.
 */
static void nf_xlat_nl_notify(struct net *net, unsigned int group,
			      struct sk_buff *msg, void *hdr, int err)
{
	struct nf_xlat_listeners *ls = &nf_xlat_ct_pernet(net)->listeners;

	if (err || skb_queue_len_lockless(&ls->events) >= NF_XLAT_MAX_EVENTS) {
		nlmsg_free(msg);
		genl_set_err(&nf_xlat_nl_family, net, 0, group, -ENOBUFS);
		return;
	}
	genlmsg_end(msg, hdr);
	NETLINK_CB(msg).dst_group = group;
	skb_queue_tail(&ls->events, msg);
	queue_work(nf_xlat_nl_wq, &ls->send);
}

/* Send the events that are there. Those that come meanwhile are for the next run. */
static void nf_xlat_nl_send_work(struct work_struct *work)
{
	struct nf_xlat_listeners *ls = container_of(work, struct nf_xlat_listeners, send);
	struct nf_xlat_ct_net *xn = container_of(ls, struct nf_xlat_ct_net, listeners);
	u32 n = skb_queue_len_lockless(&ls->events);
	struct sk_buff *msg;

	while (n-- && (msg = skb_dequeue(&ls->events))) {
		genlmsg_multicast_netns(&nf_xlat_nl_family, xn->net, msg, 0,
					NETLINK_CB(msg).dst_group, GFP_KERNEL);
		cond_resched();
	}
	if (!skb_queue_empty_lockless(&ls->events))
		queue_work(nf_xlat_nl_wq, work);
}

/**
 * nf_xlat_netlink_net_init - prepare the events of a namespace
 * @xn: its data
 */
void nf_xlat_netlink_net_init(struct nf_xlat_ct_net *xn)
{
	spin_lock_init(&xn->listeners.lock);
	skb_queue_head_init(&xn->listeners.events);
	INIT_WORK(&xn->listeners.send, nf_xlat_nl_send_work);
}

/**
 * nf_xlat_netlink_net_exit - there are no events any more
 * @xn: the data of a namespace whose sessions and mappings have ended
 *
 * Process context.
 */
void nf_xlat_netlink_net_exit(struct nf_xlat_ct_net *xn)
{
	cancel_work_sync(&xn->listeners.send);
	skb_queue_purge(&xn->listeners.events);
}

/**
 * nf_xlat_netlink_mapping - notify listeners of a mapping
 * @net: network namespace
 * @bib: the mapping
 * @cmd: NF_XLAT_CMD_MAPPING_NEW_NTF or NF_XLAT_CMD_MAPPING_DEL_NTF
 *
 * Any context.
 */
void nf_xlat_netlink_mapping(struct net *net, const struct nf_xlat_bib *bib,
			     u8 cmd)
{
	struct sk_buff *msg;
	void *hdr;

	if (!nf_xlat_nl_has_listeners(net, NF_XLAT_NL_MAPPINGS))
		return;
	msg = nf_xlat_nl_event(net, NF_XLAT_NL_MAPPINGS, cmd, &hdr);
	if (msg)
		nf_xlat_nl_notify(net, NF_XLAT_NL_MAPPINGS, msg, hdr,
				  nf_xlat_nl_put_mapping(msg, NULL, bib));
}

/**
 * nf_xlat_netlink_has_listeners - does anybody listen to the sessions of a namespace?
 * @net: network namespace
 *
 * Any context.
 *
 * Return: true if a socket of this namespace does.
 */
bool nf_xlat_netlink_has_listeners(const struct net *net)
{
	return nf_xlat_nl_has_listeners(net, NF_XLAT_NL_SESSIONS);
}

/**
 * nf_xlat_netlink_session - notify listeners of a session
 * @ct: its entry, which has our data
 * @cmd: NF_XLAT_CMD_SESSION_NEW_NTF, which is left out if nf_xlat_ct_detach() has been called,
 *	or NF_XLAT_CMD_SESSION_DEL_NTF from that function
 *
 * Any context.
 */
void nf_xlat_netlink_session(struct nf_conn *ct, u8 cmd)
{
	struct net *net = nf_ct_net(ct);
	struct sk_buff *msg;
	void *hdr;

	if (!nf_xlat_netlink_has_listeners(net))
		return;
	/* Two CPUs notify one after the other, so that no begin comes behind an end. */
	spin_lock_bh(&ct->lock);
	if (cmd == NF_XLAT_CMD_SESSION_DEL_NTF ||
	    READ_ONCE(nf_xlat_ct_data(ct)->held) != NF_XLAT_CT_GONE) {
		msg = nf_xlat_nl_event(net, NF_XLAT_NL_SESSIONS, cmd, &hdr);
		if (msg)
			nf_xlat_nl_notify(net, NF_XLAT_NL_SESSIONS, msg, hdr,
					  nf_xlat_nl_put_session(msg, ct));
	}
	spin_unlock_bh(&ct->lock);
}

/* What mappings have of an address, each protocol in a message */
static int nf_xlat_nl_addr(struct sk_buff *skb, struct netlink_callback *cb,
			   const struct nf_xlat_bib *addr)
{
	static const u8 protos[__NF_XLAT_BIB_PROTOS] = {
		[NF_XLAT_BIB_TCP]	= IPPROTO_TCP,
		[NF_XLAT_BIB_UDP]	= IPPROTO_UDP,
		[NF_XLAT_BIB_ICMP]	= IPPROTO_ICMP,
	};
	u32 ports, failures;
	struct nlattr *nest;
	unsigned int i;
	void *hdr;

	for (i = 0; i < ARRAY_SIZE(protos); i++) {
		ports = atomic_read(&addr->ports[i]);
		failures = atomic_read(&addr->failures[i]);
		if (!ports && !failures)
			continue;
		hdr = genlmsg_put(skb, NETLINK_CB(cb->skb).portid,
				  cb->nlh->nlmsg_seq, &nf_xlat_nl_family,
				  NLM_F_MULTI, NF_XLAT_CMD_POOL_GET);
		if (!hdr)
			return -EMSGSIZE;
		nest = nla_nest_start(skb, NF_XLAT_A_POOL);
		if (!nest ||
		    nla_put_in_addr(skb, NF_XLAT_A_POOL_ADDR, addr->key4.addr) ||
		    nla_put_u8(skb, NF_XLAT_A_POOL_PROTOCOL, protos[i]) ||
		    nla_put_u32(skb, NF_XLAT_A_POOL_PORTS, ports) ||
		    nla_put_u32(skb, NF_XLAT_A_POOL_FAILURES, failures) ||
		    (addr->key4.zone &&
		     nla_put_u16(skb, NF_XLAT_A_POOL_ZONE, addr->key4.zone)))
			return -EMSGSIZE;
		nla_nest_end(skb, nest);
		genlmsg_end(skb, hdr);
	}
	return 0;
}

/*
 * The addresses are a list. A reference keeps the one with which the dump goes on in it: that
 * is in args[0], or 1 when there are no more.
 */
static int nf_xlat_nl_pool_dump(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct net *net = sock_net(cb->skb->sk);
	struct nf_xlat_bib_net *bn = &nf_xlat_ct_pernet(net)->bib;
	struct nf_xlat_bib *stood, *addr;
	unsigned int begin;
	bool full = false;

	if (cb->args[0] == 1)
		return 0;
	stood = (void *)cb->args[0];
	cb->args[0] = 1;
	rcu_read_lock();
	addr = stood ? : list_entry_rcu(bn->addrs.next, struct nf_xlat_bib, list);
	list_for_each_entry_from_rcu(addr, &bn->addrs, list) {
		if (!refcount_read(&addr->ref))
			continue;
		begin = skb->len;
		if (!full && nf_xlat_nl_addr(skb, cb, addr)) {
			skb_trim(skb, begin);
			full = true;
		}
		if (full && nf_xlat_nl_stay(net, addr)) {
			cb->args[0] = (long)addr;
			break;
		}
	}
	rcu_read_unlock();
	if (stood)
		nf_xlat_nl_leave(net, stood);
	return skb->len;
}

static int nf_xlat_nl_pool_done(struct netlink_callback *cb)
{
	if (cb->args[0] && cb->args[0] != 1)
		nf_xlat_nl_leave(sock_net(cb->skb->sk), (void *)cb->args[0]);
	return 0;
}

static int nf_xlat_nl_counters(struct sk_buff *skb, struct genl_info *info)
{
	const struct nf_xlat_mib __percpu *mib = nf_xlat_mib(genl_info_net(info));
	struct sk_buff *msg;
	struct nlattr *nest;
	const char *name;
	unsigned int i;
	void *hdr;

	msg = genlmsg_new(GENLMSG_DEFAULT_SIZE, GFP_KERNEL);
	if (!msg)
		return -ENOMEM;
	hdr = genlmsg_put_reply(msg, info, &nf_xlat_nl_family, 0,
				NF_XLAT_CMD_COUNTERS_GET);
	if (!hdr)
		goto err;
	for (i = 0; i < __NF_XLAT_MIB_MAX; i++) {
		name = nf_xlat_mib_name(i);
		if (!name)
			continue;
		nest = nla_nest_start(msg, NF_XLAT_A_COUNTER);
		if (!nest || nla_put_string(msg, NF_XLAT_A_COUNTER_NAME, name) ||
		    nla_put_uint(msg, NF_XLAT_A_COUNTER_VALUE,
				 nf_xlat_mib_sum(mib, i)))
			goto err;
		nla_nest_end(msg, nest);
	}
	genlmsg_end(msg, hdr);
	return genlmsg_reply(msg, info);

err:
	nlmsg_free(msg);
	return -EMSGSIZE;
}

/**
 * struct nf_xlat_nl_del - sessions that are to end
 *
 * @filter: which
 * @n: how many there were
 */
struct nf_xlat_nl_del {
	struct nf_xlat_nl_filter	filter;
	u32				n;
};

static int nf_xlat_nl_del_iter(struct nf_conn *ct, void *data)
{
	struct nf_xlat_nl_del *del = data;

	/* Neither what a dump would not show, nor what another CPU is about to end */
	if (nf_ct_is_dying(ct) || nf_ct_is_expired(ct) ||
	    !nf_xlat_ct_is_session(ct) || !nf_xlat_nl_wants(&del->filter, ct))
		return 0;
	del->n++;
	return 1;
}

/* Does a filter ask for anything? */
static bool nf_xlat_nl_asks(const struct nf_xlat_nl_filter *f)
{
	return f->has_proto || f->fast ||
	       memchr_inv(f->asked, 0, sizeof(f->asked));
}

static int nf_xlat_nl_session_del(struct sk_buff *skb, struct genl_info *info)
{
	struct nf_ct_iter_data iter = {
		.net	= genl_info_net(info),
		.portid	= info->snd_portid,
		.report	= nlmsg_report(info->nlhdr),
	};
	struct nf_xlat_nl_del *del;
	struct sk_buff *msg;
	int err = -ENOMEM;
	void *hdr;

	/* Before anything is deleted. */
	msg = genlmsg_new(GENLMSG_DEFAULT_SIZE, GFP_KERNEL);
	del = kzalloc(sizeof(*del), GFP_KERNEL);
	if (!msg || !del)
		goto err;
	err = nf_xlat_nl_parse(&del->filter, info->attrs[NF_XLAT_A_FILTER],
			       info->extack);
	if (err)
		goto err;
	err = -EINVAL;
	if (!nf_xlat_nl_asks(&del->filter)) {
		NL_SET_ERR_MSG(info->extack,
			       "the filter asks for nothing, and all sessions would end");
		goto err;
	}
	iter.data = del;
	nf_ct_iterate_cleanup_net(nf_xlat_nl_del_iter, &iter);

	err = -EMSGSIZE;
	hdr = genlmsg_put_reply(msg, info, &nf_xlat_nl_family, 0,
				NF_XLAT_CMD_SESSION_DEL);
	if (!hdr || nla_put_u32(msg, NF_XLAT_A_COUNT, del->n))
		goto err;
	genlmsg_end(msg, hdr);
	kfree(del);
	return genlmsg_reply(msg, info);

err:
	kfree(del);
	nlmsg_free(msg);
	return err;
}

/*
 * Note to which groups the socket @portid listens, 0 for none.
 *
 * Return: 0, or -EBUSY if there are too many.
 */
static int nf_xlat_nl_set_listener(const struct net *net, u32 portid, u32 groups)
{
	struct nf_xlat_listeners *ls = &nf_xlat_ct_pernet(net)->listeners;
	unsigned int i, at = NF_XLAT_MAX_LISTENERS;
	u32 all = 0;

	spin_lock(&ls->lock);
	for (i = 0; i < NF_XLAT_MAX_LISTENERS && ls->portid[i] != portid; i++)
		if (!ls->portid[i] && groups)
			at = i;
	if (i < NF_XLAT_MAX_LISTENERS)
		at = i;
	if (at < NF_XLAT_MAX_LISTENERS) {
		ls->portid[at] = groups ? portid : 0;
		ls->of[at] = groups;
	}
	for (i = 0; i < NF_XLAT_MAX_LISTENERS; i++)
		all |= ls->of[i];
	WRITE_ONCE(ls->groups, all);
	spin_unlock(&ls->lock);
	return at < NF_XLAT_MAX_LISTENERS || !groups ? 0 : -EBUSY;
}

static int nf_xlat_nl_listen(struct sk_buff *skb, struct genl_info *info)
{
	int err;

	if (GENL_REQ_ATTR_CHECK(info, NF_XLAT_A_GROUPS))
		return -EINVAL;
	err = nf_xlat_nl_set_listener(genl_info_net(info), info->snd_portid,
				      nla_get_u32(info->attrs[NF_XLAT_A_GROUPS]));
	if (err)
		NL_SET_ERR_MSG(info->extack,
			       "16 sockets of this network namespace listen already");
	return err;
}

/* A socket is closed. */
static int nf_xlat_nl_release(struct notifier_block *nb, unsigned long event,
			      void *ptr)
{
	const struct netlink_notify *n = ptr;

	if (event == NETLINK_URELEASE && n->protocol == NETLINK_GENERIC &&
	    READ_ONCE(nf_xlat_ct_pernet(n->net)->listeners.groups))
		nf_xlat_nl_set_listener(n->net, n->portid, 0);
	return NOTIFY_DONE;
}

static struct notifier_block nf_xlat_nl_notifier = {
	.notifier_call	= nf_xlat_nl_release,
};

static const struct genl_ops nf_xlat_nl_ops[] = {
	{
		.cmd		= NF_XLAT_CMD_COUNTERS_GET,
		.doit		= nf_xlat_nl_counters,
	},
	{
		.cmd		= NF_XLAT_CMD_SESSION_GET,
		.start		= nf_xlat_nl_start,
		.dumpit		= nf_xlat_nl_session_dump,
		.done		= nf_xlat_nl_done,
		.policy		= nf_xlat_nl_policy,
		.maxattr	= NF_XLAT_A_FILTER,
		.flags		= GENL_UNS_ADMIN_PERM,
	},
	{
		.cmd		= NF_XLAT_CMD_MAPPING_GET,
		.start		= nf_xlat_nl_mapping_start,
		.dumpit		= nf_xlat_nl_mapping_dump,
		.done		= nf_xlat_nl_done,
		.policy		= nf_xlat_nl_policy,
		.maxattr	= NF_XLAT_A_FILTER,
		.flags		= GENL_UNS_ADMIN_PERM,
	},
	{
		.cmd		= NF_XLAT_CMD_POOL_GET,
		.dumpit		= nf_xlat_nl_pool_dump,
		.done		= nf_xlat_nl_pool_done,
		.flags		= GENL_UNS_ADMIN_PERM,
	},
	{
		.cmd		= NF_XLAT_CMD_LISTEN,
		.doit		= nf_xlat_nl_listen,
		.policy		= nf_xlat_nl_listen_policy,
		.maxattr	= NF_XLAT_A_GROUPS,
		.flags		= GENL_UNS_ADMIN_PERM,
	},
	{
		.cmd		= NF_XLAT_CMD_SESSION_DEL,
		.doit		= nf_xlat_nl_session_del,
		.policy		= nf_xlat_nl_policy,
		.maxattr	= NF_XLAT_A_FILTER,
		.flags		= GENL_UNS_ADMIN_PERM,
	},
};

static struct genl_family nf_xlat_nl_family __ro_after_init = {
	.name		= NF_XLAT_FAMILY_NAME,
	.version	= NF_XLAT_FAMILY_VERSION,
	.netnsok	= true,
	.parallel_ops	= true,
	.module		= THIS_MODULE,
	.ops		= nf_xlat_nl_ops,
	.n_ops		= ARRAY_SIZE(nf_xlat_nl_ops),
	.mcgrps		= nf_xlat_nl_groups,
	.n_mcgrps	= ARRAY_SIZE(nf_xlat_nl_groups),
};

/**
 * nf_xlat_netlink_init - the family is there
 *
 * Return: 0 or a negative error.
 */
int __init nf_xlat_netlink_init(void)
{
	int err;

	nf_xlat_nl_wq = alloc_workqueue("nf_xlat_events", WQ_UNBOUND, 0);
	if (!nf_xlat_nl_wq)
		return -ENOMEM;
	err = netlink_register_notifier(&nf_xlat_nl_notifier);
	if (err)
		goto err_wq;
	err = genl_register_family(&nf_xlat_nl_family);
	if (err)
		goto err_notifier;
	return 0;

err_notifier:
	netlink_unregister_notifier(&nf_xlat_nl_notifier);
err_wq:
	destroy_workqueue(nf_xlat_nl_wq);
	return err;
}

/**
 * nf_xlat_netlink_exit - the family is gone
 *
 * No dump is under way, since each has a reference to the module, and all sessions have
 * ended, so that there is nothing left to tell, once the work has sent what waits. Process
 * context.
 */
void nf_xlat_netlink_exit(void)
{
	drain_workqueue(nf_xlat_nl_wq);
	genl_unregister_family(&nf_xlat_nl_family);
	netlink_unregister_notifier(&nf_xlat_nl_notifier);
	destroy_workqueue(nf_xlat_nl_wq);
}
