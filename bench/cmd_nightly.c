// SPDX-License-Identifier: GPL-2.0-only
/* One night of benchmarks: measure the suite, compare with the nights before, say what got slower and since when. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd.h"
#include "checks.h"
#include "env.h"
#include "fiojson.h"
#include "hostinfo.h"
#include "hoststate.h"
#include "jobguard.h"
#include "machinelock.h"
#include "nightargs.h"
#include "nightclean.h"
#include "nightdoc.h"
#include "nightfleet.h"
#include "nightjudge.h"
#include "nightkey.h"
#include "nightsay.h"
#include "precondition.h"
#include "prepare.h"
#include "proc.h"
#include "report_night.h"
#include "store.h"

#define REPORT_S 10	/* of the budget, for judging and drawing */

struct session {
	const struct night_args *a;
	char suite_path[PATH_MAX], record[PATH_MAX], created[32], host[PLAINNAME_MAX + 1], *command, *suite_text;
	struct suite suite;
	struct night night;
	struct nightjudge *judge;
	struct machinelock lock;
	struct hoststate state;
	struct prepared target;
	struct remote_host remote;
	struct run run;
	struct why died;
	json_t *env, *key, *notes, *warnings, *conditioned, *doc;
	size_t *order;
	unsigned slower, lost;
};

/* ---- before ---- */

/* The suite that comes with this program: beside it in the build tree, and installed. */
static int find_suite(struct session *s, struct why *why)
{
	if (s->a->suite)
		return snprintf(s->suite_path, sizeof(s->suite_path), "%s", s->a->suite) < (int)sizeof(s->suite_path) ? 0 : why_set(why, -EINVAL, "--suite: the path is too long");
	if (!fio_beside_program(s->suite_path, sizeof(s->suite_path), "../share/sqpoll/jobs/nightly.fio") && !access(s->suite_path, R_OK))
		return 0;
	return why_set(why, -EINVAL, "the suite that comes with sqbench is not at %s: name one with --suite", s->suite_path);
}

static const char *target_of_suite;

/* ${TARGET} is the night's; all else is the environment's, as in fio. */
static char *lookup(const char *name)
{
	return strcmp(name, "TARGET") ? getenv(name) : (char *)target_of_suite;
}

/* What a cell would write to has to be allowed, and what it needs has to be there. */
static int check_cells(struct session *s, struct why *why)
{
	bool sqpoll = false, readonly = true;
	int rc = 0;

	for (size_t i = 0; i < s->suite.n && !rc; i++) {
		struct jobscan scan = { 0 };
		bool one = false;

		rc = jobscan_add(&scan, s->suite.cell[i].text, lookup) ? why_set(why, -ENOMEM, "out of memory") : 0;
		if (!rc && s->a->client && scan.writes && !s->a->allow_write)
			rc = why_set(why, -EPERM, "%s: [%s] writes on %s, where nothing can be looked at: pass --allow-write if what is there may be lost", s->suite_path,
				     s->suite.cell[i].name, s->host);
		if (!rc && !s->a->client)
			rc = jobguard(&scan, s->suite_path, s->a->allow_write, &one, why);
		one |= s->a->client && !s->a->allow_write;
		sqpoll |= scan.sqpoll;
		readonly &= one;
		jobscan_free(&scan);
	}
	s->night.readonly = readonly;
	if (!rc && (fio_find(&s->night.fio, s->a->common.fio, s->a->common.engine_dir, why) || (sqpoll && fio_engine_loads(&s->night.fio, why))))
		rc = -ENODEV;
	return rc;
}

static int read_suite(struct session *s, struct why *why)
{
	int rc = find_suite(s, why);

	if (!rc)
		s->suite_text = store_read(s->suite_path, why);
	if (!rc && !s->suite_text)
		rc = -EINVAL;
	if (!rc)
		rc = suite_parse(&s->suite, s->suite_text, s->suite_path, lookup, why);
	return rc ? rc : check_cells(s, why);
}

static int make_cells(struct session *s, struct why *why)
{
	struct night *n = &s->night;

	n->n = s->suite.n;
	n->cell = calloc(n->n, sizeof(*n->cell));
	s->order = calloc(n->n, sizeof(*s->order));
	if (!n->cell || !s->order)
		return why_set(why, -ENOMEM, "out of memory");
	for (size_t i = 0; i < n->n; i++)
		n->cell[i].what = &s->suite.cell[i];
	return 0;
}

