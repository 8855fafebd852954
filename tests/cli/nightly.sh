#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Question: does `sqbench nightly` measure its suite, know its history, and say what got slower, since when, and what else changed then?
# Expected: without history nothing is known and the night is kept; with nights in which a cell did far more that cell is slower since tonight,
#           with the kernel that changed, in text, page, Markdown, JUnit XML and exit code 1; a cell that fails now is lost; one with other options begins anew.
# Wrong if: anything else is called slower, a night that was killed is seen, or a second one runs beside the first.
. "$SQP_SOURCE/tests/lib.sh" || exit 1
need jq fio

out=$WORK/out
cat >"$WORK/suite.fio" <<'END'
[global]
filename=${TARGET}
bs=4k
rw=randread
norandommap=1
lat_percentiles=1
time_based=1
runtime=100ms
direct=0
[plain]
ioengine=io_uring
[ours]
ioengine=sqpoll
sq_thread_idle=50
[third]
ioengine=io_uring
iodepth=8
[gone]
ioengine=io_uring
filename=${GONE}
END
export GONE=$WORK/gone.dat
head -c 1M /dev/urandom >"$GONE"

# nightly CODE ARGS...: output in $WORK/o
nightly() {
	local code=$1 rc=0
	shift
	timeout -k 5 100 "$SQP_BENCH" nightly --out "$out" --suite "$WORK/suite.fio" --size 8 --rounds 3 --budget 2 --host here "$@" >"$WORK/o" 2>"$WORK/e" </dev/null || rc=$?
	[ "$rc" -eq "$code" ] || fail "nightly $* ended with $rc instead of $code: $(cat "$WORK/o" "$WORK/e")"
}
run_dir() { sed -n 's/^run: //p' "$WORK/o"; }

nightly 0
first=$(run_dir)
grep -q '^answer: not known yet' "$WORK/o" || fail "an answer without history: $(cat "$WORK/o")"
jq -e '.schema == "sqbench-night/1" and .host == "here" and (.cells | map(.name)) == ["plain", "ours", "third", "gone"] and all(.cells[]; .repeats == 3 and .verdict == "unknown")
	and all(.cells[]; .metrics.iops.values | length == 3 and min > 0) and (.cells[1] | .place.class == "any" and .metrics.enters_per_io.values[0] < 1)
	and .cells[1].options.sq_thread_idle == "50" and .key.kernel != null' "$first/night.json" >/dev/null || fail "night.json: $(cat "$first/night.json")"
for file in run.json env.json end.json suite.fio report.html summary.md junit.xml fio/plain.01.json fio/ours.03.json fio/ours.03.jsonl; do
	[ -s "$first/$file" ] || fail "$file is missing"
done
cmp "$WORK/suite.fio" "$first/suite.fio" || fail 'another suite was kept'
[ -z "$(find "$first" -name '*.tmp' -o -name '*warm-up*' -o -name 'cell.*')" ] || fail 'something was left behind'
grep -q '<skipped message="unknown: ' "$first/junit.xml" || fail "JUnit: $(cat "$first/junit.xml")"
echo 'passed: the first night'

# Twelve nights before it, which stand in for two weeks that no test can wait for: `ours` did more than any machine can, on another kernel, the others vary by a third.
for night in $(seq 1 12); do
	created=$(date -u -d "$((13 - night)) days ago" +%Y-%m-%dT03:00:00Z)
	id=$(date -u -d "$created" +%Y%m%dT%H%M%SZ)-night-$(printf %04d "$night")
	cp -r "$first" "$out/runs/$id"
	jq --arg id "$id" --arg at "$created" '.id = $id | .created = $at' "$first/run.json" >"$out/runs/$id/run.json"
	jq --arg id "$id" --arg at "$created" --argjson n "$night" '
		def vary($k): . * (1 + ((($n * 7919 + $k * 104729) % 61) - 30) / 90);
		.id = $id | .created = $at | .key.kernel = "6.0" | .cells |= map(. as $c | .metrics |= with_entries(.key as $m | .value.values |= (to_entries | map(.key as $k | .value |
			if . == null then null elif $c.name == "ours" and $m == "iops" then 1e7 * (1 + ($n * 31 + $k * 17) % 7 / 700) else vary($k) end))))' "$first/night.json" >"$out/runs/$id/night.json"
done
rm -r "$first" "$GONE"

