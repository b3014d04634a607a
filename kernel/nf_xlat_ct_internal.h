/* SPDX-License-Identifier: GPL-2.0-only */
/* Declarations for the files of nf_xlat_ct, and for nf_xlat_flow, which uses that module. */
#ifndef _NF_XLAT_CT_INTERNAL_H
#define _NF_XLAT_CT_INTERNAL_H

#include <linux/mutex.h>
#include <net/net_namespace.h>
#include <net/netns/generic.h>
#include <net/netfilter/nf_conntrack.h>
#include <net/netfilter/nf_conntrack_core.h>
#include <net/netfilter/nf_conntrack_zones.h>
#include <net/netfilter/nf_xlat_ct.h>
#include "nf_xlat_bib.h"
#include "nf_xlat_ct_ext.h"
#include "nf_xlat_events.h"

struct nf_xlat_flow;

/* A session's data has 6 bits for the number of its device. */
#define NF_XLAT_MAX_OWNERS	64
/* How many sockets of a namespace may listen to events */
#define NF_XLAT_MAX_LISTENERS	16
/* How many events of a namespace may wait until they are sent */
#define NF_XLAT_MAX_EVENTS	4096
/* How many events may wait in all namespaces for which nf_xlat_of_user() is true */
#define NF_XLAT_MAX_USER_EVENTS	(4 * NF_XLAT_MAX_EVENTS)

/**
 * struct nf_xlat_listeners - the sockets that listen to events of a namespace
 *
 * genl_has_listeners() returns only whether any socket of the machine is a member of a group. By
 * that, any user could cause events in all namespaces.
 *
 * @lock: protects @portid and @of
 * @groups: groups to which at least one of them listens, enum nf_xlat_listen_group
 * @portid: the sockets, 0 for none
 * @of: groups to which each of them listens
 * @events: messages to send. Their group is in NETLINK_CB()->dst_group.
 * @overrun: groups that have lost an event, and whose sockets do not have the error ENOBUFS yet
 * @send: the work that sends the events, and sets that error; it has no devices
 */
struct nf_xlat_listeners {
	spinlock_t	lock; /* protects @portid and @of */
	u32		groups;
	u32		portid[NF_XLAT_MAX_LISTENERS];
	u8		of[NF_XLAT_MAX_LISTENERS];
	struct sk_buff_head events;
	unsigned long	overrun;
	struct nf_xlat_events send;
};

/**
 * struct nf_xlat_ct_tracker - registers conntrack of a family for the devices of a namespace
 *
 * nf_ct_netns_get() registers the hooks of a family, and then may wait long for nf_conntrack_mutex.
 * So each family has a work of its own, and the hooks of one family are registered while the work
 * of the other waits.
 *
 * @work: the work
 * @xn: the namespace
 * @pf: the family
 * @registered: conntrack stays registered until the namespace ends; @work sets this
 */
struct nf_xlat_ct_tracker {
	struct work_struct	work;
	struct nf_xlat_ct_net	*xn;
	u8			pf;
	bool			registered;
};

/**
 * struct nf_xlat_ct_net - the data of nf_xlat_ct for a namespace
 *
 * @mutex: protects the next five members, and changes of @pools. It may be taken with RTNL held, so
 *	whoever has it must not walk over conntrack's table, which takes long.
 * @users: number of stateful rules and devices
 * @tracked: a rule has registered conntrack, until the last rule and device is gone
 * @hooked: the hooks are registered; pre_exit unregisters them and clears this
 * @used: there has been a stateful rule or device, so there may be sessions
 * @ext: for nf_xlat_ct_ext_add()
 * @trackers: the works that register conntrack for devices
 * @ended: the work that ends masqueraded sessions when their address is removed or their device
 *	goes down; its events are devices that have gone down
 * @net: the namespace
 * @owners: devices that count packets of sessions, by number; number 0 is no device. Written
 *	with RTNL held.
 * @bib: mappings
 * @pools: list of struct nf_xlat_ct_pool, which packets read by RCU
 * @listeners: the sockets that listen to events
 */
