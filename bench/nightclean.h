/* SPDX-License-Identifier: GPL-2.0-only */
/* What nights that were killed have left. */
#ifndef SQB_NIGHTCLEAN_H
#define SQB_NIGHTCLEAN_H

/* Removes the incomplete nights of OUT that no process works on: a night cannot go on at another time. How many. */
unsigned nightclean(const char *out);

#endif
