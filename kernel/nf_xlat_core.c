// SPDX-License-Identifier: GPL-2.0-only
/*
 * The translation of one packet, RFC 7915. nf_xlat_skb() rewrites a packet in place after
 * nf_xlat_parse() has accepted it.
 *
 * It writes new headers over the old ones, which struct nf_xlat_pkt has: the network header, and
 * for an ICMP error also the ICMP header and the quoted network header. They end where the old ones
 * ended. The transport header behind these is edited where it lies in memory. So no payload is
 * copied, and skb->csum_start of an offloaded checksum stays right.
 */

#include <linux/if_arp.h>
#include <linux/if_ether.h>
#include <linux/icmp.h>
#include <linux/icmpv6.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/module.h>
#include <linux/skbuff.h>
#include <linux/tcp.h>
#include <linux/udp.h>
#include <net/checksum.h>
#include <net/dsfield.h>
#include <net/ip.h>
#include <net/ip6_checksum.h>
#include <net/ipv6.h>
#include <net/netfilter/nf_xlat.h>
#include "compat.h"
#include "nf_xlat_internal.h"

/* No error message is larger, RFC 1812 section 4.3.2.3, RFC 4443 section 2.4 */
#define NF_XLAT_ICMP4_MAX	576
#define NF_XLAT_ICMP6_MAX	IPV6_MIN_MTU

/* RFC 4884 section 4: a quoted packet in front of an extension has at least this length. */
#define NF_XLAT_EXT_MIN		128

/*
 * An IPv6 packet goes out with DF=0 if its IPv4 form is not longer than this (RFC 7915
 * section 5.1).
 */
#define NF_XLAT_DF_LIMIT	1260

/*
 * May the translated ICMP error have an extension structure? RFC 4884 section 4 names the
 * types. An ICMPv6 error with an extension has one of them, see nf_xlat_parse_icmp().
 */
static bool nf_xlat_icmp_may_extend(const struct nf_xlat_pkt *pkt)
{
	struct nf_xlat_icmp new = pkt->icmp;

	if (pkt->pf == NFPROTO_IPV6)
		return true;
	nf_xlat_icmp_4to6(&new);
	return new.type == ICMPV6_DEST_UNREACH || new.type == ICMPV6_TIME_EXCEED;
}

/* How long the parts of a translated ICMP error are, behind its ICMP header */
struct nf_xlat_quote {
	unsigned int	len;	/* of the quoted packet, translated */
	unsigned int	pad;	/* zeroes after it, RFC 4884 section 4.1 */
	unsigned int	ext;	/* of the extension structure after these */
};

/*
 * Decide how long the parts of a translated ICMP error are. The error may have 576 bytes in
 * IPv4 and 1280 in IPv6. If it would be longer, the quoted packet is shortened. A quoted packet
 * in front of an extension keeps at least 128 bytes. If the extension still does not fit, it is
 * left out. See RFC 7915 sections 4.2 and 5.2, RFC 4884 sections 4 and 5.
 */
static void nf_xlat_quote(const struct nf_xlat_pkt *pkt,
			  struct nf_xlat_quote *quote)
{
	unsigned int align = pkt->pf == NFPROTO_IPV4 ? 8 : 4;
	unsigned int all, room, field;

	all = pkt->l3.len - pkt->l3.hlen - sizeof(struct icmphdr);
	room = (pkt->pf == NFPROTO_IPV4 ? NF_XLAT_ICMP6_MAX :
					  NF_XLAT_ICMP4_MAX) -
	       nf_xlat_new_hlen(pkt->pf, &pkt->l3) - sizeof(struct icmphdr);

	quote->pad = 0;
	quote->ext = pkt->icmp.len ? all - pkt->icmp.len : 0;
	quote->len = all - quote->ext - pkt->inner.hlen +
		     nf_xlat_new_hlen(pkt->pf, &pkt->inner);
	if (!nf_xlat_icmp_may_extend(pkt))
		quote->ext = 0;

