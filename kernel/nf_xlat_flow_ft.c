// SPDX-License-Identifier: GPL-2.0-only
/*
 * Flowtables that rules of the fast path name: their devices have our hook, whether
 * packets are routed by them or by a device on top of them. So have the devices that a
 * device of kind "xlat" names for its sessions.
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
 * @round: of nf_xlat_ft_sync_all(), the last that saw it in the flowtable
 * @rcu: to free it
 */
struct nf_xlat_flow_dev {
	struct nf_hook_ops	ops;
	unsigned int		round;
	struct rcu_head		rcu;
};

/**
 * struct nf_xlat_ft - a flowtable that rules name, or what a device of kind "xlat" names
 *
 * @list: of its namespace
 * @fn: its namespace
 * @ft: the flowtable of nft, held by the rules; NULL for such a device
 * @ops: hooks that see the sessions of such a device
 * @n_ops: how many of these are registered
 * @owner: such a device's number, as its sessions have it
 * @devs: by index, a struct nf_xlat_flow_dev for each device, or a value where
 *	there is to be one
 * @users: rules, or the device
 * @round: of nf_xlat_ft_sync_all(), the last that came here
 * @rcu: to free it
 */
struct nf_xlat_ft {
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

static bool nf_xlat_ft_has_dev(struct nf_xlat_ft *ft,
			       const struct net_device *dev)
{
	const void *entry = xa_load(&ft->devs, dev->ifindex);

	return entry && !xa_is_value(entry);
}

/**
 * nf_xlat_ft_net - a flowtable's namespace
 * @ft: flowtable
 */
struct nf_xlat_flow_net *nf_xlat_ft_net(const struct nf_xlat_ft *ft)
{
	return ft->fn;
}

/**
 * nf_xlat_ft_owner - whose sessions take the fast path
 * @ft: what nf_xlat_ft_get_devs() returned
 */
u8 nf_xlat_ft_owner(const struct nf_xlat_ft *ft)
{
	return ft->owner;
}

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
 * Return: 0 for the device itself, 1 for another one, -ENODEV when neither has our
 * hook.
 */
int nf_xlat_ft_below(struct nf_xlat_ft *ft, const struct net_device *dev,
		     const u8 *ha, struct nf_xlat_flow_in *in)
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
	known = known && lowest && nf_xlat_ft_has_dev(ft, lowest);
	if (known) {
		*in = below;
		in->iif = lowest->ifindex;
	}
	nf_xlat_forward_path_release(&stack);
	return known ? 1 : -ENODEV;
}

/* XDP programs ask whether a device has our hook: the fast path ends with it. */
static void nf_xlat_ft_count_hook(struct nf_xlat_flow_net *fn,
				  unsigned long ifindex, int add)
{
	const void *entry = xa_load(&fn->hooked, ifindex);
	unsigned long n = entry ? xa_to_value(entry) : 0;

	/* Without memory, XDP leaves the packets of this device to the stack. */
	if (!entry && add < 0)
		return;
	if (n + add)
		xa_store(&fn->hooked, ifindex, xa_mk_value(n + add),
			 GFP_KERNEL_ACCOUNT);
	else
		xa_erase(&fn->hooked, ifindex);
}

static void nf_xlat_ft_del_dev(struct nf_xlat_ft *ft, unsigned long ifindex)
{
	struct nf_xlat_flow_dev *fd = xa_erase(&ft->devs, ifindex);

	if (!fd || xa_is_value(fd))
		return;
	nf_unregister_net_hook(ft->fn->net, &fd->ops);
	nf_xlat_ft_count_hook(ft->fn, ifindex, -1);
	/* "nft list hooks" may be looking at it. */
	kfree_rcu(fd, rcu);
}

static void nf_xlat_ft_del_devs(struct nf_xlat_ft *ft)
{
	unsigned long ifindex;
	void *entry;

	xa_for_each(&ft->devs, ifindex, entry)
		nf_xlat_ft_del_dev(ft, ifindex);
}

