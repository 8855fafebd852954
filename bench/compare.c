// SPDX-License-Identifier: GPL-2.0-only
#include "compare.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "verdict.h"

const struct compare_about compare_about[COMPARE_METRICS] = {
	[COMPARE_IOPS] = { "iops", "I/Os per second", true, true },
	[COMPARE_READ_P50] = { "read_lat_us_p50", "read latency p50, us", false, true },
	[COMPARE_READ_P99] = { "read_lat_us_p99", "read latency p99, us", false, true },
	[COMPARE_WRITE_P50] = { "write_lat_us_p50", "write latency p50, us", false, true },
	[COMPARE_WRITE_P99] = { "write_lat_us_p99", "write latency p99, us", false, true },
	[COMPARE_SQ_CPU] = { "sq_cpu_us_per_io", "SQ thread CPU us per I/O", false, true },
	[COMPARE_APP_CPU] = { "app_cpu_us_per_io", "submitter CPU us per I/O", false, true },
	[COMPARE_ENTERS] = { "enters_per_io", "io_uring_enter per I/O", false, false },
	[COMPARE_WAKEUPS] = { "wakeups_per_io", "wake-ups per I/O", false, false },
	[COMPARE_LAT_P50] = { "lat_us_p50", "latency p50, us", false, true },
	[COMPARE_LAT_P99] = { "lat_us_p99", "latency p99, us", false, true },
	[COMPARE_CPU] = { "cpu_us_per_io", "CPU us per I/O", false, true },
};

static const char too_few[] = "too few repeats: 3 on each side are the least";
static const char too_wide[] = "too few repeats for the noise among them";
static const char not_both[] = "not measured on both sides";
static const char is_zero[] = "0 on one side";

const char *compare_verdict_name(enum compare_verdict v)
{
	static const char *const names[] = {
		[COMPARE_UNKNOWN] = "unknown",
		[COMPARE_SAME] = "same",
		[COMPARE_BETTER] = "better",
		[COMPARE_WORSE] = "worse",
	};

	return names[v];
}

struct compare_cell *compare_cell(struct compare_side *side, const char *name)
{
	struct compare_cell *c = (struct compare_cell *)compare_find(side, name);

	if (c)
		return c;
	if (side->n == side->cap) {
		size_t cap = side->cap ? 2 * side->cap : 8;

		c = realloc(side->cell, cap * sizeof(*c));
		if (!c)
			return NULL;
		side->cell = c;
		side->cap = cap;
	}
	c = &side->cell[side->n++];
	c->n = 0;
	snprintf(c->name, sizeof(c->name), "%s", name);
	return c;
}

const struct compare_cell *compare_find(const struct compare_side *side, const char *name)
{
	struct compare_cell cut;

	snprintf(cut.name, sizeof(cut.name), "%s", name);
	for (size_t i = 0; i < side->n; i++)
		if (!strcmp(side->cell[i].name, cut.name))
			return &side->cell[i];
	return NULL;
}

void compare_free(struct compare_side *side)
{
	free(side->cell);
	*side = (struct compare_side){ 0 };
}

static size_t measured(const struct compare_cell *c, enum compare_metric m, double *x)
{
	size_t n = 0;

	for (unsigned i = 0; i < c->n; i++)
		if (isfinite(c->x[m][i]))
			x[n++] = c->x[m][i];
	return n;
}

static bool any_zero(const double *x, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!(x[i] > 0))
			return true;
	return false;
}

static enum compare_verdict judge_ratio(const struct est *r, bool more_is_better, double worth)
{
	double up = 1 + worth, down = 1 / up;

	if (r->lo > 1 && r->value >= up)
		return more_is_better ? COMPARE_BETTER : COMPARE_WORSE;
	if (r->hi < 1 && r->value <= down)
		return more_is_better ? COMPARE_WORSE : COMPARE_BETTER;
	return r->lo > down && r->hi < up ? COMPARE_SAME : COMPARE_UNKNOWN;
}

struct compare_result compare_metric(enum compare_metric m, const struct compare_cell *a, const struct compare_cell *b,
				     double worth)
{
	struct compare_result r = { .verdict = COMPARE_UNKNOWN };
	double xa[STATS_RATIO_N_MAX], xb[STATS_RATIO_N_MAX];
	size_t na = measured(a, m, xa), nb = measured(b, m, xb);

	r.a = stats_median_est(xa, na);
	r.b = stats_median_est(xb, nb);
	r.ratio = stats_ratio_est(xa, na, xb, nb);
	if (!na || !nb)
		r.reason = not_both;
	else if (any_zero(xa, na) || any_zero(xb, nb))
		r.reason = is_zero;
	/* A binomial share is seldom an exact double. */
	else if (r.ratio.cover < VERDICT_COVER_MIN - 1e-9)
		r.reason = too_few;
	else
		r.verdict = judge_ratio(&r.ratio, compare_about[m].more_is_better, worth);
	if (r.verdict == COMPARE_UNKNOWN && !r.reason)
		r.reason = too_wide;
	return r;
}

void compare_judge(struct compare_pair *p, double worth)
{
	unsigned count[COMPARE_WORSE + 1] = { 0 };

	p->reason = NULL;
	for (int m = 0; m < COMPARE_METRICS; m++) {
		struct compare_result *r = &p->metric[m];

		*r = compare_metric((enum compare_metric)m, p->a, p->b, worth);
		if (!compare_about[m].judged || r->reason == not_both)
			continue;
		count[r->verdict]++;
		if (r->verdict == COMPARE_UNKNOWN && !p->reason)
			p->reason = r->reason;
	}
	if (count[COMPARE_WORSE])
		p->verdict = COMPARE_WORSE;
	else if (count[COMPARE_BETTER])
		p->verdict = COMPARE_BETTER;
	else
		p->verdict = count[COMPARE_UNKNOWN] || !count[COMPARE_SAME] ? COMPARE_UNKNOWN : COMPARE_SAME;
	if (p->verdict != COMPARE_UNKNOWN)
		p->reason = NULL;
	else if (!p->reason)
		p->reason = not_both;
}
