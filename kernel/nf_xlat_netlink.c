// SPDX-License-Identifier: GPL-2.0-only
/*
 * The family nf-xlat of generic netlink (nf-xlat.yaml). By it, userspace sees sessions, mappings,
 * blocks, pools and counters. Its multicast groups get an event when a session, mapping or block
 * begins or ends.
 */

#include <linux/netlink.h>
#include <linux/skbuff.h>
#include <linux/timekeeping.h>
#include <net/genetlink.h>
#include <net/netlink.h>
#include <net/netfilter/nf_conntrack.h>
#include <linux/netfilter/nf_xlat_netlink.h>
#include "compat.h"
#include "nf_xlat_ct_internal.h"
#include "nf_xlat_netlink_internal.h"

/* Room for a message that has all attributes that a session or a mapping may have */
#define NF_XLAT_NL_EVENT_SIZE	384

/* Number of events that wait in all namespaces for which nf_xlat_of_user() is true */
static atomic_t nf_xlat_nl_users;
/* How many jiffies the work of such a namespace may send, before another namespace has its turn */
#define NF_XLAT_NL_TURN		(HZ / 50 ? : 1)

enum {
	NF_XLAT_NL_MAPPINGS,
	NF_XLAT_NL_SESSIONS,
	NF_XLAT_NL_BLOCKS,
};

static const struct genl_multicast_group nf_xlat_nl_groups[] = {
	[NF_XLAT_NL_MAPPINGS] = {
		.name	= NF_XLAT_MCGRP_MAPPINGS,
		.flags	= GENL_MCAST_CAP_NET_ADMIN,
	},
	[NF_XLAT_NL_SESSIONS] = {
		.name	= NF_XLAT_MCGRP_SESSIONS,
		.flags	= GENL_MCAST_CAP_NET_ADMIN,
	},
	[NF_XLAT_NL_BLOCKS] = {
		.name	= NF_XLAT_MCGRP_BLOCKS,
		.flags	= GENL_MCAST_CAP_NET_ADMIN,
	},
};

static const struct nla_policy nf_xlat_nl_listen_policy[NF_XLAT_A_GROUPS + 1] = {
	[NF_XLAT_A_GROUPS]		= NLA_POLICY_MASK(NLA_U32,
							  NF_XLAT_LISTEN_GROUP_MAPPINGS |
							  NF_XLAT_LISTEN_GROUP_SESSIONS |
							  NF_XLAT_LISTEN_GROUP_BLOCKS),
};

/* Does a socket of this namespace listen to @group, and has it joined the group? */
static bool nf_xlat_nl_has_listeners(const struct net *net, unsigned int group)
{
	return unlikely(READ_ONCE(nf_xlat_ct_pernet(net)->listeners.groups) & BIT(group)) &&
	       genl_has_listeners(&nf_xlat_nl_family, (struct net *)net, group);
}

/*
 * A group has lost an event: let the work set the error ENOBUFS on the sockets of the group.
 * genl_set_err() visits the members of all groups of generic netlink in all namespaces. Any user
 * can make many of them, so do not call it for each event.
 */
static void nf_xlat_nl_overrun(struct net *net, unsigned int group)
{
	struct nf_xlat_listeners *ls = &nf_xlat_ct_pernet(net)->listeners;

	set_bit(group, &ls->overrun);
	nf_xlat_events_queue(&ls->send);
}

/* Count one more event that waits. Return false if there are too many. */
static bool nf_xlat_nl_charge(const struct net *net, const struct nf_xlat_listeners *ls)
{
	if (skb_queue_len_lockless(&ls->events) >= NF_XLAT_MAX_EVENTS)
		return false;
	if (!nf_xlat_of_user(net) ||
	    atomic_inc_return(&nf_xlat_nl_users) <= NF_XLAT_MAX_USER_EVENTS)
		return true;
	atomic_dec(&nf_xlat_nl_users);
	return false;
}

/* Take the next event that waits, or return NULL. */
static struct sk_buff *nf_xlat_nl_next(const struct net *net, struct nf_xlat_listeners *ls)
{
	struct sk_buff *msg = skb_dequeue(&ls->events);

	if (msg && nf_xlat_of_user(net))
		atomic_dec(&nf_xlat_nl_users);
	return msg;
}

