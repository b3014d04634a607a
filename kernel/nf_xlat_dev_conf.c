// SPDX-License-Identifier: GPL-2.0-only
/*
 * The configuration of a device: its attributes in rtnetlink, and the table of pairs.
 */

#include <linux/if_xlat.h>
#include <linux/inetdevice.h>
#include <linux/module.h>
#include <linux/netdevice.h>
#include <linux/netfilter/nf_nat.h>
#include <linux/netfilter/nft_xlat.h>
#include <linux/sort.h>
#include <net/ip.h>
#include <net/ipv6.h>
#include <net/rtnetlink.h>
#include "nf_xlat_dev_internal.h"
#include "compat.h"

/* Return 64 bits of an address as a number, and clear those behind the first @len bits. */
static u64 nf_xlat_dev_half(const __be32 *half, int len)
{
	u64 bits = (u64)ntohl(half[0]) << 32 | ntohl(half[1]);

	return len >= 64 ? bits : len > 0 ? bits & (~0ULL << (64 - len)) : 0;
}

/**
 * nf_xlat_dev_find6 - find the pair with the longest IPv6 prefix that contains an address
 * @pairs: nf_xlat_dev_conf.pairs6
 * @addr: the address
 *
 * RCU read side.
 *
 * Return: the pair, which belongs to the configuration, or NULL
 */
const struct nf_xlat_eam *
nf_xlat_dev_find6(const struct nf_xlat_dev_pairs *pairs,
		  const struct in6_addr *addr)
{
	u64 key_hi, key_lo, eam_hi, eam_lo;
	const struct nf_xlat_eam *eam;
	unsigned int i, lo, hi, mid;

	for (i = 0; i < pairs->n_groups; i++) {
		/* Compare numbers: memcmp() would take longer than all of this. */
		key_hi = nf_xlat_dev_half(&addr->s6_addr32[0], pairs->groups[i].len);
		key_lo = nf_xlat_dev_half(&addr->s6_addr32[2], pairs->groups[i].len - 64);
		lo = pairs->groups[i].first;
		hi = lo + pairs->groups[i].n;
		while (lo < hi) {
			mid = (lo + hi) / 2;
			eam = &pairs->eams[mid];
			eam_hi = nf_xlat_dev_half(&eam->addr6.s6_addr32[0], 64);
			eam_lo = nf_xlat_dev_half(&eam->addr6.s6_addr32[2], 64);
			if (key_hi == eam_hi && key_lo == eam_lo)
				return eam;
			if (key_hi < eam_hi ||
			    (key_hi == eam_hi && key_lo < eam_lo))
				hi = mid;
			else
				lo = mid + 1;
		}
	}
	return NULL;
}

/* As nf_xlat_dev_find6(), for an IPv4 address and nf_xlat_dev_conf.pairs4 */
static const struct nf_xlat_eam *
nf_xlat_dev_find4(const struct nf_xlat_dev_pairs *pairs, __be32 addr)
{
	const struct nf_xlat_eam *eam;
	unsigned int i, lo, hi, mid;
	u32 key;

	for (i = 0; i < pairs->n_groups; i++) {
		key = ntohl(addr & inet_make_mask(pairs->groups[i].len));
		lo = pairs->groups[i].first;
		hi = lo + pairs->groups[i].n;
		while (lo < hi) {
			mid = (lo + hi) / 2;
			eam = &pairs->eams[mid];
			if (key == ntohl(eam->addr4))
				return eam;
			if (key < ntohl(eam->addr4))
				hi = mid;
			else
				lo = mid + 1;
		}
	}
	return NULL;
}

/* nf_xlat_map.table.lookup: map an address by the longest prefix, RFC 7757 section 3.3. */
static bool nf_xlat_dev_lookup(const struct net *net, const void *data, u8 pf,
			       const union nf_inet_addr *addr,
			       union nf_inet_addr *res)
{
	const struct nf_xlat_dev_conf *conf = data;
	const struct nf_xlat_eam *eam;

	if (pf == NFPROTO_IPV6) {
		eam = nf_xlat_dev_find6(&conf->pairs6, &addr->in6);
		return eam && nf_xlat_eam_6to4(eam, &addr->in6, &res->ip);
	}
	eam = nf_xlat_dev_find4(&conf->pairs4, addr->ip);
	return eam && nf_xlat_eam_4to6(eam, addr->ip, &res->in6);
}

