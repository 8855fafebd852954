/* SPDX-License-Identifier: GPL-2.0-only */
/* The values of sqbench versus as a document and as tables for people. */
#ifndef SQB_VERSUSDATA_H
#define SQB_VERSUSDATA_H

#include <jansson.h>
#include <stdio.h>

#include "versusrun.h"

/* The document of docs/RESULTS_FORMAT.md, but for what says when and where it was run. */
json_t *versusdata_json(const struct versus_bench *b);

void versusdata_print(FILE *out, const struct versus_bench *b);

#endif
