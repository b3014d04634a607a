// SPDX-License-Identifier: GPL-2.0-only
/*
 * New sessions: choose address and port in the other family, find or make the mapping, and
 * store in the entry what later packets need of the rule.
 */

#include <linux/icmp.h>
#include <linux/icmpv6.h>
#include <linux/jhash.h>
#include <linux/random.h>
#include <net/ipv6.h>
#include <net/net_namespace.h>
#include <net/route.h>
#include <net/netfilter/nf_conntrack_core.h>
#include <net/netfilter/nf_conntrack_ecache.h>
#include <net/netfilter/nf_conntrack_zones.h>
#include <net/netfilter/nf_nat.h>
#include <net/netfilter/nf_xlat_flow.h>
#include "compat.h"
#include "nf_xlat_ct_internal.h"

/*
 * As in nf_nat_l4proto_unique_tuple(): the search runs in softirq, so it must not try every
 * port of a full pool.
 */
#define NF_XLAT_MAX_ATTEMPTS	128
/* How many addresses of a pool are tried. After the first one, fewer ports are tried. */
#define NF_XLAT_MAX_ADDRS	4

static u32 nf_xlat_ct_hash_rnd __read_mostly;

/* The field of @reply that this file chooses for the client: port, or identifier of an echo */
static __be16 *nf_xlat_ct_key(struct nf_conntrack_tuple *reply)
{
	return nf_xlat_tuple_is_icmp(reply) ? &reply->src.u.icmp.id :
					      &reply->dst.u.all;
}

/*
 * Hash the source of @t, to choose an address of a range. As in find_best_ips_proto() of
 * nf_nat, the choice does not depend on load. With mappings or with "persistent", the peer is
 * not part of the hash, so that a client has the same address towards all peers (RFC 6888
 * REQ-2).
 */
static u32 nf_xlat_ct_hash(const struct nf_xlat_ct_range *range,
			   const struct nf_conntrack_tuple *t, __be32 peer)
{
	u32 seed;

	get_random_once(&nf_xlat_ct_hash_rnd, sizeof(nf_xlat_ct_hash_rnd));
	seed = nf_xlat_ct_hash_rnd;
	if (range->per_session && !(range->flags & NF_NAT_RANGE_PERSISTENT))
		seed ^= (__force u32)peer;
	return jhash2((const u32 *)t->src.u3.all, 4, seed);
}

/* The ports to choose from: there are @n of them, namely @min, @min + @step and so on. */
struct nf_xlat_ports {
	u16	min;
	u16	step;
	u32	n;
};

/*
 * What the port is for that is to be chosen. @bib: the new mapping that gets it; NULL if a session
 * without a mapping gets it. @block: the block of the client in which the port has to be; NULL if
 * the port must not be in any block.
 */
struct nf_xlat_port_req {
	struct nf_xlat_bib	*bib;
	struct nf_xlat_bib	*block;
};

static void nf_xlat_ct_ports(const struct nf_xlat_ct_range *range, u8 proto,
			     u16 port, bool parity, struct nf_xlat_ports *p)
{
	u32 max;

	p->step = 1;
	if (range->flags & NF_NAT_RANGE_PROTO_SPECIFIED) {
		/* An element of a map may have port 0, which is not a valid port. */
		p->min = ntohs(range->min_proto) ? : 1;
		max = ntohs(range->max_proto);
	} else if (proto == IPPROTO_ICMP || proto == IPPROTO_ICMPV6) {
		p->min = 0;
		max = 65535;
	} else if (port < 512) {
		/* RFC 4787 REQ-3 a). As in nf_nat, ports below 512 are a class of their own. */
		p->min = 1;
		max = 511;
	} else if (port < 1024) {
		p->min = 512;
		max = 1023;
	} else {
		p->min = 1024;
		max = 65535;
	}

	/* RFC 4787 REQ-4: RTP has even ports, RTCP odd ones. */
	if (parity && max > p->min) {
		p->step = 2;
		p->min += (p->min ^ port) & 1;
	}
	p->n = max >= p->min ? (max - p->min) / p->step + 1 : 0;
}

/* Is the endpoint in a block, although @req does not allow that? */
static bool nf_xlat_ct_blocked(struct net *net, const struct nf_xlat_port_req *req,
			       const struct nf_xlat_bib_key4 *key)
{
	return !req->block &&
	       nf_xlat_bib_blocked(&nf_xlat_ct_pernet(net)->bib, key);
}

/*
 * Try to give @reply to the session. If there is a new mapping, claim its IPv4 endpoint for it.
 *
 * Return: 0; -EEXIST if another session has this tuple, or if another mapping or another
 * subscriber's block has its IPv4 endpoint; any other error has to end the search.
 */
