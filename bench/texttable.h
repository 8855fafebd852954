/* SPDX-License-Identifier: GPL-2.0-only */
/* Tables and paragraphs in lines of text. */
#ifndef SQB_TEXTTABLE_H
#define SQB_TEXTTABLE_H

#include <stdbool.h>
#include <stdio.h>

struct texttable;

struct texttable *texttable_new(void);
void texttable_free(struct texttable *t);

/* Begins a row; the first is the heading. A copy of TEXT is the next cell of it, to the right if it is a NUMBER. 0 or -ENOMEM. */
void texttable_row(struct texttable *t);
int texttable_cell(struct texttable *t, const char *text, bool number);

/* MARKDOWN, or in columns. If those are wider than WIDTH: with up to four of them the widest cells are broken into lines, with more each row becomes a
 * paragraph under its first cell. */
int texttable_print(const struct texttable *t, FILE *out, bool markdown, unsigned width);

/* TEXT in lines of at most WIDTH columns with INDENT blanks before each, without a line feed at the end. */
void texttable_wrap(FILE *out, const char *text, unsigned width, unsigned indent);

#endif
