// SPDX-License-Identifier: GPL-2.0-only
/* Linked into a copy of the engine (-Wl,--wrap=fio_gettime): each batch that it submits takes SQP_SLOW_NS longer, in the submitter, where it reads the clock. What the nightly has to notice. */
#include <stdlib.h>
#include <time.h>

void __real_fio_gettime(struct timespec *t, void *caller);
void __wrap_fio_gettime(struct timespec *t, void *caller);

static long now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000L + t.tv_nsec;
}

void __wrap_fio_gettime(struct timespec *t, void *caller)
{
	static long slow_ns = -1;
	long end;

	if (slow_ns < 0) {
		const char *v = getenv("SQP_SLOW_NS");

		slow_ns = v ? atol(v) : 0;
	}
	for (end = now_ns() + slow_ns; slow_ns && now_ns() < end;)
		;
	__real_fio_gettime(t, caller);
}
