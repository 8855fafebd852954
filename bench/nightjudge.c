// SPDX-License-Identifier: GPL-2.0-only
#include "nightjudge.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "changes.h"
#include "fiojson.h"
#include "nightkey.h"
#include "page.h"
#include "runindex.h"
#include "store.h"

#define DAY_S 86400.0

/* A night before: where its values are, what it was measured on. */
struct past {
	char run[64], created[32];
	const json_t *key;
	double *x;		/* repeats */
	size_t n;
	double centre;
};

/* One measure of one cell. */
struct series {
	struct past *night;
	size_t n;
	size_t level;		/* the first night of the level that later ones are compared with */
	double middle;		/* of the centres of all nights */
	struct change change[8];
	int changes;
	struct nightrule rule;
	bool judged;
};

struct nightjudge {
	const struct night *night;
	json_t *key, *keys;	/* KEYS: run: key of a night before */
	char created[32];
	struct series *series;	/* [cell * NIGHT_METRICS + metric] */
};

static struct series *series_of(const struct nightjudge *j, size_t cell, enum night_metric m)
{
	return &j->series[cell * NIGHT_METRICS + (size_t)m];
}

static struct nightrule_how how_of(enum night_metric m)
{
	struct nightrule_how how = nightrule_default();

	how.worth = night_about[m].worth;
	how.more_is_better = night_about[m].more_is_better;
	return how;
}

/* ---- history ---- */

/* The key of RUN, parsed once for all cells and measures. */
static const json_t *key_of(struct nightjudge *j, const struct runindex_night *n)
{
	json_t *key = json_object_get(j->keys, n->run);

	if (key)
		return key;
	key = json_loads(n->key, 0, NULL);
	json_object_set_new(j->keys, n->run, key ? key : json_null());
	return json_object_get(j->keys, n->run);
}

static int take(struct nightjudge *j, struct series *s, const struct runindex_night *n, const char *cell)
{
	const json_t *key = key_of(j, n);
	struct past *p = &s->night[s->n];

	if (!n->n || !nightkey_comparable(key, j->key, cell))
		return 0;
	*p = (struct past){ .key = key, .n = n->n, .x = malloc(n->n * sizeof(*p->x)) };
	if (!p->x)
		return -ENOMEM;
	memcpy(p->x, n->x, n->n * sizeof(*p->x));
	p->centre = stats_median(p->x, p->n);
	snprintf(p->run, sizeof(p->run), "%s", n->run);
	snprintf(p->created, sizeof(p->created), "%s", n->created);
	s->n++;
	return 0;
}

static enum compare_metric metric_of(enum night_metric m)
{
	int found = 0;

	while (found < COMPARE_METRICS && strcmp(compare_about[found].name, night_about[m].name))
		found++;
	return (enum compare_metric)found;
}

static int load_series(struct nightjudge *j, struct runindex *x, size_t cell, enum night_metric m, struct why *why)
{
	struct series *s = series_of(j, cell, m);
	const char *name = j->night->cell[cell].what->name;
	struct runindex_nights past = { 0 };
	int rc = runindex_history(x, page_string(j->key, "host"), name, metric_of(m), NIGHTJUDGE_NIGHTS_MAX, &past, why);

	if (!rc) {
		s->night = calloc(past.n + 1, sizeof(*s->night));
		rc = s->night ? 0 : why_set(why, -ENOMEM, "out of memory");
	}
	for (size_t i = 0; i < past.n && !rc; i++)
		if (take(j, s, &past.night[i], name))
			rc = why_set(why, -ENOMEM, "out of memory");
	runindex_nights_free(&past);
	return rc;
}

/* Where the level began that tonight is compared with. */
static void find_level(struct series *s)
{
	struct changes_how how = changes_default();
	double centre[NIGHTJUDGE_NIGHTS_MAX];

	how.segment_min = NIGHTJUDGE_ACCEPTED;
	for (size_t i = 0; i < s->n; i++)
		centre[i] = s->night[i].centre;
	s->middle = stats_median(centre, s->n);
	s->changes = changes_find(centre, s->n, &how, s->change, sizeof(s->change) / sizeof(*s->change));
	s->changes = s->changes < 0 ? 0 : s->changes;
	s->level = s->changes ? s->change[s->changes - 1].at : 0;
}

static int load(struct nightjudge *j, struct runindex *x, struct why *why)
{
	int rc = 0;

	for (size_t c = 0; c < j->night->n && !rc; c++)
		for (int m = 0; m < NIGHT_METRICS && !rc; m++) {
			if (!night_about[m].judged)
				continue;
			rc = load_series(j, x, c, (enum night_metric)m, why);
			find_level(series_of(j, c, (enum night_metric)m));
		}
	return rc;
}

