/* SPDX-License-Identifier: GPL-2.0-only */
/* Where the SQ thread may sit, where it is put, and whether it was there. topo.h makes the choice. */
#ifndef SQP_PLACE_H
#define SQP_PLACE_H

#include "procfs.h"
#include "topo.h"

#include <stdatomic.h>

enum { SQP_PLACE_CPUS = 8192 };	/* CPUs known to this file: CONFIG_NR_CPUS goes no higher */

/* The CPUs that jobs pinned to one, and SQ threads that were placed, use. All zero: none. In memory that all processes of
 * one fio share. */
struct sqp_claims {
	_Atomic unsigned short users[SQP_PLACE_CPUS];
};

struct sqp_place {
	enum sqp_place_kind asked;
	enum sqp_place_kind kind;	/* SQP_PLACE_ANY, SQP_PLACE_NUMBER, or the class of CPU, seen from the job's */
	int cpu;			/* or SQP_ANY_CPU */
	int job_cpu;			/* where the calling thread was when the choice was made */
	bool job_pinned;		/* it can be nowhere else */
	bool isolated;			/* CPU is one of isolcpus= */
	bool busy;			/* CPU is claimed by another job or its SQ thread */
	bool foreign;			/* the topology is not this machine's: HWLOC_SYNTHETIC or HWLOC_XMLFILE is set */
	struct sqp_claims *claims;
	int buffers_node;		/* what sqp_place_near_memory() answered */
};

/* What was seen of a placed SQ thread at the end. */
struct sqp_place_seen {
	const char *unknown_why;	/* why nothing was seen, NULL: it was */
	bool kept;			/* it ran there last and may run nowhere else */
	int cpu;			/* where it ran last */
	char allowed[64];		/* where it may run: a list, cut when it is longer */
};

/* 0 when an SQ thread can be pinned to CPU (or CPU is SQP_ANY_CPU); else -EINVAL, and WHY says whether the CPU
 * does not exist, is offline, or is outside this task's cpuset. Briefly moves the calling thread. */
int sqp_place_check(int cpu, struct sqp_why *why);

/* What TEXT asks for: a number (*CPU is it, else SQP_ANY_CPU), a class, "auto", "any" or NULL. -EINVAL and a reason for
 * anything else. */
int sqp_place_parse(const char *text, enum sqp_place_kind *kind, int *cpu, struct sqp_why *why);

/* Remembers on which CPUs the calling thread may run: those that a user gave the program. Later the threads of jobs are
 * bound to fewer. Not called: the CPUs of who calls sqp_place_choose(). */
void sqp_place_remember(void);

/* Loads this machine's topology, once per process; best before other processes and threads are made, which then share it
 * (0.9 ms on two CPUs). 0 or -errno. */
int sqp_place_load(void);

/*
 * Chooses the CPU for the SQ thread of a ring that the calling thread is about to open. CPU is that of SQP_PLACE_NUMBER.
 * A class needs the topology, counts the CPUs of sqp_place_remember() and of the calling thread as allowed if they are in
 * the cpuset and online, and counts those in CLAIMS (may be NULL) as busy. 0, or -errno with the reason.
 */
int sqp_place_choose(struct sqp_place *p, enum sqp_place_kind asked, int cpu, struct sqp_claims *claims, struct sqp_why *why);

/* The calling thread's CPU, if it is pinned to one, is claimed until it is released; -1 when it is not. */
int sqp_place_claim_own(struct sqp_claims *claims);
void sqp_place_unclaim(struct sqp_claims *claims, int cpu);

/* Gives back the claim that sqp_place_choose() made. */
void sqp_place_release(struct sqp_place *p);

/* Was the SQ thread, of which INFO was just read, where it was put? */
void sqp_place_verify(const struct sqp_place *p, const struct sqp_fdinfo *info, struct sqp_place_seen *seen);

/*
 * The pages around BYTES bytes at BUF that are not there yet shall be made on the node of the calling thread's CPU: also when
 * the SQ thread is the first to write into them; and automatic NUMA balancing leaves them there. That node; -ENODEV where
 * memory is on one node only, or the thread has a memory policy (numactl, numa_mem_policy), which is left in force; or
 * another -errno of mbind().
 */
int sqp_place_near_memory(void *buf, size_t bytes);

enum { SQP_PLACE_NOTES = 6, SQP_PLACE_NOTE_LEN = 256 };

/* What a reader of the result must know: sentences for NOTE, their number. */
unsigned sqp_place_notes(const struct sqp_place *p, const struct sqp_place_seen *seen,
			 char note[SQP_PLACE_NOTES][SQP_PLACE_NOTE_LEN]);

#endif