static int nf_xlat_ct_try(const struct nf_conn *ct,
			  struct nf_conntrack_tuple *reply,
			  const struct nf_xlat_port_req *req)
{
	struct nf_xlat_bib *bib = req->bib;
	struct net *net = nf_ct_net(ct);
	struct nf_xlat_bib_key4 key;

	if (nf_conntrack_tuple_taken(reply, ct))
		return -EEXIST;
	if (bib) {
		bib->key4.addr = reply->dst.u3.ip;
		bib->key4.port = *nf_xlat_ct_key(reply);
		return nf_xlat_ct_blocked(net, req, &bib->key4) ? -EEXIST :
		       nf_xlat_bib_claim(net, bib);
	}
	/* This session gets no mapping. It must not take the port of somebody's mapping. */
	if (reply->src.l3num != NFPROTO_IPV4 ||
	    !nf_xlat_ct_has_mappings(reply->dst.protonum))
		return 0;
	nf_xlat_ct_key4(&key, ct, IP_CT_DIR_REPLY, reply->dst.protonum);
	key.addr = reply->dst.u3.ip;
	key.port = *nf_xlat_ct_key(reply);
	return nf_xlat_bib_mapped(net, &key) ||
	       nf_xlat_ct_blocked(net, req, &key) ? -EEXIST : 0;
}

/*
 * Look for a port with which no other session has @reply. Each round begins at a random port
 * and tries half as many ports as the round before, so the search is bounded however full the
 * pool is. Its steps have a random size, because taken ports often lie in a row.
 */
static int nf_xlat_ct_search(const struct nf_xlat_ports *p,
			     const struct nf_conn *ct,
			     struct nf_conntrack_tuple *reply,
			     const struct nf_xlat_port_req *req, u32 attempts)
{
	__be16 *key = nf_xlat_ct_key(reply);
	u32 i, off, step;
	int err;

	attempts = min(p->n, attempts);
	for (;;) {
		off = reciprocal_scale(get_random_u32(), p->n);
		step = attempts < p->n ?
		       1 + reciprocal_scale(get_random_u32(), p->n - 1) : 1;
		for (i = 0; i < attempts; i++, off += step) {
			*key = htons(p->min + off % p->n * p->step);
			err = nf_xlat_ct_try(ct, reply, req);
			if (err != -EEXIST)
				return err;
		}
		if (attempts >= p->n || attempts < 16)
			return -EEXIST;
		attempts /= 2;
	}
}

/*
 * Find a port with which no other session has @reply. Try the port of @reply first, if the range
 * has it and no flag asks for a random one. If all tries fail with -EEXIST, @reply keeps its port:
 * the caller tries the same port with the next address or block.
 */
static int nf_xlat_ct_port(const struct nf_xlat_ct_range *range,
			   const struct nf_conn *ct,
			   struct nf_conntrack_tuple *reply,
			   const struct nf_xlat_port_req *req, u32 attempts)
{
	__be16 *key = nf_xlat_ct_key(reply), port = *key;
	u8 proto = reply->dst.protonum;
	struct nf_xlat_ports p;
	int err;

	/* The protocol has no ports, or none that may be changed. */
	if (!nf_xlat_ct_has_mappings(proto))
		return nf_xlat_ct_try(ct, reply, req);

	nf_xlat_ct_ports(range, proto, ntohs(port), false, &p);
	if (!p.n)
		return -EEXIST;
	if (!(range->flags & (NF_NAT_RANGE_PROTO_RANDOM |
			      NF_NAT_RANGE_PROTO_RANDOM_FULLY)) &&
	    ntohs(port) >= p.min && ntohs(port) - p.min < p.n) {
		err = nf_xlat_ct_try(ct, reply, req);
		if (err != -EEXIST)
			return err;
	}

	if (proto == IPPROTO_UDP) {
		nf_xlat_ct_ports(range, proto, ntohs(port), true, &p);
		err = nf_xlat_ct_search(&p, ct, reply, req, attempts);
		if (err != -EEXIST)
			return err;
		/*
		 * No port of the same parity is free. Take one of the other parity, after a
		 * shorter search.
		 */
		nf_xlat_ct_ports(range, proto, ntohs(port), false, &p);
		attempts /= 4;
	}
	err = nf_xlat_ct_search(&p, ct, reply, req, attempts);
	if (err)
		*key = port;
	return err;
}

/* The number of addresses of a pool that are tried */
static u32 nf_xlat_ct_tries(const struct nf_xlat_ct_range *range,
			    const struct nf_xlat_pool *pool)
{
	return range->flags & NF_NAT_RANGE_PERSISTENT ? 1 :
	       min_t(u32, ntohl(pool->max_addr) - ntohl(pool->min_addr),
		     NF_XLAT_MAX_ADDRS - 1) + 1;
}

