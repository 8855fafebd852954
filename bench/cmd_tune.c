// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "advice.h"
#include "cells.h"
#include "cmd.h"
#include "env.h"
#include "plotdata.h"
#include "proc.h"
#include "report.h"
#include "ringprobe.h"
#include "scratch.h"

#define BUDGET_S_DEFAULT 200
#define SIZE_MIB_DEFAULT 128
#define SIZE_MIB_MIN 1
#define STAIRCASE_MS_MAX 20
#define STAIRCASE_SAMPLES 4

struct args {
	struct cmd_common common;
	const char *file, *device, *resume;
	const char *rates, *idles;
	double budget_s, cpu_price;
	unsigned size_mib, repeats;
	int sq_cpu;
};

enum { OPT_SIZE = 1000, OPT_BUDGET, OPT_IDLES, OPT_RATES, OPT_REPEATS, OPT_PRICE, OPT_RESUME, OPT_SQ_CPU };

static const struct argp_option options[] = {
	{ "file", 'F', "PATH", 0, "Read this file (never written; default: a scratch file, removed at the end)", 0 },
	{ "device", 'd', "DEV", 0, "Read this block device (never written)", 0 },
	{ "size", OPT_SIZE, "MIB", 0, "Size of the scratch file (default: 128)", 0 },
	{ "budget", OPT_BUDGET, "SECONDS", 0, "Time for all cells (default: 200)", 0 },
	{ "rates", OPT_RATES, "LIST", 0, "Arrivals: [const:|poisson:|burst:]PER_SECOND or full:DEPTH,... (default: " GRID_RATES_DEFAULT ")", 0 },
	{ "idles", OPT_IDLES, "LIST", 0, "Idle periods in ms (default: " GRID_IDLES_DEFAULT "); equal settings are measured once", 0 },
	{ "repeats", OPT_REPEATS, "N", 0, "Repeats of every cell (default: as the budget allows)", 0 },
	{ "cpu-price", OPT_PRICE, "X", 0, "What 1 us of CPU is worth in us of latency (default: 1)", 0 },
	{ "sq-cpu", OPT_SQ_CPU, "N", 0, "Pin the SQ thread to CPU N and the submitter to the others", 0 },
	{ "resume", OPT_RESUME, "ID", 0, "Go on with an interrupted tune", 0 },
	CMD_OPTION_OUT("Results directory"),
	CMD_OPTION_JSON("Print JSON"),
	CMD_OPTIONS_FIO,
	{ 0 },
};

static double positive(struct argp_state *state, const char *arg, const char *name, double min, double max)
{
	char *end;
	double v = strtod(arg, &end);

	if (end == arg || *end || !(v >= min && v <= max))
		argp_error(state, "--%s: '%s' is not a number from %g to %g", name, arg, min, max);
	return v;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct args *a = state->input;

	switch (key) {
	case 'F':
		a->file = arg;
		return 0;
	case 'd':
		a->device = arg;
		return 0;
	case OPT_SIZE:
		a->size_mib = (unsigned)positive(state, arg, "size", SIZE_MIB_MIN, 1 << 20);
		return 0;
	case OPT_BUDGET:
		a->budget_s = positive(state, arg, "budget", 1, 86400);
		return 0;
	case OPT_IDLES:
		a->idles = arg;
		return 0;
	case OPT_RATES:
		a->rates = arg;
		return 0;
	case OPT_REPEATS:
		a->repeats = (unsigned)positive(state, arg, "repeats", 1, GRID_REPEATS_MAX);
		return 0;
	case OPT_PRICE:
		a->cpu_price = positive(state, arg, "cpu-price", 0, 1e6);
		return 0;
	case OPT_SQ_CPU:
		a->sq_cpu = (int)positive(state, arg, "sq-cpu", 0, 4095);
		return 0;
	case OPT_RESUME:
		a->resume = arg;
		return 0;
	case ARGP_KEY_ARG:
		argp_error(state, "'%s' is one argument too many: name a target with --file or --device", arg);
		return 0;
	case ARGP_KEY_END:
		if (a->file && a->device)
			argp_error(state, "--file and --device exclude each other");
		return 0;
	default:
		return cmd_parse_common(key, arg, state);
	}
}

