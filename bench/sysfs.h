/* SPDX-License-Identifier: GPL-2.0-only */
/* What /sys says of a disk, and lines of its small files. */
#ifndef SQB_SYSFS_H
#define SQB_SYSFS_H

#include <limits.h>
#include <stdbool.h>
#include <sys/types.h>

struct sysfs_disk {
	char name[64];			/* of the whole disk, as in /sys/block */
	char dir[PATH_MAX];		/* its directory */
	char part[64];			/* the partition's name, empty: the whole disk */
	unsigned long long start;	/* of the partition, in sectors of 512 bytes */
};

/* First line of a small file without its end, false when it cannot be read. */
bool sysfs_line(const char *path, char *out, int size);

/* The same of DIR/NAME, without blanks at its end; false when there is nothing in it, too. */
bool sysfs_text(const char *dir, const char *name, char *out, int size);

/* The disk that DEV is or is a partition of; -ENODEV when /sys has none (a network file system, memory). */
int sysfs_find_disk(struct sysfs_disk *d, dev_t dev);

#endif
