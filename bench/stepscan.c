// SPDX-License-Identifier: GPL-2.0-only
#include "stepscan.h"

#include <math.h>
#include <string.h>

#define SHRINK 1.4142135623730951	/* each scale of stretches is shorter by it */
#define LINE_SHARE 0.5			/* of a line's gain, taken off; all of it from LINE_NIGHTS on */
#define LINE_NIGHTS 150

void stepscan_load(struct stepscan *s, const double *y, size_t n)
{
	s->sum[0] = s->moment[0] = 0;
	for (size_t i = 0; i < n; i++) {
		s->sum[i + 1] = s->sum[i] + y[i];
		s->moment[i + 1] = s->moment[i] + (double)i * y[i];
	}
}

struct step stepscan_cut(const struct stepscan *s, size_t from, size_t to)
{
	double all = s->sum[to] - s->sum[from], n = (double)(to - from);
	struct step best = { 0 };

	for (size_t at = from + s->least; at + s->least <= to; at++) {
		double left = (double)(at - from), off = s->sum[at] - s->sum[from] - all * left / n, gain = off * off * n / (left * (n - left));

		if (gain > best.gain)
			best = (struct step){ at, gain };
	}
	return best;
}

/* By how much a line through [FROM, TO) makes the sum of squares less. */
static double line_gain(const struct stepscan *s, size_t from, size_t to)
{
	double n = (double)(to - from), middle = (double)from + (n - 1) / 2, off = s->moment[to] - s->moment[from] - middle * (s->sum[to] - s->sum[from]);

	return off * off * 12 / (n * (n * n - 1));
}

static struct step beyond_a_line(const struct stepscan *s, size_t from, size_t to)
{
	struct step step = stepscan_cut(s, from, to);
	double line = line_gain(s, from, to), share = fmin(LINE_SHARE + (1 - LINE_SHARE) * (double)(to - from) / LINE_NIGHTS, 1);

	return step.gain > line ? (struct step){ step.at, step.gain - share * line } : (struct step){ 0 };
}

struct step stepscan_best(const struct stepscan *s, size_t from, size_t to)
{
	size_t n = to - from;
	struct step best = { 0 };

	for (size_t len = n; len && len >= 2 * s->least; len = (size_t)((double)len / SHRINK)) {
		size_t places = 2 * ((n + len - 1) / len) - 1;

		for (size_t k = 0; k < places; k++) {
			size_t begin = from + (places > 1 ? k * (n - len) / (places - 1) : 0);
			struct step here = beyond_a_line(s, begin, begin + len);

			best = here.gain > best.gain ? here : best;
		}
	}
	return best;
}

size_t cuts_begin(const struct cuts *c, size_t k)
{
	return k ? c->at[k - 1] : 0;
}

size_t cuts_end(const struct cuts *c, size_t k, size_t n)
{
	return k < c->n ? c->at[k] : n;
}

double stepscan_add(const struct stepscan *s, size_t n, struct cuts *c, size_t *k)
{
	struct step best = { 0 };

	for (size_t i = 0; i <= c->n; i++) {
		struct step here = stepscan_best(s, cuts_begin(c, i), cuts_end(c, i, n));

		if (here.gain > best.gain) {
			best = here;
			*k = i;
		}
	}
	if (best.gain > 0) {
		memmove(c->at + *k + 1, c->at + *k, (c->n++ - *k) * sizeof(*c->at));
		c->at[*k] = best.at;
	}
	return best.gain;
}

void cuts_drop(struct cuts *c, size_t k)
{
	memmove(c->at + k, c->at + k + 1, (--c->n - k) * sizeof(*c->at));
}
