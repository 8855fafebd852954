// SPDX-License-Identifier: GPL-2.0-only
/* What every idle period would do to a job, from three short runs of it. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd.h"
#include "env.h"
#include "forecast.h"
#include "userjob.h"

#define FAR 0.15		/* a prediction further from what was then measured is not to be trusted */

struct args {
	struct userjob_args user;
	unsigned idle[FORECAST_SETTINGS_MAX], idles, measure;
	struct objective objective;
};

struct session {
	const struct args *a;
	struct userjob u;
	struct forecast f;
	char answer[400];
	json_t *notes;
};

enum { OPT_IDLES = 1000, OPT_MEASURE, OPT_PRICE };

static const struct argp_option options[] = {
	USERJOB_OPTIONS("5"),
	{ "idles", OPT_IDLES, "LIST", 0, "Idle periods in ms (default: each number of ticks from 1 to 16, then fewer, up to 1 s)", 0 },
	{ "measure", OPT_MEASURE, "N|all", 0, "Also run the N settings that are predicted best (default: 1)", 0 },
	{ "cpu-price", OPT_PRICE, "X", 0, "What 1 us of CPU is worth in us of latency (default: 1)", 0 },
	CMD_OPTION_OUT("Results directory"),
	CMD_OPTION_JSON("Print JSON"),
	CMD_OPTIONS_FIO,
	{ 0 },
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct args *a = state->input;

	switch (key) {
	case OPT_IDLES:
		a->idles = cmd_numbers(state, arg, "idles", a->idle, FORECAST_SETTINGS_MAX, 1, FORECAST_IDLE_MS_MAX);
		return 0;
	case OPT_MEASURE:
		a->measure = !strcmp(arg, "all") ? FORECAST_SETTINGS_MAX : cmd_number(state, arg, "measure", 0, FORECAST_SETTINGS_MAX);
		return 0;
	case OPT_PRICE:
		a->objective.price[TERM_CPU] = cmd_real(state, arg, "cpu-price", 0, 1e6);
		return 0;
	default:
		return userjob_parse(key, arg, state);
	}
}

/* The best that has not been run yet; none: FORECAST_SETTINGS_MAX. */
static unsigned next_to_measure(const struct forecast *f)
{
	unsigned found = FORECAST_SETTINGS_MAX;

	for (unsigned i = 0; i < f->settings; i++)
		if (!f->setting[i].measured && (found == FORECAST_SETTINGS_MAX || forecast_cost(f, i) < forecast_cost(f, found)))
			found = i;
	return found;
}

static int measure(struct session *s, struct why *why)
{
	char name[64];
	int rc = 0;

	for (unsigned n = 0; n < s->a->measure && !rc; n++) {
		unsigned i = next_to_measure(&s->f);

		if (i == FORECAST_SETTINGS_MAX)
			break;
		snprintf(name, sizeof(name), "sq_thread_idle=%u", s->f.setting[i].idle_ms);
		rc = predictrun_logged(&s->u.job, name, s->f.setting[i].idle_ms, &s->f.setting[i].seen, NULL, NULL, why);
		s->f.setting[i].measured = !rc;
	}
	return rc;
}

static void say(struct session *s)
{
	const struct forecast_setting *b = &s->f.setting[s->f.best];
	const struct prediction *plain = &s->f.plain.p;
	double ratio = forecast_cost(&s->f, s->f.best) / objective_cost(&s->f.objective, plain);

	if (ratio > 1 - OBJECTIVE_WORTH)
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
	if (!(s->f.wakes_seen > 0))
		json_array_append_new(s->notes, json_string("no wake-up was seen, so 50 us are taken for one: give more --seconds if the load has pauses"));
	for (unsigned i = 0; i < s->f.settings; i++) {
		const struct forecast_setting *t = &s->f.setting[i];
		double ratio = t->measured ? objective_cost(&s->f.objective, &t->seen.p) / forecast_cost(&s->f, i) : 1;

		if (ratio >= 1 / (1 + FAR) && ratio <= 1 + FAR)
			continue;
		snprintf(text, sizeof(text), "with sq_thread_idle=%u a request cost %.2f times what was predicted: other work on this machine, or a load that varies; see the whole table, or give more --seconds",
			 t->idle_ms, ratio);
		json_array_append_new(s->notes, json_string(text));
	}
}

