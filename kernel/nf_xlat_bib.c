// SPDX-License-Identifier: GPL-2.0-only
/*
 * Endpoint-independent mappings (RFC 6146 section 3.1, RFC 4787 section 4): an IPv6 address
 * and port has the same IPv4 address and port towards all peers.
 *
 * A mapping is in two tables, one by its IPv6 endpoint and one by its IPv4 endpoint. The
 * conntrack entries of its sessions hold references. When the last reference is put, the mapping
 * leaves both tables. A static mapping, which userspace has made, has one more reference.
 *
 * The tables have struct nf_xlat_bib for other things as well. In the table by IPv4 endpoint, each
 * peer of a mapping has a permission, if filtering is address-dependent; and each IPv4 address that
 * a mapping has is an object, for nf_xlat_bib_may_map(). In the table by IPv6 endpoint there are
 * blocks, see nf_xlat_bib_block.c.
 */

#include <linux/bitmap.h>
#include <linux/rculist.h>
#include <linux/rcupdate.h>
#include <linux/rhashtable.h>
#include <linux/slab.h>
#include <linux/timekeeping.h>
#include <linux/netfilter/nf_xlat_netlink.h>
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

/**
 * nf_xlat_bib_find6 - find the mapping of an IPv6 endpoint
 * @net: network namespace
 * @key: the endpoint and the settings of the rule, see struct nf_xlat_bib_key6
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
 * @key: the endpoint. With a peer in it, look for the permission of that peer.
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
 * nf_xlat_bib_alloc - allocate a mapping
 * @gfp: GFP_ATOMIC on the packet path. For userspace it has to be GFP_KERNEL, since GFP_ATOMIC may
 *	exceed the limit of the memory cgroup.
 *
 * Return: a zeroed mapping that is in no table, or NULL.
 */
struct nf_xlat_bib *nf_xlat_bib_alloc(gfp_t gfp)
{
	return kmem_cache_zalloc(nf_xlat_bib_cache, gfp);
}

/**
 * nf_xlat_bib_free - free a mapping that is in no table
 * @bib: the mapping
 *
 * The caller is the only user of @bib. Any context.
 */
void nf_xlat_bib_free(struct nf_xlat_bib *bib)
{
	kmem_cache_free(nf_xlat_bib_cache, bib);
}

/**
 * nf_xlat_bib_claim - reserve an IPv4 endpoint for a new mapping
 * @net: network namespace
 * @bib: mapping from nf_xlat_bib_alloc(), with the endpoint in @key4
 *
 * This inserts @bib into the table by IPv4 endpoint, with a reference count of 0. From then on,
 * no other mapping can claim the endpoint. nf_xlat_bib_find4() does not return @bib before
 * nf_xlat_bib_add(), which the caller has to call next. RCU read side.
 *
 * Return: 0; -EEXIST if another mapping has the endpoint; another error if there is no
 * memory. In case of error @bib is in no table, and the caller still owns it.
 */
int nf_xlat_bib_claim(struct net *net, struct nf_xlat_bib *bib)
{
	return rhashtable_lookup_insert_fast(&nf_xlat_bib_pernet(net)->table4,
					     &bib->node4, nf_xlat_bib_params4);
}

/**
 * nf_xlat_bib_mapped - does a mapping have this IPv4 endpoint?
 * @net: network namespace
 * @key: the endpoint
 *
 * RCU read side.
 *
 * Return: true if there is one. This includes a mapping that has only claimed the endpoint, and
 * one that has no references and is about to leave the table.
 */
bool nf_xlat_bib_mapped(struct net *net, const struct nf_xlat_bib_key4 *key)
{
	return rhashtable_lookup(&nf_xlat_bib_pernet(net)->table4, key,
				 nf_xlat_bib_params4);
}

/**
 * nf_xlat_bib_lookup_addr - find the object of an IPv4 address
 * @bn: the mappings of the namespace
 * @addr: the address
 * @zone: zone of conntrack
 *
 * RCU read side.
 *
 * Return: the object without a reference, or NULL if no mapping has the address.
 */
struct nf_xlat_bib *nf_xlat_bib_lookup_addr(struct nf_xlat_bib_net *bn, __be32 addr, u16 zone)
{
	const struct nf_xlat_bib_key4 key = {
		.addr	= addr,
		.zone	= zone,
	};

