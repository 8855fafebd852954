/* SPDX-License-Identifier: GPL-2.0-only */
/* The times of each request, as the engine saw them: one line a request, docs/RESULTS_FORMAT.md. */
#ifndef SQP_TIMELOG_H
#define SQP_TIMELOG_H

#include "config.h"

#include <stddef.h>

struct sqp_io_times {
	uint64_t offset;		/* bytes */
	unsigned ddir;			/* fio's number of the direction: 0 read, 1 write, ... */
	uint64_t issue_ns, taken_ns, absent_ns, handed_ns;	/* all of one clock; 0: not known */
};

struct sqp_timelog {
	int fd;				/* -1: no log is wanted */
	char path[256];
	struct sqp_io_times *io;
	size_t nr, room;
	size_t lost;			/* there was no memory for so many */
};

/* Opens the log NAME_times.NUMBER.log, overwriting one that is there. 0 or -errno with the reason. */
int sqp_timelog_open(struct sqp_timelog *log, const char *name, unsigned number, struct sqp_why *why);

/* Keeps the times of one request in memory: nothing is written while I/O runs. */
void sqp_timelog_add(struct sqp_timelog *log, const struct sqp_io_times *times);

/* Writes and closes it. 0, or -errno with the reason when not all of it could be written. */
int sqp_timelog_close(struct sqp_timelog *log, struct sqp_why *why);

#endif
