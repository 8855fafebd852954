#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# tidy.sh CHECKS: on top of those of .clang-tidy
. "$SQP_SOURCE/tests/style/lib.sh"
need git clang-tidy

[ -f "$SQP_BUILD/compile_commands.json" ] || fail "$SQP_BUILD has no compile_commands.json"
mapfile -t files < <(sources 'engine/*.c' 'bench/*.c')
[ "${#files[@]}" -ge 10 ] || fail "found only ${files[*]}"
# One file per run: with several, clang-tidy 14 sees uninitialised va_lists where there are none.
printf '%s\0' "${files[@]}" | xargs -0 -n 1 -P "$(nproc)" clang-tidy -p "$SQP_BUILD" --quiet --checks="$1" \
	>"$WORK/out" 2>"$WORK/err" || { cat "$WORK/out"; grep -v 'warnings generated' "$WORK/err"; fail "clang-tidy"; }
