// SPDX-License-Identifier: GPL-2.0-only
#include "procfs.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { FDINFO_TRIES = 50, FDINFO_PATIENT_TRIES = 5000, FDINFO_RETRY_NS = 200000, NS_PER_US = 1000 };

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

/* Numbers behind "KEY:" (blanks may come before the colon) in a file of such lines, all from one reading; -1 for a key that is not there. */
static void read_keyed(FILE *f, struct keyed *k, unsigned nr)
{
	char line[256];

	for (unsigned i = 0; i < nr; i++)
		k[i].value = -1;
	while (fgets(line, sizeof(line), f))
		for (unsigned i = 0; i < nr; i++) {
			size_t n = strlen(k[i].key);

			if (strncmp(line, k[i].key, n) != 0)
				continue;
			n += strspn(line + n, " \t");
			if (line[n] == ':')
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

static bool read_thread_line(int tid, const char *name, char *buf, size_t len)
{
	FILE *f = open_thread_file(tid, name);
	bool ok;

	if (!f)
		return false;
	ok = fgets(buf, (int)len, f) != NULL;
	fclose(f);
	return ok;
}

/* A number may also be that of the task that made the thread (until it runs for the first time), or one that counts in
 * another PID namespace. An SQ thread gives itself its name before anything else; before 5.12 it is a kernel thread. */
static bool is_sq_thread(int tid)
{
	char comm[32];

	return read_thread_line(tid, "comm", comm, sizeof(comm)) &&
	       (!strncmp(comm, "iou-sqp-", 8) || !strncmp(comm, "io_uring-sq", 11));
}

/* A number of another PID namespace than /proc shows (a container's): it will never become a name. */
static bool is_foreign(int number)
{
	char comm[32];

	return number > 0 && !read_thread_line(number, "comm", comm, sizeof(comm));
}

/* The thread bears the number of the task that made the ring. Two of that name: two rings of ours, and no answer. Not for
 * a ring just opened: its thread may still be without the name, and that of a ring just closed still have it. */
static int find_by_name(void)
{
	DIR *tasks = opendir("/proc/self/task");
	char wanted[32], comm[32];
	struct dirent *e;
	int found = -1, n = 0;

	if (!tasks)
		return -1;
	snprintf(wanted, sizeof(wanted), "iou-sqp-%d\n", (int)gettid());
	while ((e = readdir(tasks))) {
		int tid = (int)strtol(e->d_name, NULL, 10);

		if (tid <= 0 || !read_thread_line(tid, "comm", comm, sizeof(comm)) || strcmp(comm, wanted) != 0)
			continue;
		found = tid;
		n++;
	}
	closedir(tasks);
	return n == 1 ? found : -1;
}

/* Until it names an SQ thread, TRIES times. -1: the ring's lock was taken. */
static bool fdinfo_until_named(int fd, int tries, struct sqp_fdinfo *info)
{
	static const struct timespec pause = { .tv_nsec = FDINFO_RETRY_NS };

	for (int i = 0; i < tries; i++) {
		if (i)
			nanosleep(&pause, NULL);
		fdinfo_once(fd, info);
		if (is_sq_thread(info->tid))
			return true;
		if (is_foreign(info->tid))
			return false;
	}
	return false;
}

void sqp_fdinfo_read(int fd, const struct sqp_sq_thread *t, struct sqp_fdinfo *info)
{
	if (fdinfo_until_named(fd, t->tid > 0 ? 1 : FDINFO_TRIES, info))
		return;
	info->idle_since_birth = info->tid == (int)gettid();
	info->tid = t->tid;
	if (t->tid <= 0)
		info->tid = info->idle_since_birth ? -1 : find_by_name();
}

/* What stands behind "KEY:" in the status of thread TID. */
static bool read_status_text(int tid, const char *key, char *buf, size_t len)
{
	FILE *f = open_thread_file(tid, "status");
	size_t n = strlen(key);
	char line[512];
	bool found = false;

	if (!f)
		return false;
	while (!found && fgets(line, sizeof(line), f))
		if (!strncmp(line, key, n) && line[n] == ':') {
			line[strcspn(line, "\n")] = '\0';
			snprintf(buf, len, "%s", line + n + 1 + strspn(line + n + 1, " \t"));
			found = true;
		}
	fclose(f);
	return found;
}

void sqp_thread_state(int tid, char *buf, size_t len)
{
	char state[64];

	if (read_status_text(tid, "State", state, sizeof(state)))
		snprintf(buf, len, "state %s", state);
	else
		snprintf(buf, len, "state unknown");
}

bool sqp_thread_cpus(int tid, char *buf, size_t len)
{
	return read_status_text(tid, "Cpus_allowed_list", buf, len);
}

static void read_schedstat(int tid, struct sqp_sched *s)
{
	char line[128], *rest;

	if (!read_thread_line(tid, "schedstat", line, sizeof(line)))
		return;
	s->cpu_us = strtoll(line, &rest, 10) / NS_PER_US;
	s->wait_us = strtoll(rest, NULL, 10) / NS_PER_US;
}

/* The name, in parentheses, may hold anything; 37 fields behind it comes the CPU. */
static int read_last_cpu(int tid)
{
	enum { FIELDS_BEFORE = 37 };
	char line[1024], *p;

	if (!read_thread_line(tid, "stat", line, sizeof(line)))
		return -1;
	p = strrchr(line, ')');
	for (int i = 0; p && i < FIELDS_BEFORE; i++)
		p = strchr(p + 1, ' ');
	return p ? (int)strtol(p, NULL, 10) : -1;
}

static void read_numbers(int tid, const char *name, struct keyed *k, unsigned nr)
{
	FILE *f = open_thread_file(tid, name);

	if (!f)
		return;
	read_keyed(f, k, nr);
	fclose(f);
}

static int64_t read_switches(int tid)
{
	struct keyed k[] = { { "voluntary_ctxt_switches", -1 }, { "nonvoluntary_ctxt_switches", -1 } };

	read_numbers(tid, "status", k, 2);
	return k[0].value < 0 || k[1].value < 0 ? -1 : k[0].value + k[1].value;
}

/* CONFIG_SCHED_DEBUG */
static int64_t read_migrations(int tid)
{
	struct keyed k = { "se.nr_migrations", -1 };

	read_numbers(tid, "sched", &k, 1);
	return k.value;
}

void sqp_mark_now(struct sqp_mark *m)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	m->app_us = (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / NS_PER_US;
	clock_gettime(CLOCK_MONOTONIC, &t);
	m->at_ns = (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

static void read_sched(const struct sqp_fdinfo *info, struct sqp_sched *s)
{
	if (info->idle_since_birth) {
		*s = (struct sqp_sched){ 0 };
		return;
	}
	*s = (struct sqp_sched){ .cpu_us = -1, .wait_us = -1, .switches = read_switches(info->tid), .migrations = read_migrations(info->tid) };
	read_schedstat(info->tid, s);
}

void sqp_sq_thread_learn(int fd, bool shared, struct sqp_sq_thread *t)
{
	struct sqp_fdinfo info;
	bool named = fdinfo_until_named(fd, shared ? FDINFO_PATIENT_TRIES : FDINFO_TRIES, &info);

	*t = (struct sqp_sq_thread){ .tid = named ? info.tid : -1, .number = info.tid };
	if (!shared || (!named && !is_foreign(info.tid)))
		return;
	info.tid = t->tid;
	t->total_us = info.total_us;
	t->work_us = info.work_us;
	read_sched(&info, &t->sched);
}

static int64_t since(int64_t now, int64_t then)
{
	return now < 0 || then < 0 ? -1 : now - then;
}

void sqp_usage_since(int fd, const struct sqp_mark *birth, const struct sqp_sq_thread *t, struct sqp_usage *u)
{
	struct sqp_mark now;

	sqp_fdinfo_read(fd, t, &u->info);
	read_sched(&u->info, &u->sched);
	if (u->info.cpu < 0 && u->info.tid > 0)
		u->info.cpu = read_last_cpu(u->info.tid);
	u->info.total_us = since(u->info.total_us, t->total_us);
	u->info.work_us = since(u->info.work_us, t->work_us);
	u->sched.cpu_us = since(u->sched.cpu_us, t->sched.cpu_us);
	u->sched.wait_us = since(u->sched.wait_us, t->sched.wait_us);
	u->sched.switches = since(u->sched.switches, t->sched.switches);
	u->sched.migrations = since(u->sched.migrations, t->sched.migrations);
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