	if (quote->ext) {
		field = round_up(max_t(unsigned int, quote->len,
				       NF_XLAT_EXT_MIN), align);
		if (field + quote->ext > room)
			field = round_down(room - min(room, quote->ext), align);
		if (field >= NF_XLAT_EXT_MIN) {
			quote->len = min(quote->len, field);
			quote->pad = field - quote->len;
			return;
		}
		quote->ext = 0;
	}
	quote->len = min(quote->len, room);
}

/**
 * nf_xlat_new_error_len - nf_xlat_new_len() of an ICMP error
 * @pkt: ICMP error that nf_xlat_parse() accepted
 *
 * nf_xlat_skb() shortens ICMP errors to what any link carries, see nf_xlat_quote().
 *
 * Return: bytes from the network header on.
 */
unsigned int nf_xlat_new_error_len(const struct nf_xlat_pkt *pkt)
{
	struct nf_xlat_quote quote;

	nf_xlat_quote(pkt, &quote);
	return nf_xlat_new_hlen(pkt->pf, &pkt->l3) + sizeof(struct icmphdr) +
	       quote.len + quote.pad + quote.ext;
}
EXPORT_SYMBOL_GPL(nf_xlat_new_error_len);

/* Compute what csum_partial() would return for both addresses. Inlined, as each packet needs it. */
static __wsum nf_xlat_addr_csum(u8 pf, const union nf_inet_addr *saddr,
				const union nf_inet_addr *daddr)
{
	u64 sum;

	if (pf == NFPROTO_IPV4)
		return csum_add((__force __wsum)saddr->ip,
				(__force __wsum)daddr->ip);
	sum = (u64)saddr->all[0] + saddr->all[1] + saddr->all[2] +
	      saddr->all[3] + daddr->all[0] + daddr->all[1] + daddr->all[2] +
	      daddr->all[3];
	return csum_add((__force __wsum)(u32)sum,
			(__force __wsum)(u32)(sum >> 32));
}

/* Set a port, and return the sum of @diff and of the change of the checksum by that. */
static __wsum nf_xlat_set_port(__be16 *port, __be16 new, __wsum diff)
{
	diff = csum_add(csum_sub(diff, (__force __wsum)*port),
			(__force __wsum)new);
	*port = new;
	return diff;
}

/*
 * Rewrite the ICMP header of an echo message, and return the change of the checksum by that.
 * @addrs is the sum of the IPv6 addresses, which are in the pseudo-header of ICMPv6. ICMPv4 has no
 * pseudo-header (RFC 7915 section 5.4). @id is the new identifier, or NULL. noinline: other packets
 * need no structure on the stack.
 */
static noinline __wsum nf_xlat_l4_icmp(struct icmphdr *icmph, const __be16 *id,
				       unsigned int l4_len, u8 pf, __wsum addrs)
{
	__wsum diff = csum_add(addrs, NF_XLAT_ICMP_PSEUDO(l4_len));
	struct nf_xlat_icmp new = { .type = icmph->type };

	if (pf == NFPROTO_IPV6) {
		diff = csum_sub(0, diff);
		nf_xlat_icmp_6to4(&new);
	} else {
		nf_xlat_icmp_4to6(&new);
	}
	/*
	 * The code of an echo message is 0 in both families. Do not write the code: of a quoted
	 * echo message, an ICMP error may contain the first byte only, which is the type.
	 */
	diff = csum_add(csum_sub(diff, (__force __wsum)htons(icmph->type << 8)),
			(__force __wsum)htons(new.type << 8));
	icmph->type = new.type;
	return id ? nf_xlat_set_port(&icmph->un.echo.id, *id, diff) : diff;
}

/*
 * Rewrite the transport header at @data and adjust its checksum. Only @avail bytes are there, since
 * an ICMP error may quote less than the whole header. Fields beyond them are left alone. @l4_len is
 * the length of header and payload according to the network header. Inline: a call with eight
 * arguments would cost each packet some instructions.
 */
