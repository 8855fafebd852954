#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Question: how many instructions does the engine take per request, submission and completion, awake, beside the stock engine of this fio?
# Expected: at most 0.75 times as many, for reads of a cached file.
# Wrong if: it is more. callgrind counts them at depth 16; what is repeated while a completion is waited for counts once
#           (instructions.awk), and of five runs the least counts, since an SQ thread that does not get a CPU makes the engine
#           wait. The clock runs as much slower as callgrind does (slow_clock.c). Writes are told and not judged: a file system
#           that hands them to a worker thread makes both engines wait for each.
. "${SQP_SOURCE:?is set by ctest}/tests/lib.sh"
need valgrind

ios=20000
limit=0.75

# counted OWN RW ENGINE OPTIONS...: instructions per request of the object OWN
counted() {
	local own=$1 rw=$2 engine=$3 out=$WORK/$2.out
	shift 3
	LD_PRELOAD=$SQP_BUILD/tests/engine/libslow-clock.so LD_LIBRARY_PATH=$SQP_ENGINE_DIR valgrind --tool=callgrind --dump-instr=yes \
		--compress-strings=no --compress-pos=no --callgrind-out-file="$out" fio --name=count --filename="$WORK/file" --size=16m \
		--rw="$rw" --bs=512 --iodepth=16 --number_ios=$ios --thread --invalidate=0 --clocksource=clock_gettime \
		--ioengine="$engine" "$@" >"$WORK/log" 2>&1 </dev/null || fail "$engine under callgrind: $(cat "$WORK/log")"
	awk -v ios=$ios -v own="$own" -f "$SQP_SOURCE/tests/engine/instructions.awk" "$out" 2>"$WORK/functions" ||
		fail "$engine: $(cat "$WORK/functions")"
}

# told RW OURS STOCK
told() {
	echo "$1: $2 instructions per request, stock $3, ratio $(jq -n "$2 / $3 * 1000 | round / 1000")"
}

run_fio --name=fill --filename="$WORK/file" --size=16m --rw=write --bs=1m --ioengine=sync >"$WORK/log" || fail "$(cat "$WORK/log")"
ours=$(counted fio-sqpoll.so randwrite sqpoll) && stock=$(counted '' randwrite io_uring --sqthread_poll=1) || exit
told randwrite "$ours" "$stock"
stock=$(counted '' randread io_uring --sqthread_poll=1) || exit
for try in 1 2 3 4 5; do
	ours=$(counted fio-sqpoll.so randread sqpoll) || exit
	told "randread, run $try" "$ours" "$stock"
	[ "$(jq -n "$ours <= $limit * $stock")" = false ] || exit 0
done
cat "$WORK/functions"
fail "reads: more than $limit times the stock engine's in each run"
