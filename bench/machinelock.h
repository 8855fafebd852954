/* SPDX-License-Identifier: GPL-2.0-only */
/* One night at a time on a machine, whoever runs it and wherever its results go. */
#ifndef SQB_MACHINELOCK_H
#define SQB_MACHINELOCK_H

#include "why.h"

#define MACHINELOCK_NAME "sqbench-nightly.lock"

struct machinelock {
	int fd;		/* -1: not held */
};

/* Takes the lock (flock on a file in DIR; NULL: /run/lock, or /tmp where that cannot be used), waiting WAIT_S seconds at most. The kernel drops it
 * with this process, and no program that it starts has it. -EBUSY: another night holds it, and WHY says which; -EINTR: proc_interrupted();
 * other errors with WHY. */
int machinelock_take(struct machinelock *l, const char *dir, double wait_s, struct why *why);

/* What is not held is fine. The file stays: to remove it would let two in. */
void machinelock_drop(struct machinelock *l);

#endif
