/* SPDX-License-Identifier: GPL-2.0-only */
/* What a series would look like without its steps: its outliers, how its values follow each other, and made series like it. Pure. */
#ifndef SQB_STEPNOISE_H
#define SQB_STEPNOISE_H

#include <gsl/gsl_rng.h>
#include <stddef.h>

#include "stepscan.h"

enum { STEPNOISE_CUTS = 2 };

struct stepnoise {
	double *innovation;	/* what is new in each value, in any order */
	size_t n;
	double follows;		/* autocorrelation at lag 1, 0 to 0.9 */
	double variance;	/* of a mean of many values, times their number */
};

/*
 * X[0..N) less its median into Y; values further than 3 standard deviations from the median of their neighbours, REACH on each side, are brought as near as that. The deviation is what 80 % are
 * within, so that two modes are not taken for outliers. SCRATCH has room for 3 N.
 */
void stepnoise_calm(const double *x, size_t n, size_t reach, double *y, double *scratch);

/* The variance of stepnoise, from the differences of neighbours in Y, which steps hardly change. SCRATCH has room for 2 N. */
double stepnoise_rough(const double *y, size_t n, double *scratch);

/*
 * Takes the best cut of LEFT, which is what SCAN has, out of it, since it might be a step; and the next best one if a quarter of the noise or less remains then: the other end of a dent. They are put
 * into C, at most STEPNOISE_CUTS. The gain of the first. SCRATCH has room for N.
 */
double stepnoise_cut(double *left, size_t n, const struct stepscan *scan, struct cuts *c, double *scratch);

/*
 * LEFT is what the levels between the cuts C leave of Y. Where tails are heavy (98 % of it is within more than 3 times what 68 % are within; normal: 2.3) levels are Huber's (1964), and Y becomes pseudo
 * values: what is further from its level than 1.2 standard deviations counts as that, over the share that is not; fewer than 8 values have no level of their own then.
 * N is more than the cuts. SCRATCH has room for 2 N.
 */
void stepnoise_bound(double *y, size_t n, const struct cuts *c, double *left, double *scratch);

/*
 * Learns from what the levels of a series LEFT, [0..N); it becomes the innovations and must live as long as M. FOLLOWS is the autocorrelation whose made series leave, when their own
 * best cuts are taken out, as much as this one did (the bias of what is left would make it too small). MADE has room for 2 N.
 */
void stepnoise_learn(struct stepnoise *m, double *left, size_t n, struct stepscan *scan, gsl_rng *rng, double *made);

/*
 * The largest gain of a made series without a step, over the variance that it seems to have. Its innovations are M's in another order, and its autocorrelation M's give or take the standard error of that.
 * MADE has room for 2 N.
 */
double stepnoise_made(const struct stepnoise *m, struct stepscan *scan, gsl_rng *rng, double *made);

#endif
