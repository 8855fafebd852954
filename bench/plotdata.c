// SPDX-License-Identifier: GPL-2.0-only
#include "plotdata.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lattice.h"
#include "model.h"
#include "proc.h"

#define STAIRCASE_MS_MIN 20

struct in {
	const struct tune *t;
	const struct analysis *a;
	const struct measure *m;
	const json_t *staircase;
};

static const char *const names[PLOT_COUNT] = { "latency", "duty", "front", "staircase" };

const char *plot_name(enum plot p)
{
	return names[p];
}

static void est(FILE *f, const struct est *e)
{
	if (e->n)
		fprintf(f, "\t%.6g\t%.6g\t%.6g", e->value, e->lo, e->hi);
	else
		fputs("\tNaN\tNaN\tNaN", f);
}

/* The order in which arms stand on an axis: plain, the idle settings as asked, always awake; polled ones with their twin. */
static unsigned arm_at(const struct grid *g, unsigned position)
{
	if (!position)
		return 0;
	return position + 1 < grid_arms_irq(g) ? position + 1 : 1;
}

static const struct point *polled_point(const struct in *in, unsigned w, unsigned arm)
{
	static const struct point none;
	int twin = grid_twin(&in->t->g, arm);

	return twin < 0 ? &none : &in->a->point[w][twin];
}

static void axis_label(FILE *f, const struct arm *a)
{
	if (a->kind == ARM_IDLE)
		fprintf(f, "\t%u", a->idle_ms);
	else
		fprintf(f, "\t%s", a->name);
}

/* Blocks in a table are parted by two empty lines; the first line of each is its title. */
static void block(FILE *f, unsigned index, const char *title)
{
	fprintf(f, "%s\"%s\"\n", index ? "\n\n" : "", title);
}

static void latency(FILE *f, const struct in *in)
{
	const struct grid *g = &in->t->g;

	fputs("# position arm p50_us lo hi p99_us lo hi mean_us lo hi plain_p50_us plain_p99_us polled p50_us lo hi p99_us lo hi\n",
	      f);
	for (unsigned w = 0; w < g->nw; w++) {
		const struct point *plain = &in->a->point[w][0];

		block(f, w, g->w[w].name);
		for (unsigned i = 0; i < grid_arms_irq(g); i++) {
			const struct point *p = &in->a->point[w][arm_at(g, i)];
			const struct point *polled = polled_point(in, w, arm_at(g, i));

			fprintf(f, "%u", i);
			axis_label(f, &g->a[arm_at(g, i)]);
			est(f, &p->lat_p50_us);
			est(f, &p->lat_p99_us);
			est(f, &p->lat_mean_us);
			fprintf(f, "\t%.6g\t%.6g\t%d", plain->lat_p50_us.value, plain->lat_p99_us.value, g->hipri);
			est(f, &polled->lat_p50_us);
			est(f, &polled->lat_p99_us);
			fputc('\n', f);
		}
	}
}

static void duty(FILE *f, const struct in *in)
{
	const struct grid *g = &in->t->g;

	fputs("# position arm duty lo hi theory polled duty lo hi\n", f);
	for (unsigned w = 0; w < g->nw; w++) {
		block(f, w, g->w[w].name);
		for (unsigned i = 1; i < grid_arms_irq(g); i++) {
			const struct arm *a = &g->a[arm_at(g, i)];

			fprintf(f, "%u", i);
			axis_label(f, a);
			est(f, &in->a->point[w][arm_at(g, i)].duty);
			fprintf(f, "\t%.6g\t%d", model_duty(&g->w[w], a->idle_ms, in->t->hz), g->hipri);
			est(f, &polled_point(in, w, arm_at(g, i))->duty);
			fputc('\n', f);
		}
	}
}

static void front(FILE *f, const struct in *in)
{
	const struct grid *g = &in->t->g;

	fputs("# cpu_us_per_io lo hi lat_mean_us lo hi label kind(0 plain,1 awake,2 idle) recommended polled any_polled\n",
	      f);
	for (unsigned w = 0; w < g->nw; w++) {
		block(f, w, g->w[w].name);
		for (unsigned i = 0; i < g->na; i++) {
			unsigned irq = grid_arms_irq(g);
			unsigned arm = i < irq ? arm_at(g, i) : (unsigned)grid_twin(g, arm_at(g, i - irq));
			const struct point *p = &in->a->point[w][arm];

			fprintf(f, "%.6g\t%.6g\t%.6g", p->cpu_us_per_io.value, p->cpu_us_per_io.lo,
				p->cpu_us_per_io.hi);
			est(f, &p->lat_mean_us);
			axis_label(f, &g->a[arm]);
			fprintf(f, "\t%d\t%d\t%d\t%d\n", g->a[arm].kind, arm == verdict_recommended(&in->a->choice[w]),
				g->a[arm].hipri, g->hipri);
		}
	}
}

static void theory(FILE *f, const struct in *in, unsigned max_ms)
{
	block(f, 0, "kernel");
	for (unsigned ms = 1; ms <= max_ms; ms++) {
		double lo, hi;

		lattice_spin_ms(ms, in->t->hz, &lo, &hi);
		fprintf(f, "%u\t%.6g\t%.6g\n", ms, lo, hi);
	}
}

