/* SPDX-License-Identifier: GPL-2.0-only */
/* What the files of nf_xlat_ct share with one another, and with nf_xlat_flow above it. */
#ifndef _NF_XLAT_CT_INTERNAL_H
#define _NF_XLAT_CT_INTERNAL_H

#include <linux/mutex.h>
#include <linux/netfilter/nf_conntrack_pptp.h>
#include <net/net_namespace.h>
#include <net/netns/generic.h>
#include <net/netfilter/nf_conntrack.h>
#include <net/netfilter/nf_conntrack_helper.h>
#include <net/netfilter/nf_conntrack_zones.h>
#include <net/netfilter/nf_xlat_ct.h>
#include "nf_xlat_bib.h"
#include "nf_xlat_events.h"

struct nf_xlat_flow;

/* A session's data has 6 bits for the number of its device. */
#define NF_XLAT_MAX_OWNERS	64

/**
 * struct nf_xlat_ct_net - what a namespace has
 *
 * @mutex: of the next five
 * @users: stateful rules
 * @kept: conntrack stays until the namespace ends
 * @hooked: the hooks are registered; pre_exit unregisters them and clears this
 * @used: there has been one
 * @master: of all entries, NULL where they need none, see nf_xlat_ct_guard(). Packets
 *	read it without the mutex: it is there before the first rule is.
 * @ended: the work that ends masqueraded sessions with their address or device; its
 *	events are devices that have gone down
 * @net: whose this is
 * @owners: devices that sessions are counted for; written with RTNL. 0 is none.
 * @bib: mappings
 */
struct nf_xlat_ct_net {
	/* of @users, @kept, @hooked, @used, @master */
	struct mutex		mutex;
	unsigned int		users;
	bool			kept;
	bool			hooked;
	bool			used;
	struct nf_conn		*master;
	struct nf_xlat_events	ended;
	struct net		*net;
	const struct nf_xlat_owner __rcu *owners[NF_XLAT_MAX_OWNERS];
	struct nf_xlat_bib_net	bib;
};

extern unsigned int nf_xlat_ct_net_id;

static inline struct nf_xlat_ct_net *nf_xlat_ct_pernet(const struct net *net)
{
	return net_generic(net, nf_xlat_ct_net_id);
}

/* References that an entry holds, RFC 6146's "sessions of a BIB entry" */
enum nf_xlat_ct_refs {
	NF_XLAT_REF_BIB,	/* the mapping */
	NF_XLAT_REF_PEER,	/* with filtering, its permission for the peer */
	NF_XLAT_REF_HAIRPIN,	/* the mapping of the other end */
	__NF_XLAT_REF_MAX
};

/**
 * struct nf_xlat_ct_held - what an entry holds, if that is more than a mapping
 *
 * @refs: references
 * @flow: flow of the session in the fast path
 * @rcu: to free it
 */
struct nf_xlat_ct_held {
	struct nf_xlat_bib	*refs[__NF_XLAT_REF_MAX];
	struct nf_xlat_flow	*flow;
	struct rcu_head		rcu;
};

/*
 * Bit in nf_xlat_ct_data.held: the pointer is one to a struct nf_xlat_ct_held, not to a
 * mapping.
 */
#define NF_XLAT_CT_HELD		1UL

/**
 * struct nf_xlat_ct_data - our part of the helper extension
 *
 * The family of the tuples tells whose the entry is, so whoever clears this does no harm.
 *
 * It ends where struct nf_ct_pptp_master has its keymap: when a GRE entry ends whose master
 * is our entry, which any user can bring about by ctnetlink, destroy_gre_conntrack() takes
 * the helper for that of PPTP, as it has a destroy callback, and frees the keymap.
 *
 * @mtu: lowest MTU of the IPv6 side, 0 for the default
 * @prefix_len: RFC 6052, in the remote end of the IPv6 tuple; 0 for none
 * @non_global: of that prefix
 * @masq: the session ends with its IPv4 address
 * @owner: of nf_xlat_ct_net.owners
 * @masq_index: and with this device, 0 for none
 * @held: 0; a struct nf_xlat_bib, the mapping; or a struct nf_xlat_ct_held with
 *	NF_XLAT_CT_HELD added
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

/* Only entries of translated sessions have one tuple of each family. */
static inline bool nf_xlat_ct_ours(const struct nf_conn *ct)
{
	return nf_xlat_ct_pf(ct, IP_CT_DIR_ORIGINAL) !=
	       nf_xlat_ct_pf(ct, IP_CT_DIR_REPLY);
}

