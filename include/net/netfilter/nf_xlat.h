/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * IPv4/IPv6 translation engine (RFC 7915, RFC 6052): what its callers use.
 *
 * These functions translate a packet:
 *
 *	nf_xlat_parse()	reads the packet, and decides whether it can be translated
 *	nf_xlat_map()	for a translation without state: calls nf_xlat_parse(), and maps the
 *			addresses to the other family
 *	nf_xlat_skb()	rewrites the packet in place
 *	nf_xlat_send()	looks up the route, calls nf_xlat_skb(), and lets the packet enter the
 *			hooks of the other family
 *
 * Parameters are plain data, so that a netdevice, a lightweight tunnel or a
 * BPF kfunc can drive the same engine.
 */
#ifndef _NF_XLAT_H
#define _NF_XLAT_H

#include <linux/in.h>
#include <linux/in6.h>
#include <linux/ipv6.h>
#include <linux/netfilter.h>
#include <linux/netfilter_bridge.h>
#include <linux/skbuff.h>
#include <linux/types.h>
#include <net/flow.h>
#include <net/ip.h>
#include <net/ipv6.h>

/**
 * enum nf_xlat_reason - why a packet was not translated
 *
 * Zero is success everywhere. The values index the counters that
 * /proc/net/nf_xlat shows, see nf_xlat_mib_list.
 *
 * @NF_XLAT_OK: translated
 * @NF_XLAT_MALFORMED: truncated header, or lengths that contradict each other
 * @NF_XLAT_CSUM: ICMP error with a wrong checksum (RFC 5508 REQ-3)
 * @NF_XLAT_OPTIONS: source route or routing header with hops left to visit
 * @NF_XLAT_FRAGMENT: fragment that cannot be translated by itself
 * @NF_XLAT_ICMP: ICMP type or code without a counterpart, or IGMP
 * @NF_XLAT_QUOTED: ICMP error that quotes something untranslatable
 * @NF_XLAT_ADDRESS: source that no packet may have, before or after the translation; destination
 *	before it that no packet may have, an IPv4 group among them; broadcast of the link layer
 * @NF_XLAT_PROTO: transport protocol that stateful mode cannot track
 * @NF_XLAT_HOPLIMIT: TTL or hop limit is used up
 * @NF_XLAT_TOOBIG: over the MTU of the other side
 * @NF_XLAT_NOROUTE: no route in the other family, or none to this host for the socket that tproxy
 *	has found
 * @NF_XLAT_LOOP: translated too often, see NF_XLAT_MAX_DEPTH and NF_XLAT_MAX_LATER
 * @NF_XLAT_GSO: kind of GSO packet that has no counterpart, or packet of ESP that is not
 *	encrypted yet, see nf_xlat_to_encrypt()
 * @NF_XLAT_STATE: no conntrack entry that could hold the session
 * @NF_XLAT_NOPORT: no free address and port left in the pool
 * @NF_XLAT_NOMEM: out of memory
 * @NF_XLAT_FORWARDING: forwarding is off where the packet came in
 * @NF_XLAT_POLICY: an IPsec policy blocks the packet
 * @NF_XLAT_DADDR: the translated destination is one that no packet may have, or that a route or
 *	routing rule prohibits
 * @NF_XLAT_NON_GLOBAL: the well-known prefix with an IPv4 address that is not
 *	globally reachable
 * @NF_XLAT_FRAG_ICMP: fragment of an ICMP message, whose checksum would need
 *	all of them
 * @NF_XLAT_FRAG_CSUM: fragment of a UDP packet without a checksum, which IPv6
 *	does not have
 * @NF_XLAT_FILTERED: from a peer that the mapping has no session with
 * @NF_XLAT_UNSOLICITED: TCP SYN to a port that no client has, but that a client may get
 * @NF_XLAT_BLACKHOLE: a route or a routing rule drops the packet silently
 */
