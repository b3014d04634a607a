/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Declarations for the files of nf_xlat_flow.
 */
#ifndef _NF_XLAT_FLOW_INTERNAL_H
#define _NF_XLAT_FLOW_INTERNAL_H

#include <linux/cache.h>
#include <linux/if_ether.h>
#include <linux/jhash.h>
#include <linux/mutex.h>
#include <linux/rhashtable.h>
#include <linux/xarray.h>
#include <net/dst.h>
#include <net/net_namespace.h>
#include <net/netns/generic.h>
#include <net/netfilter/nf_conntrack.h>
#include <net/netfilter/nf_xlat_flow.h>
#include "compat.h"
#include "nf_xlat_ct_internal.h"

/**
 * struct nf_xlat_flow_net - the data of nf_xlat_flow for a namespace
 *
 * @table: the directions of all flows, see struct nf_xlat_flow_dir
 * @net: the namespace
 * @mib: the counters of the namespace
 * @gc: the work that extends timeouts, ends flows and calls nf_xlat_flow_devs_sync_all(); its
 *	events are devices whose flows have to end
 * @mutex: protects @dev_sets, @flowtables, @hooked, @at, @round and @gone; taken inside of RTNL,
 *	never the reverse
 * @dev_sets: list of struct nf_xlat_flow_devs: one for each flowtable that rules name, and one for
 *	each device of kind "xlat" that names devices
 * @flowtables: the struct nf_xlat_flow_devs of flowtables, by @priv of the flowtable's own hooks
 * @hooked: devices with our hook, by index; the value is the number of hooks. XDP programs
 *	read it without the mutex
 * @at: the struct nf_xlat_flow_devs that nf_xlat_flow_devs_sync() is working on, or NULL
 * @round: number of the current nf_xlat_flow_devs_sync_all()
 * @gone: the namespace ends
 * @stateless: number of flows without a conntrack entry
 */
struct nf_xlat_flow_net {
	struct rhashtable		table;
	struct net			*net;
	struct nf_xlat_mib __percpu	*mib;
	struct nf_xlat_events		gc;
	/* protects @dev_sets, @flowtables, @hooked, @at, @round and @gone */
	struct mutex			mutex;
	struct list_head		dev_sets;
	struct xarray			flowtables;
	struct xarray			hooked;
	const struct nf_xlat_flow_devs	*at;
	unsigned int			round;
	bool				gone;
	atomic_t			stateless;
};

extern unsigned int nf_xlat_flow_net_id;

static inline struct nf_xlat_flow_net *nf_xlat_flow_pernet(const struct net *net)
{
	return net_generic(net, nf_xlat_flow_net_id);
}

/**
 * struct nf_xlat_flow_in - how the packets of a flow come in
 *
 * @iif: index of the device that has our hook
 * @vlan: VLAN in the form of nf_xlat_flow_vlan(), 0 for none
 * @session: number of the PPPoE session, 0 for none
 */
struct nf_xlat_flow_in {
	int	iif;
	u16	vlan;
	u16	session;
};

static inline u16 nf_xlat_flow_vlan(__be16 proto, u16 id)
{
	return id | (proto == htons(ETH_P_8021AD) ? BIT(15) : BIT(14));
}

/*
 * The key by which a packet finds its flow. nf_xlat_flow_cmp() compares it in words of 64 bits,
 * so it has no holes and its padding is zero. @in is part of the key, because two zones of
 * conntrack may use the same addresses.
 */
struct nf_xlat_flow_key {
	union nf_inet_addr	src;
	union nf_inet_addr	dst;
	__be16			sport;
	__be16			dport;
	struct nf_xlat_flow_in	in;
	u8			pf;
	u8			proto;
	u8			pad[2];
} __aligned(8);

/**
 * struct nf_xlat_flow_dir - one direction of a flow
 *
 * This has all that a packet needs. It fills two cache lines; the look-up reads only the
 * first one.
 *
 * @node: node in the table
 * @key: key of the packets of this direction
 * @mtu6: lowest MTU of the IPv6 side
 * @dir: index of this direction in its flow
 * @acct: nf_conntrack_acct is on, so count the packet in the entry of the session
 * @stateless: there is no session, and this is the only direction of the flow
 * @below: the device that has our hook is below the one that routes the packets, see
 *	nf_xlat_flow_lower_dev()
 * @src: source address of the translated packet
 * @dst_addr: destination address of the translated packet
 * @sport: source port of the translated packet
 * @dport: destination port of the translated packet
 * @pseudo: difference that the translation makes to the sum of the pseudo-header, folded
 * @diff: difference that it makes to the sum of pseudo-header and ports, folded
 * @cookie: cookie of @dst, for dst_check()
 * @dst: route of the translated packet. It is put when the flow leaves the table, and freed after
 *	a grace period. So a packet that has found the flow may use it in its RCU read side
 * @used: with a session: jiffies of the last packet
 * @rules: without a session: stamp of the ruleset that made the flow, see
 *	nf_xlat_rules_same()
 * @id: identification of the last IPv4 packet with DF=0, see nf_xlat_flow_build4()
 */
