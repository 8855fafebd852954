#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Question: does `sqbench import` take runs that were made elsewhere as they are, each once, and nothing that is damaged?
# Expected: every file byte for byte, fio's own as fio wrote it; a second import takes nothing; what is damaged, incomplete, or another run of an id that is there is refused, the rest is taken.
# Wrong if: a file is edited or lost, a run is there half, or one is overwritten.
. "$SQP_SOURCE/tests/lib.sh" || exit 1
need jq fio

head -c 1M /dev/urandom >"$WORK/data"
printf '[j]\nioengine=sqpoll\nsq_thread_idle=4\nfilename=%s\nrw=randread\nbs=4k\ntime_based=1\nruntime=200ms\n' "$WORK/data" >"$WORK/job.fio"
from=$WORK/from out=$WORK/out
# fio, and a copy of what it wrote as it ends
cat >"$WORK/fio" <<-END
	#!/bin/sh
	"$(command -v fio)" "\$@"
	rc=\$?
	for arg in "\$@"; do
		case \$arg in --output=*) cp "\${arg#--output=}" "$WORK/as-written.json" ;; esac
	done
	exit \$rc
END
chmod +x "$WORK/fio"
"$SQP_BENCH" run --fio "$WORK/fio" --out "$from" --engine-dir "$SQP_ENGINE_DIR" "$WORK/job.fio" >"$WORK/o" || fail "run: $(cat "$WORK/o")"
run=$(sed -n 's/^run: //p' "$WORK/o")
# again ID: the same run as another
again() {
	cp -r "$run" "$from/runs/$1"
	jq --arg id "$1" '.id = $id' "$run/run.json" >"$from/runs/$1/run.json"
}
again 20270101T000000Z-run-0001
mkdir -p "$from/runs/20270101T000000Z-run-0001/derived"
again 20270102T000000Z-run-0002
cp -r "$run" "$from/runs/.20270103T000000Z-run-0003.tmp"

# import CODE ARGS...: JSON in $WORK/json
import() {
	local code=$1 rc=0
	shift
	"$SQP_BENCH" import --json --out "$out" "$@" >"$WORK/json" 2>"$WORK/said" || rc=$?
	[ "$rc" -eq "$code" ] || fail "import $*: exit $rc where $code was expected: $(cat "$WORK/said" "$WORK/json")"
}
counts() { jq -r '[.taken, .there, .refused] | map(length) | join(" ")' "$WORK/json"; }

import 0 "$from"
[ "$(counts)" = '3 0 0' ] || fail "first: $(cat "$WORK/json")"
cmp "$WORK/as-written.json" "$out/runs/${run##*/}/fio.json" || fail 'fio.json is not what fio wrote'
diff -r --exclude '.2*' "$from/runs" "$out/runs" || fail 'a file is not what it was'
[ -z "$(find "$out/runs" -name '.*')" ] || fail 'something unfinished is left'
import 0 "$from/" "$run"
[ "$(counts)" = '0 4 0' ] || fail "again: $(cat "$WORK/json")"
# what is made from a run makes no other of it
echo page >"$out/runs/20270102T000000Z-run-0002/report.html"
import 0 "$from"
[ "$(counts)" = '0 3 0' ] || fail "with a page: $(cat "$WORK/json")"
"$SQP_BENCH" history --out "$out" --json | jq -e '.points | length == 3' >/dev/null || fail 'the index does not know them'
"$SQP_BENCH" import --out "$out" "$from" >"$WORK/o" || fail import
[ "$(tail -n 1 "$WORK/o")" = '0 runs taken, 3 already there, 0 refused' ] || fail "as text: $(cat "$WORK/o")"

# One is another by now, one is damaged, each in its way; a whole one beside them is taken.
sums() { find "$out/runs" -type f -exec md5sum {} + | sort | md5sum; }
before=$(sums)
echo '{"exit": 0, "failure": "", "wall_s": 9}' >"$from/runs/20270101T000000Z-run-0001/end.json"
damaged() {
	again "$1"
	eval "$2"
	import 1 "$from/runs/$1"
	jq -e --arg said "$3" '.taken == [] and (.refused | length == 1) and (.refused[0].reason | test($said))' "$WORK/json" >/dev/null || fail "$1: $(cat "$WORK/json")"
	[ "$(sums)" = "$before" ] || fail "$1 left something"
	rm -r "${from:?}/runs/$1"
}
bad=$from/runs/20270105T000000Z-run-0005
damaged "${bad##*/}" "truncate -s 1000 '$bad/fio.json'" 'fio.json: the JSON is cut off'
damaged "${bad##*/}" "truncate -s 100 '$bad/engine.jsonl'" 'engine.jsonl: line 1'
damaged "${bad##*/}" ": >'$bad/run.json'" 'run.json'
damaged "${bad##*/}" "rm '$bad/end.json'" 'end.json: cannot be read'
damaged "${bad##*/}" "echo '{\"schema\": \"sqbench-run/2\", \"id\": \"${bad##*/}\"}' >'$bad/run.json'" 'sqbench-run/2, newer than sqbench-run/1'
damaged "${bad##*/}" "echo '{\"id\": \"../20270105T000000Z-run-0005\"}' >'$bad/run.json'" 'no id of a run'
damaged "${bad##*/}" "ln -s /etc/passwd '$bad/link'" 'neither a file nor a directory'
damaged "${bad##*/}" "mkfifo '$bad/pipe'" 'neither a file nor a directory'
again 20270106T000000Z-run-0006
import 1 "$from"
jq -e '.taken == ["20270106T000000Z-run-0006"] and (.there | length == 2) and (.refused | length == 1) and (.refused[0].reason | test("differs in .*end.json"))' "$WORK/json" >/dev/null ||
	fail "another of one id: $(cat "$WORK/json")"
import 1 "$WORK"
jq -e '.refused[0].reason | test("holds neither a run")' "$WORK/json" >/dev/null || fail "$(cat "$WORK/json")"
expect_fail 'name results directories' "$SQP_BENCH" import --out "$out"

# What a killed import left is done again.
rm -r "$out/runs/20270106T000000Z-run-0006"
mkdir "$out/runs/.20270106T000000Z-run-0006.import.tmp"
echo half >"$out/runs/.20270106T000000Z-run-0006.import.tmp/fio.json"
[ "$("$SQP_BENCH" list --out "$out" --json | jq -r '[.[] | select(.state == "incomplete")] | length')" = 1 ] || fail 'list does not tell of it'
import 0 "$from/runs/20270106T000000Z-run-0006"
diff -r "$from/runs/20270106T000000Z-run-0006" "$out/runs/20270106T000000Z-run-0006" || fail 'not as it was'
[ -z "$(find "$out/runs" -name '.*')" ] || fail 'the half one is still there'
