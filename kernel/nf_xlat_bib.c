// SPDX-License-Identifier: GPL-2.0-only
/*
 * Endpoint-independent mappings (RFC 6146 section 3.1, RFC 4787 section 4): an
 * IPv6 address and port is one and the same IPv4 address and port to all peers.
 *
 * A mapping is found by either half. Conntrack entries hold references, and the
 * last one takes it with it. Address-dependent filtering needs to know the peers
 * of a mapping: each is an object of the same kind, in the same table.
 */

#include <linux/rcupdate.h>
#include <linux/rhashtable.h>
#include <linux/slab.h>
#include <linux/timekeeping.h>
#include <net/net_namespace.h>
#include "nf_xlat_ct_internal.h"

static const struct rhashtable_params nf_xlat_bib_params6 = {
	.head_offset	= offsetof(struct nf_xlat_bib, node6),
	.key_offset	= offsetof(struct nf_xlat_bib, key6),
	.key_len	= sizeof(struct nf_xlat_bib_key6),
	.automatic_shrinking = true,
};

static const struct rhashtable_params nf_xlat_bib_params4 = {
	.head_offset	= offsetof(struct nf_xlat_bib, node4),
	.key_offset	= offsetof(struct nf_xlat_bib, key4),
	.key_len	= sizeof(struct nf_xlat_bib_key4),
	.automatic_shrinking = true,
};

static struct kmem_cache *nf_xlat_bib_cache __read_mostly;

static struct nf_xlat_bib_net *nf_xlat_bib_pernet(const struct net *net)
{
	return &nf_xlat_ct_pernet(net)->bib;
}

/**
 * nf_xlat_bib_find6 - find the mapping of an IPv6 endpoint
 * @net: network namespace
 * @key: the endpoint, and what the rule says
 *
 * RCU read side.
 *
 * Return: the mapping with a reference, or NULL.
 */
struct nf_xlat_bib *nf_xlat_bib_find6(struct net *net,
				      const struct nf_xlat_bib_key6 *key)
{
	struct nf_xlat_bib *bib;

	bib = rhashtable_lookup(&nf_xlat_bib_pernet(net)->table6, key,
				nf_xlat_bib_params6);
	return bib && refcount_inc_not_zero(&bib->ref) ? bib : NULL;
}

/**
 * nf_xlat_bib_find4 - find the mapping of an IPv4 endpoint
 * @net: network namespace
 * @key: the endpoint; with a peer, that peer's permission is looked for
 *
 * RCU read side.
 *
 * Return: the mapping or permission with a reference, or NULL.
 */
struct nf_xlat_bib *nf_xlat_bib_find4(struct net *net,
				      const struct nf_xlat_bib_key4 *key)
{
	struct nf_xlat_bib *bib;

	bib = rhashtable_lookup(&nf_xlat_bib_pernet(net)->table4, key,
				nf_xlat_bib_params4);
	return bib && refcount_inc_not_zero(&bib->ref) ? bib : NULL;
}

/**
 * nf_xlat_bib_alloc - memory for a mapping
 *
 * Return: a mapping that nobody can find, zeroed, or NULL.
 */
struct nf_xlat_bib *nf_xlat_bib_alloc(void)
{
	return kmem_cache_zalloc(nf_xlat_bib_cache, GFP_ATOMIC);
}

/**
 * nf_xlat_bib_free - free a mapping that was neither claimed nor added
 * @bib: the mapping
 */
void nf_xlat_bib_free(struct nf_xlat_bib *bib)
{
	kmem_cache_free(nf_xlat_bib_cache, bib);
}

/**
 * nf_xlat_bib_claim - reserve an IPv4 endpoint
 * @net: network namespace
 * @bib: mapping from nf_xlat_bib_alloc(), with @key4 of choice
 *
 * Nobody finds the mapping until it is added, but no other can claim the same.
 * To be followed by nf_xlat_bib_add(). RCU read side.
 *
 * Return: 0, -EEXIST when another mapping has it, or another error for want of
 * memory.
 */
int nf_xlat_bib_claim(struct net *net, struct nf_xlat_bib *bib)
{
	return rhashtable_lookup_insert_fast(&nf_xlat_bib_pernet(net)->table4,
					     &bib->node4, nf_xlat_bib_params4);
}

/**
 * nf_xlat_bib_mapped - does anybody have an IPv4 endpoint?
 * @net: network namespace
 * @key: the endpoint
 *
 * RCU read side.
 */
