#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Question: does scripts/uml pass on output and status, keep its time limit, and leave nothing behind?
# Expected: the command's own status; 124 after the limit; 125 when the guest dies; no process and no file left.
# Wrong if: a guest process outlives the script, or a failure of the guest looks like one of the command.
. "${SQP_SOURCE:?is set by ctest}/tests/lib.sh"

need mkfs.ext4
export TMPDIR=$WORK/tmp
mkdir "$TMPDIR"

# ends STATUS REGEX ARGS...: scripts/uml ARGS ends with STATUS and prints REGEX
ends() {
	local wanted=$1 regex=$2 rc=0
	shift 2
	"$SQP_SOURCE/scripts/uml" "$@" >"$WORK/out" 2>&1 || rc=$?
	[ "$rc" -ne 77 ] || skip "$(tail -n 1 "$WORK/out" | sed 's/^uml: error: //')"
	[ "$rc" -eq "$wanted" ] || fail "scripts/uml $*: exit $rc where $wanted was expected: $(tail -n 3 "$WORK/out")"
	grep -Eq -- "$regex" "$WORK/out" || fail "scripts/uml $*: does not say: $regex"
	[ -z "$(ls -A "$TMPDIR")" ] || fail "scripts/uml $*: left files: $(ls -A "$TMPDIR")"
	! grep -aqs -- "$TMPDIR" /proc/[0-9]*/cmdline || fail "scripts/uml $*: left a process"
	echo "ok: exit $rc, $regex"
}

ends 2 'no command given' --timeout 5
ends 2 "whole seconds, not 'soon'" --timeout soon -- true
ends 2 'no such directory' --out "$WORK/nowhere" -- true
# shellcheck disable=SC2016 # the guest's shell expands this
ends 3 '^5\.10\.46 20000$' -- sh -c 'echo "$(uname -r) $(seq 20000 | wc -l)"; exit 3'
ends 124 'not done after 4 s' --timeout 4 -- sleep 100
ends 125 'Kernel panic' -- sh -c 'echo c >/proc/sysrq-trigger; sleep 9'
