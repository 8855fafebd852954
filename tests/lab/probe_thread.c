// SPDX-License-Identifier: GPL-2.0-only
#include "probe_thread.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int comm_of(const char *dir, const char *task, char *comm, size_t len)
{
	char path[320];
	FILE *file;
	int err = 0;

	snprintf(path, sizeof(path), "%s/%s/comm", dir, task);
	file = fopen(path, "r");
	if (!file)
		return -errno;
	if (!fgets(comm, (int)len, file))
		err = -EIO;
	fclose(file);
	return err;
}

static int count_named(const char *dir, const char *prefix, pid_t *tid)
{
	DIR *tasks = opendir(dir);
	struct dirent *entry;
	char comm[64];
	int count = 0;

	if (!tasks)
		return 0;
	while ((entry = readdir(tasks))) {
		int task = atoi(entry->d_name);

		if (task <= 0 || comm_of(dir, entry->d_name, comm, sizeof(comm)))
			continue;
		if (strncmp(comm, prefix, strlen(prefix)) != 0)
			continue;
		*tid = task;
		count++;
	}
	closedir(tasks);
	return count;
}

int sq_threads(pid_t pid, pid_t *tid)
{
	char dir[64];

	snprintf(dir, sizeof(dir), "/proc/%d/task", (int)pid);
	return count_named(dir, "iou-sqp-", tid) + count_named("/proc", "io_uring-sq", tid);
}

static FILE *open_thread(pid_t tid, const char *name)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)tid, name);
	return fopen(path, "r");
}

int thread_affinity(pid_t tid, char *list, size_t len)
{
	static const char key[] = "Cpus_allowed_list:";
	FILE *status = open_thread(tid, "status");
	char line[512];
	int err = -ENOENT;

	if (!status)
		return -errno;
	while (err && fgets(line, sizeof(line), status)) {
		if (strncmp(line, key, sizeof(key) - 1) != 0)
			continue;
		snprintf(list, len, "%s", line + sizeof(key));
		list[strcspn(list, "\n")] = '\0';
		err = 0;
	}
	fclose(status);
	return err;
}

int thread_last_cpu(pid_t tid, int *cpu)
{
	enum { FIELDS_FROM_NAME_TO_CPU = 37 };
	FILE *stat = open_thread(tid, "stat");
	char line[1024];
	char *at = NULL;

	if (!stat)
		return -errno;
	if (fgets(line, sizeof(line), stat))
		at = strrchr(line, ')');
	fclose(stat);
	for (int i = 0; at && i < FIELDS_FROM_NAME_TO_CPU; i++)
		at = strchr(at + 1, ' ');
	if (!at)
		return -EIO;
	*cpu = (int)strtol(at, NULL, 10);
	return 0;
}

int thread_run_delay(pid_t tid, long long *delay_ns)
{
	FILE *schedstat = open_thread(tid, "schedstat");
	char line[128];
	char *end = NULL;

	if (!schedstat)
		return -errno;
	if (fgets(line, sizeof(line), schedstat))
		end = strchr(line, ' ');
	fclose(schedstat);
	if (!end)
		return -EIO;
	*delay_ns = strtoll(end, NULL, 10);
	return 0;
}
