// SPDX-License-Identifier: GPL-2.0-only
/*
 * Question:  does the guard of wake.h lose wake-ups when a submit meets the instant at which the SQ thread falls
 *            asleep, and can this test see such a loss at all?
 * Expected:  with the fence none is lost; built without it (SQP_TEST_WITHOUT_FENCE) some are, within a minute; with the
 *            look at the flag while waiting, none of those lasts longer than BOUND_US.
 * Wrong if:  the fenced build loses one, or an unfenced loss outlives its bound.
 *
 * usage: lost_wakeup none AIMED     the wait never looks at the flag: every loss shows; AIMED submits
 *        lost_wakeup some SECONDS   the same, passes on the first loss (build without the fence)
 *        lost_wakeup bounded AIMED  waits as the engine does
 *
 * The SQ thread goes to sleep on a tick of the kernel's clock. Its phase is learnt now and then, and each submit is aimed
 * a random few microseconds around the tick at which the idle period runs out; the aim follows what it met.
 */
#include "idle.h"
#include "reap.h"
#include "wake.h"

#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	SKIP = 77,
	LEARN_EVERY = 50,
	SPREAD_NS = 3000,		/* submits are aimed at the tick plus or minus this */
	FOLLOW_NS = 60,			/* how fast the aim follows */
	LATE_AFTER_NS = 30000000,	/* an entry not done by then, with the thread asleep, may be lost */
	LOST_AFTER_NS = 1000000000,	/* not done after that time either, it is */
	BOUND_NS = 1000000000,		/* a lost entry that is looked after is done by then, however busy the machine */
	LIMIT_S = 240,
};

struct aim {
	uint64_t period_ns, tick_ns;
	int64_t bias_ns;
	uint32_t seed;
};

struct tally {
	unsigned aimed, asleep, lost, slow;
	uint64_t longest_ns;
};

struct mode {
	const char *name;
	bool attend;		/* wait as the engine does */
	bool stop_at_first;
};

static struct sqp_ring r;

static bool asleep(void)
{
	return atomic_load_explicit(r.kflags, memory_order_relaxed) & IORING_SQ_NEED_WAKEUP;
}

static int two_cpus(int cpu[2])
{
	cpu_set_t set;
	int n = 0;

	if (sched_getaffinity(0, sizeof(set), &set))
		return -1;
	for (int i = 0; i < CPU_SETSIZE && n < 2; i++)
		if (CPU_ISSET(i, &set))
			cpu[n++] = i;
	if (n < 2)
		return -1;
	CPU_ZERO(&set);
	CPU_SET(cpu[0], &set);
	return sched_setaffinity(0, sizeof(set), &set);
}

static void fill_nop(void)
{
	struct io_uring_sqe *sqe = sqp_next_sqe(&r);

	memset(sqe, 0, sizeof(*sqe));
	sqe->opcode = IORING_OP_NOP;
}

/* Waits with eyes shut: the flag is not looked at. */
static bool done_within(uint64_t ns)
{
	uint64_t end = sqp_now_ns(&r) + ns;

	while (atomic_load_explicit(r.cq_ktail, memory_order_acquire) == r.cq_head)
		if (sqp_now_ns(&r) > end)
			return false;
	return true;
}

static int reap_one(void)
{
	unsigned first;

	return sqp_reap(&r, 1, 1, &first) == 1 ? 0 : -EIO;
}

/* One request that cannot be lost: the idle period starts anew behind it. */
static int restart_idle(void)
{
	int ret;

	fill_nop();
	ret = sqp_commit(&r, sqp_now_ns(&r));
	atomic_thread_fence(memory_order_seq_cst);
	return ret ? ret : reap_one();
}

static uint64_t next_target(struct aim *a, uint64_t now_ns)
{
	uint64_t ticks = (now_ns - a->tick_ns) / a->period_ns + 2;
	int64_t jitter;

	a->seed = a->seed * 1664525 + 1013904223;
	jitter = (int64_t)(a->seed >> 8) % (2 * SPREAD_NS) - SPREAD_NS;
	return a->tick_ns + ticks * a->period_ns + (uint64_t)(a->bias_ns + jitter);
}

/*
 * With a wake-up sent, an entry that is late only waits for a CPU. So it does when the thread was taken off its CPU between the
 * flag and its last look at the tail, which the tick that lets it sleep makes likely on a busy machine; only time can tell that.
 */
