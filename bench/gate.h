/* SPDX-License-Identifier: GPL-2.0-only */
/* Two sets of measurements, cell by cell: did something get slower? Pure. */
#ifndef SQB_GATE_H
#define SQB_GATE_H

#include <stdbool.h>
#include <stddef.h>

#include "stats.h"

/* Why a difference is believed: by p; by p of sides that do not overlap; because it is far beyond all spreads */
enum gate_belief { GATE_NOT, GATE_BY_P, GATE_APART, GATE_FAR };
enum gate_verdict { GATE_SAME, GATE_SLOWER, GATE_FASTER, GATE_UNKNOWN };

struct gate_how {
	double fdr;		/* share of the differences that may be wrong */
	double fdr_apart;	/* the same, of cells with all values of one side beyond all of the other's */
	double worth;		/* smaller ones, as a share of the base, are none */
	bool more_is_better;	/* values are rates; else times, or costs */
};

/* The values are the caller's; the rest is filled in by gate_judge(). */
struct gate_cell {
	const double *base, *current;
	size_t n_base, n_current;
	double base_median, current_median;
	struct est shift;	/* share of the base's median; NaN when that is 0 */
	double spread;		/* from the least to the largest value of the wider side, share of the base's median */
	double p;
	enum gate_belief belief;
	enum gate_verdict verdict;
	char reason[160];	/* of GATE_UNKNOWN */
};

struct gate_how gate_default(void);

/* "same", ... */
const char *gate_verdict_name(enum gate_verdict v);

/* "p", "apart", "far"; NULL: it is not believed */
const char *gate_belief_name(enum gate_belief b);

/*
 * Judges all N cells together. A difference is believed by Mann-Whitney's p and Benjamini and Hochberg's rule over all cells: at FDR, or at FDR_APART where p is the
 * least that so many values can give, since no more can be said of a few. Five values on each side that do not overlap are also believed if Hodges and Lehmann's
 * shift is twice the spread of the cell and of the median cell. Slower and faster: it is believed, and the shift worth it. Same: it is believed and not worth it,
 * or its interval has nothing that would be. Else unknown: run more. How many cells are slower.
 */
size_t gate_judge(struct gate_cell *c, size_t n, const struct gate_how *how);

/*
 * Do values follow their predecessors? The correlation of neighbours, over all sides of five values or more, each side as it varies (its bias, -1/n, taken off): what
 * p and --fdr take to be 0. NaN where there are fewer than 30 values.
 */
double gate_correlation(const struct gate_cell *c, size_t n);

#endif
