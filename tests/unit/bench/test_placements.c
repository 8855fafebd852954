// SPDX-License-Identifier: GPL-2.0-only
/* Placements on machines that this one is not. */
#include "check.h"

#include <string.h>

#include "placements.h"

struct machine {
	const char *what, *synthetic;
	const char *allowed, *isolated;		/* lists; NULL: all, none */
	int job_cpu, drive_node;
	const char *planned;			/* "name=CPU ..." of those that are tried */
};

/* PUs are numbered through. */
static const struct machine machines[] = {
	{ "one CPU", "numa:1 l3:1 core:1 pu:1", NULL, NULL, 0, -1, "any=-1 same=0" },
	{ "two threads of a core", "numa:1 l3:1 core:1 pu:2", NULL, NULL, 0, -1, "any=-1 same=0 smt=1" },
	{ "a plain VM", "numa:1 l3:1 core:2 pu:1", NULL, NULL, 0, 0, "any=-1 same=0 llc=1" },
	{ "two sockets with SMT", "numa:2 l3:1 core:2 pu:2", NULL, NULL, 0, 1, "any=-1 same=0 smt=1 llc=2 remote=4" },
	{ "a split cache", "numa:2 l3:2 core:2 pu:1", NULL, NULL, 0, -1, "any=-1 same=0 llc=1 node=2 remote=4" },
	{ "isolated CPUs", "numa:2 l3:1 core:4 pu:2", NULL, "14-15", 0, 1, "any=-1 same=0 smt=1 llc=2 remote=8 isolated=14" },
	{ "a cpuset", "numa:2 l3:1 core:4 pu:2", "0,4-7", NULL, 0, 1, "any=-1 same=0 llc=4" },
	{ "the drive is elsewhere", "numa:4 l3:1 core:4 pu:2", NULL, NULL, 0, 3, "any=-1 same=0 smt=1 llc=2 remote=8 drive=24" },
	{ "256 CPUs", "numa:2 l3:8 core:8 pu:2", NULL, "200", 5, 1, "any=-1 same=5 smt=4 llc=6 node=16 remote=128 isolated=200" },
	{ "sub-NUMA clusters", "package:2 numa:4 l3:1 core:4 pu:2", NULL, NULL, 0, 2, "any=-1 same=0 smt=1 llc=2 remote=8 drive=16" },
};

static hwloc_bitmap_t set_of(const char *list)
{
	hwloc_bitmap_t set = hwloc_bitmap_alloc();

	assert_non_null(set);
	if (list)
		assert_int_equal(hwloc_bitmap_list_sscanf(set, list), 0);
	return set;
}

static void plan(const struct machine *m, char *out, size_t size)
{
	hwloc_bitmap_t allowed = m->allowed ? set_of(m->allowed) : hwloc_bitmap_alloc_full(), isolated = set_of(m->isolated);
	struct placements_view v = { .allowed = allowed, .isolated = isolated, .job_cpu = m->job_cpu, .drive_node = m->drive_node };
	struct placement p[PLACEMENTS];
	size_t n = 0;

	assert_int_equal(hwloc_topology_init(&v.topology), 0);
	assert_int_equal(hwloc_topology_set_synthetic(v.topology, m->synthetic), 0);
	assert_int_equal(hwloc_topology_load(v.topology), 0);
	assert_int_equal(placements_plan(&v, p), 0);
	for (unsigned i = 0; i < PLACEMENTS; i++) {
		/* each is tried, or says why not */
		if (i == PLACEMENT_ANY || p[i].cpu >= 0)
			n += (size_t)snprintf(out + n, size - n, "%s%s=%d", n ? " " : "", p[i].name, p[i].cpu);
		else
			assert_true(strlen(p[i].absent) > 10);
	}
	hwloc_topology_destroy(v.topology);
	hwloc_bitmap_free(allowed);
	hwloc_bitmap_free(isolated);
}

static void machines_of_all_kinds(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(machines) / sizeof(*machines); i++) {
		char out[256];

		plan(&machines[i], out, sizeof(out));
		print_message("%s\n", machines[i].what);
		assert_string_equal(out, machines[i].planned);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(machines_of_all_kinds) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
