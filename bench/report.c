// SPDX-License-Identifier: GPL-2.0-only
#include "report.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "fiojson.h"
#include "html.h"
#include "plotdata.h"

static int figures(FILE *f, const struct report *r, struct why *why)
{
	static const struct html_plot about[PLOT_COUNT] = {
		[PLOT_LATENCY] = { "Latency against idle period",
				   "Median and 99th percentile latency for plain io_uring, each idle period, and SQPOLL kept awake, one panel per workload",
				   "p50 and p99 of an I/O, submission included; bars are intervals, dashed lines are plain io_uring's values. \"awake\" is SQPOLL that never sleeps." },
		[PLOT_DUTY] = { "What the SQ thread costs",
				"Share of time that the SQ thread is awake, against idle period, one line per workload, with theory dashed",
				"Share of one CPU that the SQ thread takes (points, solid), and what theory expects from gap and spin (dashed)." },
		[PLOT_FRONT] = { "Latency against CPU",
				 "Mean latency against CPU time per I/O for every arm, one panel per workload, with the recommended point ringed",
				 "CPU of submitter and SQ thread together. Left and down is better; the ring marks the setting recommended for the workload." },
		[PLOT_STAIRCASE] = { "Requested against effective idle",
				     "Effective idle period against requested idle period: a staircase of the kernel tick",
				     "The kernel rounds the idle period up to ticks and adds up to one: the band is what it promises, dots are a bare ring, squares what the engine saw in this run." },
	};
	int rc = 0;

	for (int i = 0; i < PLOT_COUNT && !rc; i++)
		rc = html_plot(f, r->svg_dir, plot_name(i), &about[i], r->t->g.hipri && i != PLOT_STAIRCASE ? " Hollow: with hipri." : "", why);
	return rc;
}

static void answers(FILE *f, const struct report *r)
{
	fputs("<h2>Answer for each workload</h2>", f);
	html_table(f, "workload|recommendation");
	for (unsigned w = 0; w < r->t->g.nw; w++) {
		char s[700];

		verdict_workload_sentence(s, sizeof(s), r->a, &r->t->g, w);
		fputs("<tr>", f);
		html_cell(f, "k", r->t->g.w[w].name);
		html_cell(f, "", s);
		fputs("</tr>\n", f);
	}
	html_table_end(f);
	fprintf(f, "<p class=\"dim\">const: evenly spaced arrivals per second; poisson: random ones; burst: %d at once, so many per second on average; full: that many always in flight. "
		   "Cost of an I/O = mean latency + %g &#215; CPU time of both threads; a difference below %.0f %% is called not worth having.</p>\n",
		GRID_BURST, r->a->cpu_price, 100 * VERDICT_WORTH);
	if (r->t->g.hipri)
		fputs("<p class=\"dim\">hipri: completions are polled for, by the SQ thread or, in plain+hipri, by the submitter, and raise no interrupt. "
		      "SQPOLL is compared with plain+hipri where that is worth having over plain.</p>\n",
		      f);
}

/* Three decimals: the engine's few enters at a ring's start are none per I/O. */
static double per_io(const struct est *e)
{
	return e->n ? round(1000 * e->value) / 1000 : NAN;
}

