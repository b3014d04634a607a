// SPDX-License-Identifier: GPL-2.0-only
/*
 * Before a packet is changed: may it go on in the other family, by which route, and is it short
 * enough for that route?
 *
 * The translator is one router, although it is part of two families. It checks TTL and MTU
 * before it changes the packet, against the route of the translated packet, so that the
 * sender gets ICMP errors of its own family.
 */

#include <linux/icmp.h>
#include <linux/icmpv6.h>
#include <linux/netfilter.h>
#include <net/dst.h>
#include <net/ip.h>
#include <net/ip6_route.h>
#include <net/ipv6.h>
#include <net/net_namespace.h>
#include <net/route.h>
#include <net/netfilter/nf_xlat.h>
#include "compat.h"
#include "nf_xlat_internal.h"

/*
 * May the translated packet be sent to its destination? An IPv4 multicast group is allowed only
 * without state, and only if the scope of the group is larger than the link.
 */
static bool nf_xlat_daddr_legal(u8 pf, const struct nf_xlat_pkt *pkt,
				const struct nf_xlat_parm *parm)
{
	const union nf_inet_addr *addr = &parm->outer.daddr;

	/* RFC 1122 section 3.2.2: an ICMP error goes to a single host, never to a group. */
	if (pf == NFPROTO_IPV4 && ipv4_is_multicast(addr->ip))
		return !parm->keep_ct && !pkt->icmp_error &&
		       !ipv4_is_local_multicast(addr->ip);
	return nf_xlat_addr_legal(pf, addr);
}

/* The MTU that ip_finish_output() and ip6_finish_output() will compare with. */
static u32 nf_xlat_dst_mtu(const struct nf_xlat_way *way, u8 pf,
			   const struct dst_entry *dst)
{
	if (pf == NFPROTO_IPV4)
		return way->at == NF_INET_LOCAL_OUT ? dst_mtu(dst) :
		       ip_dst_mtu_maybe_forward(dst, true);
	return max_t(u32, dst_mtu(dst), IPV6_MIN_MTU);
}

/* Has the packet, or each of its segments, at most this length before its translation? */
static bool nf_xlat_len_ok(const struct sk_buff *skb,
			   const struct nf_xlat_pkt *pkt, u32 len)
{
	return skb_is_gso(skb) ? skb_gso_validate_network_len(skb, len) :
				 pkt->l3.len <= len;
}

/* Is the translated packet longer than the MTU of its route, and may it not be fragmented there? */
static bool nf_xlat_too_big(const struct sk_buff *skb,
			    const struct nf_xlat_pkt *pkt, u32 mtu)
{
	unsigned int len = nf_xlat_new_len(pkt);

	if (len <= mtu || pkt->icmp_error || pkt->reasm)
		return false;

	/*
	 * Translation changes the length of each segment by as much as that of the whole
	 * packet.
	 */
	if (nf_xlat_len_ok(skb, pkt, mtu + pkt->l3.len - len))
		return false;

	if (pkt->pf == NFPROTO_IPV4)
		return pkt->l3.df;
	/*
	 * RFC 7915 section 5.1: if it is not longer than this, the IPv4 packet will have DF=0,
	 * so that routers may fragment it.
	 */
	return !pkt->l3.fraghdr && !nf_xlat_len_ok(skb, pkt, IPV6_MIN_MTU);
}

/*
 * Check TTL and MTU. On NF_DROP, the drop is counted, an ICMP error is sent, and the caller
 * frees the packet. Fill in mtu4 and mtu6 of @parm unless the packet is too short to need them:
 * nf_xlat_build_icmp() limits the MTU that a translated ICMP error reports to these.
 */
