// SPDX-License-Identifier: GPL-2.0-only
/*
 * The devices that have the ingress hook of the fast path: those of each flowtable that a rule
 * "xlat flow add" names, and those that a device of kind "xlat" names. A packet that comes in by
 * such a device may be routed by it, or by a VLAN, PPPoE or bridge device on top of it.
 */

#include <linux/if_vlan.h>
#include <linux/mutex.h>
#include <linux/netdevice.h>
#include <linux/netfilter_ipv4.h>
#include <linux/netfilter_ipv6.h>
#include <linux/netfilter_netdev.h>
#include <linux/slab.h>
#include <linux/xarray.h>
#include <net/netfilter/nf_tables.h>
#include "nf_xlat_flow_internal.h"

/**
 * struct nf_xlat_flow_dev - a device that has our hook
 *
 * @ops: the hook
 * @round: number of the last nf_xlat_flow_devs_mark_all() that saw the device in the flowtable
 * @rcu: for kfree_rcu()
 */
struct nf_xlat_flow_dev {
	struct nf_hook_ops	ops;
	unsigned int		round;
	struct rcu_head		rcu;
};

/**
 * struct nf_xlat_flow_devs - a set of devices that have our hook
 *
 * It belongs to a flowtable of nft that rules name, or to a device of kind "xlat".
 *
 * @list: entry in nf_xlat_flow_net.dev_sets
 * @fn: the namespace
 * @ft: the flowtable, which the rules hold; NULL if this belongs to a device
 * @ops: of a device: nf_xlat_flow_forward() in both families
 * @n_ops: how many of @ops are registered
 * @owner: of a device: its number from nf_xlat_ct_owner_add()
 * @devs: by index of a device: a struct nf_xlat_flow_dev if the device has our hook, or a
 *	value entry if it has to get one
 * @users: number of rules; 1 if this belongs to a device
 * @round: number of the last nf_xlat_flow_devs_sync_all() that looked at this
 * @rcu: for kfree_rcu()
 */
struct nf_xlat_flow_devs {
	struct list_head	list;
	struct nf_xlat_flow_net	*fn;
	struct nft_flowtable	*ft;
	struct nf_hook_ops	ops[2];
	unsigned int		n_ops;
	u8			owner;
	struct xarray		devs;
	unsigned int		users;
	unsigned int		round;
	struct rcu_head		rcu;
};

/* Index of a flowtable's set in nf_xlat_flow_net.flowtables: @priv of the flowtable's own hooks */
static unsigned long nf_xlat_flowtable_index(const struct nft_flowtable *flowtable)
{
	return (unsigned long)&flowtable->data;
}

/*
 * Does the set have @dev? A device below a VLAN may be in another namespace, in which a device has
 * the same index as another one here. RCU read side
 */
static bool nf_xlat_flow_devs_has(struct nf_xlat_flow_devs *ft,
				  const struct net_device *dev)
{
	const struct nf_xlat_flow_dev *fd = xa_load(&ft->devs, dev->ifindex);

	return fd && !xa_is_value(fd) && fd->ops.dev == dev;
}

/**
 * nf_xlat_flow_devs_net - get the data of the namespace of a set of devices
 * @ft: set of devices
 *
 * Any context.
 *
 * Return: the data
 */
struct nf_xlat_flow_net *nf_xlat_flow_devs_net(const struct nf_xlat_flow_devs *ft)
{
	return ft->fn;
}

/**
 * nf_xlat_flow_devs_owner - get the number of the device "xlat" that a set of devices belongs to
 * @ft: what nf_xlat_flow_devs_make() returned
 *
 * Any context.
 *
 * Return: the number from nf_xlat_ct_owner_add()
 */
u8 nf_xlat_flow_devs_owner(const struct nf_xlat_flow_devs *ft)
{
	return ft->owner;
}

/**
 * nf_xlat_flow_lower_dev - find the device with our hook by which packets come in
 * @ft: set of devices
 * @dev: the device that routes the packets
 * @ha: link layer address of the host that sends the packets, NULL if there is none
 * @in: where to put the device that has the hook, with VLAN and PPPoE session
 *
 * If @dev is not in the set, it may be a VLAN, PPPoE or bridge device on top of a device in the
 * set. RCU read side.
 *
 * Return: 0 if @dev itself has our hook; 1 if the device below has it; -ENODEV if neither has it.
 */
