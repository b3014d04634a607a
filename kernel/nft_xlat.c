// SPDX-License-Identifier: GPL-2.0-only
/* nf_tables expression for IPv4/IPv6 translation. */

#include <linux/ipv6.h>
#include <linux/module.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_nat.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nft_xlat.h>
#include <linux/netfilter_ipv4.h>
#include <linux/netlink.h>
#include <net/dst_metadata.h>
#include <net/ip.h>
#include <net/ipv6.h>
#include <net/route.h>
#include <net/netfilter/nf_tables.h>
#include <net/netfilter/nf_xlat.h>
#include <net/netfilter/nf_xlat_ct.h>
#include "compat.h"
#include "nft_xlat_block.h"
#include "nft_xlat_rev.h"
#include "nft_xlat_set.h"

#define NFT_XLAT_FLAGS	(NF_NAT_RANGE_PROTO_RANDOM |		\
			 NF_NAT_RANGE_PROTO_RANDOM_FULLY |	\
			 NF_NAT_RANGE_PERSISTENT)

/* Registers of a range; 0: none */
struct nft_xlat_regs {
	u8			addr_min;
	u8			addr_max;
	u8			proto_min;
	u8			proto_max;
};

struct nft_xlat {
	struct nf_xlat_domain	dom;
	u32			flags;
	u32			mtu;
	u8			dir;
	u8			mode;
	u8			mapping;
	u8			filtering;
	u8			error_saddr;	/* register, 0: none */
	struct nft_xlat_regs	pool;	/* NFTA_XLAT_POOL */
	struct nft_xlat_regs	host;	/* NFTA_XLAT_HOST */
	struct nft_xlat_set	saddr_set;
	struct nft_xlat_set	daddr_set;
	struct nf_xlat_ct_pool	*ct_pool; /* of a rule that makes mappings, else NULL */
	struct nf_xlat_ct_block	block;
};

static const struct nla_policy nft_xlat_policy[NFT_EXPR_MAXATTR + 1] = {
	[NFTA_XLAT_DIR]			= NLA_POLICY_MAX(NLA_BE32, NFT_XLAT_DIR_MAX),
	[NFTA_XLAT_MODE]		= NLA_POLICY_MAX(NLA_BE32, NFT_XLAT_MODE_MAX),
	[NFTA_XLAT_PREFIX]		= { .type = NLA_NESTED },
	[NFTA_XLAT_SADDR]		= { .type = NLA_NESTED },
	[NFTA_XLAT_DADDR]		= { .type = NLA_NESTED },
	[NFTA_XLAT_POOL]		= { .type = NLA_NESTED },
	[NFTA_XLAT_HOST]		= { .type = NLA_NESTED },
	[NFTA_XLAT_FLAGS]		= NLA_POLICY_MASK(NLA_BE32, NFT_XLAT_FLAGS),
	[NFTA_XLAT_MAPPING]		= NLA_POLICY_MAX(NLA_BE32, NFT_XLAT_MAPPING_MAX),
	[NFTA_XLAT_FILTERING]		= NLA_POLICY_MAX(NLA_BE32, NFT_XLAT_FILTERING_MAX),
	[NFTA_XLAT_REG_ERROR_SADDR]	= { .type = NLA_U32 },
	[NFTA_XLAT_MTU]			= { .type = NLA_U32 },
	[NFTA_XLAT_BLOCK]		= { .type = NLA_U32 },
	[NFTA_XLAT_BLOCK_OF]		= { .type = NLA_NESTED },
	/* Refuse attributes of a later nft. nf_tables would ignore unknown ones silently. */
	[NFTA_XLAT_BLOCK_OF + 1 ... NFTA_XLAT_REV - 1] = { .type = NLA_REJECT },
	[NFTA_XLAT_REV]			= { .type = NLA_U32 },
};

static_assert(NFTA_XLAT_REV == NFT_EXPR_MAXATTR);

static const struct nla_policy nft_xlat_map_policy[NFTA_XLAT_MAP_MAX + 1] = {
	[NFTA_XLAT_MAP_PREFIX]		= NLA_POLICY_EXACT_LEN(sizeof(struct in6_addr)),
	[NFTA_XLAT_MAP_PREFIX_LEN]	= NLA_POLICY_MAX(NLA_BE32, 128),
	[NFTA_XLAT_MAP_FLAGS]		= NLA_POLICY_MASK(NLA_BE32, NFT_XLAT_MAP_FLAGS),
	[NFTA_XLAT_MAP_V4]		= { .type = NLA_U32 },
	[NFTA_XLAT_MAP_V4_LEN]		= NLA_POLICY_MAX(NLA_BE32, 32),
	[NFTA_XLAT_MAP_SET]		= { .type = NLA_NUL_STRING,
					    .len = NFT_SET_MAXNAMELEN - 1 },
	[NFTA_XLAT_MAP_SET_ID]		= { .type = NLA_U32 },
};

