/* SPDX-License-Identifier: GPL-2.0-only */
/* What a night says where nobody opens a page: a terminal, a chat, a CI system. From its document (night.json) alone. */
#ifndef SQB_NIGHTSAY_H
#define SQB_NIGHTSAY_H

#include <jansson.h>
#include <stdio.h>

/* One sentence without its full stop; to be freed, NULL without memory. */
char *nightsay_answer(const json_t *doc);

/* What changed and what was not measured, as a table of text. */
void nightsay_text(FILE *f, const json_t *doc);

/* The same in Markdown, no longer than a screen. */
void nightsay_markdown(FILE *f, const json_t *doc);

/* JUnit XML: a test case for each cell and judged measure; slower is a failure, not measured any more an error, unknown and unstable are skipped. */
void nightsay_junit(FILE *f, const json_t *doc);

#endif