enum nf_xlat_reason {
	NF_XLAT_OK,
	NF_XLAT_MALFORMED,
	NF_XLAT_CSUM,
	NF_XLAT_OPTIONS,
	NF_XLAT_FRAGMENT,
	NF_XLAT_ICMP,
	NF_XLAT_QUOTED,
	NF_XLAT_ADDRESS,
	NF_XLAT_PROTO,
	NF_XLAT_HOPLIMIT,
	NF_XLAT_TOOBIG,
	NF_XLAT_NOROUTE,
	NF_XLAT_LOOP,
	NF_XLAT_GSO,
	NF_XLAT_STATE,
	NF_XLAT_NOPORT,
	NF_XLAT_NOMEM,
	NF_XLAT_FORWARDING,
	NF_XLAT_POLICY,
	NF_XLAT_DADDR,
	NF_XLAT_NON_GLOBAL,
	NF_XLAT_FRAG_ICMP,
	NF_XLAT_FRAG_CSUM,
	NF_XLAT_FILTERED,
	NF_XLAT_UNSOLICITED,
	NF_XLAT_BLACKHOLE,
	/* private: */
	__NF_XLAT_REASON_MAX
};

/*
 * Values of @fwd_check of struct nf_xlat_parm. @reason: what nf_xlat_may_forward() has returned for
 * the packet before its translation
 */
#define NF_XLAT_FWD_UNCHECKED	0
#define NF_XLAT_FWD_RESULT(reason)	(1 + (reason))

/**
 * enum nf_xlat_mib_counters - what is counted beside the reasons
 *
 * @NF_XLAT_MIB_6TO4: packets translated from IPv6
 * @NF_XLAT_MIB_4TO6: packets translated from IPv4
 * @NF_XLAT_MIB_BIB: mappings that are there
 */
enum nf_xlat_mib_counters {
	NF_XLAT_MIB_6TO4 = __NF_XLAT_REASON_MAX,
	NF_XLAT_MIB_4TO6,
	NF_XLAT_MIB_BIB,
	/* private: */
	__NF_XLAT_MIB_MAX
};

/* Reasons and enum nf_xlat_mib_counters, for each CPU */
struct nf_xlat_mib {
	unsigned long	mibs[__NF_XLAT_MIB_MAX];
};

/**
 * struct nf_xlat_owner - a device of kind "xlat" for which packets are translated
 *
 * @dev: the device. Its statistics count these packets, and its taps see each of them before and
 *	after the translation
 * @mib: the device's own counters
 */
struct nf_xlat_owner {
	struct net_device		*dev;
	struct nf_xlat_mib __percpu	*mib;
};

/**
 * struct nf_xlat_prefix - an RFC 6052 prefix
 *
 * @addr: the prefix, bits after @len and octet 8 are zero
 * @len: its length in bits: 32, 40, 48, 56, 64 or 96; 0 means "none"
 * @non_global: even the well-known prefix may represent any IPv4 address
 */
struct nf_xlat_prefix {
	struct in6_addr	addr;
	u8		len;
	bool		non_global;
};

/**
 * struct nf_xlat_eam - an explicit address mapping, RFC 7757
 *
 * @addr6: IPv6 prefix, bits after @len6 are zero
 * @addr4: IPv4 prefix, bits after @len4 are zero
 * @len6: length of the IPv6 prefix, 0 to 128
 * @len4: length of the IPv4 prefix, 0 to 32
 */
struct nf_xlat_eam {
	struct in6_addr	addr6;
	__be32		addr4;
	u8		len6;
	u8		len4;
};

enum nf_xlat_map_kinds {
	NF_XLAT_MAP_NONE,
	NF_XLAT_MAP_PREFIX,
	NF_XLAT_MAP_EAM,
	NF_XLAT_MAP_TABLE,
};

/**
 * struct nf_xlat_map - how an address of one family maps to the other
 *
 * @prefix: of NF_XLAT_MAP_PREFIX
 * @eam: of NF_XLAT_MAP_EAM
 * @table: of NF_XLAT_MAP_TABLE: a function of the caller, which returns false if it does
 *	not have the address
 * @kind: which of these
 */
