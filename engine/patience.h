/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How long to spin for a completion before blocking in the kernel. To block and be woken costs some microseconds, to
 * spin costs the CPU; whoever spins as long as blocking would have cost pays at most twice what knowing the future
 * would (the ski-rental bound). Two things are learnt, so that it is seldom twice: how long waits take, and whether the
 * SQ thread waits for a CPU, which spinning may keep from it. Pure.
 */
#ifndef SQP_PATIENCE_H
#define SQP_PATIENCE_H

#include "config.h"

enum {
	SQP_SPIN_NS = 20000,		/* spin no longer than this: what blocking costs, its delay included */
	SQP_TAKE_NS = 2000,		/* an SQ thread that has a CPU takes an entry within so long, ... */
	SQP_SIGN_NS = 2000000,		/* two signs of too few CPUs no further apart are believed: one may be an interrupt's, or the host's, ... */
	SQP_CROWDED_NS = 10000000,	/* ... and for so long after that, do not spin at all */
	SQP_YIELD_NS = 50000,		/* who only spins lets others have the CPU after so long, and again after as long, ... */
	SQP_YIELD_NOBODY_NS = 2000,	/* ... twice as long each time there was nobody, as it came back sooner than this, ... */
	SQP_YIELD_LONG_NS = 1000000,	/* ... and not at all for a while when it came back later than this: a kernel thread that works for us is done sooner; ... */
	SQP_NO_YIELD_NS = 200000000,	/* ... so long, twice that after the next time */
	SQP_YIELD_EASES = 6,		/* both are doubled so many times at most */
};

/* Zero is the start: nothing learnt. */
struct sqp_patience {
	uint64_t spinning_ns;		/* moving average of what spinning first would have cost, of the waits long enough to be timed */
	uint64_t sign_ns;		/* when the SQ thread was last seen to wait for a CPU; 0: never */
	uint64_t crowded_until_ns;	/* 0: it is not believed */
	uint64_t yield_from_ns;		/* the CPU is kept until then */
	unsigned nobody, kept;		/* how often in a row there was nobody, and how often it was kept for long */
};

/* Shall a wait of MODE block before it has spun at all? It may say yes when there are signs of too few CPUs; the clock
 * then decides, in sqp_patience_ends(). */
static inline bool sqp_patience_short(const struct sqp_patience *p, enum sqp_reap_mode mode)
{
	return mode == SQP_REAP_SLEEP ||
	       (mode == SQP_REAP_HYBRID && (p->spinning_ns > SQP_SPIN_NS || p->crowded_until_ns));
}

/* Shall a wait of MODE that has lasted WAITED_NS block at NOW_NS? BEHIND: requests in flight if the SQ thread has not taken all of
 * them, else 0. It takes them in batches, and shows a batch when it is through: until then it is busy, or without a CPU. */
bool sqp_patience_ends(struct sqp_patience *p, enum sqp_reap_mode mode, uint64_t now_ns, uint64_t waited_ns, unsigned behind);

/* Shall a wait of MODE that has lasted WAITED_NS let others have the CPU at NOW_NS? It may be a worker thread of our own
 * requests that waits for it, or somebody who works for himself. */
bool sqp_patience_yields(const struct sqp_patience *p, enum sqp_reap_mode mode, uint64_t now_ns, uint64_t waited_ns);

/* It did, and had it back at NOW_NS after TOOK_NS. */
void sqp_patience_yielded(struct sqp_patience *p, uint64_t now_ns, uint64_t took_ns);

/* A wait took WAITED_NS; BEHIND as above, when it was last looked at. */
void sqp_patience_learn(struct sqp_patience *p, uint64_t waited_ns, unsigned behind);

#endif
