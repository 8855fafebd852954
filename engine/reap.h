/* SPDX-License-Identifier: GPL-2.0-only */
/* Taking completions of a ring and its side ring: spin or block, with a way out of every wait. */
#ifndef SQP_REAP_H
#define SQP_REAP_H

#include "ring.h"

enum { SQP_STALLS_BEFORE_GIVING_UP = 10 };

/* Waits for at least MIN completions and takes up to MAX (MAX >= MIN; MIN not above those in flight). Returns
 * their number; *FIRST is then the position for sqp_cqe(). -ETIMEDOUT after SQP_STALLS_BEFORE_GIVING_UP periods of
 * stall_ms without any progress, or after one when cfg.give_up says so, and from then on at once (fio waits once more
 * for what is in flight before it ends the job); other -errno from io_uring_enter. */
int sqp_reap(struct sqp_ring *r, unsigned min, unsigned max, unsigned *first);

/* CQE number I of the last sqp_reap() that returned FIRST; valid until the next one. */
static inline struct io_uring_cqe *sqp_cqe(struct sqp_ring *r, unsigned first, unsigned i)
{
	if (__builtin_expect(r->side != NULL, 0) && i >= r->split) {
		i -= r->split;
		first = r->side_first;
		r = r->side;
	}
	return &r->cqes[((first + i) & r->cq_mask) << r->big_shift];
}

#endif
