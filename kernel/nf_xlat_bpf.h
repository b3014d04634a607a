/* SPDX-License-Identifier: GPL-2.0-only */
/* Declarations for nf_xlat_bpf_main.c (programs of tc and of routes) and nf_xlat_bpf_xdp.c (XDP) */
#ifndef _NF_XLAT_BPF_H
#define _NF_XLAT_BPF_H

#include <linux/bpf_xlat.h>
#include <net/netfilter/nf_xlat.h>

/**
 * struct nf_xlat_bpf_conf - a checked copy of the options of a program
 *
 * @dom: how addresses map
 * @error4: IPv4 source of the ICMP errors of IPv6 routers without a mapping, or 0
 * @mtu: greatest length of the translated packet, or 0
 * @hop: decrement TTL or hop limit
 *
 * It is a copy, because other programs may write to the options at the same time.
 */
struct nf_xlat_bpf_conf {
	struct nf_xlat_domain	dom;
	union nf_inet_addr	error4;
	u32			mtu;
	bool			hop;
};

int nf_xlat_bpf_conf(struct nf_xlat_bpf_conf *conf,
		     const struct bpf_xlat_opts *from);
u32 nf_xlat_bpf_mtu(const struct nf_xlat_pkt *pkt, u32 mtu);
enum nf_xlat_reason nf_xlat_bpf_check(const struct nf_xlat_pkt *pkt,
				      const struct nf_xlat_hdr *hdr, bool hop);
int nf_xlat_bpf_errno(enum nf_xlat_reason reason);

int nf_xlat_bpf_xdp_register(void);

#endif /* _NF_XLAT_BPF_H */
