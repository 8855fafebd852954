/* SPDX-License-Identifier: GPL-2.0-only */
/* Where the SQ thread may sit. */
#ifndef SQP_PLACE_H
#define SQP_PLACE_H

#include "config.h"

/* 0 when an SQ thread can be pinned to CPU (or CPU is SQP_ANY_CPU); else -EINVAL, and WHY says whether the CPU
 * does not exist, is offline, or is outside this task's cpuset. Briefly moves the calling thread. */
int sqp_place_check(int cpu, struct sqp_why *why);

/* Number from TEXT, or SQP_ANY_CPU for "any" and NULL. -EINVAL and a reason for anything else. */
int sqp_place_parse(const char *text, int *cpu, struct sqp_why *why);

#endif
