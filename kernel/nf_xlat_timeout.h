/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Lifetimes of sessions. Private to nf_xlat_ct.
 */
#ifndef _NF_XLAT_TIMEOUT_H
#define _NF_XLAT_TIMEOUT_H

struct nf_conn;

void nf_xlat_timeout_set(struct nf_conn *ct);
int nf_xlat_timeout_init(void);
void nf_xlat_timeout_exit(void);

#endif /* _NF_XLAT_TIMEOUT_H */
