// SPDX-License-Identifier: GPL-2.0-only
#include "tunejob.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "checks.h"
#include "controls.h"
#include "env.h"
#include "fiojson.h"
#include "report_job.h"
#include "userjob.h"

#define SWEEP_REPEATS 5		/* of each setting and control, in the sweep that this spares */
#define RIVAL_GAIN 0.9		/* what is cheaper than plain io_uring by less is not worth another engine */
#define FAR 0.15		/* a prediction further from what was then measured is not to be trusted */
#define AWAKE_DUTY_MIN 0.9	/* below it a thread that never sleeps was not given its CPU */
#define SAMPLES_MIN 1000	/* fewer requests tell p99 only roughly */
#define DEVICE_GAIN 0.03	/* more IOPS than that would be a gain */
#define QUANTILES 40

enum { CANDIDATE = CONTROLS, TRIED };

/* A way that was run, once or in pairs. */
struct tried {
	struct control_way c;
	struct predict_seen run[TUNEJOB_PAIRS_MAX + 1];
	unsigned runs;
	struct hist lat_us;		/* of all runs */
};

struct session {
	const struct tunejob_args *a;
	struct userjob u;
	struct forecast f;
	struct tried tried[TRIED];
	enum control present;
	unsigned candidate, rival, chosen;	/* of tried */
	double predicted_ratio, ratio[TUNEJOB_PAIRS_MAX];
	unsigned pairs;
	struct est est;
	enum decision decision;
	bool by_limits;			/* and not by costs */
	json_t *warnings;
	char answer[1000];
};

static struct predict_seen typical(const struct tried *t)
{
	return predictrun_median(t->run, t->runs);
}

/* fio does not tell the CPU time of the stock engine's SQ thread: what the whole of fio used, less what one without such a thread needs besides. */
static void add_sq_thread(const struct session *s, struct predict_seen *q)
{
	const struct predict_seen *plain = &s->f.plain;
	double besides_us = (plain->fio_us - plain->app_us) * plain->requests / q->requests;

	q->p.cpu_us = fmax(q->fio_us - besides_us, q->app_us);
	q->p.duty = fmin((q->p.cpu_us - q->app_us) * q->p.iops / 1e6, 1);
}

static int run_once(struct session *s, unsigned way, struct why *why)
{
	struct tried *t = &s->tried[way];
	struct predict_seen *q = &t->run[t->runs];
	int rc = predictrun(&s->u.job, &t->c.way, q, &t->lat_us, why);

	if (rc)
		return rc;
	hist_seal(&t->lat_us);
	if (way == CONTROL_STOCK)
		add_sq_thread(s, q);
	t->runs++;
	return 0;
}

/* Each once. One that does not work is told, and is no reason to stop. */
static int run_controls(struct session *s, struct why *why)
{
	s->tried[CONTROL_PLAIN].run[s->tried[CONTROL_PLAIN].runs++] = s->f.plain;
	if (hist_merge(&s->tried[CONTROL_PLAIN].lat_us, &s->f.plain_us))
		return why_set(why, -ENOMEM, "out of memory");
	hist_seal(&s->tried[CONTROL_PLAIN].lat_us);
	for (unsigned i = CONTROL_PLAIN + 1; i < CONTROLS; i++) {
		struct control_way *c = &s->tried[i].c;
		struct why failed = { "" };
		int rc = *c->absent ? 0 : run_once(s, i, &failed);

		if (rc && rc != -EIO)
			return why_set(why, rc, "%s", failed.text);
		if (rc)
			snprintf(c->absent, sizeof(c->absent), "%.150s", failed.text);
	}
	return 0;
}

static bool ran(const struct session *s, unsigned way)
{
	return s->tried[way].runs > 0;
}

static double cost(const struct session *s, const struct predict_seen *q)
{
	return objective_cost(&s->f.objective, &q->p);
}

/* The best without an SQ thread, which is plain io_uring unless one run of another says much else, and the best with one: that of the prediction
 * unless something that ran was better. */
