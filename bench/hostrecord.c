// SPDX-License-Identifier: GPL-2.0-only
#include "hostrecord.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "store.h"
#include "sysfs.h"

#define SCHEMA "sqbench-hoststate/1"
#define PATIENCE_MS 3000	/* for a guard that is at it */
#define POLL_MS 20

static void boot_id(char out[64])
{
	if (!sysfs_line("/proc/sys/kernel/random/boot_id", out, 64))
		out[0] = '\0';
}

static int write_record(const char *path, const struct hostknob *knobs, size_t n, struct why *why)
{
	json_t *items = json_array(), *doc;
	char boot[64], now[32];
	int rc;

	for (size_t i = 0; i < n; i++)
		json_array_append_new(items, json_pack("{s:s, s:s, s:s}", "path", knobs[i].path, "was", knobs[i].was, "set", knobs[i].set));
	boot_id(boot);
	store_time(now, sizeof(now));
	doc = json_pack("{s:s, s:i, s:s, s:s, s:o}", "schema", SCHEMA, "pid", (int)getpid(), "time", now, "boot", boot, "items", items);
	rc = doc ? store_write_json(path, doc, why) : why_set(why, -ENOMEM, "out of memory");
	json_decref(doc);
	return rc;
}

/* Whether FD, which is locked, is still what has the name: its last holder may have removed it. */
static bool is_there(int fd)
{
	struct stat st;

	return !fstat(fd, &st) && st.st_nlink > 0;
}

int hostrecord_lock(const char *path, struct why *why)
{
	const struct timespec moment = { .tv_nsec = POLL_MS * 1000000L };
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW), rc = -EBUSY;

	if (fd < 0)
		return errno == ENOENT ? -ENOENT : why_set(why, -errno, "%s: cannot be opened: %s", path, strerror(errno));
	for (int ms = 0; rc && ms < PATIENCE_MS; ms += POLL_MS) {
		rc = flock(fd, LOCK_EX | LOCK_NB) ? -errno : 0;
		if (rc)
			nanosleep(&moment, NULL);
	}
	if (!rc && is_there(fd))
		return fd;
	close(fd);
	return rc ? why_set(why, -EBUSY, "%s: a night is running, and puts the host back at its end: wait for it", path) : -ENOENT;
}

int hostrecord_make(const char *path, const struct hostknob *knobs, size_t n, struct why *why)
{
	int rc = write_record(path, knobs, n, why), fd;

	if (rc)
		return rc;
	fd = hostrecord_lock(path, why);
	return fd == -ENOENT ? why_set(why, -EBUSY, "%s: another process has removed it: try again", path) : fd;
}

static bool read_knob(const json_t *item, struct hostknob *k)
{
	const char *path, *was, *set;

	/* Whoever can write the record must not choose what root writes to. */
	if (json_unpack((json_t *)item, "{s:s, s:s, s:s}", "path", &path, "was", &was, "set", &set) || strlen(path) >= sizeof(k->path) ||
	    !hostknob_kind(path) || !hostknob_is_value(was) || !hostknob_is_value(set))
		return false;
	snprintf(k->path, sizeof(k->path), "%s", path);
	snprintf(k->was, sizeof(k->was), "%s", was);
	snprintf(k->set, sizeof(k->set), "%s", set);
	return true;
}

static int read_items(const char *path, const json_t *doc, struct hostknob **knobs, struct why *why)
{
	const char *schema = json_string_value(json_object_get(doc, "schema")), *boot = json_string_value(json_object_get(doc, "boot"));
	const json_t *items = json_object_get(doc, "items");
	size_t n = json_array_size(items);
	char now[64];

	if (!schema || strcmp(schema, SCHEMA) || !boot || !n || n > INT_MAX)
		return why_set(why, -EINVAL, "%s: is no record of " SCHEMA ": nothing was put back; look at it and remove it", path);
	boot_id(now);
	if (strcmp(boot, now))
		return -ESTALE;
	*knobs = calloc(n, sizeof(**knobs));
	if (!*knobs)
		return why_set(why, -ENOMEM, "out of memory");
	for (size_t i = 0; i < n; i++)
		if (!read_knob(json_array_get(items, i), &(*knobs)[i]))
			return why_set(why, -EINVAL, "%s: entry %zu is no setting that a night changes: nothing was put back; look at it and remove it", path, i);
	return (int)n;
}

int hostrecord_read(const char *path, struct hostknob **knobs, struct why *why)
{
	json_t *doc = store_read_json(path, why);
	int n = doc ? read_items(path, doc, knobs, why) : -EINVAL;

	json_decref(doc);
	return n;
}

static void say(json_t *ends, const struct hostknob *k, enum hostknob_end end, const char *found, int err)
{
	const char *what = hostknob_kind(k->path)->what;
	const char *reason = end == HOSTKNOB_CHANGED ? "somebody else has changed it meanwhile" : strerror(-err);

	if (end == HOSTKNOB_RESTORED)
		json_array_append_new(json_object_get(ends, "restored"), json_pack("{s:s, s:s, s:s}", "what", what, "path", k->path, "value", k->was));
	else if (end != HOSTKNOB_SO_ALREADY)
		json_array_append_new(json_object_get(ends, "left"), json_pack("{s:s, s:s, s:s, s:s, s:s}", "what", what, "path", k->path, "was", k->was,
										"found", found, "reason", reason));
}

int hostrecord_restore(const char *sysfs, const struct hostknob *knobs, size_t n, json_t **ends)
{
	int rc = 0;

	if (ends)
		*ends = json_pack("{s:[], s:[]}", "restored", "left");
	for (size_t i = 0; i < n; i++) {
		char found[HOSTKNOB_VALUE];
		int err;
		enum hostknob_end end = hostknob_restore(sysfs, &knobs[i], found, &err);

		if (end == HOSTKNOB_FAILED)
			rc = err;
		if (ends)
			say(*ends, &knobs[i], end, found, err);
	}
	return rc;
}
