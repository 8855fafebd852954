#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# quickstart.sh KERNEL: Question: does scripts/quickstart --lab get from here to a report of the virtual polled drive?
# Expected: the two last lines; the run is among this machine's, with a report that stands alone and says that it was emulated;
#           kernel and device are the guest's; every cell of every arm, polled ones too; polled ones without one interrupt.
#           SIGTERM in the middle ends the guest and leaves nothing.
# Wrong if: a polled cell fails or interrupts, the warning is missing, or anything is left running or lying about.
. "${SQP_SOURCE:?is set by ctest}/tests/lib.sh"
. "$SQP_SOURCE/tests/lab/lab.sh"
kernel=$1
need jq fio gnuplot
[ "$(basename "$SQP_BUILD")" = release ] || skip "only the release build is what quickstart builds"

export TMPDIR=$WORK/tmp
mkdir "$TMPDIR"

# nothing_left WHEN: neither a guest nor its files
nothing_left() {
	! grep -aqs -- "$TMPDIR" /proc/[0-9]*/cmdline || fail "$1: a process is left"
	[ -z "$(ls -A "$TMPDIR")" ] || fail "$1: files are left: $(ls -A "$TMPDIR")"
	[ -z "$(find "$WORK/out/runs" -mindepth 1 -maxdepth 1 -name '.*')" ] || fail "$1: an unfinished run is left"
}

quickstart=("$SQP_SOURCE/scripts/quickstart" --lab --kernel "$kernel" --out "$WORK/out")

# 12 cells; a guest may be twice as slow as the slowest seen
rc=0
"${quickstart[@]}" --budget 30 -- --rates const:50,full:8 --idles 4 --repeats 1 >"$WORK/o" 2>"$WORK/e" || rc=$?
[ "$rc" -ne 77 ] || skip "$(sed -n 's/^lab: error: //p' "$WORK/e")"
[ "$rc" -eq 0 ] || fail "quickstart --lab ended with $rc: $(tail -n 5 "$WORK/e")"
nothing_left 'after a run'
[ "$(wc -l <"$WORK/o")" -eq 2 ] || fail "not two lines: $(cat "$WORK/o")"
page=$(sed -n '1s/^report: //p' "$WORK/o")
sed -n 2p "$WORK/o" | grep -Eq '^recommend: .*emulated' || fail "last line: $(tail -n 1 "$WORK/o")"
[ -s "$page" ] || fail "no report $page"
run=$(dirname "$page")
analysis=$run/derived/analysis.json

"$SQP_BENCH" list --out "$WORK/out" --json | jq -e --arg id "$(basename "$run")" \
	'.[] | select(.id == $id) | .state == "complete" and .cells_done == .cells' >/dev/null || fail "sqbench list does not show the run"
jq -e --arg host "$(uname -r)" --arg series "$kernel." '.kernel != $host and (.kernel | startswith($series)) and .emulated and .hypervisor and
	.target.model == "QEMU NVMe Ctrl" and .target.io_poll == 1' "$run/env.json" >/dev/null || fail "the environment: $(cat "$run/env.json")"
jq -e '.schema == "sqbench-analysis/1" and .emulated and ([.warnings[].id] | index("emulated") != null)' "$analysis" >/dev/null ||
	fail "the analysis does not say that it was emulated"
jq -e '[.workloads[].points[]] | length == 12 and all(.n == 1)' "$analysis" >/dev/null || fail "an arm has no result"
jq -e '[.workloads[].points[] | select(.arm | endswith("+hipri"))] | length == 6 and all(.interrupts_per_io.value == 0)' "$analysis" >/dev/null ||
	fail "polled arms interrupt: $(cat "$run/derived/cells.tsv")"
jq -e '[.workloads[] | select(.name == "const:50").points[] | select(.arm | endswith("+hipri") | not)] | all(.interrupts_per_io.value > 0.5)' \
	"$analysis" >/dev/null || fail "the count of interrupts sees none: $(cat "$run/derived/cells.tsv")"
for word in 'QEMU NVMe Ctrl' 'QEMU TCG' 'The CPU is emulated' "scripts/quickstart --lab --kernel $kernel"; do
	grep -qF -- "$word" "$page" || fail "the report lacks: $word"
done
! grep -Eo '(src|href)="[^"#]*"' "$page" | grep -Ev 'href="data:,"' || fail "the report refers to something outside"

expect_fail 'lab: error: no kernel is called 9.99' "$SQP_SOURCE/scripts/quickstart" --lab --kernel 9.99 --out "$WORK/out"
nothing_left 'without a kernel'

"${quickstart[@]}" --budget 100 >"$WORK/o" 2>"$WORK/e" &
pid=$!
for _ in $(seq 300); do
	[ -z "$(find "$TMPDIR" -name qemu.log)" ] || break
	sleep 0.1
done
[ -n "$(find "$TMPDIR" -name qemu.log)" ] || fail "no guest within 30 s: $(cat "$WORK/e")"
sleep 1
kill -TERM "$pid"
rc=0
wait "$pid" || rc=$?
[ "$rc" -eq 143 ] || fail "SIGTERM: quickstart ended with $rc"
nothing_left 'after SIGTERM'
[ "$(find "$WORK/out/runs" -mindepth 1 -maxdepth 1 | wc -l)" -eq 1 ] || fail "SIGTERM left a run"

# The command of the README
[ "$kernel" = 6.12 ] || exit 0
command=$(sed -n 's/^\(scripts\/lab 6.12 -- [^#]*[^# ]\) *#.*/\1/p' "$SQP_SOURCE/README.md")
[ -n "$command" ] || fail "README.md no longer shows scripts/lab 6.12"
cd "$SQP_SOURCE" || fail "$SQP_SOURCE"
bash -c "$command" >"$WORK/o" 2>&1 </dev/null || fail "$command: $(tail -n 5 "$WORK/o")"
grep -q 'read: IOPS=' "$WORK/o" || fail "$command: no result: $(tail -n 5 "$WORK/o")"
