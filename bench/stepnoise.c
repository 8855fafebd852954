// SPDX-License-Identifier: GPL-2.0-only
#include "stepnoise.h"

#include <gsl/gsl_randist.h>
#include <gsl/gsl_statistics_double.h>
#include <math.h>
#include <string.h>

#include "stats.h"

#define OUTLIER 3
#define MOST 0.8		/* of normal values are within MOST_SD standard deviations */
#define MOST_SD 1.2816
#define MEAN_SD 1.2533		/* standard deviation over mean distance, of normal values */
#define DIFFERENCE_SD 4.45	/* three standard deviations, in medians of absolute values */
#define NEAR 0.6827
#define FAR 0.98
#define TAIL_MAX 3
#define BOUND 1.2
#define HEAVY_LEAST 8	/* fewer could all be outliers */
#define MUCH_LESS 0.25
#define FOLLOW_MAX 0.9
#define FOLLOW_STEPS 9
#define FOLLOW_TRIES 100

static double quantile_of(const double *x, size_t n, double q, double *scratch)
{
	memcpy(scratch, x, n * sizeof(*x));
	return stats_quantile(scratch, n, q);
}

static double bounded(double x, double bound)
{
	return fmin(fmax(x, -bound), bound);
}

void stepnoise_calm(const double *x, size_t n, size_t reach, double *y, double *scratch)
{
	double *middle = scratch, *away = scratch + n, *work = scratch + 2 * n, all = quantile_of(x, n, 0.5, work), spread;

	for (size_t i = 0; i < n; i++) {
		size_t from = i > reach ? i - reach : 0, to = i + reach + 1 < n ? i + reach + 1 : n;

		memcpy(work, x + from, (to - from) * sizeof(*x));
		middle[i] = gsl_stats_median(work, 1, to - from);
		away[i] = fabs(x[i] - middle[i]);
	}
	spread = quantile_of(away, n, MOST, work) / MOST_SD;
	if (spread == 0)
		spread = MEAN_SD * gsl_stats_mean(away, 1, n);
	for (size_t i = 0; i < n; i++)
		y[i] = middle[i] + bounded(x[i] - middle[i], OUTLIER * spread) - all;
}

static double long_run(double variance, double follows)
{
	double r = fmin(fmax(follows, 0), FOLLOW_MAX);

	return variance * (1 + r) / (1 - r);
}

/* Differences of neighbours have the variance 2 (1 - r) and the autocorrelation -(1 - r) / 2. */
double stepnoise_rough(const double *y, size_t n, double *scratch)
{
	double *difference = scratch, *work = scratch + n, square = 0, product = 0, bound, r;

	for (size_t i = 0; i + 1 < n; i++)
		difference[i] = fabs(y[i + 1] - y[i]);
	bound = DIFFERENCE_SD * quantile_of(difference, n - 1, 0.5, work);
	for (size_t i = 0; i + 1 < n; i++) {
		difference[i] = bound > 0 ? bounded(y[i + 1] - y[i], bound) : y[i + 1] - y[i];
		square += difference[i] * difference[i];
		product += i ? difference[i] * difference[i - 1] : 0;
	}
	if (square == 0)
		return 0;
	r = fmin(fmax(1 + 2 * product / square, 0), FOLLOW_MAX);
	return long_run(square / (double)(n - 1) / 2 / (1 - r), r);
}

static double level_of(const double *x, size_t n, double bound)
{
	return stats_huber(x, n, bound, gsl_stats_mean(x, 1, n));
}

/* The K-th of LEVELs, or the nearer one beside it. */
static double near_level(const struct cuts *c, const double *level, size_t k)
{
	double before = k ? fabs(level[k - 1] - level[k]) : INFINITY, after = k < c->n ? fabs(level[k + 1] - level[k]) : INFINITY;

	if (c->n == 0)
		return level[k];
	return before < after ? level[k - 1] : level[k + 1];
}

/* What the levels leave of Y; fewer than LEAST values have the level beside them that is nearer. LEVEL has room for all. */
static void leave(const double *y, size_t n, const struct cuts *c, size_t least, double bound, double *left, double *level)
{
	for (size_t k = 0; k <= c->n; k++)
		level[k] = level_of(y + cuts_begin(c, k), cuts_end(c, k, n) - cuts_begin(c, k), bound);
	for (size_t k = 0; k <= c->n; k++) {
		size_t from = cuts_begin(c, k), to = cuts_end(c, k, n);
		double here = to - from < least ? near_level(c, level, k) : level[k];

		for (size_t i = from; i < to; i++)
			left[i] = y[i] - here;
	}
}

