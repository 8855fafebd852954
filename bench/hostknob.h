/* SPDX-License-Identifier: GPL-2.0-only */
/* One setting of the kernel in /sys that a night changes: which there are, and how one is put back.
 * Nothing here allocates, so that a process that was forked for it may call it at any time. */
#ifndef SQB_HOSTKNOB_H
#define SQB_HOSTKNOB_H

#include <stdbool.h>
#include <stddef.h>

enum { HOSTKNOB_VALUE = 64, HOSTKNOB_PATH = 192 };

struct hostknob {
	char path[HOSTKNOB_PATH];	/* below SYSFS, "/sys" or a tree like it */
	char was[HOSTKNOB_VALUE];
	char set[HOSTKNOB_VALUE];
};

struct hostknob_kind {
	const char *what;
	const char *dir, *tail;		/* its path is DIR NAME TAIL */
	const char *name;		/* glob pattern, NULL: the target's disk */
	const char *value;		/* what a night wants */
	const char *missing;		/* why there is none */
};

enum { HOSTKNOB_KINDS = 2 };
extern const struct hostknob_kind hostknob_kinds[HOSTKNOB_KINDS];

/* The kind that PATH, below SYSFS, is of; NULL: it is none that a night ever sets. */
const struct hostknob_kind *hostknob_kind(const char *path);

/* One word, as all values are. */
bool hostknob_is_value(const char *value);

/* What it is now (of a list, the word in brackets); 0 or -errno. */
int hostknob_read(const char *sysfs, const char *path, char value[HOSTKNOB_VALUE]);

/* 0 when it reads back as VALUE; -EIO when it does not, else the kernel's -errno. */
int hostknob_write(const char *sysfs, const char *path, const char *value);

enum hostknob_end {
	HOSTKNOB_RESTORED,
	HOSTKNOB_SO_ALREADY,
	HOSTKNOB_CHANGED,	/* by somebody else meanwhile, so it was left */
	HOSTKNOB_FAILED,
};

/* Puts it back if it is still what we set. FOUND gets what it was before that, ERR the -errno of a failure. */
enum hostknob_end hostknob_restore(const char *sysfs, const struct hostknob *k, char found[HOSTKNOB_VALUE], int *err);

#endif
