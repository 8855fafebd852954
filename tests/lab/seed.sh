#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Question: do the seed's rules hold on the seed's kernel, and does the engine live by them?
# Expected: the tables of this test, and the idle staircase at HZ=100; docs/SEED.md explains the rows.
# Wrong if: a row says WRONG, or staircase_check says NO.
. "${SQP_SOURCE:?is set by ctest}/tests/lib.sh"
. "$SQP_SOURCE/tests/lab/observations.sh"

need fio jq mkfs.ext4
lab=$SQP_SOURCE/tests/lab

# guest NAME COMMAND...: its output in $WORK/NAME.log; passes on its exit code. Seconds suffice, a busy machine apart.
guest() {
	local name=$1 rc=0
	shift
	"$SQP_SOURCE/scripts/uml" --timeout 150 --out "$WORK" -- \
		env LD_LIBRARY_PATH="$SQP_ENGINE_DIR" SCRATCH=/run/scratch STATS="/run/out/$name.jsonl" "$@" \
		>"$WORK/$name.log" 2>&1 || rc=$?
	[ "$rc" -ne 77 ] || skip "$(tail -n 1 "$WORK/$name.log" | sed 's/^uml: error: //')"
	return "$rc"
}

# must_pass NAME COMMAND...
must_pass() {
	guest "$@" || fail "$1 in the guest ended with $?: $(tail -n 20 "$WORK/$1.log")"
}

probe_rules() {
	head -c 65536 /dev/urandom >"$WORK/data"
	must_pass probe "$SQP_BUILD/tests/lab/seed_probe" "$WORK/data"
	load_observations "$WORK/probe.log"
	observed kernel '5\.10\.46' "the seed's rules, in a package"
	observed hz 100 'the second HZ of the staircase'
	observed nonfixed 0 'no IORING_FEAT_SQPOLL_NONFIXED'
	observed plain_res -9 'fixed files are mandatory: EBADF'
	observed_everywhere
	observed enter_getevents_waits 1 'unlike the seed: GETEVENTS waits'
	observed idle_restarts_with_work 0 'unlike the seed: idle runs from the wake-up'
}

# stats NAME ROW EXPRESSION: true for every statistics line of the run
stats() {
	local verdict=ok
	if [ "$(jq -s "length > 0 and all($3)" "$WORK/$1.jsonl")" != true ]; then
		verdict=WRONG
		observations_wrong=$((observations_wrong + 1))
	fi
	printf '%-26s %-7s %s\n' "$2" "$verdict" "$3"
}

stats_of_every_run() {
	stats "$1" 'seed kernel' '.kernel == "5.10.46" and .hz == 100'
	stats "$1" 'an SQPOLL ring' '.setup_flags | index("SQPOLL")'
	stats "$1" 'plain descriptors refused' '.features | length > 0 and index("SQPOLL_NONFIXED") == null'
	stats "$1" 'nothing lost' '.submitted > 0 and .submitted == .completed'
	stats "$1" 'never stuck' '.stalls == 0 and .cq_overflow == 0'
	stats "$1" 'every enter has a cause' '.enters == .wakeups + .rechecks + .cq_overflow'
	stats "$1" 'CPU of the SQ thread' '.sq_thread.cpu == 0 and .sq_thread.cpu_us > 0'
}

engine_verifies() {
	must_pass verify fio "$lab/seed-verify.fio" --output-format=json --output=/run/out/verify.json
	stats_of_every_run verify
	stats verify 'written and verified' '.submitted == 128'
	[ "$(json "$WORK/verify.json" '.jobs[0] | [.error, .write.total_ios, .read.total_ios] | join(" ")')" = '0 64 64' ] ||
		fail "fio did not write and verify 64 blocks: $(json "$WORK/verify.json" '.jobs[0] | .error, .write, .read')"
}

engine_wakes() {
	must_pass wake fio "$lab/seed-wake.fio" --output-format=json --output=/run/out/wake.json
	stats_of_every_run wake
	stats wake 'woken after pauses' '.submitted == 20 and .wakeups >= 10'
	stats wake 'pinned by number' \
		'(.job == "pinned") == (.options.sq_thread_cpu == 0) and (.job == "pinned") == (.setup_flags | index("SQ_AFF") != null)'
}

engine_refuses() {
	local line='sqpoll: refuse: sq_thread_cpu=7: .*(no such CPU|offline).*'
	! guest refuse fio --name=refuse --ioengine=sqpoll --sqthread_poll_cpu=7 --filename=/run/scratch/refuse \
		--size=64k --rw=write || fail "sqthread_poll_cpu=7 was accepted on a machine with one CPU"
	grep '^sqpoll: ' "$WORK/refuse.log" >"$WORK/refuse.lines" || true
	[[ $(<"$WORK/refuse.lines") =~ ^$line$ && $(wc -l <"$WORK/refuse.lines") -eq 1 ]] ||
		fail "expected one line like '$line', got: $(cat "$WORK/refuse.log")"
	printf '%-26s ok      %s\n' 'CPU 7 refused' "$(<"$WORK/refuse.lines")"
}

probe_rules
engine_verifies
engine_wakes
engine_refuses
judge 'the seed in Linux 5.10.46'
judge_staircase "$WORK/probe.log"
