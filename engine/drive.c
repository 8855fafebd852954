// SPDX-License-Identifier: GPL-2.0-only
#include "drive.h"

#include "config.h"

#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "procfs.h"

enum { LAYERS_MAX = 8 };

/* First of the files NAMES (NULL at the end) below DIR that says something, without spaces around it. */
static void first_of(const char *dir, const char *const *names, char *out, size_t size)
{
	char path[PATH_MAX + 32], line[256], *start;

	out[0] = '\0';
	for (; *names && !out[0]; names++) {
		snprintf(path, sizeof(path), "%s/%s", dir, *names);
		if (!sqp_read_line(path, line, sizeof(line)))
			continue;
		start = line + strspn(line, " \t");
		for (size_t n = strlen(start); n && strchr(" \t", start[n - 1]); n--)
			start[n - 1] = '\0';
		snprintf(out, size, "%s", start);
	}
}

/* "none [mq-deadline] kyber": the one in brackets */
static void chosen(char *text)
{
	char *open = strchr(text, '['), *close = open ? strchr(open, ']') : NULL;

	if (!close)
		return;
	*close = '\0';
	memmove(text, open + 1, strlen(open + 1) + 1);
}

/* From a partition to its disk. */
static void to_disk(char *dir)
{
	char path[PATH_MAX + 32];

	snprintf(path, sizeof(path), "%s/partition", dir);
	if (!access(path, F_OK))
		*strrchr(dir, '/') = '\0';
}

/* From a device to the only one that it is made of; false when there is none, or several. */
static bool to_slave(char *dir)
{
	char path[2 * PATH_MAX], slave[PATH_MAX + 32], only[NAME_MAX + 1] = "";
	struct dirent *e;
	unsigned nr = 0;
	DIR *d;

	snprintf(slave, sizeof(slave), "%s/slaves", dir);
	d = opendir(slave);
	while (d && (e = readdir(d))) {
		if (e->d_name[0] == '.')
			continue;
		snprintf(only, sizeof(only), "%s", e->d_name);
		nr++;
	}
	if (d)
		closedir(d);
	snprintf(path, sizeof(path), "%s/%s", slave, only);
	return nr == 1 && realpath(path, dir);
}

/* The first number in file NAME of DIR, -1: not told */
static int number(const char *dir, const char *name)
{
	char text[16];

	first_of(dir, (const char *const[]){ name, NULL }, text, sizeof(text));
	return text[0] ? atoi(text) : -1;
}

int sqp_drive_poll_queues(const char *sys, const char *device)
{
	static const char *const drivers[][2] = {
		{ "nvme", "module/nvme/parameters/poll_queues" }, { "ng", "module/nvme/parameters/poll_queues" },
		{ "vd", "module/virtio_blk/parameters/poll_queues" },
	};

	for (unsigned i = 0; i < SQP_NR(drivers); i++)
		if (!strncmp(device, drivers[i][0], strlen(drivers[i][0])))
			return number(sys, drivers[i][1]);
	return -1;
}

void sqp_drive_at(const char *sys, const char *dir, struct sqp_drive *d)
{
	const struct { const char *names[4]; char *out; size_t size; } table[] = {
		{ { "device/model" }, d->model, sizeof(d->model) },
		{ { "device/firmware_rev", "device/rev" }, d->firmware, sizeof(d->firmware) },
		{ { "device/serial", "serial", "device/wwid" }, d->serial, sizeof(d->serial) },
		{ { "queue/scheduler" }, d->scheduler, sizeof(d->scheduler) },
	};

	for (unsigned i = 0; i < SQP_NR(table); i++)
		first_of(dir, table[i].names, table[i].out, table[i].size);
	chosen(d->scheduler);
	d->io_poll = number(dir, "queue/io_poll");
	snprintf(d->device, sizeof(d->device), "%s", strrchr(dir, '/') + 1);
	d->poll_queues = sqp_drive_poll_queues(sys, d->device);
}

bool sqp_drive_read(const char *sys, dev_t dev, bool is_char, struct sqp_drive *d)
{
	char link[PATH_MAX], dir[PATH_MAX];

	memset(d, 0, sizeof(*d));
	d->io_poll = d->poll_queues = -1;
	snprintf(link, sizeof(link), "%s/dev/%s/%u:%u", sys, is_char ? "char" : "block", major(dev), minor(dev));
	if (!realpath(link, dir))
		return false;
	to_disk(dir);
	for (int i = 0; i < LAYERS_MAX && to_slave(dir); i++)
		to_disk(dir);
	sqp_drive_at(sys, dir, d);
	return true;
}

bool sqp_drive_of(const char *path, struct sqp_drive *d)
{
	struct stat st;
	bool is_device;

	memset(d, 0, sizeof(*d));
	d->io_poll = d->poll_queues = -1;
	if (stat(path, &st))
		return false;
	is_device = S_ISBLK(st.st_mode) || S_ISCHR(st.st_mode);
	return sqp_drive_read("/sys", is_device ? st.st_rdev : st.st_dev, S_ISCHR(st.st_mode), d);
}
