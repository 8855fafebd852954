// SPDX-License-Identifier: GPL-2.0-only
#include "versusargs.h"

#include <stdlib.h>
#include <string.h>

#define PAIRS_MIN 5

enum {
	OPT_PAIRS = 1000, OPT_SECONDS, OPT_BS, OPT_RW, OPT_DIRECT, OPT_HIPRI, OPT_ALLOW_WRITE, OPT_OURS, OPT_STOCK, OPT_ALL, OPT_ARRIVALS,
	OPT_ROWS,
};

static const struct argp_option options[] = {
	{ "file", 'F', "PATH", 0, "Use this file or device (only read unless told otherwise; default: a scratch file of 64 MiB, removed at the end)", 0 },
	{ "iodepth", 'q', "LIST", 0, "Depths to compare at (default: 1,32)", 0 },
	{ "bs", OPT_BS, "LIST", 0, "Block sizes, such as 512,4k (default: 512, 4k with --direct)", 0 },
	{ "rw", OPT_RW, "LIST", 0, "Of read, randread (default), write and randwrite", 0 },
	{ "direct", OPT_DIRECT, NULL, 0, "Direct I/O: the device, not the page cache", 0 },
	{ "hipri", OPT_HIPRI, NULL, 0, "Polled completions for all three; needs --direct and a device that polls", 0 },
	{ "allow-write", OPT_ALLOW_WRITE, NULL, 0, "Let cells that write do so to the --file", 0 },
	{ "pairs", OPT_PAIRS, "N", 0, "Rounds of all three, their order reversed every other time (default: 11, at least 5)", 0 },
	{ "seconds", OPT_SECONDS, "S", 0, "Time of each run (default: 2; rows have their own)", 0 },
	{ "arrivals", OPT_ARRIVALS, "LIST", 0, "Instead of depths: requests arrive by themselves, by these laws, one at a time; 'all' or names "
	  "(constant, poisson, on-off, pareto, diurnal, pairs; each with -slow or -fast)", 0 },
	{ "rows", OPT_ROWS, "LIST", 0, "Instead of cells: rows of the table in docs/VERSUS.md, with what is asked of each and a verdict; 'all' or names "
	  "(awake, same-cpu-1, same-cpu-32, two-jobs-1, two-jobs-32, sparse, device-bound, arrivals)", 0 },
	{ "all", OPT_ALL, "OPTION", 0, "A fio option for all three, as --all=--thinktime=5000; may be given again", 0 },
	{ "ours", OPT_OURS, "OPTION", 0, "A fio option for this engine only, as --ours=--sq_wake=adaptive; may be given again", 0 },
	{ "stock", OPT_STOCK, "OPTION", 0, "A fio option for the stock engine with sqthread_poll only; may be given again", 0 },
	CMD_OPTION_OUT("Results directory"),
	CMD_OPTION_JSON("Print JSON, with every single value"),
	CMD_OPTIONS_FIO,
	{ 0 },
};

/* The next one of LIST, of which N were taken. */
static char *next_of(struct argp_state *state, const char *name, char *list, char **rest, unsigned n)
{
	char *one = strtok_r(n ? NULL : list, ",", rest);

	if (!one && !n)
		argp_error(state, "--%s: give at least one", name);
	if (one && n == VERSUS_SPEC_MAX)
		argp_error(state, "--%s: more than %d", name, VERSUS_SPEC_MAX);
	return one;
}

static void parse_laws(struct argp_state *state, struct versus_spec *s, char *list)
{
	char *rest = NULL, *one;

	s->laws = 0;
	while (!strcmp(list, "all") && arrivals_all[s->laws].name) {
		s->law[s->laws] = &arrivals_all[s->laws];
		s->laws++;
	}
	if (s->laws)
		return;
	while ((one = next_of(state, "arrivals", list, &rest, s->laws))) {
		s->law[s->laws] = arrivals_find(one, strlen(one));
		if (!s->law[s->laws++])
			argp_error(state, "--arrivals: no law is called '%s'; constant, poisson, on-off, pareto, diurnal, pairs, each with -slow or -fast",
				   one);
	}
}

static void unknown_row(struct argp_state *state, const char *name)
{
	char known[256] = "";

	for (const struct versus_row *r = versus_rows; r->name; r++)
		snprintf(known + strlen(known), sizeof(known) - strlen(known), "%s%s", r == versus_rows ? "" : ", ", r->name);
	argp_error(state, "--rows: no row is called '%s'; all, %s", name, known);
}

static void parse_rows(struct argp_state *state, struct versus_args *a, char *list)
{
	char *rest = NULL, *one;

	a->rows = 0;
	while (!strcmp(list, "all") && versus_rows[a->rows].name) {
		a->row[a->rows] = &versus_rows[a->rows];
		a->rows++;
	}
	if (a->rows)
		return;
	while ((one = next_of(state, "rows", list, &rest, a->rows))) {
		a->row[a->rows] = versus_row_find(one);
		if (!a->row[a->rows++])
			unknown_row(state, one);
	}
}

