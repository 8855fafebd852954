#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Question: does scripts/quickstart get from here to a report, and refuse what it must?
# shellcheck source=tests/lib.sh
. "$SQP_SOURCE/tests/lib.sh" || exit 1
need fio gnuplot

expect_fail 'not part of this version' "$SQP_SOURCE/scripts/quickstart" --lab
rc=0
"$SQP_SOURCE/scripts/quickstart" --lab >/dev/null 2>&1 || rc=$?
[ "$rc" -eq 3 ] || fail "--lab: exit $rc"
expect_fail 'unknown argument' "$SQP_SOURCE/scripts/quickstart" --frob
expect_fail 'needs a value' "$SQP_SOURCE/scripts/quickstart" --out
[ "$(basename "$SQP_BUILD")" = release ] || skip "only the release build is what quickstart builds"
cd "$WORK" || fail "$WORK"
"$SQP_SOURCE/scripts/quickstart" --out out --budget 40 >"$WORK/o" 2>"$WORK/e" || fail "quickstart: $(tail -n 3 "$WORK/e")"
[ -e "$(tail -n 2 "$WORK/o" | sed -n 's/^report: //p')" ] || fail "no report: $(cat "$WORK/o")"
tail -n 1 "$WORK/o" | grep -q '^recommend: ' || fail "no recommendation: $(cat "$WORK/o")"
[ -z "$(find out -name 'scratch*')" ] || fail "the scratch file is left"
