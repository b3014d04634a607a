// SPDX-License-Identifier: GPL-2.0-only
/*
 * ICMP types, codes, pointers and MTUs, RFC 7915 sections 4.2 and 5.2.
 */

#include <linux/export.h>
#include <linux/icmp.h>
#include <linux/icmpv6.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/kernel.h>
#include <linux/minmax.h>
#include <net/ipv6.h>
#include <net/netfilter/nf_xlat.h>

/* An IPv6 header is this much larger than an IPv4 one. */
#define NF_XLAT_GROWTH	(sizeof(struct ipv6hdr) - sizeof(struct iphdr))

/* "Beyond scope of source address"; linux/icmpv6.h has an older name for this code. */
#define NF_XLAT_BEYOND_SCOPE	ICMPV6_NOT_NEIGHBOUR

/*
 * Figure 3 of RFC 7915: offset in the IPv4 header to offset in the IPv6 header.
 * Length, identification, fragment offset and checksum have no counterpart.
 */
static const s8 nf_xlat_ptr_4to6[sizeof(struct iphdr)] = {
	[0] = 0,	/* version, IHL: version, traffic class */
	[1] = 1,	/* type of service: traffic class, flow label */
	[2] = 4, [3] = 4,			/* payload length */
	[4] = -1, [5] = -1, [6] = -1, [7] = -1,
	[8] = 7,	/* time to live: hop limit */
	[9] = 6,	/* protocol: next header */
	[10] = -1, [11] = -1,
	[12] = 8, [13] = 8, [14] = 8, [15] = 8,	/* source */
	[16] = 24, [17] = 24, [18] = 24, [19] = 24, /* destination */
};

/**
 * nf_xlat_icmp_4to6 - map an ICMPv4 header to ICMPv6, RFC 7915 section 4.2
 * @icmp: type, code and pointer, replaced; the MTU of a Packet Too Big is
 *	left as it is, see nf_xlat_mtu_4to6()
 *
 * Return: false when there is no counterpart; @icmp is then undefined.
 */
bool nf_xlat_icmp_4to6(struct nf_xlat_icmp *icmp)
{
	switch (icmp->type) {
	case ICMP_ECHO:
		icmp->type = ICMPV6_ECHO_REQUEST;
		return true;
	case ICMP_ECHOREPLY:
		icmp->type = ICMPV6_ECHO_REPLY;
		return true;
	case ICMP_TIME_EXCEEDED:
		icmp->type = ICMPV6_TIME_EXCEED;
		return true;
	case ICMP_PARAMETERPROB:
		/* Code 1, a missing option, has no counterpart. */
		if (icmp->code != 0 && icmp->code != 2)
			return false;
		if (icmp->info >= ARRAY_SIZE(nf_xlat_ptr_4to6) ||
		    nf_xlat_ptr_4to6[icmp->info] < 0)
			return false;
		icmp->type = ICMPV6_PARAMPROB;
		icmp->code = ICMPV6_HDR_FIELD;
		icmp->info = nf_xlat_ptr_4to6[icmp->info];
		return true;
	case ICMP_DEST_UNREACH:
		break;
	default:
		return false;
	}

	switch (icmp->code) {
	case ICMP_NET_UNREACH:
	case ICMP_HOST_UNREACH:
	case ICMP_SR_FAILED:
	case ICMP_NET_UNKNOWN:
	case ICMP_HOST_UNKNOWN:
	case ICMP_HOST_ISOLATED:
	case ICMP_NET_UNR_TOS:
	case ICMP_HOST_UNR_TOS:
		icmp->type = ICMPV6_DEST_UNREACH;
		icmp->code = ICMPV6_NOROUTE;
		return true;
	case ICMP_PROT_UNREACH:
		icmp->type = ICMPV6_PARAMPROB;
		icmp->code = ICMPV6_UNK_NEXTHDR;
		icmp->info = offsetof(struct ipv6hdr, nexthdr);
		return true;
	case ICMP_PORT_UNREACH:
		icmp->type = ICMPV6_DEST_UNREACH;
		icmp->code = ICMPV6_PORT_UNREACH;
		return true;
	case ICMP_FRAG_NEEDED:
		icmp->type = ICMPV6_PKT_TOOBIG;
		icmp->code = 0;
		return true;
	case ICMP_NET_ANO:
	case ICMP_HOST_ANO:
	case ICMP_PKT_FILTERED:
	case ICMP_PREC_CUTOFF:
		icmp->type = ICMPV6_DEST_UNREACH;
		icmp->code = ICMPV6_ADM_PROHIBITED;
		return true;
	default:
		return false;
	}
}
EXPORT_SYMBOL_GPL(nf_xlat_icmp_4to6);

/**
 * nf_xlat_icmp_6to4 - map an ICMPv6 header to ICMPv4, RFC 7915 section 5.2
 * @icmp: type, code and pointer, replaced; the MTU of a Fragmentation Needed
 *	is left as it is, see nf_xlat_mtu_6to4()
 *
 * Return: false when there is no counterpart; @icmp is then undefined.
 */
