// SPDX-License-Identifier: GPL-2.0-only
#include "userjob.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "env.h"
#include "jobguard.h"
#include "proc.h"

error_t userjob_parse_option(int key, char *arg, struct argp_state *state)
{
	struct userjob_args *a = state->input;

	switch (key) {
	case 'D':
		cmd_define(state, arg);
		return 0;
	case USERJOB_SECONDS:
		a->seconds = cmd_number(state, arg, "seconds", 1, 3600);
		return 0;
	case USERJOB_OBJECTIVE:
		a->objective = arg;
		return 0;
	case USERJOB_ALLOW_WRITE:
		a->allow_write = true;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

error_t userjob_parse(int key, char *arg, struct argp_state *state)
{
	struct userjob_args *a = state->input;

	switch (key) {
	case ARGP_KEY_ARG:
		if (a->job)
			argp_error(state, "'%s' is one argument too many: name one job file", arg);
		a->job = arg;
		return 0;
	case ARGP_KEY_NO_ARGS:
		argp_error(state, "name a job file");
		return 0;
	default:
		return userjob_parse_option(key, arg, state) ? cmd_parse_common(key, arg, state) : 0;
	}
}

int userjob_open(struct userjob *u, const struct userjob_args *a, struct why *why)
{
	char *text = store_read(a->job, why);
	int rc = text ? 0 : -EINVAL;

	*u = (struct userjob){ .a = a, .run.lock_fd = -1 };
	u->job = (struct predict_job){ .fio = &u->fio, .text = text, .seconds = a->seconds, .bar = &u->bar };
	if (!rc && jobscan_add(&u->scan, text, getenv))
		rc = why_set(why, -EINVAL, "%s: the job file is too large", a->job);
	if (!rc)
		rc = jobguard(&u->scan, a->job, a->allow_write, &u->job.readonly, why);
	if (!rc && (fio_find(&u->fio, a->common.fio, a->common.engine_dir, why) || fio_engine_loads(&u->fio, why)))
		rc = -ENOENT;
	return rc;
}

int userjob_begin(struct userjob *u, const char *kind, const char *command, struct why *why)
{
	char now[32], path[PATH_MAX];
	int rc = store_create(&u->run, u->a->common.out, kind, why);

	proc_catch_signals();
	store_time(now, sizeof(now));
	u->job.dir = u->run.dir;
	u->env = env_collect(&u->fio, u->scan.files ? u->scan.file[0] : NULL);
	if (!rc)
		rc = store_in_run(path, &u->run, "job.fio", why);
	if (!rc)
		rc = store_write(path, u->job.text, why);
	return rc ? rc : store_keep_start(&u->run, kind, now, command, u->a->job, json_incref(u->env), why);
}

void userjob_print(const struct userjob *u, json_t *doc, const struct page_said *said)
{
	if (!u->a->common.json) {
		page_print(&u->run, said);
		return;
	}
	page_put(doc, &u->run, said);
	cmd_print_json(json_incref(doc));
}

void userjob_close(struct userjob *u)
{
	if (u->run.dir[0] && access(u->run.final, F_OK))
		store_remove(u->run.dir);
	store_close(&u->run);
	json_decref(u->env);
	jobscan_free(&u->scan);
	free((char *)u->job.text);
}

int userjob_exit(int rc)
{
	switch (rc) {
	case 0:
		return EXIT_DONE;
	case -EINTR:
		return EXIT_INTERRUPTED;
	case -EINVAL:
	case -EPERM:
	case -EEXIST:
		return EXIT_USAGE;
	default:
		return EXIT_CANNOT;
	}
}
