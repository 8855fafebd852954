#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# modes.sh KERNEL: Question: do sq_wake, reap, sq_share, sq_thread_idle=auto and sq_thread_cpu=auto do on this kernel what they do on this host's?
# Expected: data verified and counts equal in every way, on ext4 and NVMe; requests past a sleeping thread; with hipri both rings
#           polled, and no interrupt; no sync on one ring while an earlier write is in flight on the other; one SQ thread for two
#           jobs, by the kernel's own word; idle periods that a tick can hold; a CPU that is not the job's. What the kernel has not
#           (the table below) is refused with one line or noted.
# Wrong if: a request is lost, interrupts or overtakes, or a mode is only a name. `adaptive` finds no load here that is dense enough for
# the SQ thread (an emulated CPU needs longer for each request): that it then does without is what is seen.
. "${SQP_SOURCE:=$(cd "$(dirname "$0")/../.." && pwd)}/tests/lib.sh"
. "$SQP_SOURCE/tests/lab/lab.sh"
need awk jq
kernel=${1:?KERNEL}

# by kernel: ways to reap (IORING_FEAT_EXT_ARG: 5.11, and 5.10.162 has the io_uring of 5.15); polled NVMe; ms that are longer than a
# spin of one or two ticks
case $kernel in
5.10-uml) has=('spin' no 30) ;;
5.10 | 6.1 | 6.12 | 7.2) has=('spin sleep hybrid' yes 12) ;;
*) fail "modes.sh does not know kernel $kernel" ;;
esac
nvme=${has[1]}
read -ra reaps <<<"${has[0]}"
dir=$WORK/modes

# every FILE EXPRESSION: true of each of its lines
every() {
	jq -es "length > 0 and all(.[]; $2)" "$dir/$1.jsonl" >/dev/null ||
		fail "$1: not true of every job: $2: $(jq -c 'del(.gap_ns, .wake_ns, .pickup_ns, .reap_ns, .features)' "$dir/$1.jsonl")"
}

# whole FILE JOBS: so many lines of jobs that lost nothing, with a cause for each enter
whole() {
	[ "$(wc -l <"$dir/$1.jsonl")" -eq "$2" ] || fail "$1: $(wc -l <"$dir/$1.jsonl") lines of $2 jobs"
	every "$1" '.error == 0 and .submitted == .completed and .stalls == 0 and
		.enters == .wakeups + .rechecks + .cq_overflow + .waits + .bypass_enters'
}

interrupts() { echo $(($(<"$dir/$1.after") - $(<"$dir/$1.before"))); }

