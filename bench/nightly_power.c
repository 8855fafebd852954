// SPDX-License-Identifier: GPL-2.0-only
/*
 * How often does the nightly's rule (nightrule.h) see a slowdown, how soon, and how often one that is not there? Made cells, with a seed; prints a table. Not installed.
 *
 * A cell has a level, times exp of: noise of its own for each repeat (1 %), one for each night (0.3 % or --night-effect) of the same kind, and what drifts. The noise of each
 * kind is as large as its standard deviation if it were normal (from its middle two thirds, for heavy tails). Each cell lives --nights nights, is judged each night
 * after the fifth as the nightly would, more repeats included, and every change that is believed is a false alarm, after which its baseline begins anew. Then
 * it gets slower, once for each row of the table, with the same noise. The last line of each kind says what all cells had before.
 */
#include <argp.h>
#include <gsl/gsl_rng.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "madenoise.h"
#include "nightrule.h"

#define LEVEL 100000.0
#define REPEAT_NOISE 0.01
#define DRIFT 0.01		/* of the level in DRIFT_NIGHTS */
#define DRIFT_NIGHTS 60.0
#define REPLAY_SET 8		/* cells that get slower in the same night */

enum { NIGHTS_MAX = 1000, AFTER = 10, REPEATS = 10, REPEATS_MORE = 5, REPEATS_MAX = 20 };

struct args {
	unsigned nights, cells, seed, repeats, only;	/* ONLY: 0 or a kind of noise, from 1 */
	double night_effect;
};

static const struct {
	const char *name;
	double (*repeat)(gsl_rng *rng, double before);
	double (*night)(gsl_rng *rng, double before);
	bool drifts;
} kinds[] = {
	{ "normal", noise_normal, noise_normal, false },
	{ "heavy tails (t, 2)", noise_heavy, noise_heavy, false },
	{ "bimodal", noise_bimodal, noise_bimodal, false },
	{ "autocorrelated (0.5)", noise_following, noise_following, false },
	{ "drifting (1 %)", noise_normal, noise_normal, true },
	{ "heavy nights only", noise_normal, noise_heavy, false },
};

/* What happens to the cells: each loses a share between LEAST and MOST. */
static const struct {
	const char *name;
	double least, most;
} steps[] = {
	{ "1.5", 0.015, 0.015 }, { "3", 0.03, 0.03 }, { "3.4-7.1", 0.034, 0.071 }, { "10-23", 0.1, 0.23 }, { "collapse", 1 - 125 / 400000.0, 1 - 125 / 400000.0 },
};

enum { STEPS = sizeof(steps) / sizeof(*steps) };

struct cell {
	double x[NIGHTS_MAX + AFTER][REPEATS_MAX];
	struct nightrule_night night[NIGHTS_MAX + AFTER];
	unsigned from;	/* night that its baseline begins */
};

struct count {
	unsigned first, three, ten, sets, in_set;	/* IN_SET: found in the set that is being counted */
};

struct counts {
	struct count step[STEPS];
	unsigned long nights, alarms, unstable, repeats;
};

static void make(struct cell *c, unsigned kind, const struct args *a, gsl_rng *rng)
{
	double of_night = 0, of_repeat;

	for (int i = 0; i < AFTER; i++)
		of_night = kinds[kind].night(rng, of_night);
	for (unsigned i = 0; i < a->nights + AFTER; i++) {
		of_night = kinds[kind].night(rng, of_night);
		of_repeat = kinds[kind].repeat(rng, 0);
		for (unsigned k = 0; k < REPEATS_MAX; k++) {
			double drift = kinds[kind].drifts ? DRIFT * i / DRIFT_NIGHTS : 0;

			of_repeat = kinds[kind].repeat(rng, of_repeat);
			c->x[i][k] = LEVEL * exp(REPEAT_NOISE * of_repeat + a->night_effect * of_night + drift);
		}
	}
	c->from = 0;
}

/* As the nightly does: judges, and runs more repeats as long as they are wanted. */
static void judge(struct cell *c, unsigned i, const struct args *a, struct nightrule *r)
{
	struct nightrule_how how = nightrule_default();

	c->night[i] = (struct nightrule_night){ c->x[i], a->repeats };
	while (1) {
		if (nightrule_judge(c->night + c->from, i - c->from, &c->night[i], &how, r))
			abort();
		if (nightrule_more(r, &how, c->night[i].n, REPEATS_MAX) == 0)
			return;
		c->night[i].n += c->night[i].n + REPEATS_MORE > REPEATS_MAX ? REPEATS_MAX - c->night[i].n : REPEATS_MORE;
	}
}

static void live(struct cell *c, const struct args *a, struct counts *n)
{
	struct nightrule r = { 0 };

	for (unsigned i = 0; i < a->nights; i++) {
		judge(c, i, a, &r);
		if (r.tonight.n) {	/* it had history enough to be judged */
			n->repeats += c->night[i].n;
			n->nights++;
		}
		if (r.verdict == NIGHTRULE_SLOWER || r.verdict == NIGHTRULE_FASTER) {
			n->alarms++;
			c->from = i - r.since;
		}
	}
	n->unstable += r.unstable;
}

