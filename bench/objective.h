/* SPDX-License-Identifier: GPL-2.0-only */
/* What a request may cost, which of two ways to serve a load is better, and when enough has been measured to say so. Pure. */
#ifndef SQB_OBJECTIVE_H
#define SQB_OBJECTIVE_H

#include <stdbool.h>

#include "predict.h"
#include "stats.h"
#include "why.h"

enum objective_term { TERM_MEAN, TERM_P50, TERM_P99, TERM_CPU, OBJECTIVE_TERMS };

struct objective {
	double price[OBJECTIVE_TERMS];	/* of a us of latency (mean, p50, p99) and of CPU time per request */
	double max_p99_us;		/* INFINITY: no limit */
	double cpu_budget;		/* CPUs that submitter and SQ thread use together; INFINITY: no limit */
};

/* Mean latency and CPU at the price 1, no limits. */
struct objective objective_default(void);

/* LIST is TERM[:PRICE],... with the terms mean, p50, p99 and cpu; terms that are not named cost nothing. 0 or -EINVAL with WHY. */
int objective_parse(struct objective *o, const char *list, struct why *why);

/* "mean:1,cpu:1" */
void objective_name(const struct objective *o, char *out, size_t size);

/* Of a request, in us; NaN when P lacks a term that has a price. */
double objective_cost(const struct objective *o, const struct prediction *p);

/* By what factor P exceeds the limits; at most 1: it keeps them. */
double objective_excess(const struct objective *o, const struct prediction *p);

/* Is A better than B? What keeps the limits is better than what does not, a smaller excess than a larger, then the cost decides. NaN is worst. */
bool objective_prefers(const struct objective *o, const struct prediction *a, const struct prediction *b);

/* Of two ways that ran side by side, the candidate and its rival. */
enum decision { DECISION_MORE, DECISION_CANDIDATE, DECISION_RIVAL, DECISION_SAME, DECISION_UNSURE };

/*
 * RATIO[0..N): cost of the candidate over its rival's in each pair. PREDICTED is what was expected (NaN: nothing). Decided is what prediction and
 * every pair say beyond OBJECTIVE_CLEAR (two pairs without a prediction), or, from OBJECTIVE_PAIRS on, what the interval of the median says: SAME when it
 * leaves the candidate no gain worth having. objective_clear(): was it the former? At MOST pairs SAME or UNSURE at last. E gets median and interval.
 */
#define OBJECTIVE_CLEAR 0.25
#define OBJECTIVE_WORTH 0.05
#define OBJECTIVE_PAIRS 5
bool objective_clear(double predicted, const double *ratio, unsigned n);
enum decision objective_decide(double predicted, const double *ratio, unsigned n, unsigned most, struct est *e);

#endif
