// SPDX-License-Identifier: GPL-2.0-only
#include "procfs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { FDINFO_TRIES = 50, FDINFO_RETRY_NS = 200000, NS_PER_US = 1000 };

bool sqp_read_line(const char *path, char *buf, size_t len)
{
	FILE *f = fopen(path, "re");
	bool ok;

	if (!f)
		return false;
	ok = fgets(buf, (int)len, f) != NULL;
	fclose(f);
	if (ok)
		buf[strcspn(buf, "\n")] = '\0';
	return ok;
}

struct keyed {
	const char *key;
	int64_t value;
};

/* Numbers behind "KEY:" in a file of such lines, all from one reading; -1 for a key that is not there. */
static void read_keyed(FILE *f, struct keyed *k, unsigned nr)
{
	char line[256];

	for (unsigned i = 0; i < nr; i++)
		k[i].value = -1;
	while (fgets(line, sizeof(line), f))
		for (unsigned i = 0; i < nr; i++) {
			size_t n = strlen(k[i].key);

			if (!strncmp(line, k[i].key, n) && line[n] == ':')
				k[i].value = strtoll(line + n + 1, NULL, 10);
		}
}

static void fdinfo_once(int fd, struct sqp_fdinfo *info)
{
	struct keyed k[] = { { "SqThread", 0 }, { "SqThreadCpu", 0 }, { "SqTotalTime", 0 }, { "SqWorkTime", 0 } };
	char path[64];
	FILE *f;

	*info = (struct sqp_fdinfo){ .tid = -1, .cpu = -1, .total_us = -1, .work_us = -1 };
	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	f = fopen(path, "re");
	if (!f)
		return;
	read_keyed(f, k, sizeof(k) / sizeof(*k));
	fclose(f);
	info->tid = (int)k[0].value;
	info->cpu = (int)k[1].value;
	info->total_us = k[2].value;
	info->work_us = k[3].value;
}

void sqp_fdinfo_read(int fd, struct sqp_fdinfo *info)
{
	static const struct timespec pause = { .tv_nsec = FDINFO_RETRY_NS };

	for (int i = 0; i < FDINFO_TRIES; i++) {
		fdinfo_once(fd, info);
		/* until the thread runs for the first time the kernel shows the task that made it */
		info->idle_since_birth = info->tid == (int)gettid();
		if (info->tid > 0 && !info->idle_since_birth)
			return;
		nanosleep(&pause, NULL);	/* -1: the ring's lock was taken */
	}
	info->tid = -1;
}

/* A kernel thread (before 5.12) is no thread of ours but has its own entry in /proc. */
static FILE *open_thread_file(int tid, const char *name)
{
	char path[96];
	FILE *f;

	if (tid <= 0)
		return NULL;
	snprintf(path, sizeof(path), "/proc/self/task/%d/%s", tid, name);
	f = fopen(path, "re");
	if (f)
		return f;
	snprintf(path, sizeof(path), "/proc/%d/%s", tid, name);
	return fopen(path, "re");
}

void sqp_thread_state(int tid, char *buf, size_t len)
{
	FILE *f = open_thread_file(tid, "status");
	char line[128];

	snprintf(buf, len, "state unknown");
	if (!f)
		return;
	while (fgets(line, sizeof(line), f))
		if (!strncmp(line, "State:", 6)) {
			line[strcspn(line, "\n")] = '\0';
			snprintf(buf, len, "state %s", line + 6 + strspn(line + 6, " \t"));
		}
	fclose(f);
}

static int64_t read_schedstat_us(int tid)
{
	FILE *f = open_thread_file(tid, "schedstat");
	char line[128];
	int64_t us = -1;

	if (!f)
		return -1;
	if (fgets(line, sizeof(line), f))
		us = strtoll(line, NULL, 10) / NS_PER_US;
	fclose(f);
	return us;
}

static int64_t read_switches(int tid)
{
	struct keyed k[] = { { "voluntary_ctxt_switches", 0 }, { "nonvoluntary_ctxt_switches", 0 } };
	FILE *f = open_thread_file(tid, "status");

	if (!f)
		return -1;
	read_keyed(f, k, sizeof(k) / sizeof(*k));
	fclose(f);
	return k[0].value < 0 || k[1].value < 0 ? -1 : k[0].value + k[1].value;
}

void sqp_mark_now(struct sqp_mark *m)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	m->app_us = (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / NS_PER_US;
	clock_gettime(CLOCK_MONOTONIC, &t);
	m->at_ns = (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

void sqp_usage_since(int fd, const struct sqp_mark *birth, struct sqp_usage *u)
{
	struct sqp_mark now;

	sqp_fdinfo_read(fd, &u->info);
	u->sched_us = u->info.idle_since_birth ? 0 : read_schedstat_us(u->info.tid);
	u->switches = u->info.idle_since_birth ? 0 : read_switches(u->info.tid);
	sqp_mark_now(&now);	/* last: the reads above may have had to try again */
	u->elapsed_us = (now.at_ns - birth->at_ns) / NS_PER_US;
	u->app_us = now.app_us - birth->app_us;
}

bool sqp_cpu_in_list(const char *list, int cpu)
{
	while (*list) {
		char *end;
		long first = strtol(list, &end, 10), last = first;

		if (end == list)
			return false;
		if (*end == '-')
			last = strtol(end + 1, &end, 10);
		if (cpu >= first && cpu <= last)
			return true;
		list = *end == ',' ? end + 1 : end;
		if (*end && *end != ',')
			return false;
	}
	return false;
}
