#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Question: does sq_thread_cpu=llc, auto, … choose a CPU that is not the job's, put the SQ thread there, and see when it did not stay?
# Expected: a job pinned to either CPU has its SQ thread on the other one, by the thread's own mask and by the statistics; with one CPU
#           auto is any; the second job of one fio does not take the first one's CPU unasked, and one after it may; a thread that is
#           moved while it works is told of.
# Wrong if: the thread shares the job's CPU, a choice is not told, or a class that is missing here is taken all the same.
# What this machine lacks (SMT, nodes) is made up by HWLOC_SYNTHETIC, which the statistics must say; the real thing: lab-topology.
. "$SQP_SOURCE/tests/lib.sh"
need jq taskset

[ "$(nproc)" -ge 2 ] || skip "placing needs two CPUs"
mapfile -t cpus < <(taskset -cp $$ | sed 's/.*: //' | tr , '\n' | awk -F- '{ for (i = $1; i <= $NF; i++) print i }')
a=${cpus[0]} b=${cpus[1]}
# in a PID namespace of its own /proc does not show the SQ thread
kept='(.place.kept or .sq_thread.tid == null)'

# job NAME ARGS...: its lines are $WORK/NAME.jsonl
job() {
	local name=$1 rc=0
	shift
	rm -f "$WORK/$name.jsonl"
	"${fio_env[@]}" timeout 60 "${within[@]}" fio --name="$name" --ioengine=sqpoll --filename="$WORK/data" --bs=4k --size=4m --rw=randread \
		--stats_file="$WORK/$name.jsonl" --output="$WORK/$name.out" "$@" 2>"$WORK/$name.err" || rc=$?
	[ "$rc" -eq 0 ] || fail "$name: fio ended with $rc: $(cat "$WORK/$name.err" "$WORK/$name.out")"
}

# true_of NAME EXPRESSION: of each of its lines
true_of() {
	jq -es "length > 0 and all(.[]; $2)" "$WORK/$1.jsonl" >/dev/null ||
		fail "$1: not true: $2: $(jq -c '[.job, .options.sq_thread_cpu, .sq_thread.cpu, .place, .notes]' "$WORK/$1.jsonl")"
}

within=(taskset -c "$a,$b")

