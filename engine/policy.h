/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * sq_wake=adaptive: is the SQ thread worth a CPU just now? It is where submission itself is what holds the job up: requests
 * follow each other within a few microseconds, for longer than the thread would spin in vain at the end. Whether it
 * then helps is not assumed but seen: a trial must beat the plain ring's time per request, or the next trial has to
 * wait twice as long. So nobody pays for a thread that does not help for more than a small part of the time, and a load that
 * changes its mind again and again cannot make this one do so as often. Pure: the caller brings the time.
 */
#ifndef SQP_POLICY_H
#define SQP_POLICY_H

#include <stdbool.h>
#include <stdint.h>

enum {
	SQP_WINDOW_NS = 5000000,	/* what is judged is the time per request over so long */
	SQP_DENSE_NS = 4000,		/* less between two requests: submission may be what holds the job up */
	SQP_PAUSE_NS = 50000,		/* more between two submissions: nothing is held up by submission then */
	SQP_PAUSED_PERCENT = 25,	/* more of a window than this paused: the load is not dense; twice that: it has ended */
	SQP_TRIAL_WINDOWS = 2,		/* of a trial, the first is for the thread to wake up and the caches to fill */
	SQP_BAD_WINDOWS = 2,		/* after the trial, so many in a row without a gain end it: one may be the machine's */
	SQP_GAIN_PERCENT = 5,		/* the thread has to be so much faster than the plain ring */
	SQP_DWELL_SPINS = 3,		/* dense for so many idle periods before the first trial, ... */
	SQP_DWELL_LIMIT = 256,		/* ... and at most so many times that before any later one */
};

struct sqp_policy {
	bool thread;			/* requests go to the SQ thread */
	bool met_awake;			/* it has been seen awake since that was decided */
	unsigned windows, bad;		/* judged since then, and the last of them that were no gain */
	uint64_t window_start_ns, requests, paused_ns;
	uint64_t last_ns;		/* of the last submission */
	uint64_t dense_ns;		/* requests have been dense for so long */
	uint64_t plain_ns;		/* time per request on the plain ring, just before the trial */
	uint64_t dwell_ns, least_dwell_ns;
	unsigned trials, failed;	/* for the statistics */
};

/* SPIN_NS: how long the SQ thread spins before it sleeps. */
void sqp_policy_init(struct sqp_policy *p, uint64_t spin_ns, uint64_t now_ns);

/* NR requests are about to be submitted at NOW_NS; ASLEEP: the SQ thread sleeps. True: they are for the SQ thread (once it is
 * awake). */
bool sqp_policy_decide(struct sqp_policy *p, uint64_t now_ns, unsigned nr, bool asleep);

#endif