nightly 1 --summary "$WORK/summary.md" --junit "$WORK/junit.xml"
second=$(run_dir)
grep -Eq '^slower: ours: IOPS [0-9.]+ % lower \[-[0-9.]+, -[0-9.]+\] since .*, when the kernel changed from 6\.0 to ' "$WORK/o" || fail "slower: $(cat "$WORK/o")"
[ "$(grep -c '^slower: ' "$WORK/o")" -eq "$(grep -c '^slower: ours: ' "$WORK/o")" ] || fail "more than that is slower: $(cat "$WORK/o")"
grep -q '^lost: gone: ' "$WORK/o" || fail "lost: $(cat "$WORK/o")"
jq -e --arg today "$(date -u +%Y-%m)" '(.cells[1] | .verdict == "slower" and (.metrics.iops | .verdict == "slower" and .nights == 12 and .shift.value < -0.5 and (.since | startswith($today))
	and .coincides[0].what == "the kernel" and .coincides[0].was == "6.0")) and .counts.slower == 1 and .counts.lost == 1 and (.trends[0].cell == "ours") and (.trends[0].centre | length == 13)' \
	"$second/night.json" >/dev/null || fail "night.json: $(jq -c '.cells[] | [.name, .verdict, .metrics.iops]' "$second/night.json")"
{ cmp "$WORK/summary.md" "$second/summary.md" && cmp "$WORK/junit.xml" "$second/junit.xml"; } || fail '--summary and --junit differ from what is kept'
[ "$(wc -l <"$second/summary.md")" -le 25 ] || fail 'the summary is longer than a screen'
grep -q '^| ours | IOPS | slower | .* | the kernel: 6\.0 to ' "$second/summary.md" || fail "Markdown: $(cat "$second/summary.md")"
grep -q '<testcase classname="ours" name="iops"><failure message="ours: IOPS ' "$second/junit.xml" || fail "JUnit: $(cat "$second/junit.xml")"
grep -q '<testcase classname="gone" name="measured"><error ' "$second/junit.xml" || fail "JUnit: $(cat "$second/junit.xml")"
for part in 'What changed' 'Not measured' '<svg' 'ours, IOPS: slower' 'the kernel: 6.0'; do
	grep -qF "$part" "$second/report.html" || fail "the page has no '$part'"
done
"$SQP_BENCH" report --out "$out" --format text "$(basename "$second")" >"$WORK/text" || fail 'no report as text'
grep -q 'measure IOPS; tonight slower; ' "$WORK/text" || fail "text: $(cat "$WORK/text")"
echo 'passed: what got slower'

"$SQP_BENCH" history --out "$out" --cell ours --csv >"$WORK/h" || fail history
[ "$(wc -l <"$WORK/h")" -eq 14 ] || fail "history: $(cat "$WORK/h")"
sed -i -e 's/^iodepth=8$/iodepth=4/' -e '/^\[gone\]/,$d' "$WORK/suite.fio"
nightly 1
jq -e '(.cells[2] | .verdict == "unknown" and .metrics.iops.nights == 0) and .cells[1].verdict == "slower"' "$(run_dir)/night.json" >/dev/null ||
	fail "other options: $(jq -c '.cells[] | [.name, .verdict, .metrics.iops]' "$(run_dir)/night.json")"
echo 'passed: other options, another history'

# Killed, and two at once.
kept=$(ls "$out/runs")
"$SQP_BENCH" nightly --out "$out" --suite "$WORK/suite.fio" --size 8 --rounds 20 --budget 2 --host here >"$WORK/killed" 2>&1 </dev/null &
pid=$!
for ((i = 0; i < 100; i++)); do
	[ -z "$(find "$out/runs" -path '*-night-*.tmp/fio/*.json' 2>/dev/null)" ] || break
	sleep 0.1
done
rc=0
timeout 20 "$SQP_BENCH" nightly --out "$WORK/other" --suite "$WORK/suite.fio" --size 8 --rounds 2 --budget 1 >"$WORK/o" 2>&1 </dev/null || rc=$?
{ [ "$rc" -eq 3 ] && grep -q "$pid" "$WORK/o"; } || fail "a second night ended with $rc: $(cat "$WORK/o")"
kill -KILL "$pid"
wait "$pid" 2>/dev/null
[ "$(ls "$out/runs")" = "$kept" ] || fail 'a night that was killed is seen'
[ -n "$(find "$out/runs" -maxdepth 1 -name '.*-night-*.tmp')" ] || fail 'there is nothing left to be removed: the test proves nothing'
nightly 1 --rounds 2
grep -q 'removed 1 night that had been interrupted' "$WORK/e" || fail "nothing was said of the night that was killed: $(cat "$WORK/e")"
[ -z "$(find "$out/runs" -maxdepth 1 -name '.*')" ] || fail "left behind: $(ls -A "$out/runs")"
echo 'passed: killed, and two at once'

