#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# zoned.sh KERNEL: Question: does zonemode=zbd work with the engine, in writes, resets and reads that verify?
# Expected: every write pointer stands where fio's own figures put it; checksums hold; the stock engine counts the same;
#           a write that is not at the write pointer is an error; resets by trim reset. Polled writes to a zoned null_blk
#           are refused: before 6.10 they bypass its zones (each sign of that is looked for, with the stock engine).
# Wrong if: a pointer or a checksum differs, a job hangs, polled writes reach a kernel that crashes in them, or the stock
#           engine's polled writes go wrong in another way than this, or no longer.
# On a zoned null_blk with conventional zones, and from 6.1 on on QEMU's zoned NVMe namespace.
. "${SQP_SOURCE:?is set by ctest}/tests/lib.sh"
. "$SQP_SOURCE/tests/lab/lab.sh"
kernel=$1

model=(--device-model zoned)
[ "$kernel" != 5.10 ] || model=()
rc=0
in_guest zoned "$kernel" --null-blk '' "${model[@]}" --timeout 240 -- bash "$SQP_SOURCE/tests/lab/in-guest/zoned.sh" || rc=$?
cat "$WORK/zoned.log"
[ "$rc" -eq 0 ] || fail "zoned devices on $kernel: exit $rc, $(grep -c '^WRONG' "$WORK/zoned.log") lines say WRONG"
