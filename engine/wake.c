// SPDX-License-Identifier: GPL-2.0-only
#include "wake.h"

#include "idle.h"

#include <errno.h>

enum { PICKUP_SLACK_NS = 1000, PICKUP_SLACK_SHIFT = 3 };

int sqp_enter(struct sqp_ring *r, unsigned to_submit, unsigned flags)
{
	int ret = io_uring_enter((unsigned)r->enter_fd, to_submit, 0, flags | r->enter_flags, NULL);

	r->count.enters++;
	if (ret >= 0 || ret == -EINTR || ret == -EAGAIN || ret == -EBUSY)
		return 0;
	return ret;
}

int sqp_enter_wait(struct sqp_ring *r, unsigned want, uint64_t timeout_ns)
{
	struct __kernel_timespec limit = {
		.tv_sec = (int64_t)(timeout_ns / 1000000000), .tv_nsec = (long long)(timeout_ns % 1000000000),
	};
	struct io_uring_getevents_arg arg = { .ts = (uintptr_t)&limit };
	unsigned untaken = sqp_untaken(r), flags = IORING_ENTER_GETEVENTS | IORING_ENTER_EXT_ARG | r->enter_flags;
	int ret;

	if (untaken && !r->cfg.plain)
		flags |= IORING_ENTER_SQ_WAKEUP;
	ret = io_uring_enter2((unsigned)r->enter_fd, untaken, want, flags, (sigset_t *)&arg, sizeof(arg));
	r->count.enters++;
	r->count.waits++;
	if (ret >= 0 || ret == -EINTR || ret == -EAGAIN || ret == -EBUSY || ret == -ETIME)
		return 0;
	return ret;
}

void sqp_pickup_start(struct sqp_ring *r, struct sqp_hist *hist, uint64_t now_ns)
{
	if (r->pickup.hist)
		return;
	r->pickup = (struct sqp_pickup){
		.hist = hist, .start_ns = now_ns, .checked_ns = now_ns, .tail = r->sq_published,
	};
}

/* What has completed was taken, though the kernel moves the head of the SQ ring only after it has posted completions. */
static bool all_completed(const struct sqp_ring *r)
{
	return sqp_inflight_here(r) == atomic_load_explicit(r->cq_ktail, memory_order_acquire) - r->cq_head;
}

/* The entry was taken between the last look and this one. To whoever waited and looked all the time that is how long
 * it took; after an absence a sample is kept only when that was short, in absolute terms or against its value. */
void sqp_pickup_check(struct sqp_ring *r, uint64_t now_ns, bool looking)
{
	struct sqp_pickup *p = &r->pickup;
	unsigned head = atomic_load_explicit(r->khead, memory_order_acquire);
	uint64_t took;

	if ((int)(head - p->tail) < 0 && !all_completed(r)) {
		p->checked_ns = now_ns;
		return;
	}
	now_ns = sqp_now_ns(r);		/* the caller's is older than the head: not the moment at which it was seen */
	took = now_ns - p->start_ns;
	if (looking || now_ns - p->checked_ns <= PICKUP_SLACK_NS + (took >> PICKUP_SLACK_SHIFT))
		sqp_hist_add(p->hist, took);
	p->hist = NULL;
}

/* Half to one and a half of the average: a load that repeats itself is not always met at the same place. */
static void draw_next(struct sqp_ring *r)
{
	unsigned every = sqp_time_every(r->cfg.depth);

	r->untimed = 0;
	r->draw = r->draw * 1664525 + 1013904223;
	r->time_after = r->cfg.time_all ? 1 : every / 2 + (r->draw >> 16) % every;
}

void sqp_count_gap(struct sqp_ring *r, uint64_t gap_ns)
{
	if (gap_ns > SQP_PICKUP_GAP_NS) {
		r->untimed--;
		sqp_hist_add(&r->gap, gap_ns);
		return;
	}
	sqp_hist_add_many(&r->gap, gap_ns, r->untimed);
	draw_next(r);
}

static void time_commit(struct sqp_ring *r, uint64_t gap_ns, uint64_t now_ns)
{
	sqp_count_gap(r, gap_ns);
	if (gap_ns > r->idle.awake_max_ns)
		r->idle.awake_max_ns = gap_ns;
	sqp_pickup_start(r, &r->taken, now_ns);
	sqp_looks_start(r, now_ns);
	if (r->live)
		sqp_live_gap(r, gap_ns, now_ns);
}

void sqp_note_more(struct sqp_ring *r, uint64_t gap_ns, uint64_t now_ns)
{
	if (r->pickup.hist)
		sqp_pickup_check(r, now_ns, false);
	if (r->untimed >= r->time_after || gap_ns > SQP_PICKUP_GAP_NS)
		time_commit(r, gap_ns, now_ns);
}

/*
 * A woken thread keeps NEED_WAKEUP set until it gets a CPU. It then clears the flag before it reads the tail, so
 * whoever published and still saw the flag will be served by the wake-up that is under way. It has arrived when
 * entries were taken since; the time limit is for a wake-up that was lost all the same.
 */
static bool wakeup_under_way(const struct sqp_ring *r, uint64_t now_ns)
{
	return r->woken && atomic_load_explicit(r->khead, memory_order_acquire) == r->woken_head &&
	       now_ns - r->woken_ns < SQP_WAKE_AGAIN_NS;
}

static int send_wakeup(struct sqp_ring *r, unsigned untaken, uint64_t now_ns)
{
	r->woken = true;
	r->woken_head = r->sq_published - untaken;
	r->woken_ns = now_ns;
	return sqp_enter(r, untaken, IORING_ENTER_SQ_WAKEUP);
}

int sqp_wake(struct sqp_ring *r, unsigned nr, uint64_t now_ns)
{
	uint64_t start_ns = now_ns ? now_ns : sqp_now_ns(r), gap_ns = start_ns - r->active_ns;
	unsigned untaken = sqp_untaken(r);
	int ret;

	if (now_ns)
		sqp_hist_add(&r->gap, gap_ns);
	if (wakeup_under_way(r, start_ns)) {
		r->active_ns = start_ns;
		return 0;
	}
	/* with older entries still there it was kept from running: that is no idle period */
	if (now_ns && untaken == nr)
		sqp_idle_saw_sleep(r, gap_ns);
	r->count.wakeups++;
	r->idle_watched = false;
	r->active_ns = start_ns;
	r->pickup.hist = NULL;
	sqp_pickup_start(r, &r->wake, start_ns);
	if (now_ns)
		sqp_looks_start(r, now_ns);
	ret = send_wakeup(r, untaken, start_ns);
	sqp_pickup_check(r, sqp_now_ns(r), true);	/* on our own CPU it may have run meanwhile */
	if (r->live && now_ns && untaken == nr)
		sqp_live_gap(r, gap_ns, now_ns);
	return ret;
}

int sqp_attend(struct sqp_ring *r, unsigned flags)
{
	unsigned untaken;
	uint64_t now_ns;

	if (flags & IORING_SQ_CQ_OVERFLOW) {
		r->count.cq_overflow++;
		return sqp_enter(r, 0, IORING_ENTER_GETEVENTS);
	}
	untaken = sqp_untaken(r);
	if (!untaken) {
		if (!r->idle_watched)
			sqp_idle_fell_asleep(r);
		return 0;
	}
	now_ns = sqp_now_ns(r);
	if (wakeup_under_way(r, now_ns))
		return 0;
	r->count.rechecks++;
	return send_wakeup(r, untaken, now_ns);
}
