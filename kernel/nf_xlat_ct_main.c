// SPDX-License-Identifier: GPL-2.0-only
/*
 * The module nf_xlat_ct: its data of a namespace, and the work that ends sessions when their
 * address or device goes.
 */

#include <linux/inetdevice.h>
#include <linux/module.h>
#include <linux/netdevice.h>
#include <net/netfilter/nf_conntrack.h>
#include <net/netfilter/nf_conntrack_core.h>
#include <net/netfilter/nf_nat.h>
#include "nf_xlat_ct_internal.h"
#include "compat.h"

unsigned int nf_xlat_ct_net_id __read_mostly;

/*
 * Registers conntrack for devices, see nf_xlat_ct_keep_work(). Such a work may wait long for
 * nf_conntrack_mutex. It must not keep the works of other namespaces from being run, nor those of
 * other workqueues.
 */
static struct workqueue_struct *nf_xlat_ct_keep_wq;

/*
 * Register conntrack, until the namespace ends, so that a user who adds and deletes devices has
 * nf_ct_netns_get() walk over the entries only once.
 */
static void nf_xlat_ct_keep_work(struct work_struct *work)
{
	struct nf_xlat_ct_net *xn = container_of(work, struct nf_xlat_ct_net, keep);
	int err;

	/* A further device has queued the work before it had set this. */
	if (xn->kept)
		return;
	err = nf_ct_netns_get(xn->net, NFPROTO_INET);
	if (err)
		nf_xlat_warn(xn->net, "conntrack cannot be registered (%d)", err);
	WRITE_ONCE(xn->kept, !err);
}

/**
 * nf_xlat_ct_netns_get - note a new stateful rule or device
 * @net: network namespace
 * @keep: the caller holds RTNL. Conntrack stays registered until the namespace ends.
 *
 * The first one registers conntrack and the hooks for sessions. When nf_ct_netns_get()
 * registers conntrack, it walks over the entries of all namespaces, one caller after the other. So
 * with @keep, a work does that, a moment later. Until then, packets are dropped
 * (NF_XLAT_STATE). An error of the work is logged. Process context.
 *
 * Return: 0 or a negative error.
 */
int nf_xlat_ct_netns_get(struct net *net, bool keep)
{
	struct nf_xlat_ct_net *xn = nf_xlat_ct_pernet(net);
	bool put = !keep;
	int err;

	if (!keep) {
		err = nf_ct_netns_get(net, NFPROTO_INET);
		if (err)
			return err;
	}

	mutex_lock(&xn->mutex);
	err = nf_xlat_ct_ext_net_init(net, &xn->ext);
	if (!err && !xn->users) {
		err = nf_xlat_ct_register(net);
		WRITE_ONCE(xn->hooked, !err);
	}
	if (!err) {
		xn->users++;
		WRITE_ONCE(xn->used, true);
		if (!keep && !xn->tracked) {
			xn->tracked = true;
			put = false;
		}
		if (keep && !READ_ONCE(xn->kept))
			queue_work(nf_xlat_ct_keep_wq, &xn->keep);
	}
	mutex_unlock(&xn->mutex);
	if (put)
		nf_ct_netns_put(net, NFPROTO_INET);
	return err;
}
EXPORT_SYMBOL_GPL(nf_xlat_ct_netns_get);

/* Undo what nf_xlat_ct_netns_get() has registered. The caller holds the mutex. */
static void nf_xlat_ct_unhook(struct nf_xlat_ct_net *xn)
{
	nf_xlat_ct_unregister(xn->net);
	WRITE_ONCE(xn->hooked, false);
	if (xn->tracked)
		nf_ct_netns_put(xn->net, NFPROTO_INET);
	xn->tracked = false;
}

/**
 * nf_xlat_ct_netns_put - note that a stateful rule or device is gone
 * @net: network namespace
 *
 * With the last one, the hooks are unregistered and all flows end. Sessions stay until they
 * time out. If a rule is added before that, they are translated again. Process context.
 */
