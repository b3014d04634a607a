// SPDX-License-Identifier: GPL-2.0-only
/*
 * IPv4-embedded IPv6 addresses, RFC 6052, and explicit address mappings,
 * RFC 7757. No skb, no state.
 */

#include <linux/errno.h>
#include <linux/export.h>
#include <linux/in.h>
#include <linux/inetdevice.h>
#include <linux/string.h>
#include <net/ipv6.h>
#include <net/netfilter/nf_xlat.h>

/* Octet 8 (bits 64 to 71) is reserved and skipped by all lengths under 96. */
#define NF_XLAT_U_OCTET		8

/**
 * nf_xlat_prefix_check - is this a prefix that RFC 6052 allows?
 * @prefix: what the user gave
 *
 * Return: 0, -ERANGE for a length other than those of section 2.2, -EINVAL
 * for bits set after the prefix or in bits 64 to 71, -EADDRNOTAVAIL for one
 * that no packet on the wire may have.
 */
int nf_xlat_prefix_check(const struct nf_xlat_prefix *prefix)
{
	struct in6_addr masked;

	switch (prefix->len) {
	case 32:
	case 40:
	case 48:
	case 56:
	case 64:
	case 96:
		break;
	default:
		return -ERANGE;
	}

	ipv6_addr_prefix(&masked, &prefix->addr, prefix->len);
	if (!ipv6_addr_equal(&masked, &prefix->addr) ||
	    prefix->addr.s6_addr[NF_XLAT_U_OCTET])
		return -EINVAL;

	if (ipv6_addr_any(&prefix->addr) || ipv6_addr_v4mapped(&prefix->addr) ||
	    ipv6_addr_type(&prefix->addr) & (IPV6_ADDR_MULTICAST |
					     IPV6_ADDR_LINKLOCAL))
		return -EADDRNOTAVAIL;

	return 0;
}
EXPORT_SYMBOL_GPL(nf_xlat_prefix_check);

/**
 * __nf_xlat_addr_4to6 - nf_xlat_addr_4to6() with a prefix of less than 96 bits
 * @prefix: the prefix
 * @addr: the IPv4 address
 * @res: the IPv6 address, suffix bits zero
 */
void __nf_xlat_addr_4to6(const struct nf_xlat_prefix *prefix, __be32 addr,
			 struct in6_addr *res)
{
	const u8 *v4 = (const u8 *)&addr;
	unsigned int i, pos = prefix->len / 8;

	*res = prefix->addr;
	for (i = 0; i < sizeof(addr); i++) {
		if (pos == NF_XLAT_U_OCTET)
			pos++;
		res->s6_addr[pos++] = v4[i];
	}
}
EXPORT_SYMBOL_GPL(__nf_xlat_addr_4to6);

/**
 * __nf_xlat_addr_6to4 - nf_xlat_addr_6to4() with a prefix of less than 96 bits
 * @prefix: the prefix
 * @addr: the IPv6 address, suffix bits are ignored (section 2.2)
 * @res: the IPv4 address
 *
 * Return: false when @addr is not inside @prefix; @res is then untouched.
 */
bool __nf_xlat_addr_6to4(const struct nf_xlat_prefix *prefix,
			 const struct in6_addr *addr, __be32 *res)
{
	unsigned int i, pos = prefix->len / 8;
	u8 *v4 = (u8 *)res;

	if (!ipv6_prefix_equal(&prefix->addr, addr, prefix->len))
		return false;

	for (i = 0; i < sizeof(*res); i++) {
		if (pos == NF_XLAT_U_OCTET)
			pos++;
		v4[i] = addr->s6_addr[pos++];
	}
	return true;
}
EXPORT_SYMBOL_GPL(__nf_xlat_addr_6to4);

/*
 * The IPv4 networks that are not globally reachable: RFC 5735 section 3, as
 * IANA's special-purpose address registry (RFC 6890) has it now, but for single
 * addresses of 192.0.0.0/24.
 */
