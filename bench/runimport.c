// SPDX-License-Identifier: GPL-2.0-only
#include "runimport.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fiojson.h"
#include "store.h"

enum { ID_ROOM = 64, BLOCK = 65536 };

static bool there(const char *path)
{
	struct stat st;

	return !lstat(path, &st);
}

static bool ends_in(const char *name, const char *end)
{
	size_t n = strlen(name), m = strlen(end);

	return n > m && !strcmp(name + n - m, end);
}

/* The kept documents of a run that failed may be as broken as fio left them. */
static int read_one(const char *path, const char *name, bool failed, struct why *why)
{
	json_t *doc = NULL;

	if (!strcmp(name, "fio.json") || !strcmp(name, "engine.jsonl")) {
		if (failed)
			return 0;
		doc = *name == 'f' ? fiojson_load(path, why) : jsonl_load(path, "sqpoll-stats/1", why);
	} else if (ends_in(name, ".json")) {
		doc = store_read_json(path, why);
	} else {
		return 0;
	}
	json_decref(doc);
	return doc ? 0 : -EINVAL;
}

static int read_all(const char *dir, bool failed, struct why *why)
{
	DIR *d = opendir(dir);
	struct dirent *e;
	int rc = 0;

	if (!d)
		return why_set(why, -errno, "%s: cannot be listed: %s", dir, strerror(errno));
	while (!rc && (e = readdir(d)) != NULL) {
		char path[PATH_MAX];

		if (store_path(path, sizeof(path), dir, e->d_name))
			rc = why_set(why, -ENAMETOOLONG, "%s: the path is too long", dir);
		else
			rc = read_one(path, e->d_name, failed, why);
	}
	closedir(d);
	return rc;
}

static json_t *document(const char *dir, const char *name, struct why *why)
{
	char path[PATH_MAX];

	if (!store_path(path, sizeof(path), dir, name))
		return store_read_json(path, why);
	why_set(why, -ENAMETOOLONG, "%s: the path is too long", dir);
	return NULL;
}

static int take_id(char *id, const json_t *run, const char *dir, struct why *why)
{
	const char *found = json_string_value(json_object_get(run, "id"));

	if (!found || strlen(found) >= ID_ROOM || strchr(found, '/') || !store_is_id(found))
		return why_set(why, -EINVAL, "%s: its run.json has no id of a run: the file is damaged", dir);
	snprintf(id, ID_ROOM, "%s", found);
	return 0;
}

/* Is DIR a whole run, and which? */
static int examine(const char *dir, char *id, struct why *why)
{
	json_t *run = document(dir, "run.json", why), *env = NULL, *end = NULL;
	int rc = run ? take_id(id, run, dir, why) : -EINVAL;

	if (!rc)
		env = document(dir, "env.json", why);
	if (env)
		end = document(dir, "end.json", why);
	if (!rc && !end)
		rc = -EINVAL;
	if (!rc)
		rc = read_all(dir, json_integer_value(json_object_get(end, "exit")) != 0, why);
	json_decref(end);
	json_decref(env);
	json_decref(run);
	return rc;
}

static ssize_t read_whole(int fd, char *block)
{
	ssize_t n = 0, got;

	while (n < BLOCK && (got = read(fd, block + n, (size_t)(BLOCK - n))) != 0) {
		if (got < 0 && errno != EINTR)
			return -1;
		n += got > 0 ? got : 0;
	}
	return n;
}

static int write_whole(int fd, const char *block, ssize_t n)
{
	while (n > 0) {
		ssize_t done = write(fd, block, (size_t)n);

		if (done < 0 && errno != EINTR)
			return -errno;
		block += done > 0 ? done : 0;
		n -= done > 0 ? done : 0;
	}
	return 0;
}

static int copy_bytes(int from, int to, const struct stat *st)
{
	const struct timespec times[2] = { st->st_atim, st->st_mtim };
	char block[BLOCK];
	ssize_t n;
	int rc = 0;

	while (!rc && (n = read_whole(from, block)) != 0)
		rc = n < 0 ? -errno : write_whole(to, block, n);
	return rc ? rc : futimens(to, times) ? -errno : 0;
}

static int copy_file(const char *from, const char *to, const struct stat *st, struct why *why)
{
	int in = open(from, O_RDONLY | O_NOFOLLOW | O_CLOEXEC), out, rc;

	if (in < 0)
		return why_set(why, -errno, "%s: cannot be read: %s", from, strerror(errno));
	out = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	rc = out < 0 ? -errno : copy_bytes(in, out, st);
	close(in);
	if (out >= 0 && close(out) && !rc)
		rc = -errno;
	return rc ? why_set(why, rc, "%s: cannot be written: %s", to, strerror(-rc)) : 0;
}