static const struct nla_policy nft_xlat_range_policy[NFTA_XLAT_RANGE_MAX + 1] = {
	[NFTA_XLAT_RANGE_REG_ADDR_MIN]	= { .type = NLA_U32 },
	[NFTA_XLAT_RANGE_REG_ADDR_MAX]	= { .type = NLA_U32 },
	[NFTA_XLAT_RANGE_REG_PROTO_MIN]	= { .type = NLA_U32 },
	[NFTA_XLAT_RANGE_REG_PROTO_MAX]	= { .type = NLA_U32 },
};

static bool nft_xlat_stateful(const struct nft_xlat *priv)
{
	return priv->mode != NFT_XLAT_STATELESS;
}

static u8 nft_xlat_pf(const struct nft_xlat *priv)
{
	return priv->dir == NFT_XLAT_6TO4 ? NFPROTO_IPV6 : NFPROTO_IPV4;
}

/* Length of an address in the family of the translated packet */
static unsigned int nft_xlat_addr_len(const struct nft_xlat *priv)
{
	return priv->dir == NFT_XLAT_6TO4 ? sizeof(__be32) :
					    sizeof(struct in6_addr);
}

/* Is it a port forward from IPv6, to an IPv4 host that the rule names? */
static bool nft_xlat_forwards(const struct nft_xlat *priv)
{
	return priv->dir == NFT_XLAT_6TO4 && priv->host.addr_min;
}

static void nft_xlat_load_range(const struct nft_regs *regs,
				const struct nft_xlat_regs *reg,
				unsigned int len,
				struct nf_xlat_ct_range *range)
{
	if (reg->addr_min) {
		memcpy(&range->min_addr, &regs->data[reg->addr_min], len);
		memcpy(&range->max_addr, &regs->data[reg->addr_max], len);
		if (memcmp(&range->min_addr, &range->max_addr, len) > 0)
			swap(range->min_addr, range->max_addr);
	}
	if (reg->proto_min) {
		range->min_proto = (__force __be16)
			nft_reg_load16(&regs->data[reg->proto_min]);
		range->max_proto = (__force __be16)
			nft_reg_load16(&regs->data[reg->proto_max]);
		if (ntohs(range->min_proto) > ntohs(range->max_proto))
			swap(range->min_proto, range->max_proto);
		range->flags |= NF_NAT_RANGE_PROTO_SPECIFIED;
	}
}

static void nft_xlat_eval_stateful(const struct nft_xlat *priv,
				   struct nft_regs *regs,
				   const struct nft_pktinfo *pkt)
{
	struct nf_xlat_ct_range range = {
		.prefix		= priv->dom.prefix.prefix,
		.mtu		= priv->mtu,
		.flags		= priv->flags,
		.masq		= priv->mode == NFT_XLAT_MASQ,
		.per_session	= priv->mapping ==
				  NFT_XLAT_MAPPING_ADDRESS_PORT_DEPENDENT,
		.filter		= priv->filtering ==
				  NFT_XLAT_FILTERING_ADDRESS_DEPENDENT,
		.pool		= priv->ct_pool,
	};

	nft_xlat_load_range(regs, priv->dir == NFT_XLAT_6TO4 ? &priv->pool :
							       &priv->host,
			    nft_xlat_addr_len(priv), &range);
	regs->verdict.code = nf_xlat_ct(pkt->skb, pkt->state, &range);
}

/*
 * Look up an address in a map of nft. If the value is an interval of addresses, keep the low bits
 * of @addr (RFC 7757 section 3.3). nft refuses a prefix that is not as large as that of the key.
 * Here, only check that the interval is a prefix.
 */
static bool nft_xlat_map_set(const struct net *net, const void *map_data,
			     u8 pf, const union nf_inet_addr *addr,
			     union nf_inet_addr *res)
{
	const struct nft_set *set = map_data;
	unsigned int last = pf == NFPROTO_IPV6 ? 0 : 3;
	const struct nft_set_ext *ext;
	const u32 *data;
	u32 host = 0;

	ext = nf_xlat_set_lookup(net, set, (const u32 *)addr->all);
	if (!ext)
		return false;

	data = (const u32 *)nft_set_ext_data(ext);
	memcpy(res, data, (last + 1) * sizeof(u32));
	if (set->dlen > (last + 1) * sizeof(u32)) {
		/*
		 * First and last address of the interval differ in more than the last word.
		 * Such an interval of IPv6 is larger than any IPv4 prefix, or no prefix.
		 */
		if (memcmp(data, data + last + 1, last * sizeof(u32)))
			return false;
		host = data[last] ^ data[2 * last + 1];
	}
	/* The interval is not a prefix, so that no bits of the key can be kept. */
	if (ntohl((__force __be32)host) & (ntohl((__force __be32)host) + 1) ||
	    data[last] & host)
		return false;
	/*
	 * The low word is the last one of an IPv6 address, and the only one of an IPv4
	 * address.
	 */
	res->all[last] = (__force __u32)((res->all[last] & ~host) |
					 (addr->all[3 - last] & host));
	return true;
}

/*
 * A packet whose address has no mapping does not match, and the rules that follow see it:
 * neighbour discovery is such a packet.
 */
