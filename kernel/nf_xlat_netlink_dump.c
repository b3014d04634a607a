// SPDX-License-Identifier: GPL-2.0-only
/*
 * Dumps of sessions, mappings and blocks by generic netlink; and the command that ends the sessions
 * that a filter asks for, see nf_xlat_netlink_filter.c.
 *
 * A dump has each entry once that exists from the first message of the dump to the last one. If the
 * table is resized in between, the dump may have an entry twice or not at all. Then messages of the
 * dump have the flag NLM_F_DUMP_INTR.
 */

#include <linux/netlink.h>
#include <linux/rhashtable.h>
#include <linux/sched.h>
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
#include "nf_xlat_netlink_internal.h"

/* After this many entries that the filter rejects, a dump yields the CPU. */
#define NF_XLAT_NL_BATCH	1024

/**
 * struct nf_xlat_nl_dump - a dump that is in progress
 *
 * @filter: which sessions, mappings or blocks to dump
 * @resized: set NLM_F_DUMP_INTR: a table has been resized, or the entry @id is gone
 * @hash: nf_conntrack_hash at the last bucket, to see whether the table has been resized
 * @size: number of buckets of @hash
 * @bucket: bucket of @hash to go on with
 * @id: nf_ct_get_id() of the entry in @bucket to go on with, 0 to begin with the first one
 * @blocks: dump blocks, and not mappings
 * @iter: in the table of mappings and blocks
 * @walks: rhashtable_walk_enter() has been called for @iter
 * @bib: mapping or block to go on with, with a reference, so that @iter finds its place
 */
struct nf_xlat_nl_dump {
	struct nf_xlat_nl_filter	filter;
	bool				resized;
	const struct hlist_nulls_head	*hash;
	unsigned int			size;
	unsigned int			bucket;
	u32				id;
	bool				blocks;
	struct rhashtable_iter		iter;
	bool				walks;
	struct nf_xlat_bib		*bib;
};

/**
 * nf_xlat_nl_start - begin a dump of sessions
 * @cb: the dump; its filter is parsed
 *
 * Process context.
 *
 * Return: 0, or a negative error with a message in @cb->extack.
 */
int nf_xlat_nl_start(struct netlink_callback *cb)
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
	cb->args[0] = (long)d;
	return 0;
}

/**
 * nf_xlat_nl_done - end a dump of sessions or mappings
 * @cb: the dump, which need not have come to its end
 *
 * Return: 0
 */
int nf_xlat_nl_done(struct netlink_callback *cb)
{
	struct nf_xlat_nl_dump *d = (void *)cb->args[0];

	if (d->walks)
		rhashtable_walk_exit(&d->iter);
	if (d->bib)
		nf_xlat_nl_dump_put(sock_net(cb->skb->sk), d->bib);
	kfree(d);
	return 0;
}

