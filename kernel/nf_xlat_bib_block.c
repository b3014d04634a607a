// SPDX-License-Identifier: GPL-2.0-only
/*
 * Blocks of ports (RFC 6888 REQ-14). A subscriber is an IPv6 network of 64 bits. All mappings of
 * a subscriber have ports in blocks of this subscriber. So a log needs two records for a block, and
 * none for a mapping.
 *
 * A block is a struct nf_xlat_bib in the table by IPv6 endpoint. In its key there is no protocol,
 * and in place of the port there is the number of the block among those that the subscriber has in
 * this pool. Each mapping of the block has a reference to the block, and the block has one to the
 * object of its address. That object has a bitmap of the units of NF_XLAT_UNIT_PORTS ports that are
 * in blocks. By this bitmap, a free block is found without a search over blocks, and a mapping
 * without a block does not get a port in a block.
 *
 * A deterministic block follows from the address of the subscriber (RFC 7422). This block is the
 * pool of its mappings. Apart from that, a deterministic block is like other blocks.
 */

#include <linux/bitmap.h>
#include <linux/ktime.h>
#include <linux/math64.h>
#include <linux/random.h>
#include <linux/rcupdate.h>
#include <linux/timekeeping.h>
#include <linux/netfilter/nf_xlat_netlink.h>
#include <net/ipv6.h>
#include <net/net_namespace.h>
#include "nf_xlat_ct_internal.h"

#define NF_XLAT_BLOCK_MAX_PORTS	32768

/* Find the units of a pool that blocks may have. Set @first to the first one, return how many. */
static u32 nf_xlat_block_units(const struct nf_xlat_pool *pool, u32 *first)
{
	u32 min = 1024, end = 65536;

	if (pool->max_proto) {
		/* An element of a map may have port 0, which is not a valid port. */
		min = ntohs(pool->min_proto) ? : 1;
		end = ntohs(pool->max_proto) + 1;
	}
	*first = DIV_ROUND_UP(min, NF_XLAT_UNIT_PORTS);
	end /= NF_XLAT_UNIT_PORTS;
	return end > *first ? end - *first : 0;
}

/**
 * nf_xlat_ct_block_check - check the settings for blocks of a rule or device
 * @block: the settings
 *
 * Return: 0; -ERANGE if the number of ports or the length of the prefix is not allowed; -EINVAL if
 * bits are set behind the prefix.
 */
int nf_xlat_ct_block_check(const struct nf_xlat_ct_block *block)
{
	struct in6_addr addr;

	if (!block->n_ports || block->n_ports > NF_XLAT_BLOCK_MAX_PORTS ||
	    block->n_ports % NF_XLAT_UNIT_PORTS)
		return -ERANGE;
	if (!block->deterministic)
		return 0;
	if (!block->len || block->len > NF_XLAT_SUBSCRIBER_LEN)
		return -ERANGE;
	ipv6_addr_prefix(&addr, &block->of, block->len);
	return ipv6_addr_equal(&addr, &block->of) ? 0 : -EINVAL;
}
EXPORT_SYMBOL_GPL(nf_xlat_ct_block_check);

/* Replace @pool by the block of subscriber number @at. Return false if @pool has too few blocks. */
static bool nf_xlat_block_at(const struct nf_xlat_ct_block *block, u64 at,
			     struct nf_xlat_pool *pool)
{
	u32 last = ntohl(pool->max_addr) - ntohl(pool->min_addr);
	u32 first, slots, rem, port;

	slots = nf_xlat_block_units(pool, &first) / (block->n_ports / NF_XLAT_UNIT_PORTS);
	if (!slots)
		return false;
	at = div_u64_rem(at, slots, &rem);
	if (at > last)
		return false;
	port = first * NF_XLAT_UNIT_PORTS + rem * block->n_ports;
	pool->min_addr = htonl(ntohl(pool->min_addr) + at);
	pool->max_addr = pool->min_addr;
	pool->min_proto = htons(port);
	pool->max_proto = htons(port + block->n_ports - 1);
	return true;
}

/* The number of the last subscriber: the prefix has one for each network of 64 bits. */
static u64 nf_xlat_block_last(const struct nf_xlat_ct_block *block)
{
	return block->len < NF_XLAT_SUBSCRIBER_LEN ? U64_MAX >> block->len : 0;
}

