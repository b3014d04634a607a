// SPDX-License-Identifier: GPL-2.0-only
/*
 * State of IPv4/IPv6 translation: one conntrack entry across both families.
 *
 * The original tuple describes the first packet, the reply tuple describes the
 * answer that is expected, and their families differ. So each packet needs one
 * look-up, conntrack keeps the ports of sessions apart from those of NAT44 and of
 * this host's own flows, and all other functions of conntrack apply. Some core
 * code assumes that an entry has one family; nf_xlat_ct_ext_init() keeps that code
 * away from sessions.
 */

#include <linux/icmp.h>
#include <linux/icmpv6.h>
#include <linux/module.h>
#include <linux/netfilter_ipv4.h>
#include <linux/netfilter_ipv6.h>
#include <linux/netfilter/nf_xlat_netlink.h>
#include <net/inet_sock.h>
#include <net/ip6_route.h>
#include <net/l3mdev.h>
#include <net/route.h>
#include <net/netfilter/nf_conntrack.h>
#include <net/netfilter/nf_conntrack_act_ct.h>
#include <net/netfilter/nf_conntrack_core.h>
#include <net/netfilter/nf_conntrack_l4proto.h>
#include <net/netfilter/nf_conntrack_seqadj.h>
#include <net/netfilter/nf_conntrack_synproxy.h>
#include <net/netfilter/nf_conntrack_zones.h>
#include <net/netfilter/nf_nat.h>
#include <net/netfilter/nf_socket.h>
#include "nf_xlat_ct_internal.h"
#include "compat.h"

/*
 * Just before NAT, so that no chain can run between this hook and NAT, and see a packet that only
 * one of them has translated.
 */
#define NF_XLAT_PRI_CT		(NF_IP_PRI_NAT_DST - 1)
/* Just before conntrack, which calls these echo replies invalid, see nf_xlat_ct_echo(). */
#define NF_XLAT_PRI_ECHO	(NF_IP_PRI_CONNTRACK - 1)
/* Just after NAT. A packet whose destination NAT changes is not for a mapping. */
#define NF_XLAT_PRI_IN		(NF_IP_PRI_NAT_DST + 1)
/* After all chains, and before conntrack confirms the entry */
#define NF_XLAT_PRI_LOCAL_IN	(NF_IP_PRI_LAST - 1)

/*
 * This is not a netfilter verdict. It tells the caller that the entry is a session now, and
 * that the caller has to translate the packet.
 */
#define NF_XLAT_CT_BEGUN	(NF_MAX_VERDICT + 1)

/* Set addresses and ports to those of a packet that @t describes. */
static void nf_xlat_hdr_same(struct nf_xlat_hdr *hdr,
			     const struct nf_conntrack_tuple *t)
{
	hdr->saddr = t->src.u3;
	hdr->daddr = t->dst.u3;
	hdr->sport = t->src.u.all;
	hdr->dport = nf_xlat_tuple_is_icmp(t) ? t->src.u.all : t->dst.u.all;
}

/* Set addresses and ports to those of a packet that answers one which @t describes. */
static void nf_xlat_hdr_inverse(struct nf_xlat_hdr *hdr,
				const struct nf_conntrack_tuple *t)
{
	hdr->saddr = t->dst.u3;
	hdr->daddr = t->src.u3;
	hdr->sport = nf_xlat_tuple_is_icmp(t) ? t->src.u.all : t->dst.u.all;
	hdr->dport = t->src.u.all;
}

/*
 * Choose the source address of a translated ICMP error. Any router on the path may have
 * sent the error (RFC 7915 sections 4.3 and 5.3). On entry, the source in @hdr is the translated
 * address of the host at that end of the session. It stays where the address of the router cannot
 * be translated: a router of the IPv6 side has no IPv4 address, and a port forward from IPv6 to
 * an IPv4 host has no prefix.
 *
 * Return: NF_XLAT_OK, or NF_XLAT_ADDRESS if the prefix of the session is not known.
 */
static enum nf_xlat_reason
nf_xlat_ct_error_saddr(const struct nf_conn *ct, enum ip_conntrack_dir dir,
		       const struct nf_xlat_pkt *pkt, struct nf_xlat_hdr *hdr)
{
	const struct nf_conntrack_tuple *t = nf_xlat_ct_tuple(ct, dir);
	struct nf_xlat_prefix prefix;

	if (pkt->pf == NFPROTO_IPV6 ||
	    pkt->l3.saddr.ip == t->src.u3.ip || nf_xlat_ct_forwarded(ct))
		return NF_XLAT_OK;

	if (!nf_xlat_ct_prefix(ct, &prefix))
		return NF_XLAT_ADDRESS;
	/*
	 * RFC 6052 section 3.1: the well-known prefix must not represent the address of this
	 * router, a private address for example. Path MTU discovery needs the error all the
	 * same, so give it the address of the peer.
	 */
	if (!nf_xlat_prefix_allows(&prefix, pkt->l3.saddr.ip))
		return NF_XLAT_OK;
	nf_xlat_addr_4to6(&prefix, pkt->l3.saddr.ip, &hdr->saddr.in6);
	return NF_XLAT_OK;
}

