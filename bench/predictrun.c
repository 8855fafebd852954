// SPDX-License-Identifier: GPL-2.0-only
#include "predictrun.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fiojson.h"
#include "jobscan.h"
#include "proc.h"
#include "store.h"

#define PATIENCE_S 60

/* What each run says itself, and not the job file. */
#define OURS "ioengine", "runtime", "ramp_time", "sqthread_poll", "sqthread_poll_cpu", "sq_thread_idle", "stats_file", "time_log"

static const char *const not_for_sqpoll[] = { OURS, "registerfiles", "sq_wake", "reap", "sq_share", NULL };
static const char *const not_for_plain[] = { OURS, "sq_wake", "reap", "sq_share", "sq_share_set", "sq_thread_cpu", "stall_ms", "idle_probe_ms",
					     "wake_cost_us", "lat_percentiles", NULL };

struct paths {
	char job[PATH_MAX], json[PATH_MAX], messages[PATH_MAX], stats[PATH_MAX], times[PATH_MAX], log[PATH_MAX];
};

static int set_paths(struct paths *p, const char *dir, struct why *why)
{
	int rc = store_path(p->job, PATH_MAX, dir, "job.run.fio");

	rc |= store_path(p->json, PATH_MAX, dir, "fio.json");
	rc |= store_path(p->messages, PATH_MAX, dir, "messages.txt");
	rc |= store_path(p->stats, PATH_MAX, dir, "engine.jsonl");
	rc |= store_path(p->times, PATH_MAX, dir, "log");
	rc |= store_path(p->log, PATH_MAX, dir, "log_times.1.log");
	return rc ? why_set(why, -ENAMETOOLONG, "%s: the path is too long: choose another --out", dir) : 0;
}

static void clean(const struct paths *p)
{
	unlink(p->job);
	unlink(p->json);
	unlink(p->messages);
	unlink(p->stats);
	unlink(p->log);
}

static int failed(const struct paths *p, const struct proc_end *end, struct why *why)
{
	char said[300] = "run the job file with fio itself to see why";

	if (end->timed_out)
		return why_set(why, -EIO, "fio did not end: look at the device and the kernel log");
	fio_complaint(p->messages, said, sizeof(said));
	return why_set(why, -EIO, "fio failed with %d: %s", end->exit, said);
}

static int run(const struct predict_job *job, const struct paths *p, const char *lines, const char *const *drop, struct why *why)
{
	char output[PATH_MAX + 16], *text = jobscan_with(job->text, lines, drop);
	char *argv[] = { (char *)job->fio->bin, "--output-format=json+", output, (char *)p->job, job->readonly ? "--readonly" : NULL, NULL };
	struct proc_end end = { 0 };
	int rc = text ? store_write(p->job, text, why) : why_set(why, -ENOMEM, "out of memory");

	free(text);
	if (rc)
		return rc;
	snprintf(output, sizeof(output), "--output=%s", p->json);
	rc = proc_run(&(struct proc){ .argv = argv, .stdout_path = p->messages, .stderr_path = p->messages, .lib_dir = fio_lib_dir(job->fio),
				      .timeout_s = job->seconds + PATIENCE_S, .stop_signal = SIGKILL, .tick = job->tick, .ctx = job->ctx }, &end, why);
	if (rc)
		return rc;
	if (end.interrupted)
		return why_set(why, -EINTR, "interrupted: nothing is kept");
	return end.exit || end.timed_out ? failed(p, &end, why) : 0;
}

static int latencies(const struct timeslog *log, struct prediction *p)
{
	struct hist h = { 0 };
	int rc = 0;

	for (size_t i = 0; i < log->n && !rc; i++)
		rc = hist_add(&h, log->request[i].lat_us, 1);
	prediction_latencies(p, &h);
	hist_free(&h);
	return rc;
}

