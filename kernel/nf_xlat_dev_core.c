// SPDX-License-Identifier: GPL-2.0-only
/*
 * A device that translates the packets that are routed to it: "ip link add NAME type xlat".
 *
 * ndo_start_xmit() gives a packet to nf_xlat_send(). The translated packet enters PRE_ROUTING
 * of the other family as if this device had received it, or LOCAL_OUT if this host has made it.
 * ip_forward() or ip6_forward() has decremented the TTL before. So the translation decrements it
 * only if nf_xlat_dev_ttl_pending() says so.
 *
 * ndo_start_xmit() cannot make a session, because conntrack has confirmed the entry of the
 * packet by then. So in the modes with state, a hook in PRE_ROUTING and LOCAL_OUT translates the
 * packets for the prefix of the device, as a rule would do. No packet has to be routed to the
 * device, which only has the configuration and the counters.
 */

#include <linux/ethtool.h>
#include <linux/if_arp.h>
#include <linux/if_xlat.h>
#include <linux/inetdevice.h>
#include <linux/ipv6.h>
#include <linux/module.h>
#include <linux/netdevice.h>
#include <linux/netfilter_ipv6.h>
#include <net/icmp.h>
#include <net/ip.h>
#include <net/ip_tunnels.h>
#include <net/ipv6.h>
#include <net/l3mdev.h>
#include <net/rtnetlink.h>
#include <net/netfilter/ipv6/nf_defrag_ipv6.h>
#include <net/netfilter/nf_xlat.h>
#include "nf_xlat_dev_internal.h"
#include "compat.h"

/*
 * The number of this module as a user of fragment queues. When fragments are missing, ip_expire()
 * sends an ICMP error for most users. But only the host that the fragments are for has to send it
 * (RFC 792). For the users of conntrack, ip_expire() sends one only then. So take a number that conntrack
 * uses for a bridge in zone 65535 only. For IPv6, the number ("xlat") is none of
 * enum ip6_defrag_users. ip6frag_expire_frag_queue() does not look at the user. It sends an ICMPv6
 * error for these fragments, as for those of conntrack.
 */
#define NF_XLAT_DEV_DEFRAG4	__IP_DEFRAG_CONNTRACK_BRIDGE_IN
#define NF_XLAT_DEV_DEFRAG6	0x786c6174

/*
 * Reassemble an ICMP message from its fragments. Its checksum covers the pseudo-header in IPv6 but
 * not in IPv4, so only a whole message can be translated. A fragment comes here if conntrack has
 * not reassembled the message, or if the stack has fragmented it again on its way to the device.
 *
 * Return: true if @skb is the whole message now. False if @skb waits for other fragments or has
 * been freed: the caller must not use it any more.
 */
static bool nf_xlat_dev_defrag(const struct nf_xlat_way *way,
			       struct sk_buff *skb, u8 pf)
{
	int err;

	/*
	 * A queue of fragments may free them after conntrack's exit method, which waits for all
	 * entries of the namespace. So a fragment must not keep an entry there. The translated
	 * packet would not keep it either. A message to this host that is not translated loses its
	 * entry, too: these are fragments that conntrack has not reassembled, as those of "lo".
	 */
	nf_reset_ct(skb);
	if (pf == NFPROTO_IPV4)
		return !ip_defrag(way->net, skb, NF_XLAT_DEV_DEFRAG4);
	err = nf_ct_frag6_gather(way->net, skb, NF_XLAT_DEV_DEFRAG6);
	/* Unlike ip_defrag(), nf_ct_frag6_gather() does not free a packet that it refuses. */
	if (err && err != -EINPROGRESS) {
		nf_xlat_owner_drop(way->owner, way->net, skb,
				   NF_XLAT_FRAG_ICMP);
		kfree_skb(skb);
	}
	return !err;
}

/*
 * Neither a pair nor the prefix maps an address of the packet. Tell the sender that there is no
 * such host on the other side.
 */
