#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Runs in a guest of scripts/lab, see tests/lab/zoned.sh. Zones have 4 MiB on both devices.
# shellcheck disable=SC2317 # check calls functions by name
set -u

bad=0 device='' offset=''

# says VERDICT WHAT
says() {
	printf '%-6s %-9s %s\n' "$1" "${device#/dev/}" "$2"
	[ "$1" = ok ] || bad=1
}

# check WHAT COMMAND...: the command must succeed
check() {
	local what=$1
	shift
	if "$@"; then says ok "$what"; else says WRONG "$what"; fi
}

# zoned_null_blk: 4 conventional zones, 28 sequential ones; prints its device
zoned_null_blk() {
	local dir=/sys/kernel/config/nullb/zoned setting
	modprobe null_blk nr_devices=0 && mkdir "$dir" || return 1
	for setting in size=128 blocksize=4096 memory_backed=1 queue_mode=2 zoned=1 zone_size=4 zone_nr_conv=4 \
		zone_max_open=8 zone_max_active=12 poll_queues=1; do
		# 5.10 cannot poll
		[ -e "$dir/${setting%=*}" ] || continue
		echo "${setting#*=}" >"$dir/${setting%=*}" || return 1
	done
	echo 1 >"$dir/power" || return 1
	# the name of the device is that of the directory, or the old one with the index
	if [ -b /dev/zoned ]; then echo /dev/zoned; else echo "/dev/nullb$(cat "$dir/index")"; fi
}

# job ENGINE ARGS...: fio on the zones of $device; its JSON in /tmp/job.json, the engine's line in /tmp/job.jsonl
job() {
	local stats=()
	[ "$1" != sqpoll ] || stats=(--stats_file=/tmp/job.jsonl)
	rm -f /tmp/job.json /tmp/job.jsonl
	timeout -k 5 60 fio --name=zoned --ioengine="$1" "${stats[@]}" --filename="$device" --offset="$offset" --zonemode=zbd --direct=1 \
		--bs=64k --iodepth=8 --max_open_zones=4 --eta=never --output-format=json --output=/tmp/job.json "${@:2}" >/tmp/job.log 2>&1
}

# pointers: "zone MiB-of-data" of each zone with a write pointer that has left the zone's start
pointers() {
	blkzone report "$device" | awk '/SEQ_WRITE/ {
		for (i = 1; i <= NF; i++) { if ($i == "start:") start = $(i + 1); if ($i == "wptr") wptr = $(i + 1) }
		sub(/,/, "", start); if (wptr != "0x000000") print start, wptr }'
}

# written: KiB below all write pointers
written() {
	pointers | awk 'function hex(s,  i, v) { s = tolower(substr(s, 3)); for (i = 1; i <= length(s); i++) v = v * 16 + index("0123456789abcdef", substr(s, i, 1)) - 1; return v }
		{ n += hex($2) / 2 } END { print n + 0 }'
}

totals() { jq -c '.jobs[0] | [.error, .write.total_ios, .read.total_ios, .trim.total_ios]' /tmp/job.json; }
complete() { jq -e 'select(.submitted == .completed and .stalls == 0 and .cq_overflow == 0)' /tmp/job.jsonl >/dev/null; }
is() { [ "$1" = "$2" ] || { echo "       seen '$1', expected '$2'"; return 1; }; }
reset_all() { blkzone reset -o "$((${offset%m} * 2048))" "$device"; }

# wrote_and_verified ENGINE RW ARGS...: 16 MiB into four or more zones, with checksums read back
wrote_and_verified() {
	local engine=$1 rw=$2
	shift 2
	reset_all
	check "$engine $rw $*: 16 MiB written, verified" job "$engine" --rw="$rw" --size=16m --verify=crc32c --verify_fatal=1 "$@"
	check "$engine $rw $*: 256 writes, 256 reads, no error" is "$(totals)" '[0,256,256,0]'
	check "$engine $rw $*: the write pointers hold 16 MiB" is "$(written)" 16384
	[ "$engine" != sqpoll ] || check "$engine $rw $*: nothing lost, never stuck" complete
}

# reset_while_writing ENGINE: twice the data that fits between the resets
reset_while_writing() {
	local writes before
	reset_all
	check "$1: 64 MiB into 32 MiB of zones" job "$1" --rw=randwrite --size=32m --io_size=64m --zone_reset_threshold=0.5 \
		--zone_reset_frequency=0.5
	check "$1: 1024 writes, no error" is "$(totals)" '[0,1024,0,0]'
	writes=$(jq .jobs[0].write.total_ios /tmp/job.json)
	before=$(written)
	check "$1: the zones hold less than was written" \
		awk -v kib="$before" -v writes="$writes" 'BEGIN { exit !(kib > 0 && kib <= 32768 && kib % 64 == 0 && kib < writes * 64) }'
	echo "       $before KiB below the write pointers after 65536 KiB of writes: zones were reset"
}

# trim_resets ENGINE: a trim of a zone is its reset
trim_resets() {
	reset_all
	job sqpoll --rw=write --size=16m
	check "$1: 16 MiB are there to be reset" is "$(written)" 16384
	check "$1: four zones trimmed" job "$1" --rw=trim --bs=4m --size=16m --iodepth=2
	check "$1: 4 trims, no error" is "$(totals)" '[0,0,0,4]'
	check "$1: all write pointers back at the start" is "$(written)" 0
}

