// SPDX-License-Identifier: GPL-2.0-only
/* Is a run on the disk before it is said to be? What is synced and renamed is written down in order; the kernel does it all the same. */
#include "check.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "store.h"

enum { EVENTS_MAX = 64 };

static char events[EVENTS_MAX][PATH_MAX + 16];
static size_t n_events;
static const char *refused;	/* part of a path that cannot be synced */
static char work[64];

int __real_fsync(int fd);
int __wrap_fsync(int fd);
int __real_syncfs(int fd);
int __wrap_syncfs(int fd);
int __real_rename(const char *from, const char *to);
int __wrap_rename(const char *from, const char *to);

static void note(const char *what, const char *path)
{
	assert_true(n_events < EVENTS_MAX);
	snprintf(events[n_events++], sizeof(*events), "%s %s", what, path);
}

static int note_sync(const char *what, int fd, int (*real)(int fd))
{
	char fd_link[64], found[PATH_MAX];
	ssize_t n;

	snprintf(fd_link, sizeof(fd_link), "/proc/self/fd/%d", fd);
	n = readlink(fd_link, found, sizeof(found) - 1);
	assert_true(n > 0);
	found[n] = '\0';
	note(what, found);
	if (!refused || !strstr(found, refused))
		return real(fd);
	errno = EIO;
	return -1;
}

int __wrap_fsync(int fd)
{
	return note_sync("sync", fd, __real_fsync);
}

int __wrap_syncfs(int fd)
{
	return note_sync("sync all of", fd, __real_syncfs);
}

int __wrap_rename(const char *from, const char *to)
{
	note("rename to", to);
	return __real_rename(from, to);
}

/* The first event of PATH after the place FROM; EVENTS_MAX when there is none. */
static size_t event(size_t from, const char *what, const char *dir, const char *name)
{
	char wanted[PATH_MAX + 16];

	snprintf(wanted, sizeof(wanted), "%s %s%s", what, dir, name);
	for (size_t i = from; i < n_events; i++)
		if (!strcmp(events[i], wanted))
			return i;
	return EVENTS_MAX;
}

static void begin(struct run *run, char *out, size_t size)
{
	struct why why = { "" };

	strcpy(work, "/tmp/test_store.XXXXXX");
	assert_non_null(mkdtemp(work));
	snprintf(out, size, "%s/a/results", work);
	n_events = 0;
	refused = NULL;
	if (store_create(run, out, "run", &why))
		fail_msg("%s", why.text);
	assert_int_equal(store_keep(run, "run.json", json_pack("{s:s}", "schema", "sqbench-run/1"), NULL), 0);
}

static void end(struct run *run)
{
	store_close(run);
	store_remove(work);
}

static void a_run_is_synced_before_it_is_renamed_and_after(void **state)
{
	struct run run;
	struct why why = { "" };
	char out[PATH_MAX], runs[PATH_MAX + 8], dir[PATH_MAX];
	size_t from, renamed;

	(void)state;
	begin(&run, out, sizeof(out));
	snprintf(runs, sizeof(runs), "%s/runs", out);
	/* every directory on the way, in the one above it */
	assert_true(event(0, "sync", work, "") < EVENTS_MAX);
	assert_true(event(0, "sync", work, "/a") < EVENTS_MAX);
	assert_true(event(0, "sync", out, "") < EVENTS_MAX);
	/* a file of ours: it, its name, its directory */
	renamed = event(0, "rename to", run.dir, "/run.json");
	assert_true(event(0, "sync", run.dir, "/run.json.tmp") < renamed);
	assert_true(renamed < event(renamed, "sync", run.dir, ""));
	assert_true(event(renamed, "sync", run.dir, "") < EVENTS_MAX);

	from = n_events;
	memcpy(dir, run.dir, sizeof(dir));
	if (store_commit(&run, &why))
		fail_msg("%s", why.text);
	renamed = event(from, "rename to", run.final, "");
	assert_true(renamed < EVENTS_MAX);
	assert_true(event(from, "sync all of", dir, "") < renamed);
	assert_true(event(renamed, "sync", runs, "") < EVENTS_MAX);
	assert_int_equal(access(run.dir, F_OK), 0);
	end(&run);
}

static void what_cannot_be_synced_is_not_stored(void **state)
{
	struct run run;
	struct why why = { "" };
	char out[PATH_MAX];

	(void)state;
	begin(&run, out, sizeof(out));
	refused = ".tmp";
	assert_int_equal(store_commit(&run, &why), -EIO);
	assert_non_null(strstr(why.text, ".tmp: cannot be synced"));
	assert_int_not_equal(access(run.final, F_OK), 0);
	refused = NULL;
	assert_int_equal(store_commit(&run, &why), 0);
	end(&run);

	begin(&run, out, sizeof(out));
	refused = "/results/runs";
	assert_int_equal(store_commit(&run, &why), -EIO);
	end(&run);

	begin(&run, out, sizeof(out));
	refused = ".tmp";
	assert_int_equal(store_keep(&run, "end.json", json_object(), &why), -EIO);
	assert_int_equal(store_kept(&run, "end.json"), 0);
	end(&run);
}

static void read_back(const char *text, const char *said)
{
	struct why why = { "" };
	char path[] = "/tmp/test_schema.XXXXXX";
	int fd = mkstemp(path);
	json_t *doc;

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
	doc = store_read_json(path, &why);
	assert_int_equal(!doc, said != NULL);
	if (said && !strstr(why.text, said))
		fail_msg("%s", why.text);
	json_decref(doc);
	unlink(path);
}

static void a_newer_schema_is_refused(void **state)
{
	(void)state;
	read_back("{\"schema\": \"sqbench-run/1\"}", NULL);
	read_back("{\"schema\": \"sqbench-versus/1\"}", NULL);
	read_back("{\"id\": \"x\"}", NULL);
	read_back("{\"schema\": \"somebody-else/7\"}", NULL);
	read_back("{\"schema\": \"sqbench-run/2\"}", "is of schema sqbench-run/2, newer than sqbench-run/1: read it with a newer sqbench");
	read_back("{\"schema\": \"sqbench-night/12\"}", "newer than sqbench-night/1");
	read_back("{\"schema\": ", "the file is damaged");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_run_is_synced_before_it_is_renamed_and_after),
		cmocka_unit_test(what_cannot_be_synced_is_not_stored),
		cmocka_unit_test(a_newer_schema_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
