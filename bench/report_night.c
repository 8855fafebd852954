// SPDX-License-Identifier: GPL-2.0-only
#include "report_night.h"

#include <math.h>
#include <string.h>

#include "fiojson.h"

#define NR(array) (sizeof(array) / sizeof(*(array)))

static const json_t *cells_of(const json_t *doc)
{
	return json_object_get(doc, "cells");
}

/* Calls FN with each judged metric of each cell. */
static void each_judged(const json_t *doc, void (*fn)(FILE *f, const json_t *cell, const char *metric, const json_t *m), FILE *f)
{
	const json_t *cell;
	const char *name;
	json_t *m;
	size_t i;

	json_array_foreach(cells_of(doc), i, cell)
		json_object_foreach(json_object_get(cell, "metrics"), name, m)
			if (json_is_true(json_object_get(m, "judged")))
				fn(f, cell, name, m);
}

static void intro(FILE *f, const struct page_in *in)
{
	const json_t *key = json_object_get(in->doc, "key"), *rounds = json_object_get(in->doc, "rounds");

	fputs("<p class=\"dim\">Night ", f);
	html_text(f, in->id);
	fputs(" on ", f);
	html_text(f, page_string(in->doc, "host"));
	fprintf(f, ": %zu cells of ", json_array_size(cells_of(in->doc)));
	html_text(f, page_string(in->doc, "suite"));
	fprintf(f, " in rounds, %u to %u repeats each, against the nights before on the same device and settings. Device ", page_whole(rounds, "min"), page_whole(rounds, "max"));
	html_text(f, *page_string(key, "device_model") ? page_string(key, "device_model") : page_string(key, "device"));
	fputs(", kernel ", f);
	html_text(f, page_string(key, "kernel"));
	fprintf(f, ", HZ=%u, ", page_whole(key, "hz"));
	html_text(f, page_string(key, "fio"));
	html_host(f, json_object_get(in->doc, "machine"));
	fputs(".</p>\n", f);
}

/* "kernel: 6.1.0-18 -> 6.1.0-20", all that changed with the level. */
static void coincides(FILE *f, const json_t *m)
{
	const json_t *one;
	size_t i;

	json_array_foreach(json_object_get(m, "coincides"), i, one) {
		fputs(i ? "; " : "", f);
		html_text(f, page_string(one, "what"));
		fputs(": ", f);
		html_text(f, page_string(one, "was"));
		fputs(" &#8594; ", f);
		html_text(f, page_string(one, "is"));
	}
}

static bool is_change(const json_t *m)
{
	const char *v = page_string(m, "verdict");

	return !strcmp(v, "slower") || !strcmp(v, "faster");
}

static void change_row(FILE *f, const json_t *cell, const char *metric, const json_t *m)
{
	struct est e = page_shift_pct(m);

	(void)metric;
	if (!is_change(m))
		return;
	fprintf(f, "<tr%s>", strcmp(page_string(m, "verdict"), "slower") ? "" : " class=\"best\"");
	html_cell(f, "k", page_string(cell, "name"));
	html_cell(f, "", page_string(m, "title"));
	html_cell(f, "k", page_string(m, "verdict"));
	html_number(f, json_number_at(m, "baseline"));
	html_number(f, json_number_at(m, "centre"));
	html_interval(f, &e);
	html_cell(f, "k", page_string(m, "since"));
	fputs("<td>", f);
	coincides(f, m);
	fputs("</td></tr>\n", f);
}

static unsigned count_of(const json_t *doc, const char *verdict)
{
	return page_whole(json_object_get(doc, "counts"), verdict);
}

static void changes(FILE *f, const json_t *doc)
{
	if (!count_of(doc, "slower") && !count_of(doc, "faster"))
		return;
	fputs("<h2>What changed</h2>", f);
	html_table(f, "cell|measure|tonight|#before|#now|#change %|since the night of|what else changed then");
	each_judged(doc, change_row, f);
	html_table_end(f);
}

static void lost(FILE *f, const json_t *doc)
{
	const json_t *cell;
	bool open = false;
	size_t i;

	json_array_foreach(cells_of(doc), i, cell) {
		if (!*page_string(cell, "reason"))
			continue;
		if (!open) {
			fputs("<h2>Not measured</h2>", f);
			html_table(f, "cell|verdict|reason");
			open = true;
		}
		fputs("<tr>", f);
		html_cell(f, "k", page_string(cell, "name"));
		html_cell(f, "k", page_string(cell, "verdict"));
		html_cell(f, "", page_string(cell, "reason"));
		fputs("</tr>\n", f);
	}
	if (open)
		html_table_end(f);
}

