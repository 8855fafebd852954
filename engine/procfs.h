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

/* A thread's life by the scheduler's own count; -1: not told. */
struct sqp_sched {
	int64_t cpu_us, wait_us;	/* CPU time; time it could have run and had no CPU */
	int64_t switches, migrations;	/* context switches, and times it was moved to another CPU */
};

/* What is learnt of an SQ thread when its ring is opened: later its ring's lock may be busy all the time, and kernels
 * before 6.9 then do not name it. The rest is what it had used before, for other rings; 0 for a new thread. */
struct sqp_sq_thread {
	int tid;			/* -1: could not be learnt */
	int number;			/* as the kernel shows it for the ring: in a PID namespace that is no tid of ours; -1: not told */
	int64_t total_us, work_us;	/* -1: not told */
	struct sqp_sched sched;
};

/* A point in the life of the calling thread. */
struct sqp_mark {
	uint64_t at_ns;			/* CLOCK_MONOTONIC */
	uint64_t app_us;		/* CPU time used so far */
};

/* What an SQ thread has used since its ring was opened, and its submitter since then. */
struct sqp_usage {
	struct sqp_fdinfo info;
	struct sqp_sched sched;
	uint64_t elapsed_us, app_us;
};

/* Reads /proc/self/fdinfo/FD of a ring whose SQ thread is T. While T->tid is unknown: several times, for up to 20 ms, when
 * the kernel was too busy to answer or the thread has not run yet, and then the thread is looked for by its name. A number
 * counts only when it is an SQ thread's. */
void sqp_fdinfo_read(int fd, const struct sqp_sq_thread *t, struct sqp_fdinfo *info);

/* Learns which thread serves ring FD, just opened by the calling thread. SHARED: it serves other rings as well, and it
 * matters which one it is: up to 2 s are spent on that. */
void sqp_sq_thread_learn(int fd, bool shared, struct sqp_sq_thread *t);

/* "asleep", "running", …: the state of thread TID in words; "state unknown" when it cannot be read. */
void sqp_thread_state(int tid, char *buf, size_t len);

/* Where thread TID may run, as a list like "0-3,8"; cut to LEN. False when it cannot be read. */
bool sqp_thread_cpus(int tid, char *buf, size_t len);

void sqp_mark_now(struct sqp_mark *m);

/* Usage of the SQ thread T of ring FD, which was opened at BIRTH by the calling thread. */
void sqp_usage_since(int fd, const struct sqp_mark *birth, const struct sqp_sq_thread *t, struct sqp_usage *u);

/* First line of a file without its newline; false when it cannot be read. */
bool sqp_read_line(const char *path, char *buf, size_t len);

/* Is CPU in a list like "0-3,8"? */
bool sqp_cpu_in_list(const char *list, int cpu);

#endif
