/* SPDX-License-Identifier: GPL-2.0-only */
/* Where fio, our engine and our data files are. */
#ifndef SQB_FIO_H
#define SQB_FIO_H

#include <limits.h>
#include <stdbool.h>

#include "why.h"

struct fio {
	const char *bin;
	char version[64];
	char engine_dir[PATH_MAX];	/* empty: where fio looks by itself */
};

/* BIN and ENGINE_DIR may be NULL: fio from PATH, the engine beside this program's build or installed. */
int fio_find(struct fio *fio, const char *bin, const char *engine_dir, struct why *why);

/* Asks fio for the engine's help. */
int fio_engine_loads(const struct fio *fio, struct why *why);

/* The first that the engine, or else fio, complains of in PATH, what fio printed; false when there is nothing. */
bool fio_complaint(const char *path, char *out, size_t size);

/* For struct proc's lib_dir. */
const char *fio_lib_dir(const struct fio *fio);

/* NAME relative to the directory of this program. */
int fio_beside_program(char *out, size_t size, const char *name);

#endif
