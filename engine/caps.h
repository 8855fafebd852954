/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the running kernel can do, concluded from what it says of itself. Never from its version number, which
 * distributions make meaningless, and never from a setup that fails. Pure; ask.h asks the kernel.
 */
#ifndef SQP_CAPS_H
#define SQP_CAPS_H

#include "config.h"

struct sqp_said {
	uint64_t features;		/* IORING_FEAT_* of any ring */
	int last_op;			/* by IORING_REGISTER_PROBE; -1: not told (before Linux 5.6) */
	bool exact;			/* IORING_REGISTER_QUERY answered: the masks below are the whole truth */
	uint64_t setup_flags;		/* IORING_SETUP_* */
	uint64_t enter_flags;		/* IORING_ENTER_* */
};

struct sqp_caps {
	uint64_t setup_flags;		/* the IORING_SETUP_* of those that the engine may set which this kernel surely knows */
	bool register_ring;		/* a task may register a ring's descriptor and enter by its index */
};

/* From what the kernel said to what it can do. A flag whose presence cannot be told for sure counts as missing. */
void sqp_caps_conclude(const struct sqp_said *said, struct sqp_caps *caps);

/* 0 when CAPS has all of FLAGS (IORING_SETUP_*), else -EOPNOTSUPP; WHY then names the first that is missing, the option
 * that asked for it and the Linux that brought it. RELEASE: that of the running kernel. */
int sqp_caps_check(const struct sqp_caps *caps, uint64_t flags, const char *release, struct sqp_why *why);

#endif