beside() {
	local pair
	for pair in "$a $b" "$b $a"; do
		job "pinned" --sq_thread_cpu=auto --cpus_allowed="${pair% *}"
		true_of pinned ".options.sq_thread_cpu == ${pair#* } and .sq_thread.cpu == ${pair#* } and $kept and .place.asked == \"auto\"
			and .place.job_cpu == ${pair% *} and .place.job_pinned and .place.class != \"same\" and .notes == []
			and (.setup_flags | index(\"SQ_AFF\")) != null"
	done
	job loose --sq_thread_cpu=auto
	true_of loose ".place.job_pinned == false and .options.sq_thread_cpu != .place.job_cpu and (.notes | any(test(\"may move away from CPU\")))"
	job any --cpus_allowed="$a" --reap=sleep
	true_of any '.options.sq_thread_cpu == "any" and .place.class == "any" and .place.kept == null and .reasons["place.kept"] and .notes == []'
	job number --sq_thread_cpu="$b" --cpus_allowed="$b" --reap=sleep
	true_of number ".place.class == \"number\" and $kept and .place.job_cpu == $b"
	echo "ok beside the job: $(jq -c '[.options.sq_thread_cpu, .place]' "$WORK/pinned.jsonl")"
}

# The affinity that fio was started with is where the SQ thread may go.
one_cpu() {
	within=(taskset -c "$a")
	job alone --sq_thread_cpu=auto --reap=sleep --size=64k
	true_of alone ".options.sq_thread_cpu == \"any\" and .place.class == \"any\" and (.setup_flags | index(\"SQ_AFF\")) == null
		and (.notes | any(test(\"auto: there is no CPU to use but the job.s, $a: taken as any\")))"
	within=()
	echo 'ok one CPU'
}

# made_up SYNTHETIC CLASS: CPUs 0 and 1 stand for others
made_up() {
	export HWLOC_SYNTHETIC=$1
	job "made-up" --sq_thread_cpu="$2" --cpus_allowed=0
	unset HWLOC_SYNTHETIC
	true_of made-up ".options.sq_thread_cpu == 1 and .sq_thread.cpu == 1 and .place.class == \"$2\" and $kept
		and (.notes | length == 1 and any(test(\"not this machine's\")))"
	echo "ok $2 on a machine of $1"
}

classes() {
	within=(taskset -c 0-1)
	made_up 'numa:1 core:1 pu:2' smt
	made_up 'numa:1 l3:1 core:2 pu:1' llc
	made_up 'numa:1 l3:2 core:1 pu:1' node
	made_up 'numa:2 l3:1 core:1 pu:1' remote
	within=()
	export HWLOC_SYNTHETIC='numa:1 core:1 pu:2'
	expect_fail 'sq_thread_cpu=llc: there is no other core at the last-level cache of CPU 0; use smt or any' run_fio --name=x --ioengine=sqpoll \
		--filename="$WORK/data" --rw=read --size=4k --sq_thread_cpu=llc --cpus_allowed=0
	expect_fail 'sq_thread_cpu=smt: there is no SMT sibling of CPU 0 that may be used here \(there: 1, allowed: 0\); use any, or widen' \
		taskset -c 0 "${fio_env[@]}" fio --name=x --ioengine=sqpoll --filename="$WORK/data" --rw=read --size=4k --sq_thread_cpu=smt
	unset HWLOC_SYNTHETIC
}

# Two jobs on one CPU, with one other: the second is told that it shares; one after both is not.
claims() {
	local kind
	within=(taskset -c "$a,$b")
	for kind in 0 1; do
		job first --sq_thread_cpu=auto --cpus_allowed="$a" --thread="$kind" --reap=sleep --rate_iops=50 --time_based --runtime=3 \
			--name=second --ioengine=sqpoll --filename="$WORK/data" --bs=4k --size=4m --rw=randread --stats_file="$WORK/first.jsonl" \
			--sq_thread_cpu=auto --cpus_allowed="$a" --thread="$kind" --reap=sleep --rate_iops=50 --time_based --startdelay=1 --runtime=1 \
			--name=third --stonewall --ioengine=sqpoll --filename="$WORK/data" --bs=4k --size=64k --rw=randread \
			--stats_file="$WORK/first.jsonl" --sq_thread_cpu=auto --cpus_allowed="$a" --thread="$kind"
		true_of first ".options.sq_thread_cpu == $b and .place.busy == (.job == \"second\")
			and (.notes | any(test(\"uses CPU $b as well, none was free\"))) == (.job == \"second\")"
		[ "$(wc -l <"$WORK/first.jsonl")" -eq 3 ] || fail "three jobs, and $(wc -l <"$WORK/first.jsonl") lines"
	done
	within=()
	echo 'ok jobs beside each other'
}

# move FROM_NAME: the SQ thread of the fio that runs in the background, once there is one
move() {
	local path try
	for try in $(seq 200); do
		for path in /proc/[0-9]*/task/*/comm; do
			grep -qs '^iou-sqp-' "$path" || continue
			tr '\0' ' ' <"${path%/task/*}/cmdline" | grep -q -- "--name=$1 " || continue
			taskset -cp "$a" "$(basename "${path%/comm}")" >"$WORK/moved" 2>&1
			return
		done
		sleep 0.05
	done
	fail "no SQ thread of $1 after $try looks"
}

moved() {
	local rc=0
	within=(taskset -c "$a,$b")
	job moved --sq_thread_cpu="$b" --cpus_allowed="$b" --reap=sleep --rate_iops=100 --time_based --runtime=3 &
	move moved || rc=$?
	wait $! || fail "moved: $(cat "$WORK/moved.err" "$WORK/moved.out")"
	if [ "$rc" -ne 0 ]; then
		echo "not tried here: an SQ thread that is moved (Linux 6.3): $(cat "$WORK/moved")"
		return
	fi
	[ "$(jq .sq_thread.tid "$WORK/moved.jsonl")" != null ] || { echo 'not tried here: an SQ thread that /proc does not show'; return; }
	true_of moved ".place.kept == false and .options.sq_thread_cpu == $b and .sq_thread.cpu == $a
		and (.notes | any(test(\"was put on CPU $b, and at the end had run on CPU $a and might run on $a: something moved it\")))"
	within=()
	echo 'ok a thread that was moved'
}

beside
one_cpu
if [ "$a" = 0 ] && [ "$b" = 1 ]; then
	classes
else
	echo "not tried here: made-up machines, which have the CPUs 0 and 1"
fi
claims
moved
