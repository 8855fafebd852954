#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# foreign-fio.sh SUITE
# Question: what happens when the fio of another Debian suite loads our engine?
# Expected: it refuses before any I/O, with one line that names both versions; when a library of
#           ours is missing there, with the loader's message.
# Wrong if: the job runs, the file changes, fio dies by a signal, or the message is not clear.
. "$SQP_SOURCE/tests/lib.sh"
need fio unshare

suite=$1
engine=$SQP_ENGINE_DIR/fio-sqpoll.so
[ -f "$engine" ] || fail "there is no $engine: build first"

rc=0
root=$("$SQP_SOURCE/scripts/foreign-fio" "$suite" 2>"$WORK/why") || rc=$?
[ "$rc" -ne 77 ] || skip "$(sed -n 's/^foreign-fio: error: //p' "$WORK/why")"
[ "$rc" -eq 0 ] || fail "scripts/foreign-fio $suite: $(tail -n 1 "$WORK/why")"

# A whole copy by hard links, so that the kept root stays as it was fetched.
copy=$WORK/root
cp -al "$root" "$copy" || fail "cannot link a copy of $root"
mkdir -p "$copy/tmp" "$copy/engine" "$copy/dev"
cp "$engine" "$copy/engine/fio-sqpoll.so"
cp "$engine" "$copy/engine/sqpoll"
dirs=$(cd "$copy" && find usr/lib -name '*.so*' -printf '%h\n' | sort -u)
loader=$(find "$copy/lib64/" -name 'ld-linux-*.so.*' | head -n 1)

# library_path ENGINE-DIR PREFIX: ENGINE-DIR, then every directory of the root that has libraries
library_path() {
	local dir path=$1
	for dir in $dirs; do
		path+=:$2/$dir
	done
	printf '%s' "$path"
}

# Two ways to run that fio: by its own loader, and with that root as /.
by_loader() {
	"$loader" --inhibit-cache --library-path "$(library_path "$SQP_ENGINE_DIR" "$copy")" \
		"$copy/usr/bin/fio" "$@"
}

in_chroot() {
	local map=()
	[ "$(id -u)" -eq 0 ] || map=(unshare --map-root-user)
	LD_LIBRARY_PATH=$(library_path /engine "") "${map[@]}" chroot "$copy" /usr/bin/fio "$@"
}

built_for=$(fio --version)
running=$(by_loader --version) || fail "the fio of $suite does not even start: $running"
[ "$built_for" != "$running" ] || skip "the fio of $suite is the installed one, $running"
[ "$(in_chroot --version)" = "$running" ] || fail "the fio of $suite does not start in its root"

# attempt NAME RUNNER TARGET ENGINE: a write job that must not run
attempt() {
	local name=$1 runner=$2 target=$3 engine=$4 rc=0 before
	head -c 65536 /dev/zero >"$copy/tmp/target"
	before=$(cksum <"$copy/tmp/target")
	(
		trap - EXIT
		export -f in_chroot by_loader library_path
		export dirs loader copy
		timeout -k 5 60 bash -c '"$@"' - "$runner" --name=foreign --ioengine="$engine" --rw=write --bs=4k \
			--size=64k --buffer_pattern=0x55 --iodepth=4 --filename="$target"
	) >"$WORK/$name" 2>&1 </dev/null || rc=$?
	sed "s/^/$name: /" "$WORK/$name"
	[ "$rc" -ne 0 ] || fail "$name: $running accepted the engine made for $built_for"
	[ "$rc" -lt 124 ] || fail "$name: $running ended with $rc (124: hung, 128 and more: a signal)"
	[ "$(cksum <"$copy/tmp/target")" = "$before" ] || fail "$name: the file was written before the refusal"
	! grep -Eq '^Run status|IOPS=' "$WORK/$name" || fail "$name: the job ran"
}

# names_both NAME: exactly one line has both versions
names_both() {
	local lines
	lines=$(grep -F -- "$built_for" "$WORK/$1" | grep -cF -- "$running")
	[ "$lines" -eq 1 ] || fail "$1: $lines lines name both $built_for and $running, not one"
}

attempt external by_loader "$copy/tmp/target" "external:$engine"
names_both external
attempt by-name by_loader "$copy/tmp/target" sqpoll
names_both by-name
attempt chroot-external in_chroot /tmp/target external:/engine/fio-sqpoll.so
names_both chroot-external
attempt chroot-by-name in_chroot /tmp/target sqpoll
names_both chroot-by-name

# Without our libraries: refused by the loader or by us, but never a crash.
find "$copy/usr/lib" \( -name 'liburing*' -o -name 'libjansson*' -o -name 'libhwloc*' \) -delete
attempt no-libraries in_chroot /tmp/target external:/engine/fio-sqpoll.so
grep -Eq 'cannot open shared object file|'"$built_for" "$WORK/no-libraries" ||
	fail "no-libraries: neither the loader nor the engine says why"
attempt no-libraries-by-name in_chroot /tmp/target sqpoll
