// SPDX-License-Identifier: GPL-2.0-only
#include "report_ring.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "fiojson.h"
#include "ringplan.h"

#define NR(array) (sizeof(array) / sizeof(*(array)))

static bool is(const json_t *cell, enum ring_kind kind, enum ring_way way)
{
	return !strcmp(page_string(cell, "kind"), ring_kind_name(kind)) && !strcmp(page_string(cell, "way"), ring_way_name(way));
}

/* The cell with the operation and batch of LIKE; NULL: there is none. */
static const json_t *partner(const json_t *doc, const json_t *like, enum ring_kind kind, enum ring_way way)
{
	const json_t *cells = json_object_get(doc, "cells");

	for (size_t i = 0; i < json_array_size(cells); i++) {
		const json_t *c = json_array_get(cells, i);

		if (is(c, kind, way) && page_whole(c, "bytes") == page_whole(like, "bytes") && page_whole(c, "batch") == page_whole(like, "batch"))
			return c;
	}
	return NULL;
}

static struct est rate(const json_t *cell)
{
	return page_est(json_object_get(cell, "ios_per_s"));
}

static struct est ratio(const json_t *cell)
{
	return page_est(json_object_get(cell, "ratio"));
}

/* "nop", "read 512" */
static const char *operation(const json_t *cell)
{
	static char name[32];

	if (!page_whole(cell, "bytes"))
		return "nop";
	snprintf(name, sizeof(name), "read %u", page_whole(cell, "bytes"));
	return name;
}

/* The next cell of KIND and WAY from *AT on, NULL at the end. */
static const json_t *next(const json_t *doc, size_t *at, enum ring_kind kind, enum ring_way way)
{
	const json_t *cells = json_object_get(doc, "cells");

	while (*at < json_array_size(cells)) {
		const json_t *c = json_array_get(cells, (*at)++);

		if (is(c, kind, way))
			return c;
	}
	return NULL;
}

static const char *no_fio(const json_t *doc)
{
	return json_is_string(json_object_get(doc, "fio")) ? NULL : "fio was not run beside the ring: --with-fio does that.";
}

/* Blocks are parted by two empty lines; the first line of each is its title. */
static void rate_table(FILE *f, const struct page_in *in)
{
	const json_t *c;
	unsigned position = 0, bytes = 0, blocks = 0;

	fputs("# position batch spin lo hi plain lo hi sleep lo hi fio lo hi\n", f);
	for (size_t at = 0; (c = next(in->doc, &at, RING_RATE, RING_SPIN));) {
		const json_t *const of[] = { c, partner(in->doc, c, RING_RATE, RING_PLAIN), partner(in->doc, c, RING_RATE, RING_SLEEP),
					     partner(in->doc, c, RING_FIO, RING_SPIN) };

		if (!blocks || page_whole(c, "bytes") != bytes) {
			fprintf(f, "%s\"%s\"\n", blocks++ ? "\n\n" : "", operation(c));
			position = 0;
		}
		bytes = page_whole(c, "bytes");
		fprintf(f, "%u\t%u", position++, page_whole(c, "batch"));
		for (size_t i = 0; i < NR(of); i++) {
			struct est e = rate(of[i]);

			page_column(f, &e);
		}
		fputc('\n', f);
	}
}

static const json_t *latency(const json_t *doc, enum ring_latency l)
{
	const json_t *all = json_object_get(doc, "latencies");

	for (size_t i = 0; i < json_array_size(all); i++)
		if (!strcmp(page_string(json_array_get(all, i), "latency"), ring_latency_name(l)))
			return json_array_get(all, i);
	return NULL;
}

static const char *const latency_keys[] = { "us_min", "us_p50", "us_p90", "us_p99", "us_max" };

static void latency_table(FILE *f, const struct page_in *in)
{
	fputs("# row name what samples min_us p50 p90 p99 max\n", f);
	for (int l = 0; l < RING_LATENCIES; l++) {
		const json_t *one = latency(in->doc, l);

		fprintf(f, "%d\t%s\t%s\t%u", l, ring_latency_name(l), ring_latency_says(l), page_whole(one, "n"));
		for (size_t i = 0; i < NR(latency_keys); i++)
			page_real(f, json_number_at(one, latency_keys[i]));
		fputc('\n', f);
	}
}

static void shared_table(FILE *f, const struct page_in *in)
{
	static const enum ring_way ways[] = { RING_SPIN, RING_SLEEP, RING_HYBRID };
	const json_t *c;
	unsigned row = 0;

	fputs("# row label iops lo hi apart\n", f);
	for (size_t at = 0; (c = next(in->doc, &at, RING_SHARED, RING_SPIN));) {
		for (size_t w = 0; w < NR(ways); w++) {
			struct est e = rate(partner(in->doc, c, RING_SHARED, ways[w]));

			fprintf(f, "%u\tbatch %u, %s", row++, page_whole(c, "batch"), ring_way_name(ways[w]));
			page_column(f, &e);
			page_real(f, rate(partner(in->doc, c, RING_RATE, ways[w])).value);
			fputc('\n', f);
		}
	}
}

