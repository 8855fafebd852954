// SPDX-License-Identifier: GPL-2.0-only
/* What every idle period would do to a job, from three short runs of it. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd.h"
#include "env.h"
#include "jobguard.h"
#include "lattice.h"
#include "predictrun.h"
#include "proc.h"
#include "progress.h"
#include "store.h"
#include "verdict.h"

#define SETTINGS_MAX 64
#define IDLE_MS_MAX 100000
#define AWAKE_MS 10000		/* longer than the run's gaps: the SQ thread does not sleep */
#define SETTLE_S 0.7
#define SEED 1
#define FIRST_RUNS 3
#define FAR 0.15		/* a prediction further from what was then measured is not to be trusted */

struct args {
	struct cmd_common common;
	const char *job;
	unsigned idle[SETTINGS_MAX], idles, measure, seconds;
	double cpu_price;
	bool allow_write;
};

struct setting {
	unsigned idle_ms;
	struct prediction p;
	struct predict_seen seen;
	bool measured;
};

struct session {
	const struct args *a;
	struct fio fio;
	struct run run;
	struct predict_job job;
	struct progress bar;
	unsigned hz;
	struct predict_load load;
	struct timeslog awake_log;
	struct hist wake_us;
	struct predict_seen plain, awake;
	struct setting setting[SETTINGS_MAX];
	unsigned settings, best;
	char answer[400];
	json_t *notes;
};

enum { OPT_ALLOW_WRITE = 1000, OPT_IDLES, OPT_MEASURE, OPT_SECONDS, OPT_PRICE };

static const struct argp_option options[] = {
	CMD_OPTION_DEFINE,
	{ "idles", OPT_IDLES, "LIST", 0, "Idle periods in ms (default: each number of ticks from 1 to 16, then fewer, up to 1 s)", 0 },
	{ "seconds", OPT_SECONDS, "N", 0, "Longest time of a run of the job (default: 5)", 0 },
	{ "measure", OPT_MEASURE, "N|all", 0, "Also run the N settings that are predicted best (default: 1)", 0 },
	{ "cpu-price", OPT_PRICE, "X", 0, "What 1 us of CPU is worth in us of latency (default: 1)", 0 },
	{ "allow-write", OPT_ALLOW_WRITE, NULL, 0, "Let the job write to devices and to files that exist", 0 },
	CMD_OPTION_OUT("Results directory"),
	CMD_OPTION_JSON("Print JSON"),
	CMD_OPTIONS_FIO,
	{ 0 },
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct args *a = state->input;

	switch (key) {
	case 'D':
		cmd_define(state, arg);
		return 0;
	case OPT_IDLES:
		a->idles = cmd_numbers(state, arg, "idles", a->idle, SETTINGS_MAX, 1, IDLE_MS_MAX);
		return 0;
	case OPT_SECONDS:
		a->seconds = cmd_number(state, arg, "seconds", 1, 3600);
		return 0;
	case OPT_MEASURE:
		a->measure = !strcmp(arg, "all") ? SETTINGS_MAX : cmd_number(state, arg, "measure", 0, SETTINGS_MAX);
		return 0;
	case OPT_PRICE:
		a->cpu_price = cmd_real(state, arg, "cpu-price", 0, 1e6);
		return 0;
	case OPT_ALLOW_WRITE:
		a->allow_write = true;
		return 0;
	case ARGP_KEY_ARG:
		if (a->job)
			argp_error(state, "'%s' is one argument too many: name one job file", arg);
		a->job = arg;
		return 0;
	case ARGP_KEY_END:
		if (!a->job)
			argp_error(state, "name a job file");
		return 0;
	default:
		return cmd_parse_common(key, arg, state);
	}
}

/* Equal settings once, under their largest whole millisecond. */
static void add_setting(struct session *s, unsigned idle_ms)
{
	unsigned ms = lattice_canonical_ms(idle_ms, s->hz);

	for (unsigned i = 0; i < s->settings; i++)
		if (lattice_jiffies(s->setting[i].idle_ms, s->hz) == lattice_jiffies(ms, s->hz))
			return;
	if (s->settings < SETTINGS_MAX)
		s->setting[s->settings++].idle_ms = ms;
}