static void nf_xlat_dev_unmapped(const struct nf_xlat_way *way,
				 struct sk_buff *skb, u8 pf)
{
	if (pf == NFPROTO_IPV6)
		nf_xlat_icmp_send(way->net, skb, pf, way->flags,
				  ICMPV6_DEST_UNREACH, ICMPV6_ADDR_UNREACH, 0);
	else
		nf_xlat_icmp_send(way->net, skb, pf, way->flags,
				  ICMP_DEST_UNREACH, ICMP_HOST_UNREACH, 0);
	nf_xlat_owner_drop(way->owner, way->net, skb, NF_XLAT_ADDRESS);
}

static const struct net_device_ops nf_xlat_dev_ops;

/*
 * Translate a packet by pairs and prefix, and send it. Returns NF_STOLEN if the caller must not use
 * the packet any more, or NF_DROP if the caller has to free it.
 */
static unsigned int nf_xlat_dev_translate(const struct nf_xlat_dev_conf *conf,
					  const struct nf_xlat_domain *dom,
					  struct sk_buff *skb, u8 pf,
					  const struct nf_xlat_way *way)
{
	const union nf_inet_addr error4 = { .ip = conf->error4 };
	struct nf_xlat_parm parm __uninitialized;
	struct nf_xlat_pkt pkt __uninitialized;
	enum nf_xlat_reason reason;
	bool reasm = false;

	parm.lowest_mtu6 = conf->mtu;
	parm.rules = 0;
again:
	if (!nf_xlat_map(dom, way->net, skb, pf, reasm,
			 pf == NFPROTO_IPV6 ? &error4 : NULL, &pkt, &parm,
			 &reason)) {
		nf_xlat_dev_unmapped(way, skb, pf);
		return NF_DROP;
	}
	if (unlikely(reason == NF_XLAT_FRAG_ICMP && !reasm)) {
		if (!nf_xlat_dev_defrag(way, skb, pf))
			return NF_STOLEN;
		reasm = true;
		goto again;
	}
	return reason ? nf_xlat_reject(skb, way, &pkt, reason) :
			nf_xlat_send(skb, way, &pkt, &parm);
}

/* Is the packet for this link only, as those of neighbour discovery and MLD are? */
static bool nf_xlat_dev_link_scope(const struct sk_buff *skb, u8 pf)
{
	return pf == NFPROTO_IPV6 &&
	       (ipv6_addr_is_multicast(&ipv6_hdr(skb)->daddr) ||
		ipv6_addr_type(&ipv6_hdr(skb)->saddr) & IPV6_ADDR_LINKLOCAL);
}

/* Has a device of this kind translated the packet since another device received it? */
static bool nf_xlat_dev_translated(struct net *net,
				   const struct sk_buff *skb)
{
	const struct net_device *dev;

	if (!skb->skb_iif)
		return false;
	dev = dev_get_by_index_rcu(net, skb->skb_iif);
	return dev && dev->netdev_ops == &nf_xlat_dev_ops;
}

/*
 * Did this host make the packet? Then @skb_iif is 0; or a device has translated the packet before,
 * @skb_iif is the index of that device, and the packet has a socket. A packet of a
 * socket that is not one of IP counts as forwarded in the second device, see nf_xlat_sk_is_inet().
 *
 * @skb_iif is also 0 in an IPv6 fragment that this host has made of a forwarded packet, because
 * ip6_copy_metadata() does not copy @skb_iif. Such a fragment has no socket, while the fragments of
 * this host's own packets have one.
 */
static bool nf_xlat_dev_from_host(const struct sk_buff *skb, u8 pf,
				  bool translated)
{
	unsigned int off = 0;

	if (skb->skb_iif)
		return translated && skb->sk;
	return skb->sk || pf == NFPROTO_IPV4 ||
	       ipv6_find_hdr(skb, &off, NEXTHDR_FRAGMENT, NULL, NULL) < 0;
}