void nf_xlat_ct_netns_put(struct net *net)
{
	struct nf_xlat_ct_net *xn = nf_xlat_ct_pernet(net);

	mutex_lock(&xn->mutex);
	if (!--xn->users && xn->hooked) {
		nf_xlat_ct_unhook(xn);
		nf_xlat_ct_flush_flows(net);
	}
	mutex_unlock(&xn->mutex);
}
EXPORT_SYMBOL_GPL(nf_xlat_ct_netns_put);

/**
 * nf_xlat_ct_owner_add - give a device a number, by which it counts packets of sessions
 * @net: network namespace
 * @owner: the device and its counters
 *
 * The caller holds RTNL.
 *
 * Return: the number, for nf_xlat_ct_range.owner; 0 if all are in use, so that this device
 * cannot count.
 */
u8 nf_xlat_ct_owner_add(struct net *net, const struct nf_xlat_owner *owner)
{
	struct nf_xlat_ct_net *xn = nf_xlat_ct_pernet(net);
	unsigned int i;

	ASSERT_RTNL();
	for (i = 1; i < ARRAY_SIZE(xn->owners); i++) {
		if (rcu_access_pointer(xn->owners[i]))
			continue;
		rcu_assign_pointer(xn->owners[i], owner);
		return i;
	}
	return 0;
}
EXPORT_SYMBOL_GPL(nf_xlat_ct_owner_add);

/**
 * nf_xlat_ct_owner_del - take the number of a device back
 * @net: network namespace
 * @index: what nf_xlat_ct_owner_add() has returned
 *
 * The sessions of the device stay. The next device that gets this number counts them. The
 * caller holds RTNL. Packets use the counters of the device until a grace period of RCU has passed.
 */
void nf_xlat_ct_owner_del(struct net *net, u8 index)
{
	struct nf_xlat_ct_net *xn = nf_xlat_ct_pernet(net);

	if (index)
		RCU_INIT_POINTER(xn->owners[index], NULL);
}
EXPORT_SYMBOL_GPL(nf_xlat_ct_owner_del);

/*
 * The works that end sessions wait for nf_conntrack_mutex, one after the other. A user may have any
 * number of namespaces, so do not let them fill a workqueue that others use.
 */
#define NF_XLAT_CT_WORKS	4
static struct workqueue_struct *nf_xlat_ct_wq;

/* Send events, see nf_xlat_nl_send_work(). For all namespaces of users, one work at a time does so. */
static struct nf_xlat_wqs nf_xlat_ct_event_wqs;

/*
 * The exit method of nf_tables removes the rules, and would unregister our hooks with the last
 * one. The data of conntrack and of nf_xlat may be gone by then, so unregister the hooks here,
 * before any exit method runs.
 */
static void __net_exit nf_xlat_ct_net_pre_exit(struct net *net)
{
	struct nf_xlat_ct_net *xn = nf_xlat_ct_pernet(net);

	/* Nobody adds a rule or device any more. */
	cancel_work_sync(&xn->keep);
	if (xn->kept)
		nf_ct_netns_put(net, NFPROTO_INET);
	xn->kept = false;

	mutex_lock(&xn->mutex);
	if (xn->hooked)
		nf_xlat_ct_unhook(xn);
	mutex_unlock(&xn->mutex);
}

static int nf_xlat_ct_iter(struct nf_conn *ct, void *data)
{
	return nf_xlat_ct_is_session(ct);
}

/*
 * As device_cmp() and inet_cmp() of nf_nat_masquerade: end a session whose device has gone down,
 * or whose address is no address of this host any longer.
 */
static int nf_xlat_ct_ended_iter(struct nf_conn *ct, void *data)
{
	const struct nf_xlat_ct_data *priv;
	bool gone;

	/* nf_ct_delete() does nothing for an entry that another CPU is about to remove. */
	if (nf_ct_is_dying(ct) || !nf_xlat_ct_is_session(ct))
		return 0;
	priv = nf_xlat_ct_data(ct);
	if (!priv)
		return 0;
	if (priv->masq_index && nf_xlat_events_has(data, priv->masq_index))
		return 1;
	if (!priv->masq)
		return 0;

	rcu_read_lock();
	gone = !__ip_dev_find(nf_ct_net(ct), nf_xlat_ct_pool_addr(ct), false);
	rcu_read_unlock();
	return gone;
}

