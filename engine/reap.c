// SPDX-License-Identifier: GPL-2.0-only
#include "reap.h"

#include "procfs.h"
#include "wake.h"

#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <sys/poll.h>

/* A look at the clock costs some 20 ns, a spin as much or more: 1 or 2 us lie between two. */
enum { SPINS_PER_CLOCK = 48, BRIEF_NS = 1000000 };

/* A wait for completions. */
struct wait {
	unsigned have, min;		/* so many were ready, and so many have to be */
	unsigned stalls;
	unsigned behind;		/* in flight, when the SQ thread had not taken all entries at the last look */
	uint64_t start_ns, now_ns;	/* 0: too short to have looked at the clock */
};

static unsigned all_ready(const struct sqp_ring *r)
{
	return sqp_ready(r) + (r->side ? sqp_ready(r->side) : 0);
}

static void report_stall(struct sqp_ring *r, uint64_t waited_ns)
{
	unsigned flags = atomic_load_explicit(r->kflags, memory_order_relaxed);
	struct sqp_fdinfo info;
	char state[64], aside[48] = "", what[400];

	sqp_fdinfo_read(r->fd, &r->sq, &info);
	sqp_thread_state(info.tid, state, sizeof(state));
	if (r->side)
		snprintf(aside, sizeof(aside), " (%u of them past the SQ thread)", r->side->inflight);
	snprintf(what, sizeof(what),
		 "nothing completed for %llu ms: %u in flight%s, %u not yet taken by the SQ thread (tid %d, CPU %d, %s), flags %#x%s%s",
		 (unsigned long long)(waited_ns / 1000000), r->inflight, aside, sqp_untaken(r), info.tid, info.cpu, state,
		 flags, flags & IORING_SQ_NEED_WAKEUP ? " NEED_WAKEUP" : "",
		 flags & IORING_SQ_CQ_OVERFLOW ? " CQ_OVERFLOW" : "");
	if (r->cfg.on_stall)
		r->cfg.on_stall(r->cfg.arg, what);
}

static uint64_t until_stall_ns(const struct sqp_ring *r, const struct wait *w)
{
	uint64_t stall_ns = (uint64_t)r->cfg.stall_ms * 1000000 * (w->stalls + 1), waited = w->now_ns - w->start_ns;

	return waited < stall_ns ? stall_ns - waited : 0;
}

static int watchdog(struct sqp_ring *r, struct wait *w)
{
	if (until_stall_ns(r, w))
		return 0;
	w->stalls++;
	r->count.stalls++;
	report_stall(r, w->now_ns - w->start_ns);
	if (w->stalls >= SQP_STALLS_BEFORE_GIVING_UP || (r->cfg.give_up && r->cfg.give_up(r->cfg.arg))) {
		r->gave_up = true;
		return -ETIMEDOUT;
	}
	return sqp_enter(r, sqp_untaken(r), IORING_ENTER_SQ_WAKEUP | IORING_ENTER_GETEVENTS);
}

static void timed_look(struct sqp_ring *r, bool looking)
{
	uint64_t now_ns = sqp_now_ns(r);

	if (r->pickup.hist)
		sqp_pickup_check(r, now_ns, looking);
	if (r->looks.on)
		sqp_look(r, now_ns);
}

static bool is_timed(const struct sqp_ring *r)
{
	return (r->pickup.hist != NULL) | r->looks.on;
}

static void after_block(struct sqp_ring *r)
{
	uint64_t now_ns = sqp_now_ns(r);

	if (r->pickup.hist)
		sqp_pickup_check(r, now_ns, false);
	if (r->looks.on)
		sqp_looks_missed(r, now_ns);
}

/* Until WANT are ready in R. What has been handed out is given back first: the kernel would count it. */
static int block(struct sqp_ring *r, unsigned want, uint64_t limit_ns)
{
	int ret;

	sqp_release(r);
	if (is_timed(r))
		timed_look(r, false);
	ret = sqp_enter_wait(r, want, limit_ns);
	after_block(r);
	return ret;
}

/* Has R requests in flight beyond the NR_READY? */
static bool outstanding(const struct sqp_ring *r, unsigned nr_ready)
{
	return sqp_inflight_here(r) > nr_ready;
}

