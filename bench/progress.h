/* SPDX-License-Identifier: GPL-2.0-only */
/* Progress with ETA on stderr: one rewritten line on a terminal, a line per step otherwise. */
#ifndef SQB_PROGRESS_H
#define SQB_PROGRESS_H

#include <stdbool.h>

struct progress {
	bool tty;
	bool shown;
	double start_s;
	double step_start_s;
	double step_s;		/* expected time of one step */
	unsigned first;		/* steps done before we started */
	unsigned done;
	unsigned total;
	char label[96];
};

void progress_start(struct progress *p, unsigned done, unsigned total, double step_s);

/* Step DONE+1 begins. */
void progress_step(struct progress *p, const char *label);

/* Redraws the line on a terminal; fits struct proc's tick. */
void progress_tick(void *progress);

/* Ends the rewritten line. */
void progress_end(struct progress *p);

#endif
