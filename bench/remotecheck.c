// SPDX-License-Identifier: GPL-2.0-only
#include "remote.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fiojson.h"
#include "grid.h"
#include "store.h"

/* fio's client says of a server: "hostname=..., fio=fio-3.33, flags=1" */
static bool its_fio(const char *output, char *out, size_t size)
{
	static const char start[] = "hostname=", field[] = ", fio=";
	const char *line = strstr(output, start), *version = line ? strstr(line, field) : NULL;

	if (!version || version > line + strcspn(line, "\n"))
		return false;
	version += sizeof(field) - 1;
	snprintf(out, size, "%.*s", (int)strcspn(version, ",\n"), version);
	return true;
}

static int same_fio(const struct fio *fio, const struct remote_host *h, const char *output, struct why *why)
{
	char version[64];

	if (!its_fio(output, version, sizeof(version)) || !strcmp(version, fio->version))
		return 0;
	return why_set(why, -EINVAL, "%s: its server is %s and this host's fio is %s: install the same on both", h->name, version, fio->version);
}

static void move(json_t *env, json_t *env_reasons, const json_t *from, const json_t *reasons, const char *prefix, const char *name, const char *as)
{
	json_t *value = json_object_get(from, name);
	char path[64];

	snprintf(path, sizeof(path), "%s%s", prefix, name);
	json_object_set(env, as, value ? value : json_null());
	if (!value || json_is_null(value))
		json_object_set_new(env_reasons, as, json_string(json_object_get(reasons, path) ? json_string_value(json_object_get(reasons, path)) :
												  "a host that is reached through fio does not tell"));
}

/* env.json of a host that has sent statistics line STATS. */
static json_t *describe(const struct remote_host *h, const json_t *stats)
{
	static const struct { const char *name, *as; } top[] = {
		{ "kernel", "kernel" }, { "hz", "hz" }, { "fio_version", "fio" }, { "engine_version", "engine" },
	}, host[] = {
		{ "name", "hostname" }, { "kernel_build", "kernel_build" }, { "machine", "machine" }, { "cpus", "cpus_online" }, { "governor", "governor" }, { "smt", "smt" },
	};
	static const char *const target[] = { "path", "device", "model", "serial", "firmware", "scheduler", "io_poll", "poll_queues" };
	const json_t *why = json_object_get(stats, "reasons");
	json_t *reasons = json_object(), *t = json_object();
	json_t *env = json_pack("{s:s, s:s, s:s}", "schema", "sqbench-env/1", "sqbench", SQB_VERSION, "remote", h->address);
	char now[32];

	store_time(now, sizeof(now));
	json_object_set_new(env, "time", json_string(now));
	for (size_t i = 0; i < sizeof(top) / sizeof(*top); i++)
		move(env, reasons, stats, why, "", top[i].name, top[i].as);
	for (size_t i = 0; i < sizeof(host) / sizeof(*host); i++)
		move(env, reasons, json_object_get(stats, "host"), why, "host.", host[i].name, host[i].as);
	for (size_t i = 0; i < sizeof(target) / sizeof(*target); i++)
		move(t, reasons, json_object_get(stats, "target"), why, "target.", target[i], target[i]);
	json_object_set_new(env, "target", t);
	json_object_set_new(env, "reasons", reasons);
	return env;
}

static int its_engine(const struct remote_host *h, const char *output, json_t **env, struct why *why)
{
	char *text = remote_stats(output);
	json_t *lines = text ? jsonl_parse(text, h->name, "sqpoll-stats/1", why) : NULL;
	const json_t *line = json_array_get(lines, 0);
	const char *version = json_string_value(json_object_get(line, "engine_version"));
	int rc = 0;

	if (lines && !line)
		rc = why_set(why, -EINVAL, "%s: its engine sent no statistics: it is older than this one: install the same engine on both", h->name);
	else if (!lines)
		rc = -EINVAL;
	else if (!version || strcmp(version, SQB_VERSION))
		rc = why_set(why, -EINVAL, "%s: its engine is of version %s and this is %s: install the same on both", h->name, version ? version : "unknown", SQB_VERSION);
	else
		*env = describe(h, line);
	json_decref(lines);
	free(text);
	return rc;
}

static int write_job(const struct remote_host *h, const char *target, const char *path, struct why *why)
{
	char name[PATH_MAX], text[PATH_MAX + 256];

	if (grid_quote_filename(name, sizeof(name), target))
		return why_set(why, -EINVAL, "%s: %s: fio cannot take this name: choose another target", h->name, target);
	snprintf(text, sizeof(text), "[check]\nioengine=sqpoll\nstats_file=client:\nfilename=%s\nrw=read\nbs=4k\nsize=4k\niodepth=1\nsq_thread_idle=1\nidle_probe_ms=0\n", name);
	return store_write(path, text, why);
}

static int ask(const struct fio *fio, const struct remote_host *h, const char *job, const char *out, json_t **env, struct why *why)
{
	struct proc_end end;
	struct remote_args a;
	char *output = NULL;
	int rc = remote_args(&a, fio, h->address, "normal,json", false, out, job, why);

	if (!rc)
		rc = proc_run(&(struct proc){ .argv = a.argv, .lib_dir = fio_lib_dir(fio), .timeout_s = REMOTE_CHECK_S - 6, .stop_signal = SIGTERM }, &end, why);
	if (rc)
		return rc;
	if (end.interrupted)
		return why_set(why, -EINTR, "interrupted");
	output = access(out, F_OK) ? strdup("") : store_read(out, why);
	if (!output)
		return -EIO;
	rc = same_fio(fio, h, output, why);
	if (!rc)
		rc = remote_outcome(h->name, output, &end, why);
	if (!rc)
		rc = its_engine(h, output, env, why);
	free(output);
	return rc;
}

int remote_check(const struct fio *fio, const struct remote_host *h, const char *target, json_t **env, struct why *why)
{
	char dir[] = "/tmp/sqbench.XXXXXX", job[64], out[64];
	int rc = remote_connect(h->name, h->address, REMOTE_CONNECT_S, why);

	*env = NULL;
	if (rc)
		return rc;
	if (!mkdtemp(dir))
		return why_set(why, -errno, "/tmp: a temporary directory cannot be made: %s", strerror(errno));
	snprintf(job, sizeof(job), "%s/check.fio", dir);
	snprintf(out, sizeof(out), "%s/output", dir);
	rc = write_job(h, target, job, why);
	if (!rc)
		rc = ask(fio, h, job, out, env, why);
	store_remove(dir);
	return rc;
}
