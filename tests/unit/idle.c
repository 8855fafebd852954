// SPDX-License-Identifier: GPL-2.0-only
#include "unit.h"

#include "idle.h"

static void the_jiffy_lattice(void **state)
{
	/* facts: at HZ=250 1..4 ms are one setting, 5..8 ms the next; 0 is HZ jiffies */
	static const struct { unsigned idle_ms, hz; uint64_t jiffies; } table[] = {
		{ 1, 250, 1 }, { 4, 250, 1 }, { 5, 250, 2 }, { 8, 250, 2 }, { 9, 250, 3 }, { 0, 250, 250 },
		{ 1000, 250, 250 }, { 1, 100, 1 }, { 10, 100, 1 }, { 11, 100, 2 }, { 0, 100, 100 },
		{ 1, 1000, 1 }, { 2, 1000, 2 }, { 2147483647, 250, 536870912 },
	};

	(void)state;
	for (unsigned i = 0; i < SQP_NR(table); i++)
		assert_int_equal(sqp_idle_jiffies(table[i].idle_ms, table[i].hz), table[i].jiffies);
}

static void the_median(void **state)
{
	struct sqp_idle_seen seen = { 0 };

	(void)state;
	assert_int_equal(sqp_idle_median_ns(&seen), 0);
	seen = (struct sqp_idle_seen){ .nr_spins = 1, .spin_ns = { 7 } };
	assert_int_equal(sqp_idle_median_ns(&seen), 7);
	seen = (struct sqp_idle_seen){ .nr_spins = 3, .spin_ns = { 9, 1, 5 } };
	assert_int_equal(sqp_idle_median_ns(&seen), 5);
	seen = (struct sqp_idle_seen){ .nr_spins = 4, .spin_ns = { 9, 1, 5, 7 } };
	assert_int_equal(sqp_idle_median_ns(&seen), 6);
}

static void a_fresh_thread_that_sleeps_is_no_idle_period(void **state)
{
	static struct sqp_ring r;

	(void)state;
	sqp_idle_saw_sleep(&r, 100);
	assert_int_equal(r.idle.asleep_min_ns, 0);
	r.count.completed = 1;
	sqp_idle_saw_sleep(&r, 100);
	sqp_idle_saw_sleep(&r, 200);
	assert_int_equal(r.idle.asleep_min_ns, 100);
}

static void the_tick_rate_is_one_that_linux_has(void **state)
{
	unsigned hz = sqp_kernel_hz();

	(void)state;
	assert_true(hz == 100 || hz == 250 || hz == 300 || hz == 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_jiffy_lattice),
		cmocka_unit_test(the_median),
		cmocka_unit_test(a_fresh_thread_that_sleeps_is_no_idle_period),
		cmocka_unit_test(the_tick_rate_is_one_that_linux_has),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
