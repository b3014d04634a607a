// SPDX-License-Identifier: GPL-2.0-only
/*
 * The flows of the fast path: how they begin, age and end.
 *
 * struct flow_offload of core has one family for both directions, so translated sessions have
 * a table of their own. The flow of a session ends with the session's conntrack entry at the
 * latest. While the flow lives, a work extends the timeout of that entry. A packet of a stateless
 * rule has no such entry. Its flow records how the rules have translated the packet, and ends when
 * the rules change, or after NF_XLAT_FLOW_AGE.
 */

#include <linux/ipv6.h>
#include <linux/module.h>
#include <linux/netdevice.h>
#include <linux/random.h>
#include <linux/slab.h>
#include <net/netfilter/nf_conntrack_ecache.h>
#include <net/netfilter/nf_conntrack_l4proto.h>
#include <net/netfilter/nf_conntrack_timeout.h>
#include "nf_xlat_flow_internal.h"

/* The interval at which the work extends timeouts and looks for changes of flowtables */
#define NF_XLAT_FLOW_GC		(2UL * HZ)
/* A flow ends when it has had no packet for this time. Its session stays. */
#define NF_XLAT_FLOW_IDLE	(30 * HZ)
/*
 * A stateless flow ends at this age. If a packet adds an element to a set, or an element times
 * out, a rule may act differently, but nf_xlat_rules_same() does not notice that.
 */
#define NF_XLAT_FLOW_AGE	(30 * HZ)
/* How many times the walk of nf_xlat_flow_work() over the table may begin anew */
#define NF_XLAT_FLOW_AGAIN	8

unsigned int nf_xlat_flow_net_id __read_mostly;
u64 nf_xlat_flow_in_factor __ro_after_init;
struct kmem_cache *nf_xlat_flow_cache __read_mostly;

/*
 * How many works that walk over tables of flows run at once: this many for all users' namespaces,
 * and this many for the administrator's
 */
#define NF_XLAT_FLOW_WORKS	4

static struct nf_xlat_wqs nf_xlat_flow_wqs;

/* Number of stateless flows in all namespaces for which nf_xlat_of_user() is true */
static atomic_t nf_xlat_flow_users;

/*
 * Put the routes of a flow. Packets that have found the flow may still use them, as dst_release()
 * frees a route after a grace period.
 */
static void nf_xlat_flow_put_routes(const struct nf_xlat_flow *flow)
{
	dst_release(flow->dir[IP_CT_DIR_ORIGINAL].dst);
	dst_release(flow->dir[IP_CT_DIR_REPLY].dst);
}

/* The flow has left the table for a grace period, or has never been in it. */
static void nf_xlat_flow_free_rcu(struct rcu_head *rcu)
{
	struct nf_xlat_flow *flow = container_of(rcu, struct nf_xlat_flow, rcu);

	nf_ct_put(flow->ct);
	kmem_cache_free(nf_xlat_flow_cache, flow);
}

/**
 * nf_xlat_flow_free - free a flow that has never been in the table
 * @flow: the flow, of which this puts the routes and the conntrack entry
 *
 * Any context.
 */
void nf_xlat_flow_free(struct nf_xlat_flow *flow)
{
	nf_xlat_flow_put_routes(flow);
	nf_xlat_flow_free_rcu(&flow->rcu);
}

/*
 * As flow_offload_fixup_tcp() and flow_offload_ct_tcp(): conntrack does not see the packets of
 * a flow, so the TCP windows in the entry are out of date. Let conntrack accept packets outside of
 * them.
 */
static void nf_xlat_flow_fixup_tcp(struct nf_conn *ct)
{
	struct ip_ct_tcp *tcp = &ct->proto.tcp;
	unsigned int i;

	if (nf_ct_protonum(ct) != IPPROTO_TCP || nf_ct_is_dying(ct))
		return;
	spin_lock_bh(&ct->lock);
	for (i = 0; i < IP_CT_DIR_MAX; i++) {
		tcp->seen[i].td_maxwin = 0;
		tcp->seen[i].flags |= IP_CT_TCP_FLAG_BE_LIBERAL;
		tcp->seen[i].flags &= ~IP_CT_TCP_FLAG_MAXACK_SET;
	}
	spin_unlock_bh(&ct->lock);
}

/**
 * nf_xlat_flow_stateless_dec - undo nf_xlat_flow_stateless_inc(), when a stateless flow ends
 * @fn: namespace
 *
 * Any context.
 */