static void numbers(FILE *f, const struct report *r)
{
	fputs("<h2>Numbers</h2>", f);
	html_table(f, "workload|arm|#I/Os|#per second|#mean us|#p50 us|#p99 us|#CPU us per I/O|#SQ duty %|#enters per I/O|#interrupts per I/O|#cost us");
	for (unsigned w = 0; w < r->t->g.nw; w++) {
		for (unsigned a = 0; a < r->t->g.na; a++) {
			const struct point *p = &r->a->point[w][a];
			bool best = r->a->choice[w].verdict != VERDICT_UNKNOWN &&
				    verdict_recommended(&r->a->choice[w]) == a;

			fprintf(f, "<tr%s>", best ? " class=\"best\"" : "");
			html_cell(f, "k", r->t->g.w[w].name);
			html_cell(f, "k", r->t->g.a[a].name);
			html_number(f, p->ios);
			html_number(f, p->iops.value);
			html_interval(f, &p->lat_mean_us);
			html_interval(f, &p->lat_p50_us);
			html_interval(f, &p->lat_p99_us);
			html_interval(f, &p->cpu_us_per_io);
			html_number(f, p->duty.n ? round(1000 * p->duty.value) / 10 : NAN);
			html_number(f, per_io(&p->enters_per_io));
			html_number(f, per_io(&p->interrupts_per_io));
			html_interval(f, &p->cost_us);
			fputs("</tr>\n", f);
		}
	}
	html_table_end(f);
	fputs("<p class=\"dim\">Medians over repeats with their intervals; p99 is of all repeats together. Bold: recommended. "
	      "Enters are the engine's own count, so plain io_uring has none; interrupts are those of an NVMe drive's I/O queues.</p>\n",
	      f);
}

static void raw(FILE *f, const struct report *r)
{
	unsigned n = grid_cells(&r->t->g, &r->t->plan);

	fprintf(f, "<details><summary>Raw numbers of all %u cells, in the order they ran</summary>", n);
	html_table(f, "#cell|#repeat|workload|arm|#I/Os|#mean us|#p50 us|#p99 us|#submitter CPUs|#SQ CPUs|#wake-ups|#enters|#interrupts");
	for (unsigned i = 0; i < n; i++) {
		const struct measure *m = &r->m[i];

		fprintf(f, "<tr><td class=\"n\">%04u</td><td class=\"n\">%u</td>", i + 1, m->at.repeat + 1);
		html_cell(f, "k", r->t->g.w[m->at.workload].name);
		html_cell(f, "k", r->t->g.a[m->at.arm].name);
		html_number(f, m->ok ? m->ios : NAN);
		html_number(f, m->ok ? m->lat_mean_us : NAN);
		html_number(f, hist_percentile(&m->lat_ns, 50) / 1e3);
		html_number(f, hist_percentile(&m->lat_ns, 99) / 1e3);
		html_number(f, m->ok ? m->app_cores : NAN);
		html_number(f, m->ok ? m->sq_cores : NAN);
		html_number(f, m->ok ? m->wakeups : NAN);
		html_number(f, m->ok ? m->enters : NAN);
		html_number(f, m->ok ? m->interrupts : NAN);
		fputs("</tr>\n", f);
	}
	html_table_end(f);
	fputs("</details>\n", f);
}

static void repeat(FILE *f, const struct report *r)
{
	const char *note = json_string_value(json_object_get(r->t->settings, "note"));

	fputs("<h2>Do it again</h2>", f);
	if (note) {
		fputs("<p>", f);
		html_text(f, note);
		fputs("</p>", f);
	}
	fputs("<pre>", f);
	html_text(f, r->command);
	fputs("</pre><p>One cell alone, on a file or device of your choice:</p><pre>FILENAME=data.bin STATS_FILE=engine.jsonl fio --readonly ",
	      f);
	html_text(f, r->t->run.final);
	fputs("/cells/0001/job.fio</pre>\n", f);
}

static void head(FILE *f, const struct report *r)
{
	const char *note = json_string_value(json_object_get(r->t->settings, "note"));
	const json_t *target = json_object_get(r->env, "target");
	const char *model = json_string_value(json_object_get(target, "model"));
	const char *path = json_string_value(json_object_get(r->t->settings, "target"));
	const struct plan *p = &r->t->plan;
	char s[2000];

	verdict_sentence(s, sizeof(s), r->a, &r->t->g);
	html_begin(f, "SQPOLL idle period: what to set here");
	fputs("<p class=\"answer\">", f);
	html_text(f, s);
	fprintf(f, ".</p>\n<p class=\"dim\">Run %s: 4 KiB random reads, %u workloads &#215; %u arms &#215; %u repeats of %.2f s, arms interleaved and reversed every other repeat. Kernel ",
		r->t->run.id, r->t->g.nw, r->t->g.na, p->repeats, p->cell_ms / 1e3);
	html_text(f, json_string_value(json_object_get(r->env, "kernel")));
	fprintf(f, ", HZ=%u, %s, %s I/O on ", r->t->hz, r->t->fio.version, r->t->target.direct ? "direct" : "buffered");
	html_text(f, path ? path : "a scratch file");
	if (model) {
		fputs(" (", f);
		html_text(f, model);
		fputs(")", f);
	}
	fputs(".", f);
	if (note) {
		fputs(" ", f);
		html_text(f, note);
	}
	fputs("</p>\n", f);
}

