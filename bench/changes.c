// SPDX-License-Identifier: GPL-2.0-only
#include "changes.h"

#include <errno.h>
#include <gsl/gsl_rng.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "ranks.h"
#include "stepnoise.h"
#include "stepscan.h"

#define ROUGH 7		/* standard errors of a cut that must not be taken for noise */

struct changes_how changes_default(void)
{
	return (struct changes_how){ .p_max = 0.001, .worth = 0.01, .segment_min = 4, .permutations = 9999, .seed = 1 };
}

struct search {
	const struct changes_how *how;
	const double *x;
	double *y, *left, *made, *scratch;
	struct stepscan scan;
	struct stepnoise noise;
	double *chance;		/* the largest gains of N_CHANCE made series */
	unsigned n_chance;
	gsl_rng *rng;
	struct cuts rough, found;
	double *p;
	size_t room;
};

/* Cuts that are plain to see; each part again, so that they come in order. */
static void cut_roughly(struct search *s, size_t from, size_t to, double least)
{
	struct step step = stepscan_best(&s->scan, from, to);

	if (step.gain <= least)
		return;
	cut_roughly(s, from, step.at, least);
	s->rough.at[s->rough.n++] = step.at;
	cut_roughly(s, step.at, to, least);
}

static void learn(struct search *s, size_t n)
{
	stepnoise_calm(s->x, n, s->how->segment_min, s->y, s->scratch);
	stepscan_load(&s->scan, s->y, n);
	cut_roughly(s, 0, n, ROUGH * ROUGH * stepnoise_rough(s->y, n, s->scratch));
	memcpy(s->left, s->y, n * sizeof(*s->y));
	stepnoise_cut(s->left, n, &s->scan, &s->rough, s->scratch);
	stepnoise_bound(s->y, n, &s->rough, s->left, s->scratch);
	stepnoise_learn(&s->noise, s->left, n, &s->scan, s->rng, s->made);
}

/* How rare is such a gain among made series without a step? Ends as soon as it is clear that it is not rare enough. */
static double p_of(struct search *s, double gain)
{
	double wanted = (1 - 1e-9) * gain / s->noise.variance;
	unsigned all = s->how->permutations, beyond = 0;

	for (unsigned i = 0; i < s->n_chance; i++)
		beyond += s->chance[i] >= wanted;
	while (s->n_chance < all && beyond + 1 <= s->how->p_max * (all + 1)) {
		s->chance[s->n_chance] = stepnoise_made(&s->noise, &s->scan, s->rng, s->made);
		beyond += s->chance[s->n_chance++] >= wanted;
	}
	return (beyond + 1.0) / (s->n_chance + 1.0);
}

/* Cuts [FROM, TO) and then both parts, the left one first, so that cuts come in order. */
static void segment(struct search *s, size_t from, size_t to, size_t n)
{
	struct step step;
	double p;

	stepscan_load(&s->scan, s->y, n);
	step = stepscan_best(&s->scan, from, to);
	p = step.gain > 0 ? p_of(s, step.gain) : 1;
	if (p > s->how->p_max)
		return;
	segment(s, from, step.at, n);
	if (s->found.n == s->room)
		return;
	s->p[s->found.n] = p;
	s->found.at[s->found.n++] = step.at;
	segment(s, step.at, to, n);
}

/* A cut was found in some stretch; where it is, both levels say together. */
static void refine(struct search *s, size_t i, size_t n)
{
	struct step step = stepscan_cut(&s->scan, cuts_begin(&s->found, i), cuts_end(&s->found, i + 1, n));

	s->found.at[i] = step.gain > 0 ? step.at : s->found.at[i];
}

static void describe(const struct search *s, size_t i, size_t n, struct change *c)
{
	size_t from = cuts_begin(&s->found, i), at = s->found.at[i], to = cuts_end(&s->found, i + 1, n);

	*c = (struct change){ .at = at, .p = s->p[i], .shift = ranks_shift(s->x + from, at - from, s->x + at, to - at) };
	c->before = stats_median(s->x + from, at - from);
	c->after = stats_median(s->x + at, to - at);
}

static double size_of(const struct change *c)
{
	double level = fmax(fabs(c->before), fabs(c->after));

	return level > 0 ? fabs(c->shift.value) / level : 0;
}

/* Takes the least of the cuts back that are not worth it, and looks at its neighbours anew. */
static void describe_all(struct search *s, size_t n, struct change *c)
{
	while (1) {
		size_t least = 0;

		for (size_t i = 0; i < s->found.n; i++)
			refine(s, i, n);
		for (size_t i = 0; i < s->found.n; i++) {
			describe(s, i, n, &c[i]);
			if (size_of(&c[i]) < size_of(&c[least]))
				least = i;
		}
		if (!s->found.n || size_of(&c[least]) >= s->how->worth)
			return;
		cuts_drop(&s->found, least);
		memmove(s->p + least, s->p + least + 1, (s->found.n - least) * sizeof(*s->p));
	}
}

static bool in_range(const double *x, size_t n, const struct changes_how *how)
{
	for (size_t i = 0; i < n; i++)
		if (!isfinite(x[i]))
			return false;
	return how->segment_min >= 2 && how->permutations && how->p_max > 0 && how->p_max < 1 && how->worth >= 0;
}

static int find(struct search *s, size_t n, struct change *c)
{
	if (n < 2 * (size_t)s->how->segment_min)
		return 0;
	gsl_rng_set(s->rng, s->how->seed);
	learn(s, n);
	segment(s, 0, n, n);
	stepscan_load(&s->scan, s->y, n);
	describe_all(s, n, c);
	return (int)s->found.n;
}

int changes_find(const double *x, size_t n, const struct changes_how *how, struct change *c, size_t room)
{
	struct search s = { .how = how, .x = x, .room = room, .scan.least = how->segment_min };
	int rc = in_range(x, n, how) ? -ENOMEM : -EINVAL;
	double *all;
	size_t *cuts;

	if (rc == -EINVAL)
		return rc;
	all = malloc((9 * (n + 1) + how->permutations + room) * sizeof(*all));
	cuts = malloc((n + 1 + STEPNOISE_CUTS + room) * sizeof(*cuts));
	s.rng = gsl_rng_alloc(gsl_rng_mt19937);
	if (all && cuts && s.rng) {
		s.y = all;
		s.left = s.y + n + 1;
		s.made = s.left + n + 1;
		s.scan.sum = s.made + 2 * (n + 1);
		s.scan.moment = s.scan.sum + n + 1;
		s.scratch = s.scan.moment + n + 1;
		s.chance = s.scratch + 3 * (n + 1);
		s.p = s.chance + how->permutations;
		s.rough.at = cuts;
		s.found.at = cuts + n + 1 + STEPNOISE_CUTS;
		rc = find(&s, n, c);
	}
	free(all);
	free(cuts);
	if (s.rng)
		gsl_rng_free(s.rng);
	return rc;
}