void nf_xlat_flow_stateless_dec(struct nf_xlat_flow_net *fn)
{
	atomic_dec(&fn->stateless);
	if (nf_xlat_of_user(fn->net))
		atomic_dec(&nf_xlat_flow_users);
}

/**
 * nf_xlat_flow_stateless_inc - count a new stateless flow, unless there are too many
 * @fn: namespace
 *
 * Each flow with a session has a conntrack entry, so conntrack limits their number. Packets of any
 * host make stateless flows, so those need another limit. A namespace may have nf_conntrack_max
 * of them. All namespaces that do not belong to the initial user namespace may have that many
 * together; so other users cannot take the fast path from the administrator. Any context.
 *
 * Return: true if the caller may make the flow. Then nf_xlat_flow_stateless_dec() has to be called
 * when the flow ends. False if there are too many.
 */
bool nf_xlat_flow_stateless_inc(struct nf_xlat_flow_net *fn)
{
	unsigned int max = READ_ONCE(nf_conntrack_max);
	unsigned int n = atomic_inc_return(&fn->stateless);

	if (nf_xlat_of_user(fn->net))
		n = max_t(unsigned int, n,
			  atomic_inc_return(&nf_xlat_flow_users));
	if (likely(n <= max || !max))
		return true;
	nf_xlat_flow_stateless_dec(fn);
	return false;
}

/* Unlink a flow, and free it after a grace period. Only one caller may do so for a flow. */
static void nf_xlat_flow_destroy(struct nf_xlat_flow *flow)
{
	struct nf_xlat_ct_held *held;
	unsigned int i;

	for (i = 0; i < nf_xlat_flow_dirs(flow); i++)
		rhashtable_remove_fast(&flow->fn->table, &flow->dir[i].node,
				       nf_xlat_flow_params);
	if (flow->ct) {
		nf_xlat_flow_fixup_tcp(flow->ct);
		held = nf_xlat_ct_held(flow->ct);
		if (held)
			cmpxchg(&held->flow, flow, NULL);
	} else {
		nf_xlat_flow_stateless_dec(flow->fn);
	}
	/*
	 * Put the routes now, and not in the callback. When a namespace ends, IPv6 frees the
	 * counter of its routes without waiting for callbacks, and dst_release() writes to it.
	 */
	nf_xlat_flow_put_routes(flow);
	/*
	 * The session of the flow has to end before its namespace can. call_rcu() may take seconds
	 * where callbacks are lazy.
	 */
	call_rcu_hurry(&flow->rcu, nf_xlat_flow_free_rcu);
}

/**
 * nf_xlat_flow_del - end a flow
 * @flow: the flow
 *
 * Several CPUs may call this at once; NF_XLAT_FLOW_DEAD lets only one of them unlink the flow.
 * If nf_xlat_flow_insert() is still linking the flow, that function unlinks it afterwards. The flow
 * is valid until the end of the caller's RCU read side. Softirq or process context. The caller must
 * not hold the lock of the conntrack entry.
 */
void nf_xlat_flow_del(struct nf_xlat_flow *flow)
{
	int old = atomic_fetch_or(NF_XLAT_FLOW_DEAD, &flow->state);

	if (old & NF_XLAT_FLOW_READY && !(old & NF_XLAT_FLOW_DEAD))
		nf_xlat_flow_destroy(flow);
}

/**
 * nf_xlat_flow_insert - let packets find a flow
 * @flow: the flow, with its state 0 and all other members set. If there is a session, its
 *	nf_xlat_ct_held.flow points to the flow already. If not, nf_xlat_flow_stateless_inc() has
 *	counted the flow.
 *
 * The table owns the flow afterwards. The flow ends at once if another flow has one of its keys, or
 * if another CPU has called nf_xlat_flow_del() for it. RCU read side, softirq or process
 * context.
 */
void nf_xlat_flow_insert(struct nf_xlat_flow *flow)
{
	bool linked = true;
	unsigned int i;
	int old;

	if (flow->ct)
		nf_xlat_flow_fixup_tcp(flow->ct);
	for (i = 0; linked && i < nf_xlat_flow_dirs(flow); i++)
		linked = !rhashtable_lookup_insert_fast(&flow->fn->table,
							&flow->dir[i].node,
							nf_xlat_flow_params);
	old = atomic_fetch_or(NF_XLAT_FLOW_READY, &flow->state);
	if (old & NF_XLAT_FLOW_DEAD)
		nf_xlat_flow_destroy(flow);
	else if (!linked)
		nf_xlat_flow_del(flow);
}