/* The engine's bins are a sixteenth of their value wide: their middles will do. */
static int wakes(const json_t *line, struct hist *h)
{
	const json_t *bins = json_object_get(json_object_get(line, "wake_ns"), "bins"), *bin;
	int rc = 0;
	size_t i;

	json_array_foreach(bins, i, bin) {
		double low = json_number_value(json_array_get(bin, 0)), high = json_number_value(json_array_get(bin, 1));

		rc = rc ? rc : hist_add(h, (low + high) / 2e3, json_number_value(json_array_get(bin, 2)));
	}
	hist_seal(h);
	return rc;
}

static int engine_line(const struct paths *p, struct predict_seen *seen, struct hist *wake_us, struct why *why)
{
	json_t *lines = jsonl_load(p->stats, "sqpoll-stats/1", why);
	const json_t *line = json_array_get(lines, 0);
	double elapsed_us = json_number_at(line, "elapsed_us");
	int rc = lines ? 0 : -EIO;

	if (lines && json_array_size(lines) != 1)
		rc = why_set(why, -EINVAL, "the job file starts %zu jobs: give one that starts one, as each has an SQ thread of its own", json_array_size(lines));
	if (!rc) {
		seen->requests = json_number_at(line, "completed");
		seen->p.duty = json_number_at(line, "sq_thread.cpu_us") / elapsed_us;
		seen->p.wakeups_per_s = json_number_at(line, "wakeups") / elapsed_us * 1e6;
		seen->app_us = json_number_at(line, "app_cpu_us") / seen->requests;
		seen->p.cpu_us = seen->app_us + seen->p.duty * elapsed_us / seen->requests;
	}
	if (!rc && wake_us && wakes(line, wake_us))
		rc = why_set(why, -ENOMEM, "out of memory");
	json_decref(lines);
	return rc;
}

int predictrun_sqpoll(const struct predict_job *job, unsigned idle_ms, struct predict_seen *seen, struct timeslog *log, struct hist *wake_us,
		      struct why *why)
{
	char lines[2 * PATH_MAX + 128];
	struct timeslog unwanted = { 0 };
	struct paths p;
	int rc = set_paths(&p, job->dir, why);

	log = log ? log : &unwanted;
	*log = (struct timeslog){ 0 };
	if (rc)
		return rc;
	snprintf(lines, sizeof(lines), "ioengine=sqpoll\nruntime=%us\nsq_thread_idle=%u\nstats_file=%s\ntime_log=%s\n", job->seconds, idle_ms, p.stats, p.times);
	rc = run(job, &p, lines, not_for_sqpoll, why);
	if (!rc)
		rc = engine_line(&p, seen, wake_us, why);
	if (!rc)
		rc = timeslog_read(p.log, log, why);
	if (!rc && latencies(log, &seen->p))
		rc = why_set(why, -ENOMEM, "out of memory");
	if (log == &unwanted)
		timeslog_free(log);
	clean(&p);
	return rc;
}

int predictrun_plain(const struct predict_job *job, struct predict_seen *seen, struct why *why)
{
	char lines[128];
	struct fio_result r;
	struct paths p;
	json_t *doc = NULL;
	int rc = set_paths(&p, job->dir, why);

	snprintf(lines, sizeof(lines), "ioengine=io_uring\nlat_percentiles=1\nruntime=%us\n", job->seconds);
	if (!rc)
		rc = run(job, &p, lines, not_for_plain, why);
	if (!rc)
		doc = fiojson_load(p.json, why);
	if (!rc)
		rc = doc ? fiojson_result(doc, &r, why) : -EIO;
	json_decref(doc);
	clean(&p);
	if (rc)
		return rc;
	*seen = (struct predict_seen){ .requests = r.ios, .p = { .lat_mean_us = r.lat_mean_us, .lat_p50_us = hist_percentile(&r.lat_ns, 50) / 1e3,
								 .lat_p99_us = hist_percentile(&r.lat_ns, 99) / 1e3 } };
	seen->app_us = seen->p.cpu_us = (r.usr_cpu_pct + r.sys_cpu_pct) / 100 * r.runtime_ms * 1e3 / r.ios;
	hist_free(&r.lat_ns);
	return r.ios > 0 ? 0 : why_set(why, -EIO, "the job did nothing within %u s", job->seconds);
}
