// SPDX-License-Identifier: GPL-2.0-only
#include "check.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "versusdata.h"
#include "versusplan.h"

static struct est est(double value, double lo, double hi)
{
	return (struct est){ .value = value, .lo = lo, .hi = hi, .cover = 0.95, .n = 9 };
}

static void a_verdict_is_clear_when_the_whole_interval_is_on_one_side(void **state)
{
	const struct {
		struct est e;
		bool at_least;
		enum versus_verdict want;
	} cases[] = {
		{ est(1.2, 1.1, 1.3), true, VERSUS_MET },
		{ est(1.2, 1.0, 1.3), true, VERSUS_MET },	/* on the line is good enough */
		{ est(1.0, 1.0, 1.0), true, VERSUS_MET },
		{ est(1.2, 0.9, 1.3), true, VERSUS_MET_UNCLEAR },
		{ est(0.9, 0.8, 1.1), true, VERSUS_MISSED_UNCLEAR },
		{ est(0.9, 0.8, 1.0), true, VERSUS_MISSED_UNCLEAR },
		{ est(0.9, 0.8, 0.99), true, VERSUS_MISSED },
		{ est(0.9, 0.8, 0.99), false, VERSUS_MET },
		{ est(0.9, 0.8, 1.1), false, VERSUS_MET_UNCLEAR },
		{ est(1.1, 0.9, 1.3), false, VERSUS_MISSED_UNCLEAR },
		{ est(1.1, 1.01, 1.3), false, VERSUS_MISSED },
		{ { .n = 0, .value = NAN, .lo = NAN, .hi = NAN }, false, VERSUS_UNKNOWN },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		assert_int_equal(versus_judge(&cases[i].e, cases[i].at_least, 1), cases[i].want);
}

/* Each is found by its name, asks for something that can be told, and has a cell. */
static void rows_make_sense(void **state)
{
	unsigned rows = 0;

	(void)state;
	for (const struct versus_row *r = versus_rows; r->name; r++, rows++) {
		assert_ptr_equal(versus_row_find(r->name), r);
		assert_non_null(r->what);
		assert_in_range(r->asks, 1, VERSUS_ASKS_MAX);
		assert_true(r->seconds && r->cpus && r->bs[0] && r->rw[0] && (r->laws || r->depths));
		for (unsigned i = 0; i < r->asks; i++) {
			const struct versus_ask *ask = &r->ask[i];

			assert_true(ask->limit > 0);
			assert_int_equal(ask->against == VERSUS_TO_NONE, ask->of == VERSUS_SPREAD || ask->of == VERSUS_VALUE);
			/* the stock engine has no latencies before fio 3.36 */
			assert_false(ask->against == VERSUS_TO_STOCK && versus_measures[ask->measure].latency);
			assert_int_equal(ask->at_least, ask->of != VERSUS_SPREAD && versus_measures[ask->measure].more_is_better);
		}
	}
	assert_int_equal(rows, 8);
	assert_null(versus_row_find("awake "));
	assert_null(versus_row_find(""));
}

static void a_row_brings_its_cells_and_options(void **state)
{
	const struct versus_spec spec = { .more = { { "--x=1", NULL }, { NULL }, { NULL } } };
	struct versus_load l;

	(void)state;
	assert_int_equal(versus_plan_row(&l, versus_row_find("awake"), &spec), 0);
	assert_int_equal(l.cells, 24);
	assert_int_equal(l.pairs, VERSUS_PAIRS_DEFAULT);
	assert_int_equal(versus_ask_parts(&l, &l.row->ask[0]), 24);
	assert_int_equal(versus_ask_parts(&l, &l.row->ask[1]), 1);
	versus_load_free(&l);

	assert_int_equal(versus_plan_row(&l, versus_row_find("same-cpu-32"), &spec), 0);
	assert_int_equal(l.cells, 1);
	assert_int_equal(l.cell[0].depth, 32);
	assert_string_equal(l.option[VERSUS_OURS][0], "--cpus_allowed=0");
	assert_string_equal(l.option[VERSUS_OURS][3], "--x=1");		/* what the user says comes last */
	assert_null(l.option[VERSUS_OURS][4]);
	assert_string_equal(l.option[VERSUS_STOCK][1], "--sqthread_poll_cpu=0");
	assert_null(l.option[VERSUS_PLAIN][1]);
	versus_load_free(&l);

	assert_int_equal(versus_plan_row(&l, versus_row_find("arrivals"), &spec), 0);
	assert_int_equal(l.cells, 12);
	assert_true(l.laws && l.cell[11].law && l.cell[11].depth == 1);
	versus_load_free(&l);
}

static void the_command_line_overrides_a_row(void **state)
{
	const struct versus_spec spec = { .pairs = 7, .seconds = 3, .direct = true, .hipri = true };
	struct versus_load l;

	(void)state;
	assert_int_equal(versus_plan_row(&l, versus_row_find("two-jobs-1"), &spec), 0);
	assert_int_equal(l.pairs, 7);
	assert_int_equal(l.seconds, 3);
	assert_true(l.direct && l.hipri);
	versus_load_free(&l);
}

static void cells_are_a_product(void **state)
{
	const struct versus_spec spec = { .bs = { "512", "4k" }, .sizes = 2, .rw = { "read", "write", "randread" }, .patterns = 3,
					  .depth = { 1, 8 }, .depths = 2 };
	struct versus_spec large = { .bs = { "512" }, .sizes = VERSUS_SPEC_MAX, .rw = { "read" }, .patterns = VERSUS_SPEC_MAX, .depths = 2 };
	char name[64], other[64];
	struct versus_load l;

	(void)state;
	assert_int_equal(versus_plan_cells(&l, &spec), 0);
	assert_int_equal(l.cells, 12);
	for (unsigned i = 0; i < l.cells; i++) {
		versus_cell_name(&l, i, name, sizeof(name));
		for (unsigned j = 0; j < i; j++) {
			versus_cell_name(&l, j, other, sizeof(other));
			assert_string_not_equal(name, other);
		}
	}
	assert_string_equal(name, "4k randread, iodepth 8");
	assert_true(isnan(l.cell[0].value[VERSUS_P99][VERSUS_PLAIN][STATS_N_MAX - 1]));
	versus_load_free(&l);
	assert_int_equal(versus_plan_cells(&l, &large), -E2BIG);
	versus_load_free(&l);
}

static void the_default_is_two_cells(void **state)
{
	struct versus_spec spec = { .pairs = 5 };
	struct versus_load l;

	(void)state;
	assert_int_equal(versus_plan_cells(&l, &spec), 0);
	assert_int_equal(l.cells, 2);
	assert_string_equal(l.cell[0].bs, "512");
	assert_int_equal(l.cell[1].depth, 32);
	versus_load_free(&l);
	spec.direct = true;
	assert_int_equal(versus_plan_cells(&l, &spec), 0);
	assert_string_equal(l.cell[0].bs, "4k");
	versus_load_free(&l);
}

/* Two cells, five rounds; ours is FACTOR[cell] times stock and half of plain, and round 3 was disturbed for all alike. */
static void measured(struct versus_load *l, const struct versus_row *row, double first, double second)
{
	const struct versus_spec spec = { .pairs = 5 };
	const double noise[] = { 1, 1.5, 0.2, 1.1, 0.9 }, factor[] = { first, second };

	assert_int_equal(versus_plan_cells(l, &spec), 0);
	l->row = row;
	for (unsigned c = 0; c < 2; c++) {
		for (unsigned i = 0; i < 5; i++) {
			for (unsigned m = 0; m < VERSUS_MEASURES; m++) {
				l->cell[c].value[m][VERSUS_STOCK][i] = 1000 * noise[i];
				l->cell[c].value[m][VERSUS_OURS][i] = 1000 * noise[i] * factor[c];
				l->cell[c].value[m][VERSUS_PLAIN][i] = 2000 * noise[i] * factor[c];
			}
		}
	}
}

static void ratios_are_of_the_same_round(void **state)
{
	struct versus_load l;
	struct est e;

	(void)state;
	measured(&l, NULL, 2, 8);
	e = versus_ratio(&l, 0, VERSUS_IOPS, VERSUS_STOCK);
	assert_near(e.value, 2, 1e-9);
	assert_near(e.lo, 2, 1e-9);
	assert_near(e.hi, 2, 1e-9);
	e = versus_geomean(&l, VERSUS_IOPS, VERSUS_STOCK);
	assert_near(e.value, 4, 1e-9);
	assert_near(e.lo, 4, 1e-9);

	/* no time at all is the best of times; no value is none */
	l.cell[0].value[VERSUS_CPU][VERSUS_OURS][0] = 0;
	e = versus_ratio(&l, 0, VERSUS_CPU, VERSUS_STOCK);
	assert_near(e.value, 2, 1e-9);
	assert_near(e.lo, 0, 0);
	assert_int_equal(versus_geomean(&l, VERSUS_CPU, VERSUS_STOCK).n, 0);
	l.cell[0].value[VERSUS_CPU][VERSUS_STOCK][1] = 0;
	assert_int_equal(versus_ratio(&l, 0, VERSUS_CPU, VERSUS_STOCK).n, 0);
	l.cell[1].value[VERSUS_CPU][VERSUS_OURS][4] = NAN;
	assert_int_equal(versus_ratio(&l, 1, VERSUS_CPU, VERSUS_STOCK).n, 0);
	assert_true(isnan(versus_median(&l, 1, VERSUS_CPU, VERSUS_OURS)));
	versus_load_free(&l);
}

static void the_better_side_is_the_one_to_beat(void **state)
{
	const struct versus_ask iops = { VERSUS_IOPS, VERSUS_RATIO, VERSUS_TO_BETTER, true, 1 };
	const struct versus_ask cpu = { VERSUS_CPU, VERSUS_RATIO, VERSUS_TO_BETTER, false, 1 };
	enum versus_side side;
	struct versus_load l;

	(void)state;
	measured(&l, NULL, 2, 0.25);	/* medians: plain has four times stock's in the first cell, half in the second */
	versus_ask_est(&l, &iops, 0, &side);
	assert_int_equal(side, VERSUS_PLAIN);
	versus_ask_est(&l, &iops, 1, &side);
	assert_int_equal(side, VERSUS_STOCK);
	assert_near(versus_ask_est(&l, &cpu, 0, &side).value, 2, 1e-9);
	assert_int_equal(side, VERSUS_STOCK);
	assert_near(versus_ask_est(&l, &cpu, 1, &side).value, 0.5, 1e-9);
	assert_int_equal(side, VERSUS_PLAIN);
	l.cell[1].value[VERSUS_CPU][VERSUS_PLAIN][0] = NAN;
	versus_ask_est(&l, &cpu, 1, &side);
	assert_int_equal(side, VERSUS_STOCK);
	versus_load_free(&l);
}

static void values_and_spreads_are_of_ours_alone(void **state)
{
	const struct versus_ask spread = { VERSUS_IOPS, VERSUS_SPREAD, VERSUS_TO_NONE, false, 5 };
	const struct versus_ask value = { VERSUS_SQ_CPU, VERSUS_VALUE, VERSUS_TO_NONE, false, 1 };
	enum versus_side side;
	struct versus_load l;

	(void)state;
	measured(&l, NULL, 1, 1);
	assert_near(versus_ask_est(&l, &value, 0, &side).value, 1000, 1e-9);
	assert_int_equal(side, VERSUS_OURS);
	/* of 1, 1.5, 0.2, 1.1, 0.9: mean 0.94, standard deviation 0.4722 */
	assert_near(versus_ask_est(&l, &spread, 0, &side).value, 50.24, 0.01);
	versus_load_free(&l);
}

static void a_row_is_as_good_as_the_worst_of_it(void **state)
{
	const struct versus_row row = { .name = "t", .asks = 2,
					.ask = { { VERSUS_IOPS, VERSUS_RATIO, VERSUS_TO_STOCK, true, 1 },
						 { VERSUS_IOPS, VERSUS_GEOMEAN, VERSUS_TO_STOCK, true, 3 } } };
	struct versus_load l;

	(void)state;
	measured(&l, &row, 2, 8);
	assert_int_equal(versus_load_verdict(&l), VERSUS_MET);
	l.cell[0].value[VERSUS_IOPS][VERSUS_OURS][4] = 1;	/* one round of a cell is below */
	assert_int_equal(versus_load_verdict(&l), VERSUS_MET_UNCLEAR);
	versus_load_free(&l);
	measured(&l, &row, 1, 2);				/* every cell is well, their mean is not */
	assert_int_equal(versus_load_verdict(&l), VERSUS_MISSED);
	versus_load_free(&l);
}

static const char *text(const json_t *o, const char *key)
{
	return json_string_value(json_object_get(o, key));
}

/* What is known is in the document, what is not is null: the stock engine's latency, a row that could not be measured. */
static void the_document_has_it_all(void **state)
{
	const struct versus_row row = { .name = "t", .what = "a test", .asks = 2,
					.ask = { { VERSUS_IOPS, VERSUS_RATIO, VERSUS_TO_STOCK, true, 2 },
						 { VERSUS_IOPS, VERSUS_GEOMEAN, VERSUS_TO_STOCK, true, 5 } } };
	struct versus_load load[2];
	struct versus_bench b = { .fio.version = "fio-3.33", .load = load, .loads = 2, .pairs = 5 };
	json_t *doc, *rows, *asks, *cell;

	(void)state;
	measured(&load[0], &row, 2, 8);
	measured(&load[1], &row, 2, 8);
	load[0].cell[1].value[VERSUS_IOPS][VERSUS_PLAIN][2] = NAN;
	load[1].reason = strdup("no such thing here");
	doc = versusdata_json(&b);
	rows = json_object_get(doc, "rows");
	assert_int_equal(json_array_size(rows), 2);
	assert_true(json_is_null(json_object_get(doc, "seconds")));
	assert_true(json_is_null(json_object_get(doc, "file")));

	asks = json_object_get(json_array_get(rows, 0), "asks");
	assert_int_equal(json_array_size(asks), 3);
	assert_string_equal(text(json_array_get(asks, 1), "verdict"), "met");
	assert_int_equal(json_integer_value(json_object_get(json_array_get(asks, 1), "cell")), 1);
	assert_string_equal(text(json_array_get(asks, 2), "of"), "geomean");
	assert_true(json_is_null(json_object_get(json_array_get(asks, 2), "cell")));
	assert_string_equal(text(json_array_get(asks, 2), "verdict"), "not met");
	assert_string_equal(text(json_array_get(rows, 0), "verdict"), "not met");
	cell = json_array_get(json_object_get(json_array_get(rows, 0), "cells"), 1);
	assert_true(json_is_null(json_object_get(json_object_get(cell, "lat_p99_us"), "stock")));
	assert_int_equal(json_array_size(json_object_get(json_object_get(cell, "lat_p99_us"), "plain")), 5);
	assert_true(json_is_null(json_array_get(json_object_get(json_object_get(cell, "iops"), "plain"), 2)));
	assert_true(json_is_null(json_object_get(json_object_get(cell, "iops"), "ratio_to_plain")));

	assert_string_equal(text(json_array_get(rows, 1), "reason"), "no such thing here");
	assert_int_equal(json_array_size(json_object_get(json_array_get(rows, 1), "cells")), 0);
	assert_int_equal(json_array_size(json_object_get(json_array_get(rows, 1), "asks")), 0);
	assert_true(json_is_null(json_object_get(json_array_get(rows, 1), "verdict")));
	json_decref(doc);
	versus_load_free(&load[0]);
	versus_load_free(&load[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_verdict_is_clear_when_the_whole_interval_is_on_one_side),
		cmocka_unit_test(rows_make_sense),
		cmocka_unit_test(a_row_brings_its_cells_and_options),
		cmocka_unit_test(the_command_line_overrides_a_row),
		cmocka_unit_test(cells_are_a_product),
		cmocka_unit_test(the_default_is_two_cells),
		cmocka_unit_test(ratios_are_of_the_same_round),
		cmocka_unit_test(the_better_side_is_the_one_to_beat),
		cmocka_unit_test(values_and_spreads_are_of_ours_alone),
		cmocka_unit_test(a_row_is_as_good_as_the_worst_of_it),
		cmocka_unit_test(the_document_has_it_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
