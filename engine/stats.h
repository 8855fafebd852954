/* SPDX-License-Identifier: GPL-2.0-only */
/* The statistics line, docs/RESULTS_FORMAT.md. */
#ifndef SQP_STATS_H
#define SQP_STATS_H

#include "drive.h"
#include "nvme.h"
#include "place.h"
#include "ring.h"

enum { SQP_MAX_OPTIONS = 32, SQP_MAX_NOTES = 16 };

struct sqp_option_value {
	const char *name;
	const char *text;		/* a word, or NULL: the number counts */
	int64_t number;
};

/* What the fio edge knows about the job. */
struct sqp_identity {
	const char *job;
	unsigned groupid, thread;
	const char *fio_version;
	int error;			/* the job's first error, 0: none */
	struct sqp_option_value option[SQP_MAX_OPTIONS];
	unsigned nr_options;
	const char *note[SQP_MAX_NOTES];
	unsigned nr_notes;
	const struct sqp_place *place;
	const struct sqp_place_seen *place_seen;
	unsigned share_group, share_jobs;	/* see share.h; group 0: none */
	const struct sqp_nvme_errors *nvme_errors;	/* NULL: none */
	const char *target;		/* the job's first file, NULL: none */
	const struct sqp_drive *drive;	/* what it is on, NULL: not known */
};

/* The whole line, newline included; the caller frees it. NULL: no memory. IDLE_WHY: why sqp_idle_probe() gave no
 * sample, or NULL. */
char *sqp_stats_line(const struct sqp_ring *r, const struct sqp_identity *id, const struct sqp_usage *used,
		     const char *idle_why);

/* CPU time of the SQ thread in us, by fdinfo, else by schedstat; -1 when neither tells. *SOURCE is set to "fdinfo",
 * "schedstat" or NULL. */
int64_t sqp_sq_cpu_us(const struct sqp_usage *used, const char **source);

/* Opens PATH for appending. The descriptor, or -errno with the reason in WHY. */
int sqp_stats_open(const char *path, struct sqp_why *why);

/* Appends LINE with one write. 0 or -errno with the reason. */
int sqp_stats_append(int fd, const char *path, const char *line, struct sqp_why *why);

#endif