/**
 * nf_xlat_ct_block_fits - does a pool have the blocks that a device asks for?
 * @block: the settings, which nf_xlat_ct_block_check() has passed
 * @range: the pool; without addresses if it masquerades
 *
 * Return: 0; -ERANGE if no block is in the range of ports; -ENOSPC if there are more subscribers
 * than blocks.
 */
int nf_xlat_ct_block_fits(const struct nf_xlat_ct_block *block,
			  const struct nf_xlat_ct_range *range)
{
	struct nf_xlat_pool pool = nf_xlat_ct_range_pool(range);
	struct nf_xlat_pool any = pool;

	if (!nf_xlat_block_at(block, 0, &any))
		return -ERANGE;
	return block->deterministic && !nf_xlat_block_at(block, nf_xlat_block_last(block), &pool) ?
	       -ENOSPC : 0;
}
EXPORT_SYMBOL_GPL(nf_xlat_ct_block_fits);

/**
 * nf_xlat_ct_block_for_client - find the block that follows from the address of a client
 * @block: the settings; they are for deterministic blocks
 * @client: the address
 * @pool: the pool, which becomes that block
 *
 * Return: false if the address is not in the prefix, or if the pool has too few blocks. The pool of
 * a rule is in registers, so it has not been checked before.
 */
bool nf_xlat_ct_block_for_client(const struct nf_xlat_ct_block *block,
				 const struct in6_addr *client, struct nf_xlat_pool *pool)
{
	u64 net = (u64)ntohl(client->s6_addr32[0]) << 32 | ntohl(client->s6_addr32[1]);

	return ipv6_prefix_equal(&block->of, client, block->len) &&
	       nf_xlat_block_at(block, net & nf_xlat_block_last(block), pool);
}

/**
 * nf_xlat_bib_block_key - make the key of the first block of a subscriber
 * @key: gets the key, with 0 in @port. For other blocks, the caller sets @port to the number of
 *	the block.
 * @client: address of a client
 * @pool: pool of its rule
 * @zone: zone of conntrack
 * @deterministic: the block follows from the address
 *
 * Rules with the same pool share blocks, even if their other settings differ.
 */
void nf_xlat_bib_block_key(struct nf_xlat_bib_key6 *key, const struct in6_addr *client,
			   const struct nf_xlat_pool *pool, u16 zone, bool deterministic)
{
	memset(key, 0, sizeof(*key));
	ipv6_addr_prefix(&key->addr, client, NF_XLAT_SUBSCRIBER_LEN);
	key->pool = *pool;
	key->zone = zone;
	key->blocks = true;
	key->deterministic = deterministic;
}

/*
 * Find @want free units in a row, among the @n units from @first on. Return the first of them, or
 * 0. The search begins at a random unit: so whoever knows the block of one subscriber cannot guess
 * the block of the next subscriber.
 */
static u32 nf_xlat_block_search(unsigned long *units, u32 first, u32 n, u32 want)
{
	u32 end = first + n, slots = n / want, at;

	if (!slots)
		return 0;
	at = first + reciprocal_scale(get_random_u32(), slots) * want;
	at = bitmap_find_next_zero_area(units, end, at, want, 0);
	if (at + want > end)
		at = bitmap_find_next_zero_area(units, end, first, want, 0);
	return at + want > end ? 0 : at;
}

/*
 * Take units of an address for a new block, from the pool in the key of @block. Set the first port
 * of @block. Returns 0; -EEXIST if such units are not free; -ERANGE if the pool does not have them.
 */
static int nf_xlat_block_take_units(struct nf_xlat_bib_net *bn, struct nf_xlat_bib *addr,
				    struct nf_xlat_bib *block,
				    const struct nf_xlat_bib_place *place)
{
	u32 want = place->n_ports / NF_XLAT_UNIT_PORTS;
	u32 first, n, at = 0;

	n = nf_xlat_block_units(&block->key6.pool, &first);
	if (place->port) {
		at = place->port / NF_XLAT_UNIT_PORTS;
		if (at >= first && !place->first)
			at -= (at - first) % want;
		if (at < first || at + want > first + n)
			return -ERANGE;
		if (find_next_bit(addr->units, at + want, at) < at + want)
			return -EEXIST;
	} else {
		at = nf_xlat_block_search(addr->units, first, n, want);
		if (!at)
			return -EEXIST;
	}
	bitmap_set(addr->units, at, want);
	WRITE_ONCE(bn->blocks, bn->blocks + 1);
	block->key4.port = htons(at * NF_XLAT_UNIT_PORTS);
	return 0;
}

