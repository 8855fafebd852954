// SPDX-License-Identifier: GPL-2.0-only
#include "runindex_db.h"

#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "compare_load.h"
#include "store.h"

/*
 * A run's id is when it began, in seconds since 1970, and below that its number among those of that second, so that a cell's values lie in order of time. One row for a cell of a
 * host and a metric of a run; REPEATS are its values as doubles of this machine. KEY is that of a night, as JSON.
 */
const char runindex_schema[] =
	"CREATE TABLE run (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, created TEXT NOT NULL, kind TEXT NOT NULL, job TEXT, cells INTEGER NOT NULL, reason TEXT,"
	" host TEXT NOT NULL, kernel TEXT, kernel_build TEXT, hz INTEGER, fio TEXT, engine TEXT, device TEXT, firmware TEXT, key TEXT, env TEXT);"
	"CREATE TABLE cell (id INTEGER PRIMARY KEY, host TEXT NOT NULL, name TEXT NOT NULL, UNIQUE (name, host));"
	"CREATE TABLE value (cell INTEGER NOT NULL, metric INTEGER NOT NULL, run INTEGER NOT NULL REFERENCES run ON DELETE CASCADE, median REAL NOT NULL, n INTEGER NOT NULL,"
	" repeats BLOB NOT NULL, PRIMARY KEY (cell, metric, run)) WITHOUT ROWID;"
	"CREATE INDEX value_run ON value (run);"
	"PRAGMA user_version = 3;";

enum { WITHIN_A_SECOND = 65536, STAMP_LEN = 16 };

enum statement { ADD_RUN, ADD_CELL, FIND_CELL, ADD_VALUE, DROP_RUN, STATEMENTS };

static const char add_run_sql[] =
	"INSERT INTO run (id, name, created, kind, job, cells, reason, host, kernel, kernel_build, hz, fio, engine, device, firmware, key, env)"
	" VALUES ((SELECT coalesce(max(id) + 1, ?1) FROM run WHERE id >= ?1 AND id < ?1 + 65536), ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17)";

static const char *const sql[STATEMENTS] = {
	[ADD_RUN] = add_run_sql,
	[ADD_CELL] = "INSERT INTO cell (host, name) VALUES (?1, ?2)",
	[FIND_CELL] = "SELECT id FROM cell WHERE host = ?1 AND name = ?2",
	[ADD_VALUE] = "INSERT INTO value (cell, metric, run, median, n, repeats) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
	[DROP_RUN] = "DELETE FROM run WHERE name = ?1",
};

/* One update. */
struct filling {
	struct runindex_db *db;
	const char *out;
	sqlite3_stmt *s[STATEMENTS];
	json_t *cells;		/* by host: an object of ids by name */
};

static int open_filling(struct filling *f, struct why *why)
{
	f->cells = json_object();
	for (int i = 0; i < STATEMENTS; i++) {
		f->s[i] = runindex_prepare(f->db, sql[i]);
		if (!f->s[i])
			return runindex_failed(f->db, why);
	}
	return f->cells ? 0 : why_set(why, -ENOMEM, "out of memory");
}

static void close_filling(struct filling *f)
{
	for (int i = 0; i < STATEMENTS; i++)
		sqlite3_finalize(f->s[i]);
	json_decref(f->cells);
}

static void bind_text(sqlite3_stmt *s, int at, const char *text)
{
	if (text)
		sqlite3_bind_text(s, at, text, -1, SQLITE_TRANSIENT);
}

static const char *text(const json_t *o, const char *key)
{
	return json_string_value(json_object_get(o, key));
}

/* When the run NAME began, by its stamp, in CREATED as run.json has it if that is not there; in seconds since 1970. */
static sqlite3_int64 began(const char *name, const char **created, char *room, size_t size)
{
	struct tm t = { 0 };

	if (*created && strptime(*created, "%Y-%m-%dT%H:%M:%SZ", &t))
		return timegm(&t);
	t = (struct tm){ 0 };
	strptime(name, "%Y%m%dT%H%M%SZ", &t);
	strftime(room, size, "%Y-%m-%dT%H:%M:%SZ", &t);
	if (!*created)
		*created = room;
	return timegm(&t);
}