struct nf_xlat_map {
	union {
		struct nf_xlat_prefix	prefix;
		struct nf_xlat_eam	eam;
		struct {
			bool		(*lookup)(const struct net *net,
						  const void *data, u8 pf,
						  const union nf_inet_addr *addr,
						  union nf_inet_addr *res);
			void		*data;
		} table;
	};
	u8			kind;
};

/**
 * struct nf_xlat_domain - how the addresses of a packet map, without state
 *
 * @saddr: of the source, and of the destination that an ICMP error quotes
 * @daddr: of the destination, and of the source that an ICMP error quotes
 * @prefix: of what these do not map
 */
struct nf_xlat_domain {
	struct nf_xlat_map	saddr;
	struct nf_xlat_map	daddr;
	struct nf_xlat_map	prefix;
};

/**
 * struct nf_xlat_l3 - one network header as the packet has it
 *
 * @saddr: source address; of IPv4 the first four bytes are set, and no more
 * @daddr: destination address, likewise
 * @id: fragment identification, host byte order
 * @hlen: length of the header with all options or skipped extension headers
 * @len: length that the header claims, itself included
 * @frag: fragment offset in bytes
 * @proto: transport protocol, in this family's numbering
 * @tos: type of service or traffic class
 * @ttl: time to live or hop limit
 * @df: IPv4 don't-fragment bit
 * @mf: more fragments follow
 * @fraghdr: IPv6 Fragment header present, or IPv4 fragment
 */
struct nf_xlat_l3 {
	union nf_inet_addr saddr;
	union nf_inet_addr daddr;
	u32		id;
	u32		hlen;
	u32		len;
	u16		frag;
	u8		proto;
	u8		tos;
	u8		ttl;
	bool		df;
	bool		mf;
	bool		fraghdr;
};

/**
 * struct nf_xlat_icmp - the translatable part of an ICMP or ICMPv6 header
 *
 * @type: ICMP type
 * @code: ICMP code
 * @len: RFC 4884 length of the quoted packet in bytes, 0 when absent
 * @info: MTU or pointer, host byte order
 */
struct nf_xlat_icmp {
	u8		type;
	u8		code;
	u16		len;
	u32		info;
};

/**
 * struct nf_xlat_pkt - a packet as nf_xlat_parse() understood it
 *
 * @l3: the packet's network header
 * @inner: the network header that an ICMP error quotes
 * @icmp: the ICMP header, still in the packet's own family
 * @pf: NFPROTO_IPV4 or NFPROTO_IPV6
 * @icmp_query: an echo request or reply
 * @icmp_error: an ICMP error, @inner is valid
 * @reasm: was reassembled by nf_defrag, or is local and not fragmented yet
 * @ptr: offset of the header field that a Parameter Problem points at
 */
struct nf_xlat_pkt {
	struct nf_xlat_l3 l3;
	struct nf_xlat_l3 inner;
	struct nf_xlat_icmp icmp;
	u8		pf;
	bool		icmp_query;
	bool		icmp_error;
	bool		reasm;
	u16		ptr;
};

/**
 * struct nf_xlat_hdr - addresses and ports that a header is to have
 *
 * @saddr: source address, of the other family
 * @daddr: destination address, of the other family
 * @sport: source port, or the ICMP query id; used with nf_xlat_parm.ports
 * @dport: destination port; used with nf_xlat_parm.ports
 */
struct nf_xlat_hdr {
	union nf_inet_addr saddr;
	union nf_inet_addr daddr;
	__be16		sport;
	__be16		dport;
};