	return rhashtable_lookup(&bn->table4, &key, nf_xlat_bib_params4);
}

/**
 * nf_xlat_bib_may_map - could a new mapping get this IPv4 endpoint?
 * @net: network namespace
 * @key: the endpoint
 *
 * The pools of rules are not known here, only those of the mappings that exist. It does not
 * matter whether a mapping has the endpoint now. RCU read side.
 *
 * Return: true if mappings have the address of @key, and the port of @key is in the range of
 * their pools.
 */
bool nf_xlat_bib_may_map(struct net *net, const struct nf_xlat_bib_key4 *key)
{
	const struct nf_xlat_bib *bib;

	bib = nf_xlat_bib_lookup_addr(nf_xlat_bib_pernet(net), key->addr, key->zone);
	return bib &&
	       ntohs(key->port) >= READ_ONCE(bib->min_port) &&
	       ntohs(key->port) <= READ_ONCE(bib->max_port);
}

/* Is the object an address? This is also true for a new object that has no keys yet. */
static bool nf_xlat_bib_is_addr(const struct nf_xlat_bib *bib)
{
	return !bib->key4.peer && !bib->key4.proto && !bib->key4.port;
}

/* Free an object that has been in a table, and that nobody uses any more. */
static void nf_xlat_bib_free_used(struct nf_xlat_bib *bib)
{
	if (nf_xlat_bib_is_addr(bib))
		bitmap_free(bib->units);
	nf_xlat_bib_free(bib);
}

static void nf_xlat_bib_free_rcu(struct rcu_head *rcu)
{
	nf_xlat_bib_free_used(container_of(rcu, struct nf_xlat_bib, rcu));
}

static unsigned int nf_xlat_bib_proto(u8 proto)
{
	return proto == IPPROTO_TCP ? NF_XLAT_BIB_TCP :
	       proto == IPPROTO_UDP ? NF_XLAT_BIB_UDP : NF_XLAT_BIB_ICMP;
}

/*
 * Remove an object without references from the tables, and free it after a grace period. Another
 * CPU may have removed it from a table already, see nf_xlat_bib_get4() and nf_xlat_bib_get6().
 */
static void nf_xlat_bib_unlink(struct nf_xlat_bib_net *bn,
			       struct nf_xlat_bib *bib)
{
	if (!nf_xlat_bib_is_block(bib))
		rhashtable_remove_fast(&bn->table4, &bib->node4,
				       nf_xlat_bib_params4);
	if (nf_xlat_bib_is_mapping(bib) || nf_xlat_bib_is_block(bib)) {
		rhashtable_remove_fast(&bn->table6, &bib->node6,
				       nf_xlat_bib_params6);
	} else if (nf_xlat_bib_is_addr(bib)) {
		spin_lock_bh(&bn->lock);
		list_del_rcu(&bib->list);
		spin_unlock_bh(&bn->lock);
	}
	call_rcu(&bib->rcu, nf_xlat_bib_free_rcu);
}

/* The object of the address of a mapping, or NULL. A mapping in a block has it by the block. */
static struct nf_xlat_bib *nf_xlat_bib_addr(const struct nf_xlat_bib *bib)
{
	const struct nf_xlat_bib *block = nf_xlat_bib_block(bib);

	return block ? block->addr : bib->addr;
}

/* An object has no references any more: report its end to listeners, and free it. */
static void nf_xlat_bib_end(struct net *net, struct nf_xlat_bib *bib)
{
	struct nf_xlat_bib_net *bn = nf_xlat_bib_pernet(net);
	struct nf_xlat_bib *addr;

	/*
	 * Report the end while no other mapping can claim the IPv4 endpoint. So listeners never
	 * see two mappings with the same endpoint, nor two blocks with the same port.
	 */
	if (nf_xlat_bib_is_mapping(bib)) {
		nf_xlat_count(net, NF_XLAT_MIB_BIB, -1);
		if (bib->start_time)
			nf_xlat_netlink_mapping(net, bib, NF_XLAT_CMD_MAPPING_DEL_NTF);
		addr = nf_xlat_bib_addr(bib);
		if (addr)
			atomic_dec(&addr->ports[nf_xlat_bib_proto(bib->key4.proto)]);
	} else if (nf_xlat_bib_is_block(bib)) {
		if (bib->start_time && !bib->key6.deterministic)
			nf_xlat_netlink_block(net, bib, NF_XLAT_CMD_BLOCK_DEL_NTF);
		nf_xlat_bib_block_free_ports(bn, bib);
	}
	nf_xlat_bib_unlink(bn, bib);
}

