// SPDX-License-Identifier: GPL-2.0-only
/*
 * nf_tables expression for IPv4/IPv6 translation.
 */

#include <linux/module.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_nat.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nft_xlat.h>
#include <linux/netfilter_ipv4.h>
#include <linux/netlink.h>
#include <net/ipv6.h>
#include <net/netfilter/nf_tables.h>
#include <net/netfilter/nf_xlat.h>
#include <net/netfilter/nf_xlat_ct.h>
#include "compat.h"

#define NFT_XLAT_FLAGS	(NF_NAT_RANGE_PROTO_RANDOM |		\
			 NF_NAT_RANGE_PROTO_RANDOM_FULLY |	\
			 NF_NAT_RANGE_PERSISTENT)

struct nft_xlat {
	struct nf_xlat_prefix	saddr;	/* len 0: NFTA_XLAT_PREFIX was given */
	struct nf_xlat_prefix	daddr;
	u32			flags;
	u8			dir;
	u8			mode;
	u8			sreg_addr_min;
	u8			sreg_addr_max;
	u8			sreg_proto_min;
	u8			sreg_proto_max;
};

static const struct nla_policy nft_xlat_policy[NFTA_XLAT_MAX + 1] = {
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
};

static const struct nla_policy nft_xlat_map_policy[NFTA_XLAT_MAP_MAX + 1] = {
	[NFTA_XLAT_MAP_PREFIX]		= NLA_POLICY_EXACT_LEN(sizeof(struct in6_addr)),
	[NFTA_XLAT_MAP_PREFIX_LEN]	= NLA_POLICY_MAX(NLA_BE32, 128),
};

static bool nft_xlat_stateful(const struct nft_xlat *priv)
{
	return priv->mode != NFT_XLAT_STATELESS;
}

static u8 nft_xlat_pf(const struct nft_xlat *priv)
{
	return priv->dir == NFT_XLAT_6TO4 ? NFPROTO_IPV6 : NFPROTO_IPV4;
}

static const struct nf_xlat_prefix *
nft_xlat_saddr(const struct nft_xlat *priv)
{
	return priv->saddr.len ? &priv->saddr : &priv->daddr;
}

static void nft_xlat_eval_stateful(const struct nft_xlat *priv,
				   struct nft_regs *regs,
				   const struct nft_pktinfo *pkt)
{
	struct nf_xlat_ct_range range = {
		.prefix	= priv->daddr,
		.flags	= priv->flags,
		.masq	= priv->mode == NFT_XLAT_MASQ,
	};

	if (priv->sreg_addr_min) {
		range.min_addr.ip = (__force __be32)
			regs->data[priv->sreg_addr_min];
		range.max_addr.ip = (__force __be32)
			regs->data[priv->sreg_addr_max];
		if (ntohl(range.min_addr.ip) > ntohl(range.max_addr.ip))
			swap(range.min_addr.ip, range.max_addr.ip);
	}
	if (priv->sreg_proto_min) {
		range.min_proto = (__force __be16)
			nft_reg_load16(&regs->data[priv->sreg_proto_min]);
		range.max_proto = (__force __be16)
			nft_reg_load16(&regs->data[priv->sreg_proto_max]);
		if (ntohs(range.min_proto) > ntohs(range.max_proto))
			swap(range.min_proto, range.max_proto);
		range.flags |= NF_NAT_RANGE_PROTO_SPECIFIED;
	}

	regs->verdict.code = nf_xlat_ct(pkt->skb, pkt->state, &range);
}

/* Both addresses of a header by algorithm, RFC 7915 section 6 */
static bool nft_xlat_map_hdr(const struct nf_xlat_prefix *sprefix,
			     const struct nf_xlat_prefix *dprefix, u8 pf,
			     const struct nf_xlat_l3 *l3,
			     struct nf_xlat_hdr *hdr)
{
	if (pf == NFPROTO_IPV6)
		return nf_xlat_addr_6to4(sprefix, &l3->saddr.in6,
					 &hdr->saddr.ip) &&
		       nf_xlat_addr_6to4(dprefix, &l3->daddr.in6,
					 &hdr->daddr.ip);

	nf_xlat_addr_4to6(sprefix, l3->saddr.ip, &hdr->saddr.in6);
	nf_xlat_addr_4to6(dprefix, l3->daddr.ip, &hdr->daddr.in6);
	return true;
}

static void nft_xlat_eval_stateless(const struct nft_xlat *priv,
				    struct nft_regs *regs,
				    const struct nft_pktinfo *pkt)
{
	const struct nf_hook_state *state = pkt->state;
	enum nf_xlat_reason reason;
	struct nf_xlat_parm parm;
	struct nf_xlat_pkt xpkt;

	memset(&parm, 0, sizeof(parm));
	reason = nf_xlat_parse(pkt->skb, nft_xlat_pf(priv), &xpkt);
	if (!reason &&
	    !nft_xlat_map_hdr(nft_xlat_saddr(priv), &priv->daddr, xpkt.pf,
			      &xpkt.l3, &parm.outer))
		reason = NF_XLAT_ADDRESS;
	/* What an error quotes went the other way. */
	if (!reason && xpkt.icmp_error &&
	    !nft_xlat_map_hdr(&priv->daddr, nft_xlat_saddr(priv), xpkt.pf,
			      &xpkt.inner, &parm.inner))
		reason = NF_XLAT_QUOTED;

	regs->verdict.code = reason ?
		nf_xlat_reject(pkt->skb, state, &xpkt, reason) :
		nf_xlat_hook(pkt->skb, state, &xpkt, &parm);
}

