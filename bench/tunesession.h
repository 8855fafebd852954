/* SPDX-License-Identifier: GPL-2.0-only */
/* What `sqbench tune JOB.fio` has found out: made by tunejob.c, judged by tunewarn.c, put into words and data by tunesay.c. */
#ifndef SQB_TUNESESSION_H
#define SQB_TUNESESSION_H

#include "controls.h"
#include "forecast.h"
#include "tunejob.h"
#include "userjob.h"

#define SWEEP_REPEATS 5		/* of each setting and control, in the sweep that this spares */
#define AWAKE_DUTY_MIN 0.9	/* below it a thread that never sleeps was not given its CPU */

enum { CANDIDATE = CONTROLS, TRIED };

/* A way that was run, once or in pairs. */
struct tried {
	struct control_way c;
	struct predict_seen run[TUNEJOB_PAIRS_MAX + 1];
	unsigned runs;
	struct hist lat_us;		/* of all runs */
};

struct session {
	const struct tunejob_args *a;
	struct userjob u;
	struct forecast f;
	struct tried tried[TRIED];
	enum control present;
	unsigned candidate, rival, chosen;	/* of tried */
	double predicted_ratio, ratio[TUNEJOB_PAIRS_MAX];
	unsigned pairs;
	struct est est;
	enum decision decision;
	bool unpaired;			/* the ratio is of runs that were not side by side */
	bool by_limits;			/* and not by costs */
	json_t *warnings;
	json_t *end, *host;		/* the environment at the end, and what happened to the machine meanwhile */
	char answer[1000];
};

/* Of a way that ran: the median of each value. */
struct predict_seen tune_typical(const struct tried *t);
bool tune_ran(const struct session *s, unsigned way);
bool tune_unused(const struct session *s, unsigned way);	/* its SQ thread slept all the time: sq_wake=adaptive found it not worth its CPU */
double tune_cost(const struct session *s, const struct predict_seen *q);

/* An array of {about, text, advice}. */
json_t *tune_warnings(const struct session *s);

/* In a sentence: "sq_thread_idle=8", "io_uring with batches of 8", ... */
void tune_name(const struct session *s, unsigned way, char *out, size_t size);

/* S->answer. */
void tune_say(struct session *s);

/* job.json */
json_t *tune_document(const struct session *s);

#endif
