#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Question: what does a newcomer see of scripts/quickstart --lab on a machine that cannot have QEMU?
# Expected: the one line of scripts/lab and its exit status 77; no run, nothing on stdout.
# Wrong if: another status, or anything is left.
# QEMU is hidden in a mount namespace of this test.
# shellcheck source=tests/lib.sh
. "$SQP_SOURCE/tests/lib.sh" || exit 1
need fio unshare qemu-system-x86_64
[ "$(basename "$SQP_BUILD")" = release ] || skip "only the release build is what quickstart builds"

qemu=$(command -v qemu-system-x86_64)
mkdir "$WORK/upper" "$WORK/work"
hide="mount -t overlay overlay -o lowerdir=${qemu%/*},upperdir=$WORK/upper,workdir=$WORK/work,userxattr ${qemu%/*} && rm -f $qemu"
unshare -rm sh -c "$hide" 2>"$WORK/e" || skip "no program can be hidden here: $(tail -n 1 "$WORK/e")"
rc=0
unshare -rm sh -c "$hide"' && exec "$@"' sh "$SQP_SOURCE/scripts/quickstart" --lab --out "$WORK/out" >"$WORK/o" 2>"$WORK/e" </dev/null || rc=$?
[ "$rc" -eq 77 ] || fail "exit $rc: $(tail -n 3 "$WORK/e")"
[ "$(grep -c '^lab: error: qemu-system-x86_64 is not installed; run scripts/setup --lab' "$WORK/e")" -eq 1 ] || fail "said: $(cat "$WORK/e")"
[ "$(grep -c 'error' "$WORK/e")" -eq 1 ] || fail "more than one line: $(cat "$WORK/e")"
[ -z "$(cat "$WORK/o"; find "$WORK/out/runs" -mindepth 1)" ] || fail "something is left: $(cat "$WORK/o"; find "$WORK/out")"
