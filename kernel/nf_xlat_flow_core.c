// SPDX-License-Identifier: GPL-2.0-only
/*
 * The flows of the fast path: how they begin, age and end.
 *
 * struct flow_offload of core has one family for both directions, so translated sessions have
 * a table of their own. The flow of a session ends with the session's conntrack entry at the
 * latest; meanwhile a work extends the timeout of that entry. A packet of a stateless rule has no
 * such entry: its flow records what the rules made of the packet. It ends when the rules
 * change, and after NF_XLAT_FLOW_AGE.
 */

#include <linux/module.h>
#include <linux/netdevice.h>
#include <linux/slab.h>
#include <net/netfilter/nf_conntrack_ecache.h>
#include <net/netfilter/nf_conntrack_l4proto.h>
#include <net/netfilter/nf_conntrack_timeout.h>
#include "nf_xlat_flow_internal.h"

/* How often the work extends timeouts and looks for devices that join or leave a flowtable */
#define NF_XLAT_FLOW_GC		(2UL * HZ)
/* A flow ends when it has had no packet for this time; its session stays. */
#define NF_XLAT_FLOW_IDLE	(30 * HZ)
/*
 * A stateless flow ends at this age. Sets that packets fill and elements that time out change
 * what a rule does, and nf_xlat_rules_same() does not notice that.
 */
#define NF_XLAT_FLOW_AGE	(30 * HZ)
/* How many times a walk over the table may begin anew */
#define NF_XLAT_FLOW_AGAIN	8

unsigned int nf_xlat_flow_net_id __read_mostly;
struct kmem_cache *nf_xlat_flow_cache __read_mostly;

/* Number of stateless flows in all namespaces that are not of the initial user namespace */
static atomic_t nf_xlat_flow_users;

/**
 * nf_xlat_flow_free_rcu - free a flow that no packet can find any longer
 * @rcu: member @rcu of the flow
 *
 * Any context.
 */
void nf_xlat_flow_free_rcu(struct rcu_head *rcu)
{
	struct nf_xlat_flow *flow = container_of(rcu, struct nf_xlat_flow, rcu);

	dst_release(flow->dir[IP_CT_DIR_ORIGINAL].dst);
	dst_release(flow->dir[IP_CT_DIR_REPLY].dst);
	nf_ct_put(flow->ct);
	kmem_cache_free(nf_xlat_flow_cache, flow);
}

/*
 * As flow_offload_fixup_tcp() and flow_offload_ct_tcp(): conntrack does not see the packets of
 * a flow, so the TCP window that it knows is out of date. Make it accept later packets.
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

static bool nf_xlat_flow_of_user(const struct nf_xlat_flow_net *fn)
{
	return fn->net->user_ns != &init_user_ns;
}

/**
 * nf_xlat_flow_uncharge - undo nf_xlat_flow_charge(), when a stateless flow ends
 * @fn: namespace
 */
void nf_xlat_flow_uncharge(struct nf_xlat_flow_net *fn)
{
	atomic_dec(&fn->stateless);
	if (nf_xlat_flow_of_user(fn))
		atomic_dec(&nf_xlat_flow_users);
}

/**
 * nf_xlat_flow_charge - count a new stateless flow, unless there are too many
 * @fn: namespace
 *
 * Conntrack limits the number of flows with a session, as each has an entry. Packets of any
 * host make stateless flows, so they need a limit of their own. A namespace may have
 * nf_conntrack_max of them. All namespaces that are not of the initial user namespace may have
 * that many together. A namespace of the initial user namespace does not count there, so that
 * no other user can take the fast path from the administrator. Any context.
 *
 * Return: true if the flow may be made; nf_xlat_flow_uncharge() has to follow when it ends.
 */
bool nf_xlat_flow_charge(struct nf_xlat_flow_net *fn)
{
	unsigned int max = READ_ONCE(nf_conntrack_max);
	unsigned int n = atomic_inc_return(&fn->stateless);

	if (nf_xlat_flow_of_user(fn))
		n = max_t(unsigned int, n,
			  atomic_inc_return(&nf_xlat_flow_users));
	if (likely(n <= max || !max))
		return true;
	nf_xlat_flow_uncharge(fn);
	return false;
}

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
		nf_xlat_flow_uncharge(flow->fn);
	}
	/*
	 * The routes of the flow hold devices, whose removal waits for them. call_rcu() may
	 * take seconds where callbacks are lazy.
	 */
	call_rcu_hurry(&flow->rcu, nf_xlat_flow_free_rcu);
}

