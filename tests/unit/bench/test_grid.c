// SPDX-License-Identifier: GPL-2.0-only
#include "check.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "grid.h"
#include "model.h"

static struct grid make(const char *rates, const char *idles)
{
	struct grid g = { .nw = 0 };

	assert_int_equal(grid_parse_rates(&g, rates, NULL), 0);
	assert_int_equal(grid_parse_idles(&g, idles, 250, NULL), 0);
	return g;
}

static void rates(void **state)
{
	struct grid g = make("100,full:8,const:100", "4");

	(void)state;
	assert_int_equal(g.nw, 4);
	assert_string_equal(g.w[0].name, "const:100");
	assert_string_equal(g.w[1].name, "poisson:100");
	assert_string_equal(g.w[2].name, "burst:100");
	assert_string_equal(g.w[3].name, "full:8");
	assert_int_equal(g.w[3].depth, 8);
	assert_near(workload_gap_us(&g.w[0]), 10000, 0);
	assert_near(workload_gap_us(&g.w[2]), 160000, 0);
	assert_near(workload_gap_us(&g.w[3]), 0, 0);
}

static void bad_rates(void **state)
{
	static const char *const bad[] = { "", ",", "x", "const:", "const:0", "-5", "nan", "1e99", "full:0", "full:1.5",
					   "constant:5", ":5", "5:const", "const:5 ", "full:100000" };
	struct grid g = { .nw = 0 };

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		struct why why = { "" };

		assert_int_not_equal(grid_parse_rates(&g, bad[i], &why), 0);
		assert_int_not_equal(why.text[0], '\0');
		assert_null(strchr(why.text, '\n'));
	}
	assert_int_equal(grid_parse_rates(&g, "1,2,3,4,5,6", NULL), -E2BIG);
}

static void idles(void **state)
{
	struct grid g = make("5", "1,2,3,4,5,8,0,1000");
	struct why why;

	(void)state;
	assert_int_equal(g.na, 5);
	assert_int_equal(g.idles_dropped, 5);
	assert_string_equal(g.a[0].name, "plain");
	assert_string_equal(g.a[1].name, "awake");
	assert_string_equal(g.a[2].name, "idle=4");
	assert_string_equal(g.a[3].name, "idle=8");
	assert_string_equal(g.a[4].name, "idle=1000");
	assert_int_equal(grid_parse_idles(&g, "4,x", 250, &why), -EINVAL);
	assert_int_equal(grid_parse_idles(&g, "-4", 250, &why), -EINVAL);
	assert_int_equal(grid_parse_idles(&g, "4.5", 250, &why), -EINVAL);
	assert_int_equal(grid_parse_idles(&g, "99999999999999999999", 250, &why), -EINVAL);
}

/* Every arm twice, once polled; the second time nothing changes. */
static void hipri(void **state)
{
	struct grid g = make("const:5", "4,8");
	char many[256] = "4";

	(void)state;
	assert_int_equal(grid_arms_irq(&g), 4);
	assert_int_equal(grid_twin(&g, 0), -1);
	grid_add_hipri(&g);
	assert_int_equal(g.na, 8);
	assert_int_equal(grid_arms_irq(&g), 4);
	for (unsigned a = 0; a < 4; a++) {
		assert_int_equal(grid_twin(&g, a), a + 4);
		assert_int_equal(grid_twin(&g, a + 4), a);
		assert_int_equal(g.a[a].kind, g.a[a + 4].kind);
		assert_int_equal(g.a[a].idle_ms, g.a[a + 4].idle_ms);
		assert_false(g.a[a].hipri);
		assert_true(g.a[a + 4].hipri);
	}
	assert_string_equal(g.a[4].name, "plain+hipri");
	assert_string_equal(g.a[7].name, "idle=8+hipri");
	grid_add_hipri(&g);
	assert_int_equal(g.na, 8);
	assert_string_equal(g.a[4].name, "plain+hipri");
	/* As many settings as are taken have room for their twins. */
	for (unsigned ms = 2; ms <= GRID_ARMS_MAX / 2 - 2; ms++)
		sprintf(many + strlen(many), ",%u", 4 * ms);
	g = make("const:5", many);
	assert_int_equal(g.na, GRID_ARMS_MAX / 2);
	grid_add_hipri(&g);
	assert_int_equal(g.na, GRID_ARMS_MAX);
	strcat(many, ",600");
	assert_int_equal(grid_parse_idles(&g, many, 250, NULL), -E2BIG);
}

/* Every cell once, arms reversed every other repeat. */
static void order(void **state)
{
	struct grid g = make("const:5,full:1", "4,8");
	struct plan plan = { .repeats = 3, .cell_ms = 500 };
	unsigned seen[3][2][4] = { 0 }, total = grid_cells(&g, &plan);

	(void)state;
	assert_int_equal(total, 24);
	for (unsigned i = 0; i < total; i++) {
		struct cell c = grid_cell(&g, i);

		seen[c.repeat][c.workload][c.arm]++;
		assert_int_equal(c.workload, i / 4 % 2);
	}
	for (unsigned i = 0; i < total; i++)
		assert_int_equal(seen[i / 8][i / 4 % 2][i % 4], 1);
	assert_int_equal(grid_cell(&g, 0).arm, 0);
	assert_int_equal(grid_cell(&g, 8).arm, 3);
	assert_int_equal(grid_cell(&g, 16).arm, 0);
}

