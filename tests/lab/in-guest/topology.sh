#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# topology.sh 'CPU PACKAGE SIBLINGS NODE'...: runs in a guest of scripts/lab that was asked for these CPUs, see tests/lab/topology.sh.
# shellcheck disable=SC2317 # check calls functions by name
set -u

. "$(dirname "$0")/placed.sh"
last=$(($# - 1))

# in_sysfs CPU: what the kernel says of it, as in our arguments
in_sysfs() {
	echo "$1 $(cat "$cpus/cpu$1/topology/physical_package_id" "$cpus/cpu$1/topology/thread_siblings_list" | tr '\n' ' ')$(node_of "$1")"
}

# pinned CPU OTHER NODE
pinned() {
	local cpu=$1 seen
	start --sq_thread_cpu="$cpu" --cpus_allowed="$2" || return
	seen=$(ran_on)
	check "CPU $cpu: the SQ thread may run there only" is "$(allowed "$sq")" "$cpu"
	check "CPU $cpu: the job keeps CPU $2" is "$(allowed "$job")" "$2"
	stop
	check "CPU $cpu: there it ran" is "$seen" "$cpu "
	check "CPU $cpu: on node $3" is "$(node_of "${seen% }")" "$3"
	check "CPU $cpu: so say the statistics" stats \
		".error == 0 and .sq_thread.cpu == $cpu and .options.sq_thread_cpu == $cpu and (.setup_flags | index(\"SQ_AFF\")) != null"
	check "CPU $cpu: nothing lost" stats '.completed > 0 and .completed == .submitted and .stalls == 0'
}

# On 5.10 and 6.1 the thread may run everywhere, whatever the job's CPUs are; since 6.12 it inherits them.
unpinned() {
	start --cpus_allowed="0-$last" || return
	check 'any, a job with all CPUs: so has the SQ thread' is "$(allowed "$sq")" "0-$last"
	stop
	start --cpus_allowed=0 || return
	check 'any, a job on CPU 0: there is the SQ thread' is "$(allowed "$sq")" 0
	check 'any: the job keeps CPU 0' is "$(allowed "$job")" 0
	stop
	check 'any: so say the statistics' stats '.error == 0 and .options.sq_thread_cpu == "any" and (.setup_flags | index("SQ_AFF")) == null'
}

# on_node NODE: numa_cpu_nodes binds the job, sq_thread_cpu the thread
on_node() {
	start --numa_cpu_nodes="$1" --numa_mem_policy="bind:$1" --sq_thread_cpu=0 || return
	check "numa_cpu_nodes=$1: the SQ thread sits on CPU 0" is "$(allowed "$sq")" 0
	check "numa_cpu_nodes=$1: the job has the CPUs of that node" is "$(allowed "$job")" "$(cat "/sys/devices/system/node/node$1/cpulist")"
	stop
	check "numa_cpu_nodes=$1: so say the statistics" stats '.error == 0 and .sq_thread.cpu == 0 and .completed == .submitted and .place.buffers_node == null'
}

# refused CPU REGEX [COMMAND...]: fio, run by COMMAND, says so in one line and does no I/O
refused() {
	local cpu=$1 regex=$2 rc=0 before after
	shift 2
	before=$(cat /sys/block/nvme0n1/stat)
	"$@" fio --name=refused --ioengine=sqpoll --sq_thread_cpu="$cpu" --filename=/dev/nvme0n1 --rw=randread --bs=4k --direct=1 --size=1m \
		--eta=never >/tmp/refused.log 2>&1 || rc=$?
	after=$(cat /sys/block/nvme0n1/stat)
	check "CPU $cpu is refused" is "$rc" 1
	check "CPU $cpu: $(grep -m 1 '^sqpoll: ' /tmp/refused.log)" grep -Eq "^sqpoll: refused: sq_thread_cpu=$cpu: $regex" /tmp/refused.log
	check "CPU $cpu: in one line" is "$(grep -c '^sqpoll: ' /tmp/refused.log)" 1
	check "CPU $cpu: before any I/O" is "$after" "$before"
}

# in_cpuset COMMAND...: of the first CPU alone
in_cpuset() {
	local group=/sys/fs/cgroup/small
	if [ ! -d "$group" ]; then
		echo +cpuset >/sys/fs/cgroup/cgroup.subtree_control
		mkdir "$group"
		echo 0 >"$group/cpuset.cpus"
	fi
	sh -c 'echo $$ >"$0/cgroup.procs" && exec "$@"' "$group" "$@"
}

uname -r
for asked in "$@"; do
	check "asked for CPU ${asked%% *}: package, siblings, node ${asked#* }" is "$(in_sysfs "${asked%% *}")" "$asked"
done
for asked in "$@"; do
	pinned "${asked%% *}" "$(((${asked%% *} + 1) % (last + 1)))" "${asked##* }"
done
unpinned
on_node "$(node_of "$last")"
echo 0 >"$cpus/cpu$last/online"
check "CPU $last is offline" is "$(cat "$cpus/cpu$last/online")" 0
refused "$last" "this CPU is offline \(online: .*\); choose another or echo 1"
echo 1 >"$cpus/cpu$last/online"
refused "$last" "this CPU is outside the task's cpuset; choose one inside it or widen the cpuset" in_cpuset
refused 77 'there is no such CPU, this machine has 0'
pinned "$last" 0 "${asked##* }"
if [ "$last" -ge 2 ]; then
	bash "$(dirname "$0")/classes.sh" smt || bad=1
fi
check 'no complaint of the kernel' is "$(dmesg | grep -cE 'BUG:|Oops|WARNING:')" 0
exit $bad
