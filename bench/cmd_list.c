// SPDX-License-Identifier: GPL-2.0-only
#include <stdio.h>

#include "cmd.h"
#include "store.h"

static error_t parse(int key, char *arg, struct argp_state *state)
{
	if (key == ARGP_KEY_ARG)
		argp_error(state, "'%s' is one argument too many", arg);
	return cmd_parse_common(key, arg, state);
}

static const struct argp_option options[] = {
	CMD_OPTION_OUT("Results directory"),
	CMD_OPTION_JSON("Print JSON"),
	{ 0 },
};

static const char *text(const json_t *o, const char *key)
{
	const char *s = json_string_value(json_object_get(o, key));

	return s ? s : "-";
}

static void print_row(const json_t *one)
{
	const json_t *cells = json_object_get(one, "cells");
	char progress[32] = "-";

	if (json_is_integer(cells))
		snprintf(progress, sizeof(progress), "%d/%d",
			 (int)json_integer_value(json_object_get(one, "cells_done")),
			 (int)json_integer_value(cells));
	printf("%-33s %-20s %-7s %9s %-10s %s\n", text(one, "id"), text(one, "created"), text(one, "kind"),
	       progress, text(one, "state"), text(one, "job"));
}

int cmd_list(int argc, char **argv)
{
	static const struct argp argp = { options, parse, NULL, "Lists the kept runs, oldest first.", NULL, NULL, NULL };
	struct cmd_common a = { .out = "results" };
	struct why why;
	json_t *all;

	cmd_parse(&argp, argc, argv, &a);
	all = store_list(a.out, &why);
	if (!all)
		return cmd_fail(EXIT_CANNOT, "list", &why);
	if (a.json) {
		cmd_print_json(all);
		return EXIT_DONE;
	}
	printf("%-33s %-20s %-7s %9s %-10s %s\n", "ID", "TIME", "KIND", "CELLS", "STATE", "JOB");
	for (size_t i = 0; i < json_array_size(all); i++)
		print_row(json_array_get(all, i));
	json_decref(all);
	return EXIT_DONE;
}
