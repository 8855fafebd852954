#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# matrix.sh KERNEL: Question: does this kernel follow the rows of the seed as docs/SEED.md says?
# Expected: every cell of its column there is observed again.
# Wrong if: a cell differs; where only time is out of place, in two measurements that agree with each other.
# matrix.sh --write [KERNEL...]: observes them (all, if none is named) and writes their columns into docs/SEED.md.
. "${SQP_SOURCE:=$(cd "$(dirname "$0")/../.." && pwd)}/tests/lib.sh"
. "$SQP_SOURCE/tests/lab/lab.sh"

doc=$SQP_SOURCE/docs/SEED.md
kernels='5.10-uml 5.10 6.1 6.12 7.2'
declare -A seen=()
all=()

# key of the cell, and its words in the table; those of time come last
rows='
release       Linux
hz            HZ
zero          submit and reap with no system call: reads, io_uring_enter calls
hipri         HIPRI: polled reads of NVMe, io_uring_enter calls, interrupts of the drive
need_wakeup   after the idle period: NEED_WAKEUP; an entry without a wake-up for 300 ms; after IORING_ENTER_SQ_WAKEUP
enter         io_uring_enter with to_submit=7 returns; without GETEVENTS, with GETEVENTS
ebadf         a plain descriptor; a registered file
sq_aff        SQ_AFF: the mask of the SQ thread; where it ran
sq_aff_bad    SQ_AFF without SQPOLL; to an impossible CPU
close         closing the ring: its threads; within 1 s
kill9         kill -9 of the owner: its threads; within 1 s
idle_default  idle 0: the thread spins for
idle_set      idle in ms: the thread spins for
idle_restart  work restarts the idle period
'
timing='idle_default idle_set idle_restart'

