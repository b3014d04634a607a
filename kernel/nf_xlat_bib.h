/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Endpoint-independent mappings, the binding information base of RFC 6146.
 * Private to nf_xlat_ct.
 */
#ifndef _NF_XLAT_BIB_H
#define _NF_XLAT_BIB_H

#include <linux/atomic.h>
#include <linux/in6.h>
#include <linux/refcount.h>
#include <linux/rhashtable-types.h>
#include <linux/spinlock_types.h>
#include <linux/types.h>
#include <net/netfilter/nf_xlat.h>

struct net;

/**
 * struct nf_xlat_bib_net - the mappings of a namespace
 *
 * @table6: by IPv6 endpoint
 * @table4: by IPv4 endpoint and peer
 * @addrs: the objects of addresses; readers use RCU
 * @lock: protects changes of @addrs, @blocks, nf_xlat_bib.units and, in blocks,
 *	nf_xlat_bib.start_time. nf_xlat_bib_announce() may set nf_xlat_bib.start_time of a mapping
 *	without the lock.
 * @dumps_lock: protects nf_xlat_bib.dumps and .is_static, the references that dumps and static
 *	mappings hold, and @statics. It is taken in process context only.
 * @statics: number of static mappings
 * @blocks: number of blocks; written with @lock
 */
struct nf_xlat_bib_net {
	struct rhashtable	table6;
	struct rhashtable	table4;
	struct list_head	addrs;
	spinlock_t		lock; /* protects changes of @addrs, @blocks, units, start_time */
	spinlock_t		dumps_lock; /* protects nf_xlat_bib.dumps and .is_static */
	unsigned int		statics;
	unsigned int		blocks;
};

/* How many static mappings a namespace may have */
#define NF_XLAT_MAX_STATICS	65536

/* The ports of an address are given to blocks in units of this many ports. */
#define NF_XLAT_UNIT_PORTS	64
#define NF_XLAT_UNITS		(65536 / NF_XLAT_UNIT_PORTS)
/* How many blocks of a pool a subscriber may have */
#define NF_XLAT_MAX_BLOCKS	8
/* A subscriber is all clients whose addresses have this many leading bits in common. */
#define NF_XLAT_SUBSCRIBER_LEN	64

/* Protocols of mappings */
enum {
	NF_XLAT_BIB_TCP,
	NF_XLAT_BIB_UDP,
	NF_XLAT_BIB_ICMP,
	__NF_XLAT_BIB_PROTOS
};

/**
 * struct nf_xlat_pool - where the IPv4 half of a mapping comes from
 *
 * @min_addr: first address
 * @max_addr: last address
 * @min_proto: first port, 0 for any
 * @max_proto: last port
 */
struct nf_xlat_pool {
	__be32	min_addr;
	__be32	max_addr;
	__be16	min_proto;
	__be16	max_proto;
};

/* rhashtable compares the keys as memory, so padding and members that are not set are zero. */

/**
 * struct nf_xlat_bib_key6 - IPv6 endpoint of a mapping, and the settings of its rule
 *
 * An endpoint has separate mappings for rules that differ in these settings. If two such rules
 * shared a mapping, a peer that one of them forbids could use the mapping of the other.
 *
 * @addr: address
 * @prefix: prefix in which the addresses of IPv4 peers are embedded
 * @pool: where the IPv4 endpoint comes from
 * @port: port, or identifier of an echo request
 * @zone: zone of conntrack
 * @mtu: lowest MTU of the IPv6 side, 0 for 1280
 * @proto: transport protocol
 * @filter: a peer needs a permission, see nf_xlat_bib_add_peer()
 * @masq: the rule masquerades
 * @blocks: the port is of a block of the subscriber
 * @deterministic: the block follows from the address of the subscriber; @pool is this block
 */
struct nf_xlat_bib_key6 {
	struct in6_addr		addr;
	struct nf_xlat_prefix	prefix;
	struct nf_xlat_pool	pool;
	__be16			port;
	u16			zone;
	u16			mtu;
	u8			proto;
	u8			filter:1;
	u8			masq:1;
	u8			blocks:1;
	u8			deterministic:1;
};

