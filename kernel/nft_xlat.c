// SPDX-License-Identifier: GPL-2.0-only
/* nf_tables expression for IPv4/IPv6 translation. */

#include <linux/module.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_nat.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nft_xlat.h>
#include <linux/netfilter_ipv4.h>
#include <linux/netlink.h>
#include <net/ip.h>
#include <net/ipv6.h>
#include <net/netfilter/nf_tables.h>
#include <net/netfilter/nf_xlat.h>
#include <net/netfilter/nf_xlat_ct.h>
#include "compat.h"

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
	struct nft_xlat_regs	sreg;	/* new source; 4to6: host; stateless: error saddr */
	struct nft_xlat_regs	dreg;	/* IPv4 host of nft_xlat_forwards() */
	struct nf_xlat_ct_pool	*pool;	/* of a rule that makes mappings, else NULL */
};

static const struct nla_policy nft_xlat_policy[NFT_EXPR_MAXATTR + 1] = {
	[NFTA_XLAT_DIR]			= NLA_POLICY_MAX(NLA_BE32, NFT_XLAT_DIR_MAX),
	[NFTA_XLAT_MODE]		= NLA_POLICY_MAX(NLA_BE32, NFT_XLAT_MODE_MAX),
	[NFTA_XLAT_PREFIX]		= { .type = NLA_NESTED },
	[NFTA_XLAT_SADDR]		= { .type = NLA_NESTED },
	[NFTA_XLAT_DADDR]		= { .type = NLA_NESTED },
	[NFTA_XLAT_FLAGS]		= NLA_POLICY_MASK(NLA_BE32, NFT_XLAT_FLAGS),
	[NFTA_XLAT_REG_ADDR_MIN]	= { .type = NLA_U32 },
	[NFTA_XLAT_REG_ADDR_MAX]	= { .type = NLA_U32 },
	[NFTA_XLAT_REG_PROTO_MIN]	= { .type = NLA_U32 },
	[NFTA_XLAT_REG_PROTO_MAX]	= { .type = NLA_U32 },
	[NFTA_XLAT_MTU]			= { .type = NLA_U32 },
	[NFTA_XLAT_MAPPING]		= NLA_POLICY_MAX(NLA_BE32, NFT_XLAT_MAPPING_MAX),
	[NFTA_XLAT_FILTERING]		= NLA_POLICY_MAX(NLA_BE32, NFT_XLAT_FILTERING_MAX),
	[NFTA_XLAT_DNAT]		= { .type = NLA_NESTED },
	/*
	 * A later nft may send attributes that are unknown here. nf_tables would ignore
	 * them silently.
	 */
	[NFTA_XLAT_MAX + 1 ... NFT_EXPR_MAXATTR] = { .type = NLA_REJECT },
};

static const struct nla_policy nft_xlat_map_policy[NFTA_XLAT_MAP_MAX + 1] = {
	[NFTA_XLAT_MAP_PREFIX]		= NLA_POLICY_EXACT_LEN(sizeof(struct in6_addr)),
	[NFTA_XLAT_MAP_PREFIX_LEN]	= NLA_POLICY_MAX(NLA_BE32, 128),
	[NFTA_XLAT_MAP_FLAGS]		= NLA_POLICY_MASK(NLA_BE32, NFT_XLAT_MAP_FLAGS),
	[NFTA_XLAT_MAP_V4]		= { .type = NLA_U32 },
	[NFTA_XLAT_MAP_V4_LEN]		= NLA_POLICY_MAX(NLA_BE32, 32),
	[NFTA_XLAT_MAP_SET]		= { .type = NLA_NUL_STRING,
					    .len = NFT_SET_MAXNAMELEN - 1 },
};

static const struct nla_policy nft_xlat_dnat_policy[NFTA_XLAT_DNAT_MAX + 1] = {
	[NFTA_XLAT_DNAT_REG_ADDR_MIN]	= { .type = NLA_U32 },
	[NFTA_XLAT_DNAT_REG_ADDR_MAX]	= { .type = NLA_U32 },
	[NFTA_XLAT_DNAT_REG_PROTO_MIN]	= { .type = NLA_U32 },
	[NFTA_XLAT_DNAT_REG_PROTO_MAX]	= { .type = NLA_U32 },
};

static struct nft_set *nft_xlat_set(const struct nf_xlat_map *map)
{
	return map->table.data;
}

static bool nft_xlat_stateful(const struct nft_xlat *priv)
{
	return priv->mode != NFT_XLAT_STATELESS;
}

