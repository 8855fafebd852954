// SPDX-License-Identifier: GPL-2.0-only
/* Which idle period do sequences of gaps lead to, what does the way there cost, and what would the best fixed one and whoever
 * knows each gap beforehand have paid? */
#include "unit.h"

#include "jiffies.h"
#include "retune.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

enum { HZ = 250, MS = 1000000, JIFFY_NS = 4 * MS, MOST = 3000, CHANGE_NS = 100000 };

struct outcome {
	uint64_t cost_ns, best_fixed_ns, clairvoyant_ns, length_ns;
	unsigned changes, jiffies;
};

static uint64_t gap[MOST];

static struct outcome run(unsigned nr, uint64_t wake_ns)
{
	uint64_t fixed_ns[HZ + 1] = { 0 };
	struct outcome o = { .best_fixed_ns = UINT64_MAX };
	struct sqp_retune p;
	uint64_t now_ns = 1, changed_ns = 0;

	sqp_retune_init(&p, HZ, now_ns);
	for (unsigned i = 0; i < nr; i++) {
		uint64_t least_ns = sqp_retune_cost_ns(JIFFY_NS, 1, gap[i], wake_ns);

		for (unsigned j = 1; nr == MOST && j <= HZ; j++)
			fixed_ns[j] += sqp_retune_cost_ns(JIFFY_NS, j, gap[i], wake_ns);
		if (gap[i] < least_ns && gap[i] <= (uint64_t)HZ * JIFFY_NS)
			least_ns = gap[i];
		o.clairvoyant_ns += least_ns;
		o.cost_ns += sqp_retune_cost_ns(JIFFY_NS, p.jiffies, gap[i], wake_ns);
		now_ns += gap[i];
		if (!sqp_retune_gap(&p, gap[i], wake_ns, now_ns))
			continue;
		assert_true(!changed_ns || now_ns - changed_ns >= SQP_RETUNE_PERIOD_NS);
		changed_ns = now_ns;
		o.changes++;
		o.cost_ns += CHANGE_NS;
	}
	for (unsigned j = 1; j <= HZ; j++)
		o.best_fixed_ns = fixed_ns[j] < o.best_fixed_ns ? fixed_ns[j] : o.best_fixed_ns;
	o.length_ns = now_ns;
	o.jiffies = p.jiffies;
	return o;
}

static struct outcome constant(uint64_t gap_ns, uint64_t wake_ns)
{
	for (unsigned i = 0; i < MOST; i++)
		gap[i] = gap_ns;
	return run(MOST, wake_ns);
}

static double uniform(uint64_t *seed)
{
	*seed = *seed * 6364136223846793005u + 1442695040888963407u;
	return ((double)(*seed >> 11) + 0.5) / 9007199254740992.0;
}

static struct outcome exponential(uint64_t mean_ns, uint64_t wake_ns, uint64_t seed)
{
	for (unsigned i = 0; i < MOST; i++)
		gap[i] = (uint64_t)(-log(uniform(&seed)) * (double)mean_ns);
	return run(MOST, wake_ns);
}

static void costs_by_hand(void **state)
{
	(void)state;
	assert_int_equal(sqp_retune_cost_ns(JIFFY_NS, 2, 7 * MS, 20 * MS), 7 * MS);
	assert_int_equal(sqp_retune_cost_ns(JIFFY_NS, 2, 8 * MS, 20 * MS), 8 * MS);
	/* 10 ms under 8 to 12 ms: half of the time it sleeps, after 9 ms on average, and is woken; 9.5 ms of spin in all */
	assert_int_equal(sqp_retune_cost_ns(JIFFY_NS, 2, 10 * MS, 20 * MS), 9500000 + 10 * MS);
	assert_int_equal(sqp_retune_cost_ns(JIFFY_NS, 2, 12 * MS, 20 * MS), 30 * MS);
	assert_int_equal(sqp_retune_cost_ns(JIFFY_NS, 2, 999 * MS, 20 * MS), 30 * MS);
}

static void settings_are_whole_jiffies(void **state)
{
	static const unsigned hz[] = { 100, 250, 300, 1000 };

	(void)state;
	for (unsigned h = 0; h < 4; h++)
		for (unsigned j = 1; j <= hz[h]; j++)
			assert_int_equal(sqp_idle_jiffies(sqp_retune_ms(j, hz[h]), hz[h]), j);
}