/*
 * Begin a message for a group. Without memory, the group loses the event, see nf_xlat_nl_overrun().
 *
 * Return: the message, or NULL.
 */
static struct sk_buff *nf_xlat_nl_event(struct net *net, unsigned int group,
					u8 cmd, void **hdr)
{
	struct sk_buff *msg;

	msg = genlmsg_new(NF_XLAT_NL_EVENT_SIZE, GFP_ATOMIC);
	if (msg) {
		*hdr = genlmsg_put(msg, 0, 0, &nf_xlat_nl_family, 0, cmd);
		if (*hdr && !nla_put_uint(msg, NF_XLAT_A_TIME, ktime_get_real_ns()))
			return msg;
	}
	nlmsg_free(msg);
	nf_xlat_nl_overrun(net, group);
	return NULL;
}

/*
 * Queue @msg for nf_xlat_nl_send_work(), which sends it to @group. If @err is set, @msg could not
 * be filled, and the group loses the event.
 *
 * Do not send it here: where there is a device of kind "nlmon", netlink_deliver_tap() transmits a
 * copy of each message at once. By rules of tc, this copy may become a packet of the same session,
 * and the caller holds the lock of that session.
 */
static void nf_xlat_nl_notify(struct net *net, unsigned int group,
			      struct sk_buff *msg, void *hdr, int err)
{
	struct nf_xlat_listeners *ls = &nf_xlat_ct_pernet(net)->listeners;

	if (err || !nf_xlat_nl_charge(net, ls)) {
		nlmsg_free(msg);
		nf_xlat_nl_overrun(net, group);
		return;
	}
	genlmsg_end(msg, hdr);
	NETLINK_CB(msg).dst_group = group;
	skb_queue_tail(&ls->events, msg);
	nf_xlat_events_queue(&ls->send);
}

/*
 * Send the events that wait now, and report lost events to their groups. When @turn jiffies have
 * passed, leave the rest. Events that are queued meanwhile are for the next call.
 */
static void nf_xlat_nl_send(struct nf_xlat_ct_net *xn, unsigned long turn)
{
	struct nf_xlat_listeners *ls = &xn->listeners;
	u32 n = skb_queue_len_lockless(&ls->events);
	unsigned long start = jiffies;
	struct sk_buff *msg;
	unsigned int i;

	while (n-- && jiffies - start <= turn && (msg = nf_xlat_nl_next(xn->net, ls))) {
		genlmsg_multicast_netns(&nf_xlat_nl_family, xn->net, msg, 0,
					NETLINK_CB(msg).dst_group, GFP_KERNEL);
		cond_resched();
	}
	for (i = 0; i < ARRAY_SIZE(nf_xlat_nl_groups); i++)
		if (test_and_clear_bit(i, &ls->overrun))
			genl_set_err(&nf_xlat_nl_family, xn->net, 0, i, -ENOBUFS);
}

/*
 * To send an event, netlink visits the members of all groups of generic netlink in all namespaces.
 * So the work of a user's namespace pauses after each run. The work of an administrator's namespace
 * does not pause, since a gateway may have more events than it could send then.
 */
static void nf_xlat_nl_send_work(struct work_struct *work)
{
	struct nf_xlat_events *ev = nf_xlat_events_of(work);
	struct nf_xlat_listeners *ls = container_of(ev, struct nf_xlat_listeners, send);
	struct nf_xlat_ct_net *xn = container_of(ls, struct nf_xlat_ct_net, listeners);
	bool of_user = nf_xlat_of_user(xn->net);
	unsigned long start = jiffies;

	nf_xlat_nl_send(xn, of_user ? NF_XLAT_NL_TURN : ULONG_MAX);
	nf_xlat_events_end(ev, of_user ? start : jiffies, false);
	if (!skb_queue_empty_lockless(&ls->events))
		nf_xlat_events_resched(ev, 0);
}

/**
 * nf_xlat_netlink_net_init - prepare the events of a namespace
 * @xn: its data, with its @net
 * @wqs: workqueues, of which one runs nf_xlat_nl_send_work()
 */
void nf_xlat_netlink_net_init(struct nf_xlat_ct_net *xn, const struct nf_xlat_wqs *wqs)
{
	spin_lock_init(&xn->listeners.lock);
	skb_queue_head_init(&xn->listeners.events);
	nf_xlat_events_init(&xn->listeners.send, nf_xlat_nl_send_work,
			    nf_xlat_wq(wqs, xn->net));
}