static void nf_xlat_ct_ended_work(struct work_struct *work)
{
	struct nf_xlat_events *ev = nf_xlat_events_of(work);
	struct nf_xlat_ct_net *xn =
		container_of(ev, struct nf_xlat_ct_net, ended);
	struct nf_ct_iter_data iter_data = { .net = xn->net, .data = ev };
	unsigned long start;

	start = nf_xlat_events_begin(ev);
	/* For a removed address, nf_xlat_events_begin() does not wait for packets that chose it. */
	if (xa_empty(&ev->devs))
		synchronize_rcu();
	nf_ct_iterate_cleanup_net(nf_xlat_ct_ended_iter, &iter_data);
	nf_xlat_events_end(ev, start, true);
}

/*
 * An address of this host has been removed. A work looks for sessions that masquerade with it,
 * because that may take long, and the caller holds RTNL.
 */
static int nf_xlat_ct_inet_event(struct notifier_block *nb, unsigned long event,
				 void *ptr)
{
	const struct in_ifaddr *ifa = ptr;
	struct nf_xlat_ct_net *xn;

	if (event != NETDEV_DOWN)
		return NOTIFY_DONE;
	xn = nf_xlat_ct_pernet(dev_net(ifa->ifa_dev->dev));
	/* Sessions outlive the last rule, so ask whether there has ever been one. */
	if (READ_ONCE(xn->used))
		nf_xlat_events_kick(&xn->ended);
	return NOTIFY_DONE;
}

static struct notifier_block nf_xlat_ct_inet_notifier = {
	.notifier_call = nf_xlat_ct_inet_event,
};

static int nf_xlat_ct_netdev_event(struct notifier_block *nb,
				   unsigned long event, void *ptr)
{
	const struct net_device *dev = netdev_notifier_info_to_dev(ptr);
	struct nf_xlat_ct_net *xn = nf_xlat_ct_pernet(dev_net(dev));

	/* Without memory, a session stays until a packet of it finds another route. */
	if (event == NETDEV_DOWN && READ_ONCE(xn->used))
		nf_xlat_events_add(&xn->ended, dev->ifindex);
	return NOTIFY_DONE;
}

static struct notifier_block nf_xlat_ct_netdev_notifier = {
	.notifier_call = nf_xlat_ct_netdev_event,
};

static int __net_init nf_xlat_ct_net_init(struct net *net)
{
	struct nf_xlat_ct_net *xn = nf_xlat_ct_pernet(net);

	mutex_init(&xn->mutex);
	INIT_WORK(&xn->keep, nf_xlat_ct_keep_work);
	nf_xlat_events_init(&xn->ended, nf_xlat_ct_ended_work, nf_xlat_ct_wq);
	INIT_LIST_HEAD(&xn->pools);
	xn->net = net;
	nf_xlat_netlink_net_init(xn, &nf_xlat_ct_event_wqs);
	return nf_xlat_bib_net_init(net);
}

/*
 * When a session ends, its mapping changes a counter of nf_xlat, which is freed before
 * conntrack's exit method ends the entries of the namespace. So end the sessions here.
 */
static void __net_exit nf_xlat_ct_net_exit(struct net *net)
{
	struct nf_xlat_ct_net *xn = nf_xlat_ct_pernet(net);
	struct nf_ct_iter_data iter_data = { .net = net };

	nf_xlat_events_exit(&xn->ended);
	if (xn->used)
		nf_ct_iterate_cleanup_net(nf_xlat_ct_iter, &iter_data);
	nf_xlat_bib_unfix_all(net);
	nf_xlat_bib_net_exit(net);
	nf_xlat_netlink_net_exit(xn);
	/* A packet may still hold an entry, and the entry holds the template. */
	nf_xlat_ct_ext_net_exit(&xn->ext);
}