static void nft_xlat_eval_stateless(const struct nft_xlat *priv,
				    struct nft_regs *regs,
				    const struct nft_pktinfo *pkt)
{
	const struct nf_xlat_way way = nf_xlat_way_of(pkt->state);
	const union nf_inet_addr *error_saddr = NULL;
	struct nf_xlat_parm parm __uninitialized;
	struct nf_xlat_pkt xpkt __uninitialized;
	enum nf_xlat_reason reason;
	u8 pf = nft_pf(pkt);

	parm.lowest_mtu6 = priv->mtu;
	/*
	 * Read the generation before the sets. If the sets change in between, a flow has the old
	 * generation, and ends.
	 */
	parm.rules = nf_xlat_rules_stamp(way.net);

	if (priv->error_saddr)
		error_saddr = (const void *)&regs->data[priv->error_saddr];
	if (!nf_xlat_map(&priv->dom, way.net, pkt->skb, pf,
			 nf_xlat_reassembled(pkt->skb, pf), error_saddr, &xpkt,
			 &parm, &reason)) {
		regs->verdict.code = NFT_BREAK;
		return;
	}
	regs->verdict.code = reason ?
		nf_xlat_reject(pkt->skb, &way, &xpkt, reason) :
		nf_xlat_send(pkt->skb, &way, &xpkt, &parm);
}

/*
 * A port forward from IPv6, to an IPv4 host that the rule names. The source is mapped as by
 * a stateless rule, or it is an address of the pool.
 */
static noinline_for_stack void
nft_xlat_eval_forward(const struct nft_xlat *priv, struct nft_regs *regs,
		      const struct nft_pktinfo *pkt)
{
	struct nf_xlat_ct_range dest = {};
	struct nf_xlat_ct_range range = {
		.mtu		= priv->mtu,
		.flags		= priv->flags,
		.masq		= priv->mode == NFT_XLAT_MASQ,
		.per_session	= true,
		.dest		= &dest,
	};

	if (ipv6_addr_is_multicast(&ipv6_hdr(pkt->skb)->daddr))
		goto no_match;

	nft_xlat_load_range(regs, &priv->host, sizeof(__be32), &dest);
	if (priv->mode == NFT_XLAT_DNAT) {
		range.unmapped = nf_xlat_map_saddr(&priv->dom, pkt->state->net,
						   pkt->skb, NFPROTO_IPV6,
						   &range.min_addr);
		if (range.unmapped == NF_XLAT_ADDRESS)
			goto no_match;
		range.max_addr = range.min_addr;
	} else {
		nft_xlat_load_range(regs, &priv->pool, sizeof(__be32), &range);
	}

	regs->verdict.code = nf_xlat_ct(pkt->skb, pkt->state, &range);
	return;

no_match:
	regs->verdict.code = NFT_BREAK;
}

/*
 * Is this a multicast or broadcast packet? It stays IPv4, because hosts of this link, or this host,
 * may be members of the group, and a broadcast is for all of them. A DHCP server here, for example,
 * has to get the broadcasts of its clients.
 */
static bool nft_xlat_of_link(const struct nft_pktinfo *pkt)
{
	const struct sk_buff *skb = pkt->skb;
	__be32 daddr = ip_hdr(skb)->daddr;

	/* All groups and 255.255.255.255 lie in 224.0.0.0/3. */
	if (unlikely((daddr & htonl(0xe0000000)) == htonl(0xe0000000)))
		return ipv4_is_multicast(daddr) || ipv4_is_lbcast(daddr);
	/* As ip_forward(), which forwards only packets for the MAC address of this host. */
	if (unlikely(skb->pkt_type != PACKET_HOST))
		return true;
	return pkt->state->hook == NF_INET_LOCAL_OUT && skb_valid_dst(skb) &&
	       skb_rtable(skb)->rt_flags & RTCF_BROADCAST;
}

static void nft_xlat_eval(const struct nft_expr *expr, struct nft_regs *regs,
			  const struct nft_pktinfo *pkt)
{
	const struct nft_xlat *priv = nft_expr_priv(expr);

	/* A rule of an inet table may match packets of both families. */
	if (nft_pf(pkt) != nft_xlat_pf(priv) ||
	    unlikely(nf_xlat_bridged(pkt->skb)) ||
	    (priv->dir == NFT_XLAT_4TO6 && unlikely(nft_xlat_of_link(pkt)))) {
		regs->verdict.code = NFT_BREAK;
		return;
	}

	if (!nft_xlat_stateful(priv)) {
		nft_xlat_eval_stateless(priv, regs, pkt);
		return;
	}

	if (nft_xlat_forwards(priv))
		nft_xlat_eval_forward(priv, regs, pkt);
	else if (priv->dir == NFT_XLAT_4TO6 ||
		 ipv6_prefix_equal(&priv->dom.prefix.prefix.addr,
				   &ipv6_hdr(pkt->skb)->daddr,
				   priv->dom.prefix.prefix.len))
		nft_xlat_eval_stateful(priv, regs, pkt);
	else
		regs->verdict.code = NFT_BREAK;
}

