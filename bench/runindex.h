/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What all kept runs measured, in one SQLite file beside them: OUT/index.sqlite. It is made from the runs alone and may be deleted at any time; the next look makes it
 * again. Runs of `sqbench run` and `sqbench tune` and nights have cells; of the others only that they are there is known.
 */
#ifndef SQB_RUNINDEX_H
#define SQB_RUNINDEX_H

#include <stdbool.h>
#include <stddef.h>

#include "compare.h"
#include "why.h"

struct runindex;

/*
 * Opens the index of OUT and brings it up to date: adds runs that are new, forgets runs that are gone; all of that or nothing. An index that is damaged or of another version is
 * made anew. NULL with WHY.
 */
struct runindex *runindex_open(const char *out, struct why *why);

void runindex_close(struct runindex *x);

/* A run's measurement of one cell. HOST is empty for other kinds than nights. */
struct runindex_point {
	const char *run, *created, *kernel, *fio, *engine, *device, *host;
	const char *cell;
	double median;
	unsigned n;		/* repeats */
};

/* Points of metric M; of CELL and of HOST only where these are not NULL. */
struct runindex_wanted {
	enum compare_metric m;
	const char *cell, *host;
	bool by_system;		/* within a cell by device and kernel before time */
};

/*
 * Calls FN with each of them, by host and cell and then by time. Stops when FN returns something else than 0, and returns that; -EIO with WHY. Texts are valid during the call.
 */
int runindex_each(struct runindex *x, const struct runindex_wanted *w, int (*fn)(void *ctx, const struct runindex_point *p), void *ctx, struct why *why);

/* How many hosts there are runs with cells of. */
unsigned runindex_hosts(struct runindex *x);

/* What a run measured of one cell: X, its N repeats. Texts are empty where the run does not tell, KEY is JSON; they are valid until the index is closed. */
struct runindex_night {
	const char *run, *created, *kernel, *kernel_build, *fio, *engine, *device, *firmware, *key;
	double *x;
	unsigned n;
};

struct runindex_nights {
	struct runindex_night *night;
	size_t n;
	double *all;	/* the values of all of them, and how many there is room for */
	size_t room;
};

/*
 * Into NIGHTS, oldest first: metric M of the last NIGHTS_MAX runs of HOST that measured CELL; none when there are none. A cell of 3,650 nights takes some milliseconds.
 * 0, or -errno with WHY. Free NIGHTS in any case.
 */
int runindex_history(struct runindex *x, const char *host, const char *cell, enum compare_metric m, size_t nights_max, struct runindex_nights *nights, struct why *why);
void runindex_nights_free(struct runindex_nights *nights);

#endif