/**
 * nf_xlat_dev_fast_put - release what nf_xlat_dev_fast_get() has set
 * @fast: a set of devices, and the module nf_xlat_flow
 *
 * The hooks of the set are unregistered, so sessions begin no flows by it any more. The caller
 * holds RTNL.
 */
void nf_xlat_dev_fast_put(const struct nf_xlat_dev_fast *fast)
{
	if (!fast->ft)
		return;
	fast->flow->put(fast->ft);
	module_put(fast->flow->owner);
}

static const struct nla_policy nf_xlat_dev_policy[IFLA_XLAT_MAX + 1] = {
	[IFLA_XLAT_UNSPEC]	= { .strict_start_type = IFLA_XLAT_PREFIX },
	[IFLA_XLAT_PREFIX]	= NLA_POLICY_EXACT_LEN(sizeof(struct in6_addr)),
	[IFLA_XLAT_PREFIX_LEN]	= { .type = NLA_U8 },
	[IFLA_XLAT_NON_GLOBAL]	= { .type = NLA_FLAG },
	[IFLA_XLAT_PAIRS]	= { .type = NLA_NESTED },
	[IFLA_XLAT_PAIRS_ADD]	= { .type = NLA_NESTED },
	[IFLA_XLAT_PAIRS_DEL]	= { .type = NLA_NESTED },
	[IFLA_XLAT_PAIR]	= { .type = NLA_REJECT },
	[IFLA_XLAT_ERROR4]	= { .type = NLA_U32 },
	[IFLA_XLAT_MTU]		= { .type = NLA_U32 },
	[IFLA_XLAT_HOST]	= { .type = NLA_FLAG },
	[IFLA_XLAT_MODE]	= NLA_POLICY_MAX(NLA_U8, IF_XLAT_MODE_MAX),
	[IFLA_XLAT_ADDR_MIN]	= { .type = NLA_U32 },
	[IFLA_XLAT_ADDR_MAX]	= { .type = NLA_U32 },
	[IFLA_XLAT_PORT_MIN]	= { .type = NLA_U16 },
	[IFLA_XLAT_PORT_MAX]	= { .type = NLA_U16 },
	[IFLA_XLAT_NAT_FLAGS]	= NLA_POLICY_MASK(NLA_U32, NF_XLAT_DEV_NAT_FLAGS),
	[IFLA_XLAT_MAPPING]	= NLA_POLICY_MAX(NLA_U8, NFT_XLAT_MAPPING_MAX),
	[IFLA_XLAT_FILTERING]	= NLA_POLICY_MAX(NLA_U8, NFT_XLAT_FILTERING_MAX),
	[IFLA_XLAT_FAST]	= { .type = NLA_BINARY,
				    .len = IF_XLAT_MAX_FAST * sizeof(u32) },
	[IFLA_XLAT_BLOCK]	= { .type = NLA_U32 },
	[IFLA_XLAT_BLOCK_OF]	= NLA_POLICY_EXACT_LEN(sizeof(struct in6_addr)),
	[IFLA_XLAT_BLOCK_OF_LEN] = { .type = NLA_U8 },
	[IFLA_XLAT_PAIRS_LEFT_OUT] = { .type = NLA_REJECT },
};

/*
 * Order two pairs by their IPv6 prefixes: the longer one first, then by address. Returns 0 only if
 * the prefixes are the same.
 */
static int nf_xlat_dev_cmp6(const void *a, const void *b)
{
	const struct nf_xlat_eam *x = a, *y = b;

	return x->len6 != y->len6 ? y->len6 - x->len6 :
				    ipv6_addr_cmp(&x->addr6, &y->addr6);
}

/* As nf_xlat_dev_cmp6(), by the IPv4 prefixes */
static int nf_xlat_dev_cmp4(const void *a, const void *b)
{
	const struct nf_xlat_eam *x = a, *y = b;

	if (x->len4 != y->len4)
		return y->len4 - x->len4;
	return ntohl(x->addr4) < ntohl(y->addr4) ? -1 :
	       ntohl(x->addr4) > ntohl(y->addr4);
}

