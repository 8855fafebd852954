// SPDX-License-Identifier: GPL-2.0-only
#include "grid.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "lattice.h"

#define RATE_MAX 10e6
#define IDLE_MS_MAX 600000UL
#define DEPTH_MAX 4096
#define REPEATS_WANTED 5
#define CELL_MS_MAX 5000
#define CELL_MS_GOOD 700
#define CELL_MS_MIN 300

static const char *const law_names[LAW_COUNT] = {
	[LAW_CONST] = "const",
	[LAW_POISSON] = "poisson",
	[LAW_BURST] = "burst",
	[LAW_FULL] = "full",
};

const char *law_name(enum law law)
{
	return law_names[law];
}

static int add_workload(struct grid *g, enum law law, double number, struct why *why)
{
	struct workload *w = &g->w[g->nw];

	if (g->nw == GRID_WORKLOADS_MAX)
		return why_set(why, -E2BIG, "--rates: more than %d workloads: name fewer rates",
			       GRID_WORKLOADS_MAX);
	if (law == LAW_FULL && (number > DEPTH_MAX || number < 1 || number != floor(number)))
		return why_set(why, -EINVAL, "--rates: full:%g: the queue depth must be a whole number, 1 to %d",
			       number, DEPTH_MAX);
	if (!(number >= 1 && number <= RATE_MAX))
		return why_set(why, -EINVAL, "--rates: %g: a rate is 1 to %.0f I/Os per second", number,
			       RATE_MAX);
	w->law = law;
	w->rate_iops = law == LAW_FULL ? 0 : number;
	w->depth = law == LAW_FULL ? (unsigned)number : law == LAW_BURST ? GRID_BURST : 1;
	snprintf(w->name, sizeof(w->name), "%s:%g", law_names[law], number);
	for (unsigned i = 0; i < g->nw; i++)
		if (!strcmp(g->w[i].name, w->name))
			return 0;
	g->nw++;
	return 0;
}

static int parse_rate(struct grid *g, const char *item, struct why *why)
{
	const char *colon = strchr(item, ':');
	const char *digits = colon ? colon + 1 : item;
	char *end;
	double number = strtod(digits, &end);
	int rc;

	if (end == digits || *end)
		return why_set(why, -EINVAL, "--rates: '%s' is not [const:|poisson:|burst:|full:]NUMBER", item);
	for (int law = 0; law < LAW_COUNT; law++) {
		size_t len = strlen(law_names[law]);

		if (colon && ((size_t)(colon - item) != len || strncmp(item, law_names[law], len)))
			continue;
		if (!colon && law == LAW_FULL)
			break;
		rc = add_workload(g, law, number, why);
		if (rc || colon)
			return rc;
	}
	if (colon)
		return why_set(why, -EINVAL, "--rates: '%s': the law is one of const, poisson, burst, full", item);
	return 0;
}

/* Calls FN for each comma-separated item of LIST. */
static int each_item(const char *list, const char *option, struct why *why,
		     int (*fn)(void *ctx, const char *item, struct why *why), void *ctx)
{
	char *copy = strdup(list), *save = NULL;
	int rc = 0, n = 0;

	if (!copy)
		return why_set(why, -ENOMEM, "out of memory");
	for (char *s = strtok_r(copy, ",", &save); s && !rc; s = strtok_r(NULL, ",", &save), n++)
		rc = fn(ctx, s, why);
	free(copy);
	if (!rc && !n)
		return why_set(why, -EINVAL, "%s: the list is empty: name at least one value", option);
	return rc;
}

static int rate_item(void *ctx, const char *item, struct why *why)
{
	return parse_rate(ctx, item, why);
}

int grid_parse_rates(struct grid *g, const char *list, struct why *why)
{
	g->nw = 0;
	return each_item(list, "--rates", why, rate_item, g);
}

struct idle_ctx {
	struct grid *g;
	unsigned hz;
};

static int idle_item(void *ctx, const char *item, struct why *why)
{
	struct idle_ctx *c = ctx;
	struct grid *g = c->g;
	struct arm *a = &g->a[g->na];
	char *end;
	unsigned long ms = strtoul(item, &end, 10);

	if (end == item || *end || *item == '-' || ms > IDLE_MS_MAX)
		return why_set(why, -EINVAL, "--idles: '%s' is not a number of milliseconds, 0 to %lu", item,
			       IDLE_MS_MAX);
	for (unsigned i = 2; i < g->na; i++) {
		if (lattice_jiffies(g->a[i].idle_ms, c->hz) == lattice_jiffies((unsigned)ms, c->hz)) {
			g->idles_dropped++;
			return 0;
		}
	}
	if (g->na == GRID_ARMS_MAX / 2)
		return why_set(why, -E2BIG, "--idles: more than %d settings: name fewer", GRID_ARMS_MAX / 2 - 2);
	a->kind = ARM_IDLE;
	a->idle_ms = lattice_canonical_ms((unsigned)ms, c->hz);
	snprintf(a->name, sizeof(a->name), "idle=%u", a->idle_ms);
	g->na++;
	return 0;
}

int grid_parse_idles(struct grid *g, const char *list, unsigned hz, struct why *why)
{
	struct idle_ctx ctx = { g, hz };

	g->a[0] = (struct arm){ ARM_PLAIN, 0, false, "plain" };
	g->a[1] = (struct arm){ ARM_AWAKE, GRID_AWAKE_IDLE_MS, false, "awake" };
	g->na = 2;
	g->hipri = false;
	g->idles_dropped = 0;
	return each_item(list, "--idles", why, idle_item, &ctx);
}

