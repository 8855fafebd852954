// SPDX-License-Identifier: GPL-2.0-only
#include "changes.h"

#include <errno.h>
#include <gsl/gsl_rng.h>
#include <gsl/gsl_randist.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "ranks.h"

#define SHRINK 1.4142135623730951	/* each scale of stretches is shorter by it */
#define CHANCE 2.0			/* standard error of that in a series of one value, about */
#define FOLLOW_MAX 0.9			/* of the autocorrelation that is taken into account */

struct changes_how changes_default(void)
{
	return (struct changes_how){ .p_max = 0.001, .worth = 0.01, .segment_min = 4, .permutations = 9999, .seed = 1 };
}

struct cut {
	size_t at;
	double contrast;	/* in standard deviations of the ranks */
};

struct search {
	const struct changes_how *how;
	const double *x;
	double *rank, *shuffled, *sum;	/* SUM[i]: of the ranks before i */
	gsl_rng *rng;
	size_t *found;
	double *p;
	size_t n_found, room;
};

/* The best cut of the stretch [FROM, TO) by the running sums S. */
static void look(const struct search *s, size_t from, size_t to, struct cut *best)
{
	size_t least = s->how->segment_min;
	double all = s->sum[to] - s->sum[from], n = (double)(to - from);

	for (size_t at = from + least; at + least <= to; at++) {
		double left = (double)(at - from), here = s->sum[at] - s->sum[from], contrast = fabs(here - all * left / n) / sqrt(left * (n - left) / n);

		if (contrast > best->contrast)
			*best = (struct cut){ at, contrast };
	}
}

static struct cut scan(struct search *s, const double *rank, size_t n)
{
	struct cut best = { 0 };

	s->sum[0] = 0;
	for (size_t i = 0; i < n; i++)
		s->sum[i + 1] = s->sum[i] + rank[i];
	for (size_t len = n; len && len >= 2 * (size_t)s->how->segment_min; len = (size_t)((double)len / SHRINK)) {
		size_t places = 2 * ((n + len - 1) / len) - 1;

		for (size_t k = 0; k < places; k++) {
			size_t from = places > 1 ? k * (n - len) / (places - 1) : 0;

			look(s, from, from + len, &best);
		}
	}
	return best;
}

/* Autocorrelation at lag 1 of the N values, from the ranks of their differences: those of independent values have -1/2, whatever levels these have. What chance shows is taken off. */
static double follows(struct search *s, const double *x, size_t n)
{
	double *difference = s->shuffled, *rank = s->sum, middle = (double)n / 2, product = 0, square = 0;

	for (size_t i = 0; i + 1 < n; i++)
		difference[i] = x[i + 1] - x[i];
	if (n < 4 || ranks_mid(difference, n - 1, rank))
		return 0;
	for (size_t i = 0; i + 1 < n; i++) {
		product += i ? (rank[i] - middle) * (rank[i - 1] - middle) : 0;
		square += (rank[i] - middle) * (rank[i] - middle);
	}
	return square > 0 ? fmin(fmax(1 + 2 * product / square - CHANCE / sqrt((double)n), 0), FOLLOW_MAX) : 0;
}

/* How rare is a cut like C among random orders? Ends as soon as it is clear that it is not rare enough. */
static double p_of(struct search *s, const struct cut *c, const double *x, size_t n)
{
	double rho = follows(s, x, n), wanted = c->contrast * sqrt((1 - rho) / (1 + rho));
	unsigned all = s->how->permutations, beyond = 0, i;

	memcpy(s->shuffled, s->rank, n * sizeof(*s->rank));
	for (i = 0; i < all && beyond + 1 <= s->how->p_max * (all + 1); i++) {
		gsl_ran_shuffle(s->rng, s->shuffled, n, sizeof(*s->shuffled));
		beyond += scan(s, s->shuffled, n).contrast >= wanted - 1e-9;
	}
	return (beyond + 1.0) / (i + 1.0);
}

