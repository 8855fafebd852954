// SPDX-License-Identifier: GPL-2.0-only
#include "verdict.h"

#include <errno.h>
#include <gsl/gsl_rng.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define BOOTSTRAP_ROUNDS 400
#define BOOTSTRAP_SEED 20190110UL

struct table {
	const struct grid *g;
	unsigned repeats;
	double price;
	/* [workload][arm][repeat], NULL where nothing was measured */
	const struct measure **m;
};

static const struct measure *at(const struct table *t, unsigned w, unsigned a, unsigned r)
{
	return t->m[(w * t->g->na + a) * t->repeats + r];
}

static double cost_us(const struct measure *m, double price)
{
	return m->lat_mean_us + price * m->cpu_us_per_io;
}

const char *verdict_name(enum verdict v)
{
	static const char *const names[] = {
		[VERDICT_UNKNOWN] = "unknown",
		[VERDICT_PLAIN] = "plain",
		[VERDICT_NO_DIFFERENCE] = "no-difference",
		[VERDICT_SQPOLL] = "sqpoll",
	};

	return names[v];
}

enum quantity { Q_IOPS, Q_MEAN, Q_CPU, Q_CORES, Q_DUTY, Q_COST, Q_IDLE, Q_P50, Q_ENTERS, Q_INTERRUPTS, Q_COUNT };

static double quantity(const struct measure *m, enum quantity q, double price)
{
	switch (q) {
	case Q_IOPS:
		return m->iops;
	case Q_MEAN:
		return m->lat_mean_us;
	case Q_CPU:
		return m->cpu_us_per_io;
	case Q_CORES:
		return m->app_cores + m->sq_cores;
	case Q_DUTY:
		return m->sq_cores;
	case Q_COST:
		return cost_us(m, price);
	case Q_IDLE:
		return m->idle_ms_effective;
	case Q_P50:
		return hist_percentile(&m->lat_ns, 50) / 1e3;
	case Q_ENTERS:
		return m->enters / m->ios;
	case Q_INTERRUPTS:
		return m->interrupts / m->ios;
	case Q_COUNT:
		break;
	}
	return NAN;
}

static struct est estimate(const struct table *t, unsigned w, unsigned a, enum quantity q)
{
	double x[STATS_N_MAX];
	size_t n = 0;

	for (unsigned r = 0; r < t->repeats; r++) {
		const struct measure *m = at(t, w, a, r);
		double v = m ? quantity(m, q, t->price) : NAN;

		if (isfinite(v))
			x[n++] = v;
	}
	return stats_median_est(x, n);
}

/* p99 of all repeats together: one repeat holds too few I/Os. The interval resamples whole repeats. */
static int pooled_p99(const struct table *t, unsigned w, unsigned a, struct est *e)
{
	const struct measure *have[STATS_N_MAX];
	double boot[BOOTSTRAP_ROUNDS];
	gsl_rng *rng = gsl_rng_alloc(gsl_rng_mt19937);
	unsigned n = 0;
	int rc = rng ? 0 : -ENOMEM;

	*e = (struct est){ .value = NAN, .lo = NAN, .hi = NAN };
	for (unsigned r = 0; r < t->repeats; r++)
		if (at(t, w, a, r))
			have[n++] = at(t, w, a, r);
	if (rng)
		gsl_rng_set(rng, BOOTSTRAP_SEED);
	for (int round = -1; n && !rc && round < BOOTSTRAP_ROUNDS; round++) {
		struct hist h = { 0 };

		for (unsigned i = 0; i < n && !rc; i++)
			rc = hist_merge(&h, &have[round < 0 ? i : gsl_rng_uniform_int(rng, n)]->lat_ns);
		hist_seal(&h);
		if (round < 0)
			e->value = hist_percentile(&h, 99) / 1e3;
		else
			boot[round] = hist_percentile(&h, 99) / 1e3;
		hist_free(&h);
	}
	gsl_rng_free(rng);
	if (rc || !n || !isfinite(e->value))
		return rc;
	stats_central95(boot, BOOTSTRAP_ROUNDS, &e->lo, &e->hi);
	e->cover = 0.95;
	e->n = n;
	return 0;
}

static int fill_point(struct point *p, const struct table *t, unsigned w, unsigned a)
{
	memset(p, 0, sizeof(*p));
	for (unsigned r = 0; r < t->repeats; r++) {
		const struct measure *m = at(t, w, a, r);

		p->n += m != NULL;
		p->ios += m ? m->ios : 0;
	}
	p->iops = estimate(t, w, a, Q_IOPS);
	p->lat_mean_us = estimate(t, w, a, Q_MEAN);
	p->lat_p50_us = estimate(t, w, a, Q_P50);
	p->cpu_us_per_io = estimate(t, w, a, Q_CPU);
	p->cores = estimate(t, w, a, Q_CORES);
	p->duty = estimate(t, w, a, Q_DUTY);
	p->cost_us = estimate(t, w, a, Q_COST);
	p->idle_ms_effective = estimate(t, w, a, Q_IDLE);
	p->enters_per_io = estimate(t, w, a, Q_ENTERS);
	p->interrupts_per_io = estimate(t, w, a, Q_INTERRUPTS);
	return pooled_p99(t, w, a, &p->lat_p99_us);
}

