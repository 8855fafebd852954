// SPDX-License-Identifier: GPL-2.0-only
#include "nightfleet.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "env.h"
#include "fleetdoc.h"
#include "machinelock.h"
#include "proc.h"
#include "remote.h"
#include "report_fleet.h"
#include "store.h"

#define MARGIN_S 180	/* of a host's night beyond its budget */
#define ARGS 40

/* One host's night, a sqbench of its own. */
struct host_night {
	const struct session *s;
	const struct remote_host *host;
	char out[PATH_MAX], err[PATH_MAX];
	struct proc_end end;
	struct why why;
	int rc;
	pthread_t thread;
	bool started;
};

struct session {
	const struct night_args *a;
	const char *command;
	char created[32], self[PATH_MAX];
	struct remote_hosts hosts;
	struct fio fio;
	struct run run;
	struct machinelock lock;
	struct host_night *night;
	json_t *doc;
};

/* What the nights of all hosts share, and what is this one's. */
static void arguments(const struct host_night *h, char *text, size_t size, char *argv[ARGS])
{
	const struct night_args *a = h->s->a;
	char *const end = text + size;
	int n = 0;
	const struct {
		const char *option, *value;
	} given[] = {
		{ "--client", h->host->address }, { "--host", h->host->name }, { "--target", h->host->target ? h->host->target : a->target }, { "--out", a->common.out },
		{ "--suite", a->suite }, { "--fio", a->common.fio }, { "--engine-dir", a->common.engine_dir },
	};

	argv[n++] = (char *)h->s->self;
	argv[n++] = "nightly";
	argv[n++] = "--json";
	for (size_t i = 0; i < sizeof(given) / sizeof(*given); i++) {
		if (!given[i].value)
			continue;
		argv[n++] = (char *)given[i].option;
		argv[n++] = (char *)given[i].value;
	}
	if (a->allow_write)
		argv[n++] = "--allow-write";
	argv[n++] = "--budget";
	argv[n++] = text;
	text += snprintf(text, (size_t)(end - text), "%g", a->budget_min) + 1;
	argv[n++] = "--rounds";
	argv[n++] = text;
	snprintf(text, (size_t)(end - text), "%u,%u,%u", a->rounds.min, a->rounds.usual, a->rounds.max);
	argv[n] = NULL;
}

static void *run_host(void *ctx)
{
	struct host_night *h = ctx;
	char text[64], *argv[ARGS];

	arguments(h, text, sizeof(text), argv);
	h->rc = proc_run(&(struct proc){ .argv = argv, .stdout_path = h->out, .stderr_path = h->err, .timeout_s = h->s->a->budget_min * 60 + MARGIN_S, .stop_signal = SIGINT },
			 &h->end, &h->why);
	return NULL;
}

static int run_hosts(struct session *s, struct why *why)
{
	int rc = 0;

	for (size_t i = 0; i < s->hosts.n && !rc; i++) {
		struct host_night *h = &s->night[i];

		*h = (struct host_night){ .s = s, .host = &s->hosts.host[i] };
		if (snprintf(h->out, sizeof(h->out), "%s/hosts/%s.json", s->run.dir, h->host->name) >= (int)sizeof(h->out) ||
		    snprintf(h->err, sizeof(h->err), "%s/hosts/%s.messages", s->run.dir, h->host->name) >= (int)sizeof(h->err))
			rc = why_set(why, -ENAMETOOLONG, "%s: the path is too long: choose another --out", s->run.dir);
		else if (pthread_create(&h->thread, NULL, run_host, h))
			rc = why_set(why, -EAGAIN, "no thread can be made for %s: run fewer hosts at once", h->host->name);
		h->started = !rc;
	}
	for (size_t i = 0; i < s->hosts.n; i++)
		if (s->night[i].started)
			pthread_join(s->night[i].thread, NULL);
	if (!rc && proc_interrupted())
		rc = why_set(why, -EINTR, "interrupted: of the fleet's night nothing is kept but the hosts' nights that were whole");
	return rc;
}

/* The last line that the host's sqbench said, without its name. */
static char *last_words(const struct host_night *h)
{
	char *text = access(h->err, F_OK) ? NULL : store_read(h->err, NULL), *line = NULL, *save = NULL, *found;

	for (char *l = text ? strtok_r(text, "\n", &save) : NULL; l; l = strtok_r(NULL, "\n", &save))
		line = l;
	found = strdup(!line ? "it said nothing" : strncmp(line, "sqbench nightly: ", 17) ? line : line + 17);
	free(text);
	return found;
}

