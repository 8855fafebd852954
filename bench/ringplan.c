// SPDX-License-Identifier: GPL-2.0-only
#include "ringplan.h"

#include <math.h>
#include <stdio.h>

#include "../engine/jiffies.h"

enum { PACE_MAX = 256, SLOWEST_HZ = 100, JIFFIES_BEYOND = 3 };

#define NS 1000000000u
#define PACE_SHORT_NS 50000
#define PACE_LONG_NS 500000

static const unsigned shared_batch[] = { 1, 32 };
static const enum ring_way apart[] = { RING_SPIN, RING_PLAIN, RING_SLEEP };
static const enum ring_way together[] = { RING_SPIN, RING_SLEEP, RING_HYBRID };
static const enum ring_latency latencies[] = { RING_WAKE, RING_BYPASS, RING_ALONE };

#define NR(array) (sizeof(array) / sizeof(*(array)))

const char *ring_way_name(enum ring_way way)
{
	static const char *const names[RING_WAYS] = { "spin", "plain", "sleep", "hybrid" };

	return names[way];
}

const char *ring_latency_name(enum ring_latency latency)
{
	static const char *const names[RING_LATENCIES] = { "wake", "pickup", "awake", "bypass", "plain" };

	return names[latency];
}

const char *ring_latency_says(enum ring_latency latency)
{
	static const char *const says[RING_LATENCIES] = {
		"asleep, woken, to the completion", "awake, to the entry taken", "awake, to the completion",
		"asleep, bypassed, to the completion", "no SQ thread, to the completion",
	};

	return says[latency];
}

const char *ring_kind_name(enum ring_kind kind)
{
	static const char *const names[] = { "rate", "same-cpu", "latency", "fio" };

	return names[kind];
}

void ring_cell_name(const struct ring_cell *c, char *out, size_t size)
{
	static const char *const before[] = { "", "one CPU, ", "", "fio, " };
	char what[32] = "nop";

	if (c->kind == RING_LATENCY) {
		snprintf(out, size, "latency, %s", ring_latency_name(c->latency));
		return;
	}
	if (c->bytes)
		snprintf(what, sizeof(what), "read %u", c->bytes);
	snprintf(out, size, "%s%s, batch %u, %s", before[c->kind], what, c->batch, ring_way_name(c->way));
}

static double seconds_of(const struct ring_spec *spec, const struct ring_cell *c)
{
	bool collapses = c->way == RING_SPIN && (c->kind == RING_SHARED || spec->one_cpu);

	if (c->kind == RING_LATENCY)
		return spec->seconds * RING_LATENCY_TIMES;
	if (c->kind == RING_FIO)
		return fmax(spec->seconds, RING_FIO_S_MIN);
	return collapses ? fmin(spec->seconds, RING_SPIN_S_MAX) : spec->seconds;
}

static unsigned put(const struct ring_spec *spec, struct ring_cell *cell, unsigned n, struct ring_cell c)
{
	c.seconds = seconds_of(spec, &c);
	cell[n] = c;
	return n + 1;
}

static unsigned put_rates(const struct ring_spec *spec, struct ring_cell *cell, unsigned n, unsigned bytes)
{
	for (unsigned b = 0; b < spec->batches; b++) {
		for (size_t w = 0; w < NR(apart); w++)
			n = put(spec, cell, n, (struct ring_cell){ .kind = RING_RATE, .way = apart[w], .bytes = bytes,
								   .batch = spec->batch[b] });
		if (spec->fio && bytes)
			n = put(spec, cell, n, (struct ring_cell){ .kind = RING_FIO, .way = RING_SPIN, .bytes = bytes,
								   .batch = spec->batch[b] });
	}
	return n;
}

unsigned ring_plan(const struct ring_spec *spec, struct ring_cell *cell)
{
	unsigned n = put_rates(spec, cell, 0, 0);

	for (unsigned s = 0; s < spec->sizes; s++)
		n = put_rates(spec, cell, n, spec->bytes[s]);
	for (size_t b = 0; b < NR(shared_batch); b++)
		for (size_t w = 0; w < NR(together); w++)
			n = put(spec, cell, n, (struct ring_cell){ .kind = RING_SHARED, .way = together[w],
								   .bytes = spec->bytes[0], .batch = shared_batch[b] });
	for (size_t l = 0; l < NR(latencies); l++)
		n = put(spec, cell, n, (struct ring_cell){ .kind = RING_LATENCY, .latency = latencies[l], .batch = 1,
							   .way = latencies[l] == RING_ALONE ? RING_PLAIN : RING_SPIN });
	return n;
}

unsigned ring_order(unsigned n, unsigned round, unsigned i)
{
	return round % 2 ? n - 1 - i : i;
}

unsigned ring_pace(unsigned every, uint64_t step_ns)
{
	if (step_ns > PACE_LONG_NS)
		return every > 1 ? every / 2 : 1;
	return step_ns < PACE_SHORT_NS && every < PACE_MAX ? every * 2 : every;
}

uint64_t ring_gap_ns(unsigned idle_ms, unsigned hz)
{
	uint64_t jiffy_ns = NS / (hz ? hz : SLOWEST_HZ);

	/* it spins for one jiffy more than its period at most */
	return (sqp_idle_jiffies(idle_ms, hz ? hz : SLOWEST_HZ) + 1 + JIFFIES_BEYOND) * jiffy_ns;
}

double ring_percentile(const struct hist *h, double pct)
{
	return h->total * (100 - pct) >= 100 ? hist_percentile(h, pct) : NAN;
}