/* fio's time for a read, and how much of it the bare ring takes by the ratio of the same rounds. */
static void fio_table(FILE *f, const struct page_in *in)
{
	const json_t *c;
	unsigned row = 0;

	fputs("# row label fio_ns ring_ns fio_over_ring lo hi\n", f);
	for (size_t at = 0; (c = next(in->doc, &at, RING_FIO, RING_SPIN));) {
		struct est iops = rate(c), r = ratio(c);

		fprintf(f, "%u\t%s, batch %u", row++, operation(c), page_whole(c, "batch"));
		page_real(f, iops.n ? 1e9 / iops.value : NAN);
		page_real(f, iops.n && r.n ? 1e9 / iops.value / r.value : NAN);
		page_column(f, &r);
		fputc('\n', f);
	}
}

static const struct page_plot plots[] = {
	{ "ring", { "What the ring does here",
		    "I/Os per second against the requests in a batch, on a logarithmic axis, one panel for nops and one for each size of a read, "
		    "with one line for each way to drive the ring and one for fio; the table \"Rates\" has the numbers",
		    "Medians of the rounds with their intervals. spin: the SQ thread stays awake and nobody makes a system call; plain: no SQ thread, one "
		    "call for each batch; sleep: an SQ thread, and a submitter that blocks. A batch is one more only when the one before is done, "
		    "unless the run says otherwise." },
	  rate_table, NULL },
	{ "ring-latency", { "Waking and being picked up",
			    "Time of one nop, on a logarithmic axis, one row for each state of the SQ thread; the table \"Latencies\" has the numbers",
			    "One nop after a pause. Points: p50, p90, p99 of all samples; the line goes from the shortest to the longest." },
	  latency_table, NULL },
	{ "ring-same-cpu", { "Submitter and SQ thread on one CPU",
			     "I/Os per second, on a logarithmic axis, one row for each way and batch; the table \"One CPU for both threads\" has the numbers",
			     "Who spins keeps the SQ thread from the CPU until the scheduler takes it away; who blocks hands it over. Hollow: the same with a CPU "
			     "for each of the two, where that was measured." },
	  shared_table, NULL },
	{ "ring-fio", { "What fio costs on top",
			"Time of a read through fio in ns, split into what the bare ring takes and what fio and the engine add, one bar for each size and "
			"batch; the table \"fio beside the ring\" has the numbers",
			"Time from read to read of the same CPUs and shape. Full: the bare ring with its SQ thread awake; light: what fio and the engine's hooks "
			"add. The ratio is that of the same rounds, with its interval." },
	  fio_table, no_fio },
};

/* 7.91 million, 584 thousand, 82 */
static const char *count(char *out, size_t size, double v)
{
	if (v >= 999500)
		snprintf(out, size, "%.3g million", v / 1e6);
	else if (v >= 9999.5)
		snprintf(out, size, "%.3g thousand", v / 1e3);
	else
		snprintf(out, size, "%.0f", v);
	return out;
}

/* "1.9 times a plain ring's", or that no difference is to be seen. */
static void against_plain(char *out, size_t size, const json_t *cell)
{
	struct est e = ratio(cell);

	if (!e.n)
		snprintf(out, size, "no plain ring to compare with");
	else if (e.lo <= 1 && e.hi >= 1)
		snprintf(out, size, "no clear difference to a plain ring's");
	else
		snprintf(out, size, "%.3g times a plain ring's", e.value);
}

/* The cell of the largest batch. */
static const json_t *widest(const json_t *doc, bool reads)
{
	const json_t *c, *best = NULL;

	for (size_t at = 0; (c = next(doc, &at, RING_RATE, RING_SPIN));) {
		bool other = reads && best && page_whole(c, "bytes") != page_whole(best, "bytes");

		if ((page_whole(c, "bytes") > 0) == reads && !other && (!best || page_whole(c, "batch") > page_whole(best, "batch")))
			best = c;
	}
	return best;
}

static void say_rates(FILE *f, const json_t *doc)
{
	const json_t *nop = widest(doc, false), *read = widest(doc, true);
	struct est nops = rate(nop), reads = rate(read);
	char a[32], b[32], x[64], y[64];

	fprintf(f, "in batches of %u a bare ring with its SQ thread awake does ", page_whole(nop, "batch"));
	if (nops.n) {
		against_plain(x, sizeof(x), nop);
		fprintf(f, "%s nops a second (%s)", count(a, sizeof(a), nops.value), x);
	}
	if (nops.n && reads.n)
		fputs(" and ", f);
	if (reads.n) {
		against_plain(y, sizeof(y), read);
		fprintf(f, "%s reads of %u bytes (%s)", count(b, sizeof(b), reads.value), page_whole(read, "bytes"), y);
	}
	if (!nops.n && !reads.n)
		fputs("nothing that was measured", f);
}