/*
 * Choose address and port of @pool for @reply. @bib is a new mapping that is to have them, or
 * NULL for a session without a mapping.
 */
static enum nf_xlat_reason
nf_xlat_ct_choose(const struct nf_xlat_ct_range *range,
		  const struct nf_conn *ct, const struct nf_xlat_pool *pool,
		  struct nf_conntrack_tuple *reply, struct nf_xlat_bib *bib)
{
	const struct nf_xlat_port_req req = { .bib = bib };
	const struct nf_conntrack_tuple *orig;
	u32 min = ntohl(pool->min_addr);
	u32 last = ntohl(pool->max_addr) - min;
	u32 at, i, tries;
	__be32 first;
	int err;

	orig = nf_xlat_ct_tuple(ct, IP_CT_DIR_ORIGINAL);
	/*
	 * The number of addresses in 0.0.0.0-255.255.255.255 does not fit into 32 bits, so the
	 * hash does not choose the last one.
	 */
	at = reciprocal_scale(nf_xlat_ct_hash(range, orig, reply->src.u3.ip),
			      last == U32_MAX ? last : last + 1);
	first = htonl(min + at);
	tries = nf_xlat_ct_tries(range, pool);
	for (i = 0; i < tries; i++, at = at == last ? 0 : at + 1) {
		reply->dst.u3.ip = htonl(min + at);
		if (!nf_xlat_addr_legal(NFPROTO_IPV4, &reply->dst.u3))
			return NF_XLAT_ADDRESS;
		err = nf_xlat_ct_port(range, ct, reply, &req, i ?
				      NF_XLAT_MAX_ATTEMPTS / 8 :
				      NF_XLAT_MAX_ATTEMPTS);
		if (err != -EEXIST)
			return err ? NF_XLAT_NOMEM : NF_XLAT_OK;
	}
	nf_xlat_bib_failed(nf_ct_net(ct), first,
			   nf_ct_zone_id(nf_ct_zone(ct), IP_CT_DIR_REPLY),
			   reply->dst.protonum);
	return NF_XLAT_NOPORT;
}

/*
 * Look for a port in the block of @req. Returns as nf_xlat_ct_port().
 */
static int nf_xlat_ct_port_of(const struct nf_xlat_ct_range *range,
			      const struct nf_conn *ct,
			      struct nf_conntrack_tuple *reply,
			      const struct nf_xlat_port_req *req, u32 attempts)
{
	const struct nf_xlat_bib *block = req->block;
	u16 first = ntohs(block->key4.port);
	const struct nf_xlat_ct_range of = {
		.flags		= range->flags | NF_NAT_RANGE_PROTO_SPECIFIED,
		.min_proto	= block->key4.port,
		.max_proto	= htons(first + block->n_ports - 1),
	};

	reply->dst.u3.ip = block->key4.addr;
	return nf_xlat_ct_port(&of, ct, reply, req, attempts);
}

/*
 * Take one more block for a subscriber. @key4 has the zone, and the address of the blocks that the
 * subscriber has already. If this address is 0, set it to the first address that is tried.
 */
static struct nf_xlat_bib *
nf_xlat_ct_new_block(const struct nf_xlat_ct_range *range, const struct nf_conn *ct,
		     const struct nf_xlat_ct_block *ports,
		     const struct nf_xlat_bib_key6 *key6,
		     struct nf_xlat_bib_key4 *key4)
{
	const struct nf_xlat_bib_place place = { .n_ports = ports->n_ports };
	u32 min = ntohl(key6->pool.min_addr);
	u32 last = ntohl(key6->pool.max_addr) - min;
	u32 at = ntohl(key4->addr) - min, i, tries;
	struct nf_conntrack_tuple orig = {};
	union nf_inet_addr addr = {};
	struct nf_xlat_bib *block;

	if (!key4->addr) {
		orig.src.u3.in6 = key6->addr;
		at = reciprocal_scale(nf_xlat_ct_hash(range, &orig, 0),
				      last == U32_MAX ? last : last + 1);
		/* If no block is free, nf_xlat_bib_failed() counts the session at this address. */
		key4->addr = htonl(min + at);
	}
	tries = nf_xlat_ct_tries(range, &key6->pool);
	for (i = 0; i < tries; i++, at = at == last ? 0 : at + 1) {
		struct nf_xlat_bib_key4 from = { .zone = key4->zone };

		from.addr = htonl(min + at);
		addr.ip = from.addr;
		if (!nf_xlat_addr_legal(NFPROTO_IPV4, &addr))
			return ERR_PTR(-EADDRNOTAVAIL);
		block = nf_xlat_bib_block_alloc(nf_ct_net(ct), key6, &from, &place);
		if (block == ERR_PTR(-EEXIST))
			continue;
		/* Another CPU may have made a block of this number in another zone. */
		if (!IS_ERR(block) && block->key4.zone != key4->zone) {
			nf_xlat_bib_put(nf_ct_net(ct), block);
			break;
		}
		return block;
	}
	return ERR_PTR(-EEXIST);
}

