#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Runs in a guest of scripts/lab, see tests/lab/guest.sh. Ends with 3 when all is there.
set -u

bad=0
# has WHAT COMMAND...: the command must succeed
has() {
	local what=$1
	shift
	if "$@" >/dev/null 2>&1; then
		echo "ok: $what"
	else
		echo "MISSING: $what"
		bad=1
	fi
}

interrupts() { awk '/nvme0q[1-9]/ { for (i = 2; i <= 3; i++) n += $i } END { print n + 0 }' /proc/interrupts; }

# hipri_is_polled: 0 interrupts of the drive; an awake SQ thread needs no enter (the first commit may find a new one asleep)
hipri_is_polled() {
	local before after
	fio --name=warm --ioengine=sqpoll --filename=/dev/nvme0n1 --rw=randread --bs=4k --size=1m --direct=1 --hipri >/dev/null || return 1
	before=$(interrupts)
	fio --name=polled --ioengine=sqpoll --filename=/dev/nvme0n1 --rw=randread --bs=4k --size=16m --iodepth=8 --direct=1 \
		--hipri --stats_file=/tmp/polled.jsonl --output-format=json --output=/tmp/polled.json >/dev/null || return 1
	after=$(interrupts)
	jq -r '"hipri: \(.completed) polled reads, \(.enters) enters, \(.wakeups) wake-ups, \(.rechecks) rechecks"' /tmp/polled.jsonl
	echo "hipri: $((after - before)) interrupts of the drive"
	[ "$before" -eq "$after" ] &&
		jq -e '.completed >= 4096 and .completed == .submitted and .enters == .wakeups + .rechecks and .wakeups <= 1' \
			/tmp/polled.jsonl >/dev/null
}

echo "Linux $(uname -r), $(nproc) CPUs"
has 'a shell, awk and grep' sh -c 'echo x | awk 1 | grep -q x'
has '/proc and /sys' test -r /proc/self/status -a -d /sys/block
has 'a writable /tmp' sh -c 'echo x >/tmp/written && grep -q x /tmp/written'
has 'a scratch ext4' sh -c 'echo x >"$SCRATCH/written" && grep -q x "$SCRATCH/written" && stat -f -c %T "$SCRATCH" | grep -q ext'
has 'fio --ioengine=sqpoll by its bare name' fio --enghelp=sqpoll
has 'sqpoll on the scratch file system' fio --name=s --ioengine=sqpoll --filename="$SCRATCH/data" --rw=randrw --bs=4k --size=1m \
	--iodepth=4 --verify=crc32c --verify_state_save=0
if [ "$(uname -r)" != 5.10.46 ]; then
	echo "booted in $(cat /run/boot-seconds) s"
	has 'debugfs and tracefs' test -d /sys/kernel/debug/block -a -d /sys/kernel/debug/tracing
	has 'strace' strace -o /dev/null true
	has 'a polled NVMe drive' grep -q 1 /sys/block/nvme0n1/queue/io_poll
	has 'drive 0 is nvme0' grep -q lab0 /sys/class/nvme/nvme0/serial
	has 'a null_blk' test -b /dev/nullb0
	case $(uname -r) in
	5.10.*) echo 'not on 5.10: /dev/ng0n1, polling null_blk' ;;
	*)
		has 'its character device' test -c /dev/ng0n1
		has 'a polled null_blk' grep -q 1 /sys/block/nullb0/queue/io_poll
		;;
	esac
	hipri_is_polled || { echo 'WRONG: hipri is not polled'; bad=1; }
fi
echo 'for you' >"$OUT/left behind"
[ "$bad" -eq 0 ] && exit 3
exit 1
