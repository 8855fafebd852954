#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Question: does `sqbench history` tell what all kept runs measured, from an index that may be lost, damaged, or looked at by two at once?
# Expected: a point for each run and cell, oldest first, as table, JSON, CSV (in which sqbench change finds a step) and OpenMetrics; the same after
#           the index was deleted, cut off, or is of another version; runs that are gone are gone from it, failed ones are not in it.
# Wrong if: a point is missing or twice, or a run is changed.
. "$SQP_SOURCE/tests/lib.sh" || exit 1
need jq fio sqlite3

out=$WORK/out
head -c 1M /dev/urandom >"$WORK/data"
printf '%s\n' '[global]' "filename=$WORK/data" thread=1 rw=randread bs=4k time_based=1 runtime=200ms '[plain]' ioengine=io_uring '[ours]' stonewall ioengine=sqpoll sq_thread_idle=4 >"$WORK/job.fio"
"$SQP_BENCH" run --out "$out" "$WORK/job.fio" >"$WORK/o" || fail "run: $(cat "$WORK/o")"
first=$(sed -n 's/^run: //p' "$WORK/o")

# 24 nights of that run; from the 13th on job `ours` does a tenth less. They stand in for a month that no test can wait for.
for night in $(seq 1 24); do
	id=$(printf '202701%02dT000000Z-run-%04d' "$night" "$night")
	cp -r "$first" "$out/runs/$id"
	jq --arg id "$id" --arg at "$(printf '2027-01-%02dT00:00:00Z' "$night")" '.id = $id | .created = $at' "$first/run.json" >"$out/runs/$id/run.json"
	jq --argjson night "$night" '.jobs |= map(.read.iops = (if .jobname == "ours" and $night > 12 then 9000 else 10000 end) + ($night * $night * 37 % 61))' "$first/fio.json" \
		>"$out/runs/$id/fio.json"
done
rm -r "$first"
sums() { find "$out/runs" -type f -exec md5sum {} + | sort | md5sum; }
before=$(sums)

history() { "$SQP_BENCH" history --out "$out" "$@" >"$WORK/h" 2>"$WORK/e" || { cat "$WORK/e" >&2; fail "history $*: $?"; }; }
history --json
jq -e '.schema == "sqbench-history/1" and .metric == "iops" and (.points | length) == 48 and ([.points[].cell] | unique) == ["ours", "plain"]
	and ([.points[] | select(.cell == "ours") | .time] | . == sort and length == 24) and all(.points[]; .repeats == 1 and .kernel != "" and .fio != "")' "$WORK/h" >/dev/null ||
	fail "$(head -c 2000 "$WORK/h")"
history --csv --cell ours
[ "$(head -n 1 "$WORK/h") $(wc -l <"$WORK/h")" = 'time,value,series 25' ] || fail "CSV: $(cat "$WORK/h")"
"$SQP_BENCH" change --json "$WORK/h" | jq -e '.changes | length == 1 and (.[0] | .series == "ours" and .time == "2027-01-13T00:00:00Z" and .size_pct < -9 and .size_pct > -11)' >/dev/null ||
	fail 'the step was not found'
history --openmetrics
grep -q '^sqbench_iops{cell="plain",device="[^"]*",kernel="[^"]*"} 100[0-9]* 1798761600$' "$WORK/h" || fail "OpenMetrics: $(head -n 4 "$WORK/h")"
[ "$(tail -n 1 "$WORK/h")" = '# EOF' ] || fail 'OpenMetrics without an end'
history --metric enters_per_io
grep -Eq '^2027-01-01T00:00:00Z ours ' "$WORK/h" || fail "the engine's own count: $(cat "$WORK/h")"
! grep -q ' plain ' "$WORK/h" || fail "a count of the engine's where it did not run"

history
cp "$WORK/h" "$WORK/table"
same() { history; cmp "$WORK/table" "$WORK/h" || fail "$1: another history"; }
rm "$out/index.sqlite"
same 'without an index'
truncate -s 5000 "$out/index.sqlite"
same 'a damaged index'
echo 'no database' >"$out/index.sqlite"
same 'something else in its place'
sqlite3 "$out/index.sqlite" 'PRAGMA user_version = 77; DELETE FROM value'
same 'an index of another version'
rm "$out/index.sqlite"
for i in 1 2 3 4; do
	"$SQP_BENCH" history --out "$out" >"$WORK/at-once.$i" 2>&1 &
done
wait
for i in 1 2 3 4; do
	cmp "$WORK/table" "$WORK/at-once.$i" || fail "four at once: $(tail -n 1 "$WORK/at-once.$i")"
done

[ "$(sums)" = "$before" ] || fail 'a run was changed'

# One is removed, one is there whose fio failed, one is not complete.
rm -r "$out/runs/20270124T000000Z-run-0024"
jq '.exit = 1' "$out/runs/20270123T000000Z-run-0023/end.json" >"$WORK/end" && cp -r "$out/runs/20270123T000000Z-run-0023" "$out/runs/20270125T000000Z-run-0025"
cp "$WORK/end" "$out/runs/20270125T000000Z-run-0025/end.json"
jq '.id = "20270125T000000Z-run-0025"' "$out/runs/20270123T000000Z-run-0023/run.json" >"$out/runs/20270125T000000Z-run-0025/run.json"
cp -r "$out/runs/20270123T000000Z-run-0023" "$out/runs/.20270126T000000Z-run-0026.tmp"
history --json
jq -e '(.points | length) == 46 and ([.points[].run | select(test("002[456]"))] == [])' "$WORK/h" >/dev/null || fail "removed, failed and incomplete runs: $(jq -c '[.points[].run]' "$WORK/h")"
[ "$(sqlite3 "$out/index.sqlite" "SELECT count(*) FROM run WHERE reason LIKE '%failed%'")" -eq 1 ] || fail 'the failed run is not known with its reason'
rm -r "$out/runs/.20270126T000000Z-run-0026.tmp" "$out/runs/20270125T000000Z-run-0025"
mkdir "$WORK/empty"
"$SQP_BENCH" history --out "$WORK/empty" --json | jq -e '.points == []' >/dev/null || fail 'no runs'
expect_fail 'nowhere: No such file' "$SQP_BENCH" history --out "$WORK/nowhere"
expect_fail 'one argument too many' "$SQP_BENCH" history more
expect_fail '--metric speed' "$SQP_BENCH" history --metric speed

# Its size and speed, for few nights
TMPDIR=$WORK "$SQP_SOURCE/scripts/index-scale" --nights 3 --cells 4 >"$WORK/scale" 2>"$WORK/e" || fail "index-scale: $(tail -n 1 "$WORK/e")"
if ! grep -q '^history, all cells of a metric .* 13 lines$' "$WORK/scale" || ! grep -q '^list .* 5 lines$' "$WORK/scale"; then
	fail "index-scale: $(cat "$WORK/scale")"
fi
