/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The only conditional code. Each entry names the probe in Kbuild that sets it
 * and the kernel from which on it is not needed.
 */
#ifndef _NF_XLAT_COMPAT_H
#define _NF_XLAT_COMPAT_H

#include <net/dst.h>
#include <net/if_inet6.h>

/* HAVE_NET_GSO_H: linux/skbuff.h had these functions before 6.5 */
#ifdef HAVE_NET_GSO_H
#include <net/gso.h>
#endif

/* HAVE_DST_DEV_RCU: include/net/dst.h, since 6.18 */
#ifndef HAVE_DST_DEV_RCU
static inline struct net_device *dst_dev_rcu(const struct dst_entry *dst)
{
	return dst->dev;
}
#endif

/* HAVE_FORCE_FORWARDING: include/linux/ipv6.h, since 6.17 */
static inline bool nf_xlat_force_forwarding(const struct inet6_dev *idev)
{
#ifdef HAVE_FORCE_FORWARDING
	return idev && READ_ONCE(idev->cnf.force_forwarding);
#else
	return false;
#endif
}

/* In net/netfilter/nf_internals.h, which only code in the tree can include. */
void nf_queue_nf_hook_drop(struct net *net);

#endif /* _NF_XLAT_COMPAT_H */
