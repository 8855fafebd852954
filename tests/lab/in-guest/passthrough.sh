#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# passthrough.sh [no-poll-queues]: runs in a guest of scripts/lab, see tests/lab/passthrough.sh. Reads of sector 90000 of the
# drive fail. One line per row; ends with 1 if one of them is WRONG.
# shellcheck disable=SC2317 # row() calls what it is given
set -u

dev=/dev/ng0n1
trace=/sys/kernel/tracing
bad=0
polled='' # --hipri or empty

# row WHAT COMMAND...: the command must succeed
row() {
	local what="${polled:+polled }$1"
	shift
	if "$@"; then
		echo "ok $what"
	else
		echo "WRONG $what: $*"
		head -n 5 /tmp/fio.err
		jq -cM '{error, submitted, completed, enters, wakeups, rechecks, stalls, nvme_errors}' /tmp/stats.jsonl 2>/dev/null
		bad=1
	fi
}

# nvme ARGS...: a small job of NVMe commands; what it says is in /tmp/fio.err, /tmp/fio.json, /tmp/stats.jsonl
nvme() {
	rm -f /tmp/stats.jsonl /tmp/fio.json
	# shellcheck disable=SC2086 # a word or nothing
	timeout 60 fio --name=job --ioengine=sqpoll --cmd_type=nvme --filename="$dev" --bs=4k --size=256k --iodepth=8 \
		--verify_state_save=0 --stall_ms=5000 $polled --stats_file=/tmp/stats.jsonl --output-format=json --output=/tmp/fio.json \
		"$@" >/tmp/fio.err 2>&1 </dev/null
}

# stats EXPRESSION: true of every statistics line of the last job
stats() { jq -es "length > 0 and all(.[]; $1)" /tmp/stats.jsonl >/dev/null; }

# totals READS WRITES TRIMS: fio's own counts of the last job
totals() {
	[ "$(jq -r '[.jobs[] | [.read.total_ios, .write.total_ios, .trim.total_ios]] | transpose | map(add) | join(" ")' \
		<(sed -n '/^{/,$p' /tmp/fio.json))" = "$*" ]
}

sane='.error == 0 and .submitted > 0 and .submitted == .completed and .stalls == 0 and .nvme_errors == []
	and .enters == .wakeups + .rechecks + .cq_overflow and .options.cmd_type == "nvme"
	and (.setup_flags | index("SQE128") and index("CQE32"))'

# works TOTALS ARGS...: the job ends well, with these counts
works() {
	local counts=$1
	shift
	# shellcheck disable=SC2086 # three words
	nvme "$@" && stats "$sane" && totals $counts
}

# fails ERRNO PATTERN ARGS...: the job ends with that error, one line of ours matches PATTERN, and the statistics say the same
fails() {
	local errno=$1 pattern=$2
	shift 2
	! nvme "$@" && [ "$(grep -c '^sqpoll: job: ' /tmp/fio.err)" -eq 1 ] && grep -Eq "^sqpoll: job: $dev: $pattern" /tmp/fio.err &&
		stats ".error == $errno and .submitted == .completed and (.nvme_errors | length == 1) and .nvme_errors[0].errno == $errno
			and .nvme_errors[0].n >= 1"
}

# refused PATTERN ARGS...: one line of ours before any I/O
refused() {
	local pattern=$1
	shift
	! nvme "$@" && [ "$(grep -c '^sqpoll: job: ' /tmp/fio.err)" -eq 1 ] && grep -Eq "^sqpoll: job: .*$pattern" /tmp/fio.err &&
		[ ! -s /tmp/stats.jsonl ]
}

interrupts() { awk '/nvme0q[1-9]/ { for (i = 2; i <= 3; i++) n += $i } END { print n + 0 }' /proc/interrupts; }

# silently COMMAND...: without an interrupt of the drive's I/O queues
silently() {
	local before
	before=$(interrupts)
	"$@" && [ "$(interrupts)" -eq "$before" ]
}

# traced FILTER COUNT COMMAND...: COMMAND sends so many commands that match the kernel's filter
traced() {
	local filter=$1 count=$2 seen
	shift 2
	echo "$filter && disk == \"nvme0n1\"" >"$trace"/events/nvme/nvme_setup_cmd/filter || return 1
	echo >"$trace"/trace
	echo 1 >"$trace"/events/nvme/nvme_setup_cmd/enable
	"$@" || { echo 0 >"$trace"/events/nvme/nvme_setup_cmd/enable && return 1; }
	echo 0 >"$trace"/events/nvme/nvme_setup_cmd/enable
	seen=$(grep -c "nvme_setup_cmd: .*" "$trace"/trace)
	[ "$seen" -eq "$count" ] || { echo "seen $seen commands with $filter, not $count" && return 1; }
}

