// SPDX-License-Identifier: GPL-2.0-only
#include "compare_load.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fiojson.h"
#include "store.h"

/* What must be one on a side: repeats of different systems are no repeats. */
static const char *const one_system[] = { "kernel", "kernel_build", "hz", "fio", "machine" };

/* An entry of fio's jobs and the engine's lines that belong to it. */
struct entry {
	const json_t *job, *lines;
	const char *name;
	json_int_t group;
	bool alone;	/* no other entry of its group */
};

static bool there(const char *dir, const char *name)
{
	char path[PATH_MAX];

	return !store_path(path, sizeof(path), dir, name) && !access(path, F_OK);
}

static json_t *read_doc(const char *dir, const char *name, struct why *why)
{
	char path[PATH_MAX];

	if (!store_path(path, sizeof(path), dir, name))
		return store_read_json(path, why);
	why_set(why, -ENAMETOOLONG, "%s: the path is too long", dir);
	return NULL;
}

static const char *text(const json_t *o, const char *key)
{
	const char *s = json_string_value(json_object_get(o, key));

	return s ? s : "";
}

/* Sum of the numbers under DOTTED over the lines of E; NaN when there is no line or one lacks it. */
static double engine_sum(const struct entry *e, const char *dotted)
{
	double sum = 0;
	size_t n = 0;

	for (size_t i = 0; i < json_array_size(e->lines); i++) {
		const json_t *line = json_array_get(e->lines, i);

		if (json_integer_value(json_object_get(line, "groupid")) != e->group ||
		    (!e->alone && strcmp(text(line, "job"), e->name)))
			continue;
		sum += json_number_at(line, dotted);
		n++;
	}
	return n ? sum : NAN;
}

static double fio_sum(const json_t *job, const char *key)
{
	static const char *const sides[] = { "read", "write", "trim" };
	double sum = 0;

	for (size_t i = 0; i < sizeof(sides) / sizeof(*sides); i++) {
		double v = json_number_at(json_object_get(job, sides[i]), key);

		sum += isfinite(v) ? v : 0;
	}
	return sum;
}

/* The percentiles of completion latency, or of all of it in a job with lat_percentiles. */
static double percentile_us(const json_t *job, const char *side, const char *pct)
{
	static const char *const kinds[] = { "clat_ns", "lat_ns" };
	const json_t *rw = json_object_get(job, side);

	if (!(json_number_at(rw, "total_ios") > 0))
		return NAN;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
		const json_t *v = json_object_get(json_object_get(json_object_get(rw, kinds[i]), "percentile"), pct);

		if (json_is_number(v))
			return json_number_value(v) / 1e3;
	}
	return NAN;
}

/* The first entry of a job makes the sample; clones that fio lists one by one add to it. */
static void fill(struct compare_cell *c, const struct entry *e, bool first)
{
	static const struct {
		enum compare_metric m;
		const char *side, *pct;
	} latencies[] = {
		{ COMPARE_READ_P50, "read", "50.000000" },
		{ COMPARE_READ_P99, "read", "99.000000" },
		{ COMPARE_WRITE_P50, "write", "50.000000" },
		{ COMPARE_WRITE_P99, "write", "99.000000" },
	};
	double ios = engine_sum(e, "completed"), fio_ios = fio_sum(e->job, "total_ios"), cpu_us;
	unsigned i = c->n - 1;

	for (size_t l = 0; l < sizeof(latencies) / sizeof(*latencies); l++)
		c->x[latencies[l].m][i] = first ? percentile_us(e->job, latencies[l].side, latencies[l].pct) : NAN;
	if (!first) {
		c->x[COMPARE_IOPS][i] += fio_sum(e->job, "iops");
		if (!isfinite(ios))
			c->x[COMPARE_APP_CPU][i] = NAN;
		return;
	}
	cpu_us = (json_number_at(e->job, "usr_cpu") + json_number_at(e->job, "sys_cpu")) / 100 *
		 json_number_at(e->job, "job_runtime") * 1e3;
	c->x[COMPARE_IOPS][i] = fio_sum(e->job, "iops");
	c->x[COMPARE_SQ_CPU][i] = engine_sum(e, "sq_thread.cpu_us") / ios;
	c->x[COMPARE_APP_CPU][i] = isfinite(ios) ? engine_sum(e, "app_cpu_us") / ios : cpu_us / fio_ios;
	c->x[COMPARE_ENTERS][i] = engine_sum(e, "enters") / ios;
	c->x[COMPARE_WAKEUPS][i] = engine_sum(e, "wakeups") / ios;
}

