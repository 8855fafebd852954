/* SPDX-License-Identifier: GPL-2.0-only */
/* Where is the best cut of a series into two levels? Pure. */
#ifndef SQB_STEPSCAN_H
#define SQB_STEPSCAN_H

#include <stddef.h>

/* The first value of the new level, and by how much a step there makes the sum of squares less, beyond what a line does; GAIN 0: there is none. */
struct step {
	size_t at;
	double gain;
};

/* Running sums of a series, N + 1 each, and how many values a level lasts at least: 2 or more. */
struct stepscan {
	double *sum, *moment;
	size_t least;
};

void stepscan_load(struct stepscan *s, const double *y, size_t n);

/* The cut of [FROM, TO) that leaves the least squares. */
struct step stepscan_cut(const struct stepscan *s, size_t from, size_t to);

/*
 * The best cut over stretches of all lengths and places in [FROM, TO): the intervals of seeded binary segmentation (Kovacs, Li, Buehlmann, Munk 2020), so that a dent shows as well as a step.
 * A stretch in which a line leaves less than a step has none; of other gains a share of the line's is taken off, more in a longer stretch, since a slow drift looks like a step.
 */
struct step stepscan_best(const struct stepscan *s, size_t from, size_t to);

/* Where cuts are, in order. AT has room for one more whenever one is put in. */
struct cuts {
	size_t *at, n;
};

/* The K-th of the levels between them, from 0, of N values: [begin, end). */
size_t cuts_begin(const struct cuts *c, size_t k);
size_t cuts_end(const struct cuts *c, size_t k, size_t n);

/* The best cut of the N values beside those in C is put among them as the K-th. Its gain; 0: there is none. */
double stepscan_add(const struct stepscan *s, size_t n, struct cuts *c, size_t *k);

void cuts_drop(struct cuts *c, size_t k);

#endif
