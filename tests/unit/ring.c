// SPDX-License-Identifier: GPL-2.0-only
/* The ring on this machine's own kernel: nothing here is simulated. */
#include "unit.h"

#include "ask.h"
#include "bypass.h"
#include "idle.h"
#include "poll.h"
#include "procfs.h"
#include "reap.h"
#include "reg.h"
#include "wake.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { DEPTH = 8, PRIME = 10007, IDLE_MS = 1, LONG_IDLE_MS = 2000, STALL_MS = 50 };

static struct sqp_ring r;
static unsigned stalls_told;

static void count_stall(void *arg, const char *what)
{
	(void)arg;
	assert_contains(what, "nothing completed for");
	stalls_told++;
}

static bool at_once(void *arg)
{
	(void)arg;
	return true;
}

static struct sqp_config config(unsigned idle_ms)
{
	return (struct sqp_config){
		.depth = DEPTH, .idle_ms = idle_ms, .sq_cpu = SQP_ANY_CPU, .clock = true, .stall_ms = 20000,
		.idle_probe_ms = 200,
	};
}

static void open_ring(const struct sqp_config *cfg)
{
	struct sqp_why why;

	if (sqp_ring_open(&r, cfg, &why) || (cfg->wake != SQP_WAKE_ALWAYS && sqp_bypass_open(&r, &why)))
		fail_msg("%s", why.text);
}

static void fill_nop(uint64_t tag)
{
	struct io_uring_sqe *sqe = sqp_next_sqe(&r);

	assert_non_null(sqe);
	io_uring_prep_nop(sqe);
	sqe->user_data = tag;
}

static bool went_aside;		/* the last commit, past the SQ thread */

static void commit(void)
{
	went_aside = false;
	assert_int_equal(r.side ? sqp_bypass_commit(&r, sqp_now_ns(&r), &went_aside) : sqp_commit(&r, sqp_now_ns(&r)), 0);
}

/* File 0 of the ring: a pipe, a read of which is in flight until something is written. */
static void register_pipe(int fds[2])
{
	struct sqp_why why;

	assert_int_equal(pipe(fds), 0);
	assert_int_equal(sqp_files_init(&r, 1, &why), 0);
	assert_int_equal(sqp_file_set(&r, 0, fds[0], "pipe", &why), 0);
}

/* The first entry of a ring. */
static void fill_pipe_read(void)
{
	static char buf[16];

	io_uring_prep_read(sqp_next_sqe(&r), 0, buf, sizeof(buf), 0);
	r.sqes[0].flags = IOSQE_FIXED_FILE;
}

static void sleep_ms(unsigned ms)
{
	struct timespec t = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000L };

	nanosleep(&t, NULL);
}

/* bounded: 5 s */
static bool falls_asleep(void)
{
	for (int i = 0; i < 5000; i++) {
		if (atomic_load(r.kflags) & IORING_SQ_NEED_WAKEUP)
			return true;
		sleep_ms(1);
	}
	return false;
}

static void a_prime_number_comes_back_in_order(void **state)
{
	struct sqp_config cfg = config(LONG_IDLE_MS);
	uint64_t sent = 0, seen = 0;

	(void)state;
	open_ring(&cfg);
	while (seen < PRIME) {
		unsigned first;
		int n;

		for (unsigned i = 0; i < DEPTH && sent < PRIME; i++)
			fill_nop(sent++);
		commit();
		n = sqp_reap(&r, r.inflight, r.inflight, &first);
		assert_true(n > 0);
		for (int i = 0; i < n; i++)
			assert_int_equal(sqp_cqe(&r, first, (unsigned)i)->user_data, seen++);
	}
	assert_int_equal(r.count.submitted, PRIME);
	assert_int_equal(r.count.completed, PRIME);
	assert_int_equal(r.inflight, 0);
	assert_int_equal(r.count.cq_overflow, 0);
	assert_true(r.count.enters == r.count.wakeups + r.count.rechecks);
	sqp_ring_close(&r);
}

static void more_than_the_depth_is_refused_and_counted(void **state)
{
	struct sqp_config cfg = config(LONG_IDLE_MS);
	unsigned first;

	(void)state;
	open_ring(&cfg);
	for (unsigned i = 0; i < DEPTH; i++)
		fill_nop(i);
	assert_null(sqp_next_sqe(&r));
	commit();
	assert_null(sqp_next_sqe(&r));
	assert_int_equal(r.count.sq_full, 2);
	assert_int_equal(sqp_reap(&r, DEPTH, DEPTH, &first), DEPTH);
	assert_non_null(sqp_next_sqe(&r));
	sqp_ring_close(&r);
}

