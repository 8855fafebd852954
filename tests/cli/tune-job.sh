#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Question: does `sqbench tune JOB.fio` tell the best way to submit a job's I/O, and prove it with the controls that were run?
# Expected: every control has values or a reason; the two best ran side by side until it was clear; a page that needs nothing else, and a
#           copy of the job with the chosen options that fio takes; limits are kept where they can be; bad input is one line.
# Wrong if: a control is missing without a reason, the answer is not what the numbers say, the job or its file is changed, or anything is
#           left behind by a run that failed.
. "$SQP_SOURCE/tests/lib.sh" || exit 1
# shellcheck source=tests/cli/page.sh
. "$SQP_SOURCE/tests/cli/page.sh" || exit 1
need jq fio gnuplot
[ "$(nproc)" -ge 2 ] || skip 'one CPU: the SQ thread cannot spin beside the job'

tune() {
	local name=$1
	shift
	"$SQP_BENCH" tune --out "$WORK/$name" --engine-dir "$SQP_ENGINE_DIR" --seconds 1 --repeats 3 "$@" >"$WORK/$name.out" 2>"$WORK/progress" ||
		{ cat "$WORK/progress" >&2; fail "tune $* failed: $?"; }
	run=$(echo "$WORK/$name"/runs/*-job-*)
	[ "$(ls -A "$run")" = "$(printf '%s\n' derived end.json env.json job.fio job.json report.html run.json)" ] || fail "$name: the run holds $(ls -A "$run")"
}

refuses() { sqbench_refuses tune "$@"; }
holds() { jq -e "$1" "$run/job.json" >/dev/null || { cat "$run/job.json" >&2; fail "it does not hold that $1"; }; }

# job NAME LINES...
job() {
	local name=$1
	shift
	printf '%s\n' '[global]' "filename=$WORK/data" 'size=2m' 'rw=randread' 'bs=4k' 'norandommap' 'runtime=100s' 'time_based' 'invalidate=0' "[$name]" "$@" >"$WORK/$name.fio"
}

head -c 2m /dev/urandom >"$WORK/data"
before=$(cksum <"$WORK/data")
job sparse ioengine=io_uring thinktime=20000 cpus_allowed=0 sq_thread_cpu=1
job deep ioengine=sqpoll sq_thread_idle=30 iodepth=16
job writes ioengine=io_uring rw=randwrite
job two ioengine=io_uring numjobs=2 thinktime=1000
job broken ioengine=io_uring bs=nonsense

tune sparse --idles 4,8,100 --apply-to "$WORK/copy.fio" "$WORK/sparse.fio"
cat "$WORK/sparse.out"
# 20 ms between requests: no SQ thread can be worth its CPU
holds '.schema == "sqbench-job/1" and .verdict != "sqpoll" and (.settings | all(.predicted.cpu_us_per_io > 1000))'
holds '[.ways[].way] == ["plain", "batched", "libaio", "iopoll", "stock", "adaptive", "as it is", "sqpoll"] or [.ways[].way] == ["plain", "batched", "libaio", "iopoll", "stock", "adaptive", "as it is"]'
holds 'all(.ways[]; (.runs > 0 and .seen.lat_mean_us > 0 and .seen.cpu_us_per_io > 0 and .cost_us > 0 and .reason == null) or (.runs == 0 and (.reason | length) > 10))'
# the stock engine's SQ thread never sleeps within its second; other tests may have a part of its CPU
holds '.ways[] | select(.way == "stock") | .seen.duty > 0.3'
holds '.chosen as $chosen | .ways[] | select(.way == $chosen) | .sqpoll == false'
holds '.runs < .sweep_runs and .load.requests > 30 and ([.ways[] | select(.present)] | length) == 1'
grep -q '^answer: use ' "$WORK/sparse.out" || fail 'no answer'
for word in 'What was run' 'Every idle period' 'recommended' 'If the load came slower or faster'; do
	grep -qF -- "$word" "$run/report.html" || fail "the page lacks: $word"
done
page_is_whole "$run" 4
# at other rates: a row for each idle period; a thread that sleeps less often costs more of a CPU, never less
holds '.heat | (.rate_factor | length) == 9 and (.idle_ms == [4, 8, 100]) and ([.cost_to_plain[], .duty[]] | all(length == 9)) and (.duty | .[0][8] <= .[2][8] and .[0][0] < .[0][8])'
holds '.host | has("steal_pct") and has("throttled")'
grep -q '^; .*sparse.fio by sqbench tune, run ' "$WORK/copy.fio" || fail "the copy says: $(head -n 1 "$WORK/copy.fio")"
run_fio --parse-only "$WORK/copy.fio" >"$WORK/o" 2>&1 </dev/null || fail "fio does not take the copy: $(tail -n 3 "$WORK/o")"
"$SQP_BENCH" report --out "$WORK/sparse" "$(basename "$run")" | grep -q '^answer: use ' || fail 'the report cannot be made again'

# sq_thread_idle=30 as it is now; whoever pays only for latency may use a whole CPU, and all the same keeps a limit
tune deep --json --objective p50 --cpu-budget 1.3 "$WORK/deep.fio"
jq -e '.dir and .answer and .report' "$WORK/deep.out" >/dev/null || fail '--json did not print it'
holds '.objective.cost == "p50:1" and .objective.cpu_budget == 1.3 and (.ways[] | select(.way == "as it is") | .present and .sqpoll and .runs > 0)'
holds '.ways[] | select(.way == "batched") | .runs > 0 and (.says | contains("batches of 8"))'
# an SQ thread and a submitter that spin take two CPUs
holds '.chosen as $chosen | .ways[] | select(.way == $chosen) | .seen.cpu_us_per_io * .seen.iops / 1e6 < 1.3'

# an SQ thread that is bound to the job's own CPU is said to be, and both wait for each other
job bound ioengine=sqpoll sq_thread_idle=30 cpus_allowed=0 sq_thread_cpu=0
tune bound --idles 8 "$WORK/bound.fio"
holds '.warnings[] | select(.about == "SQ thread'"'"'s place") | .text | contains("bound to CPU 0")'
holds '.warnings[] | select(.about == "SQ thread without a CPU")'
holds '.ways[] | select(.way == "as it is") | .seen.sq_wait > 0.1'

refuses 2 'writes to .*/data, which exists already: nothing was written' "$WORK/writes.fio"
[ "$(cksum <"$WORK/data")" = "$before" ] || fail 'it wrote all the same'
refuses 2 'starts 2 jobs: give one that starts one' --seconds 1 "$WORK/two.fio"
refuses 3 'fio failed with' --seconds 1 "$WORK/broken.fio"
refuses 2 'nowhere' "$WORK/nowhere.fio"
refuses 2 'exists already: name a new file' --apply-to "$WORK/sparse.fio" "$WORK/sparse.fio"
refuses 2 'copy.fio: No such file' --apply-to "$WORK/nowhere/copy.fio" "$WORK/sparse.fio"
refuses 2 '--rates: with a job file that is said in it' --rates 50 "$WORK/sparse.fio"
refuses 2 '--seconds needs a job file' --seconds 1
refuses 2 "'speed' is not TERM" --objective speed "$WORK/sparse.fio"
refuses 2 'one argument too many' "$WORK/sparse.fio" "$WORK/deep.fio"
