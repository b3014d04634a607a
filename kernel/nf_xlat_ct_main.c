// SPDX-License-Identifier: GPL-2.0-only
/*
 * The module nf_xlat_ct: its data of a namespace, and the work that ends sessions when their
 * address or device goes.
 */

#include <linux/inetdevice.h>
#include <linux/ipv6.h>
#include <linux/module.h>
#include <linux/netdevice.h>
#include <net/netfilter/nf_conntrack.h>
#include <net/netfilter/nf_conntrack_core.h>
#include <net/netfilter/nf_nat.h>
#include "nf_xlat_ct_internal.h"
#include "compat.h"

unsigned int nf_xlat_ct_net_id __read_mostly;

/*
 * Workqueues for the works that end sessions, and for those that register conntrack for devices.
 * These works walk over conntrack's table, and each waits for nf_conntrack_mutex until the others
 * have released it. So this is how many run or wait at once, however many namespaces a user has.
 * The works of the administrator's namespaces have a workqueue of their own.
 */
#define NF_XLAT_CT_WORKS	4
static struct nf_xlat_wqs nf_xlat_ct_wqs;

/* The same for nf_xlat_nl_send_work(). Of all users' namespaces, one such work runs at a time. */
static struct nf_xlat_wqs nf_xlat_ct_event_wqs;

/*
 * Register conntrack of a family, until the namespace ends, so that a user who adds and deletes
 * devices has nf_ct_netns_get() walk over the entries only once.
 */
static void nf_xlat_ct_track_work(struct work_struct *work)
{
	struct nf_xlat_ct_tracker *t = container_of(work, struct nf_xlat_ct_tracker, work);
	int err;

	/* A second device has queued the work again, before the first run has set this. */
	if (t->registered)
		return;
	err = nf_ct_netns_get(t->xn->net, t->pf);
	if (err)
		nf_xlat_warn(t->xn->net, "conntrack cannot be registered (%d)", err);
	WRITE_ONCE(t->registered, !err);
}

/* Let works register conntrack, unless they have done so. The caller may hold RTNL. */
static void nf_xlat_ct_track(struct nf_xlat_ct_net *xn)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(xn->trackers); i++)
		if (!READ_ONCE(xn->trackers[i].registered))
			queue_work(nf_xlat_wq(&nf_xlat_ct_wqs, xn->net), &xn->trackers[i].work);
}

static void nf_xlat_ct_track_init(struct nf_xlat_ct_net *xn)
{
	static const u8 pfs[] = { NFPROTO_IPV6, NFPROTO_IPV4 };
	unsigned int i;

	BUILD_BUG_ON(ARRAY_SIZE(pfs) != ARRAY_SIZE(xn->trackers));
	for (i = 0; i < ARRAY_SIZE(pfs); i++) {
		INIT_WORK(&xn->trackers[i].work, nf_xlat_ct_track_work);
		xn->trackers[i].xn = xn;
		xn->trackers[i].pf = pfs[i];
	}
}

/* Undo nf_xlat_ct_track(). No device is added any more. */
static void nf_xlat_ct_track_exit(struct nf_xlat_ct_net *xn)
{
	struct nf_xlat_ct_tracker *t;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(xn->trackers); i++) {
		t = &xn->trackers[i];
		cancel_work_sync(&t->work);
		if (t->registered)
			nf_ct_netns_put(xn->net, t->pf);
		t->registered = false;
	}
}

/**
 * nf_xlat_ct_netns_get - note a new stateful rule or device
 * @net: network namespace
 * @by_device: it is a device. The caller holds RTNL, and conntrack stays registered until the
 *	namespace ends.
 *
 * The first one registers conntrack and the hooks for sessions. When nf_ct_netns_get()
 * registers conntrack, it walks over the entries of all namespaces, one caller after the other. So
 * with @by_device, works do that, a moment later. Until then, packets are dropped
 * (NF_XLAT_STATE). An error of a work is logged. Process context.
 *
 * Return: 0 or a negative error.
 */
