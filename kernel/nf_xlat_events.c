// SPDX-License-Identifier: GPL-2.0-only
/*
 * A work of a namespace that pauses after each run, and the devices whose events it handles.
 */

#include <linux/export.h>
#include <linux/jiffies.h>
#include <linux/minmax.h>
#include <linux/rcupdate.h>
#include "nf_xlat_events.h"

/* After a run, the work pauses for this many times the duration of the run. */
#define NF_XLAT_EVENTS_PAUSE	16
/*
 * The longest pause. Meanwhile conntrack entries of flows may time out, and the removal of a
 * device may wait for the routes that flows hold.
 */
#define NF_XLAT_EVENTS_MAX_PAUSE	(8UL * HZ)

/* NEW: the work has not begun to handle the event. SEEN: the work is handling it. */
#define NF_XLAT_EVENT_NEW	xa_mk_value(0)
#define NF_XLAT_EVENT_SEEN	xa_mk_value(1)

/**
 * nf_xlat_wqs_alloc - make workqueues for the works of namespaces
 * @wqs: the workqueues
 * @name: their name
 * @host: how many works of the administrator's namespaces may run or wait for a lock at once
 * @users: the same for the works of other namespaces
 *
 * Process context.
 *
 * Return: 0 or -ENOMEM.
 */
int nf_xlat_wqs_alloc(struct nf_xlat_wqs *wqs, const char *name, int host, int users)
{
	wqs->host = alloc_workqueue("%s", WQ_UNBOUND, host, name);
	if (!wqs->host)
		return -ENOMEM;
	wqs->users = alloc_workqueue("%s_users", WQ_UNBOUND, users, name);
	if (wqs->users)
		return 0;
	destroy_workqueue(wqs->host);
	return -ENOMEM;
}
EXPORT_SYMBOL_GPL(nf_xlat_wqs_alloc);

/**
 * nf_xlat_wqs_destroy - undo nf_xlat_wqs_alloc()
 * @wqs: the workqueues, whose works have been cancelled
 *
 * Process context.
 */
void nf_xlat_wqs_destroy(struct nf_xlat_wqs *wqs)
{
	destroy_workqueue(wqs->users);
	destroy_workqueue(wqs->host);
}
EXPORT_SYMBOL_GPL(nf_xlat_wqs_destroy);

/**
 * nf_xlat_events_init - initialise the events of a new namespace
 * @ev: the events
 * @func: the work, which finds @ev by nf_xlat_events_of()
 * @wq: the workqueue that it runs on
 *
 * Any context.
 */
void nf_xlat_events_init(struct nf_xlat_events *ev, work_func_t func,
			 struct workqueue_struct *wq)
{
	ev->wq = wq;
	INIT_DELAYED_WORK(&ev->work, func);
	xa_init(&ev->devs);
	ev->ended = jiffies;
	ev->pause = 0;
}
EXPORT_SYMBOL_GPL(nf_xlat_events_init);

/**
 * nf_xlat_events_exit - cancel the work of a namespace that ends
 * @ev: the events; the caller makes sure that nobody adds one any more
 *
 * Process context.
 */
void nf_xlat_events_exit(struct nf_xlat_events *ev)
{
	cancel_delayed_work_sync(&ev->work);
	xa_destroy(&ev->devs);
}
EXPORT_SYMBOL_GPL(nf_xlat_events_exit);

/* For how many jiffies the work still pauses */
static unsigned long nf_xlat_events_pause_left(const struct nf_xlat_events *ev)
{
	unsigned long since = jiffies - READ_ONCE(ev->ended);
	unsigned long pause = READ_ONCE(ev->pause);

	return since < pause ? pause - since : 0;
}

/**
 * nf_xlat_events_schedule - schedule the work
 * @ev: the events
 *
 * The work runs when its pause is over. If it is running now, it pauses after this run first, see
 * nf_xlat_events_end(). Any context.
 */
void nf_xlat_events_schedule(struct nf_xlat_events *ev)
{
	mod_delayed_work(ev->wq, &ev->work, nf_xlat_events_pause_left(ev));
}
EXPORT_SYMBOL_GPL(nf_xlat_events_schedule);

/**
 * nf_xlat_events_queue - schedule the work, unless it is scheduled
 * @ev: the events
 *
 * As nf_xlat_events_schedule(), for a work that nobody schedules for later than the end of its
 * pause. If the work is scheduled already, this is one atomic operation. Any context.
 */
void nf_xlat_events_queue(struct nf_xlat_events *ev)
{
	queue_delayed_work(ev->wq, &ev->work, nf_xlat_events_pause_left(ev));
}

/**
 * nf_xlat_events_resched - let the work run once more
 * @ev: the events
 * @delay: after this many jiffies, and not before its pause is over; an event may start the work
 *	earlier
 *
 * For the work itself, at the end of its run.
 */
void nf_xlat_events_resched(struct nf_xlat_events *ev, unsigned long delay)
{
	queue_delayed_work(ev->wq, &ev->work,
			   max(delay, READ_ONCE(ev->pause)));
}
EXPORT_SYMBOL_GPL(nf_xlat_events_resched);

/**
 * nf_xlat_events_add_dev - note an event of a device, and schedule the work
 * @ev: the events
 * @ifindex: index of the device
 *
 * Process context; RTNL may be held.
 *
 * Return: false without memory: then the work will not handle the event.
 */
bool nf_xlat_events_add_dev(struct nf_xlat_events *ev, int ifindex)
{
	if (xa_is_err(xa_store(&ev->devs, ifindex, NF_XLAT_EVENT_NEW,
			       GFP_KERNEL_ACCOUNT)))
		return false;
	nf_xlat_events_schedule(ev);
	return true;
}
EXPORT_SYMBOL_GPL(nf_xlat_events_add_dev);

/**
 * nf_xlat_events_begin - begin a run of the work
 * @ev: the events
 *
 * If there are events of devices, this waits for packets that were setting up a session when the
 * event came: after this call, their sessions are in the table that the work walks over. An
 * event that comes after this call is for the next run. Process context.
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
 * nf_xlat_events_end - end a run of the work
 * @ev: the events
 * @start: what nf_xlat_events_begin() returned
 * @done: the walk has visited all sessions, so remove the events that this run has handled
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
	/* An event that came during the run has read the pause of the run before. */
	if (delayed_work_pending(&ev->work))
		mod_delayed_work(ev->wq, &ev->work, READ_ONCE(ev->pause));
}
EXPORT_SYMBOL_GPL(nf_xlat_events_end);
