/* SPDX-License-Identifier: GPL-2.0-only */
/* Asks the running kernel what it can do, without a system call to io_uring_setup that fails. */
#ifndef SQP_ASK_H
#define SQP_ASK_H

#include "caps.h"

/*
 * The kernel's capabilities, asked once per process. Linux 6.18 is asked without a ring; before, a ring of one entry
 * without any flag is opened, asked and closed. 0, or -errno with the reason when not even that ring can be had (CFG
 * is what the caller is about to open; it is named in the reason). Any thread may call it.
 */
int sqp_ask_kernel(const struct sqp_config *cfg, struct sqp_caps *caps, struct sqp_why *why);

/* What the kernel said, for who wants to show it. 0 or -errno. */
int sqp_ask_once(struct sqp_said *said);

#endif