static void choose_settings(struct session *s)
{
	for (unsigned i = 0; i < s->a->idles; i++)
		add_setting(s, s->a->idle[i]);
	if (s->a->idles)
		return;
	for (unsigned jiffies = 1; jiffies <= s->hz; jiffies += jiffies < 16 ? 1 : jiffies / 4)
		add_setting(s, (jiffies * 1000 + s->hz - 1) / s->hz);
	add_setting(s, 1000);
}

static double cost(const struct session *s, const struct prediction *p)
{
	return p->lat_mean_us + s->a->cpu_price * p->cpu_us;
}

static double predicted_cost(const struct session *s, unsigned i)
{
	return cost(s, &s->setting[i].p);
}

static void step(struct session *s, const char *label)
{
	progress_step(&s->bar, label);
	s->bar.done++;
}

/* The three runs that all is computed from. */
static int learn(struct session *s, struct why *why)
{
	unsigned shortest = lattice_canonical_ms(1, s->hz);
	struct predict_seen seen;
	int rc;

	step(s, "plain io_uring");
	rc = predictrun_plain(&s->job, &s->plain, why);
	if (rc)
		return rc;
	step(s, "an SQ thread that never sleeps");
	rc = predictrun_sqpoll(&s->job, AWAKE_MS, &s->awake, &s->awake_log, NULL, why);
	if (rc)
		return rc;
	step(s, "one that sleeps as soon as it can");
	rc = predictrun_sqpoll(&s->job, shortest, &seen, NULL, &s->wake_us, why);
	for (unsigned i = 0; i < s->settings && !rc; i++)
		if (s->setting[i].idle_ms == shortest) {
			s->setting[i].seen = seen;
			s->setting[i].measured = true;
		}
	s->load = (struct predict_load){ s->awake_log.request, s->awake_log.n, s->awake_log.span_us, s->awake.app_us, s->load.paced };
	return rc;
}

static int compute(struct session *s, struct why *why)
{
	for (unsigned i = 0; i < s->settings; i++) {
		int rc = predict(&s->load, &s->wake_us, s->setting[i].idle_ms, s->hz, SEED, &s->setting[i].p);

		if (rc)
			return why_set(why, rc, rc == -ENOMEM ? "out of memory" : "no wake-up was seen, so none can be predicted: give more --seconds");
		if (predicted_cost(s, i) < predicted_cost(s, s->best))
			s->best = i;
	}
	return 0;
}

/* The cheapest that has not been run yet; none: SETTINGS_MAX. */
static unsigned next_to_measure(const struct session *s)
{
	unsigned found = SETTINGS_MAX;

	for (unsigned i = 0; i < s->settings; i++)
		if (!s->setting[i].measured && (found == SETTINGS_MAX || predicted_cost(s, i) < predicted_cost(s, found)))
			found = i;
	return found;
}

static int measure(struct session *s, struct why *why)
{
	char label[64];
	int rc = 0;

	for (unsigned n = 0; n < s->a->measure && !rc; n++) {
		unsigned i = next_to_measure(s);

		if (i == SETTINGS_MAX)
			break;
		snprintf(label, sizeof(label), "sq_thread_idle=%u", s->setting[i].idle_ms);
		step(s, label);
		rc = predictrun_sqpoll(&s->job, s->setting[i].idle_ms, &s->setting[i].seen, NULL, NULL, why);
		s->setting[i].measured = !rc;
	}
	return rc;
}

static void say(struct session *s)
{
	const struct setting *b = &s->setting[s->best];
	const struct prediction *plain = &s->plain.p;
	double ratio = predicted_cost(s, s->best) / cost(s, plain);

	if (ratio > 1 - VERDICT_WORTH)
		snprintf(s->answer, sizeof(s->answer), "use plain io_uring: the best idle period, %u ms, would cost %.2f times as much per request (latency %.1f and CPU %.1f us against %.1f and %.1f)",
			 b->idle_ms, ratio, b->p.lat_mean_us, b->p.cpu_us, plain->lat_mean_us, plain->cpu_us);
	else
		snprintf(s->answer, sizeof(s->answer), "sq_thread_idle=%u: the SQ thread would use %.0f %% of a CPU, and a request would cost %.2f times what it costs plain io_uring (latency %.1f and CPU %.1f us against %.1f and %.1f)",
			 b->idle_ms, 100 * b->p.duty, ratio, b->p.lat_mean_us, b->p.cpu_us, plain->lat_mean_us, plain->cpu_us);
}

