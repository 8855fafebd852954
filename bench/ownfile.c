// SPDX-License-Identifier: GPL-2.0-only
#include "ownfile.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "scratch.h"
#include "store.h"

#define SCHEMA "sqbench-nightfile/1"

struct ownfile {
	const char *path;
	char card[PATH_MAX];	/* that says it is ours */
	uint64_t size;
};

enum state { ABSENT, GOOD, STALE, FOREIGN };

static bool is_card(const json_t *card)
{
	const char *schema = json_string_value(json_object_get(card, "schema"));

	return schema && !strcmp(schema, SCHEMA);
}

static enum state judge(const struct ownfile *f, const json_t *card)
{
	struct stat st;

	if (lstat(f->path, &st))
		return errno == ENOENT && (is_card(card) || access(f->card, F_OK)) ? ABSENT : FOREIGN;
	if (!S_ISREG(st.st_mode))
		return FOREIGN;
	if (!is_card(card) || json_integer_value(json_object_get(card, "inode")) != (json_int_t)st.st_ino)
		/* A process that was killed before it had written the card leaves an empty file. */
		return st.st_size || (!is_card(card) && !access(f->card, F_OK)) ? FOREIGN : STALE;
	return json_is_true(json_object_get(card, "whole")) && (uint64_t)st.st_size == f->size ? GOOD : STALE;
}

static int write_card(const struct ownfile *f, int fd, bool whole, struct why *why)
{
	struct stat st;
	char now[32];
	json_t *card;
	int rc;

	if (fstat(fd, &st))
		return why_set(why, -errno, "%s: %s", f->path, strerror(errno));
	store_time(now, sizeof(now));
	card = json_pack("{s:s, s:I, s:I, s:b, s:s}", "schema", SCHEMA, "inode", (json_int_t)st.st_ino, "bytes", (json_int_t)f->size, "whole", whole,
			 "time", now);
	rc = card ? store_write_json(f->card, card, why) : why_set(why, -ENOMEM, "out of memory");
	json_decref(card);
	return rc;
}

static int make(const struct ownfile *f, struct why *why)
{
	int fd = open(f->path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600), rc;

	if (fd < 0)
		return why_set(why, -errno, "%s: cannot be made: %s: choose another --out", f->path, strerror(errno));
	rc = write_card(f, fd, false, why);
	if (!rc) {
		rc = scratch_fill(fd, f->size);
		if (rc && rc != -EINTR)
			why_set(why, rc, "%s: %llu MiB cannot be written: %s: choose a smaller --size or another --out", f->path,
				(unsigned long long)(f->size >> 20), strerror(-rc));
	}
	if (!rc)
		rc = write_card(f, fd, true, why);
	close(fd);
	if (rc)
		ownfile_remove(f->path);
	return rc;
}

static int card_path(char card[PATH_MAX], const char *path)
{
	return snprintf(card, PATH_MAX, "%s.json", path) >= PATH_MAX ? -ENAMETOOLONG : 0;
}

int ownfile(const char *path, bool *made, uint64_t size, struct why *why)
{
	struct ownfile f = { .path = path, .size = size };
	enum state state;
	json_t *card;

	*made = false;
	if (card_path(f.card, path))
		return why_set(why, -ENAMETOOLONG, "%s: the path is too long: choose another --out", path);
	card = store_read_json(f.card, NULL);
	state = judge(&f, card);
	json_decref(card);
	if (state == FOREIGN)
		return why_set(why, -EEXIST, "%s: sqbench did not make it, by what %s says, so it is left alone: move both away",
			       path, f.card);
	if (state == GOOD)
		return 0;
	if (state == STALE && unlink(path))
		return why_set(why, -errno, "%s: cannot be replaced: %s", path, strerror(errno));
	*made = true;
	return make(&f, why);
}

void ownfile_remove(const char *path)
{
	char card[PATH_MAX];

	unlink(path);
	if (!card_path(card, path))
		unlink(card);
}
