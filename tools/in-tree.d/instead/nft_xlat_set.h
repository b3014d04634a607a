/* SPDX-License-Identifier: GPL-2.0-only */
/* How the expression xlat finds a map of nf_tables and holds it, as nft_lookup does. */
#ifndef _NFT_XLAT_SET_H
#define _NFT_XLAT_SET_H

struct nft_xlat_set {
	struct nft_set		*set;	/* NULL: none */
	struct nft_set_binding	binding;
};

static inline struct nft_set *nft_xlat_set_lookup(const struct nft_ctx *ctx,
						  const struct nlattr *name,
						  const struct nlattr *id)
{
	return nft_set_lookup_global(ctx->net, ctx->table, name, id,
				     nft_genmask_next(ctx->net));
}

static inline int nft_xlat_set_bind(const struct nft_ctx *ctx,
				    struct nft_xlat_set *ref,
				    struct nft_set *set)
{
	int err;

	ref->binding.flags = set->flags & NFT_SET_MAP;
	err = nf_tables_bind_set(ctx, set, &ref->binding);
	if (!err)
		ref->set = set;
	return err;
}

/* For errors in the init() of the expression, after which nf_tables calls no deactivate(). */
static inline void nft_xlat_set_unbind(const struct nft_ctx *ctx,
				       struct nft_xlat_set *ref)
{
	if (ref->set)
		nf_tables_deactivate_set(ctx, ref->set, &ref->binding,
					 NFT_TRANS_PREPARE_ERROR);
}

static inline void nft_xlat_set_deactivate(const struct nft_ctx *ctx,
					   struct nft_xlat_set *ref,
					   enum nft_trans_phase phase)
{
	if (ref->set)
		nf_tables_deactivate_set(ctx, ref->set, &ref->binding, phase);
}

static inline void nft_xlat_set_activate(const struct nft_ctx *ctx,
					 const struct nft_xlat_set *ref)
{
	if (ref->set)
		nf_tables_activate_set(ctx, ref->set);
}

static inline void nft_xlat_set_destroy(const struct nft_ctx *ctx,
					const struct nft_xlat_set *ref)
{
	if (ref->set)
		nf_tables_destroy_set(ctx, ref->set);
}

#endif /* _NFT_XLAT_SET_H */
