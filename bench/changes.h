/* SPDX-License-Identifier: GPL-2.0-only */
/* When did a series of measurements change its level, and by how much? Pure. */
#ifndef SQB_CHANGES_H
#define SQB_CHANGES_H

#include <stddef.h>
#include <stdint.h>

#include "stats.h"

struct changes_how {
	double p_max;		/* of a change to be believed */
	double worth;		/* share of the level by which it has to change */
	unsigned segment_min;	/* values that a level lasts, at least; 2 or more */
	unsigned permutations;	/* made series; p is at least 1 / (PERMUTATIONS + 1) */
	uint64_t seed;
};

struct changes_how changes_default(void);

struct change {
	size_t at;		/* the first value of the new level */
	double before, after;	/* medians of the two levels */
	struct est shift;	/* from one to the other, Hodges and Lehmann's, with its interval */
	double p;
};

/*
 * Changes of X[0..N), finite values in order of time, into C, in that order; at most ROOM. Returns how many; -EINVAL for values or settings out of range; -ENOMEM.
 *
 * The best cut over stretches of all lengths and places (stepscan.h) is believed if made series without a step, of the same noise (stepnoise.h), seldom have one as good; then each part again.
 * The noise is what is left when the plain cuts are taken out and the next best one or two, without outliers; that values follow their predecessor belongs to it, and a slow drift is no step. Each cut
 * is put where the levels beside it say best. These are then compared, and a cut that is not worth it is taken back.
 */
int changes_find(const double *x, size_t n, const struct changes_how *how, struct change *c, size_t room);

#endif