/**
 * nf_xlat_bib_put - put a reference, and free the object if that was the last one
 * @net: network namespace
 * @bib: mapping, permission, block or address
 *
 * When a mapping ends, this also puts its reference to its block or to the object of its address,
 * and so on. Any context.
 */
void nf_xlat_bib_put(struct net *net, struct nf_xlat_bib *bib)
{
	struct nf_xlat_bib *next;

	for (; bib && refcount_dec_and_test(&bib->ref); bib = next) {
		next = bib->addr;
		nf_xlat_bib_end(net, bib);
	}
}

/*
 * Find the object with the key of @new in the table by IPv4 endpoint, or add @new. This function
 * owns @new, and frees @new if it does not add it. RCU read side.
 *
 * Return: the object, with a reference for the caller, or NULL without memory.
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
		 * Another CPU has put the last reference to the old object, and is about to
		 * remove it from the table. Remove it now, and try again. nf_xlat_bib_unlink()
		 * does nothing with an object that is not in the table.
		 */
		rhashtable_remove_fast(&bn->table4, &old->node4,
				       nf_xlat_bib_params4);
	}
	nf_xlat_bib_free(new);
	return old;
}

/**
 * nf_xlat_bib_get_addr - get the object of the IPv4 address of a mapping or block, or make it
 * @net: network namespace
 * @bib: the mapping or block, with both keys
 *
 * RCU read side.
 *
 * Return: the object with a reference, or NULL without memory.
 */