int nf_xlat_flow_lower_dev(struct nf_xlat_flow_devs *ft, const struct net_device *dev,
			   const u8 *ha, struct nf_xlat_flow_in *in)
{
	const struct net_device *lowest = NULL;
	const struct net_device_path *path;
	struct net_device_path_stack stack;
	struct nf_xlat_flow_in below = {};
	bool known = true;
	int i;

	*in = (struct nf_xlat_flow_in){ .iif = dev->ifindex };
	if (nf_xlat_flow_devs_has(ft, dev))
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
			/* nf_xlat_flow_ingress() reads one VLAN tag only. */
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
	known = known && lowest && nf_xlat_flow_devs_has(ft, lowest);
	if (known) {
		*in = below;
		in->iif = lowest->ifindex;
	}
	nf_xlat_forward_path_release(&stack);
	return known ? 1 : -ENODEV;
}

/*
 * Add @add to the number of sets that have a hook on a device. The kfunc for XDP programs reads
 * this number: frames of a device without a hook do not take the fast path. The caller holds the
 * mutex.
 */
static void nf_xlat_flow_devs_count_hook(struct nf_xlat_flow_net *fn,
					 unsigned long ifindex, int add)
{
	const void *entry = xa_load(&fn->hooked, ifindex);
	unsigned long n = entry ? xa_to_value(entry) : 0;

	/* There was no memory for the number, so XDP leaves the frames to the stack. */
	if (!entry && add < 0)
		return;
	if (n + add)
		xa_store(&fn->hooked, ifindex, xa_mk_value(n + add),
			 GFP_KERNEL_ACCOUNT);
	else
		xa_erase(&fn->hooked, ifindex);
}

/* Remove a device from the set, and unregister our hook on it. The caller holds the mutex. */
static void nf_xlat_flow_devs_del(struct nf_xlat_flow_devs *ft, unsigned long ifindex)
{
	struct nf_xlat_flow_dev *fd = xa_erase(&ft->devs, ifindex);

	if (!fd || xa_is_value(fd))
		return;
	nf_unregister_net_hook(ft->fn->net, &fd->ops);
	nf_xlat_flow_devs_count_hook(ft->fn, ifindex, -1);
	/* nfnetlink_hook reads the hooks of a device under RCU. */
	kfree_rcu(fd, rcu);
}

static void nf_xlat_flow_devs_del_all(struct nf_xlat_flow_devs *ft)
{
	unsigned long ifindex;
	void *entry;

	xa_for_each(&ft->devs, ifindex, entry)
		nf_xlat_flow_devs_del(ft, ifindex);
}

/*
 * Register our hook on a device, for which the set has a value entry. Without success, the entry
 * leaves the set.
 *
 * The caller holds the mutex; RTNL is not needed. As long as dev_get_by_index() finds the device,
 * NETDEV_UNREGISTER is still to come, and nf_xlat_flow_netdev_event() waits for the mutex before it
 * removes the hook.
 */
static int nf_xlat_flow_devs_add(struct nf_xlat_flow_devs *ft, unsigned long ifindex)
{
	struct nf_xlat_flow_dev *fd = kzalloc(sizeof(*fd), GFP_KERNEL_ACCOUNT);
	struct net *net = ft->fn->net;
	int err = -ENOMEM, priority;
	struct net_device *dev;

	dev = dev_get_by_index(net, ifindex);
	if (!fd)
		goto err;
	err = -ENODEV;
	if (!dev)
		goto err;
	/* Before the hook of the flowtable itself, which would not find our flows */
	priority = ft->ft ? ft->ft->data.priority : NF_IP_PRI_FILTER;
	fd->round = ft->round;
	fd->ops = (struct nf_hook_ops){
		.hook		= nf_xlat_flow_ingress,
		.dev		= dev,
		.priv		= ft->fn,
		.pf		= NFPROTO_NETDEV,
		.hooknum	= NF_NETDEV_INGRESS,
		.priority	= max(priority, INT_MIN + 1) - 1,
	};
	err = nf_register_net_hook(net, &fd->ops);
	if (err)
		goto err;
	/* The index has a value entry already, so this needs no memory. */
	xa_store(&ft->devs, ifindex, fd, GFP_KERNEL);
	nf_xlat_flow_devs_count_hook(ft->fn, ifindex, 1);
	dev_put(dev);
	return 0;

err:
	/* The next nf_xlat_flow_devs_sync_all() tries a device of a flowtable again. */
	xa_erase(&ft->devs, ifindex);
	dev_put(dev);
	kfree(fd);
	return err;
}

