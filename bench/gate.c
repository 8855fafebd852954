// SPDX-License-Identifier: GPL-2.0-only
#include "gate.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "ranks.h"

struct gate_how gate_default(void)
{
	return (struct gate_how){ .fdr = 0.05, .worth = 0.01 };
}

const char *gate_verdict_name(enum gate_verdict v)
{
	static const char *const names[] = { "same", "slower", "faster", "unknown" };

	return names[v];
}

static void measure(struct gate_cell *c)
{
	double scale;

	c->base_median = stats_median(c->base, c->n_base);
	c->current_median = stats_median(c->current, c->n_current);
	c->shift = ranks_shift(c->base, c->n_base, c->current, c->n_current);
	c->p = ranks_p(c->base, c->n_base, c->current, c->n_current);
	scale = c->base_median ? 1 / fabs(c->base_median) : NAN;
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
	else if (ranks_p_least(c->n_base, c->n_current) > how->fdr / (double)n)
		snprintf(c->reason, sizeof(c->reason), "%zu and %zu values cannot decide among %zu cells: run more, %u on each side are enough", c->n_base, c->n_current, n,
			 enough(n, how->fdr));
	else
		snprintf(c->reason, sizeof(c->reason), "too few values for the noise among them: run more");
	return GATE_UNKNOWN;
}

static enum gate_verdict verdict(struct gate_cell *c, size_t n, double believed, const struct gate_how *how)
{
	bool is_believed = c->p <= believed, is_worth = fabs(c->shift.value) >= how->worth;

	if (!isfinite(c->shift.value))
		return unknown(c, n, how);
	if (is_believed && is_worth)
		return (c->shift.value > 0) != how->more_is_better ? GATE_SLOWER : GATE_FASTER;
	if (is_believed || (c->shift.lo > -how->worth && c->shift.hi < how->worth))
		return GATE_SAME;
	return unknown(c, n, how);
}

size_t gate_judge(struct gate_cell *c, size_t n, const struct gate_how *how)
{
	double *p = calloc(n + 1, sizeof(*p)), believed = -1;
	size_t slower = 0;

	for (size_t i = 0; i < n; i++) {
		measure(&c[i]);
		if (p)
			p[i] = c[i].p;
	}
	if (p)
		believed = ranks_fdr(p, n, how->fdr);
	free(p);
	for (size_t i = 0; i < n; i++) {
		c[i].verdict = verdict(&c[i], n, believed, how);
		slower += c[i].verdict == GATE_SLOWER;
	}
	return slower;
}