/* Sort the pairs and make the groups. Returns false if two pairs have the same prefix. */
static bool nf_xlat_dev_order(struct nf_xlat_dev_pairs *pairs, unsigned int n,
			      int (*cmp)(const void *a, const void *b), bool v6)
{
	struct nf_xlat_dev_group *group = pairs->groups - 1;
	unsigned int i;
	u8 len;

	sort(pairs->eams, n, sizeof(*pairs->eams), cmp, NULL);
	for (i = 0; i < n; i++) {
		if (i && !cmp(&pairs->eams[i - 1], &pairs->eams[i]))
			return false;
		len = v6 ? pairs->eams[i].len6 : pairs->eams[i].len4;
		if (!i || group->len != len) {
			*++group = (struct nf_xlat_dev_group) {
				.first	= i,
				.len	= len,
			};
			pairs->n_groups++;
		}
		group->n++;
	}
	return true;
}

/*
 * Allocate a configuration with room for @n pairs. Copy everything except the pairs from @old, or
 * set the defaults if @old is NULL.
 */
static struct nf_xlat_dev_conf *
nf_xlat_dev_conf_alloc(const struct nf_xlat_dev_conf *old, unsigned int n)
{
	/* One group for each length of a prefix */
	const unsigned int groups6 = 129, groups4 = 33;
	struct nf_xlat_dev_conf *conf;
	struct nf_xlat_eam *eams;

	conf = kvzalloc(sizeof(*conf) + 2 * n * sizeof(*eams) +
			(groups6 + groups4) * sizeof(struct nf_xlat_dev_group),
			GFP_KERNEL_ACCOUNT);
	if (!conf)
		return NULL;
	if (old)
		*conf = *old;
	else
		conf->error4 = htonl(NF_XLAT_DEV_ERROR4);
	eams = (struct nf_xlat_eam *)(conf + 1);
	conf->pairs6.eams = eams;
	conf->pairs4.eams = eams + n;
	conf->pairs6.groups = (struct nf_xlat_dev_group *)(eams + 2 * n);
	conf->pairs4.groups = conf->pairs6.groups + groups6;
	conf->pairs6.n_groups = 0;
	conf->pairs4.n_groups = 0;
	conf->n_pairs = 0;

	conf->dom.saddr.kind = NF_XLAT_MAP_TABLE;
	conf->dom.saddr.table.lookup = nf_xlat_dev_lookup;
	conf->dom.saddr.table.data = conf;
	conf->dom.daddr = conf->dom.saddr;
	conf->hairpin_dom.daddr = conf->dom.daddr;
	return conf;
}

static int nf_xlat_dev_parse_pair(const struct nlattr *attr,
				  struct nf_xlat_eam *eam,
				  struct netlink_ext_ack *extack)
{
	const struct if_xlat_pair *pair = nla_data(attr);
	union nf_inet_addr addr;

	if (nla_type(attr) != IFLA_XLAT_PAIR || nla_len(attr) != sizeof(*pair) ||
	    pair->pad)
		return NF_XLAT_DEV_BAD(extack, attr, -EINVAL,
				       "pair: not a struct if_xlat_pair");
	eam->addr6 = pair->addr6;
	eam->addr4 = pair->addr4;
	eam->len6 = pair->len6;
	eam->len4 = pair->len4;
	switch (nf_xlat_eam_check(eam)) {
	case 0:
		break;
	case -EINVAL:
		return NF_XLAT_DEV_BAD(extack, attr, -EINVAL,
				       "pair: bits are set behind a prefix");
	default:
		return NF_XLAT_DEV_BAD(extack, attr, -ERANGE,
				       "pair: length over 32 or 128, or more IPv4 addresses than IPv6 addresses");
	}
	/* A device takes no packets to an IPv6 group, but may send packets to an IPv4 group. */
	addr.in6 = eam->addr6;
	if (!nf_xlat_net_legal(NFPROTO_IPV6, &addr, eam->len6, false))
		return NF_XLAT_DEV_BAD(extack, attr, -EADDRNOTAVAIL,
				       "pair: no packet may have such an IPv6 address");
	addr.ip = eam->addr4;
	if (!nf_xlat_net_legal(NFPROTO_IPV4, &addr, eam->len4, true))
		return NF_XLAT_DEV_BAD(extack, attr, -EADDRNOTAVAIL,
				       "pair: no packet may have such an IPv4 address");
	return 0;
}

static bool nf_xlat_dev_same_pair(const struct nf_xlat_eam *a,
				  const struct nf_xlat_eam *b)
{
	return a->len6 == b->len6 && a->len4 == b->len4 && a->addr4 == b->addr4 &&
	       ipv6_addr_equal(&a->addr6, &b->addr6);
}

