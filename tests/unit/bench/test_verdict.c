// SPDX-License-Identifier: GPL-2.0-only
#include "check.h"

#include <math.h>
#include <string.h>

#include "advice.h"
#include "verdict.h"

#define REPEATS 5
#define ARMS 4
#define WORKLOADS 2
#define CELLS (REPEATS * ARMS * WORKLOADS)

static struct measure cells[CELLS];
static struct grid grid;
static struct plan plan = { .repeats = REPEATS, .cell_ms = 1000 };
static struct analysis result;

/* Mean latency and CPU per I/O of each arm in each workload; repeat r adds r * 0.1 us to all arms. */
static void fill(const double lat[WORKLOADS][ARMS], const double cpu[WORKLOADS][ARMS])
{
	grid.nw = 0;
	assert_int_equal(grid_parse_rates(&grid, "const:50,full:16", NULL), 0);
	assert_int_equal(grid_parse_idles(&grid, "4,8", 250, NULL), 0);
	for (unsigned i = 0; i < CELLS; i++) {
		struct measure *m = &cells[i];

		hist_free(&m->lat_ns);
		memset(m, 0, sizeof(*m));
		m->at = grid_cell(&grid, i);
		m->ok = true;
		m->ios = 1000;
		m->iops = m->at.workload ? 100000 : 50;
		m->lat_mean_us = lat[m->at.workload][m->at.arm] + m->at.repeat * 0.1;
		m->cpu_us_per_io = cpu[m->at.workload][m->at.arm];
		m->idle_ms_effective = NAN;
		assert_int_equal(hist_add(&m->lat_ns, m->lat_mean_us * 1e3, 1000), 0);
	}
}

static void analyse(double price)
{
	assert_int_equal(verdict_analyse(&result, &grid, &plan, cells, CELLS, price), 0);
}

/* arms: plain, awake, idle=4, idle=8 */
static void sqpoll_wins(void **state)
{
	const double lat[WORKLOADS][ARMS] = { { 100, 50, 50, 50 }, { 100, 50, 50, 50 } };
	const double cpu[WORKLOADS][ARMS] = { { 10, 10, 10, 10 }, { 10, 10, 10, 10 } };
	char s[1400];

	(void)state;
	fill(lat, cpu);
	analyse(1);
	assert_int_equal(result.overall.verdict, VERDICT_SQPOLL);
	/* All SQPOLL arms cost the same: the shortest idle is taken. */
	assert_int_equal(result.overall.arm, 2);
	assert_near(result.choice[0].ratio.value, 60.2 / 110.2, 1e-3);
	assert_near(result.choice[0].ratio.cover, 0.9375, 1e-9);
	verdict_sentence(s, sizeof(s), &result, &grid);
	assert_int_equal(strncmp(s, "sq_thread_idle=4 for the 2 workloads together", 45), 0);
}

static void plain_wins_except_at_full_load(void **state)
{
	const double lat[WORKLOADS][ARMS] = { { 100, 98, 140, 140 }, { 100, 60, 60, 60 } };
	const double cpu[WORKLOADS][ARMS] = { { 10, 20000, 5000, 9000 }, { 10, 12, 12, 12 } };
	char s[1400];

	(void)state;
	fill(lat, cpu);
	analyse(1);
	assert_int_equal(result.overall.verdict, VERDICT_PLAIN);
	assert_int_equal(verdict_recommended(&result.overall), 0);
	assert_int_equal(result.choice[0].verdict, VERDICT_PLAIN);
	assert_int_equal(result.choice[1].verdict, VERDICT_SQPOLL);
	verdict_sentence(s, sizeof(s), &result, &grid);
	assert_non_null(strstr(s, "do not use SQPOLL here"));
	assert_non_null(strstr(s, "except for full:16"));
}

/* With CPU for nothing, only latency counts, and the arm that stays awake is the best. */
static void free_cpu(void **state)
{
	const double lat[WORKLOADS][ARMS] = { { 100, 70, 140, 140 }, { 100, 70, 140, 140 } };
	const double cpu[WORKLOADS][ARMS] = { { 10, 20000, 5000, 9000 }, { 10, 12, 12, 12 } };
	char s[1400];

	(void)state;
	fill(lat, cpu);
	analyse(0);
	assert_int_equal(result.overall.verdict, VERDICT_SQPOLL);
	assert_int_equal(result.overall.arm, 1);
	verdict_sentence(s, sizeof(s), &result, &grid);
	assert_non_null(strstr(s, "sq_thread_idle=10000, that is never asleep"));
}

