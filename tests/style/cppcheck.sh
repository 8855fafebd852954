#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
. "$SQP_SOURCE/tests/style/lib.sh"
need git cppcheck

mapfile -t files < <(sources 'engine/*.c' 'bench/*.c' 'tests/*.c')
[ "${#files[@]}" -ge 10 ] || fail "found only ${files[*]}"
cppcheck -j "$(nproc)" --quiet --error-exitcode=1 --std=c11 --enable=warning,performance,portability \
	--inline-suppr --suppress=missingIncludeSystem --suppress=missingInclude --suppress=unknownMacro \
	-D_GNU_SOURCE -D__linux__ -D__x86_64__ -I engine -I bench "${files[@]}" || fail "cppcheck"
