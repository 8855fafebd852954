#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Question: does preflight say what it finds as data, and fail when something needed is missing?
# shellcheck source=tests/lib.sh
. "$SQP_SOURCE/tests/lib.sh" || exit 1
need jq fio

truncate -s 1M "$WORK/data"
rc=0
"$SQP_BENCH" preflight --json "$WORK/data" >"$WORK/p.json" || rc=$?
[ "$(json "$WORK/p.json" .schema)" = sqbench-preflight/1 ] || fail "schema"
[ "$(json "$WORK/p.json" '[.checks[] | select((.status | IN("ok", "warn", "fail")) and has("value") and (.status == "ok" or .advice != ""))] | length == 18')" = true ] ||
	fail "a check lacks status, value or advice: $(json "$WORK/p.json" .checks)"
[ "$(json "$WORK/p.json" .ready)" = "$([ "$rc" -eq 0 ] && echo true || echo false)" ] || fail "ready against exit $rc"
[ "$rc" -eq 0 ] || [ "$rc" -eq 3 ] || fail "exit $rc"
[ "$(json "$WORK/p.json" '.checks[] | select(.id == "engine").status')" = ok ] || fail "the engine does not load"
[ "$(json "$WORK/p.json" '.env.target.kind')" = file ] || fail "target kind"
if [ -r /proc/config.gz ]; then
	[ "$(json "$WORK/p.json" .env.hz)" = "$(zcat /proc/config.gz | sed -n 's/^CONFIG_HZ=//p')" ] || fail "HZ differs from the kernel's configuration"
fi
"$SQP_BENCH" preflight "$WORK/data" >"$WORK/p.txt" || [ $? -eq 3 ] || fail "text"
grep -Eq '^[0-9]+ failed, [0-9]+ warnings$' "$WORK/p.txt" || fail "summary"

# What is missing is named, with exit 3.
rc=0
"$SQP_BENCH" preflight --json --fio "$WORK/no-fio" >"$WORK/p.json" || rc=$?
[ "$rc" -eq 3 ] || fail "a missing fio: exit $rc"
[ "$(json "$WORK/p.json" '.checks[] | select(.id == "fio").status')" = fail ] || fail "a missing fio is not named"
rc=0
"$SQP_BENCH" preflight --json "$WORK/no-target" >"$WORK/p.json" || rc=$?
[ "$rc" -eq 3 ] || fail "a missing target: exit $rc"
rc=0
"$SQP_BENCH" preflight --json --engine-dir "$WORK" >"$WORK/p.json" || rc=$?
[ "$rc" -eq 3 ] || [ -e /usr/lib/x86_64-linux-gnu/sqpoll ] || fail "a missing engine: exit $rc"

# One CPU is a warning with its reason.
taskset -c 0 "$SQP_BENCH" preflight --json >"$WORK/p.json" || true
[ "$(json "$WORK/p.json" '.checks[] | select(.id == "cpus").status')" = warn ] || fail "one CPU gave no warning"