static bool same_job(const json_t *x, const json_t *y)
{
	return !strcmp(text(x, "jobname"), text(y, "jobname")) &&
	       json_integer_value(json_object_get(x, "groupid")) == json_integer_value(json_object_get(y, "groupid"));
}

static int add_entry(struct compare_source *s, const json_t *jobs, size_t at, const json_t *lines, const char *name,
		     struct why *why)
{
	const json_t *job = json_array_get(jobs, at);
	struct entry e = { .job = job, .lines = lines, .name = text(job, "jobname"), .alone = true,
			   .group = json_integer_value(json_object_get(job, "groupid")) };
	struct compare_cell *c = compare_cell(&s->side, name ? name : e.name);
	bool first = true;

	for (size_t i = 0; i < json_array_size(jobs); i++) {
		const json_t *other = json_array_get(jobs, i);

		e.alone &= i == at || json_integer_value(json_object_get(other, "groupid")) != e.group;
		first &= i >= at || !same_job(job, other);
	}
	if (!c)
		return why_set(why, -ENOMEM, "out of memory");
	if (json_integer_value(json_object_get(job, "error")))
		return why_set(why, -EIO, "job %s failed with error %d: run it again", e.name,
			       (int)json_integer_value(json_object_get(job, "error")));
	if (first && c->n == STATS_RATIO_N_MAX)
		return why_set(why, -E2BIG, "cell %s has more than %d repeats: give fewer runs", c->name, STATS_RATIO_N_MAX);
	if (first)
		c->n++;
	fill(c, &e, first);
	return 0;
}

/* fio.json and engine.jsonl of DIR; all jobs, or the first one as NAME. */
static int add_results(struct compare_source *s, const char *dir, const char *name, struct why *why)
{
	char path[PATH_MAX], engine[PATH_MAX];
	json_t *doc, *lines = NULL;
	const json_t *jobs;
	int rc = 0;

	if (store_path(path, sizeof(path), dir, "fio.json") || store_path(engine, sizeof(engine), dir, "engine.jsonl"))
		return why_set(why, -ENAMETOOLONG, "%s: the path is too long", dir);
	doc = fiojson_load(path, why);
	if (doc && !access(engine, F_OK)) {
		lines = jsonl_load(engine, "sqpoll-stats/1", why);
		rc = lines ? 0 : -EINVAL;
	}
	jobs = json_object_get(doc, "jobs");
	for (size_t i = 0; !rc && i < (name ? 1 : json_array_size(jobs)); i++)
		rc = add_entry(s, jobs, i, lines, name, why);
	if (!rc && lines && !json_object_get(s->env, "engine"))
		json_object_set(s->env, "engine", json_object_get(json_array_get(lines, 0), "engine_version"));
	json_decref(lines);
	if (!doc)
		rc = -EINVAL;
	json_decref(doc);
	return rc;
}

/* A cell that failed is left out, as in the tune's own analysis. */
static int add_tune_cells(struct compare_source *s, const char *dir, struct why *why)
{
	int rc = 0;

	for (unsigned i = 1; !rc; i++) {
		char cell[PATH_MAX], name[160];
		json_t *end;

		if (snprintf(cell, sizeof(cell), "%s/cells/%04u", dir, i) >= (int)sizeof(cell))
			return why_set(why, -ENAMETOOLONG, "%s: the path is too long", dir);
		if (!there(cell, "cell.json"))
			break;
		end = read_doc(cell, "cell.json", why);
		snprintf(name, sizeof(name), "%s, %s", text(end, "workload"), text(end, "arm"));
		if (!end)
			rc = -EINVAL;
		else if (!json_integer_value(json_object_get(end, "exit")))
			rc = add_results(s, cell, name, why);
		json_decref(end);
	}
	return rc;
}

