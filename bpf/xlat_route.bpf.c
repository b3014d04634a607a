// SPDX-License-Identifier: GPL-2.0
/*
 * Stateless translation of what a route leads here ("encap bpf xmit"), docs/bpf.md: it goes
 * on by the route of the other family.
 */

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <linux/bpf_xlat.h>

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct bpf_xlat_opts);
} xlat_conf SEC(".maps");

SEC("lwt_xmit")
int xlat_route(struct __sk_buff *skb)
{
	struct bpf_xlat_opts *conf, opts;
	__u32 key = 0;

	conf = bpf_map_lookup_elem(&xlat_conf, &key);
	if (!conf)
		return BPF_DROP;

	/* The reason is written to it. */
	opts = *conf;
	return bpf_lwt_xlat(skb, &opts, sizeof(opts)) ? BPF_DROP : BPF_LWT_REROUTE;
}

char _license[] SEC("license") = "GPL";
