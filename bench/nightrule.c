// SPDX-License-Identifier: GPL-2.0-only
#include "nightrule.h"

#include <errno.h>
#include <gsl/gsl_cdf.h>
#include <gsl/gsl_sort_double.h>
#include <gsl/gsl_statistics_double.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ranks.h"

#define HUBER 1.5		/* in standard deviations */
#define HUBER_COST 1.037	/* variance beside the mean's, of normal values */
#define TREND_COST 1.1		/* the same for Theil and Sen's slope beside that of least squares, over the longer half of all pairs */
#define QN_EFFICIENCY 0.82
#define NEAR 0.6827		/* of normal values are within one standard deviation */
#define FAR 0.99
#define TAIL_MAX 3.5		/* FAR over NEAR: 2.6 for normal values, 3.6 for t with 5 degrees, 7.5 with 2 */
#define NIGHT_MAX 4.5		/* standard deviations that one night of the baseline may be off */
#define WILD_DEGREES 2.25
#define WILD_WINDOW 7		/* nights; fewer could all be off by chance where tails are heavy */
#define TREND_NIGHTS 20		/* fewer tell no trend from noise */
#define LEVEL_NIGHTS 60		/* fewer cannot say that there is none */
#define TREND_SURE 2		/* standard errors */
#define FOLLOW_MIN 0.25
#define FOLLOW_MAX 0.9
#define SCALE_MIN 0.1		/* in units of what is worth reporting */
#define ZERO 1e-6
#define VISIBLE_WANTED 0.03
#define VISIBLE_NIGHTS 30	/* after so many it is the cell, and not want of history */
#define AGREE_P 1e-3
#define AGREE_NIGHTS 2
#define SUSPICIOUS 0.5
#define REPEATS_SHARE_MIN 0.1

enum { NIGHTS = NIGHTRULE_NIGHTS_MAX + NIGHTRULE_WINDOW_MAX };

static const unsigned windows[] = { 1, 2, 3, 5, 7, NIGHTRULE_WINDOW_MAX };

struct nightrule_how nightrule_default(void)
{
	return (struct nightrule_how){ .p_max = 2e-7, .worth = 0.01, .nights_max = 60, .nights_min = 5, .more_is_better = true };
}

const char *nightrule_word(enum nightrule_verdict v)
{
	static const char *const words[] = { "same", "slower", "faster", "unknown", "unstable" };

	return words[v];
}

/* Logarithms of all repeats, night by night, tonight last, and what they say. */
struct cell {
	const struct nightrule_how *how;
	double *y, *scratch;
	size_t from[NIGHTS + 1];	/* of each night in Y */
	double centre[NIGHTS];
	size_t n;			/* nights */
	double noise;			/* standard deviation of a repeat */
	double tail;
};

/* A window of K nights beside the nights before it; all in logarithms. */
struct look {
	unsigned k, nights;
	double shift, error, degrees, expected, farthest, repeats_share;
};

/* Nights before a window: residuals and what they say. */
struct base {
	double left[NIGHTS], scale, level, slope, follows;
};

/* For a known SCALE. */
static double huber(const double *x, size_t n, double scale)
{
	double copy[STATS_N_MAX];

	memcpy(copy, x, n * sizeof(*x));
	return stats_huber(x, n, HUBER * scale, gsl_stats_select(copy, 1, n, n / 2));
}

/* How far repeats are from their night's mean, or from its CENTRE, by the degrees that this leaves; of the history. */
static size_t distances(struct cell *c, const double *centre)
{
	size_t n = 0;

	for (size_t i = 0; i + 1 < c->n; i++) {
		size_t m = c->from[i + 1] - c->from[i];
		double middle = centre ? centre[i] : gsl_stats_mean(c->y + c->from[i], 1, m);

		for (size_t k = 0; k < m && m > 1; k++)
			c->scratch[n++] = fabs(c->y[c->from[i] + k] - middle) * sqrt((double)m / (double)(m - 1));
	}
	return n;
}

static void condense(struct cell *c)
{
	size_t n = distances(c, NULL);
	double near;

	c->noise = stats_quantile(c->scratch, n, NEAR);
	for (size_t i = 0; i < c->n; i++)
		c->centre[i] = huber(c->y + c->from[i], c->from[i + 1] - c->from[i], c->noise);
	n = distances(c, c->centre);
	near = stats_quantile(c->scratch, n, NEAR);
	c->tail = near > 0 ? stats_quantile(c->scratch, n, FAR) / near : 0;
}

