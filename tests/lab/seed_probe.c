// SPDX-License-Identifier: GPL-2.0-only
/*
 * Question: which of the seed's rules does the kernel under this program follow?
 * usage: seed_probe FILE [SECTION...]     FILE: at least 4096 readable bytes
 * Prints one KEY=VALUE per observation; judging them is the caller's. Exit 1: something could not be observed.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include "probe_idle.h"
#include "probe_ring.h"
#include "probe_thread.h"

#define PATIENCE_US 5e6
#define UNWOKEN_US 300e3
#define THREAD_CHANGE_US 1e6
#define WAIT_TICKS 30
#define IMPOSSIBLE_CPU (1u << 20)

static char page[4096] __attribute__((aligned(4096)));

/* Ends the program: nothing that follows could be observed either. */
static void must(int ret, const char *what)
{
	if (ret >= 0)
		return;
	fprintf(stderr, "seed_probe: %s: %s\n", what, strerror(-ret));
	exit(1);
}

static void open_sqpoll(struct probe_ring *ring, unsigned idle_ms)
{
	must(ring_open(ring, 8, &(struct io_uring_params){ .flags = IORING_SETUP_SQPOLL, .sq_thread_idle = idle_ms }),
	     "create an SQPOLL ring");
}

static int open_file(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	must(fd < 0 ? -errno : 0, path);
	return fd;
}

static void push_read(struct probe_ring *ring, int fd, unsigned flags)
{
	ring_push(ring, &(struct io_uring_sqe){
		.opcode = IORING_OP_READ,
		.flags = (unsigned char)flags,
		.fd = fd,
		.addr = (uintptr_t)page,
		.len = sizeof(page),
	});
}

static int read_awake(struct probe_ring *ring, int fd, unsigned flags)
{
	int res = 0;

	push_read(ring, fd, flags);
	if (ring_needs_wakeup(ring))
		must(ring_enter(ring, 1, 0, IORING_ENTER_SQ_WAKEUP), "wake the SQ thread");
	must(wait_result(ring, PATIENCE_US, &res), "wait for a read");
	return res;
}

static void register_file(struct probe_ring *ring, int fd)
{
	long ret = syscall(__NR_io_uring_register, ring->fd, IORING_REGISTER_FILES, &fd, 1);

	must(ret < 0 ? -errno : 0, "register a file");
}

static void probe_kernel(const char *path)
{
	struct utsname name;

	(void)path;
	uname(&name);
	printf("kernel=%s\nhz=%.0f\n", name.release, 1e6 / tick_us());
}

static void probe_files(const char *path)
{
	struct probe_ring ring;
	int fd = open_file(path);

	open_sqpoll(&ring, 100);
	printf("features=0x%x\nnonfixed=%d\n", ring.params.features,
	       !!(ring.params.features & IORING_FEAT_SQPOLL_NONFIXED));
	printf("plain_res=%d\n", read_awake(&ring, fd, 0));
	register_file(&ring, fd);
	printf("fixed_res=%d\n", read_awake(&ring, 0, IOSQE_FIXED_FILE));
	ring_close(&ring);
	close(fd);
}

static void probe_wake(const char *path)
{
	struct probe_ring ring;
	int fd = open_file(path);
	int res = 0;

	open_sqpoll(&ring, 20);
	register_file(&ring, fd);
	read_awake(&ring, 0, IOSQE_FIXED_FILE);
	printf("asleep_after_idle=%d\n", wait_asleep(&ring, PATIENCE_US) == 0);
	push_read(&ring, 0, IOSQE_FIXED_FILE);
	printf("taken_without_wake=%d\n", wait_taken(&ring, UNWOKEN_US) == 0);
	printf("enter_ret=%d\n", ring_enter(&ring, 7, 0, IORING_ENTER_SQ_WAKEUP));
	printf("taken_after_wake=%d\n", wait_taken(&ring, PATIENCE_US) == 0);
	must(wait_result(&ring, PATIENCE_US, &res), "wait for the woken read");
	printf("woken_res=%d\n", res);
	ring_close(&ring);
	close(fd);
}

/* Nothing completes before the timer expires: who returns earlier did not wait. */
static void probe_wait(const char *path)
{
	const struct __kernel_timespec delay = { .tv_nsec = (long long)(WAIT_TICKS * tick_us() * 1e3) };
	struct probe_ring ring;
	int res = 0;

	(void)path;
	open_sqpoll(&ring, 1000);
	must(wake_with_nop(&ring), "wake the SQ thread");
	ring_push(&ring, &(struct io_uring_sqe){
		.opcode = IORING_OP_TIMEOUT, .fd = -1, .addr = (uintptr_t)&delay, .len = 1 });
	printf("enter_min_complete_ret=%d\n", ring_enter(&ring, 7, 1, 0));
	printf("enter_waits=%d\n", ring_pop(&ring, &res));
	printf("enter_getevents_ret=%d\n", ring_enter(&ring, 7, 1, IORING_ENTER_GETEVENTS));
	printf("enter_getevents_waits=%d\n", ring_pop(&ring, &res));
	ring_close(&ring);
}

