// SPDX-License-Identifier: GPL-2.0-only
/* A host is put back as it was however the night ends: trees like /sys, and main processes that are killed. */
#include "check.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "hoststate.h"
#include "machinelock.h"
#include "store.h"

#define GOVERNOR0 "devices/system/cpu/cpufreq/policy0/scaling_governor"
#define GOVERNOR1 "devices/system/cpu/cpufreq/policy1/scaling_governor"
#define GOVERNOR2 "devices/system/cpu/cpufreq/policy2/scaling_governor"
#define SCHEDULER "block/disk/queue/scheduler"
#define NOBODY 65534

static char root[64], record[128];

static void file(const char *name, const char *text)
{
	char path[256], dir[256];

	snprintf(path, sizeof(path), "%s/%s", root, name);
	snprintf(dir, sizeof(dir), "%s", path);
	*strrchr(dir, '/') = '\0';
	assert_int_equal(store_mkdirs(dir, NULL), 0);
	assert_int_equal(store_write(path, text, NULL), 0);
}

static int set_up(void **state)
{
	(void)state;
	snprintf(root, sizeof(root), "/tmp/hoststate.XXXXXX");
	if (!mkdtemp(root))
		return -1;
	snprintf(record, sizeof(record), "%s/record.json", root);
	file(GOVERNOR0, "powersave\n");
	file(GOVERNOR1, "schedutil\n");
	file(GOVERNOR2, "performance\n");
	file(SCHEDULER, "none [mq-deadline] kyber\n");
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	store_remove(root);
	return 0;
}

static bool is(const char *name, const char *value)
{
	char now[HOSTKNOB_VALUE];

	return !hostknob_read(root, name, now) && !strcmp(now, value);
}

static bool all_as_before(void)
{
	return is(GOVERNOR0, "powersave") && is(GOVERNOR1, "schedutil") && is(GOVERNOR2, "performance") && is(SCHEDULER, "mq-deadline");
}

static bool all_set(void)
{
	return is(GOVERNOR0, "performance") && is(GOVERNOR1, "performance") && is(SCHEDULER, "none");
}

static bool record_gone(void)
{
	return access(record, F_OK) != 0;
}

/* It becomes true within five seconds, as a rule at once. */
static bool soon(bool (*what)(void))
{
	const struct timespec moment = { .tv_nsec = 10000000 };

	for (int i = 0; i < 500 && !what(); i++)
		nanosleep(&moment, NULL);
	return what();
}

static size_t count(const json_t *doc, const char *key)
{
	return json_array_size(json_object_get(doc, key));
}

static const char *said(const json_t *doc, const char *key, size_t i, const char *member)
{
	return json_string_value(json_object_get(json_array_get(json_object_get(doc, key), i), member));
}

static void set_and_restored(void **state)
{
	struct hoststate h;
	json_t *doc, *ends;

	(void)state;
	assert_int_equal(hoststate_set(&h, root, "disk", record, NULL), 0);
	assert_true(all_set());
	assert_false(record_gone());
	doc = hoststate_json(&h);
	assert_int_equal(count(doc, "set"), 3);
	assert_int_equal(count(doc, "already"), 1);
	assert_int_equal(count(doc, "not_set"), 0);
	assert_string_equal(said(doc, "set", 2, "was"), "mq-deadline");
	assert_true(json_is_null(json_object_get(doc, "turbo")));
	json_decref(doc);
	assert_int_equal(hoststate_restore(&h, &ends), 0);
	assert_int_equal(count(ends, "restored"), 3);
	assert_int_equal(count(ends, "left"), 0);
	json_decref(ends);
	assert_true(all_as_before());
	assert_true(record_gone());
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);	/* no guard is left */
	file(GOVERNOR0, "performance\n");
	assert_int_equal(hoststate_restore(&h, &ends), 0);
	assert_int_equal(count(ends, "restored"), 0);
	json_decref(ends);
	assert_true(is(GOVERNOR0, "performance"));
	hoststate_free(&h);
}

static void nothing_to_set(void **state)
{
	char empty[128];
	struct hoststate h;
	json_t *doc;

	(void)state;
	snprintf(empty, sizeof(empty), "%s/empty", root);
	assert_int_equal(store_mkdirs(empty, NULL), 0);
	assert_int_equal(hoststate_set(&h, empty, NULL, record, NULL), 0);
	doc = hoststate_json(&h);
	assert_int_equal(count(doc, "not_set"), 2);
	assert_non_null(strstr(said(doc, "not_set", 0, "reason"), "no cpufreq driver"));
	assert_string_equal(said(doc, "not_set", 1, "what"), "scheduler");
	json_decref(doc);
	assert_true(record_gone());
	assert_int_equal(h.guard, 0);
	hoststate_free(&h);
}