/* Does the device have a queueing discipline in which packets may wait? */
static bool nf_xlat_dev_queues(struct net_device *dev,
			       const struct sk_buff *skb)
{
	const struct netdev_queue *txq = skb_get_tx_queue(dev, skb);

	return rcu_dereference_bh(txq->qdisc)->enqueue;
}

/*
 * Must this translation decrement TTL or hop limit? For a packet that ip_forward() or ip6_forward()
 * has routed here, they have done so.
 *
 * But a packet may have been translated by a device of this kind (@translated), and then nobody has
 * decremented the TTL since. If this translation is nested in the first one, it need not do so
 * either: NF_XLAT_MAX_DEPTH ends a loop, and a hairpin is one hop. If the packet has waited in a
 * queue between two devices, a queueing discipline for example, this translation is not nested, and
 * only the TTL can end a loop. So decrement it.
 *
 * The same holds for a packet whose origin is not known: tc or nft has redirected it, or it is a
 * fragment without @skb_iif.
 */
static bool nf_xlat_dev_ttl_pending(struct net_device *dev,
				    const struct sk_buff *skb, bool translated,
				    bool from_host)
{
	if (likely(!translated && !skb_is_redirected(skb) &&
		   (skb->skb_iif || from_host || !nf_xlat_dev_queues(dev, skb))))
		return false;
	return !nf_xlat_nested();
}

/*
 * Drop and count what a device with state or with "host" does not translate in ndo_start_xmit().
 * Returns whether the caller has to free the packet.
 */
static noinline bool nf_xlat_dev_refuses(const struct nf_xlat_dev_conf *conf,
					 struct sk_buff *skb, u8 pf,
					 const struct nf_xlat_way *way)
{
	const struct nf_xlat_map *pairs = &conf->dom.saddr;
	union nf_inet_addr addr6;

	if (conf->mode != IF_XLAT_STATELESS) {
		/* nf_xlat_dev_state_hook() translates all packets that have a usable entry. */
		nf_xlat_owner_drop(way->owner, way->net, skb, NF_XLAT_STATE);
		return true;
	}
	/*
	 * With "host", the IPv6 addresses of this host are those of the pairs. The prefix would map
	 * another IPv4 source to an address that this host does not have, and no answer would come
	 * back.
	 */
	if (pf == NFPROTO_IPV6 ||
	    pairs->table.lookup(way->net, pairs->table.data, pf,
				(const void *)&ip_hdr(skb)->saddr, &addr6))
		return false;
	nf_xlat_dev_unmapped(way, skb, pf);
	return true;
}

