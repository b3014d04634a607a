// SPDX-License-Identifier: GPL-2.0
/* For xdp_flow.sh: bpf/xdp_flow.bpf.c, but frames leave by a map of devices. */

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <linux/bpf_xlat.h>

struct {
	__uint(type, BPF_MAP_TYPE_DEVMAP_HASH);
	__uint(max_entries, 2);
	__type(key, __u32);
	__type(value, __u32);
} flow_devs SEC(".maps");

SEC("xdp")
int xdp_flow_map(struct xdp_md *ctx)
{
	struct bpf_xlat_flow flow = {};

	if (bpf_xdp_xlat_flow(ctx, &flow, sizeof(flow)))
		return XDP_PASS;
	return bpf_redirect_map(&flow_devs, flow.ifindex, XDP_DROP);
}

char _license[] SEC("license") = "GPL";
