// SPDX-License-Identifier: GPL-2.0-only
#include "runindex.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "runindex_db.h"
#include "store.h"

enum { BUSY_MS = 30000 };

/* A run as it is known to runindex_history(); COLUMNS are its texts in the order of struct runindex_night. */
enum { COLUMNS = 9 };
struct known_run {
	sqlite3_int64 id;
	char *text[COLUMNS];
};

struct runindex {
	struct runindex_db db;
	struct known_run *run;	/* by id; read when points are first asked for */
	size_t runs;
	bool runs_known;
	sqlite3_stmt *history;
};

/* A point of the cell that is being gone through. */
struct found {
	const struct known_run *run;
	double median;
	unsigned n;
};

/* The columns of a known run. */
enum { NAME, CREATED, KERNEL, KERNEL_BUILD, FIO, ENGINE, DEVICE, FIRMWARE, KEY };

int runindex_failed(const struct runindex_db *db, struct why *why)
{
	if (sqlite3_errcode(db->sql) == SQLITE_FULL)
		return why_set(why, -ENOSPC, "%s: the disk is full: make room; no run is lost by it", db->path);
	return why_set(why, -EIO, "%s: %s: it may be deleted, and is made again", db->path, sqlite3_errmsg(db->sql));
}

int runindex_execute(const struct runindex_db *db, const char *sql, struct why *why)
{
	return sqlite3_exec(db->sql, sql, NULL, NULL, NULL) == SQLITE_OK ? 0 : runindex_failed(db, why);
}

sqlite3_stmt *runindex_prepare(const struct runindex_db *db, const char *sql)
{
	sqlite3_stmt *s = NULL;

	return sqlite3_prepare_v2(db->sql, sql, -1, &s, NULL) == SQLITE_OK ? s : NULL;
}

/* The first column of the first row; -1 when there is none. */
static sqlite3_int64 number_of(sqlite3_stmt *s)
{
	sqlite3_int64 v = s && sqlite3_step(s) == SQLITE_ROW ? sqlite3_column_int64(s, 0) : -1;

	sqlite3_finalize(s);
	return v;
}

static int version_of(const struct runindex_db *db)
{
	return (int)number_of(runindex_prepare(db, "PRAGMA user_version"));
}

static void close_db(struct runindex_db *db)
{
	sqlite3_close(db->sql);
	db->sql = NULL;
}

static int open_db(struct runindex_db *db, struct why *why)
{
	if (sqlite3_open(db->path, &db->sql) != SQLITE_OK)
		return runindex_failed(db, why);
	sqlite3_busy_timeout(db->sql, BUSY_MS);
	return 0;
}

/* A night's values go to as many pages as there are cells and metrics: all of these stay in memory, 64 MB at most. */
static int settle(const struct runindex_db *db, struct why *why)
{
	return runindex_execute(db, "PRAGMA foreign_keys = ON; PRAGMA cache_size = -65536", why);
}

/* Version 0 is an empty file; what cannot be read has none. */
static int make_current(struct runindex_db *db, struct why *why)
{
	int version = version_of(db), rc = 0;

	if (version == RUNINDEX_VERSION && sqlite3_exec(db->sql, "SELECT count(*) FROM run", NULL, NULL, NULL) == SQLITE_OK)
		return settle(db, why);
	if (version != 0) {
		close_db(db);
		if (unlink(db->path) && errno != ENOENT)
			return why_set(why, -errno, "%s: %s", db->path, strerror(errno));
		rc = open_db(db, why);
	}
	if (!rc)
		rc = runindex_execute(db, "BEGIN IMMEDIATE", why);
	/* another process may have been faster */
	if (!rc && version_of(db) == 0)
		rc = runindex_execute(db, runindex_schema, why);
	if (!rc)
		rc = runindex_execute(db, "COMMIT", why);
	return rc ? rc : settle(db, why);
}

