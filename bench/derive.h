/* SPDX-License-Identifier: GPL-2.0-only */
/* What follows from the raw files of a tune: tables, plots, analysis.json, report.html. It may all be deleted and made again,
 * on another machine too. */
#ifndef SQB_DERIVE_H
#define SQB_DERIVE_H

#include <stdbool.h>

#include "cells.h"

/* Grid, prices and pinned CPU of T from its settings, for the tick rate T->hz. -EINVAL when there are none. */
int derive_settings(struct tune *t, struct why *why);

/* What plan.json of the run says: repeats, time of a cell, polled arms; *OVERHEAD_S (may be NULL) too. -EINVAL if damaged. */
int derive_plan(struct tune *t, double *overhead_s, struct why *why);

/* T as it was, from the files of the whole run in DIR. -ENOENT, -EINVAL. The caller drops T->settings. */
int derive_open(struct tune *t, const char *dir, struct why *why);

/* Makes all of it in T's run; *ANALYSIS is the caller's. */
int derive_make(const struct tune *t, json_t **analysis, struct why *why);

/* Prints where the report is and what it recommends, or ANALYSIS itself, and drops it. Returns 1 when the answer is unknown. */
int derive_print(const struct tune *t, json_t *analysis, bool json);

#endif
