/* SPDX-License-Identifier: GPL-2.0-only */
/* Tables with a heading in comma-separated files. */
#ifndef SQB_CSVFILE_H
#define SQB_CSVFILE_H

#include <stddef.h>

#include "why.h"

enum { CSVFILE_COLUMNS_MAX = 4 };

/* Rows in the order of the file, and of them the columns that were asked for. */
struct csvfile {
	char *(*cell)[CSVFILE_COLUMNS_MAX];
	size_t *line;			/* of each row in the file */
	size_t rows, room;
};

/*
 * Reads PATH ("-": stdin), whose first line names its columns, in any order. WANTED, which ends with NULL, are the columns that are read; the first REQUIRED of these have
 * to be there, others are empty text where they are not. 0; -errno, or -EINVAL with WHY: what, in which line, and the cure. T is to be freed in any case.
 */
int csvfile_read(struct csvfile *t, const char *path, const char *const *wanted, unsigned required, struct why *why);

/* Column COLUMN of ROW as a number into *V; -EINVAL with WHY when it is none, or not finite. PATH and NAME are for the message. */
int csvfile_number(const struct csvfile *t, size_t row, unsigned column, double *v, const char *path, const char *name, struct why *why);

void csvfile_free(struct csvfile *t);

#endif
