// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "env.h"
#include "report_job.h"
#include "tunesession.h"

#define OBVIOUS 2.0		/* a ratio beyond it is no matter of one disturbed run */
#define UNUSED_DUTY 0.01
#define RIVAL_GAIN 0.9		/* what is cheaper than plain io_uring by less is not worth another engine */

struct predict_seen tune_typical(const struct tried *t)
{
	return predictrun_median(t->run, t->runs);
}

bool tune_ran(const struct session *s, unsigned way)
{
	return s->tried[way].runs > 0;
}

double tune_cost(const struct session *s, const struct predict_seen *q)
{
	return objective_cost(&s->f.objective, &q->p);
}

bool tune_unused(const struct session *s, unsigned way)
{
	return s->tried[way].runs && s->tried[way].run[0].p.duty < UNUSED_DUTY;
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

		if (!tune_ran(s, i) || i == CONTROL_STOCK)
			continue;
		if (!s->tried[i].c.sqpoll && objective_prefers(o, q, r) && (objective_excess(o, r) > 1 || objective_cost(o, q) < objective_cost(o, r) * RIVAL_GAIN))
			s->rival = i;
		if (s->tried[i].c.sqpoll && !tune_unused(s, i) && objective_prefers(o, q, p)) {
			s->candidate = i;
			p = q;
		}
	}
	s->predicted_ratio = objective_cost(o, p) / tune_cost(s, &s->tried[s->rival].run[0]);
}

static bool is_obvious(double ratio)
{
	return ratio > OBVIOUS || ratio < 1 / OBVIOUS;
}

/* What is predicted to cost a multiple, or a fraction, and does so beside the rival's run that is there, needs no run of both side by side. */
static int run_first(struct session *s, struct why *why)
{
	const struct tried *c = &s->tried[CANDIDATE], *r = &s->tried[s->rival];
	double ratio;
	int rc;

	if (s->candidate != CANDIDATE || !is_obvious(s->predicted_ratio))
		return 0;
	rc = run_once(s, CANDIDATE, why);
	if (rc)
		return rc;
	ratio = tune_cost(s, &c->run[0]) / tune_cost(s, &r->run[0]);
	if (is_obvious(ratio) && (ratio > 1) == (s->predicted_ratio > 1))
		s->ratio[s->pairs++] = ratio;
	s->unpaired = s->pairs > 0;
	s->decision = objective_decide(s->predicted_ratio, s->ratio, s->pairs, s->a->pairs, &s->est);
	return 0;
}

static int run_pairs(struct session *s, struct why *why)
{
	int rc = run_first(s, why);

	while (!rc && s->decision == DECISION_MORE) {
		unsigned first = s->pairs % 2 ? s->rival : s->candidate, second = s->pairs % 2 ? s->candidate : s->rival;
		const struct tried *c = &s->tried[s->candidate], *r = &s->tried[s->rival];

		rc = run_once(s, first, why);
		if (!rc)
			rc = run_once(s, second, why);
		if (rc)
			return rc;
		s->ratio[s->pairs++] = tune_cost(s, &c->run[c->runs - 1]) / tune_cost(s, &r->run[r->runs - 1]);
		s->decision = objective_decide(s->predicted_ratio, s->ratio, s->pairs, s->a->pairs, &s->est);
		if (s->decision == DECISION_MORE && s->u.bar.done + 2 > s->u.bar.total)
			s->u.bar.total += 2;
	}
	return rc;
}

/* Limits count before costs. */
static void decide(struct session *s)
{
	struct predict_seen c = tune_typical(&s->tried[s->candidate]), r = tune_typical(&s->tried[s->rival]);
	double excess_c = objective_excess(&s->f.objective, &c.p), excess_r = objective_excess(&s->f.objective, &r.p);

	s->by_limits = excess_c > 1 || excess_r > 1;
	if (s->by_limits)
		s->decision = excess_c < excess_r ? DECISION_CANDIDATE : DECISION_RIVAL;
	s->chosen = s->decision == DECISION_CANDIDATE ? s->candidate : s->rival;
}

static int apply(const struct session *s, struct why *why)
{
	char *text = predictrun_apply(s->u.job.text, &s->tried[s->chosen].c.way), *all = NULL;
	int rc = text ? 0 : -ENOMEM;
	FILE *f = NULL;

	if (!rc && asprintf(&all, "; %s by sqbench tune, run %s: %s\n%s", s->a->user->job, s->u.run.id, s->answer, text) < 0)
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
	json_t *doc = tune_document(s);
	int rc = page_keep(&report_job, &s->u.run, doc, s->end, &said, why);

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
	progress_start(&s->u.bar, 0, planned_runs(s), s->a->user->seconds + PREDICTRUN_SETTLE_S);
	if (!rc)
		rc = forecast_learn(&s->f, &s->u.job, s->u.scan.paced, why);
	if (!rc)
		rc = forecast_compute(&s->f, why);
	if (!rc)
		forecast_heat(&s->f);
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
	s->end = env_at_end(&s->u.fio);
	s->host = env_host_json(s->u.env, s->end);
	s->warnings = tune_warnings(s);
	tune_say(s);
	rc = finish(s, why);
	json_decref(s->warnings);
	json_decref(s->host);
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
	rc = userjob_open(&s.u, a->user, &why);
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
