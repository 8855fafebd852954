// SPDX-License-Identifier: GPL-2.0-only
#include "report.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "plotdata.h"

static const char style[] =
	":root{color-scheme:light dark;--ink:#1b1f24;--dim:#57606a;--paper:#fff;--card:#f6f8fa;--line:#d0d7de;--accent:#0072b2}\n"
	"@media (prefers-color-scheme:dark){:root{--ink:#e6edf3;--dim:#9da7b3;--paper:#0d1117;--card:#161b22;--line:#30363d;--accent:#56b4e9}}\n"
	"*{box-sizing:border-box}body{margin:0;background:var(--paper);color:var(--ink);font:16px/1.5 system-ui,sans-serif}\n"
	"main{max-width:1080px;margin:0 auto;padding:1.5rem 1rem 4rem}h1{font-size:1.5rem;margin:0 0 .5rem}h2{font-size:1.2rem;margin:2.2rem 0 .6rem}\n"
	".answer{border-left:6px solid var(--accent);background:var(--card);padding:1rem 1.2rem;font-size:1.15rem;overflow-wrap:anywhere}\n"
	".dim{color:var(--dim)}figure{margin:1rem 0;background:#fff;border:1px solid var(--line);border-radius:6px;padding:.5rem}\n"
	"figure svg{display:block;width:100%;height:auto}figcaption{color:#57606a;padding:.2rem .6rem .4rem;font-size:.92rem}\n"
	".scroll{overflow-x:auto}table{border-collapse:collapse;font-size:.88rem;width:100%}th,td{text-align:left;padding:.25rem .45rem;border-bottom:1px solid var(--line);vertical-align:top}\n"
	"td.n,th.n{text-align:right;font-variant-numeric:tabular-nums}td.n{white-space:nowrap}th{vertical-align:bottom!important}td.k{white-space:nowrap}small{color:var(--dim);font-weight:400}tr.best td{font-weight:600;background:var(--card)}\n"
	"pre{background:var(--card);border:1px solid var(--line);padding:.7rem 1rem;overflow-x:auto;font-size:.88rem}summary{cursor:pointer}\n";

static void text(FILE *f, const char *s)
{
	for (; s && *s; s++) {
		switch (*s) {
		case '&':
			fputs("&amp;", f);
			break;
		case '<':
			fputs("&lt;", f);
			break;
		case '>':
			fputs("&gt;", f);
			break;
		case '"':
			fputs("&quot;", f);
			break;
		default:
			fputc(*s, f);
		}
	}
}

static void cell(FILE *f, const char *class, const char *s)
{
	fprintf(f, "<td class=\"%s\">", class);
	text(f, s);
	fputs("</td>", f);
}

/* Four digits that count, without an exponent. */
static void figure(FILE *f, double v)
{
	if (!isfinite(v))
		fputs("-", f);
	else if (fabs(v) >= 1000)
		fprintf(f, "%.0f", v);
	else
		fprintf(f, "%.4g", v);
}

static void number(FILE *f, double v)
{
	fputs("<td class=\"n\">", f);
	figure(f, v);
	fputs("</td>", f);
}

static void interval(FILE *f, const struct est *e)
{
	fputs("<td class=\"n\">", f);
	figure(f, e->n ? e->value : NAN);
	if (e->n) {
		fputs("<br><small>", f);
		figure(f, e->lo);
		fputs(" to ", f);
		figure(f, e->hi);
		fputs("</small>", f);
	}
	fputs("</td>", f);
}

/* Length of what stands before an id or a reference to one, 0 when P is at neither. */
static size_t id_mark(const char *p)
{
	static const char *const marks[] = { " id='", " id=\"", "href='#", "href=\"#", "url(#" };

	for (size_t i = 0; i < sizeof(marks) / sizeof(*marks); i++)
		if (!strncmp(p, marks[i], strlen(marks[i])))
			return strlen(marks[i]);
	return 0;
}

