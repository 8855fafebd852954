// SPDX-License-Identifier: GPL-2.0-only
#include "look.h"

#include <errno.h>
#include <stdlib.h>

int sqp_looks_open(struct sqp_ring *r, struct sqp_why *why)
{
	struct sqp_looks *l = &r->looks;

	l->absent_ns = calloc(r->cq_entries, sizeof(*l->absent_ns));
	if (r->cfg.time_all)
		l->taken_ns = calloc(r->cq_entries, sizeof(*l->taken_ns));
	if (l->absent_ns && (l->taken_ns || !r->cfg.time_all)) {
		/* from the first request on: one that completes before the commit returns is timed too */
		if (r->cfg.time_all)
			sqp_looks_start(r, sqp_now_ns(r));
		return 0;
	}
	sqp_looks_close(r);
	return sqp_why(why, -ENOMEM, "no memory to time %u requests; lower iodepth or free memory", r->cq_entries);
}

void sqp_looks_close(struct sqp_ring *r)
{
	free(r->looks.absent_ns);
	free(r->looks.taken_ns);
	r->looks.absent_ns = r->looks.taken_ns = NULL;
}

void sqp_looks_start(struct sqp_ring *r, uint64_t now_ns)
{
	struct sqp_looks *l = &r->looks;

	if (l->on) {
		sqp_look(r, now_ns);
		return;
	}
	l->on = true;
	l->ns = now_ns;
	l->from = l->tail = atomic_load_explicit(r->cq_ktail, memory_order_acquire);
}

static void look_at_sq(struct sqp_ring *r)
{
	struct sqp_looks *l = &r->looks;
	unsigned head = atomic_load_explicit(r->khead, memory_order_acquire);
	uint64_t now_ns;

	if (l->head == head)
		return;
	now_ns = sqp_now_ns(r);
	for (; l->head != head; l->head++)
		l->taken_ns[l->head & r->cq_mask] = now_ns;
}

void sqp_look(struct sqp_ring *r, uint64_t now_ns)
{
	struct sqp_looks *l = &r->looks;
	unsigned tail = atomic_load_explicit(r->cq_ktail, memory_order_acquire);

	/* the clock was read before the tail: at that time what is missing now was missing */
	for (; l->tail != tail; l->tail++)
		l->absent_ns[l->tail & r->cq_mask] = l->ns;
	l->ns = now_ns;
	if (l->taken_ns)
		look_at_sq(r);
}

void sqp_looks_missed(struct sqp_ring *r, uint64_t now_ns)
{
	struct sqp_looks *l = &r->looks;
	unsigned tail = atomic_load_explicit(r->cq_ktail, memory_order_acquire);
	unsigned head = atomic_load_explicit(r->khead, memory_order_acquire);

	for (; l->tail != tail; l->tail++)
		l->absent_ns[l->tail & r->cq_mask] = 0;
	for (; l->taken_ns && l->head != head; l->head++)
		l->taken_ns[l->head & r->cq_mask] = 0;
	l->ns = now_ns;
}

void sqp_looks_hand_out(struct sqp_ring *r, unsigned first, unsigned nr)
{
	struct sqp_looks *l = &r->looks;
	uint64_t now_ns;

	sqp_look(r, sqp_now_ns(r));
	now_ns = l->handed_ns = sqp_now_ns(r);	/* not before anything that this look found */
	for (unsigned pos = first; pos != first + nr; pos++)
		if ((int)(pos - l->from) >= 0 && sqp_absent_ns(r, pos))
			sqp_hist_add(&r->reaped, now_ns - sqp_absent_ns(r, pos));
	if (!r->cfg.time_all && (int)(first + nr - l->from) > 0)
		l->on = false;
}

uint64_t sqp_taken_ns(const struct sqp_ring *r, unsigned pos)
{
	unsigned age = r->looks.head - pos;	/* 0: not taken; beyond the array's size its slot has been used again */

	return age - 1 < r->cq_entries ? r->looks.taken_ns[pos & r->cq_mask] : 0;
}