static int nft_xlat_validate(NF_XLAT_VALIDATE_ARGS)
{
	const struct nft_xlat *priv = nft_expr_priv(expr);
	int err;

	err = nft_chain_validate_dependency(ctx->chain, NFT_CHAIN_T_DEFAULT);
	if (err < 0)
		return err;

	if (!nft_xlat_stateful(priv))
		return nft_chain_validate_hooks(ctx->chain,
						(1 << NF_INET_PRE_ROUTING) |
						(1 << NF_INET_FORWARD) |
						(1 << NF_INET_LOCAL_OUT));

	err = nft_chain_validate_hooks(ctx->chain,
				       (1 << NF_INET_PRE_ROUTING) |
				       (1 << NF_INET_LOCAL_OUT));
	if (err < 0)
		return err;

	/* A packet has no conntrack entry before conntrack has run. */
	if (nft_is_base_chain(ctx->chain) &&
	    nft_base_chain(ctx->chain)->ops.priority <= NF_IP_PRI_CONNTRACK)
		return -ERANGE;

	return 0;
}

/* @ref is NULL where a map of nf_tables makes no sense. */
static int nft_xlat_parse_set(const struct nft_ctx *ctx,
			      const struct nft_xlat *priv,
			      const struct nlattr * const tb[],
			      struct nft_xlat_set *ref, struct nf_xlat_map *map)
{
	bool v6 = nft_xlat_pf(priv) == NFPROTO_IPV6;
	unsigned int klen, dlen;
	struct nft_set *set;
	int err;

	if (!ref || !tb[NFTA_XLAT_MAP_SET] || tb[NFTA_XLAT_MAP_PREFIX] ||
	    tb[NFTA_XLAT_MAP_PREFIX_LEN] || tb[NFTA_XLAT_MAP_FLAGS] ||
	    tb[NFTA_XLAT_MAP_V4] || tb[NFTA_XLAT_MAP_V4_LEN])
		return -EINVAL;

	set = nft_xlat_set_lookup(ctx, tb[NFTA_XLAT_MAP_SET],
				  tb[NFTA_XLAT_MAP_SET_ID]);
	if (IS_ERR(set))
		return PTR_ERR(set);

	klen = v6 ? sizeof(struct in6_addr) : sizeof(__be32);
	dlen = v6 ? sizeof(__be32) : sizeof(struct in6_addr);
	if ((set->flags & (NFT_SET_MAP | NFT_SET_OBJECT)) != NFT_SET_MAP ||
	    set->dtype == NFT_DATA_VERDICT || set->klen != klen ||
	    (set->dlen != dlen && set->dlen != 2 * dlen))
		return -EINVAL;

	err = nft_xlat_set_bind(ctx, ref, set);
	if (err < 0)
		return err;
	map->table.lookup = nft_xlat_map_set;
	map->table.data = set;
	map->kind = NF_XLAT_MAP_TABLE;
	return 0;
}

static int nft_xlat_parse_map(const struct nft_ctx *ctx,
			      const struct nft_xlat *priv,
			      const struct nlattr *attr,
			      struct nft_xlat_set *ref, struct nf_xlat_map *map)
{
	struct nlattr *tb[NFTA_XLAT_MAP_MAX + 1];
	struct nf_xlat_prefix *prefix = &map->prefix;
	struct nf_xlat_eam *eam = &map->eam;
	int err;

	if (!attr)
		return 0;
	err = nla_parse_nested(tb, NFTA_XLAT_MAP_MAX, attr,
			       nft_xlat_map_policy, NULL);
	if (err < 0)
		return err;

	if (tb[NFTA_XLAT_MAP_SET] || tb[NFTA_XLAT_MAP_SET_ID])
		return nft_xlat_parse_set(ctx, priv,
					  (const struct nlattr * const *)tb,
					  ref, map);

	if (!tb[NFTA_XLAT_MAP_PREFIX] || !tb[NFTA_XLAT_MAP_PREFIX_LEN] ||
	    !tb[NFTA_XLAT_MAP_V4] != !tb[NFTA_XLAT_MAP_V4_LEN])
		return -EINVAL;

	if (tb[NFTA_XLAT_MAP_V4]) {
		if (tb[NFTA_XLAT_MAP_FLAGS])
			return -EINVAL;
		eam->addr6 = nla_get_in6_addr(tb[NFTA_XLAT_MAP_PREFIX]);
		eam->len6 = ntohl(nla_get_be32(tb[NFTA_XLAT_MAP_PREFIX_LEN]));
		eam->addr4 = nla_get_be32(tb[NFTA_XLAT_MAP_V4]);
		eam->len4 = ntohl(nla_get_be32(tb[NFTA_XLAT_MAP_V4_LEN]));
		map->kind = NF_XLAT_MAP_EAM;
		return nf_xlat_eam_check(eam) ? :
		       nf_xlat_eam_reach(eam, priv->dir == NFT_XLAT_6TO4 &&
					 map == &priv->dom.daddr);
	}

