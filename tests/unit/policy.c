// SPDX-License-Identifier: GPL-2.0-only
/* When is the SQ thread used? A machine in miniature: requests take so long with it, so long without, and it spins SPIN_NS
 * before it sleeps. Cost is CPU time: the job's and the thread's. */
#include "unit.h"

#include "policy.h"

enum { MS = 1000000, SPIN_NS = 8 * MS, WAKE_NS = 50000 };

struct load {
	const char *name;
	uint64_t plain_ns, thread_ns;	/* per request; the job computes or submits all that time */
	uint64_t burst_ns, gap_ns;	/* requests for so long, then none; gap 0: no end */
};

struct outcome {
	uint64_t cpu_ns, plain_cpu_ns;	/* with the policy, and on the plain ring alone */
	uint64_t thread_ns;		/* that the thread was awake */
	uint64_t requests, through_thread;
	unsigned trials, failed;
};

static struct outcome run(const struct load *l, uint64_t length_ns)
{
	uint64_t now_ns = 1, awake_from = UINT64_MAX, awake_until = 0, burst_end = l->burst_ns;
	struct outcome o = { 0 };
	struct sqp_policy p;

	sqp_policy_init(&p, SPIN_NS, now_ns);
	while (now_ns < length_ns) {
		bool awake = now_ns >= awake_from && now_ns < awake_until, thread;

		if (l->gap_ns && now_ns > burst_end) {
			now_ns += l->gap_ns;
			burst_end = now_ns + l->burst_ns;
			continue;
		}
		thread = sqp_policy_decide(&p, now_ns, 1, !awake);
		if (thread && !awake && now_ns >= awake_until) {	/* it is woken, this request does not wait for it */
			awake_from = now_ns + WAKE_NS;
			awake_until = awake_from + SPIN_NS;
			o.thread_ns += SPIN_NS;
		} else if (thread && awake) {
			o.thread_ns += now_ns + SPIN_NS - awake_until;
			awake_until = now_ns + SPIN_NS;
			o.through_thread++;
		}
		o.cpu_ns += thread && awake ? l->thread_ns : l->plain_ns;
		o.plain_cpu_ns += l->plain_ns;
		now_ns += thread && awake ? l->thread_ns : l->plain_ns;
		o.requests++;
	}
	o.cpu_ns += o.thread_ns;
	o.trials = p.trials;
	o.failed = p.failed;
	return o;
}

static void sparse_requests_never_call_it(void **state)
{
	const struct load loads[] = {
		{ "one every 20 us", 20000, 500, 1000 * MS, 0 }, { "one every 10 ms", 2000, 500, 1, 10 * MS },
		{ "bursts of 1 ms", 1000, 500, MS, 20 * MS }, { "bursts of 20 ms", 1000, 500, 20 * MS, 20 * MS },
	};

	(void)state;
	for (unsigned i = 0; i < sizeof(loads) / sizeof(*loads); i++) {
		struct outcome o = run(&loads[i], 2000ULL * MS);

		if (o.trials)
			fail_msg("%s: %u trials", loads[i].name, o.trials);
	}
}

static void a_dense_load_that_gains_keeps_it(void **state)
{
	const struct load l = { "dense", 1000, 600, 1, 0 };
	struct outcome o = run(&l, 5000ULL * MS);

	(void)state;
	assert_int_equal(o.trials, 1);
	assert_int_equal(o.failed, 0);
	assert_true(o.through_thread > o.requests * 98 / 100);
}

static void no_gain_costs_next_to_nothing(void **state)
{
	static const uint64_t thread_ns[] = { 2940, 3000, 4500, 15000, 100000 };

	(void)state;
	for (unsigned i = 0; i < sizeof(thread_ns) / sizeof(*thread_ns); i++) {
		const struct load l = { "dense", 3000, thread_ns[i], 1, 0 };
		struct outcome o = run(&l, 60000ULL * MS);

		assert_int_equal(o.trials, o.failed);
		assert_in_range(o.trials, 5, 20);
		if (o.cpu_ns * 100 > o.plain_cpu_ns * 101)
			fail_msg("%llu ns: CPU %.4f of the plain ring's", (unsigned long long)thread_ns[i],
				 (double)o.cpu_ns / (double)o.plain_cpu_ns);
	}
}

