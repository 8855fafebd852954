// SPDX-License-Identifier: GPL-2.0-only
#include "fleetdoc.h"

#include <gsl/gsl_cdf.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "fiojson.h"
#include "fleetjudge.h"
#include "nightrule.h"
#include "page.h"

enum { LINES_MAX = 15 };

/* One judged measure of one cell, as all hosts have it. */
struct figure {
	const char *cell, *metric, *title;
	bool more_is_better;
};

struct gathering {
	const json_t *hosts;
	struct figure *figure;
	size_t n, room;
	struct fleet_host *host;
	struct fleet_value *value;
	bool *more_is_better;
	struct fleet_judgement j;
};

static const json_t *night_of(const json_t *host)
{
	const json_t *night = json_object_get(host, "night");

	return json_is_object(night) ? night : NULL;
}

static bool is_there(const struct gathering *g, const char *cell, const char *metric)
{
	for (size_t i = 0; i < g->n; i++)
		if (!strcmp(g->figure[i].cell, cell) && !strcmp(g->figure[i].metric, metric))
			return true;
	return false;
}

static int add_figure(struct gathering *g, const json_t *cell, const char *metric, const json_t *m)
{
	if (is_there(g, page_string(cell, "name"), metric))
		return 0;
	if (g->n == g->room) {
		struct figure *more = realloc(g->figure, (g->room + 64) * sizeof(*more));

		if (!more)
			return -1;
		g->figure = more;
		g->room += 64;
	}
	g->figure[g->n++] = (struct figure){ page_string(cell, "name"), metric, page_string(m, "title"), json_is_true(json_object_get(m, "more_is_better")) };
	return 0;
}

/* All that any host has. */
static int find_figures(struct gathering *g)
{
	const json_t *host, *cell;
	const char *metric;
	json_t *m;
	size_t h, c;

	json_array_foreach(g->hosts, h, host)
		json_array_foreach(json_object_get(night_of(host), "cells"), c, cell)
			json_object_foreach(json_object_get(cell, "metrics"), metric, m)
				if (json_is_true(json_object_get(m, "judged")) && add_figure(g, cell, metric, m))
					return -1;
	return 0;
}

/* Hosts of one kind of virtual machine name none, but the same device. */
static char *model_of(const json_t *key)
{
	const char *model = page_string(key, "device_model"), *device = page_string(key, "device");
	char *text = NULL;

	if (*model)
		return strdup(model);
	return *device && asprintf(&text, "%s, without a model", device) > 0 ? text : NULL;
}

static const json_t *metric_of(const json_t *host, const struct figure *f)
{
	const json_t *cell;
	size_t c;

	json_array_foreach(json_object_get(night_of(host), "cells"), c, cell)
		if (!strcmp(page_string(cell, "name"), f->cell))
			return json_object_get(json_object_get(cell, "metrics"), f->metric);
	return NULL;
}

/* From the rule's interval, which is Student's. */
static double sd_of(struct est tonight, unsigned nights)
{
	return tonight.n && nights > 1 ? (tonight.hi - tonight.lo) / 2 / gsl_cdf_tdist_Pinv(0.975, nightrule_degrees(nights)) : NAN;
}

static struct fleet_value value_of(const json_t *m)
{
	struct est tonight = page_est(json_object_get(m, "tonight"));
	unsigned nights = page_whole(m, "nights");

	return (struct fleet_value){ tonight.n ? tonight.value : NAN, sd_of(tonight, nights), nights, json_number_at(m, "centre") };
}

static int fill(struct gathering *g)
{
	size_t hosts = json_array_size(g->hosts);

	if (find_figures(g))
		return -1;
	g->host = calloc(hosts + 1, sizeof(*g->host));
	g->value = calloc(hosts * g->n + 1, sizeof(*g->value));
	g->more_is_better = calloc(g->n + 1, sizeof(*g->more_is_better));
	if (!g->host || !g->value || !g->more_is_better)
		return -1;
	for (size_t c = 0; c < g->n; c++)
		g->more_is_better[c] = g->figure[c].more_is_better;
	for (size_t h = 0; h < hosts; h++) {
		const json_t *one = json_array_get(g->hosts, h), *key = json_object_get(night_of(one), "key");

		g->host[h] = (struct fleet_host){ page_string(one, "name"), model_of(key), json_string_value(json_object_get(one, "reason")) };
		for (size_t c = 0; c < g->n; c++)
			g->value[h * g->n + c] = value_of(metric_of(one, &g->figure[c]));
	}
	return 0;
}

