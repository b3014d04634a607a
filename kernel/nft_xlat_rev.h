/* SPDX-License-Identifier: GPL-2.0-only */
/* Are a rule and the module of one revision of the attributes, NFT_XLAT_REV? */
#ifndef _NFT_XLAT_REV_H
#define _NFT_XLAT_REV_H

#include <linux/net.h>
#include <net/netfilter/nf_log.h>

/*
 * nf_tables gives an expression no place for a text, so the log has it. Every user can make a
 * namespace and send rules there; as with nf_xlat_warn(), only the initial one is heard, and
 * others where the host's administrator wants their logs.
 */
static inline int nft_xlat_check_rev(const struct nft_ctx *ctx,
				     const struct nlattr *attr)
{
	u32 rev = attr ? ntohl(nla_get_be32(attr)) : 0;

	if (rev == NFT_XLAT_REV)
		return 0;
	if (net_eq(ctx->net, &init_net) || READ_ONCE(sysctl_nf_log_all_netns))
		net_warn_ratelimited("%s: netns %u: refused a rule of ABI revision %u, as this module has %u: install nft and module of one release, and load that module\n",
				     KBUILD_MODNAME, ctx->net->ns.inum, rev,
				     NFT_XLAT_REV);
	return -EINVAL;
}

#endif /* _NFT_XLAT_REV_H */
