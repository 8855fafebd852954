/* SPDX-License-Identifier: GPL-2.0-only */
/* Runs the cells of a tune, each into its own directory by one rename, and reads them back. */
#ifndef SQB_CELLS_H
#define SQB_CELLS_H

#include <jansson.h>
#include <limits.h>

#include "fio.h"
#include "grid.h"
#include "progress.h"
#include "store.h"
#include "verdict.h"

#define CELLS_CALIBRATE_MS 300

struct tune {
	struct run run;
	struct fio fio;
	struct grid g;
	struct plan plan;
	struct target target;
	json_t *settings;	/* member of run.json: what --resume needs */
	unsigned hz;
	double cpu_price;
	double budget_s;
	char target_path[PATH_MAX];
	char device[64];	/* the disk below the target, empty when unknown */
	char app_cpus[4096];
};

/* Two short cells per engine and kind of completion: shows that all work and what starting a cell costs, in seconds. */
int cells_calibrate(const struct tune *t, double *overhead_s, struct why *why);

/* Runs every cell that is not there yet. -EINTR when interrupted. */
int cells_run(const struct tune *t, double overhead_s, struct why *why);

/* Reads all cells; *M has grid_cells() entries and is freed with cells_free. */
int cells_load(const struct tune *t, struct measure **m, struct why *why);
void cells_free(struct measure *m, size_t n);

#endif
