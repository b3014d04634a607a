// SPDX-License-Identifier: GPL-2.0-only
/*
 * Map addresses to the other family: RFC 6052, RFC 7757, RFC 6791.
 */

#include <linux/export.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <net/netfilter/nf_xlat.h>

/* Map one address by one mapping. NF_XLAT_ADDRESS: the mapping does not have the address. */
static enum nf_xlat_reason
nf_xlat_map_one(const struct nf_xlat_map *map, const struct net *net, u8 pf,
		const union nf_inet_addr *addr, union nf_inet_addr *res)
{
	bool v6 = pf == NFPROTO_IPV6;
	bool found = false;

	switch (map->kind) {
	case NF_XLAT_MAP_PREFIX:
		if (v6 && !nf_xlat_addr_6to4(&map->prefix, &addr->in6,
					     &res->ip))
			return NF_XLAT_ADDRESS;
		if (!nf_xlat_prefix_allows(&map->prefix, v6 ? res->ip :
							      addr->ip))
			return NF_XLAT_NON_GLOBAL;
		if (!v6)
			nf_xlat_addr_4to6(&map->prefix, addr->ip, &res->in6);
		return NF_XLAT_OK;
	case NF_XLAT_MAP_EAM:
		found = v6 ? nf_xlat_eam_6to4(&map->eam, &addr->in6, &res->ip) :
			     nf_xlat_eam_4to6(&map->eam, addr->ip, &res->in6);
		break;
	case NF_XLAT_MAP_TABLE:
		found = map->table.lookup(net, map->table.data, pf, addr, res);
		break;
	}
	return found ? NF_XLAT_OK : NF_XLAT_ADDRESS;
}

/* RFC 7757 section 3.3: the prefix maps an address that has no explicit mapping. */
static enum nf_xlat_reason
nf_xlat_map_addr(const struct nf_xlat_domain *dom, const struct nf_xlat_map *map,
		 const struct net *net, u8 pf, const union nf_inet_addr *addr,
		 union nf_inet_addr *res)
{
	enum nf_xlat_reason reason = NF_XLAT_ADDRESS;

	if (map->kind != NF_XLAT_MAP_NONE)
		reason = nf_xlat_map_one(map, net, pf, addr, res);
	if (reason == NF_XLAT_ADDRESS)
		reason = nf_xlat_map_one(&dom->prefix, net, pf, addr, res);
	return reason;
}

/*
 * Map the addresses that an ICMP error quotes (RFC 7915 sections 4.3 and 5.3). The quoted
 * packet went in the other direction, so that @dom->daddr maps its source.
 */
static enum nf_xlat_reason
nf_xlat_map_inner(const struct nf_xlat_domain *dom, const struct net *net, u8 pf,
		  const struct nf_xlat_l3 *l3, struct nf_xlat_hdr *hdr)
{
	if (nf_xlat_map_addr(dom, &dom->daddr, net, pf, &l3->saddr,
			     &hdr->saddr) ||
	    nf_xlat_map_addr(dom, &dom->saddr, net, pf, &l3->daddr,
			     &hdr->daddr))
		return NF_XLAT_QUOTED;
	return NF_XLAT_OK;
}

/**
 * nf_xlat_map_saddr - map the source of a packet
 * @dom: the mappings
 * @net: network namespace
 * @skb: packet with a whole network header
 * @pf: NFPROTO_IPV4 or NFPROTO_IPV6
 * @res: where to put the address
 *
 * RCU read side.
 *
 * Return: NF_XLAT_OK; NF_XLAT_ADDRESS if @dom does not map the source; or why it must not be
 * mapped.
 */
enum nf_xlat_reason
nf_xlat_map_saddr(const struct nf_xlat_domain *dom, const struct net *net,
		  const struct sk_buff *skb, u8 pf, union nf_inet_addr *res)
{
	const void *saddr = pf == NFPROTO_IPV6 ? (void *)&ipv6_hdr(skb)->saddr :
						 (void *)&ip_hdr(skb)->saddr;

	return nf_xlat_map_addr(dom, &dom->saddr, net, pf, saddr, res);
}
EXPORT_SYMBOL_GPL(nf_xlat_map_saddr);

