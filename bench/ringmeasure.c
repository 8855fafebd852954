// SPDX-License-Identifier: GPL-2.0-only
#include "ringmeasure.h"

#include <errno.h>
#include <math.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "../engine/bypass.h"
#include "../engine/reap.h"
#include "../engine/reg.h"
#include "../engine/stats.h"
#include "../engine/wake.h"
#include "proc.h"

#define NS 1000000000u

enum {
	AWAKE_IDLE_MS = 1000,		/* no pause inside a rate cell comes near it */
	LATENCY_IDLE_MS = 1,
	STALL_MS = 10000,
	WARM_UP_SHARE = 10,		/* a tenth of the timed part runs before it */
	AWAKE_SAMPLES = 8,		/* after each wake-up, while the thread still spins */
	AWAKE_PAUSE_NS = 20000,
	PICKUP_LOOKS = 1 << 20,		/* some milliseconds; then the reaping looks after it */
	BUFFER_ALIGN = 4096,
};

struct load {
	struct sqp_ring ring;
	const struct ring_setup *setup;
	const struct ring_cell *cell;
	struct ring_result *res;
	struct why *why;
	char *buffer;
	unsigned slots;			/* the batch rounded up to a power of two */
	unsigned min;			/* completions to wait for, of a full batch */
	uint64_t blocks, random;
	int want;			/* result of a request that went well */
};

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * NS + (uint64_t)t.tv_nsec;
}

static void pause_ns(uint64_t ns)
{
	const struct timespec t = { .tv_sec = (time_t)(ns / NS), .tv_nsec = (long)(ns % NS) };

	nanosleep(&t, NULL);
}

static bool asleep(const struct sqp_ring *r)
{
	return atomic_load_explicit(r->kflags, memory_order_relaxed) & IORING_SQ_NEED_WAKEUP;
}

int ring_pin(int cpu, struct why *why)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	if (cpu >= 0 && cpu < CPU_SETSIZE)
		CPU_SET(cpu, &set);
	if (!sched_setaffinity(0, sizeof(set), &set))
		return 0;
	return why_set(why, -EINVAL, "CPU %d: this process may not run there: see taskset -p $$", cpu);
}

static void tell_stall(void *arg, const char *what)
{
	struct load *l = arg;

	why_set(l->why, 0, "%s", what);
}

static bool no_patience(void *arg)
{
	(void)arg;
	return true;
}

static struct sqp_config config(struct load *l)
{
	static const enum sqp_reap_mode reap[RING_WAYS] = { SQP_REAP_SPIN, SQP_REAP_SLEEP, SQP_REAP_SLEEP, SQP_REAP_HYBRID };
	const struct ring_cell *c = l->cell;
	bool plain = c->way == RING_PLAIN;
	int sq_cpu = c->kind == RING_SHARED ? l->setup->cpu : l->setup->sq_cpu;

	return (struct sqp_config){
		.depth = c->batch, .idle_ms = c->kind == RING_LATENCY ? LATENCY_IDLE_MS : AWAKE_IDLE_MS,
		.sq_cpu = plain ? SQP_ANY_CPU : sq_cpu, .register_fd = true, .reap = reap[c->way], .plain = plain,
		.wake = c->kind == RING_LATENCY && c->latency == RING_BYPASS ? SQP_WAKE_BYPASS : SQP_WAKE_ALWAYS,
		.stall_ms = STALL_MS, .on_stall = tell_stall, .give_up = no_patience, .arg = l,
	};
}

static int fail(struct load *l, int err, const struct sqp_why *said)
{
	return why_set(l->why, err, "%s", said->text);
}

static int attach_file(struct load *l)
{
	const struct ring_cell *c = l->cell;
	struct sqp_why said;
	int rc;

	if (!c->bytes)
		return 0;
	if (posix_memalign((void **)&l->buffer, BUFFER_ALIGN, (size_t)l->slots * c->bytes))
		return why_set(l->why, -ENOMEM, "no memory for %u buffers of %u bytes: choose a smaller --batch", l->slots, c->bytes);
	memset(l->buffer, 0, (size_t)l->slots * c->bytes);	/* here and now, by the CPU that will read into it */
	l->blocks = l->setup->bytes / c->bytes;
	l->want = (int)c->bytes;
	rc = sqp_files_init(&l->ring, 1, &said);
	if (!rc)
		rc = sqp_file_set(&l->ring, 0, l->setup->fd, l->setup->path, &said);
	return rc ? fail(l, rc, &said) : 0;
}

static void close_load(struct load *l)
{
	sqp_ring_close(&l->ring);
	free(l->buffer);
	l->buffer = NULL;
}

