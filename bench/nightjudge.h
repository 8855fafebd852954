/* SPDX-License-Identifier: GPL-2.0-only */
/* A night against the nights before it, from the index of kept runs: which cells are worth more repeats, what got slower, since when, and what else changed then. */
#ifndef SQB_NIGHTJUDGE_H
#define SQB_NIGHTJUDGE_H

#include <jansson.h>

#include "night.h"
#include "nightrule.h"

enum {
	NIGHTJUDGE_NIGHTS_MAX = 100,	/* that are looked at */
	NIGHTJUDGE_ACCEPTED = 7,	/* nights that a new level lasts before it is what later nights are compared with */
	NIGHTJUDGE_LOST_DAYS = 14,	/* after which a cell that fails is missed no more */
	NIGHTJUDGE_TRENDS_MAX = 8,
};

struct nightjudge;

/* The history of N's cells in the results directory OUT on what KEY (nightkey_make(); what is learnt during the night may be put into it) is comparable with. NULL with WHY. */
struct nightjudge *nightjudge_open(const char *out, const struct night *n, json_t *key, struct why *why);

/* Cell indices, those first that tell most: suspected the night before, then those that were not measured for longest, then those whose nights vary least. */
void nightjudge_order(const struct nightjudge *j, size_t *order);

/* For night_run(): CTX is the nightjudge. */
double nightjudge_urgency(void *ctx, size_t cell);

/* Judges all that was measured. 0 or -ENOMEM. */
int nightjudge_decide(struct nightjudge *j);

/* Was the cell measured in the last NIGHTJUDGE_LOST_DAYS? */
bool nightjudge_has_history(const struct nightjudge *j, size_t cell);

/* {centre, verdict, reason, shift, p, baseline, nights, since, since_run, coincides} of a judged measure; {centre} of another. */
json_t *nightjudge_json(const struct nightjudge *j, size_t cell, enum night_metric m);

/* Changes before tonight: array of {cell, metric, title, run, time, before, after, shift, p, coincides}. */
json_t *nightjudge_changes(const struct nightjudge *j);

/* What is worth a drawing: array of {cell, metric, title, verdict, days_ago, centre, lo, hi, level}. */
json_t *nightjudge_trends(const struct nightjudge *j);

void nightjudge_close(struct nightjudge *j);

#endif
