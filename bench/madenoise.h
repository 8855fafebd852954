/* SPDX-License-Identifier: GPL-2.0-only */
/* Noise for made series, as large as a standard deviation of 1 would be if it were normal; BEFORE is the value before. For the programs that measure the detectors. */
#ifndef SQB_MADENOISE_H
#define SQB_MADENOISE_H

#include <gsl/gsl_rng.h>

double noise_normal(gsl_rng *rng, double before);
double noise_heavy(gsl_rng *rng, double before);
double noise_bimodal(gsl_rng *rng, double before);
double noise_following(gsl_rng *rng, double before);

#endif