struct nf_xlat_flow_dir {
	struct rhash_head	node;
	struct nf_xlat_flow_key	key;
	u16			mtu6;
	u8			dir:1;
	u8			acct:1;
	u8			stateless:1;
	u8			below:1;
	union nf_inet_addr	src;
	union nf_inet_addr	dst_addr;
	__be16			sport;
	__be16			dport;
	__sum16			pseudo;
	__sum16			diff;
	u32			cookie;
	struct dst_entry	*dst;
	union {
		u32		used;
		u32		rules;
	};
	u16			id;
} ____cacheline_aligned;

/*
 * Bits of nf_xlat_flow.state. READY: nf_xlat_flow_insert() has linked all directions. DEAD: the
 * flow has to leave the table. The function that sets the second of the two bits unlinks the flow.
 */
#define NF_XLAT_FLOW_READY	BIT(0)
#define NF_XLAT_FLOW_DEAD	BIT(1)

/**
 * struct nf_xlat_flow - a session in the fast path, or packets of a stateless rule
 *
 * @dir: the directions, by enum ip_conntrack_dir
 * @state: NF_XLAT_FLOW_READY, NF_XLAT_FLOW_DEAD
 * @iif: for each direction, index of the device that routes the packets that come in
 * @since: jiffies when the flow was made
 * @fn: the namespace; not valid after the flow has left the table
 * @ct: conntrack entry of the session, with a reference; NULL without a session
 * @rcu: for call_rcu()
 */
struct nf_xlat_flow {
	struct nf_xlat_flow_dir	dir[IP_CT_DIR_MAX];
	atomic_t		state;
	int			iif[IP_CT_DIR_MAX];
	u32			since;
	struct nf_xlat_flow_net	*fn;
	struct nf_conn		*ct;
	struct rcu_head		rcu;
};

static inline struct nf_xlat_flow *
nf_xlat_flow_of(const struct nf_xlat_flow_dir *d)
{
	return container_of(d, struct nf_xlat_flow, dir[d->dir]);
}

static inline unsigned int nf_xlat_flow_dirs(const struct nf_xlat_flow *flow)
{
	return flow->ct ? IP_CT_DIR_MAX : 1;
}

/* Compare keys. memcmp() would be a function call. */
static inline int nf_xlat_flow_cmp(struct rhashtable_compare_arg *arg,
				   const void *obj)
{
	const u64 *b = (const u64 *)&((const struct nf_xlat_flow_dir *)obj)->key;
	const u64 *a = arg->key;

	return ((a[0] ^ b[0]) | (a[1] ^ b[1]) | (a[2] ^ b[2]) | (a[3] ^ b[3]) |
		(a[4] ^ b[4]) | (a[5] ^ b[5])) != 0;
}

/* Random and odd, see nf_xlat_flow_hash() */
extern u64 nf_xlat_flow_in_factor;

/*
 * Hash a key. Do not hash the zeros of an IPv4 key.
 *
 * A user who has many devices or VLANs can send the same packet by each of them, and choose their
 * numbers. So @in must be hashed, and it must not be possible to choose addresses that cancel out
 * another @in. The upper half of a product with a random factor is enough for that (multiply-shift
 * hashing of Dietzfelbinger et al., 1997), and costs a tenth of another round of jhash.
 */
static inline u32 nf_xlat_flow_hash(const void *data, u32 len, u32 seed)
{
	const struct nf_xlat_flow_key *key = data;
	const u32 *ports = (const u32 *)&key->sport;
	u32 init;
	u64 in;

	BUILD_BUG_ON(sizeof(key->in) != sizeof(in));
	memcpy(&in, &key->in, sizeof(in));
	init = seed ^ key->proto ^ (u32)(in * nf_xlat_flow_in_factor >> 32);
	if (key->pf == NFPROTO_IPV4)
		return jhash_3words((__force u32)key->src.ip,
				    (__force u32)key->dst.ip, *ports, init);
	return jhash2((const u32 *)key,
		      offsetof(struct nf_xlat_flow_key, in) / sizeof(u32), init);
}

