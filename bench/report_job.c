// SPDX-License-Identifier: GPL-2.0-only
#include "report_job.h"

#include <math.h>
#include <string.h>

#include "fiojson.h"

#define NR(array) (sizeof(array) / sizeof(*(array)))

/* What is told of a way or a setting, in the order of the tables' columns. */
static const struct {
	const char *key;
	double scale;
} figures[] = {
	{ "iops", 1 }, { "lat_mean_us", 1 }, { "lat_p50_us", 1 }, { "lat_p99_us", 1 }, { "cpu_us_per_io", 1 }, { "duty", 100 }, { "wakeups_per_s", 1 },
};

#define FIGURES "#per second|#mean us|#p50 us|#p99 us|#CPU us per I/O|#SQ duty %|#wake-ups per s"

static const json_t *ways_of(const json_t *doc)
{
	return json_object_get(doc, "ways");
}

static void intro(FILE *f, const struct page_in *in)
{
	const json_t *load = json_object_get(in->doc, "load"), *objective = json_object_get(in->doc, "objective");
	double share = 100.0 * page_whole(in->doc, "runs") / page_whole(in->doc, "sweep_runs");

	page_options_of_chosen(f, in->doc, ways_of(in->doc), "way");
	fputs("<p class=\"dim\">Run ", f);
	html_text(f, in->id);
	fprintf(f, ": %u runs of at most %u s of ", page_whole(in->doc, "runs"), page_whole(in->doc, "seconds"));
	html_text(f, page_string(in->run, "job"));
	fprintf(f, ", %.1f %% of those of a sweep that tries each setting five times. The load: %u requests in %.1f s, gaps between activity %.0f us (median), %.0f us (p99), %.0f us (longest)%s. "
		   "Cost of a request: ",
		share, page_whole(load, "requests"), json_number_at(load, "span_s"), json_number_at(load, "gap_p50_us"), json_number_at(load, "gap_p99_us"),
		json_number_at(load, "gap_longest_us"), json_is_true(json_object_get(load, "paced")) ? ", sent when they are due" : "");
	html_text(f, page_string(objective, "cost"));
	fputs(" (us of latency and of CPU of both threads, times these prices)", f);
	if (json_is_number(json_object_get(objective, "max_p99_us")))
		fprintf(f, "; p99 at most %.0f us", json_number_at(objective, "max_p99_us"));
	if (json_is_number(json_object_get(objective, "cpu_budget")))
		fprintf(f, "; at most %g CPUs", json_number_at(objective, "cpu_budget"));
	fputs(". Kernel ", f);
	html_text(f, page_string(in->env, "kernel"));
	fprintf(f, ", HZ=%u.</p>\n", page_whole(in->doc, "hz"));
	html_warnings(f, json_object_get(in->doc, "warnings"));
}

static void figure_cells(FILE *f, const json_t *of)
{
	for (size_t i = 0; i < NR(figures); i++)
		html_number(f, figures[i].scale * json_number_at(of, figures[i].key));
}

static void ways_table(FILE *f, const json_t *doc)
{
	const json_t *way;
	size_t i;

	fputs("<h2>What was run</h2>", f);
	html_table(f, "way|#runs|" FIGURES "|#cost us|");
	json_array_foreach(ways_of(doc), i, way) {
		bool present = json_is_true(json_object_get(way, "present"));

		fprintf(f, "<tr%s>", page_is_chosen(doc, way, "way") ? " class=\"best\"" : "");
		html_cell(f, "k", page_string(way, "says"));
		html_number(f, page_whole(way, "runs"));
		figure_cells(f, json_object_get(way, "seen"));
		html_number(f, json_number_at(way, "cost_us"));
		html_cell(f, "", *page_string(way, "reason") ? page_string(way, "reason") : present ? "as the job is now" : page_is_chosen(doc, way, "way") ? "recommended" : "");
		fputs("</tr>\n", f);
	}
	html_table_end(f);
	fputs("<p class=\"dim\">Medians of the runs; latency is fio's, submission included. The two best, with and without an SQ thread, ran in pairs, in turns first, unless one run of each was far apart as predicted.</p>\n", f);
}

