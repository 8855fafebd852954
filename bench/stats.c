// SPDX-License-Identifier: GPL-2.0-only
#include "stats.h"

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_rng.h>
#include <gsl/gsl_sort_double.h>
#include <gsl/gsl_statistics_double.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define HUBER_ROUNDS 50

#define COVER_WANTED 0.95
#define RESAMPLINGS 2000
#define RESAMPLING_SEED 1

double stats_median(const double *x, size_t n)
{
	double few[STATS_N_MAX], *sorted = n <= STATS_N_MAX ? few : malloc(n * sizeof(*sorted)), median = NAN;

	if (n && sorted) {
		memcpy(sorted, x, n * sizeof(*x));
		gsl_sort(sorted, 1, n);
		median = gsl_stats_median_from_sorted_data(sorted, 1, n);
	}
	if (sorted != few)
		free(sorted);
	return median;
}

double stats_quantile(double *x, size_t n, double q)
{
	return n ? gsl_stats_select(x, 1, n, (size_t)(q * (double)(n - 1) + 0.5)) : 0;
}

double stats_huber(const double *x, size_t n, double bound, double start)
{
	double at = start, before;

	for (int i = 0; i < HUBER_ROUNDS && bound > 0; i++) {
		double sum = 0, weight = 0;

		for (size_t k = 0; k < n; k++) {
			double away = fabs(x[k] - at), w = away > bound ? bound / away : 1;

			sum += w * x[k];
			weight += w;
		}
		before = at;
		at = sum / weight;
		if (fabs(at - before) < 1e-4 * bound)
			break;
	}
	return at;
}

double stats_order_coverage(size_t n, size_t k)
{
	if (!n || !k || 2 * k > n + 1)
		return 0;
	return 1 - 2 * gsl_cdf_binomial_P((unsigned)k - 1, 0.5, (unsigned)n);
}

struct est stats_median_est(const double *x, size_t n)
{
	struct est e = { .value = NAN, .lo = NAN, .hi = NAN };
	double sorted[STATS_N_MAX];
	size_t k = 1;

	if (!n || n > STATS_N_MAX)
		return e;
	memcpy(sorted, x, n * sizeof(*x));
	gsl_sort(sorted, 1, n);
	while (2 * (k + 1) <= n && stats_order_coverage(n, k + 1) >= COVER_WANTED)
		k++;
	e.value = gsl_stats_median_from_sorted_data(sorted, 1, n);
	e.lo = sorted[k - 1];
	e.hi = sorted[n - k];
	e.cover = stats_order_coverage(n, k);
	e.n = (unsigned)n;
	return e;
}

/*
 * P(U = u) for u below UMAX, of Mann-Whitney's U for NA and NB values of one distribution, into P. The largest of all values
 * is one of A's with probability NA / (NA + NB), and then it is above all NB of B's.
 */
static int mann_whitney(double *p, size_t umax, size_t na, size_t nb)
{
	double *row = calloc((nb + 1) * umax, sizeof(*row));

	if (!row)
		return -1;
	for (size_t j = 0; j <= nb; j++)
		row[j * umax] = 1;
	for (size_t i = 1; i <= na; i++) {
		/* row[j] is for i - 1 values of A until it is overwritten; row[0] stays U = 0 */
		for (size_t j = 1; j <= nb; j++) {
			double of_a = (double)i / (double)(i + j);

			for (size_t u = umax; u-- > 0;)
				row[j * umax + u] = of_a * (u >= j ? row[j * umax + u - j] : 0) +
						    (1 - of_a) * row[(j - 1) * umax + u];
		}
	}
	memcpy(p, row + nb * umax, umax * sizeof(*p));
	free(row);
	return 0;
}

double stats_ratio_coverage(size_t na, size_t nb, size_t k)
{
	double p[STATS_RATIO_N_MAX * STATS_RATIO_N_MAX / 2 + 1], below = 0;

	if (!na || !nb || na > STATS_RATIO_N_MAX || nb > STATS_RATIO_N_MAX || !k || 2 * k > na * nb + 1)
		return 0;
	if (mann_whitney(p, k, na, nb))
		return 0;
	for (size_t u = 0; u < k; u++)
		below += p[u];
	return fmax(0, 1 - 2 * below);
}