/* ---- the night ---- */

/* What stands in the way of a measurement stops the night; what would disturb it is told. */
static int preflight(struct session *s, struct why *why)
{
	json_t *checks = checks_run(s->env, &s->night.fio, NULL), *one;
	int rc = 0;
	size_t i;

	json_array_foreach(checks, i, one) {
		const char *status = page_string(one, "status"), *id = page_string(one, "id"), *advice = page_string(one, "advice");
		char *value = json_dumps(json_object_get(one, "value"), JSON_ENCODE_ANY | JSON_REAL_PRECISION(3)), text[160];

		snprintf(text, sizeof(text), "%s: %s", id, value ? value : "?");
		free(value);
		if (!strcmp(status, "fail") && !rc)
			rc = why_set(why, -ENODEV, "%s: %s", text, advice);
		else if (!strcmp(status, "warn"))
			json_array_append_new(s->warnings, json_pack("{s:s, s:s, s:s}", "about", "preflight", "text", text, "advice", advice));
	}
	json_decref(checks);
	return rc;
}

/* Takes over what prepare_warnings() tells. */
static void warn_of_target(struct session *s)
{
	json_t *all = prepare_warnings(&s->target), *one;
	size_t i;

	json_array_foreach(all, i, one)
		json_array_append_new(s->warnings, json_pack("{s:s, s:O, s:O}", "about", "target", "text", json_object_get(one, "text"), "advice", json_object_get(one, "advice")));
	json_decref(all);
}

/* Can the host do it, and what is it? */
static int ask_host(struct session *s, struct why *why)
{
	memcpy(s->remote.name, s->host, sizeof(s->remote.name));
	snprintf(s->remote.address, sizeof(s->remote.address), "%s", s->a->client);
	s->night.remote = &s->remote;
	return remote_check(&s->night.fio, &s->remote, s->a->target, &s->env, why);
}

static int prepare(struct session *s, struct why *why)
{
	const struct precondition how = { .fio = &s->night.fio, .out = s->a->common.out, .allow_write = s->a->allow_write };
	int rc = store_mkdirs(s->a->common.out, why);

	if (!rc && s->a->client)
		return ask_host(s, why);
	if (!rc)
		rc = prepare_target(&s->target, s->a->target, s->a->common.out, (uint64_t)s->a->size_mib << 20, why);
	if (!rc && s->a->precondition)
		rc = precondition(&s->target, &how, &s->conditioned, why);
	if (!rc)
		warn_of_target(s);
	return rc;
}

static void note(struct session *s, const char *text)
{
	json_array_append_new(s->notes, json_string(text));
}

/* A host that cannot be set, or put back, is no reason not to measure; it is told. */
static void set_host(struct session *s)
{
	const char *disk = s->target.on_disk ? s->target.disk.name : NULL;
	struct why why = { "" };

	if (s->a->client)
		note(s, "governor and I/O scheduler of a remote host are left as they are");
	else if (!s->a->keep_host && hoststate_set(&s->state, "/sys", disk, s->record, &why))
		note(s, why.text);
}

static void put_host_back(struct session *s)
{
	if (!s->a->client && !s->a->keep_host && hoststate_restore(&s->state, NULL))
		note(s, "not all of the host could be put back as it was: sqbench nightly --restore tries again");
}

/* The environment is that of the host as it was set. */
static int begin(struct session *s, struct why *why)
{
	char path[PATH_MAX];
	unsigned dropped = nightclean(s->a->common.out);
	int rc;

	if (dropped)
		fprintf(stderr, "sqbench nightly: removed %u night%s that had been interrupted\n", dropped, dropped == 1 ? "" : "s");
	store_time(s->created, sizeof(s->created));
	if (!s->a->client)
		s->env = env_collect(&s->night.fio, s->target.path);
	rc = s->a->client ? 0 : preflight(s, why);
	if (!rc)
		rc = store_create(&s->run, s->a->common.out, "night", why);
	if (!rc)
		rc = store_in_run(path, &s->run, "fio", why);
	if (!rc)
		rc = store_mkdirs(path, why);
	if (!rc)
		rc = store_in_run(path, &s->run, "suite.fio", why);
	if (!rc)
		rc = store_write(path, s->suite_text, why);
	if (!rc)
		rc = store_keep_start(&s->run, "night", s->created, s->command, s->suite_path, json_incref(s->env), why);
	memcpy(s->night.dir, s->run.dir, sizeof(s->night.dir));
	return rc;
}