/* Copies the drawing without its prolog; ids get PREFIX, because one page holds several drawings. */
static void inline_svg(FILE *f, const char *svg, const char *prefix, const char *alt)
{
	const char *start = strstr(svg, "<svg"), *body = start ? strstr(start, "</title>") : NULL;

	if (!body)
		return;
	fputs("<svg role=\"img\" aria-label=\"", f);
	text(f, alt);
	fputs("\"", f);
	start += 4;
	fwrite(start, 1, (size_t)(strstr(start, "<title>") - start), f);
	fputs("<title>", f);
	text(f, alt);
	for (const char *p = body; *p; p++) {
		size_t mark;

		if (!strncmp(p, "<desc>", 6) && strstr(p, "</desc>")) {
			p = strstr(p, "</desc>") + 6;
			continue;
		}
		mark = id_mark(p);
		fwrite(p, 1, mark ? mark : 1, f);
		if (mark) {
			fprintf(f, "%s-", prefix);
			p += mark - 1;
		}
	}
}

static int figures(FILE *f, const struct report *r, struct why *why)
{
	static const struct {
		const char *heading;
		const char *alt;
		const char *caption;
	} about[PLOT_COUNT] = {
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

	for (int i = 0; i < PLOT_COUNT; i++) {
		char path[PATH_MAX], name[64], *svg;

		snprintf(name, sizeof(name), "%s.svg", plot_name(i));
		if (store_path(path, sizeof(path), r->svg_dir, name))
			return -ENAMETOOLONG;
		svg = store_read(path, why);
		if (!svg)
			return -ENOENT;
		fprintf(f, "<h2>%s</h2>\n<figure>", about[i].heading);
		inline_svg(f, svg, plot_name(i), about[i].alt);
		fprintf(f, "<figcaption>%s%s</figcaption></figure>\n", about[i].caption,
			r->t->g.hipri && i != PLOT_STAIRCASE ? " Hollow: with hipri." : "");
		free(svg);
	}
	return 0;
}

static void answers(FILE *f, const struct report *r)
{
	fputs("<h2>Answer for each workload</h2><div class=\"scroll\"><table><tr><th>workload</th><th>recommendation</th></tr>\n",
	      f);
	for (unsigned w = 0; w < r->t->g.nw; w++) {
		char s[700];

		verdict_workload_sentence(s, sizeof(s), r->a, &r->t->g, w);
		fputs("<tr>", f);
		cell(f, "k", r->t->g.w[w].name);
		cell(f, "", s);
		fputs("</tr>\n", f);
	}
	fprintf(f, "</table></div><p class=\"dim\">const: evenly spaced arrivals per second; poisson: random ones; burst: %d at once, so many per second on average; full: that many always in flight. "
		   "Cost of an I/O = mean latency + %g &times; CPU time of both threads; a difference below %.0f %% is called not worth having.</p>\n",
		GRID_BURST, r->a->cpu_price, 100 * VERDICT_WORTH);
	if (r->t->g.hipri)
		fputs("<p class=\"dim\">hipri: completions are polled for, by the SQ thread or, in plain+hipri, by the submitter, and raise no interrupt. "
		      "SQPOLL is compared with plain+hipri where that is worth having over plain.</p>\n",
		      f);
}

static void warnings(FILE *f, const struct report *r)
{
	fputs("<h2>Warnings</h2>", f);
	if (!json_array_size(r->warnings)) {
		fputs("<p>None.</p>\n", f);
		return;
	}
	fputs("<div class=\"scroll\"><table><tr><th>about</th><th>what was seen</th><th>advice</th></tr>\n", f);
	for (size_t i = 0; i < json_array_size(r->warnings); i++) {
		const json_t *one = json_array_get(r->warnings, i);

		fputs("<tr>", f);
		cell(f, "k", json_string_value(json_object_get(one, "about")));
		cell(f, "", json_string_value(json_object_get(one, "text")));
		cell(f, "", json_string_value(json_object_get(one, "advice")));
		fputs("</tr>\n", f);
	}
	fputs("</table></div>\n", f);
}

/* Three decimals: the engine's few enters at a ring's start are none per I/O. */
static double per_io(const struct est *e)
{
	return e->n ? round(1000 * e->value) / 1000 : NAN;
}

static void numbers(FILE *f, const struct report *r)
{
	fputs("<h2>Numbers</h2><div class=\"scroll\"><table><tr><th>workload</th><th>arm</th><th class=\"n\">I/Os</th><th class=\"n\">per second</th>"
	      "<th class=\"n\">mean us</th><th class=\"n\">p50 us</th><th class=\"n\">p99 us</th><th class=\"n\">CPU us per I/O</th><th class=\"n\">SQ duty %</th><th class=\"n\">enters per I/O</th><th class=\"n\">interrupts per I/O</th><th class=\"n\">cost us</th></tr>\n",
	      f);
	for (unsigned w = 0; w < r->t->g.nw; w++) {
		for (unsigned a = 0; a < r->t->g.na; a++) {
			const struct point *p = &r->a->point[w][a];
			bool best = r->a->choice[w].verdict != VERDICT_UNKNOWN &&
				    verdict_recommended(&r->a->choice[w]) == a;

			fprintf(f, "<tr%s>", best ? " class=\"best\"" : "");
			cell(f, "k", r->t->g.w[w].name);
			cell(f, "k", r->t->g.a[a].name);
			number(f, p->ios);
			number(f, p->iops.value);
			interval(f, &p->lat_mean_us);
			interval(f, &p->lat_p50_us);
			interval(f, &p->lat_p99_us);
			interval(f, &p->cpu_us_per_io);
			number(f, p->duty.n ? round(1000 * p->duty.value) / 10 : NAN);
			number(f, per_io(&p->enters_per_io));
			number(f, per_io(&p->interrupts_per_io));
			interval(f, &p->cost_us);
			fputs("</tr>\n", f);
		}
	}
	fputs("</table></div><p class=\"dim\">Medians over repeats with their intervals; p99 is of all repeats together. Bold: recommended. "
	      "Enters are the engine's own count, so plain io_uring has none; interrupts are those of an NVMe drive's I/O queues.</p>\n",
	      f);
}

static void raw(FILE *f, const struct report *r)
{
	unsigned n = grid_cells(&r->t->g, &r->t->plan);

	fprintf(f, "<details><summary>Raw numbers of all %u cells, in the order they ran</summary><div class=\"scroll\"><table><tr><th class=\"n\">cell</th><th class=\"n\">repeat</th><th>workload</th><th>arm</th>"
		   "<th class=\"n\">I/Os</th><th class=\"n\">mean us</th><th class=\"n\">p50 us</th><th class=\"n\">p99 us</th><th class=\"n\">submitter CPUs</th><th class=\"n\">SQ CPUs</th><th class=\"n\">wake-ups</th><th class=\"n\">enters</th><th class=\"n\">interrupts</th></tr>\n",
		n);
	for (unsigned i = 0; i < n; i++) {
		const struct measure *m = &r->m[i];

		fprintf(f, "<tr><td class=\"n\">%04u</td><td class=\"n\">%u</td>", i + 1, m->at.repeat + 1);
		cell(f, "k", r->t->g.w[m->at.workload].name);
		cell(f, "k", r->t->g.a[m->at.arm].name);
		number(f, m->ok ? m->ios : NAN);
		number(f, m->ok ? m->lat_mean_us : NAN);
		number(f, hist_percentile(&m->lat_ns, 50) / 1e3);
		number(f, hist_percentile(&m->lat_ns, 99) / 1e3);
		number(f, m->ok ? m->app_cores : NAN);
		number(f, m->ok ? m->sq_cores : NAN);
		number(f, m->ok ? m->wakeups : NAN);
		number(f, m->ok ? m->enters : NAN);
		number(f, m->ok ? m->interrupts : NAN);
		fputs("</tr>\n", f);
	}
	fputs("</table></div></details>\n", f);
}

static void env_rows(FILE *f, const json_t *o, const json_t *reasons, const char *prefix)
{
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)o, key, value) {
		char name[128], *plain;

		if (json_is_object(value)) {
			if (strcmp(key, "reasons"))
				env_rows(f, value, reasons, key);
			continue;
		}
		snprintf(name, sizeof(name), "%s%s%s", prefix, *prefix ? " " : "", key);
		plain = json_dumps(value, JSON_ENCODE_ANY | JSON_REAL_PRECISION(4));
		fputs("<tr>", f);
		cell(f, "k", name);
		if (json_is_null(value))
			cell(f, "dim", json_string_value(json_object_get(reasons, key)));
		else
			cell(f, "", json_is_string(value) ? json_string_value(value) : plain);
		fputs("</tr>\n", f);
		free(plain);
	}
}

