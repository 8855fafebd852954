// SPDX-License-Identifier: GPL-2.0-only
#include "tunesession.h"

#include <math.h>

#include "fiojson.h"

#define DEVICE_GAIN 0.03	/* more IOPS than that would be a gain */
#define QUANTILES 40

void tune_name(const struct session *s, unsigned way, char *out, size_t size)
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
	if (s->unpaired)
		fputs(" (one run of each and what was expected, far from 1)", f);
	else if (!objective_clear(s->predicted_ratio, s->ratio, s->pairs))
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
		if (tune_ran(s, i))
			most = fmax(most, tune_typical(&s->tried[i]).p.iops);
	if (!s->u.scan.paced && !s->u.scan.thinks && cpus(&s->f.plain) < AWAKE_DUTY_MIN && most <= plain->iops * (1 + DEVICE_GAIN))
		fprintf(f, "; the device is the limit: no way gets more than %.2f times plain io_uring's %.0f requests a second", most / plain->iops, plain->iops);
}

/* Then it is plain io_uring in effect, and cannot be the best way with an SQ thread. */
static void say_adaptive(const struct session *s, FILE *f)
{
	if (s->decision != DECISION_CANDIDATE && tune_ran(s, CONTROL_ADAPTIVE) && tune_unused(s, CONTROL_ADAPTIVE))
		fputs("; sq_wake=adaptive finds so too and lets its SQ thread sleep", f);
}

void tune_say(struct session *s)
{
	struct predict_seen c = tune_typical(&s->tried[s->candidate]), r = tune_typical(&s->tried[s->rival]);
	char candidate[80], rival[80];
	FILE *f = fmemopen(s->answer, sizeof(s->answer), "w");

	if (!f)
		return;
	tune_name(s, s->candidate, candidate, sizeof(candidate));
	tune_name(s, s->rival, rival, sizeof(rival));
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
	say_adaptive(s, f);
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
	struct predict_seen seen = tune_typical(t);
	char name[80];

	tune_name(s, way, name, sizeof(name));
	return json_pack("{s:s, s:s, s:s, s:b, s:b, s:i, s:o, s:o, s:o, s:o}", "way", t->c.way.name, "says", name, "options", t->c.options, "sqpoll", t->c.sqpoll,
			 "present", way == s->present, "runs", (int)t->runs, "reason", t->runs ? json_null() : json_string(t->c.absent), "seen",
			 t->runs ? predictrun_json(&seen) : json_null(), "cost_us", t->runs ? json_finite(tune_cost(s, &seen)) : json_null(), "quantiles",
			 quantiles_json(&t->lat_us));
}

static json_t *ways_json(const struct session *s)
{
	json_t *all = json_array();

	for (unsigned i = 0; i < TRIED; i++)
		if (i != CANDIDATE || tune_ran(s, CANDIDATE))
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
		      (int)s->f.wakes_seen, "gap_p50_us", json_finite(hist_percentile(&gaps, 50)), "gap_p99_us", json_finite(hist_percentile(&gaps, 99)),
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
		ways += tune_ran(s, i);
	return SWEEP_REPEATS * ways;
}

json_t *tune_document(const struct session *s)
{
	static const char *const verdicts[] = { "unknown", "sqpoll", "other", "no difference", "no sure difference" };
	json_t *ratios = json_array();

	for (unsigned i = 0; i < s->pairs; i++)
		json_array_append_new(ratios, json_finite(s->ratio[i]));
	return json_pack("{s:s, s:s, s:i, s:i, s:o, s:o, s:o, s:o, s:o, s:s, s:s, s:s, s:o, s:o, s:o, s:o, s:{s:o, s:o, s:o, s:f}, s:s, s:i, s:i, s:O, s:O, s:s}", "schema",
			 "sqbench-job/1", "id", s->u.run.id, "hz", (int)s->f.hz, "seconds", (int)s->a->user->seconds, "objective", objective_json(&s->f.objective), "load",
			 load_json(s), "awake", predictrun_json(&s->f.awake), "settings", forecast_settings_json(&s->f), "ways", ways_json(s), "candidate",
			 s->tried[s->candidate].c.way.name, "rival", s->tried[s->rival].c.way.name, "chosen", s->tried[s->chosen].c.way.name, "predicted_ratio",
			 json_finite(s->predicted_ratio), "ratios", ratios, "heat", forecast_heat_json(&s->f), "no_heat", s->f.no_heat ? json_string(s->f.no_heat) : json_null(), "ratio", "value", json_finite(s->est.value), "lo", json_finite(s->est.lo), "hi", json_finite(s->est.hi), "cover",
			 s->est.cover, "verdict", verdicts[s->decision], "runs", (int)ran_in_all(s), "sweep_runs", (int)sweep_runs(s), "host", s->host, "warnings", s->warnings,
			 "answer", s->answer);
}