/*
 * Under the mutex, and with RTNL or without: a device that is in the namespace still has
 * to tell us before it leaves, and waits for the mutex then.
 */
static int nf_xlat_ft_add_dev(struct nf_xlat_ft *ft, unsigned long ifindex)
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
	/* The entry has a value already, so that this needs no memory. */
	xa_store(&ft->devs, ifindex, fd, GFP_KERNEL);
	nf_xlat_ft_count_hook(ft->fn, ifindex, 1);
	dev_put(dev);
	return 0;

err:
	/* The next round tries a flowtable's again. */
	xa_erase(&ft->devs, ifindex);
	dev_put(dev);
	kfree(fd);
	return err;
}

/*
 * Is the device one of the flowtable's? Its list of them cannot be read: nf_tables moves
 * its entries to lists of its transactions. RCU read side.
 */
static bool nf_xlat_ft_of_dev(const struct nf_xlat_ft *ft,
			      const struct net_device *dev)
{
	const struct nf_hook_entries *e = nf_xlat_ingress_hooks(dev);
	unsigned int i;

	for (i = 0; e && i < e->num_hook_entries; i++) {
		if (e->hooks[i].priv == &ft->ft->data)
			return true;
	}
	return false;
}

/* A flowtable has this device. RCU read side. */
static void nf_xlat_ft_see_dev(struct nf_xlat_ft *ft,
			       const struct net_device *dev)
{
	struct nf_xlat_flow_dev *fd = xa_load(&ft->devs, dev->ifindex);

	if (!fd)
		xa_store(&ft->devs, dev->ifindex, xa_mk_value(0), GFP_ATOMIC);
	else if (!xa_is_value(fd))
		fd->round = ft->round;
}

/*
 * Let the hooks follow the devices of a flowtable. The mutex is let go between any two
 * devices: who waits for it may hold RTNL. When the flowtable goes meanwhile,
 * @fn->at tells.
 */
