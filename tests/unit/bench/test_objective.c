// SPDX-License-Identifier: GPL-2.0-only
#include "check.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "objective.h"

#define NR(array) (sizeof(array) / sizeof(*(array)))

static const struct prediction slow = { .lat_mean_us = 30, .lat_p50_us = 20, .lat_p99_us = 900, .cpu_us = 5, .iops = 10000 };
static const struct prediction fast = { .lat_mean_us = 10, .lat_p50_us = 9, .lat_p99_us = 40, .cpu_us = 60, .iops = 10000 };

static void costs(void **state)
{
	struct objective o = objective_default();
	struct prediction unknown = fast;
	char name[64];

	(void)state;
	assert_near(objective_cost(&o, &slow), 35, 1e-6);
	assert_near(objective_cost(&o, &fast), 70, 1e-6);
	assert_true(objective_prefers(&o, &slow, &fast));
	assert_int_equal(objective_parse(&o, "p99:0.5,cpu", NULL), 0);
	assert_near(objective_cost(&o, &slow), 455, 1e-6);
	assert_near(objective_cost(&o, &fast), 80, 1e-6);
	objective_name(&o, name, sizeof(name));
	assert_string_equal(name, "p99:0.5,cpu:1");
	unknown.lat_p50_us = NAN;
	assert_near(objective_cost(&o, &unknown), 80, 1e-6);
	assert_int_equal(objective_parse(&o, "p50", NULL), 0);
	assert_true(isnan(objective_cost(&o, &unknown)));
	assert_true(objective_prefers(&o, &slow, &unknown) && !objective_prefers(&o, &unknown, &slow));
}

static void bad_objectives(void **state)
{
	static const char *const bad[] = { "", "mean:", "mean:x", "mean:-1", "latency", "mean:0,cpu:0", "mean:1;cpu:1", "cpu:1e9" };

	(void)state;
	for (size_t i = 0; i < NR(bad); i++) {
		struct objective o = objective_default();
		struct why why = { "" };

		assert_int_equal(objective_parse(&o, bad[i], &why), -EINVAL);
		assert_non_null(strstr(why.text, "--objective: "));
	}
}

static void limits(void **state)
{
	struct objective o = objective_default();

	(void)state;
	assert_near(objective_excess(&o, &slow), 0, 1e-9);
	o.max_p99_us = 100;
	assert_near(objective_excess(&o, &slow), 9, 1e-6);
	assert_true(objective_prefers(&o, &fast, &slow));
	/* 0.6 CPUs against 0.05 */
	o.max_p99_us = INFINITY;
	o.cpu_budget = 0.1;
	assert_near(objective_excess(&o, &fast), 6, 1e-6);
	assert_true(objective_prefers(&o, &slow, &fast));
	/* both break one: the smaller excess */
	o.max_p99_us = 300;
	assert_true(objective_prefers(&o, &slow, &fast) && !objective_prefers(&o, &fast, &slow));
}

static enum decision decide(double predicted, const double *ratio, unsigned n, unsigned most)
{
	struct est e;

	return objective_decide(predicted, ratio, n, most, &e);
}

static void clear_soon(void **state)
{
	static const double dear[] = { 1.6, 1.3 }, cheap[] = { 0.7, 0.79 }, mixed[] = { 1.6, 0.7 };

	(void)state;
	assert_int_equal(decide(1.5, dear, 1, 10), DECISION_RIVAL);
	assert_int_equal(decide(0.5, cheap, 1, 10), DECISION_CANDIDATE);
	/* what was predicted is not what ran */
	assert_int_equal(decide(0.5, dear, 1, 10), DECISION_MORE);
	assert_int_equal(decide(1.2, dear, 2, 10), DECISION_MORE);
	/* nothing predicted: two pairs */
	assert_int_equal(decide(NAN, dear, 1, 10), DECISION_MORE);
	assert_int_equal(decide(NAN, dear, 2, 10), DECISION_RIVAL);
	assert_int_equal(decide(NAN, cheap, 2, 10), DECISION_CANDIDATE);
	assert_int_equal(decide(NAN, mixed, 2, 10), DECISION_MORE);
	/* no more are allowed */
	assert_int_equal(decide(0.5, mixed, 2, 2), DECISION_UNSURE);
}

static void by_the_interval(void **state)
{
	static const double worse[] = { 1.1, 1.2, 1.15, 1.06, 1.12 }, better[] = { 0.9, 0.8, 0.85, 0.94, 0.88 }, same[] = { 1.01, 0.99, 1.02, 0.98, 1 }, no_gain[] = { 0.97, 1.2, 1.04, 1.01, 1.1 },
			    wide[] = { 0.7, 1.4, 1.1, 0.9, 1.2, 1.3, 0.8, 1.15, 1.1, 0.95 }, hardly[] = { 0.9, 1.1, 1.01, 0.94, 1.08, 0.99, 1.02, 1.06, 0.93, 1 };
	struct est e;

	(void)state;
	assert_int_equal(decide(1, worse, 4, 10), DECISION_MORE);
	assert_int_equal(decide(1, worse, 5, 10), DECISION_RIVAL);
	assert_int_equal(decide(1, better, 5, 10), DECISION_CANDIDATE);
	assert_int_equal(decide(1, same, 5, 10), DECISION_SAME);
	/* not sure to be worse, but no gain either */
	assert_int_equal(decide(1, no_gain, 5, 10), DECISION_SAME);
	/* an interval of four pairs covers too little to recommend anything */
	assert_int_equal(decide(1, better, 4, 4), DECISION_UNSURE);
	assert_int_equal(decide(1, worse, 4, 4), DECISION_UNSURE);
	assert_int_equal(decide(1, wide, 9, 10), DECISION_MORE);
	assert_int_equal(decide(1, wide, 10, 10), DECISION_UNSURE);
	assert_int_equal(decide(1, hardly, 10, 10), DECISION_SAME);
	objective_decide(1, worse, 5, 10, &e);
	assert_near(e.value, 1.12, 1e-6);
	assert_near(e.lo, 1.06, 1e-6);
	assert_near(e.cover, 0.9375, 1e-6);
	objective_decide(1, worse, 0, 10, &e);
	assert_int_equal(e.n, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(costs), cmocka_unit_test(bad_objectives), cmocka_unit_test(limits), cmocka_unit_test(clear_soon), cmocka_unit_test(by_the_interval),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
