/* SPDX-License-Identifier: GPL-2.0-only */
/* The one sentence that says what failed, on what, the likely cause and the cure. */
#ifndef SQB_WHY_H
#define SQB_WHY_H

#include <stdarg.h>
#include <stdio.h>

struct why {
	char text[640];
};

/* Fills WHY (which may be NULL) and returns RC, so that a function can fail in one line. */
__attribute__((format(printf, 3, 4))) static inline int why_set(struct why *why, int rc,
								const char *fmt, ...)
{
	va_list ap;

	if (!why)
		return rc;
	va_start(ap, fmt);
	vsnprintf(why->text, sizeof(why->text), fmt, ap);
	va_end(ap);
	return rc;
}

#endif
