/* SPDX-License-Identifier: GPL-2.0-only */
/* One short fio job, for benches that compare IOPS. */
#ifndef SQB_FIOJOB_H
#define SQB_FIOJOB_H

#include <stdbool.h>

#include "fio.h"
#include "fiojson.h"

enum { FIOJOB_MORE_MAX = 48 };

struct fiojob {
	const char *name;		/* for messages */
	const char *path;		/* must exist */
	const char *const *more;	/* further arguments, at most FIOJOB_MORE_MAX, NULL at the end */
	const char *bs, *rw;
	unsigned iodepth;
	double seconds;			/* 0: one I/O */
	bool direct;
	bool bins;			/* wanted: the distribution of latencies */
	bool writes;			/* else fio itself refuses to write */
	const char *replay;		/* a log of fio's that says what to do and when, NULL: none; SECONDS at the latest */
	const char *json_path;		/* fio's output, overwritten and left behind */
	void (*tick)(void *ctx);
	void *ctx;
};

/* Runs it. 0 with R (NULL: not wanted), whose lat_ns the caller frees, and the CPU time of the whole fio; -EINTR when interrupted; other
 * errors with WHY. Ends a minute after its time at the latest. */
int fiojob_run(const struct fio *fio, const struct fiojob *job, struct fio_result *r, double *cpu_s, struct why *why);

#endif
