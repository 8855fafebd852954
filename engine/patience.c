// SPDX-License-Identifier: GPL-2.0-only
#include "patience.h"

/* Each wait counts 1/64: fewer, and long waits that come in a row or in turns would set what is done about the next. */
enum { LEARN_SHIFT = 6 };

static void note_sign(struct sqp_patience *p, uint64_t now_ns)
{
	if (p->sign_ns && now_ns - p->sign_ns <= SQP_SIGN_NS)
		p->crowded_until_ns = now_ns + SQP_CROWDED_NS;
	p->sign_ns = now_ns;
}

bool sqp_patience_ends(struct sqp_patience *p, enum sqp_reap_mode mode, uint64_t now_ns, uint64_t waited_ns, unsigned behind)
{
	if (mode != SQP_REAP_HYBRID)
		return mode == SQP_REAP_SLEEP;
	if (p->crowded_until_ns && now_ns >= p->crowded_until_ns)
		p->crowded_until_ns = 0;
	if (p->crowded_until_ns || p->spinning_ns > SQP_SPIN_NS)
		return true;
	if (waited_ns < SQP_SPIN_NS + (uint64_t)behind * SQP_TAKE_NS)
		return false;
	if (behind)			/* it does not say that it sleeps, and it has not come */
		note_sign(p, now_ns);
	return true;
}

bool sqp_patience_yields(const struct sqp_patience *p, enum sqp_reap_mode mode, uint64_t now_ns, uint64_t waited_ns)
{
	return mode == SQP_REAP_SPIN && waited_ns >= SQP_YIELD_NS && now_ns >= p->yield_from_ns;
}

static unsigned one_more(unsigned times)
{
	return times < SQP_YIELD_EASES ? times + 1 : times;
}

void sqp_patience_yielded(struct sqp_patience *p, uint64_t now_ns, uint64_t took_ns)
{
	if (took_ns >= SQP_YIELD_LONG_NS) {
		p->yield_from_ns = now_ns + ((uint64_t)SQP_NO_YIELD_NS << p->kept);
		p->kept = one_more(p->kept);
		return;
	}
	p->nobody = took_ns < SQP_YIELD_NOBODY_NS ? one_more(p->nobody) : 0;
	p->yield_from_ns = now_ns + ((uint64_t)SQP_YIELD_NS << p->nobody);
}

void sqp_patience_learn(struct sqp_patience *p, uint64_t waited_ns, unsigned behind)
{
	/* a long one is spun through up to the limit, and then blocked for all the same; for a thread that is busy it is not */
	int64_t cost = waited_ns < SQP_SPIN_NS ? (int64_t)waited_ns : (behind ? 1 : 2) * (int64_t)SQP_SPIN_NS;

	p->spinning_ns = (uint64_t)((int64_t)p->spinning_ns + (cost - (int64_t)p->spinning_ns) / (1 << LEARN_SHIFT));
}
