/* SPDX-License-Identifier: GPL-2.0-only */
/* Other hosts, reached through fio's own client and server. A host is an address as fio's --client takes it. */
#ifndef SQB_REMOTE_H
#define SQB_REMOTE_H

#include <jansson.h>
#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

#include "fio.h"
#include "plainname.h"
#include "proc.h"
#include "why.h"

enum {
	REMOTE_ADDRESS_MAX = 255,
	REMOTE_CONNECT_S = 5,	/* to a server that does not answer */
	REMOTE_CHECK_S = 30,	/* a whole remote_check() beyond that */
	/* How much longer than its job a client may take: fio's own says after 42 s of silence that its server is gone, if the job had begun; else never. */
	REMOTE_PATIENCE_S = 60,
};

struct remote_host {
	char name[PLAINNAME_MAX + 1];
	char address[REMOTE_ADDRESS_MAX + 1];
	char *target;		/* file or device on that host, NULL: the file does not say */
	size_t line;
};

struct remote_hosts {
	struct remote_host *host;
	size_t n;
};

/*
 * The hosts of file PATH: `NAME ADDRESS [TARGET]` a line, with blanks or tabs between them; # begins a comment, TARGET goes to the end of the line. NAME is one for
 * plainname_check() and is there once, and so is ADDRESS. 0 with at least one host; -errno, or -EINVAL with WHY: file, line, what, and the cure.
 * H is to be freed in any case.
 */
int remote_hosts_load(struct remote_hosts *h, const char *path, struct why *why);
void remote_hosts_free(struct remote_hosts *h);

/* Is it `[ip:|ip4:|ip6:]HOST[,PORT]` or `sock:PATH`? 0 or -EINVAL with WHY, which begins with NAME. */
int remote_address_check(const char *name, const char *address, struct why *why);

/* fio's client would wait for minutes or for ever: does something take a connection, within TIMEOUT_S? 0, or -errno with WHY, which begins with NAME. */
int remote_connect(const char *name, const char *address, double timeout_s, struct why *why);

/*
 * A command line: FIO as client of ADDRESS runs JOB_PATH there, what a local fio would print goes to OUTPUT_PATH, everything the host said first, then JSON. Options that
 * fio's client passes on are behind --client and those that it keeps before: --output behind it would be written by the server. What JOB_PATH has in ${} is replaced here. A job's `stats_file=client:` sends
 * the engine's statistics. Use A->argv for struct proc, with a time-out of REMOTE_PATIENCE_S beyond the job's time, and ask remote_outcome() how it ended. 0 or -ENAMETOOLONG with WHY.
 */
struct remote_args {
	char client[REMOTE_ADDRESS_MAX + 16];
	char format[48];
	char output[PATH_MAX + 16];
	char job[PATH_MAX];
	char *argv[8];
};

int remote_args(struct remote_args *a, const struct fio *fio, const char *address, const char *format, bool writes, const char *output_path,
		const char *job_path, struct why *why);

/*
 * How did a client of host NAME end that printed OUTPUT? 0 when there are results of all its jobs and none has an error. -EIO with one line in WHY otherwise: that the host died or hangs, is no fio server,
 * or another version of it, has no engine, or what fio or the engine said first.
 */
int remote_outcome(const char *name, const char *output, const struct proc_end *end, struct why *why);

/*
 * The engine's statistics lines in OUTPUT, one JSON object a line as in a statistics file, empty text when there are none; the caller frees it. NULL without memory.
 */
char *remote_stats(const char *output);

/*
 * Can a night run on H, whose target is TARGET? The server answers, is the same fio, has this engine, and can read TARGET: that reads 4 KiB there. 0 with what is known of the host in *ENV, as env_collect() has it
 * of this one, what is not null with its reason, and `remote`, the address; -errno with WHY. Takes REMOTE_CONNECT_S + REMOTE_CHECK_S at most.
 */
int remote_check(const struct fio *fio, const struct remote_host *h, const char *target, json_t **env, struct why *why);

#endif
