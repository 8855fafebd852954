#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Question: is the statistics line of a real run complete, and do its figures agree with fio's and with each other?
# Expected: every documented field; counts equal to fio's; the SQ thread where it was pinned.
# Wrong if: a field is missing, a null has no reason, or figures contradict each other.
. "$SQP_SOURCE/tests/lib.sh"
need jq

run_fio --name=first --ioengine=sqpoll --filename="$WORK/data" --rw=randrw --bs=4k --size=8m --io_size=32m --iodepth=8 \
	--sq_thread_idle=20 --stats_file="$WORK/stats" --output-format=json --output="$WORK/fio.json" \
	--name=second --stonewall --ioengine=sqpoll --filename="$WORK/data" --rw=randread --bs=4k --size=8m --io_size=$((10007 * 4096)) \
	--norandommap --iodepth=4 --thread=1 --numjobs=2 --sq_thread_idle=1000 --stats_file="$WORK/stats" || fail "fio failed: $?"

[ "$(wc -l <"$WORK/stats")" -eq 3 ] || fail "$(wc -l <"$WORK/stats") lines for 3 jobs"
check() {
	jq -es "$1" "$WORK/stats" >/dev/null || { jq -c . "$WORK/stats" | cut -c1-1500 >&2; fail "not true of the lines: $1"; }
}
# the table in the documentation is the list of fields
# shellcheck disable=SC2016 # backticks of Markdown
sed -n '/^| `schema`/,/^| `reasons`/p' "$SQP_SOURCE/docs/RESULTS_FORMAT.md" | cut -d'|' -f2 | grep -o '`[a-z_]*`' | tr -d '`' |
	jq -R . | jq -s 'sort' >"$WORK/documented"
jq -s '.[0] | keys | sort' "$WORK/stats" >"$WORK/written"
diff "$WORK/documented" "$WORK/written" || fail "documented and written fields differ (< documented, > written)"

check 'all(.[]; .schema == "sqpoll-stats/1" and .error == 0 and .stalls == 0 and .cq_overflow == 0 and .bypassed == 0 and .waits == 0 and .trials == 0)'
check 'all(.[]; .submitted == .completed and .enters == .wakeups + .rechecks + .cq_overflow + .stalls + .waits + .bypass_enters)'
check 'all(.[]; .setup_flags - ["NO_SQARRAY"] == ["SQPOLL", "CQSIZE"] and .attached == false and (.registered_ring or .reasons.registered_ring))'
check 'map(.job) == ["first", "second", "second"] and (map(.thread) | unique | length) == 3'
check 'map(select(.job == "second").submitted) == [10007, 10007]'
check '(map(select(.job == "second").pid) | unique | length) == 1'
check 'all(.[]; .options.sq_thread_idle == .idle_ms_requested)'
check 'all(.[]; .gap_ns.n == ([.gap_ns.bins[][2]] | add))'
check 'all(.[]; .gap_ns.min <= .gap_ns.p50 and .gap_ns.p50 <= .gap_ns.p99 and .gap_ns.p99 <= .gap_ns.max)'
check 'all(.[]; .wake_ns.n <= .wakeups)'
# null only with a reason, and a reason only with null
check 'all(.[]; . as $l | [paths(. == null)] | map(map(tostring) | join(".")) | map(select(startswith("sq_thread.source") | not))
	| all(.[]; . as $p | ($l.reasons | has($p)) or ($l.reasons | has($p | split(".")[0]))))'
# the SQ thread of a busy job works, and not longer than the run
check 'all(.[]; .sq_thread.cpu_us == null or (.sq_thread.cpu_us > 0 and .sq_thread.cpu_us <= 1.2 * .elapsed_us + 20000))'

total=$(json "$WORK/fio.json" '[.jobs[] | select(.jobname == "first") | .read.total_ios + .write.total_ios] | add')
check "(.[] | select(.job == \"first\").submitted) == $total"

# SQ_AFF by either option: the thread ran where it was told to
for pin in sq_thread_cpu=0 sqthread_poll_cpu=$(($(nproc) - 1)); do
	rm -f "$WORK/pinned"
	run_fio --name=pinned --ioengine=sqpoll --filename="$WORK/data" --rw=read --bs=4k --size=8m --iodepth=4 "--$pin" \
		--stats_file="$WORK/pinned" --output="$WORK/out" || fail "$pin: fio failed: $?"
	jq -e --argjson cpu "${pin#*=}" '(.setup_flags | index("SQ_AFF")) and .options.sq_thread_cpu == $cpu
		and (.sq_thread.cpu == $cpu or .sq_thread.cpu == null)' "$WORK/pinned" >/dev/null ||
		fail "$pin: $(jq -c '[.setup_flags, .options.sq_thread_cpu, .sq_thread.cpu]' "$WORK/pinned")"
done

# a file that is there is added to
run_fio --name=third --ioengine=sqpoll --filename="$WORK/data" --rw=read --bs=64k --size=8m --stats_file="$WORK/stats" \
	--gtod_reduce=1 --output="$WORK/out" || fail "fio failed: $?"
[ "$(wc -l <"$WORK/stats")" -eq 4 ] || fail "the file was not appended to"
jq -es '.[3] | .gap_ns.n == 0 and (.reasons.gap_ns | test("no clock"))' "$WORK/stats" >/dev/null || fail "gtod_reduce: no reason given"
