// SPDX-License-Identifier: GPL-2.0-only
#include "cells.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "env.h"
#include "fiojson.h"
#include "proc.h"

#define PATIENCE_S 60		/* beyond its run time; far more than a stalled cell needs to say so */
#define LOST_IN_A_ROW_MAX 5

struct paths {
	char dir[PATH_MAX];
	char job[PATH_MAX];
	char json[PATH_MAX];
	char stats[PATH_MAX];
	char err[PATH_MAX];
	char end[PATH_MAX];
};

static int set_paths(struct paths *p, const char *dir)
{
	const struct {
		char *to;
		const char *name;
	} files[] = { { p->job, "job.fio" }, { p->json, "fio.json" }, { p->stats, "engine.jsonl" },
		      { p->err, "stderr.txt" }, { p->end, "cell.json" } };

	if (snprintf(p->dir, sizeof(p->dir), "%s", dir) >= (int)sizeof(p->dir))
		return -ENAMETOOLONG;
	for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++)
		if (store_path(files[i].to, PATH_MAX, dir, files[i].name))
			return -ENAMETOOLONG;
	return 0;
}

/* cells/NNNN, or the hidden directory in which it is made. */
static int cell_dir(char *out, const struct tune *t, unsigned index, bool making)
{
	char name[64];

	snprintf(name, sizeof(name), making ? "cells/.%04u.tmp" : "cells/%04u", index + 1);
	return store_path(out, PATH_MAX, t->run.dir, name);
}

static int write_job(const struct tune *t, const struct plan *plan, const struct cell *cell, const struct paths *p,
		     struct why *why)
{
	char *text = NULL;
	size_t size = 0;
	FILE *f = open_memstream(&text, &size);
	int rc;

	if (!f)
		return why_set(why, -ENOMEM, "out of memory");
	grid_job(f, &t->g, plan, cell, &t->target);
	fclose(f);
	rc = store_write(p->job, text, why);
	free(text);
	return rc;
}

static int run_fio(const struct tune *t, const struct plan *plan, const struct paths *p, struct progress *bar,
		   struct proc_end *end, struct why *why)
{
	char out[PATH_MAX + 16], name[PATH_MAX];
	char *argv[] = { (char *)t->fio.bin, "--readonly", "--output-format=json+", out, (char *)p->job, NULL };
	struct proc proc = { .argv = argv, .stdout_path = p->err, .stderr_path = p->err,
			     .lib_dir = fio_lib_dir(&t->fio), .timeout_s = plan->cell_ms / 1e3 + PATIENCE_S,
			     .stop_signal = SIGKILL, .tick = bar ? progress_tick : NULL, .ctx = bar };

	if (grid_quote_filename(name, sizeof(name), t->target.path) || setenv("FILENAME", name, 1) ||
	    setenv("STATS_FILE", p->stats, 1))
		return why_set(why, -EINVAL, "%s: fio cannot take this name: choose another --file or --out",
			       t->target.path);
	snprintf(out, sizeof(out), "--output=%s", p->json);
	return proc_run(&proc, end, why);
}

static json_t *cell_end(const struct tune *t, const struct cell *cell, const struct proc_end *end, double interrupts)
{
	char now[32];

	store_time(now, sizeof(now));
	return json_pack("{s:s, s:s, s:s, s:i, s:i, s:b, s:f, s:s, s:o}", "schema", "sqbench-cell/1", "workload",
			 t->g.w[cell->workload].name, "arm", t->g.a[cell->arm].name, "repeat", (int)cell->repeat + 1,
			 "exit", end->exit, "timed_out", end->timed_out, "wall_s", end->wall_s, "ended", now,
			 "interrupts", isfinite(interrupts) ? json_integer((json_int_t)interrupts) : json_null());
}

/* First line of fio's messages that says something, for one clear error. */
static void fio_said(const struct paths *p, char *out, size_t size)
{
	const char *files[] = { p->err, p->json };

	snprintf(out, size, "no message");
	for (size_t i = 0; i < 2; i++) {
		char *text = store_read(files[i], NULL);
		size_t skip = text ? strspn(text, "\n ") : 0, len = text ? strcspn(text + skip, "\n") : 0;

		if (len && text[skip] != '{') {
			snprintf(out, size, "%.*s", (int)(len > 400 ? 400 : len), text + skip);
			free(text);
			return;
		}
		free(text);
	}
}