# The region reads as zeroes; it holds something else first, which such a read must see.
zeroes() { works '64 0 0' --offset=64m --rw=read --verify=pattern --verify_pattern=0x00; }
fill() { works '64 64 0' --offset=64m --rw=write --verify=pattern --verify_pattern=0x5a; }
not_zeroes() { fill && ! nvme --offset=64m --rw=read --verify=pattern --verify_pattern=0x00; }

reads_and_writes() {
	row 'random writes, verified' works '64 64 0' --rw=randwrite --verify=crc32c
	row 'fixed buffers, verified' works '64 64 0' --rw=randwrite --verify=crc32c --fixedbufs
	row 'vectored, verified' works '64 64 0' --rw=randwrite --verify=crc32c --nonvectored=0
	row 'direct=1 is what it is' works '64 0 0' --rw=randread --direct=1
}

# one_of_three ARGS...: two jobs are refused, so that the kernel does not hang
one_of_three() {
	! nvme --rw=randread --numjobs=3 --time_based --runtime=4 "$@" &&
		[ "$(grep -c "^sqpoll: job: hipri: $dev: another job polls this namespace" /tmp/fio.err)" -eq 2 ] &&
		[ "$(wc -l </tmp/stats.jsonl)" -eq 1 ] && stats "$sane"
}

crowds() {
	if [ -n "$polled" ] && [ "$kernel" = 6.1 ]; then
		row 'one of three threads' one_of_three --thread
		row 'one of three processes' one_of_three
	else
		row 'three threads' works '192 0 0' --rw=randread --numjobs=3 --thread
		row 'three processes' works '192 0 0' --rw=randread --numjobs=3
		row 'as many lines as jobs' [ "$(wc -l </tmp/stats.jsonl)" -eq 3 ]
	fi
}

trims() {
	row 'not zeroes before' not_zeroes
	row 'trims' works '0 0 16' --offset=64m --rw=trim --bs=16k
	row 'zeroes after trims' zeroes
	row 'trims with fixedbufs' works '0 0 16' --offset=64m --rw=randtrim --bs=16k --fixedbufs
}

# 0x4000 in the command's control field is FUA, 0x0200 the Deallocate bit
all_with() { [ "$(grep -c "ctrl=$1" "$trace/trace")" -eq "$2" ]; }

write_modes() {
	row 'something there' fill
	row 'write_mode=zeroes' traced 'opcode == 8' 64 works '0 64 0' --offset=64m --rw=write --write_mode=zeroes
	row 'zeroes after it' zeroes
	row 'write_mode=zeroes, deac' traced 'opcode == 8' 64 works '0 64 0' --offset=64m --rw=write --write_mode=zeroes --deac=1
	row 'each with it' all_with 0x200 64
	row 'write_mode=verify' traced 'opcode == 12' 64 works '0 64 0' --rw=write --write_mode=verify
	row 'write_mode=uncor, which QEMU has not' fails 95 \
		'write uncorrectable of 4096 bytes at offset [0-9]+ \(LBA [0-9]+\): generic status: invalid command opcode \(sct 0 sc 0x01, do not retry\)' \
		--rw=write --write_mode=uncor
}

compares() {
	row 'verify_mode=compare' traced 'opcode == 5' 64 works '64 64 0' --rw=randwrite --verify=pattern --verify_pattern=0x1234 \
		--verify_mode=compare
	row 'a comparison that must fail' fails 84 'compare of 4096 bytes .*: media error: compare failure \(sct 2 sc 0x85' \
		--rw=write --write_mode=zeroes --verify=pattern --verify_pattern=0x77 --verify_mode=compare
}

flags_and_flushes() {
	row 'fsync' traced 'opcode == 0' 15 works '0 64 0' --rw=write --fsync=4 --iodepth=1
	row 'writes' traced 'opcode == 1' 64 works '0 64 0' --rw=write
	row 'none with FUA' all_with 0x4000 0
	row 'writefua' traced 'opcode == 1' 64 works '0 64 0' --rw=write --writefua=1
	row 'each with FUA' all_with 0x4000 64
	row 'readfua' traced 'opcode == 2' 65 works '64 0 0' --rw=read --readfua=1
	row 'each with FUA, but the probe' all_with 0x4000 64
}

media_error() {
	row 'media error' fails 61 'read of 4096 bytes at offset 46080000 \(LBA 90000\): media error: unrecovered read error \(sct 2 sc 0x81' \
		--rw=read --offset=46080000
}

