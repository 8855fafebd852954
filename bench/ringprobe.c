// SPDX-License-Identifier: GPL-2.0-only
#include "ringprobe.h"

#include <errno.h>
#include <liburing.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "proc.h"

#define LOOK_EVERY_US 50
#define PATIENCE_S 0.25
#define TRIES 5			/* for each sample: on a slow machine most are late */
#define LATE_S 0.0005

int ringprobe_sqpoll(void)
{
	struct io_uring_params p = { .flags = IORING_SETUP_SQPOLL };
	struct io_uring ring;
	int rc = io_uring_queue_init_params(2, &ring, &p);

	if (!rc)
		io_uring_queue_exit(&ring);
	return rc;
}

static bool asleep(const struct io_uring *ring)
{
	return *(volatile unsigned *)ring->sq.kflags & IORING_SQ_NEED_WAKEUP;
}

static bool wait_asleep(const struct io_uring *ring, double seconds)
{
	double until = proc_now_s() + seconds;

	while (!asleep(ring)) {
		if (proc_now_s() > until)
			return false;
		usleep(LOOK_EVERY_US);
	}
	return true;
}

static int one_nop(struct io_uring *ring)
{
	struct __kernel_timespec limit = { .tv_sec = 1 };
	struct io_uring_sqe *sqe = io_uring_get_sqe(ring);
	struct io_uring_cqe *cqe;
	int rc;

	if (!sqe)
		return -EBUSY;
	io_uring_prep_nop(sqe);
	rc = io_uring_submit(ring);
	if (rc >= 0)
		rc = io_uring_wait_cqe_timeout(ring, &cqe, &limit);
	if (rc)
		return rc;
	io_uring_cqe_seen(ring, cqe);
	return 0;
}

int ringprobe_spins(unsigned idle_ms, double *spin_ms, unsigned n)
{
	struct io_uring_params p = { .flags = IORING_SETUP_SQPOLL, .sq_thread_idle = idle_ms };
	double patience = PATIENCE_S + (idle_ms ? idle_ms : 1000) / 1e3;
	struct io_uring ring;
	unsigned seen = 0;
	int rc = io_uring_queue_init_params(8, &ring, &p);

	if (rc)
		return rc;
	for (unsigned i = 0; i < n * TRIES && seen < n && !rc && wait_asleep(&ring, patience); i++) {
		double submitted, start;

		/* A changing pause, so that the samples start at different points of the tick. */
		usleep(300 + i * 1700 % 4000);
		submitted = proc_now_s();
		rc = one_nop(&ring);
		start = proc_now_s();
		/* Late: we were not running when the thread began to spin, so its start is not known. */
		if (start - submitted > LATE_S)
			continue;
		if (!rc && wait_asleep(&ring, patience))
			spin_ms[seen++] = (proc_now_s() - start) * 1e3;
	}
	io_uring_queue_exit(&ring);
	return rc ? rc : (int)seen;
}
