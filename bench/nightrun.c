// SPDX-License-Identifier: GPL-2.0-only
#include "night.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fiojson.h"
#include "proc.h"
#include "store.h"

#define SETTLE_S 0.7		/* what a fio run takes beyond its run time, about */
#define PATIENCE_S 60
#define UNTIMED_S 10		/* guess at a cell that ends by itself, until it ran */

const struct night_about night_about[NIGHT_METRICS] = {
	[NIGHT_IOPS] = { "iops", "IOPS", true, true, 0.01 },
	[NIGHT_P50] = { "lat_us_p50", "latency p50, us", false, true, 0.02 },
	[NIGHT_P99] = { "lat_us_p99", "latency p99, us", false, true, 0.05 },
	[NIGHT_CPU] = { "cpu_us_per_io", "CPU, us per I/O", false, true, 0.02 },
	[NIGHT_SQ_CPU] = { "sq_cpu_us_per_io", "SQ thread, us per I/O", false, false, 0.02 },
	[NIGHT_ENTERS] = { "enters_per_io", "io_uring_enter per I/O", false, false, 0.02 },
	[NIGHT_WAKEUPS] = { "wakeups_per_io", "wake-ups per I/O", false, false, 0.02 },
};

struct paths {
	char job[PATH_MAX], json[PATH_MAX], stats[PATH_MAX], err[PATH_MAX];
};

static int path_of(char *out, const struct night *n, const char *name, struct why *why)
{
	if (!store_path(out, PATH_MAX, n->dir, name))
		return 0;
	return why_set(why, -ENAMETOOLONG, "%s: the path is too long: choose another --out", n->dir);
}

static int set_paths(struct paths *p, const struct night *n, const struct night_cell *c, bool keep, struct why *why)
{
	char stem[PLAINNAME_MAX + 16], name[PLAINNAME_MAX + 32];
	int rc;

	snprintf(stem, sizeof(stem), keep ? "fio/%s.%02u" : "fio/%s.warm-up", c->what->name, c->n + 1);
	rc = path_of(p->job, n, "cell.fio", why);
	if (!rc)
		rc = path_of(p->err, n, "cell.messages", why);
	snprintf(name, sizeof(name), "%s.json", stem);
	if (!rc)
		rc = path_of(p->json, n, name, why);
	snprintf(name, sizeof(name), "%s.jsonl", stem);
	return rc ? rc : path_of(p->stats, n, name, why);
}

static int write_job(const struct night *n, const struct paths *p, const struct night_cell *c, struct why *why)
{
	bool ours = !strcmp(suite_option(c->what, "ioengine"), "sqpoll"), bad;
	FILE *f = fopen(p->job, "we");

	if (!f)
		return why_set(why, -errno, "%s: cannot be written: %s", p->job, strerror(errno));
	fprintf(f, "%sgroup_reporting=1\n", c->what->text);
	if (ours)
		fprintf(f, "stats_file=%s\n", n->remote ? "client:" : p->stats);
	bad = ferror(f);
	if (fclose(f) || bad)
		return why_set(why, -EIO, "%s: cannot be written: %s", p->job, strerror(errno));
	return 0;
}

static int run_client(struct night *n, const struct paths *p, const struct night_cell *c, struct proc_end *end, struct why *why)
{
	static struct remote_args a;
	int rc = remote_args(&a, &n->fio, n->remote->address, "json", !n->readonly, p->json, p->job, why);

	return rc ? rc : proc_run(&(struct proc){ .argv = a.argv, .stderr_path = p->err, .lib_dir = fio_lib_dir(&n->fio), .timeout_s = c->what->seconds + REMOTE_PATIENCE_S,
						  .stop_signal = SIGINT, .tick = progress_tick, .ctx = &n->bar }, end, why);
}

/* What the server sent, into the files that a local fio would have left; SAID is why there are no results. */
static int take_remote(const struct night *n, const struct paths *p, const struct proc_end *end, char *said, size_t size, struct why *why)
{
	char *output = access(p->json, F_OK) ? strdup("") : store_read(p->json, why), *lines = output ? remote_stats(output) : NULL;
	struct why failed = { "" };
	int rc = lines ? 0 : -ENOMEM;

	if (!rc && remote_outcome(n->remote->name, output, end, &failed))
		snprintf(said, size, "%.*s", (int)size - 1, failed.text);
	if (!rc && *lines)
		rc = store_write(p->stats, lines, why);
	free(lines);
	free(output);
	return rc;
}

static int run_fio(struct night *n, const struct paths *p, const struct night_cell *c, struct proc_end *end, struct why *why)
{
	char output[PATH_MAX + 16];
	char *argv[8];
	int i = 0;

	snprintf(output, sizeof(output), "--output=%s", p->json);
	argv[i++] = (char *)n->fio.bin;
	argv[i++] = "--output-format=json";
	argv[i++] = output;
	if (n->readonly)
		argv[i++] = "--readonly";
	argv[i++] = (char *)p->job;
	argv[i] = NULL;
	return proc_run(&(struct proc){ .argv = argv, .stderr_path = p->err, .lib_dir = fio_lib_dir(&n->fio), .timeout_s = c->what->seconds + PATIENCE_S,
					.stop_signal = SIGINT, .tick = progress_tick, .ctx = &n->bar }, end, why);
}

