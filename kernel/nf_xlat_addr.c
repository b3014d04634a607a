// SPDX-License-Identifier: GPL-2.0-only
/*
 * IPv4-embedded IPv6 addresses, RFC 6052. No skb, no state.
 */

#include <linux/errno.h>
#include <linux/export.h>
#include <linux/in.h>
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
 * nf_xlat_addr_4to6 - embed an IPv4 address, RFC 6052 section 2.3
 * @prefix: a prefix that nf_xlat_prefix_check() accepts
 * @addr: the IPv4 address
 * @res: the IPv6 address, suffix bits zero
 */
void nf_xlat_addr_4to6(const struct nf_xlat_prefix *prefix, __be32 addr,
		       struct in6_addr *res)
{
	const u8 *v4 = (const u8 *)&addr;
	unsigned int i, pos = prefix->len / 8;

	*res = prefix->addr;
	if (prefix->len == 96) {
		res->s6_addr32[3] = addr;
		return;
	}

	for (i = 0; i < sizeof(addr); i++) {
		if (pos == NF_XLAT_U_OCTET)
			pos++;
		res->s6_addr[pos++] = v4[i];
	}
}
EXPORT_SYMBOL_GPL(nf_xlat_addr_4to6);

/**
 * nf_xlat_addr_6to4 - extract an IPv4 address, RFC 6052 section 2.3
 * @prefix: a prefix that nf_xlat_prefix_check() accepts
 * @addr: the IPv6 address, suffix bits are ignored (section 2.2)
 * @res: the IPv4 address
 *
 * Return: false when @addr is not inside @prefix; @res is then untouched.
 */
bool nf_xlat_addr_6to4(const struct nf_xlat_prefix *prefix,
		       const struct in6_addr *addr, __be32 *res)
{
	unsigned int i, pos = prefix->len / 8;
	u8 *v4 = (u8 *)res;

	if (!ipv6_prefix_equal(&prefix->addr, addr, prefix->len))
		return false;

	if (prefix->len == 96) {
		*res = addr->s6_addr32[3];
		return true;
	}

	for (i = 0; i < sizeof(*res); i++) {
		if (pos == NF_XLAT_U_OCTET)
			pos++;
		v4[i] = addr->s6_addr[pos++];
	}
	return true;
}
EXPORT_SYMBOL_GPL(nf_xlat_addr_6to4);

/**
 * nf_xlat_addr_legal - may a packet with this address be translated?
 * @pf: family of the address
 * @addr: source before translation, or either address after it
 *
 * RFC 7915 sections 4.1 and 5.1 name the sources that are dropped silently;
 * RFC 4291 section 2.5.6 forbids routers to forward a link-local one. What
 * comes out must be no worse, and nobody else checks it: the route lookup asks
 * for no martians, so that 64:ff9b::127.0.0.1 would reach our own services.
 *
 * Return: false when the packet is to be dropped.
 */
bool nf_xlat_addr_legal(u8 pf, const union nf_inet_addr *addr)
{
	if (pf == NFPROTO_IPV4)
		return !ipv4_is_multicast(addr->ip) &&
		       !ipv4_is_loopback(addr->ip) &&
		       !ipv4_is_zeronet(addr->ip) &&
		       !ipv4_is_lbcast(addr->ip);

	return !ipv6_addr_is_multicast(&addr->in6) &&
	       !ipv6_addr_loopback(&addr->in6) &&
	       !ipv6_addr_any(&addr->in6) &&
	       !(ipv6_addr_type(&addr->in6) & IPV6_ADDR_LINKLOCAL);
}
EXPORT_SYMBOL_GPL(nf_xlat_addr_legal);
