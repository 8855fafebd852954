#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Question: does each thing that cannot work end in one clear line, before any I/O?
# Expected: fio fails, exactly one line of ours names what, where and the cure; the target file is untouched.
# Wrong if: fio succeeds, hangs, crashes, writes, or the line is missing or doubled.
. "$SQP_SOURCE/tests/lib.sh"
need jq setpriv prlimit unshare

seccomp=$SQP_BUILD/tests/engine/with-seccomp
target=$WORK/target
yes untouched | head -c 1048576 >"$target"
before=$(cksum <"$target")
skipped=""

# refused PATTERN [fio options]: a write job with these options (a word "@cmd" list before "--" wraps fio)
refused() {
	local pattern=$1 lines
	shift
	expect_fail "$pattern" "${wrap[@]}" run_fio_command --name=job --ioengine=sqpoll --filename="$target" --rw=write \
		--bs=4k --size=1m --overwrite=1 --output-format=normal "$@"
	lines=$(grep -c '^sqpoll: job: ' "$WORK/expect_fail.out")
	[ "$lines" -eq 1 ] || { cat "$WORK/expect_fail.out" >&2; fail "$lines lines of ours for: $pattern"; }
	[ "$(cksum <"$target")" = "$before" ] || fail "the target was written although: $pattern"
	echo "refused: $(grep '^sqpoll: job: ' "$WORK/expect_fail.out")"
}

# run_fio as a program, so that wrappers can start it
cat >"$WORK/run_fio_command" <<END
#!/usr/bin/env bash
exec ${fio_env[*]} timeout 60 fio "\$@"
END
chmod +x "$WORK/run_fio_command"
PATH=$WORK:$PATH
wrap=()

refused 'sqthread_poll=0: this engine is SQPOLL.*ioengine=io_uring' --sqthread_poll=0
refused 'registerfiles=0: .*ioengine=io_uring' --registerfiles=0
refused 'md_per_io_size=8: separate metadata is not supported' --md_per_io_size=8
refused 'iodepth=40000: io_uring takes 1 to 32768 entries' --iodepth=40000
refused 'sq_thread_idle=3000000000 is out of range 0..2147483647 ms' --sq_thread_idle=3000000000
refused 'sq_thread_idle=.* is out of range' --sq_thread_idle=-1
refused 'sq_thread_idle=soon: this is neither a number of milliseconds nor "auto"' --sq_thread_idle=soon
refused 'sq_thread_idle=auto: sq_wake=bypass and adaptive do without' --sq_thread_idle=auto --sq_wake=bypass
refused 'sq_thread_idle=auto: jobs that share an SQ thread cannot' --sq_thread_idle=auto --sq_share=2 --thread=1
refused 'sq_thread_idle=auto: it needs the clock that gtod_reduce' --sq_thread_idle=auto --gtod_reduce=1
refused 'sq_thread_idle=auto: wake_cost_us may be 10000000' --sq_thread_idle=auto --wake_cost_us=10000001
refused 'sq_share=2: job processes cannot share an SQ thread.*add thread=1' --sq_share=2
refused 'sq_share=2 with sq_thread_cpu=llc: jobs on several CPUs have no one place' --sq_share=2 --thread=1 --sq_thread_cpu=llc
refused 'sq_share=0 is out of range 1..1024' --sq_share=0 --thread=1
refused 'stall_ms=0: the watchdog needs' --stall_ms=0
refused 'idle_probe_ms=.* is out of range' --idle_probe_ms=99999999999
refused 'sq_thread_cpu=4095: there is no such CPU, this machine has 0' --sq_thread_cpu=4095
refused 'sq_thread_cpu=4095: there is no such CPU' --sqthread_poll_cpu=4095
refused 'sq_thread_cpu=same: this is neither a CPU number nor smt, llc, node, remote, auto or any' --sq_thread_cpu=same
refused 'sq_thread_cpu=remote: there is no NUMA node but that of CPU [0-9]+; use .*any' --sq_thread_cpu=remote
refused 'sq_thread_cpu=0 and sqthread_poll_cpu=1 contradict' --sq_thread_cpu=0 --sqthread_poll_cpu=1
refused 'stats_file=.*/no-such-dir/x cannot be opened.*No such file' --stats_file="$WORK/no-such-dir/x"
refused 'stats_file=.* cannot be opened.*directory' --stats_file="$WORK"
refused 'time_log=.*/no-such-dir/x_times.1.log cannot be written.*No such file' --time_log="$WORK/no-such-dir/x"
refused 'time_log needs the clock that gtod_reduce' --time_log="$WORK/x" --gtod_reduce=1
refused 'hipri polls a device and buffered I/O does not reach one; add direct=1' --hipri
refused 'cmdprio options are not valid together' --cmdprio_percentage=10 --cmdprio_bssplit=4k/10
refused 'cmd_type=nvme: .*/target is no character device.*leave out cmd_type' --cmd_type=nvme

