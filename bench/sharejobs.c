// SPDX-License-Identifier: GPL-2.0-only
#include "sharejobs.h"

#include <errno.h>
#include <math.h>
#include <sched.h>
#include <string.h>

#include "env.h"
#include "fiojson.h"
#include "report_share.h"
#include "sharing.h"

struct tried {
	struct sharing_way w;
	struct predict_seen run[SHAREJOBS_ROUNDS_MAX];
	double cost[SHAREJOBS_ROUNDS_MAX], to_plain[SHAREJOBS_ROUNDS_MAX], iops[SHAREJOBS_ROUNDS_MAX];
	struct est est, ratio, speed;	/* the medians of cost, of its ratio to plain's in the same round, and of the requests per second */
	char absent[160];		/* why there are no values, empty: there are */
};

struct session {
	struct userjob *u;
	const struct objective *objective;
	unsigned rounds, jobs, ways, best, chosen;
	struct tried tried[SHARING_WAYS];
	enum decision decision;
	char answer[600];
};

/* What does not work is told with its reason, and is no reason to stop; without plain io_uring there is nothing to compare with. */
static int run_one(struct session *s, unsigned way, unsigned round, struct why *why)
{
	struct tried *t = &s->tried[way];
	struct why failed = { "" };
	const struct predict_way how = { t->w.name, t->w.options, t->w.engine };
	int rc = predictrun(&s->u->job, &how, &t->run[round], NULL, &failed);

	if (rc && (rc != -EIO || !way))
		return why_set(why, rc, "%s", failed.text);
	if (rc)
		snprintf(t->absent, sizeof(t->absent), "%.150s", failed.text);
	t->cost[round] = objective_cost(s->objective, &t->run[round].p);
	t->iops[round] = t->run[round].p.iops;
	return 0;
}

static int measure(struct session *s, struct why *why)
{
	int rc = 0;

	for (unsigned round = 0; round < s->rounds; round++)
		for (unsigned k = 0; k < s->ways && !rc; k++) {
			unsigned way = round % 2 ? s->ways - 1 - k : k;

			if (!*s->tried[way].absent)
				rc = run_one(s, way, round, why);
		}
	return rc;
}

/* Jobs that differ in what a shared thread is told (sq_thread_idle) do not share it, and the engine says so in each job's notes only. */
static void name_what_ran(struct tried *t, unsigned jobs)
{
	unsigned asked = sharing_threads(jobs, t->w.share), seen = t->run[0].sq_threads;

	if (asked != seen && seen)
		snprintf(t->w.name, sizeof(t->w.name), "%u SQ threads, %u asked for%s", seen, asked, t->w.placed ? ", placed" : "");
}

static void conclude(struct session *s)
{
	const struct tried *plain = &s->tried[0];

	for (unsigned i = 0; i < s->ways; i++) {
		struct tried *t = &s->tried[i];

		if (*t->absent)
			continue;
		name_what_ran(t, s->jobs);
		for (unsigned r = 0; r < s->rounds; r++)
			t->to_plain[r] = t->cost[r] / plain->cost[r];
		t->est = stats_median_est(t->cost, s->rounds);
		t->ratio = stats_median_est(t->to_plain, s->rounds);
		t->speed = stats_median_est(t->iops, s->rounds);
		if (i && (!s->best || t->est.value < s->tried[s->best].est.value))
			s->best = i;
	}
	if (s->best)
		s->decision = objective_decide(NAN, s->tried[s->best].to_plain, s->rounds, s->rounds, &s->tried[s->best].ratio);
	s->chosen = s->decision == DECISION_CANDIDATE ? s->best : 0;
}

static void say_options(const struct tried *t, FILE *f)
{
	fprintf(f, "sq_share=%u (%s)", t->w.share, t->w.name);
}

static void say_ratio(const struct session *s, const struct tried *t, FILE *f)
{
	fprintf(f, "%.2f times [%.2f, %.2f] (%u rounds, %.1f %%)", t->ratio.value, t->ratio.lo, t->ratio.hi, s->rounds, 100 * t->ratio.cover);
}

