#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Question: is everything that is derived made again from the raw files, the same, and elsewhere too?
# Expected: sqbench report gives analysis.json byte for byte after derived/ and report.html are gone, and for a run that was
#           only measured (--no-report); with arms that are polled and without; for the run in results/reference too.
# Wrong if: an analysis differs, or a run that is not whole is reported.
# shellcheck source=tests/lib.sh
. "$SQP_SOURCE/tests/lib.sh" || exit 1
need jq gnuplot

fio=$SQP_SOURCE/tests/cli/fake-fio
tune() {
	"$SQP_BENCH" tune --fio "$fio" --size 1 --rates const:50,full:8 --idles 4,8 --budget 60 --repeats 2 --out "$WORK/out" "$@"
}

for hipri in yes no; do
	tune --hipri "$hipri" >"$WORK/o" 2>"$WORK/e" || fail "tune: $(tail -n 1 "$WORK/e")"
	run=$(dirname "$(sed -n 's/^report: //p' "$WORK/o")")
	cp "$run/derived/analysis.json" "$WORK/before.json"
	rm -r "$run/derived" "$run/report.html"
	"$SQP_BENCH" report --out "$WORK/out" "$(basename "$run")" >"$WORK/again" || fail "report of an id"
	sed -E 's/^report: .*(runs\/)/report: \1/' "$WORK/o" >"$WORK/o.short"
	sed -E 's/^report: .*(runs\/)/report: \1/' "$WORK/again" | diff "$WORK/o.short" - || fail "other last lines"
	cmp "$run/derived/analysis.json" "$WORK/before.json" || fail "another analysis"
	[ -s "$run/report.html" ] || fail "no page"
	[ "$(grep -c '"arm"' "$WORK/before.json")" -eq "$([ "$hipri" = yes ] && echo 16 || echo 8)" ] || fail "--hipri $hipri: arms"
	[ "$(grep -c 'Hollow: with hipri' "$run/report.html")" -eq "$([ "$hipri" = yes ] && echo 3 || echo 0)" ] || fail "--hipri $hipri: captions"
done

# Measured here, reported there.
tune --no-report --note 'Only a <test>.' >"$WORK/o" 2>"$WORK/e" || fail "tune --no-report: $(tail -n 1 "$WORK/e")"
run=$(sed -n 's/^run: //p' "$WORK/o")
[ -z "$(find "$run" -name derived -o -name report.html)" ] || fail "--no-report wrote a report"
cp -r "$run" "$WORK/elsewhere"
"$SQP_BENCH" report "$WORK/elsewhere" --json >"$WORK/a.json" || fail "report of a directory"
jq -e --arg page "$WORK/elsewhere/report.html" '.report == $page and ([.workloads[].points[] | select(.n == 0)] == [])' "$WORK/a.json" >/dev/null ||
	fail "the analysis: $(cat "$WORK/a.json")"
grep -q 'Only a &lt;test&gt;\.' "$WORK/elsewhere/report.html" || fail "the note is not in the report"

# What is not there cannot be reported.
rm "$WORK/elsewhere/end.json"
expect_fail 'not measured to its end' "$SQP_BENCH" report "$WORK/elsewhere"
rm -r "$WORK/elsewhere/cells"
expect_fail 'its cells are not there' "$SQP_BENCH" report "$WORK/elsewhere"

# A run of an earlier version, with its figures.
reference=$(find "$SQP_SOURCE/results/reference" -mindepth 1 -maxdepth 1 -type d -name '*-tune-*' | head -n 1)
cp -r "$reference" "$WORK/reference"
tar -C "$WORK/reference" -xzf "$WORK/reference/cells.tar.gz"
"$SQP_BENCH" report "$WORK/reference" >/dev/null || fail "the reference run"
figures='.recommend, [.workloads[] | .name, .verdict, .cost_ratio, (.points[] | .arm, .lat_us_mean, .lat_us_p99, .cost_us)]'
diff <(jq "$figures" "$reference/derived/analysis.json") <(jq "$figures" "$WORK/reference/derived/analysis.json") ||
	fail "the reference run has other figures"

# Runs of ring and versus that were kept whole: the same tables for their drawings.
for kept in "$SQP_SOURCE"/results/reference/*-ring-* "$SQP_SOURCE"/results/reference/*-versus-*; do
	[ -d "$kept" ] || continue
	rm -rf "$WORK/kept"
	cp -r "$kept" "$WORK/kept"
	rm -r "$WORK/kept/derived" "$WORK/kept/report.html"
	"$SQP_BENCH" report "$WORK/kept" >/dev/null || fail "the reference run ${kept##*/}"
	diff -r -x '*.svg' "$kept/derived" "$WORK/kept/derived" >&2 || fail "the reference run ${kept##*/} has other figures"
done
