/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Differences between kernels, which are in no other file. Each entry names the probe of Kbuild
 * that sets HAVE_, and the first kernel that does not need the entry.
 */
#ifndef _NF_XLAT_COMPAT_H
#define _NF_XLAT_COMPAT_H

#include <linux/btf.h>
#include <linux/btf_ids.h>
#include <net/dst.h>
#include <net/genetlink.h>
#include <net/if_inet6.h>
#include <net/ip_fib.h>
#include <net/netfilter/nf_conntrack_helper.h>
#include <net/netfilter/nf_conntrack_timeout.h>
#include <net/netfilter/nf_tables.h>
#include <net/netfilter/nf_tables_core.h>
#include <net/rtnetlink.h>

/* In linux/compiler_attributes.h, but not in 6.6 and 6.8 as they began */
#ifndef __uninitialized
#if __has_attribute(__uninitialized__)
#define __uninitialized	__attribute__((__uninitialized__))
#else
#define __uninitialized
#endif
#endif

/* linux/btf.h, since 6.3 */
#ifndef __bpf_kfunc
#define __bpf_kfunc	__used noinline
#endif

/* linux/btf_ids.h, since 6.9; before, kfuncs could be in any set */
#ifndef BTF_KFUNCS_START
#define BTF_KFUNCS_START(name)	BTF_SET8_START(name)
#define BTF_KFUNCS_END(name)	BTF_SET8_END(name)
#endif

/*
 * HAVE_BTF_KFUNC_FILTER: linux/btf.h, since 6.5. Before, a function for one kind of programs of
 * routes cannot be kept from the others, so none of them gets it.
 */
#ifdef HAVE_BTF_KFUNC_FILTER
#define nf_xlat_kfunc_set btf_kfunc_id_set
#else
struct nf_xlat_kfunc_set {
	struct module		*owner;
	struct btf_id_set8	*set;
	int			(*filter)(const struct bpf_prog *prog, u32 id);
};
#endif

static inline int nf_xlat_register_lwt(const struct nf_xlat_kfunc_set *set)
{
#ifdef HAVE_BTF_KFUNC_FILTER
	return register_btf_kfunc_id_set(BPF_PROG_TYPE_LWT_XMIT, set);
#else
	return 0;
#endif
}

/* HAVE_NET_GSO_H: linux/skbuff.h had these functions before 6.5 */
#ifdef HAVE_NET_GSO_H
#include <net/gso.h>
#endif

/* HAVE_CALL_RCU_HURRY: include/linux/rcupdate.h, since 6.2; before, none was lazy */
#ifndef HAVE_CALL_RCU_HURRY
#define call_rcu_hurry call_rcu
#endif

/* HAVE_DST_DEV_RCU: include/net/dst.h, since 6.18, and in later 6.12 and 6.1 */
#ifndef HAVE_DST_DEV_RCU
static inline struct net_device *dst_dev_rcu(const struct dst_entry *dst)
{
	return dst->dev;
}
#endif

/* HAVE_DST_RCUREF: include/net/dst.h, since 6.4 */
static inline int nf_xlat_dst_refs(struct dst_entry *dst)
{
#ifdef HAVE_DST_RCUREF
	return rcuref_read(&dst->__rcuref);
#else
	return atomic_read(&dst->__refcnt);
#endif
}

/*
 * HAVE_FIB_DSCP_MASKED: include/net/ip_fib.h, since 6.12. Before, the caller of a route look-up
 * had to mask the TOS that routing rules see.
 */
static inline u8 nf_xlat_fib_tos(u8 tos)
{
#ifdef HAVE_FIB_DSCP_MASKED
	return tos;
#else
	return tos & IPTOS_RT_MASK;
#endif
}

/* HAVE_RT_RELEASES: linux/spinlock_rt.h, since 6.12; before, unlock functions had no annotation */
#if defined(CONFIG_PREEMPT_RT) && !defined(HAVE_RT_RELEASES)
#define nf_xlat_acquired(lock)	((void)(lock))
#else
#define nf_xlat_acquired(lock)	__acquire(lock)
#endif

/* HAVE_FRAGS_READABLE: linux/skbuff.h, since 6.12; before, core could read each fragment */
#ifndef HAVE_FRAGS_READABLE
static inline bool skb_frags_readable(const struct sk_buff *skb)
{
	return true;
}
#endif