static void choose_pair(struct session *s)
{
	const struct objective *o = &s->f.objective;
	const struct forecast_setting *best = &s->f.setting[s->f.best];
	const struct prediction *p = &best->p;
	struct tried *t = &s->tried[CANDIDATE];

	t->c = (struct control_way){ .way = { "sqpoll", NULL, PREDICT_OURS }, .says = "sqpoll", .sqpoll = true };
	snprintf(t->c.options, sizeof(t->c.options), "ioengine=sqpoll\nsq_thread_idle=%u\n", best->idle_ms);
	t->c.way.options = t->c.options;
	s->candidate = CANDIDATE;
	s->rival = CONTROL_PLAIN;
	for (unsigned i = 0; i < CONTROLS; i++) {
		const struct prediction *q = &s->tried[i].run[0].p, *r = &s->tried[s->rival].run[0].p;

		if (!ran(s, i) || i == CONTROL_STOCK)
			continue;
		if (!s->tried[i].c.sqpoll && objective_prefers(o, q, r) && (objective_excess(o, r) > 1 || objective_cost(o, q) < objective_cost(o, r) * RIVAL_GAIN))
			s->rival = i;
		if (s->tried[i].c.sqpoll && objective_prefers(o, q, p)) {
			s->candidate = i;
			p = q;
		}
	}
	s->predicted_ratio = objective_cost(o, p) / cost(s, &s->tried[s->rival].run[0]);
}

static int run_pairs(struct session *s, struct why *why)
{
	int rc = 0;

	do {
		unsigned first = s->pairs % 2 ? s->rival : s->candidate, second = s->pairs % 2 ? s->candidate : s->rival;
		const struct tried *c = &s->tried[s->candidate], *r = &s->tried[s->rival];

		rc = run_once(s, first, why);
		if (!rc)
			rc = run_once(s, second, why);
		if (rc)
			return rc;
		s->ratio[s->pairs++] = cost(s, &c->run[c->runs - 1]) / cost(s, &r->run[r->runs - 1]);
		s->decision = objective_decide(s->predicted_ratio, s->ratio, s->pairs, s->a->pairs, &s->est);
		if (s->decision == DECISION_MORE && s->u.bar.done + 2 > s->u.bar.total)
			s->u.bar.total += 2;
	} while (s->decision == DECISION_MORE);
	return 0;
}

/* Limits count before costs. */
static void decide(struct session *s)
{
	struct predict_seen c = typical(&s->tried[s->candidate]), r = typical(&s->tried[s->rival]);
	double excess_c = objective_excess(&s->f.objective, &c.p), excess_r = objective_excess(&s->f.objective, &r.p);

	s->by_limits = excess_c > 1 || excess_r > 1;
	if (s->by_limits)
		s->decision = excess_c < excess_r ? DECISION_CANDIDATE : DECISION_RIVAL;
	s->chosen = s->decision == DECISION_CANDIDATE ? s->candidate : s->rival;
}

static void warn(struct session *s, const char *about, const char *advice, const char *fmt, ...) __attribute__((format(printf, 4, 5)));
static void warn(struct session *s, const char *about, const char *advice, const char *fmt, ...)
{
	char text[300];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	json_array_append_new(s->warnings, json_pack("{s:s, s:s, s:s}", "about", about, "text", text, "advice", advice));
}

static void warn_of_machine(struct session *s)
{
	json_t *checks = checks_run(s->u.env, &s->u.fio, NULL), *one;
	size_t i;

	json_array_foreach(checks, i, one)
		if (strcmp(page_string(one, "status"), "ok"))
			warn(s, page_string(one, "id"), page_string(one, "advice"), "preflight says %s", page_string(one, "status"));
	json_decref(checks);
}

