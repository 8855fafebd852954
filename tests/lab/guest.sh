#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# guest.sh KERNEL: Question: does scripts/lab give what it promises on this kernel, and leave nothing behind?
# Expected: the devices, tools and file systems of its --help; status, output and $OUT as the command made them;
#           fio --ioengine=sqpoll --hipri by its bare name with 0 interrupts of the drive and 0 enters of an awake thread.
# Wrong if: something is missing, a process or a file outlives the script, or HIPRI interrupts.
. "${SQP_SOURCE:?is set by ctest}/tests/lib.sh"
. "$SQP_SOURCE/tests/lab/lab.sh"
kernel=$1

export TMPDIR=$WORK/tmp
mkdir "$TMPDIR"

# clean: neither files nor processes
clean() {
	[ -z "$(ls -A "$TMPDIR")" ] || fail "$1 left files: $(ls -A "$TMPDIR")"
	! grep -aqs -- "$TMPDIR" /proc/[0-9]*/cmdline || fail "$1 left a process"
}

in_guest tour "$kernel" -- bash "$SQP_SOURCE/tests/lab/in-guest/tour.sh" || rc=$?
[ "${rc:-0}" -eq 3 ] || fail "the tour of $kernel ended with ${rc:-0}: $(tail -n 20 "$WORK/tour.log")"
cat "$WORK/tour.log"
[ "$(cat "$WORK/tour/left behind")" = 'for you' ] || fail "\$OUT did not come home: $(ls "$WORK/tour")"
clean tour
