/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How long a completion lay in the CQ ring before it was handed out. Nothing in the ring says when a CQE was written,
 * so what counts is the last look that did not find it: the true time is not longer, and while the reaper spins
 * the two are one look at the clock apart. With cfg.time_all every request is timed, else a sample (wake.h).
 */
#ifndef SQP_LOOK_H
#define SQP_LOOK_H

#include "ring.h"

/* The memory for it, and with cfg.time_all its start. 0 or -ENOMEM with the reason; sqp_looks_close() frees it. */
int sqp_looks_open(struct sqp_ring *r, struct sqp_why *why);

void sqp_looks_close(struct sqp_ring *r);

/* From here on completions are timed, until the first that is not there yet has been handed out. NOW_NS: a clock
 * reading that is not younger than the call. */
void sqp_looks_start(struct sqp_ring *r, uint64_t now_ns);

/* One look at both rings while looks.on; NOW_NS as above. */
void sqp_look(struct sqp_ring *r, uint64_t now_ns);

/* Nobody has looked since the last look: what has come or been taken since has no known time. NOW_NS as above. */
void sqp_looks_missed(struct sqp_ring *r, uint64_t now_ns);

/* NR completions from position FIRST are being handed out: times them. Only while looks.on. */
void sqp_looks_hand_out(struct sqp_ring *r, unsigned first, unsigned nr);

/* The first look (ns) that found the SQE at position POS taken; 0: not known. With cfg.time_all, for a request that has
 * just been handed out. */
uint64_t sqp_taken_ns(const struct sqp_ring *r, unsigned pos);

/* The last look (ns) that did not find the CQE at position POS, which was handed out last; 0: not known, as nobody looked. */
static inline uint64_t sqp_absent_ns(const struct sqp_ring *r, unsigned pos)
{
	return r->looks.absent_ns[pos & r->cq_mask];
}

#endif
