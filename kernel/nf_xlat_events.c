// SPDX-License-Identifier: GPL-2.0-only
/*
 * A work that looks after the devices of a namespace.
 */

#include <linux/export.h>
#include <linux/jiffies.h>
#include <linux/minmax.h>
#include <linux/rcupdate.h>
#include "compat.h"
#include "nf_xlat_events.h"

/* The work pauses for this many times as long as it ran. */
#define NF_XLAT_EVENTS_PAUSE	16
/* But not for longer: timeouts of conntrack run, and a device may wait for its routes. */
#define NF_XLAT_EVENTS_MAX_PAUSE	(8UL * HZ)

/* The work has not begun to handle it; it has. */
#define NF_XLAT_EVENT_NEW	xa_mk_value(0)
#define NF_XLAT_EVENT_SEEN	xa_mk_value(1)

/**
 * nf_xlat_events_init - for a new namespace
 * @ev: the events
 * @func: the work, which finds @ev by nf_xlat_events_of()
 */
void nf_xlat_events_init(struct nf_xlat_events *ev, work_func_t func)
{
	INIT_DELAYED_WORK(&ev->work, func);
	xa_init(&ev->devs);
	ev->ended = jiffies;
	ev->pause = 0;
}
EXPORT_SYMBOL_GPL(nf_xlat_events_init);

/**
 * nf_xlat_events_exit - when a namespace ends
 * @ev: the events; nobody adds any from now on
 *
 * Process context.
 */
void nf_xlat_events_exit(struct nf_xlat_events *ev)
{
	cancel_delayed_work_sync(&ev->work);
	xa_destroy(&ev->devs);
}
EXPORT_SYMBOL_GPL(nf_xlat_events_exit);

/**
 * nf_xlat_events_kick - there is something for the work to do
 * @ev: the events
 *
 * The work runs when its pause is over. Any context.
 */
void nf_xlat_events_kick(struct nf_xlat_events *ev)
{
	unsigned long since = jiffies - READ_ONCE(ev->ended);
	unsigned long pause = READ_ONCE(ev->pause);

	mod_delayed_work(nf_xlat_wq, &ev->work,
			 since < pause ? pause - since : 0);
}
EXPORT_SYMBOL_GPL(nf_xlat_events_kick);

/**
 * nf_xlat_events_add - a device has had an event
 * @ev: the events
 * @ifindex: index of the device
 *
 * Process context; RTNL may be held.
 *
 * Return: false without memory, when the work does not learn of it.
 */
bool nf_xlat_events_add(struct nf_xlat_events *ev, int ifindex)
{
	if (xa_is_err(xa_store(&ev->devs, ifindex, NF_XLAT_EVENT_NEW,
			       GFP_KERNEL_ACCOUNT)))
		return false;
	nf_xlat_events_kick(ev);
	return true;
}
EXPORT_SYMBOL_GPL(nf_xlat_events_add);

/**
 * nf_xlat_events_begin - the work begins
 * @ev: the events
 *
 * After this call each session that was set up before one of the events is in its table.
 * An event that comes later is for the next run of the work. Process context.
 *
 * Return: jiffies, for nf_xlat_events_end().
 */
unsigned long nf_xlat_events_begin(struct nf_xlat_events *ev)
{
	unsigned long start = jiffies, ifindex;
	void *entry;

	if (xa_empty(&ev->devs))
		return start;
	xa_for_each(&ev->devs, ifindex, entry)
		xa_cmpxchg(&ev->devs, ifindex, NF_XLAT_EVENT_NEW,
			   NF_XLAT_EVENT_SEEN, 0);
	synchronize_rcu();
	return start;
}
EXPORT_SYMBOL_GPL(nf_xlat_events_begin);

/**
 * nf_xlat_events_end - the work ends
 * @ev: the events
 * @start: what nf_xlat_events_begin() returned
 * @done: all sessions have been told of the events, which can be forgotten
 *
 * Process context.
 */
void nf_xlat_events_end(struct nf_xlat_events *ev, unsigned long start,
			bool done)
{
	unsigned long ifindex;
	void *entry;

	if (done)
		xa_for_each(&ev->devs, ifindex, entry)
			xa_cmpxchg(&ev->devs, ifindex, NF_XLAT_EVENT_SEEN,
				   NULL, 0);
	WRITE_ONCE(ev->pause, min(NF_XLAT_EVENTS_PAUSE * (jiffies - start),
				  NF_XLAT_EVENTS_MAX_PAUSE));
	WRITE_ONCE(ev->ended, jiffies);
}
EXPORT_SYMBOL_GPL(nf_xlat_events_end);
