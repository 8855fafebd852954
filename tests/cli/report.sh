#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Question: does a real tune of 15 s leave a page that a browser shows whole, without a request or an error?
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

browser=$(command -v chromium || command -v chromium-browser) || skip "chromium is not installed"
timeout 90 "$browser" --headless --no-sandbox --disable-gpu --disable-background-networking --user-data-dir="$WORK/profile" \
	--enable-logging=stderr --log-net-log="$WORK/net.json" --screenshot="$WORK/page.png" --window-size=1100,3600 \
	"file://$(realpath "$page")" >"$WORK/browser" 2>&1 || fail "the browser failed: $(tail -n 3 "$WORK/browser")"
[ "$(head -c 8 "$WORK/page.png" | od -An -tx1 | tr -d ' ')" = 89504e470d0a1a0a ] || fail "no screenshot"
[ "$(wc -c <"$WORK/page.png")" -gt 50000 ] || fail "the screenshot is nearly empty"
if grep 'CONSOLE' "$WORK/browser"; then
	fail "the page has errors"
fi
timeout 60 "$browser" --headless --no-sandbox --disable-gpu --disable-background-networking --user-data-dir="$WORK/profile2" \
	--dump-dom "file://$(realpath "$page")" 2>/dev/null | grep -q 'class="answer"' || fail "the browser's document lacks the answer"
