// SPDX-License-Identifier: GPL-2.0
/* The TSC of this machine, in kHz: ticks in a tenth of a second */
#include <stdint.h>
#include <stdio.h>
#include <time.h>
#include <x86intrin.h>

/* Both clocks at once: of many tries the one that took the least time */
static void both(uint64_t *tsc, int64_t *ns)
{
	uint64_t before, after, least = UINT64_MAX;
	struct timespec now;
	int i;

	for (i = 0; i < 1000; i++) {
		before = __rdtsc();
		clock_gettime(CLOCK_MONOTONIC_RAW, &now);
		after = __rdtsc();
		if (after - before >= least)
			continue;
		least = after - before;
		*tsc = before + least / 2;
		*ns = now.tv_sec * 1000000000LL + now.tv_nsec;
	}
}

int main(void)
{
	struct timespec tenth = { .tv_nsec = 100000000 };
	uint64_t tsc, tsc_end;
	int64_t ns, ns_end;

	both(&tsc, &ns);
	nanosleep(&tenth, NULL);
	both(&tsc_end, &ns_end);
	printf("%.0f\n", (tsc_end - tsc) * 1e6 / (ns_end - ns));
	return 0;
}
