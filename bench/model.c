// SPDX-License-Identifier: GPL-2.0-only
#include "model.h"

#include <math.h>

#include "lattice.h"

/* Fixed work per wake-up in the published duty law; see docs/METHODOLOGY.md. */
#define WORK_US 9.0
#define STEPS 64

static double duty_at(const struct workload *w, double gap_us, double spin_us)
{
	double awake_us = spin_us + WORK_US;

	if (w->law == LAW_POISSON)
		return 1 - exp(-awake_us / gap_us);
	return fmin(1, awake_us / gap_us);
}

double model_duty(const struct workload *w, unsigned idle_ms, unsigned hz)
{
	double gap_us = workload_gap_us(w), lo_ms, hi_ms, sum = 0;

	if (gap_us <= 0)
		return 1;
	lattice_spin_ms(idle_ms, hz, &lo_ms, &hi_ms);
	for (int i = 0; i < STEPS; i++)
		sum += duty_at(w, gap_us, 1e3 * (lo_ms + (hi_ms - lo_ms) * (i + 0.5) / STEPS));
	return sum / STEPS;
}
