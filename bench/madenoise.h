/* SPDX-License-Identifier: GPL-2.0-only */
/* Noise for made series, as large as a standard deviation of 1 would be if it were normal; BEFORE is the value before. For the programs that measure the detectors. */
#ifndef SQB_MADENOISE_H
#define SQB_MADENOISE_H

#include <gsl/gsl_rng.h>
#include <stdbool.h>
#include <stddef.h>

double noise_normal(gsl_rng *rng, double before);
double noise_heavy(gsl_rng *rng, double before);
double noise_bimodal(gsl_rng *rng, double before);
double noise_following(gsl_rng *rng, double before);

/* An option that takes a number, and where that goes */
struct made_option {
	int key;
	unsigned *to;
};

/* Takes ARG if KEY is one of the N. */
bool made_takes(const struct made_option *options, size_t n, int key, const char *arg);

#endif