int report_write(const char *dir, const struct report *r, struct why *why)
{
	struct draft d;
	int rc = store_draft(&d, why);

	if (rc)
		return rc;
	head(d.f, r);
	answers(d.f, r);
	html_warnings(d.f, r->warnings);
	rc = figures(d.f, r, why);
	numbers(d.f, r);
	html_environment(d.f, r->env);
	repeat(d.f, r);
	raw(d.f, r);
	html_end(d.f);
	return store_draft_keep(&d, rc, dir, "report.html", why);
}

static json_t *est_json(const struct est *e)
{
	return json_pack("{s:o, s:o, s:o, s:f, s:i}", "value", json_finite(e->value), "lo", json_finite(e->lo), "hi",
			 json_finite(e->hi), "coverage", e->cover, "n", (int)e->n);
}

static json_t *choice_json(const struct choice *c, const struct grid *g)
{
	return json_pack("{s:s, s:s, s:s, s:s, s:o, s:o, s:o}", "verdict", verdict_name(c->verdict), "recommended",
			 g->a[verdict_recommended(c)].name, "base", g->a[c->base].name, "best_sqpoll", c->arm ? g->a[c->arm].name : "none",
			 "cost_ratio", est_json(&c->ratio), "latency_ratio", json_finite(c->latency_ratio),
			 "cpu_ratio", json_finite(c->cpu_ratio));
}

static json_t *points_json(const struct report *r, unsigned w)
{
	json_t *all = json_array();

	for (unsigned a = 0; a < r->t->g.na; a++) {
		const struct point *p = &r->a->point[w][a];

		json_array_append_new(all, json_pack("{s:s, s:i, s:f, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}",
						     "arm",
						     r->t->g.a[a].name, "n", (int)p->n, "ios", p->ios, "iops",
						     est_json(&p->iops), "lat_us_mean", est_json(&p->lat_mean_us),
						     "lat_us_p50", est_json(&p->lat_p50_us), "lat_us_p99",
						     est_json(&p->lat_p99_us), "cpu_us_per_io",
						     est_json(&p->cpu_us_per_io), "cores", est_json(&p->cores), "sq_duty",
						     est_json(&p->duty), "cost_us", est_json(&p->cost_us),
						     "idle_ms_effective", est_json(&p->idle_ms_effective),
						     "enters_per_io", est_json(&p->enters_per_io),
						     "interrupts_per_io", est_json(&p->interrupts_per_io)));
	}
	return all;
}

json_t *report_analysis(const struct report *r)
{
	json_t *workloads = json_array();
	char s[2000];

	for (unsigned w = 0; w < r->t->g.nw; w++) {
		json_t *one = choice_json(&r->a->choice[w], &r->t->g);

		json_object_set_new(one, "name", json_string(r->t->g.w[w].name));
		json_object_set_new(one, "points", points_json(r, w));
		json_array_append_new(workloads, one);
	}
	verdict_sentence(s, sizeof(s), r->a, &r->t->g);
	return json_pack("{s:s, s:s, s:s, s:b, s:f, s:o, s:o, s:O}", "schema", "sqbench-analysis/1", "id", r->t->run.id,
			 "recommend", s, "emulated", r->a->emulated, "cpu_price", r->a->cpu_price, "overall",
			 choice_json(&r->a->overall, &r->t->g), "workloads", workloads, "warnings", r->warnings);
}