/* Without state, translate a packet that has been routed to the device. RCU read side, softirq */
static netdev_tx_t nf_xlat_dev_xmit(struct sk_buff *skb, struct net_device *dev)
{
	struct nf_xlat_dev *xd = netdev_priv(dev);
	const struct nf_xlat_dev_conf *conf;
	const struct nf_xlat_domain *dom;
	struct nf_xlat_way way = {
		.net	= dev_net(dev),
		.owner	= &xd->owner,
		.at	= NF_INET_PRE_ROUTING,
		.flags	= NF_XLAT_TTL_DONE | NF_XLAT_FORWARD_CHECKED |
			  NF_XLAT_ROUTE_OPTIONAL | NF_XLAT_IN_DEVICE,
	};
	bool translated, from_host;
	unsigned int verdict;
	u8 pf;

	/* Refuse a packet that "fwd" of nft sends here, which has its MAC header at skb->data. */
	if (skb_network_offset(skb) || !pskb_inet_may_pull(skb))
		goto drop;
	if (skb->protocol == htons(ETH_P_IPV6))
		pf = NFPROTO_IPV6;
	else if (skb->protocol == htons(ETH_P_IP))
		pf = NFPROTO_IPV4;
	else
		goto drop;
	if (unlikely(nf_xlat_dev_link_scope(skb, pf))) {
		consume_skb(skb);
		return NETDEV_TX_OK;
	}

	/* IP has acted on ignore_df already. The flag does not say that the packet has DF=0. */
	skb->ignore_df = 0;
	/* Queueing disciplines and classifiers have used skb->cb. IP expects it to be zero. */
	memset(skb->cb, 0, sizeof(skb->cb));
	skb->pkt_type = PACKET_HOST;

	rcu_read_lock();
	translated = nf_xlat_dev_translated(way.net, skb);
	from_host = nf_xlat_dev_from_host(skb, pf, translated);
	if (unlikely(nf_xlat_dev_ttl_pending(dev, skb, translated, from_host)))
		way.flags &= ~NF_XLAT_TTL_DONE;
	/* A packet of this host goes on in the output of the other family. */
	if (from_host) {
		way.at = NF_INET_LOCAL_OUT;
		way.flags &= ~NF_XLAT_ROUTE_OPTIONAL;
	}
	conf = rcu_dereference(xd->conf);
	dom = &conf->dom;
	/*
	 * A hairpin, RFC 7757 section 4.2.1: this device has translated the packet from IPv6, and
	 * the route of the IPv4 packet leads back to it, so both ends are IPv6 hosts with pairs.
	 * Map the source by the prefix, and not by its pair: then the answer goes to the prefix,
	 * and so comes to this device as well.
	 */
	if (unlikely(skb->skb_iif == dev->ifindex && pf == NFPROTO_IPV4 &&
		     dom->prefix.kind != NF_XLAT_MAP_NONE))
		dom = &conf->hairpin_dom;
	/*
	 * As in __netif_receive_skb_core(): this device has received the packet. In a packet of
	 * this host, only nf_xlat_dev_translated() reads skb_iif.
	 */
	skb->skb_iif = dev->ifindex;
	if (unlikely(!conf->stateless_router && nf_xlat_dev_refuses(conf, skb, pf, &way)))
		verdict = NF_DROP;
	else
		verdict = nf_xlat_dev_translate(conf, dom, skb, pf, &way);
	rcu_read_unlock();
	if (verdict != NF_STOLEN)
		kfree_skb(skb);
	return NETDEV_TX_OK;

drop:
	DEV_STATS_INC(dev, tx_dropped);
	kfree_skb(skb);
	return NETDEV_TX_OK;
}

/*
 * How many packets may wait for nf_xlat_dev_xmit_queued(), and how many it sends before other
 * softirqs have their turn
 */
#define NF_XLAT_DEV_QUEUE	1000
#define NF_XLAT_DEV_BUDGET	64

static void nf_xlat_dev_xmit_queued(struct tasklet_struct *tasklet)
{
	struct nf_xlat_dev *xd = container_of(tasklet, struct nf_xlat_dev,
					      tasklet);
	struct net_device *dev = xd->owner.dev;
	unsigned long end = jiffies + 2;
	struct sk_buff *skb;
	int n;

	/* Limit the run by packets and by time, as net_rx_action() does. */
	for (n = 0; n < NF_XLAT_DEV_BUDGET && time_before(jiffies, end); n++) {
		skb = skb_dequeue(&xd->queue);
		if (!skb)
			return;
		rcu_read_lock();
		if (netif_running(dev))
			nf_xlat_dev_xmit(skb, dev);
		else
			kfree_skb(skb);
		rcu_read_unlock();
	}
	tasklet_schedule(tasklet);
}

/* Wait until nf_xlat_dev_xmit_queued() has ended, and free the packets that it has not sent. */
static void nf_xlat_dev_purge(struct nf_xlat_dev *xd)
{
	tasklet_kill(&xd->tasklet);
	skb_queue_purge(&xd->queue);
}

