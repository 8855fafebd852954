// SPDX-License-Identifier: GPL-2.0-only
/* Drives what a night does to a host and its target, one piece at a time, for night-host.sh.
 *   hold DISK RECORD        sets the host, prints what, and puts it back at the end of stdin, or after SIGTERM
 *   left RECORD             puts back what RECORD says
 *   target OUT FILE         prints what is known of FILE
 *   fill OUT FILE [write]   preconditions it; with `write` that is allowed
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "fio.h"
#include "hoststate.h"
#include "precondition.h"
#include "prepare.h"
#include "proc.h"

static void print(json_t *doc)
{
	json_dumpf(doc, stdout, JSON_COMPACT);
	putchar('\n');
	fflush(stdout);
	json_decref(doc);
}

static int hold(char **arg, struct why *why)
{
	struct hoststate h;
	json_t *ends;
	char c;
	int rc;

	proc_catch_signals();
	rc = hoststate_set(&h, "/sys", arg[0], arg[1], why);
	print(hoststate_json(&h));
	while (!rc && !proc_interrupted() && read(STDIN_FILENO, &c, 1) > 0)
		;
	rc = rc ? rc : hoststate_restore(&h, &ends);
	if (!rc)
		print(ends);
	hoststate_free(&h);
	return rc;
}

static int left(char **arg, struct why *why)
{
	json_t *ends;
	int rc = hoststate_restore_left("/sys", arg[0], &ends, why);

	print(ends ? ends : json_object());
	return rc;
}

static int target(char **arg, struct why *why)
{
	struct prepared p;
	int rc = prepare_target(&p, arg[1], arg[0], 0, why);

	if (!rc)
		print(json_pack("{s:o, s:o}", "target", prepare_json(&p), "warnings", prepare_warnings(&p)));
	return rc;
}

static int fill(char **arg, struct why *why)
{
	struct precondition a = { .out = arg[0], .allow_write = arg[2] && !strcmp(arg[2], "write") };
	struct prepared p;
	struct fio fio;
	json_t *done = NULL;
	int rc = fio_find(&fio, NULL, NULL, why);

	a.fio = &fio;
	if (!rc)
		rc = prepare_target(&p, arg[1], arg[0], 0, why);
	if (!rc)
		rc = precondition(&p, &a, &done, why);
	if (done)
		print(json_pack("{s:o, s:o}", "done", done, "target", prepare_json(&p)));
	return rc;
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		int (*run)(char **arg, struct why *why);
		int args;
	} commands[] = { { "hold", hold, 2 }, { "left", left, 1 }, { "target", target, 2 }, { "fill", fill, 2 } };
	struct why why = { "" };

	for (size_t i = 0; i < sizeof(commands) / sizeof(*commands); i++) {
		if (argc < 2 + commands[i].args || strcmp(argv[1], commands[i].name))
			continue;
		if (!commands[i].run(argv + 2, &why))
			return 0;
		fprintf(stderr, "%s\n", why.text);
		return 1;
	}
	return 2;
}
