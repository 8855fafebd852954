// SPDX-License-Identifier: GPL-2.0-only
#include "precondition.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "../engine/drive.h"
#include "fiojson.h"
#include "grid.h"
#include "proc.h"
#include "store.h"

#define SCHEMA "sqbench-preconditioned/1"
#define CHUNK (1U << 20)
#define BYTES_PER_S 50e6
#define PATIENCE_S 60

/* The names in DIR that WANTED takes, in one line of at most SIZE bytes; how many. */
static int names_in(const char *dir, int (*wanted)(const struct dirent *), const char *attribute, char *out, size_t size)
{
	struct dirent **names;
	int n = scandir(dir, &names, wanted, alphasort), found = 0;
	size_t used = 0;

	*out = '\0';
	for (int i = 0; i < n; i++) {
		char path[PATH_MAX];

		if (!attribute || (snprintf(path, sizeof(path), "%s/%s/%s", dir, names[i]->d_name, attribute) < (int)sizeof(path) && !access(path, F_OK))) {
			if (used < size)
				used += (size_t)snprintf(out + used, size - used, "%s%s", found ? ", " : "", names[i]->d_name);
			found++;
		}
		free(names[i]);
	}
	if (n >= 0)
		free(names);
	return found;
}

static int visible(const struct dirent *d)
{
	return *d->d_name != '.';
}

/* Where DEV is mounted into AT, false when it is not by what this process sees. */
static bool mounted(dev_t dev, char *at, size_t size)
{
	char *text = store_read("/proc/self/mountinfo", NULL), *save = NULL;
	bool found = false;

	for (char *line = text ? strtok_r(text, "\n", &save) : NULL; line && !found; line = strtok_r(NULL, "\n", &save)) {
		unsigned maj, min;
		char point[256];

		found = sscanf(line, "%*d %*d %u:%u %*s %255s", &maj, &min, point) == 3 && maj == major(dev) && min == minor(dev);
		if (found)
			snprintf(at, size, "%s", point);
	}
	free(text);
	return found;
}

static int refuse_used(const struct prepared *p, struct why *why)
{
	char dir[PATH_MAX], holders[PATH_MAX], names[256];
	struct stat st;

	if (stat(p->path, &st))
		return why_set(why, -errno, "%s: %s", p->path, strerror(errno));
	if (mounted(st.st_rdev, names, sizeof(names)))
		return why_set(why, -EBUSY, "%s: is mounted at %s: nothing was written; unmount it", p->path, names);
	if (!p->on_disk)
		return 0;
	if (*p->disk.part ? store_path(dir, sizeof(dir), p->disk.dir, p->disk.part) : snprintf(dir, sizeof(dir), "%s", p->disk.dir) < 0)
		return why_set(why, -ENAMETOOLONG, "%s: the path is too long", p->disk.dir);
	if (!*p->disk.part && names_in(dir, visible, "partition", names, sizeof(names)))
		return why_set(why, -EBUSY, "%s: has partitions (%s): nothing was written; name the one that may be lost, or remove them with wipefs -a", p->path, names);
	if (!store_path(holders, sizeof(holders), dir, "holders") && names_in(holders, visible, NULL, names, sizeof(names)))
		return why_set(why, -EBUSY, "%s: is part of %s: nothing was written; take it out of that first", p->path, names);
	return 0;
}

/* An open descriptor that keeps others from mounting or claiming the device while it is written; -errno with WHY. */
static int claim(const struct prepared *p, struct why *why)
{
	int rc = p->block ? refuse_used(p, why) : 0, fd;

	if (rc)
		return rc;
	fd = open(p->path, O_RDWR | O_CLOEXEC | (p->block ? O_EXCL : 0));
	if (fd < 0 && errno == EBUSY)
		return why_set(why, -EBUSY, "%s: is in use (mounted elsewhere, swap, RAID, LVM or another program): nothing was written; free it first", p->path);
	return fd < 0 ? why_set(why, -errno, "%s: cannot be written: %s", p->path, strerror(errno)) : fd;
}

static json_t *identity(const struct prepared *p)
{
	struct sqp_drive d = { 0 };
	struct stat st;

	if (!p->block)
		return json_pack("{s:s, s:I, s:I}", "path", p->path, "inode", stat(p->path, &st) ? (json_int_t)0 : (json_int_t)st.st_ino, "bytes", (json_int_t)p->bytes);
	if (p->on_disk)
		sqp_drive_at("/sys", p->disk.dir, &d);
	/* Names change from boot to boot, so they count only where there is nothing else. */
	return json_pack("{s:s?, s:s?, s:s?, s:I, s:I}", "serial", *d.serial ? d.serial : NULL, "model", *d.model ? d.model : NULL, "device",
			 *d.serial ? NULL : p->on_disk ? p->disk.name : p->path, "start", (json_int_t)p->disk.start, "bytes", (json_int_t)p->bytes);
}

static int read_record(const char *path, json_t **doc, struct why *why)
{
	const char *schema;

	*doc = access(path, F_OK) ? json_pack("{s:s, s:[]}", "schema", SCHEMA, "targets") : store_read_json(path, why);
	if (!*doc)
		return -EINVAL;
	schema = json_string_value(json_object_get(*doc, "schema"));
	if (schema && !strcmp(schema, SCHEMA) && json_is_array(json_object_get(*doc, "targets")))
		return 0;
	json_decref(*doc);
	*doc = NULL;
	return why_set(why, -EINVAL, "%s: is no record of " SCHEMA ": move it away", path);
}

/* Its place among those that were written, or their number. */
static size_t place_of(const json_t *doc, const json_t *id)
{
	const json_t *all = json_object_get(doc, "targets");
	size_t i = 0;

	while (i < json_array_size(all) && !json_equal(json_object_get(json_array_get(all, i), "target"), id))
		i++;
	return i;
}

