/* SPDX-License-Identifier: GPL-2.0-only */
/* The page of a night: what got slower or faster and since when, trends, all cells. */
#ifndef SQB_REPORT_NIGHT_H
#define SQB_REPORT_NIGHT_H

#include "page.h"

extern const struct page_kind report_night;

#endif
