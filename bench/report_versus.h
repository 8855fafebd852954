/* SPDX-License-Identifier: GPL-2.0-only */
/* The page of sqbench versus, from versus.json. */
#ifndef SQB_REPORT_VERSUS_H
#define SQB_REPORT_VERSUS_H

#include "page.h"

extern const struct page_kind report_versus;

#endif