static int open_load(struct load *l)
{
	const struct sqp_config cfg = config(l);
	struct sqp_why said;
	int rc = sqp_ring_open(&l->ring, &cfg, &said);

	if (rc)
		return fail(l, rc, &said);
	for (l->slots = 1; l->slots < l->cell->batch; l->slots *= 2)
		;
	l->min = l->setup->refill ? 1 : l->cell->batch;
	l->random = 1;
	if (cfg.wake == SQP_WAKE_BYPASS)
		rc = sqp_bypass_open(&l->ring, &said);
	rc = rc ? fail(l, rc, &said) : attach_file(l);
	if (rc)
		close_load(l);
	return rc;
}

/* A block at random: the upper half of a product with a 32-bit number is below the other factor. */
static uint64_t next_block(struct load *l)
{
	l->random = l->random * 6364136223846793005u + 1442695040888963407u;
	return ((l->random >> 32) * (uint64_t)(uint32_t)l->blocks) >> 32;
}

static void fill_one(struct load *l)
{
	unsigned slot = l->ring.sq_tail & (l->slots - 1), bytes = l->cell->bytes;
	struct io_uring_sqe *sqe = sqp_next_sqe(&l->ring);

	if (!bytes) {
		io_uring_prep_nop(sqe);
		sqe->user_data = 0;
		return;
	}
	io_uring_prep_read(sqe, 0, l->buffer + (size_t)slot * bytes, bytes, next_block(l) * bytes);
	sqe->flags = IOSQE_FIXED_FILE;
	sqe->user_data = 0;
}

/* A plain ring submits and waits in one call. The kernel counts from the head it can see, which is given back late. */
static int commit(struct load *l, unsigned min)
{
	struct sqp_ring *r = &l->ring;

	if (!r->cfg.plain)
		return sqp_commit(r, 0);
	sqp_publish(r);
	return sqp_enter_wait(r, min + (r->cq_head - r->cq_released), (uint64_t)STALL_MS * 1000000);
}

static int wrong_result(struct load *l, int res)
{
	if (res < 0)
		return why_set(l->why, -EIO, "%s: a read of %u bytes failed: %s; try the same with fio or dd", l->setup->path,
			       l->cell->bytes, strerror(-res));
	return why_set(l->why, -EIO, "%s: a read of %u bytes brought %d: the file shrank, or is none", l->setup->path,
		       l->cell->bytes, res);
}

static int failed_wait(struct load *l, int err)
{
	if (err == -ETIMEDOUT)	/* the reason has been told by tell_stall() */
		return err;
	return why_set(l->why, err, "the ring failed: %s", strerror(-err));
}

/* Takes MIN completions or more; their number or a negative error. */
static int take(struct load *l, unsigned min)
{
	unsigned first;
	int n = sqp_reap(&l->ring, min, l->cell->batch, &first);

	if (n < 0)
		return failed_wait(l, n);
	for (unsigned i = 0; i < (unsigned)n; i++) {
		int res = sqp_cqe(&l->ring, first, i)->res;

		if (__builtin_expect(res != l->want, 0))
			return wrong_result(l, res);
	}
	return n;
}

/* Fills up, submits, and waits as asked. */
static int turn(struct load *l)
{
	int rc;

	for (unsigned room = l->cell->batch - l->ring.inflight; room; room--)
		fill_one(l);
	rc = commit(l, l->min);
	return rc ? failed_wait(l, rc) : take(l, l->min);
}

/* For SECONDS: *DONE completions in *TOOK_NS. What is in flight stays there. */
static int run_for(struct load *l, double seconds, uint64_t *done, uint64_t *took_ns)
{
	uint64_t start = now_ns(), last = start, now = start, length = (uint64_t)(seconds * NS);
	unsigned every = 1;

	*done = 0;
	while (now - start < length) {
		for (unsigned i = 0; i < every; i++) {
			int n = turn(l);

			if (n < 0)
				return n;
			*done += (unsigned)n;
		}
		if (proc_interrupted())
			return -EINTR;
		now = now_ns();
		every = ring_pace(every, now - last);
		last = now;
	}
	*took_ns = now - start;
	return 0;
}

static int drain(struct load *l)
{
	while (l->ring.inflight) {
		int n = take(l, l->ring.inflight);

		if (n < 0)
			return n;
	}
	return 0;
}

static int rate(struct load *l)
{
	struct sqp_mark before, after;
	uint64_t took_ns = 0;
	int rc = run_for(l, l->cell->seconds / WARM_UP_SHARE, &l->res->timed, &took_ns);

	sqp_mark_now(&before);
	if (!rc)
		rc = run_for(l, l->cell->seconds, &l->res->timed, &took_ns);
	sqp_mark_now(&after);
	if (rc)
		return rc;
	l->res->ios_per_s = (double)l->res->timed * NS / (double)took_ns;
	l->res->app_us = (double)(after.app_us - before.app_us);
	return drain(l);
}

