# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Sourced after tests/lib.sh by the tests that judge what seed_probe observed.
#   load_observations FILE            KEY=VALUE lines
#   observed KEY REGEX WHAT           one row of the table; REGEX must match the whole value
#   judge WHAT                        fails if a row was wrong
#   judge_staircase FILE              fails if the spins in FILE are not the staircase, skips if they are too few

declare -A observation=()
observations_wrong=0

load_observations() {
	local key value
	while IFS='=' read -r key value; do
		[ -z "$key" ] || observation[$key]=$value
	done <"$1"
	printf '%-26s %-18s %-18s %-7s %s\n' observation expected seen verdict meaning
}

observed() {
	local seen=${observation[$1]-nothing} verdict=ok
	if ! [[ $seen =~ ^($2)$ ]]; then
		verdict=WRONG
		observations_wrong=$((observations_wrong + 1))
	fi
	printf '%-26s %-18s %-18s %-7s %s\n' "$1" "$2" "$seen" "$verdict" "$3"
}

judge() {
	[ "$observations_wrong" -eq 0 ] || fail "$1: $observations_wrong observations differ from what is expected"
}

judge_staircase() {
	local rc=0
	"$SQP_BUILD/tests/lab/staircase_check" <"$1" || rc=$?
	case $rc in
	0) ;;
	# No departure from the staircase, but not enough clean samples to show it.
	3) skip "other work kept the staircase from being measured: too few clean samples" ;;
	*) fail "not the staircase of this kernel: $(grep -E '^(hz|spin)' "$1")" ;;
	esac
}

# What the seed and every kernel since have in common.
observed_everywhere() {
	observed fixed_res 4096 'a registered file is read'
	observed asleep_after_idle 1 'NEED_WAKEUP is set after the idle period'
	observed taken_without_wake 0 'entries stay in the SQ ring of a sleeping thread'
	observed enter_ret 7 'enter returns to_submit, whatever the ring holds'
	observed taken_after_wake 1 'IORING_ENTER_SQ_WAKEUP gets them taken'
	observed woken_res 4096 'and done'
	observed enter_min_complete_ret 7 'enter without GETEVENTS returns to_submit'
	observed enter_waits 0 'and does not wait, whatever min_complete says'
	observed sq_aff_without_sqpoll -22 'SQ_AFF without SQPOLL is EINVAL'
	observed sq_aff_impossible_cpu -22 'SQ_AFF to an impossible CPU is EINVAL'
	observed sq_thread_allowed "${observation[sq_aff_cpu]-}" 'SQ_AFF confines the thread to that CPU'
	observed sq_thread_ran_on "${observation[sq_aff_cpu]-}" 'and there it ran'
	observed hipri_setup 0 'SQPOLL with IOPOLL is accepted'
	observed sq_threads_of_ring 1 'a ring has one SQ thread'
	observed close_gone_ms '[0-9.]+' 'closing the ring ends it within a second'
	observed sq_threads_of_child 1 'a child with a ring has one'
	observed kill9_gone_ms '[0-9.]+' 'kill -9 ends it within a second'
	observed awake_reads 53 'so many reads completed with the thread awake'
	observed awake_enters 0 'with so many io_uring_enter calls'
}
