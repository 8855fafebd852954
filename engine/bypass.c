// SPDX-License-Identifier: GPL-2.0-only
#include "bypass.h"

#include "idle.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int sqp_bypass_open(struct sqp_ring *r, struct sqp_why *why)
{
	struct sqp_config cfg = r->cfg;
	struct sqp_ring *side = malloc(sizeof(*side));
	int ret;

	if (!side)
		return sqp_why(why, -ENOMEM, "sq_wake=bypass: no memory for a second ring");
	cfg.plain = true;
	cfg.deferred = true;
	cfg.wake = SQP_WAKE_ALWAYS;
	cfg.sq_cpu = SQP_ANY_CPU;
	cfg.attach_to = NULL;
	cfg.cq_entries = 0;		/* more than can be in flight: see serve_side() */
	ret = sqp_ring_open(side, &cfg, why);
	if (ret) {
		free(side);
		return ret;
	}
	r->side = side;
	sqp_policy_init(&r->policy, sqp_idle_longest_ms(r->cfg.idle_ms) * 1000000, sqp_now_ns(r));
	return 0;
}

bool sqp_bypass_order(struct sqp_ring *r)
{
	if (r->side->inflight && sqp_inflight_here(r))
		return false;
	r->ordered = true;
	return true;
}

static bool goes_aside(struct sqp_ring *r, uint64_t now_ns, unsigned nr)
{
	bool asleep = atomic_load_explicit(r->kflags, memory_order_relaxed) & IORING_SQ_NEED_WAKEUP, wanted = true;

	if (r->cfg.wake == SQP_WAKE_ADAPTIVE)
		wanted = sqp_policy_decide(&r->policy, now_ns, nr, asleep);
	if (r->ordered && r->inflight)
		return r->side->inflight;
	return asleep || !wanted;
}

/* The thread is worth waking, and what is under way now does not wait for it. */
static int call_thread(struct sqp_ring *r, uint64_t now_ns)
{
	if (r->woken && now_ns - r->woken_ns < SQP_WAKE_AGAIN_NS)
		return 0;
	r->woken = true;
	r->woken_head = r->sq_published;
	r->woken_ns = now_ns;
	r->count.wakeups++;
	return sqp_enter(r, 0, IORING_ENTER_SQ_WAKEUP);
}

static void move_aside(struct sqp_ring *r, unsigned nr)
{
	struct sqp_ring *side = r->side;
	size_t size = sizeof(*r->sqes) << r->big_shift;

	for (unsigned i = 0; i < nr; i++)
		memcpy(&side->sqes[((side->sq_tail + i) & side->sq_mask) << side->big_shift],
		       &r->sqes[((r->sq_published + i) & r->sq_mask) << r->big_shift], size);
	side->sq_tail += nr;
	r->sq_tail = r->sq_published;
}

/* The SQ thread was found asleep: a fact about its idle period, as in sqp_wake(). */
static void note_sleep(struct sqp_ring *r, uint64_t now_ns)
{
	uint64_t gap = now_ns - r->active_ns;

	if (!r->inflight && !r->side->count.submitted)
		sqp_idle_saw_sleep(r, gap);
	r->active_ns = now_ns;
	if (!sqp_commit_is_timed(r, gap))
		return;
	sqp_count_gap(r, gap);
	sqp_looks_start(r->side, now_ns);
}

int sqp_bypass_commit(struct sqp_ring *r, uint64_t now_ns, bool *aside)
{
	bool adaptive = r->cfg.wake == SQP_WAKE_ADAPTIVE;
	uint64_t time_ns = now_ns || !adaptive ? now_ns : sqp_now_ns(r);
	unsigned nr = sqp_pending(r);
	int ret = 0;

	*aside = goes_aside(r, time_ns, nr);
	r->ordered = false;
	if (!*aside)
		return sqp_commit(r, now_ns);
	if (adaptive && r->policy.thread)
		ret = call_thread(r, time_ns);
	if (ret)
		return ret;
	if (now_ns)
		note_sleep(r, now_ns);
	move_aside(r, nr);
	r->inflight += nr;
	r->count.submitted += nr;
	r->count.bypassed += nr;
	sqp_publish(r->side);
	/* what the kernel does not take now (no memory, a full CQ ring) is submitted again while completions are waited for */
	return sqp_enter(r->side, nr, IORING_ENTER_GETEVENTS);
}
