/* SPDX-License-Identifier: GPL-2.0-only */
/* The page of sqbench ring, from ring.json. */
#ifndef SQB_REPORT_RING_H
#define SQB_REPORT_RING_H

#include "page.h"

extern const struct page_kind report_ring;

#endif
