/* SPDX-License-Identifier: GPL-2.0-only */
/* What a bare SQPOLL ring does on this machine, without fio and without our engine. */
#ifndef SQB_RINGPROBE_H
#define SQB_RINGPROBE_H

/* Sets up and closes an SQPOLL ring: 0 or -errno. */
int ringprobe_sqpoll(void);

/* Up to N spins, last activity to NEED_WAKEUP, in ms, for sq_thread_idle=IDLE_MS. Each wait is bounded.
 * Returns how many were seen, or -errno. */
int ringprobe_spins(unsigned idle_ms, double *spin_ms, unsigned n);

#endif
