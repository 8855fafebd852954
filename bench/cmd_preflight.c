// SPDX-License-Identifier: GPL-2.0-only
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "checks.h"
#include "cmd.h"
#include "env.h"

struct args {
	struct cmd_common common;
	const char *target;
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct args *a = state->input;

	switch (key) {
	case ARGP_KEY_ARG:
		if (a->target)
			argp_error(state, "'%s' is one argument too many", arg);
		a->target = arg;
		return 0;
	default:
		return cmd_parse_common(key, arg, state);
	}
}

static const struct argp_option options[] = {
	CMD_OPTION_JSON("Print JSON"),
	CMD_OPTIONS_FIO,
	{ 0 },
};

static void print_check(const json_t *c)
{
	const json_t *value = json_object_get(c, "value");
	const char *advice = json_string_value(json_object_get(c, "advice"));
	char *plain = json_dumps(value, JSON_ENCODE_ANY | JSON_REAL_PRECISION(3));

	printf("%-4s  %-18s %s\n", json_string_value(json_object_get(c, "status")),
	       json_string_value(json_object_get(c, "id")),
	       json_is_string(value) ? json_string_value(value) : plain ? plain : "?");
	if (advice && *advice)
		printf("      -> %s\n", advice);
	free(plain);
}

int cmd_preflight(int argc, char **argv)
{
	static const struct argp argp = { options, parse, "[FILE|DEVICE]",
					  "Checks what SQPOLL needs and what would disturb a measurement. Only reads.",
					  NULL, NULL, NULL };
	struct args a = { 0 };
	struct why why = { "" };
	struct fio fio;
	bool have;
	json_t *env, *checks;
	unsigned failed;

	cmd_parse(&argp, argc, argv, &a);
	have = !fio_find(&fio, a.common.fio, a.common.engine_dir, &why);
	env = env_collect(have ? &fio : NULL, a.target);
	checks = checks_run(env, have ? &fio : NULL, &why);
	failed = checks_count(checks, "fail");
	if (a.common.json) {
		cmd_print_json(json_pack("{s:s, s:o, s:o, s:b}", "schema", "sqbench-preflight/1", "checks", checks,
					 "env", env, "ready", !failed));
		return failed ? EXIT_CANNOT : EXIT_DONE;
	}
	for (size_t i = 0; i < json_array_size(checks); i++)
		print_check(json_array_get(checks, i));
	printf("%u failed, %u warnings\n", failed, checks_count(checks, "warn"));
	json_decref(checks);
	json_decref(env);
	return failed ? EXIT_CANNOT : EXIT_DONE;
}
