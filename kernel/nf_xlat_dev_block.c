// SPDX-License-Identifier: GPL-2.0-only
/* The attributes of a device whose subscribers get ports in blocks. */

#include <linux/if_xlat.h>
#include <net/rtnetlink.h>
#include "nf_xlat_dev_internal.h"

/* Parse the prefix of the subscribers, for blocks that follow from their addresses. */
static int nf_xlat_dev_parse_of(struct nf_xlat_dev_conf *conf,
				struct nlattr *data[],
				struct netlink_ext_ack *extack)
{
	const struct nlattr *of = data[IFLA_XLAT_BLOCK_OF];
	const struct nlattr *len = data[IFLA_XLAT_BLOCK_OF_LEN];
	struct nf_xlat_ct_block *block = &conf->block;

	if (!of)
		return len ? NF_XLAT_DEV_BAD(extack, len, -EINVAL,
					     "block: the length of a prefix without it") : 0;
	if (conf->range.masq)
		return NF_XLAT_DEV_BAD(extack, of, -EINVAL,
				       "block: masquerade takes an address that may change, so no block follows from the client's");
	block->deterministic = true;
	block->of = nla_get_in6_addr(of);
	block->len = len ? nla_get_u8(len) : 64;
	switch (nf_xlat_ct_block_check(block)) {
	case -ERANGE:
		return NF_XLAT_DEV_BAD(extack, len, -ERANGE,
				       "block: the length of the prefix is not 1 to 64");
	case -EINVAL:
		return NF_XLAT_DEV_BAD(extack, of, -EINVAL,
				       "block: bits are set behind the prefix");
	}
	return 0;
}

/**
 * nf_xlat_dev_parse_block - parse the attributes of blocks
 * @conf: configuration, with mode, addresses and ports
 * @data: attributes
 * @extack: for the message of an error
 *
 * Return: 0 or a negative error.
 */
int nf_xlat_dev_parse_block(struct nf_xlat_dev_conf *conf, struct nlattr *data[],
			    struct netlink_ext_ack *extack)
{
	const struct nlattr *attr = data[IFLA_XLAT_BLOCK], *of;
	struct nf_xlat_ct_block *block = &conf->block;
	int err;

	memset(block, 0, sizeof(*block));
	if (!attr) {
		of = data[IFLA_XLAT_BLOCK_OF] ? : data[IFLA_XLAT_BLOCK_OF_LEN];
		return of ? NF_XLAT_DEV_BAD(extack, of, -EINVAL,
					    "block: a prefix without a number of ports") : 0;
	}
	if (conf->range.per_session)
		return NF_XLAT_DEV_BAD(extack, attr, -EINVAL,
				       "block: with ports of each session nobody has a block");
	block->n_ports = nla_get_u32(attr);
	if (nf_xlat_ct_block_check(block))
		return NF_XLAT_DEV_BAD(extack, attr, -ERANGE,
				       "block: it is not a multiple of 64 ports, up to 32768");
	err = nf_xlat_dev_parse_of(conf, data, extack);
	if (err)
		return err;
	switch (nf_xlat_ct_block_fits(block, &conf->range)) {
	case -ERANGE:
		return NF_XLAT_DEV_BAD(extack, attr, -ERANGE,
				       "block: the ports have no block, which begins at a multiple of 64");
	case -ENOSPC:
		return NF_XLAT_DEV_BAD(extack, data[IFLA_XLAT_BLOCK_OF], -ENOSPC,
				       "block: the prefix has more networks of 64 bits than the pool has blocks");
	}
	return 0;
}

/**
 * nf_xlat_dev_fill_block - dump the attributes of blocks
 * @skb: message
 * @block: blocks of the device
 *
 * Return: 0, or -EMSGSIZE if there is no room.
 */
int nf_xlat_dev_fill_block(struct sk_buff *skb, const struct nf_xlat_ct_block *block)
{
	if (!block->n_ports)
		return 0;
	if (nla_put_u32(skb, IFLA_XLAT_BLOCK, block->n_ports) ||
	    (block->deterministic &&
	     (nla_put_in6_addr(skb, IFLA_XLAT_BLOCK_OF, &block->of) ||
	      nla_put_u8(skb, IFLA_XLAT_BLOCK_OF_LEN, block->len))))
		return -EMSGSIZE;
	return 0;
}
