/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * An SQPOLL ring: SQEs are filled in ring order, published with one store, and the SQ thread takes them without
 * a system call. wake.h has the guard, reap.h the waiting, reg.h files and buffers, idle.h what the SQ thread did.
 */
#ifndef SQP_RING_H
#define SQP_RING_H

#include "config.h"
#include "hist.h"
#include "jiffies.h"
#include "live.h"
#include "patience.h"
#include "policy.h"
#include "procfs.h"

#include <liburing.h>
#include <stdatomic.h>

/* Counters of the statistics line, see docs/RESULTS_FORMAT.md. */
struct sqp_counters {
	uint64_t submitted, completed;
	uint64_t enters, wakeups, rechecks, sq_full, cq_overflow, stalls;
	uint64_t waits, polls;		/* enters that block for completions, polls for those of two rings */
	uint64_t yields;		/* of the CPU, while waiting */
	uint64_t bypassed, bypass_enters;	/* bypass_enters: by sqp_ring_count() only */
	uint64_t trials, trials_failed;	/* of the SQ thread, see policy.h */
};

/* A publication whose pick-up by the SQ thread is being timed. */
struct sqp_pickup {
	struct sqp_hist *hist;		/* where the time goes; NULL: nothing is being timed */
	uint64_t start_ns;
	uint64_t checked_ns;		/* last time it had not been taken yet */
	unsigned tail;			/* taken when the kernel's head gets here */
};

/* The looks at the rings while completions are being timed, see look.h. */
struct sqp_looks {
	bool on;
	unsigned from;			/* position of the first CQE to be timed */
	unsigned tail, head;		/* of the CQ and the SQ ring at the last look, ... */
	uint64_t ns;			/* ... and its time */
	uint64_t handed_ns;		/* when completions were handed out last */
	uint64_t *absent_ns;		/* per slot of the CQ ring: the last look that did not find its CQE */
	uint64_t *taken_ns;		/* of the last cq_entries SQEs: the first look that found it taken; or NULL */
};

enum { SQP_IDLE_SAMPLES = 64, SQP_BIG_SQE_BYTES = 128 };

struct sqp_idle_seen {
	uint64_t awake_max_ns;		/* longest gap after which the thread was awake; 0: none */
	uint64_t asleep_min_ns;		/* shortest gap after which it slept; 0: none */
	uint64_t spin_ns[SQP_IDLE_SAMPLES];
	unsigned nr_spins;
};

struct sqp_ring {
	/* what every I/O touches */
	unsigned sq_tail;		/* next SQE to fill */
	unsigned sq_published;		/* tail the kernel can see */
	unsigned cq_head;		/* next CQE to hand out */
	unsigned cq_released;		/* head the kernel can see */
	unsigned inflight;		/* published and not yet handed out, those of the side ring included */
	unsigned sq_mask, cq_mask;
	unsigned big_shift;		/* entries are 1 << this many times the size of their types */
	_Atomic unsigned *khead, *ktail, *kflags;
	_Atomic unsigned *cq_khead, *cq_ktail;
	struct io_uring_sqe *sqes;
	struct io_uring_cqe *cqes;
	struct sqp_ring *side;		/* the plain ring of sq_wake=bypass and adaptive, or NULL; see bypass.h */
	unsigned split;			/* of the completions handed out last, those from this one on are the side ring's */
	unsigned side_first;		/* position of the first of them */
	bool pauses;			/* between two looks, as pauses are short here: see sqp_relax() */
	bool side_turn;			/* it is the side ring's turn to hand out first */
	bool ordered;			/* what is filled must not overtake what is in flight */
	struct sqp_patience patience;
	struct sqp_policy policy;
	uint64_t active_ns;		/* last activity of the ring that we know of */
	unsigned untimed, time_after;	/* commits since the last that was timed, and as many as make the next one timed */
	uint32_t draw;			/* of the last random number */
	bool idle_watched;		/* this sleep has been recorded */
	bool gave_up;			/* a wait ended with -ETIMEDOUT: no other is worth while */
	bool woken;			/* a wake-up was sent, ... */
	unsigned woken_head;		/* ... when the SQ thread had taken entries up to here, ... */
	uint64_t woken_ns;		/* ... at this time */
	struct sqp_pickup pickup;
	struct sqp_looks looks;
	struct sqp_counters count;

	/* set when the ring is opened */
	int fd;
	int enter_fd;			/* what io_uring_enter is given: fd, or the index it is registered under ... */
	unsigned enter_flags;		/* ... with this flag */
	const char *unregistered_why;	/* why it is not registered, NULL: it is */
	int owner_pid;			/* the process that opened it */
	struct sqp_live *live;		/* of sq_thread_idle=auto, or NULL */
	struct sqp_mark birth;
	struct sqp_sq_thread sq;
	unsigned sq_entries, cq_entries;
	unsigned setup_flags, features;
	struct sqp_config cfg;
	struct io_uring uring;

	struct sqp_idle_seen idle;
	struct sqp_hist gap, wake, taken, reaped;
};

static inline uint64_t sqp_now_ns(const struct sqp_ring *r)
{
	return r->cfg.clock_ns();
}

/* Opens a ring as CFG says, after checking all that the kernel would refuse, so that no io_uring_setup fails (the first
 * one in a process may open a second ring for a moment, see ask.h). 0, or -errno with the reason in WHY. R needs no
 * initialisation; nothing is left behind on failure. What was had: setup_flags, enter_flags. */
int sqp_ring_open(struct sqp_ring *r, const struct sqp_config *cfg, struct sqp_why *why);

/* Closes the ring and stops its SQ thread, unless another ring shares it. Waits for nothing but the kernel's own
 * teardown. By the task that opened it, if its descriptor is registered: that task's registration holds the ring. */
void sqp_ring_close(struct sqp_ring *r);

/* The counters of R and of its side ring. */
struct sqp_counters sqp_ring_count(const struct sqp_ring *r);

/* Does the SQ thread serve another ring as well? */
static inline bool sqp_is_attached(const struct sqp_ring *r)
{
	return r->setup_flags & IORING_SETUP_ATTACH_WQ;
}

static inline bool sqp_is_registered(const struct sqp_ring *r)
{
	return r->enter_flags & IORING_ENTER_REGISTERED_RING;
}

/* Does this kernel know opcode OP? False also when it cannot be asked (before Linux 5.6). */
bool sqp_ring_has_op(struct sqp_ring *r, int op);

/* The next SQE, cleared by the caller's filling of every field, or NULL when DEPTH requests are under way. */
static inline struct io_uring_sqe *sqp_next_sqe(struct sqp_ring *r)
{
	if (__builtin_expect(r->inflight + (r->sq_tail - r->sq_published) >= r->cfg.depth, 0)) {
		r->count.sq_full++;
		return NULL;
	}
	return &r->sqes[(r->sq_tail++ & r->sq_mask) << r->big_shift];
}

/* In flight through the SQ thread. */
static inline unsigned sqp_inflight_here(const struct sqp_ring *r)
{
	return r->inflight - (r->side ? r->side->inflight : 0);
}

/* Requests filled and not yet published. */
static inline unsigned sqp_pending(const struct sqp_ring *r)
{
	return r->sq_tail - r->sq_published;
}

/* Entries that the SQ thread has not taken yet. */
static inline unsigned sqp_untaken(const struct sqp_ring *r)
{
	return r->sq_published - atomic_load_explicit(r->khead, memory_order_acquire);
}

#endif
