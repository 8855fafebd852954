// SPDX-License-Identifier: GPL-2.0-only
#include "report_versus.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "forest.h"

#define NAMED_MAX 3	/* of what was missed, in the sentence */
#define NR(array) (sizeof(array) / sizeof(*(array)))

static const char *const sides[] = { "sqpoll", "stock", "plain" };

/* What a verdict of the document is in a sentence, from good to bad. */
static const struct {
	const char *verdict, *says;
} verdicts[] = {
	{ "met", "met with all of the interval" },
	{ "met, interval not clear", "met by the median alone" },
	{ "not met, interval not clear", "missed by the median, but not by all of the interval" },
	{ "not met", "missed" },
	{ "unknown", "not known" },
};

enum { MISSED_UNCLEAR = 2, MISSED = 3, VERDICTS = NR(verdicts) };

static const json_t *rows_of(const json_t *doc)
{
	return json_object_get(doc, "rows");
}

static unsigned verdict_of(const json_t *ask)
{
	const char *name = page_string(ask, "verdict");
	unsigned v = 0;

	while (v + 1 < VERDICTS && strcmp(verdicts[v].verdict, name))
		v++;
	return v;
}

static const char *cell_name(const json_t *row, const json_t *ask)
{
	const json_t *cell = json_object_get(ask, "cell");

	if (!json_is_integer(cell))
		return "geometric mean";
	return page_string(json_array_get(json_object_get(row, "cells"), (size_t)json_integer_value(cell)), "name");
}

/* "IOPS 0.994 of stock, at least 1 asked" */
static void say_ask(FILE *f, const json_t *doc, const json_t *row, const json_t *ask)
{
	const char *side = page_string(ask, "side");
	struct est e = page_est(ask);
	char title[64], value[16], limit[16];

	forest_title(title, sizeof(title), doc, page_string(ask, "measure"));
	fprintf(f, "%s, %s: %s%s %s%s%s, %s %s asked", page_string(row, "row"), cell_name(row, ask), title,
		!strcmp(page_string(ask, "of"), "spread") ? " varies by" : "", e.n ? forest_number(value, sizeof(value), e.value) : "?",
		*side ? " of " : "", *side ? side : " %", page_string(ask, "direction"),
		forest_number(limit, sizeof(limit), json_number_value(json_object_get(ask, "limit"))));
}

/* Which ones have VERDICT. */
static void say_which(FILE *f, const json_t *doc, unsigned verdict)
{
	unsigned named = 0, more = 0;

	for (size_t r = 0; r < json_array_size(rows_of(doc)); r++) {
		const json_t *row = json_array_get(rows_of(doc), r), *asks = json_object_get(row, "asks");

		for (size_t i = 0; i < json_array_size(asks); i++) {
			if (verdict_of(json_array_get(asks, i)) != verdict)
				continue;
			if (named == NAMED_MAX) {
				more++;
				continue;
			}
			fputs(named++ ? "; " : ": ", f);
			say_ask(f, doc, row, json_array_get(asks, i));
		}
	}
	if (more)
		fprintf(f, "; and %u more", more);
}

static void say_asks(FILE *f, const json_t *doc)
{
	unsigned count[VERDICTS] = { 0 }, n = 0, missing = 0;
	bool first = true;

	for (size_t r = 0; r < json_array_size(rows_of(doc)); r++) {
		const json_t *row = json_array_get(rows_of(doc), r), *asks = json_object_get(row, "asks");

		missing += json_is_string(json_object_get(row, "reason"));
		n += (unsigned)json_array_size(asks);
		for (size_t i = 0; i < json_array_size(asks); i++)
			count[verdict_of(json_array_get(asks, i))]++;
	}
	if (n)
		fprintf(f, "of %u limit%s asked for ", n, n == 1 ? "" : "s");
	for (unsigned v = 0; v < VERDICTS; v++) {
		if (!count[v])
			continue;
		fprintf(f, "%s%u %s %s", first ? "" : ", ", count[v], count[v] == 1 ? "is" : "are", verdicts[v].says);
		first = false;
	}
	if (count[MISSED] || count[MISSED_UNCLEAR])
		say_which(f, doc, count[MISSED] ? MISSED : MISSED_UNCLEAR);
	if (missing)
		fprintf(f, "%s%u %s not measured", n ? "; " : "", missing, missing == 1 ? "row was" : "rows were");
}

