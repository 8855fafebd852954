/* SPDX-License-Identifier: GPL-2.0-only */
/* What a fio job file is about to do, read before fio does it. */
#ifndef SQB_JOBSCAN_H
#define SQB_JOBSCAN_H

#include <stdbool.h>
#include <stddef.h>

#define JOBSCAN_FILES_MAX 64

struct jobscan {
	bool writes;		/* some section writes or trims */
	bool includes;		/* other files are included, which are not followed */
	bool too_many;		/* more than JOBSCAN_FILES_MAX files are named */
	bool sqpoll;		/* some section uses ioengine=sqpoll */
	bool paced;		/* some section sends requests at times of its own: a rate, or a log that is replayed */
	bool replays;		/* some section replays a log */
	bool thinks;		/* some section pauses between requests: thinktime */
	bool sqthread_poll;	/* some section switches it on */
	bool direct;		/* some section has direct=1, or buffered=0 */
	unsigned iodepth;	/* the last that is set; 0: none */
	unsigned jobs;		/* how many are started: sections but [global], times their numjobs */
	unsigned numjobs;	/* of the section that is being read */
	unsigned numjobs_of_all;	/* 0: not set */
	bool in_job;
	char engine[32];	/* the last ioengine that is set; empty: none */
	char sq_cpu[16];	/* the CPU that the job names for its SQ thread, whichever engine makes it; empty: none */
	char cpus[64];		/* the last cpus_allowed; empty: none */
	bool stats_file;	/* the job names a statistics file itself */
	char *file[JOBSCAN_FILES_MAX];
	size_t files;
};

/* Value of a variable, NULL when it is not set; as getenv. */
typedef char *(*jobscan_lookup)(const char *name);

/* A copy of VALUE with each ${NAME} replaced; an unset variable is empty, as in fio. NULL when out of memory. */
char *jobscan_expand(const char *value, jobscan_lookup lookup);

/* Takes blanks off both ends of S. */
void jobscan_trim(char *s);

/* Adds what TEXT, lines of a job file, says to S. 0 or -ENOMEM. */
int jobscan_add(struct jobscan *s, const char *text, jobscan_lookup lookup);

/* The same for fio's command-line arguments. */
int jobscan_add_args(struct jobscan *s, char *const *argv, jobscan_lookup lookup);

void jobscan_free(struct jobscan *s);

/* A copy of TEXT with stats_file=PATH after each ioengine=sqpoll; NULL when out of memory. */
char *jobscan_with_stats(const char *text, const char *path);

/* A copy of TEXT whose jobs have LINES (each ends with a line feed) in front, as options of all, and none of the options in DROP, which
 * ends with NULL. NULL when out of memory. */
char *jobscan_with(const char *text, const char *lines, const char *const *drop);

#endif
