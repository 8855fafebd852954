#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Question: does a browser show every kind of report whole, and one of them on a phone and in the dark?
# Expected: a screenshot with something on it, no error in the console, no request to anywhere but the file itself, for a page of each kind, made
#           here from a run that is kept in results/reference.
# Wrong if: one of these is not so, or the control, a page that asks for a picture from outside, is not noticed.
. "$SQP_SOURCE/tests/lib.sh" || exit 1
need gnuplot
browser=$(command -v chromium || command -v chromium-browser) || skip 'chromium is not installed'

# browse ARGS...: the browser, which finds no other machine: it looks for its own updates, too
browse() {
	timeout 90 "$browser" --headless --no-sandbox --disable-gpu --disable-background-networking --host-resolver-rules='MAP * ~NOTFOUND' \
		--user-data-dir="$WORK/browser/profile" "$@"
}

# shows PAGE SCHEME WIDTH: the browser shows it in the light or in the dark and so wide, without an error and without asking for anything outside
shows() {
	local scheme=1 seen=$WORK/browser
	[ "$2" = light ] || scheme=0
	mkdir -p "$seen"
	browse --blink-settings="preferredColorScheme=$scheme" --enable-logging=stderr --log-net-log="$seen/net.json" --screenshot="$seen/page.png" \
		--window-size="$3,3600" "file://$(realpath "$1")" >"$seen/said" 2>&1 || fail "the browser failed: $(tail -n 3 "$seen/said")"
	[ "$(head -c 8 "$seen/page.png" | od -An -tx1 | tr -d ' ')" = 89504e470d0a1a0a ] || fail "$1: no screenshot"
	[ "$(wc -c <"$seen/page.png")" -gt 30000 ] || fail "$1: the screenshot is nearly empty"
	! grep 'CONSOLE' "$seen/said" || fail "$1: the page has errors"
	! grep 'site=file://' "$seen/net.json" | grep -o '"url":"[a-z]*://[^"]*"' | grep -v '"url":"file:' || fail "$1: the page asked for something outside"
	rm "$seen/page.png"
}

kinds=0
for kind in tune ring versus job affinity share night; do
	kept=$(printf '%s\n' "$SQP_SOURCE"/results/reference/*-"$kind"-* | tail -n 1)
	[ -d "$kept" ] || fail "no run of the kind $kind is kept"
	cp -r "$kept" "$WORK/$kind"
	[ ! -f "$WORK/$kind/cells.tar.gz" ] || tar -C "$WORK/$kind" -xzf "$WORK/$kind/cells.tar.gz"
	rm -rf "$WORK/$kind/derived" "$WORK/$kind/report.html"
	"$SQP_BENCH" report "$WORK/$kind" >"$WORK/said" 2>&1 || fail "$kind: $(tail -n 1 "$WORK/said")"
	shows "$WORK/$kind/report.html" light 1100
	kinds=$((kinds + 1))
done
shows "$WORK/job/report.html" dark 400
browse --dump-dom "file://$WORK/tune/report.html" 2>/dev/null | grep -q 'class="answer"' || fail "the browser's document lacks the answer"
sed 's|<main>|<main><img src="https:/'"/outside.invalid/x.png"'"/>|' "$WORK/tune/report.html" >"$WORK/bad.html"
! (shows "$WORK/bad.html" light 1100) >"$WORK/bad" 2>&1 || fail 'a page that asks for something outside was not noticed'
echo "$kinds kinds of pages"