/* The largest K whose interval covers what is wanted, or 1. */
static size_t ratio_rank(size_t na, size_t nb)
{
	double p[STATS_RATIO_N_MAX * STATS_RATIO_N_MAX / 2 + 1], below;
	size_t k = 1, max = (na * nb + 1) / 2;

	if (mann_whitney(p, max, na, nb))
		return k;
	below = p[0];
	while (k < max && 1 - 2 * (below + p[k]) >= COVER_WANTED)
		below += p[k++];
	return k;
}

static bool all_positive(const double *x, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!(x[i] > 0) || !isfinite(x[i]))
			return false;
	return true;
}

struct est stats_ratio_est(const double *a, size_t na, const double *b, size_t nb)
{
	struct est e = { .value = NAN, .lo = NAN, .hi = NAN };
	double ratio[STATS_RATIO_N_MAX * STATS_RATIO_N_MAX];
	size_t n = 0, k;

	if (!na || !nb || na > STATS_RATIO_N_MAX || nb > STATS_RATIO_N_MAX || !all_positive(a, na) || !all_positive(b, nb))
		return e;
	for (size_t i = 0; i < na; i++)
		for (size_t j = 0; j < nb; j++)
			ratio[n++] = b[j] / a[i];
	gsl_sort(ratio, 1, n);
	k = ratio_rank(na, nb);
	e.value = gsl_stats_median_from_sorted_data(ratio, 1, n);
	e.lo = ratio[k - 1];
	e.hi = ratio[n - k];
	e.cover = stats_ratio_coverage(na, nb, k);
	e.n = (unsigned)(na < nb ? na : nb);
	return e;
}

/* With RNG of a resampling, with NULL of the values themselves. */
static double geomean(const double (*x)[STATS_N_MAX], size_t cells, size_t n, gsl_rng *rng)
{
	double drawn[STATS_N_MAX], sum = 0;

	for (size_t c = 0; c < cells; c++) {
		for (size_t i = 0; i < n; i++)
			drawn[i] = x[c][rng ? gsl_rng_uniform_int(rng, n) : i];
		sum += log(stats_median(drawn, n));
	}
	return exp(sum / (double)cells);
}

struct est stats_geomean_est(const double (*x)[STATS_N_MAX], size_t cells, size_t n)
{
	struct est e = { .value = NAN, .lo = NAN, .hi = NAN };
	double boot[RESAMPLINGS];
	gsl_rng *rng;

	if (!cells || !n || n > STATS_N_MAX)
		return e;
	for (size_t c = 0; c < cells; c++)
		if (!all_positive(x[c], n))
			return e;
	rng = gsl_rng_alloc(gsl_rng_mt19937);
	if (!rng)
		return e;
	gsl_rng_set(rng, RESAMPLING_SEED);
	for (size_t i = 0; i < RESAMPLINGS; i++)
		boot[i] = geomean(x, cells, n, rng);
	gsl_rng_free(rng);
	stats_central95(boot, RESAMPLINGS, &e.lo, &e.hi);
	e.value = geomean(x, cells, n, NULL);
	e.cover = COVER_WANTED;
	e.n = (unsigned)n;
	return e;
}

struct est stats_spread_est(const double *x, size_t n)
{
	struct est e = { .value = NAN, .lo = NAN, .hi = NAN };
	double degrees = (double)n - 1, tail = (1 - COVER_WANTED) / 2;

	if (n < 2 || n > STATS_N_MAX || !all_positive(x, n))
		return e;
	e.value = 100 * gsl_stats_sd(x, 1, n) / gsl_stats_mean(x, 1, n);
	e.lo = e.value * sqrt(degrees / gsl_cdf_chisq_Qinv(tail, degrees));
	e.hi = e.value * sqrt(degrees / gsl_cdf_chisq_Pinv(tail, degrees));
	e.cover = COVER_WANTED;
	e.n = (unsigned)n;
	return e;
}

double stats_drift(const double *x, size_t n)
{
	double first, second;

	if (n < 4 || n > STATS_N_MAX)
		return 0;
	first = stats_median(x, n / 2);
	second = stats_median(x + (n + 1) / 2, n / 2);
	return first > 0 ? second / first - 1 : 0;
}

void stats_central95(double *x, size_t n, double *lo, double *hi)
{
	gsl_sort(x, 1, n);
	*lo = gsl_stats_quantile_from_sorted_data(x, 1, n, 0.025);
	*hi = gsl_stats_quantile_from_sorted_data(x, 1, n, 0.975);
}