/**
 * struct nf_xlat_parm - how to translate one packet
 *
 * @outer: what the packet's own header becomes
 * @inner: what the header quoted by an ICMP error becomes
 * @mtu4: MTU of the IPv4 side's next hop, 0 when unknown; bounds the MTU
 *	that ICMP errors report
 * @mtu6: MTU of the IPv6 side's next hop, 0 when unknown; a packet that has at most
 *	IPV6_MIN_MTU bytes in IPv6 and is no ICMP error needs neither, so both are 0
 * @rules: without state: nf_xlat_rules_stamp() from just before the rule was evaluated, for
 *	the fast path; 0 without a rule
 * @oif: to IPv4: index of the device that the session masquerades with, 0 for any. The route is
 *	looked up without the source address, because the route has chosen it before.
 * @oif_changed: called before a packet is dropped because its route does not lead to @oif
 * @lowest_mtu6: to what IPv4 packets with a clear DF bit are cut in IPv6, 0 for
 *	1280 (RFC 7915 section 4.1)
 * @ports: rewrite ports and ICMP query ids too
 * @keep_ct: the conntrack entry on the skb spans both families, it stays
 * @ttl_dec: nf_xlat_skb() decrements TTL or hop limit
 * @ttl_pending: this host has to decrement it once, in nf_xlat_skb() or in nf_xlat_rcv_finish()
 * @fwd_check: NF_XLAT_FWD_RESULT(), the result of nf_xlat_may_forward() for the old family. Or
 *	NF_XLAT_FWD_UNCHECKED: then nf_xlat_may_forward_translated() makes the checks of the new
 *	family
 */
struct nf_xlat_parm {
	struct nf_xlat_hdr outer;
	struct nf_xlat_hdr inner;
	u32		mtu4;
	u32		mtu6;
	u32		rules;
	u32		lowest_mtu6;
	int		oif;
	void		(*oif_changed)(struct sk_buff *skb);
	bool		ports;
	bool		keep_ct;
	bool		ttl_dec;
	bool		ttl_pending;
	u8		fwd_check;
};

/**
 * struct nf_xlat_current - a packet on its way through the other family's hooks
 *
 * @skb: the packet, or NULL; translated once and without state
 * @pkt: what it was before
 * @parm: what it was translated by
 * @ports: the first four bytes behind its network header
 * @iif: device that it came in by
 * @flowtable: for nf_xlat_flow_postrouting(), NULL at first
 */
struct nf_xlat_current {
	const struct sk_buff		*skb;
	const struct nf_xlat_pkt	*pkt;
	const struct nf_xlat_parm	*parm;
	__be16				ports[2];
	int				iif;
	void				*flowtable;
};

/* What the stack has done with a packet before its translation, and what may be done after it */
#define NF_XLAT_TTL_DONE	BIT(0)	/* TTL or hop limit has been decremented */
#define NF_XLAT_FORWARD_CHECKED	BIT(1)	/* the packet may be forwarded */
#define NF_XLAT_ROUTE_OPTIONAL	BIT(2)	/* without a route, NAT may change the destination */
#define NF_XLAT_IN_DEVICE	BIT(3)	/* routed to @skb->dev; it has passed POST_ROUTING */
#define NF_XLAT_FOR_HOST	BIT(4)	/* came in for this host, so need not be forwarded */

/**
 * struct nf_xlat_way - where a packet is, and where it goes on when it is translated
 *
 * @net: network namespace
 * @sk: socket of the hook; in LOCAL_OUT the one that sends the packet
 * @owner: device of kind "xlat" that translates the packet, or NULL
 * @at: hook of the other family that it enters: NF_INET_PRE_ROUTING, FORWARD or LOCAL_OUT
 * @flags: NF_XLAT_TTL_DONE and those that follow
 */
struct nf_xlat_way {
	struct net			*net;
	struct sock			*sk;
	const struct nf_xlat_owner	*owner;
	u8				at;
	u8				flags;
};

/**
 * struct nf_xlat_flowi - what the route of a packet is looked up by
 *
 * @in: device that the packet came in by, NULL for one of this host
 * @saddr: source address, or NULL when it is not chosen yet
 * @daddr: destination address
 * @uli: ports, or type and code of ICMP
 * @sport: source port before the translation, for routing rules; @uli has the translated ports
 * @proto: transport protocol, in the family of the route
 * @tos: type of service or traffic class
 * @masq: look up the route without @saddr, since the route chooses the source address
 * @policy: apply IPsec policies for output
 */
struct nf_xlat_flowi {
	const struct net_device		*in;
	const union nf_inet_addr	*saddr;
	const union nf_inet_addr	*daddr;
	union flowi_uli			uli;
	__be16				sport;
	u8				proto;
	u8				tos;
	bool				masq;
	bool				policy;
};

