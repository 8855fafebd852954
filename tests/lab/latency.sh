#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# latency.sh KERNEL [full]: Question: is clat true? The devices' times are known, the block layer's tracepoints tell them again.
# Expected: for every I/O the issue time, block layer, CQ ring, hand-over and fio's completion time follow each other; clat is the block
#           layer's time, pick-up and reap (the engine's), and the kernel's way from the block layer to the CQ ring: p50 within 1 %, p99
#           within 5 %. Without that last part (what was asked for) p50 within 1 % where requests take 50 ms; the rest is printed.
# Wrong if: an I/O breaks the order, a timer of null_blk is early, or a latency is left unexplained. The stock engine of fio 3.33, whose
#           clat is seconds, must be found wrong.
. "${SQP_SOURCE:?is set by ctest}/tests/lib.sh"
. "$SQP_SOURCE/tests/lab/lab.sh"
need awk jq
kernel=$1
lab=$SQP_SOURCE/tests/lab

# name, us, way, depth, I/Os
quick_rows() {
	cat <<'ROWS'
awake-100 100 awake 1 500
untraced-100 100 untraced 1 500
awake-1000 1000 awake 1 300
awake-50000 50000 awake 1 41
awake-1000-qd16 1000 awake 16 1601
awake-50000-qd16 50000 awake 16 641
asleep-1000 1000 sleep 1 61
asleep-50000 50000 sleep 1 31
bypass-1000 1000 bypass 1 61
bypass-50000 50000 bypass 1 31
hipri-1000 1000 nvme0-hipri 1 300
hipri-50000 50000 nvme2-hipri 1 41
hipri-1000-qd16 1000 nvme0-hipri 16 1601
stock-1000 1000 stock 1 300
stock-hipri-1000 1000 nvme0-stockhipri 1 300
ROWS
}

full_rows() {
	local us depth ios
	for us in 100 1000 10000 50000; do
		for depth in 1 16; do
			ios=$(awk -v us="$us" -v depth="$depth" 'BEGIN { n = depth * 4000000 / us; print (n > 2000 ? 1999 : n < 101 ? 101 : n) }')
			echo "awake-$us-qd$depth $us awake $depth $ios"
			echo "asleep-$us-qd$depth $us sleep $depth $((depth == 1 ? 101 : 801))"
			echo "bypass-$us-qd$depth $us bypass $depth $((depth == 1 ? 101 : 801))"
			echo "stock-$us-qd$depth $us stock $depth $((ios < 300 ? ios : 300))"
		done
	done
	for depth in 1 16; do
		for us in 1000:0 10000:1 50000:2; do
			echo "hipri-${us%:*}-qd$depth ${us%:*} nvme${us#*:}-hipri $depth $((depth == 1 ? 101 : 801))"
		done
		echo "hipri-null_blk-qd$depth 10 nullb0-hipri $depth 1000"
	done
	echo 'awake-100 100 awake 1 1999'
	echo 'untraced-100 100 untraced 1 1999'
	echo 'stock-hipri-1000-qd1 1000 nvme0-stockhipri 1 300'
	[ -n "$newer" ] || return 0
	for us in 100 1000 10000; do
		echo "newer-stock-$us-qd1 $us newerstock 1 300"
		echo "newer-stock-$us-qd16 $us newerstock 16 801"
	done
	echo 'newer-stock-hipri-1000-qd1 1000 nvme0-newerstockhipri 1 300'
}

# account NAME US WAY: one line of the table
account() {
	local logs=("$dir/$1.trace" "$dir/${1}_clat.1.log") device=null
	[[ $3 != nvme* && $3 != nullb* ]] || device=other
	[[ $3 == *stock* ]] || logs+=("$dir/${1}_times.1.log")
	awk -v row="$1" -v us="$2" -v device="$device" -f "$lab/latency.awk" "${logs[@]}" >>"$WORK/account.tsv" ||
		fail "$1: see above"
}

# p50_us NAME: of its clat, from fio's log
p50_us() { sort -t , -k 2 -n "$dir/${1}_clat.1.log" | awk -F ', *' '{ ns[NR] = $2 } END { printf "%.1f", ns[int((NR + 1) / 2)] / 1000 }'; }