static struct pernet_operations nf_xlat_ct_net_ops = {
	.init		= nf_xlat_ct_net_init,
	.pre_exit	= nf_xlat_ct_net_pre_exit,
	.exit		= nf_xlat_ct_net_exit,
	.id		= &nf_xlat_ct_net_id,
	.size		= sizeof(struct nf_xlat_ct_net),
};

static int __init nf_xlat_ct_init(void)
{
	int err;

	nf_xlat_ct_wq = alloc_workqueue("nf_xlat_ct", WQ_UNBOUND,
					NF_XLAT_CT_WORKS);
	if (!nf_xlat_ct_wq)
		return -ENOMEM;
	err = -ENOMEM;
	nf_xlat_ct_keep_wq = alloc_workqueue("nf_xlat_ct_keep", WQ_UNBOUND, 0);
	if (!nf_xlat_ct_keep_wq)
		goto err_wq;
	err = nf_xlat_wqs_alloc(&nf_xlat_ct_event_wqs, "nf_xlat_events", NF_XLAT_CT_WORKS, 1);
	if (err)
		goto err_keep;
	err = nf_xlat_ct_timeout_init();
	if (err)
		goto err_events;
	err = nf_xlat_bib_init();
	if (err)
		goto err_timeout;
	err = register_pernet_subsys(&nf_xlat_ct_net_ops);
	if (err)
		goto err_bib;
	err = register_netdevice_notifier(&nf_xlat_ct_netdev_notifier);
	if (err)
		goto err_pernet;
	err = register_inetaddr_notifier(&nf_xlat_ct_inet_notifier);
	if (err)
		goto err_netdev;
	err = nf_xlat_netlink_init();
	if (err)
		goto err_inet;
	return 0;

err_inet:
	unregister_inetaddr_notifier(&nf_xlat_ct_inet_notifier);
err_netdev:
	unregister_netdevice_notifier(&nf_xlat_ct_netdev_notifier);
err_pernet:
	unregister_pernet_subsys(&nf_xlat_ct_net_ops);
err_bib:
	nf_xlat_bib_exit();
err_timeout:
	nf_xlat_ct_timeout_exit();
err_events:
	nf_xlat_wqs_destroy(&nf_xlat_ct_event_wqs);
err_keep:
	destroy_workqueue(nf_xlat_ct_keep_wq);
err_wq:
	destroy_workqueue(nf_xlat_ct_wq);
	return err;
}

static void __exit nf_xlat_ct_fini(void)
{
	struct net *net;

	/*
	 * End all sessions, while listeners can be told: without this module nobody translates
	 * their packets, and their callback is code of this module. Then the static mappings.
	 * Userspace makes neither any more, see nf_xlat_nl_enter().
	 */
	nf_ct_iterate_destroy(nf_xlat_ct_iter, NULL);
	nf_xlat_ct_ext_exit();
	down_read(&net_rwsem);
	for_each_net(net) {
		nf_xlat_bib_unfix_all(net);
		nf_xlat_netlink_net_flush(nf_xlat_ct_pernet(net));
	}
	up_read(&net_rwsem);
	nf_xlat_netlink_exit();
	/* The notifiers use the data of namespaces, so unregister them first. */
	unregister_inetaddr_notifier(&nf_xlat_ct_inet_notifier);
	unregister_netdevice_notifier(&nf_xlat_ct_netdev_notifier);
	unregister_pernet_subsys(&nf_xlat_ct_net_ops);
	nf_xlat_bib_exit();
	nf_xlat_ct_timeout_exit();
	nf_xlat_wqs_destroy(&nf_xlat_ct_event_wqs);
	destroy_workqueue(nf_xlat_ct_keep_wq);
	destroy_workqueue(nf_xlat_ct_wq);
}

module_init(nf_xlat_ct_init);
module_exit(nf_xlat_ct_fini);

MODULE_LICENSE("GPL");
MODULE_VERSION(NF_XLAT_VERSION);
MODULE_DESCRIPTION("Stateful IPv4/IPv6 translation on conntrack");
