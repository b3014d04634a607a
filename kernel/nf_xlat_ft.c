// SPDX-License-Identifier: GPL-2.0-only
/*
 * Flowtables that rules of the fast path name: their devices have our hook, whether
 * packets are routed by them or by a device on top of them.
 */

#include <linux/if_vlan.h>
#include <linux/mutex.h>
#include <linux/netdevice.h>
#include <linux/netfilter_ipv4.h>
#include <linux/netfilter_ipv6.h>
#include <linux/netfilter_netdev.h>
#include <linux/rtnetlink.h>
#include <linux/slab.h>
#include <net/netfilter/nf_tables.h>
#include "compat.h"
#include "nf_xlat_ct_internal.h"

struct nf_xlat_flow_dev {
	struct list_head	list;
	struct nf_hook_ops	ops;
	bool			seen;
	struct rcu_head		rcu;
};

/**
 * struct nf_xlat_ft - a flowtable that rules name
 *
 * @list: of all
 * @devs: its devices, as far as they have our hook
 * @ft: the flowtable of nft, held by the rules
 * @net: its namespace
 * @users: rules
 * @gone: the namespace is going
 */
struct nf_xlat_ft {
	struct list_head	list;
	struct list_head	devs;
	struct nft_flowtable	*ft;
	struct net		*net;
	unsigned int		users;
	bool			gone;
};

/* Flowtables and their devices; taken inside of RTNL, never the reverse. */
static DEFINE_MUTEX(nf_xlat_ft_mutex);
static LIST_HEAD(nf_xlat_fts);

/**
 * nf_xlat_ft_below - where packets come in that are routed by a device
 * @ft: flowtable
 * @dev: the device
 * @ha: link layer address of who sends them, NULL if there is none
 * @in: where to put it
 *
 * If that is no device of the flowtable, the one below it may be: what has a VLAN,
 * PPPoE or a bridge on top. RCU read side.
 *
 * Return: 0 for the device itself, 1 for another one, -ENODEV when neither is in the
 * flowtable.
 */
int nf_xlat_ft_below(const struct nft_flowtable *ft,
		     const struct net_device *dev, const u8 *ha,
		     struct nf_xlat_flow_in *in)
{
	const struct net_device *lowest = NULL;
	const struct net_device_path *path;
	struct net_device_path_stack stack;
	struct nf_xlat_flow_in below = {};
	bool known = true;
	int i;

	*in = (struct nf_xlat_flow_in){ .iif = dev->ifindex };
	if (nf_xlat_ft_has_dev(ft, dev))
		return 0;
	if (nf_xlat_fill_forward_path(dev, ha, &stack) < 0)
		return -ENODEV;

	for (i = 0; i < stack.num_paths; i++) {
		path = &stack.path[i];
		switch (path->type) {
		case DEV_PATH_ETHERNET:
			lowest = path->dev;
			break;
		case DEV_PATH_VLAN:
			/* The hook knows of one. */
			known &= !below.vlan;
			below.vlan = nf_xlat_flow_vlan(path->encap.proto,
						       path->encap.id);
			break;
		case DEV_PATH_PPPOE:
			below.session = path->encap.id;
			break;
		case DEV_PATH_BRIDGE:
			known &= path->bridge.vlan_mode == DEV_PATH_BR_VLAN_KEEP;
			break;
		default:
			known = false;
		}
	}
	known = known && lowest && nf_xlat_ft_has_dev(ft, lowest);
	if (known) {
		*in = below;
		in->iif = lowest->ifindex;
	}
	nf_xlat_forward_path_release(&stack);
	return known ? 1 : -ENODEV;
}

static void nf_xlat_ft_del_dev(struct nf_xlat_ft *ft, struct nf_xlat_flow_dev *fd)
{
	list_del(&fd->list);
	nf_unregister_net_hook(ft->net, &fd->ops);
	/* "nft list hooks" may be looking at it. */
	kfree_rcu(fd, rcu);
}

static struct nf_xlat_flow_dev *nf_xlat_ft_find_dev(const struct nf_xlat_ft *ft,
						    const struct net_device *dev)
{
	struct nf_xlat_flow_dev *fd;

	list_for_each_entry(fd, &ft->devs, list)
		if (fd->ops.dev == dev)
			return fd;
	return NULL;
}

