/* SPDX-License-Identifier: GPL-2.0-only */
/* Preflight: each check is data {id, status, value, advice}. */
#ifndef SQB_CHECKS_H
#define SQB_CHECKS_H

#include <jansson.h>

#include "fio.h"

/* Runs all checks on ENV (from env_collect). FIO NULL: fio was not found, FIO_WHY says why. */
json_t *checks_run(const json_t *env, const struct fio *fio, const struct why *fio_why);

/* How many of CHECKS have STATUS ("ok", "warn", "fail"). */
unsigned checks_count(const json_t *checks, const char *status);

#endif
