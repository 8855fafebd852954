#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Question: does `sqbench predict` tell what an idle period does to a job, from three runs of it, and is it what then happens?
# Expected: every setting once, duty and wake-ups that fall and rise as they must, near what the kernel accounted (a loose limit;
#           docs/METHODOLOGY.md has the accuracy of many cells); the job file left as it is; no file written unasked.
# Wrong if: a setting is missing or twice, a prediction is far from its measurement, something stays behind, or a bad job is taken.
. "$SQP_SOURCE/tests/lib.sh" || exit 1
need jq fio
[ "$(nproc)" -ge 2 ] || skip 'one CPU: the SQ thread cannot spin beside the job'

predict() {
	local name=$1
	shift
	"$SQP_BENCH" predict --out "$WORK/$name" --engine-dir "$SQP_ENGINE_DIR" "$@" >"$WORK/$name.out" 2>"$WORK/progress" ||
		{ cat "$WORK/progress" >&2; fail "predict $* failed: $?"; }
	run=$(echo "$WORK/$name"/runs/*-predict-*)
	[ "$(ls -A "$run")" = "$(printf '%s\n' end.json env.json job.fio predict.json run.json)" ] || fail "$name: the run holds $(ls -A "$run")"
}

refuses() { sqbench_refuses predict "$@"; }

# job NAME LINES...
job() {
	local name=$1
	shift
	printf '%s\n' '[global]' 'ioengine=io_uring' "filename=$WORK/data" 'size=2m' 'rw=randread' 'bs=4k' 'norandommap' 'runtime=100s' 'time_based' "[$name]" "$@" >"$WORK/$name.fio"
}

head -c 2m /dev/urandom >"$WORK/data"
job sparse thinktime=20000 sqthread_poll=1 invalidate=0 cpus_allowed=0 sq_thread_cpu=1
job writes rw=randwrite
job two numjobs=2 thinktime=1000
job broken bs=nonsense

predict sparse --seconds 1 --idles 1,2,4,8,12,16,24,40,1000 --measure 2 "$WORK/sparse.fio"
cat "$WORK/sparse.out"
cmp -s "$WORK/sparse.fio" "$run/job.fio" || fail 'job.fio is not the job'
holds() { jq -e "$1" "$run/predict.json" >/dev/null || { cat "$run/predict.json" >&2; fail "it does not hold that $1"; }; }
holds '.schema == "sqbench-predict/1" and .requests > 30 and .wakeups_seen > 0 and .plain.duty == 0'
# equal settings once
holds '.hz as $hz | [.settings[].idle_ms * $hz / 1000 | ceil] | (unique | length) == length and length >= 5'
# the longer the idle period the more CPU and the fewer wake-ups
holds '[.settings[].predicted.duty] | . == sort and .[0] < 0.8 and .[-1] > 0.99'
holds '[.settings[].predicted.wakeups_per_s] | . == (sort | reverse) and .[-1] == 0 and .[0] > 20'
# measured: the shortest, and two more
holds '[.settings[] | select(.measured)] | length == 3 and all(.[]; .measured.duty == null or ((.measured.duty - .predicted.duty) | fabs) < 0.1)'
grep -q '^answer: ' "$WORK/sparse.out" || fail 'no answer'

predict json --seconds 1 --idles 4,100 --measure 0 --json "$WORK/sparse.fio"
jq -e '.dir and .answer and (.settings | length == 2)' "$WORK/json.out" >/dev/null || fail '--json did not print it'

before=$(cksum <"$WORK/data")
refuses 2 'writes to .*/data, which exists already: nothing was written' "$WORK/writes.fio"
[ "$(cksum <"$WORK/data")" = "$before" ] || fail 'it wrote all the same'
refuses 2 'starts 2 jobs: give one that starts one' --seconds 1 "$WORK/two.fio"
refuses 3 'fio failed with' --seconds 1 "$WORK/broken.fio"
refuses 2 'nowhere' "$WORK/nowhere.fio"
refuses 2 'name a job file'
refuses 2 "'0' is not a number from 1 to" --idles 0 "$WORK/sparse.fio"
