#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# classes.sh smt | sockets: runs in a guest of scripts/lab, see tests/lab/topology.sh. smt: two sockets of one core of two
# threads; sockets: four sockets of two cores, the first two on one node, CPU 3 isolated.
# shellcheck disable=SC2317 # check calls functions by name
set -u
. "$(dirname "$0")/placed.sh"

siblings() { cat "$cpus/cpu$1/topology/thread_siblings_list"; }
sharing_cache() { cat "$cpus/cpu$1/cache/index3/shared_cpu_list"; }

# relation A B: of CPU B to CPU A, by the kernel's files alone
relation() {
	if [ "$1" = "$2" ]; then echo same
	elif [ "$(siblings "$1")" = "$(siblings "$2")" ]; then echo smt
	elif [ "$(sharing_cache "$1")" = "$(sharing_cache "$2")" ]; then echo llc
	elif [ "$(node_of "$1")" = "$(node_of "$2")" ]; then echo node
	else echo remote; fi
}

# placed ASKED CLASS CPU: a job on CPU
placed() {
	local seen
	start --sq_thread_cpu="$1" --cpus_allowed="$3" || return
	seen=$(ran_on)
	check "$1 of CPU $3: the SQ thread is on CPU $seen, that is $2" is "$(relation "$3" "${seen% }")" "$2"
	check "$1 of CPU $3: it may run there only" is "$(allowed "$sq")" "${seen% }"
	stop
	check "$1 of CPU $3: so say the statistics" stats ".error == 0 and .notes == [] and .options.sq_thread_cpu == ${seen% }
		and .place == {asked: \"$1\", class: \"$2\", job_cpu: $3, job_pinned: true, isolated: false, busy: false,
			buffers_node: $(node_of "$3"), kept: true}"
	check "$1 of CPU $3: nothing lost" stats '.completed > 0 and .completed == .submitted and .stalls == 0'
}

# refused CLASS CPU REGEX: and no I/O
refused() {
	local rc=0 before
	before=$(cat /sys/block/nvme0n1/stat)
	fio --name=refused --ioengine=sqpoll --sq_thread_cpu="$1" --cpus_allowed="$2" --filename=/dev/nvme0n1 --rw=randread --bs=4k --direct=1 \
		--size=1m --eta=never >/tmp/refused.log 2>&1 || rc=$?
	check "$1 of CPU $2 is refused" is "$rc" 1
	check "$1 of CPU $2: $(grep -m 1 '^sqpoll: ' /tmp/refused.log)" grep -Eq "^sqpoll: refused: sq_thread_cpu=$1: $3" /tmp/refused.log
	check "$1 of CPU $2: before any I/O" is "$(cat /sys/block/nvme0n1/stat)" "$before"
}

# isolated WANT TASKSET: CPUs 2 and 3 are of class node, seen from CPU 0
isolated() {
	local before
	before=$(taskset -p $$)
	taskset -pc "$2" $$ >/dev/null
	start --sq_thread_cpu=node --cpus_allowed=0 && stop
	check "fio may use $2: node of CPU 0 is CPU $1" stats ".options.sq_thread_cpu == $1 and .place.isolated == ($1 == 3) and .place.kept"
	taskset -p "${before##* }" $$ >/dev/null
}

# Two jobs at once, each of which would choose the same CPU if it were alone
two_jobs() {
	fio --ioengine=sqpoll --stats_file=/tmp/two.jsonl --filename=/dev/nvme0n1 --rw=randread --bs=4k --direct=1 --size=64m --time_based \
		--sq_thread_cpu=node --reap=sleep --rate_iops=50 --output=/tmp/two.log --eta=never \
		--name=first --cpus_allowed=4 --runtime=6 --name=second --cpus_allowed=5 --startdelay=2 --runtime=1
	check 'two jobs beside each other' is "$(jq -s 'sort_by(.thread) | [.[] | .options.sq_thread_cpu, .place.busy] == [6, false, 7, false]' /tmp/two.jsonl)" true
}

# The pages of a job on node 0 whose SQ thread, on node 1, is the first to write into them
buffers() {
	local maps
	start --sq_thread_cpu=remote --cpus_allowed=0 --bs=1m --iodepth=8 --mem=mmap "$@" || return
	sleep 2
	maps=$(awk '{ for (i = 1; i <= NF; i++) if ($i ~ /^anon=/ && substr($i, 6) + 0 >= 2048) print }' "/proc/$job/numa_maps")
	check "buffers $*: $(grep -oE '(N[01]|anon)=[0-9]+' <<<"$maps" | tr '\n' ' ')" is "$(wc -l <<<"$maps")" 1
	check "buffers $*: all on the job's node" is "$(grep -oE 'N[01]=' <<<"$maps" | tr '\n' ' ')" 'N0= '
	stop
	check "buffers $*: nothing lost" stats '.error == 0 and .place.class == "remote" and .completed == .submitted'
}

with_smt() {
	check 'the guest is what was asked for' is "$(for b in 0 1 2 3; do relation 0 "$b"; done | tr '\n' ' ')" 'same smt remote remote '
	placed smt smt 0
	placed auto smt 3
	placed remote remote 1
	refused llc 0 'there is no other core at the last-level cache of CPU 0; use smt or any$'
	refused node 3 'there is no core with another last-level cache on the NUMA node of CPU 3; use smt or any$'
}

with_sockets() {
	check 'the guest is what was asked for' is "$(for b in 0 1 2 3 4 6; do relation 0 "$b"; done | tr '\n' ' ')" \
		'same llc node node remote remote '
	check 'CPU 3 is isolated' is "$(cat "$cpus/isolated")" 3
	placed llc llc 0
	placed node node 5
	placed remote remote 0
	placed auto llc 7
	refused smt 6 'there is no SMT sibling of CPU 6; use llc or any$'
	isolated 2 0-2,4-7
	isolated 3 0-7
	two_jobs
	buffers
	buffers --fixedbufs
}

"with_$1"
check 'no complaint of the kernel' is "$(dmesg | grep -cE 'BUG:|Oops|WARNING:')" 0
exit $bad
