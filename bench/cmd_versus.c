// SPDX-License-Identifier: GPL-2.0-only
/* Our engine against the stock engine of the same fio, side by side in one run. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "arrivals.h"
#include "cmd.h"
#include "fio.h"
#include "fiojson.h"
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
#define OPTIONS_MAX 16
#define ARRIVALS_DEPTH 1		/* fio looks for completions only when it has no room for the next request */
#define REQUESTS_MAX 200000
#define ARGS_MAX 48
#define PATIENCE_S 60
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

/* The stock engine cannot replay a log with sqthread_poll ("nr_files to be identical to open_files"): with --arrivals this engine stands in
 * for it, as it is without its policies. */
static const struct side stand_in = { "stock", { "--ioengine=sqpoll", NULL } };

/* What is compared. */
static const struct measure {
	const char *name, *title, *unit;
	bool latency;
} measures[] = {
	{ "iops", "IOPS", "", false },
	{ "cpu_us_per_io", "CPU per I/O, job and SQ thread", "us", false },
	{ "lat_p50_us", "latency p50", "us", true },
	{ "lat_p99_us", "latency p99", "us", true },
};

enum { IOPS, CPU, P50, P99, MEASURES };

struct args {
	struct cmd_common common;
	const char *file, *rw, *bs;
	unsigned pairs, seconds, depth[DEPTHS_MAX], depths;	/* a cell for each depth, or for each law */
	const struct arrivals *law[DEPTHS_MAX];
	bool direct;
	const char *more[SIDES][OPTIONS_MAX];	/* fio options of one side */
	unsigned nr_more[SIDES];
};

struct duel {
	const struct args *a;
	struct fio fio;
	char path[PATH_MAX], json_path[PATH_MAX], iolog_path[PATH_MAX];
	uint64_t size;
	double start_cpu_s[SIDES];	/* what fio takes to start and end */
	double value[DEPTHS_MAX][MEASURES][SIDES][STATS_N_MAX];
};

enum { OPT_PAIRS = 1000, OPT_SECONDS, OPT_BS, OPT_RW, OPT_DIRECT, OPT_OURS, OPT_STOCK, OPT_ALL, OPT_ARRIVALS };

static const struct argp_option options[] = {
	{ "file", 'F', "PATH", 0, "Read this file or device (never written; default: a scratch file of 64 MiB, removed at the end)", 0 },
	{ "iodepth", 'q', "LIST", 0, "Depths to compare at (default: 1,32)", 0 },
	{ "bs", OPT_BS, "SIZE", 0, "Block size, as fio's (default: 512, 4k with --direct)", 0 },
	{ "rw", OPT_RW, "PATTERN", 0, "read or randread (default)", 0 },
	{ "direct", OPT_DIRECT, NULL, 0, "Direct I/O: the device, not the page cache", 0 },
	{ "pairs", OPT_PAIRS, "N", 0, "Rounds of all three, their order reversed every other time (default: 11, at least 5)", 0 },
	{ "seconds", OPT_SECONDS, "S", 0, "Time of each run (default: 2)", 0 },
	{ "arrivals", OPT_ARRIVALS, "LIST", 0, "Instead of depths: requests arrive by themselves, by these laws, one at a time; 'all' or names "
	  "(constant, poisson, on-off, pareto, diurnal, pairs; each with -slow or -fast)", 0 },
	{ "all", OPT_ALL, "OPTION", 0, "A fio option for all three, as --all=--thinktime=5000; may be given again", 0 },
	{ "ours", OPT_OURS, "OPTION", 0, "A fio option for this engine only, as --ours=--sq_wake=adaptive; may be given again", 0 },
	{ "stock", OPT_STOCK, "OPTION", 0, "A fio option for the stock engine with sqthread_poll only; may be given again", 0 },
	CMD_OPTION_OUT("Where the scratch file goes"),
	CMD_OPTION_JSON("Print JSON, with every single value"),
	CMD_OPTIONS_FIO,
	{ 0 },
};

