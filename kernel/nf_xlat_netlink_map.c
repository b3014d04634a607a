// SPDX-License-Identifier: GPL-2.0-only
/*
 * Mappings in messages of generic netlink: those of dumps, static mappings that userspace makes,
 * and the mapping in a message that makes a session.
 *
 * The settings of a rule or device are part of the key of its mappings: the prefix in which
 * addresses of IPv4 peers are embedded, for example. A client uses a mapping only if it meets a
 * rule with the same settings. So a message either has these settings, or the kernel takes them
 * from the only rule or device whose pool has the IPv4 endpoint, see nf_xlat_ct_pool_find().
 */

#include <linux/inetdevice.h>
#include <linux/module.h>
#include <linux/timekeeping.h>
#include <net/genetlink.h>
#include <net/ipv6.h>
#include <net/netlink.h>
#include "compat.h"
#include "nf_xlat_netlink_internal.h"

const struct nla_policy nf_xlat_nl_mapping_attrs[NF_XLAT_A_MAPPING_MAX + 1] = {
	[NF_XLAT_A_MAPPING_CLIENT]	= NLA_POLICY_EXACT_LEN(sizeof(struct in6_addr)),
	[NF_XLAT_A_MAPPING_CLIENT_PORT]	= { .type = NLA_BE16 },
	[NF_XLAT_A_MAPPING_ADDR]	= { .type = NLA_BE32 },
	[NF_XLAT_A_MAPPING_PORT]	= { .type = NLA_BE16 },
	[NF_XLAT_A_MAPPING_PROTOCOL]	= { .type = NLA_U8 },
	[NF_XLAT_A_MAPPING_ZONE]	= { .type = NLA_U16 },
	[NF_XLAT_A_MAPPING_SESSIONS]	= { .type = NLA_U32 },
	[NF_XLAT_A_MAPPING_FILTERING]	= NLA_POLICY_MAX(NLA_U8, 1),
	[NF_XLAT_A_MAPPING_PREFIX]	= NLA_POLICY_EXACT_LEN(sizeof(struct in6_addr)),
	[NF_XLAT_A_MAPPING_PREFIX_LEN]	= NLA_POLICY_MAX(NLA_U8, 96),
	[NF_XLAT_A_MAPPING_MTU]		= NLA_POLICY_MIN(NLA_U32, IPV6_MIN_MTU),
	[NF_XLAT_A_MAPPING_POOL_MIN]	= { .type = NLA_BE32 },
	[NF_XLAT_A_MAPPING_POOL_MAX]	= { .type = NLA_BE32 },
	[NF_XLAT_A_MAPPING_POOL_MIN_PORT] = { .type = NLA_BE16 },
	[NF_XLAT_A_MAPPING_POOL_MAX_PORT] = { .type = NLA_BE16 },
	[NF_XLAT_A_MAPPING_MASQUERADE]	= { .type = NLA_FLAG },
	[NF_XLAT_A_MAPPING_IFINDEX]	= NLA_POLICY_MIN(NLA_U32, 1),
	[NF_XLAT_A_MAPPING_AGE]		= { .type = NLA_U32 },
	[NF_XLAT_A_MAPPING_NON_GLOBAL]	= { .type = NLA_FLAG },
	[NF_XLAT_A_MAPPING_STATIC]	= { .type = NLA_FLAG },
	[NF_XLAT_A_MAPPING_CLIENT_ZONE]	= { .type = NLA_U16 },
	[NF_XLAT_A_MAPPING_BLOCK_PORT]	= { .type = NLA_BE16 },
	[NF_XLAT_A_MAPPING_BLOCK_PORTS]	= { .type = NLA_U32 },
	[NF_XLAT_A_MAPPING_DETERMINISTIC] = { .type = NLA_FLAG },
};

const struct nla_policy nf_xlat_nl_mapping_policy[NF_XLAT_A_MAPPING + 1] = {
	[NF_XLAT_A_MAPPING]		= NLA_POLICY_NESTED(nf_xlat_nl_mapping_attrs),
};

/* Count the references to @bib that are those of sessions. RCU read side */
static unsigned int nf_xlat_nl_bib_sessions(struct net *net,
					    const struct nf_xlat_bib *bib)
{
	spinlock_t *lock = &nf_xlat_ct_pernet(net)->bib.dumps_lock;
	unsigned int n;

	spin_lock(lock);
	n = refcount_read(&bib->ref) - bib->dumps - bib->is_static;
	spin_unlock(lock);
	return n;
}

