// SPDX-License-Identifier: GPL-2.0-only
#include "store.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

char *store_read(const char *path, struct why *why)
{
	FILE *f = fopen(path, "re");
	char *text = NULL;
	size_t size = 0;

	if (!f) {
		why_set(why, -errno, "%s: cannot be read: %s", path, strerror(errno));
		return NULL;
	}
	if (getdelim(&text, &size, '\0', f) < 0) {
		free(text);
		text = feof(f) ? strdup("") : NULL;
		if (!text)
			why_set(why, -EIO, "%s: cannot be read: %s", path, strerror(errno));
	}
	fclose(f);
	return text;
}

static int write_all(int fd, const char *text)
{
	size_t left = strlen(text);

	while (left) {
		ssize_t n = write(fd, text, left);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		text += n;
		left -= (size_t)n;
	}
	return fsync(fd) ? -errno : 0;
}

int store_sync(const char *path, struct why *why)
{
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC), rc = fd < 0 || fsync(fd) ? -errno : 0;

	if (fd >= 0)
		close(fd);
	return rc ? why_set(why, rc, "%s: cannot be synced to the disk: %s: it may be lost when the power fails", path, strerror(-rc)) : 0;
}

/* A new name is in its directory, and lost with that. */
static int sync_parent(const char *path, struct why *why)
{
	const char *slash = strrchr(path, '/');
	char dir[PATH_MAX];

	if (slash)
		snprintf(dir, sizeof(dir), "%.*s", slash == path ? 1 : (int)(slash - path), path);
	return store_sync(slash ? dir : ".", why);
}

int store_sync_all(const char *dir, struct why *why)
{
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC), rc = fd < 0 || syncfs(fd) ? -errno : 0;

	if (fd >= 0)
		close(fd);
	return rc ? why_set(why, rc, "%s: cannot be synced to the disk: %s: it may be lost when the power fails", dir, strerror(-rc)) : 0;
}

