// SPDX-License-Identifier: GPL-2.0-only
/* What the kept runs measured, over time. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cmd.h"
#include "runindex.h"
#include "widecsv.h"

enum format { FORMAT_TABLE, FORMAT_CSV, FORMAT_OPENMETRICS, FORMAT_OTAVA };

struct args {
	struct cmd_common common;
	struct runindex_wanted wanted;
	enum format format;
	bool hosts;		/* there are several */
	json_t *all;		/* with --json */
	struct widecsv *wide;	/* with --otava */
	struct metrics {	/* OpenMetrics: of the point before */
		char *cell, *host, *device, *kernel;
		char *labels;	/* all of these */
		long long second;
		unsigned again;	/* how many of them were in that second before it */
	} last;
};

enum { OPT_METRIC = 1000, OPT_CELL, OPT_HOST, OPT_CSV, OPT_OPENMETRICS, OPT_OTAVA };

static const struct argp_option options[] = {
	{ "metric", OPT_METRIC, "NAME", 0, "iops (default), read_lat_us_p50, read_lat_us_p99, write_lat_us_p50, write_lat_us_p99, sq_cpu_us_per_io, app_cpu_us_per_io, enters_per_io, wakeups_per_io; of nights also lat_us_p50, lat_us_p99, cpu_us_per_io", 0 },
	{ "cell", OPT_CELL, "NAME", 0, "Of this cell only: a job's name, or \"workload, arm\" of a tune", 0 },
	{ "host", OPT_HOST, "NAME", 0, "Nights of this host only", 0 },
	{ "csv", OPT_CSV, NULL, 0, "Print time,value,series, for sqbench change - and other detectors", 0 },
	{ "openmetrics", OPT_OPENMETRICS, NULL, 0, "Print OpenMetrics text", 0 },
	{ "otava", OPT_OTAVA, NULL, 0, "Print CSV with a row for each run and a column for each cell, as Apache Otava reads it", 0 },
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
		a->wanted.m = metric_of(state, arg);
		return 0;
	case OPT_CELL:
		a->wanted.cell = arg;
		return 0;
	case OPT_HOST:
		a->wanted.host = arg;
		return 0;
	case OPT_CSV:
		a->format = FORMAT_CSV;
		return 0;
	case OPT_OPENMETRICS:
		a->format = FORMAT_OPENMETRICS;
		a->wanted.by_system = true;
		return 0;
	case OPT_OTAVA:
		a->format = FORMAT_OTAVA;
		return 0;
	case ARGP_KEY_ARG:
		argp_error(state, "'%s' is one argument too many", arg);
		return 0;
	default:
		return cmd_parse_common(key, arg, state);
	}
}

static void print_label(FILE *f, const char *name, const char *s)
{
	fprintf(f, "%s=\"", name);
	for (; *s; s++)
		fputs(*s == '"' ? "\\\"" : *s == '\\' ? "\\\\" : *s == '\n' ? "\\n" : (char[]){ *s, '\0' }, f);
	putc('"', f);
}

/* To be freed; NULL without memory. */
static char *labels_of(const struct runindex_point *p)
{
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	if (!f)
		return NULL;
	print_label(f, "cell", p->cell);
	if (*p->host) {
		putc(',', f);
		print_label(f, "host", p->host);
	}
	putc(',', f);
	print_label(f, "device", p->device);
	putc(',', f);
	print_label(f, "kernel", p->kernel);
	return fclose(f) ? NULL : text;
}

static void forget_last(struct metrics *m)
{
	free(m->cell);
	free(m->host);
	free(m->device);
	free(m->kernel);
	free(m->labels);
	*m = (struct metrics){ 0 };
}

static bool same_series(const struct metrics *m, const struct runindex_point *p)
{
	return m->labels && !strcmp(m->cell, p->cell) && !strcmp(m->host, p->host) && !strcmp(m->device, p->device) && !strcmp(m->kernel, p->kernel);
}

static int next_series(struct metrics *m, const struct runindex_point *p)
{
	forget_last(m);
	*m = (struct metrics){ strdup(p->cell), strdup(p->host), strdup(p->device), strdup(p->kernel), NULL, -1, 0 };
	if (!m->cell || !m->host || !m->device || !m->kernel)
		return -ENOMEM;
	m->labels = labels_of(p);
	return m->labels ? 0 : -ENOMEM;
}