void stepnoise_bound(double *y, size_t n, const struct cuts *c, double *left, double *scratch)
{
	double *away = scratch, *work = scratch + n, near, bound;
	size_t in = 0;

	leave(y, n, c, 0, INFINITY, left, work);
	for (size_t i = 0; i < n; i++)
		away[i] = fabs(left[i]);
	near = quantile_of(away, n, NEAR, work);
	if (quantile_of(away, n, FAR, work) <= TAIL_MAX * near || near == 0)
		return;
	bound = BOUND * near;
	leave(y, n, c, HEAVY_LEAST, bound, left, work);
	for (size_t i = 0; i < n; i++)
		in += fabs(left[i]) <= bound;
	for (size_t i = 0; i < n; i++)
		y[i] += bounded(left[i], bound) * (double)n / (double)in - left[i];
	leave(y, n, c, HEAVY_LEAST, INFINITY, left, work);
}

/* The long-run variance of what is LEFT, and its autocorrelation. */
static double variance_of(const double *left, size_t n, double *follows)
{
	double square = 0, product = 0;

	for (size_t i = 0; i < n; i++) {
		square += left[i] * left[i];
		product += i ? left[i] * left[i - 1] : 0;
	}
	*follows = square > 0 ? product / square : 0;
	return long_run(square / (double)n, *follows);
}

static void level_out(double *x, size_t n, const struct cuts *c)
{
	for (size_t k = 0; k <= c->n; k++) {
		size_t from = cuts_begin(c, k), to = cuts_end(c, k, n);
		double level = gsl_stats_mean(x + from, 1, to - from);

		for (size_t i = from; i < to; i++)
			x[i] -= level;
	}
}

double stepnoise_cut(double *left, size_t n, const struct stepscan *scan, struct cuts *c, double *scratch)
{
	double gain, follows, variance;
	size_t k;

	gain = stepscan_add(scan, n, c, &k);
	level_out(left, n, c);
	variance = variance_of(left, n, &follows);
	memcpy(scratch, left, n * sizeof(*left));
	if (stepscan_add(scan, n, c, &k) == 0)
		return gain;
	level_out(scratch, n, c);
	if (variance_of(scratch, n, &follows) < MUCH_LESS * variance)
		memcpy(left, scratch, n * sizeof(*left));
	else
		cuts_drop(c, k);
	return gain;
}

static double made_gain(const struct stepnoise *m, double r, struct stepscan *scan, gsl_rng *rng, double *made, double *seems)
{
	size_t cut[STEPNOISE_CUTS];
	struct cuts c = { cut, 0 };
	double gain, variance;

	gsl_ran_shuffle(rng, m->innovation, m->n, sizeof(*m->innovation));
	made[0] = m->innovation[0] / sqrt(1 - r * r);
	for (size_t i = 1; i < m->n; i++)
		made[i] = r * made[i - 1] + m->innovation[i];
	stepscan_load(scan, made, m->n);
	gain = stepnoise_cut(made, m->n, scan, &c, made + m->n);
	variance = variance_of(made, m->n, seems);
	return gain > 0 ? gain / variance : 0;
}

/* The mean of what series that follow by R seem to follow by. */
static double seems_to_follow(const struct stepnoise *m, double r, struct stepscan *scan, gsl_rng *rng, double *made)
{
	double sum = 0, one;

	for (int i = 0; i < FOLLOW_TRIES; i++) {
		made_gain(m, r, scan, rng, made, &one);
		sum += one;
	}
	return sum / FOLLOW_TRIES;
}

void stepnoise_learn(struct stepnoise *m, double *left, size_t n, struct stepscan *scan, gsl_rng *rng, double *made)
{
	double seen, r, before = 0, here, step = FOLLOW_MAX / FOLLOW_STEPS;

	*m = (struct stepnoise){ .innovation = left, .n = n, .follows = FOLLOW_MAX };
	m->variance = variance_of(left, n, &seen);
	r = fmin(fmax(seen, 0), FOLLOW_MAX);
	for (size_t i = n - 1; i > 0; i--)
		left[i] -= r * left[i - 1];
	left[0] *= sqrt(1 - r * r);
	for (int k = 0; k < FOLLOW_STEPS; k++, before = here) {
		here = seems_to_follow(m, step * k, scan, rng, made);
		if (here >= seen) {
			m->follows = k ? step * (k - (here - seen) / (here - before)) : 0;
			return;
		}
	}
}

double stepnoise_made(const struct stepnoise *m, struct stepscan *scan, gsl_rng *rng, double *made)
{
	double error = sqrt((1 - m->follows * m->follows) / (double)m->n), seems;

	return made_gain(m, fmin(fmax(m->follows + gsl_ran_gaussian(rng, error), 0), FOLLOW_MAX), scan, rng, made, &seems);
}
