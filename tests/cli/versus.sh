#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Question: does `sqbench versus` compare all three sides, interleaved, keep what it measured, and write only where it may?
# Expected: tables and JSON with every value, ratios inside their intervals, verdicts that follow from them; one run directory each, no
#	scratch in it; clear usage errors.
# Wrong if: a side is missing, something stays, a file is written unasked, or a bad argument is taken. How fast a side is, is not tested.
. "$SQP_SOURCE/tests/lib.sh" || exit 1
# shellcheck source=tests/cli/page.sh
. "$SQP_SOURCE/tests/cli/page.sh" || exit 1
need jq fio taskset gnuplot

# versus NAME ARGS...: into $WORK/NAME.out; its run directory is $run
versus() {
	local name=$1
	shift
	"$SQP_BENCH" versus --pairs 5 --seconds 1 --out "$WORK/$name" --engine-dir "$SQP_ENGINE_DIR" "$@" >"$WORK/$name.out" 2>"$WORK/progress" ||
		{ cat "$WORK/progress" >&2; fail "versus $* failed: $?"; }
	run=$(echo "$WORK/$name"/runs/*-versus-*)
	[ "$(ls -A "$run")" = "$(printf '%s\n' derived end.json env.json report.html run.json versus.json)" ] || fail "$name: the run holds $(ls -A "$run")"
	[ "$(ls -A "$WORK/$name/runs")" = "${run##*/}" ] || fail "$name left behind: $(ls -A "$WORK/$name/runs")"
	page_is_whole "$run" 2
}

# holds FILE EXPRESSION: true of the JSON, in which est(e) is an estimate
holds() {
	jq -e 'def est(e): e | .lo <= .value and .value <= .hi and .cover > 0.9; '"$2" "$1" >/dev/null || { cat "$1" >&2; fail "it does not hold that $2"; }
}

refuses() { sqbench_refuses versus "$@"; }

head -c 2m /dev/urandom >"$WORK/mine"
before=$(cksum <"$WORK/mine")
refuses 2 'write to .*/mine, which exists already: nothing was written; pass --allow-write' --file "$WORK/mine" --rw randread,write
refuses 2 'write to .*/mine, which exists already' --file "$WORK/mine" --rows same-cpu-1,awake
refuses 2 "no row is called 'awaken'; all, awake, same-cpu-1, .*arrivals$" --rows sparse,awaken
refuses 2 'leave out --bs' --rows sparse --bs 4k
refuses 2 'it needs --direct' --hipri
refuses 2 "no law is called 'constant'" --arrivals poisson-fast,constant
refuses 2 'leave out --rw' --arrivals all --rw randread
refuses 2 "'sq_wake=bypass' is not an option of fio" --ours sq_wake=bypass
refuses 2 "'4' is not a number from 5 to" --pairs 4
refuses 2 "'0' is not a number from 1 to" --iodepth 1,0
refuses 2 "'trim' is none of read, randread, write and randwrite" --rw read,trim
refuses 2 "'4kb' is not a size" --bs 512,4kb
refuses 2 'no-such-file: No such file or directory' --file "$WORK/no-such-file"
refuses 2 'neither a regular file nor a block device' --file /dev/null
refuses 3 'sqpoll at iodepth=1 failed .*no-such-option' --all=--no-such-option=1 --pairs 5

# a row that cannot be had here is named, and alone leaves nothing
only_one() { taskset -c 0 "$@"; }
rc=0
only_one "$SQP_BENCH" versus --rows two-jobs-1 --out "$WORK/refused" --engine-dir "$SQP_ENGINE_DIR" >"$WORK/refusal" 2>&1 || rc=$?
[ "$rc" -eq 3 ] || fail "a row that needs two CPUs ended with $rc on one"
grep -q 'two-jobs-1 was not measured: it needs 2 CPUs, and this process may use 1' "$WORK/refusal" || { cat "$WORK/refusal" >&2; fail "the reason is missing"; }

versus row --rows same-cpu-1 --file "$WORK/mine" --ours=--sq_wake=adaptive
[ "$(cksum <"$WORK/mine")" = "$before" ] || fail "the file was changed"
verdict='(met|not met|met, interval not clear|not met, interval not clear)'
grep -Eq "^same-cpu-1: .*, cached, 5 rounds of 1 s: $verdict\$" "$WORK/row.out" || { cat "$WORK/row.out" >&2; fail "no line for the row"; }
grep -Eq "^  512 randread, iodepth 1 +IOPS / stock SQPOLL +>= 900 +[0-9.]+ \[[0-9.]+, [0-9.]+\] +$verdict\$" "$WORK/row.out" ||
	{ cat "$WORK/row.out" >&2; fail "no line for what is asked"; }
