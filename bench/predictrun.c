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
#include "stats.h"
#include "store.h"

#define PATIENCE_S 60

/* What each run says itself, and not the job file. */
#define OF_RUN "runtime", "ramp_time", "stats_file", "time_log"
#define OF_ENGINE "ioengine", "sqthread_poll", "sqthread_poll_cpu", "sq_thread_idle", "sq_wake", "reap", "sq_share"
#define OF_SQPOLL OF_ENGINE, "sq_share_set", "sq_thread_cpu", "stall_ms", "idle_probe_ms", "wake_cost_us"
#define OF_URING "hipri", "fixedbufs", "registerfiles", "nonvectored", "force_async", "uncached", "nowait", "cmd_type"
#define OF_BATCHES "iodepth_batch", "iodepth_batch_submit", "iodepth_batch_complete_min", "iodepth_batch_complete", "iodepth_batch_complete_max"
#define OF_CPUS "cpus_allowed", "cpus_allowed_policy", "cpumask"
#define OF_PLACES "ioengine", "sqthread_poll", "sqthread_poll_cpu", "registerfiles", "sq_thread_cpu", OF_CPUS
#define OF_JOBS "lat_percentiles", "thread", "group_reporting"
#define OF_SHARING "ioengine", "sqthread_poll", "registerfiles", "sq_share", "sq_share_set", "sqthread_poll_cpu", "sq_thread_cpu", OF_JOBS
#define OF_FILES "stats_file", "time_log"
#define DROPS_MAX 36

/* What is left out of the job file when it is run that way, and when a copy of it is made for its user. OURS: it is sqpoll, whose statistics are read. */
static const struct {
	bool ours;
	const char *run[DROPS_MAX], *keep[DROPS_MAX];
} ways[] = {
	[PREDICT_OURS] = { true, { OF_RUN, OF_ENGINE, "registerfiles", NULL }, { OF_ENGINE, "registerfiles", NULL } },
	[PREDICT_OTHER] = { false, { OF_RUN, OF_SQPOLL, "lat_percentiles", NULL }, { OF_SQPOLL, OF_FILES, NULL } },
	[PREDICT_BATCHED] = { false, { OF_RUN, OF_SQPOLL, OF_BATCHES, "lat_percentiles", NULL }, { OF_SQPOLL, OF_BATCHES, OF_FILES, NULL } },
	[PREDICT_FOREIGN] = { false, { OF_RUN, OF_SQPOLL, OF_URING, "lat_percentiles", NULL }, { OF_SQPOLL, OF_URING, OF_FILES, NULL } },
	[PREDICT_PLACED] = { true, { OF_RUN, OF_PLACES, "lat_percentiles", NULL }, { OF_PLACES, NULL } },
	[PREDICT_SHARED] = { true, { OF_RUN, OF_SHARING, NULL }, { OF_SHARING, NULL } },
	[PREDICT_SHARED_ALONE] = { true, { OF_RUN, OF_SHARING, OF_CPUS, NULL }, { OF_SHARING, OF_CPUS, NULL } },
	[PREDICT_OTHER_JOBS] = { false, { OF_RUN, OF_SQPOLL, OF_JOBS, NULL }, { OF_SQPOLL, OF_FILES, NULL } },
	[PREDICT_AS_IS] = { false, { OF_RUN, "lat_percentiles", NULL }, { NULL } },
	[PREDICT_AS_IS_OURS] = { true, { OF_RUN, "lat_percentiles", NULL }, { NULL } },
};

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