/*
 * ndo_start_xmit(). Where the device has a queueing discipline, a tasklet sends the packet. The
 * reason is kernels that have q->busylock, 6.12 for example: __dev_xmit_skb() may hold this lock
 * while it calls this function, and always does so with PREEMPT_RT. The translated packet may be
 * routed to the device again, as a hairpin is, and dev_queue_xmit() would wait for the lock for
 * ever.
 */
static netdev_tx_t nf_xlat_dev_start_xmit(struct sk_buff *skb,
					  struct net_device *dev)
{
	struct nf_xlat_dev *xd = netdev_priv(dev);

	if (likely(!nf_xlat_dev_queues(dev, skb)))
		return nf_xlat_dev_xmit(skb, dev);
	if (skb_queue_len_lockless(&xd->queue) >= NF_XLAT_DEV_QUEUE) {
		DEV_STATS_INC(dev, tx_dropped);
		kfree_skb(skb);
	} else {
		skb_queue_tail(&xd->queue, skb);
		tasklet_schedule(&xd->tasklet);
	}
	return NETDEV_TX_OK;
}

/* Free waiting packets: if the device moves to another namespace, they must not be sent there. */
static int nf_xlat_dev_stop(struct net_device *dev)
{
	nf_xlat_dev_purge(netdev_priv(dev));
	return 0;
}

/* Is the packet in the same VRF as the device, or are both in no VRF? */
static bool nf_xlat_dev_same_vrf(const struct net_device *dev,
				 const struct sk_buff *skb,
				 const struct nf_hook_state *state)
{
	const struct net_device *other = state->in;

	if (state->hook == NF_INET_LOCAL_OUT)
		other = skb_dst(skb) ? dst_dev_rcu(skb_dst(skb)) : NULL;
	return !other || l3mdev_master_ifindex_rcu((struct net_device *)other) ==
			 l3mdev_master_ifindex_rcu((struct net_device *)dev);
}

/* Hook that translates a packet for the prefix of a device with state, as "xlat 6to4" does. */
static unsigned int nf_xlat_dev_state_hook(void *priv, struct sk_buff *skb,
					   const struct nf_hook_state *state)
{
	struct net_device *dev = priv;
	const struct nf_xlat_dev *xd = netdev_priv(dev);
	const struct nf_xlat_dev_conf *conf;

	if (!netif_running(dev) || nf_xlat_bridged(skb))
		return NF_ACCEPT;
	conf = rcu_dereference(xd->conf);
	if (!ipv6_prefix_equal(&conf->range.prefix.addr, &ipv6_hdr(skb)->daddr,
			       conf->range.prefix.len) ||
	    !nf_xlat_dev_same_vrf(dev, skb, state))
		return NF_ACCEPT;

	return nf_xlat_ct(skb, state, &conf->range);
}

/*
 * Hook that translates a packet from IPv6 whose destination is the address of a pair, for a device
 * with "host" (a CLAT on a host that does not forward).
 *
 * The hook runs before the route look-up, since a host that does not forward would not route the
 * packet to the device. It runs after conntrack, which has tracked the packets that the host sent
 * in IPv6. It also runs after NAT: where the host has only one IPv6 address, a rule masquerades the
 * CLAT's address with that one, and NAT has to change the destination back first.
 *
 * The host itself may use the IPv6 address of the pair. So ICMP messages and protocols that cannot
 * be translated, as those of neighbour discovery, go on to the host unchanged.
 */
