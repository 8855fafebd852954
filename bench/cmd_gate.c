// SPDX-License-Identifier: GPL-2.0-only
/* Did something get slower? A verdict for each cell that two sets of measurements have in common. */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "cmd.h"
#include "fiojson.h"
#include "gate.h"
#include "series.h"

enum { COLUMN_CELL, COLUMN_VALUE, COLUMNS_REQUIRED };

#define FOLLOW_MATTERS 0.2

static const char *const columns[] = { "cell", "value", NULL };

struct args {
	struct cmd_common common;
	const char *file[2];
	unsigned files;
	struct gate_how how;
};

enum { OPT_FDR = 1000, OPT_WORTH, OPT_MORE };

static const struct argp_option options[] = {
	{ "fdr", OPT_FDR, "Q", 0, "Share of the differences that may be wrong (default: 0.001, and 0.05 of those with no value of one side among the other's)", 0 },
	{ "worth", OPT_WORTH, "PCT", 0, "Smallest difference that counts, in percent (default: 1)", 0 },
	{ "more-is-better", OPT_MORE, NULL, 0, "Values are rates: less of them is slower (default: they are times or costs)", 0 },
	CMD_OPTION_JSON("Print JSON"),
	{ 0 },
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct args *a = state->input;

	switch (key) {
	case OPT_FDR:
		a->how.fdr = a->how.fdr_apart = cmd_real(state, arg, "fdr", 1e-9, 0.5);
		return 0;
	case OPT_WORTH:
		a->how.worth = cmd_real(state, arg, "worth", 0, 1000) / 100;
		return 0;
	case OPT_MORE:
		a->how.more_is_better = true;
		return 0;
	case ARGP_KEY_ARG:
		if (a->files == 2)
			argp_error(state, "'%s' is one argument too many: name two files", arg);
		a->file[a->files++] = arg;
		return 0;
	case ARGP_KEY_END:
		if (a->files < 2)
			argp_error(state, "name two CSV files with the columns cell and value: the base and the current one");
		return 0;
	default:
		return cmd_parse_common(key, arg, state);
	}
}

/* Cells of the base in its order, and behind them those that only the current set has. */
static size_t pair_up(const struct series_set *base, const struct series_set *current, struct gate_cell *c, const char **name)
{
	size_t n = 0;

	for (size_t i = 0; i < base->n; i++) {
		const struct series *b = &base->one[i], *other = series_find(current, b->name);

		name[n] = b->name;
		c[n++] = (struct gate_cell){ .base = b->value, .n_base = b->n, .current = other ? other->value : NULL, .n_current = other ? other->n : 0 };
	}
	for (size_t i = 0; i < current->n; i++) {
		const struct series *only = &current->one[i];

		if (series_find(base, only->name))
			continue;
		name[n] = only->name;
		c[n++] = (struct gate_cell){ .current = only->value, .n_current = only->n };
	}
	return n;
}

static json_t *cell_json(const struct gate_cell *c, const char *name)
{
	return json_pack("{s:s, s:s, s:i, s:i, s:o, s:o, s:o, s:o, s:o, s:o, s:s?, s:o}", "cell", name, "verdict", gate_verdict_name(c->verdict), "n_base", (int)c->n_base,
			 "n_current", (int)c->n_current, "base", json_finite(c->base_median), "current", json_finite(c->current_median), "change_pct",
			 json_finite(100 * c->shift.value), "lo_pct", json_finite(100 * c->shift.lo), "hi_pct", json_finite(100 * c->shift.hi), "p", json_finite(c->p),
			 "believed_by", gate_belief_name(c->belief), "reason", c->verdict == GATE_UNKNOWN ? json_string(c->reason) : json_null());
}

/* Three standard errors of none, and enough to matter */
static bool values_follow(double r, const struct gate_cell *c, size_t n)
{
	double values = 0;

	for (size_t i = 0; i < n; i++)
		values += (double)(c[i].n_base + c[i].n_current);
	return r > FOLLOW_MATTERS && r > 3 / sqrt(values);
}

