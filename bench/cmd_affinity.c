// SPDX-License-Identifier: GPL-2.0-only
/* Where should the SQ thread of a user's job sit? One place for each class of nearness, side by side. */
#include <errno.h>
#include <math.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include "../engine/topo.h"
#include "env.h"
#include "fiojson.h"
#include "objective.h"
#include "placements.h"
#include "report_affinity.h"
#include "sharejobs.h"
#include "userjob.h"

enum { ROUNDS_MAX = SHAREJOBS_ROUNDS_MAX, SECONDS_DEFAULT = 2, ROUNDS_DEFAULT = 5 };

struct args {
	struct userjob_args user;
	unsigned rounds;
	int job_cpu;
};

struct tried {
	struct placement p;
	char options[80];
	struct predict_way way;
	struct predict_seen run[ROUNDS_MAX];
	double cost[ROUNDS_MAX], to_any[ROUNDS_MAX];	/* the latter over that of "any" in the same round */
	struct est est, ratio;		/* their medians */
};

struct session {
	const struct args *a;
	struct userjob u;
	struct objective objective;
	hwloc_topology_t topology;
	hwloc_bitmap_t allowed, isolated;
	int job_cpu;
	struct tried tried[PLACEMENTS];
	unsigned best, chosen;
	enum decision decision;
	char answer[600];
};

enum { OPT_ROUNDS = 1000, OPT_JOB_CPU };

static const struct argp_option options[] = {
	USERJOB_OPTIONS("2"),
	USERJOB_OPTION_OBJECTIVE,
	{ "repeats", OPT_ROUNDS, "N", 0, "Rounds that run each place once (default: 5)", 0 },
	{ "job-cpu", OPT_JOB_CPU, "N", 0, "The CPU of the job itself (default: the first it may use)", 0 },
	CMD_OPTION_OUT("Results directory"),
	CMD_OPTION_JSON("Print JSON"),
	CMD_OPTIONS_FIO,
	{ 0 },
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct args *a = state->input;

	switch (key) {
	case OPT_ROUNDS:
		a->rounds = cmd_number(state, arg, "repeats", 1, ROUNDS_MAX);
		return 0;
	case OPT_JOB_CPU:
		a->job_cpu = (int)cmd_number(state, arg, "job-cpu", 0, CPU_SETSIZE - 1);
		return 0;
	default:
		return userjob_parse(key, arg, state);
	}
}

static void read_isolated(hwloc_bitmap_t set)
{
	char *list = store_read("/sys/devices/system/cpu/isolated", NULL);

	if (list && *list && *list != '\n')
		hwloc_bitmap_list_sscanf(set, list);
	free(list);
}

static int drive_node(const json_t *env)
{
	const char *device = page_string(json_object_get(env, "target"), "device");
	char path[PATH_MAX], *text;
	int node = -1;

	if (!*device || snprintf(path, sizeof(path), "/sys/block/%s/device/numa_node", device) >= (int)sizeof(path))
		return node;
	text = store_read(path, NULL);
	node = text ? atoi(text) : -1;
	free(text);
	return node;
}

static int read_machine(struct session *s, struct why *why)
{
	cpu_set_t mine;

	s->allowed = hwloc_bitmap_alloc();
	s->isolated = hwloc_bitmap_alloc();
	if (!s->allowed || !s->isolated || hwloc_topology_init(&s->topology) || hwloc_topology_load(s->topology))
		return why_set(why, -ENOMEM, "the machine's topology cannot be read: is /sys mounted?");
	sched_getaffinity(0, sizeof(mine), &mine);
	for (unsigned cpu = 0; cpu < CPU_SETSIZE; cpu++)
		if (CPU_ISSET(cpu, &mine))
			hwloc_bitmap_set(s->allowed, cpu);
	read_isolated(s->isolated);
	s->job_cpu = s->a->job_cpu < 0 ? hwloc_bitmap_first(s->allowed) : s->a->job_cpu;
	if (!hwloc_bitmap_isset(s->allowed, (unsigned)s->job_cpu))
		return why_set(why, -EINVAL, "--job-cpu %d: this process may not use that CPU: see taskset -p $$", s->job_cpu);
	return 0;
}

static int plan(struct session *s, struct why *why)
{
	const struct placements_view view = { .topology = s->topology, .allowed = s->allowed, .isolated = s->isolated, .job_cpu = s->job_cpu,
					      .drive_node = drive_node(s->u.env) };
	struct placement p[PLACEMENTS];

	if (placements_plan(&view, p))
		return why_set(why, -ENOMEM, "out of memory");
	for (unsigned i = 0; i < PLACEMENTS; i++) {
		struct tried *t = &s->tried[i];

		t->p = p[i];
		if (i == PLACEMENT_ANY)
			snprintf(t->options, sizeof(t->options), "ioengine=sqpoll\n");
		else
			snprintf(t->options, sizeof(t->options), "ioengine=sqpoll\nsq_thread_cpu=%d\ncpus_allowed=%d\n", t->p.cpu, s->job_cpu);
		t->way = (struct predict_way){ t->p.name, t->options, PREDICT_PLACED };
	}
	return 0;
}

