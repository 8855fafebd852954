# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Sourced by every bash test:  . "$SQP_SOURCE/tests/lib.sh"
# It gives the exit codes (0 passed, 1 failed, 77 could not run here) their words, a scratch
# directory that is gone at the end, and fio with this build's engine.

set -u

: "${SQP_SOURCE:=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)}"
: "${SQP_BUILD:=$SQP_SOURCE/build/release}"
: "${SQP_ENGINE_DIR:=$SQP_BUILD/engine}"
: "${SQP_BENCH:=$SQP_BUILD/bench/sqbench}"
: "${SQP_PRELOAD:=}"
export SQP_SOURCE SQP_BUILD SQP_ENGINE_DIR SQP_BENCH SQP_PRELOAD

# On the build's own disk: a /tmp in memory would refuse direct I/O.
mkdir -p "$SQP_BUILD/tmp" || exit 1
WORK=$(mktemp -d "$SQP_BUILD/tmp/$(basename "$0" .sh).XXXXXX") || exit 1
export WORK
trap 'rm -rf "$WORK"' EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

# skip REASON: this machine cannot run the test
skip() {
	printf 'SKIP: %s\n' "$*"
	exit 77
}

# fail MESSAGE
fail() {
	printf 'FAIL: %s\n' "$*" >&2
	exit 1
}

# need COMMAND...: skip when one is missing
need() {
	local command
	for command in "$@"; do
		command -v "$command" >/dev/null 2>&1 || skip "$command is not installed"
	done
}

# What fio needs to find this build's engine by its name, sqpoll. A sanitized engine needs its runtimes
# loaded first, and leaks are not looked for because fio has its own.
fio_env=(env ${SQP_PRELOAD:+LD_PRELOAD="$SQP_PRELOAD" ASAN_OPTIONS="${ASAN_OPTIONS:-}:detect_leaks=0"}
	LD_LIBRARY_PATH="$SQP_ENGINE_DIR${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}")

# run_fio ARGS...: fio with this build's engine
run_fio() {
	"${fio_env[@]}" fio "$@"
}

# sqbench_refuses COMMAND CODE PATTERN ARGS...: it ends with CODE, says something that matches PATTERN, and keeps no run
sqbench_refuses() {
	local command=$1 code=$2 pattern=$3 rc=0
	shift 3
	"$SQP_BENCH" "$command" --out "$WORK/refused" --engine-dir "$SQP_ENGINE_DIR" "$@" >"$WORK/refusal" 2>&1 || rc=$?
	[ "$rc" -eq "$code" ] || fail "$command $* ended with $rc instead of $code: $(cat "$WORK/refusal")"
	grep -Eq -- "$pattern" "$WORK/refusal" || { cat "$WORK/refusal" >&2; fail "$command $* did not say: $pattern"; }
	[ -z "$(ls -A "$WORK/refused/runs" 2>/dev/null)" ] || fail "$command $* kept something"
}

# expect_fail PATTERN COMMAND...: the command must fail by itself (no signal, no time-out)
# and say something that matches the extended regular expression PATTERN
expect_fail() {
	local pattern=$1 rc=0
	shift
	"$@" >"$WORK/expect_fail.out" 2>&1 </dev/null || rc=$?
	if [ "$rc" -eq 0 ]; then
		fail "'$*' succeeded but had to fail with: $pattern"
	elif [ "$rc" -ge 124 ] && [ "$rc" -le 192 ]; then
		cat "$WORK/expect_fail.out" >&2
		fail "'$*' ended with $rc: not found, a signal or a time-out instead of an error message"
	elif ! grep -Eq -- "$pattern" "$WORK/expect_fail.out"; then
		cat "$WORK/expect_fail.out" >&2
		fail "'$*' failed, but not with: $pattern"
	fi
}

# json FILE EXPRESSION: fio may log lines before its JSON, so start at the first line that opens it
json() {
	sed -n '/^[[:space:]]*[[{]/,$p' "$1" | jq -r "$2"
}

# documented_commands FILE: those of its sh blocks, continuation lines joined, comments cut
documented_commands() {
	awk '/^```sh$/ { on = 1; next } /^```$/ { on = 0 } on' "$1" | sed -e ':a' -e '/\\$/N; s/\\\n[[:space:]]*//; ta' |
		sed -e 's/[[:space:]]\+#.*//' -e '/^$/d'
}
