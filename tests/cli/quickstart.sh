#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Question: does scripts/quickstart get from here to a report, and refuse what it must?
# shellcheck source=tests/lib.sh
. "$SQP_SOURCE/tests/lib.sh" || exit 1
need fio gnuplot

# refused PATTERN ARGS...: bad usage, before anything is installed or built
refused() {
	local rc=0
	"$SQP_SOURCE/scripts/quickstart" "${@:2}" --out "$WORK/none" >"$WORK/o" 2>"$WORK/e" </dev/null || rc=$?
	[ "$rc" -eq 2 ] || fail "quickstart ${*:2}: exit $rc, not 2"
	grep -Eq -- "$1" "$WORK/e" || fail "quickstart ${*:2}: said $(cat "$WORK/e")"
	[ "$(cat "$WORK/o" "$WORK/e" | wc -l)" -eq 1 ] || fail "quickstart ${*:2}: more than one line"
	[ ! -e "$WORK/none" ] || fail "quickstart ${*:2}: wrote something"
}

refused 'drive of its own' --lab --device /dev/null
refused 'drive of its own' --file "$WORK/data" --lab
refused 'add --lab' --kernel 6.1
refused 'has no NVMe' --lab --kernel 5.10-uml
expect_fail 'unknown argument' "$SQP_SOURCE/scripts/quickstart" --frob
expect_fail 'needs a value' "$SQP_SOURCE/scripts/quickstart" --out
[ "$(basename "$SQP_BUILD")" = release ] || skip "only the release build is what quickstart builds"
cd "$WORK" || fail "$WORK"
"$SQP_SOURCE/scripts/quickstart" --out out --budget 40 >"$WORK/o" 2>"$WORK/e" || fail "quickstart: $(tail -n 3 "$WORK/e")"
[ -e "$(tail -n 2 "$WORK/o" | sed -n 's/^report: //p')" ] || fail "no report: $(cat "$WORK/o")"
tail -n 1 "$WORK/o" | grep -q '^recommend: ' || fail "no recommendation: $(cat "$WORK/o")"
[ -z "$(find out -name 'scratch*')" ] || fail "the scratch file is left"
