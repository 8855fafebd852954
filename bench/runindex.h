/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What all kept runs measured, in one SQLite file beside them: OUT/index.sqlite. It is made from the runs alone and may be deleted at any time; the next look makes it
 * again. Runs of `sqbench run` and `sqbench tune` have cells; of the others only that they are there is known.
 */
#ifndef SQB_RUNINDEX_H
#define SQB_RUNINDEX_H

#include "compare.h"
#include "why.h"

struct runindex;

/* Opens the index of OUT and brings it up to date: adds runs that are new, forgets runs that are gone. An index that is damaged or of another version is made anew. NULL with WHY. */
struct runindex *runindex_open(const char *out, struct why *why);

void runindex_close(struct runindex *x);

/* A run's measurement of one cell. */
struct runindex_point {
	const char *run, *created, *kernel, *fio, *engine, *device;
	const char *cell;
	double median;
	unsigned n;		/* repeats */
};

/*
 * Calls FN with each point of metric M, by cell and then by time; CELL: only of that one (NULL: of all). Stops when FN returns something else than 0, and returns that; -EIO with
 * WHY. Texts are valid during the call.
 */
int runindex_each(struct runindex *x, enum compare_metric m, const char *cell, int (*fn)(void *ctx, const struct runindex_point *p), void *ctx, struct why *why);

#endif
