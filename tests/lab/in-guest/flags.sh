#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# in-guest/flags.sh PROGRAM TARGET POLLED HYBRID: runs in a guest of scripts/lab, see tests/lab/flags.sh. PROGRAM: flags of the
# build. TARGET is overwritten. POLLED, HYBRID (yes or no): its device, and this kernel, have it. Lines that begin with
# WRONG are failures.
set -u
program=$1 target=$2 polled=$3 hybrid=$4
cpu=$(($(nproc) - 1))
bad=0

wrong() {
	echo "WRONG: $*"
	bad=1
}

# traced COMMAND...: every io_uring_setup of it in /tmp/trace
traced() {
	strace -f -qq -e trace=io_uring_setup -o /tmp/trace "$@"
}

setups() { grep -c 'io_uring_setup(' /tmp/trace; }
failed() { grep -cE 'io_uring_setup.* = -' /tmp/trace; }

every_combination() {
	local said
	traced "$program" "$target" >"$OUT/table" || wrong "flags ended with $?"
	cat "$OUT/table"
	said=$(awk '$1 == "setups" { print $2 }' "$OUT/table")
	echo "strace saw $(setups) io_uring_setup, of which $(failed) failed"
	[ "$(setups)" = "$said" ] || wrong "the program says $said setups, strace $(setups)"
	[ "$(failed)" -eq 0 ] || wrong "$(grep ' = -' /tmp/trace)"
}

# job NAME OPTIONS...: appended to the job file
job() {
	printf '[%s]\nstonewall\n' "$1" >>/tmp/combinations.fio
	printf '%s\n' "${@:2}" >>/tmp/combinations.fio
}

# jobs_with PREFIX OPTIONS...: with and without the rest
jobs_with() {
	job "$1" "${@:2}"
	job "$1-fixedbufs" fixedbufs "${@:2}"
	job "$1-aff" "sq_thread_cpu=$cpu" "${@:2}"
	job "$1-fixedbufs-aff" fixedbufs "sq_thread_cpu=$cpu" "${@:2}"
}

# fio_combinations: all that fio can say and this kernel has, each with data written and verified
fio_combinations() {
	local jobs
	printf '%s\n' '[global]' ioengine=sqpoll "filename=$target" rw=randrw bs=4k size=64k iodepth=4 direct=1 verify=crc32c \
		verify_state_save=0 sq_thread_idle=20 "stats_file=$OUT/stats.jsonl" >/tmp/combinations.fio
	jobs_with plain
	[ "$polled" = no ] || jobs_with hipri hipri
	[ "$hybrid" = no ] || jobs_with hybrid hipri hybrid
	jobs=$(grep -c stonewall /tmp/combinations.fio)
	traced fio --eta=never --output="$OUT/fio.log" /tmp/combinations.fio || wrong "fio ended with $?: $(tail -n 5 "$OUT/fio.log")"
	echo "fio: $jobs jobs, $(setups) io_uring_setup, of which $(failed) failed"
	[ "$(failed)" -eq 0 ] || wrong "$(grep ' = -' /tmp/trace)"
	[ "$(wc -l <"$OUT/stats.jsonl")" -eq "$jobs" ] || wrong "$(wc -l <"$OUT/stats.jsonl") statistics lines of $jobs jobs"
}

# fio_refuses LINE OPTIONS...: that line of ours and no other, and no setup that failed
fio_refuses() {
	local line=$1
	shift
	traced fio --eta=never --name=refused --ioengine=sqpoll --filename="$target" --rw=randread --bs=4k --size=64k --direct=1 \
		--output="$OUT/refused.log" "$@" >/tmp/refused.out 2>&1 && wrong "fio $* was not refused"
	cat /tmp/refused.out >>"$OUT/refused.log"
	grep '^sqpoll: ' "$OUT/refused.log" >/tmp/refused
	cat /tmp/refused
	[ "$(wc -l </tmp/refused)" -eq 1 ] || wrong "fio $*: $(wc -l </tmp/refused) lines"
	grep -qE "^sqpoll: refused: $line" /tmp/refused || wrong "fio $*: not refused with '$line'"
	[ "$(failed)" -eq 0 ] || wrong "fio $*: $(grep ' = -' /tmp/trace)"
}

echo "Linux $(uname -r), $(nproc) CPUs"
every_combination
fio_combinations
fio_refuses 'hybrid=1 makes polling sleep' --hybrid
[ "$hybrid" = yes ] || fio_refuses 'hybrid: Linux .* has no IORING_SETUP_HYBRID_IOPOLL \(it came with 6.13\)' --hybrid --hipri
[ "$polled" = yes ] || fio_refuses 'hipri: .* has no poll queues' --hipri
exit $bad