/**
 * nf_xlat_flow_del - end a flow
 * @flow: the flow
 *
 * Several CPUs may call this at once; NF_XLAT_FLOW_DEAD lets only one of them unlink the flow.
 * If nf_xlat_flow_insert() is still linking it, that function unlinks it. RCU read side, any
 * context.
 */
void nf_xlat_flow_del(struct nf_xlat_flow *flow)
{
	int old = atomic_fetch_or(NF_XLAT_FLOW_DEAD, &flow->state);

	if (old & NF_XLAT_FLOW_READY && !(old & NF_XLAT_FLOW_DEAD))
		nf_xlat_flow_destroy(flow);
}

/**
 * nf_xlat_flow_insert - let packets find a flow
 * @flow: the flow, with its state 0 and all other members set. The session, if there is one,
 *	points to the flow already. If not, nf_xlat_flow_charge() has counted the flow.
 *
 * The flow ends at once if another flow has one of its keys, or if nf_xlat_flow_del() has been
 * called for it meanwhile. RCU read side, softirq.
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

/* The timeout that conntrack would give to the session after a packet, in jiffies */
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

/* Has dst_dev_put() replaced the device of a route? It sets @obsolete to DST_OBSOLETE_DEAD. */
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
	 * xfrm_policy_insert() invalidates only the routes of the policy's own family, so
	 * dst_check() of a route of the other family does not notice a new policy.
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
	 * As nf_conntrack_udp_packet(). early_drop() would remove a session that is not
	 * IPS_ASSURED when conntrack's table is full.
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
 * Call @call for each flow of a namespace; @call may end the flow. Process context.
 *
 * The walk calls cond_resched() after each 256 directions, and goes on after the one where it
 * stopped. If that one has left the table meanwhile, rhashtable_walk_start() goes on at the same
 * position of the chain; if another one before that position has left, too, the walk would
 * leave out a flow. So the walk begins anew, at most @again times: with more, somebody who makes
 * flows end all the time could keep it going for ever.
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
			 * Once the table has been resized, the iterator of older kernels may
			 * point at a flow which has been freed.
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

static void nf_xlat_flow_work(struct work_struct *work)
{
	struct nf_xlat_events *ev = nf_xlat_events_of(work);
	struct nf_xlat_flow_net *fn =
		container_of(ev, struct nf_xlat_flow_net, gc);
	unsigned long start = nf_xlat_events_begin(ev);
	bool busy, done;

	done = nf_xlat_flow_walk(fn, nf_xlat_flow_age, NF_XLAT_FLOW_AGAIN);
	busy = nf_xlat_ft_sync_all(fn);
	nf_xlat_events_end(ev, start, done);
	/* After the last rule is gone, some flows are left for a while. */
	if (busy || atomic_read(&fn->table.nelems))
		queue_delayed_work(nf_xlat_wq, &ev->work,
				   max(NF_XLAT_FLOW_GC, ev->pause));
}

/**
 * nf_xlat_flow_flush - end all flows of a namespace
 * @fn: the namespace
 *
 * Process context.
 */
void nf_xlat_flow_flush(struct nf_xlat_flow_net *fn)
{
	/* There are fewer flows each time that the walk begins anew, so it comes to an end. */
	nf_xlat_flow_walk(fn, nf_xlat_flow_del, UINT_MAX);
}

/*
 * End all flows of a namespace, without a walk over them now: the caller may hold RTNL. From
 * now on a packet that finds a flow ends it, see nf_xlat_flow_dev_event(). The work ends the rest.
 */
static void nf_xlat_flow_flush_later(struct net *net)
{
	struct nf_xlat_flow_net *fn = nf_xlat_flow_pernet(net);

	/* Do so even if there is no flow: a packet that has passed the rule may add one. */
	if (!nf_xlat_events_add(&fn->gc, NF_XLAT_FLOW_ALL))
		nf_xlat_flow_flush(fn);
}

