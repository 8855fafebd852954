#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Question: does `sqbench ring` measure every cell, count right, keep what it measured, and clean up behind itself?
# Expected: as many completions as submissions, one enter a batch without an SQ thread, as many samples as requests of the
# latency cells, ratios and percentiles that follow from the kept values; clear errors, and nothing left of an interrupted run.
# Wrong if: a count, a file or a cell is missing, or a bad argument is taken. How fast anything is, is not tested.
# shellcheck source=tests/lib.sh
. "$SQP_SOURCE/tests/lib.sh" || exit 1
# shellcheck source=tests/cli/page.sh
. "$SQP_SOURCE/tests/cli/page.sh" || exit 1
need jq gnuplot

ring=("$SQP_BENCH" ring --seconds 0.05 --rounds 3 --batch "1,5" --bs 512 --engine-dir "$SQP_ENGINE_DIR")

# run_ring OUT ARGS...: its JSON in $WORK/json
run_ring() {
	local out=$1
	shift
	"${ring[@]}" --out "$out" --json "$@" >"$WORK/json" 2>"$WORK/progress" || { cat "$WORK/progress" >&2; fail "ring $*: $?"; }
}

# holds FILTER: true of the document
holds() {
	jq -e "$1" "$WORK/json" >/dev/null || { cat "$WORK/json" >&2; fail "not so: $1"; }
}

# lines FILE AWK-CONDITION: how many lines of a table fulfil it
lines() {
	awk -F '\t' "NR > 1 && $2 { n++ } END { print n + 0 }" "$dir/$1"
}

# total FILE COLUMN AWK-CONDITION: sum of a column
total() {
	awk -F '\t' -v name="$2" "NR == 1 { for (i = 1; i <= NF; i++) if (\$i == name) at = i } NR > 1 && $3 { sum += \$at } END { printf \"%.0f\", sum }" "$dir/$1"
}

run_ring "$WORK/out"
holds '.schema == "sqbench-ring/1" and .file == null and .rounds == 3 and .fio == null and .direct == false and .gap_ms > 0'
holds '[.cells[] | [.kind, .op, .bytes, .batch, .way]] | length == 18 and (unique | length) == 18'
holds '[.cells[] | select(.kind == "rate")] | map([.op, .bytes, .batch, .way]) | unique | length == 12'
holds '.cells | all(.reason == null and (.values | length) == 3 and (.values | all(. > 0)) and .submitted > 0 and .submitted == .completed)'
holds '.cells | all(.ios_per_s | .lo <= .median and .median <= .hi and .cover == 0.75)'
holds '.cells | all((.values | sort | .[1]) as $m | ($m - .ios_per_s.median | fabs) <= $m * 1e-6)'
holds '[.cells[] | select(.kind == "rate" and .way == "plain")] | all(.enters * .batch == .submitted and .wakeups == 0 and .sq_cpu_us_per_io == null)'
holds '[.cells[] | select(.way == "sleep")] | all(.enters > 0)'
holds '[.cells[] | select(.way != "plain")] | all((.sq_cpu_us_per_io == null or .sq_cpu_us_per_io > 0) and .app_cpu_us_per_io > 0)'
holds '. as $d | [.cells[] | select(.kind == "rate" and .way == "spin")] | all(. as $s | ($d.cells[] | select(.kind == "rate" and .way == "plain" and .op == $s.op
	and .batch == $s.batch)) as $p | ([range(3) | $s.values[.] / $p.values[.]] | sort | .[1]) as $m
	| $s.ratio.of == "spin" and $s.ratio.to == "plain" and ($s.ratio.median - $m | fabs) <= $m * 1e-6)'
