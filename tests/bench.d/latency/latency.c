// SPDX-License-Identifier: GPL-2.0
/*
 * latency: how long packets are in a gateway, for tests/bench.
 *
 * An ingress hook on "lan" and "wan" of the namespace that it is loaded in gathers
 * "burst" packets, writes the time into their last bytes and queues them on the
 * device all at once, as a network card does that gathers them for an interrupt.
 * One on "far-lan" and "far-wan" of the first namespace reads it.  "result" is how
 * many came, and the median and 99th percentile of their times in ns; writing to
 * it begins anew.
 */
#include <linux/module.h>
#include <linux/netdevice.h>
#include <linux/netfilter_netdev.h>
#include <linux/nsproxy.h>
#include <linux/skbuff.h>
#include <linux/timekeeping.h>

#define GATHERED 0x6c617479 /* priority of those that have been here */

static unsigned int burst = 1;
module_param(burst, uint, 0644);

static struct sk_buff_head queue;

/* 64 for each power of two: off by 1.6 % at most */
static unsigned int histogram[48 * 64];

static unsigned int bucket(u64 t)
{
	int shift = max(fls64(t), 7) - 7;

	return min_t(u64, shift * 64 + (t >> shift), ARRAY_SIZE(histogram) - 1);
}

static u64 value(unsigned int i)
{
	return i < 128 ? i : (u64)(64 + i % 64) << (i / 64 - 1);
}

static unsigned int near(void *priv, struct sk_buff *skb, const struct nf_hook_state *state)
{
	u64 now;

	if (skb->priority == GATHERED || skb->len < 64)
		return NF_ACCEPT;
	if (skb_linearize(skb))
		return NF_DROP;
	skb->priority = GATHERED;
	skb_queue_tail(&queue, skb);
	if (skb_queue_len(&queue) < burst)
		return NF_STOLEN;
	now = ktime_get_ns(); /* they all come at once */
	while ((skb = skb_dequeue(&queue))) {
		memcpy(skb_tail_pointer(skb) - sizeof(now), &now, sizeof(now));
		netif_rx(skb);
	}
	return NF_STOLEN;
}

static unsigned int far(void *priv, struct sk_buff *skb, const struct nf_hook_state *state)
{
	u64 then;

	if (!skb_copy_bits(skb, skb->len - sizeof(then), &then, sizeof(then)))
		histogram[bucket(ktime_get_ns() - then)]++;
	return NF_ACCEPT;
}

static int result_get(char *buf, const struct kernel_param *kp)
{
	u64 total = 0, seen = 0, median = 0, p99 = 0;
	int i;

	for (i = 0; i < ARRAY_SIZE(histogram); i++)
		total += histogram[i];
	for (i = 0; i < ARRAY_SIZE(histogram); i++) {
		seen += histogram[i];
		if (!median && seen * 2 >= total)
			median = value(i);
		if (!p99 && seen * 100 >= total * 99)
			p99 = value(i);
	}
	return sysfs_emit(buf, "%llu %llu %llu\n", total, median, p99);
}

static int result_set(const char *val, const struct kernel_param *kp)
{
	skb_queue_purge(&queue);
	memset(histogram, 0, sizeof(histogram));
	return 0;
}

static const struct kernel_param_ops result_ops = {
	.get = result_get,
	.set = result_set,
};
module_param_cb(result, &result_ops, NULL, 0644);

static struct nf_hook_ops near_ops[2], far_ops[2];

static int __init latency_init(void)
{
	struct net *net = current->nsproxy->net_ns;
	int i;

	skb_queue_head_init(&queue);
	for (i = 0; i < 2; i++) {
		near_ops[i].dev = dev_get_by_name(net, i ? "wan" : "lan");
		near_ops[i].hook = near;
		far_ops[i].dev = dev_get_by_name(&init_net, i ? "far-wan" : "far-lan");
		far_ops[i].hook = far;
		if (!near_ops[i].dev || !far_ops[i].dev)
			return -ENODEV; /* a guest does not stay either */
		near_ops[i].pf = far_ops[i].pf = NFPROTO_NETDEV;
		near_ops[i].hooknum = far_ops[i].hooknum = NF_NETDEV_INGRESS;
		near_ops[i].priority = far_ops[i].priority = INT_MIN;
	}
	return nf_register_net_hooks(net, near_ops, 2) ?:
		nf_register_net_hooks(&init_net, far_ops, 2);
}

/* No way out: it is loaded once, and ends with its guest. */
module_init(latency_init);
MODULE_DESCRIPTION("How long packets are in a gateway");
MODULE_LICENSE("GPL");
