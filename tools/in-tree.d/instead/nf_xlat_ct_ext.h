/* SPDX-License-Identifier: GPL-2.0-only */
/* The place that an entry has for our data: an extension of conntrack. */
#ifndef _NF_XLAT_CT_EXT_H
#define _NF_XLAT_CT_EXT_H

#include <net/netfilter/nf_conntrack_helper.h>
#include <net/netfilter/nf_conntrack_xlat.h>

#define NF_XLAT_CT_EXT_SIZE	sizeof_field(struct nf_conn_xlat, data)

/* The data of an entry, or NULL */
static inline void *nf_xlat_ct_ext(const struct nf_conn *ct)
{
	struct nf_conn_xlat *xlat = nf_conn_xlat_find(ct);

	return xlat ? xlat->data : NULL;
}

/* A namespace needs no data for this extension. */
struct nf_xlat_ct_ext_net {};

static inline int nf_xlat_ct_ext_net_init(struct net *net,
					  struct nf_xlat_ct_ext_net *en)
{
	return 0;
}

static inline void nf_xlat_ct_ext_net_exit(struct nf_xlat_ct_ext_net *en) {}

static inline void *nf_xlat_ct_ext_add(struct nf_conn *ct,
				       const struct nf_xlat_ct_ext_net *en)
{
	struct nf_conn_xlat *xlat = nf_conn_xlat_add(ct, GFP_ATOMIC);

	return xlat ? xlat->data : NULL;
}

static inline void nf_xlat_ct_ext_exit(void) {}

bool nf_xlat_ct_watch(struct nf_conn *ct);
void nf_xlat_ct_unwatch(struct nf_conn *ct);

#endif /* _NF_XLAT_CT_EXT_H */
