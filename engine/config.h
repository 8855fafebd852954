/* SPDX-License-Identifier: GPL-2.0-only */
/* What a ring is asked for. Plain data: filled by the fio edge or by a test, read by everything else. */
#ifndef SQP_CONFIG_H
#define SQP_CONFIG_H

#include <stdbool.h>
#include <stdint.h>

#define SQP_ENGINE_VERSION "0.1.0"
#define SQP_NR(array) (sizeof(array) / sizeof(*(array)))

enum {
	SQP_ANY_CPU = -1,
	SQP_MAX_DEPTH = 32768,		/* IORING_MAX_ENTRIES, all kernels */
	SQP_MAX_IDLE_MS = 2147483647,	/* above, msecs_to_jiffies() means for ever */
	SQP_DEFAULT_IDLE_MS = 1000,	/* what the kernel makes of 0 */
	SQP_MAX_SHARE = 1024,
	SQP_MAX_WAKE_COST_US = 10000000,
	SQP_WHY_LEN = 512,
};

struct sqp_ring;

/* How to wait for completions. */
enum sqp_reap_mode {
	SQP_REAP_SPIN,			/* watch the CQ ring */
	SQP_REAP_SLEEP,			/* block in io_uring_enter */
	SQP_REAP_HYBRID,		/* spin for as long as that pays, see patience.h */
};

/* What to do with requests while the SQ thread sleeps. */
enum sqp_wake_mode {
	SQP_WAKE_ALWAYS,		/* wake it */
	SQP_WAKE_BYPASS,		/* let it sleep, submit them through a plain ring, see bypass.h */
	SQP_WAKE_ADAPTIVE,		/* use the thread while it is worth its CPU, see policy.h, else as bypass */
};

/* Where the SQ thread sits: what is asked for, and of what class a CPU is, seen from the job's. From SAME to REMOTE in order
 * of distance. */
enum sqp_place_kind {
	SQP_PLACE_ANY,			/* the scheduler decides */
	SQP_PLACE_NUMBER,		/* that CPU */
	SQP_PLACE_SAME, SQP_PLACE_SMT, SQP_PLACE_LLC, SQP_PLACE_NODE, SQP_PLACE_REMOTE,	/* see topo.h */
	SQP_PLACE_AUTO,			/* the nearest of SMT to REMOTE */
	SQP_NR_PLACES
};

/* One line for a person: what failed, on what, the likely cause, the cure. */
struct sqp_why {
	char text[SQP_WHY_LEN];
};

struct sqp_config {
	unsigned depth;			/* requests in flight, 1..SQP_MAX_DEPTH */
	unsigned idle_ms;		/* sq_thread_idle; 0 is the kernel's 1 s */
	bool idle_auto;			/* it is only where a ring starts: see live.h */
	unsigned wake_cost_us;		/* what a wake-up is worth to it; 0: the time it takes */
	int sq_cpu;			/* SQ_AFF to this CPU, or SQP_ANY_CPU */
	enum sqp_place_kind sq_place;	/* what was asked for; a class is turned into sq_cpu by sqp_place_choose() */
	bool hipri;			/* IORING_SETUP_IOPOLL */
	bool hybrid;			/* IORING_SETUP_HYBRID_IOPOLL, with hipri only */
	bool sq_array;			/* keep the index array even where the kernel can do without (NO_SQARRAY) */
	bool register_fd;		/* enter by a registered descriptor where the kernel can: then only the task that
					 * opens the ring may commit, reap and close */
	const struct sqp_ring *attach_to;	/* share the SQ thread of this open ring (ATTACH_WQ); NULL: one of its own */
	unsigned share;			/* so many jobs share one SQ thread (share.h); 0 and 1: each has its own */
	unsigned share_set;		/* only those with the same number here do */
	enum sqp_wake_mode wake;
	enum sqp_reap_mode reap;
	bool plain;			/* no SQPOLL: the ring beside an SQPOLL ring, see bypass.h */
	bool deferred;			/* plain: no completion interrupts its task; what they leave to be done shows in the flags and is
					 * done by the enters of the task that opened it. Where the kernel can (DEFER_TASKRUN, COOP_TASKRUN) */
	bool big;			/* SQEs of 128 bytes and CQEs of 32, for NVMe commands */
	bool clock;			/* the caller passes the time of every commit */
	bool time_all;			/* time every request, not a sample */
	uint64_t (*clock_ns)(void);	/* the clock of that time; NULL: CLOCK_MONOTONIC */
	unsigned cq_entries;		/* 0: chosen from the depth */
	unsigned stall_ms;		/* nothing completed for so long: say so */
	unsigned idle_probe_ms;		/* longest wait at the end for the SQ thread to fall asleep */
	/* Called from a wait that stalled, with what was seen. May be NULL. */
	void (*on_stall)(void *arg, const char *what);
	/* Asked during a stall: shall the wait end with -ETIMEDOUT now? May be NULL. */
	bool (*give_up)(void *arg);
	void *arg;
};

/* Writes one formatted line into WHY and returns ERR, so that a check can end in "return sqp_why(...)". */
int sqp_why(struct sqp_why *why, int err, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* 0, or -EINVAL with the reason: a depth, idle period, stall or probe time out of range, hybrid without hipri. */
int sqp_config_check(const struct sqp_config *cfg, struct sqp_why *why);

#endif
