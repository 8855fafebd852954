/* SPDX-License-Identifier: GPL-2.0-only */
/* From an errno of the kernel to a line that names the likely cause and the cure. */
#ifndef SQP_EXPLAIN_H
#define SQP_EXPLAIN_H

#include "config.h"

#include <stddef.h>

/* What bears on a refusal, gathered by sqp_explain_gather() or made up by a test. */
struct sqp_machine {
	unsigned kernel_major, kernel_minor;
	char release[96];
	int io_uring_disabled;		/* sysctl, -1: this kernel has none */
	bool seccomp;			/* a filter is installed */
	uint64_t memlock_bytes;		/* soft limit, UINT64_MAX: unlimited */
};

void sqp_explain_gather(struct sqp_machine *m);

/* io_uring_setup of CFG failed with ERR (-errno) on machine M. */
void sqp_explain_setup_on(struct sqp_why *why, int err, const struct sqp_config *cfg, const struct sqp_machine *m);

/* The same on this machine. */
void sqp_explain_setup(struct sqp_why *why, int err, const struct sqp_config *cfg);

/* Registering BYTES of fixed buffers, in NR pieces, failed with ERR. */
void sqp_explain_buffers(struct sqp_why *why, int err, unsigned nr, uint64_t bytes, const struct sqp_machine *m);

#endif
