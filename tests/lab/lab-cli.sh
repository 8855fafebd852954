#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Question: does scripts/lab keep its word when something is missing, wrong, late, dead or interrupted?
# Expected: the exit codes of its --help, one line that says what and how to cure it, output as it comes, files of the user kept,
#           no process and no file left.
# Wrong if: a guest outlives the script, a failure of the guest looks like one of the command, or a line is missing.
. "${SQP_SOURCE:?is set by ctest}/tests/lib.sh"
. "$SQP_SOURCE/tests/lab/lab.sh"

need mkfs.ext4
lab=$SQP_SOURCE/scripts/lab
kernel=6.12
image=$SQP_SOURCE/build/deps/kernels/$kernel/vmlinuz
export TMPDIR=$WORK/tmp
mkdir "$TMPDIR"

# clean WHAT: neither files nor processes
clean() {
	[ -z "$(ls -A "$TMPDIR")" ] || fail "$1: left files: $(ls -A "$TMPDIR")"
	! grep -aqs -- "$TMPDIR" /proc/[0-9]*/cmdline || fail "$1: left a process"
	[ -z "$(find "$SQP_SOURCE/build/lab" -mindepth 1 -empty -type d 2>/dev/null)" ] || fail "$1: left an empty directory in build/lab"
}

# ends STATUS REGEX ARGS...: scripts/lab ARGS ends with STATUS and prints REGEX; when it never got to the guest, on its only line
ends() {
	local wanted=$1 regex=$2 rc=0
	shift 2
	"$lab" "$@" >"$WORK/out" 2>&1 </dev/null || rc=$?
	[[ $rc -ne 77 || $wanted -eq 77 ]] || skip "$(tail -n 1 "$WORK/out" | sed 's/^lab: error: //')"
	[ "$rc" -eq "$wanted" ] || fail "scripts/lab $*: exit $rc where $wanted was expected: $(tail -n 3 "$WORK/out")"
	grep -Eq -- "$regex" "$WORK/out" || fail "scripts/lab $*: does not say: $regex, but: $(cat "$WORK/out")"
	[[ $wanted != 2 && $wanted != 77 ]] || [ "$(wc -l <"$WORK/out")" -eq 1 ] ||
		fail "scripts/lab $*: more than one line: $(cat "$WORK/out")"
	clean "scripts/lab $*"
	echo "ok: exit $rc, $(tail -n 1 "$WORK/out")"
}

usage_errors() {
	ends 2 'the kernel comes first' --smp 2 $kernel true
	ends 2 'no command given' $kernel
	ends 2 'unknown option --fast' $kernel --fast true
	ends 2 '--timeout needs a value' $kernel --timeout
	ends 2 "--timeout wants a whole number, not 'soon'" $kernel --timeout soon true
	ends 2 "--memory wants a whole number, not '1G'" $kernel --memory 1G true
	ends 2 "--smp wants a number of CPUs, not 'many'" $kernel --smp many true
	ends 2 '--numa needs an even number of CPUs, not 3' $kernel --smp 3 --numa true
	ends 2 "--hz wants a number, not 'fast'" $kernel --hz fast true
	ends 2 "--device-model knows no 'floppy'" $kernel --device-model drives=2,floppy true
	ends 2 "--out: there is no directory $WORK/nowhere" $kernel --out "$WORK/nowhere" true
	ends 2 "--with: there is no $WORK/nothing" $kernel --with "$WORK/nothing" true
	ends 2 'no kernel is called 9\.9; scripts/lab list' 9.9 true
	ends 2 "there is no kernel image $WORK/vmlinuz" "$WORK/vmlinuz" true
	ends 2 'README.md is no bzImage; a kernel tree builds one' "$SQP_SOURCE/README.md" true
}