/*
 * The route of the packet leads to another device than the one whose address the session
 * masquerades with. Do as nf_nat_inet_fn() does if nf_nat_oif_changed(): remove the entry, so
 * that the next packet begins a new session. nf_xlat_send(), which calls this by
 * nf_xlat_parm.oif_changed, drops this packet.
 */
static void nf_xlat_ct_oif_changed(struct sk_buff *skb)
{
	enum ip_conntrack_info ctinfo;
	struct nf_conn *ct;

	ct = nf_ct_get(skb, &ctinfo);
	if (nf_ct_is_confirmed(ct))
		nf_ct_kill(ct);
}

/*
 * Find the device of kind "xlat" that counts the packets of a session. @index is the number
 * from nf_xlat_ct_owner_add(). Returns NULL if there is none, or if it is gone.
 */
static const struct nf_xlat_owner *nf_xlat_ct_owner(const struct net *net,
						    u8 index)
{
	return likely(!index) ? NULL :
	       rcu_dereference(nf_xlat_ct_pernet(net)->owners[index]);
}

/* As nf_xlat_reject(), and count the packet for the device with number @owner. */
static noinline unsigned int
nf_xlat_ct_reject(struct sk_buff *skb, const struct nf_hook_state *state,
		  u8 owner, const struct nf_xlat_pkt *pkt,
		  enum nf_xlat_reason reason)
{
	struct nf_xlat_way way = nf_xlat_way_of(state);

	way.owner = nf_xlat_ct_owner(state->net, owner);
	return nf_xlat_reject(skb, &way, pkt, reason);
}

/*
 * Translate a packet of a session, in direction @dir, or an ICMP error about the other direction.
 * Returns a verdict as nf_xlat_send() does.
 */
static unsigned int nf_xlat_ct_packet(struct sk_buff *skb,
				      const struct nf_hook_state *state,
				      const struct nf_conn *ct,
				      enum ip_conntrack_dir dir,
				      struct nf_xlat_pkt *pkt)
{
	const struct nf_conntrack_tuple *t = nf_xlat_ct_tuple(ct, !dir);
	const struct nf_xlat_ct_data *data = nf_xlat_ct_data(ct);
	struct nf_xlat_way way = nf_xlat_way_of(state);
	struct nf_xlat_parm parm __uninitialized;
	enum nf_xlat_reason reason;

	/*
	 * ipv6_skip_exthdr(), which conntrack calls, skips an AH header. nf_xlat_parse()
	 * takes AH for the transport protocol. So the two protocols may differ.
	 */
	if (!pkt->icmp_error &&
	    nf_xlat_new_proto(pkt->pf, pkt->l3.proto) != t->dst.protonum)
		return nf_xlat_ct_reject(skb, state, data ? data->owner : 0, pkt,
					 NF_XLAT_PROTO);

	parm.lowest_mtu6 = 0;
	if (likely(data)) {
		parm.lowest_mtu6 = data->mtu;
		way.owner = nf_xlat_ct_owner(state->net, data->owner);
	}
	parm.ports = nf_xlat_ct_has_mappings(t->dst.protonum);
	parm.keep_ct = true;
	parm.oif = dir == IP_CT_DIR_ORIGINAL && !pkt->icmp_error ?
		   nf_xlat_ct_oif(ct) : 0;
	parm.oif_changed = nf_xlat_ct_oif_changed;
	nf_xlat_hdr_inverse(&parm.outer, t);
	if (pkt->icmp_error) {
		nf_xlat_hdr_same(&parm.inner, t);
		reason = nf_xlat_ct_error_saddr(ct, dir, pkt, &parm.outer);
		if (reason)
			return nf_xlat_owner_drop(way.owner, state->net, skb,
						  reason);
	}

	return nf_xlat_send(skb, &way, pkt, &parm);
}

/*
 * Translate the first packet of a session, and hand over @refs, the references that it has taken.
 * The caller must not put them any more. Returns a verdict as nf_xlat_send() does.
 */
static unsigned int nf_xlat_ct_first(struct sk_buff *skb,
				     const struct nf_hook_state *state,
				     struct nf_conn *ct,
				     struct nf_xlat_pkt *pkt,
				     struct nf_xlat_bib **refs)
{
	struct nf_xlat_ct_first first __uninitialized;
	struct nf_xlat_ct_data *data;
	unsigned int verdict;

	if (!refs[NF_XLAT_REF_BIB] && !refs[NF_XLAT_REF_HAIRPIN] &&
	    !refs[NF_XLAT_REF_BLOCK]) {
		/* The references of a hairpin's first translation are still to come. */
		data = nf_xlat_ct_data(ct);
		if (data && !nf_xlat_ct_hairpin(ct))
			WRITE_ONCE(data->held, NF_XLAT_CT_NONE);
		if (likely(!nf_xlat_netlink_has_listeners(state->net)))
			return nf_xlat_ct_packet(skb, state, ct, IP_CT_DIR_ORIGINAL, pkt);
	}

	first.ct = ct;
	first.net = state->net;
	first.zone = *nf_ct_zone(ct);
	first.orig = *nf_xlat_ct_tuple(ct, IP_CT_DIR_ORIGINAL);
	memcpy(first.refs, refs, sizeof(first.refs));
	first.begins = !nf_xlat_ct_hairpin(ct);
	verdict = nf_xlat_ct_packet(skb, state, ct, IP_CT_DIR_ORIGINAL, pkt);
	if (verdict != NF_STOLEN || !nf_xlat_ct_hand_over_later(&first))
		nf_xlat_ct_hand_over(&first);
	return verdict;
}

