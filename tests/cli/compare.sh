#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Question: does `sqbench compare` pair what belongs together, say what differs, judge it rightly, and refuse the rest?
# Expected: of real runs, every value is the one in fio.json and engine.jsonl; of fabricated ones the verdict and exit code
#           that their numbers demand; 3 and one line for what cannot be compared.
# Wrong if: a cell is lost or taken for another, too few repeats give a verdict, or a failed run is compared.
. "$SQP_SOURCE/tests/lib.sh" || exit 1
need jq fio

# compare CODE ARGS...: JSON in $WORK/json, words in $WORK/table
compare() {
	local code=$1 rc=0
	shift
	"$SQP_BENCH" compare --json "$@" >"$WORK/json" 2>"$WORK/said" || rc=$?
	[ "$rc" -eq "$code" ] || fail "compare $*: exit $rc where $code was expected: $(cat "$WORK/said" "$WORK/json")"
	"$SQP_BENCH" compare "$@" >"$WORK/table" 2>/dev/null
	[ "$?" -eq "$code" ] || fail "compare $*: as a table it ends otherwise"
}

# holds EXPRESSION: of the JSON
holds() {
	jq -e "$1" "$WORK/json" >/dev/null || fail "not so: $1 in $(cat "$WORK/json")"
}

refused() {
	local pattern=$1
	shift
	compare 3 "$@"
	grep -Eq -- "$pattern" "$WORK/said" || fail "compare $*: said $(cat "$WORK/said") instead of: $pattern"
	[ "$(wc -l <"$WORK/said")" -eq 1 ] || fail "compare $*: one line says why: $(cat "$WORK/said")"
}

# Real runs: plain, ours, and two clones of ours in one group.
head -c 4M /dev/urandom >"$WORK/data"
cat >"$WORK/job.fio" <<-END
	[global]
	filename=$WORK/data
	thread=1
	rw=randread
	bs=4k
	time_based=1
	runtime=300ms
	[plain]
	ioengine=io_uring
	[ours]
	stonewall
	ioengine=sqpoll
	sq_thread_idle=4
	[clones]
	stonewall
	numjobs=2
	ioengine=sqpoll
END
for _ in 1 2 3; do
	for side in a b; do
		"$SQP_BENCH" run --out "$WORK/$side" --engine-dir "$SQP_ENGINE_DIR" "$WORK/job.fio" >"$WORK/o" 2>&1 || fail "run: $(cat "$WORK/o")"
	done
