// SPDX-License-Identifier: GPL-2.0-only
/*
 * Counters, the tracepoint and the log.
 */

#include <linux/icmp.h>
#include <linux/in.h>
#include <linux/in6.h>
#include <linux/netdevice.h>
#include <linux/percpu.h>
#include <linux/proc_fs.h>
#include <linux/seq_file.h>
#include <net/ip.h>
#include <net/ipv6.h>
#include <net/snmp.h>
#include <net/netfilter/nf_log.h>
#include "compat.h"
#include "nf_xlat_internal.h"

#define CREATE_TRACE_POINTS
#include <trace/events/nf_xlat.h>

static const char * const nf_xlat_mib_list[__NF_XLAT_MIB_MAX] = {
	[NF_XLAT_MALFORMED]	= "XlatDropMalformed",
	[NF_XLAT_CSUM]		= "XlatDropChecksum",
	[NF_XLAT_OPTIONS]	= "XlatDropSourceRoute",
	[NF_XLAT_FRAGMENT]	= "XlatDropFragment",
	[NF_XLAT_ICMP]		= "XlatDropIcmpType",
	[NF_XLAT_QUOTED]	= "XlatDropIcmpQuoted",
	[NF_XLAT_ADDRESS]	= "XlatDropAddress",
	[NF_XLAT_PROTO]		= "XlatDropProtocol",
	[NF_XLAT_HOPLIMIT]	= "XlatDropHopLimit",
	[NF_XLAT_TOOBIG]	= "XlatDropTooBig",
	[NF_XLAT_NOROUTE]	= "XlatDropNoRoute",
	[NF_XLAT_LOOP]		= "XlatDropLoop",
	[NF_XLAT_GSO]		= "XlatDropGso",
	[NF_XLAT_STATE]		= "XlatDropState",
	[NF_XLAT_NOPORT]	= "XlatDropNoPort",
	[NF_XLAT_NOMEM]		= "XlatDropNoMemory",
	[NF_XLAT_FORWARDING]	= "XlatDropForwarding",
	[NF_XLAT_POLICY]	= "XlatDropPolicy",
	[NF_XLAT_DADDR]		= "XlatDropDestination",
	[NF_XLAT_NON_GLOBAL]	= "XlatDropNonGlobal",
	[NF_XLAT_FRAG_ICMP]	= "XlatDropFragmentedIcmp",
	[NF_XLAT_FRAG_CSUM]	= "XlatDropFragmentedUdpZero",
	[NF_XLAT_FILTERED]	= "XlatDropFiltered",
	[NF_XLAT_UNSOLICITED]	= "XlatDropUnsolicited",
	[NF_XLAT_BLACKHOLE]	= "XlatDropBlackhole",
	[NF_XLAT_MIB_6TO4]	= "Xlat6to4",
	[NF_XLAT_MIB_4TO6]	= "Xlat4to6",
	[NF_XLAT_MIB_BIB]	= "XlatBib",
};

/* Read for the tracepoint the transport header at @off. */
static void nf_xlat_trace_l4(const struct sk_buff *skb, int off,
			     struct nf_xlat_trace *t, __be16 *sport,
			     __be16 *dport)
{
	const __be16 *ports;
	const u8 *icmp;
	__be16 _ports[2];
	u8 _icmp[2];

	if (nf_xlat_has_ports(t->proto)) {
		ports = skb_header_pointer(skb, off, sizeof(_ports), _ports);
		if (!ports)
			return;
		*sport = ports[0];
		*dport = ports[1];
	} else if (t->proto == IPPROTO_ICMP || t->proto == IPPROTO_ICMPV6) {
		icmp = skb_header_pointer(skb, off, sizeof(_icmp), _icmp);
		if (!icmp)
			return;
		t->type = icmp[0];
		t->code = icmp[1];
	}
}

static void nf_xlat_trace_read4(const struct sk_buff *skb,
				struct nf_xlat_trace *t)
{
	struct sockaddr_in *saddr = (struct sockaddr_in *)&t->saddr;
	struct sockaddr_in *daddr = (struct sockaddr_in *)&t->daddr;
	int off = skb_network_offset(skb);
	const struct iphdr *iph;
	struct iphdr _iph;

	saddr->sin_family = AF_INET;
	daddr->sin_family = AF_INET;
	iph = skb_header_pointer(skb, off, sizeof(_iph), &_iph);
	if (!iph || iph->version != 4)
		return;