static void warn_of_prediction(struct session *s)
{
	const struct forecast *f = &s->f;
	const struct forecast_setting *best = &f->setting[f->best];
	struct predict_seen seen = typical(&s->tried[CANDIDATE]);
	double far = ran(s, CANDIDATE) ? cost(s, &seen) / forecast_cost(f, f->best) : 1;

	if (far > 1 + FAR || far < 1 / (1 + FAR))
		warn(s, "prediction", "believe the measured values; a longer --seconds helps when the load varies, an idle machine when others work",
		     "sq_thread_idle=%u cost %.2f times what was predicted", best->idle_ms, far);
	if (best->p.duty > 0.99 && best->p.wakeups_per_s * f->load.span_us / 1e6 < 1)
		warn(s, "idle period", "nothing to mend; a shorter idle period of the same tick would do the same",
		     "with sq_thread_idle=%u no gap is longer than the spin: the SQ thread never sleeps, a whole CPU is its", best->idle_ms);
	if (f->awake.p.duty < AWAKE_DUTY_MIN)
		warn(s, "SQ thread", "stop other work, give the SQ thread a CPU of its own with sq_thread_cpu",
		     "an SQ thread that never sleeps got %.0f %% of a CPU", 100 * f->awake.p.duty);
}

static void warn_of_samples(struct session *s)
{
	const struct tried *r = &s->tried[s->rival];
	struct predict_seen seen = typical(r);
	double all[TUNEJOB_PAIRS_MAX + 1], coarse_us = FIO_CPU_LOST_MS * 1e3 / seen.requests;

	if (coarse_us * s->f.objective.price[TERM_CPU] > OBJECTIVE_WORTH * cost(s, &seen))
		warn(s, "coarse CPU time", "give more --seconds", "fio counts CPU time in ms, which is %.1f us per request in runs of %.0f requests", coarse_us, seen.requests);

	if (s->f.load.n < SAMPLES_MIN)
		warn(s, "few requests", "give more --seconds", "a run has %zu requests: its p99 rests on the %zu slowest", s->f.load.n, s->f.load.n / 100 + 1);
	for (unsigned i = 0; i < r->runs; i++)
		all[i] = cost(s, &r->run[i]);
	if (fabs(stats_drift(all, r->runs)) > FAR)
		warn(s, "drift", "find what changed: a cache that fills, a drive that heats up, other work", "the cost of %s moved by %.0f %% during the runs",
		     r->c.says, 100 * stats_drift(all, r->runs));
	if (ran(s, CONTROL_STOCK) && s->tried[s->candidate].c.sqpoll) {
		struct predict_seen ours = typical(&s->tried[s->candidate]);

		if (cost(s, &s->tried[CONTROL_STOCK].run[0]) < cost(s, &ours) * (1 - FAR))
			warn(s, "stock engine", "please report it, with this run", "one run of io_uring with sqthread_poll=1 cost %.2f times as much as sqpoll",
			     cost(s, &s->tried[CONTROL_STOCK].run[0]) / cost(s, &ours));
	}
}

static void warnings(struct session *s)
{
	s->warnings = json_array();
	warn_of_machine(s);
	warn_of_prediction(s);
	warn_of_samples(s);
}

/* In a sentence: "sq_thread_idle=8", "io_uring with batches of 8", ... */
static void name_of(const struct session *s, unsigned way, char *out, size_t size)
{
	if (way == CANDIDATE)
		snprintf(out, size, "sq_thread_idle=%u", s->f.setting[s->f.best].idle_ms);
	else if (way == CONTROL_BATCHED)
		snprintf(out, size, "io_uring with batches of %u (iodepth_batch_submit)", controls_batch(s->u.scan.iodepth));
	else
		snprintf(out, size, "%s", s->tried[way].c.says);
}

static void say_confidence(const struct session *s, FILE *f)
{
	if (!objective_clear(s->predicted_ratio, s->ratio, s->pairs))
		fprintf(f, " [%.2f, %.2f] (%u pair%s, %.1f %%)", s->est.lo, s->est.hi, s->pairs, s->pairs == 1 ? "" : "s", 100 * s->est.cover);
	else
		fprintf(f, " (%u pair%s and what was expected, all clear of 1)", s->pairs, s->pairs == 1 ? "" : "s");
}

static void say_costs(const struct predict_seen *a, const struct predict_seen *b, FILE *f)
{
	fprintf(f, ": latency %.1f and CPU %.1f us per request against %.1f and %.1f", a->p.lat_mean_us, a->p.cpu_us, b->p.lat_mean_us, b->p.cpu_us);
}

