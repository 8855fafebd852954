// SPDX-License-Identifier: GPL-2.0-only
/* The choice of a CPU on machines that this one is not. */
#include "unit.h"

#include "topo.h"

#include <errno.h>

/* PUs are numbered through: two sockets of two cores of two threads are 0-1, 2-3 | 4-5, 6-7 */
#define TWO_SOCKETS "numa:2 l3:1 core:2 pu:2"
#define SPLIT_CACHE "numa:2 l3:2 core:2 pu:1"	/* 0-1, 2-3 | 4-5, 6-7: each pair has a last-level cache */
#define NO_SMT "numa:1 l3:1 core:4 pu:1"
#define NO_SHARED_CACHE "numa:1 l2:4 core:1 pu:1"
#define ONE_CPU "numa:1 l3:1 core:1 pu:1"

struct machine {
	const char *synthetic;
	int job_cpu;
	const char *allowed, *isolated, *busy;	/* NULL: all, none, none */
	enum sqp_place_kind want;
	int cpu;			/* expected, or -EINVAL */
	const char *text;		/* expected in the refusal */
	enum sqp_place_kind kind;	/* expected of auto, and of what was chosen */
};

static hwloc_bitmap_t set_of(const char *list)
{
	hwloc_bitmap_t set = hwloc_bitmap_alloc();

	assert_non_null(set);
	if (list)
		assert_int_equal(hwloc_bitmap_list_sscanf(set, list), 0);
	return set;
}

static hwloc_topology_t topology_of(const char *synthetic)
{
	hwloc_topology_t t;

	assert_int_equal(hwloc_topology_init(&t), 0);
	assert_int_equal(hwloc_topology_set_synthetic(t, synthetic), 0);
	assert_int_equal(hwloc_topology_load(t), 0);
	return t;
}

static int choose(const struct machine *m, struct sqp_topo_choice *choice, struct sqp_why *why)
{
	hwloc_bitmap_t allowed = m->allowed ? set_of(m->allowed) : hwloc_bitmap_alloc_full();
	hwloc_bitmap_t isolated = set_of(m->isolated), busy = set_of(m->busy);
	const struct sqp_topo_view view = {
		.topology = topology_of(m->synthetic), .job_cpu = m->job_cpu, .allowed = allowed, .isolated = isolated,
		.busy = busy,
	};
	int ret = sqp_topo_choose(&view, m->want, choice, why);

	hwloc_topology_destroy(view.topology);
	hwloc_bitmap_free(allowed);
	hwloc_bitmap_free(isolated);
	hwloc_bitmap_free(busy);
	return ret;
}

static void check(const struct machine *m, unsigned nr)
{
	for (unsigned i = 0; i < nr; i++) {
		struct sqp_topo_choice choice = { .cpu = -100 };
		struct sqp_why why = { "" };
		int ret = choose(&m[i], &choice, &why), seen = ret ? ret : choice.cpu;

		if (seen != m[i].cpu)
			fail_msg("case %u, %s on %s: %d, expected %d: %s", i, sqp_place_name(m[i].want), m[i].synthetic, seen,
				 m[i].cpu, why.text);
		if (ret && !strstr(why.text, m[i].text))
			fail_msg("case %u: '%s' lacks '%s'", i, why.text, m[i].text);
		if (!ret)
			assert_int_equal(choice.kind, m[i].want == SQP_PLACE_AUTO ? m[i].kind : m[i].want);
	}
}

static void each_class_where_it_is(void **state)
{
	static const struct machine m[] = {
		{ TWO_SOCKETS, 0, .want = SQP_PLACE_SMT, .cpu = 1 }, { TWO_SOCKETS, 1, .want = SQP_PLACE_SMT, .cpu = 0 },
		{ TWO_SOCKETS, 0, .want = SQP_PLACE_LLC, .cpu = 2 }, { TWO_SOCKETS, 7, .want = SQP_PLACE_LLC, .cpu = 4 },
		{ TWO_SOCKETS, 0, .want = SQP_PLACE_REMOTE, .cpu = 4 }, { TWO_SOCKETS, 6, .want = SQP_PLACE_REMOTE, .cpu = 0 },
		{ SPLIT_CACHE, 1, .want = SQP_PLACE_LLC, .cpu = 0 }, { SPLIT_CACHE, 1, .want = SQP_PLACE_NODE, .cpu = 2 },
		{ SPLIT_CACHE, 5, .want = SQP_PLACE_NODE, .cpu = 6 }, { SPLIT_CACHE, 5, .want = SQP_PLACE_REMOTE, .cpu = 0 },
		{ NO_SHARED_CACHE, 2, .want = SQP_PLACE_NODE, .cpu = 3 }, { NO_SMT, 3, .want = SQP_PLACE_LLC, .cpu = 0 },
	};

	(void)state;
	check(m, SQP_NR(m));
}

