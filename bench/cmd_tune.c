// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cells.h"
#include "cmd.h"
#include "derive.h"
#include "env.h"
#include "ownfile.h"
#include "plotdata.h"
#include "proc.h"
#include "ringprobe.h"
#include "tunejob.h"

#define BUDGET_S_DEFAULT 200
#define SIZE_MIB_DEFAULT 128
#define SIZE_MIB_MIN 1
#define STAIRCASE_MS_MAX 20
#define STAIRCASE_SAMPLES 4
#define JOB_SECONDS_DEFAULT 3
#define JOB_PAIRS_DEFAULT 10

struct args {
	struct userjob_args user;
	const char *file, *device, *resume;
	const char *rates, *idles, *hipri, *note;
	double budget_s, cpu_price;
	unsigned size_mib, repeats;
	int sq_cpu;
	bool no_report;
	struct tunejob_args job;	/* with a job file */
	const char *without_job, *with_job;	/* an option that was given and makes sense only so */
};

enum {
	OPT_SIZE = 1000, OPT_BUDGET, OPT_IDLES, OPT_RATES, OPT_REPEATS, OPT_PRICE, OPT_RESUME, OPT_SQ_CPU, OPT_HIPRI,
	OPT_NO_REPORT, OPT_NOTE, OPT_MAX_P99, OPT_CPU_BUDGET, OPT_APPLY,
};

static const struct argp_option options[] = {
	{ NULL, 0, NULL, 0, "With or without a job file:", 1 },
	{ "idles", OPT_IDLES, "LIST", 0, "Idle periods in ms (default: " GRID_IDLES_DEFAULT "; with a job file all up to 1 s); equal settings are measured once", 1 },
	{ "cpu-price", OPT_PRICE, "X", 0, "What 1 us of CPU is worth in us of latency (default: 1)", 1 },
	{ "repeats", OPT_REPEATS, "N", 0, "Repeats of every cell (default: as the budget allows); with a job file: pairs of runs at most (default: 10)", 1 },
	CMD_OPTION_OUT("Results directory"),
	CMD_OPTION_JSON("Print JSON"),
	CMD_OPTIONS_FIO,
	{ NULL, 0, NULL, 0, "With a job file:", 2 },
	USERJOB_OPTIONS("3"),
	USERJOB_OPTION_OBJECTIVE,
	{ "max-p99-us", OPT_MAX_P99, "US", 0, "Only settings whose p99 is at most this", 2 },
	{ "cpu-budget", OPT_CPU_BUDGET, "CPUS", 0, "Only settings with which submitter and SQ thread together use at most so many CPUs", 2 },
	{ "apply-to", OPT_APPLY, "NEW.fio", 0, "Write a copy of the job file with the recommended options", 2 },
	{ NULL, 0, NULL, 0, "Without one:", 3 },
	{ "file", 'F', "PATH", 0, "Read this file (never written; default: a scratch file, removed at the end)", 3 },
	{ "device", 'd', "DEV", 0, "Read this block device (never written)", 3 },
	{ "size", OPT_SIZE, "MIB", 0, "Size of the scratch file (default: 128)", 3 },
	{ "budget", OPT_BUDGET, "SECONDS", 0, "Time for all cells (default: 200)", 3 },
	{ "rates", OPT_RATES, "LIST", 0, "Arrivals: [const:|poisson:|burst:]PER_SECOND or full:DEPTH,... (default: " GRID_RATES_DEFAULT ")", 3 },
	{ "sq-cpu", OPT_SQ_CPU, "N", 0, "Pin the SQ thread to CPU N and the submitter to the others", 3 },
	{ "hipri", OPT_HIPRI, "auto|yes|no", 0, "Measure every arm with polled completions too (default: auto, where the target's device polls)", 3 },
	{ "no-report", OPT_NO_REPORT, NULL, 0, "Only measure; 'sqbench report' does the rest, on another machine too", 3 },
	{ "note", OPT_NOTE, "TEXT", 0, "A sentence that is kept with the run and shown in its report", 3 },
	{ "resume", OPT_RESUME, "ID", 0, "Go on with an interrupted tune", 3 },
	{ 0 },
};

