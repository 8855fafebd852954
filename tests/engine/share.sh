#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Question: do N jobs with sq_share=N and thread=1 really have one SQ thread, and is every request of theirs done once?
# Expected: one thread id in their statistics and one iou-sqp thread in /proc while they run; verified data, equal counts; the
#           rest go on when the first has ended; whoever wants another thread has it; processes are refused.
# Wrong if: a job has a thread of its own without a word, a request is lost, or the end or failure of one breaks another.
. "$SQP_SOURCE/tests/lib.sh"
need jq

enters='.enters == .wakeups + .rechecks + .cq_overflow + .stalls + .waits + .bypass_enters'
common=(--ioengine=sqpoll --bs=4k --thread=1 --verify_state_save=0 --stats_file="$WORK/stats")
long=("${common[@]}" --rw=randread --filename="$WORK/data" --size=2m --time_based --runtime=2 --iodepth=4 --reap=hybrid)

# start ARGS...: fio in the background, its number in $fio
start() {
	rm -f "$WORK/stats"
	"${fio_env[@]}" timeout 100 fio --output="$WORK/out" "$@" 2>"$WORK/err" &
	fio=$!
}

ends() {
	wait "$fio" || fail "fio ended with $?: $(cat "$WORK/err" "$WORK/out")"
}

# run ARGS...
run() {
	start "$@"
	ends
}

# true_of EXPRESSION: of the array of lines
true_of() {
	jq -es "$1" "$WORK/stats" >/dev/null ||
		fail "not true: $1: $(jq -c 'del(.gap_ns, .wake_ns, .pickup_ns, .reap_ns, .features)' "$WORK/stats")"
}

