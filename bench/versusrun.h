/* SPDX-License-Identifier: GPL-2.0-only */
/* Runs the jobs of sqbench versus: all three sides of every cell in rounds. */
#ifndef SQB_VERSUSRUN_H
#define SQB_VERSUSRUN_H

#include <limits.h>
#include <stdint.h>

#include "fio.h"
#include "versuscalc.h"
#include "why.h"

struct versus_bench {
	struct fio fio;
	char engine[64];		/* its version, empty until its statistics named it */
	const char *file;		/* as given, NULL: a scratch file */
	char path[PATH_MAX];		/* of either */
	uint64_t bytes;
	char json_path[PATH_MAX], iolog_path[PATH_MAX], stats_path[PATH_MAX];	/* of one job, overwritten by each */
	unsigned pairs, seconds;	/* asked for; 0: each row has its own */
	struct versus_load *load;	/* the cells of all have NaN everywhere */
	unsigned loads;
};

bool versus_writes(const struct versus_cell *c);

/* Before 3.36 fio sets no issue time under sqthread_poll: its latencies are seconds. */
bool versus_knows(const struct versus_bench *b, const struct versus_load *l, enum versus_measure m, enum versus_side side);

/*
 * Measures all loads. 0; -EINTR; any other error when a load that is no row of the table failed. Where a row's job fails or cannot
 * run here, that is its reason, and the others go on.
 */
int versus_run(struct versus_bench *b, struct why *why);

#endif