static int nf_xlat_dev_del_pairs(struct nf_xlat_dev_conf *conf,
				 const struct nlattr *nest,
				 struct netlink_ext_ack *extack)
{
	struct nf_xlat_eam *eams = conf->pairs6.eams, eam;
	const struct nlattr *attr;
	unsigned int i;
	int rem, err;

	nla_for_each_nested(attr, nest, rem) {
		err = nf_xlat_dev_parse_pair(attr, &eam, extack);
		if (err)
			return err;
		for (i = 0; i < conf->n_pairs; i++)
			if (nf_xlat_dev_same_pair(&eams[i], &eam))
				break;
		if (i == conf->n_pairs)
			return NF_XLAT_DEV_BAD(extack, attr, -ENOENT,
					       "pair: it is not there");
		eams[i] = eams[--conf->n_pairs];
	}
	return 0;
}

static int nf_xlat_dev_add_pairs(struct nf_xlat_dev_conf *conf,
				 const struct nlattr *nest,
				 struct netlink_ext_ack *extack)
{
	const struct nlattr *attr;
	int rem, err;

	nla_for_each_nested(attr, nest, rem) {
		if (conf->n_pairs == IF_XLAT_MAX_PAIRS)
			return NF_XLAT_DEV_BAD(extack, attr, -E2BIG,
					       "pairs: more than 1024");
		err = nf_xlat_dev_parse_pair(attr,
					     &conf->pairs6.eams[conf->n_pairs],
					     extack);
		if (err)
			return err;
		conf->n_pairs++;
	}
	return 0;
}

static int nf_xlat_dev_parse_pairs(struct nf_xlat_dev_conf *conf,
				   const struct nf_xlat_dev_conf *old,
				   struct nlattr *data[],
				   struct netlink_ext_ack *extack)
{
	int err = 0;

	if (data[IFLA_XLAT_PAIRS]) {
		err = nf_xlat_dev_add_pairs(conf, data[IFLA_XLAT_PAIRS], extack);
	} else if (old) {
		conf->n_pairs = old->n_pairs;
		memcpy(conf->pairs6.eams, old->pairs6.eams,
		       old->n_pairs * sizeof(*old->pairs6.eams));
	}
	if (!err && data[IFLA_XLAT_PAIRS_DEL])
		err = nf_xlat_dev_del_pairs(conf, data[IFLA_XLAT_PAIRS_DEL],
					    extack);
	if (!err && data[IFLA_XLAT_PAIRS_ADD])
		err = nf_xlat_dev_add_pairs(conf, data[IFLA_XLAT_PAIRS_ADD],
					    extack);
	if (err)
		return err;

	memcpy(conf->pairs4.eams, conf->pairs6.eams,
	       conf->n_pairs * sizeof(*conf->pairs4.eams));
	if (!nf_xlat_dev_order(&conf->pairs6, conf->n_pairs, nf_xlat_dev_cmp6,
			       true))
		return NF_XLAT_DEV_BAD(extack, data[IFLA_XLAT_PAIRS_ADD] ? :
				       data[IFLA_XLAT_PAIRS], -EEXIST,
				       "pairs: two have the same IPv6 prefix");
	if (!nf_xlat_dev_order(&conf->pairs4, conf->n_pairs, nf_xlat_dev_cmp4,
			       false))
		return NF_XLAT_DEV_BAD(extack, data[IFLA_XLAT_PAIRS_ADD] ? :
				       data[IFLA_XLAT_PAIRS], -EEXIST,
				       "pairs: two have the same IPv4 prefix");
	return 0;
}

static int nf_xlat_dev_parse_prefix(struct nf_xlat_dev_conf *conf,
				    struct nlattr *data[],
				    struct netlink_ext_ack *extack)
{
	struct nf_xlat_prefix *prefix = &conf->dom.prefix.prefix;
	const struct nlattr *attr = data[IFLA_XLAT_PREFIX];