/*
 * Is the reply tuple another one than conntrack gives to each new entry? IPVS changes it where its
 * sysctl "conntrack" is set, and sets no bit of IPS_NAT_MASK.
 */
static bool nf_xlat_ct_altered(const struct nf_conn *ct)
{
	const struct nf_conntrack_tuple *orig = nf_xlat_ct_tuple(ct, IP_CT_DIR_ORIGINAL);
	const struct nf_conntrack_tuple *reply = nf_xlat_ct_tuple(ct, IP_CT_DIR_REPLY);

	if (!nf_inet_addr_cmp(&reply->src.u3, &orig->dst.u3) ||
	    !nf_inet_addr_cmp(&reply->dst.u3, &orig->src.u3))
		return true;
	/* IPVS changes no identifier of ICMP, and nf_ct_invert_tuple() keeps it. */
	if (nf_ct_protonum(ct) == IPPROTO_ICMP || nf_ct_protonum(ct) == IPPROTO_ICMPV6)
		return false;
	return reply->src.u.all != orig->dst.u.all || reply->dst.u.all != orig->src.u.all;
}

/*
 * Does anybody else than the packet use this entry, which has one family and is not confirmed?
 * Then it cannot become a session, because that would change what the other user relies on:
 * nf_xlat_ct_ext_init() adds an extension and overwrites nat_bysource, and
 * nf_conntrack_alter_reply() changes the reply tuple. The other user may be NAT, a helper, act_ct,
 * Open vSwitch, IPVS, the SYN proxy, an expectation, or another packet that refers to the same
 * entry.
 *
 * nf_nat_setup_info() sets IPS_SRC_NAT_DONE when it links nat_bysource into its hash table.
 * The node itself does not tell whether it is linked, as nf_conntrack_alloc() does not clear
 * it. IPS_DST_NAT_DONE alone is no sign of a user: where NAT has hooks, each entry has it.
 *
 * nf_xlat_ct_ext() is a part of nfct_help(), but an extension of its own in the kernel's tree.
 */
static bool nf_xlat_ct_in_use(const struct nf_conn *ct, const struct net *net)
{
	return ct->status & (IPS_NAT_MASK | IPS_SRC_NAT_DONE | IPS_EXPECTED |
			     IPS_SEQ_ADJUST | IPS_TEMPLATE) ||
	       ct->master || nfct_help(ct) || nf_xlat_ct_ext(ct) ||
	       nfct_seqadj(ct) ||
	       nfct_synproxy(ct) || nf_conn_act_ct_ext_find(ct) ||
	       refcount_read(&ct->ct_general.use) != 1 ||
	       !net_eq(nf_ct_net(ct), net) || nf_xlat_ct_altered(ct);
}

/*
 * Is the entry new, so that this packet would begin a session if nobody else used its entry? The
 * entry has one family. The packet is IP_CT_RELATED if an expectation was waiting for it. Or the
 * packet is that of a hairpin (RFC 6146 section 3.8): it has begun the session in IPv6, has been
 * translated to IPv4, and now goes back to an IPv6 client.
 */
static bool nf_xlat_ct_is_new(const struct nf_conn *ct,
			      enum ip_conntrack_info ctinfo, u8 pf)
{
	u8 orig = nf_xlat_ct_pf(ct, IP_CT_DIR_ORIGINAL);

	if ((ctinfo != IP_CT_NEW && ctinfo != IP_CT_RELATED) ||
	    nf_ct_is_confirmed(ct))
		return false;
	if (nf_xlat_ct_is_cross_family(ct))
		return pf == NFPROTO_IPV4 && orig == NFPROTO_IPV6;
	return orig == pf;
}

/*
 * Remove the entry of a packet if it is older than the rule: it has one family, because its
 * packets passed without translation, and nobody has answered them. If it stayed, each further
 * packet would refresh its timeout, and the sender could never begin a session.
 */
static void nf_xlat_ct_kill_unreplied(struct nf_conn *ct, u8 pf)
{
	if (nf_xlat_ct_pf(ct, IP_CT_DIR_ORIGINAL) == pf &&
	    nf_ct_is_confirmed(ct) &&
	    !test_bit(IPS_SEEN_REPLY_BIT, &ct->status))
		nf_ct_kill(ct);
}

/* Drop a packet that a rule or a device matches and cannot translate, and count it. */
static unsigned int nf_xlat_ct_range_drop(const struct sk_buff *skb,
					  const struct nf_hook_state *state,
					  const struct nf_xlat_ct_range *range,
					  enum nf_xlat_reason reason)
{
	return nf_xlat_owner_drop(nf_xlat_ct_owner(state->net, range->owner),
				  state->net, skb, reason);
}

/* Drop a packet that would begin a session, since somebody else uses its entry, and count it. */
static unsigned int nf_xlat_ct_claimed_drop(const struct sk_buff *skb,
					    const struct nf_hook_state *state,
					    u8 owner)
{
	nf_xlat_warn(state->net, "NAT, a helper or tc has the conntrack entry, dropping packet");
	return nf_xlat_owner_drop(nf_xlat_ct_owner(state->net, owner),
				  state->net, skb, NF_XLAT_STATE);
}