static unsigned int nf_xlat_dev_host_hook(void *priv, struct sk_buff *skb,
					  const struct nf_hook_state *state)
{
	struct nf_xlat_way way = nf_xlat_way_of(state);
	struct net_device *dev = priv, *in = skb->dev;
	const struct nf_xlat_dev *xd = netdev_priv(dev);
	struct nf_xlat_parm parm __uninitialized;
	struct nf_xlat_pkt pkt __uninitialized;
	const struct nf_xlat_dev_conf *conf;
	u16 thoff = skb->transport_header;
	enum nf_xlat_reason reason;
	union nf_inet_addr error4;
	unsigned int verdict;
	bool reasm;

	if (!netif_running(dev) || nf_xlat_bridged(skb))
		return NF_ACCEPT;
	conf = rcu_dereference(xd->conf);
	if (!nf_xlat_dev_find6(&conf->pairs6, &ipv6_hdr(skb)->daddr))
		return NF_ACCEPT;

	parm.lowest_mtu6 = conf->mtu;
	parm.rules = 0;
	error4.ip = conf->error4;
	way.owner = &xd->owner;
	way.flags |= NF_XLAT_FOR_HOST;
	reasm = nf_xlat_reassembled(skb, NFPROTO_IPV6);
again:
	if (!nf_xlat_map(&conf->dom, state->net, skb, NFPROTO_IPV6, reasm,
			 &error4, &pkt, &parm, &reason))
		return NF_ACCEPT;
	/* Conntrack, which may be absent for IPv6, has not reassembled the message. */
	if (unlikely(reason == NF_XLAT_FRAG_ICMP && !reasm)) {
		if (!nf_xlat_dev_defrag(&way, skb, NFPROTO_IPV6))
			return NF_STOLEN;
		thoff = skb->transport_header;
		reasm = true;
		goto again;
	}
	if (reason == NF_XLAT_ICMP || reason == NF_XLAT_PROTO ||
	    reason == NF_XLAT_QUOTED) {
		/*
		 * nf_xlat_parse() has set the transport header behind the extension headers. But
		 * ip6_protocol_deliver_rcu() begins there to read them, so set it back.
		 */
		skb->transport_header = thoff;
		return NF_ACCEPT;
	}
	if (reason)
		return nf_xlat_reject(skb, &way, &pkt, reason);

	skb->dev = dev;
	verdict = nf_xlat_send(skb, &way, &pkt, &parm);
	if (verdict != NF_STOLEN)
		skb->dev = in;
	return verdict;
}

/* Add a hook to those that nf_xlat_dev_init() registers. */
static void nf_xlat_dev_add_hook(struct net_device *dev, nf_hookfn *fn,
				 unsigned int hook, int priority)
{
	struct nf_xlat_dev *xd = netdev_priv(dev);

	xd->ops[xd->n_ops++] = (struct nf_hook_ops) {
		.hook		= fn,
		.priv		= dev,
		.pf		= NFPROTO_IPV6,
		.hooknum	= hook,
		.priority	= priority,
	};
}

static int nf_xlat_dev_init(struct net_device *dev)
{
	struct nf_xlat_dev *xd = netdev_priv(dev);
	struct nf_xlat_dev_conf *conf;
	int err = -ENOMEM;

	netdev_lockdep_set_classes(dev);
	dev->tstats = netdev_alloc_pcpu_stats(struct pcpu_sw_netstats);
	if (!dev->tstats)
		return err;
	xd->owner.dev = dev;
	xd->owner.mib = alloc_percpu_gfp(struct nf_xlat_mib, GFP_KERNEL_ACCOUNT);
	if (!xd->owner.mib)
		goto err;

	conf = rtnl_dereference(xd->conf);
	if (conf->mode != IF_XLAT_STATELESS) {
		nf_xlat_dev_add_hook(dev, nf_xlat_dev_state_hook,
				     NF_INET_PRE_ROUTING, NF_IP6_PRI_NAT_DST);
		nf_xlat_dev_add_hook(dev, nf_xlat_dev_state_hook,
				     NF_INET_LOCAL_OUT, NF_IP6_PRI_NAT_DST);
	} else if (conf->host) {
		nf_xlat_dev_add_hook(dev, nf_xlat_dev_host_hook,
				     NF_INET_PRE_ROUTING, NF_IP6_PRI_NAT_DST + 1);
	}
	/* The hooks cannot move to another namespace, so do not let the device move either. */
	if (xd->n_ops)
		nf_xlat_netns_immutable(dev);
	if (conf->mode != IF_XLAT_STATELESS) {
		conf->range.owner = nf_xlat_ct_owner_add(dev_net(dev),
							 &xd->owner);
		nf_xlat_ct_pool_set_owner(conf->range.pool, conf->range.owner);
	}
	err = nf_register_net_hooks(dev_net(dev), xd->ops, xd->n_ops);
	xd->inited = !err;
	if (!err)
		return 0;
	nf_xlat_ct_owner_del(dev_net(dev), conf->range.owner);
	/*
	 * If only the second hook could not be registered, a packet may still be in the first
	 * one. Wait for it, since the caller frees the device.
	 */
	synchronize_net();

err:
	free_percpu(xd->owner.mib);
	free_percpu(dev->tstats);
	return err;
}