static int read_engine(const struct paths *p, struct measure *m, struct why *why)
{
	json_t *lines = jsonl_load(p->stats, "sqpoll-stats/1", why), *one;

	if (!lines)
		return -EINVAL;
	one = json_array_get(lines, 0);
	if (!one) {
		json_decref(lines);
		return why_set(why, -EINVAL, "%s: the engine wrote no statistics line", p->stats);
	}
	m->sq_cores = json_number_at(one, "sq_thread.cpu_us") / json_number_at(one, "elapsed_us");
	m->idle_ms_effective = json_number_at(one, "idle_ms_effective");
	m->wakeups = json_number_at(one, "wakeups");
	m->enters = json_number_at(one, "enters");
	m->stalls = json_number_at(one, "stalls");
	m->cq_overflow = json_number_at(one, "cq_overflow");
	m->sq_cpu = isfinite(json_number_at(one, "sq_thread.cpu")) ? (int)json_number_at(one, "sq_thread.cpu") : -1;
	json_decref(lines);
	return 0;
}

static double read_interrupts(const struct paths *p)
{
	json_t *end = store_read_json(p->end, NULL);
	double n = json_number_at(end, "interrupts");

	json_decref(end);
	return n;
}

static int read_cell(const struct tune *t, const struct paths *p, struct measure *m, struct why *why)
{
	json_t *doc = fiojson_load(p->json, why);
	struct fio_result r;
	int rc = doc ? fiojson_result(doc, &r, why) : -EINVAL;

	json_decref(doc);
	if (rc)
		return rc;
	m->interrupts = read_interrupts(p);
	m->ios = r.ios;
	m->iops = r.iops;
	m->lat_mean_us = r.lat_mean_us;
	m->lat_ns = r.lat_ns;
	m->app_cores = (r.usr_cpu_pct + r.sys_cpu_pct) / 100 + FIO_CPU_LOST_MS / r.runtime_ms;
	if (t->g.a[m->at.arm].kind != ARM_PLAIN)
		rc = read_engine(p, m, why);
	else
		m->idle_ms_effective = m->wakeups = m->enters = NAN;
	m->cpu_us_per_io = (m->app_cores + m->sq_cores) * r.runtime_ms * 1e3 / r.ios;
	m->ok = !rc && !r.error && isfinite(m->lat_mean_us) && isfinite(m->cpu_us_per_io);
	return rc;
}

static int make_cell(const struct tune *t, const struct plan *plan, const struct cell *cell, const char *dir,
		     struct progress *bar, struct proc_end *end, struct why *why)
{
	double interrupts;
	struct paths p;
	json_t *doc;
	int rc;

	store_remove(dir);
	if (set_paths(&p, dir))
		return why_set(why, -ENAMETOOLONG, "%s: the path is too long: choose another --out", dir);
	rc = store_mkdirs(dir, why);
	if (!rc)
		rc = write_job(t, plan, cell, &p, why);
	interrupts = env_interrupts(t->device);
	if (!rc)
		rc = run_fio(t, plan, &p, bar, end, why);
	interrupts = env_interrupts(t->device) - interrupts;
	if (!rc && end->interrupted)
		rc = -EINTR;
	if (rc)
		return rc;
	doc = cell_end(t, cell, end, interrupts);
	rc = store_write_json(p.end, doc, why);
	json_decref(doc);
	return rc;
}

/* A trial of ARM in DIR; OVERHEAD_S gets what it took beyond its run time. */
static int trial(const struct tune *t, const char *dir, unsigned arm, double *overhead_s, struct why *why)
{
	struct plan plan = { .repeats = 1, .cell_ms = CELLS_CALIBRATE_MS };
	struct cell cell = { .workload = 0, .arm = arm };
	struct measure m = { .at = cell };
	struct proc_end end = { 0 };
	char said[512];
	struct paths p;
	int rc = make_cell(t, &plan, &cell, dir, NULL, &end, why);

	if (rc || set_paths(&p, dir))
		return rc ? rc : -ENAMETOOLONG;
	*overhead_s = end.wall_s - CELLS_CALIBRATE_MS / 1e3;
	if (!end.exit) {
		rc = read_cell(t, &p, &m, why);
		hist_free(&m.lat_ns);
		return rc;
	}
	fio_said(&p, said, sizeof(said));
	return why_set(why, -EIO, "a trial cell (%s on %s) failed with %d: %s%s", t->g.a[arm].name, t->target.path,
		       end.exit, said, t->g.a[arm].hipri ? "; leave polled arms out with --hipri no" : "");
}