/* HAVE_TSTAMP_TYPE: linux/skbuff.h, since 6.11; before, the type of tstamp was one bit */
static inline u8 nf_xlat_tstamp_type(const struct sk_buff *skb)
{
#ifdef HAVE_TSTAMP_TYPE
	return skb->tstamp_type;
#else
	return skb->mono_delivery_time;
#endif
}

/* HAVE_NETDEV_LOCK_H: linux/netdevice.h had netdev_lockdep_set_classes() before 6.15 */
#ifdef HAVE_NETDEV_LOCK_H
#include <net/netdev_lock.h>
#endif

/* HAVE_NETDEV_RX_QUEUE_H: linux/netdevice.h had struct netdev_rx_queue before 6.6 */
#ifdef HAVE_NETDEV_RX_QUEUE_H
#include <net/netdev_rx_queue.h>
#endif

/* HAVE_XDP_FEATURES: include/linux/netdevice.h, since 6.3. Does a device take frames of XDP? */
static inline bool nf_xlat_xdp_xmit(const struct net_device *dev)
{
#ifdef HAVE_XDP_FEATURES
	return READ_ONCE(dev->xdp_features) & NETDEV_XDP_ACT_NDO_XMIT;
#else
	return dev->netdev_ops->ndo_xdp_xmit;
#endif
}

/* HAVE_DEV_LLTX: include/linux/netdevice.h, a feature before 6.12 */
static inline void nf_xlat_lltx(struct net_device *dev)
{
#ifdef HAVE_DEV_LLTX
	dev->lltx = true;
#else
	dev->features |= NETIF_F_LLTX;
#endif
}

/*
 * HAVE_NETNS_IMMUTABLE, HAVE_NETNS_LOCAL: include/linux/netdevice.h, two names of a bit since 6.12,
 * which was a feature before. Stable releases of 6.12 have either.
 */
static inline void nf_xlat_netns_immutable(struct net_device *dev)
{
#if defined(HAVE_NETNS_IMMUTABLE)
	dev->netns_immutable = true;
#elif defined(HAVE_NETNS_LOCAL)
	dev->netns_local = true;
#else
	dev->features |= NETIF_F_NETNS_LOCAL;
#endif
}

/*
 * HAVE_NEWLINK_PARAMS: include/net/rtnetlink.h, since 6.15. Before, src_net is the namespace of
 * IFLA_LINK_NETNSID if the request has this attribute. Then the socket's namespace is not known.
 */
#ifdef HAVE_NEWLINK_PARAMS
#define NF_XLAT_NEWLINK_ARGS	struct net_device *dev,			\
				struct rtnl_newlink_params *params,	\
				struct netlink_ext_ack *extack
#define NF_XLAT_NEWLINK_DATA	(params->data)
#define NF_XLAT_NEWLINK_NET	(params->src_net)
#define NF_XLAT_NEWLINK_LINKED	false
#else
#define NF_XLAT_NEWLINK_ARGS	struct net *src_net,			\
				struct net_device *dev,			\
				struct nlattr *tb[],			\
				struct nlattr *data[],			\
				struct netlink_ext_ack *extack
#define NF_XLAT_NEWLINK_DATA	data
#define NF_XLAT_NEWLINK_NET	src_net
#define NF_XLAT_NEWLINK_LINKED	(!!tb[IFLA_LINK_NETNSID])
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

/*
 * HAVE_SET_EXT_LOOKUP: include/net/netfilter/nf_tables_core.h, since 6.17 and
 * in later 6.12
 */
static inline const struct nft_set_ext *
nf_xlat_set_lookup(const struct net *net, const struct nft_set *set,
		   const u32 *key)
{
#ifdef HAVE_SET_EXT_LOOKUP
	return nft_set_do_lookup(net, set, key);
#else
	const struct nft_set_ext *ext;

	return nft_set_do_lookup(net, set, key, &ext) ? ext : NULL;
#endif
}

/*
 * HAVE_NFT_REGISTER_CTX: include/net/netfilter/nf_tables.h, since 6.11 and in
 * later 6.1
 */
static inline int nf_xlat_parse_register_load(const struct nft_ctx *ctx,
					      const struct nlattr *attr,
					      u8 *sreg, u32 len)
{
#ifdef HAVE_NFT_REGISTER_CTX
	return nft_parse_register_load(ctx, attr, sreg, len);
#else
	return nft_parse_register_load(attr, sreg, len);
#endif
}

/*
 * HAVE_NFT_DUMP_RESET: include/net/netfilter/nf_tables.h, since 6.2 and in
 * later 6.1
 */
