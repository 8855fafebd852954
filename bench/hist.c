// SPDX-License-Identifier: GPL-2.0-only
#include "hist.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

int hist_add(struct hist *h, double value, double count)
{
	if (h->n == h->cap) {
		size_t cap = h->cap ? 2 * h->cap : 64;
		struct hist_bin *bin = realloc(h->bin, cap * sizeof(*bin));

		if (!bin)
			return -ENOMEM;
		h->bin = bin;
		h->cap = cap;
	}
	h->bin[h->n++] = (struct hist_bin){ value, count };
	h->total += count;
	return 0;
}

int hist_merge(struct hist *dst, const struct hist *src)
{
	for (size_t i = 0; i < src->n; i++) {
		int rc = hist_add(dst, src->bin[i].value, src->bin[i].count);

		if (rc)
			return rc;
	}
	return 0;
}

static int by_value(const void *a, const void *b)
{
	double x = ((const struct hist_bin *)a)->value;
	double y = ((const struct hist_bin *)b)->value;

	return (x > y) - (x < y);
}

void hist_seal(struct hist *h)
{
	size_t out = 0;

	if (!h->n)
		return;
	qsort(h->bin, h->n, sizeof(*h->bin), by_value);
	for (size_t i = 1; i < h->n; i++) {
		if (h->bin[i].value <= h->bin[out].value)
			h->bin[out].count += h->bin[i].count;
		else
			h->bin[++out] = h->bin[i];
	}
	h->n = out + 1;
}

double hist_percentile(const struct hist *h, double pct)
{
	/* The slack keeps a rank that is whole in theory from being rounded up by floating point. */
	double want = ceil(pct / 100 * h->total - 1e-9);
	double seen = 0;

	if (h->total <= 0)
		return NAN;
	for (size_t i = 0; i < h->n; i++) {
		seen += h->bin[i].count;
		if (seen >= want)
			return h->bin[i].value;
	}
	return h->bin[h->n - 1].value;
}

double hist_mean(const struct hist *h)
{
	double sum = 0;

	for (size_t i = 0; i < h->n; i++)
		sum += h->bin[i].value * h->bin[i].count;
	return h->total > 0 ? sum / h->total : 0;
}

void hist_free(struct hist *h)
{
	free(h->bin);
	memset(h, 0, sizeof(*h));
}