static unsigned int nf_xlat_ttl_mtu_check(struct sk_buff *skb,
					  const struct nf_xlat_way *way,
					  const struct nf_xlat_pkt *pkt,
					  struct nf_xlat_parm *parm,
					  const struct dst_entry *dst)
{
	const int growth = sizeof(struct ipv6hdr) - sizeof(struct iphdr);
	struct net *net = way->net;
	u32 mtu, len6;

	if (parm->ttl_dec && pkt->l3.ttl <= 1)
		return nf_xlat_reject(skb, way, pkt, NF_XLAT_HOPLIMIT);

	/*
	 * A packet that has at most 1280 bytes in IPv6 needs no MTU. Each IPv6 link takes it, and
	 * in IPv4 it has DF=0.
	 */
	len6 = pkt->pf == NFPROTO_IPV6 ? pkt->l3.len : nf_xlat_new_len(pkt);
	if (len6 <= IPV6_MIN_MTU && !pkt->icmp_error)
		return NF_ACCEPT;

	mtu = nf_xlat_dst_mtu(way, nf_xlat_other_pf(pkt->pf), dst);
	if (pkt->pf == NFPROTO_IPV6) {
		parm->mtu4 = mtu;
		parm->mtu6 = skb->dev ? READ_ONCE(skb->dev->mtu) : 0;
	} else {
		parm->mtu6 = mtu;
		parm->mtu4 = skb->dev ? READ_ONCE(skb->dev->mtu) : 0;
	}

	if (likely(!nf_xlat_too_big(skb, pkt, mtu)))
		return NF_ACCEPT;

	if (pkt->pf == NFPROTO_IPV6)
		nf_xlat_icmp_send(net, skb, NFPROTO_IPV6, way->flags,
				  ICMPV6_PKT_TOOBIG, 0,
				  max_t(u32, mtu + growth, IPV6_MIN_MTU));
	else
		/* A fragment gets a Fragment header in IPv6, which takes 8 bytes of the MTU. */
		nf_xlat_icmp_send(net, skb, NFPROTO_IPV4, way->flags,
				  ICMP_DEST_UNREACH, ICMP_FRAG_NEEDED, mtu - growth -
				  (pkt->l3.fraghdr ? sizeof(struct frag_hdr) : 0));
	return nf_xlat_way_drop(way, skb, NF_XLAT_TOOBIG);
}

/*
 * Fill in the fields of @fl that come from the transport header. Routing rules match the source
 * port before the translation, as with NAT44. IPsec policies match the ports behind it.
 */
static void nf_xlat_flowi_l4(const struct sk_buff *skb,
			     const struct nf_xlat_pkt *pkt,
			     const struct nf_xlat_parm *parm, bool policies,
			     struct nf_xlat_flowi *fl)
{
	struct nf_xlat_icmp icmp;
	__be16 _ports[2];
	const __be16 *ports;

	memset(&fl->uli, 0, sizeof(fl->uli));
	fl->sport = 0;
	if (likely(nf_xlat_has_ports(fl->proto))) {
		ports = skb_header_pointer(skb, skb_network_offset(skb) +
					   pkt->l3.hlen, sizeof(_ports), _ports);
		/* Only the first fragment has ports, but all fragments have to take one route. */
		if (!ports || pkt->l3.mf || pkt->l3.frag)
			return;
		fl->sport = ports[0];
		fl->uli.ports.sport = parm->ports ? parm->outer.sport : ports[0];
		fl->uli.ports.dport = parm->ports ? parm->outer.dport : ports[1];
	} else if (policies && nf_xlat_is_icmp(pkt->pf, pkt->l3.proto)) {
		icmp = pkt->icmp;
		if (pkt->pf == NFPROTO_IPV6)
			nf_xlat_icmp_6to4(&icmp);
		else
			nf_xlat_icmp_4to6(&icmp);
		fl->uli.icmpt.type = icmp.type;
		fl->uli.icmpt.code = icmp.code;
	}
}