/**
 * nf_xlat_netlink_net_exit - free the events that wait, and cancel the work that sends them
 * @xn: the data of a namespace whose sessions and mappings have ended
 *
 * Process context.
 */
void nf_xlat_netlink_net_exit(struct nf_xlat_ct_net *xn)
{
	struct sk_buff *msg;

	nf_xlat_events_exit(&xn->listeners.send);
	while ((msg = nf_xlat_nl_next(xn->net, &xn->listeners)))
		kfree_skb(msg);
}

/**
 * nf_xlat_netlink_net_flush - send the events that wait, without a pause
 * @xn: the data of a namespace in which no event comes any more, as the module is being removed
 *
 * Process context.
 */
void nf_xlat_netlink_net_flush(struct nf_xlat_ct_net *xn)
{
	cancel_delayed_work_sync(&xn->listeners.send.work);
	nf_xlat_nl_send(xn, ULONG_MAX);
}

/**
 * nf_xlat_netlink_mapping - notify listeners of a mapping
 * @net: network namespace
 * @bib: the mapping
 * @cmd: NF_XLAT_CMD_MAPPING_NEW_NTF or NF_XLAT_CMD_MAPPING_DEL_NTF
 *
 * Any context.
 */
void nf_xlat_netlink_mapping(struct net *net, const struct nf_xlat_bib *bib,
			     u8 cmd)
{
	struct sk_buff *msg;
	void *hdr;

	if (!nf_xlat_nl_has_listeners(net, NF_XLAT_NL_MAPPINGS))
		return;
	msg = nf_xlat_nl_event(net, NF_XLAT_NL_MAPPINGS, cmd, &hdr);
	if (msg)
		nf_xlat_nl_notify(net, NF_XLAT_NL_MAPPINGS, msg, hdr,
				  nf_xlat_nl_put_mapping(msg, NF_XLAT_A_MAPPING, NULL, bib));
}

/**
 * nf_xlat_netlink_block - notify listeners of a block
 * @net: network namespace
 * @block: the block
 * @cmd: NF_XLAT_CMD_BLOCK_NEW_NTF or NF_XLAT_CMD_BLOCK_DEL_NTF
 *
 * Any context.
 */
void nf_xlat_netlink_block(struct net *net, const struct nf_xlat_bib *block, u8 cmd)
{
	struct sk_buff *msg;
	void *hdr;

	if (!nf_xlat_nl_has_listeners(net, NF_XLAT_NL_BLOCKS))
		return;
	msg = nf_xlat_nl_event(net, NF_XLAT_NL_BLOCKS, cmd, &hdr);
	if (msg)
		nf_xlat_nl_notify(net, NF_XLAT_NL_BLOCKS, msg, hdr,
				  nf_xlat_nl_put_block(msg, NULL, block));
}

/**
 * nf_xlat_netlink_has_listeners - does anybody listen to the sessions of a namespace?
 * @net: network namespace
 *
 * Any context.
 *
 * Return: true if a socket of this namespace does.
 */
bool nf_xlat_netlink_has_listeners(const struct net *net)
{
	return nf_xlat_nl_has_listeners(net, NF_XLAT_NL_SESSIONS);
}

/**
 * nf_xlat_netlink_session - notify listeners of a session
 * @ct: its entry
 * @cmd: NF_XLAT_CMD_SESSION_DEL_NTF from nf_xlat_ct_detach(); or NF_XLAT_CMD_SESSION_NEW_NTF, which
 *	is not sent if nf_xlat_ct_detach() has sent its event already, or can never send it
 *
 * Softirq or process context. The caller must not hold the lock of the entry.
 */
void nf_xlat_netlink_session(struct nf_conn *ct, u8 cmd)
{
	const struct nf_xlat_ct_data *data;
	struct net *net = nf_ct_net(ct);
	struct sk_buff *msg;
	void *hdr;

	if (!nf_xlat_netlink_has_listeners(net))
		return;
	data = nf_xlat_ct_data(ct);
	/* With the lock, the event of the begin is never queued after the event of the end. */
	spin_lock_bh(&ct->lock);
	if (cmd == NF_XLAT_CMD_SESSION_DEL_NTF ||
	    (data && READ_ONCE(data->held) != NF_XLAT_CT_GONE)) {
		msg = nf_xlat_nl_event(net, NF_XLAT_NL_SESSIONS, cmd, &hdr);
		if (msg)
			nf_xlat_nl_notify(net, NF_XLAT_NL_SESSIONS, msg, hdr,
					  nf_xlat_nl_put_session(msg, ct));
	}
	spin_unlock_bh(&ct->lock);
}

