// SPDX-License-Identifier: GPL-2.0-only
#include "tunesession.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "checks.h"
#include "fiojson.h"

#define FAR 0.15		/* a prediction further from what was then measured is not to be trusted; no more may anything drift */
#define SAMPLES_MIN 1000	/* fewer requests tell p99 only roughly */
#define STEAL_MAX_PCT 1.0
#define CLOCK_MOVE 0.1		/* of the CPUs' frequency */
#define WAIT_MAX 0.1		/* of the time an SQ thread may want a CPU in vain */
#define WAIT_MAX_MS 0.5	/* and for each wake-up */
#define SLOW_P50_US 1000	/* a median like that, and this many times plain's, is that of a thread that waits for its turn */
#define SLOW_FACTOR 3
#define NEAR 0.25		/* "about the idle period" */

__attribute__((format(printf, 4, 5))) static void warn(json_t *all, const char *about, const char *advice, const char *fmt, ...)
{
	char text[300];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	json_array_append_new(all, json_pack("{s:s, s:s, s:s}", "about", about, "text", text, "advice", advice));
}

static void preflight(json_t *all, const struct session *s)
{
	json_t *checks = checks_run(s->u.env, &s->u.fio, NULL), *one;
	size_t i;

	json_array_foreach(checks, i, one) {
		char *value = json_dumps(json_object_get(one, "value"), JSON_ENCODE_ANY | JSON_REAL_PRECISION(3));

		if (strcmp(page_string(one, "status"), "ok"))
			warn(all, page_string(one, "id"), page_string(one, "advice"), "preflight says %s: %s", page_string(one, "status"), value);
		free(value);
	}
	json_decref(checks);
}

static void host(json_t *all, const struct session *s)
{
	double steal = json_number_at(s->host, "steal_pct"), before = json_number_at(s->host, "cpu_mhz_before"), after = json_number_at(s->host, "cpu_mhz_after"),
	       throttled = json_number_at(s->host, "throttled");

	if (steal > STEAL_MAX_PCT)
		warn(all, "steal", "run again when the host is quieter, or on metal", "the hypervisor took %.1f %% of the CPU time during the runs", steal);
	if (fabs(after - before) > CLOCK_MOVE * before)
		warn(all, "clock", "set the governor to performance, let the machine warm up first", "the CPUs ran at %.0f MHz before and %.0f MHz after the runs", before, after);
	if (throttled > 0)
		warn(all, "heat", "cool the machine, run again", "heat slowed CPUs down %.0f times during the runs", throttled);
}

static void prediction(json_t *all, const struct session *s)
{
	const struct forecast *f = &s->f;
	const struct forecast_setting *best = &f->setting[f->best];
	struct predict_seen seen = tune_typical(&s->tried[CANDIDATE]);
	double far = tune_ran(s, CANDIDATE) ? tune_cost(s, &seen) / forecast_cost(f, f->best) : 1;

	if (far > 1 + FAR || far < 1 / (1 + FAR))
		warn(all, "prediction", "believe the measured values; a longer --seconds helps when the load varies, an idle machine when others work",
		     "sq_thread_idle=%u cost %.2f times what was predicted", best->idle_ms, far);
}

static void never_asleep(json_t *all, const struct session *s)
{
	const struct forecast_setting *best = &s->f.setting[s->f.best];

	if (best->p.duty > 0.99 && best->p.wakeups_per_s * s->f.load.span_us / 1e6 < 1)
		warn(all, "idle period", "nothing to mend; a shorter idle period of the same tick would do the same",
		     "with sq_thread_idle=%u no gap is longer than the spin: the SQ thread never sleeps, a whole CPU is its", best->idle_ms);
}

static void starved(json_t *all, const struct session *s)
{
	if (s->f.awake.p.duty < AWAKE_DUTY_MIN)
		warn(all, "SQ thread", "stop other work, give the SQ thread a CPU of its own with sq_thread_cpu",
		     "an SQ thread that never sleeps got %.0f %% of a CPU", 100 * s->f.awake.p.duty);
}

static void same_cpu(json_t *all, const struct session *s)
{
	if (*s->u.scan.sq_cpu && !strcmp(s->u.scan.sq_cpu, s->u.scan.cpus))
		warn(all, "SQ thread's place", "name another CPU with sq_thread_cpu: sqbench affinity JOB.fio finds the best",
		     "the job is bound to CPU %s, and so is its SQ thread: each waits for the other", s->u.scan.sq_cpu);
}