/* A run's time is known to the second: of several within one, each is a millisecond after the one before. No two samples of a series may have one time. */
static int print_openmetrics(struct args *a, const struct runindex_point *p)
{
	struct metrics *m = &a->last;
	struct tm t = { 0 };
	long long second = strptime(p->created, "%Y-%m-%dT%H:%M:%SZ", &t) ? (long long)timegm(&t) : 0;

	if (!same_series(m, p) && next_series(m, p))
		return -ENOMEM;
	m->again = m->second == second ? m->again + 1 : 0;
	m->second = second;
	printf("sqbench_%s{%s} %.9g %lld", compare_about[a->wanted.m].name, m->labels, p->median, second);
	if (m->again)
		printf(".%03u", m->again);
	putchar('\n');
	return 0;
}

static json_t *point_json(const struct runindex_point *p)
{
	return json_pack("{s:s, s:s, s:s, s:f, s:i, s:s, s:s, s:s, s:s, s:o}", "run", p->run, "time", p->created, "cell", p->cell, "value", p->median, "repeats", (int)p->n,
			 "kernel", p->kernel, "fio", p->fio, "engine", p->engine, "device", p->device, "host", *p->host ? json_string(p->host) : json_null());
}

/* A series is of one host, too. */
static void print_csv(const struct args *a, const struct runindex_point *p)
{
	char series[512];

	snprintf(series, sizeof(series), "%s%s%s", a->hosts ? p->host : "", a->hosts && *p->host ? ": " : "", p->cell);
	printf("%s,%.9g,", p->created, p->median);
	widecsv_quoted(stdout, series);
	putchar('\n');
}

static int one(void *ctx, const struct runindex_point *p)
{
	struct args *a = ctx;

	if (a->common.json)
		return json_array_append_new(a->all, point_json(p)) ? -ENOMEM : 0;
	if (a->format == FORMAT_OPENMETRICS)
		return print_openmetrics(a, p);
	if (a->format == FORMAT_OTAVA)
		return widecsv_add(a->wide, p);
	if (a->format == FORMAT_CSV) {
		print_csv(a, p);
		return 0;
	}
	printf("%-20s ", p->created);
	if (a->hosts)
		printf("%-16s ", *p->host ? p->host : "-");
	printf("%-28s %12.6g %3u  %-20s %s\n", p->cell, p->median, p->n, p->kernel, p->run);
	return 0;
}

static void begin(const struct args *a)
{
	const struct compare_about *m = &compare_about[a->wanted.m];

	if (a->common.json || a->format == FORMAT_OTAVA)
		return;
	if (a->format == FORMAT_CSV)
		puts("time,value,series");
	else if (a->format == FORMAT_OPENMETRICS)
		printf("# TYPE sqbench_%s gauge\n# HELP sqbench_%s %s, median of the repeats of a run\n", m->name, m->name, m->title);
	else
		printf("%-20s %s%-28s %12s %3s  %-20s %s\n", "TIME", a->hosts ? "HOST             " : "", "CELL", m->name, "N", "KERNEL", "RUN");
}

static void end(struct args *a)
{
	if (a->common.json)
		cmd_print_json(json_pack("{s:s, s:s, s:O}", "schema", "sqbench-history/1", "metric", compare_about[a->wanted.m].name, "points", a->all));
	else if (a->format == FORMAT_OPENMETRICS)
		puts("# EOF");
	else if (a->format == FORMAT_OTAVA)
		widecsv_print(stdout, a->wide);
}

static int print_all(struct args *a, struct runindex *x, struct why *why)
{
	unsigned hosts = runindex_hosts(x);
	int rc;

	a->hosts = hosts > 1 && !a->wanted.host;
	if (a->hosts && a->format == FORMAT_OTAVA)
		return why_set(why, -EINVAL, "there are nights of %u hosts, and a row has room for one: choose it with --host", hosts);
	begin(a);
	rc = runindex_each(x, &a->wanted, one, a, why);
	if (!rc)
		end(a);
	return rc == -ENOMEM ? why_set(why, rc, "out of memory") : rc;
}

int cmd_history(int argc, char **argv)
{
	static const struct argp argp = { options, parse, NULL, "What the kept runs measured, cell by cell, oldest first, from an index that is brought up to date.", NULL, NULL, NULL };
	struct args a = { .common.out = "results", .wanted.m = COMPARE_IOPS };
	struct why why = { "" };
	struct runindex *x;
	int rc;

	cmd_parse(&argp, argc, argv, &a);
	x = runindex_open(a.common.out, &why);
	if (!x)
		return cmd_fail(EXIT_CANNOT, "history", &why);
	a.all = json_array();
	a.wide = widecsv_new();
	rc = a.all && a.wide ? print_all(&a, x, &why) : why_set(&why, -ENOMEM, "out of memory");
	runindex_close(x);
	json_decref(a.all);
	widecsv_free(a.wide);
	forget_last(&a.last);
	return rc ? cmd_fail(EXIT_CANNOT, "history", &why) : EXIT_DONE;
}
