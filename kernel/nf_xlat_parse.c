// SPDX-License-Identifier: GPL-2.0-only
/*
 * Read a packet, and decide whether RFC 7915 translates it. The content of the packet does not
 * change, but its headers may move in memory.
 */

#include <linux/icmp.h>
#include <linux/icmpv6.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/module.h>
#include <linux/skbuff.h>
#include <linux/udp.h>
#include <net/dsfield.h>
#include <net/ip.h>
#include <net/ip6_checksum.h>
#include <net/ipv6.h>
#include <net/xfrm.h>
#include <net/netfilter/nf_xlat.h>
#include "compat.h"
#include "nf_xlat_internal.h"

/* A packet with more extension headers than this is taken for an attack. */
#define NF_XLAT_MAX_EXTHDR	8

/*
 * GSO types that are refused. A device has to finish the segments of SKB_GSO_PARTIAL, and
 * IPsec has to encrypt those of SKB_GSO_ESP.
 */
#define NF_XLAT_GSO_REFUSED	(SKB_GSO_PARTIAL | SKB_GSO_ESP)

/**
 * nf_xlat_to_encrypt - has IPsec yet to encrypt this packet?
 * @skb: the packet
 *
 * Where ESP has an offload module (esp4_offload, esp6_offload), xfrm_output() writes only the ESP
 * header, with or without a device that could encrypt. validate_xmit_xfrm() encrypts the packet
 * when the packet reaches the device by which it leaves. That function takes the length of the
 * network header from the SA, so the packet must keep its family until then. A packet that this
 * host has decrypted may have a struct xfrm_offload as well, but is plain. Any context.
 *
 * Return: true if the packet must not be translated
 */
bool nf_xlat_to_encrypt(struct sk_buff *skb)
{
#ifdef CONFIG_XFRM_OFFLOAD
	const struct xfrm_offload *xo = xfrm_offload(skb);

	return xo && !(xo->flags & XFRM_GRO) &&
	       xfrm_input_state(skb)->xso.dir != XFRM_DEV_OFFLOAD_IN;
#else
	return false;
#endif
}
EXPORT_SYMBOL_GPL(nf_xlat_to_encrypt);

/* RFC 7915 section 4.1: do the options have a source route with hops left to visit? */
static bool nf_xlat_source_route(const struct sk_buff *skb, unsigned int off,
				 unsigned int len)
{
	u8 opt[MAX_IPOPTLEN];
	unsigned int i = 0;

	if (skb_copy_bits(skb, off, opt, len))
		return true;

	while (i < len && opt[i] != IPOPT_END) {
		if (opt[i] == IPOPT_NOOP) {
			i++;
			continue;
		}
		/* A wrong length hides the options that follow: assume a source route. */
		if (i + 1 >= len || opt[i + 1] < 2 || i + opt[i + 1] > len)
			return true;
		if (opt[i] == IPOPT_LSRR || opt[i] == IPOPT_SSRR) {
			if (opt[i + 1] < 3 || opt[i + 2] <= opt[i + 1])
				return true;
		}
		i += opt[i + 1];
	}
	return false;
}

static __always_inline enum nf_xlat_reason
nf_xlat_parse4(const struct sk_buff *skb, unsigned int off, bool quoted,
	       struct nf_xlat_l3 *l3)
{
	struct iphdr _iph __uninitialized;
	const struct iphdr *iph;

	iph = skb_header_pointer(skb, off, sizeof(_iph), &_iph);
	if (!iph || iph->version != 4)
		return NF_XLAT_MALFORMED;

	l3->hlen = iph->ihl * 4;
	/*
	 * The header of a BIG TCP packet has a length of zero; the length is that of the
	 * skb.
	 */
	l3->len = quoted ? ntohs(iph->tot_len) : iph_totlen(skb, iph);
	if (l3->hlen < sizeof(*iph) || l3->len < l3->hlen ||
	    off + l3->hlen > skb->len)
		return NF_XLAT_MALFORMED;
	if (!quoted && off + l3->len != skb->len)
		return NF_XLAT_MALFORMED;
	if (!quoted && l3->hlen > sizeof(*iph) &&
	    nf_xlat_source_route(skb, off + sizeof(*iph),
				 l3->hlen - sizeof(*iph)))
		return NF_XLAT_OPTIONS;