void grid_add_hipri(struct grid *g)
{
	unsigned irq = grid_arms_irq(g);

	if (g->hipri)
		return;
	for (unsigned i = 0; i < irq; i++) {
		struct arm *a = &g->a[irq + i];

		*a = g->a[i];
		a->hipri = true;
		snprintf(a->name, sizeof(a->name), "%s+hipri", g->a[i].name);
	}
	g->na = 2 * irq;
	g->hipri = true;
}

unsigned grid_arms_irq(const struct grid *g)
{
	return g->hipri ? g->na / 2 : g->na;
}

int grid_twin(const struct grid *g, unsigned arm)
{
	unsigned irq = grid_arms_irq(g);

	if (!g->hipri)
		return -1;
	return (int)(arm < irq ? arm + irq : arm - irq);
}

int grid_plan(const struct grid *g, double budget_s, double overhead_s, unsigned repeats,
	      struct plan *plan, struct why *why)
{
	unsigned per_repeat = g->nw * g->na;
	unsigned least = repeats ? repeats : 1;
	double cell_ms;

	plan->repeats = repeats ? repeats : REPEATS_WANTED;
	while (!repeats && plan->repeats > 1 &&
	       budget_s / plan->repeats / per_repeat - overhead_s < CELL_MS_GOOD / 1e3)
		plan->repeats--;
	cell_ms = (budget_s / plan->repeats / per_repeat - overhead_s) * 1e3;
	while (!repeats && cell_ms > CELL_MS_MAX && plan->repeats < GRID_REPEATS_MAX) {
		plan->repeats++;
		cell_ms = (budget_s / plan->repeats / per_repeat - overhead_s) * 1e3;
	}
	if (cell_ms < CELL_MS_MIN)
		return why_set(why, -ERANGE,
			       "%u workloads x %u arms x %u repeats need at least %.0f s: raise --budget, or name fewer --rates or --idles",
			       g->nw, g->na, least, ceil(per_repeat * least * (overhead_s + CELL_MS_MIN / 1e3)));
	plan->cell_ms = (unsigned)fmin(cell_ms, CELL_MS_MAX);
	return 0;
}

unsigned grid_cells(const struct grid *g, const struct plan *plan)
{
	return plan->repeats * g->nw * g->na;
}

struct cell grid_cell(const struct grid *g, unsigned index)
{
	unsigned per_repeat = g->nw * g->na;
	struct cell c = { .index = index, .repeat = index / per_repeat };
	unsigned rest = index % per_repeat;

	c.workload = rest / g->na;
	c.arm = rest % g->na;
	if (c.repeat & 1)
		c.arm = g->na - 1 - c.arm;
	return c;
}

double workload_gap_us(const struct workload *w)
{
	switch (w->law) {
	case LAW_FULL:
		return 0;
	case LAW_BURST:
		return GRID_BURST * 1e6 / w->rate_iops;
	default:
		return 1e6 / w->rate_iops;
	}
}

static void job_law(FILE *out, const struct workload *w)
{
	switch (w->law) {
	case LAW_POISSON:
		fputs("rate_process=poisson\n", out);
		/* fall through */
	case LAW_CONST:
		fprintf(out, "rate_iops=%.0f\n", w->rate_iops);
		break;
	case LAW_BURST:
		fprintf(out, "thinktime=%.0fus\nthinktime_blocks=%d\niodepth_batch_submit=%d\n",
			workload_gap_us(w), GRID_BURST, GRID_BURST / 2);
		break;
	case LAW_FULL:
		fprintf(out, "iodepth_batch_submit=%u\n", w->depth > 1 ? w->depth / 2 : 1);
		break;
	case LAW_COUNT:
		break;
	}
}

static void job_arm(FILE *out, const struct arm *a, const struct target *t)
{
	if (a->kind == ARM_PLAIN)
		fputs("ioengine=io_uring\nregisterfiles=1\n", out);
	else
		fprintf(out, "ioengine=sqpoll\nsq_thread_idle=%u\nstats_file=${STATS_FILE}\n", a->idle_ms);
	if (a->kind != ARM_PLAIN && t->sq_cpu >= 0)
		fprintf(out, "sq_thread_cpu=%d\n", t->sq_cpu);
	if (a->hipri)
		fputs("hipri=1\n", out);
}

void grid_job(FILE *out, const struct grid *g, const struct plan *plan, const struct cell *cell,
	      const struct target *t)
{
	const struct workload *w = &g->w[cell->workload];

	fprintf(out, "; workload %s, arm %s, repeat %u\n[cell]\n", w->name, g->a[cell->arm].name,
		cell->repeat + 1);
	fprintf(out, "filename=${FILENAME}\nrw=randread\nbs=4k\ndirect=%d\nthread=1\niodepth=%u\n", t->direct,
		w->depth);
	fprintf(out, "time_based=1\nruntime=%ums\nlat_percentiles=1\nclat_percentiles=0\nnorandommap=1\n",
		plan->cell_ms);
	/* All arms of a workload and repeat read the same blocks at the same planned times. */
	fprintf(out, "randseed=%u\n", 1 + cell->repeat * g->nw + cell->workload);
	if (t->app_cpus)
		fprintf(out, "cpus_allowed=%s\n", t->app_cpus);
	job_law(out, w);
	job_arm(out, &g->a[cell->arm], t);
}

int grid_quote_filename(char *out, size_t size, const char *path)
{
	size_t n = 0;

	for (; *path; path++) {
		if (n + 3 > size || strchr("\n\r\\\"'$;#", *path))
			return -EINVAL;
		if (*path == ':')
			out[n++] = '\\';
		out[n++] = *path;
	}
	out[n] = '\0';
	return n ? 0 : -EINVAL;
}
