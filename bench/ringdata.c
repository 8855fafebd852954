// SPDX-License-Identifier: GPL-2.0-only
#include "ringdata.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "fiojson.h"

static const char *const percentile_names[] = { "us_p50", "us_p90", "us_p99" };
static const double percentiles[] = { 50, 90, 99 };

#define NR(array) (sizeof(array) / sizeof(*(array)))

/* The cell that is like C but for kind and way; -1: none, or it was not measured. */
static int find(const struct ring_bench *b, const struct ring_cell *c, enum ring_kind kind, enum ring_way way)
{
	for (unsigned i = 0; i < b->cells; i++) {
		const struct ring_cell *x = &b->cell[i];

		if (x->kind == kind && x->way == way && x->bytes == c->bytes && x->batch == c->batch)
			return b->reason[i] ? -1 : (int)i;
	}
	return -1;
}

static struct est rate_of(const struct ring_bench *b, int cell)
{
	double x[RING_ROUNDS_MAX];

	if (cell < 0)
		return (struct est){ .value = NAN };
	for (unsigned i = 0; i < b->rounds; i++)
		x[i] = b->result[cell][i].ios_per_s;
	return stats_median_est(x, b->rounds);
}

/* Of two cells of the same round: what disturbs a whole round falls out. */
static struct est ratio_of(const struct ring_bench *b, int of, int to)
{
	double x[RING_ROUNDS_MAX];

	if (of < 0 || to < 0)
		return (struct est){ .value = NAN };
	for (unsigned i = 0; i < b->rounds; i++)
		x[i] = b->result[of][i].ios_per_s / b->result[to][i].ios_per_s;
	return stats_median_est(x, b->rounds);
}

/* Rounds without a sample are left out. */
static struct est p50_of(const struct ring_bench *b, enum ring_latency l)
{
	double x[RING_ROUNDS_MAX];
	unsigned n = 0;

	for (unsigned i = 0; i < b->rounds; i++)
		if (!isnan(b->lat_us_p50[l][i]))
			x[n++] = b->lat_us_p50[l][i];
	return stats_median_est(x, n);
}

static json_t *est_json(struct est e)
{
	return e.n ? json_pack("{s:f, s:f, s:f, s:f}", "median", e.value, "lo", e.lo, "hi", e.hi, "cover", e.cover) : json_null();
}

static json_t *ratio_json(const struct ring_bench *b, int cell)
{
	const struct ring_cell *c = &b->cell[cell];
	enum ring_way base = c->kind == RING_RATE ? RING_PLAIN : RING_SPIN;
	const char *of = c->kind == RING_FIO ? "ring" : ring_way_name(c->way), *to = c->kind == RING_FIO ? "fio" : ring_way_name(base);
	struct est e;
	json_t *o;

	if (c->kind != RING_FIO && c->way == base)
		return json_null();
	if (c->kind == RING_FIO)
		e = ratio_of(b, find(b, c, RING_RATE, RING_SPIN), cell);
	else
		e = ratio_of(b, cell, find(b, c, c->kind, base));
	o = est_json(e);
	if (e.n)
		json_object_update_new(o, json_pack("{s:s, s:s}", "of", of, "to", to));
	return o;
}

/* Counters and CPU time of a ring, all rounds together. */
static void put_counts(json_t *o, const struct ring_bench *b, int cell)
{
	struct ring_result sum = { 0 };

	for (unsigned i = 0; i < b->rounds; i++) {
		const struct ring_result *r = &b->result[cell][i];

		sum.submitted += r->submitted;
		sum.completed += r->completed;
		sum.enters += r->enters;
		sum.wakeups += r->wakeups;
		sum.timed += r->timed;
		sum.app_us += r->app_us;
		sum.sq_us += r->sq_us;
		sum.sq_cpu_seen = r->sq_cpu_seen;
	}
	json_object_update_new(o, json_pack("{s:I, s:I, s:I, s:I}", "submitted", (json_int_t)sum.submitted, "completed",
					    (json_int_t)sum.completed, "enters", (json_int_t)sum.enters, "wakeups",
					    (json_int_t)sum.wakeups));
	json_object_set_new(o, "app_cpu_us_per_io", json_finite(sum.app_us / (double)sum.timed));
	json_object_set_new(o, "sq_cpu_us_per_io", json_finite(sum.sq_us / (double)sum.completed));
	json_object_set_new(o, "sq_cpu", sum.sq_cpu_seen < 0 ? json_null() : json_integer(sum.sq_cpu_seen));
}