/**
 * nf_xlat_map_addrs - map the addresses of a packet
 * @dom: how
 * @net: network namespace
 * @pf: NFPROTO_IPV4 or NFPROTO_IPV6
 * @saddr: source address
 * @daddr: destination address
 * @hdr: where to put both
 *
 * RCU read side.
 *
 * Return: NF_XLAT_OK; NF_XLAT_ADDRESS if @dom does not map one of them; or why one must not be
 * mapped.
 */
enum nf_xlat_reason
nf_xlat_map_addrs(const struct nf_xlat_domain *dom, const struct net *net, u8 pf,
		  const union nf_inet_addr *saddr,
		  const union nf_inet_addr *daddr, struct nf_xlat_hdr *hdr)
{
	enum nf_xlat_reason sreason, dreason;

	dreason = nf_xlat_map_addr(dom, &dom->daddr, net, pf, daddr,
				   &hdr->daddr);
	if (dreason == NF_XLAT_ADDRESS)
		return dreason;
	sreason = nf_xlat_map_addr(dom, &dom->saddr, net, pf, saddr,
				   &hdr->saddr);
	return sreason ? : dreason;
}
EXPORT_SYMBOL_GPL(nf_xlat_map_addrs);

/**
 * nf_xlat_map - read a packet, and map its addresses
 * @dom: the mappings
 * @net: network namespace
 * @skb: packet with a whole network header, where skb->data is
 * @pf: NFPROTO_IPV4 or NFPROTO_IPV6
 * @reasm: nf_defrag has put it together, see nf_xlat_reassembled()
 * @error_saddr: source of ICMP errors whose own source cannot be translated (RFC 6791), or NULL
 * @pkt: filled in as by nf_xlat_parse()
 * @parm: filled in for a translation without state: the addresses @outer, and @inner for
 *	ICMP errors. The caller fills in @lowest_mtu6 and @rules.
 * @reason: NF_XLAT_OK, or why the packet cannot be translated
 *
 * RCU read side.
 *
 * Return: true, or false if @dom does not map an address of the packet. Then @pkt, @parm and
 * @reason mean nothing. The content of the packet is the same, but nf_xlat_parse() may have moved
 * its headers.
 */
bool nf_xlat_map(const struct nf_xlat_domain *dom, const struct net *net,
		 struct sk_buff *skb, u8 pf, bool reasm,
		 const union nf_inet_addr *error_saddr,
		 struct nf_xlat_pkt *pkt, struct nf_xlat_parm *parm,
		 enum nf_xlat_reason *reason)
{
	enum nf_xlat_reason sreason, dreason;
	__u16 transport = skb->transport_header;
	const union nf_inet_addr *saddr, *daddr;

	/* Pointers into the packet. Of an IPv4 address, only the first word is read. */
	if (pf == NFPROTO_IPV6) {
		saddr = (const void *)&ipv6_hdr(skb)->saddr;
		daddr = (const void *)&ipv6_hdr(skb)->daddr;
	} else {
		saddr = (const void *)&ip_hdr(skb)->saddr;
		daddr = (const void *)&ip_hdr(skb)->daddr;
	}
	dreason = nf_xlat_map_addr(dom, &dom->daddr, net, pf, daddr,
				   &parm->outer.daddr);
	if (dreason == NF_XLAT_ADDRESS)
		return false;
	sreason = nf_xlat_map_addr(dom, &dom->saddr, net, pf, saddr,
				   &parm->outer.saddr);
	if (sreason == NF_XLAT_ADDRESS && !error_saddr)
		return false;

	parm->ports = false;
	parm->keep_ct = false;
	parm->oif = 0;
	*reason = nf_xlat_parse(skb, pf, reasm, pkt);
	if (sreason && error_saddr && pkt->icmp_error) {
		if (pf == NFPROTO_IPV6)
			parm->outer.saddr.ip = error_saddr->ip;
		else
			parm->outer.saddr.in6 = error_saddr->in6;
		sreason = NF_XLAT_OK;
	} else if (sreason == NF_XLAT_ADDRESS) {
		/* nf_xlat_parse() may have moved it, and ip6_input_finish() starts there. */
		skb->transport_header = transport;
		return false;
	}
	if (!*reason)
		*reason = sreason ? : dreason;
	if (!*reason && pkt->icmp_error)
		*reason = nf_xlat_map_inner(dom, net, pf, &pkt->inner,
					    &parm->inner);
	return true;
}
EXPORT_SYMBOL_GPL(nf_xlat_map);
