/* SPDX-License-Identifier: GPL-2.0-only */
/* The engine's log of times, docs/RESULTS_FORMAT.md, as the load that it shows. */
#ifndef SQB_TIMESLOG_H
#define SQB_TIMESLOG_H

#include "predict.h"
#include "why.h"

struct timeslog {
	struct predict_request *request;	/* in the order of submission */
	size_t n;
	double span_us;				/* first submission to last completion */
};

/* Reads PATH. 0; -errno or -EINVAL with WHY for a file that cannot be read or is no such log; -ENOMEM. */
int timeslog_read(const char *path, struct timeslog *log, struct why *why);

void timeslog_free(struct timeslog *log);

#endif