static void parse_laws(struct argp_state *state, struct args *a, char *list)
{
	char *rest = NULL;

	a->depths = 0;
	if (!strcmp(list, "all")) {
		while (arrivals_all[a->depths].name) {
			a->law[a->depths] = &arrivals_all[a->depths];
			a->depth[a->depths++] = ARRIVALS_DEPTH;
		}
		return;
	}
	for (char *one = strtok_r(list, ",", &rest); one; one = strtok_r(NULL, ",", &rest)) {
		if (a->depths == DEPTHS_MAX)
			argp_error(state, "--arrivals: more than %d laws", DEPTHS_MAX);
		a->law[a->depths] = arrivals_find(one, strlen(one));
		if (!a->law[a->depths])
			argp_error(state, "--arrivals: no law is called '%s'; constant, poisson, on-off, pareto, diurnal, pairs, each with -slow or -fast",
				   one);
		a->depth[a->depths++] = ARRIVALS_DEPTH;
	}
	if (!a->depths)
		argp_error(state, "--arrivals: give at least one law");
}

static void more_options(struct argp_state *state, struct args *a, unsigned from, unsigned to, const char *arg)
{
	if (strncmp(arg, "--", 2))
		argp_error(state, "'%s' is not an option of fio: write --%s", arg, arg);
	for (unsigned side = from; side <= to; side++) {
		if (a->nr_more[side] == OPTIONS_MAX)
			argp_error(state, "more than %d options for %s", OPTIONS_MAX, sides[side].name);
		a->more[side][a->nr_more[side]++] = arg;
	}
}

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
	case OPT_ARRIVALS:
		parse_laws(state, a, arg);
		return 0;
	case OPT_OURS:
		more_options(state, a, OURS, OURS, arg);
		return 0;
	case OPT_STOCK:
		more_options(state, a, STOCK, STOCK, arg);
		return 0;
	case OPT_ALL:
		more_options(state, a, OURS, PLAIN, arg);
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

/* What one run measured, into column ROUND. */
static int take(struct duel *d, unsigned q, unsigned side, unsigned round, const struct proc_end *end, struct why *why)
{
	double (*value)[SIDES][STATS_N_MAX] = d->value[q];
	struct fio_result r;
	json_t *doc = fiojson_load(d->json_path, why);
	int rc = doc ? fiojson_result(doc, &r, why) : -EIO;

	json_decref(doc);
	if (rc)
		return rc;
	value[IOPS][side][round] = r.iops;
	value[CPU][side][round] = fmax(end->cpu_s - d->start_cpu_s[side], 0) * 1e6 / r.ios;
	value[P50][side][round] = hist_percentile(&r.lat_ns, 50) / 1e3;
	value[P99][side][round] = hist_percentile(&r.lat_ns, 99) / 1e3;
	hist_free(&r.lat_ns);
	if (end->exit || r.error || !(r.iops > 0))
		return why_set(why, -EIO, "%s at iodepth=%u failed (exit %d): try the same with fio itself on %s",
			       sides[side].name, d->a->depth[q], end->exit, d->path);
	return 0;
}

/* "iodepth 16", or the name of a law */
static const char *cell_name(const struct args *a, unsigned q)
{
	static char name[32];

	if (a->law[q])
		return a->law[q]->name;
	snprintf(name, sizeof(name), "iodepth %u", a->depth[q]);
	return name;
}

static unsigned long block_bytes(const char *bs)
{
	char *end;
	unsigned long n = strtoul(bs, &end, 10);

	return *end == 'k' || *end == 'K' ? n << 10 : *end == 'm' || *end == 'M' ? n << 20 : n;
}

