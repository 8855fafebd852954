/* SPDX-License-Identifier: GPL-2.0-only */
/* Names of cells and of hosts: each is part of a file's name, a word on a command line and a word in a file. Pure. */
#ifndef SQB_PLAINNAME_H
#define SQB_PLAINNAME_H

#include "why.h"

enum { PLAINNAME_MAX = 63 };

/*
 * Has NAME 1 to PLAINNAME_MAX of the letters and digits of ASCII, dots, dashes and underscores, a letter or digit first? 0, or -EINVAL with WHY, which begins with WHERE and says what
 * is allowed; OF is what has the name ("a cell").
 */
int plainname_check(const char *where, const char *name, const char *of, struct why *why);

#endif