static void each_sleep_costs_one_enter(void **state)
{
	enum { CYCLES = 7 };
	struct sqp_config cfg = config(IDLE_MS);
	unsigned first;

	(void)state;
	open_ring(&cfg);
	for (int i = 0; i < CYCLES; i++) {
		assert_true(falls_asleep());
		fill_nop(1);
		commit();
		assert_int_equal(sqp_reap(&r, 1, 1, &first), 1);
	}
	assert_int_equal(r.count.wakeups, CYCLES);
	assert_true(r.count.enters == r.count.wakeups + r.count.rechecks);
	assert_true(r.idle.asleep_min_ns > 0);
	assert_true(r.wake.n <= CYCLES);
	/* one that is taken while we have no CPU is not kept: it may take more to have some */
	for (int i = 0; i < 100 && r.wake.n < CYCLES / 2; i++) {
		assert_true(falls_asleep());
		fill_nop(1);
		commit();
		assert_int_equal(sqp_reap(&r, 1, 1, &first), 1);
	}
	assert_true(r.wake.n >= CYCLES / 2);
	sqp_ring_close(&r);
}

static void an_entry_that_nobody_announced_is_found_by_the_waiter(void **state)
{
	struct sqp_config cfg = config(IDLE_MS);
	unsigned first;

	(void)state;
	open_ring(&cfg);
	assert_true(falls_asleep());
	fill_nop(1);
	sqp_publish(&r);	/* as if the guard had read the flag too early */
	assert_int_equal(sqp_reap(&r, 1, 1, &first), 1);
	assert_true(r.count.rechecks >= 1);
	assert_int_equal(r.count.wakeups, 0);
	sqp_ring_close(&r);
}

static void overflowed_completions_come_back(void **state)
{
	enum { SENT = DEPTH };
	struct sqp_config cfg = config(LONG_IDLE_MS);
	unsigned first, seen = 0;

	(void)state;
	cfg.depth = 4;
	cfg.cq_entries = 4;
	open_ring(&cfg);
	r.cfg.depth = SENT;	/* more in flight than the CQ ring holds: only a test does that */
	for (int half = 0; half < 2; half++) {
		for (unsigned i = 0; i < SENT / 2; i++)
			fill_nop(i);
		commit();
		while (sqp_untaken(&r))
			;
	}
	if (!(r.features & IORING_FEAT_NODROP))
		skip();
	while (seen < SENT) {
		int n = sqp_reap(&r, 1, SENT, &first);

		assert_true(n > 0);
		seen += (unsigned)n;
	}
	assert_true(r.count.cq_overflow >= 1);
	sqp_ring_close(&r);
}

/* A pipe that nobody writes to stands for a device that does not answer. */
static void wait_for_silence(bool (*give_up)(void *arg), unsigned stalls, enum sqp_reap_mode reap, enum sqp_wake_mode wake)
{
	struct sqp_config cfg = config(wake ? IDLE_MS : LONG_IDLE_MS);
	unsigned first;
	int fds[2];

	cfg.stall_ms = STALL_MS;
	cfg.on_stall = count_stall;
	cfg.give_up = give_up;
	cfg.reap = reap;
	cfg.wake = wake;
	open_ring(&cfg);
	register_pipe(fds);
	assert_true(wake == SQP_WAKE_ALWAYS || falls_asleep());
	fill_pipe_read();
	commit();
	stalls_told = 0;
	/* the second wait does not begin again */
	for (unsigned i = 0; i < 2; i++) {
		assert_int_equal(sqp_reap(&r, 1, 1, &first), -ETIMEDOUT);
		assert_int_equal(r.count.stalls, stalls);
		assert_int_equal(stalls_told, stalls);
	}
	sqp_ring_close(&r);
	close(fds[0]);
	close(fds[1]);
}

static void a_silent_device_ends_the_wait(void **state)
{
	(void)state;
	wait_for_silence(NULL, SQP_STALLS_BEFORE_GIVING_UP, SQP_REAP_SPIN, SQP_WAKE_ALWAYS);
}

static void a_job_told_to_end_waits_once(void **state)
{
	(void)state;
	wait_for_silence(at_once, 1, SQP_REAP_SPIN, SQP_WAKE_ALWAYS);
}

static void a_sleeping_reaper_and_the_side_ring_have_a_way_out_too(void **state)
{
	(void)state;
	wait_for_silence(NULL, SQP_STALLS_BEFORE_GIVING_UP, SQP_REAP_SLEEP, SQP_WAKE_ALWAYS);
	wait_for_silence(NULL, SQP_STALLS_BEFORE_GIVING_UP, SQP_REAP_HYBRID, SQP_WAKE_ALWAYS);
	wait_for_silence(at_once, 1, SQP_REAP_SPIN, SQP_WAKE_BYPASS);
	wait_for_silence(at_once, 1, SQP_REAP_SLEEP, SQP_WAKE_BYPASS);
}