static int check_result(const struct prepared *p, const struct proc_end *end, const char *json, const char *messages, struct why *why)
{
	struct fio_result r = { 0 };
	char said[300] = "";
	json_t *doc;
	int rc;

	if (end->interrupted)
		return why_set(why, -EINTR, "%s: interrupted: part of it was written", p->path);
	if (end->timed_out)
		return why_set(why, -ETIMEDOUT, "%s: could not be written in %.0f s: part of it was", p->path, end->wall_s);
	if (end->exit && !fio_complaint(messages, said, sizeof(said)))
		fio_complaint(json, said, sizeof(said));
	if (end->exit)
		return why_set(why, -EIO, "%s: fio could not write it (exit %d)%s%s", p->path, end->exit, *said ? ": " : "", said);
	doc = fiojson_load(json, why);
	rc = doc ? fiojson_result(doc, &r, why) : -EIO;
	json_decref(doc);
	hist_free(&r.lat_ns);
	if (!rc && (r.error || (r.ios + 1) * CHUNK <= (double)p->bytes))
		rc = why_set(why, -EIO, "%s: fio wrote %.0f MiB of %llu only", p->path, r.ios, (unsigned long long)(p->bytes / CHUNK));
	return rc;
}

static int write_all(const struct prepared *p, const struct precondition *a, double *seconds, struct why *why)
{
	char name[PATH_MAX + 16] = "--filename=", json[PATH_MAX], messages[PATH_MAX], output[PATH_MAX + 16];
	char *argv[] = { (char *)a->fio->bin, "--name=precondition", name, "--rw=write", "--bs=1m", "--iodepth=32", "--ioengine=io_uring",
			 p->direct ? "--direct=1" : "--direct=0", "--refill_buffers=1", "--end_fsync=1", "--overwrite=1", "--output-format=json", output, NULL };
	struct proc proc = { .argv = argv, .stdout_path = messages, .stderr_path = messages, .lib_dir = fio_lib_dir(a->fio),
			     .timeout_s = a->timeout_s > 0 ? a->timeout_s : (double)p->bytes / BYTES_PER_S + PATIENCE_S, .stop_signal = SIGTERM,
			     .tick = a->tick, .ctx = a->ctx };
	struct proc_end end = { 0 };
	int rc;

	if (grid_quote_filename(name + strlen(name), PATH_MAX, p->path))
		return why_set(why, -EINVAL, "%s: fio cannot take this name: choose another", p->path);
	if (store_path(json, sizeof(json), a->out, ".precondition.json") || store_path(messages, sizeof(messages), a->out, ".precondition.messages"))
		return why_set(why, -ENAMETOOLONG, "%s: the path is too long: choose another --out", a->out);
	snprintf(output, sizeof(output), "--output=%s", json);
	unlink(json);
	unlink(messages);
	rc = proc_run(&proc, &end, why);
	if (!rc)
		rc = check_result(p, &end, json, messages, why);
	*seconds = end.wall_s;
	unlink(json);
	unlink(messages);
	return rc;
}

static json_t *done_json(bool written, double seconds, const char *reason, const char *time)
{
	return json_pack("{s:b, s:o, s:s?, s:s?}", "written", written, "seconds", json_finite(seconds), "reason", reason, "time", time);
}

/* Only what has been written whole comes into the record. */
static int write_and_record(struct prepared *p, const struct precondition *a, json_t *doc, const json_t *id, const char *path, json_t **done,
			    struct why *why)
{
	json_t *all = json_object_get(doc, "targets");
	int fd = claim(p, why), rc;
	double seconds = NAN;
	char now[32];

	if (fd < 0)
		return fd;
	rc = write_all(p, a, &seconds, why);
	close(fd);
	if (!rc)
		rc = prepare_sample(p, why);
	if (!rc && prepare_unwritten(p))
		rc = why_set(why, -EIO, "%s: %u of %u blocks are zeros after all of it was written: it does not keep what is written", p->path, p->zeros, p->sampled);
	if (rc)
		return rc;
	store_time(now, sizeof(now));
	json_array_remove(all, place_of(doc, id));
	json_array_append_new(all, json_pack("{s:O, s:s, s:f}", "target", id, "time", now, "seconds", seconds));
	*done = done_json(true, seconds, NULL, now);
	return store_write_json(path, doc, why);
}

int precondition(struct prepared *p, const struct precondition *a, json_t **done, struct why *why)
{
	json_t *doc = NULL, *id;
	const json_t *before;
	char path[PATH_MAX];
	int rc;

	*done = NULL;
	if (p->own) {
		*done = done_json(false, NAN, "it was written when it was made", NULL);
		return 0;
	}
	if (!a->allow_write)
		return why_set(why, -EPERM, "%s: preconditioning writes to all of it: nothing was written; pass --allow-write if its content may be lost", p->path);
	if (p->bytes < CHUNK)
		return why_set(why, -EINVAL, "%s: has less than 1 MiB: there is nothing to precondition", p->path);
	if (store_path(path, sizeof(path), a->out, "preconditioned.json"))
		return why_set(why, -ENAMETOOLONG, "%s: the path is too long: choose another --out", a->out);
	rc = read_record(path, &doc, why);
	if (rc)
		return rc;
	id = identity(p);
	before = json_array_get(json_object_get(doc, "targets"), place_of(doc, id));
	if (before && !prepare_unwritten(p))
		*done = done_json(false, NAN, "it has been written before", json_string_value(json_object_get(before, "time")));
	else
		rc = write_and_record(p, a, doc, id, path, done, why);
	json_decref(id);
	json_decref(doc);
	return rc;
}