	prefix->addr = nla_get_in6_addr(tb[NFTA_XLAT_MAP_PREFIX]);
	prefix->len = ntohl(nla_get_be32(tb[NFTA_XLAT_MAP_PREFIX_LEN]));
	if (tb[NFTA_XLAT_MAP_FLAGS])
		prefix->non_global = ntohl(nla_get_be32(tb[NFTA_XLAT_MAP_FLAGS])) &
				     NFT_XLAT_MAP_NON_GLOBAL;
	map->kind = NF_XLAT_MAP_PREFIX;
	return nf_xlat_prefix_check(prefix);
}

static int nft_xlat_parse_maps(const struct nft_ctx *ctx,
			       struct nft_xlat *priv,
			       const struct nlattr * const tb[])
{
	int err;

	/* NFTA_XLAT_PREFIX has to be a prefix, and not a map of nf_tables. */
	err = nft_xlat_parse_map(ctx, priv, tb[NFTA_XLAT_PREFIX], NULL,
				 &priv->dom.prefix);
	if (!err)
		err = nft_xlat_parse_map(ctx, priv, tb[NFTA_XLAT_SADDR],
					 &priv->saddr_set, &priv->dom.saddr);
	if (!err)
		err = nft_xlat_parse_map(ctx, priv, tb[NFTA_XLAT_DADDR],
					 &priv->daddr_set, &priv->dom.daddr);
	return err;
}

/* Do the mappings make sense together? @host: the rule has an NFTA_XLAT_HOST. */
static int nft_xlat_check_maps(const struct nft_xlat *priv, bool host)
{
	/* Registers or the route have both translated addresses. */
	if (host && priv->mode != NFT_XLAT_DNAT)
		return priv->dom.prefix.kind || priv->dom.saddr.kind ||
		       priv->dom.daddr.kind ? -EINVAL : 0;
	/* In this mode only the source address is mapped. */
	if (priv->dir == NFT_XLAT_6TO4 && priv->mode == NFT_XLAT_DNAT) {
		if (priv->dom.daddr.kind ||
		    priv->dom.prefix.kind > NF_XLAT_MAP_PREFIX)
			return -EINVAL;
		return priv->dom.prefix.kind || priv->dom.saddr.kind ? 0 :
								       -EINVAL;
	}
	if (priv->dom.prefix.kind == NF_XLAT_MAP_NONE)
		return nft_xlat_stateful(priv) || !priv->dom.saddr.kind ||
		       !priv->dom.daddr.kind ? -EINVAL : 0;
	if (priv->dom.prefix.kind != NF_XLAT_MAP_PREFIX)
		return -EINVAL;
	/* With state, the session translates one of the two addresses, and the prefix the other. */
	return nft_xlat_stateful(priv) && (priv->dom.saddr.kind ||
					   priv->dom.daddr.kind) ? -EINVAL : 0;
}

/* A range that is a single value has no max register. */
static int nft_xlat_parse_range(const struct nft_ctx *ctx,
				const struct nlattr *min,
				const struct nlattr *max,
				u8 *sreg_min, u8 *sreg_max, u32 len)
{
	int err;

	if (!min)
		return max ? -EINVAL : 0;

	err = nf_xlat_parse_register_load(ctx, min, sreg_min, len);
	if (err < 0)
		return err;
	if (!max) {
		*sreg_max = *sreg_min;
		return 0;
	}
	return nf_xlat_parse_register_load(ctx, max, sreg_max, len);
}

/* Parse the registers of NFTA_XLAT_POOL or NFTA_XLAT_HOST. Refuse an attribute without any. */
static int nft_xlat_parse_regs(const struct nft_ctx *ctx,
			       const struct nft_xlat *priv,
			       const struct nlattr *attr,
			       struct nft_xlat_regs *regs)
{
	struct nlattr *tb[NFTA_XLAT_RANGE_MAX + 1];
	int err;

	if (!attr)
		return 0;
	err = nla_parse_nested(tb, NFTA_XLAT_RANGE_MAX, attr,
			       nft_xlat_range_policy, NULL);
	if (err < 0)
		return err;
	err = nft_xlat_parse_range(ctx, tb[NFTA_XLAT_RANGE_REG_ADDR_MIN],
				   tb[NFTA_XLAT_RANGE_REG_ADDR_MAX],
				   &regs->addr_min, &regs->addr_max,
				   nft_xlat_addr_len(priv));
	if (err < 0)
		return err;
	err = nft_xlat_parse_range(ctx, tb[NFTA_XLAT_RANGE_REG_PROTO_MIN],
				   tb[NFTA_XLAT_RANGE_REG_PROTO_MAX],
				   &regs->proto_min, &regs->proto_max,
				   sizeof(__be16));
	if (err < 0)
		return err;
	return regs->addr_min || regs->proto_min ? 0 : -EINVAL;
}