#ifdef HAVE_NFT_DUMP_RESET
#define NF_XLAT_DUMP_ARGS						\
	struct sk_buff *skb, const struct nft_expr *expr, bool reset
#else
#define NF_XLAT_DUMP_ARGS						\
	struct sk_buff *skb, const struct nft_expr *expr
#endif

/*
 * HAVE_NFT_VALIDATE_DATA: include/net/netfilter/nf_tables.h, until 6.11 but
 * not in later 6.1
 */
#ifdef HAVE_NFT_VALIDATE_DATA
#define NF_XLAT_VALIDATE_ARGS						\
	const struct nft_ctx *ctx, const struct nft_expr *expr,		\
	const struct nft_data **data
#else
#define NF_XLAT_VALIDATE_ARGS						\
	const struct nft_ctx *ctx, const struct nft_expr *expr
#endif

/*
 * HAVE_TIMEOUT_REFCNT: include/net/netfilter/nf_conntrack_timeout.h, since 7.2
 * and in later 6.1 and 6.12
 */
static inline void nf_xlat_timeout_init_ref(struct nf_ct_timeout *timeout)
{
#ifdef HAVE_TIMEOUT_REFCNT
	refcount_set(&timeout->refcnt, 1);
#endif
}

static inline void nf_xlat_timeout_put(struct nf_ct_timeout *timeout)
{
#ifdef HAVE_TIMEOUT_REFCNT
	if (refcount_dec_and_test(&timeout->refcnt))
		kfree_rcu(timeout, rcu);
#else
	/* Another CPU in nf_conntrack_in() may have read the pointer. */
	synchronize_rcu();
	kfree(timeout);
#endif
}

/*
 * HAVE_TIMEOUT_REFCNT as well: before 7.1, nft_ct copied 16 bytes of an entry that is not IPv4,
 * even if the register had 4 bytes (CVE-2026-53267). No header shows the fix, so look for a change
 * that came not before it: 6.1.191 has both, 6.12.112 has the change and 6.12.94 the fix, 7.2 has
 * the change and 7.1 the fix.
 */
#ifdef HAVE_TIMEOUT_REFCNT
#define NF_XLAT_NFT_CT_FIXED	true
#else
#define NF_XLAT_NFT_CT_FIXED	false
#endif

/*
 * HAVE_HELPER_REFCNT: include/net/netfilter/nf_conntrack_helper.h, since 7.2.
 * Since then expect_policy is an array, and nf_conntrack_free() puts a reference to the helper of
 * an entry. Ours is static, so its count must not become 0. Before, expect_policy is a pointer.
 * __nf_ct_expect_check() reads the policy that the helper of the master has for the class of an
 * expectation. But ctnetlink, before a fix in later 6.1 and 6.12, checks the class by the helper
 * that userspace names. So have a policy for each class.
 */
#ifdef HAVE_HELPER_REFCNT
#define NF_XLAT_HELPER_COMPAT	.ct_refcnt = REFCOUNT_INIT(INT_MAX),
#else
#define NF_XLAT_HELPER_COMPAT					\
	.expect_policy	= (const struct nf_conntrack_expect_policy	\
			   [NF_CT_MAX_EXPECT_CLASSES]){		\
		[0 ... NF_CT_MAX_EXPECT_CLASSES - 1] = { .max_expected = 1 }, \
	},
#endif

/*
 * HAVE_HELPER_REFCNT, see above, and HAVE_HELPER_DEPRECATED in the same header. Before 7.2, root of
 * a namespace could remove the helper of an entry by ctnetlink, and with it the destroy callback,
 * unless the entry had a master. On such a kernel sessions get a master, see nf_xlat_ct_ext_add().
 * No header shows whether ctnetlink still does this. A stable kernel may get the reference count
 * without that change. So look also for the warning that helpers will be removed, which stable
 * kernels will not get. A master does no harm where it is not needed.
 */
#if defined(HAVE_HELPER_REFCNT) && defined(HAVE_HELPER_DEPRECATED)
#define NF_XLAT_HELPER_STAYS	true
#else
#define NF_XLAT_HELPER_STAYS	false
#endif

/* HAVE_NLA_PUT_UINT: include/net/netlink.h, since 6.7 */
#ifndef HAVE_NLA_PUT_UINT
static inline int nla_put_uint(struct sk_buff *skb, int attrtype, u64 value)
{
	if (value <= U32_MAX)
		return nla_put_u32(skb, attrtype, value);
	return nla_put(skb, attrtype, sizeof(value), &value);
}
#endif