holds '[.cells[] | select(.kind == "same-cpu")] | map([.batch, .way]) | sort == [[1, "hybrid"], [1, "sleep"], [1, "spin"], [32, "hybrid"], [32, "sleep"], [32, "spin"]]'
holds '. as $d | [.cells[] | select(.kind == "same-cpu" and .sq_cpu != null)] | all(.sq_cpu == $d.cpu)'
holds '. as $d | [.cells[] | select(.kind == "rate" and .sq_cpu != null)] | all(.sq_cpu == $d.sq_cpu)'
[ "$(nproc)" -eq 1 ] || holds '.cpu != .sq_cpu and .notes == []'
holds '[.latencies[].latency] == ["wake", "pickup", "awake", "bypass", "plain"]'
holds '.latencies | all([.us_min, .us_p50, .us_p90, .us_p99, .us_max] | map(select(. != null)) | . == sort and all(. > 0))'
holds '.latencies | all((.n < 100) == (.us_p99 == null) and (.n < 10) == (.us_p90 == null) and (.n == 0) == (.reason != null))'
holds '.latencies[4] | .n > 0 and .discarded == 0 and .us_p50 != null and .us_p50_of_rounds.median > 0'
holds '.latencies[1].n == .latencies[2].n and (.latencies[0] | .n + .discarded) > 0 and (.latencies[3] | .n + .discarded) > 0'

dir=$(jq -r .dir "$WORK/json")
[ "$(cd "$dir" && find . -type f | sort | tr '\n' ' ')" = \
	"./derived/ring-latency.svg ./derived/ring-latency.tsv ./derived/ring-same-cpu.svg ./derived/ring-same-cpu.tsv ./derived/ring.svg ./derived/ring.tsv \
./end.json ./env.json ./report.html ./ring.json ./rounds.tsv ./run.json ./samples.tsv " ] ||
	fail "kept: $(cd "$dir" && find . -type f | sort)"
[ "$(jq -r .report "$WORK/json")" = "$dir/report.html" ] || fail "the report is elsewhere"
page_is_whole "$dir" 3
made_again "$dir"
jq 'del(.dir, .report, .answer, .missing)' "$WORK/json" >"$WORK/said"
jq . "$dir/ring.json" | cmp -s - <(jq . "$WORK/said") || diff <(jq . "$dir/ring.json") "$WORK/said" >&2 || fail "ring.json is not what was printed"
[ "$(lines rounds.tsv 1)" -eq $((21 * 3)) ] || fail "not every cell is in rounds.tsv"
[ "$(lines rounds.tsv '$10 != $11')" -eq 0 ] || fail "submitted and completed differ in rounds.tsv"
[ "$(total rounds.tsv submitted '$2 != "latency"')" = "$(jq '[.cells[].submitted] | add' "$WORK/json")" ] || fail "rounds.tsv and JSON count differently"
for latency in wake pickup awake bypass plain; do
	[ "$(total samples.tsv samples "\$1 == \"$latency\"")" = "$(jq ".latencies[] | select(.latency == \"$latency\").n" "$WORK/json")" ] ||
		fail "samples.tsv has not all samples of $latency"
done
[ "$(total rounds.tsv bypassed '$7 == "bypass"')" = "$(jq '.latencies[3].n' "$WORK/json")" ] || fail "a sample of the bypass did not go through the side ring"
[ "$(total rounds.tsv submitted '$7 == "plain"')" = "$(jq '.latencies[4].n' "$WORK/json")" ] || fail "a request of the plain ring gave no sample"
# backwards every other time, so the first cell of a round is the last of the one before
[ "$(awk -F '\t' '$1 == 1' OFS=' ' "$dir/rounds.tsv" | cut -f 2-7 | tac)" = "$(awk -F '\t' '$1 == 2' "$dir/rounds.tsv" | cut -f 2-7)" ] ||
	fail "the second round is not the first one backwards"
"$SQP_BENCH" list --out "$WORK/out" --json | jq -e 'length == 1 and (.[0] | .kind == "ring" and .state == "complete" and .exit == 0)' >/dev/null || fail "list"
expect_fail 'no results of fio' "$SQP_BENCH" compare "$dir" "$dir"

# a file of one's own, its last block cut off; the table; gnuplot missing
head -c 100000 /dev/urandom >"$WORK/mine"
before=$(cksum <"$WORK/mine")
PATH=$WORK "${ring[@]}" --bs 4096 --refill --file "$WORK/mine" --out "$WORK/out" >"$WORK/table" 2>/dev/null || fail "ring --file failed: $?"
for row in 'nop +5 +[0-9]+ \[' 'read 4096 +1 +[0-9]+ \[' 'read 4096 +32 +[0-9]+ \[' '(wake|bypass) .* [0-9]+ ' 'plain .* [0-9]+ +[0-9.]+ '; do
	grep -Eq "^$row" "$WORK/table" || { cat "$WORK/table" >&2; fail "no row: $row"; }
