// SPDX-License-Identifier: GPL-2.0
/*
 * Stateless translation before there is an skb, docs/bpf.md: what the prefix and the pair map
 * is translated and leaves by the route of the other family. All else is for the stack,
 * whose rules or devices translate it.
 */

#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <bpf/bpf_helpers.h>
#include <linux/bpf_xlat.h>

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct bpf_xlat_opts);
} xlat_conf SEC(".maps");

/* The devices that frames may leave by, each by its index */
struct {
	__uint(type, BPF_MAP_TYPE_DEVMAP_HASH);
	__uint(max_entries, 64);
	__type(key, __u32);
	__type(value, __u32);
} xlat_devs SEC(".maps");

SEC("xdp")
int xdp_siit(struct xdp_md *ctx)
{
	struct bpf_fib_lookup fib = {};
	struct bpf_xlat_opts *conf, opts;
	struct ethhdr *eth;
	__u32 key = 0;

	conf = bpf_map_lookup_elem(&xlat_conf, &key);
	if (!conf)
		return XDP_PASS;
	opts = *conf;
	opts.flags |= BPF_XLAT_F_HOP;

	/* The stack is to have what does not leave here as it came. */
	if (bpf_xdp_xlat_fib(ctx, &opts, sizeof(opts), &fib, sizeof(fib)) ||
	    bpf_fib_lookup(ctx, &fib, sizeof(fib), 0) != BPF_FIB_LKUP_RET_SUCCESS)
		return XDP_PASS;
	key = fib.ifindex;
	if (!bpf_map_lookup_elem(&xlat_devs, &key) ||
	    bpf_xdp_xlat(ctx, &opts, sizeof(opts)))
		return XDP_PASS;

	eth = (void *)(long)ctx->data;
	if ((void *)(eth + 1) > (void *)(long)ctx->data_end)
		return XDP_ABORTED;
	__builtin_memcpy(eth->h_dest, fib.dmac, ETH_ALEN);
	__builtin_memcpy(eth->h_source, fib.smac, ETH_ALEN);
	return bpf_redirect_map(&xlat_devs, key, 0);
}

char _license[] SEC("license") = "GPL";
