#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Question: is fio's output what a person or a program expects, whatever its format?
# Expected: normal output ends with one SQPOLL line per job; nothing of ours is in any other format.
# Wrong if: JSON does not parse, a job has no line, a line lands in the wrong place.
. "$SQP_SOURCE/tests/lib.sh" || exit 1
need fio jq timeout

cd "$WORK" || exit 1
head -c 1M /dev/urandom >data
job=(--ioengine=sqpoll --filename=data --size=1m --bs=4k --iodepth=8 --rw=randread)

# run FILE ARGS...: fio's stdout in FILE, stderr in FILE.err
run() {
	local file=$1
	shift
	run_fio "$@" >"$file" 2>"$file.err" </dev/null || { cat "$file" "$file.err" >&2; fail "fio $* ended with $?"; }
}

# same_shape WHAT FILE STOCK: our output has the lines that stock has, once figures are taken out
same_shape() {
	local shape='s/io_uring/ENGINE/g; s/sqpoll/ENGINE/g; s/[0-9]+(\.[0-9]+)?//g; s/[[:space:]]+/ /g'
	[ "$(sed -E "$shape" "$2" | awk -F';' '{ print NF, $3 }')" = "$(sed -E "$shape" "$3" | awk -F';' '{ print NF, $3 }')" ] ||
		fail "$1: $(<"$2") instead of $(<"$3")"
}

# table_of FILE: the names in the SQPOLL table, which has to be the end of the file
table_of() {
	awk '/^SQPOLL \(/ { table = NR } table && NR > table + 1 { print $1, $2 }' "$1"
}

test_json() {
	local format
	for format in json json+; do
		run out "${job[@]}" --output-format=$format --name=a --numjobs=2
		jq -e '.jobs | length == 2 and all(.error == 0 and .read.total_ios == 256)' out >/dev/null ||
			fail "$format on stdout is not JSON and nothing else: $(head -c 300 out)"
		[ ! -s out.err ] || fail "$format: stderr says: $(<out.err)"
	done
	run out "${job[@]}" --output-format=json --name=a --thread=1 --numjobs=2 --output=f.json
	jq -e '.jobs | length == 2' f.json >/dev/null || fail "JSON in a file: $(<f.json)"
	[ ! -s out ] || fail "JSON in a file, but stdout has: $(<out)"
	jq -es 'length >= 2' <(run_fio "${job[@]}" --output-format=json --name=a --status-interval=1 --time_based --runtime=3 2>/dev/null) \
		>/dev/null || fail "JSON with --status-interval is no sequence of JSON"
}

test_normal() {
	local thread
	for thread in 0 1; do
		run out "${job[@]}" --name=first --thread=$thread --name=second --thread=$thread --numjobs=2 --rw=randwrite
		[ "$(table_of out | tr '\n' ',')" = 'first 256,second 256,second 256,' ] ||
			fail "thread=$thread: the table is: $(sed -n '/^SQPOLL/,$p' out)"
		grep -q 'Disk stats\|Run status' <(sed '/^SQPOLL/,$d' out) || fail "the table is not behind fio's own output"
	done
	run out "${job[@]}" --name=a --group_reporting --numjobs=3 --output=f.txt
	[ "$(table_of f.txt | wc -l)" -eq 3 ] || fail "--output=FILE: $(<f.txt)"
	! grep -q SQPOLL out || fail "--output=FILE, but the table is on stdout"
	run out "${job[@]}" --name=a_name_that_is_longer_than_its_column_is_wide
	[ "$(table_of out | wc -l)" -eq 1 ] || fail "a long name: $(sed -n '/^SQPOLL/,$p' out)"
	run out --ioengine=psync --filename=data --size=1m --rw=read --name=other
	! grep -q SQPOLL out || fail "a table without a job of this engine"
	run out "${job[@]}" --name=a --name=other --ioengine=psync
	[ "$(table_of out | wc -l)" -eq 1 ] || fail "with a job of another engine: $(sed -n '/^SQPOLL/,$p' out)"
}

test_terse() {
	local args
	for args in --output-format=terse --minimal --terse-version=5\ --minimal; do
		# shellcheck disable=SC2086 # one or two words
		run out "${job[@]}" $args --name=a
		# shellcheck disable=SC2086
		run_fio "${job[@]}" $args --ioengine=io_uring --name=a >stock 2>/dev/null </dev/null
		same_shape "$args" out stock
	done
	run out "${job[@]}" --output-format=normal,terse --name=a
	grep -q '^3;fio' out || fail "normal,terse: no terse line"
}

test_progress() {
	run out "${job[@]}" --name=a --status-interval=1 --time_based --runtime=3
	[ "$(grep -c 'a: (groupid=0' out)" -ge 2 ] || fail "--status-interval=1 showed $(grep -c 'a: (groupid=0' out) states"
	[ "$(grep -c '^SQPOLL' out)" -eq 1 ] || fail "--status-interval=1: the table came $(grep -c '^SQPOLL' out) times"
	run out "${job[@]}" --name=a --eta=always --eta-newline=1 --time_based --runtime=3
	grep -q 'Jobs: 1 (f=1)' out || fail "--eta=always shows nothing: $(<out)"
	[ "$(table_of out | wc -l)" -eq 1 ] || fail "--eta=always: $(sed -n '/^SQPOLL/,$p' out)"
}

# What runs no job prints no table.
test_questions() {
	printf '[a]\nioengine=sqpoll\nstats_file=never.jsonl\nsq_thread_idle=5\nsize=1m\nfilename=data\n' >job.fio
	run out --parse-only job.fio
	[ ! -e never.jsonl ] || fail "--parse-only made a statistics file"
	! grep -q SQPOLL out || fail "--parse-only prints a table"
	run out --showcmd job.fio
	grep -q -- '--sq_thread_idle=5' out || fail "--showcmd: $(<out)"
	run out --cmdhelp
	run out --cmdhelp=ioengine
	run out --enghelp=sqpoll
	for option in sq_thread_idle sq_thread_cpu stats_file hipri fixedbufs cmdprio_percentage; do
		grep -q "^$option " out || fail "--enghelp=sqpoll does not name $option: $(<out)"
	done
	run out --enghelp=sqpoll,sq_thread_idle
	grep -q 'default: 0' out || fail "--enghelp=sqpoll,sq_thread_idle: $(<out)"
	expect_fail 'no_such_option' run_fio "${job[@]}" --name=a --no_such_option=1
}

for test in json normal terse progress questions; do
	"test_$test"
	echo "passed: $test"
done
