/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Stateful IPv4/IPv6 translation (RFC 6146) on conntrack: one entry whose
 * original tuple is of one family and whose reply tuple is of the other.
 */
#ifndef _NF_XLAT_CT_H
#define _NF_XLAT_CT_H

#include <linux/netfilter.h>
#include <linux/netfilter/nf_nat.h>
#include <net/netfilter/nf_xlat.h>

struct nf_xlat_ct_pool;

/**
 * enum nf_xlat_ct_pool_known - what is known of a pool before the first packet
 *
 * @NF_XLAT_POOL_DYNAMIC: nothing, as addresses and ports of a rule are in registers
 * @NF_XLAT_POOL_ADDRS: addresses and ports
 * @NF_XLAT_POOL_COMPLETE: MTU and filtering as well, of a device
 */
enum nf_xlat_ct_pool_known {
	NF_XLAT_POOL_DYNAMIC,
	NF_XLAT_POOL_ADDRS,
	NF_XLAT_POOL_COMPLETE,
};

/**
 * struct nf_xlat_ct_range - what a stateful rule asks for
 *
 * @prefix: prefix in which IPv4 addresses are embedded; unused with @dest
 * @min_addr: first address to choose from, in the family of the translated packet. For a
 *	packet from IPv6, this is an address of the pool, for the source; for a packet from
 *	IPv4, it is the host that the packet is forwarded to. Unused with @masq
 * @max_addr: last address
 * @min_proto: first port, with NF_NAT_RANGE_PROTO_SPECIFIED
 * @max_proto: last port
 * @mtu: lowest MTU of the IPv6 side, 0 for 1280, see nf_xlat_parm.lowest_mtu6
 * @flags: NF_NAT_RANGE_PROTO_SPECIFIED, NF_NAT_RANGE_PROTO_RANDOM,
 *	NF_NAT_RANGE_PROTO_RANDOM_FULLY, NF_NAT_RANGE_PERSISTENT
 * @masq: masquerade: the source address is the preferred source of the route
 * @masq_index: for a packet to a mapping that masquerades: the device whose address the mapping
 *	has; else 0
 * @mapped: the packet is for a mapping, and no rule has matched it; @min_proto is the port or
 *	identifier of the IPv6 endpoint of the mapping
 * @per_session: each session gets a port of its own, and not each IPv6 endpoint
 * @filter: address-dependent filtering: a peer may begin a session with an endpoint only if
 *	that endpoint has a session with the peer
 * @owner: number of the device that counts, from nf_xlat_ct_owner_add(); 0 for none
 * @pool: what clients may get, from nf_xlat_ct_pool_add(); NULL for none
 * @unmapped: for a port forward from IPv6 that maps the source: NF_XLAT_OK if @min_addr is the
 *	mapped source, or why the source cannot be mapped
 * @dest: for a port forward from IPv6: addresses and ports of the IPv4 host that packets are
 *	forwarded to. If NULL, a packet goes to the IPv4 address that is embedded in its
 *	destination
 */
struct nf_xlat_ct_range {
	struct nf_xlat_prefix	prefix;
	union nf_inet_addr	min_addr;
	union nf_inet_addr	max_addr;
	__be16			min_proto;
	__be16			max_proto;
	u32			mtu;
	u32			flags;
	int			masq_index;
	bool			masq;
	bool			mapped;
	bool			per_session;
	bool			filter;
	u8			owner;
	struct nf_xlat_ct_pool	*pool;
	enum nf_xlat_reason	unmapped;
	const struct nf_xlat_ct_range *dest;
};

/**
 * struct nf_xlat_ct_block - blocks of ports that a rule or device gives to subscribers
 *
 * @n_ports: number of ports of a block, 0 if there are no blocks
 * @deterministic: the block follows from the address of the subscriber
 * @len: with @deterministic: length of @of
 * @of: with @deterministic: prefix that all subscribers are in
 */
struct nf_xlat_ct_block {
	u32			n_ports;
	bool			deterministic;
	u8			len;
	struct in6_addr		of;
};

unsigned int nf_xlat_ct(struct sk_buff *skb, const struct nf_hook_state *state,
			const struct nf_xlat_ct_range *range);
int nf_xlat_ct_netns_get(struct net *net, bool by_device);
void nf_xlat_ct_netns_put(struct net *net);
struct nf_xlat_ct_pool *
nf_xlat_ct_pool_add(struct net *net, const struct nf_xlat_ct_range *range,
		    enum nf_xlat_ct_pool_known known,
		    const struct nf_xlat_ct_block *block);
int nf_xlat_ct_block_check(const struct nf_xlat_ct_block *block);
int nf_xlat_ct_block_fits(const struct nf_xlat_ct_block *block,
			  const struct nf_xlat_ct_range *range);
void nf_xlat_ct_pool_set_owner(struct nf_xlat_ct_pool *pool, u8 owner);
void nf_xlat_ct_pool_del(struct net *net, struct nf_xlat_ct_pool *pool);
u8 nf_xlat_ct_owner_add(struct net *net, const struct nf_xlat_owner *owner);
void nf_xlat_ct_owner_del(struct net *net, u8 index);

#endif /* _NF_XLAT_CT_H */
