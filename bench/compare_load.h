/* SPDX-License-Identifier: GPL-2.0-only */
/* Results of `sqbench run` and `sqbench tune` from disk, as a side of a comparison. */
#ifndef SQB_COMPARE_LOAD_H
#define SQB_COMPARE_LOAD_H

#include <jansson.h>

#include "compare.h"
#include "why.h"

struct compare_source {
	struct compare_side side;
	json_t *runs;	/* array of the directories that were read */
	json_t *env;	/* of the first of them, with "engine", the engine's version, added */
	char *job;	/* its job file; NULL for a tune */
};

/*
 * WHAT is a run directory, the id of a run below OUT, or a results directory, of which all runs are taken. 0; -ENOENT when it
 * names nothing; another -errno when it is there but cannot be compared. Free the source in any case.
 */
int compare_load(struct compare_source *s, const char *what, const char *out, struct why *why);

void compare_source_free(struct compare_source *s);

#endif
