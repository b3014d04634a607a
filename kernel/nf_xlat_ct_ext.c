// SPDX-License-Identifier: GPL-2.0-only
/* The place that an entry has for our data, and the callback when it leaves the table. */

#include <linux/module.h>
#include <net/netfilter/nf_conntrack_core.h>
#include <net/netfilter/nf_conntrack_ecache.h>
#include <net/netfilter/nf_conntrack_zones.h>
#include "compat.h"
#include "nf_xlat_ct_internal.h"

/*
 * For an entry of two families, an nft_ct without the fix of CVE-2026-53267 (May 2026) writes
 * 16 bytes to a register of 4 bytes. Any user can load such a rule in a namespace of their own.
 * So on such a kernel, refuse all stateful rules.
 */
static bool nft_ct_fixed __read_mostly = NF_XLAT_NFT_CT_FIXED;
module_param(nft_ct_fixed, bool, 0644);
MODULE_PARM_DESC(nft_ct_fixed, "nft_ct of this kernel has the fix of CVE-2026-53267, so that stateful rules do no harm");

static int nf_xlat_ct_help(struct sk_buff *skb, unsigned int protoff,
			   struct nf_conn *ct, enum ip_conntrack_info ctinfo)
{
	return NF_ACCEPT;
}

/*
 * This helper is needed only for its destroy callback. When an entry leaves conntrack's table, core
 * has no other callback, except the event notifier, which ctnetlink uses. The helper is not
 * registered, so that no rule can name it.
 */
static struct nf_conntrack_helper nf_xlat_ct_helper = {
	.name		= "xlat",
	.me		= THIS_MODULE,
	.help		= nf_xlat_ct_help,
	.destroy	= nf_xlat_ct_detach,
	NF_XLAT_HELPER_COMPAT
};

/**
 * nf_xlat_ct_ext_net_init - prepare a namespace for nf_xlat_ct_ext_add()
 * @net: network namespace
 * @en: its data
 *
 * Process context; may be called again, by one caller at a time.
 *
 * Return: 0, -ENOMEM, or -EOPNOTSUPP if there must be no sessions on this kernel.
 */
int nf_xlat_ct_ext_net_init(struct net *net, struct nf_xlat_ct_ext_net *en)
{
	if (!READ_ONCE(nft_ct_fixed)) {
		pr_warn_once("nf_xlat_ct: no stateful rules: nft_ct of this kernel may not have the fix of CVE-2026-53267; if it has, nft_ct_fixed=1\n");
		return -EOPNOTSUPP;
	}
	if (NF_XLAT_HELPER_STAYS || en->master)
		return 0;

	en->master = nf_ct_tmpl_alloc(net, &nf_ct_zone_dflt, GFP_KERNEL_ACCOUNT);
	if (!en->master)
		return -ENOMEM;
	/*
	 * xt_cluster hashes the address of an entry's master, and warns if the family is
	 * neither IPv4 nor IPv6.
	 */
	en->master->tuplehash[IP_CT_DIR_ORIGINAL].tuple.src.l3num = NFPROTO_IPV6;
	return 0;
}

/**
 * nf_xlat_ct_ext_net_exit - free the data of a namespace
 * @en: the data
 *
 * An entry that a packet still has keeps a reference to the template.
 */
void nf_xlat_ct_ext_net_exit(struct nf_xlat_ct_ext_net *en)
{
	nf_ct_put(en->master);
}

/**
 * nf_xlat_ct_ext_add - add the place for our data to an entry
 * @ct: the entry, which is not confirmed
 * @en: data of its namespace
 *
 * nft_flow_offload, act_ct and "ct helper set" skip an entry that has the helper extension.
 * The extension has no helper, or one that does nothing. nf_confirm() looks for the transport
 * header by the family of the original tuple then; the offset may be wrong, but only a helper
 * uses it.
 *
 * ctnetlink before 7.2: ctnetlink_change_helper() removes the helper from an entry that has no
 * master. So the entry gets a template as its master, without IPS_EXPECTED. This has three
 * effects. __nf_conntrack_confirm() reports IPCT_RELATED instead of IPCT_NEW, so add IPCT_NEW
 * here. Open vSwitch says +rel. xt_cluster puts all sessions on the same node. Any context.
 *
 * Return: the data, or NULL without memory. On 6.1, nf_xlat_ct_ext() does not find the data if a
 * helper has been unregistered since the entry was made. __nf_conntrack_confirm() removes such an
 * entry again, but not one that nf_ct_resolve_clash_harder() lets live for a second, for a second
 * packet of UDP. So all other functions have to expect an entry without data.
 */
void *nf_xlat_ct_ext_add(struct nf_conn *ct, const struct nf_xlat_ct_ext_net *en)
{
	struct nf_conn_help *help = nf_ct_helper_ext_add(ct, GFP_ATOMIC);

	if (!help)
		return NULL;
	if (!NF_XLAT_HELPER_STAYS) {
		nf_conntrack_get(&en->master->ct_general);
		ct->master = en->master;
		nf_conntrack_event_cache(IPCT_NEW, ct);
	}
	return help->data;
}

static bool nf_xlat_ct_expect_iter(struct nf_conntrack_expect *exp, void *data)
{
	return rcu_access_pointer(exp->helper) == &nf_xlat_ct_helper;
}

/**
 * nf_xlat_ct_ext_exit - end the expectations that name our helper
 *
 * An expectation that ctnetlink makes gets the helper of its master. If that session ends at the
 * same time, the expectation stays as long as somebody has a reference to the entry. The caller has
 * ended all sessions and has waited for the RCU read sides of that time. Process context.
 */
void nf_xlat_ct_ext_exit(void)
{
	nf_ct_expect_iterate_destroy(nf_xlat_ct_expect_iter, NULL);
}

/**
 * nf_xlat_ct_watch - have nf_xlat_ct_detach() called when an entry leaves conntrack's table
 * @ct: the entry, confirmed
 *
 * If the entry is leaving already, nf_ct_helper_destroy() may have missed the helper. So the
 * caller has to test nf_ct_is_dying() afterwards, for which this is a full barrier. Any context.
 *
 * Return: false if the entry has no place for it any more, see nf_xlat_ct_ext_add().
 */
bool nf_xlat_ct_watch(struct nf_conn *ct)
{
	struct nf_conn_help *help = nfct_help(ct);

	if (unlikely(!help))
		return false;
	rcu_assign_pointer(help->helper, &nf_xlat_ct_helper);
	/* Pairs with test_and_set_bit(IPS_DYING_BIT) in nf_ct_delete(). */
	smp_mb();
	return true;
}
EXPORT_SYMBOL_GPL(nf_xlat_ct_watch);

/**
 * nf_xlat_ct_unwatch - undo nf_xlat_ct_watch()
 * @ct: the entry
 *
 * Any context.
 */
void nf_xlat_ct_unwatch(struct nf_conn *ct)
{
	struct nf_conn_help *help = nfct_help(ct);

	if (help)
		RCU_INIT_POINTER(help->helper, NULL);
}
