/* SPDX-License-Identifier: GPL-2.0-only */
/* From what was asked for to the cells that are measured. Pure. */
#ifndef SQB_VERSUSPLAN_H
#define SQB_VERSUSPLAN_H

#include "versuscalc.h"

enum { VERSUS_SPEC_MAX = 16, VERSUS_PAIRS_DEFAULT = 11, VERSUS_SECONDS_DEFAULT = 2 };

struct versus_spec {
	const char *bs[VERSUS_SPEC_MAX], *rw[VERSUS_SPEC_MAX];
	const struct arrivals *law[VERSUS_SPEC_MAX];
	unsigned depth[VERSUS_SPEC_MAX];
	unsigned sizes, patterns, laws, depths;		/* how many of each; 0: the default */
	unsigned pairs, seconds;			/* 0: the default, or the row's own */
	bool direct, hipri;
	const char *more[VERSUS_SIDES][VERSUS_SPEC_MAX + 1];	/* fio options of each side, NULL at the end */
};

/* All sizes x patterns x depths, or sizes x patterns x laws. 0, -E2BIG: more than VERSUS_CELLS_MAX, -ENOMEM. */
int versus_plan_cells(struct versus_load *l, const struct versus_spec *spec);

/* The cells of ROW, with what SPEC has of pairs, seconds, direct, hipri and options. 0 or -ENOMEM. */
int versus_plan_row(struct versus_load *l, const struct versus_row *row, const struct versus_spec *spec);

void versus_load_free(struct versus_load *l);

#endif