static int add_us(struct hist *h, uint64_t ns, struct why *why)
{
	return hist_add(h, (double)ns / 1e3, 1) ? why_set(why, -ENOMEM, "out of memory") : 0;
}

/* One NOP through LATENCY's way, from before its commit to its completion. */
static int one_latency(struct load *l, struct hist *h)
{
	bool aside = true;
	uint64_t start;
	int rc;

	fill_one(l);
	start = now_ns();
	rc = l->ring.side ? sqp_bypass_commit(&l->ring, 0, &aside) : commit(l, 1);
	rc = rc ? failed_wait(l, rc) : take(l, 1);
	if (rc < 0)
		return rc;
	if (!aside) {
		l->res->discarded++;
		return 0;
	}
	return add_us(h, now_ns() - start, l->why);
}

/* One NOP while the SQ thread is awake. */
static int one_awake(struct load *l, struct hist *lat)
{
	struct sqp_ring *r = &l->ring;
	uint64_t wakeups = r->count.wakeups, start, taken;
	unsigned looks = 0;
	int rc;

	fill_one(l);
	start = now_ns();
	rc = commit(l, 1);
	while (!rc && sqp_untaken(r) && ++looks < PICKUP_LOOKS)
		;
	taken = now_ns();
	rc = rc ? failed_wait(l, rc) : take(l, 1);
	if (rc < 0)
		return rc;
	if (r->count.wakeups != wakeups || looks == PICKUP_LOOKS) {
		l->res->discarded++;
		return 0;
	}
	rc = add_us(&lat[RING_AWAKE], now_ns() - start, l->why);
	return rc ? rc : add_us(&lat[RING_PICKUP], taken - start, l->why);
}

static int awake_samples(struct load *l, struct hist *lat)
{
	int rc = 0;

	for (unsigned i = 0; i < AWAKE_SAMPLES && !rc; i++) {
		uint64_t until = now_ns() + AWAKE_PAUSE_NS;

		while (now_ns() < until)
			;
		if (asleep(&l->ring))
			break;
		rc = one_awake(l, lat);
	}
	return rc;
}

static int latency(struct load *l, struct hist *lat)
{
	uint64_t gap = ring_gap_ns(LATENCY_IDLE_MS, l->setup->hz), end = now_ns() + (uint64_t)(l->cell->seconds * NS);
	enum ring_latency which = l->cell->latency;
	int rc = 0;

	while (!rc && now_ns() < end) {
		pause_ns(gap);
		if (proc_interrupted())
			return -EINTR;
		if (which != RING_ALONE && !asleep(&l->ring)) {
			l->res->discarded++;
			continue;
		}
		rc = one_latency(l, &lat[which]);
		if (!rc && which == RING_WAKE)
			rc = awake_samples(l, lat);
	}
	return rc;
}

static void take_stock(struct load *l)
{
	struct sqp_counters count = sqp_ring_count(&l->ring);
	struct ring_result *res = l->res;
	struct sqp_usage used;
	const char *source;
	int64_t us;

	res->submitted = count.submitted;
	res->completed = count.completed;
	res->bypassed = count.bypassed;
	res->enters = count.enters;
	res->wakeups = count.wakeups;
	if (l->ring.cfg.plain)
		return;
	sqp_usage_since(l->ring.fd, &l->ring.birth, &l->ring.sq, &used);
	us = sqp_sq_cpu_us(&used, &source);
	res->sq_us = us < 0 ? NAN : (double)us;
	res->sq_cpu_seen = used.info.cpu;
}

int ring_measure(const struct ring_setup *s, const struct ring_cell *cell, struct hist *lat, struct ring_result *res,
		 struct why *why)
{
	struct load l = { .setup = s, .cell = cell, .res = res, .why = why };
	int rc;

	*res = (struct ring_result){ .ios_per_s = NAN, .app_us = NAN, .sq_us = NAN, .sq_cpu_seen = -1 };
	rc = open_load(&l);
	if (rc)
		return rc;
	rc = cell->kind == RING_LATENCY ? latency(&l, lat) : rate(&l);
	if (!rc)
		take_stock(&l);
	close_load(&l);
	if (!rc && res->submitted != res->completed)
		return why_set(why, -EIO, "%llu requests were submitted and %llu came back: this is a bug of the engine's core",
			       (unsigned long long)res->submitted, (unsigned long long)res->completed);
	return rc;
}
