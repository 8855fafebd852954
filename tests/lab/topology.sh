#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# topology.sh KERNEL [all]: Question: does the SQ thread sit where sq_thread_cpu says, by the kernel's own word, on two sockets with SMT?
# Expected: for every CPU the thread's mask, the CPU it ran on and the engine's statistics name that CPU, and the job is elsewhere;
#           CPUs that are offline or outside the cpuset are refused with one line before any I/O;
#           smt, llc, node, remote and auto give a CPU that is that by the kernel's files, an isolated one only if fio may use
#           it, and two jobs do not get the same one; a job's buffers are on its node with an SQ thread on the other.
# Wrong if: one of them differs, or a refusal comes late, twice or not at all.
# The control is a guest with one node and no SMT. `all` has a third one, with four sockets and an isolated CPU.
. "${SQP_SOURCE:?is set by ctest}/tests/lib.sh"
. "$SQP_SOURCE/tests/lab/lab.sh"

# placed NAME OPTIONS... -- SCRIPT ARGS...: of tests/lab/in-guest
placed() {
	local name=$1 rc=0 options=()
	shift
	while [ "$1" != -- ]; do
		options+=("$1")
		shift
	done
	in_guest "$name" "$kernel" --timeout 400 "${options[@]}" -- bash "$SQP_SOURCE/tests/lab/in-guest/$2" "${@:3}" || rc=$?
	cat "$WORK/$name.log"
	[ "$rc" -eq 0 ] || fail "$name on $kernel: exit $rc, $(grep -c '^WRONG' "$WORK/$name.log") lines say WRONG"
}

kernel=$1
# The large guest beside the two others: each is mostly one thread that spins.
placed two-sockets --device-model 2s-smt -- topology.sh '0 0 0-1 0' '1 0 0-1 0' '2 1 2-3 1' '3 1 2-3 1' &
guests=($!)
{
	placed one-node --smp 2 -- topology.sh '0 0 0 0' '1 0 1 0'
	[ "${2:-}" != all ] || placed four-sockets --smp 8,sockets=4,cores=2,threads=1 --numa --append isolcpus=3 -- classes.sh sockets
} &
guests+=($!)
status=0
for guest in "${guests[@]}"; do
	wait "$guest" || status=$?
done
exit $status
