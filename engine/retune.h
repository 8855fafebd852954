/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * sq_thread_idle=auto: which idle period is the cheapest for the gaps seen? A gap of G under a spin of S costs min(G, S) of CPU,
 * and the price of a wake-up when S was the shorter. The spin is that many jiffies and up to one more, at random. Of the
 * last gaps long enough to depend on the choice the sum is taken for every setting that may pay: spinning for longer than a
 * wake-up costs never does, and leaving those out bounds the loss against whoever knows the future to a factor of two
 * (ski rental). A change needs a clear gain and some new gaps, and is not made more often than four times a second. Pure.
 */
#ifndef SQP_RETUNE_H
#define SQP_RETUNE_H

#include <stdbool.h>
#include <stdint.h>

enum {
	SQP_RETUNE_GAPS = 64,		/* so many are remembered, */
	SQP_RETUNE_NEW_GAPS = 8,	/* so many must be younger than the last change */
	SQP_RETUNE_PERIOD_NS = 250000000,	/* shortest time between two changes */
	SQP_RETUNE_GAIN_PERCENT = 10,	/* smaller gains are left alone */
	SQP_RETUNE_MAX_NS = 1000000000,	/* longest idle period, the kernel's default */
};

struct sqp_retune {
	uint64_t jiffy_ns;
	unsigned jiffies;		/* the idle period in force */
	uint64_t gap_ns[SQP_RETUNE_GAPS];
	unsigned nr, next;		/* gaps remembered, and where the next one goes */
	unsigned fresh;			/* gaps since the last change */
	uint64_t changed_ns;
};

/* The start: one jiffy. HZ: 1..1000. */
void sqp_retune_init(struct sqp_retune *p, unsigned hz, uint64_t now_ns);

/* A gap of GAP_NS has ended at NOW_NS; a wake-up costs WAKE_NS. True: JIFFIES is another now. */
bool sqp_retune_gap(struct sqp_retune *p, uint64_t gap_ns, uint64_t wake_ns, uint64_t now_ns);

/* What a gap costs (ns) with an idle period of JIFFIES, on average over the phase of the clock. */
uint64_t sqp_retune_cost_ns(uint64_t jiffy_ns, unsigned jiffies, uint64_t gap_ns, uint64_t wake_ns);

/* The sq_thread_idle (ms) that the kernel makes JIFFIES of, with HZ 1..1000. */
unsigned sqp_retune_ms(unsigned jiffies, unsigned hz);

#endif