static __always_inline void
nf_xlat_l4(u8 *data, unsigned int avail, unsigned int l4_len, u8 pf,
	   const struct nf_xlat_l3 *l3, const struct nf_xlat_hdr *hdr, bool ports,
	   bool partial)
{
	__wsum from, to, pseudo, diff;
	__sum16 *check = NULL;
	unsigned int hlen;
	int off;

	off = nf_xlat_l4_check(l3->proto, &hlen);
	if (off < 0 || !avail)
		return;
	if (avail >= off + sizeof(*check))
		check = (__sum16 *)(data + off);
	/* Zero: UDP without a checksum. nf_xlat_finish_udp() computes one if IPv6 needs it. */
	if (check && l3->proto == IPPROTO_UDP && !partial && !*check)
		check = NULL;

	/* The pseudo-headers of both families differ in the addresses only. */
	from = nf_xlat_addr_csum(pf, &l3->saddr, &l3->daddr);
	to = nf_xlat_addr_csum(nf_xlat_other_pf(pf), &hdr->saddr, &hdr->daddr);
	pseudo = csum_sub(to, from);
	diff = pseudo;
	if (nf_xlat_is_icmp(pf, l3->proto)) {
		diff = nf_xlat_l4_icmp((struct icmphdr *)data,
				       ports && avail >= hlen ? &hdr->sport : NULL,
				       l4_len, pf, pf == NFPROTO_IPV6 ? from : to);
	} else if (ports && avail >= 2 * sizeof(__be16)) {
		__be16 *port = (__be16 *)data;

		diff = nf_xlat_set_port(&port[0], hdr->sport, diff);
		diff = nf_xlat_set_port(&port[1], hdr->dport, diff);
	}

	if (!check)
		return;

	/*
	 * With CHECKSUM_PARTIAL the field holds the sum of the pseudo-header only, not
	 * inverted as csum_fold() returns it. ICMP has no such checksum, see nf_xlat_sum_first().
	 */
	if (partial) {
		*check = ~csum_fold(csum_add(pseudo, csum_unfold(*check)));
		return;
	}

	csum_replace_by_diff(check, diff);
	if ((l3->proto == IPPROTO_UDP || l3->proto == IPPROTO_UDPLITE) &&
	    !*check)
		*check = CSUM_MANGLED_0;
}

static __always_inline void
nf_xlat_build4(struct iphdr *iph, const struct nf_xlat_l3 *l3,
	       const struct nf_xlat_hdr *hdr, u8 ttl, unsigned int len)
{
	/* The length of a quoted IPv6 packet may be larger than IPv4's length field allows. */
	len = min_t(unsigned int, len, IP_MAX_MTU);
	*iph = (struct iphdr){
		.version	= 4,
		.ihl		= sizeof(*iph) / 4,
		.tos		= l3->tos,
		.tot_len	= htons(len),
		.ttl		= ttl,
		.protocol	= nf_xlat_new_proto(NFPROTO_IPV6, l3->proto),
		.saddr		= hdr->saddr.ip,
		.daddr		= hdr->daddr.ip,
	};
	if (l3->fraghdr) {
		iph->id = htons(l3->id);
		iph->frag_off = htons(l3->frag / 8 | (l3->mf ? IP_MF : 0));
	} else if (len > NF_XLAT_DF_LIMIT) {
		iph->frag_off = htons(IP_DF);
	}
}

static __always_inline void
nf_xlat_build6(struct ipv6hdr *ip6h, const struct nf_xlat_l3 *l3,
	       const struct nf_xlat_hdr *hdr, u8 hop_limit, unsigned int len)
{
	u8 proto = nf_xlat_new_proto(NFPROTO_IPV4, l3->proto);

	ip6_flow_hdr(ip6h, l3->tos, 0);
	ip6h->payload_len = htons(len - sizeof(*ip6h));
	ip6h->nexthdr = proto;
	ip6h->hop_limit = hop_limit;
	ip6h->saddr = hdr->saddr.in6;
	ip6h->daddr = hdr->daddr.in6;

	if (l3->fraghdr) {
		struct frag_hdr *fh = (struct frag_hdr *)(ip6h + 1);

		ip6h->nexthdr = NEXTHDR_FRAGMENT;
		fh->nexthdr = proto;
		fh->reserved = 0;
		fh->frag_off = htons(l3->frag | (l3->mf ? IP6_MF : 0));
		fh->identification = htonl(l3->id);
	}
}

