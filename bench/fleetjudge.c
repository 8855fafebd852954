// SPDX-License-Identifier: GPL-2.0-only
#include "fleetjudge.h"

#include <errno.h>
#include <gsl/gsl_cdf.h>
#include <gsl/gsl_math.h>
#include <gsl/gsl_sort.h>
#include <gsl/gsl_statistics_double.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ranks.h"

#define SPREAD_PEERS_MIN 3	/* of fewer no spread can be told */

/* Room for what is looked at in one cell. */
struct peers {
	size_t n;
	double *x, *sd, *freedom;	/* of each */
	double *work;
	int *work_int;
};

static bool peers_alloc(struct peers *p, size_t hosts)
{
	p->n = 0;
	p->x = calloc(3 * hosts + 1, sizeof(double));
	p->sd = p->x + hosts;
	p->freedom = p->sd + hosts;
	p->work = calloc(3 * hosts + 1, sizeof(double));
	p->work_int = calloc(5 * hosts + 1, sizeof(int));
	return p->x && p->work && p->work_int;
}

static void peers_free(struct peers *p)
{
	free(p->x);
	free(p->work);
	free(p->work_int);
}

struct fleet_how fleet_default(void)
{
	return (struct fleet_how){ .fdr = 0.01, .worth = 0.01, .worth_level = 0.05, .freedom_max = 5 };
}

static const struct fleet_value *value_of(const struct fleet *f, size_t host, size_t cell)
{
	return &f->value[host * f->cells + cell];
}

static bool is_tested(const struct fleet_host *h, const struct fleet_value *v)
{
	return !h->missing && isfinite(v->shift) && v->sd > 0 && v->nights >= 2;
}

static bool are_peers(const struct fleet_host *a, const struct fleet_host *b)
{
	return a->model && b->model && !strcmp(a->model, b->model);
}

/* Fisher's combination of all but the U - 1 smallest of P[0..N), sorted: that at least U of N hypotheses hold. */
static double at_least(const double *p, size_t n, size_t u)
{
	double sum = 0;

	for (size_t i = u - 1; i < n; i++)
		sum -= 2 * log(fmax(p[i], 1e-300));
	return gsl_cdf_chisq_Q(sum, 2 * (double)(n - u + 1));
}

/* SIGN 1: upwards, -1: downwards */
static double most_of(const struct peers *p, double sign)
{
	for (size_t i = 0; i < p->n; i++)
		p->work[i] = gsl_cdf_tdist_Q(sign * p->x[i] / p->sd[i], p->freedom[i]);
	gsl_sort(p->work, 1, p->n);
	return at_least(p->work, p->n, p->n / 2 + 1);
}

static double freedom_of(const struct fleet_value *v, const struct fleet_how *how)
{
	return fmin(v->nights - 1, how->freedom_max);
}

static void measure_model(const struct fleet *f, const struct fleet_how *how, size_t first, struct fleet_shift *s, struct peers *p)
{
	p->n = 0;
	for (size_t h = first; h < f->hosts; h++) {
		const struct fleet_value *v = value_of(f, h, s->cell);

		if (!are_peers(&f->host[first], &f->host[h]) || !is_tested(&f->host[h], v))
			continue;
		p->x[p->n] = v->shift;
		p->sd[p->n] = v->sd;
		p->freedom[p->n++] = freedom_of(v, how);
	}
	s->hosts = p->n;
	s->shift = stats_median_est(p->x, p->n);
	s->p = p->n < FLEET_HOSTS_MIN ? NAN : fmin(1, 2 * fmin(most_of(p, 1), most_of(p, -1)));
}

static enum gate_verdict side(double by, bool more_is_better)
{
	return (by > 0) != more_is_better ? GATE_SLOWER : GATE_FASTER;
}

