// SPDX-License-Identifier: GPL-2.0-only
/* The idle period of this machine's own SQ thread, changed while its ring is in use. The gaps are told, the spins are real. */
#include "unit.h"

#include "live.h"
#include "reap.h"
#include "wake.h"

#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

enum { MS = 1000000, GAP_MS = 100, COST_US = 150000, TRIES = 100 };

static struct sqp_ring r;

static void open_ring(void)
{
	const struct sqp_config cfg = {
		.depth = 4, .idle_ms = 1, .idle_auto = true, .wake_cost_us = COST_US, .sq_cpu = SQP_ANY_CPU, .stall_ms = 20000,
		.register_fd = true,
	};
	struct sqp_why why;

	if (sqp_ring_open(&r, &cfg, &why) || sqp_live_open(&r, &why))
		fail_msg("%s", why.text);
}

static void one_nop(void)
{
	struct io_uring_sqe *sqe = sqp_next_sqe(&r);
	unsigned first;

	io_uring_prep_nop(sqe);
	sqe->user_data = 0;
	assert_int_equal(sqp_commit(&r, 0), 0);
	assert_int_equal(sqp_reap(&r, 1, 1, &first), 1);
}

/* From before a request to the sleep of the thread; bounded: 10 s. */
static uint64_t spin_ns(void)
{
	const struct timespec step = { .tv_nsec = 500000 };
	uint64_t start_ns = sqp_now_ns(&r);

	one_nop();
	while (!(atomic_load(r.kflags) & IORING_SQ_NEED_WAKEUP) && sqp_now_ns(&r) - start_ns < 10000ULL * MS)
		nanosleep(&step, NULL);
	return sqp_now_ns(&r) - start_ns;
}

/* So many gaps of so long, one after the other */
static void tell_gaps(unsigned nr, uint64_t gap_ns, uint64_t *now_ns)
{
	for (unsigned i = 0; i < nr; i++) {
		*now_ns += gap_ns;
		sqp_live_gap(&r, gap_ns, *now_ns);
	}
}

static void the_period_rises_and_falls(void **state)
{
	uint64_t now_ns, spin = 0;
	unsigned rounds = 0;

	(void)state;
	open_ring();
	now_ns = r.live->opened_ns;
	assert_int_equal(sqp_live_idle_ms(&r), 1);
	tell_gaps(SQP_RETUNE_GAPS, GAP_MS * MS, &now_ns);
	assert_true(sqp_live_idle_ms(&r) >= GAP_MS);
	assert_int_equal(r.live->changes, 1);
	for (int i = 0; i < 3; i++)
		assert_true(spin_ns() >= (GAP_MS - 1) * (uint64_t)MS);
	tell_gaps(2 * SQP_RETUNE_GAPS, 1000ULL * MS, &now_ns);
	assert_int_equal(sqp_live_idle_ms(&r), 1);
	assert_int_equal(r.live->helper_fd, -1);
	/* the helper goes when the kernel gets round to it */
	do
		spin = spin_ns();
	while (spin >= GAP_MS * (uint64_t)MS && ++rounds < TRIES);
	assert_true(rounds < TRIES);
	assert_true(r.live->changes >= 2);
	assert_int_equal(r.live->series[r.live->changes - 1].idle_ms, 1);
	sqp_ring_close(&r);
	assert_null(r.live);
}

/* Helper after helper, with I/O in between: nothing is left behind, and the series is cut, not the count. */
static void many_changes(void **state)
{
	uint64_t now_ns;

	(void)state;
	open_ring();
	now_ns = r.live->opened_ns;
	for (unsigned i = 0; i < SQP_LIVE_SERIES + 10; i++) {
		tell_gaps(2 * SQP_RETUNE_GAPS, (i % 2 ? 1000ULL : GAP_MS) * MS, &now_ns);
		one_nop();
	}
	assert_int_equal(r.live->error, 0);
	assert_true(r.live->changes >= SQP_LIVE_SERIES + 10);
	for (unsigned i = 1; i < SQP_LIVE_SERIES; i++)
		assert_true(r.live->series[i].at_ns >= r.live->series[i - 1].at_ns + SQP_RETUNE_PERIOD_NS);
	sqp_ring_close(&r);
}

/* No descriptor left for a helper: said, and the ring goes on. */
static void a_refusal_ends_the_changes(void **state)
{
	struct rlimit old, none;
	uint64_t now_ns;

	(void)state;
	open_ring();
	now_ns = r.live->opened_ns;
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &old), 0);
	none = (struct rlimit){ .rlim_cur = 0, .rlim_max = old.rlim_max };
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	tell_gaps(SQP_RETUNE_GAPS, GAP_MS * MS, &now_ns);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &old), 0);
	assert_true(r.live->error < 0);
	assert_int_equal(r.live->changes, 0);
	assert_int_equal(sqp_live_idle_ms(&r), 1);
	tell_gaps(SQP_RETUNE_GAPS, GAP_MS * MS, &now_ns);
	assert_int_equal(r.live->changes, 0);
	one_nop();
	sqp_ring_close(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_period_rises_and_falls),
		cmocka_unit_test(many_changes),
		cmocka_unit_test(a_refusal_ends_the_changes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
