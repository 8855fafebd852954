#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Question: what does a full disk do to runs, to the index, to an import?
# Expected: each command does it all, or fails with one line that names the cause; no half-written run is in sight; with room again all works as if nothing had been.
# Wrong if: a run in sight lacks a file, a failure ends with 0 or in silence, or the index has to be deleted by hand.
. "$SQP_SOURCE/tests/lib.sh" || exit 1
need jq fio unshare
if [ "${1:-}" != inside ]; then
	[ "$(id -u)" -eq 0 ] || skip 'only root can mount'
	unshare -m true 2>/dev/null || skip 'no mount namespace can be made here'
	# what is mounted in it goes with it
	unshare -m bash "$0" inside
	exit
fi

head -c 256K /dev/urandom >"$WORK/data"
printf '[j]\nioengine=sqpoll\nsq_thread_idle=4\nfilename=%s\nrw=randread\nbs=4k\ntime_based=1\nruntime=50ms\n' "$WORK/data" >"$WORK/job.fio"
mkdir "$WORK/disk"
mount -t tmpfs -o size=2M none "$WORK/disk" || skip 'tmpfs cannot be mounted here'
trap 'umount -q "$WORK/disk"; rm -rf "$WORK"' EXIT
out=$WORK/disk/out
# leave KB: so much room
leave() {
	local free
	rm -f "$WORK/disk/fill"
	free=$(df -k --output=avail "$WORK/disk" | tail -n 1)
	[ "$free" -ge "$1" ] || fail "there are no $1 KB left"
	head -c "$(((free - $1) * 1024))" /dev/zero >"$WORK/disk/fill"
}
# tried ARGS...: it ends with 0 and in silence, or with something else and one line that says why; $rc, $WORK/o, $WORK/e
tried() {
	rc=0
	timeout 60 "$SQP_BENCH" "$@" >"$WORK/o" 2>"$WORK/e" || rc=$?
	if [ "$rc" -eq 0 ]; then
		[ ! -s "$WORK/e" ] || fail "$*: ended with 0 and said $(cat "$WORK/e")"
	else
		[ "$rc" -lt 124 ] || fail "$*: $rc"
		[ "$(wc -l <"$WORK/e")" -eq 1 ] || fail "$*: one line says why: $(cat "$WORK/e")"
		grep -Eqi 'no space left|disk is full' "$WORK/e" || fail "$*: it does not name the cause: $(cat "$WORK/e")"
	fi
}
# every run in sight is whole, and there are N
all_whole() {
	local n=0 run file
	for run in "$out"/runs/[0-9]*; do
		[ -d "$run" ] || continue
		n=$((n + 1))
		for file in run.json env.json fio.json warnings.json end.json; do
			jq -e . "$run/$file" >/dev/null || fail "$run/$file"
		done
		jq -e '.exit == 0' "$run/end.json" >/dev/null || fail "$run failed"
	done
	[ "$n" -eq "$1" ] || fail "$n runs are in sight, $1 were reported"
}
job=(run --out "$out" --engine-dir "$SQP_ENGINE_DIR" "$WORK/job.fio")

stored=0 failed=0
for left in 0 4 8 12 20 28 32 64; do
	leave "$left"
	tried "${job[@]}"
	if [ "$rc" -eq 0 ]; then stored=$((stored + 1)); else failed=$((failed + 1)); fi
	[ "$(grep -c '^run: ' "$WORK/o")" -eq $((rc == 0)) ] || fail "with $left KB left: $rc and $(cat "$WORK/o")"
	all_whole "$stored"
done
[ $((stored >= 1 && failed >= 4)) -eq 1 ] || fail "with so little room: $stored stored, $failed failed"
rm "$WORK/disk/fill"
tried "${job[@]}"
[ "$rc" -eq 0 ] || fail "with room again: $(cat "$WORK/e")"
stored=$((stored + 1))
all_whole "$stored"
"$SQP_BENCH" list --out "$out" --json | jq -e --argjson n "$failed" '[.[] | select(.state == "incomplete")] | length == $n' >/dev/null || fail 'list does not tell of the others'

# The index: made, and brought up to date, with too little room
run=$(sed -n 's/^run: //p' "$WORK/o")
"$SQP_BENCH" history --out "$out" >"$WORK/history" || fail history
failed=0
for left in 0 4 12 24 64; do
	rm "$out/index.sqlite"
	leave "$left"
	tried history --out "$out"
	[ "$rc" -eq 0 ] || failed=$((failed + 1))
	rm "$WORK/disk/fill"
	"$SQP_BENCH" history --out "$out" | cmp - "$WORK/history" || fail "with room again after $left KB: another history"
done
[ "$failed" -ge 2 ] || fail "the index needed no room: $failed"
for left in 0 4 8; do
	id=20270101T000000Z-run-000$left
	cp -r "$run" "$out/runs/$id"
	jq --arg id "$id" '.id = $id' "$run/run.json" >"$out/runs/$id/run.json"
	leave "$left"
	tried history --out "$out"
	rm "$WORK/disk/fill"
	stored=$((stored + 1))
	"$SQP_BENCH" history --out "$out" --json | jq -e --argjson n "$stored" '.points | length == $n' >/dev/null || fail "with room again after $left KB: not all runs are known"
done

# An import that does not fit leaves nothing.
"$SQP_BENCH" import --out "$WORK/elsewhere" "$out" >/dev/null || fail import
for left in 0 8 24; do
	rm -rf "$out"
	leave "$left"
	tried import --out "$out" "$WORK/elsewhere"
	[ "$rc" -eq 3 ] || fail "an import into $left KB: $rc"
	all_whole 0
	[ -z "$(find "$out/runs" -mindepth 1)" ] || fail "an import into $left KB left $(find "$out")"
done
rm "$WORK/disk/fill"
tried import --out "$out" "$WORK/elsewhere"
[ "$rc" -eq 0 ] || fail "import: $(cat "$WORK/e")"
all_whole "$stored"
