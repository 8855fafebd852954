// SPDX-License-Identifier: GPL-2.0-only
#include "reap.h"

#include "procfs.h"
#include "wake.h"

#include <errno.h>
#include <stdio.h>

/* A look at the clock costs some 20 ns: about 1 us of spinning lies between two. */
enum { SPINS_PER_CLOCK = 1024 };

struct watch {
	uint64_t start_ns;
	unsigned stalls;
};

static unsigned ready(const struct sqp_ring *r)
{
	return atomic_load_explicit(r->cq_ktail, memory_order_acquire) - r->cq_head;
}

static void report_stall(struct sqp_ring *r, uint64_t waited_ns)
{
	unsigned flags = atomic_load_explicit(r->kflags, memory_order_relaxed);
	struct sqp_fdinfo info;
	char state[64], what[320];

	sqp_fdinfo_read(r->fd, &r->sq, &info);
	sqp_thread_state(info.tid, state, sizeof(state));
	snprintf(what, sizeof(what),
		 "nothing completed for %llu ms: %u in flight, %u not yet taken by the SQ thread (tid %d, CPU %d, %s), flags %#x%s%s",
		 (unsigned long long)(waited_ns / 1000000), r->inflight, sqp_untaken(r), info.tid, info.cpu, state,
		 flags, flags & IORING_SQ_NEED_WAKEUP ? " NEED_WAKEUP" : "",
		 flags & IORING_SQ_CQ_OVERFLOW ? " CQ_OVERFLOW" : "");
	if (r->cfg.on_stall)
		r->cfg.on_stall(r->cfg.arg, what);
}

/* Called about once a microsecond of waiting. */
static int watchdog(struct sqp_ring *r, struct watch *w, uint64_t now_ns)
{
	uint64_t stall_ns = (uint64_t)r->cfg.stall_ms * 1000000;

	if (!w->start_ns)
		w->start_ns = now_ns;
	if (now_ns - w->start_ns < stall_ns * (w->stalls + 1))
		return 0;
	w->stalls++;
	r->count.stalls++;
	report_stall(r, now_ns - w->start_ns);
	if (w->stalls >= SQP_STALLS_BEFORE_GIVING_UP || (r->cfg.give_up && r->cfg.give_up(r->cfg.arg))) {
		r->gave_up = true;
		return -ETIMEDOUT;
	}
	return sqp_enter(r, sqp_untaken(r), IORING_ENTER_SQ_WAKEUP | IORING_ENTER_GETEVENTS);
}

static void release(struct sqp_ring *r)
{
	r->cq_released = r->cq_head;
	atomic_store_explicit(r->cq_khead, r->cq_head, memory_order_release);
}

static void timed_look(struct sqp_ring *r, bool looking)
{
	uint64_t now_ns = sqp_now_ns(r);

	if (r->pickup.hist)
		sqp_pickup_check(r, now_ns, looking);
	if (r->looks.on)
		sqp_look(r, now_ns);
}

/* Until more than HAVE completions are ready. Room for overflowed CQEs is made by giving back those already read. */
static int wait_for_more(struct sqp_ring *r, unsigned have)
{
	struct watch w = { 0 };
	uint64_t now_ns = 0;
	unsigned flags, spins;
	int ret = 0;

	for (spins = 1; ready(r) <= have && !ret; spins++) {
		flags = atomic_load_explicit(r->kflags, memory_order_relaxed) & SQP_ATTENTION;
		if (__builtin_expect(flags, 0)) {
			if (flags & IORING_SQ_CQ_OVERFLOW)
				release(r);
			if (spins == 1)		/* since when it sleeps is not known */
				r->idle_watched = true;
			ret = sqp_attend(r, flags);
		}
		if (__builtin_expect((r->pickup.hist != NULL) | r->looks.on, 0))
			timed_look(r, spins > 1);
		if (__builtin_expect(spins % SPINS_PER_CLOCK == 0, 0)) {
			now_ns = sqp_now_ns(r);
			ret = ret ? ret : watchdog(r, &w, now_ns);
		}
	}
	if (now_ns)		/* it took a while: the completion is activity of its own */
		r->active_ns = sqp_now_ns(r);
	r->idle_watched = false;
	return ret;
}

int sqp_reap(struct sqp_ring *r, unsigned min, unsigned max, unsigned *first)
{
	unsigned have = ready(r);

	/* The CQEs of the last call have been read by now. Giving them back in large steps keeps the line that
	 * holds the head in our cache. */
	if (r->cq_head - r->cq_released >= r->cq_entries / 4)
		release(r);
	*first = r->cq_head;
	while (have < min && have < r->cq_entries) {
		int ret = r->gave_up ? -ETIMEDOUT : wait_for_more(r, have);

		if (ret)
			return ret;
		have = ready(r);
	}
	if (have > max)
		have = max;
	if (__builtin_expect(r->looks.on, 0))
		sqp_looks_hand_out(r, *first, have);
	r->cq_head += have;
	r->inflight -= have;
	r->count.completed += have;
	return (int)have;
}