/* Theil and Sen's slope, over pairs that are half of the nights apart or more: the others say little. */
static double slope_of(const double *x, size_t n, double *scratch)
{
	size_t pairs = 0;

	if (n < TREND_NIGHTS)
		return 0;
	for (size_t i = 0; i < n; i++)
		for (size_t j = i + n / 2; j < n; j++)
			scratch[pairs++] = (x[j] - x[i]) / (double)(j - i);
	return stats_quantile(scratch, pairs, 0.5);
}

/*
 * Qn of the sorted X[0..N), N 20 or more, as gsl_stats_Qn_from_sorted_data() gives it in four times the time: the distance that a quarter of all pairs are within is found by
 * halving. The factor makes it the standard deviation of normal values, for so few as well (Rousseeuw and Croux 1993; Maechler's fit in R's robustbase).
 */
static double qn_of(const double *x, size_t n)
{
	size_t half = n / 2 + 1, wanted = half * (half - 1) / 2;
	double lo = 0, hi = x[n - 1] - x[0], m = (double)n, few = n % 2 ? 1.60188 + (-2.1284 - 5.172 / m) / m : 3.67561 + (1.9654 + (6.987 - 77 / m) / m) / m;

	for (int i = 0; i < 30; i++) {
		double middle = (lo + hi) / 2;
		size_t pairs = 0;

		for (size_t a = 0, b = 0; b < n; b++) {
			while (x[b] - x[a] > middle)
				a++;
			pairs += b - a;
		}
		*(pairs >= wanted ? &hi : &lo) = middle;
	}
	return 2.21914 * hi / (few / m + 1);
}

/* Few values are sometimes near to each other by chance, most of all those that Qn looks at. */
static double scale_of(const double *x, size_t n)
{
	double sorted[NIGHTS], work[3 * NIGHTS];
	int work_int[5 * NIGHTS];

	memcpy(sorted, x, n * sizeof(*x));
	gsl_sort(sorted, 1, n);
	if (n >= TREND_NIGHTS)
		return qn_of(sorted, n);
	return fmax(gsl_stats_Qn_from_sorted_data(sorted, 1, n, work, work_int), gsl_stats_sd(x, 1, n));
}

/* Autocorrelation at lag 1, of residuals bounded to two SCALEs, and half of its standard error on top; nights that seem to follow each other less are not believed to. */
static double follows(const double *x, size_t n, double scale)
{
	double product = 0, square = 0, before = 0;

	for (size_t i = 0; i < n; i++) {
		double here = fmin(fmax(x[i], -2 * scale), 2 * scale);

		product += i ? here * before : 0;
		square += here * here;
		before = here;
	}
	return fmin(fmax((square > 0 ? product / square : 0) + 0.5 / sqrt((double)n), FOLLOW_MIN), FOLLOW_MAX);
}

/* Of the mean of K values of variance 1 that follow each other by R, R^2, R^3... */
static double mean_variance(unsigned k, double r)
{
	double sum = 1, power = r;

	for (unsigned j = 1; j < k; j++, power *= r)
		sum += 2 * (1 - (double)j / k) * power;
	return sum / k;
}

/* The mean of 1 / repeats over nights [FROM, TO). */
static double per_repeat(const struct cell *c, size_t from, size_t to)
{
	double sum = 0;

	for (size_t i = from; i < to; i++)
		sum += 1 / (double)(c->from[i + 1] - c->from[i]);
	return sum / (double)(to - from);
}

static void fit(const struct cell *c, size_t from, size_t n, double slope, struct base *b)
{
	const double *x = c->centre + from;

	b->slope = slope;
	for (size_t i = 0; i < n; i++)
		b->left[i] = x[i] - slope * ((double)i - (double)(n - 1) / 2);
	b->scale = fmax(scale_of(b->left, n), fmax(c->noise * sqrt(per_repeat(c, from, from + n)), SCALE_MIN * c->how->worth));
	b->level = huber(b->left, n, b->scale);
	for (size_t i = 0; i < n; i++)
		b->left[i] -= b->level;
	b->follows = follows(b->left, n, b->scale);
}

double nightrule_degrees(unsigned nights)
{
	return nights < TREND_NIGHTS ? nights / 2.0 : QN_EFFICIENCY * (nights - 2);
}

static struct look look_at(const struct cell *c, unsigned k)
{
	size_t to = c->n - k, n = to < c->how->nights_max ? to : c->how->nights_max, from = to - n;
	double slope = slope_of(c->centre + from, n, c->scratch), ahead = ((double)n + k) / 2, follow, trend, tonight, repeats = per_repeat(c, to, c->n);
	struct look l = { .k = k, .nights = (unsigned)n };
	struct base b;

