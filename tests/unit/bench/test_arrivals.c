// SPDX-License-Identifier: GPL-2.0-only
#include "check.h"

#include "arrivals.h"

#include <string.h>

enum { MANY = 200000 };

static double at[MANY], again[MANY];

static double mean_gap(const struct arrivals *a, double length_us, size_t *n)
{
	*n = arrivals_times(a, 1, length_us, at, MANY);
	return *n > 1 ? at[*n - 1] / (double)(*n - 1) : 0;
}

static void mean_gaps_are_what_they_are_called(void **state)
{
	(void)state;
	for (const struct arrivals *a = arrivals_all; a->name; a++) {
		size_t n;
		double mean = mean_gap(a, a->mean_us * 50000, &n), slack = a->law == ARRIVALS_PARETO ? 0.2 : 0.05;

		if (mean < a->mean_us * (1 - slack) || mean > a->mean_us * (1 + slack))
			fail_msg("%s: mean gap %.1f us where %.1f was expected", a->name, mean, a->mean_us);
		for (size_t i = 1; i < n; i++)
			assert_true(at[i] >= at[i - 1]);
	}
}

static void a_seed_gives_the_same_again(void **state)
{
	const struct arrivals *a = arrivals_find("pareto-fast", strlen("pareto-fast"));
	size_t n;

	(void)state;
	assert_non_null(a);
	n = arrivals_times(a, 7, 1e6, at, MANY);
	assert_true(n > 500);
	assert_int_equal(arrivals_times(a, 7, 1e6, again, MANY), n);
	assert_memory_equal(at, again, n * sizeof(*at));
	assert_true(arrivals_times(a, 8, 1e6, again, MANY) != n || memcmp(at, again, n * sizeof(*at)));
}

static void bounds(void **state)
{
	const struct arrivals *a = arrivals_find("constant-fast", strlen("constant-fast"));

	(void)state;
	assert_int_equal(arrivals_times(a, 1, 1e9, at, 10), 10);
	assert_int_equal(arrivals_times(a, 1, 1000, at, MANY), 3);
	assert_null(arrivals_find("constant", strlen("constant")));
	assert_null(arrivals_find("", 0));
}

static void bursts(void **state)
{
	const struct arrivals *a = arrivals_find("on-off-slow", strlen("on-off-slow"));
	size_t n, together = 1;

	(void)state;
	n = arrivals_times(a, 1, 1e6, at, MANY);
	assert_true(n > 2 * ARRIVALS_BURST);
	while (at[together] == 0)
		together++;
	assert_int_equal(together, ARRIVALS_BURST);
	assert_true(at[together] > a->mean_us * (ARRIVALS_BURST - 1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(mean_gaps_are_what_they_are_called),
		cmocka_unit_test(a_seed_gives_the_same_again),
		cmocka_unit_test(bounds),
		cmocka_unit_test(bursts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
