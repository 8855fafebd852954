/* SPDX-License-Identifier: GPL-2.0-only */
/* A latency distribution as fio gives it: values with counts, ascending. */
#ifndef SQB_HIST_H
#define SQB_HIST_H

#include <stddef.h>

struct hist_bin {
	double value;
	double count;
};

struct hist {
	struct hist_bin *bin;
	size_t n;
	size_t cap;
	double total;
};

/* Adds COUNT at VALUE in any order; 0 or -ENOMEM. */
int hist_add(struct hist *h, double value, double count);

/* Adds all of SRC to DST. */
int hist_merge(struct hist *dst, const struct hist *src);

/* Sorts by value and joins equal values; call once after adding, before hist_percentile. */
void hist_seal(struct hist *h);

/* Smallest value with at least PCT percent of the counts at or below it; NaN when empty. */
double hist_percentile(const struct hist *h, double pct);

/* 0 when empty. */
double hist_mean(const struct hist *h);

void hist_free(struct hist *h);

#endif
