/* SPDX-License-Identifier: GPL-2.0-only */
/* Where an SQ thread may be tried: one CPU for each class of nearness, not each pair of CPUs. Pure: the topology may be a synthetic one. */
#ifndef SQB_PLACEMENTS_H
#define SQB_PLACEMENTS_H

#include <hwloc.h>

enum { PLACEMENTS = 8, PLACEMENT_ANY = 0 };

struct placement {
	const char *name;	/* any, same, smt, llc, node, remote, isolated, drive */
	const char *what;	/* the CPU in words */
	int cpu;		/* -1: left to the scheduler, or absent */
	char absent[160];	/* why it is not tried, empty: it is */
};

/* The CPUs of the machine. NULL for a set that is empty. */
struct placements_view {
	hwloc_topology_t topology;
	hwloc_const_bitmap_t allowed, isolated;
	int job_cpu;
	int drive_node;		/* NUMA node of the drive, -1 unknown */
};

/* All eight; those that have no CPU, or one that stands above already, are absent. 0 or -ENOMEM. */
int placements_plan(const struct placements_view *v, struct placement p[PLACEMENTS]);

#endif
