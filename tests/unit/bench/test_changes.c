// SPDX-License-Identifier: GPL-2.0-only
/* Change points in made series: found where they were put, and not where they were not. */
#include "check.h"

#include <errno.h>
#include <gsl/gsl_randist.h>
#include <gsl/gsl_rng.h>
#include <math.h>

#include "changes.h"

enum { N = 200, ROOM = 20 };

static double x[N];
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

enum noise { NORMAL, HEAVY, BIMODAL, FOLLOWING };

/* 1 % of the level or so. */
static double noise(enum noise kind, double before)
{
	switch (kind) {
	case HEAVY:
		return gsl_ran_tdist(rng, 2);
	case BIMODAL:
		return (gsl_rng_uniform(rng) < 0.3 ? 3 : 0) + 0.3 * gsl_ran_gaussian(rng, 1);
	case FOLLOWING:
		return 0.5 * before + gsl_ran_gaussian(rng, 1);
	default:
		return gsl_ran_gaussian(rng, 1);
	}
}

static void make(unsigned seed, enum noise kind, unsigned n)
{
	double before = 0;

	gsl_rng_set(rng, seed);
	for (unsigned i = 0; i < n; i++)
		x[i] = 100 + (before = noise(kind, before));
}

static int find(unsigned n, struct change *c)
{
	struct changes_how how = changes_default();

	return changes_find(x, n, &how, c, ROOM);
}

static void a_step(void **state)
{
	struct change c[ROOM];

	(void)state;
	make(1, NORMAL, N);
	for (unsigned i = 120; i < N; i++)
		x[i] *= 1.05;
	assert_int_equal(find(N, c), 1);
	assert_in_range(c[0].at, 118, 122);
	assert_near(c[0].before, 100, 0.5);
	assert_near(c[0].after, 105, 0.5);
	assert_true(c[0].shift.lo < 5 && c[0].shift.hi > 5 && c[0].shift.hi - c[0].shift.lo < 1);
	assert_true(c[0].p <= 0.001);
}

/* Down for ten nights and up again: a single cut would not show it. */
static void a_dent(void **state)
{
	struct change c[ROOM];

	(void)state;
	make(2, NORMAL, N);
	for (unsigned i = 90; i < 100; i++)
		x[i] *= 0.9;
	assert_int_equal(find(N, c), 2);
	assert_in_range(c[0].at, 89, 91);
	assert_in_range(c[1].at, 99, 101);
	assert_true(c[0].shift.value < 0 && c[1].shift.value > 0);
}

/* Four times the noise: while it lasts the noise seems to be as large as the dent. */
static void a_small_dent(void **state)
{
	struct change c[ROOM];

	(void)state;
	for (unsigned seed = 0; seed < 20; seed++) {
		make(seed, NORMAL, 90);
		for (unsigned i = 30; i < 45; i++)
			x[i] += 4;
		assert_int_equal(find(90, c), 2);
		assert_in_range(c[0].at, 28, 32);
		assert_in_range(c[1].at, 43, 47);
	}
}

static void a_staircase(void **state)
{
	struct change c[ROOM];

	(void)state;
	make(3, HEAVY, N);
	for (unsigned i = 0; i < N; i++)
		x[i] += 20.0 * (i / 50);
	assert_int_equal(find(N, c), 3);
	for (int i = 0; i < 3; i++)
		assert_in_range(c[i].at, 50 * (i + 1) - 2, 50 * (i + 1) + 2);
}

/* Values that do not vary at all have no noise to compare with, and are no reason to fail. */
static void levels_without_noise(void **state)
{
	struct change c[ROOM];

	(void)state;
	for (unsigned i = 0; i < N; i++)
		x[i] = i < 120 ? 0.1 : 0.3;
	assert_int_equal(find(N, c), 1);
	assert_int_equal(c[0].at, 120);
	for (unsigned i = 0; i < N; i++)
		x[i] = i < 196 ? 0 : 50;	/* the shortest level that there can be */
	assert_int_equal(find(N, c), 1);
	assert_int_equal(c[0].at, 196);
}