/* The ring outlives the task that made it; its SQ thread does not. The child is told so, and does not wait for ever. */
static void a_dead_owner_is_reported(void **state)
{
	int fds[2], result = 0;
	pid_t parent;

	(void)state;
	assert_int_equal(pipe(fds), 0);
	parent = fork();
	if (!parent) {		/* makes the ring, hands it to a child of its own, and dies */
		struct sqp_config cfg = config(IDLE_MS);
		pid_t self = getpid();
		struct sqp_why why;
		unsigned first;
		int ret;

		if (sqp_ring_open(&r, &cfg, &why) || fork())
			_exit(0);
		while (getppid() == self)
			sleep_ms(1);
		sleep_ms(50);
		io_uring_prep_nop(sqp_next_sqe(&r));
		ret = sqp_commit(&r, 1);
		if (!ret)
			ret = sqp_reap(&r, 1, 1, &first);
		if (write(fds[1], &ret, sizeof(ret)) != sizeof(ret))
			_exit(1);
		_exit(0);
	}
	waitpid(parent, NULL, 0);
	assert_int_equal(read(fds[0], &result, sizeof(result)), sizeof(result));
	if (r.features && !(r.features & IORING_FEAT_NATIVE_WORKERS))
		skip();
	assert_int_equal(result, -EOWNERDEAD);
	close(fds[0]);
	close(fds[1]);
}

static void the_end_shows_the_effective_idle(void **state)
{
	enum { SPINS = 11 };
	struct sqp_config cfg = config(IDLE_MS);
	double jiffy_ms = 1000.0 / sqp_kernel_hz(), spin_ms;
	const char *why = "";
	unsigned first;

	(void)state;
	open_ring(&cfg);
	assert_string_equal(sqp_idle_probe(&r), "the SQ thread never ran");
	/* on a busy machine one look may come too late, or one spin be cut short: hence several, and their median */
	for (int tries = 0; r.idle.nr_spins < SPINS && tries < 10 * SPINS; tries++) {
		fill_nop(1);
		commit();
		assert_int_equal(sqp_reap(&r, 1, 1, &first), 1);
		why = sqp_idle_probe(&r);
	}
	if (r.idle.nr_spins < SPINS)
		fail_msg("%s", why);
	spin_ms = (double)sqp_idle_median_ns(&r.idle) / 1e6;
	assert_true(spin_ms > 0.5 * jiffy_ms);
	r.cfg.idle_probe_ms = 1;
	fill_nop(1);
	commit();
	assert_int_equal(sqp_reap(&r, 1, 1, &first), 1);
	assert_non_null(sqp_idle_probe(&r));
	sqp_ring_close(&r);
}

static void polling_is_refused_where_nothing_polls(void **state)
{
	char path[] = "/tmp/sqp-unit-poll.XXXXXX";
	struct sqp_config cfg = config(LONG_IDLE_MS);
	int fd = mkstemp(path), ret;
	struct sqp_why why;

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, 65536), 0);
	cfg.hipri = true;
	ret = sqp_poll_check(fd, "the-file", true, &why);
	open_ring(&cfg);
	assert_int_equal(sqp_files_init(&r, 1, &why), 0);
	assert_int_equal(sqp_file_set(&r, 0, fd, path, &why), 0);
	/* not opened for direct I/O: refused by the kernel whatever the device */
	assert_true(ret < 0 || sqp_poll_probe(&r, 0, "the-file", 0, 4096, &why) < 0);
	assert_contains(why.text, "the-file");
	sqp_ring_close(&r);
	close(fd);
	unlink(path);
}

static void polled_zoned_writes_crash_some_kernels(void **state)
{
	(void)state;
	assert_false(sqp_poll_zoned_crashes("none", 7, 2));
	assert_false(sqp_poll_zoned_crashes("host-managed", 5, 10));
	assert_false(sqp_poll_zoned_crashes("host-managed", 6, 9));
	assert_true(sqp_poll_zoned_crashes("host-managed", 6, 10));
	assert_true(sqp_poll_zoned_crashes("host-managed", 7, 0));
}

static bool major_is(const char *devices, unsigned nr, const char *driver)
{
	FILE *f = fmemopen((void *)devices, strlen(devices), "r");
	bool is;

	assert_non_null(f);
	is = sqp_poll_major_is(f, nr, driver);
	fclose(f);
	return is;
}