/*
 * Make the entry of a packet from IPv4 a session.
 *
 * The packet of a hairpin has been translated from IPv6 before. An ICMP error about it is
 * translated back to IPv6 by the reply tuple that the first translation gave to the entry. So
 * nf_xlat_send_check() checks address, route, TTL and MTU, and sends an error, before
 * nf_xlat_ct_setup_in() changes that tuple.
 *
 * The function is not inlined: its variables must not be on the stack while the translated
 * packet goes through the rest of the hooks.
 *
 * Return: NF_XLAT_CT_BEGUN, or a verdict.
 */
static noinline unsigned int
nf_xlat_ct_begin_in(struct sk_buff *skb, const struct nf_hook_state *state,
		    struct nf_conn *ct, const struct nf_xlat_pkt *pkt,
		    const struct nf_xlat_ct_range *range)
{
	struct nf_xlat_parm parm = { .keep_ct = true };
	struct nf_xlat_way way = nf_xlat_way_of(state);
	struct nf_conntrack_tuple reply;
	enum nf_xlat_reason reason;
	unsigned int verdict;

	/*
	 * If nfnetlink_queue has segmented the first packet of a hairpin, all segments refer to
	 * this entry, and its tuple must not change under them. So drop all but the last one.
	 */
	if (nf_xlat_ct_is_cross_family(ct) && refcount_read(&ct->ct_general.use) != 1)
		return nf_xlat_ct_range_drop(skb, state, range, NF_XLAT_STATE);

	reason = nf_xlat_ct_reply_in(ct, range, &reply);
	if (!reason && nf_xlat_ct_is_cross_family(ct)) {
		parm.lowest_mtu6 = range->mtu;
		way.owner = nf_xlat_ct_owner(state->net, range->owner);
		nf_xlat_hdr_inverse(&parm.outer, &reply);
		verdict = nf_xlat_send_check(skb, &way, pkt, &parm);
		if (verdict != NF_ACCEPT)
			return verdict;
	}
	if (!reason)
		reason = nf_xlat_ct_setup_in(ct, range, &reply);
	return reason ? nf_xlat_ct_reject(skb, state, range->owner, pkt, reason) :
			NF_XLAT_CT_BEGUN;
}

/* A rule ("dnat to") matches a packet from IPv4 that begins a session. */
static unsigned int nf_xlat_ct_new_in(struct sk_buff *skb,
				      const struct nf_hook_state *state,
				      struct nf_conn *ct,
				      struct nf_xlat_pkt *pkt,
				      const struct nf_xlat_ct_range *range)
{
	struct nf_xlat_bib *refs[__NF_XLAT_REF_MAX] = {};
	unsigned int verdict;

	verdict = nf_xlat_ct_begin_in(skb, state, ct, pkt, range);
	return verdict == NF_XLAT_CT_BEGUN ?
	       nf_xlat_ct_first(skb, state, ct, pkt, refs) : verdict;
}

/* A rule or a device matches a packet from IPv6 that begins a session. */
static unsigned int nf_xlat_ct_new_out(struct sk_buff *skb,
				       const struct nf_hook_state *state,
				       struct nf_conn *ct,
				       struct nf_xlat_pkt *pkt,
				       const struct nf_xlat_ct_range *range)
{
	struct nf_xlat_bib *refs[__NF_XLAT_REF_MAX] = {};
	enum nf_xlat_reason reason = NF_XLAT_PROTO;

	/* The two protocols differ for a packet with an AH header, see nf_xlat_ct_packet(). */
	if (pkt->l3.proto == nf_ct_protonum(ct))
		reason = nf_xlat_ct_setup_out(skb, state, pkt, ct, range, refs);
	if (!reason)
		return nf_xlat_ct_first(skb, state, ct, pkt, refs);

	nf_xlat_ct_release(state->net, refs);
	return nf_xlat_ct_reject(skb, state, range->owner, pkt, reason);
}

/**
 * nf_xlat_ct - translate a packet, with state in conntrack
 * @skb: packet that a stateful rule matched
 * @state: hook that it is in: PRE_ROUTING or LOCAL_OUT, after conntrack
 * @range: the rule's addresses, ports and prefix
 *
 * The first packet of a flow makes the session, RFC 6146 section 3.5. nf_xlat_ct_hook()
 * translates the later packets, unless the rule's chain runs before that hook. Then this function
 * translates them. RCU read side.
 *
 * Return: NF_STOLEN; NF_DROP with the reason counted; or NF_ACCEPT for a packet that this
 * rule does not translate.
 */
