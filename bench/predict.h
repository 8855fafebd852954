/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What an idle period would do to a load, computed from one run of it with an SQ thread that never slept. The formulas and
 * their sources are in docs/METHODOLOGY.md. Pure.
 */
#ifndef SQB_PREDICT_H
#define SQB_PREDICT_H

#include <stdbool.h>
#include <stdint.h>

#include "hist.h"

/* In the order of submission. All times in us. */
struct predict_request {
	double gap_us;		/* last activity of the ring (a submission or a completion) to this submission; the first: 0 */
	double lat_us;		/* submission to completion */
	bool overlaps;		/* the request before had not completed yet */
};

struct predict_load {
	const struct predict_request *request;
	size_t n;
	double span_us;		/* first submission to last completion */
	double rest_us;		/* the ring was there for so long before that and after, without a request */
	double app_us;		/* CPU time of the submitter per request */
	bool paced;		/* requests are sent when they are due, however late the last one was; else each delay delays all that follow */
};

/* Of a load under one setting, predicted or seen. NaN: not told. */
struct prediction {
	double duty;		/* share of a CPU that the SQ thread uses */
	double wakeups_per_s;
	double lat_mean_us, lat_p50_us, lat_p99_us;
	double cpu_us;		/* of submitter and SQ thread, per request */
	double iops;
};

/* The mean and the percentiles of LAT_US, which is sealed, into P. */
void prediction_latencies(struct prediction *p, struct hist *lat_us);

/* The mean of the spin S over its phase: S is uniform in [LO, HI). Time that the thread sleeps in a gap, E[max(0, gap - S)], and the chance
 * that it sleeps at its end, P(S < gap). */
double predict_asleep_us(double gap_us, double lo_us, double hi_us);
double predict_asleep(double gap_us, double lo_us, double hi_us);

/*
 * L under sq_thread_idle=IDLE_MS at tick rate HZ. WAKE_US: sealed, what it takes a sleeping thread to take a request. Percentiles are of
 * a simulation of at least SAMPLES requests whose draws SEED sets. 0; -EINVAL for an empty load, or one that would wake the thread once or more when there are no WAKE_US; -ENOMEM.
 */
int predict(const struct predict_load *l, const struct hist *wake_us, unsigned idle_ms, unsigned hz, unsigned samples,
	    uint64_t seed, struct prediction *p);

#endif