/* A value that the kernel would refuse: here a directory instead of a file. The rest is set. */
static void one_cannot_be_set(void **state)
{
	char path[256];
	struct hoststate h;
	json_t *doc;

	(void)state;
	snprintf(path, sizeof(path), "%s/%s", root, GOVERNOR1);
	unlink(path);
	assert_int_equal(mkdir(path, 0755), 0);
	assert_int_equal(hoststate_set(&h, root, "disk", record, NULL), 0);
	doc = hoststate_json(&h);
	assert_int_equal(count(doc, "set"), 2);
	assert_int_equal(count(doc, "not_set"), 1);
	assert_non_null(strstr(said(doc, "not_set", 0, "reason"), "policy1"));
	json_decref(doc);
	hoststate_free(&h);
	assert_true(is(GOVERNOR0, "powersave"));
	assert_true(is(SCHEDULER, "mq-deadline"));
}

static void without_a_record_nothing_changes(void **state)
{
	char nowhere[128];
	struct hoststate h;
	struct why why = { "" };
	json_t *doc;

	(void)state;
	snprintf(nowhere, sizeof(nowhere), "%s/no/such/record.json", root);
	assert_int_equal(hoststate_set(&h, root, "disk", nowhere, &why), -ENOENT);
	assert_non_null(strstr(why.text, "record"));
	assert_true(all_as_before());
	doc = hoststate_json(&h);
	assert_int_equal(count(doc, "not_set"), 2);
	json_decref(doc);
	hoststate_free(&h);
}

static void changed_meanwhile_is_left(void **state)
{
	struct hoststate h;
	json_t *ends;

	(void)state;
	assert_int_equal(hoststate_set(&h, root, "disk", record, NULL), 0);
	file(GOVERNOR1, "ondemand\n");
	assert_int_equal(hoststate_restore(&h, &ends), 0);
	assert_int_equal(count(ends, "restored"), 2);
	assert_int_equal(count(ends, "left"), 1);
	assert_string_equal(said(ends, "left", 0, "found"), "ondemand");
	assert_non_null(strstr(said(ends, "left", 0, "reason"), "somebody else"));
	json_decref(ends);
	assert_true(is(GOVERNOR0, "powersave"));
	assert_true(is(GOVERNOR1, "ondemand"));
	assert_true(record_gone());
	hoststate_free(&h);
}