/**
 * nf_xlat_route_check - may a packet go on in the other family, and by which route?
 * @skb: packet that nf_xlat_parse() accepted, as it came in
 * @way: where it is
 * @pkt: what nf_xlat_parse() found
 * @parm: the translation; MTUs, ttl_dec, ttl_pending and fwd_check are filled in here
 * @depth: the number of translations of the packet, this one included
 * @pdst: the route, of which the caller owns a reference; NULL if nf_xlat_rcv_finish() has to
 *	look for it, and on NF_DROP
 *
 * This checks addresses, route, policies, TTL and MTU (RFC 7915 sections 4.1 and 5.1). RCU read
 * side, bottom halves disabled.
 *
 * Return: NF_ACCEPT. On NF_DROP the drop is counted, an ICMP error is sent where one is due, and
 * the caller frees the packet.
 */
unsigned int nf_xlat_route_check(struct sk_buff *skb, const struct nf_xlat_way *way,
				 const struct nf_xlat_pkt *pkt,
				 struct nf_xlat_parm *parm, unsigned int depth,
				 struct dst_entry **pdst)
{
	u8 pf = nf_xlat_other_pf(pkt->pf);
	bool out = way->at == NF_INET_LOCAL_OUT;
	struct net *net = way->net;
	bool policies = nf_xlat_has_policies(net);
	struct dst_entry *dst, *tunnel = NULL;
	struct nf_xlat_flowi fl __uninitialized;
	enum nf_xlat_reason reason;
	unsigned int verdict;
	bool local;

	*pdst = NULL;
	parm->mtu4 = 0;
	parm->mtu6 = 0;
	parm->ttl_dec = false;
	parm->ttl_pending = false;
	parm->fwd_check = NF_XLAT_FWD_RESULT(NF_XLAT_OK);
	/* RFC 7915 section 4.1, RFC 1812 section 5.3.7: no ICMP error about an illegal source */
	if (!nf_xlat_addr_legal(pf, &parm->outer.saddr))
		return nf_xlat_way_drop(way, skb, NF_XLAT_ADDRESS);
	if (!nf_xlat_daddr_legal(pf, pkt, parm))
		return nf_xlat_reject(skb, way, pkt, NF_XLAT_DADDR);

	fl.in = out ? NULL : skb->dev;
	fl.saddr = &parm->outer.saddr;
	fl.daddr = &parm->outer.daddr;
	fl.proto = nf_xlat_new_proto(pkt->pf, pkt->l3.proto);
	fl.tos = pkt->l3.tos;
	fl.masq = parm->oif;
	/* As ip_route_me_harder(): policies do not apply to what IPsec has made. */
	fl.policy = out && !nf_xlat_of_ipsec(skb, pkt->pf);
	nf_xlat_flowi_l4(skb, pkt, parm, policies || out, &fl);
	dst = nf_xlat_route(net, way, skb, pf, &fl, NULL);
	if (IS_ERR(dst)) {
		reason = nf_xlat_route_reason(dst);
		dst = NULL;
		/*
		 * A pool address needs no route if NAT or a hairpin replaces it in PREROUTING, so
		 * nf_xlat_rcv_finish() looks for the route once more. A nested translation only
		 * queues the packet, and could not send an ICMP error about it afterwards.
		 */
		if (!(way->flags & NF_XLAT_ROUTE_OPTIONAL) || depth > 1 ||
		    reason == NF_XLAT_POLICY)
			return nf_xlat_reject(skb, way, pkt, reason);
	}

	reason = NF_XLAT_DADDR;
	if (dst && nf_xlat_dst_broadcast(pf, dst))
		goto drop;
	/*
	 * The device has made IPv6 of the packet, and the route leads back to the device,
	 * which would make the same IPv4 packet of it again: a loop. An IPv4 route may lead
	 * back, since that is a hairpin (RFC 7757 section 4.2).
	 */
	reason = NF_XLAT_NOROUTE;
	if (unlikely(way->flags & NF_XLAT_IN_DEVICE && pf == NFPROTO_IPV6 &&
		     dst && dst_dev_rcu(dst) == skb->dev))
		goto drop;
	/* The session masquerades with the address of a device that its route has left. */
	if (unlikely(parm->oif && dst && dst_dev_rcu(dst)->ifindex != parm->oif)) {
		parm->oif_changed(skb);
		reason = NF_XLAT_STATE;
		goto drop;
	}

