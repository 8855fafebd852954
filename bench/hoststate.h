/* SPDX-License-Identifier: GPL-2.0-only */
/* The host as a night wants it (governor of all CPUs `performance`, scheduler of the target's disk `none`), and back as it was.
 *
 * What was there is on disk before anything is changed. A guard, a process in a session of its own that holds nothing but a socket and
 * the record, puts it back when the main process ends in any way. Where both were killed, or when the guard could not put something
 * back, the record stays, and hoststate_restore_left() takes it up. Nothing is put back that is no longer what we set.
 * The record is locked (flock) while the main process or its guard lives. */
#ifndef SQB_HOSTSTATE_H
#define SQB_HOSTSTATE_H

#include <jansson.h>
#include <limits.h>
#include <sys/types.h>

#include "hostknob.h"
#include "why.h"

struct hoststate {
	char sysfs[PATH_MAX];
	char record[PATH_MAX];		/* absolute */
	struct hostknob *knobs;		/* that are to be put back */
	size_t n;
	pid_t guard;			/* 0: none */
	int guard_fd, record_fd;	/* -1: none */
	json_t *set, *already, *not_set, *left;
};

/* Sets what can be set. SYSFS is "/sys"; DISK a name in /sys/block, NULL: none. A record that is left at RECORD is restored first.
 * A negative number with WHY: nothing was changed, because it could not be made sure that it is put back; the night may go on, and
 * the reason is in hoststate_json() as well. H is to be given to hoststate_restore() and hoststate_free() in any case. */
int hoststate_set(struct hoststate *h, const char *sysfs, const char *disk, const char *record, struct why *why);

/* What was done: {set: [{what, path, was, value}], already: [{what, path, value}], not_set: [{what, reason}], turbo, smt ("on", "off" or null),
 * left_over: as ENDS below, of a record that was there before, or null}. */
json_t *hoststate_json(const struct hoststate *h);

/* Puts it back and ends the guard; again it does nothing. ENDS (may be NULL) gets {restored: [{what, path, value}], left: [{what, path, was,
 * found, reason}]}, which the caller drops. Negative: not all could be written, and the record stays. */
int hoststate_restore(struct hoststate *h, json_t **ends);

void hoststate_free(struct hoststate *h);

/* Puts back what RECORD says when nobody does any more; it waits a moment for a guard that is at it. ENDS as above, NULL when there is no record.
 * -EBUSY: a night is running. After a reboot nothing is put back, as nothing is left of what was set. */
int hoststate_restore_left(const char *sysfs, const char *record, json_t **ends, struct why *why);

#endif
