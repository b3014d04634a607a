/* SPDX-License-Identifier: GPL-2.0-only */
/* What the files of the family nf-xlat share */
#ifndef _NF_XLAT_NETLINK_INTERNAL_H
#define _NF_XLAT_NETLINK_INTERNAL_H

#include <linux/inetdevice.h>
#include <net/genetlink.h>
#include <net/ipv6.h>
#include <linux/netfilter/nf_xlat_netlink.h>
#include "nf_xlat_ct_internal.h"

/*
 * Let a dump stop at @bib: take a reference. Return false if @bib has ended, or if 65535 dumps have
 * stopped at it.
 */
static inline bool nf_xlat_nl_dump_hold(struct net *net, struct nf_xlat_bib *bib)
{
	spinlock_t *lock = &nf_xlat_ct_pernet(net)->bib.dumps_lock;
	bool stays;

	spin_lock(lock);
	stays = bib->dumps < U16_MAX && refcount_inc_not_zero(&bib->ref);
	bib->dumps += stays;
	spin_unlock(lock);
	return stays;
}

/* Put the reference of nf_xlat_nl_dump_hold(). */
static inline void nf_xlat_nl_dump_put(struct net *net, struct nf_xlat_bib *bib)
{
	spinlock_t *lock = &nf_xlat_ct_pernet(net)->bib.dumps_lock;
	bool last;

	spin_lock(lock);
	bib->dumps--;
	last = !refcount_dec_not_one(&bib->ref);
	spin_unlock(lock);
	/* This reports the end of the mapping to listeners, so do not hold the lock. */
	if (last)
		nf_xlat_bib_put(net, bib);
}

/* An error, with its text and the attribute */
#define NF_XLAT_NL_BAD(extack, attr, err, text) ({		\
	NL_SET_ERR_MSG_ATTR(extack, attr, text);		\
	err;							\
})

/**
 * struct nf_xlat_nl_end - address, port and zone that an end of a session or mapping has to have
 *
 * @addr: address
 * @pf: its family, 0 for any address
 * @len: length of the prefix of @addr that has to match
 * @has_port: @port has to match as well
 * @has_zone: @zone has to match as well
 * @port: port, or id of an echo
 * @zone: zone of conntrack
 */
struct nf_xlat_nl_end {
	union nf_inet_addr	addr;
	u8			pf;
	u8			len;
	bool			has_port;
	bool			has_zone;
	__be16			port;
	u16			zone;
};

/**
 * struct nf_xlat_nl_filter - which sessions, mappings or blocks a request is about
 *
 * @end: by attribute: the address, port and zone to match
 * @asked: by attribute: @end is valid
 * @proto: transport protocol of either side, if @has_proto
 * @has_proto: @proto is valid
 * @fast: sessions of the fast path only
 */
struct nf_xlat_nl_filter {
	struct nf_xlat_nl_end	end[NF_XLAT_A_FILTER_MAX + 1];
	bool			asked[NF_XLAT_A_FILTER_MAX + 1];
	u8			proto;
	bool			has_proto;
	bool			fast;
};

/**
 * struct nf_xlat_nl_mapping - a mapping as a message describes it
 *
 * @attr: the nest, NULL if there is none
 * @tb: its attributes
 * @key6: IPv6 endpoint and settings; the padding is zero
 * @key4: IPv4 endpoint; the padding is zero
 * @ifindex: device that it ends with, or 0
 * @owner: number of the device that counts, or 0
 * @place: with blocks: which ports a new block is to have
 * @new: for nf_xlat_nl_get_mapping(), which sets it to NULL
 */
struct nf_xlat_nl_mapping {
	const struct nlattr	*attr;
	struct nlattr		*tb[NF_XLAT_A_MAPPING_MAX + 1];
	struct nf_xlat_bib_key6	key6;
	struct nf_xlat_bib_key4	key4;
	int			ifindex;
	u8			owner;
	struct nf_xlat_bib_place place;
	struct nf_xlat_bib	*new;
};

/**
 * struct nf_xlat_nl_new - a session as a message describes it
 *
 * @net: network namespace
 * @extack: for errors
 * @attr: its nest
 * @tb: its attributes
 * @ttb: attributes of its tuples
 * @zone: of its tuples
 * @map: its mapping, and that of the other client of a hairpin
 * @params: the session to make, or the changes to a session
 * @refs: references for it
 * @permission: from nf_xlat_bib_alloc(), for each mapping, which may need one
 */
struct nf_xlat_nl_new {
	struct net			*net;
	struct netlink_ext_ack		*extack;
	const struct nlattr		*attr;
	struct nlattr			*tb[NF_XLAT_A_SESSION_MAX + 1];
	struct nlattr			*ttb[IP_CT_DIR_MAX][NF_XLAT_A_TUPLE_MAX + 1];
	u16				zone[IP_CT_DIR_MAX];
	struct nf_xlat_nl_mapping	map[2];
	struct nf_xlat_ct_params	params;
	struct nf_xlat_bib		*refs[__NF_XLAT_REF_MAX];
	struct nf_xlat_bib		*permission[2];
};

static inline bool nf_xlat_nl_in_prefix(const struct nf_xlat_prefix *prefix,
					const struct in6_addr *addr)
{
	return prefix->len && ipv6_prefix_equal(&prefix->addr, addr, prefix->len);
}