/* The sum over all jobs' lines; NaN where one does not tell. */
static double engine_sum(const json_t *lines, const char *key)
{
	double sum = json_array_size(lines) ? 0 : NAN;
	const json_t *line;
	size_t i;

	json_array_foreach(lines, i, line)
		sum += json_number_at(line, key);
	return sum;
}

/* Of reads, or of writes where nothing is read. */
static double percentile_us(const json_t *job, const char *pct)
{
	static const char *const sides[] = { "read", "write", "trim" };
	double us = NAN;

	for (size_t s = 0; s < sizeof(sides) / sizeof(*sides) && !isfinite(us); s++)
		us = fiojson_percentile_us(job, sides[s], pct);
	return us;
}

static void take_values(struct night_cell *c, const json_t *job, const json_t *lines)
{
	double ios = engine_sum(lines, "completed"), sq_us = engine_sum(lines, "sq_thread.cpu_us"), fio_ios = fiojson_all_sides(job, "total_ios");
	const double values[NIGHT_METRICS] = {
		[NIGHT_IOPS] = fiojson_all_sides(job, "iops"),
		[NIGHT_P50] = percentile_us(job, "50.000000"),
		[NIGHT_P99] = percentile_us(job, "99.000000"),
		[NIGHT_CPU] = isfinite(ios) ? (engine_sum(lines, "app_cpu_us") + sq_us) / ios : fiojson_cpu_us(job) / fio_ios,
		[NIGHT_SQ_CPU] = sq_us / ios,
		[NIGHT_ENTERS] = engine_sum(lines, "enters") / ios,
		[NIGHT_WAKEUPS] = engine_sum(lines, "wakeups") / ios,
	};

	for (int m = 0; m < NIGHT_METRICS; m++)
		c->x[m][c->n] = values[m];
	c->n++;
}

static void take_engine(struct night *n, struct night_cell *c, const json_t *line)
{
	const char *version = json_string_value(json_object_get(line, "engine_version"));
	const json_t *place = json_object_get(line, "place"), *thread = json_object_get(line, "sq_thread");

	snprintf(n->engine, sizeof(n->engine), "%s", version ? version : "");
	json_decref(c->place);
	c->place = json_pack("{s:O?, s:O?, s:O?}", "class", json_object_get(place, "class"), "job_cpu", json_object_get(place, "job_cpu"), "sq_cpu", json_object_get(thread, "cpu"));
}

/* Why there are no results, into SAID; empty when there may be some. */
static int explain_end(const struct night *n, const struct night_cell *c, const struct paths *p, const struct proc_end *end, char *said, size_t size, struct why *why)
{
	*said = '\0';
	if (n->remote)
		return take_remote(n, p, end, said, size, why);
	if (end->timed_out)
		snprintf(said, size, "fio did not end within %.0f s and was stopped", c->what->seconds + PATIENCE_S);
	else if (end->exit && !fio_complaint(p->err, said, size) && !fio_complaint(p->json, said, size))
		snprintf(said, size, "fio failed with %d", end->exit);
	return 0;
}

/* What fio and the engine left; a cell that failed has its reason. */
static void take_results(struct night *n, struct night_cell *c, const struct paths *p)
{
	struct why why = { "" };
	json_t *doc = fiojson_load(p->json, &why), *lines = doc && !access(p->stats, F_OK) ? jsonl_load(p->stats, "sqpoll-stats/1", &why) : NULL;
	const json_t *job = json_array_get(json_object_get(doc, "jobs"), 0), *first = json_array_get(lines, 0);
	int error = (int)json_integer_value(json_object_get(job, "error"));

	if (*why.text)
		snprintf(c->reason, sizeof(c->reason), "%.390s", why.text);
	else if (error || !(fiojson_all_sides(job, "total_ios") > 0))
		snprintf(c->reason, sizeof(c->reason), "fio did no I/O, or failed with error %d", error);
	else
		take_values(c, job, lines);
	if (first)
		take_engine(n, c, first);
	json_decref(lines);
	json_decref(doc);
}

static int conclude_run(struct night *n, struct night_cell *c, const struct paths *p, const struct proc_end *end, struct why *why)
{
	int rc;

	if (end->interrupted)
		return why_set(why, -EINTR, "interrupted: nothing of this night is kept");
	rc = explain_end(n, c, p, end, c->reason, sizeof(c->reason), why);
	if (rc)
		return rc;
	if (!*c->reason)
		take_results(n, c, p);
	/* A host that is gone would cost the time to find that out for each cell. */
	if (n->remote && *c->reason && remote_connect(n->remote->name, n->remote->address, REMOTE_CONNECT_S, why))
		return -EHOSTDOWN;
	return 0;
}