static double cpus(const struct predict_seen *q)
{
	return q->p.cpu_us * q->p.iops / 1e6;
}

static void say_limits(const struct session *s, const struct predict_seen *q, FILE *f)
{
	if (objective_excess(&s->f.objective, &q->p) > 1)
		fprintf(f, "; no way keeps the limits, this one exceeds them the least: p99 %.0f us, %.2f CPUs", q->p.lat_p99_us, cpus(q));
}

/* Unpaced, the submitter waits, and nothing gets more requests through. */
static void say_device(const struct session *s, FILE *f)
{
	const struct prediction *plain = &s->f.plain.p;
	double most = s->f.awake.p.iops;

	for (unsigned i = 0; i < TRIED; i++)
		if (ran(s, i))
			most = fmax(most, typical(&s->tried[i]).p.iops);
	if (!s->u.scan.paced && !s->u.scan.thinks && cpus(&s->f.plain) < AWAKE_DUTY_MIN && most <= plain->iops * (1 + DEVICE_GAIN))
		fprintf(f, "; the device is the limit: no way gets more than %.2f times plain io_uring's %.0f requests a second", most / plain->iops, plain->iops);
}

static void say(struct session *s)
{
	struct predict_seen c = typical(&s->tried[s->candidate]), r = typical(&s->tried[s->rival]);
	char candidate[80], rival[80];
	FILE *f = fmemopen(s->answer, sizeof(s->answer), "w");

	if (!f)
		return;
	name_of(s, s->candidate, candidate, sizeof(candidate));
	name_of(s, s->rival, rival, sizeof(rival));
	switch (s->decision) {
	case DECISION_CANDIDATE:
		fprintf(f, "use %s: a request costs %.2f times", candidate, s->est.value);
		say_confidence(s, f);
		fprintf(f, " what it costs with %s", rival);
		say_costs(&c, &r, f);
		fprintf(f, "; the SQ thread takes %.0f %% of a CPU", 100 * c.p.duty);
		say_limits(s, &c, f);
		break;
	case DECISION_RIVAL:
		fprintf(f, "use %s: ", rival);
		if (s->by_limits)
			fprintf(f, "only it keeps the limits, or exceeds them less (p99 %.0f us and %.2f CPUs against %.0f and %.2f); ", r.p.lat_p99_us, cpus(&r),
				c.p.lat_p99_us, cpus(&c));
		else if (s->rival == CONTROL_BATCHED)
			fputs("SQPOLL gains nothing over batching; ", f);
		fprintf(f, "with the best SQPOLL setting, %s, a request costs %.2f times", candidate, s->est.value);
		say_confidence(s, f);
		fputs(" as much", f);
		say_costs(&c, &r, f);
		say_limits(s, &r, f);
		break;
	default:
		fprintf(f, "use %s, which needs no second thread: the best SQPOLL setting, %s, makes no difference %s, a request costs %.2f times", rival, candidate,
			s->decision == DECISION_SAME ? "worth having" : "to be sure of", s->est.value);
		say_confidence(s, f);
		fputs(" as much", f);
		say_limits(s, &r, f);
	}
	say_device(s, f);
	fclose(f);
}

/* [percent, us, lo, hi] up to what N samples tell; the band is that of the binomial: 95 % of samples have the quantile in it. */
static json_t *quantiles_json(const struct hist *h)
{
	json_t *all = json_array();
	double n = h->total;

	for (unsigned i = 0; i <= QUANTILES && n > 0; i++) {
		double beyond = pow(10, -4.0 * i / QUANTILES), p = 1 - beyond, half = 1.96 * sqrt(p * beyond / n);

		if (beyond * n < 1)
			break;
		json_array_append_new(all, json_pack("[f, o, o, o]", 100 * p, json_finite(hist_percentile(h, fmax(100 * p, 1e-6))),
						     json_finite(hist_percentile(h, fmax(100 * (p - half), 1e-6))), json_finite(hist_percentile(h, fmin(100 * (p + half), 100)))));
	}
	return all;
}