struct nightjudge *nightjudge_open(const char *out, const struct night *n, json_t *key, struct why *why)
{
	struct nightjudge *j = calloc(1, sizeof(*j));
	struct runindex *x = NULL;

	if (j) {
		j->night = n;
		j->key = json_incref(key);
		j->keys = json_object();
		store_time(j->created, sizeof(j->created));
		j->series = calloc(n->n * NIGHT_METRICS, sizeof(*j->series));
	}
	if (!j || !j->series || !j->key || !j->keys)
		why_set(why, -ENOMEM, "out of memory");
	else
		x = runindex_open(out, why);
	if (!x || load(j, x, why)) {
		nightjudge_close(j);
		j = NULL;
	}
	runindex_close(x);
	return j;
}

void nightjudge_close(struct nightjudge *j)
{
	for (size_t i = 0; j && j->series && i < j->night->n * NIGHT_METRICS; i++) {
		for (size_t k = 0; k < j->series[i].n; k++)
			free(j->series[i].night[k].x);
		free(j->series[i].night);
	}
	if (j) {
		free(j->series);
		json_decref(j->key);
		json_decref(j->keys);
	}
	free(j);
}

/* ---- the rule ---- */

/* What is not finite is no value. */
static size_t finite_of(const double *x, unsigned n, double *out)
{
	size_t k = 0;

	for (unsigned i = 0; i < n; i++)
		if (isfinite(x[i]))
			out[k++] = x[i];
	return k;
}

/* The nights of the level before night TO, into HISTORY; how many. */
static size_t history_of(const struct series *s, size_t to, struct nightrule_night *history)
{
	size_t n = 0;

	for (size_t i = s->level; i < to; i++)
		history[n++] = (struct nightrule_night){ s->night[i].x, s->night[i].n };
	return n;
}

static int judge(const struct nightjudge *j, size_t cell, enum night_metric m)
{
	const struct night_cell *c = &j->night->cell[cell];
	struct series *s = series_of(j, cell, m);
	struct nightrule_night history[NIGHTJUDGE_NIGHTS_MAX];
	struct nightrule_how how = how_of(m);
	double x[NIGHT_REPEATS_MAX];
	struct nightrule_night tonight = { x, finite_of(c->x[m], c->n, x) };
	size_t n;
	int rc;

	s->judged = false;
	n = history_of(s, s->n, history);
	if (!night_about[m].judged || !tonight.n)
		return 0;
	rc = nightrule_judge(history, n, &tonight, &how, &s->rule);
	s->judged = !rc;
	return rc == -ENOMEM ? rc : 0;
}

int nightjudge_decide(struct nightjudge *j)
{
	int rc = 0;

	for (size_t c = 0; c < j->night->n; c++)
		for (int m = 0; m < NIGHT_METRICS && !rc; m++)
			rc = judge(j, c, (enum night_metric)m);
	return rc;
}

double nightjudge_urgency(void *ctx, size_t cell)
{
	struct nightjudge *j = ctx;
	double most = 0;

	for (int m = 0; m < NIGHT_METRICS; m++) {
		const struct series *s = series_of(j, cell, (enum night_metric)m);
		struct nightrule_how how = how_of((enum night_metric)m);

		if (!judge(j, cell, (enum night_metric)m) && s->judged)
			most = fmax(most, nightrule_more(&s->rule, &how, j->night->cell[cell].n, NIGHT_REPEATS_MAX));
	}
	return most;
}

/* ---- order ---- */

/* How much a cell tells: FIRST is 1 when its last night was suspected to be slower or faster. */
struct rank {
	size_t cell;
	bool suspected;
	double days;		/* since it was measured */
	double spread;		/* of its nights, share */
};

static double days_between(const char *was, const char *is)
{
	struct tm a = { 0 }, b = { 0 };

	if (!strptime(was, "%Y-%m-%dT%H:%M:%SZ", &a) || !strptime(is, "%Y-%m-%dT%H:%M:%SZ", &b))
		return NAN;
	return difftime(timegm(&b), timegm(&a)) / DAY_S;
}

bool nightjudge_has_history(const struct nightjudge *j, size_t cell)
{
	const struct series *s = series_of(j, cell, NIGHT_IOPS);

	return s->n && days_between(s->night[s->n - 1].created, j->created) <= NIGHTJUDGE_LOST_DAYS;
}

/* As the night before would have been judged. */
static bool was_suspected(const struct series *s, enum night_metric m)
{
	struct nightrule_night history[NIGHTJUDGE_NIGHTS_MAX], last;
	struct nightrule_how how = how_of(m);
	struct nightrule r;
	size_t n;

	if (!s->n)
		return false;
	n = history_of(s, s->n - 1, history);
	last = (struct nightrule_night){ s->night[s->n - 1].x, s->night[s->n - 1].n };
	return !nightrule_judge(history, n, &last, &how, &r) && nightrule_more(&r, &how, last.n, last.n + 1) > 1;
}

