/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Run directories: OUT/runs/.ID.tmp while being written, OUT/runs/ID once whole. Files are written once. What store_commit() made complete, and every directory on the
 * way to it, is on the disk when it returns: a run that was reported as stored survives a power loss.
 */
#ifndef SQB_STORE_H
#define SQB_STORE_H

#include <jansson.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>

#include "why.h"

struct run {
	char id[64];
	char dir[PATH_MAX];	/* where files go now */
	char final[PATH_MAX];	/* where the directory is renamed to by store_commit */
	int lock_fd;
};

/* Whole file as a string, NULL with WHY. */
char *store_read(const char *path, struct why *why);

/* Written beside PATH, synced, renamed, and its directory synced: PATH is whole or absent, and after 0 it stays there. */
int store_write(const char *path, const char *text, struct why *why);
int store_write_json(const char *path, const json_t *doc, struct why *why);

/* A document of ours; one whose `schema` is newer than what this program knows is refused. */
json_t *store_read_json(const char *path, struct why *why);

/* A text that is put together before any of it is written. store_draft() opens D->f; store_draft_keep() closes it, writes DIR/NAME
 * unless RC, and returns RC or the error of writing. */
struct draft {
	FILE *f;
	char *text;
	size_t size;
};
int store_draft(struct draft *d, struct why *why);
int store_draft_keep(struct draft *d, int rc, const char *dir, const char *name, struct why *why);

/* Syncs PATH, a directory or a file. */
int store_sync(const char *path, struct why *why);

/*
 * Syncs the file system of DIR, and so all that is in DIR, whoever wrote it. A night leaves two thousand files; synced one by one, each costs the disk a flush (4 ms here; all of
 * them at once took 20).
 */
int store_sync_all(const char *dir, struct why *why);

/* mkdir -p; what it made stays there after a power loss. */
int store_mkdirs(const char *path, struct why *why);

/* DIR/NAME in OUT of SIZE bytes; -ENAMETOOLONG when it does not fit. */
int store_path(char *out, size_t size, const char *dir, const char *name);

/* Removes DIR and all below it; what is not there is fine. */
void store_remove(const char *dir);

/* The same, but DIR stays. */
void store_empty(const char *dir);

/* Does NAME look like a run's id? */
bool store_is_id(const char *name);

/* Files of a run: NAME's path into OUT of PATH_MAX bytes; whether it is there; what it holds; DOC, which is dropped, into it. */
int store_in_run(char *out, const struct run *run, const char *name, struct why *why);
bool store_kept(const struct run *run, const char *name);
json_t *store_load(const struct run *run, const char *name, struct why *why);
int store_keep(const struct run *run, const char *name, json_t *doc, struct why *why);

/* Both or the first error; both are dropped. */
int store_keep_both(const struct run *run, const char *name, json_t *doc, const char *other_name, json_t *other, struct why *why);

/* How a run begins whose settings are in its command line: run.json, with the time of store_time(), and env.json; ENV is dropped. */
int store_keep_start(const struct run *run, const char *kind, const char *created, const char *command, const char *job, json_t *env, struct why *why);

int store_create(struct run *run, const char *out, const char *kind, struct why *why);

/* Opens the incomplete run ID to go on; fails when it is complete, absent, or another process has it. */
int store_resume(struct run *run, const char *out, const char *id, struct why *why);

/* Renames the directory HIDDEN to WHOLE, which is not there: all in it is synced before, and its new name after. */
int store_complete(const char *hidden, const char *whole, struct why *why);

/* Makes the run complete, with store_complete(). */
int store_commit(struct run *run, struct why *why);

/* Gives up the lock and forgets the run; what is on disk stays. */
void store_close(struct run *run);

/* All runs below OUT, oldest first: array of {id, kind, created, job, cells_done, cells, state, exit}. */
json_t *store_list(const char *out, struct why *why);

/* Ids of those that are complete, oldest first, without a look into them. */
json_t *store_ids(const char *out, struct why *why);

/* Now in UTC, as 2026-01-31T12:34:56Z. */
void store_time(char *out, size_t size);

#endif
