/* SPDX-License-Identifier: GPL-2.0-only */
/* Writes all of a target once, so that what a night reads of it is on the media. */
#ifndef SQB_PRECONDITION_H
#define SQB_PRECONDITION_H

#include <jansson.h>
#include <stdbool.h>

#include "fio.h"
#include "prepare.h"
#include "why.h"

struct precondition {
	const struct fio *fio;
	const char *out;	/* OUT/preconditioned.json keeps which targets have been written, so that it is done once */
	bool allow_write;
	double timeout_s;	/* 0: what 50 MB/s take, and a minute */
	void (*tick)(void *ctx);	/* about once a second, NULL: none */
	void *ctx;
};

/* Writes P sequentially with data that does not compress, up to the last whole MiB, through fio, and samples P again. A target is known by its serial number,
 * or else model or name, its start and size; one that is known but is mostly zeros (prepare_unwritten()) is written again. Our own file is not.
 * DONE gets {written, seconds (null: not written), reason (why it was not; null), time (when it was written)}, which the caller drops.
 * -EPERM without allow_write; -EBUSY when the device or a part of it is in use, or has partitions; -EINTR; other errors with WHY. */
int precondition(struct prepared *p, const struct precondition *a, json_t **done, struct why *why);

#endif
