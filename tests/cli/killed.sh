#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# killed.sh [SEED [ROUNDS]]
# Question: is anything half-written or lost when sqbench is killed at any moment: while it runs a job, makes the index, imports?
# Expected: every directory without a dot is a whole run, those with one are incomplete and `list` says so, every run that was reported is there, and the next history and the
#           next import are those of an undisturbed one.
# Wrong if: a reported run is gone, a run in sight lacks a file, or the index has to be deleted by hand.
# The moments are drawn between 0 and the time that the command takes undisturbed; SEED draws the same again.
. "$SQP_SOURCE/tests/lib.sh" || exit 1
need jq fio

seed=${1:-$((RANDOM % 32768))} rounds=${2:-8}
printf 'seed %s, %s rounds\n' "$seed" "$rounds"
RANDOM=$seed
out=$WORK/out
head -c 256K /dev/urandom >"$WORK/data"
printf '[j]\nioengine=sqpoll\nsq_thread_idle=4\nfilename=%s\nrw=randread\nbs=4k\ntime_based=1\nruntime=50ms\n' "$WORK/data" >"$WORK/job.fio"

# killed_after US OUTPUT COMMAND...
killed_after() {
	local us=$1 output=$2 pid
	shift 2
	"$@" >"$output" 2>/dev/null &
	pid=$!
	sleep "$((us / 1000000)).$(printf %06d "$((us % 1000000))")"
	kill -9 "$pid" 2>/dev/null
	wait "$pid" 2>/dev/null
}
# takes COMMAND...: its time, into $us
takes() {
	local start=${EPOCHREALTIME/./}
	"$@" >"$WORK/o" 2>"$WORK/e" || fail "$*: $(cat "$WORK/e")"
	us=$((${EPOCHREALTIME/./} - start))
}
# A moment, into $at; not by substitution, whose shell draws otherwise
draw() { at=$((us * 12 * RANDOM / 327680)); }

job=("$SQP_BENCH" run --out "$out" --engine-dir "$SQP_ENGINE_DIR" "$WORK/job.fio")
takes "${job[@]}"
sed -n 's/^run: //p' "$WORK/o" >"$WORK/reported"
for ((i = 0; i < rounds; i++)); do
	draw
	killed_after "$at" "$WORK/o" "${job[@]}"
	sed -n 's/^run: //p' "$WORK/o" >>"$WORK/reported"
done
while read -r run; do
	[ -d "$run" ] || fail "$run was reported and is gone"
done <"$WORK/reported"
whole=0 hidden=0
for run in "$out"/runs/[0-9]*; do
	whole=$((whole + 1))
	for file in job.fio job.run.fio run.json env.json fio.json engine.jsonl warnings.json end.json stdout.txt stderr.txt; do
		[ -e "$run/$file" ] || fail "$run has no $file"
	done
	jq -e . "$run"/*.json "$run/engine.jsonl" >/dev/null || fail "$run cannot be read"
	jq -e '.exit == 0' "$run/end.json" >/dev/null || fail "$run failed: $(cat "$run/end.json")"
done
for run in "$out"/runs/.[0-9]*; do
	[ ! -d "$run" ] || hidden=$((hidden + 1))
done
"$SQP_BENCH" list --out "$out" --json >"$WORK/list" || fail list
[ "$(jq -r '[.[].state] | "\(map(select(. == "complete")) | length) \(map(select(. == "incomplete")) | length) \(length)"' "$WORK/list")" = "$whole $hidden $((whole + hidden))" ] ||
	fail "list tells otherwise: $whole whole, $hidden hidden: $(cat "$WORK/list")"
printf '%d runs are whole, %d were reported, %d were cut off\n' "$whole" "$(wc -l <"$WORK/reported")" "$hidden"
"$SQP_BENCH" history --out "$out" --json | jq -e --argjson n "$whole" '.points | length == $n' >/dev/null || fail 'the index does not know all of them'

# The index: of 60 runs more, so that it takes its time
run=$(head -n 1 "$WORK/reported")
more=$WORK/more/runs
for ((i = 0; i < 60; i++)); do
	id=$(printf '20270101T0000%02dZ-run-%04d' "$i" "$i")
	mkdir -p "$more/$id"
	ln "$run"/* "$more/$id"
	rm "$more/$id/run.json"
	printf '{"schema": "sqbench-run/1", "id": "%s", "kind": "run"}\n' "$id" >"$more/$id/run.json"
	cp -rl "$more/$id" "$out/runs"
done
rm "$out/index.sqlite"
takes "$SQP_BENCH" history --out "$out"
mv "$WORK/o" "$WORK/history"
for ((i = 0; i < rounds; i++)); do
	[ $((i % 2)) -eq 1 ] || rm -f "$out/index.sqlite"
	draw
	killed_after "$at" "$WORK/o" "$SQP_BENCH" history --out "$out"
done
"$SQP_BENCH" history --out "$out" | cmp - "$WORK/history" || fail 'another history after kills'

# An import of some of them, over what the one before left
rm -r "$more"/*-00[1-9]?
takes "$SQP_BENCH" import --out "$WORK/once" "$WORK/more"
for ((i = 0; i < rounds; i++)); do
	[ $((i % 4)) -ne 0 ] || rm -rf "$WORK/taken"
	draw
	killed_after "$at" "$WORK/o" "$SQP_BENCH" import --out "$WORK/taken" "$WORK/more"
	for taken in "$WORK"/taken/runs/[0-9]*; do
		[ ! -d "$taken" ] || diff -r "$more/${taken##*/}" "$taken" || fail "$taken is not what it was"
	done
done
"$SQP_BENCH" import --out "$WORK/taken" "$WORK/more" >"$WORK/o" || fail "import: $(cat "$WORK/o")"
diff -r "$WORK/once" "$WORK/taken" || fail 'another import after kills'
