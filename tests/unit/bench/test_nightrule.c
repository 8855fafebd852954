// SPDX-License-Identifier: GPL-2.0-only
/* The nightly's rule on made cells: what it must see at once, what it must not see, and what it must say when it cannot know. */
#include "check.h"

#include <errno.h>
#include <gsl/gsl_randist.h>
#include <gsl/gsl_rng.h>
#include <math.h>
#include <string.h>

#include "nightrule.h"

enum { NIGHTS = 100, REPEATS = 10 };

static double x[NIGHTS][REPEATS];
static struct nightrule_night nights[NIGHTS];
static struct nightrule_how how;
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

/* All nights at LEVEL, with 1 % of noise a repeat and 0.3 % a night. */
static void make(unsigned seed, double level)
{
	gsl_rng_set(rng, seed);
	how = nightrule_default();
	for (unsigned i = 0; i < NIGHTS; i++) {
		double night = gsl_ran_gaussian(rng, 0.003);

		for (unsigned k = 0; k < REPEATS; k++)
			x[i][k] = level * exp(night + gsl_ran_gaussian(rng, 0.01));
		nights[i] = (struct nightrule_night){ x[i], REPEATS };
	}
}

/* Nights [FROM, TO] are FACTOR times what they were. */
static void times(unsigned from, unsigned to, double factor)
{
	for (unsigned i = from; i <= to; i++)
		for (unsigned k = 0; k < REPEATS; k++)
			x[i][k] *= factor;
}

static struct nightrule judge(unsigned tonight)
{
	struct nightrule r;

	assert_int_equal(nightrule_judge(nights, tonight, &nights[tonight], &how, &r), 0);
	return r;
}

static void a_quiet_cell(void **state)
{
	unsigned same = 0;

	(void)state;
	make(1, 1000);
	for (unsigned i = 60; i < NIGHTS; i++) {
		struct nightrule r = judge(i);

		assert_true(r.verdict == NIGHTRULE_SAME || r.verdict == NIGHTRULE_UNSTABLE);
		assert_near(r.baseline, 1000, 10);
		assert_true(r.visible_tonight > 0.02 && r.visible_tonight < 0.05 && r.visible < 0.02);
		same += r.verdict == NIGHTRULE_SAME;
	}
	assert_true(same >= 39);
}

static void seen_the_first_night(void **state)
{
	struct nightrule r;

	(void)state;
	make(2, 1000);
	times(70, 70, 0.95);
	r = judge(70);
	assert_int_equal(r.verdict, NIGHTRULE_SLOWER);
	assert_int_equal(r.since, 0);
	assert_int_equal(r.nights, 60);
	assert_near(r.shift.value, -0.05, 0.012);
	assert_true(r.shift.lo < -0.05 && r.shift.hi > -0.05 && r.shift.hi < 0);
	assert_true(r.p < how.p_max && r.suspicion >= 1);
	assert_string_equal(r.reason, "");
	/* of a latency it would be good news; and the other way round */
	how.more_is_better = false;
	assert_int_equal(judge(70).verdict, NIGHTRULE_FASTER);
	times(70, 70, 1 / 0.95 / 0.95);
	assert_int_equal(judge(70).verdict, NIGHTRULE_SLOWER);
}

/* Too small for one night; several show it, and since when. */
static void seen_later(void **state)
{
	unsigned found = 0;
	struct nightrule r;

	(void)state;
	make(3, 250000);
	times(70, 80, 0.984);
	assert_int_equal(judge(70).verdict, NIGHTRULE_SAME);
	for (unsigned i = 71; i < 80 && !found; i++) {
		r = judge(i);
		found = r.verdict == NIGHTRULE_SLOWER ? i : 0;
	}
	assert_true(found);
	assert_in_range(found - r.since, 68, 72);
	assert_near(r.shift.value, -0.016, 0.005);
}