/**
 * struct nf_xlat_bib_key4 - key in the table by IPv4 endpoint
 *
 * @addr: address
 * @peer: of a permission: IPv4 address of the peer; else 0
 * @port: port, or identifier of an echo request; the first port of a block; 0 for an address
 * @zone: zone of conntrack
 * @proto: transport protocol in IPv4; 0 for an address and for a block
 * @pad: zero
 */
struct nf_xlat_bib_key4 {
	__be32	addr;
	__be32	peer;
	__be16	port;
	u16	zone;
	u8	proto;
	u8	pad[3];
};

/**
 * struct nf_xlat_bib - a mapping, the permission of a peer, the address of mappings, or a block
 *
 * @node6: of a mapping or block: node in the table by IPv6 endpoint
 * @node4: node in the table by IPv4 endpoint and peer; a block is not in that table
 * @key6: of a mapping: its IPv6 endpoint, and the settings of its rule; of a block: see
 *	nf_xlat_bib_block_key()
 * @list: of an address: node in the list of addresses
 * @ports: of an address: number of its mappings, by protocol
 * @failures: of an address: number of sessions that found no free port, by protocol
 * @min_port: of an address: the lowest port of the pools that have it
 * @max_port: of an address: the highest port of these pools
 * @units: of an address: which units of its ports are of blocks, NULL if there has been no block;
 *	written with nf_xlat_bib_net.lock
 * @key4: IPv4 endpoint of a mapping; the same with a peer; an address; or an address with the
 *	first port of a block
 * @addr: of a mapping: its block if it has one, else the object of its address, NULL if there was
 *	no memory for it; of a block: the object of its address
 * @ref: number of references. A mapping has one for each session, for each packet that sets up a
 *	session, for each dump that stops at it, and one if it is static. A permission has one
 *	for each session and each such packet. A block has one for each mapping, for each session
 *	that has one of its ports without a mapping, for each such packet, and for each dump that
 *	stops at it. An address has one for each block, for each mapping without a block, and for
 *	each dump that stops at it.
 * @masq_index: device whose address a masqueraded mapping has, 0 for none
 * @n_ports: of a block: how many ports it has
 * @owner: number of the device that counts, see struct nf_xlat_ct_data
 * @is_static: of a mapping: userspace has made it; stands for a reference
 * @dumps: number of the references that dumps hold
 * @start_time: of a mapping or block: seconds since boot when its first session began, 0 before
 *	that
 * @rcu: for call_rcu(), when it has no references
 */
struct nf_xlat_bib {
	struct rhash_head	node6;
	struct rhash_head	node4;
	union {
		struct nf_xlat_bib_key6	key6;
		struct {
			struct list_head	list;
			atomic_t		ports[__NF_XLAT_BIB_PROTOS];
			atomic_t		failures[__NF_XLAT_BIB_PROTOS];
			u16			min_port;
			u16			max_port;
			unsigned long		*units;
		};
	};
	struct nf_xlat_bib_key4	key4;
	struct nf_xlat_bib	*addr;
	refcount_t		ref;
	union {
		int		masq_index;
		u32		n_ports;
	};
	u8			owner;
	bool			is_static;
	u16			dumps;
	u32			start_time;
	struct rcu_head		rcu;
};

/* Is the object a mapping, and neither a permission, an address nor a block? */
static inline bool nf_xlat_bib_is_mapping(const struct nf_xlat_bib *bib)
{
	return !bib->key4.peer && bib->key4.proto;
}

static inline bool nf_xlat_bib_is_block(const struct nf_xlat_bib *bib)
{
	return !bib->key4.proto && bib->key4.port;
}

/* The block of a mapping, or NULL */
static inline struct nf_xlat_bib *nf_xlat_bib_block(const struct nf_xlat_bib *bib)
{
	return bib->key6.blocks ? bib->addr : NULL;
}

/**
 * struct nf_xlat_bib_place - which ports a new block is to have
 *
 * @n_ports: how many
 * @port: one of them, 0 for any that are free
 * @first: @port is the first port of the block; if not set, the block begins at a multiple of
 *	@n_ports behind the first unit of the pool
 */
struct nf_xlat_bib_place {
	u32	n_ports;
	u16	port;
	bool	first;
};

