#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# nightly-killed.sh [SEED [ROUNDS]]
# Question: is a night half-written or lost when it is killed at any moment, or when the disk is full?
# Expected: every night in sight is whole and every one that was reported is in sight; with a full disk it fails with a line that names the cause; the next night works and clears away what is left.
# Wrong if: a night in sight lacks a file, a reported one is gone, or a failure ends with 0.
# The moments are drawn between 0 and the time that a night takes undisturbed; SEED draws the same again.
. "$SQP_SOURCE/tests/lib.sh" || exit 1
need jq fio unshare

seed=${1:-$((RANDOM % 32768))} rounds=${2:-6}
if [ "${3:-}" != inside ]; then
	[ "$(id -u)" -eq 0 ] || skip 'only root can mount'
	unshare -m true 2>/dev/null || skip 'no mount namespace can be made here'
	# what is mounted in it goes with it
	unshare -m bash "$0" "$seed" "$rounds" inside
	exit
fi
printf 'seed %s, %s rounds\n' "$seed" "$rounds"
RANDOM=$seed
mkdir "$WORK/disk"
mount -t tmpfs -o size=4M none "$WORK/disk" || skip 'tmpfs cannot be mounted here'
trap 'umount -q -l "$WORK/disk"; rm -rf "$WORK"' EXIT
out=$WORK/disk/out
head -c 256K /dev/urandom >"$WORK/data"
printf '[a]\nioengine=sqpoll\nsq_thread_idle=4\nfilename=${TARGET}\nrw=randread\nbs=4k\ntime_based=1\nruntime=50ms\n' >"$WORK/suite.fio"
night=("$SQP_BENCH" nightly --out "$out" --engine-dir "$SQP_ENGINE_DIR" --suite "$WORK/suite.fio" --target "$WORK/data" --rounds 2 --budget 1 --wait 1 --keep-host-state --host here)

# in_sight: all nights there are whole; how many, into $n
in_sight() {
	local run file
	n=0
	for run in "$out"/runs/[0-9]*; do
		[ -d "$run" ] || continue
		n=$((n + 1))
		for file in run.json env.json night.json end.json summary.md junit.xml suite.fio report.html fio/a.01.json fio/a.02.jsonl; do
			[ -s "$run/$file" ] || fail "$run has no $file"
		done
		jq -e . "$run"/*.json "$run"/fio/*.json >/dev/null || fail "$run cannot be read"
	done
}

start=${EPOCHREALTIME/./}
"${night[@]}" >"$WORK/o" 2>"$WORK/e" || fail "$(cat "$WORK/e")"
us=$((${EPOCHREALTIME/./} - start))
sed -n 's/^run: //p' "$WORK/o" >"$WORK/reported"
for ((i = 0; i < rounds; i++)); do
	"${night[@]}" >"$WORK/o" 2>/dev/null &
	pid=$!
	at=$((us * 12 * RANDOM / 327680))
	sleep "$((at / 1000000)).$(printf %06d "$((at % 1000000))")"
	kill -9 "$pid" 2>/dev/null
	wait "$pid" 2>/dev/null
	sed -n 's/^run: //p' "$WORK/o" >>"$WORK/reported"
done
while read -r run; do
	[ -d "$run" ] || fail "$run was reported and is gone"
done <"$WORK/reported"
in_sight
printf '%d nights are whole, %d were reported\n' "$n" "$(wc -l <"$WORK/reported")"
"${night[@]}" >"$WORK/o" 2>"$WORK/e" || fail "after kills: $(cat "$WORK/e")"
[ -z "$(find "$out/runs" -maxdepth 1 -name '.*')" ] || fail "left behind: $(ls -A "$out/runs")"

before=$((n + 1)) failed=0
for left in 0 16 40 80 120; do
	rm -f "$WORK/disk/fill"
	free=$(df -k --output=avail "$WORK/disk" | tail -n 1)
	head -c "$(((free - left) * 1024))" /dev/zero >"$WORK/disk/fill"
	rc=0
	"${night[@]}" >"$WORK/o" 2>"$WORK/e" || rc=$?
	if [ "$rc" -eq 0 ]; then
		before=$((before + 1))
	else
		failed=$((failed + 1))
		[ "$rc" -lt 124 ] || fail "with $left KB left: $rc"
		tail -n 1 "$WORK/e" | grep -Eqi 'no space left|disk is full' || fail "with $left KB left it does not name the cause: $(cat "$WORK/e")"
	fi
	in_sight
	[ "$n" -eq "$before" ] || fail "with $left KB left: $n nights are in sight, $before were reported"
done
[ "$failed" -ge 2 ] || fail 'the disk was never full: the test proves nothing'
rm "$WORK/disk/fill"
"${night[@]}" >"$WORK/o" 2>"$WORK/e" || fail "with room again: $(cat "$WORK/e")"
in_sight
[ "$n" -eq $((before + 1)) ] || fail 'with room again there is no night more'