static const struct {
	u32	net;
	u8	len;
} nf_xlat_non_global[] = {
	{ 0x00000000,  8 },	/* 0.0.0.0/8, RFC 791 */
	{ 0x0a000000,  8 },	/* 10.0.0.0/8, RFC 1918 */
	{ 0x64400000, 10 },	/* 100.64.0.0/10, RFC 6598 */
	{ 0x7f000000,  8 },	/* 127.0.0.0/8, RFC 1122 */
	{ 0xa9fe0000, 16 },	/* 169.254.0.0/16, RFC 3927 */
	{ 0xac100000, 12 },	/* 172.16.0.0/12, RFC 1918 */
	{ 0xc0000000, 24 },	/* 192.0.0.0/24, RFC 6890 */
	{ 0xc0000200, 24 },	/* 192.0.2.0/24, RFC 5737 */
	{ 0xc0a80000, 16 },	/* 192.168.0.0/16, RFC 1918 */
	{ 0xc6120000, 15 },	/* 198.18.0.0/15, RFC 2544 */
	{ 0xc6336400, 24 },	/* 198.51.100.0/24, RFC 5737 */
	{ 0xcb007100, 24 },	/* 203.0.113.0/24, RFC 5737 */
	{ 0xe0000000,  3 },	/* 224.0.0.0/3, RFC 5771 and RFC 1112 */
};

static bool nf_xlat_addr_global(__be32 addr)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(nf_xlat_non_global); i++) {
		if (!((ntohl(addr) ^ nf_xlat_non_global[i].net) >>
		      (32 - nf_xlat_non_global[i].len)))
			return false;
	}
	return true;
}

/**
 * nf_xlat_wkp_allows - may this prefix hold this IPv4 address?
 * @prefix: a prefix that may be the well-known one, see nf_xlat_prefix_allows()
 * @addr: the IPv4 address
 *
 * Return: false when the packet is to be dropped.
 */
bool nf_xlat_wkp_allows(const struct nf_xlat_prefix *prefix, __be32 addr)
{
	static const struct in6_addr wkp = {
		.s6_addr32[0] = cpu_to_be32(NF_XLAT_WKP),
	};

	return !ipv6_addr_equal(&prefix->addr, &wkp) ||
	       nf_xlat_addr_global(addr);
}
EXPORT_SYMBOL_GPL(nf_xlat_wkp_allows);

/**
 * nf_xlat_eam_check - is this a mapping that RFC 7757 allows?
 * @eam: what the user gave
 *
 * Return: 0, -ERANGE for a length beyond the address's or an IPv4 suffix that
 * does not fit in the IPv6 one (section 3.2), -EINVAL for bits set after a
 * prefix.
 */
int nf_xlat_eam_check(const struct nf_xlat_eam *eam)
{
	struct in6_addr masked;

	if (eam->len6 > 128 || eam->len4 > 32 ||
	    32 - eam->len4 > 128 - eam->len6)
		return -ERANGE;

	ipv6_addr_prefix(&masked, &eam->addr6, eam->len6);
	if (!ipv6_addr_equal(&masked, &eam->addr6) ||
	    eam->addr4 & ~inet_make_mask(eam->len4))
		return -EINVAL;

	return 0;
}
EXPORT_SYMBOL_GPL(nf_xlat_eam_check);

/**
 * nf_xlat_eam_4to6 - map an IPv4 address, RFC 7757 section 3.3.1
 * @eam: a mapping that nf_xlat_eam_check() accepts
 * @addr: the IPv4 address
 * @res: the IPv6 address, bits after the suffix zero
 *
 * Return: false when @addr is not inside the mapping; @res is then untouched.
 */
bool nf_xlat_eam_4to6(const struct nf_xlat_eam *eam, __be32 addr,
		      struct in6_addr *res)
{
	u64 suffix, hi = 0, lo = 0;

	if ((addr ^ eam->addr4) & inet_make_mask(eam->len4))
		return false;

	/* The suffix, at the top of 64 bits, goes behind the prefix. */
	suffix = ((u64)ntohl(addr) << 32) << eam->len4;
	if (eam->len6 < 64)
		hi = suffix >> eam->len6;
	if (eam->len6 >= 64 && eam->len6 < 128)
		lo = suffix >> (eam->len6 - 64);
	else if (eam->len6 > 32 && eam->len6 < 64)
		lo = suffix << (64 - eam->len6);

	ipv6_addr_set(res, eam->addr6.s6_addr32[0] | htonl(hi >> 32),
		      eam->addr6.s6_addr32[1] | htonl(hi),
		      eam->addr6.s6_addr32[2] | htonl(lo >> 32),
		      eam->addr6.s6_addr32[3] | htonl(lo));
	return true;
}
EXPORT_SYMBOL_GPL(nf_xlat_eam_4to6);

/**
 * nf_xlat_eam_6to4 - map an IPv6 address, RFC 7757 section 3.3.2
 * @eam: a mapping that nf_xlat_eam_check() accepts
 * @addr: the IPv6 address, bits after the suffix are ignored
 * @res: the IPv4 address
 *
 * Return: false when @addr is not inside the mapping; @res is then untouched.
 */