	l3->saddr.ip = iph->saddr;
	l3->daddr.ip = iph->daddr;
	l3->id = ntohs(iph->id);
	l3->proto = iph->protocol;
	l3->tos = iph->tos;
	l3->ttl = iph->ttl;
	l3->df = iph->frag_off & htons(IP_DF);
	l3->mf = iph->frag_off & htons(IP_MF);
	l3->frag = (ntohs(iph->frag_off) & IP_OFFSET) * 8;
	l3->fraghdr = l3->mf || l3->frag;

	return NF_XLAT_OK;
}

static __always_inline enum nf_xlat_reason
nf_xlat_parse6(const struct sk_buff *skb, unsigned int off, bool quoted,
	       struct nf_xlat_l3 *l3, u16 *ptr)
{
	struct ipv6hdr _ip6h __uninitialized;
	const struct ipv6hdr *ip6h;
	const struct frag_hdr *fh;
	struct frag_hdr _fh;
	unsigned int i;

	ip6h = skb_header_pointer(skb, off, sizeof(_ip6h), &_ip6h);
	if (!ip6h || ip6h->version != 6)
		return NF_XLAT_MALFORMED;

	l3->hlen = sizeof(*ip6h);
	l3->len = ntohs(ip6h->payload_len) + sizeof(*ip6h);
	/*
	 * The header of a BIG TCP packet has a length of zero; the length is that of the
	 * skb.
	 */
	if (!quoted && !ip6h->payload_len && skb_is_gso(skb))
		l3->len = skb->len - off;
	if (!quoted && off + l3->len != skb->len)
		return NF_XLAT_MALFORMED;

	l3->saddr.in6 = ip6h->saddr;
	l3->daddr.in6 = ip6h->daddr;
	l3->proto = ip6h->nexthdr;
	l3->tos = ipv6_get_dsfield(ip6h);
	l3->ttl = ip6h->hop_limit;

	for (i = 0; i < NF_XLAT_MAX_EXTHDR; i++) {
		const struct ipv6_rt_hdr *eh;
		struct ipv6_rt_hdr _eh;

		switch (l3->proto) {
		case NEXTHDR_HOP:
		case NEXTHDR_DEST:
		case NEXTHDR_ROUTING:
			/*
			 * RFC 7915 section 5.1.1: an extension header behind a Fragment
			 * header cannot be skipped. Only the first fragment has it.
			 */
			if (l3->fraghdr)
				return NF_XLAT_FRAGMENT;
			eh = skb_header_pointer(skb, off + l3->hlen,
						sizeof(_eh), &_eh);
			if (!eh)
				return NF_XLAT_MALFORMED;
			if (l3->proto == NEXTHDR_ROUTING &&
			    eh->segments_left && !quoted) {
				*ptr = l3->hlen + offsetof(struct ipv6_rt_hdr,
							   segments_left);
				return NF_XLAT_OPTIONS;
			}
			l3->proto = eh->nexthdr;
			l3->hlen += ipv6_optlen(eh);
			break;
		case NEXTHDR_AUTH:
			if (l3->fraghdr)
				return NF_XLAT_FRAGMENT;
			/* In IPv4, AH is a transport protocol. */
			goto done;
		case NEXTHDR_FRAGMENT:
			if (l3->fraghdr)
				return NF_XLAT_FRAGMENT;
			fh = skb_header_pointer(skb, off + l3->hlen,
						sizeof(_fh), &_fh);
			if (!fh)
				return NF_XLAT_MALFORMED;
			l3->fraghdr = true;
			l3->id = ntohl(fh->identification);
			l3->mf = fh->frag_off & htons(IP6_MF);
			l3->frag = ntohs(fh->frag_off) & IP6_OFFSET;
			l3->proto = fh->nexthdr;
			l3->hlen += sizeof(*fh);
			/*
			 * An extension header or AH behind a Fragment header is refused. But an
			 * ICMP error may quote a later fragment of AH that was translated from
			 * IPv4.
			 */
			if (l3->frag && quoted)
				goto done;
			break;
		default:
			goto done;
		}
	}
	return NF_XLAT_MALFORMED;

done:
	if (l3->len < l3->hlen || off + l3->hlen > skb->len)
		return NF_XLAT_MALFORMED;
	return NF_XLAT_OK;
}

