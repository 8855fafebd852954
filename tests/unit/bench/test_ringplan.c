// SPDX-License-Identifier: GPL-2.0-only
#include "check.h"

#include <math.h>
#include <string.h>

#include "ringplan.h"

#define MS 1000000u

static const struct ring_spec spec = { .batch = { 1, 8 }, .batches = 2, .bytes = { 512, 4096 }, .sizes = 2, .seconds = 3 };
static struct ring_cell cell[RING_CELLS_MAX];

static unsigned count(unsigned n, enum ring_kind kind)
{
	unsigned found = 0;

	for (unsigned i = 0; i < n; i++)
		found += cell[i].kind == kind;
	return found;
}

static void every_cell_is_planned_once(void **state)
{
	unsigned n = ring_plan(&spec, cell);

	(void)state;
	/* nop and two sizes, two batches, three ways; two depths and three ways on one CPU; three kinds of latency cell */
	assert_int_equal(count(n, RING_RATE), 3 * 2 * 3);
	assert_int_equal(count(n, RING_SHARED), 2 * 3);
	assert_int_equal(count(n, RING_LATENCY), 3);
	assert_int_equal(count(n, RING_FIO), 0);
	assert_int_equal(n, 27);
	for (unsigned i = 0; i < n; i++)
		for (unsigned j = 0; j < i; j++)
			assert_memory_not_equal(&cell[i], &cell[j], sizeof(*cell));
	assert_int_equal(cell[0].way, RING_SPIN);	/* the one that nothing can be compared without */
	assert_int_equal(cell[0].kind, RING_RATE);
}

static void fio_repeats_the_reads(void **state)
{
	struct ring_spec with = spec;
	unsigned n;

	(void)state;
	with.fio = true;
	with.seconds = 0.2;
	n = ring_plan(&with, cell);
	assert_int_equal(count(n, RING_FIO), 2 * 2);
	for (unsigned i = 0; i < n; i++) {
		if (cell[i].kind != RING_FIO)
			continue;
		assert_true(cell[i].bytes > 0);
		assert_near(cell[i].seconds, RING_FIO_S_MIN, 1e-9);
	}
}

static void the_largest_plan_fits(void **state)
{
	struct ring_spec all = { .batches = RING_BATCHES_MAX, .sizes = RING_SIZES_MAX, .seconds = 1, .fio = true };

	(void)state;
	for (unsigned i = 0; i < RING_BATCHES_MAX; i++)
		all.batch[i] = i + 1;
	for (unsigned i = 0; i < RING_SIZES_MAX; i++)
		all.bytes[i] = 512 * (i + 1);
	assert_true(ring_plan(&all, cell) <= RING_CELLS_MAX);
}

/* Where both threads have one CPU, each turn of a spinning ring takes two slices. */
static void spinning_on_one_cpu_is_short(void **state)
{
	struct ring_spec one = spec;
	unsigned n = ring_plan(&spec, cell);

	(void)state;
	for (unsigned i = 0; i < n; i++) {
		if (cell[i].kind == RING_LATENCY)
			assert_near(cell[i].seconds, 12, 1e-9);
		else
			assert_near(cell[i].seconds, cell[i].kind == RING_SHARED && cell[i].way == RING_SPIN ? 1 : 3, 1e-9);
	}
	one.one_cpu = true;
	n = ring_plan(&one, cell);
	for (unsigned i = 0; i < n; i++)
		if (cell[i].kind != RING_LATENCY)
			assert_near(cell[i].seconds, cell[i].way == RING_SPIN ? 1 : 3, 1e-9);
}

static void rounds_run_to_and_fro(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 5; i++) {
		assert_int_equal(ring_order(5, 0, i), i);
		assert_int_equal(ring_order(5, 1, i), 4 - i);
		assert_int_equal(ring_order(5, 2, i), i);
	}
}

/* The time between two looks at the clock settles between the limits, however long a turn takes. */
static void the_pace_settles(void **state)
{
	const uint64_t turn_ns[] = { 20, 300, 5000, 100000, 8 * MS };

	(void)state;
	for (size_t t = 0; t < sizeof(turn_ns) / sizeof(*turn_ns); t++) {
		unsigned every = 1;

		for (int i = 0; i < 30; i++)
			every = ring_pace(every, every * turn_ns[t]);
		assert_int_equal(ring_pace(every, every * turn_ns[t]), every);
		assert_true(every == 1 || every * turn_ns[t] <= 500000);
		assert_true(every == 256 || every * turn_ns[t] >= 50000);
	}
	assert_int_equal(ring_pace(256, 8 * MS), 128);
	assert_int_equal(ring_pace(1, 8 * MS), 1);
}

static void the_gap_outlasts_the_spin(void **state)
{
	(void)state;
	assert_int_equal(ring_gap_ns(1, 250), 20 * MS);		/* one jiffy of idle, one of chance, three beyond */
	assert_int_equal(ring_gap_ns(4, 250), 20 * MS);
	assert_int_equal(ring_gap_ns(5, 250), 24 * MS);
	assert_int_equal(ring_gap_ns(1, 1000), 5 * MS);
	assert_int_equal(ring_gap_ns(1, 100), 50 * MS);
	assert_int_equal(ring_gap_ns(1, 0), ring_gap_ns(1, 100));
}

static void a_percentile_needs_samples_beyond_it(void **state)
{
	struct hist h = { 0 };

	(void)state;
	assert_true(isnan(ring_percentile(&h, 50)));
	for (int i = 1; i <= 99; i++)
		assert_int_equal(hist_add(&h, i, 1), 0);
	hist_seal(&h);
	assert_near(ring_percentile(&h, 50), 50, 1e-9);
	assert_near(ring_percentile(&h, 90), 90, 1e-9);
	assert_true(isnan(ring_percentile(&h, 99)));
	assert_int_equal(hist_add(&h, 100, 1), 0);
	hist_seal(&h);
	assert_near(ring_percentile(&h, 99), 99, 1e-9);
	hist_free(&h);
}

static void cells_have_names(void **state)
{
	char name[96];

	(void)state;
	ring_cell_name(&(struct ring_cell){ .kind = RING_RATE, .way = RING_SPIN, .batch = 4 }, name, sizeof(name));
	assert_string_equal(name, "nop, batch 4, spin");
	ring_cell_name(&(struct ring_cell){ .kind = RING_SHARED, .way = RING_HYBRID, .bytes = 512, .batch = 1 }, name, sizeof(name));
	assert_string_equal(name, "one CPU, read 512, batch 1, hybrid");
	ring_cell_name(&(struct ring_cell){ .kind = RING_LATENCY, .latency = RING_BYPASS }, name, sizeof(name));
	assert_string_equal(name, "latency, bypass");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_cell_is_planned_once),
		cmocka_unit_test(fio_repeats_the_reads),
		cmocka_unit_test(the_largest_plan_fits),
		cmocka_unit_test(spinning_on_one_cpu_is_short),
		cmocka_unit_test(rounds_run_to_and_fro),
		cmocka_unit_test(the_pace_settles),
		cmocka_unit_test(the_gap_outlasts_the_spin),
		cmocka_unit_test(a_percentile_needs_samples_beyond_it),
		cmocka_unit_test(cells_have_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
