// SPDX-License-Identifier: GPL-2.0-only
#include "runindex.h"

#include <errno.h>
#include <math.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "compare_load.h"
#include "store.h"

enum { VERSION = 1, BUSY_MS = 30000 };

/* One row for a cell and metric of a run; REPEATS are its values as doubles of this machine. */
static const char schema[] =
	"CREATE TABLE run (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, created TEXT NOT NULL, kind TEXT NOT NULL, job TEXT, cells INTEGER NOT NULL, reason TEXT,"
	" kernel TEXT, kernel_build TEXT, hz INTEGER, fio TEXT, engine TEXT, device TEXT, env TEXT);"
	"CREATE TABLE cell (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);"
	"CREATE TABLE value (cell INTEGER NOT NULL, metric INTEGER NOT NULL, run INTEGER NOT NULL REFERENCES run ON DELETE CASCADE, median REAL NOT NULL, n INTEGER NOT NULL,"
	" repeats BLOB NOT NULL, PRIMARY KEY (cell, metric, run)) WITHOUT ROWID;"
	"CREATE INDEX value_run ON value (run);"
	"PRAGMA user_version = 1;";

struct runindex {
	sqlite3 *db;
	char path[PATH_MAX];
};

static int failed(const struct runindex *x, struct why *why)
{
	return why_set(why, -EIO, "%s: %s: it may be deleted, and is made again", x->path, sqlite3_errmsg(x->db));
}

static int execute(const struct runindex *x, const char *sql, struct why *why)
{
	return sqlite3_exec(x->db, sql, NULL, NULL, NULL) == SQLITE_OK ? 0 : failed(x, why);
}

static sqlite3_stmt *prepare(const struct runindex *x, const char *sql)
{
	sqlite3_stmt *s = NULL;

	return sqlite3_prepare_v2(x->db, sql, -1, &s, NULL) == SQLITE_OK ? s : NULL;
}

static void bind_text(sqlite3_stmt *s, int at, const json_t *o, const char *key)
{
	const char *text = json_string_value(json_object_get(o, key));

	if (text)
		sqlite3_bind_text(s, at, text, -1, SQLITE_TRANSIENT);
}

/* The first column of the first row; -1 when there is none. */
static sqlite3_int64 number_of(sqlite3_stmt *s)
{
	sqlite3_int64 v = s && sqlite3_step(s) == SQLITE_ROW ? sqlite3_column_int64(s, 0) : -1;

	sqlite3_finalize(s);
	return v;
}

static int version_of(const struct runindex *x)
{
	return (int)number_of(prepare(x, "PRAGMA user_version"));
}

static void close_db(struct runindex *x)
{
	sqlite3_close(x->db);
	x->db = NULL;
}

static int open_db(struct runindex *x, struct why *why)
{
	if (sqlite3_open(x->path, &x->db) != SQLITE_OK)
		return failed(x, why);
	sqlite3_busy_timeout(x->db, BUSY_MS);
	return 0;
}

/* Version 0 is an empty file; what cannot be read has none. */
static int make_current(struct runindex *x, struct why *why)
{
	int version = version_of(x), rc = 0;

	if (version == VERSION && sqlite3_exec(x->db, "SELECT count(*) FROM run", NULL, NULL, NULL) == SQLITE_OK)
		return execute(x, "PRAGMA foreign_keys = ON", why);
	if (version != 0) {
		close_db(x);
		if (unlink(x->path) && errno != ENOENT)
			return why_set(why, -errno, "%s: %s", x->path, strerror(errno));
		rc = open_db(x, why);
	}
	if (!rc)
		rc = execute(x, "BEGIN IMMEDIATE", why);
	/* another process may have been faster */
	if (!rc && version_of(x) == 0)
		rc = execute(x, schema, why);
	if (!rc)
		rc = execute(x, "COMMIT", why);
	return rc ? rc : execute(x, "PRAGMA foreign_keys = ON", why);
}