	/*
	 * Both families are one router, which decrements TTL once. In FORWARD the stack has
	 * done it. In a hairpin the first translation has done it (RFC 7757 section 4.2), unless
	 * the first route led to this host. If this route is missing or leads to this host,
	 * nf_xlat_rcv_finish() may have to do it later.
	 */
	local = !dst || nf_xlat_dst_local(pf, dst);
	parm->ttl_pending = !(way->flags & NF_XLAT_TTL_DONE) &&
			    (depth == 1 || nf_xlat_ttl_pending(skb, pkt->pf));
	parm->ttl_dec = parm->ttl_pending && !local;
	/*
	 * May the packet be forwarded in the family that it came in with? Check this before the
	 * translation, as IPsec policies are looked up by the old header. For a packet to this
	 * host, the result matters only if NAT changes its destination: keep it in @fwd_check.
	 */
	if (local && way->flags & NF_XLAT_FOR_HOST) {
		parm->fwd_check = NF_XLAT_FWD_UNCHECKED;
	} else if (!(way->flags & NF_XLAT_FORWARD_CHECKED)) {
		reason = depth == 1 ? nf_xlat_may_forward(skb, net, pkt->pf) :
				      nf_xlat_may_forward_translated(skb, net, pkt->pf);
		if (reason && !local)
			goto drop;
		parm->fwd_check = NF_XLAT_FWD_RESULT(reason);
	}

	if (dst) {
		/*
		 * An IPsec policy lowers the MTU. xfrm4_route_forward() and
		 * xfrm6_route_forward() apply it after the translation, when an ICMP error would
		 * quote the translated packet and go to an address of the other family.
		 */
		if (unlikely(policies && !local && !out) &&
		    nf_xlat_new_len(pkt) > IPV6_MIN_MTU)
			tunnel = nf_xlat_policy_route(net, skb, pf, &fl, dst);
		verdict = nf_xlat_ttl_mtu_check(skb, way, pkt, parm, tunnel ? : dst);
		if (unlikely(tunnel))
			dst_release(tunnel);
		if (verdict != NF_ACCEPT)
			goto release;
	}
	*pdst = dst;
	return NF_ACCEPT;

drop:
	verdict = nf_xlat_reject(skb, way, pkt, reason);
release:
	dst_release(dst);
	return verdict;
}

/**
 * nf_xlat_send_check - would nf_xlat_send() translate a packet?
 * @skb: packet that nf_xlat_parse() accepted
 * @way: where it is
 * @pkt: what nf_xlat_parse() found
 * @parm: as for nf_xlat_send(), except @inner. MTUs, ttl_dec, ttl_pending and fwd_check are
 *	overwritten.
 *
 * This checks addresses, route, TTL and MTU, as nf_xlat_send() does. A caller that is going to
 * change the packet's conntrack entry calls this before: if this sends an ICMP error, the error has
 * to be translated by the entry as it was. The caller still owns the packet. RCU read side.
 *
 * Return: NF_ACCEPT. On NF_DROP the reason is counted and an ICMP error is sent, as by
 * nf_xlat_send().
 */
unsigned int nf_xlat_send_check(struct sk_buff *skb,
				const struct nf_xlat_way *way,
				const struct nf_xlat_pkt *pkt,
				struct nf_xlat_parm *parm)
{
	struct nf_xlat_walk *walk;
	struct dst_entry *dst;
	unsigned int verdict;

	local_bh_disable();
	walk = nf_xlat_walk_find();
	verdict = nf_xlat_route_check(skb, way, pkt, parm, walk ? walk->depth + 1 : 1,
				      &dst);
	local_bh_enable();
	dst_release(dst);

	return verdict;
}
EXPORT_SYMBOL_GPL(nf_xlat_send_check);
