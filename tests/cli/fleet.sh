#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Question: does `sqbench nightly --hosts` run the same night on many hosts, tell one that got slower from all, and survive one that dies in the middle?
# Expected: a night of each host as a run of its own; the host whose history was far better is slower, the fleet as a whole is not slower; the host that is killed and the
#           one that does not answer are named with their reasons; exit code 1.
# Wrong if: a dead host ends the night of the others, or makes it hang.
. "$SQP_SOURCE/tests/lib.sh" || exit 1
. "$SQP_SOURCE/tests/cli/fleet-lib.sh" || exit 1
need jq
fleet_need
out=$WORK/out

cat >"$WORK/suite.fio" <<-'END'
	[global]
	filename=${TARGET}
	bs=4k
	size=1m
	rw=randread
	norandommap=1
	lat_percentiles=1
	time_based=1
	runtime=100ms
	[plain]
	ioengine=io_uring
	[ours]
	ioengine=sqpoll
	sq_thread_idle=50
END
for i in 1 2 3 4 5; do
	fleet_host "$i"
	head -c 1M /dev/urandom >"$WORK/host$i/data"
	printf 'h%d\t%s\tdata\n' "$i" "$(fleet_address "$i")" >>"$WORK/hosts"
done
for i in 1 2 3 4; do
	fleet_serve "$i"
done

# fleet CODE ARGS...: a night of all hosts, output in $WORK/o
fleet() {
	local code=$1 rc=0
	shift
	in_hub timeout -k 5 100 "$SQP_BENCH" nightly --hosts "$WORK/hosts" --out "$out" --suite "$WORK/suite.fio" --engine-dir "$SQP_ENGINE_DIR" --budget 1 "$@" \
		>"$WORK/o" 2>"$WORK/e" </dev/null || rc=$?
	[ "$rc" -eq "$code" ] || fail "nightly --hosts $* ended with $rc instead of $code: $(cat "$WORK/o" "$WORK/e")"
}

sed -i '/^h5/d' "$WORK/hosts"
fleet 0 --rounds 3 --json
mv "$WORK/o" "$WORK/doc"
[ "$(find "$out/runs" -maxdepth 1 -name '*-night-*' | wc -l)" -eq 4 ] || fail "not four nights: $(ls "$out/runs")"
jq -e '.schema == "sqbench-fleet/1" and (.hosts | map(.name)) == ["h1", "h2", "h3", "h4"] and all(.hosts[]; .reason == null and .died == null and .run != null)' \
	"$WORK/doc" >/dev/null || fail "fleet.json: $(cat "$WORK/doc")"
echo 'passed: four hosts'

# Nine nights before it, which stand in for those that no test can wait for; that all hosts share one machine shows in how much they vary. On h2 everything was far better.
for first in "$out"/runs/*-night-*; do
	host=$(jq -r .host "$first/night.json")
	[ "$(jq '[.cells[].metrics.iops.values | length] | min' "$first/night.json")" -eq 3 ] || fail "$host: $(cat "$first/night.json")"
	jq -e '.key.kernel != null and .key.device != null and .cells[1].place != null and .cells[1].metrics.wakeups_per_io != null' "$first/night.json" >/dev/null || fail "$host: the engine's statistics are missing"
	for night in 1 2 3 4 5 6 7 8 9; do
		created=$(date -u -d "$((10 - night)) days ago" +%Y-%m-%dT03:00:00Z)
		id=$(date -u -d "$created" +%Y%m%dT%H%M%SZ)-night-${host#h}00$night
		cp -r "$first" "$out/runs/$id"
		jq --arg id "$id" --arg at "$created" '.id = $id | .created = $at' "$first/run.json" >"$out/runs/$id/run.json"
		jq --arg id "$id" --arg at "$created" --argjson n "$night" '.id = $id | .created = $at | .host as $host | .cells |= map(.metrics |= with_entries(.key as $m | .value.values |= (to_entries
			| map(.key as $k | if $host == "h2" and $m == "iops" then 1e7 * (1 + ($n * 31 + $k * 17) % 7 / 700) else .value * (1 + ((($n * 7919 + $k * 104729) % 61) - 30) / 40) end))))' \
			"$first/night.json" >"$out/runs/$id/night.json"
	done
	rm -r "$first"
done
printf 'h5\t%s\tdata\n' "$(fleet_address 5)" >>"$WORK/hosts"
(
	for ((i = 0; i < 200; i++)); do
		tmp=$(grep -l '"remote": "10.77.0.4"' "$out"/runs/.*-night-*.tmp/env.json 2>/dev/null)
		[ -z "$tmp" ] || [ -z "$(find "${tmp%/*}/fio" -name '*.02.json' 2>/dev/null)" ] || break
		sleep 0.1
	done
	fleet_signal 4 KILL
) &
fleet 1 --rounds 6 --summary "$WORK/summary.md"
wait $!
run=$(sed -n 's/^run: //p' "$WORK/o")
jq -e '(.hosts[4] | .run == null and (.reason | test("10.77.0.5"))) and (.hosts[3] | (.reason // .died | test("h4|10.77.0.4"))) and all(.hosts[0, 1, 2]; .reason == null and .died == null)
	and .hosts[1].counts.slower == 2 and all(.models[]; .verdict != "slower" and .hosts <= 4) and (.levels | length) == 8' "$run/fleet.json" >/dev/null ||
	fail "fleet.json: $(jq -c '.hosts[], .outliers[], .models[]' "$run/fleet.json")"
cmp "$WORK/summary.md" "$run/summary.md" || fail '--summary is another'
grep -q '^- h5: no whole night: ' "$WORK/summary.md" || fail "Markdown: $(cat "$WORK/summary.md")"
[ "$(wc -l <"$WORK/summary.md")" -le 25 ] || fail 'the summary is longer than a screen'
for part in 'Hosts that differ from their peers' 'All drives of a model' '<svg'; do
	grep -qF "$part" "$run/report.html" || fail "the page has no '$part'"
done
"$SQP_BENCH" report --out "$out" "$(basename "$run")" >"$WORK/o" || fail "report: $(cat "$WORK/o")"
echo 'passed: one slower, one killed, one not there'

printf 'h1 10.77.0.1\n' >"$WORK/hosts"
fleet 2
grep -q 'hosts:1: h1 has no target' "$WORK/e" || fail "$(cat "$WORK/e")"
fleet 2 --client 10.77.0.1
echo 'passed: refusals'
