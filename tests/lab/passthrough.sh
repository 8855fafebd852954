#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# passthrough.sh KERNEL: Question: does cmd_type=nvme do on this kernel what the stock io_uring_cmd does, from an SQPOLL ring?
# Expected: each row of tests/lab/in-guest/passthrough.sh says ok; on 5.10, which cannot, one line says so and nothing is created.
# Wrong if: data, counts or the commands that the kernel traces differ from what was asked; a polled run interrupts; an error
#           of the device has no name or the wrong errno.
. "${SQP_SOURCE:?is set by ctest}/tests/lib.sh"
. "$SQP_SOURCE/tests/lab/lab.sh"
kernel=$1
guest=$SQP_SOURCE/tests/lab/in-guest/passthrough.sh

must_in_guest commands "$kernel" --timeout 300 --device-model bad-read=90000 -- bash "$guest"
cat "$WORK/commands.log"
[ "$kernel" = 5.10 ] || [ "$(grep -c '^ok ' "$WORK/commands.log")" -ge 40 ] || fail "rows are missing"
# the kernels that use interrupts without a word
if [ "$kernel" = 6.1 ]; then
	must_in_guest no-poll "$kernel" --device-model poll=0 -- bash "$guest" no-poll-queues
	cat "$WORK/no-poll.log"
fi