/* A message for a tune that stops before its end, with the way to go on. */
static int stopped(const struct tune *t, const struct args *a, int rc, struct why *why)
{
	char end[200], text[sizeof(why->text)];
	unsigned total = t->plan.repeats ? grid_cells(&t->g, &t->plan) : 0;

	/* Without a plan there is not one cell that could be lost. */
	if (rc != -EINTR && !total)
		store_remove(t->run.dir);
	if (rc != -EINTR)
		return cmd_fail(rc == -ERANGE || rc == -EINVAL ? EXIT_USAGE : rc == -EBUSY ? EXIT_CANNOT : EXIT_FAILED,
				"tune", why);
	if (total)
		snprintf(end, sizeof(end), "interrupted; every finished cell of %u is kept", total);
	else
		snprintf(end, sizeof(end), "interrupted before the first cell");
	snprintf(text, sizeof(text), "%s; go on with: %s tune --resume %s --out %s%s%s%s%s", end, cmd_program,
		 t->run.id, a->common.out, a->common.fio ? " --fio " : "", a->common.fio ? a->common.fio : "",
		 a->common.engine_dir ? " --engine-dir " : "", a->common.engine_dir ? a->common.engine_dir : "");
	memcpy(why->text, text, sizeof(text));
	return cmd_fail(EXIT_INTERRUPTED, "tune", why);
}

/* Argument list as one line that a shell takes back. */
static char *command_line(int argc, char **argv)
{
	char *line = NULL;
	size_t size = 0;
	FILE *f = open_memstream(&line, &size);

	if (f)
		fputs("sqbench tune", f);
	for (int i = 1; f && i < argc; i++) {
		bool plain = (*argv[i] && strspn(argv[i], "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-+=:,./@%") ==
						       strlen(argv[i]));

		fputs(" ", f);
		fputs(plain ? "" : "'", f);
		for (const char *p = argv[i]; *p; p++)
			fputs(!plain && *p == '\'' ? "'\\''" : (char[]){ *p, 0 }, f);
		fputs(plain ? "" : "'", f);
	}
	if (f)
		fclose(f);
	return line;
}

static int check_target(const struct args *a, struct why *why)
{
	const char *path = a->device ? a->device : a->file;
	char quoted[PATH_MAX];
	struct stat st;

	if (!path)
		return 0;
	if (grid_quote_filename(quoted, sizeof(quoted), path))
		return why_set(why, -EINVAL, "%s: fio cannot take this name: use one without quotes, $, ; and line ends", path);
	if (stat(path, &st))
		return why_set(why, -EINVAL, "%s: %s: name an existing file or device", path, strerror(errno));
	if (a->device && !S_ISBLK(st.st_mode))
		return why_set(why, -EINVAL, "%s: not a block device: use --file for a file", path);
	if (a->file && !S_ISREG(st.st_mode))
		return why_set(why, -EINVAL, "%s: not a regular file: use --device for a block device", path);
	if (a->file && st.st_size < SIZE_MIB_MIN << 20)
		return why_set(why, -EINVAL, "%s: smaller than %d MiB: name a larger file", path, SIZE_MIB_MIN);
	if (access(path, R_OK))
		return why_set(why, -EINVAL, "%s: %s: run as a user who may read it", path, strerror(errno));
	return 0;
}

static int check_cpu(int cpu, struct why *why)
{
	if (cpu < 0 || env_cpu_allowed(cpu))
		return 0;
	return why_set(why, -EINVAL, "--sq-cpu %d: this process may not use that CPU: see taskset -p $$", cpu);
}

static json_t *settings_of(const struct args *a)
{
	const char *path = a->device ? a->device : a->file;

	return json_pack("{s:s?, s:b, s:i, s:s, s:s, s:f, s:f, s:i, s:i}", "target", path, "device", a->device != NULL,
			 "size_mib", (int)a->size_mib, "rates", a->rates, "idles", a->idles, "budget_s", a->budget_s,
			 "cpu_price", a->cpu_price, "repeats", (int)a->repeats, "sq_cpu", a->sq_cpu);
}

