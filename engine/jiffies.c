// SPDX-License-Identifier: GPL-2.0-only
#include "jiffies.h"

#include <time.h>

enum { MS_PER_S = 1000, NS_PER_S = 1000000000 };

uint64_t sqp_idle_jiffies(unsigned idle_ms, unsigned hz)
{
	uint64_t jiffies = ((uint64_t)idle_ms * hz + MS_PER_S - 1) / MS_PER_S;

	return jiffies ? jiffies : hz;
}

unsigned sqp_kernel_hz(void)
{
	struct timespec res;

	if (clock_getres(CLOCK_MONOTONIC_COARSE, &res) || res.tv_sec || res.tv_nsec <= 0)
		return 0;
	return (unsigned)((NS_PER_S + res.tv_nsec / 2) / res.tv_nsec);
}
