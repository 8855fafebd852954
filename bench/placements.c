// SPDX-License-Identifier: GPL-2.0-only
#include "placements.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>

#include "../engine/topo.h"

enum { SAME = 1, SMT, REMOTE = SMT + 3, ISOLATED, DRIVE };

static void leave_out(struct placement *p, const char *reason)
{
	snprintf(p->absent, sizeof(p->absent), "%s", reason);
	p->cpu = -1;
}

/* One run for one CPU. */
static void take(struct placement *all, unsigned i, int cpu)
{
	all[i].cpu = cpu;
	for (unsigned k = SAME; k < i; k++)
		if (all[k].cpu == cpu) {
			leave_out(&all[i], "");
			snprintf(all[i].absent, sizeof(all[i].absent), "it would be CPU %d, as \"%s\"", cpu, all[k].name);
		}
}

static int take_class(struct placement *all, unsigned i, const struct sqp_topo_view *view)
{
	struct sqp_topo_choice choice;
	struct sqp_why why = { "" };
	int rc = sqp_topo_choose(view, (enum sqp_place_kind)(SQP_PLACE_SMT + (int)(i - SMT)), &choice, &why);

	if (rc == -ENOMEM)
		return rc;
	if (rc)
		leave_out(&all[i], "this machine lets the job have no such CPU");
	else
		take(all, i, choice.cpu);
	return 0;
}

/* The first CPU of SET that is allowed and not the job's; -1: none. */
static int first_of(const struct placements_view *v, hwloc_const_bitmap_t set)
{
	int cpu = -1;

	while (set && (cpu = hwloc_bitmap_next(set, cpu)) >= 0)
		if (cpu != v->job_cpu && hwloc_bitmap_isset(v->allowed, (unsigned)cpu))
			return cpu;
	return -1;
}

static void take_first(struct placement *all, unsigned i, const struct placements_view *v, hwloc_const_bitmap_t set, const char *none)
{
	int cpu = first_of(v, set);

	if (cpu < 0)
		leave_out(&all[i], none);
	else
		take(all, i, cpu);
}

static hwloc_const_bitmap_t cpus_of_node(const struct placements_view *v)
{
	hwloc_obj_t node = NULL;

	while (v->drive_node >= 0 && (node = hwloc_get_next_obj_by_type(v->topology, HWLOC_OBJ_NUMANODE, node)))
		if ((int)node->os_index == v->drive_node)
			return node->cpuset;
	return NULL;
}

int placements_plan(const struct placements_view *v, struct placement p[PLACEMENTS])
{
	static const struct placement all[PLACEMENTS] = {
		[PLACEMENT_ANY] = { "any", "wherever the scheduler puts it, and the job too", -1, "" },
		[SAME] = { "same", "the job's own CPU", -1, "" },
		[SMT] = { "smt", "the other thread of the job's core", -1, "" },
		[SMT + 1] = { "llc", "another core with the same last-level cache", -1, "" },
		[SMT + 2] = { "node", "another cache of the same NUMA node", -1, "" },
		[REMOTE] = { "remote", "another NUMA node", -1, "" },
		[ISOLATED] = { "isolated", "a CPU of isolcpus=", -1, "" },
		[DRIVE] = { "drive", "a CPU of the drive's NUMA node", -1, "" },
	};
	hwloc_bitmap_t none = hwloc_bitmap_alloc();
	const struct sqp_topo_view view = { .topology = v->topology, .job_cpu = v->job_cpu, .allowed = v->allowed, .isolated = none, .busy = none };
	int rc = none ? 0 : -ENOMEM;

	for (unsigned i = 0; i < PLACEMENTS; i++)
		p[i] = all[i];
	p[SAME].cpu = v->job_cpu;
	for (unsigned i = SMT; i <= REMOTE && !rc; i++)
		rc = take_class(p, i, &view);
	take_first(p, ISOLATED, v, v->isolated, "no isolated CPU that the job may use");
	take_first(p, DRIVE, v, cpus_of_node(v), "the drive's node is not known, or it has no other CPU that the job may use");
	hwloc_bitmap_free(none);
	return rc;
}
