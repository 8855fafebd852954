#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Question: do `sqbench change` and `sqbench gate` say of anybody's CSV files when a level changed, and which cell got slower?
# Expected: a step is found where it is, by series, in any order of rows and columns; none in noise; each cell has its verdict and the exit code is 1
#           when one got slower; what is wrong with a file is one line with its number.
# Wrong if: a change is missed or made up, text and JSON differ, or bad input passes.
. "$SQP_SOURCE/tests/lib.sh" || exit 1
need jq

# noise SEED N LEVEL: N values around LEVEL, within 1 %
noise() { awk -v seed="$1" -v n="$2" -v level="$3" 'BEGIN { srand(seed); for (i = 0; i < n; i++) printf "%.4f\n", level * (0.99 + 0.02 * rand()) }'; }

change() { "$SQP_BENCH" change "$@" >"$WORK/out" 2>"$WORK/err" || { cat "$WORK/err" >&2; fail "change $*: $?"; }; }
holds() { jq -e "$1" "$WORK/out" >/dev/null || { cat "$WORK/out" >&2; fail "it does not hold that $1"; }; }
refuses() { local rc=0; "$SQP_BENCH" "${@:2}" >"$WORK/out" 2>"$WORK/err" </dev/null || rc=$?; [ "$rc" -eq 2 ] || fail "${*:2}: exit $rc, not 2"
	grep -Eq -- "$1" "$WORK/err" || fail "${*:2}: said $(cat "$WORK/err")"; [ ! -s "$WORK/out" ] || fail "${*:2}: it printed something"; }

# A step of 5 % on the 41st night, dates as times
{ noise 1 40 100; noise 2 20 105; } >"$WORK/values"
awk 'BEGIN { print "time,value" } { printf "2026-%02d-%02d,%s\n", 1 + int((NR - 1) / 28), 1 + (NR - 1) % 28, $1 }' "$WORK/values" >"$WORK/step.csv"
change --json "$WORK/step.csv"
holds '.schema == "sqbench-change/1" and .values == 60 and (.changes | length) == 1'
holds '.changes[0] | .series == null and .time == "2026-02-13" and .index == 40 and .size_pct > 4 and .size_pct < 6 and .lo_pct < 5 and .hi_pct > 5 and .p <= 0.001'
change "$WORK/step.csv"
grep -q '^2026-02-13 .*+[45]\.[0-9]* %' "$WORK/out" || fail "the text says $(cat "$WORK/out")"
[ "$(tail -n 1 "$WORK/out")" = '1 change in 60 values' ] || fail "the last line is $(tail -n 1 "$WORK/out")"
# the order of the rows is that of the times, whatever the file's is; stdin; other columns, a mark of UTF-8, ends of lines of another system
{ head -n 1 "$WORK/step.csv"; tail -n +2 "$WORK/step.csv" | sort -t , -k 2; } >"$WORK/mixed.csv"
"$SQP_BENCH" change --json - <"$WORK/mixed.csv" | jq -e '.changes[0].time == "2026-02-13"' >/dev/null || fail 'rows in another order, on stdin'
awk -F, 'BEGIN { printf "\xef\xbb\xbf" } { printf "\"x, y\",%s,%s,\"s 1\"\r\n", NR == 1 ? "value" : $2, NR == 1 ? "time" : $1 }' "$WORK/step.csv" | sed '1s/"s 1"/series/' >"$WORK/quoted.csv"
change --json "$WORK/quoted.csv"
holds '.changes[0] | .series == "s 1" and .time == "2026-02-13" and .index == 40'

# Two series, one of them without a change; numbers as times
{ echo 'time,value,series'; awk '{ print NR "," $1 ",a" }' "$WORK/values"; noise 3 60 50 | awk '{ print NR "," $1 ",b" }'; } >"$WORK/two.csv"
change --json "$WORK/two.csv"
holds '[.changes[].series] == ["a"] and .changes[0].time == "41" and .values == 120'
change --json --worth 10 "$WORK/two.csv"
holds '.changes == [] and .worth_pct == 10'
echo 'time,value' >"$WORK/none.csv"
change --json "$WORK/none.csv"
holds '.changes == [] and .values == 0'

