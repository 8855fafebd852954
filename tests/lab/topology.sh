#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# topology.sh KERNEL: Question: does the SQ thread sit where sq_thread_cpu says, by the kernel's own word, on two sockets with SMT?
# Expected: for every CPU the thread's mask, the CPU it ran on and the engine's statistics name that CPU, and the job is elsewhere;
#           CPUs that are offline or outside the cpuset are refused with one line before any I/O.
# Wrong if: one of the three differs, or a refusal comes late, twice or not at all.
# The control is a guest with one node and no SMT.
. "${SQP_SOURCE:?is set by ctest}/tests/lib.sh"
. "$SQP_SOURCE/tests/lab/lab.sh"

# placed NAME OPTION VALUE CPUS...: what the guest was asked for
placed() {
	local name=$1 rc=0
	in_guest "$name" "$kernel" --timeout 200 "${@:2:2}" -- bash "$SQP_SOURCE/tests/lab/in-guest/topology.sh" "${@:4}" || rc=$?
	cat "$WORK/$name.log"
	[ "$rc" -eq 0 ] || fail "$name on $kernel: exit $rc, $(grep -c '^WRONG' "$WORK/$name.log") lines say WRONG"
}

kernel=$1
placed two-sockets --device-model 2s-smt '0 0 0-1 0' '1 0 0-1 0' '2 1 2-3 1' '3 1 2-3 1'
placed one-node --smp 2 '0 0 0 0' '1 0 1 0'