/* Bursts made to end when it has just been called, or to last as long as a trial: the bound holds for all of them. */
static void no_pattern_costs_twice(void **state)
{
	(void)state;
	for (unsigned burst_ms = 1; burst_ms <= 200; burst_ms += burst_ms < 60 ? 2 : 20)
		for (unsigned gap_ms = 1; gap_ms <= 40; gap_ms += 6)
			for (unsigned thread_ns = 500; thread_ns <= 1500; thread_ns += 500) {
				const struct load l = { "bursts", 1000, thread_ns, burst_ms * (uint64_t)MS, gap_ms * (uint64_t)MS };
				struct outcome o = run(&l, 1000ULL * MS);

				if (o.cpu_ns > 2 * o.plain_cpu_ns)
					fail_msg("burst %u ms, gap %u ms, %u ns: CPU %.2f", burst_ms, gap_ms, thread_ns,
						 (double)o.cpu_ns / (double)o.plain_cpu_ns);
			}
}

/* A gap that lets it sleep ends its use; what was learnt about its worth stays. */
static void a_sleeping_thread_is_left(void **state)
{
	struct sqp_policy p;
	uint64_t now_ns = 1;

	(void)state;
	sqp_policy_init(&p, SPIN_NS, now_ns);
	while (!sqp_policy_decide(&p, now_ns, 1, true))
		now_ns += 1000;
	assert_true(now_ns >= SQP_DWELL_SPINS * (uint64_t)SPIN_NS);
	assert_true(now_ns <= SQP_DWELL_SPINS * (uint64_t)SPIN_NS + 2 * SQP_WINDOW_NS);
	assert_true(sqp_policy_decide(&p, now_ns += 1000, 1, true));	/* it takes a while to come */
	assert_true(sqp_policy_decide(&p, now_ns += 500, 1, false));
	assert_false(sqp_policy_decide(&p, now_ns += 1000, 1, true));
	assert_int_equal(p.failed, 0);
}

/* A load that sees what the policy has decided, and does what is worst. It says what the next request takes, and how long
 * after the last it comes. */
struct move {
	uint64_t plain_ns, thread_ns, gap_ns;
};

typedef struct move (*adversary)(const struct sqp_policy *p, uint64_t now_ns, bool awake);

/* A request costs the job its time, and the thread all the time that it is awake. */
static struct outcome play(adversary next, uint64_t length_ns)
{
	uint64_t now_ns = 1, awake_from = UINT64_MAX, awake_until = 0;
	struct outcome o = { 0 };
	struct sqp_policy p;

	sqp_policy_init(&p, SPIN_NS, now_ns);
	while (now_ns < length_ns) {
		struct move m = next(&p, now_ns, now_ns >= awake_from && now_ns < awake_until);
		bool awake, thread;

		now_ns += m.gap_ns;
		awake = now_ns >= awake_from && now_ns < awake_until;
		thread = sqp_policy_decide(&p, now_ns, 1, !awake);
		if (thread && !awake && now_ns >= awake_until) {
			awake_from = now_ns + WAKE_NS;
			awake_until = awake_from + SPIN_NS;
			o.thread_ns += SPIN_NS;
		} else if (thread && awake) {
			o.thread_ns += now_ns + SPIN_NS - awake_until;
			awake_until = now_ns + SPIN_NS;
		}
		o.cpu_ns += thread && awake ? m.thread_ns : m.plain_ns;
		o.plain_cpu_ns += m.plain_ns;
		now_ns += thread && awake ? m.thread_ns : m.plain_ns;
	}
	o.cpu_ns += o.thread_ns;
	o.trials = p.trials;
	o.failed = p.failed;
	return o;
}

/* The time between two requests is on both sides of the threshold in turns: by request, and by window. */
static struct move by_request(const struct sqp_policy *p, uint64_t now_ns, bool awake)
{
	static unsigned turn;
	uint64_t ns = SQP_DENSE_NS - 2 + 2 * (turn++ % 2);

	(void)p;
	(void)now_ns;
	(void)awake;
	return (struct move){ ns, ns, 0 };
}

