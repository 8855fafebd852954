#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# flags.sh KERNEL: Question: does the one engine negotiate every combination of setup flags on this kernel?
# Expected: 128 combinations, each with exactly the flags that were asked for and that this kernel has (which is written below,
#           by kernel) or refused with a reason; data right; 0 failed io_uring_setup, counted by strace, in fio runs as well;
#           the SQ thread of every job known, with its CPU time, also where a busy ring does not name it (5.10, 6.1).
# Wrong if: a setup fails, a flag is missing or too many, data differ, or what the SQ thread used is unknown.
. "${SQP_SOURCE:?is set by ctest}/tests/lib.sh"
. "$SQP_SOURCE/tests/lab/lab.sh"
kernel=$1

# by kernel: polled drive, HYBRID_IOPOLL (6.13), NO_SQARRAY (6.6), registered ring (5.18)
case $kernel in
5.10-uml) has=(no no false false) ;;
5.10) has=(yes no false false) ;;
6.1) has=(yes no false true) ;;
6.12) has=(yes no true true) ;;
7.2) has=(yes yes true true) ;;
*) fail "flags.sh does not know kernel $kernel" ;;
esac

target=/dev/nvme0n1
if [ "$kernel" = 5.10-uml ]; then
	target=/run/scratch/data
fi
must_in_guest flags "$kernel" --timeout 240 -- bash -c '[[ $1 == /dev/* ]] || head -c 1M /dev/zero >"$1"
	exec bash "${@:2}"' prepare "$target" "$SQP_SOURCE/tests/lab/in-guest/flags.sh" "$SQP_BUILD/tests/lab/flags" "$target" \
	"${has[0]}" "${has[1]}"
cat "$WORK/flags.log"
cat "$WORK/flags/table" >/dev/null || fail 'the table did not come home'

# each EXPRESSION: true for every statistics line
each() {
	jq -es --argjson array "${has[2]}" --argjson ring "${has[3]}" "length > 0 and all($1)" "$WORK/flags/stats.jsonl" >/dev/null || {
		jq -c '[.job, .setup_flags, .registered_ring, .sq_thread, .reasons]' "$WORK/flags/stats.jsonl" >&2
		fail "not true of every job: $1"
	}
}
each '.error == 0 and .submitted == .completed and .stalls == 0'
each '(.setup_flags | index("SQPOLL")) and (.setup_flags | index("CQSIZE"))'
each '(.job | test("hipri|hybrid")) == (.setup_flags | index("IOPOLL") != null)'
each '(.job | test("hybrid")) == (.setup_flags | index("HYBRID_IOPOLL") != null)'
each '(.job | test("aff")) == (.setup_flags | index("SQ_AFF") != null)'
each '(.setup_flags | index("NO_SQARRAY") != null) == $array'
each '.registered_ring == $ring and ($ring or (.reasons.registered_ring | test("5.18")))'
each '.sq_thread.tid > 0 and .sq_thread.cpu >= 0 and .sq_thread.cpu_us > 0 and .sq_thread.switches > 0'
jq -r '"\(.job): \(.setup_flags | join(" ")); SQ thread \(.sq_thread.tid), \(.sq_thread.cpu_us) us by \(.sq_thread.source)"' \
	"$WORK/flags/stats.jsonl"