/* Write a network header of the other family. @len is the length that it claims. */
static void nf_xlat_build(void *buf, u8 pf, const struct nf_xlat_l3 *l3,
			  const struct nf_xlat_hdr *hdr, u8 ttl,
			  unsigned int len)
{
	if (pf == NFPROTO_IPV6)
		nf_xlat_build4(buf, l3, hdr, ttl, len);
	else
		nf_xlat_build6(buf, l3, hdr, ttl, len);
}

/* Write the ICMP header of an error. nf_xlat_put_error() computes its checksum later. */
static void nf_xlat_build_icmp(struct icmphdr *icmph,
			       const struct nf_xlat_pkt *pkt,
			       const struct nf_xlat_quote *quote,
			       const struct nf_xlat_parm *parm)
{
	u32 len = quote->ext ? quote->len + quote->pad : 0;
	struct nf_xlat_icmp new = pkt->icmp;

	memset(icmph, 0, sizeof(*icmph));
	if (pkt->pf == NFPROTO_IPV4) {
		nf_xlat_icmp_4to6(&new);
		if (new.type == ICMPV6_PKT_TOOBIG)
			new.info = nf_xlat_mtu_4to6(new.info, pkt->inner.len,
						    parm->mtu4, parm->mtu6);
		else if (new.type != ICMPV6_PARAMPROB)
			new.info = (len / 8) << 24;
		icmph->un.gateway = htonl(new.info);
	} else {
		nf_xlat_icmp_6to4(&new);
		if (new.type == ICMP_PARAMETERPROB)
			icmph->un.gateway = htonl(new.info << 24);
		else if (new.type == ICMP_DEST_UNREACH &&
			 new.code == ICMP_FRAG_NEEDED)
			icmph->un.frag.mtu =
				htons(nf_xlat_mtu_6to4(new.info,
						       pkt->inner.fraghdr,
						       parm->mtu4, parm->mtu6));
		icmph->un.gateway |= htonl((len / 4) << 16);
	}
	icmph->type = new.type;
	icmph->code = new.code;
}

/* Compute the checksum of @len bytes of transport and the pseudo-header of family @pf. */
static __sum16 nf_xlat_full_csum(const struct sk_buff *skb, unsigned int off,
				 unsigned int len, u8 pf, u8 proto,
				 const struct nf_xlat_hdr *hdr)
{
	__wsum csum = skb_checksum(skb, off, len, 0);

	if (pf == NFPROTO_IPV4)
		return csum_fold(csum);
	return csum_ipv6_magic(&hdr->saddr.in6, &hdr->daddr.in6, len, proto,
			       csum);
}

/*
 * RFC 7915 section 4.5: UDP needs a checksum in IPv6. If the IPv4 packet has none, and is not a
 * fragment, compute it. Leave out a GSO packet, as nf_xlat_parse_udp() has not checked its UDP
 * length: skb_checksum() must not be called with a length that is larger than the packet.
 */
static void nf_xlat_finish_udp(struct sk_buff *skb, unsigned int hlen,
			       const struct nf_xlat_pkt *pkt,
			       const struct nf_xlat_hdr *hdr)
{
	struct udphdr *udph = udp_hdr(skb);

	if (pkt->l3.proto != IPPROTO_UDP || pkt->l3.fraghdr || pkt->l3.frag ||
	    likely(udph->check) || skb->ip_summed == CHECKSUM_PARTIAL ||
	    skb_is_gso(skb))
		return;

	udph->check = nf_xlat_full_csum(skb, hlen, ntohs(udph->len),
					NFPROTO_IPV6, IPPROTO_UDP, hdr);
	if (!udph->check)
		udph->check = CSUM_MANGLED_0;
	skb->ip_summed = CHECKSUM_NONE;
}

/*
 * Take the first @old bytes off the packet, and make room for @new bytes in their place. Move the
 * link layer header along, so that nft's log and trace still find it.
 */
