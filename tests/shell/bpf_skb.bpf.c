// SPDX-License-Identifier: GPL-2.0
/*
 * Programs for bpf_skb.sh: what bpf_skb_xlat(), bpf_lwt_xlat() and the functions for XDP
 * return, and what old packet pointers find.
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

/* What a helper of the kernel reads at an old pointer. KASAN does not see what a program reads. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u16);
} stale_bytes SEC(".maps");

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

/* How often each errno came */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 128);
	__type(key, __u32);
	__type(value, __u64);
} lwt_errno SEC(".maps");

static __always_inline __u32 counted(__u32 err)
{
	__u64 *count = bpf_map_lookup_elem(&lwt_errno, &err);

	if (count)
		__sync_fetch_and_add(count, 1);
	return err;
}

static __always_inline int lwt_answer(struct __sk_buff *skb)
{
	struct bpf_xlat_opts *conf = bpf_map_lookup_elem(&xlat_conf, &zero), opts;

	if (!conf)
		return -1;
	opts = *conf;
	return counted(-bpf_lwt_xlat(skb, &opts, sizeof(opts)));
}

/* What tc gets of a packet to which XDP has given metadata */
SEC("tc")
int tc_count(struct __sk_buff *skb)
{
	struct bpf_xlat_opts *conf = bpf_map_lookup_elem(&xlat_conf, &zero), opts;

	if (conf) {
		opts = *conf;
		counted(-bpf_skb_xlat(skb, &opts, sizeof(opts)));
	}
	return TC_ACT_OK;
}

SEC("xdp")
int with_meta(struct xdp_md *ctx)
{
	return bpf_xdp_adjust_meta(ctx, -4) ? XDP_DROP : XDP_PASS;
}

SEC("lwt_xmit")
int lwt_count(struct __sk_buff *skb)
{
	return lwt_answer(skb) ? BPF_DROP : BPF_LWT_REROUTE;
}

/* What a program must not do: it translates back, and goes on in the old family */
SEC("lwt_xmit")
int lwt_twice(struct __sk_buff *skb)
{
	if (!lwt_answer(skb))
		lwt_answer(skb);
	return BPF_OK;
}

/* After 0 the packet has no route of its old family: 100 and the realm of its route are counted */
SEC("lwt_xmit")
int lwt_realm(struct __sk_buff *skb)
{
	if (lwt_answer(skb))
		return BPF_DROP;
	counted(100 + (bpf_get_route_realm(skb) & 7));
	return BPF_LWT_REROUTE;
}

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} lwt_tunnel_dev SEC(".maps");

/* The packet leaves by a tunnel, and not by a route */
SEC("lwt_xmit")
int lwt_tunnel(struct __sk_buff *skb)
{
	__u32 *dev = bpf_map_lookup_elem(&lwt_tunnel_dev, &zero);

	if (!dev || lwt_answer(skb))
		return BPF_DROP;
	return bpf_redirect(*dev, 0);
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
 * are; 0 for other packets. @ip: IP's header
 */
static __always_inline int unchanged(const __u8 *ip, const void *end)
{
	__u8 proto;

	if ((void *)ip + 40 + 6 > end)
		return 0;
	proto = ip[0] >> 4 == 6 ? ip[6] : ip[9];
	if (proto != 6 && proto != 17)
		return 0;
	return (ip[0] >> 4 == 6 ? 40 : 20) + 4;
}

static __always_inline int stale(struct __sk_buff *skb, int hlen, int write)
{
	struct bpf_xlat_opts *conf = bpf_map_lookup_elem(&xlat_conf, &zero), opts;
	struct stale *count = bpf_map_lookup_elem(&stale_count, &zero);
	void *ip = (void *)(long)skb->data + hlen;
	void *end = (void *)(long)skb->data_end;
	volatile __u16 *old = ip;
	__u16 was = 0;
	int ret, at;

	if (!conf || !count)
		return -1;
	at = unchanged(ip, end);
	if (at == 40 + 4)
		old = ip + 40 + 4;
	else
		old = ip + 20 + 4;
	if (at && (void *)(old + 1) <= end)
		was = *old;
	else
		at = 0;

	opts = *conf;
	ret = hlen ? bpf_skb_xlat(skb, &opts, sizeof(opts)) :
		     bpf_lwt_xlat(skb, &opts, sizeof(opts));
	/* To the verifier this is a pointer into the packet still. */
	if (at && (void *)(old + 1) <= end) {
		bpf_map_update_elem(&stale_bytes, &zero, (const void *)old, BPF_ANY);
		if (*old != was)
			__sync_fetch_and_add(&count->changed, 1);
		if (write)
			*old = was;
		if (!ret)
			__sync_fetch_and_add(&count->packets, 1);
	}
	return ret;
}

static __always_inline int stale_tc(struct __sk_buff *skb, int write)
{
	int ret = stale(skb, 14, write);

	return ret && ret != -ENOENT ? TC_ACT_SHOT : TC_ACT_UNSPEC;
}

SEC("tc")
int stale_read(struct __sk_buff *skb)
{
	return stale_tc(skb, 0);
}

SEC("tc")
int stale_write(struct __sk_buff *skb)
{
	return stale_tc(skb, 1);
}

SEC("lwt_xmit")
int stale_lwt(struct __sk_buff *skb)
{
	return stale(skb, 0, 1) ? BPF_DROP : BPF_LWT_REROUTE;
}

char _license[] SEC("license") = "GPL";