static void a_driver_is_known_by_its_major_number(void **state)
{
	static const char devices[] = "Character devices:\n  1 mem\n253 nullb\n\nBlock devices:\n  8 sd\n254 nullb\n255 nullb2\n259 blkext\n";

	(void)state;
	assert_true(major_is(devices, 254, "nullb"));
	assert_true(major_is(devices, 8, "sd"));
	assert_true(major_is(devices, 259, "blkext"));
	assert_false(major_is(devices, 8, "nullb"));
	/* a character device has numbers of its own */
	assert_false(major_is(devices, 253, "nullb"));
	assert_false(major_is(devices, 255, "nullb"));
	assert_false(major_is(devices, 7, "nullb"));
	assert_false(major_is("Character devices:\n  1 mem\n", 1, "mem"));
}

static void closing_stops_the_sq_thread(void **state)
{
	struct sqp_config cfg = config(LONG_IDLE_MS);
	struct sqp_fdinfo info;
	char path[64];

	(void)state;
	open_ring(&cfg);
	sqp_fdinfo_read(r.fd, &r.sq, &info);
	sqp_ring_close(&r);
	if (info.tid <= 0)
		skip();
	snprintf(path, sizeof(path), "/proc/%d", info.tid);
	for (int i = 0; i < 1000 && !access(path, F_OK); i++)
		sleep_ms(1);
	assert_int_not_equal(access(path, F_OK), 0);
}

/* fdinfo (Linux 6.9) and schedstat count the same thread's time; the latter moves on once a tick. */
static void two_sources_agree_on_the_cpu_time(void **state)
{
	enum { RUN_MS = 300, SLACK_US = 20000 };
	struct sqp_config cfg = config(LONG_IDLE_MS);
	struct sqp_usage used;
	unsigned first;

	(void)state;
	open_ring(&cfg);
	fill_nop(1);
	commit();
	assert_int_equal(sqp_reap(&r, 1, 1, &first), 1);
	sleep_ms(RUN_MS);
	sqp_usage_since(r.fd, &r.birth, &r.sq, &used);
	sqp_ring_close(&r);
	assert_true(used.elapsed_us >= RUN_MS * 1000);
	assert_true(used.app_us <= used.elapsed_us);
	if (used.info.total_us < 0 || used.sched.cpu_us < 0)
		skip();
	assert_true(used.sched.cpu_us <= (int64_t)used.elapsed_us + SLACK_US);
	assert_in_range(used.info.total_us + SLACK_US, used.sched.cpu_us, used.sched.cpu_us + 2 * SLACK_US);
}

static void one_nop(struct sqp_ring *ring)
{
	unsigned first;

	io_uring_prep_nop(sqp_next_sqe(ring));
	assert_int_equal(sqp_commit(ring, sqp_now_ns(ring)), 0);
	assert_int_equal(sqp_reap(ring, 1, 1, &first), 1);
	assert_int_equal(sqp_cqe(ring, first, 0)->res, 0);
}

/* The descriptor is worth nothing then: only enters by the index can wake the thread. */
static void enters_go_by_the_registered_index(void **state)
{
	struct sqp_config cfg = config(IDLE_MS);

	(void)state;
	cfg.register_fd = true;
	open_ring(&cfg);
	if (!sqp_is_registered(&r)) {
		assert_contains(r.unregistered_why, "5.18");
		sqp_ring_close(&r);
		skip();
	}
	assert_null(r.unregistered_why);
	assert_true(falls_asleep());
	one_nop(&r);
	assert_true(falls_asleep());
	one_nop(&r);
	assert_int_equal(r.count.wakeups, 2);
	assert_true(r.count.enters >= 2);
	r.enter_fd++;		/* nothing is registered there */
	assert_int_equal(sqp_enter(&r, 0, IORING_ENTER_SQ_WAKEUP), -EBADF);
	r.enter_fd--;
	sqp_ring_close(&r);
}

static void a_sleeping_thread_is_let_sleep(void **state)
{
	enum { CYCLES = 5 };
	struct sqp_config cfg = config(IDLE_MS);
	unsigned first;

	(void)state;
	cfg.wake = SQP_WAKE_BYPASS;
	open_ring(&cfg);
	for (uint64_t i = 0; i < CYCLES; i++) {
		assert_true(falls_asleep());
		fill_nop(i);
		fill_nop(i + 100);
		commit();
		assert_true(went_aside);
		assert_int_equal(r.inflight, 2);
		assert_int_equal(sqp_reap(&r, 2, DEPTH, &first), 2);
		assert_int_equal(sqp_cqe(&r, first, 0)->user_data, i);
		assert_int_equal(sqp_cqe(&r, first, 1)->user_data, i + 100);
	}
	assert_int_equal(r.count.wakeups + r.count.rechecks, 0);
	assert_int_equal(r.count.bypassed, 2 * CYCLES);
	assert_int_equal(r.count.submitted, 2 * CYCLES);
	assert_int_equal(r.count.completed, 2 * CYCLES);
	assert_int_equal(sqp_ring_count(&r).bypass_enters, CYCLES);
	assert_int_equal(sqp_ring_count(&r).enters, CYCLES);
	sqp_ring_close(&r);
}

