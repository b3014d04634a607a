// SPDX-License-Identifier: GPL-2.0-only
/*
 * Echo replies of sessions. nf_conntrack_in() would call them invalid, so this file looks up
 * their entry before it.
 */

#include <linux/icmp.h>
#include <linux/icmpv6.h>
#include <net/netfilter/nf_conntrack.h>
#include <net/netfilter/nf_conntrack_core.h>
#include <net/netfilter/nf_conntrack_ecache.h>
#include <net/netfilter/nf_conntrack_l4proto.h>
#include <net/netfilter/nf_conntrack_timeout.h>
#include <net/netfilter/nf_conntrack_zones.h>
#include "nf_xlat_ct_internal.h"
#include "compat.h"

/**
 * nf_xlat_ct_echo - do the work of nf_conntrack_in() for an echo reply of a session
 * @priv: not used
 * @skb: the packet
 * @state: the hook, just before conntrack's
 *
 * nf_conntrack_in() finds the entry by the tuple of the packet. But then
 * nf_conntrack_handle_packet() calls the tracker by the protocol of the original tuple, and
 * nf_conntrack_icmpv6_packet() refuses a packet of IPv4, as nf_conntrack_icmp_packet() does
 * one of IPv6. So this hook attaches the entry, refreshes its timeout and counts the packet.
 * nf_conntrack_in() does nothing for a packet that has an entry. This hook does not look behind
 * extension headers, so conntrack still calls an echo reply invalid that has them.
 *
 * Return: NF_ACCEPT
 */
unsigned int nf_xlat_ct_echo(void *priv, struct sk_buff *skb,
			     const struct nf_hook_state *state)
{
	const struct nf_conntrack_tuple_hash *h;
	const struct nf_conntrack_zone *zone;
	struct nf_conntrack_tuple tuple;
	struct nf_conntrack_zone tmp;
	enum ip_conntrack_info ctinfo;
	struct nf_conn *ct, *tmpl;
	unsigned int *timeouts;
	u8 proto;

	if (state->pf == NFPROTO_IPV4)
		proto = ip_hdr(skb)->protocol;
	else
		proto = ipv6_hdr(skb)->nexthdr;
	if (likely(proto != (state->pf == NFPROTO_IPV4 ? IPPROTO_ICMP :
							 IPPROTO_ICMPV6)))
		return NF_ACCEPT;

	tmpl = nf_ct_get(skb, &ctinfo);
	if (ctinfo == IP_CT_UNTRACKED || (tmpl && !nf_ct_is_template(tmpl)))
		return NF_ACCEPT;

	/*
	 * As nf_conntrack_icmpv4_error(). If the checksum is wrong, leave the packet to conntrack,
	 * which will call it invalid.
	 */
	if (state->hook == NF_INET_PRE_ROUTING &&
	    READ_ONCE(state->net->ct.sysctl_checksum) &&
	    nf_checksum(skb, state->hook, skb_network_offset(skb) +
			(state->pf == NFPROTO_IPV4 ? ip_hdrlen(skb) :
						     sizeof(struct ipv6hdr)),
			proto, state->pf))
		return NF_ACCEPT;

	if (!nf_ct_get_tuplepr(skb, skb_network_offset(skb), state->pf,
			       state->net, &tuple))
		return NF_ACCEPT;
	if (tuple.dst.u.icmp.type != (state->pf == NFPROTO_IPV4 ?
				      ICMP_ECHOREPLY : ICMPV6_ECHO_REPLY))
		return NF_ACCEPT;

	zone = nf_ct_zone_tmpl(tmpl, skb, &tmp);
	h = nf_conntrack_find_get(state->net, zone, &tuple);
	if (!h)
		return NF_ACCEPT;

	ct = nf_ct_tuplehash_to_ctrack(h);
	if (!nf_xlat_ct_is_cross_family(ct) || NF_CT_DIRECTION(h) != IP_CT_DIR_REPLY) {
		nf_ct_put(ct);
		return NF_ACCEPT;
	}

	/* Give back the template: nf_ct_set() wants a packet without an entry. */
	nf_reset_ct(skb);
	nf_ct_set(skb, ct, IP_CT_ESTABLISHED_REPLY);

	timeouts = nf_ct_timeout_lookup(ct);
	nf_ct_refresh_acct(ct, IP_CT_ESTABLISHED_REPLY, skb,
			   timeouts ? *timeouts :
			   nf_xlat_ct_pf(ct, IP_CT_DIR_ORIGINAL) == NFPROTO_IPV6 ?
			   nf_icmpv6_pernet(state->net)->timeout :
			   nf_icmp_pernet(state->net)->timeout);
	if (!test_and_set_bit(IPS_SEEN_REPLY_BIT, &ct->status))
		nf_conntrack_event_cache(IPCT_REPLY, ct);

	return NF_ACCEPT;
}