	if (!attr) {
		attr = data[IFLA_XLAT_PREFIX_LEN] ? : data[IFLA_XLAT_NON_GLOBAL];
		return attr ? NF_XLAT_DEV_BAD(extack, attr, -EINVAL,
					      "prefix: its length or non-global without it") :
			      0;
	}
	prefix->addr = nla_get_in6_addr(attr);
	prefix->len = data[IFLA_XLAT_PREFIX_LEN] ?
		      nla_get_u8(data[IFLA_XLAT_PREFIX_LEN]) : 96;
	prefix->non_global = nla_get_flag(data[IFLA_XLAT_NON_GLOBAL]);
	conf->dom.prefix.kind = NF_XLAT_MAP_PREFIX;
	conf->hairpin_dom.prefix = conf->dom.prefix;
	switch (nf_xlat_prefix_check(prefix)) {
	case 0:
		return 0;
	case -ERANGE:
		return NF_XLAT_DEV_BAD(extack, data[IFLA_XLAT_PREFIX_LEN], -ERANGE,
				       "prefix: its length is not 32, 40, 48, 56, 64 or 96");
	case -EINVAL:
		return NF_XLAT_DEV_BAD(extack, attr, -EINVAL,
				       "prefix: bits are set behind it, or in bits 64 to 71");
	default:
		return NF_XLAT_DEV_BAD(extack, attr, -EADDRNOTAVAIL,
				       "prefix: no packet may have such addresses");
	}
}

static int nf_xlat_dev_parse_addrs(struct nf_xlat_ct_range *range,
				   struct nlattr *data[],
				   struct netlink_ext_ack *extack)
{
	const struct nlattr *min = data[IFLA_XLAT_ADDR_MIN];
	const struct nlattr *max = data[IFLA_XLAT_ADDR_MAX] ? : min;

	if (range->masq)
		return min || max ?
		       NF_XLAT_DEV_BAD(extack, min ? : max, -EINVAL,
				       "masquerade: it takes the address of the outgoing device") :
		       0;
	if (!min)
		return NF_XLAT_DEV_BAD(extack, data[IFLA_XLAT_MODE], -EINVAL,
				       "snat: it needs an address");
	range->min_addr.ip = nla_get_in_addr(min);
	range->max_addr.ip = nla_get_in_addr(max);
	if (!nf_xlat_addr_legal(NFPROTO_IPV4, &range->min_addr))
		return NF_XLAT_DEV_BAD(extack, min, -EADDRNOTAVAIL,
				       "snat: no packet may have this address");
	if (!nf_xlat_addr_legal(NFPROTO_IPV4, &range->max_addr))
		return NF_XLAT_DEV_BAD(extack, max, -EADDRNOTAVAIL,
				       "snat: no packet may have this address");
	if (ntohl(range->min_addr.ip) > ntohl(range->max_addr.ip))
		return NF_XLAT_DEV_BAD(extack, max, -ERANGE,
				       "snat: the last address is before the first");
	return 0;
}

static int nf_xlat_dev_parse_ports(struct nf_xlat_ct_range *range,
				   struct nlattr *data[],
				   struct netlink_ext_ack *extack)
{
	const struct nlattr *min = data[IFLA_XLAT_PORT_MIN];
	const struct nlattr *max = data[IFLA_XLAT_PORT_MAX] ? : min;

	if (!max)
		return 0;
	if (!min)
		return NF_XLAT_DEV_BAD(extack, max, -EINVAL,
				       "ports: there is no first one");
	range->min_proto = nla_get_be16(min);
	range->max_proto = nla_get_be16(max);
	range->flags |= NF_NAT_RANGE_PROTO_SPECIFIED;
	if (!range->min_proto)
		return NF_XLAT_DEV_BAD(extack, min, -ERANGE,
				       "ports: 0 is none");
	if (ntohs(range->min_proto) > ntohs(range->max_proto))
		return NF_XLAT_DEV_BAD(extack, max, -ERANGE,
				       "ports: the last one is before the first");
	return 0;
}

/*
 * Parse the mode and the attributes that belong to it. A change without a mode keeps the mode and
 * all these attributes of @old. A change with a mode gives its default value to each of them that
 * is absent.
 */
static int nf_xlat_dev_parse_mode(struct nf_xlat_dev_conf *conf,
				  const struct nf_xlat_dev_conf *old,
				  struct nlattr *data[],
				  struct netlink_ext_ack *extack)
{
	struct nf_xlat_ct_range *range = &conf->range;
	const struct nlattr *attr = data[IFLA_XLAT_MODE];
	unsigned int i;
	int err;