/* Put the block of a mapping, if it has one. */
static int nf_xlat_nl_put_block_of(struct sk_buff *skb, const struct nf_xlat_bib *bib)
{
	const struct nf_xlat_bib *block = nf_xlat_bib_block(bib);

	if (!block)
		return 0;
	if (nla_put_be16(skb, NF_XLAT_A_MAPPING_BLOCK_PORT, block->key4.port) ||
	    nla_put_u32(skb, NF_XLAT_A_MAPPING_BLOCK_PORTS, block->n_ports))
		return -EMSGSIZE;
	return bib->key6.deterministic ? nla_put_flag(skb, NF_XLAT_A_MAPPING_DETERMINISTIC) : 0;
}

/**
 * nf_xlat_nl_put_block - put the attributes of a block
 * @skb: message
 * @net: namespace, to count the mappings of the block; NULL while it begins or ends
 * @block: the block
 *
 * Any context if @net is NULL. Otherwise process context, since this takes dumps_lock.
 *
 * Return: 0, or -EMSGSIZE if there is no room.
 */
int nf_xlat_nl_put_block(struct sk_buff *skb, struct net *net,
			 const struct nf_xlat_bib *block)
{
	const struct nf_xlat_bib_key6 *key6 = &block->key6;
	const struct nf_xlat_bib_key4 *key4 = &block->key4;
	u32 now = (u32)ktime_get_seconds();
	struct nlattr *nest;

	nest = nla_nest_start(skb, NF_XLAT_A_BLOCK);
	if (!nest ||
	    nla_put_in6_addr(skb, NF_XLAT_A_BLOCK_CLIENT, &key6->addr) ||
	    nla_put_in_addr(skb, NF_XLAT_A_BLOCK_ADDR, key4->addr) ||
	    nla_put_be16(skb, NF_XLAT_A_BLOCK_PORT, key4->port) ||
	    nla_put_u32(skb, NF_XLAT_A_BLOCK_PORTS, block->n_ports) ||
	    nla_put_u32(skb, NF_XLAT_A_BLOCK_AGE,
			now - (READ_ONCE(block->start_time) ? : now)) ||
	    (key6->zone &&
	     nla_put_u16(skb, NF_XLAT_A_BLOCK_CLIENT_ZONE, key6->zone)) ||
	    (key4->zone &&
	     nla_put_u16(skb, NF_XLAT_A_BLOCK_ZONE, key4->zone)) ||
	    (key6->deterministic && nla_put_flag(skb, NF_XLAT_A_BLOCK_DETERMINISTIC)) ||
	    (net && nla_put_u32(skb, NF_XLAT_A_BLOCK_MAPPINGS,
				nf_xlat_nl_bib_sessions(net, block))))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

/**
 * nf_xlat_nl_put_mapping - put the attributes of a mapping
 * @skb: message
 * @attr: NF_XLAT_A_MAPPING or NF_XLAT_A_PEER_MAPPING
 * @net: namespace, to count the sessions of the mapping; NULL while it begins or ends, when their
 *	number is not known
 * @bib: the mapping
 *
 * Any context if @net is NULL. Otherwise process context, since this takes dumps_lock.
 *
 * Return: 0, or -EMSGSIZE if there is no room.
 */
int nf_xlat_nl_put_mapping(struct sk_buff *skb, int attr, struct net *net,
			   const struct nf_xlat_bib *bib)
{
	const struct nf_xlat_bib_key6 *key6 = &bib->key6;
	const struct nf_xlat_bib_key4 *key4 = &bib->key4;
	u32 now = (u32)ktime_get_seconds();
	struct nlattr *nest;

	nest = nla_nest_start(skb, attr);
	if (!nest ||
	    nla_put_in6_addr(skb, NF_XLAT_A_MAPPING_CLIENT, &key6->addr) ||
	    nla_put_be16(skb, NF_XLAT_A_MAPPING_CLIENT_PORT, key6->port) ||
	    nla_put_in_addr(skb, NF_XLAT_A_MAPPING_ADDR, key4->addr) ||
	    nla_put_be16(skb, NF_XLAT_A_MAPPING_PORT, key4->port) ||
	    nla_put_u8(skb, NF_XLAT_A_MAPPING_PROTOCOL, key4->proto) ||
	    nla_put_u8(skb, NF_XLAT_A_MAPPING_FILTERING, key6->filter) ||
	    nla_put_in6_addr(skb, NF_XLAT_A_MAPPING_PREFIX, &key6->prefix.addr) ||
	    nla_put_u8(skb, NF_XLAT_A_MAPPING_PREFIX_LEN, key6->prefix.len) ||
	    nla_put_in_addr(skb, NF_XLAT_A_MAPPING_POOL_MIN, key6->pool.min_addr) ||
	    nla_put_in_addr(skb, NF_XLAT_A_MAPPING_POOL_MAX, key6->pool.max_addr) ||
	    nla_put_u32(skb, NF_XLAT_A_MAPPING_AGE,
			now - (READ_ONCE(bib->start_time) ? : now)))
		return -EMSGSIZE;
	if (key4->zone &&
	    nla_put_u16(skb, NF_XLAT_A_MAPPING_ZONE, key4->zone))
		return -EMSGSIZE;
	if (key6->mtu && nla_put_u32(skb, NF_XLAT_A_MAPPING_MTU, key6->mtu))
		return -EMSGSIZE;
	if (key6->pool.max_proto &&
	    (nla_put_be16(skb, NF_XLAT_A_MAPPING_POOL_MIN_PORT,
			  key6->pool.min_proto) ||
	     nla_put_be16(skb, NF_XLAT_A_MAPPING_POOL_MAX_PORT,
			  key6->pool.max_proto)))
		return -EMSGSIZE;
	if (key6->masq && nla_put_flag(skb, NF_XLAT_A_MAPPING_MASQUERADE))
		return -EMSGSIZE;
	if (key6->prefix.non_global && nla_put_flag(skb, NF_XLAT_A_MAPPING_NON_GLOBAL))
		return -EMSGSIZE;
	if (READ_ONCE(bib->is_static) && nla_put_flag(skb, NF_XLAT_A_MAPPING_STATIC))
		return -EMSGSIZE;
	if (key6->zone &&
	    nla_put_u16(skb, NF_XLAT_A_MAPPING_CLIENT_ZONE, key6->zone))
		return -EMSGSIZE;
	if (bib->masq_index &&
	    nla_put_u32(skb, NF_XLAT_A_MAPPING_IFINDEX, bib->masq_index))
		return -EMSGSIZE;
	if (net &&
	    nla_put_u32(skb, NF_XLAT_A_MAPPING_SESSIONS,
			nf_xlat_nl_bib_sessions(net, bib)))
		return -EMSGSIZE;
	if (nf_xlat_nl_put_block_of(skb, bib))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

/**
 * nf_xlat_nl_put_refs - put the mappings of a session, as SESSION_NEW takes them
 * @skb: message
 * @ct: the session, of which the caller has a reference
 *
 * RCU read side: what the references of the session point to is freed after a grace period.
 *
 * Return: 0, or -EMSGSIZE if there is no room.
 */
int nf_xlat_nl_put_refs(struct sk_buff *skb, const struct nf_conn *ct)
{
	const struct nf_xlat_bib *from, *to;
	int err = 0;

	nf_xlat_ct_mappings(ct, &from, &to);
	if (from)
		err = nf_xlat_nl_put_mapping(skb, NF_XLAT_A_MAPPING, NULL, from);
	if (!err && to)
		err = nf_xlat_nl_put_mapping(skb, NF_XLAT_A_PEER_MAPPING, NULL, to);
	return err;
}

/**
 * nf_xlat_nl_hold - begin a request that changes something
 *
 * With the reference to the module, nf_xlat_ct_fini() runs after the request. Otherwise a mapping
 * could end after nf_xlat_ct_fini() has sent all events. Process context.
 *
 * Return: 0, or -ENETDOWN if the module is about to go.
 */
int nf_xlat_nl_hold(void)
{
	return try_module_get(THIS_MODULE) ? 0 : -ENETDOWN;
}

/**
 * nf_xlat_nl_enter - begin a request that makes a session or a mapping
 * @info: request
 *
 * With the reference to the module, nf_xlat_ct_fini() runs after the request, and ends what the
 * request has made. Process context.
 *
 * Return: 0, or -ENETDOWN with a message if the namespace has neither a rule nor a device with
 * state.
 */
int nf_xlat_nl_enter(struct genl_info *info)
{
	if (!READ_ONCE(nf_xlat_ct_pernet(genl_info_net(info))->hooked)) {
		NL_SET_ERR_MSG(info->extack,
			       "this network namespace has neither a rule nor a device with state");
		return -ENETDOWN;
	}
	return nf_xlat_nl_hold();
}

/**
 * nf_xlat_nl_exit - undo nf_xlat_nl_enter() or nf_xlat_nl_hold()
 */
void nf_xlat_nl_exit(void)
{
	module_put(THIS_MODULE);
}

static bool nf_xlat_nl_legal6(const struct in6_addr *in6)
{
	const union nf_inet_addr addr = { .in6 = *in6 };

	return nf_xlat_addr_legal(NFPROTO_IPV6, &addr);
}

/**
 * nf_xlat_nl_read_ifindex - read the device that a session or mapping ends with
 * @net: network namespace
 * @attr: the attribute, or NULL
 * @ifindex: gets its index
 * @extack: for the message of an error
 *
 * RCU read side.
 *
 * Return: 0, or -ENODEV.
 */
int nf_xlat_nl_read_ifindex(struct net *net, const struct nlattr *attr,
			    int *ifindex, struct netlink_ext_ack *extack)
{
	const struct net_device *dev;

	if (!attr)
		return 0;
	dev = dev_get_by_index_rcu(net, nla_get_u32(attr));
	if (!dev || !(dev->flags & IFF_UP))
		return NF_XLAT_NL_BAD(extack, attr, -ENODEV,
				      "no device of this index is up");
	*ifindex = dev->ifindex;
	return 0;
}

/* Read the prefix of a mapping, if the message has one. */
static int nf_xlat_nl_read_prefix(struct nf_xlat_nl_mapping *m,
				  struct netlink_ext_ack *extack)
{
	struct nlattr **tb = m->tb;

	if (!tb[NF_XLAT_A_MAPPING_PREFIX]) {
		if (!tb[NF_XLAT_A_MAPPING_PREFIX_LEN])
			return 0;
		return NF_XLAT_NL_BAD(extack, tb[NF_XLAT_A_MAPPING_PREFIX_LEN], -EINVAL,
				      "a length without a prefix");
	}
	m->key6.prefix.addr = nla_get_in6_addr(tb[NF_XLAT_A_MAPPING_PREFIX]);
	m->key6.prefix.len = tb[NF_XLAT_A_MAPPING_PREFIX_LEN] ?
			     nla_get_u8(tb[NF_XLAT_A_MAPPING_PREFIX_LEN]) : 96;
	m->key6.prefix.non_global = nla_get_flag(tb[NF_XLAT_A_MAPPING_NON_GLOBAL]);
	if (nf_xlat_prefix_check(&m->key6.prefix))
		return NF_XLAT_NL_BAD(extack, tb[NF_XLAT_A_MAPPING_PREFIX], -EINVAL,
				      "no prefix of RFC 6052");
	return 0;
}

/* Read the pool of a mapping. The message has the settings of its rule. */
static int nf_xlat_nl_read_pool(struct nf_xlat_nl_mapping *m,
				struct netlink_ext_ack *extack)
{
	struct nf_xlat_pool *pool = &m->key6.pool;
	struct nlattr **tb = m->tb;

	if (tb[NF_XLAT_A_MAPPING_POOL_MIN])
		pool->min_addr = nla_get_in_addr(tb[NF_XLAT_A_MAPPING_POOL_MIN]);
	pool->max_addr = tb[NF_XLAT_A_MAPPING_POOL_MAX] ?
			 nla_get_in_addr(tb[NF_XLAT_A_MAPPING_POOL_MAX]) : pool->min_addr;
	if (m->key6.masq && !pool->min_addr) {
		pool->min_addr = m->key4.addr;
		pool->max_addr = m->key4.addr;
	}
	if (!pool->min_addr)
		return NF_XLAT_NL_BAD(extack, m->attr, -EINVAL,
				      "a mapping with settings of its own needs prefix and pool");
	if (ntohl(m->key4.addr) < ntohl(pool->min_addr) ||
	    ntohl(m->key4.addr) > ntohl(pool->max_addr) ||
	    (m->key6.masq && pool->min_addr != pool->max_addr))
		return NF_XLAT_NL_BAD(extack, tb[NF_XLAT_A_MAPPING_POOL_MIN] ? : m->attr, -ERANGE,
				      "the pool does not have the address");
	if (tb[NF_XLAT_A_MAPPING_POOL_MIN_PORT])
		pool->min_proto = nla_get_be16(tb[NF_XLAT_A_MAPPING_POOL_MIN_PORT]);
	pool->max_proto = tb[NF_XLAT_A_MAPPING_POOL_MAX_PORT] ?
			  nla_get_be16(tb[NF_XLAT_A_MAPPING_POOL_MAX_PORT]) : pool->min_proto;
	if (pool->max_proto && (ntohs(m->key4.port) < ntohs(pool->min_proto) ||
				ntohs(m->key4.port) > ntohs(pool->max_proto)))
		return NF_XLAT_NL_BAD(extack, tb[NF_XLAT_A_MAPPING_POOL_MIN_PORT] ? :
				      tb[NF_XLAT_A_MAPPING_POOL_MAX_PORT], -ERANGE,
				      "the pool does not have the port");
	return 0;
}

/* Read the block of a mapping. The message has the settings of its rule, and the pool is known. */
static int nf_xlat_nl_read_block(struct nf_xlat_nl_mapping *m,
				 struct netlink_ext_ack *extack)
{
	struct nlattr *port = m->tb[NF_XLAT_A_MAPPING_BLOCK_PORT];
	struct nlattr *ports = m->tb[NF_XLAT_A_MAPPING_BLOCK_PORTS];
	const struct nf_xlat_pool *pool = &m->key6.pool;
	struct nf_xlat_ct_block block = {};
	u32 first, at = ntohs(m->key4.port);

	m->key6.blocks = !!ports;
	m->key6.deterministic = nla_get_flag(m->tb[NF_XLAT_A_MAPPING_DETERMINISTIC]);
	if (!port != !ports || (m->key6.deterministic && !ports))
		return NF_XLAT_NL_BAD(extack, port ? : ports ? :
				      m->tb[NF_XLAT_A_MAPPING_DETERMINISTIC], -EINVAL,
				      "a block has a first port and a number of ports");
	if (!ports)
		return 0;
	first = ntohs(nla_get_be16(port));
	block.n_ports = nla_get_u32(ports);
	if (nf_xlat_ct_block_check(&block))
		return NF_XLAT_NL_BAD(extack, ports, -ERANGE,
				      "a block has a multiple of 64 ports, up to 32768");
	if (!first || first % NF_XLAT_UNIT_PORTS || at < first || at - first >= block.n_ports)
		return NF_XLAT_NL_BAD(extack, port, -ERANGE,
				      "a block begins at a multiple of 64, and has the mapping's port");
	if (m->key6.deterministic && (pool->min_addr != pool->max_addr ||
				      ntohs(pool->min_proto) != first ||
				      ntohs(pool->max_proto) != first + block.n_ports - 1))
		return NF_XLAT_NL_BAD(extack, m->tb[NF_XLAT_A_MAPPING_DETERMINISTIC], -EINVAL,
				      "the pool is not the block");
	m->place.n_ports = block.n_ports;
	m->place.port = first;
	m->place.first = true;
	return 0;
}

/**
 * nf_xlat_nl_read_rule - find the settings of the rule that a mapping belongs to
 * @net: network namespace
 * @m: the mapping, with both endpoints; gets the settings
 * @extack: for the message of an error
 *
 * If the message has settings, use these. Otherwise take them from the only rule or device whose
 * pool has the IPv4 endpoint. RCU read side.
 *
 * Return: 0 or a negative error.
 */
int nf_xlat_nl_read_rule(struct net *net, struct nf_xlat_nl_mapping *m,
			 struct netlink_ext_ack *extack)
{
	const struct nf_xlat_prefix *prefix = NULL;
	struct nlattr **tb = m->tb;
	int err;

	err = nf_xlat_nl_read_prefix(m, extack);
	if (err)
		return err;
	if (tb[NF_XLAT_A_MAPPING_PREFIX])
		prefix = &m->key6.prefix;
	if (tb[NF_XLAT_A_MAPPING_POOL_MIN] || tb[NF_XLAT_A_MAPPING_POOL_MAX] ||
	    tb[NF_XLAT_A_MAPPING_POOL_MIN_PORT] || tb[NF_XLAT_A_MAPPING_POOL_MAX_PORT] ||
	    tb[NF_XLAT_A_MAPPING_MASQUERADE] || tb[NF_XLAT_A_MAPPING_MTU] ||
	    tb[NF_XLAT_A_MAPPING_FILTERING] || tb[NF_XLAT_A_MAPPING_NON_GLOBAL] ||
	    tb[NF_XLAT_A_MAPPING_BLOCK_PORT] || tb[NF_XLAT_A_MAPPING_BLOCK_PORTS] ||
	    tb[NF_XLAT_A_MAPPING_DETERMINISTIC]) {
		if (!prefix)
			return NF_XLAT_NL_BAD(extack, m->attr, -EINVAL,
					      "a mapping with settings of its own needs prefix and pool");
		m->key6.masq = nla_get_flag(tb[NF_XLAT_A_MAPPING_MASQUERADE]);
		if (tb[NF_XLAT_A_MAPPING_FILTERING])
			m->key6.filter = nla_get_u8(tb[NF_XLAT_A_MAPPING_FILTERING]);
		if (tb[NF_XLAT_A_MAPPING_MTU] &&
		    nla_get_u32(tb[NF_XLAT_A_MAPPING_MTU]) > U16_MAX)
			return NF_XLAT_NL_BAD(extack, tb[NF_XLAT_A_MAPPING_MTU], -ERANGE,
					      "an MTU is 65535 at most");
		if (tb[NF_XLAT_A_MAPPING_MTU])
			m->key6.mtu = nla_get_u32(tb[NF_XLAT_A_MAPPING_MTU]);
		err = nf_xlat_nl_read_pool(m, extack);
		if (!err)
			err = nf_xlat_nl_read_block(m, extack);
	} else {
		err = nf_xlat_ct_pool_find(net, &m->key4, prefix, &m->key6, &m->owner,
					   &m->place.n_ports);
		m->place.port = ntohs(m->key4.port);
		if (err == -ERANGE)
			NL_SET_ERR_MSG_ATTR(extack, m->attr,
					    "the block that follows from the client's address does not have this address and port");
		else if (err == -ENOENT)
			NL_SET_ERR_MSG_ATTR(extack, m->attr,
					    "no rule or device is known to have this address and port: name prefix and pool");
		else if (err)
			NL_SET_ERR_MSG_ATTR(extack, m->attr,
					    "several rules or devices have this address and port: name prefix and pool");
	}
	if (err)
		return err;
	if (m->key6.masq && !nf_xlat_nl_is_local(net, m->key4.addr))
		return NF_XLAT_NL_BAD(extack, tb[NF_XLAT_A_MAPPING_ADDR] ? : m->attr,
				      -EADDRNOTAVAIL,
				      "masquerading, and the address is none of this host");
	if (nf_xlat_nl_in_prefix(&m->key6.prefix, &m->key6.addr))
		return NF_XLAT_NL_BAD(extack, tb[NF_XLAT_A_MAPPING_CLIENT] ? : m->attr, -EINVAL,
				      "the client is in the prefix");
	return nf_xlat_nl_read_ifindex(net, tb[NF_XLAT_A_MAPPING_IFINDEX], &m->ifindex,
				       extack);
}

/* Read the IPv4 endpoint of a mapping, and with @client the IPv6 endpoint as well. */
static int nf_xlat_nl_read_ends(struct nf_xlat_nl_mapping *m, bool client,
				struct netlink_ext_ack *extack)
{
	struct nlattr **tb = m->tb;

	if (!tb[NF_XLAT_A_MAPPING_ADDR] || !tb[NF_XLAT_A_MAPPING_PORT] ||
	    !tb[NF_XLAT_A_MAPPING_PROTOCOL])
		return NF_XLAT_NL_BAD(extack, m->attr, -EINVAL,
				      "a mapping has an address, a port and a protocol");
	if (client && (!tb[NF_XLAT_A_MAPPING_CLIENT] || !tb[NF_XLAT_A_MAPPING_CLIENT_PORT]))
		return NF_XLAT_NL_BAD(extack, m->attr, -EINVAL,
				      "a mapping has a client and its port");
	if (tb[NF_XLAT_A_MAPPING_CLIENT])
		m->key6.addr = nla_get_in6_addr(tb[NF_XLAT_A_MAPPING_CLIENT]);
	if (tb[NF_XLAT_A_MAPPING_CLIENT_PORT])
		m->key6.port = nla_get_be16(tb[NF_XLAT_A_MAPPING_CLIENT_PORT]);
	if (tb[NF_XLAT_A_MAPPING_CLIENT_ZONE])
		m->key6.zone = nla_get_u16(tb[NF_XLAT_A_MAPPING_CLIENT_ZONE]);
	if (tb[NF_XLAT_A_MAPPING_ZONE])
		m->key4.zone = nla_get_u16(tb[NF_XLAT_A_MAPPING_ZONE]);
	m->key4.addr = nla_get_in_addr(tb[NF_XLAT_A_MAPPING_ADDR]);
	m->key4.port = nla_get_be16(tb[NF_XLAT_A_MAPPING_PORT]);
	m->key4.proto = nla_get_u8(tb[NF_XLAT_A_MAPPING_PROTOCOL]);
	if (!nf_xlat_ct_has_mappings(m->key4.proto))
		return NF_XLAT_NL_BAD(extack, tb[NF_XLAT_A_MAPPING_PROTOCOL], -EPROTONOSUPPORT,
				      "mappings are for TCP, UDP and ICMP");
	m->key6.proto = m->key4.proto;
	if (m->key4.proto == IPPROTO_ICMPV6)
		m->key4.proto = IPPROTO_ICMP;
	if (m->key6.proto == IPPROTO_ICMP)
		m->key6.proto = IPPROTO_ICMPV6;
	if (tb[NF_XLAT_A_MAPPING_CLIENT_PORT] && !m->key6.port &&
	    m->key4.proto != IPPROTO_ICMP)
		return NF_XLAT_NL_BAD(extack, tb[NF_XLAT_A_MAPPING_CLIENT_PORT], -EINVAL,
				      "0 is no port");
	if (!m->key4.port && m->key4.proto != IPPROTO_ICMP)
		return NF_XLAT_NL_BAD(extack, tb[NF_XLAT_A_MAPPING_PORT], -EINVAL,
				      "0 is no port");
	if (!nf_xlat_nl_legal4(m->key4.addr))
		return NF_XLAT_NL_BAD(extack, tb[NF_XLAT_A_MAPPING_ADDR], -EADDRNOTAVAIL,
				      "no packet may have this address");
	if (tb[NF_XLAT_A_MAPPING_CLIENT] && !nf_xlat_nl_legal6(&m->key6.addr))
		return NF_XLAT_NL_BAD(extack, tb[NF_XLAT_A_MAPPING_CLIENT], -EADDRNOTAVAIL,
				      "no packet may have this address");
	return 0;
}

/**
 * nf_xlat_nl_read_mapping - begin to read a mapping
 * @m: the mapping, zeroed
 * @attr: NF_XLAT_A_MAPPING or NF_XLAT_A_PEER_MAPPING of the message, or NULL
 * @extack: for the message of an error
 *
 * Return: 0 or a negative error.
 */
int nf_xlat_nl_read_mapping(struct nf_xlat_nl_mapping *m, const struct nlattr *attr,
			    struct netlink_ext_ack *extack)
{
	m->attr = attr;
	return attr ? nla_parse_nested(m->tb, NF_XLAT_A_MAPPING_MAX, attr,
				       nf_xlat_nl_mapping_attrs, extack) : 0;
}

/**
 * nf_xlat_nl_get_mapping - find or make a mapping
 * @net: network namespace
 * @m: the mapping, with endpoints and settings, and with @m->new from nf_xlat_bib_alloc()
 * @extack: for the message of an error
 *
 * RCU read side.
 *
 * Return: the mapping with a reference, or an ERR_PTR.
 */
struct nf_xlat_bib *nf_xlat_nl_get_mapping(struct net *net,
					   struct nf_xlat_nl_mapping *m,
					   struct netlink_ext_ack *extack)
{
	struct nf_xlat_bib *bib;

	bib = nf_xlat_bib_make(net, &m->key6, &m->key4, m->ifindex, m->owner,
			       &m->place, m->new);
	m->new = NULL;
	if (bib == ERR_PTR(-ENOSPC) && m->key6.deterministic)
		NL_SET_ERR_MSG_ATTR(extack, m->attr,
				    "the client has his block in another zone of conntrack");
	else if (bib == ERR_PTR(-ENOSPC))
		NL_SET_ERR_MSG_ATTR(extack, m->attr,
				    "the client has 8 other blocks, which is as many as he may have");
	else if (bib == ERR_PTR(-ERANGE))
		NL_SET_ERR_MSG_ATTR(extack, m->attr, "no block of the pool has this port");
	else if (bib == ERR_PTR(-EEXIST))
		NL_SET_ERR_MSG_ATTR(extack, m->attr, "the client's port has another mapping");
	else if (bib == ERR_PTR(-EADDRINUSE))
		NL_SET_ERR_MSG_ATTR(extack, m->attr,
				    "another mapping has this address and port");
	else if (bib == ERR_PTR(-EBUSY))
		NL_SET_ERR_MSG_ATTR(extack, m->attr,
				    "the block of another client has this address and port");
	else if (bib == ERR_PTR(-EAGAIN))
		NL_SET_ERR_MSG_ATTR(extack, m->attr,
				    "the mapping or its block is being made, or the table grows: ask again");
	return bib;
}

/* Read the mapping of a request about static mappings; with @client, it has an IPv6 endpoint. */
static int nf_xlat_nl_read_static(struct nf_xlat_nl_mapping *m, struct genl_info *info,
				  bool client)
{
	int err;

	if (GENL_REQ_ATTR_CHECK(info, NF_XLAT_A_MAPPING))
		return -EINVAL;
	err = nf_xlat_nl_read_mapping(m, info->attrs[NF_XLAT_A_MAPPING], info->extack);
	return err ? : nf_xlat_nl_read_ends(m, client, info->extack);
}

/**
 * nf_xlat_nl_mapping_new - make a static mapping, or make a mapping static
 * @skb: request
 * @info: its attributes
 *
 * Process context.
 *
 * Return: 0, or a negative error with a message in @info->extack.
 */
int nf_xlat_nl_mapping_new(struct sk_buff *skb, struct genl_info *info)
{
	struct net *net = genl_info_net(info);
	struct nf_xlat_nl_mapping m;
	struct nf_xlat_bib *bib;
	int err;

	/* Clear the padding of the keys as well: rhashtable compares it. */
	memset(&m, 0, sizeof(m));
	err = nf_xlat_nl_read_static(&m, info, true);
	if (!err)
		err = nf_xlat_nl_enter(info);
	if (err)
		return err;
	m.new = nf_xlat_bib_alloc(GFP_KERNEL);
	if (!m.new) {
		err = -ENOMEM;
		goto out;
	}
	rcu_read_lock();
	err = nf_xlat_nl_read_rule(net, &m, info->extack);
	bib = err ? ERR_PTR(err) : nf_xlat_nl_get_mapping(net, &m, info->extack);
	rcu_read_unlock();
	err = PTR_ERR_OR_ZERO(bib);
	if (!err) {
		err = nf_xlat_bib_set_static(net, bib);
		if (err == -EEXIST)
			NL_SET_ERR_MSG_ATTR(info->extack, m.attr, "it is static already");
		else if (err)
			NL_SET_ERR_MSG_ATTR(info->extack, m.attr,
					    "this network namespace has as many static mappings as it may have");
	}
	if (m.new)
		nf_xlat_bib_free(m.new);
out:
	nf_xlat_nl_exit();
	return err;
}

/**
 * nf_xlat_nl_mapping_del - let a static mapping end with its last session
 * @skb: request
 * @info: its attributes
 *
 * Process context.
 *
 * Return: 0, or a negative error with a message in @info->extack.
 */
int nf_xlat_nl_mapping_del(struct sk_buff *skb, struct genl_info *info)
{
	struct net *net = genl_info_net(info);
	struct nf_xlat_nl_mapping m;
	struct nf_xlat_bib *bib;
	int err;

	/* Clear the padding of the keys as well: rhashtable compares it. */
	memset(&m, 0, sizeof(m));
	err = nf_xlat_nl_read_static(&m, info, false);
	if (!err)
		err = nf_xlat_nl_hold();
	if (err)
		return err;

	rcu_read_lock();
	bib = nf_xlat_bib_find4(net, &m.key4);
	rcu_read_unlock();
	if (!bib) {
		err = NF_XLAT_NL_BAD(info->extack, m.attr, -ENOENT, "there is no such mapping");
		goto out;
	}
	if ((m.tb[NF_XLAT_A_MAPPING_CLIENT] &&
	     !ipv6_addr_equal(&m.key6.addr, &bib->key6.addr)) ||
	    (m.tb[NF_XLAT_A_MAPPING_CLIENT_PORT] && m.key6.port != bib->key6.port))
		err = NF_XLAT_NL_BAD(info->extack, m.attr, -ENOENT,
				     "another client has this address and port");
	else if (!nf_xlat_bib_clear_static(net, bib))
		err = NF_XLAT_NL_BAD(info->extack, m.attr, -EINVAL,
				     "it is not static: it ends with its sessions");
	nf_xlat_bib_put(net, bib);
out:
	nf_xlat_nl_exit();
	return err;
}
