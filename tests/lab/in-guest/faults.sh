#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# faults.sh ours|stock [REGEX]: runs in a guest of scripts/lab; see tests/lab/faults.sh. Does the cells of faults.list whose
# name matches REGEX and writes what was seen to $OUT: cells.tsv, a line each, and cells/NAME.json, .jsonl, .log, .leak, .dmesg.
set -u

engine=$1 only=${2:-.}
here=$(dirname "$0")
. "$here/faults-sources.sh"
export DM_DISABLE_UDEV=1
LIMIT_S=${LIMIT_S:-12}		# a job that is not done so long after the device's own timeout has hung
cells=$OUT/cells
fault='' source='' file='' extra='' base='' null='' pci='' disk='' cgroup='' pid='' program='' wrap=() args=()
control_ms=0

# now_ms, without a process of its own
now_ms() { printf -v "$1" '%s' "${EPOCHREALTIME%[0-9][0-9][0-9]}" && printf -v "$1" '%s' "${!1/./}"; }

# nap SECONDS: nor has this
exec 9<> <(:)
nap() { read -r -t "$1" -u 9 || true; }

io_read() { args+=(--rw=read --size=256k); }
io_write() { args+=(--rw=write --size=256k); }
io_randrw() { args+=(--rw=randrw --size=256k); }
io_trim() { args+=(--rw=trim --size=256k); }
io_tolerate() { args+=(--rw=randrw --size=64k --continue_on_error=all); }
io_verify() { args+=(--rw=write --size=64k --verify=crc32c --verify_state_save=0); }
io_check() { args+=(--rw=read --size=64k --verify=crc32c --verify_state_save=0); }
io_grow() { args+=(--rw=write --size=256k --fallocate=none --overwrite=0); }
io_fill() { io_grow && args+=(--fill_device=1); }
io_few() { args+=(--rw=read --size=32k); }
io_good() { io_few; }
io_two() { args+=(--rw=read --size=8k); }
# for long enough, but not as long as what has hung
io_forever() { args+=(--rw=randread --size=1m --time_based --runtime=10); }
io_overwrite() { args+=(--rw=randwrite --size=1m --time_based --runtime=10); }
io_second() { args+=(--rw=randread --size=1m --time_based --runtime=1); }

# variant WORDS
variant() {
	local word depth=16
	for word in ${1//+/ }; do
		case $word in
		deep) ;;
		qd1) depth=1 ;;
		fixed) args+=(--fixedbufs=1) ;;
		thread) args+=(--thread) ;;
		async) args+=(--force_async=1) ;;
		hipri) args+=(--hipri=1) ;;
		buffered) args+=(--direct=0) ;;
		vec) args+=(--nonvectored=0) ;;
		idle) depth=1 args+=(--thinktime=20ms) && [ "$engine" = stock ] || args+=(--sq_thread_idle=1) ;;
		*) return 1 ;;
		esac
	done
	args+=(--iodepth="$depth")
}

# death_args HOW WORDS: not fio but the program that can let an SQ thread die before its ring
death_args() {
	program=$here/../../../build/release/tests/lab/sq_death
	args=("$1")
	case $2 in *hipri*) args+=(hipri) ;; esac
	args+=("$file")
}

# fio_args IO WORDS
fio_args() {
	[ "$source" != death ] || { death_args "$@" && return; }
	program=fio
	args=(--output-format=json --output="$cells/$cell.json" --eta=never --name=cell --filename="$file" --bs=4k --direct=1)
	case $engine in
	ours) args+=(--ioengine=sqpoll --stats_file="$cells/$cell.jsonl" --idle_probe_ms=0) ;;
	stock) args+=(--ioengine=io_uring --sqthread_poll=1 --registerfiles=1) ;;
	esac
	# shellcheck disable=SC2206 # words
	"io_$1" && variant "$2" && args+=($extra)
	# A second job of the same process, after the first: what has that left?
	case $2 in
	*thread*) args+=(--name=after --stonewall --ioengine=null --rw=read --bs=4k --size=4k --time_based=0
		--exec_prerun="bash $here/faults-leak.sh $cells/$cell.leak") ;;
	esac
}

# tasks REGEX: how many threads or processes have such a name
tasks() { cat /proc/[0-9]*/task/[0-9]*/comm 2>/dev/null | grep -Ec "^($1)"; }
SQ_THREADS='iou-sqp-|io_uring-sq'

# where_stuck: what each thread of fio is doing
where_stuck() {
	local task
	grep -lE "^(fio|sq_death|$SQ_THREADS)" /proc/[0-9]*/task/[0-9]*/comm 2>/dev/null | while read -r task; do
		task=${task%/comm}
		echo "$task $(cat "$task/comm") $(awk '/^State/ { print $2 }' "$task/status") $(awk '{ print $14, $15 }' "$task/stat")"
		cat "$task/stack"
	done
}

