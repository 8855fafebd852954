/* SPDX-License-Identifier: GPL-2.0-only */
/* cmocka wants these four before itself. */
#ifndef SQP_UNIT_H
#define SQP_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#define assert_contains(text, part) assert_non_null(strstr(text, part))

#endif
