/* SPDX-License-Identifier: GPL-2.0-only */
/* Results of a night from disk: night.json, schema sqbench-night/1. */
#ifndef SQB_NIGHTLOAD_H
#define SQB_NIGHTLOAD_H

#include "compare_load.h"

/*
 * Adds what the night in DIR measured to S, whose env is that of its first run: each cell's values as repeats, by the names of compare_about. A cell without values, whatever
 * its reason, is left out. Nights of another host than the one before are refused. 0, or -errno with WHY.
 */
int nightload_add(struct compare_source *s, const char *dir, struct why *why);

#endif
