// SPDX-License-Identifier: GPL-2.0-only
#include "predict.h"

#include <errno.h>
#include <gsl/gsl_rng.h>
#include <math.h>

#include "lattice.h"

#define ROUNDS_MAX 2000

double predict_asleep_us(double gap_us, double lo_us, double hi_us)
{
	if (gap_us <= lo_us)
		return 0;
	if (gap_us < hi_us)
		return (gap_us - lo_us) * (gap_us - lo_us) / (2 * (hi_us - lo_us));
	return gap_us - (lo_us + hi_us) / 2;
}

double predict_asleep(double gap_us, double lo_us, double hi_us)
{
	return fmin(fmax((gap_us - lo_us) / (hi_us - lo_us), 0), 1);
}

static double draw(const struct hist *h, gsl_rng *rng)
{
	return h->total > 0 ? hist_percentile(h, 100 * gsl_rng_uniform_pos(rng)) : 0;
}

/* One pass over the load. Who comes while the thread is being woken waits for the rest of that. */
static int pass(const struct predict_load *l, const struct hist *wake_us, double lo_us, double hi_us, gsl_rng *rng, struct hist *lat)
{
	double waking_us = 0;
	int rc = 0;

	for (size_t i = 0; i < l->n && !rc; i++) {
		const struct predict_request *q = &l->request[i];

		waking_us = q->overlaps ? fmax(waking_us - q->gap_us, 0) : 0;
		if (gsl_rng_uniform(rng) < predict_asleep(q->gap_us, lo_us, hi_us))
			waking_us = draw(wake_us, rng);
		rc = hist_add(lat, q->lat_us + waking_us, 1);
	}
	return rc;
}

void prediction_latencies(struct prediction *p, struct hist *lat_us)
{
	hist_seal(lat_us);
	p->lat_mean_us = hist_mean(lat_us);
	p->lat_p50_us = hist_percentile(lat_us, 50);
	p->lat_p99_us = hist_percentile(lat_us, 99);
}

static int latencies(const struct predict_load *l, const struct hist *wake_us, double lo_us, double hi_us, bool wakes, unsigned samples,
		     uint64_t seed, struct prediction *p)
{
	size_t rounds = wakes ? samples / l->n + 1 : 1;
	gsl_rng *rng = gsl_rng_alloc(gsl_rng_mt19937);
	struct hist lat = { 0 };
	int rc = rng ? 0 : -ENOMEM;

	if (rng)
		gsl_rng_set(rng, seed);
	rounds = rounds < ROUNDS_MAX ? rounds : ROUNDS_MAX;
	for (size_t i = 0; i < rounds && !rc; i++)
		rc = pass(l, wake_us, lo_us, hi_us, rng, &lat);
	if (rng)
		gsl_rng_free(rng);
	prediction_latencies(p, &lat);
	hist_free(&lat);
	return rc;
}

int predict(const struct predict_load *l, const struct hist *wake_us, unsigned idle_ms, unsigned hz, unsigned samples, uint64_t seed, struct prediction *p)
{
	double lo_us, hi_us, all_us = l->span_us + l->rest_us, span_us, asleep_us, wakeups = 0, awake_us = 0;
	int rc;

	if (!l->n || l->span_us <= 0)
		return -EINVAL;
	lattice_spin_ms(idle_ms, hz, &lo_us, &hi_us);
	lo_us *= 1e3;
	hi_us *= 1e3;
	asleep_us = predict_asleep_us(l->rest_us, lo_us, hi_us);
	for (size_t i = 0; i < l->n; i++) {
		asleep_us += predict_asleep_us(l->request[i].gap_us, lo_us, hi_us);
		wakeups += predict_asleep(l->request[i].gap_us, lo_us, hi_us);
		awake_us += l->request[i].lat_us;
	}
	if (wakeups >= 1 && wake_us->total <= 0)
		return -EINVAL;
	rc = latencies(l, wake_us, lo_us, hi_us, wakeups > 0, samples, seed, p);
	/* paced, the time of a wake-up is part of the gap that follows: it makes the thread neither run more nor the load last longer */
	span_us = all_us + (l->paced ? 0 : wakeups * hist_mean(wake_us));
	p->duty = fmin((all_us - asleep_us) / span_us, 1);
	p->wakeups_per_s = wakeups / span_us * 1e6;
	p->iops = (double)l->n / span_us * 1e6;
	p->cpu_us = l->app_us + p->lat_mean_us - awake_us / (double)l->n + p->duty * span_us / (double)l->n;
	return rc;
}
