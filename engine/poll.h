/* SPDX-License-Identifier: GPL-2.0-only */
/* HIPRI: is a file really polled? Kernels before 6.7 silently use interrupts on a queue without poll queues. */
#ifndef SQP_POLL_H
#define SQP_POLL_H

#include "ring.h"

#include <stdio.h>

/* 0 when the block device behind FD polls; 1 when /sys does not tell (a file system on several devices, or on none);
 * -EOPNOTSUPP with the reason when its queue has no poll queues, or when the job WRITES to a zoned device and this kernel
 * would crash in polling for that, or the device is a null_blk. */
int sqp_poll_check(int fd, const char *name, bool writes, struct sqp_why *why);

/* Does Linux MAJOR.MINOR crash in polled writes to a device whose queue/zoned says ZONED? */
bool sqp_poll_zoned_crashes(const char *zoned, unsigned major, unsigned minor);

/* Do block devices of major number NR belong to DRIVER? DEVICES is read like /proc/devices. */
bool sqp_poll_major_is(FILE *devices, unsigned nr, const char *driver);

/* One polled read of LEN bytes at OFFSET of the file in SLOT, LEN a multiple of its block size. 0, or -errno with
 * the reason. The ring must be idle. */
int sqp_poll_probe(struct sqp_ring *r, unsigned slot, const char *name, uint64_t offset, unsigned len,
		   struct sqp_why *why);

#endif
