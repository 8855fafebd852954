#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Question: does a tune survive Ctrl-C, kill -9 and a second process, and finish as if nothing had happened?
# The fio is a stand-in, so this tests the suite and not the machine.
# shellcheck source=tests/lib.sh
. "$SQP_SOURCE/tests/lib.sh" || exit 1
need jq gnuplot

out=$WORK/out
fio=$SQP_SOURCE/tests/cli/fake-fio
options=(--fio "$fio" --size 1 --rates "const:50,poisson:100" --idles "4,8,16" --budget 90 --repeats 3 --out "$out")
cells=30

# wait_for COUNT: until that many cells are there, at most 30 s
wait_for() {
	for _ in $(seq 300); do
		[ "$(find "$out" -path '*/cells/*' -name cell.json 2>/dev/null | grep -vc '/\.[0-9]*\.tmp/')" -ge "$1" ] && return
		sleep 0.1
	done
	fail "no $1 cells within 30 s"
}

state_of() {
	"$SQP_BENCH" list --out "$out" --json | jq -r ".[] | select(.id == \"$1\").state"
}

# Whole, in one go.
"$SQP_BENCH" tune "${options[@]}" >"$WORK/o" 2>"$WORK/e" || fail "tune: $(cat "$WORK/e")"
tail -n 2 "$WORK/o" | head -n 1 | grep -Eq '^report: .*/report\.html$' || fail "the line before the last: $(cat "$WORK/o")"
tail -n 1 "$WORK/o" | grep -Eq '^recommend: .' || fail "last line: $(cat "$WORK/o")"
run=$(dirname "$(sed -n 's/^report: //p' "$WORK/o")")
[ "$(find "$run/cells" -name fio.json | wc -l)" -eq $cells ] || fail "cells"
[ ! -e "$run/scratch.dat" ] || fail "the scratch file is left"
[ "$(wc -l <"$run/derived/cells.tsv")" -eq $((cells + 1)) ] || fail "cells.tsv"
[ "$(grep -c 'left$' "$WORK/e")" -eq $cells ] || fail "a line of progress per cell: $(cat "$WORK/e")"
jq -e '.schema == "sqbench-analysis/1" and (.warnings | length > 0)' "$run/derived/analysis.json" >/dev/null || fail "analysis.json"
expect_fail 'nothing to resume' "$SQP_BENCH" tune --fio "$fio" --resume "$(basename "$run")" --out "$out"
# A tune is something to compare as well: workload and arm, with its repeats.
"$SQP_BENCH" compare --json --out "$out" "$(basename "$run")" "$run" >"$WORK/compare" || fail "compare: $?"
jq -e '(.cells | length) == 10 and ([.cells[].name] | index("const:50, plain") != null) and ([.cells[] | .repeats_a, .repeats_b] | all(. == 3))
	and ([.cells[].metrics.iops.ratio.value] | all(. > 0.99 and . < 1.01))' \
	"$WORK/compare" >/dev/null || fail "the comparison of a tune with itself: $(cat "$WORK/compare")"
rm -r "$out"

# Ctrl-C: exit 130, the exact command that goes on, no scratch file left, and that command works.
export FAKE_FIO_SLEEP=0.2
"$SQP_BENCH" tune "${options[@]}" >"$WORK/o" 2>"$WORK/e" &
pid=$!
wait_for 3
expect_fail 'another process|not in' "$SQP_BENCH" tune --fio "$fio" --resume "$("$SQP_BENCH" list --out "$out" --json | jq -r '.[0].id')" --out "$out"
[ "$(state_of "$("$SQP_BENCH" list --out "$out" --json | jq -r '.[0].id')")" = running ] || fail "a running tune is not shown as such"
kill -INT "$pid"
rc=0
wait "$pid" || rc=$?
[ "$rc" -eq 130 ] || fail "Ctrl-C: exit $rc"
command=$(sed -n 's/.*go on with: //p' "$WORK/e")
id=$(sed -n 's/.*--resume \([^ ]*\).*/\1/p' <<<"$command")
[ "$(state_of "$id")" = incomplete ] || fail "an interrupted tune is not shown as incomplete"
[ -z "$(find "$out" -name 'scratch.dat*')" ] || fail "Ctrl-C left the scratch file"
before=$(find "$out" -name cell.json -newermt '2000-01-01' | sort | xargs ls -l --time-style=full-iso)

# kill -9 while it goes on, then to the end.
eval "exec $command" >"$WORK/o" 2>"$WORK/e" &
pid=$!
wait_for 8
kill -KILL "$pid"
wait "$pid" 2>/dev/null
sleep 1
[ -z "$(pgrep -f "$out" || true)" ] || fail "kill -9 left a benchmark running"
FAKE_FIO_SLEEP=0
# A file of that name that is not ours is neither used nor overwritten, and costs no cell; ours is made anew when it is not whole.
scratch=$(find "$out" -name scratch.dat)
done_cells=$(find "$out" -name cell.json | wc -l)
mv "$scratch" "$WORK/ours"
for size in 9 $((1 << 20)); do
	head -c "$size" /dev/urandom >"$scratch"
	before_sum=$(cksum <"$scratch")
	expect_fail "scratch.dat: sqbench did not make it.*scratch.dat.json says.*move both away" eval "$command"
	[ "$(cksum <"$scratch")" = "$before_sum" ] || fail "a file of $size bytes that is not ours was overwritten"
	[ "$(find "$out" -name cell.json | wc -l)" -eq "$done_cells" ] || fail "a refused resume lost cells"
done
mv "$WORK/ours" "$scratch"
truncate -s 4k "$scratch"
eval "$command" >"$WORK/o" 2>"$WORK/e" || fail "resume: $(cat "$WORK/e")"
run=$(dirname "$(sed -n 's/^report: //p' "$WORK/o")")
[ "$(basename "$run")" = "$id" ] || fail "resumed as another run"
[ -z "$(find "$out" -name 'scratch.dat*')" ] || fail "the scratch file is left"
[ "$(find "$run/cells" -name cell.json | wc -l)" -eq $cells ] || fail "cells after resume"
[ "$(find "$out" -name '*.tmp' | wc -l)" -eq 0 ] || fail "unfinished pieces are left: $(find "$out" -name '*.tmp')"
while read -r line; do
	file=cells/${line##*/cells/}
	grep -qF "$(awk '{ print $6, $7 }' <<<"$line")" <(ls -l --time-style=full-iso "$run/$file") || fail "$file was written twice"
done <<<"$before"

# A budget that cannot hold one repeat says what would.
expect_fail 'raise --budget' "$SQP_BENCH" tune --fio "$fio" --size 1 --budget 1 --out "$WORK/small"
