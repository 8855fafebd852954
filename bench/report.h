/* SPDX-License-Identifier: GPL-2.0-only */
/* report.html: one page that needs nothing else. */
#ifndef SQB_REPORT_H
#define SQB_REPORT_H

#include <jansson.h>

#include "cells.h"

struct report {
	const struct tune *t;
	const struct analysis *a;
	const struct measure *m;
	const json_t *env;
	const json_t *warnings;
	const char *command;	/* what was typed */
	const char *svg_dir;
};

/* Writes the page into DIR. */
int report_write(const char *dir, const struct report *r, struct why *why);

/* The analysis as data. */
json_t *report_analysis(const struct report *r);

#endif
