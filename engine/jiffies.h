/* SPDX-License-Identifier: GPL-2.0-only */
/* The kernel's clock ticks, in which it counts idle periods. The suite uses this too: it stands alone. */
#ifndef SQP_JIFFIES_H
#define SQP_JIFFIES_H

#include <stdint.h>

/* The idle period that the kernel makes of IDLE_MS: whole jiffies, at least; 0 is HZ jiffies (seed patch,
 * io_sq_offload_start: msecs_to_jiffies, 0 means HZ). The thread then spins up to one jiffy longer. */
uint64_t sqp_idle_jiffies(unsigned idle_ms, unsigned hz);

/* The kernel's tick rate. CLOCK_MONOTONIC_COARSE advances once a tick, so its resolution is 1/HZ. 0: not known. */
unsigned sqp_kernel_hz(void);

#endif
