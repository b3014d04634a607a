// SPDX-License-Identifier: GPL-2.0
/*
 * A program for bpf_skb.sh that gives bpf_skb_xlat() the result of a look-up which finds
 * nothing. 6.12's verifier lets it pass, later ones do not.
 */

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <linux/bpf_xlat.h>

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct bpf_xlat_opts);
} xlat_none SEC(".maps");

SEC("tc")
int untested(struct __sk_buff *skb)
{
	__u32 key = 1;
	struct bpf_xlat_opts *opts = bpf_map_lookup_elem(&xlat_none, &key);

	return -bpf_skb_xlat(skb, opts, sizeof(*opts));
}

char _license[] SEC("license") = "GPL";