int store_write(const char *path, const char *text, struct why *why)
{
	char tmp[PATH_MAX];
	int fd, rc = 0;

	if (snprintf(tmp, sizeof(tmp), "%s.tmp", path) >= (int)sizeof(tmp))
		return why_set(why, -ENAMETOOLONG, "%s: the path is too long", path);
	fd = open(tmp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (fd < 0)
		return why_set(why, -errno, "%s: cannot be written: %s", tmp, strerror(errno));
	rc = write_all(fd, text);
	if (close(fd) && !rc)
		rc = -errno;
	if (!rc && rename(tmp, path))
		rc = -errno;
	if (!rc)
		return sync_parent(path, why);
	unlink(tmp);
	return why_set(why, rc, "%s: cannot be written: %s", path, strerror(-rc));
}

int store_write_json(const char *path, const json_t *doc, struct why *why)
{
	char *text = json_dumps(doc, JSON_INDENT(1) | JSON_REAL_PRECISION(9));
	int rc;

	if (!text)
		return why_set(why, -ENOMEM, "%s: cannot be encoded as JSON: out of memory", path);
	rc = store_write(path, text, why);
	free(text);
	return rc;
}

/* The newest version of each document; what is older stays readable. */
static const struct {
	const char *name;
	long version;
} schemas[] = {
	{ "sqbench-run/", 1 },	  { "sqbench-env/", 1 },     { "sqbench-plan/", 1 },   { "sqbench-cell/", 1 },	  { "sqbench-analysis/", 1 }, { "sqbench-job/", 1 },
	{ "sqbench-share/", 1 },  { "sqbench-affinity/", 1 }, { "sqbench-predict/", 1 }, { "sqbench-versus/", 3 }, { "sqbench-ring/", 1 },	    { "sqbench-night/", 1 },
};

static int refuse_newer(const json_t *doc, const char *path, struct why *why)
{
	const char *schema = json_string_value(json_object_get(doc, "schema"));

	for (size_t i = 0; schema && i < sizeof(schemas) / sizeof(*schemas); i++) {
		size_t len = strlen(schemas[i].name);

		if (!strncmp(schema, schemas[i].name, len) && strtol(schema + len, NULL, 10) > schemas[i].version)
			return why_set(why, -EPROTONOSUPPORT, "%s is of schema %s, newer than %s%ld: read it with a newer sqbench", path, schema, schemas[i].name,
				       schemas[i].version);
	}
	return 0;
}

json_t *store_read_json(const char *path, struct why *why)
{
	char *text = store_read(path, why);
	json_error_t error;
	json_t *doc;

	if (!text)
		return NULL;
	doc = json_loads(text, 0, &error);
	free(text);
	if (!doc)
		why_set(why, -EINVAL, "%s: line %d: %s: the file is damaged", path, error.line, error.text);
	if (!refuse_newer(doc, path, why))
		return doc;
	json_decref(doc);
	return NULL;
}

int store_draft(struct draft *d, struct why *why)
{
	*d = (struct draft){ 0 };
	d->f = open_memstream(&d->text, &d->size);
	return d->f ? 0 : why_set(why, -ENOMEM, "out of memory");
}

int store_draft_keep(struct draft *d, int rc, const char *dir, const char *name, struct why *why)
{
	char path[PATH_MAX];
	bool whole = !ferror(d->f);

	if ((fclose(d->f) || !whole) && !rc)
		rc = why_set(why, -ENOMEM, "out of memory");
	if (!rc && store_path(path, sizeof(path), dir, name))
		rc = why_set(why, -ENAMETOOLONG, "%s: the path is too long", dir);
	if (!rc)
		rc = store_write(path, d->text, why);
	free(d->text);
	return rc;
}

static int make_dir(const char *path, struct why *why)
{
	if (!mkdir(path, 0755))
		return sync_parent(path, why);
	return errno == EEXIST ? 0 : why_set(why, -errno, "%s: cannot be made: %s: choose another --out", path, strerror(errno));
}

int store_mkdirs(const char *path, struct why *why)
{
	int rc = 0;
	char part[PATH_MAX];

	if (snprintf(part, sizeof(part), "%s", path) >= (int)sizeof(part))
		return why_set(why, -ENAMETOOLONG, "%s: the path is too long", path);
	for (char *p = part + 1;; p++) {
		char end = *p;

		if (end && end != '/')
			continue;
		*p = '\0';
		rc = make_dir(part, why);
		if (rc || !end)
			return rc;
		*p = end;
	}
}

int store_path(char *out, size_t size, const char *dir, const char *name)
{
	return snprintf(out, size, "%s/%s", dir, name) >= (int)size ? -ENAMETOOLONG : 0;
}

static int remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	(void)st;
	(void)flag;
	(void)ftw;
	return remove(path) && errno != ENOENT ? -1 : 0;
}

