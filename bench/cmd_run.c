// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd.h"
#include "env.h"
#include "fiojson.h"
#include "jobguard.h"
#include "proc.h"
#include "store.h"

#define TIMEOUT_S_DEFAULT 3600
#define FIO_ARGS_MAX 64

struct args {
	struct cmd_common common;
	const char *job;
	double timeout_s;
	bool allow_write;
	int n_extra;
	char *extra[FIO_ARGS_MAX + 1];
};

enum { OPT_ALLOW_WRITE = 1000, OPT_TIMEOUT };

static const struct argp_option options[] = {
	CMD_OPTION_DEFINE,
	{ "allow-write", OPT_ALLOW_WRITE, NULL, 0, "Let the job write to devices and to files that exist", 0 },
	{ "timeout", OPT_TIMEOUT, "SECONDS", 0, "End fio after this time (default: 3600)", 0 },
	CMD_OPTION_OUT("Results directory"),
	CMD_OPTION_JSON("Print JSON"),
	CMD_OPTIONS_FIO,
	{ 0 },
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct args *a = state->input;
	char *end;

	switch (key) {
	case 'D':
		cmd_define(state, arg);
		return 0;
	case OPT_ALLOW_WRITE:
		a->allow_write = true;
		return 0;
	case OPT_TIMEOUT:
		a->timeout_s = strtod(arg, &end);
		if (end == arg || *end || !(a->timeout_s > 0))
			argp_error(state, "--timeout: '%s' is not a number of seconds", arg);
		return 0;
	case ARGP_KEY_ARG:
		if (!a->job)
			a->job = arg;
		else if (a->n_extra < FIO_ARGS_MAX)
			a->extra[a->n_extra++] = arg;
		else
			argp_error(state, "more than %d fio arguments", FIO_ARGS_MAX);
		return 0;
	case ARGP_KEY_END:
		if (!a->job)
			argp_error(state, "name a job file");
		if (a->n_extra && a->extra[0][0] != '-')
			argp_error(state, "'%s' is one argument too many: fio's own arguments follow a --", a->extra[0]);
		return 0;
	default:
		return cmd_parse_common(key, arg, state);
	}
}

struct paths {
	char job[PATH_MAX], given[PATH_MAX], json[PATH_MAX], out[PATH_MAX], err[PATH_MAX], stats[PATH_MAX];
	char env[PATH_MAX], run[PATH_MAX], end[PATH_MAX], warnings[PATH_MAX];
};

static int set_paths(struct paths *p, const char *dir)
{
	const struct {
		char *to;
		const char *name;
	} files[] = { { p->given, "job.fio" },    { p->job, "job.run.fio" }, { p->json, "fio.json" },
		      { p->out, "stdout.txt" },   { p->err, "stderr.txt" },  { p->stats, "engine.jsonl" },
		      { p->env, "env.json" },     { p->run, "run.json" },    { p->end, "end.json" },
		      { p->warnings, "warnings.json" } };
	int rc = 0;

	for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++)
		rc |= store_path(files[i].to, PATH_MAX, dir, files[i].name);
	return rc;
}

/* fio.json is given by --output; what the job prints goes to stdout.txt and stderr.txt. */
static int run_fio(const struct args *a, const struct fio *fio, const struct paths *p, bool readonly,
		   struct proc_end *end, struct why *why)
{
	char output[PATH_MAX + 16], *argv[FIO_ARGS_MAX + 8];
	struct proc proc = { .argv = argv, .stdout_path = p->out, .stderr_path = p->err, .lib_dir = fio_lib_dir(fio),
			     .timeout_s = a->timeout_s, .stop_signal = SIGINT };
	int n = 0;

	snprintf(output, sizeof(output), "--output=%s", p->json);
	argv[n++] = (char *)fio->bin;
	argv[n++] = "--output-format=json";
	argv[n++] = output;
	if (readonly)
		argv[n++] = "--readonly";
	argv[n++] = (char *)p->job;
	for (int i = 0; i < a->n_extra; i++)
		argv[n++] = a->extra[i];
	argv[n] = NULL;
	return proc_run(&proc, end, why);
}

static int write_start(const struct args *a, const struct run *run, const struct fio *fio, const struct paths *p,
		       const char *text, const struct jobscan *s, struct why *why)
{
	char now[32];
	char *with = s->sqpoll && !s->stats_file ? jobscan_with_stats(text, p->stats) : strdup(text);
	json_t *extra = json_array(), *doc, *env = env_collect(fio, s->files ? s->file[0] : NULL);
	int rc = with ? store_write(p->given, text, why) : why_set(why, -ENOMEM, "out of memory");

	store_time(now, sizeof(now));
	for (int i = 0; i < a->n_extra; i++)
		json_array_append_new(extra, json_string(a->extra[i]));
	doc = json_pack("{s:s, s:s, s:s, s:s, s:s, s:o, s:b}", "schema", "sqbench-run/1", "id", run->id, "kind", "run",
			"created", now, "job", a->job, "fio_args", extra, "allow_write", a->allow_write);
	if (!rc)
		rc = store_write(p->job, with, why);
	if (!rc)
		rc = store_write_json(p->env, env, why);
	if (!rc)
		rc = store_write_json(p->run, doc, why);
	json_decref(env);
	json_decref(doc);
	free(with);
	return rc;
}