static void history_changes(FILE *f, const json_t *doc)
{
	const json_t *all = json_object_get(doc, "changes"), *one;
	size_t i;

	if (!json_array_size(all))
		return;
	fputs("<h2>Changes in the nights before</h2>", f);
	html_table(f, "cell|measure|night|#before|#after|#change %|#p|what else changed then");
	json_array_foreach(all, i, one) {
		struct est e = page_shift_pct(one);

		fputs("<tr>", f);
		html_cell(f, "k", page_string(one, "cell"));
		html_cell(f, "", page_string(one, "title"));
		html_cell(f, "k", page_string(one, "time"));
		html_number(f, json_number_at(one, "before"));
		html_number(f, json_number_at(one, "after"));
		html_interval(f, &e);
		html_number(f, json_number_at(one, "p"));
		fputs("<td>", f);
		coincides(f, one);
		fputs("</td></tr>\n", f);
	}
	html_table_end(f);
}

static void unstable_row(FILE *f, const json_t *cell, const char *metric, const json_t *m)
{
	(void)metric;
	if (strcmp(page_string(m, "verdict"), "unstable"))
		return;
	fputs("<tr>", f);
	html_cell(f, "k", page_string(cell, "name"));
	html_cell(f, "", page_string(m, "title"));
	html_cell(f, "", page_string(m, "reason"));
	fputs("</tr>\n", f);
}

static bool any(const json_t *doc, const char *verdict)
{
	const json_t *cell;
	const char *name;
	json_t *m;
	size_t i;

	json_array_foreach(cells_of(doc), i, cell)
		json_object_foreach(json_object_get(cell, "metrics"), name, m)
			if (!strcmp(page_string(m, "verdict"), verdict))
				return true;
	return false;
}

/* They are judged by several nights only, so that they do not cry wolf. */
static void unstable(FILE *f, const json_t *doc)
{
	if (!any(doc, "unstable"))
		return;
	fputs("<h2>Noisy by nature</h2>", f);
	html_table(f, "cell|measure|what that means");
	each_judged(doc, unstable_row, f);
	html_table_end(f);
}

static void cell_row(FILE *f, const json_t *cell, const char *metric, const json_t *m)
{
	struct est e = page_shift_pct(m);

	(void)metric;
	if (*page_string(cell, "reason") && !json_array_size(json_object_get(m, "values")))
		return;
	fprintf(f, "<tr%s>", is_change(m) ? " class=\"best\"" : "");
	html_cell(f, "k", page_string(cell, "name"));
	html_cell(f, "", page_string(m, "title"));
	html_number(f, json_number_at(m, "centre"));
	html_number(f, (double)json_array_size(json_object_get(m, "values")));
	html_number(f, json_number_at(m, "baseline"));
	html_number(f, json_number_at(m, "nights"));
	html_interval(f, &e);
	html_cell(f, "k", page_string(m, "verdict"));
	html_cell(f, "", page_string(m, "reason"));
	fputs("</tr>\n", f);
}

static void say_list(FILE *f, const char *heading, const json_t *all, const char *(*say)(const json_t *one))
{
	const json_t *one;
	size_t i;

	if (!json_array_size(all))
		return;
	fprintf(f, "<h2>%s</h2><ul>", heading);
	json_array_foreach(all, i, one) {
		fputs("<li>", f);
		html_text(f, say(one));
		fputs("</li>", f);
	}
	fputs("</ul>\n", f);
}

static const char *string_itself(const json_t *one)
{
	const char *s = json_string_value(one);

	return s ? s : "";
}

static void body(FILE *f, const struct page_in *in)
{
	say_list(f, "Notes", json_object_get(in->doc, "notes"), string_itself);
	changes(f, in->doc);
	lost(f, in->doc);
	history_changes(f, in->doc);
	unstable(f, in->doc);
	fputs("<h2>All cells</h2>", f);
	html_table(f, "cell|measure|#tonight|#repeats|#before|#nights|#change %|verdict|");
	each_judged(in->doc, cell_row, f);
	html_table_end(f);
	fputs("<p class=\"dim\">Tonight: the median of the repeats. Before: what the nights before let expect; the change is that of the nights since which it is there, with its interval. "
	      "docs/METHODOLOGY.md has the rule, and how often it is right.</p>\n",
	      f);
	html_warnings(f, json_object_get(in->doc, "warnings"));
}

