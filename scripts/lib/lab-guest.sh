# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154 # what it reads is set by scripts/lab
#
# A guest: its drives, its machine, its end. Needs say.sh; $run is its directory.

QEMU="qemu-system-x86_64"
NVME_MIB=1024
DRIVE=discard=unmap,detect-zeroes=off,cache=unsafe,format=raw,if=none

# require_tools: what a newcomer may miss
require_tools() {
	local tool
	[ "$(uname -m)" = x86_64 ] || die -"$EX_SKIP" "the lab's kernels are for x86_64, this is $(uname -m)"
	PATH=$PATH:/usr/sbin:/sbin
	for tool in $QEMU cpio depmod mkfs.ext4 xz; do
		command -v "$tool" >/dev/null ||
			die -"$EX_SKIP" "$tool is not installed; run scripts/setup --lab (packages qemu-system-x86 cpio kmod e2fsprogs xz-utils)"
	done
}

# drive ID: a sparse file as a QEMU drive, or none at all that takes its time
drive() {
	local id=$1 us=${slow_us[${1#n}]-}
	if [ -n "$us" ]; then
		printf '%s\0' -drive "id=$id,driver=null-co,size=${NVME_MIB}M,read-zeroes=on,latency-ns=${us}000,if=none"
		return 0
	fi
	truncate -s "${NVME_MIB}M" "$run/$id.img"
	printf '%s\0' -drive "id=$id,file=$run/$id.img,$DRIVE"
}

# faulty_drive ID: reads or writes of some sectors fail (blkdebug)
faulty_drive() {
	local id=$1 rule n=0 config=$run/$1.blkdebug
	truncate -s "${NVME_MIB}M" "$run/$id.img"
	for rule in "${bad_sectors[@]}"; do
		printf '[inject-error]\nevent = "none"\niotype = "%s"\nsector = "%s"\nerrno = "5"\n' "${rule%:*}" "${rule#*:}"
		n=$((n + 1))
	done >"$config"
	printf '%s\0' -drive "id=$id,file=blkdebug:$config:$run/$id.img,$DRIVE"
}

# machine_args: CPUs, memory and nodes
machine_args() {
	local half=$((memory_mib / 2)) cpus=${smp%%,*}
	printf '%s\0' -m "$memory_mib" -smp "$smp"
	[ "$numa" = yes ] || return 0
	printf '%s\0' -object "memory-backend-ram,id=m0,size=${half}M" -object "memory-backend-ram,id=m1,size=${half}M" \
		-numa "node,nodeid=0,cpus=0-$((cpus / 2 - 1)),memdev=m0" \
		-numa "node,nodeid=1,cpus=$((cpus / 2))-$((cpus - 1)),memdev=m1"
}

# plug N BLOCK: controller N in a port of its own, which it can be pulled from, with that drive as its namespace
plug() {
	printf '%s\0' -device "pcie-root-port,id=port$1,slot=$(($1 + 1)),chassis=1" -device "nvme,id=nvme$1,serial=lab$1,bus=port$1" \
		-device "nvme-ns,drive=$2,bus=nvme$1${3-}"
}

# nvme_args: the drives that were asked for, and behind them the one with the scratch file system
nvme_args() {
	local i
	if [ "${#bad_sectors[@]}" -gt 0 ]; then faulty_drive n0; else drive n0; fi
	plug 0 n0 "$zoned"
	for ((i = 1; i < drives; i++)); do
		drive "n$i"
		plug "$i" "n$i"
	done
	truncate -s "${scratch_mib}M" "$run/scratch.img"
	mkfs.ext4 -q -F "$run/scratch.img" || die "mkfs.ext4 failed on $run/scratch.img"
	printf '%s\0' -drive "id=scratch,file=$run/scratch.img,$DRIVE"
	plug "$drives" scratch
}

# What is written to ttyS3 comes in where QEMU's monitor reads. What the monitor says goes to a file: a pipe would need a
# process that reads it, and that outlives a QEMU which never opened the other end.
serial_args() {
	rm -f "$run"/monitor.* "$run"/ask.*
	mkfifo "$run/monitor.in" "$run/ask.in"
	: >"$run/monitor.out"
	ln "$run/monitor.in" "$run/ask.out"
	printf '%s\0' -serial "file:$run/boot.log" -chardev stdio,id=output,signal=off -serial chardev:output \
		-serial "file:$run/results.tar.gz" -serial "pipe:$run/ask" -chardev "pipe,id=monitor,path=$run/monitor" \
		-mon chardev=monitor,mode=readline
}

# boot_guest VMLINUZ: QEMU's status; the command's output goes to stdout as it comes
boot_guest() {
	local status=0 args
	rm -f "$run"/*.img
	mapfile -d '' -t args < <(machine_args; nvme_args; serial_args)
	timeout -k 5 "$timeout_s" $QEMU -nodefaults -no-user-config -no-reboot -display none -machine q35 -accel "$accel" \
		-cpu max "${args[@]}" -kernel "$1" -initrd "$run/initrd" -append "$append" \
		</dev/null 2>"$run/qemu.log" &
	qemu=$!
	{ wait "$qemu" || status=$?; } 2>/dev/null
	qemu=''
	return "$status"
}

# stale_breakpoint: the guest died of a breakpoint that its kernel had removed. A kernel patches itself (static keys,
# tracepoints) with one; while another emulated CPU translates that code, QEMU may keep what was there for an instant.
stale_breakpoint() {
	tr -d '\r' <"$run/boot.log" | awk '
		/Oops: int3/ { oops = 1 }
		oops && /Code: / { for (i = 2; i <= NF; i++) if ($i ~ /^<..>$/) exit !(stale = $(i - 1) != "cc") }
		END { exit !stale }'
}

# emulator_crashed STATUS: QEMU died of a signal that nobody sends (docs/LAB.md)
emulator_crashed() {
	local name
	for name in ILL ABRT BUS FPE SEGV; do
		[ "$1" -ne $((128 + $(kill -l "$name"))) ] || return 0
	done
	return 1
}

# boot_again VMLINUZ: as boot_guest; a fault of the emulation is no answer, so all of it is done again, in a new guest
boot_again() {
	local status try
	for try in first second last; do
		status=0
		boot_guest "$1" || status=$?
		[ "$try" != last ] || return "$status"
		if emulator_crashed "$status"; then
			note "QEMU itself died of SIG$(kill -l "$status"): from the start, in a new guest"
		elif [ "$status" -ne 0 ]; then
			return "$status"
		elif stale_breakpoint; then
			note "QEMU ran an instruction that the kernel had replaced by then (docs/LAB.md): from the start, in a new guest"
		elif [ "$try" = first ] && ! grep -aq 'lab: up' "$run/boot.log"; then
			note "the kernel ended while it booted ($(last_words)): from the start, in a new guest"
		else
			return 0
		fi
	done
}

# end_guest: of an interrupted run
# shellcheck disable=SC2317 # called by trap
end_guest() {
	[ -z "${qemu:-}" ] || { kill -TERM "$qemu" && wait "$qemu"; } 2>/dev/null || true
}

# last_words: why there is no result
last_words() {
	local words
	words=$(grep -Ev '^$|: warning: |^Please configure -smp' "$run/qemu.log" | head -n 1)
	[ -n "$words" ] || words=$(tr -d '\r' <"$run/boot.log" 2>/dev/null | grep -m 1 -E 'Oops|BUG:|Kernel panic|No working init|lab: (no|drive)')
	[ -n "$words" ] || words=$(tr -d '\r' <"$run/boot.log" 2>/dev/null | tail -n 1)
	printf '%s' "${words:-the kernel said nothing: is it a bzImage for x86_64 with a serial console, an initrd and NVMe built in?}"
}