	if (attr)
		conf->mode = nla_get_u8(attr);
	if (old && !old->mode != !conf->mode)
		return NF_XLAT_DEV_BAD(extack, attr, -EOPNOTSUPP,
				       "a device does not change between with and without state: make another one");
	for (i = IFLA_XLAT_ADDR_MIN; i <= IFLA_XLAT_BLOCK_OF_LEN; i++)
		if (data[i] && i != IFLA_XLAT_FAST &&
		    (!attr || conf->mode == IF_XLAT_STATELESS))
			return NF_XLAT_DEV_BAD(extack, data[i], -EINVAL,
					       "addresses, ports, flags, mapping, filtering and blocks belong to masquerade or snat in the same command");
	if (!attr || conf->mode == IF_XLAT_STATELESS)
		return 0;

	memset(range, 0, sizeof(*range));
	range->owner = old ? old->range.owner : 0;
	range->masq = conf->mode == IF_XLAT_MASQ;
	if (data[IFLA_XLAT_NAT_FLAGS])
		range->flags = nla_get_u32(data[IFLA_XLAT_NAT_FLAGS]);
	if (data[IFLA_XLAT_MAPPING])
		range->per_session = nla_get_u8(data[IFLA_XLAT_MAPPING]) ==
				     NFT_XLAT_MAPPING_ADDRESS_PORT_DEPENDENT;
	if (data[IFLA_XLAT_FILTERING])
		range->filter = nla_get_u8(data[IFLA_XLAT_FILTERING]) ==
				NFT_XLAT_FILTERING_ADDRESS_DEPENDENT;
	if (range->per_session && range->filter)
		return NF_XLAT_DEV_BAD(extack, data[IFLA_XLAT_FILTERING], -EINVAL,
				       "filtering: with ports of each session there is nothing to filter");
	err = nf_xlat_dev_parse_addrs(range, data, extack);
	if (!err)
		err = nf_xlat_dev_parse_ports(range, data, extack);
	return err ? : nf_xlat_dev_parse_block(conf, data, extack);
}

/*
 * Parse all attributes except IFLA_XLAT_FAST into @conf, and check that they go together. @old is
 * the configuration that is to be changed, or NULL for a new device.
 */
static int nf_xlat_dev_parse(struct nf_xlat_dev_conf *conf,
			     const struct nf_xlat_dev_conf *old,
			     struct nlattr *data[],
			     struct netlink_ext_ack *extack)
{
	union nf_inet_addr addr;
	int err;

	err = nf_xlat_dev_parse_prefix(conf, data, extack);
	if (!err)
		err = nf_xlat_dev_parse_pairs(conf, old, data, extack);
	if (!err)
		err = nf_xlat_dev_parse_mode(conf, old, data, extack);
	if (err)
		return err;

	if (data[IFLA_XLAT_ERROR4]) {
		addr.ip = nla_get_in_addr(data[IFLA_XLAT_ERROR4]) ? :
			  htonl(NF_XLAT_DEV_ERROR4);
		if (!nf_xlat_addr_legal(NFPROTO_IPV4, &addr))
			return NF_XLAT_DEV_BAD(extack, data[IFLA_XLAT_ERROR4],
					       -EADDRNOTAVAIL,
					       "error: no packet may have this address");
		conf->error4 = addr.ip;
	}
	if (data[IFLA_XLAT_MTU]) {
		conf->mtu = nla_get_u32(data[IFLA_XLAT_MTU]);
		if (conf->mtu && (conf->mtu < IPV6_MIN_MTU || conf->mtu > IP_MAX_MTU))
			return NF_XLAT_DEV_BAD(extack, data[IFLA_XLAT_MTU], -ERANGE,
					       "mtu: it is not 1280 to 65535");
	}
	if (data[IFLA_XLAT_HOST]) {
		if (old && !old->host)
			return NF_XLAT_DEV_BAD(extack, data[IFLA_XLAT_HOST],
					       -EOPNOTSUPP,
					       "host: it cannot be set later: make another device");
		conf->host = true;
	}

