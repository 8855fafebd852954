// SPDX-License-Identifier: GPL-2.0-only
#include "versusdata.h"

#include <math.h>
#include <string.h>

#include "fiojson.h"

enum { NAME_WIDTH = 26 };

static const char *const of_names[] = {
	[VERSUS_RATIO] = "ratio", [VERSUS_GEOMEAN] = "geomean", [VERSUS_SPREAD] = "spread", [VERSUS_VALUE] = "value",
};
static const char *const against_names[] = {
	[VERSUS_TO_NONE] = NULL, [VERSUS_TO_STOCK] = "stock", [VERSUS_TO_PLAIN] = "plain", [VERSUS_TO_BETTER] = "better",
};
static const char *const titles[] = { "sqpoll", "stock SQPOLL", "plain" };

static json_t *est_json(struct est e)
{
	return e.n ? json_pack("{s:f, s:f, s:f, s:f}", "value", e.value, "lo", e.lo, "hi", e.hi, "cover", e.cover) : json_null();
}

/* Ours to SIDE's in CELL, or over all cells when it is below 0. */
static struct est ratio_of(const struct versus_bench *b, const struct versus_load *l, enum versus_measure m, int cell, enum versus_side side)
{
	if (!versus_knows(b, l, m, side))
		return (struct est){ .n = 0 };
	return cell < 0 ? versus_geomean(l, m, side) : versus_ratio(l, (unsigned)cell, m, side);
}

static void put_ratios(json_t *o, const struct versus_bench *b, const struct versus_load *l, enum versus_measure m, int cell)
{
	json_object_set_new(o, "ratio_to_stock", est_json(ratio_of(b, l, m, cell, VERSUS_STOCK)));
	json_object_set_new(o, "ratio_to_plain", est_json(ratio_of(b, l, m, cell, VERSUS_PLAIN)));
}

static json_t *measure_json(const struct versus_bench *b, const struct versus_load *l, unsigned cell, enum versus_measure m)
{
	json_t *o = json_object();

	for (unsigned side = 0; side < VERSUS_SIDES; side++) {
		bool known = versus_knows(b, l, m, side);
		json_t *list = known ? json_array() : json_null();

		for (unsigned i = 0; i < l->pairs && known; i++)
			json_array_append_new(list, json_finite(l->cell[cell].value[m][side][i]));
		json_object_set_new(o, versus_side_names[side], list);
	}
	put_ratios(o, b, l, m, (int)cell);
	return o;
}

static json_t *cells_json(const struct versus_bench *b, const struct versus_load *l)
{
	json_t *cells = json_array();

	for (unsigned c = 0; c < l->cells && !l->reason; c++) {
		const struct versus_cell *x = &l->cell[c];
		char name[64];
		json_t *cell;

		versus_cell_name(l, c, name, sizeof(name));
		cell = json_pack("{s:s, s:s, s:s, s:i, s:s?}", "name", name, "bs", x->bs, "rw", x->rw, "iodepth", (int)x->depth, "arrivals",
				 x->law ? x->law->name : NULL);
		for (unsigned m = 0; m < VERSUS_MEASURES; m++)
			json_object_set_new(cell, versus_measures[m].name, measure_json(b, l, c, m));
		json_array_append_new(cells, cell);
	}
	return cells;
}

static json_t *geomeans_json(const struct versus_bench *b, const struct versus_load *l)
{
	json_t *all;

	if (l->cells < 2 || l->reason)
		return json_null();
	all = json_object();
	for (unsigned m = 0; m < VERSUS_MEASURES; m++) {
		json_t *o = json_object();

		put_ratios(o, b, l, m, -1);
		json_object_set_new(all, versus_measures[m].name, o);
	}
	return all;
}

static json_t *ask_json(const struct versus_load *l, const struct versus_ask *ask, unsigned part)
{
	enum versus_side side;
	struct est e = versus_ask_est(l, ask, part, &side);
	json_t *o = json_pack("{s:s, s:s, s:s?, s:s?, s:o, s:s, s:f, s:s}", "measure", versus_measures[ask->measure].name, "of",
			      of_names[ask->of], "against", against_names[ask->against], "side",
			      side == VERSUS_OURS ? NULL : versus_side_names[side], "cell",
			      ask->of == VERSUS_GEOMEAN ? json_null() : json_integer(part), "direction",
			      ask->at_least ? "at least" : "at most", "limit", ask->limit, "verdict",
			      versus_verdict_name(versus_judge(&e, ask->at_least, ask->limit)));

	json_object_set_new(o, "value", e.n ? json_real(e.value) : json_null());
	json_object_set_new(o, "lo", e.n ? json_real(e.lo) : json_null());
	json_object_set_new(o, "hi", e.n ? json_real(e.hi) : json_null());
	json_object_set_new(o, "cover", e.n ? json_real(e.cover) : json_null());
	return o;
}

