// SPDX-License-Identifier: GPL-2.0-only
/* Since when is it slower? Change points in anybody's series of measurements. */
#include <errno.h>
#include <math.h>
#include <stdio.h>

#include "changes.h"
#include "cmd.h"
#include "fiojson.h"
#include "series.h"

enum { CHANGES_MAX = 200 };

enum { COLUMN_TIME, COLUMN_VALUE, COLUMN_SERIES, COLUMNS_REQUIRED = 2 };

static const char *const columns[] = { "time", "value", "series", NULL };

struct args {
	struct cmd_common common;
	const char *file;
	struct changes_how how;
};

enum { OPT_P = 1000, OPT_WORTH, OPT_LEAST, OPT_SEED };

static const struct argp_option options[] = {
	{ "p", OPT_P, "P", 0, "Largest p of a change that is believed (default: 0.001)", 0 },
	{ "worth", OPT_WORTH, "PCT", 0, "Smallest change of the level that counts, in percent (default: 1)", 0 },
	{ "least", OPT_LEAST, "N", 0, "Values that a level lasts at least (default: 4)", 0 },
	{ "seed", OPT_SEED, "N", 0, "Seed of the made series that p is counted in (default: 1)", 0 },
	CMD_OPTION_JSON("Print JSON"),
	{ 0 },
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct args *a = state->input;

	switch (key) {
	case OPT_P:
		a->how.p_max = cmd_real(state, arg, "p", 0.0001, 0.5);
		return 0;
	case OPT_WORTH:
		a->how.worth = cmd_real(state, arg, "worth", 0, 1000) / 100;
		return 0;
	case OPT_LEAST:
		a->how.segment_min = cmd_number(state, arg, "least", 2, 1000);
		return 0;
	case OPT_SEED:
		a->how.seed = cmd_number(state, arg, "seed", 0, 4294967295U);
		return 0;
	case ARGP_KEY_ARG:
		if (a->file)
			argp_error(state, "'%s' is one argument too many: name one file", arg);
		a->file = arg;
		return 0;
	case ARGP_KEY_END:
		if (!a->file)
			argp_error(state, "name a CSV file with the columns time and value, or - for stdin");
		return 0;
	default:
		return cmd_parse_common(key, arg, state);
	}
}

static double percent(double of, double level)
{
	return level ? 100 * of / fabs(level) : NAN;
}

static json_t *change_json(const struct series_set *all, const struct series *s, const struct change *c)
{
	return json_pack("{s:o, s:s, s:i, s:f, s:f, s:f, s:f, s:f, s:o, s:o, s:o, s:f}", "series", *s->name ? json_string(s->name) : json_null(), "time",
			 all->file.cell[s->row[c->at]][COLUMN_TIME], "index", (int)c->at, "before", c->before, "after", c->after, "size", c->shift.value, "lo",
			 c->shift.lo, "hi", c->shift.hi, "size_pct", json_finite(percent(c->shift.value, c->before)), "lo_pct",
			 json_finite(percent(c->shift.lo, c->before)), "hi_pct", json_finite(percent(c->shift.hi, c->before)), "p", c->p);
}

static int find(const struct args *a, const struct series_set *all, json_t *out, struct why *why)
{
	static struct change c[CHANGES_MAX];

	for (size_t i = 0; i < all->n; i++) {
		int n = changes_find(all->one[i].value, all->one[i].n, &a->how, c, CHANGES_MAX);

		if (n < 0)
			return why_set(why, n, "out of memory");
		for (int k = 0; k < n; k++)
			json_array_append_new(out, change_json(all, &all->one[i], &c[k]));
	}
	return 0;
}

static void print_row(const json_t *c)
{
	const char *series = json_string_value(json_object_get(c, "series"));

	printf("%-24s %-24s %12.6g %12.6g %+9.2f %% [%+.2f, %+.2f] p %s%.4g\n", json_string_value(json_object_get(c, "time")), series ? series : "",
	       json_number_at(c, "before"), json_number_at(c, "after"), json_number_at(c, "size_pct"), json_number_at(c, "lo_pct"), json_number_at(c, "hi_pct"),
	       json_number_at(c, "p") <= 0.0001 ? "<= " : "", json_number_at(c, "p"));
}

static void print(const json_t *changes, size_t values)
{
	const json_t *c;
	size_t i;

	if (json_array_size(changes))
		printf("%-24s %-24s %12s %12s %11s\n", "since", "series", "before", "after", "change");
	json_array_foreach(changes, i, c)
		print_row(c);
	printf("%zu change%s in %zu values\n", json_array_size(changes), json_array_size(changes) == 1 ? "" : "s", values);
}

int cmd_change(int argc, char **argv)
{
	static const struct argp argp = { options, parse, "FILE.csv",
					  "When did a series change its level, and by how much? FILE.csv has the columns time and value, and series if there are several; - is stdin.",
					  NULL, NULL, NULL };
	struct args a = { .how = changes_default() };
	struct series_set all;
	json_t *changes = json_array();
	struct why why = { "" };
	size_t values;
	int rc;

	cmd_parse(&argp, argc, argv, &a);
	rc = series_read(&all, a.file, columns, COLUMNS_REQUIRED, COLUMN_SERIES, COLUMN_VALUE, &why);
	if (!rc) {
		series_order(&all, COLUMN_TIME);
		rc = find(&a, &all, changes, &why);
	}
	values = all.file.rows;
	if (rc)
		json_decref(changes);
	else if (a.common.json)
		cmd_print_json(json_pack("{s:s, s:i, s:f, s:f, s:o}", "schema", "sqbench-change/1", "values", (int)values, "p_max", a.how.p_max, "worth_pct",
					 100 * a.how.worth, "changes", changes));
	else
		print(changes, values);
	if (!rc && !a.common.json)
		json_decref(changes);
	series_free(&all);
	return rc ? cmd_fail(rc == -ENOMEM ? EXIT_CANNOT : EXIT_USAGE, "change", &why) : EXIT_DONE;
}
