/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The place that an entry has for our data: the extension of a conntrack helper. In the
 * kernel's tree conntrack has an extension for this, and tools/in-tree puts other files in
 * the place of nf_xlat_ct_ext.[ch].
 */
#ifndef _NF_XLAT_CT_EXT_H
#define _NF_XLAT_CT_EXT_H

#include <linux/netfilter/nf_conntrack_pptp.h>
#include <net/netfilter/nf_conntrack.h>
#include <net/netfilter/nf_conntrack_helper.h>

/*
 * Our data ends before the place where struct nf_ct_pptp_master has its keymap. With
 * ctnetlink, any user can make our entry the master of a GRE entry. When that GRE entry ends,
 * destroy_gre_conntrack() takes our helper for the one of PPTP, because it has a destroy
 * callback, and frees the keymap.
 */
#define NF_XLAT_CT_EXT_SIZE	offsetof(struct nf_ct_pptp_master, keymap)

/**
 * struct nf_xlat_ct_ext_net - data of a namespace
 *
 * @master: template that is the master of all sessions, or NULL where sessions need none, see
 *	nf_xlat_ct_ext_add(). It is set before the first rule exists, so packets read it
 *	without a lock.
 */
struct nf_xlat_ct_ext_net {
	struct nf_conn	*master;
};

/* The data of an entry, or NULL */
static inline void *nf_xlat_ct_ext(const struct nf_conn *ct)
{
	struct nf_conn_help *help = nfct_help(ct);

	return help ? help->data : NULL;
}

int nf_xlat_ct_ext_net_init(struct net *net, struct nf_xlat_ct_ext_net *en);
void nf_xlat_ct_ext_net_exit(struct nf_xlat_ct_ext_net *en);
void *nf_xlat_ct_ext_add(struct nf_conn *ct, const struct nf_xlat_ct_ext_net *en);
void nf_xlat_ct_ext_exit(void);
bool nf_xlat_ct_watch(struct nf_conn *ct);
void nf_xlat_ct_unwatch(struct nf_conn *ct);

#endif /* _NF_XLAT_CT_EXT_H */