/* A log for fio to replay: the same for all three of a round, another in each round. */
static int write_arrivals(const struct duel *d, unsigned q, unsigned round, struct why *why)
{
	static double at[REQUESTS_MAX];
	unsigned long bytes = block_bytes(d->a->bs);
	size_t n = arrivals_times(d->a->law[q], round + 1, d->a->seconds * 1e6, at, REQUESTS_MAX);
	uint64_t blocks = bytes ? d->size / bytes : 0, block = round;
	FILE *f = fopen(d->iolog_path, "we");
	bool bad;

	if (!f || !blocks)
		return why_set(why, -EINVAL, "%s: %s", f ? d->path : d->iolog_path, f ? "smaller than one block: name a larger file" : strerror(errno));
	fprintf(f, "fio version 3 iolog\n0 %s add\n0 %s open\n", d->path, d->path);
	for (size_t i = 0; i < n; i++) {
		block = (block * 6364136223846793005ULL + 1442695040888963407ULL);
		/* fio takes no time of 0 */
		fprintf(f, "%.0f %s read %" PRIu64 " %lu\n", at[i] + 1, d->path, (block >> 20) % blocks * bytes, bytes);
	}
	fprintf(f, "%.0f %s close\n", n ? at[n - 1] + 1 : 1.0, d->path);
	bad = ferror(f);
	if (fclose(f) || bad)
		return why_set(why, -EIO, "%s: %s", d->iolog_path, strerror(errno));
	return 0;
}

/* One fio of SIDE that runs for RUNTIME_S, or with 0 does a single I/O. */
static int run_fio(const struct duel *d, unsigned q, unsigned side, unsigned runtime_s, struct progress *bar, struct proc_end *end,
		   struct why *why)
{
	const struct args *a = d->a;
	char name[PATH_MAX + 16], bs[64], qd[32], rw[32], runtime[32], output[PATH_MAX + 16];
	bool replay = runtime_s && a->law[q];
	char *argv[ARGS_MAX] = { (char *)d->fio.bin, "--name=versus", "--readonly", "--norandommap", "--invalidate=0",
				 "--group_reporting", "--lat_percentiles=1", "--output-format=json+",
				 a->direct ? "--direct=1" : "--direct=0", name, bs, qd, rw, runtime, output };
	int n = 15, rc;

	for (const char *const *e = (side == STOCK && a->law[q] ? &stand_in : &sides[side])->engine; *e; e++)
		argv[n++] = (char *)*e;
	for (unsigned i = 0; i < a->nr_more[side]; i++)
		argv[n++] = (char *)a->more[side][i];
	if (runtime_s && !replay)
		argv[n++] = "--time_based";
	snprintf(name, sizeof(name), "--%s=%s", replay ? "read_iolog" : "filename", replay ? d->iolog_path : d->path);
	snprintf(bs, sizeof(bs), "--bs=%s", a->bs);
	snprintf(qd, sizeof(qd), "--iodepth=%u", a->depth[q]);
	snprintf(rw, sizeof(rw), "--rw=%s", a->rw);
	snprintf(runtime, sizeof(runtime), "--%s=%u", runtime_s ? "runtime" : "number_ios", runtime_s ? runtime_s : 1);
	snprintf(output, sizeof(output), "--output=%s", d->json_path);
	rc = proc_run(&(struct proc){ .argv = argv, .lib_dir = fio_lib_dir(&d->fio), .timeout_s = runtime_s + PATIENCE_S,
				      .stop_signal = SIGKILL, .tick = progress_tick, .ctx = bar }, end, why);
	if (!rc && end->interrupted)
		rc = why_set(why, -EINTR, "interrupted: nothing is kept");
	return rc;
}

static int run_side(struct duel *d, unsigned q, unsigned side, unsigned round, struct progress *bar, struct why *why)
{
	struct proc_end end = { 0 };
	int rc = run_fio(d, q, side, d->a->law[q] ? d->a->seconds + PATIENCE_S : d->a->seconds, bar, &end, why);

	return rc ? rc : take(d, q, side, round, &end, why);
}

/* A sparse load takes less CPU than fio itself does before and after it. */
static int measure_start(struct duel *d, struct progress *bar, struct why *why)
{
	struct proc_end end = { 0 };
	int rc = 0;

	for (unsigned side = 0; side < SIDES && !rc; side++) {
		rc = run_fio(d, 0, side, 0, bar, &end, why);
		d->start_cpu_s[side] = end.cpu_s;
	}
	return rc;
}