static int open_all(struct runindex_db *db, const char *out, struct why *why)
{
	int rc = 0;

	if (access(out, F_OK))
		rc = why_set(why, -ENOENT, "%s: %s: name the --out of your runs", out, strerror(errno));
	if (!rc && store_path(db->path, sizeof(db->path), out, "index.sqlite"))
		rc = why_set(why, -ENAMETOOLONG, "%s: the path is too long", out);
	if (!rc)
		rc = open_db(db, why);
	if (!rc)
		rc = make_current(db, why);
	return rc ? rc : runindex_update(db, out, why);
}

struct runindex *runindex_open(const char *out, struct why *why)
{
	struct runindex *x = calloc(1, sizeof(*x));

	if (!x) {
		why_set(why, -ENOMEM, "out of memory");
		return NULL;
	}
	if (!open_all(&x->db, out, why))
		return x;
	runindex_close(x);
	return NULL;
}

void runindex_close(struct runindex *x)
{
	if (!x)
		return;
	sqlite3_finalize(x->history);
	for (size_t i = 0; i < x->runs; i++)
		for (int c = 0; c < COLUMNS; c++)
			free(x->run[i].text[c]);
	free(x->run);
	close_db(&x->db);
	free(x);
}

unsigned runindex_hosts(struct runindex *x)
{
	sqlite3_int64 n = number_of(runindex_prepare(&x->db, "SELECT count(DISTINCT host) FROM cell WHERE EXISTS (SELECT 1 FROM value WHERE value.cell = cell.id)"));

	return n < 0 ? 0 : (unsigned)n;
}

static const char *text(sqlite3_stmt *q, int column)
{
	const char *s = (const char *)sqlite3_column_text(q, column);

	return s ? s : "";
}

static int keep_run(struct runindex *x, sqlite3_stmt *q, struct why *why)
{
	struct known_run *r;

	if (!(x->runs & (x->runs - 1))) {
		r = realloc(x->run, (x->runs ? 2 * x->runs : 1) * sizeof(*r));
		if (!r)
			return why_set(why, -ENOMEM, "out of memory");
		x->run = r;
	}
	r = &x->run[x->runs];
	*r = (struct known_run){ .id = sqlite3_column_int64(q, 0) };
	x->runs++;
	for (int c = 0; c < COLUMNS; c++) {
		r->text[c] = strdup(text(q, c + 1));
		if (!r->text[c])
			return why_set(why, -ENOMEM, "out of memory");
	}
	return 0;
}

/* Runs are few, and each is in as many answers as there are cells and metrics. */
static int know_runs(struct runindex *x, struct why *why)
{
	sqlite3_stmt *q;
	int rc = 0, step = SQLITE_DONE;

	if (x->runs_known)
		return 0;
	q = runindex_prepare(&x->db, "SELECT id, name, created, kernel, kernel_build, fio, engine, device, firmware, key FROM run ORDER BY id");
	if (!q)
		return runindex_failed(&x->db, why);
	while (!rc && (step = sqlite3_step(q)) == SQLITE_ROW)
		rc = keep_run(x, q, why);
	if (!rc && step != SQLITE_DONE)
		rc = runindex_failed(&x->db, why);
	sqlite3_finalize(q);
	x->runs_known = !rc;
	return rc;
}

static int by_id(const void *a, const void *b)
{
	const sqlite3_int64 *id = a;
	const struct known_run *r = b;

	return (*id > r->id) - (*id < r->id);
}

/* HINT: where it may be, as runs come in order. NULL when another process has added it since. */
static const struct known_run *find_run(const struct runindex *x, sqlite3_int64 id, const struct known_run *hint)
{
	if (hint && hint < x->run + x->runs && hint->id == id)
		return hint;
	if (!x->run)
		return NULL;
	return bsearch(&id, x->run, x->runs, sizeof(*hint), by_id);
}

/* By system, and those of one in order of time. */
static int by_system(const void *a, const void *b)
{
	const struct found *f = a, *g = b;
	int devices = strcmp(f->run->text[DEVICE], g->run->text[DEVICE]), kernels = devices ? 0 : strcmp(f->run->text[KERNEL], g->run->text[KERNEL]);

	return devices ? devices : kernels ? kernels : (f->run > g->run) - (f->run < g->run);
}