/*
 * When a device is unregistered, unregister_netdevice_many() waits for packets that are in the
 * hooks or use the counters before the device is freed, once for all devices that go together.
 * When register_netdevice() fails after nf_xlat_dev_init(), the caller frees the device and nobody
 * waits. So wait here then.
 */
static void nf_xlat_dev_uninit(struct net_device *dev)
{
	struct nf_xlat_dev *xd = netdev_priv(dev);
	struct nf_xlat_dev_conf *conf = rtnl_dereference(xd->conf);

	nf_xlat_dev_fast_put(&xd->fast);
	nf_unregister_net_hooks(dev_net(dev), xd->ops, xd->n_ops);
	if (conf->mode != IF_XLAT_STATELESS) {
		nf_xlat_ct_owner_del(dev_net(dev), conf->range.owner);
		nf_xlat_ct_pool_del(dev_net(dev), conf->range.pool);
		nf_xlat_ct_netns_put(dev_net(dev));
	}
	if (dev->reg_state != NETREG_UNREGISTERING)
		synchronize_net();
}

/*
 * Free counters and configuration, when nobody holds the device any more. nf_xlat_dev_uninit() is
 * too early for that: __dev_direct_xmit() tests netif_running() outside of an RCU read side, so a
 * packet socket with PACKET_QDISC_BYPASS may send as long as it holds the device.
 */
static void nf_xlat_dev_destructor(struct net_device *dev)
{
	struct nf_xlat_dev *xd = netdev_priv(dev);

	nf_xlat_dev_purge(xd);
	free_percpu(xd->owner.mib);
	free_percpu(dev->tstats);
	kvfree(rcu_dereference_protected(xd->conf, true));
}

/*
 * Get the name of a counter, or NULL if devices do not have it: mappings are counted for the
 * namespace only.
 */
static const char *nf_xlat_dev_counter(unsigned int i)
{
	return i == NF_XLAT_MIB_BIB ? NULL : nf_xlat_mib_name(i);
}

static void nf_xlat_dev_get_stats64(struct net_device *dev,
				    struct rtnl_link_stats64 *stats)
{
	const struct nf_xlat_dev *xd = netdev_priv(dev);
	unsigned int i;

	dev_get_tstats64(dev, stats);
	for (i = 0; i < __NF_XLAT_REASON_MAX; i++)
		stats->tx_dropped += nf_xlat_mib_sum(xd->owner.mib, i);
}

static int nf_xlat_dev_get_sset_count(struct net_device *dev, int sset)
{
	unsigned int i, n = 0;

	if (sset != ETH_SS_STATS)
		return -EOPNOTSUPP;
	for (i = 0; i < __NF_XLAT_MIB_MAX; i++)
		n += !!nf_xlat_dev_counter(i);
	return n;
}

static void nf_xlat_dev_get_strings(struct net_device *dev, u32 sset, u8 *data)
{
	unsigned int i;

	for (i = 0; i < __NF_XLAT_MIB_MAX; i++) {
		if (!nf_xlat_dev_counter(i))
			continue;
		strscpy(data, nf_xlat_dev_counter(i), ETH_GSTRING_LEN);
		data += ETH_GSTRING_LEN;
	}
}

