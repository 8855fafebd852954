/* SPDX-License-Identifier: GPL-2.0-only */
/* When requests arrive: laws of the gaps between them, each at two rates. Pure: seeds in, gaps out. */
#ifndef SQB_ARRIVALS_H
#define SQB_ARRIVALS_H

#include <stddef.h>
#include <stdint.h>

enum arrivals_law {
	ARRIVALS_CONSTANT,
	ARRIVALS_POISSON,	/* exponential gaps */
	ARRIVALS_ON_OFF,	/* bursts of ARRIVALS_BURST without a gap */
	ARRIVALS_PARETO,	/* gaps of a heavy tail, exponent 1.5: some are very long */
	ARRIVALS_DIURNAL,	/* exponential gaps whose rate goes from a third to three times the mean and back, four "days" a run */
	ARRIVALS_PAIRS,		/* a short gap and a long one in turns, so that the last says nothing of the next */
	ARRIVALS_LAWS,
};

enum { ARRIVALS_BURST = 32 };

struct arrivals {
	const char *name;
	enum arrivals_law law;
	double mean_us;		/* mean gap */
};

/* All of them, slow and fast; ends with a name of NULL. */
extern const struct arrivals arrivals_all[];

/* By name, NULL: none is called so. */
const struct arrivals *arrivals_find(const char *name, size_t len);

/* Times (us, from 0, never falling) of the first requests within LENGTH_US, at most MAX, into AT; how many. The same SEED gives the
 * same times. */
size_t arrivals_times(const struct arrivals *a, uint64_t seed, double length_us, double *at, size_t max);

#endif
