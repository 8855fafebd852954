// SPDX-License-Identifier: GPL-2.0-only
#include "forest.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "page.h"

static const struct est unknown = { .value = NAN, .lo = NAN, .hi = NAN };

struct lines {
	struct forest_line *line;
	size_t n, room;
};

const char *forest_number(char *out, size_t size, double v)
{
	snprintf(out, size, fabs(v) >= 99.95 ? "%.0f" : "%#.3g", v);
	return out;
}

void forest_title(char *out, size_t size, const json_t *doc, const char *measure)
{
	const json_t *all = json_object_get(doc, "measures");
	const char *title = measure;

	for (size_t i = 0; i < json_array_size(all); i++)
		if (!strcmp(page_string(json_array_get(all, i), "measure"), measure))
			title = page_string(json_array_get(all, i), "title");
	snprintf(out, size, "%.*s", (int)strcspn(title, ","), title);
}

struct est forest_value(const json_t *cell, const char *measure, const char *side)
{
	const json_t *all = json_object_get(json_object_get(cell, measure), side);
	double x[STATS_N_MAX];
	size_t n = 0;

	for (size_t i = 0; i < json_array_size(all) && n < STATS_N_MAX; i++)
		if (json_is_number(json_array_get(all, i)))
			x[n++] = json_number_value(json_array_get(all, i));
	return n ? stats_median_est(x, n) : unknown;
}

static struct forest_line *add(struct lines *all, enum forest_kind kind)
{
	if (all->n == all->room) {
		size_t room = all->room ? 2 * all->room : 64;
		struct forest_line *more = realloc(all->line, room * sizeof(*more));

		if (!more)
			return NULL;
		all->line = more;
		all->room = room;
	}
	all->line[all->n] = (struct forest_line){ .kind = kind, .stock = unknown, .plain = unknown, .limit = NAN, .verdict = "" };
	return &all->line[all->n++];
}

static void say_estimate(char *out, size_t size, const struct est *e)
{
	char v[16], lo[16], hi[16];

	if (e->n)
		snprintf(out, size, "%s [%s, %s]", forest_number(v, sizeof(v), e->value),
			 forest_number(lo, sizeof(lo), e->lo), forest_number(hi, sizeof(hi), e->hi));
}

/* Both ratios of MEASURE in OF, a cell or the geometric means. */
static void put_ratios(struct forest_line *l, const json_t *of, const char *measure)
{
	const json_t *m = json_object_get(of, measure);

	l->stock = page_est(json_object_get(m, "ratio_to_stock"));
	l->plain = page_est(json_object_get(m, "ratio_to_plain"));
}

static int add_ask(struct lines *all, const json_t *doc, const json_t *row, const json_t *ask)
{
	const json_t *cell = json_array_get(json_object_get(row, "cells"), page_whole(ask, "cell"));
	const char *measure = page_string(ask, "measure"), *of = page_string(ask, "of"), *side = page_string(ask, "side");
	bool mean = !strcmp(of, "geomean");
	struct est e = page_est(ask);
	struct forest_line *l;
	char title[64], limit[16];

	if (!mean && strcmp(of, "ratio"))
		return 0;
	l = add(all, FOREST_RATIO);
	if (!l)
		return -ENOMEM;
	forest_title(title, sizeof(title), doc, measure);
	snprintf(l->label, sizeof(l->label), "%s: %s", mean ? "geometric mean" : page_string(cell, "name"), title);
	put_ratios(l, mean ? json_object_get(row, "geomeans") : cell, measure);
	l->judged = !strcmp(side, "stock") ? FOREST_STOCK : !strcmp(side, "plain") ? FOREST_PLAIN : FOREST_NONE;
	if (l->judged == FOREST_STOCK)
		l->stock = e;
	else if (l->judged == FOREST_PLAIN)
		l->plain = e;
	l->limit = json_number_value(json_object_get(ask, "limit"));
	say_estimate(l->value, sizeof(l->value), &e);
	snprintf(l->asked, sizeof(l->asked), "%s %s %s", !strcmp(page_string(ask, "direction"), "at most") ? "<=" : ">=",
		 forest_number(limit, sizeof(limit), l->limit), side);
	l->verdict = page_string(ask, "verdict");
	return 0;
}

static int add_cell(struct lines *all, const json_t *doc, const json_t *cell)
{
	bool arrivals = json_is_string(json_object_get(cell, "arrivals"));
	const char *const measures[] = { arrivals ? "lat_p99_us" : "iops", "cpu_us_per_io" };

	for (size_t i = 0; i < sizeof(measures) / sizeof(*measures); i++) {
		struct forest_line *l = add(all, FOREST_RATIO);
		char title[64];

		if (!l)
			return -ENOMEM;
		forest_title(title, sizeof(title), doc, measures[i]);
		snprintf(l->label, sizeof(l->label), "%s: %s", page_string(cell, "name"), title);
		put_ratios(l, cell, measures[i]);
		say_estimate(l->value, sizeof(l->value), &l->stock);
		say_estimate(l->asked, sizeof(l->asked), &l->plain);
	}
	return 0;
}

