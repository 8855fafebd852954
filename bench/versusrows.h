/* SPDX-License-Identifier: GPL-2.0-only */
/* What sqbench versus is asked to show: the rows of issue 4 as a table, and when a row is met. Pure. */
#ifndef SQB_VERSUSROWS_H
#define SQB_VERSUSROWS_H

#include <stdbool.h>
#include <stddef.h>

#include "stats.h"

enum versus_side { VERSUS_OURS, VERSUS_STOCK, VERSUS_PLAIN, VERSUS_SIDES };

enum versus_measure { VERSUS_IOPS, VERSUS_CPU, VERSUS_P50, VERSUS_P99, VERSUS_SQ_CPU, VERSUS_MEASURES };

enum versus_of {
	VERSUS_RATIO,		/* ours to the other side's, in each cell */
	VERSUS_GEOMEAN,		/* of that ratio over all cells */
	VERSUS_SPREAD,		/* coefficient of variation of ours over the rounds, %, in each cell */
	VERSUS_VALUE,		/* the median of ours, in each cell */
};

enum versus_against { VERSUS_TO_NONE, VERSUS_TO_STOCK, VERSUS_TO_PLAIN, VERSUS_TO_BETTER };

struct versus_ask {
	enum versus_measure measure;
	enum versus_of of;
	enum versus_against against;	/* VERSUS_TO_NONE for spreads and values only */
	bool at_least;			/* else at most */
	double limit;
};

enum { VERSUS_LIST_MAX = 8, VERSUS_ASKS_MAX = 4 };

/* A row with its cells: all of BS x RW x DEPTH, or one for each law of arrivals. Lists of names end with NULL. */
struct versus_row {
	const char *name, *what;
	const char *bs[VERSUS_LIST_MAX], *rw[VERSUS_LIST_MAX];
	unsigned depth[VERSUS_LIST_MAX], depths;
	bool laws;			/* of arrivals, all of them */
	bool direct;
	unsigned seconds;		/* of each run */
	unsigned cpus;			/* that it needs */
	const char *all[VERSUS_LIST_MAX], *ours[VERSUS_LIST_MAX], *stock[VERSUS_LIST_MAX];	/* fio options */
	struct versus_ask ask[VERSUS_ASKS_MAX];
	unsigned asks;
};

/* Ends with a name of NULL. */
extern const struct versus_row versus_rows[];

/* By name, NULL: none is called so. */
const struct versus_row *versus_row_find(const char *name);

/* In order from good to bad, so that the verdict on several is the largest. */
enum versus_verdict { VERSUS_MET, VERSUS_MET_UNCLEAR, VERSUS_MISSED_UNCLEAR, VERSUS_UNKNOWN, VERSUS_MISSED };

/* Met or not by the value of E, clear when no part of its interval is on the other side of LIMIT; unknown without an estimate. */
enum versus_verdict versus_judge(const struct est *e, bool at_least, double limit);

const char *versus_verdict_name(enum versus_verdict v);

extern const char *const versus_side_names[VERSUS_SIDES];

struct versus_kind {
	const char *name, *title, *unit;
	bool more_is_better, latency;
};

extern const struct versus_kind versus_measures[VERSUS_MEASURES];

#endif
