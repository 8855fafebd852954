// SPDX-License-Identifier: GPL-2.0-only
/* Spin or block: what the policy costs against knowing how long each wait will take. */
#include "unit.h"

#include "patience.h"

#include <stdlib.h>

enum { US = 1000, LOOK_NS = 1 * US, BLOCK_NS = SQP_SPIN_NS, WAITS = 2000 };

/* One wait whose completion comes after LENGTH_NS; what it costs when blocking costs BLOCK_NS. */
static uint64_t wait_cost(struct sqp_patience *p, uint64_t *now_ns, uint64_t length_ns, unsigned behind)
{
	uint64_t waited_ns = 0, cost;

	if (!sqp_patience_short(p, SQP_REAP_HYBRID))
		waited_ns = LOOK_NS;
	while (waited_ns < length_ns && !sqp_patience_ends(p, SQP_REAP_HYBRID, *now_ns + waited_ns, waited_ns, behind))
		waited_ns += LOOK_NS;
	cost = waited_ns < length_ns ? waited_ns + BLOCK_NS : length_ns;
	*now_ns += length_ns;
	sqp_patience_learn(p, length_ns, behind);
	return cost;
}

static uint64_t best_cost(uint64_t length_ns)
{
	return length_ns < BLOCK_NS ? length_ns : BLOCK_NS;
}

static void modes_that_do_not_learn(void **state)
{
	struct sqp_patience p = { 0 };

	(void)state;
	assert_false(sqp_patience_short(&p, SQP_REAP_SPIN));
	assert_true(sqp_patience_short(&p, SQP_REAP_SLEEP));
	assert_false(sqp_patience_ends(&p, SQP_REAP_SPIN, 1, 1000000000, 1));
	assert_true(sqp_patience_ends(&p, SQP_REAP_SLEEP, 1, 0, 0));
	assert_int_equal(p.crowded_until_ns, 0);
}

static void short_waits_are_spun_through(void **state)
{
	struct sqp_patience p = { 0 };
	uint64_t now_ns = 1;

	(void)state;
	for (unsigned i = 0; i < WAITS; i++)
		assert_true(wait_cost(&p, &now_ns, 8 * US, 0) <= 8 * US);
}

static void long_waits_end_the_spinning(void **state)
{
	struct sqp_patience p = { 0 };
	uint64_t now_ns = 1, cost = 0;

	(void)state;
	for (unsigned i = 0; i < WAITS; i++)
		cost += wait_cost(&p, &now_ns, 100 * US, 0);
	assert_true(cost <= (WAITS + 64) * (uint64_t)BLOCK_NS);
	/* and short ones bring it back */
	for (unsigned i = 0; i < 100; i++)
		wait_cost(&p, &now_ns, 5 * US, 0);
	assert_false(sqp_patience_short(&p, SQP_REAP_HYBRID));
}

/* Whatever the lengths, no more than twice what one would pay who knows them, and a little for looking. */
static void never_twice_the_clairvoyant(void **state)
{
	static const struct { const char *name; uint64_t low_ns, high_ns; unsigned every; } trace[] = {
		{ "all short", 3 * US, 3 * US, 1 }, { "all long", 500 * US, 500 * US, 1 },
		{ "just too long", SQP_SPIN_NS + US, SQP_SPIN_NS + US, 1 }, { "just short enough", SQP_SPIN_NS - US, SQP_SPIN_NS - US, 1 },
		{ "alternating", 2 * US, 200 * US, 2 }, { "one in eight", 2 * US, 200 * US, 8 }, { "one in a hundred", 2 * US, 5000 * US, 100 },
	};

	(void)state;
	for (unsigned t = 0; t < SQP_NR(trace); t++) {
		struct sqp_patience p = { 0 };
		uint64_t now_ns = 1, cost = 0, best = 0;

		for (unsigned i = 0; i < WAITS; i++) {
			uint64_t ns = i % trace[t].every ? trace[t].low_ns : trace[t].high_ns;

			cost += wait_cost(&p, &now_ns, ns, 0);
			best += best_cost(ns);
		}
		/* after a long one, short ones may block that would better have been spun through: each at BLOCK_NS at most */
		if (cost > 2 * best + WAITS * (uint64_t)LOOK_NS)
			fail_msg("%s: cost %llu against %llu", trace[t].name, (unsigned long long)cost, (unsigned long long)best);
	}
}

