/* SPDX-License-Identifier: GPL-2.0-only */
/* Temperatures and what the CPUs may do. SYSFS is "/sys", or a tree like it. */
#ifndef SQB_HOSTINFO_H
#define SQB_HOSTINFO_H

/* Degrees Celsius now of DISK, a name in /sys/block; NaN: not told. NVMe drives tell since Linux 5.5, others with the module drivetemp. */
double hostinfo_disk_temp_c(const char *sysfs, const char *disk);

/* The hottest CPU's; NaN: not told. */
double hostinfo_cpu_temp_c(const char *sysfs);

/* "on" or "off", NULL: not told. Turbo: whether CPUs may run faster than their nominal clock for a while. */
const char *hostinfo_smt(const char *sysfs);
const char *hostinfo_turbo(const char *sysfs);

#endif
