// SPDX-License-Identifier: GPL-2.0
/*
 * Stateless translation at a device that has IPv6 only, docs/bpf.md: what comes in for the
 * prefix or the pair goes up the stack as IPv4, what IPv4 routes lead to the device goes out
 * as IPv6. The rest passes.
 */

#include <linux/errno.h>
#include <linux/bpf.h>
#include <linux/pkt_cls.h>
#include <bpf/bpf_helpers.h>
#include <linux/bpf_xlat.h>

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct bpf_xlat_opts);
} xlat_conf SEC(".maps");

SEC("tc")
int xlat(struct __sk_buff *skb)
{
	struct bpf_xlat_opts *conf, opts;
	__u32 key = 0;

	conf = bpf_map_lookup_elem(&xlat_conf, &key);
	if (!conf)
		return TC_ACT_UNSPEC;

	/* The reason is written to it. */
	opts = *conf;
	switch (bpf_skb_xlat(skb, &opts, sizeof(opts))) {
	case 0:
	case -ENOENT:
		return TC_ACT_UNSPEC;
	default:
		return TC_ACT_SHOT;
	}
}

char _license[] SEC("license") = "GPL";