	fit(c, from, n, slope, &b);
	follow = (1 + b.follows) / (1 - b.follows);
	trend = n < TREND_NIGHTS ? 0 : TREND_COST * 12 / pow((double)n, 3) * follow;
	if (n >= LEVEL_NIGHTS && fabs(slope) <= TREND_SURE * b.scale * sqrt(trend)) {
		trend = 0;
		b.slope = 0;
	}
	for (size_t i = 0; i < n; i++)
		l.farthest = fmax(l.farthest, fabs(b.left[i]) / b.scale);
	tonight = b.scale * b.scale + c->noise * c->noise * fmax(repeats - per_repeat(c, from, to), 0);
	l.expected = b.level + b.slope * ahead;
	l.shift = huber(c->centre + to, k, b.scale) - l.expected;
	l.error = sqrt(HUBER_COST * tonight * mean_variance(k, b.follows) + b.scale * b.scale * (HUBER_COST * follow / (double)n + trend * ahead * ahead));
	l.degrees = nightrule_degrees(l.nights);
	l.repeats_share = fmin(c->noise * c->noise * repeats / tonight, 1);
	return l;
}

static bool wild(const struct cell *c, const struct look *l)
{
	return c->tail > TAIL_MAX || l->farthest > NIGHT_MAX;
}

/* Of Student's t. Single nights of a cell with heavy tails say little. */
static double degrees(const struct cell *c, const struct look *l)
{
	return wild(c, l) && l->k < WILD_WINDOW ? fmin(l->degrees, WILD_DEGREES) : l->degrees;
}

static double least_believed(const struct cell *c, const struct look *l)
{
	return fmax(gsl_cdf_tdist_Qinv(c->how->p_max / 2, degrees(c, l)) * l->error, log1p(c->how->worth));
}

/* Are all of tonight's repeats beside those of the last nights, or only some? */
static bool agree(const struct cell *c)
{
	size_t tonight = c->from[c->n - 1], first = c->from[c->n - 1 - AGREE_NIGHTS], n = c->from[c->n] - tonight;
	double p = ranks_p(c->y + first, tonight - first, c->y + tonight, n);

	return p <= fmax(AGREE_P, ranks_p_least(tonight - first, n));
}

/* Where nights are nearest to the two levels. */
static unsigned since(const struct cell *c, const struct look *l)
{
	double gain = 0, most = 0;
	unsigned nights = 0;

	for (unsigned k = 1; k <= 2 * NIGHTRULE_WINDOW_MAX && k < c->n; k++) {
		double x = c->centre[c->n - k] - l->expected;

		gain += fabs(x) - fabs(x - l->shift);
		if (gain > most) {
			most = gain;
			nights = k - 1;
		}
	}
	return nights;
}

static struct est share_of(const struct look *l)
{
	double half = gsl_cdf_tdist_Pinv(0.975, l->degrees) * l->error;

	return (struct est){ expm1(l->shift), expm1(l->shift - half), expm1(l->shift + half), 0.95, l->k };
}

static void explain(const struct cell *c, const struct look *tonight, struct nightrule *r)
{
	unsigned nights = (unsigned)c->n - 1;

	if (r->visible > VISIBLE_WANTED && nights < VISIBLE_NIGHTS) {
		r->verdict = NIGHTRULE_UNKNOWN;
		snprintf(r->reason, sizeof(r->reason), "only a shift of %.0f %% would show yet: needs %u more nights", 100 * r->visible, VISIBLE_NIGHTS - nights);
		return;
	}
	if (r->visible > VISIBLE_WANTED)
		snprintf(r->reason, sizeof(r->reason), "too noisy: a shift below %.0f %% does not show in %d nights: a longer run, or a quieter host", 100 * r->visible,
			 NIGHTRULE_WINDOW_MAX);
	else if (c->tail > TAIL_MAX)
		snprintf(r->reason, sizeof(r->reason), "its repeats have heavy tails: judged by %d nights and more, and by one from %.0f %% on", WILD_WINDOW,
			 100 * r->visible_tonight);
	else if (wild(c, tonight))
		snprintf(r->reason, sizeof(r->reason), "a night of its history is %.1f standard deviations off: judged by %d nights and more, and by one from %.0f %% on",
			 tonight->farthest, WILD_WINDOW, 100 * r->visible_tonight);
	else
		return;
	r->unstable = true;
	r->verdict = NIGHTRULE_UNSTABLE;
}

