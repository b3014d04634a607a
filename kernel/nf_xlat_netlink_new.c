// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sessions that userspace makes and changes by generic netlink; nf_xlat_netlink_read.c reads and
 * checks them.
 *
 * The command says whether a session is to be made or to be changed, since generic netlink refuses
 * NLM_F_CREATE and similar flags in a new family, see genl_header_check().
 */

#include <net/genetlink.h>
#include <net/netlink.h>
#include <net/netfilter/nf_conntrack_core.h>
#include "compat.h"
#include "nf_xlat_netlink_internal.h"

/*
 * Get the mappings of a session, and the permissions of their peers. A session without a mapping
 * must not have the port of one. RCU read side
 */
static int nf_xlat_nl_get_refs(struct nf_xlat_nl_new *n)
{
	static const u8 at[] = { NF_XLAT_REF_BIB, NF_XLAT_REF_HAIRPIN };
	static const u8 peer_at[] = { NF_XLAT_REF_PEER, NF_XLAT_REF_HAIRPIN_PEER };
	const struct nf_conntrack_tuple *orig = &n->params.tuple[IP_CT_DIR_ORIGINAL];
	const struct nf_conntrack_tuple *reply = &n->params.tuple[IP_CT_DIR_REPLY];
	struct nf_xlat_nl_mapping *m;
	struct nf_xlat_bib_key4 key;
	struct nf_xlat_bib *bib;
	/* Take the addresses of a hairpin from its tuples, as it may have only one mapping. */
	__be32 peers[2] = { 0, nf_xlat_nl_pool_addr(n) };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(at); i++) {
		if (!n->map[i].attr)
			continue;
		bib = nf_xlat_nl_get_mapping(n->net, &n->map[i], n->extack);
		if (IS_ERR(bib))
			return PTR_ERR(bib);
		n->refs[at[i]] = bib;
	}

	if (!n->params.hairpin)
		peers[0] = orig->src.l3num == NFPROTO_IPV4 ? orig->src.u3.ip : reply->src.u3.ip;
	else if (n->map[0].attr)
		nf_xlat_addr_6to4(&n->map[0].key6.prefix, &orig->dst.u3.in6, &peers[0]);
	for (i = 0; i < ARRAY_SIZE(at); i++) {
		m = &n->map[i];
		if (!m->attr || !m->key6.filter)
			continue;
		bib = nf_xlat_bib_add_peer(n->net, n->refs[at[i]], peers[i],
					   n->permission[i]);
		n->permission[i] = NULL;
		if (!bib)
			return -ENOMEM;
		n->refs[peer_at[i]] = bib;
	}

	if (n->map[0].attr || n->params.hairpin || reply->src.l3num != NFPROTO_IPV4 ||
	    !nf_xlat_ct_has_mappings(reply->dst.protonum))
		return 0;
	memset(&key, 0, sizeof(key));
	key.addr = reply->dst.u3.ip;
	key.port = nf_xlat_tuple_is_icmp(reply) ? reply->src.u.all : reply->dst.u.all;
	key.proto = reply->dst.protonum;
	key.zone = n->zone[IP_CT_DIR_REPLY];
	if (nf_xlat_bib_blocked(&nf_xlat_ct_pernet(n->net)->bib, &key))
		return NF_XLAT_NL_BAD(n->extack, n->tb[NF_XLAT_A_SESSION_REPLY], -EBUSY,
				      "a block has this address and port");
	return nf_xlat_bib_mapped(n->net, &key) ?
	       NF_XLAT_NL_BAD(n->extack, n->tb[NF_XLAT_A_SESSION_REPLY], -EADDRINUSE,
			      "another mapping has this address and port") : 0;
}

static void nf_xlat_nl_say_taken(const struct nf_xlat_nl_new *n, int err)
{
	const struct nlattr *attr = n->tb[NF_XLAT_A_SESSION_REPLY];
	struct nf_conntrack_tuple_hash *h;

	if (err == -ENOMEM)
		NL_SET_ERR_MSG(n->extack, "no memory, or conntrack's table is full");
	if (err == -ENOSPC)
		NL_SET_ERR_MSG(n->extack, "conntrack's table has too many entries with this hash");
	if (err != -EEXIST)
		return;
	h = nf_conntrack_find_get(n->net, &n->params.zone, &n->params.tuple[IP_CT_DIR_ORIGINAL]);
	if (h) {
		attr = n->tb[NF_XLAT_A_SESSION_ORIG];
		nf_ct_put(nf_ct_tuplehash_to_ctrack(h));
	}
	NL_SET_ERR_MSG_ATTR(n->extack, attr, "conntrack has an entry with this tuple");
}

/* Allocate what nf_xlat_nl_get_refs() may need, since it must not sleep. */
static int nf_xlat_nl_alloc(struct nf_xlat_nl_new *n)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(n->map); i++) {
		if (!n->map[i].attr)
			continue;
		n->map[i].new = nf_xlat_bib_alloc(GFP_KERNEL);
		n->permission[i] = nf_xlat_bib_alloc(GFP_KERNEL);
		if (!n->map[i].new || !n->permission[i])
			return -ENOMEM;
	}
	return 0;
}

