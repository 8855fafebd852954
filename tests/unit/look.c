// SPDX-License-Identifier: GPL-2.0-only
/* The timing of completions, on a ring in ordinary memory and a clock of the test's own: every look is at a known time. */
#include "unit.h"

#include "look.h"
#include "reap.h"
#include "wake.h"

#include <limits.h>
#include <stdlib.h>

enum { ENTRIES = 8, SECOND_NS = 1000000000, LONG_NS = 2 * SQP_PICKUP_GAP_NS };

static struct sqp_ring r;
static _Atomic unsigned cq_tail, cq_head, sq_head, sq_tail, flags;
static struct io_uring_cqe cqes[ENTRIES];
static struct io_uring_sqe sqes[ENTRIES];
static uint64_t clock_now;

static uint64_t test_clock(void)
{
	return clock_now;
}

static int set_up(void **state)
{
	struct sqp_why why;

	(void)state;
	r = (struct sqp_ring){
		.cq_ktail = &cq_tail, .cq_khead = &cq_head, .khead = &sq_head, .ktail = &sq_tail, .kflags = &flags,
		.cqes = cqes, .sqes = sqes, .cq_entries = ENTRIES, .sq_entries = ENTRIES,
		.cq_mask = ENTRIES - 1, .sq_mask = ENTRIES - 1, .time_after = SQP_TIME_EVERY / 2,
		.cfg = { .depth = ENTRIES, .clock = true, .clock_ns = test_clock, .stall_ms = 1000 },
	};
	/* positions that wrap within the test */
	cq_tail = cq_head = r.cq_head = r.cq_released = -3u;
	sq_tail = sq_head = r.sq_tail = r.sq_published = r.looks.head = -3u;
	clock_now = SECOND_NS;
	r.active_ns = clock_now;
	return sqp_looks_open(&r, &why);
}

static int tear_down(void **state)
{
	(void)state;
	sqp_looks_close(&r);
	return 0;
}

/* at NOW_NS, with TAKEN more entries taken and DONE more completed than before */
static void at(uint64_t now_ns, unsigned taken, unsigned done)
{
	clock_now = SECOND_NS + now_ns;
	sq_head += taken;
	cq_tail += done;
}

static void submit(unsigned nr)
{
	for (unsigned i = 0; i < nr; i++)
		assert_non_null(sqp_next_sqe(&r));
	assert_int_equal(sqp_commit(&r, sqp_now_ns(&r)), 0);
}

static void reap(unsigned min, unsigned max, unsigned expected)
{
	unsigned first;

	assert_int_equal(sqp_reap(&r, min, max, &first), expected);
}

static void the_last_look_without_it_counts(void **state)
{
	(void)state;
	at(LONG_NS, 0, 0);
	submit(1);		/* after a gap: timed */
	assert_true(r.looks.on);
	at(LONG_NS + 100, 0, 0);
	reap(0, 1, 0);
	sqp_look(&r, sqp_now_ns(&r));	/* what a spin does */
	at(LONG_NS + 700, 1, 1);
	reap(1, 1, 1);
	assert_int_equal(r.reaped.n, 1);
	assert_int_equal(r.reaped.max, 600);
	assert_int_equal(r.looks.handed_ns, clock_now);
	assert_false(r.looks.on);
}

static void a_sample_ends_with_the_completion_it_waits_for(void **state)
{
	(void)state;
	submit(3);
	assert_false(r.looks.on);
	at(LONG_NS, 3, 2);
	submit(1);		/* two are there already: not timed, the next two are */
	assert_true(r.looks.on);
	at(LONG_NS + 100, 0, 2);
	reap(1, 1, 1);
	reap(1, 1, 1);
	assert_int_equal(r.reaped.n, 0);
	assert_true(r.looks.on);
	at(LONG_NS + 500, 0, 0);
	reap(1, 1, 1);		/* seen 100 ns after it, handed out while others were */
	assert_int_equal(r.reaped.n, 1);
	assert_int_equal(r.reaped.max, 500);
	assert_false(r.looks.on);
	reap(1, 1, 1);
	assert_int_equal(r.reaped.n, 1);
}

