#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Every line of tests/allowed-skips is `test-name: regex` and names a test that exists, or with * some.
. "$SQP_SOURCE/tests/style/lib.sh"
need git

# Not by `ctest -N`: that would wipe the log of the ctest that runs this test.
find "$SQP_BUILD" -name CTestTestfile.cmake -exec cat {} + |
	sed -nE 's/^add_test\((\[=*\[|")?([^]" ]+).*/\2/p' >"$WORK/tests"
grep -Fqx style-skips "$WORK/tests" || fail "no list of tests below $SQP_BUILD"
grep -v '^#' tests/allowed-skips | while IFS= read -r line; do
	[[ $line =~ ^[^:\ ]+:\ .+ ]] || printf 'not "test-name: regex": %s\n' "$line"
	name=${line%%: *}
	grep -Eqx -- "$(sed 's/[.]/[.]/g; s/[*]/.*/g' <<<"$name")" "$WORK/tests" || printf 'no such test: %s\n' "$name"
done | verdict "tests/allowed-skips:"
