// SPDX-License-Identifier: GPL-2.0-only
#include "idle.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { WATCH_STEP_NS = 50000, FRESH_ENOUGH_NS = 1000000 };

static void record_spin(struct sqp_ring *r, uint64_t ns)
{
	struct sqp_idle_seen *seen = &r->idle;

	if (seen->nr_spins < SQP_IDLE_SAMPLES)
		seen->spin_ns[seen->nr_spins++] = ns;
}

void sqp_idle_saw_sleep(struct sqp_ring *r, uint64_t gap_ns)
{
	if (!r->count.completed)	/* a new SQ thread starts with an expired timer: this is no idle period */
		return;
	if (!r->idle.asleep_min_ns || gap_ns < r->idle.asleep_min_ns)
		r->idle.asleep_min_ns = gap_ns;
}

/* It falls asleep so long after the last activity of any of its rings, and we know only ours. */
static bool is_shared(const struct sqp_ring *r)
{
	return r->cfg.share > 1;
}

void sqp_idle_fell_asleep(struct sqp_ring *r)
{
	r->idle_watched = true;
	if (r->cfg.clock && r->count.completed && !is_shared(r))
		record_spin(r, sqp_now_ns(r) - r->active_ns);
}

static bool asleep(const struct sqp_ring *r)
{
	return atomic_load_explicit(r->kflags, memory_order_relaxed) & IORING_SQ_NEED_WAKEUP;
}

uint64_t sqp_idle_longest_ms(unsigned idle_ms)
{
	unsigned hz = sqp_kernel_hz();

	if (!hz)
		return idle_ms ? idle_ms : SQP_DEFAULT_IDLE_MS;
	return (sqp_idle_jiffies(idle_ms, hz) + 2) * 1000 / hz;
}

const char *sqp_idle_probe(struct sqp_ring *r)
{
	static const struct timespec step = { .tv_nsec = WATCH_STEP_NS };
	uint64_t start_ns = sqp_now_ns(r), limit_ns = (uint64_t)r->cfg.idle_probe_ms * 1000000;

	if (!r->count.completed)
		return "the SQ thread never ran";
	if (is_shared(r))
		return "the SQ thread is shared: others keep it awake";
	if (!r->cfg.clock)
		return "no clock was read for each I/O (gtod_reduce or disabled latencies)";
	if (asleep(r))
		return "the SQ thread slept before the end could be watched";
	if (sqp_idle_longest_ms(sqp_live_idle_ms(r)) > r->cfg.idle_probe_ms)
		return "the idle period is longer than idle_probe_ms";
	if (start_ns - r->active_ns > FRESH_ENOUGH_NS)
		return "the time of the last activity is not known well enough";
	/* sleeping between two looks leaves the CPU to an SQ thread that shares it with us */
	while (!asleep(r)) {
		if (sqp_now_ns(r) - start_ns > limit_ns)
			return "the SQ thread did not fall asleep within idle_probe_ms";
		nanosleep(&step, NULL);
	}
	record_spin(r, sqp_now_ns(r) - r->active_ns);
	return NULL;
}

static int by_value(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

uint64_t sqp_idle_median_ns(const struct sqp_idle_seen *seen)
{
	uint64_t sorted[SQP_IDLE_SAMPLES];
	unsigned n = seen->nr_spins;

	if (!n)
		return 0;
	memcpy(sorted, seen->spin_ns, n * sizeof(*sorted));
	qsort(sorted, n, sizeof(*sorted), by_value);
	return n % 2 ? sorted[n / 2] : (sorted[n / 2 - 1] + sorted[n / 2]) / 2;
}