static inline struct nf_xlat_ct_data *nf_xlat_ct_data(const struct nf_conn *ct)
{
	struct nf_conn_help *help = nfct_help(ct);

	BUILD_BUG_ON(sizeof(struct nf_xlat_ct_data) >
		     offsetof(struct nf_ct_pptp_master, keymap));

	return help ? (struct nf_xlat_ct_data *)help->data : NULL;
}

static inline struct nf_xlat_ct_held *nf_xlat_ct_to_held(unsigned long held)
{
	return held & NF_XLAT_CT_HELD ?
	       (struct nf_xlat_ct_held *)(held & ~NF_XLAT_CT_HELD) : NULL;
}

/* The references of an entry that has more than a mapping, or NULL. RCU read side. */
static inline struct nf_xlat_ct_held *nf_xlat_ct_held(const struct nf_conn *ct)
{
	return nf_xlat_ct_to_held(READ_ONCE(nf_xlat_ct_data(ct)->held));
}

/* Is it a port forward from IPv6, to an IPv4 host that a rule names? */
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
 * Is it a hairpin, from one IPv6 client to another by IPv4 addresses? To conntrack and to
 * nf_nat its entry looks like NAT66. But nf_nat has its own entries on a list, and this one
 * is on none.
 */
static inline bool nf_xlat_ct_hairpin(const struct nf_conn *ct)
{
	return (ct->status & IPS_NAT_MASK) == IPS_NAT_MASK &&
	       nf_xlat_ct_pf(ct, IP_CT_DIR_ORIGINAL) == NFPROTO_IPV6 &&
	       hlist_fake((struct hlist_node *)&ct->nat_bysource);
}

static inline bool nf_xlat_ct_is_session(const struct nf_conn *ct)
{
	return nf_xlat_ct_ours(ct) || nf_xlat_ct_hairpin(ct);
}

static inline bool nf_xlat_tuple_is_icmp(const struct nf_conntrack_tuple *t)
{
	return t->dst.protonum == IPPROTO_ICMP ||
	       t->dst.protonum == IPPROTO_ICMPV6;
}

/* Has the protocol ports or an identifier that may be changed, and that a mapping has? */
static inline bool nf_xlat_ct_has_ports(u8 proto)
{
	return proto == IPPROTO_TCP || proto == IPPROTO_UDP ||
	       proto == IPPROTO_ICMP || proto == IPPROTO_ICMPV6;
}

/* Fill in what the keys of all IPv4 endpoints of an entry's packets have in common. */
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

/* nf_xlat_ct_held.c */
bool nf_xlat_ct_prefix(const struct nf_conn *ct, struct nf_xlat_prefix *prefix);
__be32 nf_xlat_ct_pool_addr(const struct nf_conn *ct);
void nf_xlat_ct_attach(struct nf_conn *ct, struct nf_xlat_bib **refs);
void nf_xlat_ct_release(struct net *net, struct nf_xlat_bib **refs);
struct nf_xlat_ct_held *nf_xlat_ct_hold(struct nf_conn *ct);
void nf_xlat_ct_watch(struct nf_conn *ct);
void nf_xlat_ct_detach(struct nf_conn *ct);
void nf_xlat_ct_flush_flows(struct net *net);

/* nf_xlat_ct_core.c */
int nf_xlat_ct_register(struct net *net);
void nf_xlat_ct_unregister(struct net *net);

/* nf_xlat_ct_echo.c */
unsigned int nf_xlat_ct_echo(void *priv, struct sk_buff *skb,
			     const struct nf_hook_state *state);

/* nf_xlat_netlink.c */
int nf_xlat_netlink_init(void);
void nf_xlat_netlink_exit(void);

/* nf_xlat_ct_timeout.c */
void nf_xlat_ct_timeout(struct nf_conn *ct);
int nf_xlat_ct_timeout_init(void);
void nf_xlat_ct_timeout_exit(void);

#endif /* _NF_XLAT_CT_INTERNAL_H */