	if (conf->mode == IF_XLAT_STATELESS)
		return !data[IFLA_XLAT_FAST] ? 0 :
		       NF_XLAT_DEV_BAD(extack, data[IFLA_XLAT_FAST], -EINVAL,
				       "fast: it is of sessions, which masquerade and snat make");
	if (conf->dom.prefix.kind == NF_XLAT_MAP_NONE)
		return NF_XLAT_DEV_BAD(extack, data[IFLA_XLAT_MODE], -EINVAL,
				       "prefix: masquerade and snat need one");
	if (conf->n_pairs)
		return NF_XLAT_DEV_BAD(extack, data[IFLA_XLAT_PAIRS_ADD] ? :
				       data[IFLA_XLAT_PAIRS], -EINVAL,
				       "pairs are without state: not with masquerade or snat");
	if (conf->host)
		return NF_XLAT_DEV_BAD(extack, data[IFLA_XLAT_HOST], -EINVAL,
				       "host is without state: not with masquerade or snat");
	conf->range.prefix = conf->dom.prefix.prefix;
	conf->range.mtu = conf->mtu;
	return 0;
}

/* Compute how many pairs nf_xlat_dev_parse_pairs() needs room for. */
static unsigned int nf_xlat_dev_max_pairs(const struct nf_xlat_dev_conf *old,
					  struct nlattr *data[])
{
	unsigned int n = old ? old->n_pairs : 0;
	const unsigned int size = nla_total_size(sizeof(struct if_xlat_pair));

	if (data[IFLA_XLAT_PAIRS])
		n = nla_len(data[IFLA_XLAT_PAIRS]) / size;
	if (data[IFLA_XLAT_PAIRS_ADD])
		n += nla_len(data[IFLA_XLAT_PAIRS_ADD]) / size;
	return n;
}

/* Make a configuration from @old, which may be NULL, and @data. Returns it or an ERR_PTR. */
static struct nf_xlat_dev_conf *
nf_xlat_dev_conf_make(const struct nf_xlat_dev_conf *old, struct nlattr *data[],
		      struct netlink_ext_ack *extack)
{
	struct nlattr *none[IFLA_XLAT_MAX + 1] = {};
	struct nf_xlat_dev_conf *conf;
	int err;

	if (!data)
		data = none;
	conf = nf_xlat_dev_conf_alloc(old, nf_xlat_dev_max_pairs(old, data));
	if (!conf)
		return ERR_PTR(-ENOMEM);
	err = nf_xlat_dev_parse(conf, old, data, extack);
	if (err) {
		kvfree(conf);
		return ERR_PTR(err);
	}
	conf->stateless_router = conf->mode == IF_XLAT_STATELESS && !conf->host;
	return conf;
}

/*
 * Let the sessions of device number @owner take the fast path between the devices in @attr. If this
 * returns 0, @fast is for nf_xlat_dev_fast_put(). In case of error there is nothing to put.
 */
static int nf_xlat_dev_fast_get(struct nf_xlat_dev_fast *fast,
				struct net *net, u8 owner,
				const struct nlattr *attr,
				struct netlink_ext_ack *extack)
{
	unsigned int n = nla_len(attr) / sizeof(u32);
	const struct nf_xlat_flow_ops *flow;
	struct nf_xlat_flow_devs *ft;

	*fast = (struct nf_xlat_dev_fast){};
	if (nla_len(attr) % sizeof(u32))
		return NF_XLAT_DEV_BAD(extack, attr, -EINVAL,
				       "fast: not an array of indexes of devices");
	if (!n)
		return 0;
	if (!owner)
		return NF_XLAT_DEV_BAD(extack, attr, -ENOSPC,
				       "fast: there are 63 other devices with state, which is as many as can have it");
	/* Do not call request_module(): the init function of nf_xlat_flow takes RTNL. */
	flow = nf_xlat_flow_ops_get();
	if (!flow)
		return NF_XLAT_DEV_BAD(extack, attr, -ENOENT,
				       "fast: the module nf_xlat_flow is not loaded");
	ft = flow->get_devs(net, owner, nla_data(attr), n);
	if (!IS_ERR(ft)) {
		fast->flow = flow;
		fast->ft = ft;
		return 0;
	}

	module_put(flow->owner);
	if (PTR_ERR(ft) == -ENODEV)
		NL_SET_ERR_MSG_ATTR(extack, attr, "fast: there is no device of this index");
	else if (PTR_ERR(ft) == -EEXIST)
		NL_SET_ERR_MSG_ATTR(extack, attr, "fast: a device is named twice");
	return PTR_ERR(ft);
}

/* Add the pool of a device with state, and put it into @conf. */
static int nf_xlat_dev_pool_add(const struct net_device *dev,
				struct nf_xlat_dev_conf *conf)
{
	struct nf_xlat_ct_pool *pool;

