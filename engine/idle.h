/* SPDX-License-Identifier: GPL-2.0-only */
/* How long the SQ thread really spins before it sleeps: observed, never derived from what was asked for. */
#ifndef SQP_IDLE_H
#define SQP_IDLE_H

#include "ring.h"

/* The thread was found asleep by a commit GAP_NS after the last activity. */
void sqp_idle_saw_sleep(struct sqp_ring *r, uint64_t gap_ns);

/* NEED_WAKEUP has just risen before our eyes: records the spin since the last activity. */
void sqp_idle_fell_asleep(struct sqp_ring *r);

/* With nothing in flight, watches the SQ thread fall asleep, for as long as its idle period asks for but never
 * longer than cfg.idle_probe_ms. NULL when that gave a sample, else the reason why not. */
const char *sqp_idle_probe(struct sqp_ring *r);

/* Median of the observed spins in ns; 0 when none was seen. */
uint64_t sqp_idle_median_ns(const struct sqp_idle_seen *seen);

/* The idle period that the kernel makes of IDLE_MS: whole jiffies, at least; 0 is HZ jiffies (seed patch,
 * io_sq_offload_start: msecs_to_jiffies, 0 means HZ). The thread then spins up to one jiffy longer. */
uint64_t sqp_idle_jiffies(unsigned idle_ms, unsigned hz);

/* The kernel's tick rate. CLOCK_MONOTONIC_COARSE advances once a tick, so its resolution is 1/HZ. 0: not known. */
unsigned sqp_kernel_hz(void);

#endif
