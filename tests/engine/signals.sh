#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Question: does a run that is interrupted, stopped, killed or crowded end as it should?
# Expected: an interrupt leaves valid totals and the statistics line; a kill leaves no SQ thread and no process;
#           a stopped job goes on; 64 jobs at once all end.
# Wrong if: fio hangs, a line is missing, submitted and completed differ, or an iou-sqp thread is left over.
# Waits are bounded by generous limits, none of which is a measure.
. "$SQP_SOURCE/tests/lib.sh" || exit 1
need fio jq timeout

patience_s=60
cd "$WORK" || exit 1

# members: fio and its jobs, which are in sessions of their own but all in this directory; zombies are not there
members() {
	local process name
	for process in /proc/[0-9]*; do
		if [ "$process/cwd" -ef "$WORK" ] && read -r name 2>/dev/null <"$process/comm" && [ "$name" = fio ]; then
			echo "${process#/proc/}"
		fi
	done
}

# signal SIGNAL: to all of them
signal() {
	# shellcheck disable=SC2046 # a list of numbers
	kill -s "$1" $(members) 2>/dev/null
}

end_fio() {
	signal KILL
	rm -rf "$WORK"
}
trap end_fio EXIT

head -c 4M /dev/urandom >data
job=(--ioengine=sqpoll --filename=data --size=4m --bs=4k --iodepth=8 --rw=randread --stats_file=stats.jsonl)

# start ARGS...: fio in the background
start() {
	rm -f stats.jsonl out.json
	"${fio_env[@]}" fio --output=out.json --output-format=json "${job[@]}" "$@" >log 2>&1 </dev/null &
	pid=$!
}

# within WHAT COMMAND...: until the command succeeds
within() {
	local what=$1 end=$((SECONDS + patience_s))
	shift
	until "$@"; do
		[ "$SECONDS" -lt "$end" ] || fail "$what: not within $patience_s s: $(cat log)"
		sleep 0.05
	done
}

# sq_threads: of all of them
sq_threads() {
	local member
	for member in $(members); do
		cat "/proc/$member/task"/*/comm 2>/dev/null
	done | grep -c '^iou-sqp-'
}

has_sq_threads() { [ "$(sq_threads)" -ge "$1" ]; }
all_gone() { [ -z "$(jobs -pr)" ] && [ -z "$(members)" ]; }

# ended: waits for fio, $rc is its exit code
ended() {
	within "the end of fio" all_gone
	rc=0
	wait "$pid" 2>/dev/null || rc=$?
}

# whole LINES: the statistics have so many lines, each of them sound, and fio's totals are theirs
whole() {
	[ "$(jq -s 'map(select(.submitted == .completed and .submitted > 0 and .stalls == 0)) | length' stats.jsonl)" -eq "$1" ] ||
		fail "statistics: $(jq -c '[.job, .error, .submitted, .completed, .stalls]' stats.jsonl)"
	[ "$(jq -s 'map(.submitted) | add' stats.jsonl)" -eq "$(json out.json '[.jobs[] | .read.total_ios + .write.total_ios] | add')" ] ||
		fail "the ring saw $(jq -s 'map(.submitted) | add' stats.jsonl) requests, fio $(json out.json '[.jobs[].read.total_ios] | add')"
}

test_interrupt() {
	local thread signal
	for thread in 0 1; do
		for signal in INT TERM; do
			start --name=a --thread=$thread --numjobs=2 --time_based --runtime=600
			within "two SQ threads" has_sq_threads 2
			kill -s "$signal" "$pid"
			ended
			whole 2
			[ "$(json out.json '[.jobs[].error] | unique | tostring')" = '[0]' ] || fail "SIG$signal: job errors"
		done
	done
}

# An interrupt finds a job that waits, with its SQ thread asleep.
test_interrupt_while_idle() {
	start --name=a --iodepth=1 --rate_iops=10 --sq_thread_idle=1 --time_based --runtime=600
	within "an SQ thread" has_sq_threads 1
	sleep 0.5
	kill -s INT "$pid"
	ended
	whole 1
}

test_kill() {
	local thread
	for thread in 0 1; do
		start --name=a --thread=$thread --numjobs=2 --time_based --runtime=600
		within "two SQ threads" has_sq_threads 2
		signal KILL
		ended
		[ "$rc" -eq 137 ] || fail "kill -9: fio ended with $rc"
	done
}

# Only the parent dies: fio's job processes notice, and their SQ threads go with them.
test_kill_of_the_job() {
	local victim
	start --name=a --time_based --runtime=600
	within "an SQ thread" has_sq_threads 1
	victim=$(members | grep -vx "$pid")
	kill -s KILL "$victim"
	ended
	[ "$rc" -ne 0 ] || fail "fio did not notice that its job was killed"
}

test_stop_and_continue() {
	start --name=a --number_ios=10007 --io_size=100g --rate_iops=4000
	within "an SQ thread" has_sq_threads 1
	signal STOP
	sleep 1.5
	signal CONT
	ended
	[ "$rc" -eq 0 ] || fail "a job that was stopped and went on ended with $rc"
	whole 1
	[ "$(jq .submitted stats.jsonl)" -eq 10007 ] || fail "not all of its requests were made"
}

# The first error of any job ends all; data that nobody wrote cannot be verified.
test_exitall_on_error() {
	start --exitall_on_error=1 --name=good --time_based --runtime=600 --name=bad --startdelay=1 --rw=read --verify=crc32c
	ended
	[ "$rc" -ne 0 ] || fail "exitall_on_error: fio ended with 0"
	[ "$(jq -s 'map(select(.job == "good" and .submitted == .completed and .submitted > 0)) | length' stats.jsonl)" -eq 1 ] ||
		fail "the good job has no sound line: $(cat stats.jsonl)"
}

test_start_delay() {
	start --name=a --name=b --startdelay=1 --name=c --startdelay=1 --thread=1
	ended
	[ "$rc" -eq 0 ] || fail "startdelay: fio ended with $rc"
	whole 3
}

test_max_jobs() {
	start --max-jobs=3 --name=a --numjobs=3
	ended
	[ "$rc" -eq 0 ] || fail "--max-jobs=3 with 3 jobs: fio ended with $rc"
	whole 3
}

test_many_threads() {
	start --name=many --thread=1 --numjobs=64 --size=64k --iodepth=2
	ended
	[ "$rc" -eq 0 ] || fail "64 threads: fio ended with $rc"
	whole 64
	# in a PID namespace of its own /proc does not show them
	jq -es 'map(.sq_thread.tid) | all(. == null) or (unique | length) == 64' stats.jsonl >/dev/null || fail "64 threads: not 64 SQ threads"
}

for test in interrupt interrupt_while_idle kill kill_of_the_job stop_and_continue exitall_on_error start_delay max_jobs \
	many_threads; do
	[[ $test =~ ${TESTS:-.} ]] || continue
	started_s=$SECONDS
	"test_$test"
	echo "passed: $test ($((SECONDS - started_s)) s)"
done