static void nf_xlat_resize_hdr(struct sk_buff *skb, unsigned int old,
			       unsigned int new)
{
	unsigned int mac_len = nf_xlat_mac_len(skb);

	/* The metadata of XDP is in front of the old header, and would not be found any more. */
	skb_metadata_clear(skb);
	skb_postpull_rcsum(skb, skb->data, old);
	__skb_pull(skb, old);
	__skb_push(skb, new);
	skb_reset_network_header(skb);
	if (!skb_mac_header_was_set(skb))
		return;
	memmove(skb->data - mac_len, skb_mac_header(skb), mac_len);
	skb_set_mac_header(skb, -(int)mac_len);
	/* The packet logger and nft's trace read the protocol from the Ethernet header. */
	if (mac_len == ETH_HLEN && skb->dev && skb->dev->type == ARPHRD_ETHER)
		eth_hdr(skb)->h_proto = skb->protocol;
}

/**
 * nf_xlat_gso - turn a GSO packet into one of the other family
 * @skb: the packet, which need not be a GSO packet
 * @pf: the family that it had
 *
 * The payload of each segment keeps its length. Any context.
 */
void nf_xlat_gso(struct sk_buff *skb, u8 pf)
{
	struct skb_shared_info *shinfo = skb_shinfo(skb);

	if (!skb_is_gso(skb))
		return;

	/* Segments with DF=0 must not have the same identification (RFC 6864). */
	shinfo->gso_type &= ~SKB_GSO_TCP_FIXEDID;
	if (pf == NFPROTO_IPV6 && shinfo->gso_type & SKB_GSO_TCPV6) {
		shinfo->gso_type &= ~SKB_GSO_TCPV6;
		shinfo->gso_type |= SKB_GSO_TCPV4;
	} else if (pf == NFPROTO_IPV4 && shinfo->gso_type & SKB_GSO_TCPV4) {
		shinfo->gso_type &= ~SKB_GSO_TCPV4;
		shinfo->gso_type |= SKB_GSO_TCPV6;
	}
}
EXPORT_SYMBOL_GPL(nf_xlat_gso);

/*
 * With rx-gro-list, GRO makes a list of packets, and each of them keeps its own headers.
 * nf_xlat_skb() translates only the headers of the first packet. So turn the list into an
 * ordinary GSO packet, whose segments get the headers of the first one.
 */
static noinline void nf_xlat_fraglist(struct sk_buff *skb, const struct nf_xlat_pkt *pkt)
{
	const struct nf_xlat_l3 *l3 = &pkt->l3;
	unsigned int len = l3->len - l3->hlen, hlen;
	__sum16 *check;
	int off;

	if (!(skb_shinfo(skb)->gso_type & SKB_GSO_FRAGLIST))
		return;

	off = nf_xlat_l4_check(l3->proto, &hlen);
	check = (__sum16 *)(skb->data + l3->hlen + off);
	if (pkt->pf == NFPROTO_IPV4)
		*check = ~csum_tcpudp_magic(l3->saddr.ip, l3->daddr.ip, len,
					    l3->proto, 0);
	else
		*check = ~csum_ipv6_magic(&l3->saddr.in6, &l3->daddr.in6, len,
					  l3->proto, 0);
	skb->ip_summed = CHECKSUM_PARTIAL;
	skb->csum_start = skb_headroom(skb) + l3->hlen;
	skb->csum_offset = off;
	skb_shinfo(skb)->gso_type &= ~SKB_GSO_FRAGLIST;
}

/*
 * Copy the extension at the end of an ICMP error, and make room for the padding that
 * nf_xlat_put_error() will put in front of the extension. The caller frees the copy. NULL: no
 * memory.
 */
static u8 *nf_xlat_copy_ext(struct sk_buff *skb,
			    const struct nf_xlat_quote *quote)
{
	u8 *ext;

	if (skb_linearize(skb) ||
	    (skb_tailroom(skb) < NF_XLAT_EXT_MIN &&
	     pskb_expand_head(skb, 0, NF_XLAT_EXT_MIN, GFP_ATOMIC)))
		return NULL;

	ext = kmalloc(quote->ext, GFP_ATOMIC);
	if (ext)
		skb_copy_from_linear_data_offset(skb, skb->len - quote->ext,
						 ext, quote->ext);
	return ext;
}

