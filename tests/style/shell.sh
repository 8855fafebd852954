#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
. "$SQP_SOURCE/tests/style/lib.sh"
need git shellcheck

mapfile -t files < <(shell_scripts)
[ "${#files[@]}" -ge 10 ] || fail "found only ${files[*]}"
# SC1091: the path of a sourced file is known at run time only. SC2016: programs for jq, awk and
# inner shells stand in single quotes.
shellcheck -x --source-path=SCRIPTDIR --source-path="$SQP_SOURCE" -e SC1091,SC2016 "${files[@]}" || fail "shellcheck"
