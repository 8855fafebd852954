/* SPDX-License-Identifier: GPL-2.0-only */
/* The command line of sqbench nightly. */
#ifndef SQB_NIGHTARGS_H
#define SQB_NIGHTARGS_H

#include "cmd.h"
#include "night.h"

struct night_args {
	struct cmd_common common;
	const char *suite, *target, *host, *summary, *junit, *client, *hosts;
	double budget_min, wait_min;
	unsigned size_mib;
	struct night_rounds rounds;
	bool allow_write, precondition, keep_host, restore;
};

/* Fills A, defaults first. A usage error ends the program. */
void night_args_parse(int argc, char **argv, struct night_args *a);

#endif
