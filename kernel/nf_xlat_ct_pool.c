// SPDX-License-Identifier: GPL-2.0-only
/*
 * Pools: the IPv4 endpoints from which a rule or device with state takes one for a new mapping.
 * An unsolicited SYN to one of them gets no answer, see nf_xlat_ct_local_in().
 *
 * A rule of nft has its addresses and ports in registers. So the pool of the rule is not known
 * before its first packet. If a later packet finds other values in the registers, as in a rule
 * with a map, nf_xlat_ct_pools_have() ignores the pool from then on. Then only the addresses of
 * existing mappings are known, see nf_xlat_bib_may_map().
 */

#include <linux/inetdevice.h>
#include <linux/rculist.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <net/ipv6.h>
#include <net/route.h>
#include "nf_xlat_ct_internal.h"

enum nf_xlat_ct_pool_state {
	NF_XLAT_POOL_UNKNOWN,	/* the rule has met no packet yet */
	NF_XLAT_POOL_KNOWN,	/* all packets so far have had the same pool */
	NF_XLAT_POOL_VARIABLE,	/* two packets have had different pools */
};

/**
 * struct nf_xlat_ct_pool - the pool of a rule or device
 *
 * @node: in nf_xlat_ct_net.pools
 * @lock: protects changes of @state and @pool
 * @state: enum nf_xlat_ct_pool_state
 * @masq: the address is the preferred source of the route; @pool has only ports
 * @prefix: prefix that represents the addresses of peers
 * @pool: addresses and ports; written before @state becomes NF_XLAT_POOL_KNOWN
 * @mtu: lowest MTU of the IPv6 side, 0 for the default
 * @filter: address-dependent filtering
 * @owner: number of the device that counts, 0 for none
 * @has_rule: @mtu and @filter are valid. Those of a rule come with its first packet.
 * @block: blocks of ports for subscribers
 * @rcu: for kfree_rcu()
 */
struct nf_xlat_ct_pool {
	struct list_head	node;
	spinlock_t		lock;	/* protects changes of @state and @pool */
	u8			state;
	bool			masq;
	struct nf_xlat_prefix	prefix;
	struct nf_xlat_pool	pool;
	u16			mtu;
	bool			filter;
	u8			owner;
	bool			has_rule;
	struct nf_xlat_ct_block	block;
	struct rcu_head		rcu;
};

/* Note the settings of a rule or device that belong to the key of its mappings. */
static void nf_xlat_ct_pool_rule(struct nf_xlat_ct_pool *pool,
				 const struct nf_xlat_ct_range *range)
{
	pool->mtu = range->mtu;
	pool->filter = range->filter;
	WRITE_ONCE(pool->owner, range->owner);
	/* A CPU that reads @has_rule also reads the new @mtu and @filter. */
	smp_store_release(&pool->has_rule, true);
}

/**
 * nf_xlat_ct_pool_add - add the pool of a new rule or device
 * @net: network namespace, for which nf_xlat_ct_netns_get() has been called
 * @range: addresses, ports and prefix of the rule or device
 * @known: which parts of @range are valid already. For a rule, the others come with its first
 *	packet, see nf_xlat_ct_pool_update().
 * @block: blocks of ports for subscribers, which nf_xlat_ct_block_check() has passed if there are
 *	any
 *
 * Process context.
 *
 * Return: the pool, for nf_xlat_ct_range.pool and nf_xlat_ct_pool_del(); NULL if @range makes no
 * mappings (@per_session); an ERR_PTR without memory.
 */
struct nf_xlat_ct_pool *
nf_xlat_ct_pool_add(struct net *net, const struct nf_xlat_ct_range *range,
		    enum nf_xlat_ct_pool_known known,
		    const struct nf_xlat_ct_block *block)
{
	struct nf_xlat_ct_net *xn = nf_xlat_ct_pernet(net);
	struct nf_xlat_ct_pool *pool;

	if (range->per_session)
		return NULL;
	pool = kzalloc(sizeof(*pool), GFP_KERNEL_ACCOUNT);
	if (!pool)
		return ERR_PTR(-ENOMEM);
	spin_lock_init(&pool->lock);
	pool->masq = range->masq;
	pool->prefix = range->prefix;
	pool->block = *block;
	if (known != NF_XLAT_POOL_DYNAMIC) {
		pool->pool = nf_xlat_ct_range_pool(range);
		pool->state = NF_XLAT_POOL_KNOWN;
	}
	if (known == NF_XLAT_POOL_COMPLETE)
		nf_xlat_ct_pool_rule(pool, range);

	mutex_lock(&xn->mutex);
	list_add_tail_rcu(&pool->node, &xn->pools);
	mutex_unlock(&xn->mutex);
	return pool;
}
EXPORT_SYMBOL_GPL(nf_xlat_ct_pool_add);

