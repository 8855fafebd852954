// SPDX-License-Identifier: GPL-2.0-only
#include "gate.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "ranks.h"

/* Of cells of five values that are alike one in 100,000 looks slower and is so far away, one in 1,500 of those with two modes (docs/METHODOLOGY.md). */
#define FAR_SPREADS 2
#define FAR_VALUES 5
#define FOLLOW_VALUES 5		/* fewer say little of what follows what */
#define FOLLOW_ALL 30

struct gate_how gate_default(void)
{
	return (struct gate_how){ .fdr = 0.001, .fdr_apart = 0.05, .worth = 0.01 };
}

const char *gate_verdict_name(enum gate_verdict v)
{
	static const char *const names[] = { "same", "slower", "faster", "unknown" };

	return names[v];
}

const char *gate_belief_name(enum gate_belief b)
{
	static const char *const names[] = { NULL, "p", "apart", "far" };

	return names[b];
}

static double range(const double *v, size_t n)
{
	double lo = INFINITY, hi = -INFINITY;

	for (size_t i = 0; i < n; i++) {
		lo = fmin(lo, v[i]);
		hi = fmax(hi, v[i]);
	}
	return hi - lo;
}

static void measure(struct gate_cell *c)
{
	double scale;

	c->base_median = stats_median(c->base, c->n_base);
	c->current_median = stats_median(c->current, c->n_current);
	c->shift = ranks_shift(c->base, c->n_base, c->current, c->n_current);
	c->p = ranks_p(c->base, c->n_base, c->current, c->n_current);
	scale = c->base_median ? 1 / fabs(c->base_median) : NAN;
	c->spread = scale * fmax(range(c->base, c->n_base), range(c->current, c->n_current));
	c->shift.value *= scale;
	c->shift.lo *= scale;
	c->shift.hi *= scale;
}

/* How many values there would have to be on each side before a difference could be believed in one of N cells. */
static unsigned enough(size_t n, double fdr)
{
	unsigned each = 2;

	while (each < 1000 && ranks_p_least(each, each) > fdr / (double)n)
		each++;
	return each;
}

static enum gate_verdict unknown(struct gate_cell *c, size_t n, const struct gate_how *how)
{
	if (!c->n_base || !c->n_current)
		snprintf(c->reason, sizeof(c->reason), "measured in %s only", c->n_base ? "the base" : "the current set");
	else if (!isfinite(c->shift.value))
		snprintf(c->reason, sizeof(c->reason), "the base is 0");
	else if (ranks_p_least(c->n_base, c->n_current) > how->fdr_apart / (double)n)
		snprintf(c->reason, sizeof(c->reason), "%zu and %zu values cannot decide among %zu cells: run more, %u on each side are enough", c->n_base, c->n_current, n,
			 enough(n, how->fdr_apart));
	else
		snprintf(c->reason, sizeof(c->reason), "too few values for the noise among them: run more");
	return GATE_UNKNOWN;
}

/* What the cells have in common */
struct common {
	size_t n;
	double p, p_apart;	/* the largest to be believed, -1: none */
	double spread;		/* of the median cell */
};

static enum gate_belief belief(const struct gate_cell *c, const struct common *all)
{
	bool apart = c->p <= ranks_p_least(c->n_base, c->n_current) * (1 + 1e-9);

	if (c->p <= all->p)
		return GATE_BY_P;
	if (apart && c->p <= all->p_apart)
		return GATE_APART;
	if (apart && c->n_base >= FAR_VALUES && c->n_current >= FAR_VALUES && fabs(c->shift.value) >= FAR_SPREADS * fmax(c->spread, all->spread))
		return GATE_FAR;
	return GATE_NOT;
}

static enum gate_verdict verdict(struct gate_cell *c, const struct common *all, const struct gate_how *how)
{
	bool is_worth = fabs(c->shift.value) >= how->worth;

	if (!isfinite(c->shift.value))
		return unknown(c, all->n, how);
	if (c->belief && is_worth)
		return (c->shift.value > 0) != how->more_is_better ? GATE_SLOWER : GATE_FASTER;
	if (c->belief || (c->shift.lo > -how->worth && c->shift.hi < how->worth))
		return GATE_SAME;
	return unknown(c, all->n, how);
}

/* Without memory nothing is believed. */
static struct common in_common(const struct gate_cell *c, size_t n, const struct gate_how *how)
{
	double *p = calloc(n + 1, sizeof(*p)), *spread = calloc(n + 1, sizeof(*spread));
	struct common all = { .n = n, .p = -1, .p_apart = -1, .spread = INFINITY };
	size_t spreads = 0;

	for (size_t i = 0; p && spread && i < n; i++) {
		p[i] = c[i].p;
		if (isfinite(c[i].spread))
			spread[spreads++] = c[i].spread;
	}
	if (p && spread) {
		all.p = ranks_fdr(p, n, how->fdr);
		all.p_apart = ranks_fdr(p, n, how->fdr_apart);
		all.spread = spreads ? stats_median(spread, spreads) : INFINITY;
	}
	free(p);
	free(spread);
	return all;
}

size_t gate_judge(struct gate_cell *c, size_t n, const struct gate_how *how)
{
	struct common all;
	size_t slower = 0;

	for (size_t i = 0; i < n; i++)
		measure(&c[i]);
	all = in_common(c, n, how);
	for (size_t i = 0; i < n; i++) {
		c[i].belief = isfinite(c[i].shift.value) ? belief(&c[i], &all) : GATE_NOT;
		c[i].verdict = verdict(&c[i], &all, how);
		slower += c[i].verdict == GATE_SLOWER;
	}
	return slower;
}

/* Sums up the correlation of neighbours, times N. */
static void follow(const double *v, size_t n, double *sum, double *values)
{
	double mean = 0, next = 0, all = 0;

	if (n < FOLLOW_VALUES)
		return;
	for (size_t i = 0; i < n; i++)
		mean += v[i] / (double)n;
	for (size_t i = 0; i < n; i++) {
		all += (v[i] - mean) * (v[i] - mean);
		if (i)
			next += (v[i] - mean) * (v[i - 1] - mean);
	}
	if (all <= 0)
		return;
	*sum += (double)n * (next / all) + 1;
	*values += (double)n;
}

double gate_correlation(const struct gate_cell *c, size_t n)
{
	double sum = 0, values = 0;

	for (size_t i = 0; i < n; i++) {
		follow(c[i].base, c[i].n_base, &sum, &values);
		follow(c[i].current, c[i].n_current, &sum, &values);
	}
	return values >= FOLLOW_ALL ? sum / values : NAN;
}
