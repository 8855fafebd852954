// SPDX-License-Identifier: GPL-2.0-only
/* Rank statistics against published values, counts by hand and a count of all subsets. */
#include "check.h"

#include <math.h>
#include <stdlib.h>

#include "ranks.h"

#define NR(array) (sizeof(array) / sizeof(*(array)))

static void midranks(void **state)
{
	static const double x[] = { 5, 1, 5, 3, 5 }, expected[] = { 4, 1, 4, 2, 4 };
	double r[NR(x)];

	(void)state;
	assert_int_equal(ranks_mid(x, NR(x), r), 0);
	for (size_t i = 0; i < NR(x); i++)
		assert_near(r[i], expected[i], 1e-9);
}

/* By hand: of the 252 halves of ten values two are as far apart; of 3 and 2 values U = 1 or less or 5 or more has 4 of 10. */
static void exact_p(void **state)
{
	static const double low[] = { 1, 2, 3, 4, 5 }, high[] = { 6, 7, 8, 9, 10 };
	static const double a[] = { 1, 2, 4 }, b[] = { 3, 5 };

	(void)state;
	assert_near(ranks_p(low, 5, high, 5), 2.0 / 252, 1e-9);
	assert_near(ranks_p(high, 5, low, 5), 2.0 / 252, 1e-9);
	assert_near(ranks_p(a, 3, b, 2), 0.4, 1e-9);
	assert_near(ranks_p_least(5, 5), 2.0 / 252, 1e-9);
	assert_near(ranks_p_least(1, 1), 1, 1e-9);
	assert_true(isnan(ranks_p(a, 0, b, 2)));
}

/* Every subset of the pooled values, one by one. */
static double counted(const double *x, unsigned n, unsigned nb)
{
	double r[16], observed = 0, mean, tail = 0, all = 0;

	assert_int_equal(ranks_mid(x, n, r), 0);
	for (unsigned i = n - nb; i < n; i++)
		observed += r[i];
	mean = nb * (n + 1) / 2.0;
	for (unsigned set = 0; set < 1U << n; set++) {
		double sum = 0;

		if (__builtin_popcount(set) != (int)nb)
			continue;
		for (unsigned i = 0; i < n; i++)
			sum += set >> i & 1 ? r[i] : 0;
		all++;
		tail += fabs(sum - mean) >= fabs(observed - mean) - 1e-9;
	}
	return tail / all;
}

static void ties_are_exact_too(void **state)
{
	double x[11];

	(void)state;
	srand(7);
	for (unsigned round = 0; round < 50; round++) {
		unsigned nb = 1 + (unsigned)rand() % 10;

		for (unsigned i = 0; i < NR(x); i++)
			x[i] = rand() % 5;
		assert_near(ranks_p(x, NR(x) - nb, x + NR(x) - nb, nb), counted(x, NR(x), nb), 1e-9);
	}
}

/* What is too much to count is near what could just be counted. */
static void many_values(void **state)
{
	static double x[400];
	double exact, approximate;

	(void)state;
	srand(3);
	for (unsigned i = 0; i < NR(x); i++)
		x[i] = rand() % 1000 + (i >= 200 ? 250 : 0);
	exact = ranks_p(x + 140, 60, x + 200, 60);
	assert_true(exact > 0 && exact < 1);
	approximate = ranks_p(x, 200, x + 200, 200);
	assert_true(approximate > 0 && approximate < exact);
}

static void shifts(void **state)
{
	static const double a[] = { 1, 2, 3, 4, 5 }, b[] = { 11, 12, 13, 14, 100 };
	struct est e = ranks_shift(a, 5, b, 5);

	(void)state;
	assert_near(e.value, 10, 1e-9);		/* an outlier does not move it */
	assert_true(e.lo >= 6 && e.lo <= 10 && e.hi >= 10 && e.hi <= 99);
	assert_near(ranks_shift(a, 2, b, 2).lo, 9, 1e-9);	/* few: the whole range */
	assert_near(ranks_shift(a, 2, b, 2).hi, 11, 1e-9);
	assert_int_equal(ranks_shift(a, 0, b, 5).n, 0);
}

/* The example of the paper: 15 p values, at 0.05 the four smallest are believed. */
static void false_discoveries(void **state)
{
	static const double p[] = { 0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.3240, 0.4262, 0.5719, 0.6528, 0.7590, 1.0 };
	static const double none[] = { 0.9, NAN, 0.5 }, one[] = { NAN, 0.04, NAN };

	(void)state;
	assert_near(ranks_fdr(p, NR(p), 0.05), 0.0095, 1e-9);
	assert_near(ranks_fdr(none, NR(none), 0.05), -1, 1e-9);
	assert_near(ranks_fdr(one, NR(one), 0.05), 0.04, 1e-9);
	assert_near(ranks_fdr(p, 0, 0.05), -1, 1e-9);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(midranks), cmocka_unit_test(exact_p), cmocka_unit_test(ties_are_exact_too), cmocka_unit_test(many_values),
		cmocka_unit_test(shifts),   cmocka_unit_test(false_discoveries),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
