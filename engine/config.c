// SPDX-License-Identifier: GPL-2.0-only
#include "config.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

int sqp_why(struct sqp_why *why, int err, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(why->text, sizeof(why->text), fmt, ap);
	va_end(ap);
	return err;
}

int sqp_config_check(const struct sqp_config *cfg, struct sqp_why *why)
{
	if (cfg->depth == 0 || cfg->depth > SQP_MAX_DEPTH)
		return sqp_why(why, -EINVAL,
			       "iodepth=%u: io_uring takes 1 to %d entries a ring; lower iodepth and raise numjobs instead",
			       cfg->depth, SQP_MAX_DEPTH);
	if (cfg->idle_ms > SQP_MAX_IDLE_MS)
		return sqp_why(why, -EINVAL,
			       "sq_thread_idle=%u is out of range 0..%d ms; 0 is the kernel's default of 1000 ms",
			       cfg->idle_ms, SQP_MAX_IDLE_MS);
	if (cfg->stall_ms == 0)
		return sqp_why(why, -EINVAL, "stall_ms=0: the watchdog needs a period of at least 1 ms; leave it out for 30000");
	if (cfg->hybrid && !cfg->hipri)
		return sqp_why(why, -EINVAL, "hybrid=1 makes polling sleep for a while first, and there is no polling without hipri; add hipri or leave out hybrid");
	return 0;
}
