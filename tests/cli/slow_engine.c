// SPDX-License-Identifier: GPL-2.0-only
/* Linked into a copy of the engine (-Wl,--wrap=io_u_queued): each request takes SQP_SLOW_NS longer, in the submitter. What the nightly has to notice. */
#include <stdlib.h>
#include <time.h>

struct thread_data;
struct io_u;

void __real_io_u_queued(struct thread_data *td, struct io_u *io_u);
void __wrap_io_u_queued(struct thread_data *td, struct io_u *io_u);

static long now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000L + t.tv_nsec;
}

void __wrap_io_u_queued(struct thread_data *td, struct io_u *io_u)
{
	static long slow_ns = -1;
	long end;

	if (slow_ns < 0) {
		const char *v = getenv("SQP_SLOW_NS");

		slow_ns = v ? atol(v) : 0;
	}
	__real_io_u_queued(td, io_u);
	for (end = now_ns() + slow_ns; slow_ns && now_ns() < end;)
		;
}
