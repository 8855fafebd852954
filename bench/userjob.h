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

struct userjob {
	const struct cmd_common *common;
	const char *path;
	struct fio fio;
	struct jobscan scan;
	struct predict_job job;		/* what predictrun() takes */
	struct progress bar;
	struct run run;
	json_t *env;			/* with the job's first file as the target */
};

/* Reads PATH and looks for what the user can get wrong, before anything is run or written. 0; -EINVAL, -EPERM (it would write), -ENOENT (no fio, no engine), with WHY. U is to be
 * closed in any case. */
int userjob_open(struct userjob *u, const struct cmd_common *common, const char *path, unsigned seconds, bool allow_write, struct why *why);

/* Creates the run with run.json, env.json and job.fio. From here on signals end the command in order. */
int userjob_begin(struct userjob *u, const char *kind, const char *command, struct why *why);

/* Of the page that was kept: its last lines, or, with --json, DOC with them in it. */
void userjob_print(const struct userjob *u, json_t *doc, const struct page_said *said);

/* Frees all. A run that was begun and is not whole is removed. */
void userjob_close(struct userjob *u);

/* The exit code for what these functions and predictrun() return. */
int userjob_exit(int rc);

#endif
