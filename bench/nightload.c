// SPDX-License-Identifier: GPL-2.0-only
#include "nightload.h"

#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "page.h"

static const json_t *values_of(const json_t *cell, int metric)
{
	return json_object_get(json_object_get(json_object_get(cell, "metrics"), compare_about[metric].name), "values");
}

static size_t repeats_of(const json_t *cell)
{
	size_t most = 0;

	for (int m = 0; m < COMPARE_METRICS; m++) {
		size_t n = json_array_size(values_of(cell, m));

		most = n > most ? n : most;
	}
	return most;
}

static int add_cell(struct compare_source *s, const json_t *cell, struct why *why)
{
	size_t n = repeats_of(cell);
	struct compare_cell *c;

	if (!n)
		return 0;
	c = compare_cell(&s->side, page_string(cell, "name"));
	if (!c)
		return why_set(why, -ENOMEM, "out of memory");
	if (c->n + n > STATS_RATIO_N_MAX)
		return why_set(why, -E2BIG, "cell %s has more than %d repeats: give fewer runs", c->name, STATS_RATIO_N_MAX);
	for (int m = 0; m < COMPARE_METRICS; m++) {
		const json_t *values = values_of(cell, m);

		for (size_t i = 0; i < n; i++) {
			const json_t *v = json_array_get(values, i);

			c->x[m][c->n + i] = json_is_number(v) ? json_number_value(v) : NAN;
		}
	}
	c->n += (unsigned)n;
	return 0;
}

/* Whose night it is, what it is like, and the engine where the environment does not name one. */
static int take_about(struct compare_source *s, const json_t *night, const char *dir, struct why *why)
{
	const char *host = page_string(night, "host");
	json_t *key = json_object_get(night, "key"), *engine = json_object_get(key, "engine");

	if (*s->host && strcmp(s->host, host))
		return why_set(why, -EINVAL, "%s is of host %s and the run before it of %s, so they are no repeats: give each host a results directory of its own", dir, host,
			       s->host);
	snprintf(s->host, sizeof(s->host), "%s", host);
	if (!s->key)
		s->key = json_incref(key);
	if (json_is_string(engine) && !json_object_get(s->env, "engine"))
		json_object_set(s->env, "engine", engine);
	return 0;
}

int nightload_add(struct compare_source *s, const char *dir, struct why *why)
{
	const json_t *cells;
	char path[PATH_MAX];
	json_t *night;
	int rc = 0;

	if (store_path(path, sizeof(path), dir, "night.json"))
		return why_set(why, -ENAMETOOLONG, "%s: the path is too long", dir);
	night = store_read_json(path, why);
	if (!night)
		return -EINVAL;
	cells = json_object_get(night, "cells");
	if (!json_is_array(cells))
		rc = why_set(why, -EINVAL, "%s has no cells: the file is damaged", path);
	if (!rc)
		rc = take_about(s, night, dir, why);
	for (size_t i = 0; !rc && i < json_array_size(cells); i++)
		rc = add_cell(s, json_array_get(cells, i), why);
	json_decref(night);
	return rc;
}
