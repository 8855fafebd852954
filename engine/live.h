/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * sq_thread_idle=auto: the idle period is changed while I/O runs. Of the rings attached to an SQ thread the longest idle
 * period is in force: the job's own has the shortest there is, and a helper ring of one entry, which never carries a request, the
 * one that is wanted now. While it is there the thread takes at most 8 entries a round. retune.h decides.
 */
#ifndef SQP_LIVE_H
#define SQP_LIVE_H

#include "retune.h"
#include "config.h"

struct sqp_ring;

enum { SQP_LIVE_SERIES = 256 };

struct sqp_live {
	struct sqp_retune policy;
	unsigned hz;
	uint64_t wake_cost_ns;		/* what a wake-up is worth; 0: what it takes on average */
	int helper_fd;			/* -1: none is attached */
	uint64_t opened_ns;
	uint64_t changes;
	struct { uint64_t at_ns; unsigned idle_ms; } series[SQP_LIVE_SERIES];	/* the first changes, since opened_ns */
	int error;			/* the kernel refused a helper ring (-errno): nothing is changed any more */
};

/* Makes the idle period of R, just opened with 1 ms, follow the gaps. A first helper ring shows that the kernel can do it.
 * 0, or -errno with the reason. */
int sqp_live_open(struct sqp_ring *r, struct sqp_why *why);

void sqp_live_close(struct sqp_ring *r);

/* A gap of GAP_NS has ended at NOW_NS: changes the idle period if that pays, which takes some 50 to 100 us. */
void sqp_live_gap(struct sqp_ring *r, uint64_t gap_ns, uint64_t now_ns);

/* The sq_thread_idle in force (ms). */
unsigned sqp_live_idle_ms(const struct sqp_ring *r);

#endif