/* COMMITS of one request each, every PERIODth after a long gap and the others after 100 ns */
static void submit_many(int commits, int period)
{
	uint64_t now_ns = 0;

	for (int i = 0; i < commits; i++) {
		now_ns += i % period ? 100 : LONG_NS;
		at(now_ns, 0, 0);
		submit(1);
		at(now_ns, 1, 1);
		reap(1, 1, 1);
	}
}

static void most_commits_are_not_timed(void **state)
{
	enum { TIMED = 100 };

	(void)state;
	submit_many((int)(TIMED * sqp_time_every(ENTRIES)), INT_MAX);
	assert_in_range(r.reaped.n, TIMED * 3 / 4, TIMED * 5 / 4);
}

/* Each short gap that was not timed is one of those that another one stands for, so none is missing in the histogram. */
static void a_load_that_repeats_itself_is_seen_as_it_is(void **state)
{
	enum { COMMITS = 1000 * SQP_TIME_EVERY, LENGTHY = COMMITS / SQP_TIME_EVERY };

	(void)state;
	submit_many(COMMITS, SQP_TIME_EVERY);
	assert_int_equal(r.gap.n + r.untimed, COMMITS);
	assert_int_equal(r.gap.bin[sqp_hist_index(LONG_NS)], LENGTHY);
	assert_int_equal(r.gap.bin[sqp_hist_index(100)] + r.untimed, COMMITS - LENGTHY);
	assert_int_equal(r.idle.awake_max_ns, LONG_NS);
}

static void time_every_request(void)
{
	struct sqp_why why;

	sqp_looks_close(&r);
	r.cfg.time_all = true;
	r.time_after = 1;
	assert_int_equal(sqp_looks_open(&r, &why), 0);
}

static void every_request_is_timed_when_asked(void **state)
{
	(void)state;
	time_every_request();
	for (unsigned i = 0; i < 100; i++) {
		unsigned pos = r.sq_tail;

		at(i * 1000, 0, 0);
		submit(1);
		assert_int_equal(sqp_taken_ns(&r, pos), 0);
		at(i * 1000 + 300, 1, 0);
		sqp_look(&r, sqp_now_ns(&r));
		at(i * 1000 + 400, 0, 1);
		reap(1, 1, 1);
		assert_int_equal(sqp_taken_ns(&r, pos), SECOND_NS + i * 1000 + 300);
		assert_int_equal(sqp_absent_ns(&r, r.cq_head - 1), SECOND_NS + i * 1000 + 300);
		if (i >= ENTRIES)	/* its slot has another request's time */
			assert_int_equal(sqp_taken_ns(&r, pos - ENTRIES), 0);
	}
	assert_int_equal(r.reaped.n, 100);
	assert_int_equal(r.reaped.max, 100);
}

/* The SQ thread may be done before the submitter has left commit. */
static void the_quickest_request_is_timed_as_well(void **state)
{
	(void)state;
	time_every_request();
	at(700, 0, 0);
	assert_non_null(sqp_next_sqe(&r));
	at(0, 1, 1);
	clock_now = SECOND_NS + 700;
	assert_int_equal(sqp_commit(&r, clock_now), 0);
	at(900, 0, 0);
	reap(1, 1, 1);
	assert_int_equal(r.reaped.n, 1);
	assert_int_equal(r.reaped.max, 900);	/* since the ring was opened: it was not looked at before */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(the_last_look_without_it_counts, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_sample_ends_with_the_completion_it_waits_for, set_up, tear_down),
		cmocka_unit_test_setup_teardown(most_commits_are_not_timed, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_load_that_repeats_itself_is_seen_as_it_is, set_up, tear_down),
		cmocka_unit_test_setup_teardown(every_request_is_timed_when_asked, set_up, tear_down),
		cmocka_unit_test_setup_teardown(the_quickest_request_is_timed_as_well, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