/*
 * Mark the device in the sets of all flowtables that it is in, for nf_xlat_flow_devs_sync(). Look
 * for the flowtables' own hooks on the device, because nft_flowtable.hook_list cannot be read here:
 * nf_tables moves its entries to lists of its transactions. The caller holds the mutex and is in an
 * RCU read side.
 */
static void nf_xlat_flow_devs_mark(struct nf_xlat_flow_net *fn,
				   const struct net_device *dev)
{
	const struct nf_hook_entries *e = nf_xlat_ingress_hooks(dev);
	struct nf_xlat_flow_dev *fd;
	struct nf_xlat_flow_devs *ft;
	unsigned int i;

	for (i = 0; e && i < e->num_hook_entries; i++) {
		ft = xa_load(&fn->flowtables, (unsigned long)e->hooks[i].priv);
		if (!ft)
			continue;
		fd = xa_load(&ft->devs, dev->ifindex);
		if (!fd)
			xa_store(&ft->devs, dev->ifindex, xa_mk_value(0),
				 GFP_ATOMIC);
		else if (!xa_is_value(fd))
			fd->round = fn->round;
	}
}

/*
 * Mark all devices, in one walk for all sets: a user may have thousands of flowtables. The caller
 * holds the mutex. This function releases the mutex after each part of the devices, because
 * nf_xlat_flow_netdev_event() may wait for it with RTNL held.
 */
static void nf_xlat_flow_devs_mark_all(struct nf_xlat_flow_net *fn)
{
	const struct net_device *dev;
	unsigned int i;

	for (i = 0; i < NETDEV_HASHENTRIES; i++) {
		if (fn->gone || xa_empty(&fn->flowtables))
			return;
		rcu_read_lock();
		hlist_for_each_entry_rcu(dev, &fn->net->dev_index_head[i],
					 index_hlist)
			nf_xlat_flow_devs_mark(fn, dev);
		rcu_read_unlock();

		mutex_unlock(&fn->mutex);
		cond_resched();
		mutex_lock(&fn->mutex);
	}
}

/*
 * Register our hook on devices that have joined the flowtable, and unregister it from devices that
 * have left, by the marks of nf_xlat_flow_devs_mark_all(). The caller holds the mutex. This
 * function releases the mutex after each device, because nf_xlat_flow_netdev_event() may wait for
 * it with RTNL held. If another task frees @ft then, nf_xlat_flow_devs_free() clears @fn->at. So
 * @ft must not be used when this returns.
 */
static void nf_xlat_flow_devs_sync(struct nf_xlat_flow_net *fn, struct nf_xlat_flow_devs *ft)
{
	unsigned long ifindex = 0;
	void *entry;

	/* nf_xlat_flow_devs_make() has registered the hooks of a device of kind "xlat". */
	if (!ft->ft)
		return;
	fn->at = ft;
	while ((entry = xa_find(&ft->devs, &ifindex, ULONG_MAX, XA_PRESENT))) {
		if (xa_is_value(entry))
			nf_xlat_flow_devs_add(ft, ifindex);
		else if (((struct nf_xlat_flow_dev *)entry)->round != ft->round)
			nf_xlat_flow_devs_del(ft, ifindex);
		ifindex++;

		mutex_unlock(&fn->mutex);
		cond_resched();
		mutex_lock(&fn->mutex);
		if (fn->at != ft)
			break;
	}
	fn->at = NULL;
}

