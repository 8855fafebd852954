// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cmd.h"
#include "derive.h"
#include "plotdata.h"
#include "report_affinity.h"
#include "report_job.h"
#include "report_ring.h"
#include "report_versus.h"

struct args {
	struct cmd_common common;
	const char *run;
};

static const struct argp_option options[] = {
	CMD_OPTION_OUT("Results directory"),
	CMD_OPTION_JSON("Print JSON"),
	{ 0 },
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct args *a = state->input;

	switch (key) {
	case ARGP_KEY_ARG:
		if (a->run)
			argp_error(state, "'%s' is one argument too many", arg);
		a->run = arg;
		return 0;
	case ARGP_KEY_END:
		if (!a->run)
			argp_error(state, "name a run: its id (see sqbench list) or its directory");
		return 0;
	default:
		return cmd_parse_common(key, arg, state);
	}
}

/* What has a slash is a directory, the rest an id below OUT. */
static int find_run(char *dir, const struct args *a, struct why *why)
{
	char name[PATH_MAX];

	if (strchr(a->run, '/'))
		return snprintf(dir, PATH_MAX, "%s", a->run) < PATH_MAX ? 0 : why_set(why, -EINVAL, "the path is too long");
	if (snprintf(name, sizeof(name), "runs/%s", a->run) >= (int)sizeof(name) || store_path(dir, PATH_MAX, a->common.out, name))
		return why_set(why, -EINVAL, "%s: the path is too long", a->run);
	if (!access(dir, F_OK))
		return 0;
	return why_set(why, -ENOENT, "run %s is not in %s/runs: see sqbench list, or name its --out", a->run, a->common.out);
}

/* Kinds of runs that keep their values in one document; a tune keeps cells. */
static const struct page_kind *const kinds[] = { &report_ring, &report_versus, &report_job, &report_affinity };

static const struct page_kind *kind_of(const struct run *run)
{
	json_t *about = store_load(run, "run.json", NULL);
	const char *name = json_string_value(json_object_get(about, "kind"));
	const struct page_kind *found = NULL;

	for (size_t i = 0; name && i < sizeof(kinds) / sizeof(*kinds); i++)
		if (!strcmp(kinds[i]->kind, name))
			found = kinds[i];
	json_decref(about);
	return found;
}

static int page_again(const struct page_kind *kind, const struct run *run, bool json)
{
	struct page_said said;
	struct why why = { "" };

	if (page_make(kind, run, &said, &why))
		return cmd_fail(EXIT_FAILED, "report", &why);
	if (json) {
		json_t *doc = json_pack("{s:s}", "id", run->id);

		page_put(doc, run, &said);
		cmd_print_json(doc);
	} else {
		page_print(run, &said);
	}
	return EXIT_DONE;
}

static int tune_again(const char *dir, bool json)
{
	static struct tune t = { .run = { .lock_fd = -1 } };
	struct why why = { "" };
	json_t *analysis = NULL;
	int rc;

	if (derive_open(&t, dir, &why))
		return cmd_fail(EXIT_USAGE, "report", &why);
	rc = derive_make(&t, &analysis, &why);
	json_decref(t.settings);
	if (rc) {
		json_decref(analysis);
		return cmd_fail(EXIT_FAILED, "report", &why);
	}
	return derive_print(&t, analysis, json);
}

int cmd_report(int argc, char **argv)
{
	static const struct argp argp = { options, parse, "ID|DIR",
					  "Makes the tables, plots and report of a tune, ring or versus again from its raw files.",
					  NULL, NULL, NULL };
	struct args a = { .common.out = "results" };
	const struct page_kind *kind;
	struct why why = { "" };
	char dir[PATH_MAX];
	struct run run;

	cmd_parse(&argp, argc, argv, &a);
	if (find_run(dir, &a, &why) || page_open(&run, dir, &why))
		return cmd_fail(EXIT_USAGE, "report", &why);
	if (plotdata_ready(&why))
		return cmd_fail(EXIT_CANNOT, "report", &why);
	kind = kind_of(&run);
	return kind ? page_again(kind, &run, a.common.json) : tune_again(dir, a.common.json);
}
