/* SPDX-License-Identifier: GPL-2.0-only */
/* The page of how several jobs should share SQ threads. */
#ifndef SQB_REPORT_SHARE_H
#define SQB_REPORT_SHARE_H

#include "page.h"

extern const struct page_kind report_share;

#endif