bool nf_xlat_bib_mapped(struct net *net, const struct nf_xlat_bib_key4 *key)
{
	return rhashtable_lookup(&nf_xlat_bib_pernet(net)->table4, key,
				 nf_xlat_bib_params4);
}

/**
 * nf_xlat_bib_may_map - may an IPv4 endpoint become somebody's at any time?
 * @net: network namespace
 * @key: the endpoint
 *
 * RCU read side.
 *
 * Return: true when there are mappings of its address, from a pool that has the port.
 */
bool nf_xlat_bib_may_map(struct net *net, const struct nf_xlat_bib_key4 *key)
{
	const struct nf_xlat_bib_key4 addr = {
		.addr	= key->addr,
		.zone	= key->zone,
	};
	const struct nf_xlat_bib *bib;

	bib = rhashtable_lookup(&nf_xlat_bib_pernet(net)->table4, &addr,
				nf_xlat_bib_params4);
	return bib &&
	       ntohs(key->port) >= READ_ONCE(bib->min_port) &&
	       ntohs(key->port) <= READ_ONCE(bib->max_port);
}

static void nf_xlat_bib_free_rcu(struct rcu_head *rcu)
{
	nf_xlat_bib_free(container_of(rcu, struct nf_xlat_bib, rcu));
}

static bool nf_xlat_bib_is_mapping(const struct nf_xlat_bib *bib)
{
	return !bib->key4.peer && bib->key4.proto;
}

static void nf_xlat_bib_unlink(struct nf_xlat_bib_net *bn,
			       struct nf_xlat_bib *bib)
{
	rhashtable_remove_fast(&bn->table4, &bib->node4, nf_xlat_bib_params4);
	if (nf_xlat_bib_is_mapping(bib))
		rhashtable_remove_fast(&bn->table6, &bib->node6,
				       nf_xlat_bib_params6);
	call_rcu(&bib->rcu, nf_xlat_bib_free_rcu);
}

/**
 * nf_xlat_bib_put - give a reference back
 * @net: network namespace
 * @bib: mapping or permission
 *
 * Any context.
 */
void nf_xlat_bib_put(struct net *net, struct nf_xlat_bib *bib)
{
	struct nf_xlat_bib *addr;

	if (!refcount_dec_and_test(&bib->ref))
		return;
	addr = bib->addr;
	if (nf_xlat_bib_is_mapping(bib))
		nf_xlat_count(net, NF_XLAT_MIB_BIB, -1);
	nf_xlat_bib_unlink(nf_xlat_bib_pernet(net), bib);
	if (addr)
		nf_xlat_bib_put(net, addr);
}

/*
 * Find the object in the table by IPv4 endpoint that has @new's key, or add @new, which
 * is freed otherwise. NULL: no memory.
 */
static struct nf_xlat_bib *nf_xlat_bib_get4(struct net *net,
					    struct nf_xlat_bib *new)
{
	struct nf_xlat_bib_net *bn = nf_xlat_bib_pernet(net);
	struct nf_xlat_bib *old;

	refcount_set(&new->ref, 1);
	for (;;) {
		old = rhashtable_lookup_get_insert_fast(&bn->table4,
							&new->node4,
							nf_xlat_bib_params4);
		if (!old)
			return new;
		if (IS_ERR(old)) {
			old = NULL;
			break;
		}
		if (refcount_inc_not_zero(&old->ref))
			break;
		/*
		 * The old object has no reference left and is about to be removed: remove
		 * it now.
		 */
		rhashtable_remove_fast(&bn->table4, &old->node4,
				       nf_xlat_bib_params4);
	}
	nf_xlat_bib_free(new);
	return old;
}

/* The address of a mapping, for nf_xlat_bib_may_map() */
static struct nf_xlat_bib *nf_xlat_bib_get_addr(struct net *net,
						const struct nf_xlat_bib *bib)
{
	const struct nf_xlat_pool *pool = &bib->key6.pool;
	u16 min = ntohs(pool->min_proto);
	u16 max = pool->max_proto ? ntohs(pool->max_proto) : U16_MAX;
	struct nf_xlat_bib_key4 key = {
		.addr	= bib->key4.addr,
		.zone	= bib->key4.zone,
	};
	struct nf_xlat_bib *addr;

	addr = nf_xlat_bib_find4(net, &key);
	if (!addr) {
		addr = nf_xlat_bib_alloc();
		if (!addr)
			return NULL;
		addr->key4 = key;
		addr->min_port = min;
		addr->max_port = max;
		addr = nf_xlat_bib_get4(net, addr);
	}
	if (!addr)
		return NULL;
	/* Several pools may share an address: keep the widest range of ports. */
	if (min < READ_ONCE(addr->min_port))
		WRITE_ONCE(addr->min_port, min);
	if (max > READ_ONCE(addr->max_port))
		WRITE_ONCE(addr->max_port, max);
	return addr;
}

