#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Question: is the SQ thread's idle period quantised to this machine's jiffies?
# Expected: spin = ceil(idle * HZ / 1000) + U(0,1) jiffies; idle 0 is one second.
# Wrong if: staircase_check says NO (staircase-check.sh shows that it says so of a smooth line).
. "${SQP_SOURCE:?is set by ctest}/tests/lib.sh"
. "$SQP_SOURCE/tests/lab/observations.sh"

head -c 65536 /dev/urandom >"$WORK/data"
timeout 150 "$SQP_BUILD/tests/lab/seed_probe" "$WORK/data" kernel idle >"$WORK/seen.kv" ||
	fail "the probe ended with $?"
judge_staircase "$WORK/seen.kv"
sed -n 's/^second_work_spin_ticks=/ticks spun after a second work with idle 8, 5 ticks later: /p' "$WORK/seen.kv"