static void a_class_that_is_missing_is_refused(void **state)
{
	static const struct machine m[] = {
		{ NO_SMT, 0, .want = SQP_PLACE_SMT, .cpu = -EINVAL, .text = "sq_thread_cpu=smt: there is no SMT sibling of CPU 0; use llc or any" },
		{ NO_SMT, 0, .want = SQP_PLACE_NODE, .cpu = -EINVAL, .text = "with another last-level cache on the NUMA node of CPU 0; use llc or any" },
		{ NO_SMT, 2, .want = SQP_PLACE_REMOTE, .cpu = -EINVAL, .text = "there is no NUMA node but that of CPU 2; use llc or any" },
		{ NO_SHARED_CACHE, 0, .want = SQP_PLACE_LLC, .cpu = -EINVAL, .text = "no other core at the last-level cache of CPU 0; use node or any" },
		{ TWO_SOCKETS, 0, .want = SQP_PLACE_NODE, .cpu = -EINVAL, .text = "use smt or any" },
		{ ONE_CPU, 0, .want = SQP_PLACE_SMT, .cpu = -EINVAL, .text = "sibling of CPU 0; use any" },
		{ ONE_CPU, 5, .want = SQP_PLACE_AUTO, .cpu = -EINVAL, .text = "the topology has no CPU 5, on which the job is" },
	};

	(void)state;
	check(m, SQP_NR(m));
}

/* Offline, outside the cpuset, outside fio's affinity: not allowed. */
static void only_what_is_allowed(void **state)
{
	static const struct machine m[] = {
		{ TWO_SOCKETS, 0, "0,2", .want = SQP_PLACE_SMT, .cpu = -EINVAL,
		  .text = "sibling of CPU 0 that may be used here (there: 1, allowed: 0,2); use llc or any, or widen the cpuset" },
		{ TWO_SOCKETS, 0, "0-1,3", .want = SQP_PLACE_LLC, .cpu = 3 },
		{ TWO_SOCKETS, 0, "0-3", .want = SQP_PLACE_REMOTE, .cpu = -EINVAL, .text = "(there: 4-7, allowed: 0-3); use smt or any, or" },
		{ TWO_SOCKETS, 0, "0,6-7", .want = SQP_PLACE_AUTO, .cpu = 6, .kind = SQP_PLACE_REMOTE },
		/* the job's own CPU need not be among them */
		{ TWO_SOCKETS, 0, "5", .want = SQP_PLACE_AUTO, .cpu = 5, .kind = SQP_PLACE_REMOTE },
		{ TWO_SOCKETS, 0, "0", .want = SQP_PLACE_SMT, .cpu = -EINVAL, .text = "; use any, or widen" },
	};

	(void)state;
	check(m, SQP_NR(m));
}

static void auto_is_the_nearest(void **state)
{
	static const struct machine m[] = {
		{ TWO_SOCKETS, 4, .want = SQP_PLACE_AUTO, .cpu = 5, .kind = SQP_PLACE_SMT },
		{ TWO_SOCKETS, 4, "0-4,7", .want = SQP_PLACE_AUTO, .cpu = 7, .kind = SQP_PLACE_LLC },
		{ SPLIT_CACHE, 2, "0-2,4-7", .want = SQP_PLACE_AUTO, .cpu = 0, .kind = SQP_PLACE_NODE },
		{ NO_SMT, 3, .want = SQP_PLACE_AUTO, .cpu = 0, .kind = SQP_PLACE_LLC },
		{ ONE_CPU, 0, .want = SQP_PLACE_AUTO, .cpu = SQP_ANY_CPU, .kind = SQP_PLACE_ANY },
		{ TWO_SOCKETS, 3, "3", .want = SQP_PLACE_AUTO, .cpu = SQP_ANY_CPU, .kind = SQP_PLACE_ANY },
	};

	(void)state;
	check(m, SQP_NR(m));
}

