// SPDX-License-Identifier: GPL-2.0-only
/*
 * The engine for BPF programs of XDP: a frame is translated before there is an skb. What needs more
 * than the first bytes of the frame is refused with -EOPNOTSUPP, so that the program passes the
 * frame up to the stack.
 */

#include <linux/bpf.h>
#include <linux/bpf_xlat.h>
#include <linux/btf.h>
#include <linux/btf_ids.h>
#include <linux/etherdevice.h>
#include <linux/filter.h>
#include <linux/icmp.h>
#include <linux/icmpv6.h>
#include <linux/if_vlan.h>
#include <linux/module.h>
#include <linux/rcupdate.h>
#include <net/addrconf.h>
#include <net/dsfield.h>
#include <net/ip.h>
#include <net/route.h>
#include <net/ipv6.h>
#include <net/netfilter/nf_xlat.h>
#include "compat.h"
#include "nf_xlat_bpf.h"
#include "nf_xlat_xdp.h"

/**
 * struct nf_xlat_bpf_frame - a frame of XDP that is to be translated
 *
 * @data: the packet's network header
 * @pkt: the packet before its translation
 * @hdr: the addresses after its translation
 * @ttl: the TTL or hop limit after its translation
 */
struct nf_xlat_bpf_frame {
	void			*data;
	struct nf_xlat_pkt	pkt;
	struct nf_xlat_hdr	hdr;
	u8			ttl;
};

/*
 * Find the network header, behind at most two VLAN tags. Return NULL if the frame is not for the
 * MAC address of the device, or is neither IPv4 nor IPv6.
 */
static void *nf_xlat_bpf_network(const struct xdp_buff *xdp, u8 *pf)
{
	const struct ethhdr *eth = xdp->data;
	void *data = (void *)(eth + 1);
	const struct vlan_hdr *tag;
	unsigned int i;
	__be16 proto;

	if (data > xdp->data_end ||
	    !ether_addr_equal(eth->h_dest, xdp->rxq->dev->dev_addr))
		return NULL;
	proto = eth->h_proto;
	for (i = 0; i < 2 && eth_type_vlan(proto); i++) {
		tag = data;
		data += VLAN_HLEN;
		if (data > xdp->data_end)
			return NULL;
		proto = tag->h_vlan_encapsulated_proto;
	}
	switch (proto) {
	case htons(ETH_P_IP):
		*pf = NFPROTO_IPV4;
		return data;
	case htons(ETH_P_IPV6):
		*pf = NFPROTO_IPV6;
		return data;
	}
	return NULL;
}

/* Read the header of an IPv4 packet. Refuse options and fragments. */
static int nf_xlat_bpf_read4(const struct iphdr *iph, struct nf_xlat_l3 *l3)
{
	if (iph->version != 4 || iph->ihl * 4 < sizeof(*iph))
		return -EBADMSG;
	if (iph->ihl * 4 > sizeof(*iph) ||
	    iph->frag_off & htons(IP_MF | IP_OFFSET))
		return -EOPNOTSUPP;
	if (ip_fast_csum(iph, iph->ihl))
		return -EBADMSG;
	*l3 = (struct nf_xlat_l3){
		.saddr.ip	= iph->saddr,
		.daddr.ip	= iph->daddr,
		.hlen		= sizeof(*iph),
		.len		= ntohs(iph->tot_len),
		.proto		= iph->protocol,
		.tos		= iph->tos,
		.ttl		= iph->ttl,
		.df		= iph->frag_off & htons(IP_DF),
	};
	return 0;
}

/* Read the header of an IPv6 packet. nf_xlat_bpf_read_l4() refuses extension headers. */
static int nf_xlat_bpf_read6(const struct ipv6hdr *ip6h, struct nf_xlat_l3 *l3)
{
	if (ip6h->version != 6)
		return -EBADMSG;
	*l3 = (struct nf_xlat_l3){
		.saddr.in6	= ip6h->saddr,
		.daddr.in6	= ip6h->daddr,
		.hlen		= sizeof(*ip6h),
		.len		= ntohs(ip6h->payload_len) + sizeof(*ip6h),
		.proto		= ip6h->nexthdr,
		.tos		= ipv6_get_dsfield(ip6h),
		.ttl		= ip6h->hop_limit,
	};
	return 0;
}

