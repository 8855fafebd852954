/* SPDX-License-Identifier: GPL-2.0-only */
/* The few figures that a person sees at the end of fio's output; the statistics line has all of them. */
#ifndef SQP_SUMMARY_H
#define SQP_SUMMARY_H

#include "ring.h"

#include <stdio.h>

enum { SQP_SUMMARY_NAME = 24 };

struct sqp_summary {
	char job[SQP_SUMMARY_NAME];
	unsigned thread;
	uint64_t submitted, enters, wakeups, stalls;
	unsigned idle_ms;
	uint64_t idle_seen_ns;		/* 0: not observed */
	int64_t sq_cpu_us;		/* -1: not known */
	int sq_cpu;			/* where the SQ thread ran last, -1: not known */
	uint64_t app_cpu_us, elapsed_us;
	uint64_t pickup_p50_ns, pickup_p99_ns, wake_p50_ns;	/* 0: none was timed */
};

/* One table, a line per job. */
void sqp_summary_print(FILE *out, const struct sqp_summary *s, unsigned nr);

#endif
