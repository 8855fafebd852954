/* SPDX-License-Identifier: GPL-2.0-only */
/* Statistics of ranks: they ask no more of noise than that it is the same on both sides. Pure. */
#ifndef SQB_RANKS_H
#define SQB_RANKS_H

#include <stddef.h>

#include "stats.h"

/* Midranks of X[0..N), from 1, into R. 0 or -ENOMEM. */
int ranks_mid(const double *x, size_t n, double *r);

/*
 * Mann-Whitney, two-sided: how likely are samples as far apart as A and B, or further, if both come from one distribution? Exact, ties
 * included (Streitberg and Roehmel 1986: the number of subsets with each sum of midranks); by the normal approximation with the correction for
 * ties where that would take more than some seconds (about 200 values on each side). NaN for an empty sample or without memory.
 */
double ranks_p(const double *a, size_t na, const double *b, size_t nb);

/* The least that ranks_p() can give for so many values. */
double ranks_p_least(size_t na, size_t nb);

/*
 * Hodges and Lehmann's shift from A to B: the median of all differences B - A, with the interval of Mann-Whitney's test (nominal 95 %, by the normal
 * approximation; the whole range with fewer than 5 on a side). n is 0 for an empty sample or without memory.
 */
struct est ranks_shift(const double *a, size_t na, const double *b, size_t nb);

/*
 * Benjamini and Hochberg 1995: which of N p values are to be believed if a share of at most Q of these may be wrong? Returns the largest of them, -1 when it is none.
 * What is NaN does not count.
 */
double ranks_fdr(const double *p, size_t n, double q);

#endif
