/* SPDX-License-Identifier: GPL-2.0-only */
/* OUT/nightly.dat: the target of nights that were given none. Made once, and the same every night. */
#ifndef SQB_NIGHTFILE_H
#define SQB_NIGHTFILE_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

#include "why.h"

/* Makes sure that it is there with SIZE bytes of real data; PATH gets its name, *MADE whether it was written now. OUT exists.
 * It is ours when OUT/nightly.dat.json, written before its first byte, has its inode; what is not ours is refused (-EEXIST), never overwritten.
 * What a killed night left half-written is made anew. -EINTR: interrupted, and nothing is left; other errors with WHY. */
int nightfile(char path[PATH_MAX], bool *made, const char *out, uint64_t size, struct why *why);

#endif
