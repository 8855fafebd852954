// SPDX-License-Identifier: GPL-2.0-only
#include "nightsay.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "fiojson.h"
#include "html.h"
#include "page.h"

#define LINES_MAX 15	/* of a screen, for what changed */

static unsigned count_of(const json_t *doc, const char *verdict)
{
	return page_whole(json_object_get(doc, "counts"), verdict);
}

static bool is(const json_t *o, const char *verdict)
{
	return !strcmp(page_string(o, "verdict"), verdict);
}

/* One line of what changed. */
struct said {
	const json_t *cell, *m;
};

/* Calls FN with each cell's measures of VERDICT; stops after MOST. How many there are in all. */
static unsigned each(const json_t *doc, const char *verdict, unsigned most, void (*fn)(FILE *f, const struct said *s), FILE *f)
{
	const json_t *cell;
	const char *name;
	json_t *m;
	size_t i;
	unsigned n = 0;

	json_array_foreach(json_object_get(doc, "cells"), i, cell)
		json_object_foreach(json_object_get(cell, "metrics"), name, m)
			if (json_is_true(json_object_get(m, "judged")) && is(m, verdict) && n++ < most)
				fn(f, &(struct said){ cell, m });
	return n;
}

static void say_coincidence(FILE *f, const json_t *m)
{
	const json_t *all = json_object_get(m, "coincides"), *one;
	size_t i;

	json_array_foreach(all, i, one)
		fprintf(f, "%s %s changed from %s to %s", i ? " and" : ", when", page_string(one, "what"), page_string(one, "was"), page_string(one, "is"));
}

static void say_change(FILE *f, const struct said *s)
{
	struct est e = page_est(json_object_get(s->m, "shift"));

	fprintf(f, "%s: %s %.1f %% %s [%.1f, %.1f]", page_string(s->cell, "name"), page_string(s->m, "title"), fabs(100 * e.value), e.value < 0 ? "lower" : "higher", 100 * e.lo,
		100 * e.hi);
	if (*page_string(s->m, "since"))
		fprintf(f, " since %.10s", page_string(s->m, "since"));
	say_coincidence(f, s->m);
}

static void say_first(FILE *f, const struct said *s)
{
	fputs(": ", f);
	say_change(f, s);
}

/* " (20 same, 1 unstable)": of all verdicts but slower, nothing where there are none. */
static void say_counts(FILE *f, const json_t *doc)
{
	static const char *const verdicts[] = { "same", "faster", "unknown", "unstable", "lost", "not measured" };
	bool first = true;

	for (size_t i = 0; i < sizeof(verdicts) / sizeof(*verdicts); i++) {
		unsigned n = count_of(doc, verdicts[i]);

		if (!n)
			continue;
		fprintf(f, "%s%u %s", first ? " (" : ", ", n, verdicts[i]);
		first = false;
	}
	fputs(first ? "" : ")", f);
}

/* With few nights only large changes can be told from chance. */
static void say_not_known(FILE *f, const json_t *doc)
{
	double least = INFINITY;
	const json_t *cell;
	size_t i;

	json_array_foreach(json_object_get(doc, "cells"), i, cell) {
		double visible = json_number_at(json_object_get(cell, "metrics"), "iops.visible");

		least = visible > 0 ? fmin(least, visible) : least;
	}
	if (isfinite(least))
		fprintf(f, "nothing got slower by so much that these few nights could tell, which is %.0f %% or more", ceil(100 * least));
	else
		fputs("not known yet: there are too few nights to compare with", f);
}

char *nightsay_answer(const json_t *doc)
{
	size_t size = 0, cells = json_array_size(json_object_get(doc, "cells"));
	unsigned slower = count_of(doc, "slower"), lost = count_of(doc, "lost");
	char *out = NULL;
	FILE *f = open_memstream(&out, &size);

	if (!f)
		return NULL;
	if (slower) {
		fprintf(f, "%u of %zu cells %s slower than on the nights before", slower, cells, slower == 1 ? "is" : "are");
		if (each(doc, "slower", 1, say_first, f) > 1)
			fputs("; and more", f);
	} else if (lost) {
		fprintf(f, "%u of %zu cells could not be measured any more", lost, cells);
	} else if (count_of(doc, "same") + count_of(doc, "faster")) {
		fputs("nothing got slower", f);
	} else {
		say_not_known(f, doc);
	}
	say_counts(f, doc);
	fclose(f);
	return out;
}

static void text_line(FILE *f, const struct said *s)
{
	fprintf(f, "%s: ", page_string(s->m, "verdict"));
	say_change(f, s);
	fputc('\n', f);
}

static void unmeasured(FILE *f, const json_t *doc, const char *before, const char *between)
{
	const json_t *cell;
	size_t i;

	json_array_foreach(json_object_get(doc, "cells"), i, cell)
		if (is(cell, "lost") || is(cell, "not measured"))
			fprintf(f, "%s%s: %s%s%s\n", before, page_string(cell, "verdict"), page_string(cell, "name"), between, page_string(cell, "reason"));
}

