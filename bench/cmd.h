/* SPDX-License-Identifier: GPL-2.0-only */
/* What the commands share: exit codes, one-line errors. */
#ifndef SQB_CMD_H
#define SQB_CMD_H

#include <argp.h>
#include <jansson.h>
#include <stdbool.h>

#include "why.h"

enum {
	EXIT_DONE = 0,
	EXIT_FAILED = 1,	/* a failed expectation */
	EXIT_USAGE = 2,
	EXIT_CANNOT = 3,	/* the machine cannot do it: reason and cure were printed */
	EXIT_INTERRUPTED = 130,
};

/* This program as it was called, for commands that a message tells to run. */
extern const char *cmd_program;

int cmd_preflight(int argc, char **argv);
int cmd_run(int argc, char **argv);
int cmd_list(int argc, char **argv);
int cmd_tune(int argc, char **argv);
int cmd_affinity(int argc, char **argv);
int cmd_report(int argc, char **argv);
int cmd_predict(int argc, char **argv);
int cmd_versus(int argc, char **argv);
int cmd_compare(int argc, char **argv);
int cmd_ring(int argc, char **argv);
int cmd_change(int argc, char **argv);
int cmd_gate(int argc, char **argv);
int cmd_nightly(int argc, char **argv);
int cmd_history(int argc, char **argv);
int cmd_import(int argc, char **argv);

/* Prints "sqbench COMMAND: WHY" and returns CODE. */
int cmd_fail(int code, const char *command, const struct why *why);

/* What most commands take. It is the first member of their input to argp; their parser ends in cmd_parse_common(). */
struct cmd_common {
	const char *out, *fio, *engine_dir;
	bool json;
};

#define CMD_OPTION_OUT(help) { "out", 'o', "DIR", 0, help " (default: results)", 0 }
#define CMD_OPTION_JSON(help) { "json", 'j', NULL, 0, help, 0 }
#define CMD_OPTIONS_FIO                                                           \
	{ "fio", 'f', "PATH", 0, "The fio to use (default: from PATH)", 0 },      \
	{ "engine-dir", 'e', "DIR", 0, "Directory of the engine file 'sqpoll'", 0 }

#define CMD_OPTION_DEFINE { "define", 'D', "NAME=VALUE", 0, "Set ${NAME} of the job file", 0 }

/* ARG of -D into the environment, where fio looks for it; no NAME=VALUE is a usage error. */
void cmd_define(struct argp_state *state, char *arg);

error_t cmd_parse_common(int key, char *arg, struct argp_state *state);

/* Parses and, on a usage error, exits with EXIT_USAGE after one line. */
void cmd_parse(const struct argp *argp, int argc, char **argv, void *input);

/* ARG of --NAME as a number from MIN to MAX; anything else is a usage error. */
unsigned cmd_number(struct argp_state *state, const char *arg, const char *name, unsigned min, unsigned max);
double cmd_real(struct argp_state *state, const char *arg, const char *name, double min, double max);

/* LIST (which is changed) of --NAME: up to ROOM such numbers, separated by commas, into OUT; how many. */
unsigned cmd_numbers(struct argp_state *state, char *list, const char *name, unsigned *out, unsigned room, unsigned min,
		     unsigned max);

/* The command as one line that a shell takes back, to be freed; NULL without memory. */
char *cmd_line(int argc, char **argv);

/* Pretty-prints DOC on stdout and drops it. */
void cmd_print_json(json_t *doc);

#endif
