// SPDX-License-Identifier: GPL-2.0-only
#include "html.h"

#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "fiojson.h"
#include "store.h"

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
	"pre{background:var(--card);border:1px solid var(--line);padding:.7rem 1rem;overflow-x:auto;font-size:.88rem}summary{cursor:pointer}\n"
	"@media print{figure,tr,.answer{break-inside:avoid}h2{break-after:avoid}figure svg{max-height:75vh}}\n";

void html_begin(FILE *f, const char *title)
{
	fputs("<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"/><meta name=\"viewport\" content=\"width=device-width,initial-scale=1\"/>"
	      "<link rel=\"icon\" href=\"data:,\"/><title>",
	      f);
	html_text(f, title);
	fputs("</title><style>\n", f);
	fputs(style, f);
	fputs("</style></head><body><main>\n<h1>", f);
	html_text(f, title);
	fputs("</h1>\n", f);
}

void html_end(FILE *f)
{
	fputs("</main></body></html>\n", f);
}

void html_text(FILE *f, const char *s)
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

void html_figure(FILE *f, double v)
{
	if (!isfinite(v))
		fputs("-", f);
	else if (fabs(v) >= 1000)
		fprintf(f, "%.0f", v);
	else
		fprintf(f, "%.4g", v);
}

void html_cell(FILE *f, const char *class, const char *s)
{
	fprintf(f, "<td class=\"%s\">", class);
	html_text(f, s);
	fputs("</td>", f);
}

void html_number(FILE *f, double v)
{
	fputs("<td class=\"n\">", f);
	html_figure(f, v);
	fputs("</td>", f);
}

void html_interval(FILE *f, const struct est *e)
{
	fputs("<td class=\"n\">", f);
	html_figure(f, e->n ? e->value : NAN);
	if (e->n) {
		fputs("<br/><small>", f);
		html_figure(f, e->lo);
		fputs(" to ", f);
		html_figure(f, e->hi);
		fputs("</small>", f);
	}
	fputs("</td>", f);
}

void html_table(FILE *f, const char *columns)
{
	fputs("<div class=\"scroll\"><table><tr>", f);
	for (const char *p = columns; *p;) {
		size_t len = strcspn(p, "|");
		bool number = *p == '#';

		fprintf(f, "<th%s>%.*s</th>", number ? " class=\"n\"" : "", (int)len - number, p + number);
		p += len + (p[len] == '|');
	}
	fputs("</tr>\n", f);
}

void html_table_end(FILE *f)
{
	fputs("</table></div>\n", f);
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
	html_text(f, alt);
	fputs("\"", f);
	start += 4;
	fwrite(start, 1, (size_t)(strstr(start, "<title>") - start), f);
	fputs("<title>", f);
	html_text(f, alt);
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

int html_plot(FILE *f, const char *dir, const char *name, const struct html_plot *plot, const char *more, struct why *why)
{
	char path[PATH_MAX], file[64], *svg;

	snprintf(file, sizeof(file), "%s.svg", name);
	if (store_path(path, sizeof(path), dir, file))
		return why_set(why, -ENAMETOOLONG, "%s: the path is too long", dir);
	svg = store_read(path, why);
	if (!svg)
		return -ENOENT;
	fprintf(f, "<h2>%s</h2>\n<figure>", plot->heading);
	inline_svg(f, svg, name, plot->alt);
	fprintf(f, "<figcaption>%s%s</figcaption></figure>\n", plot->caption, more);
	free(svg);
	return 0;
}

void html_warnings(FILE *f, const json_t *warnings)
{
	fputs("<h2>Warnings</h2>", f);
	if (!json_array_size(warnings)) {
		fputs("<p>None.</p>\n", f);
		return;
	}
	html_table(f, "about|what was seen|advice");
	for (size_t i = 0; i < json_array_size(warnings); i++) {
		const json_t *one = json_array_get(warnings, i);

		fputs("<tr>", f);
		html_cell(f, "k", json_string_value(json_object_get(one, "about")));
		html_cell(f, "", json_string_value(json_object_get(one, "text")));
		html_cell(f, "", json_string_value(json_object_get(one, "advice")));
		fputs("</tr>\n", f);
	}
	html_table_end(f);
}

void html_host(FILE *f, const json_t *host)
{
	double steal = json_number_at(host, "steal_pct"), before = json_number_at(host, "cpu_mhz_before"), after = json_number_at(host, "cpu_mhz_after"),
	       throttled = json_number_at(host, "throttled");

	if (isfinite(steal))
		fprintf(f, "; the hypervisor took %.1f %% of the CPU time for others", steal);
	if (isfinite(before) && isfinite(after))
		fprintf(f, "; the CPUs ran at %.0f MHz before and %.0f MHz after", before, after);
	if (isfinite(throttled) && throttled > 0)
		fprintf(f, "; heat slowed CPUs down %.0f times", throttled);
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
		html_cell(f, "k", name);
		if (json_is_null(value))
			html_cell(f, "dim", json_string_value(json_object_get(reasons, key)));
		else
			html_cell(f, "", json_is_string(value) ? json_string_value(value) : plain);
		fputs("</tr>\n", f);
		free(plain);
	}
}

void html_environment(FILE *f, const json_t *env)
{
	fputs("<h2>Environment</h2><div class=\"scroll\"><table>\n", f);
	env_rows(f, env, json_object_get(env, "reasons"), "");
	fputs("</table></div>\n", f);
}
