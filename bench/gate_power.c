// SPDX-License-Identifier: GPL-2.0-only
/*
 * How often does `sqbench gate` find a cell that got slower, and one that did not? Made cells, with seeds; prints a table. Not installed.
 * The noise of a value is 1 % of the cell's level in each kind. A tenth of the cells is slower.
 */
#include <argp.h>
#include <gsl/gsl_rng.h>
#include <stdio.h>
#include <stdlib.h>

#include "gate.h"
#include "madenoise.h"

#define LEVEL 100.0
#define SLOWER_OF 10

enum { CELLS_MAX = 1000, VALUES_MAX = 200 };

struct args {
	unsigned cells, nights, base, current, seed;
};

static const struct {
	const char *name;
	double (*next)(gsl_rng *rng, double before);
} kinds[] = { { "normal", noise_normal }, { "heavy tails (t, 2)", noise_heavy }, { "bimodal", noise_bimodal }, { "autocorrelated (0.5)", noise_following } };

static void fill(double *v, unsigned n, unsigned kind, double level, gsl_rng *rng)
{
	double noise = 0;

	for (unsigned i = 0; i < n; i++) {
		noise = kinds[kind].next(rng, noise);
		v[i] = level * (1 + noise / LEVEL);
	}
}

/* One comparison of all cells: how many of the slower ones were found, how many others were */
static void compare(unsigned kind, double shift, const struct args *a, gsl_rng *rng, unsigned *found, unsigned *wrong)
{
	static double base[CELLS_MAX][VALUES_MAX], current[CELLS_MAX][VALUES_MAX];
	static struct gate_cell c[CELLS_MAX];
	struct gate_how how = gate_default();

	for (unsigned i = 0; i < a->cells; i++) {
		fill(base[i], a->base, kind, LEVEL, rng);
		fill(current[i], a->current, kind, LEVEL * (1 + (i % SLOWER_OF ? 0 : shift / 100)), rng);
		c[i] = (struct gate_cell){ .base = base[i], .n_base = a->base, .current = current[i], .n_current = a->current };
	}
	gate_judge(c, a->cells, &how);
	*found = *wrong = 0;
	for (unsigned i = 0; i < a->cells; i++)
		*(i % SLOWER_OF || shift == 0 ? wrong : found) += c[i].verdict == GATE_SLOWER;
}

static void row(unsigned kind, double shift, const struct args *a, gsl_rng *rng)
{
	unsigned all_found = 0, all_wrong = 0, alarmed = 0, slower = shift != 0 ? (a->cells + SLOWER_OF - 1) / SLOWER_OF * a->nights : 0;

	for (unsigned i = 0; i < a->nights; i++) {
		unsigned found, wrong;

		compare(kind, shift, a, rng, &found, &wrong);
		all_found += found;
		all_wrong += wrong;
		alarmed += wrong > 0;
	}
	printf("%s\t%g\t%u\t%u\t%u\t%u\t%u\n", kinds[kind].name, shift, a->nights, slower, all_found, alarmed, all_wrong);
	fflush(stdout);
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct args *a = state->input;
	const struct made_option takes[] = { { 'c', &a->cells }, { 'n', &a->nights }, { 'b', &a->base }, { 'u', &a->current }, { 'r', &a->seed } };

	if (made_takes(takes, sizeof(takes) / sizeof(*takes), key, arg))
		return 0;
	if (key != ARGP_KEY_END)
		return ARGP_ERR_UNKNOWN;
	if (!a->cells || a->cells > CELLS_MAX || a->base < 2 || a->base > VALUES_MAX || a->current < 2 || a->current > VALUES_MAX || !a->nights)
		argp_error(state, "--cells takes 1 to %d, --base and --current 2 to %d, --nights 1 or more", CELLS_MAX, VALUES_MAX);
	return 0;
}

int main(int argc, char **argv)
{
	static const struct argp_option options[] = {
		{ "cells", 'c', "N", 0, "Cells of a night, every tenth slower (default: 200)", 0 },
		{ "nights", 'n', "N", 0, "Comparisons of each kind and size (default: 20)", 0 },
		{ "base", 'b', "N", 0, "Values of a cell in the base (default: 20)", 0 },
		{ "current", 'u', "N", 0, "Values of a cell in the current set (default: 10)", 0 },
		{ "seed", 'r', "N", 0, "(default: 1)", 0 },
		{ 0 },
	};
	static const struct argp argp = { options, parse, NULL, "How often cells that are 0, 1.5, 3 and 10 percent slower are found, and others.", NULL, NULL, NULL };
	static const double shifts[] = { 0, 1.5, 3, 10 };
	struct args a = { .cells = 200, .nights = 20, .base = 20, .current = 10, .seed = 1 };
	gsl_rng *rng;

	if (argp_parse(&argp, argc, argv, 0, NULL, &a))
		return 2;
	rng = gsl_rng_alloc(gsl_rng_mt19937);
	if (!rng)
		return 1;
	gsl_rng_set(rng, a.seed);
	puts("noise\tslower by %\tnights\tslower cells\tfound\tnights with others\tothers");
	for (unsigned k = 0; k < sizeof(kinds) / sizeof(*kinds); k++)
		for (unsigned i = 0; i < sizeof(shifts) / sizeof(*shifts); i++)
			row(k, shifts[i], &a, rng);
	gsl_rng_free(rng);
	return 0;
}