int cells_calibrate(const struct tune *t, double *overhead_s, struct why *why)
{
	char dir[PATH_MAX];
	int rc = store_path(dir, sizeof(dir), t->run.dir, ".calibrate.tmp");

	*overhead_s = 0;
	for (unsigned i = 0; i < (t->g.hipri ? 4 : 2) && !rc; i++) {
		unsigned arm = i < 2 ? i : grid_arms_irq(&t->g) + i - 2;
		double first, second;

		/* The quicker of two: one disturbed start must not shorten all cells. */
		rc = trial(t, dir, arm, &first, why);
		if (!rc)
			rc = trial(t, dir, arm, &second, why);
		if (!rc)
			*overhead_s = fmax(*overhead_s, fmin(first, second));
	}
	store_remove(dir);
	return rc;
}

static int run_one(const struct tune *t, unsigned index, struct progress *bar, bool *lost, struct why *why)
{
	struct cell cell = grid_cell(&t->g, index);
	char making[PATH_MAX], made[PATH_MAX], label[96];
	struct proc_end end = { 0 };
	int rc;

	if (cell_dir(making, t, index, true) || cell_dir(made, t, index, false))
		return why_set(why, -ENAMETOOLONG, "%s: the path is too long: choose another --out", t->run.dir);
	snprintf(label, sizeof(label), "%s, %s, repeat %u/%u", t->g.w[cell.workload].name, t->g.a[cell.arm].name,
		 cell.repeat + 1, t->plan.repeats);
	progress_step(bar, label);
	rc = make_cell(t, &t->plan, &cell, making, bar, &end, why);
	if (rc) {
		store_remove(making);
		return rc;
	}
	*lost = end.exit != 0;
	return store_complete(making, made, why);
}

static unsigned cells_there(const struct tune *t, unsigned total)
{
	char dir[PATH_MAX];
	unsigned there = 0;

	for (unsigned i = 0; i < total; i++)
		there += !cell_dir(dir, t, i, false) && !access(dir, F_OK);
	return there;
}

int cells_run(const struct tune *t, double overhead_s, struct why *why)
{
	unsigned total = grid_cells(&t->g, &t->plan), lost_in_a_row = 0;
	struct progress bar;
	int rc = 0;

	progress_start(&bar, cells_there(t, total), total, t->plan.cell_ms / 1e3 + overhead_s);
	for (unsigned i = 0; i < total && !rc; i++) {
		char dir[PATH_MAX];
		bool lost = false;

		if (!cell_dir(dir, t, i, false) && !access(dir, F_OK))
			continue;
		rc = proc_interrupted() ? -EINTR : run_one(t, i, &bar, &lost, why);
		bar.done++;
		lost_in_a_row = lost ? lost_in_a_row + 1 : 0;
		if (!rc && lost_in_a_row == LOST_IN_A_ROW_MAX)
			rc = why_set(why, -EIO, "%u cells in a row failed: read %s/stderr.txt", lost_in_a_row, dir);
	}
	progress_end(&bar);
	return rc;
}

int cells_load(const struct tune *t, struct measure **m, struct why *why)
{
	unsigned total = grid_cells(&t->g, &t->plan);
	struct measure *all = calloc(total, sizeof(*all));

	*m = all;
	if (!all)
		return why_set(why, -ENOMEM, "out of memory");
	for (unsigned i = 0; i < total; i++) {
		char dir[PATH_MAX];
		struct paths p;

		all[i].at = grid_cell(&t->g, i);
		all[i].sq_cpu = -1;
		if (cell_dir(dir, t, i, false) || set_paths(&p, dir))
			return why_set(why, -ENAMETOOLONG, "%s: the path is too long", t->run.dir);
		/* A cell that cannot be read is lost, not fatal: it is counted in the warnings. */
		if (read_cell(t, &p, &all[i], NULL))
			all[i].ok = false;
	}
	return 0;
}

void cells_free(struct measure *m, size_t n)
{
	for (size_t i = 0; m && i < n; i++)
		hist_free(&m[i].lat_ns);
	free(m);
}
