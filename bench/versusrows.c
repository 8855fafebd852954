// SPDX-License-Identifier: GPL-2.0-only
#include "versusrows.h"

#include <string.h>

#define STOCK(m, least, x) { VERSUS_##m, VERSUS_RATIO, VERSUS_TO_STOCK, least, x }
#define PLAIN(m, least, x) { VERSUS_##m, VERSUS_RATIO, VERSUS_TO_PLAIN, least, x }
#define BETTER(m, x) { VERSUS_##m, VERSUS_RATIO, VERSUS_TO_BETTER, false, x }

#define SAME_CPU                                                                                                   \
	.all = { "--cpus_allowed=0" }, .stock = { "--sqthread_poll_cpu=0" }, .ours = { "--sq_thread_cpu=0", "--reap=hybrid" }, \
	.bs = { "512" }, .rw = { "randread" }, .depths = 1, .seconds = 1, .cpus = 1

#define TWO_JOBS                                                                                          \
	.all = { "--numjobs=2", "--cpus_allowed=0,1" }, .ours = { "--sq_wake=adaptive" }, .bs = { "512" }, \
	.rw = { "randread" }, .depths = 1, .seconds = 1, .cpus = 2,                                       \
	.ask = { PLAIN(IOPS, true, 0.90), { VERSUS_IOPS, VERSUS_SPREAD, VERSUS_TO_NONE, false, 5 } }, .asks = 2

const struct versus_row versus_rows[] = {
	{ .name = "awake", .what = "SQ thread awake", .bs = { "512", "4k" }, .rw = { "randread", "randwrite" },
	  .depth = { 1, 4, 16, 32, 64, 128 }, .depths = 6, .seconds = 1, .cpus = 2,
	  .ask = { STOCK(IOPS, true, 1.00), { VERSUS_IOPS, VERSUS_GEOMEAN, VERSUS_TO_STOCK, true, 1.10 } }, .asks = 2 },
	{ .name = "same-cpu-1", .what = "job and SQ thread on one CPU, depth 1", .depth = { 1 }, SAME_CPU,
	  .ask = { STOCK(IOPS, true, 900) }, .asks = 1 },
	{ .name = "same-cpu-32", .what = "job and SQ thread on one CPU, depth 32", .depth = { 32 }, SAME_CPU,
	  .ask = { STOCK(IOPS, true, 250) }, .asks = 1 },
	{ .name = "two-jobs-1", .what = "two jobs on two CPUs, depth 1", .depth = { 1 }, TWO_JOBS },
	{ .name = "two-jobs-32", .what = "two jobs on two CPUs, depth 32", .depth = { 32 }, TWO_JOBS },
	{ .name = "sparse", .what = "one request every 15 ms", .bs = { "4k" }, .rw = { "randread" }, .depth = { 1 }, .depths = 1,
	  .direct = true, .seconds = 5, .cpus = 2, .all = { "--thinktime=15000" }, .ours = { "--sq_wake=adaptive" },
	  .ask = { PLAIN(P50, false, 1.15), PLAIN(P99, false, 1.3), { VERSUS_SQ_CPU, VERSUS_VALUE, VERSUS_TO_NONE, false, 1 } }, .asks = 3 },
	{ .name = "device-bound", .what = "the device is the limit, depth 16", .bs = { "4k" }, .rw = { "randread" }, .depth = { 16 },
	  .depths = 1, .direct = true, .seconds = 2, .cpus = 2, .ours = { "--sq_wake=adaptive" },
	  .ask = { STOCK(CPU, false, 0.30), STOCK(IOPS, true, 0.98) }, .asks = 2 },
	{ .name = "arrivals", .what = "requests arrive by themselves, twelve laws", .bs = { "512" }, .rw = { "randread" }, .laws = true,
	  .seconds = 5, .cpus = 2, .ours = { "--sq_wake=adaptive" },
	  .ask = { BETTER(P99, 1.10), BETTER(CPU, 1.10), BETTER(P99, 2), BETTER(CPU, 2) }, .asks = 4 },
	{ .name = NULL },
};

const struct versus_row *versus_row_find(const char *name)
{
	for (const struct versus_row *r = versus_rows; r->name; r++)
		if (!strcmp(r->name, name))
			return r;
	return NULL;
}

enum versus_verdict versus_judge(const struct est *e, bool at_least, double limit)
{
	/* mirrored, so that less is always good */
	double sign = at_least ? -1 : 1, value = sign * e->value, bound = sign * limit;
	double good = at_least ? sign * e->hi : e->lo, bad = at_least ? sign * e->lo : e->hi;

	if (!e->n)
		return VERSUS_UNKNOWN;
	if (value <= bound)
		return bad <= bound ? VERSUS_MET : VERSUS_MET_UNCLEAR;
	return good > bound ? VERSUS_MISSED : VERSUS_MISSED_UNCLEAR;
}

const char *versus_verdict_name(enum versus_verdict v)
{
	static const char *const names[] = {
		[VERSUS_MET] = "met", [VERSUS_MET_UNCLEAR] = "met, interval not clear",
		[VERSUS_MISSED_UNCLEAR] = "not met, interval not clear", [VERSUS_UNKNOWN] = "unknown", [VERSUS_MISSED] = "not met",
	};

	return names[v];
}

const char *const versus_side_names[VERSUS_SIDES] = { "sqpoll", "stock", "plain" };

const struct versus_kind versus_measures[VERSUS_MEASURES] = {
	[VERSUS_IOPS] = { "iops", "IOPS", "", true, false },
	[VERSUS_CPU] = { "cpu_us_per_io", "CPU per I/O, job and SQ thread", "us", false, false },
	[VERSUS_P50] = { "lat_p50_us", "latency p50", "us", false, true },
	[VERSUS_P99] = { "lat_p99_us", "latency p99", "us", false, true },
	[VERSUS_SQ_CPU] = { "sq_cpu_pct", "CPU of the SQ thread", "%", false, false },
};