done
"$SQP_BENCH" compare --json "$WORK/a" "$WORK/b" >"$WORK/json"
[ $? -le 1 ] || fail "real runs cannot be compared"
holds '.schema == "sqbench-compare/1" and ([.cells[].name] == ["plain", "ours", "clones"]) and ([.cells[] | .repeats_a, .repeats_b] | all(. == 3))'
holds '(.differs | length) == 0 and (.only_in_a + .only_in_b | length) == 0 and (.a.runs | length) == 3'
holds '.cells[0].metrics | .sq_cpu_us_per_io.a == null and .enters_per_io.a == null and .iops.ratio.coverage > 0.89 and .app_cpu_us_per_io.a.value > 0'
holds '.cells[1].metrics | .sq_cpu_us_per_io.a.value > 0 and .wakeups_per_io.a.value >= 0 and .write_lat_us_p50.a == null and .write_lat_us_p50.verdict == "unknown"'
holds '.cells[2].metrics | .read_lat_us_p99.a == null and .sq_cpu_us_per_io.b.value > 0'
# run_value FILTER: its median over the runs of side a
run_value() {
	cat "$WORK"/a/runs/*/"$1" | jq -s "[.[] | $2] | sort | .[1]"
}
[ "$(jq '.cells[1].metrics.iops.a.value | round' "$WORK/json")" = "$(run_value fio.json '.jobs[1].read.iops | round')" ] || fail "IOPS of ours"
[ "$(jq '.cells[1].metrics.read_lat_us_p99.a.value * 1000 | round' "$WORK/json")" = \
	"$(run_value fio.json '.jobs[1].read.clat_ns.percentile["99.000000"]')" ] || fail "p99 of ours"
[ "$(jq '.cells[2].metrics.iops.a.value | round' "$WORK/json")" = "$(run_value fio.json '.jobs[2:4] | map(.read.iops) | add | round')" ] ||
	fail "IOPS of the clones"
[ "$(jq '.cells[1].metrics.sq_cpu_us_per_io.a.value * 1000 | round' "$WORK/json")" = \
	"$(run_value engine.jsonl 'select(.job == "ours") | .sq_thread.cpu_us / .completed * 1000 | round')" ] || fail "CPU of the SQ thread of ours"
id=$(basename "$(find "$WORK/a/runs" -mindepth 1 -maxdepth 1 | head -n 1)")
compare 0 --out "$WORK/a" "$id" "$WORK/a/runs/$id"
holds '.verdict == "unknown" and .cells[0].reason == "too few repeats: 3 on each side are the least"'

# results DIR KERNEL JOB IOPS...: fabricated runs, one for each number, with a latency of 1e6 / IOPS us
results() {
	local dir=$1 kernel=$2 job=$3 n=0 iops run
	shift 3
	for iops in "$@"; do
		n=$((n + 1))
		run=$dir/runs/2026010${n}T000000Z-run-000$n
		mkdir -p "$run"
		printf '{"schema": "sqbench-run/1", "id": "x", "kind": "run"}' >"$run/run.json"
		printf '{"kernel": "%s", "hz": 250, "fio": "fio-3.33", "load1": %s}' "$kernel" "$n" >"$run/env.json"
		printf '{"exit": 0, "failure": ""}' >"$run/end.json"
		printf '[%s]\n' "$job" >"$run/job.fio"
		jq -n --arg job "$job" --argjson iops "$iops" '{jobs: [{jobname: $job, groupid: 0, error: 0, usr_cpu: 10, sys_cpu: 10, job_runtime: 1000,
			read: {iops: $iops, total_ios: $iops, clat_ns: {percentile: {"50.000000": (1e9 / $iops), "99.000000": (2e9 / $iops)}}},
			write: {iops: 0, total_ios: 0}}]}' >"$run/fio.json"
	done
}
results "$WORK/base" 5.10.1-plain j 1000 1010 1005 995 1002
results "$WORK/fast" 5.10.1-patched j 1200 1210 1205 1195 1202
results "$WORK/like" 5.10.1-plain j 1001 1009 1006 994 1003
results "$WORK/noisy" 5.10.1-plain j 600 1400 1005 700 1300
results "$WORK/two" 5.10.1-patched j 1200 1210
results "$WORK/other" 5.10.1-plain k 1000 1010 1005
compare 0 "$WORK/base" "$WORK/fast"
holds '.verdict == "better" and (.cells[0].metrics | .iops.ratio.value > 1.19 and .iops.ratio.value < 1.21 and .read_lat_us_p99.verdict == "better")'
holds '.differs == [{"key": "kernel", "a": "5.10.1-plain", "b": "5.10.1-patched"}]'
grep -q '^differs: kernel: "5.10.1-plain", "5.10.1-patched"$' "$WORK/table" || fail "the table does not say what differs"
grep -Eq '^  I/Os per second +1002 +1202 +1.200 \[1.189, 1.210\] +97   better$' "$WORK/table" || fail "the table: $(cat "$WORK/table")"
compare 1 "$WORK/fast" "$WORK/base"
holds '.verdict == "worse" and (.cells[0].metrics | .iops.verdict == "worse" and .read_lat_us_p50.verdict == "worse")'
compare 0 "$WORK/base" "$WORK/like"
holds '.verdict == "same" and .cells[0].reason == null'
compare 0 --worth 30 "$WORK/fast" "$WORK/base"
holds '.verdict == "same"'
compare 0 "$WORK/base" "$WORK/noisy"
holds '.verdict == "unknown"'
compare 0 "$WORK/base" "$WORK/two"
holds '.verdict == "better" or .verdict == "unknown"'
compare 0 "$WORK/two" "$WORK/two"
holds '.verdict == "unknown" and (.cells[0].reason | startswith("too few repeats"))'

# What cannot be compared
refused 'no cell of .* run the same job file on both' "$WORK/base" "$WORK/other"
refused 'holds neither a run' "$WORK/base" "$WORK"
cp -r "$WORK/fast" "$WORK/failed"
printf '{"exit": 1, "failure": "fio failed with 1"}' >"$(find "$WORK/failed/runs" -name end.json | sort | tail -n 1)"
refused 'failed \(fio failed with 1\): remove it or run it again' "$WORK/base" "$WORK/failed"
cp -r "$WORK/fast" "$WORK/mixed"
printf '{"kernel": "6.1", "hz": 250, "fio": "fio-3.33"}' >"$(find "$WORK/mixed/runs" -name env.json | sort | tail -n 1)"
refused 'has another kernel than the runs before it' "$WORK/base" "$WORK/mixed"
cp -r "$WORK/fast" "$WORK/cut"
rm "$(find "$WORK/cut/runs" -name end.json | sort | tail -n 1)"
refused 'is not complete' "$WORK/base" "$WORK/cut"
cp -r "$WORK/fast" "$WORK/torn"
printf '{"jobs": [' >"$(find "$WORK/torn/runs" -name fio.json | sort | head -n 1)"
refused 'the JSON is cut off' "$WORK/base" "$WORK/torn"
