// SPDX-License-Identifier: GPL-2.0-only
#include "versusrun.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "env.h"
#include "fiojob.h"
#include "progress.h"

#define REQUESTS_MAX 200000
#define REPLAY_PATIENCE_S 60
#define SETTLE_S 0.7		/* what a fio run takes beyond its run time, about */
#define STARTS 3		/* of a fio that does one I/O */

static const char *const engines[][3] = {
	{ "--ioengine=sqpoll", NULL }, { "--ioengine=io_uring", "--sqthread_poll=1", NULL }, { "--ioengine=io_uring", NULL },
};

/* The stock engine cannot replay a log with sqthread_poll ("nr_files to be identical to open_files"): this engine stands in for it, as it
 * is without its policies. */
static const char *const stand_in[] = { "--ioengine=sqpoll", NULL };

/* A load while it runs. */
struct duel {
	struct versus_bench *b;
	struct versus_load *l;
	struct progress *bar;
	double start_cpu_s[VERSUS_SIDES];	/* what fio takes to start and end */
};

bool versus_writes(const struct versus_cell *c)
{
	return strstr(c->rw, "write") != NULL;
}

bool versus_knows(const struct versus_bench *b, const struct versus_load *l, enum versus_measure m, enum versus_side side)
{
	unsigned minor;

	if (m == VERSUS_SQ_CPU)
		return side == VERSUS_OURS;
	return side != VERSUS_STOCK || !versus_measures[m].latency || l->laws || sscanf(b->fio.version, "fio-3.%u", &minor) != 1 || minor >= 36;
}

/* fio's arguments for SIDE; STATS is that of the engine's statistics. */
static void arguments(const struct duel *d, enum versus_side side, const char *stats, const char *more[FIOJOB_MORE_MAX + 1])
{
	const char *const *engine = side == VERSUS_STOCK && d->l->laws ? stand_in : engines[side];
	unsigned n = 0;

	more[n++] = "--group_reporting";
	more[n++] = "--lat_percentiles=1";
	while (*engine)
		more[n++] = *engine++;
	if (side == VERSUS_OURS)
		more[n++] = stats;
	if (d->l->hipri)
		more[n++] = "--hipri=1";
	for (const char *const *o = d->l->option[side]; *o; o++)
		more[n++] = *o;
	more[n] = NULL;
}

/* One fio of SIDE; with START it does a single I/O and R is NULL. */
static int run_job(const struct duel *d, unsigned cell, enum versus_side side, bool start, struct fio_result *r, double *cpu_s, struct why *why)
{
	const struct versus_bench *b = d->b;
	const struct versus_cell *c = &d->l->cell[cell];
	char stats[PATH_MAX + 16];
	const char *more[FIOJOB_MORE_MAX + 1];
	const struct fiojob job = {
		.name = versus_side_names[side], .path = b->path, .more = more, .bs = c->bs, .rw = c->rw, .iodepth = c->depth,
		.seconds = start ? 0 : d->l->seconds + (c->law ? REPLAY_PATIENCE_S : 0), .direct = d->l->direct, .bins = true,
		.writes = versus_writes(c), .replay = c->law && !start ? b->iolog_path : NULL, .json_path = b->json_path,
		.tick = progress_tick, .ctx = d->bar,
	};

	snprintf(stats, sizeof(stats), "--stats_file=%s", b->stats_path);
	arguments(d, side, stats, more);
	unlink(b->stats_path);
	return fiojob_run(&b->fio, &job, r, cpu_s, why);
}

/* CPU time of the SQ threads over the time of their jobs, in %; jobs may share one. NaN when it is not told. */
static double sq_cpu_pct(struct versus_bench *b)
{
	json_t *lines = access(b->stats_path, F_OK) ? NULL : jsonl_load(b->stats_path, "sqpoll-stats/1", NULL), *line;
	double sum = json_array_size(lines) ? 0 : NAN;
	size_t i;

	json_array_foreach(lines, i, line) {
		const char *version = json_string_value(json_object_get(line, "engine_version"));
		double tid = json_number_at(line, "sq_thread.tid");
		bool seen = false;

		for (size_t j = 0; j < i; j++)
			seen |= json_number_at(json_array_get(lines, j), "sq_thread.tid") == tid;
		if (!seen)
			sum += 100 * json_number_at(line, "sq_thread.cpu_us") / json_number_at(line, "elapsed_us");
		snprintf(b->engine, sizeof(b->engine), "%s", version ? version : "");
	}
	json_decref(lines);
	return sum;
}

static int run_side(struct duel *d, unsigned cell, enum versus_side side, unsigned round, struct why *why)
{
	double (*value)[VERSUS_SIDES][STATS_N_MAX] = d->l->cell[cell].value, cpu_s;
	struct fio_result r;
	int rc = run_job(d, cell, side, false, &r, &cpu_s, why);

	if (rc)
		return rc;
	value[VERSUS_IOPS][side][round] = r.iops;
	value[VERSUS_CPU][side][round] = fmax(cpu_s - d->start_cpu_s[side], 0) * 1e6 / r.ios;
	value[VERSUS_P50][side][round] = hist_percentile(&r.lat_ns, 50) / 1e3;
	value[VERSUS_P99][side][round] = hist_percentile(&r.lat_ns, 99) / 1e3;
	if (side == VERSUS_OURS)
		value[VERSUS_SQ_CPU][side][round] = sq_cpu_pct(d->b);
	hist_free(&r.lat_ns);
	return 0;
}