struct nf_xlat_ct_net {
	/* of @users, @tracked, @hooked, @used, @ext, and of changes of @pools */
	struct mutex		mutex;
	unsigned int		users;
	bool			tracked;
	bool			hooked;
	bool			used;
	struct nf_xlat_ct_ext_net ext;
	struct nf_xlat_ct_tracker trackers[2];
	struct nf_xlat_events	ended;
	struct net		*net;
	const struct nf_xlat_owner __rcu *owners[NF_XLAT_MAX_OWNERS];
	struct nf_xlat_bib_net	bib;
	struct list_head	pools;
	struct nf_xlat_listeners listeners;
};

extern unsigned int nf_xlat_ct_net_id;

static inline struct nf_xlat_ct_net *nf_xlat_ct_pernet(const struct net *net)
{
	return net_generic(net, nf_xlat_ct_net_id);
}

static inline struct nf_xlat_bib_net *nf_xlat_bib_pernet(const struct net *net)
{
	return &nf_xlat_ct_pernet(net)->bib;
}

/* The addresses and ports of a rule or device */
static inline struct nf_xlat_pool
nf_xlat_ct_range_pool(const struct nf_xlat_ct_range *range)
{
	return (struct nf_xlat_pool) {
		.min_addr	= range->min_addr.ip,
		.max_addr	= range->max_addr.ip,
		.min_proto	= range->min_proto,
		.max_proto	= range->max_proto,
	};
}

/*
 * References that an entry holds. A mapping ends with its last session, as an entry of RFC
 * 6146's BIB does.
 */
enum nf_xlat_ct_refs {
	NF_XLAT_REF_BIB,	/* the mapping */
	NF_XLAT_REF_HAIRPIN,	/* of a hairpin: the mapping of the other end */
	NF_XLAT_REF_PEER,	/* with filtering: the permission of the peer */
	NF_XLAT_REF_HAIRPIN_PEER, /* of a hairpin: the permission at the other end */
	NF_XLAT_REF_BLOCK,	/* without a mapping: the block that the port is of */
	__NF_XLAT_REF_MAX
};

/**
 * struct nf_xlat_ct_held - what an entry holds, if that is not only its NF_XLAT_REF_BIB
 *
 * @refs: references, by enum nf_xlat_ct_refs
 * @flow: flow of the session in the fast path, or NULL
 * @rcu: for kfree_rcu()
 */
struct nf_xlat_ct_held {
	struct nf_xlat_bib	*refs[__NF_XLAT_REF_MAX];
	struct nf_xlat_flow	*flow;
	struct rcu_head		rcu;
};

/**
 * struct nf_xlat_ct_first - the references that the first packet of a session has taken
 *
 * The packet then passes all hooks. If conntrack has confirmed the entry there, the references go
 * to the entry. If not, they are put.
 *
 * @after: calls nf_xlat_ct_hand_over() later, see nf_xlat_ct_hand_over_later()
 * @ct: the entry of the packet, without a reference: it may be freed at any time, and
 *	its memory may have become another entry
 * @net: namespace of the entry
 * @zone: zone of the entry
 * @orig: original tuple of the entry
 * @refs: the references, by enum nf_xlat_ct_refs
 * @begins: notify listeners that the session begins. A hairpin has two of this structure, one
 *	for each translation of its first packet. Only that of the first translation, which is
 *	handed over last, has this set.
 */
struct nf_xlat_ct_first {
	struct nf_xlat_after		after;
	struct nf_conn			*ct;
	struct net			*net;
	struct nf_conntrack_zone	zone;
	struct nf_conntrack_tuple	orig;
	struct nf_xlat_bib		*refs[__NF_XLAT_REF_MAX];
	bool				begins;
};

/*
 * Bit in nf_xlat_ct_data.held: the value is a pointer to a struct nf_xlat_ct_held, and not to a
 * mapping.
 */
#define NF_XLAT_CT_HELD		1UL
/* Value of nf_xlat_ct_data.held after the entry has left conntrack's table */
#define NF_XLAT_CT_GONE		2UL
/* Value of nf_xlat_ct_data.held of an entry whose first packet has taken no references */
#define NF_XLAT_CT_NONE		4UL

