/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Functions that both kfuncs for XDP programs need, those of nf_xlat_bpf and of nf_xlat_flow.
 */
#ifndef _NF_XLAT_XDP_H
#define _NF_XLAT_XDP_H

#include <linux/if_ether.h>
#include <linux/netdevice.h>
#include <net/xdp.h>
#include "compat.h"

/*
 * Is this generic XDP? Then the frame is that of an skb, which may be GSO or have an unfinished
 * checksum. The program need not be the one of dev->xdp_prog: tun, netdevsim and cpumap run
 * theirs on an skb, too. But all generic XDP uses the queues of the device itself
 * (netif_get_rxqueue()), which drivers do not use. BPF_PROG_TEST_RUN uses the one of the
 * loopback device, and has no skb.
 */
static inline bool nf_xlat_xdp_generic(const struct xdp_buff *xdp)
{
	const struct net_device *dev = xdp->rxq->dev;
	const struct netdev_rx_queue *first = dev->_rx;
	const void *rxq = xdp->rxq;

	return rcu_access_pointer(dev->xdp_prog) ||
	       (!(dev->flags & IFF_LOOPBACK) && rxq >= (void *)first &&
		rxq < (void *)(first + dev->num_rx_queues));
}

/* Does the device remove VLAN tags? Then the program cannot see to which VLAN a frame belongs. */
static inline bool nf_xlat_xdp_untags(const struct net_device *dev)
{
	return dev->features & (NETIF_F_HW_VLAN_CTAG_RX |
				NETIF_F_HW_VLAN_STAG_RX);
}

/* May a frame begin at @data? The kernel keeps its struct xdp_frame in front of it. */
static inline bool nf_xlat_xdp_room(const struct xdp_buff *xdp, const void *data)
{
	return data >= xdp->data_hard_start + sizeof(struct xdp_frame);
}

/*
 * Set begin and end of a frame whose headers have been written. The metadata of XDP is in front of
 * the old frame, and is lost.
 */
static inline void nf_xlat_xdp_set(struct xdp_buff *xdp, void *data, void *end)
{
	bool meta = !xdp_data_meta_unsupported(xdp);

	xdp->data = data;
	xdp->data_end = end;
	if (meta)
		xdp->data_meta = data;
	else
		xdp_set_data_meta_invalid(xdp);
}

#endif /* _NF_XLAT_XDP_H */
