/* SPDX-License-Identifier: GPL-2.0-only */
/* A night: what is measured of each cell of a suite, and how often. */
#ifndef SQB_NIGHT_H
#define SQB_NIGHT_H

#include <limits.h>

#include "fio.h"
#include "progress.h"
#include "remote.h"
#include "suite.h"

enum { NIGHT_REPEATS_MAX = 32 };

enum night_metric { NIGHT_IOPS, NIGHT_P50, NIGHT_P99, NIGHT_CPU, NIGHT_SQ_CPU, NIGHT_ENTERS, NIGHT_WAKEUPS, NIGHT_METRICS };

/* What is not JUDGED is kept and shown. WORTH: a smaller shift, as a share, is none. */
struct night_about {
	const char *name, *title;
	bool more_is_better, judged;
	double worth;
};

extern const struct night_about night_about[NIGHT_METRICS];

/* Repeats in the order in which they ran; what was not measured is NaN. */
struct night_cell {
	const struct suite_cell *what;
	unsigned n;
	double x[NIGHT_METRICS][NIGHT_REPEATS_MAX];
	double wall_s;		/* of the last run, with fio's start and end */
	json_t *place;		/* of the last run: class of the SQ thread's CPU seen from the job's, and both CPUs; NULL: no SQ thread of ours */
	bool skipped;		/* there was no time for it, or no host any more: it did not fail */
	char reason[400];	/* why there are no values, or no more; empty: there is nothing to say */
};

struct night {
	struct fio fio;
	const struct remote_host *remote;	/* the host whose fio server runs the cells, NULL: this one */
	bool readonly;		/* fio itself refuses to write */
	char dir[PATH_MAX];	/* of the run: each repeat leaves fio/CELL.NN.json, and .jsonl of the engine */
	char engine[64];	/* its version, empty until its statistics named it */
	struct night_cell *cell;
	size_t n;
	double deadline_s;	/* proc_now_s() at which the last run has to be over */
	struct progress bar;
};

/* What a repeat is worth to whom it would be measured for: 0: nothing, else the cells with the largest go first. */
typedef double (*night_urgency)(void *ctx, size_t cell);

/* Runs CELL once and adds what it gives. 0 also when fio failed: that is the cell's reason then. -EINTR; -EHOSTDOWN: the remote host is gone; -ENOMEM and what keeps
 * files from being written. */
int night_run_cell(struct night *n, size_t cell, bool keep, struct why *why);

/*
 * The whole night: a warm-up run, then ROUNDS_MIN rounds of the first of the cells in ORDER[0..n->n) for which there is time, every other one backwards; then rounds
 * up to ROUNDS_USUAL of these; then, up to ROUNDS_MAX, rounds of those that are urgent. Ends at the deadline. As night_run_cell().
 */
struct night_rounds {
	unsigned min, usual, max;
};
int night_run(struct night *n, const size_t *order, const struct night_rounds *rounds, night_urgency urgency, void *ctx, struct why *why);

#endif
