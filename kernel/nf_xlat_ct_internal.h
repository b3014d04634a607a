/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the parts of nf_xlat_ct share.
 */
#ifndef _NF_XLAT_CT_INTERNAL_H
#define _NF_XLAT_CT_INTERNAL_H

#include <linux/mutex.h>
#include <linux/workqueue.h>
#include <linux/xarray.h>
#include <net/net_namespace.h>
#include <net/netns/generic.h>
#include <net/netfilter/nf_conntrack.h>
#include <net/netfilter/nf_conntrack_helper.h>
#include <net/netfilter/nf_conntrack_zones.h>
#include <net/netfilter/nf_xlat_ct.h>
#include "nf_xlat_bib.h"

struct nf_xlat_flow;
struct nf_xlat_ft;

/**
 * struct nf_xlat_flow_net - the fast path of a namespace
 *
 * @table: its entries, by direction
 * @net: the namespace
 * @mib: its counters
 * @gc: timeouts are moved on, and devices are looked for
 * @ended: jiffies when that was done
 * @pause: jiffies from then on, in which it is not to be done again
 * @mutex: of what follows; taken inside of RTNL, never the reverse
 * @fts: flowtables that rules name
 * @at: the one that nf_xlat_ft_sync() is at
 * @round: of nf_xlat_ft_sync_all()
 * @events: by index, devices whose entries have to go; values are @walk's, with
 *	NF_XLAT_FLOW_DOWN if sessions that masquerade by it have to end as well
 * @walk: 0 or 1, the other one with each walk over the entries
 * @gone: the namespace is going
 * @stateless: entries that no conntrack entry stands for
 */
struct nf_xlat_flow_net {
	struct rhashtable	table;
	struct net		*net;
	struct nf_xlat_mib __percpu *mib;
	struct delayed_work	gc;
	unsigned long		ended;
	unsigned long		pause;
	/* of what follows */
	struct mutex		mutex;
	struct list_head	fts;
	const struct nf_xlat_ft	*at;
	unsigned int		round;
	struct xarray		events;
	unsigned int		walk;
	bool			gone;
	atomic_t		stateless;
};

/**
 * struct nf_xlat_ct_net - what a namespace has
 *
 * @mutex: of the next four
 * @users: stateful rules
 * @hooked: they have their hooks; false again after pre_exit
 * @used: there has been one
 * @master: of all entries, NULL where they need none, see nf_xlat_ct_guard(). Packets
 *	read it without the mutex: it is there before the first rule is.
 * @gone: sessions end with their address
 * @net: whose this is
 * @bib: mappings
 * @flow: fast path
 */
struct nf_xlat_ct_net {
	/* of @users, @hooked, @used, @master */
	struct mutex		mutex;
	unsigned int		users;
	bool			hooked;
	bool			used;
	struct nf_conn		*master;
	struct work_struct	gone;
	struct net		*net;
	struct nf_xlat_bib_net	bib;
	struct nf_xlat_flow_net	flow;
};

extern unsigned int nf_xlat_ct_net_id;

static inline struct nf_xlat_ct_net *nf_xlat_ct_pernet(const struct net *net)
{
	return net_generic(net, nf_xlat_ct_net_id);
}

/**
 * struct nf_xlat_flow_in - how packets of a flow come in
 *
 * @iif: device, one of the flowtable's
 * @vlan: as nf_xlat_flow_vlan() has it, 0 without
 * @session: of PPPoE, 0 without
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

/* References that an entry holds, RFC 6146's "sessions of a BIB entry" */
enum nf_xlat_ct_refs {
	NF_XLAT_REF_BIB,	/* the mapping */
	NF_XLAT_REF_PEER,	/* with filtering, its permission for the peer */
	NF_XLAT_REF_HAIRPIN,	/* the mapping of the other end */
	__NF_XLAT_REF_MAX
};

/*
 * Our part of the helper extension. The family of the tuples tells whose the
 * entry is, so a cleared one does no harm.
 */
struct nf_xlat_ct_data {
	u16	mtu;		/* lowest of the IPv6 side, 0: the default */
	u8	prefix_len;	/* RFC 6052, in the IPv6 tuple's remote end; 0: none */
	u8	non_global:1;	/* of that prefix */
	u8	masq:1;		/* ends with the address */
	int	masq_index;	/* and with this device, 0: with none */
	union {
		struct nf_xlat_bib *refs[__NF_XLAT_REF_MAX];
		struct {
			struct nf_xlat_bib *no_hairpin[NF_XLAT_REF_HAIRPIN];
			/* No hairpin takes the fast path. */
			struct nf_xlat_flow *flow;
		};
	};
};

extern struct nf_conntrack_helper nf_xlat_ct_helper;

static inline const struct nf_conntrack_tuple *
nf_xlat_ct_tuple(const struct nf_conn *ct, enum ip_conntrack_dir dir)
{
	return &ct->tuplehash[dir].tuple;
}

static inline u8 nf_xlat_ct_pf(const struct nf_conn *ct, enum ip_conntrack_dir dir)
{
	return nf_xlat_ct_tuple(ct, dir)->src.l3num;
}

/* Only our entries have a tuple of each family. */
static inline bool nf_xlat_ct_ours(const struct nf_conn *ct)
{
	return nf_xlat_ct_pf(ct, IP_CT_DIR_ORIGINAL) !=
	       nf_xlat_ct_pf(ct, IP_CT_DIR_REPLY);
}