/**
 * nf_xlat_bib_add - make a claimed mapping known
 * @net: network namespace
 * @bib: the mapping, complete
 *
 * Another CPU may have added one for the same endpoint in the meantime; that is
 * taken then, and @bib is freed. RCU read side.
 *
 * Return: the mapping to use, with a reference, or NULL for want of memory.
 */
struct nf_xlat_bib *nf_xlat_bib_add(struct net *net, struct nf_xlat_bib *bib)
{
	struct nf_xlat_bib_net *bn = nf_xlat_bib_pernet(net);
	struct nf_xlat_bib *old;

	nf_xlat_count(net, NF_XLAT_MIB_BIB, 1);
	bib->addr = nf_xlat_bib_get_addr(net, bib);
	bib->since = (u32)ktime_get_seconds();
	refcount_set(&bib->ref, 1);

	for (;;) {
		old = rhashtable_lookup_get_insert_fast(&bn->table6,
							&bib->node6,
							nf_xlat_bib_params6);
		if (!old)
			return bib;
		if (IS_ERR(old)) {
			old = NULL;
			break;
		}
		if (refcount_inc_not_zero(&old->ref))
			break;
		rhashtable_remove_fast(&bn->table6, &old->node6,
				       nf_xlat_bib_params6);
	}
	nf_xlat_bib_put(net, bib);
	return old;
}

/**
 * nf_xlat_bib_permit - note that a mapping has a session with a peer
 * @net: network namespace
 * @bib: the mapping
 * @peer: IPv4 address
 *
 * RCU read side.
 *
 * Return: the permission, with a reference, or NULL for want of memory.
 */
struct nf_xlat_bib *nf_xlat_bib_permit(struct net *net,
				       const struct nf_xlat_bib *bib,
				       __be32 peer)
{
	struct nf_xlat_bib *new;

	new = nf_xlat_bib_alloc();
	if (!new)
		return NULL;
	new->key4 = bib->key4;
	new->key4.peer = peer;
	return nf_xlat_bib_get4(net, new);
}

/**
 * nf_xlat_bib_net_init - the mappings of a new namespace
 * @net: the namespace
 *
 * Return: 0 or a negative error.
 */
int nf_xlat_bib_net_init(struct net *net)
{
	struct nf_xlat_bib_net *bn = nf_xlat_bib_pernet(net);
	int err;

	err = rhashtable_init(&bn->table6, &nf_xlat_bib_params6);
	if (err)
		return err;
	err = rhashtable_init(&bn->table4, &nf_xlat_bib_params4);
	if (err)
		rhashtable_destroy(&bn->table6);
	return err;
}

static void nf_xlat_bib_free_fn(void *bib, void *arg)
{
	nf_xlat_bib_free(bib);
}

/**
 * nf_xlat_bib_net_exit - a namespace has gone, and its sessions with it
 * @net: the namespace
 *
 * Process context.
 */
void nf_xlat_bib_net_exit(struct net *net)
{
	struct nf_xlat_bib_net *bn = nf_xlat_bib_pernet(net);

	rhashtable_destroy(&bn->table6);
	rhashtable_free_and_destroy(&bn->table4, nf_xlat_bib_free_fn, NULL);
}

/**
 * nf_xlat_bib_init - for all namespaces
 *
 * Return: 0 or a negative error.
 */
int nf_xlat_bib_init(void)
{
	BUILD_BUG_ON(sizeof(struct nf_xlat_bib_key6) != 56);
	BUILD_BUG_ON(sizeof(struct nf_xlat_bib_key4) != 16);

	nf_xlat_bib_cache = KMEM_CACHE(nf_xlat_bib, SLAB_ACCOUNT);
	return nf_xlat_bib_cache ? 0 : -ENOMEM;
}

/**
 * nf_xlat_bib_exit - when all namespaces have had their end
 *
 * Process context.
 */
void nf_xlat_bib_exit(void)
{
	/* nf_xlat_bib_free_rcu() */
	rcu_barrier();
	kmem_cache_destroy(nf_xlat_bib_cache);
}