/**
 * struct nf_xlat_ct_data - our data in an entry, see nf_xlat_ct_ext()
 *
 * An entry is a session because of the families of its tuples, see nf_xlat_ct_is_cross_family(),
 * and not because of this data.
 *
 * @mtu: lowest MTU of the IPv6 side, 0 for the default
 * @prefix_len: length of the RFC 6052 prefix, 0 for none; see nf_xlat_ct_prefix()
 * @non_global: the prefix may represent IPv4 addresses that are not global
 * @masq: the session ends when its IPv4 address is removed from this host
 * @owner: number of the device that counts, in nf_xlat_ct_net.owners
 * @masq_index: the session ends when this device goes down; 0 for none
 * @held: 0 while the references of the first packet are to come; or NF_XLAT_CT_NONE; or a pointer
 *	to the mapping, a struct nf_xlat_bib; or a pointer to a struct nf_xlat_ct_held, with
 *	NF_XLAT_CT_HELD added; or NF_XLAT_CT_GONE
 */
struct nf_xlat_ct_data {
	u16		mtu;
	u8		prefix_len;
	u8		non_global:1;
	u8		masq:1;
	u8		owner:6;
	int		masq_index;
	unsigned long	held;
};

/**
 * struct nf_xlat_ct_params - a session that userspace wants, for nf_xlat_ct_make()
 *
 * @tuple: both directions, whose addresses, protocols and ports the caller has checked
 * @zone: of conntrack
 * @range: prefix, MTU, @masq and @owner of its rule
 * @oif: the session ends when this device goes down; 0 for none
 * @timeout: in jiffies
 * @status: IPS_SEEN_REPLY, IPS_ASSURED
 * @mark: of conntrack
 * @has_timeout: for nf_xlat_ct_set(): @timeout counts
 * @has_mark: for nf_xlat_ct_set(): @mark counts
 * @tcp_state: enum tcp_conntrack, of TCP; for nf_xlat_ct_set(), 0 leaves the state as it is
 * @hairpin: both tuples are of IPv6
 * @portid: netlink port of the socket that asks for the session
 * @refs: references for the session. The caller puts those that the session does not take.
 */
struct nf_xlat_ct_params {
	struct nf_conntrack_tuple	tuple[IP_CT_DIR_MAX];
	struct nf_conntrack_zone	zone;
	struct nf_xlat_ct_range		range;
	int				oif;
	u64				timeout;
	u32				status;
	u32				mark;
	bool				has_timeout;
	bool				has_mark;
	u8				tcp_state;
	bool				hairpin;
	u32				portid;
	struct nf_xlat_bib		**refs;
};

static inline const struct nf_conntrack_tuple *
nf_xlat_ct_tuple(const struct nf_conn *ct, enum ip_conntrack_dir dir)
{
	return &ct->tuplehash[dir].tuple;
}

static inline u8 nf_xlat_ct_pf(const struct nf_conn *ct, enum ip_conntrack_dir dir)
{
	return nf_xlat_ct_tuple(ct, dir)->src.l3num;
}

/*
 * Has the entry one tuple of each family? Then it is a translated session. A hairpin is a session
 * as well, but both its tuples are IPv6, see nf_xlat_ct_hairpin().
 */
static inline bool nf_xlat_ct_is_cross_family(const struct nf_conn *ct)
{
	return nf_xlat_ct_pf(ct, IP_CT_DIR_ORIGINAL) !=
	       nf_xlat_ct_pf(ct, IP_CT_DIR_REPLY);
}

static inline struct nf_xlat_ct_data *nf_xlat_ct_data(const struct nf_conn *ct)
{
	BUILD_BUG_ON(sizeof(struct nf_xlat_ct_data) > NF_XLAT_CT_EXT_SIZE);

	return nf_xlat_ct_ext(ct);
}

static inline struct nf_xlat_ct_held *nf_xlat_ct_to_held(unsigned long held)
{
	return held & NF_XLAT_CT_HELD ?
	       (struct nf_xlat_ct_held *)(held & ~NF_XLAT_CT_HELD) : NULL;
}

static inline struct nf_xlat_bib *nf_xlat_ct_to_bib(unsigned long held)
{
	return held & (NF_XLAT_CT_HELD | NF_XLAT_CT_GONE) || held == NF_XLAT_CT_NONE ?
	       NULL : (struct nf_xlat_bib *)held;
}

/*
 * The mappings that a session holds: @from of the client, and in a hairpin @to of the peer; NULL
 * for none. RCU read side.
 */
