// SPDX-License-Identifier: GPL-2.0-only
#include "unit.h"

#include "hist.h"

static void bins_are_contiguous_and_narrow(void **state)
{
	(void)state;
	for (unsigned i = 0; i < SQP_HIST_BINS; i++) {
		uint64_t low = sqp_hist_low(i), next = sqp_hist_low(i + 1);

		assert_true(next > low);
		assert_int_equal(sqp_hist_index(low), i);
		assert_int_equal(sqp_hist_index(next - 1), i);
		assert_true(low < SQP_HIST_SUB || (next - low) * SQP_HIST_SUB <= low);
	}
}

static void extremes_stay_inside(void **state)
{
	(void)state;
	assert_int_equal(sqp_hist_index(0), 0);
	assert_int_equal(sqp_hist_index(UINT64_MAX), SQP_HIST_BINS - 1);
	assert_int_equal(sqp_hist_index(1ull << 45), SQP_HIST_BINS - 1);
	assert_int_equal(sqp_hist_index((1ull << 45) - 1), SQP_HIST_BINS - 1);
}

static void known_percentiles(void **state)
{
	static struct sqp_hist h;

	(void)state;
	assert_int_equal(sqp_hist_percentile(&h, 0.5), 0);
	for (uint64_t v = 1; v <= 1000; v++)
		sqp_hist_add(&h, v * 1000);
	assert_int_equal(h.n, 1000);
	assert_int_equal(h.min, 1000);
	assert_int_equal(h.max, 1000000);
	assert_int_equal(h.sum, 500500000);
	/* the answer is the upper edge of the right bin: never below the truth, at most 1/16 above */
	assert_in_range(sqp_hist_percentile(&h, 0.5), 500000, 500000 * 17 / 16);
	assert_in_range(sqp_hist_percentile(&h, 0.99), 990000, 1000000);
	assert_int_equal(sqp_hist_percentile(&h, 1.0), 1000000);
}

static void one_value_is_every_percentile(void **state)
{
	static struct sqp_hist h;

	(void)state;
	sqp_hist_add(&h, 123456789);
	assert_int_equal(sqp_hist_percentile(&h, 0.0), 123456789);
	assert_int_equal(sqp_hist_percentile(&h, 0.5), 123456789);
	assert_int_equal(sqp_hist_percentile(&h, 0.999), 123456789);
}

static void merged_is_as_if_added_to_one(void **state)
{
	static struct sqp_hist a, b, both, none;

	(void)state;
	memset(&a, 0, sizeof(a));
	for (uint64_t ns = 3; ns < 1000000000000; ns = ns * 3 + 1) {
		sqp_hist_add(ns % 2 ? &a : &b, ns);
		sqp_hist_add(&both, ns);
	}
	sqp_hist_merge(&a, &b);
	sqp_hist_merge(&a, &none);
	assert_memory_equal(&a, &both, sizeof(a));
	sqp_hist_merge(&none, &both);
	assert_memory_equal(&none, &both, sizeof(none));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(merged_is_as_if_added_to_one),
		cmocka_unit_test(bins_are_contiguous_and_narrow),
		cmocka_unit_test(extremes_stay_inside),
		cmocka_unit_test(known_percentiles),
		cmocka_unit_test(one_value_is_every_percentile),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
