#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Question: does `sqbench versus` compare all three sides, interleaved, and clean up behind itself?
# Expected: a table and JSON with every value, ratios inside their intervals, the scratch file gone; clear usage errors.
# Wrong if: a side is missing, something stays, or a bad argument is taken. How fast a side is, is not tested.
. "$SQP_SOURCE/tests/lib.sh" || exit 1
need jq fio

mkdir "$WORK/out"
"$SQP_BENCH" versus --pairs 5 --seconds 1 --iodepth 4 --all=--numjobs=2 --ours=--sq_wake=adaptive --stock=--sqthread_poll_cpu=0 --out "$WORK/out" --engine-dir "$SQP_ENGINE_DIR" --json \
	>"$WORK/json" 2>"$WORK/progress" || { cat "$WORK/progress" >&2; fail "versus failed: $?"; }
[ -z "$(ls -A "$WORK/out")" ] || fail "left behind: $(ls -A "$WORK/out")"
jq -e '.schema == "sqbench-versus/2" and (.cells | length) == 1 and .cells[0].iodepth == 4
	and .options == {sqpoll: ["--numjobs=2", "--sq_wake=adaptive"], stock: ["--numjobs=2", "--sqthread_poll_cpu=0"], plain: ["--numjobs=2"]}
	and (.cells[0] | [.iops, .cpu_us_per_io] | all([.sqpoll, .stock, .plain] | all(length == 5 and all(. > 0))))
	and (.cells[0] | [.lat_p50_us, .lat_p99_us] | all([.sqpoll, .plain] | all(length == 5 and all(. > 0))))
	and (.cells[0] | [.iops, .cpu_us_per_io] | all([.ratio_to_stock, .ratio_to_plain]
		| all(.lo <= .median and .median <= .hi and .cover > 0.9)))
	and (.cells[0].lat_p50_us | (.stock == null) == (.ratio_to_stock == null))' \
	"$WORK/json" >/dev/null || { cat "$WORK/json" >&2; fail "the JSON is not complete"; }
jq -e '.cells[0].iops | . as $c | ([range(5) | $c.sqpoll[.] / $c.stock[.]] | sort | .[2]) as $m
	| ($m - $c.ratio_to_stock.median | fabs) < 1e-6' "$WORK/json" >/dev/null || fail "the ratio is not the median of the rounds"

head -c 2m /dev/urandom >"$WORK/mine"
before=$(cksum <"$WORK/mine")
"$SQP_BENCH" versus --pairs 5 --seconds 1 --iodepth 1 --file "$WORK/mine" --out "$WORK/out" --engine-dir "$SQP_ENGINE_DIR" \
	>"$WORK/table" 2>/dev/null || fail "versus --file failed: $?"
grep -Eq '^iodepth 1 +[0-9]+ +[0-9]+ +[0-9]+ +[0-9.]+ \[[0-9.]+, [0-9.]+\] +[0-9.]+ \[' "$WORK/table" || { cat "$WORK/table" >&2; fail "no row for iodepth 1"; }
[ "$(cksum <"$WORK/mine")" = "$before" ] || fail "the file was changed"

usage() {
	local pattern=$1 rc=0
	shift
	"$SQP_BENCH" versus --engine-dir "$SQP_ENGINE_DIR" "$@" >"$WORK/usage" 2>&1 || rc=$?
	[ "$rc" -eq 2 ] || fail "versus $* ended with $rc instead of 2"
	grep -Eq -- "$pattern" "$WORK/usage" || { cat "$WORK/usage" >&2; fail "versus $* did not say: $pattern"; }
}
# requests that arrive by themselves: the same of each round for all three
"$SQP_BENCH" versus --pairs 5 --seconds 1 --arrivals constant-fast --ours=--sq_wake=adaptive --out "$WORK/out" --engine-dir "$SQP_ENGINE_DIR" --json \
	>"$WORK/arrivals" 2>/dev/null || fail "versus --arrivals failed: $?"
jq -e '.cells[0] | .arrivals == "constant-fast" and .stock_is == "ioengine=sqpoll"
	and ([.lat_p50_us, .lat_p99_us] | all([.sqpoll, .stock, .plain] | all(length == 5 and all(. > 0))))
	and ([.cpu_us_per_io] | all([.stock, .plain] | all(length == 5 and all(. >= 0))))' "$WORK/arrivals" >/dev/null ||
	{ cat "$WORK/arrivals" >&2; fail "the JSON of arrivals is not complete"; }
[ -z "$(ls -A "$WORK/out")" ] || fail "left behind: $(ls -A "$WORK/out")"
usage "no law is called 'constant'" --arrivals poisson-fast,constant
usage "'sq_wake=bypass' is not an option of fio" --ours sq_wake=bypass
usage "'4' is not a number from 5 to" --pairs 4
usage "'0' is not a number from 1 to" --iodepth 1,0
usage "'write' is neither read nor randread" --rw write
usage 'no-such-file: No such file or directory' --file "$WORK/no-such-file" --out "$WORK/out"