/* A sparse load takes less CPU than fio itself does before and after it. */
static int measure_start(struct duel *d, struct why *why)
{
	char label[96];
	int rc = 0;

	snprintf(label, sizeof(label), "%s%sfio's own start and end", d->l->row ? d->l->row->name : "", d->l->row ? ": " : "");
	progress_step(d->bar, label);
	for (unsigned side = 0; side < VERSUS_SIDES && !rc; side++) {
		double cpu_s[STARTS];

		for (unsigned i = 0; i < STARTS && !rc; i++)
			rc = run_job(d, 0, side, true, NULL, &cpu_s[i], why);
		if (!rc)
			d->start_cpu_s[side] = stats_median(cpu_s, STARTS);
	}
	return rc;
}

static unsigned long block_bytes(const char *bs)
{
	char *end;
	unsigned long n = strtoul(bs, &end, 10);

	return *end == 'k' || *end == 'K' ? n << 10 : *end == 'm' || *end == 'M' ? n << 20 : n;
}

/* A log for fio to replay: the same for all three of a round, another in each round. */
static int write_arrivals(const struct duel *d, const struct versus_cell *c, unsigned round, struct why *why)
{
	static double at[REQUESTS_MAX];
	const struct versus_bench *b = d->b;
	unsigned long bytes = block_bytes(c->bs);
	size_t n = arrivals_times(c->law, round + 1, d->l->seconds * 1e6, at, REQUESTS_MAX);
	uint64_t blocks = bytes ? b->bytes / bytes : 0, block = round;
	FILE *f = fopen(b->iolog_path, "we");
	bool bad;

	if (!f)
		return why_set(why, -EIO, "%s: %s", b->iolog_path, strerror(errno));
	fprintf(f, "fio version 3 iolog\n0 %s add\n0 %s open\n", b->path, b->path);
	for (size_t i = 0; i < n && blocks; i++) {
		block = (block * 6364136223846793005ULL + 1442695040888963407ULL);
		/* fio takes no time of 0 */
		fprintf(f, "%.0f %s read %" PRIu64 " %lu\n", at[i] + 1, b->path, (block >> 20) % blocks * bytes, bytes);
	}
	fprintf(f, "%.0f %s close\n", n ? at[n - 1] + 1 : 1.0, b->path);
	bad = ferror(f);
	if (fclose(f) || bad)
		return why_set(why, -EIO, "%s: %s", b->iolog_path, strerror(errno));
	return blocks ? 0 : why_set(why, -EINVAL, "%s: smaller than one block: name a larger file", b->path);
}

static int run_cell(struct duel *d, unsigned cell, struct why *why)
{
	const struct versus_load *l = d->l;
	char name[64], label[96];
	int rc = 0;

	versus_cell_name(l, cell, name, sizeof(name));
	for (unsigned i = 0; i < l->pairs * VERSUS_SIDES && !rc; i++) {
		unsigned round = i / VERSUS_SIDES, at = i % VERSUS_SIDES, side = round % 2 ? VERSUS_SIDES - 1 - at : at;

		snprintf(label, sizeof(label), "%s%s%s, %s, round %u/%u", l->row ? l->row->name : "", l->row ? ": " : "", name,
			 versus_side_names[side], round + 1, l->pairs);
		progress_step(d->bar, label);
		if (l->cell[cell].law && !at)
			rc = write_arrivals(d, &l->cell[cell], round, why);
		rc = rc ? rc : run_side(d, cell, side, round, why);
		d->bar->done++;
	}
	return rc;
}

/* What this machine or target lacks for a row. */
static int able(const struct versus_bench *b, const struct versus_load *l, struct why *why)
{
	unsigned cpus = env_cpus_allowed(-1, NULL, 0);

	if (l->row && cpus < l->row->cpus)
		return why_set(why, -EIO, "it needs %u CPUs, and this process may use %u", l->row->cpus, cpus);
	if (l->row && l->direct && !env_direct_works(b->path))
		return why_set(why, -EIO, "direct I/O does not work on %s: name a --file on another file system", b->path);
	return 0;
}

static int run_load(struct duel *d, struct why *why)
{
	int rc = able(d->b, d->l, why);

	if (!rc)
		rc = measure_start(d, why);
	for (unsigned c = 0; c < d->l->cells && !rc; c++)
		rc = run_cell(d, c, why);
	if (!rc || rc == -EINTR || !d->l->row)
		return rc;
	d->l->reason = strdup(why->text);
	return d->l->reason ? 0 : -ENOMEM;
}

static unsigned steps(const struct versus_load *l)
{
	return l->cells * l->pairs * VERSUS_SIDES;
}

int versus_run(struct versus_bench *b, struct why *why)
{
	unsigned total = 0, done = 0;
	struct progress bar;
	double seconds = 0;
	int rc = 0;

	for (unsigned i = 0; i < b->loads; i++) {
		total += steps(&b->load[i]);
		seconds += steps(&b->load[i]) * (b->load[i].seconds + SETTLE_S) + STARTS * VERSUS_SIDES * SETTLE_S;
	}
	progress_start(&bar, 0, total, seconds / total);
	for (unsigned i = 0; i < b->loads && !rc; i++) {
		struct duel d = { .b = b, .l = &b->load[i], .bar = &bar };

		rc = run_load(&d, why);
		done += steps(d.l);
		bar.done = done;
	}
	progress_end(&bar);
	return rc;
}
