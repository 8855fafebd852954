/* SPDX-License-Identifier: GPL-2.0-only */
/* Which CPU is near which: the choice of a CPU for the SQ thread by its distance from the job's. Pure: it asks hwloc's
 * topology and nothing else, which may as well be a synthetic one. */
#ifndef SQP_TOPO_H
#define SQP_TOPO_H

#include "config.h"

#include <hwloc.h>

/* "smt", "auto", …: as in the option and the statistics line. */
const char *sqp_place_name(enum sqp_place_kind kind);

struct sqp_topo_view {
	hwloc_topology_t topology;
	int job_cpu;
	hwloc_const_bitmap_t allowed;	/* CPUs that may be chosen */
	hwloc_const_bitmap_t isolated;	/* preferred to others of their class */
	hwloc_const_bitmap_t busy;	/* chosen when there is nothing else */
};

struct sqp_topo_choice {
	int cpu;			/* or SQP_ANY_CPU */
	enum sqp_place_kind kind;	/* SQP_PLACE_SMT to _REMOTE; SQP_PLACE_ANY: no CPU to choose from */
	bool busy;
};

/*
 * Of what class is CPU, seen from the job's? Each CPU is of the first class that fits: same (the job's own), smt (same
 * core), llc (same last-level cache), node (same NUMA node), remote. SQP_PLACE_ANY: the topology lacks one of them.
 */
enum sqp_place_kind sqp_topo_class(hwloc_topology_t topology, int job_cpu, int cpu);

/*
 * Chooses a CPU of class WANT (smt, llc, node, remote), or of the first of these that has one (auto), never the job's own.
 * Within a class: one that is not busy, then an isolated one, then one whose core is not busy, then the next behind the
 * job's, round. auto takes a busy one only when no class has another, and answers SQP_PLACE_ANY when the job's CPU is the
 * only one allowed. 0, -ENOMEM, or -EINVAL with the reason and what to use instead in WHY.
 */
int sqp_topo_choose(const struct sqp_topo_view *view, enum sqp_place_kind want, struct sqp_topo_choice *choice,
		    struct sqp_why *why);

#endif