/* Returns the timeout that conntrack would give to the session after a packet, in jiffies. */
static u32 nf_xlat_flow_timeout(const struct nf_conn *ct)
{
	const unsigned int *timeouts = nf_ct_timeout_lookup(ct);
	struct net *net = nf_ct_net(ct);

	if (nf_ct_protonum(ct) == IPPROTO_TCP) {
		if (!timeouts)
			timeouts = nf_tcp_pernet(net)->timeouts;
		return READ_ONCE(timeouts[READ_ONCE(ct->proto.tcp.state)]);
	}
	if (!timeouts)
		timeouts = nf_udp_pernet(net)->timeouts;
	return READ_ONCE(timeouts[UDP_CT_REPLIED]);
}

/*
 * Has dst_dev_put() replaced the device of a route of the flow? It also sets @obsolete to
 * DST_OBSOLETE_DEAD.
 */
static bool nf_xlat_flow_dst_gone(const struct nf_xlat_flow *flow)
{
	unsigned int i;

	for (i = 0; i < nf_xlat_flow_dirs(flow); i++)
		if (READ_ONCE(flow->dir[i].dst->obsolete) > 0)
			return true;
	return false;
}

/* End the flow if it is out of date or unused. If not, extend the timeout of its session. */
static void nf_xlat_flow_age(struct nf_xlat_flow *flow)
{
	u32 used = READ_ONCE(flow->dir[IP_CT_DIR_ORIGINAL].used);
	u32 back = READ_ONCE(flow->dir[IP_CT_DIR_REPLY].used);
	struct nf_conn *ct = flow->ct;
	u32 expires;

	/*
	 * xfrm_policy_insert() invalidates only the routes of the policy's own family. So for a
	 * route of the other family, dst_check() does not notice a new policy.
	 */
	if (nf_xlat_flow_dev_event(flow->fn, flow) ||
	    nf_xlat_flow_dst_gone(flow) ||
	    nf_xlat_has_policies(flow->fn->net) ||
	    (!ct && (u32)jiffies - flow->since > NF_XLAT_FLOW_AGE)) {
		nf_xlat_flow_del(flow);
		return;
	}
	if (!ct)
		return;

	if ((s32)(back - used) > 0)
		used = back;

	/*
	 * Set IPS_ASSURED as nf_conntrack_udp_packet() does. Without it, early_drop() removes the
	 * session when conntrack's table is full.
	 */
	if (nf_ct_protonum(ct) == IPPROTO_UDP &&
	    (s32)(used - (u32)ct->proto.udp.stream_ts) > 0 &&
	    !test_and_set_bit(IPS_ASSURED_BIT, &ct->status))
		nf_conntrack_event_cache(IPCT_ASSURED, ct);

	expires = test_bit(IPS_FIXED_TIMEOUT_BIT, &ct->status) ?
		  READ_ONCE(ct->timeout) : used + nf_xlat_flow_timeout(ct);
	if ((u32)jiffies - used > NF_XLAT_FLOW_IDLE ||
	    (s32)(expires - (u32)jiffies) <= 0) {
		nf_xlat_flow_del(flow);
		return;
	}
	if ((s32)(expires - READ_ONCE(ct->timeout)) > 0)
		WRITE_ONCE(ct->timeout, expires);
}

/*
 * Call @call for each flow of a namespace, for some more than once. @call may end the flow. Process
 * context.
 *
 * The walk calls cond_resched() after each 256 directions, and goes on after the direction where it
 * stopped. If that direction has left the table meanwhile, rhashtable_walk_start() goes on at the
 * same position of the chain. If a direction before that position has left as well, the walk would
 * miss a flow. So it begins anew then, at most @again times. Without that limit, a host that makes
 * flows end all the time could keep the walk going for ever.
 *
 * Return: true if @call has been called for all flows.
 */
