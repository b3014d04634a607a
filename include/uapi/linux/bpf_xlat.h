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

/* Flags of struct bpf_xlat_opts */
#define BPF_XLAT_F_NON_GLOBAL	(1 << 0)	/* any IPv4 address in the well-known prefix */
#define BPF_XLAT_F_HOP		(1 << 1)	/* decrement TTL or hop limit */

/**
 * struct bpf_xlat_opts - how a packet is to be translated, and why it was not
 *
 * @prefix: RFC 6052 prefix of the addresses that the pair does not map
 * @local6: IPv6 prefix of the pair (RFC 7757), bits after @local6_len are zero
 * @local4: IPv4 prefix of the pair, network byte order, bits after @local4_len are zero
 * @error4: IPv4 source of ICMP errors of IPv6 routers that have no mapping (RFC 6791),
 *	network byte order; 0: such errors are not translated
 * @prefix_len: 32, 40, 48, 56, 64 or 96; 0: no prefix
 * @local6_len: 0 to 128
 * @local4_len: 0 to 32; 32 - @local4_len must not be more than 128 - @local6_len; if both lengths
 *	are 0, there is no pair
 * @flags: BPF_XLAT_F_NON_GLOBAL, BPF_XLAT_F_HOP
 * @mtu: maximum length of the translated packet, host byte order; 0: 1280 for an IPv4 packet
 *	without DF (RFC 7915 section 4.1), no maximum for others
 * @reason: set by the function: 0, or the number of the line in /proc/net/nf_xlat that says why
 *	the packet is not translated
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
 * The translation has no state. It maps each address by the pair, or by the prefix if the pair does
 * not have the address. The program decides where the packet goes afterwards. It has to read its
 * packet pointers again from @skb, as after bpf_skb_change_proto(). Old packet pointers may point
 * to a copy of the packet that is not sent.
 *
 * Return: 0; or an error, with which the packet is unchanged except for -ENOMEM:
 *	-ENOENT if it is no IP packet, or has an address that is not mapped,
 *	-EMSGSIZE if the translated packet would be too long, or has to be segmented before,
 *	-EBADMSG if it is malformed, or has no counterpart in the other family,
 *	-EOPNOTSUPP if an XDP program has added metadata to it,
 *	-EINVAL if @opts is not valid,
 *	-ENOMEM without memory; then the program has to drop the packet.
 */
int bpf_skb_xlat(struct __sk_buff *skb, struct bpf_xlat_opts *opts,
		 __u32 opts__sz) __ksym;

/**
 * bpf_lwt_xlat - translate the packet of a program of a route (BPF_PROG_TYPE_LWT_XMIT)
 * @skb: the packet
 * @opts: how
 * @opts__sz: sizeof(*@opts)
 *
 * As bpf_skb_xlat(), for the program of a route with "encap bpf xmit". Afterwards the packet has no
 * route. It gets one of its new family when the program returns BPF_LWT_REROUTE. After BPF_OK, the
 * kernel drops the packet, unless the program has put a header of the old family around it. The
 * program must not use skb->cb, which has data of the old family.
 *
 * Return: as bpf_skb_xlat(). Besides, with the packet unchanged:
 *	-EOPNOTSUPP if the packet has no route of its family, since it has been translated
 *	already; if its socket is bound to a device, or is one whose memory may be freed at once
 *	(neither TCP, UDP, raw nor ping); or if the network namespace has IPsec policies,
 *	-ELOOP if routes send the packet in a loop.
 */
int bpf_lwt_xlat(struct __sk_buff *skb, struct bpf_xlat_opts *opts,
		 __u32 opts__sz) __ksym;

/**
 * bpf_xdp_xlat - translate the frame of an XDP program
 * @xdp: the frame
 * @opts: how
 * @opts__sz: sizeof(*@opts)
 *
 * As bpf_skb_xlat(), for plain packets of TCP, UDP and ICMP echo: those that have no options or
 * extension headers, are not fragments, and are in one buffer. The link layer header moves with the
 * packet, and gets the protocol of the other family. Its addresses and tags are left to the
 * program. The program has to read its packet pointers again from @xdp. Metadata of the frame is
 * lost.
 *
 * Return: 0; or an error, with the frame unchanged:
 *	-ENOENT if it is no IP packet, is not for the MAC address of the device, or has an
 *	address that is not mapped,
 *	-EOPNOTSUPP if the stack may be able to translate it, but this function is not: another
 *	protocol, an ICMP error, a fragment, options or extension headers, a UDP packet of IPv4
 *	without a checksum, a frame of several buffers or without room in front, generic XDP,
 *	-EMSGSIZE, -EBADMSG, -EINVAL as bpf_skb_xlat(); -EINVAL also if @opts is in the memory of
 *	the frame.
 */
int bpf_xdp_xlat(struct xdp_md *xdp, struct bpf_xlat_opts *opts,
		 __u32 opts__sz) __ksym;

/**
 * bpf_xdp_xlat_fib - fill in the route look-up for the translated frame of an XDP program
 * @xdp: the frame
 * @opts: how it is to be translated
 * @opts__sz: sizeof(*@opts)
 * @fib: set by the function: parameters of bpf_fib_lookup() for the translated frame
 * @fib__sz: sizeof(*@fib)
 *
 * This does not change the frame. So if bpf_fib_lookup() fails, the program can leave the frame to
 * the stack. With a prefix, each IPv4 destination is mapped, since the prefix maps what the pair
 * does not have. So the program has to know which frames are to be translated.
 *
 * Return: as bpf_xdp_xlat(); -EINVAL also if @fib__sz is too small, or @fib is in the memory of the
 *	frame; -EOPNOTSUPP also if
 *	the frame has a VLAN tag, or its device removes VLAN tags,
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
 * @ifindex: set by the function: index of the device by which the frame has to leave
 */
struct bpf_xlat_flow {
	__u32	ifindex;
};

/**
 * bpf_xdp_xlat_flow - translate the frame of an XDP program, if it is of the fast path
 * @xdp: the frame
 * @flow: where the frame goes
 * @flow__sz: sizeof(*@flow)
 *
 * Rules with "xlat flow add", and devices of kind "xlat" with "fast", put sessions and flows on the
 * fast path. The frame gets the Ethernet header with which it has to leave, and the program has to
 * redirect it. The program has to read its packet pointers again from @xdp.
 *
 * Return: 0; or an error, with the frame unchanged:
 *	-ENOENT if the program has to pass the frame to the stack,
 *	-EINVAL if @flow__sz is wrong.
 */
int bpf_xdp_xlat_flow(struct xdp_md *xdp, struct bpf_xlat_flow *flow,
		      __u32 flow__sz) __ksym;

#endif /* _UAPI_BPF_XLAT_H */
