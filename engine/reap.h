/* SPDX-License-Identifier: GPL-2.0-only */
/* Taking completions of a ring and its side ring: spin or block, with a way out of every wait. */
#ifndef SQP_REAP_H
#define SQP_REAP_H

#include "ring.h"

enum {
	SQP_STALLS_BEFORE_GIVING_UP = 10,
	SQP_BRIEF_SPINS = 16,		/* looks at the CQ ring, some 400 ns, before anything else is looked at */
};

/* Leaves the core to its other hardware thread, which may be the SQ thread's. */
static inline void sqp_pause(void)
{
#if defined(__x86_64__) || defined(__i386__)
	__builtin_ia32_pause();
#elif defined(__aarch64__)
	__asm__ volatile("yield");
#endif
}

/* Between two looks. */
static inline void sqp_relax(const struct sqp_ring *r)
{
	if (__builtin_expect(r->pauses, 1))
		sqp_pause();
}

/* Completions that are there. */
static inline unsigned sqp_ready(const struct sqp_ring *r)
{
	return atomic_load_explicit(r->cq_ktail, memory_order_acquire) - r->cq_head;
}

/* Gives the completions before POSITION back to the kernel. */
static inline void sqp_release_to(struct sqp_ring *r, unsigned position)
{
	r->cq_released = position;
	atomic_store_explicit(r->cq_khead, position, memory_order_release);
}

/* All that have been handed out. */
static inline void sqp_release(struct sqp_ring *r)
{
	sqp_release_to(r, r->cq_head);
}

/* In large steps: that keeps the line that holds the head in our cache. A side ring may have been given back ahead. */
static inline void sqp_release_much(struct sqp_ring *r)
{
	if ((int)(r->cq_head - r->cq_released) >= (int)(r->cq_entries / 4))
		sqp_release(r);
}

/* sqp_reap() of any ring, whether something is there or not. */
int sqp_reap_any(struct sqp_ring *r, unsigned min, unsigned max, unsigned *first);

static inline unsigned sqp_spin_briefly(const struct sqp_ring *r, unsigned min)
{
	unsigned have = 0;

	for (unsigned spins = SQP_BRIEF_SPINS; have < min && spins; spins--) {
		sqp_relax(r);
		have = sqp_ready(r);
	}
	return have;
}

/* Waits for at least MIN completions and takes up to MAX (MAX >= MIN; MIN not above those in flight). Returns
 * their number; *FIRST is then the position for sqp_cqe(). -ETIMEDOUT after SQP_STALLS_BEFORE_GIVING_UP periods of
 * stall_ms without any progress, or after one when cfg.give_up says so, and from then on at once (fio waits once more
 * for what is in flight before it ends the job); other -errno from io_uring_enter. */
static inline int sqp_reap(struct sqp_ring *r, unsigned min, unsigned max, unsigned *first)
{
	unsigned have = sqp_ready(r);

	if (have < min && !(r->side && r->side->inflight) && !sqp_patience_short(&r->patience, r->cfg.reap))
		have = sqp_spin_briefly(r, min);
	if (__builtin_expect(have < min || r->looks.on || r->side, 0))
		return sqp_reap_any(r, min, max, first);
	sqp_release_much(r);	/* the completions of the last call have been read by now */
	if (have > max)
		have = max;
	*first = r->cq_head;
	r->cq_head += have;
	r->inflight -= have;
	r->count.completed += have;
	return (int)have;
}

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
