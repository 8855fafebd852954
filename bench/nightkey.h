/* SPDX-License-Identifier: GPL-2.0-only */
/* What a night was measured on: what has to be the same for two nights to be compared, and what, when it differs, may be why one is slower. Pure. */
#ifndef SQB_NIGHTKEY_H
#define SQB_NIGHTKEY_H

#include <jansson.h>
#include <stdbool.h>

/* From ENV (env_collect()) and the names of host and engine: an object of strings and numbers, null where it is not told. Own for the caller; NULL without memory. */
json_t *nightkey_make(const json_t *env, const char *host, const char *engine);

/* Adds cell NAME with its OPTIONS (suite_cell's) to KEY: under "cells" as a digest (FNV-1a) of all but filename, whose device the key has. */
void nightkey_add_cell(json_t *key, const char *name, const json_t *options);

/* Is what a night of key A measured of CELL history for one of key B: the same host, a device of the same model, the same options? */
bool nightkey_comparable(const json_t *a, const json_t *b, const char *cell);

/* What of the rest differs: array of {what, was, is}, texts, in words for people; empty when nothing does. */
json_t *nightkey_differences(const json_t *was, const json_t *is);

#endif
