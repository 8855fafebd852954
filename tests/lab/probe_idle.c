// SPDX-License-Identifier: GPL-2.0-only
#include "probe_idle.h"

#include <errno.h>
#include <math.h>
#include <time.h>
#include <unistd.h>

#include "probe_thread.h"

#define PATIENCE_US 5e6
/* Part of a tick by which a sample may be blurred, and the observer's pace: a blur is late at most this much. */
#define BLUR 5
#define LOOKS_PER_TICK 32
/* Time that the clean samples of one setting may take: so long, and so many spins, or this. A long spin is seldom undisturbed where a host takes the CPU away. */
#define BUDGET_US 5e6
#define BUDGET_SPINS 150
#define BUDGET_SPINS_US 10e6
#define SECOND_WORK_TRIES 8

double now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec * 1e-3;
}

static void sleep_until_us(double when_us)
{
	struct timespec t = { .tv_sec = (time_t)(when_us / 1e6) };

	t.tv_nsec = (long)((when_us - (double)t.tv_sec * 1e6) * 1e3);
	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL) == EINTR)
		;
}

void sleep_us(double us)
{
	sleep_until_us(now_us() + us);
}

double tick_us(void)
{
	struct timespec t;

	/* The coarse clock advances with jiffies, so that its resolution is one tick. */
	clock_getres(CLOCK_MONOTONIC_COARSE, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec * 1e-3;
}

/*
 * On one CPU a spinning observer takes the CPU from the SQ thread, and a yielding one gets it back only with the next
 * tick; one that wakes from a short sleep preempts the SQ thread at once.
 */
static void look_again_later(void)
{
	sleep_us(tick_us() / LOOKS_PER_TICK);
}

int wait_asleep(const struct probe_ring *ring, double limit_us)
{
	double end = now_us() + limit_us;

	while (!ring_needs_wakeup(ring)) {
		if (now_us() > end)
			return -ETIME;
		look_again_later();
	}
	return 0;
}

int wait_taken(const struct probe_ring *ring, double limit_us)
{
	double end = now_us() + limit_us;

	while (ring_untaken(ring)) {
		if (now_us() > end)
			return -ETIME;
		look_again_later();
	}
	return 0;
}

int wait_result(struct probe_ring *ring, double limit_us, int *res)
{
	double end = now_us() + limit_us;

	while (!ring_pop(ring, res)) {
		if (now_us() > end)
			return -ETIME;
		look_again_later();
	}
	return 0;
}

static int nop(struct probe_ring *ring, bool wake)
{
	int res;
	int err;

	ring_push(ring, &(struct io_uring_sqe){ .opcode = IORING_OP_NOP });
	if (wake) {
		err = ring_enter(ring, 1, 0, IORING_ENTER_SQ_WAKEUP);
		if (err < 0)
			return err;
	}
	err = wait_result(ring, PATIENCE_US, &res);
	return err ? err : res;
}

int wake_with_nop(struct probe_ring *ring)
{
	int err = wait_asleep(ring, PATIENCE_US);

	return err ? err : nop(ring, true);
}

static long long run_delay_ns(pid_t tid)
{
	long long delay_ns = 0;

	return thread_run_delay(tid, &delay_ns) ? 0 : delay_ns;
}

/*
 * Look until the ring asks to be woken. -EAGAIN: in the last tick this process or the SQ thread had to wait for a CPU
 * for more than BLUR_US, so that the end of the spin, or the tick that ended it, may be late.
 */
static int watch_spin(struct probe_ring *ring, pid_t tid, double blur_us)
{
	const double start = now_us();
	double looked = start;
	double late_at = -INFINITY;
	long long delay_ns = run_delay_ns(tid);

	for (;;) {
		const double last = looked;
		const long long last_delay_ns = delay_ns;
		bool asleep;

		look_again_later();
		asleep = ring_needs_wakeup(ring);
		looked = now_us();
		delay_ns = run_delay_ns(tid);
		if (looked - last > blur_us || (double)(delay_ns - last_delay_ns) * 1e-3 > blur_us)
			late_at = looked;
		if (asleep)
			return looked - late_at < tick_us() ? -EAGAIN : 0;
		if (looked - start > PATIENCE_US)
			return -ETIME;
	}
}

/* 0, -EAGAIN when the sample is blurred, or another -errno. */
static int spin_once(struct probe_ring *ring, pid_t tid, double phase_us, double blur_us, double *spin_us)
{
	const double tick = tick_us();
	double woken;
	double done;
	int err = wait_asleep(ring, PATIENCE_US);

	if (err)
		return err;
	sleep_until_us((floor(now_us() / tick) + 1) * tick + phase_us);
	woken = now_us();
	err = nop(ring, true);
	if (err)
		return err;
	done = now_us();
	err = watch_spin(ring, tid, blur_us);
	*spin_us = now_us() - done;
	if (!err && done - woken > blur_us)
		err = -EAGAIN;
	return err;
}

static int open_ring(struct probe_ring *ring, unsigned idle_ms)
{
	return ring_open(ring, 4, &(struct io_uring_params){
		.flags = IORING_SETUP_SQPOLL,
		.sq_thread_idle = idle_ms,
	});
}

int measure_spins(unsigned idle_ms, int count, double *spins_us, int *dropped)
{
	struct probe_ring ring;
	/* Of a whole second a tick is little, and few such spins end undisturbed. */
	const double blur_us = idle_ms ? tick_us() / BLUR : tick_us();
	const double nominal_us = 1e3 * (idle_ms ? idle_ms : 1000);
	const double end = now_us() + BUDGET_US + fmin(BUDGET_SPINS * nominal_us, BUDGET_SPINS_US);
	pid_t tid = -1;
	int taken = 0;
	int err = open_ring(&ring, idle_ms);

	if (err)
		return err;
	/* The thread has its name only once it has run. */
	err = wake_with_nop(&ring);
	sq_threads(getpid(), &tid);
	*dropped = 0;
	while ((!err || err == -EAGAIN) && taken < count && now_us() < end) {
		err = spin_once(&ring, tid, tick_us() * taken / count, blur_us, &spins_us[taken]);
		taken += !err;
		*dropped += err == -EAGAIN;
	}
	ring_close(&ring);
	return err && err != -EAGAIN ? err : taken;
}

/* 0, -EAGAIN when the second work came too late because this process had to wait for a CPU, or another -errno. */
static int second_work(struct probe_ring *ring, double *spin_us)
{
	double done;
	int err = wake_with_nop(ring);

	if (err)
		return err;
	sleep_us(SECOND_PAUSE_TICKS * tick_us());
	if (ring_needs_wakeup(ring))
		return -EAGAIN;
	err = nop(ring, false);
	done = now_us();
	if (!err)
		err = wait_asleep(ring, PATIENCE_US);
	*spin_us = now_us() - done;
	return err;
}

int spin_after_second_work(double *spin_ticks)
{
	struct probe_ring ring;
	double spin_us[3];
	int taken = 0;
	int err = open_ring(&ring, (unsigned)(SECOND_IDLE_TICKS * tick_us() / 1e3));

	if (err)
		return err;
	for (int tries = 0; tries < SECOND_WORK_TRIES && taken < 3; tries++) {
		err = second_work(&ring, &spin_us[taken]);
		if (!err)
			taken++;
		else if (err != -EAGAIN)
			break;
	}
	ring_close(&ring);
	if (taken < 3)
		return err;
	*spin_ticks = fmax(fmin(spin_us[0], spin_us[1]), fmin(fmax(spin_us[0], spin_us[1]), spin_us[2])) / tick_us();
	return 0;
}
