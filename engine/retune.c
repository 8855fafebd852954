// SPDX-License-Identifier: GPL-2.0-only
#include "retune.h"

enum { NS_PER_S = 1000000000, MS_PER_S = 1000, FINE_JIFFIES = 8 };

void sqp_retune_init(struct sqp_retune *p, unsigned hz, uint64_t now_ns)
{
	*p = (struct sqp_retune){ .jiffy_ns = NS_PER_S / hz, .jiffies = 1, .changed_ns = now_ns };
}

unsigned sqp_retune_ms(unsigned jiffies, unsigned hz)
{
	return (unsigned)((uint64_t)jiffies * MS_PER_S / hz);
}

uint64_t sqp_retune_cost_ns(uint64_t jiffy_ns, unsigned jiffies, uint64_t gap_ns, uint64_t wake_ns)
{
	uint64_t sure_ns = jiffies * jiffy_ns, beyond_ns;

	if (gap_ns <= sure_ns)
		return gap_ns;
	beyond_ns = gap_ns - sure_ns;
	if (beyond_ns >= jiffy_ns)
		return sure_ns + jiffy_ns / 2 + wake_ns;
	/* the thread sleeps before the end of the gap with probability beyond/jiffy */
	return sure_ns + beyond_ns - beyond_ns * beyond_ns / (2 * jiffy_ns) + wake_ns * beyond_ns / jiffy_ns;
}

static uint64_t cost_of_all(const struct sqp_retune *p, unsigned jiffies, uint64_t wake_ns)
{
	uint64_t sum_ns = 0;

	for (unsigned i = 0; i < p->nr; i++)
		sum_ns += sqp_retune_cost_ns(p->jiffy_ns, jiffies, p->gap_ns[i], wake_ns);
	return sum_ns;
}

/* Every setting up to eight jiffies, then in steps of an eighth, and the last one that may pay. */
static unsigned next_setting(unsigned jiffies, unsigned last)
{
	unsigned next = jiffies + (jiffies < FINE_JIFFIES ? 1 : jiffies / FINE_JIFFIES);

	return next < last || jiffies >= last ? next : last;
}

static unsigned cheapest(const struct sqp_retune *p, uint64_t wake_ns, uint64_t *least_ns)
{
	uint64_t limit_ns = wake_ns + p->jiffy_ns < SQP_RETUNE_MAX_NS ? wake_ns + p->jiffy_ns : SQP_RETUNE_MAX_NS;
	unsigned best = 1, last = (unsigned)(limit_ns / p->jiffy_ns);

	*least_ns = cost_of_all(p, best, wake_ns);
	for (unsigned j = next_setting(1, last); j <= last; j = next_setting(j, last)) {
		uint64_t cost_ns = cost_of_all(p, j, wake_ns);

		if (cost_ns < *least_ns) {
			*least_ns = cost_ns;
			best = j;
		}
	}
	return best;
}

bool sqp_retune_gap(struct sqp_retune *p, uint64_t gap_ns, uint64_t wake_ns, uint64_t now_ns)
{
	uint64_t least_ns;
	unsigned best;

	if (gap_ns <= p->jiffy_ns)	/* it costs the same under every setting */
		return false;
	p->gap_ns[p->next] = gap_ns;
	p->next = (p->next + 1) % SQP_RETUNE_GAPS;
	if (p->nr < SQP_RETUNE_GAPS)
		p->nr++;
	p->fresh++;
	if (p->fresh < SQP_RETUNE_NEW_GAPS || now_ns - p->changed_ns < SQP_RETUNE_PERIOD_NS)
		return false;
	best = cheapest(p, wake_ns, &least_ns);
	if (best == p->jiffies || least_ns * 100 > cost_of_all(p, p->jiffies, wake_ns) * (100 - SQP_RETUNE_GAIN_PERCENT))
		return false;
	p->jiffies = best;
	p->fresh = 0;
	p->changed_ns = now_ns;
	return true;
}