/* Inline: each packet needs it, and the compiler leaves out what is for quoted headers. */
static __always_inline enum nf_xlat_reason
nf_xlat_parse_l3(const struct sk_buff *skb, u8 pf, unsigned int off, bool quoted,
		 struct nf_xlat_l3 *l3, u16 *ptr)
{
	memset_startat(l3, 0, id);
	if (pf == NFPROTO_IPV4)
		return nf_xlat_parse4(skb, off, quoted, l3);
	return nf_xlat_parse6(skb, off, quoted, l3, ptr);
}

static noinline enum nf_xlat_reason
nf_xlat_parse_quoted(const struct sk_buff *skb, unsigned int off,
		     struct nf_xlat_pkt *pkt)
{
	u16 ptr;

	return nf_xlat_parse_l3(skb, pkt->pf, off, true, &pkt->inner, &ptr);
}

/*
 * Does the protocol number mean something else in the other family? The translation copies the
 * number. ICMP of the other family would become valid there, though nf_xlat_parse_icmp() has not
 * seen it. Some numbers are extension headers in IPv6 only, and a filter of IPv4 would not see
 * the ports behind them.
 */
static bool nf_xlat_proto_family_specific(u8 pf, u8 proto)
{
	if (pf == NFPROTO_IPV6)
		return proto == IPPROTO_ICMP;

	switch (proto) {
	case IPPROTO_ICMPV6:
	case NEXTHDR_HOP:
	case NEXTHDR_ROUTING:
	case NEXTHDR_FRAGMENT:
	case NEXTHDR_DEST:
		return true;
	}
	return false;
}

/*
 * RFC 5508 REQ-3: an ICMP error with a wrong checksum is dropped. nf_xlat_put_error() computes
 * a new checksum for it, which would hide the damage. Other checksums are only adjusted, so a
 * wrong checksum stays wrong.
 */
static bool nf_xlat_icmp_csum_ok(const struct sk_buff *skb, u8 pf,
				 const struct nf_xlat_l3 *l3)
{
	unsigned int len = l3->len - l3->hlen;
	__wsum csum;

	if (skb_csum_unnecessary(skb) || skb->ip_summed == CHECKSUM_PARTIAL)
		return true;

	csum = skb_checksum(skb, skb_network_offset(skb) + l3->hlen, len, 0);
	if (pf == NFPROTO_IPV4)
		return !csum_fold(csum);
	return !csum_ipv6_magic(&l3->saddr.in6, &l3->daddr.in6, len,
				IPPROTO_ICMPV6, csum);
}

