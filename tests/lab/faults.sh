#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# faults.sh KERNEL [ours|stock [REGEX [DIR]]]: the cells of in-guest/faults.list on KERNEL, with this engine or with fio's own
# io_uring engine (SQPOLL, registered files); REGEX picks cells by name, what was seen and judged stays in DIR, and a DIR that
# is there already is judged anew.
# Question: does every fault end the job in time, with the right errno, the line of statistics written and nothing left behind?
# Expected: 100 cells or more, each as its row says: errno in fio's report, exit, end within 2 s beyond the device's own timeout
#           (and what a job without a fault takes), submitted and completed as they must be, no SQ thread, process, ring or file
#           left, no complaint of the kernel.
# Wrong if: a cell of ours is anything else. The stock engine's cells are counted, not judged: exit 0.
. "${SQP_SOURCE:=$(cd "$(dirname "$0")/../.." && pwd)}/tests/lib.sh"
. "$SQP_SOURCE/tests/lab/lab.sh"
need jq
kernel=$1 engine=${2:-ours} only=${3:-} keep=${4:-}
MIN_CELLS=100

# judged FIELDS...: of one line of cells.tsv
judged() {
	local of=$seen/cells/$1 fio=null stats='' leak='' kernel_said=''
	[ ! -s "$of.json" ] || fio=$(json "$of.json" '.jobs[0] | {error, total_err, job_runtime} | tostring' 2>/dev/null) || fio=null
	[ ! -s "$of.jsonl" ] || stats=$(cat "$of.jsonl")
	[ ! -s "$of.leak" ] || leak=$(sed 's/ (.*//' "$of.leak")
	[ ! -s "$of.dmesg" ] || kernel_said=$(head -n 1 "$of.dmesg")
	jq -nr -f "$SQP_SOURCE/tests/lab/faults.jq" --arg engine "$engine" --arg cell "$1" --arg fault "$2" --arg error "$3" --arg exit "$4" \
		--arg line "$5" --argjson seconds "$6" --argjson rc "$7" --argjson wall_ms "$8" --arg hung "$9" --arg during "${10}" \
		--argjson threads "${11}" --argjson processes "${12}" --arg thread "${13}" --argjson control_ms "$control_ms" \
		--argjson fio "${fio:-null}" --argjson stats "[${stats//$'\n'/,}]" --arg leak "$leak" --arg kernel "$kernel_said" |
		jq -r 'if . == [] then "ok" else join(", ") end'
}

# judge_all: cell, fault, verdict, time and exit of each
judge_all() {
	local fields
	control_ms=$(awk -F '\t' '$2 ~ /^control/ && $8 > max { max = $8 } END { print max + 0 }' "$seen/cells.tsv")
	while IFS=$'\t' read -r -a fields; do
		printf '%s\t%s\t%s\t%s\t%s\n' "${fields[0]}" "${fields[1]}" "$(judged "${fields[@]}")" "${fields[7]}" "${fields[6]}"
	done <"$seen/cells.tsv" >"$seen/verdicts.tsv"
}

# summary: counts of the verdicts
summary() {
	awk -F '\t' -v kernel="$kernel" -v engine="$engine" '
		{ cells++; if ($3 == "ok") ok++; else if ($3 ~ /^hung/) hung++; else failed++ }
		END { printf "%s %s: %d cells, %d passed, %d failed, %d hung\n", kernel, engine, cells, ok, failed, hung }' "$seen/verdicts.tsv"
}

# observe: in $seen, what the guest saw
observe() {
	local rc=0
	seen=$WORK/faults
	in_guest faults "$kernel" --timeout 1500 --null-blk '' --device-model drives=6,bad-read=64,bad-write=8192 -- \
		bash "$SQP_SOURCE/tests/lab/in-guest/faults.sh" "$engine" "$only" || rc=$?
	[ -z "$keep" ] || { mkdir -p "$keep" && cp -r "$seen/." "$keep/" && seen=$keep; }
	[ "$rc" -eq 0 ] || fail "the guest of $kernel ended with $rc: $(tail -n 5 "$WORK/faults.log"; cat "$seen/broken" 2>/dev/null)"
}

# all_as_they_must_be: for the stock engine that is a finding, for ours a condition
all_as_they_must_be() { [ "$engine" = stock ] || ! awk -F '\t' '$3 != "ok"' "$seen/verdicts.tsv" | grep -q .; }

seen=$keep
if [ -z "$keep" ] || [ ! -s "$keep/cells.tsv" ]; then observe; fi
judge_all
awk -F '\t' '$3 != "ok" { print $1 ": " $3 }' "$seen/verdicts.tsv"
summary
[ -n "$only" ] || [ "$(wc -l <"$seen/verdicts.tsv")" -ge "$MIN_CELLS" ] || fail "fewer than $MIN_CELLS cells"
all_as_they_must_be || fail "cells of $kernel are not as they must be"
