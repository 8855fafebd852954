#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Question: can the staircase check tell a staircase from anything else?
# Expected: it accepts the law's own data and refuses every fabricated departure from it.
# Wrong if: it accepts a smooth line, even one that stays inside every step.
. "${SQP_SOURCE:?is set by ctest}/tests/lib.sh"

check=$SQP_BUILD/tests/lab/staircase_check
fixtures=$SQP_SOURCE/tests/lab/fixtures

judged() { # judged EXIT FIXTURE REASON: it ends with EXIT and says REASON
	local rc=0
	"$check" <"$fixtures/staircase-$2.kv" >"$WORK/out" || rc=$?
	[ "$rc" -eq "$1" ] || fail "staircase-$2.kv: exit $rc where $1 was expected"
	grep -Eq -- "$3" "$WORK/out" || fail "staircase-$2.kv: exit $1, but without saying: $3"
}

judged 0 true '^staircase at HZ=100: yes'
judged 1 smooth 'shorter than its step'
judged 1 shifted '1 and 10 ms are one step, yet'
judged 1 jittered '1 and 10 ms are one step, yet'
judged 1 flat 'shorter than its step'
judged 1 zero '^ +0 .*shorter than its step'
judged 3 few '^ +10 .*too few clean samples'
judged 1 late '11 and 20 ms are one step, yet'
judged 1 one-step 'too few settings'
judged 1 no-twins 'too few settings'
judged 1 hz 'longer than its step'
rc=0
"$check" </dev/null >"$WORK/out" 2>&1 || rc=$?
[ "$rc" -eq 2 ] || fail "empty input: exit $rc where 2 was expected"
echo "11 fabricated data sets judged as expected"