static bool any_values(const struct night *n)
{
	for (size_t i = 0; i < n->n; i++)
		if (n->cell[i].n)
			return true;
	return false;
}

static int measure(struct session *s, struct why *why)
{
	struct nightjudge *j;
	int rc;

	s->key = nightkey_make(s->env, s->host, NULL);
	for (size_t i = 0; s->key && i < s->suite.n; i++)
		nightkey_add_cell(s->key, s->suite.cell[i].name, s->suite.cell[i].options);
	j = s->judge = s->key ? nightjudge_open(s->a->common.out, &s->night, s->key, why) : NULL;
	if (!j)
		return -EIO;
	nightjudge_order(j, s->order);
	rc = night_run(&s->night, s->order, &s->a->rounds, nightjudge_urgency, j, why);
	if (rc == -EHOSTDOWN && any_values(&s->night)) {
		s->died = *why;
		note(s, s->died.text);
		rc = 0;
	}
	if (*s->night.engine)
		json_object_set_new(s->key, "engine", json_string(s->night.engine));
	if (!rc && nightjudge_decide(j))
		rc = why_set(why, -ENOMEM, "out of memory");
	return rc;
}

/* ---- after ---- */

static json_t *machine(const struct session *s, const json_t *end)
{
	const char *disk = s->target.on_disk ? s->target.disk.name : NULL;
	json_t *m;

	if (s->a->client)
		return json_null();
	m = env_host_json(s->env, end);
	json_object_set(m, "cpu_temp_c_before", json_object_get(s->env, "cpu_temp_c"));
	json_object_set(m, "cpu_temp_c_after", json_object_get(end, "cpu_temp_c"));
	json_object_set(m, "temp_c_before", json_object_get(json_object_get(s->env, "target"), "temp_c"));
	json_object_set_new(m, "temp_c_after", json_finite(disk ? hostinfo_disk_temp_c("/sys", disk) : NAN));
	return m;
}

static json_t *document(struct session *s, const json_t *end)
{
	const struct nightdoc_about about = {
		.id = s->run.id, .created = s->created, .command = s->command, .suite = s->suite_path, .host = s->host, .target = target_of_suite,
		.died = *s->died.text ? s->died.text : NULL,
		.budget_min = s->a->budget_min, .rounds = s->a->rounds, .key = json_incref(s->key), .machine = machine(s, end),
		.host_state = s->a->client || s->a->keep_host ? json_null() : hoststate_json(&s->state), .prepared = s->a->client ? json_object() : prepare_json(&s->target), .notes = json_incref(s->notes),
		.warnings = json_incref(s->warnings),
	};

	json_object_set(about.prepared, "preconditioned", s->conditioned ? s->conditioned : json_null());

	return nightdoc_make(&about, &s->night, s->judge);
}

static int keep(struct session *s, struct why *why)
{
	json_t *end = s->a->client ? json_pack("{s:i}", "exit", 0) : env_at_end(&s->night.fio);
	struct page_said said;
	int rc;

	s->doc = document(s, end);
	s->slower = page_whole(json_object_get(s->doc, "counts"), "slower");
	s->lost = page_whole(json_object_get(s->doc, "counts"), "lost");
	rc = s->doc ? page_keep_text(&s->run, nightsay_markdown, s->doc, "summary.md", s->a->summary, why) : why_set(why, -ENOMEM, "out of memory");
	if (!rc)
		rc = page_keep_text(&s->run, nightsay_junit, s->doc, "junit.xml", s->a->junit, why);
	if (rc) {
		json_decref(end);
		return rc;
	}
	rc = page_keep(&report_night, &s->run, s->doc, end, &said, why);
	if (!rc && s->a->common.json) {
		page_put(s->doc, &s->run, &said);
		cmd_print_json(json_incref(s->doc));
	} else if (!rc) {
		nightsay_text(stdout, s->doc);
		page_print(&s->run, &said);
		printf("run: %s\n", s->run.final);
	}
	return rc;
}

