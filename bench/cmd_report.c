// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "cmd.h"
#include "derive.h"
#include "plotdata.h"
#include "report_affinity.h"
#include "report_fleet.h"
#include "report_job.h"
#include "report_night.h"
#include "report_ring.h"
#include "report_share.h"
#include "report_versus.h"
#include "textpage.h"

enum { OPT_FORMAT = 1000, WIDTH_DEFAULT = 100 };

/* What a report is wanted as. */
static const char *const formats[] = { "html", "text", "markdown" };
enum format { FORMAT_HTML, FORMAT_TEXT, FORMAT_MARKDOWN, FORMATS };

struct args {
	struct cmd_common common;
	const char *run;
	unsigned format;
};

static const struct argp_option options[] = {
	{ "format", OPT_FORMAT, "FORMAT", 0, "html: makes the page again (default); text, markdown: prints the page that is there", 0 },
	CMD_OPTION_OUT("Results directory"),
	CMD_OPTION_JSON("Print JSON"),
	{ 0 },
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct args *a = state->input;

	switch (key) {
	case OPT_FORMAT:
		for (a->format = 0; a->format < FORMATS && strcmp(arg, formats[a->format]); a->format++)
			;
		if (a->format == FORMATS)
			argp_error(state, "--format %s: html, text or markdown", arg);
		return 0;
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
static const struct page_kind *const kinds[] = { &report_ring, &report_versus, &report_job, &report_affinity, &report_share, &report_night, &report_fleet };

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

static unsigned terminal_width(void)
{
	struct winsize size;

	return !ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) && size.ws_col ? size.ws_col : WIDTH_DEFAULT;
}

static int print_as_text(const struct run *run, enum format format)
{
	struct why why = { "" };
	char path[PATH_MAX], *html;
	int rc = store_in_run(path, run, "report.html", &why);

	if (!rc && access(path, F_OK))
		rc = why_set(&why, -ENOENT, "%s: there is no page yet: sqbench report %s makes it", run->dir, run->id);
	html = rc ? NULL : store_read(path, &why);
	if (!html)
		return cmd_fail(EXIT_USAGE, "report", &why);
	rc = textpage_write(stdout, html, path, format == FORMAT_TEXT ? TEXTPAGE_PLAIN : TEXTPAGE_MARKDOWN, terminal_width(), &why);
	free(html);
	return rc ? cmd_fail(EXIT_FAILED, "report", &why) : EXIT_DONE;
}

int cmd_report(int argc, char **argv)
{
	static const struct argp argp = { options, parse, "ID|DIR",
					  "Makes the tables, plots and report of a run again from its raw files, or prints its report.",
					  NULL, NULL, NULL };
	struct args a = { .common.out = "results" };
	const struct page_kind *kind;
	struct why why = { "" };
	char dir[PATH_MAX];
	struct run run;

	cmd_parse(&argp, argc, argv, &a);
	if (find_run(dir, &a, &why) || page_open(&run, dir, &why))
		return cmd_fail(EXIT_USAGE, "report", &why);
	if (a.format != FORMAT_HTML)
		return print_as_text(&run, a.format);
	if (plotdata_ready(&why))
		return cmd_fail(EXIT_CANNOT, "report", &why);
	kind = kind_of(&run);
	return kind ? page_again(kind, &run, a.common.json) : tune_again(dir, a.common.json);
}