static void judge_model(const struct fleet *f, const struct fleet_how *how, double believed, struct fleet_shift *s)
{
	bool is_worth = fabs(s->shift.value) >= how->worth;

	s->verdict = GATE_UNKNOWN;
	if (s->hosts < FLEET_HOSTS_MIN)
		snprintf(s->reason, sizeof(s->reason), "%zu hosts with a history: %d are needed", s->hosts, FLEET_HOSTS_MIN);
	else if (s->p <= believed && is_worth)
		s->verdict = side(s->shift.value, f->more_is_better[s->cell]);
	else if (s->p <= believed || (s->shift.lo > -how->worth && s->shift.hi < how->worth))
		s->verdict = GATE_SAME;
	else
		snprintf(s->reason, sizeof(s->reason), "the hosts do not agree, or are too noisy");
}

/* Squared spread of the sorted X, and its degrees of freedom: by simulation Student's t with half the number of values is not exceeded more often than it says. */
static double spread2(const struct peers *p, double *freedom)
{
	double q = gsl_stats_Qn_from_sorted_data(p->x, 1, p->n, p->work, p->work_int);
	size_t half = p->n / 2;

	*freedom = (double)half;
	return q * q;
}

/* Margin and p of D, of a host with SD beside its peers P; FREEDOM is 0 where there is none. */
static void measure_distance(const struct peers *p, double sd, double freedom, struct fleet_distance *d)
{
	double centre = M_PI / 2 / (double)p->n;	/* variance of a median of normal values, to one's own */
	double noise = 0, mean = 0, spread = 0, spread_freedom = 1, var, df;

	for (size_t i = 0; i < p->n; i++)
		mean += p->sd[i] * p->sd[i] / (double)p->n;
	if (freedom > 0)
		noise = sd * sd + centre * mean;
	if (p->n >= SPREAD_PEERS_MIN)
		spread = fmax(0, spread2(p, &spread_freedom) - mean) * (1 + centre);
	var = noise + spread;
	if (!(var > 0))
		return;
	/* Welch and Satterthwaite */
	df = var * var / ((freedom > 0 ? noise * noise / freedom : 0) + spread * spread / spread_freedom);
	d->margin = gsl_cdf_tdist_Pinv(0.975, df) * sqrt(var);
	d->p = 2 * gsl_cdf_tdist_Q(fabs(d->by) / sqrt(var), df);
}

/* What HOST and its peers have of what is compared: these in P, sorted, and the median of all; NaN when the peers are too few. */
static double find_peers(const struct fleet *f, const struct fleet_how *how, size_t host, size_t cell, bool levels, struct peers *p)
{
	size_t n = 0;

	p->n = 0;
	for (size_t h = 0; h < f->hosts; h++) {
		const struct fleet_value *v = value_of(f, h, cell);
		bool has = levels ? !f->host[h].missing && v->level > 0 && isfinite(v->level) : is_tested(&f->host[h], v);

		if (!has || !are_peers(&f->host[h], &f->host[host]))
			continue;
		p->work[n] = levels ? log(v->level) : v->shift;
		if (h != host) {
			p->x[p->n] = p->work[n];
			p->sd[p->n] = levels ? 0 : v->sd;
			p->freedom[p->n++] = levels ? 0 : freedom_of(v, how);
		}
		n++;
	}
	gsl_sort(p->x, 1, p->n);	/* of their SD only the mean is wanted */
	gsl_sort(p->work, 1, n);
	if (n == p->n || p->n < (levels ? SPREAD_PEERS_MIN : FLEET_HOSTS_MIN - 1))
		return NAN;
	return gsl_stats_median_from_sorted_data(p->work, 1, n);
}

static struct fleet_distance measure_host(const struct fleet *f, const struct fleet_how *how, size_t host, size_t cell, bool levels, struct peers *p)
{
	const struct fleet_value *v = value_of(f, host, cell);
	struct fleet_distance d = { .margin = NAN, .p = NAN };