# Cells of a gate: slower, the same, faster
gate() { local rc=0; "$SQP_BENCH" gate "${@:2}" >"$WORK/out" 2>"$WORK/err" || rc=$?; [ "$rc" -eq "$1" ] || { cat "$WORK/out" "$WORK/err" >&2; fail "gate ${*:2}: $rc, not $1"; }; }
cells() { echo 'cell,value'; noise 4 10 100 | sed "s/^/read,/"; noise 5 10 "$1" | sed 's/^/write,/'; noise 6 10 "$2" | sed 's/^/trim,/'; }
cells 100 100 >"$WORK/base.csv"
cells 106 94 >"$WORK/current.csv"
gate 1 --json "$WORK/base.csv" "$WORK/current.csv"
holds '.schema == "sqbench-gate/1" and .slower == 1 and ([.cells[] | [.cell, .verdict]] == [["read", "same"], ["write", "slower"], ["trim", "faster"]])'
holds '.cells[1] | .change_pct > 5 and .change_pct < 7 and .lo_pct < .change_pct and .hi_pct > .change_pct and .p < 0.001 and .believed_by == "p" and .n_base == 10 and .reason == null'
holds '(.correlation | fabs) < 0.2 and .fdr == 0.001 and .fdr_apart == 0.05 and .cells[0].believed_by == null'
gate 1 "$WORK/base.csv" "$WORK/current.csv"
! grep -q '^values follow' "$WORK/out" || fail "noise is said to follow itself"
grep -q '^write  *slower ' "$WORK/out" || fail "the text says $(cat "$WORK/out")"
[ "$(tail -n 1 "$WORK/out")" = '1 of 3 cells are slower, 0 are not known' ] || fail "the last line is $(tail -n 1 "$WORK/out")"
gate 1 --json --more-is-better "$WORK/base.csv" "$WORK/current.csv"
holds '[.cells[].verdict] == ["same", "faster", "slower"]'
# One of 20 cells collapses, five values each
collapse() { echo 'cell,value'; for i in $(seq 20); do noise "$i" 5 $((i == 7 ? $1 : 100)) | sed "s/^/c$i,/"; done; }
collapse 100 >"$WORK/whole.csv"
collapse 1000 >"$WORK/collapsed.csv"
gate 1 --json "$WORK/whole.csv" "$WORK/collapsed.csv"
holds '.slower == 1 and (.cells[6] | .verdict == "slower" and .believed_by == "far" and .p > 0.007)'
gate 1 "$WORK/whole.csv" "$WORK/collapsed.csv"
grep -q '^c7  *slower .*  far beyond all spreads$' "$WORK/out" || fail "a collapse: $(grep '^c7 ' "$WORK/out")"
{ echo cell,value; for i in $(seq 40); do echo "c,$((i / 4 % 5 + 100))"; done; } >"$WORK/follow.csv"
gate 0 "$WORK/follow.csv" "$WORK/follow.csv"
grep -q '^values follow each other (correlation 0\.' "$WORK/out" || fail "values that follow each other: $(cat "$WORK/out")"
gate 0 --json "$WORK/base.csv" "$WORK/base.csv"
holds '.slower == 0'
gate 0 --worth 10 "$WORK/base.csv" "$WORK/current.csv"
printf 'cell,value\nread,100\nread,101\nnew,5\n' >"$WORK/few.csv"
gate 0 --json "$WORK/base.csv" "$WORK/few.csv"
holds '.cells | map(.verdict) | sort == ["unknown", "unknown", "unknown", "unknown"]'
holds '.cells | map(.reason) | .[0] != null and .[1] == "measured in the base only" and .[3] == "measured in the current set only"'
gate 0 "$WORK/base.csv" "$WORK/few.csv"
grep -Eq '^new +unknown +- +5 +- +- +-  measured in the current set only$' "$WORK/out" || fail "what cannot be computed is a dash: $(cat "$WORK/out")"

# the table of its power, for few series
"$SQP_BUILD/bench/detector-power" --series 2 --nights 40 >"$WORK/out" || fail "detector-power: $?"
[ "$(wc -l <"$WORK/out")" -eq 25 ] || fail "detector-power: $(cat "$WORK/out")"
"$SQP_BUILD/bench/gate-power" --nights 2 --cells 20 --base 10 >"$WORK/out" || fail "gate-power: $?"
[ "$(wc -l <"$WORK/out")" -eq 17 ] || fail "gate-power: $(cat "$WORK/out")"

printf 'time,speed\n1,2\n' >"$WORK/bad.csv"
refuses "bad.csv: line 1: there is no column 'value': .* 'time,speed'" change "$WORK/bad.csv"
printf 'time,value\n1,2\n\n2,fast\n' >"$WORK/bad.csv"
refuses "bad.csv: line 4: value 'fast' is not a number" change "$WORK/bad.csv"
printf 'time,value\n1,2\n2\n' >"$WORK/bad.csv"
refuses 'bad.csv: line 3: 1 fields where the first line has 2' change "$WORK/bad.csv"
printf 'time,value\n1,nan\n' >"$WORK/bad.csv"
refuses "line 2: value 'nan' is not a number" change "$WORK/bad.csv"
: >"$WORK/bad.csv"
refuses 'the file is empty' change "$WORK/bad.csv"
refuses 'No such file' change "$WORK/nowhere.csv"
refuses 'name a CSV file' change
refuses 'name two CSV files' gate "$WORK/base.csv"
refuses "there is no column 'cell'" gate "$WORK/step.csv" "$WORK/base.csv"
refuses "--p: '0' is not a number from" change --p 0 "$WORK/step.csv"
