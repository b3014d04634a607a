/* SPDX-License-Identifier: GPL-2.0-only */
/* What the files of the family nf-xlat share */
#ifndef _NF_XLAT_NETLINK_INTERNAL_H
#define _NF_XLAT_NETLINK_INTERNAL_H

#include <net/genetlink.h>
#include <linux/netfilter/nf_xlat_netlink.h>
#include "nf_xlat_ct_internal.h"

/* A dump stands at @bib, which stays in its place: false if it cannot, or has ended. */
static inline bool nf_xlat_nl_stay(struct net *net, struct nf_xlat_bib *bib)
{
	spinlock_t *lock = &nf_xlat_ct_pernet(net)->bib.dumps_lock;
	bool stays;

	spin_lock(lock);
	stays = bib->dumps < U16_MAX && refcount_inc_not_zero(&bib->ref);
	bib->dumps += stays;
	spin_unlock(lock);
	return stays;
}

/* The dump goes on from @bib. */
static inline void nf_xlat_nl_leave(struct net *net, struct nf_xlat_bib *bib)
{
	spinlock_t *lock = &nf_xlat_ct_pernet(net)->bib.dumps_lock;
	bool last;

	spin_lock(lock);
	bib->dumps--;
	last = !refcount_dec_not_one(&bib->ref);
	spin_unlock(lock);
	/* The end of a mapping is told to all who listen: not with the lock held. */
	if (last)
		nf_xlat_bib_put(net, bib);
}

/* nf_xlat_netlink.c */
extern struct genl_family nf_xlat_nl_family;

/* nf_xlat_netlink_dump.c */
extern const struct nla_policy nf_xlat_nl_policy[NF_XLAT_A_FILTER + 1];

int nf_xlat_nl_start(struct netlink_callback *cb);
int nf_xlat_nl_done(struct netlink_callback *cb);
int nf_xlat_nl_put_session(struct sk_buff *skb, const struct nf_conn *ct);
int nf_xlat_nl_session_dump(struct sk_buff *skb,
			    struct netlink_callback *cb);
int nf_xlat_nl_put_mapping(struct sk_buff *skb, struct net *net,
			   const struct nf_xlat_bib *bib);
int nf_xlat_nl_mapping_start(struct netlink_callback *cb);
int nf_xlat_nl_mapping_dump(struct sk_buff *skb,
			    struct netlink_callback *cb);
int nf_xlat_nl_session_del(struct sk_buff *skb, struct genl_info *info);

#endif /* _NF_XLAT_NETLINK_INTERNAL_H */
