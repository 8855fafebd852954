/* SPDX-License-Identifier: GPL-2.0-only */
/* How long the SQ thread really spins before it sleeps: observed, never derived from what was asked for. */
#ifndef SQP_IDLE_H
#define SQP_IDLE_H

#include "jiffies.h"
#include "ring.h"

/* The thread was found asleep by a commit GAP_NS after the last activity. */
void sqp_idle_saw_sleep(struct sqp_ring *r, uint64_t gap_ns);

/* NEED_WAKEUP has just risen before our eyes: records the spin since the last activity. */
void sqp_idle_fell_asleep(struct sqp_ring *r);

/* With nothing in flight, watches the SQ thread fall asleep, for as long as its idle period asks for but never
 * longer than cfg.idle_probe_ms. NULL when that gave a sample, else the reason why not. */
const char *sqp_idle_probe(struct sqp_ring *r);

/* The longest time (ms) that the SQ thread of an idle period of IDLE_MS may spin: jiffies are rounded up, and the first is
 * not a whole one. */
uint64_t sqp_idle_longest_ms(unsigned idle_ms);

/* Median of the observed spins in ns; 0 when none was seen. */
uint64_t sqp_idle_median_ns(const struct sqp_idle_seen *seen);

#endif