/* Median distance of the centres of the nights of S's level from theirs, as a share. */
static double spread_of(const struct series *s)
{
	double x[NIGHTJUDGE_NIGHTS_MAX] = { 0 }, middle;
	size_t n = 0;

	for (size_t i = s->level; i < s->n; i++)
		x[n++] = s->night[i].centre;
	middle = stats_median(x, n);
	for (size_t i = 0; i < n; i++)
		x[i] = fabs(x[i] - middle);
	return stats_median(x, n) / middle;
}

static struct rank rank_of(const struct nightjudge *j, size_t cell)
{
	const struct series *s = series_of(j, cell, NIGHT_IOPS);
	struct rank r = { .cell = cell, .days = INFINITY, .spread = INFINITY };

	if (s->n) {
		r.spread = spread_of(s);
		r.days = floor(days_between(s->night[s->n - 1].created, j->created));
	}
	for (int m = 0; m < NIGHT_METRICS; m++)
		r.suspected |= was_suspected(series_of(j, cell, (enum night_metric)m), (enum night_metric)m);
	return r;
}

static int by_rank(const void *a, const void *b)
{
	const struct rank *x = a, *y = b;

	if (x->suspected != y->suspected)
		return y->suspected - x->suspected;
	if (x->days != y->days)
		return x->days < y->days ? 1 : -1;
	if (x->spread != y->spread)
		return x->spread > y->spread ? 1 : -1;
	return (x->cell > y->cell) - (x->cell < y->cell);
}

void nightjudge_order(const struct nightjudge *j, size_t *order)
{
	struct rank *r = calloc(j->night->n + 1, sizeof(*r));

	for (size_t c = 0; c < j->night->n; c++) {
		order[c] = c;
		if (r)
			r[c] = rank_of(j, c);
	}
	if (r)
		qsort(r, j->night->n, sizeof(*r), by_rank);
	for (size_t c = 0; r && c < j->night->n; c++)
		order[c] = r[c].cell;
	free(r);
}

/* ---- what is said ---- */

static json_t *shift_json(struct est e)
{
	return e.n && isfinite(e.value) ? page_est_json(&e) : json_null();
}

/* What differs between the night before night AT of S and that night; AT == S->n is tonight. */
static json_t *coincidences(const struct nightjudge *j, const struct series *s, size_t at)
{
	if (!at)
		return json_array();
	return nightkey_differences(s->night[at - 1].key, at < s->n ? s->night[at].key : j->key);
}

static void put_since(const struct nightjudge *j, const struct series *s, json_t *o)
{
	size_t at = s->n - (s->rule.since < s->n ? s->rule.since : s->n);
	bool tonight = at == s->n;

	json_object_set_new(o, "since", json_string(tonight ? j->created : s->night[at].created));
	json_object_set_new(o, "since_run", tonight ? json_null() : json_string(s->night[at].run));
	json_object_set_new(o, "coincides", coincidences(j, s, at));
}

json_t *nightjudge_json(const struct nightjudge *j, size_t cell, enum night_metric m)
{
	const struct night_cell *c = &j->night->cell[cell];
	const struct series *s = series_of(j, cell, m);
	double x[NIGHT_REPEATS_MAX];
	size_t n = finite_of(c->x[m], c->n, x);
	json_t *o = json_pack("{s:o}", "centre", json_finite(stats_median(x, n)));

	if (!night_about[m].judged)
		return o;
	if (!s->judged) {
		json_object_update_new(o, json_pack("{s:s, s:s}", "verdict", "unknown", "reason", "its values cannot be judged"));
		return o;
	}
	json_object_update_new(o, json_pack("{s:s, s:o, s:o, s:o, s:o, s:i, s:o}", "verdict", nightrule_word(s->rule.verdict), "reason",
					    *s->rule.reason ? json_string(s->rule.reason) : json_null(), "shift", shift_json(s->rule.shift), "p", json_finite(s->rule.p), "baseline",
					    json_finite(s->rule.baseline), "nights", (int)s->rule.nights, "visible", json_finite(s->rule.visible_tonight)));
	json_object_set_new(o, "tonight", shift_json(s->rule.tonight));
	if (s->rule.verdict == NIGHTRULE_SLOWER || s->rule.verdict == NIGHTRULE_FASTER)
		put_since(j, s, o);
	return o;
}

