# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Sourced after tests/lib.sh by the tests that run in guests of scripts/lab.
#   in_guest NAME KERNEL [OPTIONS] -- COMMAND...   output in $WORK/NAME.log, the guest's $OUT in $WORK/NAME; its status
#   must_in_guest NAME KERNEL ...                  the same, and a failure when the status is not 0
# A kernel that this machine or its mirror cannot give ends the test as skipped, with the reason.

# last_guest_only LOG: forget what a guest said that QEMU let down; scripts/lab did it all again
last_guest_only() {
	local line
	line=$(grep -n '^lab: .*: from the start, in a new guest$' "$1" | tail -n 1)
	[ -z "$line" ] || sed -i "1,${line%%:*}d" "$1"
}

in_guest() {
	local name=$1 rc=0
	shift
	mkdir -p "$WORK/$name"
	"$SQP_SOURCE/scripts/lab" "$1" --out "$WORK/$name" "${@:2}" >"$WORK/$name.log" 2>&1 </dev/null || rc=$?
	last_guest_only "$WORK/$name.log"
	[ "$rc" -ne 77 ] || skip "$(grep -E '^(lab|uml): error: |^SKIP: ' "$WORK/$name.log" | tail -n 1 | sed -E 's/^(lab: error|uml: error|SKIP): //')"
	return "$rc"
}

must_in_guest() {
	local rc=0
	in_guest "$@" || rc=$?
	[ "$rc" -eq 0 ] || fail "$1 in the guest $2 ended with $rc: $(tail -n 30 "$WORK/$1.log")"
}
