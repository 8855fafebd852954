/* SPDX-License-Identifier: GPL-2.0-only */
/* The environment of a run as data. What cannot be learnt is null, with the reason under "reasons". */
#ifndef SQB_ENV_H
#define SQB_ENV_H

#include <jansson.h>
#include <stdbool.h>

#include "fio.h"
#include "why.h"

/* Ticks per second; 0 when unknown. SOURCE (may be NULL) says where it was read. */
unsigned env_hz(const char **source);

/* CPUs this process may run on; fio's list of all of them but EXCEPT into LIST when it is not NULL. */
unsigned env_cpus_allowed(int except, char *list, size_t size);
bool env_cpu_allowed(int cpu);

/* Share of CPU time the hypervisor gave to others between two env_collect, percent; NaN if unknown. */
double env_steal_pct(const json_t *before, const json_t *after);

/* What happened to the machine between the two: {steal_pct, cpu_mhz_before, cpu_mhz_after, throttled (times heat slowed CPUs down)}; null: not told. */
json_t *env_host_json(const json_t *before, const json_t *after);

/* Interrupts since boot of DEVICE's I/O queues, a whole disk's name in /sys/block; NaN where /proc/interrupts does not
 * tell them from others' (all but NVMe). */
double env_interrupts(const char *device);

/* FIO and TARGET may be NULL. */
json_t *env_collect(const struct fio *fio, const char *target);

/* The same as a run's end.json: that it ended well, too. */
json_t *env_at_end(const struct fio *fio);

/* Whether direct 4k reads of PATH work. */
bool env_direct_works(const char *path);

#endif