static u8 nft_xlat_pf(const struct nft_xlat *priv)
{
	return priv->dir == NFT_XLAT_6TO4 ? NFPROTO_IPV6 : NFPROTO_IPV4;
}

/* Length of an address in the family that the packet goes on in */
static unsigned int nft_xlat_addr_len(const struct nft_xlat *priv)
{
	return priv->dir == NFT_XLAT_6TO4 ? sizeof(__be32) :
					    sizeof(struct in6_addr);
}

/* Is it a port forward from IPv6, to an IPv4 host that the rule names? */
static bool nft_xlat_forwards(const struct nft_xlat *priv)
{
	return priv->dir == NFT_XLAT_6TO4 && priv->dreg.addr_min;
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
		.pool		= priv->pool,
	};

	nft_xlat_load_range(regs, &priv->sreg, nft_xlat_addr_len(priv), &range);
	regs->verdict.code = nf_xlat_ct(pkt->skb, pkt->state, &range);
}

/*
 * Look an address up in a map of nft. If the value is an interval of addresses, it is a prefix
 * as large as the key's, and the low bits of @addr are kept (RFC 7757 section 3.3).
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
		 * That is in IPv6 only, and such an interval is larger than any IPv4 prefix.
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
	u8 pf = nft_xlat_pf(priv);

	parm.lowest_mtu6 = priv->mtu;
	/*
	 * Read the generation before the sets: if they change meanwhile, the flow counts as
	 * one of old rules.
	 */
	parm.rules = nf_xlat_rules_stamp(way.net);

	if (priv->sreg.addr_min)
		error_saddr = (const void *)&regs->data[priv->sreg.addr_min];
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

	nft_xlat_load_range(regs, &priv->dreg, sizeof(__be32), &dest);
	if (priv->mode == NFT_XLAT_DNAT) {
		range.flags = 0;
		range.unmapped = nf_xlat_map_saddr(&priv->dom, pkt->state->net,
						   pkt->skb, NFPROTO_IPV6,
						   &range.min_addr);
		if (range.unmapped == NF_XLAT_ADDRESS)
			goto no_match;
		range.max_addr = range.min_addr;
	} else {
		nft_xlat_load_range(regs, &priv->sreg, sizeof(__be32), &range);
	}

	regs->verdict.code = nf_xlat_ct(pkt->skb, pkt->state, &range);
	return;

no_match:
	regs->verdict.code = NFT_BREAK;
}

static void nft_xlat_eval(const struct nft_expr *expr, struct nft_regs *regs,
			  const struct nft_pktinfo *pkt)
{
	const struct nft_xlat *priv = nft_expr_priv(expr);

	/* A rule of an inet table may match packets of both families. */
	if (nft_pf(pkt) != nft_xlat_pf(priv) ||
	    unlikely(nf_xlat_bridged(pkt->skb))) {
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

	/* Before conntrack has run, packets have no entry yet. */
	if (nft_is_base_chain(ctx->chain) &&
	    nft_base_chain(ctx->chain)->ops.priority <= NF_IP_PRI_CONNTRACK)
		return -ERANGE;

	return 0;
}

/*
 * Find a map by its name in the rule's table, and take a reference to it. Not all kernels
 * export nf_tables_bind_set(). What else it does concerns anonymous sets and verdict maps.
 */
static int nft_xlat_parse_set(const struct nft_ctx *ctx,
			      const struct nft_xlat *priv,
			      const struct nlattr *attr,
			      struct nf_xlat_map *map)
{
	bool v6 = nft_xlat_pf(priv) == NFPROTO_IPV6;
	unsigned int klen, dlen;
	struct nft_set *set;

	klen = v6 ? sizeof(struct in6_addr) : sizeof(__be32);
	dlen = v6 ? sizeof(__be32) : sizeof(struct in6_addr);

	list_for_each_entry(set, &ctx->table->sets, list) {
		if (nla_strcmp(attr, set->name) ||
		    !nft_is_active_next(ctx->net, set))
			continue;
		if (nft_set_is_anonymous(set) ||
		    (set->flags & (NFT_SET_MAP | NFT_SET_OBJECT)) != NFT_SET_MAP ||
		    set->dtype == NFT_DATA_VERDICT || set->klen != klen ||
		    (set->dlen != dlen && set->dlen != 2 * dlen))
			return -EINVAL;
		if (!nft_use_inc(&set->use))
			return -EMFILE;
		map->table.lookup = nft_xlat_map_set;
		map->table.data = set;
		map->kind = NF_XLAT_MAP_TABLE;
		return 0;
	}
	return -ENOENT;
}

static int nft_xlat_parse_map(const struct nft_ctx *ctx,
			      const struct nft_xlat *priv,
			      const struct nlattr *attr,
			      struct nf_xlat_map *map)
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

	if (tb[NFTA_XLAT_MAP_SET])
		return tb[NFTA_XLAT_MAP_PREFIX] ||
		       tb[NFTA_XLAT_MAP_PREFIX_LEN] ||
		       tb[NFTA_XLAT_MAP_FLAGS] ||
		       tb[NFTA_XLAT_MAP_V4] || tb[NFTA_XLAT_MAP_V4_LEN] ?
		       -EINVAL :
		       nft_xlat_parse_set(ctx, priv, tb[NFTA_XLAT_MAP_SET], map);

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
		return nf_xlat_eam_check(eam);
	}

	prefix->addr = nla_get_in6_addr(tb[NFTA_XLAT_MAP_PREFIX]);
	prefix->len = ntohl(nla_get_be32(tb[NFTA_XLAT_MAP_PREFIX_LEN]));
	if (tb[NFTA_XLAT_MAP_FLAGS])
		prefix->non_global = ntohl(nla_get_be32(tb[NFTA_XLAT_MAP_FLAGS])) &
				     NFT_XLAT_MAP_NON_GLOBAL;
	map->kind = NF_XLAT_MAP_PREFIX;
	return nf_xlat_prefix_check(prefix);
}