static void staircase(FILE *f, const struct in *in)
{
	const struct grid *g = &in->t->g;
	size_t n = json_array_size(in->staircase);
	const json_t *last = n ? json_array_get(in->staircase, n - 1) : NULL;
	unsigned max_ms = last ? (unsigned)json_integer_value(json_object_get(last, "idle_ms")) : STAIRCASE_MS_MIN;

	fputs("# requested_ms then: kernel spin_lo_ms spin_hi_ms; ring spin_ms; engine spin_ms lo hi\n", f);
	theory(f, in, max_ms);
	block(f, 1, "ring");
	for (size_t i = 0; i < n; i++) {
		const json_t *one = json_array_get(in->staircase, i), *spins = json_object_get(one, "spin_ms");

		for (size_t k = 0; k < json_array_size(spins); k++)
			fprintf(f, "%d\t%.6g\n", (int)json_integer_value(json_object_get(one, "idle_ms")),
				json_number_value(json_array_get(spins, k)));
	}
	block(f, 2, "engine");
	for (unsigned a = 2; a < g->na; a++) {
		double x[GRID_WORKLOADS_MAX];
		unsigned seen = 0;
		struct est e;

		for (unsigned w = 0; w < g->nw; w++)
			if (in->a->point[w][a].idle_ms_effective.n)
				x[seen++] = in->a->point[w][a].idle_ms_effective.value;
		e = stats_median_est(x, seen);
		if (g->a[a].kind != ARM_IDLE || !e.n || g->a[a].idle_ms > max_ms)
			continue;
		fprintf(f, "%u", g->a[a].idle_ms);
		est(f, &e);
		fputc('\n', f);
	}
}

static void cells(FILE *f, const struct in *in)
{
	const struct grid *g = &in->t->g;
	unsigned n = grid_cells(g, &in->t->plan);

	fputs("cell\trepeat\tworkload\tarm\tok\tios\tiops\tlat_mean_us\tlat_p50_us\tlat_p99_us\tapp_cores\tsq_cores\tcpu_us_per_io\tidle_ms_effective\twakeups\tenters\tsq_cpu\tinterrupts\n",
	      f);
	for (unsigned i = 0; i < n; i++) {
		const struct measure *m = &in->m[i];

		fprintf(f, "%04u\t%u\t%s\t%s\t%d", i + 1, m->at.repeat + 1, g->w[m->at.workload].name,
			g->a[m->at.arm].name, m->ok);
		fprintf(f, "\t%.0f\t%.6g\t%.6g\t%.6g\t%.6g\t%.6g\t%.6g\t%.6g\t%.4g\t%.0f\t%.0f\t%d\t%.0f\n", m->ios, m->iops,
			m->lat_mean_us, hist_percentile(&m->lat_ns, 50) / 1e3, hist_percentile(&m->lat_ns, 99) / 1e3,
			m->app_cores, m->sq_cores, m->cpu_us_per_io, m->idle_ms_effective, m->wakeups, m->enters,
			m->sq_cpu, m->interrupts);
	}
}

static int table(const char *dir, const char *name, void (*fill)(FILE *, const struct in *), const struct in *in,
		 struct why *why)
{
	struct draft d;
	char file[64];

	if (store_draft(&d, why))
		return -ENOMEM;
	fill(d.f, in);
	snprintf(file, sizeof(file), "%s.tsv", name);
	return store_draft_keep(&d, 0, dir, file, why);
}

int plotdata_write(const char *dir, const struct tune *t, const struct analysis *a, const struct measure *m,
		   const json_t *stairs, struct why *why)
{
	static void (*const fill[PLOT_COUNT])(FILE *, const struct in *) = { latency, duty, front, staircase };
	struct in in = { t, a, m, stairs };
	int rc = store_mkdirs(dir, why);

	for (int i = 0; i < PLOT_COUNT && !rc; i++)
		rc = table(dir, names[i], fill[i], &in, why);
	return rc ? rc : table(dir, "cells", cells, &in, why);
}

static int script_path(char *out, const char *plot)
{
	char name[64];

	snprintf(name, sizeof(name), "../share/sqpoll/plot/%s.gp", plot);
	return fio_beside_program(out, PATH_MAX, name);
}

int plotdata_ready(struct why *why)
{
	char *argv[] = { "gnuplot", "--version", NULL }, script[PATH_MAX];
	int exit_code = 0;
	char *text = proc_capture(argv, NULL, &exit_code, why);

	free(text);
	if (!text || exit_code)
		return why_set(why, -ENOENT, "gnuplot does not run, and the report needs it: apt-get install gnuplot-nox");
	for (int i = 0; i < PLOT_COUNT; i++)
		if (script_path(script, names[i]) || access(script, R_OK))
			return why_set(why, -ENOENT, "%s.gp is not in ../share/sqpoll/plot beside this program: build or install again",
				       names[i]);
	return 0;
}

int plotdata_draw_one(const char *dir, const char *plot, struct why *why)
{
	char script[PATH_MAX], data[PATH_MAX], svg[PATH_MAX], name[64];
	char *argv[] = { "gnuplot", "-c", script, data, svg, NULL }, *said;
	int exit_code = 0;

	snprintf(name, sizeof(name), "%s.tsv", plot);
	if (store_path(data, sizeof(data), dir, name))
		return why_set(why, -ENAMETOOLONG, "%s: the path is too long", dir);
	snprintf(name, sizeof(name), "%s.svg", plot);
	if (store_path(svg, sizeof(svg), dir, name) || script_path(script, plot))
		return why_set(why, -ENAMETOOLONG, "%s: the path is too long", dir);
	said = proc_capture(argv, NULL, &exit_code, why);
	if (!said || exit_code || access(svg, R_OK)) {
		if (said)
			why_set(why, -EIO, "gnuplot cannot draw %s: %.300s", data, said);
		free(said);
		return -EIO;
	}
	free(said);
	return 0;
}

int plotdata_draw(const char *dir, struct why *why)
{
	int rc = 0;

	for (int i = 0; i < PLOT_COUNT && !rc; i++)
		rc = plotdata_draw_one(dir, names[i], why);
	return rc;
}
