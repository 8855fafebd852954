// SPDX-License-Identifier: GPL-2.0-only
#include "timelog.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { FIRST_ROOM = 1024 };

int sqp_timelog_open(struct sqp_timelog *log, const char *name, unsigned number, struct sqp_why *why)
{
	int len;

	*log = (struct sqp_timelog){ .fd = -1 };
	len = snprintf(log->path, sizeof(log->path), "%s_times.%u.log", name, number);
	if (len >= (int)sizeof(log->path))
		return sqp_why(why, -ENAMETOOLONG, "time_log=%s is too long; choose a shorter name", name);
	log->fd = open(log->path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (log->fd >= 0)
		return 0;
	return sqp_why(why, -errno, "time_log=%s: %s cannot be written: %s; choose a name that can", name, log->path,
		       strerror(errno));
}

static bool make_room(struct sqp_timelog *log)
{
	size_t room = log->room ? 2 * log->room : FIRST_ROOM;
	struct sqp_io_times *io;

	if (log->nr < log->room)
		return true;
	io = realloc(log->io, room * sizeof(*io));
	if (!io)
		return false;
	log->io = io;
	log->room = room;
	return true;
}

void sqp_timelog_add(struct sqp_timelog *log, const struct sqp_io_times *times)
{
	if (make_room(log))
		log->io[log->nr++] = *times;
	else
		log->lost++;
}

static int write_all(const struct sqp_timelog *log, FILE *out)
{
	for (size_t i = 0; i < log->nr; i++) {
		const struct sqp_io_times *t = &log->io[i];

		if (fprintf(out, "%" PRIu64 ", %u, %" PRIu64 ", %" PRIu64 ", %" PRIu64 ", %" PRIu64 "\n", t->offset, t->ddir,
			    t->issue_ns, t->taken_ns, t->absent_ns, t->handed_ns) < 0)
			return -errno;
	}
	return fflush(out) ? -errno : 0;
}

int sqp_timelog_close(struct sqp_timelog *log, struct sqp_why *why)
{
	FILE *out = fdopen(log->fd, "w");
	int ret = out ? write_all(log, out) : -errno;

	if (out && fclose(out) && !ret)
		ret = -errno;
	if (!out)
		close(log->fd);
	log->fd = -1;
	free(log->io);
	log->io = NULL;
	if (ret)
		return sqp_why(why, ret, "%s: %s; it is incomplete", log->path, strerror(-ret));
	if (log->lost)
		return sqp_why(why, -ENOMEM, "%s: there was no memory for the times of %zu requests; run fewer", log->path,
			       log->lost);
	return 0;
}
