// SPDX-License-Identifier: GPL-2.0-only
#include "arrivals.h"

#include <gsl/gsl_randist.h>
#include <gsl/gsl_rng.h>
#include <math.h>
#include <string.h>

#define SLOW_US 9000	/* longer than the shortest idle period of the usual kernels: the SQ thread sleeps in between */
#define FAST_US 400	/* shorter: it never does */
#define PARETO_EXPONENT 1.5
#define PAIR_SHORT 0.1	/* of the mean */
#define DAYS 4
#define SWING 3.0

const struct arrivals arrivals_all[] = {
	{ "constant-slow", ARRIVALS_CONSTANT, SLOW_US }, { "constant-fast", ARRIVALS_CONSTANT, FAST_US },
	{ "poisson-slow", ARRIVALS_POISSON, SLOW_US }, { "poisson-fast", ARRIVALS_POISSON, FAST_US },
	{ "on-off-slow", ARRIVALS_ON_OFF, FAST_US }, { "on-off-fast", ARRIVALS_ON_OFF, FAST_US / 10.0 },
	{ "pareto-slow", ARRIVALS_PARETO, SLOW_US }, { "pareto-fast", ARRIVALS_PARETO, FAST_US },
	{ "diurnal-slow", ARRIVALS_DIURNAL, SLOW_US }, { "diurnal-fast", ARRIVALS_DIURNAL, FAST_US },
	{ "pairs-slow", ARRIVALS_PAIRS, SLOW_US }, { "pairs-fast", ARRIVALS_PAIRS, FAST_US },
	{ NULL, ARRIVALS_LAWS, 0 },
};

const struct arrivals *arrivals_find(const char *name, size_t len)
{
	for (const struct arrivals *a = arrivals_all; a->name; a++)
		if (strlen(a->name) == len && !strncmp(a->name, name, len))
			return a;
	return NULL;
}

/* The mean of SWING^-sin over a day, which makes the mean rate, is not 1: scaled so that the mean gap is. */
static double diurnal_factor(double day)
{
	static const double scale = 1.3251;	/* I0(ln 3) */

	return pow(SWING, sin(2 * M_PI * day)) * scale;
}

static double gap_us(const struct arrivals *a, gsl_rng *rng, double at_us, double length_us, size_t i)
{
	double scale = a->mean_us * (PARETO_EXPONENT - 1) / PARETO_EXPONENT;

	switch (a->law) {
	case ARRIVALS_POISSON:
		return gsl_ran_exponential(rng, a->mean_us);
	case ARRIVALS_ON_OFF:
		return i % ARRIVALS_BURST ? 0 : a->mean_us * ARRIVALS_BURST;
	case ARRIVALS_PARETO:
		return gsl_ran_pareto(rng, PARETO_EXPONENT, scale);
	case ARRIVALS_DIURNAL:
		return gsl_ran_exponential(rng, a->mean_us * diurnal_factor(at_us / length_us * DAYS));
	case ARRIVALS_PAIRS:
		return a->mean_us * (i % 2 ? PAIR_SHORT : 2 - PAIR_SHORT);
	case ARRIVALS_CONSTANT:
	case ARRIVALS_LAWS:
		break;
	}
	return a->mean_us;
}

size_t arrivals_times(const struct arrivals *a, uint64_t seed, double length_us, double *at, size_t max)
{
	gsl_rng *rng = gsl_rng_alloc(gsl_rng_mt19937);
	double now_us = 0;
	size_t n = 0;

	if (!rng)
		return 0;
	gsl_rng_set(rng, seed);
	while (n < max && now_us < length_us) {
		at[n++] = now_us;
		now_us += gap_us(a, rng, now_us, length_us, n);
	}
	gsl_rng_free(rng);
	return n;
}