static json_t *host_json(const json_t *host)
{
	const json_t *night = night_of(host), *key = json_object_get(night, "key");

	return json_pack("{s:O, s:O, s:O, s:O, s:O?, s:O?, s:O?, s:O?, s:O?, s:O?, s:O?}", "name", json_object_get(host, "name"), "address", json_object_get(host, "address"), "target",
			 json_object_get(host, "target"), "reason", json_object_get(host, "reason"), "run", json_object_get(night, "id"), "answer", json_object_get(night, "answer"), "counts",
			 json_object_get(night, "counts"), "died", json_object_get(night, "died"), "model", json_object_get(key, "device_model"), "serial", json_object_get(key, "device_serial"),
			 "kernel", json_object_get(key, "kernel"));
}

static json_t *shift_json(const struct gathering *g, const struct fleet_shift *s)
{
	const struct figure *f = &g->figure[s->cell];

	return json_pack("{s:s?, s:s, s:s, s:s, s:i, s:o, s:o, s:s, s:s?}", "model", s->model, "cell", f->cell, "metric", f->metric, "title", f->title, "hosts", (int)s->hosts, "shift",
			 page_est_json(&s->shift), "p", json_finite(s->p), "verdict", gate_verdict_name(s->verdict), "reason", *s->reason ? s->reason : NULL);
}

static bool stands_out(const struct fleet_distance *d)
{
	return d->verdict == GATE_SLOWER || d->verdict == GATE_FASTER;
}

static void add_outliers(const struct gathering *g, json_t *all, const struct fleet_distance *d, const char *kind)
{
	for (size_t i = 0; i < json_array_size(g->hosts) * g->n; i++) {
		const struct figure *f = &g->figure[i % g->n];

		if (stands_out(&d[i]))
			json_array_append_new(all, json_pack("{s:s, s:s, s:s, s:s, s:s, s:f, s:f, s:f, s:s}", "host", g->host[i / g->n].name, "kind", kind, "cell", f->cell, "metric",
							     f->metric, "title", f->title, "by", d[i].by, "margin", d[i].margin, "p", d[i].p, "verdict", gate_verdict_name(d[i].verdict)));
	}
}

/* What the page draws: of each figure each host's distance from its peers. */
static json_t *levels_json(const struct gathering *g)
{
	json_t *all = json_array();

	for (size_t c = 0; c < g->n; c++) {
		json_t *by = json_array();

		for (size_t h = 0; h < json_array_size(g->hosts); h++)
			json_array_append_new(by, json_finite(g->j.level[h * g->n + c].by));
		json_array_append_new(all, json_pack("{s:s, s:s, s:o}", "cell", g->figure[c].cell, "title", g->figure[c].title, "by", by));
	}
	return all;
}

static unsigned missing(const json_t *doc)
{
	const json_t *host;
	unsigned n = 0;
	size_t i;

	json_array_foreach(json_object_get(doc, "hosts"), i, host)
		n += *page_string(host, "reason") || *page_string(host, "died");
	return n;
}

static unsigned slower_hosts(const json_t *doc)
{
	const json_t *host;
	unsigned n = 0;
	size_t i;

	json_array_foreach(json_object_get(doc, "hosts"), i, host)
		n += page_whole(json_object_get(host, "counts"), "slower") || page_whole(json_object_get(host, "counts"), "lost");
	return n;
}

/* Models with something of VERDICT. */
static unsigned shifted(const json_t *doc, const char *verdict)
{
	const json_t *one;
	unsigned n = 0;
	size_t i;

	json_array_foreach(json_object_get(doc, "models"), i, one)
		n += !strcmp(page_string(one, "verdict"), verdict);
	return n;
}

bool fleetdoc_is_bad(const json_t *doc)
{
	return missing(doc) || slower_hosts(doc) || shifted(doc, "slower") || json_array_size(json_object_get(doc, "outliers"));
}

static char *answer(const json_t *doc)
{
	size_t size = 0, hosts = json_array_size(json_object_get(doc, "hosts")), outliers = json_array_size(json_object_get(doc, "outliers"));
	unsigned gone = missing(doc), slower = shifted(doc, "slower"), alone = slower_hosts(doc);
	char *out = NULL;
	FILE *f = open_memstream(&out, &size);

	if (!f)
		return NULL;
	if (slower)
		fprintf(f, "the whole fleet got slower in %u measure%s", slower, slower == 1 ? "" : "s");
	else if (alone)
		fprintf(f, "%u of %zu hosts got slower, the fleet as a whole did not", alone, hosts);
	else
		fputs("no host got slower", f);
	if (outliers)
		fprintf(f, "; %zu measure%s of single hosts stand%s out among drives of the same model", outliers, outliers == 1 ? "" : "s", outliers == 1 ? "s" : "");
	if (gone)
		fprintf(f, "; %u of %zu hosts ha%s no whole night", gone, hosts, gone == 1 ? "s" : "ve");
	fclose(f);
	return out;
}