/* From the first night that anything is judged on, and where zero is all that is left. */
static void a_collapse(void **state)
{
	struct nightrule r;

	(void)state;
	for (unsigned seed = 1; seed <= 20; seed++) {
		make(seed, 400000);
		times(5, 5, 125.0 / 400000);
		r = judge(5);
		assert_int_equal(r.verdict, NIGHTRULE_SLOWER);
		assert_near(r.shift.value, -0.9997, 0.001);
		times(5, 5, 0);
		assert_int_equal(judge(5).verdict, NIGHTRULE_SLOWER);
	}
}

static void a_drift_is_no_step(void **state)
{
	(void)state;
	make(4, 1000);
	for (unsigned i = 0; i < NIGHTS; i++)
		times(i, i, 1 - 0.02 * i / 60.0);
	for (unsigned i = 65; i < NIGHTS; i++)
		assert_int_equal(judge(i).verdict, NIGHTRULE_SAME);
}

/* One night of the past was bad: nothing to say tonight, and one bad night is not believed any more. */
static void a_wild_night(void **state)
{
	struct nightrule r;

	(void)state;
	make(5, 1000);
	times(50, 50, 0.8);
	r = judge(70);
	assert_int_equal(r.verdict, NIGHTRULE_UNSTABLE);
	assert_true(r.unstable);
	assert_non_null(strstr(r.reason, "standard deviations off"));
	times(70, 70, 0.9);
	assert_int_equal(judge(70).verdict, NIGHTRULE_UNSTABLE);
	times(71, 79, 0.9);
	r = judge(79);
	assert_int_equal(r.verdict, NIGHTRULE_SLOWER);
	assert_int_equal(r.since, 9);
	assert_true(r.unstable);
}

static void heavy_tails(void **state)
{
	struct nightrule r;

	(void)state;
	make(6, 1000);
	for (unsigned i = 0; i < NIGHTS; i++)
		for (unsigned k = 0; k < REPEATS; k++)
			x[i][k] = 1000 * exp(0.008 * gsl_ran_tdist(rng, 2));
	for (unsigned i = 60; i < NIGHTS; i++) {
		r = judge(i);
		assert_int_equal(r.verdict, NIGHTRULE_UNSTABLE);
	}
	assert_non_null(strstr(r.reason, "heavy tails"));
}

static void a_noisy_cell(void **state)
{
	struct nightrule r;

	(void)state;
	make(7, 1000);
	for (unsigned i = 0; i < NIGHTS; i++)
		times(i, i, exp(gsl_ran_gaussian(rng, 0.1)));
	for (unsigned i = 60; i < NIGHTS; i++)
		assert_int_equal(judge(i).verdict, NIGHTRULE_UNSTABLE);
	assert_non_null(strstr(judge(70).reason, "too noisy"));
	r = judge(12);
	assert_int_equal(r.verdict, NIGHTRULE_UNKNOWN);
	assert_non_null(strstr(r.reason, "needs 18 more nights"));
	/* nobody would call this one noise */
	times(90, 99, 0.01);
	assert_int_equal(judge(95).verdict, NIGHTRULE_SLOWER);
}

/* Half of tonight's repeats are bad: that is not a level. */
static void some_repeats(void **state)
{
	(void)state;
	make(8, 1000);
	for (unsigned k = 0; k < 4; k++)
		x[70][k] *= 0.5;
	assert_int_equal(judge(70).verdict, NIGHTRULE_SAME);
}

/* A rate-limited cell: no noise at all. */
static void never_varies(void **state)
{
	(void)state;
	make(9, 1000);
	for (unsigned i = 0; i < NIGHTS; i++)
		for (unsigned k = 0; k < REPEATS; k++)
			x[i][k] = 1000;
	assert_int_equal(judge(70).verdict, NIGHTRULE_SAME);
	times(70, 70, 0.991);
	assert_int_equal(judge(70).verdict, NIGHTRULE_SAME);
	times(70, 70, 0.98);
	assert_int_equal(judge(70).verdict, NIGHTRULE_SLOWER);
	assert_near(judge(70).shift.value, 0.991 * 0.98 - 1, 0.0001);
}