struct nf_xlat_bib *nf_xlat_bib_get_addr(struct net *net,
					 const struct nf_xlat_bib *bib)
{
	const struct nf_xlat_pool *pool = &bib->key6.pool;
	u16 min = ntohs(pool->min_proto);
	u16 max = pool->max_proto ? ntohs(pool->max_proto) : U16_MAX;
	struct nf_xlat_bib_key4 key = {
		.addr	= bib->key4.addr,
		.zone	= bib->key4.zone,
	};
	struct nf_xlat_bib_net *bn = nf_xlat_bib_pernet(net);
	struct nf_xlat_bib *addr, *new;

	addr = nf_xlat_bib_find4(net, &key);
	if (!addr) {
		new = nf_xlat_bib_alloc(GFP_ATOMIC);
		if (!new)
			return NULL;
		new->key4 = key;
		new->min_port = min;
		new->max_port = max;
		addr = nf_xlat_bib_get4(net, new);
		if (addr == new) {
			spin_lock_bh(&bn->lock);
			list_add_tail_rcu(&addr->list, &bn->addrs);
			spin_unlock_bh(&bn->lock);
		}
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
 * nf_xlat_bib_failed - count a session that was refused because no port was free
 * @net: network namespace
 * @addr: the first address of the pool that was tried
 * @zone: zone of conntrack
 * @proto: transport protocol in IPv4
 *
 * The counter is in the object of the address. If no mapping has the address, there is no such
 * object, and the session is not counted. RCU read side.
 */
void nf_xlat_bib_failed(struct net *net, __be32 addr, u16 zone, u8 proto)
{
	struct nf_xlat_bib *bib;

	bib = nf_xlat_bib_lookup_addr(nf_xlat_bib_pernet(net), addr, zone);
	if (bib && nf_xlat_ct_has_mappings(proto))
		atomic_inc(&bib->failures[nf_xlat_bib_proto(proto)]);
}

/**
 * nf_xlat_bib_get6 - find the object with an IPv6 endpoint, or add one
 * @net: network namespace
 * @bib: new mapping or block, with both keys and a reference, which this function takes over
 *
 * If this does not return @bib, it has put @bib. RCU read side.
 *
 * Return: the object with a reference for the caller, or NULL without memory.
 */
struct nf_xlat_bib *nf_xlat_bib_get6(struct net *net, struct nf_xlat_bib *bib)
{
	struct nf_xlat_bib_net *bn = nf_xlat_bib_pernet(net);
	struct nf_xlat_bib *old;

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
 * nf_xlat_bib_add - let others find a mapping that has claimed its IPv4 endpoint
 * @net: network namespace
 * @bib: the mapping, with both keys, and with a reference to its block in @bib->addr if it has one
 *
 * Another CPU may have added a mapping for the same IPv6 endpoint after the caller looked for
 * one. Then this function returns that other mapping. If it does not return @bib, it has put
 * @bib, and the IPv4 endpoint and the block with it. RCU read side.
 *
 * Return: the mapping to use, with a reference for the caller, or NULL without memory.
 */
struct nf_xlat_bib *nf_xlat_bib_add(struct net *net, struct nf_xlat_bib *bib)
{
	struct nf_xlat_bib *addr;

	nf_xlat_count(net, NF_XLAT_MIB_BIB, 1);
	if (!bib->key6.blocks)
		bib->addr = nf_xlat_bib_get_addr(net, bib);
	addr = nf_xlat_bib_addr(bib);
	if (addr)
		atomic_inc(&addr->ports[nf_xlat_bib_proto(bib->key4.proto)]);
	refcount_set(&bib->ref, 1);
	return nf_xlat_bib_get6(net, bib);
}

/**
 * nf_xlat_bib_announce - report a new mapping to listeners, if that has not been done
 * @net: network namespace
 * @bib: the mapping, to which the caller has a reference; its block is reported before it
 *
 * The caller has seen conntrack confirm a session of the mapping. A mapping is not reported
 * before that, so that packets that a rule drops cause no events. Any context.
 */
void nf_xlat_bib_announce(struct net *net, struct nf_xlat_bib *bib)
{
	struct nf_xlat_bib_net *bn = nf_xlat_bib_pernet(net);
	u32 now;

	if (READ_ONCE(bib->start_time))
		return;
	now = (u32)ktime_get_seconds() ? : 1;
	if (nf_xlat_bib_block(bib))
		nf_xlat_bib_block_announce(net, bib->addr);
	if (likely(!nf_xlat_netlink_has_listeners(net))) {
		if (!cmpxchg(&bib->start_time, 0, now))
			nf_xlat_netlink_mapping(net, bib, NF_XLAT_CMD_MAPPING_NEW_NTF);
		return;
	}
	/*
	 * Somebody listens to sessions. Another CPU may begin another session of the same mapping.
	 * It waits for this lock, so it does not report the session before this CPU has reported
	 * the mapping.
	 */
	spin_lock_bh(&bn->lock);
	if (!bib->start_time) {
		nf_xlat_netlink_mapping(net, bib, NF_XLAT_CMD_MAPPING_NEW_NTF);
		WRITE_ONCE(bib->start_time, now);
	}
	spin_unlock_bh(&bn->lock);
}

/**
 * nf_xlat_bib_add_peer - permit a peer to begin sessions with a mapping
 * @net: network namespace
 * @bib: the mapping
 * @peer: IPv4 address of the peer
 * @new: from nf_xlat_bib_alloc(), which this function uses or frees. If NULL, this function
 *	allocates one with GFP_ATOMIC, but only if there is no such permission yet.
 *
 * The permission lasts until its last reference is put. RCU read side.
 *
 * Return: the permission, with a reference for the caller, or NULL without memory.
 */
struct nf_xlat_bib *nf_xlat_bib_add_peer(struct net *net,
					 const struct nf_xlat_bib *bib,
					 __be32 peer, struct nf_xlat_bib *new)
{
	struct nf_xlat_bib_key4 key;
	struct nf_xlat_bib *old;

	/* Copy the padding as well: rhashtable compares it. */
	memcpy(&key, &bib->key4, sizeof(key));
	key.peer = peer;
	if (!new) {
		old = nf_xlat_bib_find4(net, &key);
		if (old)
			return old;
		new = nf_xlat_bib_alloc(GFP_ATOMIC);
		if (!new)
			return NULL;
	}
	memcpy(&new->key4, &key, sizeof(key));
	return nf_xlat_bib_get4(net, new);
}

/**
 * nf_xlat_bib_make - find the mapping that userspace asks for, or make it
 * @net: network namespace
 * @key6: its IPv6 endpoint, and the settings of its rule
 * @key4: its IPv4 endpoint
 * @ifindex: of a new mapping: device that it ends with if it masquerades, or 0
 * @owner: of a new mapping: number of the device that counts, or 0
 * @place: of a rule with blocks: which ports a new block is to have
 * @new: from nf_xlat_bib_alloc(), which this function uses or frees
 *
 * RCU read side.
 *
 * Return: the mapping with a reference; or an ERR_PTR: -EEXIST if the IPv6 endpoint has another
 * IPv4 endpoint, -EADDRINUSE if another mapping has the IPv4 endpoint, -EBUSY if another
 * subscriber's block has it, -EAGAIN if this very mapping is made at the same time or the table is
 * about to grow, -ENOMEM, and what nf_xlat_bib_block_get() and rhashtable_lookup_insert_fast()
 * return.
 */
struct nf_xlat_bib *nf_xlat_bib_make(struct net *net,
				     const struct nf_xlat_bib_key6 *key6,
				     const struct nf_xlat_bib_key4 *key4,
				     int ifindex, u8 owner,
				     const struct nf_xlat_bib_place *place,
				     struct nf_xlat_bib *new)
{
	struct nf_xlat_bib *bib, *old, *block = NULL;
	int err;

	bib = nf_xlat_bib_find6(net, key6);
	if (bib) {
		nf_xlat_bib_free(new);
	} else {
		/* Copy the padding as well, which the caller has cleared. */
		memcpy(&new->key6, key6, sizeof(*key6));
		memcpy(&new->key4, key4, sizeof(*key4));
		new->masq_index = ifindex;
		new->owner = owner;
		if (key6->blocks)
			block = nf_xlat_bib_block_get(net, key6, key4, place);
		else if (nf_xlat_bib_blocked(nf_xlat_bib_pernet(net), key4))
			block = ERR_PTR(-EBUSY);
		if (IS_ERR(block)) {
			nf_xlat_bib_free(new);
			return block;
		}
		err = nf_xlat_bib_claim(net, new);
		if (err) {
			nf_xlat_bib_free(new);
			if (block)
				nf_xlat_bib_put(net, block);
			/*
			 * rhashtable returns -EBUSY if its table is about to grow. The caller takes
			 * -EBUSY for a block of another subscriber.
			 */
			if (err != -EEXIST)
				return ERR_PTR(err == -EBUSY ? -EAGAIN : err);
			old = rhashtable_lookup(&nf_xlat_bib_pernet(net)->table4, key4,
						nf_xlat_bib_params4);
			return ERR_PTR(!old || !memcmp(&old->key6, key6, sizeof(*key6)) ?
				       -EAGAIN : -EADDRINUSE);
		}
		new->addr = block;
		bib = nf_xlat_bib_add(net, new);
		if (!bib)
			return ERR_PTR(-ENOMEM);
	}
	if (memcmp(&bib->key4, key4, sizeof(*key4))) {
		nf_xlat_bib_put(net, bib);
		return ERR_PTR(-EEXIST);
	}
	return bib;
}

/**
 * nf_xlat_bib_set_static - make a mapping static: it stays until nf_xlat_bib_clear_static() is
 * called
 * @net: network namespace
 * @bib: the mapping. This function takes over a reference of the caller, in case of error as well.
 *
 * Process context.
 *
 * Return: 0; -EEXIST if it is static already; -ENOSPC if there are too many in the namespace.
 */
int nf_xlat_bib_set_static(struct net *net, struct nf_xlat_bib *bib)
{
	struct nf_xlat_bib_net *bn = nf_xlat_bib_pernet(net);
	int err = 0;

	spin_lock(&bn->dumps_lock);
	if (bib->is_static) {
		err = -EEXIST;
	} else if (bn->statics >= NF_XLAT_MAX_STATICS) {
		err = -ENOSPC;
	} else {
		WRITE_ONCE(bib->is_static, true);
		bn->statics++;
		/*
		 * The reference of the caller is now that of the static mapping, and
		 * nf_xlat_bib_clear_static() may put it. Take one for this function.
		 */
		refcount_inc(&bib->ref);
	}
	spin_unlock(&bn->dumps_lock);
	if (!err)
		nf_xlat_bib_announce(net, bib);
	nf_xlat_bib_put(net, bib);
	return err;
}

/**
 * nf_xlat_bib_clear_static - undo nf_xlat_bib_set_static(): let a mapping end with its last session
 * @net: network namespace
 * @bib: the mapping. The caller has a reference, or has found it in the table in an RCU read side.
 *
 * Process context.
 *
 * Return: false if it was not static.
 */
bool nf_xlat_bib_clear_static(struct net *net, struct nf_xlat_bib *bib)
{
	struct nf_xlat_bib_net *bn = nf_xlat_bib_pernet(net);
	bool was;

	spin_lock(&bn->dumps_lock);
	was = bib->is_static;
	WRITE_ONCE(bib->is_static, false);
	bn->statics -= was;
	spin_unlock(&bn->dumps_lock);
	if (was)
		nf_xlat_bib_put(net, bib);
	return was;
}

/**
 * nf_xlat_bib_clear_all_static - call nf_xlat_bib_clear_static() for all static mappings
 * @net: network namespace, in which nobody makes a static mapping any more
 *
 * rhashtable_walk_start() skips as many elements of a bucket as the walk has seen there. If some
 * of these have been removed, it skips others that the walk has not seen. So repeat the walk until
 * no static mapping is left. Process context.
 */
void nf_xlat_bib_clear_all_static(struct net *net)
{
	struct nf_xlat_bib_net *bn = nf_xlat_bib_pernet(net);
	struct rhashtable_iter iter;
	struct nf_xlat_bib *bib;
	unsigned int n;

	while (READ_ONCE(bn->statics)) {
		rhashtable_walk_enter(&bn->table6, &iter);
		do {
			/*
			 * After a resize, older kernels would go on from the last mapping of the
			 * run before, which may have been freed.
			 */
			if (rhashtable_walk_start_check(&iter)) {
				rhashtable_walk_stop(&iter);
				break;
			}
			/* The RCU read side keeps each mapping that is found from being freed. */
			for (n = 0; n < 1024 && (bib = rhashtable_walk_next(&iter)); n++)
				if (!IS_ERR(bib))
					nf_xlat_bib_clear_static(net, bib);
			rhashtable_walk_stop(&iter);
			cond_resched();
		} while (bib);
		rhashtable_walk_exit(&iter);
	}
}

/**
 * nf_xlat_bib_net_init - make the tables of a new namespace
 * @net: the namespace
 *
 * Return: 0 or a negative error.
 */
int nf_xlat_bib_net_init(struct net *net)
{
	struct nf_xlat_bib_net *bn = nf_xlat_bib_pernet(net);
	int err;

	INIT_LIST_HEAD(&bn->addrs);
	spin_lock_init(&bn->lock);
	spin_lock_init(&bn->dumps_lock);
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
	nf_xlat_bib_free_used(bib);
}

/**
 * nf_xlat_bib_net_exit - free the tables of a namespace
 * @net: the namespace
 *
 * The caller has ended all sessions of the namespace. Process context.
 */
void nf_xlat_bib_net_exit(struct net *net)
{
	struct nf_xlat_bib_net *bn = nf_xlat_bib_pernet(net);

	rhashtable_destroy(&bn->table6);
	rhashtable_free_and_destroy(&bn->table4, nf_xlat_bib_free_fn, NULL);
}

/**
 * nf_xlat_bib_init - make the slab cache of mappings
 *
 * Return: 0 or a negative error.
 */
int nf_xlat_bib_init(void)
{
	BUILD_BUG_ON(sizeof(struct nf_xlat_bib_key6) != 56);
	BUILD_BUG_ON(sizeof(struct nf_xlat_bib_key4) != 16);
	BUILD_BUG_ON(sizeof(struct nf_xlat_bib) > 128);
	/* An address has no key6. */
	BUILD_BUG_ON(offsetofend(struct nf_xlat_bib, units) >
		     offsetofend(struct nf_xlat_bib, key6));

	nf_xlat_bib_cache = KMEM_CACHE(nf_xlat_bib, SLAB_ACCOUNT);
	return nf_xlat_bib_cache ? 0 : -ENOMEM;
}

/**
 * nf_xlat_bib_exit - free the slab cache
 *
 * The tables of all namespaces have been freed. Process context.
 */
void nf_xlat_bib_exit(void)
{
	/* Wait for each nf_xlat_bib_free_rcu(). */
	rcu_barrier();
	kmem_cache_destroy(nf_xlat_bib_cache);
}