unsigned int nf_xlat_ct(struct sk_buff *skb, const struct nf_hook_state *state,
			const struct nf_xlat_ct_range *range)
{
	enum ip_conntrack_info ctinfo;
	bool begins, same, forwards;
	enum nf_xlat_reason reason;
	struct nf_xlat_pkt pkt;
	struct nf_conn *ct;

	forwards = state->pf == NFPROTO_IPV4 || range->dest;
	ct = nf_ct_get(skb, &ctinfo);
	/* nf_xlat_ct_hook() calls nf_nat for the later packets of a hairpin. */
	if (ct && unlikely(nf_xlat_ct_hairpin(ct)))
		return NF_ACCEPT;
	begins = ct && nf_xlat_ct_is_new(ct, ctinfo, state->pf);
	same = ct && nf_xlat_ct_is_cross_family(ct) &&
	       nf_xlat_ct_pf(ct, CTINFO2DIR(ctinfo)) == state->pf;
	if (begins && !nf_xlat_ct_is_cross_family(ct) && nf_xlat_ct_in_use(ct, state->net)) {
		/* A dnat rule has changed this packet. It has precedence over a port forward. */
		if (forwards && ct->status & IPS_NAT_MASK)
			return NF_ACCEPT;
		return nf_xlat_ct_claimed_drop(skb, state, range->owner);
	}
	/* As in NAT, only the first packet of a session is subject to a port forward. */
	if (forwards && !begins && !same)
		return NF_ACCEPT;

	reason = nf_xlat_parse(skb, state->pf,
			       nf_xlat_reassembled(skb, state->pf), &pkt);
	if (reason)
		return nf_xlat_ct_reject(skb, state, range->owner, &pkt, reason);
	if (begins && !pkt.icmp_error)
		return state->pf == NFPROTO_IPV6 ?
		       nf_xlat_ct_new_out(skb, state, ct, &pkt, range) :
		       nf_xlat_ct_new_in(skb, state, ct, &pkt, range);
	if (same)
		return nf_xlat_ct_packet(skb, state, ct, CTINFO2DIR(ctinfo),
					 &pkt);

	if (ct && nf_xlat_ct_is_cross_family(ct))
		return nf_xlat_ct_range_drop(skb, state, range, NF_XLAT_LOOP);
	if (ct && !pkt.icmp_error)
		nf_xlat_ct_kill_unreplied(ct, state->pf);
	return nf_xlat_ct_range_drop(skb, state, range, NF_XLAT_STATE);
}
EXPORT_SYMBOL_GPL(nf_xlat_ct);

/* Is there a socket of this host for the packet? RCU read side. */
static bool nf_xlat_ct_has_socket(const struct sk_buff *skb,
				  const struct nf_hook_state *state)
{
	const struct net_device *dev;
	struct sock *sk;

	/* tproxy has assigned the socket already. */
	if (skb->sk)
		return true;

	/*
	 * The socket may be bound to the device or to the VRF that the device belongs to. In a
	 * VRF, the packet passes this hook twice: as coming in by the device, and by the VRF.
	 */
	sk = nf_sk_lookup_slow_v4(state->net, skb, state->in);
	if (netif_is_l3_master(state->in))
		dev = dev_get_by_index_rcu(state->net, inet_sdif(skb));
	else
		dev = l3mdev_master_dev_rcu(state->in);
	if (!sk && dev)
		sk = nf_sk_lookup_slow_v4(state->net, skb, dev);
	if (!sk)
		return false;
	sock_gen_put(sk);
	return true;
}

/*
 * Is the packet for this host itself? Then it goes to an address of this host, and either is an
 * ICMP message or there is a socket for it. Or tproxy has assigned a socket to it; then it may go
 * to any address.
 */
static bool nf_xlat_ct_for_us(const struct sk_buff *skb,
			      const struct nf_hook_state *state)
{
	if (!skb->sk &&
	    inet_addr_type_dev_table(state->net, state->in,
				     ip_hdr(skb)->daddr) != RTN_LOCAL)
		return false;
	return ip_hdr(skb)->protocol == IPPROTO_ICMP ||
	       nf_xlat_ct_has_socket(skb, state);
}

/*
 * Look for the mapping that a new packet from IPv4 is for, and make the entry a session. @refs
 * gets the references of the session. The caller has to put or hand over those that are in @refs,
 * whatever this returns. The function is not inlined for the same reason as nf_xlat_ct_begin_in().
 *
 * Return: NF_XLAT_CT_BEGUN, with @pkt filled in; NF_ACCEPT if the packet is for no mapping, or for
 * this host itself; or NF_DROP, with the reason counted.
 */
static noinline unsigned int
nf_xlat_ct_in_mapping(struct sk_buff *skb, const struct nf_hook_state *state,
		      struct nf_conn *ct, struct nf_xlat_pkt *pkt,
		      struct nf_xlat_bib **refs)
{
	struct nf_xlat_ct_range range;
	struct nf_conntrack_tuple t;
	enum nf_xlat_reason reason;
	struct nf_xlat_bib *bib, *permission;
	struct nf_xlat_bib_key4 key;
	bool hairpin;

	hairpin = nf_xlat_ct_is_cross_family(ct);
	nf_xlat_ct_first4(ct, &t);
	/* Other protocols have no mappings. A key with protocol 0 would find an address. */
	if (!nf_xlat_ct_has_mappings(t.dst.protonum))
		return NF_ACCEPT;
	/*
	 * RFC 6146 section 3.5.2.2: only a SYN from IPv4 begins a session. Any other segment
	 * may belong to a connection of this host.
	 */
	if (t.dst.protonum == IPPROTO_TCP &&
	    ct->proto.tcp.state != TCP_CONNTRACK_SYN_SENT)
		return NF_ACCEPT;