/* Put how many ports of an address mappings have, in one message for each protocol. */
static int nf_xlat_nl_addr(struct sk_buff *skb, struct netlink_callback *cb,
			   const struct nf_xlat_bib *addr)
{
	static const u8 protos[__NF_XLAT_BIB_PROTOS] = {
		[NF_XLAT_BIB_TCP]	= IPPROTO_TCP,
		[NF_XLAT_BIB_UDP]	= IPPROTO_UDP,
		[NF_XLAT_BIB_ICMP]	= IPPROTO_ICMP,
	};
	u32 ports, failures, of_blocks = nf_xlat_bib_block_ports(addr);
	struct nlattr *nest;
	unsigned int i;
	void *hdr;

	for (i = 0; i < ARRAY_SIZE(protos); i++) {
		ports = atomic_read(&addr->ports[i]);
		failures = atomic_read(&addr->failures[i]);
		if (!ports && !failures)
			continue;
		hdr = genlmsg_put(skb, NETLINK_CB(cb->skb).portid,
				  cb->nlh->nlmsg_seq, &nf_xlat_nl_family,
				  NLM_F_MULTI, NF_XLAT_CMD_POOL_GET);
		if (!hdr)
			return -EMSGSIZE;
		nest = nla_nest_start(skb, NF_XLAT_A_POOL);
		if (!nest ||
		    nla_put_in_addr(skb, NF_XLAT_A_POOL_ADDR, addr->key4.addr) ||
		    nla_put_u8(skb, NF_XLAT_A_POOL_PROTOCOL, protos[i]) ||
		    nla_put_u32(skb, NF_XLAT_A_POOL_PORTS, ports) ||
		    nla_put_u32(skb, NF_XLAT_A_POOL_FAILURES, failures) ||
		    (of_blocks &&
		     nla_put_u32(skb, NF_XLAT_A_POOL_BLOCK_PORTS, of_blocks)) ||
		    (addr->key4.zone &&
		     nla_put_u16(skb, NF_XLAT_A_POOL_ZONE, addr->key4.zone)))
			return -EMSGSIZE;
		nla_nest_end(skb, nest);
		genlmsg_end(skb, hdr);
	}
	return 0;
}

/*
 * Dump the list of addresses, and how many ports of each address mappings have. args[0] is the
 * address to go on with, which a reference keeps in the list, or 1 at the end.
 */
static int nf_xlat_nl_pool_dump(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct net *net = sock_net(cb->skb->sk);
	struct nf_xlat_bib_net *bn = &nf_xlat_ct_pernet(net)->bib;
	struct nf_xlat_bib *resume, *addr;
	unsigned int begin;
	bool full = false;

	if (cb->args[0] == 1)
		return 0;
	resume = (void *)cb->args[0];
	cb->args[0] = 1;
	rcu_read_lock();
	addr = resume ? : list_entry_rcu(bn->addrs.next, struct nf_xlat_bib, list);
	list_for_each_entry_from_rcu(addr, &bn->addrs, list) {
		if (!refcount_read(&addr->ref))
			continue;
		begin = skb->len;
		if (!full && nf_xlat_nl_addr(skb, cb, addr)) {
			skb_trim(skb, begin);
			full = true;
		}
		if (full && nf_xlat_nl_dump_hold(net, addr)) {
			cb->args[0] = (long)addr;
			break;
		}
	}
	rcu_read_unlock();
	if (resume)
		nf_xlat_nl_dump_put(net, resume);
	return skb->len;
}

static int nf_xlat_nl_pool_done(struct netlink_callback *cb)
{
	if (cb->args[0] && cb->args[0] != 1)
		nf_xlat_nl_dump_put(sock_net(cb->skb->sk), (void *)cb->args[0]);
	return 0;
}

