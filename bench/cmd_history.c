// SPDX-License-Identifier: GPL-2.0-only
/* What the kept runs measured, over time. */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "cmd.h"
#include "fiojson.h"
#include "runindex.h"

enum format { FORMAT_TABLE, FORMAT_CSV, FORMAT_OPENMETRICS };

struct args {
	struct cmd_common common;
	const char *cell;
	enum compare_metric metric;
	enum format format;
	json_t *all;		/* with --json */
};

enum { OPT_METRIC = 1000, OPT_CELL, OPT_CSV, OPT_OPENMETRICS };

static const struct argp_option options[] = {
	{ "metric", OPT_METRIC, "NAME", 0, "iops (default), read_lat_us_p50, read_lat_us_p99, write_lat_us_p50, write_lat_us_p99, sq_cpu_us_per_io, app_cpu_us_per_io, enters_per_io, wakeups_per_io", 0 },
	{ "cell", OPT_CELL, "NAME", 0, "Of this cell only: a job's name, or \"workload, arm\" of a tune", 0 },
	{ "csv", OPT_CSV, NULL, 0, "Print time,value,series, for sqbench change - and other detectors", 0 },
	{ "openmetrics", OPT_OPENMETRICS, NULL, 0, "Print OpenMetrics text", 0 },
	CMD_OPTION_OUT("Results directory"),
	CMD_OPTION_JSON("Print JSON"),
	{ 0 },
};

static enum compare_metric metric_of(struct argp_state *state, const char *name)
{
	for (int m = 0; m < COMPARE_METRICS; m++)
		if (!strcmp(name, compare_about[m].name))
			return (enum compare_metric)m;
	argp_error(state, "--metric %s: see --help for their names", name);
	return COMPARE_IOPS;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct args *a = state->input;

	switch (key) {
	case OPT_METRIC:
		a->metric = metric_of(state, arg);
		return 0;
	case OPT_CELL:
		a->cell = arg;
		return 0;
	case OPT_CSV:
		a->format = FORMAT_CSV;
		return 0;
	case OPT_OPENMETRICS:
		a->format = FORMAT_OPENMETRICS;
		return 0;
	case ARGP_KEY_ARG:
		argp_error(state, "'%s' is one argument too many", arg);
		return 0;
	default:
		return cmd_parse_common(key, arg, state);
	}
}

/* S between quotes, with those in it doubled, as CSV has it. */
static void print_quoted(const char *s)
{
	putchar('"');
	for (; *s; s++)
		fputs(*s == '"' ? "\"\"" : (char[]){ *s, '\0' }, stdout);
	putchar('"');
}

static void print_label(const char *name, const char *s)
{
	printf("%s=\"", name);
	for (; *s; s++)
		fputs(*s == '"' ? "\\\"" : *s == '\\' ? "\\\\" : (char[]){ *s, '\0' }, stdout);
	putchar('"');
}

static void print_openmetrics(const struct args *a, const struct runindex_point *p)
{
	struct tm t = { 0 };

	printf("sqbench_%s{", compare_about[a->metric].name);
	print_label("cell", p->cell);
	putchar(',');
	print_label("device", p->device);
	putchar(',');
	print_label("kernel", p->kernel);
	printf("} %.9g", p->median);
	if (strptime(p->created, "%Y-%m-%dT%H:%M:%SZ", &t))
		printf(" %lld", (long long)timegm(&t));
	putchar('\n');
}

static int one(void *ctx, const struct runindex_point *p)
{
	struct args *a = ctx;

	if (a->common.json) {
		json_array_append_new(a->all, json_pack("{s:s, s:s, s:s, s:f, s:i, s:s, s:s, s:s, s:s}", "run", p->run, "time", p->created, "cell", p->cell, "value", p->median,
							"repeats", (int)p->n, "kernel", p->kernel, "fio", p->fio, "engine", p->engine, "device", p->device));
	} else if (a->format == FORMAT_OPENMETRICS) {
		print_openmetrics(a, p);
	} else if (a->format == FORMAT_CSV) {
		printf("%s,%.9g,", p->created, p->median);
		print_quoted(p->cell);
		putchar('\n');
	} else {
		printf("%-20s %-28s %12.6g %3u  %-20s %s\n", p->created, p->cell, p->median, p->n, p->kernel, p->run);
	}
	return 0;
}

static void begin(const struct args *a)
{
	if (a->common.json)
		return;
	if (a->format == FORMAT_CSV)
		puts("time,value,series");
	else if (a->format == FORMAT_OPENMETRICS)
		printf("# TYPE sqbench_%s gauge\n# HELP sqbench_%s %s, median of the repeats of a run\n", compare_about[a->metric].name, compare_about[a->metric].name,
		       compare_about[a->metric].title);
	else
		printf("%-20s %-28s %12s %3s  %-20s %s\n", "TIME", "CELL", compare_about[a->metric].name, "N", "KERNEL", "RUN");
}

int cmd_history(int argc, char **argv)
{
	static const struct argp argp = { options, parse, NULL, "What the kept runs measured, cell by cell, oldest first, from an index that is brought up to date.", NULL, NULL, NULL };
	struct args a = { .common.out = "results", .metric = COMPARE_IOPS };
	struct why why = { "" };
	struct runindex *x;
	int rc;

	cmd_parse(&argp, argc, argv, &a);
	x = runindex_open(a.common.out, &why);
	if (!x)
		return cmd_fail(EXIT_CANNOT, "history", &why);
	a.all = json_array();
	begin(&a);
	rc = runindex_each(x, a.metric, a.cell, one, &a, &why);
	runindex_close(x);
	if (!rc && a.common.json)
		cmd_print_json(json_pack("{s:s, s:s, s:O}", "schema", "sqbench-history/1", "metric", compare_about[a.metric].name, "points", a.all));
	else if (!rc && a.format == FORMAT_OPENMETRICS)
		puts("# EOF");
	json_decref(a.all);
	return rc ? cmd_fail(EXIT_CANNOT, "history", &why) : EXIT_DONE;
}