	nf_xlat_ct_key4(&key, ct, hairpin ? IP_CT_DIR_REPLY :
					    IP_CT_DIR_ORIGINAL, t.dst.protonum);
	key.addr = t.dst.u3.ip;
	key.port = nf_xlat_tuple_is_icmp(&t) ? t.src.u.icmp.id : t.dst.u.all;
	bib = nf_xlat_bib_find4(state->net, &key);
	if (!bib)
		return NF_ACCEPT;
	refs[hairpin ? NF_XLAT_REF_HAIRPIN : NF_XLAT_REF_BIB] = bib;
	if (nf_xlat_ct_for_us(skb, state))
		return NF_ACCEPT;
	if (!hairpin && nf_xlat_ct_in_use(ct, state->net))
		return nf_xlat_ct_claimed_drop(skb, state, READ_ONCE(bib->owner));

	reason = nf_xlat_parse(skb, state->pf,
			       nf_xlat_reassembled(skb, state->pf), pkt);
	if (!reason && bib->key6.filter) {
		key.peer = t.src.u3.ip;
		permission = nf_xlat_bib_find4(state->net, &key);
		if (!permission)
			reason = NF_XLAT_FILTERED;
		refs[hairpin ? NF_XLAT_REF_HAIRPIN_PEER : NF_XLAT_REF_PEER] = permission;
	}
	if (reason)
		return nf_xlat_ct_reject(skb, state, READ_ONCE(bib->owner), pkt,
					 reason);

	range = (struct nf_xlat_ct_range){
		.prefix		= bib->key6.prefix,
		.min_addr.in6	= bib->key6.addr,
		.max_addr.in6	= bib->key6.addr,
		.min_proto	= bib->key6.port,
		.max_proto	= bib->key6.port,
		.mtu		= bib->key6.mtu,
		.flags		= NF_NAT_RANGE_PROTO_SPECIFIED,
		.masq_index	= READ_ONCE(bib->masq_index),
		.masq		= bib->key6.masq,
		.owner		= READ_ONCE(bib->owner),
		.mapped		= true,
	};
	return nf_xlat_ct_begin_in(skb, state, ct, pkt, &range);
}

/*
 * The part of nf_xlat_ct_in() for first packets. It is not inlined, so that other packets need
 * no stack for its large variables.
 */
static noinline unsigned int
nf_xlat_ct_in_slow(struct sk_buff *skb, const struct nf_hook_state *state,
		   struct nf_conn *ct)
{
	struct nf_xlat_bib *refs[__NF_XLAT_REF_MAX] = {};
	struct nf_xlat_pkt pkt;
	unsigned int verdict;

	verdict = nf_xlat_ct_in_mapping(skb, state, ct, &pkt, refs);
	if (verdict == NF_XLAT_CT_BEGUN)
		return nf_xlat_ct_first(skb, state, ct, &pkt, refs);
	nf_xlat_ct_release(state->net, refs);
	return verdict;
}

/*
 * Hook that begins a session with an IPv6 endpoint that has a mapping. The packet is from an IPv4
 * host (RFC 6146 sections 3.5.1 and 3.5.2), or from another IPv6 client, whose packet has been
 * translated to IPv4 before (hairpin, section 3.8).
 */
static unsigned int nf_xlat_ct_in(void *priv, struct sk_buff *skb,
				  const struct nf_hook_state *state)
{
	enum ip_conntrack_info ctinfo;
	struct nf_conn *ct;

	ct = nf_ct_get(skb, &ctinfo);
	if (likely(!ct || !nf_xlat_ct_is_new(ct, ctinfo, state->pf)) ||
	    nf_xlat_bridged(skb))
		return NF_ACCEPT;
	/* NAT44 has precedence over a mapping. */
	if (ct->status & IPS_NAT_MASK)
		return NF_ACCEPT;
	return nf_xlat_ct_in_slow(skb, state, ct);
}

/*
 * Hook that drops a SYN to a port of a pool that neither a session nor a socket of this host
 * uses. The sender is an IPv4 host, or another IPv6 client (hairpin).
 *
 * A client may be about to send a SYN to the sender, and may get this port for it (simultaneous
 * open). A RST of this host would end the connection on the side of the sender. So RFC 5382 REQ-4
 * forbids an answer within 6 seconds. This host never answers, as RFC 6146 section 3.5.2.2 allows.
 *
 * The hook runs after all chains, since a rule may accept or redirect the packet. It runs before
 * conntrack confirms the entry, since a confirmed entry would take the port from the client. No
 * client waits for a SYN that this host sends to itself, so that SYN is answered as usual.
 */
static unsigned int nf_xlat_ct_local_in(void *priv, struct sk_buff *skb,
					const struct nf_hook_state *state)
{
	enum ip_conntrack_info ctinfo;
	struct nf_conntrack_tuple t;
	struct nf_xlat_bib_key4 key;
	struct nf_conn *ct;

	ct = nf_ct_get(skb, &ctinfo);
	if (likely(!ct || ctinfo != IP_CT_NEW || nf_ct_is_confirmed(ct)))
		return NF_ACCEPT;
	if (nf_ct_protonum(ct) != IPPROTO_TCP ||
	    ct->proto.tcp.state != TCP_CONNTRACK_SYN_SENT ||
	    ct->status & IPS_NAT_MASK || state->in->flags & IFF_LOOPBACK)
		return NF_ACCEPT;

	nf_xlat_ct_first4(ct, &t);
	nf_xlat_ct_key4(&key, ct, nf_xlat_ct_is_cross_family(ct) ? IP_CT_DIR_REPLY :
						       IP_CT_DIR_ORIGINAL, IPPROTO_TCP);
	key.addr = t.dst.u3.ip;
	key.port = t.dst.u.tcp.port;
	if (nf_xlat_ct_has_socket(skb, state) ||
	    (!nf_xlat_bib_may_map(state->net, &key) &&
	     !nf_xlat_ct_pools_have(state->net, skb, &t)))
		return NF_ACCEPT;
	return nf_xlat_drop(state->net, skb, NF_XLAT_UNSOLICITED);
}

