/* SPDX-License-Identifier: GPL-2.0-only */
/* Results of `sqbench run`, `sqbench tune` and of nights from disk, as a side of a comparison. */
#ifndef SQB_COMPARE_LOAD_H
#define SQB_COMPARE_LOAD_H

#include <jansson.h>

#include "compare.h"
#include "why.h"

struct compare_source {
	struct compare_side side;
	json_t *runs;	/* array of the directories that were read */
	json_t *env;	/* of the first of them, with "engine", the engine's version, added */
	char *job;	/* its job file; NULL for a tune and a night */
	char host[256];	/* whose night it is; empty for other kinds */
	json_t *key;	/* of the night: what it must have in common with others to be their like; else NULL */
};

/*
 * WHAT is a run directory, the id of a run below OUT, or a results directory, of which all runs are taken. 0; -ENOENT when it
 * names nothing; another -errno when it is there but cannot be compared. Free the source in any case.
 */
int compare_load(struct compare_source *s, const char *what, const char *out, struct why *why);

void compare_source_free(struct compare_source *s);

#endif
