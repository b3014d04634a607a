// SPDX-License-Identifier: GPL-2.0-only
/*
 * Errors made on purpose, one per load (modprobe planted error=...), to see
 * that the kernel's checkers are awake. Never to be installed.
 */

#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/timer.h>

static char *error = "";
module_param(error, charp, 0);
MODULE_PARM_DESC(error, "bounds, stack, leak, shift, rcu, sleep, timer or locks");

static DEFINE_MUTEX(lock_a);
static DEFINE_MUTEX(lock_b);
static int __rcu *pointer;
static int index = 64;

static void planted_bounds(void)
{
	char *p = kmalloc(64, GFP_KERNEL);

	if (p)
		pr_info("read %d\n", READ_ONCE(p[READ_ONCE(index)]));
	kfree(p);
}

static void planted_stack(void)
{
	char p[64] = {};

	pr_info("read %d\n", READ_ONCE(p[READ_ONCE(index)]));
}

/* Many, as stale pointers lie about, in the slab allocator's sheaves first of all. */
static void planted_leak(void)
{
	void *p;
	int i;

	for (i = 0; i < 1024; i++) {
		p = kmalloc(128, GFP_KERNEL);
		OPTIMIZER_HIDE_VAR(p);
	}
}

static void planted_shift(void)
{
	pr_info("shifted %d\n", 1 << READ_ONCE(index));
}

static void planted_rcu(void)
{
	pr_info("read %p\n", rcu_dereference(pointer));
}

static void planted_sleep(void)
{
	rcu_read_lock();
	might_sleep();
	rcu_read_unlock();
}

static void planted_expire(struct timer_list *t)
{
}

static void planted_timer(void)
{
	struct timer_list *t = kmalloc(sizeof(*t), GFP_KERNEL);

	if (!t)
		return;
	timer_setup(t, planted_expire, 0);
	mod_timer(t, jiffies + 3600 * HZ);
	kfree(t); /* debugobjects stops it */
}

static void planted_locks(void)
{
	mutex_lock(&lock_a);
	mutex_lock(&lock_b);
	mutex_unlock(&lock_b);
	mutex_unlock(&lock_a);

	mutex_lock(&lock_b);
	mutex_lock(&lock_a);
	mutex_unlock(&lock_a);
	mutex_unlock(&lock_b);
}

static const struct {
	const char *name;
	void (*make)(void);
} errors[] = {
	{ "bounds", planted_bounds },
	{ "stack", planted_stack },
	{ "leak", planted_leak },
	{ "shift", planted_shift },
	{ "rcu", planted_rcu },
	{ "sleep", planted_sleep },
	{ "timer", planted_timer },
	{ "locks", planted_locks },
};

static int __init planted_init(void)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(errors); i++) {
		if (strcmp(error, errors[i].name))
			continue;
		errors[i].make();
		return 0;
	}
	return -EINVAL;
}

static void __exit planted_exit(void)
{
}

module_init(planted_init);
module_exit(planted_exit);

MODULE_DESCRIPTION("Errors on purpose, for tests");
MODULE_LICENSE("GPL");
