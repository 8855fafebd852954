// SPDX-License-Identifier: GPL-2.0-only
#include "objective.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define PRICE_MAX 1e6

static const char *const terms[OBJECTIVE_TERMS] = { [TERM_MEAN] = "mean", [TERM_P50] = "p50", [TERM_P99] = "p99", [TERM_CPU] = "cpu" };

struct objective objective_default(void)
{
	return (struct objective){ .price = { [TERM_MEAN] = 1, [TERM_CPU] = 1 }, .max_p99_us = INFINITY, .cpu_budget = INFINITY };
}

static int take(struct objective *o, const char *item, struct why *why)
{
	size_t len = strcspn(item, ":");
	const char *digits = item[len] ? item + len + 1 : "1";
	char *end;
	double price = strtod(digits, &end);

	for (unsigned t = 0; t < OBJECTIVE_TERMS; t++) {
		if (strlen(terms[t]) != len || strncmp(terms[t], item, len))
			continue;
		if (end == digits || *end || !(price >= 0 && price <= PRICE_MAX))
			return why_set(why, -EINVAL, "--objective: '%s': the price is a number from 0 to %g", item, PRICE_MAX);
		o->price[t] = price;
		return 0;
	}
	return why_set(why, -EINVAL, "--objective: '%s' is not TERM[:PRICE] with one of mean, p50, p99, cpu", item);
}

int objective_parse(struct objective *o, const char *list, struct why *why)
{
	char *copy = strdup(list), *rest = NULL;
	double sum = 0;
	int rc = copy ? 0 : why_set(why, -ENOMEM, "out of memory");

	memset(o->price, 0, sizeof(o->price));
	for (char *one = rc ? NULL : strtok_r(copy, ",", &rest); one && !rc; one = strtok_r(NULL, ",", &rest))
		rc = take(o, one, why);
	free(copy);
	for (unsigned t = 0; t < OBJECTIVE_TERMS; t++)
		sum += o->price[t];
	if (!rc && sum <= 0)
		rc = why_set(why, -EINVAL, "--objective: '%s': nothing has a price, so all settings cost the same", list);
	return rc;
}

void objective_name(const struct objective *o, char *out, size_t size)
{
	size_t n = 0;

	*out = '\0';
	for (unsigned t = 0; t < OBJECTIVE_TERMS; t++)
		if (o->price[t] > 0 && n < size)
			n += (size_t)snprintf(out + n, size - n, "%s%s:%g", n ? "," : "", terms[t], o->price[t]);
}

double objective_cost(const struct objective *o, const struct prediction *p)
{
	const double value[OBJECTIVE_TERMS] = { [TERM_MEAN] = p->lat_mean_us, [TERM_P50] = p->lat_p50_us, [TERM_P99] = p->lat_p99_us, [TERM_CPU] = p->cpu_us };
	double cost = 0;

	for (unsigned t = 0; t < OBJECTIVE_TERMS; t++)
		cost += o->price[t] > 0 ? o->price[t] * value[t] : 0;
	return cost;
}

double objective_excess(const struct objective *o, const struct prediction *p)
{
	double latency = p->lat_p99_us / o->max_p99_us, cpu = p->cpu_us * p->iops / 1e6 / o->cpu_budget;

	return fmax(isinf(o->max_p99_us) ? 0 : latency, isinf(o->cpu_budget) ? 0 : cpu);
}

bool objective_prefers(const struct objective *o, const struct prediction *a, const struct prediction *b)
{
	double cost_a = objective_cost(o, a), cost_b = objective_cost(o, b), excess_a = objective_excess(o, a), excess_b = objective_excess(o, b);

	if (isnan(cost_a) || isnan(cost_b))
		return !isnan(cost_a);
	if (excess_a > 1 || excess_b > 1)
		return excess_a < excess_b;
	return cost_a < cost_b;
}

/* 1: all above the clear limit, -1: all below its inverse, 0: neither. */
static int all_clear(double predicted, const double *ratio, unsigned n)
{
	unsigned above = 0, below = 0, all = n + !isnan(predicted);

	for (unsigned i = 0; i < all; i++) {
		double r = i < n ? ratio[i] : predicted;

		above += r >= 1 + OBJECTIVE_CLEAR;
		below += r <= 1 / (1 + OBJECTIVE_CLEAR);
	}
	return all < 2 ? 0 : above == all ? 1 : below == all ? -1 : 0;
}

static enum decision at_last(const struct est *e)
{
	return fabs(e->value - 1) < OBJECTIVE_WORTH ? DECISION_SAME : DECISION_UNSURE;
}

bool objective_clear(double predicted, const double *ratio, unsigned n)
{
	return n && all_clear(predicted, ratio, n);
}

enum decision objective_decide(double predicted, const double *ratio, unsigned n, unsigned most, struct est *e)
{
	int clear = all_clear(predicted, ratio, n);

	*e = n ? stats_median_est(ratio, n) : (struct est){ .value = NAN, .lo = NAN, .hi = NAN };
	if (n && clear)
		return clear > 0 ? DECISION_RIVAL : DECISION_CANDIDATE;
	if (n < OBJECTIVE_PAIRS)
		return n < most ? DECISION_MORE : at_last(e);
	if (e->hi < 1 && e->value <= 1 - OBJECTIVE_WORTH)
		return DECISION_CANDIDATE;
	if (e->lo > 1 && e->value >= 1 + OBJECTIVE_WORTH)
		return DECISION_RIVAL;
	if (e->lo >= 1 - OBJECTIVE_WORTH)
		return DECISION_SAME;
	return n < most ? DECISION_MORE : at_last(e);
}
