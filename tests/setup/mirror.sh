#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Question: what do the scripts that fetch from other suites say when the mirror has not the suite, or cannot be reached?
# Expected: a suite that has gone away is exit 77 (a skip) and one line that names it; a network that is down is exit 1 and one
#           line that says so. Nothing is left behind.
# Wrong if: a dead network looks like a mirror without the suite, and tests are skipped that could run.
. "${SQP_SOURCE:?is set by ctest}/tests/lib.sh"
need mkfs.ext4

mkdir -p "$WORK/tree" "$WORK/tmp" "$WORK/mirror/debian"
cp -r "$SQP_SOURCE/scripts" "$WORK/tree/"
export TMPDIR=$WORK/tmp APT_CONFIG=$WORK/apt.conf

# mirror URI: the only one that apt is configured for
mirror() {
	mkdir -p "$WORK/parts"
	printf 'Types: deb\nURIs: %s\nSuites: bookworm\nComponents: main\n' "$1" >"$WORK/parts/only.sources"
	printf 'Dir::Etc::SourceList "/dev/null";\nDir::Etc::SourceParts "%s";\nAcquire::Retries "0";\n' "$WORK/parts" >"$WORK/apt.conf"
}

# ends CODE PATTERN SCRIPT ARGS...
ends() {
	local code=$1 pattern=$2 rc=0
	shift 2
	"$WORK/tree/scripts/$1" "${@:2}" >"$WORK/said" 2>&1 </dev/null || rc=$?
	[ "$rc" -eq "$code" ] || fail "$*: exit $rc where $code was expected: $(cat "$WORK/said")"
	grep -Eq -- "$pattern" "$WORK/said" || fail "$*: did not say '$pattern' but: $(cat "$WORK/said")"
	[ "$(grep -c 'error: ' "$WORK/said")" -eq 1 ] || fail "$*: not one line of error: $(cat "$WORK/said")"
	[ -z "$(ls -A "$TMPDIR")" ] || fail "$*: left $(ls "$TMPDIR")"
	! find "$WORK/tree/build/deps" -path '*/apt-*' -prune -o -type f -size +0 -print 2>/dev/null | grep . ||
		fail "$*: left $(find "$WORK/tree/build/deps")"
	echo "ok: exit $rc, $(tail -n 1 "$WORK/said")"
}

mirror "file:$WORK/mirror/debian"
ends 77 'the mirror has no suite bullseye$' uml true
ends 77 'the mirror has no suite sid$' foreign-fio sid
ends 77 'the mirror lacks Linux 6.12 \(a package named .* in trixie or bookworm-backports\)$' lab 6.12 true

mirror 'http://127.0.0.1:9/debian'
ends 1 'cannot fetch suite bullseye: .*; check the network' uml true
ends 1 'cannot fetch suite sid: .*; check the network' foreign-fio sid
ends 1 'cannot fetch suite .*; check the network' lab 6.12 true

mirror 'file:/nowhere/archive'
ends 77 "the mirror has no suite bullseye: apt's configuration names none of Debian's archive" uml true