/* Check the transport header at @l4, as nf_xlat_parse() does. @len: length of the payload of IP */
static int nf_xlat_bpf_read_l4(struct nf_xlat_pkt *pkt, const void *l4,
			       unsigned int len)
{
	const struct icmphdr *icmph = l4;
	const struct udphdr *udph = l4;

	switch (pkt->l3.proto) {
	case IPPROTO_TCP:
		return len < sizeof(struct tcphdr) ? -EBADMSG : 0;
	case IPPROTO_UDP:
		if (len < sizeof(*udph) || ntohs(udph->len) < sizeof(*udph) ||
		    ntohs(udph->len) > len)
			return -EBADMSG;
		/* RFC 7915 section 4.5: a checksum over the whole packet has to be computed. */
		return pkt->pf == NFPROTO_IPV4 && !udph->check ? -EOPNOTSUPP : 0;
	case IPPROTO_ICMP:
	case IPPROTO_ICMPV6:
		if (!nf_xlat_is_icmp(pkt->pf, pkt->l3.proto))
			return -EOPNOTSUPP;
		if (len < sizeof(*icmph))
			return -EBADMSG;
		pkt->icmp_query = pkt->pf == NFPROTO_IPV4 ?
			icmph->type == ICMP_ECHO || icmph->type == ICMP_ECHOREPLY :
			icmph->type == ICMPV6_ECHO_REQUEST ||
			icmph->type == ICMPV6_ECHO_REPLY;
		return pkt->icmp_query ? 0 : -EOPNOTSUPP;
	}
	return -EOPNOTSUPP;
}

/* How many bytes does the network header get shorter? Negative if it gets longer */
static int nf_xlat_bpf_shift(const struct nf_xlat_pkt *pkt)
{
	return (int)pkt->l3.len - (int)nf_xlat_new_len(pkt);
}

/* Read the frame into @f. Return 0 or an error, with the reason in @reason if there is one. */
static int nf_xlat_bpf_xdp_read(struct xdp_buff *xdp,
				const struct nf_xlat_bpf_conf *conf,
				struct nf_xlat_bpf_frame *f,
				enum nf_xlat_reason *reason)
{
	const struct net_device *dev = xdp->rxq->dev;
	struct nf_xlat_pkt *pkt = &f->pkt;
	const void *saddr, *daddr;
	unsigned int hlen, avail;
	int err;
	u8 pf;

	/* In generic XDP, the frame is that of an skb, whose offloads are not visible here. */
	if (nf_xlat_xdp_generic(xdp) || xdp_buff_has_frags(xdp))
		return -EOPNOTSUPP;
	f->data = nf_xlat_bpf_network(xdp, &pf);
	if (!f->data)
		return -ENOENT;

	*reason = NF_XLAT_MALFORMED;
	avail = xdp->data_end - f->data;
	hlen = pf == NFPROTO_IPV4 ? sizeof(struct iphdr) :
				    sizeof(struct ipv6hdr);
	if (avail < hlen)
		return -EBADMSG;
	if (pf == NFPROTO_IPV4) {
		saddr = &((struct iphdr *)f->data)->saddr;
		daddr = &((struct iphdr *)f->data)->daddr;
	} else {
		saddr = &((struct ipv6hdr *)f->data)->saddr;
		daddr = &((struct ipv6hdr *)f->data)->daddr;
	}
	*reason = nf_xlat_map_addrs(&conf->dom, dev_net(dev), pf, saddr, daddr,
				    &f->hdr);
	if (*reason)
		return *reason == NF_XLAT_ADDRESS ? -ENOENT : -EBADMSG;

	pkt->pf = pf;
	pkt->icmp_query = false;
	pkt->icmp_error = false;
	err = pf == NFPROTO_IPV4 ? nf_xlat_bpf_read4(f->data, &pkt->l3) :
				   nf_xlat_bpf_read6(f->data, &pkt->l3);
	if (!err && (pkt->l3.len < hlen || pkt->l3.len > avail))
		err = -EBADMSG;
	if (!err)
		err = nf_xlat_bpf_read_l4(pkt, f->data + hlen,
					  pkt->l3.len - hlen);
	if (err) {
		*reason = err == -EBADMSG ? NF_XLAT_MALFORMED : NF_XLAT_OK;
		return err;
	}

