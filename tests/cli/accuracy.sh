#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Question: does scripts/predict-accuracy count errors and regret as it says?
# Expected: of two rounds of three cells the values that are worked out below by hand.
# Wrong if: a round judges itself, a setting is compared with another's value, or plain io_uring counts as an idle period.
. "$SQP_SOURCE/tests/lib.sh" || exit 1

row() { printf '%s\t' "${@:1:$#-1}"; printf '%s\n' "${!#}"; }
{
	row law rate idle_ms duty duty_measured wakeups wakeups_measured p99_us p99_us_measured cost_us cost_us_measured load cpu_price round
	row steady 10 4 0.50 0.51 1 1 100 110 10 12 7 1 1
	row steady 10 8 0.70 0.66 1 1 100 200 9 20 7 1 1
	row steady 10 plain '' '' '' '' '' '' 15 15 7 1 1
	row steady 10 4 0.50 0.50 1 1 100 100 10 11 7 1 2
	row steady 10 8 0.70 0.70 1 1 100 100 12 30 7 1 2
	row steady 10 plain '' '' '' '' '' '' 14 14 7 1 2
} >"$WORK/cells.tsv"
awk -f "$SQP_SOURCE/scripts/lib/predict-accuracy.awk" "$WORK/cells.tsv" >"$WORK/table" || fail "awk: $?"
# Round 1 would take 8 ms, and measures 4 ms to be best: 30 / 11 in round 2. Round 2 takes 4 ms, and is right. Mean sqrt(30 / 11).
for law in steady all; do
	grep -Pq "^$law\t4\t1\.25\t4\.00\t3\t2\t0\t1\.651\t" "$WORK/table" || fail "$(cat "$WORK/table")"
	grep -Pq "^$law\t.*\t2\.73\t1\.651\t.*\t2\.73$" "$WORK/table" || fail "$(cat "$WORK/table")"
done
"$SQP_SOURCE/scripts/predict-accuracy" --help | grep -q -- '--traces N' || fail '--help'
expect_fail usage "$SQP_SOURCE/scripts/predict-accuracy" --traces
