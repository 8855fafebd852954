// SPDX-License-Identifier: GPL-2.0-only
/* What sq_wake=adaptive costs over all laws of arrivals, against whoever knows beforehand whether the SQ thread is worth it. The price is
 * that of docs/METHODOLOGY.md: latency and CPU time count the same. */
#include "check.h"

#include "../engine/policy.h"
#include "arrivals.h"

enum { MANY = 50000, SEEDS = 3, SPIN_NS = 8000000, WAKE_NS = 50000, PLAIN_NS = 1000, THREAD_NS = 480 };

/* THREAD_NS: 2.1 times as fast, as a bare ring is at its best. */
enum choice { PLAIN, THREAD, ADAPTIVE };

static double at_us[MANY];

/* The thread of a machine in miniature: awake from .. until, and the time that it has been so. */
struct thread {
	double from_ns, until_ns, awake_ns;
};

static bool is_awake(const struct thread *t, double now_ns)
{
	return now_ns >= t->from_ns && now_ns < t->until_ns;
}

static void call(struct thread *t, double now_ns)
{
	if (now_ns < t->until_ns)	/* it is on its way */
		return;
	t->from_ns = now_ns + WAKE_NS;
	t->until_ns = t->from_ns + SPIN_NS;
	t->awake_ns += SPIN_NS;
}

static void use(struct thread *t, double now_ns)
{
	t->awake_ns += now_ns + SPIN_NS - t->until_ns;
	t->until_ns = now_ns + SPIN_NS;
}

/* One request at a time: whoever comes early waits for the one before, as in fio, and that is not its latency. */
static double cost_ns(enum choice choice, size_t n, double scale, unsigned *trials)
{
	double now_ns = 1, cost = 0;
	struct thread t = { 0 };
	struct sqp_policy p;

	sqp_policy_init(&p, SPIN_NS, 1);
	for (size_t i = 0; i < n; i++) {
		double arrival_ns = at_us[i] * scale * 1000 + 1, waits_ns = 0, takes_ns = PLAIN_NS;
		bool thread;

		now_ns = now_ns > arrival_ns ? now_ns : arrival_ns;
		thread = choice == THREAD || (choice == ADAPTIVE && sqp_policy_decide(&p, (uint64_t)now_ns, 1, !is_awake(&t, now_ns)));
		if (thread && !is_awake(&t, now_ns)) {
			call(&t, now_ns);
			if (choice == THREAD)
				waits_ns = t.from_ns - now_ns;
		}
		if (thread && is_awake(&t, now_ns + waits_ns)) {
			takes_ns = THREAD_NS;
			use(&t, now_ns + waits_ns);
		}
		cost += waits_ns + 2 * takes_ns;	/* latency, and the job's CPU */
		now_ns += waits_ns + takes_ns;
	}
	*trials = p.trials;
	return cost + t.awake_ns;
}

static double smaller(double a, double b)
{
	return a < b ? a : b;
}

/* The laws as they are, and so much faster that the thread is worth it for some. */
static void never_twice_the_better_choice(void **state)
{
	static const double scales[] = { 1, 0.01, 0.001, 0.0001 };
	double worst = 0;
	unsigned used = 0, thread_better = 0;

	(void)state;
	for (const struct arrivals *a = arrivals_all; a->name; a++)
		for (unsigned seed = 1; seed <= SEEDS; seed++) {
			size_t n = arrivals_times(a, seed, a->mean_us * MANY, at_us, MANY);

			for (unsigned i = 0; i < sizeof(scales) / sizeof(*scales); i++) {
				unsigned trials;
				double plain = cost_ns(PLAIN, n, scales[i], &trials), thread = cost_ns(THREAD, n, scales[i], &trials);
				double ratio = cost_ns(ADAPTIVE, n, scales[i], &trials) / smaller(plain, thread);

				worst = ratio > worst ? ratio : worst;
				used += trials > 0;
				thread_better += thread < plain;
				if (ratio > 2)
					fail_msg("%s, seed %u, scale %g: %.2f times the better of %.0f (plain) and %.0f (thread)", a->name, seed,
						 scales[i], ratio, plain, thread);
			}
		}
	print_message("worst %.2f; the thread was the better choice in %u traces, and tried in %u\n", worst, thread_better, used);
	assert_true(thread_better > 0);
	assert_true(used > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(never_twice_the_better_choice),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
