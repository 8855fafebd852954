#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Question: does `run` keep everything, whole or not at all, and never write where it must not?
# shellcheck source=tests/lib.sh
. "$SQP_SOURCE/tests/lib.sh" || exit 1
need jq fio

out=$WORK/out
head -c 4M /dev/urandom >"$WORK/data"
sum=$(md5sum <"$WORK/data")

cat >"$WORK/read.fio" <<-'END'
	[global]
	filename=${FILENAME}
	thread=1
	rw=randread
	bs=4k
	time_based=1
	runtime=300ms
	[plain]
	ioengine=io_uring
	[ours]
	stonewall
	ioengine=sqpoll
	sq_thread_idle=4
END
"$SQP_BENCH" run --out "$out" -D FILENAME="$WORK/data" "$WORK/read.fio" >"$WORK/o" || fail "run: $(cat "$WORK/o")"
run=$(sed -n 's/^run: //p' "$WORK/o")
for file in job.fio job.run.fio run.json env.json fio.json engine.jsonl warnings.json end.json stdout.txt stderr.txt; do
	[ -e "$run/$file" ] || fail "$file is missing in $run"
done
cmp "$WORK/read.fio" "$run/job.fio" || fail "the job file was not kept as it was"
[ "$(json "$run/fio.json" '.jobs | length')" = 2 ] || fail "fio.json"
[ "$(wc -l <"$run/engine.jsonl")" -eq 1 ] || fail "one job of ours is one line"
[ "$(json "$run/engine.jsonl" .schema)" = sqpoll-stats/1 ] || fail "engine.jsonl"
[ "$(json "$run/end.json" .exit)" = 0 ] || fail "end.json"
[ -z "$(find "$out/runs" -name '.*.tmp')" ] || fail "something unfinished is left"

# Arguments behind -- reach fio.
"$SQP_BENCH" run --json --out "$out" -D FILENAME="$WORK/data" "$WORK/read.fio" -- --section=plain >"$WORK/o.json" || fail "run --"
[ "$(json "$(json "$WORK/o.json" .dir)/fio.json" '.jobs | length')" = 1 ] || fail "--section did not reach fio"

# An existing file is not written to, however the job names it.
printf '[w]\nfilename=%s\nrw=write\nsize=1m\n' "$WORK/data" >"$WORK/write.fio"
# shellcheck disable=SC2016 # fio expands it
printf '[w]\nfilename=${FILENAME}\nrw=randrw\nsize=1m\n' >"$WORK/write-var.fio"
printf '[w]\nsize=1m\n' >"$WORK/bare.fio"
expect_fail 'exists already' "$SQP_BENCH" run --out "$out" "$WORK/write.fio"
expect_fail 'exists already' "$SQP_BENCH" run --out "$out" -D FILENAME="$WORK/data" "$WORK/write-var.fio"
expect_fail 'exists already' "$SQP_BENCH" run --out "$out" "$WORK/bare.fio" -- --name=x "--filename=$WORK/data" --rw=write
printf 'include write.fio\n' >"$WORK/include.fio"
expect_fail 'includes other files' "$SQP_BENCH" run --out "$out" "$WORK/include.fio"
# A log that is replayed names its files itself, and its writes are left out.
printf '%s\n' 'fio version 3 iolog' "1 $WORK/data add" "2 $WORK/data open" "3 $WORK/data write 0 4096" "4 $WORK/data read 4096 4096" "5 $WORK/data close" >"$WORK/io.log"
printf '[replay]\nread_iolog=%s\n' "$WORK/io.log" >"$WORK/replay.fio"
"$SQP_BENCH" run --out "$out" "$WORK/replay.fio" >"$WORK/o" || fail "a replay: $(cat "$WORK/o")"
[ "$(md5sum <"$WORK/data")" = "$sum" ] || fail "the file was written to"
"$SQP_BENCH" run --out "$out" --allow-write "$WORK/replay.fio" >"$WORK/o" || fail "a replay that may write: $(cat "$WORK/o")"
[ "$(md5sum <"$WORK/data")" != "$sum" ] || fail "a replay with --allow-write wrote nothing"
sum=$(md5sum <"$WORK/data")

# A file that is not there may be made; with --allow-write one that is there may be lost.
"$SQP_BENCH" run --out "$out" -D FILENAME="$WORK/new" "$WORK/write-var.fio" >/dev/null || fail "a new file"
"$SQP_BENCH" run --out "$out" --allow-write "$WORK/write.fio" >/dev/null || fail "--allow-write"
[ "$(md5sum <"$WORK/data")" != "$sum" ] || fail "--allow-write wrote nothing"

# A job that fails: exit 1, and the run is kept with its messages.
printf '[w]\nfilename=%s\nrw=randread\nioengine=no-such-engine\n' "$WORK/data" >"$WORK/bad.fio"
rc=0
"$SQP_BENCH" run --out "$out" "$WORK/bad.fio" >"$WORK/o" 2>"$WORK/e" || rc=$?
[ "$rc" -eq 1 ] || fail "a failing job: exit $rc"
[ "$(wc -l <"$WORK/e")" -eq 1 ] || fail "one line says why: $(cat "$WORK/e")"

# Time limit.
printf '[s]\nfilename=%s\nrw=randread\nsize=1m\ntime_based=1\nruntime=30\nthread=1\n' "$WORK/data" >"$WORK/slow.fio"
expect_fail '--timeout' timeout 20 "$SQP_BENCH" run --out "$out" --timeout 1 "$WORK/slow.fio"

# The list knows all of them.
"$SQP_BENCH" list --out "$out" --json >"$WORK/list.json" || fail "list"
[ "$(json "$WORK/list.json" '[.[] | select(.kind == "run" and .state == "complete")] | length')" = 8 ] || fail "list: $(cat "$WORK/list.json")"
"$SQP_BENCH" list --out "$out" | grep -q 'read.fio' || fail "list as a table"
