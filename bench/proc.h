/* SPDX-License-Identifier: GPL-2.0-only */
/* Child processes with bounded waits, and the interrupt that ends them. */
#ifndef SQB_PROC_H
#define SQB_PROC_H

#include <signal.h>
#include <stdbool.h>

#include "why.h"

struct proc {
	char *const *argv;
	const char *stdout_path;	/* NULL: discarded */
	const char *stderr_path;	/* NULL: discarded */
	const char *lib_dir;		/* put in front of LD_LIBRARY_PATH, NULL: unchanged */
	double timeout_s;
	int stop_signal;		/* what the child gets on interrupt; SIGKILL follows after 5 s */
	void (*tick)(void *ctx);	/* about once a second, NULL: none */
	void *ctx;
};

struct proc_end {
	int exit;		/* exit code, or 128 + signal */
	bool timed_out;
	bool interrupted;
	double wall_s;
	double cpu_s;		/* of the child, its threads, and the children that it waited for */
};

/* SIGINT, SIGTERM and SIGHUP set proc_interrupted() from now on. */
void proc_catch_signals(void);
int proc_interrupted(void);	/* the signal, 0: none */

/* Runs it to its end. 0 when it ran, however it ended; negative when it could not start. */
int proc_run(const struct proc *p, struct proc_end *end, struct why *why);

/* Output (stdout and stderr) of a short command, at most 10 s; NULL with WHY. EXIT gets its code. */
char *proc_capture(char *const *argv, const char *lib_dir, int *exit, struct why *why);

double proc_now_s(void);

#endif