/* Free what has not been needed. */
static void nf_xlat_nl_free(struct nf_xlat_nl_new *n)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(n->map); i++) {
		if (n->map[i].new)
			nf_xlat_bib_free(n->map[i].new);
		if (n->permission[i])
			nf_xlat_bib_free(n->permission[i]);
	}
	kfree(n);
}

/**
 * nf_xlat_nl_session_new - make a session
 * @skb: request
 * @info: its attributes
 *
 * Process context.
 *
 * Return: 0, or a negative error with a message in @info->extack.
 */
int nf_xlat_nl_session_new(struct sk_buff *skb, struct genl_info *info)
{
	struct nf_xlat_nl_new *n;
	int err;

	if (GENL_REQ_ATTR_CHECK(info, NF_XLAT_A_SESSION))
		return -EINVAL;
	n = kzalloc(sizeof(*n), GFP_KERNEL_ACCOUNT);
	if (!n)
		return -ENOMEM;
	err = nf_xlat_nl_read_session(n, info);
	if (!err)
		err = nf_xlat_nl_read_mapping(&n->map[0], info->attrs[NF_XLAT_A_MAPPING],
					      info->extack);
	if (!err)
		err = nf_xlat_nl_read_mapping(&n->map[1], info->attrs[NF_XLAT_A_PEER_MAPPING],
					      info->extack);
	if (!err && (!n->params.has_timeout ||
		     (n->params.tuple[0].dst.protonum == IPPROTO_TCP && !n->params.tcp_state)))
		err = NF_XLAT_NL_BAD(info->extack, n->attr, -EINVAL,
				     "a session has a timeout, and one of TCP a state");
	if (!err)
		err = nf_xlat_nl_enter(info);
	if (err)
		goto out;

	err = nf_xlat_nl_alloc(n);
	rcu_read_lock();
	if (!err)
		err = nf_xlat_nl_check_session(n);
	if (!err)
		err = nf_xlat_nl_get_refs(n);
	if (!err) {
		err = nf_xlat_ct_make(n->net, &n->params);
		nf_xlat_nl_say_taken(n, err);
	}
	nf_xlat_ct_release(n->net, n->refs);
	rcu_read_unlock();
	nf_xlat_nl_exit();
out:
	nf_xlat_nl_free(n);
	return err;
}

/**
 * nf_xlat_nl_session_set - change a session
 * @skb: request
 * @info: its attributes
 *
 * Process context.
 *
 * Return: 0, or a negative error with a message in @info->extack.
 */
int nf_xlat_nl_session_set(struct sk_buff *skb, struct genl_info *info)
{
	struct nf_conntrack_tuple_hash *h = NULL;
	struct nf_xlat_nl_new *n;
	struct nf_conn *ct;
	int err;

	if (GENL_REQ_ATTR_CHECK(info, NF_XLAT_A_SESSION))
		return -EINVAL;
	n = kzalloc(sizeof(*n), GFP_KERNEL_ACCOUNT);
	if (!n)
		return -ENOMEM;
	err = nf_xlat_nl_read_session(n, info);
	if (!err)
		err = nf_xlat_nl_hold();
	if (err)
		goto out;
	h = nf_conntrack_find_get(n->net, &n->params.zone, &n->params.tuple[IP_CT_DIR_ORIGINAL]);
	if (!h) {
		err = NF_XLAT_NL_BAD(info->extack, n->tb[NF_XLAT_A_SESSION_ORIG], -ENOENT,
				     "there is no session with this tuple");
		goto out_exit;
	}
	ct = nf_ct_tuplehash_to_ctrack(h);
	if (NF_CT_DIRECTION(h) != IP_CT_DIR_ORIGINAL || !nf_xlat_ct_is_session(ct) ||
	    !nf_ct_tuple_equal(nf_xlat_ct_tuple(ct, IP_CT_DIR_REPLY),
			       &n->params.tuple[IP_CT_DIR_REPLY]))
		err = NF_XLAT_NL_BAD(info->extack, n->tb[NF_XLAT_A_SESSION_REPLY], -ENOENT,
				     "conntrack has another entry with this original tuple");
	else
		err = nf_xlat_ct_set(ct, &n->params);
	if (err == -EPERM)
		NL_SET_ERR_MSG_ATTR(info->extack, n->tb[NF_XLAT_A_SESSION_TIMEOUT],
				    "the timeout of this session is fixed");
	nf_ct_put(ct);
out_exit:
	nf_xlat_nl_exit();
out:
	kfree(n);
	return err;
}

/* Find a session by what nf_xlat_nl_find_session() has read. The caller puts the entry. */
static struct nf_conn *nf_xlat_nl_lookup(const struct nf_xlat_nl_new *n)
{
	struct nf_conntrack_tuple_hash *h;
	struct nf_conn *ct;

