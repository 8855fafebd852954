#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Question: does sqbench survive what fio may print instead of clean JSON, and name what is broken?
# shellcheck source=tests/lib.sh
. "$SQP_SOURCE/tests/lib.sh" || exit 1
need jq gnuplot

export FAKE_FIO_MODE
fio=$SQP_SOURCE/tests/cli/fake-fio
# tune_with MODE
tune_with() {
	FAKE_FIO_MODE=$1
	"$SQP_BENCH" tune --fio "$fio" --size 1 --rates const:50 --idles 4 --budget 60 --repeats 2 --out "$WORK/$1" --json
}

for mode in ok log nan; do
	tune_with "$mode" >"$WORK/$mode.json" 2>/dev/null || fail "$mode"
	[ "$(json "$WORK/$mode.json" '.workloads[0].points | map(.n) | add')" = 6 ] || fail "$mode: cells were lost"
done
for mode in truncated silent fail; do
	rc=0
	tune_with "$mode" >"$WORK/o" 2>"$WORK/e" || rc=$?
	grep -q '[123]' <<<"$rc" || fail "$mode: exit $rc"
	[ "$(wc -l <"$WORK/e")" -eq 1 ] || fail "$mode: not one line: $(cat "$WORK/e")"
	[ -z "$(find "$WORK/$mode/runs" -name '.*.tmp')" ] || fail "$mode: a run without one cell is left"
	[ ! -s "$WORK/o" ] || fail "$mode: output without a result"
done
expect_fail 'cut off' tune_with truncated
expect_fail 'no JSON document' tune_with silent
expect_fail 'something broke' tune_with fail