static bool is_run(const struct tried *t)
{
	return !*t->p.absent;
}

static unsigned places(const struct session *s)
{
	unsigned n = 0;

	for (unsigned i = 0; i < PLACEMENTS; i++)
		n += is_run(&s->tried[i]);
	return n;
}

static int measure(struct session *s, struct why *why)
{
	int rc = 0;

	for (unsigned round = 0; round < s->a->rounds; round++)
		for (unsigned k = 0; k < PLACEMENTS && !rc; k++) {
			struct tried *t = &s->tried[round % 2 ? PLACEMENTS - 1 - k : k];

			if (!is_run(t))
				continue;
			rc = predictrun(&s->u.job, &t->way, &t->run[round], NULL, why);
			t->cost[round] = objective_cost(&s->objective, &t->run[round].p);
		}
	return rc;
}

static void conclude(struct session *s)
{
	const struct tried *any = &s->tried[PLACEMENT_ANY];
	struct tried *best;

	for (unsigned i = 0; i < PLACEMENTS; i++) {
		struct tried *t = &s->tried[i];

		if (!is_run(t))
			continue;
		for (unsigned r = 0; r < s->a->rounds; r++)
			t->to_any[r] = t->cost[r] / any->cost[r];
		t->est = stats_median_est(t->cost, s->a->rounds);
		t->ratio = stats_median_est(t->to_any, s->a->rounds);
		if (t->est.value < s->tried[s->best].est.value)
			s->best = i;
	}
	best = &s->tried[s->best];
	s->decision = best == any ? DECISION_RIVAL : objective_decide(NAN, best->to_any, s->a->rounds, s->a->rounds, &best->ratio);
	s->chosen = s->decision == DECISION_CANDIDATE ? s->best : PLACEMENT_ANY;
}

/* What of the options names the same CPU on other machines as well. */
static void setting(const struct session *s, const struct tried *t, char *out, size_t size)
{
	static const char *const portable[] = { "smt", "llc", "node", "remote" };

	snprintf(out, size, "sq_thread_cpu=%d", t->p.cpu);
	for (size_t i = 0; i < sizeof(portable) / sizeof(*portable); i++)
		if (!strcmp(portable[i], t->p.name))
			snprintf(out, size, "sq_thread_cpu=%s (here CPU %d) and cpus_allowed=%d", t->p.name, t->p.cpu, s->job_cpu);
}

static void say(struct session *s)
{
	const struct tried *best = &s->tried[s->best], *any = &s->tried[PLACEMENT_ANY];
	char name[100];

	setting(s, best, name, sizeof(name));
	if (s->decision == DECISION_CANDIDATE)
		snprintf(s->answer, sizeof(s->answer), "use %s: a request costs %.2f times [%.2f, %.2f] (%u rounds, %.1f %%) what it costs where the scheduler places both threads (%.1f us against %.1f)",
			 name, best->ratio.value, best->ratio.lo, best->ratio.hi, s->a->rounds, 100 * best->ratio.cover, best->est.value, any->est.value);
	else if (s->best == PLACEMENT_ANY)
		snprintf(s->answer, sizeof(s->answer), "pin nothing: where the scheduler places both threads a request costs the least, %.1f us (%u rounds)", any->est.value,
			 s->a->rounds);
	else
		snprintf(s->answer, sizeof(s->answer), "pin nothing: the best place, %s, makes no difference %s, a request costs %.2f times [%.2f, %.2f] (%u rounds, %.1f %%) what it costs where the scheduler places both threads",
			 name, s->decision == DECISION_SAME ? "worth having" : "to be sure of", best->ratio.value, best->ratio.lo, best->ratio.hi, s->a->rounds,
			 100 * best->ratio.cover);
}

/* Each CPU once. */
static json_t *ran_on_json(const struct tried *t, unsigned rounds)
{
	json_t *all = json_array();

	for (unsigned r = 0; is_run(t) && r < rounds; r++) {
		bool known = t->run[r].sq_cpu < 0;

		for (unsigned k = 0; k < r; k++)
			known |= t->run[k].sq_cpu == t->run[r].sq_cpu;
		if (!known)
			json_array_append_new(all, json_integer(t->run[r].sq_cpu));
	}
	return all;
}

static json_t *placement_json(const struct session *s, const struct tried *t)
{
	struct predict_seen seen = { 0 };

	if (is_run(t))
		seen = predictrun_median(t->run, s->a->rounds);
	return json_pack("{s:s, s:s, s:o, s:s, s:o, s:o, s:o, s:o, s:o}", "name", t->p.name, "what", t->p.what, "cpu",
			 t->p.cpu < 0 ? json_null() : json_integer(t->p.cpu), "options", is_run(t) ? t->options : "", "reason",
			 is_run(t) ? json_null() : json_string(t->p.absent), "seen", is_run(t) ? predictrun_json(&seen) : json_null(), "cost_us", page_est_json(&t->est),
			 "ratio_to_any", page_est_json(&t->ratio), "ran_on", ran_on_json(t, s->a->rounds));
}

