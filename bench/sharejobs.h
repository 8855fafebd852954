/* SPDX-License-Identifier: GPL-2.0-only */
/* `sqbench affinity` of a file that starts several jobs: how many SQ threads should they have, and where? */
#ifndef SQB_SHAREJOBS_H
#define SQB_SHAREJOBS_H

#include "objective.h"
#include "userjob.h"

enum { SHAREJOBS_ROUNDS_MAX = 50 };

/* Runs U (opened, U->scan.jobs of 2 or more) ROUNDS times in each way, keeps the run and prints its end. As predictrun(). */
int sharejobs(struct userjob *u, const struct objective *o, unsigned rounds, const char *command, struct why *why);

#endif