/* RTNL and the mutex are held, so that no device goes meanwhile. */
static void nf_xlat_ft_add_dev(struct nf_xlat_ft *ft, struct net_device *dev)
{
	struct nf_xlat_flow_dev *fd = nf_xlat_ft_find_dev(ft, dev);

	if (!fd) {
		if (dev->reg_state != NETREG_REGISTERED)
			return;
		fd = kzalloc(sizeof(*fd), GFP_KERNEL);
		if (!fd)
			return;
		fd->ops = (struct nf_hook_ops){
			.hook		= nf_xlat_flow_hook,
			.dev		= dev,
			.pf		= NFPROTO_NETDEV,
			.hooknum	= NF_NETDEV_INGRESS,
			/* Before the flowtable's own, which knows nothing of us */
			.priority	= max(ft->ft->data.priority, INT_MIN + 1) - 1,
		};
		/* Without memory, it is tried again. */
		if (nf_register_net_hook(ft->net, &fd->ops)) {
			kfree(fd);
			return;
		}
		list_add_tail(&fd->list, &ft->devs);
	}
	fd->seen = true;
}

/* Nothing tells of devices that join a flowtable or leave it, so look. */
static void nf_xlat_ft_sync(struct nf_xlat_ft *ft)
{
	struct nf_xlat_flow_dev *fd, *next;
	struct net_device *dev;

	list_for_each_entry(fd, &ft->devs, list)
		fd->seen = false;
	for_each_netdev(ft->net, dev)
		if (nf_xlat_ft_has_dev(ft->ft, dev))
			nf_xlat_ft_add_dev(ft, dev);
	list_for_each_entry_safe(fd, next, &ft->devs, list)
		if (!fd->seen)
			nf_xlat_ft_del_dev(ft, fd);
}

/**
 * nf_xlat_ft_sync_all - let the hooks follow the flowtables' devices
 *
 * Process context, takes RTNL.
 *
 * Return: whether there are flowtables.
 */
bool nf_xlat_ft_sync_all(void)
{
	struct nf_xlat_ft *ft;

	if (list_empty(&nf_xlat_fts))
		return false;

	rtnl_lock();
	mutex_lock(&nf_xlat_ft_mutex);
	list_for_each_entry(ft, &nf_xlat_fts, list)
		if (!ft->gone)
			nf_xlat_ft_sync(ft);
	mutex_unlock(&nf_xlat_ft_mutex);
	rtnl_unlock();
	return true;
}

/* Where it is known that a packet leaves, and how: the last hook */
static const struct nf_hook_ops nf_xlat_ft_ops[] = {
	{
		.hook		= nf_xlat_flow_leaves,
		.pf		= NFPROTO_IPV4,
		.hooknum	= NF_INET_POST_ROUTING,
		.priority	= NF_IP_PRI_LAST,
	},
	{
		.hook		= nf_xlat_flow_leaves,
		.pf		= NFPROTO_IPV6,
		.hooknum	= NF_INET_POST_ROUTING,
		.priority	= NF_IP6_PRI_LAST,
	},
};

static bool nf_xlat_ft_any(const struct net *net)
{
	const struct nf_xlat_ft *ft;

	list_for_each_entry(ft, &nf_xlat_fts, list)
		if (net_eq(ft->net, net) && !ft->gone)
			return true;
	return false;
}

/**
 * nf_xlat_ft_get - a rule names a flowtable
 * @net: network namespace
 * @flowtable: flowtable of nft, which the rule holds
 *
 * Its devices get our hook a little later: they are under RTNL, which must not
 * be taken here. Process context.
 *
 * Return: 0 or a negative error.
 */
int nf_xlat_ft_get(struct net *net, struct nft_flowtable *flowtable)
{
	struct nf_xlat_ft *ft;
	int err = 0;

	mutex_lock(&nf_xlat_ft_mutex);
	list_for_each_entry(ft, &nf_xlat_fts, list)
		if (ft->ft == flowtable)
			goto found;

	ft = kzalloc(sizeof(*ft), GFP_KERNEL);
	if (!ft) {
		err = -ENOMEM;
		goto out;
	}
	if (!nf_xlat_ft_any(net)) {
		err = nf_register_net_hooks(net, nf_xlat_ft_ops,
					    ARRAY_SIZE(nf_xlat_ft_ops));
		if (err) {
			kfree(ft);
			goto out;
		}
	}
	INIT_LIST_HEAD(&ft->devs);
	ft->ft = flowtable;
	ft->net = net;
	list_add_tail(&ft->list, &nf_xlat_fts);
found:
	ft->users++;
	nf_xlat_flow_kick();
out:
	mutex_unlock(&nf_xlat_ft_mutex);
	return err;
}
EXPORT_SYMBOL_GPL(nf_xlat_ft_get);

