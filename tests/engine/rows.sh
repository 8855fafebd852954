# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Tests that are tables of fio jobs. A row is
#   NAME | FLAGS | STEPS | EXPECTATION
# STEPS, separated by " ;; ", are the arguments of one fio run each, or with a leading ! a command.
# Every row runs with stock io_uring and with this engine at the same time, each in a directory of its own with its
# own `data` (8 MiB); @WORD@ in a step is what target[ENGINE.WORD] says. fio's exit codes, errors and totals have to be the same in both, every statistics line has to say that
# what was submitted was completed without a stall, and as many requests as fio counts went through the ring.
# EXPECTATION is a jq condition over the runs with this engine; the words it may use are in $jq_words.
# FLAGS, separated by commas:
#   timed       how much is done depends on time: totals are not compared
#   other       the ring saw another number of requests than fio counts (ramp, retries, requests done synchronously)
#   fails       fio has to fail, as it does with the stock engine
#   noted       fio reports the error of a job that it had to ignore, and ends well
#   alone       no comparison: the stock engine cannot do this, or fails otherwise
#   needs-WORD  skips the row unless the function can_WORD says yes; it prints the reason otherwise

. "$SQP_SOURCE/tests/lib.sh" || exit 1
need fio jq timeout

row_limit_s=60
# shellcheck disable=SC2034 # filled by the tests
declare -A target

# Block devices and mounts are targets too
clean_up() {
	local where
	for where in "${target[@]}"; do
		case $where in
		/dev/loop*) losetup -d "$where" ;;
		*) umount "$where" ;;
		esac
	done
	rm -rf "$WORK"
}
trap clean_up EXIT

# make_loop ENGINE FILE: target[ENGINE.LOOP] is a block device over FILE, or loop_why says why there is none
loop_why=
make_loop() {
	loop_why=$(losetup --find --show "$2" 2>&1) && target[$1.LOOP]=$loop_why
}

# A block device that takes discards, one per engine
can_loop() {
	[ -n "${target[sqpoll.LOOP]:-}" ] && return
	echo "no loop device could be made here: $loop_why"
	return 1
}

rows_passed=0
rows_failed=0
rows_skipped=0

# shellcheck disable=SC2016 # jq's variables
jq_words='
	def jobs: [$runs[].jobs[]];
	def total(d): [jobs[][d].total_ios] | add;
	def bytes(d): [jobs[][d].io_bytes] | add;
	def ios: total("read") + total("write") + total("trim") + total("sync");
	def sub: ([$sq[].submitted] | add) // 0;
	def opt(o): $sq[0].options[o];
	def errors: [jobs[].error] | unique;
'
jq_totals='[.[].jobs[] | [.jobname, .error, .total_err, .sync.total_ios, .steadystate.attained,
	(.read, .write, .trim | .io_bytes, .total_ios, .short_ios, .drop_ios)]]'

# end_leftovers: jobs of a fio that was killed live on in sessions of their own, in this directory
end_leftovers() {
	local process name
	for process in /proc/[0-9]*; do
		if [ "$process/cwd" -ef . ] && read -r name 2>/dev/null <"$process/comm" && [ "$name" = fio ]; then
			kill -s KILL "${process#/proc/}"
		fi
	done
}

# bounded_fio ARGS...: as run_fio, but a hang is a failure of this row alone. With gtod_cpu fio 3.33 itself crashes at its end,
# whatever the engine (on some machines in half of all runs): that is tried again, and what the engine wrote is forgotten.
bounded_fio() {
	local rc _
	for _ in {1..20}; do
		rc=0
		[[ $* != *gtod_cpu* || ! -f stats.jsonl ]] || : >stats.jsonl
		"${fio_env[@]}" timeout -k 5 "$row_limit_s" fio "$@" || rc=$?
		[[ $rc -eq 139 && $* == *gtod_cpu* ]] || break
	done
	[ "$rc" -lt 124 ] || end_leftovers
	return "$rc"
}

