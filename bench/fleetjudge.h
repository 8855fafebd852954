/* SPDX-License-Identifier: GPL-2.0-only */
/* One night on many hosts: did all drives of a model change, or does one differ from its peers? Pure. */
#ifndef SQB_FLEETJUDGE_H
#define SQB_FLEETJUDGE_H

#include <stdbool.h>
#include <stddef.h>

#include "gate.h"
#include "stats.h"

enum { FLEET_HOSTS_MIN = 3, FLEET_REASON = 160 };

struct fleet_host {
	const char *name;
	const char *model;	/* hosts with equal text are peers; NULL: it has none */
	const char *missing;	/* why it has no values, NULL: it has */
};

/* What one host says of one cell, which is any figure that a host has every night. NaN: not known. */
struct fleet_value {
	double shift;		/* of tonight from the host's own history, as a share */
	double sd;		/* of SHIFT on a night on which nothing has changed, above 0 */
	unsigned nights;	/* that SD was had from, at least 2 */
	double level;		/* of tonight, above 0 */
};

struct fleet {
	const struct fleet_host *host;
	size_t hosts;
	const bool *more_is_better;	/* per cell: it is a rate; else a time, or a cost */
	size_t cells;
	const struct fleet_value *value;	/* of host H and cell C: [H * cells + C] */
};

struct fleet_how {
	double fdr;		/* share of what is reported that may be wrong */
	double worth;		/* smaller shifts, as a share, are none */
	double worth_level;	/* so are smaller distances from the peers */
	unsigned freedom_max;	/* noise has the tails of Student's t with so many degrees of freedom, or with fewer where the nights are few */
};

/* All drives of a model, in one cell. */
struct fleet_shift {
	const char *model;
	size_t cell;
	size_t hosts;		/* with a shift and its sd */
	struct est shift;	/* median over these; n is 0 for none */
	double p;		/* of not more than half of them having shifted to this side; NaN with fewer than FLEET_HOSTS_MIN */
	enum gate_verdict verdict;
	char reason[FLEET_REASON];	/* of GATE_UNKNOWN */
};

/* A host beside its peers. */
struct fleet_distance {
	double by;		/* from the median of all of its model, as a share; NaN: not known, or too few peers */
	double margin;		/* BY is known to plus or minus so much, with 95 % */
	double p;
	enum gate_verdict verdict;	/* GATE_SAME: it is not as far as would be worth it */
};

struct fleet_judgement {
	struct fleet_shift *model;	/* model by model in the order of hosts, and in it cell by cell */
	size_t models;			/* entries, that is models times cells */
	struct fleet_distance *shift;	/* [H * cells + C]: it changed otherwise than its peers */
	struct fleet_distance *level;	/* it is at another level than its peers, whether it changed or not */
	size_t slower, outliers;	/* entries of MODEL that are slower; of SHIFT and LEVEL that are slower or faster */
};

struct fleet_how fleet_default(void);

/*
 * Judges all together. Shift of a model: Benjamini and Heller's p (2008) that more than half of its hosts have shifted to one side, Fisher's combination of all but the smallest ones; so one host
 * alone, however far out, is no shift of all. Distance of a host: from the median of all of its model, divided by what its and their SD and the spread among them (Rousseeuw and Croux's Qn, 1993) say. Believed by Benjamini
 * and Hochberg's rule over all of a kind, and worth it. 0 or -ENOMEM; J is to be freed in any case.
 */
int fleet_judge(const struct fleet *f, const struct fleet_how *how, struct fleet_judgement *j);
void fleet_free(struct fleet_judgement *j);

#endif
