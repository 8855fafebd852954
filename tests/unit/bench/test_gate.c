// SPDX-License-Identifier: GPL-2.0-only
/* Verdicts over cells of made values. */
#include "check.h"

#include <math.h>
#include <string.h>

#include "gate.h"

#define NR(array) (sizeof(array) / sizeof(*(array)))

static const double base[] = { 100, 101, 99, 100.5, 99.5, 100.2 };
static const double slow[] = { 110, 111, 109, 110.5, 109.5, 110.2 };
static const double near_by[] = { 100.3, 100.9, 99.2, 100.4, 99.8, 100.1 };
static const double wide[] = { 90, 115, 101, 99, 108, 93 };
static const double zero[] = { 0, 0, 0, 0, 0, 0 };

#define CELL(a, b) { .base = (a), .n_base = NR(a), .current = (b), .n_current = NR(b) }

static void verdicts(void **state)
{
	struct gate_cell c[] = { CELL(base, slow), CELL(slow, base), CELL(base, near_by), CELL(base, wide), CELL(zero, base), { .base = base, .n_base = NR(base) } };
	static const enum gate_verdict expected[] = { GATE_SLOWER, GATE_FASTER, GATE_SAME, GATE_UNKNOWN, GATE_UNKNOWN, GATE_UNKNOWN };
	struct gate_how how = gate_default();

	(void)state;
	how.worth = 0.02;
	assert_int_equal(gate_judge(c, NR(c), &how), 1);
	for (size_t i = 0; i < NR(c); i++)
		assert_int_equal(c[i].verdict, expected[i]);
	assert_near(c[0].shift.value, 0.0998, 0.001);
	assert_near(c[0].p, 2.0 / 924, 1e-6);
	assert_string_equal(c[3].reason, "too few values for the noise among them: run more");
	assert_string_equal(c[4].reason, "the base is 0");
	assert_string_equal(c[5].reason, "measured in the base only");
	how.more_is_better = true;
	assert_int_equal(gate_judge(c, NR(c), &how), 1);
	assert_int_equal(c[0].verdict, GATE_FASTER);
	assert_int_equal(c[1].verdict, GATE_SLOWER);
}

/* One of 100 cells with 3 values each: nothing can be believed, and it says how many values would do. */
static void too_few_for_so_many(void **state)
{
	struct gate_cell c[100];
	struct gate_how how = gate_default();

	(void)state;
	for (size_t i = 0; i < NR(c); i++)
		c[i] = (struct gate_cell){ .base = base, .n_base = 3, .current = i ? wide : slow, .n_current = 3 };
	assert_int_equal(gate_judge(c, NR(c), &how), 0);
	assert_int_equal(c[0].verdict, GATE_UNKNOWN);
	assert_string_equal(c[0].reason, "3 and 3 values cannot decide among 100 cells: run more, 8 on each side are enough");
}

/* Ten of 200 cells twice as slow, five values each: p cannot say so, the distance can; one that is 2 % off is not that far. */
static void far_beyond_all_spreads(void **state)
{
	static double cells[200][5], twice[5], near[5];
	struct gate_cell c[200];
	struct gate_how how = gate_default();

	(void)state;
	for (size_t i = 0; i < NR(c); i++)
		for (size_t j = 0; j < 5; j++) {
			cells[i][j] = base[(i + j) % NR(base)];
			twice[j] = 2 * base[j];
			near[j] = base[j] + 2.1;
		}
	for (size_t i = 0; i < NR(c); i++)
		c[i] = (struct gate_cell){ .base = cells[i], .n_base = 5, .current = i < 10 ? twice : cells[NR(c) - 1 - i], .n_current = 5 };
	c[10].base = base;
	c[10].current = near;
	assert_int_equal(gate_judge(c, NR(c), &how), 10);
	assert_int_equal(c[0].belief, GATE_FAR);
	assert_string_equal(gate_belief_name(c[0].belief), "far");
	assert_int_equal(c[10].verdict, GATE_UNKNOWN);
	c[0].n_current = 4;
	assert_int_equal(gate_judge(c, NR(c), &how), 9);
}

/* Sides that overlap want a smaller p than sides that do not. */
static void overlap(void **state)
{
	static const double low[] = { 1, 2, 3, 4, 5, 6, 7 }, high[] = { 6.5, 8, 9, 10, 11, 12, 13 }, apart[] = { 7.5, 8, 9, 10, 11, 12, 13 };
	struct gate_cell c[] = { CELL(low, high), CELL(low, apart) };
	struct gate_how how = gate_default();

	(void)state;
	assert_int_equal(gate_judge(c, 1, &how), 0);
	assert_near(c[0].p, 4.0 / 3432, 1e-6);
	assert_int_equal(gate_judge(&c[1], 1, &how), 1);
	assert_int_equal(c[1].belief, GATE_BY_P);
	assert_int_equal(gate_judge(c, 2, &how), 1);
	assert_int_equal(c[1].belief, GATE_APART);
	how.fdr = 0.01;
	assert_int_equal(gate_judge(c, 2, &how), 2);
}

/* It is there for certain, and too small. */
static void not_worth_it(void **state)
{
	struct gate_cell c = CELL(base, slow);
	struct gate_how how = gate_default();

	(void)state;
	how.worth = 0.2;
	assert_int_equal(gate_judge(&c, 1, &how), 0);
	assert_int_equal(c.verdict, GATE_SAME);
	assert_int_equal(gate_judge(&c, 0, &how), 0);
}

static void correlation(void **state)
{
	static double up[40], zigzag[40], mixed[40];
	struct gate_cell c[] = { { .base = up, .n_base = 40 }, { .base = zigzag, .n_base = 40 }, { .base = mixed, .n_base = 40 } };
	unsigned x = 1;

	(void)state;
	for (size_t i = 0; i < 40; i++) {
		x = x * 1103515245 + 12345;
		up[i] = (double)i;
		zigzag[i] = i % 2 ? 1 : -1;
		mixed[i] = x >> 16 & 1023;
	}
	assert_true(gate_correlation(&c[0], 1) > 0.9);
	assert_near(gate_correlation(&c[1], 1), -0.95, 1e-9);
	assert_true(fabs(gate_correlation(&c[2], 1)) < 0.3);
	c[0].n_base = 29;
	assert_true(isnan(gate_correlation(&c[0], 1)));
	c[0].base = zero;
	c[0].n_base = 6;
	assert_true(isnan(gate_correlation(&c[0], 1)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(verdicts),
		cmocka_unit_test(too_few_for_so_many),
		cmocka_unit_test(far_beyond_all_spreads),
		cmocka_unit_test(overlap),
		cmocka_unit_test(correlation),
		cmocka_unit_test(not_worth_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