static struct move by_window(const struct sqp_policy *p, uint64_t now_ns, bool awake)
{
	uint64_t ns = SQP_DENSE_NS - 1 + 2 * (now_ns / SQP_WINDOW_NS % 2);

	(void)p;
	(void)awake;
	return (struct move){ ns, ns, 0 };
}

/* Dense until the thread is there, and then not a single request until it sleeps. */
static struct move stops_when_it_comes(const struct sqp_policy *p, uint64_t now_ns, bool awake)
{
	(void)now_ns;
	return (struct move){ 1000, 500, p->thread && awake ? SPIN_NS + 1000 : 0 };
}

/* Fast with the thread until its trial has been passed, and then no faster than without. */
static struct move fast_on_trial(const struct sqp_policy *p, uint64_t now_ns, bool awake)
{
	(void)now_ns;
	(void)awake;
	return (struct move){ 1000, p->windows < SQP_TRIAL_WINDOWS ? 500 : 1000, 0 };
}

/* Bursts of 40 ms, each so long after the one before */
static struct move bursts(uint64_t now_ns, uint64_t gap_ns)
{
	enum { BURST_NS = 40 * MS };
	static uint64_t end_ns;
	bool over = now_ns >= end_ns || end_ns - now_ns > BURST_NS;	/* the second: of another run */

	if (over)
		end_ns = now_ns + gap_ns + BURST_NS;
	return (struct move){ 1000, 600, over ? gap_ns : 0 };
}

static struct move just_below_idle(const struct sqp_policy *p, uint64_t now_ns, bool awake)
{
	(void)p;
	(void)awake;
	return bursts(now_ns, SPIN_NS - 1000);
}

static struct move just_above_idle(const struct sqp_policy *p, uint64_t now_ns, bool awake)
{
	(void)p;
	(void)awake;
	return bursts(now_ns, SPIN_NS + 1000);
}

/* What it does is bounded whatever comes. Where no trial is passed the dwell doubles each time: seven trials of two windows and a spin. Who passes the trial and
 * then fails is tried after two dwells and four windows; who only lets the thread sleep, once a burst. */
static void no_adversary_makes_it_oscillate(void **state)
{
	enum { LENGTH_MS = 4000, DWELL_MS = SQP_DWELL_SPINS * SPIN_NS / MS, WINDOW_MS = SQP_WINDOW_NS / MS, BURST_MS = 40 + SPIN_NS / MS };
	static const struct { const char *name; adversary next; unsigned trials, cpu_percent; } table[] = {
		{ "threshold by request", by_request, 7, 104 }, { "threshold by window", by_window, 7, 104 },
		{ "stops when it comes", stops_when_it_comes, 7, 104 },
		{ "fast on trial", fast_on_trial, LENGTH_MS / (2 * DWELL_MS + 4 * WINDOW_MS) + 1, 135 },
		{ "just below the idle period", just_below_idle, LENGTH_MS / BURST_MS + 1, 135 },
		{ "just above the idle period", just_above_idle, LENGTH_MS / BURST_MS + 1, 135 },
	};

	(void)state;
	for (unsigned i = 0; i < sizeof(table) / sizeof(*table); i++) {
		struct outcome o = play(table[i].next, 1000000ULL * LENGTH_MS);
		double percent = 100.0 * (double)o.cpu_ns / (double)o.plain_cpu_ns;

		print_message("%s: %u trials, %u failed, CPU %.1f %% of the plain ring's\n", table[i].name, o.trials, o.failed, percent);
		if (o.trials > table[i].trials || percent > table[i].cpu_percent)
			fail_msg("%s: %u trials (at most %u), CPU %.1f %% (at most %u)", table[i].name, o.trials, table[i].trials,
				 percent, table[i].cpu_percent);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sparse_requests_never_call_it),
		cmocka_unit_test(a_dense_load_that_gains_keeps_it),
		cmocka_unit_test(no_gain_costs_next_to_nothing),
		cmocka_unit_test(no_pattern_costs_twice),
		cmocka_unit_test(a_sleeping_thread_is_left),
		cmocka_unit_test(no_adversary_makes_it_oscillate),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