void nightsay_text(FILE *f, const json_t *doc)
{
	each(doc, "slower", (unsigned)-1, text_line, f);
	each(doc, "faster", (unsigned)-1, text_line, f);
	unmeasured(f, doc, "", ": ");
}

/* A cell of a Markdown table, where a bar would end it. */
static void markdown_text(FILE *f, const char *s)
{
	for (; *s; s++)
		fputs(*s == '|' ? "\\|" : (char[]){ *s, '\0' }, f);
}

/* As people write it: five digits and more without an exponent. */
static const char *figure(char *out, size_t size, double v)
{
	snprintf(out, size, fabs(v) >= 1e4 ? "%.0f" : "%.4g", v);
	return out;
}

static void markdown_line(FILE *f, const struct said *s)
{
	struct est e = page_est(json_object_get(s->m, "shift"));
	char before[32], now[32];

	fputs("| ", f);
	markdown_text(f, page_string(s->cell, "name"));
	fprintf(f, " | %s | %s | %s | %s | %+.1f [%+.1f, %+.1f] | %.10s | ", page_string(s->m, "title"), page_string(s->m, "verdict"),
		figure(before, sizeof(before), json_number_at(s->m, "baseline")), figure(now, sizeof(now), json_number_at(s->m, "centre")), 100 * e.value, 100 * e.lo, 100 * e.hi, page_string(s->m, "since"));
	for (size_t i = 0; i < json_array_size(json_object_get(s->m, "coincides")); i++) {
		const json_t *one = json_array_get(json_object_get(s->m, "coincides"), i);

		fprintf(f, "%s%s: ", i ? ", " : "", page_string(one, "what"));
		markdown_text(f, page_string(one, "was"));
		fputs(" to ", f);
		markdown_text(f, page_string(one, "is"));
	}
	fputs(" |\n", f);
}

void nightsay_markdown(FILE *f, const json_t *doc)
{
	unsigned slower = count_of(doc, "slower"), faster = count_of(doc, "faster"), said = 0, all = 0;
	const json_t *key = json_object_get(doc, "key");

	fprintf(f, "**%s: %s.**\n\n", page_string(doc, "host"), page_string(doc, "answer"));
	if (slower + faster) {
		fputs("| cell | measure | tonight | before | now | change % | since | what else changed then |\n|---|---|---|---|---|---|---|---|\n", f);
		all = each(doc, "slower", LINES_MAX, markdown_line, f);
		said = all < LINES_MAX ? all : LINES_MAX;
		all += each(doc, "faster", LINES_MAX - said, markdown_line, f);
		said = all < LINES_MAX ? all : LINES_MAX;
		if (all > said)
			fprintf(f, "\n%u more changed.\n", all - said);
		fputc('\n', f);
	}
	if (count_of(doc, "lost"))
		unmeasured(f, doc, "- ", ": ");
	fprintf(f, "Night `%s`, kernel %s, %s, %s; `sqbench report %s`\n", page_string(doc, "id"), page_string(key, "kernel"), page_string(key, "fio"),
		*page_string(key, "device_model") ? page_string(key, "device_model") : page_string(key, "device"), page_string(doc, "id"));
}

static void junit_case(FILE *f, const json_t *cell, const json_t *m, const char *name)
{
	const char *verdict = page_string(m ? m : cell, "verdict"), *reason = page_string(m ? m : cell, "reason");

	fputs("<testcase classname=\"", f);
	html_text(f, page_string(cell, "name"));
	fputs("\" name=\"", f);
	html_text(f, name);
	fputs("\"", f);
	if (!strcmp(verdict, "slower")) {
		char *text = NULL;
		size_t size = 0;
		FILE *said = open_memstream(&text, &size);

		fputs("><failure message=\"", f);
		if (said) {
			say_change(said, &(struct said){ cell, m });
			fclose(said);
			html_text(f, text);
		}
		free(text);
		fputs("\"/></testcase>\n", f);
	} else if (!strcmp(verdict, "lost")) {
		fputs("><error message=\"", f);
		html_text(f, reason);
		fputs("\"/></testcase>\n", f);
	} else if (strcmp(verdict, "same") && strcmp(verdict, "faster")) {
		fprintf(f, "><skipped message=\"%s%s", verdict, *reason ? ": " : "");
		html_text(f, reason);
		fputs("\"/></testcase>\n", f);
	} else {
		fputs("/>\n", f);
	}
}

void nightsay_junit(FILE *f, const json_t *doc)
{
	const json_t *cell;
	const char *name;
	json_t *m;
	size_t i;

	fputs("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites><testsuite name=\"sqbench nightly\" hostname=\"", f);
	html_text(f, page_string(doc, "host"));
	fprintf(f, "\" timestamp=\"%.19s\">\n", page_string(doc, "created"));
	json_array_foreach(json_object_get(doc, "cells"), i, cell) {
		if (is(cell, "lost") || is(cell, "not measured")) {
			junit_case(f, cell, NULL, "measured");
			continue;
		}
		json_object_foreach(json_object_get(cell, "metrics"), name, m)
			if (json_is_true(json_object_get(m, "judged")))
				junit_case(f, cell, m, name);
	}
	fputs("</testsuite></testsuites>\n", f);
}
