/* SPDX-License-Identifier: GPL-2.0-only */
/* What theory expects of the SQ thread, drawn beside what was measured. */
#ifndef SQB_MODEL_H
#define SQB_MODEL_H

#include "grid.h"

/* Share of time the SQ thread is awake: E[min(gap, spin + work)] / E[gap] with the spin of the jiffy lattice.
 * Returns 1 for LAW_FULL. */
double model_duty(const struct workload *w, unsigned idle_ms, unsigned hz);

#endif