/* Geometric mean over workloads [W0, W1) of quantity Q of ARM over BASE in repeat R; NaN if any lacks. */
static double log_ratio(const struct table *t, unsigned w0, unsigned w1, unsigned arm, unsigned base,
			enum quantity q, unsigned r)
{
	double sum = 0;

	for (unsigned w = w0; w < w1; w++) {
		const struct measure *x = at(t, w, arm, r), *y = at(t, w, base, r);

		if (!x || !y)
			return NAN;
		sum += log(quantity(x, q, t->price) / quantity(y, q, t->price));
	}
	return sum / (w1 - w0);
}

static struct est paired_ratio(const struct table *t, unsigned w0, unsigned w1, unsigned arm,
			       unsigned base, enum quantity q)
{
	double x[STATS_N_MAX];
	size_t n = 0;

	for (unsigned r = 0; r < t->repeats; r++) {
		double v = exp(log_ratio(t, w0, w1, arm, base, q, r));

		if (isfinite(v))
			x[n++] = v;
	}
	return stats_median_est(x, n);
}

static unsigned arm_rank_ms(const struct arm *a)
{
	return a->idle_ms ? a->idle_ms : 1000;
}

/* Polled completions for plain io_uring, if they are worth having. */
static unsigned best_base(const struct table *t, unsigned w0, unsigned w1)
{
	int polled = grid_twin(t->g, 0);
	struct est e;

	if (polled < 0)
		return 0;
	e = paired_ratio(t, w0, w1, (unsigned)polled, 0, Q_COST);
	return e.n && e.value <= 1 - VERDICT_WORTH && e.hi < 1 ? (unsigned)polled : 0;
}

/* Cheapest SQPOLL arm, then the shortest idle that is not distinguishably dearer than it; 0 when none was measured. */
static unsigned best_arm(const struct table *t, unsigned w0, unsigned w1, unsigned base)
{
	unsigned best = 0, chosen;
	double least = INFINITY;

	for (unsigned a = 1; a < t->g->na; a++) {
		struct est e = paired_ratio(t, w0, w1, a, base, Q_COST);

		if (t->g->a[a].kind != ARM_PLAIN && e.n && e.value < least) {
			least = e.value;
			best = a;
		}
	}
	chosen = best;
	for (unsigned a = 1; best && a < t->g->na; a++) {
		struct est e = paired_ratio(t, w0, w1, a, best, Q_COST);

		if (t->g->a[a].kind == ARM_PLAIN || !e.n || e.value > 1 + VERDICT_WORTH || e.lo > 1)
			continue;
		if (arm_rank_ms(&t->g->a[a]) < arm_rank_ms(&t->g->a[chosen]))
			chosen = a;
	}
	return chosen;
}

static struct choice choose(const struct table *t, unsigned w0, unsigned w1)
{
	struct choice c = { .verdict = VERDICT_UNKNOWN, .latency_ratio = NAN, .cpu_ratio = NAN };

	c.base = best_base(t, w0, w1);
	c.arm = best_arm(t, w0, w1, c.base);
	if (!c.arm)
		return c;
	c.ratio = paired_ratio(t, w0, w1, c.arm, c.base, Q_COST);
	c.latency_ratio = paired_ratio(t, w0, w1, c.arm, c.base, Q_MEAN).value;
	c.cpu_ratio = paired_ratio(t, w0, w1, c.arm, c.base, Q_CPU).value;
	if (c.ratio.value <= 1 - VERDICT_WORTH && c.ratio.hi < 1)
		c.verdict = VERDICT_SQPOLL;
	else if (c.ratio.value >= 1 + VERDICT_WORTH && c.ratio.lo > 1)
		c.verdict = VERDICT_PLAIN;
	else
		c.verdict = VERDICT_NO_DIFFERENCE;
	return c;
}

bool verdict_starved(const struct analysis *a, const struct grid *g, unsigned workload)
{
	const struct est *duty = &a->point[workload][1].duty;

	return duty->n && duty->value < VERDICT_AWAKE_DUTY_MIN &&
	       workload_gap_us(&g->w[workload]) < GRID_AWAKE_IDLE_MS * 1e3;
}

int verdict_analyse(struct analysis *an, const struct grid *g, const struct plan *plan,
		    const struct measure *m, size_t n, double cpu_price)
{
	struct table t = { .g = g, .repeats = plan->repeats, .price = cpu_price };
	int rc = 0;

	t.m = calloc((size_t)g->nw * g->na * plan->repeats, sizeof(*t.m));
	if (!t.m)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++)
		if (m[i].ok && m[i].at.repeat < plan->repeats)
			t.m[(m[i].at.workload * g->na + m[i].at.arm) * plan->repeats + m[i].at.repeat] = &m[i];
	an->cpu_price = cpu_price;
	an->disturbed = an->emulated = false;
	for (unsigned w = 0; w < g->nw && !rc; w++) {
		for (unsigned a = 0; a < g->na && !rc; a++)
			rc = fill_point(&an->point[w][a], &t, w, a);
		an->choice[w] = choose(&t, w, w + 1);
		an->disturbed |= verdict_starved(an, g, w);
	}
	an->overall = choose(&t, 0, g->nw);
	free(t.m);
	return rc;
}

