/* SPDX-License-Identifier: GPL-2.0-only */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM nf_xlat

#if !defined(_TRACE_NF_XLAT_H) || defined(TRACE_HEADER_MULTI_READ)
#define _TRACE_NF_XLAT_H

#include <linux/tracepoint.h>
#include <net/netfilter/nf_xlat.h>

#define NF_XLAT_REASONS						\
	EM(NF_XLAT_MALFORMED,	"MALFORMED")			\
	EM(NF_XLAT_CSUM,	"CHECKSUM")			\
	EM(NF_XLAT_OPTIONS,	"SOURCE_ROUTE")			\
	EM(NF_XLAT_FRAGMENT,	"FRAGMENT")			\
	EM(NF_XLAT_ICMP,	"ICMP_TYPE")			\
	EM(NF_XLAT_QUOTED,	"ICMP_QUOTED")			\
	EM(NF_XLAT_ADDRESS,	"ADDRESS")			\
	EM(NF_XLAT_PROTO,	"PROTOCOL")			\
	EM(NF_XLAT_HOPLIMIT,	"HOP_LIMIT")			\
	EM(NF_XLAT_TOOBIG,	"TOO_BIG")			\
	EM(NF_XLAT_NOROUTE,	"NO_ROUTE")			\
	EM(NF_XLAT_LOOP,	"LOOP")				\
	EM(NF_XLAT_GSO,		"GSO")				\
	EM(NF_XLAT_STATE,	"STATE")			\
	EM(NF_XLAT_NOPORT,	"NO_PORT")			\
	EM(NF_XLAT_NOMEM,	"NO_MEMORY")			\
	EM(NF_XLAT_FORWARDING,	"FORWARDING")			\
	EM(NF_XLAT_POLICY,	"POLICY")			\
	EM(NF_XLAT_DADDR,	"DESTINATION")			\
	EM(NF_XLAT_NON_GLOBAL,	"NON_GLOBAL")			\
	EM(NF_XLAT_FRAG_ICMP,	"FRAGMENTED_ICMP")		\
	EM(NF_XLAT_FRAG_CSUM,	"FRAGMENTED_UDP_ZERO")		\
	EM(NF_XLAT_FILTERED,	"FILTERED")			\
	EM(NF_XLAT_UNSOLICITED,	"UNSOLICITED")			\
	EMe(NF_XLAT_BLACKHOLE,	"BLACKHOLE")

#undef EM
#undef EMe
#define EM(a, b)	TRACE_DEFINE_ENUM(a);
#define EMe(a, b)	TRACE_DEFINE_ENUM(a);

NF_XLAT_REASONS

#undef EM
#undef EMe
#define EM(a, b)	{ a, b },
#define EMe(a, b)	{ a, b }

/* A packet is not translated. The reasons are those of the counters in /proc/net/nf_xlat. */
TRACE_EVENT(nf_xlat_drop,

	TP_PROTO(const struct net *net, const struct sk_buff *skb,
		 enum nf_xlat_reason reason),

	TP_ARGS(net, skb, reason),

	TP_STRUCT__entry(
		__field(const void *,	skbaddr)
		__field(unsigned int,	netns_ino)
		__field(int,		ifindex)
		__array(__u8,		saddr, sizeof(struct sockaddr_in6))
		__array(__u8,		daddr, sizeof(struct sockaddr_in6))
		__field(u16,		protocol)
		__field(u8,		l4proto)
		__field(u8,		icmp_type)
		__field(u8,		icmp_code)
		__field(u8,		reason)
	),

	TP_fast_assign(
		struct nf_xlat_trace t;

		nf_xlat_trace_read(skb, &t);
		__entry->skbaddr = skb;
		__entry->netns_ino = net->ns.inum;
		__entry->ifindex = skb->dev ? skb->dev->ifindex : 0;
		__entry->protocol = ntohs(skb->protocol);
		memcpy(__entry->saddr, &t.saddr, sizeof(t.saddr));
		memcpy(__entry->daddr, &t.daddr, sizeof(t.daddr));
		__entry->l4proto = t.proto;
		__entry->icmp_type = t.type;
		__entry->icmp_code = t.code;
		__entry->reason = reason;
	),

	TP_printk("skbaddr=%p netns=%u ifindex=%d protocol=0x%04x src=%pISpc dest=%pISpc l4proto=%u icmp_type=%u icmp_code=%u reason=%s",
		  __entry->skbaddr, __entry->netns_ino, __entry->ifindex,
		  __entry->protocol, __entry->saddr, __entry->daddr,
		  __entry->l4proto, __entry->icmp_type, __entry->icmp_code,
		  __print_symbolic(__entry->reason, NF_XLAT_REASONS))
);

#endif /* _TRACE_NF_XLAT_H */

/* This part must be outside protection */
#include <trace/define_trace.h>
