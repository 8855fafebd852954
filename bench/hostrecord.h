/* SPDX-License-Identifier: GPL-2.0-only */
/* The record of what a night changed on the host, for hoststate.c. */
#ifndef SQB_HOSTRECORD_H
#define SQB_HOSTRECORD_H

#include <jansson.h>

#include "hostknob.h"
#include "why.h"

/* Writes the record of N KNOBS to PATH, durably, and locks it. The lock's descriptor or -errno with WHY. */
int hostrecord_make(const char *path, const struct hostknob *knobs, size_t n, struct why *why);

/* Locks the record at PATH when nobody has it any more. The descriptor; -ENOENT: there is none (any more); other errors with WHY. */
int hostrecord_lock(const char *path, struct why *why);

/* How many KNOBS (the caller frees them) the record at PATH has; -ESTALE: it is from before the last boot; other errors with WHY. */
int hostrecord_read(const char *path, struct hostknob **knobs, struct why *why);

/* Puts N KNOBS back, and says so in ENDS (may be NULL; see hoststate.h). 0, or the last error. */
int hostrecord_restore(const char *sysfs, const struct hostknob *knobs, size_t n, json_t **ends);

#endif
