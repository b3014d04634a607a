// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the conntrack entry of a session holds: references to mappings, and its flow in the
 * fast path. When the entry leaves conntrack's table, nf_xlat_ct_detach() puts
 * the references and ends the flow.
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
 * The functions of nf_xlat_flow, NULL while it is not loaded. Since nf_xlat_flow depends on
 * this module, this module can call it by pointer only.
 */
static const struct nf_xlat_flow_ops __rcu *nf_xlat_flow_ops;

/**
 * nf_xlat_flow_ops_register - nf_xlat_flow has been loaded
 * @ops: its functions
 */
void nf_xlat_flow_ops_register(const struct nf_xlat_flow_ops *ops)
{
	rcu_assign_pointer(nf_xlat_flow_ops, ops);
}
EXPORT_SYMBOL_GPL(nf_xlat_flow_ops_register);

/**
 * nf_xlat_flow_ops_unregister - nf_xlat_flow is being unloaded
 *
 * Nobody calls its functions when this returns. The caller ends all flows afterwards.
 * Process context.
 */
void nf_xlat_flow_ops_unregister(void)
{
	RCU_INIT_POINTER(nf_xlat_flow_ops, NULL);
	synchronize_rcu();
}
EXPORT_SYMBOL_GPL(nf_xlat_flow_ops_unregister);

/**
 * nf_xlat_flow_ops_get - the functions of nf_xlat_flow, with a reference to the module
 *
 * Any context.
 *
 * Return: the functions, or NULL while nf_xlat_flow is not loaded. The caller has to call
 * module_put() for @owner.
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

	/* A module that is being unloaded ends its flows itself. */
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
 */
static void nf_xlat_ct_held_release(struct net *net, struct nf_xlat_ct_held *held)
{
	struct nf_xlat_flow *flow = xchg(&held->flow, NULL);
	struct nf_xlat_bib *bib;
	unsigned int i;

	if (flow)
		nf_xlat_ct_del_flow(flow);
	/* The permission before its mapping, see nf_xlat_ct_release(). */
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
 * The entry stores only the length. The bits are those of the IPv4-embedded address in one of
 * its tuples, to which the IPv6 side sends.
 *
 * Return: false if the session has no prefix.
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
 * nf_xlat_ct_pool_addr - the IPv4 address of the pool that a session uses
 * @ct: its entry
 *
 * Return: the address, or 0 if it cannot be told.
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
 * Conntrack calls this when the entry leaves its table, see nf_xlat_ct_watch(). It may be called
 * again, and on several CPUs at once. Any context.
 */
void nf_xlat_ct_detach(struct nf_conn *ct)
{
	struct net *net = nf_ct_net(ct);
	struct nf_xlat_ct_held *held;
	unsigned long old;

	nf_xlat_ct_unwatch(ct);
	old = xchg(&nf_xlat_ct_data(ct)->held, NF_XLAT_CT_GONE);
	if (old == NF_XLAT_CT_GONE)
		return;
	nf_xlat_netlink_session(ct, NF_XLAT_CMD_SESSION_DEL_NTF);
	held = nf_xlat_ct_to_held(old);
	if (held) {
		nf_xlat_ct_held_release(net, held);
		kfree_rcu(held, rcu);
	} else if (old) {
		nf_xlat_bib_put(net, (struct nf_xlat_bib *)old);
	}
}
EXPORT_SYMBOL_GPL(nf_xlat_ct_detach);

/**
 * nf_xlat_ct_hold - get the struct nf_xlat_ct_held of an entry, or give it one
 * @ct: the entry, for which nf_xlat_ct_watch() has been called
 *
 * nf_xlat_ct_detach() on another CPU may take the structure from the entry at any time. So
 * the caller has to test nf_ct_is_dying() after it has stored a pointer in the structure, and
 * has to take the pointer out again if the entry is dying. RCU read side.
 *
 * Return: the structure, or NULL without memory, or when the entry has left the table.
 */
struct nf_xlat_ct_held *nf_xlat_ct_hold(struct nf_conn *ct)
{
	struct nf_xlat_ct_data *data = nf_xlat_ct_data(ct);
	unsigned long old = READ_ONCE(data->held), now;
	struct nf_xlat_ct_held *held;

	if (old & (NF_XLAT_CT_HELD | NF_XLAT_CT_GONE))
		return nf_xlat_ct_to_held(old);
	held = kzalloc(sizeof(*held), GFP_ATOMIC | __GFP_ACCOUNT);
	if (!held)
		return NULL;
	held->refs[NF_XLAT_REF_BIB] = (struct nf_xlat_bib *)old;
	now = cmpxchg(&data->held, old, (unsigned long)held | NF_XLAT_CT_HELD);
	if (now == old)
		return held;
	/*
	 * Another CPU has changed the pointer meanwhile. If that is no structure but a bare
	 * mapping or 0, return NULL, as without memory.
	 */
	kfree(held);
	return nf_xlat_ct_to_held(now);
}
EXPORT_SYMBOL_GPL(nf_xlat_ct_hold);

/**
 * nf_xlat_ct_release - put references
 * @net: network namespace
 * @refs: the references by enum nf_xlat_ct_refs, each of which may be NULL
 *
 * A permission (NF_XLAT_REF_PEER) is found by the endpoint of its mapping, so put it before the
 * mapping: else it would let its peer reach the next client that is given that endpoint.
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
 * @refs: the references. What is in there afterwards belongs to the caller, who has to put
 *	it: a reference that the entry had before, or one for which there is no memory.
 *
 * nf_xlat_ct_detach() puts the references when the entry leaves conntrack's table. Core does
 * not call it for an entry that was never in the table, so the entry must be confirmed. RCU
 * read side.
 */
void nf_xlat_ct_attach(struct nf_conn *ct, struct nf_xlat_bib **refs)
{
	struct nf_xlat_ct_data *data = nf_xlat_ct_data(ct);
	struct nf_xlat_ct_held *held = NULL;
	unsigned int i;

	nf_xlat_ct_watch(ct);
	if (!refs[NF_XLAT_REF_PEER] && !refs[NF_XLAT_REF_HAIRPIN] &&
	    !cmpxchg(&data->held, 0, (unsigned long)refs[NF_XLAT_REF_BIB])) {
		refs[NF_XLAT_REF_BIB] = NULL;
	} else {
		held = nf_xlat_ct_hold(ct);
		for (i = 0; held && i < __NF_XLAT_REF_MAX; i++)
			if (refs[i])
				refs[i] = xchg(&held->refs[i], refs[i]);
	}
	/*
	 * nf_ct_delete() sets IPS_DYING and then looks for a callback. We set it, and
	 * then test IPS_DYING. cmpxchg() and xchg() are full barriers between the two, so at
	 * least one side sees the other, and the references are put.
	 */
	if (nf_ct_is_dying(ct)) {
		nf_xlat_ct_detach(ct);
		if (held)
			nf_xlat_ct_held_release(nf_ct_net(ct), held);
	}
}