static noinline enum nf_xlat_reason
nf_xlat_parse_icmp(struct sk_buff *skb, struct nf_xlat_pkt *pkt)
{
	unsigned int off = skb_network_offset(skb) + pkt->l3.hlen;
	const struct icmphdr *icmph;
	struct nf_xlat_icmp probe;
	enum nf_xlat_reason err;
	struct icmphdr _icmph;

	/* RFC 7915 section 1.2: the checksum of ICMPv6 covers the length of the whole message. */
	if (pkt->l3.fraghdr && (pkt->l3.mf || pkt->l3.frag))
		return NF_XLAT_FRAG_ICMP;

	icmph = skb_header_pointer(skb, off, sizeof(_icmph), &_icmph);
	if (!icmph)
		return NF_XLAT_MALFORMED;

	pkt->icmp.type = icmph->type;
	pkt->icmp.code = icmph->code;
	if (pkt->pf == NFPROTO_IPV4) {
		pkt->icmp_query = icmph->type == ICMP_ECHO ||
				  icmph->type == ICMP_ECHOREPLY;
		if (icmph->type == ICMP_PARAMETERPROB)
			pkt->icmp.info = ntohl(icmph->un.gateway) >> 24;
		else if (icmph->type == ICMP_DEST_UNREACH)
			pkt->icmp.info = ntohs(icmph->un.frag.mtu);
		if (icmph->type == ICMP_DEST_UNREACH ||
		    icmph->type == ICMP_TIME_EXCEEDED ||
		    icmph->type == ICMP_PARAMETERPROB)
			pkt->icmp.len = ((ntohl(icmph->un.gateway) >> 16) &
					 0xff) * 4;
	} else {
		pkt->icmp_query = icmph->type == ICMPV6_ECHO_REQUEST ||
				  icmph->type == ICMPV6_ECHO_REPLY;
		pkt->icmp.info = ntohl(icmph->un.gateway);
		if (icmph->type == ICMPV6_DEST_UNREACH ||
		    icmph->type == ICMPV6_TIME_EXCEED)
			pkt->icmp.len = (pkt->icmp.info >> 24) * 8;
	}

	probe = pkt->icmp;
	if (!(pkt->pf == NFPROTO_IPV4 ? nf_xlat_icmp_4to6(&probe) :
					nf_xlat_icmp_6to4(&probe)))
		return NF_XLAT_ICMP;
	if (pkt->icmp_query)
		return NF_XLAT_OK;

	pkt->icmp_error = true;
	if (!nf_xlat_icmp_csum_ok(skb, pkt->pf, &pkt->l3))
		return NF_XLAT_CSUM;

	off += sizeof(*icmph);
	if (nf_xlat_parse_quoted(skb, off, pkt))
		return NF_XLAT_QUOTED;
	off += pkt->inner.hlen;
	/*
	 * RFC 4884 section 5.5: older senders leave arbitrary values in the length field. So
	 * an impossible length means that there is no extension.
	 */
	if (pkt->icmp.len < pkt->inner.hlen ||
	    pkt->icmp.len > pkt->l3.len - pkt->l3.hlen - sizeof(*icmph))
		pkt->icmp.len = 0;
	if (nf_xlat_proto_family_specific(pkt->pf, pkt->inner.proto))
		return NF_XLAT_QUOTED;

	if (nf_xlat_is_icmp(pkt->pf, pkt->inner.proto) && !pkt->inner.frag) {
		icmph = skb_header_pointer(skb, off, 1, &_icmph);
		probe = (struct nf_xlat_icmp){ .type = icmph ? icmph->type : 0 };
		/* RFC 7915 sections 4.3 and 5.3: an ICMP error may not quote another one. */
		if (!icmph ||
		    (pkt->pf == NFPROTO_IPV4 ?
		     probe.type != ICMP_ECHO && probe.type != ICMP_ECHOREPLY :
		     probe.type != ICMPV6_ECHO_REQUEST &&
		     probe.type != ICMPV6_ECHO_REPLY))
			return NF_XLAT_QUOTED;
	}

	/*
	 * nf_xlat_skb() writes to the quoted part of the transport header, which therefore has
	 * to be linear.
	 */
	err = NF_XLAT_OK;
	if (!pskb_may_pull(skb, min(skb->len, off +
				    nf_xlat_l4_hlen(pkt->inner.proto))))
		err = NF_XLAT_NOMEM;
	return err;
}

static enum nf_xlat_reason nf_xlat_parse_udp(const struct sk_buff *skb,
					     const struct nf_xlat_pkt *pkt)
{
	const struct udphdr *udph = udp_hdr(skb);

	if (pkt->l3.fraghdr) {
		/*
		 * RFC 7915 section 4.5: IPv6 needs a checksum. It could only be computed over
		 * all fragments.
		 */
		if (pkt->pf == NFPROTO_IPV4 && !udph->check)
			return NF_XLAT_FRAG_CSUM;
	} else if (!skb_is_gso(skb) &&
		   (ntohs(udph->len) < sizeof(*udph) ||
		    ntohs(udph->len) > pkt->l3.len - pkt->l3.hlen)) {
		return NF_XLAT_MALFORMED;
	}
	return NF_XLAT_OK;
}