/*
 * As nf_xlat_ct_choose(), with a port in a block of the subscriber. Try the newest blocks first,
 * which have the highest numbers and most ports left. If no block has a free port, take one more
 * block. @block gets the block with a reference, but not in case of error.
 */
static noinline_for_stack enum nf_xlat_reason
nf_xlat_ct_choose_block(const struct nf_xlat_ct_range *range,
			const struct nf_conn *ct, const struct nf_xlat_pool *pool,
			const struct nf_xlat_ct_block *ports,
			struct nf_conntrack_tuple *reply, struct nf_xlat_bib *bib,
			struct nf_xlat_bib **block)
{
	unsigned int i, max = ports->deterministic ? 1 : NF_XLAT_MAX_BLOCKS, none = max;
	struct nf_xlat_port_req req = { .bib = bib };
	u32 attempts = NF_XLAT_MAX_ATTEMPTS;
	struct net *net = nf_ct_net(ct);
	struct nf_xlat_bib_key4 key4;
	struct nf_xlat_bib_key6 key6;
	int err = -EEXIST;

	nf_xlat_ct_key4(&key4, ct, IP_CT_DIR_REPLY, 0);
	nf_xlat_bib_block_key(&key6, &nf_xlat_ct_tuple(ct, IP_CT_DIR_ORIGINAL)->src.u3.in6,
			      pool, nf_ct_zone_id(nf_ct_zone(ct), IP_CT_DIR_ORIGINAL),
			      ports->deterministic);
	for (i = max; i--;) {
		key6.port = htons(i);
		req.block = nf_xlat_bib_find6(net, &key6);
		if (!req.block) {
			none = i;
			continue;
		}
		/* Its ports are reserved in its own zone only. */
		if (req.block->key4.zone != key4.zone) {
			nf_xlat_bib_put(net, req.block);
			continue;
		}
		err = nf_xlat_ct_port_of(range, ct, reply, &req, attempts);
		if (err != -EEXIST)
			goto out;
		key4.addr = req.block->key4.addr;
		nf_xlat_bib_put(net, req.block);
		/* This bounds the search, however many full blocks the subscriber has. */
		attempts = max_t(u32, attempts / 2, NF_XLAT_MAX_ATTEMPTS / 8);
	}
	req.block = NULL;
	if (none < max) {
		key6.port = htons(none);
		req.block = nf_xlat_ct_new_block(range, ct, ports, &key6, &key4);
		err = PTR_ERR_OR_ZERO(req.block);
		if (!err)
			err = nf_xlat_ct_port_of(range, ct, reply, &req,
						 NF_XLAT_MAX_ATTEMPTS);
		else
			req.block = NULL;
	}
out:
	if (!err) {
		*block = req.block;
		return NF_XLAT_OK;
	}
	if (req.block)
		nf_xlat_bib_put(net, req.block);
	if (err != -EEXIST && err != -ERANGE)
		return err == -EADDRNOTAVAIL ? NF_XLAT_ADDRESS : NF_XLAT_NOMEM;
	nf_xlat_bib_failed(net, key4.addr, key4.zone, reply->dst.protonum);
	return NF_XLAT_NOPORT;
}

/* Make the key of a mapping. @ports: the blocks of the rule, or NULL if it has none. */
static void nf_xlat_ct_map_key(struct nf_xlat_bib_key6 *key6,
			       const struct nf_xlat_ct_range *range,
			       const struct nf_conn *ct,
			       const struct nf_xlat_pool *pool,
			       const struct nf_xlat_ct_block *ports)
{
	const struct nf_conntrack_tuple *orig;

	orig = nf_xlat_ct_tuple(ct, IP_CT_DIR_ORIGINAL);
	memset(key6, 0, sizeof(*key6));
	key6->addr = orig->src.u3.in6;
	/*
	 * Assign each member by itself: struct nf_xlat_prefix has padding, rhashtable compares
	 * it as part of the key, and an assignment of the structure may copy it.
	 */
	key6->prefix.addr = range->prefix.addr;
	key6->prefix.len = range->prefix.len;
	key6->prefix.non_global = range->prefix.non_global;
	key6->pool = *pool;
	key6->zone = nf_ct_zone_id(nf_ct_zone(ct), IP_CT_DIR_ORIGINAL);
	key6->mtu = range->mtu;
	key6->filter = range->filter;
	key6->masq = range->masq;
	if (ports) {
		key6->blocks = true;
		key6->deterministic = ports->deterministic;
	}
	key6->port = orig->src.u.all;
	key6->proto = orig->dst.protonum;
}