/*
 * The prefix is part of the match: what lies outside, neighbour discovery to
 * begin with, is for the rules that follow. IPv4 has no such prefix.
 */
static bool nft_xlat_match(const struct nft_xlat *priv,
			   const struct nft_pktinfo *pkt)
{
	const struct ipv6hdr *ip6h = ipv6_hdr(pkt->skb);
	const struct nf_xlat_prefix *saddr = nft_xlat_saddr(priv);

	if (priv->dir != NFT_XLAT_6TO4)
		return true;
	if (!ipv6_prefix_equal(&priv->daddr.addr, &ip6h->daddr,
			       priv->daddr.len))
		return false;
	return nft_xlat_stateful(priv) ||
	       ipv6_prefix_equal(&saddr->addr, &ip6h->saddr, saddr->len);
}

static void nft_xlat_eval(const struct nft_expr *expr, struct nft_regs *regs,
			  const struct nft_pktinfo *pkt)
{
	const struct nft_xlat *priv = nft_expr_priv(expr);

	/*
	 * A rule of an inet table need not have tested the family, nor any
	 * rule the prefix.
	 */
	if (nft_pf(pkt) != nft_xlat_pf(priv) || !nft_xlat_match(priv, pkt)) {
		regs->verdict.code = NFT_BREAK;
		return;
	}

	if (nft_xlat_stateful(priv))
		nft_xlat_eval_stateful(priv, regs, pkt);
	else
		nft_xlat_eval_stateless(priv, regs, pkt);
}

static int nft_xlat_validate(const struct nft_ctx *ctx,
			     const struct nft_expr *expr)
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

	/* There is no entry to work with before conntrack has run. */
	if (nft_is_base_chain(ctx->chain) &&
	    nft_base_chain(ctx->chain)->ops.priority <= NF_IP_PRI_CONNTRACK)
		return -ERANGE;

	return 0;
}

static int nft_xlat_parse_map(const struct nlattr *attr,
			      struct nf_xlat_prefix *prefix)
{
	struct nlattr *tb[NFTA_XLAT_MAP_MAX + 1];
	int err;

	err = nla_parse_nested(tb, NFTA_XLAT_MAP_MAX, attr,
			       nft_xlat_map_policy, NULL);
	if (err < 0)
		return err;
	if (!tb[NFTA_XLAT_MAP_PREFIX] || !tb[NFTA_XLAT_MAP_PREFIX_LEN])
		return -EINVAL;

	prefix->addr = nla_get_in6_addr(tb[NFTA_XLAT_MAP_PREFIX]);
	prefix->len = ntohl(nla_get_be32(tb[NFTA_XLAT_MAP_PREFIX_LEN]));
	return nf_xlat_prefix_check(prefix);
}

static int nft_xlat_parse_prefixes(struct nft_xlat *priv,
				   const struct nlattr * const tb[])
{
	int err;

	if (tb[NFTA_XLAT_PREFIX]) {
		if (tb[NFTA_XLAT_SADDR] || tb[NFTA_XLAT_DADDR])
			return -EINVAL;
		return nft_xlat_parse_map(tb[NFTA_XLAT_PREFIX], &priv->daddr);
	}

	/* State maps one of the addresses, so there is one prefix only. */
	if (!tb[NFTA_XLAT_SADDR] || !tb[NFTA_XLAT_DADDR] ||
	    nft_xlat_stateful(priv))
		return -EINVAL;

	err = nft_xlat_parse_map(tb[NFTA_XLAT_SADDR], &priv->saddr);
	if (err < 0)
		return err;
	return nft_xlat_parse_map(tb[NFTA_XLAT_DADDR], &priv->daddr);
}

