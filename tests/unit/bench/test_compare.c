// SPDX-License-Identifier: GPL-2.0-only
/* What two sets of repeats allow to say, and what not. */
#include "check.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "compare.h"

#define WORTH 0.05

static struct compare_cell *fill(struct compare_side *s, const char *name, enum compare_metric m, const double *x, unsigned n)
{
	struct compare_cell *c = compare_cell(s, name);

	assert_non_null(c);
	for (unsigned i = 0; i < n; i++) {
		if (i >= c->n)
			for (int k = 0; k < COMPARE_METRICS; k++)
				c->x[k][i] = NAN;
		c->x[m][i] = x[i];
	}
	c->n = n;
	return c;
}

static enum compare_verdict judge(enum compare_metric m, const double *a, unsigned na, const double *b, unsigned nb)
{
	struct compare_side sa = { 0 }, sb = { 0 };
	struct compare_result r = compare_metric(m, fill(&sa, "x", m, a, na), fill(&sb, "x", m, b, nb), WORTH);

	compare_free(&sa);
	compare_free(&sb);
	assert_true((r.verdict == COMPARE_UNKNOWN) == (r.reason != NULL));
	return r.verdict;
}

static const double low[] = { 100, 101, 102, 103, 104 }, high[] = { 120, 121, 122, 123, 124 };
static const double wide[] = { 60, 90, 105, 130, 170 }, near[] = { 100.5, 101.5, 102.5, 103.5, 104.5 };

static void directions(void **state)
{
	(void)state;
	assert_int_equal(judge(COMPARE_IOPS, low, 5, high, 5), COMPARE_BETTER);
	assert_int_equal(judge(COMPARE_IOPS, high, 5, low, 5), COMPARE_WORSE);
	assert_int_equal(judge(COMPARE_READ_P99, low, 5, high, 5), COMPARE_WORSE);
	assert_int_equal(judge(COMPARE_SQ_CPU, high, 5, low, 5), COMPARE_BETTER);
	assert_int_equal(judge(COMPARE_IOPS, low, 5, near, 5), COMPARE_SAME);
}

static void unknown(void **state)
{
	const double zero[] = { 0, 0, 0, 0, 0 };

	(void)state;
	assert_int_equal(judge(COMPARE_IOPS, low, 2, high, 2), COMPARE_UNKNOWN);
	assert_int_equal(judge(COMPARE_IOPS, low, 1, high, 1), COMPARE_UNKNOWN);
	assert_int_equal(judge(COMPARE_IOPS, low, 3, high, 3), COMPARE_BETTER);
	assert_int_equal(judge(COMPARE_IOPS, low, 5, wide, 5), COMPARE_UNKNOWN);
	assert_int_equal(judge(COMPARE_SQ_CPU, low, 5, zero, 5), COMPARE_UNKNOWN);
	assert_int_equal(judge(COMPARE_SQ_CPU, low, 5, high, 0), COMPARE_UNKNOWN);
}

/* A difference that is certain but smaller than WORTH is the same; one that may be larger is unknown. */
static void small_differences(void **state)
{
	const double two_percent[] = { 102.4, 102.5, 102.6, 102.7, 102.8 }, base[] = { 100.4, 100.5, 100.6, 100.7, 100.8 };
	const double around_worth[] = { 103.5, 104, 105, 106, 106.5 };

	(void)state;
	assert_int_equal(judge(COMPARE_IOPS, base, 5, two_percent, 5), COMPARE_SAME);
	assert_int_equal(judge(COMPARE_IOPS, base, 5, around_worth, 5), COMPARE_UNKNOWN);
}

static struct compare_pair judge_two(const double *iops_b, const double *p99_b)
{
	struct compare_side sa = { 0 }, sb = { 0 };
	struct compare_pair p;

	fill(&sa, "x", COMPARE_IOPS, low, 5);
	fill(&sb, "x", COMPARE_IOPS, iops_b, 5);
	p.a = fill(&sa, "x", COMPARE_READ_P99, low, 5);
	p.b = fill(&sb, "x", COMPARE_READ_P99, p99_b, 5);
	/* shown, not judged */
	fill(&sa, "x", COMPARE_ENTERS, low, 5);
	fill(&sb, "x", COMPARE_ENTERS, high, 5);
	compare_judge(&p, WORTH);
	compare_free(&sa);
	compare_free(&sb);
	return p;
}

static void cells(void **state)
{
	(void)state;
	assert_int_equal(judge_two(near, near).verdict, COMPARE_SAME);
	assert_int_equal(judge_two(high, near).verdict, COMPARE_BETTER);
	assert_int_equal(judge_two(high, high).verdict, COMPARE_WORSE);
	assert_int_equal(judge_two(near, wide).verdict, COMPARE_UNKNOWN);
	assert_non_null(judge_two(near, wide).reason);
	assert_int_equal(judge_two(high, wide).verdict, COMPARE_BETTER);
	assert_null(judge_two(high, wide).reason);
}

static void nothing_measured(void **state)
{
	struct compare_side sa = { 0 }, sb = { 0 };
	struct compare_pair p = { 0 };

	(void)state;
	p.a = fill(&sa, "x", COMPARE_IOPS, low, 0);
	p.b = fill(&sb, "x", COMPARE_IOPS, low, 5);
	compare_judge(&p, WORTH);
	assert_int_equal(p.verdict, COMPARE_UNKNOWN);
	assert_non_null(p.reason);
	compare_free(&sa);
	compare_free(&sb);
}

/* A name that is cut is found again under its full length; cells keep their order while the array grows. */
static void names(void **state)
{
	struct compare_side s = { 0 };
	char name[300], number[16];

	(void)state;
	memset(name, 'n', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	assert_non_null(compare_cell(&s, name));
	assert_non_null(compare_find(&s, name));
	assert_null(compare_find(&s, "n"));
	for (int i = 0; i < 50; i++) {
		snprintf(number, sizeof(number), "%d", i);
		assert_non_null(compare_cell(&s, number));
	}
	assert_int_equal(s.n, 51);
	assert_string_equal(s.cell[50].name, "49");
	assert_ptr_equal(compare_cell(&s, "7"), &s.cell[8]);
	assert_int_equal(s.n, 51);
	compare_free(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(directions), cmocka_unit_test(unknown),	  cmocka_unit_test(small_differences),
		cmocka_unit_test(cells),      cmocka_unit_test(nothing_measured), cmocka_unit_test(names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