static void plans(void **state)
{
	struct grid g = make(GRID_RATES_DEFAULT, GRID_IDLES_DEFAULT);
	struct plan p;
	struct why why;

	(void)state;
	assert_int_equal(grid_plan(&g, 200, 0.35, 0, &p, &why), 0);
	assert_int_equal(p.repeats, 5);
	assert_in_range(p.cell_ms, 700, 1150);
	assert_int_equal(grid_plan(&g, 60, 0.35, 0, &p, &why), 0);
	assert_true(p.repeats * 35 * (p.cell_ms / 1e3 + 0.35) <= 60);
	assert_int_equal(grid_plan(&g, 15, 0.35, 0, &p, &why), -ERANGE);
	assert_int_equal(grid_plan(&g, 3600, 0.35, 0, &p, &why), 0);
	assert_true(p.repeats > 5 && p.cell_ms <= 5000);
	assert_true(p.repeats * 35 * (p.cell_ms / 1e3 + 0.35) <= 3600);
	assert_int_equal(grid_plan(&g, 200, 0.35, 50, &p, &why), -ERANGE);
}

static char *job_text(const struct grid *g, struct cell c, const struct target *t)
{
	struct plan plan = { .repeats = 1, .cell_ms = 750 };
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	grid_job(f, g, &plan, &c, t);
	fclose(f);
	return text;
}

static void jobs(void **state)
{
	struct grid g = make("const:50,poisson:50,burst:160,full:16", "8");
	struct target t = { .path = "a", .direct = true, .sq_cpu = 1, .app_cpus = "0,2" };
	char *text = job_text(&g, (struct cell){ .workload = 1, .arm = 2 }, &t);

	(void)state;
	assert_non_null(strstr(text, "filename=${FILENAME}\n"));
	assert_non_null(strstr(text, "rate_process=poisson\nrate_iops=50\n"));
	assert_non_null(strstr(text, "ioengine=sqpoll\nsq_thread_idle=8\nstats_file=${STATS_FILE}\nsq_thread_cpu=1\n"));
	assert_non_null(strstr(text, "cpus_allowed=0,2\n"));
	assert_non_null(strstr(text, "runtime=750ms\n"));
	free(text);
	text = job_text(&g, (struct cell){ .workload = 2, .arm = 0 }, &t);
	assert_non_null(strstr(text, "thinktime=100000us\nthinktime_blocks=16\n"));
	assert_non_null(strstr(text, "ioengine=io_uring\nregisterfiles=1\n"));
	assert_null(strstr(text, "stats_file"));
	assert_null(strstr(text, "hipri"));
	free(text);
	grid_add_hipri(&g);
	text = job_text(&g, (struct cell){ .workload = 2, .arm = 3 }, &t);
	assert_non_null(strstr(text, "ioengine=io_uring\nregisterfiles=1\nhipri=1\n"));
	free(text);
	text = job_text(&g, (struct cell){ .workload = 2, .arm = 5 }, &t);
	assert_non_null(strstr(text, "ioengine=sqpoll\nsq_thread_idle=8\nstats_file=${STATS_FILE}\nsq_thread_cpu=1\nhipri=1\n"));
	free(text);
}

static void filenames(void **state)
{
	char out[16];

	(void)state;
	assert_int_equal(grid_quote_filename(out, sizeof(out), "/a:b"), 0);
	assert_string_equal(out, "/a\\:b");
	assert_int_equal(grid_quote_filename(out, sizeof(out), "a\nrw=write"), -EINVAL);
	assert_int_equal(grid_quote_filename(out, sizeof(out), "${X}"), -EINVAL);
	assert_int_equal(grid_quote_filename(out, sizeof(out), ""), -EINVAL);
	assert_int_equal(grid_quote_filename(out, sizeof(out), "0123456789abcdef"), -EINVAL);
}

/* HZ=250, idle 4: spin U(4, 8) ms; at a gap of 20 ms the mean duty is 6.009 / 20. */
static void duty(void **state)
{
	struct grid g = make("const:50,const:1000,poisson:50,full:4", "4,16");

	(void)state;
	assert_near(model_duty(&g.w[0], 4, 250), 0.30045, 1e-4);
	assert_near(model_duty(&g.w[1], 4, 250), 1, 1e-9);
	assert_near(model_duty(&g.w[3], 4, 250), 1, 0);
	/* E[1 - exp(-s/20)], s ~ U(4.009, 8.009): 1 - 5 (exp(-.20045) - exp(-.40045)) */
	assert_near(model_duty(&g.w[2], 4, 250), 0.25830, 2e-4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rates), cmocka_unit_test(bad_rates), cmocka_unit_test(idles), cmocka_unit_test(order),
		cmocka_unit_test(plans), cmocka_unit_test(jobs),      cmocka_unit_test(filenames), cmocka_unit_test(duty),
		cmocka_unit_test(hipri),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