show_table() {
	echo "us, p50/p99. Linux $(<"$dir/release"), $(fio --version)${newer:+, newer: $(<"$dir/newer-fio")}"
	awk -F '\t' -v form='%-22s %5s %17s %17s %15s %15s %15s %13s %-4s %17s %13s %11s\n' '
		function pair(i) { return $i == "-" ? "-" : $i "/" $(i + 1) }
		function abs(x) { return x < 0 ? -x : x }
		BEGIN { printf form, "row", "I/Os", "clat", "block layer", "pick-up", "reap", "rest", "% of clat", "ok", "rest in kernel", "left %", "sum %" }
		{ printf form, $1, $3, pair(4), pair(6), pair(12), pair(14), pair(8), pair(10),
			abs($10) <= 1 && abs($11) <= 5 ? "yes" : "no", pair(16), pair(20), $22 }' "$WORK/account.tsv"
}

# judge WHICH COLUMN MIN_US MIN_US_QD16 [P99]: the p50 in COLUMN within 1 %, with P99 also the p99 behind it within 5 %, in rows of
# MIN_US (at depth 16 MIN_US_QD16) and more
judge() {
	awk -F '\t' -v which="$1" -v column="$2" -v min_us="$3" -v min_us_qd16="$4" -v p99="${5-}" '
		function abs(x) { return x < 0 ? -x : x }
		$1 ~ /stock/ || $2 < ($1 ~ /qd16$/ ? min_us_qd16 : min_us) { next }
		abs($column) > 1 || p99 && abs($(column + 1)) > 5 {
			print $1 ": " which ": p50 " $column " %, p99 " $(column + 1) " % of clat unexplained"; bad = 1
		}
		END { exit bad }' "$WORK/account.tsv" >&2
}

# The engine's statistics say what its log says, and the rows that are about a sleeping thread had one.
judge_statistics() {
	jq -es 'all(.reap_ns.n == .completed and .submitted == .completed and .stalls == 0) and
		all(.job[:6] != "asleep" or .wakeups * 2 >= .completed / .options.iodepth)' "$dir/stats.jsonl" >/dev/null ||
		fail "the statistics lines do not fit: $(jq -c '[.job, .submitted, .completed, .reap_ns.n, .wakeups]' "$dir/stats.jsonl")"
}

judge_stock() {
	[[ $(fio --version) == fio-3.3[345] ]] || return 0
	awk -F '\t' '/^stock/ { stock++; if ($10 > 90) wrong++ } END { exit !(stock && wrong == stock) }' "$WORK/account.tsv" ||
		fail "the stock engine of $(fio --version) sets no issue times under SQPOLL, and yet its clat was found true"
}

measure() {
	local name us way
	rm -rf "$dir" "$WORK/account.tsv"
	must_in_guest guest "$kernel" --with "$WORK/rows" ${newer:+--with "$newer"} --timeout $timeout_s \
		--device-model slow=1000:10000:50000 -- bash "$lab/in-guest/latency.sh" "$WORK/rows" ${newer:+"$newer"}
	while read -r name us way _; do
		[ "$way" = untraced ] || account "$name" "$us" "$way"
	done <"$WORK/rows"
	show_table
	echo "clat p50 of 100 us: $(p50_us awake-100) us traced, $(p50_us untraced-100) us without tracing"
	judge_statistics
	judge_stock
}

# The kernel shows the CQEs of a batch together, up to 20 us after the trace has named the first. And the p99 of some tens of I/Os is
# the longest: one pause of a virtual CPU makes it.
explained() {
	judge 'with the way to the CQ ring' 20 1000 10000 p99 && judge 'block layer, pick-up and reap' 10 50000 50000
}

dir=$WORK/guest
timeout_s=150 newer=''
if [ "${2-}" = full ]; then
	timeout_s=600
	newer=$("$SQP_SOURCE/scripts/foreign-fio" sid) || newer=''
fi
"${2-quick}_rows" >"$WORK/rows"
measure
explained || { echo 'once more: a pause of the host between two clock reads looks like this'; measure; explained; } ||
	fail "clat is not explained, in two measurements"
