/* SPDX-License-Identifier: GPL-2.0-only */
/* Values from a CSV file by name: of each series or cell those in the order of the file. */
#ifndef SQB_SERIES_H
#define SQB_SERIES_H

#include "csvfile.h"

struct series {
	const char *name;
	double *value;
	size_t *row;		/* of each value in the file */
	size_t n, room;
};

struct series_set {
	struct csvfile file;	/* names point into it */
	struct series *one;
	size_t n;
};

/* Reads PATH; column VALUE of WANTED are the values, column NAME the series. As csvfile_read(). S is to be freed in any case. */
int series_read(struct series_set *s, const char *path, const char *const *wanted, unsigned required, unsigned name, unsigned value, struct why *why);

/* The series NAME, NULL when there is none. */
const struct series *series_find(const struct series_set *s, const char *name);

/* Puts each series in order of column COLUMN, if all of its texts are numbers, or all begin as dates do (2026-01-31): else they stay as they are. */
void series_order(struct series_set *s, unsigned column);

void series_free(struct series_set *s);

#endif
