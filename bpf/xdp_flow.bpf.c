// SPDX-License-Identifier: GPL-2.0
/*
 * The fast path of "xlat flow add" before there is an skb, docs/bpf.md: what has an entry
 * is translated and leaves by the device that the rules have sent it to. All else is for
 * the stack, whose rules make the entries.
 */

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <linux/bpf_xlat.h>

SEC("xdp")
int xdp_flow(struct xdp_md *ctx)
{
	struct bpf_xlat_flow flow = {};

	if (bpf_xdp_xlat_flow(ctx, &flow, sizeof(flow)))
		return XDP_PASS;
	return bpf_redirect(flow.ifindex, 0);
}

char _license[] SEC("license") = "GPL";