static int shut_eyed(struct tally *t, bool woken)
{
	if (!done_within(LATE_AFTER_NS)) {
		bool lost = asleep() && !woken && !done_within(LOST_AFTER_NS) && asleep();

		*(lost ? &t->lost : &t->slow) += 1;
		sqp_enter(&r, 1, IORING_ENTER_SQ_WAKEUP);
	}
	return reap_one();
}

static int aimed_submit(struct aim *a, const struct mode *m, struct tally *t)
{
	uint64_t target = next_target(a, sqp_now_ns(&r)), start, took, wakeups = r.count.wakeups;
	uint64_t rechecks = r.count.rechecks;
	bool woken;
	int ret;

	fill_nop();
	while (sqp_now_ns(&r) < target && !asleep())
		;
	start = sqp_now_ns(&r);
	ret = sqp_commit(&r, start);
	if (ret)
		return ret;
	t->aimed++;
	woken = r.count.wakeups != wakeups;
	t->asleep += woken;
	a->bias_ns += woken ? -FOLLOW_NS : FOLLOW_NS;
	ret = m->attend ? reap_one() : shut_eyed(t, woken);
	took = sqp_now_ns(&r) - start;
	if (!woken && r.count.rechecks != rechecks) {
		t->lost += m->attend;
		t->longest_ns = took > t->longest_ns ? took : t->longest_ns;
	}
	return ret;
}

static int run(const struct mode *m, unsigned want, uint64_t limit_ns, struct tally *t)
{
	struct aim a = { .period_ns = 1000000000 / sqp_kernel_hz(), .seed = 1 };
	uint64_t end = sqp_now_ns(&r) + limit_ns;
	int ret = 0;

	for (unsigned round = 0; !ret && t->aimed < want && sqp_now_ns(&r) < end; round++) {
		ret = restart_idle();
		if (!ret && round % LEARN_EVERY) {
			ret = aimed_submit(&a, m, t);
			if (m->stop_at_first && t->lost)
				break;
			continue;
		}
		while (!asleep())
			;
		a.tick_ns = sqp_now_ns(&r);
	}
	return ret;
}

static int judge(const struct mode *m, unsigned want, const struct tally *t)
{
	printf("%s: %u aimed submits, %u found the thread asleep, %u lost, %u only slow, longest loss %.2f ms\n", m->name,
	       t->aimed, t->asleep, t->lost, t->slow, (double)t->longest_ns / 1e6);
	if (m->stop_at_first && !t->lost) {
		printf("SKIP: no wake-up was lost without the fence: this machine does not show the race\n");
		return SKIP;
	}
	if (m->stop_at_first)
		return 0;
	if (t->aimed < want) {
		printf("SKIP: this machine is too slow or busy: %u of %u submits were aimed in %d s\n", t->aimed, want, LIMIT_S);
		return SKIP;
	}
	if (m->attend && !t->lost) {
		printf("SKIP: no wake-up was lost without the fence: there was nothing to bound\n");
		return SKIP;
	}
	if (m->attend)
		return t->longest_ns > BOUND_NS;
	return t->lost != 0;
}

int main(int argc, char **argv)
{
	static const struct mode modes[] = {
		{ "none", false, false }, { "some", false, true }, { "bounded", true, false },
	};
	struct sqp_config cfg = { .depth = 4, .idle_ms = 1, .clock = true, .stall_ms = 5000 };
	unsigned number = argc == 3 ? (unsigned)strtoul(argv[2], NULL, 10) : 0;
	const struct mode *m = NULL;
	struct tally t = { 0 };
	struct sqp_why why;
	int cpu[2], ret;

	for (unsigned i = 0; argc == 3 && i < SQP_NR(modes); i++)
		if (!strcmp(argv[1], modes[i].name))
			m = &modes[i];
	if (!m || !number)
		return 2;
	if (two_cpus(cpu)) {
		printf("SKIP: the race needs two CPUs\n");
		return SKIP;
	}
	cfg.sq_cpu = cpu[1];
	if (sqp_ring_open(&r, &cfg, &why)) {
		printf("%s\n", why.text);
		return 1;
	}
	ret = run(m, m->stop_at_first ? UINT32_MAX : number, 1000000000ull * (m->stop_at_first ? number : LIMIT_S), &t);
	if (ret)
		printf("%s: %s\n", m->name, strerror(-ret));
	sqp_ring_close(&r);
	return ret ? 1 : judge(m, number, &t);
}
