// SPDX-License-Identifier: GPL-2.0-only
/*
 * The configuration of a device, as rtnetlink dumps it
 */

#include <linux/if_xlat.h>
#include <linux/netdevice.h>
#include <linux/netfilter/nft_xlat.h>
#include <net/rtnetlink.h>
#include "nf_xlat_dev_internal.h"
#include "compat.h"

/**
 * nf_xlat_dev_get_size - how much room nf_xlat_dev_fill_info() needs
 * @dev: device of kind "xlat"
 *
 * RTNL is held.
 *
 * Return: number of bytes
 */
size_t nf_xlat_dev_get_size(const struct net_device *dev)
{
	const struct nf_xlat_dev *xd = netdev_priv(dev);
	const struct nf_xlat_dev_conf *conf;
	size_t pairs = 0;

	rcu_read_lock();
	conf = rcu_dereference(xd->conf);
	if (conf)
		pairs = conf->n_pairs;
	rcu_read_unlock();
	return nla_total_size(sizeof(struct in6_addr)) +	/* PREFIX */
	       nla_total_size(sizeof(u8)) +			/* PREFIX_LEN */
	       nla_total_size(0) +				/* NON_GLOBAL */
	       nla_total_size(0) +				/* PAIRS, PAIRS_LEFT_OUT */
	       pairs * nla_total_size(sizeof(struct if_xlat_pair)) +
	       nla_total_size(sizeof(__be32)) +			/* ERROR4 */
	       nla_total_size(sizeof(u32)) +			/* MTU */
	       nla_total_size(0) +				/* HOST */
	       nla_total_size(sizeof(u8)) +			/* MODE */
	       2 * nla_total_size(sizeof(__be32)) +		/* ADDR_ */
	       2 * nla_total_size(sizeof(__be16)) +		/* PORT_ */
	       nla_total_size(sizeof(u32)) +			/* NAT_FLAGS */
	       2 * nla_total_size(sizeof(u8)) +			/* MAPPING, FILTERING */
	       nla_total_size(IF_XLAT_MAX_FAST * sizeof(u32)) +	/* FAST */
	       nla_total_size(sizeof(u32)) +			/* BLOCK */
	       nla_total_size(sizeof(struct in6_addr)) +	/* BLOCK_OF */
	       nla_total_size(sizeof(u8));			/* BLOCK_OF_LEN */
}

/* Room for what rtnl_fill_ifinfo() usually puts behind the pairs: other IFLA_XLAT_, IFLA_AF_SPEC */
#define NF_XLAT_DEV_BEHIND_PAIRS	1024

/*
 * Is this message the first one in @skb, so that no other skb has more room for it? Without
 * IFLA_EXT_MASK, an skb of a dump has no more room than the caller's buffer or NLMSG_GOODSIZE, see
 * rtnl_calcit(). A device that does not fit would end the dump, and the devices after it would be
 * missing.
 */
static bool nf_xlat_dev_first_of_dump(const struct sk_buff *skb)
{
	const struct nlmsghdr *first = nlmsg_hdr(skb);

	/* nlmsg_end() sets the length of a message. */
	return first->nlmsg_flags & NLM_F_MULTI &&
	       first->nlmsg_len == nlmsg_msg_size(sizeof(struct ifinfomsg));
}

static int nf_xlat_dev_fill_pairs(struct sk_buff *skb,
				  const struct nf_xlat_dev_conf *conf)
{
	struct nlattr *nest;
	unsigned int i;

	if (!conf->n_pairs)
		return 0;
	if (nf_xlat_dev_first_of_dump(skb) &&
	    skb_tailroom(skb) < conf->n_pairs * nla_total_size(sizeof(struct if_xlat_pair)) +
				NF_XLAT_DEV_BEHIND_PAIRS)
		return nla_put_flag(skb, IFLA_XLAT_PAIRS_LEFT_OUT);
	nest = nla_nest_start(skb, IFLA_XLAT_PAIRS);
	if (!nest)
		return -EMSGSIZE;
	for (i = 0; i < conf->n_pairs; i++) {
		const struct nf_xlat_eam *eam = &conf->pairs4.eams[i];
		const struct if_xlat_pair pair = {
			.addr6	= eam->addr6,
			.addr4	= eam->addr4,
			.len6	= eam->len6,
			.len4	= eam->len4,
		};

		if (nla_put(skb, IFLA_XLAT_PAIR, sizeof(pair), &pair))
			return -EMSGSIZE;
	}
	nla_nest_end(skb, nest);
	return 0;
}