static unsigned logical_index(const struct session *s, hwloc_obj_type_t type, hwloc_obj_t pu)
{
	hwloc_obj_t above = hwloc_get_ancestor_obj_by_type(s->topology, type, pu);

	return above ? above->logical_index : 0;
}

static unsigned node_of(const struct session *s, hwloc_obj_t pu)
{
	hwloc_obj_t node = NULL;

	while ((node = hwloc_get_next_obj_by_type(s->topology, HWLOC_OBJ_NUMANODE, node)))
		if (hwloc_bitmap_isset(node->cpuset, pu->os_index))
			return node->os_index;
	return 0;
}

static json_t *cpus_json(const struct session *s)
{
	json_t *all = json_array();
	hwloc_obj_t pu = NULL;

	while ((pu = hwloc_get_next_obj_by_type(s->topology, HWLOC_OBJ_PU, pu)))
		json_array_append_new(all, json_pack("{s:i, s:i, s:i, s:i, s:i, s:i}", "cpu", (int)pu->os_index, "core", (int)logical_index(s, HWLOC_OBJ_CORE, pu), "thread",
						     (int)pu->sibling_rank, "cache", (int)logical_index(s, HWLOC_OBJ_L3CACHE, pu), "node", (int)node_of(s, pu), "class",
						     (int)sqp_topo_class(s->topology, s->job_cpu, (int)pu->os_index) - SQP_PLACE_SAME));
	return all;
}

static json_t *document(const struct session *s, const json_t *end)
{
	static const char *const verdicts[] = { "unknown", "pin", "any", "no difference", "no sure difference" };
	json_t *all = json_array();
	char objective[100];

	objective_name(&s->objective, objective, sizeof(objective));
	for (unsigned i = 0; i < PLACEMENTS; i++)
		json_array_append_new(all, placement_json(s, &s->tried[i]));
	return json_pack("{s:s, s:s, s:i, s:i, s:i, s:s, s:o, s:o, s:s, s:s, s:s, s:o, s:s}", "schema", "sqbench-affinity/1", "id", s->u.run.id, "seconds",
			 (int)s->a->user.seconds, "rounds", (int)s->a->rounds, "job_cpu", s->job_cpu, "objective", objective, "placements", all, "cpus", cpus_json(s), "best",
			 s->tried[s->best].p.name, "chosen", s->tried[s->chosen].p.name, "verdict", verdicts[s->decision], "host", env_host_json(s->u.env, end), "answer", s->answer);
}

static int keep(struct session *s, struct why *why)
{
	json_t *end = env_at_end(&s->u.fio), *doc = document(s, end);
	struct page_said said;
	int rc = page_keep(&report_affinity, &s->u.run, doc, end, &said, why);

	if (!rc)
		userjob_print(&s->u, doc, &said);
	json_decref(doc);
	return rc;
}

static int carry_out(struct session *s, const char *command, struct why *why)
{
	int rc = userjob_begin(&s->u, "affinity", command, why);

	if (!rc)
		rc = plan(s, why);
	progress_start(&s->u.bar, 0, places(s) * s->a->rounds, s->a->user.seconds + PREDICTRUN_SETTLE_S);
	if (!rc)
		rc = measure(s, why);
	progress_end(&s->u.bar);
	if (rc)
		return rc;
	conclude(s);
	say(s);
	return keep(s, why);
}

static int one_job(struct session *s, const char *command, struct why *why)
{
	int rc = read_machine(s, why);

	return rc ? rc : carry_out(s, command, why);
}

int cmd_affinity(int argc, char **argv)
{
	static const struct argp argp = { options, parse, "JOB.fio",
					  "Where should the SQ thread of a job sit, and how many jobs should share one? Runs the job with the SQ thread on one CPU of each class of nearness to the job's: its own, "
					  "the other thread of the core, the same cache, the same node, another one, isolated CPUs, the drive's node; and with nothing pinned. A file that starts several jobs runs with an SQ thread for each of "
					  "them, for each 2, 4, ... and with one for all, beside plain io_uring.",
					  NULL, NULL, NULL };
	static struct args a = { .user.common.out = "results", .user.seconds = SECONDS_DEFAULT, .rounds = ROUNDS_DEFAULT, .job_cpu = -1 };
	static struct session s;
	struct why why = { "" };
	char *command = cmd_line(argc, argv);
	int rc;

	cmd_parse(&argp, argc, argv, &a);
	s.a = &a;
	s.objective = objective_default();
	rc = userjob_open(&s.u, &a.user, &why);
	if (!rc && a.user.objective)
		rc = objective_parse(&s.objective, a.user.objective, &why);
	if (!rc && s.u.scan.jobs > 1)
		rc = sharejobs(&s.u, &s.objective, a.rounds, command ? command : "", &why);
	else if (!rc)
		rc = one_job(&s, command ? command : "", &why);
	userjob_close(&s.u);
	if (s.topology)
		hwloc_topology_destroy(s.topology);
	hwloc_bitmap_free(s.allowed);
	hwloc_bitmap_free(s.isolated);
	free(command);
	return rc ? cmd_fail(userjob_exit(rc), "affinity", &why) : EXIT_DONE;
}
