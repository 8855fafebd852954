#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# faults-doc.sh DIR: puts the tables into docs/FAULTS.md, from what faults.sh KERNEL ENGINE '' DIR/KERNEL-ENGINE has left
set -euo pipefail
dir=$1
doc=$(cd "$(dirname "$0")/../.." && pwd)/docs/FAULTS.md

# all: KERNEL ENGINE and the fields of verdicts.tsv
all() {
	local name
	for name in "$dir"/*/verdicts.tsv; do
		name=$(basename "${name%/*}")
		awk -F '\t' -v kernel="${name%-*}" -v engine="${name##*-}" '{ printf "%s\t%s\t%s\n", kernel, engine, $0 }' "$dir/$name/verdicts.tsv"
	done | sort -s -t $'\t' -k 1,1V
}

# by_fault: passed of all; behind it what the rest was
by_fault() {
	all | awk -F '\t' '
		function is(verdict) { return verdict == "ok" ? "ok" : verdict ~ /^hung/ ? "hung" : "failed" }
		function cell(kernel, engine, fault,   n, text) {
			n = count[kernel, engine, fault, "ok"] + count[kernel, engine, fault, "failed"] + count[kernel, engine, fault, "hung"]
			if (!n) return "-"
			text = (count[kernel, engine, fault, "ok"] + 0) "/" n
			if (count[kernel, engine, fault, "failed"]) text = text ", " count[kernel, engine, fault, "failed"] " failed"
			if (count[kernel, engine, fault, "hung"]) text = text ", " count[kernel, engine, fault, "hung"] " hung"
			return text
		}
		function row(fault,   i) {
			printf "| %s |", fault
			for (i = 1; i <= runs; i++) printf " %s |", cell(kernel[i], engine[i], fault)
			print ""
		}
		!(($1, $2) in known) { known[$1, $2]; kernel[++runs] = $1; engine[runs] = $2 }
		{ sub(/-[12]$/, "", $4) }
		!($4 in seen) { seen[$4]; fault[++faults] = $4 }
		{ count[$1, $2, $4, is($5)]++; count[$1, $2, "**all**", is($5)]++ }
		END {
			printf "| fault |"
			for (i = 1; i <= runs; i++) printf " %s %s |", kernel[i], engine[i]
			printf "\n|---|"
			for (i = 1; i <= runs; i++) printf "---|"
			print ""
			for (f = 1; f <= faults; f++) row(fault[f])
			row("**all**")
		}'
}

# not_passed: a row for each such cell
not_passed() {
	printf '\nEvery cell that did not pass:\n\n| kernel | engine | cell | what was wrong | ended after |\n|---|---|---|---|---|\n'
	all | awk -F '\t' '$5 != "ok" { gsub(/\|/, "\\|"); printf "| %s | %s | `%s` | %s | %.1f s |\n", $1, $2, $3, $5, $6 / 1000 }'
}

tables=$(by_fault && not_passed)
made=$(TABLES=$tables awk '
	/^<!-- end of the tables -->/ { inside = 0 }
	!inside { print }
	/^<!-- tables -->/ { inside = 1; print ENVIRON["TABLES"] }' "$doc")
printf '%s\n' "$made" >"$doc"
