// SPDX-License-Identifier: GPL-2.0-only
#include "nightargs.h"

#include <string.h>

#define BUDGET_MIN 30
#define SIZE_MIB 256

enum { OPT_SUITE = 1000, OPT_TARGET, OPT_BUDGET, OPT_ROUNDS, OPT_SIZE, OPT_ALLOW_WRITE, OPT_PRECONDITION, OPT_HOST, OPT_KEEP_HOST, OPT_RESTORE, OPT_WAIT, OPT_SUMMARY, OPT_JUNIT, OPT_CLIENT, OPT_HOSTS };

static const struct argp_option options[] = {
	{ "suite", OPT_SUITE, "JOB.fio", 0, "Cells to measure, one for each section (default: jobs/nightly.fio)", 0 },
	{ "target", OPT_TARGET, "PATH", 0, "File or device, ${TARGET} of the suite, which is only read (default: a file of our own in --out)", 0 },
	{ "budget", OPT_BUDGET, "MINUTES", 0, "Time for the whole night (default: 30)", 0 },
	{ "rounds", OPT_ROUNDS, "MIN,USUAL,MAX", 0, "Repeats of a cell: at least, usually, and where it is undecided (default: 5,10,20)", 0 },
	{ "size", OPT_SIZE, "MIB", 0, "Size of our own file (default: 256)", 0 },
	{ "allow-write", OPT_ALLOW_WRITE, NULL, 0, "Cells may write to the target, and its content may be lost", 0 },
	{ "precondition", OPT_PRECONDITION, NULL, 0, "Fill the target once before its first night; needs --allow-write", 0 },
	{ "host", OPT_HOST, "NAME", 0, "This machine's name in the results (default: its host name)", 0 },
	{ "client", OPT_CLIENT, "ADDRESS", 0, "Measure the host whose fio server has this address; --target is a path there", 0 },
	{ "hosts", OPT_HOSTS, "FILE", 0, "The same night on many hosts at once: NAME ADDRESS [TARGET] a line", 0 },
	{ "keep-host-state", OPT_KEEP_HOST, NULL, 0, "Leave governor and I/O scheduler as they are", 0 },
	{ "restore", OPT_RESTORE, NULL, 0, "Only put back what a night that was killed had set", 0 },
	{ "wait", OPT_WAIT, "MINUTES", 0, "For another night on this machine to end (default: 0, refuse)", 0 },
	{ "summary", OPT_SUMMARY, "FILE", 0, "Write the Markdown summary there as well", 0 },
	{ "junit", OPT_JUNIT, "FILE", 0, "Write JUnit XML there as well", 0 },
	CMD_OPTION_OUT("Results directory"),
	CMD_OPTION_JSON("Print JSON"),
	CMD_OPTIONS_FIO,
	{ 0 },
};

static void parse_rounds(struct night_args *a, char *arg, struct argp_state *state)
{
	unsigned n[3], k = cmd_numbers(state, arg, "rounds", n, 3, 2, NIGHT_REPEATS_MAX);

	a->rounds.min = n[0];
	a->rounds.usual = k > 1 ? n[1] : n[0];
	a->rounds.max = k > 2 ? n[2] : a->rounds.usual;
	if (a->rounds.usual < a->rounds.min || a->rounds.max < a->rounds.usual)
		argp_error(state, "--rounds: they have to rise: MIN,USUAL,MAX");
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct night_args *a = state->input;
	struct why why;
	const struct {
		int key;
		const char **to;
	} texts[] = { { OPT_SUITE, &a->suite }, { OPT_TARGET, &a->target }, { OPT_HOST, &a->host }, { OPT_SUMMARY, &a->summary }, { OPT_JUNIT, &a->junit },
		    { OPT_CLIENT, &a->client }, { OPT_HOSTS, &a->hosts } };
	const struct {
		int key;
		bool *to;
	} flags[] = { { OPT_ALLOW_WRITE, &a->allow_write }, { OPT_PRECONDITION, &a->precondition }, { OPT_KEEP_HOST, &a->keep_host }, { OPT_RESTORE, &a->restore } };

	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
		if (key == texts[i].key)
			return *texts[i].to = arg, 0;
	for (size_t i = 0; i < sizeof(flags) / sizeof(*flags); i++)
		if (key == flags[i].key)
			return *flags[i].to = true, 0;
	switch (key) {
	case OPT_BUDGET:
		a->budget_min = cmd_real(state, arg, "budget", 0.05, 10000);
		return 0;
	case OPT_WAIT:
		a->wait_min = cmd_real(state, arg, "wait", 0, 10000);
		return 0;
	case OPT_SIZE:
		a->size_mib = cmd_number(state, arg, "size", 1, 1 << 20);
		return 0;
	case OPT_ROUNDS:
		parse_rounds(a, arg, state);
		return 0;
	case ARGP_KEY_ARG:
		argp_error(state, "'%s' is one argument too many: the suite is --suite, the device --target", arg);
		return 0;
	case ARGP_KEY_END:
		if (a->host && plainname_check("--host", a->host, "a host", &why))
			argp_error(state, "%s", why.text);
		if (a->client && a->hosts)
			argp_error(state, "--client and --hosts exclude each other");
		if (a->client && (!a->target || !a->host))
			argp_error(state, "--client ADDRESS needs --host NAME and --target PATH, of a file or device on that host");
		if ((a->client || a->hosts) && a->precondition)
			argp_error(state, "--precondition is not possible through fio's client: run it once on the host itself");
		if (a->precondition && !a->allow_write)
			argp_error(state, "--precondition writes to the target: add --allow-write if its content may be lost");
		return 0;
	default:
		return cmd_parse_common(key, arg, state);
	}
}

void night_args_parse(int argc, char **argv, struct night_args *a)
{
	static const struct argp argp = { options, parse, NULL,
					  "Measures the cells of a suite, compares them with the nights before, says what got slower, since when and what else changed then, and leaves a "
					  "report, a Markdown summary and JUnit XML. Exit code 1: something got slower, or can no longer be measured.",
					  NULL, NULL, NULL };

	*a = (struct night_args){ .common.out = "results", .budget_min = BUDGET_MIN, .size_mib = SIZE_MIB, .rounds = { 5, 10, 20 } };
	cmd_parse(&argp, argc, argv, a);
}