# threads_of PID: how many SQ threads it has. Before Linux 5.12 they are not the process's own.
threads_of() {
	cat "/proc/$1"/task/*/comm 2>/dev/null | grep -c '^iou-sqp-'
}

# While all JOBS run, the process has as many SQ threads as expected, and no more when some have gone.
counted() {
	local want=$1 pid i seen=0
	shift
	start "$@"
	for ((i = 0; i < 200 && seen < want; i++)); do
		sleep 0.05
		pid=$(pgrep -P "$fio" -x fio) && seen=$(threads_of "$pid")
	done
	sleep 0.5
	seen=$(threads_of "$pid")
	ends
	[ "$seen" -eq "$want" ] || fail "$seen SQ threads while these ran, expected $want: $*"
}

sharing() {
	local jobs extra
	for jobs in 2 4; do
		for extra in "--reap=spin" "--reap=sleep --sq_thread_idle=1" "--sq_wake=bypass --sq_thread_idle=1 --reap=hybrid" "--sq_wake=adaptive"; do
			# shellcheck disable=SC2086 # a list of options
			run --name=job "${common[@]}" --numjobs="$jobs" --sq_share="$jobs" --rw=randrw --iodepth=8 --directory="$WORK" --size=1m \
				--fsync=32 --verify=crc32c --thinktime=6000 --thinktime_blocks=150 --fixedbufs $extra
			true_of "length == $jobs and all(.[]; .error == 0 and .submitted == .completed and .submitted >= 256 and $enters and .stalls == 0)"
			true_of "(map(.pid) | unique | length) == 1 and all(.[]; .options.sq_share == $jobs and .share_group == 1)"
			true_of '(map(.sq_thread.tid | select(. != null)) | unique | length) <= 1 and (map(select(.attached | not)) | length) == 1'
			true_of "(map(.share_jobs) | max) == $jobs and all(.[]; .idle_ms_effective == null and (.reasons.idle_ms_effective | test(\"shared\")))"
			echo "ok $jobs jobs, $extra: SQ thread $(jq -cs 'map(.sq_thread.tid) | unique' "$WORK/stats"), $(jq -cs 'map([.submitted, .bypassed, .wakeups])' "$WORK/stats")"
		done
	done
}

# The one whose task made the thread may end long before the others, and in the middle of their I/O.
first_ends_first() {
	local at
	for at in 1 2; do
		run --name=one "${common[@]}" --sq_share=2 --reap=hybrid --rw=randread --filename="$WORK/data" --size=2m --time_based --runtime="$at" \
			--name=two "${common[@]}" --sq_share=2 --reap=hybrid --rw=randread --filename="$WORK/data" --size=2m --time_based --runtime=$((3 - at)) --startdelay=200ms
		true_of "length == 2 and all(.[]; .error == 0 and .submitted == .completed and .submitted > 10 and $enters and .share_jobs == 2)"
		true_of '(map(.sq_thread.tid) | unique | length) == 1'
		true_of '(.[] | select(.job == "one") | .attached) == false'
	done
	echo "ok either of two may end first"
}

# Groups: by the thread that is wanted, by the reporting group, and no more than N each
groups() {
	counted 1 --name=job "${long[@]}" --numjobs=3 --sq_share=3
	true_of 'length == 3 and (map(.sq_thread.tid) | unique | length) == 1'
	counted 2 --name=job "${long[@]}" --numjobs=4 --sq_share=2
	true_of 'group_by(.share_group) | map(length) == [2, 2] and all(.[]; map(.sq_thread.tid) | unique | length == 1)'
	# in a PID namespace of its own /proc does not show them
	true_of 'map(.sq_thread.tid) | all(. == null) or (unique | length) == 2'
	counted 2 --name=job "${long[@]}" --numjobs=3 --sq_share=2
	true_of 'map(.share_jobs) | sort == [1, 2, 2]'
	true_of 'all(.[]; (.notes | any(test("fewer jobs"))) == (.share_jobs == 1))'
	counted 2 --name=job "${long[@]}" --numjobs=2
	true_of 'all(.[]; .share_group == null and .share_jobs == 1 and .reasons.share_group and .attached == false)'
	counted 2 --name=short "${long[@]}" --sq_share=2 --sq_thread_idle=20 --name=longer "${long[@]}" --sq_share=2 --sq_thread_idle=40
	true_of 'map(.share_group) | sort == [1, 2]'
	[ "$(nproc)" -lt 2 ] || {
		counted 2 --name=zero "${long[@]}" --numjobs=2 --sq_share=2 --sq_thread_cpu=0 \
			--name=one "${long[@]}" --numjobs=2 --sq_share=2 --sq_thread_cpu=1
		true_of 'group_by(.share_group) | map(map(.job) | unique) | sort == [["one"], ["zero"]]'
		true_of 'all(.[]; .sq_thread.cpu == .options.sq_thread_cpu or .sq_thread.cpu == null)'
	}
	run --name=early "${common[@]}" --sq_share=2 --rw=read --filename="$WORK/data" --size=2m \
		--name=late --stonewall "${common[@]}" --sq_share=2 --rw=read --filename="$WORK/data" --size=2m
	true_of 'map(.share_group) | unique | length == 2'
	echo "ok groups"
}

# One that is refused takes no seat from those that are not.
failure() {
	start --name=bad "${common[@]}" --sq_share=2 --rw=randread --filename="$WORK/data" --size=2m --hipri \
		--name=good --numjobs=2 "${common[@]}" --sq_share=2 --rw=randread --filename="$WORK/data" --size=2m --time_based --runtime=1 --startdelay=200ms
	wait "$fio" && fail "a job with hipri and buffered I/O was not refused"
	true_of 'length == 2 and all(.[]; .job == "good" and .error == 0 and .share_jobs == 2 and .submitted == .completed)'
	echo "ok a job that is refused"
}

refused() {
	local args=(--name=job --ioengine=sqpoll --filename="$WORK/data" --rw=read --size=4k)
	expect_fail 'sqpoll: job: sq_share=2: job processes cannot share an SQ thread.*add thread=1' run_fio "${args[@]}" --sq_share=2
	expect_fail 'sqpoll: job: sq_share=0 is out of range 1..1024' run_fio "${args[@]}" --sq_share=0 --thread=1
	expect_fail 'sqpoll: job: sq_share=1025 is out of range' run_fio "${args[@]}" --sq_share=1025 --thread=1
	echo "ok processes and numbers out of range are refused"
}

truncate -s 2m "$WORK/data"
sharing
first_ends_first
groups
failure
refused
