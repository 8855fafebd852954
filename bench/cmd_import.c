// SPDX-License-Identifier: GPL-2.0-only
/* Runs that were made elsewhere, into this results directory. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cmd.h"
#include "runimport.h"
#include "store.h"

enum { DIRS_MAX = 256 };

struct args {
	struct cmd_common common;
	const char *dir[DIRS_MAX];
	unsigned dirs;
};

static const struct argp_option options[] = {
	CMD_OPTION_OUT("Results directory to take them into"),
	CMD_OPTION_JSON("Print JSON"),
	{ 0 },
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct args *a = state->input;

	switch (key) {
	case ARGP_KEY_ARG:
		if (a->dirs == DIRS_MAX)
			argp_error(state, "more than %d directories: name the results directory that holds them", DIRS_MAX);
		else
			a->dir[a->dirs++] = arg;
		return 0;
	case ARGP_KEY_END:
		if (!a->dirs)
			argp_error(state, "name results directories, or directories of runs");
		return 0;
	default:
		return cmd_parse_common(key, arg, state);
	}
}

/* What became of every run. */
struct taking {
	const struct args *a;
	json_t *taken, *there, *refused;
};

/* 0, also when it is refused; -errno with WHY when nothing more can be written. */
static int take_run(struct taking *t, const char *dir, struct why *why)
{
	struct why reason = { "" };
	char id[64];

	switch (runimport_take(dir, t->a->common.out, id, &reason)) {
	case RUNIMPORT_TAKEN:
		json_array_append_new(t->taken, json_string(id));
		break;
	case RUNIMPORT_THERE:
		json_array_append_new(t->there, json_string(id));
		break;
	case RUNIMPORT_REFUSED:
		json_array_append_new(t->refused, json_pack("{s:s, s:s}", "dir", dir, "reason", reason.text));
		break;
	default:
		*why = reason;
		return -EIO;
	}
	return 0;
}

static bool holds(const char *dir, const char *name)
{
	char path[PATH_MAX];

	return !store_path(path, sizeof(path), dir, name) && !access(path, F_OK);
}

static int take_results(struct taking *t, const char *dir, struct why *why)
{
	json_t *ids = store_ids(dir, why), *id;
	int rc = ids ? 0 : -EIO;
	size_t i;

	json_array_foreach(ids, i, id) {
		char run[PATH_MAX];

		if (snprintf(run, sizeof(run), "%s/runs/%s", dir, json_string_value(id)) >= (int)sizeof(run))
			rc = why_set(why, -ENAMETOOLONG, "%s: the path is too long", dir);
		else
			rc = take_run(t, run, why);
		if (rc)
			break;
	}
	json_decref(ids);
	return rc;
}

static int take_dir(struct taking *t, const char *given, struct why *why)
{
	char dir[PATH_MAX];
	size_t n;

	if (snprintf(dir, sizeof(dir), "%s", given) >= (int)sizeof(dir))
		return why_set(why, -ENAMETOOLONG, "the path is too long");
	for (n = strlen(dir); n > 1 && dir[n - 1] == '/'; n--)
		dir[n - 1] = '\0';
	if (holds(dir, "run.json"))
		return take_run(t, dir, why);
	if (holds(dir, "runs"))
		return take_results(t, dir, why);
	json_array_append_new(t->refused, json_pack("{s:s, s:s+}", "dir", dir, "reason", dir, ": holds neither a run (run.json) nor results (runs/)"));
	return 0;
}

static void print_ids(const char *what, const json_t *ids)
{
	for (size_t i = 0; i < json_array_size(ids); i++)
		printf("%s: %s\n", what, json_string_value(json_array_get(ids, i)));
}

static void say(const struct taking *t)
{
	if (t->a->common.json) {
		cmd_print_json(json_pack("{s:s, s:O, s:O, s:O}", "schema", "sqbench-import/1", "taken", t->taken, "there", t->there, "refused", t->refused));
		return;
	}
	print_ids("taken", t->taken);
	print_ids("already there", t->there);
	for (size_t i = 0; i < json_array_size(t->refused); i++)
		printf("refused: %s\n", json_string_value(json_object_get(json_array_get(t->refused, i), "reason")));
	printf("%zu runs taken, %zu already there, %zu refused\n", json_array_size(t->taken), json_array_size(t->there), json_array_size(t->refused));
}

int cmd_import(int argc, char **argv)
{
	static const struct argp argp = { options, parse, "DIR...",
					  "Takes runs that were made elsewhere into --out, unedited. DIR is a results directory, of which all complete runs are taken, or the directory of a run. "
					  "A run that is there already is passed over; ends with 1 if one is damaged, or another of its id is there.",
					  NULL, NULL, NULL };
	struct args a = { .common.out = "results" };
	struct taking t = { &a, json_array(), json_array(), json_array() };
	struct why why = { "" };
	int rc = 0;

	cmd_parse(&argp, argc, argv, &a);
	for (unsigned i = 0; i < a.dirs && !rc; i++)
		rc = take_dir(&t, a.dir[i], &why);
	say(&t);
	if (rc)
		rc = cmd_fail(EXIT_CANNOT, "import", &why);
	else
		rc = json_array_size(t.refused) ? EXIT_FAILED : EXIT_DONE;
	json_decref(t.taken);
	json_decref(t.there);
	json_decref(t.refused);
	return rc;
}
