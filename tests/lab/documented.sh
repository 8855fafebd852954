#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Question: does every command that docs/LAB.md shows work as it stands there?
# Expected: each ends with 0.
# Wrong if: one fails, or none is found.
. "${SQP_SOURCE:?is set by ctest}/tests/lib.sh"

cd "$SQP_SOURCE" || fail "no $SQP_SOURCE"
ran=0
while IFS= read -r command; do
	echo "run: $command"
	rc=0
	timeout 100 bash -c "$command" >"$WORK/out" 2>&1 </dev/null || rc=$?
	[ "$rc" -ne 77 ] || skip "$(sed -nE 's/^(lab|uml): error: //p' "$WORK/out" | tail -n 1)"
	[ "$rc" -eq 0 ] || fail "exit $rc: $command: $(tail -n 20 "$WORK/out")"
	ran=$((ran + 1))
done < <(documented_commands docs/LAB.md)
[ "$ran" -ge 4 ] || fail "only $ran commands were found: are the sh blocks still there?"