bool nf_xlat_icmp_6to4(struct nf_xlat_icmp *icmp)
{
	switch (icmp->type) {
	case ICMPV6_ECHO_REQUEST:
		icmp->type = ICMP_ECHO;
		return true;
	case ICMPV6_ECHO_REPLY:
		icmp->type = ICMP_ECHOREPLY;
		return true;
	case ICMPV6_PKT_TOOBIG:
		icmp->type = ICMP_DEST_UNREACH;
		icmp->code = ICMP_FRAG_NEEDED;
		return true;
	case ICMPV6_TIME_EXCEED:
		icmp->type = ICMP_TIME_EXCEEDED;
		return true;
	case ICMPV6_DEST_UNREACH:
		icmp->type = ICMP_DEST_UNREACH;
		switch (icmp->code) {
		case ICMPV6_NOROUTE:
		case NF_XLAT_BEYOND_SCOPE:
		case ICMPV6_ADDR_UNREACH:
			icmp->code = ICMP_HOST_UNREACH;
			return true;
		case ICMPV6_ADM_PROHIBITED:
			icmp->code = ICMP_HOST_ANO;
			return true;
		case ICMPV6_PORT_UNREACH:
			icmp->code = ICMP_PORT_UNREACH;
			return true;
		default:
			return false;
		}
	case ICMPV6_PARAMPROB:
		if (icmp->code == ICMPV6_UNK_NEXTHDR) {
			icmp->type = ICMP_DEST_UNREACH;
			icmp->code = ICMP_PROT_UNREACH;
			icmp->info = 0;
			return true;
		}
		if (icmp->code != ICMPV6_HDR_FIELD)
			return false;
		icmp->type = ICMP_PARAMETERPROB;
		/* Figure 6 of RFC 7915 */
		switch (icmp->info) {
		case 0:
		case 1:
			return true;
		case 4 ... 5:
			icmp->info = offsetof(struct iphdr, tot_len);
			return true;
		case 6:
			icmp->info = offsetof(struct iphdr, protocol);
			return true;
		case 7:
			icmp->info = offsetof(struct iphdr, ttl);
			return true;
		case 8 ... 23:
			icmp->info = offsetof(struct iphdr, saddr);
			return true;
		case 24 ... 39:
			icmp->info = offsetof(struct iphdr, daddr);
			return true;
		default:
			return false;
		}
	default:
		return false;
	}
}
EXPORT_SYMBOL_GPL(nf_xlat_icmp_6to4);

/*
 * A router older than RFC 1191 reports no MTU. Take the next MTU below the length of the quoted
 * packet from the table of section 7.
 */
static u32 nf_xlat_mtu_plateau(u32 quoted_len)
{
	static const u16 plateau[] = {
		65535, 32000, 17914, 8166, 4352, 2002, 1492, 1006, 508, 296, 68,
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(plateau); i++) {
		if (plateau[i] < quoted_len)
			return plateau[i];
	}
	return plateau[ARRAY_SIZE(plateau) - 1];
}

/**
 * nf_xlat_mtu_4to6 - MTU of a translated Packet Too Big, RFC 7915 section 4.2
 * @mtu: MTU of the ICMPv4 error, 0 when it reports none
 * @quoted_len: total length in the quoted IPv4 header
 * @mtu4: MTU of the IPv4 next hop, 0 when unknown
 * @mtu6: MTU of the IPv6 next hop, 0 when unknown
 *
 * Return: MTU in bytes, at least 1280.
 */
u32 nf_xlat_mtu_4to6(u32 mtu, u32 quoted_len, u32 mtu4, u32 mtu6)
{
	if (!mtu)
		mtu = nf_xlat_mtu_plateau(quoted_len);

	mtu += NF_XLAT_GROWTH;
	if (mtu6)
		mtu = min(mtu, mtu6);
	if (mtu4)
		mtu = min_t(u32, mtu, mtu4 + NF_XLAT_GROWTH);

	return max_t(u32, mtu, IPV6_MIN_MTU);
}
EXPORT_SYMBOL_GPL(nf_xlat_mtu_4to6);

/**
 * nf_xlat_mtu_6to4 - MTU of a translated Fragmentation Needed, RFC 7915
 *	section 5.2
 * @mtu: MTU of the ICMPv6 error
 * @fraghdr: the quoted packet has a Fragment header, which its IPv4 form does not have
 * @mtu4: MTU of the IPv4 next hop, 0 when unknown
 * @mtu6: MTU of the IPv6 next hop, 0 when unknown
 *
 * Return: MTU in bytes, fits 16 bits.
 */
u32 nf_xlat_mtu_6to4(u32 mtu, bool fraghdr, u32 mtu4, u32 mtu6)
{
	const u32 growth = NF_XLAT_GROWTH +
			   (fraghdr ? sizeof(struct frag_hdr) : 0);

	/* RFC 8200 section 5: no IPv6 link has a lower MTU, but an error may report one. */
	mtu = max_t(u32, mtu, IPV6_MIN_MTU) - growth;
	if (mtu4)
		mtu = min(mtu, mtu4);
	if (mtu6 > growth)
		mtu = min_t(u32, mtu, mtu6 - growth);

	return min_t(u32, mtu, 0xffff);
}
EXPORT_SYMBOL_GPL(nf_xlat_mtu_6to4);
