// SPDX-License-Identifier: GPL-2.0-only
#include "check.h"

#include <math.h>

#include "hist.h"
#include "stats.h"

static void median(void **state)
{
	const double odd[] = { 5, 1, 3 }, even[] = { 4, 1, 3, 2 };
	double many[1001];

	(void)state;
	assert_near(stats_median(odd, 3), 3, 1e-9);
	assert_near(stats_median(even, 4), 2.5, 1e-9);
	assert_true(isnan(stats_median(odd, 0)));
	for (unsigned i = 0; i < 1001; i++)
		many[i] = 1000 - i;
	assert_near(stats_median(many, 1001), 500, 1e-9);
	assert_near(odd[0], 5, 0);
}

/* Exact binomial values, as in any table of confidence limits for the median. */
static void coverage(void **state)
{
	(void)state;
	assert_near(stats_order_coverage(1, 1), 0, 1e-9);
	assert_near(stats_order_coverage(3, 1), 0.75, 1e-9);
	assert_near(stats_order_coverage(5, 1), 0.9375, 1e-9);
	assert_near(stats_order_coverage(6, 1), 0.96875, 1e-9);
	assert_near(stats_order_coverage(9, 2), 0.9609375, 1e-9);
	assert_near(stats_order_coverage(10, 2), 0.978515625, 1e-9);
	assert_near(stats_order_coverage(5, 0), 0, 0);
}

static void interval(void **state)
{
	const double x[] = { 9, 1, 8, 2, 7, 3, 6, 4, 5 };
	struct est e;

	(void)state;
	e = stats_median_est(x, 5);
	assert_near(e.value, 7, 1e-9);
	assert_near(e.lo, 1, 1e-9);
	assert_near(e.hi, 9, 1e-9);
	assert_near(e.cover, 0.9375, 1e-9);
	e = stats_median_est(x, 9);
	assert_near(e.value, 5, 1e-9);
	assert_near(e.lo, 2, 1e-9);
	assert_near(e.hi, 8, 1e-9);
	assert_int_equal(stats_median_est(x, 0).n, 0);
}

/* Exact shares of Mann-Whitney's U, counted by hand or by an independent recursion over whole numbers. */
static void ratio_coverage(void **state)
{
	(void)state;
	assert_near(stats_ratio_coverage(1, 1, 1), 0, 1e-9);
	assert_near(stats_ratio_coverage(2, 2, 1), 1 - 2 / 6.0, 1e-6);
	assert_near(stats_ratio_coverage(3, 3, 1), 0.9, 1e-6);
	assert_near(stats_ratio_coverage(3, 3, 2), 0.8, 1e-6);
	assert_near(stats_ratio_coverage(3, 5, 1), 1 - 2 / 56.0, 1e-6);
	assert_near(stats_ratio_coverage(5, 3, 1), 1 - 2 / 56.0, 1e-6);
	assert_near(stats_ratio_coverage(5, 5, 3), 1 - 8 / 252.0, 1e-6);
	assert_near(stats_ratio_coverage(4, 6, 3), 0.961904762, 1e-6);
	assert_near(stats_ratio_coverage(10, 10, 24), 0.956742947, 1e-6);
	assert_near(stats_ratio_coverage(0, 5, 1), 0, 0);
	assert_near(stats_ratio_coverage(5, 5, 14), 0, 0);
}

static void ratio(void **state)
{
	const double a[] = { 1, 2, 4, 8, 16 }, b[] = { 32, 2, 8, 16, 4 }, zero[] = { 1, 0 };
	struct est e = stats_ratio_est(a, 5, b, 5);

	(void)state;
	assert_near(e.value, 2, 1e-9);
	/* ratios are 2^-3 once, 2^-2 twice: the third smallest; and so from above */
	assert_near(e.lo, 0.25, 1e-9);
	assert_near(e.hi, 16, 1e-9);
	assert_near(e.cover, 1 - 8 / 252.0, 1e-6);
	assert_int_equal(e.n, 5);
	assert_near(stats_ratio_est(b, 5, a, 5).value, 0.5, 1e-9);
	assert_near(stats_ratio_est(a, 1, b, 1).value, 32, 1e-9);
	assert_int_equal(stats_ratio_est(a, 5, b, 0).n, 0);
	assert_int_equal(stats_ratio_est(a, 5, zero, 2).n, 0);
	assert_true(isnan(stats_ratio_est(zero, 2, a, 5).value));
}

