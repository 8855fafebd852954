// SPDX-License-Identifier: GPL-2.0-only
/* Our engine against the stock engine of the same fio, side by side in one run. */
#include <errno.h>
#include <math.h>
#include <string.h>
#include <unistd.h>

#include "cmd.h"
#include "fioread.h"
#include "proc.h"
#include "progress.h"
#include "scratch.h"
#include "stats.h"
#include "store.h"

#define PAIRS_DEFAULT 11
#define PAIRS_MIN 5
#define SECONDS_DEFAULT 2
#define SIZE_MIB 64
#define DEPTHS_MAX 16
#define SETTLE_S 1.5		/* what a fio run takes beyond its run time, about */

static const struct side {
	const char *name;
	const char *engine[3];
} sides[] = {
	{ "sqpoll", { "--ioengine=sqpoll", NULL } },
	{ "stock", { "--ioengine=io_uring", "--sqthread_poll=1", NULL } },
	{ "plain", { "--ioengine=io_uring", NULL } },
};

enum { OURS, STOCK, PLAIN, SIDES };

struct args {
	struct cmd_common common;
	const char *file, *rw, *bs;
	unsigned pairs, seconds, depth[DEPTHS_MAX], depths;
	bool direct;
};

struct duel {
	const struct args *a;
	struct fio fio;
	char path[PATH_MAX], json_path[PATH_MAX];
	double iops[DEPTHS_MAX][SIDES][STATS_N_MAX];
};

enum { OPT_PAIRS = 1000, OPT_SECONDS, OPT_BS, OPT_RW, OPT_DIRECT };

static const struct argp_option options[] = {
	{ "file", 'F', "PATH", 0, "Read this file or device (never written; default: a scratch file of 64 MiB, removed at the end)", 0 },
	{ "iodepth", 'q', "LIST", 0, "Depths to compare at (default: 1,32)", 0 },
	{ "bs", OPT_BS, "SIZE", 0, "Block size, as fio's (default: 512, 4k with --direct)", 0 },
	{ "rw", OPT_RW, "PATTERN", 0, "read or randread (default)", 0 },
	{ "direct", OPT_DIRECT, NULL, 0, "Direct I/O: the device, not the page cache", 0 },
	{ "pairs", OPT_PAIRS, "N", 0, "Rounds of all three, their order reversed every other time (default: 11, at least 5)", 0 },
	{ "seconds", OPT_SECONDS, "S", 0, "Time of each run (default: 2)", 0 },
	CMD_OPTION_OUT("Where the scratch file goes"),
	CMD_OPTION_JSON("Print JSON, with every single value"),
	CMD_OPTIONS_FIO,
	{ 0 },
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct args *a = state->input;

	switch (key) {
	case 'F':
		a->file = arg;
		return 0;
	case 'q':
		a->depths = cmd_numbers(state, arg, "iodepth", a->depth, DEPTHS_MAX, 1, 32768);
		return 0;
	case OPT_BS:
		a->bs = arg;
		return 0;
	case OPT_RW:
		if (strcmp(arg, "read") && strcmp(arg, "randread"))
			argp_error(state, "--rw: '%s' is neither read nor randread", arg);
		a->rw = arg;
		return 0;
	case OPT_DIRECT:
		a->direct = true;
		return 0;
	case OPT_PAIRS:
		a->pairs = cmd_number(state, arg, "pairs", PAIRS_MIN, STATS_N_MAX);
		return 0;
	case OPT_SECONDS:
		a->seconds = cmd_number(state, arg, "seconds", 1, 3600);
		return 0;
	case ARGP_KEY_ARG:
		argp_error(state, "'%s' is one argument too many: name a target with --file", arg);
		return 0;
	default:
		return cmd_parse_common(key, arg, state);
	}
}

static int run_side(struct duel *d, unsigned depth, unsigned side, struct progress *bar, double *iops, struct why *why)
{
	const struct args *a = d->a;
	const struct fioread job = { .name = sides[side].name, .path = d->path, .more = sides[side].engine, .bs = a->bs, .rw = a->rw,
				     .iodepth = depth, .seconds = a->seconds, .direct = a->direct, .json_path = d->json_path,
				     .tick = progress_tick, .ctx = bar };

	return fioread_run(&d->fio, &job, iops, why);
}

static int run_all(struct duel *d, struct why *why)
{
	const struct args *a = d->a;
	struct progress bar;
	int rc = 0;

	progress_start(&bar, 0, a->depths * a->pairs * SIDES, a->seconds + SETTLE_S);
	for (unsigned q = 0; q < a->depths; q++) {
		for (unsigned i = 0; i < a->pairs * SIDES && !rc; i++) {
			unsigned round = i / SIDES, side = round % 2 ? SIDES - 1 - i % SIDES : i % SIDES;
			char label[64];

			snprintf(label, sizeof(label), "iodepth %u, %s, round %u/%u", a->depth[q], sides[side].name,
				 round + 1, a->pairs);
			progress_step(&bar, label);
			rc = run_side(d, a->depth[q], side, &bar, &d->iops[q][side][round], why);
			bar.done++;
		}
	}
	progress_end(&bar);
	return rc;
}

/* Ratio of two runs of the same round: what disturbs a whole round falls out. */
static struct est ratio_of(const struct duel *d, unsigned q, unsigned side)
{
	double ratio[STATS_N_MAX];