static json_t *cell_json(const struct ring_bench *b, int cell)
{
	const struct ring_cell *c = &b->cell[cell];
	json_t *values = json_array(), *o = json_pack("{s:s, s:s, s:o, s:i, s:s, s:f, s:s?}", "kind", ring_kind_name(c->kind), "op",
						      c->bytes ? "read" : "nop", "bytes", c->bytes ? json_integer(c->bytes) : json_null(),
						      "batch", (int)c->batch, "way", ring_way_name(c->way), "seconds", c->seconds,
						      "reason", b->reason[cell]);

	for (unsigned i = 0; i < b->rounds && !b->reason[cell]; i++)
		json_array_append_new(values, json_real(b->result[cell][i].ios_per_s));
	json_object_set_new(o, "values", values);
	json_object_set_new(o, "ios_per_s", est_json(rate_of(b, b->reason[cell] ? -1 : cell)));
	json_object_set_new(o, "ratio", b->reason[cell] ? json_null() : ratio_json(b, cell));
	if (c->kind != RING_FIO && !b->reason[cell])
		put_counts(o, b, cell);
	return o;
}

/* The cell that gives the samples of L. */
static unsigned latency_cell(const struct ring_bench *b, enum ring_latency l)
{
	enum ring_latency from = l == RING_PICKUP || l == RING_AWAKE ? RING_WAKE : l;
	unsigned i = 0;

	while (b->cell[i].kind != RING_LATENCY || b->cell[i].latency != from)
		i++;
	return i;
}

/* Of all samples a cell wanted to take. */
static unsigned discarded(const struct ring_bench *b, unsigned cell)
{
	unsigned n = 0;

	for (unsigned i = 0; i < b->rounds && !b->reason[cell]; i++)
		n += b->result[cell][i].discarded;
	return n;
}

static const char *no_samples(const struct ring_bench *b, enum ring_latency l)
{
	unsigned cell = latency_cell(b, l);

	if (b->reason[cell])
		return b->reason[cell];
	return b->lat[l].total > 0 ? NULL : "the SQ thread was never seen in that state: other work kept it or the submitter from running";
}

static json_t *latency_json(const struct ring_bench *b, enum ring_latency l)
{
	const struct hist *h = &b->lat[l];
	json_t *o = json_pack("{s:s, s:I, s:i, s:s?}", "latency", ring_latency_name(l), "n", (json_int_t)h->total, "discarded",
			      (int)discarded(b, latency_cell(b, l)), "reason", no_samples(b, l));

	json_object_set_new(o, "us_min", h->n ? json_real(h->bin[0].value) : json_null());
	for (size_t i = 0; i < NR(percentiles); i++)
		json_object_set_new(o, percentile_names[i], json_finite(h->n ? ring_percentile(h, percentiles[i]) : NAN));
	json_object_set_new(o, "us_max", h->n ? json_real(h->bin[h->n - 1].value) : json_null());
	json_object_set_new(o, "us_p50_of_rounds", est_json(p50_of(b, l)));
	return o;
}

json_t *ringdata_json(const struct ring_bench *b)
{
	const struct ring_setup *s = &b->setup;
	json_t *cells = json_array(), *latencies = json_array();

	for (unsigned i = 0; i < b->cells; i++)
		if (b->cell[i].kind != RING_LATENCY)
			json_array_append_new(cells, cell_json(b, (int)i));
	for (int l = 0; l < RING_LATENCIES; l++)
		json_array_append_new(latencies, latency_json(b, l));
	return json_pack("{s:s, s:s?, s:b, s:i, s:i, s:o, s:i, s:f, s:b, s:f, s:s?, s:O, s:o, s:o}", "schema", "sqbench-ring/1",
			 "file", b->scratch ? NULL : s->path, "direct", b->direct, "cpu", s->cpu, "sq_cpu", s->sq_cpu, "hz",
			 s->hz ? json_integer(s->hz) : json_null(), "rounds", (int)b->rounds, "seconds", b->spec.seconds,
			 "refill", s->refill, "gap_ms", (double)ring_gap_ns(1, s->hz) / 1e6, "fio", b->fio_version, "notes",
			 b->notes, "cells", cells, "latencies", latencies);
}

