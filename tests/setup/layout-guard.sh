#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Question: is an engine refused that has the right version and the wrong structures, as another configuration makes them?
# Expected: for each shifted structure fio fails before any I/O, with one line of ours that names both versions; no signal.
# Wrong if: the job runs, the file changes, or fio crashes. The engine built from the unshifted copy must run.
. "$SQP_SOURCE/tests/lib.sh"
need cmake sed

tree=$(sed -n 's/^FIO_SOURCE_DIR:[A-Z]*=//p' "$SQP_BUILD/CMakeCache.txt")
[ -n "$tree" ] || tree=$("$SQP_SOURCE/scripts/fio-source") || skip "the source of the installed fio cannot be found"
head -c 65536 /dev/zero >"$WORK/target"
before=$(cksum <"$WORK/target")

# build NAME HEADER SED-SCRIPT: an engine from a copy of the tree in which HEADER is edited
build() {
	cp -r "$tree" "$WORK/tree-$1" || fail "cannot copy $tree"
	sed -i "$3" "$WORK/tree-$1/$2"
	[ "$1" = same ] || ! cmp -s "$tree/$2" "$WORK/tree-$1/$2" || fail "$1: the edit changed nothing"
	{ cmake -S "$SQP_SOURCE" -B "$WORK/build-$1" -DFIO_SOURCE_DIR="$WORK/tree-$1" -DSQP_TESTS=OFF -DSQP_BENCH=OFF &&
		cmake --build "$WORK/build-$1"; } >"$WORK/log" 2>&1 || { tail -n 20 "$WORK/log" >&2; fail "$1: the engine does not build"; }
	rm -rf "$WORK/tree-$1"
}

# attempt NAME: its exit code in $rc, what was said in $WORK/said
attempt() {
	rc=0
	LD_LIBRARY_PATH=$WORK/build-$1/engine timeout 60 fio --name=job --ioengine=sqpoll --filename="$WORK/target" --rw=write \
		--bs=4k --size=64k --iodepth="${2:-1}" --overwrite=1 >"$WORK/said" 2>&1 || rc=$?
}

refused() {
	attempt "$@"
	{ [ "$rc" -ne 0 ] && [ "$rc" -lt 124 ]; } || { cat "$WORK/said" >&2; fail "$1: fio ended with $rc"; }
	[ "$(grep -c '^sqpoll: .*fio-.*fio-' "$WORK/said")" -eq 1 ] || { cat "$WORK/said" >&2; fail "$1: not one line with both versions"; }
	[ "$(cksum <"$WORK/target")" = "$before" ] || fail "$1: the file was written"
	echo "$1, iodepth ${2:-1}: $(grep '^sqpoll: ' "$WORK/said")"
}

build options thread_options.h '/^struct thread_options {$/a char sqp_shift[64];'
refused options
build thread fio.h '/^struct thread_data {$/a char sqp_shift[64];'
refused thread
build io_u io_u.h '/^struct io_u {$/a char sqp_shift[64];'
refused io_u
refused io_u 8

build same io_u.h ''
attempt same
[ "$rc" -eq 0 ] || { cat "$WORK/said" >&2; fail "the unshifted engine does not run either: nothing was shown"; }
