// SPDX-License-Identifier: GPL-2.0-only
/* A load at other rates: gaps are stretched, work is not. */
#include "check.h"

#include <errno.h>
#include <math.h>

#include "heatmap.h"

enum { HZ = 250, N = 200, NOW = HEATMAP_RATES / 2 };

#define WAKE_US 50.0
#define LAT_US 10.0
#define GAP_US 10000.0

static struct predict_request request[N];
static struct hist wake;

static int set_up(void **state)
{
	(void)state;
	for (unsigned i = 0; i < N; i++)
		request[i] = (struct predict_request){ .gap_us = GAP_US, .lat_us = LAT_US };
	return hist_add(&wake, WAKE_US, 1) || (hist_seal(&wake), 0);
}

static int tear_down(void **state)
{
	(void)state;
	hist_free(&wake);
	return 0;
}

static struct predict_load load(void)
{
	return (struct predict_load){ .request = request, .n = N, .span_us = N * (GAP_US + LAT_US), .rest_us = 1e6, .app_us = 3, .paced = true };
}

static void made(struct heatmap *m)
{
	struct predict_load l = load();

	heatmap_add(m, 4);
	heatmap_add(m, 1000);
	assert_int_equal(heatmap_compute(m, &l, &wake, HZ, 1), 0);
}

static void rates(void **state)
{
	struct heatmap m = { 0 };

	(void)state;
	made(&m);
	assert_near(m.factor[0], 1.0 / 16, 1e-9);
	assert_near(m.factor[NOW], 1, 1e-9);
	assert_near(m.factor[HEATMAP_RATES - 1], 16, 1e-9);
	for (unsigned k = 0; k < HEATMAP_RATES; k++)
		assert_near(m.per_s[k], 1e6 / (GAP_US / m.factor[k] + LAT_US), 1e-3);
}

/* 4 ms: spins of 4 to 8 ms. At a fourth of the rate each gap of 40 ms has 6 of them, and a wake-up; at four times it (2.5 ms) the thread never sleeps. */
static void fields(void **state)
{
	struct heatmap m = { 0 };

	(void)state;
	made(&m);
	assert_near(m.p[0][NOW - 2].duty, 6010.0 / 40010, 1e-4);
	assert_near(m.p[0][NOW - 2].lat_mean_us, LAT_US + WAKE_US, 1e-3);
	assert_near(m.p[0][NOW + 2].duty, 1, 1e-9);
	assert_near(m.p[0][NOW + 2].lat_mean_us, LAT_US, 1e-3);
	for (unsigned k = 0; k < HEATMAP_RATES; k++)
		assert_near(m.p[1][k].duty, 1, 1e-9);
}

static void as_data(void **state)
{
	struct objective o = objective_default();
	struct heatmap m = { 0 };
	json_t *doc;

	(void)state;
	made(&m);
	doc = heatmap_json(&m, &o, 20);
	assert_int_equal(json_array_size(json_object_get(doc, "idle_ms")), 2);
	assert_int_equal(json_array_size(json_object_get(doc, "cost_to_plain")), 2);
	assert_near(json_number_value(json_array_get(json_array_get(json_object_get(doc, "cost_to_plain"), 0), NOW + 2)),
		    objective_cost(&o, &m.p[0][NOW + 2]) / 20, 1e-6);
	json_decref(doc);
}

static void what_cannot_be_computed(void **state)
{
	struct predict_load l = load();
	struct hist none = { 0 };
	struct heatmap m = { 0 };

	(void)state;
	heatmap_add(&m, 4);
	hist_seal(&none);
	assert_int_equal(heatmap_compute(&m, &l, &none, HZ, 1), -EINVAL);	/* it would wake, and nobody knows how long that takes */
	l.n = 0;
	assert_int_equal(heatmap_compute(&m, &l, &wake, HZ, 1), -EINVAL);
	for (unsigned i = 0; i < 2 * HEATMAP_IDLES; i++)
		heatmap_add(&m, i);
	assert_int_equal(m.idles, HEATMAP_IDLES);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rates),
		cmocka_unit_test(fields),
		cmocka_unit_test(as_data),
		cmocka_unit_test(what_cannot_be_computed),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
