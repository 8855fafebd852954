/* SPDX-License-Identifier: GPL-2.0-only */
/* The values of sqbench versus and what follows from them: ratios, means, asks. Pure. */
#ifndef SQB_VERSUSCALC_H
#define SQB_VERSUSCALC_H

#include "arrivals.h"
#include "versusrows.h"

enum { VERSUS_OPTIONS_MAX = 32, VERSUS_CELLS_MAX = 256 };

/* One job in all its rounds. A value that was not had is NaN. */
struct versus_cell {
	const char *bs, *rw;
	unsigned depth;
	const struct arrivals *law;	/* NULL: as fast as DEPTH allows */
	double value[VERSUS_MEASURES][VERSUS_SIDES][STATS_N_MAX];
};

/* A row while it runs: one of versus_rows, or what the command line asked for. */
struct versus_load {
	const struct versus_row *row;	/* NULL: no row of the table */
	char *reason;			/* why it was not measured, NULL: it was */
	unsigned pairs, seconds;
	bool direct, hipri, laws;
	const char *option[VERSUS_SIDES][VERSUS_OPTIONS_MAX + 1];	/* ends with NULL */
	struct versus_cell *cell;
	unsigned cells;
};

/* "512 randread, iodepth 16", or the name of a law. */
void versus_cell_name(const struct versus_load *l, unsigned cell, char *out, size_t size);

/* Median of the ratios of ours to SIDE's in the same round: what disturbs a whole round falls out. n is 0 when a value
 * is missing, or an end of the interval is infinite. */
struct est versus_ratio(const struct versus_load *l, unsigned cell, enum versus_measure m, enum versus_side side);

/* Geometric mean of these ratios over all cells; n is 0 unless all are above 0. */
struct est versus_geomean(const struct versus_load *l, enum versus_measure m, enum versus_side side);

/* Median of SIDE's values; NaN without any. */
double versus_median(const struct versus_load *l, unsigned cell, enum versus_measure m, enum versus_side side);

/* How many estimates ASK asks for: one for each cell, or one for all. */
unsigned versus_ask_parts(const struct versus_load *l, const struct versus_ask *ask);

/* Part CELL of ASK; the side it is compared with into SIDE (VERSUS_OURS: none). */
struct est versus_ask_est(const struct versus_load *l, const struct versus_ask *ask, unsigned cell, enum versus_side *side);

/* On all asks of its row. */
enum versus_verdict versus_load_verdict(const struct versus_load *l);

#endif