/* Without asks: what all cells of the row come to. */
static void say_row(FILE *f, const json_t *doc, const json_t *row)
{
	static const char *const keys[] = { "ratio_to_stock", "ratio_to_plain" };
	const json_t *cells = json_object_get(row, "cells"), *cell = json_array_get(cells, 0), *means = json_object_get(row, "geomeans");
	const json_t *of = json_is_object(means) ? means : cell;
	const char *const measures[] = { json_is_string(json_object_get(cell, "arrivals")) ? "lat_p99_us" : "iops", "cpu_us_per_io" };
	bool first = true;

	if (json_is_object(means))
		fprintf(f, "by the geometric mean of %zu cells ", json_array_size(cells));
	else
		fprintf(f, "with %s ", page_string(cell, "name"));
	fputs("this engine has ", f);
	for (size_t m = 0; m < NR(measures); m++) {
		for (size_t k = 0; k < NR(keys); k++) {
			struct est e = page_est(json_object_get(json_object_get(of, measures[m]), keys[k]));
			char title[64], v[16], lo[16], hi[16];

			if (!e.n)
				continue;
			forest_title(title, sizeof(title), doc, measures[m]);
			fprintf(f, "%s%s times the %s of %s [%s, %s]", first ? "" : ", ", forest_number(v, sizeof(v), e.value), title,
				sides[k + 1], forest_number(lo, sizeof(lo), e.lo), forest_number(hi, sizeof(hi), e.hi));
			first = false;
		}
	}
	if (first)
		fputs("nothing that can be compared", f);
}

static bool asked(const json_t *doc)
{
	for (size_t r = 0; r < json_array_size(rows_of(doc)); r++)
		if (json_is_string(json_object_get(json_array_get(rows_of(doc), r), "row")))
			return true;
	return false;
}

static void answer(char *out, size_t size, const json_t *doc)
{
	FILE *f = fmemopen(out, size, "w");

	if (!f)
		return;
	if (asked(doc))
		say_asks(f, doc);
	else
		say_row(f, doc, json_array_get(rows_of(doc), 0));
	fclose(f);
}

static void intro(FILE *f, const struct page_in *in)
{
	const char *file = json_string_value(json_object_get(in->doc, "file"));

	fputs("<p class=\"dim\">Run ", f);
	html_text(f, in->id);
	fputs(": this engine (", f);
	html_text(f, page_string(in->doc, "engine"));
	fputs("), \"stock\" (io_uring with sqthread_poll) and \"plain\" (io_uring) of the same ", f);
	html_text(f, page_string(in->doc, "fio"));
	fputs(", in rounds that run all three, every other one in reverse order; ratios are of the same round. On ", f);
	html_text(f, file ? file : "a scratch file");
	fprintf(f, " of %.0f MiB. Kernel ", json_number_value(json_object_get(in->doc, "bytes")) / (1 << 20));
	html_text(f, page_string(in->env, "kernel"));
	fprintf(f, ", HZ=%u.</p>\n", page_whole(in->env, "hz"));
}

static void interval(FILE *f, struct est e)
{
	html_interval(f, &e);
}