static void environment(FILE *f, const struct report *r)
{
	fputs("<h2>Environment</h2><div class=\"scroll\"><table>\n", f);
	env_rows(f, r->env, json_object_get(r->env, "reasons"), "");
	fputs("</table></div>\n", f);
}

static void repeat(FILE *f, const struct report *r)
{
	const char *note = json_string_value(json_object_get(r->t->settings, "note"));

	fputs("<h2>Do it again</h2>", f);
	if (note) {
		fputs("<p>", f);
		text(f, note);
		fputs("</p>", f);
	}
	fputs("<pre>", f);
	text(f, r->command);
	fputs("</pre><p>One cell alone, on a file or device of your choice:</p><pre>FILENAME=data.bin STATS_FILE=engine.jsonl fio --readonly ",
	      f);
	text(f, r->t->run.final);
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
	fputs("<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">"
	      "<link rel=\"icon\" href=\"data:,\"><title>SQPOLL idle period: what to set here</title><style>\n",
	      f);
	fputs(style, f);
	fputs("</style></head><body><main>\n<h1>SQPOLL idle period: what to set here</h1>\n<p class=\"answer\">", f);
	text(f, s);
	fprintf(f, ".</p>\n<p class=\"dim\">Run %s: 4 KiB random reads, %u workloads &times; %u arms &times; %u repeats of %.2f s, arms interleaved and reversed every other repeat. Kernel ",
		r->t->run.id, r->t->g.nw, r->t->g.na, p->repeats, p->cell_ms / 1e3);
	text(f, json_string_value(json_object_get(r->env, "kernel")));
	fprintf(f, ", HZ=%u, %s, %s I/O on ", r->t->hz, r->t->fio.version, r->t->target.direct ? "direct" : "buffered");
	text(f, path ? path : "a scratch file");
	if (model) {
		fputs(" (", f);
		text(f, model);
		fputs(")", f);
	}
	fputs(".", f);
	if (note) {
		fputs(" ", f);
		text(f, note);
	}
	fputs("</p>\n", f);
}

