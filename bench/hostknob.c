// SPDX-License-Identifier: GPL-2.0-only
#include "hostknob.h"

#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define TEXT 512

const struct hostknob_kind hostknob_kinds[HOSTKNOB_KINDS] = {
	{ "governor", "devices/system/cpu/cpufreq/", "/scaling_governor", "policy[0-9]*", "performance", "no cpufreq driver: usual in a virtual machine" },
	{ "scheduler", "block/", "/queue/scheduler", NULL, "none", "the target's disk has no scheduler in /sys" },
};

const struct hostknob_kind *hostknob_kind(const char *path)
{
	for (size_t i = 0; i < HOSTKNOB_KINDS; i++) {
		const struct hostknob_kind *kind = &hostknob_kinds[i];
		char pattern[HOSTKNOB_PATH];

		snprintf(pattern, sizeof(pattern), "%s%s%s", kind->dir, kind->name ? kind->name : "*", kind->tail);
		if (!fnmatch(pattern, path, FNM_PATHNAME | FNM_PERIOD))
			return kind;
	}
	return NULL;
}

bool hostknob_is_value(const char *value)
{
	size_t n = strspn(value, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-");

	return n && n < HOSTKNOB_VALUE && !value[n];
}

static int open_knob(const char *sysfs, const char *path, int flags)
{
	char full[PATH_MAX];
	int fd;

	if (snprintf(full, sizeof(full), "%s/%s", sysfs, path) >= (int)sizeof(full))
		return -ENAMETOOLONG;
	fd = open(full, flags | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

int hostknob_read(const char *sysfs, const char *path, char value[HOSTKNOB_VALUE])
{
	int fd = open_knob(sysfs, path, O_RDONLY);
	char text[TEXT], *open;
	ssize_t n;

	value[0] = '\0';
	if (fd < 0)
		return fd;
	n = read(fd, text, sizeof(text) - 1);
	if (n < 0)
		n = -errno;
	close(fd);
	if (n < 0)
		return (int)n;
	text[n] = '\0';
	open = strchr(text, '[');
	open = open ? open + 1 : text;
	open[strcspn(open, "]\n")] = '\0';
	if (!hostknob_is_value(open))
		return -EINVAL;
	memcpy(value, open, strlen(open) + 1);
	return 0;
}

int hostknob_write(const char *sysfs, const char *path, const char *value)
{
	int fd = open_knob(sysfs, path, O_WRONLY | O_TRUNC), rc = 0;
	char now[HOSTKNOB_VALUE];

	if (fd < 0)
		return fd;
	if (write(fd, value, strlen(value)) < 0)
		rc = -errno;
	close(fd);
	if (!rc)
		rc = hostknob_read(sysfs, path, now);
	return rc ? rc : strcmp(now, value) ? -EIO : 0;
}

enum hostknob_end hostknob_restore(const char *sysfs, const struct hostknob *k, char found[HOSTKNOB_VALUE], int *err)
{
	*err = hostknob_read(sysfs, k->path, found);
	if (*err)
		return HOSTKNOB_FAILED;
	if (!strcmp(found, k->was))
		return HOSTKNOB_SO_ALREADY;
	if (strcmp(found, k->set))
		return HOSTKNOB_CHANGED;
	*err = hostknob_write(sysfs, k->path, k->was);
	return *err ? HOSTKNOB_FAILED : HOSTKNOB_RESTORED;
}