static void asks_table(FILE *f, const json_t *doc)
{
	fputs("<h2>What was asked for</h2>", f);
	html_table(f, "row|cell|what|against|asked|#measured|#coverage %|verdict");
	for (size_t r = 0; r < json_array_size(rows_of(doc)); r++) {
		const json_t *row = json_array_get(rows_of(doc), r), *asks = json_object_get(row, "asks");

		for (size_t i = 0; i < json_array_size(asks); i++) {
			const json_t *ask = json_array_get(asks, i);
			const char *side = page_string(ask, "side");
			struct est e = page_est(ask);
			char title[64], limit[16], text[96];

			fputs("<tr>", f);
			html_cell(f, "k", page_string(row, "row"));
			html_cell(f, "", cell_name(row, ask));
			forest_title(title, sizeof(title), doc, page_string(ask, "measure"));
			snprintf(text, sizeof(text), "%s%s", title, !strcmp(page_string(ask, "of"), "spread") ? ", variation %" : "");
			html_cell(f, "", text);
			html_cell(f, "k", *side ? side : "-");
			snprintf(text, sizeof(text), "%s %s", page_string(ask, "direction"),
				 forest_number(limit, sizeof(limit), json_number_value(json_object_get(ask, "limit"))));
			html_cell(f, "k", text);
			interval(f, e);
			html_number(f, e.n ? 100 * e.cover : NAN);
			html_cell(f, "", page_string(ask, "verdict"));
			fputs("</tr>\n", f);
		}
	}
	html_table_end(f);
}

static void settings(FILE *f, const json_t *row)
{
	fprintf(f, "<p class=\"dim\">%u rounds of %u s; %s%s. Stock is ", page_whole(row, "pairs"), page_whole(row, "seconds"),
		json_is_true(json_object_get(row, "direct")) ? "direct" : "cached",
		json_is_true(json_object_get(row, "hipri")) ? ", polled completions" : "");
	html_text(f, page_string(row, "stock_is"));
	for (size_t s = 0; s < NR(sides); s++) {
		const json_t *options = json_object_get(json_object_get(row, "options"), sides[s]);

		if (!json_array_size(options))
			continue;
		fprintf(f, "; options of %s:", sides[s]);
		for (size_t i = 0; i < json_array_size(options); i++) {
			fputc(' ', f);
			html_text(f, json_string_value(json_array_get(options, i)));
		}
	}
	fputs(".</p>\n", f);
}

static void measure_row(FILE *f, const json_t *measure, const char *name, const json_t *cell, const json_t *ratios)
{
	const char *key = page_string(measure, "measure"), *unit = page_string(measure, "unit");
	const json_t *m = json_object_get(ratios, key);
	struct est of[NR(sides)], stock = page_est(json_object_get(m, "ratio_to_stock")), plain = page_est(json_object_get(m, "ratio_to_plain"));
	unsigned known = stock.n + plain.n;
	char title[96];

	for (size_t s = 0; s < NR(sides); s++) {
		of[s] = forest_value(cell, key, sides[s]);
		known += of[s].n;
	}
	if (!known)
		return;
	snprintf(title, sizeof(title), "%s%s%s", page_string(measure, "title"), *unit ? ", " : "", unit);
	fputs("<tr>", f);
	html_cell(f, "k", name);
	html_cell(f, "", title);
	for (size_t s = 0; s < NR(sides); s++)
		interval(f, of[s]);
	interval(f, stock);
	interval(f, plain);
	fputs("</tr>\n", f);
}

static void row_table(FILE *f, const json_t *doc, const json_t *row)
{
	const json_t *cells = json_object_get(row, "cells"), *measures = json_object_get(doc, "measures"), *means = json_object_get(row, "geomeans");
	const char *name = page_string(row, "row"), *reason = page_string(row, "reason");

	fputs("<h2>", f);
	html_text(f, *name ? name : "Numbers");
	fputs(*name ? ": " : "", f);
	html_text(f, page_string(row, "what"));
	fputs("</h2>", f);
	if (*reason) {
		fputs("<p>Not measured: ", f);
		html_text(f, reason);
		fputs(".</p>\n", f);
		return;
	}
	settings(f, row);
	html_table(f, "cell|measure|#sqpoll|#stock|#plain|#sqpoll / stock|#sqpoll / plain");
	for (size_t c = 0; c < json_array_size(cells); c++)
		for (size_t m = 0; m < json_array_size(measures); m++) {
			const json_t *cell = json_array_get(cells, c);

			measure_row(f, json_array_get(measures, m), page_string(cell, "name"), cell, cell);
		}
	for (size_t m = 0; json_is_object(means) && m < json_array_size(measures); m++)
		measure_row(f, json_array_get(measures, m), "geometric mean", NULL, means);
	html_table_end(f);
}