static inline void nf_xlat_ct_mappings(const struct nf_conn *ct,
				       const struct nf_xlat_bib **from,
				       const struct nf_xlat_bib **to)
{
	const struct nf_xlat_ct_data *data = nf_xlat_ct_data(ct);
	unsigned long old = data ? READ_ONCE(data->held) : 0;
	const struct nf_xlat_ct_held *held = nf_xlat_ct_to_held(old);

	*from = held ? READ_ONCE(held->refs[NF_XLAT_REF_BIB]) : nf_xlat_ct_to_bib(old);
	*to = held ? READ_ONCE(held->refs[NF_XLAT_REF_HAIRPIN]) : NULL;
}

/* Returns NULL if the entry holds nothing, or only a mapping. RCU read side. */
static inline struct nf_xlat_ct_held *nf_xlat_ct_held(const struct nf_conn *ct)
{
	const struct nf_xlat_ct_data *data = nf_xlat_ct_data(ct);

	return data ? nf_xlat_ct_to_held(READ_ONCE(data->held)) : NULL;
}

/* Is the session a port forward from IPv6 to an IPv4 host that a rule names? */
static inline bool nf_xlat_ct_forwarded(const struct nf_conn *ct)
{
	const struct nf_xlat_ct_data *data = nf_xlat_ct_data(ct);

	return data && !data->prefix_len;
}

/*
 * The device that packets of the original direction have to leave by, because the session
 * masquerades with an address of it; 0 for any. The answers of a session that IPv4 began follow
 * the rules and routes for the address of the mapping.
 */
static inline int nf_xlat_ct_oif(const struct nf_conn *ct)
{
	const struct nf_xlat_ct_data *data = nf_xlat_ct_data(ct);

	return data && nf_xlat_ct_pf(ct, IP_CT_DIR_ORIGINAL) == NFPROTO_IPV6 ?
	       data->masq_index : 0;
}

/*
 * Is the entry a hairpin: a session from one IPv6 client to another by an IPv4 address of the
 * pool? Both tuples are IPv6, so the status of the entry is that of NAT66. In an entry of NAT66,
 * nat_bysource is in nf_nat's table. In that of a hairpin, nf_xlat_ct_ext_init() has made it a node
 * on no list.
 */
static inline bool nf_xlat_ct_hairpin(const struct nf_conn *ct)
{
	return (ct->status & IPS_NAT_MASK) == IPS_NAT_MASK &&
	       nf_xlat_ct_pf(ct, IP_CT_DIR_ORIGINAL) == NFPROTO_IPV6 &&
	       hlist_fake((struct hlist_node *)&ct->nat_bysource);
}

static inline bool nf_xlat_ct_is_session(const struct nf_conn *ct)
{
	return nf_xlat_ct_is_cross_family(ct) || nf_xlat_ct_hairpin(ct);
}

static inline bool nf_xlat_tuple_is_icmp(const struct nf_conntrack_tuple *t)
{
	return t->dst.protonum == IPPROTO_ICMP ||
	       t->dst.protonum == IPPROTO_ICMPV6;
}

/* Can mappings be of this protocol? Then it has ports or an identifier that may be changed. */
static inline bool nf_xlat_ct_has_mappings(u8 proto)
{
	return proto == IPPROTO_TCP || proto == IPPROTO_UDP ||
	       proto == IPPROTO_ICMP || proto == IPPROTO_ICMPV6;
}

/*
 * Describe the first packet of an entry as it is in IPv4. The packet of a hairpin has been
 * translated from IPv6; then only the reply tuple of its entry is IPv4.
 */
static inline void nf_xlat_ct_first4(const struct nf_conn *ct,
				     struct nf_conntrack_tuple *t)
{
	if (nf_xlat_ct_is_cross_family(ct))
		nf_ct_invert_tuple(t, nf_xlat_ct_tuple(ct, IP_CT_DIR_REPLY));
	else
		*t = *nf_xlat_ct_tuple(ct, IP_CT_DIR_ORIGINAL);
}

/* Begin the key of an IPv4 endpoint: set zone and protocol, and clear the rest. */
static inline void nf_xlat_ct_key4(struct nf_xlat_bib_key4 *key,
				   const struct nf_conn *ct,
				   enum ip_conntrack_dir dir, u8 proto)
{
	memset(key, 0, sizeof(*key));
	key->zone = nf_ct_zone_id(nf_ct_zone(ct), dir);
	key->proto = proto;
}

