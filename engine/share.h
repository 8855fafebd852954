/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * sq_share=N: jobs that are threads of one process share SQ threads, N to each. They come in any order and at once, and go
 * when they like: a ring attaches to any ring of its group that is still open, and the SQ thread lives until the last of
 * them is closed. Only jobs that want the same SQ thread (sq_thread_cpu, idle period, set) are put together; the
 * kernel would let one's idle period be another's, as the longest of those attached is in force.
 */
#ifndef SQP_SHARE_H
#define SQP_SHARE_H

#include "ring.h"

/* A ring's place in a group. Zero is none: the SQ thread is the ring's own. */
struct sqp_seat {
	struct sqp_share_group *group;
	struct sqp_ring *ring;
	unsigned number;		/* of the group, from 1 in each process */
};

/* sqp_ring_open() with the SQ thread of a group of CFG->share jobs that has room, or as the first of a new group. R must
 * stay where it is until sqp_share_leave(). 0, or -errno with the reason; nothing is left behind then. */
int sqp_share_open(struct sqp_ring *r, const struct sqp_config *cfg, struct sqp_seat *seat, struct sqp_why *why);

/* Rings that were given this SQ thread so far, this one included. 1 without a group. */
unsigned sqp_share_jobs(const struct sqp_seat *seat);

/* Before the ring is closed: from here on no other attaches to it. No effect without a group. */
void sqp_share_leave(struct sqp_seat *seat);

#endif
