// SPDX-License-Identifier: GPL-2.0-only
#include "hist.h"

uint64_t sqp_hist_low(unsigned index)
{
	unsigned octave = index >> SQP_HIST_SUB_BITS;
	uint64_t sub = index & (SQP_HIST_SUB - 1);

	if (octave == 0)
		return sub;
	return (sub + SQP_HIST_SUB) << (octave - 1);
}

void sqp_hist_merge(struct sqp_hist *into, const struct sqp_hist *from)
{
	if (!from->n)
		return;
	if (!into->n || from->min < into->min)
		into->min = from->min;
	if (from->max > into->max)
		into->max = from->max;
	into->n += from->n;
	into->sum += from->sum;
	for (unsigned i = 0; i < SQP_HIST_BINS; i++)
		into->bin[i] += from->bin[i];
}

uint64_t sqp_hist_percentile(const struct sqp_hist *h, double fraction)
{
	double want = fraction * (double)h->n;
	uint64_t seen = 0, edge;
	unsigned i;

	if (!h->n)
		return 0;
	for (i = 0; i < SQP_HIST_BINS; i++) {
		seen += h->bin[i];
		if (seen && (double)seen >= want)
			break;
	}
	if (i >= SQP_HIST_BINS - 1)
		return h->max;
	edge = sqp_hist_low(i + 1) - 1;
	return edge < h->max ? edge : h->max;
}
