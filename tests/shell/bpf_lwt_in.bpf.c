// SPDX-License-Identifier: GPL-2.0
/*
 * For bpf_skb.sh: a program of a route for input calls the function that is for transmission
 * only. It is an object of its own, because the kernel refuses to load it.
 */

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <linux/bpf_xlat.h>

SEC("lwt_in")
int go_on(struct __sk_buff *skb)
{
	struct bpf_xlat_opts opts = {};

	return bpf_lwt_xlat(skb, &opts, sizeof(opts)) ? BPF_DROP : BPF_OK;
}

char _license[] SEC("license") = "GPL";