static bool nf_xlat_flow_walk(struct nf_xlat_flow_net *fn,
			      void (*call)(struct nf_xlat_flow *flow),
			      unsigned int again)
{
	struct nf_xlat_flow_dir *d, *at;
	struct rhashtable_iter iter;
	unsigned int n = 0;

	if (!atomic_read(&fn->table.nelems))
		return true;
again:
	rhashtable_walk_enter(&fn->table, &iter);
	rhashtable_walk_start(&iter);
	while ((d = rhashtable_walk_next(&iter))) {
		if (IS_ERR(d)) {
			if (PTR_ERR(d) != -EAGAIN)
				break;
			continue;
		}
		if (++n % 256 == 0) {
			at = d;
			rhashtable_walk_stop(&iter);
			cond_resched();
			/*
			 * If the table has been resized, rhashtable_walk_peek() of older kernels
			 * may return a flow that has been freed. So do not call it then.
			 */
			if (rhashtable_walk_start_check(&iter))
				d = NULL;
			else
				d = rhashtable_walk_peek(&iter);
			if (d != at) {
				rhashtable_walk_stop(&iter);
				rhashtable_walk_exit(&iter);
				if (!again--)
					return false;
				goto again;
			}
		}
		if (d->dir == IP_CT_DIR_ORIGINAL)
			call(nf_xlat_flow_of(d));
	}
	rhashtable_walk_stop(&iter);
	rhashtable_walk_exit(&iter);
	return true;
}

/* The work of a namespace: look at all flows, and at the devices of flowtables. */
static void nf_xlat_flow_work(struct work_struct *work)
{
	struct nf_xlat_events *ev = nf_xlat_events_of(work);
	struct nf_xlat_flow_net *fn =
		container_of(ev, struct nf_xlat_flow_net, gc);
	unsigned long start = nf_xlat_events_begin(ev);
	bool busy, done;

	done = nf_xlat_flow_walk(fn, nf_xlat_flow_age, NF_XLAT_FLOW_AGAIN);
	busy = nf_xlat_flow_devs_sync_all(fn);
	nf_xlat_events_end(ev, start, done);
	/* When the last rule is gone, there may still be flows. */
	if (busy || atomic_read(&fn->table.nelems))
		nf_xlat_events_resched(ev, NF_XLAT_FLOW_GC);
}

/**
 * nf_xlat_flow_flush - end the flows of a namespace, while packets may add flows
 * @fn: the namespace
 *
 * For a caller that cannot allocate an event. RTNL may be held, so the time is bounded: if flows
 * end all the time, this may miss some. Those end later, see nf_xlat_flow_age(). Process context.
 */
void nf_xlat_flow_flush(struct nf_xlat_flow_net *fn)
{
	nf_xlat_flow_walk(fn, nf_xlat_flow_del, NF_XLAT_FLOW_AGAIN);
}

/*
 * End all flows of a namespace. The caller may hold RTNL and a walk over them takes time, so let
 * the work do that. Until then, a packet that finds a flow ends it, see nf_xlat_flow_dev_event().
 */
static void nf_xlat_flow_flush_later(struct net *net)
{
	struct nf_xlat_flow_net *fn = nf_xlat_flow_pernet(net);

	/* Add the event even if there is no flow: a packet that has passed the rule may add one. */
	if (!nf_xlat_events_add_dev(&fn->gc, NF_XLAT_FLOW_ALL))
		nf_xlat_flow_flush(fn);
}

static int __net_init nf_xlat_flow_net_init(struct net *net)
{
	struct nf_xlat_flow_net *fn = nf_xlat_flow_pernet(net);

	fn->net = net;
	fn->mib = nf_xlat_mib(net);
	nf_xlat_events_init(&fn->gc, nf_xlat_flow_work, nf_xlat_wq(&nf_xlat_flow_wqs, net));
	mutex_init(&fn->mutex);
	INIT_LIST_HEAD(&fn->dev_sets);
	xa_init(&fn->hooked);
	xa_init(&fn->flowtables);
	return rhashtable_init(&fn->table, &nf_xlat_flow_params);
}

/*
 * Exit methods remove the devices of a namespace before the rules that name them. So unregister
 * the hooks before any exit method runs.
 */
static void __net_exit nf_xlat_flow_net_pre_exit(struct net *net)
{
	nf_xlat_flow_devs_net_pre_exit(nf_xlat_flow_pernet(net));
}