/* A night cut short has fewer repeats, and says less. */
static void fewer_repeats(void **state)
{
	double all;

	(void)state;
	make(10, 1000);
	all = judge(70).visible_tonight;
	nights[70].n = 3;
	assert_true(judge(70).visible_tonight > 1.2 * all);
}

static void more_repeats(void **state)
{
	struct nightrule r = { .tonight = { -0.002, -0.008, 0.004, 0.95, 1 }, .suspicion = 0.2, .repeats_share = 0.5 };

	(void)state;
	how = nightrule_default();
	assert_true(nightrule_more(&r, &how, 10, 20) == 0);	/* what is worth reporting is excluded */
	r.tonight.lo = -0.012;
	assert_near(nightrule_more(&r, &how, 10, 20), 0.5, 1e-6);
	assert_true(nightrule_more(&r, &how, 20, 20) == 0);
	r.repeats_share = 0.05;
	assert_true(nightrule_more(&r, &how, 10, 20) == 0);	/* repeats are not what makes it unsure */
	r.suspicion = 0.7;
	assert_near(nightrule_more(&r, &how, 10, 20), 1.7, 1e-6);
	r.suspicion = 1.1;
	assert_true(nightrule_more(&r, &how, 10, 20) > 1.7);
	assert_true(nightrule_more(&(struct nightrule){ 0 }, &how, 10, 20) == 0);
}

static void cannot_know(void **state)
{
	struct nightrule r;

	(void)state;
	make(11, 1000);
	r = judge(4);
	assert_int_equal(r.verdict, NIGHTRULE_UNKNOWN);
	assert_string_equal(r.reason, "4 nights of history: needs 1 more");
	assert_int_equal(judge(0).verdict, NIGHTRULE_UNKNOWN);
	times(0, 69, 0);
	assert_string_equal(judge(70).reason, "all values of its history are 0");
}

static void out_of_range(void **state)
{
	struct nightrule r;

	(void)state;
	make(12, 1000);
	x[3][3] = NAN;
	assert_int_equal(nightrule_judge(nights, 10, &nights[10], &how, &r), -EINVAL);
	x[3][3] = -1;
	assert_int_equal(nightrule_judge(nights, 10, &nights[10], &how, &r), -EINVAL);
	x[3][3] = 1000;
	nights[10].n = 0;
	assert_int_equal(nightrule_judge(nights, 10, &nights[10], &how, &r), -EINVAL);
	nights[10].n = REPEATS;
	assert_int_equal(nightrule_judge(nights, 10, &nights[10], &how, &r), 0);
	how.nights_min = 4;
	assert_int_equal(nightrule_judge(nights, 10, &nights[10], &how, &r), -EINVAL);
	how = nightrule_default();
	how.nights_max = NIGHTRULE_NIGHTS_MAX + 1;
	assert_int_equal(nightrule_judge(nights, 10, &nights[10], &how, &r), -EINVAL);
	assert_string_equal(nightrule_word(NIGHTRULE_UNSTABLE), "unstable");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_quiet_cell),	    cmocka_unit_test(seen_the_first_night), cmocka_unit_test(seen_later),   cmocka_unit_test(a_collapse),
		cmocka_unit_test(a_drift_is_no_step), cmocka_unit_test(a_wild_night),	    cmocka_unit_test(heavy_tails),  cmocka_unit_test(a_noisy_cell),
		cmocka_unit_test(some_repeats),	    cmocka_unit_test(never_varies),	    cmocka_unit_test(fewer_repeats), cmocka_unit_test(more_repeats),
		cmocka_unit_test(cannot_know),	    cmocka_unit_test(out_of_range),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
