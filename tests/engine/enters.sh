#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Question: are the counted enters those that an outside observer sees, and does no io_uring_setup fail?
# Expected: strace counts exactly as many io_uring_enter as the statistics line, over many idle cycles; setups all succeed;
#           one for each ring (a job that may bypass has two) and, where the kernel has to be asked by a ring (before 6.18), one more for each process.
# Wrong if: the two numbers differ by one, a setup returns an error, or there is one too many.
. "$SQP_SOURCE/tests/lib.sh"
need jq strace

strace -f -e trace=none true 2>/dev/null || skip "strace cannot trace here (ptrace is not permitted)"
truncate -s 8m "$WORK/data"

# count_enters NAME [fio options]
observe() {
	local name=$1 counted seen failed setups expected
	shift
	rm -f "$WORK/stats"
	LD_LIBRARY_PATH=$SQP_ENGINE_DIR timeout 100 strace -f -qq -e trace=io_uring_setup,io_uring_enter -o "$WORK/trace" \
		fio --name="$name" --ioengine=sqpoll --filename="$WORK/data" --rw=randread --bs=4k --size=8m \
		--stats_file="$WORK/stats" --output="$WORK/out" "$@" || fail "$name: fio under strace failed: $?"
	counted=$(jq -s 'map(.enters) | add' "$WORK/stats")
	seen=$(grep -cE 'io_uring_enter\(|io_uring_enter resumed' "$WORK/trace")
	[ "$(grep -c 'io_uring_enter resumed' "$WORK/trace")" -le "$(grep -c 'io_uring_enter.*unfinished' "$WORK/trace")" ] || fail "$name: odd trace"
	seen=$(grep -c 'io_uring_enter(' "$WORK/trace")
	failed=$(grep -E 'io_uring_setup' "$WORK/trace" | grep -c '= -1') || true
	echo "$name: statistics line $counted, strace $seen, wake-ups $(jq -s 'map(.wakeups) | add' "$WORK/stats"), failed setups $failed"
	[ "$counted" -eq "$seen" ] || fail "$name: the line says $counted enters, strace saw $seen"
	setups=$(grep -c 'io_uring_setup(' "$WORK/trace")
	expected=$(jq -s --argjson asked "$asked" '(map(if .options.sq_wake == "always" then 1 else 2 end) | add) + $asked * (map(.pid) | unique | length)' "$WORK/stats")
	echo "$name: $setups setups"
	[ "$setups" -eq "$expected" ] || fail "$name: $setups io_uring_setup calls where $expected were expected"
	[ "$failed" -eq 0 ] || { grep io_uring_setup "$WORK/trace" >&2; fail "$name: $failed io_uring_setup calls failed"; }
}

# rings_to_ask: 1 if this kernel is asked what it can do by a ring of each process, 0 if it has IORING_REGISTER_QUERY
rings_to_ask() {
	LD_LIBRARY_PATH=$SQP_ENGINE_DIR strace -f -qq -e trace=io_uring_register -o "$WORK/asked" fio --name=asked --ioengine=sqpoll \
		--filename="$WORK/data" --rw=read --bs=4k --size=4k --output="$WORK/out" || fail "fio under strace failed: $?"
	if grep -qE 'io_uring_register\((-1|4294967295), .* = 0$' "$WORK/asked"; then echo 0; else echo 1; fi
}

asked=$(rings_to_ask)
observe cycles --sq_thread_idle=1 --thinktime=15000 --number_ios=211
[ "$(jq '.wakeups' "$WORK/stats")" -ge 150 ] || fail "211 gaps of 15 ms made only $(jq .wakeups "$WORK/stats") wake-ups of an SQ thread with idle 1 ms"
observe bursts --sq_thread_idle=4 --iodepth=16 --thinktime=20000 --thinktime_blocks=37 --number_ios=2003
observe pinned --sq_thread_idle=2 --sq_thread_cpu=0 --thinktime=15000 --number_ios=53
observe bypass --sq_wake=bypass --sq_thread_idle=1 --iodepth=4 --thinktime=15000 --thinktime_blocks=7 --number_ios=211
[ "$(jq '.bypassed' "$WORK/stats")" -ge 150 ] || fail "211 gaps of 15 ms, and only $(jq .bypassed "$WORK/stats") requests went past the sleeping SQ thread"
[ "$(jq '.wakeups' "$WORK/stats")" -le 2 ] || fail "sq_wake=bypass woke the SQ thread $(jq .wakeups "$WORK/stats") times"
observe adaptive --sq_wake=adaptive --iodepth=4 --thinktime=15000 --thinktime_blocks=7 --number_ios=211
observe sleep --reap=sleep --sq_thread_idle=1000 --iodepth=4 --number_ios=2003
[ "$(jq '.waits' "$WORK/stats")" -ge 1 ] || fail "reap=sleep never blocked"
observe hybrid --reap=hybrid --sq_thread_idle=1000 --number_ios=503
observe busy --sq_thread_idle=1000 --iodepth=4 --number_ios=5003 --norandommap
observe two-threads --sq_thread_idle=1 --thinktime=15000 --number_ios=47 --numjobs=2 --thread=1
observe two-processes --sq_thread_idle=1 --thinktime=15000 --number_ios=47 --numjobs=2