/* The points of one cell. */
struct gone_through {
	struct found *found;
	size_t n, room;
	char *host, *cell;
};

static int tell(struct gone_through *g, const struct runindex_wanted *w, int (*fn)(void *ctx, const struct runindex_point *p), void *ctx)
{
	int rc = 0;

	if (w->by_system && g->n)
		qsort(g->found, g->n, sizeof(*g->found), by_system);
	for (size_t i = 0; !rc && i < g->n; i++) {
		char *const *t = g->found[i].run->text;
		const struct runindex_point p = { t[NAME], t[CREATED], t[KERNEL], t[FIO], t[ENGINE], t[DEVICE], g->host, g->cell, g->found[i].median, g->found[i].n };

		rc = fn(ctx, &p);
	}
	g->n = 0;
	return rc;
}

static int next_cell(struct gone_through *g, sqlite3_stmt *q)
{
	free(g->host);
	free(g->cell);
	g->host = strdup(text(q, 1));
	g->cell = strdup(text(q, 2));
	return g->host && g->cell ? 0 : -ENOMEM;
}

static int add_found(struct gone_through *g, const struct runindex *x, sqlite3_stmt *q)
{
	const struct known_run *run = find_run(x, sqlite3_column_int64(q, 3), g->n ? g->found[g->n - 1].run + 1 : x->run);

	if (!run)
		return 0;
	if (g->n == g->room) {
		size_t room = g->room ? 2 * g->room : 64;
		struct found *found = realloc(g->found, room * sizeof(*found));

		if (!found)
			return -ENOMEM;
		g->found = found;
		g->room = room;
	}
	g->found[g->n++] = (struct found){ run, sqlite3_column_double(q, 4), (unsigned)sqlite3_column_int(q, 5) };
	return 0;
}

/* CROSS: in this order, which is that of the key; a run's id is its time. */
static sqlite3_stmt *prepare_each(const struct runindex *x, const struct runindex_wanted *w)
{
	sqlite3_stmt *q = runindex_prepare(&x->db, "SELECT cell.id, cell.host, cell.name, value.run, value.median, value.n FROM cell CROSS JOIN value ON value.cell = cell.id"
						   " WHERE value.metric = ?1 AND (?2 IS NULL OR cell.name = ?2) AND (?3 IS NULL OR cell.host = ?3) ORDER BY cell.id, value.run");

	if (!q)
		return NULL;
	sqlite3_bind_int(q, 1, (int)w->m);
	if (w->cell)
		sqlite3_bind_text(q, 2, w->cell, -1, SQLITE_TRANSIENT);
	if (w->host)
		sqlite3_bind_text(q, 3, w->host, -1, SQLITE_TRANSIENT);
	return q;
}

int runindex_each(struct runindex *x, const struct runindex_wanted *w, int (*fn)(void *ctx, const struct runindex_point *p), void *ctx, struct why *why)
{
	struct gone_through g = { 0 };
	int rc = know_runs(x, why), step = SQLITE_DONE;
	sqlite3_int64 cell = -1;
	sqlite3_stmt *q = rc ? NULL : prepare_each(x, w);

	if (!rc && !q)
		rc = runindex_failed(&x->db, why);
	while (!rc && (step = sqlite3_step(q)) == SQLITE_ROW) {
		if (sqlite3_column_int64(q, 0) != cell) {
			cell = sqlite3_column_int64(q, 0);
			rc = tell(&g, w, fn, ctx);
			if (!rc && next_cell(&g, q))
				rc = why_set(why, -ENOMEM, "out of memory");
		}
		if (!rc && add_found(&g, x, q))
			rc = why_set(why, -ENOMEM, "out of memory");
	}
	if (!rc && step != SQLITE_DONE)
		rc = runindex_failed(&x->db, why);
	if (!rc)
		rc = tell(&g, w, fn, ctx);
	sqlite3_finalize(q);
	free(g.found);
	free(g.host);
	free(g.cell);
	return rc;
}

