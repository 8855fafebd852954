// SPDX-License-Identifier: GPL-2.0-only
#include "advice.h"

#include <math.h>
#include <stdarg.h>
#include <stdbool.h>
#include <string.h>

#include "lattice.h"

#define NEVER_ASLEEP_DUTY 0.97
#define TAIL_IOS 10		/* I/Os that must lie beyond a percentile for it to mean something */
#define DRIFT_MAX 0.2
#define SPREAD_MAX 0.25
#define RATE_MIN 0.9
#define SLOW_P50_US 1000
#define STEAL_MAX_PCT 1.0
#define LOAD_MAX 0.5
#define CPU_MS_GOOD 5
#define REPEATS_GOOD 5

__attribute__((format(printf, 5, 6))) static void add(json_t *all, const char *id, const char *about,
						      const char *advice, const char *fmt, ...)
{
	char text[400];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	json_array_append_new(all, json_pack("{s:s, s:s, s:s, s:s}", "id", id, "about", about, "text", text, "advice",
					     advice));
}

static bool emulated(const struct advice_in *in)
{
	return json_is_true(json_object_get(in->env, "emulated"));
}

static void machine(json_t *all, const struct advice_in *in)
{
	const json_t *target = json_object_get(in->env, "target");
	const char *scheduler = json_string_value(json_object_get(target, "scheduler"));
	const char *hypervisor = json_string_value(json_object_get(in->env, "hypervisor_name"));
	const char *model = json_string_value(json_object_get(target, "model"));
	double cpus = json_number_value(json_object_get(in->env, "cpus_allowed"));

	if (emulated(in))
		add(all, "emulated", "machine",
		    "Compare ratios within this report only. Behaviour (enters, wake-ups, interrupts, the staircase) is real, times are not. A thread that spins takes a CPU that the emulation of the device needs, so SQPOLL looks worse than it is.",
		    "The CPU is emulated in software (%s) and the device is %s: all times come from the emulation.",
		    hypervisor ? hypervisor : "hypervisor unknown", model ? model : "virtual");
	if (cpus < 2)
		add(all, "one-cpu", "machine",
		    "Allow a second CPU, or use plain io_uring: two threads that spin on one CPU wait for each other.",
		    "The submitter and the SQ thread share the only CPU.");
	if (scheduler && strcmp(scheduler, "none"))
		add(all, "scheduler", "device",
		    "Set the device's queue/scheduler to none and run again: it adds CPU time and locks to every request.",
		    "The I/O scheduler is %s.", scheduler);
	if (!in->direct)
		add(all, "buffered", "target",
		    "Put the file on a disk's file system: what the page cache answers is not what the device does.",
		    "Direct I/O does not work on this target, so reads went through the page cache.");
	if (isfinite(in->steal_pct) && in->steal_pct > STEAL_MAX_PCT)
		add(all, "steal", "machine", "Run again when the host is quieter, or on metal.",
		    "The hypervisor took %.1f %% of the CPU time during the run.", in->steal_pct);
	if (json_number_value(json_object_get(in->env, "load1")) > LOAD_MAX * cpus)
		add(all, "load", "machine", "Stop the other work and run it again.",
		    "When the run began, %.1f tasks were running on %.0f CPUs.",
		    json_number_value(json_object_get(in->env, "load1")), cpus);
	if (in->g->idles_dropped)
		add(all, "same-setting", "idles", "None needed; the staircase plot shows why.",
		    "%u of the idle settings asked for equal another one at HZ=%u and were measured once.",
		    in->g->idles_dropped, in->hz);
}

