/* SPDX-License-Identifier: GPL-2.0-only */
/* Devices and files that exist are not written to unless that was asked for. */
#ifndef SQB_JOBGUARD_H
#define SQB_JOBGUARD_H

#include "jobscan.h"
#include "why.h"

/* May JOB, whose file says S, be run? 0 with whether fio is to be told --readonly in *READONLY; -EPERM with WHY. */
int jobguard(const struct jobscan *s, const char *job, bool allow_write, bool *readonly, struct why *why);

#endif
