// SPDX-License-Identifier: GPL-2.0-only
/*
 * The module of the engine: its data of a namespace, /proc/net/nf_xlat, and the notifier for
 * devices that are unregistered.
 */

#include <linux/ipv6.h>
#include <linux/module.h>
#include <linux/netdevice.h>
#include <linux/percpu.h>
#include <linux/proc_fs.h>
#include <linux/seq_file.h>
#include <net/net_namespace.h>
#include <net/netns/generic.h>
#include <net/netfilter/nf_queue.h>
#include <net/netfilter/nf_xlat.h>
#include "compat.h"
#include "nf_xlat_internal.h"

unsigned int nf_xlat_net_id __read_mostly;

static int __net_init nf_xlat_net_init(struct net *net)
{
	struct nf_xlat_net *xn = nf_xlat_pernet(net);

	spin_lock_init(&xn->rt_lock);
	xn->mib = alloc_percpu_gfp(struct nf_xlat_mib, GFP_KERNEL_ACCOUNT);
	if (!xn->mib)
		return -ENOMEM;
	if (!proc_create_net_single("nf_xlat", 0444, net->proc_net,
				    nf_xlat_seq_show, NULL)) {
		free_percpu(xn->mib);
		return -ENOMEM;
	}
	return 0;
}

/* A packet in nfqueue would come back after nf_xlat_net_exit() has freed counters and routes. */
static void __net_exit nf_xlat_net_pre_exit(struct net *net)
{
	nf_queue_nf_hook_drop(net);
}

/* All modules that call this one have unregistered their hooks in pre_exit. */
static void __net_exit nf_xlat_net_exit(struct net *net)
{
	remove_proc_entry("nf_xlat", net->proc_net);
	free_percpu(nf_xlat_pernet(net)->mib);
	nf_xlat_rt_flush_dev(nf_xlat_pernet(net), NULL);
}

static struct pernet_operations nf_xlat_net_ops = {
	.init		= nf_xlat_net_init,
	.pre_exit	= nf_xlat_net_pre_exit,
	.exit		= nf_xlat_net_exit,
	.id		= &nf_xlat_net_id,
	.size		= sizeof(struct nf_xlat_net),
};

static int nf_xlat_netdev_event(struct notifier_block *nb, unsigned long event,
				void *ptr)
{
	const struct net_device *dev = netdev_notifier_info_to_dev(ptr);

	if (event == NETDEV_UNREGISTER)
		nf_xlat_rt_flush_dev(nf_xlat_pernet(dev_net(dev)), dev);
	return NOTIFY_DONE;
}

static struct notifier_block nf_xlat_netdev_notifier = {
	.notifier_call = nf_xlat_netdev_event,
};

static int __init nf_xlat_init(void)
{
	int err;

	/*
	 * With ipv6.disable=1 on the kernel's command line, IPv6 has no tables and no devices, and
	 * its functions read NULL.
	 */
	if (!ipv6_mod_enabled())
		return -EAFNOSUPPORT;
	nf_xlat_forward_init();
	err = register_pernet_subsys(&nf_xlat_net_ops);
	if (err)
		return err;
	err = register_netdevice_notifier(&nf_xlat_netdev_notifier);
	if (err)
		unregister_pernet_subsys(&nf_xlat_net_ops);
	return err;
}

static void __exit nf_xlat_fini(void)
{
	nf_xlat_forward_fini();
	unregister_netdevice_notifier(&nf_xlat_netdev_notifier);
	unregister_pernet_subsys(&nf_xlat_net_ops);
	rcu_barrier(); /* nf_xlat_rt_free() */
}

module_init(nf_xlat_init);
module_exit(nf_xlat_fini);

MODULE_LICENSE("GPL");
MODULE_VERSION(NF_XLAT_VERSION);
MODULE_DESCRIPTION("IPv4/IPv6 translation engine");