int night_run_cell(struct night *n, size_t cell, bool keep, struct why *why)
{
	struct night_cell *c = &n->cell[cell], before = *c;
	struct proc_end end = { 0 };
	struct paths p;
	double start = proc_now_s();
	int rc = set_paths(&p, n, c, keep, why);

	if (!rc)
		rc = write_job(n, &p, c, why);
	if (!rc)
		rc = n->remote ? run_client(n, &p, c, &end, why) : run_fio(n, &p, c, &end, why);
	if (!rc)
		rc = conclude_run(n, c, &p, &end, why);
	unlink(p.job);
	unlink(p.err);
	if (!keep) {
		unlink(p.json);
		unlink(p.stats);
		c->n = before.n;
	}
	c->wall_s = proc_now_s() - start;
	return rc;
}

static double expected_s(const struct night_cell *c)
{
	if (c->wall_s > 0)
		return c->wall_s;
	return c->what->seconds > 0 ? c->what->seconds + SETTLE_S : UNTIMED_S;
}

static bool time_for(const struct night *n, const struct night_cell *c)
{
	return proc_now_s() + expected_s(c) <= n->deadline_s;
}

/* One round of the COUNT cells in ORDER; *RAN says how many there was time for. */
static int run_round(struct night *n, const size_t *order, size_t count, unsigned round, size_t *ran, struct why *why)
{
	char label[PLAINNAME_MAX + 32];
	int rc = 0;

	*ran = 0;
	for (size_t k = 0; k < count && !rc; k++) {
		size_t at = order[round % 2 ? count - 1 - k : k];
		struct night_cell *c = &n->cell[at];

		if (*c->reason || c->n == NIGHT_REPEATS_MAX)
			continue;
		if (!time_for(n, c))
			break;
		snprintf(label, sizeof(label), "%s, repeat %u", c->what->name, c->n + 1);
		progress_step(&n->bar, label);
		rc = night_run_cell(n, at, true, why);
		n->bar.done++;
		if (n->bar.done >= n->bar.total)
			n->bar.total = n->bar.done + 1;
		++*ran;
	}
	return rc;
}

static void skip(struct night_cell *c, const char *reason)
{
	c->skipped = true;
	snprintf(c->reason, sizeof(c->reason), "%.390s", reason);
}

/* How many of the cells can have ROUNDS rounds in the time that is left. */
static size_t fitting(struct night *n, const size_t *order, unsigned rounds)
{
	double left = n->deadline_s - proc_now_s();
	size_t k = 0;

	while (k < n->n && (left -= rounds * expected_s(&n->cell[order[k]])) >= 0)
		k++;
	for (size_t i = k; i < n->n; i++)
		skip(&n->cell[order[i]], "the night's budget has no time for it: raise --budget");
	return k;
}

struct urgent {
	size_t cell;
	double score;
};

static int by_score(const void *a, const void *b)
{
	const struct urgent *x = a, *y = b;

	return (x->score < y->score) - (x->score > y->score);
}

/* The cells of ORDER that want more, most urgent first, into WANTING. */
static size_t pick(struct night *n, const size_t *order, size_t count, unsigned max, night_urgency urgency, void *ctx, size_t *wanting)
{
	struct urgent *u = calloc(count + 1, sizeof(*u));
	size_t k = 0;

	for (size_t i = 0; u && i < count; i++) {
		const struct night_cell *c = &n->cell[order[i]];
		double score = c->n && c->n < max && !*c->reason ? urgency(ctx, order[i]) : 0;

		if (score > 0)
			u[k++] = (struct urgent){ order[i], score };
	}
	if (k)
		qsort(u, k, sizeof(*u), by_score);
	for (size_t i = 0; i < k; i++)
		wanting[i] = u[i].cell;
	free(u);
	return k;
}

int night_run(struct night *n, const size_t *order, const struct night_rounds *rounds, night_urgency urgency, void *ctx, struct why *why)
{
	size_t *wanting = calloc(n->n + 1, sizeof(*wanting)), count = fitting(n, order, rounds->min), ran = 1;
	double seconds = 0;
	int rc = wanting ? 0 : why_set(why, -ENOMEM, "out of memory");

	for (size_t i = 0; i < count; i++)
		seconds += expected_s(&n->cell[order[i]]);
	progress_start(&n->bar, 0, (unsigned)count * rounds->usual + 1, count ? seconds / (double)count : 1);
	if (!rc && count) {
		progress_step(&n->bar, "warm-up");
		rc = night_run_cell(n, order[0], false, why);
		n->bar.done++;
	}
	for (unsigned r = 0; r < rounds->usual && !rc && ran; r++)
		rc = run_round(n, order, count, r, &ran, why);
	for (unsigned r = 0; r < rounds->max && !rc && ran; r++) {
		size_t k = urgency ? pick(n, order, count, rounds->max, urgency, ctx, wanting) : 0;

		rc = k ? run_round(n, wanting, k, 0, &ran, why) : 0;
		if (!k)
			break;
	}
	progress_end(&n->bar);
	free(wanting);
	for (size_t i = 0; i < n->n && rc == -EHOSTDOWN; i++)
		if (!n->cell[i].n)
			skip(&n->cell[i], why->text);
	return rc;
}