/* By the kernel's own account. A thread that sleeps a lot wants a CPU seldom, and may wait long for it each time. */
static void waits(json_t *all, const struct session *s)
{
	for (unsigned i = 0; i < TRIED; i++) {
		struct predict_seen q = tune_typical(&s->tried[i]);
		double per_wakeup_ms = q.p.wakeups_per_s > 0 ? q.sq_wait / q.p.wakeups_per_s * 1e3 : 0;

		if (!tune_ran(s, i) || !s->tried[i].c.sqpoll || !(q.sq_wait > WAIT_MAX || per_wakeup_ms > WAIT_MAX_MS))
			continue;
		warn(all, "SQ thread without a CPU", "pin it to a CPU that nothing else uses, sq_thread_cpu and cpus_allowed: sqbench affinity JOB.fio finds the best",
		     "with %s the SQ thread could have run and had no CPU for %.0f %% of the time, %.2f ms for each wake-up: where it wakes, another thread runs",
		     s->tried[i].c.says, 100 * q.sq_wait, per_wakeup_ms);
		return;
	}
}

/* What takes as long as a time slice or an idle period was not waiting for the device. */
static void slices(json_t *all, const struct session *s)
{
	double plain = s->f.plain.p.lat_p50_us;

	for (unsigned i = 0; i < TRIED; i++) {
		double p50 = tune_ran(s, i) ? tune_typical(&s->tried[i]).p.lat_p50_us : 0, idle_us = s->f.setting[s->f.best].idle_ms * 1e3;

		if (!s->tried[i].c.sqpoll || p50 < SLOW_P50_US || p50 < SLOW_FACTOR * plain)
			continue;
		warn(all, "latency", "give the SQ thread a CPU of its own: a wake-up that takes milliseconds waits for its turn on a CPU",
		     "with %s half of the requests take %.1f ms or more, %.3g times plain io_uring's: %s", s->tried[i].c.says, p50 / 1e3, p50 / plain,
		     i == CANDIDATE && fabs(p50 - idle_us) < NEAR * idle_us ? "about the idle period" : "the size of a scheduling slice, not of a device's work");
		return;
	}
}

static void no_wakes(json_t *all, const struct session *s)
{
	if (!(s->f.wakes_seen > 0))
		warn(all, "wake-ups", "nothing to mend if the load has no pauses, else give more --seconds",
		     "no wake-up was seen, so 50 us are taken for one in the predictions");
}

static void samples(json_t *all, const struct session *s)
{
	struct predict_seen seen = tune_typical(&s->tried[s->rival]);
	double coarse_us = FIO_CPU_LOST_MS * 1e3 / seen.requests;

	if (coarse_us * s->f.objective.price[TERM_CPU] > OBJECTIVE_WORTH * tune_cost(s, &seen))
		warn(all, "coarse CPU time", "give more --seconds", "fio counts CPU time in ms, which is %.1f us per request in runs of %.0f requests", coarse_us,
		     seen.requests);
	if (s->f.load.n < SAMPLES_MIN)
		warn(all, "few requests", "give more --seconds", "a run has %zu requests: its p99 rests on the %zu slowest", s->f.load.n, s->f.load.n / 100 + 1);
}

static void drift(json_t *all, const struct session *s)
{
	const struct tried *r = &s->tried[s->rival];
	double cost[TUNEJOB_PAIRS_MAX + 1], moved;

	for (unsigned i = 0; i < r->runs; i++)
		cost[i] = tune_cost(s, &r->run[i]);
	moved = stats_drift(cost, r->runs);
	if (fabs(moved) > FAR)
		warn(all, "drift", "find what changed: a cache that fills, a drive that heats up, other work", "the cost of %s moved by %.0f %% during the runs",
		     r->c.says, 100 * moved);
}

static void stock_is_better(json_t *all, const struct session *s)
{
	struct predict_seen ours = tune_typical(&s->tried[s->candidate]);
	double ratio;

	if (!tune_ran(s, CONTROL_STOCK) || !s->tried[s->candidate].c.sqpoll)
		return;
	ratio = tune_cost(s, &s->tried[CONTROL_STOCK].run[0]) / tune_cost(s, &ours);
	if (ratio < 1 - FAR)
		warn(all, "stock engine", "please report it, with this run", "one run of io_uring with sqthread_poll=1 cost %.2f times as much as sqpoll", ratio);
}

json_t *tune_warnings(const struct session *s)
{
	static void (*const looks[])(json_t *, const struct session *) = {
		preflight, host, prediction, never_asleep, starved, same_cpu, waits, slices, no_wakes, samples, drift, stock_is_better,
	};
	json_t *all = json_array();

	for (size_t i = 0; i < sizeof(looks) / sizeof(*looks); i++)
		looks[i](all, s);
	return all;
}