static int add_row(struct lines *all, const json_t *doc, const json_t *row)
{
	const json_t *cells = json_object_get(row, "cells"), *asks = json_object_get(row, "asks");
	const char *name = page_string(row, "row"), *reason = page_string(row, "reason");
	int rc = 0;

	if (*name || *reason) {
		struct forest_line *l = add(all, *reason ? FOREST_MISSING : FOREST_HEADER);

		if (!l)
			return -ENOMEM;
		snprintf(l->label, sizeof(l->label), "%s: %s", *name ? name : "not measured", *name ? page_string(row, "what") : reason);
	}
	for (size_t i = 0; i < json_array_size(asks) && !rc; i++)
		rc = add_ask(all, doc, row, json_array_get(asks, i));
	for (size_t i = 0; i < json_array_size(cells) && !json_array_size(asks) && !rc; i++)
		rc = add_cell(all, doc, json_array_get(cells, i));
	return rc;
}

int forest_lines(const json_t *doc, struct forest_line **lines)
{
	const json_t *rows = json_object_get(doc, "rows");
	struct lines all = { 0 };
	int rc = 0;

	for (size_t i = 0; i < json_array_size(rows) && !rc; i++)
		rc = add_row(&all, doc, json_array_get(rows, i));
	if (rc) {
		free(all.line);
		return rc;
	}
	*lines = all.line;
	return (int)all.n;
}

static bool beyond(double v)
{
	return isfinite(v) && (v > FOREST_NEAR || v < 1 / FOREST_NEAR);
}

static bool est_beyond(const struct est *e)
{
	return e->n && (beyond(e->value) || beyond(e->lo) || beyond(e->hi));
}

bool forest_far(const struct forest_line *line)
{
	return line->kind == FOREST_RATIO && (est_beyond(&line->stock) || est_beyond(&line->plain) || beyond(line->limit));
}

/* gnuplot takes an empty field for a missing one. */
static const char *or_blank(const char *s)
{
	return *s ? s : " ";
}

static void put_line(FILE *f, unsigned position, const struct forest_line *l)
{
	fprintf(f, "%u\t%d\t%s", position, l->kind, l->label);
	page_column(f, &l->stock);
	page_column(f, &l->plain);
	fprintf(f, "\t%d", l->judged);
	page_real(f, l->limit);
	fprintf(f, "\t%s\t%s\t%s\n", or_blank(l->value), or_blank(l->asked), or_blank(l->verdict));
}

/* Lines up to the next header. */
static int section(const struct forest_line *l, int n)
{
	int end = 1;

	while (end < n && l[end].kind == FOREST_RATIO)
		end++;
	return end;
}

static bool any(const struct forest_line *l, int n, bool far)
{
	for (int i = 0; i < n; i++)
		if (l[i].kind == FOREST_RATIO && forest_far(&l[i]) == far)
			return true;
	return false;
}

/* L, or of a header and what is below it something, belongs in the block; what was not measured in the FIRST. */
static bool wanted(const struct forest_line *l, int n, bool far, bool first)
{
	return l->kind == FOREST_MISSING ? first : any(l, l->kind == FOREST_HEADER ? section(l, n) : 1, far);
}

/* Returns how many blocks there are now. Blocks are parted by two empty lines; the first line of each is its title. */
static unsigned put_block(FILE *f, const struct forest_line *l, int n, bool far, unsigned blocks)
{
	unsigned position = 0;

	if (!any(l, n, far))
		return blocks;
	fprintf(f, "%s\"%s\"\n", blocks ? "\n\n" : "", far ? "far from 1" : "near 1");
	for (int i = 0; i < n; i++)
		if (wanted(&l[i], n - i, far, !blocks))
			put_line(f, position++, &l[i]);
	if (position == 1)	/* gnuplot 5.4 crashes on a panel of one line */
		fputs("1\t0\t \tNaN\tNaN\tNaN\tNaN\tNaN\tNaN\t0\tNaN\t \t \t \n", f);
	return blocks + 1;
}

void forest_table(FILE *f, const json_t *doc)
{
	struct forest_line *lines = NULL;
	int n = forest_lines(doc, &lines);

	fputs("# position kind(0 header,1 ratio,2 not measured) label stock lo hi plain lo hi judged(1 stock,2 plain) limit value asked verdict\n", f);
	put_block(f, lines, n, true, put_block(f, lines, n, false, 0));
	free(lines);
}

void forest_cpu_table(FILE *f, const json_t *doc)
{
	static const char *const sides[] = { "sqpoll", "stock", "plain" };
	const json_t *rows = json_object_get(doc, "rows");
	unsigned position = 0;

	fputs("# position label ours_us lo hi stock_us lo hi plain_us lo hi\n", f);
	for (size_t r = 0; r < json_array_size(rows); r++) {
		const json_t *row = json_array_get(rows, r), *cells = json_object_get(row, "cells");
		const char *name = page_string(row, "row");

		for (size_t c = 0; c < json_array_size(cells); c++) {
			const json_t *cell = json_array_get(cells, c);

			fprintf(f, "%u\t%s%s%s", position++, name, *name ? ": " : "", page_string(cell, "name"));
			for (size_t s = 0; s < sizeof(sides) / sizeof(*sides); s++) {
				struct est e = forest_value(cell, "cpu_us_per_io", sides[s]);

				page_column(f, &e);
			}
			fputc('\n', f);
		}
	}
}