static json_t *tried_json(const struct session *s, unsigned way)
{
	const struct tried *t = &s->tried[way];
	struct predict_seen seen = typical(t);
	char name[80];

	name_of(s, way, name, sizeof(name));
	return json_pack("{s:s, s:s, s:s, s:b, s:b, s:i, s:o, s:o, s:o, s:o}", "way", t->c.way.name, "says", name, "options", t->c.options, "sqpoll", t->c.sqpoll,
			 "present", way == s->present, "runs", (int)t->runs, "reason", t->runs ? json_null() : json_string(t->c.absent), "seen",
			 t->runs ? predictrun_json(&seen) : json_null(), "cost_us", t->runs ? json_finite(cost(s, &seen)) : json_null(), "quantiles",
			 quantiles_json(&t->lat_us));
}

static json_t *ways_json(const struct session *s)
{
	json_t *all = json_array();

	for (unsigned i = 0; i < TRIED; i++)
		if (i != CANDIDATE || ran(s, CANDIDATE))
			json_array_append_new(all, tried_json(s, i));
	return all;
}

static json_t *load_json(const struct session *s)
{
	const struct predict_load *l = &s->f.load;
	struct hist gaps = { 0 };
	json_t *o;

	for (size_t i = 0; i < l->n; i++)
		hist_add(&gaps, l->request[i].gap_us, 1);
	hist_seal(&gaps);
	o = json_pack("{s:i, s:f, s:b, s:i, s:o, s:o, s:o}", "requests", (int)l->n, "span_s", l->span_us / 1e6, "paced", l->paced, "wakeups_seen",
		      (int)s->f.wake_us.total, "gap_p50_us", json_finite(hist_percentile(&gaps, 50)), "gap_p99_us", json_finite(hist_percentile(&gaps, 99)),
		      "gap_longest_us", json_finite(hist_percentile(&gaps, 100)));
	hist_free(&gaps);
	return o;
}

static json_t *objective_json(const struct objective *o)
{
	char name[100];

	objective_name(o, name, sizeof(name));
	return json_pack("{s:s, s:o, s:o}", "cost", name, "max_p99_us", json_finite(o->max_p99_us), "cpu_budget", json_finite(o->cpu_budget));
}

static unsigned ran_in_all(const struct session *s)
{
	unsigned n = FORECAST_RUNS - 1;		/* plain is counted below */

	for (unsigned i = 0; i < TRIED; i++)
		n += s->tried[i].runs;
	return n;
}

static unsigned sweep_runs(const struct session *s)
{
	unsigned ways = s->f.settings;

	for (unsigned i = 0; i < CONTROLS; i++)
		ways += ran(s, i);
	return SWEEP_REPEATS * ways;
}

static json_t *document(const struct session *s)
{
	static const char *const verdicts[] = { "unknown", "sqpoll", "other", "no difference", "no sure difference" };
	json_t *ratios = json_array();

	for (unsigned i = 0; i < s->pairs; i++)
		json_array_append_new(ratios, json_finite(s->ratio[i]));
	return json_pack("{s:s, s:s, s:i, s:i, s:o, s:o, s:o, s:o, s:o, s:s, s:s, s:s, s:o, s:o, s:{s:o, s:o, s:o, s:f}, s:s, s:i, s:i, s:O, s:s}", "schema",
			 "sqbench-job/1", "id", s->u.run.id, "hz", (int)s->f.hz, "seconds", (int)s->a->seconds, "objective", objective_json(&s->f.objective), "load",
			 load_json(s), "awake", predictrun_json(&s->f.awake), "settings", forecast_settings_json(&s->f), "ways", ways_json(s), "candidate",
			 s->tried[s->candidate].c.way.name, "rival", s->tried[s->rival].c.way.name, "chosen", s->tried[s->chosen].c.way.name, "predicted_ratio",
			 json_finite(s->predicted_ratio), "ratios", ratios, "ratio", "value", json_finite(s->est.value), "lo", json_finite(s->est.lo), "hi", json_finite(s->est.hi), "cover",
			 s->est.cover, "verdict", verdicts[s->decision], "runs", (int)ran_in_all(s), "sweep_runs", (int)sweep_runs(s), "warnings", s->warnings,
			 "answer", s->answer);
}