/**
 * nf_xlat_ct_pool_set_owner - set the number of the device that a pool belongs to
 * @pool: the pool, or NULL
 * @owner: what nf_xlat_ct_owner_add() returned
 *
 * The caller holds RTNL.
 */
void nf_xlat_ct_pool_set_owner(struct nf_xlat_ct_pool *pool, u8 owner)
{
	if (pool)
		WRITE_ONCE(pool->owner, owner);
}
EXPORT_SYMBOL_GPL(nf_xlat_ct_pool_set_owner);

/**
 * nf_xlat_ct_pool_del - remove the pool of a rule or device, and free it after a grace period
 * @net: network namespace
 * @pool: what nf_xlat_ct_pool_add() returned; may be NULL
 *
 * Process context.
 */
void nf_xlat_ct_pool_del(struct net *net, struct nf_xlat_ct_pool *pool)
{
	struct nf_xlat_ct_net *xn = nf_xlat_ct_pernet(net);

	if (!pool)
		return;
	mutex_lock(&xn->mutex);
	list_del_rcu(&pool->node);
	mutex_unlock(&xn->mutex);
	kfree_rcu(pool, rcu);
}
EXPORT_SYMBOL_GPL(nf_xlat_ct_pool_del);

/**
 * nf_xlat_ct_pool_update - note the addresses and ports that a rule has for a packet
 * @range: what the rule asks for; its @pool is not NULL
 * @seen: the addresses and ports
 *
 * The first packet makes the pool known. If another packet has other addresses or ports, the pool
 * is ignored from then on. RCU read side.
 *
 * Return: the blocks of ports that clients get, or NULL if there are none.
 */
const struct nf_xlat_ct_block *
nf_xlat_ct_pool_update(const struct nf_xlat_ct_range *range,
		       const struct nf_xlat_pool *seen)
{
	struct nf_xlat_ct_pool *pool = range->pool;
	/* If this is NF_XLAT_POOL_KNOWN, smp_store_release() below has completed @pool->pool. */
	u8 state = smp_load_acquire(&pool->state);

	if (likely(state == NF_XLAT_POOL_KNOWN && READ_ONCE(pool->has_rule) &&
		   !memcmp(&pool->pool, seen, sizeof(*seen))) ||
	    state == NF_XLAT_POOL_VARIABLE)
		goto out;

	spin_lock_bh(&pool->lock);
	if (!pool->has_rule)
		nf_xlat_ct_pool_rule(pool, range);
	if (pool->state == NF_XLAT_POOL_UNKNOWN) {
		pool->pool = *seen;
		/* A CPU that reads the new state also reads the new @pool->pool. */
		smp_store_release(&pool->state, NF_XLAT_POOL_KNOWN);
	} else if (memcmp(&pool->pool, seen, sizeof(*seen))) {
		WRITE_ONCE(pool->state, NF_XLAT_POOL_VARIABLE);
	}
	spin_unlock_bh(&pool->lock);
out:
	return pool->block.n_ports ? &pool->block : NULL;
}

/*
 * Would masquerade choose the destination of @t, an address of this host, as the source of a
 * session with the peer that is the source of @t?
 */
static bool nf_xlat_ct_masq_takes(struct net *net, const struct sk_buff *skb,
				  const struct nf_conntrack_tuple *t)
{
	const struct nf_xlat_flowi fl = {
		.daddr	= &t->src.u3,
		.proto	= IPPROTO_TCP,
		.masq	= true,
		.sport	= t->dst.u.tcp.port,
		.uli.ports.dport = t->src.u.tcp.port,
	};
	union nf_inet_addr addr;
	struct dst_entry *dst;

	dst = nf_xlat_route(net, NULL, skb, NFPROTO_IPV4, &fl, &addr);
	if (IS_ERR(dst))
		return false;
	dst_release(dst);
	return addr.ip == t->dst.u3.ip;
}

/* Is this pool known, and does it have the port? RCU read side */
static bool nf_xlat_ct_pool_has_port(const struct nf_xlat_ct_pool *pool, u16 port)
{
	/* The load pairs with smp_store_release() in nf_xlat_ct_pool_update(). */
	return smp_load_acquire(&pool->state) == NF_XLAT_POOL_KNOWN &&
	       port >= ntohs(pool->pool.min_proto) &&
	       (!pool->pool.max_proto || port <= ntohs(pool->pool.max_proto));
}

/**
 * nf_xlat_ct_pools_have - could a client get the IPv4 endpoint that a SYN is for?
 * @net: network namespace
 * @skb: the SYN
 * @t: its tuple in IPv4
 *
 * RCU read side.
 *
 * Return: true if a known pool has the destination of @t, for a session with the source of @t.
 */
