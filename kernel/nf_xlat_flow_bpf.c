// SPDX-License-Identifier: GPL-2.0-only
/*
 * The fast path for XDP programs. A kfunc translates the frame of the program and returns the
 * device by which it has to leave. The kfunc moves the start of the frame, but not its memory.
 * So packet pointers that the program had before stay within that memory, see nf_xlat_bpf_main.c.
 */

#include <linux/bpf.h>
#include <linux/bpf_xlat.h>
#include <linux/etherdevice.h>
#include <linux/if_arp.h>
#include <net/ip6_route.h>
#include <net/neighbour.h>
#include "nf_xlat_flow_packet.h"
#include "nf_xlat_xdp.h"

/*
 * Make the Ethernet header for a frame of family @pf. The neighbour is that of
 * nf_xlat_flow_xmit(). Returns false if its address is not known.
 */
static bool nf_xlat_flow_ether(struct ethhdr *eth, u8 pf, struct dst_entry *dst,
			       const union nf_inet_addr *daddr)
{
	struct net_device *dev = dst_dev_rcu(dst);
	struct neighbour *neigh;
	struct rtable *rt;

	if (pf == NFPROTO_IPV6) {
		neigh = ip_neigh_gw6(dev, rt6_nexthop(container_of(dst, struct rt6_info, dst),
						      &daddr->in6));
	} else {
		rt = container_of(dst, struct rtable, dst);
		neigh = rt->rt_gw_family == AF_INET6 ?
			ip_neigh_gw6(dev, &rt->rt_gw6) :
			ip_neigh_gw4(dev, rt_nexthop(rt, daddr->ip));
	}
	/* If its address is not known, leave the frame to the stack, which resolves it. */
	if (IS_ERR(neigh) || !(READ_ONCE(neigh->nud_state) & NUD_VALID) ||
	    neigh_event_send(neigh, NULL))
		return false;
	neigh_ha_snapshot(eth->h_dest, neigh, dev);
	ether_addr_copy(eth->h_source, dev->dev_addr);
	eth->h_proto = pf == NFPROTO_IPV6 ? htons(ETH_P_IPV6) : htons(ETH_P_IP);
	return true;
}

/*
 * Translate the frame, and put the Ethernet header before it. Returns false if the frame has no
 * room in front.
 */
static bool nf_xlat_flow_frame(struct xdp_buff *xdp, const struct ethhdr *eth,
			       struct nf_xlat_flow_dir *d,
			       const struct nf_xlat_l3 *l3)
{
	void *l4 = xdp->data + ETH_HLEN + l3->hlen, *hdr, *data;
	unsigned int len = l3->len - l3->hlen;

	hdr = l4 - (d->key.pf == NFPROTO_IPV6 ? sizeof(struct iphdr) :
						sizeof(struct ipv6hdr));
	data = hdr - ETH_HLEN;
	if (!nf_xlat_xdp_room(xdp, data))
		return false;

	nf_xlat_flow_csum(d, nf_xlat_flow_ports(d, l4));
	if (d->key.pf == NFPROTO_IPV6)
		nf_xlat_flow_build4(hdr, d, l3, sizeof(struct iphdr) + len,
				    l3->len > IPV6_MIN_MTU, 1);
	else
		nf_xlat_flow_build6(hdr, d, l3);
	memcpy(data, eth, ETH_HLEN);
	/* Cut off padding: the bytes behind the length in the header. */
	nf_xlat_xdp_set(xdp, data, l4 + len);
	return true;
}

/*
 * May frames of this device take the fast path in XDP? They must not if the device removes VLAN
 * tags, because then the VLAN of a frame is not known; nor in generic XDP; nor if the device does
 * not have our hook.
 */
static bool nf_xlat_flow_xdp_dev(struct nf_xlat_flow_net *fn,
				 const struct xdp_buff *xdp)
{
	const struct net_device *in = xdp->rxq->dev;

	return !nf_xlat_xdp_untags(in) && !nf_xlat_xdp_generic(xdp) &&
	       xa_load(&fn->hooked, in->ifindex);
}

/*
 * Look for the flow of a frame, and translate the frame, as nf_xlat_flow_ingress() does for an
 * skb. Both devices have to use plain Ethernet.
 *
 * Return: true if the frame is translated and has its new Ethernet header; then @ifindex is the
 * device by which it has to leave. False if the frame is unchanged. Then the program has to
 * pass it to the stack, which also ends the flow if that is due.
 */
