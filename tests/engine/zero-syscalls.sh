#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Question: are submit and reap free of system calls while the SQ thread is awake?
# Expected: 10 million I/Os with at most one io_uring_enter, as the engine counts them (engine-enters shows that it
#           counts right).
# Wrong if: there are more, or the I/Os were not done.
. "$SQP_SOURCE/tests/lib.sh"
need jq

ios=10000000
[ "$(nproc)" -ge 2 ] || skip "one CPU: the SQ thread is kept from running for longer than any idle period"
head -c 8m /dev/urandom >"$WORK/data"
run_fio --name=awake --ioengine=sqpoll --filename="$WORK/data" --rw=randread --bs=512 --size=8m --iodepth=32 \
	--io_size=$((ios * 512)) --norandommap --runtime=200 --sq_thread_idle=10000 \
	--stats_file="$WORK/stats" --output-format=json --output="$WORK/fio.json" || fail "fio failed: $?"
jq -c '{submitted, enters, wakeups, rechecks}' "$WORK/stats"
done_ios=$(json "$WORK/fio.json" '.jobs[0].read.total_ios')
[ "$done_ios" -ge $ios ] || skip "only $done_ios I/Os in 200 s: this machine is too slow"
enters=$(jq .enters "$WORK/stats")
[ "$enters" -le $((done_ios / ios)) ] || fail "$enters enters for $done_ios I/Os"