/**
 * struct nf_xlat_after - a function to call when a packet has been passed on
 *
 * @next: for nf_xlat_do_after()
 * @fn: the function
 */
struct nf_xlat_after {
	struct nf_xlat_after	*next;
	void			(*fn)(struct nf_xlat_after *after);
};

/**
 * struct nf_xlat_trace - the fields of a packet that the tracepoint has
 *
 * @saddr: source address and port, a sockaddr_in or sockaddr_in6
 * @daddr: the same of the destination
 * @proto: transport protocol
 * @type: of ICMP
 * @code: of ICMP
 *
 * A field that the packet does not have, or not completely, is zero.
 */
struct nf_xlat_trace {
	struct sockaddr_in6	saddr;
	struct sockaddr_in6	daddr;
	u8			proto;
	u8			type;
	u8			code;
};

/*
 * Is this a socket of IP? ip6_fragment(), ip_route_me_harder() and others take the socket of a
 * packet or of a hook for one. A socket of AF_PACKET or AF_XDP, whose packet comes by a tunnel, a
 * VRF or a device, is not one.
 */
static inline bool nf_xlat_sk_is_inet(const struct sock *sk)
{
	return !sk || sk->sk_family == AF_INET || sk->sk_family == AF_INET6;
}

/* The way of a packet in a hook: it enters the same hook of the other family. */
static inline struct nf_xlat_way
nf_xlat_way_of(const struct nf_hook_state *state)
{
	return (struct nf_xlat_way) {
		.net	= state->net,
		.sk	= nf_xlat_sk_is_inet(state->sk) ? state->sk : NULL,
		.at	= state->hook,
		.flags	= state->hook == NF_INET_PRE_ROUTING ?
			  NF_XLAT_ROUTE_OPTIONAL :
			  NF_XLAT_TTL_DONE | NF_XLAT_FORWARD_CHECKED,
	};
}

/* Has nf_defrag put a packet together? Only in a hook, where the control block is that of IP. */
static inline bool nf_xlat_reassembled(const struct sk_buff *skb, u8 pf)
{
	return pf == NFPROTO_IPV4 ? IPCB(skb)->frag_max_size :
				    IP6CB(skb)->frag_max_size;
}

static inline u8 nf_xlat_other_pf(u8 pf)
{
	return pf == NFPROTO_IPV6 ? NFPROTO_IPV4 : NFPROTO_IPV6;
}

/*
 * Is this a frame that a bridge of this host passes through the hooks (br_netfilter), and that the
 * bridge itself sends on? It is for another router, or it is a broadcast or multicast of the link
 * layer, which no router forwards. The bridge sets @physoutdev when it sends a frame by one of its
 * ports, also when a DNAT has given the frame the address of a host on such a port.
 */
static inline bool nf_xlat_bridged(const struct sk_buff *skb)
{
#if IS_ENABLED(CONFIG_BRIDGE_NETFILTER)
	const struct nf_bridge_info *nf_bridge = nf_bridge_info_get(skb);

	return nf_bridge &&
	       (nf_bridge->pkt_otherhost || nf_bridge->physoutdev ||
		(nf_bridge->in_prerouting && skb->pkt_type != PACKET_HOST));
#else
	return false;
#endif
}

static inline bool nf_xlat_is_icmp(u8 pf, u8 proto)
{
	return proto == (pf == NFPROTO_IPV4 ? IPPROTO_ICMP : IPPROTO_ICMPV6);
}

/* Does the header of this protocol begin with ports? */
static inline bool nf_xlat_has_ports(u8 proto)
{
	switch (proto) {
	case IPPROTO_TCP:
	case IPPROTO_UDP:
	case IPPROTO_UDPLITE:
	case IPPROTO_SCTP:
	case IPPROTO_DCCP:
		return true;
	}
	return false;
}