static void doubt(struct session *s)
{
	char text[200];

	s->notes = json_array();
	for (unsigned i = 0; i < s->settings; i++) {
		double ratio = s->setting[i].measured ? cost(s, &s->setting[i].seen.p) / predicted_cost(s, i) : 1;

		if (ratio >= 1 / (1 + FAR) && ratio <= 1 + FAR)
			continue;
		snprintf(text, sizeof(text), "with sq_thread_idle=%u a request cost %.2f times what was predicted: other work on this machine, or a load that varies; see the whole table, or give more --seconds",
			 s->setting[i].idle_ms, ratio);
		json_array_append_new(s->notes, json_string(text));
	}
}

static json_t *real(double v)
{
	return isfinite(v) ? json_real(v) : json_null();
}

static json_t *prediction_json(const struct prediction *p)
{
	return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o}", "duty", real(p->duty), "wakeups_per_s", real(p->wakeups_per_s), "lat_mean_us",
			 real(p->lat_mean_us), "lat_p50_us", real(p->lat_p50_us), "lat_p99_us", real(p->lat_p99_us), "cpu_us_per_io",
			 real(p->cpu_us));
}

static json_t *seen_json(const struct predict_seen *q)
{
	json_t *o = prediction_json(&q->p);

	json_object_set_new(o, "requests", real(q->requests));
	return o;
}

static json_t *setting_json(const struct setting *t)
{
	return json_pack("{s:i, s:o, s:o}", "idle_ms", (int)t->idle_ms, "predicted", prediction_json(&t->p), "measured",
			 t->measured ? seen_json(&t->seen) : json_null());
}

static json_t *document(const struct session *s)
{
	json_t *all = json_array();

	for (unsigned i = 0; i < s->settings; i++)
		json_array_append_new(all, setting_json(&s->setting[i]));
	return json_pack("{s:s, s:s, s:i, s:i, s:f, s:f, s:i, s:o, s:o, s:o, s:o, s:s}", "schema", "sqbench-predict/1", "id", s->run.id, "hz", (int)s->hz,
			 "requests", (int)s->load.n, "span_s", s->load.span_us / 1e6, "cpu_price", s->a->cpu_price, "wakeups_seen",
			 (int)s->wake_us.total, "plain", seen_json(&s->plain), "awake", seen_json(&s->awake), "settings", all, "notes", json_incref(s->notes), "answer", s->answer);
}

static void print_row(const char *name, const struct prediction *p)
{
	printf("%-16s %6.1f %9.1f %9.1f %9.1f %9.1f\n", name, 100 * p->duty, p->wakeups_per_s, p->lat_p50_us, p->lat_p99_us, p->cpu_us);
}

static void print(const struct session *s)
{
	char name[32];
	json_t *note;
	size_t n;

	printf("%-16s %6s %9s %9s %9s %9s\n", "idle_ms", "duty%", "wake/s", "p50_us", "p99_us", "cpu_us/io");
	print_row("plain, measured", &s->plain.p);
	print_row("awake, measured", &s->awake.p);
	for (unsigned i = 0; i < s->settings; i++) {
		const struct setting *t = &s->setting[i];

		snprintf(name, sizeof(name), "%u", t->idle_ms);
		print_row(name, &t->p);
		if (t->measured)
			print_row("  measured", &t->seen.p);
	}
	json_array_foreach(s->notes, n, note)
		printf("note: %s\n", json_string_value(note));
	printf("answer: %s\nrun: %s\n", s->answer, s->run.final);
}

