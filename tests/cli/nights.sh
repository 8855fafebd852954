#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Question: do `history` and `compare` read nights of several hosts, and do others' tools get what they can read?
# Expected: every value of fabricated nights, by host; a wide CSV with a row for each run; OpenMetrics whose series are in one piece with rising times; a run whose run.json
#           cannot be read is known with its reason.
# Wrong if: hosts are mixed, null is a number, or a series is interleaved.
. "$SQP_SOURCE/tests/lib.sh" || exit 1
need jq sqlite3

out=$WORK/out
# night DAY HOST KERNEL SCHEMA VALUE...: cells a (these as iops, their inverse as latency), b (of which no value could be measured), and on even days c
night() {
	local day=$1 host=$2 kernel=$3 schema=$4 id dir
	shift 4
	id=$(printf '202701%02dT000000Z-night-%s%02d' "$day" "${host:0:2}" "$day") dir=$out/runs/$id
	mkdir -p "$dir"
	printf '{"schema": "sqbench-run/1", "id": "%s", "kind": "night", "created": "2027-01-%02dT00:00:00Z", "job": "quick"}' "$id" "$day" >"$dir/run.json"
	printf '{"schema": "sqbench-env/1", "kernel": "%s", "kernel_build": "#1 %s", "hz": 250, "fio": "fio-3.33", "target": {"model": "drive \\"x\\"\\\\y"}}' "$kernel" "$kernel" >"$dir/env.json"
	printf '{"exit": 1}' >"$dir/end.json"
	jq -n --arg schema "$schema" --arg host "$host" --argjson day "$day" '($ARGS.positional | map(tonumber)) as $x | {schema: $schema, host: $host, key: {device_firmware: "1.\($day)", engine: "0.9"},
		cells: ([{name: "a", reason: null, metrics: {iops: {values: $x}, lat_us_p99: {values: ($x | map(1e6 / .))}, cpu_us_per_io: {values: ($x | map(null))}}},
			{name: "b", reason: "no time", metrics: {}}] + if $day % 2 == 0 then [{name: "c, d", metrics: {iops: {values: [7, null, 9]}}}] else [] end)}' \
		--args "$@" >"$dir/night.json"
}
for day in 1 2 3 4; do
	night "$day" alpha "6.1.$((day % 2))" sqbench-night/1 "$((1000 + day))" "$((1100 + day))" 1000000 900 1001
done
history() { "$SQP_BENCH" history --out "$out" "$@" >"$WORK/h" 2>"$WORK/e" || { cat "$WORK/e" >&2; fail "history $*: $?"; }; }
holds() { jq -e "$1" "$WORK/h" >/dev/null || fail "not so: $1 in $(head -c 3000 "$WORK/h")"; }

history --json
holds '(.points | map(select(.cell == "a")) | length == 4 and all(.host == "alpha" and .repeats == 5 and .engine == "0.9" and .kernel != "")) and .points[0].value == 1001'
holds '[.points[] | select(.cell == "c, d")] | length == 2 and all(.value == 8 and .repeats == 2)'
holds 'all(.points[]; .cell != "b")'
history --json --metric lat_us_p99 --cell a
holds '.points | length == 4 and (.[0].value - 1e6 / 1001 | fabs) < 1e-6'
history --json --metric cpu_us_per_io
holds '.points == []'
history
grep -q '^2027-01-01T00:00:00Z a  ' "$WORK/h" || fail "one host needs no column: $(cat "$WORK/h")"
[ "$(sqlite3 "$out/index.sqlite" "SELECT group_concat(firmware || ' ' || json_extract(key, '\$.engine'), ',') FROM run")" = '1.1 0.9,1.2 0.9,1.3 0.9,1.4 0.9' ] || fail 'the key is not in the index'

# The wide CSV: time, attributes, a column for each cell, an empty field where nothing was measured
history --otava
printf '%s\n' 'time,run,kernel,fio,engine,device,"a","c, d"' \
	'"2027-01-01T00:00:00Z","20270101T000000Z-night-al01","6.1.1","fio-3.33","0.9","drive ""x""\y",1001,' \
	'"2027-01-02T00:00:00Z","20270102T000000Z-night-al02","6.1.0","fio-3.33","0.9","drive ""x""\y",1002,8' >"$WORK/wanted"
head -n 3 "$WORK/h" | cmp - "$WORK/wanted" || fail "wide: $(cat "$WORK/h")"
[ "$(wc -l <"$WORK/h")" -eq 5 ] || fail "wide: $(cat "$WORK/h")"

