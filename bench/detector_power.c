// SPDX-License-Identifier: GPL-2.0-only
/*
 * How often does `sqbench change` find a step that is there, and one that is not? Made series, with seeds; prints a table. Not installed.
 * The noise of a night's value is 1 % of the level in each kind (its median absolute deviation times 1.4826, for heavy tails).
 */
#include <argp.h>
#include <gsl/gsl_rng.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "changes.h"
#include "madenoise.h"

#define LEVEL 100.0
#define NEAR 5		/* nights off that still count as found */

enum { NIGHTS_MAX = 5000, ROOM = 50 };

struct args {
	unsigned nights, series, seed, dent;
};

/* DRIFT: percent of the level from the first night to the last. */
static const struct {
	const char *name;
	double (*next)(gsl_rng *rng, double before);
	double drift;
} kinds[] = {
	{ "normal", noise_normal, 0 }, { "heavy tails (t, 2)", noise_heavy, 0 }, { "bimodal", noise_bimodal, 0 }, { "autocorrelated (0.5)", noise_following, 0 },
	{ "drifting (1 %)", noise_normal, 1 }, { "drifting (4 %)", noise_normal, 4 },
};

/* A series that is SHIFT percent higher from night AT on, for DENT nights if that is not 0. */
static void make(unsigned kind, gsl_rng *rng, const struct args *a, double shift, unsigned at, double *x)
{
	double noise = 0;

	for (unsigned i = 0; i < a->nights; i++) {
		bool high = i >= at && (!a->dent || i < at + a->dent);

		noise = kinds[kind].next(rng, noise);
		x[i] = LEVEL * (1 + (high ? shift / 100 : 0)) + noise + kinds[kind].drift * i / a->nights;
	}
}

static void row(unsigned kind, double shift, const struct args *a, gsl_rng *rng)
{
	static double x[NIGHTS_MAX];
	unsigned at = a->nights * 2 / 3, found = 0, false_alarms = 0, alarmed = 0;
	struct changes_how how = changes_default();
	struct change c[ROOM];

	for (unsigned s = 0; s < a->series; s++) {
		unsigned wrong = 0;
		int n;

		make(kind, rng, a, shift, at, x);
		n = changes_find(x, a->nights, &how, c, ROOM);
		for (int i = 0; i < n; i++) {
			bool is_it = shift != 0 && labs((long)c[i].at - (long)at) <= NEAR, is_back = a->dent && labs((long)c[i].at - (long)(at + a->dent)) <= NEAR;

			found += is_it;
			wrong += !is_it && !(shift != 0 && is_back);
		}
		false_alarms += wrong;
		alarmed += wrong > 0;
	}
	printf("%s\t%g\t%u\t%u\t%u\t%u\n", kinds[kind].name, shift, a->series, found, alarmed, false_alarms);
	fflush(stdout);
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct args *a = state->input;
	const struct made_option takes[] = { { 'n', &a->nights }, { 's', &a->series }, { 'd', &a->dent }, { 'r', &a->seed } };

	if (made_takes(takes, sizeof(takes) / sizeof(*takes), key, arg))
		return 0;
	switch (key) {
	case ARGP_KEY_END:
		if (a->nights < 10 || a->nights > NIGHTS_MAX || !a->series)
			argp_error(state, "--nights takes 10 to %d, --series 1 or more", NIGHTS_MAX);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

int main(int argc, char **argv)
{
	static const struct argp_option options[] = {
		{ "nights", 'n', "N", 0, "Values of a series (default: 60)", 0 },
		{ "series", 's', "N", 0, "Series of each kind and size (default: 200)", 0 },
		{ "dent", 'd', "N", 0, "The step is taken back after N values, which is no other change (default: never)", 0 },
		{ "seed", 'r', "N", 0, "(default: 1)", 0 },
		{ 0 },
	};
	static const struct argp argp = { options, parse, NULL, "How often a step of 0, 1.5, 3 and 10 percent at two thirds of a made series is found.", NULL, NULL, NULL };
	static const double shifts[] = { 0, 1.5, 3, 10 };
	struct args a = { .nights = 60, .series = 200, .seed = 1 };
	gsl_rng *rng;

	if (argp_parse(&argp, argc, argv, 0, NULL, &a))
		return 2;
	rng = gsl_rng_alloc(gsl_rng_mt19937);
	if (!rng)
		return 1;
	gsl_rng_set(rng, a.seed);
	puts("noise\tstep %\tseries\tfound\tseries with one elsewhere\telsewhere");
	for (unsigned k = 0; k < sizeof(kinds) / sizeof(*kinds); k++)
		for (unsigned i = 0; i < sizeof(shifts) / sizeof(*shifts); i++)
			row(k, shifts[i], &a, rng);
	gsl_rng_free(rng);
	return 0;
}