static void values(FILE *f, const json_t *doc)
{
	fputs("<details><summary>Every single value, in order of the rounds</summary>", f);
	html_table(f, "row|cell|measure|side|values");
	for (size_t r = 0; r < json_array_size(rows_of(doc)); r++) {
		const json_t *row = json_array_get(rows_of(doc), r), *cells = json_object_get(row, "cells"), *measures = json_object_get(doc, "measures");

		for (size_t i = 0; i < json_array_size(cells) * json_array_size(measures) * NR(sides); i++) {
			size_t each = json_array_size(measures) * NR(sides);
			const json_t *cell = json_array_get(cells, i / each);
			const char *key = page_string(json_array_get(measures, i % each / NR(sides)), "measure"), *side = sides[i % NR(sides)];
			const json_t *all = json_object_get(json_object_get(cell, key), side);

			if (!json_array_size(all))
				continue;
			fputs("<tr>", f);
			html_cell(f, "k", page_string(row, "row"));
			html_cell(f, "k", page_string(cell, "name"));
			html_cell(f, "k", key);
			html_cell(f, "k", side);
			fputs("<td>", f);
			for (size_t v = 0; v < json_array_size(all); v++) {
				const json_t *one = json_array_get(all, v);

				fputs(v ? " " : "", f);
				html_figure(f, json_is_number(one) ? json_number_value(one) : NAN);
			}
			fputs("</td></tr>\n", f);
		}
	}
	html_table_end(f);
	fputs("</details>\n", f);
}

static void body(FILE *f, const struct page_in *in)
{
	if (asked(in->doc))
		asks_table(f, in->doc);
	for (size_t r = 0; r < json_array_size(rows_of(in->doc)); r++)
		row_table(f, in->doc, json_array_get(rows_of(in->doc), r));
	fputs("<p class=\"dim\">Medians over the rounds, ratios of the same rounds, with their order-statistics intervals; those of geometric means and variations are "
	      "from a bootstrap over the rounds.</p>\n",
	      f);
	values(f, in->doc);
}

static void ratios(FILE *f, const struct page_in *in)
{
	forest_table(f, in->doc);
}

static void cpu(FILE *f, const struct page_in *in)
{
	forest_cpu_table(f, in->doc);
}

static const char *nothing(const json_t *doc)
{
	for (size_t r = 0; r < json_array_size(rows_of(doc)); r++)
		if (json_array_size(json_object_get(json_array_get(rows_of(doc), r), "cells")))
			return NULL;
	return "Nothing was measured.";
}

static const struct page_plot plots[] = {
	{ "versus", { "Against stock and plain",
		      "Ratios of this engine to stock and to plain with their intervals on a logarithmic axis, one line for each cell, with the limit that "
		      "was asked for and the verdict in words; the tables below have the numbers",
		      "Circle: ours to stock; square: ours to plain; the line is the interval. Filled is the ratio that is judged, hollow the other one. The black "
		      "bar is the limit asked for, the grey line is 1: as much as theirs. At the right: the judged ratio with its interval, the limit, "
		      "the verdict. More IOPS are better; of CPU and latency less is." },
	  ratios, nothing },
	{ "versus-cpu", { "CPU per I/O",
			  "CPU time per I/O in us of this engine, stock and plain on a logarithmic axis, one line for each cell; the tables below have the numbers",
			  "CPU time of the job and of its SQ threads per I/O, medians of the rounds with their intervals; further left is better. What is not above 0 "
			  "cannot be drawn here." },
	  cpu, nothing },
};

const struct page_kind report_versus = {
	.kind = "versus", .file = "versus.json", .title = "This engine against stock and plain io_uring",
	.answer = answer, .intro = intro, .body = body, .plot = plots, .plots = NR(plots),
};