static int apply(const struct session *s, struct why *why)
{
	char *text = predictrun_apply(s->u.job.text, &s->tried[s->chosen].c.way), *all = NULL;
	int rc = text ? 0 : -ENOMEM;
	FILE *f = NULL;

	if (!rc && asprintf(&all, "; %s by sqbench tune, run %s: %s\n%s", s->a->job, s->u.run.id, s->answer, text) < 0)
		rc = -ENOMEM;
	free(text);
	if (rc)
		return why_set(why, rc, "out of memory");
	f = fopen(s->a->apply_to, "wxe");
	if (!f || fputs(all, f) < 0)
		rc = -errno;
	if (f && fclose(f) && !rc)
		rc = -errno;
	free(all);
	return rc ? why_set(why, rc, "--apply-to %s: %s; the run is kept", s->a->apply_to, strerror(-rc)) : 0;
}

static int finish(struct session *s, struct why *why)
{
	struct page_said said;
	json_t *doc = document(s);
	int rc = page_keep(&report_job, &s->u.run, doc, env_at_end(&s->u.fio), &said, why);

	if (!rc && s->a->apply_to)
		rc = apply(s, why);
	if (!rc)
		userjob_print(&s->u, doc, &said);
	json_decref(doc);
	return rc;
}

static unsigned planned_runs(const struct session *s)
{
	unsigned n = FORECAST_RUNS + 2;

	for (unsigned i = CONTROL_PLAIN + 1; i < CONTROLS; i++)
		n += !*s->tried[i].c.absent;
	return n;
}

static int carry_out(struct session *s, struct why *why)
{
	struct control_way ways[CONTROLS];
	const json_t *target;
	int rc = userjob_begin(&s->u, "job", s->a->command, why);

	target = json_object_get(s->u.env, "target");
	controls_make(ways, &s->u.scan, &(struct control_host){ s->u.scan.direct && json_integer_value(json_object_get(target, "io_poll")) == 1,
								json_string_value(json_object_get(s->u.env, "kernel")) });
	for (unsigned i = 0; i < CONTROLS; i++) {
		s->tried[i].c = ways[i];
		s->tried[i].c.way.options = s->tried[i].c.options;
	}
	progress_start(&s->u.bar, 0, planned_runs(s), s->a->seconds + PREDICTRUN_SETTLE_S);
	if (!rc)
		rc = forecast_learn(&s->f, &s->u.job, s->u.scan.paced, why);
	if (!rc)
		rc = forecast_compute(&s->f, why);
	if (!rc)
		rc = run_controls(s, why);
	if (!rc) {
		choose_pair(s);
		rc = run_pairs(s, why);
	}
	progress_end(&s->u.bar);
	if (rc)
		return rc;
	decide(s);
	warnings(s);
	say(s);
	rc = finish(s, why);
	json_decref(s->warnings);
	return rc;
}

/* Whether a new file can be made there is not found out after a minute of runs. */
static int check_copy(const char *path, struct why *why)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);

	if (fd < 0)
		return errno == EEXIST ? why_set(why, -EINVAL, "--apply-to %s: it exists already: name a new file", path) :
					 why_set(why, -EINVAL, "--apply-to %s: %s", path, strerror(errno));
	close(fd);
	unlink(path);
	return 0;
}

int tunejob(const struct tunejob_args *a, unsigned hz)
{
	static struct session s;
	struct why why = { "" };
	int rc;

	s.a = a;
	s.f.hz = hz;
	s.f.objective = a->objective;
	forecast_settings(&s.f, a->idle, a->idles);
	rc = userjob_open(&s.u, a->common, a->job, a->seconds, a->allow_write, &why);
	if (!rc && a->apply_to)
		rc = check_copy(a->apply_to, &why);
	s.present = controls_present(&s.u.scan);
	if (!rc)
		rc = carry_out(&s, &why);
	userjob_close(&s.u);
	for (unsigned i = 0; i < TRIED; i++)
		hist_free(&s.tried[i].lat_us);
	forecast_free(&s.f);
	return rc ? cmd_fail(userjob_exit(rc), "tune", &why) : EXIT_DONE;
}
