#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Question: is a real disk's scheduler put back however a night ends, is a trimmed device told from a filled one, and is a device written
# to only when it is asked for and nobody uses it? Wrong: a scheduler that stays `none`, a warning for real data, a write to what is mounted.
# shellcheck source=tests/lib.sh
. "$SQP_SOURCE/tests/lib.sh" || exit 1
need jq fio losetup mkfs.ext4 addpart
tool=$1

[ "$(id -u)" -eq 0 ] || skip "loop devices need root"
truncate -s 32M "$WORK/image"
loop=$(losetup --find --show "$WORK/image" 2>"$WORK/e") || skip "loop devices do not work here"
mkdir "$WORK/mnt" "$WORK/out" || exit 1
trap 'umount "$WORK/mnt" 2>/dev/null; losetup -d "$loop"; rm -rf "$WORK"' EXIT
disk=${loop#/dev/}
knob=/sys/block/$disk/queue/scheduler

scheduler() {
	sed 's/.*\[\(.*\)\].*/\1/' "$knob"
}

# soon WORD: within five seconds it is the scheduler
soon() {
	for ((i = 0; i < 100; i++)); do
		[ "$(scheduler)" != "$1" ] || return 0
		sleep 0.05
	done
	fail "the scheduler is $(scheduler) instead of $1 $2"
}

# night: its input stays open until fd 9 is closed
night() {
	rm -f "$WORK/in" && mkfifo "$WORK/in"
	setsid "$tool" hold "$disk" "$WORK/out/host.json" <"$WORK/in" >"$WORK/night" 2>&1 &
	pid=$!
	exec 9>"$WORK/in"
	soon none "in the night"
}

schedulers() {
	grep -qw mq-deadline "$knob" 2>/dev/null || { echo "note: no scheduler to choose: $(cat "$knob")"; return; }
	echo mq-deadline >"$knob"
	night
	[ -s "$WORK/out/host.json" ] || fail "no record"
	exec 9>&-
	wait "$pid" || fail "a night that ends by itself: $(cat "$WORK/night")"
	soon mq-deadline "after a night"
	[ "$(head -n 1 "$WORK/night" | jq -r '.set[] | select(.what == "scheduler").was')" = mq-deadline ] || fail "what was set is not said: $(cat "$WORK/night")"
	[ "$(sed -n 2p "$WORK/night" | jq '.restored | length >= 1')" = true ] || fail "what was restored is not said: $(cat "$WORK/night")"
	for signal in TERM INT KILL; do
		night
		kill -"$signal" -- "-$pid"
		exec 9>&-
		wait "$pid" 2>/dev/null
		soon mq-deadline "after SIG$signal"
		[ ! -e "$WORK/out/host.json" ] || sleep 1
		[ ! -e "$WORK/out/host.json" ] || fail "SIG$signal left a record"
	done
	night
	# The guard is the night's child, and must die first.
	kill -KILL "$(cat "/proc/$pid/task/$pid/children")"
	kill -KILL "$pid"
	exec 9>&-
	wait "$pid" 2>/dev/null
	[ "$(scheduler)" = none ] || fail "somebody restored it: both were killed"
	"$tool" left "$WORK/out/host.json" >"$WORK/left" || fail "left over: $(cat "$WORK/left")"
	[ "$(scheduler)" = mq-deadline ] || fail "what was left over is not restored: $(cat "$WORK/left")"
}

targets() {
	"$tool" target "$WORK/out" "$loop" >"$WORK/t" || fail "a target"
	[ "$(jq -c '[.target.kind, .target.sampled, .target.zeros, .warnings[0].id]' "$WORK/t")" = '["device",256,256,"unwritten"]' ] || fail "trimmed: $(cat "$WORK/t")"
	expect_fail 'pass --allow-write' "$tool" fill "$WORK/out" "$loop"
	mkfs.ext4 -q "$loop" || fail "mkfs"
	mount "$loop" "$WORK/mnt" || fail "mount"
	expect_fail 'is mounted at .*/mnt: nothing was written' "$tool" fill "$WORK/out" "$loop" write
	umount "$WORK/mnt"
}

partitions() {
	losetup -d "$loop"
	loop=$(losetup --find --show --partscan "$WORK/image")
	# By hand, for a kernel that knows no partition tables.
	addpart "$loop" 1 2048 16384 || fail "addpart"
	[ -b "${loop}p1" ] || { echo "note: no device file of a partition here"; return; }
	sum=$(md5sum <"$WORK/image")
	expect_fail 'has partitions \(loop[0-9]+p1\): nothing was written' "$tool" fill "$WORK/out" "$loop" write
	[ "$(md5sum <"$WORK/image")" = "$sum" ] || fail "a device with partitions was written to"
	# The partition by itself, and nothing beside it.
	cp "$WORK/image" "$WORK/before"
	"$tool" fill "$WORK/out" "${loop}p1" write >"$WORK/f" || fail "a partition"
	[ "$(jq -c '[.done.written, .target.bytes, .target.device]' "$WORK/f")" = "[true,8388608,\"${loop#/dev/}\"]" ] || fail "a partition: $(cat "$WORK/f")"
	sync
	{ cmp -n 1048576 "$WORK/before" "$WORK/image" && cmp -i 9437184 "$WORK/before" "$WORK/image"; } || fail "it wrote beside the partition"
	delpart "$loop" 1
}

fills() {
	: >"$WORK/image" && truncate -s 32M "$WORK/image"
	losetup -d "$loop"
	loop=$(losetup --find --show "$WORK/image")
	"$tool" fill "$WORK/out" "$loop" write >"$WORK/f" || fail "preconditioning"
	[ "$(jq -c '[.done.written, .done.seconds > 0, .target.zeros]' "$WORK/f")" = '[true,true,0]' ] || fail "filled: $(cat "$WORK/f")"
	sync
	[ "$(gzip -1 <"$WORK/image" | wc -c)" -gt $((32 * 1048576 * 99 / 100)) ] || fail "the data compress"
	sum=$(md5sum <"$WORK/image")
	"$tool" target "$WORK/out" "$loop" >"$WORK/t"
	[ "$(jq -c '[.target.zeros, (.warnings | length)]' "$WORK/t")" = '[0,0]' ] || fail "filled, but: $(cat "$WORK/t")"
	"$tool" fill "$WORK/out" "$loop" write >"$WORK/f" || fail "again"
	[ "$(jq -c '[.done.written, .done.reason]' "$WORK/f")" = '[false,"it has been written before"]' ] || fail "again: $(cat "$WORK/f")"
	[ "$(md5sum <"$WORK/image")" = "$sum" ] || fail "it was written twice"
	truncate -s 8M "$WORK/file"
	"$tool" fill "$WORK/out" "$WORK/file" write >"$WORK/f" || fail "a sparse file"
	[ "$(stat -c %s "$WORK/file")" -eq 8388608 ] || fail "the file's size has changed"
	[ "$(jq '.targets | length' "$WORK/out/preconditioned.json")" -ge 2 ] || fail "the record: $(cat "$WORK/out/preconditioned.json")"
	[ "$(find "$WORK/out" -name '.*' -type f | wc -l)" -eq 0 ] || fail "something is left in --out"
}

schedulers
targets
partitions
fills