# no io_uring
wrap=("$seccomp" EPERM)
refused 'EPERM: a seccomp filter is active' --iodepth=4
wrap=("$seccomp" ENOSYS)
refused 'ENOSYS: a seccomp filter hides io_uring' --iodepth=4
wrap=()
sysctl=/proc/sys/kernel/io_uring_disabled
if [ -w "$sysctl" ] && old=$(cat "$sysctl") && trap 'echo "$old" >$sysctl; rm -rf "$WORK"' EXIT && echo 2 2>/dev/null >"$sysctl"; then
	refused 'EPERM: sysctl kernel.io_uring_disabled is 2; set it to 0' --iodepth=4
	echo "$old" >"$sysctl"
else
	skipped+=" io_uring_disabled"
fi

# limits: root is exempt from memlock
chmod 777 "$WORK"
if setpriv --reuid=65534 --regid=65534 --clear-groups test -w "$WORK" -a -r "$SQP_ENGINE_DIR/sqpoll"; then
	chmod 666 "$target"
	wrap=(setpriv --reuid=65534 --regid=65534 --clear-groups prlimit --memlock=65536:65536)
	refused 'fixedbufs: 64 buffers of 4096 KiB in all cannot be pinned, the memlock limit is 64 KiB' \
		--fixedbufs --iodepth=64 --bs=64k
else
	skipped+=" memlock"
fi

# a CPU that is offline: the file that says so is replaced in a namespace of its own
echo 0 >"$WORK/online"
if unshare -m mount --bind "$WORK/online" /sys/devices/system/cpu/online 2>/dev/null && [ "$(nproc --all)" -ge 2 ]; then
	wrap=(unshare -m bash -c 'mount --bind "$0" /sys/devices/system/cpu/online && exec "$@"' "$WORK/online")
	refused 'sq_thread_cpu=1: this CPU is offline \(online: 0\)' --sq_thread_cpu=1
else
	skipped+=" offline"
fi

# a CPU outside the cpuset, by cgroup v1 or v2
group=
for root in /sys/fs/cgroup/cpuset /sys/fs/cgroup; do
	[ -e "$root/cpuset.cpus" ] || [ -e "$root/cpuset.cpus.effective" ] || continue
	grep -qw cpuset "$root/cgroup.subtree_control" 2>/dev/null || echo +cpuset 2>/dev/null >"$root/cgroup.subtree_control"
	mkdir "$root/sqp-test-$$" 2>/dev/null || continue
	group=$root/sqp-test-$$
	break
done
if [ -n "$group" ]; then
	trap 'rmdir "$group"; rm -rf "$WORK"' EXIT
	cat "${group%/*}/cpuset.mems" >"$group/cpuset.mems" 2>/dev/null
fi
if [ -n "$group" ] && [ "$(nproc --all)" -ge 2 ] && echo 0 2>/dev/null >"$group/cpuset.cpus"; then
	wrap=(bash -c 'echo $$ >"$0/cgroup.procs" && exec "$@"' "$group")
	refused 'sq_thread_cpu=1: this CPU is outside the task.s cpuset' --sq_thread_cpu=1
else
	skipped+=" cpuset"
fi
wrap=()

# polling: a file system that cannot, and a queue without poll queues
mkdir "$WORK/tmpfs"
if mount -t tmpfs none "$WORK/tmpfs" 2>/dev/null; then
	trap 'umount "$WORK/tmpfs"; [ -z "$group" ] || rmdir "$group"; rm -rf "$WORK"' EXIT
	cp "$target" "$WORK/tmpfs/target"
	expect_fail 'hipri: .*/target: the kernel refuses a polled read|Invalid argument' run_fio_command --name=job \
		--ioengine=sqpoll --filename="$WORK/tmpfs/target" --rw=read --bs=4k --direct=1 --hipri
	grep '^sqpoll: ' "$WORK/expect_fail.out" || echo "refused by O_DIRECT itself: tmpfs on this kernel has none"
else
	skipped+=" tmpfs"
fi
device=$(stat -c '%Hd:%Ld' "$target")
for queue in "/sys/dev/block/$device/queue" "/sys/dev/block/$device/../queue"; do
	[ -e "$queue/io_poll" ] && break
done
if [ "$(cat "$queue/io_poll" 2>/dev/null)" = 0 ]; then
	refused 'hipri: .*/target: its device \([0-9:]+\) has no poll queues; load the driver with them' --hipri --direct=1
else
	skipped+=" no-poll-queues"
fi

[ -z "$skipped" ] || echo "not tried here:$skipped"