static void wake_by_hand(void)
{
	fill_nop(0);
	assert_int_equal(sqp_commit(&r, sqp_now_ns(&r)), 0);
}

/* Requests on both rings at once, the depth counts both, and neither ring is handed out for the other's sake. */
static void both_rings_are_reaped(void **state)
{
	struct sqp_config cfg = config(IDLE_MS);
	bool here = false, aside = false;
	unsigned first, seen = 0;

	(void)state;
	cfg.wake = SQP_WAKE_BYPASS;
	open_ring(&cfg);
	assert_true(falls_asleep());
	for (uint64_t i = 1; i <= DEPTH / 2; i++)
		fill_nop(i);
	commit();
	assert_true(went_aside);
	for (unsigned i = 0; i < DEPTH / 2; i++)
		wake_by_hand();
	assert_null(sqp_next_sqe(&r));
	while (sqp_untaken(&r) || atomic_load(r.cq_ktail) != DEPTH / 2)
		sleep_ms(1);
	/* one at a time: turn and turn about */
	for (unsigned i = 0; i < 2; i++) {
		assert_int_equal(sqp_reap(&r, 1, 1, &first), 1);
		here |= sqp_cqe(&r, first, 0)->user_data == 0;
		aside |= sqp_cqe(&r, first, 0)->user_data != 0;
		seen++;
	}
	assert_true(here && aside);
	assert_int_equal(sqp_reap(&r, DEPTH - seen, DEPTH, &first), DEPTH - seen);
	assert_int_equal(r.inflight, 0);
	assert_int_equal(r.side->inflight, 0);
	sqp_ring_close(&r);
}

/* A reader of an empty pipe is in flight on one ring: what must not overtake it goes to the same, whether the SQ thread sleeps
 * or not, and while both have some in flight there is no place for it. */
static void order_is_kept_within_a_ring(void **state)
{
	struct sqp_config cfg = config(IDLE_MS);
	unsigned first;
	int fds[2];

	(void)state;
	cfg.wake = SQP_WAKE_BYPASS;
	open_ring(&cfg);
	register_pipe(fds);
	fill_pipe_read();
	assert_int_equal(sqp_commit(&r, sqp_now_ns(&r)), 0);	/* through the SQ thread */
	while (sqp_untaken(&r))
		sleep_ms(1);
	assert_true(falls_asleep());
	assert_true(sqp_bypass_order(&r));
	fill_nop(1);
	commit();
	assert_false(went_aside);
	assert_int_equal(sqp_reap(&r, 1, 1, &first), 1);
	assert_true(falls_asleep());
	fill_nop(2);
	commit();
	assert_true(went_aside);
	assert_false(sqp_bypass_order(&r));	/* both have some in flight */
	assert_int_equal(sqp_reap(&r, 1, 1, &first), 1);
	assert_int_equal(sqp_cqe(&r, first, 0)->user_data, 2);
	assert_true(sqp_bypass_order(&r));
	assert_int_equal(write(fds[1], "x", 1), 1);
	assert_int_equal(sqp_reap(&r, 1, 1, &first), 1);
	sqp_ring_close(&r);
	close(fds[0]);
	close(fds[1]);
}

/* The reaper waits, whichever ring it waits for, and comes back when the writer writes. A spinning one is not interrupted by
 * the side ring's completions, see sqp_config.deferred. */
static void a_reaper_comes_back(enum sqp_reap_mode how, bool aside)
{
	struct sqp_config cfg = config(IDLE_MS);
	unsigned first;
	int fds[2];

	cfg.reap = how;
	cfg.wake = aside ? SQP_WAKE_BYPASS : SQP_WAKE_ALWAYS;
	open_ring(&cfg);
	register_pipe(fds);
	assert_true(falls_asleep());
	fill_pipe_read();
	commit();
	assert_int_equal(went_aside, aside);
	if (!fork()) {
		sleep_ms(20);
		_exit(write(fds[1], "x", 1) != 1);
	}
	assert_int_equal(sqp_reap(&r, 1, 1, &first), 1);
	assert_int_equal(sqp_cqe(&r, first, 0)->res, 1);
	if (how == SQP_REAP_SLEEP)
		assert_in_range(sqp_ring_count(&r).waits, 1, 10);
	assert_int_equal(r.count.stalls, 0);
	sqp_ring_close(&r);
	close(fds[0]);
	close(fds[1]);
	wait(NULL);
}