grep -q "^run: $run\$" "$WORK/row.out" || fail "the run is not named"
made_again "$run"
grep -q "same-cpu-1: .*512 randread, iodepth 1: IOPS.*>= 900 stock" <<<"$(tr '\n' ' ' <"$run/derived/versus.tsv")" || fail "what is asked is not drawn"
holds "$run/versus.json" '.schema == "sqbench-versus/3" and (.rows | length) == 1 and .rows[0].row == "same-cpu-1" and .rows[0].reason == null'
holds "$run/versus.json" '.rows[0].options == {sqpoll: ["--cpus_allowed=0", "--sq_thread_cpu=0", "--reap=hybrid", "--sq_wake=adaptive"],
	stock: ["--cpus_allowed=0", "--sqthread_poll_cpu=0"], plain: ["--cpus_allowed=0"]}'
holds "$run/versus.json" '.rows[0] | .geomeans == null and (.asks | length) == 1 and .asks[0].verdict == .verdict'
holds "$run/versus.json" '.rows[0] | .cells[0].iops.ratio_to_stock as $r | .asks[0] | {value, lo, hi, cover} == $r and .limit == 900
	and .cell == 0 and .side == "stock" and (.verdict | startswith("met")) == (.value >= 900) and (.verdict | endswith("clear")) == (.lo < 900 and .hi >= 900)'
holds "$run/versus.json" '.rows[0].cells[0].sq_cpu_pct | (.sqpoll | length == 5 and all(. >= 0 and . <= 110)) and .stock == null'
holds "$run/versus.json" '(.env.kernel | length > 0) and .engine != null and .env.target.bytes == 2097152 and .bytes == 2097152 and (.file | endswith("/mine"))'

# cells of all sizes, patterns and depths; what the last option says is short
versus write --bs 1k --rw randread,randwrite --iodepth 4 --file "$WORK/mine" --allow-write --all=--runtime=300ms --stock=--sqthread_poll_cpu=0
[ "$(cksum <"$WORK/mine")" != "$before" ] || fail "--allow-write did not write"
[ "$(stat -c %s "$WORK/mine")" -eq 2097152 ] || fail "the file has another size"
for line in '1k randread, iodepth 4 +[0-9]+ +[0-9]+ +[0-9]+' '1k randwrite, iodepth 4 +[0-9]+ +[0-9]+ +[0-9]+' 'geometric mean'; do
	grep -Eq "^$line +[0-9.]+ \\[[0-9.]+, [0-9.]+\\] +[0-9.]+ \\[" "$WORK/write.out" || { cat "$WORK/write.out" >&2; fail "no line with $line"; }
done
holds "$run/versus.json" '.rows[0] | .row == null and .verdict == null and .asks == [] and [.cells[].name] == ["1k randread, iodepth 4", "1k randwrite, iodepth 4"]
	and .options == {sqpoll: ["--runtime=300ms"], stock: ["--runtime=300ms", "--sqthread_poll_cpu=0"], plain: ["--runtime=300ms"]}'
holds "$run/versus.json" '.rows[0].cells | all([.iops, .cpu_us_per_io] | all([.sqpoll, .stock, .plain] | all(length == 5 and all(. > 0))))'
holds "$run/versus.json" '.rows[0].cells | all([.iops, .cpu_us_per_io] | all(est(.ratio_to_stock) and est(.ratio_to_plain)))'
holds "$run/versus.json" '.rows[0].cells | all([.lat_p50_us, .lat_p99_us] | all([.sqpoll, .plain] | all(length == 5 and all(. > 0))))'
holds "$run/versus.json" '.rows[0].cells | all(.lat_p50_us | (.stock == null) == (.ratio_to_stock == null))'
holds "$run/versus.json" '.rows[0].cells | all(.iops | . as $c | ([range(5) | $c.sqpoll[.] / $c.stock[.]] | sort | .[2]) as $m | ($m / $c.ratio_to_stock.value - 1 | fabs) < 1e-6)'
holds "$run/versus.json" '.rows[0] | ([.cells[].iops.ratio_to_plain.value | log] | add / 2 | exp) as $m | .geomeans.iops.ratio_to_plain | est(.) and ($m / .value - 1 | fabs) < 1e-6'

# requests that arrive by themselves: the same of each round for all three
versus arrivals --arrivals constant-fast --ours=--sq_wake=adaptive --all=--runtime=500ms --json
diff <(jq -S 'del(.dir, .answer, .report, .missing)' "$WORK/arrivals.out") <(jq -S . "$run/versus.json") || fail "what is printed is not what is kept"
holds "$WORK/arrivals.out" '.rows[0].stock_is == "ioengine=sqpoll" and .file == null'
holds "$WORK/arrivals.out" '.rows[0].cells[0] | .arrivals == "constant-fast" and ([.lat_p50_us, .lat_p99_us] | all([.sqpoll, .stock, .plain] | all(length == 5 and all(. > 0))))
	and ([.cpu_us_per_io] | all([.stock, .plain] | all(length == 5 and all(. >= 0))))'