# off_the_pointer ENGINE: without zonemode=zbd nobody keeps a write at the write pointer
off_the_pointer() {
	local rc=0
	reset_all
	timeout -k 5 20 fio --name=off --ioengine="$1" --filename="$device" --offset="$((${offset%m} + 1))m" --size=64k --bs=16k --rw=write \
		--direct=1 --eta=never >/tmp/off.log 2>&1 || rc=$?
	check "$1: a write off the write pointer ends the job with 1 (not a time-out)" is "$rc" 1
	check "$1: and is called an I/O error" grep -q 'error=Input/output error' /tmp/off.log
	check "$1: nothing was written" is "$(written)" 0
}

# refused_polled_writes WHY: one line that says WHY, and no write
refused_polled_writes() {
	local rc=0
	reset_all
	job sqpoll --rw=write --size=16m --hipri || rc=$?
	check 'hipri writes are refused' is "$rc" 1
	check 'hipri writes: one line says why' is "$(cat /tmp/job.json /tmp/job.log | grep -c "^sqpoll: zoned: hipri: .* is $1")" 1
	check 'hipri writes: nothing was written' is "$(written)" 0
}

# first_64k: "bytes others": how many there are at the start of the first zone, and how many of them are not 0xff
first_64k() {
	dd if="$device" of=/tmp/first bs=64k skip=$((${offset%m} * 16)) count=1 iflag=direct status=none
	echo "$(wc -c </tmp/first) $(tr -d '\377' </tmp/first | wc -c)"
}

# stray_write: a polled one into the second MiB of the first zone
stray_write() {
	timeout -k 5 20 fio --name=stray --ioengine=io_uring --filename="$device" --offset="$((${offset%m} + 1))m" --size=64k --bs=64k \
		--rw=write --direct=1 --hipri --eta=never >/tmp/off.log 2>&1
}

# null_blk_bypasses_its_zones: what null_poll() of Linux 5.16 to 6.9 does with writes, seen with the stock engine, and
# nothing else: they are stored, no zone hears of them, and from the write pointer on all reads as 0xff
null_blk_bypasses_its_zones() {
	reset_all
	check 'stock, hipri: 4 MiB written' job io_uring --rw=write --size=4m --verify=crc32c --do_verify=0 --hipri
	check 'stock, hipri: 64 writes, no error' is "$(totals)" '[0,64,0,0]'
	check 'stock, hipri: no write pointer has moved' is "$(written)" 0
	check 'stock, hipri: reads give nothing but 0xff' is "$(first_64k)" '65536 0'
	blkzone finish -o "$((${offset%m} * 2048))" -c 1 "$device"
	check 'stock, hipri: all data is there once the zone is finished' job io_uring --rw=read --size=4m --verify=crc32c
	check 'stock, hipri: 64 reads, no error' is "$(totals)" '[0,0,64,0]'
	check 'stock, hipri: a write into that full zone succeeds' stray_write
	reset_all
	check 'stock, hipri: so does one off the write pointer' stray_write
}

# polled: reads everywhere; writes only where the kernel survives polling for them, and the driver knows of them
polled() {
	if [ "$(cat "/sys/block/${device#/dev/}/queue/io_poll")" != 1 ]; then
		job sqpoll --rw=randread --size=16m --hipri
		check 'hipri is refused where nothing polls' grep -q 'has no poll queues' /tmp/job.log
		return
	fi
	case $(uname -r),$device in
	6.1.*,"$null")
		null_blk_bypasses_its_zones
		refused_polled_writes 'a zoned null_blk, whose polled writes bypass its zones'
		job sqpoll --rw=write --size=16m
		;;
	6.1.*) wrote_and_verified sqpoll randwrite --hipri ;;
	*)
		refused_polled_writes 'zoned, and polling for writes to it crashes Linux '
		job sqpoll --rw=write --size=16m
		;;
	esac
	check 'hipri reads of the zones' job sqpoll --rw=randread --size=16m --hipri
	check 'hipri reads: 256, no error' is "$(totals)" '[0,0,256,0]'
	check 'hipri reads: from an IOPOLL ring' is "$(jq -c '.setup_flags | index("IOPOLL") != null' /tmp/job.jsonl)" true
}

# all DEVICE OFFSET
all() {
	device=$1 offset=$2
	check 'is a zoned device' grep -q host-managed "/sys/block/${device#/dev/}/queue/zoned"
	wrote_and_verified sqpoll write
	wrote_and_verified sqpoll write --thread=1 --fixedbufs=1
	wrote_and_verified sqpoll randwrite
	wrote_and_verified io_uring randwrite
	reset_while_writing sqpoll
	reset_while_writing io_uring
	trim_resets sqpoll
	off_the_pointer sqpoll
	off_the_pointer io_uring
	polled
}

uname -r
null=$(zoned_null_blk) || { echo "no zoned null_blk: $null"; exit 1; }
all "$null" 16m
case $(uname -r) in
5.10.*) echo 'not on 5.10: the zoned NVMe namespace' ;;
*) all /dev/nvme0n1 0m ;;
esac
# jobs over conventional and sequential zones
device=$null offset=0m
check 'sqpoll randwrite over conventional and sequential zones, verified' job sqpoll --rw=randwrite --size=32m --verify=crc32c
check 'and no error' is "$(totals)" '[0,512,512,0]'
check 'no complaint of the kernel' is "$(dmesg | grep -cE 'BUG:|Oops|WARNING:')" 0
echo "in $(cut -d. -f1 /proc/uptime) s"
exit $bad
