/* SPDX-License-Identifier: GPL-2.0-only */
/* Warnings about a tune as data: {id, about, text, advice}. */
#ifndef SQB_ADVICE_H
#define SQB_ADVICE_H

#include <jansson.h>

#include "verdict.h"

struct advice_in {
	const struct grid *g;
	const struct plan *plan;
	const struct analysis *a;
	const struct measure *m;
	size_t n;
	const json_t *env;	/* from env_collect, with its target */
	unsigned hz;
	int sq_cpu;		/* pinned to, -1 not */
	double steal_pct;	/* during the run, NaN unknown */
	bool direct;
};

json_t *advice_tune(const struct advice_in *in);

#endif
