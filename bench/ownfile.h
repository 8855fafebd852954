/* SPDX-License-Identifier: GPL-2.0-only */
/* A file of data that is ours, as the target of nights and tunes that were given none: OUT/nightly.dat, made once and the same every night, and a tune's scratch.dat. */
#ifndef SQB_OWNFILE_H
#define SQB_OWNFILE_H

#include <stdbool.h>
#include <stdint.h>

#include "why.h"

/* Makes sure that PATH is there with SIZE bytes of real data; *MADE: it was written now. Its directory exists.
 * It is ours when PATH.json, written before its first byte, has its inode; what is not ours is refused (-EEXIST), never overwritten.
 * What was left half-written is made anew. -EINTR: interrupted, and nothing is left; other errors with WHY. */
int ownfile(const char *path, bool *made, uint64_t size, struct why *why);

/* Removes PATH, which ownfile() has found to be ours, and what says so. */
void ownfile_remove(const char *path);

#endif
