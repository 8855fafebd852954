/* SPDX-License-Identifier: GPL-2.0-only */
/* What the pages share: one style, escaped text, figures of tables, drawings inside the page. They refer to nothing outside. */
#ifndef SQB_HTML_H
#define SQB_HTML_H

#include <jansson.h>
#include <stdio.h>

#include "stats.h"
#include "why.h"

/* Up to the opened <main> with the heading TITLE; html_end() closes what it opened. */
void html_begin(FILE *f, const char *title);
void html_end(FILE *f);

/* S (which may be NULL) escaped. */
void html_text(FILE *f, const char *s);

/* Four digits that count, without an exponent; "-" when not finite. */
void html_figure(FILE *f, double v);

/* Cells of a table: text of CLASS, a figure, a value over its interval. */
void html_cell(FILE *f, const char *class, const char *s);
void html_number(FILE *f, double v);
void html_interval(FILE *f, const struct est *e);

/* Opens a table that may be scrolled; COLUMNS are parted by '|', those of numbers begin with '#'. */
void html_table(FILE *f, const char *columns);
void html_table_end(FILE *f);

/* A drawing with its words. ALT says to those who do not see it what it shows. */
struct html_plot {
	const char *heading, *alt, *caption;
};

/* Puts DIR/NAME.svg into the page. More than CAPTION can be said in MORE. -ENOENT when it cannot be read. */
int html_plot(FILE *f, const char *dir, const char *name, const struct html_plot *plot, const char *more, struct why *why);

/* The part "Warnings": an array of {about, text, advice}. */
void html_warnings(FILE *f, const json_t *warnings);

/* "; the hypervisor took ...": what is told in HOST (env_host_json()) of the machine during the run. */
void html_host(FILE *f, const json_t *host);

/* The part "Environment" with all of ENV (env.json). */
void html_environment(FILE *f, const json_t *env);

#endif
