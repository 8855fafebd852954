#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Question: is a block device never written to without --allow-write?
# shellcheck source=tests/lib.sh
. "$SQP_SOURCE/tests/lib.sh" || exit 1
need jq fio losetup gnuplot

[ "$(id -u)" -eq 0 ] || skip "loop devices need root"
head -c 8M /dev/urandom >"$WORK/image"
sum=$(md5sum <"$WORK/image")
loop=$(losetup --find --show "$WORK/image" 2>"$WORK/e") || skip "loop devices do not work here"
trap 'losetup -d "$loop"; rm -rf "$WORK"' EXIT

# shellcheck disable=SC2016 # fio expands it
printf '[w]\nfilename=${FILENAME}\nrw=randwrite\nsize=1m\n' >"$WORK/write.fio"
# shellcheck disable=SC2016
printf '[r]\nfilename=${FILENAME}\nrw=randread\nsize=1m\n' >"$WORK/read.fio"
expect_fail 'a block device: nothing was written' "$SQP_BENCH" run --out "$WORK/out" -D FILENAME="$loop" "$WORK/write.fio"
"$SQP_BENCH" run --out "$WORK/out" -D FILENAME="$loop" "$WORK/read.fio" >"$WORK/o" || fail "reading a device"
[ "$(json "$(sed 's/^run: //' "$WORK/o")/env.json" .target.kind)" = device ] || fail "the device is not in the environment"
# What the scan does not see, fio's own --readonly refuses.
expect_fail . "$SQP_BENCH" run --out "$WORK/out" -D FILENAME="$loop" "$WORK/read.fio" -- --name=x --filename="$loop" --rw=write
"$SQP_BENCH" tune --device "$loop" --rates full:4 --idles 4 --budget 10 --out "$WORK/out" >"$WORK/o" 2>"$WORK/e" || fail "tune: $(tail -n 1 "$WORK/e")"
[ -e "$(sed -n 's/^report: //p' "$WORK/o")" ] || fail "no report"
sync
[ "$(md5sum <"$WORK/image")" = "$sum" ] || fail "the device was written to"
"$SQP_BENCH" run --out "$WORK/out" --allow-write -D FILENAME="$loop" "$WORK/write.fio" >/dev/null || fail "--allow-write"
sync
[ "$(md5sum <"$WORK/image")" != "$sum" ] || fail "--allow-write wrote nothing"