static json_t *document(const struct gathering *g, const char *id, const char *created, const char *command)
{
	json_t *hosts = json_array(), *models = json_array(), *outliers = json_array(), *doc;
	char *text;

	for (size_t h = 0; h < json_array_size(g->hosts); h++)
		json_array_append_new(hosts, host_json(json_array_get(g->hosts, h)));
	for (size_t i = 0; i < g->j.models; i++)
		json_array_append_new(models, shift_json(g, &g->j.model[i]));
	if (g->n) {
		add_outliers(g, outliers, g->j.shift, "shift");
		add_outliers(g, outliers, g->j.level, "level");
	}
	doc = json_pack("{s:s, s:s, s:s, s:s, s:o, s:o, s:o, s:o}", "schema", "sqbench-fleet/1", "id", id, "created", created, "command", command, "hosts", hosts, "models", models, "outliers",
			outliers, "levels", g->n ? levels_json(g) : json_array());
	text = answer(doc);
	json_object_set_new(doc, "answer", text ? json_string(text) : json_null());
	free(text);
	return doc;
}

json_t *fleetdoc_make(const json_t *hosts, const char *id, const char *created, const char *command)
{
	struct gathering g = { .hosts = hosts };
	struct fleet_how how = fleet_default();
	json_t *doc = NULL;

	if (!fill(&g)) {
		const struct fleet f = { g.host, json_array_size(hosts), g.more_is_better, g.n, g.value };

		if (!fleet_judge(&f, &how, &g.j))
			doc = document(&g, id, created, command);
		fleet_free(&g.j);
	}
	for (size_t h = 0; g.host && h < json_array_size(hosts); h++)
		free((char *)g.host[h].model);
	free(g.figure);
	free(g.host);
	free(g.value);
	free(g.more_is_better);
	return doc;
}

static void say_models(FILE *f, const json_t *doc, const char *before, unsigned *lines)
{
	const json_t *one;
	size_t i;

	json_array_foreach(json_object_get(doc, "models"), i, one) {
		struct est e = page_est(json_object_get(one, "shift"));
		const char *v = page_string(one, "verdict");

		if ((strcmp(v, "slower") && strcmp(v, "faster")) || ++*lines > LINES_MAX)
			continue;
		fprintf(f, "%sall %s: %s, %s %s: %+.1f %% [%+.1f, %+.1f] on %u hosts\n", before, *page_string(one, "model") ? page_string(one, "model") : "drives without a model",
			page_string(one, "cell"), page_string(one, "title"), v, 100 * e.value, 100 * e.lo, 100 * e.hi, page_whole(one, "hosts"));
	}
}

static void say_outliers(FILE *f, const json_t *doc, const char *before, unsigned *lines)
{
	const json_t *one;
	size_t i;

	json_array_foreach(json_object_get(doc, "outliers"), i, one) {
		if (++*lines > LINES_MAX)
			continue;
		fprintf(f, "%s%s: %s, %s: %s by %+.1f %% +-%.1f than its peers\n", before, page_string(one, "host"), page_string(one, "cell"), page_string(one, "title"),
			!strcmp(page_string(one, "kind"), "shift") ? "changed otherwise" : "is at another level", 100 * json_number_at(one, "by"), 100 * json_number_at(one, "margin"));
	}
}

static void say_hosts(FILE *f, const json_t *doc, const char *before, bool all)
{
	const json_t *host;
	size_t i;

	json_array_foreach(json_object_get(doc, "hosts"), i, host) {
		const char *gone = *page_string(host, "reason") ? page_string(host, "reason") : page_string(host, "died");

		if (*gone)
			fprintf(f, "%s%s: no whole night: %s\n", before, page_string(host, "name"), gone);
		if (!*page_string(host, "reason") && (all || page_whole(json_object_get(host, "counts"), "slower")))
			fprintf(f, "%s%s: %s\n", before, page_string(host, "name"), page_string(host, "answer"));
	}
}

void fleetdoc_text(FILE *f, const json_t *doc)
{
	unsigned lines = 0;

	say_hosts(f, doc, "", true);
	say_models(f, doc, "", &lines);
	say_outliers(f, doc, "", &lines);
}

void fleetdoc_markdown(FILE *f, const json_t *doc)
{
	unsigned lines = 0;

	fprintf(f, "**Fleet: %s.**\n\n", page_string(doc, "answer"));
	say_models(f, doc, "- ", &lines);
	say_outliers(f, doc, "- ", &lines);
	if (lines > LINES_MAX)
		fprintf(f, "- and %u more\n", lines - LINES_MAX);
	say_hosts(f, doc, "- ", false);
	fprintf(f, "\nFleet's night `%s` of %zu hosts; `sqbench report %s`\n", page_string(doc, "id"), json_array_size(json_object_get(doc, "hosts")), page_string(doc, "id"));
}
