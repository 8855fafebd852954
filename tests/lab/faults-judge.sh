#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Question: does the judge of the fault cells see each thing that can be wrong with one?
# Expected: a sound cell passes; with one thing changed it fails, and for that reason.
# Wrong if: a fabricated failure passes.
. "${SQP_SOURCE:?is set by ctest}/tests/lib.sh"
need jq

seen=$WORK/seen

# cell FIELD=VALUE...: cells.tsv with one cell, sound but for these
cell() {
	local -A of=([error]=5 [exit]=err [line]=whole [seconds]=1 [rc]=1 [wall]=2900 [hung]=0 [during]=- [threads]=0 [processes]=0
		[words]=hipri+thread [fio]=5 [stats]='{"error": 5, "submitted": 9, "completed": 9, "stalls": 0}' [leak]='0 rings 0 threads 0 files (1)' [dmesg]='')
	local field
	for field; do of[${field%%=*}]=${field#*=}; done
	rm -rf "$seen"
	mkdir -p "$seen/cells"
	printf 'control-1-good-qd1\tcontrol-1\t0\t0\tnone\t0\t0\t500\t0\t-\t0\t0\tqd1\n' >"$seen/cells.tsv"
	{ printf '%s\t' case fault "${of[error]}" "${of[exit]}" "${of[line]}" "${of[seconds]}" "${of[rc]}" "${of[wall]}" "${of[hung]}" \
		"${of[during]}" "${of[threads]}" "${of[processes]}" && echo "${of[words]}"; } >>"$seen/cells.tsv"
	printf '{"jobs": [{"error": 0}]}\n' >"$seen/cells/control-1-good-qd1.json"
	[ -z "${of[fio]}" ] || printf 'fio: a line before\n{"jobs": [{"error": %s, "job_runtime": 9}]}\n' "${of[fio]}" >"$seen/cells/case.json"
	printf '%s' "${of[stats]}" >"$seen/cells/case.jsonl"
	printf '%s' "${of[leak]}" >"$seen/cells/case.leak"
	printf '%s' "${of[dmesg]}" >"$seen/cells/case.dmesg"
}

# judged ENGINE REGEX FIELD=VALUE...: the verdict of that cell
judged() {
	local engine=$1 regex=$2 verdict
	shift 2
	cell "$@"
	"$SQP_SOURCE/tests/lab/faults.sh" none "$engine" some "$seen" >"$WORK/log" 2>&1 || true
	verdict=$(awk -F '\t' '$1 == "case" { print $3 }' "$seen/verdicts.tsv")
	[[ $verdict =~ ^($regex)$ ]] || fail "$engine, $*: '$verdict', not '$regex': $(cat "$WORK/log")"
	echo "ok: ${*:-sound}: $verdict"
}

judged ours ok
judged ours ok 'error=5|28' fio=28 'stats={"error": 28, "submitted": 9, "completed": 9, "stalls": 0}'
judged ours hung hung=1
judged ours 'exit=0' rc=0
judged ours 'exit=137' rc=137
judged ours 'errno=0, line-error=5' fio=0
judged ours 'no-report, line-error=5' fio=
judged ours 'late=3501ms' wall=3501
judged ours ok wall=3500
judged ours 'not-done-in-time' during=not error=0 exit=0 rc=0 fio=0 'stats={"error": 0, "submitted": 9, "completed": 9, "stalls": 0}'
judged ours ok during=not
judged ours 'submitted=0 completed=0' 'stats={"error": 5, "submitted": 0, "completed": 0, "stalls": 0}'
judged ours 'sq-thread-left' threads=1
judged ours 'process-left' processes=1
judged ours 'left=1 rings 0 threads 0 files' 'leak=1 rings 0 threads 0 files (50)'
judged ours 'left=' leak=
judged ours ok leak= words=hipri
judged ours 'kernel: BUG: x' 'dmesg=BUG: x'
judged ours '0-lines' stats=
judged ours 'line-error=0' 'stats={"error": 0, "submitted": 9, "completed": 9, "stalls": 0}'
judged ours 'submitted=9 completed=8' 'stats={"error": 5, "submitted": 9, "completed": 8, "stalls": 0}'
judged ours 'stalls=1' 'stats={"error": 5, "submitted": 9, "completed": 9, "stalls": 1}'
judged ours ok line=part 'stats={"error": 5, "submitted": 9, "completed": 8, "stalls": 1}'
judged ours 'submitted=9 completed=9 stalls=0' line=part
judged ours 'line-of-a-refused-job' line=none
judged stock ok stats=
judged stock 'errno=0' fio=0 stats=
