// SPDX-License-Identifier: GPL-2.0-only
#include "madenoise.h"

#include <gsl/gsl_randist.h>
#include <math.h>
#include <stdlib.h>

double noise_normal(gsl_rng *rng, double before)
{
	(void)before;
	return gsl_ran_gaussian(rng, 1);
}

/* Student's t with 2 degrees of freedom; 0.8165 is its quartile. */
double noise_heavy(gsl_rng *rng, double before)
{
	(void)before;
	return gsl_ran_tdist(rng, 2) * 0.6745 / 0.8165;
}

double noise_bimodal(gsl_rng *rng, double before)
{
	(void)before;
	return (gsl_rng_uniform(rng) < 0.5 ? 1 : -1) + 0.25 * gsl_ran_gaussian(rng, 1);
}

/* AR(1), 0.5 */
double noise_following(gsl_rng *rng, double before)
{
	return 0.5 * before + sqrt(0.75) * gsl_ran_gaussian(rng, 1);
}

bool made_takes(const struct made_option *options, size_t n, int key, const char *arg)
{
	for (size_t i = 0; i < n; i++)
		if (options[i].key == key) {
			*options[i].to = (unsigned)atoi(arg);
			return true;
		}
	return false;
}