static int nft_xlat_init_stateless(const struct nft_ctx *ctx,
				   struct nft_xlat *priv,
				   const struct nlattr * const tb[])
{
	if (tb[NFTA_XLAT_POOL] || tb[NFTA_XLAT_HOST] || tb[NFTA_XLAT_FLAGS] ||
	    tb[NFTA_XLAT_MAPPING] || tb[NFTA_XLAT_FILTERING] ||
	    tb[NFTA_XLAT_BLOCK] || tb[NFTA_XLAT_BLOCK_OF] ||
	    (tb[NFTA_XLAT_MTU] && priv->dir == NFT_XLAT_6TO4))
		return -EINVAL;
	if (!tb[NFTA_XLAT_REG_ERROR_SADDR])
		return 0;

	return nf_xlat_parse_register_load(ctx, tb[NFTA_XLAT_REG_ERROR_SADDR],
					   &priv->error_saddr,
					   nft_xlat_addr_len(priv));
}

/* Add the pool of a rule that makes mappings. The registers have no values before a packet. */
static int nft_xlat_init_pool(const struct nft_ctx *ctx, struct nft_xlat *priv)
{
	const struct nf_xlat_ct_range range = {
		.prefix		= priv->dom.prefix.prefix,
		.masq		= priv->mode == NFT_XLAT_MASQ,
		.per_session	= priv->mapping ==
				  NFT_XLAT_MAPPING_ADDRESS_PORT_DEPENDENT,
	};
	struct nf_xlat_ct_pool *pool;

	if (priv->dir == NFT_XLAT_4TO6 || nft_xlat_forwards(priv))
		return 0;
	pool = nf_xlat_ct_pool_add(ctx->net, &range,
				   range.masq && !priv->pool.proto_min ?
				   NF_XLAT_POOL_ADDRS : NF_XLAT_POOL_DYNAMIC,
				   &priv->block);
	if (IS_ERR(pool))
		return PTR_ERR(pool);
	priv->ct_pool = pool;
	return 0;
}

/* Parse NFTA_XLAT_POOL and NFTA_XLAT_HOST, and check that the mode allows and has what it needs. */
static int nft_xlat_init_ranges(const struct nft_ctx *ctx,
				struct nft_xlat *priv,
				const struct nlattr * const tb[])
{
	int err;

	/* Only a packet from IPv6 can get its source address from a pool. */
	if (priv->dir == NFT_XLAT_4TO6 && priv->mode != NFT_XLAT_DNAT)
		return -EOPNOTSUPP;

	err = nft_xlat_parse_regs(ctx, priv, tb[NFTA_XLAT_POOL], &priv->pool);
	if (err < 0)
		return err;
	err = nft_xlat_parse_regs(ctx, priv, tb[NFTA_XLAT_HOST], &priv->host);
	if (err < 0)
		return err;

	switch (priv->mode) {
	case NFT_XLAT_MASQ:
		if (priv->pool.addr_min)
			return -EINVAL;
		break;
	case NFT_XLAT_SNAT:
		if (!priv->pool.addr_min)
			return -EINVAL;
		break;
	case NFT_XLAT_DNAT:
		/* The flags are about the choice of source address and port from a pool. */
		if (tb[NFTA_XLAT_POOL] || tb[NFTA_XLAT_FLAGS] ||
		    !tb[NFTA_XLAT_HOST])
			return -EINVAL;
		break;
	}
	/* A destination needs an address. Ports alone are not enough. */
	return tb[NFTA_XLAT_HOST] && !priv->host.addr_min ? -EINVAL : 0;
}

static int nft_xlat_init_stateful(const struct nft_ctx *ctx,
				  struct nft_xlat *priv,
				  const struct nlattr * const tb[])
{
	int err;

	if (tb[NFTA_XLAT_REG_ERROR_SADDR])
		return -EINVAL;
	err = nft_xlat_init_ranges(ctx, priv, tb);
	if (err < 0)
		return err;
	/* A port forward makes no mapping, so that no other host can send to its address. */
	if (tb[NFTA_XLAT_HOST] &&
	    (tb[NFTA_XLAT_MAPPING] || tb[NFTA_XLAT_FILTERING]))
		return -EINVAL;

	if (tb[NFTA_XLAT_FLAGS])
		priv->flags = ntohl(nla_get_be32(tb[NFTA_XLAT_FLAGS]));
	if (tb[NFTA_XLAT_MAPPING])
		priv->mapping = ntohl(nla_get_be32(tb[NFTA_XLAT_MAPPING]));
	if (tb[NFTA_XLAT_FILTERING])
		priv->filtering = ntohl(nla_get_be32(tb[NFTA_XLAT_FILTERING]));
	/* Filtering is about packets to a mapping. With ports per session, there is none. */
	if (priv->mapping && priv->filtering)
		return -EINVAL;
	/* The address of masquerading may change, so a deterministic block cannot be in it. */
	if ((tb[NFTA_XLAT_BLOCK] &&
	     (priv->dir == NFT_XLAT_4TO6 || tb[NFTA_XLAT_HOST] || priv->mapping)) ||
	    (tb[NFTA_XLAT_BLOCK_OF] && priv->mode != NFT_XLAT_SNAT))
		return -EINVAL;
	err = nft_xlat_parse_block(&priv->block, tb, nft_xlat_map_policy);
	if (err < 0)
		return err;

	err = nf_xlat_ct_netns_get(ctx->net, false);
	if (err < 0)
		return err;
	err = nft_xlat_init_pool(ctx, priv);
	if (err < 0)
		nf_xlat_ct_netns_put(ctx->net);
	return err;
}

