// SPDX-License-Identifier: GPL-2.0-only
/* The callback when an entry leaves conntrack's table */

#include <linux/export.h>
#include "nf_xlat_ct_internal.h"

/**
 * nf_xlat_ct_watch - have nf_xlat_ct_detach() called when an entry leaves conntrack's table
 * @ct: the entry, confirmed
 *
 * If the entry is leaving already, nf_conn_xlat_destroy() may have missed the callback. So
 * the caller has to test nf_ct_is_dying() afterwards, for which this is a full barrier.
 *
 * Return: true, since an entry that is confirmed keeps its extensions.
 */
bool nf_xlat_ct_watch(struct nf_conn *ct)
{
	WRITE_ONCE(nf_conn_xlat_find(ct)->destroy, nf_xlat_ct_detach);
	/* Pairs with test_and_set_bit(IPS_DYING_BIT) in nf_ct_delete(). */
	smp_mb();
	return true;
}
EXPORT_SYMBOL_GPL(nf_xlat_ct_watch);

/**
 * nf_xlat_ct_unwatch - undo nf_xlat_ct_watch()
 * @ct: the entry
 */
void nf_xlat_ct_unwatch(struct nf_conn *ct)
{
	WRITE_ONCE(nf_conn_xlat_find(ct)->destroy, NULL);
}
