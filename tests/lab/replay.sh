#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# replay.sh KERNEL: Question: does a replay wait for what is in flight when its log ends, before fio frees the buffers?
# Expected: on a drive that takes 20 ms for a read, every read of the log is completed, and the buffers are freed after the last wait.
# Wrong if: a read is lost, or the drive could write into memory that fio has freed: now and then fio crashes of that at its end.
. "${SQP_SOURCE:?is set by ctest}/tests/lib.sh"
. "$SQP_SOURCE/tests/lab/lab.sh"
need jq strace
kernel=$1
reads=72	# some are left when the log ends: 16 are done at once

{
	printf 'fio version 2 iolog\n/dev/nvme0n1 add\n/dev/nvme0n1 open\n'
	for ((i = 0; i < reads; i++)); do
		printf '/dev/nvme0n1 read %u 4096\n' $((i * 4096))
	done
	printf '/dev/nvme0n1 close\n'
} >"$WORK/log"
# shellcheck disable=SC2016 # the guest's shell expands this
must_in_guest replay "$kernel" --null-blk '' --device-model slow=20000 --with "$WORK/log" -- sh -c 'strace -f -o "$OUT/calls" -e trace=mmap,munmap,io_uring_enter \
	fio --name=replay --ioengine=sqpoll --direct=1 --iodepth=16 --mem=mmap --reap=sleep --read_iolog="$1" --stats_file="$OUT/stats" --output="$OUT/fio"' sh "$WORK/log"
[ "$(jq -c '[.submitted, .completed]' "$WORK/replay/stats")" = "[$reads,$reads]" ] || fail "submitted and completed: $(jq -c '[.submitted, .completed]' "$WORK/replay/stats")"
# The buffers are 16 blocks, and some room; nobody waits for a completion once they are gone.
awk -v least=65536 -v most=80000 '
	/munmap\(/ { size = $0; sub(/.*, /, "", size); if (size + 0 >= least && size + 0 < most) { freed = NR; waited = wait } }
	/io_uring_enter\(.*IORING_ENTER_GETEVENTS/ { wait = NR }
	END { print "last wait before the buffers were freed: line " waited ", they were in " freed ", last wait of all " wait; exit !(freed && waited && wait == waited) }' \
	"$WORK/replay/calls" || fail "the buffers were freed before the last wait: $(tail -n 20 "$WORK/replay/calls")"
