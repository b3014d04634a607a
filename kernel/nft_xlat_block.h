/* SPDX-License-Identifier: GPL-2.0-only */
/* The attributes of a rule whose subscribers get ports in blocks */
#ifndef _NFT_XLAT_BLOCK_H
#define _NFT_XLAT_BLOCK_H

#include <linux/netfilter/nft_xlat.h>
#include <net/netfilter/nf_xlat_ct.h>
#include <net/netlink.h>

/* Whether the pool has such blocks is not known before a packet, as the pool is in registers. */
static inline int nft_xlat_parse_block(struct nf_xlat_ct_block *block,
				       const struct nlattr * const tb[],
				       const struct nla_policy *policy)
{
	struct nlattr *of[NFTA_XLAT_MAP_MAX + 1];
	int err;

	if (!tb[NFTA_XLAT_BLOCK])
		return tb[NFTA_XLAT_BLOCK_OF] ? -EINVAL : 0;
	block->n_ports = ntohl(nla_get_be32(tb[NFTA_XLAT_BLOCK]));
	if (tb[NFTA_XLAT_BLOCK_OF]) {
		err = nla_parse_nested(of, NFTA_XLAT_MAP_MAX,
				       tb[NFTA_XLAT_BLOCK_OF], policy, NULL);
		if (err < 0)
			return err;
		if (!of[NFTA_XLAT_MAP_PREFIX] || !of[NFTA_XLAT_MAP_PREFIX_LEN] ||
		    of[NFTA_XLAT_MAP_FLAGS] || of[NFTA_XLAT_MAP_V4] ||
		    of[NFTA_XLAT_MAP_V4_LEN] || of[NFTA_XLAT_MAP_SET] ||
		    of[NFTA_XLAT_MAP_SET_ID])
			return -EINVAL;
		block->of = nla_get_in6_addr(of[NFTA_XLAT_MAP_PREFIX]);
		block->len = ntohl(nla_get_be32(of[NFTA_XLAT_MAP_PREFIX_LEN]));
		block->deterministic = true;
	}
	return nf_xlat_ct_block_check(block);
}

static inline int nft_xlat_dump_block(struct sk_buff *skb,
				      const struct nf_xlat_ct_block *block)
{
	struct nlattr *nest;

	if (!block->n_ports)
		return 0;
	if (nla_put_be32(skb, NFTA_XLAT_BLOCK, htonl(block->n_ports)))
		return -1;
	if (!block->deterministic)
		return 0;
	nest = nla_nest_start(skb, NFTA_XLAT_BLOCK_OF);
	if (!nest ||
	    nla_put_in6_addr(skb, NFTA_XLAT_MAP_PREFIX, &block->of) ||
	    nla_put_be32(skb, NFTA_XLAT_MAP_PREFIX_LEN, htonl(block->len)))
		return -1;
	nla_nest_end(skb, nest);
	return 0;
}

#endif /* _NFT_XLAT_BLOCK_H */