static json_t *document(const struct session *s)
{
	const struct forecast *f = &s->f;

	return json_pack("{s:s, s:s, s:i, s:i, s:f, s:f, s:i, s:o, s:o, s:o, s:O, s:s}", "schema", "sqbench-predict/1", "id", s->u.run.id, "hz", (int)f->hz,
			 "requests", (int)f->load.n, "span_s", f->load.span_us / 1e6, "cpu_price", f->objective.price[TERM_CPU], "wakeups_seen",
			 (int)f->wakes_seen, "plain", predictrun_json(&f->plain), "awake", predictrun_json(&f->awake), "settings",
			 forecast_settings_json(f), "notes", s->notes, "answer", s->answer);
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
	print_row("plain, measured", &s->f.plain.p);
	print_row("awake, measured", &s->f.awake.p);
	for (unsigned i = 0; i < s->f.settings; i++) {
		const struct forecast_setting *t = &s->f.setting[i];

		snprintf(name, sizeof(name), "%u", t->idle_ms);
		print_row(name, &t->p);
		if (t->measured)
			print_row("  measured", &t->seen.p);
	}
	json_array_foreach(s->notes, n, note)
		printf("note: %s\n", json_string_value(note));
	printf("answer: %s\nrun: %s\n", s->answer, s->u.run.final);
}

static int keep(struct session *s, struct why *why)
{
	json_t *doc = document(s);
	int rc = store_keep_both(&s->u.run, "predict.json", json_incref(doc), "end.json", env_at_end(&s->u.fio), why);

	if (!rc)
		rc = store_commit(&s->u.run, why);
	if (!rc && s->a->user.common.json) {
		json_object_set_new(doc, "dir", json_string(s->u.run.final));
		cmd_print_json(json_incref(doc));
	} else if (!rc) {
		print(s);
	}
	json_decref(doc);
	return rc;
}

static int carry_out(struct session *s, const char *command, struct why *why)
{
	unsigned more = s->a->measure < s->f.settings ? s->a->measure : s->f.settings - 1;	/* one of them is among the first three */
	int rc = userjob_begin(&s->u, "predict", command, why);

	progress_start(&s->u.bar, 0, FORECAST_RUNS + more, s->a->user.seconds + PREDICTRUN_SETTLE_S);
	if (!rc)
		rc = forecast_learn(&s->f, &s->u.job, s->u.scan.paced, why);
	if (!rc)
		rc = forecast_compute(&s->f, why);
	if (!rc)
		rc = measure(s, why);
	progress_end(&s->u.bar);
	if (rc)
		return rc;
	say(s);
	doubt(s);
	rc = keep(s, why);
	json_decref(s->notes);
	return rc;
}

int cmd_predict(int argc, char **argv)
{
	static const struct argp argp = { options, parse, "JOB.fio",
					  "Predicts what each idle period would do to a job: SQ-thread CPU, wake-ups, latency. From three short runs of it: "
					  "plain io_uring, an SQ thread that never sleeps, and one that sleeps as soon as it can.",
					  NULL, NULL, NULL };
	static struct args a = { .user.common.out = "results", .user.seconds = 5, .measure = 1 };
	static struct session s;
	struct why why = { "" };
	char *command = cmd_line(argc, argv);
	int rc;

	a.objective = objective_default();
	cmd_parse(&argp, argc, argv, &a);
	s.a = &a;
	s.f.hz = env_hz(NULL);
	s.f.objective = a.objective;
	rc = userjob_open(&s.u, &a.user, &why);
	if (!rc && !s.f.hz)
		rc = why_set(&why, -EIO, "the tick rate is unknown: the idle lattice cannot be computed");
	if (!rc) {
		forecast_settings(&s.f, a.idle, a.idles);
		rc = carry_out(&s, command ? command : "", &why);
	}
	userjob_close(&s.u);
	forecast_free(&s.f);
	free(command);
	return rc ? cmd_fail(userjob_exit(rc), "predict", &why) : EXIT_DONE;
}