/*
 * Can nf_xlat_send_segs() segment this GSO packet of a tunnel? Core segments it by the headers
 * inside of the tunnel.
 */
static bool nf_xlat_gso_tunnel_ok(const struct sk_buff *skb, u8 proto)
{
	unsigned int type = skb_shinfo(skb)->gso_type;

	/*
	 * skb_gso_segment() reads the features of the packet's device. A packet that a tunnel
	 * sends has a device in LOCAL_OUT as well.
	 */
	if (!skb->dev)
		return false;

	switch (proto) {
	case IPPROTO_UDP:
		return type & (SKB_GSO_UDP_TUNNEL | SKB_GSO_UDP_TUNNEL_CSUM);
	case IPPROTO_GRE:
		return type & (SKB_GSO_GRE | SKB_GSO_GRE_CSUM);
	case IPPROTO_IPIP:
	case IPPROTO_IPV6:
		return type & (SKB_GSO_IPXIP4 | SKB_GSO_IPXIP6);
	default:
		return false;
	}
}

/*
 * Is the type of this GSO packet supported, and do its headers agree with the type? @off is where
 * the network header begins. If csum_start and csum_offset fit, set ip_summed to CHECKSUM_PARTIAL
 * for UDP.
 */
static bool nf_xlat_gso_ok(struct sk_buff *skb, unsigned int off,
			   const struct nf_xlat_pkt *pkt)
{
	unsigned int type = skb_shinfo(skb)->gso_type;

	if (pkt->l3.fraghdr || type & NF_XLAT_GSO_REFUSED)
		return false;
	if (skb->encapsulation)
		return nf_xlat_gso_tunnel_ok(skb, pkt->l3.proto);
	/*
	 * LRO may leave the type 0. Such a packet may be for this host, which may be a CLAT;
	 * nf_xlat_fit_to_forward() refuses to forward it.
	 */
	if (pkt->l3.proto == IPPROTO_TCP)
		return !type || type & (pkt->pf == NFPROTO_IPV4 ?
					SKB_GSO_TCPV4 : SKB_GSO_TCPV6);
	/*
	 * A GSO packet of SCTP has its chunks in a list of skbs. Chunks are the same in
	 * both families.
	 */
	if (pkt->l3.proto == IPPROTO_SCTP)
		return type & SKB_GSO_SCTP;
	if (pkt->l3.proto != IPPROTO_UDP)
		return false;
	/* One datagram, whose segments are its fragments */
	if (type & SKB_GSO_UDP)
		return true;
	if (!(type & SKB_GSO_UDP_L4))
		return false;
	if (type & SKB_GSO_FRAGLIST)
		return true;
	/*
	 * As __udp_gso_segment(), which does not look at ip_summed: udp_send_skb() leaves it at
	 * CHECKSUM_NONE where the device cannot checksum. A tunnel that has ended here may have
	 * taken the start of the checksum away.
	 */
	if (skb->ip_summed == CHECKSUM_COMPLETE ||
	    skb_checksum_start_offset(skb) != (int)(off + pkt->l3.hlen) ||
	    skb->csum_offset != offsetof(struct udphdr, check))
		return false;
	skb->ip_summed = CHECKSUM_PARTIAL;
	return true;
}

/**
 * nf_xlat_parse - read a packet and judge whether it can be translated
 * @skb: packet, skb->data at its network header
 * @pf: NFPROTO_IPV4 or NFPROTO_IPV6
 * @reasm: nf_defrag has put it together, see nf_xlat_reassembled()
 * @pkt: filled in, @inner for ICMP errors only; on error the members read so far
 *
 * This pulls the headers into the linear area, which may move them, and sets the transport
 * header. The content of the packet does not change. The caller has to pass @reasm, since the
 * control block belongs to IP in netfilter's hooks only. The caller still owns the packet. Any
 * context.
 *
 * Return: NF_XLAT_OK or the reason why the packet cannot be translated.
 */