/* In a table of family ip or ip6, that family implies the direction. */
static int nft_xlat_init_dir(const struct nft_ctx *ctx, struct nft_xlat *priv,
			     const struct nlattr *attr)
{
	if (!attr && ctx->family == NFPROTO_INET)
		return -EINVAL;
	if (attr)
		priv->dir = ntohl(nla_get_be32(attr));
	else
		priv->dir = ctx->family == NFPROTO_IPV4 ? NFT_XLAT_4TO6 :
							  NFT_XLAT_6TO4;

	return ctx->family == NFPROTO_INET ||
	       ctx->family == nft_xlat_pf(priv) ? 0 : -EAFNOSUPPORT;
}

static int nft_xlat_init(const struct nft_ctx *ctx,
			 const struct nft_expr *expr,
			 const struct nlattr * const tb[])
{
	struct nft_xlat *priv = nft_expr_priv(expr);
	int err;

	err = nft_xlat_check_rev(ctx, tb[NFTA_XLAT_REV]);
	if (err < 0)
		return err;
	err = nft_xlat_init_dir(ctx, priv, tb[NFTA_XLAT_DIR]);
	if (err < 0)
		return err;

	if (tb[NFTA_XLAT_MODE])
		priv->mode = ntohl(nla_get_be32(tb[NFTA_XLAT_MODE]));
	if (tb[NFTA_XLAT_MTU]) {
		priv->mtu = ntohl(nla_get_be32(tb[NFTA_XLAT_MTU]));
		if (priv->mtu < IPV6_MIN_MTU || priv->mtu > IP_MAX_MTU)
			return -ERANGE;
	}

	err = nft_xlat_parse_maps(ctx, priv, tb);
	if (!err)
		err = nft_xlat_check_maps(priv, tb[NFTA_XLAT_HOST]);
	if (!err)
		err = nft_xlat_stateful(priv) ?
		      nft_xlat_init_stateful(ctx, priv, tb) :
		      nft_xlat_init_stateless(ctx, priv, tb);
	if (err < 0) {
		nft_xlat_set_unbind(ctx, &priv->saddr_set);
		nft_xlat_set_unbind(ctx, &priv->daddr_set);
	}
	return err;
}

/* The rule is deleted, or its addition is undone: drop the references to its maps. */
static void nft_xlat_deactivate(const struct nft_ctx *ctx,
				const struct nft_expr *expr,
				enum nft_trans_phase phase)
{
	struct nft_xlat *priv = nft_expr_priv(expr);

	nft_xlat_set_deactivate(ctx, &priv->saddr_set, phase);
	nft_xlat_set_deactivate(ctx, &priv->daddr_set, phase);
}

static void nft_xlat_activate(const struct nft_ctx *ctx,
			      const struct nft_expr *expr)
{
	const struct nft_xlat *priv = nft_expr_priv(expr);

	nft_xlat_set_activate(ctx, &priv->saddr_set);
	nft_xlat_set_activate(ctx, &priv->daddr_set);
}

static void nft_xlat_destroy(const struct nft_ctx *ctx,
			     const struct nft_expr *expr)
{
	const struct nft_xlat *priv = nft_expr_priv(expr);

	nft_xlat_set_destroy(ctx, &priv->saddr_set);
	nft_xlat_set_destroy(ctx, &priv->daddr_set);
	if (!nft_xlat_stateful(priv))
		return;
	nf_xlat_ct_pool_del(ctx->net, priv->ct_pool);
	nf_xlat_ct_netns_put(ctx->net);
}

static int nft_xlat_dump_prefix(struct sk_buff *skb,
				const struct nf_xlat_prefix *prefix)
{
	if (nla_put_in6_addr(skb, NFTA_XLAT_MAP_PREFIX, &prefix->addr) ||
	    nla_put_be32(skb, NFTA_XLAT_MAP_PREFIX_LEN, htonl(prefix->len)))
		return -1;
	return prefix->non_global ?
	       nla_put_be32(skb, NFTA_XLAT_MAP_FLAGS,
			    htonl(NFT_XLAT_MAP_NON_GLOBAL)) : 0;
}

static int nft_xlat_dump_eam(struct sk_buff *skb, const struct nf_xlat_eam *eam)
{
	if (nla_put_in6_addr(skb, NFTA_XLAT_MAP_PREFIX, &eam->addr6) ||
	    nla_put_be32(skb, NFTA_XLAT_MAP_PREFIX_LEN, htonl(eam->len6)) ||
	    nla_put_be32(skb, NFTA_XLAT_MAP_V4, eam->addr4) ||
	    nla_put_be32(skb, NFTA_XLAT_MAP_V4_LEN, htonl(eam->len4)))
		return -1;
	return 0;
}