	h = nf_conntrack_find_get(n->net, &n->params.zone, &n->params.tuple[IP_CT_DIR_ORIGINAL]);
	if (!h)
		return NULL;
	ct = nf_ct_tuplehash_to_ctrack(h);
	if (NF_CT_DIRECTION(h) == IP_CT_DIR_ORIGINAL && nf_xlat_ct_is_session(ct) &&
	    !nf_ct_is_dying(ct) &&
	    (!n->tb[NF_XLAT_A_SESSION_REPLY] ||
	     nf_ct_tuple_equal(nf_xlat_ct_tuple(ct, IP_CT_DIR_REPLY),
			       &n->params.tuple[IP_CT_DIR_REPLY])))
		return ct;
	nf_ct_put(ct);
	return NULL;
}

/*
 * Find the session with the original tuple of a request, and with its reply tuple if the request
 * has one. The caller puts the entry.
 */
static struct nf_conn *nf_xlat_nl_find_session(struct genl_info *info)
{
	struct nf_xlat_nl_new *n;
	struct nf_conn *ct = NULL;
	int err;

	n = kzalloc(sizeof(*n), GFP_KERNEL);
	if (!n)
		return ERR_PTR(-ENOMEM);
	err = nf_xlat_nl_read_orig(n, info);
	if (!err && n->tb[NF_XLAT_A_SESSION_REPLY])
		err = nf_xlat_nl_read_tuple(n, IP_CT_DIR_REPLY,
					    n->tb[NF_XLAT_A_SESSION_REPLY]);
	if (!err)
		err = nf_xlat_nl_read_zone(n);
	if (!err)
		ct = nf_xlat_nl_lookup(n);
	if (!err && !ct)
		err = NF_XLAT_NL_BAD(info->extack, n->tb[NF_XLAT_A_SESSION_ORIG], -ENOENT,
				     "there is no session with this tuple");
	kfree(n);
	return err ? ERR_PTR(err) : ct;
}

/**
 * nf_xlat_nl_session_get - get a session with its mappings, as SESSION_NEW takes them
 * @skb: request
 * @info: its attributes
 *
 * Process context.
 *
 * Return: 0, or a negative error with a message in @info->extack.
 */
int nf_xlat_nl_session_get(struct sk_buff *skb, struct genl_info *info)
{
	const struct nf_xlat_ct_data *data;
	struct sk_buff *msg;
	struct nf_conn *ct;
	int err = -EMSGSIZE;
	void *hdr;

	if (info->attrs[NF_XLAT_A_FILTER])
		return NF_XLAT_NL_BAD(info->extack, info->attrs[NF_XLAT_A_FILTER], -EINVAL,
				      "a filter is for dumps");
	if (GENL_REQ_ATTR_CHECK(info, NF_XLAT_A_SESSION))
		return -EINVAL;
	ct = nf_xlat_nl_find_session(info);
	if (IS_ERR(ct))
		return PTR_ERR(ct);
	/*
	 * nf_xlat_ct_hand_over() reports a session, and then attaches its mapping, in the same RCU
	 * read side. A listener may ask for the session in between, so wait for the mapping. Do not
	 * wait for a session that is assured, as it has had more packets than the first one; nor
	 * for one without a mapping, which has NF_XLAT_CT_NONE: a user may ask for many of these.
	 */
	data = nf_xlat_ct_data(ct);
	if (data && !READ_ONCE(data->held) && !test_bit(IPS_ASSURED_BIT, &ct->status))
		synchronize_rcu();
	msg = genlmsg_new(GENLMSG_DEFAULT_SIZE, GFP_KERNEL);
	if (!msg) {
		nf_ct_put(ct);
		return -ENOMEM;
	}
	hdr = genlmsg_put_reply(msg, info, &nf_xlat_nl_family, 0, NF_XLAT_CMD_SESSION_GET);
	if (hdr) {
		rcu_read_lock();
		err = nf_xlat_nl_put_session(msg, ct) ? : nf_xlat_nl_put_refs(msg, ct);
		/* nf_xlat_ct_detach() may have taken the mapping meanwhile. */
		smp_rmb();
		if (!err && nf_ct_is_dying(ct))
			err = NF_XLAT_NL_BAD(info->extack, info->attrs[NF_XLAT_A_SESSION], -ENOENT,
					     "the session has ended");
		rcu_read_unlock();
	}
	nf_ct_put(ct);
	if (err) {
		nlmsg_free(msg);
		return err;
	}
	genlmsg_end(msg, hdr);
	return genlmsg_reply(msg, info);
}

/**
 * nf_xlat_nl_session_start - begin a dump of sessions
 * @cb: the dump; its filter is parsed
 *
 * Process context.
 *
 * Return: 0, or a negative error with a message in @cb->extack.
 */
int nf_xlat_nl_session_start(struct netlink_callback *cb)
{
	const struct nlattr *attr = nf_xlat_dump_attrs(cb)[NF_XLAT_A_SESSION];

	if (attr)
		return NF_XLAT_NL_BAD(cb->extack, attr, -EINVAL, "a dump has a filter");
	return nf_xlat_nl_start(cb);
}