/* Grid, target and CPUs from the settings, new or resumed. */
static int apply_settings(struct tune *t, struct why *why)
{
	const json_t *s = t->settings;
	const char *path = json_string_value(json_object_get(s, "target"));
	const char *rates = json_string_value(json_object_get(s, "rates"));
	const char *idles = json_string_value(json_object_get(s, "idles"));
	int rc;

	t->target.sq_cpu = (int)json_integer_value(json_object_get(s, "sq_cpu"));
	t->cpu_price = json_number_value(json_object_get(s, "cpu_price"));
	t->budget_s = json_number_value(json_object_get(s, "budget_s"));
	if (!rates || !idles)
		return why_set(why, -EINVAL, "run.json has no settings of a tune: this run cannot be resumed");
	rc = grid_parse_rates(&t->g, rates, why);
	if (!rc)
		rc = grid_parse_idles(&t->g, idles, t->hz, why);
	if (rc)
		return rc;
	rc = check_cpu(t->target.sq_cpu, why);
	if (rc)
		return rc;
	if (t->target.sq_cpu >= 0 && env_cpus_allowed(t->target.sq_cpu, t->app_cpus, sizeof(t->app_cpus)))
		t->target.app_cpus = t->app_cpus;
	if (path)
		snprintf(t->target_path, sizeof(t->target_path), "%s", path);
	else if (store_path(t->target_path, sizeof(t->target_path), t->run.dir, "scratch.dat"))
		return why_set(why, -ENAMETOOLONG, "%s: the path is too long", t->run.dir);
	t->target.path = t->target_path;
	return 0;
}

static int in_run(char *out, const struct tune *t, const char *name, struct why *why)
{
	if (!store_path(out, PATH_MAX, t->run.dir, name))
		return 0;
	return why_set(why, -ENAMETOOLONG, "%s: the path is too long: choose another --out", t->run.dir);
}

/* Writes DOC, which it drops, as NAME in the run. */
static int keep(const struct tune *t, const char *name, json_t *doc, struct why *why)
{
	char path[PATH_MAX];
	int rc = in_run(path, t, name, why);

	if (!rc)
		rc = store_write_json(path, doc, why);
	json_decref(doc);
	return rc;
}

static bool kept(const struct tune *t, const char *name)
{
	char path[PATH_MAX];

	return !in_run(path, t, name, NULL) && !access(path, F_OK);
}

static json_t *load(const struct tune *t, const char *name, struct why *why)
{
	char path[PATH_MAX];

	return in_run(path, t, name, why) ? NULL : store_read_json(path, why);
}

static int begin(struct tune *t, const struct args *a, int argc, char **argv, struct why *why)
{
	char now[32], *line = command_line(argc, argv);
	json_t *doc;
	int rc = store_create(&t->run, a->common.out, "tune", why);

	store_time(now, sizeof(now));
	t->settings = settings_of(a);
	doc = json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:O}", "schema", "sqbench-run/1", "id", t->run.id, "kind", "tune",
			"created", now, "command", line ? line : "", "job", a->device ? a->device : a->file ? a->file :
			"scratch file", "settings", t->settings);
	free(line);
	if (rc) {
		json_decref(doc);
		return rc;
	}
	return keep(t, "run.json", doc, why);
}

static int resume(struct tune *t, const struct args *a, struct why *why)
{
	int rc = store_resume(&t->run, a->common.out, a->resume, why);
	json_t *doc = rc ? NULL : load(t, "run.json", why), *env;
	const char *then, *now;

	if (rc || !doc)
		return rc ? rc : -EINVAL;
	t->settings = json_incref(json_object_get(doc, "settings"));
	json_decref(doc);
	doc = load(t, "env.json", NULL);
	env = env_collect(&t->fio, NULL);
	then = json_string_value(json_object_get(doc, "kernel"));
	now = json_string_value(json_object_get(env, "kernel"));
	if (then && now && strcmp(then, now))
		rc = why_set(why, -EINVAL, "run %s was begun on Linux %s and this is %s: start a new tune", a->resume, then,
			     now);
	json_decref(doc);
	json_decref(env);
	return rc;
}

static int prepare_target(struct tune *t, struct why *why)
{
	uint64_t want = (uint64_t)json_integer_value(json_object_get(t->settings, "size_mib")) << 20;
	struct stat st;
	int rc = 0;

	if (json_is_null(json_object_get(t->settings, "target")) &&
	    (stat(t->target_path, &st) || (uint64_t)st.st_size != want)) {
		unlink(t->target_path);
		rc = scratch_create(t->target_path, want, why);
	}
	t->target.direct = env_direct_works(t->target_path);
	if (!rc && !kept(t, "env.json"))
		rc = keep(t, "env.json", env_collect(&t->fio, t->target_path), why);
	return rc;
}