/* -EPERM: what is neither a file nor a directory belongs to no run. */
static int copy_entry(const FTSENT *e, const char *to, struct why *why)
{
	switch (e->fts_info) {
	case FTS_D:
		return e->fts_level && mkdir(to, 0755) ? why_set(why, -errno, "%s: cannot be made: %s", to, strerror(errno)) : 0;
	case FTS_DP:
		return 0;
	case FTS_F:
		return copy_file(e->fts_path, to, e->fts_statp, why);
	case FTS_DNR:
	case FTS_ERR:
	case FTS_NS:
		return why_set(why, -e->fts_errno, "%s: cannot be read: %s", e->fts_path, strerror(e->fts_errno));
	default:
		return why_set(why, -EPERM, "%s is neither a file nor a directory: no run holds such", e->fts_path);
	}
}

/* Calls FN with each entry below FROM and the path that has its place below TO. */
static int each_pair(const char *from, const char *to, int (*fn)(const FTSENT *e, const char *to, struct why *why), struct why *why)
{
	char *const roots[] = { (char *)from, NULL };
	FTS *tree = fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR, NULL);
	FTSENT *e = NULL;
	int rc = 0;

	while (tree && !rc && (errno = 0, e = fts_read(tree)) != NULL) {
		char path[PATH_MAX];

		if (snprintf(path, sizeof(path), "%s%s", to, e->fts_path + strlen(from)) >= (int)sizeof(path))
			rc = why_set(why, -ENAMETOOLONG, "%s: the path is too long", to);
		else
			rc = fn(e, path, why);
	}
	if (!tree || (!rc && errno))
		rc = why_set(why, -errno, "%s: cannot be read: %s", from, strerror(errno));
	if (tree)
		fts_close(tree);
	return rc;
}

static bool same_bytes(int a, int b)
{
	char x[BLOCK], y[BLOCK];
	ssize_t n, m;

	do {
		n = read_whole(a, x);
		m = read_whole(b, y);
	} while (n > 0 && n == m && !memcmp(x, y, (size_t)n));
	return n == 0 && m == 0;
}

static bool same_file(const char *a, const char *b)
{
	int x = open(a, O_RDONLY | O_NOFOLLOW | O_CLOEXEC), y = open(b, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	bool same = x >= 0 && y >= 0 && same_bytes(x, y);

	if (x >= 0)
		close(x);
	if (y >= 0)
		close(y);
	return same;
}

/* Made from the run's files, at any time. */
static bool is_made(const FTSENT *e)
{
	for (; e->fts_level > 1; e = e->fts_parent)
		;
	return e->fts_level == 1 && (!strcmp(e->fts_name, "derived") || !strcmp(e->fts_name, "report.html"));
}

static int compare_entry(const FTSENT *e, const char *to, struct why *why)
{
	if (is_made(e) || e->fts_info == FTS_D || e->fts_info == FTS_DP || (e->fts_info == FTS_F && same_file(e->fts_path, to)))
		return 0;
	return why_set(why, -EEXIST, "%s: another run of this id is there, which differs in %s: two runs cannot have one id", e->fts_path, to);
}

/* Copies under a hidden name, which one process has at a time; what another left there when it was killed is removed. */
static int copy_run(const char *dir, const char *making, const char *whole, struct why *why)
{
	int lock, rc;

	if (mkdir(making, 0755) && errno != EEXIST)
		return why_set(why, -errno, "%s: cannot be made: %s: choose another --out", making, strerror(errno));
	lock = open(making, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (lock < 0 || flock(lock, LOCK_EX | LOCK_NB)) {
		rc = why_set(why, -errno, "%s: %s: is another import of this run going on?", making, strerror(errno));
		if (lock >= 0)
			close(lock);
		return rc;
	}
	store_empty(making);
	rc = each_pair(dir, making, copy_entry, why);
	if (!rc)
		rc = store_complete(making, whole, why);
	if (rc)
		store_remove(making);
	close(lock);
	return rc;
}

enum runimport runimport_take(const char *dir, const char *out, char *id, struct why *why)
{
	char runs[PATH_MAX], whole[PATH_MAX], making[PATH_MAX];
	int rc;

	*id = '\0';
	if (examine(dir, id, why))
		return RUNIMPORT_REFUSED;
	if (store_path(runs, sizeof(runs), out, "runs") || store_path(whole, sizeof(whole), runs, id) ||
	    snprintf(making, sizeof(making), "%s/.%s.import.tmp", runs, id) >= (int)sizeof(making)) {
		why_set(why, -ENAMETOOLONG, "%s: the path is too long: choose another --out", out);
		return RUNIMPORT_FAILED;
	}
	/* both ways: neither has a file that the other has not */
	if (there(whole))
		return each_pair(dir, whole, compare_entry, why) || each_pair(whole, dir, compare_entry, why) ? RUNIMPORT_REFUSED : RUNIMPORT_THERE;
	if (store_mkdirs(runs, why))
		return RUNIMPORT_FAILED;
	rc = copy_run(dir, making, whole, why);
	if (rc == -EPERM)
		return RUNIMPORT_REFUSED;
	return rc ? RUNIMPORT_FAILED : RUNIMPORT_TAKEN;
}