static void nf_xlat_ft_sync(struct nf_xlat_flow_net *fn, struct nf_xlat_ft *ft)
{
	const struct net_device *dev;
	unsigned long ifindex = 0;
	void *entry;

	/* Those of a device are there from its beginning. */
	if (!ft->ft)
		return;
	rcu_read_lock();
	for_each_netdev_rcu(fn->net, dev) {
		if (nf_xlat_ft_of_dev(ft, dev))
			nf_xlat_ft_see_dev(ft, dev);
	}
	rcu_read_unlock();

	fn->at = ft;
	while ((entry = xa_find(&ft->devs, &ifindex, ULONG_MAX, XA_PRESENT))) {
		if (xa_is_value(entry))
			nf_xlat_ft_add_dev(ft, ifindex);
		else if (((struct nf_xlat_flow_dev *)entry)->round != ft->round)
			nf_xlat_ft_del_dev(ft, ifindex);
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
 * nf_xlat_ft_sync_all - let the hooks follow the flowtables' devices
 * @fn: namespace
 *
 * Nothing tells of devices that join a flowtable or leave it, so look. Process
 * context.
 *
 * Return: whether there are flowtables.
 */
bool nf_xlat_ft_sync_all(struct nf_xlat_flow_net *fn)
{
	struct nf_xlat_ft *ft;
	bool busy;

	mutex_lock(&fn->mutex);
	fn->round++;
	while (!fn->gone) {
		/* New ones are at the head, those that have had their turn at the end. */
		ft = list_first_entry_or_null(&fn->fts, struct nf_xlat_ft, list);
		if (!ft || ft->round == fn->round)
			break;
		ft->round = fn->round;
		list_move_tail(&ft->list, &fn->fts);
		nf_xlat_ft_sync(fn, ft);

		/* A flowtable without devices takes its time, too. */
		mutex_unlock(&fn->mutex);
		cond_resched();
		mutex_lock(&fn->mutex);
	}
	busy = !fn->gone && !list_empty(&fn->fts);
	mutex_unlock(&fn->mutex);
	return busy;
}

/* The last hook: here a packet has its final route and device. */
static const struct nf_hook_ops nf_xlat_ft_ops[] = {
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

/* Under the mutex */
static struct nf_xlat_ft *nf_xlat_ft_new(struct nf_xlat_flow_net *fn,
					 struct nft_flowtable *flowtable)
{
	struct nf_xlat_ft *ft = kzalloc(sizeof(*ft), GFP_KERNEL_ACCOUNT);
	int err;

	if (!ft)
		return ERR_PTR(-ENOMEM);
	if (list_empty(&fn->fts)) {
		err = nf_register_net_hooks(fn->net, nf_xlat_ft_ops,
					    ARRAY_SIZE(nf_xlat_ft_ops));
		if (err) {
			kfree(ft);
			return ERR_PTR(err);
		}
	}
	xa_init(&ft->devs);
	ft->fn = fn;
	ft->ft = flowtable;
	ft->round = fn->round - 1;
	list_add(&ft->list, &fn->fts);
	return ft;
}

/* Under the mutex */
static void nf_xlat_ft_free(struct nf_xlat_ft *ft)
{
	struct nf_xlat_flow_net *fn = ft->fn;

	nf_unregister_net_hooks(fn->net, ft->ops, ft->n_ops);
	nf_xlat_ft_del_devs(ft);
	list_del(&ft->list);
	if (fn->at == ft)
		fn->at = NULL;
	if (!fn->gone && list_empty(&fn->fts))
		nf_unregister_net_hooks(fn->net, nf_xlat_ft_ops,
					ARRAY_SIZE(nf_xlat_ft_ops));
	kfree_rcu(ft, rcu);
}

/**
 * nf_xlat_ft_get - a rule names a flowtable
 * @net: network namespace
 * @flowtable: flowtable of nft, which the rule holds
 *
 * Its devices get our hook a little later. Process context.
 *
 * Return: what to give to nf_xlat_flow_add(), or an ERR_PTR.
 */
struct nf_xlat_ft *nf_xlat_ft_get(struct net *net,
				  struct nft_flowtable *flowtable)
{
	struct nf_xlat_flow_net *fn = nf_xlat_flow_pernet(net);
	struct nf_xlat_ft *ft;

	mutex_lock(&fn->mutex);
	list_for_each_entry(ft, &fn->fts, list)
		if (ft->ft == flowtable)
			goto found;

	ft = nf_xlat_ft_new(fn, flowtable);
	if (IS_ERR(ft))
		goto out;
found:
	ft->users++;
	nf_xlat_events_kick(&fn->gc);
out:
	mutex_unlock(&fn->mutex);
	return ft;
}
EXPORT_SYMBOL_GPL(nf_xlat_ft_get);

/**
 * nf_xlat_ft_get_devs - a device of kind "xlat" names devices
 * @net: network namespace
 * @owner: its number, of nf_xlat_ct_owner_add() and not 0: its sessions take the fast path
 * @ifindex: the devices, which have our hook when this returns
 * @n: how many there are
 *
 * RTNL.
 *
 * Return: what to give to nf_xlat_ft_put(), or an ERR_PTR: -ENODEV when a device is not
 * there, -EEXIST when one is named twice.
 */
struct nf_xlat_ft *nf_xlat_ft_get_devs(struct net *net, u8 owner,
				       const u32 *ifindex, unsigned int n)
{
	struct nf_xlat_flow_net *fn = nf_xlat_flow_pernet(net);
	struct nf_xlat_ft *ft;
	unsigned int i;
	int err = 0;

	mutex_lock(&fn->mutex);
	ft = nf_xlat_ft_new(fn, NULL);
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
			err = nf_xlat_ft_add_dev(ft, ifindex[i]);
	}
	for (i = 0; i < ARRAY_SIZE(ft->ops); i++)
		ft->ops[i] = (struct nf_hook_ops){
			.hook		= nf_xlat_flow_forward,
			.priv		= ft,
			.pf		= i ? NFPROTO_IPV6 : NFPROTO_IPV4,
			.hooknum	= NF_INET_FORWARD,
			.priority	= i ? NF_IP6_PRI_LAST : NF_IP_PRI_LAST,
		};
	if (!err)
		err = nf_register_net_hooks(net, ft->ops, ARRAY_SIZE(ft->ops));
	if (err) {
		nf_xlat_ft_free(ft);
		ft = ERR_PTR(err);
		goto out;
	}
	ft->n_ops = ARRAY_SIZE(ft->ops);
	nf_xlat_events_kick(&fn->gc);
out:
	mutex_unlock(&fn->mutex);
	return ft;
}

/**
 * nf_xlat_ft_devs - which devices have our hook
 * @ft: what nf_xlat_ft_get_devs() returned
 * @ifindex: where to put them
 * @max: how many have room there
 *
 * Those that have gone are not among them. RTNL or RCU read side.
 *
 * Return: how many there are.
 */
unsigned int nf_xlat_ft_devs(struct nf_xlat_ft *ft, u32 *ifindex,
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
 * nf_xlat_ft_put - a rule that named a flowtable is gone, or a device
 * @ft: what nf_xlat_ft_get() or nf_xlat_ft_get_devs() returned
 *
 * Process context.
 */
void nf_xlat_ft_put(struct nf_xlat_ft *ft)
{
	struct nf_xlat_flow_net *fn = ft->fn;

	mutex_lock(&fn->mutex);
	if (!--ft->users)
		nf_xlat_ft_free(ft);
	mutex_unlock(&fn->mutex);
}
EXPORT_SYMBOL_GPL(nf_xlat_ft_put);

static int nf_xlat_ft_netdev_event(struct notifier_block *nb,
				   unsigned long event, void *ptr)
{
	struct net_device *dev = netdev_notifier_info_to_dev(ptr);
	struct nf_xlat_flow_net *fn = nf_xlat_flow_pernet(dev_net(dev));
	struct nf_xlat_ft *ft;

	/* CHANGEUPPER: it has become a port of a bridge, or is none any longer. */
	if (event != NETDEV_DOWN && event != NETDEV_UNREGISTER &&
	    event != NETDEV_CHANGEUPPER)
		return NOTIFY_DONE;

	mutex_lock(&fn->mutex);
	if (!fn->gone && event == NETDEV_UNREGISTER)
		list_for_each_entry(ft, &fn->fts, list)
			nf_xlat_ft_del_dev(ft, dev->ifindex);
	/*
	 * Even in a namespace that ends: its devices wait for the routes that flows hold.
	 * Without memory for the event, all flows end here and now.
	 */
	if ((!list_empty(&fn->fts) || atomic_read(&fn->table.nelems)) &&
	    !nf_xlat_events_add(&fn->gc, dev->ifindex))
		nf_xlat_flow_flush(fn);
	mutex_unlock(&fn->mutex);
	return NOTIFY_DONE;
}

static struct notifier_block nf_xlat_ft_netdev_notifier = {
	.notifier_call = nf_xlat_ft_netdev_event,
};

/**
 * nf_xlat_ft_net_pre_exit - a namespace goes
 * @fn: the namespace
 *
 * Its devices go before its rules do.
 */
void nf_xlat_ft_net_pre_exit(struct nf_xlat_flow_net *fn)
{
	struct nf_xlat_ft *ft;

	mutex_lock(&fn->mutex);
	fn->gone = true;
	fn->at = NULL;
	if (!list_empty(&fn->fts))
		nf_unregister_net_hooks(fn->net, nf_xlat_ft_ops,
					ARRAY_SIZE(nf_xlat_ft_ops));
	list_for_each_entry(ft, &fn->fts, list) {
		nf_unregister_net_hooks(fn->net, ft->ops, ft->n_ops);
		ft->n_ops = 0;
		nf_xlat_ft_del_devs(ft);
	}
	mutex_unlock(&fn->mutex);
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