static int staircase(const struct tune *t, struct why *why)
{
	json_t *all = json_array();

	for (unsigned ms = 1; ms <= STAIRCASE_MS_MAX && !proc_interrupted(); ms++) {
		double spin_ms[STAIRCASE_SAMPLES];
		int n = ringprobe_spins(ms, spin_ms, STAIRCASE_SAMPLES);
		json_t *spins = json_array();

		for (int i = 0; i < n; i++)
			json_array_append_new(spins, json_real(spin_ms[i]));
		json_array_append_new(all, json_pack("{s:i, s:o}", "idle_ms", (int)ms, "spin_ms", spins));
	}
	if (proc_interrupted()) {
		json_decref(all);
		return -EINTR;
	}
	return keep(t, "staircase.json", all, why);
}

static int make_plan(struct tune *t, double *overhead_s, struct why *why)
{
	unsigned repeats = (unsigned)json_integer_value(json_object_get(t->settings, "repeats"));
	json_t *doc;
	int rc;

	if (kept(t, "plan.json")) {
		doc = load(t, "plan.json", why);
		t->plan.repeats = (unsigned)json_integer_value(json_object_get(doc, "repeats"));
		t->plan.cell_ms = (unsigned)json_integer_value(json_object_get(doc, "cell_ms"));
		*overhead_s = json_number_value(json_object_get(doc, "overhead_s"));
		json_decref(doc);
		if (t->plan.repeats && t->plan.repeats <= GRID_REPEATS_MAX && t->plan.cell_ms)
			return 0;
		return why_set(why, -EINVAL, "plan.json of run %s is damaged: start a new tune", t->run.id);
	}
	rc = cells_calibrate(t, overhead_s, why);
	if (!rc)
		rc = grid_plan(&t->g, t->budget_s, *overhead_s, repeats, &t->plan, why);
	if (rc)
		return rc;
	doc = json_pack("{s:s, s:i, s:i, s:i, s:f, s:i, s:b}", "schema", "sqbench-plan/1", "cells",
			(int)grid_cells(&t->g, &t->plan), "repeats", (int)t->plan.repeats, "cell_ms",
			(int)t->plan.cell_ms, "overhead_s", *overhead_s, "hz", (int)t->hz, "direct", t->target.direct);
	return keep(t, "plan.json", doc, why);
}

static int measure(struct tune *t, struct why *why)
{
	double overhead_s = 0;
	int rc = prepare_target(t, why);

	if (!rc)
		rc = make_plan(t, &overhead_s, why);
	if (!rc && !kept(t, "staircase.json"))
		rc = staircase(t, why);
	if (!rc)
		rc = cells_run(t, overhead_s, why);
	if (rc)
		return rc;
	if (!kept(t, "end.json")) {
		json_t *end = env_collect(&t->fio, NULL);

		json_object_set_new(end, "exit", json_integer(0));
		rc = keep(t, "end.json", end, why);
	}
	return rc;
}

/* Everything derived from the raw files; it may be deleted and made again. */
static int derive(const struct tune *t, json_t **analysis, struct why *why)
{
	static struct analysis a;
	unsigned n = grid_cells(&t->g, &t->plan);
	json_t *env = load(t, "env.json", why), *end = load(t, "end.json", NULL), *run = load(t, "run.json", NULL);
	json_t *stairs = load(t, "staircase.json", NULL);
	struct measure *m = NULL;
	char dir[PATH_MAX], page[PATH_MAX];
	struct report r = { t, &a, NULL, env, NULL, json_string_value(json_object_get(run, "command")), dir };
	struct advice_in in = { &t->g, &t->plan, &a, NULL, n, env, t->hz, t->target.sq_cpu, NAN, t->target.direct };
	int rc = env ? cells_load(t, &m, why) : -EINVAL;

	if (!rc && verdict_analyse(&a, &t->g, &t->plan, m, n, t->cpu_price))
		rc = why_set(why, -ENOMEM, "out of memory");
	if (!rc && (in_run(dir, t, "derived", why) || in_run(page, t, "report.html", why)))
		rc = -ENAMETOOLONG;
	if (!rc) {
		in.m = r.m = m;
		in.steal_pct = env_steal_pct(env, end);
		r.warnings = advice_tune(&in);
		rc = plotdata_write(dir, t, &a, m, stairs, why);
	}
	if (!rc)
		rc = plotdata_draw(dir, why);
	if (!rc)
		rc = report_write(page, &r, why);
	if (!rc) {
		*analysis = report_analysis(&r);
		rc = keep(t, "derived/analysis.json", json_incref(*analysis), why);
	}
	json_decref((json_t *)r.warnings);
	cells_free(m, n);
	json_decref(stairs);
	json_decref(run);
	json_decref(end);
	json_decref(env);
	return rc;
}

