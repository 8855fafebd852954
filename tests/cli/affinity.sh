#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Question: does `sqbench affinity JOB.fio` try one CPU of each class of nearness, and was the SQ thread really there?
# Expected: eight places, each with values or a reason; the kernel had the SQ thread on the CPU of its place; the job's own CPU is
#           the worst of them for an SQ thread that spins; a page that needs nothing else; bad input is one line.
# Wrong if: a place is missing, a thread was elsewhere, the answer is not what the numbers say, or something stays behind.
. "$SQP_SOURCE/tests/lib.sh" || exit 1
# shellcheck source=tests/cli/page.sh
. "$SQP_SOURCE/tests/cli/page.sh" || exit 1
need jq fio gnuplot
[ "$(nproc)" -ge 2 ] || skip 'one CPU: there is one place only'

affinity() {
	local name=$1
	shift
	"$SQP_BENCH" affinity --out "$WORK/$name" --engine-dir "$SQP_ENGINE_DIR" --seconds 1 "$@" >"$WORK/$name.out" 2>"$WORK/progress" ||
		{ cat "$WORK/progress" >&2; fail "affinity $* failed: $?"; }
	run=$(echo "$WORK/$name"/runs/*-affinity-*)
	[ "$(ls -A "$run")" = "$(printf '%s\n' affinity.json derived end.json env.json job.fio report.html run.json)" ] || fail "$name: the run holds $(ls -A "$run")"
}

refuses() { sqbench_refuses affinity "$@"; }
kept=affinity.json
holds() { jq -e "$1" "$run/$kept" >/dev/null || { cat "$run/$kept" >&2; fail "it does not hold that $1"; }; }

head -c 2m /dev/urandom >"$WORK/data"
printf '%s\n' '[read]' 'ioengine=sqpoll' 'sq_thread_idle=100' "filename=$WORK/data" 'size=2m' 'rw=randread' 'bs=4k' 'norandommap' 'runtime=100s' 'time_based' 'invalidate=0' \
	'sq_thread_cpu=77' 'cpus_allowed=0-1' >"$WORK/read.fio"
printf '%s\n' '[write]' 'ioengine=io_uring' "filename=$WORK/data" 'rw=randwrite' >"$WORK/write.fio"
first=$(awk '/^Cpus_allowed_list/ { split($2, c, /[-,]/); print c[1] }' /proc/self/status)

affinity all --repeats 2 "$WORK/read.fio"
cat "$WORK/all.out"
holds '.schema == "sqbench-affinity/1" and .rounds == 2 and .job_cpu == '"$first"
holds '[.placements[].name] == ["any", "same", "smt", "llc", "node", "remote", "isolated", "drive"]'
holds 'all(.placements[]; (.seen.iops > 0 and .cost_us.value > 0 and .ratio_to_any.lo > 0 and .reason == null) or (.cost_us == null and (.reason | length) > 10))'
holds '[.placements[] | select(.cost_us)] | length >= 3'
holds 'all(.placements[] | select(.cost_us and .cpu); .ran_on == [.cpu])'
holds '(.placements[] | select(.name == "same") | .ratio_to_any.value) > 3'
holds '([.placements[] | select(.cost_us) | .cost_us.value] | min) as $least | .best as $best | .placements[] | select(.name == $best) | .cost_us.value == $least'
holds '(.cpus | length) >= 2 and ([.cpus[] | select(.class == 0)] | length) == 1'
grep -Eq '^answer: (use sq_thread_cpu=|pin nothing)' "$WORK/all.out" || fail 'no answer'
for word in 'What each place costs' 'The machine'; do
	grep -qF -- "$word" "$run/report.html" || fail "the page lacks: $word"
done
page_is_whole "$run" 2
"$SQP_BENCH" report --out "$WORK/all" "$(basename "$run")" | grep -q '^answer: ' || fail 'the report cannot be made again'

# Several jobs: how many SQ threads? They differ in their sections and in numjobs, and one has an engine of its own.
printf '%s\n' '[global]' "filename=$WORK/data" 'size=2m' 'rw=randread' 'bs=4k' 'norandommap' 'runtime=100s' 'time_based' 'invalidate=0' 'iodepth=4' '[a]' 'ioengine=io_uring' \
	'numjobs=2' '[b]' 'ioengine=sqpoll' 'sq_thread_idle=20' 'sq_thread_cpu=77' >"$WORK/jobs.fio"
"$SQP_BENCH" affinity --out "$WORK/share" --engine-dir "$SQP_ENGINE_DIR" --seconds 1 --repeats 2 "$WORK/jobs.fio" >"$WORK/share.out" 2>"$WORK/progress" ||
	{ cat "$WORK/progress" >&2; fail "affinity of three jobs failed: $?"; }
cat "$WORK/share.out"
run=$(echo "$WORK/share"/runs/*-share-*)
kept=share.json
holds '.schema == "sqbench-share/1" and .jobs == 3 and .rounds == 2'
holds '[.ways[].share] == [0, 1, 2, 3, 1, 3] and [.ways[].placed] == [false, false, false, false, true, true]'
holds 'all(.ways[]; .reason == null and .per_s.value > 0 and .cost_us.value > 0 and .seen.requests > 100)'
# SQ threads by the statistics of the three jobs: one has an idle period of its own, so it cannot share, and that is said
holds '[.ways[].sq_threads] == [0, 3, 2, 2, 3, 2]'
holds '[.ways[].name] == ["plain io_uring", "3 SQ threads", "2 SQ threads", "2 SQ threads, 1 asked for", "3 SQ threads, placed", "2 SQ threads, 1 asked for, placed"]'
holds 'all(.ways[] | select(.share > 0); .seen.duty > 0 and .seen.sq_wait >= 0)'
holds '.ways[0].ratio_to_plain.value == 1'
grep -Eq '^answer: use (plain io_uring|thread=1 and sq_share=)' "$WORK/share.out" || fail 'no answer'
page_is_whole "$run" 1
"$SQP_BENCH" report --out "$WORK/share" "$(basename "$run")" | grep -q '^answer: ' || fail 'the report cannot be made again'
"$SQP_BENCH" report --format text --out "$WORK/share" "$(basename "$run")" | grep -q '^plain io_uring$' || fail 'no table as text'

refuses 2 'writes to .*/data, which exists already: nothing was written' "$WORK/write.fio"
refuses 2 'name a job file'
refuses 2 'this process may not use that CPU' --job-cpu 1000 "$WORK/read.fio"
refuses 2 "'speed' is not TERM" --objective speed "$WORK/read.fio"