/**
 * nf_xlat_bib_block_alloc - make a block for a subscriber
 * @net: network namespace
 * @key6: its key, see nf_xlat_bib_block_key()
 * @key4: address and zone
 * @place: which ports
 *
 * Another CPU may make a block with the same key at the same time. Then this function returns that
 * block, which may have another address, zone and place. RCU read side.
 *
 * Return: the block with a reference, or an ERR_PTR: -EEXIST if the address has no free block, or
 * the block at @place is not free; -ERANGE if the pool has no such block; -ENOMEM.
 */
struct nf_xlat_bib *nf_xlat_bib_block_alloc(struct net *net,
					    const struct nf_xlat_bib_key6 *key6,
					    const struct nf_xlat_bib_key4 *key4,
					    const struct nf_xlat_bib_place *place)
{
	struct nf_xlat_bib_net *bn = nf_xlat_bib_pernet(net);
	struct nf_xlat_bib *block, *addr;
	unsigned long *units = NULL;
	int err = -ENOMEM;
	u32 first;

	/*
	 * The ports of a rule may come from a map, so they have not been checked. Check them before
	 * an allocation: each packet of a client may come here, and the address is freed by RCU.
	 */
	if (!place->n_ports || nf_xlat_block_units(&key6->pool, &first) <
			       place->n_ports / NF_XLAT_UNIT_PORTS)
		return ERR_PTR(-ERANGE);
	block = nf_xlat_bib_alloc(GFP_ATOMIC);
	if (!block)
		return ERR_PTR(err);
	memcpy(&block->key6, key6, sizeof(*key6));
	block->key4.addr = key4->addr;
	block->key4.zone = key4->zone;
	block->n_ports = place->n_ports;
	addr = nf_xlat_bib_get_addr(net, block);
	if (!addr)
		goto err;
	if (!READ_ONCE(addr->units)) {
		units = bitmap_zalloc(NF_XLAT_UNITS, GFP_ATOMIC | __GFP_ACCOUNT);
		if (!units)
			goto err_addr;
	}

	spin_lock_bh(&bn->lock);
	if (!addr->units) {
		/* A CPU that reads the pointer also reads the zeroes of the bitmap. */
		smp_store_release(&addr->units, units);
		units = NULL;
	}
	err = nf_xlat_block_take_units(bn, addr, block, place);
	spin_unlock_bh(&bn->lock);
	bitmap_free(units);
	if (err)
		goto err_addr;

	block->addr = addr;
	refcount_set(&block->ref, 1);
	return nf_xlat_bib_get6(net, block) ? : ERR_PTR(-ENOMEM);

err_addr:
	nf_xlat_bib_put(net, addr);
err:
	nf_xlat_bib_free(block);
	return ERR_PTR(err);
}

/* Is an IPv4 endpoint in this block? */
static bool nf_xlat_bib_block_has(const struct nf_xlat_bib *block,
				  const struct nf_xlat_bib_key4 *key4)
{
	u32 port = ntohs(key4->port), first = ntohs(block->key4.port);

	return block->key4.addr == key4->addr && block->key4.zone == key4->zone &&
	       port >= first && port < first + block->n_ports;
}

/**
 * nf_xlat_bib_block_get - get or make the block for a mapping from userspace
 * @net: network namespace
 * @key6: key of the mapping
 * @key4: its IPv4 endpoint
 * @place: which ports a new block is to have
 *
 * RCU read side.
 *
 * Return: the block with a reference, or an ERR_PTR: -ENOSPC if the subscriber already has
 * NF_XLAT_MAX_BLOCKS other blocks (one, if blocks are deterministic); -EBUSY if the ports are in
 * the block of another subscriber; -EAGAIN if the subscriber gets another block at the same time;
 * and what nf_xlat_bib_block_alloc() returns.
 */