/* {name, address, target, reason (why there is no night), night (its document, to be dropped later)}: all hosts, in the order of the file. */
static json_t *gather(const struct session *s)
{
	json_t *all = json_array();

	for (size_t i = 0; i < s->hosts.n; i++) {
		const struct host_night *h = &s->night[i];
		json_t *doc = access(h->out, F_OK) ? NULL : store_read_json(h->out, NULL), *one;
		char *words = doc ? NULL : h->rc ? strdup(h->why.text) : h->end.timed_out ? strdup("its night did not end in time and was stopped") : last_words(h);
		const char *target = h->host->target ? h->host->target : s->a->target;

		one = json_pack("{s:s, s:s, s:s, s:s?, s:o}", "name", h->host->name, "address", h->host->address, "target", target ? target : "", "reason", words, "night", doc ? doc : json_null());
		json_array_append_new(all, one);
		free(words);
	}
	return all;
}

static int begin(struct session *s, struct why *why)
{
	char dir[PATH_MAX];
	int rc = store_create(&s->run, s->a->common.out, "fleet", why);

	if (!rc)
		rc = store_in_run(dir, &s->run, "hosts", why);
	if (!rc)
		rc = store_mkdirs(dir, why);
	store_time(s->created, sizeof(s->created));
	return rc ? rc : store_keep_start(&s->run, "fleet", s->created, s->command, s->a->hosts, env_collect(&s->fio, NULL), why);
}

/* The hosts' documents are in their own runs. */
static void clean_up(const struct session *s)
{
	for (size_t i = 0; i < s->hosts.n; i++)
		unlink(s->night[i].out);
}

static int keep(struct session *s, struct why *why)
{
	json_t *hosts = gather(s);
	struct page_said said;
	int rc;

	s->doc = fleetdoc_make(hosts, s->run.id, s->created, s->command);
	json_decref(hosts);
	clean_up(s);
	rc = s->doc ? page_keep_text(&s->run, fleetdoc_markdown, s->doc, "summary.md", s->a->summary, why) : why_set(why, -ENOMEM, "out of memory");
	if (!rc)
		rc = page_keep(&report_fleet, &s->run, s->doc, env_at_end(&s->fio), &said, why);
	if (!rc && s->a->common.json) {
		page_put(s->doc, &s->run, &said);
		cmd_print_json(json_incref(s->doc));
	} else if (!rc) {
		fleetdoc_text(stdout, s->doc);
		page_print(&s->run, &said);
		printf("run: %s\n", s->run.final);
	}
	return rc;
}

static int carry_out(struct session *s, struct why *why)
{
	int rc = store_mkdirs(s->a->common.out, why);

	if (!rc)
		rc = machinelock_take(&s->lock, s->a->common.out, s->a->wait_min * 60, why);
	if (!rc)
		rc = begin(s, why);
	if (!rc)
		rc = run_hosts(s, why);
	if (!rc)
		rc = keep(s, why);
	if (rc && s->run.dir[0] && access(s->run.final, F_OK))
		store_remove(s->run.dir);
	return rc;
}

static int open_session(struct session *s, struct why *why)
{
	ssize_t n = readlink("/proc/self/exe", s->self, sizeof(s->self) - 1);
	int rc = n > 0 ? remote_hosts_load(&s->hosts, s->a->hosts, why) : why_set(why, -EIO, "/proc/self/exe: %s: is /proc mounted?", strerror(errno));

	for (size_t i = 0; i < s->hosts.n && !rc; i++)
		if (!s->hosts.host[i].target && !s->a->target)
			rc = why_set(why, -EINVAL, "%s:%zu: %s has no target: name a file or device of that host behind its address, or --target for all", s->a->hosts,
				     s->hosts.host[i].line, s->hosts.host[i].name);
	s->night = rc ? NULL : calloc(s->hosts.n + 1, sizeof(*s->night));
	if (!rc && !s->night)
		rc = why_set(why, -ENOMEM, "out of memory");
	if (!rc && fio_find(&s->fio, s->a->common.fio, s->a->common.engine_dir, why))
		rc = -ENODEV;
	return rc;
}

int nightfleet(const struct night_args *a, const char *command)
{
	static struct session s = { .run.lock_fd = -1, .lock.fd = -1 };
	struct why why = { "" };
	int rc, code;

	s.a = a;
	s.command = command ? command : "";
	rc = open_session(&s, &why);
	if (!rc) {
		proc_catch_signals();
		rc = carry_out(&s, &why);
	}
	if (rc)
		cmd_fail(0, "nightly", &why);
	code = rc == -EINTR ? EXIT_INTERRUPTED : rc == -EINVAL || rc == -ENOENT ? EXIT_USAGE : rc ? EXIT_CANNOT : fleetdoc_is_bad(s.doc) ? EXIT_FAILED : EXIT_DONE;
	store_close(&s.run);
	machinelock_drop(&s.lock);
	remote_hosts_free(&s.hosts);
	free(s.night);
	json_decref(s.doc);
	return code;
}