static void print_est(FILE *out, struct est e)
{
	char text[64] = "-";

	if (e.n)
		snprintf(text, sizeof(text), "%.0f [%.0f, %.0f]", e.value, e.lo, e.hi);
	fprintf(out, " %-31s", text);
}

static void print_ratio(FILE *out, struct est e)
{
	if (e.n)
		fprintf(out, " %.3f [%.3f, %.3f]\n", e.value, e.lo, e.hi);
	else
		fputs(" -\n", out);
}

/* One line for each batch of KIND that C stands for: its three ways, and the ratio of OF to TO. */
static void print_rates(FILE *out, const struct ring_bench *b, enum ring_kind kind, const enum ring_way way[3], unsigned of, unsigned to)
{
	char ratio[32];

	snprintf(ratio, sizeof(ratio), "%s / %s", ring_way_name(way[of]), ring_way_name(way[to]));
	fprintf(out, "%-11s %5s %-31s %-31s %-31s %s\n", "", "batch", ring_way_name(way[0]), ring_way_name(way[1]), ring_way_name(way[2]),
		ratio);
	for (unsigned i = 0; i < b->cells; i++) {
		const struct ring_cell *c = &b->cell[i];
		char what[32] = "nop";
		int cell[3];

		if (c->kind != kind || c->way != way[0])
			continue;
		if (c->bytes)
			snprintf(what, sizeof(what), "read %u", c->bytes);
		fprintf(out, "%-11s %5u", what, c->batch);
		for (unsigned w = 0; w < 3; w++) {
			cell[w] = find(b, c, kind, way[w]);
			print_est(out, rate_of(b, cell[w]));
		}
		print_ratio(out, ratio_of(b, cell[of], cell[to]));
	}
}

static void print_percentile(FILE *out, const struct hist *h, double pct)
{
	double us = h->n ? ring_percentile(h, pct) : NAN;

	if (isfinite(us))
		fprintf(out, " %9.1f", us);
	else
		fprintf(out, " %9s", "-");
}

static void print_latencies(FILE *out, const struct ring_bench *b)
{
	fprintf(out, "us from commit, one nop after a pause of %.1f ms (awake: 0.02 ms); - needs more samples\n%-8s %-37s %6s %9s %9s %9s\n",
		(double)ring_gap_ns(1, b->setup.hz) / 1e6, "", "", "n", "p50", "p90", "p99");
	for (int l = 0; l < RING_LATENCIES; l++) {
		fprintf(out, "%-8s %-37s %6.0f", ring_latency_name(l), ring_latency_says(l), b->lat[l].total);
		for (size_t i = 0; i < NR(percentiles); i++)
			print_percentile(out, &b->lat[l], percentiles[i]);
		fputc('\n', out);
	}
}

static void print_fio(FILE *out, const struct ring_bench *b)
{
	fprintf(out, "%-11s %5s %-31s %s\n", "", "batch", b->fio_version, "bare ring, spin / fio");
	for (unsigned i = 0; i < b->cells; i++) {
		const struct ring_cell *c = &b->cell[i];
		char what[32];

		if (c->kind != RING_FIO)
			continue;
		snprintf(what, sizeof(what), "read %u", c->bytes);
		fprintf(out, "%-11s %5u", what, c->batch);
		print_est(out, rate_of(b, (int)i));
		print_ratio(out, ratio_of(b, find(b, c, RING_RATE, RING_SPIN), (int)i));
	}
}

/* One line for each reason. */
static void print_missing(FILE *out, const struct ring_bench *b)
{
	bool told[RING_CELLS_MAX] = { false };

	for (unsigned i = 0; i < b->cells; i++) {
		if (!b->reason[i] || told[i])
			continue;
		fprintf(out, "not measured, %s:", b->reason[i]);
		for (unsigned j = i; j < b->cells; j++) {
			char name[96];

			if (!b->reason[j] || strcmp(b->reason[i], b->reason[j]))
				continue;
			ring_cell_name(&b->cell[j], name, sizeof(name));
			fprintf(out, "%s %s", j == i ? "" : ";", name);
			told[j] = true;
		}
		fputc('\n', out);
	}
}