/*
 * Make a mapping for a new session, or find the one that another CPU has made meanwhile: *@bib,
 * with a reference. If that is not @new, @new has been put.
 */
static enum nf_xlat_reason
nf_xlat_ct_map_new(const struct nf_xlat_ct_range *range, const struct nf_conn *ct,
		   const struct nf_xlat_ct_block *ports,
		   struct nf_conntrack_tuple *reply, struct nf_xlat_bib *new,
		   struct nf_xlat_bib **bib)
{
	const struct nf_xlat_pool *pool = &new->key6.pool;
	struct nf_xlat_bib *block = NULL;
	enum nf_xlat_reason reason;

	new->owner = range->owner;
	nf_xlat_ct_key4(&new->key4, ct, IP_CT_DIR_REPLY, reply->dst.protonum);
	reason = ports ? nf_xlat_ct_choose_block(range, ct, pool, ports, reply,
						 new, &block) :
			 nf_xlat_ct_choose(range, ct, pool, reply, new);
	if (reason) {
		nf_xlat_bib_free(new);
		return reason;
	}
	new->addr = block;
	*bib = nf_xlat_bib_add(nf_ct_net(ct), new);
	return *bib ? NF_XLAT_OK : NF_XLAT_NOMEM;
}

/*
 * Find the mapping of the IPv6 endpoint of a new session, or make one, and set address and
 * port of @reply to those of the mapping. @ports: the blocks of the rule, or NULL if it has none.
 * @oif: device whose address the mapping has, or 0. @refs gets the references of the session, in
 * case of error as well.
 */
static enum nf_xlat_reason
nf_xlat_ct_map(const struct nf_xlat_ct_range *range, const struct nf_conn *ct,
	       const struct nf_xlat_pool *pool,
	       const struct nf_xlat_ct_block *ports, int oif,
	       struct nf_conntrack_tuple *reply, struct nf_xlat_bib **refs)
{
	/* The port of the client, where a search begins */
	__be16 *key = nf_xlat_ct_key(reply), port = *key;
	struct nf_xlat_bib *bib, *new = NULL;
	struct nf_xlat_bib_key6 key6;
	struct net *net = nf_ct_net(ct);
	enum nf_xlat_reason reason;

	nf_xlat_ct_map_key(&key6, range, ct, pool, ports);
	bib = nf_xlat_bib_find6(net, &key6);
	if (!bib) {
		new = nf_xlat_bib_alloc(GFP_ATOMIC);
		if (!new)
			return NF_XLAT_NOMEM;
		/* Copy the padding as well: rhashtable compares it. */
		memcpy(&new->key6, &key6, sizeof(key6));
		new->masq_index = oif;
		reason = nf_xlat_ct_map_new(range, ct, ports, reply, new, &bib);
		if (reason)
			return reason;
	}

	if (bib != new) {
		reply->dst.u3.ip = bib->key4.addr;
		*key = bib->key4.port;
		/*
		 * NAT44 or this host itself uses the IPv4 endpoint of the mapping towards
		 * this peer. Then the session gets a port of its own, and no mapping. The
		 * search begins with the port of the client, so put that back. With blocks, the
		 * port is in a block, and the session has a reference to the block.
		 */
		if (nf_conntrack_tuple_taken(reply, ct)) {
			nf_xlat_bib_put(net, bib);
			*key = port;
			return ports ?
			       nf_xlat_ct_choose_block(range, ct, pool, ports, reply, NULL,
						       &refs[NF_XLAT_REF_BLOCK]) :
			       nf_xlat_ct_choose(range, ct, pool, reply, NULL);
		}
	}

	refs[NF_XLAT_REF_BIB] = bib;
	/*
	 * Two devices may have the same address. Sessions that IPv4 begins later with this
	 * mapping end with the device that the latest session from IPv6 uses.
	 */
	if (oif && READ_ONCE(bib->masq_index) != oif)
		WRITE_ONCE(bib->masq_index, oif);
	if (READ_ONCE(bib->owner) != range->owner)
		WRITE_ONCE(bib->owner, range->owner);
	if (!range->filter)
		return NF_XLAT_OK;
	refs[NF_XLAT_REF_PEER] = nf_xlat_bib_add_peer(net, bib,
						      reply->src.u3.ip, NULL);
	return refs[NF_XLAT_REF_PEER] ? NF_XLAT_OK : NF_XLAT_NOMEM;
}