	if (!nf_xlat_addr_legal(pf, &pkt->l3.saddr) ||
	    !nf_xlat_addr_legal(pf, &pkt->l3.daddr))
		*reason = NF_XLAT_ADDRESS;
	else
		*reason = nf_xlat_bpf_check(pkt, &f->hdr, conf->hop);
	if (!*reason && nf_xlat_new_len(pkt) > nf_xlat_bpf_mtu(pkt, conf->mtu))
		*reason = NF_XLAT_TOOBIG;
	if (*reason)
		return nf_xlat_bpf_errno(*reason);

	f->ttl = pkt->l3.ttl - (conf->hop ? 1 : 0);
	return nf_xlat_xdp_room(xdp, xdp->data + nf_xlat_bpf_shift(pkt)) ?
		0 : -EOPNOTSUPP;
}

/* Is the packet for this host before its translation? */
static bool nf_xlat_bpf_local(struct net *net, const struct net_device *dev,
			      const struct nf_xlat_pkt *pkt)
{
	if (pkt->pf == NFPROTO_IPV6)
		return ipv6_chk_addr(net, &pkt->l3.daddr.in6, dev, 0);
	return inet_addr_type_dev_table(net, dev, pkt->l3.daddr.ip) !=
	       RTN_UNICAST;
}

/*
 * Fill in @fib, for the route of the translated packet. Check here what bpf_fib_lookup() does not:
 * that the packet comes in by the device itself and not by a VLAN on top of it, that there are no
 * IPsec policies, and that the device forwards in the old family.
 */
static int nf_xlat_bpf_fib(const struct xdp_buff *xdp,
			   const struct nf_xlat_bpf_frame *f,
			   struct bpf_fib_lookup *fib)
{
	const struct nf_xlat_pkt *pkt = &f->pkt;
	const __be16 *ports = f->data + pkt->l3.hlen;
	struct net_device *dev = xdp->rxq->dev;
	struct net *net = dev_net(dev);

	if (f->data - xdp->data != ETH_HLEN || nf_xlat_xdp_untags(dev) ||
	    nf_xlat_has_policies(net) ||
	    !nf_xlat_forwarding(net, dev, pkt->pf) ||
	    nf_xlat_bpf_local(net, dev, pkt))
		return -EOPNOTSUPP;

	*fib = (struct bpf_fib_lookup){
		.l4_protocol	= nf_xlat_new_proto(pkt->pf, pkt->l3.proto),
		.tot_len	= nf_xlat_new_len(pkt),
		.ifindex	= dev->ifindex,
	};
	if (!pkt->icmp_query) {
		fib->sport = ports[0];
		fib->dport = ports[1];
	}
	if (pkt->pf == NFPROTO_IPV6) {
		fib->family = AF_INET;
		fib->tos = pkt->l3.tos;
		fib->ipv4_src = f->hdr.saddr.ip;
		fib->ipv4_dst = f->hdr.daddr.ip;
	} else {
		fib->family = AF_INET6;
		fib->flowinfo = htonl(pkt->l3.tos << 20);
		memcpy(fib->ipv6_src, &f->hdr.saddr.in6, sizeof(fib->ipv6_src));
		memcpy(fib->ipv6_dst, &f->hdr.daddr.in6, sizeof(fib->ipv6_dst));
	}
	return 0;
}

/* Translate the frame. Move its link layer header, and set the protocol in there. */
static void nf_xlat_bpf_write(struct xdp_buff *xdp,
			      const struct nf_xlat_bpf_frame *f)
{
	unsigned int mac_len = f->data - xdp->data;
	const struct nf_xlat_pkt *pkt = &f->pkt;
	struct net *net = dev_net(xdp->rxq->dev);
	bool v6 = pkt->pf == NFPROTO_IPV6;
	void *end = f->data + pkt->l3.len;
	void *data;

	data = xdp->data + nf_xlat_bpf_shift(pkt);
	/* Move it first, since a longer network header overwrites its old place. */
	memmove(data, xdp->data, mac_len);
	((__be16 *)(data + mac_len))[-1] = v6 ? htons(ETH_P_IP) :
						htons(ETH_P_IPV6);
	nf_xlat_linear(net, f->data, pkt, &f->hdr, f->ttl);
	/* Cut off padding: the bytes behind the length in the header. */
	nf_xlat_xdp_set(xdp, data, end);
	nf_xlat_count(net, v6 ? NF_XLAT_MIB_6TO4 : NF_XLAT_MIB_4TO6, 1);
}