/*
 * Shorten the quoted packet of an ICMP error, and take off the extension behind it. The headers are
 * still the old ones, and the payload of the quoted packet begins at offset @old. Return a copy of
 * the extension for nf_xlat_put_error(), NULL if there is none, or an ERR_PTR: no memory.
 */
static noinline u8 *nf_xlat_trim(struct sk_buff *skb, const struct nf_xlat_pkt *pkt,
				 unsigned int old)
{
	struct nf_xlat_quote quote;
	u8 *ext = NULL;

	nf_xlat_quote(pkt, &quote);
	if (quote.ext) {
		ext = nf_xlat_copy_ext(skb, &quote);
		if (!ext)
			return ERR_PTR(-ENOMEM);
	}
	if (pskb_trim(skb, old + quote.len -
			   nf_xlat_new_hlen(pkt->pf, &pkt->inner))) {
		kfree(ext);
		return ERR_PTR(-ENOMEM);
	}
	return ext;
}

/*
 * Write the rest of an ICMP error, whose network header is complete and has @hlen bytes: its own
 * header, that of the quoted packet, and the extension @ext, which is freed. Then compute its
 * checksum.
 */
static noinline void nf_xlat_put_error(struct sk_buff *skb, unsigned int hlen,
				       const struct nf_xlat_pkt *pkt,
				       const struct nf_xlat_parm *parm, u8 *ext)
{
	struct icmphdr *icmph = icmp_hdr(skb);
	struct nf_xlat_quote quote;
	u8 pf = pkt->pf;

	nf_xlat_quote(pkt, &quote);
	nf_xlat_build_icmp(icmph, pkt, &quote, parm);
	nf_xlat_build(icmph + 1, pf, &pkt->inner, &parm->inner, pkt->inner.ttl,
		      pkt->inner.len - pkt->inner.hlen +
		      nf_xlat_new_hlen(pf, &pkt->inner));
	if (pf == NFPROTO_IPV6)
		ip_send_check((struct iphdr *)(icmph + 1));
	if (ext) {
		skb_put_zero(skb, quote.pad);
		skb_put_data(skb, ext, quote.ext);
		kfree(ext);
	}
	icmph->checksum =
		nf_xlat_full_csum(skb, hlen, skb->len - hlen,
				  nf_xlat_other_pf(pf),
				  nf_xlat_new_proto(pf, pkt->l3.proto),
				  &parm->outer);
	skb->ip_summed = CHECKSUM_NONE;
}

/*
 * Rewrite the transport header at offset @off, and its checksum. In an ICMP error this is the
 * quoted header. Inline for the same reason as nf_xlat_l4().
 */
static __always_inline void
nf_xlat_rewrite_l4(struct sk_buff *skb, unsigned int off, u8 pf,
		   const struct nf_xlat_l3 *l3, const struct nf_xlat_hdr *hdr,
		   bool ports)
{
	unsigned int avail = skb_headlen(skb) - off, sum = 0;
	u8 *l4 = skb->data + off;
	bool partial = false;

	if (l3->frag)
		return;

	/* The checksum to be made may be that of a header inside of a tunnel. */
	if (skb->ip_summed == CHECKSUM_PARTIAL)
		partial = skb_checksum_start_offset(skb) == off;
	else if (skb->ip_summed == CHECKSUM_COMPLETE)
		sum = min(avail, nf_xlat_l4_hlen(l3->proto));

	if (sum)
		skb->csum = csum_sub(skb->csum, csum_partial(l4, sum, 0));
	nf_xlat_l4(l4, avail, l3->len - l3->hlen, pf, l3, hdr, ports, partial);
	if (sum)
		skb->csum = csum_add(skb->csum, csum_partial(l4, sum, 0));
}