	saddr->sin_addr.s_addr = iph->saddr;
	daddr->sin_addr.s_addr = iph->daddr;
	t->proto = iph->protocol;
	if (iph->ihl * 4 >= sizeof(*iph) &&
	    !(iph->frag_off & htons(IP_OFFSET)))
		nf_xlat_trace_l4(skb, off + iph->ihl * 4, t, &saddr->sin_port,
				 &daddr->sin_port);
}

static void nf_xlat_trace_read6(const struct sk_buff *skb,
				struct nf_xlat_trace *t)
{
	struct sockaddr_in6 *saddr = &t->saddr, *daddr = &t->daddr;
	int off = skb_network_offset(skb);
	const struct ipv6hdr *ip6h;
	struct ipv6hdr _ip6h;
	__be16 frag_off;

	saddr->sin6_family = AF_INET6;
	daddr->sin6_family = AF_INET6;
	ip6h = skb_header_pointer(skb, off, sizeof(_ip6h), &_ip6h);
	if (!ip6h || ip6h->version != 6)
		return;

	saddr->sin6_addr = ip6h->saddr;
	daddr->sin6_addr = ip6h->daddr;
	t->proto = ip6h->nexthdr;
	off = ipv6_skip_exthdr(skb, off + sizeof(*ip6h), &t->proto, &frag_off);
	if (off >= 0 && !(frag_off & htons(IP6_OFFSET)))
		nf_xlat_trace_l4(skb, off, t, &saddr->sin6_port,
				 &daddr->sin6_port);
}

/**
 * nf_xlat_trace_read - read the fields of a packet that the tracepoint has
 * @skb: any packet; it may be truncated, and not linear
 * @t: filled in
 *
 * Any context.
 */
void nf_xlat_trace_read(const struct sk_buff *skb, struct nf_xlat_trace *t)
{
	memset(t, 0, sizeof(*t));
	if (skb->protocol == htons(ETH_P_IP))
		nf_xlat_trace_read4(skb, t);
	else
		nf_xlat_trace_read6(skb, t);
}

/**
 * nf_xlat_warn - log, rate-limited, a problem that the administrator has to fix
 * @net: network namespace that has it
 * @fmt: what is wrong; ends with ", dropping packet" if a packet is dropped for it
 *
 * Any user can make a namespace in which packets are dropped. So, as nf_log does, log problems of
 * the initial namespace only, unless the host's administrator has set the sysctl
 * nf_log_all_netns. Any context.
 */
void nf_xlat_warn(const struct net *net, const char *fmt, ...)
{
	struct va_format vaf;
	va_list args;

	if (!net_eq(net, &init_net) && !READ_ONCE(sysctl_nf_log_all_netns))
		return;
	va_start(args, fmt);
	vaf.fmt = fmt;
	vaf.va = &args;
	net_warn_ratelimited("nf_xlat: netns %u: %pV\n",
			     net->ns.inum, &vaf);
	va_end(args);
}
EXPORT_SYMBOL_GPL(nf_xlat_warn);

/**
 * nf_xlat_drop - count a packet that is not translated
 * @net: network namespace
 * @skb: the packet, for the tracepoint
 * @reason: why
 *
 * Any context.
 *
 * Return: NF_DROP
 */
unsigned int nf_xlat_drop(struct net *net, const struct sk_buff *skb,
			  enum nf_xlat_reason reason)
{
	trace_nf_xlat_drop(net, skb, reason);
	if (unlikely(reason == NF_XLAT_NOMEM))
		nf_xlat_warn(net, "out of memory, dropping packet");
	SNMP_INC_STATS(nf_xlat_pernet(net)->mib, reason);
	return NF_DROP;
}
EXPORT_SYMBOL_GPL(nf_xlat_drop);

/**
 * nf_xlat_owner_drop - as nf_xlat_drop(), and count the packet for a device as well
 * @owner: the device, or NULL
 * @net: network namespace
 * @skb: the packet, for the tracepoint
 * @reason: why
 *
 * RCU read side.
 *
 * Return: NF_DROP
 */
unsigned int nf_xlat_owner_drop(const struct nf_xlat_owner *owner,
				struct net *net, const struct sk_buff *skb,
				enum nf_xlat_reason reason)
{
	if (owner)
		this_cpu_inc(owner->mib->mibs[reason]);
	return nf_xlat_drop(net, skb, reason);
}
EXPORT_SYMBOL_GPL(nf_xlat_owner_drop);

