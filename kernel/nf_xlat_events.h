/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A work of a namespace that pauses after each run, and the devices whose events it handles, in
 * nf_xlat_ct and nf_xlat_flow.
 */
#ifndef _NF_XLAT_EVENTS_H
#define _NF_XLAT_EVENTS_H

#include <linux/user_namespace.h>
#include <linux/workqueue.h>
#include <linux/xarray.h>
#include <net/net_namespace.h>

/**
 * struct nf_xlat_wqs - workqueues for the works of namespaces
 *
 * Any user can make any number of namespaces. Their works must not keep those of the
 * administrator's namespaces waiting.
 *
 * @host: for the administrator's namespaces
 * @users: for namespaces for which nf_xlat_of_user() is true
 */
struct nf_xlat_wqs {
	struct workqueue_struct	*host;
	struct workqueue_struct	*users;
};

/* Does a namespace belong to a user namespace other than the initial one? */
static inline bool nf_xlat_of_user(const struct net *net)
{
	return net->user_ns != &init_user_ns;
}

static inline struct workqueue_struct *nf_xlat_wq(const struct nf_xlat_wqs *wqs,
						  const struct net *net)
{
	return nf_xlat_of_user(net) ? wqs->users : wqs->host;
}

/**
 * struct nf_xlat_events - a work that pauses, and the devices whose events it handles
 *
 * A notifier is called with RTNL held, and there may be any number of sessions. So the notifier
 * only notes the device here, and the work walks over the sessions. After each run the work
 * pauses, so that it does not keep a CPU busy. The work of struct nf_xlat_listeners pauses too, and
 * has no devices.
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
static inline bool nf_xlat_events_has_dev(const struct nf_xlat_events *ev,
					  int ifindex)
{
	return xa_load((struct xarray *)&ev->devs, ifindex);
}

int nf_xlat_wqs_alloc(struct nf_xlat_wqs *wqs, const char *name, int host, int users);
void nf_xlat_wqs_destroy(struct nf_xlat_wqs *wqs);
void nf_xlat_events_init(struct nf_xlat_events *ev, work_func_t func,
			 struct workqueue_struct *wq);
void nf_xlat_events_exit(struct nf_xlat_events *ev);
bool nf_xlat_events_add_dev(struct nf_xlat_events *ev, int ifindex);
void nf_xlat_events_schedule(struct nf_xlat_events *ev);
void nf_xlat_events_queue(struct nf_xlat_events *ev);
void nf_xlat_events_resched(struct nf_xlat_events *ev, unsigned long delay);
unsigned long nf_xlat_events_begin(struct nf_xlat_events *ev);
void nf_xlat_events_end(struct nf_xlat_events *ev, unsigned long start,
			bool done);

#endif /* _NF_XLAT_EVENTS_H */
