// SPDX-License-Identifier: GPL-2.0-only
/*
 * ICMP errors about packets that are not translated. They go out in the family of the
 * sender, before the packet is changed.
 */

#include <linux/icmp.h>
#include <linux/icmpv6.h>
#include <linux/netfilter.h>
#include <net/addrconf.h>
#include <net/dst_metadata.h>
#include <net/icmp.h>
#include <net/ip.h>
#include <net/ipv6.h>
#include <net/sock.h>
#include <net/netfilter/nf_xlat.h>
#include "compat.h"
#include "nf_xlat_internal.h"

/*
 * Has the kernel's own ICMP socket sent the packet? That socket is locked while it sends, and
 * icmp_send() and icmpv6_send() need the same lock. Besides, nobody reads ICMP errors from it.
 */
static bool nf_xlat_of_icmp(const struct sock *sk)
{
	return sk && sk_fullsock(sk) && !sk->sk_net_refcnt &&
	       (sk->sk_protocol == IPPROTO_ICMP ||
		sk->sk_protocol == IPPROTO_ICMPV6);
}

/*
 * Is the packet an answer of this host to an ICMP query, without the socket that has sent it? A
 * clone has no socket, and act_mirred sends a clone while the ICMP socket is locked.
 */
static bool nf_xlat_is_own_reply(struct net *net, const struct sk_buff *skb, u8 pf)
{
	u32 at = skb_network_offset(skb);
	const u8 *type;
	u8 buf;

	if (pf == NFPROTO_IPV6) {
		if (ipv6_hdr(skb)->nexthdr != IPPROTO_ICMPV6)
			return false;
		type = skb_header_pointer(skb, at + sizeof(struct ipv6hdr), 1, &buf);
		return type && *type == ICMPV6_ECHO_REPLY &&
		       ipv6_chk_addr(net, &ipv6_hdr(skb)->saddr, NULL, 0);
	}
	if (ip_hdr(skb)->protocol != IPPROTO_ICMP)
		return false;
	type = skb_header_pointer(skb, at + ip_hdrlen(skb), 1, &buf);
	return type && (*type == ICMP_ECHOREPLY || *type == ICMP_TIMESTAMPREPLY) &&
	       inet_addr_type(net, ip_hdr(skb)->saddr) == RTN_LOCAL;
}

/*
 * Send an ICMP error about a packet that has passed POSTROUTING. If NAT has changed the source
 * of the packet, the error goes to the original source.
 */
static noinline void nf_xlat_icmp_ndo_send(struct sk_buff *skb, u8 pf, u8 type,
					   u8 code, u32 info)
{
	if (pf == NFPROTO_IPV6)
		icmpv6_ndo_send(skb, type, code, info);
	else
		icmp_ndo_send(skb, type, code, htonl(info));
}

/**
 * nf_xlat_icmp_send - send an ICMP error about a packet to its sender
 * @net: network namespace
 * @skb: the packet; an IPv4 packet without a route gets one
 * @pf: family of the packet, and of the error
 * @flags: the flags of the packet's struct nf_xlat_way
 * @type: of the error
 * @code: of the error
 * @info: the last four bytes of the ICMP header, host byte order
 *
 * The kernel's limits on ICMP errors apply. RCU read side.
 */
void nf_xlat_icmp_send(struct net *net, struct sk_buff *skb, u8 pf, u8 flags,
		       u8 type, u8 code, u32 info)
{
	struct nf_xlat_flowi fl = {};
	unsigned int type_of_daddr;
	union nf_inet_addr to;
	struct dst_entry *dst;

	if (nf_xlat_of_icmp(skb->sk) ||
	    (!skb->sk && unlikely(nf_xlat_is_own_reply(net, skb, pf))))
		return;
	if (flags & NF_XLAT_IN_DEVICE) {
		nf_xlat_icmp_ndo_send(skb, pf, type, code, info);
		return;
	}
	if (pf == NFPROTO_IPV6) {
		/* In LOCAL_OUT the packet has no device yet. nf_send_unreach6() does the same. */
		if (!skb->dev)
			skb->dev = net->loopback_dev;
		icmpv6_send(skb, type, code, info);
		return;
	}

	/*
	 * RFC 1122 section 3.2.2: a packet to a multicast or broadcast address causes no error.
	 * icmp_send() would test the packet's route, which may not be that of its destination.
	 */
	type_of_daddr = inet_addr_type_dev_table(net, skb->dev, ip_hdr(skb)->daddr);
	if (type_of_daddr == RTN_MULTICAST || type_of_daddr == RTN_BROADCAST)
		return;

	/* icmp_send() takes the network namespace and flags from the packet's route. */
	if (!nf_xlat_has_route(skb)) {
		to.ip = ip_hdr(skb)->saddr;
		fl.daddr = &to;
		dst = nf_xlat_route(net, NULL, skb, NFPROTO_IPV4, &fl, NULL);
		if (IS_ERR(dst))
			return;
		skb_dst_drop(skb);
		skb_dst_set(skb, dst);
	}
	icmp_send(skb, type, code, htonl(info));
}
EXPORT_SYMBOL_GPL(nf_xlat_icmp_send);

