// SPDX-License-Identifier: GPL-2.0-only
/* One night at a time: two processes, and files that are no lock. */
#include "check.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "machinelock.h"
#include "proc.h"
#include "store.h"

#define NOBODY 65534

static char root[64], path[128];

static int set_up(void **state)
{
	(void)state;
	snprintf(root, sizeof(root), "/tmp/machinelock.XXXXXX");
	if (!mkdtemp(root) || chmod(root, 01777))
		return -1;
	snprintf(path, sizeof(path), "%s/%s", root, MACHINELOCK_NAME);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	store_remove(root);
	return 0;
}

/* A process that has the lock, for HELD_MS or (0) until it is killed; it runs as USER where it can. */
static pid_t holder(long held_ms, uid_t user)
{
	int ends[2];
	pid_t pid;
	char c = 0;

	assert_int_equal(pipe(ends), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (!pid) {
		const struct timespec time = { .tv_nsec = held_ms * 1000000 };
		struct machinelock l;

		alarm(60);	/* it outlives no failed test */
		if ((user && !geteuid() && setresuid(user, user, user)) || machinelock_take(&l, root, 0, NULL) || write(ends[1], "x", 1) != 1)
			_exit(1);
		if (!held_ms)
			pause();
		nanosleep(&time, NULL);
		machinelock_drop(&l);
		_exit(0);
	}
	close(ends[1]);
	assert_int_equal(read(ends[0], &c, 1), 1);
	close(ends[0]);
	return pid;
}

static void end(pid_t pid)
{
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static void second_is_refused(void **state)
{
	pid_t pid = holder(0, 0);
	struct machinelock l;
	struct why why = { "" };
	char wanted[64];

	(void)state;
	assert_int_equal(machinelock_take(&l, root, 0, &why), -EBUSY);
	assert_int_equal(l.fd, -1);
	snprintf(wanted, sizeof(wanted), "(pid %d since 2", (int)pid);
	assert_non_null(strstr(why.text, wanted));
	assert_null(strchr(why.text, '\n'));
	end(pid);
	/* Killed, it is free at once, and the file that it left does not matter. */
	assert_int_equal(machinelock_take(&l, root, 0, NULL), 0);
	machinelock_drop(&l);
	machinelock_drop(&l);
}

static void second_waits(void **state)
{
	pid_t pid = holder(300, 0);
	struct machinelock l;
	double start = proc_now_s();

	(void)state;
	assert_int_equal(machinelock_take(&l, root, 60, NULL), 0);
	assert_true(proc_now_s() - start < 50);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	machinelock_drop(&l);
}

static void waiting_ends(void **state)
{
	pid_t pid = holder(0, 0);
	struct machinelock l;
	struct why why = { "" };
	double start = proc_now_s();

	(void)state;
	assert_int_equal(machinelock_take(&l, root, 0.5, &why), -EBUSY);
	assert_true(proc_now_s() - start >= 0.5);
	proc_catch_signals();
	raise(SIGTERM);
	assert_int_equal(machinelock_take(&l, root, 60, &why), -EINTR);
	end(pid);
}

/* A file that a user has made serves root, and the other way round, whatever fs.protected_regular says. */
static void users_share_it(void **state)
{
	struct machinelock l;
	struct stat st;
	pid_t pid = holder(0, NOBODY);

	(void)state;
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0666);
	assert_int_equal(machinelock_take(&l, root, 0, NULL), -EBUSY);
	end(pid);
	assert_int_equal(machinelock_take(&l, root, 0, NULL), 0);
	machinelock_drop(&l);
	end(holder(0, NOBODY));
}

static void programs_do_not_have_it(void **state)
{
	struct machinelock l;
	pid_t pid;

	(void)state;
	assert_int_equal(machinelock_take(&l, root, 0, NULL), 0);
	pid = fork();
	if (!pid) {
		execlp("sleep", "sleep", "60", (char *)NULL);
		_exit(1);
	}
	machinelock_drop(&l);
	/* Between fork and exec it still has it. */
	assert_int_equal(machinelock_take(&l, root, 30, NULL), 0);
	end(pid);
	machinelock_drop(&l);
}

static void what_is_no_lock_is_left_alone(void **state)
{
	char other[128], *text;
	struct machinelock l;

	(void)state;
	snprintf(other, sizeof(other), "%s/other", root);
	assert_int_equal(store_write(other, "precious", NULL), 0);
	assert_int_equal(symlink(other, path), 0);
	assert_int_equal(machinelock_take(&l, root, 0, NULL), -ELOOP);
	unlink(path);
	assert_int_equal(link(other, path), 0);
	assert_int_equal(machinelock_take(&l, root, 0, NULL), -EINVAL);
	unlink(path);
	assert_int_equal(store_write(path, "precious", NULL), 0);
	assert_int_equal(machinelock_take(&l, root, 0, NULL), -EINVAL);
	text = store_read(path, NULL);
	assert_string_equal(text, "precious");
	free(text);
	unlink(path);
	assert_int_equal(mkfifo(path, 0666), 0);
	assert_int_equal(machinelock_take(&l, root, 0, NULL), -EINVAL);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(second_is_refused), CASE(second_waits), CASE(users_share_it), CASE(programs_do_not_have_it), CASE(what_is_no_lock_is_left_alone),
		CASE(waiting_ends),	/* last: an interrupt stays */
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
