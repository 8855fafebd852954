/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The SQ thread as /proc shows it: a kernel thread "io_uring-sq" before Linux 5.12, a thread "iou-sqp-PID" of the
 * process since.
 */
#ifndef PROBE_THREAD_H
#define PROBE_THREAD_H

#include <stddef.h>
#include <sys/types.h>

/* How many SQ threads may serve rings of PID; *tid is one of them. Kernel threads name no owner: all are counted. */
int sq_threads(pid_t pid, pid_t *tid);

/* The thread's CPU affinity as text, and the CPU it ran on last. 0 or -errno. */
int thread_affinity(pid_t tid, char *list, size_t len);
int thread_last_cpu(pid_t tid, int *cpu);

/* Nanoseconds that the thread stood ready without a CPU. 0 or -errno. */
int thread_run_delay(pid_t tid, long long *delay_ns);

#endif