/* The environment of the first run stays; the others must be of the same system. */
static int take_env(struct compare_source *s, const char *dir, struct why *why)
{
	json_t *env = read_doc(dir, "env.json", why);
	int rc = env ? 0 : -EINVAL;

	if (!rc && !s->env) {
		s->env = env;
		return 0;
	}
	for (size_t i = 0; !rc && i < sizeof(one_system) / sizeof(*one_system); i++) {
		const json_t *x = json_object_get(s->env, one_system[i]), *y = json_object_get(env, one_system[i]);

		if (x != y && !json_equal((json_t *)x, (json_t *)y))
			rc = why_set(why, -EINVAL, "%s has another %s than the runs before it, so they are no repeats: give each system a results directory of its own",
				     dir, one_system[i]);
	}
	json_decref(env);
	return rc;
}

static int take_job(struct compare_source *s, const char *dir, struct why *why)
{
	char path[PATH_MAX];

	if (s->job)
		return 0;
	if (store_path(path, sizeof(path), dir, "job.fio"))
		return why_set(why, -ENAMETOOLONG, "%s: the path is too long", dir);
	s->job = store_read(path, why);
	return s->job ? 0 : -EINVAL;
}

/* A run without fio: of the bare ring. RUN: its run.json, or what store_list() tells of it. */
static bool is_ring(const json_t *run)
{
	return !strcmp(text(run, "kind"), "ring");
}

static int add_run(struct compare_source *s, const char *dir, struct why *why)
{
	json_t *run = read_doc(dir, "run.json", why), *end;
	bool tune = !strcmp(text(run, "kind"), "tune"), ring = is_ring(run);
	int rc = run ? 0 : -EINVAL;

	json_decref(run);
	if (ring)
		return why_set(why, -EINVAL, "%s is of sqbench ring and has no results of fio: name runs of sqbench run or tune", dir);
	if (!rc)
		rc = take_env(s, dir, why);
	if (rc)
		return rc;
	json_array_append_new(s->runs, json_string(dir));
	if (!there(dir, "end.json"))
		return why_set(why, -EINVAL, "%s is not complete: let it end, or run it again", dir);
	if (tune)
		return add_tune_cells(s, dir, why);
	end = read_doc(dir, "end.json", why);
	if (!end)
		rc = -EINVAL;
	else if (json_integer_value(json_object_get(end, "exit")) || *text(end, "failure"))
		rc = why_set(why, -EIO, "%s failed (%s): remove it or run it again", dir, text(end, "failure"));
	json_decref(end);
	if (!rc)
		rc = take_job(s, dir, why);
	return rc ? rc : add_results(s, dir, NULL, why);
}

static int add_all_runs(struct compare_source *s, const char *out, struct why *why)
{
	json_t *list = store_list(out, why);
	int rc = list ? 0 : -EIO;

	if (list && !json_array_size(list))
		rc = why_set(why, -EINVAL, "%s holds no run: make one with sqbench run --out %s", out, out);
	for (size_t i = 0; !rc && i < json_array_size(list); i++) {
		const json_t *one = json_array_get(list, i);

		if (is_ring(one))
			continue;
		if (strcmp(text(one, "state"), "complete"))
			rc = why_set(why, -EINVAL, "%s is %s: let it end, resume it, or remove it", text(one, "dir"), text(one, "state"));
		else
			rc = add_run(s, text(one, "dir"), why);
	}
	json_decref(list);
	return rc;
}

int compare_load(struct compare_source *s, const char *what, const char *out, struct why *why)
{
	char dir[PATH_MAX];
	struct stat st;
	int rc;

	*s = (struct compare_source){ .runs = json_array() };
	snprintf(dir, sizeof(dir), "%s", what);
	if (stat(dir, &st) && (strchr(what, '/') || snprintf(dir, sizeof(dir), "%s/runs/%s", out, what) >= (int)sizeof(dir) ||
			       stat(dir, &st)))
		return why_set(why, -ENOENT, "%s is neither a directory nor a run of %s: see sqbench list", what, out);
	if (there(dir, "run.json"))
		rc = add_run(s, dir, why);
	else if (there(dir, "runs"))
		rc = add_all_runs(s, dir, why);
	else
		return why_set(why, -EINVAL, "%s holds neither a run (run.json) nor results (runs/): name what sqbench run printed, or its --out",
			       dir);
	if (!rc && !s->side.n)
		rc = why_set(why, -EINVAL, "%s holds no results: its jobs are missing from fio.json", dir);
	return rc;
}

void compare_source_free(struct compare_source *s)
{
	compare_free(&s->side);
	json_decref(s->runs);
	json_decref(s->env);
	free(s->job);
}