struct nf_xlat_bib *nf_xlat_bib_block_get(struct net *net,
					  const struct nf_xlat_bib_key6 *key6,
					  const struct nf_xlat_bib_key4 *key4,
					  const struct nf_xlat_bib_place *place)
{
	unsigned int i, max = key6->deterministic ? 1 : NF_XLAT_MAX_BLOCKS, none = max;
	struct nf_xlat_bib_key6 key;
	struct nf_xlat_bib *block;

	nf_xlat_bib_block_key(&key, &key6->addr, &key6->pool, key6->zone, key6->deterministic);
	for (i = max; i--;) {
		key.port = htons(i);
		block = nf_xlat_bib_find6(net, &key);
		if (!block) {
			none = i;
			continue;
		}
		if (nf_xlat_bib_block_has(block, key4))
			return block;
		nf_xlat_bib_put(net, block);
	}
	if (none == max)
		return ERR_PTR(-ENOSPC);
	/* No block has the identifier 0 of an echo request. */
	if (!place->port)
		return ERR_PTR(-ERANGE);
	key.port = htons(none);
	block = nf_xlat_bib_block_alloc(net, &key, key4, place);
	if (IS_ERR(block))
		return block == ERR_PTR(-EEXIST) ? ERR_PTR(-EBUSY) : block;
	if (nf_xlat_bib_block_has(block, key4))
		return block;
	nf_xlat_bib_put(net, block);
	return ERR_PTR(-EAGAIN);
}

/**
 * nf_xlat_bib_block_free_ports - give back the ports of a block that has no references
 * @bn: the mappings of the namespace
 * @block: the block, which still has its reference to the object of its address
 *
 * Any context.
 */
void nf_xlat_bib_block_free_ports(struct nf_xlat_bib_net *bn, const struct nf_xlat_bib *block)
{
	spin_lock_bh(&bn->lock);
	bitmap_clear(block->addr->units, ntohs(block->key4.port) / NF_XLAT_UNIT_PORTS,
		     block->n_ports / NF_XLAT_UNIT_PORTS);
	WRITE_ONCE(bn->blocks, bn->blocks - 1);
	spin_unlock_bh(&bn->lock);
}

/**
 * nf_xlat_bib_block_announce - report a new block to listeners, if that has not been done
 * @net: network namespace
 * @block: the block
 *
 * As a mapping, a block is reported when conntrack has confirmed a session. A deterministic block
 * is not reported, since it can be computed. When this returns, the block has been reported, maybe
 * by another CPU. Any context.
 */
void nf_xlat_bib_block_announce(struct net *net, struct nf_xlat_bib *block)
{
	struct nf_xlat_bib_net *bn = nf_xlat_bib_pernet(net);

	if (READ_ONCE(block->start_time))
		return;
	spin_lock_bh(&bn->lock);
	if (!block->start_time) {
		if (!block->key6.deterministic)
			nf_xlat_netlink_block(net, block, NF_XLAT_CMD_BLOCK_NEW_NTF);
		WRITE_ONCE(block->start_time, (u32)ktime_get_seconds() ? : 1);
	}
	spin_unlock_bh(&bn->lock);
}

/**
 * __nf_xlat_bib_blocked - is an IPv4 endpoint in a block?
 * @bn: the mappings of the namespace
 * @key: the endpoint
 *
 * For nf_xlat_bib_blocked(). RCU read side.
 *
 * Return: true if it is.
 */
bool __nf_xlat_bib_blocked(struct nf_xlat_bib_net *bn, const struct nf_xlat_bib_key4 *key)
{
	const struct nf_xlat_bib *addr = nf_xlat_bib_lookup_addr(bn, key->addr, key->zone);
	const unsigned long *units;

	/* Pairs with smp_store_release() in nf_xlat_bib_block_alloc(). */
	units = addr ? smp_load_acquire(&addr->units) : NULL;
	return units && test_bit(ntohs(key->port) / NF_XLAT_UNIT_PORTS, units);
}

/**
 * nf_xlat_bib_block_ports - how many ports of an address are in blocks?
 * @addr: the object of the address
 *
 * RCU read side.
 *
 * Return: the number.
 */
u32 nf_xlat_bib_block_ports(const struct nf_xlat_bib *addr)
{
	/* Pairs with smp_store_release() in nf_xlat_bib_block_alloc(). */
	const unsigned long *units = smp_load_acquire(&addr->units);

	return units ? bitmap_weight(units, NF_XLAT_UNITS) * NF_XLAT_UNIT_PORTS : 0;
}
