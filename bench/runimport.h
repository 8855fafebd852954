/* SPDX-License-Identifier: GPL-2.0-only */
/* Runs that were made elsewhere, taken into a results directory as they are. */
#ifndef SQB_RUNIMPORT_H
#define SQB_RUNIMPORT_H

#include "why.h"

enum runimport {
	RUNIMPORT_TAKEN,	/* whole, and on the disk */
	RUNIMPORT_THERE,	/* the same run is there already */
	RUNIMPORT_REFUSED,	/* damaged, not complete, or another run of this id is there: WHY */
	RUNIMPORT_FAILED,	/* it could not be written: WHY; nothing of it is left */
};

/*
 * Takes the run in DIR into OUT/runs as ID, which is filled in as run.json has it (ROOM: 64 bytes; empty when that cannot be read). What is made from a run's files (derived/,
 * report.html) is copied, but makes no other run of it.
 */
enum runimport runimport_take(const char *dir, const char *out, char *id, struct why *why);

#endif