static void constant_gaps_want_the_shortest_or_just_above(void **state)
{
	const struct { uint64_t gap_ns, wake_ns; unsigned from, to; } table[] = {
		{ 1 * MS, 20 * MS, 1, 1 }, { 4 * MS, 20 * MS, 1, 1 },	/* it never sleeps anyway */
		{ 10 * MS, 20 * MS, 3, 3 }, { 23 * MS, 20 * MS, 6, 6 },	/* just above */
		{ 27 * MS, 20 * MS, 1, 1 }, { 100 * MS, 20 * MS, 1, 1 },	/* waking is cheaper */
		{ 10 * MS, 50000, 1, 1 }, { 10 * MS, 0, 1, 1 },
		{ 100 * MS, 1000 * MS, 25, 28 }, { 990 * MS, 5000ULL * MS, 248, 250 },
		{ 5000ULL * MS, 100000000000, 1, 1 },	/* longer than any setting */
	};

	(void)state;
	for (unsigned i = 0; i < sizeof(table) / sizeof(*table); i++) {
		struct outcome o = constant(table[i].gap_ns, table[i].wake_ns);

		if (o.jiffies < table[i].from || o.jiffies > table[i].to || o.changes > 1 || o.cost_ns * 100 > o.best_fixed_ns * 111)
			fail_msg("row %u: %u jiffies after %u changes, %.3f of the best", i, o.jiffies, o.changes,
				 (double)o.cost_ns / (double)o.best_fixed_ns);
	}
}

/* Within bursts the gaps are short, between them long: the best is between the shortest and the longest setting. */
static void bursts_have_an_optimum_inside(void **state)
{
	struct outcome o;

	(void)state;
	for (unsigned i = 0; i < MOST; i++)
		gap[i] = i % 10 ? 7 * MS : 300 * MS;
	o = run(MOST, 20 * MS);
	assert_int_equal(o.jiffies, 2);
	assert_int_equal(o.changes, 1);
	assert_true(o.cost_ns * 100 <= o.best_fixed_ns * 102);
}

/* No memory: the shortest when a gap is longer than a wake-up on average, else as long as may be. */
static void exponential_gaps_want_an_extreme(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 8; seed++) {
		struct outcome longer = exponential(80 * MS, 20 * MS, seed), shorter = exponential(6 * MS, 40 * MS, seed);

		assert_in_range(longer.jiffies, 1, 2);
		assert_true(longer.cost_ns * 100 <= longer.best_fixed_ns * 111);
		assert_in_range(shorter.jiffies, 4, 11);
		assert_true(shorter.cost_ns * 100 <= shorter.best_fixed_ns * 150);
	}
}

static void a_load_that_changes_is_followed(void **state)
{
	struct outcome o;

	(void)state;
	for (unsigned i = 0; i < MOST; i++)
		gap[i] = i / 1000 % 2 ? 200 * MS : 10 * MS;
	o = run(MOST, 20 * MS);
	assert_int_equal(o.changes, MOST / 1000);
	assert_true(o.cost_ns * 100 <= o.clairvoyant_ns * 104);
}

/* Made to change just when it has been followed: it costs at most about twice what knowing the future would, and the period
 * bounds the number of changes whatever comes. */
static void flipping_costs_at_most_twice(void **state)
{
	static const uint64_t wake_ns[] = { 50000, 5 * MS, 20 * MS, 100 * MS };
	double worst = 0;

	(void)state;
	for (unsigned w = 0; w < sizeof(wake_ns) / sizeof(*wake_ns); w++)
		for (unsigned period = 1; period <= 200; period += period < 12 ? 1 : 21)
			for (unsigned a_ms = 5; a_ms <= 125; a_ms += 12)
				for (unsigned b_ms = a_ms + 4; b_ms <= 250; b_ms += 41) {
					struct outcome o;

					for (unsigned i = 0; i < 600; i++)
						gap[i] = (i / period % 2 ? b_ms : a_ms) * (uint64_t)MS;
					o = run(600, wake_ns[w]);
					assert_true(o.changes <= o.length_ns / SQP_RETUNE_PERIOD_NS);
					if ((double)o.cost_ns / (double)o.clairvoyant_ns > worst)
						worst = (double)o.cost_ns / (double)o.clairvoyant_ns;
				}
	if (worst > 2)
		fail_msg("worst %.3f", worst);
	print_message("worst of all patterns: %.3f\n", worst);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(costs_by_hand),
		cmocka_unit_test(settings_are_whole_jiffies),
		cmocka_unit_test(constant_gaps_want_the_shortest_or_just_above),
		cmocka_unit_test(bursts_have_an_optimum_inside),
		cmocka_unit_test(exponential_gaps_want_an_extreme),
		cmocka_unit_test(a_load_that_changes_is_followed),
		cmocka_unit_test(flipping_costs_at_most_twice),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
