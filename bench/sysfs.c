// SPDX-License-Identifier: GPL-2.0-only
#include "sysfs.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>

#include "store.h"

#define LINE 256

bool sysfs_line(const char *path, char *out, int size)
{
	FILE *f = fopen(path, "re");
	bool got = f && fgets(out, size, f);

	if (f)
		fclose(f);
	if (got)
		out[strcspn(out, "\n")] = '\0';
	return got;
}

bool sysfs_text(const char *dir, const char *name, char *out, int size)
{
	char path[PATH_MAX];

	if (store_path(path, sizeof(path), dir, name) || !sysfs_line(path, out, size))
		return false;
	for (size_t n = strlen(out); n && out[n - 1] == ' '; n--)
		out[n - 1] = '\0';
	return *out != '\0';
}

int sysfs_find_disk(struct sysfs_disk *d, dev_t dev)
{
	char link[64], line[LINE], *slash;

	memset(d, 0, sizeof(*d));
	snprintf(link, sizeof(link), "/sys/dev/block/%u:%u", major(dev), minor(dev));
	if (!realpath(link, d->dir))
		return -ENODEV;
	slash = strrchr(d->dir, '/');
	if (sysfs_text(d->dir, "partition", line, LINE)) {
		snprintf(d->part, sizeof(d->part), "%s", slash + 1);
		if (sysfs_text(d->dir, "start", line, LINE))
			d->start = strtoull(line, NULL, 10);
		*slash = '\0';
		slash = strrchr(d->dir, '/');
	}
	snprintf(d->name, sizeof(d->name), "%s", slash + 1);
	return 0;
}