bool nf_xlat_eam_6to4(const struct nf_xlat_eam *eam,
		      const struct in6_addr *addr, __be32 *res)
{
	u64 hi, lo, suffix = 0;

	if (!ipv6_prefix_equal(&eam->addr6, addr, eam->len6))
		return false;

	hi = (u64)ntohl(addr->s6_addr32[0]) << 32 | ntohl(addr->s6_addr32[1]);
	lo = (u64)ntohl(addr->s6_addr32[2]) << 32 | ntohl(addr->s6_addr32[3]);
	if (eam->len6 < 64)
		suffix = hi << eam->len6 |
			 (eam->len6 ? lo >> (64 - eam->len6) : 0);
	else if (eam->len6 < 128)
		suffix = lo << (eam->len6 - 64);

	*res = eam->addr4 | htonl((suffix >> 32) >> eam->len4);
	return true;
}
EXPORT_SYMBOL_GPL(nf_xlat_eam_6to4);

/**
 * nf_xlat_addr6_legal - nf_xlat_addr_legal() of an IPv6 address
 * @addr: the address
 *
 * Any context.
 *
 * Return: false when the packet is to be dropped.
 */
bool nf_xlat_addr6_legal(const struct in6_addr *addr)
{
	return !ipv6_addr_is_multicast(addr) && !ipv6_addr_loopback(addr) &&
	       !ipv6_addr_any(addr) && !ipv6_addr_v4mapped(addr) &&
	       !(ipv6_addr_type(addr) & IPV6_ADDR_LINKLOCAL);
}
EXPORT_SYMBOL_GPL(nf_xlat_addr6_legal);

/**
 * nf_xlat_net_legal - may a packet with some address of this network be translated?
 * @pf: NFPROTO_IPV4 or NFPROTO_IPV6
 * @net: the network, without bits behind its length
 * @len: its length, up to 32 or 128
 * @group: an address may be a destination, which a multicast group may be as well
 *
 * Refuses what lies as a whole in one of the networks that nf_xlat_addr_legal() refuses, such as
 * one side of a pair of RFC 7757 that no packet could pass. A network that only contains some of
 * their addresses is legal: 0.0.0.0/0 has others. As in nf_xlat_addr_legal(), groups of IPv4 that
 * belong to the link are not. Any context.
 *
 * Return: false when all packets would be dropped.
 */
bool nf_xlat_net_legal(u8 pf, const union nf_inet_addr *net, u8 len, bool group)
{
	if (pf == NFPROTO_IPV4) {
		if (group && ipv4_is_multicast(net->ip))
			return len < 24 || !ipv4_is_local_multicast(net->ip);
		if (ipv4_is_multicast(net->ip))
			return len < 4;
		if (ipv4_is_linklocal_169(net->ip))
			return len < 16;
		/* 0.0.0.0/8, 127.0.0.0/8, 255.255.255.255 */
		return len < 8 || nf_xlat_addr_legal(pf, net);
	}
	if (ipv6_addr_is_multicast(&net->in6))
		return group || len < 8;
	if (ipv6_addr_type(&net->in6) & IPV6_ADDR_LINKLOCAL)
		return len < 10;
	if (ipv6_addr_v4mapped(&net->in6))
		return len < 96;
	/* :: and ::1 */
	return len < 128 || nf_xlat_addr_legal(pf, net);
}
EXPORT_SYMBOL_GPL(nf_xlat_net_legal);

/**
 * nf_xlat_eam_reach - may a packet with some address of this mapping be translated?
 * @eam: a mapping that nf_xlat_eam_check() accepts
 * @group: as for nf_xlat_net_legal(), of both sides
 *
 * Any context.
 *
 * Return: 0, or -EADDRNOTAVAIL when all packets would be dropped.
 */
int nf_xlat_eam_reach(const struct nf_xlat_eam *eam, bool group)
{
	const union nf_inet_addr addr4 = { .ip = eam->addr4 };
	const union nf_inet_addr addr6 = { .in6 = eam->addr6 };

	return nf_xlat_net_legal(NFPROTO_IPV4, &addr4, eam->len4, group) &&
	       nf_xlat_net_legal(NFPROTO_IPV6, &addr6, eam->len6, group) ?
	       0 : -EADDRNOTAVAIL;
}
EXPORT_SYMBOL_GPL(nf_xlat_eam_reach);
