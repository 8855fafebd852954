#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Question: does a real tune of 15 s leave a page that is whole, and the same as text and as Markdown?
# shellcheck source=tests/lib.sh
. "$SQP_SOURCE/tests/lib.sh" || exit 1
# shellcheck source=tests/cli/page.sh
. "$SQP_SOURCE/tests/cli/page.sh" || exit 1
need jq gnuplot fio

head -c 16M /dev/urandom >"$WORK/data"
sum=$(md5sum <"$WORK/data")
"$SQP_BENCH" tune --file "$WORK/data" --rates const:200,full:8 --idles 4,8 --budget 15 --out "$WORK/out" >"$WORK/o" 2>"$WORK/e" ||
	fail "tune: $(tail -n 3 "$WORK/e")"
page=$(sed -n 's/^report: //p' "$WORK/o")
run=$(dirname "$page")
[ "$(md5sum <"$WORK/data")" = "$sum" ] || fail "the file was written to"
jq -e '[.workloads[].points[] | select(.n == 0)] == []' "$run/derived/analysis.json" >/dev/null || fail "an arm has no result"
# Plain has no SQ thread, and all others have one; how much of a CPU it gets is up to what else runs here.
jq -e '[.workloads[].points[] | (.sq_duty.value > 0) == (.arm != "plain")] | all' \
	"$run/derived/analysis.json" >/dev/null || fail "SQ-thread duty"
for word in '<title>SQPOLL' 'Warnings' 'Raw numbers'; do
	grep -q "$word" "$page" || fail "the page lacks $word"
done
page_is_whole "$run" 4

# Polled arms that the device cannot have are refused, with the cure.
if [ "$("$SQP_BENCH" preflight --json "$WORK/data" | jq '.env.target.io_poll')" = 0 ]; then
	expect_fail 'leave polled arms out with --hipri no' "$SQP_BENCH" tune --hipri yes --file "$WORK/data" --rates full:8 --idles 4 \
		--budget 15 --out "$WORK/out"
fi

# As text it fits a terminal, as Markdown it has the same answer.
"$SQP_BENCH" report --format text "$run" >"$WORK/text" || fail "as text: $?"
answer=$(sed -n 's/^.*<p class="answer">\([^<&]*\).*/\1/p' "$page" | head -n 1)
[ -n "$answer" ] || fail 'the page has no answer'
tr '\n' ' ' <"$WORK/text" | grep -qF -- "$answer" || fail "the text lacks the answer: $(head -n 8 "$WORK/text")"
grep -q '^(Drawing: ' "$WORK/text" || fail 'the text has no words for drawings'
! grep -n '<' "$WORK/text" || fail 'the text has tags in it'
"$SQP_BENCH" report --format markdown "$run" >"$WORK/md" || fail "as Markdown: $?"
grep -qF -- "$answer" "$WORK/md" || fail "the Markdown lacks the answer"
grep -q '^|.*---:|' "$WORK/md" || fail 'the Markdown has no tables'
expect_fail '--format pdf: html, text or markdown' "$SQP_BENCH" report --format pdf "$run"
cp -r "$run" "$WORK/copy"
rm "$WORK/copy/report.html"
expect_fail 'there is no page yet' "$SQP_BENCH" report --format text "$WORK/copy"
echo '<html><p>cut' >"$WORK/copy/report.html"
expect_fail 'report.html: line 2: ' "$SQP_BENCH" report --format text "$WORK/copy"