/* Does a session hold a mapping? When the session ends, this is not known any more. */
static bool nf_xlat_nl_is_mapped(const struct nf_conn *ct)
{
	const struct nf_xlat_bib *from, *to;

	rcu_read_lock();
	nf_xlat_ct_mappings(ct, &from, &to);
	rcu_read_unlock();
	return from || to;
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

/* Get the index of the device of kind "xlat" that counts a session, 0 for none. */
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

/**
 * nf_xlat_nl_put_session - put the attributes of a session
 * @skb: message
 * @ct: its entry
 *
 * Any context.
 *
 * Return: 0, or -EMSGSIZE if there is no room.
 */
int nf_xlat_nl_put_session(struct sk_buff *skb, const struct nf_conn *ct)
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
	if (data && data->non_global)
		flags |= NF_XLAT_SESSION_FLAG_NON_GLOBAL;
	if (nf_xlat_nl_is_mapped(ct))
		flags |= NF_XLAT_SESSION_FLAG_MAPPED;
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
	    nla_put_u32(skb, NF_XLAT_A_SESSION_TIMEOUT, max(nf_ct_expires(ct) / HZ, 1UL)) ||
	    nla_put_in_addr(skb, NF_XLAT_A_SESSION_POOL_ADDR,
			    nf_xlat_ct_pool_addr(ct)))
		return -EMSGSIZE;
	if (nf_ct_protonum(ct) == IPPROTO_TCP &&
	    nla_put_u8(skb, NF_XLAT_A_SESSION_TCP_STATE,
		       READ_ONCE(ct->proto.tcp.state)))
		return -EMSGSIZE;
	if (mark && nla_put_u32(skb, NF_XLAT_A_SESSION_MARK, mark))
		return -EMSGSIZE;
	if (data &&
	    ((data->prefix_len && nla_put_u8(skb, NF_XLAT_A_SESSION_PREFIX_LEN,
					     data->prefix_len)) ||
	     (data->mtu && nla_put_u32(skb, NF_XLAT_A_SESSION_MTU, data->mtu)) ||
	     (data->masq_index && nla_put_u32(skb, NF_XLAT_A_SESSION_IFINDEX,
					      data->masq_index))))
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
 * After the table has been resized, each further message has NLM_F_DUMP_INTR. This has to be called
 * for each message, since a message that did not fit is built again.
 */
static void nf_xlat_nl_consistent(struct netlink_callback *cb,
				  const struct nf_xlat_nl_dump *d)
{
	cb->prev_seq = 1;
	cb->seq = 1 + d->resized;
}

/* Put the header of one more message of a dump. */
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
 * Put the sessions of a bucket into the message, with the lock of the bucket held. The bucket may
 * change before the next message. So if the bucket does not fit behind other buckets, remove its
 * part from the message, and begin the next message with the bucket. If it does not fit into an
 * empty message, store in @d->id the entry to go on with. If that entry is gone then, put the whole
 * bucket again.
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
	nf_xlat_acquired(lock); /* Its prototype is not annotated. */
	/* Compare the size as well: a new table may have the address of an earlier one. */
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
		if (nf_ct_is_expired(ct) || !nf_xlat_nl_match(&d->filter, ct))
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

/**
 * nf_xlat_nl_session_dump - fill the next message of a dump of sessions
 * @skb: message
 * @cb: the dump
 *
 * Process context.
 *
 * Return: length of the message, 0 if there are no more.
 */
int nf_xlat_nl_session_dump(struct sk_buff *skb,
			    struct netlink_callback *cb)
{
	struct nf_xlat_nl_dump *d = (void *)cb->args[0];
	int err;

	/* If the namespace has never had sessions of ours, do not walk over all entries. */
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

static int nf_xlat_nl_mapping(struct sk_buff *skb, struct netlink_callback *cb,
			      const struct nf_xlat_nl_dump *d,
			      const struct nf_xlat_bib *bib)
{
	void *hdr;

	hdr = nf_xlat_nl_begin(skb, cb, d, d->blocks ? NF_XLAT_CMD_BLOCK_GET :
						       NF_XLAT_CMD_MAPPING_GET);
	if (!hdr)
		return -EMSGSIZE;
	if (d->blocks ? nf_xlat_nl_put_block(skb, sock_net(cb->skb->sk), bib) :
			nf_xlat_nl_put_mapping(skb, NF_XLAT_A_MAPPING, sock_net(cb->skb->sk),
					       bib)) {
		genlmsg_cancel(skb, hdr);
		return -EMSGSIZE;
	}
	genlmsg_end(skb, hdr);
	return 0;
}

/**
 * nf_xlat_nl_mapping_start - begin a dump of mappings
 * @cb: the dump; its filter is parsed
 *
 * Process context.
 *
 * Return: 0, or a negative error with a message in @cb->extack.
 */
int nf_xlat_nl_mapping_start(struct netlink_callback *cb)
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
				    "mappings and blocks have neither a peer nor a fast path");
		kfree(d);
		return -EINVAL;
	}
	rhashtable_walk_enter(&nf_xlat_ct_pernet(net)->bib.table6, &d->iter);
	d->walks = true;
	return 0;
}