static unsigned last_allowed_cpu(void)
{
	cpu_set_t set;
	unsigned last = 0;

	must(sched_getaffinity(0, sizeof(set), &set) ? -errno : 0, "ask for the allowed CPUs");
	for (unsigned cpu = 0; cpu < CPU_SETSIZE; cpu++)
		if (CPU_ISSET(cpu, &set))
			last = cpu;
	return last;
}

static int try_setup(unsigned flags, unsigned cpu)
{
	struct probe_ring ring;
	int err = ring_open(&ring, 8, &(struct io_uring_params){
		.flags = flags, .sq_thread_cpu = cpu, .sq_thread_idle = 20 });

	if (err)
		return err;
	/* A thread that never ran has no name yet, and would be counted only when the next section looks. */
	if (flags & IORING_SETUP_SQPOLL)
		must(wait_asleep(&ring, PATIENCE_US), "see the SQ thread run");
	ring_close(&ring);
	return 0;
}

static void probe_affinity(const char *path)
{
	const unsigned cpu = last_allowed_cpu();
	struct probe_ring ring;
	char allowed[256];
	pid_t tid = 0;
	int ran_on = -1;

	(void)path;
	printf("sq_aff_without_sqpoll=%d\n", try_setup(IORING_SETUP_SQ_AFF, 0));
	printf("sq_aff_impossible_cpu=%d\n", try_setup(IORING_SETUP_SQPOLL | IORING_SETUP_SQ_AFF, IMPOSSIBLE_CPU));
	must(ring_open(&ring, 8, &(struct io_uring_params){ .flags = IORING_SETUP_SQPOLL | IORING_SETUP_SQ_AFF,
							   .sq_thread_cpu = cpu, .sq_thread_idle = 20 }),
	     "create a ring with SQ_AFF");
	must(wake_with_nop(&ring), "wake the pinned SQ thread");
	must(sq_threads(getpid(), &tid) == 1 ? 0 : -ESRCH, "find exactly one SQ thread");
	must(thread_affinity(tid, allowed, sizeof(allowed)), "read the SQ thread's affinity");
	must(thread_last_cpu(tid, &ran_on), "read the SQ thread's CPU");
	printf("sq_aff_cpu=%u\nsq_thread_allowed=%s\nsq_thread_ran_on=%d\n", cpu, allowed, ran_on);
	ring_close(&ring);
}

static void probe_hipri(const char *path)
{
	(void)path;
	printf("hipri_setup=%d\n", try_setup(IORING_SETUP_SQPOLL | IORING_SETUP_IOPOLL, 0));
}

/* Milliseconds until PID has no SQ thread more than BEFORE, or -1. */
static double gone_after_ms(pid_t pid, int before)
{
	double start = now_us();
	pid_t tid;

	while (sq_threads(pid, &tid) > before) {
		if (now_us() - start > THREAD_CHANGE_US)
			return -1;
		sleep_us(500);
	}
	return (now_us() - start) / 1e3;
}

/* SQ threads of PID beyond BEFORE. A thread has its name only once it has run, so it may take a moment to show. */
static int new_sq_threads(pid_t pid, int before)
{
	double end = now_us() + THREAD_CHANGE_US;
	pid_t tid;
	int count;

	do {
		sleep_us(500);
		count = sq_threads(pid, &tid);
	} while (count <= before && now_us() < end);
	return count - before;
}

static void child_with_ring(int ready)
{
	struct probe_ring ring;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	open_sqpoll(&ring, 1000);
	must(write(ready, "r", 1) == 1 ? 0 : -errno, "tell the parent");
	for (;;)
		pause();
}

static void probe_exit(const char *path)
{
	struct probe_ring ring;
	pid_t tid;
	pid_t child;
	int before = sq_threads(getpid(), &tid);
	int ready[2];
	char byte;

	(void)path;
	open_sqpoll(&ring, 1000);
	printf("sq_threads_of_ring=%d\n", new_sq_threads(getpid(), before));
	ring_close(&ring);
	printf("close_gone_ms=%.1f\n", gone_after_ms(getpid(), before));

	must(pipe(ready) ? -errno : 0, "make a pipe");
	fflush(stdout);
	child = fork();
	must(child < 0 ? -errno : 0, "fork");
	if (child == 0)
		child_with_ring(ready[1]);
	close(ready[1]);
	must(read(ready[0], &byte, 1) == 1 ? 0 : -EPIPE, "hear from the child");
	close(ready[0]);
	printf("sq_threads_of_child=%d\n", new_sq_threads(child, before));
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	printf("kill9_gone_ms=%.1f\n", gone_after_ms(child, before));
}

