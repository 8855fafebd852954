// SPDX-License-Identifier: GPL-2.0-only
#include "controls.h"

#include <stdio.h>
#include <string.h>

/* Since 5.12 the SQ thread is one of the task's threads, and its CPU time the task's. */
enum { VERSION_VISIBLE = 5012 };

unsigned controls_batch(unsigned iodepth)
{
	unsigned half = iodepth / 2;

	return half < CONTROL_BATCH_MAX ? half : CONTROL_BATCH_MAX;
}

enum control controls_present(const struct jobscan *s)
{
	if (!strcmp(s->engine, "libaio"))
		return CONTROL_LIBAIO;
	if (strcmp(s->engine, "io_uring"))
		return CONTROL_AS_IS;
	return s->sqthread_poll ? CONTROL_STOCK : CONTROL_PLAIN;
}

static bool hides_sq_cpu(const char *release)
{
	unsigned major, minor;

	return release && sscanf(release, "%u.%u", &major, &minor) == 2 && major * 1000 + minor < VERSION_VISIBLE;
}

static void leave_out(struct control_way *c, bool yes, const char *reason)
{
	if (yes && !*c->absent)
		snprintf(c->absent, sizeof(c->absent), "%s", reason);
}

void controls_make(struct control_way c[CONTROLS], const struct jobscan *s, const struct control_host *host)
{
	static const struct control_way all[CONTROLS] = {
		[CONTROL_PLAIN] = { { "plain", NULL, PREDICT_OTHER }, "plain io_uring", false, "ioengine=io_uring\n", "" },
		[CONTROL_BATCHED] = { { "batched", NULL, PREDICT_BATCHED }, "io_uring with batches", false, "", "" },
		[CONTROL_LIBAIO] = { { "libaio", NULL, PREDICT_FOREIGN }, "libaio", false, "ioengine=libaio\n", "" },
		[CONTROL_IOPOLL] = { { "iopoll", NULL, PREDICT_OTHER }, "io_uring with hipri=1", false, "ioengine=io_uring\nhipri=1\n", "" },
		[CONTROL_STOCK] = { { "stock", NULL, PREDICT_OTHER }, "io_uring with sqthread_poll=1", true, "ioengine=io_uring\nsqthread_poll=1\nregisterfiles=1\n", "" },
		[CONTROL_ADAPTIVE] = { { "adaptive", NULL, PREDICT_OURS }, "sq_wake=adaptive", true, "ioengine=sqpoll\nsq_wake=adaptive\n", "" },
		[CONTROL_AS_IS] = { { "as it is", NULL, PREDICT_AS_IS }, "the job as it is", false, "", "" },
	};
	unsigned batch = controls_batch(s->iodepth);

	memcpy(c, all, sizeof(all));
	for (unsigned i = 0; i < CONTROLS; i++)
		c[i].way.options = c[i].options;
	snprintf(c[CONTROL_BATCHED].options, sizeof(c->options), "ioengine=io_uring\niodepth_batch_submit=%u\niodepth_batch_complete_min=%u\n", batch, batch);
	if (*s->sq_cpu)
		snprintf(c[CONTROL_STOCK].options + strlen(c[CONTROL_STOCK].options), sizeof(c->options) - strlen(c[CONTROL_STOCK].options), "sqthread_poll_cpu=%s\n",
			 s->sq_cpu);
	if (s->sqpoll) {
		c[CONTROL_AS_IS].way.engine = PREDICT_AS_IS_OURS;
		c[CONTROL_AS_IS].sqpoll = true;
	}
	leave_out(&c[CONTROL_BATCHED], batch < 2, "a queue of fewer than 4 requests has nothing to batch");
	leave_out(&c[CONTROL_BATCHED], s->paced || s->thinks, "the job sends requests at times of its own: to wait for a batch would delay them");
	leave_out(&c[CONTROL_IOPOLL], !host->polls, "the target's device does not poll for completions (queue/io_poll), or the job is not direct");
	leave_out(&c[CONTROL_STOCK], s->replays, "with sqthread_poll it cannot replay a log");
	leave_out(&c[CONTROL_STOCK], hides_sq_cpu(host->kernel), "before Linux 5.12 the CPU time of its SQ thread cannot be seen");
	leave_out(&c[CONTROL_AS_IS], controls_present(s) != CONTROL_AS_IS, "the job is one of the other ways");
}
