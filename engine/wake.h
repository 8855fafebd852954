/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The guard of the seed: io_uring_enter only when the SQ thread says IORING_SQ_NEED_WAKEUP.
 *
 * We store the tail and then load the flags; the SQ thread stores the flag and then loads the tail. With anything
 * less than a full barrier between the two on both sides, each may read the other's old value: the thread sleeps
 * with an entry in the ring and nobody wakes it. Release and acquire never order a store before a later load.
 * Kernels from 5.8 to 5.17 lack their half, so whoever waits looks at the flag again (sqp_attend).
 */
#ifndef SQP_WAKE_H
#define SQP_WAKE_H

#include "look.h"

enum {
	SQP_TIME_EVERY = 64,		/* commits between two that are timed, on average, ... */
	SQP_TIME_PER_DEPTH = 16,	/* ... or so many times the depth: while one is timed, all that are before it cost more */
	SQP_PICKUP_GAP_NS = 100000,	/* a commit after a longer gap is timed as well */
	SQP_WAKE_AGAIN_NS = 1000000,	/* a wake-up that has shown no effect is sent again after this */
};

#define SQP_ATTENTION (IORING_SQ_NEED_WAKEUP | IORING_SQ_CQ_OVERFLOW)

/* Commits between two that are timed, on average. */
static inline unsigned sqp_time_every(unsigned depth)
{
	return depth * SQP_TIME_PER_DEPTH > SQP_TIME_EVERY ? depth * SQP_TIME_PER_DEPTH : SQP_TIME_EVERY;
}

/* Makes all filled SQEs visible to the SQ thread. */
static inline void sqp_publish(struct sqp_ring *r)
{
	unsigned tail = r->sq_tail, nr = tail - r->sq_published;

	atomic_store_explicit(r->ktail, tail, memory_order_release);
	r->sq_published = tail;
	r->inflight += nr;
	r->count.submitted += nr;
}

/* After a publication: does the SQ thread have to be woken? */
static inline bool sqp_needs_wakeup(struct sqp_ring *r)
{
#ifndef SQP_TEST_WITHOUT_FENCE	/* one test builds this file without it, to show that it sees the loss */
	atomic_thread_fence(memory_order_seq_cst);
#endif
	return atomic_load_explicit(r->kflags, memory_order_relaxed) & IORING_SQ_NEED_WAKEUP;
}

/* Every io_uring_enter of the engine: counted, and EINTR, EAGAIN and EBUSY (try again later: the caller's loop
 * does) are not errors. 0 or -errno; -EOWNERDEAD says that the SQ thread is gone and the ring with it. */
int sqp_enter(struct sqp_ring *r, unsigned to_submit, unsigned flags);

/* Blocks until WANT completions are in the CQ ring, counted from the head that the kernel can see, or TIMEOUT_NS have
 * passed. Entries that have not been taken are submitted, or the SQ thread is woken for them: whoever sleeps cannot look
 * at the flag again. 0 or -errno as sqp_enter(). Needs IORING_FEAT_EXT_ARG. */
int sqp_enter_wait(struct sqp_ring *r, unsigned want, uint64_t timeout_ns);

/* The slow half of a commit of NR entries: the thread sleeps, wake it. */
int sqp_wake(struct sqp_ring *r, unsigned nr, uint64_t now_ns);

/* Looks after FLAGS (of SQP_ATTENTION) seen while waiting: wakes a thread that sleeps on entries, flushes an
 * overflowed CQ. 0 or -errno. */
int sqp_attend(struct sqp_ring *r, unsigned flags);

/* Notes whether the publication being timed has been taken by now. LOOKING: the caller has looked without a break. */
void sqp_pickup_check(struct sqp_ring *r, uint64_t now_ns, bool looking);

void sqp_pickup_start(struct sqp_ring *r, struct sqp_hist *hist, uint64_t now_ns);

/* A commit that is timed came GAP_NS after the last activity: into the histogram, with those before it that were not. */
void sqp_count_gap(struct sqp_ring *r, uint64_t gap_ns);

/* Is this commit one to be timed? Each after a gap of more than SQP_PICKUP_GAP_NS is. Those after shorter ones follow
 * each other by the million: now and then one stands for all since the last. */
static inline bool sqp_commit_is_timed(struct sqp_ring *r, uint64_t gap_ns)
{
	return ++r->untimed >= r->time_after || gap_ns > SQP_PICKUP_GAP_NS;
}

/* The rarer part of sqp_note_gap(). */
void sqp_note_more(struct sqp_ring *r, uint64_t gap_ns, uint64_t now_ns);

static inline void sqp_note_gap(struct sqp_ring *r, uint64_t now_ns)
{
	uint64_t gap_ns = now_ns - r->active_ns;

	r->active_ns = now_ns;
	if (__builtin_expect(sqp_commit_is_timed(r, gap_ns) || r->pickup.hist, 0))
		sqp_note_more(r, gap_ns, now_ns);
}

/* Publishes what is filled and wakes the SQ thread if it sleeps. NOW_NS: CLOCK_MONOTONIC-like time read before
 * the call, or 0 when the configuration has no clock. 0 or -errno. */
static inline int sqp_commit(struct sqp_ring *r, uint64_t now_ns)
{
	unsigned nr = sqp_pending(r);

	sqp_publish(r);
	if (__builtin_expect(sqp_needs_wakeup(r), 0))
		return sqp_wake(r, nr, now_ns);
	if (now_ns)
		sqp_note_gap(r, now_ns);
	return 0;
}

#endif