int report_write(const char *path, const struct report *r, struct why *why)
{
	char *page = NULL;
	size_t size = 0;
	FILE *f = open_memstream(&page, &size);
	int rc;

	if (!f)
		return why_set(why, -ENOMEM, "out of memory");
	head(f, r);
	answers(f, r);
	warnings(f, r);
	rc = figures(f, r, why);
	numbers(f, r);
	environment(f, r);
	repeat(f, r);
	raw(f, r);
	fputs("</main></body></html>\n", f);
	fclose(f);
	if (!rc)
		rc = store_write(path, page, why);
	free(page);
	return rc;
}

static json_t *real_or_null(double v)
{
	return isfinite(v) ? json_real(v) : json_null();
}

static json_t *est_json(const struct est *e)
{
	return json_pack("{s:o, s:o, s:o, s:f, s:i}", "value", real_or_null(e->value), "lo", real_or_null(e->lo), "hi",
			 real_or_null(e->hi), "coverage", e->cover, "n", (int)e->n);
}

static json_t *choice_json(const struct choice *c, const struct grid *g)
{
	return json_pack("{s:s, s:s, s:s, s:s, s:o, s:o, s:o}", "verdict", verdict_name(c->verdict), "recommended",
			 g->a[verdict_recommended(c)].name, "base", g->a[c->base].name, "best_sqpoll", c->arm ? g->a[c->arm].name : "none",
			 "cost_ratio", est_json(&c->ratio), "latency_ratio", real_or_null(c->latency_ratio),
			 "cpu_ratio", real_or_null(c->cpu_ratio));
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
