/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How the expression xlat finds a map of nf_tables and holds it. In the kernel's tree, another file
 * replaces this one: some kernels export nft_set_lookup_global() and nf_tables_bind_set() to
 * modules, but 7.3 and others do not. For a named map, it is enough to increment its use count. An
 * anonymous map has to be bound to its rule, or the batch that adds it fails. So refuse that.
 */
#ifndef _NFT_XLAT_SET_H
#define _NFT_XLAT_SET_H

struct nft_xlat_set {
	struct nft_set		*set;	/* NULL: none */
};

/* nf_tables also looks for @id among the sets of the batch, whose list this file cannot read. */
static inline struct nft_set *nft_xlat_set_lookup(const struct nft_ctx *ctx,
						  const struct nlattr *name,
						  const struct nlattr *id)
{
	struct nft_set *set;

	list_for_each_entry(set, &ctx->table->sets, list) {
		if (nla_strcmp(name, set->name) ||
		    !nft_is_active_next(ctx->net, set))
			continue;
		return nft_set_is_anonymous(set) ? ERR_PTR(-EOPNOTSUPP) : set;
	}
	return ERR_PTR(id ? -EOPNOTSUPP : -ENOENT);
}

static inline int nft_xlat_set_bind(const struct nft_ctx *ctx,
				    struct nft_xlat_set *ref,
				    struct nft_set *set)
{
	if (!nft_use_inc(&set->use))
		return -EMFILE;
	ref->set = set;
	return 0;
}

/* For errors in the init() of the expression, after which nf_tables calls no deactivate(). */
static inline void nft_xlat_set_unbind(const struct nft_ctx *ctx,
				       struct nft_xlat_set *ref)
{
	if (ref->set)
		nft_use_dec(&ref->set->use);
}

/* As nf_tables_deactivate_set(): before NFT_TRANS_COMMIT, NFT_TRANS_PREPARE drops the reference. */
static inline void nft_xlat_set_deactivate(const struct nft_ctx *ctx,
					   struct nft_xlat_set *ref,
					   enum nft_trans_phase phase)
{
	if (ref->set && phase != NFT_TRANS_COMMIT)
		nft_use_dec(&ref->set->use);
}

static inline void nft_xlat_set_activate(const struct nft_ctx *ctx,
					 const struct nft_xlat_set *ref)
{
	if (ref->set)
		nft_use_inc_restore(&ref->set->use);
}

static inline void nft_xlat_set_destroy(const struct nft_ctx *ctx,
					const struct nft_xlat_set *ref)
{
}

#endif /* _NFT_XLAT_SET_H */
