/* SPDX-License-Identifier: GPL-2.0-only */
/* A file of real (incompressible, allocated) data for a tune that was given no target. */
#ifndef SQB_SCRATCH_H
#define SQB_SCRATCH_H

#include <stdint.h>

#include "why.h"

/* Creates PATH of SIZE bytes; it must not exist (-EEXIST). A failure or an interrupt leaves nothing. */
int scratch_create(const char *path, uint64_t size, struct why *why);

/* Writes SIZE bytes of such data to FD, which is open at its beginning, and syncs it. 0, -EINTR when interrupted, or another -errno. */
int scratch_fill(int fd, uint64_t size);

/* Reads all of PATH, so that it is in the page cache where it fits. */
void scratch_warm(const char *path);

#endif
