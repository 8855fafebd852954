/* SPDX-License-Identifier: GPL-2.0-only */
/* What /proc and /sys say about an SQ thread and about this machine. Readers only; a missing file is not an error
 * but an unknown (-1 or false). */
#ifndef SQP_PROCFS_H
#define SQP_PROCFS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sqp_fdinfo {
	int tid, cpu;			/* -1: not told */
	bool idle_since_birth;		/* the thread has not run yet: it has no number and has used nothing */
	int64_t total_us, work_us;	/* CPU time, and the part with work (Linux 6.9); -1: not told */
};

struct sqp_thread_sample {
	struct sqp_fdinfo info;
	int64_t sched_us;		/* CPU time by schedstat; -1: not told */
	int64_t switches;		/* context switches so far; -1: not told */
	uint64_t at_ns;			/* when it was taken, CLOCK_MONOTONIC */
	uint64_t app_us;		/* CPU time of the calling thread */
};

/* Reads /proc/self/fdinfo/FD of a ring, several times when the kernel was too busy to answer. */
void sqp_fdinfo_read(int fd, struct sqp_fdinfo *info);

/* "asleep", "running", …: the state of thread TID in words; "state unknown" when it cannot be read. */
void sqp_thread_state(int tid, char *buf, size_t len);

/* All of the above at one time, for the ring FD. */
void sqp_thread_sample(int fd, struct sqp_thread_sample *s);

/* First line of a file without its newline; false when it cannot be read. */
bool sqp_read_line(const char *path, char *buf, size_t len);

/* Is CPU in a list like "0-3,8"? */
bool sqp_cpu_in_list(const char *list, int cpu);

#endif
