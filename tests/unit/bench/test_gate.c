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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(verdicts),
		cmocka_unit_test(too_few_for_so_many),
		cmocka_unit_test(not_worth_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
