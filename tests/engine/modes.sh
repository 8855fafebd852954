#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Question: do all values of sq_wake and reap move every request once and unharmed, and do what they say?
# Expected: verified data and equal counts in each combination, as threads and as processes; a thread that is bypassed stays
#           asleep; the enters have their causes; one CPU for job and SQ thread is no trap for a reaper that can sleep.
# Wrong if: a request is lost, done twice or fails verification, a counter has no cause, or a mode is only a name.
. "$SQP_SOURCE/tests/lib.sh"
need jq

# nothing stalls, and every enter has its cause
enters='.stalls == 0 and .enters == .wakeups + .rechecks + .cq_overflow + .waits + .bypass_enters'

# job NAME ARGS...: its lines are $WORK/NAME.jsonl
job() {
	local name=$1 rc=0
	shift
	rm -f "$WORK/$name.jsonl"
	"${fio_env[@]}" timeout 60 fio --name="$name" --ioengine=sqpoll --filename="$WORK/data" --bs=4k --size=2m --stats_file="$WORK/$name.jsonl" \
		--verify_state_save=0 --stall_ms=5000 --output="$WORK/$name.out" "$@" 2>"$WORK/$name.err" || rc=$?
	[ "$rc" -eq 0 ] || fail "$name: fio ended with $rc: $(cat "$WORK/$name.err" "$WORK/$name.out")"
}

# true_of NAME EXPRESSION: of each of its lines
true_of() {
	jq -es "length > 0 and all(.[]; $2)" "$WORK/$1.jsonl" >/dev/null ||
		fail "$1: not true: $2: $(jq -c 'del(.gap_ns, .wake_ns, .pickup_ns, .reap_ns, .features)' "$WORK/$1.jsonl")"
}

combinations() {
	local wake reap kind
	for wake in always bypass adaptive; do
		for reap in spin sleep hybrid; do
			for kind in --thread=1 --thread=0; do
				job "$wake-$reap" --sq_wake="$wake" --reap="$reap" "$kind" --sq_thread_idle=1 --rw=randrw --iodepth=8 \
					--thinktime=6000 --thinktime_blocks=150 --fsync=32 --verify=crc32c --fixedbufs
				true_of "$wake-$reap" ".error == 0 and .submitted == .completed and .submitted >= 512 and $enters
					and .options.sq_wake == \"$wake\" and .options.reap == \"$reap\""
			done
			echo "ok $wake, $reap: $(jq -c '[.submitted, .bypassed, .wakeups, .waits]' "$WORK/$wake-$reap.jsonl") requests, past the thread, wake-ups, sleeps"
		done
	done
	true_of always-spin '.bypassed == 0 and .waits == 0 and .wakeups > 0'
	true_of bypass-spin '.bypassed > 0 and .waits == 0 and .wakeups <= 1'
	true_of adaptive-sleep '.bypassed > 0 and .notes == [] and (.side_setup_flags | index("SQPOLL")) == null'
	true_of always-spin '.side_setup_flags == null'
}

# A thread that nobody wakes uses no CPU.
asleep() {
	job sparse --sq_wake=bypass --sq_thread_idle=1 --rw=randread --thinktime=15000 --number_ios=40
	true_of sparse ".bypassed >= 38 and .wakeups == 0 and (.sq_thread.cpu_us == null or .sq_thread.cpu_us < 0.1 * .elapsed_us) and $enters"
	echo "ok a thread that is bypassed used $(jq .sq_thread.cpu_us "$WORK/sparse.jsonl") us of $(jq .elapsed_us "$WORK/sparse.jsonl")"
}

# With both on one CPU a spinning reaper keeps the SQ thread from running for a scheduling slice at each request.
one_cpu() {
	local reap
	for reap in sleep hybrid; do
		job "one-cpu-$reap" --cpus_allowed=0 --sq_thread_cpu=0 --reap="$reap" --rw=randread --norandommap --io_size=12000k
		true_of "one-cpu-$reap" ".completed == 3000 and .waits > 1000 and $enters"
	done
	job one-cpu-adaptive --cpus_allowed=0 --sq_thread_cpu=0 --sq_wake=adaptive --rw=randread --norandommap --io_size=12000k
	true_of one-cpu-adaptive ".completed == 3000 and .bypassed > 1500 and .options.reap == \"hybrid\" and .options.sq_thread_idle == 1 and $enters"
	true_of one-cpu-adaptive '.notes | any(test("sq_thread_idle=0 is taken as 1"))'
	echo "ok job and SQ thread on one CPU"
}

# What the log of times says of a request that went past the thread
timed() {
	job timed --sq_wake=bypass --sq_thread_idle=1 --rw=randread --iodepth=4 --thinktime=12000 --thinktime_blocks=8 --number_ios=200 \
		--time_log="$WORK/timed"
	true_of timed '.bypassed > 150 and .reap_ns.n == .completed'
	awk -F ', *' '{ n++; if ($4 && ($4 < $3 || $6 < $4) || $6 < $5 || $5 && $5 < $3) bad++ } END { exit !(n == 200 && !bad) }' \
		"$WORK/timed_times.1.log" || fail "times out of order: $(head -n 5 "$WORK/timed_times.1.log")"
	echo "ok times of bypassed requests are in order"
}

refused() {
	expect_fail 'sq_wake' run_fio --name=x --ioengine=sqpoll --filename="$WORK/data" --rw=read --size=4k --sq_wake=never
	expect_fail 'reap' run_fio --name=x --ioengine=sqpoll --filename="$WORK/data" --rw=read --size=4k --reap=maybe
}

combinations
asleep
one_cpu
timed
refused
