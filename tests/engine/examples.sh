#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# examples.sh [JOB]: fio's own example jobs with one word changed: ioengine=sqpoll.
# Question: which of them run here, and do they run well?
# Expected: what examples.list says, job by job: `JOB: ran`, or `JOB: cannot: REASON`.
# Wrong if: any line differs. "ran" means that fio ended with 0, no job had an error, and what went into a ring came out.
# Amounts are cut down, and what names a device or a directory is sent to a scratch directory; nothing else changes.
. "$SQP_SOURCE/tests/lib.sh" || exit 1
need fio jq timeout

fio_source=$(sed -n 's/^FIO_SOURCE_DIR:[A-Z]*=//p' "$SQP_BUILD/CMakeCache.txt")
[ -n "$fio_source" ] || fio_source=$("$SQP_SOURCE/scripts/fio-source") || skip "the source of the installed fio cannot be found"
[ -d "$fio_source/examples" ] || skip "the fio tree of this build has no examples"
list=$SQP_SOURCE/tests/engine/examples.list

# An ioengine that reads and writes files, so that this engine can take its place
swapped='(libaio|io_uring|sync|psync|null|posixaio)'

# foreign ENGINE: why ours cannot take its place
foreign() {
	case $1 in
	cpuio | exec | file* | ftruncate | falloc | e4defrag | cpp_null) echo "ioengine=$1 does something else than reading and writing" ;;
	dev-dax | libpmem | pmemblk | libcufile | mtd | libzbc | sg | io_uring_cmd | xnvme) echo "ioengine=$1 drives a kind of device, not a file" ;;
	*) echo "ioengine=$1 speaks to a service, not to a file" ;;
	esac
}

# known JOB: why it cannot run here with any engine; nothing when there is no such reason
known() {
	case $1 in
	e4defrag*) echo "four writers at once verify the same blocks, which fails with every engine" ;;
	zbd-seq-read) echo "it reads up to the write pointers of its zones, which needs a zoned device" ;;
	xnvme-*) echo "its engine and its device come from a command line of xNVMe's" ;;
	esac
}

# adapt FILE: the job with this engine, small, in the scratch directory
adapt() {
	sed -E -e 's/[[:space:]]+$//' -e "s/^ioengine *= *$swapped\$/ioengine=sqpoll/" \
		-e 's/^(size|filesize) *= *[0-9]+[gGmM][bB]?$/\1=4m/' -e 's/^io_size *=.*/io_size=512k/' \
		-e 's/^offset_increment *=.*/offset_increment=5m/' -e 's/^offset *= *[0-9]{9,}/offset=0/' \
		-e 's/^(zonesize|zoneskip) *=.*/\1=1m/' -e 's/^loops *= *[0-9]{3,}/loops=20/' \
		-e 's/^(runtime|timeout) *=.*/\1=1/' -e 's/^startdelay *=.*/startdelay=0/' \
		-e 's/^(ss_dur|ss_ramp|ramp_time) *=.*/\1=1s/' -e 's/^latency_window *=.*/latency_window=200000/' \
		-e 's/^ss *= *[a-z_]*:.*/ss=iops:1000%/' -e 's/^directory *=.*/directory=./' \
		-e 's#^filename *= */dev/(null|zero)$#filename= /dev/\1#' -e 's#^filename *=/.*/([^/;]*).*#filename=\1#' \
		-e 's#^filename= /dev#filename=/dev#' -e 's/^numa_cpu_nodes *=.*/numa_cpu_nodes=0/' \
		-e 's/^numa_mem_policy *= *([a-z]*):.*/numa_mem_policy=\1:0/' "$1"
}

# stand_ins FILE: sparse files for the devices that the job names
stand_ins() {
	local device
	sed -nE 's#^filename *= */dev/([a-zA-Z0-9]+).*#\1#p' "$1" | while IFS= read -r device; do
		truncate -s 256M "$device"
	done
}

# sections_of FILE: the sections that name this engine themselves
sections_of() {
	awk '/^\[/ { section = substr($0, 2, index($0, "]") - 2) }
		$0 == "ioengine=sqpoll" && section != "global" { print section }' "$1"
}

# why_not OUTPUT: the cause of a failure that lies in the job and not in the engine
why_not() {
	if grep -q "can't be used with offloaded submit" "$1"; then
		echo "io_submit_mode=offload is refused, as by io_uring"
	elif grep -q 'Inappropriate ioctl for device' "$1"; then
		echo "it trims a regular file, for which fio needs a block device"
	else
		grep -m 1 -E '^sqpoll:|err=' "$1"
	fi
}

# try_job NAME: runs it; prints its line of the list
try_job() {
	local job=$1.fio engine section sections=() rc=0 reason
	reason=$(known "$1")
	[ -z "$reason" ] || { echo "$1: cannot: $reason"; return; }
	mkdir "$WORK/$1"
	cd "$WORK/$1" || exit 1
	adapt "$fio_source/examples/$job" >"$job"
	stand_ins "$fio_source/examples/$job"
	engine=$(grep -E '^ioengine=' "$job" | grep -v '=sqpoll$' | head -n 1)
	if [ -n "$engine" ]; then
		while IFS= read -r section; do sections+=("--section=$section"); done < <(sections_of "$job")
		[ ${#sections[@]} -gt 0 ] || { echo "$1: cannot: $(foreign "${engine#*=}")"; return; }
	fi
	"${fio_env[@]}" timeout -k 5 60 fio --ioengine=sqpoll --stats_file=stats.jsonl --runtime=1 --size=4m "${sections[@]}" "$job" \
		>out 2>&1 </dev/null || rc=$?
	if [ "$rc" -ne 0 ]; then
		echo "$1: cannot: $(why_not out)"
	elif ! jq -se 'length > 0 and all(.error == 0 and .submitted == .completed and .submitted > 0)' stats.jsonl >/dev/null 2>&1; then
		echo "$1: ran badly: $(jq -c '[.job, .error, .submitted, .completed]' stats.jsonl 2>&1 | head -n 5 | tr '\n' ' ')"
	else
		echo "$1: ran"
	fi
}

jobs_of_fio() {
	local file
	for file in "$fio_source/examples"/${1:-*}.fio; do
		basename "$file" .fio
	done
}

{
	printf '# Written by tests/engine/examples.sh: the example jobs of %s with ioengine=sqpoll.\n' "$(fio --version)"
	while IFS= read -r name; do
		(try_job "$name")
		rm -rf "${WORK:?}/$name"
	done < <(jobs_of_fio "${1:-}")
} >"$WORK/list"
cat "$WORK/list"
[ -z "${1:-}" ] || exit 0
[ "$(grep -c ': ran$' "$WORK/list")" -ge 20 ] || fail "hardly any job ran"
diff -u "$list" "$WORK/list" || fail "not what $(basename "$list") says"