static void parse_sizes(struct argp_state *state, struct versus_spec *s, char *list)
{
	char *rest = NULL, *one, *end;

	s->sizes = 0;
	while ((one = next_of(state, "bs", list, &rest, s->sizes))) {
		if (!strtoul(one, &end, 10) || end == one || (*end && (!strchr("kKmM", *end) || end[1])))
			argp_error(state, "--bs: '%s' is not a size such as 512, 4k or 1m", one);
		s->bs[s->sizes++] = one;
	}
}

static void parse_patterns(struct argp_state *state, struct versus_spec *s, char *list)
{
	char *rest = NULL, *one;

	s->patterns = 0;
	while ((one = next_of(state, "rw", list, &rest, s->patterns))) {
		if (strcmp(one, "read") && strcmp(one, "randread") && strcmp(one, "write") && strcmp(one, "randwrite"))
			argp_error(state, "--rw: '%s' is none of read, randread, write and randwrite", one);
		s->rw[s->patterns++] = one;
	}
}

static void more_options(struct argp_state *state, struct versus_spec *s, unsigned from, unsigned to, const char *arg)
{
	if (strncmp(arg, "--", 2))
		argp_error(state, "'%s' is not an option of fio: write --%s", arg, arg);
	for (unsigned side = from; side <= to; side++) {
		unsigned n = 0;

		while (s->more[side][n])
			n++;
		if (n == VERSUS_SPEC_MAX)
			argp_error(state, "more than %d options for %s", VERSUS_SPEC_MAX, versus_side_names[side]);
		else
			s->more[side][n] = arg;
	}
}

/* What does not go together. */
static void check(struct argp_state *state, const struct versus_args *a)
{
	const struct versus_spec *s = &a->spec;

	if (a->rows && (s->sizes || s->patterns || s->depths || s->laws))
		argp_error(state, "--rows bring their own cells: leave out --bs, --rw, --iodepth and --arrivals");
	if (s->hipri && !s->direct)
		argp_error(state, "--hipri polls a device: it needs --direct");
	if (s->laws && (s->patterns || s->depths || s->sizes > 1))
		argp_error(state, "--arrivals read at random, one at a time: leave out --rw, --iodepth and all but one --bs");
	if ((s->sizes ? s->sizes : 1) * (s->patterns ? s->patterns : 1) * (s->depths ? s->depths : 2) > VERSUS_CELLS_MAX)
		argp_error(state, "more than %d cells: give shorter lists", VERSUS_CELLS_MAX);
}

static error_t parse_flag(int key, struct versus_args *a)
{
	struct versus_spec *s = &a->spec;

	switch (key) {
	case OPT_DIRECT:
		s->direct = true;
		return 0;
	case OPT_HIPRI:
		s->hipri = true;
		return 0;
	case OPT_ALLOW_WRITE:
		a->allow_write = true;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct versus_args *a = state->input;
	struct versus_spec *s = &a->spec;

	switch (key) {
	case 'F':
		a->file = arg;
		return 0;
	case 'q':
		s->depths = cmd_numbers(state, arg, "iodepth", s->depth, VERSUS_SPEC_MAX, 1, 32768);
		return 0;
	case OPT_BS:
		parse_sizes(state, &a->spec, arg);
		return 0;
	case OPT_RW:
		parse_patterns(state, &a->spec, arg);
		return 0;
	case OPT_ARRIVALS:
		parse_laws(state, &a->spec, arg);
		return 0;
	case OPT_ROWS:
		parse_rows(state, a, arg);
		return 0;
	case OPT_OURS:
		more_options(state, &a->spec, VERSUS_OURS, VERSUS_OURS, arg);
		return 0;
	case OPT_STOCK:
		more_options(state, &a->spec, VERSUS_STOCK, VERSUS_STOCK, arg);
		return 0;
	case OPT_ALL:
		more_options(state, &a->spec, VERSUS_OURS, VERSUS_PLAIN, arg);
		return 0;
	case OPT_PAIRS:
		s->pairs = cmd_number(state, arg, "pairs", PAIRS_MIN, STATS_N_MAX);
		return 0;
	case OPT_SECONDS:
		s->seconds = cmd_number(state, arg, "seconds", 1, 3600);
		return 0;
	case ARGP_KEY_ARG:
		argp_error(state, "'%s' is one argument too many: name a target with --file", arg);
		return 0;
	case ARGP_KEY_END:
		check(state, a);
		return 0;
	default:
		return parse_flag(key, a) ? cmd_parse_common(key, arg, state) : 0;
	}
}

void versus_args_parse(int argc, char **argv, struct versus_args *a)
{
	static const struct argp argp = { options, parse, NULL,
					  "Compares this engine, the stock io_uring engine with sqthread_poll and plain io_uring, all of the "
					  "same fio, interleaved in one run. Devices and existing files are only read unless told otherwise. Nothing else should run meanwhile.",
					  NULL, NULL, NULL };

	cmd_parse(&argp, argc, argv, a);
}
