/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the functions for XDP programs share.
 */
#ifndef _NF_XLAT_XDP_H
#define _NF_XLAT_XDP_H

#include <linux/if_ether.h>
#include <linux/netdevice.h>
#include <net/xdp.h>

/* Is a tag not seen that the frame had? Then the frame may be of any VLAN. */
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
 * Set begin and end of a frame whose headers have been written. Metadata of XDP lies in
 * front of the frame, and is lost.
 */
static inline void nf_xlat_xdp_set(struct xdp_buff *xdp, void *data, void *end)
{
	if (xdp_data_meta_unsupported(xdp))
		xdp->data_meta = data + 1;
	else
		xdp->data_meta = data;
	xdp->data = data;
	xdp->data_end = end;
}

#endif /* _NF_XLAT_XDP_H */