/* Transport protocol of a packet of family @pf, once it is translated */
static inline u8 nf_xlat_new_proto(u8 pf, u8 proto)
{
	if (!nf_xlat_is_icmp(pf, proto))
		return proto;
	return pf == NFPROTO_IPV4 ? IPPROTO_ICMPV6 : IPPROTO_ICMP;
}

/* The first word of 64:ff9b::/96, the well-known prefix */
#define NF_XLAT_WKP	0x0064ff9b

/* nf_xlat_addr.c */
int nf_xlat_prefix_check(const struct nf_xlat_prefix *prefix);
void __nf_xlat_addr_4to6(const struct nf_xlat_prefix *prefix, __be32 addr,
			 struct in6_addr *res);
bool __nf_xlat_addr_6to4(const struct nf_xlat_prefix *prefix,
			 const struct in6_addr *addr, __be32 *res);
bool nf_xlat_wkp_allows(const struct nf_xlat_prefix *prefix, __be32 addr);
int nf_xlat_eam_check(const struct nf_xlat_eam *eam);
bool nf_xlat_eam_4to6(const struct nf_xlat_eam *eam, __be32 addr,
		      struct in6_addr *res);
bool nf_xlat_eam_6to4(const struct nf_xlat_eam *eam,
		      const struct in6_addr *addr, __be32 *res);
bool nf_xlat_addr6_legal(const struct in6_addr *addr);
bool nf_xlat_net_legal(u8 pf, const union nf_inet_addr *net, u8 len, bool group);
int nf_xlat_eam_reach(const struct nf_xlat_eam *eam, bool group);

/**
 * nf_xlat_csum_start_ok - does the checksum that is to be made start where it may?
 * @skb: packet
 * @l4_off: offset of the transport header from skb->data
 * @l4_len: length of the transport header
 *
 * It may start at this transport header, or behind it, at a header inside of a tunnel. A packet
 * socket or tun can set it to start anywhere. Any context.
 *
 * Return: true if so, or if no checksum is to be made.
 */
static inline bool nf_xlat_csum_start_ok(const struct sk_buff *skb,
					 unsigned int l4_off, unsigned int l4_len)
{
	int start;

	if (skb->ip_summed != CHECKSUM_PARTIAL)
		return true;
	start = skb_checksum_start_offset(skb) - (int)l4_off;
	return !start || start >= (int)l4_len;
}

/**
 * nf_xlat_addr_4to6 - embed an IPv4 address, RFC 6052 section 2.3
 * @prefix: a prefix that nf_xlat_prefix_check() accepts
 * @addr: the IPv4 address
 * @res: the IPv6 address, suffix bits zero
 *
 * Any context.
 */
static inline void nf_xlat_addr_4to6(const struct nf_xlat_prefix *prefix,
				     __be32 addr, struct in6_addr *res)
{
	if (unlikely(prefix->len != 96)) {
		__nf_xlat_addr_4to6(prefix, addr, res);
		return;
	}
	*res = prefix->addr;
	res->s6_addr32[3] = addr;
}

/**
 * nf_xlat_addr_6to4 - extract an IPv4 address, RFC 6052 section 2.3
 * @prefix: a prefix that nf_xlat_prefix_check() accepts
 * @addr: the IPv6 address, suffix bits are ignored (section 2.2)
 * @res: the IPv4 address
 *
 * Any context.
 *
 * Return: false when @addr is not inside @prefix; @res is then untouched.
 */
static inline bool nf_xlat_addr_6to4(const struct nf_xlat_prefix *prefix,
				     const struct in6_addr *addr, __be32 *res)
{
	if (unlikely(prefix->len != 96))
		return __nf_xlat_addr_6to4(prefix, addr, res);
	if (!ipv6_prefix_equal(&prefix->addr, addr, 96))
		return false;
	*res = addr->s6_addr32[3];
	return true;
}

/*
 * Is the address in 0.0.0.0/8 or 169.254.0.0/16? RFC 1812 section 5.3.7 and RFC 3927 section 2.7
 * forbid routers to forward such packets. ipv4_is_zeronet() is true for 0.0.0.0 only.
 */
