/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Points of a history as a wide CSV: a row for each run, oldest first, a column for each cell. This is what Apache Otava reads: a column with the time, columns of attributes, and
 * columns of numbers, each named in its configuration. A cell that a run did not measure leaves its field empty.
 */
#ifndef SQB_WIDECSV_H
#define SQB_WIDECSV_H

#include <stdio.h>

#include "runindex.h"

struct widecsv;

/* NULL without memory. */
struct widecsv *widecsv_new(void);
void widecsv_free(struct widecsv *w);

/* Points come by cell and then by time. 0 or -ENOMEM. */
int widecsv_add(struct widecsv *w, const struct runindex_point *p);

/* time, run, kernel, fio, engine, device, and the cells in the order in which they came. Nothing can be added after it. */
void widecsv_print(FILE *f, struct widecsv *w);

/* S between quotes, with those in it doubled. */
void widecsv_quoted(FILE *f, const char *s);

#endif