static json_t *change_json(const struct nightjudge *j, size_t cell, enum night_metric m, const struct change *c)
{
	const struct series *s = series_of(j, cell, m);
	struct est share = { c->shift.value / c->before, c->shift.lo / c->before, c->shift.hi / c->before, c->shift.cover, c->shift.n };

	return json_pack("{s:s, s:s, s:s, s:s, s:s, s:f, s:f, s:o, s:f, s:o}", "cell", j->night->cell[cell].what->name, "metric", night_about[m].name, "title", night_about[m].title,
			 "run", s->night[c->at].run, "time", s->night[c->at].created, "before", c->before, "after", c->after, "shift", shift_json(share), "p", c->p, "coincides",
			 coincidences(j, s, c->at));
}

json_t *nightjudge_changes(const struct nightjudge *j)
{
	json_t *all = json_array();

	for (size_t c = 0; c < j->night->n; c++)
		for (int m = 0; m < NIGHT_METRICS; m++) {
			const struct series *s = series_of(j, c, (enum night_metric)m);

			for (int i = 0; i < s->changes; i++)
				json_array_append_new(all, change_json(j, c, (enum night_metric)m, &s->change[i]));
		}
	return all;
}

static double level_at(const struct series *s, size_t night)
{
	double level = s->changes ? s->change[0].before : s->middle;

	for (int i = 0; i < s->changes; i++)
		if (night >= s->change[i].at)
			level = s->change[i].after;
	return level;
}

static void trend_point(const struct nightjudge *j, json_t *t, const char *created, const double *x, size_t n, double level)
{
	double lo = INFINITY, hi = -INFINITY;

	for (size_t i = 0; i < n; i++) {
		lo = fmin(lo, x[i]);
		hi = fmax(hi, x[i]);
	}
	json_array_append_new(json_object_get(t, "days_ago"), json_finite(days_between(created, j->created)));
	json_array_append_new(json_object_get(t, "centre"), json_finite(stats_median(x, n)));
	json_array_append_new(json_object_get(t, "lo"), json_finite(lo));
	json_array_append_new(json_object_get(t, "hi"), json_finite(hi));
	json_array_append_new(json_object_get(t, "level"), json_finite(level));
}

/* The new level from the night on that it is believed to have begun with. */
static double level_now(const struct series *s, size_t night)
{
	bool changed = s->rule.verdict == NIGHTRULE_SLOWER || s->rule.verdict == NIGHTRULE_FASTER;

	return changed && night + s->rule.since >= s->n ? s->rule.baseline * (1 + s->rule.shift.value) : level_at(s, night < s->n ? night : s->n - 1);
}

static json_t *trend_json(const struct nightjudge *j, size_t cell, enum night_metric m)
{
	const struct night_cell *c = &j->night->cell[cell];
	const struct series *s = series_of(j, cell, m);
	double x[NIGHT_REPEATS_MAX];
	size_t n = finite_of(c->x[m], c->n, x);
	json_t *t = json_pack("{s:s, s:s, s:s, s:s, s:[], s:[], s:[], s:[], s:[]}", "cell", c->what->name, "metric", night_about[m].name, "title", night_about[m].title, "verdict",
			      nightrule_word(s->rule.verdict), "days_ago", "centre", "lo", "hi", "level");

	for (size_t i = 0; i < s->n; i++)
		trend_point(j, t, s->night[i].created, s->night[i].x, s->night[i].n, level_now(s, i));
	trend_point(j, t, j->created, x, n, level_now(s, s->n));
	return t;
}

/* How much a drawing of it would show: what is believed before what is suspected. */
struct showing {
	size_t cell;
	enum night_metric m;
	double much;
};

static int by_much(const void *a, const void *b)
{
	const struct showing *x = a, *y = b;

	return x->much != y->much ? (x->much < y->much ? 1 : -1) : (x->cell > y->cell) - (x->cell < y->cell);
}

json_t *nightjudge_trends(const struct nightjudge *j)
{
	struct showing *all = calloc(j->night->n * NIGHT_METRICS + 1, sizeof(*all));
	json_t *trends = json_array();
	size_t n = 0;

	for (size_t c = 0; all && c < j->night->n; c++)
		for (int m = 0; m < NIGHT_METRICS; m++) {
			const struct series *s = series_of(j, c, (enum night_metric)m);
			double bonus = s->rule.verdict == NIGHTRULE_SLOWER ? 1e6 : s->rule.verdict == NIGHTRULE_FASTER ? 1e5 : 0;

			if (s->judged && s->n)
				all[n++] = (struct showing){ c, (enum night_metric)m, bonus + s->changes + (isfinite(s->rule.suspicion) ? s->rule.suspicion : 0) };
		}
	if (n)
		qsort(all, n, sizeof(*all), by_much);
	for (size_t i = 0; i < n && i < NIGHTJUDGE_TRENDS_MAX; i++)
		json_array_append_new(trends, trend_json(j, all[i].cell, all[i].m));
	free(all);
	return trends;
}