/* Is @addr an address of this host? RCU read side */
static inline bool nf_xlat_nl_is_local(struct net *net, __be32 addr)
{
	return __ip_dev_find(net, addr, false);
}

static inline bool nf_xlat_nl_legal4(__be32 ip)
{
	const union nf_inet_addr addr = { .ip = ip };

	return nf_xlat_addr_legal(NFPROTO_IPV4, &addr);
}

/* Port or id of the side that a tuple's packets go to */
static inline __be16 nf_xlat_nl_dport(const struct nf_conntrack_tuple *t)
{
	return nf_xlat_tuple_is_icmp(t) ? t->src.u.icmp.id : t->dst.u.all;
}

/* nf_xlat_netlink.c */
extern struct genl_family nf_xlat_nl_family;

/* nf_xlat_netlink_filter.c */
extern const struct nla_policy nf_xlat_nl_policy[NF_XLAT_A_SESSION + 1];

int nf_xlat_nl_parse(struct nf_xlat_nl_filter *f, const struct nlattr *attr,
		     struct netlink_ext_ack *extack);
bool nf_xlat_nl_is_fast(const struct nf_conn *ct);
bool nf_xlat_nl_match(const struct nf_xlat_nl_filter *f, const struct nf_conn *ct);
bool nf_xlat_nl_match_mapping(const struct nf_xlat_nl_filter *f,
			      const struct nf_xlat_bib *bib);
bool nf_xlat_nl_match_block(const struct nf_xlat_nl_filter *f,
			    const struct nf_xlat_bib *block);
bool nf_xlat_nl_filter_is_set(const struct nf_xlat_nl_filter *f);

/* nf_xlat_netlink_dump.c */

int nf_xlat_nl_start(struct netlink_callback *cb);
int nf_xlat_nl_done(struct netlink_callback *cb);
int nf_xlat_nl_put_session(struct sk_buff *skb, const struct nf_conn *ct);
int nf_xlat_nl_session_dump(struct sk_buff *skb,
			    struct netlink_callback *cb);
int nf_xlat_nl_put_mapping(struct sk_buff *skb, int attr, struct net *net,
			   const struct nf_xlat_bib *bib);
int nf_xlat_nl_put_refs(struct sk_buff *skb, const struct nf_conn *ct);
int nf_xlat_nl_put_block(struct sk_buff *skb, struct net *net,
			 const struct nf_xlat_bib *block);
int nf_xlat_nl_mapping_start(struct netlink_callback *cb);
int nf_xlat_nl_block_start(struct netlink_callback *cb);
int nf_xlat_nl_mapping_dump(struct sk_buff *skb,
			    struct netlink_callback *cb);
int nf_xlat_nl_session_del(struct sk_buff *skb, struct genl_info *info);

/* nf_xlat_netlink_map.c */
extern const struct nla_policy nf_xlat_nl_mapping_attrs[NF_XLAT_A_MAPPING_MAX + 1];
extern const struct nla_policy nf_xlat_nl_mapping_policy[NF_XLAT_A_MAPPING + 1];

int nf_xlat_nl_hold(void);
int nf_xlat_nl_enter(struct genl_info *info);
void nf_xlat_nl_exit(void);
int nf_xlat_nl_read_ifindex(struct net *net, const struct nlattr *attr,
			    int *ifindex, struct netlink_ext_ack *extack);
int nf_xlat_nl_read_rule(struct net *net, struct nf_xlat_nl_mapping *m,
			 struct netlink_ext_ack *extack);
int nf_xlat_nl_read_mapping(struct nf_xlat_nl_mapping *m, const struct nlattr *attr,
			    struct netlink_ext_ack *extack);
struct nf_xlat_bib *nf_xlat_nl_get_mapping(struct net *net,
					   struct nf_xlat_nl_mapping *m,
					   struct netlink_ext_ack *extack);
int nf_xlat_nl_mapping_new(struct sk_buff *skb, struct genl_info *info);
int nf_xlat_nl_mapping_del(struct sk_buff *skb, struct genl_info *info);

/* nf_xlat_netlink_read.c */
extern const struct nla_policy nf_xlat_nl_session_policy[NF_XLAT_A_SESSION_MAX + 1];
extern const struct nla_policy nf_xlat_nl_new_policy[NF_XLAT_A_PEER_MAPPING + 1];

int nf_xlat_nl_read_tuple(struct nf_xlat_nl_new *n, enum ip_conntrack_dir dir,
			  const struct nlattr *attr);
int nf_xlat_nl_read_zone(struct nf_xlat_nl_new *n);
int nf_xlat_nl_read_orig(struct nf_xlat_nl_new *n, struct genl_info *info);
int nf_xlat_nl_read_session(struct nf_xlat_nl_new *n, struct genl_info *info);
__be32 nf_xlat_nl_pool_addr(const struct nf_xlat_nl_new *n);
int nf_xlat_nl_check_session(struct nf_xlat_nl_new *n);

/* nf_xlat_netlink_new.c */

int nf_xlat_nl_session_new(struct sk_buff *skb, struct genl_info *info);
int nf_xlat_nl_session_set(struct sk_buff *skb, struct genl_info *info);
int nf_xlat_nl_session_get(struct sk_buff *skb, struct genl_info *info);
int nf_xlat_nl_session_start(struct netlink_callback *cb);

#endif /* _NF_XLAT_NETLINK_INTERNAL_H */