/* Options of a tune without a job file. */
static error_t parse_grid(int key, char *arg, struct argp_state *state)
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
		a->size_mib = (unsigned)cmd_real(state, arg, "size", SIZE_MIB_MIN, 1 << 20);
		return 0;
	case OPT_BUDGET:
		a->budget_s = cmd_real(state, arg, "budget", 1, 86400);
		return 0;
	case OPT_RATES:
		a->rates = arg;
		return 0;
	case OPT_RESUME:
		a->resume = arg;
		return 0;
	case OPT_SQ_CPU:
		a->sq_cpu = (int)cmd_real(state, arg, "sq-cpu", 0, 4095);
		return 0;
	case OPT_HIPRI:
		if (strcmp(arg, "auto") && strcmp(arg, "yes") && strcmp(arg, "no"))
			argp_error(state, "--hipri: '%s' is none of auto, yes and no", arg);
		a->hipri = arg;
		return 0;
	case OPT_NO_REPORT:
		a->no_report = true;
		return 0;
	case OPT_NOTE:
		a->note = arg;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

/* Those of a tune with one. */
static error_t parse_job(int key, char *arg, struct argp_state *state)
{
	struct args *a = state->input;

	switch (key) {
	case OPT_MAX_P99:
		a->job.objective.max_p99_us = cmd_real(state, arg, "max-p99-us", 0.001, 1e9);
		return 0;
	case OPT_CPU_BUDGET:
		a->job.objective.cpu_budget = cmd_real(state, arg, "cpu-budget", 0.001, 4096);
		return 0;
	case OPT_APPLY:
		a->job.apply_to = arg;
		return 0;
	default:
		return userjob_parse_option(key, arg, state);
	}
}

static const char *long_name(int key)
{
	const struct argp_option *o = options;

	while ((o->key || o->doc) && o->key != key)
		o++;
	return o->name ? o->name : "";
}

static void parse_end(const struct args *a, struct argp_state *state)
{
	if (a->file && a->device)
		argp_error(state, "--file and --device exclude each other");
	if (a->user.job && a->without_job)
		argp_error(state, "--%s: with a job file that is said in it", a->without_job);
	if (!a->user.job && a->with_job)
		argp_error(state, "--%s needs a job file to tune", a->with_job);
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct args *a = state->input;

	switch (key) {
	case OPT_IDLES:
		a->idles = arg;
		return 0;
	case OPT_REPEATS:
		a->repeats = (unsigned)cmd_real(state, arg, "repeats", 1, GRID_REPEATS_MAX);
		return 0;
	case OPT_PRICE:
		a->cpu_price = a->job.objective.price[TERM_CPU] = cmd_real(state, arg, "cpu-price", 0, 1e6);
		return 0;
	case ARGP_KEY_NO_ARGS:
		return 0;
	case ARGP_KEY_END:
		parse_end(a, state);
		return 0;
	}
	if (!parse_grid(key, arg, state)) {
		a->without_job = long_name(key);
		return 0;
	}
	if (!parse_job(key, arg, state)) {
		a->with_job = long_name(key);
		return 0;
	}
	return userjob_parse(key, arg, state);
}

/* A message for a tune that stops before its end, with the way to go on. */
static int stopped(const struct tune *t, const struct args *a, int rc, struct why *why)
{
	char end[200], text[sizeof(why->text)];
	unsigned total = t->plan.repeats ? grid_cells(&t->g, &t->plan) : 0;

	/* Without a plan there is not one cell that could be lost; but one that is resumed has them, and maybe files of others. */
	if (rc != -EINTR && !total && !a->resume)
		store_remove(t->run.dir);
	if (rc != -EINTR)
		return cmd_fail(rc == -ERANGE || rc == -EINVAL || rc == -EEXIST ? EXIT_USAGE : rc == -EBUSY ? EXIT_CANNOT : EXIT_FAILED,
				"tune", why);
	if (total)
		snprintf(end, sizeof(end), "interrupted; every finished cell of %u is kept", total);
	else
		snprintf(end, sizeof(end), "interrupted before the first cell");
	snprintf(text, sizeof(text), "%s; go on with: %s tune --resume %s --out %s%s%s%s%s", end, cmd_program,
		 t->run.id, a->user.common.out, a->user.common.fio ? " --fio " : "", a->user.common.fio ? a->user.common.fio : "",
		 a->user.common.engine_dir ? " --engine-dir " : "", a->user.common.engine_dir ? a->user.common.engine_dir : "");
	memcpy(why->text, text, sizeof(text));
	return cmd_fail(EXIT_INTERRUPTED, "tune", why);
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

	return json_pack("{s:s?, s:b, s:i, s:s, s:s, s:f, s:f, s:i, s:i, s:s, s:s?}", "target", path, "device", a->device != NULL,
			 "size_mib", (int)a->size_mib, "rates", a->rates, "idles", a->idles, "budget_s", a->budget_s,
			 "cpu_price", a->cpu_price, "repeats", (int)a->repeats, "sq_cpu", a->sq_cpu,
			 "hipri", a->hipri, "note", a->note);
}