static int __net_init nf_xlat_flow_net_init(struct net *net)
{
	struct nf_xlat_flow_net *fn = nf_xlat_flow_pernet(net);

	fn->net = net;
	fn->mib = nf_xlat_mib(net);
	nf_xlat_events_init(&fn->gc, nf_xlat_flow_work);
	mutex_init(&fn->mutex);
	INIT_LIST_HEAD(&fn->fts);
	xa_init(&fn->hooked);
	return rhashtable_init(&fn->table, &nf_xlat_flow_params);
}

/* Exit methods remove the devices of a namespace before the rules that name them. */
static void __net_exit nf_xlat_flow_net_pre_exit(struct net *net)
{
	nf_xlat_ft_net_pre_exit(nf_xlat_flow_pernet(net));
}

static void __net_exit nf_xlat_flow_net_exit(struct net *net)
{
	struct nf_xlat_flow_net *fn = nf_xlat_flow_pernet(net);

	nf_xlat_events_exit(&fn->gc);
	nf_xlat_flow_flush(fn);
	rhashtable_destroy(&fn->table);
	xa_destroy(&fn->hooked);
}

static struct pernet_operations nf_xlat_flow_net_ops = {
	.init		= nf_xlat_flow_net_init,
	.pre_exit	= nf_xlat_flow_net_pre_exit,
	.exit		= nf_xlat_flow_net_exit,
	.id		= &nf_xlat_flow_net_id,
	.size		= sizeof(struct nf_xlat_flow_net),
};

static const struct nf_xlat_flow_ops nf_xlat_flow_ct_ops = {
	.owner	= THIS_MODULE,
	.del	= nf_xlat_flow_del,
	.flush	= nf_xlat_flow_flush_later,
	.get_devs = nf_xlat_ft_get_devs,
	.put	= nf_xlat_ft_put,
	.devs	= nf_xlat_ft_devs,
};

static int __init nf_xlat_flow_init(void)
{
	int err;

	BUILD_BUG_ON(sizeof(struct nf_xlat_flow_key) != 6 * sizeof(u64));
	BUILD_BUG_ON(offsetofend(struct nf_xlat_flow_dir, id) > 2 * 64);

	nf_xlat_flow_cache = KMEM_CACHE(nf_xlat_flow,
					SLAB_HWCACHE_ALIGN | SLAB_ACCOUNT);
	if (!nf_xlat_flow_cache)
		return -ENOMEM;
	/* BPF programs can call the functions only after this function has returned. */
	err = nf_xlat_flow_bpf_init();
	if (err)
		goto err_cache;
	err = register_pernet_subsys(&nf_xlat_flow_net_ops);
	if (err)
		goto err_cache;
	err = nf_xlat_ft_init();
	if (err)
		goto err_pernet;
	nf_xlat_flow_ops_register(&nf_xlat_flow_ct_ops);
	return 0;

err_pernet:
	unregister_pernet_subsys(&nf_xlat_flow_net_ops);
err_cache:
	kmem_cache_destroy(nf_xlat_flow_cache);
	return err;
}

static void __exit nf_xlat_flow_exit(void)
{
	nf_xlat_flow_ops_unregister();
	/* The notifier uses the data of namespaces, so unregister it first. */
	nf_xlat_ft_exit();
	unregister_pernet_subsys(&nf_xlat_flow_net_ops);
	/* nf_xlat_flow_free_rcu() is code of this module. */
	rcu_barrier();
	kmem_cache_destroy(nf_xlat_flow_cache);
}

module_init(nf_xlat_flow_init);
module_exit(nf_xlat_flow_exit);

MODULE_LICENSE("GPL");
MODULE_VERSION(NF_XLAT_VERSION);
/*
 * The plugin of ip(8) loads the module by this alias. nf_xlat_dev cannot do that: it is called
 * with RTNL held, which the init function of this module takes.
 */
MODULE_ALIAS_NETDEV("nf_xlat_flow");
MODULE_DESCRIPTION("Fast path of IPv4/IPv6 translation");