static void difference_not_worth_having(void **state)
{
	const double lat[WORKLOADS][ARMS] = { { 100, 98, 98, 98 }, { 100, 98, 98, 98 } };
	const double cpu[WORKLOADS][ARMS] = { { 10, 10, 10, 10 }, { 10, 10, 10, 10 } };

	(void)state;
	fill(lat, cpu);
	analyse(1);
	assert_int_equal(result.overall.verdict, VERDICT_NO_DIFFERENCE);
	assert_int_equal(verdict_recommended(&result.overall), 0);
}

/* A median far below plain's does not decide when one repeat says the opposite. */
static void intervals_that_overlap(void **state)
{
	const double lat[WORKLOADS][ARMS] = { { 100, 80, 80, 80 }, { 100, 80, 80, 80 } };
	const double cpu[WORKLOADS][ARMS] = { { 1, 1, 1, 1 }, { 1, 1, 1, 1 } };
	char s[1400];

	(void)state;
	fill(lat, cpu);
	for (unsigned i = 0; i < CELLS; i++)
		if (cells[i].at.repeat == 2 && cells[i].at.arm)
			cells[i].lat_mean_us = 150;
	analyse(1);
	assert_int_equal(result.choice[0].verdict, VERDICT_NO_DIFFERENCE);
	verdict_workload_sentence(s, sizeof(s), &result, &grid, 0);
	assert_non_null(strstr(s, "no difference that this run could be sure of"));
}

static void nothing_measured(void **state)
{
	const double lat[WORKLOADS][ARMS] = { { 1, 1, 1, 1 }, { 1, 1, 1, 1 } };

	(void)state;
	fill(lat, lat);
	for (unsigned i = 0; i < CELLS; i++)
		cells[i].ok = cells[i].at.arm != 0;
	analyse(1);
	assert_int_equal(result.overall.verdict, VERDICT_UNKNOWN);
	assert_int_equal(result.point[0][0].n, 0);
	assert_int_equal(result.point[0][0].lat_mean_us.n, 0);
}

static bool warned(const json_t *all, const char *id)
{
	for (size_t i = 0; i < json_array_size(all); i++)
		if (!strcmp(json_string_value(json_object_get(json_array_get(all, i), "id")), id))
			return true;
	return false;
}

static void warnings(void **state)
{
	const double lat[WORKLOADS][ARMS] = { { 100, 98, 9000, 98 }, { 100, 98, 98, 98 } };
	json_t *env = json_pack("{s:i, s:{s:s}}", "cpus_allowed", 1, "target", "scheduler", "bfq"), *all;
	struct advice_in in = { &grid, &plan, &result, cells, CELLS, env, 250, -1, 3.5, false };

	(void)state;
	fill(lat, lat);
	for (unsigned i = 0; i < CELLS; i++)
		cells[i].sq_cores = cells[i].at.arm ? 1 : 0;
	cells[3].stalls = 1;
	analyse(1);
	assert_false(result.disturbed);
	all = advice_tune(&in);
	assert_true(warned(all, "one-cpu"));
	assert_true(warned(all, "scheduler"));
	assert_true(warned(all, "buffered"));
	assert_true(warned(all, "steal"));
	assert_true(warned(all, "stalls"));
	assert_true(warned(all, "never-sleeps"));
	assert_true(warned(all, "latency-near-idle"));
	assert_false(warned(all, "few-repeats"));
	assert_false(warned(all, "few-samples"));
	assert_false(warned(all, "drift"));
	assert_false(warned(all, "rate-missed"));
	json_decref(all);
	json_decref(env);
}

/* Other work on the machine must not pass as a property of SQPOLL. */
static void starved(void **state)
{
	const double lat[WORKLOADS][ARMS] = { { 100, 98, 98, 98 }, { 100, 98, 98, 98 } };
	struct advice_in in = { &grid, &plan, &result, cells, CELLS, NULL, 250, -1, NAN, true };
	json_t *all;
	char s[1400];

	(void)state;
	fill(lat, lat);
	for (unsigned i = 0; i < CELLS; i++)
		cells[i].sq_cores = cells[i].at.arm ? 0.5 : 0;
	analyse(1);
	assert_true(result.disturbed);
	verdict_sentence(s, sizeof(s), &result, &grid);
	assert_non_null(strstr(s, "repeat it on a quiet machine"));
	all = advice_tune(&in);
	assert_true(warned(all, "starved"));
	json_decref(all);
}