static void a_starved_sq_thread_is_given_the_cpu(void **state)
{
	enum { BEHIND = 32, LIMIT_NS = SQP_SPIN_NS + BEHIND * SQP_TAKE_NS };
	struct sqp_patience p = { 0 };
	uint64_t now_ns = 1000;

	(void)state;
	assert_false(sqp_patience_ends(&p, SQP_REAP_HYBRID, now_ns, LIMIT_NS - 1, BEHIND));
	/* the host, or an interrupt, may have had its CPU once, and again much later */
	assert_true(sqp_patience_ends(&p, SQP_REAP_HYBRID, now_ns, LIMIT_NS, BEHIND));
	assert_false(sqp_patience_short(&p, SQP_REAP_HYBRID));
	now_ns += SQP_SIGN_NS + 1;
	assert_true(sqp_patience_ends(&p, SQP_REAP_HYBRID, now_ns, LIMIT_NS, BEHIND));
	assert_false(sqp_patience_short(&p, SQP_REAP_HYBRID));
	now_ns += SQP_SIGN_NS;
	assert_true(sqp_patience_ends(&p, SQP_REAP_HYBRID, now_ns, LIMIT_NS, BEHIND));
	assert_true(sqp_patience_short(&p, SQP_REAP_HYBRID));
	/* from now on at once, ... */
	assert_true(sqp_patience_ends(&p, SQP_REAP_HYBRID, now_ns + SQP_CROWDED_NS - 1, 0, BEHIND));
	/* ... until it is time to look again */
	assert_false(sqp_patience_ends(&p, SQP_REAP_HYBRID, now_ns + SQP_CROWDED_NS, 0, BEHIND));
	assert_false(sqp_patience_short(&p, SQP_REAP_HYBRID));
	/* a device that is slow, with all entries taken, is no such sign */
	assert_true(sqp_patience_ends(&p, SQP_REAP_HYBRID, now_ns, SQP_SPIN_NS, 0));
	assert_int_equal(p.crowded_until_ns, 0);
}

/* Batches of a deep queue take longer than blocking costs; whoever blocked would come late for the next. */
static void a_busy_sq_thread_is_waited_for(void **state)
{
	struct sqp_patience p = { 0 };
	uint64_t now_ns = 1;

	(void)state;
	for (unsigned i = 0; i < WAITS; i++)
		assert_int_equal(wait_cost(&p, &now_ns, SQP_SPIN_NS + 5 * US, 64), SQP_SPIN_NS + 5 * US);
	assert_false(sqp_patience_short(&p, SQP_REAP_HYBRID));
}

/* Waits without end, for SPAN_NS, whose CPU is gone for TOOK_NS at each yield; how long it was gone in all. */
static uint64_t gone_ns(enum sqp_reap_mode mode, uint64_t span_ns, uint64_t took_ns)
{
	struct sqp_patience p = { 0 };
	uint64_t gone = 0, now_ns = 1;

	while (now_ns < span_ns) {
		now_ns += LOOK_NS;
		if (!sqp_patience_yields(&p, mode, now_ns, now_ns))
			continue;
		now_ns += took_ns;
		gone += took_ns;
		sqp_patience_yielded(&p, now_ns, took_ns);
	}
	return gone;
}

static void a_spinner_lets_its_workers_run(void **state)
{
	struct sqp_patience p = { 0 };

	(void)state;
	assert_false(sqp_patience_yields(&p, SQP_REAP_SPIN, 1000 * US, SQP_YIELD_NS - 1));
	assert_true(sqp_patience_yields(&p, SQP_REAP_SPIN, 1000 * US, SQP_YIELD_NS));
	/* one that works for 10 us has the CPU every 50; when there is nobody the spinner seldom looks for one: after 50, 100, ... 3,200 us */
	assert_in_range(gone_ns(SQP_REAP_SPIN, 10000 * US, 10 * US), 1500 * US, 1700 * US);
	assert_in_range(gone_ns(SQP_REAP_SPIN, 1000000 * US, 1 * US), 250 * US, 350 * US);
	assert_int_equal(gone_ns(SQP_REAP_HYBRID, 10000 * US, 10 * US), 0);
	assert_int_equal(gone_ns(SQP_REAP_SLEEP, 10000 * US, 10 * US), 0);
}

/* Somebody else keeps it for a tick whenever he is let: he gets some 1 % of the first seconds, and less and less. */
static void a_spinner_does_not_give_its_cpu_away(void **state)
{
	(void)state;
	assert_in_range(gone_ns(SQP_REAP_SPIN, 10000000ull * US, 4000 * US), 1, 25000 * US);
	assert_in_range(gone_ns(SQP_REAP_SPIN, 100000000ull * US, 4000 * US), 1, 60000 * US);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_spinner_lets_its_workers_run),
		cmocka_unit_test(a_spinner_does_not_give_its_cpu_away),
		cmocka_unit_test(modes_that_do_not_learn),
		cmocka_unit_test(short_waits_are_spun_through),
		cmocka_unit_test(long_waits_end_the_spinning),
		cmocka_unit_test(never_twice_the_clairvoyant),
		cmocka_unit_test(a_starved_sq_thread_is_given_the_cpu),
		cmocka_unit_test(a_busy_sq_thread_is_waited_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
