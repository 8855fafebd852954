// SPDX-License-Identifier: GPL-2.0-only
/* The best cut, beside all cuts tried by hand; and what is no step. */
#include "check.h"

#include <math.h>

#include "stepscan.h"

enum { N = 120 };

static double y[N], sum[N + 1], moment[N + 1];
static struct stepscan scan = { sum, moment, 4 };

/* Sum of squares of [FROM, TO) about its mean. */
static double squares(size_t from, size_t to)
{
	double mean = 0, left = 0;

	for (size_t i = from; i < to; i++)
		mean += y[i] / (double)(to - from);
	for (size_t i = from; i < to; i++)
		left += (y[i] - mean) * (y[i] - mean);
	return left;
}

/* Some values that look like noise and are the same everywhere. */
static void make(double step, size_t at, double slope)
{
	for (size_t i = 0; i < N; i++)
		y[i] = sin(12.9898 * (double)i) + (i >= at ? step : 0) + slope * (double)i;
	stepscan_load(&scan, y, N);
}

static void a_cut_leaves_the_least(void **state)
{
	struct step step;
	double most = 0;

	(void)state;
	make(0.7, 50, 0);
	for (size_t at = 14; at + 4 <= 100; at++)
		most = fmax(most, squares(10, 100) - squares(10, at) - squares(at, 100));
	step = stepscan_cut(&scan, 10, 100);
	assert_near(step.gain, most, 1e-9);
	assert_near(squares(10, 100) - squares(10, step.at) - squares(step.at, 100), most, 1e-9);
}

static void a_step_and_a_dent(void **state)
{
	struct step step;

	(void)state;
	make(5, 80, 0);
	step = stepscan_best(&scan, 0, N);
	assert_in_range(step.at, 79, 81);
	assert_true(step.gain > 100);
	for (size_t i = 80 + 12; i < N; i++)
		y[i] -= 5;
	stepscan_load(&scan, y, N);
	step = stepscan_best(&scan, 0, N);
	assert_true((step.at >= 79 && step.at <= 81) || (step.at >= 91 && step.at <= 93));
	assert_true(step.gain > 50);
}

static void cuts_in_order(void **state)
{
	size_t at[3], k = 9;
	struct cuts c = { at, 0 };

	(void)state;
	make(5, 80, 0);
	for (size_t i = 0; i < 30; i++)
		y[i] -= 4;
	stepscan_load(&scan, y, N);
	assert_true(stepscan_add(&scan, N, &c, &k) > 100);
	assert_true(stepscan_add(&scan, N, &c, &k) > 100);
	assert_int_equal(c.n, 2);
	assert_in_range(at[0], 29, 31);
	assert_in_range(at[1], 79, 81);
	assert_true(stepscan_add(&scan, N, &c, &k) < 50);
	assert_true(c.n == 3 && at[0] < at[1] && at[1] < at[2]);
	cuts_drop(&c, k);
	assert_int_equal(c.n, 2);
	assert_in_range(at[0], 29, 31);
	assert_in_range(at[1], 79, 81);
}

static void a_slope_is_none(void **state)
{
	struct step slope, step;

	(void)state;
	make(0, 0, 0.05);
	slope = stepscan_best(&scan, 0, N);
	assert_true(stepscan_cut(&scan, 0, N).gain > 100);
	make(6, N / 2, 0);	/* as much from end to end */
	step = stepscan_best(&scan, 0, N);
	assert_true(slope.gain < 15 && step.gain > 10 * slope.gain);
}

static void edges(void **state)
{
	(void)state;
	make(5, 80, 0);
	assert_true(stepscan_best(&scan, 60, 67).gain == 0);	/* two levels of four need eight */
	assert_true(stepscan_cut(&scan, 60, 67).gain == 0);
	assert_true(stepscan_best(&scan, 60, 60).gain == 0);
	assert_true(stepscan_cut(&scan, 76, 84).at == 80);
	for (size_t i = 0; i < N; i++)
		y[i] = 0;
	stepscan_load(&scan, y, N);
	assert_true(stepscan_best(&scan, 0, N).gain == 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_cut_leaves_the_least),
		cmocka_unit_test(a_step_and_a_dent),
		cmocka_unit_test(cuts_in_order),
		cmocka_unit_test(a_slope_is_none),
		cmocka_unit_test(edges),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
