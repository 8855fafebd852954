// SPDX-License-Identifier: GPL-2.0-only
#include "hoststate.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "hostinfo.h"
#include "hostrecord.h"
#include "store.h"

#define GUARD_MS 5000	/* to put everything back */
#define POLL_MS 10

static void not_set(struct hoststate *h, const char *what, const char *reason)
{
	json_array_append_new(h->not_set, json_pack("{s:s, s:s}", "what", what, "reason", reason));
}

static void not_set_path(struct hoststate *h, const struct hostknob_kind *kind, const char *path, int err)
{
	const char *cure = err == -EACCES || err == -EPERM ? ": it takes root" : err == -EINVAL ? ": there may be no such choice" : "";
	char reason[HOSTKNOB_PATH + 128];

	snprintf(reason, sizeof(reason), "%s: %s%s", path, strerror(-err), cure);
	not_set(h, kind->what, reason);
}

/* One that differs and can be written is to be set. */
static void consider(struct hoststate *h, const struct hostknob_kind *kind, const char *full)
{
	const char *path = full + strlen(h->sysfs) + 1;
	struct hostknob *k = &h->knobs[h->n];
	int err = strlen(path) < sizeof(k->path) ? hostknob_read(h->sysfs, path, k->was) : -ENAMETOOLONG;

	if (!err && !strcmp(k->was, kind->value)) {
		json_array_append_new(h->already, json_pack("{s:s, s:s, s:s}", "what", kind->what, "path", path, "value", kind->value));
		return;
	}
	if (!err && faccessat(AT_FDCWD, full, W_OK, AT_EACCESS))
		err = -errno;
	if (err) {
		not_set_path(h, kind, path, err);
		return;
	}
	snprintf(k->path, sizeof(k->path), "%s", path);
	snprintf(k->set, sizeof(k->set), "%s", kind->value);
	h->n++;
}

static int look_at_kind(struct hoststate *h, const struct hostknob_kind *kind, const char *disk)
{
	const char *name = kind->name ? kind->name : disk;
	char pattern[PATH_MAX];
	struct hostknob *more;
	glob_t found;

	if (!name || (!kind->name && strpbrk(name, "/*?[")) ||
	    snprintf(pattern, sizeof(pattern), "%s/%s%s%s", h->sysfs, kind->dir, name, kind->tail) >= (int)sizeof(pattern) || glob(pattern, 0, NULL, &found)) {
		not_set(h, kind->what, kind->missing);
		return 0;
	}
	more = realloc(h->knobs, (h->n + found.gl_pathc) * sizeof(*more));
	if (more) {
		h->knobs = more;
		for (size_t i = 0; i < found.gl_pathc; i++)
			consider(h, kind, found.gl_pathv[i]);
	}
	globfree(&found);
	return more ? 0 : -ENOMEM;
}

static int absolute(char *out, const char *path)
{
	char dir[PATH_MAX], real[PATH_MAX];
	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;

	if (snprintf(dir, sizeof(dir), "%.*s", slash ? (int)(slash - path) + 1 : 1, slash ? path : ".") >= (int)sizeof(dir))
		return -ENAMETOOLONG;
	if (!realpath(dir, real))
		return -errno;
	return store_path(out, PATH_MAX, real, name);
}

/* All descriptors but two, A and B, are closed, the lock of the machine among them. */
static void close_others(int a, int b)
{
	unsigned low = (unsigned)(a < b ? a : b), high = (unsigned)(a < b ? b : a);

	if (low)
		close_range(0, low - 1, 0);
	if (high > low + 1)
		close_range(low + 1, high - 1, 0);
	close_range(high + 1, ~0U, 0);
}

static void guard(const struct hoststate *h, const int ends[2])
{
	/* Not killed with the main process's group, session or terminal. */
	static const int ignored[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE, SIGTSTP };
	bool all = true;
	char c;

	for (size_t i = 0; i < sizeof(ignored) / sizeof(*ignored); i++)
		signal(ignored[i], SIG_IGN);
	setsid();
	close(ends[1]);
	close_others(ends[0], h->record_fd);
	prctl(PR_SET_NAME, "sqbench-guard");
	/* Nothing is changed before it is safe from signals and has no lock any more. */
	if (chdir("/") || write(ends[0], "", 1) != 1)
		_exit(1);
	/* Nobody writes: it ends when the last that has the other end has gone. */
	while (read(ends[0], &c, 1) < 0 && errno == EINTR)
		;
	for (size_t i = 0; i < h->n; i++) {
		char found[HOSTKNOB_VALUE];
		int err;

		all &= hostknob_restore(h->sysfs, &h->knobs[i], found, &err) <= HOSTKNOB_SO_ALREADY;
	}
	/* What is left over is said by whoever reads the record next. */
	if (all)
		unlink(h->record);
	_exit(0);
}

static void end_guard(struct hoststate *h)
{
	const struct timespec moment = { .tv_nsec = POLL_MS * 1000000L };
	int ms = 0;

	close(h->guard_fd);
	h->guard_fd = -1;
	while (!waitpid(h->guard, NULL, WNOHANG)) {
		if (ms > GUARD_MS)
			kill(h->guard, SIGKILL);
		nanosleep(&moment, NULL);
		ms += POLL_MS;
	}
	h->guard = 0;
}