/* A range of one has no max register. */
static int nft_xlat_parse_range(const struct nft_ctx *ctx,
				const struct nlattr *min,
				const struct nlattr *max,
				u8 *sreg_min, u8 *sreg_max, u32 len)
{
	int err;

	if (!min)
		return max ? -EINVAL : 0;

	err = nft_parse_register_load(ctx, min, sreg_min, len);
	if (err < 0)
		return err;
	if (!max) {
		*sreg_max = *sreg_min;
		return 0;
	}
	return nft_parse_register_load(ctx, max, sreg_max, len);
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

	err = nft_xlat_parse_prefixes(priv, tb);
	if (err < 0)
		return err;

	if (!nft_xlat_stateful(priv))
		return tb[NFTA_XLAT_FLAGS] ||
		       tb[NFTA_XLAT_REG_ADDR_MIN] || tb[NFTA_XLAT_REG_ADDR_MAX] ||
		       tb[NFTA_XLAT_REG_PROTO_MIN] || tb[NFTA_XLAT_REG_PROTO_MAX] ?
		       -EINVAL : 0;

	if (priv->mode == NFT_XLAT_DNAT || priv->dir != NFT_XLAT_6TO4)
		return -EOPNOTSUPP;
	if (priv->mode == NFT_XLAT_SNAT ? !tb[NFTA_XLAT_REG_ADDR_MIN] :
					  !!tb[NFTA_XLAT_REG_ADDR_MIN])
		return -EINVAL;

	if (tb[NFTA_XLAT_FLAGS])
		priv->flags = ntohl(nla_get_be32(tb[NFTA_XLAT_FLAGS]));

	err = nft_xlat_parse_range(ctx, tb[NFTA_XLAT_REG_ADDR_MIN],
				   tb[NFTA_XLAT_REG_ADDR_MAX],
				   &priv->sreg_addr_min, &priv->sreg_addr_max,
				   sizeof(__be32));
	if (err < 0)
		return err;
	err = nft_xlat_parse_range(ctx, tb[NFTA_XLAT_REG_PROTO_MIN],
				   tb[NFTA_XLAT_REG_PROTO_MAX],
				   &priv->sreg_proto_min,
				   &priv->sreg_proto_max, sizeof(__be16));
	if (err < 0)
		return err;

	return nf_xlat_ct_netns_get(ctx->net);
}

static void nft_xlat_destroy(const struct nft_ctx *ctx,
			     const struct nft_expr *expr)
{
	const struct nft_xlat *priv = nft_expr_priv(expr);

	/* No packet comes here any more, but some may wait in a queue. */
	nf_queue_nf_hook_drop(ctx->net);
	if (nft_xlat_stateful(priv))
		nf_xlat_ct_netns_put(ctx->net);
}

static int nft_xlat_dump_map(struct sk_buff *skb, int type,
			     const struct nf_xlat_prefix *prefix)
{
	struct nlattr *nest = nla_nest_start(skb, type);

	if (!nest ||
	    nla_put_in6_addr(skb, NFTA_XLAT_MAP_PREFIX, &prefix->addr) ||
	    nla_put_be32(skb, NFTA_XLAT_MAP_PREFIX_LEN, htonl(prefix->len)))
		return -1;

	nla_nest_end(skb, nest);
	return 0;
}

static int nft_xlat_dump(struct sk_buff *skb, const struct nft_expr *expr,
			 bool reset)
{
	const struct nft_xlat *priv = nft_expr_priv(expr);

	if (nla_put_be32(skb, NFTA_XLAT_DIR, htonl(priv->dir)))
		return -1;
	if (priv->mode &&
	    nla_put_be32(skb, NFTA_XLAT_MODE, htonl(priv->mode)))
		return -1;
	if (priv->saddr.len &&
	    nft_xlat_dump_map(skb, NFTA_XLAT_SADDR, &priv->saddr))
		return -1;
	if (nft_xlat_dump_map(skb, priv->saddr.len ? NFTA_XLAT_DADDR :
						     NFTA_XLAT_PREFIX,
			      &priv->daddr))
		return -1;
	if (priv->flags &&
	    nla_put_be32(skb, NFTA_XLAT_FLAGS, htonl(priv->flags)))
		return -1;
	if (priv->sreg_addr_min &&
	    (nft_dump_register(skb, NFTA_XLAT_REG_ADDR_MIN,
			       priv->sreg_addr_min) ||
	     nft_dump_register(skb, NFTA_XLAT_REG_ADDR_MAX,
			       priv->sreg_addr_max)))
		return -1;
	if (priv->sreg_proto_min &&
	    (nft_dump_register(skb, NFTA_XLAT_REG_PROTO_MIN,
			       priv->sreg_proto_min) ||
	     nft_dump_register(skb, NFTA_XLAT_REG_PROTO_MAX,
			       priv->sreg_proto_max)))
		return -1;
	return 0;
}

static struct nft_expr_type nft_xlat_type;
static const struct nft_expr_ops nft_xlat_ops = {
	.type		= &nft_xlat_type,
	.size		= NFT_EXPR_SIZE(sizeof(struct nft_xlat)),
	.eval		= nft_xlat_eval,
	.init		= nft_xlat_init,
	.destroy	= nft_xlat_destroy,
	.dump		= nft_xlat_dump,
	.validate	= nft_xlat_validate,
};

static struct nft_expr_type nft_xlat_type __read_mostly = {
	.name		= "xlat",
	.ops		= &nft_xlat_ops,
	.policy		= nft_xlat_policy,
	.maxattr	= NFTA_XLAT_MAX,
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
MODULE_ALIAS_NFT_EXPR("xlat");
MODULE_DESCRIPTION("nftables IPv4/IPv6 translation support");
