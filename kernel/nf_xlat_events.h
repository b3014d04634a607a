/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A work that handles events of a namespace's devices, in nf_xlat_ct and nf_xlat_flow.
 */
#ifndef _NF_XLAT_EVENTS_H
#define _NF_XLAT_EVENTS_H

#include <linux/workqueue.h>
#include <linux/xarray.h>

/**
 * struct nf_xlat_events - events of devices, and the work that handles them
 *
 * A notifier is called with RTNL held, and there may be any number of sessions. So the notifier
 * only notes the device here, and the work walks over the sessions. After each run the work
 * pauses, so that it does not keep a CPU busy.
 *
 * @work: the work
 * @wq: the workqueue that it runs on
 * @devs: devices by index; the value is NF_XLAT_EVENT_NEW or NF_XLAT_EVENT_SEEN
 * @ended: jiffies when the last run of the work ended
 * @pause: for how many jiffies after @ended the work does not run again
 */
struct nf_xlat_events {
	struct delayed_work	work;
	struct workqueue_struct	*wq;
	struct xarray		devs;
	unsigned long		ended;
	unsigned long		pause;
};

static inline struct nf_xlat_events *nf_xlat_events_of(struct work_struct *work)
{
	return container_of(to_delayed_work(work), struct nf_xlat_events, work);
}

/* Has this device had an event that the work has not handled yet? Any context. */
static inline bool nf_xlat_events_has(const struct nf_xlat_events *ev,
				      int ifindex)
{
	return xa_load((struct xarray *)&ev->devs, ifindex);
}

void nf_xlat_events_init(struct nf_xlat_events *ev, work_func_t func,
			 struct workqueue_struct *wq);
void nf_xlat_events_exit(struct nf_xlat_events *ev);
bool nf_xlat_events_add(struct nf_xlat_events *ev, int ifindex);
void nf_xlat_events_kick(struct nf_xlat_events *ev);
void nf_xlat_events_again(struct nf_xlat_events *ev, unsigned long delay);
unsigned long nf_xlat_events_begin(struct nf_xlat_events *ev);
void nf_xlat_events_end(struct nf_xlat_events *ev, unsigned long start,
			bool done);

#endif /* _NF_XLAT_EVENTS_H */
