/* SPDX-License-Identifier: GPL-2.0-only */
/* A fio job file as a list of cells that can be run one by one, anywhere: each of its sections with what [global] says before it. Pure. */
#ifndef SQB_SUITE_H
#define SQB_SUITE_H

#include <jansson.h>
#include <stddef.h>

#include "jobscan.h"
#include "plainname.h"
#include "why.h"

enum { SUITE_CELLS_MAX = 1000 };

struct suite_cell {
	char name[PLAINNAME_MAX + 1];
	char *text;		/* a job file with this section alone, variables replaced */
	json_t *options;	/* name: value as text, the last of each; what the section and [global] set */
	double seconds;		/* runtime and ramp_time; 0: it ends by itself */
};

struct suite {
	struct suite_cell *cell;
	size_t n;
};

/*
 * TEXT of the job file PATH (for messages). 0; -EINVAL with WHY: no section, two of one name, a name that plainname_check() refuses, an include, or a line outside any section. Free
 * the suite in any case.
 */
int suite_parse(struct suite *s, const char *text, const char *path, jobscan_lookup lookup, struct why *why);

/* The value of option NAME of C; "" when it is not set. */
const char *suite_option(const struct suite_cell *c, const char *name);

void suite_free(struct suite *s);

#endif