/* The interval must hold the truth as often as it says: two samples of one distribution, all orders equally likely. */
static void ratio_covers(void **state)
{
	unsigned held = 0, all = 0;

	(void)state;
	/* every way to give 4 of 8 different values to A */
	for (unsigned bits = 0; bits < 256; bits++) {
		double a[8], b[8];
		size_t na = 0, nb = 0;
		struct est e;

		if (__builtin_popcount(bits) != 4)
			continue;
		for (unsigned i = 0; i < 8; i++)
			*(bits & 1u << i ? &a[na++] : &b[nb++]) = 1 + i * i * 0.37;
		e = stats_ratio_est(a, na, b, nb);
		all++;
		held += e.lo < 1 && e.hi > 1;
		assert_near(e.cover, 1 - 2 / 70.0, 1e-6);
	}
	assert_int_equal(all, 70);
	assert_int_equal(held, 68);
}

static void drift(void **state)
{
	const double up[] = { 10, 10, 12, 12 }, odd[] = { 10, 10, 99, 5, 5 };

	(void)state;
	assert_near(stats_drift(up, 4), 0.2, 1e-6);
	assert_near(stats_drift(odd, 5), -0.5, 1e-6);
	assert_near(stats_drift(up, 3), 0, 0);
}

static void central(void **state)
{
	double x[1001], lo, hi;

	(void)state;
	for (int i = 0; i <= 1000; i++)
		x[i] = 1000 - i;
	stats_central95(x, 1001, &lo, &hi);
	assert_near(lo, 25, 1e-6);
	assert_near(hi, 975, 1e-3);
}

static void percentiles(void **state)
{
	struct hist h = { 0 }, sum = { 0 };

	(void)state;
	assert_true(isnan(hist_percentile(&h, 50)));
	for (int i = 100; i >= 1; i--)
		assert_int_equal(hist_add(&h, i, 1), 0);
	hist_seal(&h);
	assert_near(hist_percentile(&h, 50), 50, 0);
	assert_near(hist_percentile(&h, 99), 99, 0);
	assert_near(hist_percentile(&h, 100), 100, 0);
	assert_near(hist_percentile(&h, 0.1), 1, 0);
	hist_merge(&sum, &h);
	hist_merge(&sum, &h);
	hist_add(&sum, 1000, 50);
	hist_seal(&sum);
	assert_int_equal(sum.n, 101);
	assert_near(sum.total, 250, 0);
	assert_near(hist_percentile(&sum, 80), 100, 0);
	assert_near(hist_percentile(&sum, 81), 1000, 0);
	hist_free(&h);
	hist_free(&sum);
}

/* Cells whose rounds do not differ have no interval; with rounds that do, it lies around the value and says the same each time. */
static void geometric_mean(void **state)
{
	const double same[][STATS_N_MAX] = { { 2, 2, 2 }, { 8, 8, 8 } };
	const double apart[][STATS_N_MAX] = { { 1, 2, 3, 4, 5 }, { 10, 12, 12, 12, 14 } };
	struct est e = stats_geomean_est(same, 2, 3), again;

	(void)state;
	assert_near(e.value, 4, 1e-9);
	assert_near(e.lo, 4, 1e-9);
	assert_near(e.hi, 4, 1e-9);
	e = stats_geomean_est(apart, 2, 5);
	assert_near(e.value, 6, 1e-6);	/* of 3 and 12 */
	assert_true(e.lo < 5 && e.lo >= 3 && e.hi > 7 && e.hi <= 9);
	again = stats_geomean_est(apart, 2, 5);
	assert_near(e.lo, again.lo, 0);
	assert_near(e.hi, again.hi, 0);
	assert_int_equal(stats_geomean_est(apart, 2, 6).n, 0);	/* the sixth is 0 */
	assert_int_equal(stats_geomean_est(apart, 0, 5).n, 0);
}

/* Ten normal values of mean 100: the interval of their deviation is that of the chi-squared table, 2.700 and 19.023 for nine degrees. */
static void spread(void **state)
{
	const double x[] = { 94, 96, 98, 99, 100, 100, 101, 102, 104, 106 };
	struct est e = stats_spread_est(x, 10);
	double sd = sqrt((36 + 16 + 4 + 1 + 0 + 0 + 1 + 4 + 16 + 36) / 9.0);

	(void)state;
	assert_near(e.value, sd, 1e-6);
	assert_near(e.lo, sd * sqrt(9 / 19.023), 1e-3);
	assert_near(e.hi, sd * sqrt(9 / 2.700), 2e-3);
	assert_int_equal(stats_spread_est(x, 1).n, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(median),   cmocka_unit_test(coverage), cmocka_unit_test(interval),
		cmocka_unit_test(drift),    cmocka_unit_test(central),  cmocka_unit_test(percentiles),
		cmocka_unit_test(ratio),    cmocka_unit_test(ratio_coverage), cmocka_unit_test(ratio_covers),
		cmocka_unit_test(geometric_mean), cmocka_unit_test(spread),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