static int nf_xlat_nl_counters(struct sk_buff *skb, struct genl_info *info)
{
	const struct nf_xlat_mib __percpu *mib = nf_xlat_mib(genl_info_net(info));
	struct sk_buff *msg;
	struct nlattr *nest;
	const char *name;
	unsigned int i;
	void *hdr;

	msg = genlmsg_new(GENLMSG_DEFAULT_SIZE, GFP_KERNEL);
	if (!msg)
		return -ENOMEM;
	hdr = genlmsg_put_reply(msg, info, &nf_xlat_nl_family, 0,
				NF_XLAT_CMD_COUNTERS_GET);
	if (!hdr)
		goto err;
	for (i = 0; i < __NF_XLAT_MIB_MAX; i++) {
		name = nf_xlat_mib_name(i);
		if (!name)
			continue;
		nest = nla_nest_start(msg, NF_XLAT_A_COUNTER);
		if (!nest || nla_put_string(msg, NF_XLAT_A_COUNTER_NAME, name) ||
		    nla_put_uint(msg, NF_XLAT_A_COUNTER_VALUE,
				 nf_xlat_mib_sum(mib, i)))
			goto err;
		nla_nest_end(msg, nest);
	}
	genlmsg_end(msg, hdr);
	return genlmsg_reply(msg, info);

err:
	nlmsg_free(msg);
	return -EMSGSIZE;
}

/*
 * Set to which groups the socket @portid listens; 0 for none.
 *
 * Return: 0, or -EBUSY if there are too many.
 */
static int nf_xlat_nl_set_listener(const struct net *net, u32 portid, u32 groups)
{
	struct nf_xlat_listeners *ls = &nf_xlat_ct_pernet(net)->listeners;
	unsigned int i, at = NF_XLAT_MAX_LISTENERS;
	u32 all = 0;

	spin_lock(&ls->lock);
	for (i = 0; i < NF_XLAT_MAX_LISTENERS && ls->portid[i] != portid; i++)
		if (!ls->portid[i] && groups)
			at = i;
	if (i < NF_XLAT_MAX_LISTENERS)
		at = i;
	if (at < NF_XLAT_MAX_LISTENERS) {
		ls->portid[at] = groups ? portid : 0;
		ls->of[at] = groups;
	}
	for (i = 0; i < NF_XLAT_MAX_LISTENERS; i++)
		all |= ls->of[i];
	WRITE_ONCE(ls->groups, all);
	spin_unlock(&ls->lock);
	return at < NF_XLAT_MAX_LISTENERS || !groups ? 0 : -EBUSY;
}

static int nf_xlat_nl_listen(struct sk_buff *skb, struct genl_info *info)
{
	int err;

	if (GENL_REQ_ATTR_CHECK(info, NF_XLAT_A_GROUPS))
		return -EINVAL;
	err = nf_xlat_nl_set_listener(genl_info_net(info), info->snd_portid,
				      nla_get_u32(info->attrs[NF_XLAT_A_GROUPS]));
	if (err)
		NL_SET_ERR_MSG(info->extack,
			       "16 sockets of this network namespace listen already");
	return err;
}

/* A socket is closed, and does not listen any more. */
static int nf_xlat_nl_release(struct notifier_block *nb, unsigned long event,
			      void *ptr)
{
	const struct netlink_notify *n = ptr;

	if (event == NETLINK_URELEASE && n->protocol == NETLINK_GENERIC &&
	    READ_ONCE(nf_xlat_ct_pernet(n->net)->listeners.groups))
		nf_xlat_nl_set_listener(n->net, n->portid, 0);
	return NOTIFY_DONE;
}

static struct notifier_block nf_xlat_nl_notifier = {
	.notifier_call	= nf_xlat_nl_release,
};

