// SPDX-License-Identifier: GPL-2.0-only
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd.h"

static const struct command {
	const char *name;
	const char *summary;
	int (*run)(int argc, char **argv);
} commands[] = {
	{ "preflight", "can this machine measure SQPOLL, and what would disturb it?", cmd_preflight },
	{ "run", "run a fio job file and keep everything it printed", cmd_run },
	{ "list", "list the kept runs", cmd_list },
	{ "tune", "find the idle period, or say not to use SQPOLL, and leave a report", cmd_tune },
	{ "affinity", "where should the SQ thread of my job sit, and how many jobs should share one?", cmd_affinity },
	{ "predict", "what would each idle period do to my job? From three short runs of it", cmd_predict },
	{ "report", "make a run's report again from its raw files, or print it as text", cmd_report },
	{ "versus", "this engine, the stock one and plain io_uring, side by side", cmd_versus },
	{ "compare", "two sets of kept results, of two kernels, say: better, worse or the same?", cmd_compare },
	{ "ring", "the bare ring without fio: rates, wake-up and pick-up, both threads on one CPU", cmd_ring },
	{ "nightly", "benchmarks of one night: what got slower, since when?", cmd_nightly },
	{ "history", "what the kept runs measured, cell by cell, over time", cmd_history },
	{ "import", "take runs that were made elsewhere into a results directory", cmd_import },
	{ "change", "since when is a series of measurements at another level? (CSV)", cmd_change },
	{ "gate", "did something get slower? Two sets of measurements, cell by cell (CSV)", cmd_gate },
};

const char *cmd_program = "sqbench";

#define COMMANDS (sizeof(commands) / sizeof(*commands))

static void usage(FILE *out)
{
	fputs("Usage: sqbench COMMAND [OPTION...]\n\n", out);
	for (size_t i = 0; i < COMMANDS; i++)
		fprintf(out, "  %-10s %s\n", commands[i].name, commands[i].summary);
	fputs("\nsqbench COMMAND --help says more; sqbench --version names this build.\n"
	      "Exit codes: 0 done, 1 a failed expectation, 2 bad usage, 3 the machine cannot do it.\n",
	      out);
}

int cmd_fail(int code, const char *command, const struct why *why)
{
	fprintf(stderr, "sqbench %s: %s\n", command, why->text);
	return code;
}

error_t cmd_parse_common(int key, char *arg, struct argp_state *state)
{
	struct cmd_common *c = state->input;

	switch (key) {
	case 'o':
		c->out = arg;
		return 0;
	case 'j':
		c->json = true;
		return 0;
	case 'f':
		c->fio = arg;
		return 0;
	case 'e':
		c->engine_dir = arg;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

void cmd_define(struct argp_state *state, char *arg)
{
	char *eq = strchr(arg, '=');

	if (!eq || eq == arg) {
		argp_error(state, "-D '%s' is not NAME=VALUE", arg);
		return;
	}
	*eq = '\0';
	setenv(arg, eq + 1, 1);
	*eq = '=';
}

void cmd_parse(const struct argp *argp, int argc, char **argv, void *input)
{
	argp_err_exit_status = EXIT_USAGE;
	if (argp_parse(argp, argc, argv, 0, NULL, input))
		exit(EXIT_USAGE);
}

unsigned cmd_number(struct argp_state *state, const char *arg, const char *name, unsigned min, unsigned max)
{
	char *end;
	unsigned long v = strtoul(arg, &end, 10);

	if (end == arg || *end || v < min || v > max)
		argp_error(state, "--%s: '%s' is not a number from %u to %u", name, arg, min, max);
	return (unsigned)v;
}

double cmd_real(struct argp_state *state, const char *arg, const char *name, double min, double max)
{
	char *end;
	double v = strtod(arg, &end);

	if (end == arg || *end || !(v >= min && v <= max))
		argp_error(state, "--%s: '%s' is not a number from %g to %g", name, arg, min, max);
	return v;
}

unsigned cmd_numbers(struct argp_state *state, char *list, const char *name, unsigned *out, unsigned room, unsigned min,
		     unsigned max)
{
	char *rest = NULL;
	unsigned n = 0;

	for (char *one = strtok_r(list, ",", &rest); one; one = strtok_r(NULL, ",", &rest)) {
		if (n == room)
			argp_error(state, "--%s: more than %u numbers", name, room);
		out[n++] = cmd_number(state, one, name, min, max);
	}
	if (!n)
		argp_error(state, "--%s: give at least one number", name);
	return n;
}

char *cmd_line(int argc, char **argv)
{
	char *line = NULL;
	size_t size = 0;
	FILE *f = open_memstream(&line, &size);

	if (f)
		fputs(argv[0], f);
	for (int i = 1; f && i < argc; i++) {
		bool plain = (*argv[i] && strspn(argv[i], "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-+=:,./@%") ==
						       strlen(argv[i]));

		fputs(" ", f);
		fputs(plain ? "" : "'", f);
		for (const char *p = argv[i]; *p; p++)
			fputs(!plain && *p == '\'' ? "'\\''" : (char[]){ *p, 0 }, f);
		fputs(plain ? "" : "'", f);
	}
	if (f)
		fclose(f);
	return line;
}

void cmd_print_json(json_t *doc)
{
	json_dumpf(doc, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(9));
	putchar('\n');
	json_decref(doc);
}

int main(int argc, char **argv)
{
	char name[64];

	if (argc > 0)
		cmd_program = argv[0];
	if (argc < 2) {
		usage(stderr);
		return EXIT_USAGE;
	}
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-?") || !strcmp(argv[1], "help")) {
		usage(stdout);
		return EXIT_DONE;
	}
	if (!strcmp(argv[1], "--version") || !strcmp(argv[1], "-V")) {
		puts("sqbench " SQB_VERSION);
		return EXIT_DONE;
	}
	for (size_t i = 0; i < COMMANDS; i++) {
		if (strcmp(argv[1], commands[i].name))
			continue;
		snprintf(name, sizeof(name), "sqbench %s", commands[i].name);
		argv[1] = name;
		return commands[i].run(argc - 1, argv + 1);
	}
	fprintf(stderr, "sqbench: no command '%s': see sqbench --help\n", argv[1]);
	return EXIT_USAGE;
}