static void judge(const struct cell *c, struct nightrule *r)
{
	struct look best = { 0 }, tonight = { 0 };

	r->visible = INFINITY;
	for (size_t i = 0; i < sizeof(windows) / sizeof(*windows) && windows[i] + c->how->nights_min <= c->n; i++) {
		struct look l = look_at(c, windows[i]);
		double least = least_believed(c, &l), suspicion = fabs(l.shift) / least;

		if (l.k == 1) {
			tonight = l;
			r->visible_tonight = -expm1(-least);
			suspicion = suspicion >= 1 && !agree(c) ? 0.99 : suspicion;
		}
		r->visible = fmin(r->visible, -expm1(-least));
		if (suspicion >= r->suspicion) {
			r->suspicion = suspicion;
			best = l;
		}
	}
	r->tonight = share_of(&tonight);
	r->repeats_share = tonight.repeats_share;
	r->shift = share_of(&best);
	r->p = 2 * gsl_cdf_tdist_Q(fabs(best.shift) / best.error, degrees(c, &best));
	r->baseline = exp(best.expected);
	r->nights = best.nights;
	explain(c, &tonight, r);
	if (r->suspicion < 1)
		return;
	r->verdict = (best.shift > 0) == c->how->more_is_better ? NIGHTRULE_FASTER : NIGHTRULE_SLOWER;
	r->since = since(c, &best);
	*r->reason = 0;
}

static bool in_range(const struct nightrule_night *night)
{
	for (size_t i = 0; i < night->n; i++)
		if (!isfinite(night->x[i]) || night->x[i] < 0)
			return false;
	return night->n >= 1 && night->n <= STATS_N_MAX;
}

static bool settings_in_range(const struct nightrule_how *how)
{
	return how->p_max > 0 && how->p_max < 1 && how->worth > 0 && how->nights_min >= 5 && how->nights_min <= how->nights_max && how->nights_max <= NIGHTRULE_NIGHTS_MAX;
}

static void add(struct cell *c, const struct nightrule_night *night, double least)
{
	for (size_t k = 0; k < night->n; k++)
		c->y[c->from[c->n] + k] = log(fmax(night->x[k], least));
	c->from[c->n + 1] = c->from[c->n] + night->n;
	c->n++;
}

static int judge_values(const struct nightrule_night *history, size_t n, const struct nightrule_night *tonight, const struct nightrule_how *how, double most,
			struct nightrule *r)
{
	size_t values = tonight->n, pairs = (size_t)how->nights_max * how->nights_max;
	struct cell c = { .how = how };

	for (size_t i = 0; i < n; i++)
		values += history[i].n;
	c.y = malloc(values * sizeof(*c.y));
	c.scratch = malloc((values + pairs) * sizeof(*c.scratch));
	if (c.y && c.scratch) {
		for (size_t i = 0; i < n; i++)
			add(&c, &history[i], ZERO * most);
		add(&c, tonight, ZERO * most);
		condense(&c);
		judge(&c, r);
	}
	free(c.y);
	free(c.scratch);
	return c.y && c.scratch ? 0 : -ENOMEM;
}

int nightrule_judge(const struct nightrule_night *history, size_t n, const struct nightrule_night *tonight, const struct nightrule_how *how, struct nightrule *r)
{
	size_t used = (size_t)how->nights_max + NIGHTRULE_WINDOW_MAX - 1, first = n > used ? n - used : 0;
	double most = 0;

	if (!settings_in_range(how) || !in_range(tonight))
		return -EINVAL;
	for (size_t i = first; i < n; i++) {
		if (!in_range(&history[i]))
			return -EINVAL;
		most = fmax(most, gsl_stats_max(history[i].x, 1, history[i].n));
	}
	*r = (struct nightrule){ .verdict = NIGHTRULE_UNKNOWN, .nights = (unsigned)(n - first) };
	if (n < how->nights_min)
		snprintf(r->reason, sizeof(r->reason), "%zu nights of history: needs %zu more", n, how->nights_min - n);
	else if (most == 0)
		snprintf(r->reason, sizeof(r->reason), "all values of its history are 0");
	else {
		r->verdict = NIGHTRULE_SAME;
		return judge_values(history + first, n - first, tonight, how, most, r);
	}
	return 0;
}

double nightrule_more(const struct nightrule *r, const struct nightrule_how *how, size_t repeats, size_t repeats_max)
{
	bool unsure = r->tonight.lo < -how->worth || r->tonight.hi > how->worth;

	if (repeats >= repeats_max || !r->tonight.n)
		return 0;
	if (r->suspicion >= SUSPICIOUS)
		return 1 + r->suspicion;
	return unsure && r->repeats_share >= REPEATS_SHARE_MIN ? r->repeats_share : 0;
}
