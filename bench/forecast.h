/* SPDX-License-Identifier: GPL-2.0-only */
/* Three runs of a job, and what follows from them for every idle period. */
#ifndef SQB_FORECAST_H
#define SQB_FORECAST_H

#include <jansson.h>

#include "heatmap.h"
#include "objective.h"
#include "predictrun.h"

enum { FORECAST_SETTINGS_MAX = 64, FORECAST_RUNS = 3 };

#define FORECAST_IDLE_MS_MAX 100000

struct forecast_setting {
	unsigned idle_ms;
	struct prediction p;
	struct predict_seen seen;
	bool measured;
};

struct forecast {
	unsigned hz;
	struct objective objective;
	struct predict_load load;
	struct timeslog awake_log;
	struct hist wake_us;
	double wakes_seen;		/* 0: WAKE_US is an assumption */
	struct predict_seen plain, awake;
	struct hist plain_us;		/* its latencies */
	struct forecast_setting setting[FORECAST_SETTINGS_MAX];
	unsigned settings, best;	/* BEST: predicted to be */
	struct heatmap heat;
	const char *no_heat;		/* why there is none; NULL: there is */
};

/* The settings IDLE[0..N) of F->hz, equal ones once; N 0: each number of ticks from 1 to 16, then fewer, up to 1 s. */
void forecast_settings(struct forecast *f, const unsigned *idle, unsigned n);

/* Runs JOB three times: plain io_uring, an SQ thread that never sleeps, one that sleeps as soon as it can. As predictrun(). Sets JOB->logged_ms. */
int forecast_learn(struct forecast *f, struct predict_job *job, bool paced, struct why *why);

/* All settings from that; 0, -EINVAL or -ENOMEM with WHY. */
int forecast_compute(struct forecast *f, struct why *why);

/* And every other of them at other rates of the same load: F->heat, or F->no_heat. */
void forecast_heat(struct forecast *f);
json_t *forecast_heat_json(const struct forecast *f);

double forecast_cost(const struct forecast *f, unsigned setting);

/* As data. */
json_t *forecast_settings_json(const struct forecast *f);

void forecast_free(struct forecast *f);

#endif