/* arms: plain, awake, idle=4, idle=8, then the same polled. SQPOLL has to beat the better of the two plain ones. */
#define POLLED_CELLS (REPEATS * 2 * ARMS)
static void polled(void **state)
{
	static const double lat[2 * ARMS] = { 100, 90, 80, 80, 60, 59, 59, 59 };
	static struct measure m[POLLED_CELLS];
	struct grid g = { .nw = 0 };
	struct choice *c = &result.choice[0];
	char s[2000];

	(void)state;
	assert_int_equal(grid_parse_rates(&g, "full:16", NULL), 0);
	assert_int_equal(grid_parse_idles(&g, "4,8", 250, NULL), 0);
	grid_add_hipri(&g);
	for (unsigned i = 0; i < POLLED_CELLS; i++) {
		m[i] = (struct measure){ .at = grid_cell(&g, i), .ok = true, .ios = 1000, .iops = 1000, .cpu_us_per_io = 10,
					 .enters = 10, .interrupts = g.a[grid_cell(&g, i).arm].hipri ? 0 : 1000 };
		m[i].lat_mean_us = lat[m[i].at.arm];
		assert_int_equal(hist_add(&m[i].lat_ns, m[i].lat_mean_us * 1e3, 1000), 0);
	}
	assert_int_equal(verdict_analyse(&result, &g, &plan, m, POLLED_CELLS, 1), 0);
	assert_int_equal(c->base, 4);
	assert_int_equal(c->verdict, VERDICT_NO_DIFFERENCE);
	assert_string_equal(g.a[verdict_recommended(c)].name, "plain+hipri");
	assert_near(c->ratio.value, 69.0 / 70, 1e-6);
	assert_near(result.point[0][0].interrupts_per_io.value, 1, 0);
	assert_near(result.point[0][4].interrupts_per_io.value, 0, 0);
	assert_near(result.point[0][1].enters_per_io.value, 0.01, 1e-9);
	verdict_sentence(s, sizeof(s), &result, &g);
	assert_non_null(strstr(s, "but do use hipri"));
	assert_non_null(strstr(s, "of plain io_uring with hipri"));
	assert_null(strstr(s, "emulated"));
	result.emulated = true;
	verdict_sentence(s, sizeof(s), &result, &g);
	assert_non_null(strstr(s, "measured on an emulated CPU"));
	for (unsigned i = 0; i < POLLED_CELLS; i++)
		if (m[i].at.arm == 6)
			m[i].lat_mean_us = 20;
	assert_int_equal(verdict_analyse(&result, &g, &plan, m, POLLED_CELLS, 1), 0);
	assert_int_equal(c->verdict, VERDICT_SQPOLL);
	assert_int_equal(verdict_recommended(c), 6);
	verdict_sentence(s, sizeof(s), &result, &g);
	assert_non_null(strstr(s, "sq_thread_idle=4 with hipri for full:16"));
	for (unsigned i = 0; i < POLLED_CELLS; i++)
		hist_free(&m[i].lat_ns);
}

static void emulated(void **state)
{
	const double lat[WORKLOADS][ARMS] = { { 100, 98, 98, 98 }, { 100, 98, 98, 98 } };
	json_t *env = json_pack("{s:b, s:s, s:{s:s}}", "emulated", 1, "hypervisor_name", "QEMU TCG", "target", "model", "a drive"), *all;
	struct advice_in in = { &grid, &plan, &result, cells, CELLS, env, 250, -1, NAN, true };

	(void)state;
	fill(lat, lat);
	analyse(1);
	all = advice_tune(&in);
	assert_true(warned(all, "emulated"));
	json_decref(all);
	json_object_set_new(env, "emulated", json_false());
	all = advice_tune(&in);
	assert_false(warned(all, "emulated"));
	json_decref(all);
	json_decref(env);
}

static int free_cells(void **state)
{
	(void)state;
	for (unsigned i = 0; i < CELLS; i++)
		hist_free(&cells[i].lat_ns);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sqpoll_wins),
		cmocka_unit_test(plain_wins_except_at_full_load),
		cmocka_unit_test(free_cpu),
		cmocka_unit_test(difference_not_worth_having),
		cmocka_unit_test(intervals_that_overlap),
		cmocka_unit_test(nothing_measured),
		cmocka_unit_test(warnings),
		cmocka_unit_test(starved),
		cmocka_unit_test(polled),
		cmocka_unit_test(emulated),
	};

	return cmocka_run_group_tests(tests, NULL, free_cells);
}
