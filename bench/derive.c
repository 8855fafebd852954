// SPDX-License-Identifier: GPL-2.0-only
#include "derive.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "advice.h"
#include "env.h"
#include "plotdata.h"
#include "report.h"

int derive_settings(struct tune *t, struct why *why)
{
	const json_t *s = t->settings;
	const char *rates = json_string_value(json_object_get(s, "rates"));
	const char *idles = json_string_value(json_object_get(s, "idles"));
	int rc;

	t->target.sq_cpu = (int)json_integer_value(json_object_get(s, "sq_cpu"));
	t->cpu_price = json_number_value(json_object_get(s, "cpu_price"));
	t->budget_s = json_number_value(json_object_get(s, "budget_s"));
	if (!rates || !idles)
		return why_set(why, -EINVAL, "%s/run.json has no settings of a tune", t->run.dir);
	rc = grid_parse_rates(&t->g, rates, why);
	return rc ? rc : grid_parse_idles(&t->g, idles, t->hz, why);
}

int derive_plan(struct tune *t, double *overhead_s, struct why *why)
{
	json_t *doc = store_load(&t->run, "plan.json", why);

	if (!doc)
		return -EINVAL;
	t->plan.repeats = (unsigned)json_integer_value(json_object_get(doc, "repeats"));
	t->plan.cell_ms = (unsigned)json_integer_value(json_object_get(doc, "cell_ms"));
	if (overhead_s)
		*overhead_s = json_number_value(json_object_get(doc, "overhead_s"));
	if (json_is_true(json_object_get(doc, "hipri")) && !t->g.hipri)
		grid_add_hipri(&t->g);
	json_decref(doc);
	if (t->plan.repeats && t->plan.repeats <= GRID_REPEATS_MAX && t->plan.cell_ms)
		return 0;
	return why_set(why, -EINVAL, "plan.json of run %s is damaged: start a new tune", t->run.id);
}

static int open_run(struct tune *t, const char *dir, struct why *why)
{
	json_t *run;
	const char *id;

	if (!realpath(dir, t->run.dir))
		return why_set(why, -errno, "%s: %s: name a run's directory or its id, see sqbench list", dir, strerror(errno));
	memcpy(t->run.final, t->run.dir, sizeof(t->run.final));
	run = store_load(&t->run, "run.json", why);
	id = json_string_value(json_object_get(run, "id"));
	snprintf(t->run.id, sizeof(t->run.id), "%s", id ? id : "");
	t->settings = json_incref(json_object_get(run, "settings"));
	json_decref(run);
	if (!id || !t->settings)
		return why_set(why, -EINVAL, "%s: not a run of sqbench tune, ring or versus", dir);
	if (!store_kept(&t->run, "cells"))
		return why_set(why, -ENOENT, "%s: its cells are not there; unpack cells.tar.gz if it has one", dir);
	if (!store_kept(&t->run, "end.json"))
		return why_set(why, -ENOENT, "%s: not measured to its end: sqbench tune --resume %s", dir, t->run.id);
	return 0;
}

int derive_open(struct tune *t, const char *dir, struct why *why)
{
	json_t *env, *plan;
	int rc = open_run(t, dir, why);

	if (rc)
		return rc;
	env = store_load(&t->run, "env.json", why);
	plan = store_load(&t->run, "plan.json", why);
	if (env && plan) {
		const char *fio = json_string_value(json_object_get(env, "fio"));
		const char *path = json_string_value(json_object_get(json_object_get(env, "target"), "path"));

		snprintf(t->fio.version, sizeof(t->fio.version), "%s", fio ? fio : "fio");
		snprintf(t->target_path, sizeof(t->target_path), "%s", path ? path : "");
		t->target.path = t->target_path;
		t->target.direct = json_is_true(json_object_get(plan, "direct"));
		t->hz = (unsigned)json_integer_value(json_object_get(plan, "hz"));
	}
	rc = env && plan ? 0 : -EINVAL;
	json_decref(plan);
	json_decref(env);
	if (!rc && !t->hz)
		rc = why_set(why, -EINVAL, "plan.json of run %s is damaged: it has no tick rate", t->run.id);
	if (!rc)
		rc = derive_settings(t, why);
	return rc ? rc : derive_plan(t, NULL, why);
}

/* The raw files that are documents. */
struct raw {
	json_t *run, *env, *end, *stairs;
};

static int write_all(const struct tune *t, const struct raw *raw, struct analysis *a, const struct measure *m,
		     json_t **analysis, struct why *why)
{
	unsigned n = grid_cells(&t->g, &t->plan);
	char dir[PATH_MAX];
	struct advice_in in = { &t->g, &t->plan, a, m, n, raw->env, t->hz, t->target.sq_cpu,
				env_steal_pct(raw->env, raw->end), t->target.direct };
	struct report r = { t, a, m, raw->env, NULL, json_string_value(json_object_get(raw->run, "command")), dir };
	int rc;

	if (store_in_run(dir, &t->run, "derived", why))
		return -ENAMETOOLONG;
	r.warnings = advice_tune(&in);
	rc = plotdata_write(dir, t, a, m, raw->stairs, why);
	if (!rc)
		rc = plotdata_draw(dir, why);
	if (!rc)
		rc = report_write(t->run.dir, &r, why);
	if (!rc) {
		*analysis = report_analysis(&r);
		rc = store_keep(&t->run, "derived/analysis.json", json_incref(*analysis), why);
	}
	json_decref((json_t *)r.warnings);
	return rc;
}

int derive_make(const struct tune *t, json_t **analysis, struct why *why)
{
	static struct analysis a;
	unsigned n = grid_cells(&t->g, &t->plan);
	struct raw raw = { store_load(&t->run, "run.json", NULL), store_load(&t->run, "env.json", why),
			   store_load(&t->run, "end.json", NULL), store_load(&t->run, "staircase.json", NULL) };
	struct measure *m = NULL;
	int rc = raw.env ? cells_load(t, &m, why) : -EINVAL;

	if (!rc && verdict_analyse(&a, &t->g, &t->plan, m, n, t->cpu_price))
		rc = why_set(why, -ENOMEM, "out of memory");
	if (!rc) {
		a.emulated = json_is_true(json_object_get(raw.env, "emulated"));
		rc = write_all(t, &raw, &a, m, analysis, why);
	}
	cells_free(m, n);
	json_decref(raw.stairs);
	json_decref(raw.end);
	json_decref(raw.env);
	json_decref(raw.run);
	return rc;
}

int derive_print(const struct tune *t, json_t *analysis, bool json)
{
	const char *overall = json_string_value(json_object_get(json_object_get(analysis, "overall"), "verdict"));
	bool unknown = !overall || !strcmp(overall, "unknown");
	char page[PATH_MAX];

	if (store_path(page, sizeof(page), t->run.final, "report.html"))
		page[0] = '\0';
	if (json) {
		json_object_set_new(analysis, "report", json_string(page));
		json_dumpf(analysis, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(9));
		putchar('\n');
	} else {
		printf("report: %s\nrecommend: %s\n", page, json_string_value(json_object_get(analysis, "recommend")));
	}
	json_decref(analysis);
	return unknown;
}
