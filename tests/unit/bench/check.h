/* SPDX-License-Identifier: GPL-2.0-only */
/* cmocka wants these before its own header. */
#ifndef BENCH_CHECK_H
#define BENCH_CHECK_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define assert_near(a, b, tolerance) assert_float_equal((float)(a), (float)(b), (float)(tolerance))

#endif
