/* SPDX-License-Identifier: GPL-2.0-only */
/* Do a rule and this module have the same revision of the attributes, NFT_XLAT_REV? */
#ifndef _NFT_XLAT_REV_H
#define _NFT_XLAT_REV_H

#include <linux/net.h>
#include <net/netfilter/nf_log.h>

/*
 * nf_tables gives no netlink_ext_ack to an expression, so write the error to the log. Any user can
 * make a namespace and send rules there. So, as nf_xlat_warn() does, log errors of the initial
 * namespace only, unless the host's administrator has set the sysctl nf_log_all_netns.
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
