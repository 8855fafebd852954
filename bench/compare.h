/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Two sets of results, cell by cell: by what factor does B differ from A, and is that better or worse?
 * A cell is what has one name in both: a job of a job file, or a workload and arm of a tune. Its repeats on the two sides
 * are unpaired samples. Nothing here reads or prints.
 */
#ifndef SQB_COMPARE_H
#define SQB_COMPARE_H

#include <stdbool.h>
#include <stddef.h>

#include "stats.h"

enum compare_metric {
	COMPARE_IOPS,
	COMPARE_READ_P50,
	COMPARE_READ_P99,
	COMPARE_WRITE_P50,
	COMPARE_WRITE_P99,
	COMPARE_SQ_CPU,
	COMPARE_APP_CPU,
	COMPARE_ENTERS,
	COMPARE_WAKEUPS,
	COMPARE_LAT_P50,
	COMPARE_LAT_P99,
	COMPARE_CPU,
	COMPARE_METRICS
};

/* NAME as in JSON, and in the cells of a night, which has its latencies and its CPU time each in one. What is not JUDGED is shown, but neither better nor worse. */
struct compare_about {
	const char *name;
	const char *title;
	bool more_is_better;
	bool judged;
};

extern const struct compare_about compare_about[COMPARE_METRICS];

/* The repeats of a cell on one side; what was not measured is NaN. */
struct compare_cell {
	char name[160];
	unsigned n;
	double x[COMPARE_METRICS][STATS_RATIO_N_MAX];
};

struct compare_side {
	struct compare_cell *cell;
	size_t n, cap;
};

enum compare_verdict { COMPARE_UNKNOWN, COMPARE_SAME, COMPARE_BETTER, COMPARE_WORSE };

/* A and B are medians with their intervals; RATIO is B over A, n == 0 when it was not measured on both sides or is 0 on one. */
struct compare_result {
	struct est a, b, ratio;
	enum compare_verdict verdict;
	const char *reason;	/* of COMPARE_UNKNOWN, else NULL */
};

struct compare_pair {
	const struct compare_cell *a, *b;
	struct compare_result metric[COMPARE_METRICS];
	enum compare_verdict verdict;
	const char *reason;
};

/* The cell called NAME of SIDE, made if it is not there; NULL when memory is out. Valid until the next call. */
struct compare_cell *compare_cell(struct compare_side *side, const char *name);

/* NULL when there is none. */
const struct compare_cell *compare_find(const struct compare_side *side, const char *name);

/*
 * Better or worse: the interval lies on one side of 1, and the median differs by the share WORTH or more. Same: the whole
 * interval is nearer to 1 than that. Anything else is unknown: there are too few repeats for so much noise.
 */
struct compare_result compare_metric(enum compare_metric m, const struct compare_cell *a, const struct compare_cell *b,
				     double worth);

/* Worse if a judged metric is, else better if one is, else same if all are that were measured on both sides, else unknown. */
void compare_judge(struct compare_pair *p, double worth);

const char *compare_verdict_name(enum compare_verdict v);

void compare_free(struct compare_side *side);

#endif