	d.by = (levels ? log(v->level) : v->shift) - find_peers(f, how, host, cell, levels, p);
	if (!isfinite(d.by))
		return d;
	measure_distance(p, levels ? 0 : v->sd, levels ? 0 : freedom_of(v, how), &d);
	if (levels)
		d.by = expm1(d.by);
	return d;
}

static enum gate_verdict judge_host(const struct fleet_distance *d, double believed, double worth, bool more_is_better)
{
	bool is_worth = fabs(d->by) >= worth;

	if (d->p <= believed && is_worth)
		return side(d->by, more_is_better);
	return d->p <= believed || fabs(d->by) + d->margin < worth ? GATE_SAME : GATE_UNKNOWN;
}

static int judge_hosts(const struct fleet *f, const struct fleet_how *how, bool levels, struct fleet_distance *d, struct peers *p)
{
	size_t n = f->hosts * f->cells;
	double *all = calloc(n + 1, sizeof(*all)), believed, worth = levels ? how->worth_level : how->worth;

	if (!all)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		d[i] = measure_host(f, how, i / f->cells, i % f->cells, levels, p);
		all[i] = d[i].p;
	}
	believed = ranks_fdr(all, n, how->fdr);
	for (size_t i = 0; i < n; i++)
		d[i].verdict = judge_host(&d[i], believed, worth, f->more_is_better[i % f->cells]);
	free(all);
	return 0;
}

static bool is_first_of_model(const struct fleet *f, size_t host)
{
	for (size_t h = 0; h < host; h++)
		if (are_peers(&f->host[h], &f->host[host]))
			return false;
	return true;
}

static int judge_models(const struct fleet *f, const struct fleet_how *how, struct fleet_judgement *j, struct peers *p)
{
	double *all, believed;

	for (size_t h = 0; h < f->hosts; h++) {
		if (!f->host[h].model || !is_first_of_model(f, h))
			continue;
		for (size_t c = 0; c < f->cells; c++) {
			j->model[j->models] = (struct fleet_shift){ .model = f->host[h].model, .cell = c };
			measure_model(f, how, h, &j->model[j->models++], p);
		}
	}
	all = calloc(j->models + 1, sizeof(*all));
	if (!all)
		return -ENOMEM;
	for (size_t i = 0; i < j->models; i++)
		all[i] = j->model[i].p;
	believed = ranks_fdr(all, j->models, how->fdr);
	free(all);
	for (size_t i = 0; i < j->models; i++)
		judge_model(f, how, believed, &j->model[i]);
	return 0;
}

static void count(const struct fleet *f, struct fleet_judgement *j)
{
	for (size_t i = 0; i < j->models; i++)
		j->slower += j->model[i].verdict == GATE_SLOWER;
	for (size_t i = 0; i < f->hosts * f->cells; i++) {
		j->outliers += j->shift[i].verdict == GATE_SLOWER || j->shift[i].verdict == GATE_FASTER;
		j->outliers += j->level[i].verdict == GATE_SLOWER || j->level[i].verdict == GATE_FASTER;
	}
}

int fleet_judge(const struct fleet *f, const struct fleet_how *how, struct fleet_judgement *j)
{
	size_t n = f->hosts * f->cells;
	struct peers p;
	int rc = -ENOMEM;

	memset(j, 0, sizeof(*j));
	j->model = calloc(n + 1, sizeof(*j->model));
	j->shift = calloc(n + 1, sizeof(*j->shift));
	j->level = calloc(n + 1, sizeof(*j->level));
	if (peers_alloc(&p, f->hosts) && j->model && j->shift && j->level)
		rc = judge_models(f, how, j, &p);
	if (!rc)
		rc = judge_hosts(f, how, false, j->shift, &p);
	if (!rc)
		rc = judge_hosts(f, how, true, j->level, &p);
	if (!rc)
		count(f, j);
	peers_free(&p);
	return rc;
}

void fleet_free(struct fleet_judgement *j)
{
	free(j->model);
	free(j->shift);
	free(j->level);
	memset(j, 0, sizeof(*j));
}
