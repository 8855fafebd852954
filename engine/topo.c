// SPDX-License-Identifier: GPL-2.0-only
#include "topo.h"

#include <errno.h>
#include <stdio.h>

enum { LIST_LEN = 128 };

const char *sqp_place_name(enum sqp_place_kind kind)
{
	static const char *const names[SQP_NR_PLACES] = {
		[SQP_PLACE_ANY] = "any", [SQP_PLACE_NUMBER] = "number", [SQP_PLACE_SAME] = "same", [SQP_PLACE_SMT] = "smt",
		[SQP_PLACE_LLC] = "llc", [SQP_PLACE_NODE] = "node", [SQP_PLACE_REMOTE] = "remote", [SQP_PLACE_AUTO] = "auto",
	};

	return names[kind];
}

static hwloc_const_cpuset_t last_level_cache(hwloc_obj_t pu)
{
	hwloc_obj_t last = pu;

	for (hwloc_obj_t o = pu->parent; o; o = o->parent)
		if (hwloc_obj_type_is_dcache(o->type))
			last = o;
	return last->cpuset;
}

static hwloc_const_cpuset_t core(hwloc_topology_t t, hwloc_obj_t pu)
{
	hwloc_obj_t o = hwloc_get_ancestor_obj_by_type(t, HWLOC_OBJ_CORE, pu);

	return o ? o->cpuset : pu->cpuset;
}

/* Memory of two kinds may make two nodes of the same CPUs, and a node of the whole machine lie above others. */
static hwloc_const_cpuset_t node(hwloc_topology_t t, hwloc_obj_t pu)
{
	hwloc_obj_t o = NULL;
	hwloc_const_cpuset_t best = NULL;

	while ((o = hwloc_get_next_obj_by_type(t, HWLOC_OBJ_NUMANODE, o)))
		if (hwloc_bitmap_isset(o->cpuset, pu->os_index) &&
		    (!best || hwloc_bitmap_weight(o->cpuset) < hwloc_bitmap_weight(best)))
			best = o->cpuset;
	return best ? best : hwloc_topology_get_topology_cpuset(t);
}

/* All CPUs of class KIND and of nearer ones. */
static hwloc_const_cpuset_t surroundings(hwloc_topology_t t, hwloc_obj_t pu, enum sqp_place_kind kind)
{
	switch (kind) {
	case SQP_PLACE_SAME:
		return pu->cpuset;
	case SQP_PLACE_SMT:
		return core(t, pu);
	case SQP_PLACE_LLC:
		return last_level_cache(pu);
	case SQP_PLACE_NODE:
		return node(t, pu);
	default:
		return hwloc_topology_get_topology_cpuset(t);
	}
}

enum sqp_place_kind sqp_topo_class(hwloc_topology_t topology, int job_cpu, int cpu)
{
	hwloc_obj_t pu = hwloc_get_pu_obj_by_os_index(topology, (unsigned)job_cpu);

	for (int kind = SQP_PLACE_SAME; pu && kind <= SQP_PLACE_REMOTE; kind++)
		if (hwloc_bitmap_isset(surroundings(topology, pu, (enum sqp_place_kind)kind), (unsigned)cpu))
			return (enum sqp_place_kind)kind;
	return SQP_PLACE_ANY;
}

struct chooser {
	const struct sqp_topo_view *v;
	hwloc_obj_t pu;
	hwloc_bitmap_t members, usable, scratch, busy_cores;
};

static void find_members(struct chooser *c, enum sqp_place_kind kind)
{
	hwloc_topology_t t = c->v->topology;

	hwloc_bitmap_copy(c->members, surroundings(t, c->pu, kind));
	for (int nearer = SQP_PLACE_SAME; nearer < (int)kind; nearer++)
		hwloc_bitmap_andnot(c->members, c->members, surroundings(t, c->pu, (enum sqp_place_kind)nearer));
	hwloc_bitmap_and(c->usable, c->members, c->v->allowed);
}

/* Those in SCRATCH only, if there are any. */
static void keep_scratch(struct chooser *c)
{
	if (!hwloc_bitmap_iszero(c->scratch))
		hwloc_bitmap_copy(c->usable, c->scratch);
}

/* The best CPU of class KIND, or -1. */
static int best_of(struct chooser *c, enum sqp_place_kind kind)
{
	int cpu;

	find_members(c, kind);
	hwloc_bitmap_andnot(c->scratch, c->usable, c->v->busy);
	keep_scratch(c);
	hwloc_bitmap_and(c->scratch, c->usable, c->v->isolated);
	keep_scratch(c);
	hwloc_bitmap_andnot(c->scratch, c->usable, c->busy_cores);
	keep_scratch(c);
	cpu = hwloc_bitmap_next(c->usable, c->v->job_cpu);
	return cpu >= 0 ? cpu : hwloc_bitmap_first(c->usable);
}