static void nft_xlat_put_set(const struct nf_xlat_map *map)
{
	if (map->kind == NF_XLAT_MAP_TABLE)
		nft_use_dec(&nft_xlat_set(map)->use);
}

static void nft_xlat_put_sets(const struct nft_xlat *priv)
{
	/*
	 * nft_xlat_check_maps() refuses a map for NFTA_XLAT_PREFIX, but
	 * nft_xlat_parse_maps() has taken the reference by then.
	 */
	nft_xlat_put_set(&priv->dom.prefix);
	nft_xlat_put_set(&priv->dom.saddr);
	nft_xlat_put_set(&priv->dom.daddr);
}

static int nft_xlat_parse_maps(const struct nft_ctx *ctx,
			       struct nft_xlat *priv,
			       const struct nlattr * const tb[])
{
	int err;

	/*
	 * The second choice, and the prefix of a stateful rule, has to be a prefix and not
	 * a map.
	 */
	err = nft_xlat_parse_map(ctx, priv, tb[NFTA_XLAT_PREFIX],
				 &priv->dom.prefix);
	if (!err)
		err = nft_xlat_parse_map(ctx, priv, tb[NFTA_XLAT_SADDR],
					 &priv->dom.saddr);
	if (!err)
		err = nft_xlat_parse_map(ctx, priv, tb[NFTA_XLAT_DADDR],
					 &priv->dom.daddr);
	return err;
}

/* Do the mappings make sense together? @dnat: the rule has an NFTA_XLAT_DNAT. */
static int nft_xlat_check_maps(const struct nft_xlat *priv, bool dnat)
{
	/* Registers or the route say what both addresses become. */
	if (dnat)
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
	/*
	 * With state one of the two addresses is translated by the session, so that there
	 * is one prefix only.
	 */
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

static int nft_xlat_init_stateless(const struct nft_ctx *ctx,
				   struct nft_xlat *priv,
				   const struct nlattr * const tb[])
{
	if (tb[NFTA_XLAT_FLAGS] || tb[NFTA_XLAT_MAPPING] ||
	    tb[NFTA_XLAT_FILTERING] || tb[NFTA_XLAT_REG_ADDR_MAX] ||
	    tb[NFTA_XLAT_REG_PROTO_MIN] || tb[NFTA_XLAT_REG_PROTO_MAX] ||
	    tb[NFTA_XLAT_DNAT] ||
	    (tb[NFTA_XLAT_MTU] && priv->dir == NFT_XLAT_6TO4))
		return -EINVAL;
	if (!tb[NFTA_XLAT_REG_ADDR_MIN])
		return 0;

	return nf_xlat_parse_register_load(ctx, tb[NFTA_XLAT_REG_ADDR_MIN],
					   &priv->sreg.addr_min,
					   priv->dir == NFT_XLAT_6TO4 ?
					   sizeof(__be32) : sizeof(struct in6_addr));
}

/* A port forward from IPv6, whose source becomes an address of the pool */
static int nft_xlat_parse_dnat(const struct nft_ctx *ctx, struct nft_xlat *priv,
			       const struct nlattr *attr)
{
	struct nlattr *tb[NFTA_XLAT_DNAT_MAX + 1];
	int err;

	err = nla_parse_nested(tb, NFTA_XLAT_DNAT_MAX, attr,
			       nft_xlat_dnat_policy, NULL);
	if (err < 0)
		return err;
	if (!tb[NFTA_XLAT_DNAT_REG_ADDR_MIN])
		return -EINVAL;
	err = nft_xlat_parse_range(ctx, tb[NFTA_XLAT_DNAT_REG_ADDR_MIN],
				   tb[NFTA_XLAT_DNAT_REG_ADDR_MAX],
				   &priv->dreg.addr_min, &priv->dreg.addr_max,
				   sizeof(__be32));
	if (err < 0)
		return err;
	return nft_xlat_parse_range(ctx, tb[NFTA_XLAT_DNAT_REG_PROTO_MIN],
				    tb[NFTA_XLAT_DNAT_REG_PROTO_MAX],
				    &priv->dreg.proto_min,
				    &priv->dreg.proto_max, sizeof(__be16));
}

/* Does it make mappings? A pool in registers is known with the first packet. */
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
	pool = nf_xlat_ct_pool_add(ctx->net, &range, range.masq &&
				   !priv->sreg.proto_min);
	if (IS_ERR(pool))
		return PTR_ERR(pool);
	priv->pool = pool;
	return 0;
}