/* TEXT, which is freed, is run; NULL: there was no memory for it. */
static int run(const struct predict_job *job, const struct paths *p, const char *name, char *text, double *cpu_s, struct why *why)
{
	char output[PATH_MAX + 16];
	char *argv[] = { (char *)job->fio->bin, "--output-format=json+", output, (char *)p->job, job->readonly ? "--readonly" : NULL, NULL };
	struct proc_end end = { 0 };
	int rc = text ? store_write(p->job, text, why) : why_set(why, -ENOMEM, "out of memory");

	free(text);
	if (rc)
		return rc;
	progress_step(job->bar, name);
	snprintf(output, sizeof(output), "--output=%s", p->json);
	rc = proc_run(&(struct proc){ .argv = argv, .stdout_path = p->messages, .stderr_path = p->messages, .lib_dir = fio_lib_dir(job->fio),
				      .timeout_s = job->seconds + PATIENCE_S, .stop_signal = SIGKILL, .tick = progress_tick, .ctx = job->bar }, &end, why);
	job->bar->done++;
	*cpu_s = end.cpu_s;
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

/* Of jobs that share an SQ thread each line has all that it did since that job's ring was opened: the longest account counts. */
static bool is_told_by_another(const json_t *lines, size_t i, const char *key)
{
	const json_t *mine = json_array_get(lines, i), *other;
	double tid = json_number_at(mine, "sq_thread.tid");
	size_t k;

	json_array_foreach(lines, k, other) {
		double more = json_number_at(other, key) - json_number_at(mine, key);

		if (k != i && json_number_at(other, "sq_thread.tid") == tid && (more > 0 || (!(more < 0) && k < i)))
			return true;
	}
	return false;
}

static double sum_over_threads(const json_t *lines, const char *key)
{
	double sum = 0;

	for (size_t i = 0; i < json_array_size(lines); i++)
		if (!is_told_by_another(lines, i, key))
			sum += json_number_at(json_array_get(lines, i), key);
	return sum;
}

static double sum_over_jobs(const json_t *lines, const char *key)
{
	double sum = 0;

	for (size_t i = 0; i < json_array_size(lines); i++)
		sum += json_number_at(json_array_get(lines, i), key);
	return sum;
}

static unsigned threads(const json_t *lines)
{
	unsigned n = 0;

	for (size_t i = 0; i < json_array_size(lines); i++)
		n += !is_told_by_another(lines, i, "elapsed_us");
	return n;
}

static int check_jobs(size_t jobs, const struct predict_job *job, struct why *why)
{
	unsigned expected = job->jobs ? job->jobs : 1;

	if (jobs == expected)
		return 0;
	if (expected == 1)
		return why_set(why, -EINVAL, "the job file starts %zu jobs: give one that starts one, as each has an SQ thread of its own", jobs);
	return why_set(why, -EINVAL, "%zu of %u jobs left their statistics: they have to do I/O at the same time, without stonewall", jobs, expected);
}

static int engine_line(const struct predict_job *job, const struct paths *p, struct predict_seen *seen, struct hist *wake_us, struct why *why)
{
	json_t *lines = jsonl_load(p->stats, "sqpoll-stats/1", why);
	const json_t *line = json_array_get(lines, 0);
	double elapsed_us = sum_over_jobs(lines, "elapsed_us") / fmax((double)json_array_size(lines), 1);
	int rc = lines ? check_jobs(json_array_size(lines), job, why) : -EIO;

	if (!rc) {
		seen->requests = sum_over_jobs(lines, "completed");
		seen->elapsed_us = elapsed_us;
		seen->p.iops = seen->requests / elapsed_us * 1e6;
		seen->sq_cpu = json_is_integer(json_object_get(json_object_get(line, "sq_thread"), "cpu")) ? (int)json_number_at(line, "sq_thread.cpu") : -1;
		seen->sq_threads = threads(lines);
		seen->sq_wait = sum_over_threads(lines, "sq_thread.wait_us") / elapsed_us;
		seen->migrations = sum_over_threads(lines, "sq_thread.migrations");
		seen->p.duty = sum_over_threads(lines, "sq_thread.cpu_us") / elapsed_us;
		seen->p.wakeups_per_s = sum_over_jobs(lines, "wakeups") / elapsed_us * 1e6;
		/* by fio's count where there is one, as that of all other ways */
		if (!(seen->app_us > 0))
			seen->app_us = sum_over_jobs(lines, "app_cpu_us") / seen->requests;
		seen->p.cpu_us = seen->app_us + seen->p.duty * elapsed_us / seen->requests;
	}
	if (!rc && wake_us && wakes(line, wake_us))
		rc = why_set(why, -ENOMEM, "out of memory");
	json_decref(lines);
	return rc;
}

int predictrun_logged(const struct predict_job *job, const char *name, unsigned idle_ms, struct predict_seen *seen, struct timeslog *log, struct hist *wake_us,
		      struct why *why)
{
	char lines[2 * PATH_MAX + 128];
	struct timeslog unwanted = { 0 };
	double cpu_s = NAN;
	struct paths p;
	int rc = set_paths(&p, job->dir, why);

	log = log ? log : &unwanted;
	*log = (struct timeslog){ 0 };
	if (rc)
		return rc;
	*seen = (struct predict_seen){ .fio_us = NAN, .sq_cpu = -1, .sq_wait = NAN, .migrations = NAN };
	snprintf(lines, sizeof(lines), "ioengine=sqpoll\nruntime=%ums\nsq_thread_idle=%u\nstats_file=%s\ntime_log=%s\n", job->logged_ms, idle_ms, p.stats, p.times);
	rc = run(job, &p, name, jobscan_with(job->text, lines, ways[PREDICT_OURS].run), &cpu_s, why);
	if (!rc)
		rc = engine_line(job, &p, seen, wake_us, why);
	if (!rc)
		rc = timeslog_read(p.log, log, why);
	if (!rc && latencies(log, &seen->p))
		rc = why_set(why, -ENOMEM, "out of memory");
	if (log == &unwanted)
		timeslog_free(log);
	clean(&p);
	return rc;
}

/* fio counts in ns. */
static int into_us(const struct hist *lat_ns, struct hist *lat_us)
{
	int rc = 0;

	for (size_t i = 0; i < lat_ns->n && !rc; i++)
		rc = hist_add(lat_us, lat_ns->bin[i].value / 1e3, lat_ns->bin[i].count);
	hist_seal(lat_us);
	return rc;
}

/* fio has summed up several jobs (group_reporting): the run time is the sum of theirs then, and IOPS are those of all at once. */
static int fio_line(const struct predict_job *job, const struct paths *p, double cpu_s, struct predict_seen *seen, struct hist *lat_us, struct why *why)
{
	json_t *doc = fiojson_load(p->json, why);
	size_t jobs = json_array_size(json_object_get(doc, "jobs"));
	struct fio_result r;
	int rc = doc ? 0 : -EIO;

	if (doc && jobs != 1)
		rc = job->jobs > 1 ? why_set(why, -EINVAL, "the jobs are in %zu groups: leave new_group and stonewall out", jobs) : check_jobs(jobs, job, why);
	if (!rc)
		rc = fiojson_result(doc, &r, why);
	json_decref(doc);
	if (rc)
		return rc;
	*seen = (struct predict_seen){ .requests = r.ios, .fio_us = cpu_s * 1e6 / r.ios, .sq_cpu = -1, .sq_wait = NAN, .migrations = NAN,
				       .p = { .lat_mean_us = r.lat_mean_us, .lat_p50_us = hist_percentile(&r.lat_ns, 50) / 1e3,
					      .lat_p99_us = hist_percentile(&r.lat_ns, 99) / 1e3, .iops = job->jobs > 1 ? r.iops : r.ios / r.runtime_ms * 1e3 } };
	seen->app_us = seen->p.cpu_us = ((r.usr_cpu_pct + r.sys_cpu_pct) / 100 * r.runtime_ms + FIO_CPU_LOST_MS * (job->jobs ? job->jobs : 1)) * 1e3 / r.ios;
	if (lat_us && into_us(&r.lat_ns, lat_us))
		rc = why_set(why, -ENOMEM, "out of memory");
	hist_free(&r.lat_ns);
	return rc;
}

/* The job in WAY, with statistics into STATS from our engine. */
static char *text_of(const struct predict_job *job, const struct predict_way *way, const char *stats)
{
	char lines[512], *text, *with_stats;

	snprintf(lines, sizeof(lines), "%slat_percentiles=1\nruntime=%us\n", way->options, job->seconds);
	text = jobscan_with(job->text, lines, ways[way->engine].run);
	if (!text || !ways[way->engine].ours)
		return text;
	with_stats = jobscan_with_stats(text, stats);
	free(text);
	return with_stats;
}

int predictrun(const struct predict_job *job, const struct predict_way *way, struct predict_seen *seen, struct hist *lat_us, struct why *why)
{
	double cpu_s = NAN;
	struct paths p;
	int rc = set_paths(&p, job->dir, why);

	if (rc)
		return rc;
	rc = run(job, &p, way->name, text_of(job, way, p.stats), &cpu_s, why);
	if (!rc)
		rc = fio_line(job, &p, cpu_s, seen, lat_us, why);
	if (!rc && ways[way->engine].ours)
		rc = engine_line(job, &p, seen, NULL, why);
	clean(&p);
	return rc;
}

json_t *predictrun_prediction_json(const struct prediction *p)
{
	return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "duty", json_finite(p->duty), "wakeups_per_s", json_finite(p->wakeups_per_s), "lat_mean_us",
			 json_finite(p->lat_mean_us), "lat_p50_us", json_finite(p->lat_p50_us), "lat_p99_us", json_finite(p->lat_p99_us), "cpu_us_per_io",
			 json_finite(p->cpu_us), "iops", json_finite(p->iops));
}