/* What stands between the stamp and the digits of a run's NAME. */
static void kind_of(const char *name, char *kind, size_t size)
{
	const char *from = name + STAMP_LEN + 1, *end = strrchr(from, '-');

	snprintf(kind, size, "%.*s", (int)(end ? end - from : (long)strlen(from)), from);
}

static void bind_json(sqlite3_stmt *q, int at, const json_t *doc)
{
	char *line = doc ? json_dumps(doc, JSON_COMPACT) : NULL;

	bind_text(q, at, line);
	free(line);
}

/* RUN, its run.json, may be NULL: its name tells when it began and of what kind it is. */
static sqlite3_int64 add_run(const struct filling *f, const char *name, const json_t *run, const struct compare_source *s, const char *reason)
{
	const json_t *target = json_object_get(s->env, "target");
	const char *created = text(run, "created"), *firmware = text(s->key, "device_firmware");
	char stamp[32], kind[32];
	sqlite3_stmt *q = f->s[ADD_RUN];

	sqlite3_reset(q);
	sqlite3_clear_bindings(q);
	kind_of(name, kind, sizeof(kind));
	sqlite3_bind_int64(q, 1, began(name, &created, stamp, sizeof(stamp)) * WITHIN_A_SECOND);
	bind_text(q, 2, name);
	bind_text(q, 3, created);
	bind_text(q, 4, text(run, "kind") ? text(run, "kind") : kind);
	bind_text(q, 5, text(run, "job"));
	sqlite3_bind_int64(q, 6, reason ? 0 : (sqlite3_int64)s->side.n);
	bind_text(q, 7, reason);
	bind_text(q, 8, s->host);
	bind_text(q, 9, text(s->env, "kernel"));
	bind_text(q, 10, text(s->env, "kernel_build"));
	sqlite3_bind_int64(q, 11, json_integer_value(json_object_get(s->env, "hz")));
	bind_text(q, 12, text(s->env, "fio"));
	bind_text(q, 13, text(s->env, "engine"));
	bind_text(q, 14, text(target, text(target, "model") ? "model" : "device"));
	bind_text(q, 15, firmware ? firmware : text(target, "firmware"));
	bind_json(q, 16, s->key);
	bind_json(q, 17, s->env);
	return sqlite3_step(q) == SQLITE_DONE ? sqlite3_last_insert_rowid(f->db->sql) : -1;
}

static sqlite3_int64 look_up(const struct filling *f, const char *host, const char *name)
{
	sqlite3_stmt *find = f->s[FIND_CELL], *add = f->s[ADD_CELL];
	sqlite3_int64 id = -1;
	int step;

	sqlite3_reset(find);
	bind_text(find, 1, host);
	bind_text(find, 2, name);
	step = sqlite3_step(find);
	if (step == SQLITE_ROW)
		id = sqlite3_column_int64(find, 0);
	sqlite3_reset(find);
	if (step != SQLITE_DONE)
		return id;
	sqlite3_reset(add);
	bind_text(add, 1, host);
	bind_text(add, 2, name);
	return sqlite3_step(add) == SQLITE_DONE ? sqlite3_last_insert_rowid(f->db->sql) : -1;
}

/* Each cell is asked for once in an update. -1: the database failed. */
static sqlite3_int64 cell_of(struct filling *f, const char *host, const char *name)
{
	json_t *of_host = json_object_get(f->cells, host), *known;
	sqlite3_int64 id;

	if (!of_host) {
		of_host = json_object();
		json_object_set_new(f->cells, host, of_host);
	}
	known = json_object_get(of_host, name);
	if (known)
		return json_integer_value(known);
	id = look_up(f, host, name);
	if (id >= 0)
		json_object_set_new(of_host, name, json_integer(id));
	return id;
}