static void settings_table(FILE *f, const json_t *doc)
{
	const json_t *one;
	size_t i;

	fputs("<h2>Every idle period</h2>", f);
	html_table(f, "idle period|" FIGURES);
	json_array_foreach(json_object_get(doc, "settings"), i, one) {
		char name[32];

		snprintf(name, sizeof(name), "%u ms", page_whole(one, "idle_ms"));
		fputs("<tr>", f);
		html_cell(f, "k", name);
		figure_cells(f, json_object_get(one, "predicted"));
		fputs("</tr>\n", f);
		if (!json_is_object(json_object_get(one, "measured")))
			continue;
		fputs("<tr>", f);
		html_cell(f, "dim k", "measured");
		figure_cells(f, json_object_get(one, "measured"));
		fputs("</tr>\n", f);
	}
	html_table_end(f);
	fputs("<p class=\"dim\">Predicted from one run whose SQ thread never slept, the wake-ups of one that slept as soon as it could, and the kernel's tick; equal settings "
	      "once, under their largest millisecond.</p>\n",
	      f);
}

static void body(FILE *f, const struct page_in *in)
{
	ways_table(f, in->doc);
	settings_table(f, in->doc);
}

static void front(FILE *f, const struct page_in *in)
{
	const json_t *one;
	size_t i;

	fputs("# cpu_us_per_io lat_mean_us name recommended present sqpoll\n\"predicted\"\n", f);
	json_array_foreach(json_object_get(in->doc, "settings"), i, one)
		fprintf(f, "%.6g\t%.6g\t%u ms\t0\t0\t1\n", json_number_at(one, "predicted.cpu_us_per_io"), json_number_at(one, "predicted.lat_mean_us"),
			page_whole(one, "idle_ms"));
	fputs("\n\n\"measured\"\n", f);
	json_array_foreach(ways_of(in->doc), i, one)
		if (json_is_object(json_object_get(one, "seen")))
			fprintf(f, "%.6g\t%.6g\t%s\t%d\t%d\t%d\n", json_number_at(one, "seen.cpu_us_per_io"), json_number_at(one, "seen.lat_mean_us"), page_string(one, "way"),
				page_is_chosen(in->doc, one, "way"), json_is_true(json_object_get(one, "present")), json_is_true(json_object_get(one, "sqpoll")));
	fprintf(f, "%.6g\t%.6g\tawake\t0\t0\t1\n", json_number_at(in->doc, "awake.cpu_us_per_io"), json_number_at(in->doc, "awake.lat_mean_us"));
}

static void idle_row(FILE *f, const json_t *of, double idle_ms)
{
	fprintf(f, "%.6g", idle_ms);
	page_real(f, json_number_at(of, "duty"));
	page_real(f, json_number_at(of, "lat_p50_us"));
	page_real(f, json_number_at(of, "lat_p99_us"));
	page_real(f, json_number_at(of, "wakeups_per_s"));
	fputc('\n', f);
}

static void idle(FILE *f, const struct page_in *in)
{
	const json_t *one, *measured;
	size_t i;

	fputs("# idle_ms duty p50_us p99_us wakeups_per_s\n\"predicted\"\n", f);
	json_array_foreach(json_object_get(in->doc, "settings"), i, one)
		idle_row(f, json_object_get(one, "predicted"), page_whole(one, "idle_ms"));
	fputs("\n\n\"measured\"\n", f);
	json_array_foreach(json_object_get(in->doc, "settings"), i, one) {
		measured = json_object_get(one, "measured");
		if (json_is_object(measured))
			idle_row(f, measured, page_whole(one, "idle_ms"));
	}
	json_array_foreach(ways_of(in->doc), i, one) {
		unsigned idle_ms;

		if (!strcmp(page_string(one, "way"), "sqpoll") && sscanf(page_string(one, "says"), "sq_thread_idle=%u", &idle_ms) == 1)
			idle_row(f, json_object_get(one, "seen"), idle_ms);
	}
}