enum nf_xlat_reason nf_xlat_parse(struct sk_buff *skb, u8 pf, bool reasm,
				  struct nf_xlat_pkt *pkt)
{
	unsigned int off = skb_network_offset(skb);
	enum nf_xlat_reason err;
	unsigned int l4_hlen;

	pkt->pf = pf;
	pkt->icmp_query = false;
	pkt->icmp_error = false;
	pkt->ptr = 0;
	memset(&pkt->icmp, 0, sizeof(pkt->icmp));

	err = nf_xlat_parse_l3(skb, pf, off, false, &pkt->l3, &pkt->ptr);
	if (err)
		return err;
	/* A receiver cannot put together a packet of more than 65535 bytes. */
	if (pkt->l3.frag && pkt->l3.frag + pkt->l3.len - pkt->l3.hlen +
			    sizeof(struct iphdr) > IP_MAX_MTU)
		return NF_XLAT_TOOBIG;

	/*
	 * nf_defrag has put the packet together, or this host has sent it and has not cut it
	 * yet. Either way its sender allows fragments. A packet of this host may have DF=1 if it
	 * fits the MTU of its route: then this host may cut it, but routers may not.
	 */
	pkt->reasm = reasm || skb->ignore_df;
	if (reasm)
		pkt->l3.df = false;

	if (skb_is_gso(skb) && !nf_xlat_gso_ok(skb, off, pkt))
		return NF_XLAT_GSO;
	if (nf_xlat_proto_family_specific(pf, pkt->l3.proto))
		return NF_XLAT_PROTO;
	/*
	 * RFC 7915 section 4.2: IGMP concerns the link only, and is dropped. From IPv6, where the
	 * number means nothing, IPv4 hosts would take it for a message of their router.
	 */
	if (pkt->l3.proto == IPPROTO_IGMP)
		return NF_XLAT_ICMP;

	l4_hlen = pkt->l3.frag ? 0 : nf_xlat_l4_hlen(pkt->l3.proto);
	if (pkt->l3.len - pkt->l3.hlen < l4_hlen)
		return NF_XLAT_MALFORMED;
	if (!pskb_may_pull(skb, off + pkt->l3.hlen + l4_hlen))
		return NF_XLAT_NOMEM;
	if (!nf_xlat_csum_start_ok(skb, off + pkt->l3.hlen, l4_hlen))
		return NF_XLAT_MALFORMED;
	skb_set_transport_header(skb, off + pkt->l3.hlen);

	if (nf_xlat_is_icmp(pf, pkt->l3.proto)) {
		err = nf_xlat_parse_icmp(skb, pkt);
		if (err)
			return err;
	}

	/*
	 * RFC 7915 section 4.1: an ICMPv4 error is the exception. It helps its receiver even if
	 * its source address cannot be translated.
	 */
	if (!nf_xlat_addr_legal(pf, &pkt->l3.saddr) &&
	    !(pkt->icmp_error && pf == NFPROTO_IPV4))
		return NF_XLAT_ADDRESS;
	/*
	 * A prefix would make the address of a single IPv6 host of an IPv4 group. An IPv6 group may
	 * become an IPv4 group, see nf_xlat_daddr_legal().
	 */
	if (!nf_xlat_addr_legal(pf, &pkt->l3.daddr) &&
	    !(pf == NFPROTO_IPV6 && ipv6_addr_is_multicast(&pkt->l3.daddr.in6)))
		return NF_XLAT_ADDRESS;
	/*
	 * An IPv6 packet may have 65535 bytes of payload, an IPv4 packet 65535 bytes with
	 * its header.
	 */
	if (!skb_is_gso(skb) && nf_xlat_new_len(pkt) > IP_MAX_MTU)
		return NF_XLAT_TOOBIG;

	if (pkt->l3.proto == IPPROTO_UDP && !pkt->l3.frag)
		return nf_xlat_parse_udp(skb, pkt);

	return NF_XLAT_OK;
}
EXPORT_SYMBOL_GPL(nf_xlat_parse);