static json_t *asks_json(const struct versus_load *l)
{
	json_t *all = json_array();

	for (unsigned i = 0; l->row && !l->reason && i < l->row->asks; i++)
		for (unsigned part = 0; part < versus_ask_parts(l, &l->row->ask[i]); part++)
			json_array_append_new(all, ask_json(l, &l->row->ask[i], part));
	return all;
}

static json_t *options_json(const struct versus_load *l)
{
	json_t *o = json_object();

	for (unsigned side = 0; side < VERSUS_SIDES; side++) {
		json_t *list = json_array();

		for (const char *const *one = l->option[side]; *one; one++)
			json_array_append_new(list, json_string(*one));
		json_object_set_new(o, versus_side_names[side], list);
	}
	return o;
}

static const char *verdict_of(const struct versus_load *l)
{
	return l->row && !l->reason ? versus_verdict_name(versus_load_verdict(l)) : NULL;
}

static json_t *load_json(const struct versus_bench *b, const struct versus_load *l)
{
	return json_pack("{s:s?, s:s?, s:s?, s:i, s:i, s:b, s:b, s:o, s:s, s:o, s:o, s:o, s:s?}", "row", l->row ? l->row->name : NULL,
			 "what", l->row ? l->row->what : NULL, "reason", l->reason, "pairs", (int)l->pairs, "seconds", (int)l->seconds,
			 "direct", l->direct, "hipri", l->hipri, "options", options_json(l), "stock_is",
			 l->laws ? "ioengine=sqpoll" : "ioengine=io_uring sqthread_poll", "cells", cells_json(b, l), "geomeans",
			 geomeans_json(b, l), "asks", asks_json(l), "verdict", verdict_of(l));
}

json_t *versusdata_json(const struct versus_bench *b)
{
	json_t *measures = json_array(), *rows = json_array();

	for (unsigned m = 0; m < VERSUS_MEASURES; m++) {
		const struct versus_kind *k = &versus_measures[m];

		json_array_append_new(measures, json_pack("{s:s, s:s, s:s, s:s}", "measure", k->name, "title", k->title, "unit", k->unit,
							  "better", k->more_is_better ? "more" : "less"));
	}
	for (unsigned i = 0; i < b->loads; i++)
		json_array_append_new(rows, load_json(b, &b->load[i]));
	return json_pack("{s:s, s:s, s:s?, s:s?, s:I, s:o, s:o, s:o, s:o}", "schema", "sqbench-versus/3", "fio", b->fio.version, "engine",
			 *b->engine ? b->engine : NULL, "file", b->file, "bytes", (json_int_t)b->bytes, "pairs",
			 b->pairs ? json_integer(b->pairs) : json_null(), "seconds", b->seconds ? json_integer(b->seconds) : json_null(),
			 "measures", measures, "rows", rows);
}

static void print_ratios(FILE *out, const struct versus_bench *b, const struct versus_load *l, enum versus_measure m, int cell)
{
	for (unsigned side = VERSUS_STOCK; side < VERSUS_SIDES; side++) {
		struct est e = ratio_of(b, l, m, cell, side);
		char text[64];

		if (e.n)
			snprintf(text, sizeof(text), "%.3f [%.3f, %.3f]", e.value, e.lo, e.hi);
		fprintf(out, "   %-24s", e.n ? text : versus_knows(b, l, m, side) ? "-" : "not known to this fio");
	}
	fputc('\n', out);
}

static void print_cell(FILE *out, const struct versus_bench *b, const struct versus_load *l, enum versus_measure m, unsigned cell)
{
	char name[64];

	versus_cell_name(l, cell, name, sizeof(name));
	fprintf(out, "%-*s", NAME_WIDTH, name);
	for (unsigned side = 0; side < VERSUS_SIDES; side++) {
		if (versus_knows(b, l, m, side))
			fprintf(out, m == VERSUS_IOPS ? " %12.0f" : " %12.2f", versus_median(l, cell, m, side));
		else
			fprintf(out, " %12s", "-");
	}
	print_ratios(out, b, l, m, (int)cell);
}