bool nf_xlat_ct_pools_have(struct net *net, const struct sk_buff *skb,
			   const struct nf_conntrack_tuple *t)
{
	struct nf_xlat_ct_net *xn = nf_xlat_ct_pernet(net);
	u16 port = ntohs(t->dst.u.tcp.port);
	u32 addr = ntohl(t->dst.u3.ip);
	struct nf_xlat_ct_pool *pool;
	bool masq = false;

	list_for_each_entry_rcu(pool, &xn->pools, node) {
		if (!nf_xlat_ct_pool_has_port(pool, port) ||
		    !nf_xlat_prefix_allows(&pool->prefix, t->src.u3.ip))
			continue;
		if (pool->masq)
			masq = true;
		else if (addr >= ntohl(pool->pool.min_addr) &&
			 addr <= ntohl(pool->pool.max_addr))
			return true;
	}
	return masq && nf_xlat_ct_masq_takes(net, skb, t);
}

/* May a client get this IPv4 endpoint from the pool? RCU read side */
static bool nf_xlat_ct_pool_has(struct net *net, const struct nf_xlat_ct_pool *pool,
				const struct nf_xlat_bib_key4 *key4)
{
	/* The load of @has_rule pairs with nf_xlat_ct_pool_rule(). */
	if (!smp_load_acquire(&pool->has_rule) ||
	    !nf_xlat_ct_pool_has_port(pool, ntohs(key4->port)))
		return false;
	if (pool->masq)
		return __ip_dev_find(net, key4->addr, false);
	return ntohl(key4->addr) >= ntohl(pool->pool.min_addr) &&
	       ntohl(key4->addr) <= ntohl(pool->pool.max_addr);
}

/* Replace the pool in @key6 by the block of its client. Return whether that has the endpoint. */
static bool nf_xlat_ct_pool_for_client(const struct nf_xlat_ct_pool *pool,
				       const struct nf_xlat_bib_key4 *key4,
				       struct nf_xlat_bib_key6 *key6)
{
	return nf_xlat_ct_block_for_client(&pool->block, &key6->addr, &key6->pool) &&
	       key4->addr == key6->pool.min_addr &&
	       ntohs(key4->port) >= ntohs(key6->pool.min_proto) &&
	       ntohs(key4->port) <= ntohs(key6->pool.max_proto);
}

/**
 * nf_xlat_ct_pool_find - find the one rule or device that could give an IPv4 endpoint to a client
 * @net: network namespace
 * @key4: the endpoint
 * @prefix: the prefix of that rule, or NULL
 * @key6: has the client; gets prefix, pool, MTU, filtering, masquerading and blocks of the rule;
 *	undefined on error
 * @owner: gets the number of the device that counts
 * @block_ports: gets how many ports a block has, 0 if there are no blocks
 *
 * The settings of an nft rule are not known before its first packet. RCU read side.
 *
 * Return: 0; -ENOENT if there is none; -ENOTUNIQ if there are several with different settings;
 * -ERANGE if the client has another block there.
 */
int nf_xlat_ct_pool_find(struct net *net, const struct nf_xlat_bib_key4 *key4,
			 const struct nf_xlat_prefix *prefix,
			 struct nf_xlat_bib_key6 *key6, u8 *owner,
			 u32 *block_ports)
{
	struct nf_xlat_ct_net *xn = nf_xlat_ct_pernet(net);
	struct nf_xlat_bib_key6 first;
	struct nf_xlat_ct_pool *pool;
	int err = -ENOENT;

	list_for_each_entry_rcu(pool, &xn->pools, node) {
		if (!nf_xlat_ct_pool_has(net, pool, key4) ||
		    (prefix && (prefix->len != pool->prefix.len ||
				!ipv6_addr_equal(&prefix->addr, &pool->prefix.addr))))
			continue;
		/* Each member by itself, see nf_xlat_ct_map_key() */
		key6->prefix.addr = pool->prefix.addr;
		key6->prefix.len = pool->prefix.len;
		key6->prefix.non_global = pool->prefix.non_global;
		key6->pool = pool->pool;
		if (pool->masq) {
			key6->pool.min_addr = key4->addr;
			key6->pool.max_addr = key4->addr;
		}
		key6->mtu = pool->mtu;
		key6->filter = pool->filter;
		key6->masq = pool->masq;
		key6->blocks = !!pool->block.n_ports;
		key6->deterministic = pool->block.deterministic;
		if (key6->deterministic && !nf_xlat_ct_pool_for_client(pool, key4, key6)) {
			if (err == -ENOENT)
				err = -ERANGE;
			continue;
		}
		if (err && err != -ENOTUNIQ) {
			/* Copy the padding as well, since memcmp() compares it. */
			memcpy(&first, key6, sizeof(first));
			*owner = READ_ONCE(pool->owner);
			*block_ports = pool->block.n_ports;
			err = 0;
		} else if (memcmp(&first, key6, sizeof(first))) {
			err = -ENOTUNIQ;
		}
	}
	/* @key6 has the settings of the pool that was looked at last, not those of the result. */
	if (!err)
		memcpy(key6, &first, sizeof(first));
	return err;
}
