// SPDX-License-Identifier: GPL-2.0-only
#include "patience.h"

enum { LEARN_SHIFT = 3 };	/* each wait counts an eighth */

bool sqp_patience_ends(struct sqp_patience *p, enum sqp_reap_mode mode, uint64_t now_ns, uint64_t waited_ns, bool untaken)
{
	if (mode != SQP_REAP_HYBRID)
		return mode == SQP_REAP_SLEEP;
	if (p->crowded_until_ns && now_ns >= p->crowded_until_ns)
		p->crowded_until_ns = 0;
	if (p->crowded_until_ns || p->typical_ns > SQP_SPIN_NS)
		return true;
	if (waited_ns < SQP_SPIN_NS)
		return false;
	/* An SQ thread that has a CPU takes an entry within some microseconds, or says that it sleeps. */
	if (untaken)
		p->crowded_until_ns = now_ns + SQP_CROWDED_NS;
	return true;
}

void sqp_patience_learn(struct sqp_patience *p, uint64_t waited_ns)
{
	int64_t off = (int64_t)waited_ns - (int64_t)p->typical_ns;

	p->typical_ns = (uint64_t)((int64_t)p->typical_ns + off / (1 << LEARN_SHIFT));
}
