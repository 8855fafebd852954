# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# What every page has to be; sourced after tests/lib.sh.

# page_is_whole DIR N: the page of run DIR has all its parts and N drawings with words for them, and refers to nothing outside itself
page_is_whole() {
	local page=$1/report.html word
	for word in 'name="viewport"' 'prefers-color-scheme' 'class="answer"' 'Environment' 'Do it again'; do
		grep -q "$word" "$page" || fail "the page lacks $word"
	done
	[ "$(grep -o '<svg role="img" aria-label="[^"]' "$page" | wc -l)" -eq "$2" ] || fail "not $2 drawings with words for them"
	if grep -Eo '(src|href)="[^"#]*"' "$page" | grep -Ev 'href="data:,"'; then
		fail "the page refers to something outside"
	fi
	if grep -o "id='[^']*'\|id=\"[^\"]*\"" "$page" | sort | uniq -d | grep .; then
		fail "ids occur twice"
	fi
}

# made_again DIR: sqbench report makes page and derived files again, byte for byte
made_again() {
	cp -r "$1" "$WORK/again"
	rm -r "$WORK/again/derived" "$WORK/again/report.html"
	"$SQP_BENCH" report "$WORK/again" >"$WORK/again.said" || fail "report: $(cat "$WORK/again.said")"
	grep -q '^answer: ' "$WORK/again.said" || fail "report gave no answer"
	"$SQP_BENCH" report "$WORK/again" --json | jq -e --rawfile said "$WORK/again.said" '. as $d | .missing == null and ($said | contains("answer: " + $d.answer + "\n")
		and contains("report: " + $d.report + "\n"))' >/dev/null || fail "report --json says something else"
	diff -r "$1" "$WORK/again" >&2 || fail "sqbench report made something else of the same values"
	rm -r "$WORK/again"
}