/* Cells of no row of the table: what was measured of all sides. */
static void print_cells(FILE *out, const struct versus_bench *b, const struct versus_load *l)
{
	const char *stock = l->laws ? "always awake" : titles[VERSUS_STOCK];

	fprintf(out, "%s, %s%s, %u rounds of %u s, interleaved; median ratio of the rounds [95 %% interval]\n", b->fio.version,
		l->direct ? "direct" : "cached", l->hipri ? ", polled" : "", l->pairs, l->seconds);
	for (unsigned m = 0; m < VERSUS_SQ_CPU; m++) {
		const struct versus_kind *k = &versus_measures[m];

		fprintf(out, "%s%s%s\n%-*s %12s %12s %12s   sqpoll / %-15s   sqpoll / plain io_uring\n", k->title, *k->unit ? ", " : "", k->unit,
			NAME_WIDTH, "", titles[VERSUS_OURS], stock, titles[VERSUS_PLAIN], stock);
		for (unsigned c = 0; c < l->cells; c++)
			print_cell(out, b, l, m, c);
		if (l->cells < 2)
			continue;
		fprintf(out, "%-*s %12s %12s %12s", NAME_WIDTH, "geometric mean", "", "", "");
		print_ratios(out, b, l, m, -1);
	}
}

/* "IOPS / stock SQPOLL" */
static void ask_name(const struct versus_load *l, const struct versus_ask *ask, enum versus_side side, char *out, size_t size)
{
	const char *stock = l->laws ? "always awake" : titles[VERSUS_STOCK], *to = side == VERSUS_STOCK ? stock : titles[side];
	const char *title = ask->measure == VERSUS_CPU ? "CPU per I/O" : versus_measures[ask->measure].title;

	if (ask->of == VERSUS_SPREAD)
		snprintf(out, size, "variation of %s, %%", title);
	else if (ask->of == VERSUS_VALUE)
		snprintf(out, size, "%s, %s", title, versus_measures[ask->measure].unit);
	else
		snprintf(out, size, "%s / %s", title, to);
}

/* Without an exponent. */
static const char *number(char *out, size_t size, double x)
{
	snprintf(out, size, fabs(x) < 1000 ? "%.4g" : "%.0f", x);
	return out;
}

static void print_ask(FILE *out, const struct versus_load *l, const struct versus_ask *ask, unsigned part)
{
	enum versus_side side;
	struct est e = versus_ask_est(l, ask, part, &side);
	char name[64], cell[64] = "geometric mean", value[64] = "-", of[3][20];

	ask_name(l, ask, side, name, sizeof(name));
	if (ask->of != VERSUS_GEOMEAN)
		versus_cell_name(l, part, cell, sizeof(cell));
	if (e.n)
		snprintf(value, sizeof(value), "%s [%s, %s]", number(of[0], sizeof(of[0]), e.value), number(of[1], sizeof(of[1]), e.lo),
			 number(of[2], sizeof(of[2]), e.hi));
	fprintf(out, "  %-*s %-28s %s %-5g %-28s %s\n", NAME_WIDTH, cell, name, ask->at_least ? ">=" : "<=", ask->limit, value,
		versus_verdict_name(versus_judge(&e, ask->at_least, ask->limit)));
}

static void print_row(FILE *out, const struct versus_load *l)
{
	fprintf(out, "%s: %s, %s%s, %u rounds of %u s: %s%s\n", l->row->name, l->row->what, l->direct ? "direct" : "cached", l->hipri ? ", polled" : "",
		l->pairs, l->seconds, l->reason ? "not measured: " : verdict_of(l), l->reason ? l->reason : "");
	for (unsigned i = 0; i < l->row->asks && !l->reason; i++)
		for (unsigned part = 0; part < versus_ask_parts(l, &l->row->ask[i]); part++)
			print_ask(out, l, &l->row->ask[i], part);
}

void versusdata_print(FILE *out, const struct versus_bench *b)
{
	if (b->load[0].row)
		fprintf(out, "%s; median of the rounds, interleaved [95 %% interval]; what is asked for, and whether it is met\n", b->fio.version);
	for (unsigned i = 0; i < b->loads; i++) {
		if (b->load[i].row)
			print_row(out, &b->load[i]);
		else
			print_cells(out, b, &b->load[i]);
	}
}
