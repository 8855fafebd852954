/* SPDX-License-Identifier: GPL-2.0-only */
/* The page of a fleet's night: hosts, what all drives of a model did, who differs from its peers. */
#ifndef SQB_REPORT_FLEET_H
#define SQB_REPORT_FLEET_H

#include "page.h"

extern const struct page_kind report_fleet;

#endif