/**
 * nf_xlat_count - add to a counter of enum nf_xlat_mib_counters
 * @net: network namespace
 * @mib: which counter
 * @n: how many more, or less
 *
 * Any context.
 */
void nf_xlat_count(struct net *net, enum nf_xlat_mib_counters mib, int n)
{
	this_cpu_add(nf_xlat_pernet(net)->mib->mibs[mib], n);
}
EXPORT_SYMBOL_GPL(nf_xlat_count);

/**
 * nf_xlat_mib - the counters of a namespace
 * @net: network namespace
 *
 * They exist from nf_xlat_net_init() to nf_xlat_net_exit(), which runs after the exit methods of
 * all users. Any context.
 */
struct nf_xlat_mib __percpu *nf_xlat_mib(const struct net *net)
{
	return nf_xlat_pernet(net)->mib;
}
EXPORT_SYMBOL_GPL(nf_xlat_mib);

/**
 * nf_xlat_mib_name - get the name of a counter
 * @i: a reason, or one of enum nf_xlat_mib_counters
 *
 * Return: the name, or NULL if there is no such counter.
 */
const char *nf_xlat_mib_name(unsigned int i)
{
	return i < ARRAY_SIZE(nf_xlat_mib_list) ? nf_xlat_mib_list[i] : NULL;
}
EXPORT_SYMBOL_GPL(nf_xlat_mib_name);

/**
 * nf_xlat_mib_sum - sum of a counter over all CPUs
 * @mib: a namespace's counters, or a device's
 * @i: which of them
 *
 * Any context.
 */
unsigned long nf_xlat_mib_sum(const struct nf_xlat_mib __percpu *mib,
			      unsigned int i)
{
	unsigned long sum = 0;
	int cpu;

	/* snmp_fold_field() is not exported any more. */
	for_each_possible_cpu(cpu)
		sum += READ_ONCE(per_cpu_ptr(mib, cpu)->mibs[i]);
	return sum;
}
EXPORT_SYMBOL_GPL(nf_xlat_mib_sum);

/**
 * nf_xlat_seq_show - /proc/net/nf_xlat
 * @seq: the file, of a namespace
 * @v: unused
 *
 * Return: 0
 */
int nf_xlat_seq_show(struct seq_file *seq, void *v)
{
	struct nf_xlat_net *xn = nf_xlat_pernet(seq_file_single_net(seq));
	unsigned int i;

	for (i = 0; i < __NF_XLAT_MIB_MAX; i++)
		if (nf_xlat_mib_list[i])
			seq_printf(seq, "%-24s\t%lu\n", nf_xlat_mib_list[i],
				   nf_xlat_mib_sum(xn->mib, i));
	return 0;
}

/**
 * nf_xlat_tap - show a packet to the packet sockets of the device that translates it
 * @skb: the packet, before its translation or after it
 * @owner: the device
 *
 * As vrf_ip_rcv() does. Otherwise packet sockets would not see a translated packet, since it does
 * not pass netif_rx(). Bottom halves are disabled, RCU read side.
 */
void nf_xlat_tap(struct sk_buff *skb, const struct nf_xlat_owner *owner)
{
	struct net_device *dev = skb->dev;

	if (likely(!dev_nit_active(owner->dev)))
		return;
	skb->dev = owner->dev;
	dev_queue_xmit_nit(skb, owner->dev);
	skb->dev = dev;
}

/**
 * nf_xlat_owner_count - count a translated packet for the device that translates it
 * @skb: the packet, translated
 * @owner: the device
 * @len: bytes of the packet that the stack gave to the device
 *
 * Bottom halves are disabled, RCU read side.
 */
void nf_xlat_owner_count(struct sk_buff *skb, const struct nf_xlat_owner *owner,
			 unsigned int len)
{
	this_cpu_inc(owner->mib->mibs[skb->protocol == htons(ETH_P_IP) ?
				      NF_XLAT_MIB_6TO4 : NF_XLAT_MIB_4TO6]);
	dev_sw_netstats_tx_add(owner->dev, 1, len);
	dev_sw_netstats_rx_add(owner->dev, skb->len);
	nf_xlat_tap(skb, owner);
}
