// SPDX-License-Identifier: GPL-2.0-only
#include "ranks.h"

#include <errno.h>
#include <gsl/gsl_cdf.h>
#include <gsl/gsl_sf_gamma.h>
#include <gsl/gsl_sort.h>
#include <gsl/gsl_statistics_double.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define EXACT_STEPS 5e8		/* of counting; about a second */
#define PAIRS_MAX 4000000	/* more differences are thinned out */
#define FEW 5

int ranks_mid(const double *x, size_t n, double *r)
{
	size_t *order = malloc(n * sizeof(*order) + 1);

	if (!order)
		return -ENOMEM;
	gsl_sort_index(order, x, 1, n);
	for (size_t i = 0, end; i < n; i = end) {
		for (end = i + 1; end < n && x[order[end]] == x[order[i]];)
			end++;
		for (size_t k = i; k < end; k++)
			r[order[k]] = (double)(i + 1 + end) / 2;
	}
	free(order);
	return 0;
}

/* Doubled, ranks are whole numbers. */
struct pooled {
	size_t *doubled;	/* of A and then of B */
	size_t n, few, total;	/* FEW: size of the smaller sample; TOTAL: sum of all */
	double observed;	/* sum of the smaller one's */
	double ties;		/* sum of t^3 - t */
};

static double ties_of(const double *r, size_t n)
{
	double sum = 0, *sorted = malloc(n * sizeof(*sorted) + 1);

	if (!sorted)
		return NAN;
	memcpy(sorted, r, n * sizeof(*r));
	gsl_sort(sorted, 1, n);
	for (size_t i = 0, end; i < n; i = end) {
		double t;

		for (end = i + 1; end < n && sorted[end] == sorted[i];)
			end++;
		t = (double)(end - i);
		sum += t * t * t - t;
	}
	free(sorted);
	return sum;
}

static int pool(struct pooled *p, const double *a, size_t na, const double *b, size_t nb)
{
	double *x = malloc((na + nb) * sizeof(*x)), *r = malloc((na + nb) * sizeof(*r));
	int rc = -ENOMEM;

	*p = (struct pooled){ .doubled = malloc((na + nb) * sizeof(*p->doubled)), .n = na + nb, .few = na < nb ? na : nb };
	if (x && r && p->doubled) {
		memcpy(x, a, na * sizeof(*x));
		memcpy(x + na, b, nb * sizeof(*x));
		rc = ranks_mid(x, p->n, r);
	}
	for (size_t i = 0; !rc && i < p->n; i++) {
		p->doubled[i] = (size_t)(2 * r[i]);
		p->total += p->doubled[i];
		if ((i < na) == (na <= nb))
			p->observed += (double)p->doubled[i];
	}
	if (!rc)
		p->ties = ties_of(r, p->n);
	free(x);
	free(r);
	return rc;
}

/* WAYS[j * (total + 1) + s]: subsets of j ranks with the sum s, as shares of all subsets of their size that were looked at so far. */
static double exact(const struct pooled *p)
{
	size_t width = p->total + 1;
	double *ways = calloc((p->few + 1) * width, sizeof(*ways)), mean = (double)p->total * (double)p->few / (double)p->n, tail = 0, all = 0;

	if (!ways)
		return NAN;
	ways[0] = 1;
	for (size_t i = 0; i < p->n; i++)
		for (size_t j = i + 1 < p->few ? i + 1 : p->few; j > 0; j--)
			for (size_t s = p->doubled[i]; s < width; s++)
				ways[j * width + s] += ways[(j - 1) * width + s - p->doubled[i]];
	for (size_t s = 0; s < width; s++) {
		double n = ways[p->few * width + s];

		all += n;
		if (fabs((double)s - mean) >= fabs(p->observed - mean) - 1e-6)
			tail += n;
	}
	free(ways);
	return tail / all;
}

static double approximate(const struct pooled *p)
{
	double n = (double)p->n, few = (double)p->few, many = n - few, distance = fabs(p->observed / 2 - few * (n + 1) / 2) - 0.5,
	       variance = few * many / 12 * (n + 1 - p->ties / (n * (n - 1)));

	return variance > 0 ? fmin(2 * gsl_cdf_ugaussian_Q(fmax(distance, 0) / sqrt(variance)), 1) : 1;
}

double ranks_p(const double *a, size_t na, const double *b, size_t nb)
{
	struct pooled p;
	double value = NAN;

	if (!na || !nb)
		return NAN;
	if (!pool(&p, a, na, b, nb))
		value = (double)p.n * (double)p.few * (double)p.total > EXACT_STEPS ? approximate(&p) : exact(&p);
	free(p.doubled);
	return value;
}

double ranks_p_least(size_t na, size_t nb)
{
	if (!na || !nb)
		return 1;
	return fmin(2 * exp(-gsl_sf_lnchoose((unsigned)(na + nb), (unsigned)na)), 1);
}

/* Which difference, counted from either end, bounds the interval; 1: the whole range. */
static size_t bound(size_t na, size_t nb)
{
	double n = (double)na, m = (double)nb, k = n * m / 2 - gsl_cdf_ugaussian_Pinv(0.975) * sqrt(n * m * (n + m + 1) / 12);

	return na < FEW || nb < FEW || k < 1 ? 1 : (size_t)k;
}

struct est ranks_shift(const double *a, size_t na, const double *b, size_t nb)
{
	struct est e = { .value = NAN, .lo = NAN, .hi = NAN };
	size_t step = na * nb / PAIRS_MAX + 1, n = 0, k;
	double *all = na && nb ? malloc((na * nb / step + 1) * sizeof(*all)) : NULL;

	if (!all)
		return e;
	for (size_t i = 0; i < na * nb; i += step)
		all[n++] = b[i % nb] - a[i / nb];
	gsl_sort(all, 1, n);
	k = bound(na, nb) / step;
	k = k ? k : 1;
	e = (struct est){ gsl_stats_median_from_sorted_data(all, 1, n), all[k - 1], all[n - k], 0.95, (unsigned)(na < nb ? na : nb) };
	free(all);
	return e;
}

double ranks_fdr(const double *p, size_t n, double q)
{
	double *sorted = malloc(n * sizeof(*sorted) + 1), believed = -1;
	size_t known = 0;

	for (size_t i = 0; sorted && i < n; i++)
		if (isfinite(p[i]))
			sorted[known++] = p[i];
	if (known)
		gsl_sort(sorted, 1, known);
	for (size_t i = 0; i < known; i++)
		if (sorted[i] <= q * (double)(i + 1) / (double)known)
			believed = sorted[i];
	free(sorted);
	return believed;
}
