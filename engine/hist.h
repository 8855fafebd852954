/* SPDX-License-Identifier: GPL-2.0-only */
/* A log-linear histogram of nanoseconds: 16 bins an octave, so a bin is at most 1/16 of its value wide. */
#ifndef SQP_HIST_H
#define SQP_HIST_H

#include <stdint.h>

enum {
	SQP_HIST_SUB_BITS = 4,
	SQP_HIST_SUB = 1 << SQP_HIST_SUB_BITS,
	SQP_HIST_TOP_BIT = 44,		/* 2^45 ns is 9.7 hours; longer values land in the last bin */
	SQP_HIST_BINS = (SQP_HIST_TOP_BIT - SQP_HIST_SUB_BITS + 2) * SQP_HIST_SUB,
};

struct sqp_hist {
	uint64_t n;
	uint64_t sum;
	uint64_t min;
	uint64_t max;
	uint32_t bin[SQP_HIST_BINS];
};

static inline unsigned sqp_hist_index(uint64_t ns)
{
	unsigned top, index;

	if (ns < SQP_HIST_SUB)
		return (unsigned)ns;
	top = 63 - (unsigned)__builtin_clzll(ns);
	index = ((top - SQP_HIST_SUB_BITS + 1) << SQP_HIST_SUB_BITS) +
		((ns >> (top - SQP_HIST_SUB_BITS)) & (SQP_HIST_SUB - 1));
	return index < SQP_HIST_BINS ? index : SQP_HIST_BINS - 1;
}

/* WEIGHT samples of NS. */
static inline void sqp_hist_add_many(struct sqp_hist *h, uint64_t ns, unsigned weight)
{
	if (!h->n || ns < h->min)
		h->min = ns;
	if (ns > h->max)
		h->max = ns;
	h->n += weight;
	h->sum += ns * weight;
	h->bin[sqp_hist_index(ns)] += weight;
}

static inline void sqp_hist_add(struct sqp_hist *h, uint64_t ns)
{
	sqp_hist_add_many(h, ns, 1);
}

/* First value of bin INDEX, in ns; INDEX may be SQP_HIST_BINS, the end of the last one. */
uint64_t sqp_hist_low(unsigned index);

/* Adds the samples of FROM to INTO. */
void sqp_hist_merge(struct sqp_hist *into, const struct sqp_hist *from);

/* The value (ns) that FRACTION (0..1) of the samples do not exceed: upper edge of its bin, clipped to the
 * largest sample. 0 when the histogram is empty: check n first. */
uint64_t sqp_hist_percentile(const struct sqp_hist *h, double fraction);

#endif
