// SPDX-License-Identifier: GPL-2.0-only
#include "report_share.h"

#include <math.h>

#include "fiojson.h"

#define NR(array) (sizeof(array) / sizeof(*(array)))

static void intro(FILE *f, const struct page_in *in)
{
	page_options_of_chosen(f, in->doc, json_object_get(in->doc, "ways"), "name");
	fputs("<p class=\"dim\">Run ", f);
	html_text(f, in->id);
	fprintf(f, ": %u rounds of at most %u s of the %u jobs of ", page_whole(in->doc, "rounds"), page_whole(in->doc, "seconds"), page_whole(in->doc, "jobs"));
	html_text(f, page_string(in->run, "job"));
	fputs(" in each way, as threads of one process, every other round in reverse order. Cost of a request: ", f);
	html_text(f, page_string(in->doc, "objective"));
	fputs(" (us of latency and of CPU of all threads, times these prices). Kernel ", f);
	html_text(f, page_string(in->env, "kernel"));
	html_host(f, json_object_get(in->doc, "host"));
	fputs(".</p>\n", f);
}

static void body(FILE *f, const struct page_in *in)
{
	static const struct {
		const char *key;
		double scale;
	} figures[] = { { "lat_mean_us", 1 }, { "lat_p99_us", 1 }, { "cpu_us_per_io", 1 }, { "duty", 100 }, { "sq_wait", 100 }, { "migrations", 1 } };
	const json_t *one;
	size_t i;

	fputs("<h2>Ways to share</h2>", f);
	html_table(f, "way|#jobs per SQ thread|#per second|#mean us|#p99 us|#CPU us per I/O|#SQ duty, all %|#without a CPU %|#moves|#cost us|#cost / plain|");
	json_array_foreach(json_object_get(in->doc, "ways"), i, one) {
		struct est speed = page_est(json_object_get(one, "per_s")), cost = page_est(json_object_get(one, "cost_us")),
			   ratio = page_est(json_object_get(one, "ratio_to_plain"));
		unsigned share = page_whole(one, "share");

		fprintf(f, "<tr%s>", page_is_chosen(in->doc, one, "name") ? " class=\"best\"" : "");
		html_cell(f, "k", page_string(one, "name"));
		html_number(f, share ? share : NAN);
		html_interval(f, &speed);
		for (size_t k = 0; k < NR(figures); k++)
			html_number(f, figures[k].scale * json_number_at(json_object_get(one, "seen"), figures[k].key));
		html_interval(f, &cost);
		html_interval(f, &ratio);
		html_cell(f, "", page_string(one, "reason"));
		fputs("</tr>\n", f);
	}
	html_table_end(f);
	fputs("<p class=\"dim\">Medians over the rounds with their order-statistics intervals; ratios are of the same round. Placed: an SQ thread each on CPUs that sq_thread_cpu=auto chose, or one alone on the last CPU. "
	      "Without a CPU: share of the time that SQ threads could have run and had none; moves: how often the kernel moved them to another one.</p>\n",
	      f);
}

static void curve(FILE *f, const struct page_in *in)
{
	static const char *const blocks[] = { "plain", "any", "placed" };
	const json_t *one;
	size_t i;

	fputs("# jobs_per_thread per_s lo hi cost_us lo hi chosen\n", f);
	for (size_t b = 0; b < NR(blocks); b++) {
		fprintf(f, "%s\"%s\"\n", b ? "\n\n" : "", blocks[b]);
		json_array_foreach(json_object_get(in->doc, "ways"), i, one) {
			struct est speed = page_est(json_object_get(one, "per_s")), cost = page_est(json_object_get(one, "cost_us"));
			size_t is_in = !page_whole(one, "share") ? 0 : json_is_true(json_object_get(one, "placed")) ? 2 : 1;

			if (is_in != b || !cost.n)
				continue;
			fprintf(f, "%u", page_whole(one, "share"));
			page_column(f, &speed);
			page_column(f, &cost);
			fprintf(f, "\t%d\n", page_is_chosen(in->doc, one, "name"));
		}
	}
}

static const struct page_plot plots[] = {
	{ "share", { "Jobs per SQ thread",
		     "Requests per second and cost of a request against the number of jobs that share an SQ thread, with intervals; plain io_uring as a line across; the table below has the numbers",
		     "Bars are the intervals of the medians; the line across is plain io_uring, which has no SQ thread. The ring is what is recommended." },
	  curve, NULL },
};

const struct page_kind report_share = {
	.kind = "share", .file = "share.json", .title = "How many SQ threads these jobs should have",
	.answer = page_answer, .intro = intro, .body = body, .plot = plots, .plots = NR(plots),
};
