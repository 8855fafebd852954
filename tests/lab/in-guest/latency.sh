#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# latency.sh ROWS [ROOT]: runs in a guest of scripts/lab, see tests/lab/latency.sh. ROOT has another fio with its libraries. ROWS is a file of lines "NAME US WAY QD IOS":
# a device with requests of US microseconds (a null_blk of its own; the slow NVMe drive nvme<N>n1 where WAY starts with nvme<N>-, the
# polled null_blk where it starts with nullb0-), read IOS times at depth QD. Leaves in $OUT, for each row: fio's latency log, the engine's time log, the kernel's trace.
set -eu

T=/sys/kernel/tracing
nullb=/sys/kernel/config/nullb

# null_device US: makes a null_blk whose timer completes requests after US microseconds, if it is not there; prints its name
null_device() {
	local dir=$nullb/lat$1 attr
	if [ ! -d "$dir" ]; then
		mkdir "$dir"
		for attr in completion_nsec=${1}000 irqmode=2 queue_mode=2 size=1024 submit_queues=1 hw_queue_depth=64 power=1; do
			echo "${attr#*=}" >"$dir/${attr%=*}"
		done
	fi
	# newer kernels give the disk the directory's name
	if [ -b "/dev/lat$1" ]; then echo "lat$1"; else echo "nullb$(cat "$dir/index")"; fi
}

# trace DEVICE: from here on, only its requests and the completions of rings
trace() {
	local numbers event
	IFS=: read -ra numbers <"/sys/block/$1/dev"
	for event in issue complete; do
		echo "dev == $(((numbers[0] << 20) | numbers[1]))" >"$T/events/block/block_rq_$event/filter"
	done
	echo >"$T/trace"
	echo 1 >"$T/tracing_on"
}

# row NAME US WAY QD IOS
row() {
	local name=$1 way=$3 device args=() fio=(fio)
	case $way in
	nvme*-*) device=${way%%-*}n1 way=${way#*-} ;;
	nullb*-*) device=${way%%-*} way=${way#*-} ;;
	*) device=$(null_device "$2") ;;
	esac
	[[ $way != newer* ]] || { fio=("${newer_fio[@]}") && way=${way#newer}; }
	case $way in
	stock*) args=(--ioengine=io_uring --sqthread_poll=1 --sqthread_poll_cpu=1 --registerfiles=1) ;;
	*) args=(--ioengine=sqpoll --sq_thread_cpu=1 --time_log="$OUT/$name" --stats_file="$OUT/stats.jsonl") ;;
	esac
	case $way in
	*hipri) args+=(--hipri) ;;
	bypass) args+=(--sq_wake=bypass --sq_thread_idle=1 --thinktime=12000 --thinktime_blocks="$4") ;;
	sleep) args+=(--sq_thread_idle=1 --thinktime=12000 --thinktime_blocks="$4") ;;
	esac
	echo none >"/sys/block/$device/queue/scheduler"
	[ "$way" = untraced ] || trace "$device"
	"${fio[@]}" --name="$name" --filename="/dev/$device" --rw=randread --bs=4k --direct=1 --size=1g --iodepth="$4" --number_ios="$5" \
		--cpus_allowed=0 --clocksource=clock_gettime --write_lat_log="$OUT/$name" --log_offset=1 "${args[@]}" \
		--eta=never --output-format=json --output="$OUT/$name.json"
	echo 0 >"$T/tracing_on"
	[ "$way" = untraced ] || grep -E 'block_rq_|io_uring_complete' "$T/trace" >"$OUT/$name.trace"
	rm -f "$OUT/${name}_lat.1.log" "$OUT/${name}_slat.1.log"
}

modprobe null_blk 2>/dev/null || true
echo 0 >"$T/tracing_on"
echo mono >"$T/trace_clock"
echo 16384 >"$T/buffer_size_kb"
for event in block/block_rq_issue block/block_rq_complete io_uring/io_uring_complete; do
	echo 1 >"$T/events/$event/enable"
done
uname -r >"$OUT/release"
newer_fio=("${2-}"/lib64/ld-linux-*.so.* --inhibit-cache --library-path
	"$(find "${2:-/nothing}/usr/lib" -name '*.so*' -printf '%h\n' 2>/dev/null | sort -u | paste -sd :)" "${2-}/usr/bin/fio")
[ -z "${2-}" ] || "${newer_fio[@]}" --version >"$OUT/newer-fio"
while read -r name us way qd ios; do
	row "$name" "$us" "$way" "$qd" "$ios"
done <"$1"
