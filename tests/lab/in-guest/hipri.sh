#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# in-guest/hipri.sh polled|refused: runs in a guest of scripts/lab, see tests/lab/hipri.sh. Results go to $OUT; lines that begin
# with WRONG are failures.
set -u
tracing=/sys/kernel/tracing
[ -d $tracing/events ] || tracing=/sys/kernel/debug/tracing
file=$SCRATCH/data
bad=0

wrong() {
	echo "WRONG: $*"
	bad=1
}

# interrupts DRIVE: of its I/O queues, on all CPUs; queue 0 is for administration
interrupts() {
	awk -v queue="${1}q[1-9]" '$NF ~ queue { for (i = 2; $i ~ /^[0-9]+$/; i++) n += $i } END { print n + 0 }' /proc/interrupts
}

# interrupts_of TARGET: what ends I/O of it without polling: interrupts, or null_blk's timers
interrupts_of() {
	case $1 in
	/dev/nvme0n1) interrupts nvme0 ;;
	/dev/nullb0) grep -c 'function=null_cmd_timer_expired' $tracing/trace ;;
	*) interrupts nvme1 ;;
	esac
}

# trace_on: system calls of the ring, completions of the block layer, timers
trace_on() {
	local event
	echo 0 >$tracing/tracing_on
	echo 16384 >$tracing/buffer_size_kb
	echo nop >$tracing/current_tracer
	for event in syscalls/sys_enter_io_uring_enter block/block_rq_complete timer/hrtimer_expire_entry; do
		echo 1 >"$tracing/events/$event/enable" || wrong "this kernel has no tracepoint $event"
	done
	echo >$tracing/trace
	echo 1 >$tracing/tracing_on
}

# enters_seen: all of them, those of a job after its second completion, and the jobs seen. A polled request ends in the SQ
# thread, which bears the job's number. The first is the probe before the run: a wake-up may still be on its way then.
enters_seen() {
	awk '/ block_rq_complete: / && match($1, /^iou-sqp-[0-9]+/) { completed[substr($1, 9, RLENGTH - 8)]++ }
		/sys_io_uring_enter\(/ { n++; sub(/.*-/, "", $1); late += $1 in completed && completed[$1] > 1 }
		END { print n + 0, late + 0, length(completed) }' $tracing/trace
}

# ended_elsewhere: requests that ended in no SQ thread, by the task that was interrupted
ended_elsewhere() {
	awk '/ block_rq_complete: / && $1 !~ /^iou-sqp-/ { print $1, $6, $7, $8, $9, $10, $11 }' $tracing/trace
}

# run NAME TARGET OPTIONS...: the jobs in $jobs, one after the other in one process
jobs='read write'
run() {
	local name=$1 target=$2 job stonewalled=()
	shift 2
	for job in $jobs; do
		stonewalled+=("--name=$job" --stonewall "--rw=rand$job")
	done
	fio --eta=never --ioengine=sqpoll --filename="$target" --bs=4k --size=8m --io_size=4m --iodepth=8 --direct=1 --overwrite=1 \
		--sq_thread_idle=20000 --idle_probe_ms=0 --stats_file="$OUT/$name.jsonl" --output="$OUT/$name.log" "$@" \
		"${stonewalled[@]}"
}

# polled TARGET NAME: with hipri nothing but polling, without it the device interrupts
polled() {
	local target=$1 name=$2 before after enters late seen counted
	trace_on
	before=$(interrupts_of "$target")
	run "$name" "$target" --hipri || wrong "$name: fio ended with $?: $(tail -n 3 "$OUT/$name.log")"
	after=$(interrupts_of "$target")
	read -r enters late seen <<<"$(enters_seen)"
	counted=$(jq -s 'map(.enters) | add' "$OUT/$name.jsonl")
	echo "$name: hipri: $(jq -s 'map(.completed) | add' "$OUT/$name.jsonl") I/Os, $((after - before)) interrupts," \
		"$counted enters: $(jq -sc 'map([.wakeups, .rechecks])' "$OUT/$name.jsonl") wake-ups and rechecks by job"
	[ "$before" -eq "$after" ] || wrong "$name: $((after - before)) interrupts in a polled run: $(ended_elsewhere | head -n 5)"
	[ "$enters" -eq "$counted" ] || wrong "$name: the engine counts $counted enters, the kernel $enters"
	[[ $late -eq 0 && $seen -eq $(wc -w <<<"$jobs") ]] || wrong "$name: $late enters after the second completion ($seen jobs seen)"
	jq -es 'length > 0 and all(.completed == .submitted and .completed >= 1024 and .enters == .wakeups + .rechecks and
		.wakeups <= 1 and (.setup_flags | index("IOPOLL") != null))' "$OUT/$name.jsonl" >/dev/null ||
		wrong "$name: $(jq -c '[.submitted, .completed, .enters, .wakeups, .rechecks, .setup_flags]' "$OUT/$name.jsonl")"
	before=$(interrupts_of "$target")
	run "$name-control" "$target" || wrong "$name: the control ended with $?"
	after=$(interrupts_of "$target")
	echo "$name: without hipri: $((after - before)) interrupts"
	[ "$after" -gt "$before" ] || wrong "$name: no interrupt without hipri either: this test sees nothing"
}