static int nft_xlat_init_stateful(const struct nft_ctx *ctx,
				  struct nft_xlat *priv,
				  const struct nlattr * const tb[])
{
	bool to6 = priv->dir == NFT_XLAT_4TO6;
	int err;

	/* Only a packet from IPv6 gets another source address. */
	if (to6 && (priv->mode != NFT_XLAT_DNAT || tb[NFTA_XLAT_DNAT]))
		return -EOPNOTSUPP;
	if (priv->mode == NFT_XLAT_MASQ ? !!tb[NFTA_XLAT_REG_ADDR_MIN] :
					  !tb[NFTA_XLAT_REG_ADDR_MIN])
		return -EINVAL;
	/* A port forward makes no mapping, so that no other host can send to its address. */
	if ((priv->mode == NFT_XLAT_DNAT || tb[NFTA_XLAT_DNAT]) &&
	    (tb[NFTA_XLAT_MAPPING] || tb[NFTA_XLAT_FILTERING]))
		return -EINVAL;
	if (priv->mode == NFT_XLAT_DNAT && tb[NFTA_XLAT_DNAT])
		return -EINVAL;

	if (tb[NFTA_XLAT_FLAGS])
		priv->flags = ntohl(nla_get_be32(tb[NFTA_XLAT_FLAGS]));
	if (tb[NFTA_XLAT_MAPPING])
		priv->mapping = ntohl(nla_get_be32(tb[NFTA_XLAT_MAPPING]));
	if (tb[NFTA_XLAT_FILTERING])
		priv->filtering = ntohl(nla_get_be32(tb[NFTA_XLAT_FILTERING]));
	/* Without a mapping there is nothing that others could send to. */
	if (priv->mapping && priv->filtering)
		return -EINVAL;

	err = nft_xlat_parse_range(ctx, tb[NFTA_XLAT_REG_ADDR_MIN],
				   tb[NFTA_XLAT_REG_ADDR_MAX],
				   &priv->sreg.addr_min, &priv->sreg.addr_max,
				   nft_xlat_addr_len(priv));
	if (err < 0)
		return err;
	err = nft_xlat_parse_range(ctx, tb[NFTA_XLAT_REG_PROTO_MIN],
				   tb[NFTA_XLAT_REG_PROTO_MAX],
				   &priv->sreg.proto_min,
				   &priv->sreg.proto_max, sizeof(__be16));
	if (err < 0)
		return err;
	if (tb[NFTA_XLAT_DNAT]) {
		err = nft_xlat_parse_dnat(ctx, priv, tb[NFTA_XLAT_DNAT]);
		if (err < 0)
			return err;
	} else if (!to6 && priv->mode == NFT_XLAT_DNAT) {
		swap(priv->sreg, priv->dreg);
	}

	err = nf_xlat_ct_netns_get(ctx->net, false);
	if (err < 0)
		return err;
	err = nft_xlat_init_pool(ctx, priv);
	if (err < 0)
		nf_xlat_ct_netns_put(ctx->net);
	return err;
}