/*
 * The sender of a hairpin has to see a Packet Too Big message as if the message had been
 * translated to IPv4 and back. RFC 7915 section 4.2 gives such a message an MTU of 1280 at
 * least. nf_nat translates it in one step and does not change the MTU, so raise the MTU here.
 * @off: offset of the ICMPv6 header
 */
static void nf_xlat_ct_hairpin_mtu(struct sk_buff *skb, int off)
{
	const __be32 least = htonl(IPV6_MIN_MTU);
	struct icmp6hdr *icmp6;

	/* nf_nat_icmpv6_reply_translation() has made it writable. */
	icmp6 = (struct icmp6hdr *)(skb->data + off);
	if (icmp6->icmp6_type != ICMPV6_PKT_TOOBIG ||
	    ntohl(icmp6->icmp6_mtu) >= IPV6_MIN_MTU)
		return;
	inet_proto_csum_replace4(&icmp6->icmp6_cksum, skb, icmp6->icmp6_mtu,
				 least, false);
	icmp6->icmp6_mtu = least;
}

/*
 * Let nf_nat translate a later packet of a hairpin, or an ICMP error about one. It changes the
 * destination in PRE_ROUTING and LOCAL_OUT, and the source in POST_ROUTING and LOCAL_IN. Between
 * the two, the packet has the source address of its sender, so an ICMP error that this host sends
 * about it reaches that sender.
 *
 * Return: NF_ACCEPT, or NF_DROP with the reason counted.
 */
static unsigned int nf_xlat_ct_nat66(struct sk_buff *skb,
				     const struct nf_hook_state *state,
				     struct nf_conn *ct,
				     enum ip_conntrack_info ctinfo)
{
	struct in6_addr daddr = ipv6_hdr(skb)->daddr;
	__be16 frag_off;
	u8 proto;
	int off;

	proto = ipv6_hdr(skb)->nexthdr;
	off = ipv6_skip_exthdr(skb, sizeof(struct ipv6hdr), &proto, &frag_off);
	if (proto == IPPROTO_ICMPV6 && off > 0 &&
	    (ctinfo == IP_CT_RELATED || ctinfo == IP_CT_RELATED_REPLY)) {
		if (!nf_nat_icmpv6_reply_translation(skb, ct, ctinfo,
						     state->hook, off))
			return nf_xlat_drop(state->net, skb, NF_XLAT_QUOTED);
		nf_xlat_ct_hairpin_mtu(skb, off);
	} else if (nf_nat_packet(ct, ctinfo, state->hook, skb) != NF_ACCEPT) {
		return nf_xlat_drop(state->net, skb, NF_XLAT_NOMEM);
	}

	if (ipv6_addr_equal(&daddr, &ipv6_hdr(skb)->daddr))
		return NF_ACCEPT;
	if (state->hook != NF_INET_LOCAL_OUT)
		/* A stateless rule may have translated the packet to IPv6 and set a route. */
		skb_dst_drop(skb);
	else if (ip6_route_me_harder(state->net, state->sk, skb))
		return nf_xlat_drop(state->net, skb, NF_XLAT_NOROUTE);
	return NF_ACCEPT;
}

/* Hook that translates the source of a later packet of a hairpin, see nf_xlat_ct_nat66(). */
static unsigned int nf_xlat_ct_src66(void *priv, struct sk_buff *skb,
				     const struct nf_hook_state *state)
{
	enum ip_conntrack_info ctinfo;
	struct nf_conn *ct;

	ct = nf_ct_get(skb, &ctinfo);
	return ct && unlikely(nf_xlat_ct_hairpin(ct)) && !nf_xlat_bridged(skb) ?
	       nf_xlat_ct_nat66(skb, state, ct, ctinfo) : NF_ACCEPT;
}

/*
 * Hook that translates the packets of sessions. In LOCAL_OUT, these are the packets that this host
 * itself sends in a session, and the ICMP errors that it sends about one.
 */
static unsigned int nf_xlat_ct_hook(void *priv, struct sk_buff *skb,
				    const struct nf_hook_state *state)
{
	struct nf_xlat_pkt pkt __uninitialized;
	const struct nf_xlat_ct_data *data;
	enum ip_conntrack_info ctinfo;
	enum nf_xlat_reason reason;
	enum ip_conntrack_dir dir;
	struct nf_conn *ct;

	ct = nf_ct_get(skb, &ctinfo);
	if (!ct || unlikely(nf_xlat_bridged(skb)))
		return NF_ACCEPT;
	if (!nf_xlat_ct_is_cross_family(ct))
		return state->pf == NFPROTO_IPV6 &&
		       unlikely(nf_xlat_ct_hairpin(ct)) ?
		       nf_xlat_ct_nat66(skb, state, ct, ctinfo) : NF_ACCEPT;

	/* After its translation, the packet is of the other family than its tuple. */
	dir = CTINFO2DIR(ctinfo);
	if (nf_xlat_ct_pf(ct, dir) != state->pf)
		return NF_ACCEPT;

	reason = nf_xlat_parse(skb, state->pf,
			       nf_xlat_reassembled(skb, state->pf), &pkt);
	/* An ICMP Redirect is for this host, which the router takes for the sender. */
	if (reason == NF_XLAT_ICMP && pkt.icmp.type == ICMP_REDIRECT &&
	    state->pf == NFPROTO_IPV4)
		return NF_ACCEPT;
	if (reason) {
		data = nf_xlat_ct_data(ct);
		return nf_xlat_ct_reject(skb, state, data ? data->owner : 0,
					 &pkt, reason);
	}

	return nf_xlat_ct_packet(skb, state, ct, dir, &pkt);
}