	for (unsigned i = 0; i < d->a->pairs; i++)
		ratio[i] = d->iops[q][OURS][i] / d->iops[q][side][i];
	return stats_median_est(ratio, d->a->pairs);
}

static void print_table(const struct duel *d)
{
	const struct args *a = d->a;

	printf("%s, %s %s, %s, %u rounds of %u s, interleaved; median ratio of the rounds [95 %% interval]\n", d->fio.version,
	       a->bs, a->rw, a->direct ? "direct" : "cached", a->pairs, a->seconds);
	printf("%7s %12s %12s %12s   %-24s %s\n", "iodepth", "sqpoll IOPS", "stock SQPOLL", "plain", "sqpoll / stock SQPOLL",
	       "sqpoll / plain io_uring");
	for (unsigned q = 0; q < a->depths; q++) {
		struct est s = ratio_of(d, q, STOCK), p = ratio_of(d, q, PLAIN);

		printf("%7u %12.0f %12.0f %12.0f   %.3f [%.3f, %.3f]     %.3f [%.3f, %.3f]\n", a->depth[q],
		       stats_median(d->iops[q][OURS], a->pairs), stats_median(d->iops[q][STOCK], a->pairs),
		       stats_median(d->iops[q][PLAIN], a->pairs), s.value, s.lo, s.hi, p.value, p.lo, p.hi);
	}
}

static json_t *est_json(struct est e)
{
	return json_pack("{s:f, s:f, s:f, s:f}", "median", e.value, "lo", e.lo, "hi", e.hi, "cover", e.cover);
}

static void print_json(const struct duel *d)
{
	const struct args *a = d->a;
	json_t *cells = json_array();

	for (unsigned q = 0; q < a->depths; q++) {
		json_t *cell = json_pack("{s:i, s:o, s:o}", "iodepth", (int)a->depth[q], "ratio_to_stock",
					 est_json(ratio_of(d, q, STOCK)), "ratio_to_plain", est_json(ratio_of(d, q, PLAIN)));

		for (unsigned s = 0; s < SIDES; s++) {
			json_t *values = json_array();

			for (unsigned i = 0; i < a->pairs; i++)
				json_array_append_new(values, json_real(d->iops[q][s][i]));
			json_object_set_new(cell, sides[s].name, values);
		}
		json_array_append_new(cells, cell);
	}
	cmd_print_json(json_pack("{s:s, s:s, s:s, s:s, s:b, s:i, s:o}", "schema", "sqbench-versus/1", "fio", d->fio.version,
				 "bs", a->bs, "rw", a->rw, "direct", a->direct, "seconds", (int)a->seconds, "cells", cells));
}

static int prepare(struct duel *d, struct why *why)
{
	const struct args *a = d->a;
	char name[64];
	int rc = store_mkdirs(a->common.out, why);

	snprintf(name, sizeof(name), ".versus-%d.json", (int)getpid());
	if (!rc && store_path(d->json_path, sizeof(d->json_path), a->common.out, name))
		rc = why_set(why, -ENAMETOOLONG, "%s: the path is too long: choose another --out", a->common.out);
	if (rc)
		return rc;
	if (a->file) {
		snprintf(d->path, sizeof(d->path), "%s", a->file);
		if (access(a->file, R_OK))
			return why_set(why, -EINVAL, "%s: %s: name a file or device that can be read", a->file, strerror(errno));
	} else {
		snprintf(name, sizeof(name), ".versus-%d.dat", (int)getpid());
		if (store_path(d->path, sizeof(d->path), a->common.out, name))
			return why_set(why, -ENAMETOOLONG, "%s: the path is too long: choose another --out", a->common.out);
		rc = scratch_create(d->path, (uint64_t)SIZE_MIB << 20, why);
	}
	if (!rc && !a->direct)
		scratch_warm(d->path);
	return rc;
}

int cmd_versus(int argc, char **argv)
{
	static const struct argp argp = { options, parse, NULL,
					  "Compares this engine, the stock io_uring engine with sqthread_poll and plain io_uring, all of the "
					  "same fio, interleaved in one run. Only reads its target. Nothing else should run meanwhile.",
					  NULL, NULL, NULL };
	struct args a = { .common.out = "results", .rw = "randread", .pairs = PAIRS_DEFAULT, .seconds = SECONDS_DEFAULT,
			  .depth = { 1, 32 }, .depths = 2 };
	static struct duel d;
	struct why why = { "" };
	int rc;

	cmd_parse(&argp, argc, argv, &a);
	if (!a.bs)
		a.bs = a.direct ? "4k" : "512";
	d.a = &a;
	if (fio_find(&d.fio, a.common.fio, a.common.engine_dir, &why) || fio_engine_loads(&d.fio, &why))
		return cmd_fail(EXIT_CANNOT, "versus", &why);
	proc_catch_signals();
	rc = prepare(&d, &why);
	if (!rc)
		rc = run_all(&d, &why);
	if (d.json_path[0])
		unlink(d.json_path);
	if (!a.file && d.path[0])
		unlink(d.path);
	if (rc)
		return cmd_fail(rc == -EINTR ? EXIT_INTERRUPTED : rc == -EINVAL ? EXIT_USAGE : EXIT_CANNOT, "versus", &why);
	if (a.common.json)
		print_json(&d);
	else
		print_table(&d);
	return EXIT_DONE;
}
