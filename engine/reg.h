/* SPDX-License-Identifier: GPL-2.0-only */
/* Fixed files and fixed buffers. The seed demands registered files with SQPOLL; here they are registered always. */
#ifndef SQP_REG_H
#define SQP_REG_H

#include "ring.h"

#include <sys/uio.h>

/* Registers a table of NR empty slots. 0 or -errno with the reason. */
int sqp_files_init(struct sqp_ring *r, unsigned nr, struct sqp_why *why);

/* Puts FD (-1: nothing) into SLOT. No request that uses the slot may be in flight. 0 or -errno with the reason. */
int sqp_file_set(struct sqp_ring *r, unsigned slot, int fd, const char *name, struct sqp_why *why);

/* Registers NR fixed buffers. 0 or -errno with the reason. */
int sqp_buffers_register(struct sqp_ring *r, const struct iovec *iov, unsigned nr, struct sqp_why *why);

#endif
