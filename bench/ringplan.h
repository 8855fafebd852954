/* SPDX-License-Identifier: GPL-2.0-only */
/* What sqbench ring measures: its cells, their order and time, and what may be said of the values. Pure. */
#ifndef SQB_RINGPLAN_H
#define SQB_RINGPLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "hist.h"

enum { RING_BATCHES_MAX = 8, RING_SIZES_MAX = 4, RING_ROUNDS_MAX = 64, RING_CELLS_MAX = 192 };

#define RING_SPIN_S_MAX 1.0	/* a ring that spins on the SQ thread's own CPU is not measured for longer than this */
#define RING_LATENCY_TIMES 4	/* a latency cell takes so many times the time of a rate cell: its samples are rare */
#define RING_FIO_S_MIN 1.0

enum ring_kind {
	RING_RATE,	/* I/Os per second */
	RING_SHARED,	/* the same with submitter and SQ thread on one CPU */
	RING_LATENCY,
	RING_FIO,	/* a read cell of RING_RATE through fio and the engine */
};

/* How a ring is driven. */
enum ring_way {
	RING_SPIN,	/* SQPOLL, awake, reap=spin: no system call */
	RING_PLAIN,	/* no SQPOLL: one io_uring_enter a batch, which submits and waits */
	RING_SLEEP,	/* SQPOLL, reap=sleep */
	RING_HYBRID,	/* SQPOLL, reap=hybrid */
	RING_WAYS
};

/* Commit to first completion, of one NOP; RING_PICKUP: to the SQ thread having taken it. */
enum ring_latency {
	RING_WAKE,	/* the SQ thread sleeps and is woken */
	RING_PICKUP,	/* it is awake */
	RING_AWAKE,
	RING_BYPASS,	/* it sleeps, and the request goes through the side ring */
	RING_ALONE,	/* a plain ring after the same pause, for comparison */
	RING_LATENCIES
};

struct ring_cell {
	enum ring_kind kind;
	enum ring_way way;
	enum ring_latency latency;	/* of RING_LATENCY; RING_WAKE stands for RING_PICKUP and RING_AWAKE as well */
	unsigned bytes;			/* of a read; 0: a NOP */
	unsigned batch;
	double seconds;
};

struct ring_spec {
	unsigned batch[RING_BATCHES_MAX], batches;
	unsigned bytes[RING_SIZES_MAX], sizes;
	double seconds;			/* of a rate cell */
	bool one_cpu;			/* there is or was asked for only one CPU: spinning is kept short everywhere */
	bool fio;
};

const char *ring_way_name(enum ring_way way);
const char *ring_latency_name(enum ring_latency latency);
const char *ring_kind_name(enum ring_kind kind);

/* "asleep, woken, to the completion": what is timed. */
const char *ring_latency_says(enum ring_latency latency);

/* "read 512, batch 4, spin": for people. */
void ring_cell_name(const struct ring_cell *c, char *out, size_t size);

/* All cells of SPEC into CELL, which has RING_CELLS_MAX entries; their number. */
unsigned ring_plan(const struct ring_spec *spec, struct ring_cell *cell);

/* The cell that is the I-th of round ROUND (from 0) of N cells: every other round runs backwards, so that a drift of the
 * machine does not favour one of them. */
unsigned ring_order(unsigned n, unsigned round, unsigned i);

/* After EVERY turns took STEP_NS: how many to make before the next look at the clock, so that looking costs little and the
 * end is not missed by much. */
unsigned ring_pace(unsigned every, uint64_t step_ns);

/* How long to pause (ns) until an SQ thread with an idle period of IDLE_MS sleeps for sure at tick rate HZ, and three ticks
 * more. HZ 0: not known, the slowest there is. */
uint64_t ring_gap_ns(unsigned idle_ms, unsigned hz);

/* Percentile PCT of sealed H, NaN when there are fewer samples than one beyond it needs. */
double ring_percentile(const struct hist *h, double pct);

#endif
