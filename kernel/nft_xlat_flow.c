// SPDX-License-Identifier: GPL-2.0-only
/* nf_tables expression that lets translated sessions take the fast path. */

#include <linux/ipv6.h>
#include <linux/module.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nft_xlat.h>
#include <linux/netlink.h>
#include <net/netfilter/nf_tables.h>
#include <net/netfilter/nf_xlat_flow.h>
#include "compat.h"
#include "nft_xlat_rev.h"

struct nft_xlat_flow {
	struct nft_flowtable		*flowtable;
	struct nf_xlat_flow_devs	*ft;
};

static const struct nla_policy nft_xlat_flow_policy[NFT_EXPR_MAXATTR + 1] = {
	[NFTA_XLAT_FLOW_TABLE_NAME]	= { .type = NLA_NUL_STRING,
					    .len = NFT_NAME_MAXLEN - 1 },
	[NFTA_XLAT_FLOW_REV]		= { .type = NLA_U32 },
	/* Refuse attributes of a later nft. nf_tables would ignore unknown ones silently. */
	[NFTA_XLAT_FLOW_MAX + 1 ... NFT_EXPR_MAXATTR] = { .type = NLA_REJECT },
};

/* Unlike nft_flow_offload_eval(), let the rule go on if the packet cannot take the fast path. */
static void nft_xlat_flow_eval(const struct nft_expr *expr,
			       struct nft_regs *regs,
			       const struct nft_pktinfo *pkt)
{
	const struct nft_xlat_flow *priv = nft_expr_priv(expr);

	nf_xlat_flow_add(pkt->skb, pkt->state, priv->ft, nft_thoff(pkt));
}

static int nft_xlat_flow_validate(NF_XLAT_VALIDATE_ARGS)
{
	int err;

	err = nft_chain_validate_dependency(ctx->chain, NFT_CHAIN_T_DEFAULT);
	if (err < 0)
		return err;
	return nft_chain_validate_hooks(ctx->chain, 1 << NF_INET_FORWARD);
}

static int nft_xlat_flow_init(const struct nft_ctx *ctx,
			      const struct nft_expr *expr,
			      const struct nlattr * const tb[])
{
	struct nft_xlat_flow *priv = nft_expr_priv(expr);
	struct nft_flowtable *flowtable;
	int err;

	err = nft_xlat_check_rev(ctx, tb[NFTA_XLAT_FLOW_REV]);
	if (err < 0)
		return err;
	if (!tb[NFTA_XLAT_FLOW_TABLE_NAME])
		return -EINVAL;
	if (ctx->family != NFPROTO_INET && ctx->family != NFPROTO_IPV4 &&
	    ctx->family != NFPROTO_IPV6)
		return -EAFNOSUPPORT;

	flowtable = nf_xlat_flowtable_lookup(ctx->net, ctx->table,
					     tb[NFTA_XLAT_FLOW_TABLE_NAME],
					     nft_genmask_next(ctx->net));
	if (IS_ERR(flowtable))
		return PTR_ERR(flowtable);
	if (!nft_use_inc(&flowtable->use))
		return -EMFILE;

	priv->ft = nf_xlat_flow_devs_get(ctx->net, flowtable);
	if (IS_ERR(priv->ft)) {
		nft_use_dec(&flowtable->use);
		return PTR_ERR(priv->ft);
	}
	priv->flowtable = flowtable;
	return 0;
}

static void nft_xlat_flow_deactivate(const struct nft_ctx *ctx,
				     const struct nft_expr *expr,
				     enum nft_trans_phase phase)
{
	const struct nft_xlat_flow *priv = nft_expr_priv(expr);

	nf_tables_deactivate_flowtable(ctx, priv->flowtable, phase);
}

static void nft_xlat_flow_activate(const struct nft_ctx *ctx,
				   const struct nft_expr *expr)
{
	const struct nft_xlat_flow *priv = nft_expr_priv(expr);

	nft_use_inc_restore(&priv->flowtable->use);
}

static void nft_xlat_flow_destroy(const struct nft_ctx *ctx,
				  const struct nft_expr *expr)
{
	const struct nft_xlat_flow *priv = nft_expr_priv(expr);

	nf_xlat_flow_devs_put(priv->ft);
}

static int nft_xlat_flow_dump(NF_XLAT_DUMP_ARGS)
{
	const struct nft_xlat_flow *priv = nft_expr_priv(expr);

	if (nla_put_string(skb, NFTA_XLAT_FLOW_TABLE_NAME,
			   priv->flowtable->name))
		return -1;
	return nla_put_be32(skb, NFTA_XLAT_FLOW_REV, htonl(NFT_XLAT_REV));
}

static struct nft_expr_type nft_xlat_flow_type;
static const struct nft_expr_ops nft_xlat_flow_ops = {
	.type		= &nft_xlat_flow_type,
	.size		= NFT_EXPR_SIZE(sizeof(struct nft_xlat_flow)),
	.eval		= nft_xlat_flow_eval,
	.init		= nft_xlat_flow_init,
	.activate	= nft_xlat_flow_activate,
	.deactivate	= nft_xlat_flow_deactivate,
	.destroy	= nft_xlat_flow_destroy,
	.dump		= nft_xlat_flow_dump,
	.validate	= nft_xlat_flow_validate,
};

static struct nft_expr_type nft_xlat_flow_type __read_mostly = {
	.name		= "xlat_flow",
	.ops		= &nft_xlat_flow_ops,
	.policy		= nft_xlat_flow_policy,
	.maxattr	= NFT_EXPR_MAXATTR,
	.owner		= THIS_MODULE,
};

static int __init nft_xlat_flow_module_init(void)
{
	/* Built into the kernel, this is called even where nf_xlat_init() has failed. */
	if (!ipv6_mod_enabled())
		return -EAFNOSUPPORT;
	return nft_register_expr(&nft_xlat_flow_type);
}

static void __exit nft_xlat_flow_module_exit(void)
{
	nft_unregister_expr(&nft_xlat_flow_type);
}

module_init(nft_xlat_flow_module_init);
module_exit(nft_xlat_flow_module_exit);

MODULE_LICENSE("GPL");
MODULE_VERSION(NF_XLAT_VERSION);
MODULE_ALIAS_NFT_EXPR("xlat_flow");
MODULE_DESCRIPTION("nftables fast path of IPv4/IPv6 translation");
