/* SPDX-License-Identifier: GPL-2.0-only */
/* Two sets of measurements, cell by cell: did something get slower? Pure. */
#ifndef SQB_GATE_H
#define SQB_GATE_H

#include <stdbool.h>
#include <stddef.h>

#include "stats.h"

enum gate_verdict { GATE_SAME, GATE_SLOWER, GATE_FASTER, GATE_UNKNOWN };

struct gate_how {
	double fdr;		/* share of the differences that may be wrong */
	double worth;		/* smaller ones, as a share of the base, are none */
	bool more_is_better;	/* values are rates; else times, or costs */
};

/* The values are the caller's; the rest is filled in by gate_judge(). */
struct gate_cell {
	const double *base, *current;
	size_t n_base, n_current;
	double base_median, current_median;
	struct est shift;	/* share of the base's median; NaN when that is 0 */
	double p;
	enum gate_verdict verdict;
	char reason[160];	/* of GATE_UNKNOWN */
};

struct gate_how gate_default(void);

/* "same", ... */
const char *gate_verdict_name(enum gate_verdict v);

/*
 * Judges all N cells together. Slower and faster: Mann-Whitney's p is believed by Benjamini and Hochberg's rule over all cells, and Hodges and Lehmann's shift is
 * worth it. Same: it is believed and not worth it, or its interval has nothing that would be. Else unknown: run more. How many cells are slower.
 */
size_t gate_judge(struct gate_cell *c, size_t n, const struct gate_how *how);

#endif