static void repeats(json_t *all, const struct advice_in *in)
{
	unsigned lost = 0, stalled = 0, overflowed = 0;

	for (size_t i = 0; i < in->n; i++) {
		lost += !in->m[i].ok;
		stalled += in->m[i].ok && in->m[i].stalls > 0;
		overflowed += in->m[i].ok && in->m[i].cq_overflow > 0;
	}
	if (in->plan->repeats < REPEATS_GOOD)
		add(all, "few-repeats", "statistics", "Give it a larger --budget, or fewer --rates or --idles.",
		    "%u repeats: an interval over fewer than %d covers too little to be trusted.", in->plan->repeats,
		    REPEATS_GOOD);
	if (lost)
		add(all, "lost-cells", "statistics", "Read cells/NNNN/stderr.txt of the cells with ok 0 in derived/cells.tsv.",
		    "%u cells gave no result and were left out.", lost);
	if (stalled)
		add(all, "stalls", "engine", "Look at the kernel log and the device: nothing completed for stall_ms.",
		    "%u cells stalled.", stalled);
	if (overflowed)
		add(all, "cq-overflow", "engine", "Lower the queue depth.", "%u cells overflowed the completion ring.",
		    overflowed);
}

/* Each of these looks at one workload. */
static void starved(json_t *all, const struct advice_in *in, unsigned w)
{
	if (verdict_starved(in->a, in->g, w))
		add(all, "starved", in->g->w[w].name,
		    "Do not trust this run: stop the other work, or free a CPU, and run it again.",
		    "The SQ thread that never sleeps got only %.0f %% of a CPU: something else took the rest.",
		    100 * in->a->point[w][1].duty.value);
}

static void never_asleep(json_t *all, const struct advice_in *in, unsigned w)
{
	const struct workload *wl = &in->g->w[w];
	unsigned awake = 0, idles = 0;

	for (unsigned a = 2; a < in->g->na; a++) {
		const struct est *duty = &in->a->point[w][a].duty;

		if (in->g->a[a].kind != ARM_IDLE)
			continue;
		idles += duty->n > 0;
		awake += duty->n && duty->value >= NEVER_ASLEEP_DUTY;
	}
	if (!idles || awake < idles)
		return;
	if (wl->law == LAW_FULL)
		add(all, "never-sleeps", wl->name, "None needed: at full load the idle period has no effect.",
		    "The SQ thread never slept, at any idle period.");
	else
		add(all, "never-sleeps", wl->name,
		    "No idle period of this kernel saves CPU at this rate: decide between SQPOLL always awake and plain.",
		    "The gap of %.3g ms is shorter than every spin, so the SQ thread never slept.",
		    workload_gap_us(wl) / 1e3);
}

static void few_samples(json_t *all, const struct advice_in *in, unsigned w)
{
	double least = INFINITY;

	for (unsigned a = 0; a < in->g->na; a++)
		if (in->a->point[w][a].n)
			least = fmin(least, in->a->point[w][a].ios);
	if (isfinite(least) && least < 100 * TAIL_IOS)
		add(all, "few-samples", in->g->w[w].name, "Read the mean and p50 instead, or give it a larger --budget.",
		    "p99 rests on only %.0f I/Os per arm, %.0f of them beyond it.", least, floor(least / 100));
}

static void coarse_cpu(json_t *all, const struct advice_in *in, unsigned w)
{
	const struct est *cores = &in->a->point[w][0].cores;
	double ms = cores->value * in->plan->cell_ms;

	if (cores->n && ms < CPU_MS_GOOD)
		add(all, "coarse-cpu", in->g->w[w].name, "Only matters when costs are close; a larger --budget makes cells longer.",
		    "Plain io_uring used only about %.0f ms of CPU per cell, and fio counts in milliseconds: its CPU time is known to 1 ms.",
		    ms);
}

static void missed_rate(json_t *all, const struct advice_in *in, unsigned w)
{
	const struct workload *wl = &in->g->w[w];
	double worst = INFINITY;
	unsigned arm = 0;

	for (unsigned a = 0; a < in->g->na; a++) {
		const struct est *iops = &in->a->point[w][a].iops;

		if (iops->n && iops->value < worst) {
			worst = iops->value;
			arm = a;
		}
	}
	if (wl->rate_iops > 0 && worst < RATE_MIN * wl->rate_iops)
		add(all, "rate-missed", wl->name, "Ask for a lower rate: the target cannot serve this one.",
		    "Arm %s reached %.0f of %.0f I/Os per second.", in->g->a[arm].name, worst, wl->rate_iops);
}

