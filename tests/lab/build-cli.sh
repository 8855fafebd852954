#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Question: is every misuse of `scripts/lab build` answered with one clear line, before anything is fetched or compiled?
# Expected: exit 2 for bad usage, 1 for a patch that does not apply or a fragment that is none, 77 with the cure for a missing
#           tool; the given tree stays as it was, and no kernel appears.
# Wrong if: something is taken that must not be, or a tree is written to. That a kernel comes out is not tested here.
. "${SQP_SOURCE:?is set by ctest}/tests/lib.sh"

mkdir -p "$WORK/root" "$WORK/tree/io_uring" "$WORK/empty"
cp -r "$SQP_SOURCE/scripts" "$WORK/root/"
printf 'mainmenu "none"\n' >"$WORK/tree/Kconfig"
printf 'one\ntwo\nthree\n' >"$WORK/tree/io_uring/sqpoll.c"
before=$(cd "$WORK/tree" && find . -type f -exec cksum {} + | sort)

# refused CODE PATTERN ARGS...
refused() {
	local code=$1 pattern=$2 rc=0
	shift 2
	"$WORK/root/scripts/lab" build "$@" >"$WORK/said" 2>&1 </dev/null || rc=$?
	[ "$rc" -eq "$code" ] || fail "build $*: exit $rc where $code was expected: $(cat "$WORK/said")"
	grep -Eq -- "$pattern" "$WORK/said" || fail "build $*: did not say '$pattern' but: $(cat "$WORK/said")"
	[ "$(grep -c 'error: ' "$WORK/said")" -eq 1 ] || fail "build $*: not one line of error: $(cat "$WORK/said")"
	[ ! -e "$WORK/root/build/deps/kernels" ] || fail "build $*: left $(ls -A "$WORK/root/build/deps/kernels")"
}

# patch_of FROM TO: of the second line of the fake tree's file
patch_of() {
	printf 'a word\n\n--- a/io_uring/sqpoll.c\n+++ b/io_uring/sqpoll.c\n@@ -1,3 +1,3 @@\n one\n-%s\n+%s\n three\n' "$1" "$2"
}
patch_of two 2 >"$WORK/good.patch"
patch_of deux 2 >"$WORK/bad.patch"
echo 'CONFIG_HZ_1000' >"$WORK/bad.config"
printf '%s\n' '# mine' CONFIG_PREEMPT=y CONFIG_HZ_300=y '# CONFIG_SECCOMP is not set' CONFIG_XFS_FS=m >"$WORK/more.config"

"$WORK/root/scripts/lab" build --help | grep -q -- --patch || fail "--help"
refused 2 'no SOURCE given'
refused 2 'no source is called 4.20' 4.20
refused 2 'there is no directory' "$WORK/nothing"
refused 2 'not the top of a kernel tree' "$WORK/empty"
refused 2 'one argument too many' 6.12 6.1
refused 2 'unknown option --frob' 6.12 --frob
refused 2 '--patch needs a value' 6.12 --patch
refused 2 "--patch: there is no file $WORK/none" 6.12 --patch "$WORK/none"
refused 2 '--config: there is no file' 6.12 --config "$WORK/none"
refused 2 "100, 250, 300 and 1000, not '128'" 6.12 --hz 128
refused 2 "--jobs wants a number" 6.12 --jobs many
refused 2 'taken by scripts/lab' 6.12 --name 6.12
refused 2 'cannot be a kernel.s name' 6.12 --name ../x
[ ! -e "$WORK/root/build" ] || fail "bad usage left $(find "$WORK/root/build")"

refused 1 'bad.config: not a line of a configuration: CONFIG_HZ_1000; nothing was built' "$WORK/tree" --config "$WORK/bad.config"
refused 1 "bad.patch does not apply to $WORK/tree: Hunk #1 FAILED" "$WORK/tree" --patch "$WORK/bad.patch"
refused 1 'bad.patch does not apply' "$WORK/tree" --patch "$WORK/good.patch" --patch "$WORK/bad.patch"
[ -z "$(find "$WORK/root/build/deps/kernel-build" -name sqpoll.c)" ] || fail "a patch that does not apply left a tree"

# This machine's tools but bison, so that it ends behind the patch
mkdir "$WORK/bin"
for dir in /usr/bin /bin; do
	find "$dir" -maxdepth 1 \( -type f -o -type l \) ! -name 'bison*' -exec ln -sf -t "$WORK/bin" {} +
done
PATH=$WORK/bin refused 77 'lacks.* bison.*; run scripts/setup --lab-build$' "$WORK/tree" --patch "$WORK/good.patch" \
	--config "$WORK/more.config" --hz 1000 --name mine
mine=$WORK/root/build/deps/kernel-build/mine
grep -qx 2 "$mine/tree/io_uring/sqpoll.c" || fail "the patch is not in the copy"
[ "$(cd "$WORK/tree" && find . -type f -exec cksum {} + | sort)" = "$before" ] || fail "the given tree was written to"

# What is given later wins, of a choice too; what is not there in every kernel is marked.
for line in CONFIG_HZ_1000=y CONFIG_PREEMPT=y CONFIG_SECCOMP=n CONFIG_XFS_FS=m CONFIG_IO_URING=y '?CONFIG_PREEMPT_DYNAMIC=y'; do
	[ "$(grep -Fcx -- "$line" "$mine/wanted")" -eq 1 ] || fail "not once in the configuration: $line"
done
! grep -E 'HZ_250|HZ_300|PREEMPT_VOLUNTARY|SECCOMP=y' "$mine/wanted" || fail "what was given later did not win"