/* How many nights did it take to find it, 0: not found. The noise is put back afterwards. */
static unsigned slow_down(struct cell *c, const struct args *a, double lost)
{
	unsigned found = 0;
	struct nightrule r;

	for (unsigned i = a->nights; i < a->nights + AFTER; i++)
		for (unsigned k = 0; k < REPEATS_MAX; k++)
			c->x[i][k] *= 1 - lost;
	for (unsigned i = a->nights; i < a->nights + AFTER && !found; i++) {
		judge(c, i, a, &r);
		found = r.verdict == NIGHTRULE_SLOWER ? i - a->nights + 1 : 0;
	}
	for (unsigned i = a->nights; i < a->nights + AFTER; i++)
		for (unsigned k = 0; k < REPEATS_MAX; k++)
			c->x[i][k] /= 1 - lost;
	return found;
}

static void rows(unsigned kind, const struct args *a, gsl_rng *rng)
{
	static struct cell c;
	struct counts n = { 0 };
	double share = 100.0 / a->cells, sets = floor((double)a->cells / REPLAY_SET);

	for (unsigned cell = 0; cell < a->cells; cell++) {
		make(&c, kind, a, rng);
		live(&c, a, &n);
		for (unsigned s = 0; s < STEPS; s++) {
			unsigned found = slow_down(&c, a, steps[s].least + (steps[s].most - steps[s].least) * gsl_rng_uniform(rng));
			struct count *at = &n.step[s];

			at->first += found == 1;
			at->three += found && found <= 3;
			at->ten += found > 0;
			at->in_set += found == 1;
			if (cell % REPLAY_SET == REPLAY_SET - 1) {
				at->sets += at->in_set > 0;
				at->in_set = 0;
			}
		}
	}
	for (unsigned s = 0; s < STEPS; s++)
		printf("%s\t%s\t%u\t%.1f\t%.1f\t%.1f\t%.1f\t\t\t\t\n", kinds[kind].name, steps[s].name, a->cells, share * n.step[s].first, share * n.step[s].three,
		       share * n.step[s].ten, 100 * n.step[s].sets / sets);
	printf("%s\tnone\t%u\t\t\t\t\t%lu\t%lu\t%.1f\t%.1f\n", kinds[kind].name, a->cells, n.alarms, n.nights, share * (double)n.unstable,
	       (double)n.repeats / (double)n.nights);
	fflush(stdout);
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct args *a = state->input;
	const struct made_option takes[] = { { 'n', &a->nights }, { 'c', &a->cells }, { 'r', &a->seed }, { 'p', &a->repeats }, { 'o', &a->only } };

	if (made_takes(takes, sizeof(takes) / sizeof(*takes), key, arg))
		return 0;
	switch (key) {
	case 'e':
		a->night_effect = atof(arg) / 100;
		return 0;
	case ARGP_KEY_END:
		if (a->nights < AFTER || a->nights > NIGHTS_MAX || a->cells < REPLAY_SET || a->repeats < 2 || a->repeats > REPEATS_MAX || !(a->night_effect >= 0))
			argp_error(state, "--nights takes %d to %d, --cells %d or more, --repeats 2 to %d, --night-effect 0 or more", AFTER, NIGHTS_MAX, REPLAY_SET, REPEATS_MAX);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

int main(int argc, char **argv)
{
	static const struct argp_option options[] = {
		{ "cells", 'c', "N", 0, "Cells of each kind (default: 80); 1750 for the table in docs/METHODOLOGY.md", 0 },
		{ "nights", 'n', "N", 0, "Of each cell before it gets slower (default: 120)", 0 },
		{ "repeats", 'p', "N", 0, "A night, to begin with (default: 10); 20 at most", 0 },
		{ "night-effect", 'e', "PERCENT", 0, "Noise that all repeats of a night share (default: 0.3)", 0 },
		{ "only", 'o', "K", 0, "The K-th kind of noise only, 1 to 6; its rows are the same as among all", 0 },
		{ "seed", 'r', "N", 0, "(default: 1)", 0 },
		{ 0 },
	};
	static const struct argp argp = { options, parse, NULL, "How soon the nightly's rule finds a slowdown of made cells, and how often one that is not there.", NULL, NULL, NULL };
	struct args a = { .nights = 120, .cells = 80, .seed = 1, .repeats = REPEATS, .night_effect = 0.003 };
	gsl_rng *rng;

	if (argp_parse(&argp, argc, argv, 0, NULL, &a))
		return 2;
	rng = gsl_rng_alloc(gsl_rng_mt19937);
	if (!rng)
		return 1;
	puts("noise\tslower by %\tcells\tfound the first night %\twithin 3 nights %\twithin 10 nights %\tsets of 8 with one found the first night %\tfalse alarms\tcell-nights\tunstable %\trepeats");
	for (unsigned k = 0; k < sizeof(kinds) / sizeof(*kinds); k++) {
		if (a.only && k + 1 != a.only)
			continue;
		gsl_rng_set(rng, a.seed + 1000 * k);
		rows(k, &a, rng);
	}
	gsl_rng_free(rng);
	return 0;
}