/**
 * nf_xlat_nl_block_start - begin a dump of blocks
 * @cb: the dump; its filter is parsed
 *
 * Process context.
 *
 * Return: 0, or a negative error with a message in @cb->extack.
 */
int nf_xlat_nl_block_start(struct netlink_callback *cb)
{
	int err = nf_xlat_nl_mapping_start(cb);

	if (!err)
		((struct nf_xlat_nl_dump *)cb->args[0])->blocks = true;
	return err;
}

/*
 * Find the next mapping or block that the filter asks for. RCU read side. But after many others,
 * the walk stops at one of them and yields the CPU. A reference keeps that one in the table, so
 * that the iterator finds its place again.
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
		if (nf_xlat_bib_is_block(bib) == d->blocks &&
		    (d->blocks ? nf_xlat_nl_match_block(&d->filter, bib) :
				 nf_xlat_nl_match_mapping(&d->filter, bib)))
			return bib;
		if (++n < NF_XLAT_NL_BATCH || !nf_xlat_nl_dump_hold(net, bib))
			continue;

		rhashtable_walk_stop(&d->iter);
		cond_resched();
		if (rhashtable_walk_start_check(&d->iter))
			d->resized = true;
		nf_xlat_nl_dump_put(net, bib);
		n = 0;
	}
	return NULL;
}

/**
 * nf_xlat_nl_mapping_dump - fill the next message of a dump of mappings or blocks
 * @skb: message
 * @cb: the dump
 *
 * Process context.
 *
 * Return: length of the message, 0 if there are no more.
 */
int nf_xlat_nl_mapping_dump(struct sk_buff *skb,
			    struct netlink_callback *cb)
{
	struct nf_xlat_nl_dump *d = (void *)cb->args[0];
	struct nf_xlat_bib *bib, *resume = d->bib;
	struct net *net = sock_net(cb->skb->sk);

	d->bib = NULL;
	bib = resume;
	if (rhashtable_walk_start_check(&d->iter)) {
		d->resized = true;
		/* The walk begins anew, and will return this mapping again. */
		bib = NULL;
	}
	if (!bib)
		bib = nf_xlat_nl_next_mapping(net, d);
	while (bib && !nf_xlat_nl_mapping(skb, cb, d, bib))
		bib = nf_xlat_nl_next_mapping(net, d);
	/* Stop at this mapping. If it has ended meanwhile, stop at the next one. */
	while (bib && !nf_xlat_nl_dump_hold(net, bib))
		bib = nf_xlat_nl_next_mapping(net, d);
	d->bib = bib;
	rhashtable_walk_stop(&d->iter);
	if (resume)
		nf_xlat_nl_dump_put(net, resume);
	nf_xlat_nl_consistent(cb, d);
	return skb->len;
}

/*
 * Conntrack adds no entry to a bucket that has more than 80 of them. If a walk has ended more sessions than
 * that in one bucket, packets make new ones as fast as it ends them. Then it has to leave the
 * bucket.
 */
#define NF_XLAT_NL_DEL_BUCKET	128

/**
 * struct nf_xlat_nl_del - sessions that are to end
 *
 * @filter: which
 * @n: how many have been ended
 * @hash: nf_conntrack_hash at the last bucket
 * @size: number of buckets of @hash
 * @bucket: bucket of @hash to go on with
 * @in_bucket: how many have been found in @bucket
 */
struct nf_xlat_nl_del {
	struct nf_xlat_nl_filter	filter;
	u32				n;
	const struct hlist_nulls_head	*hash;
	unsigned int			size;
	unsigned int			bucket;
	unsigned int			in_bucket;
};

/* Find a wanted session in a bucket, whose lock the caller holds, and take a reference. */
static struct nf_conn *nf_xlat_nl_del_in(const struct net *net, const struct nf_xlat_nl_del *del)
{
	struct nf_conntrack_tuple_hash *h;
	struct hlist_nulls_node *n;
	struct nf_conn *ct;

