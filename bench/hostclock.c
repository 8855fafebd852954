// SPDX-License-Identifier: GPL-2.0-only
#include "hostclock.h"

#include <glob.h>
#include <limits.h>
#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include "store.h"

struct sum {
	double of;
	unsigned n;
};

/* Adds the numbers in all files CPUS/PATTERN. */
static void add(struct sum *s, const char *cpus, const char *pattern)
{
	char path[PATH_MAX], *text;
	glob_t found;

	if (store_path(path, sizeof(path), cpus, pattern) || glob(path, 0, NULL, &found))
		return;
	for (size_t i = 0; i < found.gl_pathc; i++) {
		text = store_read(found.gl_pathv[i], NULL);
		if (!text)
			continue;
		s->of += strtod(text, NULL);
		s->n++;
		free(text);
	}
	globfree(&found);
}

struct hostclock hostclock_read(const char *cpus)
{
	struct sum khz = { 0 }, throttles = { 0 };

	add(&khz, cpus, "cpu[0-9]*/cpufreq/scaling_cur_freq");
	add(&throttles, cpus, "cpu[0-9]*/thermal_throttle/core_throttle_count");
	add(&throttles, cpus, "cpu[0-9]*/thermal_throttle/package_throttle_count");
	return (struct hostclock){ .mhz = khz.n ? khz.of / khz.n / 1e3 : NAN, .throttles = throttles.n ? throttles.of : NAN };
}
