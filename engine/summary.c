// SPDX-License-Identifier: GPL-2.0-only
#include "summary.h"

#include <inttypes.h>

static void percent(char *buf, size_t len, int64_t part, uint64_t whole)
{
	if (part < 0 || !whole)
		snprintf(buf, len, "-");
	else
		snprintf(buf, len, "%.1f%%", 100.0 * (double)part / (double)whole);
}

static void micros(char *buf, size_t len, uint64_t ns)
{
	if (ns)
		snprintf(buf, len, "%.1f", (double)ns / 1e3);
	else
		snprintf(buf, len, "-");
}

static void idle_text(char *buf, size_t len, const struct sqp_summary *s)
{
	if (s->idle_seen_ns)
		snprintf(buf, len, "%u/%.1f", s->idle_ms, (double)s->idle_seen_ns / 1e6);
	else
		snprintf(buf, len, "%u/-", s->idle_ms);
}

static void print_line(FILE *out, const struct sqp_summary *s)
{
	char sq[16], app[16], idle[32], p50[24], p99[24], wake[24], cpu[16] = "-";

	percent(sq, sizeof(sq), s->sq_cpu_us, s->elapsed_us);
	percent(app, sizeof(app), (int64_t)s->app_cpu_us, s->elapsed_us);
	idle_text(idle, sizeof(idle), s);
	micros(p50, sizeof(p50), s->pickup_p50_ns);
	micros(p99, sizeof(p99), s->pickup_p99_ns);
	micros(wake, sizeof(wake), s->wake_p50_ns);
	if (s->sq_cpu >= 0)
		snprintf(cpu, sizeof(cpu), "%d", s->sq_cpu);
	fprintf(out, "  %-20.20s %12" PRIu64 " %9" PRIu64 " %9" PRIu64 " %7s %4s %7s %14s %8s %8s %9s%s\n", s->job,
		s->submitted, s->enters, s->wakeups, sq, cpu, app, idle, p50, p99, wake,
		s->stalls ? "  STALLED" : "");
}

void sqp_summary_print(FILE *out, const struct sqp_summary *s, unsigned nr)
{
	fprintf(out, "\nSQPOLL (idle in ms: asked/seen; pick-up and wake-up of the SQ thread in us; - not measured)\n");
	fprintf(out, "  %-20s %12s %9s %9s %7s %4s %7s %14s %8s %8s %9s\n", "job", "submitted", "enters", "wake-ups",
		"SQ cpu", "on", "app cpu", "idle", "pick p50", "pick p99", "wake p50");
	for (unsigned i = 0; i < nr; i++)
		print_line(out, &s[i]);
}