	pool = nf_xlat_ct_pool_add(dev_net(dev), &conf->range, NF_XLAT_POOL_COMPLETE,
				   &conf->block);
	if (IS_ERR(pool))
		return PTR_ERR(pool);
	conf->range.pool = pool;
	return 0;
}

static int nf_xlat_dev_newlink(NF_XLAT_NEWLINK_ARGS)
{
	struct nlattr **attrs = NF_XLAT_NEWLINK_DATA;
	const struct nlattr *fast = attrs ? attrs[IFLA_XLAT_FAST] : NULL;
	struct nf_xlat_dev *xd = netdev_priv(dev);
	struct nf_xlat_dev_conf *conf;
	bool stateful;
	int err = 0;

	if (fast && (NF_XLAT_NEWLINK_LINKED ||
		     !net_eq(NF_XLAT_NEWLINK_NET, dev_net(dev))))
		return NF_XLAT_DEV_BAD(extack, fast, -EINVAL,
				       "fast: of a device in another namespace: set it there");
	conf = nf_xlat_dev_conf_make(NULL, attrs, extack);
	if (IS_ERR(conf))
		return PTR_ERR(conf);
	stateful = conf->mode != IF_XLAT_STATELESS;
	if (stateful)
		err = nf_xlat_ct_netns_get(dev_net(dev), true);
	if (err == -EOPNOTSUPP)
		NL_SET_ERR_MSG_MOD(extack, "no state on this kernel, its log says why");
	if (!err && stateful) {
		err = nf_xlat_dev_pool_add(dev, conf);
		if (err)
			nf_xlat_ct_netns_put(dev_net(dev));
	}
	if (err) {
		kvfree(conf);
		return err;
	}

	rcu_assign_pointer(xd->conf, conf);
	err = register_netdevice(dev);
	if (err && !xd->inited) {
		if (stateful) {
			nf_xlat_ct_pool_del(dev_net(dev), conf->range.pool);
			nf_xlat_ct_netns_put(dev_net(dev));
		}
		kvfree(conf);
	}
	if (err || !stateful)
		return err;

	if (fast) {
		err = nf_xlat_dev_fast_get(&xd->fast, dev_net(dev),
					   conf->range.owner, fast, extack);
		if (err)
			unregister_netdevice(dev);
	} else if (!conf->range.owner) {
		NL_SET_ERR_MSG_MOD(extack,
				   "63 devices with state have counters already: this one counts nothing");
	}
	return err;
}

static int nf_xlat_dev_changelink(struct net_device *dev, struct nlattr *tb[],
				  struct nlattr *data[],
				  struct netlink_ext_ack *extack)
{
	struct nf_xlat_dev *xd = netdev_priv(dev);
	struct nf_xlat_dev_conf *old = rtnl_dereference(xd->conf), *conf;
	struct nf_xlat_dev_fast fast;
	int err;

	if (!data)
		return 0;
	conf = nf_xlat_dev_conf_make(old, data, extack);
	if (IS_ERR(conf))
		return PTR_ERR(conf);
	if (conf->mode != IF_XLAT_STATELESS) {
		err = nf_xlat_dev_pool_add(dev, conf);
		if (err)
			goto err;
	}
	if (data[IFLA_XLAT_FAST]) {
		err = nf_xlat_dev_fast_get(&fast, dev_net(dev), conf->range.owner,
					   data[IFLA_XLAT_FAST], extack);
		if (err)
			goto err_pool;
		nf_xlat_dev_fast_put(&xd->fast);
		xd->fast = fast;
	}
	rcu_assign_pointer(xd->conf, conf);
	nf_xlat_ct_pool_del(dev_net(dev), old->range.pool);
	kvfree_rcu(old, rcu);
	return 0;

err_pool:
	nf_xlat_ct_pool_del(dev_net(dev), conf->range.pool);
err:
	kvfree(conf);
	return err;
}

struct rtnl_link_ops nf_xlat_dev_link_ops __read_mostly = {
	.kind		= "xlat",
	.maxtype	= IFLA_XLAT_MAX,
	.policy		= nf_xlat_dev_policy,
	.priv_size	= sizeof(struct nf_xlat_dev),
	.setup		= nf_xlat_dev_setup,
	.newlink	= nf_xlat_dev_newlink,
	.changelink	= nf_xlat_dev_changelink,
	.get_size	= nf_xlat_dev_get_size,
	.fill_info	= nf_xlat_dev_fill_info,
};
