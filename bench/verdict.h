/* SPDX-License-Identifier: GPL-2.0-only */
/* From measured cells to a recommendation. The objective is in docs/METHODOLOGY.md:
 * cost of an I/O = mean latency (us) + price x CPU time of submitter and SQ thread (us). */
#ifndef SQB_VERDICT_H
#define SQB_VERDICT_H

#include <stdbool.h>
#include <stddef.h>

#include "grid.h"
#include "hist.h"
#include "stats.h"

#define VERDICT_EMULATED "measured on an emulated CPU with a virtual device: its times are no hardware's, its ratios a hint at most"
#define VERDICT_WORTH 0.05	/* a difference below this is not worth having */
#define VERDICT_COVER_MIN 0.9	/* intervals that cover less are called low confidence */

#define VERDICT_AWAKE_DUTY_MIN 0.9	/* below it a thread that never sleeps was not given its CPU */

/* One finished cell. A value that was not measured is NaN. */
struct measure {
	struct cell at;
	bool ok;
	double ios;
	double iops;
	double lat_mean_us;
	struct hist lat_ns;
	double app_cores;	/* CPUs used by the submitting thread */
	double sq_cores;	/* CPUs used by the SQ thread: its duty; 0 for plain */
	double cpu_us_per_io;	/* both, per I/O */
	double idle_ms_effective;
	double wakeups;
	double enters;
	double interrupts;	/* of the target's device during the cell */
	double stalls;
	double cq_overflow;
	int sq_cpu;		/* where the SQ thread ran last, -1 unknown */
};

struct point {
	unsigned n;		/* repeats that counted */
	double ios;
	struct est iops, lat_mean_us, lat_p50_us, lat_p99_us, cpu_us_per_io, cores, duty, cost_us;
	struct est idle_ms_effective, enters_per_io, interrupts_per_io;
};

enum verdict { VERDICT_UNKNOWN, VERDICT_PLAIN, VERDICT_NO_DIFFERENCE, VERDICT_SQPOLL };

struct choice {
	enum verdict verdict;
	unsigned base;		/* plain io_uring: without hipri, or with it where that is worth having */
	unsigned arm;		/* best SQPOLL arm: the shortest idle not distinguishably dearer than the best */
	struct est ratio;	/* its cost over the base's, paired by repeat */
	double latency_ratio;
	double cpu_ratio;
};

struct analysis {
	double cpu_price;
	bool disturbed;	/* something else took CPUs from an SQ thread that never sleeps */
	bool emulated;	/* set by the caller: CPU and devices are software, no time is true of a real one */
	struct point point[GRID_WORKLOADS_MAX][GRID_ARMS_MAX];
	struct choice choice[GRID_WORKLOADS_MAX];
	struct choice overall;
};

const char *verdict_name(enum verdict v);

/* Whether the SQ thread of the always-awake arm lacked its CPU in WORKLOAD. */
bool verdict_starved(const struct analysis *a, const struct grid *g, unsigned workload);

/* Fills A from the N measures of M. 0 or -ENOMEM. */
int verdict_analyse(struct analysis *a, const struct grid *g, const struct plan *plan,
		    const struct measure *m, size_t n, double cpu_price);

/* The arm that a choice tells to use: its base unless SQPOLL is worth it. */
unsigned verdict_recommended(const struct choice *c);

/* One plain sentence, without a final newline. */
void verdict_sentence(char *out, size_t size, const struct analysis *a, const struct grid *g);

/* The same for one workload. */
void verdict_workload_sentence(char *out, size_t size, const struct analysis *a, const struct grid *g,
			       unsigned workload);

#endif
