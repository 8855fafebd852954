/* SPDX-License-Identifier: GPL-2.0-only */
/* fleet.json: what the nights of many hosts say together. docs/RESULTS_FORMAT.md has its fields. */
#ifndef SQB_FLEETDOC_H
#define SQB_FLEETDOC_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

/* HOSTS: array of {name, address, target, reason, night (the host's document, or null)}. The document, with its answer; NULL without memory. */
json_t *fleetdoc_make(const json_t *hosts, const char *id, const char *created, const char *command);

/* Is there anything that somebody has to look at: something slower, an outlier, a host without a whole night? */
bool fleetdoc_is_bad(const json_t *doc);

/* What of it there is, one line each; and in Markdown, no longer than a screen. */
void fleetdoc_text(FILE *f, const json_t *doc);
void fleetdoc_markdown(FILE *f, const json_t *doc);

#endif