/* HAVE_GENL_INFO_DUMP: include/net/genetlink.h, since 6.7 */
static inline struct nlattr **nf_xlat_dump_attrs(struct netlink_callback *cb)
{
#ifdef HAVE_GENL_INFO_DUMP
	return genl_info_dump(cb)->attrs;
#else
	return genl_dumpit_info(cb)->attrs;
#endif
}

/* net/genetlink.h, since 6.8 and in later 6.1; before, groups had the flag of operations */
#ifndef GENL_MCAST_CAP_NET_ADMIN
#define GENL_MCAST_CAP_NET_ADMIN	GENL_UNS_ADMIN_PERM
#endif

/*
 * May an IPsec policy apply to a forwarded packet? The default policies (ip xfrm policy setdefault)
 * apply to packets that no other policy matches.
 */
static inline bool nf_xlat_has_policies(const struct net *net)
{
#ifdef CONFIG_XFRM
	const u8 *by_default = net->xfrm.policy_default;

	return net->xfrm.policy_count[XFRM_POLICY_OUT] ||
	       net->xfrm.policy_count[XFRM_POLICY_FWD] ||
	       READ_ONCE(by_default[XFRM_POLICY_OUT]) != XFRM_USERPOLICY_ACCEPT ||
	       READ_ONCE(by_default[XFRM_POLICY_FWD]) != XFRM_USERPOLICY_ACCEPT;
#else
	return false;
#endif
}

/* HAVE_FLOWTABLE_NET: include/net/netfilter/nf_tables.h, since 6.13 */
static inline struct nft_flowtable *
nf_xlat_flowtable_lookup(struct net *net, const struct nft_table *table,
			 const struct nlattr *nla, u8 genmask)
{
#ifdef HAVE_FLOWTABLE_NET
	return nft_flowtable_lookup(net, table, nla, genmask);
#else
	return nft_flowtable_lookup(table, nla, genmask);
#endif
}

/*
 * HAVE_NFT_BASE_SEQ: include/net/netns/nftables.h, since 6.12. A number that changes with each
 * change of the rules. Without base_seq, the rules count as changed after a second.
 */
static inline u32 nf_xlat_rules_stamp(const struct net *net)
{
#ifdef HAVE_NFT_BASE_SEQ
	return READ_ONCE(net->nft.base_seq) << 1 |
	       READ_ONCE(net->nft.gencursor);
#else
	return (u32)jiffies;
#endif
}

static inline bool nf_xlat_rules_same(const struct net *net, u32 stamp)
{
#ifdef HAVE_NFT_BASE_SEQ
	return nf_xlat_rules_stamp(net) == stamp;
#else
	return (u32)jiffies - stamp <= HZ;
#endif
}

/* Without CONFIG_NETFILTER_INGRESS no device has such hooks. RCU read side */
static inline const struct nf_hook_entries *
nf_xlat_ingress_hooks(const struct net_device *dev)
{
#ifdef CONFIG_NETFILTER_INGRESS
	return rcu_dereference(dev->nf_hooks_ingress);
#else
	return NULL;
#endif
}

/*
 * HAVE_FORWARD_PATH_CTX: include/linux/netdevice.h, since 7.3 and in later 7.2.
 * Since then a path may hold references.
 */
static inline int nf_xlat_fill_forward_path(const struct net_device *dev,
					    const u8 *ha,
					    struct net_device_path_stack *stack)
{
#ifdef HAVE_FORWARD_PATH_CTX
	struct net_device_path_ctx ctx = { .dev = dev };

	if (ha)
		memcpy(ctx.daddr, ha, sizeof(ctx.daddr));
	return dev_fill_forward_path(&ctx, stack);
#else
	u8 addr[ETH_ALEN] = {};

	if (ha)
		memcpy(addr, ha, sizeof(addr));
	return dev_fill_forward_path(dev, addr, stack);
#endif
}

static inline void
nf_xlat_forward_path_release(struct net_device_path_stack *stack)
{
#ifdef HAVE_FORWARD_PATH_CTX
	dev_fill_forward_path_release(stack);
#endif
}

/* In net/netfilter/nf_internals.h, which only code in the tree can include. */
void nf_queue_nf_hook_drop(struct net *net);

#endif /* _NF_XLAT_COMPAT_H */