static int nft_xlat_init(const struct nft_ctx *ctx,
			 const struct nft_expr *expr,
			 const struct nlattr * const tb[])
{
	struct nft_xlat *priv = nft_expr_priv(expr);
	int err;

	if (!tb[NFTA_XLAT_DIR])
		return -EINVAL;
	priv->dir = ntohl(nla_get_be32(tb[NFTA_XLAT_DIR]));
	if (ctx->family != NFPROTO_INET && ctx->family != nft_xlat_pf(priv))
		return -EAFNOSUPPORT;

	if (tb[NFTA_XLAT_MODE])
		priv->mode = ntohl(nla_get_be32(tb[NFTA_XLAT_MODE]));
	if (tb[NFTA_XLAT_MTU]) {
		priv->mtu = ntohl(nla_get_be32(tb[NFTA_XLAT_MTU]));
		if (priv->mtu < IPV6_MIN_MTU || priv->mtu > IP_MAX_MTU)
			return -ERANGE;
	}

	err = nft_xlat_parse_maps(ctx, priv, tb);
	if (!err)
		err = nft_xlat_check_maps(priv, tb[NFTA_XLAT_DNAT]);
	if (!err)
		err = nft_xlat_stateful(priv) ?
		      nft_xlat_init_stateful(ctx, priv, tb) :
		      nft_xlat_init_stateless(ctx, priv, tb);
	if (err < 0)
		nft_xlat_put_sets(priv);
	return err;
}

/* The rule is deleted, or its addition is undone: drop the references to its maps. */
static void nft_xlat_deactivate(const struct nft_ctx *ctx,
				const struct nft_expr *expr,
				enum nft_trans_phase phase)
{
	const struct nft_xlat *priv = nft_expr_priv(expr);

	/* NFT_TRANS_PREPARE has dropped the references, as in nf_tables_deactivate_set(). */
	if (phase != NFT_TRANS_COMMIT)
		nft_xlat_put_sets(priv);
}

static void nft_xlat_activate(const struct nft_ctx *ctx,
			      const struct nft_expr *expr)
{
	const struct nft_xlat *priv = nft_expr_priv(expr);

	if (priv->dom.saddr.kind == NF_XLAT_MAP_TABLE)
		nft_use_inc_restore(&nft_xlat_set(&priv->dom.saddr)->use);
	if (priv->dom.daddr.kind == NF_XLAT_MAP_TABLE)
		nft_use_inc_restore(&nft_xlat_set(&priv->dom.daddr)->use);
}

static void nft_xlat_destroy(const struct nft_ctx *ctx,
			     const struct nft_expr *expr)
{
	const struct nft_xlat *priv = nft_expr_priv(expr);

	if (!nft_xlat_stateful(priv))
		return;
	nf_xlat_ct_pool_del(ctx->net, priv->pool);
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
			     const struct nf_xlat_map *map)
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
				     nft_xlat_set(map)->name);
		break;
	}
	nla_nest_end(skb, nest);
	return err;
}

/* Dump the registers of a range. @type is the attribute of the first; the others follow it. */
static int nft_xlat_dump_range(struct sk_buff *skb,
			       const struct nft_xlat_regs *regs, int type)
{
	const u8 reg[] = {
		regs->addr_min, regs->addr_max,
		regs->proto_min, regs->proto_max,
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(reg); i++)
		if (reg[i] && nft_dump_register(skb, type + i, reg[i]))
			return -1;
	return 0;
}

static int nft_xlat_dump_dnat(struct sk_buff *skb, const struct nft_xlat *priv)
{
	struct nlattr *nest;

	nest = nla_nest_start(skb, NFTA_XLAT_DNAT);
	if (!nest || nft_xlat_dump_range(skb, &priv->dreg,
					 NFTA_XLAT_DNAT_REG_ADDR_MIN))
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
	if (nft_xlat_dump_map(skb, NFTA_XLAT_PREFIX, &priv->dom.prefix) ||
	    nft_xlat_dump_map(skb, NFTA_XLAT_SADDR, &priv->dom.saddr) ||
	    nft_xlat_dump_map(skb, NFTA_XLAT_DADDR, &priv->dom.daddr))
		return -1;
	if (priv->mtu && nla_put_be32(skb, NFTA_XLAT_MTU, htonl(priv->mtu)))
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
	/* Where the source of a port forward is mapped, the mode is that of the destination. */
	if (nft_xlat_forwards(priv) && priv->mode == NFT_XLAT_DNAT)
		return nft_xlat_dump_range(skb, &priv->dreg,
					   NFTA_XLAT_REG_ADDR_MIN);
	if (nft_xlat_dump_range(skb, &priv->sreg, NFTA_XLAT_REG_ADDR_MIN))
		return -1;
	return nft_xlat_forwards(priv) ? nft_xlat_dump_dnat(skb, priv) : 0;
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
