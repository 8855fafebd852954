/* SPDX-License-Identifier: GPL-2.0-only */
/* The target of a night: which it is, and whether what is read of it comes from the media. */
#ifndef SQB_PREPARE_H
#define SQB_PREPARE_H

#include <jansson.h>
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

#include "sysfs.h"
#include "why.h"

struct prepared {
	char path[PATH_MAX];		/* absolute */
	uint64_t bytes;
	bool block;			/* a block device, else a regular file */
	bool own, made;			/* OUT/nightly.dat; it was written now */
	bool direct;			/* direct reads work */
	bool on_disk;			/* DISK is known */
	struct sysfs_disk disk;		/* that it is or lies on */
	unsigned sampled, zeros;	/* blocks of 4 KiB spread over all of it; those that are all zeros */
};

/* Finds TARGET (NULL: OUT/nightly.dat of SIZE bytes, see ownfile.h) and samples it. OUT exists. Writes to nothing that it has not made.
 * -EINTR: interrupted; other errors with WHY. */
int prepare_target(struct prepared *p, const char *target, const char *out, uint64_t size, struct why *why);

/* Samples again; 0 or -errno with WHY. */
int prepare_sample(struct prepared *p, struct why *why);

/* So many blocks are zeros that most has never been written, or was trimmed since: reads of that do not reach the media. */
bool prepare_unwritten(const struct prepared *p);

/* {path, kind ("own", "file", "device"), bytes, made, direct, device (null: none), sampled, zeros} */
json_t *prepare_json(const struct prepared *p);

/* Array of {id, text, advice}. */
json_t *prepare_warnings(const struct prepared *p);

#endif
