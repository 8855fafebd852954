/* SPDX-License-Identifier: GPL-2.0-only */
/* A report as text: its page without what only a browser shows. A drawing becomes the words that describe it. */
#ifndef SQB_TEXTPAGE_H
#define SQB_TEXTPAGE_H

#include <stdio.h>

#include "why.h"

enum textpage_form { TEXTPAGE_PLAIN, TEXTPAGE_MARKDOWN };

/* HTML (a page of html_begin() and what is in html.h) to OUT; in PLAIN no line is longer than WIDTH columns unless a word is. NAME is for messages.
 * 0; -EINVAL with WHY for a page that is not well-formed; -ENOMEM. */
int textpage_write(FILE *out, const char *html, const char *name, enum textpage_form form, unsigned width, struct why *why);

#endif
