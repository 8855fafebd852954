/* SPDX-License-Identifier: GPL-2.0-only */
/* Measures one cell of sqbench ring with the engine's own core: no fio, no copy of the ring code. */
#ifndef SQB_RINGMEASURE_H
#define SQB_RINGMEASURE_H

#include "ringplan.h"
#include "why.h"

struct ring_setup {
	const char *path;
	int fd;			/* of PATH */
	uint64_t bytes;		/* its size, at least that of the largest read */
	int cpu, sq_cpu;	/* the submitter's and the SQ thread's */
	unsigned hz;		/* 0: unknown */
	bool refill;		/* replace each request as it completes, instead of waiting for the whole batch */
};

/* One cell in one round. */
struct ring_result {
	double ios_per_s;
	/* over the life of the ring, warm-up included */
	uint64_t submitted, completed, bypassed, enters, wakeups;
	double app_us, sq_us;		/* CPU time of the submitter in the timed part and of the SQ thread in all; NaN: not told */
	uint64_t timed;			/* requests in the timed part */
	int sq_cpu_seen;		/* where the SQ thread ran last, -1: there is none, or it is not told */
	unsigned discarded;		/* latency samples whose SQ thread was not in the state that was to be measured */
};

/* Moves the calling thread to CPU; -EINVAL with WHY when it may not go there. */
int ring_pin(int cpu, struct why *why);

/*
 * Runs CELL. The samples (us) of a latency cell are added to LAT[RING_LATENCIES], unsealed. 0; -EOPNOTSUPP with WHY when this kernel
 * cannot do that cell, and others it can; -EINTR; any other error ends the bench. A wait is given up after 10 s without a completion.
 */
int ring_measure(const struct ring_setup *s, const struct ring_cell *cell, struct hist *lat, struct ring_result *res,
		 struct why *why);

#endif
