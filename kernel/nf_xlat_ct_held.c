// SPDX-License-Identifier: GPL-2.0-only
/*
 * The conntrack entry of a session holds references to mappings, and the flow of the session in
 * the fast path. When the entry leaves conntrack's table, nf_xlat_ct_detach() puts the references
 * and ends the flow.
 */

#include <linux/module.h>
#include <linux/netfilter/nf_xlat_netlink.h>
#include <linux/slab.h>
#include <net/ipv6.h>
#include <net/net_namespace.h>
#include <net/netfilter/nf_conntrack_core.h>
#include <net/netfilter/nf_xlat_flow.h>
#include "compat.h"
#include "nf_xlat_ct_internal.h"

/*
 * The functions of nf_xlat_flow, or NULL while that module is not loaded. Since nf_xlat_flow
 * depends on this module, this module can call its functions by pointer only.
 */
static const struct nf_xlat_flow_ops __rcu *nf_xlat_flow_ops;

/**
 * nf_xlat_flow_ops_register - let this module call the functions of nf_xlat_flow
 * @ops: the functions
 *
 * The init function of nf_xlat_flow calls this. Process context.
 */
void nf_xlat_flow_ops_register(const struct nf_xlat_flow_ops *ops)
{
	rcu_assign_pointer(nf_xlat_flow_ops, ops);
}
EXPORT_SYMBOL_GPL(nf_xlat_flow_ops_register);

/**
 * nf_xlat_flow_ops_unregister - undo nf_xlat_flow_ops_register()
 *
 * The exit function of nf_xlat_flow calls this, and ends all flows afterwards. When this
 * returns, this module calls no function of nf_xlat_flow any more. Process context.
 */
void nf_xlat_flow_ops_unregister(void)
{
	RCU_INIT_POINTER(nf_xlat_flow_ops, NULL);
	synchronize_rcu();
}
EXPORT_SYMBOL_GPL(nf_xlat_flow_ops_unregister);

/**
 * nf_xlat_flow_ops_get - get the functions of nf_xlat_flow, with a reference to the module
 *
 * Any context.
 *
 * Return: the functions, or NULL while nf_xlat_flow is not loaded. The caller has to call
 * module_put() for their member @owner.
 */
const struct nf_xlat_flow_ops *nf_xlat_flow_ops_get(void)
{
	const struct nf_xlat_flow_ops *ops;

	rcu_read_lock();
	ops = rcu_dereference(nf_xlat_flow_ops);
	if (ops && !try_module_get(ops->owner))
		ops = NULL;
	rcu_read_unlock();
	return ops;
}
EXPORT_SYMBOL_GPL(nf_xlat_flow_ops_get);

/**
 * nf_xlat_ct_flush_flows - end all flows of a namespace
 * @net: the namespace
 *
 * Process context.
 */
void nf_xlat_ct_flush_flows(struct net *net)
{
	const struct nf_xlat_flow_ops *ops = nf_xlat_flow_ops_get();

	/* nf_xlat_flow is not loaded, or its exit function is ending all flows. */
	if (!ops)
		return;
	ops->flush(net);
	module_put(ops->owner);
}

static void nf_xlat_ct_del_flow(struct nf_xlat_flow *flow)
{
	const struct nf_xlat_flow_ops *ops;

	rcu_read_lock();
	ops = rcu_dereference(nf_xlat_flow_ops);
	if (ops)
		ops->del(flow);
	rcu_read_unlock();
}

/*
 * End the flow and put the references. nf_xlat_ct_detach() and nf_xlat_ct_attach() may call
 * this at the same time for the same @held: with xchg(), only one of them gets each pointer.
 * RCU read side, so that nobody frees the flow between xchg() and nf_xlat_ct_del_flow().
 */