# without PROGRAM ARGS...: with a PATH that has everything else
without() {
	local dir=$WORK/path-without-$1 path
	mkdir -p "$dir"
	for path in ${PATH//:/ } /usr/sbin; do
		ln -s "$path"/* "$dir/" 2>/dev/null
	done
	rm -f "$dir/$1"
	PATH=$dir ends 77 "^lab: error: $1 is not installed; run scripts/setup --lab" "$kernel" true
}

# started NAME COMMAND...: a guest in a process group of its own, until its first words are here; it goes on
started() {
	local name=$1 try
	shift
	setsid env --default-signal=INT "$lab" "$kernel" -- "$@" >"$WORK/$name" 2>&1 </dev/null &
	guest=$!
	for try in $(seq 600); do
		! grep -qs '^first$' "$WORK/$name" || return 0
		kill -0 "$guest" 2>/dev/null || fail "$name: the guest ended: $(cat "$WORK/$name")"
		sleep 0.1
	done
	fail "$name: nothing came out of the guest after $try looks: $(cat "$WORK/$name")"
}

# interrupted SIGNAL STATUS GROUP: while its command sleeps; what it said before was here by then. GROUP is "-" for all of its
# process group, as a terminal does it.
interrupted() {
	local name=$1 status=$2 rc=0
	started "$name" sh -c 'echo first; sleep 60; echo second'
	kill -s "$1" -- "${3-}$guest"
	wait "$guest" || rc=$?
	[ "$rc" -eq "$status" ] || fail "$name: exit $rc where $status was expected: $(cat "$WORK/$name")"
	[ "$(cat "$WORK/$name")" = first ] || fail "$name: said more: $(cat "$WORK/$name")"
	clean "$name"
	echo "ok: exit $rc after $name, its first line streamed"
}

# keeps_files: two guests at once, one of them on an image given by its path, into one directory that has files
keeps_files() {
	local here=0 there=0
	mkdir "$WORK/home"
	echo mine >"$WORK/home/both"
	# shellcheck disable=SC2016 # the guest's shell expands this
	"$lab" "$image" --out "$WORK/home" -- sh -c 'wc -l </proc/modules; test -b /dev/nvme0n1 && echo "by path: $(uname -r)"
		echo theirs >"$OUT/both"; echo new >"$OUT/new one"; exit 4' >"$WORK/here" 2>&1 </dev/null &
	guest=$!
	"$lab" $kernel -- sh -c 'echo by name; exit 5' >"$WORK/there" 2>&1 </dev/null || there=$?
	wait $guest || here=$?
	last_guest_only "$WORK/here"
	last_guest_only "$WORK/there"
	[ "$here $there" = '4 5' ] || fail "two guests ended with $here and $there: $(cat "$WORK/here" "$WORK/there")"
	[[ $(<"$WORK/here") == 0$'\n'"by path: $(cat "${image%/*}/release")"$'\n'* ]] ||
		fail "no NVMe, or modules, on an image given by its path: $(cat "$WORK/here")"
	[ "$(cat "$WORK/there")" = 'by name' ] || fail "the other guest said: $(cat "$WORK/there")"
	[ "$(cat "$WORK"/home/*)" = mine ] || fail "--out: $(head "$WORK"/home/*)"
	grep -q '^lab: both is in .* already and is kept' "$WORK/here" || fail "a kept file was not told: $(cat "$WORK/here")"
	elsewhere=$(sed -n 's/^lab: all that the guest left in $OUT is in //p' "$WORK/here")
	[ "$(cat "$elsewhere/both" "$elsewhere/new one")" = theirs$'\n'new ] || fail "not all came home: $(cat "$WORK/here")"
	rm -r "$elsewhere"
	clean 'two guests'
	echo 'ok: two guests at once, one by path; files in --out are kept, and that is said'
}

# crashing TIMES STATUS: QEMU itself dies of SIGSEGV so often, then works; what the lab makes of it
crashing() {
	local rc=0 dir=$WORK/crashing qemu
	qemu=$(command -v qemu-system-x86_64)
	mkdir -p "$dir"
	echo "$1" >"$dir/left"
	cat >"$dir/qemu-system-x86_64" <<-END
		#!/bin/bash
		read -r left <$dir/left
		[ "\$left" -gt 0 ] || exec $qemu "\$@"
		echo "\$((left - 1))" >$dir/left
		kill -SEGV \$\$
	END
	chmod +x "$dir/qemu-system-x86_64"
	PATH=$dir:$PATH "$lab" "$kernel" -- echo here >"$dir/log" 2>&1 </dev/null || rc=$?
	[ "$rc" -eq "$2" ] || fail "QEMU crashed $1 times: exit $rc where $2 was expected: $(cat "$dir/log")"
	[ "$(grep -c '^lab: QEMU itself died of SIGSEGV: from the start, in a new guest$' "$dir/log")" -eq $(($1 < 3 ? $1 : 2)) ] ||
		fail "not each new guest was told: $(cat "$dir/log")"
	last_guest_only "$dir/log"
	case $2 in
	0) [ "$(cat "$dir/log")" = here ] || fail "after a crash of QEMU: $(cat "$dir/log")" ;;
	*) grep -q '^lab: error: the guest ended before the command did (status 139): ' "$dir/log" || fail "no reason: $(cat "$dir/log")" ;;
	esac
	clean "QEMU that crashes $1 times"
	echo "ok: exit $rc where QEMU crashes $1 times"
}

# oops CODE STATUS: does a guest that died with these bytes around its instruction get another try?
oops() {
	local rc=0
	printf '[   14.534206] Oops: int3: 0000 [#1] PREEMPT SMP NOPTI\r\n[   14.534633] RIP: 0010:nvme_setup_cmd+0xc5/0x2a0\r\n%s\r\n' \
		"[   14.534880] Code: 53 20 66 89 55 02 $1 44 89 e0 5b 5d" >"$WORK/boot.log"
	(run=$WORK && . "$SQP_SOURCE/scripts/lib/lab-guest.sh" && stale_breakpoint) || rc=$?
	[ "$rc" -eq "$2" ] || fail "stale_breakpoint says $rc where $2 was expected of: $1"
}

oops '66 <90>' 0
oops 'cc <90>' 1
printf '[    9.1] Kernel panic - not syncing: sysrq triggered crash\n[    9.2] Code: 66 <90> 44\n' >"$WORK/boot.log"
! (run=$WORK && . "$SQP_SOURCE/scripts/lib/lab-guest.sh" && stale_breakpoint) || fail 'any panic is taken for a fault of QEMU'
usage_errors
without qemu-system-x86_64
without cpio
# the first that fetches the kernel, on a machine that has none
ends 124 'not done after 4 s, guest ended \(--timeout gives it longer\)' $kernel --timeout 4 -- sleep 100
ends 77 "kernel $kernel has HZ=250, not 1000; make one: scripts/lab build --help" $kernel --hz 1000 true
crashing 1 0
crashing 3 125
ends 2 'HZ of .*/vmlinuz is not known before it runs; leave out --hz' "$image" --hz 250 true
ends 125 'Kernel panic' $kernel -- sh -c 'echo c >/proc/sysrq-trigger; sleep 60'
interrupted TERM 143
interrupted INT 130 -
kernel=5.10-uml
interrupted TERM 143
kernel=6.12
keeps_files