/* Fill in the fields of the IPv4 header that depend on the whole packet. */
static void nf_xlat_finish4(struct net *net, const struct sk_buff *skb,
			    const struct nf_xlat_pkt *pkt, struct iphdr *iph)
{
	unsigned int segs = 1;

	/* RFC 7915 section 5.1 is about packets on the wire. These are the segments. */
	if (skb_is_gso(skb)) {
		iph->frag_off = 0;
		if (!skb_gso_validate_network_len(skb, NF_XLAT_DF_LIMIT))
			iph->frag_off = htons(IP_DF);
		/* inet_gso_segment() increments the identification, so reserve one for each. */
		segs = skb_shinfo(skb)->gso_segs ? : 1;
	}
	if (!pkt->l3.fraghdr) {
		/* The sender of the packet allows fragments, see nf_xlat_parse(): DF=0. */
		if (pkt->reasm)
			iph->frag_off = 0;
		if (!(iph->frag_off & htons(IP_DF)))
			__ip_select_ident(net, iph, segs);
	}
	iph->check = ip_fast_csum(iph, sizeof(*iph) / 4);
}

/* Must the checksum of a CHECKSUM_PARTIAL packet be computed before it is translated? */
static bool nf_xlat_sum_first(const struct sk_buff *skb,
			      const struct nf_xlat_pkt *pkt)
{
	/* Core never offloads the checksum of ICMP, but a packet socket may ask for it. */
	if (nf_xlat_is_icmp(pkt->pf, pkt->l3.proto))
		return true;

	/*
	 * CHECKSUM_PARTIAL is about the inner packet of a tunnel, and the outer UDP header has
	 * no checksum. It gets one in IPv6, which covers the inner packet with its checksum.
	 */
	return pkt->pf == NFPROTO_IPV4 && pkt->l3.proto == IPPROTO_UDP &&
	       !pkt->l3.fraghdr && !skb_is_gso(skb) && !udp_hdr(skb)->check &&
	       skb_checksum_start(skb) != skb_transport_header(skb);
}

/**
 * nf_xlat_may_realloc_head - may nf_xlat_skb() reallocate skb->head?
 * @skb: packet that nf_xlat_parse() accepted; skb->data at its network header
 * @pkt: what nf_xlat_parse() found
 *
 * nf_xlat_bpf_translate() needs to know, since BPF programs keep pointers into the head. Any
 * context.
 *
 * Return: true if the head may be another one afterwards
 */
bool nf_xlat_may_realloc_head(const struct sk_buff *skb, const struct nf_xlat_pkt *pkt)
{
	unsigned int new = nf_xlat_new_hlen(pkt->pf, &pkt->l3);

	/* nf_xlat_trim() may reallocate the head of an ICMP error. */
	if (skb_cloned(skb) || pkt->icmp_error ||
	    (skb->ip_summed == CHECKSUM_PARTIAL && nf_xlat_sum_first(skb, pkt)))
		return true;
	return new > pkt->l3.hlen &&
	       new - pkt->l3.hlen + nf_xlat_mac_len(skb) > skb_headroom(skb);
}
EXPORT_SYMBOL_GPL(nf_xlat_may_realloc_head);

/**
 * nf_xlat_skb - translate a packet in place
 * @net: network namespace, for the IPv4 identification
 * @skb: packet that nf_xlat_parse() accepted, not changed since; skb->data
 *	at its network header
 * @pkt: what nf_xlat_parse() found
 * @parm: the new addresses and ports, and the MTUs for an ICMP error
 *
 * No payload is copied unless the head is shared or lacks room. The caller still owns the packet,
 * and has to give it a route of the new family. Any context.
 *
 * Return: NF_XLAT_OK. On NF_XLAT_NOMEM the packet may be damaged, and the caller has to free it.
 */