struct nf_xlat_bib *nf_xlat_bib_find6(struct net *net,
				      const struct nf_xlat_bib_key6 *key);
struct nf_xlat_bib *nf_xlat_bib_find4(struct net *net,
				      const struct nf_xlat_bib_key4 *key);
struct nf_xlat_bib *nf_xlat_bib_alloc(gfp_t gfp);
void nf_xlat_bib_free(struct nf_xlat_bib *bib);
int nf_xlat_bib_claim(struct net *net, struct nf_xlat_bib *bib);
bool nf_xlat_bib_mapped(struct net *net, const struct nf_xlat_bib_key4 *key);
struct nf_xlat_bib *nf_xlat_bib_lookup_addr(struct nf_xlat_bib_net *bn, __be32 addr, u16 zone);
bool nf_xlat_bib_may_map(struct net *net, const struct nf_xlat_bib_key4 *key);
struct nf_xlat_bib *nf_xlat_bib_get_addr(struct net *net,
					 const struct nf_xlat_bib *bib);
struct nf_xlat_bib *nf_xlat_bib_get6(struct net *net, struct nf_xlat_bib *bib);
struct nf_xlat_bib *nf_xlat_bib_add(struct net *net, struct nf_xlat_bib *bib);
struct nf_xlat_bib *nf_xlat_bib_add_peer(struct net *net,
					 const struct nf_xlat_bib *bib,
					 __be32 peer, struct nf_xlat_bib *new);
void nf_xlat_bib_announce(struct net *net, struct nf_xlat_bib *bib);
void nf_xlat_bib_failed(struct net *net, __be32 addr, u16 zone, u8 proto);
void nf_xlat_bib_put(struct net *net, struct nf_xlat_bib *bib);
struct nf_xlat_bib *nf_xlat_bib_make(struct net *net,
				     const struct nf_xlat_bib_key6 *key6,
				     const struct nf_xlat_bib_key4 *key4,
				     int ifindex, u8 owner,
				     const struct nf_xlat_bib_place *place,
				     struct nf_xlat_bib *new);
int nf_xlat_bib_set_static(struct net *net, struct nf_xlat_bib *bib);
bool nf_xlat_bib_clear_static(struct net *net, struct nf_xlat_bib *bib);
void nf_xlat_bib_clear_all_static(struct net *net);
int nf_xlat_bib_net_init(struct net *net);
void nf_xlat_bib_net_exit(struct net *net);
int nf_xlat_bib_init(void);
void nf_xlat_bib_exit(void);

/* nf_xlat_bib_block.c */
void nf_xlat_bib_block_key(struct nf_xlat_bib_key6 *key, const struct in6_addr *client,
			   const struct nf_xlat_pool *pool, u16 zone, bool deterministic);
struct nf_xlat_bib *nf_xlat_bib_block_alloc(struct net *net,
					    const struct nf_xlat_bib_key6 *key6,
					    const struct nf_xlat_bib_key4 *key4,
					    const struct nf_xlat_bib_place *place);
struct nf_xlat_bib *nf_xlat_bib_block_get(struct net *net,
					  const struct nf_xlat_bib_key6 *key6,
					  const struct nf_xlat_bib_key4 *key4,
					  const struct nf_xlat_bib_place *place);
void nf_xlat_bib_block_free_ports(struct nf_xlat_bib_net *bn, const struct nf_xlat_bib *block);
void nf_xlat_bib_block_announce(struct net *net, struct nf_xlat_bib *block);
bool __nf_xlat_bib_blocked(struct nf_xlat_bib_net *bn, const struct nf_xlat_bib_key4 *key);
u32 nf_xlat_bib_block_ports(const struct nf_xlat_bib *addr);

/*
 * Is an IPv4 endpoint in a block, so that only mappings of the subscriber of this block may have
 * it? RCU read side.
 */
static inline bool nf_xlat_bib_blocked(struct nf_xlat_bib_net *bn,
				       const struct nf_xlat_bib_key4 *key)
{
	return unlikely(READ_ONCE(bn->blocks)) && __nf_xlat_bib_blocked(bn, key);
}

#endif /* _NF_XLAT_BIB_H */