kill_fio() { pkill -KILL -x 'fio|sq_death'; }
# running: not even a zombie; bash may have missed the end of a child
running() {
	local state
	read -r _ _ state _ 2>/dev/null <"/proc/$pid/stat" && [ "$state" != Z ]
}

# started: an SQ thread is there, and some I/O has probably been done
started() {
	local n
	for ((n = 0; n < 500; n++)); do
		running || return 1
		[ "$(tasks "$SQ_THREADS")" -eq 0 ] || break
		nap 0.02
	done
	nap "0.$((RANDOM % 3))$((RANDOM % 10))"
	running
}

# run_fio SECONDS: $rc, $wall_ms from the fault on, $hung
run_fio() {
	local begin end=0
	[ -z "$cgroup" ] || wrap=(bash -c 'echo $$ >"$0/cgroup.procs" && exec "$@"' "$cgroup" "${wrap[@]}")
	now_ms begin
	"${wrap[@]}" "$program" "${args[@]}" >"$cells/$cell.log" 2>&1 </dev/null &
	pid=$! hung=0 during=-
	if declare -F "do_$source" >/dev/null; then
		during=not
		if started; then
			now_ms begin
			"do_$source" && during=yes
		fi
	fi
	while running; do
		now_ms end
		[ $((end - begin)) -lt $((1000 * (LIMIT_S + $1))) ] || { hung=1; where_stuck >"$cells/$cell.stuck"; kill_fio; break; }
		nap 0.02
	done
	now_ms end
	wall_ms=$((end - begin))
	! declare -F "undo_$source" >/dev/null || "undo_$source"
	{ wait "$pid"; } 2>/dev/null
	rc=$?
}

# left_over: $threads and $processes that are still there after a second
left_over() {
	local n
	for ((n = 0; n < 50; n++)); do
		threads=$(tasks "$SQ_THREADS") processes=$(tasks 'fio|sq_death')
		[ $((threads + processes)) -gt 0 ] || return 0
		nap 0.02
	done
	kill_fio
}

# attempt IO WORDS SECONDS: the cell, from its set-up to what it leaves
attempt() {
	rm -f "$cells/$cell".*
	file='' extra='' cgroup='' wrap=()
	if ! "source_$source" >"$cells/$cell.source" 2>&1; then
		echo "cannot set up $cell: $(cat "$cells/$cell.source")"
		return 1
	fi
	fio_args "$1" "$2" || { echo "no such io or variant: $cell" && return 1; }
	run_fio "$3"
	left_over
	dmesg -c | tee -a "$OUT/dmesg.log" | grep -E 'BUG:|WARNING:|Oops|blocked for more|soft lockup|rcu.*stall' >"$cells/$cell.dmesg" || true
}

# late SECONDS: another process may have had this machine's CPUs; a cell that can be done again gets a second chance
late() {
	case $source in
	pull | scsi_delete) return 1 ;;
	control) [ "$wall_ms" -le "$control_ms" ] || control_ms=$wall_ms ;;
	esac
	[ "$hung" = 0 ] && [ "$wall_ms" -gt $((2000 + 1000 * $1 + control_ms)) ]
}

# one IO WORDS ERROR EXIT LINE SECONDS
one() {
	local rc wall_ms hung during threads processes
	cell=$fault-$1-$2
	[[ $cell =~ $only ]] || return 0
	attempt "$1" "$2" "$6" || return
	if late "$6"; then
		echo "$cell: again, $wall_ms ms is too long"
		attempt "$1" "$2" "$6" || return
	fi
	printf '%s\t' "$cell" "$fault" "$3" "$4" "$5" "$6" "$rc" "$wall_ms" "$hung" "$during" "$threads" "$processes" >>"$OUT/cells.tsv"
	printf '%s\n' "$2" >>"$OUT/cells.tsv"
	echo "$SECONDS s: $cell: exit $rc after $wall_ms ms"
}

# has_kernel WORD: all, or VERSION+
has_kernel() {
	[ "$1" = all ] || [ "$(printf '%s\n' "${1%+}" "$(uname -r)" | sort -V | head -n 1)" = "${1%+}" ]
}

all_cells() {
	local io error exit line seconds kernels variants words
	while read -r -u 8 fault source io error exit line seconds kernels variants; do
		case $fault in '' | '#'*) continue ;; esac
		has_kernel "$kernels" || continue
		case $engine/$source in stock/death | stock/suspend_long) continue ;; esac	# it has no such thing
		for words in $variants; do
			one "$io" "$words" "$error" "$exit" "$line" "$seconds" || echo "$fault-$io-$words" >>"$OUT/broken"
		done
	done 8<"$here/faults.list"
}

mkdir -p "$cells"
chmod 777 "$cells"
echo 0 >/proc/sys/kernel/randomize_va_space	# QEMU then finds its translations of the last fio again
modprobe dm-flakey && modprobe dm-delay
modprobe null_blk 2>/dev/null
RANDOM=20
all_cells
[ ! -e "$OUT/broken" ] || exit 1