static int finish(struct tune *t, const struct args *args, struct why *why)
{
	json_t *analysis = NULL;
	const char *overall;
	bool unknown;
	int rc = derive(t, &analysis, why);

	if (!rc && json_is_null(json_object_get(t->settings, "target")))
		unlink(t->target_path);
	if (!rc)
		rc = store_commit(&t->run, why);
	if (rc) {
		json_decref(analysis);
		return rc;
	}
	overall = json_string_value(json_object_get(json_object_get(analysis, "overall"), "verdict"));
	unknown = !overall || !strcmp(overall, "unknown");
	if (args->common.json) {
		char page[PATH_MAX];

		if (!store_path(page, sizeof(page), t->run.final, "report.html"))
			json_object_set_new(analysis, "report", json_string(page));
		cmd_print_json(analysis);
	} else {
		printf("report: %s/report.html\nrecommend: %s\n", t->run.final,
		       json_string_value(json_object_get(analysis, "recommend")));
		json_decref(analysis);
	}
	return unknown;
}

int cmd_tune(int argc, char **argv)
{
	static const struct argp argp = { options, parse, NULL,
					  "Measures plain io_uring, SQPOLL kept awake and SQPOLL with each idle period under several arrival "
					  "patterns, and writes a report that recommends one of them. Only reads its target.",
					  NULL, NULL, NULL };
	struct args a = { .common.out = "results", .rates = GRID_RATES_DEFAULT, .idles = GRID_IDLES_DEFAULT,
			  .budget_s = BUDGET_S_DEFAULT, .cpu_price = 1, .size_mib = SIZE_MIB_DEFAULT, .sq_cpu = -1 };
	static struct tune t = { .run = { .lock_fd = -1 } };
	struct why why = { "" };
	int rc;

	cmd_parse(&argp, argc, argv, &a);
	t.hz = env_hz(NULL);
	if (!t.hz)
		return cmd_fail(EXIT_CANNOT, "tune", &(struct why){ "the tick rate is unknown: the idle lattice cannot be computed" });
	/* Everything the user can get wrong is said before anything is written. */
	if (grid_parse_rates(&t.g, a.rates, &why) || grid_parse_idles(&t.g, a.idles, t.hz, &why) ||
	    check_target(&a, &why) || check_cpu(a.sq_cpu, &why))
		return cmd_fail(EXIT_USAGE, "tune", &why);
	if (fio_find(&t.fio, a.common.fio, a.common.engine_dir, &why) || fio_engine_loads(&t.fio, &why) || plotdata_ready(&why))
		return cmd_fail(EXIT_CANNOT, "tune", &why);
	proc_catch_signals();
	rc = a.resume ? resume(&t, &a, &why) : begin(&t, &a, argc, argv, &why);
	if (!rc)
		rc = apply_settings(&t, &why);
	if (rc)
		return cmd_fail(rc == -EINVAL || rc == -ENOENT || rc == -EEXIST ? EXIT_USAGE : EXIT_CANNOT, "tune", &why);
	rc = measure(&t, &why);
	if (!rc)
		rc = finish(&t, &a, &why);
	if (rc < 0)
		rc = stopped(&t, &a, rc, &why);
	if (rc == EXIT_INTERRUPTED && json_is_null(json_object_get(t.settings, "target")))
		unlink(t.target_path);
	store_close(&t.run);
	json_decref(t.settings);
	return rc;
}
