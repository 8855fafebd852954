#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Question: are the latencies that fio prints with this engine true, on every fio?
# Expected: for every I/O (latency logs) clat + slat <= lat and lat <= wall; the mean clat agrees with Little's law.
# Wrong if: one I/O breaks that, as with the stock engine of fio 3.33, whose clat under SQPOLL is seconds.
. "$SQP_SOURCE/tests/lib.sh"
need jq awk

head -c 16m /dev/urandom >"$WORK/data"

# truth NAME [fio options]: logs every I/O (each block is read once, so its offset names it) and checks each
truth() {
	local name=$1
	shift
	(cd "$WORK" && run_fio --name="$name" --ioengine=sqpoll --filename="$WORK/data" --rw=randread --bs=4k --size=16m \
		--disable_slat=0 --write_lat_log="$name" --log_offset=1 --output-format=json --output="$name.json" "$@") ||
		fail "$name: fio failed: $?"
	for kind in clat slat lat; do
		awk -F', *' '{ print $5, $2 }' "$WORK/${name}_$kind.1.log" | sort -k 1,1 >"$WORK/$kind"
	done
	[ -s "$WORK/clat" ] || fail "$name: nothing was logged"
	join "$WORK/clat" "$WORK/slat" | join - "$WORK/lat" >"$WORK/joined"
	[ "$(wc -l <"$WORK/joined")" -eq "$(wc -l <"$WORK/clat")" ] || fail "$name: the logs do not hold the same I/Os"
	awk -v name="$name" -v wall_ns="$(json "$WORK/$name.json" '.jobs[0].job_runtime * 1000000')" '
		$2 + $3 > $4 { print name ": offset " $1 ": clat " $2 " + slat " $3 " > lat " $4; bad = 1; exit 1 }
		$4 > wall_ns + 2000000 { print name ": offset " $1 ": lat " $4 " > wall " wall_ns; bad = 1; exit 1 }
		END { if (!bad) print name ": " NR " I/Os, each with clat + slat <= lat <= wall" }' "$WORK/joined" ||
		fail "$name: latencies are not true"
	# Little: in flight = rate x time in flight; clat cannot say more than the depth
	json "$WORK/$name.json" '.jobs[0] | .read.clat_ns.mean * .read.iops / 1e9 / (."job options".iodepth // "1" | tonumber)' |
		awk -v name="$name" '{ if ($1 > 1.02) { print name ": clat says " $1 " times the depth was in flight"; exit 1 } }' ||
		fail "$name: the mean clat is too long to be true"
}

truth qd1 --iodepth=1 --number_ios=4001
truth qd32 --iodepth=32 --number_ios=4093
truth batch --iodepth=32 --iodepth_batch=8 --iodepth_batch_complete_min=4 --number_ios=4001
truth sparse --iodepth=1 --sq_thread_idle=1 --thinktime=12000 --number_ios=101
truth direct --iodepth=16 --direct=1 --number_ios=4001
truth rate --iodepth=4 --rate_iops=2000 --rate_process=poisson --number_ios=2003

# The log of times: the engine's own order of events, inside what fio says of the same request.
truth timed --iodepth=16 --direct=1 --number_ios=2003 --time_log="$WORK/timed" --stats_file="$WORK/timed.jsonl"
awk -F', *' 'FNR == NR { clat[$5] = $2; next }
	{
		if (!($1 in clat)) what = "fio did not log it"
		else if ($4 && ($4 < $3 || $4 > $6)) what = "taken outside of its life"
		else if ($5 > $6 || $6 < $3) what = "handed out before its time"
		else if ($6 > $3 + clat[$1]) what = "handed out after fio completed it"
		if (what) { print "timed: offset " $1 ": " what ": " $0 ", clat " clat[$1]; bad = 1; exit 1 }
		if ($4) taken++
	}
	END { if (!bad) print "timed: " FNR " requests, " taken " seen taken"; exit bad || FNR != 2003 || taken < 2003 * 0.9 }' \
	"$WORK/timed_clat.1.log" "$WORK/timed_times.1.log" || fail "the log of times is not true"
jq -e '.reap_ns.n == 2003 and .completed == 2003 and .options.time_log == 1' "$WORK/timed.jsonl" >/dev/null ||
	fail "not every request was timed: $(jq -c '[.reap_ns.n, .completed]' "$WORK/timed.jsonl")"