/* Of a remote host one night at a time is measured from here. */
static int lock_dir(const struct session *s, char *dir, struct why *why)
{
	if (snprintf(dir, PATH_MAX, "%s/hosts/%s", s->a->common.out, s->host) >= PATH_MAX)
		return why_set(why, -ENAMETOOLONG, "%s: the path is too long: choose another --out", s->a->common.out);
	return store_mkdirs(dir, why);
}

static int carry_out(struct session *s, struct why *why)
{
	double start = proc_now_s();
	char dir[PATH_MAX] = "";
	int rc = s->a->client ? lock_dir(s, dir, why) : 0;

	if (!rc)
		rc = machinelock_take(&s->lock, s->a->client ? dir : NULL, s->a->wait_min * 60, why);
	if (rc)
		return rc;
	s->night.deadline_s = start + s->a->budget_min * 60 - fmin(REPORT_S, s->a->budget_min * 6);
	rc = prepare(s, why);
	if (!rc) {
		set_host(s);
		rc = begin(s, why);
		if (!rc)
			rc = measure(s, why);
		put_host_back(s);
	}
	if (!rc)
		rc = keep(s, why);
	if (rc && s->run.dir[0] && access(s->run.final, F_OK))
		store_remove(s->run.dir);
	return rc;
}

/* Where the suite's ${TARGET} is, and the record of what was set on the host; nothing is looked at yet. */
static int set_paths(struct session *s, struct why *why)
{
	static char target[PATH_MAX];
	const char *out = s->a->common.out;

	target_of_suite = s->a->target ? s->a->target : target;
	if (store_path(target, sizeof(target), out, "nightly.dat") || store_path(s->record, sizeof(s->record), out, "host-state.json"))
		return why_set(why, -ENAMETOOLONG, "%s: the path is too long: choose another --out", out);
	return 0;
}

static int restore(const struct session *s)
{
	struct why why = { "" };
	json_t *ends = NULL;
	int rc = hoststate_restore_left("/sys", s->record, &ends, &why);

	if (rc)
		return cmd_fail(EXIT_CANNOT, "nightly", &why);
	printf("restored: %zu\n", json_array_size(json_object_get(ends, "restored")));
	json_decref(ends);
	return EXIT_DONE;
}

static void close_session(struct session *s)
{
	hoststate_free(&s->state);
	nightjudge_close(s->judge);
	for (size_t i = 0; i < s->night.n; i++)
		json_decref(s->night.cell[i].place);
	free(s->night.cell);
	suite_free(&s->suite);
	store_close(&s->run);
	machinelock_drop(&s->lock);
	json_decref(s->doc);
	json_decref(s->env);
	json_decref(s->key);
	json_decref(s->notes);
	json_decref(s->warnings);
	json_decref(s->conditioned);
	free(s->order);
	free(s->suite_text);
	free(s->command);
}

static int code_of(int rc, const struct session *s)
{
	switch (rc) {
	case 0:
		return s->slower || s->lost || *s->died.text ? EXIT_FAILED : EXIT_DONE;
	case -EINTR:
		return EXIT_INTERRUPTED;
	case -EINVAL:
	case -ENOENT:
	case -EPERM:
	case -EEXIST:
		return EXIT_USAGE;
	default:
		return EXIT_CANNOT;
	}
}

int cmd_nightly(int argc, char **argv)
{
	static struct night_args a;
	static struct session s = { .run.lock_fd = -1, .lock.fd = -1 };
	struct why why = { "" };
	int rc;

	s.command = cmd_line(argc, argv);
	night_args_parse(argc, argv, &a);
	s.a = &a;
	s.notes = json_array();
	s.warnings = json_array();
	if (a.host)
		snprintf(s.host, sizeof(s.host), "%s", a.host);
	else if (gethostname(s.host, sizeof(s.host) - 1))
		snprintf(s.host, sizeof(s.host), "localhost");
	if (a.hosts)
		return nightfleet(&a, s.command);
	rc = s.command && s.notes ? set_paths(&s, &why) : why_set(&why, -ENOMEM, "out of memory");
	if (!rc && a.restore)
		return restore(&s);
	if (!rc)
		rc = read_suite(&s, &why);
	if (!rc)
		rc = make_cells(&s, &why);
	if (!rc) {
		proc_catch_signals();
		rc = carry_out(&s, &why);
	}
	if (rc)
		cmd_fail(0, "nightly", &why);
	rc = code_of(rc, &s);
	close_session(&s);
	return rc;
}