#define NF_XLAT_CT_OPS(_pf, _hook, _fn, _prio) {	\
	.hook		= _fn,				\
	.pf		= _pf,				\
	.hooknum	= _hook,			\
	.priority	= _prio,			\
}

static const struct nf_hook_ops nf_xlat_ct_ops[] = {
	NF_XLAT_CT_OPS(NFPROTO_IPV4, NF_INET_PRE_ROUTING, nf_xlat_ct_echo,
		       NF_XLAT_PRI_ECHO),
	NF_XLAT_CT_OPS(NFPROTO_IPV6, NF_INET_PRE_ROUTING, nf_xlat_ct_echo,
		       NF_XLAT_PRI_ECHO),
	NF_XLAT_CT_OPS(NFPROTO_IPV4, NF_INET_LOCAL_OUT, nf_xlat_ct_echo,
		       NF_XLAT_PRI_ECHO),
	NF_XLAT_CT_OPS(NFPROTO_IPV6, NF_INET_LOCAL_OUT, nf_xlat_ct_echo,
		       NF_XLAT_PRI_ECHO),
	NF_XLAT_CT_OPS(NFPROTO_IPV4, NF_INET_PRE_ROUTING, nf_xlat_ct_in,
		       NF_XLAT_PRI_IN),
	NF_XLAT_CT_OPS(NFPROTO_IPV4, NF_INET_LOCAL_IN, nf_xlat_ct_local_in,
		       NF_XLAT_PRI_LOCAL_IN),
	NF_XLAT_CT_OPS(NFPROTO_IPV4, NF_INET_PRE_ROUTING, nf_xlat_ct_hook,
		       NF_XLAT_PRI_CT),
	NF_XLAT_CT_OPS(NFPROTO_IPV6, NF_INET_PRE_ROUTING, nf_xlat_ct_hook,
		       NF_XLAT_PRI_CT),
	NF_XLAT_CT_OPS(NFPROTO_IPV4, NF_INET_LOCAL_OUT, nf_xlat_ct_hook,
		       NF_XLAT_PRI_CT),
	NF_XLAT_CT_OPS(NFPROTO_IPV6, NF_INET_LOCAL_OUT, nf_xlat_ct_hook,
		       NF_XLAT_PRI_CT),
	NF_XLAT_CT_OPS(NFPROTO_IPV6, NF_INET_POST_ROUTING, nf_xlat_ct_src66,
		       NF_IP6_PRI_NAT_SRC),
	NF_XLAT_CT_OPS(NFPROTO_IPV6, NF_INET_LOCAL_IN, nf_xlat_ct_src66,
		       NF_IP6_PRI_NAT_SRC),
};

static unsigned int nf_xlat_ct_nat_nop(void *priv, struct sk_buff *skb,
				       const struct nf_hook_state *state)
{
	return NF_ACCEPT;
}

/*
 * Where the pool has an address of this host, a local socket may bind a port that a session
 * uses. nf_nat moves the flow of that socket to a free port, as it does for NAT44, but only
 * in a namespace where its hooks are registered. This hook is here because nf_nat registers its
 * hooks together with it.
 */
static const struct nf_hook_ops nf_xlat_ct_nat_ops =
	NF_XLAT_CT_OPS(NFPROTO_IPV4, NF_INET_POST_ROUTING, nf_xlat_ct_nat_nop,
		       NF_IP_PRI_NAT_SRC);

/**
 * nf_xlat_ct_register - register the hooks for sessions in a namespace
 * @net: network namespace
 *
 * Process context; the caller holds the mutex of the namespace.
 *
 * Return: 0 or a negative error.
 */
int nf_xlat_ct_register(struct net *net)
{
	int err;

	err = nf_nat_ipv4_register_fn(net, &nf_xlat_ct_nat_ops);
	if (err)
		return err;

	err = nf_register_net_hooks(net, nf_xlat_ct_ops,
				    ARRAY_SIZE(nf_xlat_ct_ops));
	if (err)
		nf_nat_ipv4_unregister_fn(net, &nf_xlat_ct_nat_ops);
	return err;
}

/**
 * nf_xlat_ct_unregister - undo nf_xlat_ct_register()
 * @net: network namespace
 *
 * Process context; the caller holds the mutex of the namespace.
 */
void nf_xlat_ct_unregister(struct net *net)
{
	nf_unregister_net_hooks(net, nf_xlat_ct_ops,
				ARRAY_SIZE(nf_xlat_ct_ops));
	nf_nat_ipv4_unregister_fn(net, &nf_xlat_ct_nat_ops);
}