static inline struct nf_xlat_ct_data *nf_xlat_ct_data(const struct nf_conn *ct)
{
	struct nf_conn_help *help = nfct_help(ct);

	BUILD_BUG_ON(sizeof(struct nf_xlat_ct_data) > sizeof(help->data));

	return help ? (struct nf_xlat_ct_data *)help->data : NULL;
}

/* From IPv6 to an IPv4 host that a rule names, not the destination */
static inline bool nf_xlat_ct_forwarded(const struct nf_conn *ct)
{
	const struct nf_xlat_ct_data *data = nf_xlat_ct_data(ct);

	return data && !data->prefix_len;
}

/*
 * The device that the route has to lead to where packets of the original direction go
 * to IPv4 by an address of that device. What IPv4 began has its own way back, by rules and
 * routes for the mapping's address.
 */
static inline int nf_xlat_ct_oif(const struct nf_conn *ct)
{
	const struct nf_xlat_ct_data *data = nf_xlat_ct_data(ct);

	return data && nf_xlat_ct_pf(ct, IP_CT_DIR_ORIGINAL) == NFPROTO_IPV6 ?
	       data->masq_index : 0;
}

/*
 * From one IPv6 client to another, by addresses of IPv4: to conntrack, and to
 * nf_nat, this is NAT66. But nf_nat has all of its own entries on a list.
 */
static inline bool nf_xlat_ct_hairpin(const struct nf_conn *ct)
{
	return (ct->status & IPS_NAT_MASK) == IPS_NAT_MASK &&
	       nf_xlat_ct_pf(ct, IP_CT_DIR_ORIGINAL) == NFPROTO_IPV6 &&
	       hlist_fake((struct hlist_node *)&ct->nat_bysource);
}

static inline bool nf_xlat_ct_any(const struct nf_conn *ct)
{
	return nf_xlat_ct_ours(ct) || nf_xlat_ct_hairpin(ct);
}

static inline bool nf_xlat_tuple_is_icmp(const struct nf_conntrack_tuple *t)
{
	return t->dst.protonum == IPPROTO_ICMP ||
	       t->dst.protonum == IPPROTO_ICMPV6;
}

/* Whose ports and ids may be changed, and are what a mapping is of */
static inline bool nf_xlat_ct_has_ports(u8 proto)
{
	return proto == IPPROTO_TCP || proto == IPPROTO_UDP ||
	       proto == IPPROTO_ICMP || proto == IPPROTO_ICMPV6;
}

/* What all keys of IPv4 endpoints have that an entry's packets talk about */
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
enum nf_xlat_reason
nf_xlat_ct_reply_in(const struct nf_conn *ct,
		    const struct nf_xlat_ct_range *range,
		    struct nf_conntrack_tuple *reply);
enum nf_xlat_reason nf_xlat_ct_setup_in(struct nf_conn *ct,
					const struct nf_xlat_ct_range *range,
					const struct nf_conntrack_tuple *reply);
void nf_xlat_ct_attach(struct nf_conn *ct, struct nf_xlat_bib **refs);
void nf_xlat_ct_release(struct net *net, struct nf_xlat_bib **refs);

void nf_xlat_ct_watch(struct nf_conn *ct);
void nf_xlat_ct_detach(struct nf_conn *ct);

void nf_xlat_ct_devs_down(struct nf_xlat_flow_net *fn);

/* nf_xlat_flow.c */
unsigned int nf_xlat_flow_hook(void *priv, struct sk_buff *skb,
			       const struct nf_hook_state *state);
unsigned int nf_xlat_flow_leaves(void *priv, struct sk_buff *skb,
				 const struct nf_hook_state *state);
void nf_xlat_flow_del(struct nf_xlat_flow *flow);
void nf_xlat_flow_kick(struct nf_xlat_flow_net *fn);
void nf_xlat_flow_dev_event(struct nf_xlat_flow_net *fn,
			    const struct net_device *dev, bool down);
bool nf_xlat_flow_dev_down(struct nf_xlat_flow_net *fn, int ifindex);
void nf_xlat_flow_flush(struct nf_xlat_flow_net *fn);
int nf_xlat_flow_net_init(struct net *net);
void nf_xlat_flow_net_exit(struct nf_xlat_flow_net *fn);
int nf_xlat_flow_init(void);
void nf_xlat_flow_exit(void);

/* nf_xlat_ft.c */
int nf_xlat_ft_below(struct nf_xlat_ft *ft, const struct net_device *dev,
		     const u8 *ha, struct nf_xlat_flow_in *in);
struct nf_xlat_flow_net *nf_xlat_ft_net(const struct nf_xlat_ft *ft);
bool nf_xlat_ft_sync_all(struct nf_xlat_flow_net *fn);
void nf_xlat_ft_net_pre_exit(struct nf_xlat_flow_net *fn);
int nf_xlat_ft_init(void);
void nf_xlat_ft_exit(void);

/* nf_xlat_ct_timeout.c */
void nf_xlat_ct_timeout(struct nf_conn *ct);
int nf_xlat_ct_timeout_init(void);
void nf_xlat_ct_timeout_exit(void);

#endif /* _NF_XLAT_CT_INTERNAL_H */