void ringdata_print(FILE *out, const struct ring_bench *b)
{
	static const enum ring_way apart[] = { RING_SPIN, RING_PLAIN, RING_SLEEP }, together[] = { RING_SPIN, RING_SLEEP, RING_HYBRID };
	const struct ring_setup *s = &b->setup;
	double cover = rate_of(b, 0).cover * 100;

	fprintf(out, "the bare ring, submitter on CPU %d, SQ thread on CPU %d; %u rounds of %g s, interleaved\n"
		     "I/Os per second, median of the rounds [interval that covers %.1f %%]\n",
		s->cpu, s->sq_cpu, b->rounds, b->spec.seconds, cover);
	print_rates(out, b, RING_RATE, apart, 0, 1);
	fprintf(out, "\nboth threads on CPU %d\n", s->cpu);
	print_rates(out, b, RING_SHARED, together, 1, 0);
	fputc('\n', out);
	print_latencies(out, b);
	if (b->fio_version) {
		fputc('\n', out);
		print_fio(out, b);
	}
	print_missing(out, b);
	for (size_t i = 0; i < json_array_size(b->notes); i++)
		fprintf(out, "note: %s\n", json_string_value(json_array_get(b->notes, i)));
}

static void rounds_table(FILE *f, const struct ring_bench *b)
{
	fputs("round\tkind\top\tbytes\tbatch\tway\tlatency\tseconds\tios_per_s\tsubmitted\tcompleted\tbypassed\tenters\twakeups\tdiscarded\tapp_us\tsq_us\tsq_cpu\n",
	      f);
	for (unsigned r = 0; r < b->rounds; r++) {
		for (unsigned i = 0; i < b->cells; i++) {
			unsigned at = ring_order(b->cells, r, i);
			const struct ring_result *x = &b->result[at][r];
			const struct ring_cell *c = &b->cell[at];

			if (b->reason[at])
				continue;
			fprintf(f, "%u\t%s\t%s\t%u\t%u\t%s\t%s\t%g\t%.6g\t%llu\t%llu\t%llu\t%llu\t%llu\t%u\t%.0f\t%.0f\t%d\n", r + 1,
				ring_kind_name(c->kind), c->bytes ? "read" : "nop", c->bytes, c->batch, ring_way_name(c->way),
				c->kind == RING_LATENCY ? ring_latency_name(c->latency) : "-", c->seconds, x->ios_per_s,
				(unsigned long long)x->submitted, (unsigned long long)x->completed, (unsigned long long)x->bypassed,
				(unsigned long long)x->enters, (unsigned long long)x->wakeups, x->discarded, x->app_us, x->sq_us,
				x->sq_cpu_seen);
		}
	}
}

static void samples_table(FILE *f, const struct ring_bench *b)
{
	fputs("latency\tus\tsamples\n", f);
	for (int l = 0; l < RING_LATENCIES; l++)
		for (size_t i = 0; i < b->lat[l].n; i++)
			fprintf(f, "%s\t%.3f\t%.0f\n", ring_latency_name(l), b->lat[l].bin[i].value, b->lat[l].bin[i].count);
}

static int write_table(const struct run *run, const char *name, void (*fill)(FILE *, const struct ring_bench *),
		       const struct ring_bench *b, struct why *why)
{
	struct draft d;

	if (store_draft(&d, why))
		return -ENOMEM;
	fill(d.f, b);
	return store_draft_keep(&d, 0, run->dir, name, why);
}

int ringdata_write(const struct run *run, const struct ring_bench *b, struct why *why)
{
	int rc = write_table(run, "rounds.tsv", rounds_table, b, why);

	return rc ? rc : write_table(run, "samples.tsv", samples_table, b, why);
}

void ringdata_free(struct ring_bench *b)
{
	for (unsigned i = 0; i < b->cells; i++)
		free(b->reason[i]);
	for (int l = 0; l < RING_LATENCIES; l++)
		hist_free(&b->lat[l]);
	json_decref(b->notes);
}