static void print_json(const struct gate_cell *c, const char **name, size_t n, size_t slower, const struct gate_how *how)
{
	json_t *all = json_array();

	for (size_t i = 0; i < n; i++)
		json_array_append_new(all, cell_json(&c[i], name[i]));
	cmd_print_json(json_pack("{s:s, s:f, s:f, s:f, s:b, s:i, s:o, s:o}", "schema", "sqbench-gate/1", "fdr", how->fdr, "fdr_apart", how->fdr_apart, "worth_pct", 100 * how->worth, "more_is_better",
				 how->more_is_better, "slower", (int)slower, "correlation", json_finite(gate_correlation(c, n)), "cells", all));
}

/* What could not be computed is a dash. */
static const char *figure(char *out, size_t size, const char *format, double v)
{
	if (!isfinite(v))
		return "-";
	snprintf(out, size, format, v);
	return out;
}

static void print_cell(const struct gate_cell *c, const char *name)
{
	char interval[40] = "-", base[24], current[24], change[24], p[24];

	if (isfinite(c->shift.lo) && isfinite(c->shift.hi))
		snprintf(interval, sizeof(interval), "[%+.2f, %+.2f]", 100 * c->shift.lo, 100 * c->shift.hi);
	printf("%-32s %-8s %12s %12s %9s %20s %9s", name, gate_verdict_name(c->verdict), figure(base, sizeof(base), "%.6g", c->base_median),
	       figure(current, sizeof(current), "%.6g", c->current_median), figure(change, sizeof(change), "%+.2f", 100 * c->shift.value), interval,
	       figure(p, sizeof(p), "%.2g", c->p));
	if (c->verdict == GATE_UNKNOWN)
		printf("  %s", c->reason);
	else if (c->belief == GATE_FAR)
		printf("  far beyond all spreads");
	putchar('\n');
}

static void print(const struct gate_cell *c, const char **name, size_t n, size_t slower)
{
	double r = gate_correlation(c, n);
	size_t unknown = 0;

	printf("%-32s %-8s %12s %12s %9s %20s %9s\n", "cell", "verdict", "base", "current", "change %", "interval", "p");
	for (size_t i = 0; i < n; i++) {
		print_cell(&c[i], name[i]);
		unknown += c[i].verdict == GATE_UNKNOWN;
	}
	if (values_follow(r, c, n))
		printf("values follow each other (correlation %.2g): p is too small and false differences are likely; compare values that do not, or use sqbench change\n", r);
	printf("%zu of %zu cells are slower, %zu are not known\n", slower, n, unknown);
}

static int judge(const struct args *a, const struct series_set *set, struct why *why)
{
	size_t room = set[0].n + set[1].n, n, slower;
	struct gate_cell *c = calloc(room + 1, sizeof(*c));
	const char **name = calloc(room + 1, sizeof(*name));
	int rc = EXIT_DONE;

	if (!c || !name) {
		why_set(why, -ENOMEM, "out of memory");
		rc = cmd_fail(EXIT_CANNOT, "gate", why);
	} else {
		n = pair_up(&set[0], &set[1], c, name);
		slower = gate_judge(c, n, &a->how);
		if (a->common.json)
			print_json(c, name, n, slower, &a->how);
		else
			print(c, name, n, slower);
		rc = slower ? EXIT_FAILED : EXIT_DONE;
	}
	free(c);
	free(name);
	return rc;
}

int cmd_gate(int argc, char **argv)
{
	static const struct argp argp = { options, parse, "BASE.csv CURRENT.csv",
					  "Did something get slower? Both files have the columns cell and value, several values of each cell. Ends with 1 if a cell is slower.", NULL,
					  NULL, NULL };
	struct args a = { .how = gate_default() };
	struct series_set set[2] = { 0 };
	struct why why = { "" };
	int rc = 0;

	cmd_parse(&argp, argc, argv, &a);
	for (unsigned i = 0; i < 2 && !rc; i++)
		rc = series_read(&set[i], a.file[i], columns, COLUMNS_REQUIRED, COLUMN_CELL, COLUMN_VALUE, &why);
	rc = rc ? cmd_fail(EXIT_USAGE, "gate", &why) : judge(&a, set, &why);
	series_free(&set[0]);
	series_free(&set[1]);
	return rc;
}
