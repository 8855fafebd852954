#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# No function is longer than 70 lines, its head and its braces counted.
. "$SQP_SOURCE/tests/style/lib.sh"
need git awk

# too_long LIMIT FILE...
too_long() {
	awk -v limit="$1" '
		FNR == 1 { start = 0 }
		/^\{/ { start = FNR - 1; head = previous }
		/^[a-zA-Z_].*\)[ \t]*\{[ \t]*$/ { start = FNR; head = $0 }
		/^\}/ && start {
			if (FNR - start + 1 > limit) printf "%s:%d: %d lines: %s\n", FILENAME, start, FNR - start + 1, head
			start = 0
		}
		{ previous = $0 }' "${@:2}" </dev/null
}

mapfile -t files < <(sources 'engine/*.c' 'bench/*.c' 'engine/*.h' 'bench/*.h' 'tests/*.c'; shell_scripts)
[ "${#files[@]}" -ge 20 ] || fail "found only ${files[*]}"
[ "$(too_long 5 "${files[@]}" | wc -l)" -ge 20 ] || fail "the check does not see functions any more"
too_long 70 "${files[@]}" | verdict "functions of more than 70 lines:"
