// SPDX-License-Identifier: GPL-2.0-only
#include "compare_load.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fiojson.h"
#include "nightload.h"
#include "page.h"
#include "store.h"

/* What must be one on a side: repeats of different systems are no repeats. */
static const char *const one_system[] = { "kernel", "kernel_build", "hz", "fio", "machine" };

/* A job of fio's, or a line of the engine's, with what tells to which job it belongs. */
struct part {
	const json_t *doc;
	const char *name;
	json_int_t group;
	size_t at;	/* its place in the file */
};

/* Parts in order of group, name and place. */
struct parts {
	struct part *one;
	size_t n;
};

/* An entry of fio's jobs and the engine's lines that belong to it. */
struct entry {
	const json_t *job;
	const struct part *lines;
	size_t n_lines;
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

static int by_job(const void *a, const void *b)
{
	const struct part *x = a, *y = b;
	int names = x->group == y->group ? strcmp(x->name, y->name) : 0;

	if (x->group != y->group)
		return x->group < y->group ? -1 : 1;
	return names ? names : (x->at > y->at) - (x->at < y->at);
}

/* Of ALL, an array of objects whose name is under KEY; -ENOMEM. */
static int sort_parts(struct parts *p, const json_t *all, const char *key)
{
	*p = (struct parts){ .one = calloc(json_array_size(all) + 1, sizeof(*p->one)), .n = json_array_size(all) };
	if (!p->one)
		return -ENOMEM;
	for (size_t i = 0; i < p->n; i++) {
		const json_t *doc = json_array_get(all, i);

		p->one[i] = (struct part){ doc, page_string(doc, key), json_integer_value(json_object_get(doc, "groupid")), i };
	}
	qsort(p->one, p->n, sizeof(*p->one), by_job);
	return 0;
}

/* The place of the first part that is not before GROUP and NAME. */
static size_t first_of(const struct parts *p, json_int_t group, const char *name)
{
	const struct part wanted = { .group = group, .name = name, .at = 0 };
	size_t low = 0, high = p->n;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (by_job(&p->one[middle], &wanted) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* Sum of the numbers under DOTTED over the lines of E; NaN when there is no line or one lacks it. */
static double engine_sum(const struct entry *e, const char *dotted)
{
	double sum = 0;

	for (size_t i = 0; i < e->n_lines; i++)
		sum += json_number_at(e->lines[i].doc, dotted);
	return e->n_lines ? sum : NAN;
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
	double ios = engine_sum(e, "completed"), fio_ios = fiojson_all_sides(e->job, "total_ios");
	unsigned i = c->n - 1;

	for (int m = 0; first && m < COMPARE_METRICS; m++)
		c->x[m][i] = NAN;
	for (size_t l = 0; l < sizeof(latencies) / sizeof(*latencies); l++)
		c->x[latencies[l].m][i] = first ? fiojson_percentile_us(e->job, latencies[l].side, latencies[l].pct) : NAN;
	if (!first) {
		c->x[COMPARE_IOPS][i] += fiojson_all_sides(e->job, "iops");
		if (!isfinite(ios))
			c->x[COMPARE_APP_CPU][i] = NAN;
		return;
	}
	c->x[COMPARE_IOPS][i] = fiojson_all_sides(e->job, "iops");
	c->x[COMPARE_SQ_CPU][i] = engine_sum(e, "sq_thread.cpu_us") / ios;
	c->x[COMPARE_APP_CPU][i] = isfinite(ios) ? engine_sum(e, "app_cpu_us") / ios : fiojson_cpu_us(e->job) / fio_ios;
	c->x[COMPARE_ENTERS][i] = engine_sum(e, "enters") / ios;
	c->x[COMPARE_WAKEUPS][i] = engine_sum(e, "wakeups") / ios;
}

/* The lines of JOB, which is ALONE in its group: then all of them. */
static struct entry entry_of(const struct part *job, bool alone, const struct parts *lines)
{
	size_t from = first_of(lines, job->group, alone ? "" : job->name), to = from;

	while (to < lines->n && lines->one[to].group == job->group && (alone || !strcmp(lines->one[to].name, job->name)))
		to++;
	return (struct entry){ job->doc, &lines->one[from], to - from };
}

/* JOB is the part AT of JOBS, and the next sample of its cell if it is the first entry of that job. */
static int add_entry(struct compare_source *s, const struct parts *jobs, size_t at, const struct parts *lines, const char *name, struct why *why)
{
	const struct part *job = &jobs->one[at];
	bool before = at && job[-1].group == job->group, after = at + 1 < jobs->n && job[1].group == job->group;
	bool first = !before || strcmp(job[-1].name, job->name) != 0;
	struct entry e = entry_of(job, !before && !after, lines);
	struct compare_cell *c = compare_cell(&s->side, name ? name : job->name);

	if (!c)
		return why_set(why, -ENOMEM, "out of memory");
	if (json_integer_value(json_object_get(job->doc, "error")))
		return why_set(why, -EIO, "job %s failed with error %d: run it again", job->name, (int)json_integer_value(json_object_get(job->doc, "error")));
	if (first && c->n == STATS_RATIO_N_MAX)
		return why_set(why, -E2BIG, "cell %s has more than %d repeats: give fewer runs", c->name, STATS_RATIO_N_MAX);
	if (first)
		c->n++;
	fill(c, &e, first);
	return 0;
}

/* All of JOBS in fio's order, or the first one as NAME. */
static int add_entries(struct compare_source *s, const json_t *jobs, const json_t *lines, const char *name, struct why *why)
{
	size_t n = json_array_size(jobs), *place = calloc(n + 1, sizeof(*place));
	struct parts sorted = { 0 }, said = { 0 };
	int rc = place ? sort_parts(&sorted, jobs, "jobname") : -ENOMEM;

	if (!rc)
		rc = sort_parts(&said, lines, "job");
	if (rc)
		why_set(why, rc, "out of memory");
	for (size_t i = 0; !rc && i < n; i++)
		place[sorted.one[i].at] = i;
	for (size_t i = 0; !rc && i < (name && n ? 1 : n); i++)
		rc = add_entry(s, &sorted, place[i], &said, name, why);
	free(sorted.one);
	free(said.one);
	free(place);
	return rc;
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
	if (!rc)
		rc = add_entries(s, jobs, lines, name, why);
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
		snprintf(name, sizeof(name), "%s, %s", page_string(end, "workload"), page_string(end, "arm"));
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
	return !strcmp(page_string(run, "kind"), "ring");
}

static int add_run(struct compare_source *s, const char *dir, struct why *why)
{
	json_t *run = read_doc(dir, "run.json", why), *end;
	bool tune = !strcmp(page_string(run, "kind"), "tune"), night = !strcmp(page_string(run, "kind"), "night"), ring = is_ring(run);
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
	if (night)
		return nightload_add(s, dir, why);
	end = read_doc(dir, "end.json", why);
	if (!end)
		rc = -EINVAL;
	else if (json_integer_value(json_object_get(end, "exit")) || *page_string(end, "failure"))
		rc = why_set(why, -EIO, "%s failed (%s): remove it or run it again", dir, page_string(end, "failure"));
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
		if (strcmp(page_string(one, "state"), "complete"))
			rc = why_set(why, -EINVAL, "%s is %s: let it end, resume it, or remove it", page_string(one, "dir"), page_string(one, "state"));
		else
			rc = add_run(s, page_string(one, "dir"), why);
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
	json_decref(s->key);
	free(s->job);
}