/* Grid, target and CPUs from the settings, new or resumed. */
static int apply_settings(struct tune *t, struct why *why)
{
	const char *path = json_string_value(json_object_get(t->settings, "target"));
	int rc = derive_settings(t, why);

	if (!rc)
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

static int begin(struct tune *t, const struct args *a, int argc, char **argv, struct why *why)
{
	char now[32], *line = cmd_line(argc, argv);
	json_t *doc;
	int rc = store_create(&t->run, a->user.common.out, "tune", why);

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
	return store_keep(&t->run, "run.json", doc, why);
}

static int resume(struct tune *t, const struct args *a, struct why *why)
{
	int rc = store_resume(&t->run, a->user.common.out, a->resume, why);
	json_t *doc = rc ? NULL : store_load(&t->run, "run.json", why), *env;
	const char *then, *now;

	if (rc || !doc)
		return rc ? rc : -EINVAL;
	t->settings = json_incref(json_object_get(doc, "settings"));
	json_decref(doc);
	doc = store_load(&t->run, "env.json", NULL);
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

/* Whether polled completions are measured too; whether they work is for the trial cells to say. */
static bool want_hipri(const struct tune *t, const json_t *target)
{
	static const char *const can_poll[] = { "ext4", "xfs" };
	const char *asked = json_string_value(json_object_get(t->settings, "hipri"));
	const char *fs = json_string_value(json_object_get(target, "fs"));
	const char *kind = json_string_value(json_object_get(target, "kind"));
	bool could = kind && !strcmp(kind, "device");

	/* Runs of older versions say nothing. */
	if (!asked || strcmp(asked, "auto"))
		return asked && !strcmp(asked, "yes");
	for (size_t i = 0; fs && i < sizeof(can_poll) / sizeof(*can_poll); i++)
		could |= !strcmp(fs, can_poll[i]);
	return could && t->target.direct && json_integer_value(json_object_get(target, "io_poll")) == 1;
}

/* What is known of the target decides about polled arms and names the disk. */
static int use_env(struct tune *t, struct why *why)
{
	json_t *env = store_load(&t->run, "env.json", why);
	const json_t *target = json_object_get(env, "target");
	const char *device = json_string_value(json_object_get(target, "device"));

	if (!env)
		return -EINVAL;
	snprintf(t->device, sizeof(t->device), "%s", device ? device : "");
	if (want_hipri(t, target) && !t->g.hipri)
		grid_add_hipri(&t->g);
	json_decref(env);
	return 0;
}

static bool is_own(const struct tune *t)
{
	return json_is_null(json_object_get(t->settings, "target"));
}

static int prepare_target(struct tune *t, struct why *why)
{
	uint64_t want = (uint64_t)json_integer_value(json_object_get(t->settings, "size_mib")) << 20;
	bool made;
	int rc = is_own(t) ? ownfile(t->target_path, &made, want, why) : 0;

	if (rc)
		return rc;
	t->target.direct = env_direct_works(t->target_path);
	if (!store_kept(&t->run, "env.json"))
		rc = store_keep(&t->run, "env.json", env_collect(&t->fio, t->target_path), why);
	return rc ? rc : use_env(t, why);
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
	return store_keep(&t->run, "staircase.json", all, why);
}

static int make_plan(struct tune *t, double *overhead_s, struct why *why)
{
	unsigned repeats = (unsigned)json_integer_value(json_object_get(t->settings, "repeats"));
	json_t *doc;
	int rc;

	if (store_kept(&t->run, "plan.json"))
		return derive_plan(t, overhead_s, why);
	rc = cells_calibrate(t, overhead_s, why);
	if (!rc)
		rc = grid_plan(&t->g, t->budget_s, *overhead_s, repeats, &t->plan, why);
	if (rc)
		return rc;
	doc = json_pack("{s:s, s:i, s:i, s:i, s:f, s:i, s:b, s:b}", "schema", "sqbench-plan/1", "cells",
			(int)grid_cells(&t->g, &t->plan), "repeats", (int)t->plan.repeats, "cell_ms",
			(int)t->plan.cell_ms, "overhead_s", *overhead_s, "hz", (int)t->hz, "direct", t->target.direct,
			"hipri", t->g.hipri);
	return store_keep(&t->run, "plan.json", doc, why);
}

static int measure(struct tune *t, struct why *why)
{
	double overhead_s = 0;
	int rc = prepare_target(t, why);

	if (!rc)
		rc = make_plan(t, &overhead_s, why);
	if (!rc && !store_kept(&t->run, "staircase.json"))
		rc = staircase(t, why);
	if (!rc)
		rc = cells_run(t, overhead_s, why);
	if (rc)
		return rc;
	if (!store_kept(&t->run, "end.json"))
		rc = store_keep(&t->run, "end.json", env_at_end(&t->fio), why);
	return rc;
}

static int finish(struct tune *t, const struct args *args, struct why *why)
{
	json_t *analysis = NULL;
	int rc = args->no_report ? 0 : derive_make(t, &analysis, why);

	if (!rc && is_own(t))
		ownfile_remove(t->target_path);
	if (!rc)
		rc = store_commit(&t->run, why);
	if (rc) {
		json_decref(analysis);
		return rc;
	}
	if (!args->no_report)
		return derive_print(t, analysis, args->user.common.json);
	if (args->user.common.json)
		cmd_print_json(json_pack("{s:s, s:s}", "id", t->run.id, "dir", t->run.final));
	else
		printf("run: %s\n", t->run.final);
	return 0;
}

static int tune_job(struct args *a, unsigned hz, char *command)
{
	static struct grid g;
	struct why why = { "" };
	int rc = a->idles ? grid_parse_idles(&g, a->idles, hz, &why) : 0;

	for (unsigned i = 2; a->idles && !rc && i < g.na; i++)
		a->job.idle[a->job.idles++] = g.a[i].idle_ms;
	if (!rc && a->user.objective)
		rc = objective_parse(&a->job.objective, a->user.objective, &why);
	if (!rc && a->repeats > TUNEJOB_PAIRS_MAX)
		rc = why_set(&why, -EINVAL, "--repeats %u: at most %d pairs of runs", a->repeats, TUNEJOB_PAIRS_MAX);
	if (rc)
		return cmd_fail(EXIT_USAGE, "tune", &why);
	a->job.user = &a->user;
	a->job.pairs = a->repeats ? a->repeats : JOB_PAIRS_DEFAULT;
	a->job.command = command ? command : "";
	return tunejob(&a->job, hz);
}

int cmd_tune(int argc, char **argv)
{
	static const struct argp argp = { options, parse, "[JOB.fio]",
					  "With a job file: the best way to submit its I/O, from few runs: every idle period is predicted, the best one runs against plain io_uring, "
					  "batches, libaio, polled completions and the stock engine's SQPOLL. Without one: measures plain io_uring, SQPOLL kept awake and SQPOLL with "
					  "each idle period under several arrival patterns; only reads its target. Both write a report that recommends one of them.",
					  NULL, NULL, NULL };
	static struct args a = { .user.common.out = "results", .user.seconds = JOB_SECONDS_DEFAULT, .rates = GRID_RATES_DEFAULT, .budget_s = BUDGET_S_DEFAULT, .cpu_price = 1,
				 .size_mib = SIZE_MIB_DEFAULT, .sq_cpu = -1, .hipri = "auto" };
	static struct tune t = { .run = { .lock_fd = -1 } };
	struct why why = { "" };
	int rc;

	a.job.objective = objective_default();
	cmd_parse(&argp, argc, argv, &a);
	t.hz = env_hz(NULL);
	if (!t.hz)
		return cmd_fail(EXIT_CANNOT, "tune", &(struct why){ "the tick rate is unknown: the idle lattice cannot be computed" });
	if (a.user.job) {
		char *command = cmd_line(argc, argv);

		rc = tune_job(&a, t.hz, command);
		free(command);
		return rc;
	}
	a.idles = a.idles ? a.idles : GRID_IDLES_DEFAULT;
	/* Everything the user can get wrong is said before anything is written. */
	if (grid_parse_rates(&t.g, a.rates, &why) || grid_parse_idles(&t.g, a.idles, t.hz, &why) ||
	    check_target(&a, &why) || check_cpu(a.sq_cpu, &why))
		return cmd_fail(EXIT_USAGE, "tune", &why);
	if (fio_find(&t.fio, a.user.common.fio, a.user.common.engine_dir, &why) || fio_engine_loads(&t.fio, &why) ||
	    (!a.no_report && plotdata_ready(&why)))
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
	if (rc == EXIT_INTERRUPTED && is_own(&t))
		ownfile_remove(t.target_path);
	store_close(&t.run);
	json_decref(t.settings);
	return rc;
}
