/* SPDX-License-Identifier: GPL-2.0-only */
/* The same night on many hosts at once, and what they say together. */
#ifndef SQB_NIGHTFLEET_H
#define SQB_NIGHTFLEET_H

#include "nightargs.h"

/* sqbench nightly --hosts: the exit code. */
int nightfleet(const struct night_args *a, const char *command);

#endif