/**
 * nf_xlat_send_error - send the ICMP error about a packet that is dropped
 * @skb: the packet, not translated
 * @way: where it is
 * @pkt: what nf_xlat_parse() found
 * @reason: why
 *
 * RFC 7915 sections 4.1, 5.1 and RFC 6146 sections 3.4, 3.5 say which error the sender gets,
 * and for which reasons it gets none. icmp_send() and icmpv6_send() apply the kernel's limits
 * on ICMP errors, and never answer an ICMP error with another. RCU read side.
 */
void nf_xlat_send_error(struct sk_buff *skb, const struct nf_xlat_way *way,
			const struct nf_xlat_pkt *pkt, enum nf_xlat_reason reason)
{
	bool v6 = pkt->pf == NFPROTO_IPV6;
	int type = -1, code = 0;
	u32 info = 0;

	switch (reason) {
	case NF_XLAT_ADDRESS:
		/* As ip6_forward(): a link-local source cannot be reached from behind a router. */
		if (!v6 || way->at == NF_INET_LOCAL_OUT ||
		    !(ipv6_addr_type(&pkt->l3.saddr.in6) & IPV6_ADDR_LINKLOCAL))
			break;
		type = ICMPV6_DEST_UNREACH;
		code = ICMPV6_NOT_NEIGHBOUR;
		break;
	case NF_XLAT_FRAGMENT:
	case NF_XLAT_FRAG_CSUM:
	case NF_XLAT_TOOBIG:
		/* RFC 1122 section 3.2.2: only the first fragment of a packet causes an error. */
		if (pkt->l3.frag)
			break;
		type = v6 ? ICMPV6_DEST_UNREACH : ICMP_DEST_UNREACH;
		code = v6 ? ICMPV6_ADM_PROHIBITED : ICMP_PKT_FILTERED;
		break;
	case NF_XLAT_OPTIONS:
		type = v6 ? ICMPV6_PARAMPROB : ICMP_DEST_UNREACH;
		code = v6 ? ICMPV6_HDR_FIELD : ICMP_SR_FAILED;
		info = pkt->ptr;
		break;
	case NF_XLAT_PROTO:
		type = v6 ? ICMPV6_DEST_UNREACH : ICMP_DEST_UNREACH;
		code = v6 ? ICMPV6_PORT_UNREACH : ICMP_PROT_UNREACH;
		break;
	case NF_XLAT_HOPLIMIT:
		type = v6 ? ICMPV6_TIME_EXCEED : ICMP_TIME_EXCEEDED;
		code = v6 ? ICMPV6_EXC_HOPLIMIT : ICMP_EXC_TTL;
		break;
	case NF_XLAT_NOROUTE:
		type = v6 ? ICMPV6_DEST_UNREACH : ICMP_DEST_UNREACH;
		code = v6 ? ICMPV6_NOROUTE : ICMP_NET_UNREACH;
		break;
	case NF_XLAT_NOPORT:
		type = v6 ? ICMPV6_DEST_UNREACH : ICMP_DEST_UNREACH;
		code = v6 ? ICMPV6_ADDR_UNREACH : ICMP_HOST_UNREACH;
		break;
	case NF_XLAT_FILTERED:
		/* RFC 5382 REQ-4: an answer to this SYN would end a simultaneous open. */
		if (pkt->l3.proto == IPPROTO_TCP)
			break;
		fallthrough;
	case NF_XLAT_NON_GLOBAL:
	case NF_XLAT_DADDR:
		type = v6 ? ICMPV6_DEST_UNREACH : ICMP_DEST_UNREACH;
		code = v6 ? ICMPV6_ADM_PROHIBITED : ICMP_PKT_FILTERED;
		break;
	default:
		break;
	}

	if (type >= 0)
		nf_xlat_icmp_send(way->net, skb, pkt->pf, way->flags, type,
				  code, info);
}

/**
 * nf_xlat_reject - count a packet as dropped, and send an ICMP error about it
 * @skb: the packet, not translated; the caller frees it
 * @way: where it is
 * @pkt: what nf_xlat_parse() found
 * @reason: why, see nf_xlat_send_error()
 *
 * RCU read side.
 *
 * Return: NF_DROP
 */
unsigned int nf_xlat_reject(struct sk_buff *skb,
			    const struct nf_xlat_way *way,
			    const struct nf_xlat_pkt *pkt,
			    enum nf_xlat_reason reason)
{
	nf_xlat_send_error(skb, way, pkt, reason);
	return nf_xlat_way_drop(way, skb, reason);
}
EXPORT_SYMBOL_GPL(nf_xlat_reject);
