/* SPDX-License-Identifier: GPL-2.0-only */
/* The document of sqbench versus as lines of a drawing. Reads nothing but the document. */
#ifndef SQB_FOREST_H
#define SQB_FOREST_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

#include "stats.h"

#define FOREST_NEAR 8.0	/* ratios from 1/8 to 8 have an axis of their own: beside one of 1000 nobody tells 1.00 from 1.05 */

enum forest_kind {
	FOREST_HEADER,	/* the row's question */
	FOREST_RATIO,
	FOREST_MISSING,	/* a row that was not measured, with the reason */
};

enum forest_side { FOREST_NONE, FOREST_STOCK, FOREST_PLAIN };

struct forest_line {
	enum forest_kind kind;
	char label[160];
	struct est stock, plain;	/* ours to theirs; n is 0: not known */
	enum forest_side judged;
	double limit;			/* NaN: nothing was asked for */
	char value[64], asked[64];	/* of what is judged, or else the two ratios */
	const char *verdict;		/* of the document, or "" */
};

/* A line for each ratio that was asked for, or, in a row without asks, for what its cells are about: IOPS, or latency p99 where
 * requests arrive by themselves, and CPU per I/O. *LINES is the caller's to free. Their number, -ENOMEM. */
int forest_lines(const json_t *doc, struct forest_line **lines);

/* Something of it is more than FOREST_NEAR from 1. */
bool forest_far(const struct forest_line *line);

/* derived/versus.tsv: a block for near lines and one for far ones; derived/versus-cpu.tsv. */
void forest_table(FILE *f, const json_t *doc);
void forest_cpu_table(FILE *f, const json_t *doc);

/* MEASURE of CELL on SIDE ("sqpoll", "stock", "plain"): median of the rounds with its interval; n is 0 when not known. */
struct est forest_value(const json_t *cell, const char *measure, const char *side);

/* 1.04, 0.0131, 1038: three digits, or all before the point */
const char *forest_number(char *out, size_t size, double v);

/* The title of MEASURE up to its first comma. */
void forest_title(char *out, size_t size, const json_t *doc, const char *measure);

#endif