# The last three jobs of the file are of sq_wake=always.
judge_verified() {
	whole verified $((${#reaps[@]} * ($([ "$nvme" = no ] && echo 2 || echo 4)) + 3))
	every verified '(.job | test("bypass|adaptive")) == (.bypassed > 0) and .trials == 0'
	every verified '(.job | split("-")) as $way | $way[1] == null or (.options.sq_wake == $way[1] and .options.reap == $way[2])'
	every verified '(.job | test("-spin")) and .waits == 0 or (.job | test("-sleep")) and .waits > 0 or (.job | test("-(spin|sleep)") | not)'
	json "$dir/verified.json" '[.jobs[] | select(.jobname != "auto") | .write.total_ios, .read.total_ios, .error]' |
		jq -e 'length > 0 and all(range(0; length; 3) as $i | .[$i:$i + 3]; .[0] > 0 and .[1] > 0 and .[2] == 0)' >/dev/null ||
		fail "fio did not write, read and verify in every job: $(json "$dir/verified.json" '[.jobs[] | [.jobname, .error, .write.total_ios, .read.total_ios]]')"
	[ "$nvme" = no ] || [ "$(interrupts verified)" -gt 0 ] || fail 'the drive does not interrupt without hipri either: this test sees nothing'
	echo "ok verified: $(jq -sc 'map([.job, .submitted, .bypassed])' "$dir/verified.jsonl")"
}

judge_auto() {
	every verified '.job != "auto" or .options.sq_thread_idle == "auto" and .notes == [] and .idle_changes >= 1 and
		(.idle_series | length) == .idle_changes + 1 and .idle_changes <= .elapsed_us / 250000 and
		(.hz as $hz | all(.idle_series[][1]; . as $ms | $ms == 1 or any(range(1; $hz + 1); (. * 1000 / $hz | floor) == $ms)))'
	echo "ok auto: $(jq -c 'select(.job == "auto") | [.hz, .idle_series]' "$dir/verified.jsonl")"
}

judge_placed() {
	if [ "$kernel" = 5.10-uml ]; then	# one CPU
		every verified '.job != "placed" or .place.class == "any" and (.notes | any(test("there is no CPU to use but the job.s, 0: taken as any")))'
	else
		every verified '.job != "placed" or .place.class == "llc" and .place.kept and .options.sq_thread_cpu == 1 and .sq_thread.cpu == 1 and .notes == []'
	fi
	echo "ok placed: $(jq -c 'select(.job == "placed") | .place' "$dir/verified.jsonl")"
}

judge_shared() {
	whole shared 2
	every shared '.options.sq_share == 2 and .share_jobs == 2 and .notes == []'
	jq -es '(map(.sq_thread.tid) | unique | length) == 1 and (map(.attached) | sort) == [false, true]' "$dir/shared.jsonl" >/dev/null ||
		fail "not one SQ thread for two jobs: $(jq -c '[.sq_thread, .attached]' "$dir/shared.jsonl")"
	[ "$(cut -d ' ' -f 1 "$dir/threads" | sort -u | wc -l) $(cut -d ' ' -f 2 "$dir/threads" | sort -u | wc -l)" = '2 1' ] ||
		fail "the kernel does not name one SQ thread for two rings: $(sort -u "$dir/threads")"
	echo "ok shared: descriptor and SQ thread $(sort -u "$dir/threads" | tr '\n' ';') $(jq -sc 'map([.job, .submitted, .bypassed])' "$dir/shared.jsonl")"
	[ "$nvme" = no ] || awk -f "$SQP_SOURCE/tests/lab/order.awk" "$dir/shared.trace" || fail 'a sync overtook a write, or one of the ways was not used'
}

# rings FLAGS: opened with these of SQPOLL (2) and IOPOLL (1); the question to the kernel has no flags at all
rings() {
	awk -v want="$1" '/ io_uring_create: / {
		flags = $NF
		if (flags ~ /^0x/)	# the two lowest bits are in the last digit
			flags = index("0123456789abcdef", substr(flags, length(flags))) - 1
		n += $NF != 0 && flags % 4 == want
	} END { print n + 0 }' "$dir/polled.trace"
}

judge_polled() {
	local jobs=$((${#reaps[@]} * 2 + 1))
	whole polled $jobs
	every polled '.bypassed > 0 and (.setup_flags | index("IOPOLL") != null)'
	every polled '.job != "both" or .completed - .bypassed >= 16'
	[ "$(rings 3) $(rings 1) $(rings 2) $(rings 0)" = "$jobs $jobs 0 0" ] ||
		fail "rings that are SQPOLL and polled, polled, SQPOLL, neither: $(rings 3) $(rings 1) $(rings 2) $(rings 0) in $jobs jobs"
	[ "$(interrupts polled)" -eq 0 ] || fail "$(interrupts polled) interrupts of the drive in polled jobs"
	echo "ok polled: no interrupt (without hipri $(interrupts verified)), $(jq -sc 'map([.job, .submitted, .bypassed, .bypass_enters])' "$dir/polled.jsonl")"
}

judge_refused() {
	local what line='cannot wait with a time limit \(IORING_FEAT_EXT_ARG, Linux 5\.11\); use reap=spin'
	for what in sleep hybrid adaptive; do
		[[ $(<"$dir/refused-$what") =~ ^[^$'\n']*$line$ ]] || fail "$what was not refused with one line: $(<"$dir/refused-$what")"
	done
	echo "ok refused: $(<"$dir/refused-adaptive")"
}

must_in_guest modes "$kernel" --timeout 200 -- bash "$SQP_SOURCE/tests/lab/in-guest/modes.sh" "${has[@]}"
cat "$WORK/modes.log"
! grep -q '^WRONG' "$WORK/modes.log" || fail 'see above'
judge_verified
judge_auto
judge_placed
judge_shared
[ "$nvme" = no ] || judge_polled
[ "${#reaps[@]}" -gt 1 ] || judge_refused