/* The parameters are constants, so that the look-up is inlined. Each file has a copy of them. */
static const struct rhashtable_params nf_xlat_flow_params __maybe_unused = {
	.head_offset	= offsetof(struct nf_xlat_flow_dir, node),
	.key_offset	= offsetof(struct nf_xlat_flow_dir, key),
	.key_len	= sizeof(struct nf_xlat_flow_key),
	.hashfn		= nf_xlat_flow_hash,
	.obj_cmpfn	= nf_xlat_flow_cmp,
	.automatic_shrinking = true,
};

/* In nf_xlat_flow_net.gc, this index stands for all devices. No device has it. */
#define NF_XLAT_FLOW_ALL	0

/*
 * Has one of the flow's devices had an event that ends the flow, see nf_xlat_flow_netdev_event()?
 */
static inline bool nf_xlat_flow_dev_event(struct nf_xlat_flow_net *fn,
					  const struct nf_xlat_flow *flow)
{
	const struct nf_xlat_flow_dir *d;
	unsigned int i;

	if (likely(xa_empty(&fn->gc.devs)))
		return false;
	if (nf_xlat_events_has_dev(&fn->gc, NF_XLAT_FLOW_ALL))
		return true;
	for (i = 0; i < nf_xlat_flow_dirs(flow); i++) {
		d = &flow->dir[i];
		if (nf_xlat_events_has_dev(&fn->gc, dst_dev_rcu(d->dst)->ifindex) ||
		    nf_xlat_events_has_dev(&fn->gc, d->key.in.iif) ||
		    nf_xlat_events_has_dev(&fn->gc, flow->iif[i]))
			return true;
	}
	return false;
}

/* nf_xlat_flow_core.c */
extern struct kmem_cache *nf_xlat_flow_cache;
void nf_xlat_flow_free(struct nf_xlat_flow *flow);
bool nf_xlat_flow_stateless_inc(struct nf_xlat_flow_net *fn);
void nf_xlat_flow_stateless_dec(struct nf_xlat_flow_net *fn);
void nf_xlat_flow_insert(struct nf_xlat_flow *flow);
void nf_xlat_flow_del(struct nf_xlat_flow *flow);
void nf_xlat_flow_flush(struct nf_xlat_flow_net *fn);

/* nf_xlat_flow_add.c */
unsigned int nf_xlat_flow_forward(void *priv, struct sk_buff *skb,
				  const struct nf_hook_state *state);
unsigned int nf_xlat_flow_postrouting(void *priv, struct sk_buff *skb,
				      const struct nf_hook_state *state);

/* nf_xlat_flow_hook.c */
unsigned int nf_xlat_flow_ingress(void *priv, struct sk_buff *skb,
				  const struct nf_hook_state *state);

/* nf_xlat_flow_bpf.c, where the kernel has BTF */
#ifdef HAVE_VMLINUX_BTF
int nf_xlat_flow_bpf_init(void);
#else
static inline int nf_xlat_flow_bpf_init(void) { return 0; }
#endif

/* nf_xlat_flow_devs.c */
int nf_xlat_flow_lower_dev(struct nf_xlat_flow_devs *ft, const struct net_device *dev,
			   const u8 *ha, struct nf_xlat_flow_in *in);
struct nf_xlat_flow_net *nf_xlat_flow_devs_net(const struct nf_xlat_flow_devs *ft);
u8 nf_xlat_flow_devs_owner(const struct nf_xlat_flow_devs *ft);
struct nf_xlat_flow_devs *nf_xlat_flow_devs_make(struct net *net, u8 owner,
						 const u32 *ifindex, unsigned int n);
unsigned int nf_xlat_flow_devs_ifindex(struct nf_xlat_flow_devs *ft, u32 *ifindex,
				       unsigned int max);
bool nf_xlat_flow_devs_sync_all(struct nf_xlat_flow_net *fn);
void nf_xlat_flow_devs_net_pre_exit(struct nf_xlat_flow_net *fn);
int nf_xlat_flow_devs_init(void);
void nf_xlat_flow_devs_exit(void);

#endif /* _NF_XLAT_FLOW_INTERNAL_H */
