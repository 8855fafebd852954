// SPDX-License-Identifier: GPL-2.0-only
#include "policy.h"

static void begin_window(struct sqp_policy *p, uint64_t now_ns)
{
	p->window_start_ns = now_ns;
	p->requests = 0;
	p->paused_ns = 0;
}

void sqp_policy_init(struct sqp_policy *p, uint64_t spin_ns, uint64_t now_ns)
{
	*p = (struct sqp_policy){ .least_dwell_ns = SQP_DWELL_SPINS * spin_ns, .dwell_ns = SQP_DWELL_SPINS * spin_ns };
	begin_window(p, now_ns);
	p->last_ns = now_ns;
}

static void take_thread(struct sqp_policy *p, uint64_t plain_ns)
{
	p->thread = true;
	p->met_awake = false;
	p->windows = p->bad = 0;
	p->plain_ns = plain_ns;
	p->trials++;
}

static void leave_thread(struct sqp_policy *p)
{
	p->thread = false;
	p->dense_ns = 0;
}

static void trial_failed(struct sqp_policy *p)
{
	p->failed++;
	p->dwell_ns *= 2;
	if (p->dwell_ns > SQP_DWELL_LIMIT * p->least_dwell_ns)
		p->dwell_ns = SQP_DWELL_LIMIT * p->least_dwell_ns;
	leave_thread(p);
}

static void judge_plain(struct sqp_policy *p, uint64_t elapsed_ns, uint64_t each_ns, unsigned paused_percent)
{
	p->dense_ns = each_ns < SQP_DENSE_NS && paused_percent <= SQP_PAUSED_PERCENT ? p->dense_ns + elapsed_ns : 0;
	if (p->dense_ns >= p->dwell_ns)
		take_thread(p, each_ns);
}

/* The time on the plain ring is that of the trial's beginning: a load that has become lighter since is not the thread's
 * merit or fault, but it is then less worth a CPU. */
static void judge_thread(struct sqp_policy *p, uint64_t each_ns, bool paused)
{
	bool trial = ++p->windows == SQP_TRIAL_WINDOWS;

	if (p->windows < SQP_TRIAL_WINDOWS)
		return;
	if (paused && !trial) {		/* the load has ended; in a trial the thread may be what holds it up */
		leave_thread(p);
	} else if (!paused && each_ns * 100 <= p->plain_ns * (100 - SQP_GAIN_PERCENT)) {
		p->bad = 0;
		p->dwell_ns = p->least_dwell_ns;
	} else if (++p->bad >= SQP_BAD_WINDOWS || trial) {
		trial_failed(p);
	}
}

static void judge(struct sqp_policy *p, uint64_t now_ns)
{
	uint64_t elapsed_ns = now_ns - p->window_start_ns;
	uint64_t each_ns = (elapsed_ns - p->paused_ns) / (p->requests ? p->requests : 1);
	unsigned paused_percent = (unsigned)(p->paused_ns * 100 / elapsed_ns);

	begin_window(p, now_ns);
	if (!p->thread)
		judge_plain(p, elapsed_ns, each_ns, paused_percent);
	else
		judge_thread(p, each_ns, paused_percent > 2 * SQP_PAUSED_PERCENT);
}

bool sqp_policy_decide(struct sqp_policy *p, uint64_t now_ns, unsigned nr, bool asleep)
{
	if (now_ns - p->last_ns > SQP_PAUSE_NS)
		p->paused_ns += now_ns - p->last_ns;
	p->last_ns = now_ns;
	if (now_ns - p->window_start_ns >= SQP_WINDOW_NS)
		judge(p, now_ns);
	p->requests += nr;
	if (!p->thread)
		return false;
	if (!asleep)
		p->met_awake = true;
	else if (p->met_awake)		/* there was a gap as long as its idle period */
		leave_thread(p);
	return p->thread;
}