static void busy_and_isolated_ones(void **state)
{
	static const struct machine m[] = {
		/* not the CPU of another job, nor the other thread of its core */
		{ "numa:1 l3:1 core:4 pu:2", 0, .busy = "0,2", .want = SQP_PLACE_LLC, .cpu = 4 },
		{ "numa:1 l3:1 core:4 pu:2", 0, .busy = "0,2,4,6", .want = SQP_PLACE_LLC, .cpu = 3 },
		{ "numa:1 l3:1 core:4 pu:2", 0, .busy = "0-7", .want = SQP_PLACE_LLC, .cpu = 2 },
		/* auto rather goes farther than to a busy one, and to that rather than nowhere */
		{ TWO_SOCKETS, 0, .busy = "0-1", .want = SQP_PLACE_AUTO, .cpu = 2, .kind = SQP_PLACE_LLC },
		{ TWO_SOCKETS, 0, .busy = "0-3", .want = SQP_PLACE_AUTO, .cpu = 4, .kind = SQP_PLACE_REMOTE },
		{ TWO_SOCKETS, 0, .busy = "0-7", .want = SQP_PLACE_AUTO, .cpu = 1, .kind = SQP_PLACE_SMT },
		{ NO_SMT, 0, .isolated = "2-3", .want = SQP_PLACE_LLC, .cpu = 2 },
		{ NO_SMT, 0, .isolated = "2-3", .busy = "2", .want = SQP_PLACE_LLC, .cpu = 3 },
		{ NO_SMT, 0, .isolated = "2", .busy = "2", .want = SQP_PLACE_LLC, .cpu = 1 },
		/* only if allowed; and never in a class that was not asked for, or is farther */
		{ NO_SMT, 0, "0-1", .isolated = "2-3", .want = SQP_PLACE_LLC, .cpu = 1 },
		{ TWO_SOCKETS, 0, .isolated = "4-7", .want = SQP_PLACE_AUTO, .cpu = 1, .kind = SQP_PLACE_SMT },
	};

	(void)state;
	check(m, SQP_NR(m));
}

static void what_was_chosen_is_told(void **state)
{
	static const struct machine m = { NO_SMT, 0, .isolated = "2", .busy = "1-3", .want = SQP_PLACE_LLC };
	struct sqp_topo_choice choice;
	struct sqp_why why;

	(void)state;
	assert_int_equal(choose(&m, &choice, &why), 0);
	assert_int_equal(choice.cpu, 2);
	assert_true(choice.busy);
}

static void each_cpu_has_one_class(void **state)
{
	static const struct { const char *synthetic; int job_cpu; enum sqp_place_kind kind[8]; } m[] = {
		{ TWO_SOCKETS, 2, { SQP_PLACE_LLC, SQP_PLACE_LLC, SQP_PLACE_SAME, SQP_PLACE_SMT, SQP_PLACE_REMOTE, SQP_PLACE_REMOTE,
				    SQP_PLACE_REMOTE, SQP_PLACE_REMOTE } },
		{ SPLIT_CACHE, 4, { SQP_PLACE_REMOTE, SQP_PLACE_REMOTE, SQP_PLACE_REMOTE, SQP_PLACE_REMOTE, SQP_PLACE_SAME,
				    SQP_PLACE_LLC, SQP_PLACE_NODE, SQP_PLACE_NODE } },
		/* a cache across nodes is nearer than memory */
		{ "l3:1 numa:2 core:4 pu:1", 0, { SQP_PLACE_SAME, SQP_PLACE_LLC, SQP_PLACE_LLC, SQP_PLACE_LLC, SQP_PLACE_LLC,
						  SQP_PLACE_LLC, SQP_PLACE_LLC, SQP_PLACE_LLC } },
	};

	(void)state;
	for (unsigned i = 0; i < SQP_NR(m); i++) {
		hwloc_topology_t t = topology_of(m[i].synthetic);

		for (int cpu = 0; cpu < 8; cpu++)
			assert_int_equal(sqp_topo_class(t, m[i].job_cpu, cpu), m[i].kind[cpu]);
		assert_int_equal(sqp_topo_class(t, m[i].job_cpu, 8), SQP_PLACE_ANY);
		assert_int_equal(sqp_topo_class(t, 8, 0), SQP_PLACE_ANY);
		hwloc_topology_destroy(t);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_class_where_it_is),
		cmocka_unit_test(a_class_that_is_missing_is_refused),
		cmocka_unit_test(only_what_is_allowed),
		cmocka_unit_test(auto_is_the_nearest),
		cmocka_unit_test(busy_and_isolated_ones),
		cmocka_unit_test(what_was_chosen_is_told),
		cmocka_unit_test(each_cpu_has_one_class),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