json_t *predictrun_json(const struct predict_seen *q)
{
	json_t *o = predictrun_prediction_json(&q->p);

	json_object_set_new(o, "requests", json_finite(q->requests));
	json_object_set_new(o, "sq_wait", json_finite(q->sq_wait));
	json_object_set_new(o, "migrations", json_finite(q->migrations));
	return o;
}

static double median_of(const struct predict_seen *run, unsigned n, double (*value)(const struct predict_seen *))
{
	double x[STATS_N_MAX];

	n = n < STATS_N_MAX ? n : STATS_N_MAX;
	for (unsigned i = 0; i < n; i++)
		x[i] = value(&run[i]);
	return stats_median(x, n);
}

#define VALUE(name, of)                                          \
	static double name(const struct predict_seen *q)         \
	{                                                        \
		return q->of;                                    \
	}
VALUE(requests_of, requests)
VALUE(duty_of, p.duty)
VALUE(wakeups_of, p.wakeups_per_s)
VALUE(mean_of, p.lat_mean_us)
VALUE(p50_of, p.lat_p50_us)
VALUE(p99_of, p.lat_p99_us)
VALUE(cpu_of, p.cpu_us)
VALUE(iops_of, p.iops)
VALUE(wait_of, sq_wait)
VALUE(migrations_of, migrations)

struct predict_seen predictrun_median(const struct predict_seen *run, unsigned n)
{
	return (struct predict_seen){ .requests = median_of(run, n, requests_of), .app_us = NAN, .fio_us = NAN, .sq_cpu = -1, .sq_wait = median_of(run, n, wait_of),
				      .migrations = median_of(run, n, migrations_of), .sq_threads = run[0].sq_threads,
				      .p = { .duty = median_of(run, n, duty_of), .wakeups_per_s = median_of(run, n, wakeups_of), .lat_mean_us = median_of(run, n, mean_of),
					     .lat_p50_us = median_of(run, n, p50_of), .lat_p99_us = median_of(run, n, p99_of), .cpu_us = median_of(run, n, cpu_of),
					     .iops = median_of(run, n, iops_of) } };
}

char *predictrun_apply(const char *text, const struct predict_way *way)
{
	return jobscan_with(text, way->options, ways[way->engine].keep);
}
