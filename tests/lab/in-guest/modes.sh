#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# in-guest/modes.sh REAP NVME IDLE_MS: runs in a guest of scripts/lab, see tests/lab/modes.sh, which judges what is left in $OUT. REAP: the
# ways to reap that this kernel has; NVME (yes or no): there is a polled drive, null_blk and tracing; IDLE_MS: longer than any spin
# of sq_thread_idle=1. Lines that begin with WRONG are failures.
set -u
reaps=$1 nvme=$2 idle_ms=$3
tracing=/sys/kernel/tracing
[ -d $tracing/events ] || tracing=/sys/kernel/debug/tracing
jobs=/tmp/jobs.fio
bad=0

wrong() {
	echo "WRONG: $*"
	bad=1
}

# interrupts: of the first drive's I/O queues, on all CPUs
interrupts() {
	awk '$NF ~ /nvme0q[1-9]/ { for (i = 2; $i ~ /^[0-9]+$/; i++) n += $i } END { print n + 0 }' /proc/interrupts
}

# trace_on EVENT...: of io_uring
trace_on() {
	local event
	echo 0 >$tracing/tracing_on
	echo 8192 >$tracing/buffer_size_kb
	echo 0 >$tracing/events/enable
	for event in "$@"; do
		echo 1 >"$tracing/events/io_uring/$event/enable" || wrong "this kernel has no tracepoint $event"
	done
	echo >$tracing/trace
	echo 1 >$tracing/tracing_on
}

# trace_off NAME: it goes to $OUT/NAME.trace
trace_off() {
	echo 0 >$tracing/tracing_on
	grep -v '^#' $tracing/trace >"$OUT/$1.trace"
	! grep -q 'LOST' "$OUT/$1.trace" || wrong "$1: the trace has holes"
}

# new_jobs OPTIONS...: a job file
new_jobs() {
	printf '%s\n' '[global]' ioengine=sqpoll bs=4k verify_state_save=0 stall_ms=20000 "$@" >$jobs
}

# job NAME OPTIONS...
job() {
	printf '[%s]\n' "$1" >>$jobs
	printf '%s\n' "${@:2}" >>$jobs
}

# run NAME: the jobs, in one fio
run() {
	fio --eta=never --output-format=json --output="$OUT/$1.json" $jobs 2>"$OUT/$1.err" ||
		wrong "$1: fio ended with $?: $(cat "$OUT/$1.err"; grep -v '^[{} ]' "$OUT/$1.json" | tail -n 5)"
}

# Bursts with pauses in which the SQ thread falls asleep; every second job with registered buffers
bursts=(stonewall iodepth=4 "thinktime=${idle_ms}ms" thinktime_blocks=8)

# verified: every way on every target
verified() {
	local wake reap target n=0
	new_jobs "stats_file=$OUT/verified.jsonl" sq_thread_idle=1 direct=1 size=128k rw=randrw verify=crc32c fsync=4
	for target in "${targets[@]}"; do
		for wake in bypass adaptive; do
			for reap in $reaps; do
				job "${target##*/}-$wake-$reap" "${bursts[@]}" "filename=$target" "sq_wake=$wake" "reap=$reap" "fixedbufs=$((n++ % 2))"
			done
		done
	done
	job always stonewall "filename=$target" sq_wake=always reap=spin iodepth=4
	job auto stonewall "filename=$target" sq_thread_idle=auto wake_cost_us=400000 fsync=0 "thinktime=${idle_ms}ms" thinktime_blocks=1 \
		verify=0 rw=randread norandommap io_size=240k
	job placed stonewall "filename=$target" sq_thread_cpu=auto cpus_allowed=0
	[ "$nvme" = no ] || interrupts >"$OUT/verified.before"
	run verified
	[ "$nvme" = no ] || interrupts >"$OUT/verified.after"
}

# polled: hipri, where nothing may interrupt. NVMe flushes would, so there are none.
polled() {
	local wake reap n=0
	new_jobs "stats_file=$OUT/polled.jsonl" hipri direct=1 filename=/dev/nvme0n1 size=256k rw=randwrite verify=crc32c idle_probe_ms=0
	for wake in bypass adaptive; do
		for reap in $reaps; do
			job "$wake-$reap" "${bursts[@]}" sq_thread_idle=1 "sq_wake=$wake" "reap=$reap" "fixedbufs=$((n++ % 2))" iodepth=16 \
				iodepth_batch_complete_min=$((n % 2 * 7 + 1))
		done
	done
	# the read before the run leaves the thread awake for so long
	job both stonewall sq_wake=bypass sq_thread_idle=1000 thinktime=1500ms thinktime_blocks=32
	trace_on io_uring_create
	interrupts >"$OUT/polled.before"
	run polled
	interrupts >"$OUT/polled.after"
	trace_off polled
}