/* If @fib is not NULL, only fill it in for bpf_fib_lookup(). Otherwise translate the frame. */
static int nf_xlat_bpf_xdp(struct xdp_buff *xdp, struct bpf_xlat_opts *opts,
			   struct bpf_fib_lookup *fib)
{
	enum nf_xlat_reason reason = NF_XLAT_OK;
	struct nf_xlat_bpf_frame f __uninitialized;
	struct nf_xlat_bpf_conf conf;
	int err;

	opts->reason = NF_XLAT_OK;
	err = nf_xlat_bpf_conf(&conf, opts);
	if (err)
		return err;
	/* Some drivers run XDP with softirqs disabled, but without rcu_read_lock(). */
	rcu_read_lock();
	err = nf_xlat_bpf_xdp_read(xdp, &conf, &f, &reason);
	opts->reason = reason;
	if (!err && fib)
		err = nf_xlat_bpf_fib(xdp, &f, fib);
	else if (!err)
		nf_xlat_bpf_write(xdp, &f);
	rcu_read_unlock();
	return err;
}

/*
 * May a kfunc for XDP use this memory of the program? It must not be in the memory of the frame,
 * which the kfunc writes to, and into which old packet pointers point. The verifier of 6.12 accepts
 * the result of a map look-up that may be NULL.
 */
static bool nf_xlat_bpf_mem_ok(const struct xdp_buff *xdp, const void *mem,
			       u32 size)
{
	return mem && (mem + size <= xdp->data_hard_start ||
		       mem >= xdp->data_hard_start + xdp->frame_sz);
}

/* Documented in linux/bpf_xlat.h */
__bpf_kfunc int bpf_xdp_xlat_fib(struct xdp_md *xdp, struct bpf_xlat_opts *opts,
				 u32 opts__sz, struct bpf_fib_lookup *fib,
				 u32 fib__sz)
{
	struct xdp_buff *buff = (struct xdp_buff *)xdp;

	/* struct bpf_fib_lookup may be longer in the headers that the program was built with. */
	if (opts__sz != sizeof(*opts) || fib__sz < sizeof(*fib) ||
	    !nf_xlat_bpf_mem_ok(buff, opts, opts__sz) ||
	    !nf_xlat_bpf_mem_ok(buff, fib, fib__sz))
		return -EINVAL;
	return nf_xlat_bpf_xdp(buff, opts, fib);
}

/* Documented in linux/bpf_xlat.h */
__bpf_kfunc int bpf_xdp_xlat(struct xdp_md *xdp, struct bpf_xlat_opts *opts,
			     u32 opts__sz)
{
	struct xdp_buff *buff = (struct xdp_buff *)xdp;

	if (opts__sz != sizeof(*opts) ||
	    !nf_xlat_bpf_mem_ok(buff, opts, opts__sz))
		return -EINVAL;
	return nf_xlat_bpf_xdp(buff, opts, NULL);
}

BTF_KFUNCS_START(nf_xlat_bpf_xdp_ids)
BTF_ID_FLAGS(func, bpf_xdp_xlat_fib)
BTF_ID_FLAGS(func, bpf_xdp_xlat)
BTF_KFUNCS_END(nf_xlat_bpf_xdp_ids)

static const struct btf_kfunc_id_set nf_xlat_bpf_xdp_set = {
	.owner	= THIS_MODULE,
	.set	= &nf_xlat_bpf_xdp_ids,
};

/**
 * nf_xlat_bpf_xdp_register - let programs of XDP call the functions of this file
 *
 * Context: process.
 * Return: 0, or a negative error. The set goes with the BTF of the module.
 */
int nf_xlat_bpf_xdp_register(void)
{
	return register_btf_kfunc_id_set(BPF_PROG_TYPE_XDP,
					 &nf_xlat_bpf_xdp_set);
}