	hlist_nulls_for_each_entry(h, n, &nf_conntrack_hash[del->bucket], hnnode) {
		ct = nf_ct_tuplehash_to_ctrack(h);
		/* Skip what a dump would not show, and what another CPU is about to end. */
		if (NF_CT_DIRECTION(h) != IP_CT_DIR_REPLY || !net_eq(nf_ct_net(ct), net) ||
		    nf_ct_is_dying(ct) || nf_ct_is_expired(ct) ||
		    !nf_xlat_ct_is_session(ct) || !nf_xlat_nl_match(&del->filter, ct))
			continue;
		refcount_inc(&ct->ct_general.use);
		return ct;
	}
	return NULL;
}

/*
 * Find the next session that is to end, and take a reference. The caller holds a lock of generic
 * netlink, so do not wait for nf_conntrack_mutex, as nf_ct_iterate_cleanup_net() would. Without
 * that mutex, the table may be resized; then begin with the first bucket again. Process context.
 */
static struct nf_conn *nf_xlat_nl_del_next(const struct net *net, struct nf_xlat_nl_del *del)
{
	struct nf_conn *ct = NULL;
	bool end = false;
	spinlock_t *lock; /* of the bucket */

	while (!ct && !end) {
		lock = &nf_conntrack_locks[del->bucket % CONNTRACK_LOCKS];
		local_bh_disable();
		nf_conntrack_lock(lock);
		nf_xlat_acquired(lock); /* Its prototype is not annotated. */
		if (del->hash != nf_conntrack_hash || del->size != nf_conntrack_htable_size) {
			del->hash = nf_conntrack_hash;
			del->size = nf_conntrack_htable_size;
			del->bucket = 0;
			del->in_bucket = 0;
		} else if (del->bucket >= del->size) {
			end = true;
		} else {
			ct = nf_xlat_nl_del_in(net, del);
			/* There may be another one in the same bucket. */
			if (!ct || ++del->in_bucket == NF_XLAT_NL_DEL_BUCKET) {
				del->bucket++;
				del->in_bucket = 0;
			}
		}
		spin_unlock(lock);
		local_bh_enable();
		cond_resched();
	}
	return ct;
}

/**
 * nf_xlat_nl_session_del - end the sessions that a filter asks for, and tell how many
 * @skb: request
 * @info: its attributes
 *
 * Process context.
 *
 * Return: 0, or a negative error with a message in @info->extack.
 */
int nf_xlat_nl_session_del(struct sk_buff *skb, struct genl_info *info)
{
	struct net *net = genl_info_net(info);
	struct nf_xlat_nl_del *del;
	struct sk_buff *msg;
	struct nf_conn *ct;
	int err = -ENOMEM;
	void *hdr;

	/* Allocate the answer before any session ends. */
	msg = genlmsg_new(GENLMSG_DEFAULT_SIZE, GFP_KERNEL);
	del = kzalloc(sizeof(*del), GFP_KERNEL);
	if (!msg || !del)
		goto err;
	err = nf_xlat_nl_parse(&del->filter, info->attrs[NF_XLAT_A_FILTER],
			       info->extack);
	if (err)
		goto err;
	err = -EINVAL;
	if (!nf_xlat_nl_filter_is_set(&del->filter)) {
		NL_SET_ERR_MSG(info->extack,
			       "the filter asks for nothing, and all sessions would end");
		goto err;
	}
	err = nf_xlat_nl_hold();
	if (err)
		goto err;
	/* If the namespace has never had sessions of ours, do not walk over all entries. */
	while (READ_ONCE(nf_xlat_ct_pernet(net)->used) && !fatal_signal_pending(current) &&
	       (ct = nf_xlat_nl_del_next(net, del))) {
		/*
		 * No report, as in nf_xlat_ct_make(). The event does not say whose request it was.
		 */
		nf_ct_delete(ct, 0, 0);
		nf_ct_put(ct);
		del->n++;
		cond_resched();
	}
	nf_xlat_nl_exit();

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
