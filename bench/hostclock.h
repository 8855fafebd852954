/* SPDX-License-Identifier: GPL-2.0-only */
/* How fast the CPUs run, and how often heat has slowed them down. */
#ifndef SQB_HOSTCLOCK_H
#define SQB_HOSTCLOCK_H

struct hostclock {
	double mhz;		/* mean of all CPUs now (scaling_cur_freq); NaN: not told */
	double throttles;	/* since boot, all cores and packages (thermal_throttle); NaN: not told */
};

/* CPUS is "/sys/devices/system/cpu", or a tree like it. */
struct hostclock hostclock_read(const char *cpus);

#endif
