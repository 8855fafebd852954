/* SPDX-License-Identifier: GPL-2.0-only */
/* `sqbench tune JOB.fio`: the best way to run a user's own job, by prediction, and by runs side by side where it matters. */
#ifndef SQB_TUNEJOB_H
#define SQB_TUNEJOB_H

#include "forecast.h"
#include "userjob.h"

enum { TUNEJOB_PAIRS_MAX = 20 };

struct tunejob_args {
	const struct userjob_args *user;
	const char *apply_to;			/* where to write the copy of the job with the chosen options, NULL: nowhere */
	struct objective objective;
	unsigned idle[FORECAST_SETTINGS_MAX], idles;	/* none: a choice of all */
	unsigned pairs;			/* of runs, at most */
	const char *command;			/* as it was typed */
};

/* Exit code of the command. */
int tunejob(const struct tunejob_args *a, unsigned hz);

#endif