static int run_all(struct duel *d, struct why *why)
{
	const struct args *a = d->a;
	struct progress bar;
	int rc = 0;

	progress_start(&bar, 0, a->depths * a->pairs * SIDES, a->seconds + SETTLE_S);
	rc = measure_start(d, &bar, why);
	for (unsigned q = 0; q < a->depths; q++) {
		for (unsigned i = 0; i < a->pairs * SIDES && !rc; i++) {
			unsigned round = i / SIDES, side = round % 2 ? SIDES - 1 - i % SIDES : i % SIDES;
			char label[64];

			snprintf(label, sizeof(label), "%s, %s, round %u/%u", cell_name(a, q), sides[side].name, round + 1, a->pairs);
			progress_step(&bar, label);
			if (a->law[q] && i % SIDES == 0)
				rc = write_arrivals(d, q, round, why);
			rc = rc ? rc : run_side(d, q, side, round, &bar, why);
			bar.done++;
		}
	}
	progress_end(&bar);
	return rc;
}

/* Ratio of two runs of the same round: what disturbs a whole round falls out. */
static struct est ratio_of(const struct duel *d, unsigned q, unsigned measure, unsigned side)
{
	const double (*value)[STATS_N_MAX] = d->value[q][measure];
	double ratio[STATS_N_MAX];

	for (unsigned i = 0; i < d->a->pairs; i++)
		ratio[i] = value[OURS][i] / value[side][i];
	return stats_median_est(ratio, d->a->pairs);
}

/* Before 3.36 fio sets no issue time under sqthread_poll: its latencies are seconds. */
static bool knows_latency(const struct duel *d, unsigned side)
{
	unsigned minor;

	return side != STOCK || d->a->law[0] || sscanf(d->fio.version, "fio-3.%u", &minor) != 1 || minor >= 36;
}

static void print_row(const struct duel *d, unsigned q, unsigned measure)
{
	const struct args *a = d->a;
	bool all = !measures[measure].latency || knows_latency(d, STOCK);

	printf("%-13s", cell_name(a, q));
	for (unsigned side = 0; side < SIDES; side++) {
		if (side == STOCK && !all)
			printf(" %12s", "-");
		else
			printf(measure == IOPS ? " %12.0f" : " %12.2f", stats_median(d->value[q][measure][side], a->pairs));
	}
	for (unsigned side = STOCK; side < SIDES; side++) {
		struct est e = ratio_of(d, q, measure, side);

		if (side == STOCK && !all)
			printf("   %-24s", "not known to this fio");
		else
			printf("   %.3f [%.3f, %.3f]    ", e.value, e.lo, e.hi);
	}
	putchar('\n');
}

static void print_table(const struct duel *d)
{
	const struct args *a = d->a;

	printf("%s, %s %s, %s, %u rounds of %u s, interleaved; median ratio of the rounds [95 %% interval]\n", d->fio.version,
	       a->bs, a->rw, a->direct ? "direct" : "cached", a->pairs, a->seconds);
	for (unsigned m = 0; m < MEASURES; m++) {
		printf("%s%s%s\n%-13s %12s %12s %12s   %-24s %s\n", measures[m].title, *measures[m].unit ? ", " : "", measures[m].unit,
		       "", "sqpoll", a->law[0] ? "always awake" : "stock SQPOLL", "plain",
		       a->law[0] ? "sqpoll / always awake" : "sqpoll / stock SQPOLL", "  sqpoll / plain io_uring");
		for (unsigned q = 0; q < a->depths; q++)
			print_row(d, q, m);
	}
}

static json_t *est_json(struct est e)
{
	return json_pack("{s:f, s:f, s:f, s:f}", "median", e.value, "lo", e.lo, "hi", e.hi, "cover", e.cover);
}

static json_t *values_json(const double *value, unsigned n)
{
	json_t *list = json_array();

	for (unsigned i = 0; i < n; i++)
		json_array_append_new(list, json_real(value[i]));
	return list;
}