/**
 * nf_xlat_ct_ext_init - store in a new entry what later packets need of the rule
 * @ct: the entry, not confirmed
 * @range: the rule's settings
 * @oif: device whose address the session has, or 0
 *
 * This also keeps core code that assumes one family per entry away from the entry.
 *
 * nf_nat: IPS_NAT_DONE_MASK makes nf_nat_inet_fn() leave the entry as it is. Otherwise
 * nf_nat_alloc_null_binding() would put the entry into the table by source, and
 * find_appropriate_src() would copy its IPv4 address to unrelated IPv6 flows.
 * nf_conntrack_free() unlinks nat_bysource of each entry that has IPS_SRC_NAT_DONE, which is part
 * of IPS_NAT_DONE_MASK. So make nat_bysource a valid node that is on no list.
 *
 * nft_flow_offload, act_ct and "ct helper set": they skip an entry that has the extension of
 * nf_xlat_ct_ext_add(), in which our data is. RCU read side.
 *
 * Return: false without memory.
 */
bool nf_xlat_ct_ext_init(struct nf_conn *ct, const struct nf_xlat_ct_range *range,
			 int oif)
{
	struct nf_xlat_ct_data *data;

	data = nf_xlat_ct_ext_add(ct, &nf_xlat_ct_pernet(nf_ct_net(ct))->ext);
	if (!data)
		return false;
	data->mtu = range->mtu;
	data->prefix_len = range->prefix.len;
	data->non_global = range->prefix.non_global;
	data->masq = range->masq;
	data->owner = range->owner;
	data->masq_index = oif;

	ct->nat_bysource.next = NULL;
	hlist_add_fake(&ct->nat_bysource);
	ct->status |= IPS_NAT_DONE_MASK;
	return true;
}

/*
 * Begin a reply tuple of family @pf: clear it, and set protocol and ports to those of an answer
 * to @orig. The addresses are the caller's.
 */
static enum nf_xlat_reason
nf_xlat_ct_reply(const struct nf_conntrack_tuple *orig, u8 pf,
		 struct nf_conntrack_tuple *reply)
{
	memset(reply, 0, sizeof(*reply));
	reply->src.l3num = pf;
	reply->dst.dir = IP_CT_DIR_REPLY;
	reply->dst.protonum = orig->dst.protonum;

	switch (orig->dst.protonum) {
	case IPPROTO_TCP:
	case IPPROTO_UDP:
	case IPPROTO_UDPLITE:
	case IPPROTO_SCTP:
	case IPPROTO_DCCP:
	case IPPROTO_GRE:
	case IPPROTO_ESP:
		reply->src.u.all = orig->dst.u.all;
		reply->dst.u.all = orig->src.u.all;
		return NF_XLAT_OK;
	case IPPROTO_ICMPV6:
		if (orig->dst.u.icmp.type != ICMPV6_ECHO_REQUEST)
			return NF_XLAT_ICMP;
		break;
	case IPPROTO_ICMP:
		if (orig->dst.u.icmp.type != ICMP_ECHO)
			return NF_XLAT_ICMP;
		break;
	default:
		return NF_XLAT_PROTO;
	}

	if (pf == NFPROTO_IPV4) {
		reply->dst.protonum = IPPROTO_ICMP;
		reply->dst.u.icmp.type = ICMP_ECHOREPLY;
	} else {
		reply->dst.protonum = IPPROTO_ICMPV6;
		reply->dst.u.icmp.type = ICMPV6_ECHO_REPLY;
	}
	reply->src.u.icmp.id = orig->src.u.icmp.id;
	return NF_XLAT_OK;
}

/*
 * Choose the host that @range translates the destination to, and its port if @range has ports.
 * The answers come from there, so it is the source of @reply. @seen: the packet's tuple.
 * Addresses of a range may differ in the last 32 bits only; otherwise take the first address.
 *
 * Return: false if the range has no valid port.
 */
static bool nf_xlat_ct_dest(const struct nf_xlat_ct_range *range,
			    const struct nf_conntrack_tuple *seen,
			    struct nf_conntrack_tuple *reply)
{
	/* The last word of the address, which for IPv4 is the whole address */
	unsigned int low = reply->src.l3num == NFPROTO_IPV6 ? 3 : 0;
	u32 min = ntohl(range->min_addr.ip6[low]);
	u32 last = ntohl(range->max_addr.ip6[low]) - min;
	struct nf_xlat_ports p;

	reply->src.u3 = range->min_addr;
	if (last && !memcmp(&range->min_addr, &range->max_addr,
			    low * sizeof(u32)))
		reply->src.u3.ip6[low] =
			htonl(min + reciprocal_scale(nf_xlat_ct_hash(range, seen, 0),
						     last == U32_MAX ? last :
								       last + 1));

