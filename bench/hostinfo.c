// SPDX-License-Identifier: GPL-2.0-only
#include "hostinfo.h"

#include <glob.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store.h"
#include "sysfs.h"

#define LINE 128

/* Whether WORD is one of those in KNOWN, where a blank is before and after each. */
static bool is_of(const char *known, const char *word)
{
	char wanted[LINE + 2];

	snprintf(wanted, sizeof(wanted), " %s ", word);
	return strstr(known, wanted) != NULL;
}

/* The hottest of all VALUE in the directories that match PATTERN and whose TYPE is one of TYPES (NULL: any). */
static double hottest(const char *sysfs, const char *pattern, const char *type, const char *types, const char *value)
{
	char path[PATH_MAX], line[LINE];
	double max = NAN;
	glob_t found;

	if (store_path(path, sizeof(path), sysfs, pattern) || glob(path, 0, NULL, &found))
		return NAN;
	for (size_t i = 0; i < found.gl_pathc; i++) {
		const char *dir = found.gl_pathv[i];

		if (types && (!sysfs_text(dir, type, line, LINE) || !is_of(types, line)))
			continue;
		if (sysfs_text(dir, value, line, LINE))
			max = fmax(max, strtod(line, NULL) / 1e3);
	}
	globfree(&found);
	return max;
}

double hostinfo_disk_temp_c(const char *sysfs, const char *disk)
{
	/* The hwmon of an NVMe drive belongs to its controller, at first to the PCI device; a multipath disk belongs to a subsystem. */
	static const char *const places[] = { "device/hwmon*", "device/hwmon/hwmon*", "device/device/hwmon/hwmon*",
					      "device/nvme[0-9]*/hwmon*" };
	double max = NAN;

	for (size_t i = 0; i < sizeof(places) / sizeof(*places) && !isfinite(max); i++) {
		char pattern[PATH_MAX];

		snprintf(pattern, sizeof(pattern), "block/%s/%s", disk, places[i]);
		max = hottest(sysfs, pattern, NULL, NULL, "temp1_input");
	}
	return max;
}

double hostinfo_cpu_temp_c(const char *sysfs)
{
	double max = hottest(sysfs, "class/thermal/thermal_zone*", "type", " x86_pkg_temp cpu-thermal cpu_thermal ", "temp");

	if (isfinite(max))
		return max;
	return hottest(sysfs, "class/hwmon/hwmon*", "name", " coretemp k10temp zenpower cpu_thermal ", "temp1_input");
}

/* The word for the first of N files that can be read. */
static const char *state(const char *sysfs, const char *const names[][3], size_t n)
{
	char line[LINE];

	for (size_t i = 0; i < n; i++)
		if (sysfs_text(sysfs, names[i][0], line, LINE))
			return !strcmp(line, "1") ? names[i][1] : !strcmp(line, "0") ? names[i][2] : NULL;
	return NULL;
}

const char *hostinfo_smt(const char *sysfs)
{
	static const char *const names[][3] = { { "devices/system/cpu/smt/active", "on", "off" } };

	return state(sysfs, names, 1);
}

const char *hostinfo_turbo(const char *sysfs)
{
	static const char *const names[][3] = { { "devices/system/cpu/intel_pstate/no_turbo", "off", "on" },
						{ "devices/system/cpu/cpufreq/boost", "on", "off" } };

	return state(sysfs, names, 2);
}
