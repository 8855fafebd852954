/* SPDX-License-Identifier: GPL-2.0-only */
/* Runs a user's job with one setting of the SQ thread, or without one, and says what was seen. */
#ifndef SQB_PREDICTRUN_H
#define SQB_PREDICTRUN_H

#include "fio.h"
#include "timeslog.h"

struct predict_job {
	const struct fio *fio;
	const char *text;	/* of the job file */
	unsigned seconds;	/* at most, for one run */
	bool readonly;		/* fio itself refuses to write */
	const char *dir;	/* for what fio and the engine write; removed by the caller */
	void (*tick)(void *ctx);
	void *ctx;
};

/* NaN: not told. */
struct predict_seen {
	double requests;
	double app_us;		/* CPU time of the submitter per request */
	struct prediction p;	/* of plain: without an SQ thread, 0 */
};

/* With sq_thread_idle=IDLE_MS; each request into LOG, which the caller frees (NULL: not wanted); how long wake-ups took into WAKE_US, sealed (NULL: not wanted). 0; -EINTR; -EIO with WHY when fio fails; -EINVAL when there
 * is more than one job. */
int predictrun_sqpoll(const struct predict_job *job, unsigned idle_ms, struct predict_seen *seen, struct timeslog *log, struct hist *wake_us,
		      struct why *why);

/* With fio's io_uring engine. */
int predictrun_plain(const struct predict_job *job, struct predict_seen *seen, struct why *why);

#endif