static sqlite3_int64 add_run(struct runindex *x, const char *name, const json_t *run, const struct compare_source *s, const char *reason)
{
	sqlite3_stmt *q = prepare(x, "INSERT INTO run (name, created, kind, job, cells, reason, kernel, kernel_build, hz, fio, engine, device, env)"
				     " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
	const json_t *target = json_object_get(s->env, "target");
	char *env = json_dumps(s->env, JSON_COMPACT);
	bool done;

	if (!q) {
		free(env);
		return -1;
	}
	sqlite3_bind_text(q, 1, name, -1, SQLITE_TRANSIENT);
	bind_text(q, 2, run, "created");
	bind_text(q, 3, run, "kind");
	bind_text(q, 4, run, "job");
	sqlite3_bind_int64(q, 5, reason ? 0 : (sqlite3_int64)s->side.n);
	if (reason)
		sqlite3_bind_text(q, 6, reason, -1, SQLITE_TRANSIENT);
	bind_text(q, 7, s->env, "kernel");
	bind_text(q, 8, s->env, "kernel_build");
	sqlite3_bind_int64(q, 9, json_integer_value(json_object_get(s->env, "hz")));
	bind_text(q, 10, s->env, "fio");
	bind_text(q, 11, s->env, "engine");
	bind_text(q, 12, target, json_is_string(json_object_get(target, "model")) ? "model" : "device");
	if (env)
		sqlite3_bind_text(q, 13, env, -1, SQLITE_TRANSIENT);
	free(env);
	done = sqlite3_step(q) == SQLITE_DONE;
	sqlite3_finalize(q);
	return done ? sqlite3_last_insert_rowid(x->db) : -1;
}

static sqlite3_int64 cell_of(struct runindex *x, const char *name)
{
	sqlite3_stmt *q = prepare(x, "INSERT OR IGNORE INTO cell (name) VALUES (?)");

	if (q) {
		sqlite3_bind_text(q, 1, name, -1, SQLITE_TRANSIENT);
		sqlite3_step(q);
	}
	sqlite3_finalize(q);
	q = prepare(x, "SELECT id FROM cell WHERE name = ?");
	if (q)
		sqlite3_bind_text(q, 1, name, -1, SQLITE_TRANSIENT);
	return number_of(q);
}

static bool add_value(sqlite3_stmt *q, sqlite3_int64 run, sqlite3_int64 cell, enum compare_metric m, const struct compare_cell *c)
{
	double x[STATS_RATIO_N_MAX];
	unsigned n = 0;
	bool done;

	for (unsigned i = 0; i < c->n; i++)
		if (isfinite(c->x[m][i]))
			x[n++] = c->x[m][i];
	if (!n)
		return true;
	sqlite3_reset(q);
	sqlite3_bind_int64(q, 1, cell);
	sqlite3_bind_int(q, 2, (int)m);
	sqlite3_bind_int64(q, 3, run);
	sqlite3_bind_double(q, 4, stats_median(x, n));
	sqlite3_bind_int(q, 5, (int)n);
	sqlite3_bind_blob(q, 6, x, (int)(n * sizeof(*x)), SQLITE_TRANSIENT);
	done = sqlite3_step(q) == SQLITE_DONE;
	return done;
}

static bool add_values(struct runindex *x, sqlite3_int64 run, const struct compare_source *s)
{
	sqlite3_stmt *q = prepare(x, "INSERT INTO value (cell, metric, run, median, n, repeats) VALUES (?, ?, ?, ?, ?, ?)");
	bool done = q != NULL;

	for (size_t i = 0; done && i < s->side.n; i++) {
		sqlite3_int64 cell = cell_of(x, s->side.cell[i].name);

		done = cell >= 0;
		for (int m = 0; done && m < COMPARE_METRICS; m++)
			done = add_value(q, run, cell, (enum compare_metric)m, &s->side.cell[i]);
	}
	sqlite3_finalize(q);
	return done;
}

/* A run that cannot be compared is known with the reason, so that it is not looked at again. */
static int take(struct runindex *x, const char *name, const char *out, struct why *why)
{
	char dir[PATH_MAX], path[PATH_MAX];
	struct compare_source s;
	struct why reason = { "" };
	sqlite3_int64 id;
	json_t *run;
	int rc;

	if (snprintf(dir, sizeof(dir), "%s/runs/%s", out, name) >= (int)sizeof(dir) || store_path(path, sizeof(path), dir, "run.json"))
		return why_set(why, -ENAMETOOLONG, "%s: the path is too long", out);
	rc = compare_load(&s, dir, out, &reason);
	if (rc == -ENOMEM) {
		compare_source_free(&s);
		return why_set(why, rc, "out of memory");
	}
	run = store_read_json(path, NULL);
	id = add_run(x, name, run, &s, rc ? reason.text : NULL);
	rc = id < 0 || (!rc && !add_values(x, id, &s)) ? failed(x, why) : 0;
	json_decref(run);
	compare_source_free(&s);
	return rc;
}

/* The names of all runs that are in it, as the keys of an object. */
static json_t *known_runs(struct runindex *x)
{
	sqlite3_stmt *q = prepare(x, "SELECT name FROM run");
	json_t *all = json_object();

	while (q && sqlite3_step(q) == SQLITE_ROW)
		json_object_set_new(all, (const char *)sqlite3_column_text(q, 0), json_true());
	sqlite3_finalize(q);
	return all;
}

/* What is left in KNOWN when all runs that are there were taken out. */
static int forget(struct runindex *x, json_t *known, struct why *why)
{
	sqlite3_stmt *drop = prepare(x, "DELETE FROM run WHERE name = ?");
	int rc = drop ? 0 : failed(x, why);
	const char *name;
	json_t *unused;

	json_object_foreach(known, name, unused) {
		if (rc)
			break;
		sqlite3_reset(drop);
		sqlite3_bind_text(drop, 1, name, -1, SQLITE_TRANSIENT);
		if (sqlite3_step(drop) != SQLITE_DONE)
			rc = failed(x, why);
	}
	sqlite3_finalize(drop);
	return rc;
}

static int add_new(struct runindex *x, const json_t *ids, json_t *known, const char *out, struct why *why)
{
	int rc = 0;
	size_t i;
	json_t *id;

	json_array_foreach(ids, i, id) {
		const char *name = json_string_value(id);

		if (rc)
			break;
		if (json_object_del(known, name))
			rc = take(x, name, out, why);
	}
	return rc;
}

static int update(struct runindex *x, const char *out, struct why *why)
{
	json_t *ids = store_ids(out, why), *known = NULL;
	int rc = ids ? execute(x, "BEGIN IMMEDIATE", why) : -EIO;

	if (!rc) {
		known = known_runs(x);
		rc = add_new(x, ids, known, out, why);
	}
	if (!rc)
		rc = forget(x, known, why);
	json_decref(ids);
	json_decref(known);
	if (!rc)
		return execute(x, "COMMIT", why);
	sqlite3_exec(x->db, "ROLLBACK", NULL, NULL, NULL);
	return rc;
}

static int open_all(struct runindex *x, const char *out, struct why *why)
{
	int rc = 0;

	if (access(out, F_OK))
		rc = why_set(why, -ENOENT, "%s: %s: name the --out of your runs", out, strerror(errno));
	if (!rc && store_path(x->path, sizeof(x->path), out, "index.sqlite"))
		rc = why_set(why, -ENAMETOOLONG, "%s: the path is too long", out);
	if (!rc)
		rc = open_db(x, why);
	if (!rc)
		rc = make_current(x, why);
	return rc ? rc : update(x, out, why);
}

struct runindex *runindex_open(const char *out, struct why *why)
{
	struct runindex *x = calloc(1, sizeof(*x));

	if (!x) {
		why_set(why, -ENOMEM, "out of memory");
		return NULL;
	}
	if (!open_all(x, out, why))
		return x;
	runindex_close(x);
	return NULL;
}

void runindex_close(struct runindex *x)
{
	if (x)
		close_db(x);
	free(x);
}

static const char *text(sqlite3_stmt *q, int column)
{
	const char *s = (const char *)sqlite3_column_text(q, column);

	return s ? s : "";
}

int runindex_each(struct runindex *x, enum compare_metric m, const char *cell, int (*fn)(void *ctx, const struct runindex_point *p), void *ctx, struct why *why)
{
	/* CROSS: in this order, which is that of the key */
	sqlite3_stmt *q = prepare(x, "SELECT run.name, run.created, run.kernel, run.fio, run.engine, run.device, cell.name, value.median, value.n"
				     " FROM cell CROSS JOIN value ON value.cell = cell.id CROSS JOIN run ON run.id = value.run"
				     " WHERE value.metric = ?1 AND (?2 IS NULL OR cell.name = ?2) ORDER BY cell.id, run.created, run.id");
	int rc = q ? 0 : failed(x, why), step = SQLITE_DONE;

	if (q) {
		sqlite3_bind_int(q, 1, (int)m);
		if (cell)
			sqlite3_bind_text(q, 2, cell, -1, SQLITE_TRANSIENT);
	}
	while (!rc && (step = sqlite3_step(q)) == SQLITE_ROW) {
		const struct runindex_point p = { text(q, 0), text(q, 1), text(q, 2), text(q, 3), text(q, 4), text(q, 5), text(q, 6), sqlite3_column_double(q, 7),
						  (unsigned)sqlite3_column_int(q, 8) };

		rc = fn(ctx, &p);
	}
	if (!rc && step != SQLITE_DONE)
		rc = failed(x, why);
	sqlite3_finalize(q);
	return rc;
}
