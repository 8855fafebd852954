/* SPDX-License-Identifier: GPL-2.0-only */
/* How several jobs may share SQ threads, and which of the ways are worth a run. Pure. */
#ifndef SQB_SHARING_H
#define SQB_SHARING_H

#include <stdbool.h>

#include "predictrun.h"

enum { SHARING_WAYS = 8, SHARING_SIZES = 5 };

struct sharing_way {
	unsigned share;		/* jobs per SQ thread; 0: plain io_uring, which has none */
	bool placed;		/* SQ threads on CPUs of their own, else where the scheduler has them */
	char name[48], options[256];
	enum predict_engine engine;
};

/* SQ threads that JOBS jobs have with SHARE of them on each. */
unsigned sharing_threads(unsigned jobs, unsigned share);

/*
 * For JOBS (2 or more): plain io_uring; an SQ thread for each job, for each 2, 4, 8... and one for all, at most SHARING_SIZES of those. The first also with the CPUs that
 * sq_thread_cpu=auto chooses, the last also on CPU alone and the jobs on OTHERS (a list as fio takes it; empty: there are none, and this way is left out). Returns how many ways there are.
 */
unsigned sharing_plan(struct sharing_way *w, unsigned jobs, int cpu, const char *others);

#endif
