// SPDX-License-Identifier: GPL-2.0
/*
 * Programs for bpf_skb.sh: what bpf_skb_xlat() and the functions for XDP return, and what old
 * packet pointers find.
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

/* Packets of stale_read() and stale_write(): translated, and what they found to be wrong */
struct stale {
	__u64	packets;
	__u64	changed;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct stale);
} stale_count SEC(".maps");

static const __u32 zero;

/* The errno, and in the bits above it the reason */
SEC("tc")
int answer(struct __sk_buff *skb)
{
	struct bpf_xlat_opts *conf = bpf_map_lookup_elem(&xlat_conf, &zero);
	int ret;

	if (!conf)
		return -1;
	ret = -bpf_skb_xlat(skb, conf, sizeof(*conf));
	return ret | conf->reason << 8;
}

/* Of a size that no version has */
SEC("tc")
int wrong_size(struct __sk_buff *skb)
{
	struct bpf_xlat_opts *conf = bpf_map_lookup_elem(&xlat_conf, &zero);

	return conf ? -bpf_skb_xlat(skb, conf, sizeof(*conf) - 1) : -1;
}

/* The same of frames of XDP */
static __always_inline int answer_of(struct xdp_md *ctx)
{
	struct bpf_xlat_opts *conf = bpf_map_lookup_elem(&xlat_conf, &zero);
	int ret;

	if (!conf)
		return -1;
	ret = -bpf_xdp_xlat(ctx, conf, sizeof(*conf));
	return ret | conf->reason << 8;
}

SEC("xdp")
int xdp_answer(struct xdp_md *ctx)
{
	return answer_of(ctx);
}

/* That has several buffers */
SEC("xdp.frags")
int xdp_frags(struct xdp_md *ctx)
{
	return answer_of(ctx);
}

/* Of which the first bytes are at the begin of all the room that there is */
SEC("xdp")
int xdp_crowded(struct xdp_md *ctx)
{
	__u8 head[74];
	int off;

	for (off = 0; off < 1024; off++) {
		if (bpf_xdp_adjust_head(ctx, -1))
			break;
	}
	if (bpf_xdp_load_bytes(ctx, off, head, sizeof(head)) ||
	    bpf_xdp_store_bytes(ctx, 0, head, sizeof(head)))
		return -1;
	return answer_of(ctx);
}

SEC("xdp")
int xdp_wrong_size(struct xdp_md *ctx)
{
	struct bpf_xlat_opts *conf = bpf_map_lookup_elem(&xlat_conf, &zero);

	return conf ? -bpf_xdp_xlat(ctx, conf, sizeof(*conf) - 1) : -1;
}

/* With options that lie in the frame */
SEC("xdp")
int xdp_in_frame(struct xdp_md *ctx)
{
	struct bpf_xlat_opts *conf = bpf_map_lookup_elem(&xlat_conf, &zero);
	struct bpf_xlat_opts *opts = (void *)(long)ctx->data;

	if (!conf || (void *)(opts + 1) > (void *)(long)ctx->data_end)
		return -1;
	*opts = *conf;
	return -bpf_xdp_xlat(ctx, opts, sizeof(*opts));
}

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct bpf_fib_lookup);
} xlat_fib SEC(".maps");

SEC("xdp")
int xdp_fib(struct xdp_md *ctx)
{
	struct bpf_xlat_opts *conf = bpf_map_lookup_elem(&xlat_conf, &zero);
	struct bpf_fib_lookup *fib = bpf_map_lookup_elem(&xlat_fib, &zero);
	int ret;

	if (!conf || !fib)
		return -1;
	ret = -bpf_xdp_xlat_fib(ctx, conf, sizeof(*conf), fib, sizeof(*fib));
	return ret | conf->reason << 8;
}

SEC("xdp")
int xdp_fib_size(struct xdp_md *ctx)
{
	struct bpf_xlat_opts *conf = bpf_map_lookup_elem(&xlat_conf, &zero);
	struct bpf_fib_lookup *fib = bpf_map_lookup_elem(&xlat_fib, &zero);

	if (!conf || !fib)
		return -1;
	return -bpf_xdp_xlat_fib(ctx, conf, sizeof(*conf), fib, sizeof(*fib) - 1);
}

/* As built with headers in which it is longer */
SEC("xdp")
int xdp_fib_long(struct xdp_md *ctx)
{
	struct bpf_xlat_opts *conf = bpf_map_lookup_elem(&xlat_conf, &zero);
	struct bpf_fib_lookup fib[2] = {};

	return conf ? -bpf_xdp_xlat_fib(ctx, conf, sizeof(*conf), fib,
					sizeof(*fib) + 4) : -1;
}

/* That is to be written to the frame */
SEC("xdp")
int xdp_fib_in_frame(struct xdp_md *ctx)
{
	struct bpf_xlat_opts *conf = bpf_map_lookup_elem(&xlat_conf, &zero);
	struct bpf_fib_lookup *fib = (void *)(long)ctx->data;

	if (!conf || (void *)(fib + 1) > (void *)(long)ctx->data_end)
		return -1;
	return -bpf_xdp_xlat_fib(ctx, conf, sizeof(*conf), fib, sizeof(*fib));
}

/*
 * Offset of two bytes of TCP or UDP that translation does not change and leaves where they
 * are; 0 for other packets
 */
static __always_inline int unchanged(const __u8 *eth, const void *end)
{
	__u8 proto;

	if ((void *)eth + 14 + 40 + 6 > end)
		return 0;
	proto = eth[14] >> 4 == 6 ? eth[14 + 6] : eth[14 + 9];
	if (proto != 6 && proto != 17)
		return 0;
	return 14 + (eth[14] >> 4 == 6 ? 40 : 20) + 4;
}

static __always_inline int stale(struct __sk_buff *skb, int write)
{
	struct bpf_xlat_opts *conf = bpf_map_lookup_elem(&xlat_conf, &zero), opts;
	struct stale *count = bpf_map_lookup_elem(&stale_count, &zero);
	void *data = (void *)(long)skb->data;
	void *end = (void *)(long)skb->data_end;
	volatile __u16 *old = data;
	__u16 was = 0;
	int ret, at;

	if (!conf || !count)
		return TC_ACT_SHOT;
	at = unchanged(data, end);
	if (at == 14 + 40 + 4)
		old = data + 14 + 40 + 4;
	else
		old = data + 14 + 20 + 4;
	if (at && (void *)(old + 1) <= end)
		was = *old;
	else
		at = 0;

	opts = *conf;
	ret = bpf_skb_xlat(skb, &opts, sizeof(opts));
	/* To the verifier this is a pointer into the packet still. */
	if (at && (void *)(old + 1) <= end) {
		if (*old != was)
			__sync_fetch_and_add(&count->changed, 1);
		if (write)
			*old = was;
		if (!ret)
			__sync_fetch_and_add(&count->packets, 1);
	}
	return ret && ret != -ENOENT ? TC_ACT_SHOT : TC_ACT_UNSPEC;
}

SEC("tc")
int stale_read(struct __sk_buff *skb)
{
	return stale(skb, 0);
}

SEC("tc")
int stale_write(struct __sk_buff *skb)
{
	return stale(skb, 1);
}

char _license[] SEC("license") = "GPL";
