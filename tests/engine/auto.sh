#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Question: does sq_thread_idle=auto follow the gaps of a job, and is that harmless to its I/O?
# Expected: gaps shorter than a wake-up is worth raise the period above them, so that few wake-ups are left; longer ones leave it at
#           the shortest; every value is one that the kernel can hold; verified data, equal counts.
# Wrong if: the series has no reason in the gaps, changes come faster than allowed, or a request is lost at a change.
. "$SQP_SOURCE/tests/lib.sh"
need jq

# job ARGS...: its line is $WORK/stats
job() {
	local rc=0
	rm -f "$WORK/stats"
	"${fio_env[@]}" timeout 60 fio --name=job --ioengine=sqpoll --filename="$WORK/data" --bs=4k --size=2m --stats_file="$WORK/stats" \
		--verify_state_save=0 --reap=hybrid --sq_thread_idle=auto --output="$WORK/out" "$@" 2>"$WORK/err" || rc=$?
	[ "$rc" -eq 0 ] || fail "fio ended with $rc: $(cat "$WORK/err" "$WORK/out")"
}

true_of() {
	jq -e "$1" "$WORK/stats" >/dev/null || fail "not true: $1: $(jq -c 'del(.wake_ns, .pickup_ns, .reap_ns, .features)' "$WORK/stats")"
}

always='.error == 0 and .submitted == .completed and .enters == .wakeups + .rechecks + .cq_overflow + .stalls + .waits + .bypass_enters
	and .options.sq_thread_idle == "auto" and .idle_ms_requested == null and (.reasons.idle_ms_requested | test("idle_series"))
	and .idle_series[0] == [0, 1] and (.idle_series | length) == .idle_changes + 1 and .notes == []
	and ([.idle_series[][0]] | . == sort) and .idle_changes <= .elapsed_us / 250000
	and (.hz as $hz | all(.idle_series[1:][]; . as $s | $s[1] == 1 or any(range(1; $hz + 1); (. * 1000 / $hz | floor) == $s[1])))'

# A wake-up is said to be worth 400 ms of spinning: a pause of the machine does not turn the outcome.
job --rw=randrw --fsync=32 --verify=crc32c --iodepth=4 --thinktime=12000 --thinktime_blocks=2 --size=1m --wake_cost_us=400000
true_of "$always"
true_of '.idle_changes >= 1 and .idle_series[1][1] >= 12 and .wakeups < .submitted / 4'
echo "ok gaps of 12 ms: $(jq -c '.idle_series' "$WORK/stats"), $(jq .wakeups "$WORK/stats") wake-ups for $(jq .submitted "$WORK/stats") requests"

job --rw=randread --thinktime=60000 --number_ios=40 --wake_cost_us=20000
true_of "$always"
true_of '.idle_changes == 0 and .wakeups >= 38'
echo "ok gaps of 60 ms: $(jq -c '.idle_series' "$WORK/stats"), $(jq .wakeups "$WORK/stats") wake-ups for $(jq .submitted "$WORK/stats") requests"

job --rw=randread --norandommap --iodepth=16 --io_size=40000k
true_of "$always"
true_of '.completed == 10000'
echo "ok full load: $(jq -c '.idle_series' "$WORK/stats")"

# numbers are read as before
for idle in 20 0x14 020; do
	job --rw=read --sq_thread_idle="$idle"
	true_of '.idle_ms_requested == 20 and .options.sq_thread_idle == 20 and .idle_series == [[0, 20]] and .idle_changes == 0'
done
job --rw=read --sq_thread_idle=0 --wake_cost_us=7
true_of '.idle_ms_requested == 0 and .idle_series == [[0, 1000]] and (.notes | any(test("wake_cost_us has no effect")))'
echo "ok numbers"