int nf_xlat_ct_netns_get(struct net *net, bool by_device)
{
	struct nf_xlat_ct_net *xn = nf_xlat_ct_pernet(net);
	bool put = !by_device;
	int err;

	if (!by_device) {
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
		if (!by_device && !xn->tracked) {
			xn->tracked = true;
			put = false;
		}
		if (by_device)
			nf_xlat_ct_track(xn);
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
 * The exit method of nf_tables removes the rules, and would unregister our hooks with the last
 * one. The data of conntrack and of nf_xlat may be gone by then, so unregister the hooks here,
 * before any exit method runs.
 */
static void __net_exit nf_xlat_ct_net_pre_exit(struct net *net)
{
	struct nf_xlat_ct_net *xn = nf_xlat_ct_pernet(net);

	/* Nobody adds a rule or device any more. */
	nf_xlat_ct_track_exit(xn);

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
static int nf_xlat_ct_ended_iter(struct nf_conn *ct, void *events)
{
	const struct nf_xlat_ct_data *data;
	bool gone;

	/* nf_ct_delete() does nothing for an entry that another CPU is about to remove. */
	if (nf_ct_is_dying(ct) || !nf_xlat_ct_is_session(ct))
		return 0;
	data = nf_xlat_ct_data(ct);
	if (!data)
		return 0;
	if (data->masq_index && nf_xlat_events_has_dev(events, data->masq_index))
		return 1;
	if (!data->masq)
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
		nf_xlat_events_schedule(&xn->ended);
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
		nf_xlat_events_add_dev(&xn->ended, dev->ifindex);
	return NOTIFY_DONE;
}

static struct notifier_block nf_xlat_ct_netdev_notifier = {
	.notifier_call = nf_xlat_ct_netdev_event,
};

static int __net_init nf_xlat_ct_net_init(struct net *net)
{
	struct nf_xlat_ct_net *xn = nf_xlat_ct_pernet(net);

	mutex_init(&xn->mutex);
	xn->net = net;
	nf_xlat_ct_track_init(xn);
	nf_xlat_events_init(&xn->ended, nf_xlat_ct_ended_work,
			    nf_xlat_wq(&nf_xlat_ct_wqs, net));
	INIT_LIST_HEAD(&xn->pools);
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
	nf_xlat_bib_clear_all_static(net);
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

	/* Built into the kernel, this is called even where nf_xlat_init() has failed. */
	if (!ipv6_mod_enabled())
		return -EAFNOSUPPORT;
	err = nf_xlat_wqs_alloc(&nf_xlat_ct_wqs, "nf_xlat_ct", NF_XLAT_CT_WORKS,
				NF_XLAT_CT_WORKS);
	if (err)
		return err;
	err = nf_xlat_wqs_alloc(&nf_xlat_ct_event_wqs, "nf_xlat_events", NF_XLAT_CT_WORKS, 1);
	if (err)
		goto err_wqs;
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
err_wqs:
	nf_xlat_wqs_destroy(&nf_xlat_ct_wqs);
	return err;
}

static void __exit nf_xlat_ct_fini(void)
{
	struct net *net;

	/*
	 * End all sessions: without this module nobody translates their packets, and their destroy
	 * callback is code of this module. Then end the static mappings. Do both now, while events
	 * can still be sent. Userspace makes neither any more, see nf_xlat_nl_enter().
	 */
	nf_ct_iterate_destroy(nf_xlat_ct_iter, NULL);
	nf_xlat_ct_ext_exit();
	down_read(&net_rwsem);
	for_each_net(net) {
		nf_xlat_bib_clear_all_static(net);
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
	nf_xlat_wqs_destroy(&nf_xlat_ct_wqs);
}

module_init(nf_xlat_ct_init);
module_exit(nf_xlat_ct_fini);

MODULE_LICENSE("GPL");
MODULE_VERSION(NF_XLAT_VERSION);
MODULE_DESCRIPTION("Stateful IPv4/IPv6 translation on conntrack");