static inline bool nf_xlat_addr4_of_link(__be32 addr)
{
	return !(addr & htonl(IN_CLASSA_NET)) || ipv4_is_linklocal_169(addr);
}

/**
 * nf_xlat_addr_legal - may a packet with this address be translated?
 * @pf: family of the address
 * @addr: source before translation, or either address after it
 *
 * RFC 7915 sections 4.1 and 5.1 name the sources that are dropped silently;
 * RFC 4291 section 2.5.6 and RFC 3927 section 2.7 forbid routers to forward a
 * link-local one, RFC 6890 section 2.2.3 what is mapped from IPv4.
 *
 * The translated addresses have to obey the same rules. nf_xlat_route() does not check them, since
 * it looks up an output route. Without this, 64:ff9b::127.0.0.1 would reach services of this host,
 * and 64:ff9b::169.254.169.254 the metadata service of a cloud. Any context.
 *
 * Return: false when the packet is to be dropped.
 */
static inline bool nf_xlat_addr_legal(u8 pf, const union nf_inet_addr *addr)
{
	if (pf == NFPROTO_IPV4)
		return !ipv4_is_multicast(addr->ip) &&
		       !ipv4_is_loopback(addr->ip) &&
		       !nf_xlat_addr4_of_link(addr->ip) &&
		       !ipv4_is_lbcast(addr->ip);

	/* Most addresses are in 2000::/3, where none is illegal. */
	return likely((addr->in6.s6_addr[0] & 0xe0) == 0x20) ||
	       nf_xlat_addr6_legal(&addr->in6);
}

/*
 * May a prefix that nf_xlat_prefix_check() accepts represent this IPv4 address? RFC 6052
 * section 3.1 allows only globally reachable addresses in the well-known prefix. Other prefixes,
 * those of RFC 8215 included, have no such limit.
 */
static inline bool nf_xlat_prefix_allows(const struct nf_xlat_prefix *prefix,
					 __be32 addr)
{
	return prefix->non_global || prefix->len != 96 ||
	       prefix->addr.s6_addr32[0] != htonl(NF_XLAT_WKP) ||
	       nf_xlat_wkp_allows(prefix, addr);
}

/* nf_xlat_map.c */
enum nf_xlat_reason
nf_xlat_map_saddr(const struct nf_xlat_domain *dom, const struct net *net,
		  const struct sk_buff *skb, u8 pf, union nf_inet_addr *res);
enum nf_xlat_reason
nf_xlat_map_addrs(const struct nf_xlat_domain *dom, const struct net *net, u8 pf,
		  const union nf_inet_addr *saddr,
		  const union nf_inet_addr *daddr, struct nf_xlat_hdr *hdr);
bool nf_xlat_map(const struct nf_xlat_domain *dom, const struct net *net,
		 struct sk_buff *skb, u8 pf, bool reasm,
		 const union nf_inet_addr *error_saddr,
		 struct nf_xlat_pkt *pkt, struct nf_xlat_parm *parm,
		 enum nf_xlat_reason *reason);

/* nf_xlat_icmp.c */
bool nf_xlat_icmp_4to6(struct nf_xlat_icmp *icmp);
bool nf_xlat_icmp_6to4(struct nf_xlat_icmp *icmp);
u32 nf_xlat_mtu_4to6(u32 mtu, u32 quoted_len, u32 mtu4, u32 mtu6);
u32 nf_xlat_mtu_6to4(u32 mtu, bool fraghdr, u32 mtu4, u32 mtu6);

/* nf_xlat_parse.c */
bool nf_xlat_to_encrypt(struct sk_buff *skb);
enum nf_xlat_reason nf_xlat_parse(struct sk_buff *skb, u8 pf, bool reasm,
				  struct nf_xlat_pkt *pkt);

/* nf_xlat_core.c */
unsigned int nf_xlat_new_error_len(const struct nf_xlat_pkt *pkt);
void nf_xlat_gso(struct sk_buff *skb, u8 pf);
bool nf_xlat_may_realloc_head(const struct sk_buff *skb, const struct nf_xlat_pkt *pkt);
enum nf_xlat_reason nf_xlat_skb(struct net *net, struct sk_buff *skb,
				const struct nf_xlat_pkt *pkt,
				const struct nf_xlat_parm *parm);