/* Cuts [FROM, TO) and then both parts, the left one first, so that cuts come in order. */
static int segment(struct search *s, size_t from, size_t to)
{
	size_t n = to - from;
	struct cut cut;
	double p;
	int rc;

	if (n < 2 * (size_t)s->how->segment_min)
		return 0;
	rc = ranks_mid(s->x + from, n, s->rank);
	if (rc)
		return rc;
	cut = scan(s, s->rank, n);
	p = cut.contrast > 0 ? p_of(s, &cut, s->x + from, n) : 1;
	if (p > s->how->p_max)
		return 0;
	rc = segment(s, from, from + cut.at);
	if (rc || s->n_found == s->room)
		return rc;
	s->found[s->n_found] = from + cut.at;
	s->p[s->n_found++] = p;
	return segment(s, from + cut.at, to);
}

static size_t begin_of(const struct search *s, size_t i)
{
	return i ? s->found[i - 1] : 0;
}

static size_t end_of(const struct search *s, size_t i, size_t n)
{
	return i + 1 < s->n_found ? s->found[i + 1] : n;
}

/* Ranks say that there is a cut; where it is, values say better: least sum of distances from the two levels. */
static void refine(struct search *s, size_t i, size_t n)
{
	size_t from = begin_of(s, i), to = end_of(s, i, n), at = s->found[i], least = s->how->segment_min;
	double before = stats_median(s->x + from, at - from), after = stats_median(s->x + at, to - at), gain = 0, most = -INFINITY;

	for (size_t k = from; k + least <= to; k++) {
		if (k >= from + least && gain > most) {
			most = gain;
			s->found[i] = k;
		}
		gain += fabs(s->x[k] - after) - fabs(s->x[k] - before);
	}
}

static void describe(const struct search *s, size_t i, size_t n, struct change *c)
{
	size_t from = begin_of(s, i), at = s->found[i], to = end_of(s, i, n);

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

		for (size_t i = 0; i < s->n_found; i++)
			refine(s, i, n);
		for (size_t i = 0; i < s->n_found; i++) {
			describe(s, i, n, &c[i]);
			if (size_of(&c[i]) < size_of(&c[least]))
				least = i;
		}
		if (!s->n_found || size_of(&c[least]) >= s->how->worth)
			return;
		s->n_found--;
		memmove(s->found + least, s->found + least + 1, (s->n_found - least) * sizeof(*s->found));
		memmove(s->p + least, s->p + least + 1, (s->n_found - least) * sizeof(*s->p));
	}
}

static bool in_range(const double *x, size_t n, const struct changes_how *how)
{
	for (size_t i = 0; i < n; i++)
		if (!isfinite(x[i]))
			return false;
	return how->segment_min >= 2 && how->permutations && how->p_max > 0 && how->p_max < 1 && how->worth >= 0;
}

int changes_find(const double *x, size_t n, const struct changes_how *how, struct change *c, size_t room)
{
	struct search s = { .how = how, .x = x, .room = room };
	int rc = in_range(x, n, how) ? 0 : -EINVAL;

	if (rc)
		return rc;
	s.rank = malloc((n + 1) * sizeof(*s.rank));
	s.shuffled = malloc((n + 1) * sizeof(*s.shuffled));
	s.sum = malloc((n + 1) * sizeof(*s.sum));
	s.found = malloc((room + 1) * sizeof(*s.found));
	s.p = malloc((room + 1) * sizeof(*s.p));
	s.rng = gsl_rng_alloc(gsl_rng_mt19937);
	if (!s.rank || !s.shuffled || !s.sum || !s.found || !s.p || !s.rng)
		rc = -ENOMEM;
	if (!rc) {
		gsl_rng_set(s.rng, how->seed);
		rc = segment(&s, 0, n);
	}
	if (!rc)
		describe_all(&s, n, c);
	free(s.rank);
	free(s.shuffled);
	free(s.sum);
	free(s.found);
	free(s.p);
	if (s.rng)
		gsl_rng_free(s.rng);
	return rc ? rc : (int)s.n_found;
}
