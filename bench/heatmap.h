/* SPDX-License-Identifier: GPL-2.0-only */
/* What each idle period would do if a load came slower or faster: all its gaps are stretched by one factor, latencies and the submitter's CPU time stay
 * as they were seen. Pure. */
#ifndef SQB_HEATMAP_H
#define SQB_HEATMAP_H

#include <jansson.h>

#include "objective.h"

enum { HEATMAP_RATES = 9, HEATMAP_IDLES = 12 };

struct heatmap {
	unsigned idle_ms[HEATMAP_IDLES], idles;
	double factor[HEATMAP_RATES];			/* of the rate: 1/16 to 16 */
	double per_s[HEATMAP_RATES];			/* requests, with an SQ thread that does not sleep */
	struct prediction p[HEATMAP_IDLES][HEATMAP_RATES];
};

/* Adds the setting IDLE_MS, unless there is no room. */
void heatmap_add(struct heatmap *m, unsigned idle_ms);

/* L is looked at up to its 10,000th request, and as if it went on for ever: time before and after it does not count. Arguments and return as predict()'s. */
int heatmap_compute(struct heatmap *m, const struct predict_load *l, const struct hist *wake_us, unsigned hz, uint64_t seed);

/* As data, by idle period and then by rate: what a request costs over PLAIN_COST (plain io_uring's, taken as the same at all rates), and the duty. */
json_t *heatmap_json(const struct heatmap *m, const struct objective *o, double plain_cost);

#endif
