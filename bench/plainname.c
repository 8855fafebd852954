// SPDX-License-Identifier: GPL-2.0-only
#include "plainname.h"

#include <errno.h>
#include <string.h>

#define ALNUM "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

int plainname_check(const char *where, const char *name, const char *of, struct why *why)
{
	size_t len = strlen(name);

	if (len <= PLAINNAME_MAX && strspn(name, ALNUM) && strspn(name, ALNUM "._-") == len)
		return 0;
	return why_set(why, -EINVAL, "%s: \"%.100s\" cannot name %s: use up to %d letters, digits, dots, dashes and underscores, a letter or digit first", where, name, of, PLAINNAME_MAX);
}