/* A night in a process group of its own, with the lock of the machine; *GUARD gets its guard's pid. */
static pid_t night(pid_t *guard)
{
	int ends[2];
	pid_t pid;

	assert_int_equal(pipe(ends), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (!pid) {
		struct machinelock lock;
		struct hoststate h;

		setpgid(0, 0);
		alarm(60);	/* it outlives no failed test */
		if (machinelock_take(&lock, root, 0, NULL) || hoststate_set(&h, root, "disk", record, NULL) ||
		    write(ends[1], &h.guard, sizeof(h.guard)) != sizeof(h.guard))
			_exit(1);
		for (;;)
			pause();
	}
	close(ends[1]);
	assert_int_equal(read(ends[0], guard, sizeof(*guard)), sizeof(*guard));
	close(ends[0]);
	assert_true(*guard > 0);
	assert_true(all_set());
	return pid;
}

static void killed_by(int sig)
{
	pid_t guard, pid = night(&guard);

	/* As a terminal does: the whole group. */
	assert_int_equal(kill(-pid, sig), 0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_true(soon(all_as_before));
	assert_true(soon(record_gone));
}

static void killed(void **state)
{
	(void)state;
	killed_by(SIGKILL);
	killed_by(SIGINT);
	killed_by(SIGHUP);
}

static void guard_is_not_disturbed(void **state)
{
	pid_t guard, pid = night(&guard);

	(void)state;
	kill(guard, SIGINT);
	kill(guard, SIGTERM);
	kill(guard, SIGHUP);
	assert_true(all_set());
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_true(soon(all_as_before));
}

/* The machine is free when the night is dead, whatever its guard does. */
static void guard_holds_no_lock(void **state)
{
	pid_t guard, pid = night(&guard);
	struct machinelock lock;
	struct why why = { "" };

	(void)state;
	assert_int_equal(machinelock_take(&lock, root, 0, &why), -EBUSY);
	kill(guard, SIGSTOP);
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_int_equal(machinelock_take(&lock, root, 0, NULL), 0);
	machinelock_drop(&lock);
	assert_true(all_set());
	kill(guard, SIGCONT);
	assert_true(soon(all_as_before));
}

static void both_killed(void **state)
{
	pid_t guard, pid = night(&guard);
	struct why why = { "" };
	json_t *ends = NULL;

	(void)state;
	/* Somebody lives, so the record is not free. */
	assert_int_equal(hoststate_restore_left(root, record, &ends, &why), -EBUSY);
	assert_null(ends);
	assert_true(all_set());
	kill(guard, SIGKILL);
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_int_equal(hoststate_restore_left(root, record, &ends, NULL), 0);
	assert_int_equal(count(ends, "restored"), 3);
	json_decref(ends);
	assert_true(all_as_before());
	assert_true(record_gone());
	assert_int_equal(hoststate_restore_left(root, record, &ends, NULL), 0);
	assert_null(ends);
}

/* The next night takes over what the last one left, and does not take it for the host's own state. */
static void next_night_restores_first(void **state)
{
	pid_t guard, pid = night(&guard);
	struct hoststate h;
	json_t *doc;

	(void)state;
	kill(guard, SIGKILL);
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_int_equal(hoststate_set(&h, root, "disk", record, NULL), 0);
	doc = hoststate_json(&h);
	assert_int_equal(count(json_object_get(doc, "left_over"), "restored"), 3);
	assert_int_equal(count(doc, "set"), 3);
	json_decref(doc);
	assert_true(all_set());
	hoststate_free(&h);
	assert_true(all_as_before());
}

/* The guard says nothing to anybody, so what it left is said by the next who reads the record. */
static void guard_leaves_what_was_changed(void **state)
{
	pid_t guard, pid = night(&guard);
	json_t *ends;

	(void)state;
	file(GOVERNOR0, "ondemand\n");
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_int_equal(hoststate_restore_left(root, record, &ends, NULL), 0);	/* waits for the guard */
	assert_true(is(GOVERNOR0, "ondemand"));
	assert_true(is(GOVERNOR1, "schedutil"));
	assert_int_equal(count(ends, "left"), 1);
	assert_string_equal(said(ends, "left", 0, "found"), "ondemand");
	json_decref(ends);
	assert_true(record_gone());
}

static void write_record(const char *path, const char *boot)
{
	char text[512];

	snprintf(text, sizeof(text), "{\"schema\": \"sqbench-hoststate/1\", \"boot\": \"%s\", \"items\": [{\"path\": \"%s\", \"was\": \"powersave\", \"set\": \"performance\"}]}",
		 boot, path);
	assert_int_equal(store_write(record, text, NULL), 0);
}

static void after_a_reboot_nothing_is_ours(void **state)
{
	json_t *ends;

	(void)state;
	file(GOVERNOR0, "performance\n");
	write_record(GOVERNOR0, "another");
	assert_int_equal(hoststate_restore_left(root, record, &ends, NULL), 0);
	assert_non_null(strstr(said(ends, "left", 0, "reason"), "booted"));
	json_decref(ends);
	assert_true(is(GOVERNOR0, "performance"));
	assert_true(record_gone());
}

/* A record that others could write must not lead root to another file. */
static void foreign_records_are_refused(void **state)
{
	static const char *const paths[] = { "victim", "block/../victim", "block/../../queue/scheduler", "devices/system/cpu/cpufreq/policy0/../../victim" };
	char *boot = store_read("/proc/sys/kernel/random/boot_id", NULL);
	struct why why = { "" };

	(void)state;
	assert_non_null(boot);
	boot[strcspn(boot, "\n")] = '\0';
	file("victim", "performance\n");
	for (size_t i = 0; i < sizeof(paths) / sizeof(*paths); i++) {
		write_record(paths[i], boot);
		assert_int_equal(hoststate_restore_left(root, record, NULL, &why), -EINVAL);
		assert_false(record_gone());
	}
	assert_true(is("victim", "performance"));
	/* The same with a name that is allowed is taken. */
	file(GOVERNOR0, "performance\n");
	write_record(GOVERNOR0, boot);
	assert_int_equal(hoststate_restore_left(root, record, NULL, &why), 0);
	assert_true(is(GOVERNOR0, "powersave"));
	assert_int_equal(store_write(record, "{ half", NULL), 0);
	assert_int_equal(hoststate_restore_left(root, record, NULL, &why), -EINVAL);
	free(boot);
}

/* 0 when without permission nothing is set and everything is said. */
static int without_permission(void)
{
	struct hoststate h;
	json_t *doc;
	bool good;

	if (!geteuid() && setresuid(NOBODY, NOBODY, NOBODY))
		return 2;
	if (hoststate_set(&h, root, "disk", record, NULL))
		return 3;
	doc = hoststate_json(&h);
	good = !count(doc, "set") && count(doc, "not_set") == 3 && strstr(said(doc, "not_set", 0, "reason"), "it takes root") && record_gone() && !h.guard;
	json_decref(doc);
	hoststate_free(&h);
	return good && all_as_before() ? 0 : 1;
}

static void no_permission(void **state)
{
	static const char *const names[] = { GOVERNOR0, GOVERNOR1, SCHEDULER };
	char path[256];
	int status;
	pid_t pid;

	(void)state;
	assert_int_equal(chmod(root, 0777), 0);
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		snprintf(path, sizeof(path), "%s/%s", root, names[i]);
		assert_int_equal(chmod(path, 0444), 0);
	}
	pid = fork();
	if (!pid)
		_exit(without_permission());
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(set_and_restored), CASE(nothing_to_set), CASE(one_cannot_be_set), CASE(without_a_record_nothing_changes),
		CASE(changed_meanwhile_is_left), CASE(killed), CASE(guard_is_not_disturbed), CASE(guard_holds_no_lock), CASE(both_killed),
		CASE(next_night_restores_first), CASE(guard_leaves_what_was_changed), CASE(after_a_reboot_nothing_is_ours),
		CASE(foreign_records_are_refused), CASE(no_permission),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