# with_targets ENGINE TEXT: @WORD@ replaced
with_targets() {
	local text=$2 key
	for key in "${!target[@]}"; do
		[[ $key != "$1".* ]] || text=${text//@${key#*.}@/${target[$key]}}
	done
	printf '%s' "$text"
}

# run_steps NAME ENGINE STEPS: prints the exit code of each fio run; its JSON goes to N.json
run_steps() {
	local name=$1 engine=$2 rest step n=0 rc defaults
	rest=$(with_targets "$2" "$3")
	while [ -n "$rest" ]; do
		step=${rest%% ;; *}
		[[ $rest == *' ;; '* ]] && rest=${rest#* ;; } || rest=''
		if [[ $step == !* ]]; then
			eval "${step#!}" || { echo "failed: $step"; return; }
			continue
		fi
		n=$((n + 1)) rc=0
		defaults=(--ioengine="$engine")
		[ "$engine" != sqpoll ] || defaults+=(--stats_file=stats.jsonl)
		[[ $step == *--filename=* || $step == *--read_iolog=* || $step == *--nrfiles=* ]] || defaults+=(--filename=data)
		# shellcheck disable=SC2086 # a step is words
		bounded_fio --output="$n.json" --output-format=json "${defaults[@]}" \
			--size=4m --bs=4k --iodepth=16 --name="$name" $step >"$n.out" 2>&1 </dev/null || rc=$?
		echo "$rc"
	done
}

# collect: all runs of this directory as one JSON array
collect() {
	local file
	for file in [1-9].json; do
		[ ! -s "$file" ] || json "$file" .
	done | jq -s .
}

row_failed() {
	rows_failed=$((rows_failed + 1))
	printf 'FAIL: %s: %s\n' "$1" "$2" >&2
	head -n 5 "$row_dir"/sqpoll/*.out >&2
	grep -hE '^(fio|sqpoll)[: ]' "$row_dir"/sqpoll/*.json >&2
}

# shellcheck disable=SC2016 # jq's variables
# judge NAME FLAGS EXPECTATION: prints what is wrong, nothing when all is well
judge() {
	local flags=,$2, codes others
	codes=$(<"$row_dir/sqpoll.rc")
	case $flags in
	*,fails,*) [[ $codes =~ [1-9] ]] || echo "fio had to fail"; [[ $codes != *1[2-9][0-9]* ]] || echo "fio died: $codes" ;;
	*) [[ $codes =~ ^[0[:space:]]*$ ]] || echo "fio ended with: ${codes//$'\n'/ }" ;;
	esac
	if [[ $flags != *,alone,* ]]; then
		others=$(<"$row_dir/io_uring.rc")
		[ "$codes" = "$others" ] || echo "exit codes ${codes//$'\n'/ }, with io_uring ${others//$'\n'/ }"
		if [[ $flags != *,timed,* ]]; then
			jq -c "$jq_totals" "$row_dir/io_uring.runs" >"$row_dir/totals.io_uring"
			jq -c "$jq_totals" "$row_dir/sqpoll.runs" >"$row_dir/totals.sqpoll"
			cmp -s "$row_dir"/totals.* || echo "totals differ: $(cat "$row_dir"/totals.*)"
		fi
	fi
	condition '[$sq[] | .submitted == .completed and .stalls == 0 and .cq_overflow == 0] | all'
	[[ $flags == *,other,* ]] || condition 'sub == ios'
	[[ $flags =~ ,(fails|noted), ]] || condition 'errors == [0] and ($sq | length) > 0'
	[ -z "$3" ] || condition "$3"
}

# condition JQ: prints it unless it is true
condition() {
	jq -ne --slurpfile runs "$row_dir/sqpoll.list" --slurpfile sq "$row_dir/sqpoll/stats.jsonl" "$jq_words $1" \
		>/dev/null 2>"$row_dir/jq.err" ||
		printf 'not true: %s (ring %s, fio %s)\n' "$1" \
			"$(jq -cn --slurpfile sq "$row_dir/sqpoll/stats.jsonl" '[$sq[].submitted]')" \
			"$(jq -c "$jq_totals" "$row_dir/sqpoll.runs")"
}

# run_in_own_directory NAME ENGINE STEPS
run_in_own_directory() {
	mkdir -p "$row_dir/$2"
	cd "$row_dir/$2" || exit 1
	cp "$WORK/data" data
	: >stats.jsonl
	run_steps "$@" >"../$2.rc" 2>"../$2.err"
	collect >"../$2.runs"
}

# row NAME FLAGS STEPS EXPECTATION
row() {
	local name=$1 flag engine reason started_s=$SECONDS engines=(io_uring sqpoll)
	row_dir=$WORK/row
	for flag in ${2//,/ }; do
		[[ $flag == needs-* ]] || continue
		if ! reason=$("can_${flag#needs-}"); then
			rows_skipped=$((rows_skipped + 1))
			printf 'skipped row %s: %s\n' "$name" "$reason"
			return
		fi
	done
	rm -rf "$row_dir"
	[[ ,$2, != *,alone,* ]] || engines=(sqpoll)
	for engine in "${engines[@]}"; do
		run_in_own_directory "$name" "$engine" "$3" &
	done
	wait
	jq -c '.[]' "$row_dir/sqpoll.runs" >"$row_dir/sqpoll.list"
	reason=$(judge "$name" "$2" "$4")
	[ -z "$reason" ] || { row_failed "$name" "$reason"; return; }
	rows_passed=$((rows_passed + 1))
	printf 'passed row %s (%u s)\n' "$name" $((SECONDS - started_s))
}

trim_blanks() {
	local text=$1
	text=${text#"${text%%[![:space:]]*}"}
	printf '%s' "${text%"${text##*[![:space:]]}"}"
}

# rows GROUP: the rows of the table on stdin below the line "= GROUP" (all rows without a GROUP), or only those whose
# names match $ROWS
rows() {
	local name flags steps expect group=''
	head -c 8388608 /dev/urandom >"$WORK/data"
	while IFS='|' read -r -u 3 name flags steps expect; do
		name=$(trim_blanks "$name")
		[[ $name != '= '* ]] || { group=${name#= }; continue; }
		if [ -z "$name" ] || [[ $name == '#'* ]] || [ "${1:-$group}" != "$group" ] || [[ ! $name =~ ${ROWS:-.} ]]; then
			continue
		fi
		row "$name" "$(trim_blanks "$flags")" "$(trim_blanks "$steps")" "$(trim_blanks "$expect")"
	done 3<&0
	printf '%u rows passed, %u failed, %u skipped\n' "$rows_passed" "$rows_failed" "$rows_skipped"
	[ "$rows_failed" -eq 0 ] && [ "$rows_passed" -gt 0 ]
}