static void say(struct session *s)
{
	const struct tried *best = &s->tried[s->best], *plain = &s->tried[0];
	FILE *f = fmemopen(s->answer, sizeof(s->answer), "w");

	if (!f)
		return;
	if (!s->best) {
		fprintf(f, "use plain io_uring: no way with SQ threads ran, see the reasons");
	} else if (s->decision == DECISION_CANDIDATE) {
		fputs("use thread=1 and ", f);
		say_options(best, f);
		fprintf(f, ": a request of the %u jobs costs ", s->jobs);
		say_ratio(s, best, f);
		fprintf(f, " what it costs with plain io_uring (%.1f us against %.1f), at %.2f times the requests per second", best->est.value, plain->est.value,
			best->speed.value / plain->speed.value);
	} else {
		fprintf(f, "use plain io_uring for the %u jobs: the best sharing, ", s->jobs);
		say_options(best, f);
		fputs(s->decision == DECISION_SAME   ? ", makes no difference worth having, a request costs " :
		      s->decision == DECISION_UNSURE ? ", makes no difference to be sure of, a request costs " :
						       ", costs ",
		      f);
		say_ratio(s, best, f);
		fprintf(f, " as much (%.1f us against %.1f)", best->est.value, plain->est.value);
	}
	fclose(f);
}

static json_t *way_json(const struct session *s, const struct tried *t)
{
	bool ran = !*t->absent;
	struct predict_seen seen = { 0 };

	if (ran)
		seen = predictrun_median(t->run, s->rounds);
	return json_pack("{s:s, s:i, s:i, s:b, s:s, s:o, s:o, s:o, s:o, s:o}", "name", t->w.name, "share", (int)t->w.share, "sq_threads",
			 ran ? (int)seen.sq_threads : 0, "placed", t->w.placed, "options", t->w.options, "reason", ran ? json_null() : json_string(t->absent), "seen",
			 ran ? predictrun_json(&seen) : json_null(), "cost_us", page_est_json(&t->est), "ratio_to_plain", page_est_json(&t->ratio), "per_s", page_est_json(&t->speed));
}

static json_t *document(const struct session *s, const json_t *end)
{
	static const char *const verdicts[] = { "unknown", "share", "plain", "no difference", "no sure difference" };
	json_t *all = json_array();
	char objective[100];

	objective_name(s->objective, objective, sizeof(objective));
	for (unsigned i = 0; i < s->ways; i++)
		json_array_append_new(all, way_json(s, &s->tried[i]));
	return json_pack("{s:s, s:s, s:i, s:i, s:i, s:s, s:o, s:s, s:s, s:s, s:o, s:s}", "schema", "sqbench-share/1", "id", s->u->run.id, "seconds",
			 (int)s->u->job.seconds, "rounds", (int)s->rounds, "jobs", (int)s->jobs, "objective", objective, "ways", all, "best",
			 s->best ? s->tried[s->best].w.name : "", "chosen", s->tried[s->chosen].w.name, "verdict", verdicts[s->decision], "host", env_host_json(s->u->env, end), "answer", s->answer);
}

static int keep(struct session *s, struct why *why)
{
	json_t *end = env_at_end(&s->u->fio), *doc = document(s, end);
	struct page_said said;
	int rc = page_keep(&report_share, &s->u->run, doc, end, &said, why);

	if (!rc)
		userjob_print(s->u, doc, &said);
	json_decref(doc);
	return rc;
}

/* The first ones serve interrupts as a rule. */
static int last_cpu(void)
{
	int cpu = CPU_SETSIZE - 1;

	while (cpu > 0 && !env_cpu_allowed(cpu))
		cpu--;
	return cpu;
}

static void plan(struct session *s)
{
	struct sharing_way w[SHARING_WAYS];
	char others[128] = "";
	int cpu = last_cpu();

	env_cpus_allowed(cpu, others, sizeof(others));
	if (strlen(others) + 1 >= sizeof(others))	/* cut off */
		*others = '\0';
	s->ways = sharing_plan(w, s->jobs, cpu, others);
	for (unsigned i = 0; i < s->ways; i++)
		s->tried[i].w = w[i];
}

int sharejobs(struct userjob *u, const struct objective *o, unsigned rounds, const char *command, struct why *why)
{
	static struct session s;
	int rc = userjob_begin(u, "share", command, why);

	s = (struct session){ .u = u, .objective = o, .rounds = rounds, .jobs = u->scan.jobs };
	u->job.jobs = s.jobs;
	plan(&s);
	progress_start(&u->bar, 0, s.ways * rounds, u->job.seconds + PREDICTRUN_SETTLE_S);
	if (!rc)
		rc = measure(&s, why);
	progress_end(&u->bar);
	if (rc)
		return rc;
	conclude(&s);
	say(&s);
	return keep(&s, why);
}