# writes_are_not_polled: on this kernel, those to a file; nothing but the note says so
writes_are_not_polled() {
	local before after
	jobs='write'
	before=$(interrupts_of "$file")
	run file-writes "$file" --hipri || wrong "file-writes: fio ended with $?"
	after=$(interrupts_of "$file")
	jobs='read write'
	echo "file: hipri writes: $((after - before)) interrupts: $(jq -r '.notes[]' "$OUT/file-writes.jsonl" | grep 'writes to files')"
	[ "$after" -gt "$before" ] || wrong 'this kernel polls writes to files: the test and the note are out of date'
	jq -e '.notes | any(test("writes to files"))' "$OUT/file-writes.jsonl" >/dev/null || wrong 'file-writes: no note'
}

# refused TARGET DEVICE: with one line, and nothing was read or written. The kernels that know no better than the stock
# engine take interrupts for polling: it is asked for the record.
refused() {
	local target=$1 stat=/sys/block/$2/stat before after irqs
	trace_on
	before=$(awk '{ print $1, $5 }' "$stat")
	run refused "$target" --hipri >/tmp/refused 2>&1 && wrong "$target: not refused"
	cat "$OUT/refused.log" >>/tmp/refused
	after=$(awk '{ print $1, $5 }' "$stat")
	grep '^sqpoll: ' /tmp/refused
	[ "$(grep -c '^sqpoll: read: hipri: .* has no poll queues; load the driver with them' /tmp/refused)" -eq 1 ] ||
		wrong "$target: not refused with one line: $(cat /tmp/refused)"
	[ "$before" = "$after" ] || wrong "$target: reads and writes were $before, now $after"
	[ ! -s "$OUT/refused.jsonl" ] || wrong "$target: a statistics line of a job that was refused"
	irqs=$(interrupts_of "$target")
	fio --eta=never --name=stock --ioengine=io_uring --hipri --filename="$target" --rw=randread --bs=4k --size=1m --direct=1 \
		--output=/tmp/stock >/dev/null 2>&1
	echo "$target: the stock engine with hipri ends with $?, $(($(interrupts_of "$target") - irqs)) interrupts"
}

# prepare_file: written once, so that no run has to change more of the file system than a block of data; and the file system
# itself is kept from writing (inode tables in the background, times, the journal)
prepare_file() {
	mount -o remount,noinit_itable,lazytime,noatime,commit=600 "$SCRATCH" || wrong "cannot change the mount of $SCRATCH"
	dd if=/dev/zero of="$file" bs=1M count=8 oflag=direct status=none
	sync
}

can_poll() { [ "$(cat "/sys/block/$1/queue/io_poll")" = 1 ]; }

echo "Linux $(uname -r), $(nproc) CPUs"
prepare_file
case $1 in
polled)
	polled /dev/nvme0n1 nvme
	case $(uname -r) in
	6.12.*) jobs='read' && polled "$file" file && jobs='read write' && writes_are_not_polled ;;
	*) polled "$file" file ;;
	esac
	if can_poll nullb0; then polled /dev/nullb0 null_blk; else refused /dev/nullb0 nullb0; fi
	;;
refused)
	refused /dev/nvme0n1 nvme0n1
	refused "$file" nvme1n1
	refused /dev/nullb0 nullb0
	;;
esac
exit $bad
