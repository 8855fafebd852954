/* SPDX-License-Identifier: GPL-2.0-only */
/* A user's job file that a command runs again and again: read, guarded, with a run directory of its own. */
#ifndef SQB_USERJOB_H
#define SQB_USERJOB_H

#include <jansson.h>

#include "cmd.h"
#include "jobscan.h"
#include "page.h"
#include "predictrun.h"
#include "store.h"

/* What such a command takes. It is the first member of its input to argp; its parser ends in userjob_parse(). */
struct userjob_args {
	struct cmd_common common;
	const char *job, *objective;	/* the latter NULL: objective_default() */
	unsigned seconds;		/* a run at most */
	bool allow_write;
};

enum { USERJOB_SECONDS = 2000, USERJOB_OBJECTIVE, USERJOB_ALLOW_WRITE };

/* SECONDS: their default, as text. */
#define USERJOB_OPTIONS(seconds)                                                                                                      \
	CMD_OPTION_DEFINE,                                                                                                            \
	{ "seconds", USERJOB_SECONDS, "N", 0, "Longest time of a run of the job (default: " seconds ")", 0 },                       \
	{ "allow-write", USERJOB_ALLOW_WRITE, NULL, 0, "Let the job write to devices and to files that exist", 0 }
#define USERJOB_OPTION_OBJECTIVE \
	{ "objective", USERJOB_OBJECTIVE, "LIST", 0, "What a request costs: TERM[:PRICE],... of mean, p50, p99, cpu (default: mean:1,cpu:1)", 0 }

/* One of these options; ARGP_ERR_UNKNOWN for anything else. */
error_t userjob_parse_option(int key, char *arg, struct argp_state *state);

/* The same, the job file (none, and more than one, are usage errors) and what cmd_parse_common() knows. */
error_t userjob_parse(int key, char *arg, struct argp_state *state);

struct userjob {
	const struct userjob_args *a;
	struct fio fio;
	struct jobscan scan;
	struct predict_job job;		/* what predictrun() takes */
	struct progress bar;
	struct run run;
	json_t *env;			/* with the job's first file as the target */
};

/* Reads the job of A, which is kept, and looks for what the user can get wrong, before anything is run or written. 0; -EINVAL, -EPERM (it would write), -ENOENT (no fio, no engine),
 * with WHY. U is to be closed in any case. */
int userjob_open(struct userjob *u, const struct userjob_args *a, struct why *why);

/* Creates the run with run.json, env.json and job.fio. From here on signals end the command in order. */
int userjob_begin(struct userjob *u, const char *kind, const char *command, struct why *why);

/* Of the page that was kept: its last lines, or, with --json, DOC with them in it. */
void userjob_print(const struct userjob *u, json_t *doc, const struct page_said *said);

/* Frees all. A run that was begun and is not whole is removed. */
void userjob_close(struct userjob *u);

/* The exit code for what these functions and predictrun() return. */
int userjob_exit(int rc);

#endif
