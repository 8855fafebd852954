// SPDX-License-Identifier: GPL-2.0-only
/*
 * Loaded before a program that runs so many times slower than it would (under an emulator that counts its instructions): its clock runs slower by as
 * much, so that it takes the same paths. CLOCK_MONOTONIC alone, which is what fio's clocksource=clock_gettime reads.
 */
#include <stdint.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { TIMES = 60, NS = 1000000000 };

__attribute__((visibility("default"))) int clock_gettime(clockid_t clock, struct timespec *t)
{
	static _Atomic int64_t start_ns;
	int rc = (int)syscall(SYS_clock_gettime, clock, t);
	int64_t now_ns, none = 0;

	if (rc || clock != CLOCK_MONOTONIC)
		return rc;
	now_ns = (int64_t)t->tv_sec * NS + t->tv_nsec;
	if (__atomic_compare_exchange_n(&start_ns, &none, now_ns, 0, __ATOMIC_RELAXED, __ATOMIC_RELAXED))
		none = now_ns;
	now_ns = none + (now_ns - none) / TIMES;
	*t = (struct timespec){ .tv_sec = now_ns / NS, .tv_nsec = now_ns % NS };
	return 0;
}
