// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sessions that userspace makes, for example those of another gateway. Such an entry is equal to
 * one that the packet path makes, see nf_xlat_ct_setup.c. No packet confirms it, so it enters
 * conntrack's table as the entries of ctnetlink_create_conntrack() do.
 */

#include <linux/ktime.h>
#include <linux/string.h>
#include <net/netfilter/nf_conntrack.h>
#include <net/netfilter/nf_conntrack_acct.h>
#include <net/netfilter/nf_conntrack_core.h>
#include <net/netfilter/nf_conntrack_ecache.h>
#include <net/netfilter/nf_conntrack_labels.h>
#include <net/netfilter/nf_conntrack_timestamp.h>
#include <linux/netfilter/nf_xlat_netlink.h>
#include "compat.h"
#include "nf_xlat_ct_internal.h"

/*
 * Conntrack does not know the windows of the two sides, because it has not seen the packets. So
 * it must accept packets whatever their sequence numbers are. The caller holds the lock of the
 * entry, or the entry is in no table yet.
 */
static void nf_xlat_ct_make_tcp(struct nf_conn *ct, u8 state)
{
	WRITE_ONCE(ct->proto.tcp.state, state);
	ct->proto.tcp.seen[IP_CT_DIR_ORIGINAL].flags |= IP_CT_TCP_FLAG_BE_LIBERAL;
	ct->proto.tcp.seen[IP_CT_DIR_REPLY].flags |= IP_CT_TCP_FLAG_BE_LIBERAL;
}

/*
 * Fill in an entry that is in no table yet. All extensions have to be added before IPS_CONFIRMED
 * is set. nf_xlat_ct_ext_init() may cache the event IPCT_NEW in the extension for events, but
 * nf_xlat_ct_make() reports that event itself. So add that extension after nf_xlat_ct_ext_init().
 *
 * Return: false without memory.
 */
static bool nf_xlat_ct_complete(struct nf_conn *ct, const struct nf_xlat_ct_params *params)
{
	struct nf_conn_tstamp *tstamp;

	if (!nf_xlat_ct_ext_init(ct, &params->range, params->oif))
		return false;
	if (!memchr_inv(params->refs, 0, __NF_XLAT_REF_MAX * sizeof(*params->refs)))
		nf_xlat_ct_data(ct)->held = NF_XLAT_CT_NONE;
	nf_xlat_ct_timeout(ct);
	nf_ct_acct_ext_add(ct, GFP_ATOMIC);
	nf_ct_tstamp_ext_add(ct, GFP_ATOMIC);
	nf_ct_ecache_ext_add(ct, 0, 0, GFP_ATOMIC);
	nf_ct_labels_ext_add(ct);

	ct->status |= IPS_CONFIRMED | params->status;
	if (params->hairpin)
		ct->status |= IPS_NAT_MASK;
	__nf_ct_set_timeout(ct, params->timeout);
	memset(&ct->proto, 0, sizeof(ct->proto));
	if (nf_ct_protonum(ct) == IPPROTO_TCP)
		nf_xlat_ct_make_tcp(ct, params->tcp_state);
#ifdef CONFIG_NF_CONNTRACK_MARK
	ct->mark = params->mark;
#endif
	tstamp = nf_conn_tstamp_find(ct);
	if (tstamp)
		tstamp->start = ktime_get_real_ns();
	return true;
}

/**
 * nf_xlat_ct_make - make a session without a packet
 * @net: network namespace, in which the hooks for sessions have been registered. For a new device,
 *	nf_xlat_ct_track() may register conntrack a moment later. Until then, packets do not find
 *	the entry.
 * @params: the session. nf_xlat_ct_attach() takes the references of @params->refs.
 *
 * The event of conntrack has the netlink port of the socket that asks for the session, so that a
 * daemon recognizes its own sessions. Report is 0, as otherwise ctnetlink would look for that port
 * among the sockets of NETLINK_NETFILTER.
 *
 * Like the entry of a packet, the entry gets its references after it has entered conntrack's table.
 * RCU read side, process context.
 *
 * Return: 0; -EEXIST if an entry has one of the tuples; -ENOSPC if too many have the same hash;
 * -EAGAIN on 6.1, if core code has made the extensions of the entry invalid; -ENOMEM also if
 * conntrack's table is full.
 */
int nf_xlat_ct_make(struct net *net, const struct nf_xlat_ct_params *params)
{
	unsigned int i, events = BIT(IPCT_NEW);
	struct nf_conn *ct;
	int err = -ENOMEM;

	ct = nf_conntrack_alloc(net, &params->zone, &params->tuple[IP_CT_DIR_ORIGINAL],
				&params->tuple[IP_CT_DIR_REPLY], GFP_ATOMIC);
	if (IS_ERR(ct))
		return -ENOMEM;
	if (nf_xlat_ct_complete(ct, params))
		err = nf_conntrack_hash_check_insert(ct);
	if (err) {
		if (ct->master)
			nf_ct_put(ct->master);
		nf_conntrack_free(ct);
		return err;
	}

	/* Packets find the entry now, and it may end at any time, see nf_xlat_ct_attach(). */
	for (i = 0; i < __NF_XLAT_REF_MAX; i++)
		if (params->refs[i] && i < NF_XLAT_REF_PEER)
			nf_xlat_bib_announce(net, params->refs[i]);
	nf_xlat_netlink_session(ct, NF_XLAT_CMD_SESSION_NEW_NTF);
	nf_xlat_ct_attach(ct, params->refs);

	if (params->status & IPS_SEEN_REPLY)
		events |= BIT(IPCT_REPLY);
	if (params->status & IPS_ASSURED)
		events |= BIT(IPCT_ASSURED);
	nf_conntrack_eventmask_report(events | BIT(IPCT_PROTOINFO) | BIT(IPCT_MARK),
				      ct, params->portid, 0);
	nf_ct_put(ct);
	return 0;
}

/**
 * nf_xlat_ct_set - change a session: its timeout, status, mark and state of TCP
 * @ct: its entry, to which the caller has a reference
 * @params: what to set. The bits of @params->status are set, and no bits are cleared.
 *
 * Process context.
 *
 * Return: 0; -EPERM if a rule has fixed the timeout; -ETIME if the session has ended.
 */
int nf_xlat_ct_set(struct nf_conn *ct, const struct nf_xlat_ct_params *params)
{
	if (params->has_timeout && test_bit(IPS_FIXED_TIMEOUT_BIT, &ct->status))
		return -EPERM;
	if (params->tcp_state) {
		spin_lock_bh(&ct->lock);
		nf_xlat_ct_make_tcp(ct, params->tcp_state);
		spin_unlock_bh(&ct->lock);
	}
	if (params->status & IPS_SEEN_REPLY)
		set_bit(IPS_SEEN_REPLY_BIT, &ct->status);
	if (params->status & IPS_ASSURED)
		set_bit(IPS_ASSURED_BIT, &ct->status);
#ifdef CONFIG_NF_CONNTRACK_MARK
	if (params->has_mark)
		WRITE_ONCE(ct->mark, params->mark);
#endif
	if (params->has_timeout)
		__nf_ct_set_timeout(ct, params->timeout);
	if (nf_ct_is_dying(ct))
		return -ETIME;
	nf_conntrack_eventmask_report(BIT(IPCT_REPLY) | BIT(IPCT_ASSURED) |
				      BIT(IPCT_PROTOINFO) | BIT(IPCT_MARK),
				      ct, params->portid, 0);
	return 0;
}