/**
 * nf_xlat_flow_devs_sync_all - register and unregister hooks as the devices of flowtables change
 * @fn: namespace
 *
 * nf_tables has no notifier for devices that join or leave a flowtable, so nf_xlat_flow_work()
 * calls this from time to time. Process context.
 *
 * Return: true if there are sets of devices, so that the work has to call this again.
 */
bool nf_xlat_flow_devs_sync_all(struct nf_xlat_flow_net *fn)
{
	struct nf_xlat_flow_devs *ft;
	bool busy;

	mutex_lock(&fn->mutex);
	fn->round++;
	nf_xlat_flow_devs_mark_all(fn);
	while (!fn->gone) {
		/*
		 * New sets are at the head of the list, and those that this round has dealt with
		 * are at its end.
		 */
		ft = list_first_entry_or_null(&fn->dev_sets, struct nf_xlat_flow_devs, list);
		if (!ft || ft->round == fn->round)
			break;
		ft->round = fn->round;
		list_move_tail(&ft->list, &fn->dev_sets);
		nf_xlat_flow_devs_sync(fn, ft);

		/* Do this here as well, since there may be many sets without devices. */
		mutex_unlock(&fn->mutex);
		cond_resched();
		mutex_lock(&fn->mutex);
	}
	busy = !fn->gone && !list_empty(&fn->dev_sets);
	mutex_unlock(&fn->mutex);
	return busy;
}

/* These are the last hooks of POST_ROUTING, where a packet has its final route and device. */
static const struct nf_hook_ops nf_xlat_flow_postrouting_ops[] = {
	{
		.hook		= nf_xlat_flow_postrouting,
		.pf		= NFPROTO_IPV4,
		.hooknum	= NF_INET_POST_ROUTING,
		.priority	= NF_IP_PRI_LAST,
	},
	{
		.hook		= nf_xlat_flow_postrouting,
		.pf		= NFPROTO_IPV6,
		.hooknum	= NF_INET_POST_ROUTING,
		.priority	= NF_IP6_PRI_LAST,
	},
};

/*
 * Make a set of devices, for @flowtable, or for a device of kind "xlat" if @flowtable is NULL. The
 * caller holds the mutex.
 */
static struct nf_xlat_flow_devs *nf_xlat_flow_devs_alloc(struct nf_xlat_flow_net *fn,
							 struct nft_flowtable *flowtable)
{
	struct nf_xlat_flow_devs *ft = kzalloc(sizeof(*ft), GFP_KERNEL_ACCOUNT);
	int err;

	if (!ft)
		return ERR_PTR(-ENOMEM);
	if (flowtable) {
		err = xa_insert(&fn->flowtables, nf_xlat_flowtable_index(flowtable),
				ft, GFP_KERNEL_ACCOUNT);
		if (err)
			goto err_free;
	}
	if (list_empty(&fn->dev_sets)) {
		err = nf_register_net_hooks(fn->net, nf_xlat_flow_postrouting_ops,
					    ARRAY_SIZE(nf_xlat_flow_postrouting_ops));
		if (err)
			goto err_erase;
	}
	xa_init(&ft->devs);
	ft->fn = fn;
	ft->ft = flowtable;
	ft->round = fn->round - 1;
	list_add(&ft->list, &fn->dev_sets);
	return ft;

err_erase:
	if (flowtable)
		xa_erase(&fn->flowtables, nf_xlat_flowtable_index(flowtable));
err_free:
	kfree(ft);
	return ERR_PTR(err);
}

/* Unregister the hooks, and free the set. The caller holds the mutex. */
static void nf_xlat_flow_devs_free(struct nf_xlat_flow_devs *ft)
{
	struct nf_xlat_flow_net *fn = ft->fn;

	nf_unregister_net_hooks(fn->net, ft->ops, ft->n_ops);
	nf_xlat_flow_devs_del_all(ft);
	if (ft->ft)
		xa_erase(&fn->flowtables, nf_xlat_flowtable_index(ft->ft));
	list_del(&ft->list);
	if (fn->at == ft)
		fn->at = NULL;
	if (!fn->gone && list_empty(&fn->dev_sets))
		nf_unregister_net_hooks(fn->net, nf_xlat_flow_postrouting_ops,
					ARRAY_SIZE(nf_xlat_flow_postrouting_ops));
	kfree_rcu(ft, rcu);
}