# A device: its scheduler is none during the night and back afterwards, also when the night is killed. Only root can.
scheduler() { sed 's/.*\[\(.*\)\].*/\1/' "/sys/block/${loop##*/}/queue/scheduler"; }
loop=''
if [ "$(id -u)" -eq 0 ] && head -c 4M /dev/urandom >"$WORK/disk" && loop=$(losetup -f --show "$WORK/disk" 2>/dev/null); then
	trap 'losetup -d "$loop"; rm -rf "$WORK"' EXIT
	other=$(tr -d '[]' <"/sys/block/${loop##*/}/queue/scheduler" | tr ' ' '\n' | grep -m 1 -v none)
fi
if [ -n "$loop" ] && [ -n "${other:-}" ]; then
	echo "$other" >"/sys/block/${loop##*/}/queue/scheduler"
	"$SQP_BENCH" nightly --out "$WORK/device" --suite "$WORK/suite.fio" --target "$loop" --rounds 20 --budget 2 >"$WORK/killed" 2>&1 </dev/null &
	pid=$!
	for ((i = 0; i < 100; i++)); do
		[ -z "$(find "$WORK/device/runs" -name '*.01.json' 2>/dev/null)" ] || break
		sleep 0.1
	done
	[ "$(scheduler)" = none ] || fail "the scheduler during the night is $(scheduler)"
	kill -KILL "$pid"
	wait "$pid" 2>/dev/null
	for ((i = 0; i < 50; i++)); do
		[ "$(scheduler)" != "$other" ] || break
		sleep 0.1
	done
	[ "$(scheduler)" = "$other" ] || fail "after a kill the scheduler is $(scheduler), it was $other"
	out=$WORK/device
	nightly 0 --target "$loop" --rounds 2
	jq -e --arg other "$other" '.host_state.set[0].was == $other and .key.scheduler == "none" and .prepared.kind == "device"' "$(run_dir)/night.json" >/dev/null ||
		fail "the device's night: $(jq -c '.host_state, .key' "$(run_dir)/night.json")"
	[ "$(scheduler)" = "$other" ] || fail "after the night the scheduler is $(scheduler), it was $other"
	"$SQP_BENCH" nightly --restore --out "$out" >"$WORK/o" || fail "--restore with nothing to restore: $(cat "$WORK/o")"
	echo 'passed: a device, and its scheduler'
fi

out=$WORK/none
refused() {
	local pattern=$1
	shift
	nightly "$@"
	grep -Eq -- "$pattern" "$WORK/e" || fail "$*: $(cat "$WORK/e")"
	[ -z "$(ls -A "$out/runs" 2>/dev/null)" ] || fail "$*: something was kept"
}
refused 'no such|No such' 2 --target /nonexistent
refused 'no-suite' 2 --suite "$WORK/no-suite"
printf '[w]\nioengine=sqpoll\nfilename=${TARGET}\nrw=write\n' >"$WORK/writes.fio"
echo data >"$WORK/data"
refused 'allow-write' 2 --suite "$WORK/writes.fio" --target "$WORK/data"
[ "$(cat "$WORK/data")" = data ] || fail 'the target was written to'
refused 'allow-write' 2 --precondition
refused 'rise' 2 --rounds 5,3
refused 'one argument too many' 2 extra
echo 'passed: refusals'

if [ "$SQP_BUILD" = "$SQP_SOURCE/build/release" ]; then
	grep -qx 'scripts/nightly .*' <(documented_commands "$SQP_SOURCE/docs/NIGHTLY.md") || grep -qx 'scripts/nightly' <(documented_commands "$SQP_SOURCE/docs/NIGHTLY.md") ||
		fail 'docs/NIGHTLY.md does not show scripts/nightly any more'
	timeout 100 "$SQP_SOURCE/scripts/nightly" --out "$WORK/script" --suite "$WORK/suite.fio" --size 8 --rounds 2 --budget 1 >"$WORK/o" 2>"$WORK/e" </dev/null ||
		fail "scripts/nightly: $(cat "$WORK/o" "$WORK/e")"
	[ -f "$(run_dir)/report.html" ] || fail "scripts/nightly left no report: $(cat "$WORK/o")"
	echo 'passed: scripts/nightly'
	"$SQP_SOURCE/scripts/nightly-accuracy" --nights 1 --slow 50 --after 1 --ms 20 --out "$WORK/accuracy" >"$WORK/o" 2>"$WORK/e" || fail "scripts/nightly-accuracy: $(cat "$WORK/e")"
	[ "$(grep -Ec '^(night 1|50 % more time asked at depth 1, night 1); slowed-qd1: [0-9]+ IOPS, unknown; slowed-qd4: .*; control-qd1: ' "$WORK/o")" -eq 2 ] || fail "scripts/nightly-accuracy: $(cat "$WORK/o")"
	echo 'passed: scripts/nightly-accuracy'
fi