static json_t *warn(const char *id, const char *text, const char *advice)
{
	return json_pack("{s:s, s:s, s:s}", "id", id, "text", text, "advice", advice);
}

/* What the results themselves say; 0, or negative with WHY when there are no whole results. */
static int judge(const struct paths *p, const struct jobscan *s, const struct proc_end *end, json_t *warnings,
		 struct why *why)
{
	json_t *doc = fiojson_load(p->json, why), *lines;
	int rc = doc ? 0 : -EINVAL;

	json_decref(doc);
	/* No such file: none of the sections that ran used the engine, which refuses to run without it. */
	if (s->sqpoll && !s->stats_file && !rc && !access(p->stats, F_OK)) {
		lines = jsonl_load(p->stats, "sqpoll-stats/1", why);
		rc = lines ? 0 : -EINVAL;
		for (size_t i = 0; i < json_array_size(lines); i++) {
			json_t *one = json_array_get(lines, i);

			if (json_number_at(one, "stalls") > 0)
				json_array_append_new(warnings, warn("stalls", json_string_value(json_object_get(one, "job")),
								     "Nothing completed for stall_ms: look at the kernel log and the device."));
			if (json_number_at(one, "cq_overflow") > 0)
				json_array_append_new(warnings, warn("cq-overflow", json_string_value(json_object_get(one, "job")),
								     "The completion ring overflowed: lower the queue depth."));
		}
		json_decref(lines);
	}
	if (end->timed_out)
		return why_set(why, -ETIMEDOUT, "fio did not end within --timeout and was stopped: raise it, or look at the device");
	if (end->interrupted)
		return why_set(why, -EINTR, "interrupted");
	if (end->exit)
		return why_set(why, -EIO, "fio failed with %d: read %s", end->exit, p->err);
	return rc;
}

static int finish(const struct args *a, struct run *run, const struct paths *p, const struct jobscan *s,
		  const struct proc_end *end, struct why *why)
{
	json_t *warnings = json_array(), *doc;
	struct why verdict = { "" };
	char now[32];
	int failed = judge(p, s, end, warnings, &verdict), rc;

	store_time(now, sizeof(now));
	doc = json_pack("{s:i, s:b, s:b, s:f, s:s, s:s}", "exit", end->exit, "timed_out", end->timed_out, "interrupted",
			end->interrupted, "wall_s", end->wall_s, "ended", now, "failure", failed ? verdict.text : "");
	rc = store_write_json(p->warnings, warnings, why);
	if (!rc)
		rc = store_write_json(p->end, doc, why);
	if (!rc)
		rc = store_commit(run, why);
	json_decref(warnings);
	if (rc) {
		json_decref(doc);
		return cmd_fail(EXIT_FAILED, "run", why);
	}
	if (a->common.json) {
		json_object_set_new(doc, "id", json_string(run->id));
		json_object_set_new(doc, "dir", json_string(run->final));
		cmd_print_json(doc);
	} else {
		json_decref(doc);
		printf("run: %s\n", run->final);
	}
	return failed ? cmd_fail(end->interrupted ? EXIT_INTERRUPTED : EXIT_FAILED, "run", &verdict) : EXIT_DONE;
}

static int carry_out(const struct args *a, const struct fio *fio, const char *text, const struct jobscan *s,
		     bool readonly)
{
	struct run run;
	struct paths p;
	struct proc_end end;
	struct why why = { "" };
	int rc = store_create(&run, a->common.out, "run", &why);

	if (!rc && set_paths(&p, run.dir))
		rc = why_set(&why, -ENAMETOOLONG, "%s: the path is too long: choose another --out", run.dir);
	if (!rc)
		rc = write_start(a, &run, fio, &p, text, s, &why);
	if (!rc)
		rc = run_fio(a, fio, &p, readonly, &end, &why);
	rc = rc ? cmd_fail(EXIT_CANNOT, "run", &why) : finish(a, &run, &p, s, &end, &why);
	store_close(&run);
	return rc;
}

int cmd_run(int argc, char **argv)
{
	static const struct argp argp = { options, parse, "JOB.fio [-- FIO-ARGUMENT...]",
					  "Runs a fio job file and keeps job, environment, results and messages in a directory of their own. "
					  "Devices and existing files are only read.",
					  NULL, NULL, NULL };
	struct args a = { .common.out = "results", .timeout_s = TIMEOUT_S_DEFAULT };
	struct jobscan s = { 0 };
	struct why why = { "" };
	struct fio fio;
	bool readonly;
	char *text;
	int rc;

	cmd_parse(&argp, argc, argv, &a);
	text = store_read(a.job, &why);
	if (!text)
		return cmd_fail(EXIT_USAGE, "run", &why);
	if (jobscan_add(&s, text, getenv) || jobscan_add_args(&s, a.extra, getenv))
		rc = cmd_fail(EXIT_USAGE, "run", &(struct why){ "the job file or an argument is too large" });
	else if (jobguard(&s, a.job, a.allow_write, &readonly, &why))
		rc = cmd_fail(EXIT_USAGE, "run", &why);
	else if (fio_find(&fio, a.common.fio, a.common.engine_dir, &why) || (s.sqpoll && fio_engine_loads(&fio, &why)))
		rc = cmd_fail(EXIT_CANNOT, "run", &why);
	else {
		proc_catch_signals();
		rc = carry_out(&a, &fio, text, &s, readonly);
	}
	jobscan_free(&s);
	free(text);
	return rc;
}
