/* SPDX-License-Identifier: GPL-2.0-only */
/* Small-sample statistics over repeats. Nothing here reads, prints or keeps state. */
#ifndef SQB_STATS_H
#define SQB_STATS_H

#include <stddef.h>

/* An estimate with its interval. COVER is the interval's exact coverage; n == 0 means not measured. */
struct est {
	double value;
	double lo;
	double hi;
	double cover;
	unsigned n;
};

/* Median of X[0..N); X is not changed. NaN for N 0, or without memory. */
double stats_median(const double *x, size_t n);

/* The value of rank Q (N - 1), rounded, of X[0..N), which is put in another order; Q from 0 to 1. 0 for N = 0. */
double stats_quantile(double *x, size_t n, double q);

/* Huber's estimator of location (1964): values further than BOUND from it count for less. From START on, until it moves by less than 1e-4 BOUND; for a BOUND of 0 that is all. N is 1 or more. */
double stats_huber(const double *x, size_t n, double bound, double start);

/* Of the intervals below. */
#define STATS_N_MAX 256

/* Median with the order-statistics interval: the narrowest symmetric one that covers 95 %, or the
 * whole range with the coverage it has (93.75 % for 5 values, 75 % for 3). */
struct est stats_median_est(const double *x, size_t n);

/* Coverage of the interval from the K-th smallest to the K-th largest of N values for the median. */
double stats_order_coverage(size_t n, size_t k);

/*
 * By what factor are the values B[0..NB) larger than A[0..NA), two unpaired samples? The median of all ratios B/A with the
 * narrowest symmetric interval of ratios that covers 95 % (Mann-Whitney), or the whole range with the coverage it has (90 %
 * for 3 and 3 values). NA and NB are 1..STATS_RATIO_N_MAX and all values above 0, else n is 0 and all is NaN.
 */
#define STATS_RATIO_N_MAX 64
struct est stats_ratio_est(const double *a, size_t na, const double *b, size_t nb);

/* Coverage of the interval from the K-th smallest to the K-th largest of the NA * NB ratios. */
double stats_ratio_coverage(size_t na, size_t nb, size_t k);

/*
 * Geometric mean of the medians of CELLS samples X[i][0..N). The interval is that of a bootstrap that resamples each of them, with a
 * fixed seed; its coverage is nominal. Values have to be above 0 and finite, N and CELLS at least 1, else n is 0 and all is NaN.
 */
struct est stats_geomean_est(const double (*x)[STATS_N_MAX], size_t cells, size_t n);

/* Coefficient of variation of X[0..N), in percent, with the 95 % interval for normal values. N is at least 2 and X above 0, else n is 0. */
struct est stats_spread_est(const double *x, size_t n);

/* Relative shift of the median from the first half of X to the second, 0 when N < 4. */
double stats_drift(const double *x, size_t n);

/* Interval that holds 95 % of the N values (percentiles of a bootstrap distribution). X is sorted. */
void stats_central95(double *x, size_t n, double *lo, double *hi);

#endif
