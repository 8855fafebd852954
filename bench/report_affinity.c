// SPDX-License-Identifier: GPL-2.0-only
#include "report_affinity.h"

#include <math.h>

#include "fiojson.h"

#define NR(array) (sizeof(array) / sizeof(*(array)))

static const json_t *placements_of(const json_t *doc)
{
	return json_object_get(doc, "placements");
}

static void intro(FILE *f, const struct page_in *in)
{
	fputs("<p class=\"dim\">Run ", f);
	html_text(f, in->id);
	fprintf(f, ": %u rounds of at most %u s of ", page_whole(in->doc, "rounds"), page_whole(in->doc, "seconds"));
	html_text(f, page_string(in->run, "job"));
	fprintf(f, " in each place, every other round in reverse order; the job on CPU %u, but with \"any\", where the scheduler places both. Cost of a request: ",
		page_whole(in->doc, "job_cpu"));
	html_text(f, page_string(in->doc, "objective"));
	fputs(" (us of latency and of CPU of both threads, times these prices). Kernel ", f);
	html_text(f, page_string(in->env, "kernel"));
	html_host(f, json_object_get(in->doc, "host"));
	fputs(".</p>\n", f);
}

/* "1", or "0, 1" when it was not always the same. */
static void ran_on(FILE *f, const json_t *placement)
{
	const json_t *all = json_object_get(placement, "ran_on"), *one;
	size_t i;

	fputs("<td class=\"k\">", f);
	json_array_foreach(all, i, one)
		fprintf(f, "%s%d", i ? ", " : "", (int)json_integer_value(one));
	fputs("</td>", f);
}

static void body(FILE *f, const struct page_in *in)
{
	static const char *const figures[] = { "iops", "lat_mean_us", "lat_p50_us", "lat_p99_us", "cpu_us_per_io" };
	const json_t *one;
	size_t i;

	fputs("<h2>Places</h2>", f);
	html_table(f, "SQ thread|#CPU|ran on|#per second|#mean us|#p50 us|#p99 us|#CPU us per I/O|#SQ duty %|#without a CPU %|#moves|#cost us|#cost / any|");
	json_array_foreach(placements_of(in->doc), i, one) {
		struct est cost = page_est(json_object_get(one, "cost_us")), ratio = page_est(json_object_get(one, "ratio_to_any"));
		const json_t *seen = json_object_get(one, "seen"), *cpu = json_object_get(one, "cpu");

		fprintf(f, "<tr%s>", page_is_chosen(in->doc, one, "name") ? " class=\"best\"" : "");
		html_cell(f, "k", page_string(one, "name"));
		html_number(f, json_is_integer(cpu) ? (double)json_integer_value(cpu) : NAN);
		ran_on(f, one);
		for (size_t k = 0; k < NR(figures); k++)
			html_number(f, json_number_at(seen, figures[k]));
		html_number(f, 100 * json_number_at(seen, "duty"));
		html_number(f, 100 * json_number_at(seen, "sq_wait"));
		html_number(f, json_number_at(seen, "migrations"));
		html_interval(f, &cost);
		html_interval(f, &ratio);
		html_cell(f, "", *page_string(one, "reason") ? page_string(one, "reason") : page_string(one, "what"));
		fputs("</tr>\n", f);
	}
	html_table_end(f);
	fputs("<p class=\"dim\">Medians over the rounds with their order-statistics intervals; ratios are of the same round. \"Ran on\" is where the kernel had the SQ thread at the end of a run; "
	      "without a CPU: share of the time that it could have run and had none; moves: how often the kernel moved it to another one.</p>\n", f);
}

static void costs(FILE *f, const struct page_in *in)
{
	const json_t *one;
	unsigned row = 0;
	size_t i;

	fputs("# row name cost_us lo hi chosen\n", f);
	json_array_foreach(placements_of(in->doc), i, one) {
		struct est e = page_est(json_object_get(one, "cost_us"));
		const json_t *cpu = json_object_get(one, "cpu");
		char name[48];

		if (!e.n)
			continue;
		snprintf(name, sizeof(name), json_is_integer(cpu) ? "%s (CPU %d)" : "%s", page_string(one, "name"), (int)json_integer_value(cpu));
		fprintf(f, "%u\t%s", row++, name);
		page_column(f, &e);
		fprintf(f, "\t%d\n", page_is_chosen(in->doc, one, "name"));
	}
}

static void map(FILE *f, const struct page_in *in)
{
	const json_t *one, *tried;
	size_t i, k;

	fputs("# cpu core thread cache node class(0 job,1 smt,2 llc,3 node,4 remote) tried ratio_to_any\n", f);
	json_array_foreach(json_object_get(in->doc, "cpus"), i, one) {
		double ratio = NAN;

		json_array_foreach(placements_of(in->doc), k, tried)
			if (json_is_integer(json_object_get(tried, "cpu")) && page_whole(tried, "cpu") == page_whole(one, "cpu") && !*page_string(tried, "reason"))
				ratio = page_est(json_object_get(tried, "ratio_to_any")).value;
		fprintf(f, "%u\t%u\t%u\t%u\t%u\t%u", page_whole(one, "cpu"), page_whole(one, "core"), page_whole(one, "thread"), page_whole(one, "cache"), page_whole(one, "node"),
			page_whole(one, "class"));
		page_real(f, ratio);
		fputc('\n', f);
	}
}

static const struct page_plot plots[] = {
	{ "affinity", { "What each place costs",
			"Cost of a request for each place of the SQ thread with its interval, one line each; the table below has the numbers",
			"Further left is better; the line is the interval of the median. The ring is what is recommended." },
	  costs, NULL },
	{ "affinity-map", { "The machine",
			    "Each CPU as a box, threads of a core above each other, coloured by its nearness to the job's CPU; those that were tried have the cost of a request there over that of \"any\"",
			    "Threads of a core stand above each other, cores of a cache side by side. The number below a CPU is the cost of a request with the SQ thread there, over that of \"any\"." },
	  map, NULL },
};

const struct page_kind report_affinity = {
	.kind = "affinity", .file = "affinity.json", .title = "Where the SQ thread should sit",
	.answer = page_answer, .intro = intro, .body = body, .plot = plots, .plots = NR(plots),
};
