/* SPDX-License-Identifier: GPL-2.0-only */
/* Measures how long the SQ thread spins after its last work before it asks to be woken. */
#ifndef PROBE_IDLE_H
#define PROBE_IDLE_H

#include "probe_ring.h"

double now_us(void);
void sleep_us(double us);
double tick_us(void);

/* Wait until the ring asks for a wake-up, or has taken every entry. 0 or -ETIME. */
int wait_asleep(const struct probe_ring *ring, double limit_us);
int wait_taken(const struct probe_ring *ring, double limit_us);

/* Wait for one completion and give its result. 0 or -ETIME. */
int wait_result(struct probe_ring *ring, double limit_us, int *res);

/* Wake a sleeping ring with one NOP and see it complete. 0 or -errno. */
int wake_with_nop(struct probe_ring *ring);

/*
 * COUNT spins of a ring with this idle period, started at COUNT evenly spread phases of the tick, because the spin
 * ends on a tick. A spin during which the observer or the SQ thread had to wait for a CPU is dropped and tried again
 * for a bounded time (with idle 0 only if it waited for more than a tick); *dropped counts them. Returns how many were measured, or -errno.
 */
int measure_spins(unsigned idle_ms, int count, double *spins_us, int *dropped);

/*
 * Idle is SECOND_IDLE_TICKS; work SECOND_PAUSE_TICKS after the work that woke the thread: how many ticks does it spin
 * from then on (median of three)? The idle period, if work restarts it, or what is left of it. 0 or -errno.
 */
enum { SECOND_IDLE_TICKS = 8, SECOND_PAUSE_TICKS = 5 };
int spin_after_second_work(double *spin_ticks);

#endif
