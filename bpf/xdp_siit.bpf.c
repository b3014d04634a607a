// SPDX-License-Identifier: GPL-2.0
/*
 * Stateless translation before there is an skb, docs/bpf.md: what comes from the pair's IPv6
 * prefix, or goes to its IPv4 prefix, is translated and leaves by the route of the other
 * family. All else is for the stack, whose rules or devices translate it, or which routes it.
 */

#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <bpf/bpf_endian.h>
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

/* Do the first @len bits of these two addresses, of so many words, agree? */
static __always_inline int agree(const __be32 *a, const __be32 *b, int words,
				 int len)
{
	__u32 diff;
	int i;

	for (i = 0; i < words && len > 0; i++, len -= 32) {
		diff = bpf_ntohl(a[i] ^ b[i]);
		if (len < 32)
			diff >>= 32 - len;
		if (diff)
			return 0;
	}
	return 1;
}

/*
 * Has the frame an address of the pair, where a host of the IPv6 network has one? The prefix
 * maps each IPv4 address, so bpf_xdp_xlat() would also translate what is only routed here.
 */
static __always_inline int of_pair(struct xdp_md *ctx,
				   const struct bpf_xlat_opts *opts)
{
	void *end = (void *)(long)ctx->data_end;
	struct ethhdr *eth = (void *)(long)ctx->data;
	struct ipv6hdr *ip6h = (void *)(eth + 1);
	struct iphdr *iph = (void *)(eth + 1);

	if ((void *)(iph + 1) > end || !(opts->local6_len || opts->local4_len))
		return 0;
	if (eth->h_proto == bpf_htons(ETH_P_IP))
		return agree(&iph->daddr, &opts->local4, 1, opts->local4_len);
	if (eth->h_proto != bpf_htons(ETH_P_IPV6) || (void *)(ip6h + 1) > end)
		return 0;
	return agree(ip6h->saddr.s6_addr32,
		     opts->local6.s6_addr32, 4, opts->local6_len);
}

SEC("xdp")
int xdp_siit(struct xdp_md *ctx)
{
	struct bpf_fib_lookup fib = {};
	struct bpf_xlat_opts *conf, opts;
	struct ethhdr *eth;
	__u32 key = 0, *dev;

	conf = bpf_map_lookup_elem(&xlat_conf, &key);
	if (!conf)
		return XDP_PASS;
	opts = *conf;
	opts.flags |= BPF_XLAT_F_HOP;

	/* The stack is to have what does not leave here as it came. */
	if (!of_pair(ctx, &opts) ||
	    bpf_xdp_xlat_fib(ctx, &opts, sizeof(opts), &fib, sizeof(fib)) ||
	    bpf_fib_lookup(ctx, &fib, sizeof(fib), 0) != BPF_FIB_LKUP_RET_SUCCESS)
		return XDP_PASS;
	key = fib.ifindex;
	dev = bpf_map_lookup_elem(&xlat_devs, &key);
	if (!dev || *dev != key ||
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
