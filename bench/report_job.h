/* SPDX-License-Identifier: GPL-2.0-only */
/* The page of `sqbench tune JOB.fio`, from its document (job.json). */
#ifndef SQB_REPORT_JOB_H
#define SQB_REPORT_JOB_H

#include "page.h"

extern const struct page_kind report_job;

#endif
