/* SPDX-License-Identifier: GPL-2.0-only */
/* The ways to run a user's job that SQPOLL has to beat, and which of them make sense for it. Pure. */
#ifndef SQB_CONTROLS_H
#define SQB_CONTROLS_H

#include "jobscan.h"
#include "predictrun.h"

enum control { CONTROL_PLAIN, CONTROL_BATCHED, CONTROL_LIBAIO, CONTROL_IOPOLL, CONTROL_STOCK, CONTROL_ADAPTIVE, CONTROL_AS_IS, CONTROLS };

enum { CONTROL_BATCH_MAX = 16 };

struct control_way {
	struct predict_way way;
	const char *says;	/* in a sentence: "use ..." */
	bool sqpoll;		/* it has an SQ thread */
	char options[160];	/* what WAY.options points to */
	char absent[160];	/* why it is not run, empty: it is */
};

/* What has to be known of the machine. */
struct control_host {
	bool polls;		/* the target's device polls for completions */
	const char *kernel;	/* release */
};

/* Requests that io_uring with batches gives to one enter at IODEPTH; below 2: nothing to batch. */
unsigned controls_batch(unsigned iodepth);

/* Which control the job's present setting is; CONTROL_AS_IS: none of the others. */
enum control controls_present(const struct jobscan *s);

/* All of them for the job that S says, with options that live in C. */
void controls_make(struct control_way c[CONTROLS], const struct jobscan *s, const struct control_host *host);

#endif
