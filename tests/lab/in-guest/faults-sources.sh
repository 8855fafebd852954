# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2034,SC2154,SC2317 # called by name; what they read and set is of faults.sh
#
# The faults: source_NAME makes the device of a cell and sets $file, which fio reads or writes, and $extra, more of its arguments;
# do_NAME is what happens while fio runs; undo_NAME takes it back. All bad sectors lie 32 KiB behind where the job begins.
BAD_SECTOR=64
FAULTS_NULLB=/sys/kernel/config/nullb

# monitor COMMAND: to QEMU
monitor() { echo "$1" >/dev/ttyS3; }

# null_device NAME KEY=VALUE...: $null is a device of 16 MiB, made if it is not there
null_device() {
	local dir=$FAULTS_NULLB/$1 setting
	if [ ! -d "$dir" ]; then
		mkdir "$dir"
		for setting in size=16 blocksize=512 irqmode=2 completion_nsec=10000 hw_queue_depth=64 submit_queues=2 poll_queues=1 "${@:2}" power=1; do
			[ ! -e "$dir/${setting%%=*}" ] || echo "${setting#*=}" >"$dir/${setting%%=*}" || return 1
		done
	fi
	null=/dev/$1
	[ -b "$null" ] || null=/dev/nullb$(cat "$dir/index")	# older kernels number it
}

# table NAME: a device mapper device with the table on stdin, made anew
table() {
	dmsetup remove --retry "$1" 2>/dev/null
	dmsetup create "$1" --noudevsync --addnodeoncreate
}

# memory: a null_blk that keeps its data; $base
memory() {
	null_device memory memory_backed=1 discard=1 && base=$null
}

written=''
# write_data FILE: 256 KiB that can be verified, once
write_data() {
	case " $written " in *" $1 "*) return ;; esac
	fio --name=data --ioengine=psync --filename="$1" --rw=write --bs=4k --size=256k --direct=1 --verify=crc32c --do_verify=0 \
		--verify_state_save=0 >/dev/null || return 1
	written+=" $1"
}

source_control() { memory && file=$base; }
source_bad() {
	null_device bad memory_backed=1 discard=1 badblocks=+$BAD_SECTOR-$((BAD_SECTOR + 7)) && file=$null
}
source_error() {
	memory
	[ -e /dev/mapper/hole ] || table hole <<-END || return
		0 $BAD_SECTOR linear $base 0
		$BAD_SECTOR 8 error
		$((BAD_SECTOR + 8)) 8192 linear $base $((BAD_SECTOR + 8))
	END
	file=/dev/mapper/hole
}

# flakey FEATURES...: always down
flakey() {
	memory
	table flakey <<<"0 16384 flakey $base 0 0 60 $*" || return
	file=/dev/mapper/flakey
}
source_flakey_down() { flakey; }
source_flakey_writes() { flakey 1 error_writes; }
source_flakey_drop() {
	flakey 1 drop_writes
	extra=--offset=4m
}
source_flakey_corrupt() {
	memory
	flakey 5 corrupt_bio_byte 99 w 1 0
}

source_nvme_read() { file=/dev/nvme0n1; }
source_nvme_write() {
	file=/dev/nvme0n1
	extra=--offset=4064k
}
# Behind the guest's back a block of the drive changes.
source_nvme_corrupt() {
	file=/dev/nvme1n1
	case " $written " in *" $file "*) return ;; esac
	write_data $file || return
	monitor 'qemu-io n1 "write -P 85 32k 4k"'
	sleep 0.5
}

# fill DIR: but for 64 KiB
fill() {
	local size=67108864 n=0
	rm -f "$1"/*
	dd if=/dev/zero of="$1/last" bs=64k count=1 2>/dev/null
	while [ $size -ge 4096 ]; do
		until ! fallocate -l $size "$1/fill.$n" 2>/dev/null; do n=$((n + 1)); done
		rm -f "$1/fill.$n"
		size=$((size / 4))
	done
	rm "$1/last"
	sync -f "$1"
}
source_ext4_full() {
	[ -e "$SCRATCH/fill.0" ] || fill "$SCRATCH"
	file=$SCRATCH/grows
}
undo_ext4_full() { rm -f "$SCRATCH/grows"; }
source_tmpfs_full() {
	mkdir -p /run/small
	mountpoint -q /run/small || mount -t tmpfs -o size=64k none /run/small
	rm -f /run/small/*
	file=/run/small/grows
}

source_delay() {
	memory
	[ -e /dev/mapper/delay ] || table delay <<<"0 16384 delay $base 0 100" || return
	file=/dev/mapper/delay
}
source_throttle() {
	file=/dev/nvme1n1
	monitor 'block_set_io_throttle n1 0 0 0 20 0 0'
	sleep 0.2
}
undo_throttle() { monitor 'block_set_io_throttle n1 0 0 0 0 0 0'; }

# The drive answers its second request after 4 s; the driver gives it 1 s, asks it to abort, and resets it after another
# second, in which QEMU waits for the request. (With no answer at all QEMU would wait for ever.)
source_silent_nvme() {
	file=/dev/nvme1n1
	echo 0 >/sys/module/nvme_core/parameters/max_retries
	echo 1000 >/sys/block/nvme1n1/queue/io_timeout
	monitor 'block_set_io_throttle n1 1024 0 0 0 0 0'
	sleep 0.2
}
# After such a reset QEMU's drive may leave one of its queues without an answer: the next cell gets the drive anew.
undo_silent_nvme() {
	undo_throttle
	echo 5 >/sys/module/nvme_core/parameters/max_retries
	source_pci_remove
	do_pci_remove
	undo_pci_remove
}

# scsi: $file is the disk of scsi_debug, which does as it is told
scsi() {
	local try
	[ -d /sys/bus/pseudo/drivers/scsi_debug ] || modprobe scsi_debug dev_size_mb=16 delay=0 || return
	modprobe sd_mod 2>/dev/null
	for try in $(seq 50); do
		disk=$(echo /sys/block/sd*)
		[ ! -b "/dev/${disk##*/}" ] || break
		sleep 0.1
	done
	file=/dev/${disk##*/}
}
scsi_does() { echo "$1" >/sys/bus/pseudo/drivers/scsi_debug/opts && echo "$2" >/sys/bus/pseudo/drivers/scsi_debug/every_nth; }
undo_scsi() { scsi_does 0 0; }
# sectors 0x1234 to 0x123d cannot be read
source_scsi_media() {
	scsi && scsi_does 2 0
	extra=--offset=2298k
}
undo_scsi_media() { undo_scsi; }
# no command is answered, nor is the test whether the disk is there, each of which has a second
source_scsi_silent() {
	scsi && echo 1 >"$disk/device/timeout" && echo 1 >"$disk/device/eh_timeout" && echo 0 >"$(echo "$disk"/device/scsi_disk/*/max_retries)"
}
do_scsi_silent() { scsi_does 4 1; }
undo_scsi_silent() { undo_scsi; }
# goes as a disk does that is pulled
source_scsi_delete() { scsi; }
do_scsi_delete() { echo 1 >"$disk/device/delete"; }

