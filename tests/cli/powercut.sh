#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# powercut.sh POWERCUT [SEED [ROUNDS]]
# Question: does a run that was reported as stored survive a power loss right after, and what does one in the middle of a run leave?
# Expected: on an ext4 that is cut off at a drawn moment and mounted again, every run that was reported is whole, every run in sight is whole, the index opens and knows them.
# Wrong if: a file of a reported run is gone or empty. The control, a file that nobody synced, has to be gone, or nothing was cut off.
. "$SQP_SOURCE/tests/lib.sh" || exit 1
need jq fio unshare mkfs.ext4 losetup
if [ "${1:-}" != inside ]; then
	[ "$(id -u)" -eq 0 ] || skip 'only root can mount'
	unshare -m true 2>/dev/null || skip 'no mount namespace can be made here'
	# what is mounted in it goes with it
	unshare -m bash "$0" inside "$@"
	exit
fi
cut=$2 seed=${3:-$((RANDOM % 32768))} rounds=${4:-5}
printf 'seed %s, %s rounds\n' "$seed" "$rounds"
RANDOM=$seed

head -c 256K /dev/urandom >"$WORK/data"
printf '[j]\nioengine=sqpoll\nsq_thread_idle=4\nfilename=%s\nrw=randread\nbs=4k\ntime_based=1\nruntime=50ms\n' "$WORK/data" >"$WORK/job.fio"
truncate -s 64M "$WORK/image"
mkfs.ext4 -q "$WORK/image" || fail mkfs.ext4
mkdir "$WORK/disk"
plug_in() { mount -o loop "$WORK/image" "$WORK/disk"; }
plug_in || skip 'no image can be mounted here'
trap 'umount -q "$WORK/disk"; rm -rf "$WORK"' EXIT
out=$WORK/disk/results
job=("$SQP_BENCH" run --out "$out" --engine-dir "$SQP_ENGINE_DIR" "$WORK/job.fio")

: >"$WORK/reported"
us=0
for ((i = 0; i < rounds; i++)); do
	start=${EPOCHREALTIME/./}
	"${job[@]}" >"$WORK/o" 2>"$WORK/e" &
	pid=$!
	if [ $((i % 2)) -eq 0 ]; then
		wait "$pid" || fail "run: $(cat "$WORK/e")"
		us=$((${EPOCHREALTIME/./} - start))
	else
		part=$((us * 12 * RANDOM / 327680))
		sleep "$((part / 1000000)).$(printf %06d $((part % 1000000)))"
	fi
	echo 'not synced' >"$WORK/disk/control"
	"$cut" "$WORK/disk" 2>"$WORK/why" || skip "this file system cannot be cut off: $(cat "$WORK/why")"
	wait "$pid"
	sed -n 's/^run: //p' "$WORK/o" >>"$WORK/reported"
	umount "$WORK/disk" || fail 'it cannot be unmounted'
	plug_in || fail 'it cannot be mounted again'
	[ "$i" -gt 0 ] || [ ! -s "$WORK/disk/control" ] || fail 'a file that nobody synced is there: the power was not cut'
	while read -r run; do
		for file in job.fio job.run.fio run.json env.json fio.json engine.jsonl warnings.json end.json; do
			[ -s "$run/$file" ] || fail "$run was reported, and its $file is $([ -e "$run/$file" ] && echo empty || echo gone)"
		done
	done <"$WORK/reported"
	n=0
	for run in "$out"/runs/[0-9]*; do
		n=$((n + 1))
		jq -e . "$run"/*.json "$run/engine.jsonl" >/dev/null || fail "$run is in sight and cannot be read"
	done
	"$SQP_BENCH" history --out "$out" --json >"$WORK/h" 2>"$WORK/e" || fail "history: $(cat "$WORK/e")"
	jq -e --argjson n "$n" '.points | length == $n' "$WORK/h" >/dev/null || fail 'the index does not know all of them'
done
printf '%d runs were reported, %d are in sight\n' "$(wc -l <"$WORK/reported")" "$n"
