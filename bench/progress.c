// SPDX-License-Identifier: GPL-2.0-only
#include "progress.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "proc.h"

#define QUIET_S 2

static double eta_s(const struct progress *p)
{
	unsigned ran = p->done - p->first;
	double step = ran ? (p->step_start_s - p->start_s) / ran : p->step_s;

	return (p->total - p->done) * step - (proc_now_s() - p->step_start_s);
}

static void draw(struct progress *p)
{
	double left = eta_s(p);
	unsigned s = left > 0 ? (unsigned)(left + 0.5) : 0;
	/* Short work stays silent on a terminal. */
	bool short_work = proc_now_s() - p->start_s < QUIET_S && s < QUIET_S;

	if (p->tty && short_work)
		return;
	fprintf(stderr, "%s[%u/%u] %s, %u:%02u left%s", p->tty ? "\r\033[K" : "", p->done + 1, p->total,
		p->label, s / 60, s % 60, p->tty ? "" : "\n");
	p->shown = true;
}

void progress_start(struct progress *p, unsigned done, unsigned total, double step_s)
{
	memset(p, 0, sizeof(*p));
	p->tty = isatty(STDERR_FILENO);
	p->start_s = p->step_start_s = proc_now_s();
	p->step_s = step_s;
	p->first = p->done = done;
	p->total = total;
}

void progress_step(struct progress *p, const char *label)
{
	p->step_start_s = proc_now_s();
	snprintf(p->label, sizeof(p->label), "%s", label);
	draw(p);
}

void progress_tick(void *progress)
{
	struct progress *p = progress;

	if (p->tty)
		draw(p);
}

void progress_end(struct progress *p)
{
	if (p->tty && p->shown)
		fputs("\r\033[K", stderr);
}
