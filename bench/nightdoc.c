// SPDX-License-Identifier: GPL-2.0-only
#include "nightdoc.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "fiojson.h"
#include "nightsay.h"

static json_t *values(const double *x, unsigned n)
{
	json_t *all = json_array();

	for (unsigned i = 0; i < n; i++)
		json_array_append_new(all, json_finite(x[i]));
	return all;
}

static bool measured(const double *x, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		if (isfinite(x[i]))
			return true;
	return false;
}

static json_t *metrics(const struct night_cell *c, size_t cell, const struct nightjudge *j)
{
	json_t *all = json_object();

	for (int m = 0; m < NIGHT_METRICS; m++) {
		const struct night_about *about = &night_about[m];
		json_t *one;

		if (!measured(c->x[m], c->n))
			continue;
		one = json_pack("{s:s, s:b, s:b, s:o}", "title", about->title, "more_is_better", about->more_is_better, "judged", about->judged, "values", values(c->x[m], c->n));
		json_object_update_new(one, nightjudge_json(j, cell, (enum night_metric)m));
		json_object_set_new(all, about->name, one);
	}
	return all;
}

/* Of a cell: the first of these that one of its judged measures has. */
static const char *verdict_of(const json_t *metrics)
{
	static const char *const order[] = { "slower", "faster", "unknown", "same", "unstable" };
	const char *name;
	json_t *m;

	for (size_t i = 0; i < sizeof(order) / sizeof(*order); i++)
		json_object_foreach((json_t *)metrics, name, m) {
			const char *v = json_string_value(json_object_get(m, "verdict"));

			if (json_is_true(json_object_get(m, "judged")) && v && !strcmp(v, order[i]))
				return order[i];
		}
	return "unknown";
}

static json_t *cell_json(const struct night_cell *c, size_t cell, const struct nightjudge *j)
{
	json_t *all = metrics(c, cell, j);
	const char *verdict = c->n ? verdict_of(all) : !c->skipped && nightjudge_has_history(j, cell) ? "lost" : "not measured";

	return json_pack("{s:s, s:s, s:o, s:i, s:O, s:o, s:o}", "name", c->what->name, "verdict", verdict, "reason", *c->reason ? json_string(c->reason) : json_null(), "repeats", (int)c->n,
			 "options", c->what->options, "place", c->place ? json_incref(c->place) : json_null(), "metrics", all);
}

static json_t *count(const json_t *cells)
{
	json_t *counts = json_object(), *cell;
	size_t i;

	json_array_foreach((json_t *)cells, i, cell) {
		const char *v = json_string_value(json_object_get(cell, "verdict"));

		json_object_set_new(counts, v, json_integer(1 + json_integer_value(json_object_get(counts, v))));
	}
	return counts;
}

json_t *nightdoc_make(const struct nightdoc_about *a, const struct night *n, const struct nightjudge *j)
{
	json_t *cells = json_array(), *doc;
	char *answer;

	for (size_t i = 0; i < n->n; i++)
		json_array_append_new(cells, cell_json(&n->cell[i], i, j));
	doc = json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:f, s:{s:i, s:i, s:i}}", "schema", "sqbench-night/1", "id", a->id, "created", a->created, "command", a->command, "suite",
			a->suite, "host", a->host, "target", a->target, "budget_min", a->budget_min, "rounds", "min", (int)a->rounds.min, "usual", (int)a->rounds.usual, "max",
			(int)a->rounds.max);
	json_object_set_new(doc, "died", a->died ? json_string(a->died) : json_null());
	json_object_set_new(doc, "key", a->key);
	json_object_set_new(doc, "machine", a->machine);
	json_object_set_new(doc, "host_state", a->host_state);
	json_object_set_new(doc, "prepared", a->prepared);
	json_object_set_new(doc, "notes", a->notes);
	json_object_set_new(doc, "warnings", a->warnings);
	json_object_set_new(doc, "counts", count(cells));
	json_object_set_new(doc, "cells", cells);
	json_object_set_new(doc, "changes", nightjudge_changes(j));
	json_object_set_new(doc, "trends", nightjudge_trends(j));
	answer = nightsay_answer(doc);
	json_object_set_new(doc, "answer", answer ? json_string(answer) : json_null());
	free(answer);
	return doc;
}