/* The values slowly rise by four times their noise: no moment at which they changed. */
static void a_drift_is_no_change(void **state)
{
	struct change c[ROOM];
	int alarms = 0;

	(void)state;
	for (unsigned seed = 0; seed < 20; seed++) {
		make(seed, NORMAL, N);
		for (unsigned i = 0; i < N; i++)
			x[i] += 4.0 * i / N;
		alarms += find(N, c);
	}
	assert_in_range(alarms, 0, 1);
}

/* Ten times the noise, which follows itself: ranks could not tell it from a wave of the noise. It is missed in one or two of a hundred. */
static void a_step_in_noise_that_follows(void **state)
{
	struct change c[ROOM];
	int found = 0;

	(void)state;
	for (unsigned seed = 0; seed < 20; seed++) {
		make(seed, FOLLOWING, 60);
		for (unsigned i = 40; i < 60; i++)
			x[i] += 10;
		found += find(60, c) == 1 && c[0].at >= 39 && c[0].at <= 41;
	}
	assert_in_range(found, 19, 20);
}

/* 4 kinds of noise, 50 series each of 200: at p 0.001 a false alarm in 200 series is to be expected in one of five runs. */
static void nothing_changes(void **state)
{
	struct change c[ROOM];
	int alarms = 0;

	(void)state;
	for (int kind = NORMAL; kind <= FOLLOWING; kind++)
		for (unsigned seed = 0; seed < 50; seed++) {
			make(seed, (enum noise)kind, N);
			alarms += find(N, c);
		}
	assert_in_range(alarms, 0, 2);
}

static void outliers_change_nothing(void **state)
{
	struct change c[ROOM];

	(void)state;
	make(4, NORMAL, N);
	for (unsigned i = 0; i < N; i += 40)
		x[i] *= 50;
	assert_int_equal(find(N, c), 0);
}

/* It is there, and too small to be reported. */
static void what_is_not_worth_it(void **state)
{
	struct changes_how how = changes_default();
	struct change c[ROOM];

	(void)state;
	for (unsigned i = 0; i < N; i++)
		x[i] = 1000 + i % 3 + (i >= 100 ? 5 : 0);
	assert_int_equal(find(N, c), 0);
	how.worth = 0.001;
	assert_int_equal(changes_find(x, N, &how, c, ROOM), 1);
	assert_int_equal(c[0].at, 100);
}

static void edges(void **state)
{
	struct changes_how how = changes_default();
	struct change c[ROOM];

	(void)state;
	assert_int_equal(find(0, c), 0);
	make(5, NORMAL, N);
	assert_int_equal(find(7, c), 0);	/* two levels need eight */
	for (unsigned i = 0; i < N; i++)
		x[i] = 7;
	assert_int_equal(find(N, c), 0);
	x[3] = NAN;
	assert_int_equal(find(N, c), -EINVAL);
	x[3] = 7;
	how.segment_min = 1;
	assert_int_equal(changes_find(x, N, &how, c, ROOM), -EINVAL);
	/* as many as there is room for */
	how = changes_default();
	for (unsigned i = 0; i < N; i++)
		x[i] = i / 40 % 2 ? 10 + i % 2 : 20 + i % 2;
	assert_int_equal(changes_find(x, N, &how, c, 2), 2);
	assert_int_equal(changes_find(x, N, &how, c, ROOM), 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_step),
		cmocka_unit_test(a_dent),
		cmocka_unit_test(a_small_dent),
		cmocka_unit_test(a_staircase),
		cmocka_unit_test(levels_without_noise),
		cmocka_unit_test(a_drift_is_no_change),
		cmocka_unit_test(a_step_in_noise_that_follows),
		cmocka_unit_test(nothing_changes),
		cmocka_unit_test(outliers_change_nothing),
		cmocka_unit_test(what_is_not_worth_it),
		cmocka_unit_test(edges),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