static void say_latency(FILE *f, const json_t *doc)
{
	double wake = json_number_at(latency(doc, RING_WAKE), "us_p50"), awake = json_number_at(latency(doc, RING_AWAKE), "us_p50");

	if (!isfinite(wake))
		fputs("; the SQ thread was never woken, so what that takes is not known", f);
	else if (!isfinite(awake))
		fprintf(f, "; a request that has to wake it takes %.3g us", wake);
	else
		fprintf(f, "; a request that has to wake it takes %.3g us instead of %.3g us", wake, awake);
}

/* All reads together by the geometric mean, so that none counts more because it is slower. */
static void say_fio(FILE *f, const json_t *doc)
{
	const json_t *c;
	double sum = 0, min = INFINITY, max = 0;
	unsigned n = 0, clear = 0;

	for (size_t at = 0; (c = next(doc, &at, RING_FIO, RING_SPIN));) {
		struct est e = ratio(c);

		if (!e.n)
			continue;
		n++;
		sum += log(e.value);
		min = fmin(min, e.value);
		max = fmax(max, e.value);
		clear += e.lo > 1;
	}
	if (!n)
		fprintf(f, "; what fio costs on top was not measured%s", no_fio(doc) ? " (--with-fio)" : "");
	else
		fprintf(f, "; through fio and the engine a read takes %.3g times as long as on the bare ring (%.3g to %.3g in %u cells, %u of them clear of 1)",
			exp(sum / n), min, max, n, clear);
}

static void answer(char *out, size_t size, const json_t *doc)
{
	FILE *f = fmemopen(out, size, "w");

	if (!f)
		return;
	say_rates(f, doc);
	say_latency(f, doc);
	say_fio(f, doc);
	fclose(f);
}

static void intro(FILE *f, const struct page_in *in)
{
	const json_t *doc = in->doc, *notes = json_object_get(doc, "notes");
	const char *file = json_string_value(json_object_get(doc, "file"));

	fputs("<p class=\"dim\">Run ", f);
	html_text(f, in->id);
	fprintf(f, ": submitter on CPU %u, SQ thread on CPU %u, %u rounds of %g s a cell, every other round backwards; %s; reads are %s, of ",
		page_whole(doc, "cpu"), page_whole(doc, "sq_cpu"), page_whole(doc, "rounds"), json_number_at(doc, "seconds"),
		json_is_true(json_object_get(doc, "refill")) ? "each request is replaced as it completes" : "a batch is submitted and waited for as a whole",
		json_is_true(json_object_get(doc, "direct")) ? "direct" : "of the page cache");
	html_text(f, file ? file : "a scratch file");
	fputs(". Kernel ", f);
	html_text(f, page_string(in->env, "kernel"));
	fprintf(f, ", HZ=%u", page_whole(doc, "hz"));
	if (!no_fio(doc)) {
		fputs(", ", f);
		html_text(f, page_string(doc, "fio"));
	}
	fputs(".</p>\n", f);
	for (size_t i = 0; i < json_array_size(notes); i++) {
		fputs("<p>Note: ", f);
		html_text(f, json_string_value(json_array_get(notes, i)));
		fputs(".</p>\n", f);
	}
}

static void name_cells(FILE *f, const json_t *cell)
{
	fputs("<tr>", f);
	html_cell(f, "k", operation(cell));
	html_number(f, page_whole(cell, "batch"));
}

static void interval(FILE *f, struct est e)
{
	html_interval(f, &e);
}

static void rates(FILE *f, const json_t *doc)
{
	const json_t *c;

	fputs("<h2>Rates</h2>", f);
	html_table(f, "what|#batch|#spin, I/Os per second|#ns per I/O|#plain|#sleep|#spin / plain|#sleep / plain");
	for (size_t at = 0; (c = next(doc, &at, RING_RATE, RING_SPIN));) {
		const json_t *plain = partner(doc, c, RING_RATE, RING_PLAIN), *sleep = partner(doc, c, RING_RATE, RING_SLEEP);

		name_cells(f, c);
		interval(f, rate(c));
		html_number(f, 1e9 / rate(c).value);
		interval(f, rate(plain));
		interval(f, rate(sleep));
		interval(f, ratio(c));
		interval(f, ratio(sleep));
		fputs("</tr>\n", f);
	}
	html_table_end(f);
}

