/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * The functions that BPF programs call: bpf_xdp_xlat_flow() of nf_xlat_flow, the others of
 * nf_xlat_bpf.
 * Programs include this behind bpf/bpf_helpers.h of libbpf.
 */
#ifndef _UAPI_BPF_XLAT_H
#define _UAPI_BPF_XLAT_H

#include <linux/types.h>
#include <linux/bpf.h>
#include <linux/in6.h>

#ifndef __ksym
#define __ksym
#endif

/* Of struct bpf_xlat_opts */
#define BPF_XLAT_F_NON_GLOBAL	(1 << 0)	/* any IPv4 address in the well-known prefix */
#define BPF_XLAT_F_HOP		(1 << 1)	/* take one from TTL or hop limit */

/**
 * struct bpf_xlat_opts - how a packet is to be translated, and why it was not
 *
 * @prefix: RFC 6052 prefix of the addresses that the pair does not map
 * @local6: IPv6 prefix of the pair (RFC 7757), bits after @local6_len are zero
 * @local4: IPv4 prefix of the pair, network byte order, bits after @local4_len are zero
 * @error4: IPv4 source of ICMP errors of IPv6 routers that have no mapping (RFC 6791),
 *	network byte order; 0: they are not translated
 * @prefix_len: 32, 40, 48, 56, 64 or 96; 0: no prefix
 * @local6_len: 0 to 128
 * @local4_len: 0 to 32, with no more bits behind it than there are behind @local6_len;
 *	0 like @local6_len: no pair
 * @flags: BPF_XLAT_F_
 * @mtu: longest packet that may come out, host byte order; 0: 1280 for what comes from
 *	IPv4 without DF (RFC 7915 section 4.1), any for the rest
 * @reason: filled in: 0, or the line of /proc/net/nf_xlat that says why the packet is not
 *	translated
 */
struct bpf_xlat_opts {
	struct in6_addr	prefix;
	struct in6_addr	local6;
	__be32		local4;
	__be32		error4;
	__u8		prefix_len;
	__u8		local6_len;
	__u8		local4_len;
	__u8		flags;
	__u16		mtu;
	__u16		reason;
};

/**
 * bpf_skb_xlat - translate the packet of a program of tc (BPF_PROG_TYPE_SCHED_CLS)
 * @skb: the packet
 * @opts: how
 * @opts__sz: sizeof(*@opts)
 *
 * Without state: both addresses map by the pair or else by the prefix. Where the packet
 * goes then, the program says. Its packet pointers have to be read anew from @skb, as
 * after bpf_skb_change_proto(); by old ones it finds a packet that is no longer sent.
 *
 * Return: 0, or with the packet as it was
 *	-ENOENT if it is no IP packet or has an address that is not mapped,
 *	-EMSGSIZE if it is longer than what may come out and has to be cut, or segmented,
 *	-EBADMSG if it is one that has no counterpart or is malformed,
 *	-EOPNOTSUPP if an XDP program has given it metadata,
 *	-EINVAL if @opts is wrong;
 *	-ENOMEM, then the packet is to be dropped.
 */
int bpf_skb_xlat(struct __sk_buff *skb, struct bpf_xlat_opts *opts,
		 __u32 opts__sz) __ksym;

/**
 * bpf_lwt_xlat - translate the packet of a program of a route (BPF_PROG_TYPE_LWT_XMIT)
 * @skb: the packet
 * @opts: how
 * @opts__sz: sizeof(*@opts)
 *
 * As bpf_skb_xlat(), where a route with "encap bpf xmit" transmits. Afterwards the packet has
 * no route, and gets one of its new family when the program returns BPF_LWT_REROUTE; the kernel
 * drops it after BPF_OK. The program must not use skb->cb, where the kernel keeps what the code
 * of the old family knows of the packet.
 *
 * Return: as bpf_skb_xlat(), or, with the packet as it was, -EOPNOTSUPP if it has no route of
 *	its family (it has been translated already), a socket whose memory may be freed at
 *	once (neither TCP, UDP, raw nor ping) or that is bound to a device, or if the network
 *	namespace has IPsec policies, -ELOOP if routes lead it in a circle.
 */
int bpf_lwt_xlat(struct __sk_buff *skb, struct bpf_xlat_opts *opts,
		 __u32 opts__sz) __ksym;

/**
 * bpf_xdp_xlat - translate the frame of an XDP program
 * @xdp: the frame
 * @opts: how
 * @opts__sz: sizeof(*@opts)
 *
 * As bpf_skb_xlat(), for plain packets of TCP, UDP and ICMP echo: those without options or
 * extension headers that are no fragment and lie in one buffer. The link layer header
 * moves along and says the other family; its addresses and tags are the program's, and
 * packet pointers have to be read anew from @xdp. Metadata of the frame is lost.
 *
 * Return: 0, or with the frame as it was
 *	-ENOENT if it is no IP packet, not for the address of the device, or has an address
 *	that is not mapped,
 *	-EOPNOTSUPP if it is one that the stack can translate, and this function does not:
 *	another protocol, ICMP error, fragment, options or extension headers, UDP without a
 *	checksum from IPv4, a frame of several buffers or without room in front, generic XDP,
 *	-EMSGSIZE, -EBADMSG, -EINVAL as bpf_skb_xlat(); -EINVAL also if @opts lies in the
 *	memory of the frame.
 */
int bpf_xdp_xlat(struct xdp_md *xdp, struct bpf_xlat_opts *opts,
		 __u32 opts__sz) __ksym;

/**
 * bpf_xdp_xlat_fib - where would the frame of an XDP program go, once it is translated?
 * @xdp: the frame
 * @opts: how it is to be translated
 * @opts__sz: sizeof(*@opts)
 * @fib: filled in: what bpf_fib_lookup() has to be asked about the translated frame
 * @fib__sz: sizeof(*@fib)
 *
 * So a program can leave a frame to the stack as it was. An address that the pair does not map
 * falls back to the prefix, so each IPv4 destination is mapped: the program has to know
 * which frames are to be translated.
 *
 * Return: as bpf_xdp_xlat(), with the frame as it was always; -EINVAL also if @fib__sz is
 *	too small or @fib lies in the memory of the frame, -EOPNOTSUPP also if
 *	the frame has a tag, or its device removes tags,
 *	the device does not forward packets of the family that the frame came in with,
 *	the destination is an address of this host, in that family,
 *	the network namespace has IPsec policies.
 */
int bpf_xdp_xlat_fib(struct xdp_md *xdp, struct bpf_xlat_opts *opts,
		     __u32 opts__sz, struct bpf_fib_lookup *fib,
		     __u32 fib__sz) __ksym;

/**
 * struct bpf_xlat_flow - where a packet of the fast path goes
 *
 * @ifindex: filled in: device that it is to leave by
 */
struct bpf_xlat_flow {
	__u32	ifindex;
};

/**
 * bpf_xdp_xlat_flow - translate the frame of an XDP program, if it is of the fast path
 * @xdp: the frame
 * @flow: where it goes
 * @flow__sz: sizeof(*@flow)
 *
 * The fast path has what rules with "xlat flow add" have put there. The frame gets the
 * Ethernet header that it is to leave with; the program redirects it. Packet pointers have
 * to be read anew from @xdp.
 *
 * Return: 0, or with the frame as it was
 *	-ENOENT if it is for the stack,
 *	-EINVAL if @flow__sz is wrong.
 */
int bpf_xdp_xlat_flow(struct xdp_md *xdp, struct bpf_xlat_flow *flow,
		      __u32 flow__sz) __ksym;

#endif /* _UAPI_BPF_XLAT_H */