void nf_xlat_linear(struct net *net, void *data, const struct nf_xlat_pkt *pkt,
		    const struct nf_xlat_hdr *hdr, u8 ttl);

/**
 * nf_xlat_new_hlen - the length that a network header has after the translation
 * @pf: family of the packet before the translation
 * @l3: its network header before the translation
 *
 * Any context.
 *
 * Return: number of bytes, with a Fragment header if there has to be one
 */
static inline unsigned int nf_xlat_new_hlen(u8 pf, const struct nf_xlat_l3 *l3)
{
	if (pf == NFPROTO_IPV6)
		return sizeof(struct iphdr);
	return sizeof(struct ipv6hdr) +
	       (l3->fraghdr ? sizeof(struct frag_hdr) : 0);
}

/**
 * nf_xlat_new_len - the length that a packet will have in the other family
 * @pkt: the packet, which nf_xlat_parse() has accepted
 *
 * An ICMP error may become shorter, by RFC 7915 sections 4.3 and 5.3. Any context.
 *
 * Return: number of bytes, network header included
 */
static inline unsigned int nf_xlat_new_len(const struct nf_xlat_pkt *pkt)
{
	if (unlikely(pkt->icmp_error))
		return nf_xlat_new_error_len(pkt);
	return pkt->l3.len - pkt->l3.hlen +
	       nf_xlat_new_hlen(pkt->pf, &pkt->l3);
}

/* nf_xlat_count.c */
void nf_xlat_trace_read(const struct sk_buff *skb, struct nf_xlat_trace *t);
unsigned int nf_xlat_drop(struct net *net, const struct sk_buff *skb,
			  enum nf_xlat_reason reason);
unsigned int nf_xlat_owner_drop(const struct nf_xlat_owner *owner,
				struct net *net, const struct sk_buff *skb,
				enum nf_xlat_reason reason);
__printf(2, 3)
void nf_xlat_warn(const struct net *net, const char *fmt, ...);
void nf_xlat_count(struct net *net, enum nf_xlat_mib_counters mib, int n);
struct nf_xlat_mib __percpu *nf_xlat_mib(const struct net *net);
const char *nf_xlat_mib_name(unsigned int i);
unsigned long nf_xlat_mib_sum(const struct nf_xlat_mib __percpu *mib,
			      unsigned int i);

/* nf_xlat_error.c */
void nf_xlat_icmp_send(struct net *net, struct sk_buff *skb, u8 pf, u8 flags,
		       u8 type, u8 code, u32 info);
unsigned int nf_xlat_reject(struct sk_buff *skb,
			    const struct nf_xlat_way *way,
			    const struct nf_xlat_pkt *pkt,
			    enum nf_xlat_reason reason);

/* nf_xlat_check.c */
unsigned int nf_xlat_send_check(struct sk_buff *skb,
				const struct nf_xlat_way *way,
				const struct nf_xlat_pkt *pkt,
				struct nf_xlat_parm *parm);

/* nf_xlat_hook.c */
unsigned int nf_xlat_send(struct sk_buff *skb,
			  const struct nf_xlat_way *way,
			  struct nf_xlat_pkt *pkt, struct nf_xlat_parm *parm);
bool nf_xlat_nested(void);
void nf_xlat_do_after(struct nf_xlat_after *after);
struct nf_xlat_current *nf_xlat_translated(const struct sk_buff *skb);

/* nf_xlat_forward.c */
bool nf_xlat_forwarding(const struct net *net, const struct net_device *dev,
			u8 pf);

/* nf_xlat_route.c */
struct dst_entry *nf_xlat_route(struct net *net,
				const struct nf_xlat_way *way,
				const struct sk_buff *skb, u8 pf,
				const struct nf_xlat_flowi *fl,
				union nf_inet_addr *src);
enum nf_xlat_reason nf_xlat_route_reason(const struct dst_entry *err);

#endif /* _NF_XLAT_H */