/* Tonight's shifts, one line each, those that changed first. */
static void shift_lines(FILE *f, const json_t *doc, bool changed, unsigned *line, unsigned most)
{
	const json_t *cell;
	const char *name;
	json_t *m;
	size_t i;

	json_array_foreach(cells_of(doc), i, cell)
		json_object_foreach(json_object_get(cell, "metrics"), name, m) {
			struct est e = page_shift_pct(m);
			const char *v = page_string(m, "verdict");

			if (!json_is_true(json_object_get(m, "judged")) || !e.n || is_change(m) != changed || *line == most)
				continue;
			fprintf(f, "%u\t%s, %s", (*line)++, page_string(cell, "name"), page_string(m, "title"));
			page_column(f, &e);
			fprintf(f, "\t%d\t%s\n", !strcmp(v, "slower") ? 1 : !strcmp(v, "faster") ? 2 : !strcmp(v, "same") ? 0 : 3, v);
		}
}

enum { SHIFTS_MAX = 60 };

static void shifts(FILE *f, const struct page_in *in)
{
	unsigned line = 0;

	fputs("# line name change_pct lo hi verdict(0 same, 1 slower, 2 faster, 3 other) word\n", f);
	shift_lines(f, in->doc, true, &line, SHIFTS_MAX);
	shift_lines(f, in->doc, false, &line, SHIFTS_MAX);
}

static const char *no_shifts(const json_t *doc)
{
	const json_t *cell;
	const char *name;
	json_t *m;
	size_t i;

	json_array_foreach(cells_of(doc), i, cell)
		json_object_foreach(json_object_get(cell, "metrics"), name, m)
			if (json_is_true(json_object_get(m, "judged")) && page_shift_pct(m).n)
				return NULL;
	return "There are not yet enough nights to compare with.";
}

/* One block for each trend: night by night the centre with the least and the largest repeat; a line of its own for each level. */
static void trends(FILE *f, const struct page_in *in)
{
	const json_t *t;
	size_t i;

	fputs("# days_ago centre lo hi level since\n", f);
	json_array_foreach(json_object_get(in->doc, "trends"), i, t) {
		const json_t *days = json_object_get(t, "days_ago"), *centre = json_object_get(t, "centre"), *lo = json_object_get(t, "lo"), *hi = json_object_get(t, "hi"),
			     *level = json_object_get(t, "level");

		fprintf(f, "%s\"%s, %s: %s\"\n", i ? "\n\n" : "", page_string(t, "cell"), page_string(t, "title"), page_string(t, "verdict"));
		for (size_t k = 0; k < json_array_size(days); k++) {
			fprintf(f, "%.4f", -json_number_value(json_array_get(days, k)));
			page_real(f, json_number_value(json_array_get(centre, k)));
			page_real(f, json_number_value(json_array_get(lo, k)));
			page_real(f, json_number_value(json_array_get(hi, k)));
			page_real(f, json_number_value(json_array_get(level, k)));
			fputc('\n', f);
		}
	}
}

static const char *no_trends(const json_t *doc)
{
	return json_array_size(json_object_get(doc, "trends")) ? NULL : "There are no nights before this one.";
}

static const struct page_plot plots[] = {
	{ "night-trend", { "Trends",
			   "Night by night the centre of the repeats, for what changed and for what moved most, with steps where the level changed; the tables below have the numbers",
			   "Points are the centres of a night's repeats, bars reach from the least to the largest of them. The line is the level; a step in it is a change that is believed. "
			   "What changed tonight comes first." },
	  trends, no_trends },
	{ "night-shift", { "Tonight against the nights before",
			   "Change of each cell and measure in percent with its interval; the tables below have the numbers",
			   "Change against the level before with its interval. Orange: slower; green: faster; grey: the same; hollow: unknown or unstable. For IOPS less is "
			   "slower, for latency and CPU more." },
	  shifts, no_shifts },
};

const struct page_kind report_night = {
	.kind = "night", .file = "night.json", .title = "Was last night slower?",
	.answer = page_answer, .intro = intro, .body = body, .plot = plots, .plots = NR(plots),
};