/* Both rings have. One that has completions ready would end a poll at once. */
static int block_for_both(struct sqp_ring *r, unsigned here, unsigned aside, uint64_t limit_ns)
{
	struct pollfd both[] = { { .fd = r->fd, .events = POLLIN }, { .fd = r->side->fd, .events = POLLIN } };

	if (here + aside)
		return block(r, here + 1, limit_ns < BRIEF_NS ? limit_ns : BRIEF_NS);
	sqp_release(r);
	sqp_release(r->side);
	if (sqp_untaken(r)) {
		int ret = sqp_enter(r, sqp_untaken(r), IORING_ENTER_SQ_WAKEUP);

		r->count.rechecks++;
		if (ret)
			return ret;
	}
	r->count.polls++;
	poll(both, SQP_NR(both), (int)(limit_ns / 1000000 + 1));
	after_block(r);
	after_block(r->side);
	return 0;
}

static int block_somewhere(struct sqp_ring *r, const struct wait *w)
{
	uint64_t limit_ns = until_stall_ns(r, w);
	unsigned here, aside;

	if (!r->side)
		return block(r, w->min, limit_ns);
	/* looked at once: one more than what came in between two looks may be more than will ever come */
	here = sqp_ready(r);
	aside = sqp_ready(r->side);
	if (here + aside > w->have)
		return 0;
	if (!outstanding(r->side, aside))
		return block(r, here + 1, limit_ns);
	/* a plain polled ring has to be asked, and an enter that waits for it ends when the device answers, not at a time */
	if (r->cfg.hipri)
		return 0;
	if (!outstanding(r, here))
		return block(r->side, aside + 1, limit_ns);
	return block_for_both(r, here, aside, limit_ns);
}

/* fio's clock is a counter of the CPU, which may fall back on a virtual one (seen by 3 s in the lab): then the wait begins anew. */
static void look_at_clock(struct sqp_ring *r, struct wait *w)
{
	w->now_ns = sqp_now_ns(r);
	if (!w->start_ns || w->now_ns < w->start_ns)
		w->start_ns = w->now_ns;
}

/* A worker thread that does our requests may wait for this very CPU. A completion that came meanwhile has lain there for at
 * most as long as since the look before. */
static void let_others_run(struct sqp_ring *r, struct wait *w)
{
	uint64_t left_ns = w->now_ns;

	sched_yield();
	r->count.yields++;
	look_at_clock(r, w);
	if (r->pickup.hist)
		sqp_pickup_check(r, w->now_ns, false);
	sqp_patience_yielded(&r->patience, w->now_ns, w->now_ns - left_ns);
}

/* The part of a wait that looks at the clock. */
static int long_wait(struct sqp_ring *r, struct wait *w)
{
	int ret;

	look_at_clock(r, w);
	w->behind = sqp_untaken(r) ? sqp_inflight_here(r) : 0;
	if (sqp_patience_ends(&r->patience, r->cfg.reap, w->now_ns, w->now_ns - w->start_ns, w->behind)) {
		ret = block_somewhere(r, w);
		if (ret)
			return ret;
		look_at_clock(r, w);
		if (all_ready(r) >= w->min)
			return 0;
	} else if (sqp_patience_yields(&r->patience, r->cfg.reap, w->now_ns, w->now_ns - w->start_ns)) {
		let_others_run(r, w);
	}
	return watchdog(r, w);
}

/* One look at the SQ thread's flags. Room for overflowed CQEs is made by giving back those already read. */
static int heed_flags(struct sqp_ring *r, bool first_look)
{
	unsigned flags = atomic_load_explicit(r->kflags, memory_order_relaxed) & SQP_ATTENTION;

	if (__builtin_expect(!flags, 1))
		return 0;
	if (flags & IORING_SQ_CQ_OVERFLOW)
		sqp_release(r);
	if (first_look)			/* since when it sleeps is not known */
		r->idle_watched = true;
	return sqp_attend(r, flags);
}

/* The side ring has no thread that takes what was left, polls, or does what completions leave to be done. An enter polls only
 * while the kernel sees no completion in the ring: all are given back first, also those not yet handed out. What may be in
 * flight has room behind them. */