/**
 * nf_xlat_flow_devs_get - get the set of devices for a flowtable that a new rule names
 * @net: network namespace
 * @flowtable: flowtable of nft, to which the rule has a reference
 *
 * The work registers the hooks on the devices a little later. Process context.
 *
 * Return: the set, for nf_xlat_flow_add() and nf_xlat_flow_devs_put(), or an ERR_PTR.
 */
struct nf_xlat_flow_devs *nf_xlat_flow_devs_get(struct net *net,
						struct nft_flowtable *flowtable)
{
	struct nf_xlat_flow_net *fn = nf_xlat_flow_pernet(net);
	struct nf_xlat_flow_devs *ft;

	mutex_lock(&fn->mutex);
	ft = xa_load(&fn->flowtables, nf_xlat_flowtable_index(flowtable));
	if (!ft)
		ft = nf_xlat_flow_devs_alloc(fn, flowtable);
	if (IS_ERR(ft))
		goto out;
	ft->users++;
	nf_xlat_events_schedule(&fn->gc);
out:
	mutex_unlock(&fn->mutex);
	return ft;
}
EXPORT_SYMBOL_GPL(nf_xlat_flow_devs_get);

/**
 * nf_xlat_flow_devs_make - make the set of devices that a device of kind "xlat" names
 * @net: network namespace
 * @owner: number of the device "xlat" from nf_xlat_ct_owner_add(), not 0. The sessions of that
 *	device take the fast path
 * @ifindex: indexes of the devices, on which this registers our hook
 * @n: how many indexes there are
 *
 * The caller holds RTNL.
 *
 * Return: the set, for nf_xlat_flow_devs_put(), or an ERR_PTR: -ENODEV if there is no device with
 * one of the indexes, -EEXIST if an index is there twice.
 */
struct nf_xlat_flow_devs *nf_xlat_flow_devs_make(struct net *net, u8 owner,
						 const u32 *ifindex, unsigned int n)
{
	struct nf_xlat_flow_net *fn = nf_xlat_flow_pernet(net);
	struct nf_xlat_flow_devs *ft;
	unsigned int i;
	int err = 0;

	mutex_lock(&fn->mutex);
	ft = nf_xlat_flow_devs_alloc(fn, NULL);
	if (IS_ERR(ft))
		goto out;
	ft->users = 1;
	ft->owner = owner;
	for (i = 0; i < n && !err; i++) {
		err = xa_insert(&ft->devs, ifindex[i], xa_mk_value(0),
				GFP_KERNEL_ACCOUNT);
		if (err == -EBUSY)
			err = -EEXIST;
		if (!err)
			err = nf_xlat_flow_devs_add(ft, ifindex[i]);
	}
	for (i = 0; i < ARRAY_SIZE(ft->ops); i++)
		ft->ops[i] = (struct nf_hook_ops){
			.hook		= nf_xlat_flow_forward,
			.priv		= ft,
			.pf		= i ? NFPROTO_IPV6 : NFPROTO_IPV4,
			.hooknum	= NF_INET_FORWARD,
			/* NF_IP6_PRI_LAST is the same, and of another type. */
			.priority	= NF_IP_PRI_LAST,
		};
	if (!err)
		err = nf_register_net_hooks(net, ft->ops, ARRAY_SIZE(ft->ops));
	if (err) {
		nf_xlat_flow_devs_free(ft);
		ft = ERR_PTR(err);
		goto out;
	}
	ft->n_ops = ARRAY_SIZE(ft->ops);
	nf_xlat_events_schedule(&fn->gc);
out:
	mutex_unlock(&fn->mutex);
	return ft;
}

/**
 * nf_xlat_flow_devs_ifindex - get the devices of a set
 * @ft: what nf_xlat_flow_devs_make() returned
 * @ifindex: where to put the indexes of the devices
 * @max: room in @ifindex
 *
 * Devices that have left the namespace are not in the set any more. The caller holds RTNL or
 * is in an RCU read side.
 *
 * Return: number of indexes that are in @ifindex now.
 */