# observe KERNEL [idle]: $seen has what the guest observed
observe() {
	local key value
	rm -rf "$WORK/guest${2-}"
	must_in_guest "guest${2-}" "$1" --timeout 200 -- bash "$SQP_SOURCE/tests/lab/in-guest/matrix.sh" "${@:2}"
	while IFS='=' read -r key value; do
		[ -z "$key" ] || seen[$key]=$value
	done < <(cat "$WORK/guest${2-}"/*.kv)
	cat "$WORK/guest${2-}"/*.kv
}

# word KEY VALUE=WORD...: the word for what was observed, or the value itself
word() {
	local value=${seen[$1]-nothing} pair
	for pair in "${@:2}"; do
		[ "${pair%%=*}" != "$value" ] || { value=${pair#*=} && break; }
	done
	printf '%s' "$value"
}

# within_1_s KEY: the probe has looked for so long
within_1_s() {
	if [[ ${seen[$1]-} =~ ^[0-9.]+$ ]]; then printf 'gone'; else printf 'still there'; fi
}

# idle_cell default|set FILE: medians on the lattice of ticks. As in staircase_check four samples are enough, and for idle 0
# two, of which each may be seen a tick late; "-" when there are fewer.
idle_cell() {
	awk -v which="$1" '
		function median(list,   v, n, i, j, t) {
			n = split(list, v, ",")
			for (i = 2; i <= n; i++) for (j = i; j > 1 && v[j] + 0 < v[j - 1] + 0; j--) { t = v[j]; v[j] = v[j - 1]; v[j - 1] = t }
			return n < enough ? -1 : (v[int((n + 1) / 2)] + v[int(n / 2) + 1]) / 2000
		}
		BEGIN { FS = "=" }
		$1 == "hz" { tick = 1000 / $2 }
		/^spin_us[.]/ {
			idle = substr($1, 9) + 0
			if ((which == "default") != (idle == 0)) next
			enough = idle ? 4 : 2
			ms = median($2)
			if (ms < 0) { short = 1; next }
			if (which == "default") { line = ms >= 1000 - tick / 4 && ms <= 1000 + 2.25 * tick ? "1 s" : sprintf("%.0f ms", ms); next }
			step = int(ms / tick)
			if (step == last) { line = line ", " idle } else { line = line (line == "" ? "" : ": " range "; ") idle }
			last = step
			range = step * tick "-" (step + 1) * tick
		}
		END { print short || line == "" ? "-" : which == "default" ? line : line ": " range }' "$2"
}

cell_release() { word release; }
cell_hz() { word hz; }
cell_zero() { echo "${seen[awake_reads]-}, ${seen[awake_enters]-}"; }
cell_hipri() {
	if [ -z "${seen[polled_reads]-}" ]; then
		echo "ring $(word hipri_setup 0=accepted), no such drive"
	elif [ "${seen[plain_interrupts]}" -eq 0 ]; then
		echo 'interrupts cannot be counted'
	else
		echo "${seen[polled_reads]}, ${seen[polled_enters]}, ${seen[polled_interrupts]}"
	fi
}
cell_need_wakeup() {
	echo "$(word asleep_after_idle 1=set 0=not\ set); $(word taken_without_wake 0=stays 1=taken);" \
		"$(word taken_after_wake 1=taken 0=stays), $(word woken_res) bytes"
}
cell_enter() {
	echo "$(word enter_min_complete_ret), $(word enter_waits 0=at\ once 1=waits);" \
		"$(word enter_getevents_ret), $(word enter_getevents_waits 0=at\ once 1=waits)"
}
cell_ebadf() { echo "$(word plain_res -9='-9 (EBADF)' 4096='4096 bytes'); $(word fixed_res 4096='4096 bytes')"; }
cell_sq_aff() {
	echo "$(word sq_thread_allowed "${seen[sq_aff_cpu]-}=that CPU"); $(word sq_thread_ran_on "${seen[sq_aff_cpu]-}=there")"
}
cell_sq_aff_bad() { echo "$(word sq_aff_without_sqpoll); $(word sq_aff_impossible_cpu)"; }
cell_close() { echo "$(word sq_threads_of_ring); $(within_1_s close_gone_ms)"; }
cell_kill9() { echo "$(word sq_threads_of_child); $(within_1_s kill9_gone_ms)"; }
cell_idle_default() { idle_cell default "$idle_kv"; }
cell_idle_set() { idle_cell set "$idle_kv"; }
cell_idle_restart() { word idle_restarts_with_work 1=yes 0='no, it runs from the wake-up' nothing=-; }

# column: KEY|CELL of every row
column() {
	local key words
	while read -r key words; do
		[ -z "$key" ] || printf '%s|%s\n' "$key" "$("cell_$key")"
	done <<<"$rows"
}

# committed KERNEL: the same of docs/SEED.md; the rows are known by their words
committed() {
	local key words
	while read -r key words; do
		[ -z "$key" ] || printf '%s|%s\n' "$key" "$(awk -F ' *[|] *' -v kernel="$1" -v words="$words" '
			/matrix: begin/ { inside = 1 } /matrix: end/ { inside = 0 }
			inside && !at { for (i = 3; i < NF; i++) if ($i == kernel) at = i }
			inside && $2 == words { print $at }' "$doc")"
	done <<<"$rows"
}

# time_is_right: the cells of time are those of docs/SEED.md
time_is_right() {
	local key
	for key in $timing; do
		[ "$(grep "^$key|" <<<"$1")" = "$(grep "^$key|" "$WORK/committed")" ] || return 1
	done
}

# compare KERNEL: each cell with its word in the documentation
compare() {
	local key cell want wrong=0 columns
	committed "$1" >"$WORK/committed"
	columns=$(column)
	printf '%-13s %s\n' 'cell' "seen on $1"
	while IFS='|' read -r key cell; do
		want=$(sed -n "s/^$key|//p" "$WORK/committed")
		printf '%-13s %s\n' "$key" "$cell"
		[[ $cell != "$want" && " $timing " != *" $key "* ]] || continue
		if [[ $key = release && ${cell%.*} = "${want%.*}" ]]; then
			echo "              docs/SEED.md is of $want, which is the same but for the patch release"
		else
			echo "WRONG         docs/SEED.md says: ${want:-nothing}"
			wrong=1
		fi
	done <<<"$columns"
	[ "$wrong" -eq 0 ] || fail "Linux $1 does not follow docs/SEED.md; if that is right, write it anew: tests/lab/matrix.sh --write"
	! time_is_right "$columns" || return 0
	compare_again "$1" "$columns"
}

# compare_again KERNEL COLUMN: a second look at the time; what other work disturbed is not seen twice
compare_again() {
	local again key
	seen[idle_restarts_with_work]=nothing
	observe "$1" idle
	idle_kv=$WORK/guestidle/idle.kv
	again=$(column)
	! time_is_right "$again" || return 0
	for key in $timing; do
		grep "^$key|" "$WORK/committed" <(echo "$2") <(echo "$again") -h | sed 's/^/time: /'
		[ "$(grep "^$key|" <<<"$2")" = "$(grep "^$key|" <<<"$again")" ] ||
			skip 'other work kept the staircase from being measured: two measurements differ; all other cells are right'
	done
	! grep -qE '[|]-$' <<<"$again" || skip 'other work kept the staircase from being measured: too few clean samples; all other cells are right'
	fail "Linux $1 does not keep the time of docs/SEED.md, twice in the same way"
}

# table: of the columns in $WORK/KERNEL.column
table() {
	local key words kernel
	echo "| row of the seed | ${kernels// / | } |"
	echo '|---|---|---|---|---|---|'
	while read -r key words; do
		[ -n "$key" ] || continue
		printf '| %s |' "$words"
		for kernel in $kernels; do
			printf ' %s |' "$(sed -n "s/^$key|//p" "$WORK/$kernel.column")"
		done
		echo
	done <<<"$rows"
}

# write_column KERNEL: time is measured again, twice at most, when other work disturbs it
write_column() {
	local try
	seen=()
	idle_kv=$WORK/guest/idle.kv
	observe "$1"
	for try in 1 2; do
		! column | grep -q '|-$' || { idle_kv=$WORK/guestidle/idle.kv && observe "$1" idle; }
	done
	column | tee "$WORK/$1.column"
	! grep -q '|-$' "$WORK/$1.column" || echo "not measured on $1 for other work, $((try + 1)) times: write its column again"
}

# write KERNEL...: the columns of the others stay
write() {
	local kernel
	for kernel in $kernels; do
		if [[ " $* " == *" $kernel "* ]]; then write_column "$kernel"; else committed "$kernel" >"$WORK/$kernel.column"; fi
	done
	table >"$WORK/table"
	sed -i -e "/matrix: begin/r $WORK/table" -e '/matrix: begin/,/matrix: end/ { /matrix: /!d }' "$doc"
	! grep -l '|-$' "$WORK"/*.column || skip 'other work kept the staircase from being measured; its cells say -'
}

if [ "${1:?KERNEL or --write}" = --write ]; then
	shift
	[ $# -gt 0 ] || read -ra all <<<"$kernels"
	write "$@" "${all[@]}"
else
	idle_kv=$WORK/guest/idle.kv
	observe "$1"
	compare "$1"
fi