	/*
	 * An echo request has no port, so the port of a rule does not apply. It keeps its
	 * identifier, or gets that of the mapping.
	 */
	if (!(range->flags & NF_NAT_RANGE_PROTO_SPECIFIED) ||
	    !nf_xlat_ct_has_mappings(reply->dst.protonum) ||
	    (nf_xlat_tuple_is_icmp(reply) && !range->mapped))
		return true;
	/* An identifier may be 0, a port may not. A port from a map has not been checked. */
	if (range->min_proto == range->max_proto &&
	    (range->min_proto || nf_xlat_tuple_is_icmp(reply))) {
		reply->src.u.all = range->min_proto;
		return true;
	}
	nf_xlat_ct_ports(range, IPPROTO_TCP, 0, false, &p);
	reply->src.u.all = htons(p.min +
				 reciprocal_scale(get_random_u32(), p.n));
	return p.n;
}

/* Find the IPv4 host, and its port, that a packet from IPv6 is for. */
static enum nf_xlat_reason
nf_xlat_ct_dest_out(const struct nf_xlat_ct_range *range,
		    const struct nf_conntrack_tuple *orig,
		    struct nf_conntrack_tuple *reply)
{
	if (range->dest) {
		if (range->unmapped)
			return range->unmapped;
		if (!nf_xlat_ct_dest(range->dest, orig, reply))
			return NF_XLAT_NOPORT;
	} else if (!nf_xlat_addr_6to4(&range->prefix, &orig->dst.u3.in6,
				      &reply->src.u3.ip)) {
		return NF_XLAT_DADDR;
	}
	if (!nf_xlat_addr_legal(NFPROTO_IPV4, &reply->src.u3))
		return NF_XLAT_DADDR;
	if (range->dest)
		return NF_XLAT_OK;
	if (!nf_xlat_prefix_allows(&range->prefix, reply->src.u3.ip))
		return NF_XLAT_NON_GLOBAL;
	/*
	 * RFC 6146 section 3.5: drop a packet whose source is in the prefix. It has been
	 * translated before, and would go round in a loop.
	 */
	return ipv6_prefix_equal(&range->prefix.addr, &orig->src.u3.in6,
				 range->prefix.len) ?
	       NF_XLAT_ADDRESS : NF_XLAT_OK;
}

/**
 * nf_xlat_ct_setup_out - make the new entry of a packet from IPv6 a session
 * @skb: the packet that begins the session
 * @state: hook that it is in
 * @pkt: what nf_xlat_parse() found
 * @ct: its entry, not confirmed
 * @range: what the rule asks for
 * @refs: gets the references of the session, for nf_xlat_ct_attach(). In case of error the
 *	caller has to put them, too.
 *
 * Find or make the mapping, or choose address and port for this session alone, and alter the
 * reply tuple of the entry: RFC 6146 section 3.5. RCU read side.
 *
 * Return: NF_XLAT_OK, or why the packet is to be rejected.
 */
enum nf_xlat_reason
nf_xlat_ct_setup_out(struct sk_buff *skb, const struct nf_hook_state *state,
		     const struct nf_xlat_pkt *pkt, struct nf_conn *ct,
		     const struct nf_xlat_ct_range *range,
		     struct nf_xlat_bib **refs)
{
	const struct nf_conntrack_tuple *orig;
	struct nf_conntrack_tuple reply;
	struct nf_xlat_pool pool = nf_xlat_ct_range_pool(range);
	const struct nf_xlat_ct_block *ports = NULL;
	enum nf_xlat_reason reason;
	union nf_inet_addr addr;
	struct dst_entry *dst;
	int oif = 0;

	orig = nf_xlat_ct_tuple(ct, IP_CT_DIR_ORIGINAL);
	reason = nf_xlat_ct_reply(orig, NFPROTO_IPV4, &reply);
	if (reason)
		return reason;

	reason = nf_xlat_ct_dest_out(range, orig, &reply);
	if (reason)
		return reason;

	if (range->pool)
		ports = nf_xlat_ct_pool_update(range, &pool);
	if (unlikely(ports && ports->deterministic) &&
	    !nf_xlat_ct_block_for_client(ports, &orig->src.u3.in6, &pool))
		return NF_XLAT_ADDRESS;
	if (range->masq) {
		const struct nf_xlat_way way = nf_xlat_way_of(state);
		struct nf_xlat_flowi fl = {
			.in	= state->hook == NF_INET_LOCAL_OUT ? NULL : skb->dev,
			.daddr	= &reply.src.u3,
			.proto	= reply.dst.protonum,
			.tos	= pkt->l3.tos,
			.masq	= true,
		};

		if (nf_xlat_has_ports(fl.proto)) {
			fl.sport = orig->src.u.all;
			fl.uli.ports.dport = reply.src.u.all;
		}
		dst = nf_xlat_route(state->net, &way, skb, NFPROTO_IPV4, &fl,
				    &addr);
		if (IS_ERR(dst))
			return nf_xlat_route_reason(dst);
		/*
		 * A packet to an address of this host leaves by no device; this includes the
		 * first packet of a hairpin. Such a session does not end with a device.
		 */
		if (!(container_of(dst, struct rtable, dst)->rt_flags & RTCF_LOCAL))
			oif = dst_dev_rcu(dst)->ifindex;
		dst_release(dst);
		pool.min_addr = addr.ip;
		pool.max_addr = addr.ip;
	}

