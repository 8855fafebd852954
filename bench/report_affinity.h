/* SPDX-License-Identifier: GPL-2.0-only */
/* The page of `sqbench affinity`, from its document (affinity.json). */
#ifndef SQB_REPORT_AFFINITY_H
#define SQB_REPORT_AFFINITY_H

#include "page.h"

extern const struct page_kind report_affinity;

#endif
