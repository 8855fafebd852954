/* SPDX-License-Identifier: GPL-2.0-only */
/* The options of sqbench versus. */
#ifndef SQB_VERSUSARGS_H
#define SQB_VERSUSARGS_H

#include "cmd.h"
#include "versusplan.h"

struct versus_args {
	struct cmd_common common;
	const char *file;
	struct versus_spec spec;
	const struct versus_row *row[VERSUS_SPEC_MAX];	/* instead of the cells of SPEC */
	unsigned rows;
	bool allow_write;
};

/* Exits with EXIT_USAGE after one line when they make no sense. */
void versus_args_parse(int argc, char **argv, struct versus_args *a);

#endif
