// SPDX-License-Identifier: GPL-2.0-only
#include "report_fleet.h"

#include <math.h>
#include <string.h>

#include "fiojson.h"

#define NR(array) (sizeof(array) / sizeof(*(array)))

static void intro(FILE *f, const struct page_in *in)
{
	fputs("<p class=\"dim\">Night ", f);
	html_text(f, in->id);
	fprintf(f, " of %zu hosts of ", json_array_size(json_object_get(in->doc, "hosts")));
	html_text(f, page_string(in->run, "job"));
	fputs(", each measured through its fio server, at the same time, and compared with its own nights before. Each host's night is a run with a report of its own.</p>\n", f);
}

static void hosts(FILE *f, const json_t *doc)
{
	static const char *const texts[] = { "model", "serial", "kernel" }, *const counts[] = { "slower", "faster", "same", "unknown", "lost" };
	const json_t *one;
	size_t i;

	fputs("<h2>Hosts</h2>", f);
	html_table(f, "host|model|serial|kernel|#slower|#faster|#same|#unknown|#lost|night|no whole night, because");
	json_array_foreach(json_object_get(doc, "hosts"), i, one) {
		fputs("<tr>", f);
		html_cell(f, "k", page_string(one, "name"));
		for (size_t t = 0; t < NR(texts); t++)
			html_cell(f, "", page_string(one, texts[t]));
		for (size_t c = 0; c < NR(counts); c++)
			html_number(f, *page_string(one, "run") ? page_whole(json_object_get(one, "counts"), counts[c]) : NAN);
		html_cell(f, "k", page_string(one, "run"));
		html_cell(f, "", *page_string(one, "reason") ? page_string(one, "reason") : page_string(one, "died"));
		fputs("</tr>\n", f);
	}
	html_table_end(f);
}

static void models(FILE *f, const json_t *doc)
{
	const json_t *one;
	size_t i;

	fputs("<h2>All drives of a model</h2>", f);
	html_table(f, "model|cell|measure|#hosts|#change %|#p|verdict|");
	json_array_foreach(json_object_get(doc, "models"), i, one) {
		struct est e = page_shift_pct(one);

		fprintf(f, "<tr%s>", strcmp(page_string(one, "verdict"), "slower") ? "" : " class=\"best\"");
		html_cell(f, "k", page_string(one, "model"));
		html_cell(f, "k", page_string(one, "cell"));
		html_cell(f, "", page_string(one, "title"));
		html_number(f, page_whole(one, "hosts"));
		html_interval(f, &e);
		html_number(f, json_number_at(one, "p"));
		html_cell(f, "k", page_string(one, "verdict"));
		html_cell(f, "", page_string(one, "reason"));
		fputs("</tr>\n", f);
	}
	html_table_end(f);
	fputs("<p class=\"dim\">The median of the hosts' own changes. It is believed when more than half of the hosts have changed to that side, so that one host alone is no change of all.</p>\n", f);
}

static void outliers(FILE *f, const json_t *doc)
{
	const json_t *all = json_object_get(doc, "outliers"), *one;
	size_t i;

	fputs("<h2>Hosts that differ from their peers</h2>", f);
	if (!json_array_size(all)) {
		fputs("<p>None.</p>\n", f);
		return;
	}
	html_table(f, "host|cell|measure|what|#by %|#plus or minus|#p|");
	json_array_foreach(all, i, one) {
		fputs("<tr>", f);
		html_cell(f, "k", page_string(one, "host"));
		html_cell(f, "k", page_string(one, "cell"));
		html_cell(f, "", page_string(one, "title"));
		html_cell(f, "", !strcmp(page_string(one, "kind"), "shift") ? "changed otherwise than they" : "is at another level than they");
		html_number(f, 100 * json_number_at(one, "by"));
		html_number(f, 100 * json_number_at(one, "margin"));
		html_number(f, json_number_at(one, "p"));
		html_cell(f, "k", page_string(one, "verdict"));
		fputs("</tr>\n", f);
	}
	html_table_end(f);
}

static void body(FILE *f, const struct page_in *in)
{
	hosts(f, in->doc);
	outliers(f, in->doc);
	models(f, in->doc);
}

static bool is_outlier(const json_t *doc, const char *host, const json_t *level)
{
	const json_t *one;
	size_t i;

	json_array_foreach(json_object_get(doc, "outliers"), i, one)
		if (!strcmp(page_string(one, "kind"), "level") && !strcmp(page_string(one, "host"), host) && !strcmp(page_string(one, "cell"), page_string(level, "cell")) &&
		    !strcmp(page_string(one, "title"), page_string(level, "title")))
			return true;
	return false;
}

/* A line for each figure, on it a point for each host. */
static void levels(FILE *f, const struct page_in *in)
{
	const json_t *all = json_object_get(in->doc, "levels"), *names = json_object_get(in->doc, "hosts"), *one, *v;
	size_t i, h;

	fputs("# line figure by_pct outlier host first_of_its_line\n", f);
	json_array_foreach(all, i, one) {
		bool first = true;

		json_array_foreach(json_object_get(one, "by"), h, v) {
			const char *host = page_string(json_array_get(names, h), "name");

			if (!json_is_number(v))
				continue;
			fprintf(f, "%zu\t%s, %s\t%.6g\t%d\t%s\t%d\n", i, page_string(one, "cell"), page_string(one, "title"), 100 * json_number_value(v), is_outlier(in->doc, host, one), host,
				first);
			first = false;
		}
	}
}

static const char *no_levels(const json_t *doc)
{
	const json_t *one, *v;
	size_t i, h;

	json_array_foreach(json_object_get(doc, "levels"), i, one)
		json_array_foreach(json_object_get(one, "by"), h, v)
			if (json_is_number(v))
				return NULL;
	return "There are too few hosts with drives of one model to compare.";
}

static const struct page_plot plots[] = {
	{ "fleet", { "Each host beside its peers",
		     "Distance of each host from the median of all with a drive of its model, in percent, one line for each cell and measure; the tables below have what stands out",
		     "A point is a host; orange and named: it stands out. For IOPS less is slower, for latency and CPU more." },
	  levels, no_levels },
};

const struct page_kind report_fleet = {
	.kind = "fleet", .file = "fleet.json", .title = "Was last night slower, on all hosts or on one?",
	.answer = page_answer, .intro = intro, .body = body, .plot = plots, .plots = NR(plots),
};