/* Room for one more night, and for N more values behind the ALREADY there; what is there doubles. */
static int make_room(struct runindex_nights *nights, size_t already, size_t n)
{
	if (already + n > nights->room) {
		size_t room = 2 * (already + n);
		double *all = realloc(nights->all, room * sizeof(*all));

		if (!all)
			return -ENOMEM;
		nights->all = all;
		nights->room = room;
	}
	if (!(nights->n & (nights->n - 1))) {
		struct runindex_night *night = realloc(nights->night, (nights->n ? 2 * nights->n : 1) * sizeof(*night));

		if (!night)
			return -ENOMEM;
		nights->night = night;
	}
	return 0;
}

/* Newest first, with their values in one piece that moves as it grows: where those of a night begin is set at the end. LAST: the run before, then this one. */
static int add_night(const struct runindex *x, sqlite3_stmt *q, struct runindex_nights *nights, size_t *values, const struct known_run **last)
{
	const struct known_run *r = find_run(x, sqlite3_column_int64(q, 0), *last && *last > x->run ? *last - 1 : NULL);
	size_t n = (size_t)sqlite3_column_bytes(q, 1) / sizeof(double);

	if (!r)
		return 0;
	if (make_room(nights, *values, n))
		return -ENOMEM;
	if (n)
		memcpy(nights->all + *values, sqlite3_column_blob(q, 1), n * sizeof(double));
	nights->night[nights->n++] = (struct runindex_night){ r->text[NAME], r->text[CREATED], r->text[KERNEL], r->text[KERNEL_BUILD], r->text[FIO], r->text[ENGINE],
							      r->text[DEVICE], r->text[FIRMWARE], r->text[KEY], NULL, (unsigned)n };
	*values += n;
	*last = r;
	return 0;
}

static void oldest_first(struct runindex_nights *nights)
{
	double *at = nights->all;

	for (size_t i = 0; i < nights->n; i++) {
		nights->night[i].x = at;
		at += nights->night[i].n;
	}
	for (size_t i = 0; i < nights->n / 2; i++) {
		struct runindex_night other = nights->night[i];

		nights->night[i] = nights->night[nights->n - 1 - i];
		nights->night[nights->n - 1 - i] = other;
	}
}

int runindex_history(struct runindex *x, const char *host, const char *cell, enum compare_metric m, size_t nights_max, struct runindex_nights *nights, struct why *why)
{
	const struct known_run *last = NULL;
	size_t values = 0;
	int rc, step = SQLITE_DONE;

	*nights = (struct runindex_nights){ 0 };
	rc = know_runs(x, why);
	if (rc)
		return rc;
	if (!x->history)
		x->history = runindex_prepare(&x->db, "SELECT value.run, value.repeats FROM cell CROSS JOIN value ON value.cell = cell.id"
						      " WHERE cell.name = ?1 AND cell.host = ?2 AND value.metric = ?3 ORDER BY value.run DESC LIMIT ?4");
	if (!x->history)
		return runindex_failed(&x->db, why);
	sqlite3_reset(x->history);
	sqlite3_bind_text(x->history, 1, cell, -1, SQLITE_TRANSIENT);
	sqlite3_bind_text(x->history, 2, host, -1, SQLITE_TRANSIENT);
	sqlite3_bind_int(x->history, 3, (int)m);
	sqlite3_bind_int64(x->history, 4, (sqlite3_int64)nights_max);
	while (!rc && (step = sqlite3_step(x->history)) == SQLITE_ROW)
		rc = add_night(x, x->history, nights, &values, &last) ? why_set(why, -ENOMEM, "out of memory") : 0;
	if (!rc && step != SQLITE_DONE)
		rc = runindex_failed(&x->db, why);
	sqlite3_reset(x->history);
	if (!rc)
		oldest_first(nights);
	return rc;
}

void runindex_nights_free(struct runindex_nights *nights)
{
	free(nights->night);
	free(nights->all);
	*nights = (struct runindex_nights){ 0 };
}
