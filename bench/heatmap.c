// SPDX-License-Identifier: GPL-2.0-only
#include "heatmap.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "fiojson.h"

#define REQUESTS_MAX 10000
#define SAMPLES 10000		/* drawn for each field */

enum { AS_IT_IS = HEATMAP_RATES / 2 };

void heatmap_add(struct heatmap *m, unsigned idle_ms)
{
	if (m->idles < HEATMAP_IDLES)
		m->idle_ms[m->idles++] = idle_ms;
}

static double gaps_us(const struct predict_request *q, size_t n)
{
	double sum = 0;

	for (size_t i = 0; i < n; i++)
		sum += q[i].gap_us;
	return sum;
}

/* TO, a copy of the first requests of L in STRETCHED, with each gap FACTOR times as long. What is no gap is work, and stays. */
static void stretch(const struct predict_load *l, double factor, struct predict_request *stretched, struct predict_load *to)
{
	size_t n = l->n < REQUESTS_MAX ? l->n : REQUESTS_MAX;
	double work_us = fmax(l->span_us - gaps_us(l->request, l->n), 0) * (double)n / (double)l->n;

	for (size_t i = 0; i < n; i++) {
		stretched[i] = l->request[i];
		stretched[i].gap_us *= factor;
	}
	*to = *l;
	to->request = stretched;
	to->n = n;
	to->span_us = work_us + gaps_us(stretched, n);
	to->rest_us = 0;
}

static int column(struct heatmap *m, unsigned k, const struct predict_load *stretched, const struct hist *wake_us, unsigned hz, uint64_t seed)
{
	int rc = 0;

	m->per_s[k] = (double)stretched->n / stretched->span_us * 1e6;
	for (unsigned i = 0; i < m->idles && !rc; i++)
		rc = predict(stretched, wake_us, m->idle_ms[i], hz, SAMPLES, seed, &m->p[i][k]);
	return rc;
}

int heatmap_compute(struct heatmap *m, const struct predict_load *l, const struct hist *wake_us, unsigned hz, uint64_t seed)
{
	struct predict_request *stretched = malloc(REQUESTS_MAX * sizeof(*stretched));
	struct predict_load load;
	int rc = !stretched ? -ENOMEM : l->n ? 0 : -EINVAL;

	for (unsigned k = 0; k < HEATMAP_RATES && !rc; k++) {
		m->factor[k] = pow(2, (int)k - AS_IT_IS);
		stretch(l, 1 / m->factor[k], stretched, &load);
		rc = column(m, k, &load, wake_us, hz, seed);
	}
	free(stretched);
	return rc;
}

static double ratio_of(const struct prediction *p, const struct objective *o, double plain_cost)
{
	return objective_cost(o, p) / plain_cost;
}

json_t *heatmap_json(const struct heatmap *m, const struct objective *o, double plain_cost)
{
	json_t *idles = json_array(), *factors = json_array(), *per_s = json_array(), *costs = json_array(), *duties = json_array();

	for (unsigned k = 0; k < HEATMAP_RATES; k++) {
		json_array_append_new(factors, json_real(m->factor[k]));
		json_array_append_new(per_s, json_finite(m->per_s[k]));
	}
	for (unsigned i = 0; i < m->idles; i++) {
		json_t *cost = json_array(), *duty = json_array();

		for (unsigned k = 0; k < HEATMAP_RATES; k++) {
			json_array_append_new(cost, json_finite(ratio_of(&m->p[i][k], o, plain_cost)));
			json_array_append_new(duty, json_finite(m->p[i][k].duty));
		}
		json_array_append_new(idles, json_integer(m->idle_ms[i]));
		json_array_append_new(costs, cost);
		json_array_append_new(duties, duty);
	}
	return json_pack("{s:o, s:o, s:o, s:o, s:o}", "idle_ms", idles, "rate_factor", factors, "per_s", per_s, "cost_to_plain", costs, "duty", duties);
}