static void near_idle(json_t *all, const struct advice_in *in, unsigned w)
{
	/* There the device itself waits for a CPU, and another one for the thread is no cure. */
	if (emulated(in))
		return;
	for (unsigned a = 1; a < in->g->na; a++) {
		const struct est *p50 = &in->a->point[w][a].lat_p50_us;
		double plain = in->a->point[w][in->g->a[a].hipri ? grid_twin(in->g, 0) : 0].lat_p50_us.value;

		if (!p50->n || p50->value < SLOW_P50_US || !(p50->value > 3 * plain))
			continue;
		add(all, "latency-near-idle", in->g->w[w].name,
		    "Give the SQ thread a CPU of its own with --sq-cpu: a wake-up that takes milliseconds waits for a scheduling slice.",
		    "Arm %s has a median latency of %.2f ms, plain has %.3g ms.", in->g->a[a].name, p50->value / 1e3,
		    plain / 1e3);
		return;
	}
}

static void unsteady(json_t *all, const struct advice_in *in, unsigned w)
{
	double x[STATS_N_MAX];
	const struct est *plain = &in->a->point[w][0].lat_mean_us;
	size_t n = 0;
	double drift;

	for (unsigned r = 0; r < in->plan->repeats; r++)
		for (size_t i = 0; i < in->n && n < STATS_N_MAX; i++)
			if (in->m[i].ok && in->m[i].at.repeat == r && in->m[i].at.workload == w && !in->m[i].at.arm)
				x[n++] = in->m[i].lat_mean_us;
	drift = stats_drift(x, n);
	if (fabs(drift) > DRIFT_MAX)
		add(all, "drift", in->g->w[w].name, "Something changed during the run: run it again on a quiet machine.",
		    "Plain io_uring's latency moved by %+.0f %% from the first half to the second.", 100 * drift);
	else if (plain->n > 1 && plain->hi - plain->lo > 2 * SPREAD_MAX * plain->value)
		add(all, "noise", in->g->w[w].name, "Small differences cannot be seen here: stop other work, repeat more.",
		    "Plain io_uring's mean latency spreads from %.3g to %.3g us over the repeats.", plain->lo, plain->hi);
}

static void off_lattice(json_t *all, const struct advice_in *in)
{
	for (unsigned a = 2; a < in->g->na; a++) {
		double lo, hi, sum = 0;
		unsigned n = 0;

		if (in->g->a[a].kind != ARM_IDLE)
			continue;
		for (unsigned w = 0; w < in->g->nw; w++) {
			const struct est *e = &in->a->point[w][a].idle_ms_effective;

			sum += e->n ? e->value : 0;
			n += e->n > 0;
		}
		lattice_spin_ms(in->g->a[a].idle_ms, in->hz, &lo, &hi);
		if (n && (sum / n < lo - 1 || sum / n > hi + 1))
			add(all, "off-lattice", in->g->a[a].name,
			    "The tick is late or the thread is disturbed: trust the effective period, not the requested one.",
			    "The SQ thread spun %.1f ms before it slept; this kernel's lattice says %.0f to %.0f ms.",
			    sum / n, lo, hi);
	}
}

json_t *advice_tune(const struct advice_in *in)
{
	static void (*const looks[])(json_t *, const struct advice_in *, unsigned) = {
		starved, never_asleep, few_samples, coarse_cpu, missed_rate, near_idle, unsteady,
	};
	json_t *all = json_array();

	machine(all, in);
	repeats(all, in);
	for (unsigned w = 0; w < in->g->nw; w++)
		for (size_t i = 0; i < sizeof(looks) / sizeof(*looks); i++)
			looks[i](all, in, w);
	off_lattice(all, in);
	return all;
}
