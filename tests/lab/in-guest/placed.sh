# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2034 # what it sets is read by who sources it
#
# Sourced by the tests of a guest that look where the SQ thread sits:
#   start ARGS..., stop     a job on nvme0n1, and its statistics in $line
#   ran_on, allowed         where its SQ thread runs, and may run
# Whoever sources it ends with: exit $bad
cpus=/sys/devices/system/cpu
bad=0 fio='' job='' sq='' line=''

# check WHAT COMMAND...: the command must succeed
check() {
	local what=$1
	shift
	if "$@"; then echo "ok     $what"; else echo "WRONG  $what"; bad=1; fi
}

is() { [ "$1" = "$2" ] || { echo "       seen '$1', expected '$2'"; return 1; }; }
node_of() { basename "$(echo "$cpus/cpu$1"/node*)" | tr -d '[:lower:]'; }
allowed() { sed -n 's/^Cpus_allowed_list:[[:space:]]*//p' "/proc/$1/status"; }

# start ARGS...: a job that runs until it is told to end, and leaves the CPUs that emulate its own to others; $fio is fio, $job the process that does the I/O, $sq its SQ thread
start() {
	local path try before
	rm -f /tmp/job.jsonl
	before=$(cat /sys/block/nvme0n1/stat)
	fio --name=placed --ioengine=sqpoll --stats_file=/tmp/job.jsonl --filename=/dev/nvme0n1 --rw=randread --bs=4k --direct=1 \
		--iodepth=4 --size=64m --time_based --runtime=60 --reap=sleep --rate_iops=500 --eta=never --output=/tmp/job.log "$@" &
	fio=$!
	for try in $(seq 300); do
		job=$(pgrep -P "$fio")
		for path in "/proc/$job/task"/*/comm; do
			grep -qs '^iou-sqp-' "$path" || continue
			sq=$job/task/$(basename "${path%/comm}")
			# it takes its place before it takes requests
			[ "$(cat /sys/block/nvme0n1/stat)" = "$before" ] || return 0
		done
		sleep 0.1
	done
	echo "WRONG  no SQ thread at work after $try looks: $(cat /tmp/job.log)"
	kill -KILL "$fio"
	bad=1
	return 1
}

# stop: its statistics are in $line
stop() {
	kill -TERM "$fio"
	wait "$fio"
	line=$(cat /tmp/job.jsonl)
}

stats() { jq -e "$1" <<<"$line" >/dev/null || { echo "       $(jq -c '[.options.sq_thread_cpu, .sq_thread, .setup_flags, .place, .notes]' <<<"$line")"; return 1; }; }

# ran_on: the CPUs of five looks at the SQ thread
ran_on() {
	local stat _
	for _ in 1 2 3 4 5; do
		read -r stat <"/proc/$sq/stat"
		read -ra stat <<<"${stat##*) }"
		echo "${stat[36]}"
		sleep 0.1
	done | sort -u | tr '\n' ' '
}