static const struct genl_ops nf_xlat_nl_ops[] = {
	{
		.cmd		= NF_XLAT_CMD_COUNTERS_GET,
		.doit		= nf_xlat_nl_counters,
	},
	{
		.cmd		= NF_XLAT_CMD_SESSION_GET,
		.doit		= nf_xlat_nl_session_get,
		.start		= nf_xlat_nl_session_start,
		.dumpit		= nf_xlat_nl_session_dump,
		.done		= nf_xlat_nl_done,
		.policy		= nf_xlat_nl_policy,
		.maxattr	= NF_XLAT_A_SESSION,
		.flags		= GENL_UNS_ADMIN_PERM,
	},
	{
		.cmd		= NF_XLAT_CMD_MAPPING_GET,
		.start		= nf_xlat_nl_mapping_start,
		.dumpit		= nf_xlat_nl_mapping_dump,
		.done		= nf_xlat_nl_done,
		.policy		= nf_xlat_nl_policy,
		.maxattr	= NF_XLAT_A_FILTER,
		.flags		= GENL_UNS_ADMIN_PERM,
	},
	{
		.cmd		= NF_XLAT_CMD_POOL_GET,
		.dumpit		= nf_xlat_nl_pool_dump,
		.done		= nf_xlat_nl_pool_done,
		.flags		= GENL_UNS_ADMIN_PERM,
	},
	{
		.cmd		= NF_XLAT_CMD_LISTEN,
		.doit		= nf_xlat_nl_listen,
		.policy		= nf_xlat_nl_listen_policy,
		.maxattr	= NF_XLAT_A_GROUPS,
		.flags		= GENL_UNS_ADMIN_PERM,
	},
	{
		.cmd		= NF_XLAT_CMD_SESSION_DEL,
		.doit		= nf_xlat_nl_session_del,
		.policy		= nf_xlat_nl_policy,
		.maxattr	= NF_XLAT_A_FILTER,
		.flags		= GENL_UNS_ADMIN_PERM,
	},
	{
		.cmd		= NF_XLAT_CMD_SESSION_NEW,
		.doit		= nf_xlat_nl_session_new,
		.policy		= nf_xlat_nl_new_policy,
		.maxattr	= NF_XLAT_A_PEER_MAPPING,
		.flags		= GENL_UNS_ADMIN_PERM,
	},
	{
		.cmd		= NF_XLAT_CMD_SESSION_SET,
		.doit		= nf_xlat_nl_session_set,
		.policy		= nf_xlat_nl_new_policy,
		.maxattr	= NF_XLAT_A_SESSION,
		.flags		= GENL_UNS_ADMIN_PERM,
	},
	{
		.cmd		= NF_XLAT_CMD_MAPPING_NEW,
		.doit		= nf_xlat_nl_mapping_new,
		.policy		= nf_xlat_nl_mapping_policy,
		.maxattr	= NF_XLAT_A_MAPPING,
		.flags		= GENL_UNS_ADMIN_PERM,
	},
	{
		.cmd		= NF_XLAT_CMD_MAPPING_DEL,
		.doit		= nf_xlat_nl_mapping_del,
		.policy		= nf_xlat_nl_mapping_policy,
		.maxattr	= NF_XLAT_A_MAPPING,
		.flags		= GENL_UNS_ADMIN_PERM,
	},
	{
		.cmd		= NF_XLAT_CMD_BLOCK_GET,
		.start		= nf_xlat_nl_block_start,
		.dumpit		= nf_xlat_nl_mapping_dump,
		.done		= nf_xlat_nl_done,
		.policy		= nf_xlat_nl_policy,
		.maxattr	= NF_XLAT_A_FILTER,
		.flags		= GENL_UNS_ADMIN_PERM,
	},
};

struct genl_family nf_xlat_nl_family __ro_after_init = {
	.name		= NF_XLAT_FAMILY_NAME,
	.version	= NF_XLAT_FAMILY_VERSION,
	.netnsok	= true,
	.parallel_ops	= true,
	.module		= THIS_MODULE,
	.ops		= nf_xlat_nl_ops,
	.n_ops		= ARRAY_SIZE(nf_xlat_nl_ops),
	.mcgrps		= nf_xlat_nl_groups,
	.n_mcgrps	= ARRAY_SIZE(nf_xlat_nl_groups),
};

/**
 * nf_xlat_netlink_init - register the family
 *
 * Process context.
 *
 * Return: 0 or a negative error.
 */
int __init nf_xlat_netlink_init(void)
{
	int err;

	err = netlink_register_notifier(&nf_xlat_nl_notifier);
	if (err)
		return err;
	err = genl_register_family(&nf_xlat_nl_family);
	if (err)
		netlink_unregister_notifier(&nf_xlat_nl_notifier);
	return err;
}

/**
 * nf_xlat_netlink_exit - unregister the family
 *
 * No dump is in progress, since each has a reference to the module. All sessions have ended, and
 * nf_xlat_netlink_net_flush() has sent their events. Process context.
 */
void nf_xlat_netlink_exit(void)
{
	genl_unregister_family(&nf_xlat_nl_family);
	netlink_unregister_notifier(&nf_xlat_nl_notifier);
}