done
grep -q '^note: there are no drawings: ' "$WORK/table" || fail "no note of missing drawings"
grep -q 'there are no drawings: ' "$(sed -n 's/^report: //p' "$WORK/table")" || fail "the page does not say that drawings are missing"
[ "$(cksum <"$WORK/mine")" = "$before" ] || fail "the file was changed"
[ "$(tail -n 1 "$WORK/table")" = "run: $(find "$WORK/out/runs" -mindepth 1 -maxdepth 1 | sort | tail -n 1)" ] || fail "the last line does not name the run"

# one CPU for both: it ends, and says so
run_ring "$WORK/one" --cpu 0 --sq-cpu 0 --seconds 0.02 --batch 1
holds '.cpu == 0 and .sq_cpu == 0 and (.notes | length) == 1 and (.notes[0] | test("share one CPU")) and (.cells | all(.submitted == .completed))'

# fio's share; an instrumented engine needs runtimes that fio is given by nobody here
if [ -z "$SQP_PRELOAD" ]; then
	need fio
	run_ring "$WORK/fio" --with-fio --batch 4 --rounds 2
	page_is_whole "$(jq -r .dir "$WORK/json")" 4
	holds '(.fio | startswith("fio-")) and ([.cells[] | select(.kind == "fio")] | length == 1)'
	holds '. as $d | .cells[] | select(.kind == "fio") | . as $f | ($d.cells[] | select(.kind == "rate" and .way == "spin" and .op == "read")) as $r
		| .op == "read" and .bytes == 512 and .batch == 4 and (.values | length) == 2 and .ratio.of == "ring" and .ratio.to == "fio"
		and (.ratio.median - ([range(2) | $r.values[.] / $f.values[.]] | add / 2) | fabs) <= .ratio.median * 1e-6'
fi

rc=0
"${ring[@]}" --seconds 60 --out "$WORK/stopped" >"$WORK/o" 2>"$WORK/e" &
child=$!
for _ in $(seq 100); do
	! grep -q '^\[2/' "$WORK/e" || break
	! grep -q '^\[1/' "$WORK/e" || break
	sleep 0.1
done
kill -TERM "$child"
wait "$child" || rc=$?
[ "$rc" -eq 130 ] || fail "an interrupt ended with $rc: $(cat "$WORK/e")"
grep -q 'nothing is kept' "$WORK/e" || fail "an interrupt said: $(cat "$WORK/e")"
[ -z "$(ls -A "$WORK/stopped/runs")" ] || fail "an interrupt left something: $(ls -A "$WORK/stopped/runs")"
[ ! -s "$WORK/o" ] || fail "an interrupted run has output"

# refused PATTERN ARGS...: bad usage, before anything is written
refused() {
	local pattern=$1 rc=0
	shift
	"$SQP_BENCH" ring --out "$WORK/refused" "$@" >"$WORK/usage" 2>&1 || rc=$?
	[ "$rc" -eq 2 ] || fail "ring $* ended with $rc instead of 2"
	grep -Eq -- "$pattern" "$WORK/usage" || { cat "$WORK/usage" >&2; fail "ring $* did not say: $pattern"; }
	[ ! -e "$WORK/refused" ] || fail "ring $* wrote something"
}
refused "'0' is not a number from 1 to" --batch 1,0
refused "'5000' is not a number from 1 to 4096" --batch 5000
refused 'more than 8 numbers' --batch 1,2,3,4,5,6,7,8,9
refused 'give at least one' --batch ,
refused '513 is not a multiple of 512' --bs 512,513
refused "'1' is not a number from 2 to" --rounds 1
refused "'0' is not a number from 0.01 to" --seconds 0
refused 'may not use that CPU' --cpu 4095
refused 'may not use that CPU' --sq-cpu 4095
refused "'x' is not a number" --sq-cpu x
refused 'no-such-file: No such file or directory' --file "$WORK/no-such-file"
refused 'neither a regular file nor a block device' --file "$WORK"
refused 'neither a regular file nor a block device' --file /dev/null
refused 'has 100000 bytes and a read takes 131072' --file "$WORK/mine" --bs 131072
refused 'one argument too many' more