# Another host, and within one second two nights of the first
for day in 3 5; do
	night "$day" beta 6.1.0 sqbench-night/1 500 501 502
done
twin=$out/runs/20270104T000000Z-night-zz04
cp -r "$out/runs/20270104T000000Z-night-al04" "$twin"
jq '.id = "20270104T000000Z-night-zz04"' "$twin/run.json" >"$WORK/run.json" && mv "$WORK/run.json" "$twin/run.json"
history
grep -Eq '^2027-01-05T00:00:00Z beta +a +501 ' "$WORK/h" || fail "hosts have a column: $(cat "$WORK/h")"
history --csv
grep -q '^2027-01-05T00:00:00Z,501,"beta: a"$' "$WORK/h" || fail "hosts are series of their own: $(cat "$WORK/h")"
history --json --host beta
holds '[.points[].host] == ["beta", "beta"]'
expect_fail 'nights of 2 hosts.*--host' "$SQP_BENCH" history --out "$out" --otava
history --otava --host beta
[ "$(wc -l <"$WORK/h")" -eq 3 ] || fail "wide, of one host: $(cat "$WORK/h")"

# OpenMetrics: each series in one piece, its times rising, labels escaped, TYPE and HELP first, the end last
history --openmetrics
awk 'NR == 1 && $0 != "# TYPE sqbench_iops gauge" || NR == 2 && $0 !~ /^# HELP sqbench_iops ./ { print "head: " $0 }
	/^sqbench/ { series = $0; sub(/} .*/, "}", series); time = $NF + 0
		if (series != last && seen[series]++) print "interleaved: " $0
		if (series == last && time <= before) print "time: " $0
		last = series; before = time; n++ }
	{ end = $0 } END { if (end != "# EOF") print "end: " end; if (n != 10) print n " samples" }' "$WORK/h" >"$WORK/wrong"
[ ! -s "$WORK/wrong" ] || fail "OpenMetrics: $(cat "$WORK/wrong" "$WORK/h")"
grep -qF 'sqbench_iops{cell="a",host="alpha",device="drive \"x\"\\y",kernel="6.1.0"} 1004 1799020800.001' "$WORK/h" || fail "OpenMetrics: $(cat "$WORK/h")"
rm -r "$twin"

# Two nights; another host is no repeat of this one
"$SQP_BENCH" compare --out "$out" --json 20270101T000000Z-night-al01 20270102T000000Z-night-al02 >"$WORK/h" || fail "compare: $?"
holds '.cells[0] | .name == "a" and .repeats_a == 5 and .metrics.iops.b.value == 1002 and .metrics.lat_us_p99.a.value > 998 and .metrics.cpu_us_per_io.a == null and .metrics.read_lat_us_p99.a == null'
holds '.only_in_b == ["c, d"] and (.differs | map(.key) | index("key device_firmware") != null)'
mkdir -p "$WORK/mixed/runs"
cp -r "$out/runs/20270102T000000Z-night-al02" "$out/runs/20270103T000000Z-night-be03" "$WORK/mixed/runs"
expect_fail 'is of host beta and the run before it of alpha' "$SQP_BENCH" compare "$WORK/mixed" "$WORK/mixed"

# What cannot be read is known with its reason; the rest is not touched by it.
night 9 alpha 6.1.0 sqbench-night/2 1 2 3
night 10 alpha 6.1.0 sqbench-night/1 1 2 3
echo '{' >"$out/runs/20270110T000000Z-night-al10/run.json"
night 11 alpha 6.1.0 sqbench-night/1 1 2 3
rm "$out/runs/20270111T000000Z-night-al11/run.json"
history --json --host alpha
holds '[.points[] | select(.cell == "a") | .run] | length == 4'
sqlite3 "$out/index.sqlite" "SELECT name, created, kind, reason FROM run WHERE reason IS NOT NULL ORDER BY name" >"$WORK/h"
[ "$(cut -d '|' -f 1-3 "$WORK/h" | tr '\n' ' ')" = "$(for day in 09 10 11; do printf '202701%sT000000Z-night-al%s|2027-01-%sT00:00:00Z|night ' "$day" "$day" "$day"; done)" ] || fail "$(cat "$WORK/h")"
for reason in 'sqbench-night/2, newer than sqbench-night/1' 'run.json: line 2' 'neither a run'; do
	grep -q "$reason" "$WORK/h" || fail "reasons: $(cat "$WORK/h")"
done
expect_fail 'newer than sqbench-night/1: read it with a newer sqbench' "$SQP_BENCH" compare --out "$out" 20270109T000000Z-night-al09 20270101T000000Z-night-al01