static bool nf_xlat_flow_xdp(struct xdp_buff *xdp, u32 *ifindex)
{
	struct net_device *in = xdp->rxq->dev, *out;
	struct nf_xlat_flow_net *fn = nf_xlat_flow_pernet(dev_net(in));
	struct nf_xlat_flow_key key __uninitialized;
	struct nf_xlat_l3 l3 __uninitialized;
	struct ethhdr *eth = xdp->data, new;
	struct nf_xlat_flow_dir *d;
	void *hdr = eth + 1, *l4;
	struct nf_xlat_flow *flow;

	if (hdr > xdp->data_end || xdp_buff_has_frags(xdp) ||
	    !ether_addr_equal(eth->h_dest, in->dev_addr))
		return false;
	switch (eth->h_proto) {
	case htons(ETH_P_IP):
		l4 = hdr + sizeof(struct iphdr);
		if (l4 + sizeof(struct udphdr) > xdp->data_end ||
		    !nf_xlat_flow_parse4(hdr, &l3, &key))
			return false;
		break;
	case htons(ETH_P_IPV6):
		l4 = hdr + sizeof(struct ipv6hdr);
		if (l4 + sizeof(struct udphdr) > xdp->data_end ||
		    !nf_xlat_flow_parse6(hdr, &l3, &key))
			return false;
		break;
	default:
		return false;
	}
	nf_xlat_flow_parse_l4(l4, &l3, &key);
	key.in = (struct nf_xlat_flow_in){ .iif = in->ifindex };
	memset(key.pad, 0, sizeof(key.pad));

	d = rhashtable_lookup(&fn->table, &key, nf_xlat_flow_params);
	if (!d || d->below || !nf_xlat_flow_xdp_dev(fn, xdp) ||
	    !nf_xlat_forwarding(dev_net(in), in, key.pf) ||
	    l3.len > xdp->data_end - hdr ||
	    l3.len < l3.hlen + nf_xlat_flow_l4len(&l3))
		return false;
	flow = nf_xlat_flow_of(d);
	if ((l3.proto == IPPROTO_TCP && nf_xlat_flow_tcp_control(l4)) ||
	    nf_xlat_flow_is_stale(dev_net(in), fn, flow, d) ||
	    !nf_xlat_flow_l4_ok(l4, &l3, false) ||
	    !nf_xlat_flow_len_ok(&l3, d, d->dst))
		return false;
	out = dst_dev_rcu(d->dst);
	if (!nf_xlat_xdp_xmit(out) || out->type != ARPHRD_ETHER ||
	    !nf_xlat_flow_ether(&new, nf_xlat_other_pf(key.pf), d->dst,
				&d->dst_addr) ||
	    !nf_xlat_flow_frame(xdp, &new, d, &l3))
		return false;

	nf_xlat_flow_count(fn, flow, d, l3.len);
	*ifindex = out->ifindex;
	return true;
}

/* linux/bpf_xlat.h has the description. */
__bpf_kfunc int bpf_xdp_xlat_flow(struct xdp_md *xdp, struct bpf_xlat_flow *flow,
				  u32 flow__sz)
{
	bool done;

	/* The verifier of 6.12 accepts the result of a map look-up that may be NULL. */
	if (!flow || flow__sz != sizeof(*flow))
		return -EINVAL;
	/* Some drivers run XDP with softirqs disabled, but without rcu_read_lock(). */
	rcu_read_lock();
	done = nf_xlat_flow_xdp((struct xdp_buff *)xdp, &flow->ifindex);
	rcu_read_unlock();
	return done ? 0 : -ENOENT;
}

BTF_KFUNCS_START(nf_xlat_flow_bpf_ids)
BTF_ID_FLAGS(func, bpf_xdp_xlat_flow)
BTF_KFUNCS_END(nf_xlat_flow_bpf_ids)

static const struct btf_kfunc_id_set nf_xlat_flow_bpf_set = {
	.owner	= THIS_MODULE,
	.set	= &nf_xlat_flow_bpf_ids,
};

/**
 * nf_xlat_flow_bpf_init - register the kfunc for XDP programs
 *
 * Return: 0 or a negative error.
 */
int nf_xlat_flow_bpf_init(void)
{
	return register_btf_kfunc_id_set(BPF_PROG_TYPE_XDP,
					 &nf_xlat_flow_bpf_set);
}
