// SPDX-License-Identifier: GPL-2.0-only
/*
 * Question:  what does a wait do when the SQ thread of its ring dies?
 * Expected:  asleep, awake: entries that no thread will take end the commit or the wait with -EOWNERDEAD;
 *            flight: what the thread had taken still completes, with data or an error, polled or not.
 * Wrong if:  it waits for ever (LIMIT_S), or another error comes.
 *
 * usage: sq_death asleep|awake|flight [hipri] FILE     FILE is read, with O_DIRECT
 *
 * An SQ thread belongs to the process that made the ring and dies with it alone; what fio cannot do, a fork can: the owner
 * opens the ring, its child has the same ring and the same mappings, and kills the owner.
 */
#include "reap.h"
#include "wake.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { DEPTH = 8, BLOCK = 4096, LIMIT_S = 20, IDLE_MS = 1 };

struct death {
	const char *mode;
	bool hipri;
	int fd;
	char *buf;
	struct sqp_ring ring;
};

static void nap_ms(long ms)
{
	struct timespec t = { ms / 1000, ms % 1000 * 1000000 };

	nanosleep(&t, NULL);
}

static int complain(const char *what, int ret)
{
	printf("WRONG: %s: %d (%s)\n", what, ret, ret < 0 ? strerror(-ret) : "no error");
	return 1;
}

static void fill(struct death *d, unsigned nr)
{
	for (unsigned i = 0; i < nr; i++) {
		struct io_uring_sqe *sqe = sqp_next_sqe(&d->ring);

		if (!sqe)
			exit(complain("the ring is full", 0));
		io_uring_prep_read(sqe, d->fd, d->buf + (size_t)i * BLOCK, BLOCK, (uint64_t)i * BLOCK);
	}
}

/* The owner is gone when it has been reaped, which is not before its last thread has ended. */
static void kill_owner(bool and_wait)
{
	pid_t owner = getppid();

	kill(owner, SIGKILL);
	while (and_wait && !kill(owner, 0))
		nap_ms(1);
}

static int dead_is(const char *what, int ret)
{
	if (ret != -EOWNERDEAD)
		return complain(what, ret);
	printf("%s ended with EOWNERDEAD\n", what);
	return 0;
}

/* Published while the thread sleeps and not woken: the wait finds both out. */
static int die_asleep(struct death *d)
{
	unsigned first;

	while (!(atomic_load(d->ring.kflags) & IORING_SQ_NEED_WAKEUP))
		nap_ms(1);
	fill(d, DEPTH);
	sqp_publish(&d->ring);
	kill_owner(true);
	return dead_is("the wait", sqp_reap(&d->ring, 1, DEPTH, &first));
}

static int die_before_commit(struct death *d)
{
	kill_owner(true);
	fill(d, DEPTH);
	return dead_is("the commit", sqp_commit(&d->ring, 0));
}

/* The owner's memory goes while the requests are under way: they may fail, but they end. */
static int die_in_flight(struct death *d)
{
	unsigned first, left = DEPTH, done = 0;
	int ret;

	fill(d, DEPTH);
	ret = sqp_commit(&d->ring, 0);
	if (ret)
		return complain("commit", ret);
	while (sqp_untaken(&d->ring))
		nap_ms(1);
	kill_owner(false);
	while (left) {
		ret = sqp_reap(&d->ring, 1, left, &first);
		if (ret < 0)
			return complain("the wait for what was taken", ret);
		for (int i = 0; i < ret; i++)
			if (sqp_cqe(&d->ring, first, (unsigned)i)->res == BLOCK)
				done++;
		left -= (unsigned)ret;
	}
	printf("all %d in flight completed, %u of them with data\n", DEPTH, done);
	return 0;
}

static int survive(struct death *d)
{
	static const struct {
		const char *name;
		int (*run)(struct death *d);
	} mode[] = { { "asleep", die_asleep }, { "awake", die_before_commit }, { "flight", die_in_flight } };

	alarm(LIMIT_S);
	for (unsigned i = 0; i < SQP_NR(mode); i++)
		if (!strcmp(mode[i].name, d->mode))
			return mode[i].run(d);
	return complain("no such mode", 0);
}

/* Opens the ring, has a child with the same, and waits to be killed. */
static int own(struct death *d)
{
	struct sqp_config cfg = {
		.depth = DEPTH, .idle_ms = IDLE_MS, .sq_cpu = SQP_ANY_CPU, .hipri = d->hipri, .stall_ms = LIMIT_S * 1000,
	};
	struct sqp_why why;

	if (sqp_ring_open(&d->ring, &cfg, &why)) {
		printf("WRONG: %s\n", why.text);
		return 1;
	}
	fflush(stdout);
	if (!fork()) {
		int ret = survive(d);

		fflush(stdout);
		_exit(ret);
	}
	for (;;)
		pause();
}

int main(int argc, char **argv)
{
	struct death d = { 0 };
	int status = 0, last = -1;
	pid_t owner, pid;

	if (argc < 3)
		return 2;
	d.mode = argv[1];
	d.hipri = argc > 3 && !strcmp(argv[2], "hipri");
	d.fd = open(argv[argc - 1], O_RDONLY | O_DIRECT);
	if (d.fd < 0 || posix_memalign((void **)&d.buf, BLOCK, (size_t)DEPTH * BLOCK)) {
		perror(argv[argc - 1]);
		return 2;
	}
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	owner = fork();
	if (!owner)
		_exit(own(&d));
	/* the owner's child has become ours */
	while ((pid = wait(&status)) > 0)
		if (pid != owner || WIFEXITED(status))
			last = status;
	free(d.buf);
	if (last >= 0 && WIFSIGNALED(last))
		return complain("ended by signal", WTERMSIG(last));
	return last >= 0 && WIFEXITED(last) ? WEXITSTATUS(last) : 1;
}
