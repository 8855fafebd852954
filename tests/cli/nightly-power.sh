#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Question: does the nightly's rule still find slowdowns, and none that is not there, in made cells of each kind of noise?
# Expected: 3 % is found within 10 nights in all cells and 1.5 % in most, a collapse the first night; no false alarm; heavy tails are listed as unstable, others are not.
#           The table in docs/METHODOLOGY.md is the same program with more cells.
# Wrong if: the rule grew deaf or nervous, for any kind.
. "$SQP_SOURCE/tests/lib.sh" || exit 1

"$SQP_BUILD/bench/nightly-power" --cells 8 --nights 75 --seed 3 >"$WORK/table" || fail "nightly-power: $?"
[ "$(wc -l <"$WORK/table")" -eq 37 ] || fail "nightly-power: $(cat "$WORK/table")"

# wants KIND STEP COLUMN CONDITION: of a value v of that row
wants() {
	awk -F'\t' -v kind="$1" -v step="$2" -v column="$3" 'index($1, kind) == 1 && $2 == step { v = $column; seen = 1; exit !('"$4"') } END { if (!seen) exit 1 }' "$WORK/table" ||
		fail "$1, $2: not $4 in column $3: $(cat "$WORK/table")"
}

for kind in normal 'heavy tails' bimodal autocorrelated drifting; do
	wants "$kind" 3 6 'v == 100'
	wants "$kind" 1.5 6 'v >= 62'
	wants "$kind" collapse 4 'v == 100'
	wants "$kind" none 8 'v == 0'
	wants "$kind" none 9 'v == 8 * 70'
done
for kind in normal bimodal drifting; do
	wants "$kind" 3.4-7.1 4 'v == 100'
	wants "$kind" 10-23 4 'v == 100'
	wants "$kind" none 10 'v <= 12.5'
done
wants 'heavy tails' none 10 'v == 100'

# the same seed, the same table; a row does not depend on what else is made
"$SQP_BUILD/bench/nightly-power" --cells 8 --nights 75 --seed 3 --only 3 >"$WORK/one" || fail "nightly-power --only: $?"
diff <(grep -E '^(noise|bimodal)' "$WORK/table") "$WORK/one" || fail 'the rows of one kind of noise alone are others'
if "$SQP_BUILD/bench/nightly-power" --cells 1 >/dev/null 2>&1; then fail 'it took --cells 1'; fi
