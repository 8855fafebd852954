// SPDX-License-Identifier: GPL-2.0-only
#include "sharing.h"

#include <stdio.h>
#include <string.h>

unsigned sharing_threads(unsigned jobs, unsigned share)
{
	return share ? (jobs + share - 1) / share : 0;
}

/* Doubles from 1 to JOBS; faster where that would be too many. */
static unsigned sizes(unsigned *size, unsigned jobs)
{
	unsigned n = 0, doublings = 0, step;

	while (1U << doublings < jobs)
		doublings++;
	step = (doublings + SHARING_SIZES - 2) / (SHARING_SIZES - 1);
	for (unsigned i = 0; i < doublings; i += step)
		size[n++] = 1U << i;
	size[n++] = jobs;
	return n;
}

static void add(struct sharing_way *w, unsigned jobs, unsigned share, bool placed)
{
	unsigned n = sharing_threads(jobs, share);

	*w = (struct sharing_way){ .share = share, .placed = placed };
	if (!share)
		snprintf(w->name, sizeof(w->name), "plain io_uring");
	else
		snprintf(w->name, sizeof(w->name), "%u SQ thread%s%s", n, n == 1 ? "" : "s", placed ? ", placed" : "");
	if (!share)
		snprintf(w->options, sizeof(w->options), "ioengine=io_uring\nthread=1\ngroup_reporting=1\n");
	else
		snprintf(w->options, sizeof(w->options), "ioengine=sqpoll\nthread=1\ngroup_reporting=1\nsq_share=%u\n", share);
	w->engine = share ? PREDICT_SHARED : PREDICT_OTHER_JOBS;
}

/* Jobs on several CPUs have no place that is near to all, so the engine takes a number only for a thread that they share. */
static void place(struct sharing_way *w, int cpu, const char *others)
{
	size_t n = strlen(w->options);

	if (w->share == 1)
		snprintf(w->options + n, sizeof(w->options) - n, "sq_thread_cpu=auto\n");
	else
		snprintf(w->options + n, sizeof(w->options) - n, "sq_thread_cpu=%d\ncpus_allowed=%s\n", cpu, others);
	w->engine = w->share == 1 ? PREDICT_SHARED : PREDICT_SHARED_ALONE;
}

unsigned sharing_plan(struct sharing_way *w, unsigned jobs, int cpu, const char *others)
{
	unsigned size[SHARING_SIZES], n = sizes(size, jobs), ways = 0;

	add(&w[ways++], jobs, 0, false);
	for (unsigned i = 0; i < n; i++)
		add(&w[ways++], jobs, size[i], false);
	add(&w[ways], jobs, size[0], true);
	place(&w[ways++], cpu, others);
	if (!*others)
		return ways;
	add(&w[ways], jobs, size[n - 1], true);
	place(&w[ways++], cpu, others);
	return ways;
}