static void nf_xlat_ct_held_release(struct net *net, struct nf_xlat_ct_held *held)
{
	struct nf_xlat_flow *flow = xchg(&held->flow, NULL);
	struct nf_xlat_bib *bib;
	unsigned int i;

	if (flow)
		nf_xlat_ct_del_flow(flow);
	/* Put the permission before its mapping, see nf_xlat_ct_release(). */
	for (i = __NF_XLAT_REF_MAX; i--;) {
		bib = xchg(&held->refs[i], NULL);
		if (bib)
			nf_xlat_bib_put(net, bib);
	}
}

/**
 * nf_xlat_ct_prefix - get the prefix in which IPv4 addresses of a session are embedded
 * @ct: its entry
 * @prefix: where to put the prefix
 *
 * The entry stores only the length of the prefix. One of its tuples has an IPv4-embedded IPv6
 * address, to which the IPv6 side sends, and which begins with the prefix. Any context.
 *
 * Return: false if the session has no prefix. This includes a port forward from IPv6 to an IPv4
 * host.
 */
bool nf_xlat_ct_prefix(const struct nf_conn *ct, struct nf_xlat_prefix *prefix)
{
	const struct nf_xlat_ct_data *data = nf_xlat_ct_data(ct);
	const struct nf_conntrack_tuple *t;

	if (!data)
		return false;

	t = nf_xlat_ct_tuple(ct, IP_CT_DIR_ORIGINAL);
	if (t->src.l3num == NFPROTO_IPV6 && !nf_xlat_ct_hairpin(ct))
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

/**
 * nf_xlat_ct_pool_addr - get the IPv4 address that stands for the IPv6 host of a session
 * @ct: its entry
 *
 * In a hairpin, this is the address of the client that began the session. Any context.
 *
 * Return: the address, or 0 if it is not known.
 */
__be32 nf_xlat_ct_pool_addr(const struct nf_conn *ct)
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

/**
 * nf_xlat_ct_detach - put the references of an entry, and end its flow
 * @ct: the entry, which is IPS_DYING
 *
 * Conntrack calls this when the entry leaves its table, see nf_xlat_ct_watch(). Several CPUs may
 * call this for the same entry, also at the same time; one of them does the work. RCU read side,
 * softirq or process context. The caller must not hold the lock of the entry.
 */
void nf_xlat_ct_detach(struct nf_conn *ct)
{
	struct nf_xlat_ct_data *data = nf_xlat_ct_data(ct);
	struct net *net = nf_ct_net(ct);
	struct nf_xlat_ct_held *held;
	struct nf_xlat_bib *bib;
	unsigned long old;

	nf_xlat_ct_unwatch(ct);
	if (unlikely(!data))
		return;
	old = xchg(&data->held, NF_XLAT_CT_GONE);
	if (old == NF_XLAT_CT_GONE)
		return;
	nf_xlat_netlink_session(ct, NF_XLAT_CMD_SESSION_DEL_NTF);
	held = nf_xlat_ct_to_held(old);
	bib = nf_xlat_ct_to_bib(old);
	if (held) {
		nf_xlat_ct_held_release(net, held);
		kfree_rcu(held, rcu);
	} else if (bib) {
		nf_xlat_bib_put(net, bib);
	}
}
EXPORT_SYMBOL_GPL(nf_xlat_ct_detach);

/**
 * nf_xlat_ct_held_add - get the struct nf_xlat_ct_held of an entry, or add one
 * @ct: the entry, for which nf_xlat_ct_watch() has been called
 *
 * nf_xlat_ct_detach() on another CPU may take the structure from the entry at any time, and frees
 * it after a grace period. So the caller has to test nf_ct_is_dying() after it has stored a pointer
 * in the structure. If the entry is dying, the caller has to take the pointer out again with xchg()
 * and to release what it points to. RCU read side.
 *
 * Return: the structure, which belongs to the entry; NULL without memory, or if the entry has left
 * the table.
 */
struct nf_xlat_ct_held *nf_xlat_ct_held_add(struct nf_conn *ct)
{
	struct nf_xlat_ct_data *data = nf_xlat_ct_data(ct);
	struct nf_xlat_ct_held *held;
	unsigned long old, now;

	if (unlikely(!data))
		return NULL;
	old = READ_ONCE(data->held);
	if (old & (NF_XLAT_CT_HELD | NF_XLAT_CT_GONE))
		return nf_xlat_ct_to_held(old);
	held = kzalloc(sizeof(*held), GFP_ATOMIC | __GFP_ACCOUNT);
	if (!held)
		return NULL;
	held->refs[NF_XLAT_REF_BIB] = nf_xlat_ct_to_bib(old);
	now = cmpxchg(&data->held, old, (unsigned long)held | NF_XLAT_CT_HELD);
	if (now == old)
		return held;
	/*
	 * Another CPU has changed the pointer meanwhile. If it has stored a structure, return
	 * that. If it has stored a mapping or NF_XLAT_CT_GONE, return NULL.
	 */
	kfree(held);
	return nf_xlat_ct_to_held(now);
}
EXPORT_SYMBOL_GPL(nf_xlat_ct_held_add);

/**
 * nf_xlat_ct_release - put references
 * @net: network namespace
 * @refs: the references by enum nf_xlat_ct_refs, each of which may be NULL
 *
 * A permission (NF_XLAT_REF_PEER, NF_XLAT_REF_HAIRPIN_PEER) is found by the IPv4 endpoint of its
 * mapping. Put it before the mapping. Otherwise another client could get the endpoint while the
 * permission still lets the peer in. Any context.
 */
void nf_xlat_ct_release(struct net *net, struct nf_xlat_bib **refs)
{
	unsigned int i;

	for (i = __NF_XLAT_REF_MAX; i--;)
		if (refs[i])
			nf_xlat_bib_put(net, refs[i]);
}

/**
 * nf_xlat_ct_attach - hand references over to an entry
 * @ct: the entry, confirmed
 * @refs: the references. When this returns, the caller has to put those that are in @refs: a
 *	reference that the entry had before, or one that the entry could not take, because there
 *	is no memory, the entry has left the table, or it has no place for our data any more.
 *
 * nf_xlat_ct_detach() puts the references of the entry when it leaves conntrack's table. Conntrack
 * does not call nf_xlat_ct_detach() for an entry that was never in the table, so the entry must be
 * confirmed. RCU read side.
 */
void nf_xlat_ct_attach(struct nf_conn *ct, struct nf_xlat_bib **refs)
{
	struct nf_xlat_ct_data *data = nf_xlat_ct_data(ct);
	struct nf_xlat_ct_held *held = NULL;
	struct nf_xlat_bib *bib;
	unsigned int i;

	if (unlikely(!data || !nf_xlat_ct_watch(ct)))
		return;
	bib = refs[NF_XLAT_REF_BIB];
	if (!refs[NF_XLAT_REF_PEER] && !refs[NF_XLAT_REF_HAIRPIN] &&
	    !refs[NF_XLAT_REF_BLOCK] &&
	    (!bib || !cmpxchg(&data->held, 0, (unsigned long)bib))) {
		refs[NF_XLAT_REF_BIB] = NULL;
	} else {
		held = nf_xlat_ct_held_add(ct);
		for (i = 0; held && i < __NF_XLAT_REF_MAX; i++)
			if (refs[i])
				refs[i] = xchg(&held->refs[i], refs[i]);
	}
	/*
	 * nf_ct_delete() sets IPS_DYING, and then calls nf_xlat_ct_detach() if nf_xlat_ct_watch()
	 * has set the callback. This function has set the callback and stored the references, and
	 * now tests IPS_DYING. nf_xlat_ct_watch() and what has stored a reference are full
	 * barriers. So nf_ct_delete() sees the callback, or this function sees IPS_DYING, or both,
	 * and the references are put.
	 */
	if (nf_ct_is_dying(ct)) {
		nf_xlat_ct_detach(ct);
		if (held)
			nf_xlat_ct_held_release(nf_ct_net(ct), held);
	}
}

/**
 * nf_xlat_ct_hand_over - hand references to an entry that conntrack has confirmed, or put them
 * @first: the entry and the references, which the caller must not use any more
 *
 * @first has no reference to the entry: only a packet may hold an entry that is not confirmed, as
 * nf_ct_drop_unconfirmed() and nf_xlat_ct_in_use() read the reference count. So the entry may have
 * been freed. Entries are SLAB_TYPESAFE_BY_RCU, so the memory is an entry still, but maybe another
 * one. Take a reference first, and then test whether it is the same entry, as
 * __nf_conntrack_find_get() does.
 *
 * If the packet waits in nfnetlink_queue, conntrack has not confirmed its entry yet. Then the
 * references are put, and the session keeps its port without a mapping. RCU read side, the same one
 * in which @first was filled in.
 *
 * An entry with IPS_NAT_CLASH takes no references either: it ends within a second, and another
 * session with the same original tuple has them. On 6.1 its extensions become invalid if a
 * helper is unregistered in that second, and nobody would put them.
 */
void nf_xlat_ct_hand_over(struct nf_xlat_ct_first *first)
{
	struct nf_conn *ct = first->ct;
	unsigned int i;

	if (refcount_inc_not_zero(&ct->ct_general.use)) {
		smp_acquire__after_ctrl_dep();
		if ((READ_ONCE(ct->status) & (IPS_CONFIRMED | IPS_NAT_CLASH)) == IPS_CONFIRMED &&
		    nf_xlat_ct_is_session(ct) &&
		    net_eq(nf_ct_net(ct), first->net) &&
		    nf_ct_zone_equal(ct, &first->zone, IP_CT_DIR_ORIGINAL) &&
		    nf_ct_tuple_equal(nf_xlat_ct_tuple(ct, IP_CT_DIR_ORIGINAL),
				      &first->orig)) {
			/* The references before NF_XLAT_REF_PEER are to mappings. */
			for (i = 0; i < NF_XLAT_REF_PEER; i++)
				if (first->refs[i])
					nf_xlat_bib_announce(first->net, first->refs[i]);
			if (first->refs[NF_XLAT_REF_BLOCK])
				nf_xlat_bib_block_announce(first->net,
							   first->refs[NF_XLAT_REF_BLOCK]);
			if (first->begins)
				nf_xlat_netlink_session(ct, NF_XLAT_CMD_SESSION_NEW_NTF);
			nf_xlat_ct_attach(ct, first->refs);
		}
		nf_ct_put(ct);
	}
	nf_xlat_ct_release(first->net, first->refs);
}

static void nf_xlat_ct_hand_over_after(struct nf_xlat_after *after)
{
	struct nf_xlat_ct_first *first;

	first = container_of(after, struct nf_xlat_ct_first, after);
	nf_xlat_ct_hand_over(first);
	kfree(first);
}

/**
 * nf_xlat_ct_hand_over_later - in a nested translation, put nf_xlat_ct_hand_over() off
 * @first: the entry and the references
 *
 * In a nested translation, nf_xlat_send() has only put the packet on a list, so conntrack cannot
 * have confirmed the entry yet. The outermost nf_xlat_send() passes the packet on, and then calls
 * nf_xlat_ct_hand_over() for a copy of @first. RCU read side.
 *
 * Return: true if that will be done. False if the caller has to call nf_xlat_ct_hand_over() now:
 * the translation is not nested, or there is no memory for the copy. Without memory, the references
 * are put, as for a packet that waits in nfnetlink_queue.
 */
bool nf_xlat_ct_hand_over_later(const struct nf_xlat_ct_first *first)
{
	struct nf_xlat_ct_first *copy;

	if (likely(!nf_xlat_nested()))
		return false;
	copy = kmemdup(first, sizeof(*first), GFP_ATOMIC);
	if (!copy)
		return false;
	copy->after.fn = nf_xlat_ct_hand_over_after;
	nf_xlat_do_after(&copy->after);
	return true;
}
