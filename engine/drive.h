/* SPDX-License-Identifier: GPL-2.0-only */
/* Which drive a file or device is on, by sysfs. The suite uses this too: it stands alone. */
#ifndef SQP_DRIVE_H
#define SQP_DRIVE_H

#include <stdbool.h>
#include <sys/types.h>

/* A text that is empty was not told. */
struct sqp_drive {
	char device[64];	/* whole disk, e.g. nvme0n1 */
	char model[64], firmware[32], serial[128];
	char scheduler[32];	/* the one in use */
	int io_poll;		/* its queues may be polled: 1 or 0; -1: not told */
	int poll_queues;	/* that its driver was asked for; -1: not told */
};

/* The drive whose directory is DIR, SYS being /sys. */
void sqp_drive_at(const char *sys, const char *dir, struct sqp_drive *d);

/* How many poll queues the driver of DEVICE, a name in SYS/block or a character device of NVMe, was asked for; -1: not told. */
int sqp_drive_poll_queues(const char *sys, const char *device);

/*
 * The drive of block device or NVMe character device DEV, SYS being /sys. Partitions count as their disk; a device that is made of exactly one
 * other (device mapper) as that one. False when sysfs does not know DEV: a file system of no device.
 */
bool sqp_drive_read(const char *sys, dev_t dev, bool is_char, struct sqp_drive *d);

/* The same of the file or device at PATH. */
bool sqp_drive_of(const char *path, struct sqp_drive *d);

#endif
