// SPDX-License-Identifier: GPL-2.0-only
/* What is learned of made noise, steps in it or not, beside what it was made with. */
#include "check.h"

#include <gsl/gsl_randist.h>
#include <gsl/gsl_statistics_double.h>
#include <math.h>
#include <string.h>

#include "stepnoise.h"

enum { N = 400, SERIES = 20 };

static double x[N], y[N], left[N], made[2 * N], scratch[3 * N], sum[N + 1], moment[N + 1];
static struct stepscan scan = { sum, moment, 4 };
static gsl_rng *rng;

static int set_up(void **state)
{
	(void)state;
	rng = gsl_rng_alloc(gsl_rng_mt19937);
	return rng ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	gsl_rng_free(rng);
	return 0;
}

/* Variance 1, following by R; STEP higher in the second half. */
static void make(double r, double step)
{
	double before = gsl_ran_gaussian(rng, 1);

	for (size_t i = 0; i < N; i++) {
		before = r * before + sqrt(1 - r * r) * gsl_ran_gaussian(rng, 1);
		x[i] = 1000 + before + (i >= N / 2 ? step : 0);
	}
}

static void outliers_are_brought_near(void **state)
{
	(void)state;
	gsl_rng_set(rng, 1);
	make(0, 8);
	x[100] = 1e6;
	x[300] = 0;
	stepnoise_calm(x, N, 4, y, scratch);
	assert_true(fabs(y[100] - y[99]) < 7 && fabs(y[300] - y[301]) < 7);
	/* the step is kept, and what is no outlier */
	assert_near(gsl_stats_mean(y + 200, 1, 200) - gsl_stats_mean(y, 1, 200), 8, 0.4);
	assert_near(y[50] - y[51], x[50] - x[51], 1e-9);
	for (size_t i = 0; i < N; i++)
		x[i] = gsl_rng_uniform(rng) < 0.5 ? 5 : 9;	/* two modes are no outliers */
	stepnoise_calm(x, N, 4, y, scratch);
	for (size_t i = 1; i < N; i++)
		assert_near(y[i] - y[i - 1], x[i] - x[i - 1], 1e-9);
}

/* (1 + r) / (1 - r), whether there is a step or not. */
static void a_rough_variance(void **state)
{
	static const double follows[] = { 0, 0.3, 0.6 };

	(void)state;
	for (size_t k = 0; k < 3; k++)
		for (int step = 0; step <= 10; step += 10) {
			double all = 0, wanted = (1 + follows[k]) / (1 - follows[k]);

			gsl_rng_set(rng, 2);
			for (int i = 0; i < SERIES; i++) {
				make(follows[k], step);
				all += stepnoise_rough(x, N, scratch) / SERIES;
			}
			assert_true(all > 0.7 * wanted && all < 1.4 * wanted);
		}
}

static void heavy_tails_are_bound(void **state)
{
	size_t at[] = { N / 2, N - 4 };
	struct cuts cut = { at, 1 };
	double before;

	(void)state;
	gsl_rng_set(rng, 3);
	make(0, 5);
	for (size_t i = 0; i < N; i++)
		y[i] = x[i];
	stepnoise_bound(y, N, &cut, left, scratch);	/* they are not heavy: nothing changes */
	assert_memory_equal(x, y, sizeof(x));
	assert_near(gsl_stats_mean(left, 1, N / 2), 0, 1e-9);
	for (size_t i = 0; i < N; i++)
		y[i] = x[i] = gsl_ran_tdist(rng, 2) + (i >= N / 2 ? 5 : 0);
	before = gsl_stats_max(x, 1, N);
	stepnoise_bound(y, N, &cut, left, scratch);
	assert_true(gsl_stats_max(y, 1, N) < 0.7 * before);
	assert_near(gsl_stats_mean(y + 200, 1, 200) - gsl_stats_mean(y, 1, 200), 5, 0.5);
	/* four are too few for a level of their own: they could all be outliers */
	for (size_t i = 0; i < N; i++)
		y[i] = i < N - 4 ? x[i] : 50;
	cut.n = 2;
	stepnoise_bound(y, N, &cut, left, scratch);
	assert_true(y[N - 1] < 12);
}

/* A step in it or not: what it is learned to follow by is what it was made with, on the average. */
static void learns_how_it_follows(void **state)
{
	static const double follows[] = { 0, 0.3, 0.6 };

	(void)state;
	for (size_t k = 0; k < 3; k++) {
		double all = 0, chance = 0;

		gsl_rng_set(rng, 4);
		for (int i = 0; i < SERIES; i++) {
			size_t at[STEPNOISE_CUTS];
			struct cuts c = { at, 0 };
			struct stepnoise m;

			make(follows[k], i % 2 ? 6 : 0);
			stepscan_load(&scan, x, N);
			memcpy(left, x, sizeof(x));
			stepnoise_cut(left, N, &scan, &c, scratch);
			stepnoise_bound(x, N, &c, left, scratch);
			stepnoise_learn(&m, left, N, &scan, rng, made);
			all += m.follows / SERIES;
			chance += stepnoise_made(&m, &scan, rng, made) / SERIES;
		}
		assert_near(all, follows[k], 0.07);
		assert_true(chance > 3 && chance < 20);	/* the largest of many squares of variance 1 */
	}
}

static void nothing_to_learn_from(void **state)
{
	struct stepnoise m;

	(void)state;
	for (size_t i = 0; i < N; i++)
		x[i] = 7;
	stepnoise_calm(x, N, 4, y, scratch);
	assert_true(stepnoise_rough(y, N, scratch) == 0);
	stepnoise_bound(y, N, &(struct cuts){ 0 }, left, scratch);
	stepnoise_learn(&m, left, N, &scan, rng, made);
	assert_true(m.variance == 0 && m.follows == 0 && stepnoise_made(&m, &scan, rng, made) == 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(outliers_are_brought_near), cmocka_unit_test(a_rough_variance),      cmocka_unit_test(heavy_tails_are_bound),
		cmocka_unit_test(learns_how_it_follows),     cmocka_unit_test(nothing_to_learn_from),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