static void a_waiting_reaper_comes_back(void **state)
{
	(void)state;
	for (unsigned aside = 0; aside < 2; aside++) {
		a_reaper_comes_back(SQP_REAP_SPIN, aside);
		a_reaper_comes_back(SQP_REAP_SLEEP, aside);
		a_reaper_comes_back(SQP_REAP_HYBRID, aside);
	}
}

/* Kernels without DEFER_TASKRUN (6.1) get the older flag, the oldest none. */
static void the_side_ring_interrupts_nobody(void **state)
{
	struct sqp_config cfg = config(LONG_IDLE_MS);
	struct sqp_caps caps;
	struct sqp_why why;
	unsigned best;

	(void)state;
	cfg.wake = SQP_WAKE_BYPASS;
	open_ring(&cfg);
	assert_int_equal(sqp_ask_kernel(&cfg, &caps, &why), 0);
	best = caps.setup_flags & IORING_SETUP_DEFER_TASKRUN ? IORING_SETUP_DEFER_TASKRUN :
							       caps.setup_flags & IORING_SETUP_COOP_TASKRUN;
	assert_int_equal(r.side->setup_flags & (IORING_SETUP_DEFER_TASKRUN | IORING_SETUP_COOP_TASKRUN), best);
	assert_int_equal(!(r.side->setup_flags & IORING_SETUP_TASKRUN_FLAG), !best);
	assert_int_equal(r.setup_flags & (IORING_SETUP_DEFER_TASKRUN | IORING_SETUP_COOP_TASKRUN), 0);
	sqp_ring_close(&r);
}

