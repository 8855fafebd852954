/* SPDX-License-Identifier: GPL-2.0-only */
/* What the parts of the index share: its database, and how it is brought up to date. */
#ifndef SQB_RUNINDEX_DB_H
#define SQB_RUNINDEX_DB_H

#include <limits.h>
#include <sqlite3.h>

#include "why.h"

struct runindex_db {
	sqlite3 *sql;
	char path[PATH_MAX];
};

/* Text that makes the tables of an empty database, with its user_version. */
extern const char runindex_schema[];
enum { RUNINDEX_VERSION = 3 };

/* -EIO with what SQLite says, and the cure. */
int runindex_failed(const struct runindex_db *db, struct why *why);

int runindex_execute(const struct runindex_db *db, const char *sql, struct why *why);

/* NULL when it cannot be prepared, for runindex_failed(). */
sqlite3_stmt *runindex_prepare(const struct runindex_db *db, const char *sql);

/* Adds the runs below OUT that are new and forgets those that are gone, in one transaction. */
int runindex_update(struct runindex_db *db, const char *out, struct why *why);

#endif