	if (range->per_session || !nf_xlat_ct_has_mappings(reply.dst.protonum))
		reason = nf_xlat_ct_choose(range, ct, &pool, &reply, NULL);
	else
		reason = nf_xlat_ct_map(range, ct, &pool, ports, oif, &reply,
					refs);
	if (reason == NF_XLAT_NOPORT)
		nf_xlat_warn(state->net, "no free port in %pI4-%pI4, dropping packet",
			     &pool.min_addr, &pool.max_addr);
	if (reason)
		return reason;
	if (!nf_xlat_ct_ext_init(ct, range, oif))
		return NF_XLAT_NOMEM;
	nf_conntrack_alter_reply(ct, &reply);
	nf_xlat_ct_timeout(ct);
	return NF_XLAT_OK;
}

/**
 * nf_xlat_ct_reply_in - find the reply tuple of a new entry from IPv4
 * @ct: the entry, not confirmed. In a hairpin it is the session that the packet has
 *	begun from IPv6 to IPv4.
 * @range: destination and prefix
 * @reply: where to put the tuple
 *
 * The entry does not change here, as the packet may be rejected afterwards. RCU read side.
 *
 * Return: NF_XLAT_OK, or why the packet is to be rejected.
 */
enum nf_xlat_reason
nf_xlat_ct_reply_in(const struct nf_conn *ct,
		    const struct nf_xlat_ct_range *range,
		    struct nf_conntrack_tuple *reply)
{
	static const struct nf_xlat_ct_range any;
	static const struct nf_xlat_port_req no_mapping;
	struct nf_conntrack_tuple seen;
	enum nf_xlat_reason reason;

	nf_xlat_ct_first4(ct, &seen);
	reason = nf_xlat_ct_reply(&seen, NFPROTO_IPV6, reply);
	if (reason)
		return reason;
	if (!nf_xlat_prefix_allows(&range->prefix, seen.src.u3.ip))
		return NF_XLAT_NON_GLOBAL;
	nf_xlat_addr_4to6(&range->prefix, seen.src.u3.ip, &reply->dst.u3.in6);
	if (!nf_xlat_ct_dest(range, &seen, reply))
		return NF_XLAT_NOPORT;

	/*
	 * Another session has the tuple: give the source another port. The identifier of an
	 * echo cannot change, as both ends share it.
	 */
	if (nf_conntrack_tuple_taken(reply, ct) &&
	    (nf_xlat_tuple_is_icmp(reply) ||
	     nf_xlat_ct_port(&any, ct, reply, &no_mapping,
			     NF_XLAT_MAX_ATTEMPTS)))
		return NF_XLAT_NOPORT;
	return NF_XLAT_OK;
}

/**
 * nf_xlat_ct_setup_in - make the entry of a packet from IPv4 a session
 * @ct: the entry, as for nf_xlat_ct_reply_in()
 * @range: destination and prefix
 * @reply: the tuple that nf_xlat_ct_reply_in() found
 *
 * RCU read side.
 *
 * Return: NF_XLAT_OK, or NF_XLAT_NOMEM.
 */
enum nf_xlat_reason nf_xlat_ct_setup_in(struct nf_conn *ct,
					const struct nf_xlat_ct_range *range,
					const struct nf_conntrack_tuple *reply)
{
	struct nf_xlat_ct_data *data = nf_xlat_ct_data(ct);

	if (!nf_xlat_ct_is_cross_family(ct)) {
		if (!nf_xlat_ct_ext_init(ct, range, range->masq_index))
			return NF_XLAT_NOMEM;
	} else {
		/*
		 * In 6.1, nf_ct_ext_bump_genid() may have made the extension invalid since the
		 * first translation added it.
		 */
		if (!data)
			return NF_XLAT_NOMEM;
		/*
		 * Both tuples of a hairpin are IPv6. The prefix in the data is from now on that
		 * of the reply tuple, in which the pool address is embedded, see
		 * nf_xlat_ct_pool_addr().
		 */
		data->prefix_len = range->prefix.len;
		data->non_global = range->prefix.non_global;
		/* A hairpin does not leave by the device whose address it has. */
		data->masq_index = 0;
		ct->status |= IPS_NAT_MASK;
	}
	nf_conntrack_alter_reply(ct, reply);
	nf_xlat_ct_timeout(ct);
	return NF_XLAT_OK;
}