static int serve_side(struct sqp_ring *side)
{
	unsigned untaken = sqp_untaken(side), flags = atomic_load_explicit(side->kflags, memory_order_relaxed);

	if (flags & IORING_SQ_CQ_OVERFLOW) {
		sqp_release(side);
		side->count.cq_overflow++;
	} else if (side->cfg.hipri && outstanding(side, sqp_ready(side))) {
		sqp_release_to(side, atomic_load_explicit(side->cq_ktail, memory_order_relaxed));
	} else if (!untaken && !(flags & IORING_SQ_TASKRUN)) {
		return 0;
	}
	return sqp_enter(side, untaken, IORING_ENTER_GETEVENTS);
}

static int look_around(struct sqp_ring *r, unsigned spins)
{
	int ret = heed_flags(r, spins == 1);

	if (__builtin_expect(is_timed(r), 0))
		timed_look(r, spins > 1);
	if (!r->side)
		return ret;
	if (is_timed(r->side))
		timed_look(r->side, spins > 1);
	return ret ? ret : serve_side(r->side);
}

/* What is done at once is taken and completed between two looks. */
static void end_wait(struct sqp_ring *r, const struct wait *w)
{
	r->idle_watched = false;
	if (r->pickup.hist && r->cfg.reap == SQP_REAP_SPIN)
		sqp_pickup_check(r, sqp_now_ns(r), true);
	if (!w->now_ns)
		return;
	r->active_ns = sqp_now_ns(r);	/* it took a while: the completion is activity of its own */
	if (r->cfg.reap == SQP_REAP_HYBRID)
		sqp_patience_learn(&r->patience, r->active_ns - w->start_ns, w->behind);
}

/* Until more than HAVE completions are ready. */
static int wait_for_more(struct sqp_ring *r, unsigned have, unsigned min)
{
	struct wait w = { .have = have, .min = min };
	bool impatient = sqp_patience_short(&r->patience, r->cfg.reap);
	int ret = 0;

	for (unsigned spins = 1; all_ready(r) <= have && !ret; spins++) {
		sqp_relax(r);
		ret = look_around(r, spins);
		if (__builtin_expect(spins % SPINS_PER_CLOCK == 0 || impatient, 0) && !ret)
			ret = long_wait(r, &w);
	}
	end_wait(r, &w);
	return ret;
}

static void hand_out(struct sqp_ring *r, unsigned nr)
{
	if (__builtin_expect(r->looks.on, 0))
		sqp_looks_hand_out(r, r->cq_head, nr);
	r->cq_head += nr;
	r->inflight -= nr;
}

/* Of two rings with completions, each hands out first every other time: neither waits for long. */
static unsigned share(struct sqp_ring *r, unsigned max)
{
	unsigned here = sqp_ready(r), aside = sqp_ready(r->side);

	r->side_turn = !r->side_turn;
	if (r->side_turn) {
		aside = aside < max ? aside : max;
		here = here < max - aside ? here : max - aside;
	} else {
		here = here < max ? here : max;
		aside = aside < max - here ? aside : max - here;
	}
	r->split = here;
	r->side_first = r->side->cq_head;
	hand_out(r->side, aside);
	r->inflight -= aside;
	return here;
}

int sqp_reap_any(struct sqp_ring *r, unsigned min, unsigned max, unsigned *first)
{
	unsigned have, here;
	int ret = 0;

	sqp_release_much(r);
	if (r->side) {
		sqp_release_much(r->side);
		/* also when there is no need to wait: what is aside is not left for what is not */
		if (r->side->inflight && !sqp_ready(r->side))
			ret = serve_side(r->side);
	}
	if (ret)
		return ret;
	*first = r->cq_head;
	have = all_ready(r);
	while (have < min && have < r->cq_entries) {
		ret = r->gave_up ? -ETIMEDOUT : wait_for_more(r, have, min);
		if (ret)
			return ret;
		have = all_ready(r);
	}
	if (have > max)
		have = max;
	here = r->side ? share(r, have) : have;
	hand_out(r, here);
	r->count.completed += have;
	return (int)have;
}
