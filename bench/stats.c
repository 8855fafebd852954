// SPDX-License-Identifier: GPL-2.0-only
#include "stats.h"

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_sort_double.h>
#include <gsl/gsl_statistics_double.h>
#include <math.h>
#include <string.h>

#define COVER_WANTED 0.95

double stats_median(const double *x, size_t n)
{
	double sorted[STATS_N_MAX];

	if (!n || n > STATS_N_MAX)
		return NAN;
	memcpy(sorted, x, n * sizeof(*x));
	gsl_sort(sorted, 1, n);
	return gsl_stats_median_from_sorted_data(sorted, 1, n);
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