unsigned verdict_recommended(const struct choice *c)
{
	return c->verdict == VERDICT_SQPOLL ? c->arm : c->base;
}

static void setting(char *out, size_t size, const struct arm *a)
{
	snprintf(out, size, "sq_thread_idle=%u%s%s", a->idle_ms, a->hipri ? " with hipri" : "",
		 a->kind == ARM_AWAKE ? ", that is never asleep" : "");
}

/* Three digits that count, without an exponent. */
static void times(char *out, size_t size, double v)
{
	snprintf(out, size, v >= 1000 ? "%.0fx" : "%.3gx", v);
}

static void evidence(char *out, size_t size, const struct choice *c, const struct grid *g)
{
	char latency[32], cpu[32], cost[32];

	times(latency, sizeof(latency), c->latency_ratio);
	times(cpu, sizeof(cpu), c->cpu_ratio);
	times(cost, sizeof(cost), c->ratio.value);
	snprintf(out, size, "%s the latency and %s the CPU per I/O of plain io_uring%s, together %s the cost", latency, cpu,
		 g->a[c->base].hipri ? " with hipri" : "", cost);
}

static void confidence(char *out, size_t size, const struct est *e)
{
	snprintf(out, size, "%.3g to %.3g with %.0f %% confidence over %u repeat%s%s", e->lo, e->hi,
		 100 * e->cover, e->n, e->n == 1 ? "" : "s",
		 e->cover < VERDICT_COVER_MIN ? ": low, give it a larger --budget" : "");
}

/* Why a difference does not count: too small, or not to be told from none. */
static const char *no_difference(const struct est *ratio)
{
	return fabs(ratio->value - 1) < VERDICT_WORTH ? "no difference worth having" : "no difference that this run could be sure of";
}

static void sentence(char *out, size_t size, const struct choice *c, const struct grid *g, const char *what)
{
	char set[80], why[200], sure[160];
	const char *base = g->a[c->base].hipri ? ", but do use hipri" : "";

	setting(set, sizeof(set), &g->a[c->arm]);
	evidence(why, sizeof(why), c, g);
	confidence(sure, sizeof(sure), &c->ratio);
	switch (c->verdict) {
	case VERDICT_SQPOLL:
		snprintf(out, size, "%s for %s: %s (%s)", set, what, why, sure);
		break;
	case VERDICT_PLAIN:
		snprintf(out, size, "do not use SQPOLL here for %s%s: even its best setting, %s, has %s (%s)", what,
			 base, set, why, sure);
		break;
	case VERDICT_NO_DIFFERENCE:
		snprintf(out, size,
			 "do not use SQPOLL here for %s%s: %s, its best setting, %s, has %s (%s)", what, base,
			 no_difference(&c->ratio), set, why, sure);
		break;
	case VERDICT_UNKNOWN:
		snprintf(out, size, "unknown for %s: plain or SQPOLL cells are missing, see the warnings", what);
		break;
	}
}

void verdict_workload_sentence(char *out, size_t size, const struct analysis *a, const struct grid *g,
			       unsigned workload)
{
	sentence(out, size, &a->choice[workload], g, g->w[workload].name);
}

/* Workloads whose own answer differs from the overall one. */
static void exceptions(char *out, size_t size, const struct analysis *a, const struct grid *g)
{
	bool sqpoll = a->overall.verdict == VERDICT_SQPOLL;
	size_t used = strlen(out);

	for (unsigned w = 0; w < g->nw && used < size; w++) {
		const struct choice *c = &a->choice[w];
		char set[80];

		if (c->verdict == VERDICT_UNKNOWN || (c->verdict == VERDICT_SQPOLL) == sqpoll)
			continue;
		setting(set, sizeof(set), &g->a[c->arm]);
		if (sqpoll)
			used += (size_t)snprintf(out + used, size - used, "; but not for %s", g->w[w].name);
		else
			used += (size_t)snprintf(out + used, size - used, "; except for %s, where %s has %.3gx the cost",
						 g->w[w].name, set, c->ratio.value);
	}
}

void verdict_sentence(char *out, size_t size, const struct analysis *a, const struct grid *g)
{
	char what[64];

	if (g->nw == 1)
		snprintf(what, sizeof(what), "%s", g->w[0].name);
	else
		snprintf(what, sizeof(what), "the %u workloads together", g->nw);
	sentence(out, size, &a->overall, g, what);
	exceptions(out, size, a, g);
	if (a->disturbed && strlen(out) < size)
		snprintf(out + strlen(out), size - strlen(out),
			 "; but other work took CPUs from this run: repeat it on a quiet machine before you trust it");
	if (a->emulated && strlen(out) < size)
		snprintf(out + strlen(out), size - strlen(out), "; " VERDICT_EMULATED);
}