enum nf_xlat_reason nf_xlat_skb(struct net *net, struct sk_buff *skb,
				const struct nf_xlat_pkt *pkt,
				const struct nf_xlat_parm *parm)
{
	unsigned int hlen = nf_xlat_new_hlen(pkt->pf, &pkt->l3);
	u8 ttl = pkt->l3.ttl - (parm->ttl_dec ? 1 : 0);
	unsigned int old = pkt->l3.hlen, new = hlen;
	unsigned int len = nf_xlat_new_len(pkt);
	const struct nf_xlat_hdr *hdr = &parm->outer;
	const struct nf_xlat_l3 *l3 = &pkt->l3;
	u8 *ext = NULL;
	u8 pf = pkt->pf;

	if (unlikely(pkt->icmp_error)) {
		hdr = &parm->inner;
		l3 = &pkt->inner;
		old += sizeof(struct icmphdr) + l3->hlen;
		new += sizeof(struct icmphdr) + nf_xlat_new_hlen(pf, l3);
	}

	if (skb->ip_summed == CHECKSUM_PARTIAL &&
	    nf_xlat_sum_first(skb, pkt) && skb_checksum_help(skb))
		return NF_XLAT_NOMEM;
	if (skb_cow(skb, new > old ? new - old + nf_xlat_mac_len(skb) : 0))
		return NF_XLAT_NOMEM;
	if (unlikely(pkt->icmp_error)) {
		ext = nf_xlat_trim(skb, pkt, old);
		if (IS_ERR(ext))
			return NF_XLAT_NOMEM;
	}

	if (skb_is_gso(skb)) {
		nf_xlat_fraglist(skb, pkt);
		nf_xlat_gso(skb, pf);
	}
	nf_xlat_rewrite_l4(skb, old, pf, l3, hdr, parm->ports);

	skb->protocol = htons(pf == NFPROTO_IPV6 ? ETH_P_IP : ETH_P_IPV6);
	nf_xlat_resize_hdr(skb, old, new);
	skb_set_transport_header(skb, hlen);
	if (pf == NFPROTO_IPV6) {
		nf_xlat_build4(ip_hdr(skb), &pkt->l3, &parm->outer, ttl, len);
		nf_xlat_finish4(net, skb, pkt, ip_hdr(skb));
	} else {
		nf_xlat_build6(ipv6_hdr(skb), &pkt->l3, &parm->outer, ttl, len);
	}
	if (unlikely(pkt->icmp_error)) {
		nf_xlat_put_error(skb, hlen, pkt, parm, ext);
		return NF_XLAT_OK;
	}
	skb_postpush_rcsum(skb, skb->data, new);
	if (pf == NFPROTO_IPV4)
		nf_xlat_finish_udp(skb, hlen, pkt, &parm->outer);

	return NF_XLAT_OK;
}
EXPORT_SYMBOL_GPL(nf_xlat_skb);

/**
 * nf_xlat_linear - translate a packet that lies in one piece and has no skb
 * @net: network namespace, for the IPv4 identification
 * @data: its network header, without options or extension headers. An IPv4 packet needs 20 bytes
 *	of room in front of it.
 * @pkt: description of the packet. It is neither a fragment nor an ICMP error, and not UDP
 *	without a checksum.
 * @hdr: the new addresses
 * @ttl: the new TTL or hop limit
 *
 * The transport header stays where it is, and the new network header ends there. Any context.
 */
void nf_xlat_linear(struct net *net, void *data, const struct nf_xlat_pkt *pkt,
		    const struct nf_xlat_hdr *hdr, u8 ttl)
{
	const struct nf_xlat_l3 *l3 = &pkt->l3;
	void *l4 = data + l3->hlen;
	struct iphdr *iph;

	nf_xlat_l4(l4, nf_xlat_l4_hlen(l3->proto), l3->len - l3->hlen, pkt->pf,
		   l3, hdr, false, false);
	data = l4 - nf_xlat_new_hlen(pkt->pf, l3);
	nf_xlat_build(data, pkt->pf, l3, hdr, ttl, nf_xlat_new_len(pkt));
	if (pkt->pf == NFPROTO_IPV4)
		return;
	iph = data;
	if (!(iph->frag_off & htons(IP_DF)))
		__ip_select_ident(net, iph, 1);
	ip_send_check(iph);
}
EXPORT_SYMBOL_GPL(nf_xlat_linear);