/**
 * nf_xlat_ft_put - a rule that named a flowtable is gone
 * @flowtable: flowtable of nft
 *
 * Process context.
 */
void nf_xlat_ft_put(struct nft_flowtable *flowtable)
{
	struct nf_xlat_flow_dev *fd, *next;
	struct nf_xlat_ft *ft;

	mutex_lock(&nf_xlat_ft_mutex);
	list_for_each_entry(ft, &nf_xlat_fts, list) {
		if (ft->ft != flowtable)
			continue;
		if (--ft->users)
			break;
		list_for_each_entry_safe(fd, next, &ft->devs, list)
			nf_xlat_ft_del_dev(ft, fd);
		list_del(&ft->list);
		if (!ft->gone && !nf_xlat_ft_any(ft->net))
			nf_unregister_net_hooks(ft->net, nf_xlat_ft_ops,
						ARRAY_SIZE(nf_xlat_ft_ops));
		kfree(ft);
		break;
	}
	mutex_unlock(&nf_xlat_ft_mutex);
}
EXPORT_SYMBOL_GPL(nf_xlat_ft_put);

static int nf_xlat_ft_netdev_event(struct notifier_block *nb,
				   unsigned long event, void *ptr)
{
	struct net_device *dev = netdev_notifier_info_to_dev(ptr);
	struct nf_xlat_flow_dev *fd;
	struct nf_xlat_ft *ft;

	/* CHANGEUPPER: it has become a port of a bridge, or is none any longer. */
	if (event != NETDEV_DOWN && event != NETDEV_UNREGISTER &&
	    event != NETDEV_CHANGEUPPER)
		return NOTIFY_DONE;

	nf_xlat_flow_flush(dev_net(dev), dev);
	if (event != NETDEV_UNREGISTER)
		return NOTIFY_DONE;

	mutex_lock(&nf_xlat_ft_mutex);
	list_for_each_entry(ft, &nf_xlat_fts, list) {
		fd = nf_xlat_ft_find_dev(ft, dev);
		if (fd)
			nf_xlat_ft_del_dev(ft, fd);
	}
	mutex_unlock(&nf_xlat_ft_mutex);
	return NOTIFY_DONE;
}

static struct notifier_block nf_xlat_ft_netdev_notifier = {
	.notifier_call = nf_xlat_ft_netdev_event,
};

/**
 * nf_xlat_ft_net_pre_exit - a namespace goes
 * @net: network namespace
 *
 * Its devices go before its rules do.
 */
void nf_xlat_ft_net_pre_exit(struct net *net)
{
	struct nf_xlat_flow_dev *fd, *next;
	struct nf_xlat_ft *ft;

	mutex_lock(&nf_xlat_ft_mutex);
	if (nf_xlat_ft_any(net))
		nf_unregister_net_hooks(net, nf_xlat_ft_ops,
					ARRAY_SIZE(nf_xlat_ft_ops));
	list_for_each_entry(ft, &nf_xlat_fts, list) {
		if (ft->net != net)
			continue;
		list_for_each_entry_safe(fd, next, &ft->devs, list)
			nf_xlat_ft_del_dev(ft, fd);
		ft->gone = true;
	}
	mutex_unlock(&nf_xlat_ft_mutex);
}

/**
 * nf_xlat_ft_init - begin to watch devices
 *
 * Return: 0 or a negative error.
 */
int nf_xlat_ft_init(void)
{
	return register_netdevice_notifier(&nf_xlat_ft_netdev_notifier);
}

/**
 * nf_xlat_ft_exit - end it
 */
void nf_xlat_ft_exit(void)
{
	unregister_netdevice_notifier(&nf_xlat_ft_netdev_notifier);
}
