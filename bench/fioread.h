/* SPDX-License-Identifier: GPL-2.0-only */
/* One short fio job that reads, for benches that compare IOPS. */
#ifndef SQB_FIOREAD_H
#define SQB_FIOREAD_H

#include <stdbool.h>

#include "fio.h"
#include "fiojson.h"

enum { FIOREAD_MORE_MAX = 24 };

struct fioread {
	const char *name;		/* for messages */
	const char *path;
	const char *const *more;	/* further arguments, at most FIOREAD_MORE_MAX, NULL at the end */
	const char *bs, *rw;
	unsigned iodepth;
	double seconds;
	bool direct;
	bool bins;			/* wanted: the distribution of latencies */
	const char *json_path;		/* fio's output, overwritten and left behind */
	void (*tick)(void *ctx);
	void *ctx;
};

/* Runs it. 0 with R, whose lat_ns the caller frees, and the CPU time of the whole fio; -EINTR when interrupted; other errors
 * with WHY. Ends a minute after its time at the latest. */
int fioread_run(const struct fio *fio, const struct fioread *job, struct fio_result *r, double *cpu_s, struct why *why);

#endif