# A suspended mapping answers nothing; it comes back after 3 s, which is its timeout.
suspendable() {
	memory
	[ -e /dev/mapper/whole ] || table whole <<<"0 16384 linear $base 0" || return
	file=/dev/mapper/whole
}
# suspend COMMAND...: which comes when nothing is answered any more
suspend() {
	dmsetup suspend --noflush --nolockfs whole || return
	(sleep 3 && dmsetup resume whole) &
	nap 0.2
	"$@"
}
source_suspend_int() { suspendable; }
do_suspend_int() { suspend kill -INT "$pid"; }
undo_suspend_int() { dmsetup resume whole; }
source_suspend_kill() { suspendable; }
do_suspend_kill() { suspend kill_fio; }
undo_suspend_kill() { dmsetup resume whole; }
source_suspend_long() {
	suspendable
	extra=--stall_ms=1000
}
do_suspend_long() { suspend kill -INT "$pid"; }
undo_suspend_long() { dmsetup resume whole; }

next_drive=2
source_pull() { file=/dev/nvme${next_drive}n1; }
do_pull() { monitor "device_del nvme$next_drive"; }
undo_pull() { next_drive=$((next_drive + 1)); }
source_pci_remove() {
	file=/dev/nvme1n1
	pci=$(readlink -f /sys/class/nvme/nvme1/device)
}
do_pci_remove() { echo 1 >"$pci/remove"; }
undo_pci_remove() {
	local try
	for try in $(seq 100); do	# the name is free when nobody has the old drive open
		[ "$(tasks fio)" -gt 0 ] || break
		nap 0.02
	done
	echo 1 >/sys/bus/pci/rescan
	for try in $(seq 50); do
		[ ! -b /dev/nvme1n1 ] || return 0
		sleep 0.1
	done
	echo "the drive did not come back ($try)"
}
source_power_off() {
	null_device victim memory_backed=1 && file=$null
}
do_power_off() { echo 0 >$FAULTS_NULLB/victim/power; }
undo_power_off() { rmdir $FAULTS_NULLB/victim; }
source_dm_remove() {
	memory
	table victim <<<"0 16384 linear $base 0" || return
	file=/dev/mapper/victim
}
# It is in use, so only its table goes, and the command fails.
do_dm_remove() { ! dmsetup remove --force victim 2>/dev/null; }
undo_dm_remove() { dmsetup remove victim 2>/dev/null; }

pin_to_1() {
	file=/dev/nvme1n1
	extra=--sqthread_poll_cpu=1
}
source_offline() { pin_to_1; }
do_offline() { echo 0 >/sys/devices/system/cpu/cpu1/online; }
undo_offline() { echo 1 >/sys/devices/system/cpu/cpu1/online; }
source_cpuset() {
	pin_to_1
	[ -d /sys/fs/cgroup/cell ] || { echo +cpuset >/sys/fs/cgroup/cgroup.subtree_control && mkdir /sys/fs/cgroup/cell; } || return
	echo 0-1 >/sys/fs/cgroup/cell/cpuset.cpus
	cgroup=/sys/fs/cgroup/cell
}
do_cpuset() { echo 0 >/sys/fs/cgroup/cell/cpuset.cpus; }

source_memlock() {
	source_control
	chmod 666 "$file"
	wrap=(setpriv --reuid=65534 --regid=65534 --clear-groups prlimit --memlock=32768:32768)
}

source_sigint() { file=/dev/nvme1n1; }
source_sigterm() { source_sigint; }
source_sigkill() { source_sigint; }
do_sigint() { kill -INT "$pid"; }
do_sigterm() { kill -TERM "$pid"; }
do_sigkill() { kill_fio; }

source_death() { file=/dev/nvme1n1; }