static int start_guard(struct hoststate *h, struct why *why)
{
	int ends[2], err;
	ssize_t n;
	pid_t pid;
	char c;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends))
		return why_set(why, -errno, "socketpair: %s", strerror(errno));
	fflush(NULL);
	pid = fork();
	if (!pid)
		guard(h, ends);
	err = errno;
	close(ends[0]);
	if (pid < 0) {
		close(ends[1]);
		return why_set(why, -err, "fork: %s", strerror(err));
	}
	h->guard = pid;
	h->guard_fd = ends[1];
	while ((n = read(ends[1], &c, 1)) < 0 && errno == EINTR)
		;
	if (n == 1)
		return 0;
	end_guard(h);
	return why_set(why, -ECHILD, "the guard, which would put the host back, ended at once: nothing was changed");
}

static void drop_record(struct hoststate *h, bool remove)
{
	if (h->record_fd < 0)
		return;
	if (remove)
		unlink(h->record);
	close(h->record_fd);
	h->record_fd = -1;
}

/* First the record, then the guard, and only then a change. */
static int protect(struct hoststate *h, struct why *why)
{
	int rc;

	h->record_fd = hostrecord_make(h->record, h->knobs, h->n, why);
	if (h->record_fd < 0)
		return h->record_fd;
	rc = start_guard(h, why);
	if (rc)
		drop_record(h, true);
	return rc;
}

static void change(struct hoststate *h)
{
	for (size_t i = 0; i < h->n; i++) {
		const struct hostknob *k = &h->knobs[i];
		const struct hostknob_kind *kind = hostknob_kind(k->path);
		int err = hostknob_write(h->sysfs, k->path, k->set);

		if (err)
			not_set_path(h, kind, k->path, err);
		else
			json_array_append_new(h->set, json_pack("{s:s, s:s, s:s, s:s}", "what", kind->what, "path", k->path, "was", k->was, "value", k->set));
	}
}

static int look(struct hoststate *h, const char *disk, const char *record, struct why *why)
{
	int rc = absolute(h->record, record);

	if (rc)
		return why_set(why, rc, "%s: the record cannot be written: %s", record, strerror(-rc));
	rc = hoststate_restore_left(h->sysfs, h->record, &h->left, why);
	for (size_t i = 0; i < HOSTKNOB_KINDS && !rc; i++) {
		rc = look_at_kind(h, &hostknob_kinds[i], disk);
		if (rc)
			why_set(why, rc, "out of memory");
	}
	return rc;
}

int hoststate_set(struct hoststate *h, const char *sysfs, const char *disk, const char *record, struct why *why)
{
	struct why own = { "" };
	int rc;

	*h = (struct hoststate){ .guard_fd = -1, .record_fd = -1, .set = json_array(), .already = json_array(), .not_set = json_array() };
	snprintf(h->sysfs, sizeof(h->sysfs), "%s", sysfs);
	rc = look(h, disk, record, &own);
	if (!rc && h->n)
		rc = protect(h, &own);
	if (!rc) {
		change(h);
		return 0;
	}
	h->n = 0;
	for (size_t i = 0; i < HOSTKNOB_KINDS; i++)
		not_set(h, hostknob_kinds[i].what, own.text);
	return why_set(why, rc, "%s", own.text);
}

json_t *hoststate_json(const struct hoststate *h)
{
	return json_pack("{s:O, s:O, s:O, s:s?, s:s?, s:O?}", "set", h->set, "already", h->already, "not_set", h->not_set, "turbo",
			 hostinfo_turbo(h->sysfs), "smt", hostinfo_smt(h->sysfs), "left_over", h->left);
}

int hoststate_restore(struct hoststate *h, json_t **ends)
{
	int rc;

	if (!h->guard) {
		if (ends)
			*ends = json_pack("{s:[], s:[]}", "restored", "left");
		return 0;
	}
	rc = hostrecord_restore(h->sysfs, h->knobs, h->n, ends);
	end_guard(h);
	drop_record(h, !rc);
	return rc;
}

void hoststate_free(struct hoststate *h)
{
	hoststate_restore(h, NULL);
	json_decref(h->set);
	json_decref(h->already);
	json_decref(h->not_set);
	json_decref(h->left);
	free(h->knobs);
	*h = (struct hoststate){ .guard_fd = -1, .record_fd = -1 };
}

/* All of it was set in a kernel that is gone. */
static json_t *gone(void)
{
	return json_pack("{s:[], s:[{s:s, s:s}]}", "restored", "left", "what", "all", "reason", "the machine has booted since");
}

int hoststate_restore_left(const char *sysfs, const char *record, json_t **ends, struct why *why)
{
	struct hostknob *knobs = NULL;
	json_t *said = NULL;
	int fd = hostrecord_lock(record, why), rc, n;

	if (ends)
		*ends = NULL;
	if (fd < 0)
		return fd == -ENOENT ? 0 : fd;
	n = hostrecord_read(record, &knobs, why);
	rc = n < 0 && n != -ESTALE ? n : 0;
	if (n == -ESTALE)
		said = gone();
	else if (n >= 0)
		rc = hostrecord_restore(sysfs, knobs, (size_t)n, &said);
	if (n >= 0 && rc)
		why_set(why, rc, "%s: not all of it could be put back: %s: run it as root", record, strerror(-rc));
	if (!rc)
		unlink(record);
	if (ends)
		*ends = said;
	else
		json_decref(said);
	free(knobs);
	close(fd);
	return rc;
}