static bool add_value(sqlite3_stmt *q, sqlite3_int64 run, sqlite3_int64 cell, enum compare_metric m, const struct compare_cell *c)
{
	double x[STATS_RATIO_N_MAX];
	unsigned n = 0;

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
	return sqlite3_step(q) == SQLITE_DONE;
}

static bool add_values(struct filling *f, sqlite3_int64 run, const struct compare_source *s)
{
	bool done = true;

	for (size_t i = 0; done && i < s->side.n; i++) {
		sqlite3_int64 cell = cell_of(f, s->host, s->side.cell[i].name);

		done = cell >= 0;
		for (int m = 0; done && m < COMPARE_METRICS; m++)
			done = add_value(f->s[ADD_VALUE], run, cell, (enum compare_metric)m, &s->side.cell[i]);
	}
	return done;
}

/* A run that cannot be compared is known with the reason, so that it is not looked at again. */
static int take(struct filling *f, const char *name, struct why *why)
{
	char dir[PATH_MAX], path[PATH_MAX];
	struct compare_source s;
	struct why reason = { "" };
	sqlite3_int64 id;
	json_t *run;
	int rc;

	if (snprintf(dir, sizeof(dir), "%s/runs/%s", f->out, name) >= (int)sizeof(dir) || store_path(path, sizeof(path), dir, "run.json"))
		return why_set(why, -ENAMETOOLONG, "%s: the path is too long", f->out);
	rc = compare_load(&s, dir, f->out, &reason);
	if (rc == -ENOMEM) {
		compare_source_free(&s);
		return why_set(why, rc, "out of memory");
	}
	run = store_read_json(path, NULL);
	id = add_run(f, name, run, &s, rc ? reason.text : NULL);
	rc = id < 0 || (!rc && !add_values(f, id, &s)) ? runindex_failed(f->db, why) : 0;
	json_decref(run);
	compare_source_free(&s);
	return rc;
}

/* The names of all runs that are in it, as the keys of an object. */
static json_t *known_runs(const struct runindex_db *db)
{
	sqlite3_stmt *q = runindex_prepare(db, "SELECT name FROM run");
	json_t *all = json_object();

	while (q && sqlite3_step(q) == SQLITE_ROW)
		json_object_set_new(all, (const char *)sqlite3_column_text(q, 0), json_true());
	sqlite3_finalize(q);
	return all;
}

/* What is left in KNOWN when all runs that are there were taken out. */
static int forget(const struct filling *f, json_t *known, struct why *why)
{
	sqlite3_stmt *drop = f->s[DROP_RUN];
	const char *name;
	json_t *unused;
	int rc = 0;

	json_object_foreach(known, name, unused) {
		sqlite3_reset(drop);
		bind_text(drop, 1, name);
		if (sqlite3_step(drop) != SQLITE_DONE)
			rc = runindex_failed(f->db, why);
		if (rc)
			break;
	}
	return rc;
}

static int add_new(struct filling *f, const json_t *ids, json_t *known, struct why *why)
{
	size_t i;
	json_t *id;
	int rc = 0;

	json_array_foreach(ids, i, id) {
		const char *name = json_string_value(id);

		if (json_object_del(known, name))
			rc = take(f, name, why);
		if (rc)
			break;
	}
	return rc;
}

int runindex_update(struct runindex_db *db, const char *out, struct why *why)
{
	struct filling f = { .db = db, .out = out };
	json_t *ids, *known = NULL;
	int rc = runindex_execute(db, "BEGIN IMMEDIATE", why);

	if (rc)
		return rc;
	/* what is there now: another process may have added more than was there before the lock */
	ids = store_ids(out, why);
	rc = ids ? open_filling(&f, why) : -EIO;
	if (!rc) {
		known = known_runs(db);
		rc = add_new(&f, ids, known, why);
	}
	if (!rc)
		rc = forget(&f, known, why);
	json_decref(ids);
	json_decref(known);
	close_filling(&f);
	if (!rc)
		rc = runindex_execute(db, "COMMIT", why);
	if (rc)
		sqlite3_exec(db->sql, "ROLLBACK", NULL, NULL, NULL);
	return rc;
}
