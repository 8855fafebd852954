/* SPDX-License-Identifier: GPL-2.0-only */
/* night.json: all that a night measured and found. docs/RESULTS_FORMAT.md has its fields. */
#ifndef SQB_NIGHTDOC_H
#define SQB_NIGHTDOC_H

#include <jansson.h>

#include "night.h"
#include "nightjudge.h"

/* What stands in it beside the cells; the JSON values are taken over. */
struct nightdoc_about {
	const char *id, *created, *command, *suite, *host, *target, *died;	/* DIED: why the night ended early, NULL: it did not */
	double budget_min;
	struct night_rounds rounds;
	json_t *key, *machine, *host_state, *prepared, *notes, *warnings;
};

/* The document, with its answer; NULL without memory. */
json_t *nightdoc_make(const struct nightdoc_about *a, const struct night *n, const struct nightjudge *j);

#endif