# slow_device MS: requests take so long, and the SQ thread falls asleep while they are in flight
slow_device() {
	local dir=/sys/kernel/config/nullb/slow$1 setting
	mkdir "$dir" || return 1
	for setting in size=16 irqmode=2 queue_mode=2 completion_nsec=${1}000000 submit_queues=1 hw_queue_depth=64 power=1; do
		echo "${setting#*=}" >"$dir/${setting%=*}" || return 1
	done
	# the name of the device is that of the directory, or the old one with the index
	if [ -b "/dev/slow$1" ]; then echo "/dev/slow$1"; else echo "/dev/nullb$(cat "$dir/index")"; fi
}

# threads_named PID: "DESCRIPTOR NUMBER" of each ring, as the kernel names its SQ thread. A busy ring does not name it.
threads_named() {
	local try
	for try in $(seq 200); do
		grep -H '^SqThread:' "/proc/$1"/fdinfo/* 2>/dev/null | awk '$2 > 0 { sub(/:SqThread.*/, "", $1); sub(/.*\//, "", $1); print $1, $2 }'
		[ "$(cut -d ' ' -f 1 "$OUT/threads" | sort -u | wc -l)" -lt 2 ] || return 0
		sleep 0.02
	done
	echo "($try looks)"
}

# shared: one SQ thread for two jobs; one wakes it now and then, and the other, which does not, writes and syncs through both its
# rings: after each pause the thread sleeps, and is then called while requests are in flight past it. (Its own completions keep it awake.) Two
# latencies, so that they do not all come back at once.
shared() {
	local slow=$1 fast=$2 fio submit=("$tracing"/events/io_uring/io_uring_submit_*)	# _sqe, since 6.4 _req
	new_jobs "stats_file=$OUT/shared.jsonl" size=8m thread sq_share=2 sq_thread_idle=1 time_based runtime=6 direct=1
	job waker "filename=$fast" rw=randread "thinktime=$((idle_ms * 2))ms"
	job syncs "filename=$slow" rw=randwrite sq_wake=bypass iodepth=4 fsync=4 fdatasync=6 file_service_type=random "thinktime=${idle_ms}ms" thinktime_blocks=12
	[ "$nvme" = no ] || trace_on io_uring_create "${submit[0]##*/}" io_uring_complete
	rm -f "$OUT/shared.jsonl"
	run shared &
	fio=$!
	sleep 0.5
	threads_named "$(pgrep -P "$fio" -x fio)" >"$OUT/threads"
	wait "$fio"
	[ "$nvme" = no ] || trace_off shared
}

both_used() { jq -es 'any(.job == "syncs" and .bypassed >= 12 and .submitted - .bypassed >= 12)' "$OUT/shared.jsonl" >/dev/null; }

# shared_by_both_ways: when the SQ thread falls asleep is a matter of the machine's load: three times at most
shared_by_both_ways() {
	local slow try
	slow=$(slow_device 50):$(slow_device 31) || wrong "no slow devices: $slow"
	for try in 1 2 3; do
		shared "$slow" /dev/nullb0
		! both_used || return 0
	done
	echo "not both ways in $try runs"
}

# refused WHAT OPTIONS...: the lines go to $OUT/refused-WHAT
refused() {
	fio --eta=never --name=refused --ioengine=sqpoll --filename="$SCRATCH/data" --rw=randread --bs=4k --size=64k "${@:2}" >/tmp/refused 2>&1 &&
		wrong "$1 was not refused"
	grep '^sqpoll: ' /tmp/refused >"$OUT/refused-$1"
}

echo "Linux $(uname -r), $(nproc) CPUs"
targets=("$SCRATCH/data")
[ "$nvme" = no ] || targets+=(/dev/nvme0n1)
verified
if [ "$nvme" = yes ]; then
	shared_by_both_ways
	polled
else
	shared "$SCRATCH/data" "$SCRATCH/data"
fi
case " $reaps " in
*' hybrid '*) ;;
*)
	refused sleep --reap=sleep
	refused hybrid --reap=hybrid
	refused adaptive --sq_wake=adaptive
	;;
esac
echo "in $(cut -d. -f1 /proc/uptime) s"
exit $bad