static int keep(struct session *s, struct why *why)
{
	json_t *doc = document(s);
	int rc = store_keep_both(&s->run, "predict.json", json_incref(doc), "end.json", env_at_end(&s->fio), why);

	if (!rc)
		rc = store_commit(&s->run, why);
	if (!rc && s->a->common.json) {
		json_object_set_new(doc, "dir", json_string(s->run.final));
		cmd_print_json(json_incref(doc));
	} else if (!rc) {
		print(s);
	}
	json_decref(doc);
	return rc;
}

static int begin(struct session *s, const char *command, const struct jobscan *scan, struct why *why)
{
	char now[32], path[PATH_MAX];
	int rc = store_create(&s->run, s->a->common.out, "predict", why);

	store_time(now, sizeof(now));
	if (!rc)
		rc = store_in_run(path, &s->run, "job.fio", why);
	if (!rc)
		rc = store_write(path, s->job.text, why);
	return rc ? rc : store_keep_start(&s->run, "predict", now, command, s->a->job, env_collect(&s->fio, scan->files ? scan->file[0] : NULL), why);
}

static int carry_out(struct session *s, const char *command, const struct jobscan *scan, struct why *why)
{
	unsigned more = s->a->measure < s->settings ? s->a->measure : s->settings - 1;	/* one of them is among the first three */
	int rc = begin(s, command, scan, why);

	s->job.dir = s->run.dir;
	s->job.tick = progress_tick;
	s->job.ctx = &s->bar;
	progress_start(&s->bar, 0, FIRST_RUNS + more, s->a->seconds + SETTLE_S);
	if (!rc)
		rc = learn(s, why);
	if (!rc)
		rc = compute(s, why);
	if (!rc)
		rc = measure(s, why);
	progress_end(&s->bar);
	if (!rc) {
		say(s);
		doubt(s);
		rc = keep(s, why);
		json_decref(s->notes);
	}
	if (rc && s->run.dir[0])
		store_remove(s->run.dir);
	store_close(&s->run);
	timeslog_free(&s->awake_log);
	hist_free(&s->wake_us);
	return rc;
}

static int code_of(int rc)
{
	return rc == -EINTR ? EXIT_INTERRUPTED : rc == -EINVAL || rc == -EPERM ? EXIT_USAGE : rc ? EXIT_CANNOT : EXIT_DONE;
}

int cmd_predict(int argc, char **argv)
{
	static const struct argp argp = { options, parse, "JOB.fio",
					  "Predicts what each idle period would do to a job: SQ-thread CPU, wake-ups, latency. From three short runs of it: "
					  "plain io_uring, an SQ thread that never sleeps, and one that sleeps as soon as it can.",
					  NULL, NULL, NULL };
	static struct args a = { .common.out = "results", .measure = 1, .seconds = 5, .cpu_price = 1 };
	static struct session s = { .run = { .lock_fd = -1 } };
	struct jobscan scan = { 0 };
	struct why why = { "" };
	char *command = cmd_line(argc, argv), *text;
	int rc;

	cmd_parse(&argp, argc, argv, &a);
	s.a = &a;
	s.hz = env_hz(NULL);
	text = store_read(a.job, &why);
	rc = text && command ? 0 : -EINVAL;
	if (!rc && !s.hz)
		rc = why_set(&why, -EIO, "the tick rate is unknown: the idle lattice cannot be computed");
	if (!rc && jobscan_add(&scan, text, getenv))
		rc = why_set(&why, -EINVAL, "%s: the job file is too large", a.job);
	if (!rc)
		rc = jobguard(&scan, a.job, a.allow_write, &s.job.readonly, &why);
	if (!rc && (fio_find(&s.fio, a.common.fio, a.common.engine_dir, &why) || fio_engine_loads(&s.fio, &why)))
		rc = -ENOENT;
	if (!rc) {
		s.job = (struct predict_job){ .fio = &s.fio, .text = text, .seconds = a.seconds, .readonly = s.job.readonly };
		s.load.paced = scan.paced;
		choose_settings(&s);
		proc_catch_signals();
		rc = carry_out(&s, command, &scan, &why);
	}
	jobscan_free(&scan);
	free(command);
	free(text);
	return rc ? cmd_fail(code_of(rc), "predict", &why) : EXIT_DONE;
}
