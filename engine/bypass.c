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
	cfg.wake = SQP_WAKE_ALWAYS;
	cfg.sq_cpu = SQP_ANY_CPU;
	cfg.attach_to = NULL;
	ret = sqp_ring_open(side, &cfg, why);
	if (ret) {
		free(side);
		return ret;
	}
	r->side = side;
	return 0;
}

bool sqp_bypass_order(struct sqp_ring *r)
{
	if (r->side->inflight && sqp_inflight_here(r))
		return false;
	r->ordered = true;
	return true;
}

static bool goes_aside(const struct sqp_ring *r)
{
	if (r->ordered && r->inflight)
		return r->side->inflight;
	return atomic_load_explicit(r->kflags, memory_order_relaxed) & IORING_SQ_NEED_WAKEUP;
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

	sqp_hist_add(&r->gap, gap);
	if (!r->inflight && !r->side->count.submitted)
		sqp_idle_saw_sleep(r, gap);
	r->active_ns = now_ns;
	if ((++r->commits & r->time_mask) == 0 || gap > SQP_PICKUP_GAP_NS)
		sqp_looks_start(r->side, now_ns);
}

int sqp_bypass_commit(struct sqp_ring *r, uint64_t now_ns, bool *aside)
{
	unsigned nr = sqp_pending(r);

	*aside = goes_aside(r);
	r->ordered = false;
	if (!*aside)
		return sqp_commit(r, now_ns);
	if (now_ns)
		note_sleep(r, now_ns);
	move_aside(r, nr);
	r->inflight += nr;
	r->count.submitted += nr;
	r->count.bypassed += nr;
	sqp_publish(r->side);
	/* what the kernel does not take now (no memory, a full CQ ring) is submitted again while completions are waited for */
	return sqp_enter(r->side, nr, 0);
}