unsigned int nf_xlat_flow_devs_ifindex(struct nf_xlat_flow_devs *ft, u32 *ifindex,
				       unsigned int max)
{
	unsigned long index;
	unsigned int n = 0;
	void *entry;

	xa_for_each(&ft->devs, index, entry)
		if (n < max)
			ifindex[n++] = index;
	return n;
}

/**
 * nf_xlat_flow_devs_put - put the set of devices of a rule or of a device of kind "xlat"
 * @ft: what nf_xlat_flow_devs_get() or nf_xlat_flow_devs_make() returned
 *
 * With the last reference, the hooks are unregistered and the set is freed. Process context.
 */
void nf_xlat_flow_devs_put(struct nf_xlat_flow_devs *ft)
{
	struct nf_xlat_flow_net *fn = ft->fn;

	mutex_lock(&fn->mutex);
	if (!--ft->users)
		nf_xlat_flow_devs_free(ft);
	mutex_unlock(&fn->mutex);
}
EXPORT_SYMBOL_GPL(nf_xlat_flow_devs_put);

static int nf_xlat_flow_netdev_event(struct notifier_block *nb,
				     unsigned long event, void *ptr)
{
	struct net_device *dev = netdev_notifier_info_to_dev(ptr);
	struct nf_xlat_flow_net *fn = nf_xlat_flow_pernet(dev_net(dev));
	struct nf_xlat_flow_devs *ft;

	/* With NETDEV_CHANGEUPPER, the device has become a port of a bridge, or has left it. */
	if (event != NETDEV_DOWN && event != NETDEV_UNREGISTER &&
	    event != NETDEV_CHANGEUPPER)
		return NOTIFY_DONE;

	mutex_lock(&fn->mutex);
	if (!fn->gone && event == NETDEV_UNREGISTER)
		list_for_each_entry(ft, &fn->dev_sets, list)
			nf_xlat_flow_devs_del(ft, dev->ifindex);
	/*
	 * End the flows of the device. This is needed also when the namespace ends, since
	 * netdev_wait_allrefs_any() waits for the routes that flows hold. Without memory for the
	 * event, end all flows here.
	 */
	if ((!list_empty(&fn->dev_sets) || atomic_read(&fn->table.nelems)) &&
	    !nf_xlat_events_add_dev(&fn->gc, dev->ifindex))
		nf_xlat_flow_flush(fn);
	mutex_unlock(&fn->mutex);
	return NOTIFY_DONE;
}

static struct notifier_block nf_xlat_flow_netdev_notifier = {
	.notifier_call = nf_xlat_flow_netdev_event,
};

/**
 * nf_xlat_flow_devs_net_pre_exit - unregister all hooks of a namespace that ends
 * @fn: the namespace
 *
 * The sets stay until the rules and devices that use them are gone, see nf_xlat_flow_devs_put().
 * Process context.
 */
void nf_xlat_flow_devs_net_pre_exit(struct nf_xlat_flow_net *fn)
{
	struct nf_xlat_flow_devs *ft;

	mutex_lock(&fn->mutex);
	fn->gone = true;
	fn->at = NULL;
	if (!list_empty(&fn->dev_sets))
		nf_unregister_net_hooks(fn->net, nf_xlat_flow_postrouting_ops,
					ARRAY_SIZE(nf_xlat_flow_postrouting_ops));
	list_for_each_entry(ft, &fn->dev_sets, list) {
		nf_unregister_net_hooks(fn->net, ft->ops, ft->n_ops);
		ft->n_ops = 0;
		nf_xlat_flow_devs_del_all(ft);
	}
	mutex_unlock(&fn->mutex);
}

/**
 * nf_xlat_flow_devs_init - register the notifier for devices
 *
 * Process context.
 *
 * Return: 0 or a negative error.
 */
int nf_xlat_flow_devs_init(void)
{
	return register_netdevice_notifier(&nf_xlat_flow_netdev_notifier);
}

/**
 * nf_xlat_flow_devs_exit - undo nf_xlat_flow_devs_init()
 *
 * Process context.
 */
void nf_xlat_flow_devs_exit(void)
{
	unregister_netdevice_notifier(&nf_xlat_flow_netdev_notifier);
}