static double at(const json_t *heat, const char *key, size_t row, size_t column)
{
	const json_t *v = json_array_get(json_array_get(json_object_get(heat, key), row), column);

	return json_is_number(v) ? json_number_value(v) : NAN;
}

static void heat(FILE *f, const struct page_in *in)
{
	const json_t *all = json_object_get(in->doc, "heat"), *idle_ms, *per_s;
	size_t i, k;

	fputs("# column row per_s idle_ms cost_to_plain duty rate_factor\n", f);
	json_array_foreach(json_object_get(all, "idle_ms"), i, idle_ms)
		json_array_foreach(json_object_get(all, "per_s"), k, per_s) {
			fprintf(f, "%zu\t%zu\t%.6g\t%d", k, i, json_number_value(per_s), (int)json_integer_value(idle_ms));
			page_real(f, at(all, "cost_to_plain", i, k));
			page_real(f, at(all, "duty", i, k));
			fprintf(f, "\t%g\n", json_number_value(json_array_get(json_object_get(all, "rate_factor"), k)));
		}
}

static const char *no_heat(const json_t *doc)
{
	if (json_is_object(json_object_get(doc, "heat")))
		return NULL;
	return *page_string(doc, "no_heat") ? page_string(doc, "no_heat") : "the run was made by a version that did not look at other rates";
}

static void cdf(FILE *f, const struct page_in *in)
{
	const json_t *way, *q;
	unsigned blocks = 0;
	size_t i, k;

	fputs("# us share_above lo_us hi_us\n", f);
	json_array_foreach(ways_of(in->doc), i, way) {
		if (!json_array_size(json_object_get(way, "quantiles")))
			continue;
		fprintf(f, "%s\"%s\"\n", blocks++ ? "\n\n" : "", page_string(way, "way"));
		json_array_foreach(json_object_get(way, "quantiles"), k, q)
			fprintf(f, "%.6g\t%.6g\t%.6g\t%.6g\n", json_number_value(json_array_get(q, 1)), 1 - json_number_value(json_array_get(q, 0)) / 100,
				json_number_value(json_array_get(q, 2)), json_number_value(json_array_get(q, 3)));
	}
}

static const struct page_plot plots[] = {
	{ "job-front", { "Latency against CPU",
			 "Mean latency against CPU time per request: a line of all idle periods as predicted, and a point for each way that was run, with the recommended one ringed",
			 "Left and down is better. The line is the prediction for every idle period, points were run; the ring is what is recommended, the square around a point is "
			 "how the job is set now. CPU of submitter and SQ thread together." },
	  front, NULL },
	{ "job-idle", { "What the idle period changes",
			"SQ-thread duty and latency p50 and p99 against the idle period: predicted as lines, measured as points",
			"Lines are predicted, points were measured. The duty is the SQ thread's share of one CPU." },
	  idle, NULL },
	{ "job-heat", { "If the load came slower or faster",
			"Cost of a request over that with plain io_uring, and SQ-thread duty, for idle periods (up) and request rates (across) from a sixteenth to sixteen times the present one, as coloured boxes with numbers",
			"Predicted, with all gaps stretched by one factor; latencies are those of now. Below 1 an SQ thread costs less than plain io_uring. The framed column is the load as it is." },
	  heat, no_heat },
	{ "job-cdf", { "Latencies to the last",
		       "Share of requests that take longer than a latency, on logarithmic axes down to one in ten thousand, one line for each way",
		       "How many requests take longer: further left is better, and lower. The thin lines are 95 % of what samples of this size would show." },
	  cdf, NULL },
};

const struct page_kind report_job = {
	.kind = "job", .file = "job.json", .title = "How to submit this job's I/O",
	.answer = page_answer, .intro = intro, .body = body, .plot = plots, .plots = NR(plots),
};