static void __net_exit nf_xlat_flow_net_exit_batch(struct list_head *exit_list)
{
	struct nf_xlat_flow_net *fn;
	struct net *net;

	list_for_each_entry(net, exit_list, exit_list) {
		fn = nf_xlat_flow_pernet(net);
		nf_xlat_events_exit(&fn->gc);
		/* No packet adds a flow any more, so the walk begins anew only a few times. */
		nf_xlat_flow_walk(fn, nf_xlat_flow_del, UINT_MAX);
	}
	/*
	 * The conntrack entries of the namespaces end later. So nf_xlat_ct_detach() may end a flow
	 * on another CPU, and the walk above leaves such a flow to it. Wait for its RCU read side.
	 */
	synchronize_rcu();
	list_for_each_entry(net, exit_list, exit_list) {
		fn = nf_xlat_flow_pernet(net);
		rhashtable_destroy(&fn->table);
		xa_destroy(&fn->hooked);
		xa_destroy(&fn->flowtables);
	}
}

static struct pernet_operations nf_xlat_flow_net_ops = {
	.init		= nf_xlat_flow_net_init,
	.pre_exit	= nf_xlat_flow_net_pre_exit,
	.exit_batch	= nf_xlat_flow_net_exit_batch,
	.id		= &nf_xlat_flow_net_id,
	.size		= sizeof(struct nf_xlat_flow_net),
};

static const struct nf_xlat_flow_ops nf_xlat_flow_ct_ops = {
	.owner	= THIS_MODULE,
	.del	= nf_xlat_flow_del,
	.flush	= nf_xlat_flow_flush_later,
	.get_devs = nf_xlat_flow_devs_make,
	.put	= nf_xlat_flow_devs_put,
	.devs	= nf_xlat_flow_devs_ifindex,
};

static int __init nf_xlat_flow_init(void)
{
	int err;

	BUILD_BUG_ON(sizeof(struct nf_xlat_flow_key) != 6 * sizeof(u64));
	BUILD_BUG_ON(offsetofend(struct nf_xlat_flow_dir, id) > 2 * 64);

	/* Built into the kernel, this is called even where nf_xlat_init() has failed. */
	if (!ipv6_mod_enabled())
		return -EAFNOSUPPORT;
	nf_xlat_flow_in_factor = get_random_u64() | 1;
	nf_xlat_flow_cache = KMEM_CACHE(nf_xlat_flow,
					SLAB_HWCACHE_ALIGN | SLAB_ACCOUNT);
	if (!nf_xlat_flow_cache)
		return -ENOMEM;
	err = nf_xlat_wqs_alloc(&nf_xlat_flow_wqs, "nf_xlat_flow", NF_XLAT_FLOW_WORKS,
				NF_XLAT_FLOW_WORKS);
	if (err)
		goto err_cache;
	/* BPF programs can call the functions only after this function has returned. */
	err = nf_xlat_flow_bpf_init();
	if (err)
		goto err_wq;
	err = register_pernet_subsys(&nf_xlat_flow_net_ops);
	if (err)
		goto err_wq;
	err = nf_xlat_flow_devs_init();
	if (err)
		goto err_pernet;
	nf_xlat_flow_ops_register(&nf_xlat_flow_ct_ops);
	return 0;

err_pernet:
	unregister_pernet_subsys(&nf_xlat_flow_net_ops);
err_wq:
	nf_xlat_wqs_destroy(&nf_xlat_flow_wqs);
err_cache:
	kmem_cache_destroy(nf_xlat_flow_cache);
	return err;
}

static void __exit nf_xlat_flow_exit(void)
{
	nf_xlat_flow_ops_unregister();
	/* The notifier uses the data of namespaces, so unregister it first. */
	nf_xlat_flow_devs_exit();
	unregister_pernet_subsys(&nf_xlat_flow_net_ops);
	/* nf_xlat_flow_free_rcu() is code of this module. */
	rcu_barrier();
	nf_xlat_wqs_destroy(&nf_xlat_flow_wqs);
	kmem_cache_destroy(nf_xlat_flow_cache);
}

module_init(nf_xlat_flow_init);
module_exit(nf_xlat_flow_exit);

MODULE_LICENSE("GPL");
MODULE_VERSION(NF_XLAT_VERSION);
/*
 * The plugin of ip(8) loads this module by this alias. nf_xlat_dev cannot load it: nf_xlat_dev is
 * called with RTNL held, and the init function of this module takes RTNL.
 */
MODULE_ALIAS_NETDEV("nf_xlat_flow");
MODULE_DESCRIPTION("Fast path of IPv4/IPv6 translation");
