/* SPDX-License-Identifier: GPL-2.0-only */
/* Runs a user's job in one of several ways and says what was seen. */
#ifndef SQB_PREDICTRUN_H
#define SQB_PREDICTRUN_H

#include <jansson.h>

#include "fio.h"
#include "progress.h"
#include "timeslog.h"

#define PREDICTRUN_SETTLE_S 0.7	/* what a run takes beyond its time, about */

struct predict_job {
	const struct fio *fio;
	const char *text;	/* of the job file */
	unsigned seconds;	/* at most, for one run */
	unsigned logged_ms;	/* the same for a run whose requests are logged, one by one */
	bool readonly;		/* fio itself refuses to write */
	unsigned jobs;		/* that the file starts, whose values are taken together; 0: one, more are refused */
	const char *dir;	/* for what fio and the engine write; removed again */
	struct progress *bar;	/* each run is a step of it */
};

/* What of the job file gives way to a way's own options. */
enum predict_engine {
	PREDICT_OURS,		/* sqpoll: its statistics are read */
	PREDICT_OTHER,		/* io_uring */
	PREDICT_BATCHED,	/* io_uring, and it says how many requests are submitted at once */
	PREDICT_FOREIGN,	/* an ioengine that lacks io_uring's options */
	PREDICT_PLACED,		/* sqpoll with all options of the job but where its threads may run */
	PREDICT_SHARED,		/* sqpoll with all options of the job but how jobs share SQ threads; several jobs, taken together */
	PREDICT_SHARED_ALONE,	/* the same, and where the jobs may run gives way too */
	PREDICT_OTHER_JOBS,	/* io_uring, the same */
	PREDICT_AS_IS,		/* the job's own ioengine and its options stay */
	PREDICT_AS_IS_OURS,	/* the same, and it is sqpoll */
};

struct predict_way {
	const char *name;	/* for progress and messages */
	const char *options;	/* fio's, each ends with a line feed */
	enum predict_engine engine;
};

/* NaN: not told. */
struct predict_seen {
	double requests;
	double elapsed_us;	/* from the ring's start to its end */
	double app_us;		/* CPU time of the submitter per request */
	double fio_us;		/* of fio as a whole with all its threads, start and end too, per request */
	int sq_cpu;		/* where the SQ thread ran last; -1 */
	double sq_wait;		/* share of the time that SQ threads could have run and had no CPU */
	double migrations;	/* times that SQ threads were moved to another CPU */
	unsigned sq_threads;	/* how many there were; 0: not told */
	struct prediction p;	/* of a way without an SQ thread that can be seen: duty and wake-ups 0; duties of several add up */
};

/* Latencies by fio's own count; into LAT_US too, sealed, freed by the caller (NULL: not wanted). 0; -EINTR; -EIO with WHY when fio fails; -EINVAL when
 * there is more than one job. */
int predictrun(const struct predict_job *job, const struct predict_way *way, struct predict_seen *seen, struct hist *lat_us, struct why *why);

/* sqpoll with sq_thread_idle=IDLE_MS; latencies by the engine's log of times. Each request into LOG, which the caller frees (NULL: not wanted); how long
 * wake-ups took into WAKE_US, sealed (NULL: not wanted). As predictrun(). */
int predictrun_logged(const struct predict_job *job, const char *name, unsigned idle_ms, struct predict_seen *seen, struct timeslog *log, struct hist *wake_us,
		      struct why *why);

/* As data: null for what is not known; of what was seen with the number of requests. */
json_t *predictrun_prediction_json(const struct prediction *p);
json_t *predictrun_json(const struct predict_seen *q);

/* The median of each value of RUN[0..N), at least one. */
struct predict_seen predictrun_median(const struct predict_seen *run, unsigned n);

/* A copy of the job file TEXT with WAY's options in place of its own; NULL when out of memory. */
char *predictrun_apply(const char *text, const struct predict_way *way);

#endif
