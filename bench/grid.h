/* SPDX-License-Identifier: GPL-2.0-only */
/* What a tune measures: workloads x arms x repeats, in which order, for how long, as which fio job. */
#ifndef SQB_GRID_H
#define SQB_GRID_H

#include <stdbool.h>
#include <stdio.h>

#include "why.h"

#define GRID_WORKLOADS_MAX 16
#define GRID_ARMS_MAX 48
#define GRID_REPEATS_MAX 200
#define GRID_AWAKE_IDLE_MS 10000
#define GRID_BURST 16
#define GRID_RATES_DEFAULT "const:1000,const:50,poisson:100,burst:400,full:16"
#define GRID_IDLES_DEFAULT "4,8,16,32,64"

enum law { LAW_CONST, LAW_POISSON, LAW_BURST, LAW_FULL, LAW_COUNT };
enum arm_kind { ARM_PLAIN, ARM_AWAKE, ARM_IDLE };

struct workload {
	enum law law;
	double rate_iops;	/* 0 for LAW_FULL */
	unsigned depth;
	char name[32];
};

struct arm {
	enum arm_kind kind;
	unsigned idle_ms;
	bool hipri;	/* completions are polled for */
	char name[32];
};

struct grid {
	struct workload w[GRID_WORKLOADS_MAX];
	unsigned nw;
	/* [0] is plain, [1] always awake, then the idle settings; with HIPRI all of them again, polled */
	struct arm a[GRID_ARMS_MAX];
	unsigned na;
	bool hipri;
	unsigned idles_dropped;		/* settings that equal another one on this kernel's lattice */
};

struct plan {
	unsigned repeats;
	unsigned cell_ms;
};

struct cell {
	unsigned index;
	unsigned repeat;
	unsigned workload;
	unsigned arm;
};

/* What every cell of a run has in common. */
struct target {
	const char *path;
	bool direct;
	int sq_cpu;		/* -1: not pinned */
	const char *app_cpus;	/* fio cpus_allowed for the submitter, NULL: not pinned */
};

const char *law_name(enum law law);

/* LIST is [LAW:]RATE,...; a RATE without a law stands for const, poisson and burst at that rate. */
int grid_parse_rates(struct grid *g, const char *list, struct why *why);

/* LIST is MS,...; also adds the two controls. Settings equal on the lattice of HZ are kept once. */
int grid_parse_idles(struct grid *g, const char *list, unsigned hz, struct why *why);

/* Adds every arm once more with polled completions. Once is enough. */
void grid_add_hipri(struct grid *g);

/* Arms that wait for interrupts: the first so many. */
unsigned grid_arms_irq(const struct grid *g);

/* The polled arm of ARM, or what ARM is the polled one of; -1 when nothing is polled. */
int grid_twin(const struct grid *g, unsigned arm);

/* Chooses repeats and time per cell so that all cells with OVERHEAD_S each fit into BUDGET_S.
 * REPEATS 0 lets the planner choose. Returns -ERANGE with a cure when it cannot fit. */
int grid_plan(const struct grid *g, double budget_s, double overhead_s, unsigned repeats,
	      struct plan *plan, struct why *why);

unsigned grid_cells(const struct grid *g, const struct plan *plan);

/* The INDEX-th cell in time: all arms of a workload next to each other, reversed every other repeat. */
struct cell grid_cell(const struct grid *g, unsigned index);

/* Gap between the last activity and the next submission, mean, if I/O took no time; 0 for LAW_FULL. */
double workload_gap_us(const struct workload *w);

/* Writes the fio job of CELL. The environment gives it FILENAME and STATS_FILE, so that it can be run again elsewhere. */
void grid_job(FILE *out, const struct grid *g, const struct plan *plan, const struct cell *cell,
	      const struct target *t);

/* fio splits `filename` at colons: writes PATH to OUT as one name; -EINVAL if fio cannot take it. */
int grid_quote_filename(char *out, size_t size, const char *path);

#endif