static void nf_xlat_dev_get_ethtool_stats(struct net_device *dev,
					  struct ethtool_stats *stats, u64 *data)
{
	const struct nf_xlat_dev *xd = netdev_priv(dev);
	unsigned int i;

	for (i = 0; i < __NF_XLAT_MIB_MAX; i++)
		if (nf_xlat_dev_counter(i))
			*data++ = nf_xlat_mib_sum(xd->owner.mib, i);
}

static const struct ethtool_ops nf_xlat_dev_ethtool_ops = {
	.get_link		= ethtool_op_get_link,
	.get_sset_count		= nf_xlat_dev_get_sset_count,
	.get_strings		= nf_xlat_dev_get_strings,
	.get_ethtool_stats	= nf_xlat_dev_get_ethtool_stats,
};

static const struct net_device_ops nf_xlat_dev_ops = {
	.ndo_init		= nf_xlat_dev_init,
	.ndo_uninit		= nf_xlat_dev_uninit,
	.ndo_stop		= nf_xlat_dev_stop,
	.ndo_start_xmit		= nf_xlat_dev_start_xmit,
	.ndo_get_stats64	= nf_xlat_dev_get_stats64,
};

#define NF_XLAT_DEV_FEATURES	(NETIF_F_SG | NETIF_F_FRAGLIST | NETIF_F_HIGHDMA | \
				 NETIF_F_HW_CSUM | NETIF_F_RXCSUM |		   \
				 NETIF_F_GSO_SOFTWARE | NETIF_F_GSO_UDP_L4)

/**
 * nf_xlat_dev_setup - set up a new device, see rtnl_link_ops.setup
 * @dev: the device
 */
void nf_xlat_dev_setup(struct net_device *dev)
{
	struct nf_xlat_dev *xd = netdev_priv(dev);

	skb_queue_head_init(&xd->queue);
	tasklet_setup(&xd->tasklet, nf_xlat_dev_xmit_queued);
	dev->netdev_ops = &nf_xlat_dev_ops;
	dev->ethtool_ops = &nf_xlat_dev_ethtool_ops;
	dev->needs_free_netdev = true;
	dev->priv_destructor = nf_xlat_dev_destructor;
	dev->type = ARPHRD_NONE;
	dev->flags = IFF_NOARP;
	/* A packet grows most if it becomes an IPv6 fragment. */
	dev->needed_headroom = sizeof(struct ipv6hdr) + sizeof(struct frag_hdr) -
			       sizeof(struct iphdr);
	dev->mtu = ETH_DATA_LEN;
	dev->min_mtu = IPV6_MIN_MTU;
	dev->max_mtu = IP_MAX_MTU;
	dev->features |= NF_XLAT_DEV_FEATURES;
	dev->hw_features |= NF_XLAT_DEV_FEATURES;
	nf_xlat_lltx(dev);
	dev->priv_flags |= IFF_NO_QUEUE;
	dev->priv_flags &= ~IFF_TX_SKB_SHARING;
	/* icmp_send() and icmpv6_send() need the route of a packet that is refused. */
	netif_keep_dst(dev);
}

static int __init nf_xlat_dev_module_init(void)
{
	/* Built into the kernel, this is called even where nf_xlat_init() has failed. */
	if (!ipv6_mod_enabled())
		return -EAFNOSUPPORT;
	return rtnl_link_register(&nf_xlat_dev_link_ops);
}

static void __exit nf_xlat_dev_module_exit(void)
{
	rtnl_link_unregister(&nf_xlat_dev_link_ops);
}

module_init(nf_xlat_dev_module_init);
module_exit(nf_xlat_dev_module_exit);

MODULE_LICENSE("GPL");
MODULE_VERSION(NF_XLAT_VERSION);
MODULE_ALIAS_RTNL_LINK("xlat");
MODULE_DESCRIPTION("Device that translates between IPv4 and IPv6");