/* One measure of a cell: the values of all rounds and the ratios; null what the stock engine does not know. */
static json_t *measure_json(const struct duel *d, unsigned q, unsigned m)
{
	json_t *o = json_object();
	char key[48];

	for (unsigned side = 0; side < SIDES; side++) {
		bool known = !measures[m].latency || knows_latency(d, side);

		json_object_set_new(o, sides[side].name, known ? values_json(d->value[q][m][side], d->a->pairs) : json_null());
		if (side == OURS)
			continue;
		snprintf(key, sizeof(key), "ratio_to_%s", sides[side].name);
		json_object_set_new(o, key, known ? est_json(ratio_of(d, q, m, side)) : json_null());
	}
	return o;
}

static json_t *options_json(const struct args *a)
{
	json_t *o = json_object();

	for (unsigned side = 0; side < SIDES; side++) {
		json_t *list = json_array();

		for (unsigned i = 0; i < a->nr_more[side]; i++)
			json_array_append_new(list, json_string(a->more[side][i]));
		json_object_set_new(o, sides[side].name, list);
	}
	return o;
}

static void print_json(const struct duel *d)
{
	const struct args *a = d->a;
	json_t *cells = json_array();

	for (unsigned q = 0; q < a->depths; q++) {
		json_t *cell = json_pack("{s:i, s:s, s:o}", "iodepth", (int)a->depth[q], "stock_is",
					 a->law[q] ? "ioengine=sqpoll" : "ioengine=io_uring sqthread_poll", "arrivals",
					 a->law[q] ? json_string(a->law[q]->name) : json_null());

		for (unsigned m = 0; m < MEASURES; m++)
			json_object_set_new(cell, measures[m].name, measure_json(d, q, m));
		json_array_append_new(cells, cell);
	}
	cmd_print_json(json_pack("{s:s, s:s, s:s, s:s, s:b, s:i, s:o, s:o}", "schema", "sqbench-versus/2", "fio", d->fio.version,
				 "bs", a->bs, "rw", a->rw, "direct", a->direct, "seconds", (int)a->seconds, "options", options_json(a),
				 "cells", cells));
}

static uint64_t size_of(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	off_t end = fd < 0 ? 0 : lseek(fd, 0, SEEK_END);

	if (fd >= 0)
		close(fd);
	return end > 0 ? (uint64_t)end : 0;
}

/* PATH of a file of ours that goes away at the end, for what ENDS its name. */
static int own_path(const struct args *a, char *path, size_t len, const char *ends, struct why *why)
{
	char name[64];

	snprintf(name, sizeof(name), ".versus-%d.%s", (int)getpid(), ends);
	if (store_path(path, len, a->common.out, name))
		return why_set(why, -ENAMETOOLONG, "%s: the path is too long: choose another --out", a->common.out);
	return 0;
}

static int find_target(struct duel *d, struct why *why)
{
	const struct args *a = d->a;
	int rc;

	if (!a->file) {
		d->size = (uint64_t)SIZE_MIB << 20;
		rc = own_path(a, d->path, sizeof(d->path), "dat", why);
		return rc ? rc : scratch_create(d->path, d->size, why);
	}
	if (!realpath(a->file, d->path) || access(d->path, R_OK))
		return why_set(why, -EINVAL, "%s: %s: name a file or device that can be read", a->file, strerror(errno));
	d->size = size_of(d->path);
	return 0;
}

static int prepare(struct duel *d, struct why *why)
{
	const struct args *a = d->a;
	int rc = store_mkdirs(a->common.out, why);

	if (!rc)
		rc = own_path(a, d->json_path, sizeof(d->json_path), "json", why);
	if (!rc)
		rc = own_path(a, d->iolog_path, sizeof(d->iolog_path), "iolog", why);
	if (!rc)
		rc = find_target(d, why);
	if (!rc && !a->direct)		/* the page cache is what is measured */
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
	if (d.iolog_path[0])
		unlink(d.iolog_path);
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