static int nf_xlat_dev_fill_range(struct sk_buff *skb,
				  const struct nf_xlat_ct_range *range)
{
	u32 flags = range->flags & NF_XLAT_DEV_NAT_FLAGS;

	if (!range->masq &&
	    (nla_put_in_addr(skb, IFLA_XLAT_ADDR_MIN, range->min_addr.ip) ||
	     nla_put_in_addr(skb, IFLA_XLAT_ADDR_MAX, range->max_addr.ip)))
		return -EMSGSIZE;
	if (range->flags & NF_NAT_RANGE_PROTO_SPECIFIED &&
	    (nla_put_be16(skb, IFLA_XLAT_PORT_MIN, range->min_proto) ||
	     nla_put_be16(skb, IFLA_XLAT_PORT_MAX, range->max_proto)))
		return -EMSGSIZE;
	if ((flags && nla_put_u32(skb, IFLA_XLAT_NAT_FLAGS, flags)) ||
	    (range->per_session &&
	     nla_put_u8(skb, IFLA_XLAT_MAPPING,
			NFT_XLAT_MAPPING_ADDRESS_PORT_DEPENDENT)) ||
	    (range->filter &&
	     nla_put_u8(skb, IFLA_XLAT_FILTERING,
			NFT_XLAT_FILTERING_ADDRESS_DEPENDENT)))
		return -EMSGSIZE;
	return 0;
}

static int nf_xlat_dev_fill_conf(struct sk_buff *skb,
				 const struct nf_xlat_dev_conf *conf)
{
	const struct nf_xlat_prefix *prefix = &conf->dom.prefix.prefix;

	if (conf->dom.prefix.kind == NF_XLAT_MAP_PREFIX &&
	    (nla_put_in6_addr(skb, IFLA_XLAT_PREFIX, &prefix->addr) ||
	     nla_put_u8(skb, IFLA_XLAT_PREFIX_LEN, prefix->len) ||
	     (prefix->non_global && nla_put_flag(skb, IFLA_XLAT_NON_GLOBAL))))
		return -EMSGSIZE;
	if ((conf->host && nla_put_flag(skb, IFLA_XLAT_HOST)) ||
	    (conf->error4 != htonl(NF_XLAT_DEV_ERROR4) &&
	     nla_put_in_addr(skb, IFLA_XLAT_ERROR4, conf->error4)) ||
	    (conf->mtu && nla_put_u32(skb, IFLA_XLAT_MTU, conf->mtu)))
		return -EMSGSIZE;
	if (conf->mode == IF_XLAT_STATELESS)
		return nf_xlat_dev_fill_pairs(skb, conf);
	if (nla_put_u8(skb, IFLA_XLAT_MODE, conf->mode))
		return -EMSGSIZE;
	return nf_xlat_dev_fill_range(skb, &conf->range) ? :
	       nf_xlat_dev_fill_block(skb, &conf->block);
}

/* Dump the devices that have the fast path, except those that have left the namespace. */
static int nf_xlat_dev_fill_fast(struct sk_buff *skb,
				 const struct nf_xlat_dev_fast *fast)
{
	u32 ifindex[IF_XLAT_MAX_FAST];
	unsigned int n;

	if (!fast->ft)
		return 0;
	n = fast->flow->devs(fast->ft, ifindex, ARRAY_SIZE(ifindex));
	return n ? nla_put(skb, IFLA_XLAT_FAST, n * sizeof(*ifindex), ifindex) : 0;
}

/**
 * nf_xlat_dev_fill_info - dump the configuration of a device
 * @skb: message
 * @dev: device of kind "xlat"
 *
 * RTNL is held.
 *
 * Return: 0, or -EMSGSIZE if there is no room.
 */
int nf_xlat_dev_fill_info(struct sk_buff *skb, const struct net_device *dev)
{
	const struct nf_xlat_dev *xd = netdev_priv(dev);
	const struct nf_xlat_dev_conf *conf;
	int err = 0;

	rcu_read_lock();
	conf = rcu_dereference(xd->conf);
	if (conf)
		err = nf_xlat_dev_fill_conf(skb, conf);
	rcu_read_unlock();
	return err ? : nf_xlat_dev_fill_fast(skb, &xd->fast);
}