/* It falls back by 3 s, once, 100 ms after it was first looked at. */
static uint64_t clock_that_falls_back(void)
{
	static uint64_t first_ns;
	struct timespec t;
	uint64_t ns;

	clock_gettime(CLOCK_MONOTONIC, &t);
	ns = (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
	if (!first_ns)
		first_ns = ns;
	return ns - first_ns < 100000000 ? ns + 3000000000u : ns;
}

/* A time before the wait began is no stall, let alone ten of them. */
static void a_clock_that_falls_back_ends_no_wait(void **state)
{
	struct sqp_config cfg = config(LONG_IDLE_MS);
	unsigned first;
	int fds[2];

	(void)state;
	cfg.clock_ns = clock_that_falls_back;
	open_ring(&cfg);
	register_pipe(fds);
	fill_pipe_read();
	commit();
	if (!fork()) {
		sleep_ms(200);
		_exit(write(fds[1], "x", 1) != 1);
	}
	assert_int_equal(sqp_reap(&r, 1, 1, &first), 1);
	assert_int_equal(r.count.stalls, 0);
	sqp_ring_close(&r);
	close(fds[0]);
	close(fds[1]);
	wait(NULL);
}

static int answer_fd = -1;	/* a write to it completes the read that is in flight */

/* The reaper looks at the rings, at the clock, and at the rings again before it blocks: the completion comes at that moment. */
static uint64_t clock_with_an_answer(void)
{
	unsigned here = atomic_load(r.cq_ktail), aside = atomic_load(r.side->cq_ktail);
	struct timespec t;

	if (answer_fd >= 0) {
		assert_int_equal(write(answer_fd, "x", 1), 1);
		answer_fd = -1;
		for (int i = 0; i < 5000 && atomic_load(r.cq_ktail) == here && atomic_load(r.side->cq_ktail) == aside &&
				!(atomic_load(r.side->kflags) & IORING_SQ_TASKRUN); i++)
			sleep_ms(1);
	}
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* Completions that come between two looks must not make the reaper wait for more than is in flight, on either ring. Those of a deferred
 * ring come by an enter, which may be one that would have blocked: it does not. */
static void a_reaper_of_two_rings_waits_for_no_more_than_there_is(void **state)
{
	struct sqp_config cfg = config(IDLE_MS);

	(void)state;
	cfg.wake = SQP_WAKE_BYPASS;
	cfg.reap = SQP_REAP_SLEEP;
	cfg.stall_ms = 10 * STALL_MS;		/* whoever blocks for nothing does so for that long */
	for (unsigned aside = 0; aside < 2; aside++) {
		uint64_t start_ns;
		unsigned first;
		int fds[2];

		open_ring(&cfg);
		register_pipe(fds);
		assert_true(falls_asleep());
		fill_pipe_read();
		if (aside)
			commit();
		else
			assert_int_equal(sqp_commit(&r, sqp_now_ns(&r)), 0);
		assert_int_equal(r.side->inflight, aside);
		while (sqp_untaken(&r))
			sleep_ms(1);
		start_ns = sqp_now_ns(&r);
		answer_fd = fds[1];
		r.cfg.clock_ns = r.side->cfg.clock_ns = clock_with_an_answer;
		assert_int_equal(sqp_reap(&r, 1, 1, &first), 1);
		assert_int_equal(answer_fd, -1);
		assert_int_equal(sqp_cqe(&r, first, 0)->res, 1);
		assert_in_range(sqp_ring_count(&r).waits, 0, aside);
		assert_true(sqp_now_ns(r.side) - start_ns < 5ull * STALL_MS * 1000000);
		assert_int_equal(r.count.polls, 0);
		sqp_ring_close(&r);
		close(fds[0]);
		close(fds[1]);
	}
}

/* What the kernel did not take at once (for want of memory) is aside until somebody submits it again: also a reaper does that
 * whose completions are there already. */
static void what_was_left_aside_is_not_forgotten(void **state)
{
	struct sqp_config cfg = config(LONG_IDLE_MS);
	struct sqp_ring *side;
	unsigned first;

	(void)state;
	cfg.wake = SQP_WAKE_BYPASS;
	open_ring(&cfg);
	side = r.side;
	wake_by_hand();
	while (!atomic_load(r.cq_ktail))
		sleep_ms(1);
	io_uring_prep_nop(&side->sqes[side->sq_tail++ & side->sq_mask]);
	sqp_publish(side);
	r.inflight++;
	assert_int_equal(sqp_untaken(side), 1);
	assert_int_equal(sqp_reap(&r, 1, 1, &first), 1);
	assert_int_equal(sqp_untaken(side), 0);
	assert_int_equal(sqp_reap(&r, 1, 1, &first), 1);
	assert_int_equal(r.inflight, 0);
	sqp_ring_close(&r);
}

/* What the SQ thread has not taken when the reaper goes to sleep is announced by the enter that sleeps. */
static void a_reaper_that_sleeps_loses_no_wake_up(void **state)
{
	struct sqp_config cfg = config(IDLE_MS);
	unsigned first;

	(void)state;
	cfg.reap = SQP_REAP_SLEEP;
	open_ring(&cfg);
	assert_true(falls_asleep());
	fill_nop(1);
	sqp_publish(&r);	/* as if the guard had read the flag too early */
	assert_int_equal(sqp_enter_wait(&r, 1, 5000000000), 0);
	assert_int_equal(sqp_reap(&r, 1, 1, &first), 1);
	assert_int_equal(r.count.rechecks, 0);
	sqp_ring_close(&r);
}

static void the_index_array_may_be_kept(void **state)
{
	struct sqp_config cfg = config(LONG_IDLE_MS);

	(void)state;
	cfg.sq_array = true;
	open_ring(&cfg);
	assert_int_equal(r.setup_flags, IORING_SETUP_SQPOLL | IORING_SETUP_CQSIZE);
	for (int i = 0; i < 3 * DEPTH; i++)
		one_nop(&r);
	sqp_ring_close(&r);
}

static void the_sq_thread_is_known_from_the_start(void **state)
{
	struct sqp_config cfg = config(LONG_IDLE_MS);
	struct sqp_sq_thread unlearnt = { .tid = -1 };
	struct sqp_usage used;

	(void)state;
	open_ring(&cfg);
	one_nop(&r);
	if (r.sq.tid <= 0)	/* a busy machine: it had not run yet */
		sqp_sq_thread_learn(r.fd, true, &r.sq);
	if (r.sq.tid <= 0 && r.sq.number > 0) {	/* a PID namespace of its own */
		sqp_ring_close(&r);
		skip();
	}
	assert_true(r.sq.tid > 0);
	assert_int_not_equal(r.sq.tid, gettid());
	sqp_usage_since(-1, &r.birth, &r.sq, &used);	/* as if fdinfo named nobody */
	assert_int_equal(used.info.tid, r.sq.tid);
	assert_true(used.info.cpu >= 0);
	assert_true(used.sched.switches > 0);
	assert_in_range(used.sched.wait_us, 0, used.elapsed_us + 10000);
	assert_true(used.sched.migrations >= -1);	/* not all kernels tell */
	assert_int_equal(used.info.total_us, -1);
	if (r.features & IORING_FEAT_NATIVE_WORKERS) {
		used.info.tid = -1;	/* by its name, once the threads of the rings before are gone */
		for (int i = 0; i < 1000 && used.info.tid <= 0; i++)
			sqp_usage_since(-1, &r.birth, &unlearnt, &used);
		assert_int_equal(used.info.tid, r.sq.tid);
	}
	sqp_ring_close(&r);
}

static void rings_share_a_thread(void **state)
{
	enum { ALONE_MS = 60, SLACK_US = 20000 };
	struct sqp_config cfg = config(LONG_IDLE_MS), second = cfg;
	struct sqp_ring other;
	struct sqp_usage used;
	struct sqp_why why;

	(void)state;
	open_ring(&cfg);
	for (int i = 0; i < 1000; i++)
		one_nop(&r);
	sleep_ms(ALONE_MS);
	second.attach_to = &r;
	if (sqp_ring_open(&other, &second, &why))
		fail_msg("%s", why.text);
	assert_true(sqp_is_attached(&other));
	assert_false(sqp_is_attached(&r));
	assert_int_equal(other.sq.tid, r.sq.tid);
	one_nop(&other);
	one_nop(&r);
	/* the new ring is not charged for what the thread did before */
	sqp_usage_since(other.fd, &other.birth, &other.sq, &used);
	if (used.info.total_us >= 0)
		assert_true(used.info.total_us <= (int64_t)used.elapsed_us + SLACK_US);
	sqp_ring_close(&r);
	one_nop(&other);	/* the thread lives on */
	sqp_ring_close(&other);
}

static void what_cannot_be_shared_is_refused(void **state)
{
	struct sqp_config cfg = config(LONG_IDLE_MS), second = cfg;
	struct sqp_ring other;
	struct sqp_why why;

	(void)state;
	cfg.sq_cpu = 0;
	open_ring(&cfg);
	second.attach_to = &r;
	second.sq_cpu = 0;
	assert_int_equal(sqp_ring_open(&other, &second, &why), 0);
	sqp_ring_close(&other);
	r.cfg.sq_cpu = SQP_ANY_CPU;
	assert_int_equal(sqp_ring_open(&other, &second, &why), -EINVAL);
	assert_contains(why.text, "was placed by its first ring");
	second.sq_cpu = SQP_ANY_CPU;
	r.owner_pid++;
	assert_int_equal(sqp_ring_open(&other, &second, &why), -EPERM);
	assert_contains(why.text, "thread=1");
	r.owner_pid--;
	r.sq.tid = getpid();	/* any but its own */
	assert_int_equal(sqp_ring_open(&other, &second, &why), -EOPNOTSUPP);
	sqp_ring_close(&r);
	assert_int_equal(sqp_ring_open(&other, &second, &why), -EINVAL);
	assert_contains(why.text, "closed");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_prime_number_comes_back_in_order),
		cmocka_unit_test(more_than_the_depth_is_refused_and_counted),
		cmocka_unit_test(each_sleep_costs_one_enter),
		cmocka_unit_test(an_entry_that_nobody_announced_is_found_by_the_waiter),
		cmocka_unit_test(overflowed_completions_come_back),
		cmocka_unit_test(a_silent_device_ends_the_wait),
		cmocka_unit_test(a_job_told_to_end_waits_once),
		cmocka_unit_test(a_sleeping_reaper_and_the_side_ring_have_a_way_out_too),
		cmocka_unit_test(a_sleeping_thread_is_let_sleep),
		cmocka_unit_test(both_rings_are_reaped),
		cmocka_unit_test(order_is_kept_within_a_ring),
		cmocka_unit_test(a_waiting_reaper_comes_back),
		cmocka_unit_test(the_side_ring_interrupts_nobody),
		cmocka_unit_test(a_reaper_that_sleeps_loses_no_wake_up),
		cmocka_unit_test(a_reaper_of_two_rings_waits_for_no_more_than_there_is),
		cmocka_unit_test(what_was_left_aside_is_not_forgotten),
		cmocka_unit_test(a_clock_that_falls_back_ends_no_wait),
		cmocka_unit_test(a_dead_owner_is_reported),
		cmocka_unit_test(the_end_shows_the_effective_idle),
		cmocka_unit_test(polling_is_refused_where_nothing_polls),
		cmocka_unit_test(polled_zoned_writes_crash_some_kernels),
		cmocka_unit_test(a_driver_is_known_by_its_major_number),
		cmocka_unit_test(closing_stops_the_sq_thread),
		cmocka_unit_test(two_sources_agree_on_the_cpu_time),
		cmocka_unit_test(enters_go_by_the_registered_index),
		cmocka_unit_test(the_index_array_may_be_kept),
		cmocka_unit_test(the_sq_thread_is_known_from_the_start),
		cmocka_unit_test(rings_share_a_thread),
		cmocka_unit_test(what_cannot_be_shared_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
