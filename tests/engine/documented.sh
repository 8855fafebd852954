#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Question: does every command that README.md and HACKING.md show work as it stands there?
# Expected: each is run here, or is in the table below with the test that runs it.
# Wrong if: a command fails, or is in neither.
. "$SQP_SOURCE/tests/lib.sh"
need awk

[ "$SQP_BUILD" = "$SQP_SOURCE/build/release" ] || skip "the documented commands name build/release, this is another build"

# command (an extended regular expression for the whole of it) and what runs it
elsewhere='scripts/quickstart	cli-quickstart; scripts/clean-root
scripts/quickstart --lab	lab-quickstart
scripts/lab 6\.12 -- .*	lab-quickstart
scripts/test( quick| ci)?	CI itself; scripts/clean-root
cmake --preset (release|dev) && cmake --build --preset (release|dev)	scripts/test
ctest .*	scripts/test'

covered() {
	local pattern
	while IFS=$'\t' read -r pattern _; do
		grep -Eqx -- "$pattern" <<<"$1" && return 0
	done <<<"$elsewhere"
	return 1
}

cd "$SQP_SOURCE" || fail "no $SQP_SOURCE"
trap 'rm -rf "$WORK" build/try.dat build/smoke.dat' EXIT
ran=0
for file in README.md HACKING.md; do
	while IFS= read -r command; do
		if covered "$command"; then
			echo "elsewhere: $command"
			continue
		fi
		echo "run: $command"
		timeout 100 bash -c "$command" >"$WORK/out" 2>&1 </dev/null || { tail -n 20 "$WORK/out" >&2; fail "$file: this fails: $command"; }
		ran=$((ran + 1))
	done < <(documented_commands "$file")
done
[ "$ran" -ge 6 ] || fail "only $ran commands were found: are the sh blocks still there?"