static void take(const struct sqp_topo_view *v, enum sqp_place_kind kind, int cpu, struct sqp_topo_choice *choice)
{
	*choice = (struct sqp_topo_choice){
		.cpu = cpu, .kind = kind,
		.busy = hwloc_bitmap_isset(v->busy, (unsigned)cpu),
	};
}

static bool choose_nearest(struct chooser *c, bool busy_too, struct sqp_topo_choice *choice)
{
	for (int kind = SQP_PLACE_SMT; kind <= SQP_PLACE_REMOTE; kind++) {
		int cpu = best_of(c, (enum sqp_place_kind)kind);

		if (cpu < 0 || (!busy_too && hwloc_bitmap_isset(c->v->busy, (unsigned)cpu)))
			continue;
		take(c->v, (enum sqp_place_kind)kind, cpu, choice);
		return true;
	}
	return false;
}

static int refuse(struct chooser *c, enum sqp_place_kind want, struct sqp_why *why)
{
	static const char *const there_is_no[SQP_NR_PLACES] = {
		[SQP_PLACE_SMT] = "there is no SMT sibling of CPU",
		[SQP_PLACE_LLC] = "there is no other core at the last-level cache of CPU",
		[SQP_PLACE_NODE] = "there is no core with another last-level cache on the NUMA node of CPU",
		[SQP_PLACE_REMOTE] = "there is no NUMA node but that of CPU",
	};
	char there[LIST_LEN], allowed[LIST_LEN], instead[16] = "";
	struct sqp_topo_choice other;
	bool none;

	find_members(c, want);
	none = hwloc_bitmap_iszero(c->members);
	hwloc_bitmap_list_snprintf(there, sizeof(there), c->members);
	hwloc_bitmap_list_snprintf(allowed, sizeof(allowed), c->v->allowed);
	if (choose_nearest(c, true, &other))
		snprintf(instead, sizeof(instead), "%s or ", sqp_place_name(other.kind));
	if (none)
		return sqp_why(why, -EINVAL, "sq_thread_cpu=%s: %s %d; use %sany", sqp_place_name(want), there_is_no[want],
			       c->v->job_cpu, instead);
	return sqp_why(why, -EINVAL, "sq_thread_cpu=%s: %s %d that may be used here (there: %s, allowed: %s); use %sany, or widen the cpuset or fio's own affinity (taskset)",
		       sqp_place_name(want), there_is_no[want], c->v->job_cpu, there, allowed, instead);
}

static int choose(struct chooser *c, enum sqp_place_kind want, struct sqp_topo_choice *choice, struct sqp_why *why)
{
	int cpu;

	if (want == SQP_PLACE_AUTO) {
		*choice = (struct sqp_topo_choice){ .cpu = SQP_ANY_CPU, .kind = SQP_PLACE_ANY };
		if (!choose_nearest(c, false, choice))
			choose_nearest(c, true, choice);
		return 0;
	}
	cpu = best_of(c, want);
	if (cpu < 0)
		return refuse(c, want, why);
	take(c->v, want, cpu, choice);
	return 0;
}

static void find_busy_cores(struct chooser *c)
{
	int cpu = -1;

	while ((cpu = hwloc_bitmap_next(c->v->busy, cpu)) >= 0) {
		hwloc_obj_t pu = hwloc_get_pu_obj_by_os_index(c->v->topology, (unsigned)cpu);

		if (pu)
			hwloc_bitmap_or(c->busy_cores, c->busy_cores, core(c->v->topology, pu));
	}
}

int sqp_topo_choose(const struct sqp_topo_view *view, enum sqp_place_kind want, struct sqp_topo_choice *choice,
		    struct sqp_why *why)
{
	struct chooser c = {
		.v = view, .pu = hwloc_get_pu_obj_by_os_index(view->topology, (unsigned)view->job_cpu),
		.members = hwloc_bitmap_alloc(), .usable = hwloc_bitmap_alloc(), .scratch = hwloc_bitmap_alloc(),
		.busy_cores = hwloc_bitmap_alloc(),
	};
	int ret;

	if (!c.members || !c.usable || !c.scratch || !c.busy_cores) {
		ret = sqp_why(why, -ENOMEM, "sq_thread_cpu=%s: no memory", sqp_place_name(want));
	} else if (!c.pu) {
		ret = sqp_why(why, -EINVAL, "sq_thread_cpu=%s: the topology has no CPU %d, on which the job is; give a number or any",
			      sqp_place_name(want), view->job_cpu);
	} else {
		find_busy_cores(&c);
		ret = choose(&c, want, choice, why);
	}
	hwloc_bitmap_free(c.members);
	hwloc_bitmap_free(c.usable);
	hwloc_bitmap_free(c.scratch);
	hwloc_bitmap_free(c.busy_cores);
	return ret;
}