/* nf_xlat_ct_setup.c */
enum nf_xlat_reason
nf_xlat_ct_setup_out(struct sk_buff *skb, const struct nf_hook_state *state,
		     const struct nf_xlat_pkt *pkt, struct nf_conn *ct,
		     const struct nf_xlat_ct_range *range,
		     struct nf_xlat_bib **refs);
bool nf_xlat_ct_ext_init(struct nf_conn *ct, const struct nf_xlat_ct_range *range,
			 int oif);
enum nf_xlat_reason
nf_xlat_ct_reply_in(const struct nf_conn *ct,
		    const struct nf_xlat_ct_range *range,
		    struct nf_conntrack_tuple *reply);
enum nf_xlat_reason nf_xlat_ct_setup_in(struct nf_conn *ct,
					const struct nf_xlat_ct_range *range,
					const struct nf_conntrack_tuple *reply);

/* nf_xlat_ct_held.c */
bool nf_xlat_ct_prefix(const struct nf_conn *ct, struct nf_xlat_prefix *prefix);
__be32 nf_xlat_ct_pool_addr(const struct nf_conn *ct);
void nf_xlat_ct_attach(struct nf_conn *ct, struct nf_xlat_bib **refs);
void nf_xlat_ct_release(struct net *net, struct nf_xlat_bib **refs);
void nf_xlat_ct_hand_over(struct nf_xlat_ct_first *first);
bool nf_xlat_ct_hand_over_later(const struct nf_xlat_ct_first *first);
struct nf_xlat_ct_held *nf_xlat_ct_held_add(struct nf_conn *ct);
void nf_xlat_ct_detach(struct nf_conn *ct);
void nf_xlat_ct_flush_flows(struct net *net);

/* nf_xlat_ct_core.c */
int nf_xlat_ct_register(struct net *net);
void nf_xlat_ct_unregister(struct net *net);

/* nf_xlat_ct_echo.c */
unsigned int nf_xlat_ct_echo(void *priv, struct sk_buff *skb,
			     const struct nf_hook_state *state);

/* nf_xlat_ct_pool.c */
const struct nf_xlat_ct_block *
nf_xlat_ct_pool_update(const struct nf_xlat_ct_range *range,
		       const struct nf_xlat_pool *seen);
int nf_xlat_ct_pool_find(struct net *net, const struct nf_xlat_bib_key4 *key4,
			 const struct nf_xlat_prefix *prefix,
			 struct nf_xlat_bib_key6 *key6, u8 *owner,
			 u32 *block_ports);
bool nf_xlat_ct_pools_have(struct net *net, const struct sk_buff *skb,
			   const struct nf_conntrack_tuple *t);

/* nf_xlat_ct_make.c */
int nf_xlat_ct_make(struct net *net, const struct nf_xlat_ct_params *params);
int nf_xlat_ct_set(struct nf_conn *ct, const struct nf_xlat_ct_params *params);

/* nf_xlat_bib_block.c */
bool nf_xlat_ct_block_for_client(const struct nf_xlat_ct_block *block,
				 const struct in6_addr *client, struct nf_xlat_pool *pool);

/* nf_xlat_netlink.c */
void nf_xlat_netlink_net_init(struct nf_xlat_ct_net *xn, const struct nf_xlat_wqs *wqs);
void nf_xlat_netlink_net_exit(struct nf_xlat_ct_net *xn);
void nf_xlat_netlink_net_flush(struct nf_xlat_ct_net *xn);
void nf_xlat_netlink_mapping(struct net *net, const struct nf_xlat_bib *bib,
			     u8 cmd);
void nf_xlat_netlink_block(struct net *net, const struct nf_xlat_bib *block, u8 cmd);
bool nf_xlat_netlink_has_listeners(const struct net *net);
void nf_xlat_netlink_session(struct nf_conn *ct, u8 cmd);
int nf_xlat_netlink_init(void);
void nf_xlat_netlink_exit(void);

/* nf_xlat_ct_timeout.c */
void nf_xlat_ct_timeout(struct nf_conn *ct);
int nf_xlat_ct_timeout_init(void);
void nf_xlat_ct_timeout_exit(void);

#endif /* _NF_XLAT_CT_INTERNAL_H */