static void latencies(FILE *f, const json_t *doc)
{
	fprintf(f, "<h2>Latencies</h2><p class=\"dim\">us from commit, one nop after a pause of %.1f ms (awake, pickup: 0.02 ms). "
		   "A percentile with less than one sample beyond it is not given.</p>\n",
		json_number_at(doc, "gap_ms"));
	html_table(f, "latency|what|#samples|#discarded|#min|#p50|#p90|#p99|#max|#p50 of the rounds|");
	for (int l = 0; l < RING_LATENCIES; l++) {
		const json_t *one = latency(doc, l);

		fputs("<tr>", f);
		html_cell(f, "k", ring_latency_name(l));
		html_cell(f, "", ring_latency_says(l));
		html_number(f, page_whole(one, "n"));
		html_number(f, page_whole(one, "discarded"));
		for (size_t i = 0; i < NR(latency_keys); i++)
			html_number(f, json_number_at(one, latency_keys[i]));
		interval(f, page_est(json_object_get(one, "us_p50_of_rounds")));
		html_cell(f, "dim", page_string(one, "reason"));
		fputs("</tr>\n", f);
	}
	html_table_end(f);
}

static void shared(FILE *f, const json_t *doc)
{
	const json_t *c;

	fputs("<h2>One CPU for both threads</h2>", f);
	html_table(f, "what|#batch|#spin, I/Os per second|#sleep|#hybrid|#sleep / spin|#hybrid / spin");
	for (size_t at = 0; (c = next(doc, &at, RING_SHARED, RING_SPIN));) {
		const json_t *sleep = partner(doc, c, RING_SHARED, RING_SLEEP), *hybrid = partner(doc, c, RING_SHARED, RING_HYBRID);

		name_cells(f, c);
		interval(f, rate(c));
		interval(f, rate(sleep));
		interval(f, rate(hybrid));
		interval(f, ratio(sleep));
		interval(f, ratio(hybrid));
		fputs("</tr>\n", f);
	}
	html_table_end(f);
}

static void beside_fio(FILE *f, const json_t *doc)
{
	const json_t *c;

	if (no_fio(doc))
		return;
	fputs("<h2>fio beside the ring</h2>", f);
	html_table(f, "what|#batch|#bare ring, spin, I/Os per second|#fio and the engine|#ring / fio|#ns per read, ring|#ns per read, fio");
	for (size_t at = 0; (c = next(doc, &at, RING_FIO, RING_SPIN));) {
		const json_t *ring = partner(doc, c, RING_RATE, RING_SPIN);

		name_cells(f, c);
		interval(f, rate(ring));
		interval(f, rate(c));
		interval(f, ratio(c));
		html_number(f, 1e9 / rate(ring).value);
		html_number(f, 1e9 / rate(c).value);
		fputs("</tr>\n", f);
	}
	html_table_end(f);
}

static void counts(FILE *f, const json_t *doc)
{
	static const char *const keys[] = { "seconds", "submitted", "completed", "enters", "wakeups", "app_cpu_us_per_io", "sq_cpu_us_per_io", "sq_cpu" };
	const json_t *cells = json_object_get(doc, "cells");

	fprintf(f, "<details><summary>Counts of all %zu cells, all rounds together</summary>", json_array_size(cells));
	html_table(f, "kind|what|#batch|way|#s a round|#submitted|#completed|#enters|#wake-ups|#app CPU us per I/O|#SQ CPU us per I/O|#SQ CPU|not measured");
	for (size_t i = 0; i < json_array_size(cells); i++) {
		const json_t *c = json_array_get(cells, i);

		fputs("<tr>", f);
		html_cell(f, "k", page_string(c, "kind"));
		html_cell(f, "k", operation(c));
		html_number(f, page_whole(c, "batch"));
		html_cell(f, "k", page_string(c, "way"));
		for (size_t k = 0; k < NR(keys); k++)
			html_number(f, json_number_at(c, keys[k]));
		html_cell(f, "dim", page_string(c, "reason"));
		fputs("</tr>\n", f);
	}
	html_table_end(f);
	fputs("</details>\n", f);
}

static void body(FILE *f, const struct page_in *in)
{
	const json_t *first = json_array_get(json_object_get(in->doc, "cells"), 0);

	rates(f, in->doc);
	shared(f, in->doc);
	latencies(f, in->doc);
	beside_fio(f, in->doc);
	fprintf(f, "<p class=\"dim\">Rates and ratios: medians over the rounds with intervals that cover %.1f %%; ratios are of the same rounds.</p>\n",
		100 * rate(first).cover);
	counts(f, in->doc);
}

const struct page_kind report_ring = {
	.kind = "ring", .file = "ring.json", .title = "What io_uring does here, and what fio costs on top",
	.answer = answer, .intro = intro, .body = body, .plot = plots, .plots = NR(plots),
};