static int nft_xlat_dump_map(struct sk_buff *skb, int type,
			     const struct nf_xlat_map *map,
			     const struct nft_xlat_set *ref)
{
	struct nlattr *nest;
	int err = 0;

	if (map->kind == NF_XLAT_MAP_NONE)
		return 0;

	nest = nla_nest_start(skb, type);
	if (!nest)
		return -1;

	switch (map->kind) {
	case NF_XLAT_MAP_PREFIX:
		err = nft_xlat_dump_prefix(skb, &map->prefix);
		break;
	case NF_XLAT_MAP_EAM:
		err = nft_xlat_dump_eam(skb, &map->eam);
		break;
	case NF_XLAT_MAP_TABLE:
		err = nla_put_string(skb, NFTA_XLAT_MAP_SET,
				     ref->set->name);
		break;
	}
	nla_nest_end(skb, nest);
	return err;
}

/* Dump NFTA_XLAT_POOL or NFTA_XLAT_HOST. */
static int nft_xlat_dump_range(struct sk_buff *skb, int type,
			       const struct nft_xlat_regs *regs)
{
	const u8 reg[] = {
		regs->addr_min, regs->addr_max,
		regs->proto_min, regs->proto_max,
	};
	struct nlattr *nest;
	unsigned int i;

	if (!regs->addr_min && !regs->proto_min)
		return 0;

	nest = nla_nest_start(skb, type);
	if (!nest)
		return -1;
	for (i = 0; i < ARRAY_SIZE(reg); i++)
		if (reg[i] &&
		    nft_dump_register(skb, NFTA_XLAT_RANGE_REG_ADDR_MIN + i,
				      reg[i]))
			return -1;
	nla_nest_end(skb, nest);
	return 0;
}

static int nft_xlat_dump(NF_XLAT_DUMP_ARGS)
{
	const struct nft_xlat *priv = nft_expr_priv(expr);

	if (nla_put_be32(skb, NFTA_XLAT_DIR, htonl(priv->dir)))
		return -1;
	if (priv->mode &&
	    nla_put_be32(skb, NFTA_XLAT_MODE, htonl(priv->mode)))
		return -1;
	if (nft_xlat_dump_map(skb, NFTA_XLAT_PREFIX, &priv->dom.prefix, NULL) ||
	    nft_xlat_dump_map(skb, NFTA_XLAT_SADDR, &priv->dom.saddr,
			      &priv->saddr_set) ||
	    nft_xlat_dump_map(skb, NFTA_XLAT_DADDR, &priv->dom.daddr,
			      &priv->daddr_set) ||
	    nft_xlat_dump_range(skb, NFTA_XLAT_POOL, &priv->pool) ||
	    nft_xlat_dump_range(skb, NFTA_XLAT_HOST, &priv->host))
		return -1;
	if (priv->flags &&
	    nla_put_be32(skb, NFTA_XLAT_FLAGS, htonl(priv->flags)))
		return -1;
	if (priv->mapping &&
	    nla_put_be32(skb, NFTA_XLAT_MAPPING, htonl(priv->mapping)))
		return -1;
	if (priv->filtering &&
	    nla_put_be32(skb, NFTA_XLAT_FILTERING, htonl(priv->filtering)))
		return -1;
	if (priv->error_saddr &&
	    nft_dump_register(skb, NFTA_XLAT_REG_ERROR_SADDR, priv->error_saddr))
		return -1;
	if (priv->mtu && nla_put_be32(skb, NFTA_XLAT_MTU, htonl(priv->mtu)))
		return -1;
	if (nft_xlat_dump_block(skb, &priv->block))
		return -1;
	return nla_put_be32(skb, NFTA_XLAT_REV, htonl(NFT_XLAT_REV));
}

static struct nft_expr_type nft_xlat_type;
static const struct nft_expr_ops nft_xlat_ops = {
	.type		= &nft_xlat_type,
	.size		= NFT_EXPR_SIZE(sizeof(struct nft_xlat)),
	.eval		= nft_xlat_eval,
	.init		= nft_xlat_init,
	.activate	= nft_xlat_activate,
	.deactivate	= nft_xlat_deactivate,
	.destroy	= nft_xlat_destroy,
	.dump		= nft_xlat_dump,
	.validate	= nft_xlat_validate,
};

static struct nft_expr_type nft_xlat_type __read_mostly = {
	.name		= "xlat",
	.ops		= &nft_xlat_ops,
	.policy		= nft_xlat_policy,
	.maxattr	= NFT_EXPR_MAXATTR,
	.owner		= THIS_MODULE,
};

static int __init nft_xlat_module_init(void)
{
	/* Built into the kernel, this is called even where nf_xlat_init() has failed. */
	if (!ipv6_mod_enabled())
		return -EAFNOSUPPORT;
	return nft_register_expr(&nft_xlat_type);
}

static void __exit nft_xlat_module_exit(void)
{
	nft_unregister_expr(&nft_xlat_type);
}

module_init(nft_xlat_module_init);
module_exit(nft_xlat_module_exit);

MODULE_LICENSE("GPL");
MODULE_VERSION(NF_XLAT_VERSION);
MODULE_ALIAS_NFT_EXPR("xlat");
MODULE_DESCRIPTION("nftables IPv4/IPv6 translation support");
