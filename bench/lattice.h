/* SPDX-License-Identifier: GPL-2.0-only */
/* The kernel rounds sq_thread_idle up to jiffies: which settings differ, and how long each one spins. */
#ifndef SQB_LATTICE_H
#define SQB_LATTICE_H

/* Jiffies of idle for IDLE_MS at tick rate HZ; 0 is the kernel's default of one second. */
unsigned lattice_jiffies(unsigned idle_ms, unsigned hz);

/* The largest whole number of milliseconds that is the same setting as IDLE_MS. */
unsigned lattice_canonical_ms(unsigned idle_ms, unsigned hz);

/* Spin before sleep lies in [*lo_ms, *hi_ms): (jiffies + U(0,1)) ticks. */
void lattice_spin_ms(unsigned idle_ms, unsigned hz, double *lo_ms, double *hi_ms);

#endif