errors() {
	media_error
	# fio goes on after an error that it is told to ignore; its exit status is not the question
	nvme --rw=read --offset=46071808 --ignore_error=61
	row 'a media error among good reads' stats '.completed == 64 and .submitted == 64 and (.nvme_errors | map([.command, .errno, .n])) == [["read", 61, 1]]'
	printf 'fio version 2 iolog\n%s add\n%s open\n' "$dev" "$dev" >/tmp/beyond.log
	# fio does not look at what a replay has in flight at its end
	printf "$dev read %s 4096\n" 1073741824 0 4096 8192 >>/tmp/beyond.log
	row 'LBA out of range' fails 121 'read of 4096 bytes at offset 1073741824 \(LBA 2097152\): generic status: LBA out of range \(sct 0 sc 0x80' \
		--read_iolog=/tmp/beyond.log --iodepth=1
	row 'too long for the device' fails 22 'read of .*: the kernel refused the command: Invalid argument \(bs above' --rw=read --bs=8m --size=8m
}

refusals() {
	row 'a block device' refused 'cmd_type=nvme: /dev/nvme0n1 is no character device; .*ngXnY' --rw=read --filename=/dev/nvme0n1
	row 'another character device' refused 'cmd_type=nvme: /dev/zero is not the character device of an NVMe namespace' --rw=read --filename=/dev/zero
	row 'no such device' refused 'cmd_type=nvme: /dev/ng9n9 is no character device' --rw=write --filename=/dev/ng9n9
	row 'nothing was made' [ ! -e /dev/ng9n9 ]
	row 'half a block' refused 'bs=1000 is no multiple of its blocks of 512 bytes' --rw=read --bs=1000
	row 'nowait' refused 'nowait=1: an NVMe command has no such flag' --rw=read --nowait=1
	row 'compare with headers' refused 'verify_mode=compare: .*use verify=pattern' --rw=write --verify=crc32c --verify_mode=compare
	row 'metadata' refused 'md_per_io_size=8: separate metadata is not supported' --rw=read --md_per_io_size=8
	row 'fixed and vectored' refused 'fixedbufs and nonvectored=0 exclude each other' --rw=read --fixedbufs --nonvectored=0
	row 'zones' refused 'zonemode=zbd is not supported' --rw=read --zonemode=zbd --zonesize=256k
	row 'priorities' refused 'an NVMe command has no priority' --rw=read --cmdprio_percentage=50
}

# the stock engine does the same to the same device
stock() {
	local job=(--name=job --filename="$dev" --cmd_type=nvme --rw=randrw --bs=4k --size=256k --iodepth=8 --randseed=11 --norandommap
		--output-format=json)
	local sum='.jobs[0] | [.error, .read.total_ios, .read.io_bytes, .write.total_ios, .write.io_bytes] | join(" ")' ours theirs
	ours=$(fio --ioengine=sqpoll "${job[@]}" | jq -r "$sum")
	theirs=$(fio --ioengine=io_uring_cmd "${job[@]}" | jq -r "$sum")
	echo "ours: $ours, stock io_uring_cmd: $theirs"
	[ "$ours" = "$theirs" ] && [[ $ours == '0 '* ]]
}

not_on_this_kernel() {
	row 'no device' refused "cmd_type=nvme: $dev is no character device, and Linux $(uname -r) has no NVMe commands through io_uring, they came with 5.19" \
		--rw=write
	row 'nothing was made' [ ! -e $dev ]
	dev=/dev/nvme0n1 row 'nor a block device' refused 'cmd_type=nvme: /dev/nvme0n1 is no character device, and Linux' --rw=read
}

polled_ring() {
	polled=--hipri
	row 'no interrupt' silently works '64 0 0' --rw=randread
	row 'no interrupt, fixed buffers, verified' silently works '64 64 0' --rw=randwrite --verify=crc32c --fixedbufs
	row 'no interrupt, vectored, verified' silently works '64 64 0' --rw=randwrite --verify=crc32c --nonvectored=0
	row 'something there' fill
	row 'no interrupt, trims' silently works '0 0 16' --offset=64m --rw=trim --bs=16k
	row 'zeroes after trims' silently zeroes
	row 'fsync' traced 'opcode == 0' 15 works '0 64 0' --rw=write --fsync=4 --iodepth=1
	media_error
	crowds
	if [ "$kernel" = 6.1 ]; then
		row 'zeroes are refused' refused 'a polled ring of this kernel never completes a write zeroes' --rw=write --write_mode=zeroes
	else
		write_modes
		compares
	fi
}

kernel=$(uname -r | cut -d . -f 1,2)
if [ "${1-}" = no-poll-queues ]; then
	polled=--hipri
	row 'no poll queues' refused "hipri: $dev: its device has no poll queues" --rw=read
elif [ "$kernel" = 5.10 ]; then
	not_on_this_kernel
else
	reads_and_writes
	crowds
	trims
	write_modes
	compares
	flags_and_flushes
	errors
	row 'as the stock io_uring_cmd' stock
	# not the kernel's business: once is enough
	[ "$kernel" != 6.12 ] || refusals
	polled_ring
fi
exit $bad