void store_remove(const char *dir)
{
	nftw(dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static int remove_below(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	return ftw->level ? remove_one(path, st, flag, ftw) : 0;
}

void store_empty(const char *dir)
{
	nftw(dir, remove_below, 16, FTW_DEPTH | FTW_PHYS);
}

void store_time(char *out, size_t size)
{
	time_t now = time(NULL);
	struct tm tm;

	gmtime_r(&now, &tm);
	strftime(out, size, "%Y-%m-%dT%H:%M:%SZ", &tm);
}

int store_in_run(char *out, const struct run *run, const char *name, struct why *why)
{
	if (!store_path(out, PATH_MAX, run->dir, name))
		return 0;
	return why_set(why, -ENAMETOOLONG, "%s: the path is too long: choose another --out", run->dir);
}

bool store_kept(const struct run *run, const char *name)
{
	char path[PATH_MAX];

	return !store_in_run(path, run, name, NULL) && !access(path, F_OK);
}

json_t *store_load(const struct run *run, const char *name, struct why *why)
{
	char path[PATH_MAX];

	return store_in_run(path, run, name, why) ? NULL : store_read_json(path, why);
}

int store_keep(const struct run *run, const char *name, json_t *doc, struct why *why)
{
	char path[PATH_MAX];
	int rc = store_in_run(path, run, name, why);

	if (!rc)
		rc = store_write_json(path, doc, why);
	json_decref(doc);
	return rc;
}

int store_keep_both(const struct run *run, const char *name, json_t *doc, const char *other_name, json_t *other, struct why *why)
{
	int rc = store_keep(run, name, doc, why);

	if (!rc)
		return store_keep(run, other_name, other, why);
	json_decref(other);
	return rc;
}

int store_keep_start(const struct run *run, const char *kind, const char *created, const char *command, const char *job, json_t *env, struct why *why)
{
	json_t *about = json_pack("{s:s, s:s, s:s, s:s, s:s, s:s}", "schema", "sqbench-run/1", "id", run->id, "kind", kind, "created", created,
				  "command", command, "job", job);

	return store_keep_both(run, "run.json", about, "env.json", env, why);
}

static int run_paths(struct run *run, const char *out)
{
	if (snprintf(run->final, sizeof(run->final), "%s/runs/%s", out, run->id) >= (int)sizeof(run->final) ||
	    snprintf(run->dir, sizeof(run->dir), "%s/runs/.%s.tmp", out, run->id) >= (int)sizeof(run->dir))
		return -ENAMETOOLONG;
	return 0;
}

/* The lock tells a run that goes on from one that was killed; the kernel drops it with the process. */
static int lock_run(struct run *run, struct why *why)
{
	run->lock_fd = open(run->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (run->lock_fd < 0)
		return why_set(why, -errno, "%s: cannot be opened: %s", run->dir, strerror(errno));
	if (!flock(run->lock_fd, LOCK_EX | LOCK_NB))
		return 0;
	store_close(run);
	return why_set(why, -EBUSY, "run %s: another process is working on it: wait for it or stop it", run->id);
}

int store_create(struct run *run, const char *out, const char *kind, struct why *why)
{
	time_t now = time(NULL);
	unsigned short salt = 0;
	char stamp[32], runs[PATH_MAX];
	struct tm tm;
	int rc;

	run->lock_fd = -1;
	if (getrandom(&salt, sizeof(salt), 0) != sizeof(salt))
		salt = (unsigned short)getpid();
	gmtime_r(&now, &tm);
	strftime(stamp, sizeof(stamp), "%Y%m%dT%H%M%SZ", &tm);
	snprintf(run->id, sizeof(run->id), "%s-%s-%04x", stamp, kind, salt);
	if (run_paths(run, out) || store_path(runs, sizeof(runs), out, "runs"))
		return why_set(why, -ENAMETOOLONG, "%s: the path is too long: choose another --out", out);
	rc = store_mkdirs(runs, why);
	if (rc)
		return rc;
	if (mkdir(run->dir, 0755))
		return why_set(why, -errno, "%s: cannot be made: %s: choose another --out", run->dir,
			       strerror(errno));
	return lock_run(run, why);
}

int store_resume(struct run *run, const char *out, const char *id, struct why *why)
{
	run->lock_fd = -1;
	if (strchr(id, '/') || *id == '.' || strlen(id) >= sizeof(run->id))
		return why_set(why, -EINVAL, "--resume: '%s' is not a run's id: see sqbench list", id);
	snprintf(run->id, sizeof(run->id), "%s", id);
	if (run_paths(run, out))
		return why_set(why, -ENAMETOOLONG, "%s: the path is too long", out);
	if (!access(run->final, F_OK))
		return why_set(why, -EEXIST, "run %s is complete: there is nothing to resume, its report is %s/report.html",
			       id, run->final);
	if (access(run->dir, F_OK))
		return why_set(why, -ENOENT, "run %s is not in %s/runs: see sqbench list, or name its --out", id, out);
	return lock_run(run, why);
}

int store_complete(const char *hidden, const char *whole, struct why *why)
{
	int rc = store_sync_all(hidden, why);

	if (rc)
		return rc;
	if (rename(hidden, whole))
		return why_set(why, -errno, "%s: cannot be renamed to %s: %s", hidden, whole, strerror(errno));
	return sync_parent(whole, why);
}

int store_commit(struct run *run, struct why *why)
{
	int rc = store_complete(run->dir, run->final, why);

	if (!rc)
		memcpy(run->dir, run->final, sizeof(run->dir));
	return rc;
}

void store_close(struct run *run)
{
	if (run->lock_fd >= 0)
		close(run->lock_fd);
	run->lock_fd = -1;
}

bool store_is_id(const char *name)
{
	return strlen(name) > 16 && strspn(name, "0123456789") == 8 && name[8] == 'T' && strspn(name + 9, "0123456789") == 6 && name[15] == 'Z' && name[16] == '-';
}

static int is_run(const struct dirent *d)
{
	return store_is_id(d->d_name + (*d->d_name == '.'));
}

static int by_time(const struct dirent **a, const struct dirent **b)
{
	const char *x = (*a)->d_name, *y = (*b)->d_name;

	return strcmp(x + (*x == '.'), y + (*y == '.'));
}

static int is_cell(const struct dirent *d)
{
	return *d->d_name != '.';
}

static int count_cells(const char *dir)
{
	char cells[PATH_MAX];
	struct dirent **names;
	int n;

	if (store_path(cells, sizeof(cells), dir, "cells"))
		return 0;
	n = scandir(cells, &names, is_cell, NULL);
	for (int i = 0; i < n; i++)
		free(names[i]);
	if (n >= 0)
		free(names);
	return n < 0 ? 0 : n;
}

static const char *run_state(const char *dir, bool hidden)
{
	int fd;
	bool held;

	if (!hidden)
		return "complete";
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	held = fd >= 0 && flock(fd, LOCK_EX | LOCK_NB);
	if (fd >= 0)
		close(fd);
	return held ? "running" : "incomplete";
}

/* What is under KEY in DIR/FILE; null without it. */
static json_t *member(const char *dir, const char *file, const char *key)
{
	char path[PATH_MAX];
	json_t *doc, *value;

	if (store_path(path, sizeof(path), dir, file) || access(path, F_OK))
		return json_null();
	doc = store_read_json(path, NULL);
	value = json_incref(json_object_get(doc, key));
	json_decref(doc);
	return value ? value : json_null();
}

/* What run.json tells of a run, into ONE. */
static void tell(json_t *one, const char *dir)
{
	static const char *const keys[] = { "created", "kind", "job" };
	char path[PATH_MAX];
	json_t *about = store_path(path, sizeof(path), dir, "run.json") ? NULL : store_read_json(path, NULL);

	for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++) {
		json_t *value = json_object_get(about, keys[i]);

		json_object_set_new(one, keys[i], value ? json_incref(value) : json_null());
	}
	json_decref(about);
}

static json_t *describe(const char *runs, const char *name)
{
	bool hidden = *name == '.';
	char dir[PATH_MAX], id[128];
	json_t *one = json_object();

	snprintf(id, sizeof(id), "%s", name + hidden);
	if (hidden && strlen(id) > 4)
		id[strlen(id) - 4] = '\0';
	if (store_path(dir, sizeof(dir), runs, name))
		return one;
	json_object_set_new(one, "id", json_string(id));
	tell(one, dir);
	json_object_set_new(one, "cells_done", json_integer(count_cells(dir)));
	json_object_set_new(one, "cells", member(dir, "plan.json", "cells"));
	json_object_set_new(one, "state", json_string(run_state(dir, hidden)));
	json_object_set_new(one, "exit", member(dir, "end.json", "exit"));
	json_object_set_new(one, "dir", json_string(dir));
	return one;
}

/* An array of what MAKE makes of each name in OUT/runs that WANTED takes. */
static json_t *each_run(const char *out, int (*wanted)(const struct dirent *), json_t *(*make)(const char *runs, const char *name), struct why *why)
{
	char runs[PATH_MAX];
	struct dirent **names;
	json_t *all = json_array();
	int n;

	if (!all || store_path(runs, sizeof(runs), out, "runs"))
		return all;
	n = scandir(runs, &names, wanted, by_time);
	if (n < 0 && errno != ENOENT) {
		why_set(why, -errno, "%s: cannot be listed: %s", runs, strerror(errno));
		json_decref(all);
		return NULL;
	}
	for (int i = 0; i < n; i++) {
		json_array_append_new(all, make(runs, names[i]->d_name));
		free(names[i]);
	}
	if (n >= 0)
		free(names);
	return all;
}

json_t *store_list(const char *out, struct why *why)
{
	return each_run(out, is_run, describe, why);
}

static int is_complete(const struct dirent *d)
{
	return *d->d_name != '.' && is_run(d);
}

static json_t *name_of(const char *runs, const char *name)
{
	(void)runs;
	return json_string(name);
}

json_t *store_ids(const char *out, struct why *why)
{
	return each_run(out, is_complete, name_of, why);
}