/* Reads that completed with the thread awake, of so many; the ring counts its enters from the second read on. */
enum { READS = 53 };

static int reads_awake(struct probe_ring *ring, int fd)
{
	int done = 0;

	register_file(ring, fd);
	read_awake(ring, 0, IOSQE_FIXED_FILE);
	ring->enters = 0;
	while (done < READS && read_awake(ring, 0, IOSQE_FIXED_FILE) == (int)sizeof(page))
		done++;
	return done;
}

static void probe_zero(const char *path)
{
	struct probe_ring ring;
	int fd = open_file(path);

	open_sqpoll(&ring, 2000);
	printf("awake_reads=%d\n", reads_awake(&ring, fd));
	printf("awake_enters=%u\n", ring.enters);
	ring_close(&ring);
	close(fd);
}

/* Where nothing polls, the kernel refuses the reads or does them with interrupts: count those outside. */
static void probe_polled(const char *path)
{
	struct probe_ring ring;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_DIRECT);
	int reads = 0;

	must(ring_open(&ring, 8, &(struct io_uring_params){
		     .flags = IORING_SETUP_SQPOLL | IORING_SETUP_IOPOLL, .sq_thread_idle = 2000 }),
	     "create an SQPOLL ring with IOPOLL");
	if (fd >= 0)
		reads = reads_awake(&ring, fd);
	printf("polled_reads=%d\npolled_enters=%u\n", reads, ring.enters);
	ring_close(&ring);
	if (fd >= 0)
		close(fd);
}

static void print_spins(unsigned idle_ms, int wanted)
{
	double spins_us[16];
	int dropped = 0;
	int taken = measure_spins(idle_ms, wanted, spins_us, &dropped);

	must(taken, "measure spins");
	printf("spin_us.%u=", idle_ms);
	for (int i = 0; i < taken; i++)
		printf("%s%.0f", i ? "," : "", spins_us[i]);
	printf("\nspins_dropped.%u=%d\n", idle_ms, dropped);
	fflush(stdout);
}

/* The first and the last whole millisecond of a step of the lattice, and one between. */
static void probe_idle(const char *path)
{
	static const unsigned steps[] = { 1, 2, 3, 5 };
	const double tick_ms = tick_us() / 1e3;
	double ticks = 0;

	(void)path;
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		unsigned first_ms = (unsigned)((steps[i] - 1) * tick_ms) + 1;
		unsigned last_ms = (unsigned)(steps[i] * tick_ms);

		print_spins(first_ms, 8);
		if (i == 0 && last_ms - first_ms > 1)
			print_spins((first_ms + last_ms) / 2, 8);
		if (last_ms > first_ms)
			print_spins(last_ms, 8);
	}
	print_spins(0, 4);
	must(spin_after_second_work(&ticks), "measure the spin after a second work");
	printf("second_work_spin_ticks=%.1f\nidle_restarts_with_work=%d\n", ticks,
	       ticks > SECOND_IDLE_TICKS - SECOND_PAUSE_TICKS / 2.0);
}

static const struct section {
	const char *name;
	void (*run)(const char *path);
} sections[] = {
	{ "kernel", probe_kernel }, { "files", probe_files }, { "wake", probe_wake }, { "wait", probe_wait },
	{ "affinity", probe_affinity }, { "hipri", probe_hipri }, { "exit", probe_exit }, { "zero", probe_zero },
	{ "polled", probe_polled }, { "idle", probe_idle },
};

static bool wanted(const char *name, char **names)
{
	if (!*names)
		return true;
	for (; *names; names++)
		if (!strcmp(name, *names))
			return true;
	return false;
}

int main(int argc, char **argv)
{
	pid_t tid;
	int before = sq_threads(getpid(), &tid);

	if (argc < 2) {
		fprintf(stderr, "usage: seed_probe FILE [SECTION...]\n");
		return 2;
	}
	prctl(PR_SET_TIMERSLACK, 1UL);
	for (size_t i = 0; i < sizeof(sections) / sizeof(sections[0]); i++) {
		if (!wanted(sections[i].name, argv + 2))
			continue;
		sections[i].run(argv[1]);
		fflush(stdout);
		/* The next section counts SQ threads, and those of closed rings end in the background. */
		must(gone_after_ms(getpid(), before) < 0 ? -ETIME : 0, "wait for SQ threads to end");
	}
	return 0;
}
